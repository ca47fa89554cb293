/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of the VMBus channel messages, against the worked examples and against themselves. */
#include "codec_table.h"
#include "vmbus_codecs.h"

#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#define SIZES(name, least, most) \
	_Static_assert(HVP_VMBUS_##name##_MIN_SIZE == (least), "smallest " #name); \
	_Static_assert(HVP_VMBUS_##name##_MAX_SIZE == (most), "largest " #name)

SIZES(OFFER_CHANNEL, 190, 196);
SIZES(RESCIND_CHANNEL_OFFER, 12, 12);
SIZES(REQUEST_OFFERS, 8, 8);
SIZES(ALL_OFFERS_DELIVERED, 8, 8);
SIZES(OPEN_CHANNEL, 148, 156);
SIZES(OPEN_CHANNEL_RESULT, 20, 20);
SIZES(CLOSE_CHANNEL, 12, 12);
SIZES(GPADL_HEADER, 20, 236);
SIZES(GPADL_BODY, 16, 240);
SIZES(GPADL_CREATED, 20, 20);
SIZES(GPADL_TEARDOWN, 16, 16);
SIZES(GPADL_TORNDOWN, 12, 12);
SIZES(REL_ID_RELEASED, 12, 12);
SIZES(INITIATE_CONTACT, 40, 56);
SIZES(VERSION_RESPONSE, 16, 40);
SIZES(UNLOAD, 8, 8);
SIZES(UNLOAD_COMPLETE, 8, 8);
SIZES(OPEN_RESERVED_CHANNEL, 28, 28);
SIZES(CLOSE_RESERVED_CHANNEL, 20, 20);
SIZES(CLOSE_RESERVED_RESPONSE, 12, 12);
SIZES(TL_CONNECT_REQUEST, 40, 56);
SIZES(MODIFY_CHANNEL, 16, 16);
SIZES(TL_CONNECT_REQUEST_RESULT, 44, 44);
SIZES(MODIFY_CHANNEL_RESPONSE, 16, 16);
SIZES(MODIFY_CONNECTION, 24, 24);
SIZES(MODIFY_CONNECTION_RESPONSE, 9, 9);
SIZES(PAUSE, 8, 8);
SIZES(PAUSE_RESPONSE, 8, 8);
SIZES(RESUME, 8, 8);
_Static_assert(HVP_VMBUS_USER_DEFINED_PIPE_MAX_SIZE == 120, "user_defined");
_Static_assert(HVP_VMBUS_USER_DEFINED_HVSOCK_MAX_SIZE == 28, "user_defined of hv_sock");

static const struct hvp_neg newest = { HVP_VMBUS_VERSION_6_0, 0xff };

static const uint32_t versions[] = {
	0,
	HVP_VMBUS_VERSION_0_13,
	HVP_VMBUS_VERSION_1_1,
	HVP_VMBUS_VERSION_2_4,
	HVP_VMBUS_VERSION_3_0,
	HVP_VMBUS_VERSION_4_0,
	HVP_VMBUS_VERSION_4_1,
	HVP_VMBUS_VERSION_5_0,
	HVP_VMBUS_VERSION_5_1,
	HVP_VMBUS_VERSION_5_2,
	HVP_VMBUS_VERSION_5_3,
	HVP_VMBUS_VERSION_6_0,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct hvp_msg_desc *message(size_t i)
{
	return &hvp_vmbus_proto.msgs[i];
}

/* A message that is valid at @neg, in its longest form; returns its size. */
static size_t example(const struct hvp_msg_desc *m, struct hvp_neg neg, uint8_t *bytes,
		      uint32_t *seed)
{
	ct_fill(m, bytes, m->max_size, seed);
	if (m->id == HVP_VMBUS_INITIATE_CONTACT) {
		ct_put(bytes + 8, neg.version, 4);
		ct_put(bytes + 20, neg.version >= HVP_VMBUS_VERSION_6_0 ? 0x08 : 0, 4);
	}
	if (m->id == HVP_VMBUS_VERSION_RESPONSE)
		ct_put(bytes + 16, 0x40, 4);
	return m->max_size;
}

static bool allowed(const struct hvp_msg_desc *m, struct hvp_neg neg)
{
	return neg.version >= m->since && (m->features == 0 || (neg.features & m->features) != 0);
}

/* Least bytes at @neg, from chapter 10 and not from the generator. */
static size_t least_size(const struct hvp_msg_desc *m, struct hvp_neg neg)
{
	switch (m->id) {
	case HVP_VMBUS_OFFER_CHANNEL:
		return neg.version >= HVP_VMBUS_VERSION_1_1 ? 196 : 190;
	case HVP_VMBUS_OPEN_CHANNEL:
		return neg.version >= HVP_VMBUS_VERSION_6_0 && (neg.features & 3) ? 156 : 148;
	case HVP_VMBUS_INITIATE_CONTACT:
		return neg.version >= HVP_VMBUS_VERSION_6_0 ? 56 : 40;
	default:
		return m->min_size;
	}
}

START_TEST(there_are_29_messages_in_order_of_their_ids)
{
	ck_assert_uint_eq(hvp_vmbus_proto.msg_count, 29);
	ck_assert_uint_eq(hvp_vmbus_proto.id_offset, 0);
	ck_assert_uint_eq(hvp_vmbus_proto.id_size, 4);
	for (size_t i = 0; i < 29; i++)
		ck_assert_uint_eq(message(i)->id, i + 1);
}
END_TEST

START_TEST(every_truncation_of_every_message_is_short)
{
	uint32_t seed = 0x1234567;
	uint8_t bytes[256];

	for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++)
		for (size_t v = 0; v < COUNT(versions); v++)
			for (uint32_t features = 0; features <= 0xff; features += 0xff) {
				struct hvp_neg neg = { versions[v], features };
				size_t size = example(message(i), neg, bytes, &seed);

				if (allowed(message(i), neg))
					ct_truncate(message(i), neg, bytes, size,
						    least_size(message(i), neg));
			}
}
END_TEST

START_TEST(every_message_survives_decode_encode_decode)
{
	uint32_t seed = 0x89abcdef;
	uint8_t bytes[256];

	for (int round = ct_rounds(3); round > 0; round--)
		for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++)
			for (size_t v = 0; v < COUNT(versions); v++) {
				struct hvp_neg neg = { versions[v], ct_random(&seed) & 0xff };
				size_t size = example(message(i), neg, bytes, &seed);

				if (!allowed(message(i), neg))
					continue;
				ct_round_trip(message(i), neg, bytes, size);
				ct_round_trip(message(i), neg, bytes, least_size(message(i), neg));
			}
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	uint32_t seed = 0x5eed;
	uint8_t bytes[256];
	int tried = 0;

	for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++) {
		size_t size = example(message(i), newest, bytes, &seed);

		tried += ct_violate(message(i), newest, bytes, size);
	}
	/* both sides of each id, and of the channel id of an offer */
	ck_assert_int_eq(tried, 2 * 29 + 2);
}
END_TEST

