/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a NIC at every moment, another MTU, and what is not the device's business. */
#include "net_host.h"

static void ends(struct net_host *h, enum hvp_status status)
{
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, status);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, status);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_DETACHED);
	ck_assert_ptr_null(h->dev.rx_gpadl);
	ck_assert_ptr_null(h->dev.tx_gpadl);
	ck_assert_int_eq(hvp_channel_state(h->cfg.channel), HVP_CHANNEL_OFFERED);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->attach_failures, 1);
	net_free(h);
}

static int position(const struct net_host *h, uint32_t what, int from)
{
	for (uint32_t i = (uint32_t)from; i < h->order_count; i++)
		if (h->order[i] == what)
			return (int)i;
	return -1;
}

/* filter 0, HALT, revoke, then GPADLs before or after the close: chapter 20 section 6.6 */
START_TEST(a_detach_keeps_the_order_of_its_vmbus_version)
{
	struct net_host *h = net_new(_i == 0 ? HVP_VMBUS_VERSION_3_0 : HVP_VMBUS_VERSION_5_3);
	int at[6];

	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	h->order_count = 0;
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_STATE);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	at[0] = position(h, 200 + 5, 0);
	at[1] = position(h, 200 + 3, 0);
	at[2] = position(h, 103, 0);
	at[3] = position(h, 106, 0);
	at[4] = position(h, HVP_VMBUS_CLOSE_CHANNEL, 0);
	at[5] = position(h, HVP_VMBUS_GPADL_TEARDOWN, 0);
	ck_assert_int_eq(at[0], 0);
	ck_assert_int_lt(at[0], at[1]);
	ck_assert_int_lt(at[1], at[2]);
	ck_assert_int_lt(at[2], at[3]);
	ck_assert_int_lt(at[3], at[4]);
	if (_i == 0) {
		ck_assert_int_lt(at[2], at[5]);
		ck_assert_int_lt(at[5], at[3]);
		ck_assert_int_lt(position(h, HVP_VMBUS_GPADL_TEARDOWN, at[3]), at[4]);
	} else {
		ck_assert_int_lt(at[4], at[5]);
	}
	ck_assert_int_eq(hvp_channel_state(h->cfg.channel), HVP_CHANNEL_OFFERED);
	ck_assert_int_eq(hvp_netvsc_attach(&h->dev), HVP_OK);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(a_detach_never_waits_for_ever)
{
	struct net_host *h = net_attached(0x60001, 2);

	h->silent_oid = 0x0001010e;
	h->silent_nvsp = 107;
	h->hold_tx = true;
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	net_no_event(h);
	for (int i = 0; i < 4; i++)
		net_sleep(h, 100000001);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	ck_assert_uint_ge(hvp_netvsc_stats(&h->dev)->timeouts, 2);
	net_free(h);
}
END_TEST

/* The attach is driven one turn at a time, and given up or rescinded after each. */
static void some_turns(struct net_host *h, int turns)
{
	for (int i = 0; i < turns; i++) {
		if (i % 3 == 0)
			(void)net_run(h);
		else if (i % 3 == 1)
			net_bus_work(h);
		else
			net_host_work(h);
		for (uint32_t q = 0; q < h->cfg.queue_count; q++)
			(void)hvp_netvsc_poll(&h->queues[q], 1);
	}
}

START_TEST(an_attach_can_be_given_up_at_every_moment)
{
	struct net_host *h = net_new(_i % 2 ? HVP_VMBUS_VERSION_3_0 : HVP_VMBUS_VERSION_5_3);
	bool over;

	h->cfg.queue_count = 3;
	net_start(h);
	some_turns(h, _i);
	over = hvp_netvsc_state(&h->dev) == HVP_NETVSC_ATTACHED;
	if (over)
		(void)net_event(h, HVP_NETVSC_EV_ATTACHED);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	net_sleep(h, 20000000);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	net_no_event(h);
	ck_assert_ptr_null(h->dev.rx_gpadl);
	ck_assert_ptr_null(h->dev.tx_gpadl);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_ptr_null(h->queues[i].channel);
	ck_assert_int_eq(hvp_channel_state(h->cfg.channel), HVP_CHANNEL_OFFERED);
	net_free(h);
}
END_TEST

