/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One self-contained page. What a reader looks for first (verdicts, reasons, coverage) is plain
 * HTML and works without scripts; transcripts travel as JSON and are drawn when a case is
 * opened, so that the page of a thousand cases stays quick.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hvc.h"

struct page {
	const struct hvc_run *run;
	FILE *out;
	json_t *classes; /* case name -> class of its verdict */
	json_t *all; /* as in the JSON report */
};

static void put(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else
			fputc(*s, out);
	}
}

static void put_tag(FILE *out, const char *open, const char *text, const char *close)
{
	fputs(open, out);
	put(out, text);
	fputs(close, out);
}

static const char *class_of(const json_t *result)
{
	if (json_is_true(json_object_get(result, "excused")))
		return "xfail";
	if (hvc_is_bad(result))
		return "failed";
	if (strcmp(hvc_verdict(result), "not-run") == 0)
		return "notrun";
	return strcmp(hvc_verdict(result), "skipped") == 0 ? "skipped" : "passed";
}

static const char *word_of(const json_t *result)
{
	const char *class = class_of(result);

	if (strcmp(class, "xfail") == 0)
		return "xfail";
	if (strcmp(class, "failed") == 0)
		return hvc_verdict(result);
	return strcmp(class, "notrun") == 0 ? "not run" : class;
}

static void put_builtin(FILE *out, const char *name)
{
	const struct hvc_file *file = hvc_builtin(name);

	if (file)
		fwrite(file->text, 1, file->size, out);
}

static void put_head(struct page *p)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
	      p->out);
	put_tag(p->out, "<title>Conformance of ", hvc_text(p->run->summary, "target"),
		"</title>\n<style>\n");
	put_builtin(p->out, "report.css");
	fputs("</style>\n</head>\n<body>\n", p->out);
}

static long long figure(const struct page *p, const char *key)
{
	return (long long)json_integer_value(json_object_get(p->run->summary, key));
}

static void put_header(struct page *p)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	put_tag(p->out, "<header>\n<h1>VMBus conformance: <span class=\"target\">",
		hvc_text(p->run->summary, "target"), "</span>");
	put_tag(p->out, " <small>", hvc_text(p->run->summary, "target_version"), "</small></h1>\n");
	fprintf(p->out, "<p class=\"meta\">%lld cases in %.2f s, %s, seed %lld</p>\n",
		figure(p, "cases"), p->run->wall_seconds, date, figure(p, "seed"));
	fputs("<nav><a href=\"#cases\">Cases</a> <a href=\"#requirements\">Requirements</a> "
	      "<a href=\"#bugs\">Bugs</a></nav>\n</header>\n<main>\n",
	      p->out);
	if (p->run->bail)
		put_tag(p->out, "<p class=\"bail\">The run stopped: ", p->run->bail, ".</p>\n");
}

/* Tiles are links that set the filter. */
static void put_tiles(struct page *p)
{
	static const struct {
		const char *key, *class, *word;
	} tiles[] = {
		{ "passed", "passed", "passed" },
		{ "failed", "failed", "failed" },
		{ "skipped", "skipped", "skipped" },
		{ "expected_failures", "xfail", "failed as expected" },
		{ "not_run", "notrun", "not run" },
	};
	size_t i;

	fputs("<section class=\"tiles\" aria-label=\"Summary\">\n", p->out);
	for (i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		if (i >= 3 && figure(p, tiles[i].key) == 0)
			continue;
		fprintf(p->out, "<a class=\"tile %s%s\" href=\"#?status=%s\"><b>%lld</b> %s</a>\n",
			tiles[i].class, figure(p, tiles[i].key) ? "" : " none", tiles[i].class,
			figure(p, tiles[i].key), tiles[i].word);
	}
	fputs("</section>\n<div class=\"bar\" aria-hidden=\"true\">", p->out);
	for (i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++)
		if (figure(p, tiles[i].key))
			fprintf(p->out, "<span class=\"%s\" style=\"flex:%lld\"></span>",
				tiles[i].class, figure(p, tiles[i].key));
	fputs("</div>\n", p->out);
}

