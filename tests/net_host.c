/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_host.h"

#define ALL 0xffffffffu
#define TURNS 200

static void rx_function(void *context, struct hvp_netvsc_queue *q, const struct hvp_netvsc_rx *rx)
{
	struct net_host *h = context;
	struct net_got *g = &h->got[h->got_count++ % NET_FRAMES];
	uint32_t at = 0;

	free(g->bytes);
	g->queue = q->index;
	g->rx = *rx;
	g->bytes = malloc(rx->size);
	ck_assert_ptr_nonnull(g->bytes);
	for (uint32_t i = 0; i < rx->piece_count; i++) {
		ck_assert_uint_le(at + rx->pieces[i].size, rx->size);
		memcpy(g->bytes + at, rx->pieces[i].p, rx->pieces[i].size);
		at += rx->pieces[i].size;
	}
	ck_assert_uint_eq(at, rx->size);
}

static void tx_function(void *context, struct hvp_netvsc_queue *q, void *user, uint32_t status)
{
	struct net_host *h = context;

	ck_assert_ptr_nonnull(q);
	h->sent_user[h->sent % NET_FRAMES] = user;
	h->sent_status[h->sent++ % NET_FRAMES] = status;
}

static uint8_t *pages(uint64_t *pfns, uint32_t count)
{
	uint8_t *p = aligned_alloc(4096, (size_t)count * 4096u);

	ck_assert_ptr_nonnull(p);
	memset(p, 0xa5, (size_t)count * 4096u);
	for (uint32_t i = 0; i < count; i++)
		pfns[i] = ((uintptr_t)p >> 12) + i;
	return p;
}

static void queue_memory(struct net_host *h, uint32_t i, uint32_t ring_pages)
{
	struct hvp_netvsc_queue_memory *m = &h->memory[i];
	size_t half = (size_t)(ring_pages + 1u) * 4096u;

	h->ring[i] = pages(h->ring_pfns[i], 2u * ring_pages + 2u);
	h->headers[i] = pages(h->header_pfns[i], NET_SLOTS * HVP_NETVSC_HEADER_ROOM / 4096u);
	h->packet[i] = malloc(HVP_NETVSC_PACKET_SIZE);
	*m = (struct hvp_netvsc_queue_memory){
		.tx = { h->ring[i], h->ring[i] + 4096, NULL, ring_pages * 4096u },
		.rx = { h->ring[i] + half, h->ring[i] + half + 4096, NULL, ring_pages * 4096u },
		.ring = { .byte_count = (uint32_t)(2 * half), .pfns = h->ring_pfns[i] },
		.target_vp = i,
		.connection_id = 0x70 + i,
		.event_flag = (uint16_t)(0x100 + i),
		.packet = h->packet[i],
		.packet_size = HVP_NETVSC_PACKET_SIZE,
		.slots = h->slots[i],
		.ids = h->ids[i],
		.slot_count = NET_SLOTS,
		.headers = h->headers[i],
		.header_pfns = h->header_pfns[i],
		.done = h->done[i],
		.done_count = 8,
		.pieces = h->pieces[i],
		.piece_count = 8,
	};
}

static void answers(struct net_host *h)
{
	h->version = 0x60001;
	h->tx_status = 1;
	h->control_status = 1;
	h->rx_status = 1;
	h->rx_sections = 1;
	h->slot_size = NET_SLOT;
	h->slot_count = NET_RX_SIZE / NET_SLOT;
	h->tx_buffer_status = 1;
	h->section_size = 6144;
	h->sub_status = 1;
	h->sub_grant = ALL;
	h->sub_offers = ALL;
	h->max_packets = 8;
	h->alignment = 3;
	h->max_transfer = 0xefffffff;
	h->rss_queues = NET_QUEUES;
	h->frame_size = 1500;
}

struct net_host *net_new(uint32_t vmbus_version)
{
	struct net_host *h = calloc(1, sizeof(*h));

