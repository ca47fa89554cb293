/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes wrong: messages the hypervisor refuses, answers before the question, late ones. */
#include <channel/internal.h>

#include "fake_host.h"

#define REFUSED HVP_HV_STATUS_ACCESS_DENIED
#define FULL HVP_HV_STATUS_INSUFFICIENT_BUFFERS

static const struct hvp_gpadl_range one_page = { .byte_count = 4096, .first_pfn = 0x42 };
static const struct hvp_guid endpoint = { { 9, 8, 7, 6 } };
static const struct hvp_guid service = { { 1, 2, 3, 4 } };

/* The next post is refused for good, those after it are not. */
static void refuse_next(struct fake *f)
{
	f->answer = REFUSED;
	f->answers = 1;
}

/* Nothing can be posted until let_through(). */
static void block(struct fake *f)
{
	f->answer = FULL;
	f->answers = 0;
}

static void let_through(struct fake *f)
{
	f->answer = 0;
	fake_sleep(f, 10000000);
}

static struct hvp_gpadl *create(struct fake *f, struct hvp_channel *ch,
				const struct hvp_gpadl_range *range)
{
	struct hvp_gpadl *g = NULL;

	ck_assert_int_eq(hvp_gpadl_create(ch, range, 1, &g), HVP_OK);
	fake_tick(f);
	fake_skip_posts(f);
	fake_created(f, hvp_channel_id(ch), hvp_gpadl_id(g), 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_GPADL_CREATED).status, HVP_OK);
	return g;
}

static struct hvp_channel *open_reserved(struct fake *f, uint32_t id)
{
	static const struct hvp_gpadl_range ring = { .byte_count = 4 * 4096, .first_pfn = 0x10 };
	struct hvp_channel *ch = fake_offered(f, id);
	struct hvp_gpadl *g = create(f, ch, &ring);

	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_OPEN_RESERVED_CHANNEL, 28);
	fake_opened(f, id, 0, 0);
	fake_event(f, HVP_EV_OPENED);
	return ch;
}

static uint64_t ignored(const struct fake *f)
{
	return hvp_bus_stats(&f->bus)->ignored;
}

/* --- posts that are refused ---------------------------------------------------------------- */

START_TEST(an_unload_that_cannot_be_posted_ends_the_connection_and_holds_memory)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	refuse_next(f);
	fake_tick(f);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_LOST);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_RESCINDED).channel, ch);
	ev = fake_event(f, HVP_EV_DISCONNECTED);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert(ev.pages_held);
	fake_no_event(f);
	ck_assert_uint_eq(f->made_private, 0);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->post_failures, 1);
	fake_free(f);
}
END_TEST

START_TEST(monitor_pages_stay_when_their_change_cannot_be_posted)
{
	static const uint64_t pages[2] = { 0x31000, 0x32000 };
	struct fake *f = fake_connected(0x60000, HVP_VMBUS_FEATURE_MODIFY_CONNECTION);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_OK);
	refuse_next(f);
	fake_tick(f);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_AGAIN);
	ev = fake_event(f, HVP_EV_PAGES_MODIFIED);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert_uint_eq(ev.host_status, REFUSED);
	ck_assert_uint_eq(hvp_bus_monitor_gpa(&f->bus)[0], 0x12000);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(a_move_that_cannot_be_posted_says_so_and_may_be_asked_again)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	refuse_next(f);
	fake_tick(f);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_AGAIN);
	ev = fake_event(f, HVP_EV_MODIFIED);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert_uint_eq(ev.host_status, REFUSED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OPEN);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_MODIFY_CHANNEL, 16);
	fake_free(f);
}
END_TEST

/* A list without its end never becomes a GPADL, so nothing has to be torn down. */
START_TEST(a_gpadl_whose_body_cannot_be_posted_comes_back)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl_range range = { .byte_count = 100 * 4096, .first_pfn = 1 };
	struct hvp_gpadl *g = NULL;
	struct hvp_event ev;

	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	f->fail_after = 2;
	f->fail_with = REFUSED;
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_GPADL_HEADER, 20 + 27 * 8);
	fake_expect(f, HVP_VMBUS_GPADL_BODY, 16 + 28 * 8);
	fake_expect_nothing(f);
	ev = fake_event(f, HVP_EV_GPADL_CREATED);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert_uint_eq(ev.host_status, REFUSED);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_no_event(f);
	ck_assert_uint_eq(ch->gpadls, 1); /* the ring */
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_CONNECTED);
	fake_free(f);
}
END_TEST

START_TEST(a_connect_request_that_cannot_be_posted_is_finished)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	refuse_next(f);
	fake_tick(f);
	ev = fake_event(f, HVP_EV_TL_RESULT);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert_uint_eq(ev.host_status, REFUSED);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	fake_free(f);
}
END_TEST

