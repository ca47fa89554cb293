/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's NIC against a host that says what it likes. Left alone the host answers well (an
 * input of no bytes is an attach and a detach); the input is a list of actions: answers that are
 * bent, cut, doubled or kept back, packets of any bytes, frames with any offsets, writes into
 * rings and receive buffer (also right behind a load), the bus taking things back, time, and
 * calls of the owner.
 *
 * Beyond memory safety, kept by a second account: a frame lies in the receive buffer; a packet
 * of the host is completed once; a sent frame is given back once, and a query is answered once;
 * two packets never share a section; the host is shown no page but those of frames, headers and
 * control; the memory is back, page lists and all, when the device says so; a detach ends.
 *
 * Must reach: hvp_netvsc_* hvp_net_*
 */
#include "netvsc_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- what the host says ----------------------------------------------------------------------- */

/* A message as it should be, then perhaps bent. False: it is kept back. */
static bool bend(struct world *w, uint8_t *m, uint32_t *size)
{
	static const uint32_t edges[] = {
		0, 1, 8, 0x7fffffff, 0xffffffff, 0xfffffff8, 0x10000, 44
	};
	uint32_t at;

	switch (take(w, 1) % 8u) {
	case 1:
		return false;
	case 2:
		*size = take(w, 1) % (*size + 1u);
		break;
	case 3:
		at = take(w, 1) % *size;
		m[at] = (uint8_t)take(w, 1);
		break;
	case 4:
		at = 4u * (take(w, 1) % (*size / 4u));
		hvp_put_u32(m + at, edges[take(w, 1) % 8u]);
		break;
	case 5:
		at = 4u * (take(w, 1) % (*size / 4u));
		hvp_put_u32(m + at, take(w, 4));
		break;
	default:
		break;
	}
	return true;
}

static void answer(struct world *w, uint32_t queue, uint64_t id, const uint32_t *words,
		   uint32_t count)
{
	uint8_t m[40] = { 0 };
	uint32_t size = sizeof(m);
	uint32_t i;

	for (i = 0; i < count; i++)
		hvp_put_u32(m + 4 * i, words[i]);
	if (bend(w, m, &size))
		world_complete(w, queue, id, m, size);
	if (take(w, 1) % 16u == 15u)
		world_complete(w, queue, id, m, size);
}

static void offer_subs(struct world *w, uint32_t count)
{
	uint32_t i;

	for (i = 1; i <= count && i < QUEUES; i++)
		world_offer(w, PRIMARY + i, (uint16_t)i);
}

static void answer_nvsp(struct world *w, uint32_t queue, uint64_t id, const uint8_t *m)
{
	uint32_t init[4] = { HVP_NVSP_INIT_COMPLETE, 0xffffffff, 34, 1 };
	uint32_t receive[7] = {
		HVP_NVSP_RECEIVE_BUFFER_COMPLETE, 1, 1, 0, 2048, RX_SIZE / 2048, RX_SIZE
	};
	uint32_t send[3] = { HVP_NVSP_SEND_BUFFER_COMPLETE, 1, SECTION };
	uint32_t sub[3] = { HVP_NVSP_SUB_CHANNEL, 1, hvp_get_u32(m + 8) };

	switch (hvp_get_u32(m)) {
	case HVP_NVSP_INIT:
		init[3] = hvp_get_u32(m + 4) <= w->version ? 1 : 2;
		answer(w, queue, id, init, 4);
		break;
	case HVP_NVSP_RECEIVE_BUFFER:
		answer(w, queue, id, receive, 7);
		break;
	case HVP_NVSP_SEND_BUFFER:
		w->section = SECTION;
		answer(w, queue, id, send, 3);
		break;
	case HVP_NVSP_SUB_CHANNEL:
		answer(w, queue, id, sub, 3);
		offer_subs(w, sub[2]);
		break;
	case HVP_NVSP_SWITCH_DATA_PATH:
		world_complete(w, queue, id, NULL, 0);
		break;
	default:
		break;
	}
}

/* Puts a message into the receive buffer and names it, with a range that may be bent. */
static void say_rndis(struct world *w, uint32_t queue, uint8_t *m, uint32_t size)
{
	struct hvp_xfer_range range;
	uint8_t ends[8];
	uint32_t all = sizeof(ends);

	if (!bend(w, m, &size))
		return;
	range.byte_offset = world_place(w, m, size);
	range.byte_count = size;
	hvp_put_u32(ends, range.byte_count);
	hvp_put_u32(ends + 4, range.byte_offset);
	if (bend(w, ends, &all)) {
		range.byte_count = hvp_get_u32(ends);
		range.byte_offset = hvp_get_u32(ends + 4);
	}
	world_transfer(w, queue, &range, 1);
}

