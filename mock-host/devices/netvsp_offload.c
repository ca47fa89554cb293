/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: task offloads (chapter 20 sections 5.4 and 5.5). */
#include "netvsp_internal.h"

#define ON(offloads, bit) (((offloads) & (bit)) != 0)

#define CHECKSUMS \
	(HVM_NET_OFFLOAD_TX_IPV4 | HVM_NET_OFFLOAD_TX_TCP4 | HVM_NET_OFFLOAD_TX_UDP4 | \
	 HVM_NET_OFFLOAD_TX_TCP6 | HVM_NET_OFFLOAD_TX_UDP6 | HVM_NET_OFFLOAD_RX_IPV4 | \
	 HVM_NET_OFFLOAD_RX_TCP4 | HVM_NET_OFFLOAD_RX_UDP4 | HVM_NET_OFFLOAD_RX_TCP6 | \
	 HVM_NET_OFFLOAD_RX_UDP6)

uint32_t hvm_nv_offload_all(const struct hvm_netvsp *n)
{
	return (n->cfg.no_checksum ? 0 : CHECKSUMS) |
	       (n->cfg.no_lso ? 0 : HVM_NET_OFFLOAD_LSO4 | HVM_NET_OFFLOAD_LSO6) |
	       (n->cfg.rsc ? HVM_NET_OFFLOAD_RSC4 | HVM_NET_OFFLOAD_RSC6 : 0);
}

/* Options of headers come with the checksum of what they belong to. */
static uint32_t ipv4_flags(uint32_t o, uint32_t ip, uint32_t tcp, uint32_t udp)
{
	return (ON(o, ip) ? HVP_NDIS_IPV4_CHECKSUM_IP | HVP_NDIS_IPV4_CHECKSUM_IP_OPTIONS : 0) |
	       (ON(o, tcp) ? HVP_NDIS_IPV4_CHECKSUM_TCP | HVP_NDIS_IPV4_CHECKSUM_TCP_OPTIONS : 0) |
	       (ON(o, udp) ? HVP_NDIS_IPV4_CHECKSUM_UDP : 0);
}

static uint32_t ipv6_flags(uint32_t o, uint32_t tcp, uint32_t udp)
{
	return (ON(o, tcp) ? HVP_NDIS_IPV6_CHECKSUM_TCP | HVP_NDIS_IPV6_CHECKSUM_TCP_OPTIONS : 0) |
	       (ON(o, udp) ? HVP_NDIS_IPV6_CHECKSUM_UDP : 0) |
	       (ON(o, tcp | udp) ? HVP_NDIS_IPV6_CHECKSUM_IP_EXTENSION_HEADERS : 0);
}

static uint32_t encapsulation(uint32_t flags)
{
	return flags ? HVP_NDIS_ENCAPSULATION_802_3 : 0;
}

static void put_checksums(uint32_t o, struct hvp_ndis_offload *s)
{
	s->checksum_ipv4_tx = ipv4_flags(o, HVM_NET_OFFLOAD_TX_IPV4, HVM_NET_OFFLOAD_TX_TCP4,
					 HVM_NET_OFFLOAD_TX_UDP4);
	s->checksum_ipv4_rx = ipv4_flags(o, HVM_NET_OFFLOAD_RX_IPV4, HVM_NET_OFFLOAD_RX_TCP4,
					 HVM_NET_OFFLOAD_RX_UDP4);
	s->checksum_ipv6_tx = ipv6_flags(o, HVM_NET_OFFLOAD_TX_TCP6, HVM_NET_OFFLOAD_TX_UDP6);
	s->checksum_ipv6_rx = ipv6_flags(o, HVM_NET_OFFLOAD_RX_TCP6, HVM_NET_OFFLOAD_RX_UDP6);
	s->checksum_ipv4_tx_encapsulation = encapsulation(s->checksum_ipv4_tx);
	s->checksum_ipv4_rx_encapsulation = encapsulation(s->checksum_ipv4_rx);
	s->checksum_ipv6_tx_encapsulation = encapsulation(s->checksum_ipv6_tx);
	s->checksum_ipv6_rx_encapsulation = encapsulation(s->checksum_ipv6_rx);
}

static void put_lso(uint32_t o, struct hvp_ndis_offload *s)
{
	if (ON(o, HVM_NET_OFFLOAD_LSO4)) {
		s->lso_v2_ipv4_encapsulation = HVP_NDIS_ENCAPSULATION_802_3;
		s->lso_v2_ipv4_max_offload_size = HVP_NDIS_LSO_MAX;
		s->lso_v2_ipv4_min_segment_count = 2;
	}
	if (ON(o, HVM_NET_OFFLOAD_LSO6)) {
		s->lso_v2_ipv6_encapsulation = HVP_NDIS_ENCAPSULATION_802_3;
		s->lso_v2_ipv6_max_offload_size = HVP_NDIS_LSO_MAX;
		s->lso_v2_ipv6_min_segment_count = 2;
		s->lso_v2_ipv6 = HVP_NDIS_LSO_IPV6_IP_EXTENSION_HEADERS |
				 HVP_NDIS_LSO_IPV6_TCP_OPTIONS;
	}
}

