/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads the requirement and bug lists and every suite; what is wrong is told by file:line. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

#include "hvc.h"

const char *hvc_level_name(enum hvc_level level)
{
	static const char *const names[HVC_LEVELS] = { "must", "should", "quirk" };

	return names[level];
}

const char *hvc_side_name(enum hvc_side side)
{
	return side == HVC_HOST ? "host" : "guest";
}

const struct hvc_case *hvc_registry_find(const struct hvc_registry *reg, const char *name)
{
	size_t i;

	for (i = 0; i < reg->count; i++)
		if (strcmp(reg->cases[i].name, name) == 0)
			return &reg->cases[i];
	return NULL;
}

static void index_rows(json_t *index, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *id = json_string_value(json_object_get(row, "id"));

		if (id)
			json_object_set(index, id, row);
	}
}

/* {"<what>": [{"id": ...}, ...]} or the bare list -> id -> row. */
static json_t *load_ids(const char *dir, const char *what)
{
	char *path = hvc_printf("%s/%s.json", dir, what);
	json_error_t error;
	json_t *file = json_load_file(path, 0, &error);
	json_t *index = json_object();

	if (!file)
		hvc_error("%s:%d: %s", path, error.line, error.text);
	else
		index_rows(index, json_is_array(file) ? file : json_object_get(file, what));
	if (file && json_object_size(index) == 0)
		hvc_error("%s: no list of rows with an id in it", path);
	if (json_object_size(index) == 0) {
		json_decref(index);
		index = NULL;
	}
	json_decref(file);
	free(path);
	return index;
}

/* Paths below the working directory are shown without it. */
static const char *shown(const char *path)
{
	static char cwd[4096];
	size_t n;

	if (!getcwd(cwd, sizeof(cwd)))
		return path;
	n = strlen(cwd);
	if (strncmp(path, cwd, n) == 0 && path[n] == '/')
		return path + n + 1;
	return path;
}

/* Chunk on top of the stack on success; otherwise the error has been printed. */
static bool load_chunk(struct hvc_registry *reg, const char *path)
{
	size_t size = 0;
	char *text = hvc_read_file(path, &size);
	char *name;
	int rc;

	if (!text) {
		hvc_error("%s: %s", path, strerror(errno));
		return false;
	}
	name = hvc_printf("@%s", shown(path));
	rc = luaL_loadbufferx(reg->lua, text, size, name, "t");
	free(name);
	free(text);
	if (rc != LUA_OK) {
		hvc_error("%s", lua_tostring(reg->lua, -1));
		lua_pop(reg->lua, 1);
	}
	return rc == LUA_OK;
}

static void load_suite(struct hvc_registry *reg, const char *area, const char *file)
{
	char *path = hvc_printf("%s/%s/%s", reg->suite_dir, area, file);
	char *suite = hvc_printf("%s/%.*s", area, (int)(strlen(file) - 4), file);

	reg->loading = suite;
	if (!load_chunk(reg, path)) {
		reg->errors++;
	} else if (lua_pcall(reg->lua, 0, 0, 0) != LUA_OK) {
		hvc_error("%s", lua_tostring(reg->lua, -1));
		lua_pop(reg->lua, 1);
		reg->errors++;
	}
	reg->loading = NULL;
	free(suite);
	free(path);
}

/* include "ring.lua": what suites share lies in suites/lib. Loaded once a process. */
static int lua_include(lua_State *L)
{
	struct hvc_registry *reg = lua_touserdata(L, lua_upvalueindex(1));
	const char *name = luaL_checkstring(L, 1);
	char *path;
	bool ok;

	luaL_getsubtable(L, LUA_REGISTRYINDEX, "hvc.included");
	if (lua_getfield(L, -1, name) != LUA_TNIL)
		return 1;
	lua_pop(L, 1);
	path = hvc_printf("%s/lib/%s", reg->suite_dir, name);
	ok = load_chunk(reg, path);
	free(path);
	if (!ok)
		return luaL_error(L, "include: cannot load lib/%s", name);
	lua_call(L, 0, 1);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, name);
	return 1;
}

