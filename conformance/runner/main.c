/* SPDX-License-Identifier: BSD-2-Clause */
/* `hvproto conformance`: from the command line to the exit code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hvc.h"
#include "hvc_main.h"

struct report {
	const char *path;
	int (*print)(const struct hvc_run *run, FILE *out);
};

static bool use_colour(void)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static int write_report(const struct hvc_run *run, const struct report *r)
{
	bool std = r->path && strcmp(r->path, "-") == 0;
	FILE *out;
	int rc;

	if (!r->path)
		return 0;
	out = std ? stdout : fopen(r->path, "w");
	if (!out) {
		hvc_error("%s: %s", r->path, strerror(errno));
		return -1;
	}
	rc = r->print(run, out);
	if ((std ? fflush(out) : fclose(out)) != 0)
		rc = -1;
	if (rc != 0)
		hvc_error("%s: %s", r->path, strerror(errno));
	return rc;
}

static int write_reports(const struct hvc_run *run)
{
	const struct report reports[] = {
		{ run->opt->tap, hvc_report_tap },
		{ run->opt->junit, hvc_report_junit },
		{ run->opt->json, hvc_report_json },
		{ run->opt->html, hvc_report_html },
	};
	size_t i;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (write_report(run, &reports[i]) != 0)
			return -1;
	return 0;
}

static bool needs_target(const struct hvc_run *run)
{
	size_t i;

	for (i = 0; i < run->count; i++)
		if (run->order[i]->side == HVC_GUEST)
			return true;
	return false;
}

/* Standard output belongs to a report that was asked for there. */
static bool wants_stdout(const struct hvc_options *opt)
{
	const char *const paths[] = { opt->tap, opt->junit, opt->json, opt->html, opt->trace };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i] && strcmp(paths[i], "-") == 0)
			return true;
	return false;
}

static int run_cases(struct hvc_run *run)
{
	int verdict;

	if (hvc_trace_prepare(run) != 0)
		return HVC_EXIT_USAGE;
	hvc_select_frame(run);
	if (needs_target(run)) {
		run->driver = hvc_target_open(run->opt->target);
		if (!run->driver)
			return HVC_EXIT_USAGE;
	}
	if (hvc_expected_load(run) != 0)
		return HVC_EXIT_USAGE;
	run->silent = wants_stdout(run->opt);
	run->colour = use_colour();
	run->progress = isatty(STDOUT_FILENO) && !run->opt->quiet && !run->silent;
	hvc_terminal_head(run);
	if (hvc_pool_run(run) != 0)
		return HVC_EXIT_USAGE;
	verdict = hvc_summary_make(run);
	hvc_terminal_summary(run);
	return write_reports(run) != 0 ? HVC_EXIT_USAGE : verdict;
}

static int explain(struct hvc_run *run)
{
	if (run->opt->patterns.n == 0) {
		hvc_error("explain wants the name of a case");
		return HVC_EXIT_USAGE;
	}
	return hvc_expected_load(run) != 0 ? HVC_EXIT_USAGE : hvc_explain(run);
}

static int act(struct hvc_run *run, const char *verb)
{
	if (hvc_select(run) != 0)
		return HVC_EXIT_USAGE;
	if (strcmp(verb, "list") == 0)
		return hvc_list(run);
	if (strcmp(verb, "explain") == 0)
		return explain(run);
	return run_cases(run);
}

static void forget(struct hvc_run *run)
{
	size_t i;

	for (i = 0; run->results && i < run->count; i++)
		json_decref(run->results[i]);
	free(run->results);
	free(run->order);
	json_decref(run->summary);
	hvc_expected_free(&run->expected);
}

static bool is_verb(const char *s)
{
	return strcmp(s, "run") == 0 || strcmp(s, "list") == 0 || strcmp(s, "explain") == 0;
}

static int usage(const char *what, const char *value)
{
	hvc_error("%s%s%s", what, *value ? ": " : "", value);
	fputs("try 'hvproto conformance --help'\n", stderr);
	return HVC_EXIT_USAGE;
}

static int with_options(const struct hvc_options *opt, const char *verb)
{
	struct hvc_registry reg;
	struct hvc_run run;
	int rc = HVC_EXIT_USAGE;

	memset(&run, 0, sizeof(run));
	run.opt = opt;
	run.reg = &reg;
	if (hvc_registry_load(&reg, opt) == 0)
		rc = act(&run, verb);
	forget(&run);
	hvc_registry_free(&reg);
	return rc;
}

int hvc_main(int argc, char **argv)
{
	struct hvc_options opt;
	int rc;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		hvc_usage(stdout);
		return HVC_EXIT_OK;
	}
	if (argc < 2 || !is_verb(argv[1]))
		return usage("say run, list or explain", argc < 2 ? "" : argv[1]);
	rc = hvc_options_parse(&opt, argc - 1, argv + 1);
	if (rc > 0) {
		hvc_usage(stdout);
		rc = HVC_EXIT_OK;
	} else if (rc < 0) {
		rc = usage(opt.why, "");
	} else {
		rc = with_options(&opt, argv[1]);
	}
	hvc_options_free(&opt);
	return rc;
}
