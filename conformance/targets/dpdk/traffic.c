/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many frames to an echo, each compared when it comes back.
 *
 * Frame n is IPv4 with UDP or TCP. Its source address is n, and of a TCP segment the sequence
 * number is the place of its bytes in the frame that was sent, so that order does not matter and
 * the pieces that a large send comes back in are known.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"

#define MAC_HEADER 14u
#define IP (MAC_HEADER)
#define L4 (MAC_HEADER + 20u)
#define UDP_HEADER 8u
#define TCP_HEADER 20u
#define PATIENCE_S 5

struct traffic {
	struct client *c;
	const uint64_t *arg;
	struct peer_message *answer;
	uint32_t *got; /* bytes of the payload of each frame that came back */
	uint64_t next;
	uint64_t whole; /* frames that came back whole */
	uint8_t bytes[PEER_DATA];
	uint8_t seen[PEER_DATA];
};

static uint32_t mixed(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x ^ x >> 16;
}

static bool on(const struct traffic *t, uint64_t flag)
{
	return t->arg[PEER_T_FLAGS] & flag;
}

static uint32_t head_size(const struct traffic *t)
{
	return L4 + (on(t, PEER_F_UDP) ? UDP_HEADER : TCP_HEADER);
}

static uint32_t size_of(const struct traffic *t, uint32_t n)
{
	uint32_t spread = (uint32_t)(t->arg[PEER_T_MAX] - t->arg[PEER_T_MIN]) + 1u;

	return (uint32_t)t->arg[PEER_T_MIN] + mixed(n ^ (uint32_t)t->arg[PEER_T_SEED]) % spread;
}

static uint8_t payload_byte(const struct traffic *t, uint32_t n, uint32_t at)
{
	return (uint8_t)(mixed(n * 0x9e3779b1u ^ (uint32_t)t->arg[PEER_T_SEED]) + at * 131u);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i + 1 < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	if (n & 1u)
		s += (uint32_t)p[n - 1] << 8;
	return s;
}

static uint32_t folded(uint32_t s)
{
	s = (s & 0xffffu) + (s >> 16);
	return (s & 0xffffu) + (s >> 16);
}

/* Of addresses, protocol and @length of what IP carries. */
static uint32_t pseudo(const uint8_t *f, uint32_t length)
{
	return sum(0, f + IP + 12, 8) + f[IP + 9] + length;
}

static uint32_t checksum_place(const struct traffic *t)
{
	return L4 + (on(t, PEER_F_UDP) ? 6u : 16u);
}

static void headers(const struct traffic *t, uint32_t n, uint32_t size)
{
	uint8_t *f = (uint8_t *)(uintptr_t)t->bytes;

	memset(f, 0, head_size(t));
	memcpy(f, "\x02\x11\x22\x33\x44\x55\x00\x15\x5d\x00\x00\x01\x08\x00\x45", 15);
	put16(f + IP + 2, size - MAC_HEADER);
	f[IP + 8] = 64;
	f[IP + 9] = on(t, PEER_F_UDP) ? 17 : 6;
	put32(f + IP + 12, n);
	put32(f + IP + 16, 0xc0a80001u + n % 16u);
	put16(f + L4, 1024u + n % 512u);
	put16(f + L4 + 2, 9);
	if (on(t, PEER_F_UDP)) {
		put16(f + L4 + 4, size - L4);
		return;
	}
	f[L4 + 12] = (TCP_HEADER / 4u) << 4;
	f[L4 + 13] = 0x10;
	put16(f + L4 + 14, 0x2000);
}

/* Frame @n as it is to come back, with both checksums. */
static uint32_t build(struct traffic *t, uint32_t n)
{
	uint32_t size = size_of(t, n);
	uint32_t place = checksum_place(t);
	uint32_t i;
	uint32_t s;

	headers(t, n, size);
	for (i = head_size(t); i < size; i++)
		t->bytes[i] = payload_byte(t, n, i - head_size(t));
	put16(t->bytes + IP + 10, ~folded(sum(0, t->bytes + IP, 20)));
	s = folded(pseudo(t->bytes, size - L4) + sum(0, t->bytes + L4, size - L4)) ^ 0xffffu;
	put16(t->bytes + place, s == 0 && on(t, PEER_F_UDP) ? 0xffffu : s);
	return size;
}

/* What the NIC is to fill in is left as DPDK's users leave it. */
static void leave_to_nic(struct traffic *t, uint32_t size)
{
	if (on(t, PEER_F_IP_CHECKSUM | PEER_F_LSO))
		put16(t->bytes + IP + 10, 0);
	if (on(t, PEER_F_L4_CHECKSUM | PEER_F_LSO))
		put16(t->bytes + checksum_place(t),
		      folded(pseudo(t->bytes, on(t, PEER_F_LSO) ? 0 : size - L4)));
}

