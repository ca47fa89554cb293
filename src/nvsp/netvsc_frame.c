/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A received RNDIS packet (chapter 20 sections 4.4, 4.6 and 4.7). Header and per-packet
 * information are fetched once, checked, then used; the frame itself stays where it is.
 */
#include "netvsc.h"

#define BASE HVP_RNDIS_OFFSET_BASE
#define FIXED (HVP_RNDIS_PACKET_HEADER_SIZE - HVP_RNDIS_OFFSET_BASE) /* smallest offset */
#define PPI_HEAD HVP_RNDIS_PPI_HEADER_SIZE
#define PPI_USUAL 16u /* header and a payload of 4 bytes */
#define PPIS_MAX 64u

/* What the information of one message says, beside what goes to the owner. */
struct net_info {
	struct hvp_netvsc_rx rx;
	uint32_t part; /* HVP_RNDIS_FRAGMENT_* */
	uint16_t part_id;
};

/* Offsets count from byte 8; no sum of the host's values is formed (NET-SEC-31). */
static bool within(uint32_t length, uint32_t offset, uint32_t size)
{
	uint32_t room = length - BASE;

	return offset >= FIXED && offset <= room && size <= room - offset;
}

static void take_vlan(struct hvp_netvsc_rx *rx, uint32_t value)
{
	if (value == HVP_RNDIS_VLAN_NONE)
		return;
	rx->flags |= HVP_NETVSC_RX_VLAN;
	rx->vlan_tci = (uint16_t)((value & HVP_RNDIS_VLAN_PRIORITY) << 13 |
				  (value & HVP_RNDIS_VLAN_DEI) << 9 |
				  (value & HVP_RNDIS_VLAN_ID) >> 4);
}

static void take_value(struct net_info *info, uint32_t type, uint32_t value)
{
	switch (type) {
	case HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM:
		info->rx.flags |= HVP_NETVSC_RX_CSUM;
		info->rx.csum = value;
		break;
	case HVP_RNDIS_PPI_TYPE_IEEE_8021Q:
		take_vlan(&info->rx, value);
		break;
	case HVP_RNDIS_PPI_TYPE_HASH_VALUE:
		info->rx.flags |= HVP_NETVSC_RX_HASH;
		info->rx.hash = value;
		break;
	case HVP_RNDIS_PPI_TYPE_HASH_INFO:
		info->rx.flags |= HVP_NETVSC_RX_HASH_INFO;
		info->rx.hash_info = value;
		break;
	default: /* HVP_RNDIS_PPI_TYPE_PACKET_ID */
		info->part = value >> 8 & 0xffu;
		info->part_id = (uint16_t)(value >> 16);
		break;
	}
}

static bool is_known(uint32_t type)
{
	return type == HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM ||
	       type == HVP_RNDIS_PPI_TYPE_IEEE_8021Q || type == HVP_RNDIS_PPI_TYPE_HASH_VALUE ||
	       type == HVP_RNDIS_PPI_TYPE_HASH_INFO || type == HVP_RNDIS_PPI_TYPE_PACKET_ID;
}

/* One element; its size, or 0 if it is impossible. @left: bytes of the list from here on. */
static uint32_t take_ppi(struct net_info *info, const uint8_t *shared, uint32_t left)
{
	uint8_t copy[PPI_USUAL];
	uint32_t size;
	uint32_t type;
	uint32_t offset;

	if (left < PPI_HEAD)
		return 0;
	hvp_net_fetch(copy, shared, left < PPI_USUAL ? PPI_HEAD : PPI_USUAL);
	size = hvp_get_u32(copy);
	type = hvp_get_u32(copy + 4);
	offset = hvp_get_u32(copy + 8);
	if (size < PPI_HEAD || size > left)
		return 0;
	if (!is_known(type))
		return size;
	if (offset < PPI_HEAD || offset > size || size - offset < 4)
		return 0;
	if (HVP_UNLIKELY(offset != PPI_HEAD))
		hvp_net_fetch(copy + PPI_HEAD, shared + offset, 4);
	take_value(info, type, hvp_get_u32(copy + PPI_HEAD));
	return size;
}

/* An element of size 0 ends the list as an error: it would never end else (NET-SEC-34). */
static bool take_ppis(struct net_info *info, const uint8_t *shared, uint32_t left)
{
	uint32_t size;
	uint32_t n;

	for (n = 0; left > 0; n++) {
		size = n < PPIS_MAX ? take_ppi(info, shared, left) : 0;
		if (size == 0)
			return false;
		shared += size;
		left -= size;
	}
	return true;
}