START_TEST(a_device_can_be_taken_back_at_every_moment)
{
	struct net_host *h = net_new(_i % 2 ? HVP_VMBUS_VERSION_3_0 : HVP_VMBUS_VERSION_5_3);
	struct hvp_netvsc_event ev;

	h->cfg.queue_count = 3;
	net_start(h);
	some_turns(h, _i);
	for (uint32_t i = 1; i < 3; i++)
		if (h->queues[i].channel)
			fake_rescind(h->f, 4 + i);
	fake_rescind(h->f, NET_CHANNEL);
	net_turn(h);
	do {
		ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
	} while (ev.type != HVP_NETVSC_EV_DETACHED);
	ck_assert_int_eq(ev.status, HVP_REVOKED);
	ck_assert(h->primary_rescinded);
	ck_assert_ptr_null(h->dev.rx_gpadl);
	ck_assert_ptr_null(h->dev.tx_gpadl);
	ck_assert_int_eq(hvp_netvsc_attach(&h->dev), HVP_OK);
	net_turn(h);
	ck_assert_int_ne(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	ck_assert_int_eq(hvp_channel_release(h->cfg.channel), HVP_OK);
	net_turn(h);
	net_free(h);
}
END_TEST

START_TEST(a_detach_can_be_cut_short_by_a_rescind_at_every_moment)
{
	struct net_host *h = net_attached(0x60001, 3);
	struct hvp_netvsc_event ev;

	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	some_turns(h, _i);
	if (hvp_netvsc_state(&h->dev) != HVP_NETVSC_DETACHED) {
		for (uint32_t i = 1; i < 3; i++)
			if (h->queues[i].channel)
				fake_rescind(h->f, 4 + i);
		fake_rescind(h->f, NET_CHANNEL);
	}
	net_turn(h);
	do {
		ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
	} while (ev.type != HVP_NETVSC_EV_DETACHED);
	ck_assert(ev.status == HVP_REVOKED || ev.status == HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(another_mtu_is_a_detach_and_an_attach_that_keep_what_was_set)
{
	static const uint8_t list[12] = { 1, 0, 0x5e, 0, 0, 1, 1, 0, 0x5e, 0, 0, 2 };
	struct net_host *h = net_attached(0x60001, 2);
	bool multicast = false;
	uint32_t mtu = 0;
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_set_multicast(&h->dev, list, 2, &id), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 0x20, &id), HVP_OK);
	net_turn(h);
	net_skip_events(h);
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 67), HVP_ARG);
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 65522), HVP_ARG);
	h->frame_size = 4000;
	h->read = h->seen;
	/* the sub-channel goes with the primary, as hosts do */
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 4000), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 4000), HVP_STATE);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_no_event(h);
	for (uint32_t i = h->read; i < h->seen; i++) {
		const struct net_seen *s = &h->log[i];

		if (s->nvsp == 125)
			mtu = fake_u32(s->bytes + 4);
		if (s->oid == 0x01010103)
			multicast = memcmp(s->control + 28, list, 12) == 0;
	}
	ck_assert_uint_eq(mtu, 4014);
	ck_assert(multicast);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->filter, 0x20);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->mtu, 4000);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->attaches, 2);
	net_free(h);
}
END_TEST

START_TEST(a_detach_on_the_way_to_another_mtu_stays_down)
{
	struct net_host *h = net_attached(0x60001, 1);

	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 2000), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_DETACHED);
	ck_assert_int_eq(hvp_netvsc_set_mtu(&h->dev, 2000), HVP_STATE);
	net_free(h);
}
END_TEST

START_TEST(a_channel_that_cannot_be_opened_is_a_failed_attach)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->memory[0].ring.byte_count = 4096;
	ck_assert_int_eq(hvp_netvsc_init(&h->dev, &h->cfg), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_attach(&h->dev), HVP_OK);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_ARG);
	ck_assert_int_eq(hvp_netvsc_attach(&h->dev), HVP_STATE);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	net_free(h);
	h = net_new(HVP_VMBUS_VERSION_5_3);
	h->memory[0].rx.size = 4097;
	net_start(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_ARG);
	net_free(h);
}
END_TEST

