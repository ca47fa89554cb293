/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the host, in the order of chapter 10 A.15: size, type and direction, state of
 * the connection, layout, ids, and only then effects. Nothing here waits, so no message can
 * be lost to somebody who waits for another (BUG-037, BUG-038, BUG-091).
 */
#include "internal.h"

typedef enum hvp_status (*take_fn)(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault);

/* The host knows the channel by its id: not empty, and not of a connection that is over. */
bool hvp_bus_is_current(const struct hvp_channel *ch)
{
	return ch->state != HVP_CHANNEL_FREE && ch->state != HVP_CHANNEL_GONE;
}

struct hvp_channel *hvp_bus_channel(struct hvp_bus *bus, uint32_t channel_id)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.channel_count; i++) {
		struct hvp_channel *ch = &bus->cfg.channels[i];

		if (hvp_bus_is_current(ch) && ch->offer.channel_id == channel_id)
			return ch;
	}
	return NULL;
}

/* Nothing is dropped here: a result that nobody waits for is late, not illegal. */
static void channel_result(struct hvp_bus *bus, struct hvp_channel *ch,
			   enum hvp_channel_event event)
{
	if (!ch || hvp_channel_step(ch, event) != HVP_EDGE_GO)
		hvp_bus_ignore(bus);
}

static enum hvp_status take_version(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_neg neg = { hvp_contact_version(bus), bus->cfg.features };
	struct hvp_vmbus_version_response m;
	enum hvp_status status;

	status = hvp_vmbus_version_response_decode(r, neg, &m, fault);
	if (status != HVP_OK)
		return status;
	if (bus->sent)
		hvp_bus_take_version(bus, &m);
	else
		hvp_bus_ignore(bus);
	return HVP_OK;
}

static enum hvp_status take_offer(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_offer_channel m;
	enum hvp_status status = hvp_vmbus_offer_channel_decode(r, bus->neg, &m, fault);

	if (status == HVP_OK)
		hvp_bus_take_offer(bus, &m);
	else
		bus->stats.offers_refused++;
	return status;
}

static enum hvp_status take_rescind(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_rescind_channel_offer m;
	enum hvp_status status = hvp_vmbus_rescind_channel_offer_decode(r, bus->neg, &m, fault);

	if (status == HVP_OK)
		channel_result(bus, hvp_bus_channel(bus, m.channel_id), HVP_CHANNEL_EV_RESCIND);
	return status;
}

static enum hvp_status take_all_offers(struct hvp_bus *bus, struct hvp_rd *r,
				       struct hvp_fault *fault)
{
	struct hvp_vmbus_all_offers_delivered m;
	enum hvp_status status = hvp_vmbus_all_offers_delivered_decode(r, bus->neg, &m, fault);

	if (status == HVP_OK) /* LCOV_EXCL_BR_LINE: a header alone is never too short */
		(void)hvp_bus_step(bus, HVP_BUS_EV_ALL_OFFERS);
	return status;
}

/* By all ids that the message carries (CORE-SEC-14). */
static bool opens(const struct hvp_channel *ch, const struct hvp_vmbus_open_channel_result *m)
{
	return ch && ch->open_sent && ch->open_id == m->open_id;
}

static enum hvp_status take_open_result(struct hvp_bus *bus, struct hvp_rd *r,
					struct hvp_fault *fault)
{
	struct hvp_vmbus_open_channel_result m;
	struct hvp_channel *ch;
	enum hvp_status status = hvp_vmbus_open_channel_result_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK)
		return status;
	ch = hvp_bus_channel(bus, m.channel_id);
	if (!opens(ch, &m)) {
		hvp_bus_ignore(bus);
		return HVP_OK;
	}
	ch->open_sent = false;
	ch->host_status = m.status;
	ch->open_status = m.status == 0 ? HVP_OK : HVP_REFUSED;
	channel_result(bus, ch, m.status == 0 ? HVP_CHANNEL_EV_OPENED : HVP_CHANNEL_EV_OPEN_FAILED);
	return HVP_OK;
}

/* A refusal may come at any time after the header, a success only when all is posted. */
static bool creates(const struct hvp_gpadl *g, const struct hvp_vmbus_gpadl_created *m)
{
	return g && g->created_owed && g->build.channel_id == m->channel_id &&
	       (m->status != 0 || g->build.words_left == 0);
}

