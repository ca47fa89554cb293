/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of NVSP, against the tables of chapter 20 section 3 and against themselves. */
#include "codec_table.h"
#include "nvsp_codecs.h"

#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>

#define SIZE(name, bytes) \
	_Static_assert(HVP_NVSP_##name##_MIN_SIZE == (bytes) && \
			       HVP_NVSP_##name##_MAX_SIZE == (bytes), \
		       "size of " #name)
#define LEAST(name, bytes) _Static_assert(HVP_NVSP_##name##_MIN_SIZE == (bytes), "smallest " #name)

SIZE(INIT, 4 + 8);
SIZE(INIT_COMPLETE, 4 + 12);
SIZE(NDIS_VERSION, 4 + 8);
SIZE(RECEIVE_BUFFER, 4 + 8);
LEAST(RECEIVE_BUFFER_COMPLETE, 4 + 8);
SIZE(REVOKE_RECEIVE_BUFFER, 4 + 2);
SIZE(SEND_BUFFER, 4 + 8);
SIZE(SEND_BUFFER_COMPLETE, 4 + 8);
SIZE(REVOKE_SEND_BUFFER, 4 + 2);
SIZE(RNDIS_PACKET, 4 + 12);
SIZE(RNDIS_PACKET_COMPLETE, 4 + 4);
LEAST(SEND_CHIMNEY_DELEGATED_BUFFER, 4);
SIZE(ALLOCATE_RECEIVE_BUFFER, 4 + 8);
SIZE(ALLOCATE_RECEIVE_BUFFER_COMPLETE, 4 + 20);
SIZE(FREE_RECEIVE_BUFFER, 4 + 8);
LEAST(SEND_VMQ_RNDIS_PACKET, 4);
SIZE(NDIS_CONFIG, 4 + 16);
SIZE(VF_ASSOCIATION, 4 + 8);
SIZE(SWITCH_DATA_PATH, 4 + 4);
SIZE(OID_QUERY_EX, 4 + 8);
SIZE(OID_QUERY_EX_COMPLETE, 4 + 8);
SIZE(SUB_CHANNEL, 4 + 8);
SIZE(SUB_CHANNEL_COMPLETE, 4 + 8);
LEAST(INDIRECTION_TABLE, 4 + 8);
LEAST(PD_API, 4 + 4);
_Static_assert(HVP_NVSP_PD_API_MAX_SIZE == 4 + 34, "largest PD_API");
LEAST(PD_API_COMPLETE, 4 + 8);
_Static_assert(HVP_NVSP_PD_API_COMPLETE_MAX_SIZE == 4 + 36, "largest answer of PD_API");
LEAST(PD_POST_BATCH, 4 + 4);

#define MESSAGES 41u /* 1, 2 and 100 to 136, two of which have answers of the same id */
#define BOUNDED 1 /* num_sections */

static const struct hvp_neg newest = { HVP_NVSP_VERSION_6_1, 0 };

static const uint32_t versions[] = {
	0,
	HVP_NVSP_VERSION_1,
	HVP_NVSP_VERSION_2,
	HVP_NVSP_VERSION_4,
	HVP_NVSP_VERSION_5,
	HVP_NVSP_VERSION_6_0,
	HVP_NVSP_VERSION_6_1,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct hvp_msg_desc *message(size_t i)
{
	return &hvp_nvsp_proto.msgs[i];
}

static const struct hvp_msg_desc *named(const char *name)
{
	const struct hvp_msg_desc *m = hvp_msg_by_name(&hvp_nvsp_proto, name);

	ck_assert_ptr_nonnull(m);
	return m;
}

/* Bytes that the counted list of @bytes needs, by chapter 20 and not by the generator. */
static size_t least_size(const struct hvp_msg_desc *m, const uint8_t *bytes)
{
	switch (m->id) {
	case HVP_NVSP_RECEIVE_BUFFER_COMPLETE:
		return 12 + 16 * (size_t)ct_get(bytes + 8, 4);
	case HVP_NVSP_PD_POST_BATCH:
		return 8 + 8 * (size_t)ct_get(bytes + 4, 2);
	default:
		return m->min_size;
	}
}

/* A message that is valid from its version on; returns its size. */
static size_t example(const struct hvp_msg_desc *m, uint8_t *bytes, uint32_t *seed)
{
	size_t size = m->max_size < 150 ? m->max_size : 150;

	ct_fill(m, bytes, size, seed);
	if (m->id == HVP_NVSP_PD_POST_BATCH)
		ct_put(bytes + 4, ct_random(seed) % 6, 2);
	if (least_size(m, bytes) > m->min_size)
		return least_size(m, bytes);
	return size;
}

START_TEST(there_are_41_messages_in_order_of_their_ids)
{
	uint32_t ids = 0;

	ck_assert_uint_eq(hvp_nvsp_proto.msg_count, MESSAGES);
	ck_assert_uint_eq(COUNT(codecs), MESSAGES);
	ck_assert_uint_eq(hvp_nvsp_proto.id_offset, 0);
	ck_assert_uint_eq(hvp_nvsp_proto.id_size, 4);
	for (size_t i = 0; i < MESSAGES; i++) {
		if (i > 0)
			ck_assert_uint_ge(message(i)->id, message(i - 1)->id);
		ids += i == 0 || message(i)->id != message(i - 1)->id;
	}
	ck_assert_uint_eq(ids, 2 + 37);
	ck_assert_uint_eq(message(0)->id, 1);
	ck_assert_uint_eq(message(2)->id, 100);
	ck_assert_uint_eq(message(MESSAGES - 1)->id, 136);
}
END_TEST

/* The last id of each version, from chapter 20 section 2. */
START_TEST(every_message_belongs_to_the_version_that_brought_it)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		uint32_t id = message(i)->id;
		uint32_t since = id <= 2     ? 0
				 : id <= 108 ? 0x2
				 : id <= 127 ? 0x30002
				 : id <= 130 ? 0x40000
				 : id <= 134 ? 0x50000
					     : 0x60001;

		ck_assert_uint_eq(message(i)->since, since);
		ck_assert_uint_eq(message(i)->features, 0);
	}
}
END_TEST

