/* SPDX-License-Identifier: BSD-2-Clause */
/* The scripted device: its rings as memory, and what it sends. */
#include <stdlib.h>
#include <string.h>

#include "../host/partition_internal.h"
#include "scripted_internal.h"

#define WRITE_INDEX 0u /* of the control page, chapter 10 section 3.1 */
#define READ_INDEX 4u

/* ---- mapping ---- */

static struct hvm_partition *partition_of(const struct hvm_scripted *d)
{
	return hvm_server_partition(d->s);
}

static void unmap(struct hvm_mapped *m)
{
	free(m->pages);
	memset(m, 0, sizeof(*m));
}

static bool map(struct hvm_scripted *d, struct hvm_mapped *m, const uint64_t *pfns, uint32_t n)
{
	uint32_t i;

	m->control = hvm_mem_ptr(partition_of(d), pfns[0] * HVM_PAGE, HVM_PAGE);
	m->pages = hvm_xalloc((n - 1) * sizeof(*m->pages));
	m->size = (n - 1) * HVM_PAGE;
	for (i = 1; i < n; i++) {
		m->pages[i - 1] = hvm_mem_ptr(partition_of(d), pfns[i] * HVM_PAGE, HVM_PAGE);
		if (!m->pages[i - 1])
			return false;
	}
	return m->control != NULL;
}

static struct hvp_ring_mem mem_of(const struct hvm_mapped *m)
{
	struct hvp_ring_mem mem = { m->control, NULL, m->pages, m->size };

	return mem;
}

static uint32_t *word_of(const struct hvm_mapped *m, uint32_t offset)
{
	return (uint32_t *)(void *)(m->control + offset);
}

static enum hvp_status attach_rx(struct hvm_scripted *d)
{
	struct hvp_ring_mem mem = mem_of(&d->ring[HVM_RING_G2H]);

	d->rx_moved = false;
	d->rx_at = hvp_load_relaxed_u32(word_of(&d->ring[HVM_RING_G2H], READ_INDEX));
	return hvp_ring_rx_attach(&d->rx, &mem, HVP_RING_HOST);
}

static enum hvp_status attach_tx(struct hvm_scripted *d)
{
	struct hvp_ring_mem mem = mem_of(&d->ring[HVM_RING_H2G]);

	d->tx_moved = false;
	return hvp_ring_tx_attach(&d->tx, &mem, d->ring[HVM_RING_G2H].control);
}

bool hvm_scripted_attach(struct hvm_scripted *d, const struct hvm_open *open)
{
	const struct hvm_gpadl *g = hvm_channel_gpadl(d->ch, open->gpadl_id);
	struct hvm_gpadl_range r;
	uint32_t k = open->downstream;

	if (!g || hvm_gpadl_range(g, 0, &r) != HVP_OK)
		return false;
	d->status = HVP_OK;
	if (!map(d, &d->ring[HVM_RING_G2H], r.pfns, k) ||
	    !map(d, &d->ring[HVM_RING_H2G], r.pfns + k, r.pfn_count - k) ||
	    attach_rx(d) != HVP_OK || attach_tx(d) != HVP_OK) {
		hvm_scripted_detach(d);
		return false;
	}
	d->buf = hvm_xalloc(d->ring[HVM_RING_G2H].size);
	d->attached = true;
	return true;
}

void hvm_scripted_detach(struct hvm_scripted *d)
{
	bool attached = d->attached;

	d->attached = false;
	unmap(&d->ring[HVM_RING_G2H]);
	unmap(&d->ring[HVM_RING_H2G]);
	free(d->buf);
	d->buf = NULL;
	if (attached)
		hvm_scripted_tell(d, HVM_SCRIPTED_CLOSED);
}

bool hvm_scripted_usable(const struct hvm_scripted *d)
{
	return d->attached && d->ch && hvm_channel_gpadl(d->ch, d->open.gpadl_id);
}

void hvm_scripted_trace(struct hvm_scripted *d, uint32_t direction, uint32_t offset,
			const uint8_t *bytes, size_t size)
{
	struct hvm_channel_info info;
	struct hvm_trace_entry e;

	hvm_channel_info(d->ch, &info);
	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_PACKET;
	e.direction = (uint8_t)direction;
	e.channel = info.id;
	e.aux = offset;
	e.bytes = bytes;
	e.size = size;
	hvm_partition_trace_add(partition_of(d), &e);
}

/* ---- control words ---- */

uint32_t hvm_scripted_peek(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset)
{
	if (!hvm_scripted_usable(d) || offset % 4 || offset >= HVM_PAGE)
		return 0;
	return hvp_load_acquire_u32(word_of(&d->ring[side], offset));
}

