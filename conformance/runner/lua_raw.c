/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives of the raw guest, for cases whose subject is the mock host. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include <hvproto/wire/hypervisor.h>

#include "world.h"

static struct hvc_world *raw_world(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);

	if (!w->raw)
		luaL_error(L, "the raw guest exists in cases with side = \"host\" only");
	return w;
}

/* rg_post(bytes, {connection, type, size}) -> hypercall status */
static int lua_rg_post(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	uint8_t payload[HVM_PAYLOAD_MAX] = { 0 };
	uint64_t result;
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);

	if (n > sizeof(payload))
		return luaL_error(L, "a message is at most 240 bytes, not %d", (int)n);
	memcpy(payload, s, n);
	result = hvc_raw_post(w, (uint32_t)hvc_opt_int(L, 2, "connection", 4),
			      (uint32_t)hvc_opt_int(L, 2, "type", 1),
			      (uint32_t)hvc_opt_int(L, 2, "size", n), payload);
	lua_pushinteger(L, (lua_Integer)(result & 0xffff));
	return 1;
}

/* rg_hypercall(control, in, out, vp) -> result word */
static int lua_rg_hypercall(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	uint64_t result;

	hvm_sched_enter_guest(w->sched);
	result = hvm_hypercall(
		w->partition, (uint32_t)luaL_optinteger(L, 4, 0), (uint64_t)luaL_checkinteger(L, 1),
		(uint64_t)luaL_optinteger(L, 2, 0), (uint64_t)luaL_optinteger(L, 3, 0));
	hvm_sched_leave_guest(w->sched);
	lua_pushinteger(L, (lua_Integer)result);
	return 1;
}

/* rg_rdmsr(msr, vp) -> value, nil when it faults; rg_wrmsr(msr, value, vp) -> false: it faults */
static int lua_rg_rdmsr(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	uint64_t value = 0;

	if (!hvm_msr_read(w->partition, (uint32_t)luaL_optinteger(L, 2, 0),
			  (uint32_t)luaL_checkinteger(L, 1), &value))
		return 0;
	lua_pushinteger(L, (lua_Integer)value);
	return 1;
}

static int lua_rg_wrmsr(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	bool ok;

	hvm_sched_enter_guest(w->sched);
	ok = hvm_msr_write(w->partition, (uint32_t)luaL_optinteger(L, 3, 0),
			   (uint32_t)luaL_checkinteger(L, 1), (uint64_t)luaL_checkinteger(L, 2));
	hvm_sched_leave_guest(w->sched);
	lua_pushboolean(L, ok);
	return 1;
}

static int lua_rg_cpuid(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	uint32_t r[4];
	int i;

	hvm_cpuid(w->partition, (uint32_t)luaL_checkinteger(L, 1), r);
	for (i = 0; i < 4; i++)
		lua_pushinteger(L, r[i]);
	return 4;
}

/* rg_messages() -> how many were taken; rg_message(n) -> {vp, sint, type, bytes} */
static int lua_rg_messages(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)raw_world(L)->raw->message_count);
	return 1;
}

static int lua_rg_message(lua_State *L)
{
	struct hvc_raw *raw = raw_world(L)->raw;
	lua_Integer n = luaL_checkinteger(L, 1);
	const struct hvc_slot_message *m;

	if (n < 1 || (size_t)n > raw->message_count)
		return 0;
	m = &raw->messages[n - 1];
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, m->vp);
	lua_setfield(L, -2, "vp");
	lua_pushinteger(L, m->sint);
	lua_setfield(L, -2, "sint");
	lua_pushinteger(L, m->type);
	lua_setfield(L, -2, "type");
	lua_pushlstring(L, (const char *)m->payload, m->size);
	lua_setfield(L, -2, "bytes");
	return 1;
}

/* rg_flags(vp, flag) -> times it was found set, and cleared, on SINT 2 */
static int lua_rg_flags(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	lua_Integer vp = luaL_checkinteger(L, 1);
	lua_Integer flag = luaL_checkinteger(L, 2);

	if (vp < 0 || vp >= (lua_Integer)hvm_partition_vps(w->partition) || flag < 0 ||
	    flag >= (lua_Integer)HVM_EVENT_FLAGS)
		return luaL_error(L, "no such virtual processor or flag");
	lua_pushinteger(L, w->raw->seen[vp][flag]);
	return 1;
}

/* rg_hold(true): leave messages in their slots; rg_pages(vp) -> GPA of SIMP, of SIEFP */
static int lua_rg_hold(lua_State *L)
{
	raw_world(L)->raw->hold_slots = lua_toboolean(L, 1);
	return 0;
}

static int lua_rg_pages(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	lua_Integer vp = luaL_checkinteger(L, 1);

	if (vp < 0 || vp >= (lua_Integer)hvm_partition_vps(w->partition))
		return luaL_error(L, "no such virtual processor");
	lua_pushinteger(L, (lua_Integer)w->raw->simp[vp]);
	lua_pushinteger(L, (lua_Integer)w->raw->siefp[vp]);
	return 2;
}

/* rg_alloc(pages) -> handle, list of page frame numbers; rg_free(handle, pages) */
static int lua_rg_alloc(lua_State *L)
{
	struct hvc_world *w = raw_world(L);
	lua_Integer pages = luaL_checkinteger(L, 1);
	uint8_t *va = pages < 1 ? NULL : hvm_mem_alloc(w->partition, (size_t)pages);
	lua_Integer i;

	if (!va)
		return luaL_error(L, "%d pages cannot be had", (int)pages);
	lua_pushlightuserdata(L, va);
	lua_createtable(L, (int)pages, 0);
	for (i = 0; i < pages; i++) {
		lua_pushinteger(
			L, (lua_Integer)(hvm_mem_gpa(w->partition, va + i * HVM_PAGE) / HVM_PAGE));
		lua_seti(L, -2, i + 1);
	}
	return 2;
}

static int lua_rg_free(lua_State *L)
{
	struct hvc_world *w = raw_world(L);

	luaL_checktype(L, 1, LUA_TLIGHTUSERDATA);
	hvm_mem_free(w->partition, lua_touserdata(L, 1), (size_t)luaL_checkinteger(L, 2));
	return 0;
}

void hvc_lua_raw(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "rg_post", lua_rg_post },
		{ "rg_hypercall", lua_rg_hypercall },
		{ "rg_rdmsr", lua_rg_rdmsr },
		{ "rg_wrmsr", lua_rg_wrmsr },
		{ "rg_cpuid", lua_rg_cpuid },
		{ "rg_messages", lua_rg_messages },
		{ "rg_message", lua_rg_message },
		{ "rg_flags", lua_rg_flags },
		{ "rg_hold", lua_rg_hold },
		{ "rg_pages", lua_rg_pages },
		{ "rg_alloc", lua_rg_alloc },
		{ "rg_free", lua_rg_free },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
