/* SPDX-License-Identifier: BSD-2-Clause */
/* The codecs of the golden specs: every construct of the vocabulary, used once. */
#include "codec_table.h"

#include <big.h>
#include <big_table.h>
#include <shapes.h>
#include <shapes_table.h>
#include <views.h>
#include <views_table.h>

static const struct hvp_neg v1 = { HVP_SHAPES_VERSION_1_0, HVP_SHAPES_FEATURE_EXTRA };
static const struct hvp_neg v2 = { HVP_SHAPES_VERSION_2_0, HVP_SHAPES_FEATURE_MORE };
static const struct hvp_neg none = { 0, 0 };

/* The one message whose codec is written by hand. */
enum hvp_status hvp_shapes_odd_decode(struct hvp_rd *r, struct hvp_neg neg,
				      struct hvp_shapes_odd *out, struct hvp_fault *fault)
{
	const uint8_t *p = hvp_rd_take(r, 12);

	(void)neg;
	if (!p)
		return hvp_fault_size(fault, HVP_SHORT, "shapes.odd", hvp_rd_left(r), 12);
	out->size = hvp_get_u16(p + 2);
	out->packed = hvp_get_u32(p + 8) >> 1;
	return HVP_OK;
}

enum hvp_status hvp_shapes_odd_encode(struct hvp_wr *w, struct hvp_neg neg,
				      const struct hvp_shapes_odd *in, struct hvp_fault *fault)
{
	uint8_t *p = hvp_wr_take(w, 12);

	(void)neg;
	if (!p)
		return hvp_fault_size(fault, HVP_NOSPACE, "shapes.odd", w->cap - w->off, 12);
	hvp_put_u16(p, HVP_SHAPES_ODD);
	hvp_put_u16(p + 2, in->size);
	hvp_put_u32(p + 8, in->packed << 1);
	return HVP_OK;
}

static void good_bounds(uint8_t *b, uint32_t *seed)
{
	for (int i = 0; i < 52; i++)
		b[i] = (uint8_t)ct_random(seed);
	ct_put(b, HVP_SHAPES_BOUNDS, 2);
	ct_put(b + 2, 52, 2);
	ct_put(b + 4, 0, 4);
	ct_put(b + 8, 3, 4);
	ct_put(b + 12, 512, 2);
	b[14] = HVP_SHAPES_STATE_BUSY;
	ct_put(b + 16, HVP_SHAPES_REASON_LOST, 4);
	ct_put(b + 20, 8192, 4);
	ct_put(b + 24, 5, 8);
	ct_put(b + 32, 5, 8);
}

static const struct hvp_msg_desc *shape(size_t i)
{
	return &hvp_shapes_proto.msgs[i];
}

/* One change to a good message; the field that must be blamed, and its limits. */
static void refuse_bounds(size_t at, uint64_t value, size_t size, const char *field, uint64_t low,
			  uint64_t high)
{
	struct hvp_shapes_bounds m;
	struct hvp_fault fault;
	struct hvp_rd r;
	uint32_t seed = 3;
	uint8_t b[52];

	good_bounds(b, &seed);
	ct_put(b + at, value, size);
	r = hvp_rd_init(b, sizeof(b));
	ck_assert_int_eq(hvp_shapes_bounds_decode(&r, none, &m, &fault), HVP_VALUE);
	ck_assert_str_eq(fault.field, field);
	ck_assert_uint_eq(fault.offset, at);
	ck_assert(fault.found == value && fault.low == low && fault.high == high);
}

START_TEST(each_bound_blames_its_field)
{
	refuse_bounds(0, 9, 2, "kind", 1, 1);
	refuse_bounds(2, 7, 2, "size", 8, 0xffff);
	refuse_bounds(4, 1, 4, "zero", 0, 0);
	refuse_bounds(8, 2, 4, "low", 3, 0xffffffff);
	refuse_bounds(12, 513, 2, "high", 0, 512);
	refuse_bounds(14, 0, 1, "state", 1, 3);
	refuse_bounds(14, 4, 1, "state", 1, 3);
	refuse_bounds(16, 8, 4, "reason", 0, 0x80000005);
	refuse_bounds(20, 4097, 4, "page_bytes", 4096, 8192);
	refuse_bounds(32, 4, 8, "last", 5, UINT64_MAX);
}
END_TEST

