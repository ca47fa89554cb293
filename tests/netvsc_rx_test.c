/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving: what is handed over, what is dropped and counted, and that all is completed. */
#include "net_host.h"

static const uint8_t frame[64] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0, 0x45
};
static const uint8_t nvsp107[40] = { 107, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };

static struct hvp_netvsc_queue_stats *stats(struct net_host *h, uint32_t queue)
{
	return &h->queues[queue].stats;
}

/* The last completion that the guest sent. */
static uint32_t completed(struct net_host *h, uint64_t id)
{
	uint32_t last = (h->completions - 1u) % NET_LOG;

	ck_assert_uint_gt(h->completions, 0);
	ck_assert_uint_eq(h->completion_ids[last], id);
	return h->completion_status[last];
}

START_TEST(a_frame_is_handed_over_where_it_lies)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t before = h->completions;
	uint8_t m[256];
	uint32_t size = net_packet(m, frame, sizeof(frame), NULL, 0);
	uint64_t id = net_rndis(h, 0, m, size);

	net_turn(h);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(h->got[0].rx.size, sizeof(frame));
	ck_assert_mem_eq(h->got[0].bytes, frame, sizeof(frame));
	ck_assert_uint_eq(h->got[0].rx.flags, 0);
	ck_assert_ptr_eq(h->got[0].rx.pieces, h->got[0].rx.pieces);
	ck_assert_uint_eq(h->completions, before + 1);
	ck_assert_uint_eq(h->completion_size, 8);
	ck_assert_uint_eq(completed(h, id), 1);
	ck_assert_uint_eq(stats(h, 0)->rx_frames, 1);
	ck_assert_uint_eq(stats(h, 0)->rx_bytes, sizeof(frame));
	net_free(h);
}
END_TEST

START_TEST(per_packet_information_says_what_the_host_found)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t list[256];
	uint8_t m[512];
	uint32_t n = 0;

	/* unknown types are skipped, also of an odd size; order is free */
	net_put32(list, 20);
	net_put32(list + 4, 7);
	net_put32(list + 8, 12);
	n = 20;
	n += net_ppi(list + n, 9, 0x00000201);
	n += net_ppi(list + n, 8, 0xdeadbeef);
	n += net_ppi(list + n, 6, 0x645);
	n += net_ppi(list + n, 0, 0x28);
	/* payload not right behind the header */
	net_rndis(h, 0, m, net_packet(m, frame, sizeof(frame), list, n));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(h->got[0].rx.flags, 0xf);
	ck_assert_uint_eq(h->got[0].rx.csum, 0x28);
	ck_assert_uint_eq(h->got[0].rx.hash, 0xdeadbeef);
	ck_assert_uint_eq(h->got[0].rx.hash_info, 0x201);
	ck_assert_uint_eq(h->got[0].rx.vlan_tci, 5u << 13 | 100);
	n = net_ppi(list, 6, 0xffffffff);
	net_rndis(h, 0, m, net_packet(m, frame, sizeof(frame), list, n));
	n = net_ppi(list, 6, 0xfff8);
	net_put32(list, 24);
	net_put32(list + 8, 20);
	net_put32(list + 20, 0xfff8 | 7);
	net_rndis(h, 0, m, net_packet(m, frame, sizeof(frame), list, 24));
	net_turn(h);
	ck_assert_uint_eq(h->got[1].rx.flags, 0);
	ck_assert_uint_eq(h->got[2].rx.vlan_tci, 0xffff);
	net_free(h);
}
END_TEST

