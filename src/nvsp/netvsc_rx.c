/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving: ring packets become frames and answers, and each is completed exactly once. */
#include "netvsc.h"

static uint32_t done_used(const struct hvp_netvsc_queue *q)
{
	return q->done_tail - q->done_head;
}

/* A completion that does not fit the ring waits here, and with it the slots of the host. */
static void owe(struct hvp_netvsc_queue *q, uint64_t transaction_id, uint32_t status)
{
	struct hvp_netvsc_done *d = &q->mem->done[q->done_tail & (q->mem->done_count - 1u)];

	d->transaction_id = transaction_id;
	d->status = status;
	q->done_tail++;
}

static enum hvp_status put_done(struct hvp_netvsc_queue *q, const struct hvp_netvsc_done *d)
{
	uint8_t bytes[HVP_NVSP_RNDIS_PACKET_COMPLETE_MIN_SIZE];
	struct hvp_ring_out out;

	uint32_t total = hvp_ring_packet_total(0, sizeof(bytes));

	hvp_put_u32(bytes, HVP_NVSP_RNDIS_PACKET_COMPLETE);
	hvp_put_u32(bytes + 4, d->status);
	out = hvp_ring_completion(d->transaction_id, bytes, d->status == 0 ? 0 : sizeof(bytes));
	return hvp_net_put(q, &out, 0, total);
}

/* BUG-113: what the full ring refuses stays owed, and the next room goes to it first. */
void hvp_net_completions_send(struct hvp_netvsc_queue *q)
{
	const struct hvp_netvsc_done *d;

	while (q->done_head != q->done_tail && !q->broken) {
		d = &q->mem->done[q->done_head & (q->mem->done_count - 1u)];
		if (put_done(q, d) != HVP_OK) {
			q->stats.rx_completions_deferred++;
			break;
		}
		q->done_head++;
	}
	hvp_net_commit(q);
}

