/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiving end of a ring (chapter 10 sections 3.7.2, 3.9 and 3.10). */
#include "ring_place.h"

#define TYPE_COUNT 16u
#define NEVER 0x10000u /* above every data_offset8 */

/* Smallest data_offset8 of the packet types that a side accepts. */
/* clang-format off */
static const uint32_t guest_accepts[TYPE_COUNT] = {
	NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 2,     3,     /* in-band, transfer pages */
	NEVER, NEVER, NEVER, 2,     NEVER, NEVER, NEVER, NEVER, /* completion */
};

static const uint32_t host_accepts[TYPE_COUNT] = {
	NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 2,     NEVER, /* in-band */
	NEVER, 3,     NEVER, 2,     NEVER, NEVER, NEVER, NEVER, /* GPA-direct, completion */
};
/* clang-format on */

/*
 * A descriptor is two words, each loaded once into a local; everything else is a function of
 * the first: packet_type, data_offset8, length8, flags, 16 bits each.
 */
static inline uint32_t desc_type(uint64_t word)
{
	return (uint32_t)(word & 0xffffu);
}

static inline uint32_t desc_offset8(uint64_t word)
{
	return (uint32_t)(word >> 16 & 0xffffu);
}

static inline uint32_t desc_length8(uint64_t word)
{
	return (uint32_t)(word >> 32 & 0xffffu);
}

static inline uint32_t desc_flags(uint64_t word)
{
	return (uint32_t)(word >> 48) & HVP_PACKET_COMPLETION_REQUESTED;
}

static inline uint32_t min_offset8(const struct hvp_ring_rx *ring, uint64_t word)
{
	uint32_t type = desc_type(word);

	return type < TYPE_COUNT ? ring->min_offset8[type] : NEVER;
}

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
static enum hvp_status corrupt_desc(struct hvp_ring_rx *ring, uint64_t word)
{
	uint32_t min = min_offset8(ring, word);
	struct hvp_bound bound;

	bound.message = "ring.descriptor";
	if (min == NEVER) {
		/* Nobody implements cancelling: say what it was, do not act on it. */
		if (desc_type(word) == HVP_PACKET_CANCEL)
			bound.message = "ring.cancel_request";
		bound.field = "packet_type";
		bound.offset = 0;
		bound.low = HVP_PACKET_INBAND;
		bound.high = HVP_PACKET_COMPLETION;
		return corrupt(ring, &bound, desc_type(word));
	}
	if (desc_offset8(word) < min) {
		bound.field = "data_offset8";
		bound.offset = 2;
		bound.low = min;
		bound.high = 0xffffu;
		return corrupt(ring, &bound, desc_offset8(word));
	}
	bound.field = "length8";
	bound.offset = 4;
	bound.low = desc_offset8(word);
	bound.high = (ring->avail - HVP_RING_TRAILER_SIZE) / 8u;
	return corrupt(ring, &bound, desc_length8(word));
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

/* The second half of a descriptor; a break may lie between the halves. */
static inline uint64_t load_transaction_id(const struct hvp_ring_rx *ring)
{
	struct hvp_ring_place second;

	if (HVP_LIKELY(ring->pos.run > 8u))
		return hvp_ring_load_word(ring->pos.at + 8);
	second = ring->pos;
	hvp_ring_place_skip(&second, &ring->mem, 8);
	return hvp_ring_load_word(second.at);
}

static inline void describe(struct hvp_ring_packet *out, uint64_t word, uint64_t id,
			    const uint8_t *bytes)
{
	out->bytes = bytes;
	out->transaction_id = id;
	out->size = desc_length8(word) * 8u;
	out->data_offset = desc_offset8(word) * 8u;
	out->type = (uint16_t)desc_type(word);
	out->flags = (uint16_t)desc_flags(word);
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

/* A packet in pieces: copy what follows the descriptor and move on behind the trailer. */
static void copy_split(struct hvp_ring_rx *ring, uint8_t *to, uint32_t size)
{
	hvp_ring_place_skip(&ring->pos, &ring->mem, HVP_RING_DESC_SIZE);
	hvp_ring_place_read(&ring->pos, &ring->mem, to, size - HVP_RING_DESC_SIZE);
	hvp_ring_place_skip(&ring->pos, &ring->mem, HVP_RING_TRAILER_SIZE);
}

static enum hvp_status skip(struct hvp_ring_rx *ring, uint64_t word, uint64_t id,
			    struct hvp_ring_packet *out)
{
	uint32_t total = desc_length8(word) * 8u + HVP_RING_TRAILER_SIZE;

	hvp_ring_place_skip(&ring->pos, &ring->mem, total);
	ring->avail -= total;
	ring->stats.oversized++;
	describe(out, word, id, NULL);
	return HVP_NOSPACE;
}

enum hvp_status hvp_ring_rx_next(struct hvp_ring_rx *ring, uint8_t *buf, uint32_t cap,
				 struct hvp_ring_packet *out)
{
	enum hvp_status status;
	uint64_t word;
	uint64_t id;
	uint32_t size;

	if (HVP_UNLIKELY(cap < HVP_RING_DESC_SIZE))
		return HVP_ARG;
	if (ring->avail < HVP_RING_TOTAL_MIN) {
		status = look(ring);
		if (status != HVP_OK)
			return status;
	}
	word = hvp_ring_load_word(ring->pos.at);
	id = load_transaction_id(ring);
	size = desc_length8(word) * 8u;
	if (HVP_UNLIKELY(!hvp_ring_desc_ok(desc_offset8(word), desc_length8(word),
					   min_offset8(ring, word), ring->avail)))
		return corrupt_desc(ring, word);
	if (HVP_UNLIKELY(size > cap))
		return skip(ring, word, id, out);
	store_word(buf, word);
	store_word(buf + 8, id);
	describe(out, word, id, buf);
	account(ring, size + HVP_RING_TRAILER_SIZE);
	if (HVP_LIKELY(size <= ring->pos.run)) {
		hvp_memcpy(buf + HVP_RING_DESC_SIZE, ring->pos.at + HVP_RING_DESC_SIZE,
			   size - HVP_RING_DESC_SIZE);
		hvp_ring_place_skip(&ring->pos, &ring->mem, size + HVP_RING_TRAILER_SIZE);
	} else {
		copy_split(ring, buf + HVP_RING_DESC_SIZE, size);
	}
	return HVP_OK;
}

enum hvp_status hvp_ring_rx_peek_trusted_in_place(struct hvp_ring_rx *ring,
						  struct hvp_ring_packet *out)
{
	enum hvp_status status;
	uint64_t word;
	uint32_t size;

	if (ring->avail < HVP_RING_TOTAL_MIN) {
		status = look(ring);
		if (status != HVP_OK)
			return status;
	}
	word = hvp_ring_load_word(ring->pos.at);
	size = desc_length8(word) * 8u;
	if (!hvp_ring_desc_ok(desc_offset8(word), desc_length8(word), min_offset8(ring, word),
			      ring->avail))
		return corrupt_desc(ring, word);
	if (size > ring->pos.run)
		return HVP_NOSPACE;
	describe(out, word, load_transaction_id(ring), ring->pos.at);
	hvp_ring_place_skip(&ring->pos, &ring->mem, size + HVP_RING_TRAILER_SIZE);
	account(ring, size + HVP_RING_TRAILER_SIZE);
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
