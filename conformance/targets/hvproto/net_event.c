/* SPDX-License-Identifier: BSD-2-Clause */
/* What a NIC says, told to the runner. */
#include "net.h"

#define COUNT(list) (0 list)

void net_report(struct glue_net *net, const char *op, uint64_t id, const struct hvt_arg *args,
		size_t count)
{
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel, .op = op };

	ev.id = id;
	ev.args = args;
	ev.arg_count = count;
	if (count > 0)
		ev.status = (uint32_t)args[0].value;
	glue_report(net->g, &ev);
}

static void attached(struct glue_net *net, const struct hvp_netvsc_event *e)
{
	const struct hvp_netvsc_info *info = hvp_netvsc_info(&net->dev);
	struct hvt_arg args[] = {
		{ "status", glue_status(e->status, 0) },
		{ "version", info->version },
		{ "mtu", info->mtu },
		{ "queues", info->queues },
		{ "link", info->link_up },
		{ "link_speed", info->link_speed },
		{ "section_size", info->section_size },
		{ "max_packets", info->max_packets },
		{ "alignment", info->alignment },
		{ "offloads", info->offloads },
		{ "sections", info->sections },
		{ "slot_size", info->receive_slot },
		{ "slots", info->receive_slots },
		{ "table_entries", info->table_entries },
		{ "filter", info->filter },
	};
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel };

	ev.op = "net.attached";
	ev.id = net->id;
	ev.status = (uint32_t)args[0].value;
	ev.args = args;
	ev.arg_count = sizeof(args) / sizeof(args[0]);
	ev.data = info->mac;
	ev.size = sizeof(info->mac);
	glue_report(net->g, &ev);
}

static void one(struct glue_net *net, const char *op, const char *name, uint64_t value)
{
	struct hvt_arg arg = { name, value };

	net_report(net, op, 0, &arg, 1);
}

static void two(struct glue_net *net, const char *op, struct hvt_arg a, struct hvt_arg b)
{
	struct hvt_arg args[2];

	args[0] = a;
	args[1] = b;
	net_report(net, op, 0, args, 2);
}

static void failed(struct glue_net *net, const struct hvp_netvsc_event *e)
{
	struct hvt_arg arg = { "status", glue_status(e->status, 0) };
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel, .op = "net.error" };

	ev.status = (uint32_t)arg.value;
	ev.args = &arg;
	ev.arg_count = 1;
	ev.text = hvp_netvsc_stats(&net->dev)->fault.field;
	glue_report(net->g, &ev);
}

static void detached(struct glue_net *net, const struct hvp_netvsc_event *e)
{
	struct hvt_arg arg = { "status", glue_status(e->status, 0) };

	net_report(net, "net.detached", net->detaching ? net->id : 0, &arg, 1);
}

static void tell(struct glue_net *net, const struct hvp_netvsc_event *e)
{
	switch (e->type) {
	case HVP_NETVSC_EV_ATTACHED:
		attached(net, e);
		break;
	case HVP_NETVSC_EV_DETACHED:
		detached(net, e);
		break;
	case HVP_NETVSC_EV_ERROR:
		failed(net, e);
		break;
	case HVP_NETVSC_EV_LINK:
		two(net, "net.link", (struct hvt_arg){ "up", e->up },
		    (struct hvt_arg){ "speed", e->speed });
		break;
	case HVP_NETVSC_EV_VF:
		two(net, "net.vf", (struct hvt_arg){ "allocated", e->up },
		    (struct hvt_arg){ "serial", e->serial });
		break;
	case HVP_NETVSC_EV_DATA_PATH:
		two(net, "net.datapath_done",
		    (struct hvt_arg){ "status", glue_status(e->status, 0) },
		    (struct hvt_arg){ "value", e->path });
		break;
	case HVP_NETVSC_EV_TABLE:
		net_report(net, "net.table", 0, NULL, 0);
		break;
	case HVP_NETVSC_EV_OID:
		net_oid_done(net, e);
		break;
	case HVP_NETVSC_EV_STOP:
		one(net, "net.stop", "queue", e->queue->index);
		break;
	case HVP_NETVSC_EV_WAKE:
		one(net, "net.wake", "queue", e->queue->index);
		break;
	}
}

bool net_take_events(struct glue_net *net)
{
	struct hvp_netvsc_event e;

	while (hvp_netvsc_next_event(&net->dev, &e)) {
		tell(net, &e);
		if (e.type == HVP_NETVSC_EV_DETACHED)
			return true;
	}
	return false;
}

/* Those of the device, and the sums of those of its queues. */
void net_counters(struct glue_net *net, uint64_t id)
{
#define HVP_X(name, text) +1
	struct hvt_arg
		args[COUNT(HVP_NETVSC_COUNTERS(HVP_X)) + COUNT(HVP_NETVSC_QUEUE_COUNTERS(HVP_X))];
#undef HVP_X
	const struct hvp_netvsc_stats *stats = hvp_netvsc_stats(&net->dev);
	struct hvp_netvsc_queue_stats sum = { 0 };
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < net->queue_count; i++) {
#define HVP_X(name, text) sum.name += net->queues[i].stats.name;
		HVP_NETVSC_QUEUE_COUNTERS(HVP_X)
#undef HVP_X
	}
#define HVP_X(name, text) args[n++] = (struct hvt_arg){ #name, stats->name };
	HVP_NETVSC_COUNTERS(HVP_X)
#undef HVP_X
#define HVP_X(name, text) args[n++] = (struct hvt_arg){ #name, sum.name };
	HVP_NETVSC_QUEUE_COUNTERS(HVP_X)
#undef HVP_X
	net_report(net, "net.counters", id, args, n);
}
