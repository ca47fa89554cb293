/* SPDX-License-Identifier: BSD-2-Clause */
/* Sub-channels: offers that the device takes, opens, closes and lets go (section 6.7). */
#include "netvsc.h"

#include <hvproto/wire/interfaces.h>

static bool is_sub(const struct hvp_netvsc *dev, const struct hvp_channel *ch)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;

	return ch->offer.subchannel_index != 0 &&
	       hvp_memcmp(&ch->offer.instance_id, &dev->instance, sizeof(dev->instance)) == 0 &&
	       hvp_memcmp(&ch->offer.interface_id, &network, sizeof(network)) == 0;
}

/* The index of the offer is the number of the queue; others are none of ours. */
static void adopt(struct hvp_netvsc *dev, struct hvp_channel *ch)
{
	uint32_t index = ch->offer.subchannel_index;

	if (dev->state != HVP_NETVSC_SUBS || index > dev->granted ||
	    index >= dev->cfg.queue_count || dev->cfg.queues[index].channel ||
	    hvp_channel_state(ch) != HVP_CHANNEL_OFFERED)
		return;
	if (hvp_net_queue_open(dev, index, ch) != HVP_OK)
		dev->stats.subs_missing++;
}

void hvp_net_subs_adopt(struct hvp_netvsc *dev)
{
	struct hvp_channel *ch = NULL;

	while ((ch = hvp_channel_next_sub(dev->cfg.channel, ch)) != NULL)
		adopt(dev, ch);
}

static uint32_t subs_open(const struct hvp_netvsc *dev)
{
	uint32_t open = 0;
	uint32_t i;

	for (i = 1; i < dev->cfg.queue_count; i++)
		open += dev->cfg.queues[i].open;
	return open;
}

bool hvp_net_subs_ready(const struct hvp_netvsc *dev)
{
	return subs_open(dev) == dev->granted;
}

/*
 * What is open now is what there is. A queue behind a gap could not be named by its number in
 * tables that count from 0: it is closed.
 */
void hvp_net_subs_settle(struct hvp_netvsc *dev)
{
	uint32_t queues = 1;
	uint32_t i;

	while (queues < dev->cfg.queue_count && dev->cfg.queues[queues].open)
		queues++;
	if (queues - 1u < dev->granted)
		dev->stats.subs_missing += dev->granted + 1u - queues;
	dev->info.queues = queues;
	for (i = queues; i < dev->cfg.queue_count; i++) {
		dev->cfg.queues[i].open = false;
		if (dev->cfg.queues[i].channel)
			(void)!hvp_channel_close(dev->cfg.queues[i].channel);
	}
	hvp_net_host_table_default(dev);
	hvp_net_queue_sections(dev);
}

static void sub_opened(struct hvp_netvsc *dev, struct hvp_netvsc_queue *q,
		       const struct hvp_event *ev)
{
	if (!q)
		return;
	q->open = ev->status == HVP_OK && dev->state == HVP_NETVSC_SUBS;
	q->busy = true;
	if (ev->status == HVP_OK && !q->open)
		(void)!hvp_channel_close(ev->channel);
	hvp_net_step(dev, HVP_NET_SUB);
}

static void sub_closed(struct hvp_netvsc *dev, struct hvp_netvsc_queue *q)
{
	if (!q)
		return;
	hvp_net_queue_closed(q);
	hvp_net_step(dev, HVP_NET_CLOSED);
}

bool hvp_net_sub_event(struct hvp_netvsc *dev, const struct hvp_event *ev)
{
	struct hvp_netvsc_queue *q = hvp_netvsc_queue_of(dev, ev->channel);

	if (!ev->channel || (!q && !is_sub(dev, ev->channel)))
		return false;
	switch (ev->type) {
	case HVP_EV_OFFER:
		adopt(dev, ev->channel);
		return true;
	case HVP_EV_OPENED:
		sub_opened(dev, q, ev);
		return true;
	case HVP_EV_CLOSED:
		sub_closed(dev, q);
		return true;
	case HVP_EV_RESCINDED:
		if (q)
			q->open = false;
		(void)!hvp_channel_release(ev->channel);
		return true;
	default:
		return true;
	}
}
