/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RNDIS in the bytes that captured packets of a NIC point to: every message is decoded, its list of
 * per-packet information walked, its OID's structure decoded, and all of it encoded to the same
 * bytes. Everything is counted, so that what is skipped is missed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/ndis.h>
#include <hvproto/wire/ndis_table.h>
#include <hvproto/wire/rndis.h>
#include <hvproto/wire/rndis_table.h>

#include "vector_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct hvp_neg none = { 0, 0 };

struct tally {
	unsigned int messages, cut, elements, structures;
	unsigned int of_type[16]; /* messages by the low bits of their type */
};

/* The bytes that one packet points to, all ranges in a row. */
struct joined {
	const struct vector *first;
	uint8_t *bytes;
	size_t size;
	bool whole; /* false: the capture kept only the first bytes */
};

static const struct {
	uint32_t oid;
	const char *structure;
} structures[] = {
	{ HVP_NDIS_OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, "offload" },
	{ HVP_NDIS_OID_TCP_OFFLOAD_CURRENT_CONFIG, "offload" },
	{ HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS, "offload_parameters" },
	{ HVP_NDIS_OID_GEN_RECEIVE_SCALE_CAPABILITIES, "rss_capabilities" },
	{ HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS, "rss_parameters" },
	{ HVP_NDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, "config_parameter" },
};

static bool of_network(const struct vector *v)
{
	return strstr(v->name, "dpdk") || strstr(v->name, "g-netvsc") ||
	       strstr(v->name, "h-netvsc");
}

static bool is_rndis(const struct vector *v)
{
	return v->kind == VECTOR_DATA && of_network(v);
}

static struct joined join(unsigned int *i)
{
	struct joined j = { .first = &vectors[*i], .whole = true };

	for (; *i < vector_count && is_rndis(&vectors[*i]) &&
	       strcmp(vectors[*i].name, j.first->name) == 0;
	     (*i)++) {
		const struct vector *v = &vectors[*i];

		j.bytes = realloc(j.bytes, j.size + v->size);
		ck_assert_ptr_nonnull(j.bytes);
		memcpy(j.bytes + j.size, v->bytes, v->size);
		j.size += v->size;
		j.whole = j.whole && !strstr(v->caption, " of ") &&
			  strncmp(v->caption, "# RNDIS bytes", 13) != 0; /* 400 at most */
	}
	return j;
}

/* Decodes @bytes as @msg, encodes that, and wants the first @size bytes again. */
static void *same_bytes(const char *where, const struct hvp_msg_desc *msg, const uint8_t *bytes,
			size_t size)
{
	struct hvp_rd r = hvp_rd_init(bytes, size);
	struct hvp_fault fault = { .field = "" };
	uint8_t *out = calloc(1, size);
	struct hvp_wr w = hvp_wr_init(out, size);
	void *value = calloc(1, msg->struct_size);

	ck_assert_msg(msg->decode(&r, none, value, &fault) == HVP_OK, "%s: %s.%s at %u", where,
		      msg->name, fault.field, fault.offset);
	ck_assert_msg(msg->encode(&w, none, value, &fault) == HVP_OK, "%s: %s.%s is not encoded",
		      where, msg->name, fault.field);
	ck_assert_msg(memcmp(out, bytes, w.off) == 0, "%s: %s encodes to other bytes", where,
		      msg->name);
	for (size_t n = w.off; n < size; n++)
		ck_assert_msg(bytes[n] == 0, "%s: byte %zu of %s is lost", where, n, msg->name);
	free(out);
	return value;
}

static void check_list(const char *where, struct hvp_rd list, struct tally *t)
{
	while (hvp_rd_left(&list) > 0) {
		struct hvp_rndis_ppi ppi;
		size_t at = list.off;
		uint8_t out[64];
		struct hvp_wr w = hvp_wr_init(out, sizeof(out));

		ck_assert_msg(hvp_rndis_ppi_next(&list, none, &ppi, NULL) == HVP_OK, "%s", where);
		ck_assert_msg(ppi.payload.len == 4, "%s: type %u", where, ppi.type);
		ck_assert_int_eq(hvp_rndis_ppi_encode(&w, none, &ppi, NULL), HVP_OK);
		ck_assert_uint_eq(w.off, list.off - at);
		ck_assert_mem_eq(out, list.p + at, w.off);
		t->elements++;
	}
}

static void check_structure(const char *where, uint32_t oid, const struct hvp_rd *info,
			    struct tally *t)
{
	for (size_t i = 0; i < COUNT(structures); i++) {
		const struct hvp_msg_desc *m = hvp_msg_by_name(&hvp_ndis_proto,
							       structures[i].structure);

		if (structures[i].oid != oid || info->len < m->min_size)
			continue;
		free(same_bytes(where, m, info->p, info->len));
		t->structures++;
	}
}

static void look_inside(const char *where, uint32_t type, const void *value, struct tally *t)
{
	const struct hvp_rndis_packet *packet = value;
	const struct hvp_rndis_query *query = value;
	const struct hvp_rndis_set *set = value;

	if (type == HVP_RNDIS_PACKET)
		check_list(where, packet->ppis, t);
	if (type == HVP_RNDIS_QUERY)
		check_structure(where, query->oid, &query->info, t);
	if (type == HVP_RNDIS_SET)
		check_structure(where, set->oid, &set->info, t);
}

/* One message at the start of @bytes; returns its length. */
static size_t check_message(const struct joined *j, const uint8_t *bytes, size_t size,
			    struct tally *t)
{
	const char *where = j->first->name;
	uint32_t type = hvp_get_u32(bytes), length = hvp_get_u32(bytes + 4);
	const struct hvp_msg_desc *m;
	uint8_t *exact;
	void *value;

