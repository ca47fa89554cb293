/* SPDX-License-Identifier: BSD-2-Clause */
/* What generated codecs share: refusals whose limits depend on other fields, and views. */
#ifndef HVP_CORE_CODEC_INTERNAL_H
#define HVP_CORE_CODEC_INTERNAL_H

#include <hvproto/rd.h>
#include <hvproto/status.h>
#include <hvproto/wr.h>

/* @found is not a multiple: the record shows the multiples around it. */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bound) && \separated(fault, bound) && multiple > 0;
  @ assigns *fault;
  @ ensures \result == status; */
static inline enum hvp_status hvp_refuse_multiple(struct hvp_fault *fault, enum hvp_status status,
						  const struct hvp_bound *bound, uint64_t found,
						  uint64_t multiple)
{
	struct hvp_bound near = *bound;

	near.low = found - found % multiple;
	near.high = near.low + multiple;
	return hvp_fault_at(fault, status, &near, found);
}

/* @found is below what an earlier field demands. */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bound) && \separated(fault, bound);
  @ assigns *fault;
  @ ensures \result == status; */
static inline enum hvp_status hvp_refuse_low(struct hvp_fault *fault, enum hvp_status status,
					     const struct hvp_bound *bound, uint64_t found,
					     uint64_t low)
{
	struct hvp_bound near = *bound;

	near.low = low;
	return hvp_fault_at(fault, status, &near, found);
}

/* @found is above what an earlier field, or the bytes present, allow. */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bound) && \separated(fault, bound);
  @ assigns *fault;
  @ ensures \result == status; */
static inline enum hvp_status hvp_refuse_high(struct hvp_fault *fault, enum hvp_status status,
					      const struct hvp_bound *bound, uint64_t found,
					      uint64_t high)
{
	struct hvp_bound near = *bound;

	near.high = high;
	return hvp_fault_at(fault, status, &near, found);
}

/* An optional group is present, or absent, against the rule. */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bound) && \separated(fault, bound);
  @ assigns *fault;
  @ ensures \result == HVP_ARG; */
static inline enum hvp_status hvp_refuse_presence(struct hvp_fault *fault,
						  const struct hvp_bound *bound, bool has)
{
	struct hvp_bound near = *bound;

	near.low = has ? 0 : 1;
	near.high = near.low;
	return hvp_fault_at(fault, HVP_ARG, &near, has ? 1 : 0);
}

/* All that is left, in whole items and at most @most bytes; the surplus stays in @r. */
/*@ requires hvp_rd_ok(r) && \valid(out) && \separated(r, out) && item > 0;
  @ assigns r->off, *out;
  @ ensures hvp_rd_ok(r) && hvp_rd_sees(*out) && out->len <= most; */
static inline void hvp_cut_rest(struct hvp_rd *r, size_t item, size_t most, struct hvp_rd *out)
{
	size_t n = r->len - r->off;

	n -= n % item;
	(void)hvp_rd_sub(r, n < most ? n : most, out);
}

/* The region that an offset and a length name, counted from byte @from of the cursor. */
/*@ requires hvp_rd_ok(r) && \valid(out) && \separated(r, out) && from < r->len;
  @ assigns *out;
  @ ensures \result <==> off <= r->len - from && len <= r->len - from - off;
  @ ensures \result ==> hvp_rd_sees(*out) && out->len == len; */
static inline bool hvp_cut_window(const struct hvp_rd *r, size_t from, uint32_t off, uint32_t len,
				  struct hvp_rd *out)
{
	size_t room = r->len - from;

	if (off > room || len > room - off)
		return false;
	out->p = len > 0 ? r->p + from + off : NULL;
	out->len = len;
	out->off = 0;
	return true;
}

/* As hvp_cut_window(), to the end of the cursor. */
/*@ requires hvp_rd_ok(r) && \valid(out) && \separated(r, out) && from < r->len;
  @ assigns *out;
  @ ensures \result <==> off <= r->len - from;
  @ ensures \result ==> hvp_rd_sees(*out) && out->len == r->len - from - off; */
static inline bool hvp_cut_tail(const struct hvp_rd *r, size_t from, uint32_t off,
				struct hvp_rd *out)
{
	size_t room = r->len - from;

	if (off > room)
		return false;
	out->p = off < room ? r->p + from + off : NULL;
	out->len = room - off;
	out->off = 0;
	return true;
}

