/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captured bytes through the codecs: each control message and each ring packet of
 * tests/vectors decodes without a fault and encodes to the very bytes it came from. The files
 * are counted, so that one that is skipped is missed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#include "ring_packet.h"
#include "vector_files.h"

/* tests/vectors/README.md tells these numbers. */
#define GUEST_MESSAGES 205u
#define HOST_MESSAGES 71u
#define GUEST_PACKETS (764u + 284u) /* from throwaway hosts, and from the mock host */
#define HOST_PACKETS 265u
#define FILES (GUEST_MESSAGES + HOST_MESSAGES + GUEST_PACKETS + HOST_PACKETS)

/* The protocol of a section, or none: data that a packet pointed to. */
static const struct hvp_proto_desc *protocol(const struct vector *v)
{
	return v->kind == VECTOR_CONTROL  ? &hvp_vmbus_proto
	       : v->kind == VECTOR_PACKET ? &cli_ring_packets
					  : NULL;
}

/* --- the tests ----------------------------------------------------------------------------- */

/* No run negotiated feature flags, and no layout in them differs between 3.0 and 5.3. */
static const struct hvp_neg neg = { HVP_VMBUS_VERSION_5_3, 0 };

static void check_round_trip(const struct vector *v)
{
	struct hvp_rd r = hvp_rd_init(v->bytes, v->size);
	uint8_t *out = malloc(v->size);
	struct hvp_wr w = hvp_wr_init(out, v->size);
	const struct hvp_msg_desc *msg;
	struct hvp_fault fault = { .field = "" };
	uint32_t id = protocol(v)->id_size == 2 ? hvp_get_u16(v->bytes) : hvp_get_u32(v->bytes);
	void *value;

	ck_assert_ptr_nonnull(out);
	msg = hvp_msg_find(protocol(v), id, v->direction);
	ck_assert_msg(msg, "%s: no message %u", v->name, id);
	value = calloc(1, msg->struct_size);
	ck_assert_ptr_nonnull(value);
	ck_assert_msg(msg->decode(&r, neg, value, &fault) == HVP_OK, "%s: %s.%s at %u", v->name,
		      msg->name, fault.field, fault.offset);
	ck_assert_msg(r.off == v->size, "%s: %s leaves %zu bytes", v->name, msg->name,
		      v->size - r.off);
	ck_assert_msg(msg->encode(&w, neg, value, &fault) == HVP_OK, "%s: %s.%s does not encode",
		      v->name, msg->name, fault.field);
	ck_assert_msg(w.off == v->size && memcmp(out, v->bytes, v->size) == 0,
		      "%s: %s encodes to other bytes", v->name, msg->name);
	free(value);
	free(out);
}

static unsigned int round_trips(const struct hvp_proto_desc *proto, uint32_t direction)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < vector_count; i++) {
		if (protocol(&vectors[i]) != proto || vectors[i].direction != direction)
			continue;
		check_round_trip(&vectors[i]);
		n++;
	}
	printf("%s %s: %u decoded and encoded to the same bytes\n", proto->name,
	       direction == HVP_DIR_G2H ? "from guests" : "from the throwaway host", n);
	return n;
}

START_TEST(every_file_holds_one_message)
{
	unsigned int messages = 0;
	unsigned int i;

	for (i = 0; i < vector_count; i++)
		messages += protocol(&vectors[i]) != NULL;
	ck_assert_uint_eq(vector_file_count, FILES);
	ck_assert_uint_eq(messages, FILES);
}
END_TEST

START_TEST(every_control_message_of_a_guest_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(&hvp_vmbus_proto, HVP_DIR_G2H), GUEST_MESSAGES);
}
END_TEST

START_TEST(every_control_message_that_a_guest_took_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(&hvp_vmbus_proto, HVP_DIR_H2G), HOST_MESSAGES);
}
END_TEST

START_TEST(every_ring_packet_of_a_guest_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(&cli_ring_packets, HVP_DIR_G2H), GUEST_PACKETS);
}
END_TEST

START_TEST(every_ring_packet_that_a_guest_took_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(&cli_ring_packets, HVP_DIR_H2G), HOST_PACKETS);
}
END_TEST

/* Every kind of message that occurs, at every length below its own: refused, or a shorter list. */
static void check_truncations(const struct vector *v, const struct hvp_msg_desc *msg)
{
	void *value = calloc(1, msg->struct_size);
	size_t n;

	ck_assert_ptr_nonnull(value);
	for (n = 0; n < v->size; n++) {
		uint8_t *cut = malloc(n > 0 ? n : 1);
		struct hvp_rd r = hvp_rd_init(cut, n);
		struct hvp_fault fault = { .status = HVP_OK };
		enum hvp_status status;

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, v->bytes, n);
		status = msg->decode(&r, neg, value, &fault);
		ck_assert_msg(status == HVP_OK || status == fault.status, "%s: %s cut to %zu",
			      v->name, msg->name, n);
		ck_assert_msg(status != HVP_OK || n >= msg->min_size, "%s: %s cut to %zu is taken",
			      v->name, msg->name, n);
		free(cut);
	}
	free(value);
}

START_TEST(every_kind_of_message_is_safe_at_every_length)
{
	bool seen[2][64] = { { false } };
	unsigned int kinds = 0;
	unsigned int i;

	for (i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		unsigned int ring = v->kind == VECTOR_PACKET;
		uint32_t id = ring ? hvp_get_u16(v->bytes) : hvp_get_u32(v->bytes);

		if (v->kind == VECTOR_DATA)
			continue;
		ck_assert_uint_lt(id, 64);
		if (seen[ring][id])
			continue;
		seen[ring][id] = true;
		kinds++;
		check_truncations(v, hvp_msg_find(protocol(v), id, v->direction));
	}
	/* The captures hold 20 of the 29 control messages and all four packet types. */
	printf("%u kinds of messages cut at every length\n", kinds);
	ck_assert_uint_eq(kinds, 24);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors");
	TCase *tc = tcase_create("captured bytes");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, vectors_load, vectors_unload);
	tcase_add_test(tc, every_file_holds_one_message);
	tcase_add_test(tc, every_control_message_of_a_guest_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_control_message_that_a_guest_took_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_ring_packet_of_a_guest_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_ring_packet_that_a_guest_took_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_kind_of_message_is_safe_at_every_length);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
