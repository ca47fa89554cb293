/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings: what is written, what is read, and what is refused. Rows of the bug list and
 * requirements are named where a test covers them.
 */
#include "ring_pair.h"

static void no_room(struct hvp_ring_tx *tx, uint32_t total)
{
	uint8_t payload[8] = { 0 };
	struct hvp_ring_out out = hvp_ring_inband(payload, total - 24);

	ck_assert_int_eq(hvp_ring_tx_put(tx, &out), HVP_AGAIN);
}

/* --- beginning --- */

START_TEST(a_ring_of_a_size_or_alignment_outside_the_rules_is_refused)
{
	static const uint32_t bad[] = { 0, 8, 4095, 4097, 6144, 8188u * 4096u, 0xfffff000u };
	struct hvp_ring_mem mem;
	struct pair p;
	size_t i;

	pair_memory(&p, 2, false);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mem = p.mem;
		mem.size = bad[i];
		ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &mem, NULL), HVP_ARG);
		ck_assert_int_eq(hvp_ring_tx_attach(&p.tx, &mem, NULL), HVP_ARG);
		ck_assert_int_eq(hvp_ring_rx_init(&p.rx, &mem, HVP_RING_GUEST), HVP_ARG);
		ck_assert_int_eq(hvp_ring_rx_attach(&p.rx, &mem, HVP_RING_GUEST), HVP_ARG);
	}
	mem = p.mem;
	mem.control = (uint8_t *)p.control + 4;
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &mem, NULL), HVP_ARG);
	mem.control = NULL;
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &mem, NULL), HVP_ARG);
	mem = p.mem;
	mem.base = p.data + 1;
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &mem, NULL), HVP_ARG);
	mem.base = NULL;
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &mem, NULL), HVP_ARG);
	ck_assert_int_eq(hvp_ring_rx_init(&p.rx, &p.mem, (enum hvp_ring_side)3), HVP_ARG);
	pair_close(&p);
}
END_TEST

START_TEST(a_page_list_with_a_hole_is_refused)
{
	uint8_t *list[2];
	struct pair p;

	/* BUG-025: scattered pages are a ring as good as any. */
	pair_memory(&p, 2, true);
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &p.mem, NULL), HVP_OK);
	list[0] = p.pages[0];
	list[1] = NULL;
	p.mem.pages = list;
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &p.mem, NULL), HVP_ARG);
	list[1] = p.pages[1] + 4;
	ck_assert_int_eq(hvp_ring_rx_init(&p.rx, &p.mem, HVP_RING_HOST), HVP_ARG);
	pair_close(&p);
}
END_TEST

/* CORE-REQ-106, CORE-REQ-047, BUG-028: promised only because kept (ring_flow_test.c). */
START_TEST(init_clears_the_ring_and_sets_the_feature_bit_of_the_sender)
{
	struct pair p;
	uint32_t listed;
	uint32_t i;

	for (listed = 0; listed < 2; listed++) {
		pair_memory(&p, 2, listed != 0);
		must(hvp_ring_tx_init(&p.tx, &p.mem, NULL) == HVP_OK);
		for (i = 0; i < 1024; i++)
			must(control_get(p.control, i) == (i == CONTROL_FEATURES));
		for (i = 0; i < p.mem.size; i++)
			must(*pair_byte(&p, i) == 0);
		memset(p.control, 0xee, 4096);
		memset(pair_byte(&p, 4096), 0xee, 4096);
		must(hvp_ring_rx_init(&p.rx, &p.mem, HVP_RING_GUEST) == HVP_OK);
		for (i = 0; i < 1024; i++)
			must(control_get(p.control, i) == 0);
		must(*pair_byte(&p, 4096) == 0);
		pair_close(&p);
	}
}
END_TEST

START_TEST(attach_takes_up_the_indices_and_refuses_impossible_ones)
{
	static const uint32_t bad[] = { 4096, 8192, 4, 12, 4095, 0xfffffff8u, 0xffffffffu };
	struct pair p;
	size_t i;

	pair_open(&p, 1, false, HVP_RING_HOST);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		control_set(p.control, CONTROL_WRITE, bad[i]);
		ck_assert_int_eq(hvp_ring_tx_attach(&p.tx, &p.mem, NULL), HVP_CORRUPT);
		control_set(p.control, CONTROL_WRITE, 0);
		control_set(p.control, CONTROL_READ, bad[i]);
		ck_assert_int_eq(hvp_ring_tx_attach(&p.tx, &p.mem, NULL), HVP_CORRUPT);
		ck_assert_int_eq(hvp_ring_rx_attach(&p.rx, &p.mem, HVP_RING_HOST), HVP_CORRUPT);
	}
	control_set(p.control, CONTROL_PENDING, 512);
	control_set(p.control, CONTROL_FEATURES, 0);
	pair_start_at(&p, 4088, HVP_RING_HOST);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 0);
	ck_assert_uint_eq(control_get(p.control, CONTROL_FEATURES), 1);
	ck_assert(pair_send(&p, 8));
	ck_assert_uint_eq(control_get(p.control, CONTROL_WRITE), 24);
	pair_take(&p);
	pair_close(&p);
}
END_TEST

/* --- bytes on the ring --- */

