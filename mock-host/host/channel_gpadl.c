/* SPDX-License-Identifier: BSD-2-Clause */
/* GPADL messages, and the pages behind them. */
#include <stdlib.h>

#include "server_internal.h"

/* ---- pages ---- */

static uint32_t page_count(const struct hvm_gpadl *g, uint16_t range, struct hvm_gpadl_range *r)
{
	return hvm_gpadl_range(g, range, r) == HVP_OK ? r->pfn_count : 0;
}

static void drop_pages(struct hvm_server *s, struct hvm_gpadl *g)
{
	struct hvm_gpadl_range r;
	uint32_t i;
	uint16_t k;

	for (k = 0; g->held && k < g->range_count; k++) {
		uint32_t n = page_count(g, k, &r);

		for (i = 0; i < n; i++)
			hvm_mem_drop(s->p, r.pfns[i]);
	}
	g->held = false;
}

static bool all_ram(struct hvm_server *s, const struct hvm_gpadl *g)
{
	struct hvm_gpadl_range r;
	uint32_t i;
	uint16_t k;

	for (k = 0; k < g->range_count; k++) {
		uint32_t n = page_count(g, k, &r);

		for (i = 0; i < n; i++) {
			if (r.pfns[i] > UINT64_MAX / HVM_PAGE ||
			    !hvm_mem_ptr(s->p, r.pfns[i] * HVM_PAGE, HVM_PAGE))
				return false;
		}
	}
	return true;
}

static void hold_pages(struct hvm_server *s, struct hvm_gpadl *g)
{
	struct hvm_gpadl_range r;
	uint32_t i;
	uint16_t k;

	for (k = 0; k < g->range_count; k++) {
		uint32_t n = page_count(g, k, &r);

		for (i = 0; i < n; i++)
			hvm_mem_hold(s->p, r.pfns[i], "GPADL");
	}
	g->held = true;
}

/* ---- what is said ---- */

static void say_created(struct hvm_server *s, uint32_t channel, uint32_t id, uint32_t status)
{
	struct hvp_vmbus_gpadl_created m;

	memset(&m, 0, sizeof(m));
	m.channel_id = channel;
	m.gpadl_id = id;
	m.status = status;
	hvm_send(s, HVP_VMBUS_GPADL_CREATED, &m);
}

static void say_torndown(struct hvm_server *s, uint32_t id)
{
	struct hvp_vmbus_gpadl_torndown m;

	memset(&m, 0, sizeof(m));
	m.gpadl_id = id;
	hvm_send(s, HVP_VMBUS_GPADL_TORNDOWN, &m);
}

static void ask(struct hvm_channel *ch, const struct hvm_gpadl *g)
{
	if (ch->ops->gpadl)
		ch->ops->gpadl(ch->ctx, ch, g);
	else
		hvm_channel_gpadl_done(ch, g->id, HVM_STATUS_SUCCESS);
}

static void ask_teardown(struct hvm_channel *ch, const struct hvm_gpadl *g)
{
	if (ch->ops->teardown)
		ch->ops->teardown(ch->ctx, ch, g);
	else
		hvm_channel_teardown_done(ch, g->id);
}

/* @ch may be NULL when the channel has just been forgotten. */
static void act(struct hvm_server *s, struct hvm_channel *ch, const struct hvm_gpadl *g,
		enum hvm_gpadl_act what)
{
	switch (what) {
	case HVM_GPADL_DROP:
		hvm_drop(s, HVM_DROP_GPADL, "a GPADL message");
		break;
	case HVM_GPADL_QUIET:
		break;
	case HVM_GPADL_ASK:
		ask(ch, g);
		break;
	case HVM_GPADL_ASK_TEARDOWN:
		ask_teardown(ch, g);
		break;
	case HVM_GPADL_TELL_TEARDOWN:
		if (ch)
			ask_teardown(ch, g);
		break;
	case HVM_GPADL_SAY_CREATED:
		say_created(s, g->channel, g->id, HVM_STATUS_SUCCESS);
		break;
	case HVM_GPADL_SAY_FAILED:
		say_created(s, g->channel, g->id, HVM_STATUS_UNSUCCESSFUL);
		break;
	case HVM_GPADL_SAY_TORNDOWN:
		say_torndown(s, g->id);
		break;
	}
}

