/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: what goes to the guest. */
#include "netvsp_internal.h"

#define ROOM 2048u /* of any message that is made here */

/* ---- rings ---- */

void hvm_nv_flush(struct nv_queue *q)
{
	struct hvm_packet k;

	while (q->open && q->out.n) {
		hvm_nv_packet_of(q->out.items[0], &k);
		if (hvm_scripted_send(q->d, &k) == HVP_AGAIN)
			return;
		hvm_nv_free(hvm_nv_take(&q->out, 0));
	}
}

void hvm_nv_ring(struct hvm_netvsp *n, struct nv_item *i)
{
	struct nv_queue *q = &n->q[i->queue];
	bool full = q->outstanding >= NV_TX_OUTSTANDING;

	if (!q->open) {
		hvm_nv_free(i);
		return;
	}
	hvm_nv_push(&q->out, i);
	hvm_nv_flush(q);
	if (full && q->outstanding < NV_TX_OUTSTANDING)
		hvm_nv_kick(q);
}

void hvm_nv_out(struct hvm_netvsp *n, struct nv_item *i)
{
	if (hvm_nv_tap(n, i))
		hvm_nv_ring(n, i);
}

/* ---- later ---- */

static void go(struct hvm_netvsp *n, struct nv_item *i)
{
	if (i->kind == NV_OUT_RNDIS)
		hvm_nv_rndis(n, &i, 1);
	else
		hvm_nv_out(n, i);
}

static void due(void *ctx, uint64_t token)
{
	struct nv_list *l = ctx;
	struct hvm_netvsp *n =
		(struct hvm_netvsp *)(void *)((char *)l - offsetof(struct hvm_netvsp, delayed));
	size_t k;

	for (k = 0; k < l->n; k++) {
		if (l->items[k]->token == token) {
			go(n, hvm_nv_take(l, k));
			return;
		}
	}
}

void hvm_nv_later(struct hvm_netvsp *n, struct nv_item *i, uint64_t delay)
{
	struct hvm_event ev;

	if (!delay) {
		go(n, i);
		return;
	}
	memset(&ev, 0, sizeof(ev));
	ev.cls = HVM_CLASS_HOST;
	ev.delay = delay;
	ev.fn = due;
	ev.ctx = &n->delayed;
	ev.arg = i->token = ++n->next_token;
	hvm_nv_push(&n->delayed, i);
	(void)hvm_sched_add(hvm_nv_sched(n), &ev);
}

/* ---- NVSP messages ---- */

/* Stringent guests drop what is shorter than the size of the version's messages. */
static uint32_t padded(const struct hvm_netvsp *n, size_t size)
{
	uint32_t least = n->ss.version >= HVP_NVSP_VERSION_6_1 ? 40u : 28u;

	return n->cfg.tight || size >= least ? (uint32_t)size : least;
}

static uint32_t encode(const struct hvm_netvsp *n, const char *name, const void *body, uint8_t *to)
{
	const struct hvp_msg_desc *d = hvp_msg_by_name(&hvp_nvsp_proto, name);
	struct hvp_wr w = hvp_wr_init(to, ROOM);

	memset(to, 0, ROOM);
	if (!d || d->encode(&w, hvm_nv_neg(n), body, NULL) != HVP_OK)
		return 0;
	return (uint32_t)w.off;
}

static struct nv_item *completion(struct hvm_netvsp *n, const struct nv_item *request,
				  const char *name, const void *body)
{
	uint8_t bytes[ROOM];
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_COMPLETION;
	k.transaction_id = request->id;
	k.payload = bytes;
	k.payload_size = name ? padded(n, encode(n, name, body, bytes)) : 0;
	return hvm_nv_packet_item(NV_OUT_PACKET, request->queue, &k);
}

void hvm_nv_answer(struct hvm_netvsp *n, const struct nv_item *request, const char *name,
		   const void *body)
{
	if (request->flags & HVP_PACKET_COMPLETION_REQUESTED)
		hvm_nv_later(n, completion(n, request, name, body), n->cfg.delay);
}

void hvm_nv_answer_rndis(struct hvm_netvsp *n, const struct nv_item *request, uint32_t status,
			 bool frames)
{
	struct hvp_nvsp_rndis_packet_complete c = { status };
	struct nv_item *i = completion(n, request, "rndis_packet_complete", &c);

	if (frames) {
		i->counts = &n->q[request->queue].outstanding;
		(*i->counts)++;
	}
	hvm_nv_later(n, i, frames ? n->cfg.tx_delay : 0);
}

/* A notice is not padded; with an id it asks for a completion, and its absence blocks nothing. */
void hvm_nv_notice(struct hvm_netvsp *n, const char *name, const void *body, uint64_t id)
{
	struct nv_session *ss = &n->ss;
	uint8_t bytes[ROOM];
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_INBAND;
	k.flags = id ? HVP_PACKET_COMPLETION_REQUESTED : 0;
	k.transaction_id = id;
	k.payload = bytes;
	k.payload_size = encode(n, name, body, bytes);
	if (!strcmp(name, "vf_association"))
		k.payload_size = padded(n, k.payload_size);
	if (id && ss->notice_count < sizeof(ss->notices) / sizeof(ss->notices[0]))
		ss->notices[ss->notice_count++] = id;
	hvm_nv_out(n, hvm_nv_packet_item(NV_OUT_PACKET, 0, &k));
}