/* CORE-REQ-028, CORE-REQ-029, CORE-REQ-030, CORE-SEC-51 */
START_TEST(a_packet_is_descriptor_payload_zero_padding_and_trailer)
{
	/* Written from the tables of chapter 10 section 3.3, at ring offset 0x28. */
	static const uint8_t want[] = {
		0x06, 0x00, 0x02, 0x00, 0x04, 0x00, 0x01, 0x00, /* in-band, 16, 32, completion */
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* transaction id */
		0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xb0, 0xb1, 0xb2, /* head and body without a gap */
		0xb3, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* padding */
		0x00, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, /* trailer */
	};
	static const uint8_t head[] = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4 };
	static const uint8_t body[] = { 0xb0, 0xb1, 0xb2, 0xb3 };
	struct hvp_ring_out out = hvp_ring_request(0x0102030405060708u, head, sizeof(head));
	uint8_t got[sizeof(want)];
	struct pair p;
	bool signal;

	out.payload[1].p = body;
	out.payload[1].size = sizeof(body);
	pair_open(&p, 1, false, HVP_RING_HOST);
	pair_start_at(&p, 0x28, HVP_RING_HOST);
	ck_assert_int_eq(hvp_ring_tx_send(&p.tx, &out, &signal), HVP_OK);
	ck_assert(signal);
	pair_peek(&p, 0x28, got, sizeof(got));
	ck_assert_mem_eq(got, want, sizeof(want));
	ck_assert_uint_eq(control_get(p.control, CONTROL_WRITE), 0x28 + sizeof(want));
	pair_close(&p);
}
END_TEST

START_TEST(padding_is_zero_at_every_length_and_place)
{
	uint8_t word[8];
	struct pair p;
	uint32_t size;
	uint32_t at;
	uint32_t i;

	pair_open(&p, 1, true, HVP_RING_HOST);
	for (size = 0; size <= 17; size++) {
		for (at = 4096 - 56; at < 4096; at += 8) {
			memset(p.pages[0], 0xee, 4096);
			pair_start_at(&p, at, HVP_RING_HOST);
			pair_send(&p, size);
			for (i = size; i < (size + 7) / 8 * 8; i++)
				must(*pair_byte(&p, at + 16 + i) == 0);
			pair_peek(&p, at + 16 + i, word, 8);
			must(hvp_get_u32(word) == 0);
			must(hvp_get_u32(word + 4) == at);
			must(*pair_byte(&p, at + 24 + i) == 0xee);
		}
	}
	pair_close(&p);
}
END_TEST

/* BUG-023 */
START_TEST(a_packet_without_payload_is_legal_both_ways)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert(pair_send(&p, 0));
	ck_assert_uint_eq(control_get(p.control, CONTROL_WRITE), 24);
	packet = pair_take(&p);
	ck_assert_uint_eq(packet.size, 16);
	ck_assert_uint_eq(hvp_ring_payload(&packet).len, 0);
	ck_assert_uint_eq(hvp_ring_extra(&packet).len, 0);
	pair_close(&p);
}
END_TEST

static void check_payload(const struct hvp_ring_packet *packet, const uint8_t *want, uint32_t size)
{
	struct hvp_rd r = hvp_ring_payload(packet);

	must(r.len == (size + 7u) / 8u * 8u);
	if (size > 0)
		ck_assert_mem_eq(r.p, want, size);
	for (; size < r.len; size++)
		must(r.p[size] == 0);
}

/* CORE-REQ-026, CORE-REQ-027, BUG-013: descriptors, payloads and trailers across the end. */
START_TEST(packets_survive_every_offset_of_a_ring_of_any_size)
{
	static const uint32_t lengths[] = { 0, 1, 8, 13, 24, 500, 1001, 4000 };
	uint8_t *payload = malloc(4000);
	struct hvp_ring_packet packet;
	struct hvp_ring_out out;
	uint32_t pages = (uint32_t)_i / 2 + 1;
	struct pair p;
	uint32_t at;
	bool signal;
	size_t i;

	ck_assert_ptr_nonnull(payload);
	for (i = 0; i < 4000; i++)
		payload[i] = (uint8_t)(i * 7 + 1);
	pair_open(&p, pages, _i % 2 != 0, HVP_RING_HOST);
	for (at = 0; at < p.mem.size; at += 8) {
		pair_start_at(&p, at, HVP_RING_HOST);
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			out = hvp_ring_request(at + i, payload, lengths[i]);
			must(hvp_ring_tx_send(&p.tx, &out, &signal) == HVP_OK);
			packet = pair_take(&p);
			must(packet.transaction_id == at + i);
			must(packet.type == HVP_PACKET_INBAND);
			must(packet.flags == HVP_PACKET_COMPLETION_REQUESTED);
			check_payload(&packet, payload, lengths[i]);
			must(!hvp_ring_rx_commit(&p.rx));
		}
		must(pair_next(&p, &packet) == HVP_AGAIN);
		must(control_get(p.control, CONTROL_READ) == control_get(p.control, CONTROL_WRITE));
	}
	pair_close(&p);
	free(payload);
}
END_TEST

START_TEST(a_page_list_and_a_mapping_hold_the_same_bytes)
{
	static const struct hvp_xfer_range xfer[] = { { 8, 16 }, { 24, 32 }, { 40, 48 } };
	struct pair a;
	struct pair b;
	uint32_t round;
	uint32_t i;

	pair_open(&a, 3, false, HVP_RING_HOST);
	pair_open(&b, 3, true, HVP_RING_HOST);
	for (round = 0; round < 500; round++) {
		struct hvp_ring_out out = hvp_ring_completion(round, &round, round % 4);

		if (round % 3 == 0) {
			must(hvp_ring_tx_put_xfer(&a.tx, &out, 7, xfer, 3) == HVP_OK);
			must(hvp_ring_tx_put_xfer(&b.tx, &out, 7, xfer, 3) == HVP_OK);
		}
		must(pair_put(&a, round, (uint8_t)round) == HVP_OK);
		must(pair_put(&b, round, (uint8_t)round) == HVP_OK);
		must(hvp_ring_tx_commit(&a.tx) == hvp_ring_tx_commit(&b.tx));
		control_set(a.control, CONTROL_READ, control_get(a.control, CONTROL_WRITE));
		control_set(b.control, CONTROL_READ, control_get(b.control, CONTROL_WRITE));
	}
	ck_assert_mem_eq(a.control, b.control, 4096);
	for (i = 0; i < a.mem.size; i++)
		must(*pair_byte(&a, i) == *pair_byte(&b, i));
	pair_close(&a);
	pair_close(&b);
}
END_TEST

/* --- room --- */

