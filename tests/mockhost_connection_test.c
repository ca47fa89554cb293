/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's connection: every pair of the table, then what the pairs mean. */
#include "mockhost_guest.h"

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */

static const uint32_t versions[] = {
	HVP_VMBUS_VERSION_0_13, HVP_VMBUS_VERSION_1_1, HVP_VMBUS_VERSION_2_4, HVP_VMBUS_VERSION_3_0,
	HVP_VMBUS_VERSION_4_0,	HVP_VMBUS_VERSION_4_1, HVP_VMBUS_VERSION_5_0, HVP_VMBUS_VERSION_5_1,
	HVP_VMBUS_VERSION_5_2,	HVP_VMBUS_VERSION_5_3, HVP_VMBUS_VERSION_6_0,
};

#define NVERSIONS (sizeof(versions) / sizeof(versions[0]))

static void start(const struct hvm_server_config *sc)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, sc);
	dev = hvm_scripted_new(g.s, &o);
	ck_assert_ptr_nonnull(dev);
}

static void stop(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static void setup(void)
{
	start(NULL);
}

static struct hvm_conn_info info(void)
{
	struct hvm_conn_info i;

	hvm_server_info(g.s, &i);
	return i;
}

static void post_type(uint32_t type)
{
	uint8_t m[28] = { (uint8_t)type };

	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, sizeof(m)), 0);
}

static struct hvp_vmbus_initiate_contact contact_of(uint32_t version)
{
	struct hvp_vmbus_initiate_contact m;

	memset(&m, 0, sizeof(m));
	m.version_requested = version;
	m.has_interrupt_page = version < HVP_VMBUS_VERSION_5_0;
	m.has_target = !m.has_interrupt_page;
	m.target_sint = HVM_SINT_VMBUS;
	return m;
}

static void post_contact(const struct hvp_vmbus_initiate_contact *m)
{
	g.neg.version = m->version_requested;
	guest_post(&g, HVP_VMBUS_INITIATE_CONTACT, m);
}

