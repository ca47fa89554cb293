/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts the API of the suites together: the primitives in C, the rest in Lua upon them. */
#include <lauxlib.h>

#include "world.h"

static int run_file(lua_State *L, const char *name)
{
	const struct hvc_file *file = hvc_builtin(name);
	int rc;

	if (!file) {
		hvc_error("%s is not built in", name);
		return -1;
	}
	lua_pushfstring(L, "=%s", name);
	rc = luaL_loadbufferx(L, file->text, file->size, lua_tostring(L, -1), "t");
	lua_remove(L, -2);
	if (rc == LUA_OK) {
		lua_pushvalue(L, 1);
		lua_pushvalue(L, 2);
		rc = lua_pcall(L, 2, 0, 0);
	}
	if (rc != LUA_OK)
		hvc_error("%s", lua_tostring(L, -1));
	return rc == LUA_OK ? 0 : -1;
}

/* Stack: 1 the primitives, 2 the table that the files share. */
int hvc_api_load(lua_State *L)
{
	static const char *const files[] = { "base.lua",    "host.lua",	 "nic.lua",
					     "storage.lua", "guest.lua", "raw.lua" };
	size_t i;

	lua_settop(L, 0);
	lua_newtable(L);
	hvc_lua_machine(L);
	hvc_lua_host(L);
	hvc_lua_channel(L);
	hvc_lua_fault(L);
	hvc_lua_guest(L);
	hvc_lua_raw(L);
	hvc_lua_nic(L);
	hvc_lua_nic_send(L);
	hvc_lua_nic_tap(L);
	hvc_lua_storage(L);
	hvc_codec_open(L);
	lua_newtable(L);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (run_file(L, files[i]) != 0)
			return -1;
	lua_getfield(L, 2, "start");
	lua_setfield(L, LUA_REGISTRYINDEX, "hvc.start");
	lua_settop(L, 0);
	return 0;
}