START_TEST(an_open_that_the_host_refuses_or_forgets_gives_the_ring_back)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->refuse_open = 0xc0000001;
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_REFUSED);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	net_free(h);
	h = net_new(HVP_VMBUS_VERSION_5_3);
	h->hold_bus = true;
	net_start(h);
	net_turn(h);
	net_sleep(h, 100000001);
	net_no_event(h);
	h->hold_bus = false;
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_TIMEOUT);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	net_free(h);
}
END_TEST

START_TEST(a_gpadl_that_the_host_refuses_ends_the_attach)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->refuse_gpadl = 2 + (uint32_t)_i; /* 1 is the ring */
	net_start(h);
	ends(h, HVP_REFUSED);
}
END_TEST

START_TEST(a_gpadl_that_cannot_be_started_ends_the_attach)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	net_start(h);
	h->f->refuse_share = true;
	ends(h, HVP_OS);
}
END_TEST

START_TEST(the_end_of_the_connection_ends_the_device)
{
	struct net_host *h = net_attached(0x60001, 2);
	struct hvp_netvsc_event ev;

	hvp_bus_lost(&h->f->bus);
	net_bus_work(h);
	net_turn(h);
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	ck_assert_int_eq(hvp_bus_connect(&h->f->bus), HVP_OK);
	fake_tick(h->f);
	fake_skip_posts(h->f);
	fake_version(h->f, 1, 0, FAKE_CONNECTION);
	net_turn(h);
	do {
		ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
	} while (ev.type != HVP_NETVSC_EV_DETACHED);
	ck_assert_int_eq(ev.status, HVP_STATE);
	net_free(h);
}
END_TEST

START_TEST(events_of_others_are_left_to_them)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_event ev = { .type = HVP_EV_CONNECTED };
	struct hvp_channel other;
	struct hvp_gpadl gpadl;

	memset(&other, 0, sizeof(other));
	ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	ev.channel = &other;
	ev.type = HVP_EV_OPENED;
	ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	ev.type = HVP_EV_GPADL_CREATED;
	ev.gpadl = &gpadl;
	ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	ev.type = HVP_EV_MODIFIED;
	ev.channel = h->cfg.channel;
	ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	ev.type = HVP_EV_OPENED;
	ck_assert(hvp_netvsc_bus_event(&h->dev, &ev));
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_ATTACHED);
	other.offer = h->cfg.channel->offer;
	other.offer.subchannel_index = 1;
	ev.channel = &other;
	ev.type = HVP_EV_MODIFIED;
	ck_assert(hvp_netvsc_bus_event(&h->dev, &ev));
	ev.type = HVP_EV_OPENED;
	ck_assert(hvp_netvsc_bus_event(&h->dev, &ev));
	ev.type = HVP_EV_CLOSED;
	ck_assert(hvp_netvsc_bus_event(&h->dev, &ev));
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	ev.channel = h->cfg.channel;
	ev.type = HVP_EV_OPENED;
	ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	net_free(h);
}
END_TEST

