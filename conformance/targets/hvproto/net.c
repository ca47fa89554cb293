/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of a NIC, and its place in the loop around the bus. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define PAGES(bytes) ((uint32_t)(((bytes) + HVT_PAGE - 1u) / HVT_PAGE))
#define RECEIVE_BYTES (2u << 20)
#define SEND_BYTES (1u << 20)
#define RING_PAGES 16u

int net_result(enum hvp_status status)
{
	if (status == HVP_OK)
		return HVT_OK;
	return status == HVP_AGAIN ? HVT_AGAIN : HVT_FAILED;
}

static void free_queues(struct glue_net *net)
{
	uint32_t i;

	for (i = 0; net->memory && i < net->queue_count; i++) {
		glue_release_memory(net->g, &net->memory[i].ring);
		glue_release_memory(net->g, &net->memory[i].headers);
	}
	free(net->memory);
	free(net->queues);
	free(net->queue_memory);
}

/* Only when nothing of it is the host's any more, or the machine ends. */
void net_release(struct glue_net *net)
{
	struct glue_net **link = &net->g->nets;

	while (*link != net)
		link = &(*link)->next;
	*link = net->next;
	net_frames_free(net);
	net_requests_free(net);
	free_queues(net);
	glue_release_memory(net->g, &net->receive);
	glue_release_memory(net->g, &net->send);
	glue_release_memory(net->g, &net->control);
	free(net);
}

bool glue_net_start(struct glue *g)
{
	g->nets = NULL;
	return true;
}

void glue_net_free_all(struct glue *g)
{
	while (g->nets)
		net_release(g->nets);
}

static void map_ring(struct hvp_ring_mem *ring, uint8_t *va, uint32_t pages)
{
	ring->control = va;
	ring->base = va + HVT_PAGE;
	ring->size = pages * HVT_PAGE;
}

static bool queue_memory(struct glue_net *net, uint32_t i, uint32_t tx_pages, uint32_t rx_pages)
{
	struct net_queue *q = &net->memory[i];
	struct hvp_netvsc_queue_memory *m = &net->queue_memory[i];

	if (!glue_alloc(net->g, &q->ring, tx_pages + rx_pages + 2u) ||
	    !glue_alloc(net->g, &q->headers, NET_SLOTS * HVP_NETVSC_HEADER_ROOM / HVT_PAGE))
		return false;
	map_ring(&m->tx, q->ring.va, tx_pages);
	map_ring(&m->rx, q->ring.va + (size_t)(tx_pages + 1u) * HVT_PAGE, rx_pages);
	m->ring.byte_count = q->ring.pages * HVT_PAGE;
	m->ring.pfns = q->ring.pfns;
	m->target_vp = i % net->g->config.vps;
	/* With guest_specified_signal_parameters these are ours to choose. */
	m->connection_id = 0x20000u | net->channel << 6 | i;
	m->event_flag = (uint16_t)(HVP_CHANNEL_IDS - net->channel - i);
	m->packet = q->packet;
	m->packet_size = sizeof(q->packet);
	m->slots = q->slots;
	m->ids = q->ids;
	m->slot_count = NET_SLOTS;
	m->headers = q->headers.va;
	m->header_pfns = q->headers.pfns;
	m->done = q->done;
	m->done_count = NET_DONE;
	m->pieces = q->pieces;
	m->piece_count = NET_PIECES;
	return true;
}

static bool buffer(struct glue_net *net, struct glue_memory *mem, struct hvp_netvsc_buffer *out,
		   uint64_t bytes)
{
	if (bytes == 0)
		return true;
	if (bytes > (uint64_t)HVP_GPADL_MAX_PAGES * HVT_PAGE ||
	    !glue_alloc(net->g, mem, PAGES(bytes)))
		return false;
	out->base = mem->va;
	out->range.byte_count = mem->pages * HVT_PAGE;
	out->range.pfns = mem->pfns;
	return true;
}

static bool memory(struct glue_net *net, const struct hvt_command *cmd)
{
	uint64_t tx = net_arg(cmd, "tx_pages", RING_PAGES);
	uint64_t rx = net_arg(cmd, "rx_pages", RING_PAGES);
	uint32_t i;

	net->memory = calloc(net->queue_count, sizeof(*net->memory));
	net->queues = calloc(net->queue_count, sizeof(*net->queues));
	net->queue_memory = calloc(net->queue_count, sizeof(*net->queue_memory));
	if (!net->memory || !net->queues || !net->queue_memory || tx == 0 || rx == 0 || tx > 4000 ||
	    rx > 4000)
		return false;
	for (i = 0; i < net->queue_count; i++)
		if (!queue_memory(net, i, (uint32_t)tx, (uint32_t)rx))
			return false;
	return buffer(net, &net->receive, &net->cfg.receive,
		      net_arg(cmd, "receive_buffer", RECEIVE_BYTES)) &&
	       buffer(net, &net->send, &net->cfg.send, net_arg(cmd, "send_buffer", SEND_BYTES)) &&
	       glue_alloc(net->g, &net->control, NET_REQUESTS);
}

