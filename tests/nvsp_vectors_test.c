/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NVSP in captured ring packets: each message decodes at the version of its run and encodes to the
 * bytes it came from, of Linux on three versions and of DPDK. All packets are counted, so that one
 * that is skipped is missed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/ring.h>

#include "vector_files.h"

/* tests/vectors/README.md tells these numbers. */
#define FROM_LINUX 163u
#define FROM_DPDK 225u
#define FROM_DPDK_ON_MOCK 284u
#define FROM_HOST 76u
#define KINDS 17u

/* Bytes of a network channel's packet behind its headers. */
static struct hvp_rd payload(const struct vector *v)
{
	size_t offset = 8u * hvp_get_u16(v->bytes + 2);
	size_t size = 8u * hvp_get_u16(v->bytes + 4);

	ck_assert_msg(16 <= offset && offset <= size && size == v->size, "%s", v->name);
	return hvp_rd_init(v->bytes + offset, size - offset);
}

static bool of_network(const struct vector *v)
{
	return v->kind == VECTOR_PACKET &&
	       (strstr(v->name, "dpdk") || strstr(v->name, "g-netvsc") ||
		strstr(v->name, "h-netvsc"));
}

/* Guests walk down: what a run settled on is the lowest version that was asked for. */
static struct hvp_neg version_of(const struct vector *v)
{
	struct hvp_neg neg = { UINT32_MAX, 0 };

	for (unsigned int i = 0; i < vector_count; i++) {
		struct hvp_nvsp_init init;
		struct hvp_rd r;

		if (!of_network(&vectors[i]) || !vectors_same_run(&vectors[i], v))
			continue;
		r = payload(&vectors[i]);
		if (hvp_nvsp_init_decode(&r, neg, &init, NULL) == HVP_OK &&
		    init.protocol_version < neg.version)
			neg.version = init.protocol_version;
	}
	return neg;
}

static const struct hvp_msg_desc *message_of(const struct vector *v, struct hvp_rd r)
{
	const struct hvp_msg_desc *msg;
	uint32_t id = hvp_get_u32(hvp_rd_take(&r, 4));

	msg = hvp_msg_find(&hvp_nvsp_proto, id, v->direction);
	ck_assert_msg(msg != NULL, "%s: no message %u", v->name, id);
	return msg;
}

static void check_padding(const struct vector *v, struct hvp_rd r)
{
	while (hvp_rd_left(&r) > 0)
		ck_assert_msg(*hvp_rd_take(&r, 1) == 0, "%s: bytes behind the message", v->name);
}

static void check_round_trip(const struct vector *v)
{
	struct hvp_rd r = payload(v);
	const struct hvp_msg_desc *msg = message_of(v, r);
	struct hvp_neg neg = version_of(v);
	struct hvp_fault fault = { .field = "" };
	uint8_t *out = malloc(r.len);
	struct hvp_wr w = hvp_wr_init(out, r.len);
	void *value = calloc(1, msg->struct_size);

	ck_assert_msg(msg->decode(&r, neg, value, &fault) == HVP_OK, "%s: %s.%s at %u", v->name,
		      msg->name, fault.field, fault.offset);
	ck_assert_msg(msg->encode(&w, neg, value, &fault) == HVP_OK, "%s: %s.%s does not encode",
		      v->name, msg->name, fault.field);
	ck_assert_msg(w.off == r.off && memcmp(out, r.p, r.off) == 0,
		      "%s: %s encodes to other bytes", v->name, msg->name);
	check_padding(v, r);
	free(value);
	free(out);
}

static unsigned int round_trips(uint32_t direction, const char *whose)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];

		if (!of_network(v) || v->direction != direction || !strstr(v->name, whose))
			continue;
		check_round_trip(v);
		n++;
	}
	printf("NVSP %s, %s: %u decoded and encoded to the same bytes\n", whose,
	       direction == HVP_DIR_G2H ? "from guests" : "from the throwaway host", n);
	return n;
}

START_TEST(every_nvsp_message_of_linux_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(HVP_DIR_G2H, "linux"), FROM_LINUX);
}
END_TEST

START_TEST(every_nvsp_message_of_dpdk_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(HVP_DIR_G2H, "dpdk-22.11-netvsc"), FROM_DPDK);
	ck_assert_uint_eq(round_trips(HVP_DIR_G2H, "dpdk-22.11-mock"), FROM_DPDK_ON_MOCK);
}
END_TEST

START_TEST(every_nvsp_message_that_linux_took_encodes_to_its_own_bytes)
{
	ck_assert_uint_eq(round_trips(HVP_DIR_H2G, "linux"), FROM_HOST);
}
END_TEST

static unsigned int runs_at(uint32_t version)
{
	const struct vector *last = NULL;
	unsigned int runs = 0;

	for (unsigned int i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];

		if (!of_network(v) || (last && vectors_same_run(last, v)))
			continue;
		last = v;
		runs += version_of(v).version == version;
	}
	return runs;
}

/*
 * As the README of the Linux runs tells: r3a and r3b refused, the others did not. On the mock host
 * DPDK was walked down to each version, and six runs more were at the newest.
 */
START_TEST(the_runs_settle_on_the_versions_that_were_offered)
{
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_1), 1);
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_2), 1 + 1);
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_4), 1 + 1);
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_5), 1);
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_6_0), 1);
	ck_assert_uint_eq(runs_at(HVP_NVSP_VERSION_6_1), 10 + 7);
	ck_assert_uint_eq(runs_at(UINT32_MAX), 0);
}
END_TEST

/* Every kind of message that occurs, cut at every length: refused, or a shorter list. */
static void check_truncations(const struct vector *v)
{
	struct hvp_rd whole = payload(v);
	const struct hvp_msg_desc *msg = message_of(v, whole);
	struct hvp_neg neg = version_of(v);
	void *value = calloc(1, msg->struct_size);

	for (size_t n = 0; n < whole.len; n++) {
		uint8_t *cut = malloc(n > 0 ? n : 1);
		struct hvp_rd r = hvp_rd_init(cut, n);
		enum hvp_status st;

		memcpy(cut, whole.p, n);
		st = msg->decode(&r, neg, value, NULL);
		ck_assert_msg(st == (n < msg->min_size ? HVP_SHORT : st), "%s at %zu", v->name, n);
		ck_assert_msg(st == HVP_OK || st == HVP_SHORT, "%s at %zu", v->name, n);
		free(cut);
	}
	free(value);
}

START_TEST(every_kind_of_message_is_safe_at_every_length)
{
	bool seen[2][256] = { { false } };
	unsigned int kinds = 0;

	for (unsigned int i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		bool *known;

		if (!of_network(v))
			continue;
		known = &seen[v->direction == HVP_DIR_H2G][message_of(v, payload(v))->id];
		kinds += !*known;
		if (!*known)
			check_truncations(v);
		*known = true;
	}
	printf("%u kinds of NVSP messages cut at every length\n", kinds);
	ck_assert_uint_eq(kinds, KINDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nvsp_vectors");
	TCase *tc = tcase_create("captured bytes");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, vectors_load, vectors_unload);
	tcase_add_test(tc, every_nvsp_message_of_linux_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_nvsp_message_of_dpdk_encodes_to_its_own_bytes);
	tcase_add_test(tc, every_nvsp_message_that_linux_took_encodes_to_its_own_bytes);
	tcase_add_test(tc, the_runs_settle_on_the_versions_that_were_offered);
	tcase_add_test(tc, every_kind_of_message_is_safe_at_every_length);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
