/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, waiting and masking; what a peer can do between two of our steps. The ring is
 * compiled with ports/hooked.h here, so a test can act as the peer after each load and inside
 * each barrier.
 */
#include "ring_pair.h"

static void (*at_load)(const volatile void *p, size_t size);
static void (*at_fence)(void);
static struct pair *peer; /* what the hooks act on */

void hvp_hook_shared_load(const volatile void *p, size_t size);
void hvp_hook_fence(void);

void hvp_hook_shared_load(const volatile void *p, size_t size)
{
	if (at_load)
		at_load(p, size);
}

/* The peer acts once. */
void hvp_hook_fence(void)
{
	void (*act)(void) = at_fence;

	at_fence = NULL;
	if (act)
		act();
}

static void unhook(void)
{
	at_load = NULL;
	at_fence = NULL;
}

/* --- who must be signalled: the tables of chapter 10 appendix A.13 --- */

struct send_vector {
	uint32_t old_write, new_write, read, mask;
	bool signal;
};

/* CORE-REQ-040, BUG-005 */
START_TEST(writer_signals_only_a_reader_that_can_be_asleep)
{
	static const struct send_vector v[] = {
		{ 0, 32, 0, 0, true },	   { 0, 32, 0, 1, false },
		{ 32, 64, 0, 0, false },   { 32, 64, 32, 0, true },
		{ 64, 96, 96, 0, false },  { 64, 160, 64, 0, true },
		{ 64, 160, 96, 0, false }, { 0, 32, 0, 0xffffffffu, false },
	};
	struct pair p;
	uint32_t at;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		pair_start_at(&p, v[i].old_write, HVP_RING_GUEST);
		for (at = v[i].old_write; at < v[i].new_write; at += 32)
			ck_assert_int_eq(pair_put(&p, 8, 1), HVP_OK);
		control_set(p.control, CONTROL_READ, v[i].read);
		control_set(p.control, CONTROL_MASK, v[i].mask);
		ck_assert_int_eq(hvp_ring_tx_commit(&p.tx), v[i].signal);
		ck_assert_uint_eq(p.tx.stats.signals, v[i].signal);
		ck_assert_uint_eq(control_get(p.control, CONTROL_WRITE), v[i].new_write);
		pair_close(&p);
	}
}
END_TEST

struct read_vector {
	uint32_t pending, before, after;
	bool signal;
};

/*
 * Free space goes from @before to @after: one packet is taken from a ring that holds others.
 * A full ring is not made by our writer, so the indices are the peer's own.
 */
static bool take_one(uint32_t pending, uint32_t before, uint32_t after, uint32_t mask,
		     enum hvp_ring_side side, bool feature)
{
	uint32_t total = after - before;
	bool signal;
	struct pair p;

	pair_open(&p, 1, false, side);
	control_set(p.control, CONTROL_FEATURES, feature);
	ck_assert_int_eq(hvp_ring_rx_attach(&p.rx, &p.mem, side), HVP_OK);
	pair_raw(&p, 0, 6, 2, (uint16_t)((total - 8) / 8), 0);
	control_set(p.control, CONTROL_WRITE, 4088 - before);
	control_set(p.control, CONTROL_PENDING, pending);
	control_set(p.control, CONTROL_MASK, mask);
	pair_take(&p);
	signal = hvp_ring_rx_commit(&p.rx);
	ck_assert_uint_eq(control_get(p.control, CONTROL_READ), total);
	ck_assert_uint_eq(p.rx.stats.signals, signal);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	pair_close(&p);
	return signal;
}

/* CORE-REQ-043, CORE-REQ-046, BUG-004: bytes that are free, not bytes that wait. */
START_TEST(reader_signals_exactly_when_free_space_crosses_what_the_writer_waits_for)
{
	static const struct read_vector v[] = {
		{ 0, 0, 4088, false },
		{ 256, 232, 256, true },
		{ 256, 256, 512, false },
		{ 256, 0, 248, false },
		{ 4095, 4000, 4088, true },
		{ 4095, 4056, 4088, true },
		{ 8, 0, 32, true },
		{ 4096, 800, 4088, false },
		{ 7, 0, 4088, false },
		{ 263, 232, 256, true },
		{ 264, 232, 256, false },
		{ 264, 240, 264, true },
		{ 0xffffffffu, 0, 4088, false },
		{ 4088, 0, 4088, true },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		ck_assert_int_eq(
			take_one(v[i].pending, v[i].before, v[i].after, 0, HVP_RING_GUEST, true),
			v[i].signal);
		/* BUG-002: our own interrupt_mask has nothing to do with it. */
		ck_assert_int_eq(
			take_one(v[i].pending, v[i].before, v[i].after, 1, HVP_RING_GUEST, true),
			v[i].signal);
		ck_assert_int_eq(
			take_one(v[i].pending, v[i].before, v[i].after, 1, HVP_RING_HOST, true),
			v[i].signal);
	}
}
END_TEST