static void configure(struct glue_net *net, struct hvp_channel *ch, const struct hvt_command *cmd)
{
	struct hvp_netvsc_config *cfg = &net->cfg;

	cfg->size = sizeof(*cfg);
	cfg->bus = &net->g->bus;
	cfg->channel = ch;
	cfg->queues = net->queues;
	cfg->memory = net->queue_memory;
	cfg->queue_count = net->queue_count;
	cfg->requests = net->requests;
	cfg->request_count = NET_REQUESTS;
	cfg->control = net->control.va;
	cfg->control_pfns = net->control.pfns;
	cfg->scratch = net->scratch;
	cfg->scratch_size = NET_SCRATCH;
	cfg->rx = net_received;
	cfg->tx = net_sent;
	cfg->context = net;
	cfg->max_version = (uint32_t)net_arg(cmd, "version", 0);
	cfg->min_version = (uint32_t)net_arg(cmd, "min_version", 0);
	cfg->mtu = (uint32_t)net_arg(cmd, "mtu", 0);
	cfg->has_capabilities = net_has_arg(cmd, "capabilities");
	cfg->capabilities = net_arg(cmd, "capabilities", 0);
	cfg->filter = (uint32_t)net_arg(cmd, "filter", 0);
	cfg->offloads = (uint32_t)net_arg(cmd, "offloads", HVP_NETVSC_OFFLOAD_ALL);
	cfg->isolated = net->g->config.isolation != 0;
}

int net_attach(struct glue_channel *c, const struct hvt_command *cmd)
{
	uint64_t queues = net_arg(cmd, "queues", 1);
	struct glue_net *net;
	enum hvp_status status;

	if (queues == 0 || queues > HVP_NETVSC_QUEUES_MAX)
		return HVT_FAILED;
	net = calloc(1, sizeof(*net));
	if (!net)
		return HVT_FAILED;
	net->g = c->g;
	net->channel = c->id;
	net->queue_count = (uint32_t)queues;
	net->id = cmd->id;
	net->deadline = HVP_NEVER;
	net->next = c->g->nets;
	c->g->nets = net;
	status = memory(net, cmd) ? HVP_OK : HVP_ARG;
	configure(net, c->ch, cmd);
	if (status == HVP_OK)
		status = hvp_netvsc_init(&net->dev, &net->cfg);
	if (status == HVP_OK)
		status = hvp_netvsc_attach(&net->dev);
	if (status != HVP_OK)
		net_release(net);
	return net_result(status);
}

/* Whether an event of the bus was a NIC's. */
bool glue_net_bus_event(struct glue *g, const struct hvp_event *ev)
{
	struct glue_net *net;

	for (net = g->nets; net; net = net->next)
		if (hvp_netvsc_bus_event(&net->dev, ev))
			return true;
	return false;
}

static void poll(struct glue_net *net, struct hvp_netvsc_queue *q)
{
	if (!net->paused && hvp_netvsc_poll(q, NET_BUDGET))
		net->again = true;
}

bool glue_net_signalled(struct glue_channel *c)
{
	struct hvp_netvsc_queue *q;
	struct glue_net *net;

	for (net = c->g->nets; net; net = net->next) {
		q = hvp_netvsc_queue_of(&net->dev, c->ch);
		if (q) {
			poll(net, q);
			return true;
		}
	}
	return false;
}

static void poll_all(struct glue_net *net)
{
	uint32_t i;

	net->again = false;
	for (i = 0; i < net->queue_count; i++)
		poll(net, &net->queues[i]);
}

/* True while there is more to do at once. */
bool glue_net_turn(struct glue *g)
{
	struct glue_net *next;
	struct glue_net *net;
	bool busy = false;

	for (net = g->nets; net; net = next) {
		next = net->next;
		if (net->again)
			poll_all(net);
		net->deadline = hvp_netvsc_run(&net->dev, g->ops.now(g->m));
		if (net_take_events(net))
			net_release(net);
		else
			busy = busy || net->deadline == 0;
	}
	return busy;
}

uint64_t glue_net_deadline(const struct glue *g, uint64_t now)
{
	const struct glue_net *net;
	uint64_t due = HVP_NEVER;

	for (net = g->nets; net; net = net->next) {
		if (net->again)
			return now;
		if (net->deadline < due)
			due = net->deadline;
	}
	return due;
}
