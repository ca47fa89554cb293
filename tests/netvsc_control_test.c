/* SPDX-License-Identifier: BSD-2-Clause */
/* An attached NIC: requests, replies good and bad, link, VF, data path, tables. */
#include "net_host.h"

#define SECOND 10000000u

static const struct hvp_netvsc_stats *stats(struct net_host *h)
{
	return hvp_netvsc_stats(&h->dev);
}

static struct hvp_netvsc_oid oid_of(uint32_t number, void *answer, uint32_t size)
{
	return (struct hvp_netvsc_oid){ .oid = number, .answer = answer, .answer_size = size };
}

START_TEST(a_query_brings_the_value)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[16];
	struct hvp_netvsc_oid oid = oid_of(0x01010101, answer, sizeof(answer));
	struct hvp_netvsc_event ev;
	const struct net_seen *s;
	uint32_t id;

	memset(answer, 0xff, sizeof(answer));
	oid.user = h;
	oid.input = "in";
	oid.input_size = 2;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	s = net_expect_oid(h, 4, 0x01010101);
	ck_assert_uint_eq(s->control_size, 30);
	ck_assert_uint_eq(fake_u32(s->control + 8), id);
	ck_assert_uint_eq(fake_u32(s->control + 16), 2);
	ck_assert_uint_eq(fake_u32(s->control + 20), 20);
	ck_assert_mem_eq(s->control + 28, "in", 2);
	ev = net_event(h, HVP_NETVSC_EV_OID);
	ck_assert_uint_eq(ev.id, id);
	ck_assert_uint_eq(ev.oid, 0x01010101);
	ck_assert_uint_eq(ev.rndis_status, 0);
	ck_assert_uint_eq(ev.size, 6);
	ck_assert_ptr_eq(ev.user, h);
	ck_assert_uint_eq(answer[1], 0x15);
	ck_assert_uint_eq(answer[6], 0); /* what the host did not say is zero */
	net_no_event(h);
	net_free(h);
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_cut_and_one_that_fails_is_told)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[4];
	struct hvp_netvsc_oid oid = oid_of(0x01010101, answer, 4);
	struct hvp_netvsc_event ev;
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_OID);
	ck_assert_uint_eq(ev.rndis_status, 0x80000005);
	ck_assert_uint_eq(ev.size, 4);
	ck_assert_uint_eq(stats(h)->replies_cut, 1);
	oid.oid = 0x12345678;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_OID);
	ck_assert_uint_eq(ev.rndis_status, 0xc00000bb);
	ck_assert_uint_eq(ev.size, 0);
	net_free(h);
}
END_TEST

START_TEST(several_requests_may_be_in_flight_and_one_slot_is_kept)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[3][8];
	struct hvp_netvsc_oid oid = oid_of(0x00010107, answer[0], 8);
	uint32_t id[3];

	for (int i = 0; i < 3; i++) {
		oid.answer = answer[i];
		ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id[i]), HVP_OK);
	}
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, id), HVP_AGAIN);
	ck_assert_int_eq(hvp_netvsc_set_offloads(&h->dev, 0, id), HVP_AGAIN);
	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 0, id), HVP_AGAIN);
	ck_assert_int_eq(hvp_netvsc_set_multicast(&h->dev, NULL, 0, id), HVP_AGAIN);
	net_turn(h);
	for (int i = 0; i < 3; i++)
		net_event(h, HVP_NETVSC_EV_OID);
	net_no_event(h);
	ck_assert_uint_ne(id[1], id[2]);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, id), HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(a_request_that_makes_no_sense_is_refused)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(1, NULL, 4);
	struct hvp_netvsc_rss rss = { 0 };
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_ARG);
	oid.answer_size = 0;
	oid.input_size = 1;
	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_ARG);
	oid.input = h->rx_buffer;
	oid.input_size = 4069;
	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_ARG);
	oid.input_size = 900;
	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_set_multicast(&h->dev, h->rx_buffer, 33, &id), HVP_ARG);
	ck_assert_int_eq(hvp_netvsc_set_offloads(&h->dev, 0x8000, &id), HVP_ARG);
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_UNSUPPORTED);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_STATE);
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_STATE);
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 0), HVP_STATE);
	net_turn(h);
	net_free(h);
}
END_TEST