static void reply(struct world *w, const uint8_t *m, uint32_t status, const void *info,
		  uint32_t size)
{
	uint8_t out[24 + 160] = { 0 };
	uint32_t type = hvp_get_u32(m);

	hvp_put_u32(out, type | 0x80000000u);
	hvp_put_u32(out + 8, hvp_get_u32(m + 8));
	hvp_put_u32(out + 12, status);
	if (type != HVP_RNDIS_QUERY) {
		hvp_put_u32(out + 4, 16);
		say_rndis(w, 0, out, 16);
		return;
	}
	hvp_put_u32(out + 4, 24 + size);
	hvp_put_u32(out + 16, size);
	hvp_put_u32(out + 20, 16);
	memcpy(out + 24, info, size);
	say_rndis(w, 0, out, 24 + size);
}

static void initialized(struct world *w, const uint8_t *m)
{
	uint8_t out[52] = { 0 };

	hvp_put_u32(out, HVP_RNDIS_INITIALIZE_COMPLETE);
	hvp_put_u32(out + 4, sizeof(out));
	hvp_put_u32(out + 8, hvp_get_u32(m + 8));
	hvp_put_u32(out + 16, 1);
	hvp_put_u32(out + 24, 1);
	hvp_put_u32(out + 32, 8); /* messages in a packet */
	hvp_put_u32(out + 36, 0x4000); /* bytes of it */
	hvp_put_u32(out + 40, 3); /* alignment, as a power */
	say_rndis(w, 0, out, sizeof(out));
}

/* What the host can do: all. */
static uint32_t offloads(uint8_t *m)
{
	uint32_t at;

	m[0] = HVP_NDIS_OBJECT_TYPE_OFFLOAD;
	m[1] = 3;
	m[2] = 156;
	for (at = 4; at < 36; at += 8) {
		m[at] = 2;
		hvp_put_u32(m + at + 4, at < 20 ? 0x155 : 0x55);
	}
	for (at = 80; at < 104; at += 12) {
		m[at] = 2;
		hvp_put_u32(m + at + 4, 0xf53c);
		m[at + 8] = 2;
	}
	m[92] = 2;
	hvp_put_u32(m + 96, 0xf53c);
	m[104] = 5;
	m[144] = 1;
	m[145] = 1;
	return 156;
}

static uint32_t value_of(uint32_t oid, uint8_t *m)
{
	switch (oid) {
	case 0x00010106: /* largest frame */
		hvp_put_u32(m, 1500);
		return 4;
	case 0x00010114: /* connected */
		return 4;
	case 0x00010107: /* speed */
		hvp_put_u32(m, 1000000);
		return 4;
	case 0x01010101: /* address */
		m[1] = 0x15;
		return 6;
	case 0x00010203: /* receive side scaling */
		m[0] = HVP_NDIS_OBJECT_TYPE_RSS_CAPABILITIES;
		m[1] = 2;
		m[2] = 18;
		hvp_put_u32(m + 4, 0x301);
		hvp_put_u32(m + 8, 1);
		hvp_put_u32(m + 12, QUEUES);
		m[16] = 128;
		return 18;
	case 0xfc01020d: /* offloads */
		return offloads(m);
	default:
		return 0;
	}
}

static void answer_control(struct world *w, uint32_t queue, uint64_t id, const uint8_t *m)
{
	static const uint32_t ack[2] = { HVP_NVSP_RNDIS_PACKET_COMPLETE, 1 };
	uint8_t info[160] = { 0 };
	uint32_t size;

	answer(w, queue, id, ack, 2);
	switch (hvp_get_u32(m)) {
	case HVP_RNDIS_INITIALIZE:
		initialized(w, m);
		break;
	case HVP_RNDIS_QUERY:
		size = value_of(hvp_get_u32(m + 12), info);
		reply(w, m, size > 0 ? 0 : 0xc00000bb, info, size);
		break;
	case HVP_RNDIS_SET:
		reply(w, m, 0, NULL, 0);
		break;
	default:
		break;
	}
}

