/* SPDX-License-Identifier: BSD-2-Clause */
/* Cursors, statuses and table look-ups: what every codec stands on. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/msg.h>
#include <hvproto/rd.h>
#include <hvproto/status.h>
#include <hvproto/wr.h>

/* An exact-size heap copy, so that the sanitizer sees a read of one byte too far. */
static uint8_t *heap_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static const uint8_t counting[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

START_TEST(rd_take_moves_only_when_all_bytes_are_there)
{
	uint8_t *copy = heap_copy(counting, 5);
	struct hvp_rd r = hvp_rd_init(copy, 5);

	ck_assert_ptr_eq(hvp_rd_take(&r, 4), copy);
	ck_assert_uint_eq(hvp_rd_left(&r), 1);
	ck_assert_ptr_null(hvp_rd_take(&r, 2));
	ck_assert_uint_eq(hvp_rd_left(&r), 1);
	ck_assert_ptr_eq(hvp_rd_take(&r, 1), copy + 4);
	ck_assert_ptr_null(hvp_rd_take(&r, 1));
	free(copy);
}
END_TEST

START_TEST(rd_take_survives_the_largest_length)
{
	uint8_t *copy = heap_copy(counting, 5);
	struct hvp_rd r = hvp_rd_init(copy, 5);

	ck_assert_ptr_nonnull(hvp_rd_take(&r, 3));
	ck_assert_ptr_null(hvp_rd_take(&r, SIZE_MAX));
	ck_assert_uint_eq(r.off, 3);
	free(copy);
}
END_TEST

START_TEST(rd_reads_little_endian_at_any_alignment)
{
	uint8_t *copy = heap_copy(counting, sizeof(counting));

	for (size_t at = 0; at + 8 <= sizeof(counting); at++) {
		uint64_t want = 0;

		for (size_t i = 8; i-- > 0;)
			want = want << 8 | counting[at + i];
		ck_assert_uint_eq(hvp_get_u64(copy + at), want);
		ck_assert_uint_eq(hvp_get_u32(copy + at), (uint32_t)want);
		ck_assert_uint_eq(hvp_get_u16(copy + at), (uint16_t)want);
		ck_assert_uint_eq(hvp_get_u8(copy + at), (uint8_t)want);
	}
	free(copy);
}
END_TEST

START_TEST(rd_keeps_the_top_bit_of_each_size)
{
	static const uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	ck_assert_uint_eq(hvp_get_u16(ones), UINT16_MAX);
	ck_assert_uint_eq(hvp_get_u32(ones), UINT32_MAX);
	ck_assert(hvp_get_u64(ones) == UINT64_MAX);
}
END_TEST

START_TEST(rd_sub_is_bounded_by_its_own_length)
{
	uint8_t *copy = heap_copy(counting, 8);
	struct hvp_rd r = hvp_rd_init(copy, 8);
	struct hvp_rd sub;

	ck_assert(hvp_rd_sub(&r, 3, &sub));
	ck_assert_ptr_nonnull(hvp_rd_take(&sub, 3));
	ck_assert_ptr_null(hvp_rd_take(&sub, 1));
	ck_assert_uint_eq(hvp_rd_left(&r), 5);
	ck_assert(!hvp_rd_sub(&r, 6, &sub));
	ck_assert_uint_eq(hvp_rd_left(&r), 5);
	ck_assert(hvp_rd_sub(&r, 0, &sub));
	ck_assert_uint_eq(hvp_rd_left(&sub), 0);
	free(copy);
}
END_TEST

START_TEST(rd_window_refuses_every_pair_that_leaves_its_base)
{
	uint8_t *copy = heap_copy(counting, 8);
	struct hvp_rd base = hvp_rd_init(copy, 8);
	struct hvp_rd w;

	for (uint32_t off = 0; off <= 10; off++)
		for (uint32_t len = 0; len <= 10; len++)
			ck_assert_int_eq(hvp_rd_window(&base, off, len, &w), off + len <= 8);
	ck_assert(!hvp_rd_window(&base, 4, UINT32_MAX, &w));
	ck_assert(!hvp_rd_window(&base, UINT32_MAX, 4, &w));
	ck_assert(!hvp_rd_window(&base, UINT32_MAX, UINT32_MAX, &w));
	free(copy);
}
END_TEST

START_TEST(rd_window_counts_from_the_base_not_from_the_place)
{
	uint8_t *copy = heap_copy(counting, 8);
	struct hvp_rd base = hvp_rd_init(copy, 8);
	struct hvp_rd w;

	ck_assert_ptr_nonnull(hvp_rd_take(&base, 6));
	ck_assert(hvp_rd_window(&base, 1, 2, &w));
	ck_assert_uint_eq(hvp_get_u16(hvp_rd_take(&w, 2)), 0x0302);
	free(copy);
}
END_TEST

START_TEST(rd_of_nothing_gives_nothing)
{
	struct hvp_rd r = hvp_rd_init(NULL, 0);
	struct hvp_rd w;

	ck_assert_ptr_null(hvp_rd_take(&r, 1));
	ck_assert(hvp_rd_window(&r, 0, 0, &w));
	ck_assert(!hvp_rd_window(&r, 0, 1, &w));
	ck_assert(hvp_rd_sub(&r, 0, &w));
}
END_TEST

START_TEST(wr_hands_out_zeroed_bytes)
{
	uint8_t buf[16];
	struct hvp_wr w;
	uint8_t *p;

	memset(buf, 0xa5, sizeof(buf));
	w = hvp_wr_init(buf, sizeof(buf));
	p = hvp_wr_take(&w, 8);
	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < 8; i++)
		ck_assert_uint_eq(p[i], 0);
	ck_assert_uint_eq(buf[8], 0xa5);
	ck_assert_uint_eq(w.off, 8);
}
END_TEST

