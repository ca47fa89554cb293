/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a queued message, made when it is posted and not before: they show the state
 * of the object at that moment, and a queue of messages needs no memory. Every byte comes
 * from an encoder, which zeroes what it does not write (BUG-080).
 */
#include "internal.h"

#include <hvproto/wr.h>

typedef enum hvp_status (*encode_fn)(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w);

static struct hvp_channel *channel(struct hvp_bus *bus, uint16_t index)
{
	return &bus->cfg.channels[index];
}

static enum hvp_status contact(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_neg neg = { hvp_contact_version(bus), bus->cfg.features };
	struct hvp_vmbus_initiate_contact m = { 0 };

	(void)index;
	hvp_contact_fill(bus, &m);
	return hvp_vmbus_initiate_contact_encode(w, neg, &m, NULL);
}

static enum hvp_status offers(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_request_offers m = { 0 };

	(void)index;
	return hvp_vmbus_request_offers_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status unload(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_unload m = { 0 };

	(void)index;
	return hvp_vmbus_unload_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status pages(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_modify_connection m = {
		.parent_to_child_monitor_page_gpa = bus->modify_gpa[0],
		.child_to_parent_monitor_page_gpa = bus->modify_gpa[1],
	};

	(void)index;
	return hvp_vmbus_modify_connection_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status pause(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_pause m = { 0 };

	(void)index;
	return hvp_vmbus_pause_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status resume(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_resume m = { 0 };

	(void)index;
	return hvp_vmbus_resume_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status open_reserved(struct hvp_bus *bus, const struct hvp_channel *ch,
				     struct hvp_wr *w)
{
	struct hvp_vmbus_open_reserved_channel m = {
		.channel_id = ch->offer.channel_id,
		.target_vp = ch->target_vp,
		.target_sint = ch->target_sint,
		.ring_buffer_gpadl_id = ch->reserved_gpadl,
		.downstream_page_offset = ch->downstream_page,
	};

	return hvp_vmbus_open_reserved_channel_encode(w, bus->neg, &m, NULL);
}

/* Fields of a feature that was not granted stay 0. */
static void fill_signalling(const struct hvp_bus *bus, const struct hvp_channel *ch,
			    struct hvp_vmbus_open_channel *m)
{
	uint32_t guest = bus->neg.features & HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS;
	uint32_t redirect = bus->neg.features & HVP_VMBUS_FEATURE_CHANNEL_INTERRUPT_REDIRECTION;

	m->has_signal_parameters = guest != 0 || redirect != 0;
	if (guest != 0) {
		m->connection_id = ch->signal_connection;
		m->event_flag = ch->event_flag;
	}
	if (redirect != 0 && ch->redirect)
		m->flags = HVP_VMBUS_OPEN_FLAG_REDIRECT_INTERRUPT;
}

static enum hvp_status open(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	const struct hvp_channel *ch = channel(bus, index);
	struct hvp_vmbus_open_channel m = { 0 };

	if (ch->reserved)
		return open_reserved(bus, ch, w);
	m.channel_id = ch->offer.channel_id;
	m.open_id = ch->open_id;
	m.ring_buffer_gpadl_id = bus->cfg.gpadls[ch->ring].build.gpadl_id;
	m.target_vp = ch->target_vp;
	m.downstream_ring_buffer_page_offset = ch->downstream_page;
	if (ch->user_data)
		hvp_memcpy(m.user_data, ch->user_data, sizeof(m.user_data));
	fill_signalling(bus, ch, &m);
	return hvp_vmbus_open_channel_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status close_reserved(struct hvp_bus *bus, const struct hvp_channel *ch,
				      struct hvp_wr *w)
{
	struct hvp_vmbus_close_reserved_channel m = {
		.channel_id = ch->offer.channel_id,
		.target_vp = ch->target_vp,
		.target_sint = ch->target_sint,
	};

	return hvp_vmbus_close_reserved_channel_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status close(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	const struct hvp_channel *ch = channel(bus, index);
	struct hvp_vmbus_close_channel m = { .channel_id = ch->offer.channel_id };

	if (ch->reserved)
		return close_reserved(bus, ch, w);
	return hvp_vmbus_close_channel_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status modify(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	const struct hvp_channel *ch = channel(bus, index);
	struct hvp_vmbus_modify_channel m = {
		.channel_id = ch->offer.channel_id,
		.target_vp = ch->modify_vp,
	};

	return hvp_vmbus_modify_channel_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status release(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	struct hvp_vmbus_rel_id_released m = { 0 };

	m.channel_id = channel(bus, index)->offer.channel_id;
	return hvp_vmbus_rel_id_released_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status gpadl(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	return hvp_gpadl_build_next(&bus->cfg.gpadls[index].build, w->p, w->cap, &w->off);
}

static enum hvp_status teardown(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	const struct hvp_gpadl *g = &bus->cfg.gpadls[index];
	struct hvp_vmbus_gpadl_teardown m = {
		.channel_id = g->build.channel_id,
		.gpadl_id = g->build.gpadl_id,
	};

	return hvp_vmbus_gpadl_teardown_encode(w, bus->neg, &m, NULL);
}

static enum hvp_status tl(struct hvp_bus *bus, uint16_t index, struct hvp_wr *w)
{
	const struct hvp_tl_request *t = &bus->cfg.tl_requests[index];
	struct hvp_vmbus_tl_connect_request m = { 0 };

	m.endpoint_id = t->endpoint;
	m.service_id = t->service;
	m.has_silo_id = t->has_silo;
	m.silo_id = t->silo;
	return hvp_vmbus_tl_connect_request_encode(w, bus->neg, &m, NULL);
}

static const encode_fn encoders[HVP_POST_KINDS] = {
	[HVP_POST_CONTACT] = contact, [HVP_POST_OFFERS] = offers, [HVP_POST_UNLOAD] = unload,
	[HVP_POST_PAGES] = pages,     [HVP_POST_PAUSE] = pause,	  [HVP_POST_RESUME] = resume,
	[HVP_POST_OPEN] = open,	      [HVP_POST_CLOSE] = close,	  [HVP_POST_MODIFY] = modify,
	[HVP_POST_RELEASE] = release, [HVP_POST_GPADL] = gpadl,	  [HVP_POST_TEARDOWN] = teardown,
	[HVP_POST_TL] = tl,
};

enum hvp_status hvp_post_encode(struct hvp_bus *bus, const struct hvp_node *node, uint8_t *msg,
				size_t *size)
{
	struct hvp_wr w = hvp_wr_init(msg, HVP_MESSAGE_MAX);
	enum hvp_status status = encoders[node->kind](bus, node->index, &w);

	*size = w.off;
	return status;
}
