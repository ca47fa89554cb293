/* SPDX-License-Identifier: BSD-2-Clause */
/* Channels: offers, opening, signalling, rescinds, memory; and the bugs that others had. */
#include "fake_host.h"

static void release(struct fake *f, struct hvp_channel *ch)
{
	ck_assert_int_eq(hvp_channel_release(ch), HVP_OK);
	fake_tick(f);
}

static void offer_with(struct fake *f, uint32_t id, uint32_t at, uint8_t value)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	uint8_t m[196];

	fake_offer_bytes(m, id, &network, id, 0);
	m[at] = value;
	fake_send(f, m, sizeof(m));
}

/* --- offers -------------------------------------------------------------------------------- */

START_TEST(offers_with_impossible_ids_are_dropped)
{
	static const uint32_t ids[] = { 0, 2048, 2049, 0xffffffff };
	struct fake *f = fake_connected(0x50003, 0);

	for (size_t i = 0; i < 4; i++)
		fake_offer_sub(f, ids[i], 1, 0);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->offers_refused, 4);
	fake_event(f, HVP_EV_DROPPED);
	fake_no_event(f);
	fake_offer_sub(f, 2047, 1, 0);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

/* BUG-053: the id stays reserved until the owner has let go and the release is posted. */
START_TEST(bug_053_an_id_is_not_reused_before_its_release)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);

	fake_rescind(f, 1);
	fake_event(f, HVP_EV_RESCINDED);
	fake_offer_sub(f, 1, 0x77, 0);
	fake_event(f, HVP_EV_DROPPED);
	fake_no_event(f);
	release(f, ch);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_offer_sub(f, 1, 0x77, 0);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(the_same_device_is_offered_once_but_again_after_a_rescind)
{
	struct fake *f = fake_connected(0x50003, 0);

	fake_offer_sub(f, 1, 0x50, 0);
	fake_offer_sub(f, 2, 0x50, 0);
	fake_event(f, HVP_EV_OFFER);
	fake_event(f, HVP_EV_DROPPED);
	fake_rescind(f, 1);
	fake_event(f, HVP_EV_RESCINDED);
	fake_offer_sub(f, 2, 0x50, 0);
	ck_assert_uint_eq(hvp_channel_id(fake_event(f, HVP_EV_OFFER).channel), 2);
	fake_free(f);
}
END_TEST

START_TEST(sub_channels_need_a_primary_a_new_index_and_room)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *primary;
	struct hvp_channel *sub;

	fake_offer_sub(f, 2, 0x50, 1);
	fake_event(f, HVP_EV_DROPPED);
	fake_offer_sub(f, 1, 0x50, 0);
	primary = fake_event(f, HVP_EV_OFFER).channel;
	hvp_channel_limit_subs(primary, 2);
	fake_offer_sub(f, 2, 0x50, 1);
	sub = fake_event(f, HVP_EV_OFFER).channel;
	ck_assert_ptr_eq(hvp_channel_primary(sub), primary);
	ck_assert_ptr_null(hvp_channel_primary(primary));
	fake_offer_sub(f, 3, 0x50, 1);
	fake_offer_sub(f, 4, 0x50, 2);
	fake_offer_sub(f, 5, 0x50, 3);
	fake_event(f, HVP_EV_DROPPED);
	ck_assert_uint_eq(hvp_channel_id(fake_event(f, HVP_EV_OFFER).channel), 4);
	fake_no_event(f);
	ck_assert_ptr_eq(hvp_channel_next_sub(primary, NULL), sub);
	ck_assert_ptr_nonnull(hvp_channel_next_sub(primary, sub));
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->offers_refused, 3);
	fake_free(f);
}
END_TEST

START_TEST(below_2_4_there_are_no_sub_channels)
{
	struct fake *f = fake_connected(0x10001, 0);

	fake_offer_sub(f, 1, 0x50, 7);
	ck_assert_uint_eq(fake_event(f, HVP_EV_OFFER).channel->offer.subchannel_index, 0);
	fake_free(f);
}
END_TEST

