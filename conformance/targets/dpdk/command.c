/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner's "net.*" commands as orders to the driver's process, and its answers as events. */
#include "dpdk.h"

#include <stdlib.h>
#include <string.h>

#define KNOWN 10u
#define ARGS(list) (sizeof(list) / sizeof((list)[0]))
#define L4_OFFSET_IPV4 34u
#define L4_OFFSET_IPV6 54u
#define FILTER_OF_DRIVER 0xdu /* what DPDK's driver always sets */
#define FILTER_PROMISCUOUS 0x20u

struct command {
	const char *op;
	int (*run)(struct glue_net *net, const struct hvt_command *cmd);
	const char *args[KNOWN];
};

static const struct hvt_arg *find_arg(const struct hvt_command *cmd, const char *name)
{
	size_t i;

	for (i = 0; i < cmd->arg_count; i++)
		if (strcmp(cmd->args[i].name, name) == 0)
			return &cmd->args[i];
	return NULL;
}

uint64_t dpdk_arg(const struct hvt_command *cmd, const char *name, uint64_t otherwise)
{
	const struct hvt_arg *arg = find_arg(cmd, name);

	return arg ? arg->value : otherwise;
}

/* --- reports --- */

void dpdk_report_data(struct glue_net *net, const char *op, uint64_t id, const struct hvt_arg *args,
		      size_t count, size_t size)
{
	struct hvt_event ev = { .type = HVT_EV_DEVICE, .channel = net->channel, .op = op };

	ev.id = id;
	ev.status = count > 0 ? (uint32_t)args[0].value : 0;
	ev.args = args;
	ev.arg_count = count;
	ev.data = net->data;
	ev.size = size;
	glue_report(net->g, &ev);
}

void dpdk_report(struct glue_net *net, const char *op, uint64_t id, uint32_t status)
{
	struct hvt_arg arg = { "status", status };

	dpdk_report_data(net, op, id, &arg, 1, 0);
}

/* 0: IP good, 1: IP bad, 2: TCP or UDP good, 3: bad. */
static uint32_t csum_bits(uint64_t flags)
{
	return (flags & PEER_F_IP_CHECKSUM ? 1u : 0) | (flags & PEER_F_IP_BAD ? 2u : 0) |
	       (flags & PEER_F_L4_CHECKSUM ? 4u : 0) | (flags & PEER_F_L4_BAD ? 8u : 0);
}

void dpdk_frame(struct glue_net *net, const struct peer_message *frame)
{
	uint64_t flags = frame->arg[PEER_G_FLAGS];
	uint32_t csum = csum_bits(flags);
	struct hvt_arg args[4] = { { "queue", frame->arg[PEER_G_QUEUE] } };
	size_t n = 1;

	if (csum)
		args[n++] = (struct hvt_arg){ "csum", csum };
	if (flags & PEER_F_VLAN)
		args[n++] = (struct hvt_arg){ "vlan", frame->arg[PEER_G_VLAN] };
	if (flags & PEER_F_HASH)
		args[n++] = (struct hvt_arg){ "hash", frame->arg[PEER_G_HASH] };
	dpdk_report_data(net, "net.rx", 0, args, n, frame->size);
}

/* The driver has given the frame's memory back. It tells nobody what the host said about it. */
void dpdk_sent(struct glue_net *net, const struct peer_message *sent)
{
	struct hvt_arg args[] = {
		{ "status", 1 },
		{ "queue", sent->arg[PEER_Y_QUEUE] },
	};

	dpdk_report_data(net, "net.tx_done", sent->arg[PEER_Y_ID], args, ARGS(args), 0);
}

/* --- orders --- */

static void give_next(struct glue_net *net)
{
	struct dpdk_order *o = net->orders;

	net->busy = o != NULL;
	dpdk_heard(net);
	if (o && !dpdk_process_say(net, &o->ask, o->data))
		dpdk_gone(net, DPDK_REFUSED);
}

