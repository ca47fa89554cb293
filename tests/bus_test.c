/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection: versions, posting, pages, unload, loss, pause, hv_sock requests. */
#include "fake_host.h"

static const uint32_t versions[] = {
	0x60000, 0x50003, 0x50002, 0x50001, 0x50000, 0x40001, 0x40000, 0x30000, 0x20004, 0x10001,
	0xd,
};

#define VERSIONS	((int)(sizeof(versions) / sizeof(versions[0])))

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

	ck_assert_uint_eq(offers->connection_id,
			  versions[_i] >= 0x50000 ? FAKE_CONNECTION : 1);
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
	ck_assert_ptr_eq(fake_event(f, HVP_EV_CLOSED).channel, ch);
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

static const struct hvp_guid endpoint = { { 9, 8, 7, 6 } };
static const struct hvp_guid service = { { 1, 2, 3, 4 } };

static void offer_socket(struct fake *f, const struct hvp_guid *instance, uint8_t accept)
{
	uint8_t m[196];

	fake_offer_bytes(m, 7, &service, 0, 0);
	memcpy(m + 24, instance->b, 16);
	m[57] = 0x20;
	m[56] = 0x10;
	m[64] = accept;
	fake_send(f, m, sizeof(m));
}

START_TEST(a_connect_request_is_answered_by_an_offer)
{
	struct fake *f = fake_connected(0x50003, 0);
	const uint8_t *m;

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_ARG);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_TL_CONNECT_REQUEST, 40);
	ck_assert_mem_eq(m + 8, endpoint.b, 16);
	ck_assert_mem_eq(m + 24, service.b, 16);
	offer_socket(f, &endpoint, 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_TL_RESULT).status, HVP_OK);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(a_socket_offer_that_nobody_asked_for_is_dropped_unless_the_host_connects)
{
	struct fake *f = fake_connected(0x50003, 0);

	offer_socket(f, &endpoint, 0);
	fake_event(f, HVP_EV_DROPPED);
	fake_no_event(f);
	offer_socket(f, &endpoint, 1);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(a_refused_connect_request_says_why)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_guid silo = { { 3 } };
	uint8_t m[44] = { HVP_VMBUS_TL_CONNECT_REQUEST_RESULT };
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, &silo), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_TL_CONNECT_REQUEST, 56);
	memcpy(m + 8, endpoint.b, 16);
	memcpy(m + 24, silo.b, 16);
	m[43] = 0xc0;
	fake_send(f, m, sizeof(m));
	fake_no_event(f);
	memcpy(m + 24, service.b, 16);
	fake_send(f, m, sizeof(m));
	ev = fake_event(f, HVP_EV_TL_RESULT);
	ck_assert_int_eq(ev.status, HVP_REFUSED);
	ck_assert_uint_eq(ev.host_status, 0xc0000000);
	ck_assert_mem_eq(ev.endpoint.b, endpoint.b, 16);
	fake_free(f);
}
END_TEST

START_TEST(connect_requests_are_bounded_gated_and_cancelled)
{
	struct fake *f = fake_connected(0x50001, 0);
	struct hvp_guid id = endpoint;

	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &id, &service, &service), HVP_UNSUPPORTED);
	for (uint8_t i = 0; i < FAKE_TLS; i++) {
		id.b[15] = i;
		ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &id, &service, NULL), HVP_OK);
	}
	id.b[15] = 99;
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &id, &service, NULL), HVP_AGAIN);
	ck_assert_int_eq(hvp_bus_tl_cancel(&f->bus, &id), HVP_ARG);
	id.b[15] = 1;
	ck_assert_int_eq(hvp_bus_tl_cancel(&f->bus, &id), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->posted - f->read, FAKE_TLS - 1);
	fake_free(f);
	f = fake_connected(0x30000, 0);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &id, &service, NULL), HVP_UNSUPPORTED);
	fake_free(f);
}
END_TEST

/* Every message of the host, cut at every length, in a connection that expects it. */
START_TEST(every_truncation_of_every_message_is_dropped)
{
	static const uint8_t sizes[][2] = {
		{ 1, 196 }, { 2, 12 }, { 4, 8 }, { 6, 20 }, { 10, 20 }, { 12, 12 }, { 17, 8 },
		{ 20, 12 }, { 23, 44 }, { 24, 16 }, { 26, 9 }, { 28, 8 },
	};
	uint32_t features = HVP_VMBUS_FEATURE_MODIFY_CONNECTION | HVP_VMBUS_FEATURE_PAUSE_RESUME;
	struct fake *f = fake_connected(0x60000, features);
	uint8_t m[196];
	uint64_t dropped = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(m, 0, sizeof(m));
		fake_offer_bytes(m, 5, &service, 1, 0);
		m[0] = sizes[i][0];
		if (m[0] == 17)
			continue;
		for (size_t n = 0; n < sizes[i][1]; n++) {
			fake_send(f, m, n);
			ck_assert_uint_eq(hvp_bus_stats(&f->bus)->dropped, ++dropped);
		}
	}
	ck_assert_uint_eq(fake_event(f, HVP_EV_DROPPED).count, dropped);
	fake_no_event(f);
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_CONNECTED);
	fake_free(f);
}
END_TEST

