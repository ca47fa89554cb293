/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a queue: rings, slots and sections, from the opening of its channel to its end. */
#include "netvsc.h"

static void slots_init(struct hvp_netvsc_queue *q)
{
	uint32_t i;

	for (i = 0; i < q->mem->slot_count; i++) {
		hvp_net_zero(&q->mem->slots[i], sizeof(q->mem->slots[i]));
		q->mem->slots[i].work.kind = HVP_NET_WORK_TX;
		q->mem->slots[i].section = HVP_NVSP_NO_SECTION;
		q->mem->slots[i].next_free = i + 1u < q->mem->slot_count ? i + 1u : HVP_NET_NO_SLOT;
	}
}

/* Ids are enough for control beside data, so that a busy queue 0 can still be told to stop. */
static enum hvp_status reset(struct hvp_netvsc *dev, struct hvp_netvsc_queue *q, uint32_t index,
			     struct hvp_channel *ch)
{
	struct hvp_netvsc_queue_stats stats = q->stats;
	void *user = q->user;
	enum hvp_status status;

	hvp_net_zero(q, sizeof(*q));
	q->user = user;
	q->stats = stats;
	q->dev = dev;
	q->index = index;
	q->channel = ch;
	q->mem = &dev->cfg.memory[index];
	q->data_slots = q->mem->slot_count;
	if (index == 0)
		q->data_slots -= dev->cfg.request_count + HVP_NET_CONTROL_IDS;
	slots_init(q);
	status = hvp_reqids_init(&q->ids, q->mem->ids, q->mem->slot_count);
	if (status == HVP_OK)
		status = hvp_ring_tx_init(&q->tx, &q->mem->tx, q->mem->rx.control);
	if (status == HVP_OK)
		status = hvp_ring_rx_init(&q->rx, &q->mem->rx, HVP_RING_GUEST);
	return status;
}

enum hvp_status hvp_net_queue_open(struct hvp_netvsc *dev, uint32_t index, struct hvp_channel *ch)
{
	struct hvp_netvsc_queue *q = &dev->cfg.queues[index];
	enum hvp_status status = reset(dev, q, index, ch);
	struct hvp_open open;

	if (status != HVP_OK)
		return status;
	hvp_net_zero(&open, sizeof(open));
	open.ring = q->mem->ring;
	open.downstream_page = q->mem->tx.size / HVP_PAGE_SIZE + 1u;
	open.target_vp = q->mem->target_vp;
	open.connection_id = q->mem->connection_id;
	open.event_flag = q->mem->event_flag;
	status = hvp_channel_open(ch, &open);
	if (status != HVP_OK)
		q->channel = NULL;
	return status;
}

/* What the host never completed is lost with the channel. */
void hvp_net_queue_closed(struct hvp_netvsc_queue *q)
{
	struct hvp_netvsc_work *work;
	void *request;

	q->open = false;
	q->batch = NULL;
	while (hvp_reqids_drain(&q->ids, &request) == HVP_OK) {
		work = request;
		if (work->kind == HVP_NET_WORK_TX)
			hvp_net_tx_completed(q, request, HVP_NETVSC_ABORTED);
	}
	q->channel = NULL;
	q->done_head = q->done_tail;
}

/* Each queue has its own run of sections, so that queues share nothing. */
void hvp_net_queue_sections(struct hvp_netvsc *dev)
{
	uint32_t share = dev->info.sections / dev->info.queues;
	struct hvp_netvsc_queue *q;
	uint32_t first = 0;
	uint32_t i;
	uint32_t n;

	for (i = 0; i < dev->cfg.queue_count; i++) {
		q = &dev->cfg.queues[i];
		if (!q->open)
			continue;
		q->sections = share < q->data_slots ? share : q->data_slots;
		for (n = 0; n < q->sections; n++)
			q->mem->slots[n].free_section = first + n;
		first += share;
	}
}

bool hvp_net_queue_idle(struct hvp_netvsc_queue *q)
{
	return !q->open || q->broken ||
	       (!q->busy && q->slots_used == 0 && q->done_head == q->done_tail);
}

/* One event for the owner, however many queues break. */
void hvp_net_queue_corrupt(struct hvp_netvsc_queue *q)
{
	const struct hvp_fault *fault = hvp_ring_rx_fault(&q->rx);

	q->broken = true;
	if (!fault)
		fault = hvp_ring_tx_fault(&q->tx);
	if (fault)
		q->dev->stats.fault = *fault;
	q->dev->news |= HVP_NET_NEWS_ERROR;
}

/* Nothing can be done about a hypercall that fails; a poll by time will find the rest. */
void hvp_net_signal(struct hvp_netvsc_queue *q)
{
	(void)!hvp_channel_signal(q->channel);
}

void hvp_net_commit(struct hvp_netvsc_queue *q)
{
	if (!q->put)
		return;
	q->put = false;
	if (hvp_ring_tx_commit(&q->tx))
		hvp_net_signal(q);
}

bool hvp_net_queue_wait(struct hvp_netvsc_queue *q, uint32_t total)
{
	enum hvp_status status;

	hvp_net_commit(q);
	status = hvp_ring_tx_wait(&q->tx, total);
	if (status == HVP_CORRUPT)
		hvp_net_queue_corrupt(q);
	q->wait_total = status == HVP_AGAIN ? total : 0;
	return status == HVP_OK;
}

/*
 * A second try closes the race with a reader that made room just before the wish for it. @total:
 * what to wait for if there is none.
 */
enum hvp_status hvp_net_put(struct hvp_netvsc_queue *q, const struct hvp_ring_out *out,
			    uint32_t ranges, uint32_t total)
{
	enum hvp_status status = HVP_AGAIN;
	uint32_t tries;

	for (tries = 0; tries < 2; tries++) {
		status = ranges == 0 ? hvp_ring_tx_put(&q->tx, out)
				     : hvp_ring_tx_put_gpa(&q->tx, out, q->ranges, ranges);
		if (HVP_LIKELY(status != HVP_AGAIN) || !hvp_net_queue_wait(q, total))
			break;
	}
	if (HVP_LIKELY(status == HVP_OK))
		q->put = true;
	else if (status == HVP_CORRUPT)
		hvp_net_queue_corrupt(q);
	return status;
}

struct hvp_netvsc_queue *hvp_netvsc_queue_of(struct hvp_netvsc *dev, const struct hvp_channel *ch)
{
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++)
		if (ch && dev->cfg.queues[i].channel == ch)
			return &dev->cfg.queues[i];
	return NULL;
}