static void answer_packet(struct world *w, uint32_t queue, const struct hvp_ring_packet *p)
{
	struct hvp_rd body = hvp_ring_payload(p);
	uint32_t done[2] = { HVP_NVSP_RNDIS_PACKET_COMPLETE, 1 };
	uint8_t m[CONTROL_SEEN];

	if (p->type == HVP_PACKET_COMPLETION) {
		world_completed(w, queue, p->transaction_id);
		return;
	}
	require(body.len >= 28);
	if (hvp_get_u32(body.p) != HVP_NVSP_RNDIS_PACKET) {
		answer_nvsp(w, queue, p->transaction_id, body.p);
		return;
	}
	world_look(w, queue, p, m);
	if (hvp_get_u32(body.p + 4) != 0) {
		answer_control(w, queue, p->transaction_id, m);
		return;
	}
	answer(w, queue, p->transaction_id, done, 2);
}

static void host_reads(struct world *w, uint32_t budget)
{
	struct hvp_ring_packet p;
	uint32_t q;

	for (q = 0; q < QUEUES; q++)
		while (w->host[q].open && budget > 0 &&
		       hvp_ring_rx_next(&w->host[q].rx, w->seen, sizeof(w->seen), &p) == HVP_OK) {
			budget--;
			answer_packet(w, q, &p);
			if (w->host[q].open)
				(void)!hvp_ring_rx_commit(&w->host[q].rx);
		}
}

/* The queues that the device has. */
static uint32_t own_queue(struct world *w)
{
	return take(w, 1) % w->dev.cfg.queue_count;
}

static uint32_t some_queue(struct world *w)
{
	return take(w, 1) % QUEUES;
}

/* One frame with items of information, or several that are one coalesced. */
static uint32_t put_ppi(struct world *w, uint8_t *p)
{
	static const uint32_t types[] = { 0, 6, 8, 9, 0x80000001, 2, 11, 0x7777 };
	uint32_t type = types[take(w, 1) % 8u];
	uint32_t payload = type == 0x80000001 ? 8 : 4;

	hvp_put_u32(p, 12 + payload);
	hvp_put_u32(p + 4, type);
	hvp_put_u32(p + 8, 12);
	hvp_put_u32(p + 12, take(w, 2));
	if (payload == 8)
		hvp_put_u32(p + 16, take(w, 1));
	return 12 + payload;
}

static uint32_t make_frame(struct world *w, uint8_t *m)
{
	uint32_t items = take(w, 1) % 5u;
	uint32_t size = take(w, 2) % 1600u;
	uint32_t list = 0;

	memset(m, 0, 44);
	while (items-- > 0)
		list += put_ppi(w, m + 44 + list);
	hvp_put_u32(m, HVP_RNDIS_PACKET);
	hvp_put_u32(m + 4, 44 + list + size);
	hvp_put_u32(m + 8, 36 + list);
	hvp_put_u32(m + 12, size);
	hvp_put_u32(m + 28, list > 0 ? 36 : 0);
	hvp_put_u32(m + 32, list);
	memset(m + 44 + list, 0x5a, size);
	return 44 + list + size;
}

static void say_frame(struct world *w)
{
	uint8_t m[44 + 5 * 20 + 1600];

	say_rndis(w, some_queue(w), m, make_frame(w, m));
}

static void say_frames(struct world *w)
{
	struct hvp_xfer_range ranges[4];
	uint8_t m[44 + 5 * 20 + 1600];
	uint32_t count = 1 + take(w, 1) % 4u;
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint32_t size = make_frame(w, m);

		(void)bend(w, m, &size);
		ranges[i].byte_offset = world_place(w, m, size);
		ranges[i].byte_count = size;
	}
	world_transfer(w, some_queue(w), ranges, count);
}

/* Parts of a coalesced frame as they should be: index, and first, last or middle. */
static void say_coalesced(struct world *w)
{
	struct hvp_xfer_range ranges[4];
	uint32_t count = 2 + take(w, 1) % 3u;
	uint8_t m[44 + 20 + 256];
	uint32_t size = sizeof(m);
	uint32_t i;

	for (i = 0; i < count; i++) {
		memset(m, 0x11, sizeof(m));
		memset(m + 16, 0, 28);
		hvp_put_u32(m, HVP_RNDIS_PACKET);
		hvp_put_u32(m + 4, sizeof(m));
		hvp_put_u32(m + 8, 36 + 20);
		hvp_put_u32(m + 12, 256);
		hvp_put_u32(m + 28, 36);
		hvp_put_u32(m + 32, 20);
		hvp_put_u32(m + 44, 20);
		hvp_put_u32(m + 48, 0x80000001);
		hvp_put_u32(m + 52, 12);
		m[56] = i == 0 ? 2 : i + 1 == count ? 4 : 0;
		m[57] = (uint8_t)i;
		hvp_put_u16(m + 58, 0);
		hvp_put_u32(m + 60, 0);
		size = sizeof(m);
		(void)bend(w, m, &size);
		ranges[i].byte_offset = world_place(w, m, size);
		ranges[i].byte_count = size;
	}
	world_transfer(w, some_queue(w), ranges, count);
}