/* ---- RNDIS messages ---- */

static void put_ranges(uint8_t *extra, uint16_t set, const struct hvp_xfer_range *r, uint32_t count)
{
	uint32_t k;

	hvp_put_u16(extra, set);
	hvp_put_u16(extra + 2, 0);
	hvp_put_u32(extra + 4, count);
	for (k = 0; k < count; k++) {
		hvp_put_u32(extra + 8 + 8 * k, r[k].byte_count);
		hvp_put_u32(extra + 12 + 8 * k, r[k].byte_offset);
	}
}

static struct nv_item *xfer_packet(struct hvm_netvsp *n, uint32_t queue, uint32_t first, bool data,
				   const struct hvp_xfer_range *r, uint32_t count)
{
	struct hvp_nvsp_rndis_packet m = { data ? HVP_NVSP_CHANNEL_TYPE_DATA
						: HVP_NVSP_CHANNEL_TYPE_CONTROL,
					   HVP_NVSP_NO_SECTION, 0 };
	uint8_t *extra = hvm_xalloc(8 + 8 * (size_t)count);
	uint8_t bytes[ROOM];
	struct nv_item *i;
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	put_ranges(extra, n->ss.receive_id, r, count);
	k.type = HVP_PACKET_XFER_PAGES;
	k.flags = HVP_PACKET_COMPLETION_REQUESTED;
	k.transaction_id = first;
	k.extra = extra;
	k.extra_size = 8 + 8 * count;
	k.payload = bytes;
	k.payload_size = padded(n, encode(n, "rndis_packet", &m, bytes));
	i = hvm_nv_packet_item(NV_OUT_PACKET, queue, &k);
	free(extra);
	return i;
}

static void fill(struct hvm_netvsp *n, struct nv_item **items, size_t count, uint32_t slot)
{
	struct hvp_xfer_range *r = hvm_xalloc(count * sizeof(*r));
	uint32_t first = slot;
	bool ok = true;
	size_t k;

	for (k = 0; k < count; k++, slot = n->ss.slots[slot].next) {
		r[k].byte_count = (uint32_t)items[k]->size;
		r[k].byte_offset = slot * n->ss.slot_size;
		ok &= hvm_netvsp_receive_write(n, r[k].byte_offset, items[k]->bytes,
					       items[k]->size) == HVP_OK;
	}
	if (ok)
		hvm_nv_out(n, xfer_packet(n, items[0]->queue, first, items[0]->data, r,
					  (uint32_t)count));
	else
		hvm_nv_stop(n, "the receive buffer is gone");
	free(r);
}

/* All of one group or none: they are one ring packet. */
static bool place(struct hvm_netvsp *n, struct nv_item **items, size_t count)
{
	uint32_t slot = hvm_nv_slots_take(n, items[0]->queue, (uint32_t)count, items[0]->data);
	size_t k;

	if (slot == NV_SLOT_NONE)
		return false;
	if (items[0]->data)
		n->c.rx_packets++;
	fill(n, items, count, slot);
	for (k = 0; k < count; k++)
		hvm_nv_free(items[k]);
	return true;
}

static struct nv_list *waiting(struct hvm_netvsp *n, const struct nv_item *i)
{
	return i->data ? &n->q[i->queue].rx : &n->replies;
}

void hvm_nv_place(struct hvm_netvsp *n, struct nv_item **items, size_t count)
{
	struct nv_list *l = waiting(n, items[0]);
	size_t k;

	if (n->ss.slots && hvm_nv_alive(n) && !l->n && place(n, items, count))
		return;
	for (k = 0; k < count; k++)
		hvm_nv_push(l, items[k]);
}

static void place_list(struct hvm_netvsp *n, struct nv_list *l)
{
	size_t count, k;

	while (l->n && hvm_nv_alive(n)) {
		for (count = 1; count < l->n; count++)
			if (l->items[count]->group != l->items[0]->group)
				break;
		if (!place(n, l->items, count))
			return;
		for (k = 0; k < count && l->n; k++)
			(void)hvm_nv_take(l, 0);
	}
}

void hvm_nv_place_waiting(struct hvm_netvsp *n)
{
	uint32_t k;

	if (!n->ss.slots)
		return;
	place_list(n, &n->replies);
	for (k = 0; k < HVM_NET_QUEUES_MAX; k++)
		place_list(n, &n->q[k].rx);
}

void hvm_nv_rndis(struct hvm_netvsp *n, struct nv_item **items, size_t count)
{
	uint32_t group = ++n->next_group;
	size_t k, left = 0;

	for (k = 0; k < count; k++) {
		items[k]->group = group;
		if (hvm_nv_tap(n, items[k]))
			items[left++] = items[k];
	}
	for (k = 0; k < left; k++)
		if (items[k]->size > n->ss.slot_size)
			items[k]->size = n->ss.slot_size;
	if (left)
		hvm_nv_place(n, items, left);
}
