/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's GPADLs: assembly, validation, and every pair of the table. */
#include "gpadl_map.h"
#include "mockhost_guest.h"

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */

static void setup(void)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, NULL);
	dev = hvm_scripted_new(g.s, &o);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
}

static void teardown(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static uint32_t created(uint32_t id)
{
	struct hvp_vmbus_gpadl_created r;

	guest_expect(&g, HVP_VMBUS_GPADL_CREATED, &r);
	ck_assert_uint_eq(r.gpadl_id, id);
	return r.status;
}

static uint64_t pfn(void)
{
	return hvm_mem_gpa(g.p, g.post) / HVM_PAGE;
}

/* ---- every pair, as chapter 10 section 5.5 words them ---- */

#define G(s) HVM_GPADL_##s
#define IS(s, a) \
	{ \
		G(s), G(a) \
	}
#define KEEP(s) \
	{ \
		G(s), G(DROP) \
	}

/* Columns as enum hvm_gpadl_event. */
static const struct hvm_gpadl_edge want[HVM_GPADL_STATES][HVM_GPADL_EVENTS] = {
	[G(NONE)] = { IS(IN_PROGRESS, QUIET), KEEP(NONE), IS(OFFERED, ASK),
		      IS(ACCEPTED, SAY_CREATED), IS(NONE, SAY_FAILED), KEEP(NONE), KEEP(NONE),
		      KEEP(NONE), KEEP(NONE), KEEP(NONE), KEEP(NONE), KEEP(NONE) },
	[G(IN_PROGRESS)] = { IS(IN_PROGRESS, SAY_FAILED), IS(IN_PROGRESS, QUIET), IS(OFFERED, ASK),
			     IS(ACCEPTED, SAY_CREATED), IS(NONE, SAY_FAILED), KEEP(IN_PROGRESS),
			     KEEP(IN_PROGRESS), KEEP(IN_PROGRESS), KEEP(IN_PROGRESS),
			     KEEP(IN_PROGRESS), IS(IN_PROGRESS, QUIET), IS(NONE, QUIET) },
	[G(OFFERED)] = { IS(OFFERED, SAY_FAILED), KEEP(OFFERED), KEEP(OFFERED), KEEP(OFFERED),
			 KEEP(OFFERED), IS(ACCEPTED, SAY_CREATED), IS(NONE, SAY_FAILED),
			 KEEP(OFFERED), KEEP(OFFERED), KEEP(OFFERED), IS(NONE, SAY_FAILED),
			 IS(OFFERED_TEARING_DOWN, QUIET) },
	[G(OFFERED_TEARING_DOWN)] = { IS(OFFERED_TEARING_DOWN, SAY_FAILED),
				      KEEP(OFFERED_TEARING_DOWN), KEEP(OFFERED_TEARING_DOWN),
				      KEEP(OFFERED_TEARING_DOWN), KEEP(OFFERED_TEARING_DOWN),
				      IS(NONE, TELL_TEARDOWN), IS(NONE, QUIET),
				      KEEP(OFFERED_TEARING_DOWN), KEEP(OFFERED_TEARING_DOWN),
				      KEEP(OFFERED_TEARING_DOWN), IS(NONE, QUIET),
				      IS(OFFERED_TEARING_DOWN, QUIET) },
	[G(ACCEPTED)] = { IS(ACCEPTED, SAY_FAILED), KEEP(ACCEPTED), KEEP(ACCEPTED), KEEP(ACCEPTED),
			  KEEP(ACCEPTED), KEEP(ACCEPTED), KEEP(ACCEPTED),
			  IS(TEARING_DOWN, ASK_TEARDOWN), IS(NONE, SAY_TORNDOWN), KEEP(ACCEPTED),
			  IS(ACCEPTED, QUIET), IS(NONE, TELL_TEARDOWN) },
	[G(TEARING_DOWN)] = { IS(TEARING_DOWN, SAY_FAILED), KEEP(TEARING_DOWN), KEEP(TEARING_DOWN),
			      KEEP(TEARING_DOWN), KEEP(TEARING_DOWN), KEEP(TEARING_DOWN),
			      KEEP(TEARING_DOWN), KEEP(TEARING_DOWN), KEEP(TEARING_DOWN),
			      IS(NONE, SAY_TORNDOWN), IS(NONE, SAY_TORNDOWN), IS(NONE, QUIET) },
};

START_TEST(pair_of_state_and_event)
{
	enum hvm_gpadl_state st = (enum hvm_gpadl_state)(_i / HVM_GPADL_EVENTS);
	enum hvm_gpadl_event ev = (enum hvm_gpadl_event)(_i % HVM_GPADL_EVENTS);
	struct hvm_gpadl_edge e = hvm_gpadl_step(st, ev);

	ck_assert_int_eq(e.next, want[st][ev].next);
	ck_assert_int_eq(e.act, want[st][ev].act);
}
END_TEST

/* ---- assembly ---- */

/* Pages, bodies and words of the last message: table of section 5.1. */
static const unsigned int sizes[][3] = {
	{ 1, 0, 2 },	  { 26, 0, 27 },     { 27, 1, 1 },	{ 54, 1, 28 },
	{ 55, 2, 1 },	  { 128, 4, 18 },    { 256, 9, 6 },	{ 512, 18, 10 },
	{ 1024, 36, 18 }, { 4096, 146, 10 }, { 8190, 292, 16 },
};

START_TEST(a_gpadl_is_complete_with_its_last_word_and_not_before)
{
	unsigned int pages = sizes[_i][0], bodies = sizes[_i][1], last = sizes[_i][2];
	uint8_t header[236] = { HVP_VMBUS_GPADL_HEADER };
	uint8_t body[240] = { HVP_VMBUS_GPADL_BODY };
	unsigned int i, left = pages + 1, n = left < 27 ? left : 27;

	hvp_put_u32(header + 8, 1);
	hvp_put_u32(header + 12, 0x77);
	hvp_put_u16(header + 16, (uint16_t)(left * 8));
	hvp_put_u16(header + 18, 1);
	hvp_put_u32(header + 20, pages * HVM_PAGE);
	for (i = 1; i < n; i++)
		hvp_put_u64(header + 20 + i * 8, pfn());
	guest_post_raw(&g, g.connection_id, header, 20 + n * 8);
	left -= n;
	hvp_put_u32(body + 12, 0x77);
	for (i = 0; i < 28; i++)
		hvp_put_u64(body + 16 + i * 8, pfn());
	for (i = 0; i < bodies; i++) {
		ck_assert_int_eq(gpadl_state(&g, 1, 0x77), HVM_GPADL_IN_PROGRESS);
		guest_expect_none(&g);
		n = left < 28 ? left : 28;
		guest_post_raw(&g, g.connection_id, body, 16 + n * 8);
		left -= n;
	}
	ck_assert_uint_eq(n, last);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(created(0x77), 0);
	ck_assert_uint_eq(hvm_gpadl_size(hvm_channel_gpadl(hvm_server_channel(g.s, 1), 0x77)),
			  (uint64_t)pages * HVM_PAGE);
}
END_TEST

START_TEST(a_range_header_may_be_parted_from_its_pages_by_the_end_of_a_message)
{
	uint64_t w[37];
	unsigned int i;

	/* Chapter 10 appendix A.14: 25 pages, then 9 pages and 16 bytes. */
	for (i = 0; i < 37; i++)
		w[i] = pfn();
	w[0] = 25 * HVM_PAGE;
	w[26] = 0x9000 | 0x10ull << 32;
	guest_gpadl_words(&g, 1, 5, 2, w, 37);
	ck_assert_uint_eq(created(5), 0);
}
END_TEST

START_TEST(surplus_bytes_of_every_message_are_ignored)
{
	uint8_t m[240] = { HVP_VMBUS_GPADL_HEADER };
	unsigned int i;

	hvp_put_u32(m + 8, 1);
	hvp_put_u32(m + 12, 6);
	hvp_put_u16(m + 16, 16 + 7);
	hvp_put_u16(m + 18, 1);
	hvp_put_u64(m + 20, HVM_PAGE);
	hvp_put_u64(m + 28, pfn());
	for (i = 36; i < 240; i++)
		m[i] = 0xff;
	guest_post_raw(&g, g.connection_id, m, 240);
	ck_assert_uint_eq(created(6), 0);
	ck_assert_uint_eq(hvm_channel_gpadl(hvm_server_channel(g.s, 1), 6)->words_have, 2);
}
END_TEST

START_TEST(bodies_may_be_small_and_their_odd_tail_does_not_count)
{
	uint8_t m[44] = { HVP_VMBUS_GPADL_HEADER };
	uint8_t b[27] = { HVP_VMBUS_GPADL_BODY };

	hvp_put_u32(m + 8, 1);
	hvp_put_u32(m + 12, 7);
	hvp_put_u16(m + 16, 32);
	hvp_put_u16(m + 18, 1);
	hvp_put_u64(m + 20, 3 * HVM_PAGE);
	hvp_put_u64(m + 28, pfn());
	guest_post_raw(&g, g.connection_id, m, 36 + 5);
	hvp_put_u32(b + 12, 7);
	hvp_put_u64(b + 16, pfn());
	guest_post_raw(&g, g.connection_id, b, 27);
	guest_post_raw(&g, g.connection_id, b, 16);
	guest_expect_none(&g);
	guest_post_raw(&g, g.connection_id, b, 24);
	ck_assert_uint_eq(created(7), 0);
}
END_TEST

START_TEST(a_gpadl_without_ranges_completes_at_once)
{
	uint64_t none[1] = { 0 };

	guest_gpadl_words(&g, 1, 8, 0, none, 0);
	ck_assert_uint_eq(created(8), 0);
	guest_gpadl_words(&g, 1, 9, 1, none, 0);
	ck_assert_uint_ne(created(9), 0);
}
END_TEST

static uint32_t verdict(uint64_t first, uint64_t second, uint16_t ranges)
{
	uint64_t w[2] = { first, second };

	guest_gpadl_words(&g, 1, 10, ranges, w, 2);
	return created(10);
}

START_TEST(ranges_that_are_not_valid_fail_and_leave_the_id_free)
{
	ck_assert_uint_ne(verdict(0, pfn(), 1), 0);
	ck_assert_uint_ne(verdict(HVM_PAGE | 0x1000ull << 32, pfn(), 1), 0);
	ck_assert_uint_ne(verdict(HVM_PAGE | 1ull << 32, pfn(), 1), 0);
	guest_gpadl_words(&g, 1, 10, 1, (uint64_t[]){ 8 | 0x1000ull << 32, pfn(), pfn() }, 3);
	ck_assert_uint_ne(created(10), 0);
	ck_assert_uint_ne(verdict(UINT32_MAX, pfn(), 1), 0);
	ck_assert_uint_ne(verdict(UINT32_MAX | 0xfffull << 32, pfn(), 1), 0);
	ck_assert_uint_ne(verdict(HVM_PAGE, pfn(), 2), 0);
	ck_assert_uint_ne(verdict(HVM_PAGE, 1, 1), 0);
	ck_assert_uint_ne(verdict(HVM_PAGE, UINT64_MAX, 1), 0);
	ck_assert_int_eq(gpadl_state(&g, 1, 10), HVM_GPADL_NONE);
	ck_assert_uint_eq(verdict(1 | 0xfffull << 32, pfn(), 1), 0);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

/* ---- who may, when ---- */

START_TEST(unknown_channels_and_second_headers_get_a_failure)
{
	uint64_t w[2] = { HVM_PAGE, pfn() };

	guest_gpadl_words(&g, 99, 11, 1, w, 2);
	ck_assert_uint_eq(created(11), HVM_STATUS_UNSUCCESSFUL);
	guest_gpadl_words(&g, 1, 11, 1, w, 2);
	ck_assert_uint_eq(created(11), 0);
	guest_gpadl_words(&g, 1, 11, 1, w, 2);
	ck_assert_uint_ne(created(11), 0);
	ck_assert_int_eq(gpadl_state(&g, 1, 11), HVM_GPADL_ACCEPTED);
}
END_TEST

START_TEST(an_id_in_progress_anywhere_keeps_others_from_needing_bodies)
{
	struct hvm_offer o = offer_of(0x20, 1);
	uint8_t m[36] = { HVP_VMBUS_GPADL_HEADER };
	uint64_t w[2] = { HVM_PAGE, pfn() };

	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_drain(&g);
	hvp_put_u32(m + 8, 1);
	hvp_put_u32(m + 12, 12);
	hvp_put_u16(m + 16, 32);
	hvp_put_u16(m + 18, 1);
	hvp_put_u64(m + 20, 3 * HVM_PAGE);
	hvp_put_u64(m + 28, pfn());
	guest_post_raw(&g, g.connection_id, m, sizeof(m));
	hvp_put_u32(m + 8, 2);
	guest_post_raw(&g, g.connection_id, m, sizeof(m));
	ck_assert_uint_ne(created(12), 0);
	ck_assert_int_eq(gpadl_state(&g, 1, 12), HVM_GPADL_IN_PROGRESS);
	guest_gpadl_words(&g, 2, 12, 1, w, 2);
	ck_assert_uint_eq(created(12), 0);
}
END_TEST

START_TEST(an_unfinished_gpadl_goes_with_its_channel_and_its_id_is_free_again)
{
	uint8_t m[36] = { HVP_VMBUS_GPADL_HEADER };
	uint8_t b[24] = { HVP_VMBUS_GPADL_BODY };

	hvp_put_u32(m + 8, 1);
	hvp_put_u32(m + 12, 13);
	hvp_put_u16(m + 16, 24);
	hvp_put_u16(m + 18, 1);
	hvp_put_u64(m + 20, 2 * HVM_PAGE);
	hvp_put_u64(m + 28, pfn());
	guest_post_raw(&g, g.connection_id, m, sizeof(m));
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
	hvp_put_u32(b + 12, 13);
	hvp_put_u64(b + 16, pfn());
	guest_post_raw(&g, g.connection_id, b, sizeof(b));
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_GPADL), 1);
	guest_post_raw(&g, g.connection_id, m, sizeof(m));
	guest_post_raw(&g, g.connection_id, b, sizeof(b));
	ck_assert_uint_eq(created(13), 0);
}
END_TEST