static void open_one(void)
{
	guest_gpadl(&g, 1, 0x11, 4);
	guest_open(&g, 1, 0x11, 2, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
}

/* ---- every pair ---- */

struct pair {
	enum hvm_conn_state from;
	uint32_t type;
	enum hvm_conn_state to;
	uint32_t reply; /* 0: none */
	int drop; /* -1: not dropped */
};

#define ST(s) HVM_CONN_##s
#define M(t) HVP_VMBUS_##t
#define DROPS(st, t) \
	{ \
		ST(st), M(t), ST(st), 0, HVM_DROP_STATE \
	}

static const struct pair pairs[] = {
	{ ST(DISCONNECTED), M(INITIATE_CONTACT), ST(CONNECTING), 0, -1 },
	DROPS(DISCONNECTED, REQUEST_OFFERS),
	DROPS(DISCONNECTED, UNLOAD),
	DROPS(DISCONNECTED, MODIFY_CONNECTION),
	DROPS(DISCONNECTED, PAUSE),
	DROPS(DISCONNECTED, RESUME),
	DROPS(DISCONNECTED, CLOSE_CHANNEL),
	DROPS(DISCONNECTED, GPADL_BODY),
	{ ST(DISCONNECTED), M(CLOSE_RESERVED_CHANNEL), ST(DISCONNECTED), 0, HVM_DROP_CHANNEL },
	{ ST(CONNECTING), M(INITIATE_CONTACT), ST(CONNECTING), 0, -1 },
	DROPS(CONNECTING, REQUEST_OFFERS),
	DROPS(CONNECTING, UNLOAD),
	DROPS(CONNECTING, MODIFY_CONNECTION),
	DROPS(CONNECTING, PAUSE),
	DROPS(CONNECTING, RESUME),
	DROPS(CONNECTING, CLOSE_CHANNEL),
	{ ST(CONNECTING), M(CLOSE_RESERVED_CHANNEL), ST(CONNECTING), 0, HVM_DROP_CHANNEL },
	{ ST(CONNECTED), M(INITIATE_CONTACT), ST(CONNECTING), 0, -1 },
	DROPS(CONNECTED, REQUEST_OFFERS), /* the second one */
	{ ST(CONNECTED), M(UNLOAD), ST(DISCONNECTED), M(UNLOAD_COMPLETE), -1 },
	{ ST(CONNECTED), M(MODIFY_CONNECTION), ST(CONNECTED), M(MODIFY_CONNECTION_RESPONSE), -1 },
	{ ST(CONNECTED), M(PAUSE), ST(CONNECTED), M(PAUSE_RESPONSE), -1 },
	{ ST(CONNECTED), M(RESUME), ST(CONNECTED), 0, -1 },
	{ ST(CONNECTED), M(CLOSE_CHANNEL), ST(CONNECTED), 0, HVM_DROP_CHANNEL },
	{ ST(CONNECTED), M(CLOSE_RESERVED_CHANNEL), ST(CONNECTED), 0, HVM_DROP_CHANNEL },
	{ ST(DISCONNECTING), M(INITIATE_CONTACT), ST(DISCONNECTING), 0, -1 },
	DROPS(DISCONNECTING, REQUEST_OFFERS),
	DROPS(DISCONNECTING, UNLOAD),
	DROPS(DISCONNECTING, MODIFY_CONNECTION),
	DROPS(DISCONNECTING, PAUSE),
	DROPS(DISCONNECTING, RESUME),
	DROPS(DISCONNECTING, CLOSE_CHANNEL),
	{ ST(DISCONNECTING), M(CLOSE_RESERVED_CHANNEL), ST(DISCONNECTING), 0, HVM_DROP_CHANNEL },
};

#undef ST
#undef M

#define NPAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* Version 6.0 with all features, a layer below that waits, an open channel when connected. */
static void bring_to(enum hvm_conn_state state)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_6_0);

	m.feature_flags = HVP_VMBUS_FEATURE_MODIFY_CONNECTION | HVP_VMBUS_FEATURE_PAUSE_RESUME;
	if (state == HVM_CONN_DISCONNECTED)
		return;
	post_contact(&m);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTING);
	if (state == HVM_CONN_CONNECTING)
		return;
	hvm_server_lower_done(g.s, true);
	g.neg.features = m.feature_flags;
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
	g.connection_id = info().connection_id;
	guest_offers(&g, NULL, 0);
	if (state == HVM_CONN_CONNECTED)
		return;
	open_one();
	hvm_scripted_answer(dev, HVM_ASK_CLOSE, true, 0);
	guest_post(&g, HVP_VMBUS_UNLOAD, "");
}

START_TEST(pair_of_state_and_message)
{
	const struct pair *p = &pairs[_i];
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct hvp_vmbus_initiate_contact again = contact_of(HVP_VMBUS_VERSION_6_0);
	uint64_t before[HVM_DROPS], drops = 0;
	int i;

	sc.hold_lower = true;
	start(&sc);
	bring_to(p->from);
	ck_assert_int_eq(info().state, p->from);
	for (i = 0; i < HVM_DROPS; i++)
		before[i] = hvm_server_dropped(g.s, (enum hvm_drop)i);
	if (p->type == HVP_VMBUS_INITIATE_CONTACT)
		post_contact(&again);
	else
		post_type(p->type);
	ck_assert_int_eq(info().state, p->to);
	if (p->reply)
		guest_expect(&g, p->reply, NULL);
	guest_expect_none(&g);
	for (i = 0; i < HVM_DROPS; i++) {
		drops += hvm_server_dropped(g.s, (enum hvm_drop)i) - before[i];
		if (i == p->drop)
			ck_assert_uint_eq(hvm_server_dropped(g.s, (enum hvm_drop)i), before[i] + 1);
	}
	ck_assert_uint_eq(drops, p->drop >= 0);
	stop();
}
END_TEST

