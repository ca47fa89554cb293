/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/rd.h - the reading cursor: the only way bytes become fields
 *
 * A cursor stands on private memory only. Memory that a peer can change is copied first
 * (hvproto/ring.h does), so a value that was checked is the value that is used.
 *
 * A decoder takes a run of bytes with one bounds check and picks fields out of it at fixed
 * offsets; a nested region is a cursor of its own (hvp_rd_sub), and an offset/length pair is
 * a window on a named base (hvp_rd_window).
 *
 * Thread rule: pure functions of their arguments; one caller at a time per cursor.
 * Ownership: a cursor borrows the bytes; they must outlive it and all cursors made of it.
 *
 *	struct hvp_rd r = hvp_rd_init(bytes, size);
 *	const uint8_t *p = hvp_rd_take(&r, 8);
 *
 *	if (!p)
 *		return HVP_SHORT;
 *	type = hvp_get_u32(p);
 */
#ifndef HVPROTO_RD_H
#define HVPROTO_RD_H

#include <hvproto/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvp_rd - a place in a run of private bytes
 * @p:   first byte; may be NULL when @len is 0
 * @len: bytes in all
 * @off: bytes already taken, 0..@len
 */
struct hvp_rd {
	const uint8_t *p;
	size_t len;
	size_t off;
};

/*@ predicate hvp_rd_ok(struct hvp_rd *r) =
  @	\valid(r) && r->off <= r->len &&
  @	(r->len > 0 ==> \valid_read(r->p + (0 .. r->len - 1)));
  @ predicate hvp_rd_sees(struct hvp_rd r) =
  @	r.off == 0 && (r.len > 0 ==> \valid_read(r.p + (0 .. r.len - 1))); */

/**
 * hvp_rd_init() - a cursor at the first of @len bytes
 * @p:   private memory; may be NULL when @len is 0
 * @len: bytes
 *
 * Context: any. Return: the cursor.
 */
/*@ requires len > 0 ==> \valid_read(p + (0 .. len - 1));
  @ assigns \nothing;
  @ ensures \result.p == p && \result.len == len && \result.off == 0; */
static inline struct hvp_rd hvp_rd_init(const uint8_t *p, size_t len)
{
	struct hvp_rd r;

	r.p = p;
	r.len = len;
	r.off = 0;
	return r;
}

/**
 * hvp_rd_left() - bytes not yet taken
 * @r: cursor
 *
 * Context: any. Return: 0..@r->len.
 */
/*@ requires hvp_rd_ok(r);
  @ assigns \nothing;
  @ ensures \result == r->len - r->off; */
static inline size_t hvp_rd_left(const struct hvp_rd *r)
{
	return r->len - r->off;
}

/**
 * hvp_rd_take() - take the next @n bytes: the one bounds check of a run of fields
 * @r: cursor; moved past the bytes only on success
 * @n: bytes, at least 1
 *
 * Context: any. Return: the first of @n readable bytes, or NULL if fewer are left.
 */
/*@ requires hvp_rd_ok(r) && n > 0;
  @ assigns r->off \from r->off, r->len, n;
  @ assigns \result \from r->p, r->off, r->len, n;
  @ ensures hvp_rd_ok(r);
  @ behavior fits:
  @	assumes n <= r->len - r->off;
  @	ensures r->off == \old(r->off) + n;
  @	ensures \result == r->p + \old(r->off) && \result != \null;
  @	ensures \valid_read(\result + (0 .. n - 1));
  @ behavior short:
  @	assumes n > r->len - r->off;
  @	ensures \result == \null && r->off == \old(r->off);
  @ complete behaviors; disjoint behaviors; */
static inline const uint8_t *hvp_rd_take(struct hvp_rd *r, size_t n)
{
	const uint8_t *p;

	if (n > r->len - r->off)
		return NULL;
	p = r->p + r->off;
	r->off += n;
	return p;
}

/**
 * hvp_rd_sub() - cut @n bytes off as a cursor of their own
 * @r:   cursor; moved past the bytes only on success
 * @n:   bytes, 0 allowed
 * @out: the region on success; untouched otherwise
 *
 * Context: any. Return: true if @n bytes were left.
 */
/*@ requires hvp_rd_ok(r) && \valid(out) && \separated(r, out);
  @ assigns r->off, *out;
  @ ensures hvp_rd_ok(r);
  @ ensures \result <==> n <= r->len - \old(r->off);
  @ ensures \result ==> hvp_rd_sees(*out) && out->len == n && r->off == \old(r->off) + n;
  @ ensures !\result ==> *out == \old(*out) && r->off == \old(r->off); */
static inline bool hvp_rd_sub(struct hvp_rd *r, size_t n, struct hvp_rd *out)
{
	if (n > r->len - r->off)
		return false;
	out->p = n > 0 ? r->p + r->off : NULL;
	out->len = n;
	out->off = 0;
	r->off += n;
	return true;
}

/**
 * hvp_rd_window() - the region that an offset/length pair of the peer names
 * @base: what the offset counts from, all of it, taken or not
 * @off:  offset in bytes
 * @len:  length in bytes, 0 allowed
 * @out:  the region on success; untouched otherwise
 *
 * No sum of peer values is formed, so none can overflow. Context: any.
 * Return: true if the region lies within @base.
 */
/*@ requires hvp_rd_ok(base) && \valid(out) && \separated(base, out);
  @ assigns *out;
  @ ensures \result <==> off <= base->len && len <= base->len - off;
  @ ensures \result ==> hvp_rd_sees(*out) && out->len == len;
  @ ensures !\result ==> *out == \old(*out); */
static inline bool hvp_rd_window(const struct hvp_rd *base, uint32_t off, uint32_t len,
				 struct hvp_rd *out)
{
	if (off > base->len || len > base->len - off)
		return false;
	out->p = len > 0 ? base->p + off : NULL;
	out->len = len;
	out->off = 0;
	return true;
}

/*
 * Fields of a run that hvp_rd_take() returned. Little-endian, any alignment. Written as sums
 * of shifted bytes because both gcc and clang fold them into one load.
 */

/*@ requires \valid_read(p); assigns \nothing; ensures \result == p[0]; */
static inline uint8_t hvp_get_u8(const uint8_t *p)
{
	return p[0];
}

/*@ requires \valid_read(p + (0 .. 1));
  @ assigns \nothing; */
static inline uint16_t hvp_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] + ((uint32_t)p[1] << 8));
}

/*@ requires \valid_read(p + (0 .. 3));
  @ assigns \nothing; */
static inline uint32_t hvp_get_u32(const uint8_t *p)
{
	return p[0] + ((uint32_t)p[1] << 8) + ((uint32_t)p[2] << 16) + ((uint32_t)p[3] << 24);
}

/*@ requires \valid_read(p + (0 .. 7));
  @ assigns \nothing; */
static inline uint64_t hvp_get_u64(const uint8_t *p)
{
	return hvp_get_u32(p) + ((uint64_t)hvp_get_u32(p + 4) << 32);
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_RD_H */
