/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mock NIC: from what a guest asks for to frames as they stand on a wire, and its backend.
 *
 * A large send is cut into segments of mss bytes of TCP payload, each with its own lengths,
 * sequence number, flags, IPv4 id and checksums; of other frames the checksums are filled in.
 */
#include "netvsp_internal.h"

#define ETHERNET 14u
#define IPV4_MIN 20u
#define IPV6_SIZE 40u
#define TCP_MIN 20u
#define TCP 6u
#define UDP 17u
#define FIN_PSH 0x09u
#define CWR 0x80u
#define POLL_EVERY HVM_MS

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* ---- checksums ---- */

static uint64_t sum(uint64_t s, const uint8_t *p, size_t size)
{
	size_t k;

	for (k = 0; k + 1 < size; k += 2)
		s += be16(p + k);
	if (size % 2)
		s += (uint32_t)p[size - 1] << 8;
	return s;
}

static uint32_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)~s & 0xffff;
}

/* Where the headers of a frame are; l4 is 0 if there is nothing to compute. */
struct layout {
	bool v6;
	size_t l4;
	size_t end; /* of the IP packet: padding of the frame follows it */
};

static bool layout_of(const uint8_t *f, size_t size, size_t l4, struct layout *out)
{
	size_t header;

	if (size < ETHERNET + IPV4_MIN)
		return false;
	out->v6 = f[ETHERNET] >> 4 == 6;
	header = out->v6 ? IPV6_SIZE : (size_t)(f[ETHERNET] & 15u) * 4;
	if ((!out->v6 && f[ETHERNET] >> 4 != 4) || header < IPV4_MIN || size < ETHERNET + header)
		return false;
	out->l4 = l4 ? l4 : ETHERNET + header;
	out->end = ETHERNET +
		   (out->v6 ? IPV6_SIZE + be16(f + ETHERNET + 4) : be16(f + ETHERNET + 2));
	if (out->end > size)
		out->end = size;
	return out->l4 >= ETHERNET + header && out->l4 < size;
}

static void ip_checksum(uint8_t *f, size_t size)
{
	size_t header = (size_t)(f[ETHERNET] & 15u) * 4;

	if (f[ETHERNET] >> 4 != 4 || header < IPV4_MIN || size < ETHERNET + header)
		return;
	put16(f + ETHERNET + 10, 0);
	put16(f + ETHERNET + 10, fold(sum(0, f + ETHERNET, header)));
}

static void l4_checksum(uint8_t *f, const struct layout *l, uint8_t proto)
{
	size_t at = l->l4 + (proto == TCP ? 16u : 6u), len = l->end - l->l4;
	uint64_t s;
	uint32_t c;

	if (l->end < l->l4 || at + 2 > l->end)
		return;
	put16(f + at, 0);
	s = l->v6 ? sum(0, f + ETHERNET + 8, 32) : sum(0, f + ETHERNET + 12, 8);
	s += proto + len;
	c = fold(sum(s, f + l->l4, len));
	/* Of UDP 0 says that there is none. */
	put16(f + at, proto == UDP && !c ? 0xffff : c);
}

static void fill_checksums(uint8_t *f, size_t size, uint32_t c)
{
	size_t l4 = (c & HVP_RNDIS_CSUM_TX_TCP_HEADER_OFFSET) >> 16;
	struct layout l;

	if (!layout_of(f, size, l4, &l))
		return;
	if ((c & HVP_RNDIS_CSUM_TX_IP_HEADER) && !l.v6)
		ip_checksum(f, size);
	if (c & HVP_RNDIS_CSUM_TX_TCP)
		l4_checksum(f, &l, TCP);
	else if (c & HVP_RNDIS_CSUM_TX_UDP)
		l4_checksum(f, &l, UDP);
}

/* ---- segments ---- */

struct cut {
	const struct hvm_net_tx *tx;
	struct layout l;
	size_t headers; /* bytes before the TCP payload */
	size_t mss;
	uint8_t *frame;
};

static void segment_headers(struct cut *c, size_t at, size_t size, uint32_t index)
{
	uint8_t *ip = c->frame + ETHERNET, *tcp = c->frame + c->l.l4;
	bool last = c->headers + at + size == c->tx->size;

	memcpy(c->frame, c->tx->bytes, c->headers);
	if (c->l.v6)
		put16(ip + 4, (uint32_t)(c->headers + size - ETHERNET - IPV6_SIZE));
	else
		put16(ip + 2, (uint32_t)(c->headers + size - ETHERNET));
	if (!c->l.v6)
		put16(ip + 4, be16(ip + 4) + index);
	put32(tcp + 4, be32(tcp + 4) + (uint32_t)at);
	if (!last)
		tcp[13] &= (uint8_t)~FIN_PSH;
	if (index)
		tcp[13] &= (uint8_t)~CWR;
}

