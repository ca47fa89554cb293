/* SPDX-License-Identifier: BSD-2-Clause */
/* Completions of the host: slots and sections come back, answers go to who waits for them. */
#include "netvsc.h"

struct hvp_netvsc_tx *hvp_net_slot_take(struct hvp_netvsc_queue *q, uint64_t *id)
{
	struct hvp_netvsc_tx *tx;

	if (q->slots_used == q->data_slots || q->first_free == HVP_NET_NO_SLOT)
		return NULL;
	tx = &q->mem->slots[q->first_free];
	if (hvp_reqids_take(&q->ids, &tx->work, id) != HVP_OK)
		return NULL;
	q->first_free = tx->next_free;
	q->slots_used++;
	tx->frames = 0;
	tx->section = HVP_NVSP_NO_SECTION;
	return tx;
}

void hvp_net_slot_free(struct hvp_netvsc_queue *q, struct hvp_netvsc_tx *tx)
{
	if (tx->section != HVP_NVSP_NO_SECTION)
		q->mem->slots[q->sections++].free_section = tx->section;
	tx->section = HVP_NVSP_NO_SECTION;
	tx->next_free = q->first_free;
	q->first_free = (uint32_t)(tx - q->mem->slots);
	q->slots_used--;
}

/* Whatever the status is, the memory is ours again and the frame is not sent twice. */
void hvp_net_tx_completed(struct hvp_netvsc_queue *q, struct hvp_netvsc_tx *tx, uint32_t status)
{
	void (*tell)(void *, struct hvp_netvsc_queue *, void *, uint32_t) = q->dev->cfg.tx;
	uint32_t i;

	if (status == HVP_NETVSC_ABORTED)
		q->stats.tx_aborted++;
	else if (status != HVP_NVSP_STATUS_SUCCESS)
		q->stats.tx_failed++;
	for (i = 0; tell && i < tx->frames; i++)
		if (tx->users[i])
			tell(q->dev->cfg.context, q, tx->users[i], status);
	hvp_net_slot_free(q, tx);
}

static void path_switched(struct hvp_netvsc *dev)
{
	if (!dev->path_busy)
		return;
	dev->path_busy = false;
	dev->path_status = HVP_OK;
	dev->info.data_path = dev->path_wanted;
	dev->news |= HVP_NET_NEWS_PATH;
}

static bool is_packet_complete(const struct hvp_rd *payload)
{
	return payload->len >= HVP_NVSP_RNDIS_PACKET_COMPLETE_MIN_SIZE &&
	       hvp_get_u32(payload->p) == HVP_NVSP_RNDIS_PACKET_COMPLETE;
}

/*
 * Whether a completion fits what it completes; one that does not is dropped and its request
 * stays in flight. An empty one is known by its id alone (NET-REQ-106). @status: the peer's, or 0.
 */
static bool fits(const struct hvp_netvsc_work *work, const struct hvp_rd *payload, uint32_t *status)
{
	*status = 0;
	if (work->kind != HVP_NET_WORK_TX && work->kind != HVP_NET_WORK_REQUEST)
		return true;
	if (!is_packet_complete(payload))
		return false;
	*status = hvp_get_u32(payload->p + 4);
	return true;
}

static bool control(struct hvp_netvsc *dev, struct hvp_netvsc_work *work, struct hvp_rd payload,
		    uint32_t status)
{
	if (work->kind == HVP_NET_WORK_PATH) {
		path_switched(dev);
		return true;
	}
	if (work->kind == HVP_NET_WORK_NVSP)
		return hvp_net_nvsp_answer(dev, payload);
	hvp_net_request_acked(dev, (struct hvp_netvsc_request *)(void *)work, status);
	return true;
}

/* NET-SEC-04: an id that is not in flight, or not any more, is nobody's. */
void hvp_net_completion(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p)
{
	struct hvp_rd payload = hvp_ring_payload(p);
	struct hvp_netvsc_work *work;
	uint32_t status;
	bool over;
	void *request;

	if (hvp_reqids_find(&q->ids, p->transaction_id, &request) != HVP_OK) {
		q->stats.completions_unknown++;
		return;
	}
	work = request;
	over = fits(work, &payload, &status);
	if (over && HVP_UNLIKELY(work->kind != HVP_NET_WORK_TX))
		over = control(q->dev, work, payload, status);
	if (HVP_UNLIKELY(!over)) {
		q->stats.completions_bad++;
		return;
	}
	(void)!hvp_reqids_finish(&q->ids, p->transaction_id, &request);
	if (HVP_LIKELY(work->kind == HVP_NET_WORK_TX))
		hvp_net_tx_completed(q, (struct hvp_netvsc_tx *)(void *)work, status);
}
