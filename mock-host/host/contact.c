/* SPDX-License-Identifier: BSD-2-Clause */
/* INITIATE_CONTACT: what is asked, what is granted, and the pages that come with it. */
#include "server_internal.h"

static const uint32_t versions[] = {
	V0_13, V1_1, V2_4, V3_0, HVP_VMBUS_VERSION_4_0, V4_1, V5_0, V5_1, HVP_VMBUS_VERSION_5_2,
	V5_3,  V6_0,
};

/* Only listed values count, also between two known ones. */
static bool known_version(const struct hvm_server *s, uint32_t version)
{
	size_t i;

	if (version < s->cfg.min_version || version > s->cfg.accept_version)
		return false;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i] == version)
			return true;
	}
	return false;
}

static bool usable_page(struct hvm_server *s, uint64_t gpa)
{
	return gpa % HVM_PAGE == 0 && hvm_mem_ptr(s->p, gpa, HVM_PAGE);
}

/* Both or none; and pages they must be. */
static bool usable_monitor(struct hvm_server *s, const uint64_t gpa[2])
{
	if (!gpa[0] && !gpa[1])
		return true;
	return gpa[0] && gpa[1] && usable_page(s, gpa[0]) && usable_page(s, gpa[1]);
}

static void respond_unsupported(struct hvm_server *s, struct hvm_target to)
{
	struct hvp_vmbus_version_response m;
	struct hvp_neg neg = { V5_3, 0 }; /* the short form, also for 6.0 */

	memset(&m, 0, sizeof(m));
	hvm_send_to(s, to, neg, HVP_VMBUS_VERSION_RESPONSE, &m);
}

static void judge(struct hvm_server *s, struct hvm_contact *c)
{
	bool page = c->version >= V2_4 || !c->interrupt_page || usable_page(s, c->interrupt_page);

	c->state = HVP_VMBUS_CONNECTION_STATE_SUCCESSFUL;
	c->refuse = !known_version(s, c->version);
	if (!c->refuse && (!page || !usable_monitor(s, c->monitor_pages))) {
		c->refuse = true;
		c->state = HVP_VMBUS_CONNECTION_STATE_FAILED_UNKNOWN_FAILURE;
	}
}

/* False: this contact is not for the state tables. */
bool hvm_contact_parse(struct hvm_server *s, const struct hvm_input *in, struct hvm_contact *out)
{
	const struct hvp_vmbus_initiate_contact *m = &in->b.contact;
	bool multi = in->connection_id == HVP_HV_CONNECTION_MESSAGE;
	struct hvm_contact c;

	memset(&c, 0, sizeof(c));
	c.version = m->version_requested;
	c.target.vp = c.version >= V3_0 ? m->target_message_vp : 0;
	c.target.sint = m->has_target && multi ? m->target_sint : HVM_SINT_VMBUS;
	if (m->has_target && multi && c.version >= V5_1 && m->target_vtl != s->cfg.vtl) {
		hvm_note(s->p, "contact for VTL %u is not for this server", m->target_vtl);
		return false;
	}
	if (c.target.sint != HVM_SINT_VMBUS) {
		respond_unsupported(s, c.target);
		return false;
	}
	if (m->has_target && c.version >= V6_0)
		c.features = m->feature_flags;
	if (m->has_interrupt_page && c.version < V2_4)
		c.interrupt_page = m->interrupt_page_gpa;
	c.monitor_pages[0] = m->parent_to_child_monitor_page_gpa;
	c.monitor_pages[1] = m->child_to_parent_monitor_page_gpa;
	if (m->has_client_id)
		c.client_id = m->client_id;
	judge(s, &c);
	*out = c;
	return true;
}

static void lower_event(void *ctx, uint64_t arg)
{
	struct hvm_conn *c = ctx;
	struct hvm_server *s =
		(struct hvm_server *)(void *)((char *)c - offsetof(struct hvm_server, conn));

	(void)arg;
	hvm_server_lower_done(s, true);
}

/* Hand pages and features to the layer below, which may take its time. */
void hvm_contact_apply(struct hvm_server *s)
{
	struct hvm_event ev = { HVM_CLASS_HOST, s->cfg.lower_latency, lower_event, &s->conn, 0 };

	if (s->conn.contact.refuse) {
		s->conn.state = HVM_CONN_DISCONNECTED;
		hvm_contact_refuse(s);
		return;
	}
	if (s->cfg.hold_lower)
		return;
	if (s->cfg.lower_latency)
		hvm_sched_add(s->p->sched, &ev);
	else
		hvm_server_lower_done(s, true);
}

static uint32_t grant(const struct hvm_server *s, uint32_t asked)
{
	uint32_t granted = asked & s->cfg.features & HVM_ALL_FEATURES;

	if (!s->cfg.trusted)
		granted &= ~HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS;
	if (!s->cfg.server_pages)
		granted &= ~HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES;
	return granted;
}

/*
 * The port of a connection stays until the next one is made: a guest that has unloaded can
 * still close reserved channels on it.
 */
