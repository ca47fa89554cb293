/* SPDX-License-Identifier: BSD-2-Clause */
/* A channel: table of chapter 10 section 6.2, and the messages that drive it. */
#include "server_internal.h"

typedef void (*act_fn)(struct hvm_channel *ch, uint32_t arg);

/* @act is called in @next; NULL: no such pair. */
struct edge {
	act_fn act;
	enum hvm_channel_state next;
};

static void offered(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_offer_send(ch);
}

static void open_start(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_open_start(ch);
}

static void open_result(struct hvm_channel *ch, uint32_t status)
{
	hvm_open_result(ch, status);
}

static void stored(struct hvm_channel *ch, uint32_t arg)
{
	(void)ch;
	(void)arg;
}

static void close_start(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	if (!hvm_moment_now(ch, HVM_AT_CLOSE) && ch->state == HVM_CH_CLOSING)
		hvm_close_ask(ch);
}

static void close_quietly(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_close_ask(ch);
}

static void closed(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_open_end(ch);
}

static void reopen(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_open_end(ch);
	hvm_open_start(ch);
}

/* The guest does not know the channel any more. */
static void released(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_port_close(ch);
	hvm_monitor_take(ch);
	hvm_gpadls_event(ch->s, ch->id, HVM_GPADL_EV_RELEASE);
	hvm_conn_check_settled(ch->s);
}

static void released_by_guest(struct hvm_channel *ch, uint32_t arg)
{
	if (!hvm_moment_now(ch, HVM_AT_RELEASED))
		released(ch, arg);
}

static void forget(struct hvm_channel *ch, uint32_t arg)
{
	struct hvm_server *s = ch->s;

	(void)arg;
	hvm_channel_forget(ch);
	hvm_conn_check_settled(s);
}

/* GPADL answers come before the RESCIND, and no access to guest memory after it. */
static void revoked(struct hvm_channel *ch, uint32_t was)
{
	struct hvp_vmbus_rescind_channel_offer m;

	if (ch->ops->revoked)
		ch->ops->revoked(ch->ctx, ch);
	else if (was == HVM_CH_OPEN)
		hvm_close_ask(ch);
	hvm_port_close(ch);
	hvm_monitor_take(ch);
	memset(&ch->modify, 0, sizeof(ch->modify));
	hvm_gpadls_event(ch->s, ch->id, HVM_GPADL_EV_REVOKE);
	memset(&m, 0, sizeof(m));
	m.channel_id = ch->id;
	hvm_send(ch->s, HVP_VMBUS_RESCIND_CHANNEL_OFFER, &m);
	(void)hvm_moment_now(ch, HVM_AT_RESCIND);
}

static void offered_again(struct hvm_channel *ch, uint32_t arg)
{
	(void)arg;
	hvm_gpadls_event(ch->s, ch->id, HVM_GPADL_EV_RELEASE);
	hvm_offer_send(ch);
}

#define ST(st) [HVM_CH_##st]
#define EV(ev) [HVM_CH_EV_##ev]
#define TO(st, act) \
	{ \
		act, HVM_CH_##st \
	}

/* Pairs that are not here: messages of the guest are dropped, answers of devices too late. */
static const struct edge edges[HVM_CH_STATES][HVM_CH_EVENTS] = {
	ST(RELEASED) = {
		EV(OFFER)		= TO(CLOSED, offered),
		EV(REMOVE)		= TO(RELEASED, forget),
		EV(GUEST_GONE)		= TO(RELEASED, stored),
	},
	ST(CLOSED) = {
		EV(OPEN)		= TO(OPENING, open_start),
		EV(OPEN_RESERVED)	= TO(OPENING, open_start),
		EV(RELEASED)		= TO(RELEASED, released_by_guest),
		EV(REMOVE)		= TO(REVOKED, revoked),
		EV(GUEST_GONE)		= TO(RELEASED, released),
	},
	ST(OPENING) = {
		EV(OPEN_OK)		= TO(OPEN, open_result),
		EV(OPEN_FAILED)		= TO(CLOSED, open_result),
		EV(REMOVE)		= TO(REVOKED, revoked),
		EV(GUEST_GONE)		= TO(OPENING_RELEASE, stored),
	},
	ST(OPEN) = {
		EV(CLOSE)		= TO(CLOSING, close_start),
		EV(CLOSE_RESERVED)	= TO(CLOSING, close_start),
		EV(REMOVE)		= TO(REVOKED, revoked),
		EV(GUEST_GONE)		= TO(CLOSING_RELEASE, close_quietly),
	},
	ST(CLOSING) = {
		EV(OPEN)		= TO(CLOSING_REOPEN, stored),
		EV(CLOSED)		= TO(CLOSED, closed),
		EV(RELEASED)		= TO(CLOSING_RELEASE, stored),
		EV(REMOVE)		= TO(REVOKED, revoked),
		EV(GUEST_GONE)		= TO(CLOSING_RELEASE, stored),
	},
	ST(CLOSING_REOPEN) = {
		EV(CLOSED)		= TO(OPENING, reopen),
		EV(REMOVE)		= TO(REVOKED, revoked),
		EV(GUEST_GONE)		= TO(CLOSING_RELEASE, stored),
	},
	ST(REVOKED) = {
		EV(RELEASED)		= TO(REVOKED, forget),
		EV(READD)		= TO(REOFFERED, stored),
		EV(GUEST_GONE)		= TO(REVOKED, forget),
	},
	ST(REOFFERED) = {
		EV(RELEASED)		= TO(CLOSED, offered_again),
		EV(REMOVE)		= TO(REVOKED, stored),
		EV(GUEST_GONE)		= TO(RELEASED, released),
	},
	ST(CLOSING_RELEASE) = {
		EV(CLOSED)		= TO(RELEASED, released),
		EV(REMOVE)		= TO(CLOSING_RELEASE, forget),
		EV(GUEST_GONE)		= TO(CLOSING_RELEASE, stored),
	},
	ST(OPENING_RELEASE) = {
		EV(OPEN_OK)		= TO(CLOSING_RELEASE, close_quietly),
		EV(OPEN_FAILED)		= TO(RELEASED, released),
		EV(REMOVE)		= TO(OPENING_RELEASE, forget),
		EV(GUEST_GONE)		= TO(OPENING_RELEASE, stored),
	},
};

