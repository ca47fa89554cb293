/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * News for the owner. Each object keeps what it has to say as bits and stands in one queue
 * while it has any, so that no storm of the host needs memory and none loses an event.
 */
#include "internal.h"

void hvp_bus_news(struct hvp_bus *bus, uint32_t bit)
{
	bus->events |= bit;
	if (!(bit & HVP_BUS_NEWS_END)) {
		hvp_queue_push(&bus->news, &bus->ready);
		return;
	}
	hvp_queue_remove(&bus->news, &bus->ready_end);
	hvp_queue_push(&bus->news, &bus->ready_end);
}

/*
 * After the owner let go only returned memory is news. No edge of a released channel has
 * other news today; the check keeps it so.
 */
void hvp_channel_news(struct hvp_channel *ch, uint32_t bit)
{
	if (bit == HVP_CHANNEL_NEWS_OPENED)
		ch->opening = false;
	if (ch->released && bit != HVP_CHANNEL_NEWS_CLOSED) /* LCOV_EXCL_BR_LINE: a defence */
		return; /* LCOV_EXCL_LINE: a defence */
	ch->events |= (uint8_t)bit;
	hvp_queue_push(&ch->bus->news, &ch->ready);
}

void hvp_gpadl_news(struct hvp_gpadl *g, uint32_t bit)
{
	g->events |= (uint8_t)bit;
	hvp_queue_push(&g->bus->news, &g->ready);
}

void hvp_tl_news(struct hvp_bus *bus, struct hvp_tl_request *tl)
{
	hvp_queue_push(&bus->news, &tl->ready);
}

static uint32_t lowest(uint32_t bits)
{
	return bits & (~bits + 1u);
}

static void dropped_event(struct hvp_bus *bus, struct hvp_event *ev)
{
	ev->type = HVP_EV_DROPPED;
	ev->count = bus->stats.dropped - bus->dropped_reported;
	ev->fault = bus->stats.fault;
	ev->status = ev->fault.status;
	bus->dropped_reported = bus->stats.dropped;
}

static enum hvp_event_type bus_type(uint32_t bit)
{
	switch (bit) {
	case HVP_BUS_NEWS_LOST:
		return HVP_EV_LOST;
	case HVP_BUS_NEWS_CONNECTED:
		return HVP_EV_CONNECTED;
	case HVP_BUS_NEWS_CONNECT_FAILED:
		return HVP_EV_CONNECT_FAILED;
	case HVP_BUS_NEWS_OFFERS_DONE:
		return HVP_EV_OFFERS_DONE;
	case HVP_BUS_NEWS_PAUSED:
		return HVP_EV_PAUSED;
	case HVP_BUS_NEWS_PAGES:
		return HVP_EV_PAGES_MODIFIED;
	default:
		return HVP_EV_DISCONNECTED;
	}
}

static bool bus_event(struct hvp_bus *bus, uint32_t mask, struct hvp_event *ev)
{
	uint32_t bit = lowest(bus->events & mask);
	bool more;

	bus->events &= ~bit;
	more = (bus->events & mask) != 0;
	if (bit == HVP_BUS_NEWS_DROPPED) {
		dropped_event(bus, ev);
		return more;
	}
	ev->type = bus_type(bit);
	ev->status = bus->end_status;
	ev->version = bus->neg.version;
	ev->features = bus->neg.features;
	ev->pages_held = bus->pages_held;
	if (bit == HVP_BUS_NEWS_PAGES) {
		ev->status = bus->modify_status;
		ev->host_status = bus->modify_host_status;
	} else if (bit == HVP_BUS_NEWS_CONNECTED || bit == HVP_BUS_NEWS_OFFERS_DONE ||
		   bit == HVP_BUS_NEWS_PAUSED) {
		ev->status = HVP_OK;
	}
	return more;
}

/* CORE-SEC-33: pages that cannot be made private again are lost for ever. */
static enum hvp_status hand_back(struct hvp_gpadl *g)
{
	struct hvp_bus *bus = g->bus;
	enum hvp_status status = HVP_OK;

	if (g->shared)
		status = bus->ops.make_private(bus->cfg.os, g->ranges, g->range_count);
	g->shared = false;
	return status == HVP_OK ? HVP_OK : HVP_OS;
}