static enum hvp_status take_created(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_gpadl_created m;
	struct hvp_gpadl *g;
	enum hvp_status status = hvp_vmbus_gpadl_created_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK)
		return status;
	g = hvp_gpadl_find(bus, m.gpadl_id);
	if (!creates(g, &m)) {
		hvp_bus_ignore(bus);
		return HVP_OK;
	}
	g->created_owed = false;
	if (g->state != HVP_GPADL_RETURNED) { /* else a rescind was the result */
		g->host_status = m.status;
		g->status = m.status == 0 ? HVP_OK : HVP_REFUSED;
	}
	(void)hvp_gpadl_step(g, m.status == 0 ? HVP_GPADL_EV_CREATED : HVP_GPADL_EV_REFUSED);
	return HVP_OK;
}

static enum hvp_status take_torndown(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_gpadl_torndown m;
	struct hvp_gpadl *g;
	enum hvp_status status = hvp_vmbus_gpadl_torndown_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK)
		return status;
	g = hvp_gpadl_find(bus, m.gpadl_id);
	if (!g || !g->torndown_owed) {
		hvp_bus_ignore(bus);
		return HVP_OK;
	}
	g->torndown_owed = false;
	(void)hvp_gpadl_step(g, HVP_GPADL_EV_TORNDOWN);
	return HVP_OK;
}

static enum hvp_status take_unloaded(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_unload_complete m;
	enum hvp_status status = hvp_vmbus_unload_complete_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK)
		return status;
	if (bus->sent)
		(void)hvp_bus_step(bus, HVP_BUS_EV_UNLOADED);
	else
		hvp_bus_ignore(bus);
	return HVP_OK;
}

static enum hvp_status take_reserved(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	/* It outlives its connection: 4.0 opened it, whatever version came after. */
	static const struct hvp_neg opened_by = { HVP_VMBUS_VERSION_4_0, 0 };
	struct hvp_vmbus_close_reserved_response m;
	struct hvp_channel *ch;
	enum hvp_status status;

	status = hvp_vmbus_close_reserved_response_decode(r, opened_by, &m, fault);
	if (status != HVP_OK)
		return status;
	ch = hvp_bus_channel(bus, m.channel_id);
	if (ch && ch->reserved && !ch->post_close.queued)
		channel_result(bus, ch, HVP_CHANNEL_EV_RESERVED_CLOSED);
	else
		hvp_bus_ignore(bus);
	return HVP_OK;
}

static enum hvp_status take_tl_result(struct hvp_bus *bus, struct hvp_rd *r,
				      struct hvp_fault *fault)
{
	struct hvp_vmbus_tl_connect_request_result m;
	struct hvp_tl_request *tl;
	enum hvp_status status;

	status = hvp_vmbus_tl_connect_request_result_decode(r, bus->neg, &m, fault);
	if (status != HVP_OK)
		return status;
	tl = hvp_tl_find(bus, &m.endpoint_id);
	if (!tl || !hvp_guid_equal(&tl->service, &m.service_id) || m.status == 0)
		hvp_bus_ignore(bus);
	else
		hvp_tl_finish(bus, tl, HVP_REFUSED, (uint32_t)m.status);
	return HVP_OK;
}

static enum hvp_status take_modified(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_modify_channel_response m;
	struct hvp_channel *ch;
	enum hvp_status status = hvp_vmbus_modify_channel_response_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK)
		return status;
	ch = hvp_bus_channel(bus, m.channel_id);
	if (!ch || !ch->modify_owed) {
		hvp_bus_ignore(bus);
		return HVP_OK;
	}
	ch->modify_owed = false;
	ch->modify_host_status = (uint32_t)m.status;
	ch->modify_status = m.status == 0 ? HVP_OK : HVP_REFUSED;
	if (hvp_channel_step(ch, HVP_CHANNEL_EV_MODIFIED) != HVP_EDGE_GO)
		hvp_bus_ignore(bus);
	hvp_channel_settle(ch);
	return HVP_OK;
}

static enum hvp_status take_pages_modified(struct hvp_bus *bus, struct hvp_rd *r,
					   struct hvp_fault *fault)
{
	struct hvp_vmbus_modify_connection_response m;
	enum hvp_status status;

	status = hvp_vmbus_modify_connection_response_decode(r, bus->neg, &m, fault);
	if (status != HVP_OK)
		return status;
	if (bus->modifying && !bus->post_modify.queued)
		hvp_bus_pages_modified(bus, m.connection_state == 0 ? HVP_OK : HVP_REFUSED,
				       m.connection_state);
	else
		hvp_bus_ignore(bus);
	return HVP_OK;
}