/* CORE-SEC-34 */
START_TEST(an_isolated_guest_takes_listed_classes_only)
{
	static const struct hvp_guid scsi = HVP_INTERFACE_SCSI;
	static const struct hvp_guid video = HVP_INTERFACE_VIDEO;
	struct fake *f = fake_new();
	uint8_t m[196];

	f->cfg.isolated = true;
	f->cfg.max_version = 0x50003;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	fake_offer_bytes(m, 1, &video, 1, 0);
	fake_send(f, m, sizeof(m));
	fake_event(f, HVP_EV_DROPPED);
	fake_offer_bytes(m, 1, &scsi, 1, 0);
	fake_send(f, m, sizeof(m));
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);

	f = fake_new();
	f->cfg.isolated = true;
	f->cfg.max_version = 0x50003;
	f->cfg.allow = &video;
	f->cfg.allow_count = 1;
	fake_start(f);
	fake_connect(f, 0x50003, 0);
	fake_send(f, m, sizeof(m));
	fake_event(f, HVP_EV_DROPPED);
	fake_free(f);
}
END_TEST

/* CORE-SEC-36 */
START_TEST(confidential_flags_need_the_feature_and_the_ring)
{
	struct fake *f = fake_connected(0x60000, 0);

	offer_with(f, 1, 56, 0x02);
	fake_event(f, HVP_EV_DROPPED);
	fake_free(f);
	f = fake_connected(0x60000, HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS);
	offer_with(f, 1, 56, 0x04);
	fake_event(f, HVP_EV_DROPPED);
	offer_with(f, 1, 56, 0x06);
	fake_event(f, HVP_EV_OFFER);
	offer_with(f, 2, 56, 0x02);
	fake_event(f, HVP_EV_OFFER);
	fake_free(f);
}
END_TEST

START_TEST(offers_beyond_the_table_are_dropped_and_counted)
{
	struct fake *f = fake_connected(0x50003, 0);

	for (uint32_t id = 1; id <= FAKE_CHANNELS + 5; id++)
		fake_offer(f, id);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->offers, FAKE_CHANNELS);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->offers_no_room, 5);
	fake_free(f);
}
END_TEST

/* BUG-047: offers and rescinds in quick order need neither memory nor the owner. */
START_TEST(bug_047_a_storm_of_offers_and_rescinds_is_answered_without_the_owner)
{
	struct fake *f = fake_connected(0x50003, 0);

	for (unsigned int i = 0; i < 1000; i++) {
		fake_offer(f, 1);
		fake_rescind(f, 1);
		fake_rescind(f, 1);
		fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
		fake_expect_nothing(f);
	}
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->offers_unseen, 1000);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->releases, 1000);
	fake_no_event(f);
	fake_free(f);
}
END_TEST

/* BUG-071 and BUG-091: what comes in between answers is neither taken for one nor lost. */
START_TEST(bug_071_and_091_offers_and_rescinds_between_answers_are_kept)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_channel *other = fake_offered(f, 2);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_offer(f, 3);
	fake_rescind(f, 2);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_offer(f, 4);
	fake_opened(f, 1, ch->open_id, 0);
	ck_assert_uint_eq(hvp_channel_id(fake_event(f, HVP_EV_OFFER).channel), 3);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_RESCINDED).channel, other);
	ck_assert_uint_eq(hvp_channel_id(fake_event(f, HVP_EV_OFFER).channel), 4);
	ck_assert_ptr_eq(fake_event(f, HVP_EV_OPENED).channel, ch);
	fake_free(f);
}
END_TEST

/* --- opening ------------------------------------------------------------------------------- */

START_TEST(open_sends_header_then_open_with_all_parameters)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 3);
	struct hvp_open open = fake_params(f);
	uint8_t user_data[120];
	const uint8_t *m;

	memset(user_data, 0x5c, sizeof(user_data));
	open.user_data = user_data;
	open.target_vp = 7;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	m = fake_expect(f, HVP_VMBUS_GPADL_HEADER, 92);
	ck_assert_uint_eq(fake_u32(m + 8), 3);
	ck_assert_uint_eq(fake_u64(m + 20), 8 * 4096);
	ck_assert_uint_eq(fake_u64(m + 28 + 8 * 5), f->pfns[5]);
	fake_created(f, 3, fake_u32(m + 12), 0);
	m = fake_expect(f, HVP_VMBUS_OPEN_CHANNEL, 148);
	ck_assert_uint_eq(fake_u32(m + 8), 3);
	ck_assert_uint_eq(fake_u32(m + 12), 3);
	ck_assert_uint_eq(fake_u32(m + 16), fake_ring_id(ch));
	ck_assert_uint_eq(fake_u32(m + 20), 7);
	ck_assert_uint_eq(fake_u32(m + 24), 4);
	ck_assert_mem_eq(m + 28, user_data, 120);
	fake_free(f);
}
END_TEST

START_TEST(open_refuses_rings_that_cannot_be)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 3);
	struct hvp_open good = fake_params(f);
	struct hvp_open open;

