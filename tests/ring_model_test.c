/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The signalling protocol of a ring, explored exhaustively.
 *
 * A writer and a reader take the steps of chapter 10 section 3.7, as src/ring does them, one
 * load, store, barrier or signal at a time, in every order; each processor has a store buffer
 * as x86 has (a later load may overtake an earlier store unless a barrier stands between).
 * Packets are units of a ring with room for three. Every state that can be reached is visited
 * once. No end may leave somebody asleep with work to do, and no signal to a sleeper may be
 * for nothing.
 *
 * Each step that the protocol demands is then left out in turn, and the exploration must find
 * a lost wake-up: so the steps are needed, and the model can fail.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 3 /* packets that fit */
#define PACKETS 5
#define BUFFERED 3
#define STATES_MAX (1u << 17)

enum word {
	WRITE,
	READ,
	MASK,
	PENDING,
	WORDS
};

enum writer_step {
	W_PUT, /* look for room, put one or two packets */
	W_STORE, /* write_index */
	W_CLEAR, /* pending_send_size = 0 if armed */
	W_FENCE,
	W_LOAD_MASK,
	W_LOAD_READ, /* decide about the signal */
	W_ARM, /* pending_send_size */
	W_ARM_FENCE,
	W_ARM_LOAD, /* look again */
	W_SLEEP,
	W_DONE,
};

enum reader_step {
	R_MASK,
	R_MASK_FENCE,
	R_LOOK, /* load write_index, take some packets */
	R_STORE, /* read_index */
	R_FENCE,
	R_LOAD_PENDING,
	R_LOAD_WRITE, /* decide about the signal */
	R_UNMASK,
	R_UNMASK_FENCE,
	R_LOOK_AGAIN,
	R_SLEEP,
};

/* What is left out or done wrong. */
enum fault {
	NO_FAULT,
	NO_WRITER_FENCE,
	NO_WAIT_FENCE, /* BUG-001 */
	NO_WAIT_RECHECK, /* BUG-001 */
	NO_READER_FENCE, /* BUG-002 */
	NO_UNMASK_FENCE, /* BUG-026 */
	NO_UNMASK_RECHECK, /* BUG-008 */
	COUNTS_FILLED_SPACE, /* BUG-004 */
	MASK_STOPS_WAKING, /* BUG-002 */
	COMPARES_INSIDE_BATCH,
	NEVER_WAKES, /* BUG-028 */
	FAULTS,
};

struct party {
	uint8_t step;
	uint8_t count; /* own index, private */
	uint8_t old; /* own index as published before */
	uint8_t signalled; /* 1: a signal is there; 2: it was sent to a sleeper */
	uint8_t buffered;
	uint8_t word[BUFFERED];
	uint8_t value[BUFFERED];
	uint8_t pad;
};

struct state {
	struct party writer;
	struct party reader;
	uint8_t memory[WORDS];
	uint8_t armed;
	uint8_t pad[3];
};

static struct model {
	enum fault fault;
	uint8_t threshold; /* what the writer asks for */
	bool masks; /* the reader masks while it drains */
	struct state *seen; /* hash table; writer.pad is 1 in used entries */
	uint32_t *queue;
	uint32_t count;
	bool lost;
	bool useless;
} m;

static uint64_t hash(const struct state *s)
{
	const uint8_t *p = (const uint8_t *)s;
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < sizeof(*s); i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h ^ h >> 29;
}

static void visit(struct state s)
{
	uint32_t at;

	s.writer.pad = 1;
	at = (uint32_t)hash(&s) & (STATES_MAX - 1);
	while (m.seen[at].writer.pad) {
		if (memcmp(&m.seen[at], &s, sizeof(s)) == 0)
			return;
		at = (at + 1) & (STATES_MAX - 1);
	}
	if (m.count == STATES_MAX / 2)
		ck_abort_msg("too many states");
	m.seen[at] = s;
	m.queue[m.count++] = at;
}

/* A full store buffer delays the store: false. */
static bool store(struct party *p, enum word word, uint8_t value)
{
	if (p->buffered == BUFFERED)
		return false;
	p->word[p->buffered] = (uint8_t)word;
	p->value[p->buffered] = value;
	p->buffered++;
	return true;
}

static uint8_t load(const struct state *s, const struct party *p, enum word word)
{
	int i;

	for (i = p->buffered - 1; i >= 0; i--)
		if (p->word[i] == word)
			return p->value[i];
	return s->memory[word];
}

static void drain_one(struct state *s, struct party *p)
{
	s->memory[p->word[0]] = p->value[0];
	p->buffered--;
	memmove(p->word, p->word + 1, BUFFERED - 1);
	memmove(p->value, p->value + 1, BUFFERED - 1);
	p->word[p->buffered] = 0;
	p->value[p->buffered] = 0;
}

