/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes through the mock host's NIC: every message is kept for the case to read, and rules
 * hold, drop or replace some. A rule is applied in the middle of the NIC's work, where no Lua can
 * run; what a case decides by a function of its own is a held message that it releases.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

#define NAME_SIZE 48u
#define KEPT_BYTES (32u << 20) /* a case of 100,000 frames must not fill the memory */

struct rule {
	char name[NAME_SIZE]; /* "nvsp.init" */
	uint32_t dir; /* 0: both */
	uint32_t left; /* messages that it still applies to; UINT32_MAX: all */
	enum hvm_net_verdict verdict;
	uint8_t *bytes;
	size_t size;
};

struct seen {
	struct hvm_net_message m;
	uint8_t *bytes;
};

struct hvc_nic_tap {
	struct hvc_world *w;
	struct rule *rules;
	size_t rule_count;
	struct seen *seen; /* the last of those that went by */
	size_t seen_count, seen_cap, seen_bytes;
	size_t forgotten; /* before them */
};

static const char *const verdicts[] = { "pass", "hold", "drop", "replace", NULL };

static const char *layer_of(const struct hvm_net_message *m)
{
	return m->layer == HVM_NET_RNDIS ? "rndis" : "nvsp";
}

static bool is_named(const struct hvm_net_message *m, const char *name)
{
	size_t size = strlen(layer_of(m));

	return strncmp(name, layer_of(m), size) == 0 && name[size] == '.' &&
	       strcmp(name + size + 1, m->name) == 0;
}

