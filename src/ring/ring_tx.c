/* SPDX-License-Identifier: BSD-2-Clause */
/* The sending end of a ring (chapter 10 sections 3.3, 3.5, 3.7.1 and 3.7.3). */
#include "ring_place.h"

static enum hvp_status corrupt_index(struct hvp_ring_tx *ring, uint32_t found)
{
	struct hvp_bound bound;

	bound.message = "ring.control";
	bound.field = "read_index";
	bound.offset = HVP_CONTROL_READ * 4u;
	bound.low = 0;
	bound.high = ring->mem.size - 8u;
	ring->corrupt = true;
	ring->space = 0;
	return hvp_fault_at(&ring->fault, HVP_CORRUPT, &bound, found);
}

static void begin(struct hvp_ring_tx *ring, const struct hvp_ring_mem *mem,
		  const void *other_control)
{
	hvp_memzero((uint8_t *)ring, sizeof(*ring));
	ring->mem = *mem;
	ring->control = mem->control;
	ring->other_control = other_control;
}

enum hvp_status hvp_ring_tx_init(struct hvp_ring_tx *ring, const struct hvp_ring_mem *mem,
				 const void *other_control)
{
	if (!hvp_ring_mem_ok(mem))
		return HVP_ARG;
	begin(ring, mem, other_control);
	hvp_ring_mem_zero(mem);
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_FEATURES], HVP_FEATURE_PENDING_SEND);
	hvp_ring_place_set(&ring->pos, mem, 0);
	ring->space = hvp_ring_room(0, 0, mem->size);
	return HVP_OK;
}

enum hvp_status hvp_ring_tx_attach(struct hvp_ring_tx *ring, const struct hvp_ring_mem *mem,
				   const void *other_control)
{
	uint32_t write;

	if (!hvp_ring_mem_ok(mem))
		return HVP_ARG;
	begin(ring, mem, other_control);
	write = hvp_load_acquire_u32(&ring->control[HVP_CONTROL_WRITE]);
	if (!hvp_ring_index_ok(write, mem->size))
		return HVP_CORRUPT;
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_PENDING], 0u);
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_FEATURES], HVP_FEATURE_PENDING_SEND);
	hvp_ring_place_set(&ring->pos, mem, write);
	ring->committed = write;
	return hvp_ring_tx_room(ring, &ring->space);
}

enum hvp_status hvp_ring_tx_room(struct hvp_ring_tx *ring, uint32_t *room)
{
	uint32_t read;

	if (ring->corrupt)
		return HVP_CORRUPT;
	/* Acquire: the reader is done with the bytes before we write over them. */
	read = hvp_load_acquire_u32(&ring->control[HVP_CONTROL_READ]);
	if (!hvp_ring_index_ok(read, ring->mem.size))
		return corrupt_index(ring, read);
	*room = hvp_ring_room(ring->pos.index, read, ring->mem.size);
	return HVP_OK;
}

/* The room we know of is too small: look at what the reader has freed since. */
static enum hvp_status make_room(struct hvp_ring_tx *ring, uint32_t total)
{
	enum hvp_status status;

	if (total > hvp_ring_total_max(ring->mem.size))
		return HVP_ARG;
	status = hvp_ring_tx_room(ring, &ring->space);
	if (status != HVP_OK)
		return status;
	if (total <= ring->space)
		return HVP_OK;
	ring->stats.full++;
	return HVP_AGAIN;
}

static uint64_t packet_size(const struct hvp_ring_out *out, uint64_t extra)
{
	return HVP_RING_DESC_SIZE + extra + out->payload[0].size + out->payload[1].size;
}

static uint64_t descriptor_word(const struct hvp_ring_out *out, uint16_t type, uint32_t extra,
				uint32_t total)
{
	return type | (uint64_t)((HVP_RING_DESC_SIZE + extra) / 8u) << 16 |
	       (uint64_t)((total - HVP_RING_TRAILER_SIZE) / 8u) << 32 | (uint64_t)out->flags << 48;
}

static void account(struct hvp_ring_tx *ring, uint32_t total)
{
	ring->space -= total;
	ring->stats.packets++;
	ring->stats.bytes += total;
}

static inline void store_word(uint8_t *p, uint64_t word)
{
	word = HVP_LE64(word);
	hvp_memcpy(p, &word, 8);
}

static inline uint8_t *copy_piece(uint8_t *p, const struct hvp_ring_piece *piece)
{
	hvp_memcpy(p, piece->p, piece->size);
	return p + piece->size;
}

/*
 * The whole packet lies in one run. The last word is cleared first and then overwritten as
 * far as the payload goes: what stays is the padding.
 */
