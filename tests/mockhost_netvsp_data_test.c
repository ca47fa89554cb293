/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC's data path, both ways, and its slots. */
#include <stdlib.h>

#include "netvsp_guest.h"

static struct nv_guest v;
static uint8_t frame[60];

static void setup(void)
{
	uint32_t k;

	for (k = 0; k < sizeof(frame); k++)
		frame[k] = (uint8_t)(k + 1);
	nv_attach(&v, NULL, 0x60001);
}

static void teardown(void)
{
	nv_done(&v);
}

static struct hvm_net_tx sent(size_t index)
{
	struct hvm_net_tx tx;

	ck_assert(hvm_netvsp_frame(v.n, index, &tx));
	return tx;
}

/* A packet that must be refused, and the NIC must live. */
static void refused(const void *message, uint32_t size)
{
	uint64_t id = nv_rndis(&v, 0, message, size);

	nv_expect_status(&v, 0, id, 2);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 0);
	nv_frame(&v, frame, sizeof(frame), NULL, 0);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 1);
}

/* ---- to the host ---- */

START_TEST(a_frame_in_a_section_arrives)
{
	struct hvm_net_tx tx;

	nv_frame(&v, frame, sizeof(frame), NULL, 0);
	tx = sent(0);
	ck_assert_uint_eq(tx.size, 60);
	ck_assert_mem_eq(tx.bytes, frame, 60);
	ck_assert_uint_eq(tx.ranges, 0);
	ck_assert_uint_eq(tx.message_length, 104);
	ck_assert(!tx.has_vlan && !tx.has_checksum && !tx.has_lso && !tx.has_hash);
	ck_assert_uint_eq(nv_counters(&v).tx_section, 1);
}
END_TEST

START_TEST(a_frame_in_guest_pages_arrives_also_in_pieces_and_over_pages)
{
	uint8_t big[9000], m[9044];
	uint32_t cuts[3] = { 44, 1000, 8000 }, all = 9044;
	uint64_t id;
	size_t k;

	for (k = 0; k < sizeof(big); k++)
		big[k] = (uint8_t)(k * 7);
	nv_packet(m, big, sizeof(big), NULL, 0);
	id = nv_rndis_gpa(&v, 0, m, cuts, 3);
	nv_expect_status(&v, 0, id, 1);
	id = nv_rndis_gpa(&v, 0, m, &all, 1);
	nv_expect_status(&v, 0, id, 1);
	for (k = 0; k < 2; k++) {
		ck_assert_uint_eq(sent(k).size, 9000);
		ck_assert_mem_eq(sent(k).bytes, big, 9000);
		ck_assert_uint_eq(sent(k).ranges, k ? 1 : 3);
	}
	ck_assert_uint_eq(nv_counters(&v).tx_gpa, 2);
}
END_TEST

START_TEST(a_header_in_two_pieces_is_refused)
{
	uint8_t m[104];
	uint32_t cuts[2] = { 40, 64 };
	uint64_t id;

	nv_packet(m, frame, 60, NULL, 0);
	id = nv_rndis_gpa(&v, 0, m, cuts, 2);
	nv_expect_status(&v, 0, id, 2);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(what_a_frame_asks_for_is_told)
{
	struct hvm_net_tx tx;
	uint8_t ppis[96];
	uint32_t n = 0;

	n += nv_ppi(ppis + n, 6, 0x645);
	n += nv_ppi(ppis + n, 0, 0x00220004 | 1);
	n += nv_ppi(ppis + n, 8, 0x12345678);
	n += nv_ppi(ppis + n, 11, 99); /* skipped */
	nv_frame(&v, frame, sizeof(frame), ppis, n);
	tx = sent(0);
	ck_assert(tx.has_vlan && tx.has_checksum && tx.has_hash && !tx.has_lso);
	ck_assert_uint_eq(tx.vlan, 5u << 13 | 100);
	ck_assert_uint_eq(tx.checksum, 0x00220005);
	ck_assert_uint_eq(tx.hash, 0x12345678);
}
END_TEST

START_TEST(up_to_eight_messages_in_one_packet_are_sent_and_completed_once)
{
	uint8_t m[9 * 104];
	uint32_t k, n = 0;
	uint64_t id;

	for (k = 0; k < 8; k++) {
		frame[0] = (uint8_t)k;
		n += nv_packet(m + n, frame, 60, NULL, 0);
	}
	id = nv_rndis(&v, 0, m, n);
	nv_expect_status(&v, 0, id, 1);
	nv_expect_none(&v, 0);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 8);
	for (k = 0; k < 8; k++) {
		ck_assert_uint_eq(sent(k).bytes[0], k);
		ck_assert_uint_eq(sent(k).index, k);
		ck_assert_uint_eq(sent(k).packet, 1);
	}
	n += nv_packet(m + n, frame, 60, NULL, 0);
	hvm_netvsp_forget_frames(v.n);
	refused(m, n);
}
END_TEST

