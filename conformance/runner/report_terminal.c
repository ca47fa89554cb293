/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person sees while the cases run, and the closing lines. */
#include <string.h>
#include <unistd.h>

#include "hvc.h"

#define LAST_MESSAGES 10u

static const char *paint(const struct hvc_run *run, const char *code)
{
	return run->colour ? code : "";
}

static const char *label(const json_t *result, const char **colour)
{
	const char *verdict = hvc_verdict(result);

	*colour = "\033[31m";
	if (json_is_true(json_object_get(result, "excused"))) {
		*colour = "\033[33m";
		return "xfail";
	}
	if (strcmp(verdict, "passed") == 0) {
		*colour = "\033[32m";
		return "ok";
	}
	if (strcmp(verdict, "skipped") == 0) {
		*colour = "\033[33m";
		return "skip";
	}
	if (strcmp(verdict, "unexpected-pass") == 0)
		return "XPASS";
	return strcmp(verdict, "failed") == 0 ? "FAIL" : verdict;
}

static void print_entry(const json_t *entry)
{
	double t = (double)json_integer_value(json_object_get(entry, "time")) / 1e4;
	const char *dir = hvc_text(entry, "direction");
	const char *arrow = strcmp(dir, "g2h") == 0   ? "guest -> host"
			    : strcmp(dir, "h2g") == 0 ? "host -> guest"
						      : "             ";

	printf("        %12.4f ms  %s  %s  %s\n", t, arrow, hvc_text(entry, "name"),
	       hvc_text(entry, "summary"));
}

/* What led to the failure is nearly always in the last few messages. */
static void print_transcript(const json_t *result, bool all)
{
	const json_t *transcript = json_object_get(result, "transcript");
	size_t n = json_array_size(transcript);
	size_t i = !all && n > LAST_MESSAGES ? n - LAST_MESSAGES : 0;

	if (i > 0)
		printf("        ... %zu earlier entries; --verbose or --html FILE shows them\n", i);
	for (; i < n; i++)
		print_entry(json_array_get(transcript, i));
}

static void print_lines(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("      %.*s\n", (int)n, text);
		text += n;
		text += *text == '\n';
	}
}

static void print_failure(const struct hvc_run *run, const json_t *result)
{
	const char *where = hvc_text(result, "where");

	printf("      %s%s%s\n", where, *where ? ": " : "", hvc_text(result, "reason"));
	print_transcript(result, run->opt->verbose);
	print_lines(hvc_text(result, "stderr"));
}

static void clear_progress(const struct hvc_run *run)
{
	if (run->progress)
		fputs("\r\033[K", stdout);
}

static void show_progress(const struct hvc_run *run)
{
	size_t done = 0;
	size_t i;

	if (!run->progress)
		return;
	for (i = 0; i < run->count; i++)
		done += run->results[i] != NULL;
	printf("\r\033[K%zu of %zu", done, run->count);
	fflush(stdout);
}

static void print_verdict(const struct hvc_run *run, const json_t *result)
{
	const char *colour;
	const char *text = label(result, &colour);
	const char *why = json_is_true(json_object_get(result, "excused"))
				  ? hvc_text(result, "expected_failure")
				  : hvc_text(result, "reason");
	bool bad = hvc_is_bad(result);

	printf("%s%-5s%s %s%s%s\n", paint(run, colour), text, paint(run, "\033[0m"),
	       hvc_text(result, "name"), !bad && *why ? ": " : "", bad ? "" : why);
	if (bad)
		print_failure(run, result);
}

/* Passed cases are silent unless asked for; skips and failures never are. */
void hvc_terminal_case(const struct hvc_run *run, size_t at)
{
	const json_t *result = run->results[at];
	bool dull = strcmp(hvc_verdict(result), "passed") == 0 ||
		    json_is_true(json_object_get(result, "excused")) ||
		    strcmp(hvc_verdict(result), "skipped") == 0;
	bool passed = strcmp(hvc_verdict(result), "passed") == 0;

	if (run->silent)
		return;
	clear_progress(run);
	if ((!run->opt->quiet && !passed) || !dull || run->opt->verbose)
		print_verdict(run, result);
	show_progress(run);
}

void hvc_terminal_head(const struct hvc_run *run)
{
	if (run->opt->quiet || run->silent)
		return;
	printf("target %s%s%s, %zu case%s, %s %llu, %u at a time\n",
	       run->driver ? run->driver->name : "none",
	       run->driver && run->driver->version ? " " : "",
	       run->driver && run->driver->version ? run->driver->version : "",
	       run->count - (run->sanity ? 1 : 0), run->count == 1 ? "" : "s",
	       run->opt->shuffle ? "order from seed" : "by name, seed",
	       (unsigned long long)run->opt->seed, run->opt->fork ? run->opt->jobs : 1);
}

static long long figure(const struct hvc_run *run, const char *key)
{
	return (long long)json_integer_value(json_object_get(run->summary, key));
}

void hvc_terminal_summary(const struct hvc_run *run)
{
	if (run->silent)
		return;
	clear_progress(run);
	if (run->bail)
		printf("%sstopped:%s %s; %lld not run\n", paint(run, "\033[31m"),
		       paint(run, "\033[0m"), run->bail, figure(run, "not_run"));
	if (figure(run, "expected_failures") > 0)
		printf("%lld failed as expected (%s)\n", figure(run, "expected_failures"),
		       run->expected.path);
	if (!run->opt->quiet)
		printf("%.2f s; the same order again: --seed %llu\n", run->wall_seconds,
		       (unsigned long long)run->opt->seed);
	printf("%lld passed, %lld failed, %lld skipped\n", figure(run, "passed"),
	       figure(run, "failed"), figure(run, "skipped"));
	fflush(stdout);
}
