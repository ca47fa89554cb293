/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place in a data area: the address of an index and the bytes up to the next break of the
 * mapping. One mapping breaks at its end, a page list at each page. A packet that lies in
 * front of the break is copied in one piece; nothing else depends on how the ring is mapped.
 */
#ifndef HVP_RING_PLACE_H
#define HVP_RING_PLACE_H

#include "ring_index.h"

/* Words of the control page. */
#define HVP_CONTROL_WRITE 0u
#define HVP_CONTROL_READ 1u
#define HVP_CONTROL_MASK 2u
#define HVP_CONTROL_PENDING 3u
#define HVP_CONTROL_FEATURES 16u

#define HVP_FEATURE_PENDING_SEND 0x1u

bool hvp_ring_mem_ok(const struct hvp_ring_mem *mem);
void hvp_ring_mem_zero(const struct hvp_ring_mem *mem);

/* Stand at @index, which is below the ring's size. */
void hvp_ring_place_set(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
			uint32_t index);

/* Copies that may cross breaks, @n at most the ring's size; the place moves on. */
void hvp_ring_place_write(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
			  const void *from, uint32_t n);
void hvp_ring_place_read(struct hvp_ring_place *place, const struct hvp_ring_mem *mem, uint8_t *to,
			 uint32_t n);

/* Move on by @n bytes, a multiple of 8 and at most the ring's size. */
static inline void hvp_ring_place_skip(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
				       uint32_t n)
{
	if (HVP_LIKELY(n < place->run)) {
		place->at += n;
		place->run -= n;
		place->index += n;
	} else {
		hvp_ring_place_set(place, mem, hvp_ring_advance(place->index, n, mem->size));
	}
}

/* Write the u64 at the place and move on. Words are aligned, so none crosses a break. */
static inline void hvp_ring_place_put(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
				      uint64_t word)
{
	word = HVP_LE64(word);
	hvp_memcpy(place->at, &word, 8);
	hvp_ring_place_skip(place, mem, 8);
}

/* The u64 at an aligned address, each byte loaded exactly once. */
static inline uint64_t hvp_ring_load_word(const uint8_t *at)
{
#if UINTPTR_MAX > 0xffffffffu
	return hvp_load_relaxed_u64((const uint64_t *)(const void *)at);
#else
	const uint32_t *half = (const uint32_t *)(const void *)at;

	return hvp_load_relaxed_u32(half) | (uint64_t)hvp_load_relaxed_u32(half + 1) << 32;
#endif
}

#endif /* HVP_RING_PLACE_H */
