/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC's RNDIS: control messages, OIDs, events, VF, and the tap of scripts. */
#include <stdio.h>
#include <stdlib.h>

#include "netvsp_guest.h"

static struct nv_guest v;

static void setup(void)
{
	nv_attach(&v, NULL, 0x60001);
}

static void teardown(void)
{
	nv_done(&v);
}

static void restart(const struct hvm_netvsp_config *c, uint32_t version)
{
	nv_done(&v);
	nv_attach(&v, c, version);
}

static const uint8_t *info(void)
{
	return v.answer + 24;
}

static uint32_t info_size(void)
{
	return hvp_get_u32(v.answer + 16);
}

static void stopped(const char *reason)
{
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	ck_assert_str_eq(nv_reason(&v), reason);
}

/* ---- control messages ---- */

START_TEST(initialize_is_answered_as_a_known_host_does)
{
	static const uint32_t words[13] = { 0x80000002, 52, 0x77,	0, 1, 0, 1,
					    0,		8,  0xefffffff, 3, 0, 0 };
	uint32_t k;

	/* The answer is still there from the attach. */
	ck_assert_uint_eq(v.answer_size, 52);
	for (k = 0; k < 13; k++)
		ck_assert_uint_eq(hvp_get_u32(v.answer + 4 * k), words[k]);
}
END_TEST

START_TEST(a_second_initialize_stops_the_nic)
{
	uint8_t m[24] = { 2, 0, 0, 0, 24, 0, 0, 0, 1 };

	nv_rndis(&v, 0, m, sizeof(m));
	stopped("a second INITIALIZE");
}
END_TEST

