/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry points that the runner calls, and the loop around the bus. */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

#ifndef GLUE_NAME /* another driver over the same bus says who it is */
#define GLUE_NAME "hvproto"
#define GLUE_VERSION "0.1.0"
#endif

/* What a kernel does after every call and interrupt: let the bus post, take its news. */
void glue_turn(struct glue *g)
{
	uint32_t n;

	for (n = 0; n < GLUE_BATCH; n++) {
		hvp_bus_tick(&g->bus, g->ops.now(g->m));
		glue_take_events(g);
		if (!glue_net_turn(g) && hvp_bus_deadline(&g->bus) != 0)
			break;
	}
}

void glue_report(struct glue *g, const struct hvt_event *event)
{
	if (!g->silent)
		g->ops.event(g->m, event);
}

void glue_dropped(struct glue *g, uint32_t channel, const char *why)
{
	struct hvt_event ev = { .type = HVT_EV_DROPPED, .channel = channel, .text = why };

	glue_report(g, &ev);
}

static void log_line(void *os, enum hvp_log_level level, const char *text)
{
	struct glue *g = os;

	(void)level;
	if (!g->silent)
		g->ops.log(g->m, text);
}

static void fill_config(struct glue *g, struct hvp_bus_config *cfg)
{
	/* Random version 4, this driver's own. */
	static const struct hvp_guid client = {
		{ 0x5d, 0x61, 0x0b, 0x8e, 0x9c, 0x27, 0x4f, 0x43, 0xa1, 0x70, 0x2f, 0xe8, 0x46,
		  0xb3, 0x95, 0xc1 },
	};

	cfg->size = sizeof(*cfg);
	cfg->ops = &g->os;
	cfg->os = g;
	cfg->channels = g->channels;
	cfg->channel_count = GLUE_CHANNELS;
	cfg->gpadls = g->gpadls;
	cfg->gpadl_count = GLUE_GPADLS;
	cfg->tl_requests = g->tls;
	cfg->tl_request_count = GLUE_TLS;
	cfg->max_version = g->config.max_version;
	cfg->features = g->config.features;
	cfg->client_id = client;
	cfg->interrupt_page = g->interrupt_page;
	cfg->interrupt_page_gpa = g->ops.gpa(g->m, g->interrupt_page);
	cfg->monitor_gpa[0] = g->ops.gpa(g->m, g->monitor_pages);
	cfg->monitor_gpa[1] = g->ops.gpa(g->m, g->monitor_pages + HVT_PAGE);
	cfg->monitor_page = g->monitor_pages + HVT_PAGE;
	cfg->isolated = g->config.isolation != 0;
}

static bool start(struct glue *g)
{
	struct hvp_bus_config cfg;

	if (!glue_net_start(g))
		return false;
	g->channels = calloc(GLUE_CHANNELS, sizeof(*g->channels));
	g->gpadls = calloc(GLUE_GPADLS, sizeof(*g->gpadls));
	g->interrupt_page = g->ops.page_alloc(g->m, 1);
	g->monitor_pages = g->ops.page_alloc(g->m, 2);
	if (!g->channels || !g->gpadls || !g->interrupt_page || !g->monitor_pages)
		return false;
	g->os.size = sizeof(g->os);
	g->os.post_message = glue_post_message;
	g->os.signal_event = glue_signal_event;
	g->os.log = log_line;
	memset(&cfg, 0, sizeof(cfg));
	fill_config(g, &cfg);
	return hvp_bus_init(&g->bus, &cfg) == HVP_OK;
}

static void destroy(void *d)
{
	struct glue *g = d;

	g->silent = true;
	glue_synic_stop(g);
	glue_net_free_all(g);
	glue_free_all(g);
	if (g->interrupt_page)
		g->ops.page_free(g->m, g->interrupt_page, 1);
	if (g->monitor_pages)
		g->ops.page_free(g->m, g->monitor_pages, 2);
	free(g->channels);
	free(g->gpadls);
	free(g);
}

static void *create(const struct hvt_machine_ops *ops, void *m, const struct hvt_config *config)
{
	struct glue *g;

	if (ops->size < sizeof(*ops) || config->size < sizeof(*config) || config->vps == 0)
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->ops = *ops;
	g->m = m;
	g->config = *config;
	if (start(g))
		return g;
	ops->log(m, "no memory, or a configuration that the bus refuses");
	destroy(g);
	return NULL;
}

static void interrupt(void *d, uint32_t vp, uint32_t sint)
{
	struct glue *g = d;

	if (sint != GLUE_SINT)
		return;
	glue_synic_interrupt(g, vp);
	glue_turn(g);
}

