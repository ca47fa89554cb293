/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's scripted device against a guest's end of the rings. */
#include <hvproto/ring.h>

#include "mockhost_guest.h"

#define GPADL 0x11u
#define PAGES 3u /* of each ring, control page included */
#define SIZE ((PAGES - 1) * HVM_PAGE)

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */
static uint8_t *ring;
static struct hvp_ring_tx tx;
static struct hvp_ring_rx rx;
static uint8_t buf[SIZE];

static void open_channel(void)
{
	struct hvp_ring_mem out = { ring, ring + HVM_PAGE, NULL, SIZE };
	struct hvp_ring_mem in = { ring + PAGES * HVM_PAGE, ring + (PAGES + 1) * HVM_PAGE, NULL,
				   SIZE };

	ck_assert_int_eq(hvp_ring_tx_init(&tx, &out, in.control), HVP_OK);
	ck_assert_int_eq(hvp_ring_rx_init(&rx, &in, HVP_RING_GUEST), HVP_OK);
	guest_open(&g, 1, GPADL, PAGES, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	ck_assert(hvm_scripted_is_open(dev));
}

static void setup(void)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, NULL);
	dev = hvm_scripted_new(g.s, &o);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
	ring = guest_gpadl(&g, 1, GPADL, 2 * PAGES);
	open_channel();
}

static void teardown(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static void guest_send(const struct hvp_ring_out *out)
{
	bool signal;

	ck_assert_int_eq(hvp_ring_tx_send(&tx, out, &signal), HVP_OK);
	if (signal)
		ck_assert_uint_eq(guest_signal(&g, 0x2001), 0);
}

static struct hvm_packet packet(const char *text)
{
	struct hvm_packet k;

	memset(&k, 0, sizeof(k));
	k.type = HVP_PACKET_INBAND;
	k.payload = (const uint8_t *)text;
	k.payload_size = (uint32_t)strlen(text);
	return k;
}

START_TEST(a_packet_of_the_guest_arrives_and_its_completion_goes_back)
{
	struct hvp_ring_out out = hvp_ring_request(0x1122, "abcde", 5);
	struct hvp_ring_packet in;
	struct hvm_packet k;

	guest_send(&out);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 1);
	ck_assert(hvm_scripted_take(dev, &k));
	ck_assert_uint_eq(k.type, HVP_PACKET_INBAND);
	ck_assert_uint_eq(k.flags, HVP_PACKET_COMPLETION_REQUESTED);
	ck_assert_uint_eq(k.transaction_id, 0x1122);
	ck_assert_uint_eq(k.payload_size, 8);
	ck_assert_mem_eq(k.payload, "abcde\0\0\0", 8);
	ck_assert_int_eq(hvm_scripted_complete(dev, 0x1122, "done", 4), HVP_OK);
	ck_assert(guest_flag(&g, 0, 1));
	ck_assert_int_eq(hvp_ring_rx_next(&rx, buf, sizeof(buf), &in), HVP_OK);
	ck_assert_uint_eq(in.type, HVP_PACKET_COMPLETION);
	ck_assert_uint_eq(in.transaction_id, 0x1122);
	ck_assert_mem_eq(in.bytes + in.data_offset, "done", 4);
	ck_assert(!hvm_scripted_take(dev, &k));
}
END_TEST

START_TEST(packets_wait_in_the_ring_until_the_script_reads)
{
	struct hvp_ring_out out = hvp_ring_inband("x", 1);
	struct hvm_packet k;

	hvm_scripted_set_reading(dev, false);
	guest_send(&out);
	guest_send(&out);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 0);
	ck_assert_int_eq(hvm_scripted_poll_one(dev), HVP_OK);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 1);
	ck_assert_int_eq(hvm_scripted_poll(dev), HVP_OK);
	ck_assert_int_eq(hvm_scripted_poll_one(dev), HVP_AGAIN);
	ck_assert(hvm_scripted_take(dev, &k));
	ck_assert_uint_eq(k.ring_offset, 0);
	ck_assert(hvm_scripted_take(dev, &k));
	ck_assert_uint_eq(k.ring_offset, 32);
}
END_TEST

