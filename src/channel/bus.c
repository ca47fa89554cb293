/* SPDX-License-Identifier: BSD-2-Clause */
/* The state table of a connection, and the calls that only move through it. */
#include "internal.h"

struct bus_edge {
	uint8_t kind;
	uint8_t next;
	void (*action)(struct hvp_bus *bus);
};

static void start_pause(struct hvp_bus *bus)
{
	hvp_post(bus, &bus->post_pause);
}

static void paused(struct hvp_bus *bus)
{
	hvp_bus_news(bus, HVP_BUS_NEWS_PAUSED);
}

/* RESUME overtakes what had to wait: the host drops all else while paused. */
static void start_resume(struct hvp_bus *bus)
{
	hvp_post_first(bus, &bus->post_resume);
}

static void offers_done(struct hvp_bus *bus)
{
	hvp_bus_news(bus, HVP_BUS_NEWS_OFFERS_DONE);
}

static void contact_timeout(struct hvp_bus *bus)
{
	hvp_bus_end_contact(bus, HVP_TIMEOUT);
}

static void unloaded(struct hvp_bus *bus)
{
	hvp_bus_end_unload(bus, HVP_OK);
}

static void unload_timeout(struct hvp_bus *bus)
{
	hvp_bus_end_unload(bus, HVP_TIMEOUT);
}

static void lost(struct hvp_bus *bus)
{
	hvp_bus_lose(bus, HVP_STATE);
}

#define GO(state, act) \
	{ \
		HVP_EDGE_GO, HVP_BUS_##state, act \
	}
#define IGNORE \
	{ \
		HVP_EDGE_IGNORE, 0, NULL \
	}

/* Chapter 10 section 6.4, last column of the table of messages from the host. */
static const struct bus_edge edges[HVP_BUS_STATES][HVP_BUS_EVENTS] = {
	[HVP_BUS_DISCONNECTED] = {
		[HVP_BUS_EV_CONNECT] = GO(CONTACTING, hvp_bus_start_contact),
		[HVP_BUS_EV_LOST] = IGNORE,
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = IGNORE,
		[HVP_BUS_EV_RESCIND] = IGNORE,
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = IGNORE,
		[HVP_BUS_EV_RESERVED] = GO(DISCONNECTED, NULL),
		[HVP_BUS_EV_TL_RESULT] = IGNORE,
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = IGNORE,
		[HVP_BUS_EV_PAUSED] = IGNORE,
	},
	/* Nothing but VERSION_RESPONSE is legal before there is a version (A.15 rule 3). */
	[HVP_BUS_CONTACTING] = {
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_VERSION] = GO(CONTACTING, NULL),
		[HVP_BUS_EV_RESERVED] = GO(CONTACTING, NULL),
		[HVP_BUS_EV_REFUSED] = GO(CONTACTING, hvp_bus_next_version),
		[HVP_BUS_EV_TIMEOUT] = GO(LOST, contact_timeout),
	},
	[HVP_BUS_OFFERING] = {
		[HVP_BUS_EV_UNLOAD] = GO(UNLOADING, hvp_bus_start_unload),
		[HVP_BUS_EV_CRASH] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_TL] = GO(OFFERING, NULL),
		[HVP_BUS_EV_MODIFY] = GO(OFFERING, NULL),
		[HVP_BUS_EV_USE] = GO(OFFERING, NULL),
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = GO(OFFERING, NULL),
		[HVP_BUS_EV_RESCIND] = GO(OFFERING, NULL),
		[HVP_BUS_EV_ALL_OFFERS] = GO(CONNECTED, offers_done),
		[HVP_BUS_EV_CHANNEL] = GO(OFFERING, NULL),
		[HVP_BUS_EV_RESERVED] = GO(OFFERING, NULL),
		[HVP_BUS_EV_TL_RESULT] = GO(OFFERING, NULL),
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = GO(OFFERING, NULL),
		[HVP_BUS_EV_PAUSED] = IGNORE,
	},
	[HVP_BUS_CONNECTED] = {
		[HVP_BUS_EV_UNLOAD] = GO(UNLOADING, hvp_bus_start_unload),
		[HVP_BUS_EV_CRASH] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_PAUSE] = GO(PAUSING, start_pause),
		[HVP_BUS_EV_TL] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_MODIFY] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_USE] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_RESCIND] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_RESERVED] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_TL_RESULT] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = GO(CONNECTED, NULL),
		[HVP_BUS_EV_PAUSED] = IGNORE,
	},
	[HVP_BUS_PAUSING] = {
		[HVP_BUS_EV_UNLOAD] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_CRASH] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_TL] = GO(PAUSING, NULL),
		[HVP_BUS_EV_MODIFY] = GO(PAUSING, NULL),
		[HVP_BUS_EV_USE] = GO(PAUSING, NULL),
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = GO(PAUSING, NULL),
		[HVP_BUS_EV_RESCIND] = GO(PAUSING, NULL),
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = GO(PAUSING, NULL),
		[HVP_BUS_EV_RESERVED] = GO(PAUSING, NULL),
		[HVP_BUS_EV_TL_RESULT] = GO(PAUSING, NULL),
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = GO(PAUSING, NULL),
		[HVP_BUS_EV_PAUSED] = GO(PAUSED, paused),
	},
	/* A host that goes on talking while paused is odd, but loses nothing by it. */
	[HVP_BUS_PAUSED] = {
		[HVP_BUS_EV_UNLOAD] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_CRASH] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_RESUME] = GO(CONNECTED, start_resume),
		[HVP_BUS_EV_TL] = GO(PAUSED, NULL),
		[HVP_BUS_EV_MODIFY] = GO(PAUSED, NULL),
		[HVP_BUS_EV_USE] = GO(PAUSED, NULL),
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = GO(PAUSED, NULL),
		[HVP_BUS_EV_RESCIND] = GO(PAUSED, NULL),
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = GO(PAUSED, NULL),
		[HVP_BUS_EV_RESERVED] = GO(PAUSED, NULL),
		[HVP_BUS_EV_TL_RESULT] = GO(PAUSED, NULL),
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = GO(PAUSED, NULL),
		[HVP_BUS_EV_PAUSED] = IGNORE,
	},
	/* Section 6.7: offers and rescinds that were on their way are discarded. */
	[HVP_BUS_UNLOADING] = {
		[HVP_BUS_EV_CRASH] = GO(UNLOADING, hvp_bus_start_crash),
		[HVP_BUS_EV_LOST] = GO(LOST, lost),
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = IGNORE,
		[HVP_BUS_EV_RESCIND] = IGNORE,
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = IGNORE,
		[HVP_BUS_EV_RESERVED] = GO(UNLOADING, NULL),
		[HVP_BUS_EV_TL_RESULT] = IGNORE,
		[HVP_BUS_EV_UNLOADED] = GO(DISCONNECTED, unloaded),
		[HVP_BUS_EV_MODIFIED] = IGNORE,
		[HVP_BUS_EV_PAUSED] = IGNORE,
		[HVP_BUS_EV_TIMEOUT] = GO(LOST, unload_timeout),
	},
	[HVP_BUS_LOST] = {
		[HVP_BUS_EV_CONNECT] = GO(CONTACTING, hvp_bus_start_contact),
		[HVP_BUS_EV_LOST] = IGNORE,
		[HVP_BUS_EV_VERSION] = IGNORE,
		[HVP_BUS_EV_OFFER] = IGNORE,
		[HVP_BUS_EV_RESCIND] = IGNORE,
		[HVP_BUS_EV_ALL_OFFERS] = IGNORE,
		[HVP_BUS_EV_CHANNEL] = IGNORE,
		[HVP_BUS_EV_RESERVED] = GO(LOST, NULL),
		[HVP_BUS_EV_TL_RESULT] = IGNORE,
		[HVP_BUS_EV_UNLOADED] = IGNORE,
		[HVP_BUS_EV_MODIFIED] = IGNORE,
		[HVP_BUS_EV_PAUSED] = IGNORE,
	},
};

