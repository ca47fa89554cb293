/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: slots of the receive buffer, and what the guest completes. */
#include "netvsp_internal.h"

#define RESERVED HVP_NVSP_RESERVED_SLOTS

bool hvm_nv_slots_make(struct hvm_netvsp *n)
{
	struct nv_session *ss = &n->ss;

	if (ss->slot_count < RESERVED + 1)
		return false;
	ss->slots = hvm_xalloc(ss->slot_count * sizeof(*ss->slots));
	ss->free_control = RESERVED;
	ss->free_data = ss->slot_count - RESERVED;
	ss->next_data = RESERVED;
	return true;
}

/* Data slots go round, so that a guest that reads one late reads it unharmed. */
static uint32_t find(struct nv_session *ss, bool data)
{
	uint32_t from = data ? ss->next_data : 0, end = data ? ss->slot_count : RESERVED, k;

	for (k = from; k < end; k++)
		if (!ss->slots[k].out)
			break;
	if (k == end)
		for (k = data ? RESERVED : 0; ss->slots[k].out; k++)
			;
	if (data)
		ss->next_data = k + 1 == ss->slot_count ? RESERVED : k + 1;
	return k;
}

uint32_t hvm_nv_slots_take(struct hvm_netvsp *n, uint32_t queue, uint32_t count, bool data)
{
	struct nv_session *ss = &n->ss;
	uint32_t *left = data ? &ss->free_data : &ss->free_control;
	uint32_t first = NV_SLOT_NONE, last = NV_SLOT_NONE, slot;

	if (*left < count)
		return NV_SLOT_NONE;
	for (*left -= count; count; count--, last = slot) {
		slot = find(ss, data);
		ss->slots[slot].out = true;
		ss->slots[slot].head = first == NV_SLOT_NONE;
		ss->slots[slot].queue = queue;
		ss->slots[slot].next = NV_SLOT_NONE;
		if (first == NV_SLOT_NONE)
			first = slot;
		else
			ss->slots[last].next = slot;
	}
	return first;
}

bool hvm_nv_slots_finish(struct hvm_netvsp *n, uint32_t queue, uint64_t id)
{
	struct nv_session *ss = &n->ss;
	uint32_t slot, next;

	if (!ss->slots || id >= ss->slot_count || !ss->slots[id].out || !ss->slots[id].head ||
	    ss->slots[id].queue != queue)
		return false;
	for (slot = (uint32_t)id; slot != NV_SLOT_NONE; slot = next) {
		next = ss->slots[slot].next;
		memset(&ss->slots[slot], 0, sizeof(ss->slots[slot]));
		if (slot < RESERVED)
			ss->free_control++;
		else
			ss->free_data++;
	}
	return true;
}

/* ---- completions of the guest ---- */

static bool take_id(uint64_t *ids, size_t *count, uint64_t id)
{
	size_t k;

	for (k = 0; k < *count; k++) {
		if (ids[k] == id) {
			*count = hvm_vec_remove(ids, *count, k, sizeof(*ids));
			return true;
		}
	}
	return false;
}

static bool of_notice(struct nv_session *ss, uint64_t id)
{
	size_t count = ss->notice_count;
	bool found = take_id(ss->notices, &count, id);

	ss->notice_count = (uint32_t)count;
	return found;
}

static void counted(struct hvm_netvsp *n, const struct nv_item *i)
{
	n->c.rx_completed++;
	if (i->size >= 8 && hvp_get_u32(i->bytes + 4) != HVP_NVSP_STATUS_SUCCESS)
		n->c.rx_failed++;
}

/* The status that the guest gives changes nothing (NET-REQ-036). */
void hvm_nv_completed(struct hvm_netvsp *n, struct nv_item *i)
{
	if (i->queue == 0 && of_notice(&n->ss, i->id)) {
		hvm_nv_free(i);
		return;
	}
	if (take_id(n->foreign, &n->foreign_n, i->id))
		counted(n, i);
	else if (i->size < 4)
		hvm_nv_stop(n, "a completion without a message type");
	else if (!hvm_nv_slots_finish(n, i->queue, i->id))
		hvm_nv_stop(n, "a completion of what is not outstanding");
	else
		counted(n, i);
	hvm_nv_free(i);
	hvm_nv_place_waiting(n);
}