static uint32_t drop(uint64_t *counter)
{
	(*counter)++;
	return HVP_NVSP_STATUS_FAILURE;
}

static uint32_t deliver(struct hvp_netvsc_queue *q, const struct hvp_netvsc_rx *rx)
{
	if (HVP_UNLIKELY(q->dev->info.filter == 0)) {
		q->stats.rx_filtered++;
		return HVP_NVSP_STATUS_SUCCESS;
	}
	if (rx->size < HVP_NET_ETHERNET)
		return drop(&q->stats.rx_runt);
	q->stats.rx_frames++;
	q->stats.rx_bytes += rx->size;
	q->dev->cfg.rx(q->dev->cfg.context, q, rx);
	return HVP_NVSP_STATUS_SUCCESS;
}

static uint32_t drop_parts(struct hvp_netvsc_queue *q, uint64_t *counter)
{
	q->parts = 0;
	return drop(counter);
}

/* NET-SEC-37: the first part first, all of one id, none missing, none too many. */
static uint32_t collect(struct hvp_netvsc_queue *q, const struct net_info *info,
			const struct hvp_netvsc_piece *piece, bool last)
{
	bool first = (info->part & HVP_RNDIS_FRAGMENT_FIRST) != 0;

	if (first != (q->parts == 0) || (!first && info->part_id != q->part_id))
		return drop_parts(q, &q->stats.rx_bad_rsc);
	if (first) {
		q->frame = info->rx;
		q->frame.flags |= HVP_NETVSC_RX_RSC;
		q->frame.pieces = q->mem->pieces;
		q->frame.size = 0;
		q->part_id = info->part_id;
	}
	if (q->parts == q->mem->piece_count ||
	    piece->size > q->dev->cfg.receive.range.byte_count - q->frame.size)
		return drop_parts(q, &q->stats.rx_long_rsc);
	q->mem->pieces[q->parts++] = *piece;
	q->frame.size += piece->size;
	if (!(info->part & HVP_RNDIS_FRAGMENT_LAST))
		return last ? drop_parts(q, &q->stats.rx_bad_rsc) : HVP_NVSP_STATUS_SUCCESS;
	q->frame.piece_count = q->parts;
	q->parts = 0;
	return deliver(q, &q->frame);
}

/* A coalesced frame of one part is a frame like any other. */
static uint32_t whole_or_part(struct hvp_netvsc_queue *q, struct net_info *info,
			      const struct hvp_netvsc_piece *piece, bool last)
{
	if (HVP_UNLIKELY(info->part & HVP_RNDIS_FRAGMENT_MULTI))
		return collect(q, info, piece, last);
	if (HVP_UNLIKELY(q->parts > 0))
		(void)drop_parts(q, &q->stats.rx_bad_rsc);
	info->rx.pieces = piece;
	info->rx.piece_count = 1;
	info->rx.size = piece->size;
	return deliver(q, &info->rx);
}

uint32_t hvp_net_frame(struct hvp_netvsc_queue *q, const uint8_t *head,
		       const struct hvp_xfer_range *range, bool last)
{
	const uint8_t *shared = q->dev->cfg.receive.base + range->byte_offset;
	uint32_t length = hvp_get_u32(head + 4);
	struct hvp_netvsc_piece piece;
	struct net_info info;
	uint32_t offset;
	uint32_t list;
	uint32_t list_size;

	if (range->byte_count < HVP_NET_RNDIS_SIZE || length < HVP_NET_RNDIS_SIZE ||
	    length > range->byte_count)
		return drop(&q->stats.rx_bad_rndis);
	offset = hvp_get_u32(head + 8);
	piece.size = hvp_get_u32(head + 12);
	if (!within(length, offset, piece.size) || piece.size == 0)
		return drop(&q->stats.rx_bad_data);
	list = hvp_get_u32(head + 28);
	list_size = hvp_get_u32(head + 32);
	info.rx.flags = 0;
	info.part = 0;
	info.part_id = 0;
	if (list_size > 0 && (!within(length, list, list_size) ||
			      !take_ppis(&info, shared + BASE + list, list_size)))
		return drop(&q->stats.rx_bad_ppi);
	piece.p = shared + BASE + offset;
	piece.byte_offset = 0;
	piece.pfns = NULL;
	return whole_or_part(q, &info, &piece, last);
}
