/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection: table of chapter 10 section 6.1. */
#include "server_internal.h"

typedef void (*act_fn)(struct hvm_server *s, const struct hvm_input *in);

/* @act is called in @next; NULL: the pair is not allowed and the message is dropped. */
struct edge {
	act_fn act;
	enum hvm_conn_state next;
	bool while_paused;
};

static void end_pause(struct hvm_server *s)
{
	s->conn.paused = false;
	s->later_n = 0;
}

/* The guest is gone or starts anew; *what* comes next is decided when all is quiet. */
static void release_all(struct hvm_server *s, enum hvm_next next)
{
	end_pause(s);
	s->conn.next = next;
	s->conn.releasing = true;
	hvm_channels_guest_gone(s);
	s->conn.releasing = false;
	hvm_conn_check_settled(s);
}

static void forget_guest(struct hvm_server *s)
{
	struct hvm_conn *c = &s->conn;

	hvm_monitor_stop(s);
	hvm_pages_drop(s);
	c->offers_sent = false;
	c->version = 0;
	c->features = 0;
	memset(&c->client_id, 0, sizeof(c->client_id));
	s->p->version = 0;
}

/* ---- contacts ---- */

static void contact_first(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	hvm_contact_apply(s);
}

static void contact_newer(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	s->conn.newer = true;
}

static void contact_again(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	release_all(s, HVM_NEXT_CONTACT);
}

static void contact_next(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	s->conn.next = HVM_NEXT_CONTACT;
}

static void lower_ok(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	if (s->conn.newer) {
		s->conn.newer = false;
		s->conn.state = HVM_CONN_CONNECTING;
		hvm_contact_apply(s);
		return;
	}
	hvm_contact_accept(s);
}

static void lower_failed(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	if (s->conn.newer) {
		s->conn.newer = false;
		s->conn.state = HVM_CONN_CONNECTING;
		hvm_contact_apply(s);
		return;
	}
	s->conn.contact.state = HVP_VMBUS_CONNECTION_STATE_FAILED_UNKNOWN_FAILURE;
	hvm_contact_refuse(s);
}

/* ---- what a connected guest asks ---- */

static void request_offers(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	if (s->conn.offers_sent) {
		hvm_drop(s, HVM_DROP_STATE, "second REQUEST_OFFERS");
		return;
	}
	s->conn.offers_sent = true;
	hvm_offers_all(s);
}

static void unload(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	release_all(s, HVM_NEXT_UNLOAD);
}

static void modify(struct hvm_server *s, const struct hvm_input *in)
{
	hvm_modify_connection(s, &in->b.modify_connection);
}

static void pause_guest(struct hvm_server *s, const struct hvm_input *in)
{
	struct hvp_vmbus_pause_response m;

	(void)in;
	memset(&m, 0, sizeof(m));
	hvm_send(s, HVP_VMBUS_PAUSE_RESPONSE, &m);
	s->conn.paused = true;
}

static void resume_guest(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	s->conn.paused = false;
	hvm_send_later_now(s);
}

/* ---- ends ---- */

static void settled(struct hvm_server *s, const struct hvm_input *in)
{
	struct hvp_vmbus_unload_complete m;
	enum hvm_next next = s->conn.next;
	uint32_t version = s->conn.version;
	struct hvm_target to = s->conn.target;
	/* The message exists from 1.1 on, yet it is sent at every version. */
	struct hvp_neg neg = { version < V1_1 ? V1_1 : version, s->conn.features };

	(void)in;
	s->conn.next = HVM_NEXT_NONE;
	forget_guest(s);
	memset(&m, 0, sizeof(m));
	if (next == HVM_NEXT_UNLOAD)
		hvm_send_to(s, to, neg, HVP_VMBUS_UNLOAD_COMPLETE, &m);
	if (next != HVM_NEXT_CONTACT)
		return;
	if (!s->conn.contact.refuse)
		s->conn.state = HVM_CONN_CONNECTING;
	hvm_contact_apply(s);
}

static void lost(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	release_all(s, HVM_NEXT_NONE);
}

