/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of the bus that are about the NIC. */
#include "netvsc.h"

static bool opened(struct hvp_netvsc *dev, const struct hvp_event *ev)
{
	if (ev->status == HVP_OK && dev->state == HVP_NETVSC_OPENING) {
		dev->cfg.queues[0].open = true;
		dev->cfg.queues[0].busy = true;
		hvp_net_step(dev, HVP_NET_OPENED);
	} else if (dev->state == HVP_NETVSC_OPENING) {
		hvp_net_step(dev, hvp_net_fail(dev, ev->status));
	}
	return true;
}

static bool closed(struct hvp_netvsc *dev)
{
	dev->opened = false;
	hvp_net_queue_closed(&dev->cfg.queues[0]);
	hvp_net_requests_end(dev);
	hvp_net_step(dev, HVP_NET_CLOSED);
	return true;
}

/* The owner hears of it too: it has to release the channel. */
static bool rescinded(struct hvp_netvsc *dev, const struct hvp_event *ev)
{
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++)
		dev->cfg.queues[i].open = false;
	(void)hvp_net_fail(dev, ev->status);
	dev->again = false;
	hvp_net_requests_end(dev);
	hvp_net_step(dev, HVP_NET_REVOKED);
	return false;
}

static bool gpadl_event(struct hvp_netvsc *dev, const struct hvp_event *ev)
{
	struct hvp_gpadl **mine = ev->gpadl == dev->rx_gpadl ? &dev->rx_gpadl : &dev->tx_gpadl;

	if (!ev->gpadl || *mine != ev->gpadl)
		return false;
	if (ev->type == HVP_EV_GPADL_RETURNED) {
		*mine = NULL;
		hvp_net_step(dev, HVP_NET_RETURNED);
		return true;
	}
	if (ev->status != HVP_OK) {
		if (hvp_net_allows(dev, HVP_NET_SHARED))
			hvp_net_step(dev, hvp_net_fail(dev, ev->status));
		return true;
	}
	hvp_net_step(dev, HVP_NET_SHARED);
	return true;
}

bool hvp_netvsc_bus_event(struct hvp_netvsc *dev, const struct hvp_event *ev)
{
	if (ev->type == HVP_EV_GPADL_CREATED || ev->type == HVP_EV_GPADL_RETURNED)
		return gpadl_event(dev, ev);
	if (!ev->channel || ev->channel != dev->cfg.channel)
		return hvp_net_sub_event(dev, ev);
	/* Detached, the channel is its owner's. */
	if (dev->state == HVP_NETVSC_DETACHED)
		return false;
	switch (ev->type) {
	case HVP_EV_OPENED:
		return opened(dev, ev);
	case HVP_EV_CLOSED:
		return closed(dev);
	case HVP_EV_RESCINDED:
		return rescinded(dev, ev);
	default:
		return false;
	}
}
