/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest side of message, event flags, interrupt and monitor pages. */
#include <hvproto/synic.h>
#include <hvproto/wire/hypervisor.h>

#define VMBUS_HEADER_SIZE 8u
#define SLOT_WORDS (HVP_HV_SLOT_SIZE / 4u)
#define FLAG_WORDS (HVP_SYNIC_FLAGS / 32u)

/*
 * Give the slot back and see whether the hypervisor holds more for it. It sets the pending
 * flag only after it found the slot occupied, so the flag must be read after the release is
 * visible: else both sides could conclude that the other one acts.
 */
static bool release(uint32_t *slot, uint32_t type)
{
	uint8_t flags;

	if (!hvp_cmpxchg_u32(slot, type, HVP_HV_MESSAGE_TYPE_NONE))
		return false;
	hvp_fence_full();
	hvp_memcpy(&flags, (const uint8_t *)slot + HVP_HV_SLOT_MESSAGE_FLAGS_OFFSET, 1);
	return (flags & HVP_HV_MESSAGE_PENDING) != 0;
}

enum hvp_status hvp_synic_take(void *message_page, uint32_t sint, struct hvp_synic_message *out,
			       bool *eom)
{
	enum hvp_status status = HVP_OK;
	uint32_t *slot;
	uint32_t type;

	*eom = false;
	if (sint >= HVP_SYNIC_SINTS)
		return HVP_ARG;
	slot = (uint32_t *)message_page + (size_t)sint * SLOT_WORDS;
	type = hvp_load_acquire_u32(slot);
	if (type == HVP_HV_MESSAGE_TYPE_NONE)
		return HVP_AGAIN;
	out->type = type;
	out->size = 0;
	if (type == HVP_HV_MESSAGE_TYPE_VMBUS) {
		out->size = hvp_load_relaxed_u32(slot + 1) & 0xffu;
		out->sender = hvp_load_relaxed_u32(slot + 2) |
			      (uint64_t)hvp_load_relaxed_u32(slot + 3) << 32;
		if (out->size < VMBUS_HEADER_SIZE || out->size > HVP_SYNIC_PAYLOAD_MAX)
			status = HVP_VALUE;
		else
			hvp_memcpy(out->payload, (const uint8_t *)slot + HVP_HV_SLOT_PAYLOAD_OFFSET,
				   out->size);
	} else {
		status = HVP_UNSUPPORTED;
	}
	*eom = release(slot, type);
	return status;
}

void hvp_flags_scan(struct hvp_flags *scan, uint32_t *words)
{
	scan->words = words;
	scan->next_word = 0;
	scan->base = 0;
	scan->bits = 0;
}

static uint32_t lowest_bit(uint32_t bits)
{
	uint32_t n = 0;

	while ((bits & 1u) == 0) {
		bits >>= 1;
		n++;
	}
	return n;
}

bool hvp_flags_next(struct hvp_flags *scan, uint32_t *flag)
{
	while (scan->bits == 0) {
		if (scan->next_word >= FLAG_WORDS)
			return false;
		/* The load spares an atomic operation on the many words that are 0. */
		if (hvp_load_relaxed_u32(&scan->words[scan->next_word]) != 0)
			scan->bits = hvp_fetch_and_u32(&scan->words[scan->next_word], 0u);
		scan->base = scan->next_word * 32u;
		scan->next_word++;
	}
	*flag = scan->base + lowest_bit(scan->bits);
	scan->bits &= scan->bits - 1u;
	return true;
}

enum hvp_status hvp_interrupt_page_set(void *interrupt_page, uint32_t channel_id)
{
	uint32_t *words = (uint32_t *)interrupt_page + HVP_HV_INTERRUPT_PAGE_G2H_OFFSET / 4u;

	if (channel_id == 0 || channel_id >= HVP_SYNIC_FLAGS)
		return HVP_ARG;
	(void)hvp_fetch_or_u32(&words[channel_id / 32u], 1u << channel_id % 32u);
	return HVP_OK;
}

enum hvp_status hvp_monitor_trigger(void *monitor_page, uint32_t monitor_id)
{
	uint32_t *groups = (uint32_t *)monitor_page + HVP_HV_MONITOR_PAGE_TRIGGER_GROUP_OFFSET / 4u;
	uint32_t group = monitor_id / HVP_HV_MONITOR_GROUP_BITS;

	if (monitor_id >= HVP_MONITOR_IDS)
		return HVP_ARG;
	(void)hvp_fetch_or_u32(&groups[group * (HVP_HV_MONITOR_GROUP_STRIDE / 4u)],
			       1u << monitor_id % HVP_HV_MONITOR_GROUP_BITS);
	return HVP_OK;
}
