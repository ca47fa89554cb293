/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a channel and of the pages it shares with the host (chapter 10 sections 4.6, 4.7,
 * 5 and 6.4). The list of GPADLs owns the pages: they are freed when the host has confirmed the
 * teardown or has taken the channel back, and in no other place.
 */
#include "minimal.h"

#include <stdlib.h>

#define HEADER_WORDS 27u
#define BODY_WORDS 28u
#define GPADL_PAGES_MAX 8190u

struct mg_gpadl *mg_gpadl_find(struct mg_guest *g, uint32_t id)
{
	struct mg_gpadl *gp = g->gpadls;

	while (gp && gp->id != id)
		gp = gp->next;
	return gp;
}

void mg_gpadl_free(struct mg_guest *g, struct mg_gpadl *gp)
{
	struct mg_gpadl **link = &g->gpadls;

	while (*link != gp)
		link = &(*link)->next;
	*link = gp->next;
	g->ops.page_free(g->m, gp->va, gp->pages);
	free(gp);
}

/* Word @i of the range data: the range's header, then the frame numbers. */
static uint64_t range_word(struct mg_guest *g, const struct mg_gpadl *gp, size_t i)
{
	if (i == 0)
		return (uint64_t)gp->pages * HVT_PAGE; /* byte_count; byte_offset 0 */
	return g->ops.gpa(g->m, gp->va + (i - 1) * HVT_PAGE) / HVT_PAGE;
}

static size_t put_words(struct mg_guest *g, const struct mg_gpadl *gp, uint8_t *p, size_t first,
			size_t most)
{
	size_t words = gp->pages + 1;
	size_t i;

	for (i = 0; i < most && first + i < words; i++)
		mg_put64(p + 8 * i, range_word(g, gp, first + i));
	return i;
}

static void announce(struct mg_guest *g, const struct mg_gpadl *gp)
{
	uint32_t id = gp->id;
	uint32_t channel = gp->channel;
	size_t words = gp->pages + 1;
	uint8_t b[MG_MESSAGE_MAX] = { MG_GPADL_HEADER };
	uint32_t number = 0;
	size_t done;
	size_t n;

	mg_put32(b + 8, channel);
	mg_put32(b + 12, id);
	mg_put16(b + 16, (uint32_t)(8 * words));
	mg_put16(b + 18, 1);
	done = put_words(g, gp, b + 20, 0, HEADER_WORDS);
	mg_post(g, channel, b, (uint32_t)(20 + 8 * done));
	/* A message that was refused for good has ended the GPADL: look it up each time. */
	while (done < words && (gp = mg_gpadl_find(g, id)) != NULL &&
	       gp->state == MG_GPADL_CREATING) {
		memset(b, 0, sizeof(b));
		mg_put32(b, MG_GPADL_BODY);
		mg_put32(b + 8, number++);
		mg_put32(b + 12, id);
		n = put_words(g, gp, b + 16, done, BODY_WORDS);
		done += n;
		mg_post(g, channel, b, (uint32_t)(16 + 8 * n));
	}
}

/* GPADL_TORNDOWN names the GPADL only, so ids are unique over the connection. */
static uint32_t new_gpadl_id(struct mg_guest *g)
{
	do
		g->next_gpadl++;
	while (g->next_gpadl == 0 || mg_gpadl_find(g, g->next_gpadl));
	return g->next_gpadl;
}

static struct mg_gpadl *new_gpadl(struct mg_guest *g, uint32_t channel, size_t pages)
{
	struct mg_gpadl *gp;
	uint8_t *va;

	if (pages == 0 || pages > GPADL_PAGES_MAX)
		return NULL;
	va = g->ops.page_alloc(g->m, pages);
	if (!va)
		return NULL;
	gp = calloc(1, sizeof(*gp));
	if (!gp)
		abort();
	gp->id = new_gpadl_id(g);
	gp->channel = channel;
	gp->va = va;
	gp->pages = pages;
	gp->next = g->gpadls;
	g->gpadls = gp;
	return gp;
}

static void tear_down(struct mg_guest *g, struct mg_gpadl *gp)
{
	uint8_t b[16] = { MG_GPADL_TEARDOWN };

	gp->state = MG_GPADL_TEARING;
	mg_put32(b + 8, gp->channel);
	mg_put32(b + 12, gp->id);
	mg_post(g, gp->channel, b, sizeof(b));
}

static void gpadl_event(struct mg_guest *g, uint32_t type, const struct mg_gpadl *gp,
			uint32_t status)
{
	struct hvt_event ev = { .type = type, .channel = gp->channel, .status = status };

	ev.id = gp->handle;
	ev.value = gp->id;
	mg_event(g, &ev);
}

