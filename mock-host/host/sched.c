/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include <hvmock/sched.h>

#include "vec.h"

struct entry {
	struct hvm_event ev;
	uint64_t time;
	uint64_t tie; /* order among events of one instant */
	uint64_t handle;
};

struct hvm_sched {
	uint64_t now;
	uint64_t seq;
	uint64_t rng;
	bool shuffle;
	unsigned int in_guest;
	struct entry *q;
	size_t n, cap;
};

struct hvm_sched *hvm_sched_new(uint64_t seed, bool shuffle)
{
	struct hvm_sched *s = hvm_xalloc(sizeof(*s));

	s->rng = seed;
	s->shuffle = shuffle;
	return s;
}

void hvm_sched_free(struct hvm_sched *s)
{
	if (!s)
		return;
	free(s->q);
	free(s);
}

uint64_t hvm_sched_now(const struct hvm_sched *s)
{
	return s->now;
}

/* splitmix64: every seed, also 0, gives a good sequence. */
uint64_t hvm_sched_random(struct hvm_sched *s)
{
	uint64_t z = s->rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t hvm_sched_add(struct hvm_sched *s, const struct hvm_event *ev)
{
	struct entry *e;

	s->q = hvm_vec_grow(s->q, s->n, &s->cap, sizeof(*s->q));
	e = &s->q[s->n++];
	e->ev = *ev;
	e->time = ev->delay > UINT64_MAX - s->now ? UINT64_MAX : s->now + ev->delay;
	e->handle = ++s->seq;
	e->tie = s->shuffle ? hvm_sched_random(s) : e->handle;
	return e->handle;
}

static void remove_at(struct hvm_sched *s, size_t i)
{
	s->n = hvm_vec_remove(s->q, s->n, i, sizeof(*s->q));
}

bool hvm_sched_cancel(struct hvm_sched *s, uint64_t handle)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->q[i].handle == handle) {
			remove_at(s, i);
			return true;
		}
	}
	return false;
}

void hvm_sched_cancel_ctx(struct hvm_sched *s, const void *ctx)
{
	size_t i = 0;

	while (i < s->n) {
		if (s->q[i].ev.ctx == ctx)
			remove_at(s, i);
		else
			i++;
	}
}

void hvm_sched_enter_guest(struct hvm_sched *s)
{
	s->in_guest++;
}

void hvm_sched_leave_guest(struct hvm_sched *s)
{
	if (s->in_guest)
		s->in_guest--;
}

bool hvm_sched_in_guest(const struct hvm_sched *s)
{
	return s->in_guest > 0;
}

#define SET(cls) (1u << (cls))
#define FOREGROUND (SET(HVM_CLASS_HOST) | SET(HVM_CLASS_GUEST))
#define ALL (FOREGROUND | SET(HVM_CLASS_BACKGROUND))
#define NOT_GUEST (SET(HVM_CLASS_HOST) | SET(HVM_CLASS_BACKGROUND))

static bool before(const struct entry *a, const struct entry *b)
{
	return a->time != b->time ? a->time < b->time : a->tie < b->tie;
}

/* Index of the next event among the classes in @set that is due by @until; @s->n if none. */
static size_t next_event(const struct hvm_sched *s, unsigned int set, uint64_t until)
{
	size_t best = s->n;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct entry *e = &s->q[i];

		if (!(set & SET(e->ev.cls)) || e->time > until)
			continue;
		if (e->ev.cls == HVM_CLASS_GUEST && s->in_guest)
			continue;
		if (best == s->n || before(e, &s->q[best]))
			best = i;
	}
	return best;
}

static void run_event(struct hvm_sched *s, size_t i)
{
	struct entry e = s->q[i];

	remove_at(s, i);
	if (e.time > s->now)
		s->now = e.time;
	if (e.ev.cls == HVM_CLASS_GUEST)
		hvm_sched_enter_guest(s);
	e.ev.fn(e.ev.ctx, e.ev.arg);
	if (e.ev.cls == HVM_CLASS_GUEST)
		hvm_sched_leave_guest(s);
}

static bool run_next(struct hvm_sched *s, unsigned int set, uint64_t until)
{
	size_t i = next_event(s, set, until);

	if (i == s->n)
		return false;
	run_event(s, i);
	return true;
}

static uint64_t deadline(const struct hvm_sched *s, uint64_t duration)
{
	return duration > UINT64_MAX - s->now ? UINT64_MAX : s->now + duration;
}

static bool foreground_waits(const struct hvm_sched *s)
{
	return next_event(s, FOREGROUND, UINT64_MAX) != s->n;
}

static bool old_background_waits(const struct hvm_sched *s, uint64_t mark, uint64_t until)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->q[i].ev.cls == HVM_CLASS_BACKGROUND && s->q[i].handle <= mark &&
		    s->q[i].time <= until)
			return true;
	}
	return false;
}

/*
 * Run every background event once. Those that they add for their next turn are newer than
 * the mark and stay. Foreground work that falls in between runs in its place.
 */
static void background_round(struct hvm_sched *s, uint64_t until)
{
	uint64_t mark = s->seq;

	while (old_background_waits(s, mark, until) && run_next(s, ALL, until))
		;
}

bool hvm_sched_run_idle(struct hvm_sched *s, uint64_t limit)
{
	uint64_t until = deadline(s, limit);

	do {
		/* Background turns that fall between foreground events keep their places. */
		while (foreground_waits(s)) {
			if (!run_next(s, ALL, until)) {
				s->now = until;
				return false;
			}
		}
		background_round(s, until);
	} while (foreground_waits(s));
	return true;
}

void hvm_sched_run_for(struct hvm_sched *s, uint64_t duration)
{
	uint64_t until = deadline(s, duration);

	while (run_next(s, ALL, until))
		;
	s->now = until;
}

bool hvm_sched_run_until(struct hvm_sched *s, bool (*pred)(void *ctx), void *ctx, uint64_t limit)
{
	uint64_t until = deadline(s, limit);

	while (!pred(ctx)) {
		if (!run_next(s, ALL, until)) {
			if (until != UINT64_MAX)
				s->now = until;
			return pred(ctx);
		}
	}
	return true;
}

void hvm_sched_spin(struct hvm_sched *s, uint64_t duration)
{
	uint64_t until = deadline(s, duration);

	while (run_next(s, NOT_GUEST, until))
		;
	s->now = until;
}
