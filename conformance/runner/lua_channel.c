/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on offered channels: the scripted device behind each, its rings and answers. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

static struct hvm_scripted *device(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);

	if (n < 1 || (size_t)n > w->channel_count)
		luaL_error(L, "no channel was offered under number %d", (int)n);
	return w->channels[n - 1];
}

static struct hvm_channel *channel(lua_State *L)
{
	struct hvm_channel *ch = hvm_scripted_channel(device(L));

	if (!ch)
		luaL_error(L, "this channel is gone");
	return ch;
}

static void get_guid(lua_State *L, const char *key, uint8_t out[16])
{
	size_t n;
	const char *s;

	lua_getfield(L, 1, key);
	s = luaL_checklstring(L, -1, &n);
	if (!hvc_guid_parse(s, n, out))
		luaL_error(L, "%s is no GUID", key);
	lua_pop(L, 1);
}

static void get_user_defined(lua_State *L, struct hvm_offer *o)
{
	size_t n = 0;
	const char *s = NULL;

	if (lua_getfield(L, 1, "user_defined") == LUA_TSTRING)
		s = lua_tolstring(L, -1, &n);
	if (n > sizeof(o->user_defined))
		luaL_error(L, "user_defined holds 120 bytes");
	if (s)
		memcpy(o->user_defined, s, n);
	lua_pop(L, 1);
}

/* offer{...} -> number of the channel in the world */
static int lua_offer(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	struct hvm_offer o;

	luaL_checktype(L, 1, LUA_TTABLE);
	memset(&o, 0, sizeof(o));
	get_guid(L, "interface_id", o.interface_id.b);
	get_guid(L, "instance_id", o.instance_id.b);
	get_user_defined(L, &o);
	o.flags = (uint16_t)hvc_opt_int(L, 1, "flags", 0);
	o.mmio_megabytes = (uint16_t)hvc_opt_int(L, 1, "mmio_megabytes", 0);
	o.mmio_megabytes_optional = (uint16_t)hvc_opt_int(L, 1, "mmio_megabytes_optional", 0);
	o.subchannel_index = (uint16_t)hvc_opt_int(L, 1, "subchannel_index", 0);
	o.order = (uint32_t)hvc_opt_int(L, 1, "order", 0);
	o.monitored = hvc_opt_bool(L, 1, "monitored");
	o.latency = (uint16_t)hvc_opt_int(L, 1, "latency", 0);
	o.channel_id = (uint32_t)hvc_opt_int(L, 1, "channel_id", 0);
	o.connection_id = (uint32_t)hvc_opt_int(L, 1, "connection_id", 0);
	if (w->channel_count == HVC_CHANNELS)
		return luaL_error(L, "too many channels");
	w->channels[w->channel_count] = hvm_scripted_new(w->server, &o);
	if (!w->channels[w->channel_count])
		return luaL_error(L,
				  "the host has no such channel to offer (id taken, or none free)");
	w->channel_count++;
	lua_pushinteger(L, (lua_Integer)w->channel_count);
	return 1;
}

