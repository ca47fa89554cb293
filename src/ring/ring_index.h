/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring index arithmetic: pure functions, proven (make prove).
 *
 * Sizes are multiples of 4096 and need not be powers of two, so wrapping is a comparison and
 * never a mask. No contract assumes anything of an index of the peer before
 * hvp_ring_index_ok() accepted it.
 */
#ifndef HVP_RING_INDEX_H
#define HVP_RING_INDEX_H

#include <hvproto/ring.h>

/* Smallest packet: descriptor and trailer. */
#define HVP_RING_TOTAL_MIN (HVP_RING_DESC_SIZE + HVP_RING_TRAILER_SIZE)

/* A writer keeps this free, so that a full ring differs from an empty one. */
#define HVP_RING_GAP 8u

/*@ predicate hvp_ring_size_fits(integer size) =
  @	4096 <= size <= 8187 * 4096 && size % 4096 == 0;
  @ predicate hvp_ring_index_fits(integer index, integer size) =
  @	0 <= index < size && index % 8 == 0;
  @ logic integer hvp_ring_used_l(integer write, integer read, integer size) =
  @	write >= read ? write - read : size - (read - write); */

/*@ assigns \nothing;
  @ ensures \result <==> hvp_ring_size_fits(size); */
static inline bool hvp_ring_size_ok(uint32_t size)
{
	return size >= HVP_RING_PAGE_SIZE && size <= HVP_RING_PAGES_MAX * HVP_RING_PAGE_SIZE &&
	       size % HVP_RING_PAGE_SIZE == 0;
}

/*@ assigns \nothing;
  @ ensures \result <==> hvp_ring_index_fits(index, size); */
static inline bool hvp_ring_index_ok(uint32_t index, uint32_t size)
{
	return index < size && index % 8u == 0;
}

/* Bytes between the indices: what a reader may read. */
/*@ requires hvp_ring_size_fits(size);
  @ requires hvp_ring_index_fits(write, size) && hvp_ring_index_fits(read, size);
  @ assigns \nothing;
  @ ensures \result == hvp_ring_used_l(write, read, size);
  @ ensures 0 <= \result <= size - 8 && \result % 8 == 0;
  @ ensures \result == 0 <==> write == read; */
static inline uint32_t hvp_ring_used(uint32_t write, uint32_t read, uint32_t size)
{
	return write >= read ? write - read : size - (read - write);
}

/* Bytes that may be written: the largest packet total that keeps the indices apart. */
/*@ requires hvp_ring_size_fits(size);
  @ requires hvp_ring_index_fits(write, size) && hvp_ring_index_fits(read, size);
  @ assigns \nothing;
  @ ensures \result == size - 8 - hvp_ring_used_l(write, read, size);
  @ ensures 0 <= \result <= size - 8 && \result % 8 == 0; */
static inline uint32_t hvp_ring_free(uint32_t write, uint32_t read, uint32_t size)
{
	return size - HVP_RING_GAP - hvp_ring_used(write, read, size);
}

/* The index @n bytes on. */
/*@ requires hvp_ring_size_fits(size) && hvp_ring_index_fits(index, size);
  @ requires n <= size && n % 8 == 0;
  @ assigns \nothing;
  @ ensures hvp_ring_index_fits(\result, size);
  @ ensures \result == (index + n < size ? index + n : index + n - size); */
static inline uint32_t hvp_ring_advance(uint32_t index, uint32_t n, uint32_t size)
{
	return n < size - index ? index + n : n - (size - index);
}

/*
 * The largest total we ever send. 8 bytes less than the ring holds: one host takes a packet
 * that fills it for malformed (section 3.2).
 */
/*@ requires hvp_ring_size_fits(size);
  @ assigns \nothing;
  @ ensures \result == size - 16 && \result % 8 == 0; */
static inline uint32_t hvp_ring_total_max(uint32_t size)
{
	return size - 2u * HVP_RING_GAP;
}