START_TEST(every_message_fits_into_its_size_and_nothing_smaller)
{
	uint32_t seed = 0xf175;
	uint8_t bytes[256];

	ck_assert_uint_eq(COUNT(codecs), hvp_vmbus_proto.msg_count);
	for (size_t i = 0; i < COUNT(codecs); i++)
		for (size_t v = 0; v < COUNT(versions); v++)
			for (uint32_t features = 0; features <= 0xff; features += 0xff) {
				struct hvp_neg neg = { versions[v], features };
				size_t size = example(message(i), neg, bytes, &seed);

				if (!allowed(message(i), neg))
					continue;
				ct_fits(message(i), &codecs[i], neg, bytes, size);
				ct_fits(message(i), &codecs[i], neg, bytes,
					least_size(message(i), neg));
			}
}
END_TEST

START_TEST(every_bound_is_enforced_before_a_message_is_written)
{
	uint32_t seed = 0xb0b;
	uint8_t bytes[256];
	int tried = 0;

	for (size_t i = 0; i < COUNT(codecs); i++) {
		size_t size = example(message(i), newest, bytes, &seed);

		tried += ct_invalidate(message(i), &codecs[i], newest, bytes, size);
	}
	ck_assert_int_eq(tried, 2); /* the channel id of an offer */
}
END_TEST