/* CORE-REQ-024, CORE-REQ-025 */
START_TEST(a_writer_fills_the_ring_but_never_to_the_point_of_emptiness)
{
	struct hvp_ring_packet packet;
	uint32_t room;
	uint32_t sent;
	uint32_t size;
	struct pair p;

	for (size = 0; size <= 64; size += 8) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		for (sent = 0; pair_put(&p, size, 1) == HVP_OK; sent++) {
			ck_assert_int_eq(hvp_ring_tx_commit(&p.tx), sent == 0);
			ck_assert_uint_ne(control_get(p.control, CONTROL_WRITE), 0);
		}
		ck_assert_uint_eq(sent, 4088 / (24 + size));
		ck_assert_int_eq(hvp_ring_tx_room(&p.tx, &room), HVP_OK);
		ck_assert_uint_lt(room, 24 + size);
		ck_assert_uint_eq(p.tx.stats.full, 1);
		ck_assert_uint_eq(p.tx.stats.packets, sent);
		ck_assert_uint_eq(p.tx.stats.bytes, (uint64_t)sent * (24 + size));
		while (sent-- > 0)
			pair_take(&p);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_AGAIN);
		pair_close(&p);
	}
}
END_TEST

START_TEST(the_largest_packet_leaves_sixteen_bytes_and_a_larger_one_can_never_fit)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert_int_eq(pair_put(&p, 4096 - 16 - 24 + 1, 1), HVP_ARG);
	ck_assert_int_eq(pair_put(&p, 4096 - 8 - 24, 1), HVP_ARG);
	ck_assert_int_eq(pair_put(&p, 4096, 1), HVP_ARG);
	ck_assert_int_eq(pair_put(&p, 4096 - 16 - 24, 1), HVP_OK);
	ck_assert(hvp_ring_tx_commit(&p.tx));
	no_room(&p.tx, 24);
	ck_assert_uint_eq(pair_take(&p).size, 4096 - 16 - 8);
	pair_close(&p);
}
END_TEST

START_TEST(a_size_that_no_descriptor_can_tell_is_refused)
{
	static uint8_t bytes[8];
	struct hvp_ring_out out = hvp_ring_inband(bytes, 0xfffffff0u);
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert_int_eq(hvp_ring_tx_put(&p.tx, &out), HVP_ARG);
	out.payload[1].p = bytes;
	out.payload[1].size = 0xfffffff0u;
	ck_assert_int_eq(hvp_ring_tx_put(&p.tx, &out), HVP_ARG);
	out = hvp_ring_inband(bytes, 8);
	out.extra.p = bytes;
	out.extra.size = 4;
	ck_assert_int_eq(hvp_ring_tx_put(&p.tx, &out), HVP_ARG);
	out.extra.size = 8;
	ck_assert_int_eq(hvp_ring_tx_put(&p.tx, &out), HVP_OK);
	pair_close(&p);
}
END_TEST

START_TEST(a_refused_send_leaves_the_signal_alone)
{
	struct hvp_ring_out out = hvp_ring_inband(NULL, 0);
	bool signal = true;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 4048);
	ck_assert_int_eq(hvp_ring_tx_send(&p.tx, &out, &signal), HVP_AGAIN);
	ck_assert(signal);
	pair_close(&p);
}
END_TEST

START_TEST(what_is_not_committed_is_not_seen)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert_int_eq(pair_put(&p, 8, 1), HVP_OK);
	ck_assert_int_eq(pair_put(&p, 8, 2), HVP_OK);
	ck_assert_int_eq(pair_next(&p, &packet), HVP_AGAIN);
	ck_assert(hvp_ring_tx_commit(&p.tx));
	ck_assert(!hvp_ring_tx_commit(&p.tx));
	pair_take(&p);
	pair_take(&p);
	ck_assert_uint_eq(p.tx.stats.signals, 1);
	pair_close(&p);
}
END_TEST

/* --- hostile indices --- */

/* CORE-REQ-051, CORE-SEC-17, CORE-SEC-54, BUG-029: an error that is seen, for ever. */
START_TEST(ring_refuses_a_write_index_outside_the_ring_for_ever)
{
	static const uint32_t bad[] = { 4096, 4104, 8192, 4, 1, 4095, 0x80000000u, 0xffffffffu };
	const struct hvp_fault *fault;
	struct hvp_ring_packet packet;
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		ck_assert_ptr_null(hvp_ring_rx_fault(&p.rx));
		control_set(p.control, CONTROL_WRITE, bad[i]);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		fault = hvp_ring_rx_fault(&p.rx);
		ck_assert_ptr_nonnull(fault);
		ck_assert_str_eq(fault->field, "write_index");
		ck_assert_int_eq(fault->status, HVP_CORRUPT);
		ck_assert_uint_eq(fault->found, bad[i]);
		ck_assert_uint_eq(fault->high, 4088);
		control_set(p.control, CONTROL_WRITE, 0);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		ck_assert_int_eq(hvp_ring_rx_peek_trusted_in_place(&p.rx, &packet), HVP_CORRUPT);
		ck_assert(!hvp_ring_rx_unmask(&p.rx));
		ck_assert_ptr_nonnull(hvp_ring_rx_fault(&p.rx));
		pair_close(&p);
	}
}
END_TEST

START_TEST(ring_refuses_less_than_a_packet)
{
	struct hvp_ring_packet packet;
	struct pair p;
	uint32_t n;

	for (n = 8; n < 24; n += 8) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		control_set(p.control, CONTROL_WRITE, n);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		pair_close(&p);
		/* And as a rest behind a whole packet. */
		pair_open(&p, 1, false, HVP_RING_GUEST);
		pair_send(&p, 8);
		control_set(p.control, CONTROL_WRITE, 32 + n);
		pair_take(&p);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		pair_close(&p);
	}
}
END_TEST

