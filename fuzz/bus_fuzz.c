/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest against a host that says what it likes. The input is a list of actions: messages of
 * the host, well-formed with ids from a small range or any bytes at all; answers of the
 * hypervisor; time; and calls of the owner.
 *
 * Beyond memory safety, kept by a second account of what was posted and said: memory comes
 * back once, and only after the host said something that ends its use; only a created GPADL
 * is torn down, only a created and living one becomes a ring; an id is released only after
 * its rescind; nothing precedes the version; events end.
 *
 * Must reach: hvp_bus_message hvp_bus_take_offer hvp_bus_take_version hvp_channel_open
 * hvp_channel_rescind hvp_channel_let_go hvp_gpadl_create hvp_channel_open_reserved
 * hvp_bus_end_unload hvp_bus_lose hvp_bus_return_held hvp_post_pump hvp_tl_finish
 */
#include <stdlib.h>
#include <string.h>

#include <hvproto/bus.h>
#include <hvproto/rd.h>
#include <hvproto/wr.h>

#define CHANNELS 6u
#define GPADLS 8u
#define TLS 2u
#define ACCOUNTS 512u /* GPADL ids seen in one run */
#define IDS 8u /* channel ids that well-formed messages use */
#define ROUNDS 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is known of a GPADL from the messages alone. */
struct account {
	uint32_t id;
	uint32_t channel;
	uint32_t words_left;
	bool created; /* the host said so */
	bool teardown; /* was posted */
	bool ended; /* the host said something that may end its use */
};

struct world {
	struct hvp_rd in;
	struct hvp_bus bus;
	struct hvp_channel channels[CHANNELS];
	struct hvp_gpadl gpadls[GPADLS];
	struct hvp_tl_request tls[TLS];
	struct hvp_os_ops ops;
	struct account accounts[ACCOUNTS];
	uint32_t account_count;
	uint64_t now;
	uint16_t answer;
	bool contact_sent;
	bool unload_sent;
	bool versioned; /* some version was accepted since the last contact */
	bool rescinded[2048];
	bool lent[GPADLS]; /* slots whose memory the owner has given away */
	_Alignas(4096) uint8_t page[4096];
};