START_TEST(a_reply_that_does_not_come_times_out_and_is_dropped_when_it_does)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[8];
	struct hvp_netvsc_oid oid = oid_of(0x00010107, answer, 8);
	uint32_t id;

	h->silent_oid = 0x00010107;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(net_run(h), h->f->now + 10 * SECOND);
	net_sleep(h, 10 * SECOND);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status, HVP_NETVSC_TIMED_OUT);
	net_reply(h, id, 0x80000004, 0, "late", 4);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(stats(h)->replies_unmatched, 1);
	ck_assert_uint_eq(answer[0], 0);
	net_free(h);
}
END_TEST

START_TEST(a_page_stays_the_hosts_until_it_is_acknowledged)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(0x00010107, NULL, 0);
	uint32_t ack[2] = { net_word(108), net_word(1) };
	uint32_t id;

	h->silent_nvsp = 107;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	for (int i = 0; i < 3; i++)
		net_event(h, HVP_NETVSC_EV_OID);
	/* answered, but nothing was acknowledged: all pages are in use */
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_AGAIN);
	net_complete(h, 0, h->log[h->seen - 1].id, ack, 8);
	net_turn(h);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	h->silent_nvsp = 0;
	h->control_status = 2;
	net_turn(h);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status, 0xc0000001);
	net_free(h);
}
END_TEST

/* field and value of a query reply: 0 dropped as bad, 1 matched, 2 unmatched */
static const struct {
	uint32_t at, value, size, result;
} replies[] = {
	{ 4, 27, 28, 0 },	  { 4, 29, 28, 3 },	     { 4, 0, 28, 3 },
	{ 4, 7, 28, 3 },	  { 4, 0xffffffff, 28, 3 },  { 4, 23, 28, 0 },
	{ 8, 0, 28, 2 },	  { 8, 0xffffffff, 28, 2 },  { 12, 1, 28, 1 },
	{ 16, 5, 28, 0 },	  { 16, 0xffffffff, 28, 0 }, { 16, 0, 28, 1 },
	{ 20, 15, 28, 0 },	  { 20, 17, 28, 0 },	     { 20, 0xffffffff, 28, 0 },
	{ 20, 0, 28, 0 },	  { 0, 0x80000005, 28, 2 },  { 0, 0x80000002, 28, 0 },
	{ 0, 0x80000009, 28, 3 }, { 0, 4, 28, 3 },	     { 4, 28, 20, 3 },
	{ 4, 28, 40, 1 },
};

START_TEST(every_bound_of_a_reply_is_checked)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[8];
	struct hvp_netvsc_oid oid = oid_of(0x00010107, answer, 8);
	uint8_t m[64] = { 0 };
	uint32_t result = replies[_i].result;
	uint32_t id;

	h->silent_oid = 0x00010107;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	net_put32(m, 0x80000004);
	net_put32(m + 4, 28);
	net_put32(m + 8, id);
	net_put32(m + 16, 4);
	net_put32(m + 20, 16);
	net_put32(m + 24, 0x01020304);
	net_put32(m + replies[_i].at, replies[_i].value);
	net_rndis(h, 0, m, replies[_i].size);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->replies_bad, result == 0);
	ck_assert_uint_eq(stats(h)->control_bad, result == 3);
	ck_assert_uint_eq(stats(h)->replies_unmatched, result == 2);
	if (result != 1) {
		net_no_event(h);
		/* the true reply is still awaited */
		net_reply(h, id, 0x80000004, 0, "\4\3\2\1", 4);
		net_turn(h);
	}
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).id, id);
	net_free(h);
}
END_TEST

