/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of VSTOR, against chapter 30 and against themselves. */
#include "codec_walk.h"
#include "vstor_codecs.h"

#include <hvproto/wire/vstor_table.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t versions[] = { 0, 0x200, 0x402, 0x501, 0x600, 0x602 };

/* Random, inside the bounds; the smallest is what the table says. */
static size_t example(const struct hvp_msg_desc *m, uint8_t *bytes, uint32_t *seed, size_t *least)
{
	size_t size = m->max_size < WALK_ROOM ? m->max_size : WALK_ROOM;

	ct_fill(m, bytes, size, seed);
	*least = m->min_size;
	return size;
}

static const struct walk walks[] = {
	{ &hvp_vstor_proto, message_codecs, COUNT(message_codecs), example, versions,
	  COUNT(versions) },
	{ &hvp_vstor_records, record_codecs, COUNT(record_codecs), example, versions,
	  COUNT(versions) },
};

START_TEST(every_truncation_is_short)
{
	walk_truncations(&walks[_i], 0x1234567);
}
END_TEST

START_TEST(everything_survives_decode_encode_decode)
{
	walk_round_trips(&walks[_i], 0x89abcdef);
}
END_TEST

START_TEST(everything_fits_into_its_size_and_nothing_smaller)
{
	walk_sizes(&walks[_i], 0xf175);
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	static const int tried[] = { 30, 0 };

	ck_assert_int_eq(walk_bounds(&walks[_i], 0x5eed), tried[_i]);
}
END_TEST

START_TEST(a_message_below_its_version_is_unsupported)
{
	int gated = 0;

	for (uint32_t i = 0; i < hvp_vstor_proto.msg_count; i++) {
		const struct hvp_msg_desc *m = &hvp_vstor_proto.msgs[i];
		struct hvp_neg below = { m->since - 1, 0 };
		uint8_t bytes[WALK_ROOM];
		uint32_t seed = 99;
		size_t least;
		size_t size = example(m, bytes, &seed, &least);
		void *msg = calloc(1, m->struct_size);
		struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));
		struct hvp_fault fault;

		if (m->since != 0) {
			ck_assert_int_eq(ct_decode(m, below, bytes, size, msg, &fault),
					 HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "version");
			ck_assert_int_eq(m->encode(&w, below, msg, NULL), HVP_UNSUPPORTED);
			ck_assert_uint_eq(w.off, 0);
			gated++;
		}
		free(msg);
	}
	ck_assert_int_eq(gated, 3); /* ENUMERATE_BUS, CREATE_SUB_CHANNELS, EVENT_NOTIFICATION */
}
END_TEST

START_TEST(a_payload_is_no_longer_than_the_largest_packet)
{
	static const struct walk_tail tails[] = {
		{ "complete_io", "payload", 52, 1 },
		{ "fc_hba_data_event", "payload", 52, 1 },
	};

	walk_tails(&walks[0], tails, COUNT(tails), (struct hvp_neg){ 0x602, 0 });
}
END_TEST

/* An INQUIRY of 36 bytes by the layout of chapter 30 section 7. */
START_TEST(an_srb_read_by_hand_is_the_same)
{
	uint8_t b[64] = { 3, 0, 0, 0, 1,  0, 0, 0,  0, 0, 0, 0,	   52, 0, 0, 0,	 1,
			  2, 3, 4, 6, 20, 1, 0, 36, 0, 0, 0, 0x12, 0,  0, 0, 36, 0 };
	struct hvp_vstor_execute_srb m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));
	const struct hvp_neg old = { 0x402, 0 };
	const struct hvp_neg newest = { 0x602, 0 };

	b[50] = 0xff;
	b[51] = 0x20;
	b[52] = 0x08;
	b[56] = 60;
	ck_assert_int_eq(hvp_vstor_execute_srb_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert(m.length == 52 && m.port_number == 1 && m.path_id == 2 && m.target_id == 3 &&
		  m.lun == 4 && m.cdb_length == 6 && m.sense_info_length == 20 && m.data_in == 1);
	ck_assert_uint_eq(m.data_transfer_length, 36);
	ck_assert_mem_eq(m.cdb, b + 28, 16);
	ck_assert(m.has_win8_extension && m.queue_tag == 0xff && m.queue_action == 0x20 &&
		  m.srb_flags == 8 && m.time_out_value == 60);
	r = hvp_rd_init(b, sizeof(b));
	ck_assert_int_eq(hvp_vstor_execute_srb_decode(&r, old, &m, NULL), HVP_OK);
	ck_assert(!m.has_win8_extension);
	ck_assert_uint_eq(r.off, 48);
	m.has_win8_extension = true; /* which this version does not have */
	walk_refused(&walks[0], "execute_srb", old, &m, "has_win8_extension");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vstor_codec");
	TCase *tc = tcase_create("vstor_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_truncation_is_short, 0, 2);
	tcase_add_loop_test(tc, everything_survives_decode_encode_decode, 0, 2);
	tcase_add_loop_test(tc, everything_fits_into_its_size_and_nothing_smaller, 0, 2);
	tcase_add_loop_test(tc, every_bound_is_enforced_both_ways, 0, 2);
	tcase_add_test(tc, a_message_below_its_version_is_unsupported);
	tcase_add_test(tc, a_payload_is_no_longer_than_the_largest_packet);
	tcase_add_test(tc, an_srb_read_by_hand_is_the_same);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