/* Pages are let go of before anybody is told so. */
static void step(struct hvm_server *s, struct hvm_gpadl *g, enum hvm_gpadl_event ev)
{
	struct hvm_gpadl_edge e = hvm_gpadl_step(g->state, ev);
	struct hvm_channel *ch = hvm_channel_find(s, g->channel);
	struct hvm_gpadl mine;

	g->state = e.next;
	if (ev == HVM_GPADL_EV_REVOKE || e.next == HVM_GPADL_NONE)
		drop_pages(s, g);
	if (e.next != HVM_GPADL_NONE) {
		act(s, ch, g, e.act);
		return;
	}
	/* Out of the map first, so that what is said can lead to a new GPADL of this id. */
	mine = *g;
	g->words = NULL;
	hvm_gpadl_forget(&s->gpadls, g);
	mine.next = NULL;
	act(s, ch, &mine, e.act);
	free(mine.words);
}

/* ---- messages ---- */

static void completed(struct hvm_server *s, struct hvm_channel *ch, struct hvm_gpadl *g)
{
	if (hvm_gpadl_validate(g) != HVP_OK || !all_ram(s, g)) {
		step(s, g, HVM_GPADL_EV_INVALID);
		return;
	}
	if (hvm_channel_is_revoked(ch)) {
		step(s, g, HVM_GPADL_EV_COMPLETE_REVOKED);
		return;
	}
	hold_pages(s, g);
	step(s, g, HVM_GPADL_EV_COMPLETE);
}

static bool known_to_guest(const struct hvm_channel *ch)
{
	return ch && ch->state != HVM_CH_RELEASED && ch->state != HVM_CH_CLOSING_RELEASE &&
	       ch->state != HVM_CH_OPENING_RELEASE;
}

static bool reserved_now(const struct hvm_channel *ch)
{
	return ch->open.reserved && ch->state != HVM_CH_CLOSED;
}

void hvm_gpadl_header(struct hvm_server *s, const struct hvp_vmbus_gpadl_header *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);
	bool whole = hvp_rd_left(&m->ranges) / 8 >= m->range_buf_len / 8u;
	struct hvm_gpadl *g;

	if (!known_to_guest(ch) || reserved_now(ch) ||
	    (!whole && hvm_gpadl_in_progress(&s->gpadls, m->gpadl_id))) {
		say_created(s, m->channel_id, m->gpadl_id, HVM_STATUS_UNSUCCESSFUL);
		return;
	}
	g = hvm_gpadl_find(&s->gpadls, ch->id, m->gpadl_id);
	if (g) {
		step(s, g, HVM_GPADL_EV_HEADER);
		return;
	}
	g = hvm_gpadl_add(&s->gpadls, ch->id, m->gpadl_id, m->range_buf_len, m->range_count);
	whole = hvm_gpadl_append(g, m->ranges);
	step(s, g, HVM_GPADL_EV_HEADER);
	(void)hvm_moment_now(ch, HVM_AT_GPADL_HEADER);
	g = hvm_gpadl_find(&s->gpadls, m->channel_id, m->gpadl_id);
	if (whole && g)
		completed(s, ch, g);
}

void hvm_gpadl_body(struct hvm_server *s, const struct hvp_vmbus_gpadl_body *m)
{
	struct hvm_gpadl *g = hvm_gpadl_in_progress(&s->gpadls, m->gpadl_id);
	struct hvm_channel *ch = g ? hvm_channel_find(s, g->channel) : NULL;
	bool whole;

	if (!ch) {
		hvm_drop(s, HVM_DROP_GPADL, "GPADL_BODY");
		return;
	}
	whole = hvm_gpadl_append(g, m->ranges);
	step(s, g, HVM_GPADL_EV_BODY);
	(void)hvm_moment_now(ch, HVM_AT_GPADL_BODY);
	g = hvm_gpadl_in_progress(&s->gpadls, m->gpadl_id);
	if (whole && g)
		completed(s, ch, g);
}

void hvm_gpadl_teardown(struct hvm_server *s, const struct hvp_vmbus_gpadl_teardown *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);
	struct hvm_gpadl *g = ch ? hvm_gpadl_find(&s->gpadls, ch->id, m->gpadl_id) : NULL;

	if (!g || reserved_now(ch)) {
		hvm_drop(s, HVM_DROP_GPADL, "GPADL_TEARDOWN");
		return;
	}
	(void)hvm_moment_now(ch, HVM_AT_TEARDOWN);
	g = hvm_gpadl_find(&s->gpadls, m->channel_id, m->gpadl_id);
	if (g)
		step(s, g,
		     hvm_channel_is_revoked(ch) ? HVM_GPADL_EV_TEARDOWN_REVOKED
						: HVM_GPADL_EV_TEARDOWN);
}

/* ---- devices ---- */