START_TEST(one_bad_message_refuses_them_all)
{
	uint8_t m[208];
	uint32_t n = nv_packet(m, frame, 60, NULL, 0);

	n += nv_packet(m + n, frame, 60, NULL, 0);
	switch (_i) {
	case 0:
		hvp_put_u32(m + 104, 4); /* a control message after a frame */
		break;
	case 1:
		hvp_put_u32(m + 108, 7);
		break;
	case 2:
		hvp_put_u32(m + 108, 105);
		break;
	case 3:
		hvp_put_u32(m + 108, 0);
		break;
	default:
		hvp_put_u32(m + 108, 100); /* four bytes are left over */
		hvp_put_u32(m + 116, 56);
	}
	refused(m, n);
}
END_TEST

static const struct {
	uint32_t at, value;
} bad_words[] = {
	{ 8, 35 },	    { 8, 0xffffffff }, { 8, 97 },	   { 12, 0 }, { 12, 61 },
	{ 12, 0xffffffff }, { 16, 1 },	       { 20, 1 },	   { 24, 1 }, { 36, 1 },
	{ 28, 0xfffffff8 }, { 32, 61 },	       { 32, 0xffffffff }, { 4, 43 }, { 4, 105 },
};

START_TEST(a_malformed_packet_message_is_refused)
{
	uint8_t m[104];

	nv_packet(m, frame, 60, NULL, 0);
	if (bad_words[_i].at == 32)
		hvp_put_u32(m + 28, 36);
	if (bad_words[_i].at == 28)
		hvp_put_u32(m + 32, 12);
	hvp_put_u32(m + bad_words[_i].at, bad_words[_i].value);
	refused(m, sizeof(m));
}
END_TEST

START_TEST(a_bad_list_of_packet_information_is_refused)
{
	static const struct {
		uint32_t at, value;
	} bad[] = { { 0, 0 },  { 0, 11 },	  { 0, 17 }, { 0, 0xffffffff },
		    { 8, 11 }, { 8, 0xffffffff }, { 8, 13 } };
	uint8_t m[120], ppi[16];

	nv_ppi(ppi, 0, 0);
	hvp_put_u32(ppi + bad[_i].at, bad[_i].value);
	refused(m, nv_packet(m, frame, 60, ppi, 16));
}
END_TEST

START_TEST(offloads_whose_headers_are_not_there_are_refused)
{
	static const struct {
		uint32_t type, value;
	} bad[] = {
		{ 0, 33u << 16 | 5 },
		{ 0, 60u << 16 | 5 },
		{ 0, 53u << 16 | 6 },
		{ 2, 0x40000000u | 33u << 20 | 100 },
		{ 2, 0x40000000u | 48u << 20 | 100 },
		{ 2, 0xc0000000u | 53u << 20 | 100 },
		{ 2, 0x40000000u | 34u << 20 },
	};
	uint8_t m[120], ppi[16];

	nv_ppi(ppi, bad[_i].type, bad[_i].value);
	refused(m, nv_packet(m, frame, 60, ppi, 16));
}
END_TEST

START_TEST(a_section_outside_the_buffer_stops_the_nic)
{
	static const uint32_t bad[][2] = {
		{ 21, 104 }, { 0xfffffffe, 104 }, { 20, 6145 }, { 0, 0xffffffff }
	};
	uint32_t words[4] = { 107, 0, bad[_i][0], bad[_i][1] };

	nv_words(&v, words, 4, true);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	ck_assert_str_eq(nv_reason(&v), "a section outside the send buffer");
}
END_TEST