START_TEST(a_message_larger_than_the_scratch_memory_is_no_reply)
{
	struct net_host *h = net_attached(0x60001, 1);
	static uint8_t m[1500];

	net_put32(m, 0x80000004);
	net_put32(m + 4, 1400);
	net_rndis(h, 0, m, 1400);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->control_large, 1);
	ck_assert_uint_eq(stats(h)->control_bad, 1);
	net_free(h);
}
END_TEST

START_TEST(replies_cut_off_by_their_type_are_dropped)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t m[52] = { 0 };

	net_put32(m, 0x80000002);
	net_put32(m + 4, 47);
	net_rndis(h, 0, m, 47);
	net_put32(m + 4, 48);
	net_rndis(h, 0, m, 48);
	net_put32(m, 0x80000005);
	net_put32(m + 4, 15);
	net_rndis(h, 0, m, 15);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->replies_bad, 2);
	ck_assert_uint_eq(stats(h)->replies_unmatched, 1);
	net_free(h);
}
END_TEST

START_TEST(filter_and_offloads_count_when_the_host_took_them)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 0x20, &id), HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0xd);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0x20);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).id, id);
	h->bad_oid = 0x0001010e;
	h->bad_status = 0xc0000001;
	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 1, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0x20);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status, 0xc0000001);
	ck_assert_int_eq(hvp_netvsc_set_offloads(&h->dev, HVP_NETVSC_OFFLOAD_RX_TCP4, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, HVP_NETVSC_OFFLOAD_RX_TCP4);
	h->bad_oid = 0xfc01020c;
	ck_assert_int_eq(hvp_netvsc_set_offloads(&h->dev, 0, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, HVP_NETVSC_OFFLOAD_RX_TCP4);
	net_free(h);
}
END_TEST

START_TEST(link_events_are_told_one_at_a_time_and_not_too_often)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t speed = 250000000;
	uint32_t wire = net_word(speed);
	struct hvp_netvsc_event ev;

	net_indicate(h, 0x4001000c, NULL, 0);
	net_turn(h);
	ck_assert(!net_event(h, HVP_NETVSC_EV_LINK).up);
	/* many changes within the interval: the last one is told, once */
	for (int i = 0; i < 5; i++) {
		net_indicate(h, 0x4001000b, NULL, 0);
		net_indicate(h, 0x4001000c, NULL, 0);
	}
	net_indicate(h, 0x4001000b, NULL, 0);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(net_run(h), h->f->now + 2 * SECOND);
	net_sleep(h, 2 * SECOND);
	ck_assert(net_event(h, HVP_NETVSC_EV_LINK).up);
	net_no_event(h);
	net_sleep(h, 2 * SECOND);
	net_indicate(h, 0x40010013, &wire, 4);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_LINK);
	ck_assert(ev.up);
	ck_assert_uint_eq(ev.speed, speed);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->link_speed, speed);
	net_free(h);
}
END_TEST

START_TEST(a_network_change_or_a_short_loss_is_a_bounce_of_the_link)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t kind = net_word(2);

	if (_i == 0) {
		net_indicate(h, 0x40010018, &kind, 4);
	} else {
		net_indicate(h, 0x4001000c, NULL, 0);
		net_indicate(h, 0x4001000b, NULL, 0);
	}
	net_turn(h);
	ck_assert(!net_event(h, HVP_NETVSC_EV_LINK).up);
	net_no_event(h);
	net_sleep(h, 2 * SECOND);
	ck_assert(net_event(h, HVP_NETVSC_EV_LINK).up);
	net_no_event(h);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_ATTACHED);
	net_free(h);
}
END_TEST

