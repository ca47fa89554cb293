/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_world.h"

#define RING_PAGES 64u
#define SLOTS 256u
#define SECTION 6144u
#define SEND_PAGES (NET_BATCH * 2u * SECTION / 4096u)
#define SOURCE 2048u /* bytes for one of the frames: none crosses a page */
#define LARGE_PAGES 16u
#define PPI_SIZE (NET_HEADERS - 44u)
#define LSO_HEADERS 54u /* Ethernet, IPv4, TCP */

/* All that net_host.c has too little of. */
struct memory {
	struct hvp_netvsc_tx slots[SLOTS];
	struct hvp_reqid_slot ids[SLOTS];
	struct hvp_netvsc_done done[NET_BATCH];
	uint64_t ring_pfns[2u * RING_PAGES + 2u];
	uint64_t header_pfns[SLOTS * HVP_NETVSC_HEADER_ROOM / 4096u];
	uint64_t send_pfns[SEND_PAGES];
	uint8_t *ring;
	uint8_t *headers;
	uint8_t *send;
};

struct world {
	struct net_world w;
	struct memory m;
};

static uint8_t *pages(uint64_t *pfns, uint32_t count)
{
	uint8_t *p = aligned_alloc(4096, (size_t)count * 4096u);

	ck_assert_ptr_nonnull(p);
	memset(p, 0x11, (size_t)count * 4096u);
	for (uint32_t i = 0; pfns && i < count; i++)
		pfns[i] = ((uintptr_t)p >> 12) + i;
	return p;
}

static void large_memory(struct net_host *h, struct memory *m)
{
	struct hvp_netvsc_queue_memory *q = &h->memory[0];
	size_t half = (RING_PAGES + 1u) * 4096u;

	m->ring = pages(m->ring_pfns, 2u * RING_PAGES + 2u);
	m->headers = pages(m->header_pfns, SLOTS * HVP_NETVSC_HEADER_ROOM / 4096u);
	m->send = pages(m->send_pfns, SEND_PAGES);
	q->tx = (struct hvp_ring_mem){ m->ring, m->ring + 4096, NULL, RING_PAGES * 4096u };
	q->rx = (struct hvp_ring_mem){ m->ring + half, m->ring + half + 4096, NULL,
				       RING_PAGES * 4096u };
	q->ring.byte_count = (uint32_t)(2u * half);
	q->ring.pfns = m->ring_pfns;
	q->slots = m->slots;
	q->ids = m->ids;
	q->slot_count = SLOTS;
	q->headers = m->headers;
	q->header_pfns = m->header_pfns;
	q->done = m->done;
	q->done_count = NET_BATCH;
	h->cfg.send.base = m->send;
	h->cfg.send.range.byte_count = SEND_PAGES * 4096u;
	h->cfg.send.range.pfns = m->send_pfns;
}

/* A driver's function would hand the frame on; this one touches what says which it is. */
static void rx_function(void *context, struct hvp_netvsc_queue *q, const struct hvp_netvsc_rx *rx)
{
	struct net_world *w = context;

	(void)q;
	w->received++;
	w->received_bytes += rx->size;
}

static void tx_function(void *context, struct hvp_netvsc_queue *q, void *user, uint32_t status)
{
	struct net_host *h = ((struct net_world *)context)->h;

	(void)q;
	(void)user;
	ck_assert_uint_eq(status, 1);
	h->sent++;
}

struct net_world *net_world_new(uint32_t max_packets)
{
	struct world *all = calloc(1, sizeof(*all));
	struct net_world *w = &all->w;

