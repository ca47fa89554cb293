/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "gpadl_map.h"
#include "vec.h"

#define ROW(st) [HVM_GPADL_##st]
#define EV(ev) [HVM_GPADL_EV_##ev]
#define TO(st, act) \
	{ \
		HVM_GPADL_##st, HVM_GPADL_##act \
	}

/*
 * A second header for an id that is known fails and leaves the first one alone; that is so in
 * every state but NONE. Pairs that are not listed drop.
 */
static const struct hvm_gpadl_edge edges[HVM_GPADL_STATES][HVM_GPADL_EVENTS] = {
	ROW(NONE) = {
		EV(HEADER)		= TO(IN_PROGRESS, QUIET),
		EV(COMPLETE)		= TO(OFFERED, ASK),
		EV(COMPLETE_REVOKED)	= TO(ACCEPTED, SAY_CREATED),
		EV(INVALID)		= TO(NONE, SAY_FAILED),
	},
	ROW(IN_PROGRESS) = {
		EV(HEADER)		= TO(IN_PROGRESS, SAY_FAILED),
		EV(BODY)		= TO(IN_PROGRESS, QUIET),
		EV(COMPLETE)		= TO(OFFERED, ASK),
		EV(COMPLETE_REVOKED)	= TO(ACCEPTED, SAY_CREATED),
		EV(INVALID)		= TO(NONE, SAY_FAILED),
		EV(TEARDOWN)		= TO(IN_PROGRESS, DROP),
		EV(TEARDOWN_REVOKED)	= TO(IN_PROGRESS, DROP),
		EV(REVOKE)		= TO(IN_PROGRESS, QUIET),
		EV(RELEASE)		= TO(NONE, QUIET),
	},
	ROW(OFFERED) = {
		EV(HEADER)		= TO(OFFERED, SAY_FAILED),
		EV(ACCEPT)		= TO(ACCEPTED, SAY_CREATED),
		EV(REFUSE)		= TO(NONE, SAY_FAILED),
		EV(TEARDOWN)		= TO(OFFERED, DROP),
		EV(TEARDOWN_REVOKED)	= TO(OFFERED, DROP),
		EV(REVOKE)		= TO(NONE, SAY_FAILED),
		EV(RELEASE)		= TO(OFFERED_TEARING_DOWN, QUIET),
	},
	ROW(OFFERED_TEARING_DOWN) = {
		EV(HEADER)		= TO(OFFERED_TEARING_DOWN, SAY_FAILED),
		EV(ACCEPT)		= TO(NONE, TELL_TEARDOWN),
		EV(REFUSE)		= TO(NONE, QUIET),
		EV(TEARDOWN)		= TO(OFFERED_TEARING_DOWN, DROP),
		EV(TEARDOWN_REVOKED)	= TO(OFFERED_TEARING_DOWN, DROP),
		EV(REVOKE)		= TO(NONE, QUIET),
		EV(RELEASE)		= TO(OFFERED_TEARING_DOWN, QUIET),
	},
	ROW(ACCEPTED) = {
		EV(HEADER)		= TO(ACCEPTED, SAY_FAILED),
		EV(TEARDOWN)		= TO(TEARING_DOWN, ASK_TEARDOWN),
		EV(TEARDOWN_REVOKED)	= TO(NONE, SAY_TORNDOWN),
		EV(REVOKE)		= TO(ACCEPTED, QUIET),
		EV(RELEASE)		= TO(NONE, TELL_TEARDOWN),
	},
	ROW(TEARING_DOWN) = {
		EV(HEADER)		= TO(TEARING_DOWN, SAY_FAILED),
		EV(TEARDOWN)		= TO(TEARING_DOWN, DROP),
		EV(TEARDOWN_REVOKED)	= TO(TEARING_DOWN, DROP),
		EV(TORNDOWN)		= TO(NONE, SAY_TORNDOWN),
		EV(REVOKE)		= TO(NONE, SAY_TORNDOWN),
		EV(RELEASE)		= TO(NONE, QUIET),
	},
};

struct hvm_gpadl_edge hvm_gpadl_step(enum hvm_gpadl_state state, enum hvm_gpadl_event event)
{
	struct hvm_gpadl_edge e = edges[state][event];

	/* The zero entry: no such pair. */
	if (e.next == HVM_GPADL_NONE && e.act == HVM_GPADL_DROP)
		e.next = state;
	return e;
}

struct hvm_gpadl *hvm_gpadl_find(const struct hvm_gpadl_map *map, uint32_t channel, uint32_t id)
{
	struct hvm_gpadl *g = map->first;

	while (g && (g->id != id || g->channel != channel))
		g = g->next;
	return g;
}

struct hvm_gpadl *hvm_gpadl_in_progress(const struct hvm_gpadl_map *map, uint32_t id)
{
	struct hvm_gpadl *g = map->first;

	while (g && (g->id != id || g->state != HVM_GPADL_IN_PROGRESS))
		g = g->next;
	return g;
}

struct hvm_gpadl *hvm_gpadl_add(struct hvm_gpadl_map *map, uint32_t channel, uint32_t id,
				uint16_t range_buf_len, uint16_t range_count)
{
	struct hvm_gpadl *g = hvm_xalloc(sizeof(*g));
	struct hvm_gpadl **end = &map->first;

	g->id = id;
	g->channel = channel;
	g->range_count = range_count;
	g->words_total = range_buf_len / 8;
	g->words = hvm_xalloc(g->words_total * sizeof(*g->words));
	while (*end)
		end = &(*end)->next;
	*end = g;
	return g;
}

void hvm_gpadl_forget(struct hvm_gpadl_map *map, struct hvm_gpadl *g)
{
	struct hvm_gpadl **at = &map->first;

	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	free(g->words);
	free(g);
}

bool hvm_gpadl_append(struct hvm_gpadl *g, struct hvp_rd words)
{
	const uint8_t *p;

	while (g->words_have < g->words_total) {
		p = hvp_rd_take(&words, 8);
		if (!p)
			return false;
		g->words[g->words_have++] = hvp_get_u64(p);
	}
	return true;
}