	m = hvp_msg_find(&hvp_rndis_proto, type, j->first->direction);
	ck_assert_msg(m && length >= m->min_size && length <= size, "%s: type %x, %u of %zu bytes",
		      where, type, length, size);
	exact = malloc(length);
	memcpy(exact, bytes, length);
	value = same_bytes(where, m, exact, length);
	look_inside(where, type, value, t);
	t->messages++;
	t->of_type[type & 15]++;
	free(value);
	free(exact);
	return length;
}

/* Of a message whose end was not kept, what tells about the frame, if that is there. */
static void check_cut(const struct joined *j, const uint8_t *bytes, size_t size, struct tally *t)
{
	struct hvp_rd r = hvp_rd_init(bytes, size);
	struct hvp_rndis_packet_head head;

	ck_assert_msg(!j->whole, "%s: a message is longer than its bytes", j->first->name);
	t->cut++;
	if (size < HVP_RNDIS_PACKET_HEADER_SIZE)
		return;
	ck_assert_int_eq(hvp_rndis_packet_head_decode(&r, none, &head, NULL), HVP_OK);
	ck_assert_uint_eq(head.message_type, HVP_RNDIS_PACKET);
	r = hvp_rd_init(bytes + 8 + head.per_packet_info_offset, head.per_packet_info_length);
	ck_assert_uint_le(8u + head.per_packet_info_offset + head.per_packet_info_length, size);
	check_list(j->first->name, r, t);
}

static void check_joined(const struct joined *j, struct tally *t)
{
	size_t at = 0;

	while (at < j->size) {
		size_t left = j->size - at;

		ck_assert_uint_ge(left, 8);
		if (hvp_get_u32(j->bytes + at + 4) > left) {
			check_cut(j, j->bytes + at, left, t);
			return;
		}
		at += check_message(j, j->bytes + at, left, t);
	}
}

static struct tally walk(uint32_t direction, const char *whose)
{
	struct tally t = { 0 };

	for (unsigned int i = 0; i < vector_count;) {
		struct joined j;

		if (!is_rndis(&vectors[i]) || vectors[i].direction != direction ||
		    !strstr(vectors[i].name, whose)) {
			i++;
			continue;
		}
		j = join(&i);
		check_joined(&j, &t);
		free(j.bytes);
	}
	printf("RNDIS %s, %s: %u messages (%u frames, %u queries, %u sets), %u cut, "
	       "%u elements, %u structures\n",
	       whose, direction == HVP_DIR_G2H ? "from guests" : "from the throwaway host",
	       t.messages, t.of_type[1], t.of_type[4], t.of_type[5], t.cut, t.elements,
	       t.structures);
	return t;
}

/* The numbers are those of the files' names: 38 queries are 38 files, and so on. */
static void check_tally(const struct tally *t, unsigned int messages, unsigned int cut,
			unsigned int elements, unsigned int in_structures)
{
	ck_assert_uint_eq(t->messages, messages);
	ck_assert_uint_eq(t->cut, cut);
	ck_assert_uint_eq(t->elements, elements);
	ck_assert_uint_eq(t->structures, in_structures);
}

START_TEST(every_rndis_message_of_linux_encodes_to_its_own_bytes)
{
	struct tally t = walk(HVP_DIR_G2H, "linux");

	check_tally(&t, 50 + 6 + 1 + 38 + 20, 2, 27, 6 + 6 + 6 + 4 + 2);
	ck_assert_uint_eq(t.of_type[1], 50);
	ck_assert_uint_eq(t.of_type[2], 6);
	ck_assert_uint_eq(t.of_type[3], 1);
	ck_assert_uint_eq(t.of_type[4], 38);
	ck_assert_uint_eq(t.of_type[5], 20);
}
END_TEST

START_TEST(every_rndis_message_of_dpdk_encodes_to_its_own_bytes)
{
	struct tally t = walk(HVP_DIR_G2H, "dpdk-22.11-netvsc");

	check_tally(&t, 15 + 6 + 116 + 45, 9, 21, 88 + 6 + 6 + 2);
	ck_assert_uint_eq(t.of_type[1], 15);
	ck_assert_uint_eq(t.of_type[2], 6);
	ck_assert_uint_eq(t.of_type[4], 116);
	ck_assert_uint_eq(t.of_type[5], 45);
}
END_TEST

START_TEST(every_rndis_message_of_dpdk_on_the_mock_host_encodes_to_its_own_bytes)
{
	struct tally t = walk(HVP_DIR_G2H, "dpdk-22.11-mock");

	check_tally(&t, 24 + 13 + 73 + 45, 0, 24 + 8, 24 + 13 + 10 + 8);
	ck_assert_uint_eq(t.of_type[1], 24);
	ck_assert_uint_eq(t.of_type[2], 13);
	ck_assert_uint_eq(t.of_type[4], 73);
	ck_assert_uint_eq(t.of_type[5], 45);
}
END_TEST

START_TEST(every_rndis_message_that_linux_took_encodes_to_its_own_bytes)
{
	struct tally t = walk(HVP_DIR_H2G, "linux");

	check_tally(&t, 30 + 6 + 6 + 6 + 1, 0, 0, 0);
	ck_assert_uint_eq(t.of_type[1], 30);
	ck_assert_uint_eq(t.of_type[7], 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rndis_vectors");
	TCase *tc = tcase_create("captured bytes");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, vectors_load, vectors_unload);
	tcase_add_test(tc, every_rndis_message_of_linux_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_rndis_message_of_dpdk_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_rndis_message_of_dpdk_on_the_mock_host_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_rndis_message_that_linux_took_encodes_to_its_own_bytes);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