static uint8_t *copy_of(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

/* The older half. */
static void forget_some(struct hvc_nic_tap *t)
{
	size_t half = (t->seen_count + 1) / 2, i;

	for (i = 0; i < half; i++) {
		t->seen_bytes -= t->seen[i].m.size + sizeof(struct seen);
		free(t->seen[i].bytes);
	}
	memmove(t->seen, t->seen + half, (t->seen_count - half) * sizeof(*t->seen));
	t->seen_count -= half;
	t->forgotten += half;
}

static void keep(struct hvc_nic_tap *t, const struct hvm_net_message *m)
{
	struct seen *s;

	t->seen_bytes += m->size + sizeof(*s);
	if (t->seen_bytes > KEPT_BYTES && t->seen_count > 1)
		forget_some(t);
	if (t->seen_count == t->seen_cap) {
		t->seen_cap = t->seen_cap ? 2 * t->seen_cap : 64;
		t->seen = realloc(t->seen, t->seen_cap * sizeof(*t->seen));
		if (!t->seen)
			abort();
	}
	s = &t->seen[t->seen_count++];
	s->m = *m;
	s->bytes = copy_of(m->bytes, m->size);
	s->m.bytes = s->bytes;
}

static enum hvm_net_verdict see(void *ctx, const struct hvm_net_message *m,
				struct hvm_net_replacement *out)
{
	struct hvc_nic_tap *t = ctx;
	struct rule *r;
	size_t i;

	keep(t, m);
	if (m->layer == HVM_NET_RNDIS)
		hvc_note_rndis(t->w, m->dir, hvp_rd_init(m->bytes, m->size), m->version);
	for (i = 0; i < t->rule_count; i++) {
		r = &t->rules[i];
		if (r->left == 0 || (r->dir != 0 && r->dir != m->dir) || !is_named(m, r->name))
			continue;
		if (r->left != UINT32_MAX)
			r->left--;
		out->bytes = r->bytes;
		out->size = r->size;
		return r->verdict;
	}
	return HVM_NET_PASS;
}

void hvc_nic_tap_new(struct hvc_world *w, size_t nic)
{
	struct hvc_nic_tap *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->w = w;
	w->nic_taps[nic] = t;
	hvm_netvsp_set_tap(w->nics[nic], see, t);
}

void hvc_nic_tap_free(struct hvc_nic_tap *t)
{
	size_t i;

	for (i = 0; i < t->seen_count; i++)
		free(t->seen[i].bytes);
	for (i = 0; i < t->rule_count; i++)
		free(t->rules[i].bytes);
	free(t->seen);
	free(t->rules);
	free(t);
}

static struct hvc_nic_tap *tap(lua_State *L)
{
	(void)hvc_nic(L);
	return hvc_world_of(L)->nic_taps[lua_tointeger(L, 1) - 1];
}

static void forget_rule(struct hvc_nic_tap *t, const char *name)
{
	size_t i;

	for (i = t->rule_count; i > 0; i--) {
		if (strcmp(t->rules[i - 1].name, name) != 0)
			continue;
		free(t->rules[i - 1].bytes);
		t->rules[i - 1] = t->rules[--t->rule_count];
	}
}

/* nic_rule(n, "nvsp.init", verdict, bytes, direction or 0, count or nil): in place of an older */
static int lua_nic_rule(lua_State *L)
{
	struct hvc_nic_tap *t = tap(L);
	struct rule r = { .left = UINT32_MAX };
	const char *name = luaL_checkstring(L, 2);
	const char *bytes;

	r.verdict = (enum hvm_net_verdict)luaL_checkoption(L, 3, NULL, verdicts);
	bytes = luaL_optlstring(L, 4, "", &r.size);
	r.dir = (uint32_t)luaL_optinteger(L, 5, 0);
	if (!lua_isnoneornil(L, 6))
		r.left = (uint32_t)luaL_checkinteger(L, 6);
	luaL_argcheck(L, strlen(name) < NAME_SIZE, 2, "no message has such a name");
	memcpy(r.name, name, strlen(name) + 1);
	forget_rule(t, name);
	if (r.verdict == HVM_NET_PASS)
		return 0;
	r.bytes = copy_of(bytes, r.size);
	t->rules = realloc(t->rules, (t->rule_count + 1) * sizeof(r));
	if (!t->rules)
		abort();
	t->rules[t->rule_count++] = r;
	return 0;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

static void push_message(lua_State *L, const struct hvm_net_message *m)
{
	lua_createtable(L, 0, 10);
	lua_pushstring(L, layer_of(m));
	lua_setfield(L, -2, "layer");
	lua_pushfstring(L, "%s.%s", layer_of(m), m->name);
	lua_setfield(L, -2, "name");
	lua_pushlstring(L, (const char *)m->bytes, m->size);
	lua_setfield(L, -2, "bytes");
	set_int(L, "dir", m->dir);
	set_int(L, "type", m->type);
	set_int(L, "version", m->version);
	set_int(L, "queue", m->queue);
	set_int(L, "packet_type", m->packet_type);
	set_int(L, "flags", m->flags);
	set_int(L, "id", m->transaction_id);
}

/* nic_seen(n) -> number of messages so far */
static int lua_nic_seen(lua_State *L)
{
	const struct hvc_nic_tap *t = tap(L);

	lua_pushinteger(L, (lua_Integer)(t->forgotten + t->seen_count));
	return 1;
}

/* nic_message(n, index from 1) -> table; nothing past the end, and of those forgotten */
static int lua_nic_message(lua_State *L)
{
	const struct hvc_nic_tap *t = tap(L);
	lua_Integer at = luaL_checkinteger(L, 2);

	if (at < 1 || (size_t)at <= t->forgotten || (size_t)at > t->forgotten + t->seen_count)
		return 0;
	push_message(L, &t->seen[(size_t)at - 1 - t->forgotten].m);
	return 1;
}

/* nic_held(n, index from 1) -> table; nothing past the end */
static int lua_nic_held(lua_State *L)
{
	struct hvm_net_message m;

	if (!hvm_netvsp_held_get(hvc_nic(L), (size_t)luaL_checkinteger(L, 2) - 1, &m))
		return 0;
	push_message(L, &m);
	return 1;
}

/* nic_release(n, index from 1, verdict, bytes) */
static int lua_nic_release(lua_State *L)
{
	struct hvm_net_replacement with;
	struct hvm_netvsp *n = hvc_nic(L);
	size_t at = (size_t)luaL_checkinteger(L, 2) - 1;
	int verdict = luaL_checkoption(L, 3, "pass", verdicts);

	with.bytes = luaL_optlstring(L, 4, "", &with.size);
	if (hvm_netvsp_release(n, at, (enum hvm_net_verdict)verdict, &with) != HVP_OK)
		return luaL_error(L, "no such message is held");
	return 0;
}

/* note_rndis(bytes, direction, version): of a host that the case plays */
static int lua_note_rndis(lua_State *L)
{
	size_t size;
	const void *bytes = luaL_checklstring(L, 1, &size);

	hvc_note_rndis(hvc_world_of(L), (uint32_t)luaL_checkinteger(L, 2), hvp_rd_init(bytes, size),
		       (uint32_t)luaL_optinteger(L, 3, 0));
	return 0;
}

void hvc_lua_nic_tap(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "note_rndis", lua_note_rndis },
		{ "nic_rule", lua_nic_rule },
		{ "nic_seen", lua_nic_seen },
		{ "nic_message", lua_nic_message },
		{ "nic_held", lua_nic_held },
		{ "nic_release", lua_nic_release },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
