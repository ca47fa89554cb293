/* SPDX-License-Identifier: BSD-2-Clause */
/* How a GPADL comes to be: a slot, an id, visible pages, and a place in the queue. */
#include "internal.h"

static struct hvp_gpadl *free_slot(struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count; i++)
		if (bus->cfg.gpadls[i].state == HVP_GPADL_FREE)
			return &bus->cfg.gpadls[i];
	return NULL;
}

/*
 * Unique over the whole connection, since GPADL_TORNDOWN carries nothing else, and never 0
 * (BUG-101). The table is far smaller than the number space, so this ends.
 */
static uint32_t new_id(struct hvp_bus *bus)
{
	uint32_t id;

	do {
		id = bus->next_gpadl_id++;
	} while (id == 0 || hvp_gpadl_find(bus, id));
	return id;
}

/* Confidential channels keep their memory private (chapter 10 section 5.6). */
static bool stays_private(const struct hvp_channel *ch, bool ring)
{
	uint32_t flag = ring ? HVP_VMBUS_OFFER_CONFIDENTIAL_RING_BUFFER
			     : HVP_VMBUS_OFFER_CONFIDENTIAL_EXTERNAL_MEMORY;

	return (ch->offer.flags & flag) != 0;
}

static bool share(struct hvp_channel *ch, struct hvp_gpadl *g)
{
	struct hvp_bus *bus = ch->bus;

	if (!bus->ops.make_shared || stays_private(ch, g->ring))
		return true;
	g->shared = bus->ops.make_shared(bus->cfg.os, g->ranges, g->range_count) == HVP_OK;
	return g->shared;
}

static void fill(struct hvp_channel *ch, struct hvp_gpadl *g, const struct hvp_gpadl_range *ranges,
		 uint32_t count, bool ring)
{
	uint16_t index = hvp_gpadl_index(ch->bus, g);

	hvp_memzero(g, sizeof(*g));
	g->bus = ch->bus;
	g->channel = hvp_channel_index(ch->bus, ch);
	g->ring = ring;
	g->ranges = ranges;
	g->range_count = count;
	if (ring) {
		g->own_range = ranges[0];
		g->ranges = &g->own_range;
	}
	hvp_node_init(&g->post_build, HVP_POST_GPADL, index);
	hvp_node_init(&g->post_teardown, HVP_POST_TEARDOWN, index);
	hvp_node_init(&g->ready, HVP_NEWS_GPADL, index);
}

/* On every way out but the last the slot is free again (BUG-100). */
enum hvp_status hvp_gpadl_start(struct hvp_channel *ch, const struct hvp_gpadl_range *ranges,
				uint32_t count, bool ring, struct hvp_gpadl **out)
{
	struct hvp_bus *bus = ch->bus;
	struct hvp_gpadl *g = free_slot(bus);
	enum hvp_status status;

	if (!g)
		return HVP_NOSPACE;
	fill(ch, g, ranges, count, ring);
	status = hvp_gpadl_build_init(&g->build, ch->offer.channel_id, new_id(bus), g->ranges,
				      count);
	if (status != HVP_OK)
		return status;
	if (!share(ch, g))
		return HVP_OS;
	g->state = HVP_GPADL_PENDING;
	ch->gpadls++;
	hvp_post(bus, &g->post_build);
	*out = g;
	return HVP_OK;
}

enum hvp_status hvp_gpadl_create(struct hvp_channel *ch, const struct hvp_gpadl_range *ranges,
				 uint32_t count, struct hvp_gpadl **out)
{
	if (ch->state == HVP_CHANNEL_RESCINDED || ch->state == HVP_CHANNEL_GONE)
		return HVP_REVOKED;
	if (!hvp_bus_allows(ch->bus, HVP_BUS_EV_USE) || ch->reserved || ch->released ||
	    !hvp_channel_allows(ch, HVP_CHANNEL_EV_GPADL_CREATE))
		return HVP_STATE;
	return hvp_gpadl_start(ch, ranges, count, false, out);
}

enum hvp_status hvp_gpadl_teardown(struct hvp_gpadl *g)
{
	struct hvp_channel *ch = &g->bus->cfg.channels[g->channel];

	if (g->ring || ch->reserved || !hvp_bus_allows(g->bus, HVP_BUS_EV_USE) ||
	    !hvp_channel_allows(ch, HVP_CHANNEL_EV_GPADL_TEARDOWN))
		return HVP_STATE;
	return hvp_gpadl_step(g, HVP_GPADL_EV_TEARDOWN) == HVP_EDGE_GO ? HVP_OK : HVP_STATE;
}
