/* SPDX-License-Identifier: BSD-2-Clause */
/* The scripted device: questions of the server. */
#include <stdlib.h>
#include <string.h>

#include "../host/vec.h"
#include "scripted_internal.h"

static void remember(struct hvm_scripted *d, enum hvm_ask ask, uint32_t gpadl_id)
{
	struct hvm_questions *q = &d->asked[ask];

	q->items = hvm_vec_grow(q->items, q->n, &q->cap, sizeof(*q->items));
	q->items[q->n++].gpadl_id = gpadl_id;
}

void hvm_scripted_watch(struct hvm_scripted *d,
			void (*fn)(void *ctx, enum hvm_scripted_event event), void *ctx)
{
	d->watch = fn;
	d->watch_ctx = ctx;
}

void hvm_scripted_tell(struct hvm_scripted *d, enum hvm_scripted_event event)
{
	if (d->watch)
		d->watch(d->watch_ctx, event);
}

/* ---- answers ---- */

static bool opening(const struct hvm_scripted *d)
{
	struct hvm_channel_info info;

	hvm_channel_info(d->ch, &info);
	return info.state == HVM_CH_OPENING || info.state == HVM_CH_OPENING_RELEASE;
}

/* An answer can come too late, when the channel has been taken back: then no page is touched. */
static void answer_open(struct hvm_scripted *d, uint32_t status)
{
	if (!opening(d))
		return;
	if (!status && !hvm_scripted_attach(d, &d->open))
		status = HVM_STATUS_UNSUCCESSFUL;
	hvm_channel_open_done(d->ch, status);
	if (status || !d->attached)
		return;
	hvm_scripted_start_reading(d);
	hvm_scripted_tell(d, HVM_SCRIPTED_OPENED);
}

static void answer_close(struct hvm_scripted *d)
{
	bool torn = d->teardown_waits;
	uint32_t id = d->open.gpadl_id;

	hvm_scripted_detach(d);
	d->teardown_waits = false;
	hvm_channel_close_done(d->ch);
	if (torn && d->ch)
		hvm_channel_teardown_done(d->ch, id);
}

/* The pages of an open ring are in use until the channel is closed. */
static void answer_teardown(struct hvm_scripted *d, uint32_t gpadl_id)
{
	if (d->attached && gpadl_id == d->open.gpadl_id)
		d->teardown_waits = true;
	else
		hvm_channel_teardown_done(d->ch, gpadl_id);
}

static void answer(struct hvm_scripted *d, enum hvm_ask ask, uint32_t gpadl_id, uint32_t status)
{
	switch (ask) {
	case HVM_ASK_OPEN:
		answer_open(d, status);
		break;
	case HVM_ASK_CLOSE:
		answer_close(d);
		break;
	case HVM_ASK_GPADL:
		hvm_channel_gpadl_done(d->ch, gpadl_id, status);
		break;
	case HVM_ASK_TEARDOWN:
		answer_teardown(d, gpadl_id);
		break;
	default:
		hvm_channel_modify_done(d->ch, status);
	}
}

/* Of opens, closes and changes there is one at a time: an older one was overtaken. */
static void asked(struct hvm_scripted *d, enum hvm_ask ask, uint32_t gpadl_id)
{
	if (ask != HVM_ASK_GPADL && ask != HVM_ASK_TEARDOWN)
		d->asked[ask].n = 0;
	if (d->answer[ask].hold)
		remember(d, ask, gpadl_id);
	else
		answer(d, ask, gpadl_id, d->answer[ask].status);
}

/* ---- what the server asks ---- */

static void on_open(void *ctx, struct hvm_channel *ch, const struct hvm_open *open)
{
	struct hvm_scripted *d = ctx;

	(void)ch;
	d->open = *open;
	asked(d, HVM_ASK_OPEN, 0);
}

static void on_close(void *ctx, struct hvm_channel *ch)
{
	(void)ch;
	asked(ctx, HVM_ASK_CLOSE, 0);
}

static void on_gpadl(void *ctx, struct hvm_channel *ch, const struct hvm_gpadl *g)
{
	(void)ch;
	asked(ctx, HVM_ASK_GPADL, g->id);
}

static void on_teardown(void *ctx, struct hvm_channel *ch, const struct hvm_gpadl *g)
{
	(void)ch;
	asked(ctx, HVM_ASK_TEARDOWN, g->id);
}

static void on_modify(void *ctx, struct hvm_channel *ch, uint32_t target_vp)
{
	(void)ch;
	(void)target_vp;
	asked(ctx, HVM_ASK_MODIFY, 0);
}

static void on_signal(void *ctx, struct hvm_channel *ch)
{
	(void)ch;
	hvm_scripted_on_signal(ctx);
	hvm_scripted_tell(ctx, HVM_SCRIPTED_SIGNALLED);
}

static void on_revoked(void *ctx, struct hvm_channel *ch)
{
	struct hvm_scripted *d = ctx;

	(void)ch;
	hvm_scripted_detach(d);
	d->teardown_waits = false;
}

static void on_gone(void *ctx, struct hvm_channel *ch)
{
	struct hvm_scripted *d = ctx;

	on_revoked(ctx, ch);
	d->ch = NULL;
}

static const struct hvm_device_ops ops = {
	.size = sizeof(struct hvm_device_ops),
	.open = on_open,
	.close = on_close,
	.gpadl = on_gpadl,
	.teardown = on_teardown,
	.modify = on_modify,
	.signal = on_signal,
	.revoked = on_revoked,
	.gone = on_gone,
};

/* ---- life ---- */

struct hvm_scripted *hvm_scripted_new(struct hvm_server *s, const struct hvm_offer *offer)
{
	struct hvm_scripted *d = hvm_xalloc(sizeof(*d));

	d->s = s;
	d->reading = true;
	d->ch = hvm_server_offer(s, offer, &ops, d);
	if (d->ch)
		return d;
	free(d);
	return NULL;
}

void hvm_scripted_free(struct hvm_scripted *d)
{
	size_t i;

	if (!d)
		return;
	if (d->ch)
		hvm_channel_revoke(d->ch);
	if (d->ch)
		hvm_channel_set_device(d->ch, NULL, NULL);
	hvm_scripted_detach(d);
	hvm_scripted_forget_packets(d);
	for (i = 0; i < HVM_ASKS; i++)
		free(d->asked[i].items);
	free(d->got);
	free(d);
}

struct hvm_channel *hvm_scripted_channel(struct hvm_scripted *d)
{
	return d->ch;
}

bool hvm_scripted_is_open(const struct hvm_scripted *d)
{
	return d->attached;
}

void hvm_scripted_answer(struct hvm_scripted *d, enum hvm_ask ask, bool hold, uint32_t status)
{
	d->answer[ask].hold = hold;
	d->answer[ask].status = status;
}

size_t hvm_scripted_asked(const struct hvm_scripted *d, enum hvm_ask ask)
{
	return d->asked[ask].n;
}

enum hvp_status hvm_scripted_finish(struct hvm_scripted *d, enum hvm_ask ask, uint32_t status)
{
	struct hvm_questions *q = &d->asked[ask];
	uint32_t id;

	if (!q->n || !d->ch)
		return HVP_STATE;
	id = q->items[0].gpadl_id;
	q->n = hvm_vec_remove(q->items, q->n, 0, sizeof(*q->items));
	answer(d, ask, id, status);
	return HVP_OK;
}

enum hvp_status hvm_scripted_signal(struct hvm_scripted *d)
{
	return d->ch ? hvm_channel_signal(d->ch) : HVP_STATE;
}
