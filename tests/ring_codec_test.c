/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of ring packets and of the pipe framing, against the worked examples. */
#include "codec_table.h"

#include <hvproto/wire/pipe.h>
#include <hvproto/wire/pipe_table.h>
#include <hvproto/wire/ring.h>
#include <hvproto/wire/ring_table.h>

_Static_assert(HVP_RING_CONTROL_WRITE_INDEX_OFFSET == 0, "write_index");
_Static_assert(HVP_RING_CONTROL_READ_INDEX_OFFSET == 4, "read_index");
_Static_assert(HVP_RING_CONTROL_INTERRUPT_MASK_OFFSET == 8, "interrupt_mask");
_Static_assert(HVP_RING_CONTROL_PENDING_SEND_SIZE_OFFSET == 12, "pending_send_size");
_Static_assert(HVP_RING_CONTROL_FEATURE_BITS_OFFSET == 64, "feature_bits");
_Static_assert(HVP_RING_CONTROL_SIZE == 4096, "control block");
_Static_assert(HVP_RING_DESCRIPTOR_MAX_SIZE == 16, "descriptor");
_Static_assert(HVP_RING_TRAILER_MAX_SIZE == 8, "trailer");
_Static_assert(HVP_RING_TRANSFER_PAGES_MAX_SIZE == 8, "transfer pages");
_Static_assert(HVP_RING_TRANSFER_RANGE_MAX_SIZE == 8, "transfer range");
_Static_assert(HVP_RING_GPA_DIRECT_MAX_SIZE == 8, "GPA direct");
_Static_assert(HVP_RING_GPA_RANGE_MAX_SIZE == 8, "GPA range");
_Static_assert(HVP_PIPE_HEADER_MAX_SIZE == 8, "pipe header");
_Static_assert(HVP_PIPE_DATA_MIN_SIZE == 8 && HVP_PIPE_DATA_MAX_SIZE == 16392, "pipe data");
_Static_assert(HVP_PIPE_SETUP_GPA_DIRECT_MIN_SIZE == 17, "set up GPA direct");
_Static_assert(HVP_PIPE_TEARDOWN_GPA_DIRECT_MAX_SIZE == 12, "tear down GPA direct");

static const struct hvp_neg none = { 0, 0 };

/* Random bytes that a message accepts; returns its size. */
static size_t example(const struct hvp_msg_desc *m, uint8_t *bytes, uint32_t *seed)
{
	size_t size = m->min_size;

	ct_fill(m, bytes, CT_MAX, seed);
	if (strcmp(m->name, "descriptor") == 0)
		ct_put(bytes + 4, ct_get(bytes + 2, 2) + ct_random(seed) % 4, 2);
	if (strcmp(m->name, "data") == 0)
		size += (size_t)ct_get(bytes + 4, 4);
	if (strcmp(m->name, "partial") == 0)
		ct_put(bytes + 6, ct_get(bytes + 4, 2) / 2, 2);
	if (strcmp(m->name, "setup_gpa_direct") == 0)
		size += ct_random(seed) % 64;
	return size;
}

static const struct hvp_proto_desc *const tables[] = { &hvp_ring_proto, &hvp_pipe_proto };

CT_CODEC(ring, descriptor)
CT_CODEC(ring, trailer)
CT_CODEC(ring, transfer_pages)
CT_CODEC(ring, transfer_range)
CT_CODEC(ring, gpa_direct)
CT_CODEC(ring, gpa_range)
CT_CODEC(pipe, data)
CT_CODEC(pipe, partial)
CT_CODEC(pipe, setup_gpa_direct)
CT_CODEC(pipe, teardown_gpa_direct)
CT_CODEC(pipe, indication_complete)
CT_CODEC(pipe, header)

static const struct ct_codec ring_codecs[] = {
	CT_CODEC_ENTRY(ring, descriptor),     CT_CODEC_ENTRY(ring, trailer),
	CT_CODEC_ENTRY(ring, transfer_pages), CT_CODEC_ENTRY(ring, transfer_range),
	CT_CODEC_ENTRY(ring, gpa_direct),     CT_CODEC_ENTRY(ring, gpa_range),
};

