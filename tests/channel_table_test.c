/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every state of a channel against everything that owner and host can do to it. The expected
 * outcomes are written here from chapter 10 section 6.4, not taken from the engine's table.
 */
#include "fake_host.h"

enum input {
	OPEN,
	OPEN_RESERVED,
	CLOSE,
	CLOSE_RESERVED,
	RELEASE,
	MODIFY,
	GPADL,
	TEARDOWN,
	OFFER,
	RESCIND,
	OPENED,
	OPEN_FAILED,
	OPENED_OTHER,
	CREATED,
	REFUSED,
	CREATED_OTHER,
	TORNDOWN,
	TORNDOWN_OTHER,
	MODIFIED,
	RESERVED_CLOSED,
	UNLOADED,
	LOST,
	INPUTS
};

static const char *const input_names[INPUTS] = {
	"open",
	"open reserved",
	"close",
	"close reserved",
	"release",
	"modify",
	"create GPADL",
	"tear down GPADL",
	"OFFER with its id",
	"RESCIND",
	"OPEN_CHANNEL_RESULT 0",
	"OPEN_CHANNEL_RESULT 1",
	"OPEN_CHANNEL_RESULT of another open_id",
	"GPADL_CREATED 0",
	"GPADL_CREATED 1",
	"GPADL_CREATED of another channel",
	"GPADL_TORNDOWN",
	"GPADL_TORNDOWN of another id",
	"MODIFY_CHANNEL_RESPONSE",
	"CLOSE_RESERVED_RESPONSE",
	"unloaded",
	"connection lost",
};

/*
 * A cell: "S" refused with HVP_STATE, "V" with HVP_REVOKED, "I" ignored, "D" dropped; else
 * the new state, the messages posted and the events, separated by colons.
 *
 * States: O offered, P ring pending, p ring cancelled, N opening, n opening cancelled, A open,
 * L closing, R rescinded, r releasing, G gone, "." slot free.
 * Messages: h GPADL_HEADER, t GPADL_TEARDOWN, o OPEN, c CLOSE, m MODIFY, f REL_ID_RELEASED,
 * w OPEN_RESERVED, x CLOSE_RESERVED.
 * Events: o opened, f opening failed, m modified, R rescinded, C closed, g GPADL created,
 * b GPADL returned.
 *
 * In every state but "gone" one extra GPADL of the channel exists and is created, so it comes
 * back with a rescind or an unload; a lost connection keeps it, and the ring.
 */
static const char *const expected[HVP_CHANNEL_STATES][INPUTS] = {
	[HVP_CHANNEL_OFFERED] = {
		"P:h:", "N:w:", "S", "S", "O::", "S", "O:h:", "O:t:",
		"D", "R::Rb", "I", "I", "I", "I", "I", "I",
		"I", "I", "I", "I", "G::Rb", "G::R",
	},
	[HVP_CHANNEL_RING_PENDING] = {
		"S", "S", "p::", "S", "S", "S", "S", "S",
		"D", "R::fRbC", "I", "I", "I", "N:o:", "O::fC", "I",
		"I", "I", "I", "I", "G::fRbC", "G::fR",
	},
	[HVP_CHANNEL_RING_CANCELLED] = {
		"S", "S", "S", "S", "S", "S", "S", "S",
		"D", "R::RbC", "I", "I", "I", "p:t:", "O::C", "I",
		"I", "I", "I", "I", "G::RbC", "G::R",
	},
	[HVP_CHANNEL_OPENING] = {
		"S", "S", "n::", "S", "S", "S", "S", "S",
		"D", "R::fRbC", "A::o", "L:t:f", "I", "I", "I", "I",
		"I", "I", "I", "I", "G::fRbC", "G::fR",
	},
	[HVP_CHANNEL_OPENING_CANCELLED] = {
		"S", "S", "S", "S", "S", "S", "S", "S",
		"D", "R::RbC", "L:ct:", "L:t:", "I", "I", "I", "I",
		"I", "I", "I", "I", "G::RbC", "G::R",
	},
	[HVP_CHANNEL_OPEN] = {
		"S", "S", "L:ct:", "S", "S", "A:m:", "A:h:", "A:t:",
		"D", "R::RbC", "I", "I", "I", "I", "I", "I",
		"I", "I", "I", "I", "G::RbC", "G::R",
	},
	[HVP_CHANNEL_CLOSING] = {
		"S", "S", "S", "S", "S", "S", "S", "L:t:",
		"D", "R::RbC", "I", "I", "I", "I", "I", "I",
		"O::C", "I", "I", "I", "G::RbC", "G::R",
	},
	/* The setting leaves MODIFY_CHANNEL unanswered: the id is kept until the answer. */
	[HVP_CHANNEL_RESCINDED] = {
		"S", "S", "V", "S", "r::", "S", "V", "-",
		"D", "I", "I", "I", "I", "I", "I", "I",
		"I", "I", "R::", "I", "G::", "G::",
	},
	[HVP_CHANNEL_RELEASING] = {
		"S", "S", "S", "S", "S", "S", "S", "-",
		"D", "I", "I", "I", "I", "I", "I", "I",
		"I", "I", ".:f:", "I", ".::", ".::",
	},
	[HVP_CHANNEL_GONE] = {
		"S", "S", "V", "S", ".::", "S", "V", "-",
		"I", "I", "I", "I", "I", "I", "I", "I",
		"I", "I", "I", "I", "-", "G::",
	},
};

