/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiving end of a ring (chapter 10 sections 3.7.2, 3.9 and 3.10). */
#include "ring_place.h"

#define TYPE_COUNT	16u
#define NEVER		0x10000u	/* above every data_offset8 */

/* Smallest data_offset8 of the packet types that a side accepts. */
static const uint32_t guest_accepts[TYPE_COUNT] = {
	NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 2, 3,
	NEVER, NEVER, NEVER, 2, NEVER, NEVER, NEVER, NEVER,
};

static const uint32_t host_accepts[TYPE_COUNT] = {
	NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 2, NEVER,
	NEVER, 3, NEVER, 2, NEVER, NEVER, NEVER, NEVER,
};

/* A descriptor after its only load. */
struct desc {
	uint64_t word[2];
	uint32_t size;		/* length8 in bytes */
	uint16_t type;
	uint16_t offset8;
	uint16_t length8;
};

static enum hvp_status corrupt(struct hvp_ring_rx *ring, const struct hvp_bound *bound,
			       uint64_t found)
{
	ring->corrupt = true;
	ring->avail = 0;
	return hvp_fault_at(&ring->fault, HVP_CORRUPT, bound, found);
}

static enum hvp_status corrupt_index(struct hvp_ring_rx *ring, uint32_t low, uint32_t high,
				     uint32_t found)
{
	struct hvp_bound bound;

	bound.message = "ring.control";
	bound.field = "write_index";
	bound.offset = HVP_CONTROL_WRITE * 4u;
	bound.low = low;
	bound.high = high;
	return corrupt(ring, &bound, found);
}

/* Which field of a refused descriptor is at fault. */
static enum hvp_status corrupt_desc(struct hvp_ring_rx *ring, const struct desc *d)
{
	uint32_t min_offset8 = d->type < TYPE_COUNT ? ring->min_offset8[d->type] : NEVER;
	struct hvp_bound bound;

	bound.message = "ring.descriptor";
	if (min_offset8 == NEVER) {
		/* Nobody implements cancelling: say what it was, do not act on it. */
		if (d->type == HVP_PACKET_CANCEL)
			bound.message = "ring.cancel_request";
		bound.field = "packet_type";
		bound.offset = 0;
		bound.low = HVP_PACKET_INBAND;
		bound.high = HVP_PACKET_COMPLETION;
		return corrupt(ring, &bound, d->type);
	}
	if (d->offset8 < min_offset8) {
		bound.field = "data_offset8";
		bound.offset = 2;
		bound.low = min_offset8;
		bound.high = d->length8;
		return corrupt(ring, &bound, d->offset8);
	}
	bound.field = "length8";
	bound.offset = 4;
	bound.low = d->offset8;
	bound.high = (ring->avail - HVP_RING_TRAILER_SIZE) / 8u;
	return corrupt(ring, &bound, d->length8);
}

static enum hvp_status begin(struct hvp_ring_rx *ring, const struct hvp_ring_mem *mem,
			     enum hvp_ring_side side)
{
	if (!hvp_ring_mem_ok(mem) || (side != HVP_RING_GUEST && side != HVP_RING_HOST))
		return HVP_ARG;
	hvp_memzero((uint8_t *)ring, sizeof(*ring));
	ring->mem = *mem;
	ring->control = mem->control;
	ring->min_offset8 = side == HVP_RING_GUEST ? guest_accepts : host_accepts;
	return HVP_OK;
}

enum hvp_status hvp_ring_rx_init(struct hvp_ring_rx *ring, const struct hvp_ring_mem *mem,
				 enum hvp_ring_side side)
{
	enum hvp_status status = begin(ring, mem, side);

	if (status != HVP_OK)
		return status;
	hvp_ring_mem_zero(mem);
	hvp_ring_place_set(&ring->pos, mem, 0);
	return HVP_OK;
}

static bool peer_can_wait(const struct hvp_ring_rx *ring)
{
	uint32_t features = hvp_load_relaxed_u32(&ring->control[HVP_CONTROL_FEATURES]);

	return (features & HVP_FEATURE_PENDING_SEND) != 0;
}

enum hvp_status hvp_ring_rx_attach(struct hvp_ring_rx *ring, const struct hvp_ring_mem *mem,
				   enum hvp_ring_side side)
{
	enum hvp_status status = begin(ring, mem, side);
	uint32_t read;

