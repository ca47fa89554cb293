/* SPDX-License-Identifier: BSD-2-Clause */
/* What a case lets the mock host's NIC say by itself: frames, indications, tables, a VF. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

#define FRAMES_MAX 64u

static int push_status(lua_State *L, enum hvp_status status)
{
	lua_pushstring(L, hvp_status_name(status));
	return 1;
}

static bool number(lua_State *L, const char *key, uint64_t *out)
{
	bool there = lua_getfield(L, -1, key) != LUA_TNIL;

	*out = there ? (uint64_t)luaL_checkinteger(L, -1) : 0;
	lua_pop(L, 1);
	return there;
}

/* The frame that the table on top of the stack tells of; its bytes live with the table. */
static struct hvm_net_rx frame_of(lua_State *L)
{
	struct hvm_net_rx rx = { .bytes = NULL };
	uint64_t v;

	lua_getfield(L, -1, "bytes");
	rx.bytes = (const uint8_t *)luaL_checklstring(L, -1, &rx.size);
	lua_pop(L, 1);
	rx.has_vlan = number(L, "vlan", &v);
	rx.vlan = (uint16_t)v;
	rx.has_checksum = number(L, "csum", &v);
	rx.checksum = (uint32_t)v;
	rx.has_hash = number(L, "hash", &v);
	rx.hash = (uint32_t)v;
	(void)number(L, "hash_info", &v);
	rx.hash_info = (uint32_t)v;
	(void)number(L, "segments", &v);
	rx.segments = (uint32_t)v;
	return rx;
}

/* nic_deliver_all(n, { { bytes, vlan, csum, hash, hash_info, segments }... }, queue) -> status */
static int lua_nic_deliver_all(lua_State *L)
{
	struct hvm_net_rx rx[FRAMES_MAX];
	struct hvm_netvsp *n = hvc_nic(L);
	lua_Integer queue = luaL_optinteger(L, 3, HVM_NET_ANY_QUEUE);
	size_t count = (size_t)luaL_len(L, 2);
	size_t i;

	luaL_argcheck(L, count >= 1 && count <= FRAMES_MAX, 2, "1 to 64 frames");
	for (i = 0; i < count; i++) {
		lua_rawgeti(L, 2, (lua_Integer)i + 1);
		rx[i] = frame_of(L);
		lua_pop(L, 1);
	}
	return push_status(L, hvm_netvsp_deliver(n, (uint32_t)queue, rx, count));
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* nic_tx(n, index from 1) -> a frame of the guest with what was asked for; nothing past the end */
static int lua_nic_tx(lua_State *L)
{
	struct hvm_net_tx tx;

	if (!hvm_netvsp_frame(hvc_nic(L), (size_t)luaL_checkinteger(L, 2) - 1, &tx))
		return 0;
	lua_createtable(L, 0, 12);
	lua_pushlstring(L, (const char *)tx.bytes, tx.size);
	lua_setfield(L, -2, "bytes");
	set_int(L, "queue", tx.queue);
	if (tx.has_vlan)
		set_int(L, "vlan", tx.vlan);
	if (tx.has_checksum)
		set_int(L, "csum", tx.checksum);
	if (tx.has_lso)
		set_int(L, "lso", tx.lso);
	if (tx.has_hash)
		set_int(L, "hash", tx.hash);
	set_int(L, "section", tx.section);
	set_int(L, "ranges", tx.ranges);
	set_int(L, "packet", tx.packet);
	set_int(L, "index", tx.index);
	set_int(L, "message_length", tx.message_length);
	return 1;
}

/* nic_indicate(n, status, buffer) -> status name */
static int lua_nic_indicate(lua_State *L)
{
	size_t size;
	const char *buffer = luaL_optlstring(L, 3, "", &size);

	return push_status(L, hvm_netvsp_indicate(hvc_nic(L), (uint32_t)luaL_checkinteger(L, 2),
						  buffer, size));
}

/* nic_change(n, how): the network behind it is another one */
static int lua_nic_change(lua_State *L)
{
	hvm_netvsp_network_change(hvc_nic(L), (uint32_t)luaL_optinteger(L, 2, 0));
	return 0;
}

/* nic_speed(n, bits per second) */
static int lua_nic_speed(lua_State *L)
{
	hvm_netvsp_set_speed(hvc_nic(L), (uint64_t)luaL_checkinteger(L, 2));
	return 0;
}

/* nic_pause(n, on): leave the guest's packets in the rings */
static int lua_nic_pause(lua_State *L)
{
	hvm_netvsp_pause(hvc_nic(L), lua_toboolean(L, 2));
	return 0;
}

/* nic_table(n, 16 entries or nil) -> status name */
static int lua_nic_table(lua_State *L)
{
	struct hvm_netvsp *n = hvc_nic(L);
	uint32_t entries[16];
	int i;

	if (lua_isnoneornil(L, 2))
		return push_status(L, hvm_netvsp_send_table(n, NULL));
	for (i = 0; i < 16; i++) {
		lua_rawgeti(L, 2, i + 1);
		entries[i] = (uint32_t)luaL_checkinteger(L, -1);
		lua_pop(L, 1);
	}
	return push_status(L, hvm_netvsp_send_table(n, entries));
}

/* nic_hold_switch(n, on), nic_finish_switch(n, ok) -> status name */
static int lua_nic_hold_switch(lua_State *L)
{
	hvm_netvsp_hold_switch(hvc_nic(L), lua_toboolean(L, 2));
	return 0;
}

static int lua_nic_finish_switch(lua_State *L)
{
	return push_status(L, hvm_netvsp_finish_switch(hvc_nic(L), lua_toboolean(L, 2)));
}

/* nic_force_synthetic(n) */
static int lua_nic_force_synthetic(lua_State *L)
{
	hvm_netvsp_force_synthetic(hvc_nic(L));
	return 0;
}

/* nic_oid(n, oid, status or nil, bytes): answered so from now on, or as ever */
static int lua_nic_oid(lua_State *L)
{
	struct hvm_netvsp *n = hvc_nic(L);
	uint32_t oid = (uint32_t)luaL_checkinteger(L, 2);
	size_t size;
	const char *bytes = luaL_optlstring(L, 4, "", &size);

	if (lua_isnoneornil(L, 3))
		hvm_netvsp_clear_oid(n, oid);
	else
		hvm_netvsp_set_oid(n, oid, (uint32_t)luaL_checkinteger(L, 3), bytes, size);
	return 0;
}

void hvc_lua_nic_send(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "nic_deliver_all", lua_nic_deliver_all },
		{ "nic_tx", lua_nic_tx },
		{ "nic_indicate", lua_nic_indicate },
		{ "nic_change", lua_nic_change },
		{ "nic_speed", lua_nic_speed },
		{ "nic_pause", lua_nic_pause },
		{ "nic_table", lua_nic_table },
		{ "nic_hold_switch", lua_nic_hold_switch },
		{ "nic_finish_switch", lua_nic_finish_switch },
		{ "nic_force_synthetic", lua_nic_force_synthetic },
		{ "nic_oid", lua_nic_oid },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
