/* SPDX-License-Identifier: BSD-2-Clause */
/* Ids of requests in flight: numbers that a peer may forge without harm. */
#include <hvproto/reqids.h>

#define NO_SLOT UINT32_MAX
#define COUNT_MAX 0x80000000u

enum hvp_status hvp_reqids_init(struct hvp_reqids *ids, struct hvp_reqid_slot *slots,
				uint32_t count)
{
	uint32_t i;

	if (count == 0 || count > COUNT_MAX || !slots)
		return HVP_ARG;
	hvp_memzero((uint8_t *)ids, sizeof(*ids));
	ids->slots = slots;
	ids->count = count;
	for (i = 0; i < count; i++) {
		slots[i].request = NULL;
		slots[i].generation = 0;
		slots[i].next_free = i + 1u < count ? i + 1u : NO_SLOT;
	}
	return HVP_OK;
}

/* Generations count takes and finishes: odd is in flight, and the id holds half of it. */
static bool in_flight(const struct hvp_reqid_slot *slot)
{
	return slot->generation % 2u != 0;
}

static void *release(struct hvp_reqids *ids, uint32_t index)
{
	struct hvp_reqid_slot *slot = &ids->slots[index];

	slot->generation++;
	slot->next_free = ids->first_free;
	ids->first_free = index;
	ids->in_flight--;
	return slot->request;
}

enum hvp_status hvp_reqids_take(struct hvp_reqids *ids, void *request, uint64_t *id)
{
	uint32_t index = ids->first_free;
	struct hvp_reqid_slot *slot;

	if (index == NO_SLOT)
		return HVP_AGAIN;
	slot = &ids->slots[index];
	ids->first_free = slot->next_free;
	ids->in_flight++;
	ids->drained = 0;
	*id = (uint64_t)(slot->generation / 2u) << 32 | (index + 1u);
	slot->generation++;
	slot->request = request;
	return HVP_OK;
}

enum hvp_status hvp_reqids_find(struct hvp_reqids *ids, uint64_t id, void **request)
{
	/* The id 0 becomes the largest number and is refused with those above the table. */
	uint32_t index = (uint32_t)id - 1u;

	if (index >= ids->count || !in_flight(&ids->slots[index]) ||
	    ids->slots[index].generation / 2u != id >> 32) {
		ids->unknown++;
		return HVP_VALUE;
	}
	*request = ids->slots[index].request;
	return HVP_OK;
}

enum hvp_status hvp_reqids_finish(struct hvp_reqids *ids, uint64_t id, void **request)
{
	enum hvp_status status = hvp_reqids_find(ids, id, request);

	if (status == HVP_OK)
		(void)release(ids, (uint32_t)id - 1u);
	return status;
}

enum hvp_status hvp_reqids_drain(struct hvp_reqids *ids, void **request)
{
	for (; ids->drained < ids->count; ids->drained++) {
		if (in_flight(&ids->slots[ids->drained])) {
			*request = release(ids, ids->drained);
			return HVP_OK;
		}
	}
	return HVP_AGAIN;
}
