/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a GPADL on a connection, from the guest's side (chapter 10 section 5.5). The
 * memory is the caller's again in state RETURNED only; the slot lives on until the owner has
 * taken the event and no answer about it is on its way, so that its id cannot be mistaken.
 */
#include "internal.h"

struct gpadl_edge {
	uint8_t kind;
	uint8_t next;
	void (*action)(struct hvp_gpadl *g);
};

static struct hvp_channel *owner(const struct hvp_gpadl *g)
{
	return &g->bus->cfg.channels[g->channel];
}

static void created(struct hvp_gpadl *g)
{
	if (g->ring)
		hvp_channel_ring_news(owner(g), HVP_CHANNEL_EV_RING_CREATED);
	else
		hvp_gpadl_news(g, HVP_GPADL_NEWS_CREATED);
}

static void post_teardown(struct hvp_gpadl *g)
{
	hvp_post(g->bus, &g->post_teardown);
}

static void returned(struct hvp_gpadl *g)
{
	hvp_queue_remove(&g->bus->posts, &g->post_build);
	hvp_queue_remove(&g->bus->posts, &g->post_teardown);
	g->state = HVP_GPADL_RETURNED;
	if (g->ring)
		hvp_channel_ring_news(owner(g), HVP_CHANNEL_EV_RING_RETURNED);
	else
		hvp_gpadl_news(g, HVP_GPADL_NEWS_RETURNED);
}

/* The owner waits for a result: it comes before the memory does. */
static void refused(struct hvp_gpadl *g)
{
	if (g->ring)
		hvp_channel_ring_news(owner(g), HVP_CHANNEL_EV_RING_REFUSED);
	else
		hvp_gpadl_news(g, HVP_GPADL_NEWS_CREATED);
	returned(g);
}

static void revoked(struct hvp_gpadl *g)
{
	g->status = HVP_REVOKED;
	if (!g->ring)
		hvp_gpadl_news(g, HVP_GPADL_NEWS_CREATED);
	returned(g);
}

/* What was never posted is not the host's. Of what was, the host drops an early teardown. */
static void cancel(struct hvp_gpadl *g)
{
	if (!g->known)
		returned(g);
}

static void hold(struct hvp_gpadl *g)
{
	hvp_queue_remove(&g->bus->posts, &g->post_build);
	hvp_queue_remove(&g->bus->posts, &g->post_teardown);
	if (!g->known)
		returned(g);
}

static void hold_pending(struct hvp_gpadl *g)
{
	g->status = HVP_STATE;
	if (!g->ring)
		hvp_gpadl_news(g, HVP_GPADL_NEWS_CREATED);
	hold(g);
}

#define GO(state, act) \
	{ \
		HVP_EDGE_GO, HVP_GPADL_##state, act \
	}
#define IGNORE \
	{ \
		HVP_EDGE_IGNORE, 0, NULL \
	}