START_TEST(fields_of_every_size_and_sign_survive)
{
	struct hvp_shapes_bounds m;
	struct hvp_rd r;
	uint32_t seed = 99;
	uint8_t b[52];

	for (int i = 0; i < 100; i++) {
		good_bounds(b, &seed);
		r = hvp_rd_init(b, sizeof(b));
		ck_assert_int_eq(hvp_shapes_bounds_decode(&r, none, &m, NULL), HVP_OK);
		ck_assert(m.balance == (int32_t)ct_get(b + 40, 4));
		ck_assert(m.sum == (int64_t)ct_get(b + 44, 8));
		ct_round_trip(shape(0), none, b, sizeof(b));
	}
	ct_truncate(shape(0), none, b, sizeof(b), 52);
}
END_TEST

/* mode, version: which groups, how long */
static void ask(uint32_t mode, struct hvp_neg neg, size_t size, bool tail, bool wish, bool old)
{
	struct hvp_shapes_ask m;
	struct hvp_rd r;
	uint8_t b[64] = { HVP_SHAPES_ASK, 0, 64 };

	ct_put(b + 8, mode, 4);
	b[12] = 77;
	b[36] = tail ? 1 : 0; /* otherwise the low half of wish, which must be zero */
	r = hvp_rd_init(b, size);
	ck_assert_int_eq(hvp_shapes_ask_decode(&r, neg, &m, NULL), HVP_OK);
	ck_assert_int_eq(m.has_small, mode == 1);
	ck_assert_int_eq(m.has_large, mode == 2);
	ck_assert_uint_eq(m.small_value, mode == 1 ? 77 : 0);
	ck_assert(m.large_value == (mode == 2 ? 77 : 0));
	ck_assert_int_eq(m.has_tail, tail);
	ck_assert_int_eq(m.has_wish, wish);
	ck_assert_int_eq(m.has_old, old);
	ck_assert_uint_eq(r.off, 36u + (tail ? 4 : 0) + (wish ? 4 : 0) + (old ? 6 : 0));
	ck_assert_uint_eq(hvp_shapes_ask_size(&m), r.off);
	if (mode == 1 || mode == 2)
		ct_round_trip(shape(1), neg, b, size);
}

START_TEST(groups_come_by_version_feature_bit_value_and_size)
{
	struct hvp_neg v2_without = { HVP_SHAPES_VERSION_2_0, 4 };

	ask(1, v1, 36, false, false, false);
	ask(1, v1, 41, false, false, false);
	ask(2, v1, 42, false, false, true);
	ask(0, v1, 64, false, false, true);
	ask(1, v2, 40, true, false, false);
	ask(2, v2, 64, true, false, false);
	ask(2, v2_without, 64, false, false, false);
	ask(0x100, v2, 43, true, false, false);
	ask(0x100, v2, 44, true, true, false);
	ask(0x100, v1, 46, false, true, true);
}
END_TEST

/* Ten bytes hold the third group and not the second, which comes first. */
START_TEST(a_group_does_not_take_the_place_of_one_that_found_no_room)
{
	static const size_t sizes[] = { 4, 6, 11, 12, 13, 14 };
	uint8_t b[14] = { 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0 };
	struct hvp_shapes_grown m;
	struct hvp_fault fault;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hvp_rd r = hvp_rd_init(b, sizes[i]);

		ck_assert_int_eq(hvp_shapes_grown_decode(&r, none, &m, NULL), HVP_OK);
		ck_assert_int_eq(m.has_second, sizes[i] >= 12);
		ck_assert_int_eq(m.has_third, sizes[i] >= 14);
		ck_assert_uint_eq(r.off, sizes[i] >= 14 ? 14 : sizes[i] >= 12 ? 12 : 4);
	}
	ck_assert_int_eq(hvp_shapes_grown_validate(&m, none, NULL), HVP_OK);
	m.has_second = false;
	ck_assert_int_eq(hvp_shapes_grown_validate(&m, none, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_third");
}
END_TEST

START_TEST(a_group_that_the_version_demands_is_missed)
{
	struct hvp_shapes_ask m;
	uint8_t b[39] = { HVP_SHAPES_ASK, 0, 64, 0, 0, 0, 0, 0, 1 };
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_shapes_ask_decode(&r, v2, &m, &fault), HVP_SHORT);
	ck_assert(fault.found == 39 && fault.low == 40);
}
END_TEST