/* find(instance_id) -> number of the channel: for those that TL_CONNECT_REQUEST made */
static int lua_find(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	uint8_t id[16];
	size_t i;

	if (!hvc_guid_parse(s, n, id))
		return luaL_error(L, "no GUID");
	for (i = w->channel_count; i > 0; i--) {
		struct hvm_channel *ch = hvm_scripted_channel(w->channels[i - 1]);
		struct hvm_channel_info info;

		if (!ch)
			continue;
		hvm_channel_info(ch, &info);
		if (memcmp(info.offer->instance_id.b, id, 16) == 0) {
			lua_pushinteger(L, (lua_Integer)i);
			return 1;
		}
	}
	return 0;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* channel_info(n) -> table; nil when the channel is gone */
static int lua_channel_info(lua_State *L)
{
	struct hvm_channel *ch = hvm_scripted_channel(device(L));
	struct hvm_channel_info i;

	if (!ch)
		return 0;
	hvm_channel_info(ch, &i);
	lua_createtable(L, 0, 16);
	lua_pushstring(L, hvm_channel_state_name(i.state));
	lua_setfield(L, -2, "state");
	set_int(L, "id", i.id);
	set_int(L, "connection_id", i.connection_id);
	set_int(L, "monitor_id", i.monitor_id);
	set_int(L, "gpadls", i.gpadls);
	set_int(L, "signals", i.signals);
	set_int(L, "interrupts", i.interrupts);
	set_int(L, "open_id", i.open.open_id);
	set_int(L, "gpadl_id", i.open.gpadl_id);
	set_int(L, "downstream", i.open.downstream);
	set_int(L, "target_vp", i.open.target_vp);
	set_int(L, "event_flag", i.open.event_flag);
	set_int(L, "signal_connection", i.open.connection_id);
	lua_pushboolean(L, i.open.reserved);
	lua_setfield(L, -2, "reserved");
	lua_pushboolean(L, hvm_scripted_is_open(device(L)));
	lua_setfield(L, -2, "ring");
	return 1;
}

static int lua_revoke(lua_State *L)
{
	hvm_channel_revoke(channel(L));
	return 0;
}

static int lua_reoffer(lua_State *L)
{
	lua_pushboolean(L, hvm_channel_reoffer(channel(L)) == HVP_OK);
	return 1;
}

static int lua_channel_signal(lua_State *L)
{
	lua_pushboolean(L, hvm_channel_signal(channel(L)) == HVP_OK);
	return 1;
}

/* ---- the server's questions ---- */

static enum hvm_ask ask_at(lua_State *L, int at)
{
	static const char *const names[] = { "open", "close", "gpadl", "teardown", "modify", NULL };
	static const enum hvm_ask asks[] = { HVM_ASK_OPEN, HVM_ASK_CLOSE, HVM_ASK_GPADL,
					     HVM_ASK_TEARDOWN, HVM_ASK_MODIFY };

	return asks[luaL_checkoption(L, at, NULL, names)];
}

/* answer(n, what, hold, status) */
static int lua_answer(lua_State *L)
{
	hvm_scripted_answer(device(L), ask_at(L, 2), lua_toboolean(L, 3),
			    (uint32_t)luaL_optinteger(L, 4, 0));
	return 0;
}

/* asked(n, what) -> questions that wait; finish(n, what, status) */
static int lua_asked(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_scripted_asked(device(L), ask_at(L, 2)));
	return 1;
}

static int lua_finish(lua_State *L)
{
	if (hvm_scripted_finish(device(L), ask_at(L, 2), (uint32_t)luaL_optinteger(L, 3, 0)) !=
	    HVP_OK)
		return luaL_error(L, "nothing is waiting for an answer to '%s'",
				  lua_tostring(L, 2));
	return 0;
}

/* ---- packets ---- */

/* take(n) -> {type, flags, id, extra, payload, ring_offset, ranges}; nil if none waits */
static int lua_take(lua_State *L)
{
	struct hvm_packet k;

	if (!hvm_scripted_take(device(L), &k))
		return 0;
	lua_createtable(L, 0, 6);
	set_int(L, "type", k.type);
	set_int(L, "flags", k.flags);
	set_int(L, "id", k.transaction_id);
	set_int(L, "ring_offset", k.ring_offset);
	lua_pushstring(L, hvp_status_name(k.ranges));
	lua_setfield(L, -2, "ranges");
	lua_pushlstring(L, k.extra_size ? (const char *)k.extra : "", k.extra_size);
	lua_setfield(L, -2, "extra");
	lua_pushlstring(L, k.payload_size ? (const char *)k.payload : "", k.payload_size);
	lua_setfield(L, -2, "payload");
	return 1;
}

/*
 * range_read(n, descriptor and extra header, index) -> bytes of that range as the device reads
 * them, or nil and the status that the device would fail the request with
 */
static int lua_range_read(lua_State *L)
{
	struct hvm_scripted *d = device(L);
	struct hvm_packet k = { .type = 9 };
	size_t size;
	const char *packet = luaL_checklstring(L, 2, &size);
	uint32_t index = (uint32_t)luaL_checkinteger(L, 3);
	uint32_t bytes;
	enum hvp_status st;
	luaL_Buffer b;

	luaL_argcheck(L, size >= 16, 2, "no descriptor");
	k.extra = (const uint8_t *)packet + 16;
	k.extra_size = (uint32_t)size - 16;
	st = hvm_scripted_range(&k, index, &bytes);
	if (st == HVP_OK)
		st = hvm_scripted_read_range(d, &k, index, 0, luaL_buffinitsize(L, &b, bytes),
					     bytes);
	if (st != HVP_OK) {
		lua_pushnil(L);
		lua_pushstring(L, hvp_status_name(st));
		return 2;
	}
	luaL_pushresultsize(&b, bytes);
	return 1;
}

