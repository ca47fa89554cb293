/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching: what each state sends when it is entered (chapter 20 section 6.1). */
#include "netvsc.h"

/* From the highest to the lowest; there is no version 3. */
static const uint32_t versions[] = {
	HVP_NVSP_VERSION_6_1, HVP_NVSP_VERSION_6_0, HVP_NVSP_VERSION_5,
	HVP_NVSP_VERSION_4,   HVP_NVSP_VERSION_2,   HVP_NVSP_VERSION_1,
};

#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

static void forget(struct hvp_netvsc *dev)
{
	hvp_net_zero(&dev->info, sizeof(dev->info));
	dev->neg.version = 0;
	dev->version_index = 0;
	dev->step = 0;
	dev->granted = 0;
	dev->own_over = false;
	dev->scaling = false;
	dev->restoring = false;
	dev->reason = HVP_OK;
	dev->rndis_up = false;
	dev->alive_due = false;
	dev->path_busy = false;
	dev->info.max_packets = 1;
	dev->info.alignment = 8;
	dev->info.mtu = dev->cfg.mtu;
	dev->info.queues = 1;
	dev->info.max_queues = 1;
	dev->link_told = false;
	dev->link_bounce = false;
}

enum hvp_net_event hvp_net_enter_opening(struct hvp_netvsc *dev)
{
	enum hvp_status status;

	forget(dev);
	dev->stats.attaches++;
	dev->attaching = true;
	hvp_net_host_table_default(dev);
	status = hvp_net_queue_open(dev, 0, dev->cfg.channel);
	dev->opened = status == HVP_OK;
	if (status != HVP_OK)
		return hvp_net_fail(dev, status);
	return HVP_NET_NONE;
}

static bool version_allowed(const struct hvp_netvsc *dev, uint32_t version)
{
	return version <= dev->cfg.max_version && version >= dev->cfg.min_version;
}

/* Entered again for each version that the host refuses; the channel stays open. */
enum hvp_net_event hvp_net_enter_version(struct hvp_netvsc *dev)
{
	enum hvp_net_event event;

	while (dev->version_index < VERSIONS && !version_allowed(dev, versions[dev->version_index]))
		dev->version_index++;
	if (dev->version_index == VERSIONS)
		return hvp_net_fail(dev, HVP_UNSUPPORTED);
	event = hvp_net_send_init(dev, versions[dev->version_index]);
	if (event == HVP_NET_NONE)
		dev->version_index++;
	return event;
}

/* NDIS_CONFIG first: its mtu decides the size of receive slots (NET-REQ-018). */
enum hvp_net_event hvp_net_enter_config(struct hvp_netvsc *dev)
{
	enum hvp_net_event event = HVP_NET_NONE;

	dev->info.version = dev->neg.version;
	if (dev->step == 0 && hvp_net_is_version(dev, HVP_NVSP_VERSION_2))
		event = hvp_net_send_config(dev);
	if (event != HVP_NET_NONE)
		return event;
	dev->step = 1;
	event = hvp_net_send_ndis_version(dev);
	return event == HVP_NET_NONE ? HVP_NET_DONE : event;
}

static enum hvp_net_event share(struct hvp_netvsc *dev, const struct hvp_netvsc_buffer *buffer,
				struct hvp_gpadl **gpadl)
{
	enum hvp_status status = hvp_gpadl_create(dev->cfg.channel, &buffer->range, 1, gpadl);

	if (status == HVP_OK)
		return HVP_NET_NONE;
	*gpadl = NULL;
	return hvp_net_fail(dev, status);
}

enum hvp_net_event hvp_net_enter_rx_sharing(struct hvp_netvsc *dev)
{
	dev->step = 0;
	return share(dev, &dev->cfg.receive, &dev->rx_gpadl);
}

enum hvp_net_event hvp_net_enter_rx_buffer(struct hvp_netvsc *dev)
{
	return hvp_net_send_buffer(dev, true);
}

