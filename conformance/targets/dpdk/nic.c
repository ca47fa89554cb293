/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NIC as its driver's kernel sees it: channels opened, buffers shared, a process started; all
 * of it taken back when the driver stops or the host takes the device away.
 */
#include "dpdk.h"

#include <stdlib.h>
#include <string.h>

bool glue_net_start(struct glue *g)
{
	struct glue_net *net;

	if (g->ops.size < offsetof(struct hvt_machine_ops, page_share) + sizeof(g->ops.page_share))
		return false;
	net = calloc(1, sizeof(*net));
	if (!net)
		return false;
	net->g = g;
	net->socket = -1;
	g->nets = net;
	return dpdk_memory_make(net);
}

void glue_net_free_all(struct glue *g)
{
	struct glue_net *net = g->nets;

	if (!net)
		return;
	dpdk_process_end(net);
	dpdk_orders_free(net);
	if (net->folder[0])
		dpdk_folder_remove(net->folder);
	dpdk_memory_free(net);
	free(net);
	g->nets = NULL;
}

/* --- opening --- */

static int open_queue(struct glue_net *net, uint32_t i)
{
	struct dpdk_queue *q = &net->queues[i];
	struct hvp_open open;

	memset(&open, 0, sizeof(open));
	open.ring.byte_count = q->ring.pages * HVT_PAGE;
	open.ring.first_pfn = q->ring.first_pfn;
	open.downstream_page = PEER_RING_PAGES;
	open.target_vp = i % net->g->config.vps;
	open.low_latency = true;
	/* With guest_specified_signal_parameters these are ours to choose. */
	open.connection_id = 0x20000u | net->channel << 6 | i;
	open.event_flag = (uint16_t)(HVP_CHANNEL_IDS - net->channel - i);
	return hvp_channel_open(q->c->ch, &open) == HVP_OK ? HVT_OK : HVT_FAILED;
}

int dpdk_attach(struct glue_net *net, struct glue_channel *c, const struct hvt_command *cmd)
{
	uint64_t queues = dpdk_arg(cmd, "queues", 1);

	if (net->state != DPDK_IDLE || queues == 0 || queues > PEER_QUEUES)
		return HVT_FAILED;
	dpdk_memory_clear(net);
	memset(&net->start, 0, sizeof(net->start));
	net->start.op = PEER_START;
	net->start.arg[PEER_S_QUEUES] = queues;
	net->start.arg[PEER_S_MTU] = dpdk_arg(cmd, "mtu", 1500);
	net->start.arg[PEER_S_RSS] = queues > 1;
	net->channel = c->id;
	net->id = cmd->id;
	net->queues[0].c = c;
	net->state = DPDK_OPENING;
	hvp_channel_limit_subs(c->ch, PEER_QUEUES - 1u);
	if (open_queue(net, 0) == HVT_OK)
		return HVT_OK;
	net->state = DPDK_IDLE;
	return HVT_FAILED;
}

static bool share_buffer(struct glue_net *net, const struct dpdk_area *a, struct hvp_gpadl **out)
{
	struct hvp_gpadl_range *range = a == &net->send ? &net->send_range : &net->receive_range;

	range->byte_count = a->pages * HVT_PAGE;
	range->byte_offset = 0;
	range->pfns = NULL;
	range->first_pfn = a->first_pfn;
	if (hvp_gpadl_create(net->queues[0].c->ch, range, 1, out) != HVP_OK)
		return false;
	(*out)->user = net;
	return true;
}

static bool next_step(struct glue_net *net)
{
	switch (net->state) {
	case DPDK_OPENING:
		net->state = DPDK_SHARING_RECEIVE;
		return share_buffer(net, &net->receive, &net->receive_gpadl);
	case DPDK_SHARING_RECEIVE:
		net->state = DPDK_SHARING_SEND;
		return share_buffer(net, &net->send, &net->send_gpadl);
	case DPDK_SHARING_SEND:
		net->state = DPDK_STARTING;
		return dpdk_sysfs_build(net) && dpdk_process_start(net) &&
		       dpdk_order(net, net->id, &net->start, NULL) == HVT_OK;
	default:
		return true;
	}
}

static void step_done(struct glue_net *net, enum hvp_status status)
{
	if (status != HVP_OK || !next_step(net))
		dpdk_gone(net, DPDK_REFUSED);
}

/* --- closing --- */

static bool any_open(const struct glue_net *net)
{
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		if (net->queues[i].open)
			return true;
	return false;
}

static void closed_all(struct glue_net *net)
{
	if (net->state != DPDK_CLOSING || any_open(net) || net->receive_gpadl || net->send_gpadl)
		return;
	net->state = DPDK_IDLE;
	dpdk_report(net, "net.detached", net->id, 0);
}

void dpdk_close(struct glue_net *net)
{
	uint32_t i;

	if (net->state == DPDK_CLOSING)
		return;
	net->state = DPDK_CLOSING;
	dpdk_process_end(net);
	dpdk_orders_free(net);
	if (net->receive_gpadl)
		(void)!hvp_gpadl_teardown(net->receive_gpadl);
	if (net->send_gpadl)
		(void)!hvp_gpadl_teardown(net->send_gpadl);
	for (i = PEER_QUEUES; i-- > 0;)
		if (net->queues[i].open)
			(void)!hvp_channel_close(net->queues[i].c->ch);
	closed_all(net);
}

