/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The declaration of a case:
 *
 *	case "gpadl.header.26-pages-fit" { level = "must", requires = { "CORE-REQ-092" },
 *		doc = "...", run = function(host, guest) ... end }
 *
 * `case "name"` returns a function that takes the table. All of it is checked while loading,
 * so that a misspelt requirement id is an error of the suite and not a hole in the coverage.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "hvc.h"

struct declaration {
	struct hvc_registry *reg;
	struct hvc_case c;
	lua_State *lua;
	int at; /* of the table on the stack */
	bool bad;
};

__attribute__((format(printf, 2, 3))) static void wrong(struct declaration *d, const char *format,
							...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: case '%s': ", d->c.file, d->c.line, d->c.name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	d->bad = true;
}

/* Lower-case words with dots between parts: "gpadl.header.26-pages-fit". */
static bool name_is_legal(const char *s)
{
	size_t parts = 1;
	char last = '.';

	for (; *s; s++) {
		bool word = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9');

		if (!word && ((*s != '.' && *s != '-') || last == '.' || last == '-'))
			return false;
		parts += *s == '.';
		last = *s;
	}
	return parts > 1 && last != '.' && last != '-';
}

static void check_keys(struct declaration *d)
{
	static const char *const known[] = { "level", "requires", "bugs",  "doc",    "run",
					     "side",  "sanity",	  "limit", "config", "violations",
					     "leaks", "only",	  NULL };
	size_t i;

	lua_pushnil(d->lua);
	while (lua_next(d->lua, d->at) != 0) {
		const char *key = lua_type(d->lua, -2) == LUA_TSTRING ? lua_tostring(d->lua, -2)
								      : "(not a string)";

		for (i = 0; known[i] && strcmp(known[i], key) != 0; i++)
			;
		if (!known[i])
			wrong(d, "unknown key '%s'", key);
		lua_pop(d->lua, 1);
	}
}

static const char *text_of(struct declaration *d, const char *key)
{
	const char *text = NULL;
	int type = lua_getfield(d->lua, d->at, key);

	if (type == LUA_TSTRING)
		text = lua_tostring(d->lua, -1);
	else if (type != LUA_TNIL)
		wrong(d, "%s is not a string", key);
	lua_pop(d->lua, 1); /* the table still holds it */
	return text;
}

static void read_level(struct declaration *d)
{
	const char *text = text_of(d, "level");
	int i;

	for (i = 0; text && i < HVC_LEVELS; i++) {
		if (strcmp(text, hvc_level_name((enum hvc_level)i)) == 0) {
			d->c.level = (enum hvc_level)i;
			return;
		}
	}
	wrong(d, "level is must, should or quirk, not %s", text ? text : "missing");
}

static void read_side(struct declaration *d)
{
	const char *text = text_of(d, "side");

	if (!text || strcmp(text, "guest") == 0)
		d->c.side = HVC_GUEST;
	else if (strcmp(text, "host") == 0)
		d->c.side = HVC_HOST;
	else
		wrong(d, "side is guest or host, not %s", text);
}

static void read_doc(struct declaration *d)
{
	const char *text = text_of(d, "doc");

	if (!text || strspn(text, " \t\n") == strlen(text))
		wrong(d, "doc is missing: one sentence that says what must hold");
	else
		d->c.doc = hvc_printf("%s", text);
}

static void read_only(struct declaration *d)
{
	const char *text = text_of(d, "only");

	if (text)
		d->c.only = hvc_printf("%s", text);
}

static void read_limit(struct declaration *d)
{
	const char *text = text_of(d, "limit");

	d->c.limit = HVC_DEFAULT_LIMIT;
	if (text && (hvc_duration(text, &d->c.limit) != 0 || d->c.limit == 0))
		wrong(d, "limit '%s' is no duration such as \"150s\"", text);
}

static void read_id(struct declaration *d, const char *key, json_t *known, struct hvc_strings *out)
{
	const char *id = lua_type(d->lua, -1) == LUA_TSTRING ? lua_tostring(d->lua, -1) : "?";

	if (!json_object_get(known, id))
		wrong(d, "%s: unknown id '%s'", key, id);
	else if (hvc_strings_have(out, id))
		wrong(d, "%s: '%s' twice", key, id);
	else if (hvc_strings_add(out, id) != 0)
		wrong(d, "out of memory");
}

