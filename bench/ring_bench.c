/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet costs: our ring, DPDK's ring and a plain memcpy of the same bytes.
 *
 * The three are measured in turn in each run, in one thread and by its CPU time; a ratio is
 * the median over the runs of the ratios within one run. Absolute times are for orientation.
 */
#define _GNU_SOURCE
#include "dpdk_ring.h"
#include "timing.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/ring.h>

#define RING_SIZE (256u * 1024u)
#define PACKET_MAX (8192u + 64u)
#define BATCH 32u
#define LEAD 48u /* puts what follows a descriptor on a cache line, as DPDK's payload is */
#define RUNS_MAX 1001
#define COPY_BOUND 1.1 /* this many times a memcpy or less: only the copy is left, for anybody */
#define PACKETS 16384u /* of one measurement of small packets */

static const uint32_t sizes[] = { 16, 64, 256, 1024, 8192 };

#define SIZE_COUNT (sizeof(sizes) / sizeof(sizes[0]))

/*
 * The memory that all three are measured in: a ring with both ends and two buffers. With memory
 * of its own each, what a large copy costs depends on whose pages collide in the caches.
 */
struct lane {
	uint8_t *ring; /* control page and data */
	struct hvp_ring_mem mem;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	struct dpdk_ring *dpdk;
	_Alignas(64) uint8_t payload[PACKET_MAX];
	_Alignas(64) uint8_t got[PACKET_MAX + LEAD];
	uint32_t size; /* payload */
	uint32_t total; /* ring bytes of a packet */
	uint32_t at; /* memcpy: place in the ring */
	uint64_t signals; /* keeps results alive */
};

/* Send or take @n packets; @n fits the ring. */
typedef void (*op_fn)(struct lane *lane, uint32_t n);

static void die(const char *what)
{
	fprintf(stderr, "ring_bench: %s\n", what);
	exit(2);
}

static void hvp_send(struct lane *lane, uint32_t n)
{
	struct hvp_ring_out out;
	bool signal;

	while (n-- > 0) {
		out = hvp_ring_inband(lane->payload, lane->size);
		if (hvp_ring_tx_send(&lane->tx, &out, &signal) != HVP_OK)
			die("send failed");
		lane->signals += signal;
	}
}

static void hvp_send_batched(struct lane *lane, uint32_t n)
{
	struct hvp_ring_out out = hvp_ring_inband(lane->payload, lane->size);
	uint32_t i;

	while (n > 0) {
		for (i = 0; i < BATCH && i < n; i++)
			if (hvp_ring_tx_put(&lane->tx, &out) != HVP_OK)
				die("put failed");
		lane->signals += hvp_ring_tx_commit(&lane->tx);
		n -= i;
	}
}

static void hvp_recv(struct lane *lane, uint32_t n)
{
	struct hvp_ring_packet packet;

	while (n-- > 0) {
		if (hvp_ring_rx_next(&lane->rx, lane->got + LEAD, PACKET_MAX, &packet) != HVP_OK)
			die("receive failed");
		lane->signals += hvp_ring_rx_commit(&lane->rx);
	}
}

static void hvp_recv_batched(struct lane *lane, uint32_t n)
{
	struct hvp_ring_packet packet;
	uint32_t i;

	while (n > 0) {
		for (i = 0; i < BATCH && i < n; i++)
			if (hvp_ring_rx_next(&lane->rx, lane->got + LEAD, PACKET_MAX, &packet) !=
			    HVP_OK)
				die("receive failed");
		lane->signals += hvp_ring_rx_commit(&lane->rx);
		n -= i;
	}
}

static void hvp_both(struct lane *lane, uint32_t n)
{
	while (n-- > 0) {
		hvp_send(lane, 1);
		hvp_recv(lane, 1);
	}
}

static void dpdk_send(struct lane *lane, uint32_t n)
{
	bool signal;

	while (n-- > 0) {
		signal = false;
		if (lane->dpdk->send(lane->dpdk->chan, 6, lane->payload, lane->size, 0, 0,
				     &signal) != 0)
			die("DPDK's send failed");
		lane->signals += signal;
	}
}

