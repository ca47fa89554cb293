/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and signals of channels: GPADLs, page visibility, reserved channels, moving. */
#include "fake_host.h"

static const struct hvp_gpadl_range one_page = { .byte_count = 4096, .first_pfn = 0x42 };

static struct hvp_gpadl *create(struct fake *f, struct hvp_channel *ch)
{
	struct hvp_gpadl *g;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_created(f, hvp_channel_id(ch), hvp_gpadl_id(g), 0);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_GPADL_CREATED).gpadl, g);
	return g;
}

START_TEST(a_gpadl_lives_from_created_to_torn_down)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl *g = create(f, ch);
	struct hvp_event ev;
	const uint8_t *m;

	g->user = f;
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_STATE);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	ck_assert_uint_eq(fake_u32(m + 8), 1);
	ck_assert_uint_eq(fake_u32(m + 12), hvp_gpadl_id(g));
	fake_no_event(f);
	fake_torndown(f, hvp_gpadl_id(g));
	ev = fake_event(f, HVP_EV_GPADL_RETURNED);
	ck_assert_ptr_eq(ev.user, f);
	ck_assert_int_eq(ev.status, HVP_OK);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_refused_gpadl_says_so_and_comes_back)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl *g;
	struct hvp_event ev;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	fake_tick(f);
	fake_created(f, 1, hvp_gpadl_id(g), 0x8000ffff);
	ev = fake_event(f, HVP_EV_GPADL_CREATED);
	ck_assert_int_eq(ev.status, HVP_REFUSED);
	ck_assert_uint_eq(ev.host_status, 0x8000ffff);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* A host drops the teardown of a GPADL that it has not accepted yet (section 5.5). */
START_TEST(a_teardown_asked_early_is_sent_after_the_answer)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl *g;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	fake_tick(f);
	f->read++;
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_OK);
	fake_tick(f);
	fake_expect_nothing(f);
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	fake_torndown(f, hvp_gpadl_id(g));
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

START_TEST(a_gpadl_that_was_never_posted_comes_back_at_once)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl *g;

	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_OK);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_tick(f);
	fake_expect_nothing(f);
	fake_free(f);
}
END_TEST

/* Posting stops in the middle for want of buffers and goes on where it was. */
START_TEST(a_long_gpadl_is_posted_on_after_a_full_host)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl_range range = { .byte_count = 8190u * 4096u, .first_pfn = 1 };
	struct hvp_gpadl *g;
	unsigned int before = f->posted;

	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	while (f->posted < before + 293) {
		f->answer = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
		f->answers = 1;
		fake_sleep(f, 10000000);
		fake_sleep(f, 10000000);
	}
	fake_skip_posts(f);
	for (unsigned int i = 0; i < 293; i++) {
		const struct fake_post *p = &f->posts[before + i];

		ck_assert_uint_eq(fake_u32(p->bytes), i == 0 ? 8 : 9);
		if (i > 0)
			ck_assert_uint_eq(fake_u64(p->bytes + 16), 27 + 28 * (i - 1));
	}
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	fake_event(f, HVP_EV_GPADL_CREATED);
	fake_free(f);
}
END_TEST

/* A host that says success of a list whose end it has not seen is not believed. */
START_TEST(success_before_the_last_body_is_ignored_and_failure_ends_the_posting)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl_range range = { .byte_count = 100 * 4096, .first_pfn = 1 };
	struct hvp_gpadl *g;

	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	fake_created(f, 1, hvp_gpadl_id(g), 0);
	fake_skip_posts(f);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->ignored, 1);
	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	f->answer = 0;
	fake_tick(f);
	fake_skip_posts(f);
	fake_created(f, 1, hvp_gpadl_id(g), 1);
	fake_event(f, HVP_EV_GPADL_CREATED);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_free(f);
}
END_TEST