START_TEST(the_last_section_can_be_used_whole)
{
	uint8_t m[6144] = { 0 };
	uint32_t words[4] = { 107, 0, 20, 6144 };
	uint64_t id;

	nv_packet(m, frame, 60, NULL, 0);
	hvp_put_u32(m + 4, 6144);
	memcpy(v.tx_buffer + 20 * 6144, m, 6144);
	id = nv_words(&v, words, 4, true);
	nv_expect_status(&v, 0, id, 1);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 1);
}
END_TEST

START_TEST(a_page_outside_memory_is_refused_and_a_malformed_list_stops_the_nic)
{
	uint64_t pfn = 0xffffffffull;
	struct hvp_gpa_range r = { 104, 0, &pfn };
	uint8_t m[40] = { 107, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct hvp_ring_out out = hvp_ring_request(0x55, m, sizeof(m));
	uint8_t extra[16] = { 0 };

	ck_assert_int_eq(hvp_ring_tx_put_gpa(&v.ch[0].tx, &out, &r, 1), HVP_OK);
	if (hvp_ring_tx_commit(&v.ch[0].tx))
		guest_signal(&v.g, v.ch[0].connection);
	nv_expect_status(&v, 0, 0x55, 2);
	out.type = HVP_PACKET_GPA_DIRECT;
	hvp_put_u32(extra + 4, 2); /* ranges that are not there */
	out.extra.p = extra;
	out.extra.size = 16;
	ck_assert_int_eq(hvp_ring_tx_put(&v.ch[0].tx, &out), HVP_OK);
	if (hvp_ring_tx_commit(&v.ch[0].tx))
		guest_signal(&v.g, v.ch[0].connection);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	ck_assert_str_eq(nv_reason(&v), "a malformed list of ranges");
}
END_TEST

START_TEST(without_the_completion_flag_nothing_is_sent_or_answered)
{
	uint8_t m[104];
	uint32_t words[4] = { 107, 0, 0, 104 };

	nv_packet(m, frame, 60, NULL, 0);
	memcpy(v.tx_buffer, m, sizeof(m));
	nv_words(&v, words, 4, false);
	nv_expect_none(&v, 0);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 0);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

/* ---- to the guest ---- */

static struct hvm_net_rx rx_of(const uint8_t *bytes, size_t size)
{
	struct hvm_net_rx rx;

	memset(&rx, 0, sizeof(rx));
	rx.bytes = bytes;
	rx.size = size;
	return rx;
}

START_TEST(nothing_is_delivered_until_the_filter_is_set_and_after_it_is_cleared)
{
	struct hvm_net_rx rx = rx_of(frame, 60);

	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_STATE);
	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	nv_expect_frame(&v, 0, frame, 60);
	nv_filter(&v, 0);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_STATE);
	nv_expect_none(&v, 0);
	ck_assert_uint_eq(nv_counters(&v).rx_filtered, 2);
}
END_TEST

START_TEST(a_received_frame_lies_as_a_known_host_lays_it)
{
	struct hvm_net_rx rx = rx_of(frame, 60);
	struct nv_got got;

	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(got.p.transaction_id, 16);
	ck_assert_uint_eq(got.range[0].byte_offset, 16 * 1806);
	ck_assert_uint_eq(got.range[0].byte_count, 1806);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 4), 1806);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 8), 248);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 28), 36);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 32), 16);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 44), 16);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 48), 0);
}
END_TEST

START_TEST(metadata_goes_beside_the_frame)
{
	struct hvm_net_rx rx = rx_of(frame, 60);
	struct nv_got got;

	rx.has_vlan = rx.has_checksum = rx.has_hash = true;
	rx.vlan = 5u << 13 | 100;
	rx.checksum = 0x28;
	rx.hash = 0x99;
	rx.hash_info = 0x201;
	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 32), 64);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 44 + 12), 0x28);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 60 + 4), 6);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 60 + 12), 0x645);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 76 + 4), 8);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 76 + 12), 0x99);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 92 + 4), 9);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 92 + 12), 0x201);
}
END_TEST

