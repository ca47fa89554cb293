/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvc.h - inside of the conformance runner
 *
 * The parent process loads the suites once, selects cases and forks one child per case: a
 * target that crashes or hangs takes its own case with it and nothing else. A child reports
 * by one JSON object on a pipe; every report (terminal, TAP, JUnit, JSON, HTML) is printed
 * from those objects, so all of them tell the same story.
 *
 * Thread rule: one thread. Ownership: what hvc_*_load() returns is freed by hvc_*_free().
 */
#ifndef HVC_H
#define HVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>
#include <lua.h>

#include <hvtarget.h>

/* Exit codes of hvc_main(). */
#define HVC_EXIT_OK 0 /* all as expected */
#define HVC_EXIT_FAILED 1 /* a case failed, or passed against the list */
#define HVC_EXIT_USAGE 2 /* options, suites, lists or the target are wrong */

#define HVC_SECOND 10000000ull /* virtual time is counted in 100 ns */
#define HVC_DEFAULT_LIMIT (600 * HVC_SECOND)
#define HVC_DEFAULT_STEPS 40000000u /* Lua instructions of one case */

enum hvc_level {
	HVC_MUST,
	HVC_SHOULD,
	HVC_QUIRK,
	HVC_LEVELS,
};

enum hvc_side {
	HVC_GUEST, /* the target is under test, the mock host is scripted */
	HVC_HOST, /* the mock host is under test, a raw guest is scripted */
};

/* A list of strings that the caller owns. */
struct hvc_strings {
	char **v;
	size_t n;
};

struct hvc_case {
	char *name;
	char *suite; /* folder below suites/ and file, as "channel/open" */
	char *file; /* as loaded */
	char *doc;
	char *only; /* the one target that it is for; NULL: every */
	int line; /* of the declaration */
	int last_line;
	enum hvc_level level;
	enum hvc_side side;
	bool sanity; /* run first and last */
	struct hvc_strings requirements;
	struct hvc_strings bugs;
	uint64_t limit; /* virtual time, 100 ns */
	int table; /* Lua registry reference of the declaration */
};

struct hvc_registry {
	lua_State *lua;
	struct hvc_case *cases;
	size_t count;
	size_t capacity;
	char *suite_dir;
	char *data_dir;
	json_t *requirements; /* id -> {text, side, section, ...} */
	json_t *bugs; /* id -> {fault, trigger, right, ...} */
	unsigned int errors; /* printed while loading */
	const char *loading; /* suite of the file being loaded */
};

/* Of cases that passed; those of others are always whole. */
enum hvc_transcripts {
	HVC_TRANSCRIPTS_AUTO, /* short when many cases are selected */
	HVC_TRANSCRIPTS_FULL,
	HVC_TRANSCRIPTS_SHORT,
};

struct hvc_options {
	struct hvc_strings patterns;
	struct hvc_strings suites;
	struct hvc_strings levels;
	struct hvc_strings requirements;
	struct hvc_strings bugs;
	const char *target;
	const char *suite_dir; /* NULL: installed, else the source tree */
	const char *data_dir;
	const char *expected; /* NULL: expected/<target>.txt */
	const char *tap;
	const char *junit;
	const char *json;
	const char *html;
	const char *trace; /* a file, or a folder */
	enum hvc_transcripts transcripts;
	bool list_json;
	bool shuffle;
	bool fork;
	bool quiet;
	bool verbose;
	uint64_t seed;
	unsigned int jobs;
	unsigned int shard; /* 1..shards */
	unsigned int shards;
	unsigned int wall_limit; /* seconds of real time for one case */
	char why[160]; /* of a parse failure */
};

/* One entry of an expected-failure list. */
struct hvc_expectation {
	char *name;
	char *reason;
	int line;
};

struct hvc_expected {
	struct hvc_expectation *v;
	size_t n;
	char *path;
};