static inline void write_straight(uint8_t *p, const struct hvp_ring_out *out, uint64_t desc,
				  uint32_t total, uint32_t start)
{
	uint8_t *trailer = p + total - HVP_RING_TRAILER_SIZE;

	store_word(trailer - 8, 0);
	store_word(p, desc);
	store_word(p + 8, out->transaction_id);
	p += HVP_RING_DESC_SIZE;
	if (out->extra.size > 0)
		p = copy_piece(p, &out->extra);
	if (out->payload[0].size > 0)
		p = copy_piece(p, &out->payload[0]);
	if (out->payload[1].size > 0)
		(void)copy_piece(p, &out->payload[1]);
	store_word(trailer, (uint64_t)start << 32);
}

/* Payload, padding and trailer of a packet that may cross breaks. */
static void write_tail(struct hvp_ring_tx *ring, const struct hvp_ring_out *out, uint32_t start)
{
	static const uint8_t zeros[8];
	const struct hvp_ring_mem *mem = &ring->mem;
	uint32_t payload = out->payload[0].size + out->payload[1].size;

	hvp_ring_place_write(&ring->pos, mem, out->payload[0].p, out->payload[0].size);
	hvp_ring_place_write(&ring->pos, mem, out->payload[1].p, out->payload[1].size);
	hvp_ring_place_write(&ring->pos, mem, zeros, (8u - payload % 8u) % 8u);
	hvp_ring_place_put(&ring->pos, mem, (uint64_t)start << 32);
}

static void write_split(struct hvp_ring_tx *ring, const struct hvp_ring_out *out, uint64_t desc)
{
	uint32_t start = ring->pos.index;

	hvp_ring_place_put(&ring->pos, &ring->mem, desc);
	hvp_ring_place_put(&ring->pos, &ring->mem, out->transaction_id);
	hvp_ring_place_write(&ring->pos, &ring->mem, out->extra.p, out->extra.size);
	write_tail(ring, out, start);
}

enum hvp_status hvp_ring_tx_put(struct hvp_ring_tx *ring, const struct hvp_ring_out *out)
{
	uint32_t total = hvp_ring_total(packet_size(out, out->extra.size));
	enum hvp_status status;
	uint64_t desc;

	if (HVP_UNLIKELY(total == 0 || out->extra.size % 8u != 0))
		return HVP_ARG;
	if (HVP_UNLIKELY(total > ring->space)) {
		status = make_room(ring, total);
		if (status != HVP_OK)
			return status;
	}
	desc = descriptor_word(out, out->type, out->extra.size, total);
	if (HVP_LIKELY(total <= ring->pos.run)) {
		write_straight(ring->pos.at, out, desc, total, ring->pos.index);
		hvp_ring_place_skip(&ring->pos, &ring->mem, total);
	} else {
		write_split(ring, out, desc);
	}
	account(ring, total);
	return HVP_OK;
}

/* Room for a packet with ranges, and its descriptor; the place then stands behind it. */
static enum hvp_status begin_ranges(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				    uint16_t type, uint64_t extra)
{
	uint32_t total = hvp_ring_total(packet_size(out, extra));
	enum hvp_status status;

	if (total == 0)
		return HVP_ARG;
	if (total > ring->space) {
		status = make_room(ring, total);
		if (status != HVP_OK)
			return status;
	}
	account(ring, total);
	hvp_ring_place_put(&ring->pos, &ring->mem,
			   descriptor_word(out, type, (uint32_t)extra, total));
	hvp_ring_place_put(&ring->pos, &ring->mem, out->transaction_id);
	return HVP_OK;
}

/* Page numbers of a range, or 0 if the range is not legal. */
static uint32_t range_pfns(const struct hvp_gpa_range *range)
{
	uint64_t end = (uint64_t)range->byte_offset + range->byte_count;

	if (range->byte_count == 0 || range->byte_offset >= HVP_RING_PAGE_SIZE || end > UINT32_MAX)
		return 0;
	return (uint32_t)((end + HVP_RING_PAGE_SIZE - 1u) / HVP_RING_PAGE_SIZE);
}

static uint64_t ranges_size(const struct hvp_gpa_range *ranges, uint32_t count)
{
	uint64_t size = 8;
	uint32_t pfns;
	uint32_t i;

	for (i = 0; i < count; i++) {
		pfns = range_pfns(&ranges[i]);
		if (pfns == 0)
			return 0;
		size += 8u + (uint64_t)pfns * 8u;
	}
	return count > 0 ? size : 0;
}

