/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a frame costs the guest's network engine, next to a plain memcpy of the same bytes.
 *
 * Measured is what the guest does: sending and taking the completion, or receiving and completing.
 * The host's work in between is not. One thread, by its CPU time; a ratio is the median over the
 * runs of the ratios within one run. Before it is measured, each row carries a batch of frames in
 * which every byte is compared.
 */
#define _GNU_SOURCE
#include "net_world.h"
#include "timing.h"

#include <getopt.h>

#define RUNS_MAX 1001
#define BATCHES 64u /* of one measurement */

#define TIMED __attribute__((noinline)) /* the counter of instructions looks for these by name */

struct op;

struct lane {
	struct net_world *w;
	const struct op *op;
	uint32_t size;
	double clock_cost;
};

/* @each: frames that a packet may take (sending) or takes (receiving). */
struct op {
	const char *name;
	double (*measure)(struct lane *lane, uint32_t batches);
	void (*copy)(struct net_world *w);
	uint32_t each;
	uint32_t flags;
	bool receive;
	bool large;
};

static const uint32_t sizes[] = { 64, 512, 1514 };

#define SIZE_COUNT (sizeof(sizes) / sizeof(sizes[0]))

void timed_send(struct net_world *w);
void timed_receive(struct net_world *w);

TIMED void timed_send(struct net_world *w)
{
	for (uint32_t i = 0; i < NET_BATCH; i++)
		if (hvp_netvsc_send(w->queue, &w->frames[i]) != HVP_OK)
			bench_assert(0, "frame sent", __FILE__, __LINE__);
}

TIMED void timed_receive(struct net_world *w)
{
	while (hvp_netvsc_receive(w->queue, NET_BATCH) > 0)
		;
}

static double timed(const struct lane *lane, void (*function)(struct net_world *w))
{
	double begin = timing_now();

	function(lane->w);
	return timing_now() - begin - lane->clock_cost;
}

static double measure_send(struct lane *lane, uint32_t batches)
{
	double sum = 0;

	while (batches-- > 0) {
		sum += timed(lane, timed_send);
		(void)net_world_complete(lane->w);
		sum += timed(lane, timed_receive);
	}
	return sum;
}

static double measure_receive(struct lane *lane, uint32_t batches)
{
	double sum = 0;

	while (batches-- > 0) {
		net_world_deliver(lane->w, NET_BATCH, lane->op->each);
		sum += timed(lane, timed_receive);
		(void)net_world_completions(lane->w);
	}
	return sum;
}

/* Into the send buffer, each frame to a section. */
static void copy_in(struct net_world *w)
{
	uint8_t *to = w->h->cfg.send.base;

	for (uint32_t i = 0; i < NET_BATCH; i++)
		memcpy(to + (size_t)i * w->h->section_size, w->pieces[i].p, w->size);
}

static void copy_out(struct net_world *w)
{
	for (uint32_t i = 0; i < NET_BATCH; i++)
		memcpy(w->got, w->h->rx_buffer + w->ranges[i].byte_offset + NET_HEADERS, w->size);
}

static void copy_large(struct net_world *w)
{
	for (uint32_t i = 0; i < NET_BATCH; i++)
		memcpy(w->got, w->pieces[i].p, w->size);
}

static double measure_copy(struct lane *lane, uint32_t batches)
{
	double sum = 0;

	while (batches-- > 0)
		sum += timed(lane, lane->op->copy);
	return sum;
}

#define MORE HVP_NETVSC_TX_MORE
#define NO_COPY HVP_NETVSC_TX_NO_COPY

static const struct op ops[] = {
	{ "section-alone", measure_send, copy_in, 1, 0, false, false },
	{ "section", measure_send, copy_in, 1, MORE, false, false },
	{ "aggregate", measure_send, copy_in, 8, MORE, false, false },
	{ "reference", measure_send, copy_in, 1, MORE | NO_COPY, false, false },
	{ "large-send", measure_send, copy_large, 1, MORE, false, true },
	{ "receive", measure_receive, copy_out, 1, 0, true, false },
	{ "receive-8", measure_receive, copy_out, 8, 0, true, false },
};

#define OP_COUNT (sizeof(ops) / sizeof(ops[0]))

static void lane_begin(struct lane *lane, const struct op *op, uint32_t size)
{
	lane->op = op;
	lane->size = size;
	lane->w = net_world_new(op->receive ? 8 : op->each);
	if (op->receive) {
		net_world_slots(lane->w, size);
		net_world_check_receive(lane->w, op->each);
	} else {
		net_world_frames(lane->w, size, op->flags);
		net_world_check_send(lane->w);
	}
}

struct result {
	double ours, copy; /* median nanoseconds a frame */
	double to_copy; /* median ratio */
	double packets, signals, least_signals; /* a 10,000 frames */
};

