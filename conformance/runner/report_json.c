/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that the other reports are made of, for programs. */
#include <stdlib.h>
#include <string.h>

#include "hvc.h"

static void add_citation(json_t *row, const char *key, const struct hvc_run *run, const char *id)
{
	json_t *cases = json_array();
	size_t i;

	for (i = 0; i < run->reg->count; i++) {
		const struct hvc_case *c = &run->reg->cases[i];

		if (hvc_strings_have(&c->requirements, id) || hvc_strings_have(&c->bugs, id))
			json_array_append_new(cases, json_string(c->name));
	}
	json_object_set_new(row, key, cases);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * Every id that is known, with the cases that cite it: of all suites, run or not, since what
 * no suite covers is what a reader looks for.
 */
static json_t *coverage(const struct hvc_run *run, json_t *ids)
{
	const char **names = hvc_alloc(json_object_size(ids), sizeof(*names));
	json_t *list = json_array();
	const char *id;
	json_t *row;
	size_t n = 0;
	size_t i;

	json_object_foreach(ids, id, row) names[n++] = id;
	qsort(names, n, sizeof(*names), by_text);
	for (i = 0; i < n; i++) {
		json_t *entry = json_copy(json_object_get(ids, names[i]));

		add_citation(entry, "cases", run, names[i]);
		json_array_append_new(list, entry);
	}
	free(names);
	return list;
}

json_t *hvc_report_object(const struct hvc_run *run)
{
	json_t *all = json_object();
	json_t *cases = json_array();
	size_t i;

	for (i = 0; i < run->reported; i++)
		json_array_append(cases, run->results[i]);
	json_object_set(all, "summary", run->summary);
	json_object_set_new(all, "cases", cases);
	json_object_set_new(all, "requirements", coverage(run, run->reg->requirements));
	json_object_set_new(all, "bugs", coverage(run, run->reg->bugs));
	return all;
}

int hvc_report_json(const struct hvc_run *run, FILE *out)
{
	json_t *all = hvc_report_object(run);
	int rc = json_dumpf(all, out, JSON_INDENT(1));

	fputc('\n', out);
	json_decref(all);
	return rc != 0 || ferror(out) ? -1 : 0;
}