/* An answer counts only while the question waits. */
static struct hvm_gpadl *asked(struct hvm_channel *ch, uint32_t id, bool teardown)
{
	struct hvm_gpadl *g = hvm_gpadl_find(&ch->s->gpadls, ch->id, id);
	bool waits = g && (teardown ? g->state == HVM_GPADL_TEARING_DOWN
				    : g->state == HVM_GPADL_OFFERED ||
					      g->state == HVM_GPADL_OFFERED_TEARING_DOWN);

	return waits ? g : NULL;
}

void hvm_channel_gpadl_done(struct hvm_channel *ch, uint32_t gpadl_id, uint32_t status)
{
	struct hvm_gpadl *g;

	if (!asked(ch, gpadl_id, false) || hvm_moment_now(ch, HVM_AT_GPADL_CREATED_BEFORE))
		return;
	g = asked(ch, gpadl_id, false); /* a script may have ended it in that moment */
	if (!g)
		return;
	step(ch->s, g, status ? HVM_GPADL_EV_REFUSE : HVM_GPADL_EV_ACCEPT);
	(void)hvm_moment_now(ch, HVM_AT_GPADL_CREATED);
}

void hvm_channel_teardown_done(struct hvm_channel *ch, uint32_t gpadl_id)
{
	struct hvm_gpadl *g;

	if (!asked(ch, gpadl_id, true) || hvm_moment_now(ch, HVM_AT_TORNDOWN_BEFORE))
		return;
	g = asked(ch, gpadl_id, true); /* a script may have ended it in that moment */
	if (!g)
		return;
	step(ch->s, g, HVM_GPADL_EV_TORNDOWN);
	(void)hvm_moment_now(ch, HVM_AT_TORNDOWN);
}

/* Each of a channel; a step may forget the GPADL, thus the walk begins anew by id. */
void hvm_gpadls_event(struct hvm_server *s, uint32_t channel, enum hvm_gpadl_event ev)
{
	struct hvm_gpadl *g = s->gpadls.first;

	while (g) {
		struct hvm_gpadl *next = g->next;

		if (g->channel == channel)
			step(s, g, ev);
		g = next;
	}
}

void hvm_gpadls_free(struct hvm_server *s)
{
	while (s->gpadls.first) {
		drop_pages(s, s->gpadls.first);
		hvm_gpadl_forget(&s->gpadls, s->gpadls.first);
	}
}

const struct hvm_gpadl *hvm_channel_gpadl(const struct hvm_channel *ch, uint32_t gpadl_id)
{
	return hvm_gpadl_find(&ch->s->gpadls, ch->id, gpadl_id);
}

/* ---- access ---- */

static const struct hvm_gpadl *usable(struct hvm_channel *ch, uint32_t id)
{
	const struct hvm_gpadl *g = hvm_channel_gpadl(ch, id);
	bool shared = g && g->held &&
		      (g->state == HVM_GPADL_ACCEPTED || g->state == HVM_GPADL_TEARING_DOWN);

	return shared ? g : NULL;
}

/* Walk the pages of a stretch; exactly one of @to and @from is given. */
static enum hvp_status walk(struct hvm_server *s, const struct hvm_gpadl *g, uint64_t offset,
			    uint8_t *to, const uint8_t *from, size_t len)
{
	size_t done = 0;

	if (offset > hvm_gpadl_size(g) || len > hvm_gpadl_size(g) - offset)
		return HVP_RANGE;
	while (done < len) {
		uint32_t run;
		uint64_t gpa = hvm_gpadl_gpa(g, offset + done, &run);
		size_t n = len - done < run ? len - done : run;
		bool ok = to ? hvm_mem_read(s->p, gpa, to + done, n)
			     : hvm_mem_write(s->p, gpa, from + done, n);

		if (!ok)
			return HVP_RANGE;
		done += n;
	}
	return HVP_OK;
}

enum hvp_status hvm_channel_gpadl_read(struct hvm_channel *ch, uint32_t gpadl_id, uint64_t offset,
				       void *to, size_t len)
{
	const struct hvm_gpadl *g = usable(ch, gpadl_id);

	return g ? walk(ch->s, g, offset, to, NULL, len) : HVP_STATE;
}

enum hvp_status hvm_channel_gpadl_write(struct hvm_channel *ch, uint32_t gpadl_id, uint64_t offset,
					const void *from, size_t len)
{
	const struct hvm_gpadl *g = usable(ch, gpadl_id);

	return g ? walk(ch->s, g, offset, NULL, from, len) : HVP_STATE;
}