/* Packets and signals to the host, from what engine and stub counted over all runs. */
static void count_traffic(const struct lane *lane, struct result *r, double frames)
{
	const struct net_world *w = lane->w;
	const struct hvp_netvsc_queue_stats *stats = &w->queue->stats;

	r->packets = (double)(lane->op->receive ? stats->rx_packets : stats->tx_packets) / frames;
	r->signals = w->h->f->signals / frames;
	r->least_signals = (double)w->lookups / frames;
}

static void reset_traffic(struct lane *lane)
{
	struct net_world *w = lane->w;

	memset(&w->queue->stats, 0, sizeof(w->queue->stats));
	w->h->f->signals = 0;
	w->lookups = 0;
}

static struct result compare(const struct op *op, uint32_t size, int runs)
{
	static double ours[RUNS_MAX], copy[RUNS_MAX], ratio[RUNS_MAX];
	struct lane lane = { .clock_cost = timing_clock_cost() };
	struct result r = { 0 };
	double frames = (double)NET_BATCH * BATCHES;
	int i;

	lane_begin(&lane, op, size);
	(void)op->measure(&lane, BATCHES); /* warms up */
	(void)measure_copy(&lane, BATCHES);
	reset_traffic(&lane);
	for (i = 0; i < runs; i++) {
		ours[i] = op->measure(&lane, BATCHES) / frames;
		copy[i] = measure_copy(&lane, BATCHES) / frames;
		ratio[i] = ours[i] / copy[i];
	}
	count_traffic(&lane, &r, frames * runs / 10000.0);
	r.ours = timing_median(ours, runs);
	r.copy = timing_median(copy, runs);
	r.to_copy = timing_median(ratio, runs);
	net_world_free(lane.w);
	return r;
}

static void print_row(const struct op *op, uint32_t size, const struct result *r, bool json,
		      bool first)
{
	if (json)
		printf("%s\n  {\"op\":\"%s\",\"size\":%u,\"ns\":%.2f,\"memcpy_ns\":%.2f,"
		       "\"to_memcpy\":%.3f,\"packets\":%.1f,\"signals\":%.1f,"
		       "\"least_signals\":%.1f}",
		       first ? "" : ",", op->name, size, r->ours, r->copy, r->to_copy, r->packets,
		       r->signals, r->least_signals);
	else
		printf("%-13s %5u %8.1f %8.2f %8.1f %7.2f %9.0f %8.0f %8.0f\n", op->name, size,
		       r->ours, 1000.0 / r->ours, r->copy, r->to_copy, r->packets, r->signals,
		       r->least_signals);
}

static int run_all(int runs, bool json, uint32_t only_size)
{
	bool first = true;
	struct result r;
	uint32_t size;
	size_t i;
	size_t j;

	if (json)
		printf("[");
	else
		printf("%-13s %5s %8s %8s %8s %7s   packets  signals    least (median of %d runs;\n"
		       "%50s   these three of 10,000 frames)\n",
		       "operation", "bytes", "ns/frame", "Mframe/s", "copy ns", "ratio", runs, "");
	for (i = 0; i < OP_COUNT; i++) {
		for (j = 0; j < (ops[i].large ? 1 : SIZE_COUNT); j++) {
			size = ops[i].large ? NET_LARGE : sizes[j];
			if (only_size != 0 && size != only_size)
				continue;
			r = compare(&ops[i], size, runs);
			print_row(&ops[i], size, &r, json, first);
			fflush(stdout);
			first = false;
		}
	}
	if (json)
		printf("\n]\n");
	return 0;
}

/* Carry frames of one operation and nothing else, for counting instructions. */
static int run_count(const char *name, uint32_t size, uint32_t count)
{
	struct lane lane = { 0 };
	const struct op *op = NULL;
	size_t i;

	for (i = 0; i < OP_COUNT; i++)
		if (strcmp(ops[i].name, name) == 0)
			op = &ops[i];
	if (!op || (!op->large && (size < 14 || size > 1514))) {
		fprintf(stderr, "net_bench: no such operation or size\n");
		return 2;
	}
	lane_begin(&lane, op, op->large ? NET_LARGE : size);
	(void)op->measure(&lane, (count + NET_BATCH - 1) / NET_BATCH);
	net_world_free(lane.w);
	return 0;
}

static const char usage[] =
	"usage: net_bench [--json] [--runs N] [--size BYTES]\n"
	"       net_bench --count N --op OP --size BYTES\n"
	"What a frame costs the network engine, next to a memcpy of its bytes. \"least\" is how often\n"
	"the host found packets in an empty ring: no fewer signals would do. --count carries N frames\n"
	"(a multiple of 64) of one operation, for instruction counting: section-alone, section,\n"
	"aggregate, reference, large-send, receive or receive-8. Frames come in bursts of 32, but in\n"
	"section-alone one by one.\n";

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
	const char *op = "section";
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
	return run_all(runs, json, size);
}