START_TEST(lower_layer_answers_and_resets_move_every_state_as_the_table_says)
{
	static const enum hvm_conn_state after[][4] = {
		/* disconnected, connecting, connected, disconnecting */
		{ HVM_CONN_DISCONNECTED, HVM_CONN_CONNECTED, HVM_CONN_CONNECTED,
		  HVM_CONN_DISCONNECTING }, /* applied */
		{ HVM_CONN_DISCONNECTED, HVM_CONN_DISCONNECTED, HVM_CONN_CONNECTED,
		  HVM_CONN_DISCONNECTING }, /* failed */
		{ HVM_CONN_DISCONNECTED, HVM_CONN_DISCONNECTED, HVM_CONN_DISCONNECTED,
		  HVM_CONN_DISCONNECTING }, /* guest lost */
	};
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	int what = _i / 4, state = _i % 4;

	sc.hold_lower = true;
	start(&sc);
	bring_to((enum hvm_conn_state)state);
	if (what == 2)
		hvm_server_drop_connection(g.s);
	else
		hvm_server_lower_done(g.s, what == 0);
	ck_assert_int_eq(info().state, after[what][state]);
	stop();
}
END_TEST

/* ---- contact ---- */

START_TEST(every_version_of_the_table_is_accepted_and_nothing_between)
{
	size_t i;

	for (i = 0; i < NVERSIONS; i++) {
		guest_connect(&g, versions[i], 0);
		ck_assert_uint_eq(info().version, versions[i]);
		ck_assert_uint_eq(info().connection_id,
				  versions[i] < HVP_VMBUS_VERSION_5_0 ? 1 : 0x24);
	}
}
END_TEST

static void expect_unsupported(uint32_t version, uint32_t connection)
{
	uint8_t m[40] = { HVP_VMBUS_INITIATE_CONTACT };
	static const uint8_t want[16] = { HVP_VMBUS_VERSION_RESPONSE };
	struct bytes r;

	hvp_put_u32(m + 8, version);
	m[16] = HVM_SINT_VMBUS;
	ck_assert_uint_eq(guest_post_raw(&g, connection, m, sizeof(m)), 0);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.n, sizeof(want));
	ck_assert_mem_eq(r.b, want, sizeof(want));
	ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTED);
}

START_TEST(unlisted_versions_get_sixteen_zero_bytes)
{
	expect_unsupported(0x00020005, 1);
	expect_unsupported(0x00040002, 1);
	expect_unsupported(0x00050004, 4);
	expect_unsupported(0x00060001, 4);
	expect_unsupported(0x00070000, 4);
	expect_unsupported(0xffffffff, 4);
	expect_unsupported(0, 1);
}
END_TEST

START_TEST(an_older_host_has_no_connection_4_and_refuses_what_it_does_not_know)
{
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	uint8_t m[40] = { HVP_VMBUS_INITIATE_CONTACT };

	sc.max_version = HVP_VMBUS_VERSION_4_0;
	start(&sc);
	ck_assert_uint_eq(guest_post_raw(&g, 4, m, sizeof(m)), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	expect_unsupported(HVP_VMBUS_VERSION_4_1, 1);
	guest_connect(&g, HVP_VMBUS_VERSION_4_0, 0);
	stop();
}
END_TEST

START_TEST(a_version_response_has_the_size_of_its_form)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct bytes r;
	uint8_t *page;

	sc.server_pages = true;
	start(&sc);
	page = hvm_mem_alloc(g.p, 1);
	sc.server_pages_gpa[1] = hvm_mem_gpa(g.p, page);
	stop();
	start(&sc);
	hvm_mem_alloc(g.p, 1);
	post_contact(&m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.n, 16);
	m = contact_of(HVP_VMBUS_VERSION_6_0);
	post_contact(&m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.n, 20);
	m.feature_flags = HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES;
	post_contact(&m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.n, 40);
	ck_assert_uint_eq(hvp_get_u64(r.b + 24), 0);
	ck_assert_uint_eq(hvp_get_u64(r.b + 32), sc.server_pages_gpa[1]);
	stop();
}
END_TEST