/* --- what a lost connection leaves --------------------------------------------------------- */

START_TEST(of_all_that_is_queued_only_the_close_of_a_reserved_channel_outlives_a_loss)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *reserved = open_reserved(f, 5);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(hvp_channel_close_reserved(reserved, 0, 2), HVP_OK);
	ck_assert_int_eq(hvp_channel_close_reserved(reserved, 0, 2), HVP_STATE);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	hvp_bus_lost(&f->bus);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_CLOSE_RESERVED_CHANNEL, 20);
	fake_expect_nothing(f);
	fake_event(f, HVP_EV_RESCINDED);
	ck_assert_int_eq(fake_event(f, HVP_EV_TL_RESULT).status, HVP_STATE);
	fake_event(f, HVP_EV_LOST);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_RESCINDED);
	fake_event(f, HVP_EV_CLOSED);
	fake_free(f);
}
END_TEST

START_TEST(a_gpadl_that_was_never_posted_comes_back_with_the_loss)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_gpadl *known = NULL;
	struct hvp_gpadl *g = NULL;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &known), HVP_OK);
	fake_tick(f);
	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	hvp_bus_lost(&f->bus);
	fake_event(f, HVP_EV_RESCINDED);
	ck_assert_int_eq(fake_event(f, HVP_EV_GPADL_CREATED).status, HVP_STATE);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_GPADL_CREATED).gpadl, g);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_GPADL_RETURNED).gpadl, g);
	fake_event(f, HVP_EV_LOST);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_bus_without_a_log_loses_its_connection_silently)
{
	struct fake *f = fake_new();

	f->ops.log = NULL;
	f->cfg.max_version = 0x50003;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	hvp_bus_lost(&f->bus);
	fake_event(f, HVP_EV_LOST);
	ck_assert_uint_eq(f->logs, 0);
	fake_free(f);
}
END_TEST

/* --- answers that come before the question, or too late ------------------------------------ */

START_TEST(answers_to_what_is_still_queued_are_ignored)
{
	static const uint64_t pages[2] = { 0x31000, 0x32000 };
	static const uint8_t modified[9] = { HVP_VMBUS_MODIFY_CONNECTION_RESPONSE };
	uint32_t features = HVP_VMBUS_FEATURE_MODIFY_CONNECTION | HVP_VMBUS_FEATURE_PAUSE_RESUME;
	struct fake *f = fake_connected(0x60000, features);

	block(f);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_OK);
	fake_send(f, modified, sizeof(modified));
	ck_assert_uint_eq(ignored(f), 1);
	ck_assert_int_eq(hvp_bus_pause(&f->bus), HVP_OK);
	fake_send_header(f, HVP_VMBUS_PAUSE_RESPONSE);
	ck_assert_uint_eq(ignored(f), 2);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_PAUSING);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ck_assert_uint_eq(ignored(f), 3);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_UNLOADING);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_reserved_channel_is_not_closed_by_an_answer_to_a_queued_close)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = open_reserved(f, 5);

	block(f);
	ck_assert_int_eq(hvp_channel_close_reserved(ch, 0, 2), HVP_OK);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	ck_assert_uint_eq(ignored(f), 1);
	fake_no_event(f);
	let_through(f);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_CLOSED);
	fake_free(f);
}
END_TEST

/* UNLOAD_COMPLETE is unknown below 1.1. */
START_TEST(an_unload_complete_that_the_version_does_not_have_is_dropped)
{
	struct fake *f = fake_connected(0xd, 0);

	block(f);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ck_assert_int_eq(fake_event(f, HVP_EV_DROPPED).status, HVP_UNSUPPORTED);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_UNLOADING);
	fake_free(f);
}
END_TEST

START_TEST(success_of_a_gpadl_whose_list_is_half_posted_is_ignored)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl_range range = { .byte_count = 100 * 4096, .first_pfn = 1 };
	struct hvp_gpadl *g = NULL;

	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	f->fail_after = 2;
	f->fail_with = FULL;
	fake_tick(f);
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	ck_assert_uint_eq(ignored(f), 1);
	fake_no_event(f);
	let_through(f);
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_GPADL_CREATED).status, HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(results_about_unknown_channels_are_ignored)
{
	struct fake *f = fake_connected(0x50003, 0);

	fake_opened(f, 9, 9, 0);
	fake_modified(f, 9, 0);
	fake_created(f, 9, 0x1234, 0);
	fake_torndown(f, 0x1234);
	ck_assert_uint_eq(ignored(f), 4);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

static void send_tl_result(struct fake *f, const struct hvp_guid *id, uint32_t status)
{
	uint32_t words[9];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		words[i] = fake_u32(id->b + 4 * i);
		words[4 + i] = fake_u32(service.b + 4 * i);
	}
	words[8] = status;
	fake_send_words(f, HVP_VMBUS_TL_CONNECT_REQUEST_RESULT, words, 9);
}

