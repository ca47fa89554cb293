/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on time, trace and machine. Also the helpers that all primitives share. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include <hvproto/interface.h>

#include "world.h"

struct hvc_world *hvc_world_of(lua_State *L)
{
	struct hvc_world *w;

	lua_getfield(L, LUA_REGISTRYINDEX, "hvc.world");
	w = lua_touserdata(L, -1);
	lua_pop(L, 1);
	if (!w)
		luaL_error(L, "only a running case can do that");
	return w;
}

static int opt_field(lua_State *L, int at, const char *key)
{
	if (lua_type(L, at) != LUA_TTABLE) {
		lua_pushnil(L);
		return LUA_TNIL;
	}
	return lua_getfield(L, at, key);
}

uint64_t hvc_opt_int(lua_State *L, int at, const char *key, uint64_t def)
{
	int type = opt_field(L, at, key);
	uint64_t v = def;

	if (type != LUA_TNIL) {
		if (!lua_isinteger(L, -1))
			luaL_error(L, "%s wants an integer", key);
		v = (uint64_t)lua_tointeger(L, -1);
	}
	lua_pop(L, 1);
	return v;
}

bool hvc_opt_bool(lua_State *L, int at, const char *key)
{
	bool v;

	opt_field(L, at, key);
	v = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
}

uint64_t hvc_opt_time(lua_State *L, int at, const char *key, uint64_t def)
{
	int type = opt_field(L, at, key);
	uint64_t v = def;

	if (type == LUA_TSTRING && hvc_duration(lua_tostring(L, -1), &v) != 0)
		luaL_error(L, "%s: '%s' is no duration", key, lua_tostring(L, -1));
	else if (type != LUA_TNIL && type != LUA_TSTRING)
		luaL_error(L, "%s wants a duration such as \"10ms\"", key);
	lua_pop(L, 1);
	return v;
}

/* The text lives as long as the table does. */
const char *hvc_opt_text(lua_State *L, int at, const char *key, const char *def)
{
	const char *v = def;

	if (opt_field(L, at, key) == LUA_TSTRING)
		v = lua_tostring(L, -1);
	lua_pop(L, 1);
	return v;
}

static int lua_now(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_sched_now(hvc_world_of(L)->sched));
	return 1;
}

struct watch {
	struct hvc_world *w;
	size_t entries;
	size_t events;
	size_t messages;
	size_t held;
};

static bool something_new(void *ctx)
{
	const struct watch *k = ctx;

	return hvm_trace_count(hvm_partition_trace(k->w->partition)) != k->entries ||
	       k->w->event_count != k->events || hvm_server_held(k->w->server) != k->held ||
	       (k->w->raw && k->w->raw->message_count != k->messages);
}

static void check_limit(lua_State *L, const struct hvc_world *w)
{
	if (hvm_sched_now(w->sched) > w->c->limit)
		luaL_error(L, "stopped after %d s of virtual time",
			   (int)(w->c->limit / HVC_SECOND));
}

/* step(deadline) -> true: something was traced or reported; false: nothing until then */
static int lua_step(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	uint64_t deadline = (uint64_t)luaL_checkinteger(L, 1);
	uint64_t now = hvm_sched_now(w->sched);
	struct watch k = { .w = w };

	check_limit(L, w);
	k.entries = hvm_trace_count(hvm_partition_trace(w->partition));
	k.events = w->event_count;
	k.held = hvm_server_held(w->server);
	k.messages = w->raw ? w->raw->message_count : 0;
	if (deadline < now) {
		lua_pushboolean(L, false);
		return 1;
	}
	lua_pushboolean(L, hvm_sched_run_until(w->sched, something_new, &k, deadline - now));
	return 1;
}

/* run_for(units) */
static int lua_run_for(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);

	hvm_sched_run_for(w->sched, (uint64_t)luaL_checkinteger(L, 1));
	check_limit(L, w);
	return 0;
}

/* run_idle(limit) -> true: nothing is left to do */
static int lua_run_idle(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);

	lua_pushboolean(L, hvm_sched_run_idle(w->sched, (uint64_t)luaL_checkinteger(L, 1)));
	check_limit(L, w);
	return 1;
}

static int lua_entries(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);

	hvc_transcript_update(w);
	lua_pushinteger(L, (lua_Integer)hvm_trace_count(hvm_partition_trace(w->partition)));
	return 1;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* entry(n) -> table, n from 1; nil past the end */
static int lua_entry(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);
	const struct hvm_trace_entry *e =
		n < 1 ? NULL : hvm_trace_get(hvm_partition_trace(w->partition), (size_t)n - 1);

	if (!e)
		return 0;
	lua_createtable(L, 0, 9);
	set_int(L, "kind", e->kind);
	set_int(L, "direction", e->direction);
	set_int(L, "time", e->time);
	set_int(L, "channel", e->channel);
	set_int(L, "connection", e->connection_id);
	set_int(L, "vp", e->vp);
	set_int(L, "version", e->version);
	set_int(L, "aux", e->aux);
	lua_pushlstring(L, e->size ? (const char *)e->bytes : "", e->size);
	lua_setfield(L, -2, "bytes");
	return 1;
}

static int lua_note(lua_State *L)
{
	hvm_note(hvc_world_of(L)->partition, "%s", luaL_tolstring(L, 1, NULL));
	return 0;
}