START_TEST(granted_features_are_asked_for_and_supported)
{
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;

	guest_connect(&g, HVP_VMBUS_VERSION_6_0, 0xff);
	ck_assert_uint_eq(g.neg.features,
			  0xff & ~(HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS |
				   HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES));
	guest_connect(&g, HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_PAUSE_RESUME);
	ck_assert_uint_eq(g.neg.features, HVP_VMBUS_FEATURE_PAUSE_RESUME);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0xff & ~HVP_VMBUS_FEATURE_CLIENT_ID);
	ck_assert_uint_eq(info().features, 0);
	stop();
	sc.trusted = true;
	sc.features = HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS;
	start(&sc);
	guest_connect(&g, HVP_VMBUS_VERSION_6_0, 0xff);
	ck_assert_uint_eq(g.neg.features, HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS);
}
END_TEST

START_TEST(one_monitor_page_fails_in_the_words_of_the_version)
{
	struct hvp_vmbus_version_response r;
	size_t i;

	for (i = 0; i < NVERSIONS; i++) {
		struct hvp_vmbus_initiate_contact m = contact_of(versions[i]);

		m.parent_to_child_monitor_page_gpa = hvm_mem_gpa(g.p, g.post);
		post_contact(&m);
		guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
		ck_assert_uint_eq(r.version_supported, versions[i] >= HVP_VMBUS_VERSION_2_4);
		ck_assert_uint_eq(r.connection_state, versions[i] >= HVP_VMBUS_VERSION_2_4 ? 2 : 0);
		ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTED);
	}
}
END_TEST

START_TEST(monitor_and_interrupt_pages_must_be_aligned_ram)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_4_0);
	struct hvp_vmbus_version_response r;

	m.parent_to_child_monitor_page_gpa = hvm_mem_gpa(g.p, g.post);
	m.child_to_parent_monitor_page_gpa = m.parent_to_child_monitor_page_gpa + 8;
	post_contact(&m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.connection_state, 2);
	m.child_to_parent_monitor_page_gpa = 0x1000;
	post_contact(&m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.connection_state, 2);
	m = contact_of(HVP_VMBUS_VERSION_1_1);
	m.interrupt_page_gpa = hvm_mem_gpa(g.p, g.post) + 16;
	post_contact(&m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.version_supported, 0);
}
END_TEST

START_TEST(another_sint_is_answered_there_and_changes_nothing)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	m.target_sint = 5;
	m.target_message_vp = 1;
	guest_post(&g, HVP_VMBUS_INITIATE_CONTACT, &m);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvp_get_u32(g.simp[1] + 5 * 256), 1);
	ck_assert_uint_eq(g.simp[1][5 * 256 + 4], 16);
	ck_assert_uint_eq(g.simp[1][5 * 256 + 16], HVP_VMBUS_VERSION_RESPONSE);
	ck_assert_uint_eq(g.simp[1][5 * 256 + 24], 0);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTED);
}
END_TEST

START_TEST(another_vtl_gets_no_answer_from_this_server)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_1);

	m.target_vtl = 2;
	post_contact(&m);
	guest_expect_none(&g);
	ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTED);
}
END_TEST

START_TEST(a_client_id_flag_without_the_id_drops_the_contact)
{
	uint8_t m[40] = { HVP_VMBUS_INITIATE_CONTACT };

	guest_connect(&g, HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_CLIENT_ID);
	hvp_put_u32(m + 8, HVP_VMBUS_VERSION_6_0);
	m[16] = HVM_SINT_VMBUS;
	hvp_put_u32(m + 20, HVP_VMBUS_FEATURE_CLIENT_ID);
	ck_assert_uint_eq(guest_post_raw(&g, 4, m, sizeof(m)), 0);
	guest_expect_none(&g);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTED);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_SIZE), 1);
}
END_TEST

