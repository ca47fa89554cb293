/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expected failures: one "name  reason" a line, '#' starts a comment. An entry without a
 * reason, with a name that no suite has, or given twice is an error: lists must not rot.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hvc.h"

static int fail(const struct hvc_expected *list, int line, const char *what, const char *name)
{
	hvc_error("%s:%d: %s '%s'", list->path, line, what, name);
	return -1;
}

static int add(struct hvc_run *run, char *name, char *reason, int line)
{
	struct hvc_expected *list = &run->expected;
	struct hvc_expectation *v;

	if (!hvc_registry_find(run->reg, name))
		return fail(list, line, "no case is called", name);
	if (hvc_expected_reason(list, name))
		return fail(list, line, "second entry for", name);
	if (*reason == '\0')
		return fail(list, line, "no reason is given for", name);
	v = realloc(list->v, (list->n + 1) * sizeof(*v));
	if (!v)
		return fail(list, line, "out of memory at", name);
	list->v = v;
	v[list->n].name = hvc_printf("%s", name);
	v[list->n].reason = hvc_printf("%s", reason);
	v[list->n].line = line;
	list->n++;
	return 0;
}

static int parse_line(struct hvc_run *run, char *s, int line)
{
	char *name;
	char *end;

	s += strspn(s, " \t");
	if (*s == '\0' || *s == '#')
		return 0;
	for (end = s + strlen(s); end > s && strchr(" \t\r", end[-1]); end--)
		end[-1] = '\0';
	name = s;
	s += strcspn(s, " \t");
	if (*s != '\0') {
		*s++ = '\0';
		s += strspn(s, " \t");
	}
	return add(run, name, s, line);
}

static int parse(struct hvc_run *run, char *text)
{
	int line = 1;
	int bad = 0;

	while (text) {
		char *next = strchr(text, '\n');

		if (next)
			*next++ = '\0';
		bad |= parse_line(run, text, line++);
		text = next;
	}
	return bad;
}

/* The name of the driver without what a file system would trip over. */
static char *list_path(const struct hvc_run *run)
{
	const char *name = run->driver ? run->driver->name : run->opt->target;
	char *folder = hvc_data_path("expected");
	char *path = folder ? hvc_printf("%s/%s.txt", folder, name) : NULL;
	char *s = path ? path + strlen(folder) + 1 : NULL;

	for (; s && *s; s++)
		if (*s == '/')
			*s = '_';
	free(folder);
	return path;
}

int hvc_expected_load(struct hvc_run *run)
{
	const char *given = run->opt->expected;
	char *text;
	int rc;

	run->expected.path = given ? hvc_printf("%s", given) : list_path(run);
	if (!run->expected.path)
		return 0;
	text = hvc_read_file(run->expected.path, NULL);
	if (!text && !given && errno == ENOENT)
		return 0; /* a target with nothing to excuse */
	if (!text) {
		hvc_error("%s: %s", run->expected.path, strerror(errno));
		return -1;
	}
	rc = parse(run, text);
	free(text);
	return rc;
}

const char *hvc_expected_reason(const struct hvc_expected *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0)
			return list->v[i].reason;
	return NULL;
}

void hvc_expected_free(struct hvc_expected *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].reason);
	}
	free(list->v);
	free(list->path);
}