START_TEST(ring_refuses_a_write_index_that_ran_over_bytes_not_given_back)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 1000);
	pair_send(&p, 1000);
	pair_take(&p);
	pair_take(&p);
	control_set(p.control, CONTROL_WRITE, 48);
	ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
	ck_assert_str_eq(hvp_ring_rx_fault(&p.rx)->field, "write_index");
	pair_close(&p);
}
END_TEST

START_TEST(sender_refuses_a_read_index_outside_the_ring_for_ever)
{
	static const uint32_t bad[] = { 4096, 12, 0xfffffff8u, 0xffffffffu };
	uint32_t room;
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		ck_assert_ptr_null(hvp_ring_tx_fault(&p.tx));
		pair_send(&p, 4000);
		control_set(p.control, CONTROL_READ, bad[i]);
		/* The commit only compares it. */
		ck_assert_int_eq(pair_put(&p, 0, 0), HVP_OK);
		ck_assert(!hvp_ring_tx_commit(&p.tx));
		ck_assert_int_eq(pair_put(&p, 500, 0), HVP_CORRUPT);
		ck_assert_str_eq(hvp_ring_tx_fault(&p.tx)->field, "read_index");
		ck_assert_uint_eq(hvp_ring_tx_fault(&p.tx)->found, bad[i]);
		control_set(p.control, CONTROL_READ, 0);
		ck_assert_int_eq(pair_put(&p, 0, 0), HVP_CORRUPT);
		ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 24), HVP_CORRUPT);
		ck_assert_int_eq(hvp_ring_tx_room(&p.tx, &room), HVP_CORRUPT);
		pair_close(&p);
	}
}
END_TEST

START_TEST(sender_that_waits_sees_an_impossible_read_index)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 4000);
	control_set(p.control, CONTROL_READ, 20);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 512), HVP_CORRUPT);
	pair_close(&p);
}
END_TEST

/* CORE-SEC-18: own indices are write-only for their owner. */
START_TEST(own_index_in_the_shared_page_is_never_taken_back)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 8);
	pair_send(&p, 8);
	control_set(p.control, CONTROL_READ, 2048);
	pair_take(&p);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert_uint_eq(control_get(p.control, CONTROL_READ), 32);
	control_set(p.control, CONTROL_WRITE, 2048);
	pair_send(&p, 8);
	ck_assert_uint_eq(control_get(p.control, CONTROL_WRITE), 96);
	pair_take(&p);
	pair_take(&p);
	pair_close(&p);
}
END_TEST

/* --- hostile descriptors --- */

struct bad_desc {
	uint16_t type, offset8, length8;
	const char *field;
};

/* CORE-REQ-050, CORE-SEC-16, BUG-016, BUG-019, BUG-029; 64 bytes are published. */
START_TEST(ring_refuses_a_descriptor_that_contradicts_itself)
{
	static const struct bad_desc bad[] = {
		{ 6, 0, 2, "data_offset8" }, /* header shorter than the descriptor */
		{ 6, 1, 2, "data_offset8" },
		{ 7, 2, 4, "data_offset8" }, /* no room for a range header: BUG-016 */
		{ 6, 3, 2, "length8" }, /* BUG-019 */
		{ 6, 2, 0, "length8" }, /* BUG-029 */
		{ 6, 2, 1, "length8" },
		{ 6, 2, 8, "length8" }, /* no room for the trailer */
		{ 6, 2, 9, "length8" },
		{ 6, 2, 0xffff, "length8" },
		{ 6, 0xffff, 0xffff, "length8" },
		{ 7, 0xffff, 2, "length8" },
	};
	struct hvp_ring_packet packet;
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		pair_raw(&p, 0, bad[i].type, bad[i].offset8, bad[i].length8, 0);
		control_set(p.control, CONTROL_WRITE, 64);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		ck_assert_str_eq(hvp_ring_rx_fault(&p.rx)->field, bad[i].field);
		ck_assert_str_eq(hvp_ring_rx_fault(&p.rx)->message, "ring.descriptor");
		ck_assert_uint_eq(p.rx.stats.packets, 0);
		ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
		pair_close(&p);
	}
}
END_TEST

/* CORE-REQ-031, CORE-REQ-032 */
START_TEST(each_side_accepts_its_three_packet_types_and_no_other)
{
	static const uint16_t large[] = { 16, 17, 22, 0x106, 0x8006, 0xffff };
	enum hvp_ring_side side;
	struct hvp_ring_packet packet;
	enum hvp_status want;
	struct pair p;
	uint16_t type;
	uint32_t i;

	for (side = HVP_RING_GUEST; side <= HVP_RING_HOST; side++) {
		for (i = 0; i < 16 + sizeof(large) / sizeof(large[0]); i++) {
			type = (uint16_t)(i < 16 ? i : large[i - 16]);
			want = type == 6 || type == 11 || type == (side == HVP_RING_GUEST ? 7 : 9)
				       ? HVP_OK
				       : HVP_CORRUPT;
			pair_open(&p, 1, false, side);
			pair_raw(&p, 0, type, 3, 4, 0);
			control_set(p.control, CONTROL_WRITE, 40);
			ck_assert_int_eq(pair_next(&p, &packet), want);
			if (want == HVP_CORRUPT)
				ck_assert_str_eq(hvp_ring_rx_fault(&p.rx)->field, "packet_type");
			pair_close(&p);
		}
	}
}
END_TEST

START_TEST(a_cancel_request_is_recognised_and_refused)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_HOST);
	pair_raw(&p, 0, HVP_PACKET_CANCEL, 2, 2, 0);
	control_set(p.control, CONTROL_WRITE, 24);
	ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
	ck_assert_str_eq(hvp_ring_rx_fault(&p.rx)->message, "ring.cancel_request");
	ck_assert_uint_eq(hvp_ring_rx_fault(&p.rx)->found, 10);
	pair_close(&p);
}
END_TEST