static void say_keepalive(struct world *w)
{
	uint8_t m[12] = { HVP_RNDIS_KEEPALIVE };

	hvp_put_u32(m + 4, sizeof(m));
	hvp_put_u32(m + 8, take(w, 1));
	say_rndis(w, 0, m, sizeof(m));
}

static void say_indication(struct world *w)
{
	static const uint32_t what[] = { 0x4001000b, 0x4001000c, 0x40010013, 0x40010018,
					 0x40020006, 0xc0000001, 0,	     0x40010012 };
	uint8_t m[28] = { HVP_RNDIS_INDICATE_STATUS };
	uint32_t status = what[take(w, 1) % 8u];

	if (status == 0) { /* or asks whether the guest is alive */
		say_keepalive(w);
		return;
	}
	hvp_put_u32(m + 4, sizeof(m));
	hvp_put_u32(m + 8, status);
	hvp_put_u32(m + 12, 8);
	hvp_put_u32(m + 16, 12);
	hvp_put_u32(m + 20, take(w, 1));
	say_rndis(w, 0, m, sizeof(m));
}

static void say_inband(struct world *w)
{
	uint8_t m[80] = { 0 };
	uint32_t size = 40;
	uint32_t i;

	switch (take(w, 1) % 4u) {
	case 0: /* the VF comes or goes */
		hvp_put_u32(m, HVP_NVSP_VF_ASSOCIATION);
		hvp_put_u32(m + 4, take(w, 1) % 2u);
		hvp_put_u32(m + 8, take(w, 1));
		break;
	case 1: /* a table of 16, behind its header or, from 6.1 on, behind the message */
		hvp_put_u32(m, HVP_NVSP_INDIRECTION_TABLE);
		hvp_put_u32(m + 4, 16);
		hvp_put_u32(m + 8, 12 + take(w, 1) % 8u);
		for (i = 12; i + 4 <= sizeof(m); i += 4)
			m[i] = (uint8_t)(i / 4u % QUEUES);
		size = sizeof(m);
		break;
	case 2:
		hvp_put_u32(m, HVP_NVSP_SWITCH_DATA_PATH);
		break;
	default:
		for (i = 0; i < size; i++)
			m[i] = (uint8_t)take(w, 1);
		break;
	}
	if (bend(w, m, &size))
		world_inband(w, some_queue(w), m, size, take(w, 1) & 1u);
}

/* So much that wants a completion that the guest's ring is full of them; nobody reads. */
static void say_much(struct world *w)
{
	uint8_t m[40] = { HVP_NVSP_SWITCH_DATA_PATH };
	uint32_t queue = some_queue(w);
	uint32_t count = take(w, 1);

	while (count-- > 0) {
		world_inband(w, queue, m, sizeof(m), true);
		world_poll(w, 8);
	}
}

static void say_any_completion(struct world *w)
{
	uint32_t words[2] = { HVP_NVSP_RNDIS_PACKET_COMPLETE, take(w, 1) };

	world_complete(w, some_queue(w), take(w, 2), words, take(w, 1) % 9u);
}

/* --- what the owner does ---------------------------------------------------------------------- */

static void call_send(struct world *w)
{
	struct hvp_netvsc_piece pieces[3];
	struct hvp_netvsc_frame f = { .pieces = pieces };
	uint32_t count = 1 + take(w, 1) % 3u;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		pieces[i].size = 14 + take(w, 2) % 3000u;
		pieces[i].p = w->frames + at;
		pieces[i].byte_offset = at % 4096u;
		pieces[i].pfns = w->frame_pfns + at / 4096u;
		at += pieces[i].size;
	}
	f.piece_count = count;
	f.size = at;
	f.flags = take(w, 2) & 0x1ffu;
	f.l4_offset = 14 + take(w, 1) % 64u;
	f.mss = take(w, 1) & 1u ? take(w, 2) : 0;
	f.hash = take(w, 1);
	f.vlan_tci = (uint16_t)take(w, 1);
	f.user = world_token(w);
	if (f.user && hvp_netvsc_send(&w->queues[own_queue(w)], &f) != HVP_OK)
		world_token_back(w, f.user);
}