START_TEST(messages_go_to_the_message_vp_from_3_0_on)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_2_4);
	struct bytes r;

	m.target_message_vp = 1;
	post_contact(&m);
	ck_assert(guest_take_vp(&g, 0, &r));
	ck_assert(!guest_take_vp(&g, 1, &r));
	m = contact_of(HVP_VMBUS_VERSION_3_0);
	m.target_message_vp = 1;
	post_contact(&m);
	ck_assert(guest_take_vp(&g, 1, &r));
	ck_assert(!guest_take_vp(&g, 0, &r));
	ck_assert_uint_eq(hvp_get_u32(r.b + 12), HVP_VMBUS_VERSION_3_0);
}
END_TEST

START_TEST(a_message_vp_that_does_not_exist_loses_the_answer_and_nothing_else)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);

	m.target_message_vp = 77;
	post_contact(&m);
	guest_expect_none(&g);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
}
END_TEST

START_TEST(the_newest_contact_wins_while_one_is_applied)
{
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_4_0);
	struct hvp_vmbus_version_response r;

	sc.hold_lower = true;
	start(&sc);
	post_contact(&m);
	m = contact_of(HVP_VMBUS_VERSION_3_0);
	post_contact(&m);
	hvm_server_lower_done(g.s, true);
	guest_expect_none(&g);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTING);
	hvm_server_lower_done(g.s, true);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.selected_version_or_connection_id, HVP_VMBUS_VERSION_3_0);
	stop();
}
END_TEST

START_TEST(a_lower_layer_that_fails_fails_the_contact)
{
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);
	struct hvp_vmbus_version_response r;

	sc.hold_lower = true;
	start(&sc);
	post_contact(&m);
	hvm_server_lower_done(g.s, false);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.version_supported, 1);
	ck_assert_uint_eq(r.connection_state, 2);
	stop();
}
END_TEST

START_TEST(a_new_contact_releases_everything_before_its_answer)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);

	guest_connect(&g, HVP_VMBUS_VERSION_6_0, 0);
	guest_offers(&g, NULL, 0);
	open_one();
	hvm_scripted_answer(dev, HVM_ASK_CLOSE, true, 0);
	post_contact(&m);
	guest_expect_none(&g);
	ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTING);
	ck_assert_int_eq(hvm_scripted_finish(dev, HVM_ASK_CLOSE, 0), HVP_OK);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTED);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_RELEASED);
	ck_assert_int_eq(gpadl_state(&g, 1, 0x11), HVM_GPADL_NONE);
}
END_TEST

START_TEST(an_unknown_version_tears_the_connection_down_first)
{
	guest_connect(&g, HVP_VMBUS_VERSION_6_0, 0);
	guest_offers(&g, NULL, 0);
	open_one();
	expect_unsupported(0x00050009, 4);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_RELEASED);
}
END_TEST

/* ---- connected ---- */

START_TEST(unload_waits_for_devices_and_gives_pages_back_before_its_answer)
{
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);
	uint8_t *pages = hvm_mem_alloc(g.p, 2);
	uint64_t gfn = hvm_mem_gpa(g.p, pages) / HVM_PAGE;

	m.parent_to_child_monitor_page_gpa = hvm_mem_gpa(g.p, pages);
	m.child_to_parent_monitor_page_gpa = hvm_mem_gpa(g.p, pages + HVM_PAGE);
	post_contact(&m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
	g.connection_id = info().connection_id;
	guest_offers(&g, NULL, 0);
	open_one();
	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 1);
	hvm_scripted_answer(dev, HVM_ASK_CLOSE, true, 0);
	guest_post(&g, HVP_VMBUS_UNLOAD, "");
	guest_expect_none(&g);
	hvm_scripted_finish(dev, HVM_ASK_CLOSE, 0);
	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 0);
	guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
	ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTED);
	hvm_mem_free(g.p, pages, 2);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

