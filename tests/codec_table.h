/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks that hold for every message of a table: truncation, bounds, gates, round trips. */
#ifndef HVP_TESTS_CODEC_TABLE_H
#define HVP_TESTS_CODEC_TABLE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/msg.h>

#define CT_MAX 20000u /* bytes of the largest message that the tests make */

/* Valgrind is fifty times slower: what repeats with other random bytes repeats less there. */
static inline int ct_rounds(int rounds)
{
	const char *scale = getenv("CK_RUN_SCALE");

	return scale && strcmp(scale, "small") == 0 ? (rounds + 4) / 5 : rounds;
}

static inline uint8_t *ct_copy(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	ck_assert_ptr_nonnull(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

static inline uint32_t ct_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline void ct_put(uint8_t *p, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t ct_get(const uint8_t *p, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

/* The value of an unsigned field, as the processor keeps it in a structure. */
static inline void ct_set_member(uint8_t *member, uint64_t value, size_t size)
{
	uint8_t v8 = (uint8_t)value;
	uint16_t v16 = (uint16_t)value;
	uint32_t v32 = (uint32_t)value;

	memcpy(member,
	       size == 1   ? (void *)&v8
	       : size == 2 ? (void *)&v16
	       : size == 4 ? (void *)&v32
			   : (void *)&value,
	       size);
}

/* The value of a field on the wire, in the byte order of its protocol. */
static inline void ct_put_field(const struct hvp_field_desc *f, uint8_t *bytes, uint64_t value)
{
	for (size_t i = 0; i < f->wire_size; i++) {
		size_t at = f->flags & HVP_FIELD_BIG ? f->wire_size - 1u - i : i;

		bytes[f->wire_offset + at] = (uint8_t)(value >> 8 * i);
	}
}

/* Random bytes, with every bounded field inside its bounds. */
static inline void ct_fill(const struct hvp_msg_desc *m, uint8_t *bytes, size_t size,
			   uint32_t *seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)ct_random(seed);
	for (const struct hvp_field_desc *f = m->fields; f->name; f++)
		if (f->bound)
			ct_put_field(f, bytes,
				     f->bound->low + ct_random(seed) % 8 %
							     (f->bound->high - f->bound->low + 1));
}

static inline enum hvp_status ct_decode(const struct hvp_msg_desc *m, struct hvp_neg neg,
					const uint8_t *bytes, size_t size, void *out,
					struct hvp_fault *fault)
{
	struct hvp_rd r = hvp_rd_init(bytes, size);
	enum hvp_status st = m->decode(&r, neg, out, fault);

	ck_assert(r.p == bytes && r.len == size && r.off <= size);
	return st;
}

/* The bytes as an encoder has to write them: reserved fields that are present are 0. */
static inline void ct_clear_reserved(const struct hvp_msg_desc *m, const void *msg, uint8_t *bytes)
{
	bool present = true;

	for (const struct hvp_field_desc *f = m->fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT)
			memcpy(&present, (const uint8_t *)msg + f->struct_offset, sizeof(present));
		if ((f->flags & HVP_FIELD_RESERVED) && !f->bound &&
		    (present || !(f->flags & HVP_FIELD_OPTIONAL)))
			memset(bytes + f->wire_offset, 0, f->wire_size);
	}
}

/* decode, encode, compare, decode: and no buffer that is smaller will do. */
static inline void ct_round_trip(const struct hvp_msg_desc *m, struct hvp_neg neg,
				 const uint8_t *bytes, size_t size)
{
	uint8_t *in = ct_copy(bytes, size);
	void *msg = calloc(1, m->struct_size);
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };
	struct hvp_rd r = hvp_rd_init(in, size);
	size_t used;

	ck_assert_int_eq(m->decode(&r, neg, msg, &fault), HVP_OK);
	used = r.off;
	for (size_t cap = 0; cap <= used; cap += cap + 40 < used ? 17 : 1) {
		uint8_t *buf = malloc(cap > 0 ? cap : 1);
		struct hvp_wr w = hvp_wr_init(buf, cap);
		enum hvp_status st = m->encode(&w, neg, msg, &fault);

		ck_assert_int_eq(st, cap < used ? HVP_NOSPACE : HVP_OK);
		ck_assert_uint_eq(w.off, cap < used ? 0 : used);
		if (cap < used) {
			ck_assert_uint_eq(fault.found, cap);
			ck_assert_uint_eq(fault.low, used);
		} else {
			uint8_t *want = ct_copy(bytes, size);

			ct_clear_reserved(m, msg, want);
			ck_assert_mem_eq(buf, want, used);
			free(want);
		}
		free(buf);
	}
	free(msg);
	free(in);
}

/* Every length up to @size: what is too short says so, and says how much it needs. */
static inline void ct_truncate(const struct hvp_msg_desc *m, struct hvp_neg neg,
			       const uint8_t *bytes, size_t size, size_t least)
{
	void *msg = malloc(m->struct_size);

	for (size_t n = 0; n <= size; n++) {
		uint8_t *in = ct_copy(bytes, n);
		struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };
		enum hvp_status st = ct_decode(m, neg, in, n, msg, &fault);

		ck_assert_int_eq(st, n < least ? HVP_SHORT : HVP_OK);
		ck_assert_int_eq(ct_decode(m, neg, in, n, msg, NULL), st);
		if (n < least) {
			ck_assert_str_eq(fault.field, "size");
			ck_assert_uint_eq(fault.found, n);
			ck_assert(fault.low > n && fault.low <= least);
		}
		free(in);
	}
	free(msg);
}