static const char state_letters[] = ".OPpNnALRrG";

struct setting {
	struct fake *f;
	struct hvp_channel *ch;
	struct hvp_gpadl *extra;
	struct hvp_gpadl_range range;
	uint32_t ring;
};

static void add_extra(struct setting *s)
{
	s->range = (struct hvp_gpadl_range){ .byte_count = 4096 * 4, .first_pfn = 0x900 };
	ck_assert_int_eq(hvp_gpadl_create(s->ch, &s->range, 1, &s->extra), HVP_OK);
	fake_tick(s->f);
	fake_created(s->f, 5, hvp_gpadl_id(s->extra), 0);
	fake_event(s->f, HVP_EV_GPADL_CREATED);
}

static void start_open(struct setting *s)
{
	struct hvp_open open = fake_params(s->f);

	ck_assert_int_eq(hvp_channel_open(s->ch, &open), HVP_OK);
	fake_tick(s->f);
	s->ring = fake_ring_id(s->ch);
}

static void to_opening(struct setting *s)
{
	start_open(s);
	fake_created(s->f, 5, s->ring, 0);
}

static void to_open(struct setting *s)
{
	to_opening(s);
	fake_opened(s->f, 5, s->ch->open_id, 0);
	fake_event(s->f, HVP_EV_OPENED);
}

static void to_rescinded(struct setting *s)
{
	to_open(s);
	ck_assert_int_eq(hvp_channel_modify(s->ch, 0), HVP_OK);
	fake_tick(s->f);
	fake_rescind(s->f, 5);
	fake_skip_events(s->f);
	s->extra = NULL;
}

static void reach(struct setting *s, enum hvp_channel_state state)
{
	s->ch = fake_offered(s->f, 5);
	add_extra(s);
	switch (state) {
	case HVP_CHANNEL_RING_PENDING:
		start_open(s);
		break;
	case HVP_CHANNEL_RING_CANCELLED:
		start_open(s);
		ck_assert_int_eq(hvp_channel_close(s->ch), HVP_OK);
		break;
	case HVP_CHANNEL_OPENING:
		to_opening(s);
		break;
	case HVP_CHANNEL_OPENING_CANCELLED:
		to_opening(s);
		ck_assert_int_eq(hvp_channel_close(s->ch), HVP_OK);
		break;
	case HVP_CHANNEL_OPEN:
		to_open(s);
		break;
	case HVP_CHANNEL_CLOSING:
		to_open(s);
		ck_assert_int_eq(hvp_channel_close(s->ch), HVP_OK);
		break;
	case HVP_CHANNEL_RESCINDED:
		to_rescinded(s);
		break;
	case HVP_CHANNEL_RELEASING:
		to_rescinded(s);
		ck_assert_int_eq(hvp_channel_release(s->ch), HVP_OK);
		break;
	case HVP_CHANNEL_GONE:
		ck_assert_int_eq(hvp_bus_unload(&s->f->bus), HVP_OK);
		fake_tick(s->f);
		fake_send_header(s->f, HVP_VMBUS_UNLOAD_COMPLETE);
		fake_skip_events(s->f);
		break;
	default:
		break;
	}
	fake_tick(s->f);
	fake_skip_posts(s->f);
	fake_no_event(s->f);
	ck_assert_int_eq(hvp_channel_state(s->ch), state);
}