static const uint8_t *opt_bytes(lua_State *L, const char *key, uint32_t *size)
{
	const uint8_t *s = NULL;
	size_t n = 0;

	if (lua_getfield(L, 2, key) == LUA_TSTRING)
		s = (const uint8_t *)lua_tolstring(L, -1, &n);
	lua_pop(L, 1);
	*size = (uint32_t)n;
	return s;
}

/* send_packet(n, {type, flags, id, extra, payload}) -> "ok", "again" or the status */
static int lua_send_packet(lua_State *L)
{
	struct hvm_scripted *d = device(L);
	struct hvm_packet k;
	enum hvp_status st;

	luaL_checktype(L, 2, LUA_TTABLE);
	memset(&k, 0, sizeof(k));
	k.type = (uint16_t)hvc_opt_int(L, 2, "type", 6);
	k.flags = (uint16_t)hvc_opt_int(L, 2, "flags", 0);
	k.transaction_id = hvc_opt_int(L, 2, "id", 0);
	k.extra = opt_bytes(L, "extra", &k.extra_size);
	k.payload = opt_bytes(L, "payload", &k.payload_size);
	st = hvm_scripted_send(d, &k);
	lua_pushstring(L, st == HVP_OK ? "ok" : st == HVP_AGAIN ? "again" : hvp_status_name(st));
	return 1;
}

/* send_ring(n, bytes, advance, signal) */
static int lua_send_ring(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 2, &n);
	uint32_t advance = (uint32_t)luaL_optinteger(L, 3, (lua_Integer)n);
	enum hvp_status st = hvm_scripted_send_raw(device(L), s, n, advance, lua_toboolean(L, 4));

	if (st != HVP_OK)
		return luaL_error(L, "cannot write into the ring: %s", hvp_status_text(st));
	return 0;
}

static enum hvm_ring_side side_at(lua_State *L, int at)
{
	static const char *const names[] = { "g2h", "h2g", NULL };

	return luaL_checkoption(L, at, NULL, names) == 0 ? HVM_RING_G2H : HVM_RING_H2G;
}

/* peek(n, side, offset); poke(n, side, offset, value); ring_size(n, side) */
static int lua_peek(lua_State *L)
{
	lua_pushinteger(
		L, hvm_scripted_peek(device(L), side_at(L, 2), (uint32_t)luaL_checkinteger(L, 3)));
	return 1;
}

static int lua_poke(lua_State *L)
{
	enum hvp_status st = hvm_scripted_poke(device(L), side_at(L, 2),
					       (uint32_t)luaL_checkinteger(L, 3),
					       (uint32_t)luaL_checkinteger(L, 4));

	if (st != HVP_OK)
		return luaL_error(L, "cannot write the control page: %s", hvp_status_text(st));
	return 0;
}

static int lua_ring_size(lua_State *L)
{
	lua_pushinteger(L, hvm_scripted_ring_size(device(L), side_at(L, 2)));
	return 1;
}

/* ring_read(n, side, offset, size) -> bytes; ring_write(n, side, offset, bytes) */
static int lua_ring_read(lua_State *L)
{
	struct hvm_scripted *d = device(L);
	enum hvm_ring_side side = side_at(L, 2);
	uint32_t offset = (uint32_t)luaL_checkinteger(L, 3);
	lua_Integer n = luaL_checkinteger(L, 4);
	luaL_Buffer b;
	lua_Integer i;

	luaL_buffinit(L, &b);
	for (i = 0; i < n; i++) {
		const char *p = hvm_scripted_ring_ptr(d, side, offset + (uint32_t)i);

		if (!p)
			return luaL_error(L, "outside the ring, or it is not open");
		luaL_addchar(&b, *p);
	}
	luaL_pushresult(&b);
	return 1;
}

static int lua_ring_write(lua_State *L)
{
	struct hvm_scripted *d = device(L);
	enum hvm_ring_side side = side_at(L, 2);
	uint32_t offset = (uint32_t)luaL_checkinteger(L, 3);
	size_t n;
	const char *s = luaL_checklstring(L, 4, &n);
	size_t i;

	for (i = 0; i < n; i++) {
		char *p = hvm_scripted_ring_ptr(d, side, offset + (uint32_t)i);

		if (!p)
			return luaL_error(L, "outside the ring, or it is not open");
		*p = s[i];
	}
	return 0;
}