enum hvp_status hvm_scripted_poke(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset,
				  uint32_t value)
{
	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	if (offset % 4 || offset >= HVM_PAGE)
		return HVP_ARG;
	hvp_store_release_u32(word_of(&d->ring[side], offset), value);
	d->rx_moved |= side == HVM_RING_G2H && offset == READ_INDEX;
	d->tx_moved |= side == HVM_RING_H2G && offset == WRITE_INDEX;
	return HVP_OK;
}

void *hvm_scripted_ring_ptr(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset)
{
	const struct hvm_mapped *m = &d->ring[side];

	if (!hvm_scripted_usable(d) || offset >= m->size + HVM_PAGE)
		return NULL;
	return offset < HVM_PAGE ? m->control + offset
				 : m->pages[offset / HVM_PAGE - 1] + offset % HVM_PAGE;
}

uint32_t hvm_scripted_ring_size(const struct hvm_scripted *d, enum hvm_ring_side side)
{
	return d->attached ? d->ring[side].size : 0;
}

/* ---- sending ---- */

static struct hvp_ring_out out_of(const struct hvm_packet *k)
{
	struct hvp_ring_out out = hvp_ring_inband(k->payload, k->payload_size);

	out.transaction_id = k->transaction_id;
	out.type = k->type;
	out.flags = k->flags;
	out.extra.p = k->extra;
	out.extra.size = k->extra_size;
	return out;
}

/* The packet as it stands in the ring, without its trailer. */
static void trace_sent(struct hvm_scripted *d, uint32_t offset, uint32_t total)
{
	const struct hvm_mapped *m = &d->ring[HVM_RING_H2G];
	uint32_t size = total - HVP_RING_TRAILER_SIZE;
	uint8_t *bytes = hvm_xalloc(size);
	uint32_t i;

	for (i = 0; i < size; i++) {
		uint32_t at = (offset + i) % m->size;

		bytes[i] = m->pages[at / HVM_PAGE][at % HVM_PAGE];
	}
	hvm_scripted_trace(d, HVP_DIR_H2G, offset, bytes, size);
	free(bytes);
}

/* A sender without room asks to be told when there is some. */
static enum hvp_status no_room(struct hvm_scripted *d, uint32_t total)
{
	enum hvp_status st = hvp_ring_tx_wait(&d->tx, total);

	return st == HVP_OK ? HVP_AGAIN : st;
}

enum hvp_status hvm_scripted_send(struct hvm_scripted *d, const struct hvm_packet *k)
{
	struct hvp_ring_out out = out_of(k);
	uint32_t total = hvp_ring_packet_total(k->extra_size, k->payload_size);
	enum hvp_status st = HVP_OK;
	bool signal = false;
	uint32_t at;

	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	if (d->tx_moved)
		st = attach_tx(d);
	at = hvm_scripted_peek(d, HVM_RING_H2G, WRITE_INDEX);
	if (st == HVP_OK)
		st = hvp_ring_tx_send(&d->tx, &out, &signal);
	if (st == HVP_AGAIN)
		return no_room(d, total);
	if (st != HVP_OK)
		return st;
	trace_sent(d, at, total);
	if (signal)
		(void)hvm_channel_signal(d->ch);
	return HVP_OK;
}

enum hvp_status hvm_scripted_complete(struct hvm_scripted *d, uint64_t transaction_id,
				      const void *payload, size_t size)
{
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_COMPLETION;
	k.transaction_id = transaction_id;
	k.payload = payload;
	k.payload_size = (uint32_t)size;
	return hvm_scripted_send(d, &k);
}

static void put_bytes(const struct hvm_mapped *m, uint32_t at, const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		uint32_t to = (uint32_t)((at + i) % m->size);

		m->pages[to / HVM_PAGE][to % HVM_PAGE] = bytes[i];
	}
}

enum hvp_status hvm_scripted_send_raw(struct hvm_scripted *d, const void *bytes, size_t size,
				      uint32_t advance, bool signal)
{
	const struct hvm_mapped *m = &d->ring[HVM_RING_H2G];
	uint32_t at;

	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	if (size > m->size)
		return HVP_ARG;
	at = hvm_scripted_peek(d, HVM_RING_H2G, WRITE_INDEX);
	put_bytes(m, at, bytes, size);
	hvm_scripted_trace(d, HVP_DIR_H2G, at, bytes, size);
	hvp_store_release_u32(word_of(m, WRITE_INDEX),
			      (uint32_t)(((uint64_t)at + advance) % m->size));
	d->tx_moved = true;
	return signal ? hvm_channel_signal(d->ch) : HVP_OK;
}