/* A call of the owner: its status. HVP_OK also for what the host does. */
static enum hvp_status call(struct setting *s, enum input in)
{
	struct hvp_open open = fake_params(s->f);
	struct hvp_gpadl *g;

	switch (in) {
	case OPEN:
		return hvp_channel_open(s->ch, &open);
	case OPEN_RESERVED:
		return hvp_channel_open_reserved(s->ch, s->extra ? s->extra : &s->f->gpadls[9], 2,
						 0, 2);
	case CLOSE:
		return hvp_channel_close(s->ch);
	case CLOSE_RESERVED:
		return hvp_channel_close_reserved(s->ch, 0, 2);
	case RELEASE:
		return hvp_channel_release(s->ch);
	case MODIFY:
		return hvp_channel_modify(s->ch, 0);
	case GPADL:
		return hvp_gpadl_create(s->ch, &s->range, 1, &g);
	case TEARDOWN:
		return hvp_gpadl_teardown(s->extra);
	default:
		return HVP_OK;
	}
}

static void unload(struct fake *f)
{
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	f->read++;
	fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
}

static void host(struct setting *s, enum input in)
{
	struct fake *f = s->f;

	switch (in) {
	case OFFER:
		fake_offer_sub(f, 5, 0x9999, 0);
		break;
	case RESCIND:
		fake_rescind(f, 5);
		break;
	case OPENED:
		fake_opened(f, 5, s->ch->open_id, 0);
		break;
	case OPEN_FAILED:
		fake_opened(f, 5, s->ch->open_id, 1);
		break;
	case OPENED_OTHER:
		fake_opened(f, 5, s->ch->open_id + 1, 0);
		break;
	case CREATED:
		fake_created(f, 5, s->ring, 0);
		break;
	case REFUSED:
		fake_created(f, 5, s->ring, 1);
		break;
	case CREATED_OTHER:
		fake_created(f, 6, s->ring, 0);
		break;
	case TORNDOWN:
		fake_torndown(f, s->ring);
		break;
	case TORNDOWN_OTHER:
		fake_torndown(f, s->ring + 1000);
		break;
	case MODIFIED:
		fake_modified(f, 5, 0);
		break;
	case RESERVED_CLOSED:
		fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
		break;
	case UNLOADED:
		unload(f);
		break;
	case LOST:
		hvp_bus_lost(&f->bus);
		break;
	default:
		break;
	}
}

static char post_letter(const struct fake_post *p)
{
	switch (fake_u32(p->bytes)) {
	case HVP_VMBUS_GPADL_HEADER:
		return 'h';
	case HVP_VMBUS_GPADL_TEARDOWN:
		return 't';
	case HVP_VMBUS_OPEN_CHANNEL:
		return 'o';
	case HVP_VMBUS_CLOSE_CHANNEL:
		return 'c';
	case HVP_VMBUS_MODIFY_CHANNEL:
		return 'm';
	case HVP_VMBUS_REL_ID_RELEASED:
		return 'f';
	case HVP_VMBUS_OPEN_RESERVED_CHANNEL:
		return 'w';
	case HVP_VMBUS_CLOSE_RESERVED_CHANNEL:
		return 'x';
	default:
		return '?';
	}
}

