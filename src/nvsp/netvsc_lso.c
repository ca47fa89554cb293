/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of a large send (NET-REQ-068): copied out of the caller's frame and prepared as
 * the host wants them, so that the caller's memory stays as it is.
 */
#include "netvsc.h"

#define IPV4_MIN 20u
#define IPV6_SIZE 40u
#define TCP_MIN 20u
#define PROTOCOL_TCP 6u

static void copy_out(const struct hvp_netvsc_frame *f, uint8_t *out, uint32_t size)
{
	const struct hvp_netvsc_piece *p = f->pieces;
	uint32_t part;

	for (; size > 0; p++) {
		part = p->size < size ? p->size : size;
		hvp_memcpy(out, p->p, part);
		out += part;
		size -= part;
	}
}

/* Whether the first @size bytes can be read at all. */
static bool readable(const struct hvp_netvsc_frame *f, uint32_t size)
{
	const struct hvp_netvsc_piece *p = f->pieces;

	while (p->p && p->size < size) {
		size -= p->size;
		p++;
	}
	return p->p != NULL;
}

static uint32_t sum_words(const uint8_t *p, uint32_t size, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i < size; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

/* The pseudo-header with a length of 0, not inverted, in network order. */
static void put_pseudo_sum(uint8_t *tcp, const uint8_t *addresses, uint32_t size)
{
	uint32_t sum = sum_words(addresses, size, PROTOCOL_TCP);

	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
}

/* Length fields zero; for IPv4 the header checksum too. */
static void prepare(const struct hvp_netvsc_frame *f, uint8_t *out, uint32_t ip)
{
	if (f->flags & HVP_NETVSC_TX_IPV6) {
		hvp_memzero(out + ip + 4, 2);
		put_pseudo_sum(out + f->l4_offset, out + ip + 8, 32);
		return;
	}
	hvp_memzero(out + ip + 2, 2);
	hvp_memzero(out + ip + 10, 2);
	put_pseudo_sum(out + f->l4_offset, out + ip + 12, 8);
}

/* Where the IP header begins: behind the Ethernet header and any tag that is still inside. */
static uint32_t ip_offset(const uint8_t *frame)
{
	bool tagged = (frame[12] == 0x81 && frame[13] == 0x00) ||
		      (frame[12] == 0x88 && frame[13] == 0xa8);

	return tagged ? HVP_NET_ETHERNET + 4u : HVP_NET_ETHERNET;
}

uint32_t hvp_net_lso_headers(const struct hvp_netvsc_frame *f, uint8_t *out, uint32_t cap)
{
	uint32_t ip_min = f->flags & HVP_NETVSC_TX_IPV6 ? IPV6_SIZE : IPV4_MIN;
	uint32_t size = f->l4_offset + TCP_MIN;
	uint32_t tcp;

	if (f->l4_offset < HVP_NET_ETHERNET + ip_min || size > cap || size > f->size ||
	    !readable(f, size))
		return 0;
	copy_out(f, out, size);
	tcp = (uint32_t)(out[f->l4_offset + 12] >> 4) * 4u;
	size = f->l4_offset + tcp;
	if (tcp < TCP_MIN || size > cap || size >= f->size || !readable(f, size) ||
	    ip_offset(out) + ip_min > f->l4_offset)
		return 0;
	copy_out(f, out, size);
	prepare(f, out, ip_offset(out));
	return size;
}
