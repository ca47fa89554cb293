/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner's "net.*" commands: names, arguments, and who carries them out. */
#include "net.h"

#include <string.h>

#define ARGS_MAX 16u

struct net_command {
	const char *op;
	int (*run)(struct glue_net *net, const struct hvt_command *cmd);
	const char *args[ARGS_MAX]; /* those it knows */
};

static const struct hvt_arg *find_arg(const struct hvt_command *cmd, const char *name)
{
	size_t i;

	for (i = 0; i < cmd->arg_count; i++)
		if (strcmp(cmd->args[i].name, name) == 0)
			return &cmd->args[i];
	return NULL;
}

uint64_t net_arg(const struct hvt_command *cmd, const char *name, uint64_t otherwise)
{
	const struct hvt_arg *arg = find_arg(cmd, name);

	return arg ? arg->value : otherwise;
}

bool net_has_arg(const struct hvt_command *cmd, const char *name)
{
	return find_arg(cmd, name) != NULL;
}

static int detach(struct glue_net *net, const struct hvt_command *cmd)
{
	net->id = cmd->id;
	net->detaching = true;
	return net_result(hvp_netvsc_detach(&net->dev));
}

static int set_mtu(struct glue_net *net, const struct hvt_command *cmd)
{
	net->id = cmd->id;
	return net_result(hvp_netvsc_set_mtu(&net->dev, (uint32_t)net_arg(cmd, "mtu", 1500)));
}

static int data_path(struct glue_net *net, const struct hvt_command *cmd)
{
	return net_result(hvp_netvsc_switch_path(&net->dev, (uint32_t)net_arg(cmd, "value", 0)));
}

static int pause_reading(struct glue_net *net, const struct hvt_command *cmd)
{
	(void)cmd;
	net->paused = true;
	return HVT_OK;
}

static int resume_reading(struct glue_net *net, const struct hvt_command *cmd)
{
	(void)cmd;
	net->paused = false;
	net->again = true;
	return HVT_OK;
}

static int counters(struct glue_net *net, const struct hvt_command *cmd)
{
	net_counters(net, cmd->id);
	return HVT_OK;
}

static const struct net_command commands[] = {
	{ "net.detach", detach, { NULL } },
	{ "net.mtu", set_mtu, { "mtu" } },
	{ "net.filter", net_filter, { "value" } },
	{ "net.multicast", net_multicast, { NULL } },
	{ "net.query", net_query, { "oid", "size" } },
	{ "net.set", net_set, { "oid" } },
	{ "net.offload",
	  net_offload,
	  { "tx_checksum", "rx_checksum", "tx", "rx", "lso", "lso_v1", "rsc" } },
	{ "net.rss", net_rss, { "hash_type", "queues" } },
	{ "net.send",
	  net_send,
	  { "queue", "vlan", "csum", "l4_offset", "mss", "ipv6", "lso_v1", "hash", "segments",
	    "gpa", "more" } },
	{ "net.flush", net_flush, { "queue" } },
	{ "net.datapath", data_path, { "value" } },
	{ "net.pause", pause_reading, { NULL } },
	{ "net.resume", resume_reading, { NULL } },
	{ "net.counters", counters, { NULL } },
};

static const char *const attach_args[ARGS_MAX] = {
	"mtu",		"queues",   "version",	      "min_version",
	"rx_pages",	"tx_pages", "receive_buffer", "send_buffer",
	"capabilities", "filter",   "offloads",
};

static bool args_known(const struct hvt_command *cmd, const char *const *known)
{
	size_t i;
	size_t n;

	for (i = 0; i < cmd->arg_count; i++) {
		for (n = 0; n < ARGS_MAX && known[n]; n++)
			if (strcmp(cmd->args[i].name, known[n]) == 0)
				break;
		if (n == ARGS_MAX || !known[n])
			return false;
	}
	return true;
}

static struct glue_net *find_net(struct glue *g, uint32_t channel)
{
	struct glue_net *net;

	for (net = g->nets; net; net = net->next)
		if (net->channel == channel)
			return net;
	return NULL;
}

static int attach(struct glue_channel *c, const struct hvt_command *cmd)
{
	if (!args_known(cmd, attach_args))
		return HVT_UNSUPPORTED;
	return find_net(c->g, c->id) ? HVT_FAILED : net_attach(c, cmd);
}

int glue_net_command(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct glue_net *net = find_net(c->g, c->id);
	size_t i;

	if (!cmd->op)
		return HVT_UNSUPPORTED;
	if (strcmp(cmd->op, "net.attach") == 0)
		return attach(c, cmd);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(cmd->op, commands[i].op) != 0)
			continue;
		if (!args_known(cmd, commands[i].args))
			return HVT_UNSUPPORTED;
		return net ? commands[i].run(net, cmd) : HVT_FAILED;
	}
	return HVT_UNSUPPORTED;
}
