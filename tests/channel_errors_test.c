/* SPDX-License-Identifier: BSD-2-Clause */
/* Channels where things cross or go wrong: late answers, calls out of turn, odd offers. */
#include "fake_host.h"

static const struct hvp_gpadl_range one_page = { .byte_count = 4096, .first_pfn = 0x42 };
static const struct hvp_gpadl_range four_pages = { .byte_count = 4 * 4096, .first_pfn = 0x10 };
static const struct hvp_guid endpoint = { { 9, 8, 7, 6 } };
static const struct hvp_guid service = { { 1, 2, 3, 4 } };

/* Nothing can be posted until let_through(). */
static void block(struct fake *f)
{
	f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	f->answers = 0;
}

static void let_through(struct fake *f)
{
	f->answer = 0;
	fake_sleep(f, 10000000);
}

static struct hvp_gpadl *create(struct fake *f, struct hvp_channel *ch,
				const struct hvp_gpadl_range *ranges, uint32_t count)
{
	struct hvp_gpadl *g = NULL;

	ck_assert_int_eq(hvp_gpadl_create(ch, ranges, count, &g), HVP_OK);
	fake_tick(f);
	fake_skip_posts(f);
	fake_created(f, hvp_channel_id(ch), hvp_gpadl_id(g), 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_GPADL_CREATED).status, HVP_OK);
	return g;
}

/* --- calls out of turn --------------------------------------------------------------------- */

START_TEST(a_close_takes_back_an_open_that_is_still_queued)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_skip_posts(f);
	block(f);
	fake_created(f, 1, fake_ring_id(ch), 0);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OPENING);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_CLOSING);
	let_through(f);
	fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	fake_expect_nothing(f);
	fake_torndown(f, fake_ring_id(ch));
	fake_event(f, HVP_EV_CLOSED);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_late_answer_to_a_move_does_not_end_one_of_the_next_opening)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	fake_tick(f);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(fake_event(f, HVP_EV_MODIFIED).status, HVP_STATE);
	fake_tick(f);
	fake_torndown(f, fake_ring_id(ch));
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_opened(f, 1, ch->open_id, 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_OPENED).status, HVP_OK);
	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_AGAIN);
	fake_modified(f, 1, 0);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(a_channel_is_opened_after_its_offer_was_taken)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_open open = fake_params(f);
	struct hvp_channel *ch;

	fake_offer(f, 1);
	ch = hvp_bus_channel(&f->bus, 1);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_AGAIN);
	fake_event(f, HVP_EV_OFFER);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(a_guest_names_a_connection_and_a_flag_that_can_be)
{
	uint32_t feature = HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS;
	struct fake *f = fake_connected(0x60000, feature);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	open.event_flag = 2048;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	open.event_flag = 0;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	open.event_flag = 1;
	open.connection_id = 0;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	open.connection_id = 0x77;
	open.event_flag = 2047;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	ck_assert_ptr_eq(hvp_bus_channel_by_flag(&f->bus, 2047), ch);
	fake_free(f);
}
END_TEST

START_TEST(a_reserved_channel_needs_a_gpadl_of_its_own_with_one_range_of_whole_pages)
{
	struct hvp_gpadl_range two[2] = { four_pages, four_pages };
	struct hvp_gpadl_range shifted = four_pages;
	struct hvp_gpadl_range odd = four_pages;
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = fake_offered(f, 5);
	struct hvp_channel *other = fake_offered(f, 6);
	struct hvp_gpadl *bad[4];

	shifted.byte_offset = 8;
	odd.byte_count += 8;
	bad[0] = create(f, other, &four_pages, 1);
	bad[1] = create(f, ch, two, 2);
	bad[2] = create(f, ch, &shifted, 1);
	bad[3] = create(f, ch, &odd, 1);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(hvp_channel_open_reserved(ch, bad[i], 2, 1, 3), HVP_ARG);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, create(f, ch, &four_pages, 1), 2, 1, 3),
			 HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(an_open_reserved_channel_neither_moves_nor_takes_memory)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 5);
	struct hvp_gpadl *g = create(f, ch, &four_pages, 1);

	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_OK);
	fake_tick(f);
	fake_opened(f, 5, 0, 0);
	fake_event(f, HVP_EV_OPENED);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_STATE);
	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_STATE);
	fake_free(f);
}
END_TEST

START_TEST(memory_is_given_and_taken_while_owner_and_connection_are_there)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_channel *released = fake_offered(f, 2);
	struct hvp_gpadl *g = create(f, ch, &one_page, 1);

	ck_assert_int_eq(hvp_gpadl_teardown(&f->gpadls[ch->ring]), HVP_STATE);
	ck_assert_int_eq(hvp_channel_release(released), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_create(released, &one_page, 1, &g), HVP_STATE);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_STATE);
	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_STATE);
	fake_free(f);
}
END_TEST

/* --- memory -------------------------------------------------------------------------------- */

