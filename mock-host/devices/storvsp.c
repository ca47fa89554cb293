/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock storage controller: its life, its channels, and what is plugged into it. */
#include <hvproto/wire/interfaces.h>
#include <hvproto/wire/vmbus.h>

#include "storvsp_internal.h"

#define DEFAULT_TRANSFER 0x40000u
#define DEFAULT_DEPTH 256u
#define IDE_DATA3 0x8899u
#define IDE_EMULATED 0x2u
#define DESC HVP_RING_DESC_SIZE

struct hvm_sched *hvm_sv_sched(const struct hvm_storvsp *n)
{
	return hvm_partition_sched(hvm_server_partition(n->s));
}

/* ---- packets on their way ---- */

static struct sv_item *item_of(struct sv_queue *q, const struct hvm_packet *k)
{
	struct sv_item *i = hvm_xalloc(sizeof(*i));

	i->q = q;
	i->flags = k->flags;
	i->type = k->type;
	i->id = k->transaction_id;
	i->ranges = k->ranges;
	i->extra_size = k->extra_size;
	i->size = k->payload_size;
	i->base = hvm_xalloc(DESC + i->extra_size + i->size);
	i->bytes = i->base + DESC + i->extra_size;
	if (i->extra_size)
		memcpy(i->base + DESC, k->extra, i->extra_size);
	if (i->size)
		memcpy(i->bytes, k->payload, i->size);
	q->items = hvm_vec_grow(q->items, q->item_n, &q->item_cap, sizeof(*q->items));
	q->items[q->item_n++] = i;
	return i;
}

static void item_free(struct sv_item *i)
{
	free(i->base);
	free(i);
}

/* Its answer is on its way: the ring may be read on. */
void hvm_sv_finish(struct sv_item *i)
{
	struct sv_queue *q = i->q;
	size_t k;

	for (k = 0; k < q->item_n && q->items[k] != i; k++)
		;
	q->item_n = hvm_vec_remove(q->items, q->item_n, k, sizeof(*q->items));
	item_free(i);
	if (!q->working)
		hvm_sv_kick(q);
}

bool hvm_sv_later(struct sv_item *i, uint64_t delay, hvm_event_fn fn, uint64_t arg)
{
	struct hvm_event ev;

	if (!delay)
		return false;
	memset(&ev, 0, sizeof(ev));
	ev.cls = HVM_CLASS_HOST;
	ev.delay = delay;
	ev.fn = fn;
	ev.ctx = i;
	ev.arg = arg;
	(void)hvm_sched_add(hvm_sv_sched(i->q->n), &ev);
	return true;
}

static enum hvp_status send_answer(struct sv_queue *q, const struct sv_answer *a)
{
	struct hvm_packet k;

	if (!a->notice)
		return hvm_scripted_complete(q->d, a->id, a->bytes, a->size);
	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_INBAND;
	k.payload = a->bytes;
	k.payload_size = a->size;
	return hvm_scripted_send(q->d, &k);
}

static void flush(struct sv_queue *q)
{
	while (q->out_n && send_answer(q, &q->out[0]) != HVP_AGAIN)
		q->out_n = hvm_vec_remove(q->out, q->out_n, 0, sizeof(*q->out));
}

void hvm_sv_answer(struct sv_queue *q, const struct sv_answer *a)
{
	flush(q);
	if (!q->out_n && send_answer(q, a) != HVP_AGAIN)
		return;
	q->out = hvm_vec_grow(q->out, q->out_n, &q->out_cap, sizeof(*q->out));
	q->out[q->out_n++] = *a;
}

/* ---- reading ---- */

/* A request on a sub-channel that comes before the controller is ready waits (section 12.1). */
static bool readable(const struct sv_queue *q)
{
	const struct hvm_storvsp *n = q->n;

	return q->open && n->state != HVM_STORAGE_STOPPED && q->item_n < n->cfg.depth &&
	       (!q->index || n->state == HVM_STORAGE_READY);
}

static bool read_one(struct sv_queue *q)
{
	struct hvm_packet k;
	enum hvp_status st;

	if (!readable(q))
		return false;
	st = hvm_scripted_poll_one(q->d);
	if (st == HVP_CORRUPT)
		hvm_sv_stop(q->n, "a corrupt ring");
	if (st != HVP_OK || !hvm_scripted_take(q->d, &k))
		return false;
	hvm_sv_packet(item_of(q, &k));
	return true;
}

static void work(struct sv_queue *q)
{
	if (q->working || !q->open)
		return;
	q->working = true;
	flush(q);
	do {
		(void)hvm_scripted_set_mask(q->d, true);
		while (read_one(q))
			;
		if (q->open)
			(void)hvm_scripted_set_mask(q->d, false);
	} while (read_one(q));
	q->working = false;
}

static void kicked(void *ctx, uint64_t arg)
{
	(void)arg;
	work(ctx);
}