START_TEST(a_ring_without_room_only_delays_an_attach)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	net_start(h);
	for (int i = 0; i < 3; i++) {
		(void)net_run(h);
		net_bus_work(h);
	}
	/* INIT is in the ring: fill the rest behind the engine's back */
	while (hvp_ring_tx_put(&h->queues[0].tx,
			       &(struct hvp_ring_out){ .type = HVP_PACKET_COMPLETION,
						       .transaction_id = 5 }) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	{
		const uint32_t words[4] = { net_word(2), 0xffffffff, net_word(34), net_word(1) };

		net_complete(h, 0, 1, words, 16);
	}
	(void)hvp_netvsc_poll(&h->queues[0], 4);
	(void)net_run(h);
	(void)net_run(h);
	ck_assert(h->dev.blocked);
	net_turn(h);
	ck_assert(!h->dev.blocked);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(configurations_outside_their_ranges_are_refused)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	struct hvp_netvsc_config c = h->cfg;
	struct hvp_netvsc_queue_memory m = h->memory[0];

#define BAD(change) \
	do { \
		h->cfg = c; \
		h->memory[0] = m; \
		change; \
		ck_assert_int_eq(hvp_netvsc_init(&h->dev, &h->cfg), HVP_ARG); \
	} while (0)
	BAD(h->cfg.bus = NULL);
	BAD(h->cfg.channel = NULL);
	BAD(h->cfg.rx = NULL);
	BAD(h->cfg.queues = NULL);
	BAD(h->cfg.memory = NULL);
	BAD(h->cfg.queue_count = 0);
	BAD(h->cfg.queue_count = 65);
	BAD(h->cfg.requests = NULL);
	BAD(h->cfg.request_count = 1);
	BAD(h->cfg.request_count = 65);
	BAD(h->cfg.control = NULL);
	BAD(h->cfg.control_pfns = NULL);
	BAD(h->cfg.scratch = NULL);
	BAD(h->cfg.scratch_size = 1279);
	BAD(h->cfg.receive.base = NULL);
	BAD(h->cfg.receive.range.byte_count = 0);
	BAD(h->cfg.receive.range.byte_count = 4097);
	BAD(h->cfg.receive.range.byte_offset = 1);
	BAD(h->cfg.receive.range.byte_count = 8191u * 4096u);
	BAD(h->cfg.send.range.byte_count = 0);
	BAD(h->cfg.mtu = 67);
	BAD(h->cfg.mtu = 65522);
	BAD(h->memory[0].packet = NULL);
	BAD(h->memory[0].packet_size = 63);
	BAD(h->memory[0].slots = NULL);
	BAD(h->memory[0].ids = NULL);
	BAD(h->memory[0].slot_count = NET_REQUESTS + 3);
	BAD(h->memory[0].slot_count = 65536);
	BAD(h->memory[0].headers = NULL);
	BAD(h->memory[0].header_pfns = NULL);
	BAD(h->memory[0].done = NULL);
	BAD(h->memory[0].done_count = 0);
	BAD(h->memory[0].done_count = 6);
	BAD(h->memory[0].pieces = NULL);
#undef BAD
	h->cfg = c;
	h->memory[0] = m;
	h->cfg.size = offsetof(struct hvp_netvsc_config, isolated);
	h->cfg.isolated = true;
	ck_assert_int_eq(hvp_netvsc_init(&h->dev, &h->cfg), HVP_OK);
	ck_assert(!h->dev.cfg.isolated);
	net_free(h);
}
END_TEST

START_TEST(a_detach_ends_although_the_host_acknowledges_nothing)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_netvsc_oid oid = { .oid = 0x00010107 };
	struct hvp_netvsc_event ev;
	uint32_t id;

	h->silent_nvsp = 107;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(hvp_netvsc_query(&h->dev, &oid, &id), HVP_OK);
	net_turn(h);
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	for (int i = 0; i < 4; i++)
		net_sleep(h, 100000001);
	do {
		ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
	} while (ev.type != HVP_NETVSC_EV_DETACHED);
	net_free(h);
}
END_TEST

/* The ring fills up while HALT is acknowledged: each revoke waits for its room. */
START_TEST(revokes_wait_for_room_in_the_ring)
{
	struct net_host *h = net_attached(0x60001, 1);
	const struct hvp_ring_out out = { .type = HVP_PACKET_COMPLETION, .transaction_id = 5 };
	uint32_t ack[2] = { net_word(108), net_word(1) };
	struct hvp_ring_packet p;
	uint8_t buf[256];

	h->silent_nvsp = 107;
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	for (int i = 0; i < 20 && hvp_netvsc_state(&h->dev) != HVP_NETVSC_HALTING; i++)
		net_turn(h);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_HALTING);
	while (hvp_ring_tx_put(&h->queues[0].tx, &out) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	net_complete(h, 0, h->log[h->seen - 1].id, ack, 8);
	(void)hvp_netvsc_poll(&h->queues[0], 8);
	(void)net_run(h);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_RX_REVOKING);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(hvp_ring_rx_next(&h->rx[0], buf, sizeof(buf), &p), HVP_OK);
		(void)!hvp_ring_rx_commit(&h->rx[0]);
	}
	for (int i = 0; i < 60 && hvp_netvsc_state(&h->dev) == HVP_NETVSC_RX_REVOKING; i++) {
		ck_assert_int_eq(hvp_ring_rx_next(&h->rx[0], buf, sizeof(buf), &p), HVP_OK);
		(void)!hvp_ring_rx_commit(&h->rx[0]);
		(void)net_run(h);
	}
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_TX_REVOKING);
	net_turn(h);
	net_event(h, HVP_NETVSC_EV_DETACHED);
	net_free(h);
}
END_TEST