START_TEST(several_ranges_are_several_frames_and_one_completion)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_xfer_range r[4];
	uint32_t before = h->completions;
	uint8_t m[256];
	uint32_t size;

	for (uint32_t i = 0; i < 4; i++) {
		uint8_t f[64];

		memcpy(f, frame, 64);
		f[20] = (uint8_t)i;
		size = net_packet(m, f, sizeof(f), NULL, 0);
		r[i].byte_offset = net_place(h, m, size);
		r[i].byte_count = NET_SLOT; /* padding behind the message is normal */
	}
	net_xfer(h, 0, 0xcafe, r, 4, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 4);
	ck_assert_uint_eq(h->got[3].bytes[20], 3);
	ck_assert_uint_eq(h->completions, before + 1);
	ck_assert_uint_eq(stats(h, 0)->rx_packets, h->completions);
	net_free(h);
}
END_TEST

/* field, value, what counts it; counter NULL: odd but legal */
#define COUNTER(name) offsetof(struct hvp_netvsc_queue_stats, name)
#define LEGAL SIZE_MAX

static const struct {
	uint32_t at, value;
	size_t counter;
} headers[] = {
	{ 4, 43, COUNTER(rx_bad_rndis) },
	{ 4, 0, COUNTER(rx_bad_rndis) },
	{ 4, 7, COUNTER(rx_bad_rndis) },
	{ 4, 125, COUNTER(rx_bad_rndis) },
	{ 4, 0xffffffff, COUNTER(rx_bad_rndis) },
	{ 4, 124, LEGAL },
	{ 8, 35, COUNTER(rx_bad_data) },
	{ 8, 0, COUNTER(rx_bad_data) },
	{ 8, 53, COUNTER(rx_bad_data) },
	{ 8, 117, COUNTER(rx_bad_data) },
	{ 8, 0xffffffff, COUNTER(rx_bad_data) },
	{ 8, 36, LEGAL },
	{ 12, 65, COUNTER(rx_bad_data) },
	{ 12, 0, COUNTER(rx_bad_data) },
	{ 12, 0xffffffff, COUNTER(rx_bad_data) },
	{ 12, 63, LEGAL },
	{ 12, 14, LEGAL },
	{ 12, 13, COUNTER(rx_runt) },
	{ 16, 0xffffffff, LEGAL },
	{ 36, 1, LEGAL },
	{ 28, 35, COUNTER(rx_bad_ppi) },
	{ 28, 0xffffffff, COUNTER(rx_bad_ppi) },
	{ 28, 101, COUNTER(rx_bad_ppi) },
	{ 28, 100, LEGAL }, /* behind the frame, here: the same bytes */
	{ 32, 11, COUNTER(rx_bad_ppi) },
	{ 32, 81, COUNTER(rx_bad_ppi) },
	{ 32, 0xffffffff, COUNTER(rx_bad_ppi) },
	{ 32, 0, LEGAL },
	/* the element at 44 */
	{ 44, 0, COUNTER(rx_bad_ppi) },
	{ 44, 11, COUNTER(rx_bad_ppi) },
	{ 44, 17, COUNTER(rx_bad_ppi) },
	{ 44, 0xffffffff, COUNTER(rx_bad_ppi) },
	{ 52, 11, COUNTER(rx_bad_ppi) },
	{ 52, 13, COUNTER(rx_bad_ppi) },
	{ 52, 17, COUNTER(rx_bad_ppi) },
	{ 52, 0xffffffff, COUNTER(rx_bad_ppi) },
	{ 48, 0x7fffffff, LEGAL },
};

START_TEST(every_bound_of_a_packet_message_is_checked)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t list[16];
	uint8_t m[256];
	uint32_t size;
	uint64_t id;
	const uint8_t *counters = (const uint8_t *)stats(h, 0);
	uint64_t count;

	(void)net_ppi(list, 0, 0x28);
	size = net_packet(m, frame, 64, list, 16);
	ck_assert_uint_eq(size, 124);
	if (headers[_i].at == 28 && headers[_i].value == 100)
		memcpy(m + 108, list, 16); /* over the end of the frame */
	net_put32(m + headers[_i].at, headers[_i].value);
	id = net_rndis(h, 0, m, size);
	net_turn(h);
	if (headers[_i].counter == LEGAL) {
		ck_assert_uint_eq(h->got_count, 1);
		ck_assert_uint_eq(completed(h, id), 1);
	} else {
		memcpy(&count, counters + headers[_i].counter, sizeof(count));
		ck_assert_uint_eq(count, 1);
		ck_assert_uint_eq(h->got_count, 0);
		ck_assert_uint_eq(completed(h, id), 2);
	}
	/* and the next frame is none the worse */
	net_deliver(h, 0, frame, 64);
	net_turn(h);
	ck_assert_uint_ge(h->got_count, 1);
	net_free(h);
}
END_TEST