/* Chapter 10 section 3.1, BUG-010 */
START_TEST(without_the_feature_bit_a_guest_never_signals_and_a_host_always)
{
	ck_assert(!take_one(256, 232, 256, 0, HVP_RING_GUEST, false));
	ck_assert(!take_one(0, 232, 256, 0, HVP_RING_GUEST, false));
	ck_assert(take_one(256, 232, 256, 0, HVP_RING_HOST, false));
	ck_assert(take_one(0, 232, 256, 1, HVP_RING_HOST, false));
}
END_TEST

START_TEST(a_commit_of_nothing_signals_nobody)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_HOST);
	control_set(p.control, CONTROL_FEATURES, 0);
	ck_assert_int_eq(hvp_ring_rx_attach(&p.rx, &p.mem, HVP_RING_HOST), HVP_OK);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert(!hvp_ring_tx_commit(&p.tx));
	pair_close(&p);
}
END_TEST

static void break_write_index(void)
{
	control_set(peer->control, CONTROL_WRITE, 0xfffffffcu);
}

START_TEST(a_write_index_that_turns_bad_in_a_commit_costs_only_its_own_signal)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	pair_send(&p, 3800);
	control_set(p.control, CONTROL_PENDING, 1024);
	pair_take(&p);
	at_fence = break_write_index;
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
	pair_close(&p);
}
END_TEST

/* BUG-007: long before the drain ends. */
START_TEST(reader_signals_at_the_commit_that_made_the_room)
{
	uint32_t signals = 0;
	uint32_t at = 0;
	uint32_t i;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	while (pair_put(&p, 8, 1) == HVP_OK)
		;
	ck_assert(hvp_ring_tx_commit(&p.tx));
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 32), HVP_AGAIN);
	for (i = 1; i <= 127; i++) {
		pair_take(&p);
		if (hvp_ring_rx_commit(&p.rx)) {
			signals++;
			at = i;
		}
	}
	/* 24 bytes were free; a quarter of the ring is asked for: 1000 more, 32 at a time. */
	ck_assert_uint_eq(signals, 1);
	ck_assert_uint_eq(at, 32);
	pair_close(&p);
}
END_TEST

/* BUG-005: a reader that keeps up, and one that lags, get the protocol's minimum. */
START_TEST(no_signal_is_spurious_in_steady_state)
{
	struct hvp_ring_packet packet;
	uint32_t i;
	uint32_t j;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	for (i = 0; i < 1000; i++) {
		must(pair_send(&p, 16));
		hvp_ring_rx_mask(&p.rx);
		for (j = 0; j < 5; j++) {
			must(!pair_send(&p, 16));
			pair_take(&p);
			must(!hvp_ring_rx_commit(&p.rx));
		}
		pair_take(&p);
		must(pair_next(&p, &packet) == HVP_AGAIN);
		must(!hvp_ring_rx_commit(&p.rx));
		must(!hvp_ring_rx_unmask(&p.rx));
	}
	must(p.tx.stats.signals == 1000);
	must(p.rx.stats.signals == 0);
	pair_close(&p);
}
END_TEST

/* --- waiting for space --- */

