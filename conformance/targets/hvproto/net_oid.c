/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of the runner: OIDs, and what is set by them. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

static struct net_request *pend(struct glue_net *net, const struct hvt_command *cmd,
				const char *event)
{
	struct net_request *rq = calloc(1, sizeof(*rq));

	if (!rq)
		return NULL;
	rq->event = event;
	rq->id = cmd->id;
	rq->next = net->pending;
	net->pending = rq;
	return rq;
}

static void unpend(struct glue_net *net, struct net_request *rq)
{
	struct net_request **link = &net->pending;

	while (*link != rq)
		link = &(*link)->next;
	*link = rq->next;
	free(rq);
}

void net_requests_free(struct glue_net *net)
{
	while (net->pending)
		unpend(net, net->pending);
}

static int asked(struct glue_net *net, struct net_request *rq, enum hvp_status status)
{
	if (status != HVP_OK)
		unpend(net, rq);
	return net_result(status);
}

int net_query(struct glue_net *net, const struct hvt_command *cmd)
{
	uint64_t size = net_arg(cmd, "size", HVP_NETVSC_CONTROL_MAX);
	struct net_request *rq = pend(net, cmd, "net.oid_done");
	struct hvp_netvsc_oid oid = { 0 };

	if (!rq)
		return HVT_FAILED;
	oid.oid = (uint32_t)net_arg(cmd, "oid", 0);
	oid.input = cmd->data;
	oid.input_size = (uint32_t)cmd->data_size;
	oid.answer = rq->answer;
	oid.answer_size = size < sizeof(rq->answer) ? (uint32_t)size : sizeof(rq->answer);
	return asked(net, rq, hvp_netvsc_query(&net->dev, &oid, &rq->request));
}

int net_set(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_request *rq = pend(net, cmd, "net.oid_done");
	struct hvp_netvsc_oid oid = { 0 };

	if (!rq)
		return HVT_FAILED;
	oid.oid = (uint32_t)net_arg(cmd, "oid", 0);
	oid.input = cmd->data;
	oid.input_size = (uint32_t)cmd->data_size;
	return asked(net, rq, hvp_netvsc_set(&net->dev, &oid, &rq->request));
}

int net_filter(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_request *rq = pend(net, cmd, "net.filter_done");
	uint32_t filter = (uint32_t)net_arg(cmd, "value", 0);

	return rq ? asked(net, rq, hvp_netvsc_set_filter(&net->dev, filter, &rq->request))
		  : HVT_FAILED;
}

int net_multicast(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_request *rq;

	if (cmd->data_size % 6 != 0)
		return HVT_FAILED;
	rq = pend(net, cmd, "net.oid_done");
	if (!rq)
		return HVT_FAILED;
	return asked(net, rq,
		     hvp_netvsc_set_multicast(&net->dev, cmd->data, (uint32_t)(cmd->data_size / 6),
					      &rq->request));
}

struct offload_name {
	const char *name;
	uint32_t bits;
};

/* "tx" and "rx" are short for the checksums. */
static const struct offload_name offload_names[] = {
	{ "tx_checksum", 0x001fu },
	{ "tx", 0x001fu },
	{ "rx_checksum", 0x03e0u },
	{ "rx", 0x03e0u },
	{ "lso", HVP_NETVSC_OFFLOAD_LSO4 | HVP_NETVSC_OFFLOAD_LSO6 },
	{ "lso_v1", HVP_NETVSC_OFFLOAD_LSO_V1 },
	{ "rsc", HVP_NETVSC_OFFLOAD_RSC4 | HVP_NETVSC_OFFLOAD_RSC6 },
};

int net_offload(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_request *rq = pend(net, cmd, "net.oid_done");
	uint32_t bits = 0;
	size_t i;

	if (!rq)
		return HVT_FAILED;
	for (i = 0; i < sizeof(offload_names) / sizeof(offload_names[0]); i++)
		if (net_arg(cmd, offload_names[i].name, 0) != 0)
			bits |= offload_names[i].bits;
	return asked(net, rq, hvp_netvsc_set_offloads(&net->dev, bits, &rq->request));
}

/* Data: the key, then the table as u32 queue numbers. */
int net_rss(struct glue_net *net, const struct hvt_command *cmd)
{
	struct net_request *rq;
	struct hvp_netvsc_rss rss;
	const uint8_t *p = cmd->data;
	uint32_t value;
	uint32_t i;

	if (cmd->data_size < HVP_NETVSC_KEY_SIZE || cmd->data_size % 4 != 0 ||
	    cmd->data_size > HVP_NETVSC_KEY_SIZE + 4u * HVP_NETVSC_TABLE_MAX)
		return HVT_FAILED;
	memset(&rss, 0, sizeof(rss));
	rss.hash_info = (uint32_t)net_arg(cmd, "hash_type", HVP_NETVSC_HASH_DEFAULT);
	rss.entries = (uint32_t)(cmd->data_size - HVP_NETVSC_KEY_SIZE) / 4u;
	memcpy(rss.key, p, sizeof(rss.key));
	for (i = 0; i < rss.entries; i++) {
		value = hvp_get_u32(p + HVP_NETVSC_KEY_SIZE + 4u * i);
		if (value >= HVP_NETVSC_QUEUES_MAX)
			return HVT_FAILED;
		rss.table[i] = (uint8_t)value;
	}
	rq = pend(net, cmd, "net.oid_done");
	return rq ? asked(net, rq, hvp_netvsc_set_rss(&net->dev, &rss, &rq->request)) : HVT_FAILED;
}

void net_oid_done(struct glue_net *net, const struct hvp_netvsc_event *e)
{
	struct hvt_arg args[] = { { "status", e->rndis_status }, { "oid", e->oid } };
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel };
	struct net_request *rq = net->pending;

	while (rq && rq->request != e->id)
		rq = rq->next;
	if (!rq)
		return;
	ev.op = rq->event;
	ev.id = rq->id;
	ev.status = e->rndis_status;
	ev.args = args;
	ev.arg_count = 2;
	ev.data = rq->answer;
	ev.size = e->size;
	glue_report(net->g, &ev);
	unpend(net, rq);
}