#define REFUSED(change) \
	do { \
		open = good; \
		change; \
		ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG); \
	} while (0)
	REFUSED(open.downstream_page = 0);
	REFUSED(open.downstream_page = 1);
	REFUSED(open.downstream_page = 7);
	REFUSED(open.downstream_page = 0xffffffff);
	REFUSED(open.ring.byte_count = 8 * 4096 - 1);
	REFUSED(open.ring.byte_count = 0);
	REFUSED(open.ring.byte_count = 3 * 4096);
	REFUSED(open.ring.byte_offset = 8);
#undef REFUSED
	open = good;
	open.ring.byte_count = 8192u * 4096u;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_NOSPACE);
	open = good;
	open.ring.byte_count = 4 * 4096;
	open.downstream_page = 2;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_free(f);
}
END_TEST

/* CORE-REQ-081, CORE-REQ-112 */
START_TEST(guest_specified_signalling_names_connection_and_flag)
{
	struct fake *f = fake_connected(0x60000,
					HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS |
						HVP_VMBUS_FEATURE_CHANNEL_INTERRUPT_REDIRECTION);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);
	const uint8_t *m;

	open.event_flag = 0;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	open.event_flag = 2048;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	open.event_flag = 0x123;
	open.redirect_interrupt = true;
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_created(f, 1, fake_ring_id(ch), 0);
	m = fake_expect(f, HVP_VMBUS_OPEN_CHANNEL, 156);
	ck_assert_uint_eq(fake_u32(m + 148), 0x77);
	ck_assert_uint_eq(fake_u32(m + 152), 0x123 | 1 << 16);
	ck_assert_ptr_eq(hvp_bus_channel_by_flag(&f->bus, 0x123), ch);
	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, 1));
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 0x77);
	ch = fake_offered(f, 2);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_ARG);
	fake_free(f);
}
END_TEST

START_TEST(redirection_alone_sends_zero_signal_parameters)
{
	struct fake *f = fake_connected(0x60000, HVP_VMBUS_FEATURE_CHANNEL_INTERRUPT_REDIRECTION);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);
	const uint8_t *m;

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_created(f, 1, fake_ring_id(ch), 0);
	m = fake_expect(f, HVP_VMBUS_OPEN_CHANNEL, 156);
	ck_assert_uint_eq(fake_u32(m + 148), 0);
	ck_assert_uint_eq(fake_u32(m + 152), 0);
	ck_assert_int_eq(hvp_channel_signal(ch), HVP_OK);
	ck_assert_uint_eq(f->signal_connection, 0x2001);
	fake_free(f);
}
END_TEST

/* BUG-062: the flag is known before OPEN_CHANNEL is sent. */
START_TEST(bug_062_the_flag_is_dispatched_before_the_result)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, 1));
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	ck_assert_ptr_eq(hvp_bus_channel_by_flag(&f->bus, 1), ch);
	fake_tick(f);
	fake_rescind(f, 1);
	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, 1));
	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, 0));
	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, 2048));
	ck_assert_ptr_null(hvp_bus_channel_by_flag(&f->bus, UINT32_MAX));
	fake_free(f);
}
END_TEST

START_TEST(an_older_result_does_not_open_a_later_opening)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_open open = fake_params(f);
	uint32_t first = ch->open_id;

	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	fake_tick(f);
	fake_torndown(f, fake_ring_id(ch));
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_AGAIN);
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_opened(f, 1, first, 0);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OPENING);
	fake_opened(f, 1, ch->open_id, 0);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_OPEN);
	fake_free(f);
}
END_TEST

/* BUG-079: the post of OPEN fails for good; the channel can be opened again. */
START_TEST(bug_079_a_failed_post_of_open_leaves_a_usable_channel)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);
	struct hvp_event ev;

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	f->read++;
	f->answer = HVP_HV_STATUS_INVALID_PARAMETER;
	f->answers = 1;
	fake_created(f, 1, fake_ring_id(ch), 0);
	ev = fake_event(f, HVP_EV_OPENED);
	ck_assert_int_eq(ev.status, HVP_OS);
	ck_assert_uint_eq(ev.host_status, HVP_HV_STATUS_INVALID_PARAMETER);
	fake_expect(f, HVP_VMBUS_GPADL_TEARDOWN, 16);
	fake_no_event(f);
	fake_torndown(f, fake_ring_id(ch));
	fake_event(f, HVP_EV_CLOSED);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_free(f);
}
END_TEST