	ck_assert_ptr_nonnull(all);
	w->h = net_new(HVP_VMBUS_VERSION_5_3);
	w->h->max_packets = max_packets;
	large_memory(w->h, &all->m);
	net_start(w->h);
	net_turn(w->h);
	ck_assert_int_eq(net_event(w->h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	net_skip_events(w->h);
	w->queue = &w->h->queues[0];
	w->h->dev.cfg.rx = rx_function;
	w->h->dev.cfg.tx = tx_function;
	w->h->dev.cfg.context = w;
	w->sources = pages(NULL, NET_BATCH * SOURCE / 4096u);
	w->got = pages(NULL, LARGE_PAGES);
	return w;
}

void net_world_free(struct net_world *w)
{
	struct world *all = (struct world *)w;

	net_free(w->h);
	free(all->m.ring);
	free(all->m.headers);
	free(all->m.send);
	free(w->sources);
	free(w->got);
	free(all);
}

/* Counted bytes, and headers that a large send can be made of. */
static void fill_sources(struct net_world *w)
{
	for (uint32_t i = 0; i < NET_BATCH * SOURCE; i++)
		w->sources[i] = (uint8_t)(i * 7u + (i >> 11));
	if (w->size <= SOURCE)
		return;
	w->sources[12] = 0x08;
	w->sources[13] = 0;
	w->sources[14] = 0x45;
	w->sources[46] = 5u << 4;
}

static void make_frame(struct net_world *w, uint32_t i, uint32_t flags)
{
	bool large = w->size > SOURCE;
	bool last = i % NET_BURST == NET_BURST - 1u;
	uint8_t *bytes = w->sources + (large ? 0 : i * SOURCE);

	for (uint32_t k = 0; k < LARGE_PAGES; k++)
		w->pfns[i][k] = ((uintptr_t)bytes >> 12) + k;
	w->pieces[i] = (struct hvp_netvsc_piece){ bytes, w->size, (uintptr_t)bytes & 4095u,
						  w->pfns[i] };
	w->frames[i] = (struct hvp_netvsc_frame){
		.pieces = &w->pieces[i],
		.piece_count = 1,
		.size = w->size,
		.flags = last ? flags & ~HVP_NETVSC_TX_MORE : flags,
		.user = bytes,
		.mss = large ? 1460 : 0,
		.l4_offset = large ? 34 : 0,
	};
}

void net_world_frames(struct net_world *w, uint32_t size, uint32_t flags)
{
	w->size = size;
	fill_sources(w);
	for (uint32_t i = 0; i < NET_BATCH; i++)
		make_frame(w, i, flags);
}

void net_world_slots(struct net_world *w, uint32_t size)
{
	uint8_t ppis[PPI_SIZE];
	uint32_t at;

	w->size = size;
	fill_sources(w);
	(void)net_ppi(ppis, 0, 0x54); /* checksums are right */
	(void)net_ppi(ppis + 16, 8, 0x12345678); /* hash */
	for (uint32_t i = 0; i < NET_BATCH; i++) {
		at = i * NET_SLOT;
		w->ranges[i].byte_offset = at;
		w->ranges[i].byte_count = net_packet(w->h->rx_buffer + at, w->sources + i * SOURCE,
						     size, ppis, PPI_SIZE);
	}
}

uint32_t net_world_complete(struct net_world *w)
{
	struct net_host *h = w->h;
	uint32_t words[2] = { 108, 1 };
	struct hvp_ring_out out;
	struct hvp_ring_packet p;
	uint8_t buffer[1024];
	uint32_t n = 0;

	while (hvp_ring_rx_next(&h->rx[0], buffer, sizeof(buffer), &p) == HVP_OK) {
		out = hvp_ring_completion(p.transaction_id, words, sizeof(words));
		ck_assert_int_eq(hvp_ring_tx_put(&h->tx[0], &out), HVP_OK);
		n++;
	}
	(void)!hvp_ring_rx_commit(&h->rx[0]);
	(void)!hvp_ring_tx_commit(&h->tx[0]);
	w->lookups += n > 0;
	return n;
}

void net_world_deliver(struct net_world *w, uint32_t n, uint32_t each)
{
	static const uint8_t nvsp[40] = { 107, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct hvp_ring_out out = hvp_ring_inband(nvsp, sizeof(nvsp));

	out.flags = HVP_PACKET_COMPLETION_REQUESTED;
	for (uint32_t i = 0; i < n; i += each) {
		out.transaction_id = i;
		ck_assert_int_eq(hvp_ring_tx_put_xfer(&w->h->tx[0], &out, HVP_NETVSC_RECEIVE_ID,
						      &w->ranges[i], each),
				 HVP_OK);
	}
	(void)!hvp_ring_tx_commit(&w->h->tx[0]);
}

uint32_t net_world_completions(struct net_world *w)
{
	struct hvp_ring_packet p;
	uint8_t buffer[64];
	uint32_t n = 0;

	while (hvp_ring_rx_next(&w->h->rx[0], buffer, sizeof(buffer), &p) == HVP_OK) {
		ck_assert_uint_eq(p.type, HVP_PACKET_COMPLETION);
		ck_assert_uint_eq(fake_u32(hvp_ring_payload(&p).p + 4), 1);
		n++;
	}
	(void)!hvp_ring_rx_commit(&w->h->rx[0]);
	w->lookups += n > 0;
	return n;
}

void net_world_check_send(struct net_world *w)
{
	struct net_host *h = w->h;
	uint32_t skip = w->size > SOURCE ? LSO_HEADERS : 0; /* the engine prepares the headers */

	h->frame_count = 0;
	h->sent = 0;
	for (uint32_t i = 0; i < NET_BATCH; i++)
		ck_assert_int_eq(hvp_netvsc_send(w->queue, &w->frames[i]), HVP_OK);
	net_host_work(h);
	(void)hvp_netvsc_receive(w->queue, 1000);
	ck_assert_uint_eq(h->frame_count, NET_BATCH);
	ck_assert_uint_eq(h->sent, NET_BATCH);
	for (uint32_t i = 0; i < NET_BATCH; i++) {
		ck_assert_uint_eq(h->frames[i].size, w->size);
		ck_assert(memcmp(h->frames[i].bytes + skip, w->pieces[i].p + skip,
				 w->size - skip) == 0);
	}
}

static void compare_function(void *context, struct hvp_netvsc_queue *q,
			     const struct hvp_netvsc_rx *rx)
{
	struct net_world *w = context;

	(void)q;
	ck_assert_uint_eq(rx->size, w->size);
	ck_assert_uint_eq(rx->flags, HVP_NETVSC_RX_CSUM | HVP_NETVSC_RX_HASH);
	ck_assert(memcmp(rx->pieces[0].p, w->sources + w->received * SOURCE, w->size) == 0);
	w->received++;
}

void net_world_check_receive(struct net_world *w, uint32_t each)
{
	w->received = 0;
	w->h->dev.cfg.rx = compare_function;
	net_world_deliver(w, NET_BATCH, each);
	(void)hvp_netvsc_receive(w->queue, 1000);
	ck_assert_uint_eq(w->received, NET_BATCH);
	ck_assert_uint_eq(net_world_completions(w), NET_BATCH / each);
	w->h->dev.cfg.rx = rx_function;
}