/* A reserved channel closes without a ring of its own. */
static enum hvp_status hand_back_ring(struct hvp_channel *ch)
{
	struct hvp_gpadl *ring;
	enum hvp_status status;

	if (ch->ring == HVP_INDEX_NONE)
		return HVP_OK;
	ring = &ch->bus->cfg.gpadls[ch->ring];
	status = hand_back(ring);
	ch->ring = HVP_INDEX_NONE;
	hvp_gpadl_settle(ring);
	return status;
}

static void fill_channel_event(struct hvp_channel *ch, uint32_t bit, struct hvp_event *ev)
{
	switch (bit) {
	case HVP_CHANNEL_NEWS_OFFER:
		ev->type = HVP_EV_OFFER;
		break;
	case HVP_CHANNEL_NEWS_OPENED:
		ev->type = HVP_EV_OPENED;
		ev->status = ch->open_status;
		ev->host_status = ch->host_status;
		break;
	case HVP_CHANNEL_NEWS_MODIFIED:
		ev->type = HVP_EV_MODIFIED;
		ev->status = ch->modify_status;
		ev->host_status = ch->modify_host_status;
		ev->confirmed = ch->bus->neg.version >= HVP_VMBUS_VERSION_5_3;
		break;
	case HVP_CHANNEL_NEWS_RESCINDED:
		ev->type = HVP_EV_RESCINDED;
		ev->status = ch->reason;
		break;
	default:
		ev->type = HVP_EV_CLOSED;
		ev->status = hand_back_ring(ch);
		break;
	}
}

static bool channel_event(struct hvp_channel *ch, struct hvp_event *ev)
{
	uint32_t bit = lowest(ch->events);
	bool more;

	ch->events &= (uint8_t)~bit;
	more = ch->events != 0;
	ev->channel = ch;
	ev->channel_id = ch->offer.channel_id;
	ev->user = ch->user;
	fill_channel_event(ch, bit, ev);
	hvp_channel_settle(ch);
	return more;
}

static bool gpadl_event(struct hvp_gpadl *g, struct hvp_event *ev)
{
	uint32_t bit = lowest(g->events);
	bool more;

	g->events &= (uint8_t)~bit;
	more = g->events != 0;
	ev->gpadl = g;
	ev->user = g->user;
	ev->channel = &g->bus->cfg.channels[g->channel];
	ev->channel_id = ev->channel->offer.channel_id;
	if (bit == HVP_GPADL_NEWS_CREATED) {
		ev->type = HVP_EV_GPADL_CREATED;
		ev->status = g->status;
		ev->host_status = g->host_status;
		return more;
	}
	ev->type = HVP_EV_GPADL_RETURNED;
	ev->status = hand_back(g);
	hvp_gpadl_settle(g);
	return more;
}

static void tl_event(struct hvp_tl_request *tl, struct hvp_event *ev)
{
	ev->type = HVP_EV_TL_RESULT;
	ev->status = tl->status;
	ev->host_status = tl->host_status;
	ev->endpoint = tl->endpoint;
	tl->state = HVP_TL_FREE;
}

bool hvp_bus_next_event(struct hvp_bus *bus, struct hvp_event *ev)
{
	struct hvp_node *node = hvp_queue_pop(&bus->news);
	bool more = false;

	if (!node)
		return false;
	hvp_memzero(ev, sizeof(*ev));
	switch (node->kind) {
	case HVP_NEWS_BUS:
		more = bus_event(bus, ~HVP_BUS_NEWS_END, ev);
		break;
	case HVP_NEWS_BUS_END:
		more = bus_event(bus, HVP_BUS_NEWS_END, ev);
		break;
	case HVP_NEWS_CHANNEL:
		more = channel_event(&bus->cfg.channels[node->index], ev);
		break;
	case HVP_NEWS_GPADL:
		more = gpadl_event(&bus->cfg.gpadls[node->index], ev);
		break;
	default:
		tl_event(&bus->cfg.tl_requests[node->index], ev);
		break;
	}
	if (more)
		hvp_queue_push_front(&bus->news, node);
	return true;
}