static int only_lua(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && e->d_name[0] != '.' && strcmp(e->d_name + n - 4, ".lua") == 0;
}

static int only_areas(const struct dirent *e)
{
	return e->d_name[0] != '.' && strcmp(e->d_name, "lib") != 0;
}

static void load_area(struct hvc_registry *reg, const char *area)
{
	char *path = hvc_printf("%s/%s", reg->suite_dir, area);
	struct dirent **files = NULL;
	int n = scandir(path, &files, only_lua, alphasort);
	int i;

	for (i = 0; i < n; i++) {
		load_suite(reg, area, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	free(path);
}

static int load_suites(struct hvc_registry *reg)
{
	struct dirent **areas = NULL;
	int n = scandir(reg->suite_dir, &areas, only_areas, alphasort);
	int i;

	if (n < 0) {
		hvc_error("%s: %s", reg->suite_dir, strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		load_area(reg, areas[i]->d_name);
		free(areas[i]);
	}
	free(areas);
	if (reg->errors) {
		hvc_error("%u error%s in the suites", reg->errors, reg->errors == 1 ? "" : "s");
		return -1;
	}
	if (reg->count == 0) {
		hvc_error("%s: no case in any suite", reg->suite_dir);
		return -1;
	}
	return 0;
}

/*
 * Suites see no clock, no files and no processes: what they do must depend on the target and
 * the seed alone.
 */
static void open_libraries(struct hvc_registry *reg)
{
	static const luaL_Reg libs[] = {
		{ LUA_GNAME, luaopen_base },	    { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 },  { NULL, NULL },
	};
	const luaL_Reg *lib;

	for (lib = libs; lib->func; lib++) {
		luaL_requiref(reg->lua, lib->name, lib->func, 1);
		lua_pop(reg->lua, 1);
	}
	lua_pushnil(reg->lua);
	lua_setglobal(reg->lua, "dofile");
	lua_pushnil(reg->lua);
	lua_setglobal(reg->lua, "loadfile");
	lua_pushlightuserdata(reg->lua, reg);
	lua_pushcclosure(reg->lua, lua_include, 1);
	lua_setglobal(reg->lua, "include");
}

static char *data_dir(const char *given, const char *below)
{
	char *path = given ? hvc_printf("%s", given) : hvc_data_path(below);

	if (!path)
		hvc_error("no folder '%s' is installed or in the source tree", below);
	return path;
}

int hvc_registry_load(struct hvc_registry *reg, const struct hvc_options *opt)
{
	memset(reg, 0, sizeof(*reg));
	reg->suite_dir = data_dir(opt->suite_dir, "suites");
	reg->data_dir = data_dir(opt->data_dir, "data");
	if (!reg->suite_dir || !reg->data_dir)
		return -1;
	reg->requirements = load_ids(reg->data_dir, "requirements");
	reg->bugs = load_ids(reg->data_dir, "bugs");
	if (!reg->requirements || !reg->bugs)
		return -1;
	reg->lua = luaL_newstate();
	if (!reg->lua)
		return -1;
	open_libraries(reg);
	hvc_declare_open(reg->lua, reg);
	if (hvc_api_load(reg->lua) != 0)
		return -1;
	return load_suites(reg);
}

void hvc_registry_free(struct hvc_registry *reg)
{
	size_t i;

	if (reg->lua)
		lua_close(reg->lua);
	for (i = 0; i < reg->count; i++) {
		free(reg->cases[i].name);
		free(reg->cases[i].suite);
		free(reg->cases[i].file);
		free(reg->cases[i].doc);
		free(reg->cases[i].only);
		hvc_strings_free(&reg->cases[i].requirements);
		hvc_strings_free(&reg->cases[i].bugs);
	}
	free(reg->cases);
	free(reg->suite_dir);
	free(reg->data_dir);
	json_decref(reg->requirements);
	json_decref(reg->bugs);
}
