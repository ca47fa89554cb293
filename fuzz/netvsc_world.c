/* SPDX-License-Identifier: BSD-2-Clause */
#include "netvsc_world.h"

#include <hvproto/wire/interfaces.h>

#define REFUSE_OPEN 0x01u
#define REFUSE_GPADL 0x02u

static struct world *active; /* for the hook */

void hvp_hook_shared_load(const volatile void *p, size_t size);

/* The host writes right behind a load: a second load of the same bytes sees others. */
void hvp_hook_shared_load(const volatile void *p, size_t size)
{
	const struct world *w = active;
	uintptr_t at = (uintptr_t)p;
	uintptr_t start = w ? (uintptr_t)w->rx_buffer : 0;

	if (!w || w->second == 0 || at < start || at >= start + RX_SIZE || size > 256)
		return;
	for (at -= start; size > 0 && at < RX_SIZE; at++, size--)
		w->rx_buffer[at] ^= w->second;
}

uint32_t take(struct world *w, size_t bytes)
{
	const uint8_t *p = hvp_rd_left(&w->in) >= bytes ? hvp_rd_take(&w->in, bytes) : NULL;

	if (!p)
		return 0;
	return bytes == 1 ? hvp_get_u8(p) : bytes == 2 ? hvp_get_u16(p) : hvp_get_u32(p);
}

/* --- the bus ---------------------------------------------------------------------------------- */

static void words(struct world *w, uint32_t type, uint32_t a, uint32_t b, uint32_t c)
{
	uint8_t m[40] = { 0 };

	hvp_put_u32(m, type);
	hvp_put_u32(m + 8, a);
	hvp_put_u32(m + 12, b);
	hvp_put_u32(m + 16, c);
	hvp_bus_message(&w->bus, m, type == HVP_VMBUS_RESCIND_CHANNEL_OFFER ? 12 : 20, w->now);
}

void world_offer(struct world *w, uint32_t id, uint16_t sub)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	uint8_t m[196] = { 0 };

	require(id < CHANNEL_IDS);
	w->there[id] = true;
	hvp_put_u32(m, HVP_VMBUS_OFFER_CHANNEL);
	memcpy(m + 8, network.b, 16);
	m[24] = 1;
	hvp_put_u16(m + 180, sub);
	hvp_put_u32(m + 184, id);
	m[190] = 1;
	hvp_put_u32(m + 192, 0x2000 + id);
	hvp_bus_message(&w->bus, m, sizeof(m), w->now);
}

static void said_open(struct world *w, uint32_t id, uint32_t open_id)
{
	const struct hvp_netvsc_queue_memory *m;
	uint32_t q = id - PRIMARY;

	if (!w->there[id])
		return;
	if (w->refuses & REFUSE_OPEN) {
		words(w, HVP_VMBUS_OPEN_CHANNEL_RESULT, id, open_id, 0xc0000001);
		return;
	}
	require(q < QUEUES);
	m = &w->memory[q];
	/* What was written into it since the guest made it may make it useless: a deaf host. */
	w->host[q].open = hvp_ring_rx_attach(&w->host[q].rx, &m->tx, HVP_RING_HOST) == HVP_OK &&
			  hvp_ring_tx_attach(&w->host[q].tx, &m->rx, m->tx.control) == HVP_OK;
	words(w, HVP_VMBUS_OPEN_CHANNEL_RESULT, id, open_id, 0);
}

static struct account *find(struct world *w, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < w->account_count; i++)
		if (w->accounts[i].id == id)
			return &w->accounts[i];
	return NULL;
}

static void gpadl_whole(struct world *w, struct account *a)
{
	if (a->words_left > 0 || a->rescinded)
		return;
	if (w->refuses & REFUSE_GPADL)
		a->live = false;
	words(w, HVP_VMBUS_GPADL_CREATED, a->channel, a->id,
	      w->refuses & REFUSE_GPADL ? 0xc0000001 : 0);
}