static bool allowed(const struct hvm_channel *ch, enum hvm_channel_event ev)
{
	return edges[ch->state][ev].act != NULL;
}

bool hvm_channel_event(struct hvm_channel *ch, enum hvm_channel_event ev, uint32_t arg)
{
	const struct edge *e = &edges[ch->state][ev];

	if (!e->act)
		return false;
	if (ev == HVM_CH_EV_REMOVE)
		arg = ch->state;
	ch->state = e->next;
	e->act(ch, arg);
	return true;
}

bool hvm_channel_is_revoked(const struct hvm_channel *ch)
{
	return ch->state == HVM_CH_REVOKED || ch->state == HVM_CH_REOFFERED;
}

struct hvm_channel *hvm_channel_find(const struct hvm_server *s, uint32_t id)
{
	size_t i;

	for (i = 0; id && i < s->n; i++) {
		if (s->channels[i]->id == id)
			return s->channels[i];
	}
	return NULL;
}

bool hvm_moment_now(struct hvm_channel *ch, enum hvm_moment moment)
{
	if (!hvm_faults_moment(ch->s->p->faults, moment, ch->id))
		return false;
	hvm_channel_revoke(ch);
	return true;
}

/* Reserved channels outlive the connection. */
static bool survives(const struct hvm_channel *ch)
{
	return ch->open.reserved && (ch->state == HVM_CH_OPENING || ch->state == HVM_CH_OPEN ||
				     ch->state == HVM_CH_CLOSING);
}

void hvm_channels_guest_gone(struct hvm_server *s)
{
	size_t i = s->n;

	/* From the end: a channel that is forgotten makes no other one skip its turn. */
	while (i-- > 0) {
		if (i < s->n && !survives(s->channels[i]))
			hvm_channel_event(s->channels[i], HVM_CH_EV_GUEST_GONE, 0);
	}
}

/* ---- messages ---- */

static void dropped(struct hvm_server *s, const struct hvm_channel *ch, const char *what)
{
	hvm_drop(s, HVM_DROP_CHANNEL, what);
	if (ch)
		hvm_note(s->p, "channel %u is %s", ch->id, hvm_channel_state_name(ch->state));
}

static void message_open(struct hvm_server *s, const struct hvp_vmbus_open_channel *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);
	struct hvm_open *o;

	if (!ch || !allowed(ch, HVM_CH_EV_OPEN)) {
		dropped(s, ch, "OPEN_CHANNEL");
		return;
	}
	o = &ch->reopen;
	memset(o, 0, sizeof(*o));
	o->open_id = m->open_id;
	o->gpadl_id = m->ring_buffer_gpadl_id;
	o->downstream = m->downstream_ring_buffer_page_offset;
	o->target_vp = s->conn.version >= V2_4 ? m->target_vp : 0;
	o->event_flag = ch->id;
	o->connection_id = ch->connection_id;
	if (hvm_has(s, HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS)) {
		o->event_flag = m->event_flag;
		o->connection_id = m->connection_id;
	}
	o->redirect = hvm_has(s, HVP_VMBUS_FEATURE_CHANNEL_INTERRUPT_REDIRECTION) &&
		      (m->flags & HVP_VMBUS_OPEN_FLAG_REDIRECT_INTERRUPT);
	memcpy(o->user_data, m->user_data, sizeof(o->user_data));
	hvm_channel_event(ch, HVM_CH_EV_OPEN, 0);
}