int dpdk_order(struct glue_net *net, uint64_t id, const struct peer_message *ask, const void *bytes)
{
	struct dpdk_order *o = malloc(sizeof(*o) + ask->size);
	struct dpdk_order **link = &net->orders;

	if (!o)
		return HVT_FAILED;
	o->next = NULL;
	o->ask = *ask;
	o->id = id;
	if (ask->size)
		memcpy(o->data, bytes, ask->size);
	while (*link)
		link = &(*link)->next;
	*link = o;
	if (!net->busy)
		give_next(net);
	return HVT_OK;
}

void dpdk_orders_free(struct glue_net *net)
{
	struct dpdk_order *o;

	while ((o = net->orders) != NULL) {
		net->orders = o->next;
		free(o);
	}
	net->busy = false;
}

static void polled(struct glue_net *net, const struct peer_message *answer)
{
	bool up = answer->arg[0];
	struct hvt_arg arg = { "up", up };

	if (up != net->link)
		dpdk_report_data(net, "net.link", 0, &arg, 1, 0);
	net->link = up;
}

static void traffic_done(struct glue_net *net, uint64_t id, const struct peer_message *answer)
{
	struct hvt_arg args[] = {
		{ "status", (uint32_t)answer->status },
		{ "sent", answer->arg[PEER_R_SENT] },
		{ "back", answer->arg[PEER_R_BACK] },
		{ "bad", answer->arg[PEER_R_BAD] },
		{ "bytes", answer->arg[PEER_R_BYTES] },
		{ "first_bad", answer->arg[PEER_R_FIRST_BAD] },
		{ "queues", answer->arg[PEER_R_QUEUES] },
	};

	dpdk_report_data(net, "net.traffic_done", id, args, ARGS(args), 0);
}

static void burst_done(struct glue_net *net, uint64_t id, const struct peer_message *answer)
{
	struct hvt_arg args[] = {
		{ "status", (uint32_t)answer->status },
		{ "frames", answer->arg[0] },
	};

	dpdk_report_data(net, "net.burst_done", id, args, ARGS(args), 0);
}

static void counted(struct glue_net *net, uint64_t id, const struct peer_message *answer)
{
	struct hvt_arg args[] = {
		{ "rx_frames", answer->arg[PEER_C_RX_FRAMES] },
		{ "tx_frames", answer->arg[PEER_C_TX_FRAMES] },
		{ "rx_bytes", answer->arg[PEER_C_RX_BYTES] },
		{ "tx_bytes", answer->arg[PEER_C_TX_BYTES] },
		{ "rx_missed", answer->arg[PEER_C_RX_MISSED] },
		{ "rx_errors", answer->arg[PEER_C_RX_ERRORS] },
		{ "tx_errors", answer->arg[PEER_C_TX_ERRORS] },
		{ "rx_no_buffer", answer->arg[PEER_C_NO_MBUF] },
	};

	dpdk_report_data(net, "net.counters", id, args, ARGS(args), 0);
}

/* What the order was for is told; a frame that was sent is looked after once more. */
static void tell(struct glue_net *net, const struct dpdk_order *o,
		 const struct peer_message *answer)
{
	switch (o->ask.op) {
	case PEER_START:
		dpdk_attached(net, answer);
		break;
	case PEER_STOP:
		net->stopped = true;
		dpdk_close(net);
		break;
	case PEER_SEND:
		net->wants_poll = true;
		if (answer->status != 0)
			dpdk_report(net, "net.tx_done", o->id, (uint32_t)answer->status);
		break;
	case PEER_POLL:
		polled(net, answer);
		break;
	case PEER_TRAFFIC:
		traffic_done(net, o->id, answer);
		break;
	case PEER_BURST:
	case PEER_DRAIN:
		burst_done(net, o->id, answer);
		break;
	case PEER_COUNTERS:
		counted(net, o->id, answer);
		break;
	case PEER_PROMISCUOUS:
		dpdk_report(net, "net.filter_done", o->id, (uint32_t)answer->status);
		break;
	default:
		break;
	}
}

