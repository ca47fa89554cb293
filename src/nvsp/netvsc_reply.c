/* SPDX-License-Identifier: BSD-2-Clause */
/* RNDIS control messages of the host: replies, indications, KEEPALIVE. */
#include "netvsc.h"

#define MESSAGE_MIN 8u
#define ALIGNMENT_FACTOR_MAX 7u
#define ALIGNMENT_MIN 4u

/* NET-SEC-39: by id and by type; a reply to a request that timed out finds none. */
static struct hvp_netvsc_request *find(struct hvp_netvsc *dev, uint32_t id, uint32_t type)
{
	struct hvp_netvsc_request *rq;
	uint32_t i;

	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		if (rq->state == HVP_NET_REQUEST_SENT && rq->request_id == id &&
		    (rq->type | HVP_NET_REPLY_BIT) == type)
			return rq;
	}
	dev->stats.replies_unmatched++;
	return NULL;
}

/* NET-SEC-45: a factor out of reason means no sharing of packets, which needs no alignment. */
static void take_limits(struct hvp_netvsc *dev, const struct hvp_rndis_initialize_complete *msg)
{
	uint32_t factor = msg->packet_alignment_factor;

	dev->info.max_packets = msg->max_packets_per_message;
	if (dev->info.max_packets > HVP_NETVSC_AGGREGATE_MAX)
		dev->info.max_packets = HVP_NETVSC_AGGREGATE_MAX;
	if (dev->info.max_packets == 0)
		dev->info.max_packets = 1;
	if (factor > ALIGNMENT_FACTOR_MAX) {
		dev->stats.values_bad++;
		dev->info.max_packets = 1;
		factor = ALIGNMENT_FACTOR_MAX;
	}
	dev->info.alignment = 1u << factor;
	if (dev->info.alignment < ALIGNMENT_MIN)
		dev->info.alignment = ALIGNMENT_MIN;
	dev->info.max_transfer = msg->max_transfer_size;
}

static enum hvp_status initialize_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rndis_initialize_complete msg;
	enum hvp_status status = hvp_rndis_initialize_complete_decode(r, dev->neg, &msg,
								      &dev->stats.fault);
	struct hvp_netvsc_request *rq;

	if (status != HVP_OK)
		return status;
	rq = find(dev, msg.request_id, HVP_RNDIS_INITIALIZE_COMPLETE);
	if (!rq)
		return HVP_OK;
	take_limits(dev, &msg);
	hvp_net_request_over(dev, rq, msg.status);
	return HVP_OK;
}

/* What is longer than the caller's memory is cut; what is shorter leaves zeros (NET-SEC-41). */
static uint32_t copy_answer(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq,
			    const struct hvp_rd *info, uint32_t status)
{
	uint32_t size = (uint32_t)info->len;

	if (size > rq->answer_cap) {
		size = rq->answer_cap;
		dev->stats.replies_cut++;
		if (status == HVP_RNDIS_STATUS_SUCCESS)
			status = HVP_RNDIS_STATUS_BUFFER_OVERFLOW;
	}
	rq->answer_size = size;
	if (size > 0)
		hvp_memcpy(rq->answer, info->p, size);
	return status;
}

static enum hvp_status query_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rndis_query_complete msg;
	enum hvp_status status = hvp_rndis_query_complete_decode(r, dev->neg, &msg,
								 &dev->stats.fault);
	struct hvp_netvsc_request *rq;
	uint32_t code;

	if (status != HVP_OK)
		return status;
	rq = find(dev, msg.request_id, HVP_RNDIS_QUERY_COMPLETE);
	if (!rq)
		return HVP_OK;
	code = copy_answer(dev, rq, &msg.info, msg.status);
	hvp_net_request_over(dev, rq, code);
	return HVP_OK;
}