static void put_filter(struct page *p)
{
	fputs("<section id=\"cases\">\n<h2>Cases</h2>\n<form id=\"filter\" autocomplete=\"off\">\n"
	      "<label class=\"grow\">Text <input type=\"search\" name=\"text\" "
	      "placeholder=\"name, sentence, requirement or bug\"></label>\n"
	      "<label>Verdict <select name=\"status\"><option value=\"\">all</option>"
	      "<option value=\"failed\">failed</option><option value=\"skipped\">skipped</option>"
	      "<option value=\"xfail\">expected failure</option>"
	      "<option value=\"passed\">passed</option>"
	      "<option value=\"notrun\">not run</option></select></label>\n"
	      "<label>Level <select name=\"level\"><option value=\"\">all</option>"
	      "<option>must</option><option>should</option><option>quirk</option></select></label>\n"
	      "<label>Side <select name=\"side\"><option value=\"\">all</option>"
	      "<option>guest</option><option>host</option></select></label>\n"
	      "<button type=\"reset\">Clear</button>\n"
	      "<output id=\"shown\"></output>\n</form>\n"
	      "<noscript><p>The filter and the transcripts need scripts; the rest of this page does "
	      "not.</p></noscript>\n",
	      p->out);
}

static void put_links(struct page *p, const json_t *ids, const char *prefix, const char *title)
{
	const json_t *id;
	size_t i;

	if (json_array_size(ids) == 0)
		return;
	put_tag(p->out, "<dt>", title, "</dt><dd>");
	json_array_foreach(ids, i, id)
	{
		fprintf(p->out, "%s<a href=\"#%s-", i ? ", " : "", prefix);
		put(p->out, json_string_value(id));
		put_tag(p->out, "\">", json_string_value(id), "</a>");
	}
	fputs("</dd>\n", p->out);
}

static void put_case_body(struct page *p, const json_t *r)
{
	const char *reason = hvc_text(r, "reason");
	const char *where = hvc_text(r, "where");

	if (*reason) {
		fprintf(p->out, "<p class=\"reason %s\">", class_of(r));
		put(p->out, reason);
		fputs("</p>\n", p->out);
	}
	fputs("<dl>\n", p->out);
	if (*where)
		put_tag(p->out, "<dt>At</dt><dd><code>", where, "</code></dd>\n");
	if (*hvc_text(r, "expected_failure"))
		put_tag(p->out, "<dt>Expected to fail</dt><dd>", hvc_text(r, "expected_failure"),
			"</dd>\n");
	put_links(p, json_object_get(r, "requires"), "req", "Requirements");
	put_links(p, json_object_get(r, "bugs"), "bug", "Bugs");
	put_tag(p->out, "<dt>Source</dt><dd><code>", hvc_text(r, "file"), "");
	fprintf(p->out, ":%lld</code></dd>\n",
		(long long)json_integer_value(json_object_get(r, "line")));
	fprintf(p->out, "<dt>Run</dt><dd>%lld checks, %.3f ms of virtual time</dd>\n</dl>\n",
		(long long)json_integer_value(json_object_get(r, "checks")),
		(double)json_integer_value(json_object_get(r, "virtual_100ns")) / 1e4);
	if (*hvc_text(r, "stderr"))
		put_tag(p->out, "<pre class=\"stderr\">", hvc_text(r, "stderr"), "</pre>\n");
	if (json_array_size(json_object_get(r, "transcript")) > 0)
		fputs("<div class=\"transcript\"></div>\n", p->out);
}

