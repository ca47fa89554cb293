/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames as DPDK has them: chains of mbufs, and flags for what the NIC is to do. */
#include <string.h>

#include "client.h"

#define MAC_HEADER 14u
#define IPV4_HEADER 20u
#define IPV6_HEADER 40u

/* The frame in @pieces mbufs of about the same size, or as many as it needs. */
struct rte_mbuf *client_mbuf(struct client *c, const uint8_t *bytes, size_t size, uint32_t pieces)
{
	const size_t room = RTE_MBUF_DEFAULT_DATAROOM;
	size_t share = pieces > 1 ? (size + pieces - 1) / pieces : size;
	struct rte_mbuf *head = NULL;
	size_t at = 0;

	if (share > room)
		share = room;
	while (at < size) {
		size_t n = size - at < share ? size - at : share;
		struct rte_mbuf *m = rte_pktmbuf_alloc(c->pool);

		if (!m || (head && rte_pktmbuf_chain(head, m) != 0)) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(head);
			return NULL;
		}
		if (!head)
			head = m;
		memcpy(rte_pktmbuf_mtod(m, uint8_t *), bytes + at, n);
		m->data_len = (uint16_t)n;
		at += n;
		head->pkt_len = (uint32_t)at;
	}
	return head;
}

static uint64_t l4_flags(uint64_t flags)
{
	if (flags & PEER_F_LSO)
		return RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM;
	if (!(flags & PEER_F_L4_CHECKSUM))
		return 0;
	return flags & PEER_F_UDP ? RTE_MBUF_F_TX_UDP_CKSUM : RTE_MBUF_F_TX_TCP_CKSUM;
}

static uint64_t l3_flags(uint64_t flags)
{
	if (flags & PEER_F_IPV6)
		return RTE_MBUF_F_TX_IPV6;
	return RTE_MBUF_F_TX_IPV4 |
	       (flags & (PEER_F_IP_CHECKSUM | PEER_F_LSO) ? RTE_MBUF_F_TX_IP_CKSUM : 0);
}

/* Of @flags those that the port has promised: no program may ask for more. */
uint64_t client_offered(const struct client *c, uint64_t flags)
{
	uint64_t l4 = flags & PEER_F_UDP ? RTE_ETH_TX_OFFLOAD_UDP_CKSUM
					 : RTE_ETH_TX_OFFLOAD_TCP_CKSUM;

	if (!(c->offloads & RTE_ETH_TX_OFFLOAD_VLAN_INSERT))
		flags &= ~(uint64_t)PEER_F_VLAN;
	if (!(c->offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM))
		flags &= ~(uint64_t)PEER_F_IP_CHECKSUM;
	if (!(c->offloads & l4))
		flags &= ~(uint64_t)PEER_F_L4_CHECKSUM;
	if (!(c->offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO))
		flags &= ~(uint64_t)PEER_F_LSO;
	return flags;
}

void client_offload(struct rte_mbuf *m, const uint8_t *bytes, uint64_t flags, uint16_t vlan,
		    uint16_t mss)
{
	if (flags & PEER_F_VLAN) {
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		m->vlan_tci = vlan;
	}
	if (!(flags & (PEER_F_IP_CHECKSUM | PEER_F_L4_CHECKSUM | PEER_F_LSO)))
		return;
	m->l2_len = MAC_HEADER;
	m->l3_len = flags & PEER_F_IPV6 ? IPV6_HEADER : IPV4_HEADER;
	m->ol_flags |= l3_flags(flags) | l4_flags(flags);
	if (flags & PEER_F_LSO) {
		m->l4_len = (bytes[MAC_HEADER + m->l3_len + 12] >> 4) * 4u;
		m->tso_segsz = mss;
	}
}

size_t client_bytes(const struct rte_mbuf *m, uint8_t *out, size_t size)
{
	size_t at = 0;

	for (; m; m = m->next) {
		if (m->data_len > size - at)
			break;
		memcpy(out + at, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		at += m->data_len;
	}
	return at;
}

uint64_t client_flags(const struct rte_mbuf *m)
{
	uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint64_t flags = 0;

	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		flags |= PEER_F_VLAN;
	if (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH)
		flags |= PEER_F_HASH;
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		flags |= PEER_F_IP_CHECKSUM;
	else if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		flags |= PEER_F_IP_BAD;
	if (l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		flags |= PEER_F_L4_CHECKSUM;
	else if (l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		flags |= PEER_F_L4_BAD;
	return flags;
}