static void dpdk_recv(struct lane *lane, uint32_t n)
{
	uint32_t size;
	uint64_t id;

	while (n-- > 0) {
		size = sizeof(lane->got);
		if (lane->dpdk->recv(lane->dpdk->chan, lane->got, &size, &id) != 0)
			die("DPDK's receive failed");
		lane->signals += id;
	}
}

static void dpdk_recv_raw(struct lane *lane, uint32_t n)
{
	uint32_t bytes = 0;
	uint32_t size;
	uint32_t i;
	int got;

	while (n > 0) {
		for (i = 0; i < BATCH && i < n; i++) {
			size = sizeof(lane->got);
			got = lane->dpdk->recv_raw(lane->dpdk->chan, lane->got, &size);
			if (got <= 0)
				die("DPDK's raw receive failed");
			bytes += (uint32_t)got;
		}
		lane->dpdk->signal_read(lane->dpdk->chan, bytes);
		bytes = 0;
		n -= i;
	}
}

static void dpdk_both(struct lane *lane, uint32_t n)
{
	uint32_t size;
	int got;

	while (n-- > 0) {
		dpdk_send(lane, 1);
		size = sizeof(lane->got);
		got = lane->dpdk->recv_raw(lane->dpdk->chan, lane->got, &size);
		if (got <= 0)
			die("DPDK's raw receive failed");
		lane->dpdk->signal_read(lane->dpdk->chan, (uint32_t)got);
	}
}

static uint8_t *memcpy_place(struct lane *lane)
{
	uint8_t *p;

	if (lane->at + lane->size > RING_SIZE)
		lane->at = 0;
	p = lane->mem.base + lane->at;
	lane->at += lane->total;
	return p;
}

static void memcpy_in(struct lane *lane, uint32_t n)
{
	while (n-- > 0)
		memcpy(memcpy_place(lane), lane->payload, lane->size);
}

static void memcpy_out(struct lane *lane, uint32_t n)
{
	while (n-- > 0)
		memcpy(lane->got, memcpy_place(lane), lane->size);
}

static void memcpy_both(struct lane *lane, uint32_t n)
{
	uint8_t *p;

	while (n-- > 0) {
		p = memcpy_place(lane);
		memcpy(p, lane->payload, lane->size);
		memcpy(lane->got, p, lane->size);
	}
}

/* What is timed in each lane, and what must be done before and after it, untimed. */
struct op {
	const char *name;
	op_fn ours, ours_before, ours_after;
	op_fn dpdk, dpdk_before, dpdk_after;
	op_fn copy;
	double copy_mark; /* we may cost this many times a memcpy */
};

static const struct op ops[] = {
	{ "send", hvp_send, NULL, hvp_recv_batched, dpdk_send, NULL, dpdk_recv_raw, memcpy_in,
	  2.0 },
	{ "send-batched", hvp_send_batched, NULL, hvp_recv_batched, dpdk_send, NULL, dpdk_recv_raw,
	  memcpy_in, 1.3 },
	{ "recv", hvp_recv, hvp_send_batched, NULL, dpdk_recv, dpdk_send, NULL, memcpy_out, 2.0 },
	{ "recv-batched", hvp_recv_batched, hvp_send_batched, NULL, dpdk_recv_raw, dpdk_send, NULL,
	  memcpy_out, 1.3 },
	{ "send+recv", hvp_both, NULL, NULL, dpdk_both, NULL, NULL, memcpy_both, 2.0 },
};

#define OP_COUNT (sizeof(ops) / sizeof(ops[0]))

