/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks that hold for every message with windows: bytes at an offset that the message tells. A
 * decoder's cursor stays behind the fixed part, so codec_table.h cannot compare sizes of these.
 */
#ifndef HVP_TESTS_CODEC_WINDOW_H
#define HVP_TESTS_CODEC_WINDOW_H

#include "codec_table.h"

#define CW_ROOM 256u /* bytes that the largest example needs */

/* Where offset and length of a window are, and what the offset counts from. */
struct cw_window {
	const char *offset_name;
	uint32_t offset_at;
	const char *length_name;
	uint32_t length_at;
	uint32_t length_size; /* bytes of the length field; 0: there is no such window */
};

/* As the facts have it, and not the generator. */
struct cw_layout {
	uint32_t fixed; /* bytes of the fixed part, with the groups that the examples have */
	uint32_t least; /* bytes below which it is short, without any group */
	uint32_t base; /* of all offsets */
	struct cw_window windows[2];
};

static inline void cw_point(const struct cw_layout *c, uint8_t *bytes, unsigned int i, uint32_t at,
			    uint32_t size)
{
	ct_put(bytes + c->windows[i].offset_at, at - c->base, 4);
	ct_put(bytes + c->windows[i].length_at, size, c->windows[i].length_size);
}

/* Windows of the message in @bytes, random in order, place and size; returns the whole size. */
static inline size_t cw_place(const struct cw_layout *c, uint8_t *bytes, uint32_t *seed)
{
	unsigned int first = ct_random(seed) % 2;
	uint32_t end = c->fixed;

	memset(bytes + c->fixed, 0, CW_ROOM - c->fixed);
	for (unsigned int k = 0; k < 2; k++) {
		unsigned int i = (first + k) % 2;
		uint32_t size = ct_random(seed) % 25;
		uint32_t at = size > 0 ? end + ct_random(seed) % 8 : end;

		if (c->windows[i].length_size == 0)
			continue;
		cw_point(c, bytes, i, at, size);
		for (uint32_t n = 0; n < size; n++)
			bytes[at + n] = (uint8_t)ct_random(seed);
		end = at + size;
	}
	return end;
}

/* Every length up to @size: the fixed part is short, or a window reaches outside. */
static inline void cw_truncate(const struct hvp_msg_desc *m, const struct cw_layout *c,
			       struct hvp_neg neg, const uint8_t *bytes, size_t size)
{
	void *msg = malloc(m->struct_size);

	for (size_t n = 0; n <= size; n++) {
		uint8_t *in = ct_copy(bytes, n);
		struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };
		enum hvp_status want = n < c->least ? HVP_SHORT : n < size ? HVP_RANGE : HVP_OK;

		ck_assert_int_eq(ct_decode(m, neg, in, n, msg, &fault), want);
		ck_assert_int_eq(ct_decode(m, neg, in, n, msg, NULL), want);
		if (want == HVP_SHORT)
			ck_assert_uint_eq(fault.found, n);
		if (want == HVP_RANGE)
			ck_assert_uint_gt(fault.found, fault.high);
		ck_assert_int_eq(fault.status, want);
		free(in);
	}
	free(msg);
}

/* decode, encode, compare; and no buffer that is smaller will do. */
static inline void cw_round_trip(const struct hvp_msg_desc *m, const struct ct_codec *codec,
				 struct hvp_neg neg, const uint8_t *bytes, size_t size)
{
	uint8_t *in = ct_copy(bytes, size);
	uint8_t *want = ct_copy(bytes, size);
	uint8_t *buf = malloc(size);
	void *msg = calloc(1, m->struct_size);
	struct hvp_wr w = hvp_wr_init(buf, size);

	ck_assert_str_eq(codec->name, m->name);
	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, NULL), HVP_OK);
	ck_assert_int_eq(codec->validate(msg, neg, NULL), HVP_OK);
	ck_assert_uint_eq(codec->size(msg), size);
	for (size_t cap = 0; cap <= size; cap++)
		ct_fit(m, neg, msg, cap, size);
	memset(buf, 0xa5, size);
	ck_assert_int_eq(m->encode(&w, neg, msg, NULL), HVP_OK);
	ct_clear_reserved(m, msg, want);
	ck_assert_mem_eq(buf, want, size);
	free(msg);
	free(buf);
	free(want);
	free(in);
}

