/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every state of a connection against everything that owner, host and time can do to it. The
 * expected outcomes are written here from chapter 10 sections 6.1, 6.4 and 6.7.
 */
#include "fake_host.h"

enum input {
	CONNECT,
	UNLOAD,
	CRASH,
	LOSE,
	PAUSE,
	RESUME,
	PAGES,
	TL,
	ACCEPTED,
	UNSUPPORTED,
	OFFER,
	RESCIND,
	ALL_OFFERS,
	OPENED,
	CREATED,
	TORNDOWN,
	UNLOADED,
	RESERVED,
	TL_RESULT,
	MODIFIED,
	PAGES_MODIFIED,
	PAUSED,
	TYPE_0,
	OWN_TYPE,
	TYPE_30,
	TYPE_HUGE,
	SEVEN_BYTES,
	TOO_LONG,
	TIME,
	INPUTS
};

static const char *const input_names[INPUTS] = {
	"connect",
	"unload",
	"crash unload",
	"lost",
	"pause",
	"resume",
	"modify pages",
	"TL connect",
	"VERSION_RESPONSE accepted",
	"VERSION_RESPONSE unsupported",
	"OFFER",
	"RESCIND",
	"ALL_OFFERS_DELIVERED",
	"OPEN_CHANNEL_RESULT",
	"GPADL_CREATED",
	"GPADL_TORNDOWN",
	"UNLOAD_COMPLETE",
	"CLOSE_RESERVED_RESPONSE",
	"TL result",
	"MODIFY_CHANNEL_RESPONSE",
	"MODIFY_CONNECTION_RESPONSE",
	"PAUSE_RESPONSE",
	"type 0",
	"a type of the guest",
	"type 30",
	"type 0xffffffff",
	"7 bytes",
	"241 bytes",
	"200 seconds",
};

/*
 * A cell: "S" refused, "I" ignored, "D" dropped; else state, posts and events.
 *
 * States: D disconnected, C contacting, O offering, N connected, P pausing, p paused,
 * U unloading, L lost.
 * Posts: v INITIATE_CONTACT, q REQUEST_OFFERS, u UNLOAD, p PAUSE, r RESUME,
 * g MODIFY_CONNECTION, k TL_CONNECT_REQUEST.
 * Events: c connected, a all offers, d disconnected, l lost, P paused, o offer, R rescinded.
 *
 * Connected states have one channel that was offered and seen, id 5; the offer that comes in
 * is id 6. Only answers to what was asked are more than late, so results are ignored.
 */
static const char *const expected[HVP_BUS_STATES][INPUTS] = {
	[HVP_BUS_DISCONNECTED] = {
		"C:v:", "S", "S", "D::", "S", "S", "S", "S",
		"I", "I", "I", "I", "I", "I", "I", "I",
		"I", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "D::",
	},
	[HVP_BUS_CONTACTING] = {
		"S", "S", "S", "L::l", "S", "S", "S", "S",
		"O:q:c", "C:v:", "D", "D", "D", "D", "D", "D",
		"D", "I", "D", "D", "D", "D",
		"D", "D", "D", "D", "D", "D", "C::",
	},
	[HVP_BUS_OFFERING] = {
		"S", "U:u:", "U:u:", "L::Rl", "S", "S", "O:g:", "O:k:",
		"I", "I", "O::o", "O::R", "N::a", "I", "I", "I",
		"I", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "O::",
	},
	[HVP_BUS_CONNECTED] = {
		"S", "U:u:", "U:u:", "L::Rl", "P:p:", "S", "N:g:", "N:k:",
		"I", "I", "N::o", "N::R", "I", "I", "I", "I",
		"I", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "N::",
	},
	[HVP_BUS_PAUSING] = {
		"S", "U:u:", "U:u:", "L::Rl", "S", "S", "P::", "P::",
		"I", "I", "P::o", "P::R", "I", "I", "I", "I",
		"I", "I", "I", "I", "I", "p::P",
		"D", "D", "D", "D", "D", "D", "P::",
	},
	[HVP_BUS_PAUSED] = {
		"S", "U:u:", "U:u:", "L::Rl", "S", "N:r:", "p::", "p::",
		"I", "I", "p::o", "p::R", "I", "I", "I", "I",
		"I", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "p::",
	},
	[HVP_BUS_UNLOADING] = {
		"S", "S", "U:u:", "L::Rl", "S", "S", "S", "S",
		"I", "I", "I", "I", "I", "I", "I", "I",
		"D::Rd", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "L::Rd",
	},
	[HVP_BUS_LOST] = {
		"C:v:", "S", "S", "L::", "S", "S", "S", "S",
		"I", "I", "I", "I", "I", "I", "I", "I",
		"I", "I", "I", "I", "I", "I",
		"D", "D", "D", "D", "D", "D", "L::",
	},
};