	ck_assert_ptr_nonnull(h);
	h->f = fake_connected(vmbus_version, 0);
	answers(h);
	for (uint32_t i = 0; i < NET_QUEUES; i++)
		queue_memory(h, i, 2);
	h->rx_buffer = pages(h->rx_pfns, NET_RX_SIZE / 4096u);
	h->tx_buffer = pages(h->tx_pfns, NET_TX_SIZE / 4096u);
	h->control = pages(h->control_pfns, NET_REQUESTS);
	h->cfg = (struct hvp_netvsc_config){
		.size = sizeof(h->cfg),
		.bus = &h->f->bus,
		.channel = fake_offered(h->f, NET_CHANNEL),
		.queues = h->queues,
		.memory = h->memory,
		.queue_count = 1,
		.receive = { h->rx_buffer, { NET_RX_SIZE, 0, h->rx_pfns, 0 } },
		.send = { h->tx_buffer, { NET_TX_SIZE, 0, h->tx_pfns, 0 } },
		.requests = h->requests,
		.request_count = NET_REQUESTS,
		.control = h->control,
		.control_pfns = h->control_pfns,
		.scratch = h->scratch,
		.scratch_size = sizeof(h->scratch),
		.rx = rx_function,
		.tx = tx_function,
		.context = h,
		.filter = 0xd,
		.offloads = HVP_NETVSC_OFFLOAD_ALL,
	};
	return h;
}

void net_start(struct net_host *h)
{
	ck_assert_int_eq(hvp_netvsc_init(&h->dev, &h->cfg), HVP_OK);
	ck_assert_int_eq(hvp_netvsc_attach(&h->dev), HVP_OK);
}

struct net_host *net_attached(uint32_t nvsp_version, uint32_t queues)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->version = nvsp_version;
	h->cfg.queue_count = queues;
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_skip_events(h);
	h->read = h->seen;
	return h;
}

void net_free(struct net_host *h)
{
	for (uint32_t i = 0; i < NET_QUEUES; i++) {
		free(h->ring[i]);
		free(h->headers[i]);
		free(h->packet[i]);
	}
	for (uint32_t i = 0; i < NET_FRAMES; i++) {
		free(h->frames[i].bytes);
		free(h->got[i].bytes);
	}
	free(h->rx_buffer);
	free(h->tx_buffer);
	free(h->control);
	fake_free(h->f);
	free(h);
}

/* --- the bus --- */

static uint32_t queue_of(uint32_t channel)
{
	return channel == NET_CHANNEL ? 0 : channel - 4;
}

static void note(struct net_host *h, uint32_t what)
{
	if (h->order_count < sizeof(h->order))
		h->order[h->order_count++] = (uint8_t)what;
}

static void open_channel(struct net_host *h, const uint8_t *b)
{
	uint32_t q = queue_of(fake_u32(b + 8));
	const struct hvp_netvsc_queue_memory *m = &h->memory[q];

	ck_assert_uint_lt(q, NET_QUEUES);
	ck_assert_int_eq(hvp_ring_rx_attach(&h->rx[q], &m->tx, HVP_RING_HOST), HVP_OK);
	ck_assert_int_eq(hvp_ring_tx_attach(&h->tx[q], &m->rx, m->tx.control), HVP_OK);
	h->attached[q] = h->refuse_open == 0;
	fake_opened(h->f, fake_u32(b + 8), fake_u32(b + 12), h->refuse_open);
}

static void gpadl_header(struct net_host *h, const uint8_t *b)
{
	uint32_t length = b[16] | (uint32_t)b[17] << 8;

	h->gpadl_channel = fake_u32(b + 8);
	h->gpadl_id = fake_u32(b + 12);
	h->gpadl_bodies = hvp_gpadl_bodies(length);
}

static void created(struct net_host *h)
{
	h->gpadls++;
	fake_created(h->f, h->gpadl_channel, h->gpadl_id,
		     h->gpadls == h->refuse_gpadl ? 0xc0000001u : 0);
}

static void post(struct net_host *h, const struct fake_post *p)
{
	const uint8_t *b = p->bytes;
	uint32_t type = fake_u32(b);

	note(h, type);
	switch (type) {
	case HVP_VMBUS_OPEN_CHANNEL:
		open_channel(h, b);
		break;
	case HVP_VMBUS_GPADL_HEADER:
		gpadl_header(h, b);
		if (h->gpadl_bodies == 0)
			created(h);
		break;
	case HVP_VMBUS_GPADL_BODY:
		if (--h->gpadl_bodies == 0)
			created(h);
		break;
	case HVP_VMBUS_CLOSE_CHANNEL:
		h->attached[queue_of(fake_u32(b + 8))] = false;
		break;
	case HVP_VMBUS_GPADL_TEARDOWN:
		fake_torndown(h->f, fake_u32(b + 12));
		break;
	case HVP_VMBUS_REL_ID_RELEASED:
		h->released++;
		break;
	default:
		break;
	}
}