static bool send_next(struct traffic *t)
{
	uint32_t n = (uint32_t)t->next;
	uint32_t size = build(t, n);
	uint32_t pieces = 1u + n % (uint32_t)t->arg[PEER_T_SEGMENTS];
	struct rte_mbuf *m;

	leave_to_nic(t, size);
	m = client_mbuf(t->c, t->bytes, size, pieces);
	if (!m)
		return false;
	client_offload(m, t->bytes, t->arg[PEER_T_FLAGS], (uint16_t)(n % 4094u + 1u),
		       (uint16_t)t->arg[PEER_T_MSS]);
	if (rte_eth_tx_burst(CLIENT_PORT, (uint16_t)(n % t->c->queues), &m, 1) != 1) {
		rte_pktmbuf_free(m);
		return false;
	}
	t->next++;
	return true;
}

/* Bytes of a frame's payload that @m brought, or 0: it is not what was sent. */
static uint32_t whole_frame(struct traffic *t, const struct rte_mbuf *m, uint32_t n, uint32_t size)
{
	if (size != build(t, n) || memcmp(t->seen, t->bytes, size) != 0 || t->got[n] != 0)
		return 0;
	if (on(t, PEER_F_VLAN) &&
	    (!(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) || m->vlan_tci != n % 4094u + 1u))
		return 0;
	return size - head_size(t);
}

/* A segment that the host has made of frame @n. */
static uint32_t segment(struct traffic *t, uint32_t n, uint32_t size)
{
	uint32_t head = head_size(t);
	uint32_t payload = size - head;
	uint32_t at = get32(t->seen + L4 + 4);
	uint32_t i;

	if (payload > t->arg[PEER_T_MSS] || payload == 0 || at + payload > size_of(t, n) - head ||
	    folded(sum(0, t->seen + IP, 20)) != 0xffffu ||
	    folded(pseudo(t->seen, size - L4) + sum(0, t->seen + L4, size - L4)) != 0xffffu)
		return 0;
	for (i = 0; i < payload; i++)
		if (t->seen[head + i] != payload_byte(t, n, at + i))
			return 0;
	return payload;
}

static void received(struct traffic *t, const struct rte_mbuf *m)
{
	uint32_t size = (uint32_t)client_bytes(m, t->seen, sizeof(t->seen));
	uint32_t n = size > head_size(t) ? get32(t->seen + IP + 12) : UINT32_MAX;
	uint32_t fresh = 0;

	if (n < t->next)
		fresh = on(t, PEER_F_LSO) ? segment(t, n, size) : whole_frame(t, m, n, size);
	if (fresh == 0) {
		if (t->answer->arg[PEER_R_BAD]++ == 0)
			t->answer->arg[PEER_R_FIRST_BAD] = (uint64_t)n + 1u;
		return;
	}
	t->got[n] += fresh;
	t->answer->arg[PEER_R_BYTES] += size;
	if (t->got[n] == size_of(t, n) - head_size(t))
		t->whole++;
}

static uint32_t receive(struct traffic *t)
{
	struct rte_mbuf *got[CLIENT_BURST];
	uint32_t total = 0;
	uint16_t q;
	uint16_t i;
	uint16_t n;

	for (q = 0; q < t->c->queues; q++) {
		n = rte_eth_rx_burst(CLIENT_PORT, q, got, CLIENT_BURST);
		for (i = 0; i < n; i++) {
			received(t, got[i]);
			rte_pktmbuf_free(got[i]);
		}
		if (n)
			t->answer->arg[PEER_R_QUEUES] |= 1ull << q;
		total += n;
	}
	return total;
}

static void exchange(struct traffic *t)
{
	time_t last = time(NULL);

	while (t->whole < t->arg[PEER_T_FRAMES] && time(NULL) - last < PATIENCE_S) {
		bool moved = false;

		if (t->next < t->arg[PEER_T_FRAMES] && t->next - t->whole < t->arg[PEER_T_WINDOW])
			moved = send_next(t);
		if (receive(t) || moved)
			last = time(NULL);
		else
			sched_yield(); /* to the host */
	}
}

int client_traffic(struct client *c, const struct peer_message *ask, struct peer_message *answer)
{
	static struct traffic t;

	memset(&t, 0, sizeof(t));
	t.c = c;
	t.arg = ask->arg;
	t.answer = answer;
	if (t.arg[PEER_T_MIN] <= head_size(&t) || t.arg[PEER_T_MAX] < t.arg[PEER_T_MIN] ||
	    t.arg[PEER_T_MAX] > PEER_DATA - 64u || t.arg[PEER_T_SEGMENTS] == 0 ||
	    t.arg[PEER_T_FRAMES] > 10000000u)
		return -EINVAL;
	t.got = calloc(t.arg[PEER_T_FRAMES] + 1u, sizeof(*t.got));
	if (!t.got)
		return -ENOMEM;
	exchange(&t);
	answer->arg[PEER_R_SENT] = t.next;
	answer->arg[PEER_R_BACK] = t.whole;
	free(t.got);
	return 0;
}