START_TEST(several_frames_share_one_packet_and_one_completion)
{
	struct hvm_net_rx rx[3] = { rx_of(frame, 60), rx_of(frame + 1, 50), rx_of(frame + 2, 40) };
	uint8_t done[8] = { 108, 0, 0, 0, 2 };
	struct nv_got got;
	uint32_t left = nv_info(&v).free_slots;

	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, rx, 3), HVP_OK);
	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(got.ranges, 3);
	ck_assert_uint_eq(hvp_get_u32(v.rx_buffer + got.range[2].byte_offset + 12), 40);
	ck_assert_uint_eq(nv_info(&v).free_slots, left - 3);
	nv_complete(&v, 0, got.p.transaction_id, done, 8);
	nv_run(&v);
	ck_assert_uint_eq(nv_info(&v).free_slots, left);
	ck_assert_uint_eq(nv_counters(&v).rx_failed, 1);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(a_coalesced_frame_goes_in_fragments_with_one_id)
{
	uint8_t big[4000] = { 0 };
	struct hvm_net_rx rx = rx_of(big, sizeof(big));
	struct nv_got got;
	const uint8_t *m;
	uint32_t k;

	memset(big, 0x5a, sizeof(big));
	rx.segments = 3;
	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	ck_assert(nv_take(&v, 0, &got));
	ck_assert_uint_eq(got.ranges, 3);
	for (k = 0; k < 3; k++) {
		m = v.rx_buffer + got.range[k].byte_offset + 44 + (k ? 0 : 16);
		ck_assert_uint_eq(hvp_get_u32(m + 4), 0x80000001);
		ck_assert_uint_eq(m[12], 1);
		ck_assert_uint_eq(m[13], k == 0 ? 3 : k == 1 ? 1 : 5);
	}
}
END_TEST

START_TEST(frames_wait_for_slots_and_go_when_the_guest_completes)
{
	struct hvm_net_rx rx = rx_of(frame, 60);
	uint32_t slots, k;

	nv_filter(&v, 0xd);
	slots = nv_info(&v).free_slots;
	for (k = 0; k < slots + 2; k++)
		ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	ck_assert_uint_eq(nv_info(&v).free_slots, 0);
	for (k = 0; k < slots + 2; k++)
		nv_expect_frame(&v, 0, frame, 60);
	nv_run(&v);
	ck_assert_uint_eq(nv_info(&v).free_slots, slots);
	nv_expect_none(&v, 0);
}
END_TEST

START_TEST(a_frame_that_fits_no_slot_is_refused)
{
	uint8_t big[1551] = { 0 };
	struct hvm_net_rx rx = rx_of(big, 1551);

	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_NOSPACE);
	rx.size = 1550;
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, &rx, 1), HVP_OK);
	nv_expect_frame(&v, 0, big, 1550);
}
END_TEST

START_TEST(completions_of_what_is_not_outstanding_stop_the_nic)
{
	static const uint64_t ids[] = { 16, 17, 200, UINT64_MAX, 0 };
	uint8_t done[8] = { 108, 0, 0, 0, 1 };

	nv_complete(&v, 0, ids[_i], done, 8);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
	ck_assert_str_eq(nv_reason(&v), "a completion of what is not outstanding");
}
END_TEST

START_TEST(a_slot_is_given_back_once_and_only_by_the_head_of_its_chain)
{
	struct hvm_net_rx rx[2] = { rx_of(frame, 60), rx_of(frame, 60) };
	uint8_t done[8] = { 108, 0, 0, 0, 1 };
	struct nv_got got;

	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 0, rx, 2), HVP_OK);
	ck_assert(nv_take(&v, 0, &got));
	if (_i)
		nv_complete(&v, 0, got.p.transaction_id, done, 8);
	nv_run(&v);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
	nv_complete(&v, 0, got.p.transaction_id + !_i, done, 8);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
}
END_TEST