void dpdk_order_done(struct glue_net *net, const struct peer_message *answer)
{
	struct dpdk_order *o = net->orders;

	if (!o)
		return;
	net->orders = o->next;
	tell(net, o, answer);
	free(o);
	if (net->socket >= 0)
		give_next(net);
}

/* --- commands --- */

static uint64_t send_flags(const struct hvt_command *cmd)
{
	uint64_t csum = dpdk_arg(cmd, "csum", 0);

	return (find_arg(cmd, "vlan") ? PEER_F_VLAN : 0) | (csum & 1u ? PEER_F_IP_CHECKSUM : 0) |
	       (csum & 6u ? PEER_F_L4_CHECKSUM : 0) | (csum & 4u ? PEER_F_UDP : 0) |
	       (dpdk_arg(cmd, "ipv6", 0) ? PEER_F_IPV6 : 0) |
	       (find_arg(cmd, "mss") ? PEER_F_LSO : 0);
}

static int send_frame(struct glue_net *net, const struct hvt_command *cmd)
{
	uint64_t l4 = dpdk_arg(cmd, "l4_offset", 0);
	struct peer_message ask = { .op = PEER_SEND };

	if (l4 != 0 && l4 != (dpdk_arg(cmd, "ipv6", 0) ? L4_OFFSET_IPV6 : L4_OFFSET_IPV4))
		return HVT_UNSUPPORTED;
	if (cmd->data_size == 0 || cmd->data_size > PEER_DATA)
		return HVT_FAILED;
	ask.size = (uint32_t)cmd->data_size;
	ask.arg[PEER_X_QUEUE] = dpdk_arg(cmd, "queue", 0);
	ask.arg[PEER_X_FLAGS] = send_flags(cmd);
	ask.arg[PEER_X_VLAN] = dpdk_arg(cmd, "vlan", 0);
	ask.arg[PEER_X_MSS] = dpdk_arg(cmd, "mss", 0);
	ask.arg[PEER_X_SEGMENTS] = dpdk_arg(cmd, "segments", 1);
	ask.arg[PEER_X_ID] = cmd->id;
	return dpdk_order(net, cmd->id, &ask, cmd->data);
}

static int traffic(struct glue_net *net, const struct hvt_command *cmd)
{
	struct peer_message ask = { .op = PEER_TRAFFIC };

	ask.arg[PEER_T_FRAMES] = dpdk_arg(cmd, "frames", 1000);
	ask.arg[PEER_T_SEED] = dpdk_arg(cmd, "seed", 1);
	ask.arg[PEER_T_MIN] = dpdk_arg(cmd, "min", 60);
	ask.arg[PEER_T_MAX] = dpdk_arg(cmd, "max", 1514);
	ask.arg[PEER_T_FLAGS] = dpdk_arg(cmd, "flags", PEER_F_UDP);
	ask.arg[PEER_T_SEGMENTS] = dpdk_arg(cmd, "segments", 1);
	ask.arg[PEER_T_WINDOW] = dpdk_arg(cmd, "window", 128);
	ask.arg[PEER_T_MSS] = dpdk_arg(cmd, "mss", 1460);
	return dpdk_order(net, cmd->id, &ask, NULL);
}

/* What a frame costs: one look of the host at all that a burst sends, and at all that a drain
 * gives back. */
static int burst(struct glue_net *net, const struct hvt_command *cmd)
{
	struct peer_message ask = { .op = PEER_BURST };

	ask.arg[PEER_B_FRAMES] = dpdk_arg(cmd, "frames", 64);
	ask.arg[PEER_B_SIZE] = dpdk_arg(cmd, "size", 64);
	ask.arg[PEER_B_BURST] = dpdk_arg(cmd, "burst", 32);
	ask.arg[PEER_B_MSS] = dpdk_arg(cmd, "mss", 0);
	ask.arg[PEER_B_TIMED] = dpdk_arg(cmd, "timed", 0);
	return dpdk_order(net, cmd->id, &ask, NULL);
}

