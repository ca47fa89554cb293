/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC's NVSP: versions, configuration, buffers, sub-channels, and what stops it. */
#include <stdlib.h>

#include "netvsp_guest.h"

static struct nv_guest v;

static void teardown(void)
{
	nv_done(&v);
}

static void stopped(const char *reason)
{
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	ck_assert_str_eq(nv_reason(&v), reason);
}

static void configured(uint32_t version)
{
	nv_init(&v, NULL);
	ck_assert_uint_eq(nv_try_version(&v, version), 1);
}

/* ---- versions ---- */

START_TEST(versions_are_walked_down_to_the_first)
{
	static const uint32_t all[] = { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 0x2 };
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint32_t k;

	c.max_version = all[_i];
	nv_init(&v, &c);
	for (k = 0; k < (uint32_t)_i; k++)
		ck_assert_uint_eq(nv_try_version(&v, all[k]), 0);
	ck_assert_uint_eq(nv_try_version(&v, all[_i]), 1);
	ck_assert_uint_eq(nv_info(&v).version, all[_i]);
	ck_assert_int_eq(nv_state(&v), HVM_NET_CONFIGURING);
}
END_TEST

START_TEST(a_version_that_nobody_knows_is_refused_and_the_channel_lives)
{
	nv_init(&v, NULL);
	ck_assert_uint_eq(nv_try_version(&v, 0x70000), 0);
	ck_assert_uint_eq(nv_try_version(&v, 0x30000), 0);
	ck_assert_uint_eq(nv_try_version(&v, 0xffffffff), 0);
	ck_assert_uint_eq(nv_try_version(&v, 0x60001), 1);
}
END_TEST

START_TEST(init_after_acceptance_stops_the_nic)
{
	uint32_t words[3] = { 1, 0x50000, 0x50000 };

	configured(0x60001);
	nv_words(&v, words, 3, true);
	stopped("INIT after a version was accepted");
}
END_TEST

START_TEST(any_message_before_a_version_stops_the_nic)
{
	static const uint32_t types[] = { 100, 101, 104, 107, 125, 133, 0, 2 };
	uint32_t words[3] = { types[_i], 0, 0 };

	nv_init(&v, NULL);
	nv_words(&v, words, 3, true);
	stopped("a message before a version was accepted");
	nv_expect_none(&v, 0);
}
END_TEST

START_TEST(a_completion_before_a_version_stops_the_nic)
{
	nv_init(&v, NULL);
	nv_complete(&v, 0, 5, "abcdefgh", 8);
	stopped("a completion before a version was accepted");
}
END_TEST

START_TEST(an_answer_to_init_is_of_the_old_size_and_later_ones_of_the_versions)
{
	struct nv_got got;
	uint32_t words[3] = { 1, 0x60001, 0x60001 };
	uint64_t id;

	nv_init(&v, NULL);
	id = nv_words(&v, words, 3, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 32);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 0xffffffff);
	nv_config(&v, 1514, 0);
	nv_ndis(&v, 6, 30);
	v.rx_buffer = guest_gpadl(&v.g, 1, 0x71, NV_RX_PAGES);
	id = nv_receive_buffer(&v, 0x71);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 40);
}
END_TEST

/* ---- configuration ---- */

START_TEST(frame_sizes_outside_the_bounds_become_1514)
{
	static const struct {
		uint32_t asked, got;
	} mtus[] = { { 1513, 1514 }, { 1514, 1514 }, { 9216, 9216 },
		     { 9217, 1514 }, { 0, 1514 },    { 0xffffffff, 1514 } };

	configured(0x50000);
	nv_config(&v, mtus[_i].asked, 0x2c);
	nv_run(&v);
	ck_assert_uint_eq(nv_info(&v).mtu, mtus[_i].got);
	ck_assert_uint_eq(nv_info(&v).capabilities, 0x2c);
}
END_TEST

START_TEST(config_and_version_with_the_flag_are_completed_empty)
{
	uint32_t config[5] = { 125, 1514, 0, 0, 0 }, version[3] = { 100, 6, 0 };
	struct nv_got got;
	uint64_t id;

	configured(0x50000);
	id = nv_words(&v, config, 5, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 0);
	id = nv_words(&v, version, 3, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 0);
}
END_TEST

