/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/fault.h - what goes wrong, said beforehand
 *
 * Rules are matched in the order in which they were added; a rule acts on the matches after
 * its first @skip, @count times, and is spent then. Messages of both ways, hypercalls, signals,
 * moments of the channel server and loads of shared memory have rules of their own.
 *
 * Thread rule: one thread per partition. Ownership: rules are copied.
 */
#ifndef HVMOCK_FAULT_H
#define HVMOCK_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_ANY UINT32_MAX /* any message type, channel or connection */
#define HVM_ALWAYS UINT32_MAX /* never spent */

struct hvm_faults;

enum hvm_msg_action {
	HVM_MSG_DROP,
	HVM_MSG_DELAY, /* by @delay; later messages overtake it */
	HVM_MSG_DUPLICATE, /* @value extra copies, 0 means 1 */
	HVM_MSG_REORDER, /* behind the next message of the same direction */
	HVM_MSG_CORRUPT, /* byte at @offset: (old & ~@mask) | (@value & @mask) */
	HVM_MSG_RESIZE, /* to @value bytes; what is new is 0 */
};

/**
 * struct hvm_msg_rule - a fault of channel messages
 * @direction: enum hvp_direction
 * @type:      channel message type, or HVM_ANY
 * @channel:   channel id at offset 8 for messages that have one there, or HVM_ANY
 * @skip:      matches to let pass first
 * @count:     matches to act on; 0 means 1; HVM_ALWAYS
 * @action:    what to do
 * @delay:     100 ns
 * @offset:    in the message
 * @mask:      bits to change; 0 means all
 * @value:     see @action
 */
struct hvm_msg_rule {
	uint32_t direction;
	uint32_t type;
	uint32_t channel;
	uint32_t skip;
	uint32_t count;
	enum hvm_msg_action action;
	uint64_t delay;
	uint32_t offset;
	uint8_t mask;
	uint32_t value;
};

/**
 * struct hvm_call_rule - a hypercall that fails
 * @code:    hypercall code, or HVM_ANY
 * @type:    of the channel message posted, or HVM_ANY
 * @connection_id: or HVM_ANY
 * @skip:    matches to let pass first
 * @count:   matches to act on; 0 means 1; HVM_ALWAYS
 * @status:  to return
 * @deliver: the call takes effect all the same
 */
struct hvm_call_rule {
	uint32_t code;
	uint32_t type;
	uint32_t connection_id;
	uint32_t skip;
	uint32_t count;
	uint16_t status;
	bool deliver;
};

enum hvm_signal_action {
	HVM_SIGNAL_DROP,
	HVM_SIGNAL_DUPLICATE, /* one more, spurious */
	HVM_SIGNAL_DELAY,
};

/**
 * struct hvm_signal_rule - a fault of signals
 * @direction: enum hvp_direction
 * @channel:   or HVM_ANY
 * @skip:      matches to let pass first
 * @count:     matches to act on; 0 means 1; HVM_ALWAYS
 * @action:    what to do
 * @delay:     100 ns
 */
struct hvm_signal_rule {
	uint32_t direction;
	uint32_t channel;
	uint32_t skip;
	uint32_t count;
	enum hvm_signal_action action;
	uint64_t delay;
};

/* Moments of a channel at which a script may step in. */
enum hvm_moment {
	HVM_AT_OFFERED, /* OFFER_CHANNEL sent */
	HVM_AT_GPADL_HEADER, /* received and accepted so far */
	HVM_AT_GPADL_BODY,
	HVM_AT_GPADL_CREATED_BEFORE, /* complete, GPADL_CREATED not yet sent */
	HVM_AT_GPADL_CREATED, /* sent */
	HVM_AT_OPEN, /* OPEN_CHANNEL received, device asked */
	HVM_AT_OPEN_RESULT_BEFORE, /* OPEN_CHANNEL_RESULT not yet sent */
	HVM_AT_OPEN_RESULT, /* sent */
	HVM_AT_CLOSE, /* CLOSE_CHANNEL received */
	HVM_AT_TEARDOWN, /* GPADL_TEARDOWN received */
	HVM_AT_TORNDOWN_BEFORE,
	HVM_AT_TORNDOWN,
	HVM_AT_MODIFY,
	HVM_AT_RESCIND, /* RESCIND_CHANNEL_OFFER sent */
	HVM_AT_RELEASED, /* REL_ID_RELEASED received */
	HVM_MOMENTS
};

/**
 * struct hvm_moment_rule - what to do at a moment
 * @moment:  enum hvm_moment
 * @channel: or HVM_ANY
 * @skip:    matches to let pass first
 * @count:   matches to act on; 0 means 1; HVM_ALWAYS
 * @revoke:  the host takes the channel back right there
 * @fn:      called right there, before @revoke; may be NULL
 * @ctx:     given to @fn
 */
struct hvm_moment_rule {
	enum hvm_moment moment;
	uint32_t channel;
	uint32_t skip;
	uint32_t count;
	bool revoke;
	void (*fn)(void *ctx, enum hvm_moment moment, uint32_t channel);
	void *ctx;
};

/**
 * struct hvm_load_rule - memory changes just after the guest has loaded it
 * @addr:   host address of the word that the guest loads
 * @skip:   loads to let pass first
 * @count:  loads to act on; 0 means 1; HVM_ALWAYS
 * @target: host address to change; NULL means @addr
 * @len:    bytes of @bytes, 1..8
 * @bytes:  new content
 *
 * Works for guests built with the hooked port header, which tells of every load of shared
 * memory through hvm_faults_shared_load().
 */
struct hvm_load_rule {
	const void *addr;
	uint32_t skip;
	uint32_t count;
	void *target;
	uint32_t len;
	uint8_t bytes[8];
};

/** hvm_fault_message() - add a rule; HVP_OK, HVP_ARG or HVP_NOSPACE, as the next four */
enum hvp_status hvm_fault_message(struct hvm_faults *f, const struct hvm_msg_rule *rule);
enum hvp_status hvm_fault_call(struct hvm_faults *f, const struct hvm_call_rule *rule);
enum hvp_status hvm_fault_signal(struct hvm_faults *f, const struct hvm_signal_rule *rule);
enum hvp_status hvm_fault_moment(struct hvm_faults *f, const struct hvm_moment_rule *rule);
enum hvp_status hvm_fault_load(struct hvm_faults *f, const struct hvm_load_rule *rule);

/** hvm_fault_clear() - forget all rules */
void hvm_fault_clear(struct hvm_faults *f);

/** hvm_fault_unspent() - rules that never acted: a test that missed what it aimed at */
size_t hvm_fault_unspent(const struct hvm_faults *f);

/**
 * hvm_faults_shared_load() - tell that the guest has loaded shared memory
 * @f:    fault rules, as void * so that it fits a hook
 * @addr: host address loaded
 * @size: bytes loaded
 */
void hvm_faults_shared_load(void *f, const volatile void *addr, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_FAULT_H */
