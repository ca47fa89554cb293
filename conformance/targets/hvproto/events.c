/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bus says, told to the runner; and the few reactions that are a driver's to make. */
#include "glue.h"

#include <string.h>

/* A host's own code where there is one; else ours, visibly not one of theirs. */
uint32_t glue_status(enum hvp_status status, uint32_t host_status)
{
	if (status == HVP_OK)
		return 0;
	return status == HVP_REFUSED && host_status != 0
		       ? host_status
		       : 0xe0000000u | (uint32_t) - (int32_t)status;
}

static void simple(struct glue *g, uint32_t type, const struct hvp_event *e)
{
	struct hvt_event ev = {
		.type = type,
		.channel = e->channel_id,
		.status = glue_status(e->status, e->host_status),
		.version = e->version,
		.features = e->features,
	};

	memcpy(ev.guid[0], e->endpoint.b, sizeof(ev.guid[0]));
	glue_report(g, &ev);
}

static void connected(struct glue *g, const struct hvp_event *e)
{
	simple(g, HVT_EV_CONNECTED, e);
}

static void connect_failed(struct glue *g, const struct hvp_event *e)
{
	simple(g, HVT_EV_CONNECT_FAILED, e);
}

static bool any_reserved(const struct glue *g)
{
	const struct glue_channel *c;

	for (c = g->all; c; c = c->next)
		if (c->reserved && hvp_channel_state(c->ch) == HVP_CHANNEL_OPEN)
			return true;
	return false;
}

/* The pages of the SynIC go when the host has let go, unless a reserved channel needs them. */
static void disconnected(struct glue *g, const struct hvp_event *e)
{
	if (e->status == HVP_OK && !e->pages_held && !any_reserved(g))
		glue_synic_stop(g);
	simple(g, HVT_EV_DISCONNECTED, e);
}

static void dropped(struct glue *g, const struct hvp_event *e)
{
	glue_dropped(g, 0, e->fault.field);
}

static void offered(struct glue *g, const struct hvp_event *e)
{
	const struct hvp_vmbus_offer_channel *offer = &e->channel->offer;
	struct hvt_event ev = { .type = HVT_EV_OFFER, .channel = offer->channel_id };

	e->channel->user = glue_channel_new(g, e->channel);
	if (!e->channel->user) {
		(void)!hvp_channel_release(e->channel);
		return;
	}
	ev.value = offer->subchannel_index;
	memcpy(ev.guid[0], offer->interface_id.b, sizeof(ev.guid[0]));
	memcpy(ev.guid[1], offer->instance_id.b, sizeof(ev.guid[1]));
	glue_report(g, &ev);
}

static void opened(struct glue *g, const struct hvp_event *e)
{
	struct glue_channel *c = e->user;

	c->open = e->status == HVP_OK && !c->reserved;
	simple(g, HVT_EV_OPENED, e);
	/* A packet and its signal may have come before the result (BUG-062). */
	if (c->open)
		glue_channel_signalled(c);
}

static void modified(struct glue *g, const struct hvp_event *e)
{
	simple(g, HVT_EV_MODIFIED, e);
}

/* With the connection over there is no rescind to tell of, and nobody to release it but us. */
static void rescinded(struct glue *g, const struct hvp_event *e)
{
	struct glue_channel *c = e->user;

	c->open = false;
	if (e->status == HVP_REVOKED) {
		struct hvt_event ev = { .type = HVT_EV_RESCIND, .channel = c->id };

		glue_report(g, &ev);
		return;
	}
	(void)!hvp_channel_release(e->channel);
}

static void closed(struct glue *g, const struct hvp_event *e)
{
	struct glue_channel *c = e->user;
	struct glue_buffer *ring = c->reserved;

	glue_closed(c);
	c->reserved = NULL;
	simple(g, HVT_EV_CLOSED, e);
	if (ring)
		(void)!hvp_gpadl_teardown(ring->gpadl);
}

static void gpadl_created(struct glue *g, const struct hvp_event *e)
{
	struct glue_buffer *b = e->user;
	struct hvt_event ev = { .type = HVT_EV_GPADL_CREATED, .channel = b->channel->id };

	ev.status = glue_status(e->status, e->host_status);
	ev.id = b->id;
	b->created = e->status == HVP_OK;
	if (b == b->channel->reserved)
		glue_reserved_created(b->channel, ev.status);
	else
		glue_report(g, &ev);
}

static void gpadl_returned(struct glue *g, const struct hvp_event *e)
{
	struct glue_buffer *b = e->user;
	struct glue_channel *c = b->channel;
	struct hvt_event ev = { .type = HVT_EV_GPADL_TORNDOWN, .channel = c->id, .id = b->id };
	bool tell = b->created && b != c->reserved && b->id != 0;

	if (b == c->reserved)
		c->reserved = NULL;
	glue_buffer_free(g, b);
	if (tell)
		glue_report(g, &ev);
}

static void tl_result(struct glue *g, const struct hvp_event *e)
{
	simple(g, HVT_EV_TL_RESULT, e);
}

static void offers_done(struct glue *g, const struct hvp_event *e)
{
	simple(g, HVT_EV_OFFERS_DONE, e);
}

typedef void (*handler_fn)(struct glue *g, const struct hvp_event *e);

static const handler_fn handlers[] = {
	[HVP_EV_CONNECTED] = connected,
	[HVP_EV_CONNECT_FAILED] = connect_failed,
	[HVP_EV_DISCONNECTED] = disconnected,
	[HVP_EV_LOST] = disconnected,
	[HVP_EV_OFFERS_DONE] = offers_done,
	[HVP_EV_DROPPED] = dropped,
	[HVP_EV_TL_RESULT] = tl_result,
	[HVP_EV_OPENED] = opened,
	[HVP_EV_MODIFIED] = modified,
	[HVP_EV_RESCINDED] = rescinded,
	[HVP_EV_CLOSED] = closed,
	[HVP_EV_GPADL_CREATED] = gpadl_created,
	[HVP_EV_GPADL_RETURNED] = gpadl_returned,
};

void glue_take_events(struct glue *g)
{
	struct hvp_event ev;

	while (hvp_bus_next_event(&g->bus, &ev)) {
		if (ev.type == HVP_EV_OFFER)
			offered(g, &ev);
		if (glue_net_bus_event(g, &ev) || ev.type == HVP_EV_OFFER)
			continue;
		if (ev.type < sizeof(handlers) / sizeof(handlers[0]) && handlers[ev.type])
			handlers[ev.type](g, &ev);
	}
}