START_TEST(a_sub_channel_behind_a_gap_is_closed)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.queue_count = 4;
	h->sub_first = 2;
	net_start(h);
	net_turn(h);
	net_sleep(h, 100000001);
	net_sleep(h, 100000001);
	net_sleep(h, 100000001);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, 1);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->subs_missing, 3);
	net_turn(h);
	for (uint32_t i = 1; i < 4; i++)
		ck_assert_ptr_null(h->queues[i].channel);
	net_free(h);
}
END_TEST

START_TEST(a_sub_channel_that_cannot_be_opened_is_one_less)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.queue_count = 3;
	h->memory[2].tx.size = 5;
	net_start(h);
	net_turn(h);
	for (int i = 0; i < 4; i++)
		net_sleep(h, 100000001);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, 2);
	net_free(h);
}
END_TEST

START_TEST(another_channel_of_the_bus_is_not_a_queue)
{
	struct net_host *h = net_attached(0x60001, 2);

	fake_offer_sub(h->f, 9, 0x1000 + 9, 0);
	ck_assert_ptr_nonnull(fake_event(h->f, HVP_EV_OFFER).channel);
	fake_offer_sub(h->f, 10, 0x1000 + 9, 1);
	{
		struct hvp_event ev = fake_event(h->f, HVP_EV_OFFER);

		ck_assert(!hvp_netvsc_bus_event(&h->dev, &ev));
	}
	/* a sub-channel that comes unasked is taken and left closed */
	hvp_channel_limit_subs(h->cfg.channel, 8);
	fake_offer_sub(h->f, 11, 0x1000 + NET_CHANNEL, 2);
	net_turn(h);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, 2);
	fake_rescind(h->f, 11);
	net_turn(h);
	ck_assert_uint_eq(h->released, 1);
	net_free(h);
}
END_TEST

/* Its sub-channels are left to us then: they are closed, or nothing would ever come back. */
START_TEST(a_rescind_of_the_primary_alone_ends_its_sub_channels)
{
	struct net_host *h = net_attached(0x60001, 3);

	fake_rescind(h->f, NET_CHANNEL);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_REVOKED);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_ptr_null(h->queues[i].channel);
	net_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netvsc_detach");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, a_detach_keeps_the_order_of_its_vmbus_version, 0, 2);
	tcase_add_test(t, a_detach_never_waits_for_ever);
	tcase_add_loop_test(t, an_attach_can_be_given_up_at_every_moment, 0, 140);
	tcase_add_loop_test(t, a_device_can_be_taken_back_at_every_moment, 0, 140);
	tcase_add_loop_test(t, a_detach_can_be_cut_short_by_a_rescind_at_every_moment, 0, 60);
	tcase_add_test(t, another_mtu_is_a_detach_and_an_attach_that_keep_what_was_set);
	tcase_add_test(t, a_detach_on_the_way_to_another_mtu_stays_down);
	tcase_add_test(t, a_channel_that_cannot_be_opened_is_a_failed_attach);
	tcase_add_test(t, an_open_that_the_host_refuses_or_forgets_gives_the_ring_back);
	tcase_add_loop_test(t, a_gpadl_that_the_host_refuses_ends_the_attach, 0, 2);
	tcase_add_test(t, a_gpadl_that_cannot_be_started_ends_the_attach);
	tcase_add_test(t, the_end_of_the_connection_ends_the_device);
	tcase_add_test(t, events_of_others_are_left_to_them);
	tcase_add_test(t, a_ring_without_room_only_delays_an_attach);
	tcase_add_test(t, configurations_outside_their_ranges_are_refused);
	tcase_add_test(t, a_detach_ends_although_the_host_acknowledges_nothing);
	tcase_add_test(t, revokes_wait_for_room_in_the_ring);
	tcase_add_test(t, a_sub_channel_behind_a_gap_is_closed);
	tcase_add_test(t, a_sub_channel_that_cannot_be_opened_is_one_less);
	tcase_add_test(t, another_channel_of_the_bus_is_not_a_queue);
	tcase_add_test(t, a_rescind_of_the_primary_alone_ends_its_sub_channels);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
