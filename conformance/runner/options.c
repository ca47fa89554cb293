/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `hvproto conformance run|list|explain`. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hvc.h"

enum {
	OPT_LIST_JSON = 256,
	OPT_NO_SHUFFLE,
	OPT_NO_FORK,
	OPT_SEED,
	OPT_SHARD,
	OPT_SUITES,
	OPT_DATA,
	OPT_EXPECTED,
	OPT_TAP,
	OPT_JUNIT,
	OPT_JSON,
	OPT_HTML,
	OPT_TRACE,
	OPT_TRANSCRIPTS,
	OPT_WALL,
};

static const struct option long_options[] = {
	{ "suite", required_argument, NULL, 's' },
	{ "level", required_argument, NULL, 'l' },
	{ "requirement", required_argument, NULL, 'r' },
	{ "bug", required_argument, NULL, 'b' },
	{ "target", required_argument, NULL, 't' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "no-shuffle", no_argument, NULL, OPT_NO_SHUFFLE },
	{ "shard", required_argument, NULL, OPT_SHARD },
	{ "expected", required_argument, NULL, OPT_EXPECTED },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "junit", required_argument, NULL, OPT_JUNIT },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "transcripts", required_argument, NULL, OPT_TRANSCRIPTS },
	{ "suites", required_argument, NULL, OPT_SUITES },
	{ "data", required_argument, NULL, OPT_DATA },
	{ "timeout", required_argument, NULL, OPT_WALL },
	{ "no-fork", no_argument, NULL, OPT_NO_FORK },
	{ "as-json", no_argument, NULL, OPT_LIST_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void hvc_usage(FILE *out)
{
	fputs("usage: hvproto conformance run [OPTIONS] [PATTERN...]\n"
	      "       hvproto conformance list [OPTIONS] [PATTERN...]\n"
	      "       hvproto conformance explain [OPTIONS] NAME...\n"
	      "\n"
	      "A PATTERN is a shell glob on case names, such as 'gpadl.*'.\n"
	      "\n"
	      "Which cases:\n"
	      "  -s, --suite NAME        folder or folder/file below the suites, such as channel/open,\n"
	      "                          or a glob over names of cases, such as 'nvsp.*'\n"
	      "  -l, --level LEVEL       must, should or quirk\n"
	      "  -r, --requirement ID    cases that cite it; a glob such as 'CORE-SEC-*' will do\n"
	      "  -b, --bug ID            cases that reproduce it; globs likewise\n"
	      "      --shard I/N         the Ith of N parts of the selection\n"
	      "How:\n"
	      "  -t, --target NAME|FILE  driver under test: a built-in name, or a shared object\n"
	      "                          with a slash in its path (default: hvproto)\n"
	      "  -j, --jobs N            cases at a time (default: processors, at most 8)\n"
	      "      --seed N            order of the cases (default: from the clock; printed)\n"
	      "      --no-shuffle        in order of name\n"
	      "      --timeout SECONDS   real time for one case (default: 20)\n"
	      "      --no-fork           in this process, for a debugger: a crash ends the run\n"
	      "      --expected FILE     expected failures (default: expected/TARGET.txt)\n"
	      "      --suites DIR        suites to load\n"
	      "      --data DIR          requirements.json and bugs.json\n"
	      "Reports ('-' is standard output):\n"
	      "      --tap FILE          TAP version 14\n"
	      "      --junit FILE        JUnit XML\n"
	      "      --json FILE         everything, transcripts included\n"
	      "      --html FILE         one self-contained page\n"
	      "      --trace FILE        what went over the wire in the one case that is selected,\n"
	      "                          as pcap: for 'hvproto decode' and the dissector\n"
	      "      --trace DIR/        the same for any number of cases: DIR/CASE.pcap\n"
	      "      --transcripts WHICH of cases that passed, in --json and --html: full; short, a line\n"
	      "                          each for the first 24 and last 16 messages and events; auto,\n"
	      "                          short when more than 100 cases are selected (default)\n"
	      "      --as-json           list, explain: as JSON\n"
	      "  -q, --quiet             only failures and the closing line\n"
	      "  -v, --verbose           every case, and the messages of failed ones\n"
	      "  -h, --help              this text\n"
	      "\n"
	      "Exit status: 0 all as expected, 1 a case failed (or passed although it is listed as\n"
	      "an expected failure), 2 wrong usage, suites, lists or target.\n",
	      out);
}

static int bad(struct hvc_options *opt, const char *what, const char *value)
{
	snprintf(opt->why, sizeof(opt->why), "%s '%s'", what, value);
	return -1;
}

static int parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	if (errno || end == text || *end != '\0' || *text == '-' || *out > max)
		return -1;
	return 0;
}

static int parse_shard(struct hvc_options *opt, const char *text)
{
	unsigned int i;
	unsigned int n;
	char tail;

	if (sscanf(text, "%u/%u%c", &i, &n, &tail) != 2 || i < 1 || i > n || n > 10000)
		return bad(opt, "--shard wants I/N with 1 <= I <= N, not", text);
	opt->shard = i;
	opt->shards = n;
	return 0;
}

