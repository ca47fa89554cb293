/* SPDX-License-Identifier: BSD-2-Clause */
/* The scripted device: what it receives. */
#include <stdlib.h>
#include <string.h>

#include "../host/partition_internal.h"
#include "scripted_internal.h"

/* ---- the queue ---- */

void hvm_scripted_forget_packets(struct hvm_scripted *d)
{
	size_t i;

	for (i = 0; i < d->got_n; i++)
		free(d->got[i].bytes);
	d->got_n = 0;
	free(d->taken.bytes);
	d->taken.bytes = NULL;
}

static enum hvp_status judge_ranges(const struct hvp_ring_packet *in)
{
	struct hvp_gpa_iter iter;
	struct hvp_gpa_item r;
	enum hvp_status st;

	if (in->type != HVP_PACKET_GPA_DIRECT)
		return HVP_OK;
	st = hvp_ring_gpa_ranges(in, &iter, NULL);
	while (st == HVP_OK && iter.left)
		st = hvp_ring_gpa_next(&iter, &r, NULL);
	return st;
}

static void keep(struct hvm_scripted *d, const struct hvp_ring_packet *in)
{
	struct hvm_got g;

	memset(&g, 0, sizeof(g));
	g.bytes = hvm_xcopy(in->bytes, in->size);
	g.k.type = in->type;
	g.k.flags = in->flags;
	g.k.transaction_id = in->transaction_id;
	g.k.extra = g.bytes + HVP_RING_DESC_SIZE;
	g.k.extra_size = in->data_offset - HVP_RING_DESC_SIZE;
	g.k.payload = g.bytes + in->data_offset;
	g.k.payload_size = in->size - in->data_offset;
	g.k.ring_offset = d->rx_at;
	g.k.ranges = judge_ranges(in);
	if (g.k.ranges != HVP_OK)
		hvm_note(hvm_server_partition(d->s), "GPA-direct packet with bad ranges: %s",
			 hvp_status_name(g.k.ranges));
	d->got = hvm_vec_grow(d->got, d->got_n, &d->got_cap, sizeof(*d->got));
	d->got[d->got_n++] = g;
}

size_t hvm_scripted_waiting(const struct hvm_scripted *d)
{
	return d->got_n;
}

bool hvm_scripted_take(struct hvm_scripted *d, struct hvm_packet *out)
{
	if (!d->got_n)
		return false;
	free(d->taken.bytes);
	d->taken = d->got[0];
	d->got_n = hvm_vec_remove(d->got, d->got_n, 0, sizeof(*d->got));
	*out = d->taken.k;
	return true;
}

/* ---- reading ---- */

static enum hvp_status resync(struct hvm_scripted *d)
{
	struct hvp_ring_mem mem = { d->ring[HVM_RING_G2H].control, NULL,
				    d->ring[HVM_RING_G2H].pages, d->ring[HVM_RING_G2H].size };

	if (!d->rx_moved)
		return HVP_OK;
	d->rx_moved = false;
	d->rx_at = hvm_scripted_peek(d, HVM_RING_G2H, 4);
	return hvp_ring_rx_attach(&d->rx, &mem, HVP_RING_HOST);
}

static enum hvp_status next(struct hvm_scripted *d)
{
	const struct hvm_mapped *m = &d->ring[HVM_RING_G2H];
	struct hvp_ring_packet in;
	enum hvp_status st = resync(d);

	if (st == HVP_OK)
		st = hvp_ring_rx_next(&d->rx, d->buf, m->size, &in);
	if (st == HVP_CORRUPT && d->status != HVP_CORRUPT) {
		const struct hvp_fault *f = hvp_ring_rx_fault(&d->rx);

		hvm_note(hvm_server_partition(d->s), "guest ring is corrupt: %s %llu",
			 f ? f->field : "index", f ? (unsigned long long)f->found : 0ull);
		d->status = HVP_CORRUPT;
	}
	if (st != HVP_OK)
		return st;
	keep(d, &in);
	hvm_scripted_trace(d, HVP_DIR_G2H, d->rx_at, in.bytes, in.size);
	d->rx_at = (d->rx_at + in.size + HVP_RING_TRAILER_SIZE) % m->size;
	return HVP_OK;
}

static void commit(struct hvm_scripted *d)
{
	if (hvp_ring_rx_commit(&d->rx))
		(void)hvm_channel_signal(d->ch);
}

enum hvp_status hvm_scripted_poll(struct hvm_scripted *d)
{
	enum hvp_status st;

	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	do {
		hvp_ring_rx_mask(&d->rx);
		do {
			st = next(d);
		} while (st == HVP_OK);
		if (st == HVP_CORRUPT)
			return st;
		commit(d);
	} while (hvp_ring_rx_unmask(&d->rx));
	return st == HVP_AGAIN ? HVP_OK : st;
}

enum hvp_status hvm_scripted_poll_one(struct hvm_scripted *d)
{
	enum hvp_status st;

	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	st = next(d);
	if (st != HVP_CORRUPT)
		commit(d);
	return st;
}

enum hvp_status hvm_scripted_ring_status(const struct hvm_scripted *d)
{
	return d->status;
}

/* Data may have come before the device was there: look once without having been told. */
void hvm_scripted_start_reading(struct hvm_scripted *d)
{
	if (d->reading)
		(void)hvm_scripted_poll(d);
}

