/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection: versions, posting, pages, unload, loss, pause. */
#include "fake_host.h"

static const uint32_t versions[] = {
	0x60000, 0x50003, 0x50002, 0x50001, 0x50000, 0x40001,
	0x40000, 0x30000, 0x20004, 0x10001, 0xd,
};

#define VERSIONS ((int)(sizeof(versions) / sizeof(versions[0])))

static const uint8_t *expect_contact(struct fake *f, uint32_t version)
{
	const struct fake_post *p = fake_next_post(f);

	ck_assert_uint_eq(fake_u32(p->bytes), HVP_VMBUS_INITIATE_CONTACT);
	ck_assert_uint_eq(fake_u32(p->bytes + 8), version);
	ck_assert_uint_eq(p->connection_id, version >= 0x50000 ? 4 : 1);
	return p->bytes;
}

/* BUG-088: one table of versions; 5.0 and later imply connection 4 and the SINT fields. */
START_TEST(versions_are_tried_from_the_newest_and_nothing_else_is_sent)
{
	struct fake *f = fake_new();

	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	for (int i = 0; i < VERSIONS; i++) {
		const uint8_t *m = expect_contact(f, versions[i]);

		fake_expect_nothing(f);
		ck_assert_uint_eq(fake_u32(m + 12), versions[i] >= 0x30000 ? 1 : 0);
		if (versions[i] < 0x50000)
			ck_assert_uint_eq(fake_u64(m + 16), 0x11000);
		else
			ck_assert_uint_eq(fake_u32(m + 16), 2);
		ck_assert_uint_eq(fake_u64(m + 24), 0x12000);
		ck_assert_uint_eq(fake_u64(m + 32), 0x13000);
		fake_version(f, 0, 0, 0);
	}
	fake_expect_nothing(f);
	ck_assert_int_eq(fake_event(f, HVP_EV_CONNECT_FAILED).status, HVP_REFUSED);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_DISCONNECTED);
	fake_free(f);
}
END_TEST

START_TEST(each_version_connects_on_the_right_connection)
{
	struct fake *f = fake_connected(versions[_i], 0);
	const struct fake_post *offers = &f->posts[1];

	ck_assert_uint_eq(offers->connection_id, versions[_i] >= 0x50000 ? FAKE_CONNECTION : 1);
	fake_free(f);
}
END_TEST

START_TEST(a_host_without_connection_4_is_asked_for_older_versions)
{
	struct fake *f = fake_new();

	fake_start(f);
	f->answer = HVP_HV_STATUS_INVALID_CONNECTION_ID;
	f->answers = 5;
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->attempts, 6);
	expect_contact(f, 0x40001);
	fake_expect_nothing(f);
	fake_free(f);
}
END_TEST

/* BUG-068: QEMU leaves the version field zero. */
START_TEST(only_version_supported_decides_not_the_version_field)
{
	struct fake *f = fake_new();

	f->cfg.max_version = 0x40000;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	fake_version(f, 1, 0, 0);
	ck_assert_uint_eq(fake_event(f, HVP_EV_CONNECTED).version, 0x40000);
	fake_free(f);
}
END_TEST

START_TEST(a_failed_connection_state_counts_from_2_4_on)
{
	struct fake *f = fake_new();

	f->cfg.max_version = 0x20004;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	expect_contact(f, 0x20004);
	fake_version(f, 1, 2, 0);
	expect_contact(f, 0x10001);
	fake_version(f, 1, 2, 0);
	ck_assert_uint_eq(fake_event(f, HVP_EV_CONNECTED).version, 0x10001);
	fake_free(f);
}
END_TEST

START_TEST(without_an_interrupt_page_nothing_below_2_4_is_asked_for)
{
	struct fake *f = fake_new();

	f->cfg.interrupt_page = NULL;
	f->cfg.interrupt_page_gpa = 0;
	f->cfg.max_version = 0x20004;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	expect_contact(f, 0x20004);
	fake_version(f, 0, 0, 0);
	fake_event(f, HVP_EV_CONNECT_FAILED);
	fake_free(f);
}
END_TEST

/* CORE-SEC-35 */
START_TEST(an_isolated_guest_stops_at_5_2)
{
	struct fake *f = fake_new();

	f->cfg.isolated = true;
	f->cfg.min_version = 0x20004;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	for (int i = 0; i < 3; i++) {
		expect_contact(f, versions[i]);
		fake_version(f, 0, 0, 0);
	}
	fake_expect_nothing(f);
	fake_event(f, HVP_EV_CONNECT_FAILED);
	fake_free(f);
}
END_TEST