/* BUG-101: ids are unique over the connection and never 0, also when the counter wraps. */
START_TEST(bug_101_ids_are_unique_over_channels_and_never_zero)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *a = fake_offered(f, 1);
	struct hvp_channel *b = fake_offered(f, 2);
	struct hvp_gpadl *g[4];

	ck_assert_int_eq(hvp_gpadl_create(a, &one_page, 1, &g[0]), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_create(b, &one_page, 1, &g[1]), HVP_OK);
	ck_assert_uint_ne(hvp_gpadl_id(g[0]), hvp_gpadl_id(g[1]));
	f->bus.next_gpadl_id = UINT32_MAX;
	ck_assert_int_eq(hvp_gpadl_create(a, &one_page, 1, &g[2]), HVP_OK);
	ck_assert_uint_eq(hvp_gpadl_id(g[2]), UINT32_MAX);
	f->bus.next_gpadl_id = 0;
	ck_assert_int_eq(hvp_gpadl_create(a, &one_page, 1, &g[3]), HVP_OK);
	ck_assert_uint_eq(hvp_gpadl_id(g[3]), 1);
	f->bus.next_gpadl_id = hvp_gpadl_id(g[0]);
	ck_assert_int_eq(hvp_gpadl_create(a, &one_page, 1, &g[2]), HVP_OK);
	ck_assert_uint_ne(hvp_gpadl_id(g[2]), hvp_gpadl_id(g[0]));
	ck_assert_uint_ne(hvp_gpadl_id(g[2]), hvp_gpadl_id(g[1]));
	fake_free(f);
}
END_TEST

/* BUG-097 and BUG-098: buffers may be torn down after the channel was closed. */
START_TEST(bug_097_and_098_buffers_outlive_the_close_until_torn_down)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl *g = create(f, ch);

	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_CLOSE_CHANNEL, 12);
	fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	fake_torndown(f, fake_ring_id(ch));
	fake_event(f, HVP_EV_CLOSED);
	fake_torndown(f, hvp_gpadl_id(g));
	fake_event(f, HVP_EV_GPADL_RETURNED);
	fake_free(f);
}
END_TEST

START_TEST(slots_for_gpadls_are_bounded_and_come_free_again)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);
	struct hvp_gpadl *g;

	for (int i = 0; i < FAKE_GPADLS; i++)
		ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_NOSPACE);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_NOSPACE);
	fake_tick(f);
	fake_created(f, 1, hvp_gpadl_id(&f->gpadls[3]), 1);
	fake_skip_events(f);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_free(f);
}
END_TEST

/* BUG-100: what could not be made visible leaves nothing behind. */
START_TEST(bug_100_a_failed_visibility_change_leaves_no_gpadl)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);
	struct hvp_gpadl *g;

	f->refuse_share = true;
	for (int i = 0; i < 2 * FAKE_GPADLS; i++) {
		ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OS);
		ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OS);
	}
	fake_tick(f);
	fake_expect_nothing(f);
	ck_assert_uint_eq(f->made_private, 0);
	f->refuse_share = false;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_free(f);
}
END_TEST

/* CORE-SEC-32 and 33 */
START_TEST(pages_are_shared_before_and_private_after_the_host_uses_them)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_uint_eq(f->shared, 1);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->made_private, 0);
	fake_torndown(f, fake_ring_id(ch));
	ck_assert_uint_eq(f->made_private, 0);
	f->refuse_private = true;
	ck_assert_int_eq(fake_event(f, HVP_EV_CLOSED).status, HVP_OS);
	ck_assert_uint_eq(f->made_private, 1);
	fake_free(f);
}
END_TEST

/* BUG-082: only what was shared is made private. */
START_TEST(bug_082_confidential_channels_keep_their_memory_private)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	struct fake *f = fake_connected(0x60000, HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS);
	struct hvp_open open = fake_params(f);
	struct hvp_channel *ch;
	struct hvp_gpadl *g;
	uint8_t m[196];

	fake_offer_bytes(m, 1, &network, 1, 0);
	m[56] = HVP_VMBUS_OFFER_CONFIDENTIAL_RING_BUFFER;
	fake_send(f, m, sizeof(m));
	ch = fake_event(f, HVP_EV_OFFER).channel;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	ck_assert_uint_eq(f->shared, 0);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_opened(f, 1, ch->open_id, 0);
	fake_event(f, HVP_EV_OPENED);
	ck_assert_int_eq(hvp_gpadl_create(ch, &one_page, 1, &g), HVP_OK);
	ck_assert_uint_eq(f->shared, 1);
	fake_tick(f);
	fake_rescind(f, 1);
	fake_skip_events(f);
	ck_assert_uint_eq(f->made_private, 1);
	fake_free(f);
}
END_TEST

/* BUG-083: all of a channel's GPADLs come back, not the first or the last only. */
START_TEST(bug_083_all_gpadls_come_back_with_the_connection)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_event ev;
	int returned = 0;

	for (int i = 0; i < 10; i++)
		create(f, ch);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	while (hvp_bus_next_event(&f->bus, &ev))
		returned += ev.type == HVP_EV_GPADL_RETURNED;
	ck_assert_int_eq(returned, 10);
	ck_assert_uint_eq(f->shared, f->made_private);
	fake_free(f);
}
END_TEST