/* CORE-REQ-034, CORE-REQ-122 */
START_TEST(unknown_flag_bits_are_dropped)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_raw(&p, 0, 6, 2, 2, 0xfffe);
	pair_raw(&p, 24, 11, 2, 2, 0xffff);
	control_set(p.control, CONTROL_WRITE, 48);
	packet = pair_take(&p);
	ck_assert_uint_eq(packet.flags, 0);
	ck_assert_uint_eq(packet.transaction_id, 0x1111111111111111u);
	packet = pair_take(&p);
	ck_assert_uint_eq(packet.flags, HVP_PACKET_COMPLETION_REQUESTED);
	pair_close(&p);
}
END_TEST

/* CORE-SEC-52 */
START_TEST(trailers_are_skipped_unread)
{
	uint8_t junk[8];
	struct pair p;

	memset(junk, 0xff, sizeof(junk));
	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 8);
	pair_send(&p, 16);
	pair_poke(&p, 24, junk, 8);
	ck_assert_uint_eq(pair_take(&p).size, 24);
	ck_assert_uint_eq(pair_take(&p).size, 32);
	pair_close(&p);
}
END_TEST

/* CORE-SEC-54 */
START_TEST(corruption_of_one_ring_leaves_another_alone)
{
	struct hvp_ring_packet packet;
	struct pair a;
	struct pair b;

	pair_open(&a, 1, false, HVP_RING_GUEST);
	pair_open(&b, 1, false, HVP_RING_GUEST);
	control_set(a.control, CONTROL_WRITE, 5);
	pair_send(&b, 8);
	ck_assert_int_eq(pair_next(&a, &packet), HVP_CORRUPT);
	pair_take(&b);
	pair_close(&a);
	pair_close(&b);
}
END_TEST

/* --- packets too large for the receiver --- */

/* BUG-011, BUG-014 */
START_TEST(an_oversized_packet_is_skipped_whole_and_the_next_one_is_sound)
{
	struct hvp_ring_packet packet;
	struct pair p;
	uint32_t at;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	for (at = 0; at < 4096; at += 8) {
		pair_start_at(&p, at, HVP_RING_GUEST);
		pair_send(&p, 1000);
		pair_send(&p, 48);
		memset(p.buf, 0x77, p.cap);
		must(hvp_ring_rx_next(&p.rx, p.buf, 64, &packet) == HVP_NOSPACE);
		must(packet.size == 1016);
		ck_assert_ptr_null(packet.bytes);
		must(hvp_ring_payload(&packet).len == 0);
		must(hvp_ring_extra(&packet).len == 0);
		/* Nothing was copied. */
		must(p.buf[0] == 0x77);
		must(p.rx.stats.oversized == 1);
		/* A packet of exactly the maximum, its descriptor counted. */
		must(hvp_ring_rx_next(&p.rx, p.buf, HVP_RING_BUFFER_SIZE(0, 48), &packet) ==
		     HVP_OK);
		must(packet.size == 64);
		must(p.buf[64] == 0x77);
		must(hvp_ring_rx_next(&p.rx, p.buf, 64, &packet) == HVP_AGAIN);
		must(!hvp_ring_rx_commit(&p.rx));
		must(control_get(p.control, CONTROL_READ) == control_get(p.control, CONTROL_WRITE));
	}
	pair_close(&p);
}
END_TEST

START_TEST(a_buffer_below_a_descriptor_is_refused)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 0);
	ck_assert_int_eq(hvp_ring_rx_next(&p.rx, p.buf, 15, &packet), HVP_ARG);
	ck_assert_int_eq(hvp_ring_rx_next(&p.rx, p.buf, 16, &packet), HVP_OK);
	pair_close(&p);
}
END_TEST

START_TEST(outputs_stay_untouched_when_nothing_was_read)
{
	struct hvp_ring_packet packet;
	struct hvp_ring_packet before;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	memset(&packet, 0x33, sizeof(packet));
	before = packet;
	ck_assert_int_eq(pair_next(&p, &packet), HVP_AGAIN);
	ck_assert_mem_eq(&packet, &before, sizeof(packet));
	control_set(p.control, CONTROL_WRITE, 3);
	ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
	ck_assert_mem_eq(&packet, &before, sizeof(packet));
	pair_close(&p);
}
END_TEST

/* --- in place --- */

START_TEST(a_trusted_packet_is_handed_out_in_place_when_it_lies_in_one_run)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 2, true, HVP_RING_GUEST);
	pair_start_at(&p, 4096 - 80, HVP_RING_GUEST);
	pair_send(&p, 32);
	pair_send(&p, 32);
	ck_assert_int_eq(hvp_ring_rx_peek_trusted_in_place(&p.rx, &packet), HVP_OK);
	ck_assert_ptr_eq(packet.bytes, pair_byte(&p, 4096 - 80));
	ck_assert_uint_eq(hvp_ring_payload(&packet).len, 32);
	/* The second crosses into the next page: nothing is taken, and it can be copied. */
	ck_assert_int_eq(hvp_ring_rx_peek_trusted_in_place(&p.rx, &packet), HVP_NOSPACE);
	ck_assert_uint_eq(pair_take(&p).size, 48);
	ck_assert_int_eq(hvp_ring_rx_peek_trusted_in_place(&p.rx, &packet), HVP_AGAIN);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert_uint_eq(p.rx.stats.packets, 2);
	pair_raw(&p, control_get(p.control, CONTROL_WRITE), 6, 2, 99, 0);
	control_set(p.control, CONTROL_WRITE, control_get(p.control, CONTROL_WRITE) + 64);
	ck_assert_int_eq(hvp_ring_rx_peek_trusted_in_place(&p.rx, &packet), HVP_CORRUPT);
	pair_close(&p);
}
END_TEST

/* --- ranges --- */

static const uint64_t pfns[] = { 0x100, 0x1ff, 0x123456789abcu, 7, 8, 9 };

static const struct hvp_gpa_range three_ranges[] = {
	{ 1, 4095, pfns }, /* the last byte of a page */
	{ 4097, 0, pfns + 1 }, /* two pages */
	{ 8192, 8, pfns + 3 }, /* three pages */
};