/* What is being done, with all that the reports need. */
struct hvc_run {
	const struct hvc_options *opt;
	struct hvc_registry *reg;
	struct hvc_expected expected;
	const struct hvt_driver_ops *driver;
	const struct hvc_case **order;
	size_t count; /* of @order */
	bool sanity; /* first and last of @order are the sanity case */
	json_t **results; /* by place in @order; by name once the summary is made */
	size_t reported; /* of @results, set with the summary */
	json_t *summary;
	const char *bail; /* why the run stopped early, or NULL */
	double wall_seconds;
	bool colour;
	bool progress;
	bool silent; /* standard output belongs to a report */
	bool trace_folder; /* --trace names a folder: a file for each case */
	const struct hvc_case *traced; /* else the one case whose trace is wanted, or NULL */
};

/* options.c */
int hvc_options_parse(struct hvc_options *opt, int argc, char **argv);
void hvc_options_free(struct hvc_options *opt);
void hvc_usage(FILE *out);

/* registry.c */
int hvc_registry_load(struct hvc_registry *reg, const struct hvc_options *opt);
void hvc_registry_free(struct hvc_registry *reg);
const struct hvc_case *hvc_registry_find(const struct hvc_registry *reg, const char *name);
const char *hvc_level_name(enum hvc_level level);
const char *hvc_side_name(enum hvc_side side);

/* api.c: primitives and Lua files of the suites' API */
int hvc_api_load(lua_State *L);

/* declare.c: the Lua function `case` */
void hvc_declare_open(lua_State *L, struct hvc_registry *reg);

/* select.c */
int hvc_select(struct hvc_run *run);
void hvc_select_frame(struct hvc_run *run);
uint64_t hvc_random(uint64_t *state);

/* expected.c */
int hvc_expected_load(struct hvc_run *run);
void hvc_expected_free(struct hvc_expected *list);
const char *hvc_expected_reason(const struct hvc_expected *list, const char *name);

/* target.c: how a driver is found */
const struct hvt_driver_ops *hvc_target_open(const char *name);
void hvc_target_list(FILE *out);

/* trace.c: what --trace names is there and can be written; -1 after saying what is wrong */
int hvc_trace_prepare(struct hvc_run *run);

/* pool.c: children, crash isolation */
int hvc_pool_run(struct hvc_run *run);

/* perform.c: one case, in the child; the result is a new reference */
json_t *hvc_perform(struct hvc_run *run, const struct hvc_case *c);
bool hvc_shortens(const struct hvc_run *run);

/* summary.c */
void hvc_result_expand(json_t *result);
void hvc_result_settle(struct hvc_run *run, size_t at, json_t *result);
int hvc_summary_make(struct hvc_run *run);
const char *hvc_verdict(const json_t *result);
bool hvc_is_bad(const json_t *result);

/* report_*.c: each returns 0, or -1 with errno */
void hvc_terminal_case(const struct hvc_run *run, size_t at);
void hvc_terminal_head(const struct hvc_run *run);
void hvc_terminal_summary(const struct hvc_run *run);
int hvc_report_tap(const struct hvc_run *run, FILE *out);
int hvc_report_junit(const struct hvc_run *run, FILE *out);
json_t *hvc_report_object(const struct hvc_run *run);
int hvc_report_json(const struct hvc_run *run, FILE *out);
int hvc_report_html(const struct hvc_run *run, FILE *out);

/* explain.c */
int hvc_list(struct hvc_run *run);
int hvc_explain(struct hvc_run *run);

/* util.c */
int hvc_strings_add(struct hvc_strings *list, const char *text);
void hvc_strings_free(struct hvc_strings *list);
bool hvc_strings_have(const struct hvc_strings *list, const char *text);
char *hvc_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *hvc_data_path(const char *below);
char *hvc_read_file(const char *path, size_t *size);
void hvc_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *hvc_alloc(size_t count, size_t size);
int hvc_duration(const char *text, uint64_t *out);

/* The text as JSON whatever bytes are in it: what is not UTF-8 becomes '?'. */
json_t *hvc_json_text(const char *text);

/* Fields of a result, "" or 0 when absent. */
const char *hvc_text(const json_t *object, const char *key);

/* Files built into the program (conformance/cmake/embed.cmake). */
struct hvc_file {
	const char *name;
	const char *text;
	size_t size;
};
const struct hvc_file *hvc_builtin(const char *name);

#endif /* HVC_H */