/* BUG-085 and CORE-SEC-43 */
START_TEST(features_are_those_implemented_asked_for_and_granted)
{
	struct fake *f = fake_new();

	f->cfg.features = 0xffffffff;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(fake_u32(expect_contact(f, 0x60000) + 20), 0x6f);
	ck_assert_uint_eq(f->posts[0].size, 56);
	fake_version_6(f, 0xffffffbf);
	ck_assert_uint_eq(fake_event(f, HVP_EV_CONNECTED).features, 0x2f);
	fake_free(f);
}
END_TEST

START_TEST(a_6_0_answer_of_16_bytes_grants_nothing)
{
	struct fake *f = fake_new();

	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->posts[0].size, 40);
	fake_version(f, 1, 0, FAKE_CONNECTION);
	ck_assert_uint_eq(fake_event(f, HVP_EV_CONNECTED).features, 0);
	fake_free(f);
}
END_TEST

static struct fake *ask_for_server_pages(void)
{
	struct fake *f = fake_new();

	f->cfg.features = HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	expect_contact(f, 0x60000);
	return f;
}

static void answer_with_pages(struct fake *f, uint32_t in, uint32_t out)
{
	uint32_t words[8] = { 1, FAKE_CONNECTION, 0x40, 0, in, 0, out, 0 };

	fake_send_words(f, HVP_VMBUS_VERSION_RESPONSE, words, 8);
}

/* CORE-SEC-58 */
START_TEST(server_monitor_pages_are_taken_or_the_version_is_refused)
{
	static const uint32_t bad[][2] = { { 0x1000, 0 }, { 0, 0x1234 }, { 0x10, 0x2000 } };
	struct fake *f = ask_for_server_pages();

	answer_with_pages(f, 0, 0x55000);
	fake_event(f, HVP_EV_CONNECTED);
	ck_assert_uint_eq(hvp_bus_monitor_gpa(&f->bus)[1], 0x55000);
	fake_free(f);
	for (int i = 0; i < 3; i++) {
		f = ask_for_server_pages();
		answer_with_pages(f, bad[i][0], bad[i][1]);
		expect_contact(f, 0x50003);
		fake_event(f, HVP_EV_DROPPED);
		fake_free(f);
	}
}
END_TEST

START_TEST(an_answer_before_the_question_is_posted_is_ignored)
{
	struct fake *f = fake_new();

	fake_start(f);
	f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	fake_version_6(f, 0);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_CONTACTING);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->ignored, 1);
	fake_free(f);
}
END_TEST

START_TEST(a_silent_host_is_given_up_only_if_configured)
{
	struct fake *f = fake_new();
	struct hvp_event ev;

	f->cfg.contact_timeout = 1000;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), f->now + 1000);
	fake_sleep(f, 999);
	fake_no_event(f);
	fake_sleep(f, 1);
	ev = fake_event(f, HVP_EV_CONNECT_FAILED);
	ck_assert_int_eq(ev.status, HVP_TIMEOUT);
	ck_assert(ev.pages_held);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_LOST);
	fake_free(f);
}
END_TEST

/* CORE-REQ-009 */
START_TEST(a_full_host_is_asked_again_with_growing_delay_and_in_order)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *a = fake_offered(f, 1);
	struct hvp_channel *b = fake_offered(f, 2);
	struct hvp_open open = fake_params(f);
	uint64_t last = 0;

	f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	ck_assert_int_eq(hvp_channel_open(a, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_open(b, &open), HVP_OK);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), 0);
	f->attempts = 0;
	fake_tick(f);
	for (unsigned int i = 1; i < 500; i++) {
		uint64_t delay = hvp_bus_deadline(&f->bus) - f->now;

		ck_assert_uint_eq(f->attempts, i);
		ck_assert(delay == 2 * last || delay == 2560000 || i == 1);
		last = delay;
		fake_sleep(f, delay - 1);
		ck_assert_uint_eq(f->attempts, i);
		fake_sleep(f, 1);
	}
	f->answer = 0;
	fake_sleep(f, last);
	ck_assert_uint_eq(fake_u32(fake_expect(f, HVP_VMBUS_GPADL_HEADER, 92) + 8), 1);
	ck_assert_uint_eq(fake_u32(fake_expect(f, HVP_VMBUS_GPADL_HEADER, 92) + 8), 2);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	fake_free(f);
}
END_TEST