	if (status != HVP_OK)
		return status;
	read = hvp_load_relaxed_u32(&ring->control[HVP_CONTROL_READ]);
	if (!hvp_ring_index_ok(read, mem->size))
		return HVP_CORRUPT;
	hvp_ring_place_set(&ring->pos, mem, read);
	ring->committed = read;
	ring->signal_always = side == HVP_RING_HOST && !peer_can_wait(ring);
	return HVP_OK;
}

/* Nothing more is known to be readable: look at what the writer has added since. */
static enum hvp_status look(struct hvp_ring_rx *ring)
{
	uint32_t size = ring->mem.size;
	uint32_t write;
	uint32_t avail;

	if (ring->corrupt)
		return HVP_CORRUPT;
	/* Acquire: the bytes of the packets are there once the index is. */
	write = hvp_load_acquire_u32(&ring->control[HVP_CONTROL_WRITE]);
	if (!hvp_ring_index_ok(write, size))
		return corrupt_index(ring, 0, size - 8u, write);
	avail = hvp_ring_used(write, ring->pos.index, size);
	if (ring->avail == 0 && avail == 0)
		return HVP_AGAIN;
	/*
	 * Less than a packet, a rest behind whole packets, or an index that ran over bytes
	 * which we have not given back.
	 */
	if (ring->avail != 0 || avail < HVP_RING_TOTAL_MIN ||
	    avail > hvp_ring_used(write, ring->committed, size))
		return corrupt_index(ring,
				     hvp_ring_advance(ring->pos.index, HVP_RING_TOTAL_MIN, size),
				     hvp_ring_advance(ring->committed, size - 8u, size), write);
	ring->avail = avail;
	return HVP_OK;
}

/* The one load of a descriptor, and the checks of section 3.9 on what was loaded. */
static inline enum hvp_status load_desc(struct hvp_ring_rx *ring, struct desc *d)
{
	struct hvp_ring_place second = ring->pos;
	enum hvp_status status;
	uint32_t min_offset8;

	if (ring->avail < HVP_RING_TOTAL_MIN) {
		status = look(ring);
		if (status != HVP_OK)
			return status;
	}
	hvp_ring_place_skip(&second, &ring->mem, 8);
	d->word[0] = hvp_ring_load_word(ring->pos.at);
	d->word[1] = hvp_ring_load_word(second.at);
	d->type = (uint16_t)d->word[0];
	d->offset8 = (uint16_t)(d->word[0] >> 16);
	d->length8 = (uint16_t)(d->word[0] >> 32);
	d->size = d->length8 * 8u;
	min_offset8 = d->type < TYPE_COUNT ? ring->min_offset8[d->type] : NEVER;
	if (HVP_LIKELY(hvp_ring_desc_ok(d->offset8, d->length8, min_offset8, ring->avail)))
		return HVP_OK;
	return corrupt_desc(ring, d);
}

static inline void describe(struct hvp_ring_packet *out, const struct desc *d,
			    const uint8_t *bytes)
{
	out->bytes = bytes;
	out->transaction_id = d->word[1];
	out->size = d->size;
	out->data_offset = d->offset8 * 8u;
	out->type = d->type;
	out->flags = (uint16_t)(d->word[0] >> 48) & HVP_PACKET_COMPLETION_REQUESTED;
}

static inline void account(struct hvp_ring_rx *ring, uint32_t total)
{
	ring->avail -= total;
	ring->stats.packets++;
	ring->stats.bytes += total;
}

static inline void store_word(uint8_t *p, uint64_t word)
{
	word = HVP_LE64(word);
	hvp_memcpy(p, &word, 8);
}

/* Copy what follows the descriptor and move on behind the trailer. */
static inline void copy_out(struct hvp_ring_rx *ring, uint8_t *to, uint32_t size)
{
	if (HVP_LIKELY(size <= ring->pos.run)) {
		hvp_memcpy(to, ring->pos.at + HVP_RING_DESC_SIZE, size - HVP_RING_DESC_SIZE);
		hvp_ring_place_skip(&ring->pos, &ring->mem, size + HVP_RING_TRAILER_SIZE);
		return;
	}
	hvp_ring_place_skip(&ring->pos, &ring->mem, HVP_RING_DESC_SIZE);
	hvp_ring_place_read(&ring->pos, &ring->mem, to, size - HVP_RING_DESC_SIZE);
	hvp_ring_place_skip(&ring->pos, &ring->mem, HVP_RING_TRAILER_SIZE);
}

