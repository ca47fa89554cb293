/* SPDX-License-Identifier: BSD-2-Clause */
/* JUnit XML as CI systems read it: one testsuite, a testcase per case. */
#include <string.h>

#include "hvc.h"

/* Text and attributes alike. What XML 1.0 cannot hold at all becomes '?'. */
static void put_xml(FILE *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t')
				fputc('?', out);
			else
				fputc(*s, out);
		}
	}
}

static void put_attribute(FILE *out, const char *key, const char *value)
{
	fprintf(out, " %s=\"", key);
	put_xml(out, value);
	fputc('"', out);
}

static void put_transcript(FILE *out, const json_t *result)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(result, "transcript"), i, entry)
	{
		fprintf(out, "%.4f ms %s ",
			(double)json_integer_value(json_object_get(entry, "time")) / 1e4,
			hvc_text(entry, "direction"));
		put_xml(out, hvc_text(entry, "name"));
		fputc(' ', out);
		put_xml(out, hvc_text(entry, "summary"));
		fputc('\n', out);
	}
}

static void put_failure(FILE *out, const json_t *result)
{
	const char *verdict = hvc_verdict(result);
	bool failed = strcmp(verdict, "failed") == 0 || strcmp(verdict, "unexpected-pass") == 0;

	fprintf(out, "    <%s", failed ? "failure" : "error");
	put_attribute(out, "type", verdict);
	put_attribute(out, "message", hvc_text(result, "reason"));
	fputc('>', out);
	put_xml(out, hvc_text(result, "where"));
	fputs("\n", out);
	put_transcript(out, result);
	put_xml(out, hvc_text(result, "stderr"));
	fprintf(out, "</%s>\n", failed ? "failure" : "error");
}

static void put_case(FILE *out, const json_t *result)
{
	const char *verdict = hvc_verdict(result);
	bool excused = json_is_true(json_object_get(result, "excused"));

	fputs("  <testcase", out);
	put_attribute(out, "classname", hvc_text(result, "suite"));
	put_attribute(out, "name", hvc_text(result, "name"));
	put_attribute(out, "file", hvc_text(result, "file"));
	fprintf(out, " time=\"%.3f\">\n",
		json_number_value(json_object_get(result, "wall_ms")) / 1e3);
	if (hvc_is_bad(result)) {
		put_failure(out, result);
	} else if (excused || strcmp(verdict, "passed") != 0) {
		fputs("    <skipped", out);
		put_attribute(out, "message",
			      excused ? hvc_text(result, "expected_failure")
				      : hvc_text(result, "reason"));
		fputs("/>\n", out);
	}
	fputs("  </testcase>\n", out);
}

/* JUnit tells errors (the case did not get to a verdict) from failures. */
static size_t count(const struct hvc_run *run, const char *what)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < run->reported; i++) {
		const char *verdict = hvc_verdict(run->results[i]);
		bool bad = hvc_is_bad(run->results[i]);
		bool failure = strcmp(verdict, "failed") == 0 ||
			       strcmp(verdict, "unexpected-pass") == 0;

		if (strcmp(what, "skipped") == 0)
			n += !bad && strcmp(verdict, "passed") != 0;
		else
			n += bad && failure == (strcmp(what, "failures") == 0);
	}
	return n;
}

int hvc_report_junit(const struct hvc_run *run, FILE *out)
{
	size_t i;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	fputs(" <testsuite", out);
	put_attribute(out, "name", "hvproto conformance");
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		run->reported, count(run, "failures"), count(run, "errors"), count(run, "skipped"));
	fprintf(out, " time=\"%.3f\">\n  <properties>\n", run->wall_seconds);
	fputs("   <property name=\"target\"", out);
	put_attribute(out, "value", hvc_text(run->summary, "target"));
	fprintf(out, "/>\n   <property name=\"seed\" value=\"%llu\"/>\n  </properties>\n",
		(unsigned long long)run->opt->seed);
	for (i = 0; i < run->reported; i++)
		put_case(out, run->results[i]);
	fputs(" </testsuite>\n</testsuites>\n", out);
	return ferror(out) ? -1 : 0;
}