START_TEST(indications_are_bounded_by_their_range_and_not_by_their_length)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t m[40] = { 7 };

	/* BUG-152: message_length without the buffer */
	net_put32(m + 4, 20);
	net_put32(m + 8, 0x40010013);
	net_put32(m + 12, 4);
	net_put32(m + 16, 12);
	net_put32(m + 20, 77);
	net_rndis(h, 0, m, 24);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->link_speed, 77);
	ck_assert_uint_eq(stats(h)->indications_bad, 0);
	net_rndis(h, 0, m, 23); /* the buffer leaves the range */
	net_put32(m + 16, 0xffffffff);
	net_rndis(h, 0, m, 24);
	net_put32(m + 16, 11); /* in the fixed part */
	net_rndis(h, 0, m, 24);
	net_put32(m + 16, 12);
	net_put32(m + 12, 3); /* too short for a speed */
	net_rndis(h, 0, m, 24);
	net_rndis(h, 0, m, 19);
	net_put32(m + 4, 7);
	net_rndis(h, 0, m, 24);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->indications, 7);
	ck_assert_uint_eq(stats(h)->indications_bad, 6);
	net_indicate(h, 0x40020006, m, 40);
	net_indicate(h, 0x12345678, NULL, 0);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->indications_ignored, 2);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->link_speed, 77);
	net_free(h);
}
END_TEST

START_TEST(an_indication_in_the_middle_of_an_attach_disturbs_nothing)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->silent_oid = 0x01010101;
	net_start(h);
	net_turn(h);
	net_indicate(h, 0x40010018, NULL, 0);
	net_indicate(h, 0x4001000b, NULL, 0);
	net_turn(h);
	net_no_event(h);
	h->silent_oid = 0;
	net_reply(h, fake_u32(h->log[h->seen - 1].control + 8), 0x80000004, 0, "\0\x15\x5d\1\2\3",
		  6);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_no_event(h);
	net_free(h);
}
END_TEST

static void path(struct net_host *h, uint32_t value)
{
	uint32_t words[2] = { net_word(129), net_word(value) };

	net_inband(h, 0, words, 8, true);
}

static void associate(struct net_host *h, uint32_t allocated, uint32_t serial)
{
	uint32_t words[3] = { net_word(128), net_word(allocated), net_word(serial) };

	net_inband(h, 0, words, 12, true);
}

START_TEST(traffic_moves_to_an_associated_vf_and_back)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t before = h->completions;
	struct hvp_netvsc_event ev;

	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 1), HVP_STATE);
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 2), HVP_ARG);
	associate(h, 1, 42);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_VF);
	ck_assert(ev.up);
	ck_assert_uint_eq(ev.serial, 42);
	/* the completion asked for is sent, empty */
	ck_assert_uint_eq(h->completions, before + 1);
	ck_assert_uint_eq(h->completion_size, 0);
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 1), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 0), HVP_AGAIN);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->data_path, 0);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_DATA_PATH);
	ck_assert_int_eq(ev.status, HVP_OK);
	ck_assert_uint_eq(ev.path, 1);
	ck_assert_uint_eq(fake_u32(h->log[h->seen - 1].bytes + 4), 1);
	/* the host takes it back, and then the VF */
	path(h, 0);
	associate(h, 0, 42);
	net_turn(h);
	ck_assert(!net_event(h, HVP_NETVSC_EV_VF).up);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_DATA_PATH).path, 0);
	path(h, 1);
	path(h, 7);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(stats(h)->nvsp_bad, 2);
	net_free(h);
}
END_TEST

START_TEST(a_switch_without_an_answer_ends_after_a_while)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_event ev;
	uint64_t id;

	associate(h, 1, 1);
	net_turn(h);
	net_skip_events(h);
	h->silent_nvsp = 129;
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 1), HVP_OK);
	path(h, 0);
	net_turn(h);
	net_no_event(h);
	id = h->log[h->seen - 1].id;
	ck_assert_uint_eq(net_run(h), h->f->now + 10 * SECOND);
	net_sleep(h, 10 * SECOND);
	ev = net_event(h, HVP_NETVSC_EV_DATA_PATH);
	ck_assert_int_eq(ev.status, HVP_TIMEOUT);
	ck_assert_uint_eq(ev.path, 0);
	net_complete(h, 0, id, NULL, 0);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->data_path, 0);
	net_free(h);
}
END_TEST

