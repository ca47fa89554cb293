/* SPDX-License-Identifier: BSD-2-Clause */
/* One case from set-up to verdict. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

#define HOOK_STEPS 10000

/* The first failure is the one that counts; what follows from it is noise. */
void hvc_fail(struct hvc_world *w, const char *verdict, const char *where, const char *format, ...)
{
	struct hvc_failure *f = &w->failure;
	va_list ap;
	int n;

	if (f->set)
		return;
	f->set = true;
	f->verdict = hvc_printf("%s", verdict);
	f->where = where ? hvc_printf("%s", where) : hvc_printf("%s:%d", w->c->file, w->c->line);
	va_start(ap, format);
	n = vasprintf(&f->reason, format, ap);
	va_end(ap);
	if (n < 0)
		f->reason = NULL;
}

static void hook(lua_State *L, lua_Debug *ar)
{
	struct hvc_world *w = hvc_world_of(L);

	(void)ar;
	w->steps += HOOK_STEPS;
	if (w->steps > HVC_DEFAULT_STEPS)
		luaL_error(L, "stopped after %d million Lua instructions",
			   (int)(HVC_DEFAULT_STEPS / 1000000u));
}

/* A stack trace is for the author of a case; the first line of the suite is for everyone. */
static int on_error(lua_State *L)
{
	if (lua_istable(L, 1))
		return 1;
	luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}

/* Failures and skips are raised as tables by the API; anything else is an error of the case. */
static void take_error(struct hvc_world *w)
{
	lua_State *L = w->lua;

	if (lua_istable(L, -1)) {
		int at = lua_gettop(L);

		hvc_fail(w, hvc_opt_text(L, at, "verdict", "failed"),
			 hvc_opt_text(L, at, "where", NULL), "%s",
			 hvc_opt_text(L, at, "reason", "?"));
		w->failure.detail = json_object();
		if (hvc_opt_text(L, at, "field", NULL))
			json_object_set_new(w->failure.detail, "field",
					    hvc_json_text(hvc_opt_text(L, at, "field", "")));
		if (lua_getfield(L, at, "entry") == LUA_TNUMBER)
			json_object_set_new(w->failure.detail, "entry",
					    json_integer(lua_tointeger(L, -1)));
		lua_pop(L, 1);
		return;
	}
	hvc_fail(w, "broken", NULL, "%s", luaL_tolstring(L, -1, NULL));
	lua_pop(L, 1);
}

/* api.lua gives a function that makes `host` and `guest` and calls the case with them. */
static void run_script(struct hvc_world *w)
{
	lua_State *L = w->lua;

	lua_settop(L, 0);
	lua_pushcfunction(L, on_error);
	if (lua_getfield(L, LUA_REGISTRYINDEX, "hvc.start") != LUA_TFUNCTION) {
		hvc_fail(w, "broken", NULL, "the Lua API is not loaded");
		return;
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, w->c->table);
	lua_pushstring(L, hvc_side_name(w->c->side));
	lua_pushinteger(L, (lua_Integer)w->run->opt->seed);
	lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_STEPS);
	if (lua_pcall(L, 3, 0, 1) != LUA_OK)
		take_error(w);
	lua_sethook(L, NULL, 0, 0);
	lua_settop(L, 0);
}

