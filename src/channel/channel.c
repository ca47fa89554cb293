/* SPDX-License-Identifier: BSD-2-Clause */
/* The state table of a channel (chapter 10 section 6.4) and what its edges do. */
#include "internal.h"

struct channel_edge {
	uint8_t kind;
	uint8_t next;
	void (*action)(struct hvp_channel *ch);
};

static struct hvp_gpadl *ring_of(const struct hvp_channel *ch)
{
	return &ch->bus->cfg.gpadls[ch->ring];
}

static void post_open(struct hvp_channel *ch)
{
	hvp_post(ch->bus, &ch->post_open);
}

static void tear_ring(struct hvp_channel *ch)
{
	(void)hvp_gpadl_step(ring_of(ch), HVP_GPADL_EV_TEARDOWN);
}

static void opened(struct hvp_channel *ch)
{
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_OPENED);
}

static void ring_refused(struct hvp_channel *ch)
{
	ch->open_status = ring_of(ch)->status;
	ch->host_status = ring_of(ch)->host_status;
	hvp_channel_signal_off(ch);
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_OPENED);
}

/* A reserved channel has no ring of its own to give back: it is closed at once. */
static void open_failed(struct hvp_channel *ch)
{
	hvp_channel_signal_off(ch);
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_OPENED);
	if (ch->reserved) {
		ch->reserved = false;
		ch->state = HVP_CHANNEL_OFFERED;
		return;
	}
	tear_ring(ch);
}

/* OPEN_CHANNEL that is still in the queue never leaves it. */
static void cancel_open(struct hvp_channel *ch)
{
	ch->opening = false;
	hvp_channel_signal_off(ch);
	if (!ch->post_open.queued)
		return;
	hvp_queue_remove(&ch->bus->posts, &ch->post_open);
	ch->state = HVP_CHANNEL_CLOSING;
	tear_ring(ch);
}

static void cancel_ring(struct hvp_channel *ch)
{
	ch->opening = false;
	hvp_channel_signal_off(ch);
	tear_ring(ch);
}

static void end_modify(struct hvp_channel *ch)
{
	hvp_queue_remove(&ch->bus->posts, &ch->post_modify);
	if (!ch->modify_busy)
		return;
	ch->modify_status = HVP_STATE;
	ch->modify_busy = false;
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_MODIFIED);
}

/* CLOSE_CHANNEL before GPADL_TEARDOWN (CORE-REQ-107): the queue keeps the order. */
static void start_close(struct hvp_channel *ch)
{
	end_modify(ch);
	hvp_channel_signal_off(ch);
	hvp_post(ch->bus, &ch->post_close);
	if (!ch->reserved)
		tear_ring(ch);
}

static void closed(struct hvp_channel *ch)
{
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_CLOSED);
}

/* The channel outlived its connection if it was reserved; now it ends like the others. */
static void reserved_closed(struct hvp_channel *ch)
{
	ch->reserved = false;
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_CLOSED);
	if (hvp_bus_allows(ch->bus, HVP_BUS_EV_USE))
		return;
	hvp_channel_end(ch, false);
}

static void start_modify(struct hvp_channel *ch)
{
	ch->modify_busy = true;
	hvp_post(ch->bus, &ch->post_modify);
}

static void modified(struct hvp_channel *ch)
{
	if (!ch->modify_busy)
		return;
	ch->modify_busy = false;
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_MODIFIED);
}

#define GO(state, act) \
	{ \
		HVP_EDGE_GO, HVP_CHANNEL_##state, act \
	}
#define IGNORE \
	{ \
		HVP_EDGE_IGNORE, 0, NULL \
	}