/* 0: not about a channel. */
static char event_letter(const struct hvp_event *ev)
{
	switch (ev->type) {
	case HVP_EV_OPENED:
		return ev->status == HVP_OK ? 'o' : 'f';
	case HVP_EV_MODIFIED:
		return 'm';
	case HVP_EV_RESCINDED:
		return 'R';
	case HVP_EV_CLOSED:
		return 'C';
	case HVP_EV_GPADL_CREATED:
		return 'g';
	case HVP_EV_GPADL_RETURNED:
		return 'b';
	default:
		return 0;
	}
}

/* Letters in any order: events of different objects are not ordered among each other. */
static void sort(char *s)
{
	for (size_t i = 0; s[i] != 0; i++)
		for (size_t j = i; j > 0 && s[j - 1] > s[j]; j--) {
			char c = s[j];

			s[j] = s[j - 1];
			s[j - 1] = c;
		}
}

static void describe(struct setting *s, char *out)
{
	struct hvp_event ev;
	char events[32] = "";
	size_t n = 0;

	while (hvp_bus_next_event(&s->f->bus, &ev))
		if (event_letter(&ev) != 0)
			events[n++] = event_letter(&ev);
	sort(events);
	fake_tick(s->f);
	*out++ = state_letters[hvp_channel_state(s->ch)];
	*out++ = ':';
	while (s->f->read < s->f->posted)
		*out++ = post_letter(fake_next_post(s->f));
	*out++ = ':';
	strcpy(out, events);
}

static void outcome(struct setting *s, enum input in, char *out)
{
	struct hvp_bus_stats before = *hvp_bus_stats(&s->f->bus);
	enum hvp_status status = call(s, in);

	if (status != HVP_OK) {
		strcpy(out, status == HVP_STATE ? "S" : status == HVP_REVOKED ? "V" : "?");
		return;
	}
	host(s, in);
	fake_tick(s->f);
	if (in >= OFFER && in < UNLOADED && hvp_bus_stats(&s->f->bus)->dropped > before.dropped)
		strcpy(out, "D");
	else if (in >= OFFER && in < UNLOADED &&
		 hvp_bus_stats(&s->f->bus)->ignored > before.ignored)
		strcpy(out, "I");
	else
		describe(s, out);
}

static void want(const char *cell, char *out)
{
	const char *colon = strrchr(cell, ':');

	strcpy(out, cell);
	if (colon)
		sort(out + (colon - cell) + 1);
}

/* Nothing may have moved when the input was refused, dropped or ignored. */
static void check_unmoved(struct setting *s, enum hvp_channel_state state)
{
	struct hvp_event ev;

	ck_assert_int_eq(hvp_channel_state(s->ch), state);
	fake_expect_nothing(s->f);
	while (hvp_bus_next_event(&s->f->bus, &ev))
		ck_assert_int_eq(ev.type, HVP_EV_DROPPED);
}

START_TEST(channel_answers_every_input_in_every_state_as_written)
{
	enum hvp_channel_state state = (enum hvp_channel_state)(_i / INPUTS);
	enum input in = (enum input)(_i % INPUTS);
	const char *cell = expected[state][in];
	struct setting s = { 0 };
	char got[64];
	char wanted[64];

	if (!cell || strcmp(cell, "-") == 0)
		return;
	s.f = fake_connected(HVP_VMBUS_VERSION_5_3, 0);
	reach(&s, state);
	outcome(&s, in, got);
	want(cell, wanted);
	ck_assert_msg(strcmp(got, wanted) == 0, "state %d, %s: got \"%s\", expected \"%s\"",
		      (int)state, input_names[in], got, wanted);
	if (strlen(cell) == 1)
		check_unmoved(&s, state);
	fake_free(s.f);
}
END_TEST

START_TEST(the_table_of_outcomes_is_complete)
{
	for (int state = HVP_CHANNEL_OFFERED; state < HVP_CHANNEL_STATES; state++)
		for (int in = 0; in < INPUTS; in++)
			ck_assert_ptr_nonnull(expected[state][in]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("channel_table");
	TCase *tc = tcase_create("states");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, the_table_of_outcomes_is_complete);
	tcase_add_loop_test(tc, channel_answers_every_input_in_every_state_as_written, 0,
			    HVP_CHANNEL_STATES * INPUTS);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