static enum hvp_status take_paused(struct hvp_bus *bus, struct hvp_rd *r, struct hvp_fault *fault)
{
	struct hvp_vmbus_pause_response m;
	enum hvp_status status = hvp_vmbus_pause_response_decode(r, bus->neg, &m, fault);

	if (status != HVP_OK) /* LCOV_EXCL_BR_LINE: a header alone is never too short */
		return status; /* LCOV_EXCL_LINE: and only a host that knows it is asked */
	if (bus->post_pause.queued)
		hvp_bus_ignore(bus);
	else
		(void)hvp_bus_step(bus, HVP_BUS_EV_PAUSED);
	return HVP_OK;
}

#define ROW(id, name, fn, ev) [HVP_VMBUS_##id] = { fn, HVP_BUS_EV_##ev, "vmbus." name }

static const struct {
	take_fn take;
	uint8_t event;
	const char *name;
} table[] = {
	ROW(OFFER_CHANNEL, "offer_channel", take_offer, OFFER),
	ROW(RESCIND_CHANNEL_OFFER, "rescind_channel_offer", take_rescind, RESCIND),
	ROW(ALL_OFFERS_DELIVERED, "all_offers_delivered", take_all_offers, ALL_OFFERS),
	ROW(OPEN_CHANNEL_RESULT, "open_channel_result", take_open_result, CHANNEL),
	ROW(GPADL_CREATED, "gpadl_created", take_created, CHANNEL),
	ROW(GPADL_TORNDOWN, "gpadl_torndown", take_torndown, CHANNEL),
	ROW(VERSION_RESPONSE, "version_response", take_version, VERSION),
	ROW(UNLOAD_COMPLETE, "unload_complete", take_unloaded, UNLOADED),
	ROW(CLOSE_RESERVED_RESPONSE, "close_reserved_response", take_reserved, RESERVED),
	ROW(TL_CONNECT_REQUEST_RESULT, "tl_connect_request_result", take_tl_result, TL_RESULT),
	ROW(MODIFY_CHANNEL_RESPONSE, "modify_channel_response", take_modified, CHANNEL),
	ROW(MODIFY_CONNECTION_RESPONSE, "modify_connection_response", take_pages_modified,
	    MODIFIED),
	ROW(PAUSE_RESPONSE, "pause_response", take_paused, PAUSED),
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static void drop_type(struct hvp_bus *bus, uint32_t type)
{
	static const struct hvp_bound bound = {
		"vmbus", "message_type", 0, HVP_VMBUS_OFFER_CHANNEL, HVP_VMBUS_PAUSE_RESPONSE,
	};
	struct hvp_fault fault;

	(void)hvp_fault_at(&fault, HVP_VALUE, &bound, type);
	hvp_bus_drop(bus, &fault);
}

/* @found is the state; there is no range of states that would do. */
static void drop_state(struct hvp_bus *bus, const char *name)
{
	struct hvp_bound bound = { NULL, "state", 0, 0, 0 };
	struct hvp_fault fault;

	bound.message = name;
	(void)hvp_fault_at(&fault, HVP_STATE, &bound, bus->state);
	hvp_bus_drop(bus, &fault);
}

static void dispatch(struct hvp_bus *bus, uint32_t type, const uint8_t *bytes, size_t size)
{
	struct hvp_rd r = hvp_rd_init(bytes, size);
	enum hvp_edge_kind kind;
	struct hvp_fault fault;

	kind = hvp_bus_reaction(bus, (enum hvp_bus_event)table[type].event);
	if (kind == HVP_EDGE_ILLEGAL)
		drop_state(bus, table[type].name);
	else if (kind == HVP_EDGE_IGNORE)
		hvp_bus_ignore(bus);
	else if (table[type].take(bus, &r, &fault) != HVP_OK)
		hvp_bus_drop(bus, &fault);
}

void hvp_bus_message(struct hvp_bus *bus, const uint8_t *bytes, size_t size, uint64_t now)
{
	struct hvp_fault fault;
	uint32_t type;

	bus->now = now;
	bus->stats.messages++;
	if (size < HVP_MESSAGE_MIN || size > HVP_MESSAGE_MAX) {
		(void)hvp_fault_size(&fault, HVP_SHORT, "vmbus", size, HVP_MESSAGE_MIN);
		hvp_bus_drop(bus, &fault);
		return;
	}
	type = hvp_get_u32(bytes);
	if (type >= TABLE_SIZE || !table[type].take) {
		drop_type(bus, type);
		return;
	}
	dispatch(bus, type, bytes, size);
}