static bool is_attaching(const struct glue_net *net)
{
	return net->state > DPDK_IDLE && net->state < DPDK_RUNNING;
}

/* The attach fails; or the process ended by itself, or does nothing any more. */
void dpdk_gone(struct glue_net *net, uint32_t status)
{
	if (is_attaching(net))
		dpdk_report(net, "net.attached", net->id, status);
	else if (net->state == DPDK_RUNNING)
		dpdk_report(net, "net.error", 0, status);
	dpdk_close(net);
}

int dpdk_detach(struct glue_net *net, const struct hvt_command *cmd)
{
	struct peer_message stop = { .op = PEER_STOP };

	if (net->state != DPDK_RUNNING)
		return HVT_FAILED;
	net->id = cmd->id;
	net->state = DPDK_STOPPING;
	return dpdk_order(net, cmd->id, &stop, NULL);
}

void dpdk_attached(struct glue_net *net, const struct peer_message *answer)
{
	struct hvt_arg args[] = {
		{ "status", 0 },
		{ "mtu", answer->arg[PEER_I_MTU] },
		{ "queues", answer->arg[PEER_I_QUEUES] },
		{ "link", answer->arg[PEER_I_LINK] },
		{ "link_speed", answer->arg[PEER_I_SPEED] * 10000u },
		{ "table_entries", answer->arg[PEER_I_TABLE] },
	};

	if (answer->status != 0) {
		dpdk_gone(net, (uint32_t)answer->status);
		return;
	}
	net->state = DPDK_RUNNING;
	net->link = answer->arg[PEER_I_LINK];
	dpdk_report_data(net, "net.attached", net->id, args, sizeof(args) / sizeof(args[0]),
			 answer->size);
}

/* --- what the bus says --- */

static struct dpdk_queue *queue_of(struct glue_net *net, const struct hvp_channel *ch)
{
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		if (net->queues[i].c && net->queues[i].c->ch == ch)
			return &net->queues[i];
	return NULL;
}

static void sub_offered(struct glue_net *net, struct hvp_channel *ch)
{
	uint32_t i = ch->offer.subchannel_index;

	if (i == 0 || i >= PEER_QUEUES || net->queues[i].open || !net->queues[0].c ||
	    hvp_channel_primary(ch) != net->queues[0].c->ch)
		return;
	net->queues[i].c = ch->user;
	if (open_queue(net, i) != HVT_OK)
		net->queues[i].c = NULL;
}

static void opened(struct glue_net *net, struct dpdk_queue *q, enum hvp_status status)
{
	uint32_t i = (uint32_t)(q - net->queues);

	q->open = status == HVP_OK;
	if (i == 0)
		step_done(net, status);
	else if (status == HVP_OK)
		(void)dpdk_sysfs_channel(net, i);
}

/* The device goes away under its driver, as the kernel's character device would. */
static void rescinded(struct glue_net *net, struct dpdk_queue *q, struct hvp_channel *ch)
{
	bool primary = q == &net->queues[0];

	q->open = false;
	if (primary && is_attaching(net))
		dpdk_gone(net, DPDK_REFUSED);
	else if (primary && net->state != DPDK_IDLE && net->state != DPDK_CLOSING)
		dpdk_close(net);
	if (!primary)
		q->c = NULL;
	(void)!hvp_channel_release(ch);
}

static bool channel_event(struct glue_net *net, const struct hvp_event *ev)
{
	struct dpdk_queue *q = queue_of(net, ev->channel);

	if (!q)
		return false;
	switch (ev->type) {
	case HVP_EV_OPENED:
		opened(net, q, ev->status);
		return true;
	case HVP_EV_RESCINDED:
		rescinded(net, q, ev->channel);
		return true;
	case HVP_EV_CLOSED:
		q->open = false;
		closed_all(net);
		return true;
	default:
		return false;
	}
}

static bool gpadl_event(struct glue_net *net, const struct hvp_event *ev)
{
	if (ev->user != net)
		return false;
	if (ev->type == HVP_EV_GPADL_CREATED) {
		if (net->state != DPDK_CLOSING)
			step_done(net, ev->status);
		return true;
	}
	if (ev->gpadl == net->receive_gpadl)
		net->receive_gpadl = NULL;
	else if (ev->gpadl == net->send_gpadl)
		net->send_gpadl = NULL;
	closed_all(net);
	return true;
}

bool glue_net_bus_event(struct glue *g, const struct hvp_event *ev)
{
	struct glue_net *net = g->nets;

	if (ev->type == HVP_EV_GPADL_CREATED || ev->type == HVP_EV_GPADL_RETURNED)
		return gpadl_event(net, ev);
	if (ev->type == HVP_EV_OFFER) {
		sub_offered(net, ev->channel);
		return false;
	}
	return ev->channel && channel_event(net, ev);
}