/* One device closes at once, the other one takes its time. */
START_TEST(unload_waits_for_every_device_however_fast_the_others_are)
{
	struct hvm_offer o = offer_of(0x20, 1);
	struct hvm_scripted *quick = hvm_scripted_new(g.s, &o);

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
	open_one();
	guest_gpadl(&g, 2, 0x12, 4);
	guest_open(&g, 2, 0x12, 2, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	hvm_scripted_answer(dev, HVM_ASK_CLOSE, true, 0);
	guest_post(&g, HVP_VMBUS_UNLOAD, "");
	guest_expect_none(&g);
	ck_assert_int_eq(state_of(&g, 2), HVM_CH_RELEASED);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_CLOSING_RELEASE);
	hvm_scripted_finish(dev, HVM_ASK_CLOSE, 0);
	guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
	hvm_scripted_free(quick);
}
END_TEST

START_TEST(unload_is_answered_at_every_version)
{
	size_t i;

	for (i = 0; i < NVERSIONS; i++) {
		guest_connect(&g, versions[i], 0);
		guest_post(&g, HVP_VMBUS_UNLOAD, "");
		if (versions[i] < HVP_VMBUS_VERSION_1_1)
			g.neg.version = HVP_VMBUS_VERSION_1_1;
		guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
		ck_assert_int_eq(info().state, HVM_CONN_DISCONNECTED);
	}
}
END_TEST

START_TEST(a_second_request_for_offers_is_dropped)
{
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 1);
	post_type(HVP_VMBUS_REQUEST_OFFERS);
	guest_expect_none(&g);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&g, NULL, 0), 1);
}
END_TEST

START_TEST(while_paused_only_resume_unload_and_contact_are_handled)
{
	struct hvm_offer o = offer_of(0x20, 1);

	guest_connect(&g, HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_PAUSE_RESUME);
	guest_offers(&g, NULL, 0);
	guest_post(&g, HVP_VMBUS_PAUSE, "");
	guest_expect(&g, HVP_VMBUS_PAUSE_RESPONSE, NULL);
	ck_assert(info().paused);
	post_type(HVP_VMBUS_PAUSE);
	post_type(HVP_VMBUS_GPADL_TEARDOWN);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_STATE), 2);
	ck_assert_ptr_nonnull(hvm_server_offer(g.s, &o, NULL, NULL));
	guest_expect_none(&g);
	guest_post(&g, HVP_VMBUS_RESUME, "");
	guest_expect(&g, HVP_VMBUS_OFFER_CHANNEL, NULL);
	guest_post(&g, HVP_VMBUS_PAUSE, "");
	guest_expect(&g, HVP_VMBUS_PAUSE_RESPONSE, NULL);
	guest_post(&g, HVP_VMBUS_UNLOAD, "");
	guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
}
END_TEST

