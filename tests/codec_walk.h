/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks over a table of messages or records: what codec_table.h checks, for every row of it. */
#ifndef HVP_TESTS_CODEC_WALK_H
#define HVP_TESTS_CODEC_WALK_H

#include "codec_table.h"

#define WALK_ROOM 512u /* bytes of the largest example */

/* A table, the codecs that it does not name, and how to make an example of a row. */
struct walk {
	const struct hvp_proto_desc *proto;
	const struct ct_codec *codecs;
	size_t count;
	/* a valid row of WALK_ROOM bytes or fewer; @least: those that it cannot do without */
	size_t (*example)(const struct hvp_msg_desc *m, uint8_t *bytes, uint32_t *seed,
			  size_t *least);
	const uint32_t *versions;
	size_t version_count;
};

static inline void walk_truncations(const struct walk *w, uint32_t seed)
{
	uint8_t bytes[WALK_ROOM];
	size_t least;

	for (uint32_t i = 0; i < w->proto->msg_count; i++)
		for (size_t v = 0; v < w->version_count; v++) {
			const struct hvp_msg_desc *m = &w->proto->msgs[i];
			struct hvp_neg neg = { w->versions[v], 0 };
			size_t size = w->example(m, bytes, &seed, &least);

			if (neg.version >= m->since)
				ct_truncate(m, neg, bytes, size, least);
		}
}

static inline void walk_round_trips(const struct walk *w, uint32_t seed)
{
	uint8_t bytes[WALK_ROOM];
	size_t least;

	for (int round = ct_rounds(8); round > 0; round--)
		for (uint32_t i = 0; i < w->proto->msg_count; i++)
			for (size_t v = 0; v < w->version_count; v++) {
				const struct hvp_msg_desc *m = &w->proto->msgs[i];
				struct hvp_neg neg = { w->versions[v], 0 };
				size_t size = w->example(m, bytes, &seed, &least);

				if (neg.version < m->since)
					continue;
				ct_round_trip(m, neg, bytes, size);
				ct_round_trip(m, neg, bytes, least);
				ct_round_trip(m, neg, bytes,
					      least + ct_random(&seed) % (size - least + 1));
			}
}

static inline void walk_sizes(const struct walk *w, uint32_t seed)
{
	struct hvp_neg newest = { w->versions[w->version_count - 1], 0 };
	uint8_t bytes[WALK_ROOM];
	size_t least;

	ck_assert_uint_eq(w->count, w->proto->msg_count);
	for (uint32_t i = 0; i < w->proto->msg_count; i++) {
		size_t size = w->example(&w->proto->msgs[i], bytes, &seed, &least);

		ct_fits(&w->proto->msgs[i], &w->codecs[i], newest, bytes, size);
		ct_fits(&w->proto->msgs[i], &w->codecs[i], newest, bytes, least);
	}
}

/* How many bounds were tried. */
static inline int walk_bounds(const struct walk *w, uint32_t seed)
{
	struct hvp_neg newest = { w->versions[w->version_count - 1], 0 };
	uint8_t bytes[WALK_ROOM];
	size_t least;
	int tried = 0;

	for (uint32_t i = 0; i < w->proto->msg_count; i++) {
		size_t size = w->example(&w->proto->msgs[i], bytes, &seed, &least);

		tried += ct_violate(&w->proto->msgs[i], newest, bytes, size);
	}
	return tried;
}

static inline const struct hvp_msg_desc *walk_named(const struct hvp_proto_desc *proto,
						    const char *name)
{
	const struct hvp_msg_desc *m = hvp_msg_by_name(proto, name);

	ck_assert_msg(m != NULL, "%s", name);
	return m;
}

/* What an encoder, and the check before it, say of @msg. */
static inline void walk_refused(const struct walk *w, const char *name, struct hvp_neg neg,
				const void *msg, const char *field)
{
	const struct hvp_msg_desc *m = walk_named(w->proto, name);
	uint8_t buf[WALK_ROOM];
	struct hvp_wr out = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(m->encode(&out, neg, msg, NULL), HVP_ARG);
	ck_assert_int_eq(w->codecs[m - w->proto->msgs].validate(msg, neg, &fault), HVP_ARG);
	ck_assert_int_eq(fault.status, HVP_ARG);
	ck_assert_str_eq(fault.field, field);
	ck_assert_uint_eq(out.off, 0);
}

/* A view that goes on to the end of its row. */
struct walk_tail {
	const char *name;
	const char *field;
	size_t most; /* bytes that it may have */
	size_t item; /* bytes of each item */
};

static inline struct hvp_rd *walk_view(const struct hvp_msg_desc *m, const char *field, void *msg)
{
	const struct hvp_field_desc *f = m->fields;

	while (f->name && strcmp(f->name, field) != 0)
		f++;
	ck_assert_ptr_nonnull(f->name);
	ck_assert_int_eq(f->type, HVP_FIELD_VIEW);
	return (struct hvp_rd *)(void *)((uint8_t *)msg + f->struct_offset);
}

/* Each tail is sent up to its bound, in whole items, and not beyond. */
static inline void walk_tails(const struct walk *w, const struct walk_tail *tails, size_t count,
			      struct hvp_neg neg)
{
	for (size_t i = 0; i < count; i++) {
		const struct walk_tail *t = &tails[i];
		const struct hvp_msg_desc *m = walk_named(w->proto, t->name);
		uint8_t *bytes = calloc(1, t->most + t->item);
		void *msg = calloc(1, m->struct_size);
		struct hvp_rd *view = walk_view(m, t->field, msg);
		const struct ct_codec *codec = &w->codecs[m - w->proto->msgs];

		*view = hvp_rd_init(bytes, t->most);
		ck_assert_int_eq(codec->validate(msg, neg, NULL), HVP_OK);
		ck_assert_uint_eq(codec->size(msg), m->min_size + t->most);
		*view = hvp_rd_init(bytes, t->most + t->item);
		walk_refused(w, t->name, neg, msg, t->field);
		*view = hvp_rd_init(bytes, t->item + t->item / 2);
		if (t->item > 1)
			walk_refused(w, t->name, neg, msg, t->field);
		free(msg);
		free(bytes);
	}
}

#endif /* HVP_TESTS_CODEC_WALK_H */