static const struct gpadl_edge edges[HVP_GPADL_STATES][HVP_GPADL_EVENTS] = {
	[HVP_GPADL_PENDING] = {
		[HVP_GPADL_EV_TEARDOWN] = GO(CANCELLED, cancel),
		[HVP_GPADL_EV_CREATED] = GO(CREATED, created),
		[HVP_GPADL_EV_REFUSED] = GO(RETURNED, refused),
		[HVP_GPADL_EV_GIVEN_BACK] = GO(RETURNED, revoked),
		[HVP_GPADL_EV_LOST] = GO(HELD, hold_pending),
	},
	[HVP_GPADL_CANCELLED] = {
		[HVP_GPADL_EV_CREATED] = GO(TEARING, post_teardown),
		[HVP_GPADL_EV_REFUSED] = GO(RETURNED, returned),
		[HVP_GPADL_EV_GIVEN_BACK] = GO(RETURNED, returned),
		[HVP_GPADL_EV_LOST] = GO(HELD, hold),
	},
	[HVP_GPADL_CREATED] = {
		[HVP_GPADL_EV_TEARDOWN] = GO(TEARING, post_teardown),
		[HVP_GPADL_EV_GIVEN_BACK] = GO(RETURNED, returned),
		[HVP_GPADL_EV_LOST] = GO(HELD, hold),
	},
	[HVP_GPADL_TEARING] = {
		[HVP_GPADL_EV_TORNDOWN] = GO(RETURNED, returned),
		[HVP_GPADL_EV_GIVEN_BACK] = GO(RETURNED, returned),
		[HVP_GPADL_EV_LOST] = GO(HELD, hold),
	},
	[HVP_GPADL_HELD] = {
		[HVP_GPADL_EV_GIVEN_BACK] = GO(RETURNED, returned),
		[HVP_GPADL_EV_LOST] = IGNORE,
	},
	/* Answers that crossed with a rescind; section 6.2 says which the host still sends. */
	[HVP_GPADL_RETURNED] = {
		[HVP_GPADL_EV_CREATED] = GO(RETURNED, hvp_gpadl_settle),
		[HVP_GPADL_EV_REFUSED] = GO(RETURNED, hvp_gpadl_settle),
		[HVP_GPADL_EV_TORNDOWN] = GO(RETURNED, hvp_gpadl_settle),
		[HVP_GPADL_EV_GIVEN_BACK] = IGNORE,
		[HVP_GPADL_EV_LOST] = IGNORE,
	},
};

enum hvp_edge_kind hvp_gpadl_step(struct hvp_gpadl *g, enum hvp_gpadl_event event)
{
	const struct gpadl_edge *edge = &edges[g->state][event];

	if (edge->kind != HVP_EDGE_GO)
		return (enum hvp_edge_kind)edge->kind;
	g->state = edge->next;
	edge->action(g);
	return HVP_EDGE_GO;
}

struct hvp_gpadl *hvp_gpadl_find(const struct hvp_bus *bus, uint32_t gpadl_id)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count; i++) {
		struct hvp_gpadl *g = &bus->cfg.gpadls[i];

		if (g->state != HVP_GPADL_FREE && g->build.gpadl_id == gpadl_id)
			return g;
	}
	return NULL;
}

void hvp_gpadl_all(struct hvp_channel *ch, enum hvp_gpadl_event event)
{
	struct hvp_bus *bus = ch->bus;
	uint16_t index = hvp_channel_index(bus, ch);
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count && ch->gpadls > 0; i++) {
		struct hvp_gpadl *g = &bus->cfg.gpadls[i];

		if (g->state != HVP_GPADL_FREE && g->channel == index)
			(void)hvp_gpadl_step(g, event);
	}
}

bool hvp_gpadl_answer_owed(const struct hvp_channel *ch)
{
	const struct hvp_bus *bus = ch->bus;
	uint16_t index = hvp_channel_index(bus, ch);
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count; i++) {
		const struct hvp_gpadl *g = &bus->cfg.gpadls[i];

		if (g->state != HVP_GPADL_FREE && g->channel == index &&
		    (g->created_owed || g->torndown_owed))
			return true;
	}
	return false;
}

void hvp_gpadl_forget_answers(struct hvp_channel *ch)
{
	struct hvp_bus *bus = ch->bus;
	uint16_t index = hvp_channel_index(bus, ch);
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count; i++) {
		struct hvp_gpadl *g = &bus->cfg.gpadls[i];

		if (g->state == HVP_GPADL_FREE || g->channel != index)
			continue;
		g->created_owed = false;
		g->torndown_owed = false;
		hvp_gpadl_settle(g);
	}
}

void hvp_gpadl_settle(struct hvp_gpadl *g)
{
	struct hvp_channel *ch = owner(g);
	bool untold = g->events != 0 || (g->ring && ch->ring == hvp_gpadl_index(g->bus, g));

	if (g->state == HVP_GPADL_RETURNED && !untold && !g->created_owed && !g->torndown_owed)
		hvp_gpadl_free(g);
}

void hvp_gpadl_free(struct hvp_gpadl *g)
{
	struct hvp_channel *ch = owner(g);

	hvp_memzero(g, sizeof(*g));
	ch->gpadls--;
	hvp_channel_settle(ch);
}