static void posted_header(struct world *w, const uint8_t *m, size_t size)
{
	struct account *a;

	/* Ids are not used again; only the living are remembered when the list is full. */
	if (w->account_count == ACCOUNTS) {
		uint32_t i;
		uint32_t n = 0;

		for (i = 0; i < ACCOUNTS; i++)
			if (w->accounts[i].live)
				w->accounts[n++] = w->accounts[i];
		w->account_count = n;
	}
	require(w->account_count < ACCOUNTS);
	a = &w->accounts[w->account_count++];
	a->channel = hvp_get_u32(m + 8);
	a->id = hvp_get_u32(m + 12);
	a->words_left = hvp_get_u16(m + 16) / 8u - (uint32_t)((size - 20) / 8);
	a->live = w->there[a->channel];
	a->rescinded = !a->live;
	gpadl_whole(w, a);
}

static void posted_body(struct world *w, const uint8_t *m, size_t size)
{
	struct account *a = find(w, hvp_get_u32(m + 12));

	require(a && (size - 16) / 8 <= a->words_left);
	a->words_left -= (uint32_t)((size - 16) / 8);
	gpadl_whole(w, a);
}

static void posted_teardown(struct world *w, uint32_t id)
{
	struct account *a = find(w, id);

	require(a && (a->live || a->rescinded));
	if (a->rescinded)
		return;
	a->live = false;
	words(w, HVP_VMBUS_GPADL_TORNDOWN, id, 0, 0);
}

static void closed(struct world *w, uint32_t queue)
{
	require(queue < QUEUES);
	w->host[queue].open = false;
	w->host[queue].dirty = false;
}

static void serve(struct world *w, const uint8_t *m, size_t size)
{
	switch (hvp_get_u32(m)) {
	case HVP_VMBUS_INITIATE_CONTACT:
		words(w, HVP_VMBUS_VERSION_RESPONSE, 1, 0x24, 0);
		break;
	case HVP_VMBUS_REQUEST_OFFERS:
		world_offer(w, PRIMARY, 0);
		words(w, HVP_VMBUS_ALL_OFFERS_DELIVERED, 0, 0, 0);
		break;
	case HVP_VMBUS_OPEN_CHANNEL:
		said_open(w, hvp_get_u32(m + 8), hvp_get_u32(m + 12));
		break;
	case HVP_VMBUS_CLOSE_CHANNEL:
		closed(w, hvp_get_u32(m + 8) - PRIMARY);
		break;
	case HVP_VMBUS_GPADL_HEADER:
		posted_header(w, m, size);
		break;
	case HVP_VMBUS_GPADL_BODY:
		posted_body(w, m, size);
		break;
	case HVP_VMBUS_GPADL_TEARDOWN:
		posted_teardown(w, hvp_get_u32(m + 12));
		break;
	default:
		break;
	}
}

/* The engine posts and the host reads until neither has anything left. */
static void bus_turn(struct world *w)
{
	struct post posts[POSTS];
	uint32_t count;
	uint32_t i;

	do {
		hvp_bus_tick(&w->bus, w->now);
		count = w->post_count;
		memcpy(posts, w->posts, sizeof(posts));
		w->post_count = 0;
		for (i = 0; i < count; i++)
			serve(w, posts[i].bytes, posts[i].size);
	} while (count > 0);
}

static uint16_t post_message(void *os, uint32_t connection_id, const uint8_t *m, size_t size)
{
	struct world *w = os;
	struct post *p = &w->posts[w->post_count];

	(void)connection_id;
	require(size >= 8 && size <= sizeof(p->bytes));
	if (w->post_count == POSTS)
		return 0x13; /* no buffers: try again */
	memcpy(p->bytes, m, size);
	p->size = size;
	w->post_count++;
	return 0;
}

static uint16_t signal_event(void *os, uint32_t connection_id, uint16_t flag)
{
	(void)os;
	(void)connection_id;
	(void)flag;
	return 0;
}

static void rescind(struct world *w, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < w->account_count; i++)
		if (w->accounts[i].channel == id) {
			w->accounts[i].rescinded |= w->accounts[i].live;
			w->accounts[i].live = false;
		}
	w->there[id] = false;
	if (id - PRIMARY < QUEUES)
		w->host[id - PRIMARY].open = false;
	words(w, HVP_VMBUS_RESCIND_CHANNEL_OFFER, id, 0, 0);
}

void world_bus_word(struct world *w)
{
	uint32_t what = take(w, 1);
	uint32_t sub = 1 + take(w, 1) % 4u;

	if (what % 4u == 0)
		rescind(w, PRIMARY + sub % QUEUES);
	else if (what % 4u == 1)
		world_offer(w, PRIMARY + sub, (uint16_t)sub);
	else
		w->refuses = (uint8_t)(take(w, 1) & (REFUSE_OPEN | REFUSE_GPADL));
}