void hvm_scripted_on_signal(struct hvm_scripted *d)
{
	if (d->reading)
		(void)hvm_scripted_poll(d);
}

void hvm_scripted_set_reading(struct hvm_scripted *d, bool reading)
{
	d->reading = reading;
	if (reading)
		(void)hvm_scripted_poll(d);
}

enum hvp_status hvm_scripted_set_mask(struct hvm_scripted *d, bool masked)
{
	if (!hvm_scripted_usable(d))
		return HVP_STATE;
	if (masked)
		hvp_ring_rx_mask(&d->rx);
	else if (hvp_ring_rx_unmask(&d->rx) && d->reading)
		return hvm_scripted_poll(d);
	return HVP_OK;
}

/* ---- GPA-direct ranges ---- */

/* The descriptor of @k was checked when it came; its bytes begin 16 before the extra header. */
static struct hvp_ring_packet ring_packet(const struct hvm_packet *k)
{
	struct hvp_ring_packet in;

	memset(&in, 0, sizeof(in));
	in.type = k->type;
	in.data_offset = HVP_RING_DESC_SIZE + k->extra_size;
	in.size = in.data_offset;
	in.bytes = k->extra ? k->extra - HVP_RING_DESC_SIZE : NULL;
	return in;
}

/* Rules of chapter 10 section 3.5.2, on the private copy, before any page is touched. */
static enum hvp_status range_at(const struct hvm_packet *k, uint32_t index,
				struct hvp_gpa_item *out)
{
	struct hvp_ring_packet in = ring_packet(k);
	struct hvp_gpa_iter iter;
	enum hvp_status st = hvp_ring_gpa_ranges(&in, &iter, NULL);

	if (st == HVP_OK && index >= iter.left)
		return HVP_ARG;
	do {
		if (st == HVP_OK)
			st = hvp_ring_gpa_next(&iter, out, NULL);
	} while (st == HVP_OK && index--);
	return st;
}

enum hvp_status hvm_scripted_range(const struct hvm_packet *k, uint32_t index, uint32_t *bytes)
{
	struct hvp_gpa_item r;
	enum hvp_status st = range_at(k, index, &r);

	*bytes = st == HVP_OK ? r.byte_count : 0;
	return st;
}

static void trace_memory(struct hvm_scripted *d, uint32_t direction, uint64_t gpa,
			 const uint8_t *bytes, size_t size)
{
	struct hvm_channel_info info;
	struct hvm_trace_entry e;

	hvm_channel_info(d->ch, &info);
	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_MEMORY;
	e.direction = (uint8_t)direction;
	e.channel = info.id;
	e.aux = gpa;
	e.bytes = bytes;
	e.size = size;
	hvm_partition_trace_add(hvm_server_partition(d->s), &e);
}

static bool move(struct hvm_scripted *d, uint64_t gpa, uint8_t *to, const uint8_t *from,
		 size_t size)
{
	struct hvm_partition *p = hvm_server_partition(d->s);

	if (!(to ? hvm_mem_read(p, gpa, to, size) : hvm_mem_write(p, gpa, from, size)))
		return false;
	trace_memory(d, to ? HVP_DIR_G2H : HVP_DIR_H2G, gpa, to ? to : from, size);
	return true;
}

static enum hvp_status walk(struct hvm_scripted *d, const struct hvp_gpa_item *r, uint64_t at,
			    uint8_t *to, const uint8_t *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint64_t in = r->byte_offset + at + done;
		size_t room = (size_t)(HVM_PAGE - in % HVM_PAGE);
		size_t n = len - done < room ? len - done : room;
		uint64_t pfn = hvp_get_u64(r->pfns.p + in / HVM_PAGE * 8);

		if (pfn > UINT64_MAX / HVM_PAGE ||
		    !move(d, pfn * HVM_PAGE + in % HVM_PAGE, to ? to + done : NULL,
			  from ? from + done : NULL, n))
			return HVP_RANGE;
		done += n;
	}
	return HVP_OK;
}

static enum hvp_status access_range(struct hvm_scripted *d, const struct hvp_gpa_item *r,
				    uint32_t offset, uint8_t *to, const uint8_t *from, size_t len)
{
	if (!d->ch)
		return HVP_STATE;
	if (offset > r->byte_count || len > r->byte_count - offset)
		return HVP_RANGE;
	return walk(d, r, offset, to, from, len);
}

/* Of a packet with a bad range none is used. */
static enum hvp_status usable_range(const struct hvm_packet *k, uint32_t index,
				    struct hvp_gpa_item *out)
{
	return k->ranges == HVP_OK ? range_at(k, index, out) : k->ranges;
}

enum hvp_status hvm_scripted_read_range(struct hvm_scripted *d, const struct hvm_packet *k,
					uint32_t index, uint32_t offset, void *to, size_t len)
{
	struct hvp_gpa_item r;
	enum hvp_status st = usable_range(k, index, &r);

	return st == HVP_OK ? access_range(d, &r, offset, to, NULL, len) : st;
}

enum hvp_status hvm_scripted_write_range(struct hvm_scripted *d, const struct hvm_packet *k,
					 uint32_t index, uint32_t offset, const void *from,
					 size_t len)
{
	struct hvp_gpa_item r;
	enum hvp_status st = usable_range(k, index, &r);

	return st == HVP_OK ? access_range(d, &r, offset, NULL, from, len) : st;
}