/* CORE-REQ-045 and section 3.7.3 */
START_TEST(a_wait_asks_for_the_packet_or_a_quarter_of_the_ring)
{
	static const uint32_t totals[][2] = {
		{ 24, 1024 },
		{ 1024, 1024 },
		{ 1032, 1032 },
		{ 4080, 4080 },
	};
	struct pair p;
	size_t i;

	for (i = 0; i < 4; i++) {
		pair_open(&p, 1, false, HVP_RING_GUEST);
		pair_send(&p, 4056);
		ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, totals[i][0]), HVP_AGAIN);
		ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), totals[i][1]);
		ck_assert_uint_eq(p.tx.stats.waits, 1);
		/* The reader makes room and is told to signal; the retry succeeds and clears. */
		pair_take(&p);
		ck_assert(hvp_ring_rx_commit(&p.rx));
		ck_assert_int_eq(pair_put(&p, totals[i][0] - 24, 1), HVP_OK);
		ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), totals[i][1]);
		ck_assert(hvp_ring_tx_commit(&p.tx));
		ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 0);
		pair_close(&p);
	}
}
END_TEST

START_TEST(a_refused_put_arms_nothing_by_itself)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 4056);
	ck_assert_int_eq(pair_put(&p, 0, 0), HVP_AGAIN);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 0);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 0), HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 25), HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 4088), HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 0xfffffff8u), HVP_ARG);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 0);
	pair_close(&p);
}
END_TEST

START_TEST(a_wait_counts_what_is_put_and_not_yet_committed)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 0);
	ck_assert_int_eq(pair_put(&p, 3000, 0), HVP_OK);
	/* The reader cannot see 3024 bytes of ours: room for 1064 behind them is all there is. */
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 1072), HVP_ARG);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 1064), HVP_AGAIN);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 4088);
	pair_close(&p);
	/* A quarter of the ring does not fit behind what was put: all of it is asked for. */
	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 900);
	ck_assert_int_eq(pair_put(&p, 3100, 0), HVP_OK);
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 40), HVP_AGAIN);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 4088);
	pair_close(&p);
}
END_TEST

static void drain_all(void)
{
	control_set(peer->control, CONTROL_READ, control_get(peer->control, CONTROL_WRITE));
}

/* BUG-001: the reader frees everything between "no room" and our wish. */
START_TEST(a_wait_sees_room_that_was_made_before_the_wish_was_visible)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	pair_send(&p, 4000);
	ck_assert_int_eq(pair_put(&p, 512, 0), HVP_AGAIN);
	at_fence = drain_all;
	ck_assert_int_eq(hvp_ring_tx_wait(&p.tx, 536), HVP_OK);
	ck_assert_uint_eq(control_get(p.control, CONTROL_PENDING), 0);
	ck_assert_int_eq(pair_put(&p, 512, 0), HVP_OK);
	pair_close(&p);
}
END_TEST

static void wish_for_room(void)
{
	control_set(peer->control, CONTROL_PENDING, 1024);
}

/* CORE-REQ-044, BUG-002 */
START_TEST(a_commit_sees_a_wish_that_came_before_its_index_was_visible)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	pair_send(&p, 4000);
	pair_take(&p);
	at_fence = wish_for_room;
	ck_assert(hvp_ring_rx_commit(&p.rx));
	pair_close(&p);
}
END_TEST

START_TEST(a_sender_knows_whether_the_peer_promised_to_wake_it)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	ck_assert(!hvp_ring_tx_peer_wakes(&p.tx));
	control_set(p.other, CONTROL_FEATURES, 0xfffffffeu);
	ck_assert(!hvp_ring_tx_peer_wakes(&p.tx));
	control_set(p.other, CONTROL_FEATURES, 0xffffffffu);
	ck_assert(hvp_ring_tx_peer_wakes(&p.tx));
	ck_assert_int_eq(hvp_ring_tx_init(&p.tx, &p.mem, NULL), HVP_OK);
	ck_assert(!hvp_ring_tx_peer_wakes(&p.tx));
	pair_close(&p);
}
END_TEST

/* --- masking --- */

static void unmask_store(void)
{
	control_set(peer->control, CONTROL_MASK, 0);
}

/* CORE-REQ-041: the reader unmasks and looks before our index is visible. */
START_TEST(a_writer_looks_at_the_mask_after_its_index_is_visible)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	hvp_ring_rx_mask(&p.rx);
	ck_assert_uint_eq(control_get(p.control, CONTROL_MASK), 1);
	at_fence = unmask_store;
	ck_assert(pair_send(&p, 8));
	pair_close(&p);
}
END_TEST

static void send_now(void)
{
	ck_assert(pair_send(peer, 8));
}

