/* SPDX-License-Identifier: BSD-2-Clause */
/* What the conformance runner calls (hvtarget.h), and the few lines that report to it. */
#include "minimal.h"

#include <stdlib.h>

void mg_event(struct mg_guest *g, const struct hvt_event *event)
{
	g->ops.event(g->m, event);
}

void mg_result(struct mg_guest *g, uint32_t type, uint32_t channel, uint32_t status)
{
	struct hvt_event ev = { .type = type, .channel = channel, .status = status };

	mg_event(g, &ev);
}

void mg_dropped(struct mg_guest *g, uint32_t channel, const char *why)
{
	struct hvt_event ev = { .type = HVT_EV_DROPPED, .channel = channel, .text = why };

	mg_event(g, &ev);
}

void mg_log(struct mg_guest *g, const char *text)
{
	g->ops.log(g->m, text);
}

static void *create(const struct hvt_machine_ops *ops, void *m, const struct hvt_config *config)
{
	struct mg_guest *g;

	if (ops->size < sizeof(*ops) || config->size < sizeof(*config) || config->vps == 0) {
		ops->log(m, "the runner is older than this driver");
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->ops = *ops;
	g->m = m;
	g->config = *config;
	g->unload_deadline = HVT_NEVER;
	return g;
}

static void nobody_listens(void *m, const struct hvt_event *event)
{
	(void)m;
	(void)event;
}

/* The machine ends here, so what a silent host never gave back can be freed as well. */
static void destroy(void *d)
{
	struct mg_guest *g = d;

	g->ops.event = nobody_listens;
	mg_forget_all(g);
	mg_synic_stop(g);
	free(g);
}

static void interrupt(void *d, uint32_t vp, uint32_t sint)
{
	if (sint == MG_SINT)
		mg_synic_interrupt(d, vp);
}

static uint64_t run(void *d)
{
	struct mg_guest *g = d;
	uint64_t now;
	uint64_t due;
	uint32_t i;

	mg_post_due(g);
	now = g->ops.now(g->m);
	if (now >= g->unload_deadline)
		mg_bus_disconnected(g, MG_STATUS_GONE);
	due = g->unload_deadline;
	if (g->out && g->next_try < due)
		due = g->next_try;
	for (i = 1; i < MG_CHANNEL_IDS; i++) {
		if (!g->channels[i])
			continue;
		if (g->channels[i]->again || mg_channel_polls(g->channels[i]))
			mg_channel_event(g, g->channels[i]);
		if (g->channels[i]->again)
			due = now;
		else if (mg_channel_polls(g->channels[i]) && now + MG_POLL < due)
			due = now + MG_POLL;
	}
	return due;
}

static int channel_command(struct mg_guest *g, const struct hvt_command *cmd)
{
	struct mg_channel *ch = cmd->channel < MG_CHANNEL_IDS ? g->channels[cmd->channel] : NULL;

	if (!ch || g->state != MG_CONNECTED)
		return HVT_FAILED;
	switch (cmd->type) {
	case HVT_CMD_OPEN:
		return mg_open(g, ch, cmd);
	case HVT_CMD_CLOSE:
		return mg_close(g, ch);
	case HVT_CMD_RELEASE:
		return mg_release(g, ch);
	case HVT_CMD_SEND:
		return mg_send(g, ch, cmd);
	case HVT_CMD_SEND_GPA:
		return mg_send_gpa(g, ch, cmd);
	case HVT_CMD_COMPLETE:
		return mg_complete(g, ch, cmd);
	case HVT_CMD_GPADL_CREATE:
		return mg_gpadl_share(g, ch, cmd->pages, cmd->id);
	case HVT_CMD_GPADL_TEARDOWN:
		return mg_gpadl_unshare(g, ch, cmd->id);
	case HVT_CMD_MODIFY:
		return mg_modify(g, ch, cmd->target_vp);
	case HVT_CMD_RX_PAUSE:
		ch->paused = true;
		ch->again = false;
		return HVT_OK;
	case HVT_CMD_RX_RESUME:
		ch->paused = false;
		mg_channel_event(g, ch);
		return HVT_OK;
	default:
		return HVT_UNSUPPORTED;
	}
}

static int command(void *d, const struct hvt_command *cmd)
{
	struct mg_guest *g = d;

	if (cmd->size < sizeof(*cmd))
		return HVT_FAILED;
	switch (cmd->type) {
	case HVT_CMD_CONNECT:
		return mg_connect(g);
	case HVT_CMD_UNLOAD:
		return mg_unload(g);
	case HVT_CMD_CRASH_UNLOAD:
		return mg_crash_unload(g);
	case HVT_CMD_TL_CONNECT:
	case HVT_CMD_OPEN_RESERVED:
	case HVT_CMD_CLOSE_RESERVED:
		return HVT_UNSUPPORTED;
	default:
		return channel_command(g, cmd);
	}
}

static const struct hvt_driver_ops driver = {
	.size = sizeof(driver),
	.abi = HVT_ABI,
	.name = "minimal",
	.version = "1",
	.create = create,
	.destroy = destroy,
	.interrupt = interrupt,
	.run = run,
	.command = command,
};

/* The one symbol that the shared object shows. */
__attribute__((visibility("default"))) const struct hvt_driver_ops *hvt_driver(void)
{
	return &driver;
}