static void message_open_reserved(struct hvm_server *s,
				  const struct hvp_vmbus_open_reserved_channel *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);

	if (!ch || !allowed(ch, HVM_CH_EV_OPEN_RESERVED)) {
		dropped(s, ch, "OPEN_RESERVED_CHANNEL");
		return;
	}
	memset(&ch->reopen, 0, sizeof(ch->reopen));
	ch->reopen.gpadl_id = m->ring_buffer_gpadl_id;
	ch->reopen.downstream = m->downstream_page_offset;
	ch->reopen.target_vp = HVM_NO_VP;
	ch->reopen.event_flag = ch->id;
	ch->reopen.connection_id = ch->connection_id;
	ch->reopen.reserved = true;
	ch->reply.vp = m->target_vp;
	ch->reply.sint = m->target_sint;
	ch->reserved_version = s->conn.version;
	hvm_channel_event(ch, HVM_CH_EV_OPEN_RESERVED, 0);
}

static void message_close(struct hvm_server *s, const struct hvp_vmbus_close_channel *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);

	if (!ch || (ch->state == HVM_CH_OPEN && ch->open.reserved) ||
	    !hvm_channel_event(ch, HVM_CH_EV_CLOSE, 0))
		dropped(s, ch, "CLOSE_CHANNEL");
}

static void message_released(struct hvm_server *s, const struct hvp_vmbus_rel_id_released *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);

	if (!ch || !hvm_channel_event(ch, HVM_CH_EV_RELEASED, 0))
		dropped(s, ch, "REL_ID_RELEASED");
}

static bool tl_served(struct hvm_server *s, const struct hvp_vmbus_tl_connect_request *m)
{
	struct hvp_guid silo;

	memset(&silo, 0, sizeof(silo));
	if (m->has_silo_id)
		silo = m->silo_id;
	return s->cfg.tl_connect &&
	       s->cfg.tl_connect(s->cfg.ctx, &m->endpoint_id, &m->service_id, &silo);
}

static void message_tl_connect(struct hvm_server *s, const struct hvp_vmbus_tl_connect_request *m)
{
	struct hvp_vmbus_tl_connect_request_result r;

	if (tl_served(s, m) || s->conn.version < V4_1)
		return;
	memset(&r, 0, sizeof(r));
	r.endpoint_id = m->endpoint_id;
	r.service_id = m->service_id;
	r.status = (int32_t)HVM_STATUS_REFUSED;
	hvm_send(s, HVP_VMBUS_TL_CONNECT_REQUEST_RESULT, &r);
}

void hvm_channel_message(struct hvm_server *s, const struct hvm_input *in)
{
	switch (in->type) {
	case HVP_VMBUS_OPEN_CHANNEL:
		message_open(s, &in->b.open);
		break;
	case HVP_VMBUS_OPEN_RESERVED_CHANNEL:
		message_open_reserved(s, &in->b.open_reserved);
		break;
	case HVP_VMBUS_CLOSE_CHANNEL:
		message_close(s, &in->b.close);
		break;
	case HVP_VMBUS_REL_ID_RELEASED:
		message_released(s, &in->b.released);
		break;
	case HVP_VMBUS_GPADL_HEADER:
		hvm_gpadl_header(s, &in->b.gpadl_header);
		break;
	case HVP_VMBUS_GPADL_BODY:
		hvm_gpadl_body(s, &in->b.gpadl_body);
		break;
	case HVP_VMBUS_GPADL_TEARDOWN:
		hvm_gpadl_teardown(s, &in->b.gpadl_teardown);
		break;
	case HVP_VMBUS_MODIFY_CHANNEL:
		hvm_modify_channel(s, &in->b.modify);
		break;
	case HVP_VMBUS_TL_CONNECT_REQUEST:
		message_tl_connect(s, &in->b.tl_connect);
		break;
	default:
		hvm_drop(s, HVM_DROP_TYPE, "a message without a handler");
	}
}

/* Handled in every connection state; touches reserved channels only. */
void hvm_channel_close_reserved(struct hvm_server *s, const struct hvm_input *in)
{
	const struct hvp_vmbus_close_reserved_channel *m = &in->b.close_reserved;
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);

	if (!ch || !ch->open.reserved || !allowed(ch, HVM_CH_EV_CLOSE_RESERVED)) {
		dropped(s, ch, "CLOSE_RESERVED_CHANNEL");
		return;
	}
	ch->reply.vp = m->target_vp;
	ch->reply.sint = m->target_sint;
	hvm_channel_event(ch, HVM_CH_EV_CLOSE_RESERVED, 0);
}
