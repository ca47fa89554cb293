/* SPDX-License-Identifier: BSD-2-Clause */
/* GPADL arithmetic and messages: the tables of chapter 10 section 5.1 and A.14. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/gpadl.h>
#include <hvproto/rd.h>

#define CHANNEL 3u
#define ID 0x11u

struct message {
	uint8_t bytes[240];
	size_t size;
};

struct built {
	struct message m[300];
	unsigned int count;
};

/* Posts all messages of a builder; each is asked for twice, as after a refused post. */
static void post_all(struct hvp_gpadl_build *b, struct built *out)
{
	uint8_t again[240];
	size_t size = 0;
	bool last = false;

	out->count = 0;
	while (!last) {
		struct message *m = &out->m[out->count++];

		ck_assert_uint_le(out->count, 300);
		ck_assert_int_eq(hvp_gpadl_build_next(b, m->bytes, sizeof(m->bytes), &m->size),
				 HVP_OK);
		ck_assert_int_eq(hvp_gpadl_build_next(b, again, sizeof(again), &size), HVP_OK);
		ck_assert_uint_eq(size, m->size);
		ck_assert_mem_eq(again, m->bytes, size);
		last = hvp_gpadl_build_posted(b);
	}
	ck_assert_int_eq(hvp_gpadl_build_next(b, again, sizeof(again), &size), HVP_AGAIN);
}

static struct built *build(const struct hvp_gpadl_range *ranges, uint32_t count)
{
	struct built *out = calloc(1, sizeof(*out));
	struct hvp_gpadl_build b;

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(hvp_gpadl_build_init(&b, CHANNEL, ID, ranges, count), HVP_OK);
	post_all(&b, out);
	return out;
}

/* The u64 stream put together again, as a host does. Returns the words. */
static size_t words_of(const struct built *b, uint64_t *words, size_t cap)
{
	size_t n = 0;

	for (unsigned int i = 0; i < b->count; i++) {
		size_t at = i == 0 ? 20 : 16;

		ck_assert_uint_eq(hvp_get_u32(b->m[i].bytes), i == 0 ? 8 : 9);
		ck_assert_uint_eq(hvp_get_u32(b->m[i].bytes + 4), 0);
		ck_assert_uint_eq(hvp_get_u32(b->m[i].bytes + 12), ID);
		for (; at + 8 <= b->m[i].size; at += 8) {
			ck_assert_uint_lt(n, cap);
			words[n++] = hvp_get_u64(b->m[i].bytes + at);
		}
		ck_assert_uint_eq(at, b->m[i].size);
	}
	return n;
}

/* Chapter 10 section 5.1: pages, range_buf_len, bodies, u64s of the last message. */
static const uint32_t split[][4] = {
	{ 1, 16, 0, 2 },	  { 4, 40, 0, 5 },	    { 26, 216, 0, 27 },
	{ 27, 224, 1, 1 },	  { 54, 440, 1, 28 },	    { 55, 448, 2, 1 },
	{ 82, 664, 2, 28 },	  { 83, 672, 3, 1 },	    { 128, 1032, 4, 18 },
	{ 256, 2056, 9, 6 },	  { 512, 4104, 18, 10 },    { 1024, 8200, 36, 18 },
	{ 4096, 32776, 146, 10 }, { 8190, 65528, 292, 16 },
};

START_TEST(gpadl_splits_into_the_messages_of_the_table)
{
	const uint32_t *row = split[_i];
	uint64_t *words = calloc(8192, sizeof(*words));
	struct hvp_gpadl_range range = { .byte_count = row[0] * 4096, .first_pfn = 0x100 };
	struct built *b = build(&range, 1);
	uint32_t length = 0;

	ck_assert_int_eq(hvp_gpadl_length(&range, 1, &length), HVP_OK);
	ck_assert_uint_eq(length, row[1]);
	ck_assert_uint_eq(hvp_gpadl_bodies(length), row[2]);
	ck_assert_uint_eq(b->count, 1 + row[2]);
	ck_assert_uint_eq(b->m[b->count - 1].size, (row[2] > 0 ? 16 : 20) + 8 * row[3]);
	ck_assert_uint_eq(hvp_get_u32(b->m[0].bytes + 8), CHANNEL);
	ck_assert_uint_eq(hvp_get_u16(b->m[0].bytes + 16), row[1]);
	ck_assert_uint_eq(hvp_get_u16(b->m[0].bytes + 18), 1);
	ck_assert_uint_eq(words_of(b, words, 8192), row[0] + 1);
	ck_assert_uint_eq(words[0], row[0] * 4096);
	for (uint32_t i = 0; i < row[0]; i++)
		ck_assert_uint_eq(words[1 + i], 0x100 + i);
	free(words);
	free(b);
}
END_TEST