void hvm_sv_kick(struct sv_queue *q)
{
	struct hvm_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.cls = HVM_CLASS_HOST;
	ev.fn = kicked;
	ev.ctx = q;
	(void)hvm_sched_add(hvm_sv_sched(q->n), &ev);
}

void hvm_sv_stop(struct hvm_storvsp *n, const char *reason)
{
	if (n->state == HVM_STORAGE_STOPPED || n->state == HVM_STORAGE_CLOSED)
		return;
	n->state = HVM_STORAGE_STOPPED;
	n->reason = reason;
	n->info.stops++;
	hvm_note(hvm_server_partition(n->s), "storage: %s", reason);
}

/* ---- channels ---- */

/* What is in flight touches no memory of the guest any more (VST-REQ-066). */
static void close_queue(struct sv_queue *q)
{
	size_t k;

	if (!q->n)
		return;
	q->open = false;
	for (k = 0; k < q->item_n; k++) {
		hvm_sched_cancel_ctx(hvm_sv_sched(q->n), q->items[k]);
		item_free(q->items[k]);
	}
	free(q->items);
	free(q->out);
	q->items = NULL;
	q->out = NULL;
	q->item_n = q->item_cap = q->out_n = q->out_cap = 0;
	hvm_sched_cancel_ctx(hvm_sv_sched(q->n), q);
}

static void close_session(struct hvm_storvsp *n)
{
	uint32_t k;

	for (k = 1; k < HVM_STORAGE_QUEUES_MAX; k++) {
		hvm_scripted_free(n->q[k].d);
		n->q[k].d = NULL;
		close_queue(&n->q[k]);
	}
	n->state = HVM_STORAGE_CLOSED;
	n->reason = NULL;
	n->version = 0;
	n->subs = 0;
	n->subs_early = false;
}

static void on_event(void *ctx, enum hvm_scripted_event event)
{
	struct sv_queue *q = ctx;

	switch (event) {
	case HVM_SCRIPTED_OPENED:
		q->open = true;
		if (!q->index)
			q->n->state = HVM_STORAGE_BEGIN;
		work(q);
		break;
	case HVM_SCRIPTED_SIGNALLED:
		work(q);
		break;
	default:
		close_queue(q);
		if (!q->index)
			close_session(q->n);
	}
}

static void describe_ide(const struct hvm_storvsp *n, struct hvm_offer *o)
{
	const struct hvp_vmbus_user_defined_ide ide = {
		.path_id = (uint8_t)n->cfg.ide_channel,
		.target_id = (uint8_t)n->cfg.ide_device,
		.flags = IDE_EMULATED,
	};
	struct hvp_wr w = hvp_wr_init(o->user_defined, sizeof(o->user_defined));
	const struct hvp_neg any = { 0, 0 };

	o->flags = HVP_VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE;
	(void)!hvp_vmbus_user_defined_ide_encode(&w, any, &ide, NULL);
}

void hvm_sv_queue_new(struct hvm_storvsp *n, uint32_t index)
{
	static const struct hvp_guid classes[] = {
		[HVM_STORAGE_SCSI] = HVP_INTERFACE_SCSI,
		[HVM_STORAGE_IDE] = HVP_INTERFACE_IDE,
		[HVM_STORAGE_FC] = HVP_INTERFACE_FIBRE_CHANNEL,
	};
	struct sv_queue *q = &n->q[index];
	struct hvm_offer o;

	memset(&o, 0, sizeof(o));
	o.interface_id = classes[n->cfg.kind];
	o.instance_id = n->cfg.instance_id;
	o.subchannel_index = (uint16_t)index;
	if (n->cfg.kind == HVM_STORAGE_IDE)
		describe_ide(n, &o);
	q->n = n;
	q->index = index;
	q->d = hvm_scripted_new(n->s, &o);
	if (!q->d)
		return;
	hvm_scripted_set_reading(q->d, false);
	hvm_scripted_watch(q->d, on_event, q);
}

struct hvm_scripted *hvm_storvsp_queue(struct hvm_storvsp *n, uint32_t queue)
{
	return queue < HVM_STORAGE_QUEUES_MAX ? n->q[queue].d : NULL;
}

/* ---- life ---- */

/* Of an IDE disk the place is in the instance id (section 1.2). */
static void fill_identity(struct hvm_storvsp_config *c)
{
	static const uint8_t none[16];
	static const uint8_t fixed[16] = { 0x30, 0x6c, 0x61, 0x7b, 0x1d, 0x4e, 0x5f, 0x42,
					   0xb2, 0x93, 0x08, 0x8a, 0xc1, 0x55, 0x27, 0xd4 };

	if (memcmp(c->instance_id.b, none, sizeof(none)) != 0)
		return;
	if (c->kind == HVM_STORAGE_IDE) {
		c->instance_id.b[0] = (uint8_t)c->ide_channel;
		c->instance_id.b[4] = (uint8_t)c->ide_device;
		hvp_put_u16(c->instance_id.b + 6, IDE_DATA3);
	} else {
		memcpy(c->instance_id.b, fixed, sizeof(fixed));
		c->instance_id.b[15] = (uint8_t)(fixed[15] + c->kind);
	}
}

