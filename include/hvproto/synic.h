/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/synic.h - the guest's side of the pages shared with the hypervisor
 *
 * Message page, event flags page, interrupt page and monitor page. A message is copied out of
 * its slot once and the slot is given back; flags are taken by atomic test-and-clear. The
 * host's side is not here: offsets for it are in hvproto/wire/hypervisor.h.
 *
 * Thread rule: pages may be used from several processors at once; each scan and each message
 * structure by one caller at a time. Nothing blocks or calls back; any context, interrupts
 * included.
 *
 * Ownership: pages are the caller's. Every page pointer is aligned to 4096.
 *
 * From the interrupt of a SINT:
 *
 *	while ((status = hvp_synic_take(message_page, sint, &msg, &eom)) != HVP_AGAIN) {
 *		if (status == HVP_OK)
 *			handle(msg.payload, msg.size);
 *		if (eom)
 *			write_msr(HVP_HV_MSR_EOM, 0);
 *	}
 *	hvp_flags_scan(&scan, hvp_synic_flags(event_page, sint));
 *	while (hvp_flags_next(&scan, &flag))
 *		channel_signalled(flag);
 *
 * Source: chapter 10 sections 2.9 to 2.12; evidence: documented, two implementations agree.
 */
#ifndef HVPROTO_SYNIC_H
#define HVPROTO_SYNIC_H

#include <hvproto/port.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVP_SYNIC_SINTS 16u /* slots of a message page, areas of an event page */
#define HVP_SYNIC_FLAGS 2048u /* flags of one area */
#define HVP_SYNIC_PAYLOAD_MAX 240u /* bytes of a message */
#define HVP_MONITOR_IDS 128u

/**
 * struct hvp_synic_message - a message, copied out of its slot
 * @type:    1, a VMBus message (HVP_OK); else the type that was released unread
 * @size:    bytes of @payload, 8..240 on HVP_OK
 * @sender:  port id in the low 24 bits, or partition id
 * @payload: @size bytes; the others are left as they were
 */
struct hvp_synic_message {
	uint32_t type;
	uint32_t size;
	uint64_t sender;
	uint8_t payload[HVP_SYNIC_PAYLOAD_MAX];
};

/**
 * hvp_synic_take() - take the message of a slot and release the slot
 * @message_page: SIMP page of this processor
 * @sint:         slot, 0..15
 * @out:          filled on HVP_OK; its type, size and sender also on HVP_VALUE and, without a
 *                size, on HVP_UNSUPPORTED
 * @eom:          always set; true: write 0 to the EOM register, for more is queued
 *
 * Type and payload size are each read once. The slot is released with one compare-and-swap;
 * if somebody else released it meanwhile, neither it nor EOM is touched again.
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN if the slot is empty; HVP_UNSUPPORTED if it held
 * another type than 1 (a timer may share the slot), released unread; HVP_VALUE if its
 * payload size is not 8..240, released and dropped; HVP_ARG for a @sint above 15.
 */
enum hvp_status hvp_synic_take(void *message_page, uint32_t sint, struct hvp_synic_message *out,
			       bool *eom) HVP_MUST_CHECK;

/**
 * struct hvp_flags - a walk over 2048 flags that a host sets
 */
struct hvp_flags {
	/* private: */
	uint32_t *words;
	uint32_t next_word;
	uint32_t base; /* number of bit 0 of bits */
	uint32_t bits; /* taken, not yet given out */
};

/**
 * hvp_synic_flags() - the flags of a SINT
 * @event_page: SIEFP page of this processor
 * @sint:       0..15
 *
 * Context: any. Return: words for hvp_flags_scan().
 */
static inline uint32_t *hvp_synic_flags(void *event_page, uint32_t sint)
{
	return (uint32_t *)event_page + (size_t)(sint % HVP_SYNIC_SINTS) * 64u;
}

/**
 * hvp_interrupt_page_flags() - the channel bits that a host below 2.4 sets
 * @interrupt_page: page named in INITIATE_CONTACT
 *
 * Such a host sets event flag 0 afterwards: scan these when flag 0 was taken. The second half
 * of the same shape is ours to set.
 *
 * Context: any. Return: words for hvp_flags_scan(). There are 16384 bits, but channel ids end
 * at 2047, and so does the scan.
 */
static inline uint32_t *hvp_interrupt_page_flags(void *interrupt_page)
{
	return (uint32_t *)interrupt_page;
}

/**
 * hvp_flags_scan() - begin to take flags
 * @scan:  walk
 * @words: from hvp_synic_flags() or hvp_interrupt_page_flags()
 *
 * Context: any.
 */
void hvp_flags_scan(struct hvp_flags *scan, uint32_t *words);

/**
 * hvp_flags_next() - take the next flag that is set
 * @scan: walk; go on until false, else flags that were cleared already are lost
 * @flag: 0..2047 when true is returned. Flags without a channel, and flag 0 from version 2.4
 *        on, are for the caller to ignore
 *
 * The flag is cleared before it is given out, so scan the channel's ring afterwards: what
 * comes later sets the flag again. 32 neighbours are cleared by one atomic operation.
 *
 * Context: any. Return: false at the end.
 */
bool hvp_flags_next(struct hvp_flags *scan, uint32_t *flag);

/**
 * hvp_interrupt_page_set() - set a channel's bit for the host
 * @interrupt_page: page named in INITIATE_CONTACT
 * @channel_id:     1..2047
 *
 * For channels without a dedicated connection; then signal connection 2. Linux sets it also
 * before hvp_monitor_trigger().
 *
 * Context: any. Return: HVP_OK; HVP_ARG for a channel id outside its range.
 */
enum hvp_status hvp_interrupt_page_set(void *interrupt_page, uint32_t channel_id) HVP_MUST_CHECK;

/**
 * hvp_monitor_trigger() - signal the host by the monitor page, without a hypercall
 * @monitor_page: child-to-parent page
 * @monitor_id:   from an offer whose monitor_allocated bit is set, 0..127
 *
 * Context: any. Return: HVP_OK: the host polls and will see it; HVP_ARG for an id above 127,
 * for which nothing is written: signal by hypercall.
 */
enum hvp_status hvp_monitor_trigger(void *monitor_page, uint32_t monitor_id) HVP_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_SYNIC_H */