START_TEST(a_rescind_returns_the_memory_of_its_channel_only)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *first = fake_open(f, 1);
	struct hvp_channel *second = fake_open(f, 2);

	fake_rescind(f, 2);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_RESCINDED).channel, second);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_CLOSED).channel, second);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_state(first), HVP_CHANNEL_OPEN);
	ck_assert_uint_eq(f->made_private, 1);
	fake_free(f);
}
END_TEST

START_TEST(each_channel_gets_its_memory_back_at_the_end_of_the_connection)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *first = fake_open(f, 1);
	struct hvp_channel *second = fake_open(f, 2);

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_RESCINDED).channel, first);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_CLOSED).channel, first);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_RESCINDED).channel, second);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_CLOSED).channel, second);
	fake_event(f, HVP_EV_DISCONNECTED);
	ck_assert_uint_eq(f->made_private, 2);
	fake_free(f);
}
END_TEST

/* The answer was on its way; what the owner is told is what the rescind made of it. */
START_TEST(a_success_that_crossed_with_a_rescind_does_not_hide_it)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_gpadl *g = NULL;
	struct hvp_event ev;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	fake_tick(f);
	fake_rescind(f, 1);
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	fake_event(f, HVP_EV_RESCINDED);
	ev = fake_event(f, HVP_EV_GPADL_CREATED);
	ck_assert_ptr_eq(ev.gpadl, g);
	ck_assert_int_eq(ev.status, HVP_REVOKED);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_no_event(f);
	ck_assert_uint_eq(ch->gpadls, 0);
	fake_free(f);
}
END_TEST

START_TEST(a_kernel_without_page_visibility_shares_nothing)
{
	struct fake *f = fake_new();
	struct hvp_channel *ch;

	f->ops.make_shared = NULL;
	f->ops.make_private = NULL;
	f->cfg.max_version = 0x50003;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	ch = fake_open(f, 1);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	fake_tick(f);
	fake_torndown(f, fake_ring_id(ch));
	ck_assert_int_eq(fake_event(f, HVP_EV_CLOSED).status, HVP_OK);
	ck_assert_uint_eq(f->shared + f->made_private, 0);
	fake_free(f);
}
END_TEST

START_TEST(a_shared_signal_needs_no_interrupt_page)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	struct fake *f = fake_new();
	struct hvp_open open = fake_params(f);
	struct hvp_channel *ch;
	uint8_t m[196];

	f->cfg.interrupt_page_gpa = 0;
	f->cfg.interrupt_page = NULL;
	f->cfg.max_version = 0x50003;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	fake_offer_bytes(m, 7, &scsi, 1, 0);
	m[190] = 0;
	fake_send(f, m, sizeof(m));
	ch = fake_event(f, HVP_EV_OFFER).channel;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 2);
	fake_free(f);
}
END_TEST

/* --- offers -------------------------------------------------------------------------------- */

static void offer_class(struct fake *f, uint32_t id, const struct hvp_guid *class, uint16_t flags)
{
	uint8_t m[196];

	fake_offer_bytes(m, id, class, 0, 0);
	memcpy(m + 24, endpoint.b, 16);
	m[56] = (uint8_t)flags;
	m[57] = (uint8_t)(flags >> 8);
	m[64] = flags != 0 && id > 100; /* the host connects */
	fake_send(f, m, sizeof(m));
}

START_TEST(an_isolated_guest_takes_sockets_by_their_flag)
{
	struct fake *f = fake_new();

	f->cfg.isolated = true;
	f->cfg.max_version = 0x50003;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	offer_class(f, 101, &service, HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(a_socket_offer_answers_the_service_that_was_asked_for)
{
	static const struct hvp_guid other = { { 4, 3, 2, 1 } };
	struct fake *f = fake_connected(0x50003, 0);

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	fake_tick(f);
	offer_class(f, 1, &other, HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER);
	fake_event(f, HVP_EV_DROPPED);
	fake_no_event(f);
	offer_class(f, 1, &service, HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER);
	fake_event(f, HVP_EV_TL_RESULT);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(one_instance_may_have_two_classes)
{
	static const struct hvp_guid other = { { 4, 3, 2, 1 } };
	struct fake *f = fake_connected(0x50003, 0);

	offer_class(f, 1, &service, 0);
	offer_class(f, 2, &other, 0);
	fake_event(f, HVP_EV_OFFER);
	fake_event(f, HVP_EV_OFFER);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_device_comes_back_while_the_release_of_its_old_id_waits)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch;

	fake_offer_sub(f, 1, 0x50, 0);
	ch = fake_event(f, HVP_EV_OFFER).channel;
	block(f);
	fake_rescind(f, 1);
	fake_event(f, HVP_EV_RESCINDED);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	fake_tick(f);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_RELEASING);
	fake_offer_sub(f, 2, 0x50, 0);
	ck_assert_uint_eq(hvp_channel_id(fake_event(f, HVP_EV_OFFER).channel), 2);
	let_through(f);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_free(f);
}
END_TEST

START_TEST(the_id_of_a_reserved_channel_is_not_free_for_another_device)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = fake_offered(f, 5);

	ck_assert_int_eq(hvp_channel_open_reserved(ch, create(f, ch, &four_pages, 1), 2, 1, 3),
			 HVP_OK);
	fake_tick(f);
	fake_opened(f, 5, 0, 0);
	fake_event(f, HVP_EV_OPENED);
	fake_offer_sub(f, 5, 0x9999, 0);
	fake_event(f, HVP_EV_DROPPED);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* From 1.1 on the fields are part of the message. */
START_TEST(an_offer_without_its_connection_is_dropped_from_1_1_on)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	struct fake *f = fake_connected(0x10001, 0);
	uint8_t m[196];

	fake_offer_bytes(m, 9, &scsi, 1, 0);
	fake_send(f, m, 190);
	ck_assert_int_eq(fake_event(f, HVP_EV_DROPPED).status, HVP_SHORT);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* --- release ------------------------------------------------------------------------------- */

START_TEST(an_owner_that_let_go_still_gets_its_ring_back_before_the_release)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	fake_rescind(f, 1);
	fake_event(f, HVP_EV_RESCINDED);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	fake_tick(f);
	fake_expect_nothing(f);
	fake_event(f, HVP_EV_CLOSED);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_free(f);
}
END_TEST