START_TEST(a_switch_needs_version_4_and_room)
{
	struct net_host *h = net_attached(0x30002, 1);
	uint32_t *index;

	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 0), HVP_UNSUPPORTED);
	associate(h, 1, 1);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(stats(h)->nvsp_bad, 1);
	net_free(h);
	h = net_attached(0x40000, 1);
	while (hvp_ring_tx_put(&h->queues[0].tx,
			       &(struct hvp_ring_out){ .type = HVP_PACKET_COMPLETION,
						       .transaction_id = 5 }) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 0), HVP_AGAIN);
	index = (uint32_t *)h->memory[0].tx.control + 1;
	*index = 5;
	ck_assert_int_eq(hvp_netvsc_switch_path(&h->dev, 0), HVP_CORRUPT);
	net_event(h, HVP_NETVSC_EV_ERROR);
	net_free(h);
}
END_TEST

static void table(struct net_host *h, uint32_t count, uint32_t offset, uint32_t place,
		  uint32_t size, uint32_t first)
{
	uint8_t m[128] = { 134 };

	net_put32(m + 4, count);
	net_put32(m + 8, offset);
	for (uint32_t i = 0; i < 16; i++)
		net_put32(m + place + 4 * i, i == 0 ? first : (i + 1) % 2);
	net_inband(h, 0, m, size, false);
	net_turn(h);
}

START_TEST(the_hosts_table_is_checked_before_it_is_used)
{
	struct net_host *h = net_attached(0x60001, 2);
	const uint8_t *t = hvp_netvsc_host_table(&h->dev);

	ck_assert_uint_eq(t[1], 1);
	table(h, 16, 12, 12, 80, 1);
	net_event(h, HVP_NETVSC_EV_TABLE);
	ck_assert_uint_eq(t[0], 1);
	ck_assert_uint_eq(t[1], 0);
	table(h, 16, 40, 40, 104, 1); /* as Windows places it */
	net_event(h, HVP_NETVSC_EV_TABLE);
	table(h, 15, 12, 12, 80, 0);
	table(h, 17, 12, 12, 80, 0);
	table(h, 16, 17, 12, 80, 0);
	table(h, 16, 0xffffffff, 12, 80, 0);
	table(h, 16, 12, 12, 80, 2);
	table(h, 16, 12, 12, 80, 0xffffffff);
	table(h, 16, 12, 12, 8, 0);
	net_no_event(h);
	ck_assert_uint_eq(stats(h)->tables, 2);
	ck_assert_uint_eq(stats(h)->tables_bad, 7);
	ck_assert_uint_eq(t[0], 1);
	net_free(h);
	/* BUG-109: up to 6.0 the offset may be wrong, and the table at 40 */
	h = net_attached(0x60000, 2);
	table(h, 16, 12, 40, 104, 1);
	net_event(h, HVP_NETVSC_EV_TABLE);
	table(h, 16, 12, 12, 80, 1);
	net_event(h, HVP_NETVSC_EV_TABLE);
	ck_assert_uint_eq(stats(h)->tables_bad, 0);
	net_free(h);
}
END_TEST

