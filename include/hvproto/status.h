/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/status.h - what a call returns, and who is at fault
 *
 * One list of statuses for the whole library. The peer's own codes (NTSTATUS, NVSP, RNDIS,
 * SRB) are data in a structure and never a return value.
 *
 * Thread rule: everything here is a constant or a pure function.
 */
#ifndef HVPROTO_STATUS_H
#define HVPROTO_STATUS_H

#include <hvproto/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name, value, whose fault, meaning */
/* clang-format off */
#define HVP_STATUS_LIST(X) \
	X(OK,            0, NONE,   "success") \
	X(AGAIN,        -1, NONE,   "not possible yet; call again after the next event") \
	X(SHORT,        -2, PEER,   "input ends before the message does") \
	X(RANGE,        -3, PEER,   "an offset or length points outside its base") \
	X(VALUE,        -4, PEER,   "a field holds a value that the protocol forbids") \
	X(UNSUPPORTED,  -5, PEER,   "valid, but not in the negotiated version") \
	X(STATE,        -6, PEER,   "message not allowed in this state") \
	X(CORRUPT,      -7, PEER,   "shared ring memory contradicts itself") \
	X(REVOKED,      -8, PEER,   "the host took the channel back") \
	X(REFUSED,      -9, PEER,   "the peer answered with a failure") \
	X(TIMEOUT,     -10, PEER,   "the peer did not answer in the time allowed") \
	X(NOSPACE,     -11, CALLER, "output does not fit the buffer or table given") \
	X(ARG,         -12, CALLER, "caller broke the contract of the call") \
	X(OS,          -13, OS,     "a service of struct hvp_os_ops failed")
/* clang-format on */

enum hvp_status {
#define HVP_X(name, value, whose, text) HVP_##name = (value),
	HVP_STATUS_LIST(HVP_X)
#undef HVP_X
};

/* Decides the reaction: nothing, drop the message or channel, mend the caller, retry. */
enum hvp_fault_class {
	HVP_FAULT_NONE,
	HVP_FAULT_PEER,
	HVP_FAULT_CALLER,
	HVP_FAULT_OS,
};

/**
 * struct hvp_fault - why a message or ring was refused, ready for one log line
 * @status:  the status that was returned with it
 * @message: protocol and message, such as "vmbus.offer_channel"; static text
 * @field:   field at fault, or "size" when the input is too short; static text
 * @offset:  byte offset of the field from the start of the message
 * @found:   value found; with "size": the bytes present
 * @low:     smallest value allowed; with "size": the bytes needed
 * @high:    largest value allowed
 *
 * A function that takes one writes it only when it returns a status other than HVP_OK, and
 * then writes all of it. Where @low == @high only that value is allowed. A multiple that is
 * demanded of a value shows as @low and @high being the multiples around @found.
 */
struct hvp_fault {
	enum hvp_status status;
	const char *message;
	const char *field;
	uint32_t offset;
	uint64_t found;
	uint64_t low;
	uint64_t high;
};

/**
 * struct hvp_bound - what a field may hold; the fixed part of a fault record
 * @message: protocol and message; static text
 * @field:   name of the field; static text
 * @offset:  of the field from the start of the message, in bytes
 * @low:     smallest value allowed
 * @high:    largest value allowed
 */
struct hvp_bound {
	const char *message;
	const char *field;
	uint32_t offset;
	uint64_t low;
	uint64_t high;
};

/**
 * hvp_fault_at() - record that a field holds a value outside its bound
 * @fault:  record to fill, or NULL
 * @status: status to record and to return
 * @bound:  what was allowed
 * @found:  what was there
 *
 * Context: any. Return: @status, so that a decoder can return the call.
 */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bound) && \separated(fault, bound);
  @ assigns *fault;
  @ ensures \result == status; */
enum hvp_status hvp_fault_at(struct hvp_fault *fault, enum hvp_status status,
			     const struct hvp_bound *bound, uint64_t found);

/**
 * hvp_fault_size() - record that a message is too short or a buffer too small
 * @fault:   record to fill, or NULL
 * @status:  HVP_SHORT or HVP_NOSPACE; recorded and returned
 * @message: protocol and message; static text
 * @have:    bytes present
 * @need:    bytes needed
 *
 * Context: any. Return: @status.
 */
/*@ requires fault == \null || \valid(fault);
  @ assigns *fault;
  @ ensures \result == status; */
enum hvp_status hvp_fault_size(struct hvp_fault *fault, enum hvp_status status, const char *message,
			       size_t have, size_t need);

/**
 * hvp_status_name() - "SHORT" for HVP_SHORT
 * @status: any value, also one that no function returns
 *
 * Context: any. Return: static text; "?" for a value outside the list.
 */
const char *hvp_status_name(enum hvp_status status);

/**
 * hvp_status_text() - the meaning of a status in one clause, without a full stop
 * @status: any value
 *
 * Context: any. Return: static text; "unknown status" for a value outside the list.
 */
const char *hvp_status_text(enum hvp_status status);

/**
 * hvp_status_fault() - who has to change something
 * @status: any value
 *
 * Context: any. Return: the class of the list; HVP_FAULT_CALLER for a value outside it.
 */
enum hvp_fault_class hvp_status_fault(enum hvp_status status);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_STATUS_H */