START_TEST(a_slot_is_given_back_only_on_the_channel_it_went_out_on)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	struct hvm_net_rx rx = rx_of(frame, 60);
	uint8_t done[8] = { 108, 0, 0, 0, 1 };
	struct nv_got got;

	nv_done(&v);
	c.max_queues = 2;
	nv_attach(&v, &c, 0x60001);
	nv_queues(&v, 2);
	ck_assert(nv_take(&v, 0, &got)); /* the table */
	nv_filter(&v, 0xd);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, 1, &rx, 1), HVP_OK);
	ck_assert(nv_take(&v, 1, &got));
	nv_complete(&v, 0, got.p.transaction_id, done, 8);
	ck_assert_int_eq(nv_state(&v), HVM_NET_STOPPED);
}
END_TEST

START_TEST(data_goes_on_the_queue_that_rss_chooses)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t p[592] = { 0x89, 2, 40 };
	static const uint8_t key[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa
	};
	uint8_t f[64] = { 0 };
	struct hvm_net_rx rx = rx_of(f, sizeof(f));
	struct nv_got got;
	uint32_t k;

	nv_done(&v);
	c.max_queues = 4;
	nv_attach(&v, &c, 0x60001);
	nv_queues(&v, 4);
	ck_assert(nv_take(&v, 0, &got)); /* the table */
	hvp_put_u32(p + 8, 0x1701);
	hvp_put_u16(p + 12, 512);
	hvp_put_u32(p + 16, 40);
	hvp_put_u16(p + 20, 40);
	hvp_put_u32(p + 24, 552);
	/* All buckets to 1 but that of the published hash 0x51ccc178 (bucket 120): to 3. */
	for (k = 0; k < 128; k++)
		hvp_put_u32(p + 40 + 4 * k, k == (0x51ccc178u & 127) ? 3 : 1);
	memcpy(p + 552, key, 40);
	ck_assert_uint_eq(nv_set(&v, 0x10204, p, sizeof(p)), 0);
	nv_filter(&v, 0xd);
	f[12] = 8;
	f[14] = 0x45;
	f[23] = 6;
	/* 66.9.149.187:2794 to 161.142.100.80:1766, of the published verification suite */
	memcpy(f + 26, "\x42\x09\x95\xbb\xa1\x8e\x64\x50\x0a\xea\x06\xe6", 12);
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, HVM_NET_ANY_QUEUE, &rx, 1), HVP_OK);
	nv_expect_frame(&v, 3, f, 64);
	f[35] ^= 1;
	ck_assert_int_eq(hvm_netvsp_deliver(v.n, HVM_NET_ANY_QUEUE, &rx, 1), HVP_OK);
	nv_expect_frame(&v, 1, f, 64);
}
END_TEST

START_TEST(control_on_a_sub_channel_is_refused_and_data_is_not)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t m[104] = { 8, 0, 0, 0, 12 };
	uint64_t id;

	nv_done(&v);
	c.max_queues = 2;
	nv_attach(&v, &c, 0x60001);
	nv_queues(&v, 2);
	id = nv_rndis(&v, 1, m, 12);
	nv_expect_status(&v, 1, id, 2);
	nv_packet(m, frame, 60, NULL, 0);
	id = nv_rndis(&v, 1, m, 104);
	nv_expect_status(&v, 1, id, 1);
	ck_assert_uint_eq(sent(0).queue, 1);
}
END_TEST

START_TEST(without_a_send_buffer_the_first_rndis_packet_ends_the_configuration)
{
	struct nv_got got;
	uint8_t m[24] = { 2, 0, 0, 0, 24 };
	uint32_t all = 24;
	uint64_t id;

	nv_done(&v);
	nv_init(&v, NULL);
	ck_assert_uint_eq(nv_try_version(&v, 2), 1);
	nv_ndis(&v, 6, 1);
	v.rx_buffer = guest_gpadl(&v.g, 1, 0x71, NV_RX_PAGES);
	id = nv_receive_buffer(&v, 0x71);
	nv_expect_completion(&v, 0, id, &got);
	id = nv_rndis_gpa(&v, 0, m, &all, 1);
	nv_expect_status(&v, 0, id, 1);
	nv_expect_rndis(&v, 0x80000002);
	ck_assert_int_eq(nv_state(&v), HVM_NET_OPERATIONAL);
}
END_TEST

