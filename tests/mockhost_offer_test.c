/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's channels as they come and go: offers, rescinds, reserved ones, connects. */
#include "mockhost_guest.h"

#define GPADL 0x11u
#define RESULT HVP_VMBUS_OPEN_CHANNEL_RESULT
#define RESCIND HVP_VMBUS_RESCIND_CHANNEL_OFFER

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */

static void start(uint32_t version, uint32_t features)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, NULL);
	dev = hvm_scripted_new(g.s, &o);
	guest_connect(&g, version, features);
	guest_offers(&g, NULL, 0);
}

static void setup(void)
{
	start(HVP_VMBUS_VERSION_5_3, 0);
}

static void teardown(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static void hold(enum hvm_ask ask)
{
	hvm_scripted_answer(dev, ask, true, 0);
}

static struct hvm_channel *channel(void)
{
	return hvm_server_channel(g.s, 1);
}

/* ---- offers ---- */

START_TEST(initial_offers_are_sorted_by_interface_order_and_instance)
{
	static const uint32_t spec[][3] = {
		/* interface, instance, order */
		{ 0x30, 1, 0 }, { 0x20, 9, 0 }, { 0x20, 2, 0 }, { 0x20, 7, 2 }, { 0x20, 8, 1 },
	};
	static const uint32_t want[][2] = {
		{ 0x10, 1 }, { 0x20, 8 }, { 0x20, 7 }, { 0x20, 2 }, { 0x20, 9 }, { 0x30, 1 },
	};
	struct hvp_vmbus_offer_channel got[8];
	struct hvm_offer o;
	size_t i;

	guest_post(&g, HVP_VMBUS_UNLOAD, "");
	guest_drain(&g);
	for (i = 0; i < 5; i++) {
		o = offer_of(spec[i][0], spec[i][1]);
		o.order = spec[i][2];
		ck_assert_ptr_nonnull(hvm_server_offer(g.s, &o, NULL, NULL));
	}
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&g, got, 8), 6);
	for (i = 0; i < 6; i++) {
		ck_assert_uint_eq(hvp_get_u32(got[i].interface_id.b), want[i][0]);
		ck_assert_uint_eq(hvp_get_u32(got[i].instance_id.b), want[i][1]);
		ck_assert_uint_eq(got[i].channel_id, i + 1);
		ck_assert_uint_eq(got[i].connection_id, 0x2000 + i + 1);
	}
}
END_TEST

START_TEST(channel_ids_are_unique_and_bounded)
{
	struct hvm_offer o = offer_of(0x20, 1);
	unsigned int n = 0;

	o.channel_id = 1;
	ck_assert_ptr_null(hvm_server_offer(g.s, &o, NULL, NULL));
	o.channel_id = 2048;
	ck_assert_ptr_null(hvm_server_offer(g.s, &o, NULL, NULL));
	o.channel_id = 0;
	while (n < 3000 && hvm_server_offer(g.s, &o, NULL, NULL))
		n++;
	ck_assert_uint_eq(n, 2046);
	ck_assert_ptr_nonnull(hvm_server_channel(g.s, 2047));
}
END_TEST

START_TEST(offer_flags_are_cleared_unless_their_feature_was_granted)
{
	struct hvm_offer o = offer_of(0x20, 1);
	struct hvp_vmbus_offer_channel got;

	o.flags = 0x2 | 0x4 | 0x8 | 0x10;
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &got);
	ck_assert_uint_eq(got.flags, 0x10);
	teardown();
	start(HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_GPA_PINNING);
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &got);
	ck_assert_uint_eq(got.flags, 0x18);
}
END_TEST

START_TEST(sub_channels_follow_the_list_and_are_revoked_before_their_primary)
{
	struct hvm_offer o = offer_of(0x10, 1);
	struct hvp_vmbus_rescind_channel_offer r;
	struct hvp_vmbus_offer_channel got;

	o.subchannel_index = 1;
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &got);
	ck_assert_uint_eq(got.subchannel_index, 1);
	o.subchannel_index = 2;
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_drain(&g);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 1);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, NULL);
	hvm_channel_revoke(channel());
	guest_expect(&g, RESCIND, &r);
	ck_assert_uint_ne(r.channel_id, 1);
	guest_expect(&g, RESCIND, &r);
	ck_assert_uint_ne(r.channel_id, 1);
	guest_expect(&g, RESCIND, &r);
	ck_assert_uint_eq(r.channel_id, 1);
	guest_connect(&g, HVP_VMBUS_VERSION_1_1, 0);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 0);
	guest_expect_none(&g);
}
END_TEST

START_TEST(a_device_that_is_removed_early_is_simply_not_offered)
{
	struct hvm_offer o = offer_of(0x20, 1);
	struct hvm_channel *ch;

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ch = hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect_none(&g);
	hvm_channel_revoke(ch);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 1);
}
END_TEST

/* ---- rescind ---- */