static const char state_letters[] = "DCONPpUL";

#define FEATURES (HVP_VMBUS_FEATURE_MODIFY_CONNECTION | HVP_VMBUS_FEATURE_PAUSE_RESUME)

static void start_contact(struct fake *f)
{
	f->cfg.max_version = HVP_VMBUS_VERSION_6_0;
	f->cfg.features = FEATURES;
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
}

static struct fake *reach(enum hvp_bus_state state)
{
	struct fake *f = fake_new();

	f->cfg.max_version = HVP_VMBUS_VERSION_6_0;
	f->cfg.features = FEATURES;
	fake_start(f);
	if (state == HVP_BUS_DISCONNECTED)
		return f;
	start_contact(f);
	if (state == HVP_BUS_CONTACTING)
		return f;
	fake_version_6(f, FEATURES);
	fake_offer(f, 5);
	if (state != HVP_BUS_OFFERING)
		fake_send_header(f, HVP_VMBUS_ALL_OFFERS_DELIVERED);
	if (state == HVP_BUS_PAUSING || state == HVP_BUS_PAUSED)
		ck_assert_int_eq(hvp_bus_pause(&f->bus), HVP_OK);
	fake_tick(f);
	if (state == HVP_BUS_PAUSED)
		fake_send_header(f, HVP_VMBUS_PAUSE_RESPONSE);
	if (state == HVP_BUS_UNLOADING)
		ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	if (state == HVP_BUS_LOST)
		hvp_bus_lost(&f->bus);
	fake_tick(f);
	return f;
}

static enum hvp_status call(struct fake *f, enum input in)
{
	static const uint64_t none[2] = { 0, 0 };
	static const struct hvp_guid endpoint = { { 1 } };
	static const struct hvp_guid service = { { 2 } };

	switch (in) {
	case CONNECT:
		return hvp_bus_connect(&f->bus);
	case UNLOAD:
		return hvp_bus_unload(&f->bus);
	case CRASH:
		return hvp_bus_crash_unload(&f->bus);
	case LOSE:
		hvp_bus_lost(&f->bus);
		return HVP_OK;
	case PAUSE:
		return hvp_bus_pause(&f->bus);
	case RESUME:
		return hvp_bus_resume(&f->bus);
	case PAGES:
		return hvp_bus_modify_pages(&f->bus, none, NULL);
	case TL:
		return hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL);
	default:
		return HVP_OK;
	}
}

static void odd(struct fake *f, enum input in)
{
	uint8_t m[241] = { HVP_VMBUS_ALL_OFFERS_DELIVERED };

	switch (in) {
	case TYPE_0:
		fake_send_header(f, 0);
		break;
	case OWN_TYPE:
		fake_send_header(f, HVP_VMBUS_REQUEST_OFFERS);
		break;
	case TYPE_30:
		fake_send_header(f, 30);
		break;
	case TYPE_HUGE:
		fake_send_header(f, UINT32_MAX);
		break;
	case SEVEN_BYTES:
		fake_send(f, m, 7);
		break;
	case TOO_LONG:
		fake_send(f, m, 241);
		break;
	case TIME:
		fake_sleep(f, 2000000000u);
		break;
	default:
		break;
	}
}

static void tl_result(struct fake *f)
{
	uint32_t words[9] = { 1, 0, 0, 0, 2, 0, 0, 0, 0xc0000236u };

	fake_send_words(f, HVP_VMBUS_TL_CONNECT_REQUEST_RESULT, words, 9);
}

static void host(struct fake *f, enum input in)
{
	uint8_t byte[9] = { HVP_VMBUS_MODIFY_CONNECTION_RESPONSE };

	switch (in) {
	case ACCEPTED:
		fake_version_6(f, FEATURES);
		break;
	case UNSUPPORTED:
		fake_version(f, 0, 0, 0);
		break;
	case OFFER:
		fake_offer(f, 6);
		break;
	case RESCIND:
		fake_rescind(f, 5);
		break;
	case ALL_OFFERS:
		fake_send_header(f, HVP_VMBUS_ALL_OFFERS_DELIVERED);
		break;
	case OPENED:
		fake_opened(f, 5, 5, 0);
		break;
	case CREATED:
		fake_created(f, 5, 0x1000, 0);
		break;
	case TORNDOWN:
		fake_torndown(f, 0x1000);
		break;
	case UNLOADED:
		fake_send_header(f, HVP_VMBUS_UNLOAD_COMPLETE);
		break;
	case RESERVED:
		fake_send_id(f, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, 5);
		break;
	case TL_RESULT:
		tl_result(f);
		break;
	case MODIFIED:
		fake_modified(f, 5, 0);
		break;
	case PAGES_MODIFIED:
		fake_send(f, byte, sizeof(byte));
		break;
	case PAUSED:
		fake_send_header(f, HVP_VMBUS_PAUSE_RESPONSE);
		break;
	default:
		odd(f, in);
		break;
	}
}

