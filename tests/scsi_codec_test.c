/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of SCSI commands and data, against chapter 30 section 13 and against themselves. */
#include "codec_walk.h"
#include "scsi_codecs.h"

#include <hvproto/wire/scsi_table.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t versions[] = { 0 };

/* Lists whose length a field before them tells, by chapter 30 and not by the generator. */
static const struct counted {
	const char *name;
	size_t field;
	size_t width;
} counted[] = {
	{ "designator", 3, 1 },
	{ "mode_page_head", 1, 1 },
	{ "registrant", 20, 4 },
};

static void put_big(uint8_t *p, size_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* Random, inside the bounds; the smallest is what the table says, or what a count asks for. */
static size_t example(const struct hvp_msg_desc *m, uint8_t *bytes, uint32_t *seed, size_t *least)
{
	size_t size = m->max_size < WALK_ROOM ? m->max_size : WALK_ROOM;
	size_t length = ct_random(seed) % 40;

	ct_fill(m, bytes, size, seed);
	*least = m->min_size;
	for (size_t i = 0; i < COUNT(counted); i++) {
		if (strcmp(counted[i].name, m->name) != 0)
			continue;
		put_big(bytes + counted[i].field, length, counted[i].width);
		*least = size = m->min_size + length;
	}
	return size;
}

static const struct walk walks[] = {
	{ &hvp_scsi_proto, message_codecs, COUNT(message_codecs), example, versions,
	  COUNT(versions) },
	{ &hvp_scsi_records, record_codecs, COUNT(record_codecs), example, versions,
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
	static const int tried[] = { 2 * 34 - 1, 0 };

	ck_assert_int_eq(walk_bounds(&walks[_i], 0x5eed), tried[_i]);
}
END_TEST

START_TEST(a_list_is_sent_up_to_its_bound_in_whole_items)
{
	static const struct walk_tail tails[] = {
		{ "standard_inquiry", "extra", 224, 1 },
		{ "vpd_page", "body", 4092, 1 },
		{ "report_luns_data", "luns", 8192, 8 },
		{ "lba_status_list", "descriptors", 16384, 16 },
		{ "mode_header_6", "pages", 252, 1 },
		{ "mode_header_10", "pages", 4096, 1 },
		{ "unmap_list", "descriptors", 65520, 16 },
		{ "sense_descriptor", "descriptors", 244, 1 },
		{ "reserve_keys", "keys", 8192, 8 },
		{ "reserve_status", "registrants", 65520, 1 },
	};

	walk_tails(&walks[1], tails, COUNT(tails), (struct hvp_neg){ 0, 0 });
}
END_TEST

/* What a count does not say is not sent, nor more than the bound. */
START_TEST(a_list_that_is_not_as_long_as_its_count_says_is_not_sent)
{
	static uint8_t bytes[300];
	const struct hvp_neg any = { 0, 0 };
	struct hvp_scsi_designator d = { .length = 4, .bytes = { bytes, 4, 0 } };
	struct hvp_scsi_mode_page_head h = { .page_length = 4, .body = { bytes, 4, 0 } };
	struct hvp_scsi_registrant r = { .descriptor_length = 256,
					 .transport_id = { bytes, 256, 0 } };

	ck_assert_int_eq(hvp_scsi_designator_validate(&d, any, NULL), HVP_OK);
	ck_assert_int_eq(hvp_scsi_mode_page_head_validate(&h, any, NULL), HVP_OK);
	ck_assert_int_eq(hvp_scsi_registrant_validate(&r, any, NULL), HVP_OK);
	d.length = 3;
	h.page_length = 5;
	walk_refused(&walks[1], "designator", any, &d, "bytes");
	walk_refused(&walks[1], "mode_page_head", any, &h, "body");
	r.descriptor_length = 257;
	r.transport_id.len = 257;
	walk_refused(&walks[1], "registrant", any, &r, "descriptor_length");
	r.descriptor_length = 255;
	walk_refused(&walks[1], "registrant", any, &r, "transport_id");
}
END_TEST

START_TEST(a_count_above_its_bound_is_not_believed)
{
	uint8_t bytes[24 + 257] = { 0 };
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));
	struct hvp_scsi_registrant m;
	struct hvp_fault fault;

	put_big(bytes + 20, 257, 4);
	ck_assert_int_eq(hvp_scsi_registrant_decode(&r, (struct hvp_neg){ 0, 0 }, &m, &fault),
			 HVP_VALUE);
	ck_assert_str_eq(fault.field, "descriptor_length");
	ck_assert_uint_eq(fault.found, 257);
}
END_TEST

/* A read of 16 bytes and the capacity that comes before it, byte by byte. */
START_TEST(the_most_significant_byte_is_first)
{
	static const uint8_t cdb[16] = { 0x88, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0 };
	static const uint8_t data[32] = { 0, 0, 0, 1, 0x80, 0, 0, 7, 0, 0, 2, 0, 0, 3, 0x80 };
	struct hvp_scsi_read_capacity_16_data capacity;
	struct hvp_scsi_read_16 read;
	struct hvp_rd r = hvp_rd_init(cdb, sizeof(cdb));
	const struct hvp_neg any = { 0, 0 };

	ck_assert_int_eq(hvp_scsi_read_16_decode(&r, any, &read, NULL), HVP_OK);
	ck_assert(read.lba == 0x0102030405060708ull);
	ck_assert_uint_eq(read.transfer_length, 0x090a0b0c);
	r = hvp_rd_init(data, sizeof(data));
	ck_assert_int_eq(hvp_scsi_read_capacity_16_data_decode(&r, any, &capacity, NULL), HVP_OK);
	ck_assert(capacity.last_lba == 0x180000007ull);
	ck_assert_uint_eq(capacity.block_length, 512);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scsi_codec");
	TCase *tc = tcase_create("scsi_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_truncation_is_short, 0, 2);
	tcase_add_loop_test(tc, everything_survives_decode_encode_decode, 0, 2);
	tcase_add_loop_test(tc, everything_fits_into_its_size_and_nothing_smaller, 0, 2);
	tcase_add_loop_test(tc, every_bound_is_enforced_both_ways, 0, 2);
	tcase_add_test(tc, a_list_is_sent_up_to_its_bound_in_whole_items);
	tcase_add_test(tc, a_list_that_is_not_as_long_as_its_count_says_is_not_sent);
	tcase_add_test(tc, a_count_above_its_bound_is_not_believed);
	tcase_add_test(tc, the_most_significant_byte_is_first);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
