/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of a NIC and its defaults. */
#include "netvsc.h"

#define SECOND 10000000ull /* in 100 ns */
#define PACKET_MIN 64u

static bool buffer_sound(const struct hvp_netvsc_buffer *b)
{
	return b->base && b->range.byte_offset == 0 && b->range.byte_count > 0 &&
	       b->range.byte_count % HVP_PAGE_SIZE == 0 &&
	       b->range.byte_count / HVP_PAGE_SIZE <= HVP_GPADL_MAX_PAGES;
}

static bool queue_sound(const struct hvp_netvsc_queue_memory *m, uint32_t reserve)
{
	return m->packet && m->packet_size >= PACKET_MIN && m->slots && m->ids &&
	       m->slot_count >= 2u + reserve && m->slot_count <= UINT16_MAX && m->headers &&
	       m->header_pfns && m->done && m->done_count > 0 &&
	       (m->done_count & (m->done_count - 1u)) == 0 && (m->pieces || m->piece_count == 0);
}

static bool queues_sound(const struct hvp_netvsc_config *c)
{
	uint32_t i;

	if (!c->queues || !c->memory || c->queue_count == 0 ||
	    c->queue_count > HVP_NETVSC_QUEUES_MAX)
		return false;
	for (i = 0; i < c->queue_count; i++)
		if (!queue_sound(&c->memory[i],
				 i == 0 ? c->request_count + HVP_NET_CONTROL_IDS : 0))
			return false;
	return true;
}

static bool control_sound(const struct hvp_netvsc_config *c)
{
	return c->requests && c->request_count >= 2 && c->request_count <= 64 && c->control &&
	       c->control_pfns && c->scratch && c->scratch_size >= HVP_NET_SCRATCH_MIN;
}

static void defaults(struct hvp_netvsc_config *c)
{
	if (c->max_version == 0)
		c->max_version = HVP_NVSP_VERSION_6_1;
	if (c->isolated && c->min_version < HVP_NVSP_VERSION_6_1)
		c->min_version = HVP_NVSP_VERSION_6_1;
	if (c->mtu == 0)
		c->mtu = 1500;
	if (c->timeout == 0)
		c->timeout = 10 * SECOND;
	if (c->drain_timeout == 0)
		c->drain_timeout = SECOND;
	if (c->link_interval == 0)
		c->link_interval = 2 * SECOND;
}

static bool mtu_sound(uint32_t mtu)
{
	return mtu >= HVP_NET_MTU_MIN && mtu <= HVP_NET_MTU_MAX;
}

enum hvp_status hvp_netvsc_init(struct hvp_netvsc *dev, const struct hvp_netvsc_config *config)
{
	size_t size = config->size < sizeof(*config) ? config->size : sizeof(*config);
	uint32_t i;

	hvp_net_zero(dev, sizeof(*dev));
	hvp_memcpy((uint8_t *)&dev->cfg, (const uint8_t *)config, size);
	defaults(&dev->cfg);
	if (!dev->cfg.bus || !dev->cfg.channel || !dev->cfg.rx || !control_sound(&dev->cfg) ||
	    !queues_sound(&dev->cfg) || !buffer_sound(&dev->cfg.receive) ||
	    (dev->cfg.send.base && !buffer_sound(&dev->cfg.send)) || !mtu_sound(dev->cfg.mtu))
		return HVP_ARG;
	dev->instance = dev->cfg.channel->offer.instance_id;
	dev->nvsp.kind = HVP_NET_WORK_NVSP;
	dev->path.kind = HVP_NET_WORK_PATH;
	dev->filter_wanted = dev->cfg.filter;
	dev->offloads_wanted = dev->cfg.offloads;
	for (i = 0; i < dev->cfg.queue_count; i++) {
		hvp_net_zero(&dev->cfg.queues[i], sizeof(dev->cfg.queues[i]));
		dev->cfg.queues[i].dev = dev;
		dev->cfg.queues[i].index = i;
		dev->cfg.queues[i].mem = &dev->cfg.memory[i];
	}
	for (i = 0; i < dev->cfg.request_count; i++)
		hvp_net_zero(&dev->cfg.requests[i], sizeof(dev->cfg.requests[i]));
	return HVP_OK;
}

/* A failure of the open itself is also told as the result of the attach. */
enum hvp_status hvp_netvsc_attach(struct hvp_netvsc *dev)
{
	if (!hvp_net_allows(dev, HVP_NET_ATTACH) || (dev->news & HVP_NET_NEWS_DETACHED))
		return HVP_STATE;
	hvp_net_step(dev, HVP_NET_ATTACH);
	return HVP_OK;
}

enum hvp_status hvp_netvsc_detach(struct hvp_netvsc *dev)
{
	/* On the way to another MTU: stay down when there. */
	if (dev->again) {
		dev->again = false;
		return HVP_OK;
	}
	if (!hvp_net_allows(dev, HVP_NET_DETACH))
		return HVP_STATE;
	dev->attaching = false;
	dev->news &= ~HVP_NET_NEWS_ATTACHED;
	hvp_net_step(dev, HVP_NET_DETACH);
	return HVP_OK;
}

enum hvp_status hvp_netvsc_set_mtu(struct hvp_netvsc *dev, uint32_t mtu)
{
	if (dev->state != HVP_NETVSC_ATTACHED)
		return HVP_STATE;
	if (!mtu_sound(mtu))
		return HVP_ARG;
	dev->cfg.mtu = mtu;
	dev->again = true;
	hvp_net_step(dev, HVP_NET_DETACH);
	return HVP_OK;
}
