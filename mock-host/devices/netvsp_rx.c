/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: frames for the guest. */
#include "netvsp_internal.h"

#define HEADER HVP_RNDIS_PACKET_MIN_SIZE
#define BASE HVP_RNDIS_OFFSET_BASE
#define PPI_SIZE 16u

static uint32_t vlan_ppi(uint16_t tci)
{
	return (uint32_t)tci >> 13 | (uint32_t)(tci >> 12 & 1) << 3 | (uint32_t)(tci & 0xfff) << 4;
}

static uint32_t put_ppi(uint8_t *at, uint32_t type, uint32_t value)
{
	hvp_put_u32(at, PPI_SIZE);
	hvp_put_u32(at + 4, type);
	hvp_put_u32(at + 8, PPI_SIZE - 4);
	hvp_put_u32(at + 12, value);
	return PPI_SIZE;
}

/* The checksum element is always there; the first fragment carries what is told of a frame. */
static uint32_t put_ppis(uint8_t *at, const struct hvm_net_rx *f, uint32_t fragment, uint16_t id)
{
	uint32_t size = 0;

	if (!f->segments || f->segments == 1 || (fragment & HVP_RNDIS_FRAGMENT_FIRST)) {
		size += put_ppi(at, HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM,
				f->has_checksum ? f->checksum : 0);
		if (f->has_vlan)
			size += put_ppi(at + size, HVP_RNDIS_PPI_TYPE_IEEE_8021Q,
					vlan_ppi(f->vlan));
		if (f->has_hash) {
			size += put_ppi(at + size, HVP_RNDIS_PPI_TYPE_HASH_VALUE, f->hash);
			size += put_ppi(at + size, HVP_RNDIS_PPI_TYPE_HASH_INFO, f->hash_info);
		}
	}
	if (fragment)
		size += put_ppi(at + size, HVP_RNDIS_PPI_TYPE_PACKET_ID,
				1u | fragment << 8 | (uint32_t)id << 16);
	return size;
}

/* A message is as long as its slot, whatever the frame is, as a known host makes it. */
static struct nv_item *message(struct hvm_netvsp *n, uint32_t queue, const uint8_t *bytes,
			       size_t size)
{
	uint8_t *m = hvm_xalloc(n->ss.slot_size);
	struct nv_item *i;

	hvp_put_u32(m, HVP_RNDIS_PACKET);
	hvp_put_u32(m + 4, n->ss.slot_size);
	hvp_put_u32(m + 8, HVP_NVSP_RNDIS_HEADER_ROOM - BASE);
	hvp_put_u32(m + 12, (uint32_t)size);
	hvp_put_u32(m + 28, HEADER - BASE);
	memcpy(m + HVP_NVSP_RNDIS_HEADER_ROOM, bytes, size);
	i = hvm_nv_item(NV_OUT_RNDIS, queue, m, n->ss.slot_size);
	i->type = HVP_PACKET_XFER_PAGES;
	i->flags = HVP_PACKET_COMPLETION_REQUESTED;
	i->data = true;
	free(m);
	return i;
}

static uint32_t pieces_of(const struct hvm_net_rx *f)
{
	return f->segments ? f->segments : 1;
}

static void build(struct hvm_netvsp *n, uint32_t queue, const struct hvm_net_rx *f,
		  struct nv_item **out)
{
	uint32_t pieces = pieces_of(f), k, fragment;
	size_t each = (f->size + pieces - 1) / pieces, at = 0, size;

	n->rsc_id++;
	for (k = 0; k < pieces; k++, at += size) {
		size = f->size - at < each ? f->size - at : each;
		out[k] = message(n, queue, f->bytes + at, size);
		fragment = pieces == 1
				   ? 0
				   : HVP_RNDIS_FRAGMENT_MULTI | (k ? 0 : HVP_RNDIS_FRAGMENT_FIRST) |
					     (k + 1 < pieces ? 0 : HVP_RNDIS_FRAGMENT_LAST);
		hvp_put_u32(out[k]->bytes + 32,
			    put_ppis(out[k]->bytes + HEADER, f, fragment, n->rsc_id));
	}
}

static bool fits(const struct hvm_netvsp *n, const struct hvm_net_rx *f)
{
	size_t each = (f->size + pieces_of(f) - 1) / pieces_of(f);

	return f->size >= pieces_of(f) && pieces_of(f) <= HVP_RNDIS_FRAGMENTS_MAX &&
	       n->ss.slot_size >= HVP_NVSP_RNDIS_HEADER_ROOM &&
	       each <= n->ss.slot_size - HVP_NVSP_RNDIS_HEADER_ROOM;
}

static enum hvp_status refuse(struct hvm_netvsp *n, uint32_t queue, const struct hvm_net_rx *frames,
			      size_t count, size_t *slots)
{
	size_t k;

	if (n->ss.state != HVM_NET_OPERATIONAL || !n->ss.filter || !n->q[queue].open) {
		n->c.rx_filtered += count;
		return HVP_STATE;
	}
	*slots = 0;
	for (k = 0; k < count; k++) {
		if (!fits(n, &frames[k])) {
			n->c.rx_too_long += count;
			return HVP_NOSPACE;
		}
		*slots += pieces_of(&frames[k]);
	}
	if (*slots > n->ss.slot_count - HVP_NVSP_RESERVED_SLOTS ||
	    n->q[queue].rx.n + *slots > NV_BACKLOG) {
		n->c.rx_no_slot += count;
		return HVP_NOSPACE;
	}
	return HVP_OK;
}

