/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP version 14. Expected failures are TODO, so that any harness reads them as such. */
#include <string.h>

#include "hvc.h"

/* '#' and '\' would end a description or start a directive. */
static void put_description(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '#' || *s == '\\')
			fputc('\\', out);
		fputc(*s == '\n' ? ' ' : *s, out);
	}
}

/* A double-quoted YAML scalar. */
static void put_yaml(FILE *out, const char *key, const char *s)
{
	if (*s == '\0')
		return;
	fprintf(out, "  %s: \"", key);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", out);
		else if ((unsigned char)*s < 0x20)
			fprintf(out, "\\x%02x", (unsigned int)*s);
		else
			fputc(*s, out);
	}
	fputs("\"\n", out);
}

static void put_diagnostics(FILE *out, const json_t *result)
{
	fputs("  ---\n", out);
	put_yaml(out, "message", hvc_text(result, "reason"));
	put_yaml(out, "severity", hvc_text(result, "level"));
	put_yaml(out, "verdict", hvc_verdict(result));
	put_yaml(out, "at", hvc_text(result, "where"));
	put_yaml(out, "doc", hvc_text(result, "doc"));
	put_yaml(out, "stderr", hvc_text(result, "stderr"));
	fputs("  ...\n", out);
}

static void put_case(FILE *out, const json_t *result, size_t number)
{
	const char *verdict = hvc_verdict(result);
	bool excused = json_is_true(json_object_get(result, "excused"));
	bool skipped = strcmp(verdict, "skipped") == 0 || strcmp(verdict, "not-run") == 0;

	fprintf(out, "%sok %zu - ", hvc_is_bad(result) || excused ? "not " : "", number);
	put_description(out, hvc_text(result, "name"));
	if (excused || skipped) {
		fputs(excused ? " # TODO " : " # SKIP ", out);
		put_description(out, hvc_text(result, excused ? "expected_failure" : "reason"));
	}
	fputc('\n', out);
	if (hvc_is_bad(result) || excused)
		put_diagnostics(out, result);
}

int hvc_report_tap(const struct hvc_run *run, FILE *out)
{
	size_t i;

	fprintf(out, "TAP version 14\n1..%zu\n", run->reported);
	fprintf(out, "# target %s, seed %llu\n", hvc_text(run->summary, "target"),
		(unsigned long long)run->opt->seed);
	for (i = 0; i < run->reported; i++) {
		if (run->bail && strcmp(hvc_verdict(run->results[i]), "not-run") == 0)
			continue;
		put_case(out, run->results[i], i + 1);
	}
	if (run->bail)
		fprintf(out, "Bail out! %s\n", run->bail);
	return ferror(out) ? -1 : 0;
}