static void fill(struct hvm_storvsp_config *c)
{
	c->size = sizeof(*c);
	c->min_version = c->min_version ? c->min_version : HVP_VSTOR_VERSION_2_0;
	c->max_version = c->max_version ? c->max_version : HVP_VSTOR_VERSION_6_2;
	c->max_transfer = c->max_transfer ? c->max_transfer : DEFAULT_TRANSFER;
	c->depth = c->depth ? c->depth : DEFAULT_DEPTH;
	if (c->max_subs >= HVM_STORAGE_QUEUES_MAX)
		c->max_subs = HVM_STORAGE_QUEUES_MAX - 1;
	if (c->kind == HVM_STORAGE_IDE)
		c->max_subs = 0;
	fill_identity(c);
}

struct hvm_storvsp *hvm_storvsp_new(struct hvm_server *s, const struct hvm_storvsp_config *cfg)
{
	struct hvm_storvsp *n = hvm_xalloc(sizeof(*n));

	n->s = s;
	n->cfg = *cfg;
	fill(&n->cfg);
	hvm_sv_queue_new(n, 0);
	if (n->q[0].d)
		return n;
	free(n);
	return NULL;
}

void hvm_storvsp_free(struct hvm_storvsp *n)
{
	if (!n)
		return;
	hvm_scripted_free(n->q[0].d);
	close_queue(&n->q[0]);
	close_session(n);
	free(n->faults);
	free(n);
}

/* ---- units ---- */

static struct sv_unit *unit_at(struct hvm_storvsp *n, uint8_t path, uint8_t target, uint8_t lun)
{
	size_t i;

	for (i = 0; i < n->unit_n; i++)
		if (n->units[i].path == path && n->units[i].target == target &&
		    n->units[i].lun == lun)
			return &n->units[i];
	return NULL;
}

static bool ordered_before(const struct sv_unit *a, const struct sv_unit *b)
{
	if (a->path != b->path)
		return a->path < b->path;
	return a->target != b->target ? a->target < b->target : a->lun < b->lun;
}

enum hvp_status hvm_storvsp_attach(struct hvm_storvsp *n, struct hvm_lun *l, uint8_t path,
				   uint8_t target, uint8_t lun)
{
	const struct sv_unit u = { l, path, target, lun };
	size_t i = n->unit_n;

	if (unit_at(n, path, target, lun) || n->unit_n == HVM_STORAGE_LUNS_MAX)
		return HVP_ARG;
	if (n->cfg.kind == HVM_STORAGE_IDE &&
	    (n->unit_n || lun || path != n->cfg.ide_channel || target != n->cfg.ide_device))
		return HVP_ARG;
	for (; i > 0 && ordered_before(&u, &n->units[i - 1]); i--)
		n->units[i] = n->units[i - 1];
	n->units[i] = u;
	n->unit_n++;
	hvm_sv_notice(n);
	return HVP_OK;
}

enum hvp_status hvm_storvsp_detach(struct hvm_storvsp *n, uint8_t path, uint8_t target, uint8_t lun)
{
	struct sv_unit *u = unit_at(n, path, target, lun);

	if (!u)
		return HVP_ARG;
	n->unit_n = hvm_vec_remove(n->units, n->unit_n, (size_t)(u - n->units), sizeof(*u));
	hvm_sv_notice(n);
	return HVP_OK;
}

void hvm_storvsp_fault(struct hvm_storvsp *n, const struct hvm_storage_fault *f)
{
	n->faults = hvm_vec_grow(n->faults, n->fault_n, &n->fault_cap, sizeof(*f));
	n->faults[n->fault_n] = *f;
	if (!f->count)
		n->faults[n->fault_n].count = UINT32_MAX;
	n->fault_n++;
}

void hvm_storvsp_clear_faults(struct hvm_storvsp *n)
{
	n->fault_n = 0;
}

/* ---- state ---- */

void hvm_storvsp_info(const struct hvm_storvsp *n, struct hvm_storvsp_info *out)
{
	uint32_t k;

	*out = n->info;
	out->state = n->state;
	out->reason = n->reason;
	out->version = n->version;
	out->queues = n->subs + 1;
	for (k = 0; k < HVM_STORAGE_QUEUES_MAX; k++) {
		out->open_queues += n->q[k].open;
		out->outstanding += (uint32_t)n->q[k].item_n;
	}
}

const char *hvm_storage_state_name(enum hvm_storage_state state)
{
	static const char *const names[] = {
		[HVM_STORAGE_CLOSED] = "closed",
		[HVM_STORAGE_BEGIN] = "begin",
		[HVM_STORAGE_QUERY_VERSION] = "query-version",
		[HVM_STORAGE_QUERY_PROPERTIES] = "query-properties",
		[HVM_STORAGE_END_INIT] = "end-init",
		[HVM_STORAGE_READY] = "ready",
		[HVM_STORAGE_STOPPED] = "stopped",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}