static char post_letter(const struct fake_post *p)
{
	switch (fake_u32(p->bytes)) {
	case HVP_VMBUS_INITIATE_CONTACT:
		return 'v';
	case HVP_VMBUS_REQUEST_OFFERS:
		return 'q';
	case HVP_VMBUS_UNLOAD:
		return 'u';
	case HVP_VMBUS_PAUSE:
		return 'p';
	case HVP_VMBUS_RESUME:
		return 'r';
	case HVP_VMBUS_MODIFY_CONNECTION:
		return 'g';
	case HVP_VMBUS_TL_CONNECT_REQUEST:
		return 'k';
	default:
		return '?';
	}
}

static char event_letter(const struct hvp_event *ev)
{
	static const char letters[] = {
		[HVP_EV_CONNECTED] = 'c',      [HVP_EV_CONNECT_FAILED] = 'F',
		[HVP_EV_DISCONNECTED] = 'd',   [HVP_EV_LOST] = 'l',
		[HVP_EV_OFFERS_DONE] = 'a',    [HVP_EV_PAUSED] = 'P',
		[HVP_EV_PAGES_MODIFIED] = 'M', [HVP_EV_TL_RESULT] = 't',
		[HVP_EV_OFFER] = 'o',	       [HVP_EV_RESCINDED] = 'R',
	};

	return ev->type < sizeof(letters) && letters[ev->type] ? letters[ev->type] : '?';
}

static void describe(struct fake *f, char *out)
{
	struct hvp_event ev;

	*out++ = state_letters[hvp_bus_state(&f->bus)];
	*out++ = ':';
	while (f->read < f->posted)
		*out++ = post_letter(fake_next_post(f));
	*out++ = ':';
	while (hvp_bus_next_event(&f->bus, &ev))
		*out++ = event_letter(&ev);
	*out = 0;
}

static void outcome(struct fake *f, enum input in, char *out)
{
	struct hvp_bus_stats before = *hvp_bus_stats(&f->bus);
	enum hvp_status status = call(f, in);

	if (status != HVP_OK) {
		strcpy(out, status == HVP_STATE ? "S" : "?");
		return;
	}
	host(f, in);
	fake_tick(f);
	if (hvp_bus_stats(&f->bus)->dropped > before.dropped)
		strcpy(out, "D");
	else if (hvp_bus_stats(&f->bus)->ignored > before.ignored)
		strcpy(out, "I");
	else
		describe(f, out);
}

static void check_unmoved(struct fake *f, enum hvp_bus_state state, bool dropped)
{
	struct hvp_event ev;

	ck_assert_int_eq(hvp_bus_state(&f->bus), state);
	fake_expect_nothing(f);
	if (dropped) {
		ev = fake_event(f, HVP_EV_DROPPED);
		ck_assert_uint_eq(ev.count, 1);
		ck_assert_ptr_nonnull(ev.fault.message);
		ck_assert_ptr_nonnull(ev.fault.field);
	}
	fake_no_event(f);
}

START_TEST(bus_answers_every_input_in_every_state_as_written)
{
	enum hvp_bus_state state = (enum hvp_bus_state)(_i / INPUTS);
	enum input in = (enum input)(_i % INPUTS);
	const char *cell = expected[state][in];
	struct fake *f = reach(state);
	char got[64];

	ck_assert_ptr_nonnull(cell);
	fake_skip_events(f);
	fake_skip_posts(f);
	ck_assert_int_eq(hvp_bus_state(&f->bus), state);
	outcome(f, in, got);
	ck_assert_msg(strcmp(got, cell) == 0, "state %d, %s: got \"%s\", expected \"%s\"",
		      (int)state, input_names[in], got, cell);
	if (strlen(cell) == 1)
		check_unmoved(f, state, cell[0] == 'D');
	fake_free(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bus_table");
	TCase *tc = tcase_create("states");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, bus_answers_every_input_in_every_state_as_written, 0,
			    HVP_BUS_STATES * INPUTS);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
