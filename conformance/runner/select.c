/* SPDX-License-Identifier: BSD-2-Clause */
/* Which cases run, and in what order. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "hvc.h"

/* splitmix64: the same order from the same seed on every machine. */
uint64_t hvc_random(uint64_t *state)
{
	uint64_t z;

	*state += 0x9e3779b97f4a7c15ull;
	z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool any_glob(const struct hvc_strings *globs, const char *text)
{
	size_t i;

	for (i = 0; i < globs->n; i++)
		if (fnmatch(globs->v[i], text, 0) == 0)
			return true;
	return false;
}

static bool any_cited(const struct hvc_strings *globs, const struct hvc_strings *ids)
{
	size_t i;

	for (i = 0; i < ids->n; i++)
		if (any_glob(globs, ids->v[i]))
			return true;
	return false;
}

/*
 * --suite channel takes all of suites/channel, --suite channel/open one file of it. With a '*' or
 * another sign of a glob it is one over names of cases: --suite 'nvsp.*' takes what is called so,
 * wherever it is written.
 */
static bool takes(const char *suite, const struct hvc_case *c)
{
	size_t n = strlen(suite);

	if (strpbrk(suite, "*?["))
		return fnmatch(suite, c->name, 0) == 0;
	return strncmp(suite, c->suite, n) == 0 && (c->suite[n] == '\0' || c->suite[n] == '/');
}

static bool in_suite(const struct hvc_strings *suites, const struct hvc_case *c)
{
	size_t i;

	for (i = 0; i < suites->n; i++)
		if (takes(suites->v[i], c))
			return true;
	return false;
}

/* "dpdk" is called so, and so is "./dpdk.so". */
static bool is_target(const char *target, const char *name)
{
	const char *slash = strrchr(target, '/');
	const char *last = slash ? slash + 1 : target;
	size_t n = strlen(name);

	return strncmp(last, name, n) == 0 && (last[n] == '\0' || last[n] == '.');
}

static bool wanted(const struct hvc_options *opt, const struct hvc_case *c)
{
	if (c->only && !is_target(opt->target, c->only))
		return false;
	if (opt->patterns.n && !any_glob(&opt->patterns, c->name))
		return false;
	if (opt->suites.n && !in_suite(&opt->suites, c))
		return false;
	if (opt->levels.n && !hvc_strings_have(&opt->levels, hvc_level_name(c->level)))
		return false;
	if (opt->requirements.n && !any_cited(&opt->requirements, &c->requirements))
		return false;
	return !opt->bugs.n || any_cited(&opt->bugs, &c->bugs);
}

static int by_name(const void *a, const void *b)
{
	const struct hvc_case *const *x = a;
	const struct hvc_case *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Parts are cut from the list by name, so that they do not depend on the seed. */
static void keep_shard(struct hvc_run *run)
{
	size_t i;
	size_t n = 0;

	for (i = 0; i < run->count; i++)
		if (i % run->opt->shards == run->opt->shard - 1)
			run->order[n++] = run->order[i];
	run->count = n;
}

static void shuffle(struct hvc_run *run)
{
	uint64_t state = run->opt->seed;
	size_t i;

	for (i = run->count; i > 1; i--) {
		size_t j = (size_t)(hvc_random(&state) % i);
		const struct hvc_case *c = run->order[i - 1];

		run->order[i - 1] = run->order[j];
		run->order[j] = c;
	}
}

/* A pattern that matches nothing is a typing error even when another one matches. */
static int check_patterns(const struct hvc_run *run)
{
	const struct hvc_strings *p = &run->opt->patterns;
	size_t i;
	size_t k;

	for (i = 0; i < p->n; i++) {
		for (k = 0; k < run->reg->count; k++)
			if (fnmatch(p->v[i], run->reg->cases[k].name, 0) == 0)
				break;
		if (k == run->reg->count) {
			hvc_error("no case matches '%s'", p->v[i]);
			return -1;
		}
	}
	return 0;
}

/*
 * The sanity case runs before and after the others: what follows from a target that cannot
 * even do that is worth nothing, and so is a target that others have broken. Cases of the host
 * side have no target and need none.
 */
void hvc_select_frame(struct hvc_run *run)
{
	const struct hvc_case *sanity = NULL;
	bool guest = false;
	size_t i;
	size_t n = 0;

	for (i = 0; i < run->reg->count; i++)
		if (run->reg->cases[i].sanity)
			sanity = &run->reg->cases[i];
	for (i = 0; i < run->count; i++)
		guest = guest || run->order[i]->side == HVC_GUEST;
	if (!sanity || !guest)
		return;
	for (i = 0; i < run->count; i++)
		if (run->order[i] != sanity)
			run->order[n++] = run->order[i];
	memmove(run->order + 1, run->order, n * sizeof(*run->order));
	run->order[0] = sanity;
	run->order[n + 1] = sanity;
	run->count = n + 2;
	run->sanity = true;
}

/* Fills run->order; -1: nothing selected, which is never what was meant. */
int hvc_select(struct hvc_run *run)
{
	size_t i;

	run->order = hvc_alloc(run->reg->count + 2, sizeof(*run->order));
	if (check_patterns(run) != 0)
		return -1;
	for (i = 0; i < run->reg->count; i++)
		if (wanted(run->opt, &run->reg->cases[i]))
			run->order[run->count++] = &run->reg->cases[i];
	qsort(run->order, run->count, sizeof(*run->order), by_name);
	keep_shard(run);
	if (run->count == 0) {
		hvc_error("the selection is empty");
		return -1;
	}
	if (run->opt->shuffle)
		shuffle(run);
	run->results = hvc_alloc(run->count + 2, sizeof(*run->results));
	return 0;
}
