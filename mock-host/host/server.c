/* SPDX-License-Identifier: BSD-2-Clause */
/* Life of a server, and reading of the ports. */
#include <stdlib.h>

#include "server_internal.h"

#define LEGACY_CONNECTION HVP_HV_CONNECTION_LEGACY_MESSAGE
#define CONTACT_CONNECTION HVP_HV_CONNECTION_MESSAGE
#define DEFAULT_POLL (100 * HVM_US)

static void pump(void *ctx, uint64_t arg);

void hvm_server_ready(void *ctx)
{
	pump(ctx, 0);
}

void hvm_pump_later(struct hvm_server *s)
{
	struct hvm_event ev = { HVM_CLASS_HOST, 0, pump, s, 0 };

	if (s->pump_due)
		return;
	s->pump_due = true;
	hvm_sched_add(s->p->sched, &ev);
}

static void on_drained(void *ctx)
{
	hvm_pump_later(ctx);
}

/* Host flow control: answers that the guest does not fetch stop the reading of questions. */
static bool backlog(const struct hvm_server *s)
{
	return hvm_synic_queued(s->p, s->conn.target.vp, s->conn.target.sint) > 0;
}

static bool take(struct hvm_server *s, struct hvm_port_msg *m)
{
	const uint32_t ids[] = { LEGACY_CONNECTION, CONTACT_CONNECTION, s->conn.connection_id };
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (hvm_msg_port_take(s->p, ids[i], m))
			return true;
	}
	return false;
}

static void pump(void *ctx, uint64_t arg)
{
	struct hvm_server *s = ctx;
	struct hvm_port_msg m;

	(void)arg;
	s->pump_due = false;
	while (!s->stop_reading && !backlog(s) && take(s, &m))
		hvm_server_input(s, &m);
}

static bool add_ports(struct hvm_server *s)
{
	if (hvm_msg_port_add(s->p, LEGACY_CONNECTION, hvm_server_ready, s) != HVP_OK ||
	    hvm_event_port_add(s->p, HVP_HV_CONNECTION_SHARED_EVENT, 1, hvm_shared_signal, s) !=
		    HVP_OK)
		return false;
	return s->cfg.max_version < V5_0 ||
	       hvm_msg_port_add(s->p, CONTACT_CONNECTION, hvm_server_ready, s) == HVP_OK;
}

static void remove_ports(struct hvm_server *s)
{
	hvm_port_remove(s->p, LEGACY_CONNECTION);
	hvm_port_remove(s->p, HVP_HV_CONNECTION_SHARED_EVENT);
	hvm_port_remove(s->p, CONTACT_CONNECTION);
	if (s->conn.port_added)
		hvm_port_remove(s->p, s->conn.connection_id);
}

struct hvm_server *hvm_server_new(struct hvm_partition *p, const struct hvm_server_config *cfg)
{
	struct hvm_server *s;

	if (cfg->size != sizeof(*cfg))
		return NULL;
	s = hvm_xalloc(sizeof(*s));
	s->p = p;
	s->cfg = *cfg;
	if (!s->cfg.max_version)
		s->cfg.max_version = V6_0;
	if (!s->cfg.accept_version)
		s->cfg.accept_version = s->cfg.max_version;
	if (!s->cfg.monitor_poll)
		s->cfg.monitor_poll = DEFAULT_POLL;
	s->conn.target.sint = HVM_SINT_VMBUS;
	if (!add_ports(s)) {
		free(s);
		return NULL;
	}
	hvm_synic_on_drained(p, on_drained, s);
	return s;
}

void hvm_server_free(struct hvm_server *s)
{
	if (!s)
		return;
	hvm_sched_cancel_ctx(s->p->sched, s);
	hvm_synic_on_drained(s->p, NULL, s);
	hvm_monitor_stop(s);
	hvm_pages_drop(s);
	hvm_gpadls_free(s);
	while (s->n)
		hvm_channel_forget(s->channels[s->n - 1]);
	remove_ports(s);
	s->p->version = 0;
	free(s->channels);
	free(s->held);
	free(s->later);
	free(s);
}

struct hvm_partition *hvm_server_partition(struct hvm_server *s)
{
	return s->p;
}

void hvm_server_stop_reading(struct hvm_server *s, bool stop)
{
	s->stop_reading = stop;
	if (!stop)
		hvm_pump_later(s);
}

void hvm_server_info(const struct hvm_server *s, struct hvm_conn_info *out)
{
	const struct hvm_conn *c = &s->conn;

	memset(out, 0, sizeof(*out));
	out->state = c->state;
	out->version = c->version;
	out->features = c->features;
	out->connection_id = c->connection_id;
	out->target_vp = c->target.vp;
	out->offers_sent = c->offers_sent;
	out->paused = c->paused;
	out->interrupt_page = c->interrupt_page;
	memcpy(out->monitor_pages, c->monitor_pages, sizeof(out->monitor_pages));
	out->client_id = c->client_id;
}

/* ---- counts and names ---- */

static const char *const drop_names[HVM_DROPS] = {
	[HVM_DROP_SIZE] = "size",
	[HVM_DROP_TYPE] = "type",
	[HVM_DROP_DIRECTION] = "direction",
	[HVM_DROP_VERSION] = "version",
	[HVM_DROP_STATE] = "connection state",
	[HVM_DROP_CHANNEL] = "channel",
	[HVM_DROP_GPADL] = "gpadl",
	[HVM_DROP_VALUE] = "value",
	[HVM_DROP_SCRIPT] = "script",
};

void hvm_drop(struct hvm_server *s, enum hvm_drop why, const char *what)
{
	s->dropped[why]++;
	hvm_note(s->p, "host drops %s: %s", what, drop_names[why]);
}

uint64_t hvm_server_dropped(const struct hvm_server *s, enum hvm_drop why)
{
	return why < HVM_DROPS ? s->dropped[why] : 0;
}

uint64_t hvm_server_received(const struct hvm_server *s, uint32_t type)
{
	return type < HVM_MESSAGE_TYPES ? s->received[type] : 0;
}

uint64_t hvm_server_sent(const struct hvm_server *s, uint32_t type)
{
	return type < HVM_MESSAGE_TYPES ? s->sent[type] : 0;
}

const char *hvm_conn_state_name(enum hvm_conn_state state)
{
	static const char *const names[HVM_CONN_STATES] = {
		"disconnected",
		"connecting",
		"connected",
		"disconnecting",
	};

	return state < HVM_CONN_STATES ? names[state] : "?";
}

const char *hvm_channel_state_name(enum hvm_channel_state state)
{
	static const char *const names[HVM_CH_STATES] = {
		"released",	   "closed",	      "opening", "open",
		"closing",	   "closing-reopen",  "revoked", "reoffered",
		"closing-release", "opening-release",
	};

	return state < HVM_CH_STATES ? names[state] : "?";
}

const char *hvm_gpadl_state_name(enum hvm_gpadl_state state)
{
	static const char *const names[HVM_GPADL_STATES] = {
		"none",	    "in-progress",  "offered", "offered-tearing-down",
		"accepted", "tearing-down",
	};

	return state < HVM_GPADL_STATES ? names[state] : "?";
}
