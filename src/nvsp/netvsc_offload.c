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

static uint32_t bits_of(const struct net_offload_bit *map, uint32_t encapsulation, uint32_t flags)
{
	uint32_t bits = 0;

	if (!(encapsulation & HVP_NDIS_ENCAPSULATION_802_3))
		return 0;
	for (; map->bit != 0; map++)
		if (flags & map->flag)
			bits |= map->bit;
	return bits;
}

static uint32_t lso_bits(const struct hvp_ndis_offload *o)
{
	uint32_t bits = 0;

	if (o->lso_v2_ipv4_encapsulation & HVP_NDIS_ENCAPSULATION_802_3)
		bits |= HVP_NETVSC_OFFLOAD_LSO4;
	/* Without TCP options an IPv6 large send is of no use: stacks send timestamps. */
	if ((o->lso_v2_ipv6_encapsulation & HVP_NDIS_ENCAPSULATION_802_3) &&
	    (o->lso_v2_ipv6 & HVP_NDIS_LSO_IPV6_TCP_OPTIONS))
		bits |= HVP_NETVSC_OFFLOAD_LSO6;
	if (o->lso_v1_encapsulation & HVP_NDIS_ENCAPSULATION_802_3)
		bits |= HVP_NETVSC_OFFLOAD_LSO_V1;
	return bits;
}

static uint32_t rsc_bits(const struct hvp_netvsc *dev, const struct hvp_ndis_offload *o)
{
	uint32_t bits = 0;

	if (!o->has_rsc || !hvp_net_is_version(dev, HVP_NVSP_VERSION_6_1))
		return 0;
	if (o->rsc_ipv4_enabled)
		bits |= HVP_NETVSC_OFFLOAD_RSC4;
	if (o->rsc_ipv6_enabled)
		bits |= HVP_NETVSC_OFFLOAD_RSC6;
	return bits;
}

/* The smallest of what there is. */
static uint32_t lso_max(const struct hvp_ndis_offload *o)
{
	const uint32_t sizes[] = { o->lso_v1_max_offload_size, o->lso_v2_ipv4_max_offload_size,
				   o->lso_v2_ipv6_max_offload_size };
	uint32_t max = HVP_NET_LSO_MAX;
	uint32_t i;

	for (i = 0; i < 3; i++)
		if (sizes[i] != 0 && sizes[i] < max)
			max = sizes[i];
	return max;
}

/* A structure that contradicts itself or its message is as good as none: no offloads. */
void hvp_net_offload_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size)
{
	struct hvp_rd r = hvp_rd_init(p, size);
	struct hvp_ndis_offload o;

	if (hvp_ndis_offload_decode(&r, dev->neg, &o, &dev->stats.fault) != HVP_OK ||
	    o.size > size) {
		dev->stats.values_bad++;
		return;
	}
	dev->info.offload_supported =
		bits_of(tx4, o.checksum_ipv4_tx_encapsulation, o.checksum_ipv4_tx) |
		bits_of(rx4, o.checksum_ipv4_rx_encapsulation, o.checksum_ipv4_rx) |
		bits_of(tx6, o.checksum_ipv6_tx_encapsulation, o.checksum_ipv6_tx) |
		bits_of(rx6, o.checksum_ipv6_rx_encapsulation, o.checksum_ipv6_rx) | lso_bits(&o) |
		rsc_bits(dev, &o);
	dev->info.lso_max = lso_max(&o);
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

static void fill_params(struct hvp_ndis_offload_parameters *out, uint32_t on, uint32_t have)
{
	out->ipv4_checksum = checksum_wish(on, have, HVP_NETVSC_OFFLOAD_TX_IP4,
					   HVP_NETVSC_OFFLOAD_RX_IP4);
	out->tcp_ipv4_checksum = checksum_wish(on, have, HVP_NETVSC_OFFLOAD_TX_TCP4,
					       HVP_NETVSC_OFFLOAD_RX_TCP4);
	out->udp_ipv4_checksum = checksum_wish(on, have, HVP_NETVSC_OFFLOAD_TX_UDP4,
					       HVP_NETVSC_OFFLOAD_RX_UDP4);
	out->tcp_ipv6_checksum = checksum_wish(on, have, HVP_NETVSC_OFFLOAD_TX_TCP6,
					       HVP_NETVSC_OFFLOAD_RX_TCP6);
	out->udp_ipv6_checksum = checksum_wish(on, have, HVP_NETVSC_OFFLOAD_TX_UDP6,
					       HVP_NETVSC_OFFLOAD_RX_UDP6);
	out->lso_v1 = switch_wish(on, have, HVP_NETVSC_OFFLOAD_LSO_V1);
	out->lso_v2_ipv4 = switch_wish(on, have, HVP_NETVSC_OFFLOAD_LSO4);
	out->lso_v2_ipv6 = switch_wish(on, have, HVP_NETVSC_OFFLOAD_LSO6);
	out->rsc_ipv4 = switch_wish(on, have, HVP_NETVSC_OFFLOAD_RSC4);
	out->rsc_ipv6 = switch_wish(on, have, HVP_NETVSC_OFFLOAD_RSC6);
}

/* Up to version 4 the short form, without wishes for UDP (chapter 20 section 5.5). */
uint32_t hvp_net_offload_params(const struct hvp_netvsc *dev, uint32_t offloads, uint8_t *out)
{
	bool full = hvp_net_is_version(dev, HVP_NVSP_VERSION_5);
	uint32_t udp = HVP_NETVSC_OFFLOAD_TX_UDP4 | HVP_NETVSC_OFFLOAD_RX_UDP4 |
		       HVP_NETVSC_OFFLOAD_TX_UDP6 | HVP_NETVSC_OFFLOAD_RX_UDP6;
	uint32_t have = dev->info.offload_supported & (full ? HVP_NETVSC_OFFLOAD_ALL : ~udp);
	struct hvp_wr w = hvp_wr_init(out, HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3);
	struct hvp_ndis_offload_parameters params;

	hvp_net_zero(&params, sizeof(params));
	params.object_type = HVP_NDIS_OBJECT_TYPE_DEFAULT;
	params.revision = full ? HVP_NDIS_REVISION_3 : HVP_NDIS_REVISION_2;
	params.size = full ? HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3
			   : HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV2;
	params.has_ipsec_v2 = true;
	params.has_rsc = full;
	fill_params(&params, offloads, have);
	(void)hvp_ndis_offload_parameters_encode(&w, dev->neg, &params, NULL);
	return (uint32_t)w.off;
}
