/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: its life, its channels, and what can be asked about it. */
#include <hvproto/wire/interfaces.h>

#include "netvsp_internal.h"

#define DEFAULT_SPEED 10000000000ull
#define DEFAULT_SECTION 6144u
#define DEFAULT_TRANSFER 0xefffffffu
#define DEFAULT_FRAMES 1024u
#define LINK_DELAY (5 * HVM_SEC)
#define TABLE_OFFSET 12u
#define TABLE_OFFSET_MAX 188u

/* ---- settings ---- */

static uint32_t or_else(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

static void fill_numbers(struct hvm_netvsp_config *c)
{
	c->size = sizeof(*c);
	c->min_version = or_else(c->min_version, HVP_NVSP_VERSION_1);
	c->max_version = or_else(c->max_version, HVP_NVSP_VERSION_6_1);
	c->mtu_max = at_most(or_else(c->mtu_max, HVP_NVSP_FRAME_MAX), HVP_NVSP_FRAME_MAX);
	c->max_queues = at_most(or_else(c->max_queues, 1), HVM_NET_QUEUES_MAX);
	c->section_size = or_else(c->section_size, DEFAULT_SECTION);
	c->max_packets = or_else(c->max_packets, HVP_RNDIS_PACKETS_PER_MESSAGE);
	c->alignment_factor = or_else(c->alignment_factor, HVP_RNDIS_ALIGNMENT_FACTOR + 1);
	c->max_transfer = or_else(c->max_transfer, DEFAULT_TRANSFER);
	c->max_mdl_chain = or_else(c->max_mdl_chain, HVP_NVSP_MAX_MDL_CHAIN);
	c->hash_table = at_most(or_else(c->hash_table, HVP_NDIS_RSS_TABLE_MAX),
				HVP_NDIS_RSS_TABLE_MAX);
	c->table_offset = at_most(c->table_offset < TABLE_OFFSET ? TABLE_OFFSET : c->table_offset,
				  TABLE_OFFSET_MAX);
	if (!c->link_speed)
		c->link_speed = DEFAULT_SPEED;
	if (!c->link_delay)
		c->link_delay = LINK_DELAY;
}

static void set_name(struct hvm_netvsp *n)
{
	const char *name = n->cfg.friendly_name ? n->cfg.friendly_name : "Network Device";

	free(n->friendly_name);
	n->friendly_name = hvm_xcopy(name, strlen(name) + 1);
	n->cfg.friendly_name = n->friendly_name;
}

static void fill_identity(struct hvm_netvsp_config *c)
{
	static const uint8_t mac[6] = { 0x00, 0x15, 0x5d, 0x00, 0x00, 0x01 };
	static const uint8_t none[16];

	if (!memcmp(c->mac, none, sizeof(c->mac)))
		memcpy(c->mac, mac, sizeof(mac));
	if (!memcmp(c->instance_id.b, none, sizeof(none))) {
		memcpy(c->instance_id.b, mac, sizeof(mac));
		memcpy(c->instance_id.b + 10, c->mac, sizeof(c->mac));
	}
}

void hvm_netvsp_configure(struct hvm_netvsp *n, const struct hvm_netvsp_config *cfg)
{
	struct hvm_netvsp_config c = *cfg;
	uint64_t speed = n->cfg.link_speed;

	c.instance_id = n->cfg.instance_id;
	c.backend = n->cfg.backend;
	c.tap = n->cfg.tap;
	c.ctx = n->cfg.ctx;
	fill_numbers(&c);
	fill_identity(&c);
	n->cfg = c;
	if (n->cfg.friendly_name != n->friendly_name || !n->friendly_name)
		set_name(n);
	if (c.link_speed != speed)
		n->link_speed = c.link_speed;
}

void hvm_netvsp_get_config(const struct hvm_netvsp *n, struct hvm_netvsp_config *out)
{
	*out = n->cfg;
}

void hvm_netvsp_set_tap(struct hvm_netvsp *n, hvm_net_tap_fn tap, void *ctx)
{
	n->cfg.tap = tap;
	n->cfg.ctx = ctx;
}

void hvm_netvsp_set_backend(struct hvm_netvsp *n, struct hvm_net_backend *b)
{
	hvm_nv_backend_stop(n);
	n->cfg.backend = b;
	hvm_nv_backend_start(n);
}

/* ---- reading ---- */

static bool readable(const struct nv_queue *q)
{
	return q->open && !q->n->paused && hvm_nv_alive(q->n) && q->outstanding < NV_TX_OUTSTANDING;
}

static bool read_one(struct nv_queue *q)
{
	struct hvm_packet k;
	struct nv_item *i;
	enum hvp_status st;

	if (!readable(q))
		return false;
	st = hvm_scripted_poll_one(q->d);
	if (st == HVP_CORRUPT)
		hvm_nv_stop(q->n, "a corrupt ring");
	if (st != HVP_OK || !hvm_scripted_take(q->d, &k))
		return false;
	i = hvm_nv_packet_item(NV_IN_PACKET, q->index, &k);
	if (hvm_nv_tap(q->n, i))
		hvm_nv_packet(q->n, i);
	return true;
}

/* After the last look the mask goes, and what came before that is read too. */
void hvm_nv_work(struct nv_queue *q)
{
	if (q->working || !q->open)
		return;
	q->working = true;
	hvm_nv_flush(q);
	do {
		(void)hvm_scripted_set_mask(q->d, true);
		while (read_one(q))
			;
		if (q->open)
			(void)hvm_scripted_set_mask(q->d, false);
	} while (read_one(q));
	q->working = false;
	hvm_nv_control_run(q->n);
}

static void kicked(void *ctx, uint64_t arg)
{
	(void)arg;
	hvm_nv_work(ctx);
}

void hvm_nv_kick(struct nv_queue *q)
{
	struct hvm_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.cls = HVM_CLASS_HOST;
	ev.fn = kicked;
	ev.ctx = q;
	(void)hvm_sched_add(hvm_nv_sched(q->n), &ev);
}

void hvm_netvsp_pause(struct hvm_netvsp *n, bool pause)
{
	uint32_t k;

	n->paused = pause;
	for (k = 0; !pause && k < HVM_NET_QUEUES_MAX; k++)
		hvm_nv_work(&n->q[k]);
}

/* ---- channels ---- */

void hvm_nv_stop(struct hvm_netvsp *n, const char *reason)
{
	if (!hvm_nv_alive(n))
		return;
	n->ss.state = HVM_NET_STOPPED;
	n->ss.reason = reason;
	n->c.stops++;
	hvm_note(hvm_server_partition(n->s), "network: %s", reason);
}

static void close_queue(struct nv_queue *q)
{
	q->open = false;
	hvm_nv_clear(&q->out);
	hvm_nv_clear(&q->rx);
	q->outstanding = 0;
	hvm_sched_cancel_ctx(hvm_nv_sched(q->n), q);
}

/* Everything but the data path and the VF is forgotten (section 6.6). */
static void close_session(struct hvm_netvsp *n)
{
	uint32_t k;

	for (k = 1; k < HVM_NET_QUEUES_MAX; k++) {
		hvm_scripted_free(n->q[k].d);
		n->q[k].d = NULL;
	}
	hvm_nv_clear(&n->control);
	hvm_nv_clear(&n->replies);
	hvm_nv_clear(&n->held);
	hvm_nv_clear(&n->delayed);
	hvm_sched_cancel_ctx(hvm_nv_sched(n), &n->delayed);
	n->foreign_n = 0;
	free(n->ss.slots);
	memset(&n->ss, 0, sizeof(n->ss));
}

static void opened(struct nv_queue *q)
{
	struct hvm_netvsp *n = q->n;

	q->open = true;
	if (!q->index) {
		n->ss.state = HVM_NET_AWAIT_VERSION;
		n->ss.mtu = HVP_NVSP_FRAME_MIN;
		n->ss.queues = 1;
	} else {
		hvm_nv_queue_opened(n);
	}
	hvm_nv_work(q);
}

static void on_event(void *ctx, enum hvm_scripted_event event)
{
	struct nv_queue *q = ctx;

	switch (event) {
	case HVM_SCRIPTED_OPENED:
		opened(q);
		break;
	case HVM_SCRIPTED_SIGNALLED:
		hvm_nv_work(q);
		break;
	default:
		close_queue(q);
		if (!q->index)
			close_session(q->n);
	}
}

void hvm_nv_queue_new(struct hvm_netvsp *n, uint32_t index)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	struct nv_queue *q = &n->q[index];
	struct hvm_offer o;

	memset(&o, 0, sizeof(o));
	o.interface_id = network;
	o.instance_id = n->cfg.instance_id;
	o.subchannel_index = (uint16_t)index;
	q->n = n;
	q->index = index;
	q->d = hvm_scripted_new(n->s, &o);
	if (!q->d)
		return;
	hvm_scripted_set_reading(q->d, false);
	hvm_scripted_watch(q->d, on_event, q);
}