START_TEST(a_message_below_its_version_is_unsupported)
{
	uint32_t seed = 77;
	uint8_t bytes[256], buf[256];

	for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++) {
		const struct hvp_msg_desc *m = message(i);
		struct hvp_neg below = { m->since - 1, 0xff };
		size_t size = example(m, newest, bytes, &seed);
		struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
		struct hvp_fault fault;
		void *msg = calloc(1, m->struct_size);

		if (m->since != 0) {
			ck_assert_int_eq(ct_decode(m, below, bytes, size, msg, &fault),
					 HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "version");
			ck_assert_uint_eq(fault.found, m->since - 1);
			ck_assert_uint_eq(fault.low, m->since);
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

START_TEST(a_message_without_its_feature_is_unsupported)
{
	uint32_t seed = 78;
	uint8_t bytes[256], buf[256];
	int gated = 0;

	for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++) {
		const struct hvp_msg_desc *m = message(i);
		struct hvp_neg without = { HVP_VMBUS_VERSION_6_0, 0xffu & ~m->features };
		struct hvp_neg with = { HVP_VMBUS_VERSION_6_0, m->features };
		size_t size = example(m, newest, bytes, &seed);
		struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
		struct hvp_fault fault;
		void *msg = calloc(1, m->struct_size);

		if (m->features != 0) {
			gated++;
			ck_assert_int_eq(ct_decode(m, without, bytes, size, msg, &fault),
					 HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "features");
			ck_assert_int_eq(m->encode(&w, without, msg, NULL), HVP_UNSUPPORTED);
			ck_assert_uint_eq(w.off, 0);
			memset(&fault, 0, sizeof(fault));
			ck_assert_int_eq(codecs[i].validate(msg, without, &fault), HVP_UNSUPPORTED);
			ck_assert_str_eq(fault.field, "features");
			ck_assert_int_eq(ct_decode(m, with, bytes, size, msg, &fault), HVP_OK);
		}
		free(msg);
	}
	ck_assert_int_eq(gated, 5); /* 25 to 29 */
}
END_TEST

START_TEST(a_message_is_found_in_its_own_direction_only)
{
	for (size_t i = 0; i < hvp_vmbus_proto.msg_count; i++) {
		const struct hvp_msg_desc *m = message(i);
		uint32_t other = m->direction ^ HVP_DIR_BOTH;

		ck_assert_ptr_eq(hvp_msg_find(&hvp_vmbus_proto, m->id, m->direction), m);
		ck_assert_ptr_null(hvp_msg_find(&hvp_vmbus_proto, m->id, other));
		ck_assert_ptr_eq(hvp_msg_by_name(&hvp_vmbus_proto, m->name), m);
	}
	ck_assert_ptr_null(hvp_msg_find(&hvp_vmbus_proto, 0, HVP_DIR_BOTH));
	ck_assert_ptr_null(hvp_msg_find(&hvp_vmbus_proto, 30, HVP_DIR_BOTH));
}
END_TEST

/* -- worked examples of chapter 10 appendix A ------------------------------------------- */

static const uint8_t a1[] = {
	0x0e, 0, 0,    0, 0,	0,    0,    0,	  0x03, 0, 0x05, 0,    0,    0,
	0,    0, 0x02, 0, 0,	0,    0,    0,	  0,	0, 0x00, 0x50, 0x34, 0x12,
	0,    0, 0,    0, 0x00, 0x60, 0x34, 0x12, 0,	0, 0,	 0,
};

static const uint8_t a2[] = {
	0x0e, 0,    0,	  0,	0,    0,    0,	  0,	0,    0,    0x06, 0,	0,    0,
	0,    0,    0x02, 0,	0,    0,    0x0f, 0,	0,    0,    0,	  0,	0,    0,
	0,    0,    0,	  0,	0,    0,    0,	  0,	0,    0,    0,	  0,	0x64, 0x39,
	0xdd, 0x18, 0x8a, 0x3e, 0x42, 0x4e, 0x86, 0xfa, 0xc8, 0xe6, 0xb1, 0x91, 0xee, 0x0e,
};

static const uint8_t a3[] = {
	0x0f, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0x24, 0, 0, 0, 0x07, 0, 0, 0,
};

static const uint8_t a4[] = { 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static const uint8_t a6[] = {
	0x08, 0,    0, 0,    0, 0, 0, 0, 0x03, 0,    0, 0,    0x11, 0, 0, 0, 0x20, 0,
	0x01, 0,    0, 0x30, 0, 0, 0, 0, 0,    0,    0, 0x01, 0,    0, 0, 0, 0,	   0,
	0x01, 0x01, 0, 0,    0, 0, 0, 0, 0xff, 0x02, 0, 0,    0,    0, 0, 0,
};

static const uint8_t keyboard_class[16] = {
	0x6d, 0xad, 0x12, 0xf9, 0x17, 0x2b, 0xea, 0x48,
	0xbd, 0x65, 0xf9, 0x27, 0xa6, 0x1c, 0x76, 0x84,
};

static const uint8_t keyboard_instance[16] = {
	0x67, 0x25, 0x4b, 0xd3, 0xb6, 0xb9, 0xb9, 0x42,
	0x87, 0x78, 0x0a, 0x4e, 0xc0, 0xb9, 0x55, 0xbf,
};

/* A.5: 196 bytes of which most are 0 */
static void make_a5(uint8_t *bytes)
{
	memset(bytes, 0, 196);
	bytes[0] = 1;
	memcpy(bytes + 8, keyboard_class, 16);
	memcpy(bytes + 24, keyboard_instance, 16);
	bytes[184] = 3;
	bytes[188] = 0xff;
	bytes[190] = 1;
	bytes[193] = 0x20;
	bytes[192] = 0x03;
}

START_TEST(example_a1_is_a_contact_of_version_5_3)
{
	struct hvp_vmbus_initiate_contact m;
	struct hvp_rd r = hvp_rd_init(a1, sizeof(a1));
	struct hvp_neg none = { 0, 0 };

	ck_assert_int_eq(hvp_vmbus_initiate_contact_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.version_requested, HVP_VMBUS_VERSION_5_3);
	ck_assert_uint_eq(m.target_message_vp, 0);
	ck_assert(m.has_target && !m.has_interrupt_page && !m.has_client_id);
	ck_assert_uint_eq(m.target_sint, 2);
	ck_assert_uint_eq(m.target_vtl, 0);
	ck_assert_uint_eq(m.parent_to_child_monitor_page_gpa, 0x12345000);
	ck_assert_uint_eq(m.child_to_parent_monitor_page_gpa, 0x12346000);
	ct_round_trip(message(13), none, a1, sizeof(a1));
}
END_TEST

START_TEST(example_a2_is_a_contact_with_a_client_id)
{
	static const struct hvp_guid uefi = HVP_VMBUS_CLIENT_UEFI;
	struct hvp_vmbus_initiate_contact m;
	struct hvp_rd r = hvp_rd_init(a2, sizeof(a2));
	struct hvp_neg none = { 0, 0 };

	ck_assert_int_eq(hvp_vmbus_initiate_contact_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.version_requested, HVP_VMBUS_VERSION_6_0);
	ck_assert_uint_eq(m.feature_flags, 0x0f);
	ck_assert(m.has_client_id);
	ck_assert_mem_eq(m.client_id.b, uefi.b, 16);
	ct_round_trip(message(13), none, a2, sizeof(a2));
	/* the flag without the id: the message is refused, not read past its end */
	r = hvp_rd_init(a2, 40);
	ck_assert_int_eq(hvp_vmbus_initiate_contact_decode(&r, none, &m, NULL), HVP_SHORT);
}
END_TEST

START_TEST(examples_a3_and_a4_are_responses_of_two_sizes)
{
	struct hvp_vmbus_version_response m;
	struct hvp_rd r = hvp_rd_init(a3, sizeof(a3));
	struct hvp_neg none = { 0, 0 };

	ck_assert_int_eq(hvp_vmbus_version_response_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.version_supported, 1);
	ck_assert_uint_eq(m.connection_state, HVP_VMBUS_CONNECTION_STATE_SUCCESSFUL);
	ck_assert_uint_eq(m.selected_version_or_connection_id, 0x24);
	ck_assert(m.has_features && !m.has_monitor_pages);
	ck_assert_uint_eq(m.supported_features, 7);
	ct_round_trip(message(14), none, a3, sizeof(a3));

	r = hvp_rd_init(a4, sizeof(a4));
	ck_assert_int_eq(hvp_vmbus_version_response_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.version_supported, 0);
	ck_assert(!m.has_features && !m.has_monitor_pages);
	ck_assert_uint_eq(m.supported_features, 0);
	ct_round_trip(message(14), none, a4, sizeof(a4));
}
END_TEST

START_TEST(example_a5_is_the_offer_of_a_keyboard)
{
	struct hvp_vmbus_offer_channel m;
	struct hvp_neg first = { HVP_VMBUS_VERSION_0_13, 0 };
	uint8_t bytes[196];
	struct hvp_rd r;

	make_a5(bytes);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_offer_channel_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_mem_eq(m.interface_id.b, keyboard_class, 16);
	ck_assert_mem_eq(m.instance_id.b, keyboard_instance, 16);
	ck_assert_uint_eq(m.channel_id, 3);
	ck_assert_uint_eq(m.monitor_id, HVP_VMBUS_NO_MONITOR_ID);
	ck_assert(m.has_dedicated_connection);
	ck_assert_uint_eq(m.is_dedicated, HVP_VMBUS_DEDICATED_VALID);
	ck_assert_uint_eq(m.connection_id, 0x2003);
	ct_round_trip(message(0), newest, bytes, sizeof(bytes));

	/* the first version ends before the connection id, whatever follows */
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_offer_channel_decode(&r, first, &m, NULL), HVP_OK);
	ck_assert(!m.has_dedicated_connection);
	ck_assert_uint_eq(m.connection_id, 0);
	ck_assert_uint_eq(hvp_rd_left(&r), 6);
	ct_round_trip(message(0), first, bytes, 190);
}
END_TEST

START_TEST(example_a6_is_a_gpadl_of_three_pages)
{
	struct hvp_vmbus_gpadl_header m;
	struct hvp_rd r = hvp_rd_init(a6, sizeof(a6));
	static const uint64_t words[] = { 0x3000, 0x100, 0x101, 0x2ff };

	ck_assert_int_eq(hvp_vmbus_gpadl_header_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.channel_id, 3);
	ck_assert_uint_eq(m.gpadl_id, 0x11);
	ck_assert_uint_eq(m.range_buf_len, 32);
	ck_assert_uint_eq(m.range_count, 1);
	ck_assert_uint_eq(m.ranges.len, 32);
	for (size_t i = 0; i < COUNT(words); i++)
		ck_assert(hvp_get_u64(hvp_rd_take(&m.ranges, 8)) == words[i]);
	ct_round_trip(message(7), newest, a6, sizeof(a6));
}
END_TEST

START_TEST(example_a7_opens_a_channel)
{
	struct hvp_neg iron = { HVP_VMBUS_VERSION_5_3, 0 };
	uint8_t want[148] = { 5, 0, 0,	  0, 0, 0, 0, 0, 3, 0, 0, 0, 3, 0,
			      0, 0, 0x11, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0 };
	struct hvp_vmbus_open_channel m;
	uint8_t buf[148];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	memset(&m, 0, sizeof(m));
	m.channel_id = 3;
	m.open_id = 3;
	m.ring_buffer_gpadl_id = 0x11;
	m.target_vp = 1;
	m.downstream_ring_buffer_page_offset = 2;
	ck_assert_uint_eq(hvp_vmbus_open_channel_size(&m), 148);
	ck_assert_int_eq(hvp_vmbus_open_channel_encode(&w, iron, &m, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, 148);
	ck_assert_mem_eq(buf, want, 148);
}
END_TEST

/* -- three messages read by hand, as a second opinion ----------------------------------- */

START_TEST(a_contact_read_by_hand_is_the_same)
{
	uint32_t seed = 4711;
	uint8_t b[64];

	for (int i = 0; i < 2000; i++) {
		struct hvp_vmbus_initiate_contact m;
		struct hvp_neg none = { 0, 0 };
		struct hvp_rd r = hvp_rd_init(b, 56);
		bool late, id;

		ct_fill(message(13), b, 56, &seed);
		ct_put(b + 8, versions[ct_random(&seed) % COUNT(versions)], 4);
		late = ct_get(b + 8, 4) >= 0x50000;
		id = ct_get(b + 8, 4) >= 0x60000 && (b[20] & 8);
		ck_assert_int_eq(hvp_vmbus_initiate_contact_decode(&r, none, &m, NULL), HVP_OK);
		ck_assert_uint_eq(m.version_requested, ct_get(b + 8, 4));
		ck_assert_uint_eq(m.target_message_vp, ct_get(b + 12, 4));
		ck_assert_int_eq(m.has_target, late);
		ck_assert_int_eq(m.has_interrupt_page, !late);
		ck_assert(m.interrupt_page_gpa == (late ? 0 : ct_get(b + 16, 8)));
		ck_assert_uint_eq(m.target_sint, late ? b[16] : 0);
		ck_assert_uint_eq(m.target_vtl, late ? b[17] : 0);
		ck_assert_uint_eq(m.feature_flags, late ? ct_get(b + 20, 4) : 0);
		ck_assert(m.parent_to_child_monitor_page_gpa == ct_get(b + 24, 8));
		ck_assert(m.child_to_parent_monitor_page_gpa == ct_get(b + 32, 8));
		ck_assert_int_eq(m.has_client_id, id);
		if (id)
			ck_assert_mem_eq(m.client_id.b, b + 40, 16);
		ck_assert_uint_eq(r.off, id ? 56 : 40);
	}
}
END_TEST

START_TEST(an_offer_read_by_hand_is_the_same)
{
	uint32_t seed = 815;
	uint8_t b[196];

	for (int i = 0; i < 2000; i++) {
		struct hvp_vmbus_offer_channel m;
		struct hvp_rd r = hvp_rd_init(b, 196);

		ct_fill(message(0), b, 196, &seed);
		ck_assert_int_eq(hvp_vmbus_offer_channel_decode(&r, newest, &m, NULL), HVP_OK);
		ck_assert_mem_eq(m.interface_id.b, b + 8, 16);
		ck_assert_mem_eq(m.instance_id.b, b + 24, 16);
		ck_assert_uint_eq(m.flags, ct_get(b + 56, 2));
		ck_assert_uint_eq(m.mmio_megabytes, ct_get(b + 58, 2));
		ck_assert_mem_eq(m.user_defined, b + 60, 120);
		ck_assert_uint_eq(m.subchannel_index, ct_get(b + 180, 2));
		ck_assert_uint_eq(m.mmio_megabytes_optional, ct_get(b + 182, 2));
		ck_assert_uint_eq(m.channel_id, ct_get(b + 184, 4));
		ck_assert_uint_eq(m.monitor_id, b[188]);
		ck_assert_uint_eq(m.monitor_allocated, b[189]);
		ck_assert_uint_eq(m.is_dedicated, ct_get(b + 190, 2));
		ck_assert_uint_eq(m.connection_id, ct_get(b + 192, 4));
	}
}
END_TEST

START_TEST(a_gpadl_body_written_by_hand_is_the_same)
{
	uint32_t seed = 99;
	uint8_t words[224], want[240], buf[240];

	for (size_t n = 0; n <= 28; n++) {
		struct hvp_vmbus_gpadl_body m;
		struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

		for (size_t i = 0; i < sizeof(words); i++)
			words[i] = (uint8_t)ct_random(&seed);
		memset(want, 0, sizeof(want));
		want[0] = 9;
		ct_put(want + 8, n, 4);
		ct_put(want + 12, 0xe1e10, 4);
		memcpy(want + 16, words, 8 * n);
		m.message_number = (uint32_t)n;
		m.gpadl_id = 0xe1e10;
		m.ranges = hvp_rd_init(words, 8 * n);
		ck_assert_int_eq(hvp_vmbus_gpadl_body_encode(&w, newest, &m, NULL), HVP_OK);
		ck_assert_uint_eq(w.off, 16 + 8 * n);
		ck_assert_mem_eq(buf, want, w.off);
	}
}
END_TEST

/* -- what an encoder refuses ------------------------------------------------------------- */

START_TEST(range_data_that_is_ragged_or_too_long_is_not_sent)
{
	uint8_t words[240] = { 0 }, buf[256];
	struct hvp_vmbus_gpadl_header m = { 3, 0x11, 32, 1, { words, 12, 0 } };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_vmbus_gpadl_header_encode(&w, newest, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "ranges");
	ck_assert_uint_eq(fault.found, 12);
	m.ranges.len = 28 * 8;
	ck_assert_int_eq(hvp_vmbus_gpadl_header_encode(&w, newest, &m, &fault), HVP_ARG);
	ck_assert_uint_eq(fault.high, 27 * 8);
	ck_assert_uint_eq(w.off, 0);
	m.ranges.off = 8; /* what was taken is not sent */
	ck_assert_int_eq(hvp_vmbus_gpadl_header_encode(&w, newest, &m, &fault), HVP_OK);
	ck_assert_uint_eq(w.off, 20 + 27 * 8);
}
END_TEST

START_TEST(a_body_that_is_ragged_or_too_long_is_not_sent)
{
	uint8_t words[240] = { 0 }, buf[256];
	struct hvp_vmbus_gpadl_body m = { 1, 0x11, { words, 12, 0 } };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault;

	ck_assert_int_eq(hvp_vmbus_gpadl_body_encode(&w, newest, &m, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "ranges");
	ck_assert_uint_eq(fault.found, 12);
	m.ranges.len = 29 * 8;
	ck_assert_int_eq(hvp_vmbus_gpadl_body_encode(&w, newest, &m, &fault), HVP_ARG);
	ck_assert_uint_eq(fault.found, 29 * 8);
	ck_assert_uint_eq(fault.high, 28 * 8);
	ck_assert_uint_eq(w.off, 0);
	m.ranges.off = 8;
	ck_assert_int_eq(hvp_vmbus_gpadl_body_encode(&w, newest, &m, &fault), HVP_OK);
	ck_assert_uint_eq(w.off, 16 + 28 * 8);
}
END_TEST

START_TEST(a_tail_that_is_no_whole_word_stays_in_the_cursor)
{
	uint8_t bytes[248] = { 8 };
	struct hvp_vmbus_gpadl_header m;
	struct hvp_rd r = hvp_rd_init(bytes, 20 + 13);

	ck_assert_int_eq(hvp_vmbus_gpadl_header_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.ranges.len, 8);
	ck_assert_uint_eq(hvp_rd_left(&r), 5);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_gpadl_header_decode(&r, newest, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.ranges.len, 27 * 8);
}
END_TEST

START_TEST(a_group_against_the_rule_is_not_sent)
{
	struct hvp_neg plain = { HVP_VMBUS_VERSION_6_0, 0 };
	struct hvp_vmbus_open_channel open;
	struct hvp_vmbus_initiate_contact contact;
	struct hvp_vmbus_version_response response;
	struct hvp_fault fault;

	memset(&open, 0, sizeof(open));
	ck_assert_int_eq(hvp_vmbus_open_channel_validate(&open, plain, &fault), HVP_OK);
	ck_assert_int_eq(hvp_vmbus_open_channel_validate(&open, newest, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_signal_parameters");
	ck_assert(fault.found == 0 && fault.low == 1 && fault.high == 1);
	open.has_signal_parameters = true;
	ck_assert_int_eq(hvp_vmbus_open_channel_validate(&open, newest, &fault), HVP_OK);
	ck_assert_int_eq(hvp_vmbus_open_channel_validate(&open, plain, &fault), HVP_ARG);
	ck_assert(fault.found == 1 && fault.low == 0 && fault.high == 0);

	memset(&contact, 0, sizeof(contact));
	contact.version_requested = HVP_VMBUS_VERSION_6_0;
	ck_assert_int_eq(hvp_vmbus_initiate_contact_validate(&contact, plain, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_target");
	contact.has_target = true;
	ck_assert_int_eq(hvp_vmbus_initiate_contact_validate(&contact, plain, &fault), HVP_OK);
	contact.has_interrupt_page = true;
	ck_assert_int_eq(hvp_vmbus_initiate_contact_validate(&contact, plain, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_interrupt_page");
	contact.has_interrupt_page = false;
	contact.feature_flags = HVP_VMBUS_FEATURE_CLIENT_ID;
	ck_assert_int_eq(hvp_vmbus_initiate_contact_validate(&contact, plain, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_client_id");

	memset(&response, 0, sizeof(response));
	response.has_features = true;
	ck_assert_int_eq(hvp_vmbus_version_response_validate(&response, plain, &fault), HVP_OK);
	response.has_monitor_pages = true;
	ck_assert_int_eq(hvp_vmbus_version_response_validate(&response, plain, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, "has_monitor_pages");
	response.supported_features = HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES;
	ck_assert_int_eq(hvp_vmbus_version_response_validate(&response, plain, &fault), HVP_OK);
	ck_assert_uint_eq(hvp_vmbus_version_response_size(&response), 40);
}
END_TEST

/* The encoder of message @i refuses @msg, names @field and writes nothing. */
static void presence_refused(size_t i, struct hvp_neg neg, const void *msg, const char *field)
{
	uint8_t buf[256];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_fault fault = { HVP_OK, "", "", 0, 0, 0, 0 };

	ck_assert_int_eq(message(i)->encode(&w, neg, msg, &fault), HVP_ARG);
	ck_assert_str_eq(fault.field, field);
	ck_assert_uint_eq(w.off, 0);
	ck_assert_int_eq(codecs[i].validate(msg, neg, NULL), HVP_ARG);
}

START_TEST(a_group_that_the_version_does_not_have_is_not_sent)
{
	struct hvp_neg first = { HVP_VMBUS_VERSION_0_13, 0 };
	struct hvp_neg second = { HVP_VMBUS_VERSION_1_1, 0 };
	struct hvp_neg before_silos = { HVP_VMBUS_VERSION_5_1, 0 };
	struct hvp_neg silos = { HVP_VMBUS_VERSION_5_2, 0 };
	struct hvp_vmbus_offer_channel offer;
	struct hvp_vmbus_tl_connect_request request;
	struct hvp_vmbus_initiate_contact contact;
	struct hvp_vmbus_version_response response;

	memset(&offer, 0, sizeof(offer));
	offer.channel_id = 1;
	ck_assert_int_eq(hvp_vmbus_offer_channel_validate(&offer, first, NULL), HVP_OK);
	presence_refused(0, second, &offer, "has_dedicated_connection");
	offer.has_dedicated_connection = true;
	ck_assert_int_eq(hvp_vmbus_offer_channel_validate(&offer, second, NULL), HVP_OK);
	presence_refused(0, first, &offer, "has_dedicated_connection");

	memset(&request, 0, sizeof(request));
	ck_assert_int_eq(hvp_vmbus_tl_connect_request_validate(&request, before_silos, NULL),
			 HVP_OK);
	ck_assert_int_eq(hvp_vmbus_tl_connect_request_validate(&request, silos, NULL), HVP_OK);
	request.has_silo_id = true;
	ck_assert_int_eq(hvp_vmbus_tl_connect_request_validate(&request, silos, NULL), HVP_OK);
	presence_refused(20, before_silos, &request, "has_silo_id");

	memset(&contact, 0, sizeof(contact));
	presence_refused(13, first, &contact, "has_interrupt_page");
	memset(&response, 0, sizeof(response));
	response.has_monitor_pages = true;
	presence_refused(14, first, &response, "has_monitor_pages");
}
END_TEST

START_TEST(user_defined_forms_are_checked_like_messages)
{
	uint32_t seed = 0x1de;
	uint8_t bytes[128];

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

START_TEST(user_defined_forms_round_trip)
{
	uint8_t bytes[120], buf[120];
	uint32_t seed = 5;
	struct hvp_vmbus_user_defined_pipe pipe;
	struct hvp_vmbus_user_defined_hvsock sock;
	struct hvp_vmbus_user_defined_ide ide;
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));
	struct hvp_rd r;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)ct_random(&seed);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_user_defined_pipe_decode(&r, newest, &pipe, NULL), HVP_OK);
	ck_assert_uint_eq(pipe.pipe_flags, ct_get(bytes + 116, 4));
	ck_assert_int_eq(hvp_vmbus_user_defined_pipe_encode(&w, newest, &pipe, NULL), HVP_OK);
	ck_assert_mem_eq(buf, bytes, 120);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_user_defined_hvsock_decode(&r, newest, &sock, NULL), HVP_OK);
	ck_assert_uint_eq(sock.version, ct_get(bytes + 6, 4));
	ck_assert_mem_eq(sock.silo_id.b, bytes + 10, 16);
	r = hvp_rd_init(bytes, sizeof(bytes));
	ck_assert_int_eq(hvp_vmbus_user_defined_ide_decode(&r, newest, &ide, NULL), HVP_OK);
	ck_assert_uint_eq(ide.path_id, bytes[2]);
	ck_assert_uint_eq(ide.target_id, bytes[3]);
	ck_assert_uint_eq(ide.flags, ct_get(bytes + 8, 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmbus_codec");
	TCase *tc = tcase_create("vmbus_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, there_are_29_messages_in_order_of_their_ids);
	tcase_add_test(tc, every_truncation_of_every_message_is_short);
	tcase_add_test(tc, every_message_survives_decode_encode_decode);
	tcase_add_test(tc, every_bound_is_enforced_both_ways);
	tcase_add_test(tc, every_message_fits_into_its_size_and_nothing_smaller);
	tcase_add_test(tc, every_bound_is_enforced_before_a_message_is_written);
	tcase_add_test(tc, a_message_below_its_version_is_unsupported);
	tcase_add_test(tc, a_message_without_its_feature_is_unsupported);
	tcase_add_test(tc, a_message_is_found_in_its_own_direction_only);
	tcase_add_test(tc, example_a1_is_a_contact_of_version_5_3);
	tcase_add_test(tc, example_a2_is_a_contact_with_a_client_id);
	tcase_add_test(tc, examples_a3_and_a4_are_responses_of_two_sizes);
	tcase_add_test(tc, example_a5_is_the_offer_of_a_keyboard);
	tcase_add_test(tc, example_a6_is_a_gpadl_of_three_pages);
	tcase_add_test(tc, example_a7_opens_a_channel);
	tcase_add_test(tc, a_contact_read_by_hand_is_the_same);
	tcase_add_test(tc, an_offer_read_by_hand_is_the_same);
	tcase_add_test(tc, a_gpadl_body_written_by_hand_is_the_same);
	tcase_add_test(tc, range_data_that_is_ragged_or_too_long_is_not_sent);
	tcase_add_test(tc, a_body_that_is_ragged_or_too_long_is_not_sent);
	tcase_add_test(tc, a_tail_that_is_no_whole_word_stays_in_the_cursor);
	tcase_add_test(tc, a_group_against_the_rule_is_not_sent);
	tcase_add_test(tc, a_group_that_the_version_does_not_have_is_not_sent);
	tcase_add_test(tc, user_defined_forms_are_checked_like_messages);
	tcase_add_test(tc, user_defined_forms_round_trip);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