START_TEST(a_list_of_too_many_elements_is_refused)
{
	struct net_host *h = net_attached(0x60001, 1);
	static uint8_t list[65 * 12];
	uint8_t m[1024];

	for (uint32_t i = 0; i < 65; i++) {
		net_put32(list + 12 * i, 12);
		net_put32(list + 12 * i + 4, 11);
	}
	net_rndis(h, 0, m, net_packet(m, frame, 64, list, 64 * 12));
	net_rndis(h, 0, m, net_packet(m, frame, 64, list, 65 * 12));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_ppi, 1);
	net_free(h);
}
END_TEST

START_TEST(ranges_and_sets_that_are_not_ours_are_refused_and_completed)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_xfer_range good;
	struct hvp_xfer_range r[2];
	uint8_t m[256];
	uint32_t size = net_packet(m, frame, 64, NULL, 0);
	uint32_t before = h->completions;
	uint8_t unknown[8] = { 106 };

	good.byte_offset = net_place(h, m, size);
	good.byte_count = size;
	r[0] = good;
	net_xfer(h, 0, 0xcafd, r, 1, hvp_rd_init(nvsp107, 40));
	r[0].byte_offset = NET_RX_SIZE - size + 1;
	net_xfer(h, 0, 0xcafe, r, 1, hvp_rd_init(nvsp107, 40));
	r[0].byte_offset = 0xffffffff;
	net_xfer(h, 0, 0xcafe, r, 1, hvp_rd_init(nvsp107, 40));
	r[0] = good;
	r[0].byte_count = NET_RX_SIZE + 1;
	r[1] = good; /* the others of the packet are still taken */
	net_xfer(h, 0, 0xcafe, r, 2, hvp_rd_init(nvsp107, 40));
	net_xfer(h, 0, 0xcafe, NULL, 0, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_set, 1);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_range, 4);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(h->completions, before + 5);
	for (uint32_t i = before; i < h->completions; i++)
		ck_assert_uint_eq(h->completion_status[i], 2);
	/* NVSP messages that do not belong there, or are cut off */
	net_xfer(h, 0, 0xcafe, &good, 1, hvp_rd_init(unknown, 8));
	net_xfer(h, 0, 0xcafe, &good, 1, hvp_rd_init(nvsp107, 8));
	net_xfer(h, 0, 0xcafe, &good, 1, hvp_rd_init(NULL, 0));
	net_turn(h);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_nvsp, 3);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(h->completions, before + 8);
	/* exactly the end of the buffer is ours */
	memcpy(h->rx_buffer + NET_RX_SIZE - size, m, size);
	r[0].byte_offset = NET_RX_SIZE - size;
	r[0].byte_count = size;
	net_xfer(h, 0, 0xcafe, r, 1, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 2);
	net_free(h);
}
END_TEST

START_TEST(messages_shorter_than_a_header_are_refused)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t m[256];

	(void)net_packet(m, frame, 64, NULL, 0);
	for (uint32_t size = 0; size < 44; size++)
		(void)net_rndis(h, 0, m, size);
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 0);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_rndis, 44);
	net_free(h);
}
END_TEST

