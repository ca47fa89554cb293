/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives that say beforehand what goes wrong. */
#include <string.h>

#include <lauxlib.h>

#include <hvproto/msg.h>

#include "world.h"

static struct hvm_faults *faults(lua_State *L)
{
	return hvm_partition_faults(hvc_world_of(L)->partition);
}

static void must(lua_State *L, enum hvp_status st)
{
	if (st != HVP_OK)
		luaL_error(L, "this fault rule is not possible: %s", hvp_status_text(st));
}

static uint32_t opt_any(lua_State *L, const char *key)
{
	return (uint32_t)hvc_opt_int(L, 1, key, HVM_ANY);
}

static uint32_t opt_count(lua_State *L)
{
	uint64_t n = hvc_opt_int(L, 1, "count", 1);

	return n >= HVM_ALWAYS ? HVM_ALWAYS : (uint32_t)n;
}

static int option(lua_State *L, const char *key, const char *const names[])
{
	int at;

	lua_getfield(L, 1, key);
	at = luaL_checkoption(L, lua_gettop(L), NULL, names);
	lua_pop(L, 1);
	return at;
}

/* fault_call{code, type, connection, skip, count, status, deliver} */
static int lua_fault_call(lua_State *L)
{
	struct hvm_call_rule r;

	memset(&r, 0, sizeof(r));
	r.code = opt_any(L, "code");
	r.type = opt_any(L, "type");
	r.connection_id = opt_any(L, "connection");
	r.skip = (uint32_t)hvc_opt_int(L, 1, "skip", 0);
	r.count = opt_count(L);
	r.status = (uint16_t)hvc_opt_int(L, 1, "status", 0);
	r.deliver = hvc_opt_bool(L, 1, "deliver");
	must(L, hvm_fault_call(faults(L), &r));
	return 0;
}

static uint32_t direction(lua_State *L)
{
	static const char *const names[] = { "g2h", "h2g", NULL };

	return option(L, "direction", names) == 0 ? HVP_DIR_G2H : HVP_DIR_H2G;
}

/* fault_message{action, direction, type, channel, skip, count, delay, offset, mask, value} */
static int lua_fault_message(lua_State *L)
{
	static const char *const names[] = { "drop",	"delay",  "duplicate", "reorder",
					     "corrupt", "resize", NULL };
	static const enum hvm_msg_action actions[] = { HVM_MSG_DROP,	  HVM_MSG_DELAY,
						       HVM_MSG_DUPLICATE, HVM_MSG_REORDER,
						       HVM_MSG_CORRUPT,	  HVM_MSG_RESIZE };
	struct hvm_msg_rule r;

	memset(&r, 0, sizeof(r));
	r.action = actions[option(L, "action", names)];
	r.direction = direction(L);
	r.type = opt_any(L, "type");
	r.channel = opt_any(L, "channel");
	r.skip = (uint32_t)hvc_opt_int(L, 1, "skip", 0);
	r.count = opt_count(L);
	r.delay = hvc_opt_time(L, 1, "delay", 0);
	r.offset = (uint32_t)hvc_opt_int(L, 1, "offset", 0);
	r.mask = (uint8_t)hvc_opt_int(L, 1, "mask", 0);
	r.value = (uint32_t)hvc_opt_int(L, 1, "value", 0);
	must(L, hvm_fault_message(faults(L), &r));
	return 0;
}

/* fault_signal{action, direction, channel, skip, count, delay} */
static int lua_fault_signal(lua_State *L)
{
	static const char *const names[] = { "drop", "duplicate", "delay", NULL };
	static const enum hvm_signal_action actions[] = { HVM_SIGNAL_DROP, HVM_SIGNAL_DUPLICATE,
							  HVM_SIGNAL_DELAY };
	struct hvm_signal_rule r;

	memset(&r, 0, sizeof(r));
	r.action = actions[option(L, "action", names)];
	r.direction = direction(L);
	r.channel = opt_any(L, "channel");
	r.skip = (uint32_t)hvc_opt_int(L, 1, "skip", 0);
	r.count = opt_count(L);
	r.delay = hvc_opt_time(L, 1, "delay", 0);
	must(L, hvm_fault_signal(faults(L), &r));
	return 0;
}

/* What the script does at a moment of a channel; an error there ends the case later on. */
static void call_script(void *ctx, enum hvm_moment moment, uint32_t channel)
{
	struct hvc_world *w = ctx;
	lua_State *L = w->lua;
	int top = lua_gettop(L);

	lua_getfield(L, LUA_REGISTRYINDEX, "hvc.moments");
	if (lua_geti(L, -1, (lua_Integer)moment) == LUA_TFUNCTION) {
		lua_pushinteger(L, channel);
		if (lua_pcall(L, 1, 0, 0) != LUA_OK)
			hvc_fail(w, "broken", NULL, "at a moment of a channel: %s",
				 luaL_tolstring(L, -1, NULL));
	}
	lua_settop(L, top);
}