START_TEST(keepalive_is_answered_and_halt_is_not)
{
	uint8_t m[12] = { 8, 0, 0, 0, 12, 0, 0, 0, 0x42 };
	uint64_t id = nv_rndis(&v, 0, m, sizeof(m));

	nv_expect_status(&v, 0, id, 1);
	nv_expect_rndis(&v, 0x80000008);
	ck_assert_uint_eq(v.answer_size, 16);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 8), 0x42);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 12), 0);
	m[0] = 3;
	id = nv_rndis(&v, 0, m, sizeof(m));
	nv_expect_status(&v, 0, id, 1);
	nv_expect_none(&v, 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(control_messages_that_no_guest_may_send_stop_the_nic)
{
	static const uint32_t types[] = { 6, 7, 9, 0x80000004, 0x8001, 0xff000001, 0, 10 };
	uint8_t m[28] = { 0 };

	hvp_put_u32(m, types[_i]);
	hvp_put_u32(m + 4, sizeof(m));
	nv_rndis(&v, 0, m, sizeof(m));
	stopped("a control message that no guest may send");
}
END_TEST

START_TEST(a_control_message_shorter_than_its_structure_stops_the_nic)
{
	static const struct {
		uint32_t type, size;
	} shorts[] = { { 4, 27 }, { 5, 12 }, { 8, 11 }, { 4, 8 } };
	uint8_t m[28] = { 0 };

	hvp_put_u32(m, shorts[_i].type);
	hvp_put_u32(m + 4, shorts[_i].size);
	nv_rndis(&v, 0, m, shorts[_i].size);
	stopped("a control message shorter than it must be");
}
END_TEST

START_TEST(an_empty_control_message_is_refused)
{
	uint32_t words[4] = { 107, 1, 0, 0 };
	uint64_t id = nv_words(&v, words, 4, true);

	nv_expect_status(&v, 0, id, 2);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

/* Replies are not completed: after 16 of them the host has no slot and requests wait. */
START_TEST(requests_wait_for_reserved_slots_and_are_answered_in_order)
{
	uint8_t m[12] = { 8, 0, 0, 0, 12 }, done[8] = { 108, 0, 0, 0, 1 };
	uint64_t ids[20];
	uint32_t k, replies = 0;
	struct nv_got got;

	for (k = 0; k < 20; k++) {
		hvp_put_u32(m + 8, 100 + k);
		nv_rndis(&v, 0, m, sizeof(m));
		nv_run(&v);
	}
	while (nv_take(&v, 0, &got)) {
		if (got.p.type != HVP_PACKET_XFER_PAGES)
			continue;
		ck_assert_uint_eq(hvp_get_u32(got.rndis + 8), 100 + replies);
		ids[replies++] = got.p.transaction_id;
	}
	ck_assert_uint_eq(replies, 16);
	for (k = 0; k < 4; k++) {
		nv_complete(&v, 0, ids[k], done, 8);
		ck_assert(nv_take(&v, 0, &got));
		ck_assert_uint_eq(hvp_get_u32(got.rndis + 8), 116 + k);
	}
}
END_TEST

START_TEST(control_bytes_beyond_the_bound_are_refused)
{
	static uint8_t m[8000] = { 8, 0, 0, 0, 12 };
	uint32_t k, all = sizeof(m), refused = 0;
	struct nv_got got;

	for (k = 0; k < 16 + 12 + 2; k++) {
		nv_rndis_gpa(&v, 0, m, &all, 1);
		nv_run(&v);
	}
	while (nv_take(&v, 0, &got))
		if (got.p.type == HVP_PACKET_COMPLETION && hvp_get_u32(got.nvsp + 4) == 2)
			refused++;
	ck_assert_uint_eq(refused, 2);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

/* ---- queries ---- */

START_TEST(numbers_are_those_of_a_known_host)
{
	static const struct {
		uint32_t oid, size, value;
	} q[] = {
		{ 0x10102, 4, 0 },	   { 0x10103, 4, 0 },	       { 0x10104, 4, 0 },
		{ 0x10105, 4, 1500 },	   { 0x1010f, 4, 1500 },       { 0x10106, 4, 1500 },
		{ 0x10111, 4, 1514 },	   { 0x1010a, 4, 1514 },       { 0x1010b, 4, 1514 },
		{ 0x10107, 4, 100000000 }, { 0x10108, 4, 262144 },     { 0x10109, 4, 262144 },
		{ 0x1010c, 4, 0x155d },	   { 0x1010e, 4, 0 },	       { 0x10113, 4, 0x24d },
		{ 0x10114, 4, 0 },	   { 0x10115, 4, 0xffffffff }, { 0x1010104, 4, 0 },
		{ 0x1020101, 4, 0 },	   { 0x1020102, 4, 0 },	       { 0x1020103, 4, 0 },
	};

	ck_assert_uint_eq(nv_query(&v, q[_i].oid), 0);
	ck_assert_uint_eq(info_size(), q[_i].size);
	ck_assert_uint_eq(hvp_get_u32(info()), q[_i].value);
}
END_TEST

START_TEST(texts_and_addresses_are_those_of_the_nic)
{
	static const uint8_t mac[6] = { 0x00, 0x15, 0x5d, 0x00, 0x00, 0x01 };

	ck_assert_uint_eq(nv_query(&v, 0x1010101), 0);
	ck_assert_uint_eq(info_size(), 6);
	ck_assert_mem_eq(info(), mac, 6);
	ck_assert_uint_eq(nv_query(&v, 0x1010102), 0);
	ck_assert_mem_eq(info(), mac, 6);
	ck_assert_uint_eq(nv_query(&v, 0x1010d), 0);
	ck_assert_uint_eq(info_size(), 21);
	ck_assert_mem_eq(info(), "Microsoft Corporation", 21);
	ck_assert_uint_eq(nv_query(&v, 0x20216), 0);
	ck_assert_uint_eq(info_size(), 512);
	ck_assert_mem_eq(info(), "N\0e\0t\0w\0o\0r\0k\0 \0", 16);
	ck_assert_uint_eq(nv_query(&v, 0x10110), 0);
	ck_assert_uint_eq(info_size(), 2);
	ck_assert_uint_eq(hvp_get_u16(info()), 0x100);
}
END_TEST

START_TEST(structures_are_those_of_a_known_host)
{
	ck_assert_uint_eq(nv_query(&v, 0x10203), 0);
	ck_assert_uint_eq(info_size(), 18);
	ck_assert_mem_eq(info(), "\x88\2\x12\0\1\3\0\0\1\0\0\0\1\0\0\0\x80\0", 18);
	ck_assert_uint_eq(nv_query(&v, 0xfc01020d), 0);
	ck_assert_uint_eq(info_size(), 156);
	ck_assert_mem_eq(info(), "\xa7\3\x9c\0\2\0\0\0\x55\1\0\0\2\0\0\0\x55\1\0\0", 20);
	ck_assert_uint_eq(hvp_get_u32(info() + 24), 0x55);
	ck_assert_uint_eq(hvp_get_u32(info() + 84), 0xf53c);
	ck_assert_uint_eq(hvp_get_u32(info() + 88), 2);
	ck_assert_uint_eq(hvp_get_u32(info() + 104), 5);
	ck_assert_uint_eq(hvp_get_u16(info() + 144), 0);
	ck_assert_uint_eq(nv_query(&v, 0x10207), 0);
	ck_assert_uint_eq(info_size(), 40);
	ck_assert_mem_eq(info(), "\x80\1\x28\0\1\0\0\0", 8);
	ck_assert_uint_eq(hvp_get_u64(info() + 16), 10000000000ull);
	ck_assert_uint_eq(nv_query(&v, 0x101010a), 0);
	ck_assert_uint_eq(info_size(), 28);
	ck_assert_mem_eq(info(), "\xa8\1\x1c\0\1\0\0\0\2\0\0\0\x0e\0\0\0", 16);
}
END_TEST

START_TEST(the_list_of_oids_follows_the_ndis_version)
{
	static const struct {
		uint32_t major, minor, status, size;
	} n[] = { { 6, 30, 0, 172 }, { 6, 1, 0, 164 }, { 5, 1, 0, 128 }, { 7, 0, 0xc0010004, 0 } };

	nv_done(&v);
	nv_init(&v, NULL);
	ck_assert_uint_eq(nv_try_version(&v, 0x50000), 1);
	nv_config(&v, 1514, 0);
	nv_ndis(&v, n[_i].major, n[_i].minor);
	nv_buffers(&v);
	nv_initialize(&v);
	ck_assert_uint_eq(nv_query(&v, 0x10101), n[_i].status);
	ck_assert_uint_eq(info_size(), n[_i].size);
}
END_TEST

START_TEST(an_unknown_oid_is_not_supported_and_the_nic_lives)
{
	static const uint32_t oids[] = { 0x12345678, 0x10270, 0, 0x10112, 0x20219 };
	uint8_t junk[64];

	memset(junk, 0xcc, sizeof(junk));
	ck_assert_uint_eq(nv_query(&v, oids[_i]), 0xc00000bb);
	ck_assert_uint_eq(info_size(), 0);
	ck_assert_uint_eq(nv_set(&v, oids[_i], junk, sizeof(junk)), 0xc00000bb);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

/* CVE-2021-28476: a structure that holds what a host once took for its own address. */
START_TEST(a_switch_request_with_an_embedded_address_is_refused)
{
	uint8_t in[80] = { 0x80, 1, 80, 0 };

	memset(in + 16, 0x41, 64);
	ck_assert_uint_eq(nv_set(&v, 0x10270, in, sizeof(in)), 0xc00000bb);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(windows_that_leave_their_message_are_invalid_data)
{
	static const uint32_t w[][2] = { { 4, 21 },	    { 5, 20 },	       { 0xffffffff, 20 },
					 { 4, 0xffffffff }, { 4, 0xfffffff8 }, { 0xfffffff0, 36 } };
	uint8_t m[32] = { 5, 0, 0, 0, 32, 0, 0, 0, 9, 0, 0, 0, 0x0e, 1, 1 };
	uint64_t id;

	hvp_put_u32(m + 16, w[_i][0]);
	hvp_put_u32(m + 20, w[_i][1]);
	hvp_put_u32(m + 28, 0xd);
	id = nv_rndis(&v, 0, m, sizeof(m));
	nv_expect_status(&v, 0, id, 1);
	nv_expect_rndis(&v, 0x80000005);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 12), 0xc0010015);
	ck_assert_uint_eq(nv_info(&v).filter, 0);
}
END_TEST

/* ---- sets ---- */

START_TEST(offload_parameters_are_taken_masked_and_told)
{
	uint8_t p[28] = { 0x80, 3, 28, 0, 1, 4, 2, 3, 4, 0, 0, 2, 1 };
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint32_t want = HVM_NET_OFFLOAD_TX_TCP4 | HVM_NET_OFFLOAD_RX_TCP4 |
			HVM_NET_OFFLOAD_TX_UDP4 | HVM_NET_OFFLOAD_RX_TCP6 |
			HVM_NET_OFFLOAD_TX_UDP6 | HVM_NET_OFFLOAD_RX_UDP6;

	c.no_lso = _i;
	restart(&c, 0x60001);
	p[22] = p[23] = 2; /* RSC, which is not offered */
	ck_assert_uint_eq(nv_set(&v, 0xfc01020c, p, sizeof(p)), 0);
	nv_expect_rndis(&v, 7);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 8), 0x40020006);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 12), 156);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 16), 12);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 20 + 8), 0x54); /* TCP with options, UDP */
	ck_assert_uint_eq(nv_info(&v).offloads, want | (_i ? 0 : HVM_NET_OFFLOAD_LSO4));
}
END_TEST

