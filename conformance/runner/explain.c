/* SPDX-License-Identifier: BSD-2-Clause */
/* `list` and `explain`: what the suites hold, without running anything. */
#include <stdlib.h>
#include <string.h>

#include "hvc.h"

static json_t *ids_of(const struct hvc_strings *list)
{
	json_t *v = json_array();
	size_t i;

	for (i = 0; i < list->n; i++)
		json_array_append_new(v, json_string(list->v[i]));
	return v;
}

static json_t *describe(const struct hvc_case *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "name", c->name, "suite",
			 c->suite, "level", hvc_level_name(c->level), "side",
			 hvc_side_name(c->side), "doc", c->doc, "file", c->file, "line", c->line,
			 "requires", ids_of(&c->requirements), "bugs", ids_of(&c->bugs));
}

static void selection_by_name(struct hvc_run *run)
{
	size_t i;
	size_t k;

	for (i = 1; i < run->count; i++) {
		const struct hvc_case *c = run->order[i];

		for (k = i; k > 0 && strcmp(run->order[k - 1]->name, c->name) > 0; k--)
			run->order[k] = run->order[k - 1];
		run->order[k] = c;
	}
}

static void print_json(json_t *list)
{
	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
}

int hvc_list(struct hvc_run *run)
{
	json_t *list = json_array();
	size_t width = 0;
	size_t i;

	selection_by_name(run);
	for (i = 0; i < run->count; i++) {
		if (strlen(run->order[i]->name) > width)
			width = strlen(run->order[i]->name);
		json_array_append_new(list, describe(run->order[i]));
	}
	if (run->opt->list_json) {
		print_json(list);
		return HVC_EXIT_OK;
	}
	json_decref(list);
	for (i = 0; i < run->count; i++)
		printf("%-*s  %-6s %-5s  %s\n", (int)width, run->order[i]->name,
		       hvc_level_name(run->order[i]->level), hvc_side_name(run->order[i]->side),
		       run->order[i]->doc);
	return HVC_EXIT_OK;
}

static void print_ids(const char *title, const struct hvc_strings *list, json_t *known)
{
	static const char *const keys[] = { "text", "fault", "trigger", "seen", "right", NULL };
	size_t i;
	size_t k;

	if (list->n)
		printf("\n%s\n", title);
	for (i = 0; i < list->n; i++) {
		const json_t *row = json_object_get(known, list->v[i]);

		printf("  %s\n", list->v[i]);
		for (k = 0; keys[k]; k++)
			if (*hvc_text(row, keys[k]))
				printf("    %s%s%s\n", k ? keys[k] : "", k ? ": " : "",
				       hvc_text(row, keys[k]));
	}
}

static void print_source(const struct hvc_case *c)
{
	char *text = hvc_read_file(c->file, NULL);
	char *s = text;
	int line = 1;

	printf("\nSource %s:%d\n", c->file, c->line);
	while (s && *s && line <= c->last_line + 1) {
		size_t n = strcspn(s, "\n");

		if (line >= c->line)
			printf("  %.*s\n", (int)n, s);
		s += n;
		s += *s == '\n';
		line++;
	}
	free(text);
}

static void explain(const struct hvc_run *run, const struct hvc_case *c)
{
	const char *reason = hvc_expected_reason(&run->expected, c->name);

	printf("%s\n  %s\n  level %s, %s side, suite %s\n", c->name, c->doc,
	       hvc_level_name(c->level), hvc_side_name(c->side), c->suite);
	if (reason)
		printf("  expected to fail (%s): %s\n", run->expected.path, reason);
	print_ids("Requirements", &c->requirements, run->reg->requirements);
	print_ids("Bugs", &c->bugs, run->reg->bugs);
	print_source(c);
}

int hvc_explain(struct hvc_run *run)
{
	json_t *list = json_array();
	size_t i;

	selection_by_name(run);
	for (i = 0; i < run->count; i++) {
		if (run->opt->list_json) {
			json_array_append_new(list, describe(run->order[i]));
			continue;
		}
		if (i > 0)
			putchar('\n');
		explain(run, run->order[i]);
	}
	if (run->opt->list_json)
		print_json(list);
	else
		json_decref(list);
	return HVC_EXIT_OK;
}