/* CORE-REQ-042, BUG-008 */
START_TEST(unmask_sees_a_packet_that_came_before_the_mask_was_visible)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	hvp_ring_rx_mask(&p.rx);
	at_fence = send_now;
	ck_assert(hvp_ring_rx_unmask(&p.rx));
	ck_assert_uint_eq(control_get(p.control, CONTROL_MASK), 1);
	pair_take(&p);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert(!hvp_ring_rx_unmask(&p.rx));
	ck_assert_uint_eq(control_get(p.control, CONTROL_MASK), 0);
	/* A spurious signal finds nothing and harms nothing: CORE-REQ-048. */
	ck_assert(!hvp_ring_rx_unmask(&p.rx));
	pair_close(&p);
}
END_TEST

/* CORE-SEC-53: a bounded drain leaves packets behind. */
START_TEST(unmask_does_not_let_a_reader_sleep_on_packets_it_left)
{
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	pair_send(&p, 8);
	pair_send(&p, 8);
	pair_take(&p);
	ck_assert(!hvp_ring_rx_commit(&p.rx));
	ck_assert(hvp_ring_rx_unmask(&p.rx));
	control_set(p.control, CONTROL_WRITE, 32);
	ck_assert(hvp_ring_rx_unmask(&p.rx));
	pair_close(&p);
}
END_TEST

START_TEST(unmask_leaves_an_impossible_index_for_the_next_read)
{
	struct hvp_ring_packet packet;
	struct pair p;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	control_set(p.control, CONTROL_WRITE, 77);
	ck_assert(hvp_ring_rx_unmask(&p.rx));
	ck_assert_int_eq(pair_next(&p, &packet), HVP_CORRUPT);
	ck_assert(!hvp_ring_rx_unmask(&p.rx));
	pair_close(&p);
}
END_TEST

/* --- one fetch --- */

static uint8_t loads_of_data[3 * 4096];
static uint32_t loads_of_control[1024];

/* Counts loads of each shared byte and spoils it for whoever comes back. */
static void count_and_spoil(const volatile void *at, size_t size)
{
	uintptr_t p = (uintptr_t)at;
	uintptr_t page;
	uint32_t i;
	uint32_t j;

	if (p - (uintptr_t)peer->control < 4096)
		loads_of_control[(p - (uintptr_t)peer->control) / 4]++;
	for (i = 0; i < peer->mem.size; i += 4096) {
		page = (uintptr_t)pair_byte(peer, i);
		for (j = 0; j < size; j++) {
			if (p + j - page >= 4096)
				continue;
			loads_of_data[i + (p + j - page)]++;
			*pair_byte(peer, i + (uint32_t)(p + j - page)) ^= 0xff;
		}
	}
}

/* CORE-REQ-052, CORE-SEC-15, CORE-SEC-19: at every offset, whole or across a break. */
START_TEST(each_byte_of_a_packet_is_loaded_exactly_once)
{
	struct hvp_ring_packet packet;
	struct pair p;
	uint32_t at;
	uint32_t i;

	pair_open(&p, (uint32_t)_i % 2 + 1, _i / 2 != 0, HVP_RING_GUEST);
	peer = &p;
	for (at = p.mem.size - 4096; at < p.mem.size; at += 8) {
		pair_start_at(&p, at, HVP_RING_GUEST);
		pair_send(&p, 100);
		memset(loads_of_data, 0, sizeof(loads_of_data));
		memset(loads_of_control, 0, sizeof(loads_of_control));
		at_load = count_and_spoil;
		packet = pair_take(&p);
		unhook();
		must(packet.size == 120);
		must(hvp_get_u32(packet.bytes) == 0x00020006);
		must(hvp_get_u32(packet.bytes + 4) == 15);
		for (i = 16; i < 116; i++)
			must(packet.bytes[i] == 0x5a);
		must(loads_of_control[CONTROL_WRITE] == 1);
		must(loads_of_control[CONTROL_READ] == 0);
		for (i = 0; i < 128; i++)
			must(loads_of_data[(at + i) % p.mem.size] == (i < 120));
	}
	pair_close(&p);
}
END_TEST