START_TEST(gpadl_takes_any_page_list_in_its_order)
{
	static const uint64_t pfns[] = { 0x2ff, 0x100, 0xffffffffffull, 0x100, 0 };
	struct hvp_gpadl_range range = { .byte_count = 5 * 4096, .pfns = pfns };
	struct built *b = build(&range, 1);
	uint64_t words[8];

	ck_assert_uint_eq(words_of(b, words, 8), 6);
	ck_assert_mem_eq(words + 1, pfns, sizeof(pfns));
	free(b);
}
END_TEST

/* A.6, byte for byte. */
START_TEST(gpadl_header_is_the_worked_example)
{
	static const uint8_t want[52] = {
		0x08, 0,    0, 0,    0, 0, 0, 0, 0x03, 0,    0, 0,    0x11, 0, 0, 0, 0x20, 0,
		0x01, 0,    0, 0x30, 0, 0, 0, 0, 0,    0,    0, 0x01, 0,    0, 0, 0, 0,	   0,
		0x01, 0x01, 0, 0,    0, 0, 0, 0, 0xff, 0x02, 0, 0,    0,    0, 0, 0,
	};
	static const uint64_t pfns[] = { 0x100, 0x101, 0x2ff };
	struct hvp_gpadl_range range = { .byte_count = 0x3000, .pfns = pfns };
	struct built *b = build(&range, 1);

	ck_assert_uint_eq(b->count, 1);
	ck_assert_uint_eq(b->m[0].size, sizeof(want));
	ck_assert_mem_eq(b->m[0].bytes, want, sizeof(want));
	free(b);
}
END_TEST

/* A.14, last paragraph: the header word of range 2 is the last of the first message. */
START_TEST(gpadl_cuts_a_range_header_from_its_pages)
{
	struct hvp_gpadl_range ranges[2] = {
		{ .byte_count = 25 * 4096, .first_pfn = 0x1000 },
		{ .byte_count = 0x9000, .byte_offset = 0x10, .first_pfn = 0x2000 },
	};
	struct built *b = build(ranges, 2);
	uint64_t words[64];

	ck_assert_uint_eq(hvp_get_u16(b->m[0].bytes + 16), 296);
	ck_assert_uint_eq(hvp_get_u16(b->m[0].bytes + 18), 2);
	ck_assert_uint_eq(b->count, 2);
	ck_assert_uint_eq(b->m[0].size, 236);
	ck_assert_uint_eq(b->m[1].size, 16 + 80);
	ck_assert_uint_eq(words_of(b, words, 64), 37);
	ck_assert_uint_eq(words[26], 0x9000 | 0x10ull << 32);
	ck_assert_uint_eq(words[27], 0x2000);
	ck_assert_uint_eq(words[36], 0x2009);
	free(b);
}
END_TEST

START_TEST(gpadl_cuts_at_every_word_border)
{
	uint64_t words[128];

	for (uint32_t first = 1; first <= 60; first++) {
		struct hvp_gpadl_range ranges[3] = {
			{ .byte_count = first * 4096, .first_pfn = 1 },
			{ .byte_count = 1, .byte_offset = 4095, .first_pfn = 0x500 },
			{ .byte_count = 2, .byte_offset = 4095, .first_pfn = 0x600 },
		};
		struct built *b = build(ranges, 3);

		ck_assert_uint_eq(words_of(b, words, 128), first + 1 + 2 + 3);
		ck_assert_uint_eq(words[first], first);
		ck_assert_uint_eq(words[first + 1], 1 | 4095ull << 32);
		ck_assert_uint_eq(words[first + 2], 0x500);
		ck_assert_uint_eq(words[first + 3], 2 | 4095ull << 32);
		ck_assert_uint_eq(words[first + 5], 0x601);
		free(b);
	}
}
END_TEST

START_TEST(gpadl_counts_pages_touched_not_bytes)
{
	ck_assert_uint_eq(hvp_gpadl_range_pages(0, 1), 1);
	ck_assert_uint_eq(hvp_gpadl_range_pages(0, 4096), 1);
	ck_assert_uint_eq(hvp_gpadl_range_pages(1, 4096), 2);
	ck_assert_uint_eq(hvp_gpadl_range_pages(4095, 1), 1);
	ck_assert_uint_eq(hvp_gpadl_range_pages(4095, 2), 2);
	ck_assert_uint_eq(hvp_gpadl_range_pages(UINT32_MAX, UINT32_MAX), 0x200000);
}
END_TEST

START_TEST(gpadl_refuses_ranges_that_a_host_must_refuse)
{
	struct hvp_gpadl_range bad[] = {
		{ .byte_count = 0 },
		{ .byte_count = 0, .byte_offset = 5 },
		{ .byte_count = 1, .byte_offset = 4096 },
		{ .byte_count = UINT32_MAX, .byte_offset = 1 },
		{ .byte_count = UINT32_MAX - 4094, .byte_offset = 4095 },
	};
	struct hvp_gpadl_build b;
	uint32_t bytes;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(hvp_gpadl_range_bytes(&bad[i], &bytes), HVP_ARG);
		ck_assert_int_eq(hvp_gpadl_length(&bad[i], 1, &bytes), HVP_ARG);
		ck_assert_int_eq(hvp_gpadl_build_init(&b, 1, 1, &bad[i], 1), HVP_ARG);
	}
	ck_assert_int_eq(hvp_gpadl_length(bad, 0, &bytes), HVP_ARG);
}
END_TEST