/* Room known to a writer, with the bound of hvp_ring_total_max() folded in. */
/*@ requires hvp_ring_size_fits(size);
  @ requires hvp_ring_index_fits(write, size) && hvp_ring_index_fits(read, size);
  @ assigns \nothing;
  @ ensures 0 <= \result <= size - 16 && \result % 8 == 0;
  @ ensures \result <= size - 8 - hvp_ring_used_l(write, read, size);
  @ ensures \forall integer total; 0 <= total <= size - 16 ==>
  @	(total <= \result <==> total <= size - 8 - hvp_ring_used_l(write, read, size)); */
static inline uint32_t hvp_ring_room(uint32_t write, uint32_t read, uint32_t size)
{
	uint32_t room = hvp_ring_free(write, read, size);

	return room > hvp_ring_total_max(size) ? hvp_ring_total_max(size) : room;
}

/* Ring bytes of a packet of @size bytes, or 0 if no descriptor can tell that size. */
/*@ assigns \nothing;
  @ ensures size > 524280 ==> \result == 0;
  @ ensures size <= 524280 ==>
  @	size + 8 <= \result <= size + 15 && \result % 8 == 0; */
static inline uint32_t hvp_ring_total(uint64_t size)
{
	if (size > HVP_RING_PACKET_MAX)
		return 0;
	return ((uint32_t)size + 7u) / 8u * 8u + HVP_RING_TRAILER_SIZE;
}

/*
 * Whether a descriptor describes a packet that lies in what can be read. @min_offset8 comes
 * from a table by packet type and is above every possible offset for types not accepted.
 */
/*@ requires 2 <= min_offset8 && offset8 <= 0xffff && length8 <= 0xffff;
  @ assigns \nothing;
  @ ensures \result <==> min_offset8 <= offset8 <= length8 && length8 * 8 + 8 <= avail;
  @ ensures \result ==> 16 <= offset8 * 8 <= length8 * 8 < avail; */
static inline bool hvp_ring_desc_ok(uint32_t offset8, uint32_t length8, uint32_t min_offset8,
				    uint32_t avail)
{
	return offset8 >= min_offset8 && length8 >= offset8 &&
	       length8 * 8u + HVP_RING_TRAILER_SIZE <= avail;
}

/*
 * Whether a reader that moved from @before to @after made the room that the writer waits for.
 * @pending is the writer's word, any value: it is rounded down, for some writers ask for
 * size - 1 where they mean "all of it".
 */
/*@ requires hvp_ring_size_fits(size) && hvp_ring_index_fits(write, size);
  @ requires hvp_ring_index_fits(before, size) && hvp_ring_index_fits(after, size);
  @ assigns \nothing;
  @ ensures \result <==> pending - pending % 8 != 0 &&
  @	size - 8 - hvp_ring_used_l(write, before, size) < pending - pending % 8 <=
  @	size - 8 - hvp_ring_used_l(write, after, size); */
static inline bool hvp_ring_crossed(uint32_t write, uint32_t before, uint32_t after,
				    uint32_t pending, uint32_t size)
{
	uint32_t want = pending - pending % 8u;

	return want != 0 && hvp_ring_free(write, before, size) < want &&
	       hvp_ring_free(write, after, size) >= want;
}

/*
 * What to ask for when @total bytes do not fit behind @unseen bytes that are not committed
 * yet. A quarter of the ring at least: one signal then serves more than one packet.
 */
/*@ requires hvp_ring_size_fits(size);
  @ requires 0 < total && total % 8 == 0 && unseen % 8 == 0 && total <= size - 8 &&
  @	unseen <= size - 8 - total;
  @ assigns \nothing;
  @ ensures total + unseen <= \result <= size - 8 && \result % 8 == 0;
  @ ensures \result == total + unseen || \result <= size / 4 + unseen; */
static inline uint32_t hvp_ring_want(uint32_t total, uint32_t unseen, uint32_t size)
{
	uint32_t want = total > size / 4u ? total : size / 4u;

	return want > size - HVP_RING_GAP - unseen ? size - HVP_RING_GAP : want + unseen;
}

#endif /* HVP_RING_INDEX_H */