static void wire_frame(struct hvm_netvsp *n, const struct hvm_net_tx *tx, const uint8_t *bytes,
		       size_t size)
{
	struct hvm_net_wire_frame w = { bytes, size, tx->has_vlan, tx->vlan };

	n->cfg.backend->send(n->cfg.backend, &w, hvm_sched_now(hvm_nv_sched(n)));
}

static void segments(struct hvm_netvsp *n, struct cut *c)
{
	size_t payload = c->tx->size - c->headers, at = 0, size;
	uint32_t index = 0;

	do {
		size = payload - at < c->mss ? payload - at : c->mss;
		segment_headers(c, at, size, index++);
		memcpy(c->frame + c->headers, c->tx->bytes + c->headers + at, size);
		c->l.end = c->headers + size;
		ip_checksum(c->frame, c->headers + size);
		l4_checksum(c->frame, &c->l, TCP);
		wire_frame(n, c->tx, c->frame, c->headers + size);
		at += size;
	} while (at < payload);
}

static bool cut_of(const struct hvm_net_tx *tx, struct cut *c)
{
	size_t l4 = (tx->lso & HVP_RNDIS_LSO_TCP_HEADER_OFFSET) >> 20, tcp;

	c->tx = tx;
	c->mss = tx->lso & HVP_RNDIS_LSO_MSS;
	if (!layout_of(tx->bytes, tx->size, l4, &c->l) || c->l.l4 + TCP_MIN > tx->size)
		return false;
	tcp = (size_t)(tx->bytes[c->l.l4 + 12] >> 4) * 4;
	c->headers = c->l.l4 + tcp;
	return tcp >= TCP_MIN && c->headers <= tx->size && c->mss > 0;
}

void hvm_nv_wire(struct hvm_netvsp *n, const struct hvm_net_tx *tx)
{
	struct cut c;
	uint8_t *copy;

	if (!n->cfg.backend)
		return;
	copy = hvm_xcopy(tx->bytes, tx->size);
	c.frame = copy;
	if (tx->has_lso && cut_of(tx, &c)) {
		segments(n, &c);
	} else {
		if (tx->has_checksum)
			fill_checksums(copy, tx->size, tx->checksum);
		wire_frame(n, tx, copy, tx->size);
	}
	free(copy);
}

/* ---- the backend ---- */

static void deliver(void *ctx, const struct hvm_net_wire_frame *w)
{
	struct hvm_net_rx f;

	memset(&f, 0, sizeof(f));
	f.bytes = w->bytes;
	f.size = w->size;
	f.has_vlan = w->has_vlan;
	f.vlan = w->vlan;
	(void)hvm_netvsp_deliver(ctx, HVM_NET_ANY_QUEUE, &f, 1);
}

static void poll_backend(void *ctx, uint64_t arg)
{
	struct hvm_netvsp *n = ctx;
	struct hvm_event ev = { HVM_CLASS_BACKGROUND, POLL_EVERY, poll_backend, n, 0 };

	(void)arg;
	n->poll = hvm_sched_add(hvm_nv_sched(n), &ev);
	n->cfg.backend->poll(n->cfg.backend, hvm_sched_now(hvm_nv_sched(n)));
}

void hvm_nv_backend_start(struct hvm_netvsp *n)
{
	struct hvm_event ev = { HVM_CLASS_BACKGROUND, POLL_EVERY, poll_backend, n, 0 };

	if (!n->cfg.backend)
		return;
	n->cfg.backend->deliver = deliver;
	n->cfg.backend->deliver_ctx = n;
	if (n->cfg.backend->poll)
		n->poll = hvm_sched_add(hvm_nv_sched(n), &ev);
}

void hvm_nv_backend_stop(struct hvm_netvsp *n)
{
	if (n->poll)
		(void)hvm_sched_cancel(hvm_nv_sched(n), n->poll);
	n->poll = 0;
	if (n->cfg.backend)
		n->cfg.backend->free(n->cfg.backend);
	n->cfg.backend = NULL;
}