START_TEST(an_id_is_not_used_again_before_it_is_released)
{
	struct hvm_offer o = offer_of(0x20, 1);
	struct hvp_vmbus_offer_channel got;

	hvm_channel_revoke(channel());
	guest_expect(&g, RESCIND, NULL);
	hvm_channel_revoke(channel());
	guest_expect_none(&g);
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &got);
	ck_assert_uint_eq(got.channel_id, 2);
	guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
	o = offer_of(0x21, 1);
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &got);
	ck_assert_uint_eq(got.channel_id, 1);
}
END_TEST

START_TEST(a_rescind_ends_all_use_of_memory_and_leaves_a_pending_open_unanswered)
{
	uint8_t *va;

	hold(HVM_ASK_OPEN);
	va = guest_gpadl(&g, 1, GPADL, 4);
	guest_open(&g, 1, GPADL, 2, 0);
	hvm_channel_revoke(channel());
	guest_expect(&g, RESCIND, NULL);
	ck_assert_int_eq(hvm_scripted_finish(dev, HVM_ASK_OPEN, 0), HVP_OK);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvp_get_u32(va + 2 * HVM_PAGE + 64), 0);
	hvm_mem_free(g.p, va, 4);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
	ck_assert_int_eq(gpadl_state(&g, 1, GPADL), HVM_GPADL_ACCEPTED);
}
END_TEST

START_TEST(a_rescind_during_a_held_close_ends_all_use_of_the_ring)
{
	uint8_t *va = guest_gpadl(&g, 1, GPADL, 4);

	guest_open(&g, 1, GPADL, 2, 0);
	guest_expect(&g, RESULT, NULL);
	hold(HVM_ASK_CLOSE);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	ck_assert(hvm_scripted_is_open(dev));
	hvm_channel_revoke(channel());
	ck_assert(!hvm_scripted_is_open(dev));
	ck_assert_int_eq(hvm_scripted_finish(dev, HVM_ASK_CLOSE, 0), HVP_OK);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_REVOKED);
	hvm_mem_free(g.p, va, 4);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

START_TEST(freeing_the_ring_of_an_open_channel_is_a_violation)
{
	uint8_t *va = guest_gpadl(&g, 1, GPADL, 4);

	guest_open(&g, 1, GPADL, 2, 0);
	guest_expect(&g, RESULT, NULL);
	hvm_mem_free(g.p, va + HVM_PAGE, 1);
	ck_assert_uint_eq(hvm_violation_count(g.p), 1);
	ck_assert_int_eq(hvm_violation_get(g.p, 0)->kind, HVM_VIOLATION_FREE_HELD);
}
END_TEST

START_TEST(a_guest_that_never_releases_gets_all_ids_back_by_a_new_contact)
{
	struct hvm_offer o = offer_of(0x20, 1);

	hvm_channel_revoke(channel());
	guest_expect(&g, RESCIND, NULL);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_ptr_null(channel());
	o.channel_id = 1;
	ck_assert_ptr_nonnull(hvm_server_offer(g.s, &o, NULL, NULL));
}
END_TEST

/* ---- reserved channels ---- */

static void open_reserved(uint32_t vp, uint32_t sint)
{
	struct hvp_vmbus_open_reserved_channel m = {
		.channel_id = 1,
		.target_vp = vp,
		.target_sint = sint,
		.ring_buffer_gpadl_id = GPADL,
		.downstream_page_offset = 2,
	};

	guest_gpadl(&g, 1, GPADL, 4);
	guest_post(&g, HVP_VMBUS_OPEN_RESERVED_CHANNEL, &m);
}

static void close_reserved(uint32_t vp, uint32_t sint)
{
	struct hvp_vmbus_close_reserved_channel m = {
		.channel_id = 1,
		.target_vp = vp,
		.target_sint = sint,
	};

	guest_post(&g, HVP_VMBUS_CLOSE_RESERVED_CHANNEL, &m);
}

static uint32_t slot_message(uint32_t vp, uint32_t sint)
{
	uint8_t *slot = g.simp[vp] + sint * 256;

	if (!hvp_get_u32(slot))
		return 0;
	hvp_put_u32(slot, 0);
	return hvp_get_u32(slot + 16);
}

START_TEST(a_reserved_channel_answers_where_it_is_told_and_outlives_the_connection)
{
	open_reserved(1, 5);
	ck_assert_uint_eq(slot_message(1, 5), RESULT);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_OPEN);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	guest_teardown(&g, 1, GPADL);
	guest_post(&g, HVP_VMBUS_UNLOAD, "");
	guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_OPEN);
	ck_assert_int_eq(gpadl_state(&g, 1, GPADL), HVM_GPADL_ACCEPTED);
	close_reserved(0, 9);
	ck_assert_uint_eq(slot_message(0, 9), HVP_VMBUS_CLOSE_RESERVED_RESPONSE);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_RELEASED);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 1);
}
END_TEST