uint32_t hvm_nv_offload_put(uint32_t offloads, uint8_t *out)
{
	struct hvp_wr w = hvp_wr_init(out, NV_ANSWER_MAX);
	struct hvp_neg neg = { 0, 0 };
	struct hvp_ndis_offload s;

	memset(&s, 0, sizeof(s));
	s.object_type = HVP_NDIS_OBJECT_TYPE_OFFLOAD;
	s.revision = HVP_NDIS_REVISION_3;
	s.size = 156;
	put_checksums(offloads, &s);
	put_lso(offloads, &s);
	s.has_ipsec_v2 = true;
	s.has_rsc = true;
	s.rsc_ipv4_enabled = ON(offloads, HVM_NET_OFFLOAD_RSC4);
	s.rsc_ipv6_enabled = ON(offloads, HVM_NET_OFFLOAD_RSC6);
	return hvp_ndis_offload_encode(&w, neg, &s, NULL) == HVP_OK ? (uint32_t)w.off : 0;
}

/* ---- parameters ---- */

static void checksum(uint32_t *o, uint8_t value, uint32_t tx, uint32_t rx)
{
	if (value < HVP_NDIS_OFFLOAD_CHECKSUM_OFF || value > HVP_NDIS_OFFLOAD_CHECKSUM_BOTH)
		return;
	*o &= ~(tx | rx);
	if (value == HVP_NDIS_OFFLOAD_CHECKSUM_TRANSMIT || value == HVP_NDIS_OFFLOAD_CHECKSUM_BOTH)
		*o |= tx;
	if (value == HVP_NDIS_OFFLOAD_CHECKSUM_RECEIVE || value == HVP_NDIS_OFFLOAD_CHECKSUM_BOTH)
		*o |= rx;
}

static void switched(uint32_t *o, uint8_t value, uint32_t bit)
{
	if (value == HVP_NDIS_OFFLOAD_SWITCH_ON)
		*o |= bit;
	else if (value == HVP_NDIS_OFFLOAD_SWITCH_OFF)
		*o &= ~bit;
}

static void take(uint32_t *o, const struct hvp_ndis_offload_parameters *p)
{
	checksum(o, p->ipv4_checksum, HVM_NET_OFFLOAD_TX_IPV4, HVM_NET_OFFLOAD_RX_IPV4);
	checksum(o, p->tcp_ipv4_checksum, HVM_NET_OFFLOAD_TX_TCP4, HVM_NET_OFFLOAD_RX_TCP4);
	checksum(o, p->udp_ipv4_checksum, HVM_NET_OFFLOAD_TX_UDP4, HVM_NET_OFFLOAD_RX_UDP4);
	checksum(o, p->tcp_ipv6_checksum, HVM_NET_OFFLOAD_TX_TCP6, HVM_NET_OFFLOAD_RX_TCP6);
	checksum(o, p->udp_ipv6_checksum, HVM_NET_OFFLOAD_TX_UDP6, HVM_NET_OFFLOAD_RX_UDP6);
	switched(o, p->lso_v2_ipv4, HVM_NET_OFFLOAD_LSO4);
	switched(o, p->lso_v2_ipv6, HVM_NET_OFFLOAD_LSO6);
	if (p->has_rsc) {
		switched(o, p->rsc_ipv4, HVM_NET_OFFLOAD_RSC4);
		switched(o, p->rsc_ipv6, HVM_NET_OFFLOAD_RSC6);
	}
}

/* Wishes that the NIC cannot grant are masked without a word (section 5.5). */
uint32_t hvm_nv_offload_set(struct hvm_netvsp *n, const struct hvp_rd *in)
{
	struct hvp_ndis_offload_parameters p;
	struct hvp_rd r = *in;

	if (hvp_ndis_offload_parameters_decode(&r, hvm_nv_neg(n), &p, NULL) != HVP_OK ||
	    p.object_type != HVP_NDIS_OBJECT_TYPE_DEFAULT || p.revision < 1 || p.size < 20 ||
	    p.size > hvp_rd_left(in))
		return HVP_RNDIS_STATUS_INVALID_DATA;
	if (p.lso_v1 == HVP_NDIS_OFFLOAD_SWITCH_ON)
		return HVP_RNDIS_STATUS_NOT_SUPPORTED;
	take(&n->ss.offloads, &p);
	n->ss.offloads &= hvm_nv_offload_all(n);
	return HVP_RNDIS_STATUS_SUCCESS;
}

void hvm_nv_offload_indicate(struct hvm_netvsp *n)
{
	uint8_t bytes[NV_ANSWER_MAX];
	uint32_t size = hvm_nv_offload_put(n->ss.offloads, bytes);

	(void)hvm_netvsp_indicate(n, HVP_RNDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG, bytes, size);
}
