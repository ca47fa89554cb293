/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of RNDIS, against the tables of chapter 20 section 4 and against themselves. */
#include "codec_window.h"
#include "rndis_codecs.h"

#include <hvproto/wire/ndis.h>
#include <hvproto/wire/rndis_table.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MESSAGES 15u
#define MESSAGE(n) message(HVP_RNDIS_##n)
#define CODEC(n) codec(HVP_RNDIS_##n)
#define LAYOUT(n) (&layouts[place_of(HVP_RNDIS_##n)])

static const struct hvp_neg none = { 0, 0 };

static size_t place_of(uint32_t id)
{
	for (size_t i = 0; i < MESSAGES; i++)
		if (hvp_rndis_proto.msgs[i].id == id)
			return i;
	ck_abort_msg("no message %u", id);
}

static const struct hvp_msg_desc *message(uint32_t id)
{
	return &hvp_rndis_proto.msgs[place_of(id)];
}

static const struct ct_codec *codec(uint32_t id)
{
	return &codecs[place_of(id)];
}

/* A valid message with windows of random size; returns its size. */
static size_t example(size_t i, uint8_t *bytes, uint32_t *seed)
{
	ct_fill(&hvp_rndis_proto.msgs[i], bytes, CW_ROOM, seed);
	return cw_place(&layouts[i], bytes, seed);
}

START_TEST(there_are_15_messages_in_order_of_their_ids)
{
	static const uint32_t ids[MESSAGES] = {
		1, 2,	       3,	   4,	       5,	   6,	       7,	   8,
		9, 0x80000002, 0x80000004, 0x80000005, 0x80000006, 0x80000008, 0x80000009,
	};

	ck_assert_uint_eq(hvp_rndis_proto.msg_count, MESSAGES);
	ck_assert_uint_eq(COUNT(codecs), MESSAGES);
	ck_assert_uint_eq(COUNT(layouts), MESSAGES);
	ck_assert_uint_eq(hvp_rndis_proto.id_offset, 0);
	ck_assert_uint_eq(hvp_rndis_proto.id_size, 4);
	for (size_t i = 0; i < MESSAGES; i++) {
		ck_assert_uint_eq(hvp_rndis_proto.msgs[i].id, ids[i]);
		ck_assert_uint_eq(hvp_rndis_proto.msgs[i].min_size, layouts[i].fixed);
		ck_assert_uint_eq(hvp_rndis_proto.msgs[i].since, 0);
		ck_assert_str_eq(hvp_rndis_proto.msgs[i].name, codecs[i].name);
	}
}
END_TEST

START_TEST(frames_and_keepalives_go_both_ways_and_replies_come_from_the_host)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct hvp_msg_desc *m = &hvp_rndis_proto.msgs[i];
		uint32_t bare = m->id & 0x7fffffff;
		uint32_t want = bare == 1 || bare == 8	     ? HVP_DIR_BOTH
				: m->id != bare || bare == 7 ? HVP_DIR_H2G
							     : HVP_DIR_G2H;

		ck_assert_uint_eq(m->direction, want);
		ck_assert_ptr_eq(hvp_msg_by_name(&hvp_rndis_proto, m->name), m);
	}
	ck_assert_ptr_null(hvp_msg_find(&hvp_rndis_proto, 4, HVP_DIR_H2G));
	ck_assert_ptr_null(hvp_msg_find(&hvp_rndis_proto, 0x80000003, HVP_DIR_BOTH));
}
END_TEST

START_TEST(every_truncation_of_every_message_is_refused)
{
	uint32_t seed = 0x1234567;
	uint8_t bytes[CW_ROOM];

	for (int round = ct_rounds(30); round > 0; round--)
		for (size_t i = 0; i < MESSAGES; i++) {
			size_t size = example(i, bytes, &seed);

			cw_truncate(&hvp_rndis_proto.msgs[i], &layouts[i], none, bytes, size);
		}
}
END_TEST

