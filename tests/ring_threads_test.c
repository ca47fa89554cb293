/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads on one ring, as two processors: for the thread sanitizer. Signals are counters
 * that the sleeper watches; a lost one shows as a time-out of the test.
 */
#include <pthread.h>
#include <sched.h>

#include "ring_pair.h"

#define PACKETS 20000u
#define BATCH 7u

struct shared {
	struct pair pair;
	uint32_t to_writer; /* signals given, both */
	uint32_t to_reader;
};

static void give(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELEASE);
}

static void sleep_until_given(uint32_t *counter, uint32_t *seen)
{
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) == *seen)
		sched_yield();
	*seen = __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static uint32_t size_of(uint32_t n)
{
	return n * 37u % 700u + 4u;
}

static void *writer_main(void *arg)
{
	struct shared *s = arg;
	struct hvp_ring_tx *tx = &s->pair.tx;
	uint8_t payload[704];
	struct hvp_ring_out out;
	enum hvp_status status;
	uint32_t seen = 0;
	uint32_t n = 0;

	while (n < PACKETS) {
		memset(payload, (int)(n & 0xff), sizeof(payload));
		out = hvp_ring_request(n + 1, payload, size_of(n));
		status = hvp_ring_tx_put(tx, &out);
		n += status == HVP_OK;
		if ((status == HVP_AGAIN || n % BATCH == 0 || n == PACKETS) &&
		    hvp_ring_tx_commit(tx))
			give(&s->to_reader);
		if (status == HVP_AGAIN &&
		    hvp_ring_tx_wait(tx, hvp_ring_packet_total(0, size_of(n))) == HVP_AGAIN)
			sleep_until_given(&s->to_writer, &seen);
	}
	return NULL;
}

static bool packet_is_right(const struct hvp_ring_packet *packet, uint32_t n)
{
	struct hvp_rd r = hvp_ring_payload(packet);
	uint32_t i;

	if (packet->transaction_id != n + 1 || r.len != (size_of(n) + 7u) / 8u * 8u)
		return false;
	for (i = 0; i < r.len; i++)
		if (r.p[i] != (i < size_of(n) ? (n & 0xff) : 0))
			return false;
	return true;
}

static uint32_t read_all(struct shared *s, bool masks)
{
	struct hvp_ring_packet packet;
	struct hvp_ring_rx *rx = &s->pair.rx;
	uint32_t seen = 0;
	uint32_t n = 0;

	while (n < PACKETS) {
		if (masks)
			hvp_ring_rx_mask(rx);
		while (pair_next(&s->pair, &packet) == HVP_OK) {
			if (!packet_is_right(&packet, n))
				return n;
			n++;
			if (n % 3 == 0 && hvp_ring_rx_commit(rx))
				give(&s->to_writer);
		}
		if (hvp_ring_rx_commit(rx))
			give(&s->to_writer);
		if (!hvp_ring_rx_unmask(rx) && n < PACKETS)
			sleep_until_given(&s->to_reader, &seen);
	}
	return n;
}

START_TEST(two_threads_pass_every_packet_and_lose_no_signal)
{
	struct shared *s = calloc(1, sizeof(*s));
	pthread_t thread;

	ck_assert_ptr_nonnull(s);
	pair_open(&s->pair, (uint32_t)_i % 2 + 1, _i / 2 % 2 != 0, HVP_RING_GUEST);
	ck_assert_int_eq(pthread_create(&thread, NULL, writer_main, s), 0);
	ck_assert_uint_eq(read_all(s, _i / 4 != 0), PACKETS);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(s->pair.rx.stats.packets, PACKETS);
	ck_assert_uint_eq(s->pair.tx.stats.packets, PACKETS);
	ck_assert_uint_eq(s->pair.rx.stats.bytes, s->pair.tx.stats.bytes);
	/* What is signalled is seldom: a reader that keeps up needs one a batch at most. */
	ck_assert_uint_le(s->to_reader, PACKETS);
	pair_close(&s->pair);
	free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring threads");
	TCase *t = tcase_create("ring threads");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, two_threads_pass_every_packet_and_lose_no_signal, 0, 8);
	suite_add_tcase(s, t);
	return run_suite(s);
}