/* The peer's line is touched only when what is known is used up. */
START_TEST(indices_of_the_peer_are_loaded_only_when_they_are_needed)
{
	struct pair p;
	uint32_t i;

	pair_open(&p, 1, false, HVP_RING_GUEST);
	peer = &p;
	memset(loads_of_control, 0, sizeof(loads_of_control));
	at_load = count_and_spoil;
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(pair_put(&p, 8, 1), HVP_OK);
	ck_assert_uint_eq(loads_of_control[CONTROL_READ], 0);
	ck_assert_uint_eq(loads_of_control[CONTROL_MASK], 0);
	ck_assert(hvp_ring_tx_commit(&p.tx));
	ck_assert_uint_eq(loads_of_control[CONTROL_READ], 1);
	ck_assert_uint_eq(loads_of_control[CONTROL_MASK], 1);
	unhook();
	for (i = 0; i < 50; i++) {
		at_load = i == 0 ? NULL : count_and_spoil;
		pair_take(&p);
	}
	unhook();
	ck_assert_uint_eq(loads_of_control[CONTROL_WRITE], 0);
	pair_close(&p);
}
END_TEST

static uint32_t random_state;

static uint32_t random_u32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

/* --- interleavings of the real code: CORE-REQ-049 --- */

struct party {
	bool asleep;
	bool signalled;
	bool busy; /* its code is on the stack */
};

static struct party writer;
static struct party reader;
static uint32_t to_send;
static uint32_t received;
static uint32_t wanted; /* the size the writer sleeps on */

static void signal_to(struct party *who)
{
	who->signalled = true;
}

static bool runnable(struct party *who)
{
	if (who->busy)
		return false;
	if (who->asleep && who->signalled)
		who->asleep = false;
	who->signalled = who->signalled && who->asleep;
	return !who->asleep;
}

static void writer_step(void)
{
	enum hvp_status status;

	if (!runnable(&writer) || (to_send == 0 && wanted == 0))
		return;
	writer.busy = true;
	if (wanted == 0) {
		wanted = 24 + random_u32() % 16 * (random_u32() % 8 == 0 ? 240 : 8);
		to_send--;
	}
	status = pair_put(peer, wanted - 24, (uint8_t)to_send);
	if (status == HVP_AGAIN) {
		status = hvp_ring_tx_wait(&peer->tx, wanted);
		writer.asleep = status == HVP_AGAIN;
	} else {
		wanted = 0;
		if (hvp_ring_tx_commit(&peer->tx))
			signal_to(&reader);
	}
	must(status == HVP_OK || status == HVP_AGAIN);
	writer.busy = false;
}

static void reader_step(void)
{
	struct hvp_ring_packet packet;
	enum hvp_status status = HVP_OK;
	uint32_t budget = random_u32() % 4;

	if (!runnable(&reader))
		return;
	reader.busy = true;
	if (random_u32() % 2 == 0)
		hvp_ring_rx_mask(&peer->rx);
	while (budget-- > 0 && status == HVP_OK) {
		status = pair_next(peer, &packet);
		received += status == HVP_OK;
	}
	must(status == HVP_OK || status == HVP_AGAIN);
	if (hvp_ring_rx_commit(&peer->rx))
		signal_to(&writer);
	if (status == HVP_AGAIN)
		reader.asleep = !hvp_ring_rx_unmask(&peer->rx);
	reader.busy = false;
}

static void other_acts(void)
{
	if (random_u32() % 3 != 0)
		return;
	at_fence = NULL;
	if (writer.busy)
		reader_step();
	else
		writer_step();
}

static void other_acts_at_load(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
	if (writer.busy != reader.busy)
		other_acts();
}

#define PACKETS 250000u /* a run; each takes a step of the writer and one of the reader */

START_TEST(no_wake_up_is_lost_in_a_million_random_interleavings)
{
	struct pair p;
	uint32_t i;

	pair_open(&p, 1, _i % 2 != 0, HVP_RING_GUEST);
	peer = &p;
	random_state = 0x9e3779b9u + (uint32_t)_i;
	memset(&writer, 0, sizeof(writer));
	memset(&reader, 0, sizeof(reader));
	to_send = PACKETS;
	received = 0;
	wanted = 0;
	for (i = 0; to_send > 0 || wanted > 0 || received < PACKETS; i++) {
		bool can_write = (to_send > 0 || wanted > 0) && runnable(&writer);

		ck_assert_msg(can_write || runnable(&reader), "both sleep with work left, step %u",
			      i);
		at_load = other_acts_at_load;
		at_fence = other_acts;
		if (random_u32() % 2 == 0)
			writer_step();
		else
			reader_step();
		unhook();
	}
	must(received == PACKETS);
	must(control_get(p.control, CONTROL_READ) == control_get(p.control, CONTROL_WRITE));
	pair_close(&p);
}
END_TEST

