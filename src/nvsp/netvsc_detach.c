/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detaching (chapter 20 section 6.6): each state takes down what was set up, if it was, and
 * nothing else (BUG-133). The order of GPADLs and close depends on the VMBus version (BUG-098).
 */
#include "netvsc.h"

static bool can_send(const struct hvp_netvsc *dev)
{
	return dev->cfg.queues[0].open && !dev->cfg.queues[0].broken;
}

/* Filter 0 before anything else: a host that goes on to deliver keeps the ring from draining. */
enum hvp_net_event hvp_net_enter_quieting(struct hvp_netvsc *dev)
{
	uint8_t value[4] = { 0 };

	dev->info.filter = 0;
	if (!dev->filtering || !dev->rndis_up || !can_send(dev))
		return HVP_NET_DONE;
	return hvp_net_own_set(dev, HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER, value, sizeof(value));
}

enum hvp_net_event hvp_net_enter_draining(struct hvp_netvsc *dev)
{
	uint32_t i;

	dev->filtering = false;
	for (i = 0; i < dev->cfg.queue_count; i++) {
		if (!dev->cfg.queues[i].open)
			continue;
		dev->cfg.queues[i].busy = true;
		hvp_netvsc_flush(&dev->cfg.queues[i]);
	}
	return can_send(dev) ? HVP_NET_NONE : HVP_NET_DONE;
}

enum hvp_net_event hvp_net_enter_halting(struct hvp_netvsc *dev)
{
	bool up = dev->rndis_up;

	dev->rndis_up = false;
	if (!up || !can_send(dev))
		return HVP_NET_DONE;
	return hvp_net_own_message(dev, HVP_RNDIS_HALT);
}

enum hvp_net_event hvp_net_enter_rx_revoking(struct hvp_netvsc *dev)
{
	enum hvp_net_event event;

	if (!dev->rx_accepted || !can_send(dev))
		return HVP_NET_DONE;
	event = hvp_net_send_revoke(dev, true);
	if (event == HVP_NET_BLOCKED)
		return event;
	dev->rx_accepted = false;
	return HVP_NET_DONE;
}

static bool before_close(const struct hvp_netvsc *dev)
{
	return hvp_bus_neg(dev->cfg.bus).version < HVP_VMBUS_VERSION_4_0;
}

/* The first time asks for the memory, then it is on its way: a second teardown is refused. */
static enum hvp_net_event take_back(struct hvp_gpadl *gpadl)
{
	if (!gpadl)
		return HVP_NET_DONE;
	(void)!hvp_gpadl_teardown(gpadl);
	return HVP_NET_NONE;
}

enum hvp_net_event hvp_net_enter_rx_returning(struct hvp_netvsc *dev)
{
	return before_close(dev) ? take_back(dev->rx_gpadl) : HVP_NET_DONE;
}

enum hvp_net_event hvp_net_enter_tx_revoking(struct hvp_netvsc *dev)
{
	enum hvp_net_event event;

	if (!dev->tx_accepted || !can_send(dev))
		return HVP_NET_DONE;
	event = hvp_net_send_revoke(dev, false);
	if (event == HVP_NET_BLOCKED)
		return event;
	dev->tx_accepted = false;
	return HVP_NET_DONE;
}

enum hvp_net_event hvp_net_enter_tx_returning(struct hvp_netvsc *dev)
{
	return before_close(dev) ? take_back(dev->tx_gpadl) : HVP_NET_DONE;
}

/* Sub-channels first (BUG-134), each once; then the primary, which frees them on the host. */
/* True if there are any. */
static bool close_subs(struct hvp_netvsc *dev)
{
	bool subs = false;
	uint32_t i;

	for (i = 1; i < dev->cfg.queue_count; i++) {
		dev->cfg.queues[i].open = false;
		if (!dev->cfg.queues[i].channel)
			continue;
		subs = true;
		(void)!hvp_channel_close(dev->cfg.queues[i].channel);
	}
	return subs;
}

enum hvp_net_event hvp_net_enter_closing(struct hvp_netvsc *dev)
{
	dev->rx_accepted = false;
	dev->tx_accepted = false;
	if (close_subs(dev))
		return HVP_NET_NONE;
	dev->cfg.queues[0].open = false;
	if (!dev->opened)
		return HVP_NET_DONE;
	(void)!hvp_channel_close(dev->cfg.channel);
	return HVP_NET_NONE;
}

enum hvp_net_event hvp_net_enter_returning(struct hvp_netvsc *dev)
{
	enum hvp_net_event rx = take_back(dev->rx_gpadl);
	enum hvp_net_event tx = take_back(dev->tx_gpadl);

	return rx == HVP_NET_DONE ? tx : rx;
}

static bool any_channel(const struct hvp_netvsc *dev)
{
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++)
		if (dev->cfg.queues[i].channel)
			return true;
	return false;
}

/* The bus takes everything back by itself. */
enum hvp_net_event hvp_net_enter_gone(struct hvp_netvsc *dev)
{
	dev->rx_accepted = false;
	dev->tx_accepted = false;
	dev->filtering = false;
	/* A host that takes the primary back may leave the others as they are. */
	if (close_subs(dev) || dev->rx_gpadl || dev->tx_gpadl || any_channel(dev))
		return HVP_NET_NONE;
	return HVP_NET_DONE;
}

/* For another MTU the device goes on as if it had never stopped. */
enum hvp_net_event hvp_net_enter_detached(struct hvp_netvsc *dev)
{
	bool again = dev->again && dev->reason == HVP_OK;

	dev->again = false;
	if (again)
		return HVP_NET_ATTACH;
	if (dev->attaching && dev->reason != HVP_OK) {
		dev->stats.attach_failures++;
		dev->news |= HVP_NET_NEWS_ATTACHED;
	}
	dev->attaching = false;
	dev->end_status = dev->reason;
	dev->news |= HVP_NET_NEWS_DETACHED;
	return HVP_NET_NONE;
}