START_TEST(a_reserved_channel_takes_no_gpadl_and_only_its_own_close)
{
	struct hvp_vmbus_gpadl_created r;
	uint64_t w[2] = { HVM_PAGE, hvm_mem_gpa(g.p, g.post) / HVM_PAGE };

	open_reserved(0, HVM_SINT_VMBUS);
	guest_expect(&g, RESULT, NULL);
	guest_gpadl_words(&g, 1, 0x33, 1, w, 2);
	guest_expect(&g, HVP_VMBUS_GPADL_CREATED, &r);
	ck_assert_uint_ne(r.status, 0);
	ck_assert_int_eq(hvm_channel_signal(channel()), HVP_STATE);
	close_reserved(0, HVM_SINT_VMBUS);
	guest_expect(&g, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, NULL);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_CLOSED);
	close_reserved(0, HVM_SINT_VMBUS);
	guest_expect_none(&g);
}
END_TEST

/* ---- TL connect ---- */

static struct hvm_server *tl_server;
static struct hvp_guid tl_silo;

static bool tl_accept(void *ctx, const struct hvp_guid *endpoint, const struct hvp_guid *service,
		      const struct hvp_guid *silo)
{
	struct hvm_offer o;

	(void)ctx;
	memset(&o, 0, sizeof(o));
	o.interface_id = *service;
	o.instance_id = *endpoint;
	o.flags = HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER | HVP_VMBUS_OFFER_NAMED_PIPE_MODE;
	tl_silo = *silo;
	return hvm_server_offer(tl_server, &o, NULL, NULL) != NULL;
}

static void post_tl(uint32_t version, size_t size)
{
	uint8_t m[56] = { HVP_VMBUS_TL_CONNECT_REQUEST };

	guest_drain(&g);
	guest_connect(&g, version, 0);
	guest_offers(&g, NULL, 0);
	m[8] = 0xee;
	m[24] = 0x55;
	m[40] = 0x77;
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, size), 0);
}

START_TEST(a_refused_connect_is_answered_from_4_1_on)
{
	struct hvp_vmbus_tl_connect_request_result r;

	post_tl(HVP_VMBUS_VERSION_4_0, 40);
	guest_expect_none(&g);
	post_tl(HVP_VMBUS_VERSION_4_1, 40);
	guest_expect(&g, HVP_VMBUS_TL_CONNECT_REQUEST_RESULT, &r);
	ck_assert_uint_eq((uint32_t)r.status, HVM_STATUS_REFUSED);
	ck_assert_uint_eq(r.endpoint_id.b[0], 0xee);
	ck_assert_uint_eq(r.service_id.b[0], 0x55);
}
END_TEST

START_TEST(a_served_connect_gives_an_offer_and_the_silo_counts_from_5_2_on)
{
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct hvp_vmbus_offer_channel o;

	teardown();
	dev = NULL;
	sc.tl_connect = tl_accept;
	guest_init(&g, NULL, &sc);
	tl_server = g.s;
	post_tl(HVP_VMBUS_VERSION_5_1, 56);
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, &o);
	ck_assert_uint_eq(tl_silo.b[0], 0);
	ck_assert_uint_eq(o.interface_id.b[0], 0x55);
	ck_assert_uint_eq(o.instance_id.b[0], 0xee);
	ck_assert_uint_eq(o.flags, 0x2010);
	post_tl(HVP_VMBUS_VERSION_5_2, 56);
	ck_assert_uint_eq(tl_silo.b[0], 0x77);
	post_tl(HVP_VMBUS_VERSION_5_3, 40);
	ck_assert_uint_eq(tl_silo.b[0], 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost offer");
	TCase *t = tcase_create("offer");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, initial_offers_are_sorted_by_interface_order_and_instance);
	tcase_add_test(t, channel_ids_are_unique_and_bounded);
	tcase_add_test(t, offer_flags_are_cleared_unless_their_feature_was_granted);
	tcase_add_test(t, sub_channels_follow_the_list_and_are_revoked_before_their_primary);
	tcase_add_test(t, a_device_that_is_removed_early_is_simply_not_offered);
	tcase_add_test(t, an_id_is_not_used_again_before_it_is_released);
	tcase_add_test(t, a_rescind_ends_all_use_of_memory_and_leaves_a_pending_open_unanswered);
	tcase_add_test(t, a_rescind_during_a_held_close_ends_all_use_of_the_ring);
	tcase_add_test(t, freeing_the_ring_of_an_open_channel_is_a_violation);
	tcase_add_test(t, a_guest_that_never_releases_gets_all_ids_back_by_a_new_contact);
	tcase_add_test(t, a_reserved_channel_answers_where_it_is_told_and_outlives_the_connection);
	tcase_add_test(t, a_reserved_channel_takes_no_gpadl_and_only_its_own_close);
	tcase_add_test(t, a_refused_connect_is_answered_from_4_1_on);
	tcase_add_test(t, a_served_connect_gives_an_offer_and_the_silo_counts_from_5_2_on);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