/* --- rings and receive buffer ----------------------------------------------------------------- */

void world_scribble(struct world *w)
{
	uint32_t queue = take(w, 1) % (QUEUES + 1u);
	uint32_t at = take(w, 2);
	uint32_t value = take(w, 4);

	if (queue == QUEUES) {
		hvp_put_u32(w->rx_buffer + at % (RX_SIZE - 3u), value);
		return;
	}
	w->host[queue].dirty = true;
	at = at & 0x8000u ? at % 16384u : at % 64u + 4096u * (at >> 8) % 16384u;
	hvp_put_u32(w->rings[queue] + at % 16381u, value);
}

uint32_t world_place(struct world *w, const uint8_t *m, uint32_t size)
{
	uint32_t at = w->next_place;

	require(size <= 2048);
	memcpy(w->rx_buffer + at, m, size);
	w->next_place = (at + 2048u) % RX_SIZE;
	return at;
}

static uint64_t new_id(struct world *w)
{
	if (w->sent_count == SENT)
		w->sent_count = 0;
	w->sent[w->sent_count] = false;
	return w->sent_count++;
}

static void told(struct world *w, uint32_t queue, uint64_t id, enum hvp_status status)
{
	w->sent[id] = status == HVP_OK;
	(void)!hvp_ring_tx_commit(&w->host[queue].tx);
}

void world_transfer(struct world *w, uint32_t queue, const struct hvp_xfer_range *ranges,
		    uint32_t count)
{
	uint8_t nvsp[40] = { HVP_NVSP_RNDIS_PACKET, 0, 0, 0, 1 };
	struct hvp_ring_out out = hvp_ring_inband(nvsp, sizeof(nvsp));
	uint32_t odd = take(w, 1);

	if (!w->host[queue].open)
		return;
	hvp_put_u32(nvsp + 8, HVP_NVSP_NO_SECTION);
	if (odd == 0xff)
		nvsp[0] = 1;
	out.flags = HVP_PACKET_COMPLETION_REQUESTED;
	out.transaction_id = new_id(w);
	told(w, queue, out.transaction_id,
	     hvp_ring_tx_put_xfer(&w->host[queue].tx, &out,
				  odd == 0xfe ? 0x1234 : HVP_NETVSC_RECEIVE_ID, ranges, count));
}

void world_inband(struct world *w, uint32_t queue, const uint8_t *m, uint32_t size, bool flag)
{
	struct hvp_ring_out out = hvp_ring_inband(m, size);

	if (!w->host[queue].open)
		return;
	out.transaction_id = new_id(w);
	if (flag)
		out.flags = HVP_PACKET_COMPLETION_REQUESTED;
	told(w, queue, out.transaction_id, hvp_ring_tx_put(&w->host[queue].tx, &out));
}

void world_complete(struct world *w, uint32_t queue, uint64_t id, const void *bytes, uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_completion(id, bytes, size);

	if (!w->host[queue].open)
		return;
	(void)!hvp_ring_tx_put(&w->host[queue].tx, &out);
	(void)!hvp_ring_tx_commit(&w->host[queue].tx);
}

void world_completed(struct world *w, uint32_t queue, uint64_t id)
{
	if (w->host[queue].dirty)
		return;
	require(id < SENT && w->sent[id]);
	w->sent[id] = false;
}

/* --- what the guest shows --------------------------------------------------------------------- */

static const uint8_t *shown(const struct world *w, uint64_t pfn)
{
	uint32_t i;

	for (i = 0; i < FRAME_PAGES; i++)
		if (w->frame_pfns[i] == pfn)
			return w->frames + i * 4096u;
	for (i = 0; i < REQUESTS; i++)
		if (w->control_pfns[i] == pfn)
			return w->control + i * 4096u;
	for (i = 0; i < QUEUES; i++)
		if (w->header_pfns[i][0] == pfn)
			return w->headers[i];
	return NULL;
}