START_TEST(frames_are_dropped_until_a_filter_is_accepted)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t id;

	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 0, &id), HVP_OK);
	net_deliver(h, 0, frame, 64);
	(void)hvp_netvsc_poll(&h->queues[0], 8);
	ck_assert_uint_eq(stats(h, 0)->rx_filtered, 1);
	net_turn(h);
	ck_assert_int_eq(hvp_netvsc_set_filter(&h->dev, 9, &id), HVP_OK);
	net_deliver(h, 0, frame, 64);
	(void)hvp_netvsc_poll(&h->queues[0], 8);
	ck_assert_uint_eq(stats(h, 0)->rx_filtered, 2);
	net_turn(h);
	net_deliver(h, 0, frame, 64);
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 1);
	net_free(h);
}
END_TEST

static uint32_t part(uint8_t *m, uint32_t flags, uint16_t id, const uint8_t *p, uint32_t size)
{
	uint8_t list[32];
	uint32_t n = net_ppi(list, 0x80000001, 1 | flags << 8 | (uint32_t)id << 16);

	if (flags & 2)
		n += net_ppi(list + n, 0, 0x28);
	return net_packet(m, p, size, list, n);
}

/* flags of the parts, ids; frames, counters */
static const struct {
	uint32_t count;
	uint32_t flags[10];
	uint16_t ids[10];
	uint32_t got, rsc_bad, rsc_long, status;
} groups[] = {
	{ 3, { 3, 1, 5 }, { 7, 7, 7 }, 1, 0, 0, 1 },
	{ 1, { 7 }, { 7 }, 1, 0, 0, 1 },
	{ 2, { 3, 5 }, { 1, 1 }, 1, 0, 0, 1 },
	{ 1, { 0 }, { 3 }, 1, 0, 0, 1 },
	{ 2, { 3, 5 }, { 1, 2 }, 0, 1, 0, 2 },
	{ 1, { 5 }, { 1 }, 0, 1, 0, 2 },
	{ 1, { 3 }, { 1 }, 0, 1, 0, 2 },
	{ 2, { 3, 1 }, { 1, 1 }, 0, 1, 0, 2 },
	{ 3, { 3, 3, 5 }, { 1, 1, 1 }, 0, 2, 0, 2 },
	{ 2, { 3, 0 }, { 1, 0 }, 1, 1, 0, 1 },
	{ 8, { 3, 1, 1, 1, 1, 1, 1, 5 }, { 0 }, 1, 0, 0, 1 },
	{ 9, { 3, 1, 1, 1, 1, 1, 1, 1, 5 }, { 0 }, 0, 0, 1, 2 },
};

START_TEST(coalesced_frames_are_joined_or_dropped_as_a_whole)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_xfer_range r[10];
	uint8_t m[256];
	uint64_t id;

	for (uint32_t i = 0; i < groups[_i].count; i++) {
		uint32_t size = part(m, groups[_i].flags[i], groups[_i].ids[i], frame, 30 + i);

		r[i].byte_offset = net_place(h, m, size);
		r[i].byte_count = size;
	}
	id = net_xfer(h, 0, 0xcafe, r, groups[_i].count, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, groups[_i].got);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_rsc, groups[_i].rsc_bad);
	ck_assert_uint_eq(stats(h, 0)->rx_long_rsc, groups[_i].rsc_long);
	ck_assert_uint_eq(completed(h, id), groups[_i].status);
	if (groups[_i].got == 1 && groups[_i].count > 1 && groups[_i].flags[1] != 0) {
		ck_assert_uint_eq(h->got[0].rx.piece_count, groups[_i].count);
		ck_assert(h->got[0].rx.flags & HVP_NETVSC_RX_RSC);
		ck_assert_uint_eq(h->got[0].rx.csum, 0x28);
	}
	ck_assert_uint_eq(h->queues[0].parts, 0);
	net_free(h);
}
END_TEST