/* reading(n, bool); mask(n, bool); poll(n) and poll_one(n) -> status name */
static int lua_reading(lua_State *L)
{
	hvm_scripted_set_reading(device(L), lua_toboolean(L, 2));
	return 0;
}

static int lua_mask(lua_State *L)
{
	if (hvm_scripted_set_mask(device(L), lua_toboolean(L, 2)) != HVP_OK)
		return luaL_error(L, "the channel is not open");
	return 0;
}

static int lua_poll(lua_State *L)
{
	lua_pushstring(L, hvp_status_name(hvm_scripted_poll(device(L))));
	return 1;
}

static int lua_poll_one(lua_State *L)
{
	lua_pushstring(L, hvp_status_name(hvm_scripted_poll_one(device(L))));
	return 1;
}

static int lua_ring_status(lua_State *L)
{
	lua_pushstring(L, hvp_status_name(hvm_scripted_ring_status(device(L))));
	return 1;
}

static int lua_waiting(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_scripted_waiting(device(L)));
	return 1;
}

static int lua_device_signal(lua_State *L)
{
	lua_pushboolean(L, hvm_scripted_signal(device(L)) == HVP_OK);
	return 1;
}

/* ---- GPADLs ---- */

static int lua_gpadl_read(lua_State *L)
{
	size_t n = (size_t)luaL_checkinteger(L, 4);
	void *to = lua_newuserdatauv(L, n ? n : 1, 0);

	if (hvm_channel_gpadl_read(channel(L), (uint32_t)luaL_checkinteger(L, 2),
				   (uint64_t)luaL_checkinteger(L, 3), to, n) != HVP_OK)
		return 0;
	lua_pushlstring(L, to, n);
	return 1;
}

static int lua_gpadl_write(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 4, &n);
	enum hvp_status st = hvm_channel_gpadl_write(channel(L), (uint32_t)luaL_checkinteger(L, 2),
						     (uint64_t)luaL_checkinteger(L, 3), s, n);

	lua_pushboolean(L, st == HVP_OK);
	return 1;
}

static void push_range(lua_State *L, const struct hvm_gpadl_range *r)
{
	uint32_t i;

	lua_createtable(L, 0, 3);
	set_int(L, "byte_count", r->byte_count);
	set_int(L, "byte_offset", r->byte_offset);
	lua_createtable(L, (int)r->pfn_count, 0);
	for (i = 0; i < r->pfn_count; i++) {
		lua_pushinteger(L, (lua_Integer)r->pfns[i]);
		lua_seti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "pfns");
}

/* gpadl(n, id) -> {state, ranges}; nil if the host knows none */
static int lua_gpadl(lua_State *L)
{
	const struct hvm_gpadl *g = hvm_channel_gpadl(channel(L),
						      (uint32_t)luaL_checkinteger(L, 2));
	struct hvm_gpadl_range r;
	uint16_t i;

	if (!g)
		return 0;
	lua_createtable(L, 0, 2);
	lua_pushstring(L, hvm_gpadl_state_name(g->state));
	lua_setfield(L, -2, "state");
	lua_newtable(L);
	for (i = 0; i < g->range_count && hvm_gpadl_range(g, i, &r) == HVP_OK; i++) {
		push_range(L, &r);
		lua_seti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "ranges");
	return 1;
}

void hvc_lua_channel(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "offer", lua_offer },
		{ "find", lua_find },
		{ "channel_info", lua_channel_info },
		{ "revoke", lua_revoke },
		{ "reoffer", lua_reoffer },
		{ "channel_signal", lua_channel_signal },
		{ "answer", lua_answer },
		{ "asked", lua_asked },
		{ "finish", lua_finish },
		{ "take", lua_take },
		{ "send_packet", lua_send_packet },
		{ "send_ring", lua_send_ring },
		{ "peek", lua_peek },
		{ "poke", lua_poke },
		{ "range_read", lua_range_read },
		{ "ring_size", lua_ring_size },
		{ "ring_read", lua_ring_read },
		{ "ring_write", lua_ring_write },
		{ "reading", lua_reading },
		{ "mask", lua_mask },
		{ "poll", lua_poll },
		{ "poll_one", lua_poll_one },
		{ "ring_status", lua_ring_status },
		{ "waiting", lua_waiting },
		{ "device_signal", lua_device_signal },
		{ "gpadl", lua_gpadl },
		{ "gpadl_read", lua_gpadl_read },
		{ "gpadl_write", lua_gpadl_write },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
