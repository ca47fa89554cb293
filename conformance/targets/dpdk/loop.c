/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop: signals of the process go on to the host, its words are heard, and a process that
 * waits for what never comes is ended. How long it waits is told by the time that it computes:
 * the driver waits by polling, and on a busy machine nothing is known of it before it runs.
 */
#include "dpdk.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS 1000000ll
#define TURN (1 * MS) /* real time that a turn waits for the process */
#define QUIET (20 * MS) /* it computes so long without a word or a signal: it waits for us */
#define HANGS (400 * MS) /* ... and so long: for ever */
#define SLEEPS (20000 * MS) /* real time without a word in which it does not compute either */
#define TICK 1000u /* 100 ns of virtual time that pass in a turn */
#define LONG_TICK 100000u /* ... while the process waits */

bool glue_net_signalled(struct glue_channel *c)
{
	struct glue_net *net = c->g->nets;
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		if (net->queues[i].c == c)
			break;
	net->wants_poll |= i < PEER_QUEUES;
	return i < PEER_QUEUES;
}

/* The triggers that the process has set, as signals to the host. True if there were any. */
static bool pass_signals(struct glue_net *net)
{
	uint32_t *pending = net->monitor + HVP_HV_MONITOR_PAGE_TRIGGER_GROUP_OFFSET / 4u;
	uint32_t bits = __atomic_exchange_n(pending, 0, __ATOMIC_SEQ_CST);
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		if ((bits & 1u << i) && net->queues[i].open)
			(void)!hvp_channel_signal(net->queues[i].c->ch);
	return bits != 0;
}

static void take(struct glue_net *net, const struct peer_message *m)
{
	if (m->op == PEER_FRAME)
		dpdk_frame(net, m);
	else if (m->op == PEER_SENT)
		dpdk_sent(net, m);
	else
		dpdk_order_done(net, m);
}

/* One message of the process, if it is there. True: something happened. */
static bool listen(struct glue_net *net)
{
	struct peer_message m;
	int heard = dpdk_process_hear(net, &m, 0);

	if (heard > 0)
		take(net, &m);
	else if (heard < 0)
		dpdk_gone(net, DPDK_REFUSED);
	return heard != 0;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t = { 0, 0 };

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int64_t computed(const struct glue_net *net)
{
	clockid_t clock;

	return clock_getcpuclockid(net->pid, &clock) == 0 ? clock_ns(clock) : 0;
}

/* It has spoken, or is given something to do. */
void dpdk_heard(struct glue_net *net)
{
	net->waited_cpu = 0;
	net->waited = 0;
	net->waits = false;
}

/* What it does while the host is at work says nothing: only turns that wait for it count. */
static void look_after(struct glue_net *net, int64_t cpu, int64_t real)
{
	net->waited_cpu += cpu;
	net->waited += real;
	net->waits = net->waited_cpu > QUIET * net->patience;
	if (net->waited_cpu > HANGS * net->patience || net->waited > SLEEPS * net->patience)
		dpdk_gone(net, DPDK_HANGS);
}

/* Let the process work for a while. It answers, signals, or waits for what the host does later. */
static bool work(struct glue_net *net)
{
	int64_t begin = clock_ns(CLOCK_MONOTONIC);
	int64_t cpu = computed(net);

	do {
		if (pass_signals(net) || listen(net)) {
			if (net->socket >= 0)
				dpdk_heard(net);
			return true;
		}
		sched_yield();
	} while (clock_ns(CLOCK_MONOTONIC) - begin < TURN);
	look_after(net, computed(net) - cpu, clock_ns(CLOCK_MONOTONIC) - begin);
	return false;
}

bool glue_net_turn(struct glue *g)
{
	struct glue_net *net = g->nets;

	if (net->socket < 0)
		return false;
	if (!net->busy && net->wants_poll && !net->paused && net->state == DPDK_RUNNING) {
		struct peer_message poll = { .op = PEER_POLL };

		net->wants_poll = false;
		(void)dpdk_order(net, 0, &poll, NULL);
	}
	return net->busy && work(net);
}

/* While the process works time passes, so that a host that answers later does. */
uint64_t glue_net_deadline(const struct glue *g, uint64_t now)
{
	const struct glue_net *net = g->nets;

	if (!net->busy)
		return HVP_NEVER;
	return now + (net->waits ? LONG_TICK : TICK);
}