static void check_gpa_item(struct hvp_gpa_iter *iter, const struct hvp_gpa_range *want,
			   uint32_t count)
{
	struct hvp_gpa_item item;
	uint32_t i;

	must(hvp_ring_gpa_next(iter, &item, NULL) == HVP_OK);
	must(item.byte_count == want->byte_count);
	must(item.byte_offset == want->byte_offset);
	must(item.pfn_count == count);
	for (i = 0; i < count; i++)
		must(hvp_get_u64(hvp_rd_take(&item.pfns, 8)) == want->pfns[i]);
	must(hvp_rd_left(&item.pfns) == 0);
}

START_TEST(gpa_direct_ranges_come_out_as_they_went_in_at_every_offset)
{
	struct hvp_ring_out out = hvp_ring_request(9, "payload", 7);
	struct hvp_ring_packet packet;
	struct hvp_gpa_iter iter;
	struct hvp_gpa_item item;
	struct pair p;
	uint32_t at;

	pair_open(&p, 1, true, HVP_RING_HOST);
	for (at = 0; at < 4096; at += 8) {
		pair_start_at(&p, at, HVP_RING_HOST);
		must(hvp_ring_tx_put_gpa(&p.tx, &out, three_ranges, 3) == HVP_OK);
		must(hvp_ring_tx_commit(&p.tx));
		packet = pair_take(&p);
		must(packet.type == HVP_PACKET_GPA_DIRECT);
		/* Descriptor, header, three range headers, six page numbers. */
		must(packet.data_offset == 16 + 8 + 3 * 8 + 6 * 8);
		ck_assert_mem_eq(hvp_ring_payload(&packet).p, "payload", 8);
		must(hvp_ring_gpa_ranges(&packet, &iter, NULL) == HVP_OK);
		must(iter.left == 3);
		check_gpa_item(&iter, &three_ranges[0], 1);
		check_gpa_item(&iter, &three_ranges[1], 2);
		check_gpa_item(&iter, &three_ranges[2], 3);
		must(iter.left == 0);
		must(hvp_ring_gpa_next(&iter, &item, NULL) == HVP_ARG);
	}
	pair_close(&p);
}
END_TEST

START_TEST(gpa_direct_refuses_to_send_ranges_outside_the_rules)
{
	static const struct hvp_gpa_range bad[] = {
		{ 0, 0, pfns },
		{ 1, 4096, pfns },
		{ 0xffffffffu, 1, pfns },
		{ 0xfffff001u, 4095, pfns },
	};
	struct hvp_ring_out out = hvp_ring_inband(NULL, 0);
	struct pair p;
	size_t i;

	pair_open(&p, 1, false, HVP_RING_HOST);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(hvp_ring_tx_put_gpa(&p.tx, &out, &bad[i], 1), HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_put_gpa(&p.tx, &out, three_ranges, 0), HVP_ARG);
	/* Page numbers beyond what a descriptor can tell, and beyond the ring. */
	ck_assert_int_eq(hvp_ring_tx_put_gpa(&p.tx, &out,
					     &(struct hvp_gpa_range){ 0xfffff000u, 0, pfns }, 1),
			 HVP_ARG);
	ck_assert_int_eq(
		hvp_ring_tx_put_gpa(&p.tx, &out, &(struct hvp_gpa_range){ 512 * 4096, 0, pfns }, 1),
		HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_put_xfer(&p.tx, &out, 1, NULL, 0xffffffffu), HVP_ARG);
	ck_assert_uint_eq(p.tx.stats.packets, 0);
	ck_assert(!hvp_ring_tx_commit(&p.tx));
	pair_send(&p, 4000);
	ck_assert_int_eq(hvp_ring_tx_put_gpa(&p.tx, &out, three_ranges, 3), HVP_AGAIN);
	control_set(p.control, CONTROL_READ, control_get(p.control, CONTROL_WRITE));
	ck_assert_int_eq(hvp_ring_tx_put_gpa(&p.tx, &out, three_ranges, 3), HVP_OK);
	pair_close(&p);
}
END_TEST

/* Extra header of a received packet, as an exact-size heap copy. */
static struct hvp_ring_packet packet_of(uint16_t type, const void *extra, uint32_t size,
					uint8_t **heap)
{
	struct hvp_ring_packet packet;

	*heap = malloc(16 + size);
	ck_assert_ptr_nonnull(*heap);
	memset(*heap, 0, 16);
	memcpy(*heap + 16, extra, size);
	memset(&packet, 0, sizeof(packet));
	packet.bytes = *heap;
	packet.size = 16 + size;
	packet.data_offset = 16 + size;
	packet.type = type;
	return packet;
}

struct bad_ranges {
	uint8_t extra[40];
	uint32_t size;
	enum hvp_status status;
	const char *field;
	uint32_t offset;
};

static enum hvp_status walk_gpa(const struct hvp_ring_packet *packet, struct hvp_fault *fault)
{
	enum hvp_status status;
	struct hvp_gpa_iter iter;
	struct hvp_gpa_item item;

	status = hvp_ring_gpa_ranges(packet, &iter, fault);
	while (status == HVP_OK && iter.left > 0)
		status = hvp_ring_gpa_next(&iter, &item, fault);
	return status;
}