START_TEST(bad_offload_parameters_are_refused)
{
	uint8_t p[28] = { 0x80, 3, 28 };
	uint32_t size = sizeof(p), want = 0xc0010015;

	switch (_i) {
	case 0:
		size = 19;
		p[2] = 19;
		break;
	case 1:
		p[0] = 0xa7;
		break;
	case 2:
		p[1] = 0;
		break;
	case 3:
		p[2] = 29;
		break;
	default:
		p[9] = 2; /* LSO v1 */
		want = 0xc00000bb;
	}
	ck_assert_uint_eq(nv_set(&v, 0xfc01020c, p, size), want);
	nv_expect_none(&v, 0);
}
END_TEST

static void rss(uint8_t *p, uint32_t table, uint32_t key)
{
	uint32_t k;

	memset(p, 0, 592);
	memcpy(p, "\x89\2\x28\0", 4);
	hvp_put_u32(p + 8, 0x1701);
	hvp_put_u16(p + 12, 512);
	hvp_put_u32(p + 16, table);
	hvp_put_u16(p + 20, 40);
	hvp_put_u32(p + 24, key);
	for (k = 0; k < 128; k++)
		hvp_put_u32(p + table + 4 * k, k % 4);
	memset(p + key, 0x5a, 40);
}

START_TEST(rss_parameters_of_both_layouts_are_taken_and_can_be_switched_off)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t p[592];

	c.max_queues = 4;
	restart(&c, 0x60001);
	rss(p, _i ? 80 : 40, _i ? 40 : 552);
	ck_assert_uint_eq(nv_set(&v, 0x10204, p, sizeof(p)), 0);
	ck_assert(nv_info(&v).rss);
	ck_assert_uint_eq(nv_info(&v).table_size, 128);
	ck_assert_uint_eq(nv_info(&v).table[127], 3);
	ck_assert_uint_eq(nv_info(&v).key[39], 0x5a);
	hvp_put_u16(p + 4, 0x10);
	ck_assert_uint_eq(nv_set(&v, 0x10204, p, sizeof(p)), 0);
	ck_assert(!nv_info(&v).rss);
}
END_TEST