void net_bus_work(struct net_host *h)
{
	struct hvp_event ev;

	fake_tick(h->f);
	while (!h->hold_bus && h->f->read < h->f->posted) {
		struct fake_post copy = *fake_next_post(h->f);

		post(h, &copy);
	}
	while (hvp_bus_next_event(&h->f->bus, &ev)) {
		bool taken = hvp_netvsc_bus_event(&h->dev, &ev);

		if (!taken && ev.type == HVP_EV_RESCINDED) {
			ck_assert_ptr_eq(ev.channel, h->cfg.channel);
			h->primary_rescinded = true;
		}
	}
	if (h->f->posted > FAKE_POSTS / 2) {
		h->f->posted = 0;
		h->f->read = 0;
	}
}

/* --- rings --- */

static void commit(struct net_host *h, uint32_t q)
{
	(void)!hvp_ring_tx_commit(&h->tx[q]);
}

void net_complete(struct net_host *h, uint32_t queue, uint64_t id, const void *bytes, uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_completion(id, bytes, size);

	ck_assert_int_eq(hvp_ring_tx_put(&h->tx[queue], &out), HVP_OK);
	commit(h, queue);
}

void net_inband(struct net_host *h, uint32_t queue, const void *bytes, uint32_t size, bool flag)
{
	struct hvp_ring_out out = hvp_ring_inband(bytes, size);

	if (flag) {
		out.flags = HVP_PACKET_COMPLETION_REQUESTED;
		out.transaction_id = 0x8000000000000000ull;
	}
	ck_assert_int_eq(hvp_ring_tx_put(&h->tx[queue], &out), HVP_OK);
	commit(h, queue);
}

uint32_t net_place(struct net_host *h, const void *bytes, uint32_t size)
{
	uint32_t slots = (size + NET_SLOT - 1u) / NET_SLOT;
	uint32_t slot = h->next_slot;

	if ((slot + slots) * NET_SLOT > NET_RX_SIZE)
		slot = 0;
	h->next_slot = slot + (slots > 0 ? slots : 1u);
	memcpy(h->rx_buffer + slot * NET_SLOT, bytes, size);
	return slot * NET_SLOT;
}

uint64_t net_xfer(struct net_host *h, uint32_t queue, uint16_t set,
		  const struct hvp_xfer_range *ranges, uint32_t count, struct hvp_rd nvsp)
{
	struct hvp_ring_out out = hvp_ring_inband(nvsp.p, (uint32_t)nvsp.len);

	out.flags = HVP_PACKET_COMPLETION_REQUESTED;
	out.transaction_id = ranges && count > 0 ? ranges[0].byte_offset / NET_SLOT : 0;
	ck_assert_int_eq(hvp_ring_tx_put_xfer(&h->tx[queue], &out, set, ranges, count), HVP_OK);
	commit(h, queue);
	return out.transaction_id;
}