/* CORE-REQ-035, CORE-REQ-036, CORE-REQ-037, CORE-SEC-23, CORE-SEC-24, BUG-017 */
START_TEST(gpa_direct_ranges_outside_the_rules_are_refused_by_name)
{
	static const struct bad_ranges cases[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0 }, 8, HVP_VALUE, "range_count", 20 },
		{ { 0, 0, 0, 0, 1, 0, 0, 0 }, 8, HVP_SHORT, "size", 0 },
		{ { [4] = 1, [8] = 0, [12] = 0 }, 24, HVP_VALUE, "byte_count", 24 },
		{ { [4] = 1, [8] = 1, [13] = 0x10 }, 24, HVP_VALUE, "byte_offset", 28 },
		{ { [4] = 1, [8] = 1, [12] = 1 }, 16, HVP_SHORT, "size", 0 },
		{ { [4] = 1, [9] = 0x10, [12] = 1 }, 24, HVP_SHORT, "size", 0 },
		{ { [4] = 1, [8] = 0xff, 0xff, 0xff, 0xff, 1 }, 24, HVP_RANGE, "byte_count", 24 },
		{ { [4] = 1, [8] = 0xff, 0xff, 0xff, 0xff, 0 }, 24, HVP_SHORT, "size", 0 },
		{ { [4] = 2, [8] = 1, [24] = 1 }, 32, HVP_SHORT, "size", 0 },
		{ { [4] = 3, [8] = 1 }, 24, HVP_SHORT, "size", 0 },
		/* The reserved word is ignored, and so is what follows the last range. */
		{ { 9, 9, 9, 9, [4] = 1, [8] = 1 }, 24, HVP_OK, NULL, 0 },
		{ { [4] = 1, [8] = 1, [24] = 9 }, 40, HVP_OK, NULL, 0 },
		{ { [4] = 2, [8] = 1, [24] = 1, [28] = 0xff, 0x0f }, 40, HVP_OK, NULL, 0 },
	};
	struct hvp_ring_packet packet;
	struct hvp_fault fault;
	uint8_t *heap;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		packet = packet_of(HVP_PACKET_GPA_DIRECT, cases[i].extra, cases[i].size, &heap);
		ck_assert_int_eq(walk_gpa(&packet, &fault), cases[i].status);
		if (cases[i].status != HVP_OK) {
			ck_assert_int_eq(fault.status, cases[i].status);
			ck_assert_str_eq(fault.field, cases[i].field);
			if (cases[i].offset != 0)
				ck_assert_uint_eq(fault.offset, cases[i].offset);
			ck_assert_int_eq(walk_gpa(&packet, NULL), cases[i].status);
		}
		free(heap);
	}
}
END_TEST

START_TEST(range_headers_are_refused_at_every_truncation)
{
	static const uint8_t extra[8] = { 0xfe, 0xca, 0, 0, 1, 0, 0, 0 };
	struct hvp_ring_packet packet;
	struct hvp_xfer_iter xfer;
	struct hvp_gpa_iter gpa;
	uint8_t *heap;
	uint32_t size;

	for (size = 0; size < 8; size++) {
		packet = packet_of(HVP_PACKET_GPA_DIRECT, extra, size, &heap);
		ck_assert_int_eq(hvp_ring_gpa_ranges(&packet, &gpa, NULL), HVP_SHORT);
		packet.type = HVP_PACKET_XFER_PAGES;
		ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &xfer, NULL), HVP_SHORT);
		free(heap);
	}
}
END_TEST

START_TEST(transfer_page_ranges_come_out_as_they_went_in)
{
	static const struct hvp_xfer_range ranges[] = { { 60, 0 }, { 1514, 2048 }, { 0, 4096 } };
	struct hvp_ring_out out = hvp_ring_request(3, "x", 1);
	struct hvp_ring_packet packet;
	struct hvp_xfer_iter iter;
	struct hvp_xfer_range got;
	struct pair p;
	size_t i;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert_int_eq(hvp_ring_tx_put_xfer(&p.tx, &out, 0xcafe, ranges, 3), HVP_OK);
	ck_assert(hvp_ring_tx_commit(&p.tx));
	packet = pair_take(&p);
	ck_assert_uint_eq(packet.type, HVP_PACKET_XFER_PAGES);
	ck_assert_uint_eq(packet.data_offset, (3 + 3) * 8);
	ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &iter, NULL), HVP_OK);
	ck_assert_uint_eq(iter.set_id, 0xcafe);
	for (i = 0; iter.left > 0; i++) {
		ck_assert_int_eq(hvp_ring_xfer_next(&iter, 4096, &got, NULL), HVP_OK);
		ck_assert_uint_eq(got.byte_count, ranges[i].byte_count);
		ck_assert_uint_eq(got.byte_offset, ranges[i].byte_offset);
	}
	ck_assert_uint_eq(i, 3);
	ck_assert_int_eq(hvp_ring_xfer_next(&iter, 4096, &got, NULL), HVP_ARG);
	pair_close(&p);
}
END_TEST

/* CORE-SEC-23 */
START_TEST(transfer_page_ranges_that_leave_the_buffer_are_refused)
{
	static const struct hvp_xfer_range ranges[] = {
		{ 1, 4096 }, { 4097, 0 }, { 0xffffffffu, 4095 }, { 2, 0xffffffffu }, { 1, 4095 },
	};
	static const char *const fields[] = { "byte_count", "byte_count", "byte_count",
					      "byte_offset" };
	struct hvp_ring_out out = hvp_ring_inband(NULL, 0);
	struct hvp_ring_packet packet;
	struct hvp_xfer_iter iter;
	struct hvp_xfer_range got;
	struct hvp_fault fault;
	struct pair p;
	uint32_t i;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert_int_eq(hvp_ring_tx_put_xfer(&p.tx, &out, 1, ranges, 5), HVP_OK);
	ck_assert(hvp_ring_tx_commit(&p.tx));
	packet = pair_take(&p);
	ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &iter, &fault), HVP_OK);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(hvp_ring_xfer_next(&iter, 4096, &got, &fault), HVP_RANGE);
		ck_assert_str_eq(fault.field, fields[i]);
		ck_assert_uint_eq(fault.offset, 24 + i * 8 + (i == 3 ? 4 : 0));
	}
	ck_assert_int_eq(hvp_ring_xfer_next(&iter, 4096, &got, &fault), HVP_OK);
	pair_close(&p);
}
END_TEST