static void signal_to(struct party *p, uint8_t sleep_step)
{
	if (p->signalled == 0)
		p->signalled = p->step == sleep_step ? 2 : 1;
}

static void put(struct state s)
{
	struct party *w = &s.writer;
	uint8_t used = (uint8_t)(w->count - load(&s, w, READ));

	if (w->count == PACKETS) {
		w->step = W_DONE;
		visit(s);
	} else if (used == ROOM) {
		w->step = W_ARM;
		visit(s);
	} else {
		w->old = w->count;
		w->step = W_STORE;
		w->count++;
		visit(s);
		/* A batch of two. */
		if (used + 1 < ROOM && w->count < PACKETS) {
			if (m.fault == COMPARES_INSIDE_BATCH)
				w->old = w->count;
			w->count++;
			visit(s);
		}
	}
}

static void arm_load(struct state s)
{
	struct party *w = &s.writer;
	bool room = (uint8_t)(w->count - load(&s, w, READ)) < ROOM;

	if (room && m.fault != NO_WAIT_RECHECK) {
		if (!store(w, PENDING, 0))
			return;
		s.armed = 0;
		w->step = W_PUT;
	} else {
		w->step = W_SLEEP;
	}
	visit(s);
}

static void writer_wakes(struct state s)
{
	struct party *w = &s.writer;

	if (w->signalled == 0)
		return;
	if (w->signalled == 2 && (uint8_t)(w->count - load(&s, w, READ)) == ROOM)
		m.useless = true;
	w->signalled = 0;
	w->step = W_PUT;
	visit(s);
}

static void writer_decides(struct state s)
{
	struct party *w = &s.writer;

	if (load(&s, w, READ) == w->old)
		signal_to(&s.reader, R_SLEEP);
	w->old = 0;
	w->step = W_PUT;
	visit(s);
}

static void writer_moves(struct state s)
{
	struct party *w = &s.writer;

	switch (w->step) {
	case W_PUT:
		put(s);
		return;
	case W_STORE:
		if (!store(w, WRITE, w->count))
			return;
		w->step = W_CLEAR;
		break;
	case W_CLEAR:
		if (s.armed && !store(w, PENDING, 0))
			return;
		s.armed = 0;
		w->step = W_FENCE;
		break;
	case W_FENCE:
		if (m.fault != NO_WRITER_FENCE && w->buffered > 0)
			return;
		w->step = W_LOAD_MASK;
		break;
	case W_LOAD_MASK:
		w->step = load(&s, w, MASK) ? W_PUT : W_LOAD_READ;
		break;
	case W_LOAD_READ:
		writer_decides(s);
		return;
	case W_ARM:
		if (!store(w, PENDING, m.threshold))
			return;
		s.armed = 1;
		w->step = W_ARM_FENCE;
		break;
	case W_ARM_FENCE:
		if (m.fault != NO_WAIT_FENCE && w->buffered > 0)
			return;
		w->step = W_ARM_LOAD;
		break;
	case W_ARM_LOAD:
		arm_load(s);
		return;
	case W_SLEEP:
		writer_wakes(s);
		return;
	default:
		return;
	}
	visit(s);
}

static void look(struct state s)
{
	struct party *r = &s.reader;
	uint8_t write = load(&s, r, WRITE);
	uint8_t taken;

	if (write == r->count) {
		r->step = m.masks ? R_UNMASK : R_SLEEP;
		visit(s);
		return;
	}
	r->old = r->count;
	r->step = R_STORE;
	for (taken = 1; r->old + taken <= write; taken++) {
		r->count = (uint8_t)(r->old + taken);
		visit(s);
	}
}

static void reader_decides(struct state s)
{
	struct party *r = &s.reader;
	uint8_t want = load(&s, r, PENDING);
	uint8_t write = load(&s, r, WRITE);
	int before = ROOM - (write - r->old);
	int after = ROOM - (write - r->count);

	if (m.fault == COUNTS_FILLED_SPACE) {
		before = write - r->old;
		after = write - r->count;
	}
	if (want != 0 && before < want && after >= want && m.fault != NEVER_WAKES &&
	    !(m.fault == MASK_STOPS_WAKING && load(&s, r, MASK)))
		signal_to(&s.writer, W_SLEEP);
	r->step = R_LOOK;
	visit(s);
}

static void look_again(struct state s)
{
	struct party *r = &s.reader;

	r->step = load(&s, r, WRITE) != r->count && m.fault != NO_UNMASK_RECHECK ? R_MASK : R_SLEEP;
	visit(s);
}