START_TEST(equal_ids_differ_in_direction)
{
	ck_assert_str_eq(hvp_msg_find(&hvp_shapes_proto, 2, HVP_DIR_G2H)->name, "ask");
	ck_assert_str_eq(hvp_msg_find(&hvp_shapes_proto, 2, HVP_DIR_H2G)->name, "answer");
	ck_assert_uint_eq(hvp_shapes_proto.id_size, 2);
}
END_TEST

START_TEST(gates_refuse_versions_and_features)
{
	struct hvp_shapes_answer m = { 12, 0 };
	struct hvp_neg early = { HVP_SHAPES_VERSION_1_0 - 1, 0xff };
	uint8_t buf[12];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_shapes_answer_encode(&w, early, &m, &fault), HVP_UNSUPPORTED);
	ck_assert_str_eq(fault.field, "version");
	ck_assert_int_eq(hvp_shapes_answer_encode(&w, v2, &m, &fault), HVP_UNSUPPORTED);
	ck_assert_str_eq(fault.field, "features");
	ck_assert_int_eq(hvp_shapes_answer_encode(&w, v1, &m, &fault), HVP_OK);
}
END_TEST

START_TEST(a_codec_by_hand_stands_in_the_table)
{
	const uint8_t b[12] = { HVP_SHAPES_ODD, 0, 12, 0, 0, 0, 0, 0, 14 };

	ck_assert_str_eq(shape(3)->name, "odd");
	ct_round_trip(shape(3), none, b, sizeof(b));
	ck_assert_uint_eq(HVP_SHAPES_PAGE_DATA_OFFSET, 64);
	ck_assert_uint_eq(HVP_SHAPES_PAGE_SIZE, 96);
}
END_TEST

/* -- views ------------------------------------------------------------------------------- */

/* header 36, two infos of 16 and 17 bytes (padded to 20), data */
static size_t good_packet(uint8_t *b)
{
	memset(b, 0, 128);
	b[0] = HVP_VIEWS_PACKET;
	b[4] = 81;
	ct_put(b + 8, 64, 4); /* from byte 8 */
	ct_put(b + 12, 9, 4);
	ct_put(b + 16, 28, 4);
	ct_put(b + 20, 36, 4);
	ct_put(b + 36, 16, 4);
	ct_put(b + 40, 6, 4);
	ct_put(b + 44, 12, 4);
	memcpy(b + 48, "tagg", 4);
	ct_put(b + 52, 17, 4);
	ct_put(b + 56, 8, 4);
	ct_put(b + 60, 12, 4);
	memcpy(b + 64, "hash!", 5);
	memcpy(b + 72, "ethernet!", 9);
	return 81;
}

START_TEST(windows_count_from_their_base)
{
	uint8_t b[128];
	size_t size = good_packet(b);
	struct hvp_views_packet m;
	struct hvp_rd r = hvp_rd_init(b, size);

	ck_assert_int_eq(hvp_views_packet_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.data.len, 9);
	ck_assert_mem_eq(m.data.p, "ethernet!", 9);
	ck_assert_ptr_eq(m.infos.p, b + 36);
	ck_assert_uint_eq(m.infos.len, 36);
}
END_TEST

START_TEST(a_packet_is_rebuilt_byte_for_byte)
{
	uint8_t b[128], buf[128];
	size_t size = good_packet(b);
	struct hvp_views_packet m;
	struct hvp_rd r = hvp_rd_init(b, size);

	ck_assert_int_eq(hvp_views_packet_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_views_packet_size(&m), size);
	for (size_t cap = 0; cap <= size; cap++) {
		struct hvp_wr w = hvp_wr_init(buf, cap);

		ck_assert_int_eq(hvp_views_packet_encode(&w, none, &m, NULL),
				 cap < size ? HVP_NOSPACE : HVP_OK);
	}
	ck_assert_mem_eq(buf, b, size);
}
END_TEST