/* --- moving -------------------------------------------------------------------------------- */

START_TEST(modify_follows_the_version)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	const uint8_t *m;

	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_UNSUPPORTED);
	fake_free(f);

	f = fake_connected(0x50002, 0);
	ch = fake_open(f, 1);
	ck_assert_int_eq(hvp_channel_modify(ch, HVP_VP_NONE), HVP_ARG);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	fake_no_event(f);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_MODIFY_CHANNEL, 16);
	ck_assert_uint_eq(fake_u32(m + 12), 2);
	ck_assert(!fake_event(f, HVP_EV_MODIFIED).confirmed);
	fake_free(f);

	f = fake_connected(0x50003, 0);
	ch = fake_open(f, 1);
	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_AGAIN);
	fake_tick(f);
	fake_no_event(f);
	fake_modified(f, 1, 5);
	ck_assert_int_eq(fake_event(f, HVP_EV_MODIFIED).status, HVP_REFUSED);
	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_OK);
	fake_tick(f);
	fake_modified(f, 1, 0);
	ck_assert(fake_event(f, HVP_EV_MODIFIED).confirmed);
	fake_free(f);
}
END_TEST

START_TEST(modify_cannot_enable_interrupts_of_a_polled_channel)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	open.target_vp = HVP_VP_NONE;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_opened(f, 1, ch->open_id, 0);
	ck_assert_int_eq(hvp_channel_modify(ch, 1), HVP_STATE);
	fake_free(f);
}
END_TEST

START_TEST(a_close_ends_a_pending_modify_with_a_result)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_int_eq(hvp_channel_modify(ch, 2), HVP_OK);
	fake_tick(f);
	f->read++;
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(fake_event(f, HVP_EV_MODIFIED).status, HVP_STATE);
	fake_modified(f, 1, 0);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* --- signalling ---------------------------------------------------------------------------- */

static struct hvp_channel *open_offer(struct fake *f, const uint8_t *offer, bool low_latency)
{
	struct hvp_open open = fake_params(f);
	struct hvp_channel *ch;

	open.low_latency = low_latency;
	fake_send(f, offer, 196);
	ch = fake_event(f, HVP_EV_OFFER).channel;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	return ch;
}

START_TEST(a_dedicated_channel_is_signalled_on_its_connection)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 0x2001);
	ck_assert_uint_eq(f->signal_flag, 0);
	f->signal_answer = HVP_HV_STATUS_INVALID_CONNECTION_ID;
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OS);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_STATE);
	ck_assert_uint_eq(f->signals, 2);
	fake_free(f);
}
END_TEST

/* CORE-REQ-021 */
START_TEST(a_shared_channel_sets_its_bit_and_signals_connection_2)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	struct fake *f = fake_connected(0x10001, 0);
	uint8_t m[196];

	fake_offer_bytes(m, 77, &scsi, 1, 0);
	m[190] = 0;
	ck_assert_int_eq(hvp_channel_signal(open_offer(f, m, false)), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 2);
	ck_assert_uint_eq(f->interrupt_page[2048 + 77 / 8], 1 << 77 % 8);
	fake_free(f);
}
END_TEST

/* Hosts of 0.13 end the offer after monitor_allocated. */
START_TEST(an_offer_of_190_bytes_is_signalled_on_connection_2)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	struct fake *f = fake_connected(0xd, 0);
	struct hvp_open open = fake_params(f);
	struct hvp_channel *ch;
	uint8_t m[196];

	fake_offer_bytes(m, 9, &scsi, 1, 0);
	fake_send(f, m, 190);
	ch = fake_event(f, HVP_EV_OFFER).channel;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 2);
	fake_free(f);
}
END_TEST

START_TEST(a_monitored_channel_is_signalled_without_a_hypercall)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	struct fake *f = fake_connected(0x50003, 0);
	uint8_t m[196];

	fake_offer_bytes(m, 1, &scsi, 1, 0);
	m[188] = 70;
	m[189] = 1;
	ck_assert_int_eq(hvp_channel_signal(open_offer(f, m, false)), HVP_OK);
	ck_assert_uint_eq(f->signals, 0);
	ck_assert_uint_eq(f->monitor_page[8 + 2 * 8], 1 << 6);
	fake_offer_bytes(m, 2, &scsi, 2, 0);
	m[188] = 71;
	m[189] = 1;
	ck_assert_int_eq(hvp_channel_signal(open_offer(f, m, true)), HVP_OK);
	ck_assert_uint_eq(f->signals, 1);
	fake_free(f);
}
END_TEST