static const struct ct_codec pipe_codecs[] = {
	CT_CODEC_ENTRY(pipe, data),
	CT_CODEC_ENTRY(pipe, partial),
	CT_CODEC_ENTRY(pipe, setup_gpa_direct),
	CT_CODEC_ENTRY(pipe, teardown_gpa_direct),
	CT_CODEC_ENTRY(pipe, indication_complete),
};

static const struct ct_codec *const codecs[] = { ring_codecs, pipe_codecs };

/* The header that all pipe messages begin with; no table lists it. */
static const struct hvp_field_desc no_gaps[] = { { .name = NULL } };
static const struct ct_codec header_codec = CT_CODEC_ENTRY(pipe, header);

CT_ROW(pipe, header, 8, no_gaps)

START_TEST(every_truncation_is_short)
{
	static uint8_t bytes[CT_MAX];
	uint32_t seed = 0xc0ffee;

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->msg_count; i++) {
			const struct hvp_msg_desc *m = &tables[t]->msgs[i];
			size_t size = example(m, bytes, &seed);
			bool rest = strcmp(m->name, "setup_gpa_direct") == 0;

			ct_truncate(m, none, bytes, size, rest ? m->min_size : size);
		}
}
END_TEST

START_TEST(everything_survives_decode_encode_decode)
{
	static uint8_t bytes[CT_MAX];
	uint32_t seed = 0xfade;

	for (int round = ct_rounds(100); round > 0; round--)
		for (int t = 0; t < 2; t++)
			for (size_t i = 0; i < tables[t]->msg_count; i++) {
				const struct hvp_msg_desc *m = &tables[t]->msgs[i];
				size_t size = example(m, bytes, &seed);

				ct_round_trip(m, none, bytes, size);
			}
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	static uint8_t bytes[CT_MAX];
	uint32_t seed = 0xbead;
	int tried = 0;

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->msg_count; i++) {
			const struct hvp_msg_desc *m = &tables[t]->msgs[i];
			size_t size = example(m, bytes, &seed);

			tried += ct_violate(m, none, bytes, size);
		}
	/*
	 * data_offset8, range_count, byte_count, byte_offset; of the pipe both sides of five
	 * ids, four lengths above, two below
	 */
	ck_assert_int_eq(tried, 1 + 1 + 1 + 1 + 5 * 2 + 4 + 2);
}
END_TEST

START_TEST(everything_fits_into_its_size_and_nothing_smaller)
{
	static uint8_t bytes[CT_MAX];
	uint32_t seed = 0xf175;

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->msg_count; i++) {
			const struct hvp_msg_desc *m = &tables[t]->msgs[i];
			size_t size = example(m, bytes, &seed);

			ct_fits(m, &codecs[t][i], none, bytes, size);
		}
}
END_TEST

START_TEST(every_bound_is_enforced_before_anything_is_written)
{
	static uint8_t bytes[CT_MAX];
	uint32_t seed = 0xb0b;
	int tried = 0;

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->msg_count; i++) {
			const struct hvp_msg_desc *m = &tables[t]->msgs[i];
			size_t size = example(m, bytes, &seed);

			tried += ct_invalidate(m, &codecs[t][i], none, bytes, size);
		}
	ck_assert_int_eq(tried, 1 + 1 + 1 + 1 + 4 + 2); /* as above, without the ids */
}
END_TEST

START_TEST(a_pipe_header_is_checked_like_a_message)
{
	uint32_t seed = 0x4ead;
	uint8_t bytes[16];

	for (int round = ct_rounds(20); round > 0; round--) {
		ct_fill(&row_pipe_header, bytes, sizeof(bytes), &seed);
		ct_truncate(&row_pipe_header, none, bytes, sizeof(bytes), 8);
		ct_round_trip(&row_pipe_header, none, bytes, 8);
		ct_fits(&row_pipe_header, &header_codec, none, bytes, 8);
	}
}
END_TEST