START_TEST(teardown_is_answered_when_the_device_has_let_go_and_pages_are_free_then)
{
	struct hvp_vmbus_gpadl_torndown r;
	uint8_t *va = guest_gpadl(&g, 1, 14, 3);
	uint64_t gfn = hvm_mem_gpa(g.p, va) / HVM_PAGE;

	hvm_scripted_answer(dev, HVM_ASK_TEARDOWN, true, 0);
	guest_teardown(&g, 1, 14);
	guest_teardown(&g, 1, 14);
	guest_expect_none(&g);
	ck_assert_int_eq(gpadl_state(&g, 1, 14), HVM_GPADL_TEARING_DOWN);
	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 1);
	hvm_scripted_finish(dev, HVM_ASK_TEARDOWN, 0);
	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 0);
	guest_expect(&g, HVP_VMBUS_GPADL_TORNDOWN, &r);
	ck_assert_uint_eq(r.gpadl_id, 14);
	guest_teardown(&g, 1, 14);
	guest_expect_none(&g);
	hvm_mem_free(g.p, va, 3);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

START_TEST(the_ring_of_an_open_channel_is_torn_down_only_after_close)
{
	guest_gpadl(&g, 1, 15, 4);
	guest_open(&g, 1, 15, 2, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	guest_teardown(&g, 1, 15);
	guest_expect_none(&g);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	guest_expect(&g, HVP_VMBUS_GPADL_TORNDOWN, NULL);
}
END_TEST

START_TEST(a_device_refusal_fails_the_gpadl)
{
	uint64_t w[2] = { HVM_PAGE, pfn() };

	hvm_scripted_answer(dev, HVM_ASK_GPADL, false, 0xc0000001u);
	guest_gpadl_words(&g, 1, 16, 1, w, 2);
	ck_assert_uint_eq(created(16), HVM_STATUS_UNSUCCESSFUL);
	ck_assert_uint_eq(hvm_mem_held(g.p, pfn()), 0);
}
END_TEST

START_TEST(a_revoke_answers_what_waits_before_the_rescind)
{
	uint64_t w[2] = { HVM_PAGE, pfn() };
	uint8_t *accepted;

	guest_gpadl(&g, 1, 17, 1);
	accepted = guest_gpadl(&g, 1, 19, 1);
	hvm_scripted_answer(dev, HVM_ASK_GPADL, true, 0);
	hvm_scripted_answer(dev, HVM_ASK_TEARDOWN, true, 0);
	guest_gpadl_words(&g, 1, 18, 1, w, 2);
	guest_teardown(&g, 1, 17);
	hvm_channel_revoke(hvm_server_channel(g.s, 1));
	guest_expect(&g, HVP_VMBUS_GPADL_TORNDOWN, NULL);
	ck_assert_uint_ne(created(18), 0);
	guest_expect(&g, HVP_VMBUS_RESCIND_CHANNEL_OFFER, NULL);
	ck_assert_uint_eq(hvm_mem_held(g.p, hvm_mem_gpa(g.p, accepted) / HVM_PAGE), 0);
	guest_teardown(&g, 1, 19);
	guest_expect(&g, HVP_VMBUS_GPADL_TORNDOWN, NULL);
	guest_gpadl_words(&g, 1, 20, 1, w, 2);
	ck_assert_uint_eq(created(20), 0);
	ck_assert_uint_eq(hvm_scripted_asked(dev, HVM_ASK_GPADL), 1);
	ck_assert_uint_eq(hvm_mem_held(g.p, pfn()), 0);
}
END_TEST

START_TEST(a_released_channel_loses_its_gpadls_without_a_word)
{
	uint8_t *va = guest_gpadl(&g, 1, 21, 2);

	hvm_channel_revoke(hvm_server_channel(g.s, 1));
	guest_expect(&g, HVP_VMBUS_RESCIND_CHANNEL_OFFER, NULL);
	guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
	guest_expect_none(&g);
	hvm_mem_free(g.p, va, 2);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

START_TEST(the_device_may_answer_after_the_guest_has_gone)
{
	uint64_t w[2] = { HVM_PAGE, pfn() };

	hvm_scripted_answer(dev, HVM_ASK_GPADL, true, 0);
	guest_gpadl_words(&g, 1, 22, 1, w, 2);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
	ck_assert_int_eq(gpadl_state(&g, 1, 22), HVM_GPADL_OFFERED_TEARING_DOWN);
	hvm_scripted_finish(dev, HVM_ASK_GPADL, 0);
	guest_expect_none(&g);
	ck_assert_int_eq(gpadl_state(&g, 1, 22), HVM_GPADL_NONE);
	ck_assert_uint_eq(hvm_mem_held(g.p, pfn()), 0);
}
END_TEST

START_TEST(bytes_of_a_gpadl_are_found_across_pages_and_ranges)
{
	uint8_t *va = hvm_mem_alloc(g.p, 4);
	struct hvm_channel *ch = hvm_server_channel(g.s, 1);
	uint64_t w[6];
	uint8_t out[16];
	unsigned int i;

	w[0] = 2 * HVM_PAGE | 0x10ull << 32;
	w[4] = 8;
	for (i = 0; i < 3; i++)
		w[1 + i] = hvm_mem_gpa(g.p, va + i * HVM_PAGE) / HVM_PAGE;
	w[5] = hvm_mem_gpa(g.p, va + 3 * HVM_PAGE) / HVM_PAGE;
	guest_gpadl_words(&g, 1, 23, 2, w, 6);
	ck_assert_uint_eq(created(23), 0);
	ck_assert_int_eq(hvm_channel_gpadl_write(ch, 23, 2 * HVM_PAGE - 8, "0123456789abcdef", 16),
			 HVP_OK);
	ck_assert_mem_eq(va + 2 * HVM_PAGE + 8, "01234567", 8);
	ck_assert_mem_eq(va + 3 * HVM_PAGE, "89abcdef", 8);
	ck_assert_int_eq(hvm_channel_gpadl_read(ch, 23, HVM_PAGE - 0x18, out, 16), HVP_OK);
	ck_assert_int_eq(hvm_channel_gpadl_read(ch, 23, 2 * HVM_PAGE, out, 9), HVP_RANGE);
	ck_assert_int_eq(hvm_channel_gpadl_read(ch, 24, 0, out, 1), HVP_STATE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost gpadl");
	TCase *t = tcase_create("gpadl");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, pair_of_state_and_event, 0, HVM_GPADL_STATES * HVM_GPADL_EVENTS);
	tcase_add_loop_test(t, a_gpadl_is_complete_with_its_last_word_and_not_before, 0,
			    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(t, a_range_header_may_be_parted_from_its_pages_by_the_end_of_a_message);
	tcase_add_test(t, surplus_bytes_of_every_message_are_ignored);
	tcase_add_test(t, bodies_may_be_small_and_their_odd_tail_does_not_count);
	tcase_add_test(t, a_gpadl_without_ranges_completes_at_once);
	tcase_add_test(t, ranges_that_are_not_valid_fail_and_leave_the_id_free);
	tcase_add_test(t, unknown_channels_and_second_headers_get_a_failure);
	tcase_add_test(t, an_id_in_progress_anywhere_keeps_others_from_needing_bodies);
	tcase_add_test(t, an_unfinished_gpadl_goes_with_its_channel_and_its_id_is_free_again);
	tcase_add_test(t, teardown_is_answered_when_the_device_has_let_go_and_pages_are_free_then);
	tcase_add_test(t, the_ring_of_an_open_channel_is_torn_down_only_after_close);
	tcase_add_test(t, a_device_refusal_fails_the_gpadl);
	tcase_add_test(t, a_revoke_answers_what_waits_before_the_rescind);
	tcase_add_test(t, a_released_channel_loses_its_gpadls_without_a_word);
	tcase_add_test(t, the_device_may_answer_after_the_guest_has_gone);
	tcase_add_test(t, bytes_of_a_gpadl_are_found_across_pages_and_ranges);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