/* Results that nobody waits for, and second rescinds, are ignored: section 6.4. */
static const struct channel_edge edges[HVP_CHANNEL_STATES][HVP_CHANNEL_EVENTS] = {
	[HVP_CHANNEL_OFFERED] = {
		[HVP_CHANNEL_EV_OPEN] = GO(RING_PENDING, NULL),
		[HVP_CHANNEL_EV_OPEN_RESERVED] = GO(OPENING, post_open),
		[HVP_CHANNEL_EV_RELEASE] = GO(OFFERED, hvp_channel_let_go),
		[HVP_CHANNEL_EV_GPADL_CREATE] = GO(OFFERED, NULL),
		[HVP_CHANNEL_EV_GPADL_TEARDOWN] = GO(OFFERED, NULL),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_RING_PENDING] = {
		[HVP_CHANNEL_EV_CLOSE] = GO(RING_CANCELLED, cancel_ring),
		[HVP_CHANNEL_EV_RING_CREATED] = GO(OPENING, post_open),
		[HVP_CHANNEL_EV_RING_REFUSED] = GO(CLOSING, ring_refused),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_RING_CANCELLED] = {
		[HVP_CHANNEL_EV_RING_RETURNED] = GO(OFFERED, closed),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_OPENING] = {
		[HVP_CHANNEL_EV_CLOSE] = GO(OPENING_CANCELLED, cancel_open),
		[HVP_CHANNEL_EV_OPENED] = GO(OPEN, opened),
		[HVP_CHANNEL_EV_OPEN_FAILED] = GO(CLOSING, open_failed),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_OPENING_CANCELLED] = {
		[HVP_CHANNEL_EV_OPENED] = GO(CLOSING, start_close),
		[HVP_CHANNEL_EV_OPEN_FAILED] = GO(CLOSING, tear_ring),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_OPEN] = {
		[HVP_CHANNEL_EV_CLOSE] = GO(CLOSING, start_close),
		[HVP_CHANNEL_EV_MODIFY] = GO(OPEN, start_modify),
		[HVP_CHANNEL_EV_GPADL_CREATE] = GO(OPEN, NULL),
		[HVP_CHANNEL_EV_GPADL_TEARDOWN] = GO(OPEN, NULL),
		[HVP_CHANNEL_EV_MODIFIED] = GO(OPEN, modified),
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_CLOSING] = {
		[HVP_CHANNEL_EV_GPADL_TEARDOWN] = GO(CLOSING, NULL),
		[HVP_CHANNEL_EV_RING_RETURNED] = GO(OFFERED, closed),
		[HVP_CHANNEL_EV_MODIFIED] = IGNORE,
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = GO(OFFERED, reserved_closed),
		[HVP_CHANNEL_EV_RESCIND] = GO(RESCINDED, hvp_channel_rescind),
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_RESCINDED] = {
		[HVP_CHANNEL_EV_RELEASE] = GO(RELEASING, hvp_channel_let_go),
		[HVP_CHANNEL_EV_RING_RETURNED] = GO(RESCINDED, closed),
		[HVP_CHANNEL_EV_MODIFIED] = GO(RESCINDED, NULL),
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = IGNORE,
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	[HVP_CHANNEL_RELEASING] = {
		[HVP_CHANNEL_EV_RING_RETURNED] = GO(RELEASING, closed),
		[HVP_CHANNEL_EV_MODIFIED] = GO(RELEASING, NULL),
		[HVP_CHANNEL_EV_RESERVED_CLOSED] = IGNORE,
		[HVP_CHANNEL_EV_RESCIND] = IGNORE,
		[HVP_CHANNEL_EV_OVER] = GO(GONE, hvp_channel_over),
	},
	/* The host does not know it any more; only the owner and held memory do. */
	[HVP_CHANNEL_GONE] = {
		[HVP_CHANNEL_EV_RELEASE] = GO(GONE, hvp_channel_let_go),
		[HVP_CHANNEL_EV_RING_RETURNED] = GO(GONE, closed),
		[HVP_CHANNEL_EV_OVER] = IGNORE,
	},
};

enum hvp_edge_kind hvp_channel_step(struct hvp_channel *ch, enum hvp_channel_event event)
{
	const struct channel_edge *edge = &edges[ch->state][event];

	if (edge->kind != HVP_EDGE_GO)
		return (enum hvp_edge_kind)edge->kind;
	ch->state = edge->next;
	if (edge->action)
		edge->action(ch);
	return HVP_EDGE_GO;
}

bool hvp_channel_allows(const struct hvp_channel *ch, enum hvp_channel_event event)
{
	return edges[ch->state][event].kind == HVP_EDGE_GO;
}

void hvp_channel_ring_news(struct hvp_channel *ch, enum hvp_channel_event event)
{
	(void)hvp_channel_step(ch, event);
}