START_TEST(the_id_is_kept_until_a_move_was_answered_however_long_the_grace)
{
	struct fake *f = fake_new();
	struct hvp_channel *ch;

	f->cfg.max_version = 0x50003;
	f->cfg.release_grace = HVP_NEVER;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	ch = fake_open(f, 1);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	fake_tick(f);
	fake_skip_posts(f);
	fake_rescind(f, 1);
	fake_skip_events(f);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	fake_sleep(f, 1ull << 60);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	fake_expect_nothing(f);
	fake_modified(f, 1, 0);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_free(f);
}
END_TEST

START_TEST(a_primary_waits_while_the_release_of_its_sub_channel_does)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *primary;
	struct hvp_channel *sub;
	const uint8_t *m;

	fake_offer_sub(f, 1, 0x50, 0);
	primary = fake_event(f, HVP_EV_OFFER).channel;
	fake_offer_sub(f, 2, 0x50, 1);
	sub = fake_event(f, HVP_EV_OFFER).channel;
	fake_rescind(f, 2);
	fake_rescind(f, 1);
	fake_skip_events(f);
	block(f);
	ck_assert_int_eq(hvp_channel_release(sub), HVP_OK);
	ck_assert_int_eq(hvp_channel_release(primary), HVP_OK);
	let_through(f);
	m = fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	ck_assert_uint_eq(fake_u32(m + 8), 2);
	m = fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	ck_assert_uint_eq(fake_u32(m + 8), 1);
	fake_expect_nothing(f);
	fake_free(f);
}
END_TEST

static void add_calls(TCase *tc)
{
	tcase_add_test(tc, a_close_takes_back_an_open_that_is_still_queued);
	tcase_add_test(tc, a_late_answer_to_a_move_does_not_end_one_of_the_next_opening);
	tcase_add_test(tc, a_channel_is_opened_after_its_offer_was_taken);
	tcase_add_test(tc, a_guest_names_a_connection_and_a_flag_that_can_be);
	tcase_add_test(tc,
		       a_reserved_channel_needs_a_gpadl_of_its_own_with_one_range_of_whole_pages);
	tcase_add_test(tc, an_open_reserved_channel_neither_moves_nor_takes_memory);
	tcase_add_test(tc, memory_is_given_and_taken_while_owner_and_connection_are_there);
	tcase_add_test(tc, a_rescind_returns_the_memory_of_its_channel_only);
	tcase_add_test(tc, each_channel_gets_its_memory_back_at_the_end_of_the_connection);
	tcase_add_test(tc, a_success_that_crossed_with_a_rescind_does_not_hide_it);
	tcase_add_test(tc, a_kernel_without_page_visibility_shares_nothing);
	tcase_add_test(tc, a_shared_signal_needs_no_interrupt_page);
}

static void add_offers(TCase *tc)
{
	tcase_add_test(tc, an_isolated_guest_takes_sockets_by_their_flag);
	tcase_add_test(tc, a_socket_offer_answers_the_service_that_was_asked_for);
	tcase_add_test(tc, one_instance_may_have_two_classes);
	tcase_add_test(tc, a_device_comes_back_while_the_release_of_its_old_id_waits);
	tcase_add_test(tc, the_id_of_a_reserved_channel_is_not_free_for_another_device);
	tcase_add_test(tc, an_offer_without_its_connection_is_dropped_from_1_1_on);
	tcase_add_test(tc, an_owner_that_let_go_still_gets_its_ring_back_before_the_release);
	tcase_add_test(tc, the_id_is_kept_until_a_move_was_answered_however_long_the_grace);
	tcase_add_test(tc, a_primary_waits_while_the_release_of_its_sub_channel_does);
}

int main(void)
{
	Suite *suite = suite_create("channel_errors");
	TCase *tc = tcase_create("errors");
	SRunner *sr;
	int failed;

	add_calls(tc);
	add_offers(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