START_TEST(every_message_survives_decode_encode)
{
	uint32_t seed = 0x89abcdef;
	uint8_t bytes[CW_ROOM];

	for (int round = ct_rounds(100); round > 0; round--)
		for (size_t i = 0; i < MESSAGES; i++) {
			size_t size = example(i, bytes, &seed);

			cw_round_trip(&hvp_rndis_proto.msgs[i], &codecs[i], none, bytes, size);
		}
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	uint32_t seed = 0x5eed;
	uint8_t bytes[CW_ROOM];
	int tried = 0, refused = 0;

	for (size_t i = 0; i < MESSAGES; i++) {
		const struct hvp_msg_desc *m = &hvp_rndis_proto.msgs[i];
		size_t size = example(i, bytes, &seed);

		tried += ct_violate(m, none, bytes, size);
		refused += ct_invalidate(m, &codecs[i], none, bytes, size);
	}
	ck_assert_int_eq(tried, 3 * (int)MESSAGES); /* two of the id, one of message_length */
	ck_assert_int_eq(refused, (int)MESSAGES);
}
END_TEST

START_TEST(every_window_ends_where_the_bytes_end)
{
	uint32_t seed = 0xb0b;
	uint8_t bytes[CW_ROOM];
	unsigned int windows = 0;

	for (size_t i = 0; i < MESSAGES; i++)
		for (unsigned int k = 0; k < 2; k++)
			if (layouts[i].windows[k].length_size > 0) {
				example(i, bytes, &seed);
				cw_reach(&hvp_rndis_proto.msgs[i], &layouts[i], k, none, bytes);
				windows++;
			}
	ck_assert_uint_eq(windows, 8);
}
END_TEST

START_TEST(every_record_is_checked_like_a_message)
{
	uint32_t seed = 0x1de;
	uint8_t bytes[64];
	int tried = 0, refused = 0;

	ck_assert_uint_eq(COUNT(records), COUNT(record_codecs));
	for (int round = ct_rounds(20); round > 0; round--)
		for (size_t i = 0; i < COUNT(records); i++) {
			const struct hvp_msg_desc *m = records[i];

			ct_fill(m, bytes, sizeof(bytes), &seed);
			ct_truncate(m, none, bytes, m->max_size + 4u, m->min_size);
			ct_round_trip(m, none, bytes, m->max_size);
			ct_fits(m, &record_codecs[i], none, bytes, m->max_size);
			tried += ct_violate(m, none, bytes, m->max_size);
			refused += ct_invalidate(m, &record_codecs[i], none, bytes, m->max_size);
		}
	ck_assert_int_eq(tried, 2 * ct_rounds(20));
	ck_assert_int_eq(refused, 2 * ct_rounds(20));
}
END_TEST

/* One public page says that the reply has 48 bytes, hosts send 52. */
START_TEST(a_reply_to_initialize_has_48_or_52_bytes)
{
	uint32_t seed = 52;
	uint8_t bytes[CW_ROOM];
	struct hvp_rndis_initialize_complete m;

	for (uint32_t size = 48; size <= 56; size++) {
		struct hvp_rd r = hvp_rd_init(bytes, size);

		ct_fill(MESSAGE(INITIALIZE_COMPLETE), bytes, size, &seed);
		ck_assert_int_eq(hvp_rndis_initialize_complete_decode(&r, none, &m, NULL), HVP_OK);
		ck_assert_int_eq(m.has_af_list_size, size >= 52);
		ck_assert_uint_eq(m.af_list_size, size >= 52 ? ct_get(bytes + 48, 4) : 0);
		ck_assert_uint_eq(hvp_rd_left(&r), size >= 52 ? size - 52 : size - 48);
		if (size == 48 || size == 52) {
			ct_round_trip(MESSAGE(INITIALIZE_COMPLETE), none, bytes, size);
			ct_fits(MESSAGE(INITIALIZE_COMPLETE), CODEC(INITIALIZE_COMPLETE), none,
				bytes, size);
		}
	}
}
END_TEST

/* -- chapter 20 section 4.9: bytes written by hand --------------------------------------- */