/* BUG-040: one opener per channel. */
START_TEST(bug_040_a_channel_is_opened_once)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_STATE);
	fake_tick(f);
	ck_assert_uint_eq(f->posted - f->read, 1);
	fake_free(f);
}
END_TEST

/* BUG-037: a host that never answers OPEN and rescinds. */
START_TEST(bug_037_a_rescind_ends_a_pending_open)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_created(f, 1, fake_ring_id(ch), 0);
	fake_skip_posts(f);
	fake_rescind(f, 1);
	ck_assert_int_eq(fake_event(f, HVP_EV_OPENED).status, HVP_REVOKED);
	ck_assert_int_eq(fake_event(f, HVP_EV_RESCINDED).status, HVP_REVOKED);
	fake_event(f, HVP_EV_CLOSED);
	release(f, ch);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_free(f);
}
END_TEST

/* --- rescinds ------------------------------------------------------------------------------ */

/* BUG-035 and BUG-044: whatever comes twice, the id is released once. */
START_TEST(bug_035_and_044_the_id_is_released_exactly_once)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	fake_skip_posts(f);
	fake_rescind(f, 1);
	fake_rescind(f, 1);
	fake_event(f, HVP_EV_RESCINDED);
	fake_event(f, HVP_EV_CLOSED);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_close(ch), HVP_REVOKED);
	fake_expect_nothing(f);
	release(f, ch);
	fake_rescind(f, 1);
	ck_assert_uint_eq(fake_u32(fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12) + 8), 1);
	fake_expect_nothing(f);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->ignored, 2);
	fake_free(f);
}
END_TEST

/* BUG-046: off and on again gives a fresh channel. */
START_TEST(bug_046_a_reoffer_is_fresh)
{
	struct fake *f = fake_connected(0x50003, 0);

	for (int i = 0; i < 3; i++) {
		struct hvp_channel *ch = fake_open(f, 1);

		fake_rescind(f, 1);
		fake_event(f, HVP_EV_RESCINDED);
		fake_event(f, HVP_EV_CLOSED);
		release(f, ch);
		fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	}
	fake_free(f);
}
END_TEST

/* BUG-052: the host still owes an answer about the channel. */
START_TEST(bug_052_the_id_is_kept_until_owed_answers_are_in)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);
	struct hvp_gpadl_range range = { .byte_count = 4096 };
	struct hvp_gpadl *g;
	uint32_t id;

	ck_assert_int_eq(hvp_gpadl_create(ch, &range, 1, &g), HVP_OK);
	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_OK);
	fake_tick(f);
	fake_skip_posts(f);
	id = hvp_gpadl_id(g);
	fake_rescind(f, 1);
	fake_skip_events(f);
	release(f, ch);
	fake_expect_nothing(f);
	fake_modified(f, 1, 1);
	fake_expect_nothing(f);
	fake_created(f, 1, id, 0);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_no_event(f);
	ck_assert_int_eq(hvp_channel_state(ch), HVP_CHANNEL_FREE);
	fake_free(f);
}
END_TEST

START_TEST(a_host_that_owes_answers_for_ever_does_not_keep_the_id)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_open(f, 1);

	ck_assert_int_eq(hvp_channel_modify(ch, 3), HVP_OK);
	fake_tick(f);
	fake_rescind(f, 1);
	fake_skip_events(f);
	fake_skip_posts(f);
	release(f, ch);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), f->now + 10000000);
	fake_sleep(f, 9999999);
	fake_expect_nothing(f);
	fake_sleep(f, 1);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	ck_assert_uint_eq(hvp_bus_stats(&f->bus)->answers_late, 1);
	ck_assert_uint_eq(hvp_bus_deadline(&f->bus), HVP_NEVER);
	fake_free(f);
}
END_TEST

START_TEST(sub_channels_are_released_before_their_primary)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *primary;
	struct hvp_channel *sub;

	fake_offer_sub(f, 1, 0x50, 0);
	fake_offer_sub(f, 2, 0x50, 1);
	primary = fake_event(f, HVP_EV_OFFER).channel;
	sub = fake_event(f, HVP_EV_OFFER).channel;
	fake_rescind(f, 2);
	fake_rescind(f, 1);
	fake_skip_events(f);
	release(f, primary);
	fake_expect_nothing(f);
	release(f, sub);
	ck_assert_uint_eq(fake_u32(fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12) + 8), 2);
	ck_assert_uint_eq(fake_u32(fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12) + 8), 1);
	fake_free(f);
}
END_TEST

