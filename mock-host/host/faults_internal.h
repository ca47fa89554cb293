/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults_internal.h - where the host asks whether something is to go wrong
 */
#ifndef HVM_FAULTS_INTERNAL_H
#define HVM_FAULTS_INTERNAL_H

#include <hvmock/fault.h>
#include <hvmock/synic.h>

struct hvm_faults *hvm_faults_new(struct hvm_partition *p);
void hvm_faults_free(struct hvm_faults *f);

/* Takes a message on its way; false: no room now (only the way from the guest has bounds). */
typedef bool (*hvm_emit_fn)(void *ctx, const struct hvm_port_msg *m);

/*
 * Send @m on through the rules: @emit is called not at all, now, later, or several times.
 * Returns what @emit returned for the message itself; true when the message was swallowed.
 */
bool hvm_faults_message(struct hvm_faults *f, uint32_t direction, const struct hvm_port_msg *m,
			hvm_emit_fn emit, void *ctx);

/* True: the call returns *@status; it takes effect all the same if *@deliver. */
bool hvm_faults_call(struct hvm_faults *f, uint32_t code, uint32_t connection_id, uint32_t type,
		     uint16_t *status, bool *deliver);

/* Times that a signal goes out: 0, 1 or 2; *@delay of all of them. */
unsigned int hvm_faults_signal(struct hvm_faults *f, uint32_t direction, uint32_t channel,
			       uint64_t *delay);

/* Run the rules of a moment; true: the channel is to be revoked now. */
bool hvm_faults_moment(struct hvm_faults *f, enum hvm_moment moment, uint32_t channel);

#endif /* HVM_FAULTS_INTERNAL_H */