static inline void ct_refused(const struct hvp_msg_desc *m, struct hvp_neg neg,
			      const uint8_t *bytes, size_t size, const struct hvp_field_desc *f,
			      uint64_t value)
{
	uint8_t *in = ct_copy(bytes, size);
	uint8_t *msg = calloc(1, m->struct_size);
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };
	uint8_t buf[CT_MAX];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	ct_put_field(f, in, value);
	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, &fault), HVP_VALUE);
	ck_assert_int_eq(fault.status, HVP_VALUE);
	ck_assert_str_eq(fault.message, f->bound->message);
	ck_assert_str_eq(fault.field, f->name);
	ck_assert_uint_eq(fault.offset, f->wire_offset);
	ck_assert(fault.found == value && fault.low == f->bound->low &&
		  fault.high == f->bound->high);
	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, NULL), HVP_VALUE);
	if (!(f->flags & HVP_FIELD_RESERVED)) {
		ck_assert_int_eq(ct_decode(m, neg, bytes, size, msg, NULL), HVP_OK);
		ct_set_member(msg + f->struct_offset, value, f->wire_size);
		ck_assert_int_eq(m->encode(&w, neg, msg, &fault), HVP_ARG);
		ck_assert_int_eq(fault.status, HVP_ARG);
		ck_assert_str_eq(fault.field, f->name);
		ck_assert_uint_eq(w.off, 0);
	}
	free(msg);
	free(in);
}

/* Just outside each bound of each field; returns how many were tried. */
static inline int ct_violate(const struct hvp_msg_desc *m, struct hvp_neg neg, const uint8_t *bytes,
			     size_t size)
{
	int tried = 0;

	for (const struct hvp_field_desc *f = m->fields; f->name; f++) {
		uint64_t top;

		if (!f->bound)
			continue;
		top = f->wire_size == 8 ? UINT64_MAX : (1ull << 8 * f->wire_size) - 1;
		if (f->bound->low > 0) {
			ct_refused(m, neg, bytes, size, f, f->bound->low - 1);
			tried++;
		}
		if (f->bound->high < top) {
			ct_refused(m, neg, bytes, size, f, f->bound->high + 1);
			tried++;
		}
	}
	return tried;
}

/* -- what a table does not name: the check before a message is written, and its size ------ */

struct ct_codec {
	const char *name;
	enum hvp_status (*validate)(const void *in, struct hvp_neg neg, struct hvp_fault *fault);
	size_t (*size)(const void *in);
};

#define CT_CODEC(proto, m) \
	static enum hvp_status validate_##proto##_##m(const void *in, struct hvp_neg neg, \
						      struct hvp_fault *fault) \
	{ \
		return hvp_##proto##_##m##_validate(in, neg, fault); \
	} \
	static size_t size_##proto##_##m(const void *in) \
	{ \
		return hvp_##proto##_##m##_size(in); \
	}

#define CT_CODEC_ENTRY(proto, m) \
	{ \
		.name = #m, .validate = validate_##proto##_##m, .size = size_##proto##_##m \
	}

/* A row, as tables have it, for a record that none of them lists. */
#define CT_ROW(proto, m, bytes, record_fields) \
	static enum hvp_status decode_##proto##_##m(struct hvp_rd *r, struct hvp_neg neg, \
						    void *out, struct hvp_fault *fault) \
	{ \
		return hvp_##proto##_##m##_decode(r, neg, out, fault); \
	} \
	static enum hvp_status encode_##proto##_##m(struct hvp_wr *w, struct hvp_neg neg, \
						    const void *in, struct hvp_fault *fault) \
	{ \
		return hvp_##proto##_##m##_encode(w, neg, in, fault); \
	} \
	static const struct hvp_msg_desc row_##proto##_##m = { \
		.name = #m, \
		.direction = HVP_DIR_BOTH, \
		.min_size = (bytes), \
		.max_size = (bytes), \
		.struct_size = sizeof(struct hvp_##proto##_##m), \
		.fields = (record_fields), \
		.decode = decode_##proto##_##m, \
		.encode = encode_##proto##_##m, \
	};