static void open_connection(struct hvm_server *s)
{
	struct hvm_conn *c = &s->conn;

	if (c->port_added)
		hvm_port_remove(s->p, c->connection_id);
	c->port_added = false;
	c->connection_id = HVP_HV_CONNECTION_LEGACY_MESSAGE;
	if (c->version < V5_0)
		return;
	c->connection_id = s->cfg.connection_id;
	if (!c->connection_id)
		c->connection_id = HVP_HV_CONNECTION_MESSAGE + (c->target.sint << 4) +
				   (c->target.vp << 8) + (s->cfg.vtl << 22);
	c->port_added = hvm_msg_port_add(s->p, c->connection_id, hvm_server_ready, s) == HVP_OK;
}

static void send_accepted(struct hvm_server *s)
{
	struct hvp_vmbus_version_response m;
	const struct hvm_conn *c = &s->conn;

	memset(&m, 0, sizeof(m));
	m.version_supported = 1;
	m.connection_state = HVP_VMBUS_CONNECTION_STATE_SUCCESSFUL;
	m.selected_version_or_connection_id = c->version < V5_0 ? c->version : c->connection_id;
	m.has_features = c->version >= V6_0;
	m.supported_features = c->features;
	m.has_monitor_pages = hvm_has(s, HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES);
	m.parent_to_child_monitor_page_gpa = c->monitor_pages[0];
	m.child_to_parent_monitor_page_gpa = c->monitor_pages[1];
	hvm_send(s, HVP_VMBUS_VERSION_RESPONSE, &m);
}

void hvm_contact_accept(struct hvm_server *s)
{
	struct hvm_conn *c = &s->conn;
	const struct hvm_contact *k = &c->contact;

	c->version = k->version;
	c->features = k->version >= V6_0 ? grant(s, k->features) : 0;
	c->target = k->target;
	c->client_id = k->client_id;
	c->offers_sent = false;
	s->p->version = c->version;
	hvm_pages_set(s, k->interrupt_page,
		      hvm_has(s, HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES)
			      ? s->cfg.server_pages_gpa
			      : k->monitor_pages);
	open_connection(s);
	send_accepted(s);
}

/* A failure has words from 2.4 on; before, the version is called unsupported. */
void hvm_contact_refuse(struct hvm_server *s)
{
	const struct hvm_contact *k = &s->conn.contact;
	struct hvp_vmbus_version_response m;
	struct hvp_neg neg = { k->version, 0 };

	if (!k->state || k->version < V2_4) {
		respond_unsupported(s, k->target);
		return;
	}
	memset(&m, 0, sizeof(m));
	m.version_supported = 1;
	m.connection_state = k->state;
	m.selected_version_or_connection_id = k->version < V5_0 ? k->version : 0;
	m.has_features = k->version >= V6_0;
	hvm_send_to(s, k->target, neg, HVP_VMBUS_VERSION_RESPONSE, &m);
}

/* ---- pages ---- */

void hvm_pages_drop(struct hvm_server *s)
{
	struct hvm_conn *c = &s->conn;
	size_t i;

	if (c->interrupt_page)
		hvm_mem_drop(s->p, c->interrupt_page / HVM_PAGE);
	for (i = 0; i < 2; i++) {
		if (c->monitor_pages[i])
			hvm_mem_drop(s->p, c->monitor_pages[i] / HVM_PAGE);
		c->monitor_pages[i] = 0;
	}
	c->interrupt_page = 0;
}

void hvm_pages_set(struct hvm_server *s, uint64_t interrupt_page, const uint64_t monitor[2])
{
	struct hvm_conn *c = &s->conn;
	size_t i;

	hvm_pages_drop(s);
	c->interrupt_page = interrupt_page;
	if (interrupt_page)
		hvm_mem_hold(s->p, interrupt_page / HVM_PAGE, "interrupt page");
	for (i = 0; i < 2; i++) {
		c->monitor_pages[i] = monitor[i];
		if (monitor[i])
			hvm_mem_hold(s->p, monitor[i] / HVM_PAGE, "monitor page");
	}
	hvm_monitor_start(s);
}

/* A page owner answers at once here, so two requests are never in flight together. */
void hvm_modify_connection(struct hvm_server *s, const struct hvp_vmbus_modify_connection *m)
{
	const uint64_t pages[2] = { m->parent_to_child_monitor_page_gpa,
				    m->child_to_parent_monitor_page_gpa };
	struct hvp_vmbus_modify_connection_response r;

	memset(&r, 0, sizeof(r));
	if (hvm_has(s, HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES) ||
	    !usable_monitor(s, pages))
		r.connection_state = HVP_VMBUS_CONNECTION_STATE_FAILED_UNKNOWN_FAILURE;
	else
		hvm_pages_set(s, s->conn.interrupt_page, pages);
	hvm_send(s, HVP_VMBUS_MODIFY_CONNECTION_RESPONSE, &r);
}