/* Success is told by the offer; the result message means a refusal only. */
START_TEST(a_connect_result_counts_for_the_posted_request_that_it_names)
{
	static const struct hvp_guid other = { { 5 } };
	static const struct hvp_guid queued = { { 6 } };
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &other, &service, NULL), HVP_OK);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	fake_tick(f);
	block(f);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &queued, &service, NULL), HVP_OK);
	send_tl_result(f, &queued, 5);
	send_tl_result(f, &endpoint, 0);
	fake_no_event(f);
	ck_assert_uint_eq(ignored(f), 2);
	send_tl_result(f, &endpoint, 5);
	ev = fake_event(f, HVP_EV_TL_RESULT);
	ck_assert_mem_eq(ev.endpoint.b, endpoint.b, 16);
	ck_assert_uint_eq(ev.host_status, 5);
	fake_free(f);
}
END_TEST

/* --- pages and queues ---------------------------------------------------------------------- */

START_TEST(the_monitor_page_may_be_mapped_anew_or_not_at_all)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	static _Alignas(4096) uint8_t page[4096];
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_open open = fake_params(f);
	uint8_t m[196];

	hvp_bus_set_monitor_page(&f->bus, page);
	fake_offer_bytes(m, 1, &scsi, 1, 0);
	m[188] = 70;
	m[189] = 1;
	fake_send(f, m, sizeof(m));
	ck_assert_int_eq(hvp_channel_open(fake_event(f, HVP_EV_OFFER).channel, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_signal(hvp_bus_channel(&f->bus, 1)), HVP_OK);
	ck_assert_uint_eq(page[8 + 2 * 8], 1 << 6);
	ck_assert_uint_eq(f->signals, 0);
	hvp_bus_set_monitor_page(&f->bus, NULL);
	fake_offer_bytes(m, 2, &scsi, 2, 0);
	m[188] = 71;
	m[189] = 1;
	fake_send(f, m, sizeof(m));
	ck_assert_int_eq(hvp_channel_open(fake_event(f, HVP_EV_OFFER).channel, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_signal(hvp_bus_channel(&f->bus, 2)), HVP_OK);
	ck_assert_uint_eq(f->signals, 1);
	fake_free(f);
}
END_TEST

START_TEST(a_node_that_is_queued_keeps_its_place)
{
	struct hvp_queue q = { NULL, NULL };
	struct hvp_node a;
	struct hvp_node b;

	hvp_node_init(&a, 0, 1);
	hvp_node_init(&b, 0, 2);
	hvp_queue_push(&q, &a);
	hvp_queue_push(&q, &b);
	hvp_queue_push_front(&q, &b);
	hvp_queue_push(&q, &a);
	ck_assert_ptr_eq(hvp_queue_pop(&q), &a);
	ck_assert_ptr_eq(hvp_queue_pop(&q), &b);
	ck_assert_ptr_null(hvp_queue_pop(&q));
}
END_TEST

static void add_posting(TCase *tc)
{
	tcase_add_test(tc, an_unload_that_cannot_be_posted_ends_the_connection_and_holds_memory);
	tcase_add_test(tc, monitor_pages_stay_when_their_change_cannot_be_posted);
	tcase_add_test(tc, a_move_that_cannot_be_posted_says_so_and_may_be_asked_again);
	tcase_add_test(tc, a_gpadl_whose_body_cannot_be_posted_comes_back);
	tcase_add_test(tc, a_connect_request_that_cannot_be_posted_is_finished);
	tcase_add_test(tc,
		       of_all_that_is_queued_only_the_close_of_a_reserved_channel_outlives_a_loss);
	tcase_add_test(tc, a_gpadl_that_was_never_posted_comes_back_with_the_loss);
	tcase_add_test(tc, a_bus_without_a_log_loses_its_connection_silently);
}

static void add_answers(TCase *tc)
{
	tcase_add_test(tc, answers_to_what_is_still_queued_are_ignored);
	tcase_add_test(tc, a_reserved_channel_is_not_closed_by_an_answer_to_a_queued_close);
	tcase_add_test(tc, an_unload_complete_that_the_version_does_not_have_is_dropped);
	tcase_add_test(tc, success_of_a_gpadl_whose_list_is_half_posted_is_ignored);
	tcase_add_test(tc, results_about_unknown_channels_are_ignored);
	tcase_add_test(tc, a_connect_result_counts_for_the_posted_request_that_it_names);
	tcase_add_test(tc, the_monitor_page_may_be_mapped_anew_or_not_at_all);
	tcase_add_test(tc, a_node_that_is_queued_keeps_its_place);
}

int main(void)
{
	Suite *suite = suite_create("bus_errors");
	TCase *tc = tcase_create("errors");
	SRunner *sr;
	int failed;

	add_posting(tc);
	add_answers(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