START_TEST(every_truncation_of_every_message_is_short)
{
	uint32_t seed = 0x1234567;
	uint8_t bytes[256];

	for (size_t i = 0; i < MESSAGES; i++)
		for (size_t v = 0; v < COUNT(versions); v++) {
			struct hvp_neg neg = { versions[v], 0 };
			size_t size = example(message(i), bytes, &seed);

			if (versions[v] >= message(i)->since)
				ct_truncate(message(i), neg, bytes, size,
					    least_size(message(i), bytes));
		}
}
END_TEST

START_TEST(every_message_survives_decode_encode_decode)
{
	uint32_t seed = 0x89abcdef;
	uint8_t bytes[256];

	for (int round = ct_rounds(10); round > 0; round--)
		for (size_t i = 0; i < MESSAGES; i++)
			for (size_t v = 0; v < COUNT(versions); v++) {
				struct hvp_neg neg = { versions[v], 0 };
				size_t size = example(message(i), bytes, &seed);

				if (versions[v] < message(i)->since)
					continue;
				ct_round_trip(message(i), neg, bytes, size);
				ct_round_trip(message(i), neg, bytes,
					      least_size(message(i), bytes));
			}
}
END_TEST

/* Control messages are padded to 28, 32 or 40 bytes. */
START_TEST(padding_behind_a_message_is_left_in_the_cursor)
{
	static const size_t padded[] = { 28, 32, 40 };
	uint32_t seed = 0xfad;
	uint8_t bytes[40];

	for (size_t i = 0; i < MESSAGES; i++)
		for (size_t k = 0; k < COUNT(padded); k++) {
			const struct hvp_msg_desc *m = message(i);
			struct hvp_rd r = hvp_rd_init(bytes, padded[k]);
			void *msg = calloc(1, m->struct_size);

			if (m->min_size == m->max_size) {
				ct_fill(m, bytes, sizeof(bytes), &seed);
				ck_assert_int_eq(m->decode(&r, newest, msg, NULL), HVP_OK);
				ck_assert_uint_eq(hvp_rd_left(&r), padded[k] - m->max_size);
			}
			free(msg);
		}
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	uint32_t seed = 0x5eed;
	uint8_t bytes[256];
	int tried = 0;

	for (size_t i = 0; i < MESSAGES; i++) {
		size_t size = example(message(i), bytes, &seed);

		tried += ct_violate(message(i), newest, bytes, size);
	}
	ck_assert_int_eq(tried, 2 * (int)MESSAGES + BOUNDED);
}
END_TEST