START_TEST(a_gap_in_a_coalesced_frame_drops_all_of_it)
{
	struct net_host *h = net_attached(0x60001, 1);
	struct hvp_xfer_range r[3];
	uint8_t m[256];

	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t flags[] = { 3, 1, 5 };
		uint32_t size = part(m, flags[i], 1, frame, 30);

		if (i == 1)
			net_put32(m + 8, 0);
		r[i].byte_offset = net_place(h, m, size);
		r[i].byte_count = size;
	}
	net_xfer(h, 0, 0xcafe, r, 3, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 0);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_data, 1);
	ck_assert_uint_eq(stats(h, 0)->rx_bad_rsc, 2);
	net_free(h);
}
END_TEST

START_TEST(parts_larger_than_the_buffer_together_are_refused)
{
	struct net_host *h = net_attached(0x60001, 1);
	static uint8_t big[NET_RX_SIZE / 2];
	static uint8_t data[NET_RX_SIZE / 2];
	struct hvp_xfer_range r[3];
	uint32_t size;

	size = part(big, 3, 1, data, NET_RX_SIZE / 2 - 2000);
	memcpy(h->rx_buffer, big, size);
	r[0] = (struct hvp_xfer_range){ size, 0 };
	size = part(big, 1, 1, data, NET_RX_SIZE / 2 - 2000);
	memcpy(h->rx_buffer + NET_RX_SIZE / 2, big, size);
	r[1] = (struct hvp_xfer_range){ size, NET_RX_SIZE / 2 };
	r[2] = r[1]; /* the host may name the same bytes twice */
	net_xfer(h, 0, 0xcafe, r, 3, hvp_rd_init(nvsp107, 40));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 0);
	ck_assert_uint_eq(stats(h, 0)->rx_long_rsc, 1);
	net_free(h);
}
END_TEST

START_TEST(a_packet_larger_than_the_private_memory_is_skipped_and_completed)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	static struct hvp_xfer_range r[20];
	uint32_t before;

	h->memory[0].packet_size = 128;
	net_start(h);
	net_turn(h);
	net_skip_events(h);
	before = h->completions;
	net_xfer(h, 0, 0xcafe, r, 20, hvp_rd_init(nvsp107, 40));
	net_inband(h, 0, h->rx_buffer, 256, false);
	net_deliver(h, 0, frame, 64);
	net_turn(h);
	ck_assert_uint_eq(stats(h, 0)->rx_oversized, 2);
	ck_assert_uint_eq(h->completions, before + 2);
	ck_assert_uint_eq(h->got_count, 1);
	net_free(h);
}
END_TEST

START_TEST(sub_channels_carry_frames_and_no_control)
{
	struct net_host *h = net_attached(0x60001, 3);
	uint8_t m[52] = { 7 };
	uint32_t words[3] = { net_word(128), net_word(1), net_word(2) };

	net_deliver(h, 2, frame, 64);
	net_put32(m + 4, 20);
	net_put32(m + 8, 0x4001000c);
	net_rndis(h, 2, m, 20);
	net_inband(h, 1, words, 12, false);
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert_uint_eq(h->got[0].queue, 2);
	ck_assert_uint_eq(stats(h, 2)->rx_control_misplaced, 1);
	ck_assert_uint_eq(stats(h, 1)->rx_bad_nvsp, 1);
	ck_assert(hvp_netvsc_info(&h->dev)->link_up);
	ck_assert(!hvp_netvsc_info(&h->dev)->vf);
	net_free(h);
}
END_TEST

