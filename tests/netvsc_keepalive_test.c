/* SPDX-License-Identifier: BSD-2-Clause */
/* KEEPALIVE of the host: answered under its id, one at a time, out of the owner's slots. */
#include "net_host.h"

static const struct hvp_netvsc_stats *stats(struct net_host *h)
{
	return hvp_netvsc_stats(&h->dev);
}

static uint64_t ask(struct net_host *h, uint32_t id)
{
	uint32_t msg[3] = { net_word(8), net_word(12), net_word(id) };

	return net_rndis(h, 0, msg, sizeof(msg));
}

/* The next control message of the guest is the answer to @id. */
static const struct net_seen *answered(struct net_host *h, uint32_t id)
{
	const struct net_seen *s = net_expect(h, 107);

	ck_assert_uint_eq(s->queue, 0);
	ck_assert_uint_eq(s->rndis, 0x80000008);
	ck_assert_uint_eq(s->control_size, 16);
	ck_assert_uint_eq(fake_u32(s->control + 4), 16);
	ck_assert_uint_eq(fake_u32(s->control + 8), id);
	ck_assert_uint_eq(fake_u32(s->control + 12), 0);
	return s;
}

static void nothing_more(struct net_host *h)
{
	net_turn(h);
	ck_assert_uint_eq(h->read, h->seen);
	net_no_event(h);
}

START_TEST(each_keepalive_is_answered_under_its_id)
{
	static const uint32_t ids[] = { 77, 0, 0xffffffff, 77 };
	struct net_host *h = net_attached(0x60001, 1);

	h->read = h->seen;
	for (uint32_t i = 0; i < 4; i++) {
		(void)ask(h, ids[i]);
		net_turn(h);
		(void)answered(h, ids[i]);
		ck_assert_uint_eq(h->completion_status[h->completions - 1], 1);
	}
	nothing_more(h);
	ck_assert_uint_eq(stats(h)->keepalives, 4);
	ck_assert_uint_eq(stats(h)->keepalives_lost, 0);
	ck_assert_uint_eq(stats(h)->control_bad, 0);
	net_free(h);
}
END_TEST

START_TEST(of_many_at_once_one_is_under_way_and_the_last_is_answered)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t ack[2] = { net_word(108), net_word(1) };
	struct hvp_netvsc_oid oid = { .oid = 0x00010107 };
	const struct net_seen *s;
	uint32_t id;

	h->read = h->seen;
	h->silent_nvsp = 107;
	(void)ask(h, 1);
	net_turn(h);
	for (uint32_t i = 2; i <= 9; i++)
		(void)ask(h, i);
	net_turn(h);
	s = answered(h, 1);
	nothing_more(h);
	ck_assert_uint_eq(stats(h)->keepalives_lost, 7);
	/* the owner still has the other slots */
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	h->silent_nvsp = 0;
	net_complete(h, 0, s->id, ack, 8);
	net_turn(h);
	(void)net_expect_oid(h, 4, 0x00010107);
	(void)net_expect_oid(h, 4, 0x00010107);
	(void)answered(h, 9);
	net_event(h, HVP_NETVSC_EV_OID);
	net_event(h, HVP_NETVSC_EV_OID);
	nothing_more(h);
	net_free(h);
}
END_TEST

START_TEST(an_answer_waits_for_a_slot_and_leaves_the_last)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = { .oid = 0x00010107 };
	uint32_t id;

	h->read = h->seen;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	(void)ask(h, 5);
	(void)hvp_netvsc_poll(&h->queues[0], 16);
	(void)net_run(h);
	ck_assert_uint_eq(h->requests[3].state, 0);
	net_turn(h);
	for (int i = 0; i < 3; i++) {
		(void)net_expect_oid(h, 4, 0x00010107);
		net_event(h, HVP_NETVSC_EV_OID);
	}
	net_turn(h);
	(void)answered(h, 5);
	nothing_more(h);
	net_free(h);
}
END_TEST

START_TEST(a_host_that_could_not_read_the_answer_may_ask_again)
{
	struct net_host *h = net_attached(0x60001, 1);

	h->read = h->seen;
	h->control_status = 2;
	(void)ask(h, 1);
	net_turn(h);
	(void)answered(h, 1);
	h->control_status = 1;
	(void)ask(h, 2);
	net_turn(h);
	(void)answered(h, 2);
	nothing_more(h);
	net_free(h);
}
END_TEST

START_TEST(a_keepalive_cut_off_is_refused)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t msg[3] = { net_word(8), net_word(8), net_word(1) };

	h->read = h->seen;
	(void)net_rndis(h, 0, msg, 8);
	net_turn(h);
	ck_assert_uint_eq(h->completion_status[h->completions - 1], 2);
	msg[1] = net_word(11);
	(void)net_rndis(h, 0, msg, 12);
	net_turn(h);
	ck_assert_uint_eq(h->completion_status[h->completions - 1], 2);
	nothing_more(h);
	ck_assert_uint_eq(stats(h)->control_bad, 2);
	ck_assert_uint_eq(stats(h)->keepalives, 0);
	net_free(h);
}
END_TEST

/* Neither before INITIALIZE nor behind HALT; what was due of an old life is not sent in a new. */
START_TEST(without_rndis_there_is_no_answer)
{
	struct net_host *h = net_attached(0x60001, 1);

	h->silent_nvsp = 107;
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_HALTING);
	h->read = h->seen;
	(void)ask(h, 6);
	(void)hvp_netvsc_poll(&h->queues[0], 16);
	(void)net_run(h);
	nothing_more(h);
	ck_assert_uint_eq(stats(h)->keepalives, 1);
	ck_assert_uint_eq(stats(h)->keepalives_lost, 1);
	net_free(h);
}
END_TEST

START_TEST(an_answer_in_flight_ends_with_the_device_and_disturbs_no_attach)
{
	struct net_host *h = net_attached(0x60001, 1);

	h->silent_nvsp = 107;
	(void)ask(h, 8);
	net_turn(h);
	(void)ask(h, 9);
	net_turn(h);
	h->silent_nvsp = 0;
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 1400), HVP_OK);
	net_sleep(h, 20000000u);
	net_sleep(h, 20000000u);
	net_event(h, HVP_NETVSC_EV_ATTACHED);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_ATTACHED);
	h->read = h->seen;
	(void)ask(h, 10);
	net_turn(h);
	(void)answered(h, 10);
	nothing_more(h);
	net_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netvsc_keepalive");
	TCase *t = tcase_create("keepalive");
	SRunner *r;
	int failed;

	tcase_add_test(t, each_keepalive_is_answered_under_its_id);
	tcase_add_test(t, of_many_at_once_one_is_under_way_and_the_last_is_answered);
	tcase_add_test(t, an_answer_waits_for_a_slot_and_leaves_the_last);
	tcase_add_test(t, a_host_that_could_not_read_the_answer_may_ask_again);
	tcase_add_test(t, a_keepalive_cut_off_is_refused);
	tcase_add_test(t, without_rndis_there_is_no_answer);
	tcase_add_test(t, an_answer_in_flight_ends_with_the_device_and_disturbs_no_attach);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
