/* SPDX-License-Identifier: BSD-2-Clause */
/* What is due: answers that came by ring, entries that wait for room, requests, time. */
#include "netvsc.h"

#define DRAIN_BUDGET 256u /* ring packets of a queue in one go */
#define POLL_TIME 10000u /* 1 ms: where the host does not tell when there is room */

static void take_answer(struct hvp_netvsc *dev)
{
	enum hvp_net_event event = (enum hvp_net_event)dev->answer;

	dev->answer = HVP_NET_NONE;
	hvp_net_step(dev, event);
}

/* While a detach drains, nobody else polls (see the thread rule). */
static void drain(struct hvp_netvsc *dev)
{
	bool idle = true;
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++) {
		if (!dev->cfg.queues[i].open)
			continue;
		(void)hvp_netvsc_poll(&dev->cfg.queues[i], DRAIN_BUDGET);
		idle = idle && hvp_net_queue_idle(&dev->cfg.queues[i]);
	}
	if (idle && dev->state == HVP_NETVSC_DRAINING)
		hvp_net_step(dev, HVP_NET_IDLE);
}

static void end_wait(struct hvp_netvsc *dev)
{
	if (dev->attaching && dev->state < HVP_NETVSC_ATTACHED && dev->state != HVP_NETVSC_SUBS)
		(void)hvp_net_fail(dev, HVP_TIMEOUT);
	hvp_net_step(dev, HVP_NET_TIMEOUT);
}

static void state_time(struct hvp_netvsc *dev, uint64_t *deadline)
{
	if (!dev->waits)
		return;
	if (dev->wait_end == 0)
		dev->wait_end = dev->now +
				(dev->drains ? dev->cfg.drain_timeout : dev->cfg.timeout);
	if (dev->now >= dev->wait_end) {
		end_wait(dev);
		*deadline = 0;
	} else if (dev->wait_end < *deadline) {
		*deadline = dev->wait_end;
	}
}

/* Without an answer nobody knows where the traffic runs: what was before is assumed. */
static void path_time(struct hvp_netvsc *dev, uint64_t *deadline)
{
	if (!dev->path_busy)
		return;
	if (dev->path_end == 0)
		dev->path_end = dev->now + dev->cfg.timeout;
	if (dev->now >= dev->path_end) {
		dev->stats.timeouts++;
		dev->path_busy = false;
		dev->path_status = HVP_TIMEOUT;
		dev->news |= HVP_NET_NEWS_PATH;
	} else if (dev->path_end < *deadline) {
		*deadline = dev->path_end;
	}
}

static void link_time(const struct hvp_netvsc *dev, uint64_t *deadline)
{
	if (hvp_net_link_news(dev) && dev->link_next < *deadline)
		*deadline = dev->link_next;
}

/* Hosts of 2008 do not signal free space: who waits for it must look. */
static void room_time(struct hvp_netvsc *dev, uint64_t *deadline)
{
	struct hvp_netvsc_queue *q;
	uint32_t i;

	for (i = 0; i < dev->cfg.queue_count; i++) {
		q = &dev->cfg.queues[i];
		if (!q->open || q->broken || q->wait_total == 0 || hvp_ring_tx_peer_wakes(&q->tx))
			continue;
		hvp_net_room(q);
		if (q->wait_total != 0 && dev->now + POLL_TIME < *deadline)
			*deadline = dev->now + POLL_TIME;
	}
}

uint64_t hvp_netvsc_run(struct hvp_netvsc *dev, uint64_t now)
{
	uint64_t deadline = HVP_NEVER;

	dev->now = now;
	if (dev->cfg.queues[0].open)
		hvp_net_room(&dev->cfg.queues[0]);
	take_answer(dev);
	if (dev->blocked)
		hvp_net_retry(dev);
	if (dev->state == HVP_NETVSC_DRAINING)
		drain(dev);
	hvp_net_keepalive_answer(dev);
	hvp_net_requests_send(dev);
	room_time(dev, &deadline);
	hvp_net_requests_time(dev, &deadline);
	path_time(dev, &deadline);
	link_time(dev, &deadline);
	state_time(dev, &deadline);
	return deadline;
}