enum hvp_edge_kind hvp_bus_step(struct hvp_bus *bus, enum hvp_bus_event event)
{
	const struct bus_edge *edge = &edges[bus->state][event];

	if (edge->kind != HVP_EDGE_GO)
		return (enum hvp_edge_kind)edge->kind;
	bus->state = edge->next;
	if (edge->action) /* LCOV_EXCL_BR_LINE: edges without one are asked about, not stepped */
		edge->action(bus);
	return HVP_EDGE_GO;
}

enum hvp_edge_kind hvp_bus_reaction(const struct hvp_bus *bus, enum hvp_bus_event event)
{
	return (enum hvp_edge_kind)edges[bus->state][event].kind;
}

bool hvp_bus_allows(const struct hvp_bus *bus, enum hvp_bus_event event)
{
	return edges[bus->state][event].kind == HVP_EDGE_GO;
}

static enum hvp_status call(struct hvp_bus *bus, enum hvp_bus_event event)
{
	return hvp_bus_step(bus, event) == HVP_EDGE_GO ? HVP_OK : HVP_STATE;
}

enum hvp_status hvp_bus_connect(struct hvp_bus *bus)
{
	if (bus->events & HVP_BUS_NEWS_END)
		return HVP_AGAIN;
	return call(bus, HVP_BUS_EV_CONNECT);
}

enum hvp_status hvp_bus_unload(struct hvp_bus *bus)
{
	return call(bus, HVP_BUS_EV_UNLOAD);
}

enum hvp_status hvp_bus_crash_unload(struct hvp_bus *bus)
{
	return call(bus, HVP_BUS_EV_CRASH);
}

void hvp_bus_lost(struct hvp_bus *bus)
{
	(void)hvp_bus_step(bus, HVP_BUS_EV_LOST);
}

enum hvp_status hvp_bus_pause(struct hvp_bus *bus)
{
	if (hvp_bus_allows(bus, HVP_BUS_EV_PAUSE) &&
	    !(bus->neg.features & HVP_VMBUS_FEATURE_PAUSE_RESUME))
		return HVP_UNSUPPORTED;
	return call(bus, HVP_BUS_EV_PAUSE);
}

enum hvp_status hvp_bus_resume(struct hvp_bus *bus)
{
	return call(bus, HVP_BUS_EV_RESUME);
}

void hvp_bus_ignore(struct hvp_bus *bus)
{
	bus->stats.ignored++;
}

void hvp_bus_drop(struct hvp_bus *bus, const struct hvp_fault *fault)
{
	bus->stats.dropped++;
	bus->stats.fault = *fault;
	hvp_bus_news(bus, HVP_BUS_NEWS_DROPPED);
}

void hvp_bus_log(const struct hvp_bus *bus, enum hvp_log_level level, const char *text)
{
	if (bus->ops.log)
		bus->ops.log(bus->cfg.os, level, text);
}