START_TEST(no_window_leaves_the_message)
{
	uint8_t b[128];
	size_t size = good_packet(b);
	struct hvp_views_packet m;
	struct hvp_fault fault;

	for (size_t n = 36; n < size; n++) {
		uint8_t *copy = ct_copy(b, n);
		struct hvp_rd r = hvp_rd_init(copy, n);

		ck_assert_int_eq(hvp_views_packet_decode(&r, none, &m, &fault), HVP_RANGE);
		if (n >= 72) {
			ck_assert_str_eq(fault.field, "data_length");
			ck_assert(fault.found == 9 && fault.high == n - 72);
		} else {
			ck_assert_str_eq(fault.field, "data_offset");
			ck_assert(fault.found == 64 && fault.high == n - 8);
		}
		free(copy);
	}
	for (size_t at = 8; at <= 20; at += 4) {
		struct hvp_rd r = hvp_rd_init(b, size);

		good_packet(b);
		ct_put(b + at, UINT32_MAX, 4);
		ck_assert_int_eq(hvp_views_packet_decode(&r, none, &m, &fault), HVP_RANGE);
		ck_assert_uint_eq(fault.offset, at);
		ck_assert(fault.found == UINT32_MAX);
	}
}
END_TEST

START_TEST(a_window_that_would_overwrite_the_header_is_not_sent)
{
	uint8_t data[8] = { 0 }, buf[128];
	struct hvp_views_packet m;
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	memset(&m, 0, sizeof(m));
	m.length = 44;
	m.data_offset = 28;
	m.data_length = 8;
	m.data = hvp_rd_init(data, 8);
	ck_assert_int_eq(hvp_views_packet_encode(&w, none, &m, &fault), HVP_OK);
	ck_assert_uint_eq(w.off, 44);
	m.info_offset = 27;
	m.info_length = 8;
	m.infos = hvp_rd_init(data, 8);
	ck_assert_int_eq(hvp_views_packet_encode(&w, none, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "info_offset");
	ck_assert(fault.found == 27 && fault.low == 28);
	m.info_offset = UINT32_MAX - 7;
	ck_assert_int_eq(hvp_views_packet_encode(&w, none, &m, &fault), HVP_ARG);
	m.info_offset = 36;
	m.info_length = 7;
	ck_assert_int_eq(hvp_views_packet_encode(&w, none, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "infos");
}
END_TEST

START_TEST(a_chain_is_walked_to_its_end)
{
	uint8_t b[128];
	size_t size = good_packet(b);
	struct hvp_views_packet m;
	struct hvp_views_info info;
	struct hvp_rd r = hvp_rd_init(b, size);

	ck_assert_int_eq(hvp_views_packet_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_int_eq(hvp_views_info_next(&m.infos, none, &info, NULL), HVP_OK);
	ck_assert_uint_eq(info.item_type, 6);
	ck_assert_uint_eq(info.data.len, 4);
	ck_assert_mem_eq(info.data.p, "tagg", 4);
	ck_assert_int_eq(hvp_views_info_next(&m.infos, none, &info, NULL), HVP_OK);
	ck_assert_uint_eq(info.item_type, 8);
	ck_assert_uint_eq(info.data.len, 5);
	ck_assert_mem_eq(info.data.p, "hash!", 5);
	ck_assert_uint_eq(hvp_rd_left(&m.infos), 0); /* padding was stepped over */
	ck_assert_int_eq(hvp_views_info_next(&m.infos, none, &info, NULL), HVP_SHORT);
}
END_TEST

START_TEST(a_chain_never_stands_still_or_leaves_its_list)
{
	uint8_t b[16] = { 0 };
	struct hvp_views_info info;
	struct hvp_fault fault;

	for (uint32_t item = 0; item <= 20; item++) {
		struct hvp_rd list = hvp_rd_init(b, sizeof(b));
		enum hvp_status st;

		ct_put(b, item, 4);
		b[8] = 12;
		st = hvp_views_info_next(&list, none, &info, &fault);
		ck_assert_int_eq(st, item < 12 ? HVP_VALUE : item <= 16 ? HVP_OK : HVP_RANGE);
		if (st == HVP_OK)
			ck_assert_uint_eq(hvp_rd_left(&list), item == 12 ? 4 : 0);
		else
			ck_assert_str_eq(fault.field, "item_size");
	}
	/* data that begins behind its item */
	ct_put(b, 12, 4);
	b[8] = 13;
	{
		struct hvp_rd list = hvp_rd_init(b, sizeof(b));

		ck_assert_int_eq(hvp_views_info_next(&list, none, &info, &fault), HVP_RANGE);
		ck_assert_str_eq(fault.field, "data_offset");
	}
}
END_TEST

START_TEST(two_arrays_follow_each_other)
{
	static const uint8_t b[] = { 2, 0, 0, 0, 28, 0, 0, 0, 1, 0, 3, 0, 3, 0,
				     0, 0, 1, 0, 0,  0, 3, 0, 0, 0, 4, 0, 0, 0 };
	struct hvp_views_negotiate m;
	struct hvp_views_version v;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ck_assert_int_eq(hvp_views_negotiate_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_int_eq(hvp_views_version_decode(&m.frames, none, &v, NULL), HVP_OK);
	ck_assert_uint_eq(v.major, 3);
	ck_assert_uint_eq(hvp_rd_left(&m.frames), 0);
	for (uint16_t want = 1; hvp_rd_left(&m.messages) > 0;
	     want = (uint16_t)(want == 1 ? 3 : 4)) {
		ck_assert_int_eq(hvp_views_version_decode(&m.messages, none, &v, NULL), HVP_OK);
		ck_assert_uint_eq(v.major, want);
	}
	ct_round_trip(&hvp_views_proto.msgs[1], none, b, sizeof(b));
	ct_truncate(&hvp_views_proto.msgs[1], none, b, sizeof(b), sizeof(b));
}
END_TEST

START_TEST(a_count_above_its_limit_is_refused_before_it_is_used)
{
	uint8_t b[200] = { 2, 0, 0, 0, 28, 0, 0, 0, 17, 0, 0, 0 };
	struct hvp_views_negotiate m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_views_negotiate_decode(&r, none, &m, &fault), HVP_VALUE);
	ck_assert_str_eq(fault.field, "frame_count");
	ck_assert(fault.found == 17 && fault.high == 16);
}
END_TEST

START_TEST(text_survives)
{
	uint8_t b[88] = { 3, 0, 0, 0, 88 };
	struct hvp_views_text m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	b[8] = 0x48;
	b[11] = 0x30; /* U+3000 */
	ck_assert_int_eq(hvp_views_text_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.title[0], 0x48);
	ck_assert_uint_eq(m.title[1], 0x3000);
	ck_assert_uint_eq(m.title[2], 0);
	ct_round_trip(&hvp_views_proto.msgs[2], none, b, sizeof(b));
	ct_truncate(&hvp_views_proto.msgs[2], none, b, sizeof(b), 48);
}
END_TEST

START_TEST(a_view_behind_an_absent_group_moves_up)
{
	uint8_t b[] = { 4, 0, 0, 0, 0,	 0, 0,	 0, 5,	 0, 0,	 0, 1,	 2, 3,	 4,
			5, 6, 7, 8, 'a', 0, 'b', 0, 'c', 0, 'd', 0, '/', 0, 'x', 0 };
	struct hvp_views_path m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	b[4] = 32;
	ck_assert_int_eq(hvp_views_path_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert(m.has_offset && m.file_offset == 0x0807060504030201);
	ck_assert_uint_eq(m.label[3], 'd');
	ck_assert_uint_eq(m.path.len, 4);
	ct_round_trip(&hvp_views_proto.msgs[3], none, b, sizeof(b));
	b[8] = 4;
	r = hvp_rd_init(b, sizeof(b));
	ck_assert_int_eq(hvp_views_path_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert(!m.has_offset && m.file_offset == 0 && m.label[0] == 0);
	ck_assert_uint_eq(m.path.len, 20);
	ct_round_trip(&hvp_views_proto.msgs[3], none, b, sizeof(b));
}
END_TEST

/* -- big.yaml ------------------------------------------------------------------------------ */

START_TEST(numbers_have_their_most_significant_byte_first)
{
	static const uint8_t b[] = { 7, 1, 0x80, 1, 0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct hvp_big_numbers m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));
	uint8_t low[sizeof(b)];
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_big_numbers_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.tag, 1);
	ck_assert_uint_eq(m.flags, HVP_BIG_BITS_FIRST | HVP_BIG_BITS_LAST);
	ck_assert_uint_eq(m.length, 0x10000);
	ck_assert(m.address == 0x0102030405060708);
	ct_round_trip(&hvp_big_proto.msgs[0], none, b, sizeof(b));
	ct_truncate(&hvp_big_proto.msgs[0], none, b, sizeof(b), sizeof(b));
	memcpy(low, b, sizeof(b));
	low[5] = 0;
	low[7] = 15;
	r = hvp_rd_init(low, sizeof(low));
	ck_assert_int_eq(hvp_big_numbers_decode(&r, none, &m, &fault), HVP_VALUE);
	ck_assert_str_eq(fault.field, "length");
	ck_assert_uint_eq(fault.found, 15);
}
END_TEST

START_TEST(a_message_may_end_behind_its_id)
{
	static const uint8_t b[] = { 9, 0xc0, 0, 0, 1 };
	struct hvp_big_notice m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ck_assert_int_eq(hvp_big_notice_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert(m.has_details && m.status == 0xc0000001);
	ct_round_trip(&hvp_big_proto.msgs[1], none, b, sizeof(b));
	ct_truncate(&hvp_big_proto.msgs[1], none, b, sizeof(b), 1);
	r = hvp_rd_init(b, 4);
	ck_assert_int_eq(hvp_big_notice_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert(!m.has_details && m.status == 0);
	ct_round_trip(&hvp_big_proto.msgs[1], none, b, 1);
}
END_TEST

START_TEST(records_have_a_table_of_their_own)
{
	uint8_t b[1 + 2 + 12 + 3] = { 2, 'a', 'b', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0xe8 };
	const struct hvp_msg_desc *list = hvp_msg_by_name(&hvp_big_records, "runs");
	struct hvp_big_runs m;
	struct hvp_big_run run;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ck_assert_uint_eq(hvp_big_proto.msg_count, 2);
	ck_assert_uint_eq(hvp_big_records.msg_count, 2);
	ck_assert_ptr_null(hvp_msg_by_name(&hvp_big_proto, "runs"));
	ck_assert_ptr_nonnull(list);
	ck_assert(list->fields[2].item[0].flags & HVP_FIELD_BIG);
	ck_assert_int_eq(list->decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.name.len, 2);
	ck_assert_uint_eq(hvp_rd_left(&r), 3);
	ck_assert_int_eq(hvp_big_run_decode(&m.items, none, &run, NULL), HVP_OK);
	ck_assert(run.start == 0x100 && run.count == 1000);
	b[14] = 0xe9;
	r = hvp_rd_init(b + 3, 12);
	ck_assert_int_eq(hvp_big_run_decode(&r, none, &run, NULL), HVP_VALUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("golden");
	TCase *tc = tcase_create("golden");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, each_bound_blames_its_field);
	tcase_add_test(tc, fields_of_every_size_and_sign_survive);
	tcase_add_test(tc, groups_come_by_version_feature_bit_value_and_size);
	tcase_add_test(tc, a_group_does_not_take_the_place_of_one_that_found_no_room);
	tcase_add_test(tc, a_group_that_the_version_demands_is_missed);
	tcase_add_test(tc, equal_ids_differ_in_direction);
	tcase_add_test(tc, gates_refuse_versions_and_features);
	tcase_add_test(tc, a_codec_by_hand_stands_in_the_table);
	tcase_add_test(tc, windows_count_from_their_base);
	tcase_add_test(tc, a_packet_is_rebuilt_byte_for_byte);
	tcase_add_test(tc, no_window_leaves_the_message);
	tcase_add_test(tc, a_window_that_would_overwrite_the_header_is_not_sent);
	tcase_add_test(tc, a_chain_is_walked_to_its_end);
	tcase_add_test(tc, a_chain_never_stands_still_or_leaves_its_list);
	tcase_add_test(tc, two_arrays_follow_each_other);
	tcase_add_test(tc, a_count_above_its_limit_is_refused_before_it_is_used);
	tcase_add_test(tc, text_survives);
	tcase_add_test(tc, a_view_behind_an_absent_group_moves_up);
	tcase_add_test(tc, numbers_have_their_most_significant_byte_first);
	tcase_add_test(tc, a_message_may_end_behind_its_id);
	tcase_add_test(tc, records_have_a_table_of_their_own);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