/* A window leaves its base, which has @room bytes: blame the offset, or else the length. */
/*@ requires fault == \null || \valid(fault);
  @ requires \valid_read(bounds + (0 .. 1)) && \separated(fault, bounds + (0 .. 1));
  @ assigns *fault;
  @ ensures \result == HVP_RANGE; */
static inline enum hvp_status hvp_refuse_window(struct hvp_fault *fault,
						const struct hvp_bound *bounds, uint32_t off,
						uint32_t len, size_t room)
{
	if (off > room)
		return hvp_refuse_high(fault, HVP_RANGE, &bounds[0], off, room);
	return hvp_refuse_high(fault, HVP_RANGE, &bounds[1], len, room - off);
}

/* Step over what pads an item of a chain to its alignment, as far as there is any. */
/*@ requires hvp_rd_ok(list) && align > 0;
  @ assigns list->off;
  @ ensures hvp_rd_ok(list) && list->off >= \old(list->off); */
static inline void hvp_skip_padding(struct hvp_rd *list, size_t size, size_t align)
{
	size_t pad = (align - size % align) % align;
	size_t left = list->len - list->off;

	list->off += pad < left ? pad : left;
}

/*@ requires \valid(out + (0 .. n - 1)) && \valid_read(p + (0 .. 2 * n - 1));
  @ requires n < 0x8000 && \separated(out + (0 .. n - 1), p + (0 .. 2 * n - 1));
  @ assigns out[0 .. n - 1]; */
static inline void hvp_get_utf16(uint16_t *out, const uint8_t *p, uint32_t n)
{
	uint32_t i;

	/*@ loop invariant 0 <= i <= n;
	  @ loop assigns i, out[0 .. n - 1];
	  @ loop variant n - i; */
	for (i = 0; i < n; i++)
		out[i] = hvp_get_u16(p + 2 * i);
}

/*@ requires \valid(out + (0 .. n - 1)) && n < 0x8000;
  @ assigns out[0 .. n - 1]; */
static inline void hvp_clear_utf16(uint16_t *out, uint32_t n)
{
	uint32_t i;

	/*@ loop invariant 0 <= i <= n;
	  @ loop assigns i, out[0 .. n - 1];
	  @ loop variant n - i; */
	for (i = 0; i < n; i++)
		out[i] = 0;
}

/*@ requires \valid_read(in + (0 .. n - 1)) && \valid(p + (0 .. 2 * n - 1));
  @ requires n < 0x8000 && \separated(in + (0 .. n - 1), p + (0 .. 2 * n - 1));
  @ assigns p[0 .. 2 * n - 1]; */
static inline void hvp_put_utf16(uint8_t *p, const uint16_t *in, uint32_t n)
{
	uint32_t i;

	/*@ loop invariant 0 <= i <= n;
	  @ loop assigns i, p[0 .. 2 * n - 1];
	  @ loop variant n - i; */
	for (i = 0; i < n; i++)
		hvp_put_u16(p + 2 * i, in[i]);
}

/* Room that a view takes in a message. */
/*@ requires \valid_read(v) && v->off <= v->len;
  @ assigns \nothing;
  @ ensures \result == v->len - v->off; */
static inline size_t hvp_view_size(const struct hvp_rd *v)
{
	return v->len - v->off;
}

/* Where a message of @size bytes ends when what a view holds stands at @start. */
/*@ requires \valid_read(v) && v->off <= v->len;
  @ requires size <= 0x100000000 && start <= 0x200000000;
  @ assigns \nothing;
  @ ensures \result >= size;
  @ ensures v->len - v->off <= 0x100000000 ==> v->off < v->len ==>
  @	\result >= start + (v->len - v->off); */
static inline size_t hvp_window_end(size_t size, size_t start, const struct hvp_rd *v)
{
	size_t n = v->len - v->off;

	return n > 0 && start + n > size ? start + n : size;
}

/* Copy what a view holds to @p. */
/*@ requires \valid_read(v) && v->off <= v->len;
  @ requires v->len > 0 ==> \valid_read(v->p + (0 .. v->len - 1));
  @ requires v->off < v->len ==> \valid(p + (0 .. v->len - v->off - 1));
  @ requires \separated(p + (0 .. v->len - v->off - 1), v);
  @ requires \separated(p + (0 .. v->len - v->off - 1), v->p + (0 .. v->len - 1));
  @ assigns p[0 .. v->len - v->off - 1]; */
static inline void hvp_put_view(uint8_t *p, const struct hvp_rd *v)
{
	if (v->off < v->len)
		hvp_memcpy(p, v->p + v->off, v->len - v->off);
}

#endif /* HVP_CORE_CODEC_INTERNAL_H */