static void read_ids(struct declaration *d, const char *key, json_t *known, struct hvc_strings *out)
{
	lua_Integer i;
	lua_Integer n;
	int type = lua_getfield(d->lua, d->at, key);

	if (type != LUA_TTABLE) {
		if (type != LUA_TNIL)
			wrong(d, "%s is not a list", key);
		lua_pop(d->lua, 1);
		return;
	}
	n = luaL_len(d->lua, -1);
	if (n == 0)
		wrong(d, "%s is empty: leave it out", key);
	for (i = 1; i <= n; i++) {
		lua_geti(d->lua, -1, i);
		read_id(d, key, known, out);
		lua_pop(d->lua, 1);
	}
	lua_pop(d->lua, 1);
}

static void read_run(struct declaration *d)
{
	lua_Debug ar;

	if (lua_getfield(d->lua, d->at, "run") != LUA_TFUNCTION) {
		wrong(d, "run is not a function");
		lua_pop(d->lua, 1);
		return;
	}
	lua_getinfo(d->lua, ">S", &ar);
	d->c.last_line = ar.lastlinedefined;
}

static void read_all(struct declaration *d)
{
	const struct hvc_case *other;

	check_keys(d);
	if (!name_is_legal(d->c.name))
		wrong(d, "a name is lower-case words joined by '.' and '-', two parts at least");
	other = hvc_registry_find(d->reg, d->c.name);
	if (other)
		wrong(d, "the name is taken by %s:%d", other->file, other->line);
	read_level(d);
	read_side(d);
	read_doc(d);
	read_limit(d);
	read_only(d);
	read_run(d);
	read_ids(d, "requires", d->reg->requirements, &d->c.requirements);
	read_ids(d, "bugs", d->reg->bugs, &d->c.bugs);
	if (!d->bad && d->c.requirements.n == 0 && d->c.bugs.n == 0)
		wrong(d, "cites neither a requirement nor a bug");
	lua_getfield(d->lua, d->at, "sanity");
	d->c.sanity = lua_toboolean(d->lua, -1);
	lua_pop(d->lua, 1);
}

static void enter(struct hvc_registry *reg, const struct hvc_case *c)
{
	if (reg->count == reg->capacity) {
		size_t more = reg->capacity ? reg->capacity * 2 : 64;
		struct hvc_case *v = realloc(reg->cases, more * sizeof(*v));

		if (!v) {
			hvc_error("out of memory");
			exit(HVC_EXIT_USAGE);
		}
		reg->cases = v;
		reg->capacity = more;
	}
	reg->cases[reg->count++] = *c;
}

static void forget(struct hvc_case *c)
{
	free(c->name);
	free(c->suite);
	free(c->file);
	free(c->doc);
	free(c->only);
	hvc_strings_free(&c->requirements);
	hvc_strings_free(&c->bugs);
}

/* The second half of `case "name" {...}`; upvalues: registry, name, file, line. */
static int lua_case_body(lua_State *L)
{
	struct declaration d;

	memset(&d, 0, sizeof(d));
	luaL_checktype(L, 1, LUA_TTABLE);
	d.reg = lua_touserdata(L, lua_upvalueindex(1));
	d.lua = L;
	d.at = 1;
	d.c.name = hvc_printf("%s", lua_tostring(L, lua_upvalueindex(2)));
	d.c.file = hvc_printf("%s", lua_tostring(L, lua_upvalueindex(3)));
	d.c.line = (int)lua_tointeger(L, lua_upvalueindex(4));
	d.c.suite = hvc_printf("%s", d.reg->loading);
	read_all(&d);
	if (d.bad) {
		d.reg->errors++;
		forget(&d.c);
		return 0;
	}
	lua_settop(L, 1);
	d.c.table = luaL_ref(L, LUA_REGISTRYINDEX);
	enter(d.reg, &d.c);
	return 0;
}

static int lua_case(lua_State *L)
{
	struct hvc_registry *reg = lua_touserdata(L, lua_upvalueindex(1));
	lua_Debug ar;

	luaL_checkstring(L, 1);
	if (!reg->loading)
		return luaL_error(L, "case is for the top of a suite file, not for a running case");
	lua_settop(L, 1);
	if (!lua_getstack(L, 1, &ar))
		return luaL_error(L, "case: not called from a suite");
	lua_getinfo(L, "Sl", &ar);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, 1);
	lua_pushstring(L, ar.source + (*ar.source == '@'));
	lua_pushinteger(L, ar.currentline);
	lua_pushcclosure(L, lua_case_body, 4);
	return 1;
}

void hvc_declare_open(lua_State *L, struct hvc_registry *reg)
{
	lua_pushlightuserdata(L, reg);
	lua_pushcclosure(L, lua_case, 1);
	lua_setglobal(L, "case");
}