static void lane_begin(struct lane *lane, uint32_t size)
{
	lane->size = size;
	lane->total = hvp_ring_packet_total(0, size);
	lane->at = 0;
	if (hvp_ring_tx_init(&lane->tx, &lane->mem, lane->ring) != HVP_OK ||
	    hvp_ring_rx_attach(&lane->rx, &lane->mem, HVP_RING_GUEST) != HVP_OK)
		die("no ring");
	if (lane->dpdk && lane->dpdk->ready)
		dpdk_ring_attach(lane->dpdk, lane->ring, RING_SIZE);
}

static struct lane *lane_new(struct dpdk_ring *dpdk)
{
	struct lane *lane = aligned_alloc(4096, (sizeof(*lane) + 4095) / 4096 * 4096);

	if (!lane)
		die("no memory");
	memset(lane, 0, sizeof(*lane));
	lane->ring = aligned_alloc(4096, 4096 + RING_SIZE);
	if (!lane->ring)
		die("no memory");
	memset(lane->ring, 0, 4096 + RING_SIZE);
	memset(lane->payload, 0x5a, sizeof(lane->payload));
	lane->mem.control = lane->ring;
	lane->mem.base = lane->ring + 4096;
	lane->mem.size = RING_SIZE;
	lane->dpdk = dpdk;
	return lane;
}

static void lane_free(struct lane *lane)
{
	free(lane->ring);
	free(lane);
}

static double clock_cost;

/* Nanoseconds of thread CPU time a packet. */
static double measure(struct lane *lane, op_fn before, op_fn timed, op_fn after)
{
	uint32_t fill = (RING_SIZE - 4096u) / lane->total;
	uint32_t left = PACKETS / (lane->size > 1024 ? 8 : 1);
	uint32_t done = 0;
	double sum = 0;
	double begin;

	lane_begin(lane, lane->size);
	if (fill > 512)
		fill = 512;
	while (done < left) {
		if (before)
			before(lane, fill);
		begin = timing_now();
		timed(lane, fill);
		sum += timing_now() - begin - clock_cost;
		if (after)
			after(lane, fill);
		done += fill;
	}
	return sum / done;
}

struct result {
	double ours, dpdk, copy; /* median nanoseconds */
	double to_dpdk, to_copy; /* median ratio */
};

static struct result compare(const struct op *op, uint32_t size, struct lane *lane, int runs)
{
	static double ns[3][RUNS_MAX], to_dpdk[RUNS_MAX], to_copy[RUNS_MAX];
	struct result r = { 0, 0, 0, 0, 0 };
	int i;

	lane_begin(lane, size);
	for (i = -1; i < runs; i++) {
		int at = i < 0 ? 0 : i; /* the first run warms up */

		ns[0][at] = measure(lane, op->ours_before, op->ours, op->ours_after);
		ns[1][at] = measure(lane, NULL, op->copy, NULL);
		to_copy[at] = ns[0][at] / ns[1][at];
		if (!lane->dpdk->ready)
			continue;
		ns[2][at] = measure(lane, op->dpdk_before, op->dpdk, op->dpdk_after);
		to_dpdk[at] = ns[0][at] / ns[2][at];
	}
	r.ours = timing_median(ns[0], runs);
	r.copy = timing_median(ns[1], runs);
	r.to_copy = timing_median(to_copy, runs);
	if (lane->dpdk->ready) {
		r.dpdk = timing_median(ns[2], runs);
		r.to_dpdk = timing_median(to_dpdk, runs);
	}
	return r;
}

static const char *verdict(const struct result *r)
{
	if (r->to_dpdk == 0)
		return "-";
	if (r->to_dpdk < 1)
		return "faster";
	return r->to_copy <= COPY_BOUND ? "copy" : "SLOWER";
}