START_TEST(unknown_and_cut_off_messages_are_ignored_and_counted)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t words[2] = { net_word(136), 0 };
	uint32_t answer[4] = { net_word(2), 0, 0, net_word(1) };

	net_inband(h, 0, words, 8, false);
	words[0] = net_word(1);
	net_inband(h, 0, words, 8, true);
	net_inband(h, 0, NULL, 0, false);
	words[0] = net_word(128);
	net_inband(h, 0, words, 8, false);
	net_turn(h);
	ck_assert_uint_eq(stats(h)->nvsp_unknown, 3);
	ck_assert_uint_eq(stats(h)->nvsp_bad, 1);
	net_no_event(h);
	/* an answer to INIT, again */
	net_complete(h, 0, h->log[0].id, answer, 16);
	net_turn(h);
	ck_assert_uint_eq(h->queues[0].stats.completions_unknown, 1);
	net_free(h);
}
END_TEST

/* An answer to the attach that is cut off or of another type is dropped, and the wait goes on. */
START_TEST(answers_that_do_not_fit_their_request_are_dropped)
{
	static const uint32_t steps[] = { 1, 101, 104, 133 };
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	uint32_t other[8] = { net_word(132), net_word(1), net_word(1), net_word(1) };
	uint64_t id;

	h->cfg.queue_count = 2;
	h->silent_nvsp = steps[_i];
	h->sub_offers = 0;
	net_start(h);
	net_turn(h);
	id = h->log[h->seen - 1].id;
	ck_assert_uint_eq(h->log[h->seen - 1].nvsp, steps[_i]);
	net_complete(h, 0, id, NULL, 0);
	net_complete(h, 0, id, other, 8);
	other[0] = net_word(steps[_i] == 133 ? 133 : steps[_i] + 1);
	net_complete(h, 0, id, other, 8);
	net_turn(h);
	ck_assert_uint_eq(h->queues[0].stats.completions_bad, 3);
	net_no_event(h);
	h->silent_nvsp = 0;
	for (int i = 0; i < 4; i++)
		net_sleep(h, 10 * SECOND + 1);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_TIMEOUT);
	net_free(h);
}
END_TEST

START_TEST(an_answer_that_comes_too_late_is_expected_by_nobody)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	uint32_t answer[4] = { net_word(2), 0, 0, net_word(1) };

	h->silent_nvsp = 1;
	net_start(h);
	net_turn(h);
	net_complete(h, 0, h->log[0].id, answer, 16);
	net_complete(h, 0, h->log[0].id, answer, 16);
	net_turn(h);
	ck_assert_uint_eq(h->queues[0].stats.completions_unknown, 1);
	net_free(h);
}
END_TEST

START_TEST(rss_is_set_with_key_and_table)
{
	struct net_host *h = net_attached(0x60001, 4);
	struct hvp_netvsc_rss rss = { .hash_info = 0x701, .entries = 8 };
	const struct net_seen *s;
	uint32_t id;

	memset(rss.key, 0x5a, sizeof(rss.key));
	for (uint32_t i = 0; i < 8; i++)
		rss.table[i] = (uint8_t)(3 - i % 4);
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_OK);
	net_turn(h);
	s = net_expect_oid(h, 5, 0x00010204);
	ck_assert_uint_eq(s->control_size, 28 + 40 + 32 + 40);
	ck_assert_uint_eq(fake_u32(s->control + 28 + 8), 0x701);
	ck_assert_uint_eq(fake_u32(s->control + 28 + 40), 3);
	ck_assert_uint_eq(s->control[28 + 72], 0x5a);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status, 0);
	rss.table[7] = 4;
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_ARG);
	rss.entries = 0;
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_ARG);
	rss.entries = 129;
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_ARG);
	/* off, and off again after another MTU */
	rss.entries = 4;
	rss.hash_info = 0;
	ck_assert_int_eq(hvp_netvsc_set_rss(&h->dev, &rss, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(net_expect_oid(h, 5, 0x00010204)->control[28 + 4], 0x10);
	for (int i = 0; i < 3; i++)
		(void)!hvp_netvsc_set_rss(&h->dev, &rss, &id);
	net_turn(h);
	net_skip_events(h);
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 1400), HVP_OK);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(request_ids_go_around_without_zero)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(0x00010107, NULL, 0);
	uint32_t id;

	h->dev.next_request = 0xffffffff;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	ck_assert_uint_eq(id, 1);
	net_free(h);
}
END_TEST

