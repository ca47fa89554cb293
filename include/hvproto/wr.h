/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/wr.h - the writing cursor: the only way fields become bytes
 *
 * The mirror of hvproto/rd.h. A run of bytes is taken with one check and is zero when it is
 * handed out, so what an encoder does not write (padding, reserved fields) goes out as zero
 * and no stale memory leaks to the peer.
 *
 * Thread rule: pure functions of their arguments; one caller at a time per cursor.
 * Ownership: a cursor borrows the buffer for as long as it is used.
 *
 *	struct hvp_wr w = hvp_wr_init(buffer, sizeof(buffer));
 *	uint8_t *p = hvp_wr_take(&w, 8);
 *
 *	if (!p)
 *		return HVP_NOSPACE;
 *	hvp_put_u32(p, type);
 */
#ifndef HVPROTO_WR_H
#define HVPROTO_WR_H

#include <hvproto/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvp_wr - a place in a private buffer
 * @p:   first byte; may be NULL when @cap is 0
 * @cap: bytes in all
 * @off: bytes already written, 0..@cap; the size of the message when encoding is done
 */
struct hvp_wr {
	uint8_t *p;
	size_t cap;
	size_t off;
};

/*@ predicate hvp_wr_ok(struct hvp_wr *w) =
  @	\valid(w) && w->off <= w->cap &&
  @	(w->cap > 0 ==> \valid(w->p + (0 .. w->cap - 1)) &&
  @	\separated(w, w->p + (0 .. w->cap - 1))); */

/**
 * hvp_wr_init() - a cursor at the first of @cap bytes
 * @p:   private memory; may be NULL when @cap is 0
 * @cap: bytes
 *
 * Context: any. Return: the cursor.
 */
/*@ requires cap > 0 ==> \valid(p + (0 .. cap - 1));
  @ assigns \nothing;
  @ ensures \result.p == p && \result.cap == cap && \result.off == 0; */
static inline struct hvp_wr hvp_wr_init(uint8_t *p, size_t cap)
{
	struct hvp_wr w;

	w.p = p;
	w.cap = cap;
	w.off = 0;
	return w;
}

/**
 * hvp_wr_take() - take the next @n bytes, zeroed: the one bounds check of a run of fields
 * @w: cursor; moved past the bytes only on success
 * @n: bytes, at least 1
 *
 * Context: any. Return: the first of @n writable zero bytes, or NULL if they do not fit.
 */
/*@ requires hvp_wr_ok(w) && n > 0;
  @ assigns w->off \from w->off, w->cap, n;
  @ assigns w->p[w->off .. w->cap - 1] \from \nothing;
  @ assigns \result \from w->p, w->off, w->cap, n;
  @ ensures hvp_wr_ok(w);
  @ behavior fits:
  @	assumes n <= w->cap - w->off;
  @	ensures w->off == \old(w->off) + n;
  @	ensures \result == w->p + \old(w->off) && \result != \null;
  @	ensures \valid(\result + (0 .. n - 1));
  @ behavior full:
  @	assumes n > w->cap - w->off;
  @	assigns \result \from w->p, w->off, w->cap, n;
  @	ensures \result == \null && w->off == \old(w->off);
  @ complete behaviors; disjoint behaviors; */
static inline uint8_t *hvp_wr_take(struct hvp_wr *w, size_t n)
{
	uint8_t *p;

	if (n > w->cap - w->off)
		return NULL;
	p = w->p + w->off;
	hvp_memzero(p, n);
	w->off += n;
	return p;
}

/* Fields of a run that hvp_wr_take() returned. Little-endian, any alignment. */

/*@ requires \valid(p); assigns p[0]; */
static inline void hvp_put_u8(uint8_t *p, uint8_t v)
{
	p[0] = v;
}

/*@ requires \valid(p + (0 .. 1)); assigns p[0 .. 1]; */
static inline void hvp_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v & 0xffu);
	p[1] = (uint8_t)(v >> 8);
}

/*@ requires \valid(p + (0 .. 3)); assigns p[0 .. 3]; */
static inline void hvp_put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v & 0xffu);
	p[1] = (uint8_t)(v >> 8 & 0xffu);
	p[2] = (uint8_t)(v >> 16 & 0xffu);
	p[3] = (uint8_t)(v >> 24);
}

/*@ requires \valid(p + (0 .. 7)); assigns p[0 .. 7]; */
static inline void hvp_put_u64(uint8_t *p, uint64_t v)
{
	hvp_put_u32(p, (uint32_t)(v & 0xffffffffu));
	hvp_put_u32(p + 4, (uint32_t)(v >> 32));
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_WR_H */