START_TEST(a_range_count_beyond_the_header_is_refused)
{
	static const uint8_t counts[][4] = { { 3 }, { 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0, 0x20 } };
	uint8_t extra[24] = { 1 };
	struct hvp_ring_packet packet;
	struct hvp_xfer_iter iter;
	struct hvp_fault fault;
	uint8_t *heap;
	size_t i;

	for (i = 0; i < 3; i++) {
		memcpy(extra + 4, counts[i], 4);
		packet = packet_of(HVP_PACKET_XFER_PAGES, extra, sizeof(extra), &heap);
		ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &iter, &fault), HVP_SHORT);
		ck_assert_str_eq(fault.field, "range_count");
		ck_assert_uint_eq(fault.high, 2);
		free(heap);
	}
}
END_TEST

START_TEST(ranges_of_another_packet_are_not_looked_for)
{
	static const uint8_t extra[16] = { 0, 0, 0, 0, 1 };
	struct hvp_ring_packet packet;
	struct hvp_xfer_iter xfer;
	struct hvp_gpa_iter gpa;
	uint8_t *heap;

	packet = packet_of(HVP_PACKET_INBAND, extra, sizeof(extra), &heap);
	ck_assert_int_eq(hvp_ring_gpa_ranges(&packet, &gpa, NULL), HVP_ARG);
	ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &xfer, NULL), HVP_ARG);
	packet.bytes = NULL;
	packet.type = HVP_PACKET_GPA_DIRECT;
	ck_assert_int_eq(hvp_ring_gpa_ranges(&packet, &gpa, NULL), HVP_ARG);
	packet.type = HVP_PACKET_XFER_PAGES;
	ck_assert_int_eq(hvp_ring_xfer_ranges(&packet, &xfer, NULL), HVP_ARG);
	free(heap);
}
END_TEST

START_TEST(packet_total_is_the_sum_of_the_parts)
{
	ck_assert_uint_eq(hvp_ring_packet_total(0, 0), 24);
	ck_assert_uint_eq(hvp_ring_packet_total(0, 1), 32);
	ck_assert_uint_eq(hvp_ring_packet_total(0, 8), 32);
	ck_assert_uint_eq(hvp_ring_packet_total(8, 9), 48);
	ck_assert_uint_eq(HVP_RING_BUFFER_SIZE(0, 4096), 4112);
	ck_assert_uint_eq(HVP_RING_BUFFER_SIZE(8, 1), 32);
}
END_TEST

static void add_writing(TCase *t)
{
	tcase_add_test(t, a_ring_of_a_size_or_alignment_outside_the_rules_is_refused);
	tcase_add_test(t, a_page_list_with_a_hole_is_refused);
	tcase_add_test(t, init_clears_the_ring_and_sets_the_feature_bit_of_the_sender);
	tcase_add_test(t, attach_takes_up_the_indices_and_refuses_impossible_ones);
	tcase_add_test(t, a_packet_is_descriptor_payload_zero_padding_and_trailer);
	tcase_add_test(t, padding_is_zero_at_every_length_and_place);
	tcase_add_test(t, a_packet_without_payload_is_legal_both_ways);
	tcase_add_loop_test(t, packets_survive_every_offset_of_a_ring_of_any_size, 0, 6);
	tcase_add_test(t, a_page_list_and_a_mapping_hold_the_same_bytes);
	tcase_add_test(t, a_writer_fills_the_ring_but_never_to_the_point_of_emptiness);
	tcase_add_test(t, the_largest_packet_leaves_sixteen_bytes_and_a_larger_one_can_never_fit);
	tcase_add_test(t, a_size_that_no_descriptor_can_tell_is_refused);
	tcase_add_test(t, a_refused_send_leaves_the_signal_alone);
	tcase_add_test(t, what_is_not_committed_is_not_seen);
	tcase_add_test(t, packet_total_is_the_sum_of_the_parts);
}

static void add_hostile(TCase *t)
{
	tcase_add_test(t, ring_refuses_a_write_index_outside_the_ring_for_ever);
	tcase_add_test(t, ring_refuses_less_than_a_packet);
	tcase_add_test(t, ring_refuses_a_write_index_that_ran_over_bytes_not_given_back);
	tcase_add_test(t, sender_refuses_a_read_index_outside_the_ring_for_ever);
	tcase_add_test(t, sender_that_waits_sees_an_impossible_read_index);
	tcase_add_test(t, own_index_in_the_shared_page_is_never_taken_back);
	tcase_add_test(t, ring_refuses_a_descriptor_that_contradicts_itself);
	tcase_add_test(t, each_side_accepts_its_three_packet_types_and_no_other);
	tcase_add_test(t, a_cancel_request_is_recognised_and_refused);
	tcase_add_test(t, unknown_flag_bits_are_dropped);
	tcase_add_test(t, trailers_are_skipped_unread);
	tcase_add_test(t, corruption_of_one_ring_leaves_another_alone);
	tcase_add_test(t, an_oversized_packet_is_skipped_whole_and_the_next_one_is_sound);
	tcase_add_test(t, a_buffer_below_a_descriptor_is_refused);
	tcase_add_test(t, outputs_stay_untouched_when_nothing_was_read);
	tcase_add_test(t, a_trusted_packet_is_handed_out_in_place_when_it_lies_in_one_run);
}

static void add_ranges(TCase *t)
{
	tcase_add_test(t, gpa_direct_ranges_come_out_as_they_went_in_at_every_offset);
	tcase_add_test(t, gpa_direct_refuses_to_send_ranges_outside_the_rules);
	tcase_add_test(t, gpa_direct_ranges_outside_the_rules_are_refused_by_name);
	tcase_add_test(t, range_headers_are_refused_at_every_truncation);
	tcase_add_test(t, transfer_page_ranges_come_out_as_they_went_in);
	tcase_add_test(t, transfer_page_ranges_that_leave_the_buffer_are_refused);
	tcase_add_test(t, a_range_count_beyond_the_header_is_refused);
	tcase_add_test(t, ranges_of_another_packet_are_not_looked_for);
}

int main(void)
{
	Suite *s = suite_create("ring");
	TCase *t = tcase_create("ring");

	add_writing(t);
	add_hostile(t);
	add_ranges(t);
	suite_add_tcase(s, t);
	return run_suite(s);
}