START_TEST(a_primary_that_leaves_alone_does_not_wait_for_live_sub_channels)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *primary;
	struct hvp_channel *sub;

	fake_offer_sub(f, 1, 0x50, 0);
	fake_offer_sub(f, 2, 0x50, 1);
	primary = fake_event(f, HVP_EV_OFFER).channel;
	sub = fake_event(f, HVP_EV_OFFER).channel;
	fake_rescind(f, 1);
	fake_skip_events(f);
	release(f, primary);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	ck_assert_ptr_null(hvp_channel_primary(sub));
	fake_free(f);
}
END_TEST

START_TEST(an_owner_that_let_go_early_is_not_told_of_the_rescind)
{
	struct fake *f = fake_connected(0x50003, 0);
	struct hvp_channel *ch = fake_offered(f, 1);
	struct hvp_open open = fake_params(f);

	release(f, ch);
	fake_expect_nothing(f);
	ck_assert_int_eq(hvp_channel_release(ch), HVP_STATE);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_STATE);
	fake_rescind(f, 1);
	fake_no_event(f);
	fake_expect(f, HVP_VMBUS_REL_ID_RELEASED, 12);
	fake_free(f);
}
END_TEST

/* BUG-077: a rescind after the connection is on its way down. */
START_TEST(bug_077_a_rescind_during_unload_is_ignored)
{
	struct fake *f = fake_connected(0x50003, 0);

	fake_open(f, 1);
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	fake_rescind(f, 1);
	fake_no_event(f);
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
	fake_event(f, HVP_EV_RESCINDED);
	fake_event(f, HVP_EV_CLOSED);
	fake_event(f, HVP_EV_DISCONNECTED);
	fake_free(f);
}
END_TEST

static void add_offers(TCase *tc)
{
	tcase_add_test(tc, offers_with_impossible_ids_are_dropped);
	tcase_add_test(tc, bug_053_an_id_is_not_reused_before_its_release);
	tcase_add_test(tc, the_same_device_is_offered_once_but_again_after_a_rescind);
	tcase_add_test(tc, sub_channels_need_a_primary_a_new_index_and_room);
	tcase_add_test(tc, below_2_4_there_are_no_sub_channels);
	tcase_add_test(tc, an_isolated_guest_takes_listed_classes_only);
	tcase_add_test(tc, confidential_flags_need_the_feature_and_the_ring);
	tcase_add_test(tc, offers_beyond_the_table_are_dropped_and_counted);
	tcase_add_test(tc, bug_047_a_storm_of_offers_and_rescinds_is_answered_without_the_owner);
	tcase_add_test(tc, bug_071_and_091_offers_and_rescinds_between_answers_are_kept);
}

static void add_opening(TCase *tc)
{
	tcase_add_test(tc, open_sends_header_then_open_with_all_parameters);
	tcase_add_test(tc, open_refuses_rings_that_cannot_be);
	tcase_add_test(tc, guest_specified_signalling_names_connection_and_flag);
	tcase_add_test(tc, redirection_alone_sends_zero_signal_parameters);
	tcase_add_test(tc, bug_062_the_flag_is_dispatched_before_the_result);
	tcase_add_test(tc, an_older_result_does_not_open_a_later_opening);
	tcase_add_test(tc, bug_079_a_failed_post_of_open_leaves_a_usable_channel);
	tcase_add_test(tc, bug_040_a_channel_is_opened_once);
	tcase_add_test(tc, bug_037_a_rescind_ends_a_pending_open);
}

static void add_rescinds(TCase *tc)
{
	tcase_add_test(tc, bug_035_and_044_the_id_is_released_exactly_once);
	tcase_add_test(tc, bug_046_a_reoffer_is_fresh);
	tcase_add_test(tc, bug_052_the_id_is_kept_until_owed_answers_are_in);
	tcase_add_test(tc, a_host_that_owes_answers_for_ever_does_not_keep_the_id);
	tcase_add_test(tc, sub_channels_are_released_before_their_primary);
	tcase_add_test(tc, a_primary_that_leaves_alone_does_not_wait_for_live_sub_channels);
	tcase_add_test(tc, an_owner_that_let_go_early_is_not_told_of_the_rescind);
	tcase_add_test(tc, bug_077_a_rescind_during_unload_is_ignored);
}

int main(void)
{
	Suite *suite = suite_create("channel");
	TCase *tc = tcase_create("channel");
	SRunner *sr;
	int failed;

	add_offers(tc);
	add_opening(tc);
	add_rescinds(tc);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