static enum hvp_status set_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rndis_set_complete msg;
	enum hvp_status status = hvp_rndis_set_complete_decode(r, dev->neg, &msg,
							       &dev->stats.fault);
	struct hvp_netvsc_request *rq;

	if (status != HVP_OK)
		return status;
	rq = find(dev, msg.request_id, HVP_RNDIS_SET_COMPLETE);
	if (rq)
		hvp_net_request_over(dev, rq, msg.status);
	return HVP_OK;
}

/* A loss and return of the link that the owner has not seen yet is still one to see. */
static void link_is(struct hvp_netvsc *dev, bool up)
{
	if (up && !dev->info.link_up && dev->link_told)
		dev->link_bounce = true;
	dev->info.link_up = up;
}

static enum hvp_status indicated(struct hvp_netvsc *dev, uint32_t status,
				 const struct hvp_rd *buffer)
{
	switch (status) {
	case HVP_RNDIS_STATUS_MEDIA_CONNECT:
		link_is(dev, true);
		return HVP_OK;
	case HVP_RNDIS_STATUS_MEDIA_DISCONNECT:
		link_is(dev, false);
		return HVP_OK;
	case HVP_RNDIS_STATUS_NETWORK_CHANGE:
		/* The far side of the link is another one: leases and neighbours are stale. */
		dev->link_bounce = dev->info.link_up;
		return HVP_OK;
	case HVP_RNDIS_STATUS_LINK_SPEED_CHANGE:
		if (buffer->len < 4)
			return HVP_SHORT;
		dev->info.link_speed = hvp_get_u32(buffer->p);
		dev->speed_changed = true;
		return HVP_OK;
	default:
		dev->stats.indications_ignored++;
		return HVP_OK;
	}
}

/* The buffer may lie behind message_length; the range bounds it (BUG-152). */
static enum hvp_status indicate(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rndis_indicate_status msg;
	enum hvp_status status;

	dev->stats.indications++;
	status = hvp_rndis_indicate_status_decode(r, dev->neg, &msg, &dev->stats.fault);
	if (status == HVP_OK)
		status = indicated(dev, msg.status, &msg.buffer);
	dev->stats.indications_bad += status != HVP_OK;
	return status;
}

static enum hvp_status reply(struct hvp_netvsc *dev, uint32_t type, struct hvp_rd *r)
{
	enum hvp_status status;

	switch (type) {
	case HVP_RNDIS_INITIALIZE_COMPLETE:
		status = initialize_complete(dev, r);
		break;
	case HVP_RNDIS_QUERY_COMPLETE:
		status = query_complete(dev, r);
		break;
	case HVP_RNDIS_SET_COMPLETE:
		status = set_complete(dev, r);
		break;
	case HVP_RNDIS_KEEPALIVE:
		return hvp_net_keepalive(dev, r);
	default:
		dev->stats.control_bad++;
		return HVP_VALUE;
	}
	dev->stats.replies_bad += status != HVP_OK;
	return status;
}

uint32_t hvp_net_control(struct hvp_netvsc *dev, const uint8_t *shared, uint32_t size)
{
	uint8_t *copy = dev->cfg.scratch;
	struct hvp_rd r;
	uint32_t type;
	uint32_t length;
	enum hvp_status status;

	if (size > dev->cfg.scratch_size) {
		dev->stats.control_large++;
		size = dev->cfg.scratch_size;
	}
	hvp_net_fetch(copy, shared, size);
	type = hvp_get_u32(copy);
	length = hvp_get_u32(copy + 4);
	if (type == HVP_RNDIS_INDICATE_STATUS) {
		r = hvp_rd_init(copy, size);
		status = indicate(dev, &r);
	} else if (length < MESSAGE_MIN || length > size) {
		dev->stats.control_bad++;
		status = HVP_RANGE;
	} else {
		r = hvp_rd_init(copy, length);
		status = reply(dev, type, &r);
	}
	return status == HVP_OK ? HVP_NVSP_STATUS_SUCCESS : HVP_NVSP_STATUS_FAILURE;
}