static void look_ranges(struct world *w, const struct hvp_ring_packet *p, uint8_t *m)
{
	struct hvp_gpa_iter it;
	struct hvp_gpa_item item;
	uint32_t have = 0;

	require(hvp_ring_gpa_ranges(p, &it, NULL) == HVP_OK && it.left > 0);
	while (it.left > 0) {
		uint32_t off;
		uint32_t left;

		require(hvp_ring_gpa_next(&it, &item, NULL) == HVP_OK && item.byte_count > 0);
		off = item.byte_offset;
		for (left = item.byte_count; left > 0; off = 0) {
			const uint8_t *pfn = hvp_rd_take(&item.pfns, 8);
			const uint8_t *page = pfn ? shown(w, hvp_get_u64(pfn)) : NULL;
			uint32_t n = 4096u - off < left ? 4096u - off : left;
			uint32_t room = CONTROL_SEEN - have < n ? CONTROL_SEEN - have : n;

			require(page != NULL);
			memcpy(m + have, page + off, room);
			have += room;
			left -= n;
		}
	}
}

void world_look(struct world *w, uint32_t queue, const struct hvp_ring_packet *p,
		uint8_t m[CONTROL_SEEN])
{
	struct hvp_rd body = hvp_ring_payload(p);
	uint32_t section = hvp_get_u32(body.p + 8);
	uint32_t size = hvp_get_u32(body.p + 12);

	memset(m, 0, CONTROL_SEEN);
	if (w->host[queue].dirty)
		return;
	if (section == HVP_NVSP_NO_SECTION) {
		look_ranges(w, p, m);
		return;
	}
	require(section < TX_SIZE / HVP_NVSP_SECTION_MIN && size >= 44 && size <= TX_SIZE);
	require(section < w->dev.info.sections && size <= w->dev.info.section_size);
	memcpy(m, w->tx_buffer + section * w->dev.info.section_size, 44);
	require(hvp_get_u32(m) == HVP_RNDIS_PACKET && hvp_get_u32(m + 4) <= size);
}

/* --- the owner -------------------------------------------------------------------------------- */

static void rx_function(void *context, struct hvp_netvsc_queue *q, const struct hvp_netvsc_rx *rx)
{
	struct world *w = context;
	uint32_t sum = 0;
	uint32_t i;

	require(w->attached && q->dev == &w->dev && rx->piece_count > 0 && rx->piece_count <= 4);
	require(rx->piece_count == 1 || rx->flags & HVP_NETVSC_RX_RSC);
	for (i = 0; i < rx->piece_count; i++) {
		size_t at = (size_t)(rx->pieces[i].p - w->rx_buffer);

		require(at < RX_SIZE && rx->pieces[i].size > 0 &&
			rx->pieces[i].size <= RX_SIZE - at);
		sum += rx->pieces[i].size;
	}
	require(sum == rx->size && sum >= 14);
}

static void tx_function(void *context, struct hvp_netvsc_queue *q, void *user, uint32_t status)
{
	(void)q;
	(void)status;
	world_token_back(context, user);
}

void *world_token(struct world *w)
{
	uint32_t i;

	for (i = 0; i < TOKENS; i++)
		if (!w->tokens[i]) {
			w->tokens[i] = true;
			return &w->tokens[i];
		}
	return NULL;
}

void world_token_back(struct world *w, void *token)
{
	bool *t = token;

	require(t >= w->tokens && t < w->tokens + TOKENS && *t);
	*t = false;
}

uint32_t world_query(const struct world *w)
{
	uint32_t i;

	for (i = 0; i < QUERIES && w->asked[i].asked; i++)
		;
	return i;
}

void world_queried(struct world *w, uint32_t slot, uint8_t *answer, uint32_t size)
{
	w->asked[slot].answer = answer;
	w->asked[slot].size = size;
	w->asked[slot].asked = true;
}

static void answered(struct world *w, const struct hvp_netvsc_event *ev)
{
	struct query *query = ev->user;

	if (!query)
		return;
	require(query >= w->asked && query < w->asked + QUERIES && query->asked);
	require(ev->size <= query->size);
	free(query->answer);
	query->asked = false;
}

/* Nothing of the device's memory is the host's any more. */
static void detached(struct world *w)
{
	uint32_t i;

	require(!w->down);
	w->down = true;
	w->attached = false;
	for (i = 0; i < w->account_count; i++)
		require(!w->accounts[i].live);
	for (i = 0; i < TOKENS; i++)
		require(!w->tokens[i]);
}