static int parse_level(struct hvc_options *opt, const char *text)
{
	int i;

	for (i = 0; i < HVC_LEVELS; i++)
		if (strcmp(text, hvc_level_name((enum hvc_level)i)) == 0)
			return hvc_strings_add(&opt->levels, text);
	return bad(opt, "--level is must, should or quirk, not", text);
}

static int parse_transcripts(struct hvc_options *opt, const char *text)
{
	static const char *const words[] = { "auto", "full", "short" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		opt->transcripts = (enum hvc_transcripts)i;
		return 0;
	}
	return bad(opt, "--transcripts is full, short or auto, not", text);
}

static int parse_count(struct hvc_options *opt, const char *what, unsigned int *out)
{
	uint64_t n;

	if (parse_number(optarg, 10000, &n) != 0 || n == 0)
		return bad(opt, what, optarg);
	*out = (unsigned int)n;
	return 0;
}

static int parse_selection(struct hvc_options *opt, int c)
{
	switch (c) {
	case 's':
		return hvc_strings_add(&opt->suites, optarg);
	case 'l':
		return parse_level(opt, optarg);
	case 'r':
		return hvc_strings_add(&opt->requirements, optarg);
	case 'b':
		return hvc_strings_add(&opt->bugs, optarg);
	case OPT_SHARD:
		return parse_shard(opt, optarg);
	case 'j':
		return parse_count(opt, "--jobs wants a number of at least 1, not", &opt->jobs);
	case OPT_TRANSCRIPTS:
		return parse_transcripts(opt, optarg);
	case OPT_WALL:
		return parse_count(opt, "--timeout wants seconds, not", &opt->wall_limit);
	case OPT_SEED:
		if (parse_number(optarg, UINT64_MAX, &opt->seed) != 0)
			return bad(opt, "--seed wants a number, not", optarg);
		return 0;
	default:
		return 1;
	}
}

static int parse_file(struct hvc_options *opt, int c)
{
	switch (c) {
	case 't':
		opt->target = optarg;
		return 0;
	case OPT_EXPECTED:
		opt->expected = optarg;
		return 0;
	case OPT_SUITES:
		opt->suite_dir = optarg;
		return 0;
	case OPT_DATA:
		opt->data_dir = optarg;
		return 0;
	case OPT_TAP:
		opt->tap = optarg;
		return 0;
	case OPT_JUNIT:
		opt->junit = optarg;
		return 0;
	case OPT_JSON:
		opt->json = optarg;
		return 0;
	case OPT_HTML:
		opt->html = optarg;
		return 0;
	case OPT_TRACE:
		opt->trace = optarg;
		return 0;
	default:
		return 1;
	}
}

static int parse_switch(struct hvc_options *opt, int c)
{
	switch (c) {
	case OPT_NO_SHUFFLE:
		opt->shuffle = false;
		return 0;
	case OPT_NO_FORK:
		opt->fork = false;
		return 0;
	case OPT_LIST_JSON:
		opt->list_json = true;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case 'v':
		opt->verbose = true;
		return 0;
	default:
		return 1;
	}
}

static unsigned int default_jobs(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > 8 ? 8 : (unsigned int)n;
}

static void defaults(struct hvc_options *opt)
{
	struct timespec ts;

	memset(opt, 0, sizeof(*opt));
	clock_gettime(CLOCK_REALTIME, &ts);
	opt->target = "hvproto";
	opt->shuffle = true;
	opt->fork = true;
	opt->seed = ((uint64_t)ts.tv_sec ^ (uint64_t)ts.tv_nsec) % 1000000u;
	opt->jobs = default_jobs();
	opt->shard = 1;
	opt->shards = 1;
	opt->wall_limit = 20;
}

/* 0 parsed; 1 help was asked for; -1 wrong, and opt->why says how. */
int hvc_options_parse(struct hvc_options *opt, int argc, char **argv)
{
	int c;
	int rc;

	defaults(opt);
	optind = 0; /* glibc: forget an earlier parse */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":s:l:r:b:t:j:qvh", long_options, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c == '?')
			return bad(opt, "unknown option", argv[optind - 1]);
		if (c == ':')
			return bad(opt, "option needs a value:", argv[optind - 1]);
		rc = parse_selection(opt, c);
		if (rc > 0)
			rc = parse_file(opt, c);
		if (rc > 0)
			rc = parse_switch(opt, c);
		if (rc != 0)
			return -1;
	}
	for (; optind < argc; optind++)
		if (hvc_strings_add(&opt->patterns, argv[optind]) != 0)
			return bad(opt, "out of memory at", argv[optind]);
	return 0;
}

void hvc_options_free(struct hvc_options *opt)
{
	hvc_strings_free(&opt->patterns);
	hvc_strings_free(&opt->suites);
	hvc_strings_free(&opt->levels);
	hvc_strings_free(&opt->requirements);
	hvc_strings_free(&opt->bugs);
}