/* BUG-034: a monitor id beyond 127 is none; CORE-REQ-022: nor is one without the bit. */
START_TEST(bug_034_impossible_monitor_ids_are_not_used)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	static const uint8_t ids[][2] = { { 128, 1 }, { 255, 1 }, { 5, 0 }, { 5, 0xfe } };
	struct fake *f = fake_connected(0x50003, 0);
	uint8_t zero[4096] = { 0 };
	uint8_t m[196];

	for (uint32_t i = 0; i < 4; i++) {
		fake_offer_bytes(m, i + 1, &scsi, i, 0);
		m[188] = ids[i][0];
		m[189] = ids[i][1];
		ck_assert_int_eq(hvp_channel_signal(open_offer(f, m, false)), HVP_OK);
	}
	ck_assert_uint_eq(f->signals, 4);
	ck_assert_mem_eq(f->monitor_page, zero, sizeof(zero));
	fake_free(f);
}
END_TEST

/* --- reserved channels --------------------------------------------------------------------- */

static struct hvp_channel *open_reserved(struct fake *f)
{
	static const struct hvp_gpadl_range ring = { .byte_count = 4 * 4096, .first_pfn = 0x10 };
	struct hvp_channel *ch = fake_offered(f, 5);
	struct hvp_gpadl *g;
	const uint8_t *m;

	ck_assert_int_eq(hvp_gpadl_create(ch, &ring, 1, &g), HVP_OK);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_STATE);
	fake_tick(f);
	f->read++;
	fake_created(f, 5, hvp_gpadl_id(g), 0);
	fake_event(f, HVP_EV_GPADL_CREATED);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 1, 1, 3), HVP_ARG);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 16), HVP_ARG);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_OK);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_OPEN_RESERVED_CHANNEL, 28);
	ck_assert_uint_eq(fake_u32(m + 12), 1);
	ck_assert_uint_eq(fake_u32(m + 16), 3);
	ck_assert_uint_eq(fake_u32(m + 20), hvp_gpadl_id(g));
	ck_assert_uint_eq(fake_u32(m + 24), 2);
	fake_opened(f, 5, 0, 0);
	fake_event(f, HVP_EV_OPENED);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_STATE);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_STATE);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_STATE);
	return ch;
}

START_TEST(a_reserved_channel_closes_with_a_response)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = open_reserved(f);
	const uint8_t *m;

	ck_assert_int_eq(hvp_channel_close_reserved(ch, 0, 16), HVP_ARG);
	ck_assert_int_eq(hvp_channel_close_reserved(ch, 7, 4), HVP_OK);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 6);
	m = fake_expect(f, HVP_VMBUS_CLOSE_RESERVED_CHANNEL, 20);
	ck_assert_uint_eq(fake_u32(m + 12), 7);
	ck_assert_uint_eq(fake_u32(m + 16), 4);
	fake_no_event(f);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_gpadl_teardown(&f->gpadls[0]), HVP_OK);
	fake_free(f);
}
END_TEST

START_TEST(a_reserved_channel_outlives_unload_and_closes_after_it)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = open_reserved(f);

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	fake_event(f, HVP_EV_DISCONNECTED);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OPEN);
	ck_assert_int_eq(hvp_channel_close_reserved(ch, 0, 2), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_CLOSE_RESERVED_CHANNEL, 20);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_RESCINDED);
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	fake_event(f, HVP_EV_GPADL_RETURNED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_FREE);
	fake_free(f);
}
END_TEST

START_TEST(a_reserved_channel_is_known_again_after_a_reconnect)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = open_reserved(f);

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	fake_event(f, HVP_EV_DISCONNECTED);
	fake_connect(f, 0x40000, 0);
	fake_offer(f, 5);
	fake_no_event(f);
	ck_assert_ptr_eq(hvp_bus_channel(&f->bus, 5), ch);
	ck_assert_int_eq(hvp_channel_close_reserved(ch, 0, 2), HVP_OK);
	fake_tick(f);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OFFERED);
	fake_free(f);
}
END_TEST