START_TEST(a_second_config_or_version_stops_the_nic)
{
	configured(0x50000);
	if (_i) {
		nv_config(&v, 1514, 0);
		nv_config(&v, 1514, 0);
		stopped("NDIS_CONFIG out of order");
	} else {
		nv_ndis(&v, 6, 30);
		nv_ndis(&v, 6, 30);
		stopped("NDIS_VERSION out of order");
	}
}
END_TEST

START_TEST(config_is_unknown_at_version_1)
{
	configured(2);
	nv_config(&v, 1514, 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
}
END_TEST

START_TEST(messages_that_are_too_new_or_that_no_guest_may_send_stop_the_nic)
{
	static const struct {
		uint32_t version, type;
	} cases[] = { { 0x40000, 133 }, { 0x40000, 131 }, { 0x30002, 129 }, { 2, 125 },
		      { 0x60001, 135 }, { 0x60001, 136 }, { 0x60001, 134 }, { 0x60001, 128 },
		      { 0x60001, 109 }, { 0x60001, 120 }, { 0x60001, 130 }, { 0x60001, 0 },
		      { 0x60001, 2 },	{ 0x60001, 999 } };
	uint32_t words[4] = { cases[_i].type, 1, 1, 1 };

	nv_attach(&v, NULL, cases[_i].version);
	nv_words(&v, words, 4, true);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	nv_expect_none(&v, 0);
}
END_TEST

START_TEST(a_message_shorter_than_its_body_stops_the_nic)
{
	uint8_t bytes[8] = { 1 };

	nv_init(&v, NULL);
	nv_send(&v, 0, bytes, 8, true);
	stopped("a message too short, too new or with impossible values");
}
END_TEST

/* ---- buffers ---- */

START_TEST(a_receive_buffer_is_cut_into_slots_for_the_frame_size)
{
	struct nv_got got;
	uint64_t id;

	configured(0x60001);
	nv_config(&v, 1514, 0);
	v.rx_buffer = guest_gpadl(&v.g, 1, 0x71, 48);
	id = nv_receive_buffer(&v, 0x71);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 1);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 12), 0);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 16), 1806);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 20), 108);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 24), 1806 * 108);
}
END_TEST

START_TEST(a_receive_buffer_before_the_config_stops_the_nic)
{
	configured(0x50000);
	guest_gpadl(&v.g, 1, 0x71, 48);
	nv_receive_buffer(&v, 0x71);
	stopped("RECEIVE_BUFFER out of order");
}
END_TEST

START_TEST(an_unknown_gpadl_stops_the_nic)
{
	configured(0x50000);
	nv_config(&v, 1514, 0);
	nv_receive_buffer(&v, 0x99);
	stopped("a receive buffer that is no whole pages of the channel");
}
END_TEST

START_TEST(a_receive_buffer_with_no_slot_for_a_queue_is_refused)
{
	struct nv_got got;
	uint64_t id;

	configured(0x50000);
	nv_config(&v, 1514, 0);
	guest_gpadl(&v.g, 1, 0x71, 7); /* 15 slots */
	id = nv_receive_buffer(&v, 0x71);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 2);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 0);
}
END_TEST

START_TEST(a_second_buffer_stops_the_nic)
{
	configured(0x50000);
	nv_config(&v, 1514, 0);
	nv_buffers(&v);
	if (_i)
		nv_send_buffer(&v, 0x72);
	else
		nv_receive_buffer(&v, 0x71);
	stopped(_i ? "SEND_BUFFER out of order" : "RECEIVE_BUFFER out of order");
}
END_TEST

START_TEST(a_revoke_ends_the_work_and_a_new_opening_begins_anew)
{
	uint32_t words[2] = { _i ? 103 : 106, _i ? NV_RX_ID : 0 };

	nv_attach(&v, NULL, 0x60001);
	nv_words(&v, words, 2, true);
	stopped("a buffer was revoked");
	nv_expect_none(&v, 0);
	guest_channel_message(&v.g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	ck_assert_int_eq(nv_state(&v), HVM_NET_CLOSED);
	nv_open(&v, 0, 1);
	ck_assert_uint_eq(nv_try_version(&v, 0x50000), 1);
}
END_TEST

START_TEST(a_revoke_while_configuring_stops_the_nic)
{
	uint32_t words[2] = { 103, NV_RX_ID };

	configured(0x50000);
	nv_words(&v, words, 2, false);
	stopped("revoke out of order");
}
END_TEST

/* ---- sub-channels ---- */

START_TEST(sub_channels_are_granted_offered_and_told_in_a_table)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	struct nv_got got;
	uint32_t k;

	c.max_queues = 4;
	nv_attach(&v, &c, 0x60001);
	nv_queues(&v, 4);
	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(got.p.type, HVP_PACKET_INBAND);
	ck_assert_uint_eq(got.p.flags, 0);
	ck_assert_uint_eq(got.size, 80);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 134);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 16);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 12);
	for (k = 0; k < 16; k++)
		ck_assert_uint_eq(hvp_get_u32(got.nvsp + 12 + 4 * k), k % 4);
	ck_assert_uint_eq(nv_info(&v).open_queues, 4);
}
END_TEST