static void call_query(struct world *w)
{
	struct hvp_netvsc_oid oid = { 0 };
	uint32_t slot = world_query(w);
	uint32_t id;

	if (slot == QUERIES)
		return;
	oid.oid = take(w, 4);
	oid.input = w->frames;
	oid.input_size = take(w, 2) % 4200u;
	oid.answer_size = take(w, 1) % ANSWER;
	oid.answer = malloc(oid.answer_size + (oid.answer_size == 0));
	oid.user = &w->asked[slot];
	if (hvp_netvsc_query(&w->dev, &oid, &id) == HVP_OK)
		world_queried(w, slot, oid.answer, oid.answer_size);
	else
		free(oid.answer);
}

static void call_rss(struct world *w)
{
	struct hvp_netvsc_rss rss = { .hash_info = HVP_NETVSC_HASH_DEFAULT };
	uint32_t id;
	uint32_t i;

	rss.entries = take(w, 1);
	if (take(w, 1) & 1u)
		rss.hash_info = 0;
	for (i = 0; i < HVP_NETVSC_TABLE_MAX; i++)
		rss.table[i] = (uint8_t)(i % (1 + take(w, 1) % QUEUES));
	(void)!hvp_netvsc_set_rss(&w->dev, &rss, &id);
}

static void call_owner(struct world *w)
{
	struct hvp_netvsc_oid oid = { .oid = take(w, 1), .input = w->frames };
	uint32_t id;

	switch (take(w, 1) % 12u) {
	case 0:
		(void)!hvp_netvsc_set_filter(&w->dev, take(w, 1), &id);
		break;
	case 1:
		(void)!hvp_netvsc_set_multicast(&w->dev, w->frames, take(w, 1) % 34u, &id);
		break;
	case 2:
		(void)!hvp_netvsc_set_offloads(&w->dev, take(w, 2), &id);
		break;
	case 3:
		call_rss(w);
		break;
	case 4:
		(void)!hvp_netvsc_switch_path(&w->dev, take(w, 1) % 3u);
		break;
	case 5:
		(void)!hvp_netvsc_set_mtu(&w->dev, take(w, 2));
		break;
	case 6:
		world_detach(w);
		break;
	case 7:
		world_attach(w);
		break;
	case 8:
		hvp_netvsc_flush(&w->queues[own_queue(w)]);
		break;
	case 9:
		hvp_netvsc_mask(&w->queues[own_queue(w)]);
		break;
	case 10:
		oid.input_size = take(w, 2) % 600u;
		(void)!hvp_netvsc_set(&w->dev, &oid, &id);
		break;
	default:
		call_query(w);
		break;
	}
}

/* --- one action ------------------------------------------------------------------------------- */

static void say(struct world *w)
{
	switch (take(w, 1) % 8u) {
	case 0:
		say_frame(w);
		break;
	case 1:
		say_frames(w);
		break;
	case 2:
		say_indication(w);
		break;
	case 3:
		say_inband(w);
		break;
	case 4:
		if (take(w, 1) % 2u)
			say_any_completion(w);
		else
			say_much(w);
		break;
	case 5:
		world_scribble(w);
		break;
	case 6:
		say_coalesced(w);
		break;
	default:
		world_bus_word(w);
		break;
	}
}

static void act(struct world *w)
{
	switch (take(w, 1) % 8u) {
	case 0:
		world_turn(w);
		host_reads(w, 64);
		break;
	case 1:
	case 2:
		say(w);
		break;
	case 3:
		call_send(w);
		break;
	case 4:
		call_owner(w);
		break;
	case 5:
		w->now += (uint64_t)take(w, 2) << (take(w, 1) % 16u);
		(void)hvp_netvsc_run(&w->dev, w->now);
		break;
	case 6:
		host_reads(w, take(w, 1) % 4u);
		w->second = (uint8_t)take(w, 1);
		break;
	default:
		world_poll(w, take(w, 1) % 4u);
		break;
	}
}

/* The host behaves again: everything that waits comes to its end. */
static void settle(struct world *w)
{
	uint32_t n;

	w->second = 0;
	w->in = hvp_rd_init(NULL, 0);
	for (n = 0; n < SETTLE && !world_is_over(w); n++) {
		world_detach(w);
		world_turn(w);
		host_reads(w, 64);
		world_poll(w, 64);
		w->now += 5000000;
	}
	require(world_is_over(w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = world_new(data, size);
	uint32_t n;

	world_attach(w);
	if (take(w, 1) % 4u != 3u)
		for (n = 0; n < ATTACH_TURNS; n++) {
			world_turn(w);
			host_reads(w, 64);
			world_poll(w, 64);
		}
	for (n = 0; n < ROUNDS && hvp_rd_left(&w->in) > 0 && !w->released; n++)
		act(w);
	settle(w);
	world_free(w);
	return 0;
}