static void print_row(const struct op *op, uint32_t size, const struct result *r, bool json,
		      bool first)
{
	const char *dpdk = verdict(r);
	const char *copy = r->to_copy <= op->copy_mark ? "within" : "above";

	if (json)
		printf("%s\n  {\"op\":\"%s\",\"size\":%u,\"ns\":%.2f,\"dpdk_ns\":%.2f,"
		       "\"memcpy_ns\":%.2f,\"to_dpdk\":%.3f,\"to_memcpy\":%.3f,"
		       "\"memcpy_mark\":%.1f}",
		       first ? "" : ",", op->name, size, r->ours, r->dpdk, r->copy, r->to_dpdk,
		       r->to_copy, op->copy_mark);
	else
		printf("%-13s %5u %8.1f %8.1f %8.1f   %5.2f %-6s  %5.2f %s %.1f\n", op->name, size,
		       r->ours, r->dpdk, r->copy, r->to_dpdk, dpdk, r->to_copy, copy,
		       op->copy_mark);
}

/* Returns how many rows are slower than DPDK. */
static int run_all(int runs, bool json, uint32_t only_size)
{
	struct dpdk_ring dpdk;
	struct lane *lane;
	struct result r;
	bool first = true;
	int slower = 0;
	size_t i;
	size_t j;

	dpdk_ring_load(&dpdk);
	if (!dpdk.ready)
		fprintf(stderr, "ring_bench: no comparison with DPDK: %s\n", dpdk.why);
	lane = lane_new(&dpdk);
	clock_cost = timing_clock_cost();
	if (json)
		printf("[");
	else
		printf("%-13s %5s %8s %8s %8s   %s (median of %d runs)\n", "operation", "bytes",
		       "ours ns", "DPDK ns", "copy ns", "to DPDK       to memcpy", runs);
	for (i = 0; i < OP_COUNT; i++) {
		for (j = 0; j < SIZE_COUNT; j++) {
			if (only_size != 0 && sizes[j] != only_size)
				continue;
			r = compare(&ops[i], sizes[j], lane, runs);
			print_row(&ops[i], sizes[j], &r, json, first);
			first = false;
			slower += r.to_dpdk >= 1 && r.to_copy > COPY_BOUND;
		}
	}
	if (json)
		printf("\n]\n");
	lane_free(lane);
	return slower;
}

/* Do @count packets of one operation and nothing else, for counting instructions. */
static int run_count(const char *name, uint32_t size, uint32_t count)
{
	struct lane *lane = lane_new(NULL);
	const struct op *op = NULL;
	uint32_t fill;
	size_t i;

	for (i = 0; i < OP_COUNT; i++)
		if (strcmp(ops[i].name, name) == 0)
			op = &ops[i];
	if (!op || size > 8192)
		die("no such operation or size");
	lane_begin(lane, size);
	fill = (RING_SIZE - 4096u) / lane->total;
	if (fill > 512)
		fill = 512;
	for (; count > 0; count -= fill) {
		if (fill > count)
			fill = count;
		if (op->ours_before)
			op->ours_before(lane, fill);
		op->ours(lane, fill);
		if (op->ours_after)
			op->ours_after(lane, fill);
	}
	lane_free(lane);
	return 0;
}

static const char usage[] =
	"usage: ring_bench [--json] [--runs N] [--size BYTES]\n"
	"       ring_bench --count N --op OP --size BYTES\n"
	"Compares the ring with DPDK's and with memcpy; exit status 1 if it is slower than\n"
	"DPDK's anywhere but where it costs a memcpy and no more (\"copy\"). --count does N packets of one operation, for instruction counting:\n"
	"send, send-batched, recv, recv-batched or send+recv (what fills or drains the ring is\n"
	"part of the count).\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "runs", required_argument, NULL, 'r' },
		{ "size", required_argument, NULL, 's' },
		{ "op", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *op = "send+recv";
	uint32_t count = 0;
	uint32_t size = 0;
	bool json = false;
	int runs = 31;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'r':
			runs = atoi(optarg);
			break;
		case 's':
			size = (uint32_t)atoi(optarg);
			break;
		case 'o':
			op = optarg;
			break;
		case 'c':
			count = (uint32_t)atoi(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (runs < 1 || runs > RUNS_MAX) {
		fputs(usage, stderr);
		return 2;
	}
	if (count > 0)
		return run_count(op, size ? size : 64, count);
	return run_all(runs, json, size) > 0;
}