START_TEST(modify_connection_replaces_both_pages_or_fails_with_nine_bytes)
{
	struct hvp_vmbus_modify_connection m;
	uint8_t *pages = hvm_mem_alloc(g.p, 2);
	struct bytes r;

	memset(&m, 0, sizeof(m));
	guest_connect(&g, HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_MODIFY_CONNECTION);
	m.parent_to_child_monitor_page_gpa = hvm_mem_gpa(g.p, pages);
	guest_post(&g, HVP_VMBUS_MODIFY_CONNECTION, &m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.n, 9);
	ck_assert_uint_eq(r.b[8], 2);
	ck_assert_uint_eq(info().monitor_pages[0], 0);
	m.child_to_parent_monitor_page_gpa = hvm_mem_gpa(g.p, pages + HVM_PAGE);
	guest_post(&g, HVP_VMBUS_MODIFY_CONNECTION, &m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.b[8], 0);
	ck_assert_uint_eq(info().monitor_pages[1], m.child_to_parent_monitor_page_gpa);
	memset(&m, 0, sizeof(m));
	guest_post(&g, HVP_VMBUS_MODIFY_CONNECTION, &m);
	ck_assert(guest_take(&g, &r));
	ck_assert_uint_eq(r.b[8], 0);
	hvm_mem_free(g.p, pages, 2);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

/* ---- what is dropped ---- */

START_TEST(unknown_wrong_way_short_and_early_messages_are_dropped_and_counted)
{
	static const uint8_t h2g[] = { 1, 2, 4, 6, 10, 12, 15, 17, 20, 23, 24, 26, 28 };
	uint8_t m[200] = { 0 };
	size_t i;

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	for (i = 0; i < sizeof(h2g); i++) {
		m[0] = h2g[i];
		guest_post_raw(&g, g.connection_id, m, sizeof(m));
	}
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_DIRECTION), sizeof(h2g));
	m[0] = 0;
	guest_post_raw(&g, g.connection_id, m, 8);
	m[0] = 30;
	guest_post_raw(&g, g.connection_id, m, 8);
	hvp_put_u32(m, 0x80000005u);
	guest_post_raw(&g, g.connection_id, m, 148);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_TYPE), 3);
	hvp_put_u32(m, HVP_VMBUS_OPEN_CHANNEL);
	guest_post_raw(&g, g.connection_id, m, 147);
	guest_post_raw(&g, g.connection_id, m, 7);
	guest_post_raw(&g, g.connection_id, m, 0);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_SIZE), 3);
	hvp_put_u32(m, HVP_VMBUS_PAUSE);
	guest_post_raw(&g, g.connection_id, m, 8);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_VERSION), 1);
	guest_expect_none(&g);
	ck_assert_int_eq(info().state, HVM_CONN_CONNECTED);
}
END_TEST

START_TEST(messages_above_the_version_are_dropped_at_each_gate)
{
	static const struct {
		uint32_t type, since;
	} gates[] = {
		{ HVP_VMBUS_OPEN_RESERVED_CHANNEL, HVP_VMBUS_VERSION_4_0 },
		{ HVP_VMBUS_TL_CONNECT_REQUEST, HVP_VMBUS_VERSION_4_0 },
		{ HVP_VMBUS_MODIFY_CHANNEL, HVP_VMBUS_VERSION_4_1 },
		{ HVP_VMBUS_MODIFY_CONNECTION, HVP_VMBUS_VERSION_6_0 },
		{ HVP_VMBUS_PAUSE, HVP_VMBUS_VERSION_6_0 },
	};
	uint8_t m[40] = { 0 };
	size_t i, k;

	for (k = 0; k < NVERSIONS; k++) {
		guest_connect(&g, versions[k],
			      HVP_VMBUS_FEATURE_PAUSE_RESUME | HVP_VMBUS_FEATURE_MODIFY_CONNECTION);
		for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
			uint64_t n = hvm_server_dropped(g.s, HVM_DROP_VERSION);

			hvp_put_u32(m, gates[i].type);
			guest_post_raw(&g, g.connection_id, m, sizeof(m));
			ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_VERSION) - n,
					  versions[k] < gates[i].since);
			guest_drain(&g);
		}
		ck_assert_int_eq(info().state, HVM_CONN_CONNECTED);
	}
}
END_TEST

START_TEST(messages_on_another_connection_than_the_response_named_are_dropped)
{
	uint8_t m[8] = { HVP_VMBUS_REQUEST_OFFERS };

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_post_raw(&g, 1, m, sizeof(m));
	guest_post_raw(&g, 4, m, sizeof(m));
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_STATE), 2);
	guest_offers(&g, NULL, 0);
}
END_TEST

/* ---- flow ---- */