START_TEST(data_sent_before_the_result_is_seen_is_not_lost)
{
	struct hvp_ring_out out = hvp_ring_inband("early", 5);
	bool signal;

	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	hvm_scripted_answer(dev, HVM_ASK_OPEN, true, 0);
	memset(ring, 0, HVM_PAGE);
	memset(ring + PAGES * HVM_PAGE, 0, HVM_PAGE);
	guest_open(&g, 1, GPADL, PAGES, 0);
	ck_assert_int_eq(
		hvp_ring_tx_init(&tx, &(struct hvp_ring_mem){ ring, ring + HVM_PAGE, NULL, SIZE },
				 NULL),
		HVP_OK);
	ck_assert_int_eq(hvp_ring_tx_send(&tx, &out, &signal), HVP_OK);
	hvm_scripted_finish(dev, HVM_ASK_OPEN, 0);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 1);
}
END_TEST

START_TEST(a_full_ring_asks_the_guest_for_a_signal)
{
	static char big[1000];
	struct hvm_packet k;
	unsigned int n = 0;

	memset(big, 'b', sizeof(big) - 1);
	k = packet(big);
	while (hvm_scripted_send(dev, &k) == HVP_OK)
		n++;
	ck_assert_uint_eq(n, (SIZE - 8) / 1024);
	ck_assert_int_eq(hvm_scripted_send(dev, &k), HVP_AGAIN);
	ck_assert_uint_ge(hvm_scripted_peek(dev, HVM_RING_H2G, 12), 1024);
	ck_assert_uint_eq(hvm_scripted_peek(dev, HVM_RING_H2G, 64), 1);
}
END_TEST

START_TEST(raw_bytes_and_control_words_are_whatever_the_script_wants)
{
	struct hvp_ring_packet in;
	struct hvm_packet k = packet("ok");
	uint8_t raw[32] = { 6, 0, 2, 0, 3, 0, 0, 0, 9 };

	raw[16] = 'r';
	ck_assert_int_eq(hvm_scripted_send_raw(dev, raw, sizeof(raw), 32, true), HVP_OK);
	ck_assert(guest_flag(&g, 0, 1));
	ck_assert_int_eq(hvp_ring_rx_next(&rx, buf, sizeof(buf), &in), HVP_OK);
	ck_assert_uint_eq(in.transaction_id, 9);
	ck_assert_int_eq(hvm_scripted_send(dev, &k), HVP_OK);
	ck_assert_int_eq(hvp_ring_rx_next(&rx, buf, sizeof(buf), &in), HVP_OK);
	ck_assert_mem_eq(in.bytes + 16, "ok", 2);
	ck_assert_int_eq(hvm_scripted_poke(dev, HVM_RING_H2G, 0, 0xfffffff0u), HVP_OK);
	ck_assert_uint_eq(hvp_get_u32(ring + PAGES * HVM_PAGE), 0xfffffff0u);
	ck_assert_int_eq(hvp_ring_rx_next(&rx, buf, sizeof(buf), &in), HVP_CORRUPT);
	ck_assert_int_eq(hvm_scripted_poke(dev, HVM_RING_H2G, 3, 0), HVP_ARG);
	ck_assert_int_eq(hvm_scripted_send_raw(dev, raw, SIZE + 8, 0, false), HVP_ARG);
}
END_TEST

START_TEST(raw_bytes_wrap_at_the_end_of_the_ring)
{
	static const uint8_t raw[24] = { 6, 0, 2, 0, 2, 0, 0, 0, 0x77 };

	hvm_scripted_poke(dev, HVM_RING_H2G, 0, SIZE - 8);
	hvm_scripted_poke(dev, HVM_RING_H2G, 4, SIZE - 8);
	ck_assert_int_eq(hvm_scripted_send_raw(dev, raw, sizeof(raw), sizeof(raw), false), HVP_OK);
	ck_assert_uint_eq(hvm_scripted_peek(dev, HVM_RING_H2G, 0), 16);
	ck_assert_uint_eq(ring[(PAGES + 1) * HVM_PAGE], 0x77);
	ck_assert_uint_eq(ring[2 * PAGES * HVM_PAGE - 8], 6);
	ck_assert_ptr_eq(hvm_scripted_ring_ptr(dev, HVM_RING_H2G, HVM_PAGE),
			 ring + (PAGES + 1) * HVM_PAGE);
	ck_assert_ptr_null(hvm_scripted_ring_ptr(dev, HVM_RING_H2G, SIZE + HVM_PAGE));
}
END_TEST

