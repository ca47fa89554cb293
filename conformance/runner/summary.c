/* SPDX-License-Identifier: BSD-2-Clause */
/* From what a case did to what it means for the run. */
#include <stdlib.h>
#include <string.h>

#include "hvc.h"

const char *hvc_verdict(const json_t *result)
{
	const char *v = json_string_value(json_object_get(result, "verdict"));

	return v ? v : "broken";
}

/* Counts against the run: failed in any way that is not excused, or passed against the list. */
bool hvc_is_bad(const json_t *result)
{
	return json_is_true(json_object_get(result, "bad"));
}

static void copy_strings(json_t *to, const char *key, const struct hvc_strings *list)
{
	json_t *v = json_array();
	size_t i;

	for (i = 0; i < list->n; i++)
		json_array_append_new(v, json_string(list->v[i]));
	json_object_set_new(to, key, v);
}

static void describe(json_t *result, const struct hvc_case *c)
{
	json_object_set_new(result, "name", json_string(c->name));
	json_object_set_new(result, "suite", json_string(c->suite));
	json_object_set_new(result, "level", json_string(hvc_level_name(c->level)));
	json_object_set_new(result, "side", json_string(hvc_side_name(c->side)));
	json_object_set_new(result, "doc", json_string(c->doc));
	json_object_set_new(result, "file", json_string(c->file));
	json_object_set_new(result, "line", json_integer(c->line));
	copy_strings(result, "requires", &c->requirements);
	copy_strings(result, "bugs", &c->bugs);
}

/* The list of expected failures has the last word; host cases have no target to excuse. */
static void apply_expected(const struct hvc_run *run, const struct hvc_case *c, json_t *result)
{
	const char *reason = hvc_expected_reason(&run->expected, c->name);
	const char *verdict = hvc_verdict(result);
	bool failed = strcmp(verdict, "passed") != 0 && strcmp(verdict, "skipped") != 0;

	if (reason && c->side == HVC_GUEST) {
		json_object_set_new(result, "expected_failure", json_string(reason));
		if (strcmp(verdict, "passed") == 0) {
			json_object_set_new(result, "verdict", json_string("unexpected-pass"));
			json_object_set_new(
				result, "reason",
				json_string("passes, but is listed "
					    "as an expected failure: take it off the list"));
			failed = true;
		} else if (failed) {
			json_object_set_new(result, "excused", json_true());
			failed = false;
		}
	}
	json_object_set_new(result, "bad", json_boolean(failed));
}

/* The transcript of a result that came as text. */
void hvc_result_expand(json_t *result)
{
	const char *raw = json_string_value(json_object_get(result, "raw"));
	json_t *transcript;

	if (!raw)
		return;
	transcript = json_loads(raw, 0, NULL);
	json_object_set_new(result, "transcript", transcript ? transcript : json_array());
	json_object_del(result, "raw");
}

/* Takes over @result. */
void hvc_result_settle(struct hvc_run *run, size_t at, json_t *result)
{
	const struct hvc_case *c = run->order[at];

	describe(result, c);
	apply_expected(run, c, result);
	if (run->sanity && (at == 0 || at == run->count - 1))
		json_object_set_new(result, "round", json_string(at == 0 ? "first" : "last"));
	if (hvc_is_bad(result))
		hvc_result_expand(result);
	run->results[at] = result;
	hvc_terminal_case(run, at);
}

static void count(json_t *summary, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(summary, key));

	json_object_set_new(summary, key, json_integer(n + 1));
}

static const char *bucket(const json_t *result)
{
	if (!result)
		return "not_run";
	if (json_is_true(json_object_get(result, "excused")))
		return "expected_failures";
	if (hvc_is_bad(result))
		return "failed";
	return strcmp(hvc_verdict(result), "skipped") == 0 ? "skipped" : "passed";
}

/* The sanity case is one case: its second round counts only when it is the worse one. */
static size_t counted(const struct hvc_run *run)
{
	size_t last = run->count - 1;

	if (!run->sanity)
		return run->count;
	if (run->results[last] && hvc_is_bad(run->results[last]) && !hvc_is_bad(run->results[0])) {
		json_t *first = run->results[0];

		run->results[0] = run->results[last];
		run->results[last] = first;
	}
	return last;
}

static int by_name(const void *a, const void *b)
{
	json_t *const *x = a;
	json_t *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "name")),
		      json_string_value(json_object_get(*y, "name")));
}

/* Reports list cases by name, so that two runs can be compared whatever their order was. */
static void sort_results(struct hvc_run *run, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (run->results[i])
			continue;
		run->results[i] = json_pack("{s:s, s:s, s:i, s:[], s:f}", "verdict", "not-run",
					    "reason", "the run stopped before", "checks", 0,
					    "transcript", "wall_ms", 0.0);
		describe(run->results[i], run->order[i]);
		json_object_set_new(run->results[i], "bad", json_false());
	}
	qsort(run->results, n, sizeof(*run->results), by_name);
	run->reported = n;
}

int hvc_summary_make(struct hvc_run *run)
{
	static const char *const keys[] = { "passed", "failed", "skipped", "expected_failures",
					    "not_run" };
	size_t n = counted(run);
	size_t i;

	run->summary = json_object();
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(run->summary, keys[i], json_integer(0));
	for (i = 0; i < n; i++)
		count(run->summary, bucket(run->results[i]));
	json_object_set_new(run->summary, "cases", json_integer((json_int_t)n));
	json_object_set_new(run->summary, "seed", json_integer((json_int_t)run->opt->seed));
	json_object_set_new(run->summary, "target",
			    json_string(run->driver ? run->driver->name : run->opt->target));
	json_object_set_new(
		run->summary, "target_version",
		json_string(run->driver && run->driver->version ? run->driver->version : ""));
	json_object_set_new(run->summary, "seconds", json_real(run->wall_seconds));
	sort_results(run, n);
	for (i = 0; (run->opt->json || run->opt->html) && i < n; i++)
		hvc_result_expand(run->results[i]);
	if (run->bail)
		json_object_set_new(run->summary, "bail", json_string(run->bail));
	if (run->bail || json_integer_value(json_object_get(run->summary, "failed")) > 0)
		return HVC_EXIT_FAILED;
	return HVC_EXIT_OK;
}
