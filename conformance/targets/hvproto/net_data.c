/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of the runner, both ways. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/rndis.h>

#define FRAME_MAX (256u * 1024u)

static void frame_free(struct net_frame *f)
{
	struct net_frame **link = &f->net->frames;

	while (*link != f)
		link = &(*link)->next;
	*link = f->next;
	glue_release_memory(f->net->g, &f->memory);
	free(f);
}

void net_frames_free(struct glue_net *net)
{
	while (net->frames)
		frame_free(net->frames);
}

static struct net_frame *frame_new(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_frame *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	if (!glue_alloc(net->g, &f->memory, (uint32_t)(cmd->data_size / HVT_PAGE + 1u))) {
		free(f);
		return NULL;
	}
	memcpy(f->memory.va, cmd->data, cmd->data_size);
	f->net = net;
	f->id = cmd->id;
	f->next = net->frames;
	net->frames = f;
	return f;
}

/* Pieces of about equal size, as a network stack gives headers and fragments. */
static uint32_t divide(const struct net_frame *f, struct hvp_netvsc_piece *pieces, uint32_t size,
		       uint32_t count)
{
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint32_t end = (uint32_t)((uint64_t)size * (i + 1u) / count);

		pieces[i].p = f->memory.va + at;
		pieces[i].size = end - at;
		pieces[i].byte_offset = at % HVT_PAGE;
		pieces[i].pfns = f->memory.pfns + at / HVT_PAGE;
		at = end;
	}
	return count;
}

static uint32_t flags_of(const struct hvt_command *cmd)
{
	uint64_t csum = net_arg(cmd, "csum", 0);
	uint32_t flags = 0;

	if (net_arg(cmd, "more", 0) != 0)
		flags |= HVP_NETVSC_TX_MORE;
	if (net_arg(cmd, "gpa", 0) != 0)
		flags |= HVP_NETVSC_TX_NO_COPY;
	if (net_has_arg(cmd, "vlan"))
		flags |= HVP_NETVSC_TX_VLAN;
	if (net_has_arg(cmd, "hash"))
		flags |= HVP_NETVSC_TX_HASH;
	if (net_arg(cmd, "ipv6", 0) != 0)
		flags |= HVP_NETVSC_TX_IPV6;
	if (net_arg(cmd, "lso_v1", 0) != 0)
		flags |= HVP_NETVSC_TX_LSO_V1;
	if (csum & 1)
		flags |= HVP_NETVSC_TX_IP_CSUM;
	if (csum & 2)
		flags |= HVP_NETVSC_TX_TCP_CSUM;
	if (csum & 4)
		flags |= HVP_NETVSC_TX_UDP_CSUM;
	return flags;
}

static void fill(struct hvp_netvsc_frame *out, const struct hvt_command *cmd)
{
	out->size = (uint32_t)cmd->data_size;
	out->flags = flags_of(cmd);
	out->l4_offset = (uint32_t)net_arg(cmd, "l4_offset",
					   out->flags & HVP_NETVSC_TX_IPV6 ? 54 : 34);
	out->mss = (uint32_t)net_arg(cmd, "mss", 0);
	out->hash = (uint32_t)net_arg(cmd, "hash", 0);
	out->vlan_tci = (uint16_t)net_arg(cmd, "vlan", 0);
}

int net_send(struct glue_net *net, const struct hvt_command *cmd)
{
	struct hvp_netvsc_piece pieces[HVP_NETVSC_RANGES_MAX];
	struct hvp_netvsc_frame frame = { .pieces = pieces };
	uint64_t queue = net_arg(cmd, "queue", 0);
	uint64_t segments = net_arg(cmd, "segments", 1);
	struct net_frame *f;
	enum hvp_status status;

	if (queue >= net->queue_count || segments == 0 || segments > HVP_NETVSC_RANGES_MAX ||
	    cmd->data_size > FRAME_MAX || cmd->data_size < segments)
		return HVT_FAILED;
	f = frame_new(net, cmd);
	if (!f)
		return HVT_FAILED;
	fill(&frame, cmd);
	frame.user = f;
	frame.piece_count = divide(f, pieces, frame.size, (uint32_t)segments);
	status = hvp_netvsc_send(&net->queues[queue], &frame);
	if (status != HVP_OK)
		frame_free(f);
	return net_result(status);
}

int net_flush(struct glue_net *net, const struct hvt_command *cmd)
{
	uint64_t queue = net_arg(cmd, "queue", 0);

	if (queue >= net->queue_count)
		return HVT_FAILED;
	hvp_netvsc_flush(&net->queues[queue]);
	return HVT_OK;
}

void net_sent(void *context, struct hvp_netvsc_queue *queue, void *user, uint32_t status)
{
	struct hvt_arg args[] = { { "status", status }, { "queue", queue->index } };
	struct net_frame *f = user;

	net_report(context, "net.tx_done", f->id, args, 2);
	frame_free(f);
}

/* 0: IP good, 1: IP bad, 2: TCP or UDP good, 3: bad. */
static uint32_t csum_bits(uint32_t csum)
{
	uint32_t bits = 0;

	if (csum & HVP_RNDIS_CSUM_RX_IP_SUCCEEDED)
		bits |= 1;
	if (csum & HVP_RNDIS_CSUM_RX_IP_FAILED)
		bits |= 2;
	if (csum & (HVP_RNDIS_CSUM_RX_TCP_SUCCEEDED | HVP_RNDIS_CSUM_RX_UDP_SUCCEEDED))
		bits |= 4;
	if (csum & (HVP_RNDIS_CSUM_RX_TCP_FAILED | HVP_RNDIS_CSUM_RX_UDP_FAILED))
		bits |= 8;
	return bits;
}

static size_t describe(const struct hvp_netvsc_rx *rx, uint32_t queue, struct hvt_arg *args)
{
	size_t n = 0;

	args[n++] = (struct hvt_arg){ "queue", queue };
	if (rx->flags & HVP_NETVSC_RX_VLAN)
		args[n++] = (struct hvt_arg){ "vlan", rx->vlan_tci };
	if (rx->flags & HVP_NETVSC_RX_CSUM)
		args[n++] = (struct hvt_arg){ "csum", csum_bits(rx->csum) };
	if (rx->flags & HVP_NETVSC_RX_HASH)
		args[n++] = (struct hvt_arg){ "hash", rx->hash };
	if (rx->flags & HVP_NETVSC_RX_HASH_INFO)
		args[n++] = (struct hvt_arg){ "hash_type", rx->hash_info };
	if (rx->flags & HVP_NETVSC_RX_RSC)
		args[n++] = (struct hvt_arg){ "rsc", rx->piece_count };
	return n;
}

void net_received(void *context, struct hvp_netvsc_queue *queue, const struct hvp_netvsc_rx *rx)
{
	struct glue_net *net = context;
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel, .op = "net.rx" };
	struct hvt_arg args[6];
	uint8_t *bytes = malloc(rx->size);
	uint32_t at = 0;
	uint32_t i;

	if (!bytes)
		return;
	for (i = 0; i < rx->piece_count; i++) {
		memcpy(bytes + at, rx->pieces[i].p, rx->pieces[i].size);
		at += rx->pieces[i].size;
	}
	ev.args = args;
	ev.arg_count = describe(rx, queue->index, args);
	ev.data = bytes;
	ev.size = rx->size;
	glue_report(net->g, &ev);
	free(bytes);
}