START_TEST(every_message_fits_into_its_size_and_nothing_smaller)
{
	uint32_t seed = 0xf175;
	uint8_t bytes[256];

	for (size_t i = 0; i < MESSAGES; i++) {
		size_t size = example(message(i), bytes, &seed);

		ct_fits(message(i), &codecs[i], newest, bytes, size);
		ct_fits(message(i), &codecs[i], newest, bytes, least_size(message(i), bytes));
	}
}
END_TEST

START_TEST(every_bound_is_enforced_before_a_message_is_written)
{
	uint32_t seed = 0xb0b;
	uint8_t bytes[256];
	int tried = 0;

	for (size_t i = 0; i < MESSAGES; i++) {
		size_t size = example(message(i), bytes, &seed);

		tried += ct_invalidate(message(i), &codecs[i], newest, bytes, size);
	}
	ck_assert_int_eq(tried, BOUNDED);
}
END_TEST

START_TEST(a_message_below_its_version_is_unsupported)
{
	uint32_t seed = 77;
	uint8_t bytes[256], buf[256];

	for (size_t i = 0; i < MESSAGES; i++) {
		const struct hvp_msg_desc *m = message(i);
		struct hvp_neg below = { m->since - 1, 0xffffffff };
		size_t size = example(m, bytes, &seed);
		struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
		struct hvp_fault fault;
		void *msg = calloc(1, m->struct_size);

		if (m->since != 0) {
			ck_assert_int_eq(ct_decode(m, below, bytes, size, msg, &fault),
					 HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "version");
			ck_assert_uint_eq(fault.found, m->since - 1);
			ck_assert_uint_eq(fault.low, m->since);
			ck_assert_int_eq(ct_decode(m, below, bytes, size, msg, NULL),
					 HVP_UNSUPPORTED);
			ck_assert_int_eq(m->encode(&w, below, msg, &fault), HVP_UNSUPPORTED);
			ck_assert_uint_eq(w.off, 0);
			memset(&fault, 0, sizeof(fault));
			ck_assert_int_eq(codecs[i].validate(msg, below, &fault), HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "version");
		}
		free(msg);
	}
}
END_TEST

START_TEST(a_request_and_its_answer_of_one_id_are_told_apart_by_direction)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct hvp_msg_desc *m = message(i);

		ck_assert_ptr_eq(hvp_msg_find(&hvp_nvsp_proto, m->id, m->direction), m);
		ck_assert_ptr_eq(hvp_msg_by_name(&hvp_nvsp_proto, m->name), m);
	}
	ck_assert_ptr_eq(hvp_msg_find(&hvp_nvsp_proto, 133, HVP_DIR_G2H), named("sub_channel"));
	ck_assert_ptr_eq(hvp_msg_find(&hvp_nvsp_proto, 133, HVP_DIR_H2G),
			 named("sub_channel_complete"));
	ck_assert_ptr_null(hvp_msg_find(&hvp_nvsp_proto, 1, HVP_DIR_H2G));
	ck_assert_ptr_null(hvp_msg_find(&hvp_nvsp_proto, 0, HVP_DIR_BOTH));
	ck_assert_ptr_null(hvp_msg_find(&hvp_nvsp_proto, 99, HVP_DIR_BOTH));
	ck_assert_ptr_null(hvp_msg_find(&hvp_nvsp_proto, 137, HVP_DIR_BOTH));
}
END_TEST