struct hvm_scripted *hvm_netvsp_queue(struct hvm_netvsp *n, uint32_t queue)
{
	return queue < HVM_NET_QUEUES_MAX ? n->q[queue].d : NULL;
}

/* ---- life ---- */

struct hvm_netvsp *hvm_netvsp_new(struct hvm_server *s, const struct hvm_netvsp_config *cfg)
{
	struct hvm_netvsp *n = hvm_xalloc(sizeof(*n));

	n->s = s;
	n->cfg = *cfg;
	n->link_up = !cfg->link_down;
	n->vf_present = cfg->vf_present;
	n->vf_serial = cfg->vf_serial;
	n->frame_max = DEFAULT_FRAMES;
	fill_numbers(&n->cfg);
	fill_identity(&n->cfg);
	set_name(n);
	n->link_speed = n->cfg.link_speed;
	hvm_nv_queue_new(n, 0);
	if (n->q[0].d) {
		hvm_nv_backend_start(n);
		return n;
	}
	free(n->friendly_name);
	free(n);
	return NULL;
}

void hvm_netvsp_free(struct hvm_netvsp *n)
{
	if (!n)
		return;
	hvm_nv_backend_stop(n);
	hvm_scripted_free(n->q[0].d);
	close_session(n);
	hvm_sched_cancel_ctx(hvm_nv_sched(n), n);
	while (n->oid_n)
		hvm_netvsp_clear_oid(n, n->oids[0].oid);
	hvm_netvsp_keep_frames(n, 0);
	free(n->oids);
	free(n->frames);
	free(n->foreign);
	free(n->friendly_name);
	free(n);
}