/* checked(n): n assertions were made */
static int lua_checked(lua_State *L)
{
	hvc_world_of(L)->checks += (unsigned int)luaL_optinteger(L, 1, 1);
	return 0;
}

/* where() -> "file:line" of the innermost line of the case's own file, else of any suite file */
static int lua_where(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Debug ar;
	int level;

	for (level = 1; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (strcmp(ar.source + (ar.source[0] == '@'), w->c->file) == 0) {
			lua_pushfstring(L, "%s:%d", w->c->file, ar.currentline);
			return 1;
		}
	}
	lua_pushfstring(L, "%s:%d", w->c->file, w->c->line);
	return 1;
}

/* duration("10ms") -> units of 100 ns; integers are units already */
static int lua_duration(lua_State *L)
{
	uint64_t v;

	if (lua_isinteger(L, 1)) {
		lua_settop(L, 1);
		return 1;
	}
	if (hvc_duration(luaL_checkstring(L, 1), &v) != 0)
		return luaL_error(L, "'%s' is no duration such as \"10ms\"", lua_tostring(L, 1));
	lua_pushinteger(L, (lua_Integer)v);
	return 1;
}

/* interface("network") -> 16 bytes; nil if no class is called so */
static int lua_interface(lua_State *L)
{
	const struct hvp_interface *i = hvp_interface_by_name(luaL_checkstring(L, 1));

	if (!i)
		return 0;
	lua_pushlstring(L, (const char *)i->guid.b, sizeof(i->guid.b));
	return 1;
}

/* violations() -> list of {kind, addr, text, time} */
static int lua_violations(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	const struct hvm_violation *v;
	size_t i;

	lua_newtable(L);
	for (i = 0; (v = hvm_violation_get(w->partition, i)) != NULL; i++) {
		lua_createtable(L, 0, 4);
		set_int(L, "kind", v->kind);
		set_int(L, "addr", v->addr);
		set_int(L, "time", v->time);
		lua_pushstring(L, v->text);
		lua_setfield(L, -2, "text");
		lua_seti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* random() -> 64 bits of the machine's generator */
static int lua_random(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_sched_random(hvc_world_of(L)->sched));
	return 1;
}

/* synic_stats(vp, sint) -> table */
static int lua_synic_stats(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	struct hvm_synic_stats s;

	if (!hvm_synic_stats(w->partition, (uint32_t)luaL_checkinteger(L, 1),
			     (uint32_t)luaL_optinteger(L, 2, HVM_SINT_VMBUS), &s))
		return luaL_error(L, "no such virtual processor or SINT");
	lua_createtable(L, 0, 7);
	set_int(L, "messages", s.messages);
	set_int(L, "pending", s.pending);
	set_int(L, "eoms", s.eoms);
	set_int(L, "needless", s.needless);
	set_int(L, "interrupts", s.interrupts);
	set_int(L, "events", s.events);
	set_int(L, "lost", s.lost);
	return 1;
}

static int lua_synic_queued(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	uint32_t vp = (uint32_t)luaL_checkinteger(L, 1);
	uint32_t sint = (uint32_t)luaL_optinteger(L, 2, HVM_SINT_VMBUS);

	lua_pushinteger(L, (lua_Integer)hvm_synic_queued(w->partition, vp, sint));
	lua_pushboolean(L, hvm_synic_slot_busy(w->partition, vp, sint));
	return 2;
}

/* mem_read(gpa, n) -> bytes, nil if it is no RAM; mem_write(gpa, bytes) -> bool */
static int lua_mem_read(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	size_t n = (size_t)luaL_checkinteger(L, 2);
	void *to = lua_newuserdatauv(L, n ? n : 1, 0);

	if (!hvm_mem_read(w->partition, (uint64_t)luaL_checkinteger(L, 1), to, n))
		return 0;
	lua_pushlstring(L, to, n);
	return 1;
}

static int lua_mem_write(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	size_t n;
	const char *s = luaL_checklstring(L, 2, &n);

	lua_pushboolean(L, hvm_mem_write(w->partition, (uint64_t)luaL_checkinteger(L, 1), s, n));
	return 1;
}

/* mem_held(gpa) -> uses by the host; mem_live() -> pages that the guest holds */
static int lua_mem_held(lua_State *L)
{
	uint64_t gpa = (uint64_t)luaL_checkinteger(L, 1);

	lua_pushinteger(L, hvm_mem_held(hvc_world_of(L)->partition, gpa / HVM_PAGE));
	return 1;
}

static int lua_mem_live(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_mem_live_pages(hvc_world_of(L)->partition));
	return 1;
}

void hvc_lua_machine(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "now", lua_now },
		{ "step", lua_step },
		{ "run_for", lua_run_for },
		{ "run_idle", lua_run_idle },
		{ "entries", lua_entries },
		{ "entry", lua_entry },
		{ "note", lua_note },
		{ "checked", lua_checked },
		{ "where", lua_where },
		{ "duration", lua_duration },
		{ "interface", lua_interface },
		{ "violations", lua_violations },
		{ "random", lua_random },
		{ "synic_stats", lua_synic_stats },
		{ "synic_queued", lua_synic_queued },
		{ "mem_read", lua_mem_read },
		{ "mem_write", lua_mem_write },
		{ "mem_held", lua_mem_held },
		{ "mem_live", lua_mem_live },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
