/* SPDX-License-Identifier: BSD-2-Clause */
/* OID requests: a page each, that is the host's until it acknowledged it (NET-REQ-034). */
#include "netvsc.h"

#define PAGE HVP_NETVSC_CONTROL_MAX
#define QUERY_HEADER HVP_RNDIS_QUERY_MIN_SIZE
#define INFO_OFFSET 20u /* always, also without input (NET-REQ-054) */
#define MAX_TRANSFER 0x4000u

static uint8_t *page_of(const struct hvp_netvsc *dev, const struct hvp_netvsc_request *rq)
{
	return dev->cfg.control + (size_t)rq->index * PAGE;
}

static uint32_t in_use(const struct hvp_netvsc *dev)
{
	uint32_t used = 0;
	uint32_t i;

	for (i = 0; i < dev->cfg.request_count; i++)
		used += dev->cfg.requests[i].state != HVP_NET_REQUEST_FREE;
	return used;
}

/* The last free slot is the library's own, so that a detach always finds one. */
struct hvp_netvsc_request *hvp_net_request_new(struct hvp_netvsc *dev, bool own)
{
	struct hvp_netvsc_request *rq;
	uint32_t i;

	if (!own && in_use(dev) + 1u >= dev->cfg.request_count)
		return NULL;
	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		if (rq->state != HVP_NET_REQUEST_FREE)
			continue;
		hvp_net_zero(rq, sizeof(*rq));
		rq->work.kind = HVP_NET_WORK_REQUEST;
		rq->index = i;
		rq->own = own;
		return rq;
	}
	return NULL;
}

void hvp_net_request_free(struct hvp_netvsc_request *rq)
{
	if (rq->state == HVP_NET_REQUEST_OVER && rq->acked && !rq->news)
		rq->state = HVP_NET_REQUEST_FREE;
}

/* Nonzero and not in use by an older request: the counter goes around after 2^32 of them. */
static uint32_t new_id(struct hvp_netvsc *dev)
{
	dev->next_request++;
	if (dev->next_request == 0)
		dev->next_request = 1;
	return dev->next_request;
}

static void write_oid(struct hvp_wr *w, struct hvp_netvsc *dev, const struct hvp_netvsc_request *rq,
		      const struct hvp_netvsc_oid *oid)
{
	struct hvp_rndis_query query;
	struct hvp_rndis_set set;

	hvp_net_zero(&query, sizeof(query));
	query.message_length = QUERY_HEADER + oid->input_size;
	query.request_id = rq->request_id;
	query.oid = oid->oid;
	query.info_buffer_length = oid->input_size;
	query.info_buffer_offset = INFO_OFFSET;
	query.info = hvp_rd_init(oid->input, oid->input_size);
	if (rq->type == HVP_RNDIS_QUERY) {
		(void)hvp_rndis_query_encode(w, dev->neg, &query, NULL);
		return;
	}
	set.message_length = query.message_length;
	set.request_id = query.request_id;
	set.oid = query.oid;
	set.info_buffer_length = query.info_buffer_length;
	set.info_buffer_offset = query.info_buffer_offset;
	set.device_vc_handle = 0;
	set.info = query.info;
	(void)hvp_rndis_set_encode(w, dev->neg, &set, NULL);
}

static void write_message(struct hvp_wr *w, struct hvp_netvsc *dev,
			  const struct hvp_netvsc_request *rq, const struct hvp_netvsc_oid *oid)
{
	struct hvp_rndis_initialize init;
	struct hvp_rndis_halt halt;

	if (rq->type == HVP_RNDIS_INITIALIZE) {
		init.message_length = HVP_RNDIS_INITIALIZE_MIN_SIZE;
		init.request_id = rq->request_id;
		init.major_version = HVP_RNDIS_MAJOR_VERSION;
		init.minor_version = HVP_RNDIS_MINOR_VERSION;
		init.max_transfer_size = MAX_TRANSFER;
		(void)hvp_rndis_initialize_encode(w, dev->neg, &init, NULL);
	} else if (rq->type == HVP_RNDIS_HALT) {
		halt.message_length = HVP_RNDIS_HALT_MIN_SIZE;
		halt.request_id = rq->request_id;
		(void)hvp_rndis_halt_encode(w, dev->neg, &halt, NULL);
	} else if (rq->type == HVP_RNDIS_KEEPALIVE_COMPLETE) {
		hvp_net_keepalive_write(dev, w, rq);
	} else {
		write_oid(w, dev, rq, oid);
	}
}

