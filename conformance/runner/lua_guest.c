/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on the driver under test: commands and what it reports. */
#include <string.h>

#include <lauxlib.h>

#include "world.h"

#define ARGS_MAX 32

static const char *const command_names[] = {
	"connect",	  "unload",	    "crash_unload", "open",	 "close",
	"release",	  "send",	    "send_gpa",	    "complete",	 "gpadl_create",
	"gpadl_teardown", "modify",	    "rx_pause",	    "rx_resume", "tl_connect",
	"open_reserved",  "close_reserved", "device",	    NULL
};

static const uint32_t command_types[] = {
	HVT_CMD_CONNECT,	HVT_CMD_UNLOAD,	      HVT_CMD_CRASH_UNLOAD,   HVT_CMD_OPEN,
	HVT_CMD_CLOSE,		HVT_CMD_RELEASE,      HVT_CMD_SEND,	      HVT_CMD_SEND_GPA,
	HVT_CMD_COMPLETE,	HVT_CMD_GPADL_CREATE, HVT_CMD_GPADL_TEARDOWN, HVT_CMD_MODIFY,
	HVT_CMD_RX_PAUSE,	HVT_CMD_RX_RESUME,    HVT_CMD_TL_CONNECT,     HVT_CMD_OPEN_RESERVED,
	HVT_CMD_CLOSE_RESERVED, HVT_CMD_DEVICE
};

static void opt_guid(lua_State *L, const char *key, uint8_t out[16])
{
	size_t n;
	const char *s;

	if (lua_getfield(L, 2, key) != LUA_TNIL) {
		s = luaL_checklstring(L, -1, &n);
		if (!hvc_guid_parse(s, n, out))
			luaL_error(L, "%s is no GUID", key);
	}
	lua_pop(L, 1);
}

/* The numbers of the table "args" of a device command; strings stay with the table. */
static void opt_args(lua_State *L, struct hvt_command *cmd, struct hvt_arg args[ARGS_MAX])
{
	if (lua_getfield(L, 2, "op") == LUA_TSTRING)
		cmd->op = lua_tostring(L, -1);
	cmd->args = args;
	if (lua_getfield(L, 2, "args") != LUA_TTABLE)
		return;
	lua_pushnil(L);
	while (lua_next(L, -2) != 0) {
		if (cmd->arg_count == ARGS_MAX || lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "args: at most %d, all with names", ARGS_MAX);
		args[cmd->arg_count].name = lua_tostring(L, -2);
		args[cmd->arg_count++].value = (uint64_t)luaL_checkinteger(L, -1);
		lua_pop(L, 1);
	}
}

/* command(name, {fields of struct hvt_command}) -> "ok", "again", "unsupported", "failed" */
static int lua_command(lua_State *L)
{
	static const char *const results[] = { "ok", "again", "unsupported", "failed" };
	struct hvc_world *w = hvc_world_of(L);
	struct hvt_arg args[ARGS_MAX];
	struct hvt_command cmd;
	int rc;

	memset(&cmd, 0, sizeof(cmd));
	luaL_checktype(L, 2, LUA_TTABLE);
	if (!w->instance)
		return luaL_error(L, "there is no target in a case of the host side");
	cmd.size = sizeof(cmd);
	cmd.type = command_types[luaL_checkoption(L, 1, NULL, command_names)];
	cmd.channel = (uint32_t)hvc_opt_int(L, 2, "channel", 0);
	cmd.flags = (uint32_t)hvc_opt_int(L, 2, "flags", 0);
	cmd.tx_pages = (uint32_t)hvc_opt_int(L, 2, "tx_pages", 0);
	cmd.rx_pages = (uint32_t)hvc_opt_int(L, 2, "rx_pages", 0);
	cmd.target_vp = (uint32_t)hvc_opt_int(L, 2, "target_vp", 0);
	cmd.pages = (uint32_t)hvc_opt_int(L, 2, "pages", 0);
	cmd.byte_offset = (uint32_t)hvc_opt_int(L, 2, "byte_offset", 0);
	cmd.byte_count = (uint32_t)hvc_opt_int(L, 2, "byte_count", 0);
	cmd.value = (uint32_t)hvc_opt_int(L, 2, "value", 0);
	cmd.id = hvc_opt_int(L, 2, "id", 0);
	opt_guid(L, "guid1", cmd.guid[0]);
	opt_guid(L, "guid2", cmd.guid[1]);
	if (lua_getfield(L, 2, "data") == LUA_TSTRING)
		cmd.data = lua_tolstring(L, -1, &cmd.data_size);
	opt_args(L, &cmd, args);
	rc = hvc_command(w, &cmd);
	lua_pushstring(L, rc >= 0 && rc <= HVT_FAILED ? results[rc] : "failed");
	return 1;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* events() -> how many were reported so far */
static int lua_events(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)hvc_world_of(L)->event_count);
	return 1;
}

/* event(n) -> table, n from 1; nil past the end */
static int lua_event(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);
	const struct hvc_event *v;
	size_t i;

	if (n < 1 || (size_t)n > w->event_count)
		return 0;
	v = &w->events[n - 1];
	lua_createtable(L, 0, 24);
	lua_pushstring(L, v->e.type == HVT_EV_DEVICE ? v->op : hvc_event_name(v->e.type));
	lua_setfield(L, -2, "event");
	set_int(L, "channel", v->e.channel);
	set_int(L, "status", v->e.status);
	set_int(L, "version", v->e.version);
	set_int(L, "features", v->e.features);
	set_int(L, "type", v->e.packet_type);
	set_int(L, "flags", v->e.flags);
	set_int(L, "value", v->e.value);
	set_int(L, "id", v->e.id);
	set_int(L, "time", v->time);
	lua_pushlstring(L, (const char *)v->data, v->e.size);
	lua_setfield(L, -2, "data");
	lua_pushlstring(L, (const char *)v->e.guid[0], 16);
	lua_setfield(L, -2, "guid1");
	lua_pushlstring(L, (const char *)v->e.guid[1], 16);
	lua_setfield(L, -2, "guid2");
	lua_pushstring(L, v->text);
	lua_setfield(L, -2, "text");
	for (i = 0; i < v->e.arg_count; i++)
		set_int(L, v->args[i].name, v->args[i].value);
	return 1;
}

/* event_type(name): raises an error when the driver interface has no such event */
static int lua_event_type(lua_State *L)
{
	int type = hvc_event_type(luaL_checkstring(L, 1));

	if (type == 0)
		return luaL_error(L, "no event is called '%s'", lua_tostring(L, 1));
	lua_pushinteger(L, type);
	return 1;
}

/* target() -> name, version */
static int lua_target(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);

	lua_pushstring(L, w->driver ? w->driver->name : "");
	lua_pushstring(L, w->driver && w->driver->version ? w->driver->version : "");
	return 2;
}

void hvc_lua_guest(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "command", lua_command },	  { "events", lua_events }, { "event", lua_event },
		{ "event_type", lua_event_type }, { "target", lua_target }, { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