/* What a fault record must say. */
struct cw_fault {
	const char *field;
	uint32_t found;
	uint32_t high;
};

static inline void cw_out_of_range(const struct hvp_msg_desc *m, struct hvp_neg neg,
				   const uint8_t *bytes, size_t size, struct cw_fault want)
{
	uint8_t *in = ct_copy(bytes, size);
	void *msg = malloc(m->struct_size);
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, &fault), HVP_RANGE);
	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, NULL), HVP_RANGE);
	ck_assert_str_eq(fault.field, want.field);
	ck_assert(fault.found == want.found && fault.high == want.high);
	ck_assert_ptr_nonnull(strstr(fault.message, m->name));
	free(msg);
	free(in);
}

/* A window begins below @low, in the fixed part. */
static inline void cw_inside(const struct hvp_msg_desc *m, struct hvp_neg neg, const uint8_t *bytes,
			     size_t size, const char *field, uint32_t low)
{
	uint8_t *in = ct_copy(bytes, size);
	void *msg = malloc(m->struct_size);
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, &fault), HVP_RANGE);
	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, NULL), HVP_RANGE);
	ck_assert_str_eq(fault.field, field);
	ck_assert(fault.found < low && fault.low == low);
	free(msg);
	free(in);
}

/* Window @i, alone: it may end where the message ends, and no byte behind, by no wrap either. */
static inline void cw_reach(const struct hvp_msg_desc *m, const struct cw_layout *c, unsigned int i,
			    struct hvp_neg neg, uint8_t *bytes)
{
	const struct cw_window *v = &c->windows[i];
	uint32_t size = c->fixed + 16, room = size - c->base;
	uint32_t most = v->length_size == 2 ? 0xffff : 0xffffffff;
	void *msg = malloc(m->struct_size);

	for (unsigned int k = 0; k < 2; k++)
		if (c->windows[k].length_size > 0)
			cw_point(c, bytes, k, c->fixed, 0);
	cw_point(c, bytes, i, c->fixed, 16);
	ck_assert_int_eq(ct_decode(m, neg, bytes, size, msg, NULL), HVP_OK);
	cw_point(c, bytes, i, c->fixed, 17);
	cw_out_of_range(m, neg, bytes, size, (struct cw_fault){ v->length_name, 17, 16 });
	cw_point(c, bytes, i, size, 0);
	ck_assert_int_eq(ct_decode(m, neg, bytes, size, msg, NULL), HVP_OK);
	cw_point(c, bytes, i, size, 1);
	cw_out_of_range(m, neg, bytes, size, (struct cw_fault){ v->length_name, 1, 0 });
	cw_point(c, bytes, i, size + 1, 0);
	cw_out_of_range(m, neg, bytes, size, (struct cw_fault){ v->offset_name, room + 1, room });
	cw_point(c, bytes, i, c->fixed - 1, 0);
	ck_assert_int_eq(ct_decode(m, neg, bytes, size, msg, NULL), HVP_OK);
	cw_point(c, bytes, i, c->fixed - 1, 1);
	cw_inside(m, neg, bytes, size, v->offset_name, c->fixed - c->base);
	cw_point(c, bytes, i, c->base, 16);
	cw_inside(m, neg, bytes, size, v->offset_name, c->fixed - c->base);
	cw_point(c, bytes, i, UINT32_MAX, 16);
	cw_out_of_range(m, neg, bytes, size,
			(struct cw_fault){ v->offset_name, UINT32_MAX - c->base, room });
	cw_point(c, bytes, i, c->fixed, most);
	cw_out_of_range(m, neg, bytes, size, (struct cw_fault){ v->length_name, most, 16 });
	free(msg);
}

static inline void cw_refused(const struct hvp_msg_desc *m, const struct ct_codec *codec,
			      struct hvp_neg neg, const void *msg, const char *field)
{
	uint8_t buf[16];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(m->encode(&w, neg, msg, NULL), HVP_ARG);
	ck_assert_int_eq(codec->validate(msg, neg, &fault), HVP_ARG);
	ck_assert_int_eq(fault.status, HVP_ARG);
	ck_assert_str_eq(fault.field, field);
	ck_assert_uint_eq(w.off, 0);
}

#endif /* HVP_TESTS_CODEC_WINDOW_H */