static void encodes_to(uint32_t id, const void *msg, const uint8_t *want, size_t size)
{
	uint8_t buf[256];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	memset(buf, 0xee, sizeof(buf));
	ck_assert_int_eq(message(id)->encode(&w, none, msg, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, size);
	ck_assert_mem_eq(buf, want, size);
}

START_TEST(a_query_of_the_mac_and_its_reply_are_those_of_the_facts)
{
	static const uint8_t query[] = { 4, 0, 0, 0, 28, 0, 0,	0, 9, 0, 0, 0, 1, 1,
					 1, 1, 0, 0, 0,	 0, 20, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t reply[] = { 4,  0, 0, 0x80, 30,   0,    0,	   0,	 9,    0,
					 0,  0, 0, 0,	 0,    0,    6,	   0,	 0,    0,
					 16, 0, 0, 0,	 0x00, 0x15, 0x5d, 0x12, 0x34, 0x56 };
	struct hvp_rndis_query q = { .message_length = 28,
				     .request_id = 9,
				     .oid = HVP_NDIS_OID_802_3_PERMANENT_ADDRESS,
				     .info_buffer_offset = 20 };
	struct hvp_rndis_query_complete c = { .message_length = 30,
					      .request_id = 9,
					      .info_buffer_length = 6,
					      .info_buffer_offset = 16,
					      .info = { reply + 24, 6, 0 } };
	struct hvp_rndis_query_complete got;
	struct hvp_rd r = hvp_rd_init(reply, sizeof(reply));

	encodes_to(HVP_RNDIS_QUERY, &q, query, sizeof(query));
	encodes_to(HVP_RNDIS_QUERY_COMPLETE, &c, reply, sizeof(reply));
	ck_assert_int_eq(hvp_rndis_query_complete_decode(&r, none, &got, NULL), HVP_OK);
	ck_assert_uint_eq(got.status, HVP_RNDIS_STATUS_SUCCESS);
	ck_assert_ptr_eq(got.info.p, reply + 24);
	ck_assert_uint_eq(got.info.len, 6);
}
END_TEST

START_TEST(a_set_of_the_filter_is_that_of_the_facts)
{
	static const uint8_t want[] = { 5, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0x0e, 1, 1, 0,
					4, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0x0d, 0, 0, 0 };
	struct hvp_rndis_set m = { .message_length = 32,
				   .request_id = 1,
				   .oid = HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER,
				   .info_buffer_length = 4,
				   .info_buffer_offset = 20,
				   .info = { want + 28, 4, 0 } };

	ck_assert_uint_eq(HVP_NDIS_PACKET_FILTER_DIRECTED | HVP_NDIS_PACKET_FILTER_ALL_MULTICAST |
				  HVP_NDIS_PACKET_FILTER_BROADCAST,
			  0x0d);
	encodes_to(HVP_RNDIS_SET, &m, want, sizeof(want));
}
END_TEST

/* A frame of 60 bytes, checksum for TCP over IPv4 at 34, tag 100 of priority 5. */
START_TEST(a_frame_with_checksum_and_tag_is_that_of_the_facts)
{
	uint8_t frame[60], list[32], want[136] = { 1, 0, 0, 0, 136, 0, 0, 0, 68, 0, 0, 0, 60 };
	struct hvp_rndis_ppi_word word = { HVP_RNDIS_CSUM_TX_IS_IPV4 | HVP_RNDIS_CSUM_TX_TCP |
					   34 << 16 };
	struct hvp_rndis_ppi ppi = { 16, HVP_RNDIS_PPI_TYPE_TCP_IP_CHECKSUM, 12, { 0 } };
	struct hvp_rndis_packet m = { 136, 68, 60, 0, 0, 0, 36, 32, 0, { 0 }, { 0 } };
	struct hvp_wr w = hvp_wr_init(list, sizeof(list));
	uint8_t value[4];
	struct hvp_wr v = hvp_wr_init(value, sizeof(value));

	ck_assert_int_eq(hvp_rndis_ppi_word_encode(&v, none, &word, NULL), HVP_OK);
	ppi.payload = hvp_rd_init(value, 4);
	ck_assert_int_eq(hvp_rndis_ppi_encode(&w, none, &ppi, NULL), HVP_OK);
	word.value = 5 | 100 << 4;
	v = hvp_wr_init(value, sizeof(value));
	ck_assert_int_eq(hvp_rndis_ppi_word_encode(&v, none, &word, NULL), HVP_OK);
	ppi.type = HVP_RNDIS_PPI_TYPE_IEEE_8021Q;
	ck_assert_int_eq(hvp_rndis_ppi_encode(&w, none, &ppi, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, 32);
	memset(frame, 0x5a, sizeof(frame));
	m.data = hvp_rd_init(frame, sizeof(frame));
	m.ppis = hvp_rd_init(list, sizeof(list));
	want[28] = 36;
	want[32] = 32;
	ct_put(want + 44, 16, 4);
	ct_put(want + 52, 12, 4);
	ct_put(want + 56, 0x00220005, 4);
	ct_put(want + 60, 16, 4);
	ct_put(want + 64, 6, 4);
	ct_put(want + 68, 12, 4);
	ct_put(want + 72, 0x00000645, 4);
	memset(want + 76, 0x5a, 60);
	encodes_to(HVP_RNDIS_PACKET, &m, want, sizeof(want));
}
END_TEST

START_TEST(masks_make_the_words_of_the_facts)
{
	uint32_t lso = HVP_RNDIS_LSO_V2 | 34u << 20 | 1448;
	uint32_t tag = 0x00000645;

	ck_assert_uint_eq(lso, 0x422005a8);
	ck_assert_uint_eq(lso & HVP_RNDIS_LSO_MSS, 1448);
	ck_assert_uint_eq((lso & HVP_RNDIS_LSO_TCP_HEADER_OFFSET) >> 20, 34);
	ck_assert_uint_eq(lso & HVP_RNDIS_LSO_IPV6, 0);
	ck_assert_uint_eq(tag & HVP_RNDIS_VLAN_PRIORITY, 5);
	ck_assert_uint_eq(tag & HVP_RNDIS_VLAN_DEI, 0);
	ck_assert_uint_eq((tag & HVP_RNDIS_VLAN_ID) >> 4, 100);
	ck_assert_uint_eq(HVP_RNDIS_CSUM_TX_TCP_HEADER_OFFSET, 0x3ffu << 16);
	ck_assert_uint_eq(HVP_RNDIS_CSUM_RX_TCP_SUCCEEDED | HVP_RNDIS_CSUM_RX_IP_SUCCEEDED, 0x28);
}
END_TEST

/* Section 4.4: padding to the size of the slot, frame at byte 256. */
START_TEST(a_frame_in_a_padded_slot_is_read)
{
	uint8_t slot[1806] = { 0 };
	struct hvp_rndis_packet m;
	struct hvp_rndis_packet_head head;
	struct hvp_rd r = hvp_rd_init(slot, sizeof(slot));

	ct_put(slot, HVP_RNDIS_PACKET, 4);
	ct_put(slot + 4, 1806, 4);
	ct_put(slot + 8, 248, 4);
	ct_put(slot + 12, 60, 4);
	ct_put(slot + 28, 36, 4);
	ct_put(slot + 32, 16, 4);
	ck_assert_int_eq(hvp_rndis_packet_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_ptr_eq(m.data.p, slot + 256);
	ck_assert_uint_eq(m.data.len, 60);
	ck_assert_ptr_eq(m.ppis.p, slot + 44);
	ck_assert_uint_eq(m.ppis.len, 16);
	r = hvp_rd_init(slot, HVP_RNDIS_PACKET_HEADER_SIZE);
	ck_assert_int_eq(hvp_rndis_packet_head_decode(&r, none, &head, NULL), HVP_OK);
	ck_assert_uint_eq(head.message_type, HVP_RNDIS_PACKET);
	ck_assert_uint_eq(head.data_offset, 248);
	ck_assert_uint_eq(head.per_packet_info_length, 16);
}
END_TEST

/* Windows: message_length does not cover the buffer of an indication. */
START_TEST(the_buffer_of_an_indication_is_bounded_by_the_bytes_and_not_by_message_length)
{
	uint8_t bytes[24] = { 7, 0, 0, 0, 20, 0, 0, 0, 0x13, 0, 1, 0x40, 4, 0, 0, 0, 12 };
	struct hvp_rndis_indicate_status m;
	struct hvp_rd r = hvp_rd_init(bytes, sizeof(bytes));

	ct_put(bytes + 20, 100000000, 4);
	ck_assert_int_eq(hvp_rndis_indicate_status_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.status, HVP_RNDIS_STATUS_LINK_SPEED_CHANGE);
	ck_assert_uint_eq(m.message_length, 20);
	ck_assert_uint_eq(m.buffer.len, 4);
	ck_assert_uint_eq(hvp_get_u32(m.buffer.p), 100000000);
	r = hvp_rd_init(bytes, 23);
	ck_assert_int_eq(hvp_rndis_indicate_status_decode(&r, none, &m, NULL), HVP_RANGE);
}
END_TEST

/* -- per-packet information -------------------------------------------------------------- */

static size_t put_ppi(uint8_t *p, uint32_t size, uint32_t type, uint32_t offset, uint32_t value)
{
	ct_put(p, size, 4);
	ct_put(p + 4, type, 4);
	ct_put(p + 8, offset, 4);
	if (offset < 60 && offset + 4 <= size)
		ct_put(p + offset, value, 4);
	return size;
}

static uint32_t word_of(struct hvp_rndis_ppi *ppi)
{
	struct hvp_rndis_ppi_word word;

	ck_assert_int_eq(hvp_rndis_ppi_word_decode(&ppi->payload, none, &word, NULL), HVP_OK);
	return word.value;
}

START_TEST(a_list_is_walked_to_its_end_past_types_that_nobody_knows)
{
	uint8_t bytes[64] = { 0 }, *list;
	struct hvp_rndis_ppi ppi;
	struct hvp_rd r;
	size_t n = 0;

	n += put_ppi(bytes + n, 16, HVP_RNDIS_PPI_TYPE_HASH_VALUE, 12, 0xfeedf00d);
	n += put_ppi(bytes + n, 12, 4711, 12, 0);
	n += put_ppi(bytes + n, 20, HVP_RNDIS_PPI_TYPE_IEEE_8021Q, 16, 0x645);
	list = ct_copy(bytes, n);
	r = hvp_rd_init(list, n);
	ck_assert_int_eq(hvp_rndis_ppi_next(&r, none, &ppi, NULL), HVP_OK);
	ck_assert_uint_eq(ppi.type, HVP_RNDIS_PPI_TYPE_HASH_VALUE);
	ck_assert_uint_eq(ppi.payload.len, 4);
	ck_assert_uint_eq(word_of(&ppi), 0xfeedf00d);
	ck_assert_int_eq(hvp_rndis_ppi_next(&r, none, &ppi, NULL), HVP_OK);
	ck_assert_uint_eq(ppi.type, 4711);
	ck_assert_uint_eq(ppi.payload.len, 0);
	ck_assert_int_eq(hvp_rndis_ppi_next(&r, none, &ppi, NULL), HVP_OK);
	ck_assert_uint_eq(ppi.payload.len, 4);
	ck_assert_uint_eq(word_of(&ppi), 0x645);
	ck_assert_uint_eq(hvp_rd_left(&r), 0);
	ck_assert_int_eq(hvp_rndis_ppi_next(&r, none, &ppi, NULL), HVP_SHORT);
	free(list);
}
END_TEST

/* One element in a list of @room bytes. */
static enum hvp_status next_in(uint32_t room, uint32_t size, uint32_t offset,
			       struct hvp_fault *fault)
{
	uint8_t bytes[64] = { 0 }, *list;
	struct hvp_rndis_ppi ppi;
	struct hvp_rd r;
	enum hvp_status st;

	put_ppi(bytes, size, 0, offset, 0);
	list = ct_copy(bytes, room);
	r = hvp_rd_init(list, room);
	st = hvp_rndis_ppi_next(&r, none, &ppi, fault);
	free(list);
	return st;
}

/* Size 0 would be an endless loop. */
START_TEST(an_element_that_is_no_step_forward_or_leaves_the_list_is_refused)
{
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	for (uint32_t size = 0; size < 12; size++) {
		ck_assert_int_eq(next_in(32, size, 12, &fault), HVP_VALUE);
		ck_assert_str_eq(fault.field, "size");
		ck_assert_uint_eq(fault.found, size);
		ck_assert_int_eq(next_in(32, size, 12, NULL), HVP_VALUE);
	}
	ck_assert_int_eq(next_in(16, 16, 12, NULL), HVP_OK);
	ck_assert_int_eq(next_in(16, 17, 12, &fault), HVP_RANGE);
	ck_assert_str_eq(fault.field, "size");
	ck_assert_uint_eq(fault.high, 16);
	ck_assert_int_eq(next_in(16, UINT32_MAX, 12, NULL), HVP_RANGE);
	ck_assert_int_eq(next_in(3, 16, 12, NULL), HVP_SHORT);
	ck_assert_int_eq(next_in(16, 16, 16, NULL), HVP_OK);
	ck_assert_int_eq(next_in(16, 16, 17, &fault), HVP_RANGE);
	ck_assert_str_eq(fault.field, "ppi_offset");
	ck_assert_int_eq(next_in(32, 16, 17, NULL), HVP_RANGE);
	ck_assert_int_eq(next_in(16, 16, UINT32_MAX, NULL), HVP_RANGE);
	ck_assert_int_eq(next_in(16, 16, 11, &fault), HVP_RANGE);
	ck_assert_str_eq(fault.field, "ppi_offset");
	ck_assert(fault.found == 11 && fault.low == 12);
	ck_assert_int_eq(next_in(16, 16, 4, NULL), HVP_RANGE);
}
END_TEST

START_TEST(a_random_list_never_leads_outside_and_always_ends)
{
	uint32_t seed = 0xc4a1;

	for (int round = ct_rounds(20000); round > 0; round--) {
		uint32_t size = ct_random(&seed) % 90;
		uint8_t bytes[90], *list;
		struct hvp_rd r;
		struct hvp_rndis_ppi ppi;
		unsigned int steps = 0;

		for (uint32_t i = 0; i < size; i++)
			bytes[i] =
				(uint8_t)(ct_random(&seed) % (i % 4 == 0 ? 40 : 2) / (i % 4 + 1));
		list = ct_copy(bytes, size);
		r = hvp_rd_init(list, size);
		while (hvp_rndis_ppi_next(&r, none, &ppi, NULL) == HVP_OK) {
			ck_assert_uint_le(++steps, size / 12);
			for (size_t i = 0; i < ppi.payload.len; i++)
				ck_assert(ppi.payload.p + i >= list &&
					  ppi.payload.p + i < list + size);
		}
		free(list);
	}
}
END_TEST

START_TEST(an_element_is_checked_like_a_message)
{
	uint32_t seed = 0x991;
	uint8_t bytes[64];

	for (uint32_t payload = 0; payload < 20; payload++) {
		ct_fill(&row_rndis_ppi, bytes, sizeof(bytes), &seed);
		ct_put(bytes + 8, 12, 4);
		ct_truncate(&row_rndis_ppi, none, bytes, 12 + payload, 12);
		cw_round_trip(&row_rndis_ppi, &ppi_codec, none, bytes, 12 + payload);
		ck_assert_int_eq(ct_violate(&row_rndis_ppi, none, bytes, 12 + payload), 2);
		ck_assert_int_eq(
			ct_invalidate(&row_rndis_ppi, &ppi_codec, none, bytes, 12 + payload), 2);
	}
}
END_TEST

/* -- what an encoder refuses ------------------------------------------------------------- */

#define REFUSED(id, m, field) cw_refused(MESSAGE(id), CODEC(id), none, m, field)

START_TEST(a_frame_or_list_that_does_not_match_its_fields_is_not_sent)
{
	static uint8_t bytes[4097];
	struct hvp_rndis_packet good = {
		76, 52, 16, 0, 0, 0, 36, 16, 0, { bytes, 16, 0 }, { bytes, 16, 0 }
	};
	struct hvp_rndis_packet m = good;

	ck_assert_int_eq(hvp_rndis_packet_validate(&m, none, NULL), HVP_OK);
	m.data_length = 17;
	REFUSED(PACKET, &m, "data");
	m = good;
	m.data_offset = 35;
	REFUSED(PACKET, &m, "data_offset");
	m.data_offset = 65528;
	REFUSED(PACKET, &m, "data");
	m = good;
	m.per_packet_info_length = 12;
	REFUSED(PACKET, &m, "ppis");
	m = good;
	m.per_packet_info_offset = 35;
	REFUSED(PACKET, &m, "per_packet_info_offset");
	m = good;
	m.ppis = hvp_rd_init(bytes, 4097);
	m.per_packet_info_length = 4097;
	REFUSED(PACKET, &m, "ppis");
	m.ppis.off = 1; /* what was taken is not sent */
	m.per_packet_info_length = 4096;
	ck_assert_int_eq(hvp_rndis_packet_validate(&m, none, NULL), HVP_OK);
}
END_TEST

START_TEST(a_frame_of_131072_bytes_is_the_largest)
{
	uint8_t *frame = calloc(1, 131073);
	struct hvp_rndis_packet m = {
		8, 36, 131072, 0, 0, 0, 0, 0, 0, { frame, 131072, 0 }, { 0 }
	};

	ck_assert_int_eq(hvp_rndis_packet_validate(&m, none, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_rndis_packet_size(&m), 44 + 131072);
	m.data.len = m.data_length = 131073;
	REFUSED(PACKET, &m, "data");
	free(frame);
}
END_TEST

START_TEST(a_request_whose_buffer_does_not_match_is_not_sent)
{
	static uint8_t bytes[8193];
	struct hvp_rndis_query q = { 32, 1, 1, 4, 20, 0, { bytes, 4, 0 } };
	struct hvp_rndis_set s = { 32, 1, 1, 4, 20, 0, { bytes, 4, 0 } };
	struct hvp_rndis_set_ex x = { 32, 1, 1, 4, 20, 0, { bytes, 4, 0 } };

	q.info_buffer_offset = 19;
	REFUSED(QUERY, &q, "info_buffer_offset");
	s.info_buffer_offset = 19;
	REFUSED(SET, &s, "info_buffer_offset");
	x.info_buffer_offset = 19;
	REFUSED(SET_EX, &x, "info_buffer_offset");
	q.info_buffer_offset = s.info_buffer_offset = x.info_buffer_offset = 20;
	q.info_buffer_length = s.info_buffer_length = x.info_buffer_length = 5;
	REFUSED(QUERY, &q, "info");
	REFUSED(SET, &s, "info");
	REFUSED(SET_EX, &x, "info");
	q.info_buffer_length = s.info_buffer_length = x.info_buffer_length = 8193;
	q.info = s.info = x.info = hvp_rd_init(bytes, 8193);
	REFUSED(QUERY, &q, "info");
	REFUSED(SET, &s, "info");
	REFUSED(SET_EX, &x, "info");
}
END_TEST

START_TEST(an_answer_whose_buffer_does_not_match_is_not_sent)
{
	static uint8_t bytes[8193];
	struct hvp_rndis_query_complete q = { 28, 1, 0, 4, 15, { bytes, 4, 0 } };
	struct hvp_rndis_set_ex_complete x = { 28, 1, 0, 4, 15, { bytes, 4, 0 } };
	struct hvp_rndis_indicate_status i = { 24, 0, 4, 11, { bytes, 4, 0 } };

	REFUSED(QUERY_COMPLETE, &q, "info_buffer_offset");
	REFUSED(SET_EX_COMPLETE, &x, "info_buffer_offset");
	REFUSED(INDICATE_STATUS, &i, "status_buffer_offset");
	q.info_buffer_offset = x.info_buffer_offset = 16;
	i.status_buffer_offset = 12;
	ck_assert_int_eq(hvp_rndis_query_complete_validate(&q, none, NULL), HVP_OK);
	ck_assert_int_eq(hvp_rndis_set_ex_complete_validate(&x, none, NULL), HVP_OK);
	ck_assert_int_eq(hvp_rndis_indicate_status_validate(&i, none, NULL), HVP_OK);
	q.info_buffer_length = x.info_buffer_length = i.status_buffer_length = 3;
	REFUSED(QUERY_COMPLETE, &q, "info");
	REFUSED(SET_EX_COMPLETE, &x, "info");
	REFUSED(INDICATE_STATUS, &i, "buffer");
	q.info_buffer_length = x.info_buffer_length = i.status_buffer_length = 8193;
	q.info = x.info = i.buffer = hvp_rd_init(bytes, 8193);
	REFUSED(QUERY_COMPLETE, &q, "info");
	REFUSED(SET_EX_COMPLETE, &x, "info");
	REFUSED(INDICATE_STATUS, &i, "buffer");
}
END_TEST

START_TEST(an_element_whose_payload_does_not_fit_is_not_sent)
{
	static uint8_t bytes[4085];
	struct hvp_rndis_ppi m = { 16, 0, 11, { bytes, 4, 0 } };

	cw_refused(&row_rndis_ppi, &ppi_codec, none, &m, "ppi_offset");
	m.payload.off =
		4; /* it reaches to the end of the element, so that it is not known to be empty */
	cw_refused(&row_rndis_ppi, &ppi_codec, none, &m, "ppi_offset");
	m.payload.off = 0;
	m.ppi_offset = 12;
	ck_assert_int_eq(hvp_rndis_ppi_validate(&m, none, NULL), HVP_OK);
	m.payload.len = 4085;
	cw_refused(&row_rndis_ppi, &ppi_codec, none, &m, "payload");
	m.payload.len = 4084;
	ck_assert_int_eq(hvp_rndis_ppi_validate(&m, none, NULL), HVP_OK);
	m.ppi_offset = 65536;
	cw_refused(&row_rndis_ppi, &ppi_codec, none, &m, "payload");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rndis_codec");
	TCase *tc = tcase_create("rndis_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, there_are_15_messages_in_order_of_their_ids);
	tcase_add_test(tc, frames_and_keepalives_go_both_ways_and_replies_come_from_the_host);
	tcase_add_test(tc, every_truncation_of_every_message_is_refused);
	tcase_add_test(tc, every_message_survives_decode_encode);
	tcase_add_test(tc, every_bound_is_enforced_both_ways);
	tcase_add_test(tc, every_window_ends_where_the_bytes_end);
	tcase_add_test(tc, every_record_is_checked_like_a_message);
	tcase_add_test(tc, a_reply_to_initialize_has_48_or_52_bytes);
	tcase_add_test(tc, a_query_of_the_mac_and_its_reply_are_those_of_the_facts);
	tcase_add_test(tc, a_set_of_the_filter_is_that_of_the_facts);
	tcase_add_test(tc, a_frame_with_checksum_and_tag_is_that_of_the_facts);
	tcase_add_test(tc, masks_make_the_words_of_the_facts);
	tcase_add_test(tc, a_frame_in_a_padded_slot_is_read);
	tcase_add_test(
		tc, the_buffer_of_an_indication_is_bounded_by_the_bytes_and_not_by_message_length);
	tcase_add_test(tc, a_list_is_walked_to_its_end_past_types_that_nobody_knows);
	tcase_add_test(tc, an_element_that_is_no_step_forward_or_leaves_the_list_is_refused);
	tcase_add_test(tc, a_random_list_never_leads_outside_and_always_ends);
	tcase_add_test(tc, an_element_is_checked_like_a_message);
	tcase_add_test(tc, a_frame_or_list_that_does_not_match_its_fields_is_not_sent);
	tcase_add_test(tc, a_frame_of_131072_bytes_is_the_largest);
	tcase_add_test(tc, a_request_whose_buffer_does_not_match_is_not_sent);
	tcase_add_test(tc, an_answer_whose_buffer_does_not_match_is_not_sent);
	tcase_add_test(tc, an_element_whose_payload_does_not_fit_is_not_sent);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