int mg_gpadl_share(struct mg_guest *g, struct mg_channel *ch, size_t pages, uint64_t handle)
{
	struct mg_gpadl *gp;

	if (ch->rescinded)
		return HVT_FAILED;
	gp = new_gpadl(g, ch->id, pages);
	if (!gp)
		return HVT_FAILED;
	gp->handle = handle;
	announce(g, gp);
	return HVT_OK;
}

int mg_gpadl_unshare(struct mg_guest *g, struct mg_channel *ch, uint64_t handle)
{
	struct mg_gpadl *gp = g->gpadls;

	while (gp && (gp->ring || gp->channel != ch->id || gp->handle != handle ||
		      gp->state != MG_GPADL_LIVE))
		gp = gp->next;
	if (!gp)
		return HVT_FAILED;
	if (!ch->rescinded) {
		tear_down(g, gp);
		return HVT_OK;
	}
	/* The host let go of it when it took the channel back; it would not answer. */
	gpadl_event(g, HVT_EV_GPADL_TORNDOWN, gp, 0);
	mg_gpadl_free(g, gp);
	return HVT_OK;
}

static void send_open(struct mg_guest *g, struct mg_channel *ch)
{
	uint8_t b[156] = { MG_OPEN_CHANNEL };
	bool wide = (g->features &
		     (MG_FEATURE_SIGNAL_PARAMETERS | MG_FEATURE_INTERRUPT_REDIRECT)) != 0;

	ch->open_connection = ch->connection;
	mg_put32(b + 8, ch->id);
	mg_put32(b + 12, ch->id);
	mg_put32(b + 16, ch->gpadl->id);
	mg_put32(b + 20, ch->target_vp);
	mg_put32(b + 24, ch->tx_pages + 1);
	memcpy(b + 28, ch->user_data, sizeof(ch->user_data));
	if (g->features & MG_FEATURE_SIGNAL_PARAMETERS) {
		/* Ours to choose; the flag stays the channel id, so one table serves. */
		ch->open_connection = 0x10000 | ch->id;
		mg_put32(b + 148, ch->open_connection);
		mg_put16(b + 152, ch->id);
	}
	ch->state = MG_OPENING;
	mg_post(g, ch->id, b, wide ? 156 : 148);
}

static void ring_created(struct mg_guest *g, struct mg_channel *ch, uint32_t status)
{
	if (status == 0) {
		send_open(g, ch);
		return;
	}
	ch->gpadl = NULL;
	ch->state = MG_OFFERED;
	mg_result(g, HVT_EV_OPENED, ch->id, status);
}

/* The host's verdict on a GPADL. One that was refused is unknown to it: the pages are ours. */
void mg_gpadl_created(struct mg_guest *g, struct mg_gpadl *gp, uint32_t status)
{
	struct mg_channel *ch = g->channels[gp->channel];
	bool ring = gp->ring;

	if (!ring)
		gpadl_event(g, HVT_EV_GPADL_CREATED, gp, status);
	if (status == 0)
		gp->state = MG_GPADL_LIVE;
	else if (gp->state != MG_GPADL_LOST)
		mg_gpadl_free(g, gp);
	if (ring)
		ring_created(g, ch, status);
}

void mg_gpadl_torndown(struct mg_guest *g, struct mg_gpadl *gp)
{
	struct mg_channel *ch = g->channels[gp->channel];
	bool closed = gp->ring && ch->state == MG_CLOSING && ch->gpadl == gp;

	if (!gp->ring)
		gpadl_event(g, HVT_EV_GPADL_TORNDOWN, gp, 0);
	mg_gpadl_free(g, gp);
	if (!closed)
		return;
	mg_ring_stop(g, ch);
	ch->gpadl = NULL;
	ch->state = MG_OFFERED;
	mg_result(g, HVT_EV_CLOSED, ch->id, 0);
}

int mg_open(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd)
{
	size_t pages = (size_t)cmd->tx_pages + cmd->rx_pages + 2;
	struct mg_gpadl *gp;

	if (ch->state != MG_OFFERED || ch->rescinded || cmd->tx_pages == 0 || cmd->rx_pages == 0 ||
	    cmd->data_size > sizeof(ch->user_data))
		return HVT_FAILED;
	gp = new_gpadl(g, ch->id, pages);
	if (!gp)
		return HVT_FAILED;
	gp->ring = true;
	ch->gpadl = gp;
	ch->tx_pages = cmd->tx_pages;
	ch->target_vp = cmd->target_vp;
	memset(ch->user_data, 0, sizeof(ch->user_data));
	if (cmd->data_size > 0)
		memcpy(ch->user_data, cmd->data, cmd->data_size);
	ch->state = MG_SHARING;
	announce(g, gp);
	return HVT_OK;
}