START_TEST(a_guest_ring_that_contradicts_itself_stops_this_channel_only)
{
	hvp_put_u32(ring, 12);
	guest_signal(&g, 0x2001);
	ck_assert_int_eq(hvm_scripted_ring_status(dev), HVP_CORRUPT);
	ck_assert_int_eq(hvm_scripted_poll(dev), HVP_CORRUPT);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_OPEN);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_CLOSED);
}
END_TEST

START_TEST(ranges_of_a_gpa_direct_packet_are_read_and_written)
{
	uint8_t *va = hvm_mem_alloc(g.p, 2);
	uint64_t pfns[2] = { hvm_mem_gpa(g.p, va) / HVM_PAGE,
			     hvm_mem_gpa(g.p, va + HVM_PAGE) / HVM_PAGE };
	struct hvp_gpa_range r[2] = { { 4, 8, pfns }, { 0x400, 0xe00, pfns } };
	struct hvp_ring_out out = hvp_ring_request(7, "p", 1);
	struct hvm_packet k;
	uint8_t got[0x400];

	memcpy(va + 8, "wxyz", 4);
	memset(va + 0xe00, 'm', 0x400);
	ck_assert_int_eq(hvp_ring_tx_put_gpa(&tx, &out, r, 2), HVP_OK);
	ck_assert(hvp_ring_tx_commit(&tx));
	guest_signal(&g, 0x2001);
	ck_assert(hvm_scripted_take(dev, &k));
	ck_assert_uint_eq(k.type, HVP_PACKET_GPA_DIRECT);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 0, 1, got, 3), HVP_OK);
	ck_assert_mem_eq(got, "xyz", 3);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 1, 0, got, 0x400), HVP_OK);
	ck_assert_uint_eq(got[0x3ff], 'm');
	ck_assert_int_eq(hvm_scripted_write_range(dev, &k, 1, 0x1f8, "0123456789", 10), HVP_OK);
	ck_assert_mem_eq(va + 0xff8, "0123456789", 10);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 1, 0x3ff, got, 2), HVP_RANGE);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 2, 0, got, 1), HVP_ARG);
	hvm_mem_free(g.p, va, 2);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 0, 0, got, 1), HVP_RANGE);
	ck_assert_uint_eq(hvm_violation_count(g.p), 1);
}
END_TEST

/* Extra headers: u32 reserved, u32 range_count, then u32 bytes, u32 offset, u64 pfn. */
static const struct {
	uint32_t ranges, bytes, offset;
	enum hvp_status status;
} bad_ranges[] = {
	{ 0, 8, 0, HVP_VALUE },	   { 1, 0, 0, HVP_VALUE },
	{ 1, 8, 4096, HVP_VALUE }, { 1, UINT32_MAX, 0xfff, HVP_RANGE },
	{ 1, 4096, 1, HVP_SHORT }, { 2, 8, 0, HVP_SHORT },
};

START_TEST(a_packet_with_a_bad_range_arrives_and_nothing_is_read_through_it)
{
	struct hvp_ring_out out = hvp_ring_request(7, "p", 1);
	uint8_t extra[24] = { 0 };
	struct hvm_packet k;
	uint8_t got[1];

	hvp_put_u32(extra + 4, bad_ranges[_i].ranges);
	hvp_put_u32(extra + 8, bad_ranges[_i].bytes);
	hvp_put_u32(extra + 12, bad_ranges[_i].offset);
	hvp_put_u64(extra + 16, hvm_mem_gpa(g.p, ring) / HVM_PAGE);
	out.type = HVP_PACKET_GPA_DIRECT;
	out.extra.p = extra;
	out.extra.size = sizeof(extra);
	guest_send(&out);
	ck_assert(hvm_scripted_take(dev, &k));
	ck_assert_int_eq(k.ranges, bad_ranges[_i].status);
	ck_assert_int_eq(hvm_scripted_read_range(dev, &k, 0, 0, got, 1), k.ranges);
	ck_assert_int_eq(hvm_scripted_write_range(dev, &k, 0, 0, got, 1), k.ranges);
	ck_assert_int_eq(hvm_scripted_ring_status(dev), HVP_OK);
}
END_TEST