START_TEST(the_host_stops_reading_at_its_bound_of_unfinished_packets_and_goes_on_later)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;
	uint8_t m[104];
	uint32_t k;

	nv_done(&v);
	c.tx_delay = HVM_SEC;
	nv_attach(&v, &c, 0x60001);
	hvm_netvsp_keep_frames(v.n, 4096);
	nv_packet(m, frame, 60, NULL, 0);
	for (k = 0; k < 1100; k++) {
		nv_rndis(&v, 0, m, sizeof(m));
		hvm_sched_run_for(hvm_partition_sched(v.g.p), 1);
	}
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 1024);
	nv_run(&v);
	ck_assert_uint_eq(hvm_netvsp_frames(v.n), 1100);
}
END_TEST

/* ---- the echo ---- */

START_TEST(the_echo_brings_frames_back_with_their_tag)
{
	uint8_t ppi[16], back[60];
	uint64_t id;
	uint8_t m[120];

	nv_filter(&v, 0xd);
	hvm_netvsp_set_backend(v.n, hvm_net_echo(_i));
	nv_ppi(ppi, 6, 0x645);
	id = nv_rndis(&v, 0, m, nv_packet(m, frame, 60, ppi, 16));
	memcpy(back, frame, 60);
	if (_i) {
		memcpy(back, frame + 6, 6);
		memcpy(back + 6, frame, 6);
	}
	nv_expect_frame(&v, 0, back, 60);
	nv_expect_status(&v, 0, id, 1);
}
END_TEST

