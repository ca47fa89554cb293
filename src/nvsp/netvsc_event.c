/* SPDX-License-Identifier: BSD-2-Clause */
/* News for the owner. None needs storage of its own: each object remembers what it has to say. */
#include "netvsc.h"

static bool take(struct hvp_netvsc *dev, uint32_t bit)
{
	if (!(dev->news & bit))
		return false;
	dev->news &= ~bit;
	return true;
}

static bool device_news(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	if (take(dev, HVP_NET_NEWS_ERROR)) {
		ev->type = HVP_NETVSC_EV_ERROR;
		ev->status = HVP_CORRUPT;
	} else if (take(dev, HVP_NET_NEWS_ATTACHED)) {
		ev->type = HVP_NETVSC_EV_ATTACHED;
		ev->status = dev->reason;
		ev->up = dev->info.link_up;
		ev->speed = dev->info.link_speed;
	} else if (take(dev, HVP_NET_NEWS_VF)) {
		ev->type = HVP_NETVSC_EV_VF;
		ev->up = dev->info.vf;
		ev->serial = dev->info.vf_serial;
	} else if (take(dev, HVP_NET_NEWS_PATH)) {
		ev->type = HVP_NETVSC_EV_DATA_PATH;
		ev->status = dev->path_status;
		ev->path = dev->info.data_path;
	} else if (take(dev, HVP_NET_NEWS_TABLE)) {
		ev->type = HVP_NETVSC_EV_TABLE;
	} else {
		return false;
	}
	return true;
}

/* Only while attached: before, the event of the attach tells. */
bool hvp_net_link_news(const struct hvp_netvsc *dev)
{
	return dev->state == HVP_NETVSC_ATTACHED &&
	       (dev->link_bounce || dev->speed_changed || dev->link_told != dev->info.link_up);
}

/* NET-SEC-46: a host that flaps the link does not keep the owner busy; the last state stays. */
static bool link_news(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	if (!hvp_net_link_news(dev) || dev->now < dev->link_next)
		return false;
	ev->type = HVP_NETVSC_EV_LINK;
	ev->up = dev->info.link_up && !(dev->link_bounce && dev->link_told);
	ev->speed = dev->info.link_speed;
	dev->link_bounce = false;
	dev->speed_changed = false;
	dev->link_told = ev->up;
	dev->link_next = dev->now + dev->cfg.link_interval;
	return true;
}

static bool request_news(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	struct hvp_netvsc_request *rq;
	uint32_t i;

	for (i = 0; i < dev->cfg.request_count; i++) {
		rq = &dev->cfg.requests[i];
		if (!rq->news)
			continue;
		rq->news = false;
		ev->type = HVP_NETVSC_EV_OID;
		ev->id = rq->request_id;
		ev->oid = rq->oid;
		ev->rndis_status = rq->status;
		ev->size = rq->answer_size;
		ev->user = rq->user;
		hvp_net_request_free(rq);
		return true;
	}
	return false;
}

static bool queue_news(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	struct hvp_netvsc_queue *q;
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++) {
		q = &dev->cfg.queues[i];
		if (q->news == 0)
			continue;
		ev->queue = q;
		ev->type = q->news & HVP_NET_NEWS_STOP ? HVP_NETVSC_EV_STOP : HVP_NETVSC_EV_WAKE;
		q->news &= (uint8_t) ~(q->news & HVP_NET_NEWS_STOP ? HVP_NET_NEWS_STOP
								   : HVP_NET_NEWS_WAKE);
		return true;
	}
	return false;
}

/* The end comes last, when all else was told. */
static bool end_news(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	if (!take(dev, HVP_NET_NEWS_DETACHED))
		return false;
	ev->type = HVP_NETVSC_EV_DETACHED;
	ev->status = dev->end_status;
	return true;
}

bool hvp_netvsc_next_event(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev)
{
	hvp_net_zero(ev, sizeof(*ev));
	ev->status = HVP_OK;
	return device_news(dev, ev) || link_news(dev, ev) || request_news(dev, ev) ||
	       queue_news(dev, ev) || end_news(dev, ev);
}
