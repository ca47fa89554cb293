/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on the host's channel server and its message slots. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

/* send(bytes): past modes and states, to the connection's processor */
static int lua_send(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);

	if (hvm_server_send_raw(w->server, s, n) != HVP_OK)
		return luaL_error(L, "a message of %d bytes cannot be sent", (int)n);
	return 0;
}

static void post_now(void *ctx, uint64_t at)
{
	struct hvc_world *w = ctx;
	const struct hvc_later *l = &w->later[at];

	(void)!hvm_synic_post(w->partition, l->vp, l->sint, &l->m);
}

/* A guest that polls lets time pass without the script: what is to come then is put off. */
static void post_later(lua_State *L, struct hvc_world *w, const struct hvc_later *l, uint64_t delay)
{
	struct hvm_event ev = { HVM_CLASS_HOST, delay, post_now, w, w->later_count };
	struct hvc_later *v = realloc(w->later, (w->later_count + 1) * sizeof(*v));

	if (!v)
		luaL_error(L, "out of memory");
	w->later = v;
	w->later[w->later_count++] = *l;
	hvm_sched_add(w->sched, &ev);
}

/* post(bytes, {vp, sint, type, size, flags, sender, delay}): straight into a slot's queue */
static int lua_post(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	uint64_t delay = hvc_opt_time(L, 2, "delay", 0);
	struct hvc_later l;
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);

	memset(&l, 0, sizeof(l));
	if (n > sizeof(l.m.payload))
		return luaL_error(L, "a slot holds 240 bytes, not %d", (int)n);
	memcpy(l.m.payload, s, n);
	l.m.type = (uint32_t)hvc_opt_int(L, 2, "type", 1);
	l.m.size = (uint8_t)hvc_opt_int(L, 2, "size", n);
	l.m.flags = (uint8_t)hvc_opt_int(L, 2, "flags", 0);
	l.m.sender = hvc_opt_int(L, 2, "sender", 0);
	l.vp = (uint32_t)hvc_opt_int(L, 2, "vp", 0);
	l.sint = (uint32_t)hvc_opt_int(L, 2, "sint", HVM_SINT_VMBUS);
	if (l.vp >= hvm_partition_vps(w->partition) || l.sint >= HVM_SINTS)
		return luaL_error(L, "no such virtual processor or SINT");
	if (delay > 0)
		post_later(L, w, &l, delay);
	else
		(void)!hvm_synic_post(w->partition, l.vp, l.sint, &l.m);
	return 0;
}

/* signal(vp, sint, flag) -> true unless it is lost; interrupt(vp, sint) */
static int lua_signal(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	enum hvp_status st = hvm_synic_signal(w->partition, (uint32_t)luaL_checkinteger(L, 1),
					      (uint32_t)luaL_checkinteger(L, 2),
					      (uint32_t)luaL_checkinteger(L, 3));

	if (st == HVP_ARG)
		return luaL_error(L, "no such virtual processor, SINT or flag");
	lua_pushboolean(L, st == HVP_OK);
	return 1;
}

static int lua_interrupt(lua_State *L)
{
	hvm_synic_interrupt(hvc_world_of(L)->partition, (uint32_t)luaL_checkinteger(L, 1),
			    (uint32_t)luaL_optinteger(L, 2, HVM_SINT_VMBUS));
	return 0;
}

/* mode(id, "auto"|"hold"|"ignore"|"custom", bytes) */
static int lua_mode(lua_State *L)
{
	static const char *const names[] = { "auto", "hold", "ignore", "custom", NULL };
	static const enum hvm_mode modes[] = { HVM_MODE_AUTO, HVM_MODE_HOLD, HVM_MODE_IGNORE,
					       HVM_MODE_CUSTOM };
	struct hvc_world *w = hvc_world_of(L);
	enum hvm_mode mode = modes[luaL_checkoption(L, 2, NULL, names)];
	size_t n = 0;
	const char *s = mode == HVM_MODE_CUSTOM ? luaL_checklstring(L, 3, &n) : NULL;

	if (hvm_server_set_mode(w->server, (uint32_t)luaL_checkinteger(L, 1), mode, s, n) != HVP_OK)
		return luaL_error(L, "this mode cannot be set");
	return 0;
}