/* ---- state ---- */

static uint32_t open_queues(const struct hvm_netvsp *n)
{
	uint32_t k, count = 0;

	for (k = 0; k < HVM_NET_QUEUES_MAX; k++)
		count += n->q[k].open;
	return count;
}

void hvm_netvsp_info(const struct hvm_netvsp *n, struct hvm_netvsp_info *out)
{
	const struct nv_session *ss = &n->ss;

	memset(out, 0, sizeof(*out));
	out->state = ss->state;
	out->reason = ss->reason;
	out->version = ss->version;
	out->mtu = ss->mtu;
	out->capabilities = ss->capabilities;
	out->ndis_major = ss->ndis_major;
	out->ndis_minor = ss->ndis_minor;
	out->filter = ss->filter;
	out->queues = ss->queues;
	out->open_queues = open_queues(n);
	out->receive_slots = ss->slot_count;
	out->slot_size = ss->slot_size;
	out->free_slots = ss->free_data;
	out->send_sections = ss->section_count;
	out->section_size = ss->section_size;
	out->receive_id = ss->receive_id;
	out->send_id = ss->send_id;
	out->link_up = n->link_up;
	out->data_path = n->data_path;
	out->vf_advertised = ss->vf_told;
	out->rss = ss->rss;
	out->hash_info = ss->hash_info;
	memcpy(out->key, ss->key, sizeof(out->key));
	memcpy(out->table, ss->table, sizeof(out->table));
	out->table_size = ss->table_size;
	out->offloads = ss->offloads;
}

void hvm_netvsp_counters(const struct hvm_netvsp *n, struct hvm_netvsp_counters *out)
{
	*out = n->c;
}

const char *hvm_net_state_name(enum hvm_net_state state)
{
	static const char *const names[] = {
		[HVM_NET_CLOSED] = "closed",	       [HVM_NET_AWAIT_VERSION] = "await-version",
		[HVM_NET_CONFIGURING] = "configuring", [HVM_NET_READY] = "ready",
		[HVM_NET_OPERATIONAL] = "operational", [HVM_NET_STOPPED] = "stopped",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}