START_TEST(every_record_is_checked_like_a_message)
{
	uint32_t seed = 0x1de;
	uint8_t bytes[64];

	ck_assert_uint_eq(COUNT(records), COUNT(record_codecs));
	for (int round = ct_rounds(20); round > 0; round--)
		for (size_t i = 0; i < COUNT(records); i++) {
			const struct hvp_msg_desc *m = records[i];

			ct_fill(m, bytes, sizeof(bytes), &seed);
			ct_truncate(m, newest, bytes, m->max_size + 4u, m->min_size);
			ct_round_trip(m, newest, bytes, m->max_size);
			ct_fits(m, &record_codecs[i], newest, bytes, m->max_size);
		}
}
END_TEST

/* -- messages read by hand, as a second opinion ------------------------------------------ */

START_TEST(a_start_read_by_hand_is_the_same)
{
	uint32_t seed = 4711;
	uint8_t b[40];

	for (int i = 0; i < 500; i++) {
		struct hvp_nvsp_init init;
		struct hvp_nvsp_init_complete answer;
		struct hvp_nvsp_ndis_config config;
		struct hvp_neg none = { 0, 0 };
		struct hvp_rd r = hvp_rd_init(b, sizeof(b));

		ct_fill(named("init"), b, sizeof(b), &seed);
		ck_assert_int_eq(hvp_nvsp_init_decode(&r, none, &init, NULL), HVP_OK);
		ck_assert_uint_eq(init.protocol_version, ct_get(b + 4, 4));
		ck_assert_uint_eq(init.protocol_version2, ct_get(b + 8, 4));
		b[0] = 2;
		r = hvp_rd_init(b, sizeof(b));
		ck_assert_int_eq(hvp_nvsp_init_complete_decode(&r, none, &answer, NULL), HVP_OK);
		ck_assert_uint_eq(answer.negotiated_protocol_version, ct_get(b + 4, 4));
		ck_assert_uint_eq(answer.maximum_mdl_chain_length, ct_get(b + 8, 4));
		ck_assert_uint_eq(answer.status, ct_get(b + 12, 4));
		b[0] = 125;
		r = hvp_rd_init(b, sizeof(b));
		ck_assert_int_eq(hvp_nvsp_ndis_config_decode(&r, newest, &config, NULL), HVP_OK);
		ck_assert_uint_eq(config.mtu, ct_get(b + 4, 4));
		ck_assert(config.capabilities == ct_get(b + 12, 8));
	}
}
END_TEST