void mg_open_result(struct mg_guest *g, struct mg_channel *ch, uint32_t status)
{
	if (status != 0) {
		tear_down(g, ch->gpadl);
		ch->gpadl = NULL;
		ch->state = MG_OFFERED;
		mg_result(g, HVT_EV_OPENED, ch->id, status);
		return;
	}
	ch->state = MG_OPEN;
	mg_ring_start(ch);
	mg_result(g, HVT_EV_OPENED, ch->id, 0);
	/* A packet and its signal may have come before the result. */
	mg_channel_event(g, ch);
}

int mg_close(struct mg_guest *g, struct mg_channel *ch)
{
	uint8_t b[12] = { MG_CLOSE_CHANNEL };
	struct mg_gpadl *gp = ch->gpadl;

	if (ch->state != MG_OPEN)
		return HVT_FAILED;
	if (ch->rescinded) {
		mg_ring_stop(g, ch);
		ch->gpadl = NULL;
		ch->state = MG_OFFERED;
		mg_gpadl_free(g, gp);
		mg_result(g, HVT_EV_CLOSED, ch->id, 0);
		return HVT_OK;
	}
	ch->state = MG_CLOSING;
	mg_put32(b + 8, ch->id);
	mg_post(g, ch->id, b, sizeof(b));
	tear_down(g, gp);
	return HVT_OK;
}

int mg_modify(struct mg_guest *g, struct mg_channel *ch, uint32_t target_vp)
{
	uint8_t b[16] = { MG_MODIFY_CHANNEL };

	if (g->version < MG_V4_1)
		return HVT_UNSUPPORTED;
	if (ch->state != MG_OPEN || ch->rescinded || ch->modifying)
		return HVT_FAILED;
	ch->target_vp = target_vp;
	ch->modifying = g->version >= MG_V5_3;
	mg_put32(b + 8, ch->id);
	mg_put32(b + 12, target_vp);
	mg_post(g, ch->id, b, sizeof(b));
	/* Older hosts do not answer: take it for done. */
	if (g->version < MG_V5_3)
		mg_result(g, HVT_EV_MODIFIED, ch->id, 0);
	return HVT_OK;
}

/* Answers that will not come any more; the pages in question are ours again. */
static void finish_gpadls(struct mg_guest *g, uint32_t channel)
{
	struct mg_gpadl *gp = g->gpadls;
	struct mg_gpadl *next;

	for (; gp; gp = next) {
		next = gp->next;
		if (gp->channel != channel)
			continue;
		if (gp->state == MG_GPADL_CREATING)
			mg_gpadl_created(g, gp, MG_STATUS_GONE);
		else if (gp->state == MG_GPADL_TEARING)
			mg_gpadl_torndown(g, gp);
	}
}

/* No answer about this channel will come any more: who waits for one hears so (section 6.2). */
void mg_channel_settle(struct mg_guest *g, struct mg_channel *ch)
{
	if (ch->state == MG_OPENING) {
		mg_gpadl_free(g, ch->gpadl);
		ring_created(g, ch, MG_STATUS_GONE);
	}
	finish_gpadls(g, ch->id);
	if (ch->modifying) {
		ch->modifying = false;
		mg_result(g, HVT_EV_MODIFIED, ch->id, MG_STATUS_GONE);
	}
}

/* All that belongs to a channel that the host has forgotten or is about to. */
void mg_channel_free(struct mg_guest *g, struct mg_channel *ch)
{
	struct mg_gpadl *gp;
	struct mg_gpadl *next;
	uint32_t id = ch->id;
	bool was_open;

	mg_channel_settle(g, ch);
	was_open = ch->state == MG_OPEN || ch->state == MG_CLOSING;
	mg_ring_stop(g, ch);
	for (gp = g->gpadls; gp; gp = next) {
		next = gp->next;
		if (gp->channel != id)
			continue;
		if (!gp->ring && gp->state != MG_GPADL_LOST)
			gpadl_event(g, HVT_EV_GPADL_TORNDOWN, gp, 0);
		mg_gpadl_free(g, gp);
	}
	free(ch);
	g->channels[id] = NULL;
	if (was_open)
		mg_result(g, HVT_EV_CLOSED, id, 0);
}