START_TEST(a_connection_that_stays_away_is_lost_after_bounded_tries)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_event ev;

	f->answer = HVP_HV_STATUS_INVALID_CONNECTION_ID;
	f->attempts = 0;
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	fake_tick(f);
	while (hvp_bus_deadline(&f->bus) != HVP_NEVER)
		fake_sleep(f, hvp_bus_deadline(&f->bus) - f->now);
	ck_assert_uint_eq(f->attempts, 100);
	ck_assert_int_eq(fake_event(f, HVP_EV_RESCINDED).status, HVP_STATE);
	ev = fake_event(f, HVP_EV_LOST);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert(ev.pages_held);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_refused_contact_is_no_answer_of_the_host)
{
	struct fake *f = fake_new();

	fake_start(f);
	f->answer = HVP_HV_STATUS_ACCESS_DENIED;
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->attempts, 1);
	ck_assert_int_eq(fake_event(f, HVP_EV_CONNECT_FAILED).status, HVP_OS);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_DISCONNECTED);
	fake_free(f);
}
END_TEST

/* BUG-073 and BUG-074: at least 100 s, with lines of progress, and then an end. */
START_TEST(unload_waits_a_hundred_seconds_and_says_so)
{
	struct fake *f = fake_connected(0x50003, 0);
	uint64_t start = f->now;
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_UNLOAD, 8);
	f->logs = 0;
	while (hvp_bus_deadline(&f->bus) != HVP_NEVER)
		fake_sleep(f, hvp_bus_deadline(&f->bus) - f->now);
	ck_assert_uint_eq(f->now - start, 1000000000u);
	ck_assert_uint_ge(f->logs, 19);
	ev = fake_event(f, HVP_EV_DISCONNECTED);
	ck_assert_int_eq(ev.status, HVP_TIMEOUT);
	ck_assert(ev.pages_held);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(unload_is_bounded_also_when_it_cannot_be_posted)
{
	struct fake *f = fake_connected(0x50003, 0);

	f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_sleep(f, 1000000000u);
	ck_assert_int_eq(fake_event(f, HVP_EV_DISCONNECTED).status, HVP_TIMEOUT);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	fake_free(f);
}
END_TEST

START_TEST(unload_returns_all_memory_and_reconnects)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_UNLOAD, 8);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_STATE);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_AGAIN);
	ck_assert_int_eq(fake_event(f, HVP_EV_RESCINDED).status, HVP_STATE);
	ck_assert_int_eq(fake_event(f, HVP_EV_CLOSED).status, HVP_OK);
	ck_assert(!fake_event(f, HVP_EV_DISCONNECTED).pages_held);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_FREE);
	fake_connect(f, 0x50003, 0);
	fake_open(f, 1);
	fake_free(f);
}
END_TEST

/* Chapter 10 section 6.7: what an old host still holds. */
START_TEST(unload_of_old_hosts_does_not_give_back_what_it_cannot)
{
	struct fake *f = fake_connected(0x20004, 0);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ev = fake_event(f, HVP_EV_DISCONNECTED);
	ck_assert_int_eq(ev.status, HVP_OK);
	ck_assert(ev.pages_held);
	fake_free(f);

	f = fake_connected(0xd, 0);
	fake_open(f, 1);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_event(f, HVP_EV_RESCINDED);
	fake_event(f, HVP_EV_DISCONNECTED);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* BUG-070: another owner took the connection; memory comes back with the next answer. */
START_TEST(after_a_loss_memory_comes_back_with_the_next_contact)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_event ev;

	ch->user = f;
	hvp_bus_lost(&f->bus);
	ck_assert_int_eq(fake_event(f, HVP_EV_RESCINDED).status, HVP_STATE);
	fake_event(f, HVP_EV_LOST);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_GONE);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	fake_no_event(f);
	f->read++;
	fake_version(f, 1, 0, FAKE_CONNECTION);
	ev = fake_event(f, HVP_EV_CLOSED);
	ck_assert_ptr_eq(ev.channel, ch);
	ck_assert_uint_eq(ev.channel_id, 1);
	ck_assert_ptr_eq(ev.user, f);
	fake_event(f, HVP_EV_CONNECTED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_FREE);
	fake_expect(f, HVP_VMBUS_REQUEST_OFFERS, 8);
	fake_open(f, 1);
	fake_free(f);
}
END_TEST

START_TEST(crash_unload_overtakes_everything_queued)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	f->answer = 0;
	ck_assert_int_eq(hvp_bus_crash_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_UNLOAD, 8);
	fake_offer(f, 2);
	fake_rescind(f, 1);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_DISCONNECTED);
	fake_expect_nothing(f);
	fake_free(f);
}
END_TEST

START_TEST(while_paused_messages_wait_and_resume_goes_first)
{
	struct fake *f = fake_connected(0x60000, HVP_VMBUS_FEATURE_PAUSE_RESUME);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_bus_pause(&f->bus), HVP_OK);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_PAUSE, 8);
	fake_expect_nothing(f);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	fake_send_header(f, HVP_VMBUS_PAUSE_RESPONSE);
	fake_event(f, HVP_EV_PAUSED);
	fake_expect_nothing(f);
	ck_assert_int_eq(hvp_bus_resume(&f->bus), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_RESUME, 8);
	fake_expect(f, HVP_VMBUS_GPADL_HEADER, 92);
	fake_free(f);
}
END_TEST