static int drain(struct glue_net *net, const struct hvt_command *cmd)
{
	struct peer_message ask = { .op = PEER_DRAIN };

	ask.arg[PEER_B_TIMED] = dpdk_arg(cmd, "timed", 0);
	return dpdk_order(net, cmd->id, &ask, NULL);
}

/* The driver knows two filters: its own, and all frames. */
static int filter(struct glue_net *net, const struct hvt_command *cmd)
{
	uint64_t value = dpdk_arg(cmd, "value", FILTER_OF_DRIVER);
	struct peer_message ask = { .op = PEER_PROMISCUOUS };

	if (value != FILTER_OF_DRIVER && value != FILTER_PROMISCUOUS)
		return HVT_UNSUPPORTED;
	ask.arg[0] = value == FILTER_PROMISCUOUS;
	return dpdk_order(net, cmd->id, &ask, NULL);
}

static int counters(struct glue_net *net, const struct hvt_command *cmd)
{
	struct peer_message ask = { .op = PEER_COUNTERS };

	return dpdk_order(net, cmd->id, &ask, NULL);
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
	net->wants_poll = true;
	return HVT_OK;
}

static const struct command commands[] = {
	{ "net.detach", dpdk_detach, { NULL } },
	{ "net.send",
	  send_frame,
	  { "queue", "vlan", "csum", "l4_offset", "mss", "ipv6", "segments" } },
	{ "net.traffic",
	  traffic,
	  { "frames", "seed", "min", "max", "flags", "segments", "window", "mss" } },
	{ "net.burst", burst, { "frames", "size", "burst", "mss", "timed" } },
	{ "net.drain", drain, { "timed" } },
	{ "net.filter", filter, { "value" } },
	{ "net.counters", counters, { NULL } },
	{ "net.pause", pause_reading, { NULL } },
	{ "net.resume", resume_reading, { NULL } },
};

static const char *const attach_args[KNOWN] = { "mtu", "queues", "filter", "version" };

static bool args_known(const struct hvt_command *cmd, const char *const known[KNOWN])
{
	size_t i;
	size_t n;

	for (i = 0; i < cmd->arg_count; i++) {
		for (n = 0; n < KNOWN && known[n]; n++)
			if (strcmp(cmd->args[i].name, known[n]) == 0)
				break;
		if (n == KNOWN || !known[n])
			return false;
	}
	return true;
}

/* The driver begins with the version and the filter of its own choice. */
static bool can_attach(const struct hvt_command *cmd)
{
	uint64_t version = dpdk_arg(cmd, "version", 0);
	uint64_t filter_wanted = dpdk_arg(cmd, "filter", FILTER_OF_DRIVER);

	return args_known(cmd, attach_args) && (version == 0 || version == 0x60001u) &&
	       (filter_wanted == 0 || filter_wanted == FILTER_OF_DRIVER);
}

int glue_net_command(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct glue_net *net = c->g->nets;
	size_t i;

	if (!cmd->op)
		return HVT_UNSUPPORTED;
	if (strcmp(cmd->op, "net.attach") == 0)
		return can_attach(cmd) ? dpdk_attach(net, c, cmd) : HVT_UNSUPPORTED;
	for (i = 0; i < ARGS(commands); i++) {
		if (strcmp(cmd->op, commands[i].op) != 0)
			continue;
		if (!args_known(cmd, commands[i].args))
			return HVT_UNSUPPORTED;
		return net->state == DPDK_RUNNING ? commands[i].run(net, cmd) : HVT_FAILED;
	}
	return HVT_UNSUPPORTED;
}