START_TEST(every_truncation_of_version_response_is_dropped)
{
	struct fake *f = fake_new();
	uint8_t m[16] = { HVP_VMBUS_VERSION_RESPONSE, 0, 0, 0, 0, 0, 0, 0, 1 };

	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	for (size_t n = 0; n < sizeof(m); n++)
		fake_send(f, m, n);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->dropped, sizeof(m));
	ck_assert_int_eq(hvp_bus_state(&f->bus), HVP_BUS_CONTACTING);
	fake_free(f);
}
END_TEST

/* QEMU rounds sizes up to 8 (chapter 10 section 4.1): longer is legal, if odd. */
START_TEST(longer_messages_than_needed_are_taken)
{
	struct fake *f = fake_connected(0x50003, 0);
	uint8_t m[200] = { 0 };

	fake_offer_bytes(m, 5, &service, 1, 0);
	memset(m + 196, 0xee, 4);
	fake_send(f, m, 200);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(garbage_in_the_header_padding_is_ignored)
{
	struct fake *f = fake_connected(0x50003, 0);
	uint8_t m[196];

	fake_offer_bytes(m, 5, &service, 1, 0);
	memset(m + 4, 0xaa, 4);
	memset(m + 40, 0xaa, 16);
	fake_send(f, m, sizeof(m));
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(configurations_outside_their_range_are_refused)
{
	struct fake *f = fake_new();
	struct hvp_bus_config good = f->cfg;

#define REFUSED(change) do { \
	f->cfg = good; \
	f->ops.size = sizeof(f->ops); \
	change; \
	ck_assert_int_eq(hvp_bus_init(&f->bus, &f->cfg), HVP_ARG); \
} while (0)
	REFUSED(f->cfg.ops = NULL);
	REFUSED(f->cfg.channels = NULL);
	REFUSED(f->cfg.channel_count = 0);
	REFUSED(f->cfg.channel_count = 2048);
	REFUSED(f->cfg.gpadls = NULL);
	REFUSED(f->cfg.gpadl_count = 0);
	REFUSED(f->cfg.gpadl_count = 65535);
	REFUSED(f->cfg.tl_requests = NULL);
	REFUSED(f->cfg.tl_request_count = 65535);
	REFUSED(f->cfg.monitor_gpa[0] = 0);
	REFUSED(f->cfg.monitor_gpa[0] = 0x12001);
	REFUSED(f->cfg.interrupt_page = NULL);
	REFUSED(f->cfg.interrupt_page_gpa = 1);
	REFUSED(f->cfg.target_sint = 16);
	REFUSED(f->cfg.target_vtl = 16);
	REFUSED(f->cfg.allow_count = 1);
	REFUSED(f->cfg.min_version = 0x60001);
	REFUSED(f->cfg.retry_min = 100000000);
	REFUSED(f->ops.size = offsetof(struct hvp_os_ops, signal_event));
	REFUSED(f->ops.make_private = NULL);
#undef REFUSED
	fake_free(f);
}
END_TEST

START_TEST(services_are_checked_once_and_optional_ones_come_in_pairs)
{
	struct fake *f = fake_new();
	struct hvp_os_ops ops = f->ops;

	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_OK);
	ck_assert_int_eq(hvp_os_ops_check(NULL), HVP_ARG);
	ops.make_shared = NULL;
	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_ARG);
	ops.make_private = NULL;
	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_OK);
	ops.size = offsetof(struct hvp_os_ops, make_shared);
	ops.make_private = f->ops.make_private;
	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_OK);
	ops.post_message = NULL;
	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_ARG);
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

static void add_messages(TCase *tc)
{
	tcase_add_test(tc, a_connect_request_is_answered_by_an_offer);
	tcase_add_test(tc,
		       a_socket_offer_that_nobody_asked_for_is_dropped_unless_the_host_connects);
	tcase_add_test(tc, a_refused_connect_request_says_why);
	tcase_add_test(tc, connect_requests_are_bounded_gated_and_cancelled);
	tcase_add_test(tc, every_truncation_of_every_message_is_dropped);
	tcase_add_test(tc, every_truncation_of_version_response_is_dropped);
	tcase_add_test(tc, longer_messages_than_needed_are_taken);
	tcase_add_test(tc, garbage_in_the_header_padding_is_ignored);
	tcase_add_test(tc, configurations_outside_their_range_are_refused);
	tcase_add_test(tc, services_are_checked_once_and_optional_ones_come_in_pairs);
}

int main(void)
{
	Suite *suite = suite_create("bus");
	TCase *tc = tcase_create("bus");
	SRunner *sr;
	int failed;

	add_versions(tc);
	add_posting(tc);
	add_messages(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