START_TEST(bad_rss_parameters_are_refused)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t p[592];
	uint32_t size = sizeof(p);

	c.max_queues = 4;
	restart(&c, 0x60001);
	rss(p, 40, 552);
	switch (_i) {
	case 0:
		hvp_put_u16(p + 20, 39);
		break;
	case 1:
		hvp_put_u32(p + 24, 553);
		break;
	case 2:
		hvp_put_u32(p + 24, 0xffffffff);
		break;
	case 3:
		hvp_put_u16(p + 12, 0);
		break;
	case 4:
		hvp_put_u16(p + 12, 511);
		break;
	case 5:
		hvp_put_u32(p + 16, 0xfffffff0);
		break;
	case 6:
		hvp_put_u32(p + 40 + 4 * 127, 4);
		break;
	case 7:
		hvp_put_u16(p + 12, 0xfffc);
		break;
	default:
		size = 27;
	}
	ck_assert_uint_eq(nv_set(&v, 0x10204, p, size), 0xc0010015);
	ck_assert(!nv_info(&v).rss);
}
END_TEST

static uint32_t parameter(const char *name, const char *value, uint8_t *p)
{
	uint32_t n = (uint32_t)strlen(name) * 2, m = (uint32_t)strlen(value) * 2, k;

	memset(p, 0, 20 + n + m);
	hvp_put_u32(p, 20);
	hvp_put_u32(p + 4, n);
	hvp_put_u32(p + 8, 2);
	hvp_put_u32(p + 12, 20 + n);
	hvp_put_u32(p + 16, m);
	for (k = 0; k < n / 2; k++)
		p[20 + 2 * k] = (uint8_t)name[k];
	for (k = 0; k < m / 2; k++)
		p[20 + n + 2 * k] = (uint8_t)value[k];
	return 20 + n + m;
}