START_TEST(wr_refuses_one_byte_too_many_and_writes_nothing)
{
	uint8_t *buf = heap_copy(counting, 8);
	struct hvp_wr w = hvp_wr_init(buf, 8);

	ck_assert_ptr_nonnull(hvp_wr_take(&w, 5));
	ck_assert_ptr_null(hvp_wr_take(&w, 4));
	ck_assert_ptr_null(hvp_wr_take(&w, SIZE_MAX));
	ck_assert_uint_eq(w.off, 5);
	ck_assert_uint_eq(buf[5], 6);
	ck_assert_ptr_nonnull(hvp_wr_take(&w, 3));
	free(buf);
}
END_TEST

START_TEST(wr_puts_what_rd_gets)
{
	static const uint64_t values[] = { 0,	      1,      0x80,	  0xff,
					   0x1234,    0x8000, 0x89abcdef, 0x0123456789abcdef,
					   UINT64_MAX };
	uint8_t buf[9];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		hvp_put_u64(buf + 1, values[i]);
		ck_assert(hvp_get_u64(buf + 1) == values[i]);
		hvp_put_u32(buf + 1, (uint32_t)values[i]);
		ck_assert_uint_eq(hvp_get_u32(buf + 1), (uint32_t)values[i]);
		hvp_put_u16(buf + 1, (uint16_t)values[i]);
		ck_assert_uint_eq(hvp_get_u16(buf + 1), (uint16_t)values[i]);
		hvp_put_u8(buf + 1, (uint8_t)values[i]);
		ck_assert_uint_eq(hvp_get_u8(buf + 1), (uint8_t)values[i]);
	}
}
END_TEST