static void reader_wakes(struct state s)
{
	struct party *r = &s.reader;

	if (r->signalled == 0)
		return;
	if (r->signalled == 2 && load(&s, r, WRITE) == r->count)
		m.useless = true;
	r->signalled = 0;
	r->step = m.masks ? R_MASK : R_LOOK;
	visit(s);
}

static void reader_moves(struct state s)
{
	struct party *r = &s.reader;

	switch (r->step) {
	case R_MASK:
		if (!store(r, MASK, 1))
			return;
		r->step = R_MASK_FENCE;
		visit(s);
		return;
	case R_MASK_FENCE:
		if (r->buffered > 0)
			return;
		r->step = R_LOOK;
		visit(s);
		return;
	case R_LOOK:
		look(s);
		return;
	case R_STORE:
		if (!store(r, READ, r->count))
			return;
		r->step = R_FENCE;
		visit(s);
		return;
	case R_FENCE:
		if (m.fault != NO_READER_FENCE && r->buffered > 0)
			return;
		r->step = R_LOAD_PENDING;
		visit(s);
		return;
	case R_LOAD_PENDING:
		r->step = load(&s, r, PENDING) ? R_LOAD_WRITE : R_LOOK;
		visit(s);
		return;
	case R_LOAD_WRITE:
		reader_decides(s);
		return;
	case R_UNMASK:
		if (!store(r, MASK, 0))
			return;
		r->step = R_UNMASK_FENCE;
		visit(s);
		return;
	case R_UNMASK_FENCE:
		if (m.fault != NO_UNMASK_FENCE && r->buffered > 0)
			return;
		r->step = R_LOOK_AGAIN;
		visit(s);
		return;
	case R_LOOK_AGAIN:
		look_again(s);
		return;
	default:
		reader_wakes(s);
		return;
	}
}

/* Everything has come to rest: is somebody asleep who has work to do? */
static void check_rest(const struct state *s)
{
	const struct party *w = &s->writer;
	const struct party *r = &s->reader;
	bool writer_rests = w->step == W_DONE || (w->step == W_SLEEP && !w->signalled);
	bool reader_rests = r->step == R_SLEEP && !r->signalled;

	if (!writer_rests || !reader_rests || w->buffered || r->buffered)
		return;
	if (w->step == W_SLEEP || r->count != PACKETS)
		m.lost = true;
}

static void explore(enum fault fault, uint8_t threshold, bool masks)
{
	struct state start;
	struct state s;
	uint32_t next;

	memset(&start, 0, sizeof(start));
	memset(m.seen, 0, STATES_MAX * sizeof(*m.seen));
	m.fault = fault;
	m.threshold = threshold;
	m.masks = masks;
	m.count = 0;
	m.lost = false;
	m.useless = false;
	start.reader.step = R_SLEEP;
	visit(start);
	for (next = 0; next < m.count; next++) {
		s = m.seen[m.queue[next]];
		check_rest(&s);
		writer_moves(s);
		reader_moves(s);
		if (s.writer.buffered) {
			drain_one(&s, &s.writer);
			visit(s);
			s = m.seen[m.queue[next]];
		}
		if (s.reader.buffered) {
			drain_one(&s, &s.reader);
			visit(s);
		}
	}
}

static void begin(void)
{
	m.seen = calloc(STATES_MAX, sizeof(*m.seen));
	m.queue = calloc(STATES_MAX, sizeof(*m.queue));
	ck_assert_ptr_nonnull(m.seen);
	ck_assert_ptr_nonnull(m.queue);
}

static void end(void)
{
	free(m.seen);
	free(m.queue);
}

/* CORE-REQ-040 to 045, BUG-005 */
START_TEST(the_protocol_loses_no_wake_up_and_wakes_no_sleeper_for_nothing)
{
	explore(NO_FAULT, (uint8_t)(_i / 2 + 1), _i % 2 != 0);
	ck_assert(!m.lost);
	ck_assert(!m.useless);
	ck_assert_uint_gt(m.count, 1000);
}
END_TEST

START_TEST(each_step_left_out_loses_a_wake_up)
{
	bool lost = false;
	uint8_t threshold;

	for (threshold = 1; threshold <= ROOM && !lost; threshold++) {
		explore((enum fault)_i, threshold, true);
		lost = m.lost;
		if (!lost) {
			explore((enum fault)_i, threshold, false);
			lost = m.lost;
		}
	}
	ck_assert_msg(lost, "fault %d goes unnoticed", _i);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring model");
	TCase *t = tcase_create("ring model");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_protocol_loses_no_wake_up_and_wakes_no_sleeper_for_nothing, 0,
			    2 * ROOM);
	tcase_add_loop_test(t, each_step_left_out_loses_a_wake_up, NO_FAULT + 1, FAULTS);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