/* held(n) -> bytes of the nth message held, from 1; nil past the end */
static int lua_held(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);
	size_t size = 0;
	const uint8_t *bytes = n < 1 ? NULL : hvm_server_held_get(w->server, (size_t)n - 1, &size);

	if (!bytes)
		return 0;
	lua_pushlstring(L, (const char *)bytes, size);
	return 1;
}

/* release(n, drop) */
static int lua_release(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);

	if (n < 1 || hvm_server_release(w->server, (size_t)n - 1, lua_toboolean(L, 2)) != HVP_OK)
		return luaL_error(L, "no message %d is held", (int)n);
	return 0;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* info() -> the connection as the host sees it */
static int lua_info(lua_State *L)
{
	struct hvm_conn_info info;

	hvm_server_info(hvc_world_of(L)->server, &info);
	lua_createtable(L, 0, 12);
	lua_pushstring(L, hvm_conn_state_name(info.state));
	lua_setfield(L, -2, "state");
	set_int(L, "version", info.version);
	set_int(L, "features", info.features);
	set_int(L, "connection_id", info.connection_id);
	set_int(L, "target_vp", info.target_vp);
	set_int(L, "interrupt_page", info.interrupt_page);
	set_int(L, "monitor_page_p2c", info.monitor_pages[0]);
	set_int(L, "monitor_page_c2p", info.monitor_pages[1]);
	lua_pushboolean(L, info.offers_sent);
	lua_setfield(L, -2, "offers_sent");
	lua_pushboolean(L, info.paused);
	lua_setfield(L, -2, "paused");
	lua_pushlstring(L, (const char *)info.client_id.b, sizeof(info.client_id.b));
	lua_setfield(L, -2, "client_id");
	return 1;
}

/* dropped(reason) -> messages dropped for it; without a reason: all */
static int lua_dropped(lua_State *L)
{
	static const char *const names[] = { "size",   "type",	  "direction", "version",
					     "state",  "channel", "gpadl",     "value",
					     "script", "any",	  NULL };
	static const enum hvm_drop reasons[] = { HVM_DROP_SIZE,	     HVM_DROP_TYPE,
						 HVM_DROP_DIRECTION, HVM_DROP_VERSION,
						 HVM_DROP_STATE,     HVM_DROP_CHANNEL,
						 HVM_DROP_GPADL,     HVM_DROP_VALUE,
						 HVM_DROP_SCRIPT };
	struct hvc_world *w = hvc_world_of(L);
	int at = luaL_checkoption(L, 1, "any", names);
	uint64_t n = 0;
	int i;

	for (i = 0; i < HVM_DROPS; i++)
		if (at == 9 || i == (int)reasons[at])
			n += hvm_server_dropped(w->server, (enum hvm_drop)i);
	lua_pushinteger(L, (lua_Integer)n);
	return 1;
}

static int lua_received(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_server_received(hvc_world_of(L)->server,
							    (uint32_t)luaL_checkinteger(L, 1)));
	return 1;
}

static int lua_sent(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_server_sent(hvc_world_of(L)->server,
							(uint32_t)luaL_checkinteger(L, 1)));
	return 1;
}

/* stop_reading(bool); reset(): the host forgets the connection; lower_done(ok) */
static int lua_stop_reading(lua_State *L)
{
	hvm_server_stop_reading(hvc_world_of(L)->server, lua_toboolean(L, 1));
	return 0;
}

static int lua_reset(lua_State *L)
{
	hvm_server_drop_connection(hvc_world_of(L)->server);
	return 0;
}

static int lua_lower_done(lua_State *L)
{
	hvm_server_lower_done(hvc_world_of(L)->server, lua_toboolean(L, 1));
	return 0;
}

void hvc_lua_host(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "send", lua_send },
		{ "post", lua_post },
		{ "signal", lua_signal },
		{ "interrupt", lua_interrupt },
		{ "mode", lua_mode },
		{ "held", lua_held },
		{ "release", lua_release },
		{ "info", lua_info },
		{ "dropped", lua_dropped },
		{ "received", lua_received },
		{ "sent", lua_sent },
		{ "stop_reading", lua_stop_reading },
		{ "reset", lua_reset },
		{ "lower_done", lua_lower_done },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