static uint64_t run(void *d)
{
	struct glue *g = d;
	struct glue_channel *c;
	uint64_t now = g->ops.now(g->m);
	uint64_t due;

	glue_turn(g);
	due = glue_net_deadline(g, now);
	if (hvp_bus_deadline(&g->bus) < due)
		due = hvp_bus_deadline(&g->bus);
	for (c = g->all; c; c = c->next) {
		if (c->again || glue_polls(c))
			glue_channel_signalled(c);
		if (c->again && c->open)
			due = now;
		else if (glue_polls(c) && due > now + GLUE_POLL)
			due = now + GLUE_POLL;
	}
	return due;
}

/* The kernel is dying: no interrupts, no scheduler, only this loop. */
static int crash_unload(struct glue *g)
{
	if (!g->synic_on || hvp_bus_crash_unload(&g->bus) != HVP_OK)
		return HVT_FAILED;
	while (hvp_bus_state(&g->bus) == HVP_BUS_UNLOADING) {
		hvp_bus_tick(&g->bus, g->ops.now(g->m));
		glue_synic_poll_messages(g);
	}
	glue_take_events(g);
	return HVT_OK;
}

static int result(enum hvp_status status)
{
	if (status == HVP_OK)
		return HVT_OK;
	if (status == HVP_AGAIN)
		return HVT_AGAIN;
	return status == HVP_UNSUPPORTED ? HVT_UNSUPPORTED : HVT_FAILED;
}

static int tl_connect(struct glue *g, const struct hvt_command *cmd)
{
	struct hvp_guid endpoint;
	struct hvp_guid service;

	memcpy(endpoint.b, cmd->guid[0], sizeof(endpoint.b));
	memcpy(service.b, cmd->guid[1], sizeof(service.b));
	return result(hvp_bus_tl_connect(&g->bus, &endpoint, &service, NULL));
}

static int set_paused(struct glue_channel *c, bool paused)
{
	c->paused = paused;
	c->again = false;
	if (!paused)
		glue_channel_signalled(c);
	return HVT_OK;
}

static int channel_command(struct glue_channel *c, const struct hvt_command *cmd)
{
	switch (cmd->type) {
	case HVT_CMD_OPEN:
		return glue_open(c, cmd);
	case HVT_CMD_CLOSE:
		c->open = false;
		return result(hvp_channel_close(c->ch));
	case HVT_CMD_RELEASE:
		return result(hvp_channel_release(c->ch));
	case HVT_CMD_SEND:
		return glue_send(c, cmd);
	case HVT_CMD_SEND_GPA:
		return glue_send_gpa(c, cmd);
	case HVT_CMD_COMPLETE:
		return glue_complete(c, cmd);
	case HVT_CMD_GPADL_CREATE:
		return glue_gpadl_create(c, cmd);
	case HVT_CMD_GPADL_TEARDOWN:
		return glue_gpadl_teardown(c, cmd->id);
	case HVT_CMD_MODIFY:
		return result(hvp_channel_modify(c->ch, cmd->target_vp));
	case HVT_CMD_RX_PAUSE:
	case HVT_CMD_RX_RESUME:
		return set_paused(c, cmd->type == HVT_CMD_RX_PAUSE);
	case HVT_CMD_OPEN_RESERVED:
		return glue_open_reserved(c, cmd);
	case HVT_CMD_CLOSE_RESERVED:
		return result(hvp_channel_close_reserved(c->ch, cmd->target_vp, cmd->value));
	case HVT_CMD_DEVICE:
		return glue_net_command(c, cmd);
	default:
		return HVT_UNSUPPORTED;
	}
}

static int find_and_do(struct glue *g, const struct hvt_command *cmd)
{
	struct hvp_channel *ch = hvp_bus_channel(&g->bus, cmd->channel);

	return ch && ch->user ? channel_command(ch->user, cmd) : HVT_FAILED;
}

static int bus_command(struct glue *g, const struct hvt_command *cmd)
{
	switch (cmd->type) {
	case HVT_CMD_CONNECT:
		return glue_synic_start(g) ? result(hvp_bus_connect(&g->bus)) : HVT_FAILED;
	case HVT_CMD_UNLOAD:
		return result(hvp_bus_unload(&g->bus));
	case HVT_CMD_CRASH_UNLOAD:
		return crash_unload(g);
	case HVT_CMD_TL_CONNECT:
		return tl_connect(g, cmd);
	default:
		return find_and_do(g, cmd);
	}
}

static int command(void *d, const struct hvt_command *cmd)
{
	int answer;

	if (cmd->size < sizeof(*cmd))
		return HVT_FAILED;
	answer = bus_command(d, cmd);
	glue_turn(d);
	return answer;
}

static const struct hvt_driver_ops driver = {
	.size = sizeof(driver),
	.abi = HVT_ABI,
	.name = GLUE_NAME,
	.version = GLUE_VERSION,
	.create = create,
	.destroy = destroy,
	.interrupt = interrupt,
	.run = run,
	.command = command,
};

__attribute__((visibility("default"))) const struct hvt_driver_ops *hvt_driver(void)
{
	return &driver;
}