static enum hvp_status skip(struct hvp_ring_rx *ring, const struct desc *d,
			    struct hvp_ring_packet *out)
{
	uint32_t total = d->size + HVP_RING_TRAILER_SIZE;

	hvp_ring_place_skip(&ring->pos, &ring->mem, total);
	ring->avail -= total;
	ring->stats.oversized++;
	describe(out, d, NULL);
	return HVP_NOSPACE;
}

enum hvp_status hvp_ring_rx_next(struct hvp_ring_rx *ring, uint8_t *buf, uint32_t cap,
				 struct hvp_ring_packet *out)
{
	enum hvp_status status;
	struct desc d;

	if (HVP_UNLIKELY(cap < HVP_RING_DESC_SIZE))
		return HVP_ARG;
	status = load_desc(ring, &d);
	if (status != HVP_OK)
		return status;
	if (HVP_UNLIKELY(d.size > cap))
		return skip(ring, &d, out);
	store_word(buf, d.word[0]);
	store_word(buf + 8, d.word[1]);
	copy_out(ring, buf + HVP_RING_DESC_SIZE, d.size);
	account(ring, d.size + HVP_RING_TRAILER_SIZE);
	describe(out, &d, buf);
	return HVP_OK;
}

enum hvp_status hvp_ring_rx_peek_trusted_in_place(struct hvp_ring_rx *ring,
						  struct hvp_ring_packet *out)
{
	enum hvp_status status;
	struct desc d;

	status = load_desc(ring, &d);
	if (status != HVP_OK)
		return status;
	if (d.size > ring->pos.run)
		return HVP_NOSPACE;
	describe(out, &d, ring->pos.at);
	hvp_ring_place_skip(&ring->pos, &ring->mem, d.size + HVP_RING_TRAILER_SIZE);
	account(ring, d.size + HVP_RING_TRAILER_SIZE);
	return HVP_OK;
}

/* The writer waits for room: whether this commit, that began at @old, made it. */
static bool made_room(const struct hvp_ring_rx *ring, uint32_t old, uint32_t pending)
{
	uint32_t size = ring->mem.size;
	uint32_t write;

	if (!peer_can_wait(ring))
		return false;
	write = hvp_load_relaxed_u32(&ring->control[HVP_CONTROL_WRITE]);
	/* A bad index is reported when packets are read; here it only costs its own wake-up. */
	if (!hvp_ring_index_ok(write, size))
		return false;
	return hvp_ring_crossed(write, old, ring->committed, pending, size);
}

bool hvp_ring_rx_commit(struct hvp_ring_rx *ring)
{
	uint32_t old = ring->committed;
	bool signal = ring->signal_always;
	uint32_t pending;

	if (ring->pos.index == old)
		return false;
	hvp_store_release_u32(&ring->control[HVP_CONTROL_READ], ring->pos.index);
	ring->committed = ring->pos.index;
	/* Our index before the writer's wish: it stores its wish before it looks at our index. */
	hvp_fence_full();
	pending = hvp_load_acquire_u32(&ring->control[HVP_CONTROL_PENDING]);
	if (HVP_UNLIKELY(pending != 0 && !signal))
		signal = made_room(ring, old, pending);
	if (signal)
		ring->stats.signals++;
	return signal;
}

void hvp_ring_rx_mask(struct hvp_ring_rx *ring)
{
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_MASK], 1u);
	hvp_fence_full();
}

bool hvp_ring_rx_unmask(struct hvp_ring_rx *ring)
{
	hvp_assert(ring->pos.index == ring->committed);
	if (ring->corrupt)
		return false;
	hvp_store_relaxed_u32(&ring->control[HVP_CONTROL_MASK], 0u);
	/* Our mask before the writer's index: it stores its index before it looks at our mask. */
	hvp_fence_full();
	if (ring->avail == 0 &&
	    hvp_load_relaxed_u32(&ring->control[HVP_CONTROL_WRITE]) == ring->pos.index)
		return false;
	hvp_ring_rx_mask(ring);
	return true;
}

const struct hvp_fault *hvp_ring_rx_fault(const struct hvp_ring_rx *ring)
{
	return ring->corrupt ? &ring->fault : NULL;
}