/* BUG-113: completions wait for room, are never lost, and come in order. */
START_TEST(completions_survive_a_full_ring)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t before = h->completions;
	uint32_t filled = 0;

	h->deaf = true;
	while (hvp_ring_tx_put(&h->queues[0].tx,
			       &(struct hvp_ring_out){ .type = HVP_PACKET_COMPLETION,
						       .transaction_id = 9 }) == HVP_OK)
		filled++;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	for (uint32_t i = 0; i < 12; i++)
		net_deliver(h, 0, frame, 64);
	net_turn(h);
	/* as many as there is memory for completions; the rest stays in the ring */
	ck_assert_uint_eq(h->got_count, 8);
	ck_assert_uint_ge(stats(h, 0)->rx_stalls, 1);
	ck_assert_uint_ge(stats(h, 0)->rx_completions_deferred, 1);
	ck_assert_uint_eq(h->completions, before);
	h->deaf = false;
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 12);
	ck_assert_uint_eq(h->completions, before + filled + 12);
	for (uint32_t i = 0; i < 12; i++)
		ck_assert_uint_eq(h->completion_status[before + filled + i], 1);
	net_free(h);
}
END_TEST

START_TEST(a_poll_unmasks_only_an_empty_ring)
{
	struct net_host *h = net_attached(0x60001, 1);
	const uint8_t *mask = (const uint8_t *)h->memory[0].rx.control + 8;

	for (int i = 0; i < 5; i++)
		net_deliver(h, 0, frame, 64);
	ck_assert(hvp_netvsc_poll(&h->queues[0], 2));
	ck_assert_uint_eq(hvp_get_u32(mask), 1);
	ck_assert_uint_eq(h->got_count, 2);
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	ck_assert_uint_eq(hvp_get_u32(mask), 0);
	hvp_netvsc_mask(&h->queues[0]);
	ck_assert_uint_eq(hvp_get_u32(mask), 1);
	net_deliver(h, 0, frame, 64);
	ck_assert_uint_eq(hvp_netvsc_receive(&h->queues[0], 8), 1);
	ck_assert_uint_eq(hvp_netvsc_receive(&h->queues[0], 8), 0);
	ck_assert_uint_eq(hvp_get_u32(mask), 1);
	ck_assert_uint_eq(h->got_count, 6);
	net_free(h);
}
END_TEST

START_TEST(a_corrupt_ring_stops_its_queue_and_is_told_once)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint32_t *index = (uint32_t *)h->memory[0].rx.control;

	*index = 3;
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	ck_assert_uint_eq(hvp_netvsc_receive(&h->queues[0], 8), 0);
	hvp_netvsc_mask(&h->queues[0]);
	hvp_netvsc_flush(&h->queues[0]);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ERROR).status, HVP_CORRUPT);
	net_no_event(h);
	ck_assert_str_eq(hvp_netvsc_stats(&h->dev)->fault.field, "write_index");
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	net_sleep(h, 100000001);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	net_free(h);
}
END_TEST

START_TEST(completions_go_out_one_by_one_as_room_comes)
{
	struct net_host *h = net_attached(0x60001, 1);
	const struct hvp_ring_out out = { .type = HVP_PACKET_COMPLETION, .transaction_id = 9 };
	struct hvp_ring_packet p;
	uint8_t buf[256];
	uint32_t left;

	while (hvp_ring_tx_put(&h->queues[0].tx, &out) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->queues[0].tx);
	for (uint32_t i = 0; i < 8; i++)
		net_deliver(h, 0, frame, 64);
	(void)hvp_netvsc_poll(&h->queues[0], 16);
	ck_assert_uint_eq(h->queues[0].done_tail - h->queues[0].done_head, 8);
	do {
		ck_assert_int_eq(hvp_ring_rx_next(&h->rx[0], buf, sizeof(buf), &p), HVP_OK);
		(void)!hvp_ring_rx_commit(&h->rx[0]);
		(void)net_run(h);
		left = h->queues[0].done_tail - h->queues[0].done_head;
	} while (left == 8);
	net_turn(h);
	ck_assert_uint_eq(h->queues[0].done_tail, h->queues[0].done_head);
	net_free(h);
}
END_TEST