START_TEST(named_parameters_switch_offloads_and_unknown_ones_do_nothing)
{
	uint8_t p[256];
	uint32_t size = parameter("*TCPChecksumOffloadIPv4", "3", p);

	ck_assert_uint_eq(nv_set(&v, 0x1021b, p, size), 0);
	ck_assert_uint_eq(nv_info(&v).offloads, HVM_NET_OFFLOAD_TX_TCP4 | HVM_NET_OFFLOAD_RX_TCP4);
	size = parameter("*LsoV2IPv4", "1", p);
	ck_assert_uint_eq(nv_set(&v, 0x1021b, p, size), 0);
	ck_assert(nv_info(&v).offloads & HVM_NET_OFFLOAD_LSO4);
	size = parameter("NetworkAddress", "00155D000002", p);
	ck_assert_uint_eq(nv_set(&v, 0x1021b, p, size), 0);
	size = parameter("NetworkAddress", "A0155D000002", p);
	ck_assert_uint_eq(nv_set(&v, 0x1021b, p, size), 0xc0010015);
	hvp_put_u32(p + 4, 0xfffffff0);
	ck_assert_uint_eq(nv_set(&v, 0x1021b, p, size), 0xc0010015);
}
END_TEST

START_TEST(encapsulation_of_ethernet_is_taken_and_other_is_not)
{
	uint8_t p[28] = { 0xa8, 1, 28, 0, 1, 0, 0, 0, 2, 0, 0, 0, 14 };

	ck_assert_uint_eq(nv_set(&v, 0x101010a, p, sizeof(p)), 0);
	p[12] = 18;
	ck_assert_uint_eq(nv_set(&v, 0x101010a, p, sizeof(p)), 0xc00000bb);
	ck_assert_uint_eq(nv_set(&v, 0x101010a, p, 20), 0xc0010015);
	ck_assert_uint_eq(nv_set(&v, 0x1010103, p, 12), 0);
	ck_assert_uint_eq(nv_set(&v, 0x1010e, p, 3), 0xc0010015);
}
END_TEST

START_TEST(an_oid_can_be_answered_otherwise_and_as_ever_again)
{
	hvm_netvsp_set_oid(v.n, 0x10106, 0, "\x10\x20\0\0", 4);
	ck_assert_uint_eq(nv_query(&v, 0x10106), 0);
	ck_assert_uint_eq(hvp_get_u32(info()), 0x2010);
	hvm_netvsp_set_oid(v.n, 0x10106, 0xc0000001, NULL, 0);
	ck_assert_uint_eq(nv_query(&v, 0x10106), 0xc0000001);
	ck_assert_uint_eq(nv_set(&v, 0x10106, "x", 1), 0xc0000001);
	hvm_netvsp_clear_oid(v.n, 0x10106);
	ck_assert_uint_eq(nv_query(&v, 0x10106), 0);
	ck_assert_uint_eq(hvp_get_u32(info()), 1500);
}
END_TEST

/* ---- events ---- */

static uint32_t indication(uint32_t size)
{
	nv_expect_rndis(&v, 7);
	ck_assert_uint_eq(v.answer_size, 20 + size);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 12), size);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 16), size ? 12 : 0);
	return hvp_get_u32(v.answer + 8);
}

START_TEST(link_changes_are_indicated_and_a_flap_takes_its_time)
{
	struct hvm_sched *s = hvm_partition_sched(v.g.p);
	uint64_t start;

	hvm_netvsp_set_link(v.n, false);
	ck_assert_uint_eq(indication(0), 0x4001000c);
	ck_assert_uint_eq(nv_query(&v, 0x10114), 0);
	ck_assert_uint_eq(hvp_get_u32(info()), 1);
	hvm_netvsp_set_link(v.n, true);
	ck_assert_uint_eq(indication(0), 0x4001000b);
	start = hvm_sched_now(s);
	hvm_netvsp_set_link(v.n, true);
	hvm_sched_run_for(s, 4 * HVM_SEC);
	ck_assert(!nv_info(&v).link_up);
	ck_assert_uint_eq(indication(0), 0x4001000c);
	ck_assert_uint_eq(indication(0), 0x4001000b);
	ck_assert_uint_ge(hvm_sched_now(s) - start, 5 * HVM_SEC);
}
END_TEST