/*
 * Sizes were checked, so the message fits. It is written now, since @oid dies with the call; it
 * goes out with hvp_netvsc_run().
 */
void hvp_net_request_queue(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t type,
			   const struct hvp_netvsc_oid *oid)
{
	struct hvp_wr w = hvp_wr_init(page_of(dev, rq), PAGE);

	rq->type = type;
	rq->request_id = type == HVP_RNDIS_KEEPALIVE_COMPLETE ? dev->alive_id : new_id(dev);
	rq->oid = oid->oid;
	rq->answer = oid->answer;
	rq->answer_cap = oid->answer_size;
	rq->user = oid->user;
	write_message(&w, dev, rq, oid);
	rq->message_size = (uint32_t)w.off;
	if (rq->answer_cap > 0)
		hvp_memzero(rq->answer, rq->answer_cap);
	rq->state = HVP_NET_REQUEST_QUEUED;
}

/* By reference, in one range (chapter 20 section 6.1). */
static enum hvp_status send(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq)
{
	struct hvp_netvsc_queue *q = &dev->cfg.queues[0];
	struct hvp_nvsp_rndis_packet msg = { HVP_NVSP_CHANNEL_TYPE_CONTROL, HVP_NVSP_NO_SECTION,
					     0 };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));
	uint32_t size = hvp_net_is_version(dev, HVP_NVSP_VERSION_6_1) ? HVP_NVSP_MESSAGE_SIZE_6_1
								      : HVP_NVSP_MESSAGE_SIZE;
	struct hvp_ring_out out = hvp_ring_request(0, bytes, size);
	enum hvp_status status;
	void *request;

	(void)hvp_nvsp_rndis_packet_encode(&w, dev->neg, &msg, NULL);
	status = hvp_reqids_take(&q->ids, rq, &out.transaction_id);
	if (status != HVP_OK)
		return status;
	q->ranges[0].byte_count = rq->message_size;
	q->ranges[0].byte_offset = 0;
	q->ranges[0].pfns = &dev->cfg.control_pfns[rq->index];
	status = hvp_net_put(q, &out, 1, hvp_ring_packet_total(24, size));
	if (status != HVP_OK)
		(void)!hvp_reqids_finish(&q->ids, out.transaction_id, &request);
	return status;
}

void hvp_net_requests_send(struct hvp_netvsc *dev)
{
	struct hvp_netvsc_queue *q = &dev->cfg.queues[0];
	struct hvp_netvsc_request *rq;
	uint32_t i;

	if (!q->open || q->broken)
		return;
	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		if (rq->state != HVP_NET_REQUEST_QUEUED)
			continue;
		if (send(dev, rq) != HVP_OK)
			break;
		rq->state = HVP_NET_REQUEST_SENT;
		dev->stats.requests++;
	}
	hvp_net_commit(q);
}

static void own_over(struct hvp_netvsc *dev, const struct hvp_netvsc_request *rq)
{
	if (dev->own != rq)
		return;
	dev->own = NULL;
	dev->own_status = rq->status;
	dev->own_size = rq->answer_size;
	dev->own_over = true;
	dev->answer = HVP_NET_REPLY;
}

/* A filter or an offload counts when the host took it; filter 0 when it was asked for. */
static void wish_over(struct hvp_netvsc *dev, const struct hvp_netvsc_request *rq)
{
	if (!rq->wished || rq->status != HVP_RNDIS_STATUS_SUCCESS)
		return;
	if (rq->oid == HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER) {
		dev->info.filter = rq->wish;
		dev->filter_wanted = rq->wish;
	} else {
		dev->offloads_wanted = rq->wish;
		dev->info.offloads = rq->wish & dev->info.offload_supported;
	}
}