static void lost_connecting(struct hvm_server *s, const struct hvm_input *in)
{
	(void)in;
	s->conn.newer = false;
	hvm_sched_cancel_ctx(s->p->sched, &s->conn);
	forget_guest(s);
}

#define ST(st) [HVM_CONN_##st]
#define EV(ev) [HVM_CONN_EV_##ev]
#define TO(st, act) \
	{ \
		act, HVM_CONN_##st, false \
	}
#define PTO(st, act) \
	{ \
		act, HVM_CONN_##st, true \
	}

static const struct edge edges[HVM_CONN_STATES][HVM_CONN_EVENTS] = {
	ST(DISCONNECTED) = {
		EV(CONTACT)		= TO(CONNECTING, contact_first),
		EV(CLOSE_RESERVED)	= TO(DISCONNECTED, hvm_channel_close_reserved),
	},
	ST(CONNECTING) = {
		EV(CONTACT)		= TO(CONNECTING, contact_newer),
		EV(CLOSE_RESERVED)	= TO(CONNECTING, hvm_channel_close_reserved),
		EV(LOWER_OK)		= TO(CONNECTED, lower_ok),
		EV(LOWER_FAILED)	= TO(DISCONNECTED, lower_failed),
		EV(LOST)		= TO(DISCONNECTED, lost_connecting),
	},
	ST(CONNECTED) = {
		EV(CONTACT)		= PTO(DISCONNECTING, contact_again),
		EV(REQUEST_OFFERS)	= TO(CONNECTED, request_offers),
		EV(UNLOAD)		= PTO(DISCONNECTING, unload),
		EV(MODIFY)		= TO(CONNECTED, modify),
		EV(PAUSE)		= TO(CONNECTED, pause_guest),
		EV(RESUME)		= PTO(CONNECTED, resume_guest),
		EV(CHANNEL)		= TO(CONNECTED, hvm_channel_message),
		EV(CLOSE_RESERVED)	= PTO(CONNECTED, hvm_channel_close_reserved),
		EV(LOST)		= PTO(DISCONNECTING, lost),
	},
	ST(DISCONNECTING) = {
		EV(CONTACT)		= TO(DISCONNECTING, contact_next),
		EV(CLOSE_RESERVED)	= TO(DISCONNECTING, hvm_channel_close_reserved),
		EV(SETTLED)		= TO(DISCONNECTED, settled),
		EV(LOST)		= TO(DISCONNECTING, lost),
	},
};

static bool from_guest(enum hvm_conn_event ev)
{
	return ev < HVM_CONN_EV_LOWER_OK;
}

void hvm_conn_event(struct hvm_server *s, enum hvm_conn_event ev, const struct hvm_input *in)
{
	const struct edge *e = &edges[s->conn.state][ev];

	if (!e->act || (s->conn.paused && from_guest(ev) && !e->while_paused)) {
		if (from_guest(ev))
			hvm_drop(s, HVM_DROP_STATE, hvm_conn_state_name(s->conn.state));
		return;
	}
	/* A contact that is answered elsewhere or not at all changes nothing. */
	if (ev == HVM_CONN_EV_CONTACT && !hvm_contact_parse(s, in, &s->conn.contact))
		return;
	s->conn.state = e->next;
	e->act(s, in);
}

static bool in_motion(const struct hvm_channel *ch)
{
	return ch->state == HVM_CH_CLOSING_RELEASE || ch->state == HVM_CH_OPENING_RELEASE;
}

void hvm_conn_check_settled(struct hvm_server *s)
{
	size_t i;

	/* A device that closes at once is quiet while others have not been asked yet. */
	if (s->conn.state != HVM_CONN_DISCONNECTING || s->conn.releasing)
		return;
	for (i = 0; i < s->n; i++) {
		if (in_motion(s->channels[i]))
			return;
	}
	hvm_conn_event(s, HVM_CONN_EV_SETTLED, NULL);
}

void hvm_server_lower_done(struct hvm_server *s, bool ok)
{
	hvm_conn_event(s, ok ? HVM_CONN_EV_LOWER_OK : HVM_CONN_EV_LOWER_FAILED, NULL);
}

void hvm_server_drop_connection(struct hvm_server *s)
{
	hvm_conn_event(s, HVM_CONN_EV_LOST, NULL);
}