static void take_net_event(struct world *w, const struct hvp_netvsc_event *ev)
{
	switch (ev->type) {
	case HVP_NETVSC_EV_ATTACHED:
		require(!w->down);
		w->attached = ev->status == HVP_OK;
		break;
	case HVP_NETVSC_EV_DETACHED:
		detached(w);
		break;
	case HVP_NETVSC_EV_OID:
		answered(w, ev);
		break;
	case HVP_NETVSC_EV_STOP:
	case HVP_NETVSC_EV_WAKE:
		require(ev->queue >= w->queues && ev->queue < w->queues + QUEUES);
		break;
	default:
		break;
	}
}

static void release(struct world *w)
{
	if (!w->rescinded || !w->down || w->released)
		return;
	require(hvp_channel_release(w->dev.cfg.channel) == HVP_OK);
	w->released = true;
}

/* What an owner may look at stays within its bounds, whatever the host said. */
static void check_info(const struct world *w)
{
	const struct hvp_netvsc_info *info = hvp_netvsc_info(&w->dev);
	const uint8_t *table = hvp_netvsc_host_table(&w->dev);
	uint32_t i;

	require(hvp_netvsc_state(&w->dev) < HVP_NETVSC_STATES);
	require(hvp_netvsc_stats(&w->dev)->attach_failures <= hvp_netvsc_stats(&w->dev)->attaches);
	if (hvp_netvsc_state(&w->dev) != HVP_NETVSC_ATTACHED)
		return;
	require(info->queues > 0 && info->queues <= w->dev.cfg.queue_count);
	require((uint64_t)info->sections * info->section_size <= TX_SIZE);
	require(info->mtu <= w->dev.cfg.mtu);
	for (i = 0; i < HVP_NETVSC_HOST_TABLE; i++)
		require(table[i] < info->queues);
}

void world_turn(struct world *w)
{
	struct hvp_netvsc_event nev;
	struct hvp_event ev;
	uint32_t n = 0;

	bus_turn(w);
	while (hvp_bus_next_event(&w->bus, &ev)) {
		require(++n < 10000);
		if (!hvp_netvsc_bus_event(&w->dev, &ev) && ev.type == HVP_EV_RESCINDED &&
		    ev.channel == w->dev.cfg.channel)
			w->rescinded = true;
	}
	(void)hvp_netvsc_run(&w->dev, w->now);
	bus_turn(w);
	while (hvp_netvsc_next_event(&w->dev, &nev)) {
		require(++n < 10000);
		take_net_event(w, &nev);
	}
	check_info(w);
	release(w);
}

void world_poll(struct world *w, uint32_t budget)
{
	uint32_t q;

	for (q = 0; q < w->dev.cfg.queue_count; q++) {
		if (q % 2u == 0)
			(void)hvp_netvsc_poll(&w->queues[q], budget);
		else
			(void)hvp_netvsc_receive(&w->queues[q], budget);
	}
}

void world_attach(struct world *w)
{
	if (w->down && !w->rescinded && hvp_netvsc_attach(&w->dev) == HVP_OK)
		w->down = false;
}

void world_detach(struct world *w)
{
	(void)!hvp_netvsc_detach(&w->dev);
}

bool world_is_over(const struct world *w)
{
	return w->down && world_query(w) == 0 && !w->asked[1].asked && !w->asked[2].asked &&
	       !w->asked[3].asked;
}

/* --- memory ----------------------------------------------------------------------------------- */

static uint8_t *pages(uint64_t *pfns, uint32_t count)
{
	uint8_t *p = aligned_alloc(4096, (size_t)count * 4096u);
	uint32_t i;

	require(p != NULL);
	memset(p, 0, (size_t)count * 4096u);
	for (i = 0; i < count; i++)
		pfns[i] = ((uintptr_t)p >> 12) + i;
	return p;
}