START_TEST(an_open_that_is_answered_after_the_rescind_maps_nothing)
{
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	hvm_scripted_answer(dev, HVM_ASK_OPEN, true, 0);
	memset(ring, 0, 2 * PAGES * HVM_PAGE);
	guest_open(&g, 1, GPADL, PAGES, 0);
	ck_assert_uint_eq(hvm_scripted_asked(dev, HVM_ASK_OPEN), 1);
	hvm_channel_revoke(hvm_server_channel(g.s, 1));
	hvm_mem_free(g.p, ring, 2 * PAGES);
	ck_assert_int_eq(hvm_scripted_finish(dev, HVM_ASK_OPEN, 0), HVP_OK);
	ck_assert(!hvm_scripted_is_open(dev));
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

START_TEST(the_device_masks_and_unmasks_signals_of_the_guest)
{
	struct hvp_ring_out out = hvp_ring_inband("x", 1);

	ck_assert_int_eq(hvm_scripted_set_mask(dev, true), HVP_OK);
	ck_assert_uint_eq(hvp_get_u32(ring + 8), 1);
	guest_send(&out);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 0);
	ck_assert_int_eq(hvm_scripted_set_mask(dev, false), HVP_OK);
	ck_assert_uint_eq(hvm_scripted_waiting(dev), 1);
	ck_assert_uint_eq(hvp_get_u32(ring + 8), 0);
}
END_TEST

START_TEST(nothing_of_the_ring_is_touched_after_close_and_after_rescind)
{
	struct hvm_packet k = packet("late");

	hvm_channel_revoke(hvm_server_channel(g.s, 1));
	ck_assert(!hvm_scripted_is_open(dev));
	memset(ring, 0x5a, 2 * PAGES * HVM_PAGE);
	hvm_mem_free(g.p, ring, 2 * PAGES);
	ck_assert_int_eq(hvm_scripted_send(dev, &k), HVP_STATE);
	ck_assert_int_eq(hvm_scripted_poll(dev), HVP_STATE);
	ck_assert_int_eq(hvm_scripted_poke(dev, HVM_RING_H2G, 0, 8), HVP_STATE);
	ck_assert_int_eq(hvm_scripted_signal(dev), HVP_STATE);
	ck_assert_uint_eq(hvm_mem_check_freed(g.p), 0);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
	guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
	ck_assert_ptr_null(hvm_scripted_channel(dev));
	ck_assert_int_eq(hvm_scripted_signal(dev), HVP_STATE);
}
END_TEST

START_TEST(a_ring_that_is_not_zero_fails_the_open)
{
	struct hvp_vmbus_open_channel_result r;

	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	memset(ring, 0xff, HVM_PAGE);
	guest_open(&g, 1, GPADL, PAGES, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, &r);
	ck_assert_uint_ne(r.status, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost scripted");
	TCase *t = tcase_create("scripted");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_packet_of_the_guest_arrives_and_its_completion_goes_back);
	tcase_add_test(t, packets_wait_in_the_ring_until_the_script_reads);
	tcase_add_test(t, data_sent_before_the_result_is_seen_is_not_lost);
	tcase_add_test(t, a_full_ring_asks_the_guest_for_a_signal);
	tcase_add_test(t, raw_bytes_and_control_words_are_whatever_the_script_wants);
	tcase_add_test(t, raw_bytes_wrap_at_the_end_of_the_ring);
	tcase_add_test(t, a_guest_ring_that_contradicts_itself_stops_this_channel_only);
	tcase_add_test(t, ranges_of_a_gpa_direct_packet_are_read_and_written);
	tcase_add_loop_test(t, a_packet_with_a_bad_range_arrives_and_nothing_is_read_through_it, 0,
			    sizeof(bad_ranges) / sizeof(bad_ranges[0]));
	tcase_add_test(t, an_open_that_is_answered_after_the_rescind_maps_nothing);
	tcase_add_test(t, the_device_masks_and_unmasks_signals_of_the_guest);
	tcase_add_test(t, nothing_of_the_ring_is_touched_after_close_and_after_rescind);
	tcase_add_test(t, a_ring_that_is_not_zero_fails_the_open);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