void hvp_net_request_over(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t status)
{
	rq->status = status;
	rq->state = HVP_NET_REQUEST_OVER;
	if (dev->alive == rq)
		dev->alive = NULL;
	if (rq->own) {
		own_over(dev, rq);
	} else {
		rq->news = true;
		wish_over(dev, rq);
	}
	hvp_net_request_free(rq);
}

/* HALT, and what is an answer itself. */
static bool has_no_reply(const struct hvp_netvsc_request *rq)
{
	return rq->type == HVP_RNDIS_HALT || rq->type == HVP_RNDIS_KEEPALIVE_COMPLETE;
}

/* The host has read the page. If it could not, no reply will come. */
void hvp_net_request_acked(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t status)
{
	rq->acked = true;
	if (rq->state == HVP_NET_REQUEST_SENT &&
	    (status != HVP_NVSP_STATUS_SUCCESS || has_no_reply(rq)))
		hvp_net_request_over(dev, rq,
				     status == HVP_NVSP_STATUS_SUCCESS ? HVP_RNDIS_STATUS_SUCCESS
								       : HVP_RNDIS_STATUS_FAILURE);
	hvp_net_request_free(rq);
}

/* Time-outs of the owner's requests; those of our own are the state's. */
void hvp_net_requests_time(struct hvp_netvsc *dev, uint64_t *deadline)
{
	struct hvp_netvsc_request *rq;
	uint32_t i;

	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		if (rq->own ||
		    (rq->state != HVP_NET_REQUEST_QUEUED && rq->state != HVP_NET_REQUEST_SENT))
			continue;
		if (rq->end == 0)
			rq->end = dev->now + dev->cfg.timeout;
		if (dev->now >= rq->end) {
			dev->stats.timeouts++;
			rq->acked = rq->acked || rq->state == HVP_NET_REQUEST_QUEUED;
			hvp_net_request_over(dev, rq, HVP_NETVSC_TIMED_OUT);
		} else if (rq->end < *deadline) {
			*deadline = rq->end;
		}
	}
}

/* The channel is closed: nothing is answered and nothing is the host's any more. */
void hvp_net_requests_end(struct hvp_netvsc *dev)
{
	struct hvp_netvsc_request *rq;
	uint32_t i;

	dev->own = NULL;
	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		rq->acked = true;
		if (rq->state == HVP_NET_REQUEST_QUEUED || rq->state == HVP_NET_REQUEST_SENT)
			hvp_net_request_over(dev, rq, HVP_NETVSC_TIMED_OUT);
		hvp_net_request_free(rq);
	}
}

static enum hvp_net_event own(struct hvp_netvsc *dev, uint32_t type,
			      const struct hvp_netvsc_oid *oid)
{
	struct hvp_netvsc_request *rq = hvp_net_request_new(dev, true);

	/* Only if the host acknowledges nothing. */
	if (!rq)
		return hvp_net_fail(dev, HVP_TIMEOUT);
	hvp_net_request_queue(dev, rq, type, oid);
	dev->own = rq;
	dev->own_over = false;
	return HVP_NET_NONE;
}

enum hvp_net_event hvp_net_own_message(struct hvp_netvsc *dev, uint32_t type)
{
	struct hvp_netvsc_oid none = { 0, NULL, 0, NULL, 0, NULL };

	return own(dev, type, &none);
}

enum hvp_net_event hvp_net_own_query(struct hvp_netvsc *dev, uint32_t oid, const void *input,
				     uint32_t size)
{
	struct hvp_netvsc_oid query = { oid, input, size, dev->own_answer, HVP_NETVSC_OWN_ANSWER,
					NULL };

	return own(dev, HVP_RNDIS_QUERY, &query);
}

enum hvp_net_event hvp_net_own_set(struct hvp_netvsc *dev, uint32_t oid, const void *input,
				   uint32_t size)
{
	struct hvp_netvsc_oid set = { oid, input, size, NULL, 0, NULL };

	return own(dev, HVP_RNDIS_SET, &set);
}