START_TEST(requests_wait_for_room_in_the_ring)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(0x00010107, NULL, 0);
	uint32_t *index = (uint32_t *)h->memory[0].tx.control + 1;
	uint32_t id;

	while (hvp_ring_tx_put(&h->queues[0].tx,
			       &(struct hvp_ring_out){ .type = HVP_PACKET_COMPLETION,
						       .transaction_id = 5 }) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	(void)net_run(h);
	ck_assert_uint_eq(h->requests[0].state + h->requests[1].state + h->requests[2].state +
				  h->requests[3].state,
			  1);
	if (_i == 0) {
		net_turn(h);
		net_event(h, HVP_NETVSC_EV_OID);
	} else if (_i == 1) {
		h->deaf = true;
		net_sleep(h, 10 * SECOND); /* never sent: nothing is the host's */
		ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status,
				  HVP_NETVSC_TIMED_OUT);
		ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	} else {
		*index = 3;
		(void)net_run(h);
		net_event(h, HVP_NETVSC_EV_ERROR);
	}
	net_free(h);
}
END_TEST

START_TEST(requests_in_flight_end_with_the_device)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(0x00010107, NULL, 0);
	uint32_t id;

	h->silent_oid = 0x00010107;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	fake_rescind(h->f, NET_CHANNEL);
	net_turn(h);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_OID).rndis_status, HVP_NETVSC_TIMED_OUT);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	net_free(h);
}
END_TEST

/* A host that never answers a switch of the data path uses up the ids; nothing else breaks. */
START_TEST(ids_that_are_never_given_back_stop_sends_and_requests)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = oid_of(0x00010107, NULL, 0);
	uint8_t *bytes = net_frame_bytes(100, 0);
	struct hvp_netvsc_piece piece;
	uint64_t pfns[1];
	struct hvp_netvsc_frame f = net_make(&piece, pfns, bytes, 100);
	enum hvp_status status;
	uint32_t id;

	h->silent_nvsp = 129;
	while ((status = hvp_netvsc_switch_path(&h->dev, 0)) == HVP_OK) {
		net_turn(h);
		net_sleep(h, 10 * SECOND);
	}
	ck_assert_int_eq(status, HVP_AGAIN);
	net_skip_events(h);
	ck_assert_int_eq(hvp_netvsc_send(&h->queues[0], &f), HVP_AGAIN);
	f.flags = HVP_NETVSC_TX_NO_COPY;
	ck_assert_int_eq(hvp_netvsc_send(&h->queues[0], &f), HVP_AGAIN);
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(h->log[h->seen - 1].nvsp, 129);
	net_skip_events(h);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	for (int i = 0; i < 4; i++)
		net_sleep(h, 10 * SECOND);
	do {
		struct hvp_netvsc_event ev;

		ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
		status = ev.type == HVP_NETVSC_EV_DETACHED ? HVP_OK : HVP_AGAIN;
	} while (status != HVP_OK);
	free(bytes);
	net_free(h);
}
END_TEST

START_TEST(an_early_notice_of_the_data_path_is_for_those_who_know_it)
{
	struct net_host *h = net_attached(0x30002, 1);

	path(h, 0);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(stats(h)->nvsp_bad, 1);
	net_free(h);
	h = net_attached(0x50000, 1);
	path(h, 0);
	net_turn(h);
	ck_assert_uint_eq(net_event(h, HVP_NETVSC_EV_DATA_PATH).path, 0);
	net_free(h);
}
END_TEST