/* Hostile writes between any two loads: nothing but a status comes of it. */
static void scribble(const volatile void *at, size_t size)
{
	uint32_t r = random_u32();

	(void)at;
	(void)size;
	if (r % 4 == 0)
		control_set(peer->control, r / 4 % 4, random_u32() % (2 * peer->mem.size) & ~7u);
	if (r % 4 == 1)
		*pair_byte(peer, random_u32()) = (uint8_t)random_u32();
}

START_TEST(a_peer_that_scribbles_between_loads_gets_statuses_and_nothing_else)
{
	struct hvp_ring_packet packet;
	enum hvp_status status;
	struct pair p;
	uint32_t round;
	uint32_t i;

	random_state = 12345;
	for (round = 0; round < 2000; round++) {
		pair_open(&p, 1, round % 2 != 0, HVP_RING_GUEST);
		peer = &p;
		at_load = scribble;
		for (i = 0; i < 20; i++) {
			status = pair_put(&p, random_u32() % 500, 1);
			must(status == HVP_OK || status == HVP_AGAIN || status == HVP_CORRUPT);
			if (hvp_ring_tx_commit(&p.tx))
				status = hvp_ring_tx_wait(&p.tx, 512);
			status = pair_next(&p, &packet);
			if (status == HVP_OK) {
				must(packet.size <= p.cap);
				must(packet.data_offset <= packet.size);
			}
			if (hvp_ring_rx_commit(&p.rx))
				must(status != HVP_CORRUPT || p.rx.corrupt);
			must(!hvp_ring_rx_unmask(&p.rx) || !p.rx.corrupt);
		}
		unhook();
		pair_close(&p);
	}
}
END_TEST

static void add_signals(TCase *t)
{
	tcase_add_test(t, writer_signals_only_a_reader_that_can_be_asleep);
	tcase_add_test(t, reader_signals_exactly_when_free_space_crosses_what_the_writer_waits_for);
	tcase_add_test(t, without_the_feature_bit_a_guest_never_signals_and_a_host_always);
	tcase_add_test(t, a_commit_of_nothing_signals_nobody);
	tcase_add_test(t, a_write_index_that_turns_bad_in_a_commit_costs_only_its_own_signal);
	tcase_add_test(t, reader_signals_at_the_commit_that_made_the_room);
	tcase_add_test(t, no_signal_is_spurious_in_steady_state);
}

static void add_waits(TCase *t)
{
	tcase_add_test(t, a_wait_asks_for_the_packet_or_a_quarter_of_the_ring);
	tcase_add_test(t, a_refused_put_arms_nothing_by_itself);
	tcase_add_test(t, a_wait_counts_what_is_put_and_not_yet_committed);
	tcase_add_test(t, a_wait_sees_room_that_was_made_before_the_wish_was_visible);
	tcase_add_test(t, a_commit_sees_a_wish_that_came_before_its_index_was_visible);
	tcase_add_test(t, a_sender_knows_whether_the_peer_promised_to_wake_it);
	tcase_add_test(t, a_writer_looks_at_the_mask_after_its_index_is_visible);
	tcase_add_test(t, unmask_sees_a_packet_that_came_before_the_mask_was_visible);
	tcase_add_test(t, unmask_does_not_let_a_reader_sleep_on_packets_it_left);
	tcase_add_test(t, unmask_leaves_an_impossible_index_for_the_next_read);
}

int main(void)
{
	Suite *s = suite_create("ring flow");
	TCase *t = tcase_create("ring flow");

	tcase_add_checked_fixture(t, NULL, unhook);
	tcase_set_timeout(t, 60);
	add_signals(t);
	add_waits(t);
	tcase_add_loop_test(t, each_byte_of_a_packet_is_loaded_exactly_once, 0, 4);
	tcase_add_test(t, indices_of_the_peer_are_loaded_only_when_they_are_needed);
	tcase_add_loop_test(t, no_wake_up_is_lost_in_a_million_random_interleavings, 0, 2);
	tcase_add_test(t, a_peer_that_scribbles_between_loads_gets_statuses_and_nothing_else);
	suite_add_tcase(s, t);
	return run_suite(s);
}
