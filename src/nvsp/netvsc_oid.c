/* SPDX-License-Identifier: BSD-2-Clause */
/* What an attach asks over RNDIS, one after the other, and what it makes of the answers. */
#include "netvsc.h"

struct net_step {
	enum hvp_net_event (*ask)(struct hvp_netvsc *dev); /* DONE: not asked of this host */
	enum hvp_net_event (*take)(struct hvp_netvsc *dev); /* NONE: go on; FAIL */
};

static bool answered(const struct hvp_netvsc *dev, uint32_t size)
{
	return dev->own_status == HVP_RNDIS_STATUS_SUCCESS && dev->own_size == size;
}

/* INITIALIZE was sent by its own state; netvsc_reply.c stored what it says. */
static enum hvp_net_event take_initialize(struct hvp_netvsc *dev)
{
	if (dev->own_status == HVP_RNDIS_STATUS_SUCCESS)
		return HVP_NET_NONE;
	return hvp_net_fail(dev, HVP_REFUSED);
}

static enum hvp_net_event ask_frame_size(struct hvp_netvsc *dev)
{
	return hvp_net_own_query(dev, HVP_NDIS_OID_GEN_MAXIMUM_FRAME_SIZE, NULL, 0);
}

/* A host that does not take our MTU has a smaller one; it only ever goes down. */
static enum hvp_net_event take_frame_size(struct hvp_netvsc *dev)
{
	uint32_t mtu = hvp_get_u32(dev->own_answer);

	if (!answered(dev, 4))
		return HVP_NET_NONE;
	if (mtu < HVP_NET_MTU_MIN)
		dev->stats.values_bad++;
	else if (mtu < dev->info.mtu)
		dev->info.mtu = mtu;
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_mac(struct hvp_netvsc *dev)
{
	return hvp_net_own_query(dev, HVP_NDIS_OID_802_3_PERMANENT_ADDRESS, NULL, 0);
}

static enum hvp_net_event take_mac(struct hvp_netvsc *dev)
{
	if (dev->own_status != HVP_RNDIS_STATUS_SUCCESS)
		return hvp_net_fail(dev, HVP_REFUSED);
	if (dev->own_size != sizeof(dev->info.mac)) {
		dev->stats.values_bad++;
		return hvp_net_fail(dev, HVP_VALUE);
	}
	hvp_memcpy(dev->info.mac, dev->own_answer, sizeof(dev->info.mac));
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_offload(struct hvp_netvsc *dev)
{
	uint8_t input[HVP_NDIS_OFFLOAD_SIZE_REV3];
	uint32_t size = hvp_net_offload_query(dev, input);

	return hvp_net_own_query(dev, HVP_NDIS_OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, input, size);
}

static enum hvp_net_event take_offload(struct hvp_netvsc *dev)
{
	if (dev->own_status == HVP_RNDIS_STATUS_SUCCESS)
		hvp_net_offload_take(dev, dev->own_answer, dev->own_size);
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_params(struct hvp_netvsc *dev)
{
	uint8_t input[HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3];
	uint32_t size;

	if (dev->info.offload_supported == 0)
		return HVP_NET_DONE;
	size = hvp_net_offload_params(dev, dev->offloads_wanted, input);
	return hvp_net_own_set(dev, HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS, input, size);
}

static enum hvp_net_event take_params(struct hvp_netvsc *dev)
{
	if (dev->own_status == HVP_RNDIS_STATUS_SUCCESS)
		dev->info.offloads = dev->offloads_wanted & dev->info.offload_supported;
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_link(struct hvp_netvsc *dev)
{
	return hvp_net_own_query(dev, HVP_NDIS_OID_GEN_MEDIA_CONNECT_STATUS, NULL, 0);
}

/* 0 is connected. An indication that came meanwhile is younger than a missing answer. */
static enum hvp_net_event take_link(struct hvp_netvsc *dev)
{
	if (answered(dev, 4))
		dev->info.link_up = hvp_get_u32(dev->own_answer) == 0;
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_speed(struct hvp_netvsc *dev)
{
	return hvp_net_own_query(dev, HVP_NDIS_OID_GEN_LINK_SPEED, NULL, 0);
}

static enum hvp_net_event take_speed(struct hvp_netvsc *dev)
{
	if (answered(dev, 4))
		dev->info.link_speed = hvp_get_u32(dev->own_answer);
	return HVP_NET_NONE;
}

static enum hvp_net_event ask_rss(struct hvp_netvsc *dev)
{
	uint8_t input[HVP_NDIS_RSS_CAPABILITIES_SIZE_REV2];

	if (!hvp_net_is_version(dev, HVP_NVSP_VERSION_5))
		return HVP_NET_DONE;
	return hvp_net_own_query(dev, HVP_NDIS_OID_GEN_RECEIVE_SCALE_CAPABILITIES, input,
				 hvp_net_rss_query(input));
}

static enum hvp_net_event take_rss(struct hvp_netvsc *dev)
{
	if (dev->own_status == HVP_RNDIS_STATUS_SUCCESS)
		hvp_net_rss_take(dev, dev->own_answer, dev->own_size);
	return HVP_NET_NONE;
}

static const struct net_step steps[] = {
	{ NULL, take_initialize },   { ask_frame_size, take_frame_size },
	{ ask_mac, take_mac },	     { ask_offload, take_offload },
	{ ask_params, take_params }, { ask_link, take_link },
	{ ask_speed, take_speed },   { ask_rss, take_rss },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

enum hvp_net_event hvp_net_enter_asking(struct hvp_netvsc *dev)
{
	enum hvp_net_event event = HVP_NET_NONE;

	if (dev->own_over) {
		dev->own_over = false;
		event = steps[dev->step++].take(dev);
	}
	while (event == HVP_NET_NONE && dev->step < STEPS) {
		event = steps[dev->step].ask(dev);
		if (event != HVP_NET_DONE)
			return event;
		dev->step++;
		event = HVP_NET_NONE;
	}
	return event == HVP_NET_NONE ? HVP_NET_DONE : event;
}