static void put_case(struct page *p, const json_t *r)
{
	bool open = hvc_is_bad(r);

	fprintf(p->out,
		"<details class=\"case %s\" id=\"case-%s\" data-status=\"%s\" "
		"data-level=\"%s\" data-side=\"%s\"%s>\n<summary>",
		class_of(r), hvc_text(r, "name"), class_of(r), hvc_text(r, "level"),
		hvc_text(r, "side"), open ? " open" : "");
	fprintf(p->out,
		"<span class=\"badge %s\">%s</span> <span class=\"name\">%s</span> "
		"<span class=\"level\">%s</span> <span class=\"doc\">",
		class_of(r), word_of(r), hvc_text(r, "name"), hvc_text(r, "level"));
	put(p->out, hvc_text(r, "doc"));
	fputs("</span></summary>\n<div class=\"body\">\n", p->out);
	put_case_body(p, r);
	fputs("</div></details>\n", p->out);
}

/* Results are sorted by name; suites are shown as they come, one heading each. */
static void put_cases(struct page *p)
{
	json_t *suites = json_object();
	const char *suite;
	json_t *members;
	size_t i;

	for (i = 0; i < p->run->reported; i++) {
		const char *name = hvc_text(p->run->results[i], "suite");

		if (!json_object_get(suites, name))
			json_object_set_new(suites, name, json_array());
		json_array_append(json_object_get(suites, name), p->run->results[i]);
	}
	json_object_foreach(suites, suite, members)
	{
		const json_t *r;

		put_tag(p->out, "<section class=\"suite\">\n<h3>", suite, "");
		fprintf(p->out, " <small>%zu</small></h3>\n", json_array_size(members));
		json_array_foreach(members, i, r) put_case(p, r);
		fputs("</section>\n", p->out);
	}
	json_decref(suites);
	fputs("<p id=\"nothing\" hidden>No case fits the filter.</p>\n</section>\n", p->out);
}

/* The worst of the cases that cite it. */
static const char *row_class(struct page *p, const json_t *row)
{
	static const char *const order[] = { "failed", "xfail", "passed", "skipped", "notrun" };
	const json_t *cases = json_object_get(row, "cases");
	const json_t *name;
	size_t i;
	size_t k;

	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		json_array_foreach(cases, i,
				   name) if (strcmp(hvc_text(p->classes, json_string_value(name)),
						    order[k]) == 0) return order[k];
	return json_array_size(cases) ? "notrun" : "uncovered";
}

static void put_grid(struct page *p, const json_t *rows, const char *prefix)
{
	const json_t *row;
	size_t i;

	fputs("<div class=\"grid\">", p->out);
	json_array_foreach(rows, i, row)
	{
		const char *class = row_class(p, row);

		fprintf(p->out, "<a class=\"%s\" href=\"#%s-%s\" title=\"%s: %s\"></a>", class,
			prefix, hvc_text(row, "id"), hvc_text(row, "id"), class);
	}
	fputs("</div>\n", p->out);
}

static void put_row_cases(struct page *p, const json_t *row)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(row, "cases"), i, name)
	{
		const char *text = json_string_value(name);
		const char *class = hvc_text(p->classes, text);

		if (*class)
			fprintf(p->out, "<a class=\"chip %s\" href=\"#case-%s\">%s</a> ", class,
				text, text);
		else
			fprintf(p->out, "<span class=\"chip notrun\">%s</span> ", text);
	}
	if (json_array_size(json_object_get(row, "cases")) == 0)
		fputs("<span class=\"uncovered\">no case</span>", p->out);
}

static void put_row(struct page *p, const json_t *row, const char *prefix,
		    const char *const texts[])
{
	size_t i;

	fprintf(p->out, "<tr class=\"%s\" id=\"%s-%s\"><th scope=\"row\">%s</th><td>",
		row_class(p, row), prefix, hvc_text(row, "id"), hvc_text(row, "id"));
	for (i = 0; texts[i]; i += 2) {
		if (*hvc_text(row, texts[i]) == '\0')
			continue;
		put_tag(p->out, *texts[i + 1] ? "<p><b>" : "<p>", texts[i + 1],
			*texts[i + 1] ? "</b> " : "");
		put_tag(p->out, "", hvc_text(row, texts[i]), "</p>");
	}
	fputs("</td><td>", p->out);
	put(p->out, hvc_text(row, "side"));
	put(p->out, hvc_text(row, "fault"));
	fputs("</td><td>", p->out);
	put_row_cases(p, row);
	fputs("</td></tr>\n", p->out);
}