#define CT_RESERVED(offset, bytes) \
	{ \
		.name = "reserved", .type = HVP_FIELD_BYTES, .flags = HVP_FIELD_RESERVED, \
		.wire_offset = (offset), .wire_size = (bytes) \
	}

#define CT_BEFORE 3u /* bytes that a writer already holds */

/* One encoding into a writer that has room for @cap bytes more. */
static inline void ct_fit(const struct hvp_msg_desc *m, struct hvp_neg neg, const void *msg,
			  size_t cap, size_t need)
{
	uint8_t *buf = malloc(CT_BEFORE + cap);
	struct hvp_wr w = hvp_wr_init(buf, CT_BEFORE + cap);
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_ptr_eq(hvp_wr_take(&w, CT_BEFORE), buf);
	if (cap < need) {
		ck_assert_int_eq(m->encode(&w, neg, msg, NULL), HVP_NOSPACE);
		ck_assert_int_eq(m->encode(&w, neg, msg, &fault), HVP_NOSPACE);
		ck_assert_int_eq(fault.status, HVP_NOSPACE);
		ck_assert_str_eq(fault.field, "size");
		ck_assert_ptr_nonnull(strstr(fault.message, m->name));
		ck_assert_uint_eq(fault.found, cap);
		ck_assert_uint_eq(fault.low, need);
		ck_assert_uint_eq(w.off, CT_BEFORE);
	} else {
		ck_assert_int_eq(m->encode(&w, neg, msg, &fault), HVP_OK);
		ck_assert_uint_eq(w.off, CT_BEFORE + need);
	}
	free(buf);
}

/* What was decoded is valid, and fits into its size() and into nothing smaller. */
static inline void ct_fits(const struct hvp_msg_desc *m, const struct ct_codec *c,
			   struct hvp_neg neg, const uint8_t *bytes, size_t size)
{
	uint8_t *in = ct_copy(bytes, size);
	void *msg = calloc(1, m->struct_size);
	struct hvp_rd r = hvp_rd_init(in, size);

	ck_assert_str_eq(c->name, m->name);
	ck_assert_int_eq(m->decode(&r, neg, msg, NULL), HVP_OK);
	ck_assert_int_eq(c->validate(msg, neg, NULL), HVP_OK);
	ck_assert_uint_eq(c->size(msg), r.off);
	for (size_t cap = 0; cap <= r.off; cap++)
		ct_fit(m, neg, msg, cap, r.off);
	free(msg);
	free(in);
}

static inline void ct_invalid(const struct ct_codec *c, struct hvp_neg neg, void *msg,
			      const struct hvp_field_desc *f, uint64_t value)
{
	uint8_t *member = (uint8_t *)msg + f->struct_offset;
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };
	uint64_t kept;

	memcpy(&kept, member, f->wire_size);
	ct_set_member(member, value, f->wire_size);
	ck_assert_int_eq(c->validate(msg, neg, &fault), HVP_ARG);
	ck_assert_int_eq(fault.status, HVP_ARG);
	ck_assert_str_eq(fault.field, f->name);
	ck_assert(fault.found == value);
	ck_assert_int_eq(c->validate(msg, neg, NULL), HVP_ARG);
	memcpy(member, &kept, f->wire_size);
	ck_assert_int_eq(c->validate(msg, neg, NULL), HVP_OK);
}

/* Just outside each bound of each member; returns how many were tried. */
static inline int ct_invalidate(const struct hvp_msg_desc *m, const struct ct_codec *c,
				struct hvp_neg neg, const uint8_t *bytes, size_t size)
{
	uint8_t *in = ct_copy(bytes, size);
	void *msg = calloc(1, m->struct_size);
	int tried = 0;

	ck_assert_int_eq(ct_decode(m, neg, in, size, msg, NULL), HVP_OK);
	for (const struct hvp_field_desc *f = m->fields; f->name; f++) {
		if (!f->bound || (f->flags & HVP_FIELD_RESERVED))
			continue;
		if (f->bound->low > 0) {
			ct_invalid(c, neg, msg, f, f->bound->low - 1);
			tried++;
		}
		if (f->bound->high < (UINT64_MAX >> (64 - 8 * f->wire_size))) {
			ct_invalid(c, neg, msg, f, f->bound->high + 1);
			tried++;
		}
	}
	free(msg);
	free(in);
	return tried;
}

#endif /* HVP_TESTS_CODEC_TABLE_H */