enum hvp_status hvm_netvsp_deliver(struct hvm_netvsp *n, uint32_t queue,
				   const struct hvm_net_rx *frames, size_t count)
{
	struct nv_item **items;
	uint32_t hash, info;
	enum hvp_status st;
	size_t slots, k, at = 0;

	if (!count || (queue != HVM_NET_ANY_QUEUE && queue >= HVM_NET_QUEUES_MAX))
		return HVP_ARG;
	if (queue == HVM_NET_ANY_QUEUE)
		queue = hvm_nv_rss_queue(n, frames[0].bytes, frames[0].size, &hash, &info);
	st = refuse(n, queue, frames, count, &slots);
	if (st != HVP_OK)
		return st;
	items = hvm_xalloc(slots * sizeof(struct nv_item *));
	for (k = 0; k < count; k++) {
		build(n, queue, &frames[k], items + at);
		at += pieces_of(&frames[k]);
		n->c.rx_frames++;
		n->c.rx_bytes += frames[k].size;
	}
	hvm_nv_rndis(n, items, slots);
	free(items);
	return HVP_OK;
}

/* ---- what a script sends ---- */

enum hvp_status hvm_netvsp_send_rndis(struct hvm_netvsp *n, uint32_t queue, const void *bytes,
				      size_t size, bool data)
{
	struct nv_item *i;

	if (queue >= HVM_NET_QUEUES_MAX)
		return HVP_ARG;
	if (!n->ss.has_receive || !hvm_nv_alive(n) || !n->q[queue].open)
		return HVP_STATE;
	if (size > n->ss.slot_size)
		return HVP_ARG;
	i = hvm_nv_item(NV_OUT_RNDIS, queue, bytes, size);
	i->type = HVP_PACKET_XFER_PAGES;
	i->flags = HVP_PACKET_COMPLETION_REQUESTED;
	i->data = data;
	i->group = ++n->next_group;
	hvm_nv_place(n, &i, 1);
	return HVP_OK;
}

static void expect_completion(struct hvm_netvsp *n, uint64_t id, uint16_t flags)
{
	if (!(flags & HVP_PACKET_COMPLETION_REQUESTED))
		return;
	n->foreign = hvm_vec_grow(n->foreign, n->foreign_n, &n->foreign_cap, sizeof(*n->foreign));
	n->foreign[n->foreign_n++] = id;
}

enum hvp_status hvm_netvsp_send(struct hvm_netvsp *n, uint32_t queue, const struct hvm_packet *k)
{
	enum hvp_status st;

	if (queue >= HVM_NET_QUEUES_MAX)
		return HVP_ARG;
	if (!n->q[queue].open)
		return HVP_STATE;
	st = hvm_scripted_send(n->q[queue].d, k);
	if (st == HVP_OK)
		expect_completion(n, k->transaction_id, k->flags);
	return st;
}

enum hvp_status hvm_netvsp_notify(struct hvm_netvsp *n, uint32_t queue, const void *bytes,
				  size_t size, bool completion)
{
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_INBAND;
	k.flags = completion ? HVP_PACKET_COMPLETION_REQUESTED : 0;
	k.transaction_id = completion ? UINT64_MAX - ++n->next_token : 0;
	k.payload = bytes;
	k.payload_size = (uint32_t)size;
	return hvm_netvsp_send(n, queue, &k);
}

enum hvp_status hvm_netvsp_complete(struct hvm_netvsp *n, uint32_t queue, uint64_t transaction_id,
				    const void *bytes, size_t size)
{
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_COMPLETION;
	k.transaction_id = transaction_id;
	k.payload = bytes;
	k.payload_size = (uint32_t)size;
	return hvm_netvsp_send(n, queue, &k);
}

enum hvp_status hvm_netvsp_send_ranges(struct hvm_netvsp *n, const struct hvm_net_ranges *r)
{
	size_t extra_size = 8 + 8 * (size_t)r->range_count;
	uint8_t *extra = hvm_xalloc(extra_size);
	struct hvm_packet k;
	enum hvp_status st;
	uint32_t i;

	hvp_put_u16(extra, r->set_id);
	hvp_put_u32(extra + 4, r->range_count);
	for (i = 0; i < r->range_count; i++) {
		hvp_put_u32(extra + 8 + 8 * (size_t)i, r->ranges[i].byte_count);
		hvp_put_u32(extra + 12 + 8 * (size_t)i, r->ranges[i].byte_offset);
	}
	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_XFER_PAGES;
	k.flags = r->flags;
	k.transaction_id = r->transaction_id;
	k.extra = extra;
	k.extra_size = (uint32_t)extra_size;
	k.payload = r->nvsp;
	k.payload_size = (uint32_t)r->nvsp_size;
	st = hvm_netvsp_send(n, r->queue, &k);
	free(extra);
	return st;
}