START_TEST(a_descriptor_shorter_than_its_header_is_refused)
{
	static const uint8_t bytes[16] = { 6, 0, 5, 0, 4, 0, 0, 0 };
	struct hvp_ring_descriptor m;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	uint8_t buf[16];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_ring_descriptor_decode(&r, none, &m, &fault), HVP_VALUE);
	ck_assert_str_eq(fault.message, "ring.descriptor");
	ck_assert_str_eq(fault.field, "length8");
	ck_assert(fault.found == 4 && fault.low == 5 && fault.high == 0xffff);
	ck_assert_int_eq(hvp_ring_descriptor_encode(&w, none, &m, &fault), HVP_ARG);
	m.length8 = 5;
	ck_assert_int_eq(hvp_ring_descriptor_encode(&w, none, &m, &fault), HVP_OK);
}
END_TEST

START_TEST(a_partial_message_cannot_be_consumed_beyond_its_size)
{
	static const uint8_t bytes[8] = { 2, 0, 0, 0, 16, 0, 17, 0 };
	uint8_t buf[8];
	struct hvp_pipe_partial m;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_pipe_partial_decode(&r, none, &m, &fault), HVP_VALUE);
	ck_assert_str_eq(fault.field, "consumed");
	ck_assert(fault.found == 17 && fault.low == 0 && fault.high == 16);
	ck_assert_int_eq(hvp_pipe_partial_encode(&w, none, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "consumed");
	ck_assert_uint_eq(w.off, 0);
	m.consumed = 16;
	ck_assert_int_eq(hvp_pipe_partial_encode(&w, none, &m, &fault), HVP_OK);
}
END_TEST

START_TEST(ranges_longer_than_a_pipe_message_are_not_sent)
{
	static uint8_t ranges[16376], buf[CT_MAX];
	struct hvp_pipe_setup_gpa_direct m = { 9, 1, 0, 1, { ranges, 16376, 0 } };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_pipe_setup_gpa_direct_encode(&w, none, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "ranges");
	ck_assert(fault.found == 16376 && fault.low == 0 && fault.high == 16375);
	ck_assert_uint_eq(w.off, 0);
	m.ranges.off = 1;
	ck_assert_int_eq(hvp_pipe_setup_gpa_direct_encode(&w, none, &m, &fault), HVP_OK);
	ck_assert_uint_eq(w.off, HVP_PIPE_SETUP_GPA_DIRECT_MAX_SIZE);
}
END_TEST

/* -- worked examples of chapter 10 appendix A ------------------------------------------- */