START_TEST(what_is_set_by_hand_is_not_taken_for_ours)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t value[28] = { 0x80, 3, 28 };
	struct hvp_netvsc_oid oid = { .oid = 0xfc01020c, .input = value, .input_size = 28 };
	uint32_t before = hvp_netvsc_info(&h->dev)->offloads;
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, before);
	oid.oid = 0x0001010e;
	oid.input_size = 4;
	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	/* but a filter is a filter, however it is set */
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0x001c0380);
	oid.input_size = 3;
	ck_assert_int_eq(hvp_netvsc_set(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0x001c0380);
	net_skip_events(h);
	ck_assert_int_eq(hvp_netvsc_set_multicast(&h->dev, value, 0, &id), HVP_OK);
	net_turn(h);
	net_free(h);
}
END_TEST

START_TEST(a_cut_answer_with_a_failure_keeps_the_hosts_status)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t answer[2];
	struct hvp_netvsc_oid oid = oid_of(0x00010107, answer, 2);
	struct hvp_netvsc_event ev;
	uint32_t id;

	h->silent_oid = 0x00010107;
	ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	net_reply(h, id, 0x80000004, 0xc0010016, "\1\2\3\4", 4);
	net_turn(h);
	ev = net_event(h, HVP_NETVSC_EV_OID);
	ck_assert_uint_eq(ev.rndis_status, 0xc0010016);
	ck_assert_uint_eq(ev.size, 2);
	net_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netvsc_control");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_query_brings_the_value);
	tcase_add_test(t, an_answer_that_is_too_long_is_cut_and_one_that_fails_is_told);
	tcase_add_test(t, several_requests_may_be_in_flight_and_one_slot_is_kept);
	tcase_add_test(t, a_request_that_makes_no_sense_is_refused);
	tcase_add_test(t, a_reply_that_does_not_come_times_out_and_is_dropped_when_it_does);
	tcase_add_test(t, a_page_stays_the_hosts_until_it_is_acknowledged);
	tcase_add_loop_test(t, every_bound_of_a_reply_is_checked, 0,
			    (int)(sizeof(replies) / sizeof(replies[0])));
	tcase_add_test(t, a_message_larger_than_the_scratch_memory_is_no_reply);
	tcase_add_test(t, replies_cut_off_by_their_type_are_dropped);
	tcase_add_test(t, filter_and_offloads_count_when_the_host_took_them);
	tcase_add_test(t, link_events_are_told_one_at_a_time_and_not_too_often);
	tcase_add_loop_test(t, a_network_change_or_a_short_loss_is_a_bounce_of_the_link, 0, 2);
	tcase_add_test(t, indications_are_bounded_by_their_range_and_not_by_their_length);
	tcase_add_test(t, an_indication_in_the_middle_of_an_attach_disturbs_nothing);
	tcase_add_test(t, traffic_moves_to_an_associated_vf_and_back);
	tcase_add_test(t, a_switch_without_an_answer_ends_after_a_while);
	tcase_add_test(t, a_switch_needs_version_4_and_room);
	tcase_add_test(t, the_hosts_table_is_checked_before_it_is_used);
	tcase_add_test(t, unknown_and_cut_off_messages_are_ignored_and_counted);
	tcase_add_loop_test(t, answers_that_do_not_fit_their_request_are_dropped, 0, 4);
	tcase_add_test(t, an_answer_that_comes_too_late_is_expected_by_nobody);
	tcase_add_test(t, rss_is_set_with_key_and_table);
	tcase_add_test(t, request_ids_go_around_without_zero);
	tcase_add_loop_test(t, requests_wait_for_room_in_the_ring, 0, 3);
	tcase_add_test(t, requests_in_flight_end_with_the_device);
	tcase_add_test(t, ids_that_are_never_given_back_stop_sends_and_requests);
	tcase_add_test(t, an_early_notice_of_the_data_path_is_for_those_who_know_it);
	tcase_add_test(t, what_is_set_by_hand_is_not_taken_for_ours);
	tcase_add_test(t, a_cut_answer_with_a_failure_keeps_the_hosts_status);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