/* Each range is one RNDIS message, from its first byte on (NET-REQ-006). */
static uint32_t message(struct hvp_netvsc_queue *q, const struct hvp_xfer_range *range, bool last)
{
	const uint8_t *shared = q->dev->cfg.receive.base + range->byte_offset;
	uint8_t head[HVP_NET_RNDIS_SIZE];
	uint32_t have = range->byte_count;

	if (have > sizeof(head))
		have = sizeof(head);
	if (have < HVP_RNDIS_MESSAGE_MIN_SIZE) {
		q->stats.rx_bad_rndis++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	hvp_net_fetch(head, shared, have);
	if (HVP_LIKELY(hvp_get_u32(head) == HVP_RNDIS_PACKET))
		return hvp_net_frame(q, head, range, last);
	if (q->index == 0)
		return hvp_net_control(q->dev, shared, range->byte_count);
	q->stats.rx_control_misplaced++;
	return HVP_NVSP_STATUS_FAILURE;
}

static uint32_t messages(struct hvp_netvsc_queue *q, struct hvp_xfer_iter *iter)
{
	uint32_t result = HVP_NVSP_STATUS_SUCCESS;
	uint32_t size = q->dev->cfg.receive.range.byte_count;
	struct hvp_xfer_range range;
	uint32_t status;

	while (iter->left > 0) {
		if (hvp_ring_xfer_next(iter, size, &range, NULL) == HVP_OK) {
			status = message(q, &range, iter->left == 0);
		} else {
			q->stats.rx_bad_range++;
			status = HVP_NVSP_STATUS_FAILURE;
		}
		if (status != HVP_NVSP_STATUS_SUCCESS)
			result = status;
		/* A coalesced frame ends within its packet and has no gap (NET-REQ-072). */
		if (HVP_UNLIKELY(q->parts > 0) &&
		    (status != HVP_NVSP_STATUS_SUCCESS || iter->left == 0)) {
			q->parts = 0;
			q->stats.rx_bad_rsc++;
			result = HVP_NVSP_STATUS_FAILURE;
		}
	}
	return result;
}

static uint32_t transfer(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p)
{
	struct hvp_rd payload = hvp_ring_payload(p);
	struct hvp_xfer_iter iter;

	if (payload.len < HVP_NVSP_RNDIS_PACKET_MIN_SIZE ||
	    hvp_get_u32(payload.p) != HVP_NVSP_RNDIS_PACKET) {
		q->stats.rx_bad_nvsp++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	if (hvp_ring_xfer_ranges(p, &iter, NULL) != HVP_OK || iter.left == 0) {
		q->stats.rx_bad_range++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	if (iter.set_id != HVP_NETVSC_RECEIVE_ID || !q->dev->rx_accepted) {
		q->stats.rx_bad_set++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	q->stats.rx_packets++;
	return messages(q, &iter);
}

/* Some hosts ask for a completion of what they say in-band; empty, since none is defined. */
static void inband(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p)
{
	if (q->index == 0)
		hvp_net_inband(q->dev, hvp_ring_payload(p));
	else
		q->stats.rx_bad_nvsp++;
	if (p->flags & HVP_PACKET_COMPLETION_REQUESTED)
		owe(q, p->transaction_id, 0);
}

static void packet(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p)
{
	switch (p->type) {
	case HVP_PACKET_XFER_PAGES:
		owe(q, p->transaction_id, transfer(q, p));
		break;
	case HVP_PACKET_COMPLETION:
		hvp_net_completion(q, p);
		break;
	default:
		inband(q, p);
		break;
	}
}

static void oversized(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p)
{
	q->stats.rx_oversized++;
	if (p->type == HVP_PACKET_XFER_PAGES)
		owe(q, p->transaction_id, HVP_NVSP_STATUS_FAILURE);
}

/* Room for one more completion, so that no packet is taken that cannot be completed. */
static bool may_take(struct hvp_netvsc_queue *q)
{
	if (done_used(q) < q->mem->done_count)
		return true;
	hvp_net_completions_send(q);
	if (done_used(q) < q->mem->done_count)
		return true;
	q->stats.rx_stalls++;
	return false;
}

static uint32_t take_packets(struct hvp_netvsc_queue *q, uint32_t budget)
{
	struct hvp_ring_packet p;
	enum hvp_status status;
	uint32_t n = 0;

	while (n < budget && q->open && !q->broken && may_take(q)) {
		status = hvp_ring_rx_next(&q->rx, q->mem->packet, q->mem->packet_size, &p);
		if (status == HVP_OK) {
			packet(q, &p);
		} else if (status == HVP_NOSPACE) {
			oversized(q, &p);
		} else {
			q->busy = false;
			if (status == HVP_CORRUPT)
				hvp_net_queue_corrupt(q);
			break;
		}
		n++;
	}
	return n;
}

uint32_t hvp_netvsc_receive(struct hvp_netvsc_queue *q, uint32_t budget)
{
	uint32_t n;

	if (!q->open || q->broken)
		return 0;
	q->busy = true;
	n = take_packets(q, budget);
	if (!q->open || q->broken)
		return n;
	if (n > 0 && hvp_ring_rx_commit(&q->rx))
		hvp_net_signal(q);
	if (q->done_head != q->done_tail)
		hvp_net_completions_send(q);
	if (q->stopped || q->wait_total != 0)
		hvp_net_room(q);
	hvp_net_commit(q);
	return n;
}

/* A queue that stalled sleeps until the host makes room, which it signals whatever the mask. */
bool hvp_netvsc_poll(struct hvp_netvsc_queue *q, uint32_t budget)
{
	if (!q->open || q->broken)
		return false;
	hvp_ring_rx_mask(&q->rx);
	(void)hvp_netvsc_receive(q, budget);
	if (!q->open || q->broken)
		return false;
	if (done_used(q) == q->mem->done_count)
		return !hvp_ring_tx_peer_wakes(&q->tx);
	if (!hvp_ring_rx_unmask(&q->rx))
		return false;
	q->busy = true;
	return true;
}

void hvp_netvsc_mask(struct hvp_netvsc_queue *q)
{
	if (q->open && !q->broken)
		hvp_ring_rx_mask(&q->rx);
}