static void queue_memory(struct world *w, uint32_t i)
{
	struct hvp_netvsc_queue_memory *m = &w->memory[i];
	uint8_t *ring = pages(w->ring_pfns[i], 4);

	w->rings[i] = ring;
	w->headers[i] = pages(w->header_pfns[i], 1);
	w->packets[i] = malloc(512);
	m->tx = (struct hvp_ring_mem){ ring, ring + 4096, NULL, 4096 };
	m->rx = (struct hvp_ring_mem){ ring + 8192, ring + 12288, NULL, 4096 };
	m->ring = (struct hvp_gpadl_range){ .byte_count = 16384, .pfns = w->ring_pfns[i] };
	m->connection_id = 1;
	m->event_flag = (uint16_t)(1 + i);
	m->packet = w->packets[i];
	m->packet_size = 512;
	m->slots = w->slots[i];
	m->ids = w->ids[i];
	m->slot_count = SLOTS;
	m->headers = w->headers[i];
	m->header_pfns = w->header_pfns[i];
	m->done = w->done[i];
	m->done_count = 4;
	m->pieces = w->pieces[i];
	m->piece_count = 4;
}

static void start_bus(struct world *w, uint32_t version)
{
	struct hvp_bus_config cfg = { .size = sizeof(cfg) };
	struct hvp_event ev;

	w->ops.size = sizeof(w->ops);
	w->ops.post_message = post_message;
	w->ops.signal_event = signal_event;
	cfg.ops = &w->ops;
	cfg.os = w;
	cfg.channels = w->channels;
	cfg.channel_count = CHANNELS;
	cfg.gpadls = w->gpadls;
	cfg.gpadl_count = GPADLS;
	cfg.tl_requests = w->tls;
	cfg.tl_request_count = 1;
	cfg.max_version = version;
	cfg.interrupt_page_gpa = 0x1000;
	cfg.interrupt_page = w->control;
	require(hvp_bus_init(&w->bus, &cfg) == HVP_OK && hvp_bus_connect(&w->bus) == HVP_OK);
	bus_turn(w);
	while (hvp_bus_next_event(&w->bus, &ev))
		if (ev.type == HVP_EV_OFFER)
			w->dev.cfg.channel = ev.channel;
	require(w->dev.cfg.channel != NULL);
}

static void start_device(struct world *w)
{
	static const uint32_t versions[] = { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 2 };
	struct hvp_netvsc_config cfg = { .size = sizeof(cfg) };
	uint32_t how = take(w, 1);

	w->version = versions[take(w, 1) % 6u];
	cfg.bus = &w->bus;
	cfg.channel = w->dev.cfg.channel;
	cfg.queues = w->queues;
	cfg.memory = w->memory;
	cfg.queue_count = how & 1u ? 1 : QUEUES;
	cfg.receive = (struct hvp_netvsc_buffer){ w->rx_buffer, { RX_SIZE, 0, w->rx_pfns, 0 } };
	if (!(how & 2u))
		cfg.send = (struct hvp_netvsc_buffer){ w->tx_buffer,
						       { TX_SIZE, 0, w->tx_pfns, 0 } };
	cfg.requests = w->requests;
	cfg.request_count = REQUESTS;
	cfg.control = w->control;
	cfg.control_pfns = w->control_pfns;
	cfg.scratch = w->scratch;
	cfg.scratch_size = 1280;
	cfg.rx = rx_function;
	cfg.tx = tx_function;
	cfg.context = w;
	cfg.filter = how & 4u ? 0 : 0xd;
	cfg.offloads = how & 8u ? 0 : HVP_NETVSC_OFFLOAD_ALL;
	cfg.isolated = (how & 0x10u) != 0;
	require(hvp_netvsc_init(&w->dev, &cfg) == HVP_OK);
}

struct world *world_new(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));
	uint32_t i;

	require(w != NULL);
	w->in = hvp_rd_init(data, size);
	w->down = true;
	for (i = 0; i < QUEUES; i++)
		queue_memory(w, i);
	w->rx_buffer = pages(w->rx_pfns, RX_SIZE / 4096u);
	w->tx_buffer = pages(w->tx_pfns, TX_SIZE / 4096u);
	w->frames = pages(w->frame_pfns, FRAME_PAGES);
	w->control = pages(w->control_pfns, REQUESTS);
	w->scratch = malloc(1280);
	start_bus(w, take(w, 1) & 1u ? 0x20004 : 0x50003);
	start_device(w);
	active = w;
	return w;
}

void world_free(struct world *w)
{
	uint32_t i;

	active = NULL;
	for (i = 0; i < QUEUES; i++) {
		free(w->rings[i]);
		free(w->headers[i]);
		free(w->packets[i]);
	}
	free(w->rx_buffer);
	free(w->tx_buffer);
	free(w->frames);
	free(w->control);
	free(w->scratch);
	free(w);
}