START_TEST(gpadl_refuses_what_the_length_cannot_express)
{
	struct hvp_gpadl_range one = { .byte_count = 8191u * 4096u };
	struct hvp_gpadl_range two[2] = {
		{ .byte_count = 8188u * 4096u },
		{ .byte_count = 4096 },
	};
	uint32_t length = 0;

	ck_assert_int_eq(hvp_gpadl_length(&one, 1, &length), HVP_NOSPACE);
	one.byte_count = UINT32_MAX;
	ck_assert_int_eq(hvp_gpadl_length(&one, 1, &length), HVP_NOSPACE);
	ck_assert_int_eq(hvp_gpadl_length(two, 2, &length), HVP_OK);
	ck_assert_uint_eq(length, 65528);
	two[1].byte_count = 4097;
	ck_assert_int_eq(hvp_gpadl_length(two, 2, &length), HVP_NOSPACE);
}
END_TEST

START_TEST(gpadl_cursor_gives_nothing_after_its_last_word)
{
	struct hvp_gpadl_range one = { .byte_count = 4096, .first_pfn = 7 };
	struct hvp_gpadl_cursor c = { .ranges = &one, .count = 1 };
	uint64_t value = 0;

	ck_assert(hvp_gpadl_take(&c, &value));
	ck_assert(hvp_gpadl_take(&c, &value));
	ck_assert_uint_eq(value, 7);
	value = 99;
	ck_assert(!hvp_gpadl_take(&c, &value));
	ck_assert_uint_eq(value, 99);
}
END_TEST

/* A caller that breaks the rule gets a short message, not one with bytes of the stack. */
START_TEST(gpadl_message_ends_where_ranges_that_shrank_end)
{
	struct hvp_gpadl_range range = { .byte_count = 40 * 4096, .first_pfn = 7 };
	struct hvp_gpadl_build b;
	uint8_t bytes[240];
	size_t size = 0;

	ck_assert_int_eq(hvp_gpadl_build_init(&b, CHANNEL, ID, &range, 1), HVP_OK);
	ck_assert(!hvp_gpadl_build_posted(&b));
	range.byte_count = 30 * 4096;
	ck_assert_int_eq(hvp_gpadl_build_next(&b, bytes, sizeof(bytes), &size), HVP_OK);
	ck_assert_uint_eq(size, 16 + (1 + 30 - 27) * 8);
	ck_assert(hvp_gpadl_build_posted(&b));
}
END_TEST

START_TEST(gpadl_refuses_id_zero)
{
	struct hvp_gpadl_range range = { .byte_count = 4096 };
	struct hvp_gpadl_build b;

	ck_assert_int_eq(hvp_gpadl_build_init(&b, 1, 0, &range, 1), HVP_ARG);
}
END_TEST

START_TEST(gpadl_message_needs_its_room)
{
	struct hvp_gpadl_range range = { .byte_count = 40 * 4096, .first_pfn = 9 };
	struct hvp_gpadl_build b;
	uint8_t *msg = malloc(236);
	size_t size = 77;

	ck_assert_ptr_nonnull(msg);
	ck_assert_int_eq(hvp_gpadl_build_init(&b, 1, 1, &range, 1), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_build_next(&b, msg, 235, &size), HVP_NOSPACE);
	ck_assert_uint_eq(size, 77);
	ck_assert_int_eq(hvp_gpadl_build_next(&b, msg, 236, &size), HVP_OK);
	ck_assert_uint_eq(size, 236);
	free(msg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gpadl");
	TCase *tc = tcase_create("gpadl");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, gpadl_splits_into_the_messages_of_the_table, 0,
			    sizeof(split) / sizeof(split[0]));
	tcase_add_test(tc, gpadl_takes_any_page_list_in_its_order);
	tcase_add_test(tc, gpadl_header_is_the_worked_example);
	tcase_add_test(tc, gpadl_cuts_a_range_header_from_its_pages);
	tcase_add_test(tc, gpadl_cuts_at_every_word_border);
	tcase_add_test(tc, gpadl_counts_pages_touched_not_bytes);
	tcase_add_test(tc, gpadl_refuses_ranges_that_a_host_must_refuse);
	tcase_add_test(tc, gpadl_refuses_what_the_length_cannot_express);
	tcase_add_test(tc, gpadl_cursor_gives_nothing_after_its_last_word);
	tcase_add_test(tc, gpadl_message_ends_where_ranges_that_shrank_end);
	tcase_add_test(tc, gpadl_refuses_id_zero);
	tcase_add_test(tc, gpadl_message_needs_its_room);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
