/* SPDX-License-Identifier: BSD-2-Clause */
/* Offloads: the host's structures become bits, and bits become what the host is asked for. */
#include "netvsc.h"

struct net_offload_bit {
	uint32_t flag; /* of the host */
	uint32_t bit;
};

static const struct net_offload_bit tx4[] = {
	{ HVP_NDIS_IPV4_CHECKSUM_IP, HVP_NETVSC_OFFLOAD_TX_IP4 },
	{ HVP_NDIS_IPV4_CHECKSUM_TCP, HVP_NETVSC_OFFLOAD_TX_TCP4 },
	{ HVP_NDIS_IPV4_CHECKSUM_UDP, HVP_NETVSC_OFFLOAD_TX_UDP4 },
	{ 0, 0 },
};

static const struct net_offload_bit rx4[] = {
	{ HVP_NDIS_IPV4_CHECKSUM_IP, HVP_NETVSC_OFFLOAD_RX_IP4 },
	{ HVP_NDIS_IPV4_CHECKSUM_TCP, HVP_NETVSC_OFFLOAD_RX_TCP4 },
	{ HVP_NDIS_IPV4_CHECKSUM_UDP, HVP_NETVSC_OFFLOAD_RX_UDP4 },
	{ 0, 0 },
};

static const struct net_offload_bit tx6[] = {
	{ HVP_NDIS_IPV6_CHECKSUM_TCP, HVP_NETVSC_OFFLOAD_TX_TCP6 },
	{ HVP_NDIS_IPV6_CHECKSUM_UDP, HVP_NETVSC_OFFLOAD_TX_UDP6 },
	{ 0, 0 },
};

static const struct net_offload_bit rx6[] = {
	{ HVP_NDIS_IPV6_CHECKSUM_TCP, HVP_NETVSC_OFFLOAD_RX_TCP6 },
	{ HVP_NDIS_IPV6_CHECKSUM_UDP, HVP_NETVSC_OFFLOAD_RX_UDP6 },
	{ 0, 0 },
};

static uint32_t offload_size(const struct hvp_netvsc *dev)
{
	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_5))
		return HVP_NDIS_OFFLOAD_SIZE_REV3;
	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_4))
		return HVP_NDIS_OFFLOAD_SIZE_REV2;
	return HVP_NDIS_OFFLOAD_SIZE_REV1;
}

/* A structure with nothing but its header: the host answers at or below that revision. */
uint32_t hvp_net_offload_query(const struct hvp_netvsc *dev, uint8_t *out)
{
	uint32_t size = offload_size(dev);

	hvp_memzero(out, size);
	hvp_put_u8(out, HVP_NDIS_OBJECT_TYPE_OFFLOAD);
	hvp_put_u8(out + 1, size == HVP_NDIS_OFFLOAD_SIZE_REV3	 ? 3
			    : size == HVP_NDIS_OFFLOAD_SIZE_REV2 ? 2
								 : 1);
	hvp_put_u16(out + 2, (uint16_t)size);
	return size;
}

static uint32_t bits_of(const struct net_offload_bit *map, const uint8_t *part)
{
	uint32_t flags = hvp_get_u32(part + 4);
	uint32_t bits = 0;

	if (!(hvp_get_u32(part) & HVP_NDIS_ENCAPSULATION_802_3))
		return 0;
	for (; map->bit != 0; map++)
		if (flags & map->flag)
			bits |= map->bit;
	return bits;
}

/* Offsets in the structure; encapsulation, then flags or sizes, of each part. */
#define CHECKSUM_TX4 4u
#define CHECKSUM_RX4 12u
#define CHECKSUM_TX6 20u
#define CHECKSUM_RX6 28u
#define LSO_V1 36u
#define LSO_V2_IPV4 80u
#define LSO_V2_IPV6 92u
#define RSC 144u

static bool is_802_3(const uint8_t *part)
{
	return (hvp_get_u32(part) & HVP_NDIS_ENCAPSULATION_802_3) != 0;
}

static uint32_t lso_bits(const uint8_t *p)
{
	uint32_t bits = 0;

	if (is_802_3(p + LSO_V2_IPV4))
		bits |= HVP_NETVSC_OFFLOAD_LSO4;
	/* Without TCP options an IPv6 large send is of no use: stacks send timestamps. */
	if (is_802_3(p + LSO_V2_IPV6) &&
	    (hvp_get_u32(p + LSO_V2_IPV6 + 12) & HVP_NDIS_LSO_IPV6_TCP_OPTIONS))
		bits |= HVP_NETVSC_OFFLOAD_LSO6;
	if (is_802_3(p + LSO_V1))
		bits |= HVP_NETVSC_OFFLOAD_LSO_V1;
	return bits;
}

static uint32_t rsc_bits(const struct hvp_netvsc *dev, const uint8_t *p, uint32_t size)
{
	uint32_t bits = 0;

	if (size < HVP_NDIS_OFFLOAD_SIZE_REV3 || !hvp_net_is_version(dev, HVP_NVSP_VERSION_6_1))
		return 0;
	if (p[RSC])
		bits |= HVP_NETVSC_OFFLOAD_RSC4;
	if (p[RSC + 1])
		bits |= HVP_NETVSC_OFFLOAD_RSC6;
	return bits;
}