START_TEST(a_guest_that_does_not_fetch_answers_meets_a_full_port)
{
	uint8_t m[12] = { HVP_VMBUS_GPADL_HEADER };
	unsigned int posted = 0;
	uint8_t header[20] = { HVP_VMBUS_GPADL_HEADER };

	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	memcpy(header, m, sizeof(m));
	/* Each is answered by a failure; the first fills the slot, the second waits. */
	while (guest_post_raw(&g, g.connection_id, header, sizeof(header)) == 0)
		posted++;
	ck_assert_uint_eq(posted, 2 + HVM_PORT_DEPTH);
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 1);
	ck_assert_uint_eq(guest_drain(&g), posted);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, header, sizeof(header)), 0);
}
END_TEST

START_TEST(a_latency_of_the_host_leaves_messages_in_the_port)
{
	struct hvm_partition_config pc = HVM_PARTITION_CONFIG_INIT;
	struct hvp_vmbus_initiate_contact m = contact_of(HVP_VMBUS_VERSION_5_3);

	pc.post_latency = HVM_MS;
	guest_done(&g);
	hvm_scripted_free(dev);
	guest_init(&g, &pc, NULL);
	dev = NULL;
	post_contact(&m);
	ck_assert_uint_eq(hvm_msg_port_waiting(g.p, 4), 1);
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_eq(hvm_msg_port_waiting(g.p, 4), 0);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost connection");
	TCase *t = tcase_create("pairs");
	TCase *c = tcase_create("connection");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, pair_of_state_and_message, 0, (int)NPAIRS);
	tcase_add_loop_test(t, lower_layer_answers_and_resets_move_every_state_as_the_table_says, 0,
			    12);
	tcase_add_test(t, an_older_host_has_no_connection_4_and_refuses_what_it_does_not_know);
	tcase_add_test(t, a_version_response_has_the_size_of_its_form);
	tcase_add_test(t, the_newest_contact_wins_while_one_is_applied);
	tcase_add_test(t, a_lower_layer_that_fails_fails_the_contact);
	tcase_add_checked_fixture(c, setup, stop);
	tcase_add_test(c, every_version_of_the_table_is_accepted_and_nothing_between);
	tcase_add_test(c, unlisted_versions_get_sixteen_zero_bytes);
	tcase_add_test(c, granted_features_are_asked_for_and_supported);
	tcase_add_test(c, one_monitor_page_fails_in_the_words_of_the_version);
	tcase_add_test(c, monitor_and_interrupt_pages_must_be_aligned_ram);
	tcase_add_test(c, another_sint_is_answered_there_and_changes_nothing);
	tcase_add_test(c, another_vtl_gets_no_answer_from_this_server);
	tcase_add_test(c, a_client_id_flag_without_the_id_drops_the_contact);
	tcase_add_test(c, messages_go_to_the_message_vp_from_3_0_on);
	tcase_add_test(c, a_message_vp_that_does_not_exist_loses_the_answer_and_nothing_else);
	tcase_add_test(c, a_new_contact_releases_everything_before_its_answer);
	tcase_add_test(c, an_unknown_version_tears_the_connection_down_first);
	tcase_add_test(c, unload_waits_for_devices_and_gives_pages_back_before_its_answer);
	tcase_add_test(c, unload_waits_for_every_device_however_fast_the_others_are);
	tcase_add_test(c, unload_is_answered_at_every_version);
	tcase_add_test(c, a_second_request_for_offers_is_dropped);
	tcase_add_test(c, while_paused_only_resume_unload_and_contact_are_handled);
	tcase_add_test(c, modify_connection_replaces_both_pages_or_fails_with_nine_bytes);
	tcase_add_test(c, unknown_wrong_way_short_and_early_messages_are_dropped_and_counted);
	tcase_add_test(c, messages_above_the_version_are_dropped_at_each_gate);
	tcase_add_test(c, messages_on_another_connection_than_the_response_named_are_dropped);
	tcase_add_test(c, a_guest_that_does_not_fetch_answers_meets_a_full_port);
	tcase_add_test(c, a_latency_of_the_host_leaves_messages_in_the_port);
	suite_add_tcase(s, t);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