START_TEST(features_that_were_not_granted_are_not_used)
{
	static const uint64_t none[2] = { 0, 0 };
	struct fake *f = fake_connected(0x60000, 0);

	ck_assert_int_eq(hvp_bus_pause(&f->bus), HVP_UNSUPPORTED);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, none, NULL), HVP_UNSUPPORTED);
	fake_free(f);
}
END_TEST

START_TEST(monitor_pages_change_with_the_answer_one_change_at_a_time)
{
	static const uint64_t odd[2] = { 0x1000, 0 };
	static const uint64_t unaligned[2] = { 0x1001, 0x2000 };
	static const uint64_t pages[2] = { 0x31000, 0x32000 };
	uint8_t rsp[9] = { HVP_VMBUS_MODIFY_CONNECTION_RESPONSE, 0, 0, 0, 0, 0, 0, 0, 2 };
	struct fake *f = fake_connected(0x60000, HVP_VMBUS_FEATURE_MODIFY_CONNECTION);
	const uint8_t *m;

	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, odd, NULL), HVP_ARG);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, unaligned, NULL), HVP_ARG);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, f->monitor_page), HVP_OK);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_AGAIN);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_MODIFY_CONNECTION, 24);
	ck_assert_uint_eq(fake_u64(m + 16), 0x32000);
	fake_send(f, rsp, 9);
	ck_assert_int_eq(fake_event(f, HVP_EV_PAGES_MODIFIED).status, HVP_REFUSED);
	ck_assert_uint_eq(hvp_bus_monitor_gpa(&f->bus)[1], 0x13000);
	ck_assert_int_eq(hvp_bus_modify_pages(&f->bus, pages, NULL), HVP_OK);
	fake_tick(f);
	rsp[8] = 0;
	fake_send(f, rsp, 9);
	ck_assert_int_eq(fake_event(f, HVP_EV_PAGES_MODIFIED).status, HVP_OK);
	ck_assert_uint_eq(hvp_bus_monitor_gpa(&f->bus)[1], 0x32000);
	fake_free(f);
}
END_TEST

static void add_posting(TCase *tc)
{
	tcase_add_test(tc, a_full_host_is_asked_again_with_growing_delay_and_in_order);
	tcase_add_test(tc, a_connection_that_stays_away_is_lost_after_bounded_tries);
	tcase_add_test(tc, a_refused_contact_is_no_answer_of_the_host);
	tcase_add_test(tc, unload_waits_a_hundred_seconds_and_says_so);
	tcase_add_test(tc, unload_is_bounded_also_when_it_cannot_be_posted);
	tcase_add_test(tc, unload_returns_all_memory_and_reconnects);
	tcase_add_test(tc, unload_of_old_hosts_does_not_give_back_what_it_cannot);
	tcase_add_test(tc, after_a_loss_memory_comes_back_with_the_next_contact);
	tcase_add_test(tc, crash_unload_overtakes_everything_queued);
	tcase_add_test(tc, while_paused_messages_wait_and_resume_goes_first);
	tcase_add_test(tc, features_that_were_not_granted_are_not_used);
	tcase_add_test(tc, monitor_pages_change_with_the_answer_one_change_at_a_time);
}

static void add_versions(TCase *tc)
{
	tcase_add_test(tc, versions_are_tried_from_the_newest_and_nothing_else_is_sent);
	tcase_add_loop_test(tc, each_version_connects_on_the_right_connection, 0, VERSIONS);
	tcase_add_test(tc, a_host_without_connection_4_is_asked_for_older_versions);
	tcase_add_test(tc, only_version_supported_decides_not_the_version_field);
	tcase_add_test(tc, a_failed_connection_state_counts_from_2_4_on);
	tcase_add_test(tc, without_an_interrupt_page_nothing_below_2_4_is_asked_for);
	tcase_add_test(tc, an_isolated_guest_stops_at_5_2);
	tcase_add_test(tc, features_are_those_implemented_asked_for_and_granted);
	tcase_add_test(tc, a_6_0_answer_of_16_bytes_grants_nothing);
	tcase_add_test(tc, server_monitor_pages_are_taken_or_the_version_is_refused);
	tcase_add_test(tc, an_answer_before_the_question_is_posted_is_ignored);
	tcase_add_test(tc, a_silent_host_is_given_up_only_if_configured);
}

int main(void)
{
	Suite *suite = suite_create("bus");
	TCase *tc = tcase_create("bus");
	SRunner *sr;
	int failed;

	add_versions(tc);
	add_posting(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
