/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection: hv_sock requests, messages of every size, configuration. */
#include "fake_host.h"

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
		{ 1, 196 }, { 2, 12 },	{ 4, 8 },   { 6, 20 },	{ 10, 20 }, { 12, 12 },
		{ 17, 8 },  { 20, 12 }, { 23, 44 }, { 24, 16 }, { 26, 9 },  { 28, 8 },
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

#define REFUSED(change) \
	do { \
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
	REFUSED(f->cfg.interrupt_page_gpa = 0; f->cfg.interrupt_page = NULL;
		f->cfg.min_version = HVP_VMBUS_VERSION_0_13);
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
	ops.post_message = f->ops.post_message;
	ops.signal_event = NULL;
	ck_assert_int_eq(hvp_os_ops_check(&ops), HVP_ARG);
	fake_free(f);
}
END_TEST

/* A guest with a client id shows it unless its features are listed without it. */
START_TEST(defaults_follow_from_what_is_configured)
{
	struct fake *f = fake_new();
	const uint8_t *m;

	f->cfg.client_id = endpoint;
	f->cfg.tl_request_count = 0;
	f->cfg.tl_requests = NULL;
	f->cfg.isolated = true;
	f->cfg.min_version = HVP_VMBUS_VERSION_5_3;
	f->cfg.contact_timeout = HVP_NEVER - 1;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	m = fake_next_post(f)->bytes;
	ck_assert_uint_ne(fake_u32(m + 20) & HVP_VMBUS_FEATURE_CLIENT_ID, 0);
	fake_version(f, 0, 0, 0);
	ck_assert_uint_eq(fake_u32(fake_next_post(f)->bytes + 8), HVP_VMBUS_VERSION_5_3);
	fake_version(f, 0, 0, 0);
	fake_expect_nothing(f);
	fake_event(f, HVP_EV_CONNECT_FAILED);
	fake_free(f);
}
END_TEST

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
	tcase_add_test(tc, defaults_follow_from_what_is_configured);
	tcase_add_test(tc, services_are_checked_once_and_optional_ones_come_in_pairs);
}

int main(void)
{
	Suite *suite = suite_create("bus_message");
	TCase *tc = tcase_create("bus");
	SRunner *sr;
	int failed;

	add_messages(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