START_TEST(speed_and_network_changes_carry_a_word)
{
	hvm_netvsp_set_speed(v.n, 25000000000ull);
	ck_assert_uint_eq(indication(4), 0x40010013);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 20), 250000000);
	hvm_netvsp_network_change(v.n, 2);
	ck_assert_uint_eq(indication(4), 0x40010018);
	ck_assert_uint_eq(hvp_get_u32(v.answer + 20), 2);
}
END_TEST

/* ---- VF ---- */

static void notice(uint32_t type, uint32_t first, uint32_t second, bool done)
{
	struct nv_got got;

	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(got.p.type, HVP_PACKET_INBAND);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), type);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), first);
	if (type == 128)
		ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), second);
	else
		ck_assert_uint_eq(got.size, 8);
	if (done)
		nv_complete(&v, 0, got.p.transaction_id, NULL, 0);
}

static uint64_t switch_to(uint32_t path)
{
	uint32_t words[2] = { 129, path };

	return nv_words(&v, words, 2, true);
}

static void switched(uint64_t id)
{
	struct nv_got got;

	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 0);
}

START_TEST(a_vf_comes_takes_the_data_path_and_goes)
{
	hvm_netvsp_vf(v.n, true, 7);
	notice(128, 1, 7, _i);
	switched(switch_to(1));
	ck_assert_uint_eq(nv_info(&v).data_path, 1);
	hvm_netvsp_vf(v.n, false, 0);
	notice(129, 0, 0, _i);
	notice(128, 0, 7, _i);
	ck_assert_uint_eq(nv_info(&v).data_path, 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(a_switch_without_a_vf_is_completed_and_changes_nothing)
{
	switched(switch_to(1));
	ck_assert_uint_eq(nv_info(&v).data_path, 0);
	switched(switch_to(0));
}
END_TEST

START_TEST(a_vf_that_leaves_during_a_switch_ends_it_in_order)
{
	uint64_t id;

	hvm_netvsp_vf(v.n, true, 9);
	notice(128, 1, 9, false);
	hvm_netvsp_hold_switch(v.n, true);
	id = switch_to(1);
	nv_expect_none(&v, 0);
	hvm_netvsp_vf(v.n, false, 0);
	switched(id);
	notice(129, 0, 0, false);
	notice(128, 0, 9, false);
}
END_TEST

START_TEST(a_switch_that_fails_is_completed_and_taken_back)
{
	uint64_t id;

	hvm_netvsp_vf(v.n, true, 9);
	notice(128, 1, 9, false);
	hvm_netvsp_hold_switch(v.n, true);
	id = switch_to(1);
	nv_expect_none(&v, 0);
	ck_assert_int_eq(hvm_netvsp_finish_switch(v.n, false), HVP_OK);
	switched(id);
	notice(129, 0, 0, false);
	ck_assert_uint_eq(nv_info(&v).data_path, 0);
}
END_TEST

START_TEST(a_vf_is_told_only_to_guests_that_want_it)
{
	nv_done(&v);
	nv_attach(&v, NULL, 0x40000); /* without the capability */
	hvm_netvsp_vf(v.n, true, 7);
	nv_expect_none(&v, 0);
}
END_TEST

/* ---- the tap ---- */

static struct {
	char seen[4096];
	const char *name;
	enum hvm_net_verdict verdict;
	struct hvm_net_replacement with;
} tap;

static enum hvm_net_verdict on_message(void *ctx, const struct hvm_net_message *m,
				       struct hvm_net_replacement *out)
{
	size_t n = strlen(tap.seen);

	(void)ctx;
	snprintf(tap.seen + n, sizeof(tap.seen) - n, "%c%s.%s ", m->dir == HVP_DIR_G2H ? '>' : '<',
		 m->layer == HVM_NET_NVSP ? "nvsp" : "rndis", m->name);
	if (!tap.name || strcmp(tap.name, m->name))
		return HVM_NET_PASS;
	*out = tap.with;
	return tap.verdict;
}

static void tapped(const char *name, enum hvm_net_verdict verdict)
{
	memset(&tap, 0, sizeof(tap));
	tap.name = name;
	tap.verdict = verdict;
	hvm_netvsp_set_tap(v.n, on_message, NULL);
}

START_TEST(the_tap_sees_every_message_of_an_exchange)
{
	tapped(NULL, HVM_NET_PASS);
	ck_assert_uint_eq(nv_query(&v, 0x10106), 0);
	nv_run(&v);
	ck_assert_str_eq(tap.seen, ">nvsp.rndis_packet <nvsp.rndis_packet_complete >rndis.query "
				   "<rndis.query_complete <nvsp.rndis_packet "
				   ">nvsp.rndis_packet_complete ");
}
END_TEST

START_TEST(a_reply_can_be_held_and_released_with_other_bytes)
{
	uint8_t m[12] = { 8, 0, 0, 0, 12, 0, 0, 0, 1 };
	struct hvm_net_replacement with = { "\x08\0\0\x80\x09\0\0\0\x01", 9 };
	struct hvm_net_message held;
	uint64_t id;

	tapped("keepalive_complete", HVM_NET_HOLD);
	id = nv_rndis(&v, 0, m, sizeof(m));
	nv_expect_status(&v, 0, id, 1);
	nv_expect_none(&v, 0);
	ck_assert_uint_eq(hvm_netvsp_held(v.n), 1);
	ck_assert(hvm_netvsp_held_get(v.n, 0, &held));
	ck_assert_str_eq(held.name, "keepalive_complete");
	ck_assert_int_eq(hvm_netvsp_release(v.n, 0, HVM_NET_REPLACE, &with), HVP_OK);
	nv_expect_rndis(&v, 0x80000008);
	ck_assert_uint_eq(v.answer_size, 9);
	ck_assert_uint_eq(hvm_netvsp_held(v.n), 0);
}
END_TEST

START_TEST(messages_can_be_dropped_on_either_way)
{
	uint8_t m[12] = { 8, 0, 0, 0, 12, 0, 0, 0, 1 };
	uint64_t id;

	tapped(_i ? "keepalive" : "keepalive_complete", HVM_NET_DROP);
	id = nv_rndis(&v, 0, m, sizeof(m));
	nv_expect_status(&v, 0, id, 1);
	nv_expect_none(&v, 0);
	tapped(NULL, HVM_NET_PASS);
	ck_assert_uint_eq(nv_query(&v, 0x10106), 0);
}
END_TEST

START_TEST(an_nvsp_answer_can_be_replaced)
{
	uint32_t words[3] = { 1, 0x60001, 0x60001 };
	struct nv_got got;
	uint64_t id;

	nv_done(&v);
	nv_init(&v, NULL);
	tapped("init_complete", HVM_NET_REPLACE);
	tap.with.bytes = "\2\0\0\0";
	tap.with.size = 4;
	id = nv_words(&v, words, 3, true);
	nv_expect_completion(&v, 0, id, &got);
	ck_assert_uint_eq(got.size, 8);
	ck_assert_mem_eq(got.nvsp, "\2\0\0\0\0\0\0\0", 8);
}
END_TEST

START_TEST(a_dropped_packet_to_the_guest_leaves_its_slots_with_the_host)
{
	struct hvm_net_rx rx = { .bytes = (const uint8_t *)"0123456789abcdef", .size = 16 };
	uint32_t slots;

	nv_filter(&v, 1);
	nv_run(&v);
	slots = nv_info(&v).free_slots;
	tapped("rndis_packet", HVM_NET_DROP);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	nv_expect_none(&v, 0);
	ck_assert_uint_eq(nv_info(&v).free_slots, slots);
}
END_TEST

START_TEST(raw_messages_go_past_all_rules_and_their_completions_are_taken)
{
	uint8_t done[8] = { 108, 0, 0, 0, 1 };
	struct hvp_xfer_range r = { 0xffff, 0xfffffff0 };
	struct hvm_net_ranges x = { 0, NV_RX_ID, 0x7777, 1, "k\0\0\0", 4, &r, 1 };
	struct hvp_ring_packet p;
	static uint8_t buf[4096];

	ck_assert_int_eq(hvm_netvsp_send_ranges(v.n, &x), HVP_OK);
	nv_run(&v);
	ck_assert_int_eq(hvp_ring_rx_next(&v.ch[0].rx, buf, sizeof(buf), &p), HVP_OK);
	ck_assert_uint_eq(p.transaction_id, 0x7777);
	nv_complete(&v, 0, 0x7777, done, 8);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
	nv_complete(&v, 0, 0x7777, done, 8);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
}
END_TEST

START_TEST(answers_can_be_slow)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t m[12] = { 8, 0, 0, 0, 12, 0, 0, 0, 1 };
	uint64_t start;

	c.rndis_delay = 3 * HVM_SEC;
	restart(&c, 0x60001);
	start = hvm_sched_now(hvm_partition_sched(v.g.p));
	nv_rndis(&v, 0, m, sizeof(m));
	hvm_sched_run_for(hvm_partition_sched(v.g.p), 2 * HVM_SEC);
	ck_assert_uint_eq(nv_counters(&v).control, 2);
	nv_run(&v);
	ck_assert_uint_ge(hvm_sched_now(hvm_partition_sched(v.g.p)) - start, 3 * HVM_SEC);
}
END_TEST

static void add_control(TCase *t)
{
	tcase_add_test(t, initialize_is_answered_as_a_known_host_does);
	tcase_add_test(t, a_second_initialize_stops_the_nic);
	tcase_add_test(t, keepalive_is_answered_and_halt_is_not);
	tcase_add_loop_test(t, control_messages_that_no_guest_may_send_stop_the_nic, 0, 8);
	tcase_add_loop_test(t, a_control_message_shorter_than_its_structure_stops_the_nic, 0, 4);
	tcase_add_test(t, an_empty_control_message_is_refused);
	tcase_add_test(t, requests_wait_for_reserved_slots_and_are_answered_in_order);
	tcase_add_test(t, control_bytes_beyond_the_bound_are_refused);
}

static void add_oids(TCase *t)
{
	tcase_add_loop_test(t, numbers_are_those_of_a_known_host, 0, 21);
	tcase_add_test(t, texts_and_addresses_are_those_of_the_nic);
	tcase_add_test(t, structures_are_those_of_a_known_host);
	tcase_add_loop_test(t, the_list_of_oids_follows_the_ndis_version, 0, 4);
	tcase_add_loop_test(t, an_unknown_oid_is_not_supported_and_the_nic_lives, 0, 5);
	tcase_add_test(t, a_switch_request_with_an_embedded_address_is_refused);
	tcase_add_loop_test(t, windows_that_leave_their_message_are_invalid_data, 0, 6);
	tcase_add_loop_test(t, offload_parameters_are_taken_masked_and_told, 0, 2);
	tcase_add_loop_test(t, bad_offload_parameters_are_refused, 0, 5);
	tcase_add_loop_test(t, rss_parameters_of_both_layouts_are_taken_and_can_be_switched_off, 0,
			    2);
	tcase_add_loop_test(t, bad_rss_parameters_are_refused, 0, 9);
	tcase_add_test(t, named_parameters_switch_offloads_and_unknown_ones_do_nothing);
	tcase_add_test(t, encapsulation_of_ethernet_is_taken_and_other_is_not);
	tcase_add_test(t, an_oid_can_be_answered_otherwise_and_as_ever_again);
}

static void add_events(TCase *t)
{
	tcase_add_test(t, link_changes_are_indicated_and_a_flap_takes_its_time);
	tcase_add_test(t, speed_and_network_changes_carry_a_word);
	tcase_add_loop_test(t, a_vf_comes_takes_the_data_path_and_goes, 0, 2);
	tcase_add_test(t, a_switch_without_a_vf_is_completed_and_changes_nothing);
	tcase_add_test(t, a_vf_that_leaves_during_a_switch_ends_it_in_order);
	tcase_add_test(t, a_switch_that_fails_is_completed_and_taken_back);
	tcase_add_test(t, a_vf_is_told_only_to_guests_that_want_it);
}

static void add_tap(TCase *t)
{
	tcase_add_test(t, the_tap_sees_every_message_of_an_exchange);
	tcase_add_test(t, a_reply_can_be_held_and_released_with_other_bytes);
	tcase_add_loop_test(t, messages_can_be_dropped_on_either_way, 0, 2);
	tcase_add_test(t, an_nvsp_answer_can_be_replaced);
	tcase_add_test(t, a_dropped_packet_to_the_guest_leaves_its_slots_with_the_host);
	tcase_add_test(t, raw_messages_go_past_all_rules_and_their_completions_are_taken);
	tcase_add_test(t, answers_can_be_slow);
}

int main(void)
{
	Suite *s = suite_create("mock NIC: RNDIS");
	TCase *t = tcase_create("rndis");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	add_control(t);
	add_oids(t);
	add_events(t);
	add_tap(t);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