enum hvp_net_event hvp_net_enter_tx_sharing(struct hvp_netvsc *dev)
{
	if (!dev->cfg.send.base)
		return HVP_NET_DONE;
	return share(dev, &dev->cfg.send, &dev->tx_gpadl);
}

enum hvp_net_event hvp_net_enter_tx_buffer(struct hvp_netvsc *dev)
{
	return hvp_net_send_buffer(dev, false);
}

enum hvp_net_event hvp_net_enter_rndis(struct hvp_netvsc *dev)
{
	dev->rndis_up = true;
	return hvp_net_own_message(dev, HVP_RNDIS_INITIALIZE);
}

static uint32_t subs_wanted(const struct hvp_netvsc *dev)
{
	uint32_t queues = dev->info.max_queues;

	if (queues > dev->cfg.queue_count)
		queues = dev->cfg.queue_count;
	return hvp_net_is_version(dev, HVP_NVSP_VERSION_5) ? queues - 1u : 0;
}

enum hvp_net_event hvp_net_enter_adding(struct hvp_netvsc *dev)
{
	uint32_t count = subs_wanted(dev);

	if (count == 0)
		return HVP_NET_DONE;
	hvp_channel_limit_subs(dev->cfg.channel, count);
	return hvp_net_send_sub_channel(dev, count);
}

enum hvp_net_event hvp_net_enter_subs(struct hvp_netvsc *dev)
{
	hvp_net_subs_adopt(dev);
	return hvp_net_subs_ready(dev) ? HVP_NET_DONE : HVP_NET_NONE;
}

/* Whether the own request of this step is over: the next step begins. */
static void next_step(struct hvp_netvsc *dev)
{
	if (dev->own_over)
		dev->step++;
	dev->own_over = false;
}

/* RSS off, then on with key and table, as drivers in use do; a refusal leaves one queue used. */
enum hvp_net_event hvp_net_enter_scaling(struct hvp_netvsc *dev)
{
	uint32_t size;

	if (!dev->scaling) {
		dev->scaling = true;
		dev->step = 0;
		dev->own_over = false;
		hvp_net_subs_settle(dev);
	}
	next_step(dev);
	if (dev->info.queues < 2 || dev->info.table_entries == 0 || dev->step > 1)
		return HVP_NET_DONE;
	if (!dev->rss_set || !hvp_net_rss_sound(dev, &dev->rss))
		hvp_net_rss_default(dev);
	size = hvp_net_rss_params(dev, &dev->rss, dev->step == 0 || dev->rss.hash_info == 0);
	return hvp_net_own_set(dev, HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS, dev->cfg.scratch,
			       size);
}

static enum hvp_net_event restore_filter(struct hvp_netvsc *dev)
{
	uint8_t value[4];

	hvp_put_u32(value, dev->filter_wanted);
	dev->filtering = true;
	return hvp_net_own_set(dev, HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER, value, sizeof(value));
}

/* The multicast list may be refused (known hosts know none); the filter may not. */
enum hvp_net_event hvp_net_enter_restoring(struct hvp_netvsc *dev)
{
	if (!dev->restoring) {
		dev->restoring = true;
		dev->step = dev->multicast_count == 0 ? 1 : 0;
		dev->own_over = false;
	}
	next_step(dev);
	if (dev->step == 0)
		return hvp_net_own_set(dev, HVP_NDIS_OID_802_3_MULTICAST_LIST, dev->multicast,
				       6u * dev->multicast_count);
	if (dev->filter_wanted == 0)
		return HVP_NET_DONE;
	if (dev->step == 1)
		return restore_filter(dev);
	if (dev->own_status != HVP_RNDIS_STATUS_SUCCESS)
		return hvp_net_fail(dev, HVP_REFUSED);
	dev->info.filter = dev->filter_wanted;
	return HVP_NET_DONE;
}

enum hvp_net_event hvp_net_enter_attached(struct hvp_netvsc *dev)
{
	dev->attaching = false;
	dev->news |= HVP_NET_NEWS_ATTACHED;
	dev->link_told = dev->info.link_up;
	dev->link_bounce = false;
	return HVP_NET_NONE;
}