START_TEST(sub_channels_that_cannot_be_had_are_refused)
{
	static const uint32_t asks[][2] = { { 0, 1 }, { 2, 1 }, { 1, 4 }, { 1, 0xffffffff } };
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint32_t words[3] = { 133, asks[_i][0], asks[_i][1] };
	struct nv_got got;
	uint64_t id;

	c.max_queues = 4;
	nv_attach(&v, &c, 0x50000);
	id = nv_words(&v, words, 3, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 133);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 2);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(closing_the_primary_takes_the_sub_channels_back)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;

	c.max_queues = 2;
	nv_attach(&v, &c, 0x50000);
	nv_queues(&v, 2);
	guest_channel_message(&v.g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	nv_run(&v);
	ck_assert_uint_eq(nv_info(&v).open_queues, 0);
	ck_assert_ptr_null(hvm_netvsp_queue(v.n, 1));
}
END_TEST

START_TEST(a_request_on_a_sub_channel_stops_the_nic)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t bytes[40] = { 133, 0, 0, 0, 1, 0, 0, 0, 1 };

	c.max_queues = 2;
	nv_attach(&v, &c, 0x50000);
	nv_queues(&v, 2);
	nv_send(&v, 1, bytes, 40, true);
	stopped("a request on a sub-channel");
}
END_TEST

START_TEST(oid_query_ex_is_not_supported)
{
	uint32_t words[3] = { 131, 0x00100180, 0x10101 };
	struct nv_got got;
	uint64_t id;

	nv_attach(&v, NULL, 0x50000);
	id = nv_words(&v, words, 3, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 132);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 0xc00000bb);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mock NIC: NVSP");
	TCase *t = tcase_create("nvsp");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, versions_are_walked_down_to_the_first, 0, 6);
	tcase_add_test(t, a_version_that_nobody_knows_is_refused_and_the_channel_lives);
	tcase_add_test(t, init_after_acceptance_stops_the_nic);
	tcase_add_loop_test(t, any_message_before_a_version_stops_the_nic, 0, 8);
	tcase_add_test(t, a_completion_before_a_version_stops_the_nic);
	tcase_add_test(t, an_answer_to_init_is_of_the_old_size_and_later_ones_of_the_versions);
	tcase_add_loop_test(t, frame_sizes_outside_the_bounds_become_1514, 0, 6);
	tcase_add_test(t, config_and_version_with_the_flag_are_completed_empty);
	tcase_add_loop_test(t, a_second_config_or_version_stops_the_nic, 0, 2);
	tcase_add_test(t, config_is_unknown_at_version_1);
	tcase_add_loop_test(t, messages_that_are_too_new_or_that_no_guest_may_send_stop_the_nic, 0,
			    14);
	tcase_add_test(t, a_message_shorter_than_its_body_stops_the_nic);
	tcase_add_test(t, a_receive_buffer_is_cut_into_slots_for_the_frame_size);
	tcase_add_test(t, a_receive_buffer_before_the_config_stops_the_nic);
	tcase_add_test(t, an_unknown_gpadl_stops_the_nic);
	tcase_add_test(t, a_receive_buffer_with_no_slot_for_a_queue_is_refused);
	tcase_add_loop_test(t, a_second_buffer_stops_the_nic, 0, 2);
	tcase_add_loop_test(t, a_revoke_ends_the_work_and_a_new_opening_begins_anew, 0, 2);
	tcase_add_test(t, a_revoke_while_configuring_stops_the_nic);
	tcase_add_test(t, sub_channels_are_granted_offered_and_told_in_a_table);
	tcase_add_loop_test(t, sub_channels_that_cannot_be_had_are_refused, 0, 4);
	tcase_add_test(t, closing_the_primary_takes_the_sub_channels_back);
	tcase_add_test(t, a_request_on_a_sub_channel_stops_the_nic);
	tcase_add_test(t, oid_query_ex_is_not_supported);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