/* 4.0 opened it; the connection that came after may be older and still answers. */
START_TEST(a_reserved_channel_closes_on_an_older_connection_too)
{
	struct fake *f = fake_connected(0x40000, 0);
	struct hvp_channel *ch = open_reserved(f);

	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	fake_event(f, HVP_EV_DISCONNECTED);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	fake_version(f, 0, 0, 0); /* not 4.0 any more */
	fake_tick(f);
	fake_version(f, 1, 0, FAKE_CONNECTION);
	fake_event(f, HVP_EV_CONNECTED);
	ck_assert_uint_lt(hvp_bus_neg(&f->bus).version, 0x40000);
	fake_tick(f);
	fake_skip_posts(f);
	fake_offer(f, 5);
	ck_assert_int_eq(hvp_channel_close_reserved(ch, 0, 2), HVP_OK);
	fake_tick(f);
	fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OFFERED);
	fake_free(f);
}
END_TEST

START_TEST(a_refused_reserved_open_leaves_the_gpadl)
{
	static const struct hvp_gpadl_range ring = { .byte_count = 4 * 4096, .first_pfn = 0x10 };
	struct fake *f = fake_connected(0x30000, 0);
	struct hvp_channel *ch = fake_offered(f, 5);
	struct hvp_gpadl *g = create(f, ch);

	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_UNSUPPORTED);
	fake_free(f);
	f = fake_connected(0x40000, 0);
	ch = fake_offered(f, 5);
	ck_assert_int_eq(hvp_gpadl_create(ch, &ring, 1, &g), HVP_OK);
	fake_tick(f);
	fake_created(f, 5, hvp_gpadl_id(g), 0);
	fake_event(f, HVP_EV_GPADL_CREATED);
	ck_assert_int_eq(hvp_channel_open_reserved(ch, g, 2, 1, 3), HVP_OK);
	fake_tick(f);
	fake_opened(f, 5, 0, 1);
	ck_assert_int_eq(fake_event(f, HVP_EV_OPENED).status, HVP_REFUSED);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OFFERED);
	ck_assert_int_eq(hvp_gpadl_teardown(g), HVP_OK);
	fake_free(f);
}
END_TEST

static void add_memory(TCase *tc)
{
	tcase_add_test(tc, a_gpadl_lives_from_created_to_torn_down);
	tcase_add_test(tc, a_refused_gpadl_says_so_and_comes_back);
	tcase_add_test(tc, a_teardown_asked_early_is_sent_after_the_answer);
	tcase_add_test(tc, a_gpadl_that_was_never_posted_comes_back_at_once);
	tcase_add_test(tc, a_long_gpadl_is_posted_on_after_a_full_host);
	tcase_add_test(tc, success_before_the_last_body_is_ignored_and_failure_ends_the_posting);
	tcase_add_test(tc, bug_101_ids_are_unique_over_channels_and_never_zero);
	tcase_add_test(tc, bug_097_and_098_buffers_outlive_the_close_until_torn_down);
	tcase_add_test(tc, slots_for_gpadls_are_bounded_and_come_free_again);
	tcase_add_test(tc, bug_100_a_failed_visibility_change_leaves_no_gpadl);
	tcase_add_test(tc, pages_are_shared_before_and_private_after_the_host_uses_them);
	tcase_add_test(tc, bug_082_confidential_channels_keep_their_memory_private);
	tcase_add_test(tc, bug_083_all_gpadls_come_back_with_the_connection);
}

static void add_others(TCase *tc)
{
	tcase_add_test(tc, modify_follows_the_version);
	tcase_add_test(tc, modify_cannot_enable_interrupts_of_a_polled_channel);
	tcase_add_test(tc, a_close_ends_a_pending_modify_with_a_result);
	tcase_add_test(tc, a_dedicated_channel_is_signalled_on_its_connection);
	tcase_add_test(tc, a_shared_channel_sets_its_bit_and_signals_connection_2);
	tcase_add_test(tc, an_offer_of_190_bytes_is_signalled_on_connection_2);
	tcase_add_test(tc, a_monitored_channel_is_signalled_without_a_hypercall);
	tcase_add_test(tc, bug_034_impossible_monitor_ids_are_not_used);
	tcase_add_test(tc, a_reserved_channel_closes_with_a_response);
	tcase_add_test(tc, a_reserved_channel_outlives_unload_and_closes_after_it);
	tcase_add_test(tc, a_reserved_channel_is_known_again_after_a_reconnect);
	tcase_add_test(tc, a_reserved_channel_closes_on_an_older_connection_too);
	tcase_add_test(tc, a_refused_reserved_open_leaves_the_gpadl);
}

int main(void)
{
	Suite *suite = suite_create("channel_memory");
	TCase *tc = tcase_create("memory");
	SRunner *sr;
	int failed;

	add_memory(tc);
	add_others(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