static uint32_t ones(const uint8_t *p, size_t size, uint32_t s)
{
	size_t k;

	for (k = 0; k < size; k++)
		s += k % 2 ? p[k] : (uint32_t)p[k] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

START_TEST(a_large_send_comes_back_in_segments_with_right_headers)
{
	uint8_t f[54 + 2500] = { 0 }, m[NV_SECTION], ppi[16];
	uint32_t k, seq = 1000, len;
	struct nv_got got;
	const uint8_t *b;
	uint64_t id;

	nv_filter(&v, 0xd);
	hvm_netvsp_set_backend(v.n, hvm_net_echo(false));
	f[12] = 8;
	memcpy(f + 14, "\x45\0\0\0\0\x07\x40\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02", 20);
	f[36] = 0x50;
	f[40] = (uint8_t)(seq >> 8);
	f[41] = (uint8_t)seq;
	f[46] = 0x50;
	f[47] = 0x19; /* ACK PSH FIN */
	for (k = 54; k < sizeof(f); k++)
		f[k] = (uint8_t)(k * 3);
	nv_ppi(ppi, 2, 0x40000000u | 34u << 20 | 1000);
	id = nv_rndis(&v, 0, m, nv_packet(m, f, sizeof(f), ppi, 16));
	for (k = 0; k < 3; k++) {
		ck_assert(nv_take(&v, 0, &got));
		b = got.rndis + 8 + hvp_get_u32(got.rndis + 8);
		len = k < 2 ? 1000 : 500;
		ck_assert_uint_eq(hvp_get_u32(got.rndis + 12), 54 + len);
		ck_assert_uint_eq((uint32_t)(b[16] << 8 | b[17]), 40 + len);
		ck_assert_uint_eq((uint32_t)(b[18] << 8 | b[19]), 7 + k);
		ck_assert_uint_eq((uint32_t)(b[40] << 8 | b[41]), seq + 1000 * k);
		ck_assert_uint_eq(b[47], k < 2 ? 0x10 : 0x19);
		ck_assert_uint_eq(ones(b + 14, 20, 0), 0xffff);
		ck_assert_uint_eq(ones(b + 34, 20 + len, ones(b + 26, 8, 6 + 20 + len)), 0xffff);
		ck_assert_mem_eq(b + 54, f + 54 + 1000 * k, len);
	}
	nv_expect_status(&v, 0, id, 1);
}
END_TEST

START_TEST(checksums_that_were_asked_for_are_filled_in)
{
	uint8_t f[80] = { 0 }, m[256], ppi[16];
	struct nv_got got;
	const uint8_t *b;
	bool v6 = _i == 2;
	uint32_t l4 = v6 ? 54 : 34, len = 80 - l4;

	nv_filter(&v, 0xd);
	hvm_netvsp_set_backend(v.n, hvm_net_echo(false));
	f[12] = v6 ? 0x86 : 8;
	f[13] = v6 ? 0xdd : 0;
	f[14] = v6 ? 0x60 : 0x45;
	if (v6)
		f[19] = (uint8_t)len;
	else
		f[17] = 66;
	f[v6 ? 20 : 23] = _i == 0 ? 6 : 17;
	f[v6 ? 38 : 26] = 10;
	f[l4 + 1] = 99;
	nv_ppi(ppi, 0, l4 << 16 | (v6 ? 2u : 0x11u) | (_i == 0 ? 4u : 8u));
	nv_rndis(&v, 0, m, nv_packet(m, f, sizeof(f), ppi, 16));
	ck_assert(nv_take(&v, 0, &got));
	b = got.rndis + 8 + hvp_get_u32(got.rndis + 8);
	if (!v6)
		ck_assert_uint_eq(ones(b + 14, 20, 0), 0xffff);
	ck_assert_uint_eq(ones(b + l4, len,
			       ones(b + (v6 ? 22 : 26), v6 ? 32 : 8, (_i == 0 ? 6u : 17u) + len)),
			  0xffff);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mock NIC: data");
	TCase *t = tcase_create("data");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_frame_in_a_section_arrives);
	tcase_add_test(t, a_frame_in_guest_pages_arrives_also_in_pieces_and_over_pages);
	tcase_add_test(t, a_header_in_two_pieces_is_refused);
	tcase_add_test(t, what_a_frame_asks_for_is_told);
	tcase_add_test(t, up_to_eight_messages_in_one_packet_are_sent_and_completed_once);
	tcase_add_loop_test(t, one_bad_message_refuses_them_all, 0, 5);
	tcase_add_loop_test(t, a_malformed_packet_message_is_refused, 0,
			    sizeof(bad_words) / sizeof(bad_words[0]));
	tcase_add_loop_test(t, a_bad_list_of_packet_information_is_refused, 0, 7);
	tcase_add_loop_test(t, offloads_whose_headers_are_not_there_are_refused, 0, 7);
	tcase_add_loop_test(t, a_section_outside_the_buffer_stops_the_nic, 0, 4);
	tcase_add_test(t, the_last_section_can_be_used_whole);
	tcase_add_test(t, a_page_outside_memory_is_refused_and_a_malformed_list_stops_the_nic);
	tcase_add_test(t, without_the_completion_flag_nothing_is_sent_or_answered);
	tcase_add_test(t, nothing_is_delivered_until_the_filter_is_set_and_after_it_is_cleared);
	tcase_add_test(t, a_received_frame_lies_as_a_known_host_lays_it);
	tcase_add_test(t, metadata_goes_beside_the_frame);
	tcase_add_test(t, several_frames_share_one_packet_and_one_completion);
	tcase_add_test(t, a_coalesced_frame_goes_in_fragments_with_one_id);
	tcase_add_test(t, frames_wait_for_slots_and_go_when_the_guest_completes);
	tcase_add_test(t, a_frame_that_fits_no_slot_is_refused);
	tcase_add_loop_test(t, completions_of_what_is_not_outstanding_stop_the_nic, 0, 5);
	tcase_add_loop_test(t, a_slot_is_given_back_once_and_only_by_the_head_of_its_chain, 0, 2);
	tcase_add_test(t, a_slot_is_given_back_only_on_the_channel_it_went_out_on);
	tcase_add_test(t, data_goes_on_the_queue_that_rss_chooses);
	tcase_add_test(t, control_on_a_sub_channel_is_refused_and_data_is_not);
	tcase_add_test(t, without_a_send_buffer_the_first_rndis_packet_ends_the_configuration);
	tcase_add_test(t,
		       the_host_stops_reading_at_its_bound_of_unfinished_packets_and_goes_on_later);
	tcase_add_loop_test(t, the_echo_brings_frames_back_with_their_tag, 0, 2);
	tcase_add_test(t, a_large_send_comes_back_in_segments_with_right_headers);
	tcase_add_loop_test(t, checksums_that_were_asked_for_are_filled_in, 0, 3);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
