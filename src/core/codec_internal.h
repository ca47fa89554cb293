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

/* Room that a view takes in a message. */
/*@ requires \valid_read(v) && v->off <= v->len;
  @ assigns \nothing;
  @ ensures \result == v->len - v->off; */
static inline size_t hvp_view_size(const struct hvp_rd *v)
{
	return v->len - v->off;
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