static void put_uncovered(struct page *p, const json_t *rows, const char *prefix)
{
	const json_t *row;
	size_t covered = 0;
	size_t i;

	json_array_foreach(rows, i, row)
		covered += json_array_size(json_object_get(row, "cases")) > 0;
	fprintf(p->out, "<p>%zu of %zu have a case.</p>\n", covered, json_array_size(rows));
	if (covered == json_array_size(rows))
		return;
	fprintf(p->out, "<details class=\"without\"><summary>%zu without a case</summary>\n<p>",
		json_array_size(rows) - covered);
	json_array_foreach(rows, i, row) if (json_array_size(json_object_get(row, "cases")) == 0)
		fprintf(p->out, "<a href=\"#%s-%s\">%s</a> ", prefix, hvc_text(row, "id"),
			hvc_text(row, "id"));
	fputs("</p></details>\n", p->out);
}

/* texts: key, heading, key, heading, ..., NULL */
static void put_coverage(struct page *p, const char *id, const char *title,
			 const char *const texts[])
{
	const json_t *rows = json_object_get(p->all, id);
	const char *prefix = strcmp(id, "bugs") == 0 ? "bug" : "req";
	const json_t *row;
	size_t i;

	fprintf(p->out, "<section id=\"%s\" class=\"coverage\">\n<h2>%s</h2>\n", id, title);
	put_uncovered(p, rows, prefix);
	put_grid(p, rows, prefix);
	fprintf(p->out,
		"<table>\n<thead><tr><th scope=\"col\">Id</th><th scope=\"col\">%s</th>"
		"<th scope=\"col\">%s</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n",
		strcmp(prefix, "bug") == 0 ? "Bug" : "Requirement",
		strcmp(prefix, "bug") == 0 ? "Fault of" : "Side");
	json_array_foreach(rows, i, row) put_row(p, row, prefix, texts);
	fputs("</tbody>\n</table>\n</section>\n", p->out);
}

/* '/' is escaped, so no text in it can end the script element. */
static void put_transcripts(struct page *p)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < p->run->reported; i++) {
		const json_t *r = p->run->results[i];
		json_t *one = json_object();

		json_object_set(one, "entries", json_object_get(r, "transcript"));
		if (json_object_get(r, "detail"))
			json_object_set(one, "detail", json_object_get(r, "detail"));
		json_object_set_new(all, hvc_text(r, "name"), one);
	}
	fputs("<script type=\"application/json\" id=\"transcripts\">", p->out);
	json_dumpf(all, p->out, JSON_COMPACT | JSON_ESCAPE_SLASH);
	fputs("</script>\n<script>\n", p->out);
	put_builtin(p->out, "report.js");
	fputs("</script>\n</body>\n</html>\n", p->out);
	json_decref(all);
}

int hvc_report_html(const struct hvc_run *run, FILE *out)
{
	static const char *const requirement[] = { "text", "", "requirement", "", NULL };
	static const char *const bug[] = { "trigger", "Trigger:", "seen", "Seen:",
					   "right",   "Right:",	  NULL };
	struct page p = { .run = run, .out = out };
	size_t i;

	p.all = hvc_report_object(run);
	p.classes = json_object();
	for (i = 0; i < run->reported; i++)
		json_object_set_new(p.classes, hvc_text(run->results[i], "name"),
				    json_string(class_of(run->results[i])));
	put_head(&p);
	put_header(&p);
	put_tiles(&p);
	put_filter(&p);
	put_cases(&p);
	put_coverage(&p, "requirements", "Requirements", requirement);
	put_coverage(&p, "bugs", "Bugs reproduced", bug);
	fputs("</main>\n", out);
	put_transcripts(&p);
	json_decref(p.all);
	json_decref(p.classes);
	return ferror(out) ? -1 : 0;
}
