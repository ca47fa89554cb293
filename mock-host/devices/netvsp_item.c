/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: messages on their way, and the tap that sees them. */
#include "netvsp_internal.h"

#define DESC HVP_RING_DESC_SIZE

struct nv_item *hvm_nv_packet_item(enum nv_kind kind, uint32_t queue, const struct hvm_packet *k)
{
	struct nv_item *i = hvm_xalloc(sizeof(*i));

	i->kind = kind;
	i->queue = queue;
	i->type = k->type;
	i->flags = k->flags;
	i->id = k->transaction_id;
	i->ranges = k->ranges;
	i->extra_size = k->extra_size;
	i->size = k->payload_size;
	i->base = hvm_xalloc(DESC + i->extra_size + i->size);
	if (i->extra_size)
		memcpy(i->base + DESC, k->extra, i->extra_size);
	i->bytes = i->base + DESC + i->extra_size;
	if (i->size)
		memcpy(i->bytes, k->payload, i->size);
	return i;
}

struct nv_item *hvm_nv_item(enum nv_kind kind, uint32_t queue, const void *bytes, size_t size)
{
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_INBAND;
	k.payload = bytes;
	k.payload_size = (uint32_t)size;
	return hvm_nv_packet_item(kind, queue, &k);
}

/* The descriptor's room is there for readers of ranges, who count from it. */
void hvm_nv_packet_of(const struct nv_item *i, struct hvm_packet *out)
{
	memset(out, 0, sizeof(*out));
	out->type = i->type;
	out->flags = i->flags;
	out->transaction_id = i->id;
	out->extra = i->base + DESC;
	out->extra_size = i->extra_size;
	out->payload = i->bytes;
	out->payload_size = (uint32_t)i->size;
	out->ranges = i->ranges;
}

void hvm_nv_replace(struct nv_item *i, const void *bytes, size_t size)
{
	uint8_t *copy = hvm_xcopy(bytes, size);

	if (i->own_bytes)
		free(i->bytes);
	i->bytes = copy;
	i->size = size;
	i->own_bytes = true;
}

void hvm_nv_free(struct nv_item *i)
{
	if (i->counts)
		(*i->counts)--;
	if (i->own_bytes)
		free(i->bytes);
	free(i->base);
	free(i);
}

/* ---- lists ---- */

void hvm_nv_push(struct nv_list *l, struct nv_item *i)
{
	l->items = hvm_vec_grow(l->items, l->n, &l->cap, sizeof(*l->items));
	l->items[l->n++] = i;
}

struct nv_item *hvm_nv_take(struct nv_list *l, size_t index)
{
	struct nv_item *i = l->items[index];

	l->n = hvm_vec_remove(l->items, l->n, index, sizeof(*l->items));
	return i;
}

void hvm_nv_clear(struct nv_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		hvm_nv_free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

/* ---- the tap ---- */

static bool is_rndis(const struct nv_item *i)
{
	return i->kind != NV_IN_PACKET && i->kind != NV_OUT_PACKET;
}

static uint32_t direction(const struct nv_item *i)
{
	return i->kind >= NV_OUT_PACKET ? HVP_DIR_H2G : HVP_DIR_G2H;
}

static const char *name_of(const struct hvm_net_message *m)
{
	const struct hvp_proto_desc *p = m->layer == HVM_NET_NVSP ? &hvp_nvsp_proto
								  : &hvp_rndis_proto;
	const struct hvp_msg_desc *d;

	if (!m->size)
		return "empty";
	d = m->size < 4 ? NULL : hvp_msg_find(p, m->type, m->dir);
	return d ? d->name : "unknown";
}

void hvm_nv_message(const struct hvm_netvsp *n, const struct nv_item *i,
		    struct hvm_net_message *out)
{
	memset(out, 0, sizeof(*out));
	out->dir = direction(i);
	out->layer = is_rndis(i) ? HVM_NET_RNDIS : HVM_NET_NVSP;
	out->type = i->size < 4 ? 0 : hvp_get_u32(i->bytes);
	out->bytes = i->bytes;
	out->size = i->size;
	out->version = n->ss.version;
	out->queue = i->queue;
	out->packet_type = i->type;
	out->flags = i->flags;
	out->transaction_id = i->id;
	out->name = name_of(out);
}

/* A packet that never goes leaves its slots with the host. */
void hvm_nv_dropped(struct hvm_netvsp *n, struct nv_item *i)
{
	if (i->kind == NV_OUT_PACKET && i->type == HVP_PACKET_XFER_PAGES)
		(void)hvm_nv_slots_finish(n, i->queue, i->id);
	hvm_nv_free(i);
}

bool hvm_nv_tap(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvm_net_replacement with = { NULL, 0 };
	enum hvm_net_verdict v = HVM_NET_PASS;
	struct hvm_net_message m;

	hvm_nv_message(n, i, &m);
	if (n->cfg.tap)
		v = n->cfg.tap(n->cfg.ctx, &m, &with);
	if (v == HVM_NET_REPLACE)
		hvm_nv_replace(i, with.bytes, with.size);
	if (v == HVM_NET_PASS || v == HVM_NET_REPLACE)
		return true;
	if (v == HVM_NET_HOLD)
		hvm_nv_push(&n->held, i);
	else
		hvm_nv_dropped(n, i);
	return false;
}

/* ---- held messages ---- */

size_t hvm_netvsp_held(const struct hvm_netvsp *n)
{
	return n->held.n;
}

bool hvm_netvsp_held_get(const struct hvm_netvsp *n, size_t index, struct hvm_net_message *out)
{
	if (index >= n->held.n)
		return false;
	hvm_nv_message(n, n->held.items[index], out);
	return true;
}

static void go_on(struct hvm_netvsp *n, struct nv_item *i)
{
	switch (i->kind) {
	case NV_IN_PACKET:
		hvm_nv_packet(n, i);
		break;
	case NV_IN_CONTROL:
		hvm_nv_control(n, i);
		break;
	case NV_IN_FRAME:
		hvm_nv_frame(n, i);
		break;
	case NV_OUT_PACKET:
		hvm_nv_ring(n, i);
		break;
	default:
		hvm_nv_place(n, &i, 1);
	}
}

enum hvp_status hvm_netvsp_release(struct hvm_netvsp *n, size_t index, enum hvm_net_verdict verdict,
				   const struct hvm_net_replacement *with)
{
	struct nv_item *i;

	if (index >= n->held.n || verdict == HVM_NET_HOLD)
		return HVP_ARG;
	i = hvm_nv_take(&n->held, index);
	if (verdict == HVM_NET_REPLACE && with)
		hvm_nv_replace(i, with->bytes, with->size);
	if (verdict == HVM_NET_DROP)
		hvm_nv_dropped(n, i);
	else
		go_on(n, i);
	hvm_nv_control_run(n);
	return HVP_OK;
}