enum hvp_status hvp_ring_tx_put_gpa(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				    const struct hvp_gpa_range *ranges, uint32_t count)
{
	uint64_t extra = ranges_size(ranges, count);
	uint32_t start = ring->pos.index;
	enum hvp_status status;
	uint32_t pfns;
	uint32_t i;
	uint32_t j;

	if (extra == 0)
		return HVP_ARG;
	status = begin_ranges(ring, out, HVP_PACKET_GPA_DIRECT, extra);
	if (status != HVP_OK)
		return status;
	hvp_ring_place_put(&ring->pos, &ring->mem, (uint64_t)count << 32);
	for (i = 0; i < count; i++) {
		hvp_ring_place_put(&ring->pos, &ring->mem,
				   ranges[i].byte_count | (uint64_t)ranges[i].byte_offset << 32);
		pfns = range_pfns(&ranges[i]);
		for (j = 0; j < pfns; j++)
			hvp_ring_place_put(&ring->pos, &ring->mem, ranges[i].pfns[j]);
	}
	write_tail(ring, out, start);
	return HVP_OK;
}

enum hvp_status hvp_ring_tx_put_xfer(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				     uint16_t set_id, const struct hvp_xfer_range *ranges,
				     uint32_t count)
{
	uint32_t start = ring->pos.index;
	enum hvp_status status;
	uint32_t i;

	status = begin_ranges(ring, out, HVP_PACKET_XFER_PAGES, 8u + (uint64_t)count * 8u);
	if (status != HVP_OK)
		return status;
	hvp_ring_place_put(&ring->pos, &ring->mem, set_id | (uint64_t)count << 32);
	for (i = 0; i < count; i++)
		hvp_ring_place_put(&ring->pos, &ring->mem,
				   ranges[i].byte_count | (uint64_t)ranges[i].byte_offset << 32);
	write_tail(ring, out, start);
	return HVP_OK;
}

bool hvp_ring_tx_commit(struct hvp_ring_tx *ring)
{
	uint32_t old = ring->committed;
	uint32_t read;

	if (ring->pos.index == old)
		return false;
	hvp_store_release_u32(&ring->control[HVP_CONTROL_WRITE], ring->pos.index);
	ring->committed = ring->pos.index;
	if (HVP_UNLIKELY(ring->pending != 0)) {
		hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_PENDING], 0u);
		ring->pending = 0;
	}
	/* Our index before the reader's mask: it stores its mask before it looks at our index. */
	hvp_fence_full();
	if (hvp_load_acquire_u32(&ring->control[HVP_CONTROL_MASK]) != 0)
		return false;
	/*
	 * Only if the reader had reached the first byte of this batch can it be asleep. The
	 * index is compared and not used, so it needs no check.
	 */
	read = hvp_load_relaxed_u32(&ring->control[HVP_CONTROL_READ]);
	if (read != old)
		return false;
	ring->stats.signals++;
	return true;
}

enum hvp_status hvp_ring_tx_send(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				 bool *signal)
{
	enum hvp_status status = hvp_ring_tx_put(ring, out);

	if (status != HVP_OK)
		return status;
	*signal = hvp_ring_tx_commit(ring);
	return HVP_OK;
}

enum hvp_status hvp_ring_tx_wait(struct hvp_ring_tx *ring, uint32_t total)
{
	uint32_t size = ring->mem.size;
	uint32_t unseen = hvp_ring_used(ring->pos.index, ring->committed, size);
	enum hvp_status status;

	if (total == 0 || total % 8u != 0 || total > hvp_ring_total_max(size) ||
	    unseen > size - HVP_RING_GAP - total)
		return HVP_ARG;
	if (ring->corrupt)
		return HVP_CORRUPT;
	ring->pending = hvp_ring_want(total, unseen, size);
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_PENDING], ring->pending);
	ring->stats.waits++;
	/* Our wish before the reader's index: it stores its index before it looks at our wish. */
	hvp_fence_full();
	status = hvp_ring_tx_room(ring, &ring->space);
	if (status != HVP_OK)
		return status;
	if (total > ring->space)
		return HVP_AGAIN;
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_PENDING], 0u);
	ring->pending = 0;
	return HVP_OK;
}

bool hvp_ring_tx_peer_wakes(const struct hvp_ring_tx *ring)
{
	uint32_t features;

	if (!ring->other_control)
		return false;
	features = hvp_load_relaxed_u32(&ring->other_control[HVP_CONTROL_FEATURES]);
	return (features & HVP_FEATURE_PENDING_SEND) != 0;
}

const struct hvp_fault *hvp_ring_tx_fault(const struct hvp_ring_tx *ring)
{
	return ring->corrupt ? &ring->fault : NULL;
}