START_TEST(a_host_that_waits_for_room_is_signalled_when_there_is)
{
	struct net_host *h = net_attached(0x60001, 1);
	uint8_t m[64] = { 136 };
	struct hvp_ring_out out = hvp_ring_inband(m, sizeof(m));
	unsigned int signals;

	while (hvp_ring_tx_put(&h->tx[0], &out) == HVP_OK)
		;
	(void)!hvp_ring_tx_commit(&h->tx[0]);
	ck_assert_int_eq(hvp_ring_tx_wait(&h->tx[0], hvp_ring_packet_total(0, sizeof(m))),
			 HVP_AGAIN);
	signals = h->f->signals;
	(void)hvp_netvsc_poll(&h->queues[0], 1000);
	ck_assert_uint_gt(h->f->signals, signals);
	net_free(h);
}
END_TEST

/* The owner may do from the receive function what it may do anywhere. */
static void give_up(void *context, struct hvp_netvsc_queue *q, const struct hvp_netvsc_rx *rx)
{
	struct net_host *h = context;

	ck_assert_uint_eq(rx->piece_count, 1);
	ck_assert_uint_eq(q->index, 0);
	h->got_count++;
	fake_rescind(h->f, NET_CHANNEL);
	net_bus_work(h);
}

START_TEST(a_device_that_ends_within_a_receive_function_takes_no_more)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.rx = give_up;
	net_start(h);
	net_turn(h);
	for (int i = 0; i < 3; i++)
		net_deliver(h, 0, frame, 64);
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	ck_assert_uint_eq(h->got_count, 1);
	ck_assert(!hvp_netvsc_poll(&h->queues[0], 8));
	hvp_netvsc_mask(&h->queues[0]);
	hvp_netvsc_flush(&h->queues[0]);
	net_free(h);
}
END_TEST

START_TEST(without_memory_for_parts_coalesced_frames_are_dropped)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	uint8_t m[256];

	h->memory[0].pieces = NULL;
	h->memory[0].piece_count = 0;
	net_start(h);
	net_turn(h);
	net_rndis(h, 0, m, part(m, 7, 1, frame, 64));
	net_turn(h);
	ck_assert_uint_eq(h->got_count, 0);
	ck_assert_uint_eq(h->queues[0].stats.rx_long_rsc, 1);
	net_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netvsc_rx");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_frame_is_handed_over_where_it_lies);
	tcase_add_test(t, per_packet_information_says_what_the_host_found);
	tcase_add_test(t, several_ranges_are_several_frames_and_one_completion);
	tcase_add_loop_test(t, every_bound_of_a_packet_message_is_checked, 0,
			    (int)(sizeof(headers) / sizeof(headers[0])));
	tcase_add_test(t, a_list_of_too_many_elements_is_refused);
	tcase_add_test(t, ranges_and_sets_that_are_not_ours_are_refused_and_completed);
	tcase_add_test(t, messages_shorter_than_a_header_are_refused);
	tcase_add_test(t, frames_are_dropped_until_a_filter_is_accepted);
	tcase_add_loop_test(t, coalesced_frames_are_joined_or_dropped_as_a_whole, 0,
			    (int)(sizeof(groups) / sizeof(groups[0])));
	tcase_add_test(t, a_gap_in_a_coalesced_frame_drops_all_of_it);
	tcase_add_test(t, parts_larger_than_the_buffer_together_are_refused);
	tcase_add_test(t, a_packet_larger_than_the_private_memory_is_skipped_and_completed);
	tcase_add_test(t, sub_channels_carry_frames_and_no_control);
	tcase_add_test(t, completions_survive_a_full_ring);
	tcase_add_test(t, a_poll_unmasks_only_an_empty_ring);
	tcase_add_test(t, a_corrupt_ring_stops_its_queue_and_is_told_once);
	tcase_add_test(t, completions_go_out_one_by_one_as_room_comes);
	tcase_add_test(t, a_host_that_waits_for_room_is_signalled_when_there_is);
	tcase_add_test(t, a_device_that_ends_within_a_receive_function_takes_no_more);
	tcase_add_test(t, without_memory_for_parts_coalesced_frames_are_dropped);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