static const uint64_t pfns[64];
static const struct hvp_gpadl_range ranges[2] = {
	{ .byte_count = 8 * 4096, .pfns = pfns },
	{ .byte_count = 60 * 4096, .pfns = pfns },
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint32_t take(struct world *w, size_t bytes)
{
	const uint8_t *p = hvp_rd_left(&w->in) >= bytes ? hvp_rd_take(&w->in, bytes) : NULL;

	if (!p)
		return 0;
	return bytes == 1 ? hvp_get_u8(p) : bytes == 2 ? hvp_get_u16(p) : hvp_get_u32(p);
}

static struct account *find(struct world *w, uint32_t id)
{
	uint32_t i;

	for (i = w->account_count; i-- > 0;)
		if (w->accounts[i].id == id)
			return &w->accounts[i];
	return NULL;
}

/* --- what the engine posts ------------------------------------------------------------------ */

static void posted_header(struct world *w, const uint8_t *m, size_t size)
{
	struct account *a = find(w, hvp_get_u32(m + 12));

	require(hvp_get_u32(m + 12) != 0 && !a);
	if (w->account_count == ACCOUNTS)
		return;
	a = &w->accounts[w->account_count++];
	memset(a, 0, sizeof(*a));
	a->id = hvp_get_u32(m + 12);
	a->channel = hvp_get_u32(m + 8);
	a->words_left = hvp_get_u16(m + 16) / 8u - (uint32_t)((size - 20) / 8);
}

static void posted_body(struct world *w, const uint8_t *m, size_t size)
{
	struct account *a = find(w, hvp_get_u32(m + 12));
	uint32_t words = (uint32_t)((size - 16) / 8);

	if (!a)
		return;
	require(words <= a->words_left);
	a->words_left -= words;
}

static void posted_ring(struct world *w, uint32_t id)
{
	struct account *a = find(w, id);

	if (a)
		require(a->created && a->words_left == 0 && !a->teardown);
}

static void posted_teardown(struct world *w, const uint8_t *m)
{
	struct account *a = find(w, hvp_get_u32(m + 12));

	if (!a)
		return;
	require(a->created && !a->teardown && a->channel == hvp_get_u32(m + 8));
	a->teardown = true;
}

static void posted_release(struct world *w, uint32_t id)
{
	require(id < 2048 && w->rescinded[id]);
	w->rescinded[id] = false;
}

static void check_post(struct world *w, const uint8_t *m, size_t size)
{
	uint32_t type = hvp_get_u32(m);

	require(type == HVP_VMBUS_INITIATE_CONTACT || w->versioned ||
		type == HVP_VMBUS_CLOSE_RESERVED_CHANNEL);
	switch (type) {
	case HVP_VMBUS_INITIATE_CONTACT:
		w->contact_sent = true;
		w->versioned = false;
		break;
	case HVP_VMBUS_UNLOAD:
		w->unload_sent = true;
		break;
	case HVP_VMBUS_GPADL_HEADER:
		posted_header(w, m, size);
		break;
	case HVP_VMBUS_GPADL_BODY:
		posted_body(w, m, size);
		break;
	case HVP_VMBUS_GPADL_TEARDOWN:
		posted_teardown(w, m);
		break;
	case HVP_VMBUS_OPEN_CHANNEL:
		posted_ring(w, hvp_get_u32(m + 16));
		break;
	case HVP_VMBUS_OPEN_RESERVED_CHANNEL:
		posted_ring(w, hvp_get_u32(m + 20));
		break;
	case HVP_VMBUS_REL_ID_RELEASED:
		posted_release(w, hvp_get_u32(m + 8));
		break;
	default:
		break;
	}
}

/* A list that could not be posted to its end never was the host's. */
static void failed_post(struct world *w, const uint8_t *m)
{
	struct account *a = NULL;

	if (hvp_get_u32(m) == HVP_VMBUS_GPADL_BODY)
		a = find(w, hvp_get_u32(m + 12));
	if (a)
		a->ended = true;
}

static uint16_t post_message(void *os, uint32_t connection_id, const uint8_t *bytes, size_t size)
{
	struct world *w = os;

	(void)connection_id;
	require(size >= 8 && size <= 240 && hvp_get_u32(bytes + 4) == 0);
	if (w->answer == 0)
		check_post(w, bytes, size);
	else
		failed_post(w, bytes);
	return w->answer;
}

static uint16_t signal_event(void *os, uint32_t connection_id, uint16_t flag)
{
	(void)os;
	(void)connection_id;
	(void)flag;
	return 0;
}

/* --- what the host says --------------------------------------------------------------------- */

static void end_all(struct world *w, uint32_t channel, bool any)
{
	uint32_t i;

	for (i = 0; i < w->account_count; i++)
		if (any || w->accounts[i].channel == channel)
			w->accounts[i].ended = true;
}

static void said_created(struct world *w, const uint8_t *m)
{
	struct account *a = find(w, hvp_get_u32(m + 12));

	if (!a || a->channel != hvp_get_u32(m + 8))
		return;
	if (hvp_get_u32(m + 16) != 0)
		a->ended = a->ended || !a->created;
	else if (a->words_left == 0)
		a->created = true;
}

static void said_torndown(struct world *w, const uint8_t *m)
{
	struct account *a = find(w, hvp_get_u32(m + 8));

	if (a && a->teardown)
		a->ended = true;
}

static void said_version(struct world *w, const uint8_t *m)
{
	if (!w->contact_sent)
		return;
	end_all(w, 0, true);
	w->versioned = w->versioned || m[8] != 0;
}

static void account_for(struct world *w, const uint8_t *m, size_t size)
{
	uint32_t type = size >= 8 ? hvp_get_u32(m) : 0;

	if (type == HVP_VMBUS_GPADL_CREATED && size >= 20)
		said_created(w, m);
	if (type == HVP_VMBUS_GPADL_TORNDOWN && size >= 12)
		said_torndown(w, m);
	if (type == HVP_VMBUS_VERSION_RESPONSE && size >= 16)
		said_version(w, m);
	if (type == HVP_VMBUS_UNLOAD_COMPLETE && w->unload_sent)
		end_all(w, 0, true);
	if (type == HVP_VMBUS_RESCIND_CHANNEL_OFFER && size >= 12) {
		end_all(w, hvp_get_u32(m + 8), false);
		if (hvp_get_u32(m + 8) < 2048)
			w->rescinded[hvp_get_u32(m + 8)] = true;
	}
}

static void say(struct world *w, const uint8_t *m, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	require(copy != NULL);
	memcpy(copy, m, size);
	account_for(w, copy, size);
	hvp_bus_message(&w->bus, copy, size, w->now);
	free(copy);
}

static void say_offer(struct world *w, uint8_t *m)
{
	static const struct hvp_guid socket = { { 1 } };

	m[8] = (uint8_t)(take(w, 1) % 4u);
	m[24] = (uint8_t)(take(w, 1) % 4u);
	hvp_put_u16(m + 56, (uint16_t)take(w, 2));
	memcpy(m + 8, socket.b, m[57] & 0x20 ? 16 : 0);
	m[64] = (uint8_t)take(w, 1);
	hvp_put_u16(m + 180, (uint16_t)(take(w, 1) % 3u));
	hvp_put_u32(m + 184, take(w, 1) % IDS);
	hvp_put_u32(m + 188, take(w, 4));
	say(w, m, 196);
}

/* An id that was posted, most likely. */
static uint32_t some_gpadl(struct world *w)
{
	uint32_t pick = take(w, 1);

	return w->account_count > 0 ? w->accounts[pick % w->account_count].id : pick;
}

static void say_well_formed(struct world *w)
{
	uint32_t type = take(w, 1) % 30u;
	uint32_t id = take(w, 1);
	struct hvp_channel *ch = &w->channels[id % CHANNELS];
	uint8_t m[240] = { 0 };

	hvp_put_u32(m, type);
	if (type == HVP_VMBUS_OFFER_CHANNEL) {
		say_offer(w, m);
		return;
	}
	hvp_put_u32(m + 8, ch->offer.channel_id);
	if (type == HVP_VMBUS_GPADL_TORNDOWN)
		hvp_put_u32(m + 8, some_gpadl(w));
	if (type == HVP_VMBUS_GPADL_CREATED) {
		struct account *a = find(w, some_gpadl(w));

		hvp_put_u32(m + 8, a ? a->channel : id);
		hvp_put_u32(m + 12, a ? a->id : 0);
		hvp_put_u32(m + 16, take(w, 1) % 4u == 0);
	}
	if (type == HVP_VMBUS_OPEN_CHANNEL_RESULT) {
		hvp_put_u32(m + 12, ch->open_id);
		hvp_put_u32(m + 16, take(w, 1) % 4u == 0);
	}
	if (type == HVP_VMBUS_VERSION_RESPONSE) {
		m[8] = take(w, 1) % 4u != 0;
		hvp_put_u32(m + 16, take(w, 1));
		hvp_put_u64(m + 32, 0x1000);
	}
	if (type == HVP_VMBUS_TL_CONNECT_REQUEST_RESULT) {
		m[8] = (uint8_t)(id % 4u);
		m[24] = 1;
		m[43] = 0x80;
	}
	say(w, m, type == HVP_VMBUS_VERSION_RESPONSE ? 40 : 44);
}

static void say_anything(struct world *w)
{
	uint8_t m[256];
	size_t size = take(w, 1);
	size_t i;

	for (i = 0; i < size; i++)
		m[i] = (uint8_t)take(w, 1);
	say(w, m, size);
}

/* --- what the owner does -------------------------------------------------------------------- */

static bool known(const struct hvp_channel *ch)
{
	return ch->state != HVP_CHANNEL_FREE && ch->user != NULL;
}

static void lend(struct world *w, const struct hvp_gpadl *g)
{
	uint32_t i = (uint32_t)(g - w->gpadls);

	require(i < GPADLS && !w->lent[i]);
	w->lent[i] = true;
}

static void call_open(struct world *w, struct hvp_channel *ch)
{
	struct hvp_open open = { .ring = ranges[0], .downstream_page = 2 + take(w, 1) % 8u };

	open.connection_id = 1;
	open.event_flag = (uint16_t)(1 + take(w, 1) % 4u);
	if (hvp_channel_open(ch, &open) == HVP_OK)
		lend(w, &w->gpadls[ch->ring]);
}

static void call_gpadl(struct world *w, struct hvp_channel *ch)
{
	struct hvp_gpadl *g;

	if (hvp_gpadl_create(ch, &ranges[take(w, 1) % 2u], 1, &g) == HVP_OK)
		lend(w, g);
}

static void call_on_gpadl(struct world *w, struct hvp_channel *ch, bool reserve)
{
	struct hvp_gpadl *g = &w->gpadls[take(w, 1) % GPADLS];

	if (g->state == HVP_GPADL_FREE || g->ring)
		return;
	if (reserve)
		(void)!hvp_channel_open_reserved(ch, g, 2, 0, 2);
	else
		(void)!hvp_gpadl_teardown(g);
}

static void call_channel(struct world *w)
{
	struct hvp_channel *ch = &w->channels[take(w, 1) % CHANNELS];
	uint32_t what = take(w, 1) % 9u;

	if (!known(ch))
		return;
	switch (what) {
	case 0:
		call_open(w, ch);
		break;
	case 1:
		(void)!hvp_channel_close(ch);
		break;
	case 2:
		if (hvp_channel_release(ch) == HVP_OK)
			ch->user = NULL;
		break;
	case 3:
		(void)!hvp_channel_modify(ch, take(w, 1));
		break;
	case 4:
		call_gpadl(w, ch);
		break;
	case 5:
		call_on_gpadl(w, ch, false);
		break;
	case 6:
		call_on_gpadl(w, ch, true);
		break;
	case 7:
		(void)!hvp_channel_close_reserved(ch, 0, 2);
		break;
	default:
		(void)!hvp_channel_signal(ch);
		break;
	}
}

static void connect(struct world *w)
{
	if (hvp_bus_connect(&w->bus) != HVP_OK)
		return;
	w->contact_sent = false;
	w->unload_sent = false;
}

static void call_bus(struct world *w)
{
	static const uint64_t none[2];
	static const struct hvp_guid service = { { 1 } };
	struct hvp_guid endpoint = { { 0 } };

	switch (take(w, 1) % 9u) {
	case 0:
	case 1:
		connect(w);
		break;
	case 2:
		(void)!hvp_bus_unload(&w->bus);
		break;
	case 3:
		(void)!hvp_bus_crash_unload(&w->bus);
		break;
	case 4:
		hvp_bus_lost(&w->bus);
		break;
	case 5:
		(void)!hvp_bus_pause(&w->bus);
		break;
	case 6:
		(void)!hvp_bus_resume(&w->bus);
		break;
	case 7:
		(void)!hvp_bus_modify_pages(&w->bus, none, NULL);
		break;
	default:
		endpoint.b[0] = (uint8_t)(take(w, 1) % 4u);
		(void)!hvp_bus_tl_connect(&w->bus, &endpoint, &service, NULL);
		break;
	}
}

/* The slot is asked before the event is taken: afterwards it may be empty. */
static void check_return(struct world *w, uint32_t slot, uint32_t id)
{
	struct account *a = find(w, id);

	require(slot < GPADLS && w->lent[slot]);
	w->lent[slot] = false;
	if (a)
		require(a->ended);
}

static bool take_event(struct world *w)
{
	struct hvp_gpadl before[GPADLS];
	uint16_t ring[CHANNELS];
	struct hvp_event ev;
	uint32_t i;

	memcpy(before, w->gpadls, sizeof(before));
	for (i = 0; i < CHANNELS; i++)
		ring[i] = w->channels[i].state == HVP_CHANNEL_FREE ? HVP_INDEX_NONE
								   : w->channels[i].ring;
	if (!hvp_bus_next_event(&w->bus, &ev))
		return false;
	if (ev.type == HVP_EV_OFFER)
		ev.channel->user = w;
	i = ev.channel ? (uint32_t)(ev.channel - w->channels) : 0;
	require(i < CHANNELS);
	if (ev.type == HVP_EV_CLOSED && ring[i] != HVP_INDEX_NONE)
		check_return(w, ring[i], before[ring[i]].build.gpadl_id);
	if (ev.type == HVP_EV_GPADL_RETURNED)
		check_return(w, (uint32_t)(ev.gpadl - w->gpadls),
			     before[ev.gpadl - w->gpadls].build.gpadl_id);
	return true;
}

static void take_events(struct world *w)
{
	uint32_t n = 0;

	while (take_event(w))
		require(++n <= 8 + CHANNELS * 5 + GPADLS * 2 + TLS);
}

static void hypervisor(struct world *w)
{
	static const uint16_t answers[] = { 0, 0, 0x13, 0x12, 0x5, 0x11, 0x6, 0 };

	w->answer = answers[take(w, 1) % 8u];
}

static void act(struct world *w)
{
	switch (take(w, 1) % 8u) {
	case 0:
	case 1:
		say_well_formed(w);
		break;
	case 2:
		call_channel(w);
		break;
	case 3:
		call_bus(w);
		break;
	case 4:
		w->now += (uint64_t)take(w, 2) << (take(w, 1) % 20u);
		hvp_bus_tick(&w->bus, w->now);
		break;
	case 5:
		take_events(w);
		break;
	case 6:
		hypervisor(w);
		break;
	default:
		say_anything(w);
		break;
	}
	require(hvp_bus_deadline(&w->bus) <= HVP_NEVER);
	(void)hvp_bus_channel_by_flag(&w->bus, take(w, 2));
}

static void start(struct world *w)
{
	static const uint32_t versions[] = { 0x60000, 0x50003, 0x40001, 0x20004, 0x10001, 0xd };
	struct hvp_bus_config cfg = { .size = sizeof(cfg) };

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
	cfg.tl_request_count = TLS;
	cfg.max_version = versions[take(w, 1) % 6u];
	cfg.features = take(w, 1);
	cfg.confidential = (cfg.features & 0x10) != 0;
	cfg.contact_timeout = take(w, 2);
	cfg.interrupt_page_gpa = 0x1000;
	cfg.interrupt_page = w->page;
	require(hvp_bus_init(&w->bus, &cfg) == HVP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = aligned_alloc(4096, (sizeof(*w) + 4095) / 4096 * 4096);
	uint32_t n;

	require(w != NULL);
	memset(w, 0, sizeof(*w));
	w->in = hvp_rd_init(data, size);
	start(w);
	connect(w);
	for (n = 0; n < ROUNDS && hvp_rd_left(&w->in) > 0; n++)
		act(w);
	take_events(w);
	free(w);
	return 0;
}