START_TEST(an_rndis_packet_written_by_hand_is_the_same)
{
	static const uint8_t want[] = {
		107, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0
	};
	struct hvp_nvsp_rndis_packet m = { HVP_NVSP_CHANNEL_TYPE_CONTROL, HVP_NVSP_NO_SECTION, 0 };
	struct hvp_neg first = { HVP_NVSP_VERSION_1, 0 };
	uint8_t buf[40];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	ck_assert_int_eq(hvp_nvsp_rndis_packet_encode(&w, first, &m, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, sizeof(want));
	ck_assert_mem_eq(buf, want, sizeof(want));
}
END_TEST

START_TEST(sections_of_a_receive_buffer_are_read_one_by_one)
{
	static const uint32_t words[] = { 102,	       1,	 2,  0,	 1806, 9000,
					  1806 * 9000, 16254000, 64, 10, 640 };
	struct hvp_nvsp_receive_buffer_complete m;
	struct hvp_nvsp_receive_section s;
	uint8_t b[sizeof(words)] = { 0 };
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	for (size_t i = 0; i < COUNT(words); i++)
		ct_put(b + 4 * i, words[i], 4);
	ck_assert_int_eq(hvp_nvsp_receive_buffer_complete_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.status, HVP_NVSP_STATUS_SUCCESS);
	ck_assert_uint_eq(m.num_sections, 2);
	ck_assert_uint_eq(m.sections.len, 32);
	ck_assert_int_eq(hvp_nvsp_receive_section_decode(&m.sections, newest, &s, NULL), HVP_OK);
	ck_assert_uint_eq(s.offset, 0);
	ck_assert_uint_eq(s.sub_allocation_size, 1806);
	ck_assert_uint_eq(s.num_sub_allocations, 9000);
	ck_assert_uint_eq(s.end_offset, 1806 * 9000);
	ck_assert_int_eq(hvp_nvsp_receive_section_decode(&m.sections, newest, &s, NULL), HVP_OK);
	ck_assert_uint_eq(s.offset, 16254000);
	ck_assert_uint_eq(s.end_offset, 640);
	ck_assert_int_eq(hvp_nvsp_receive_section_decode(&m.sections, newest, &s, NULL), HVP_SHORT);
}
END_TEST

/* Chapter 20 section 3.17: hosts put it at 12, 28 or 40, whatever table_offset says. */
START_TEST(the_tail_of_an_indirection_table_holds_it_wherever_it_is)
{
	static const size_t places[] = { 12, 28, 40 };

	for (size_t k = 0; k < COUNT(places); k++) {
		uint8_t b[104] = { 134, 0, 0, 0, 16 };
		struct hvp_nvsp_indirection_table m;
		struct hvp_rd r = hvp_rd_init(b, places[k] + 64), table;

		ct_put(b + 8, places[k], 4);
		for (size_t i = 0; i < HVP_NVSP_TABLE_ENTRIES; i++)
			ct_put(b + places[k] + 4 * i, i % 3, 4);
		ck_assert_int_eq(hvp_nvsp_indirection_table_decode(&r, newest, &m, NULL), HVP_OK);
		ck_assert_uint_eq(m.table_entry_count, HVP_NVSP_TABLE_ENTRIES);
		ck_assert_uint_eq(m.table_offset, places[k]);
		ck_assert_uint_eq(m.tail.len, places[k] + 64 - 12);
		ck_assert_uint_eq(hvp_rd_left(&r), 0);
		table = m.tail;
		ck_assert_ptr_eq(hvp_rd_take(&table, places[k] - 12), b + 12);
		for (uint32_t i = 0; i < HVP_NVSP_TABLE_ENTRIES; i++)
			ck_assert_uint_eq(hvp_get_u32(hvp_rd_take(&table, 4)), i % 3);
		ck_assert_uint_eq(hvp_rd_left(&table), 0);
	}
}
END_TEST

START_TEST(data_of_packet_direct_is_read_by_its_record)
{
	uint32_t seed = 135;
	uint8_t b[40] = { 0 };
	struct hvp_nvsp_pd_api request;
	struct hvp_nvsp_pd_api_complete answer;
	struct hvp_nvsp_pd_create_queue queue;
	struct hvp_nvsp_pd_create_queue_complete created;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ct_fill(named("pd_api"), b, sizeof(b), &seed);
	ct_put(b + 4, HVP_NVSP_PD_OPERATION_CREATE_QUEUE, 4);
	ck_assert_int_eq(hvp_nvsp_pd_api_decode(&r, newest, &request, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_rd_left(&r), 2); /* a request has 38 bytes at most */
	ck_assert_int_eq(hvp_nvsp_pd_create_queue_decode(&request.data, newest, &queue, NULL),
			 HVP_OK);
	ck_assert_uint_eq(queue.provider_id, ct_get(b + 8, 4));
	ck_assert_uint_eq(queue.queue_id, ct_get(b + 12, 2));
	ck_assert_uint_eq(queue.queue_size, ct_get(b + 14, 2));
	ck_assert_uint_eq(queue.is_receive_queue, b[16]);
	ck_assert_uint_eq(queue.is_rss_queue, b[17]);
	ck_assert_uint_eq(queue.receive_data_length, ct_get(b + 18, 4));
	ck_assert(queue.group_mask == ct_get(b + 22, 8));
	ck_assert_uint_eq(queue.group, ct_get(b + 30, 2));

	r = hvp_rd_init(b, sizeof(b));
	ck_assert_int_eq(hvp_nvsp_pd_api_complete_decode(&r, newest, &answer, NULL), HVP_OK);
	ck_assert_uint_eq(answer.status, ct_get(b + 8, 4));
	ck_assert_uint_eq(hvp_rd_left(&r), 0);
	ck_assert_int_eq(
		hvp_nvsp_pd_create_queue_complete_decode(&answer.data, newest, &created, NULL),
		HVP_OK);
	ck_assert_uint_eq(created.provider_id, ct_get(b + 12, 4));
	ck_assert_uint_eq(created.receive_data_length, ct_get(b + 20, 4));
	ck_assert(created.group_mask == ct_get(b + 24, 8));
	ck_assert_uint_eq(created.group, ct_get(b + 32, 2));
}
END_TEST

/* -- what an encoder refuses ------------------------------------------------------------- */

static void refused(const char *name, const void *msg, const char *field)
{
	uint8_t buf[256];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(named(name)->encode(&w, newest, msg, NULL), HVP_ARG);
	ck_assert_int_eq(named(name)->encode(&w, newest, msg, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, field);
	ck_assert_uint_eq(w.off, 0);
}

START_TEST(a_list_that_is_not_as_long_as_its_count_says_is_not_sent)
{
	uint8_t items[80] = { 0 };
	struct hvp_nvsp_receive_buffer_complete sections = { 1, 2, { items, 32, 0 } };
	struct hvp_nvsp_pd_post_batch batch = { 3, 0, { items, 24, 0 } };

	ck_assert_int_eq(hvp_nvsp_receive_buffer_complete_validate(&sections, newest, NULL),
			 HVP_OK);
	ck_assert_int_eq(hvp_nvsp_pd_post_batch_validate(&batch, newest, NULL), HVP_OK);
	sections.sections.len = 31;
	refused("receive_buffer_complete", &sections, "sections");
	sections.sections.len = 48;
	refused("receive_buffer_complete", &sections, "sections");
	batch.buffers.len = 16;
	refused("pd_post_batch", &batch, "buffers");
	batch.buffers.len = 32;
	refused("pd_post_batch", &batch, "buffers");
	batch.buffers.off = 8; /* what was taken is not sent */
	ck_assert_int_eq(hvp_nvsp_pd_post_batch_validate(&batch, newest, NULL), HVP_OK);
}
END_TEST

START_TEST(a_batch_of_more_than_4096_buffers_is_refused_both_ways)
{
	static uint8_t bytes[8 + 8 * 4097] = { 136 };
	struct hvp_nvsp_pd_post_batch m;
	struct hvp_fault fault;

	ct_put(bytes + 4, 4097, 2);
	ck_assert_int_eq(
		ct_decode(named("pd_post_batch"), newest, bytes, sizeof(bytes), &m, &fault),
		HVP_VALUE);
	ck_assert_str_eq(fault.field, "count");
	ck_assert_uint_eq(fault.found, 4097);
	ct_put(bytes + 4, 4096, 2);
	ck_assert_int_eq(ct_decode(named("pd_post_batch"), newest, bytes, sizeof(bytes), &m, NULL),
			 HVP_OK);
	ck_assert_uint_eq(m.buffers.len, 8 * 4096);
	m.count = 4097;
	m.buffers = hvp_rd_init(bytes + 8, 8 * 4097);
	refused("pd_post_batch", &m, "count");
}
END_TEST

/* The most bytes that each tail may have, and one byte more. */
START_TEST(a_tail_that_is_too_long_is_not_sent)
{
	static uint8_t bytes[4097];
	struct hvp_nvsp_indirection_table table = { 16, 12, { bytes, 4097, 0 } };
	struct hvp_nvsp_pd_api request = { 1, { bytes, 31, 0 } };
	struct hvp_nvsp_pd_api_complete answer = { 1, 0, { bytes, 29, 0 } };
	struct hvp_nvsp_uplink_connect_state state = { { bytes, 4097, 0 } };

	refused("indirection_table", &table, "tail");
	refused("pd_api", &request, "data");
	refused("pd_api_complete", &answer, "data");
	refused("uplink_connect_state", &state, "body");
	table.tail.len = 4096;
	request.data.len = 30;
	answer.data.len = 28;
	state.body.len = 4096;
	ck_assert_int_eq(hvp_nvsp_indirection_table_validate(&table, newest, NULL), HVP_OK);
	ck_assert_int_eq(hvp_nvsp_pd_api_validate(&request, newest, NULL), HVP_OK);
	ck_assert_int_eq(hvp_nvsp_pd_api_complete_validate(&answer, newest, NULL), HVP_OK);
	ck_assert_int_eq(hvp_nvsp_uplink_connect_state_validate(&state, newest, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_nvsp_uplink_connect_state_size(&state), 4100);
}
END_TEST

/* The view of a message whose last field is a body without further shape, or NULL. */
static struct hvp_rd *body_of(const struct hvp_msg_desc *desc, uint8_t *msg)
{
	const struct hvp_field_desc *f = desc->fields;

	while (f->name && strcmp(f->name, "body"))
		f++;
	return f->name ? (struct hvp_rd *)(void *)(msg + f->struct_offset) : NULL;
}

START_TEST(every_body_without_a_shape_has_an_end)
{
	static uint8_t bytes[4097];
	_Alignas(16) uint8_t msg[256];
	int bodies = 0;

	for (uint32_t i = 0; i < hvp_nvsp_proto.msg_count; i++) {
		const struct hvp_msg_desc *desc = &hvp_nvsp_proto.msgs[i];
		struct hvp_rd *body = body_of(desc, msg);

		if (!body)
			continue;
		memset(msg, 0, sizeof(msg));
		*body = hvp_rd_init(bytes, sizeof(bytes));
		refused(desc->name, msg, "body");
		bodies++;
	}
	ck_assert_int_eq(bodies, 15);
}
END_TEST

/* Also of a message that gives no length: a longer one keeps its surplus. */
START_TEST(a_tail_ends_where_its_bound_is)
{
	static uint8_t bytes[4 + 4096 + 5] = { 130 };
	struct hvp_nvsp_uplink_connect_state m;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));

	ck_assert_int_eq(hvp_nvsp_uplink_connect_state_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.body.len, 4096);
	ck_assert_uint_eq(hvp_rd_left(&r), 5);
}
END_TEST

START_TEST(ragged_ranges_stay_in_the_cursor_and_are_not_sent)
{
	uint8_t bytes[4 + 40] = { 123 };
	struct hvp_nvsp_send_vmq_rndis_packet m;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));

	ck_assert_int_eq(hvp_nvsp_send_vmq_rndis_packet_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.ranges.len, 32);
	ck_assert_uint_eq(hvp_rd_left(&r), 8);
	m.ranges = hvp_rd_init(bytes + 4, 40);
	refused("send_vmq_rndis_packet", &m, "ranges");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nvsp_codec");
	TCase *tc = tcase_create("nvsp_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, there_are_41_messages_in_order_of_their_ids);
	tcase_add_test(tc, every_message_belongs_to_the_version_that_brought_it);
	tcase_add_test(tc, every_truncation_of_every_message_is_short);
	tcase_add_test(tc, every_message_survives_decode_encode_decode);
	tcase_add_test(tc, padding_behind_a_message_is_left_in_the_cursor);
	tcase_add_test(tc, every_bound_is_enforced_both_ways);
	tcase_add_test(tc, every_message_fits_into_its_size_and_nothing_smaller);
	tcase_add_test(tc, every_bound_is_enforced_before_a_message_is_written);
	tcase_add_test(tc, a_message_below_its_version_is_unsupported);
	tcase_add_test(tc, a_request_and_its_answer_of_one_id_are_told_apart_by_direction);
	tcase_add_test(tc, every_record_is_checked_like_a_message);
	tcase_add_test(tc, a_start_read_by_hand_is_the_same);
	tcase_add_test(tc, an_rndis_packet_written_by_hand_is_the_same);
	tcase_add_test(tc, sections_of_a_receive_buffer_are_read_one_by_one);
	tcase_add_test(tc, the_tail_of_an_indirection_table_holds_it_wherever_it_is);
	tcase_add_test(tc, data_of_packet_direct_is_read_by_its_record);
	tcase_add_test(tc, a_list_that_is_not_as_long_as_its_count_says_is_not_sent);
	tcase_add_test(tc, a_batch_of_more_than_4096_buffers_is_refused_both_ways);
	tcase_add_test(tc, a_tail_that_is_too_long_is_not_sent);
	tcase_add_test(tc, every_body_without_a_shape_has_an_end);
	tcase_add_test(tc, a_tail_ends_where_its_bound_is);
	tcase_add_test(tc, ragged_ranges_stay_in_the_cursor_and_are_not_sent);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