uint64_t net_rndis(struct net_host *h, uint32_t queue, const void *bytes, uint32_t size)
{
	uint8_t nvsp[40] = { 107, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct hvp_xfer_range range = { size, net_place(h, bytes, size) };

	return net_xfer(h, queue, 0xcafe, &range, 1, hvp_rd_init(nvsp, sizeof(nvsp)));
}

void net_reply(struct net_host *h, uint32_t request, uint32_t type, uint32_t status,
	       const void *info, uint32_t size)
{
	uint8_t m[1024] = { 0 };
	uint32_t head = type == 0x80000005u ? 16 : 24;

	net_put32(m, type);
	net_put32(m + 4, head + size);
	net_put32(m + 8, request);
	net_put32(m + 12, status);
	if (head == 24) {
		net_put32(m + 16, size);
		net_put32(m + 20, 16);
	}
	if (size > 0)
		memcpy(m + head, info, size);
	(void)net_rndis(h, 0, m, head + size);
}

void net_indicate(struct net_host *h, uint32_t status, const void *buffer, uint32_t size)
{
	uint8_t m[256] = { 7 };

	net_put32(m + 4, 20 + size);
	net_put32(m + 8, status);
	net_put32(m + 12, size);
	net_put32(m + 16, size > 0 ? 12 : 0);
	if (size > 0)
		memcpy(m + 20, buffer, size);
	(void)net_rndis(h, 0, m, 20 + size);
}

uint32_t net_ppi(uint8_t *out, uint32_t type, uint32_t value)
{
	net_put32(out, 16);
	net_put32(out + 4, type);
	net_put32(out + 8, 12);
	net_put32(out + 12, value);
	return 16;
}

uint32_t net_packet(uint8_t *out, const void *frame, uint32_t size, const void *ppis,
		    uint32_t ppi_size)
{
	memset(out, 0, 44);
	net_put32(out, 1);
	net_put32(out + 4, 44 + ppi_size + size);
	net_put32(out + 8, 36 + ppi_size);
	net_put32(out + 12, size);
	net_put32(out + 28, ppi_size > 0 ? 36 : 0);
	net_put32(out + 32, ppi_size);
	if (ppi_size > 0)
		memcpy(out + 44, ppis, ppi_size);
	memcpy(out + 44 + ppi_size, frame, size);
	return 44 + ppi_size + size;
}

void net_deliver(struct net_host *h, uint32_t queue, const void *frame, uint32_t size)
{
	uint8_t m[2048];
	uint32_t total = net_packet(m, frame, size, NULL, 0);

	(void)net_rndis(h, queue, m, total);
}

/* --- NVSP --- */

static void answer(struct net_host *h, const struct net_seen *s, const uint32_t *words,
		   uint32_t count)
{
	uint8_t m[40] = { 0 };
	uint32_t size = h->version >= 0x60001 ? 40 : 28;

	for (uint32_t i = 0; i < count; i++)
		net_put32(m + 4 * i, words[i]);
	if (h->silent_nvsp != s->nvsp)
		net_complete(h, s->queue, s->id, m, size);
}

static void offer_subs(struct net_host *h, uint32_t count)
{
	for (uint32_t i = h->sub_first ? h->sub_first : 1; i <= count; i++)
		fake_offer_sub(h->f, 4 + i, 0x1000 + NET_CHANNEL, (uint16_t)i);
}

static void sub_channel(struct net_host *h, const struct net_seen *s)
{
	uint32_t wanted = fake_u32(s->bytes + 8);
	uint32_t grant = h->sub_grant == ALL ? wanted : h->sub_grant;
	uint32_t words[3] = { 133, h->sub_status, grant };

	answer(h, s, words, 3);
	if (h->sub_status == 1)
		offer_subs(h, h->sub_offers == ALL ? wanted : h->sub_offers);
}

static void init(struct net_host *h, const struct net_seen *s)
{
	uint32_t wanted = fake_u32(s->bytes + 4);
	uint32_t words[4] = { 2, 0xffffffff, 34, wanted <= h->version ? 1 : 0 };

	ck_assert_uint_eq(wanted, fake_u32(s->bytes + 8));
	answer(h, s, words, 4);
}

static void nvsp(struct net_host *h, const struct net_seen *s)
{
	uint32_t rx[7] = { 102,
			   h->rx_status,
			   h->rx_sections,
			   0,
			   h->slot_size,
			   h->slot_count,
			   h->slot_size * h->slot_count };
	uint32_t tx[3] = { 105, h->tx_buffer_status, h->section_size };

	note(h, s->nvsp);
	switch (s->nvsp) {
	case 1:
		init(h, s);
		break;
	case 101:
		answer(h, s, rx, 7);
		break;
	case 104:
		answer(h, s, tx, 3);
		break;
	case 129:
		if (h->silent_nvsp != 129)
			net_complete(h, 0, s->id, NULL, 0);
		break;
	case 133:
		sub_channel(h, s);
		break;
	default:
		break;
	}
}

/* --- RNDIS control --- */

static void initialized(struct net_host *h, const uint8_t *c)
{
	uint8_t m[52] = { 0 };

	net_put32(m, 0x80000002);
	net_put32(m + 4, 52);
	memcpy(m + 8, c + 8, 4);
	net_put32(m + 12, h->bad_oid == 1 ? h->bad_status : 0);
	net_put32(m + 16, 1);
	net_put32(m + 24, 1);
	net_put32(m + 32, h->max_packets);
	net_put32(m + 36, h->max_transfer);
	net_put32(m + 40, h->alignment);
	(void)net_rndis(h, 0, m, 52);
}

static uint32_t offload_caps(uint8_t *m)
{
	memset(m, 0, 156);
	m[0] = 0xa7;
	m[1] = 3;
	m[2] = 156;
	for (uint32_t at = 4; at < 36; at += 8)
		m[at] = 2;
	net_put32(m + 8, 0x155);
	net_put32(m + 16, 0x155);
	m[24] = 0x55;
	m[32] = 0x55;
	m[80] = 2;
	net_put32(m + 84, 0xf53c);
	m[88] = 2;
	m[92] = 2;
	net_put32(m + 96, 0xf53c);
	m[100] = 2;
	m[104] = 5;
	m[144] = 1;
	m[145] = 1;
	return 156;
}

static uint32_t value_of(struct net_host *h, uint32_t oid, uint8_t *m)
{
	static const uint8_t mac[6] = { 0x00, 0x15, 0x5d, 1, 2, 3 };

	switch (oid) {
	case 0x00010106:
		net_put32(m, h->frame_size);
		return 4;
	case 0x00010114:
		net_put32(m, h->link);
		return 4;
	case 0x00010107:
		net_put32(m, 100000000);
		return 4;
	case 0x01010101:
		memcpy(m, mac, 6);
		return 6;
	case 0x00010203:
		memset(m, 0, 18);
		m[0] = 0x88;
		m[1] = 2;
		m[2] = 18;
		net_put32(m + 4, 0x301);
		net_put32(m + 8, 1);
		net_put32(m + 12, h->rss_queues);
		m[16] = 128;
		return 18;
	case 0xfc01020d:
		return offload_caps(m);
	default:
		return 0;
	}
}

static void query(struct net_host *h, const struct net_seen *s)
{
	uint8_t m[256] = { 0 };
	uint32_t size = value_of(h, s->oid, m);
	uint32_t request = fake_u32(s->control + 8);

	if (h->bad_oid == s->oid)
		net_reply(h, request, 0x80000004, h->bad_status, NULL, 0);
	else if (h->odd_oid == s->oid)
		net_reply(h, request, 0x80000004, 0, h->odd, h->odd_size);
	else
		net_reply(h, request, 0x80000004, size > 0 ? 0 : 0xc00000bb, m, size);
}

static void control(struct net_host *h, const struct net_seen *s)
{
	uint32_t ack[2] = { 108, h->control_status };
	uint32_t key = s->rndis == 4 || s->rndis == 5 ? s->oid : s->rndis == 2 ? 1 : s->rndis;

	ck_assert_uint_eq(s->queue, 0);
	if (h->silent_nvsp != 107)
		answer(h, s, ack, 2);
	if (h->silent_oid == key || h->control_status != 1)
		return;
	switch (s->rndis) {
	case 2:
		initialized(h, s->control);
		break;
	case 4:
		query(h, s);
		break;
	case 5:
		net_reply(h, fake_u32(s->control + 8), 0x80000005,
			  h->bad_oid == s->oid ? h->bad_status : 0, NULL, 0);
		break;
	default:
		break;
	}
}

/* --- frames --- */

static void keep_frame(struct net_host *h, struct net_frame *f, const uint8_t *m, uint32_t size)
{
	uint32_t data = fake_u32(m + 8) + 8;
	uint32_t list = fake_u32(m + 28) + 8;

	f->message_length = fake_u32(m + 4);
	ck_assert_uint_le(f->message_length, size);
	f->size = fake_u32(m + 12);
	f->ppi_size = fake_u32(m + 32);
	for (uint32_t at = 16; at < 28; at++)
		ck_assert_uint_eq(m[at], 0);
	for (uint32_t at = 36; at < 44; at++)
		ck_assert_uint_eq(m[at], 0);
	ck_assert_uint_le(data + f->size, f->message_length);
	ck_assert_uint_le(f->ppi_size, sizeof(f->ppi));
	memcpy(f->ppi, m + list, f->ppi_size);
	free(f->bytes);
	f->bytes = malloc(f->size);
	memcpy(f->bytes, m + data, f->size);
	h->frame_count++;
}

static void frames(struct net_host *h, uint32_t queue, const uint8_t *m, uint32_t size,
		   uint32_t ranges, uint32_t first)
{
	uint32_t at = 0;

	while (at < size) {
		struct net_frame *f = &h->frames[h->frame_count % NET_FRAMES];

		ck_assert_uint_eq(fake_u32(m + at), 1);
		f->queue = queue;
		f->packet = h->packets;
		f->ranges = ranges;
		f->first_range = first;
		keep_frame(h, f, m + at, size - at);
		at += f->message_length;
	}
	ck_assert_uint_eq(at, size);
	h->packets++;
}

static uint32_t gather(const struct hvp_ring_packet *p, uint8_t *out, uint32_t *ranges,
		       uint32_t *first)
{
	struct hvp_gpa_iter it;
	struct hvp_gpa_item item;
	uint32_t at = 0;

	ck_assert_int_eq(hvp_ring_gpa_ranges(p, &it, NULL), HVP_OK);
	*ranges = it.left;
	while (it.left > 0) {
		uint32_t left;
		uint32_t off;

		ck_assert_int_eq(hvp_ring_gpa_next(&it, &item, NULL), HVP_OK);
		if (at == 0)
			*first = item.byte_count;
		left = item.byte_count;
		off = item.byte_offset;
		while (left > 0) {
			uint64_t pfn = hvp_get_u64(hvp_rd_take(&item.pfns, 8));
			uint32_t n = 4096u - off < left ? 4096u - off : left;

			memcpy(out + at, (const uint8_t *)(uintptr_t)(pfn << 12) + off, n);
			at += n;
			left -= n;
			off = 0;
		}
	}
	return at;
}

static void complete_frame(struct net_host *h, uint32_t queue, uint64_t id)
{
	uint32_t words[2] = { net_word(108), net_word(h->tx_status) };

	if (h->hold_tx) {
		h->held[h->held_count] = id;
		h->held_queue[h->held_count++] = queue;
		return;
	}
	net_complete(h, queue, id, words, 8);
}

void net_release_held(struct net_host *h, uint32_t status)
{
	uint32_t words[2] = { net_word(108), net_word(status) };

	for (uint32_t i = 0; i < h->held_count; i++)
		net_complete(h, h->held_queue[i], h->held[i], words, 8);
	h->held_count = 0;
}

static void rndis(struct net_host *h, struct net_seen *s, const struct hvp_ring_packet *p)
{
	static uint8_t m[1 << 18];
	uint32_t section = fake_u32(s->bytes + 8);
	uint32_t size = fake_u32(s->bytes + 12);
	uint32_t ranges = 0;
	uint32_t first = 0;

	if (section != ALL) {
		ck_assert_uint_le(size, h->section_size);
		ck_assert_uint_le((section + 1) * h->section_size, h->cfg.send.range.byte_count);
		memcpy(m, h->cfg.send.base + section * h->section_size, size);
	} else {
		size = gather(p, m, &ranges, &first);
	}
	if (fake_u32(s->bytes + 4) == 0) {
		frames(h, s->queue, m, size, ranges, first);
		complete_frame(h, s->queue, s->id);
		h->seen--;
		return;
	}
	s->rndis = fake_u32(m);
	s->oid = s->rndis == 4 || s->rndis == 5 ? fake_u32(m + 12) : 0;
	s->control_size = size;
	ck_assert_uint_le(size, sizeof(s->control));
	memcpy(s->control, m, size);
	ck_assert_uint_eq(fake_u32(m + 4), size);
	note(h, 200 + s->rndis);
	control(h, s);
}

static void packet(struct net_host *h, uint32_t q, const struct hvp_ring_packet *p)
{
	struct hvp_rd body = hvp_ring_payload(p);
	struct net_seen *s;

	if (p->type == HVP_PACKET_COMPLETION) {
		h->completion_ids[h->completions % NET_LOG] = p->transaction_id;
		h->completion_status[h->completions++ % NET_LOG] = body.len >= 8
									   ? fake_u32(body.p + 4)
									   : 0;
		h->completion_size = (uint32_t)body.len;
		return;
	}
	ck_assert_uint_lt(h->seen, NET_LOG);
	s = &h->log[h->seen++];
	memset(s, 0, sizeof(*s));
	s->queue = q;
	s->size = (uint32_t)body.len;
	s->id = p->transaction_id;
	memcpy(s->bytes, body.p, body.len < 64 ? body.len : 64);
	s->nvsp = fake_u32(s->bytes);
	if (s->nvsp == 107)
		rndis(h, s, p);
	else
		nvsp(h, s);
}

void net_host_work(struct net_host *h)
{
	uint8_t buf[4096];
	struct hvp_ring_packet p;

	for (uint32_t q = 0; q < NET_QUEUES; q++) {
		while (h->attached[q] && !h->deaf &&
		       hvp_ring_rx_next(&h->rx[q], buf, sizeof(buf), &p) == HVP_OK) {
			packet(h, q, &p);
			(void)!hvp_ring_rx_commit(&h->rx[q]);
		}
	}
}

uint64_t net_run(struct net_host *h)
{
	return hvp_netvsc_run(&h->dev, h->f->now);
}

static uint64_t progress(const struct net_host *h)
{
	return h->seen + h->f->posted + h->f->read + h->completions + h->got_count + h->packets +
	       h->sent + h->dev.state + h->order_count + h->dev.step;
}

void net_turn(struct net_host *h)
{
	uint64_t last = 0;
	int quiet = 0;

	for (int i = 0; i < TURNS && quiet < 4; i++) {
		(void)net_run(h);
		net_host_work(h); /* what was said on the ring before what follows on the bus */
		net_bus_work(h);
		for (uint32_t q = 0; q < h->cfg.queue_count; q++)
			while (hvp_netvsc_poll(&h->queues[q], 64))
				;
		quiet = progress(h) == last ? quiet + 1 : 0;
		last = progress(h);
	}
}

void net_sleep(struct net_host *h, uint64_t ticks)
{
	h->f->now += ticks;
	net_turn(h);
}

struct hvp_netvsc_event net_event(struct net_host *h, enum hvp_netvsc_event_type type)
{
	struct hvp_netvsc_event ev;

	ck_assert(hvp_netvsc_next_event(&h->dev, &ev));
	ck_assert_int_eq(ev.type, type);
	return ev;
}

void net_no_event(struct net_host *h)
{
	struct hvp_netvsc_event ev;

	ck_assert(!hvp_netvsc_next_event(&h->dev, &ev));
}

void net_skip_events(struct net_host *h)
{
	struct hvp_netvsc_event ev;

	while (hvp_netvsc_next_event(&h->dev, &ev))
		;
}

const struct net_seen *net_expect(struct net_host *h, uint32_t type)
{
	ck_assert_uint_lt(h->read, h->seen);
	ck_assert_uint_eq(h->log[h->read].nvsp, type);
	return &h->log[h->read++];
}

const struct net_seen *net_expect_oid(struct net_host *h, uint32_t type, uint32_t oid)
{
	const struct net_seen *s = net_expect(h, 107);

	ck_assert_uint_eq(s->rndis, type);
	ck_assert_uint_eq(s->oid, oid);
	return s;
}

uint8_t *net_frame_bytes(uint32_t size, uint8_t seed)
{
	uint8_t *p = aligned_alloc(4096, (size + 4095u) / 4096u * 4096u);

	ck_assert_ptr_nonnull(p);
	for (uint32_t i = 0; i < size; i++)
		p[i] = (uint8_t)(seed + i * 7u);
	return p;
}

struct hvp_netvsc_frame net_make(struct hvp_netvsc_piece *piece, uint64_t *pfns, uint8_t *bytes,
				 uint32_t size)
{
	for (uint32_t i = 0; i < (size + 4095u) / 4096u; i++)
		pfns[i] = ((uintptr_t)bytes >> 12) + i;
	*piece = (struct hvp_netvsc_piece){ bytes, size, 0, pfns };
	return (struct hvp_netvsc_frame){
		.pieces = piece,
		.piece_count = 1,
		.size = size,
		.user = bytes,
	};
}
