/* SPDX-License-Identifier: BSD-2-Clause */
/* The RNDIS header of a frame that is sent: fixed part, then what the host is asked for. */
#include "netvsc.h"

#define PPI_SIZE 16u /* each has a payload of 4 bytes */
#define CSUM_FLAGS (HVP_NETVSC_TX_IP_CSUM | HVP_NETVSC_TX_TCP_CSUM | HVP_NETVSC_TX_UDP_CSUM)

/* Large send implies the checksums; both at once would be two wishes for the same bytes. */
static bool wants_csum(const struct hvp_netvsc_frame *f)
{
	return f->mss == 0 && (f->flags & CSUM_FLAGS) != 0;
}

uint32_t hvp_net_header_size(const struct hvp_netvsc_frame *f)
{
	uint32_t size = HVP_NET_RNDIS_SIZE;

	if (HVP_LIKELY(f->mss == 0 &&
		       (f->flags & (CSUM_FLAGS | HVP_NETVSC_TX_VLAN | HVP_NETVSC_TX_HASH)) == 0))
		return size;
	if (f->flags & HVP_NETVSC_TX_HASH)
		size += PPI_SIZE;
	if (f->flags & HVP_NETVSC_TX_VLAN)
		size += PPI_SIZE;
	if (f->mss != 0 || wants_csum(f))
		size += PPI_SIZE;
	return size;
}

static uint8_t *put_ppi(uint8_t *p, uint32_t type, uint32_t value)
{
	hvp_put_u32(p, PPI_SIZE);
	hvp_put_u32(p + 4, type);
	hvp_put_u32(p + 8, HVP_RNDIS_PPI_HEADER_SIZE);
	hvp_put_u32(p + 12, value);
	return p + PPI_SIZE;
}

/* Priority in the low bits here, in the high bits of a tag on the wire (NET-REQ-070). */
static uint32_t vlan_value(uint16_t tci)
{
	return (uint32_t)(tci >> 13) | (uint32_t)(tci >> 9 & HVP_RNDIS_VLAN_DEI) |
	       (uint32_t)((tci & 0xfffu) << 4);
}

/* The offset of the L4 header is of use to hosts for TCP and UDP only. */
static uint32_t csum_value(const struct hvp_netvsc_frame *f)
{
	uint32_t value = HVP_RNDIS_CSUM_TX_IS_IPV4;

	if (f->flags & HVP_NETVSC_TX_IPV6)
		value = HVP_RNDIS_CSUM_TX_IS_IPV6;
	else if (f->flags & HVP_NETVSC_TX_IP_CSUM)
		value |= HVP_RNDIS_CSUM_TX_IP_HEADER;
	if (f->flags & HVP_NETVSC_TX_TCP_CSUM)
		value |= HVP_RNDIS_CSUM_TX_TCP;
	else if (f->flags & HVP_NETVSC_TX_UDP_CSUM)
		value |= HVP_RNDIS_CSUM_TX_UDP;
	if (f->flags & (HVP_NETVSC_TX_TCP_CSUM | HVP_NETVSC_TX_UDP_CSUM))
		value |= f->l4_offset << 16;
	return value;
}

static uint32_t lso_value(const struct hvp_netvsc_frame *f)
{
	uint32_t value = f->mss | f->l4_offset << 20;

	if (f->flags & HVP_NETVSC_TX_LSO_V1)
		return value;
	value |= HVP_RNDIS_LSO_V2;
	return f->flags & HVP_NETVSC_TX_IPV6 ? value | HVP_RNDIS_LSO_IPV6 : value;
}

static void put_ppis(const struct hvp_netvsc_frame *f, uint8_t *p)
{
	if (f->flags & HVP_NETVSC_TX_HASH)
		p = put_ppi(p, HVP_RNDIS_PPI_TYPE_HASH_VALUE, f->hash);
	if (f->flags & HVP_NETVSC_TX_VLAN)
		p = put_ppi(p, HVP_RNDIS_PPI_TYPE_IEEE_8021Q, vlan_value(f->vlan_tci));
	if (f->mss != 0)
		(void)put_ppi(p, HVP_RNDIS_PPI_TYPE_TCP_LARGE_SEND, lso_value(f));
	else if (wants_csum(f))
		(void)put_ppi(p, HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM, csum_value(f));
}

/* Every byte is written, so that nothing stale goes out (NET-SEC-28, BUG-139). */
void hvp_net_header_write(const struct hvp_netvsc_frame *f, uint32_t header, uint8_t *out)
{
	hvp_put_u32(out, HVP_RNDIS_PACKET);
	hvp_put_u32(out + 4, header + f->size);
	hvp_put_u32(out + 8, header - HVP_RNDIS_OFFSET_BASE);
	hvp_put_u32(out + 12, f->size);
	hvp_memzero(out + 16, 12);
	/* Given also for an empty list: some hosts look at it (BUG-173). */
	hvp_put_u32(out + 28, HVP_NET_RNDIS_SIZE - HVP_RNDIS_OFFSET_BASE);
	hvp_put_u32(out + 32, header - HVP_NET_RNDIS_SIZE);
	hvp_memzero(out + 36, 8);
	if (header > HVP_NET_RNDIS_SIZE)
		put_ppis(f, out + HVP_NET_RNDIS_SIZE);
}