/* fault_moment{moment, channel, skip, count, revoke, run} */
static int lua_fault_moment(lua_State *L)
{
	static const char *const names[] = {
		"offered",	 "gpadl_header", "gpadl_body",	       "gpadl_created_before",
		"gpadl_created", "open",	 "open_result_before", "open_result",
		"close",	 "teardown",	 "torndown_before",    "torndown",
		"modify",	 "rescind",	 "released",	       NULL
	};
	static const enum hvm_moment moments[] = { HVM_AT_OFFERED,
						   HVM_AT_GPADL_HEADER,
						   HVM_AT_GPADL_BODY,
						   HVM_AT_GPADL_CREATED_BEFORE,
						   HVM_AT_GPADL_CREATED,
						   HVM_AT_OPEN,
						   HVM_AT_OPEN_RESULT_BEFORE,
						   HVM_AT_OPEN_RESULT,
						   HVM_AT_CLOSE,
						   HVM_AT_TEARDOWN,
						   HVM_AT_TORNDOWN_BEFORE,
						   HVM_AT_TORNDOWN,
						   HVM_AT_MODIFY,
						   HVM_AT_RESCIND,
						   HVM_AT_RELEASED };
	struct hvm_moment_rule r;

	memset(&r, 0, sizeof(r));
	r.moment = moments[option(L, "moment", names)];
	r.channel = opt_any(L, "channel");
	r.skip = (uint32_t)hvc_opt_int(L, 1, "skip", 0);
	r.count = opt_count(L);
	r.revoke = hvc_opt_bool(L, 1, "revoke");
	if (lua_getfield(L, 1, "run") == LUA_TFUNCTION) {
		r.fn = call_script;
		r.ctx = hvc_world_of(L);
		luaL_getsubtable(L, LUA_REGISTRYINDEX, "hvc.moments");
		lua_pushvalue(L, -2);
		lua_seti(L, -2, (lua_Integer)r.moment);
	}
	must(L, hvm_fault_moment(faults(L), &r));
	return 0;
}

/* Where a byte is: of memory when "gpa" is given, else of a channel's ring. */
static void *place(lua_State *L, uint32_t offset)
{
	static const char *const sides[] = { "g2h", "h2g", NULL };
	struct hvc_world *w = hvc_world_of(L);
	uint64_t gpa = hvc_opt_int(L, 1, "gpa", 0);
	uint64_t n = hvc_opt_int(L, 1, "number", 0);
	enum hvm_ring_side side;

	if (gpa)
		return hvm_mem_ptr(w->partition, gpa + offset, 1);
	if (n < 1 || n > w->channel_count) {
		luaL_error(L, "no channel was offered under this number");
		return NULL;
	}
	side = option(L, "side", sides) == 0 ? HVM_RING_G2H : HVM_RING_H2G;
	return hvm_scripted_ring_ptr(w->channels[n - 1], side, offset);
}

/* fault_load{gpa, or channel number and side; offset, skip, count, bytes, target} */
static int lua_fault_load(lua_State *L)
{
	uint32_t offset = (uint32_t)hvc_opt_int(L, 1, "offset", 0);
	struct hvm_load_rule r;
	const char *bytes;
	size_t size;

	memset(&r, 0, sizeof(r));
	lua_getfield(L, 1, "bytes");
	bytes = luaL_checklstring(L, -1, &size);
	if (size < 1 || size > sizeof(r.bytes))
		return luaL_error(L, "bytes: 1 to 8");
	memcpy(r.bytes, bytes, size);
	r.len = (uint32_t)size;
	r.addr = place(L, offset);
	r.target = place(L, (uint32_t)hvc_opt_int(L, 1, "target", offset));
	r.skip = (uint32_t)hvc_opt_int(L, 1, "skip", 0);
	r.count = opt_count(L);
	if (!r.addr || !r.target)
		return luaL_error(L, "outside of memory or of the ring, or it is not open");
	must(L, hvm_fault_load(faults(L), &r));
	return 0;
}

static int lua_fault_clear(lua_State *L)
{
	hvm_fault_clear(faults(L));
	return 0;
}

static int lua_fault_unspent(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvm_fault_unspent(faults(L)));
	return 1;
}

void hvc_lua_fault(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "fault_call", lua_fault_call },	{ "fault_message", lua_fault_message },
		{ "fault_signal", lua_fault_signal },	{ "fault_moment", lua_fault_moment },
		{ "fault_load", lua_fault_load },	{ "fault_clear", lua_fault_clear },
		{ "fault_unspent", lua_fault_unspent }, { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