/* Kinds of violations that the case says it brings about itself. */
static bool excused(struct hvc_world *w, const char *kind)
{
	lua_State *L = w->lua;
	bool found = false;
	lua_Integer i;

	lua_rawgeti(L, LUA_REGISTRYINDEX, w->c->table);
	if (lua_getfield(L, -1, "violations") == LUA_TTABLE) {
		for (i = 1; lua_geti(L, -1, i) == LUA_TSTRING; i++) {
			found = found || strcmp(lua_tostring(L, -1), kind) == 0;
			lua_pop(L, 1);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
	return found;
}

static const char *violation_name(enum hvm_violation_kind kind)
{
	switch (kind) {
	case HVM_VIOLATION_GP:
		return "gp";
	case HVM_VIOLATION_FREE_HELD:
		return "free-held";
	case HVM_VIOLATION_FREE_BAD:
		return "free-bad";
	case HVM_VIOLATION_HOST_FREED:
		return "host-freed";
	case HVM_VIOLATION_WRITE_FREED:
		return "write-freed";
	case HVM_VIOLATION_HYPERCALL:
		return "hypercall";
	case HVM_VIOLATION_SYNIC:
		return "synic";
	default:
		return "other";
	}
}

static void check_violations(struct hvc_world *w)
{
	const struct hvm_violation *v;
	size_t i;

	hvm_mem_check_freed(w->partition);
	for (i = 0; (v = hvm_violation_get(w->partition, i)) != NULL; i++)
		if (!excused(w, violation_name(v->kind)))
			hvc_fail(w, "failed", NULL,
				 "the guest broke a rule of the machine (%s): %s",
				 violation_name(v->kind), v->text);
}

static void check_leaks(struct hvc_world *w)
{
	size_t pages = hvm_mem_live_pages(w->partition);
	bool allowed;

	lua_rawgeti(w->lua, LUA_REGISTRYINDEX, w->c->table);
	allowed = lua_getfield(w->lua, -1, "leaks") != LUA_TNIL && lua_toboolean(w->lua, -1);
	lua_pop(w->lua, 2);
	if (pages > 0 && !allowed)
		hvc_fail(w, "failed", NULL,
			 "the guest has lost %zu page%s: still allocated after "
			 "destroy()",
			 pages, pages == 1 ? "" : "s");
}

/* What no script has to ask for: it holds in every case of a guest. */
static void check_always(struct hvc_world *w)
{
	size_t unspent = hvm_fault_unspent(hvm_partition_faults(w->partition));

	if (unspent)
		hvc_fail(w, "broken", NULL,
			 "%zu fault rule%s never acted: the case misses what it "
			 "aims at",
			 unspent, unspent == 1 ? "" : "s");
	if (w->checks == 0)
		hvc_fail(w, "broken", NULL, "the case checks nothing: it cannot fail");
	if (!w->instance)
		return;
	hvc_world_end_guest(w);
	check_violations(w);
	check_leaks(w);
}

#define MANY 100u

/* A report of a thousand cases is read for what failed; of few, for what went over the wire. */
bool hvc_shortens(const struct hvc_run *run)
{
	if (run->opt->transcripts == HVC_TRANSCRIPTS_AUTO)
		return run->count > MANY;
	return run->opt->transcripts == HVC_TRANSCRIPTS_SHORT;
}

static json_t *result_of(struct hvc_world *w)
{
	json_t *result = json_object();

	json_object_set_new(result, "verdict",
			    json_string(w->failure.set ? w->failure.verdict : "passed"));
	if (w->failure.set) {
		json_object_set_new(result, "reason",
				    hvc_json_text(w->failure.reason ? w->failure.reason : "?"));
		json_object_set_new(result, "where", hvc_json_text(w->failure.where));
	}
	if (w->failure.detail)
		json_object_set_new(result, "detail", w->failure.detail);
	json_object_set_new(result, "checks", json_integer(w->checks));
	json_object_set_new(result, "virtual_100ns",
			    json_integer(w->sched ? (json_int_t)hvm_sched_now(w->sched) : 0));
	json_object_set(result, "transcript", w->transcript);
	return result;
}

static void forget(struct hvc_world *w)
{
	json_decref(w->transcript);
	free(w->failure.verdict);
	free(w->failure.reason);
	free(w->failure.where);
	free(w);
}

json_t *hvc_perform(struct hvc_run *run, const struct hvc_case *c)
{
	struct hvc_world *w = hvc_alloc(1, sizeof(*w));
	json_t *result;

	w->c = c;
	w->run = run;
	w->lua = run->reg->lua;
	w->transcript = json_array();
	lua_pushlightuserdata(w->lua, w);
	lua_setfield(w->lua, LUA_REGISTRYINDEX, "hvc.world");
	if (hvc_world_open(w) == 0) {
		run_script(w);
		if (!w->failure.set)
			check_always(w);
	}
	hvc_transcript_finish(w);
	if (!w->failure.set && hvc_shortens(run))
		hvc_transcript_shorten(w->transcript);
	result = result_of(w);
	hvc_world_close(w);
	forget(w);
	return result;
}