START_TEST(example_a8_is_an_in_band_packet)
{
	static const uint8_t bytes[] = {
		0x06, 0x00, 0x02, 0x00, 0x03, 0x00, 0x01, 0x00, 0x22, 0x11, 0, 0, 0,	0, 0, 0,
		0x61, 0x62, 0x63, 0x64, 0x65, 0x00, 0x00, 0x00, 0,    0,    0, 0, 0x40, 0, 0, 0,
	};
	struct hvp_ring_descriptor d = { HVP_RING_PACKET_DATA_IN_BAND, 2, 3,
					 HVP_RING_FLAG_COMPLETION_REQUESTED, 0x1122 };
	struct hvp_ring_trailer t = { 0x40 };
	struct hvp_ring_descriptor back;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	uint8_t buf[32] = { 0 };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	ck_assert_int_eq(hvp_ring_descriptor_encode(&w, none, &d, NULL), HVP_OK);
	memcpy(hvp_wr_take(&w, 8), "abcde", 5);
	ck_assert_int_eq(hvp_ring_trailer_encode(&w, none, &t, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, sizeof(bytes));
	ck_assert_mem_eq(buf, bytes, sizeof(bytes));

	ck_assert_int_eq(hvp_ring_descriptor_decode(&r, none, &back, NULL), HVP_OK);
	ck_assert_uint_eq(back.packet_type, 6);
	ck_assert_uint_eq(back.data_offset8, 2);
	ck_assert_uint_eq(back.length8, 3);
	ck_assert_uint_eq(back.flags, 1);
	ck_assert(back.transaction_id == 0x1122);
	ck_assert_uint_eq(hvp_rd_left(&r), 16);
}
END_TEST

START_TEST(example_a10_is_a_gpa_direct_packet)
{
	static const uint8_t bytes[] = {
		0x09, 0,    0x06, 0,	0x07, 0, 0x01, 0, 0x07, 0,    0, 0, 0, 0,    0, 0,
		0,    0,    0,	  0,	0x01, 0, 0,    0, 0,	0x04, 0, 0, 0, 0x0e, 0, 0,
		0x55, 0,    0,	  0,	0,    0, 0,    0, 0x56, 0,    0, 0, 0, 0,    0, 0,
		0x01, 0x02, 0x03, 0x04, 0,    0, 0,    0, 0,	0,    0, 0, 0, 0x01, 0, 0,
	};
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	struct hvp_ring_descriptor d;
	struct hvp_ring_gpa_direct h;
	struct hvp_ring_gpa_range range;
	struct hvp_ring_trailer t;

	ck_assert_int_eq(hvp_ring_descriptor_decode(&r, none, &d, NULL), HVP_OK);
	ck_assert_uint_eq(d.packet_type, HVP_RING_PACKET_DATA_USING_GPA_DIRECT);
	ck_assert_int_eq(hvp_ring_gpa_direct_decode(&r, none, &h, NULL), HVP_OK);
	ck_assert_uint_eq(h.range_count, 1);
	ck_assert_int_eq(hvp_ring_gpa_range_decode(&r, none, &range, NULL), HVP_OK);
	ck_assert_uint_eq(range.byte_count, 0x400);
	ck_assert_uint_eq(range.byte_offset, 0xe00);
	ck_assert(hvp_get_u64(hvp_rd_take(&r, 8)) == 0x55);
	ck_assert(hvp_get_u64(hvp_rd_take(&r, 8)) == 0x56);
	ck_assert_uint_eq(r.off, d.data_offset8 * 8u);
	ck_assert_ptr_nonnull(hvp_rd_take(&r, 8));
	ck_assert_int_eq(hvp_ring_trailer_decode(&r, none, &t, NULL), HVP_OK);
	ck_assert_uint_eq(t.start_offset, 0x100);
	ck_assert_uint_eq(hvp_rd_left(&r), 0);
}
END_TEST

START_TEST(transfer_pages_have_their_ranges_behind_them)
{
	static const uint8_t bytes[] = {
		0xfe, 0xca, 0xaa, 0xbb, 0x02, 0,    0, 0, 0x1e, 0, 0, 0,
		0x2a, 0x15, 0,	  0,	0x0e, 0x07, 0, 0, 0,	0, 0, 0,
	};
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	struct hvp_ring_transfer_pages h;
	struct hvp_ring_transfer_range range;

	ck_assert_int_eq(hvp_ring_transfer_pages_decode(&r, none, &h, NULL), HVP_OK);
	ck_assert_uint_eq(h.transfer_page_set_id, 0xcafe);
	ck_assert_uint_eq(h.range_count, 2);
	ck_assert_int_eq(hvp_ring_transfer_range_decode(&r, none, &range, NULL), HVP_OK);
	ck_assert_uint_eq(range.byte_count, 30);
	ck_assert_uint_eq(range.byte_offset, 5418);
	ck_assert_int_eq(hvp_ring_transfer_range_decode(&r, none, &range, NULL), HVP_OK);
	ck_assert_uint_eq(range.byte_count, 1806);
	ck_assert_int_eq(hvp_ring_transfer_range_decode(&r, none, &range, NULL), HVP_SHORT);
}
END_TEST

START_TEST(example_a11_says_hi_through_a_pipe)
{
	static const uint8_t bytes[] = { 1, 0, 0, 0, 2, 0, 0, 0, 0x68, 0x69, 0, 0, 0, 0, 0, 0 };
	struct hvp_pipe_data m;
	struct hvp_pipe_header h;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));

	ck_assert_int_eq(hvp_pipe_header_decode(&r, none, &h, NULL), HVP_OK);
	ck_assert_uint_eq(h.pipe_packet_type, HVP_PIPE_DATA);
	ck_assert_uint_eq(h.len, 2);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_pipe_data_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_mem_eq(m.data.p, "hi", 2);
	ck_assert_uint_eq(hvp_rd_left(&r), 6); /* padding of the packet */
	ct_round_trip(&hvp_pipe_proto.msgs[0], none, bytes, 10);
}
END_TEST

