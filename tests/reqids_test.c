/* SPDX-License-Identifier: BSD-2-Clause */
/* Request ids: numbers that a peer may invent, repeat or forget. */
#include <check.h>
#include <stdlib.h>

#include <hvproto/reqids.h>

static struct hvp_reqids ids;
static struct hvp_reqid_slot *slots;
static int requests[8];

/* Storage of exact size, so that the sanitizer sees an index too far. */
static void open_table(uint32_t count)
{
	slots = malloc(count * sizeof(*slots));
	ck_assert_ptr_nonnull(slots);
	ck_assert_int_eq(hvp_reqids_init(&ids, slots, count), HVP_OK);
}

static void close_table(void)
{
	free(slots);
	slots = NULL;
}

static uint64_t take(int n)
{
	uint64_t id = 0;

	ck_assert_int_eq(hvp_reqids_take(&ids, &requests[n], &id), HVP_OK);
	return id;
}

START_TEST(a_table_without_slots_is_refused)
{
	struct hvp_reqid_slot slot;

	ck_assert_int_eq(hvp_reqids_init(&ids, &slot, 0), HVP_ARG);
	ck_assert_int_eq(hvp_reqids_init(&ids, &slot, 0x80000001u), HVP_ARG);
	ck_assert_int_eq(hvp_reqids_init(&ids, NULL, 1), HVP_ARG);
}
END_TEST

/* CORE-REQ-039, CORE-SEC-21: small numbers from 1 on, never 0, never an address. */
START_TEST(ids_are_small_distinct_and_never_zero)
{
	uint64_t seen[8];
	int i;
	int j;

	open_table(8);
	for (i = 0; i < 8; i++) {
		seen[i] = take(i);
		ck_assert_uint_ge(seen[i], 1);
		ck_assert_uint_le(seen[i], 8);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(seen[i], seen[j]);
	}
	ck_assert_uint_eq(ids.in_flight, 8);
}
END_TEST

/* BUG-022 */
START_TEST(a_full_table_answers_like_a_full_ring)
{
	uint64_t id = 77;
	uint64_t first;
	void *request;

	open_table(2);
	first = take(0);
	take(1);
	ck_assert_int_eq(hvp_reqids_take(&ids, &requests[2], &id), HVP_AGAIN);
	ck_assert_uint_eq(id, 77);
	ck_assert_uint_eq(ids.in_flight, 2);
	ck_assert_int_eq(hvp_reqids_finish(&ids, first, &request), HVP_OK);
	take(2);
}
END_TEST

/* BUG-020, CORE-SEC-20 */
START_TEST(ids_that_were_never_given_out_are_refused_and_counted)
{
	static const uint64_t forged[] = {
		0,
		2,
		3,
		4,
		5,
		0xffffffffu,
		0x100000000u,
		0x100000001u,
		UINT64_MAX,
		1ull << 63 | 1,
		(uint64_t)-2,
	};
	void *request = &requests[7];
	size_t i;

	open_table(4);
	ck_assert_uint_eq(take(0), 1);
	for (i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		ck_assert_int_eq(hvp_reqids_finish(&ids, forged[i], &request), HVP_VALUE);
		ck_assert_ptr_eq(request, &requests[7]);
		ck_assert_uint_eq(ids.unknown, i + 1);
	}
	ck_assert_int_eq(hvp_reqids_finish(&ids, 1, &request), HVP_OK);
	ck_assert_ptr_eq(request, &requests[0]);
}
END_TEST

/* CORE-SEC-22, BUG-020 */
START_TEST(each_id_is_finished_at_most_once_even_when_its_slot_is_used_again)
{
	uint64_t first;
	uint64_t second;
	void *request;
	int i;

	open_table(1);
	for (i = 0; i < 1000; i++) {
		first = take(0);
		ck_assert_int_eq(hvp_reqids_finish(&ids, first, &request), HVP_OK);
		ck_assert_int_eq(hvp_reqids_finish(&ids, first, &request), HVP_VALUE);
		second = take(1);
		ck_assert_uint_ne(first, second);
		ck_assert_int_eq(hvp_reqids_finish(&ids, first, &request), HVP_VALUE);
		ck_assert_int_eq(hvp_reqids_finish(&ids, second, &request), HVP_OK);
		ck_assert_ptr_eq(request, &requests[1]);
	}
	ck_assert_uint_eq(ids.in_flight, 0);
	ck_assert_uint_eq(ids.unknown, 2000);
}
END_TEST

START_TEST(completions_may_come_in_any_order)
{
	uint64_t id[5];
	void *request;
	int i;

	open_table(5);
	for (i = 0; i < 5; i++)
		id[i] = take(i);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(hvp_reqids_finish(&ids, id[i * 3 % 5], &request), HVP_OK);
		ck_assert_ptr_eq(request, &requests[i * 3 % 5]);
	}
	ck_assert_uint_eq(ids.in_flight, 0);
}
END_TEST

/* BUG-118 */
START_TEST(a_closing_channel_gets_every_request_back_once)
{
	uint64_t id[4];
	bool back[4] = { false };
	void *request;
	int i;

	open_table(4);
	for (i = 0; i < 4; i++)
		id[i] = take(i);
	ck_assert_int_eq(hvp_reqids_finish(&ids, id[1], &request), HVP_OK);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(hvp_reqids_drain(&ids, &request), HVP_OK);
		ck_assert(!back[(int *)request - requests]);
		back[(int *)request - requests] = true;
	}
	ck_assert(back[0] && !back[1] && back[2] && back[3]);
	ck_assert_int_eq(hvp_reqids_drain(&ids, &request), HVP_AGAIN);
	ck_assert_uint_eq(ids.in_flight, 0);
	ck_assert_int_eq(hvp_reqids_finish(&ids, id[0], &request), HVP_VALUE);
	/* The table is as good as new. */
	take(5);
	ck_assert_int_eq(hvp_reqids_drain(&ids, &request), HVP_OK);
	ck_assert_ptr_eq(request, &requests[5]);
}
END_TEST

START_TEST(an_id_survives_the_end_of_the_generation_count)
{
	uint64_t id;
	void *request;

	open_table(1);
	slots[0].generation = 0xfffffffeu;
	id = take(0);
	ck_assert_uint_eq(id, 0x7fffffff00000001u);
	ck_assert_int_eq(hvp_reqids_finish(&ids, id, &request), HVP_OK);
	ck_assert_uint_eq(take(1), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reqids");
	TCase *t = tcase_create("reqids");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, NULL, close_table);
	tcase_add_test(t, a_table_without_slots_is_refused);
	tcase_add_test(t, ids_are_small_distinct_and_never_zero);
	tcase_add_test(t, a_full_table_answers_like_a_full_ring);
	tcase_add_test(t, ids_that_were_never_given_out_are_refused_and_counted);
	tcase_add_test(t, each_id_is_finished_at_most_once_even_when_its_slot_is_used_again);
	tcase_add_test(t, completions_may_come_in_any_order);
	tcase_add_test(t, a_closing_channel_gets_every_request_back_once);
	tcase_add_test(t, an_id_survives_the_end_of_the_generation_count);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