START_TEST(every_status_has_a_name_a_text_and_a_class)
{
#define HVP_X(name, value, whose, text) \
	ck_assert_str_eq(hvp_status_name(HVP_##name), #name); \
	ck_assert_str_eq(hvp_status_text((enum hvp_status)(value)), text); \
	ck_assert_int_eq(hvp_status_fault(HVP_##name), HVP_FAULT_##whose);
	HVP_STATUS_LIST(HVP_X)
#undef HVP_X
}
END_TEST

START_TEST(a_value_that_is_no_status_is_named_as_such)
{
	enum hvp_status odd = (enum hvp_status) - 99;

	ck_assert_str_eq(hvp_status_name(odd), "?");
	ck_assert_str_eq(hvp_status_text(odd), "unknown status");
	ck_assert_int_eq(hvp_status_fault(odd), HVP_FAULT_CALLER);
}
END_TEST

static const struct hvp_bound bound = { "demo.message", "count", 12, 1, 7 };

START_TEST(a_fault_record_tells_field_offset_found_and_allowed)
{
	struct hvp_fault f;

	memset(&f, 0xa5, sizeof(f));
	ck_assert_int_eq(hvp_fault_at(&f, HVP_VALUE, &bound, 9), HVP_VALUE);
	ck_assert_int_eq(f.status, HVP_VALUE);
	ck_assert_str_eq(f.message, "demo.message");
	ck_assert_str_eq(f.field, "count");
	ck_assert_uint_eq(f.offset, 12);
	ck_assert_uint_eq(f.found, 9);
	ck_assert_uint_eq(f.low, 1);
	ck_assert_uint_eq(f.high, 7);
}
END_TEST

START_TEST(a_size_fault_tells_present_and_needed)
{
	struct hvp_fault f;

	memset(&f, 0xa5, sizeof(f));
	ck_assert_int_eq(hvp_fault_size(&f, HVP_SHORT, "demo.message", 5, 8), HVP_SHORT);
	ck_assert_str_eq(f.field, "size");
	ck_assert_uint_eq(f.offset, 5);
	ck_assert_uint_eq(f.found, 5);
	ck_assert_uint_eq(f.low, 8);
}
END_TEST

START_TEST(a_fault_record_is_optional)
{
	ck_assert_int_eq(hvp_fault_at(NULL, HVP_VALUE, &bound, 9), HVP_VALUE);
	ck_assert_int_eq(hvp_fault_size(NULL, HVP_SHORT, "demo.message", 5, 8), HVP_SHORT);
}
END_TEST

static const struct hvp_msg_desc demo_msgs[] = {
	{ .name = "ask", .id = 1, .direction = HVP_DIR_G2H },
	{ .name = "tell", .id = 1, .direction = HVP_DIR_H2G },
	{ .name = "asking", .id = 3, .direction = HVP_DIR_BOTH },
};

static const struct hvp_proto_desc demo = {
	.name = "demo",
	.msgs = demo_msgs,
	.msg_count = 3,
};

START_TEST(a_message_is_found_by_id_and_direction)
{
	ck_assert_ptr_eq(hvp_msg_find(&demo, 1, HVP_DIR_G2H), &demo_msgs[0]);
	ck_assert_ptr_eq(hvp_msg_find(&demo, 1, HVP_DIR_H2G), &demo_msgs[1]);
	ck_assert_ptr_eq(hvp_msg_find(&demo, 1, HVP_DIR_BOTH), &demo_msgs[0]);
	ck_assert_ptr_eq(hvp_msg_find(&demo, 3, HVP_DIR_H2G), &demo_msgs[2]);
	ck_assert_ptr_null(hvp_msg_find(&demo, 2, HVP_DIR_BOTH));
	ck_assert_ptr_null(hvp_msg_find(&demo, UINT32_MAX, HVP_DIR_BOTH));
}
END_TEST

START_TEST(a_message_is_found_by_its_whole_name)
{
	ck_assert_ptr_eq(hvp_msg_by_name(&demo, "ask"), &demo_msgs[0]);
	ck_assert_ptr_eq(hvp_msg_by_name(&demo, "asking"), &demo_msgs[2]);
	ck_assert_ptr_null(hvp_msg_by_name(&demo, "as"));
	ck_assert_ptr_null(hvp_msg_by_name(&demo, ""));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("core");
	TCase *t = tcase_create("core");
	SRunner *sr;
	int failed;

	tcase_add_test(t, rd_take_moves_only_when_all_bytes_are_there);
	tcase_add_test(t, rd_take_survives_the_largest_length);
	tcase_add_test(t, rd_reads_little_endian_at_any_alignment);
	tcase_add_test(t, rd_keeps_the_top_bit_of_each_size);
	tcase_add_test(t, rd_sub_is_bounded_by_its_own_length);
	tcase_add_test(t, rd_window_refuses_every_pair_that_leaves_its_base);
	tcase_add_test(t, rd_window_counts_from_the_base_not_from_the_place);
	tcase_add_test(t, rd_of_nothing_gives_nothing);
	tcase_add_test(t, wr_hands_out_zeroed_bytes);
	tcase_add_test(t, wr_refuses_one_byte_too_many_and_writes_nothing);
	tcase_add_test(t, wr_puts_what_rd_gets);
	tcase_add_test(t, every_status_has_a_name_a_text_and_a_class);
	tcase_add_test(t, a_value_that_is_no_status_is_named_as_such);
	tcase_add_test(t, a_fault_record_tells_field_offset_found_and_allowed);
	tcase_add_test(t, a_size_fault_tells_present_and_needed);
	tcase_add_test(t, a_fault_record_is_optional);
	tcase_add_test(t, a_message_is_found_by_id_and_direction);
	tcase_add_test(t, a_message_is_found_by_its_whole_name);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