START_TEST(a_pipe_length_that_is_not_the_length_of_the_data_is_not_sent)
{
	uint8_t data[16] = { 0 }, buf[64];
	struct hvp_pipe_data m = { 15, { data, 16, 0 } };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_pipe_data_encode(&w, none, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "data");
	m.len = 16;
	ck_assert_int_eq(hvp_pipe_data_encode(&w, none, &m, &fault), HVP_OK);
	ck_assert_uint_eq(w.off, 24);
}
END_TEST

/* A descriptor read by hand, as a second opinion. */
START_TEST(a_descriptor_read_by_hand_is_the_same)
{
	uint32_t seed = 31337;
	uint8_t b[16];

	for (int i = 0; i < 5000; i++) {
		struct hvp_ring_descriptor m;
		struct hvp_rd r = hvp_rd_init(b, sizeof(b));
		uint64_t offset, length;
		bool good;

		for (size_t k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)ct_random(&seed);
		b[3] = 0;
		b[2] &= 7;
		b[5] = 0;
		b[4] &= 15;
		offset = ct_get(b + 2, 2);
		length = ct_get(b + 4, 2);
		good = offset >= 2 && length >= offset;
		ck_assert_int_eq(hvp_ring_descriptor_decode(&r, none, &m, NULL),
				 good ? HVP_OK : HVP_VALUE);
		if (!good)
			continue;
		ck_assert_uint_eq(m.packet_type, ct_get(b, 2));
		ck_assert_uint_eq(m.data_offset8, offset);
		ck_assert_uint_eq(m.length8, length);
		ck_assert_uint_eq(m.flags, ct_get(b + 6, 2));
		ck_assert(m.transaction_id == ct_get(b + 8, 8));
	}
}
END_TEST

START_TEST(records_are_found_by_name)
{
	const struct hvp_msg_desc *m = hvp_msg_by_name(&hvp_ring_proto, "descriptor");

	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->min_size, 16);
	ck_assert_uint_eq(hvp_ring_proto.id_size, 0);
	ck_assert_ptr_null(hvp_msg_by_name(&hvp_ring_proto, "control"));
	ck_assert_uint_eq(hvp_pipe_proto.msg_count, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring_codec");
	TCase *tc = tcase_create("ring_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_truncation_is_short);
	tcase_add_test(tc, everything_survives_decode_encode_decode);
	tcase_add_test(tc, every_bound_is_enforced_both_ways);
	tcase_add_test(tc, everything_fits_into_its_size_and_nothing_smaller);
	tcase_add_test(tc, every_bound_is_enforced_before_anything_is_written);
	tcase_add_test(tc, a_pipe_header_is_checked_like_a_message);
	tcase_add_test(tc, a_descriptor_shorter_than_its_header_is_refused);
	tcase_add_test(tc, a_partial_message_cannot_be_consumed_beyond_its_size);
	tcase_add_test(tc, ranges_longer_than_a_pipe_message_are_not_sent);
	tcase_add_test(tc, example_a8_is_an_in_band_packet);
	tcase_add_test(tc, example_a10_is_a_gpa_direct_packet);
	tcase_add_test(tc, transfer_pages_have_their_ranges_behind_them);
	tcase_add_test(tc, example_a11_says_hi_through_a_pipe);
	tcase_add_test(tc, a_pipe_length_that_is_not_the_length_of_the_data_is_not_sent);
	tcase_add_test(tc, a_descriptor_read_by_hand_is_the_same);
	tcase_add_test(tc, records_are_found_by_name);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