/* The smaller of what there is for the two families. */
static uint32_t lso_max(const uint8_t *p)
{
	uint32_t ipv4 = hvp_get_u32(p + LSO_V2_IPV4 + 4);
	uint32_t ipv6 = hvp_get_u32(p + LSO_V2_IPV6 + 4);
	uint32_t max = ipv4 == 0 || (ipv6 != 0 && ipv6 < ipv4) ? ipv6 : ipv4;

	return max < HVP_NET_LSO_MAX ? max : HVP_NET_LSO_MAX;
}

/* A structure that contradicts itself or its message is as good as none: no offloads. */
void hvp_net_offload_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size)
{
	uint32_t stated = size >= 4 ? hvp_get_u16(p + 2) : 0;

	if (stated < HVP_NDIS_OFFLOAD_SIZE_REV1 || stated > size ||
	    p[0] != HVP_NDIS_OBJECT_TYPE_OFFLOAD || p[1] == 0) {
		dev->stats.values_bad++;
		return;
	}
	dev->info.offload_supported = bits_of(tx4, p + CHECKSUM_TX4) |
				      bits_of(rx4, p + CHECKSUM_RX4) |
				      bits_of(tx6, p + CHECKSUM_TX6) |
				      bits_of(rx6, p + CHECKSUM_RX6) | lso_bits(p) |
				      rsc_bits(dev, p, p[1] < 3 ? 0 : stated);
	dev->info.lso_max = lso_max(p);
}

static uint8_t checksum_wish(uint32_t on, uint32_t supported, uint32_t tx, uint32_t rx)
{
	if (!(supported & (tx | rx)))
		return HVP_NDIS_OFFLOAD_CHECKSUM_NO_CHANGE;
	if ((on & tx) && (on & rx))
		return HVP_NDIS_OFFLOAD_CHECKSUM_BOTH;
	if (on & tx)
		return HVP_NDIS_OFFLOAD_CHECKSUM_TRANSMIT;
	return on & rx ? HVP_NDIS_OFFLOAD_CHECKSUM_RECEIVE : HVP_NDIS_OFFLOAD_CHECKSUM_OFF;
}

static uint8_t switch_wish(uint32_t on, uint32_t supported, uint32_t bit)
{
	if (!(supported & bit))
		return HVP_NDIS_OFFLOAD_SWITCH_NO_CHANGE;
	return on & bit ? HVP_NDIS_OFFLOAD_SWITCH_ON : HVP_NDIS_OFFLOAD_SWITCH_OFF;
}

struct net_wish {
	uint32_t offset; /* in the structure */
	uint32_t tx; /* or the only bit */
	uint32_t rx; /* 0: on or off */
};

static const struct net_wish wishes[] = {
	{ 4, HVP_NETVSC_OFFLOAD_TX_IP4, HVP_NETVSC_OFFLOAD_RX_IP4 },
	{ 5, HVP_NETVSC_OFFLOAD_TX_TCP4, HVP_NETVSC_OFFLOAD_RX_TCP4 },
	{ 6, HVP_NETVSC_OFFLOAD_TX_UDP4, HVP_NETVSC_OFFLOAD_RX_UDP4 },
	{ 7, HVP_NETVSC_OFFLOAD_TX_TCP6, HVP_NETVSC_OFFLOAD_RX_TCP6 },
	{ 8, HVP_NETVSC_OFFLOAD_TX_UDP6, HVP_NETVSC_OFFLOAD_RX_UDP6 },
	{ 9, HVP_NETVSC_OFFLOAD_LSO_V1, 0 },
	{ 11, HVP_NETVSC_OFFLOAD_LSO4, 0 },
	{ 12, HVP_NETVSC_OFFLOAD_LSO6, 0 },
	{ 22, HVP_NETVSC_OFFLOAD_RSC4, 0 },
	{ 23, HVP_NETVSC_OFFLOAD_RSC6, 0 },
};

/* Up to version 4 the short form, without wishes for UDP (chapter 20 section 5.5). */
uint32_t hvp_net_offload_params(const struct hvp_netvsc *dev, uint32_t offloads, uint8_t *out)
{
	bool full = hvp_net_is_version(dev, HVP_NVSP_VERSION_5);
	uint32_t size = full ? HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3
			     : HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV2;
	uint32_t udp = HVP_NETVSC_OFFLOAD_TX_UDP4 | HVP_NETVSC_OFFLOAD_RX_UDP4 |
		       HVP_NETVSC_OFFLOAD_TX_UDP6 | HVP_NETVSC_OFFLOAD_RX_UDP6;
	uint32_t have = dev->info.offload_supported & (full ? HVP_NETVSC_OFFLOAD_ALL : ~udp);
	const struct net_wish *w;
	uint32_t i;

	hvp_memzero(out, size);
	hvp_put_u8(out, HVP_NDIS_OBJECT_TYPE_DEFAULT);
	hvp_put_u8(out + 1, full ? 3 : 2);
	hvp_put_u16(out + 2, (uint16_t)size);
	for (i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		w = &wishes[i];
		if (w->offset < size)
			out[w->offset] = w->rx != 0 ? checksum_wish(offloads, have, w->tx, w->rx)
						    : switch_wish(offloads, have, w->tx);
	}
	return size;
}
