/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: frames of the guest and what they ask for. */
#include "netvsp_internal.h"

#define ETHERNET 14u
#define IPV4 20u
#define IPV6 40u

/* ---- checks ---- */

static uint16_t vlan_of(uint32_t ppi)
{
	return (uint16_t)((ppi & HVP_RNDIS_VLAN_PRIORITY) << 13 | (ppi & HVP_RNDIS_VLAN_DEI) << 9 |
			  (ppi & HVP_RNDIS_VLAN_ID) >> 4);
}

static bool word(const struct hvp_rndis_ppi *p, bool *has, uint32_t *value)
{
	if (hvp_rd_left(&p->payload) < 4)
		return false;
	*has = true;
	*value = hvp_get_u32(p->payload.p + p->payload.off);
	return true;
}

/* Unknown types are skipped by their size (NET-REQ-066). */
static bool take_ppi(struct hvm_net_tx *tx, const struct hvp_rndis_ppi *p)
{
	uint32_t vlan;

	switch (p->type) {
	case HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM:
		return word(p, &tx->has_checksum, &tx->checksum);
	case HVP_RNDIS_PPI_TYPE_TCP_LARGE_SEND:
		return word(p, &tx->has_lso, &tx->lso);
	case HVP_RNDIS_PPI_TYPE_IEEE_8021Q:
		if (!word(p, &tx->has_vlan, &vlan))
			return false;
		tx->vlan = vlan_of(vlan);
		return true;
	case HVP_RNDIS_PPI_TYPE_HASH_VALUE:
		return word(p, &tx->has_hash, &tx->hash);
	default:
		return true;
	}
}

static bool take_ppis(struct hvm_net_tx *tx, struct hvp_rd list)
{
	struct hvp_neg neg = { 0, 0 };
	struct hvp_rndis_ppi p;

	while (hvp_rd_left(&list))
		if (hvp_rndis_ppi_next(&list, neg, &p, NULL) != HVP_OK || !take_ppi(tx, &p))
			return false;
	return true;
}

static bool header_ok(const struct hvm_net_tx *tx, uint32_t offset, bool ipv6, uint32_t more)
{
	uint32_t least = ETHERNET + (ipv6 ? IPV6 : IPV4);

	if (!offset)
		offset = least;
	return offset >= least && tx->size > more && offset < tx->size - more;
}

/* Offsets lie behind the IP header and inside the frame (NET-REQ-069, NET-SEC-51). */
static bool offload_ok(const struct hvm_net_tx *tx)
{
	uint32_t c = tx->checksum, l = tx->lso;

	if (tx->has_checksum && (c & (HVP_RNDIS_CSUM_TX_TCP | HVP_RNDIS_CSUM_TX_UDP)) &&
	    !header_ok(tx, (c & HVP_RNDIS_CSUM_TX_TCP_HEADER_OFFSET) >> 16,
		       !(c & HVP_RNDIS_CSUM_TX_IS_IPV4) && (c & HVP_RNDIS_CSUM_TX_IS_IPV6), 0))
		return false;
	return !tx->has_lso || ((l & HVP_RNDIS_LSO_MSS) != 0 &&
				header_ok(tx, (l & HVP_RNDIS_LSO_TCP_HEADER_OFFSET) >> 20,
					  (l & HVP_RNDIS_LSO_V2) && (l & HVP_RNDIS_LSO_IPV6), 12));
}

static bool odd(const struct hvp_rndis_packet *m)
{
	return m->oob_data_offset || m->oob_data_length || m->num_oob_data_elements ||
	       m->vc_handle || !m->data_length;
}

/* Header and list are read in one go: they lie in one piece (NET-REQ-102). */
static bool divided(const struct hvp_rndis_packet *m, size_t undivided)
{
	size_t list = m->per_packet_info_length
			      ? (size_t)m->per_packet_info_offset + 8 + m->per_packet_info_length
			      : 0;

	return undivided < HVP_RNDIS_PACKET_MIN_SIZE || undivided < list;
}

bool hvm_nv_frame_check(struct hvm_netvsp *n, struct nv_item *f, size_t undivided)
{
	struct hvp_rd r = hvp_rd_init(f->bytes, f->size);
	struct hvp_rndis_packet m = { 0 };

	if (hvp_rndis_packet_decode(&r, hvm_nv_neg(n), &m, NULL) != HVP_OK)
		return false;
	if (odd(&m) || m.message_length > f->size || divided(&m, undivided))
		return false;
	f->tx.bytes = m.data.p + m.data.off;
	f->tx.size = hvp_rd_left(&m.data);
	f->tx.message_length = m.message_length;
	return take_ppis(&f->tx, m.ppis) && offload_ok(&f->tx);
}

/* ---- frames ---- */

static void keep(struct hvm_netvsp *n, const struct hvm_net_tx *tx)
{
	struct nv_frame k;

	if (!n->frame_max)
		return;
	if (n->frame_n >= n->frame_max) {
		free(n->frames[0].bytes);
		n->frame_n = hvm_vec_remove(n->frames, n->frame_n, 0, sizeof(*n->frames));
	}
	k.tx = *tx;
	k.bytes = hvm_xcopy(tx->bytes, tx->size);
	k.tx.bytes = k.bytes;
	n->frames = hvm_vec_grow(n->frames, n->frame_n, &n->frame_cap, sizeof(*n->frames));
	n->frames[n->frame_n++] = k;
}

/* A tap may have given it other bytes: they are checked like the guest's. */
void hvm_nv_frame(struct hvm_netvsp *n, struct nv_item *f)
{
	if (hvm_nv_frame_check(n, f, f->size)) {
		n->c.tx_frames++;
		n->c.tx_bytes += f->tx.size;
		keep(n, &f->tx);
		hvm_nv_wire(n, &f->tx);
	}
	hvm_nv_free(f);
}

void hvm_netvsp_keep_frames(struct hvm_netvsp *n, size_t max)
{
	n->frame_max = max;
	while (n->frame_n > max) {
		free(n->frames[0].bytes);
		n->frame_n = hvm_vec_remove(n->frames, n->frame_n, 0, sizeof(*n->frames));
	}
}

size_t hvm_netvsp_frames(const struct hvm_netvsp *n)
{
	return n->frame_n;
}

bool hvm_netvsp_frame(const struct hvm_netvsp *n, size_t index, struct hvm_net_tx *out)
{
	if (index >= n->frame_n)
		return false;
	*out = n->frames[index].tx;
	return true;
}

void hvm_netvsp_forget_frames(struct hvm_netvsp *n)
{
	size_t max = n->frame_max;

	hvm_netvsp_keep_frames(n, 0);
	n->frame_max = max;
}
