/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's faults and scripts: what goes wrong when a test says so. */
#include "mockhost_guest.h"

#define GPADL 0x11u

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */
static struct hvm_faults *f;

static void setup(void)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, NULL);
	f = hvm_partition_faults(g.p);
	dev = hvm_scripted_new(g.s, &o);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
}

static void teardown(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static struct hvm_msg_rule rule(uint32_t direction, uint32_t type, enum hvm_msg_action action)
{
	struct hvm_msg_rule r;

	memset(&r, 0, sizeof(r));
	r.direction = direction;
	r.type = type;
	r.channel = HVM_ANY;
	r.action = action;
	return r;
}

static void add(struct hvm_msg_rule r)
{
	ck_assert_int_eq(hvm_fault_message(f, &r), HVP_OK);
}

static void ask_gpadl(uint32_t id)
{
	uint64_t w[2] = { HVM_PAGE, hvm_mem_gpa(g.p, g.post) / HVM_PAGE };

	guest_gpadl_words(&g, 1, id, 1, w, 2);
}

static uint32_t created(void)
{
	struct hvp_vmbus_gpadl_created r;

	guest_expect(&g, HVP_VMBUS_GPADL_CREATED, &r);
	return r.gpadl_id;
}

/* ---- messages ---- */

START_TEST(a_dropped_message_is_posted_with_success_and_never_arrives)
{
	add(rule(HVP_DIR_G2H, HVP_VMBUS_GPADL_HEADER, HVM_MSG_DROP));
	ask_gpadl(1);
	guest_expect_none(&g);
	ask_gpadl(2);
	ck_assert_uint_eq(created(), 2);
}
END_TEST

START_TEST(a_rule_skips_counts_and_is_spent)
{
	struct hvm_msg_rule r = rule(HVP_DIR_H2G, HVP_VMBUS_GPADL_CREATED, HVM_MSG_DROP);
	uint32_t i;

	r.skip = 1;
	r.count = 2;
	add(r);
	ck_assert_uint_eq(hvm_fault_unspent(f), 1);
	for (i = 1; i <= 4; i++)
		ask_gpadl(i);
	ck_assert_uint_eq(created(), 1);
	ck_assert_uint_eq(created(), 4);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_fault_unspent(f), 0);
}
END_TEST

START_TEST(a_rule_for_one_channel_leaves_the_others_alone)
{
	struct hvm_msg_rule r = rule(HVP_DIR_H2G, HVM_ANY, HVM_MSG_DROP);

	r.channel = 2;
	r.count = HVM_ALWAYS;
	add(r);
	ask_gpadl(1);
	ck_assert_uint_eq(created(), 1);
	r.channel = 1;
	add(r);
	ask_gpadl(2);
	guest_expect_none(&g);
}
END_TEST

START_TEST(a_delayed_message_is_overtaken)
{
	struct hvm_msg_rule r = rule(HVP_DIR_H2G, HVP_VMBUS_GPADL_CREATED, HVM_MSG_DELAY);

	r.delay = 5 * HVM_MS;
	add(r);
	ask_gpadl(1);
	ask_gpadl(2);
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_eq(created(), 2);
	ck_assert_uint_eq(created(), 1);
	ck_assert_uint_ge(hvm_sched_now(hvm_partition_sched(g.p)), 5 * HVM_MS);
}
END_TEST

START_TEST(a_reordered_message_comes_after_the_next)
{
	add(rule(HVP_DIR_G2H, HVP_VMBUS_GPADL_HEADER, HVM_MSG_REORDER));
	ask_gpadl(1);
	guest_expect_none(&g);
	ask_gpadl(2);
	ck_assert_uint_eq(created(), 2);
	ck_assert_uint_eq(created(), 1);
}
END_TEST

START_TEST(a_duplicated_message_comes_twice)
{
	add(rule(HVP_DIR_H2G, HVP_VMBUS_GPADL_CREATED, HVM_MSG_DUPLICATE));
	ask_gpadl(7);
	ck_assert_uint_eq(created(), 7);
	ck_assert_uint_eq(created(), 7);
	guest_expect_none(&g);
}
END_TEST

START_TEST(bits_of_a_byte_are_changed_under_a_mask)
{
	struct hvm_msg_rule r = rule(HVP_DIR_H2G, HVP_VMBUS_GPADL_CREATED, HVM_MSG_CORRUPT);
	struct bytes m;

	r.offset = 12;
	r.mask = 0xf0;
	r.value = 0xa5;
	add(r);
	ask_gpadl(0x17);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.b[12], 0xa7);
}
END_TEST

START_TEST(a_resized_message_is_cut_or_gets_zeros)
{
	struct hvm_msg_rule r = rule(HVP_DIR_H2G, HVP_VMBUS_GPADL_CREATED, HVM_MSG_RESIZE);
	struct bytes m;

	r.value = 9;
	add(r);
	r.value = 30;
	add(r);
	ask_gpadl(1);
	ask_gpadl(2);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 9);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 30);
	ck_assert_uint_eq(m.b[29], 0);
	r.value = 241;
	ck_assert_int_eq(hvm_fault_message(f, &r), HVP_ARG);
}
END_TEST

/* ---- hypercalls and signals ---- */

START_TEST(a_hypercall_fails_by_code_type_and_count)
{
	struct hvm_call_rule r;
	uint8_t m[8] = { HVP_VMBUS_REQUEST_OFFERS };

	memset(&r, 0, sizeof(r));
	r.code = HVP_HV_CALL_POST_MESSAGE;
	r.type = HVP_VMBUS_REQUEST_OFFERS;
	r.connection_id = HVM_ANY;
	r.count = 2;
	r.status = HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	ck_assert_int_eq(hvm_fault_call(f, &r), HVP_OK);
	ask_gpadl(1);
	ck_assert_uint_eq(created(), 1);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, 8), r.status);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, 8), r.status);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, 8), 0);
	ck_assert_uint_eq(hvm_server_received(g.s, HVP_VMBUS_REQUEST_OFFERS), 2);
}
END_TEST

START_TEST(a_failing_call_may_take_effect_all_the_same)
{
	struct hvm_call_rule r;
	uint8_t m[8] = { HVP_VMBUS_UNLOAD };

	memset(&r, 0, sizeof(r));
	r.code = HVM_ANY;
	r.type = HVM_ANY;
	r.connection_id = g.connection_id;
	r.status = HVP_HV_STATUS_TIMEOUT;
	r.deliver = true;
	ck_assert_int_eq(hvm_fault_call(f, &r), HVP_OK);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, 8), HVP_HV_STATUS_TIMEOUT);
	guest_expect(&g, HVP_VMBUS_UNLOAD_COMPLETE, NULL);
}
END_TEST

static void open_channel(void)
{
	guest_gpadl(&g, 1, GPADL, 4);
	guest_open(&g, 1, GPADL, 2, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
}

static uint64_t signals(void)
{
	struct hvm_channel_info i;

	hvm_channel_info(hvm_server_channel(g.s, 1), &i);
	return i.signals;
}

static void add_signal(uint32_t direction, enum hvm_signal_action action, uint64_t delay)
{
	struct hvm_signal_rule r;

	memset(&r, 0, sizeof(r));
	r.direction = direction;
	r.channel = 1;
	r.action = action;
	r.delay = delay;
	ck_assert_int_eq(hvm_fault_signal(f, &r), HVP_OK);
}

START_TEST(signals_are_lost_doubled_and_delayed)
{
	open_channel();
	add_signal(HVP_DIR_G2H, HVM_SIGNAL_DROP, 0);
	add_signal(HVP_DIR_G2H, HVM_SIGNAL_DUPLICATE, 0);
	ck_assert_uint_eq(guest_signal(&g, 0x2001), 0);
	ck_assert_uint_eq(signals(), 0);
	ck_assert_uint_eq(guest_signal(&g, 0x2001), 0);
	ck_assert_uint_eq(signals(), 2);
	add_signal(HVP_DIR_H2G, HVM_SIGNAL_DROP, 0);
	add_signal(HVP_DIR_H2G, HVM_SIGNAL_DELAY, HVM_MS);
	hvm_scripted_signal(dev);
	ck_assert(!guest_flag(&g, 0, 1));
	hvm_scripted_signal(dev);
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS - 1);
	ck_assert_uint_eq(g.siefp[0][HVM_SINT_VMBUS * 256], 0);
	ck_assert(guest_flag(&g, 0, 1));
	add_signal(HVP_DIR_H2G, HVM_SIGNAL_DUPLICATE, 0);
	g.interrupts[0] = 0;
	hvm_scripted_signal(dev);
	ck_assert(guest_flag(&g, 0, 1));
	ck_assert_uint_eq(g.interrupts[0], 1);
}
END_TEST

/* ---- moments ---- */

static unsigned int moments_seen;

static void at_moment(void *ctx, enum hvm_moment moment, uint32_t channel)
{
	(void)ctx;
	(void)moment;
	ck_assert_uint_eq(channel, 1);
	moments_seen++;
}

/* Everything a channel goes through; the guest does not look at answers. */
static void life_of_a_channel(uint8_t *va)
{
	struct hvp_vmbus_modify_channel modify = { .channel_id = 1, .target_vp = 1 };
	uint64_t w[28];
	size_t i;

	for (i = 0; i < 28; i++)
		w[i] = hvm_mem_gpa(g.p, va + i % 4 * HVM_PAGE) / HVM_PAGE;
	w[0] = 27 * HVM_PAGE;
	guest_gpadl_words(&g, 1, 0x50, 1, w, 28);
	w[0] = 4 * HVM_PAGE;
	for (i = 0; i < 4; i++)
		w[1 + i] = hvm_mem_gpa(g.p, va + i * HVM_PAGE) / HVM_PAGE;
	guest_gpadl_words(&g, 1, GPADL, 1, w, 5);
	guest_open(&g, 1, GPADL, 2, 0);
	guest_post(&g, HVP_VMBUS_MODIFY_CHANNEL, &modify);
	guest_drain(&g);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	guest_teardown(&g, 1, GPADL);
	guest_drain(&g);
}

/* Whichever the moment, one RESCIND comes and the host uses nothing of the channel after it. */
START_TEST(a_channel_is_revoked_at_any_moment_with_one_rescind)
{
	uint8_t *va = hvm_mem_alloc(g.p, 4);
	struct hvm_moment_rule r;

	memset(&r, 0, sizeof(r));
	r.moment = (enum hvm_moment)_i;
	r.channel = HVM_ANY;
	r.revoke = true;
	r.fn = at_moment;
	moments_seen = 0;
	ck_assert_int_eq(hvm_fault_moment(f, &r), HVP_OK);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_post(&g, HVP_VMBUS_REQUEST_OFFERS, "");
	guest_drain(&g);
	life_of_a_channel(va);
	if (_i == HVM_AT_RESCIND)
		hvm_channel_revoke(hvm_server_channel(g.s, 1));
	if (_i == HVM_AT_RELEASED) {
		/* The guest does not know the channel any more: there is nothing to say. */
		guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
		ck_assert_ptr_null(hvm_server_channel(g.s, 1));
	} else {
		ck_assert_uint_eq(hvm_server_sent(g.s, HVP_VMBUS_RESCIND_CHANNEL_OFFER), 1);
		ck_assert_int_eq(state_of(&g, 1), HVM_CH_REVOKED);
	}
	ck_assert_uint_eq(moments_seen, 1);
	hvm_mem_free(g.p, va, 4);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
}
END_TEST

/* ---- loads ---- */

START_TEST(memory_changes_between_two_loads)
{
	uint32_t words[2] = { 1, 2 };
	struct hvm_load_rule r;

	memset(&r, 0, sizeof(r));
	r.addr = &words[1];
	r.skip = 1;
	r.len = 4;
	r.bytes[0] = 9;
	ck_assert_int_eq(hvm_fault_load(f, &r), HVP_OK);
	hvm_faults_shared_load(f, &words[0], 4);
	hvm_faults_shared_load(f, &words[1], 4);
	ck_assert_uint_eq(words[1], 2);
	hvm_faults_shared_load(f, &words[0], 8);
	ck_assert_uint_eq(words[1], 9);
	words[1] = 3;
	hvm_faults_shared_load(f, &words[1], 4);
	ck_assert_uint_eq(words[1], 3);
	r.len = 9;
	ck_assert_int_eq(hvm_fault_load(f, &r), HVP_ARG);
}
END_TEST

/* ---- scripts ---- */

START_TEST(a_held_question_is_handled_when_released_and_a_held_answer_sent_then)
{
	size_t size;

	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_HEADER, HVM_MODE_HOLD, NULL, 0);
	ask_gpadl(1);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_server_held(g.s), 1);
	ck_assert_ptr_nonnull(hvm_server_held_get(g.s, 0, &size));
	ck_assert_uint_eq(size, 36);
	ck_assert_int_eq(gpadl_state(&g, 1, 1), HVM_GPADL_NONE);
	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_CREATED, HVM_MODE_HOLD, NULL, 0);
	ck_assert_int_eq(hvm_server_release(g.s, 0, false), HVP_OK);
	ck_assert_int_eq(gpadl_state(&g, 1, 1), HVM_GPADL_ACCEPTED);
	guest_expect_none(&g);
	ck_assert_int_eq(hvm_server_release(g.s, 0, false), HVP_OK);
	ck_assert_uint_eq(created(), 1);
	ck_assert_int_eq(hvm_server_release(g.s, 0, false), HVP_ARG);
}
END_TEST

START_TEST(ignored_and_custom_answers_replace_the_automatic_ones)
{
	static const uint8_t odd[] = { 0xee, 0xdd };
	struct bytes m;

	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_HEADER, HVM_MODE_IGNORE, NULL, 0);
	ask_gpadl(1);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_server_dropped(g.s, HVM_DROP_SCRIPT), 1);
	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_HEADER, HVM_MODE_CUSTOM, odd, sizeof(odd));
	ask_gpadl(2);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 2);
	ck_assert_mem_eq(m.b, odd, 2);
	ck_assert_int_eq(gpadl_state(&g, 1, 2), HVM_GPADL_NONE);
	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_HEADER, HVM_MODE_AUTO, NULL, 0);
	hvm_server_set_mode(g.s, HVP_VMBUS_GPADL_CREATED, HVM_MODE_CUSTOM, odd, 1);
	ask_gpadl(3);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 1);
	ck_assert_int_eq(gpadl_state(&g, 1, 3), HVM_GPADL_ACCEPTED);
	ck_assert_int_eq(hvm_server_set_mode(g.s, 32, HVM_MODE_HOLD, NULL, 0), HVP_ARG);
}
END_TEST

START_TEST(raw_bytes_go_out_in_order_and_may_be_nothing)
{
	struct bytes m;

	ck_assert_int_eq(hvm_server_send_raw(g.s, "abc", 3), HVP_OK);
	ck_assert_int_eq(hvm_server_send_raw(g.s, NULL, 0), HVP_OK);
	ask_gpadl(1);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 3);
	ck_assert(guest_take(&g, &m));
	ck_assert_uint_eq(m.n, 0);
	ck_assert_uint_eq(created(), 1);
	ck_assert_int_eq(hvm_server_send_raw(g.s, m.b, 241), HVP_ARG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost fault");
	TCase *t = tcase_create("fault");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_dropped_message_is_posted_with_success_and_never_arrives);
	tcase_add_test(t, a_rule_skips_counts_and_is_spent);
	tcase_add_test(t, a_rule_for_one_channel_leaves_the_others_alone);
	tcase_add_test(t, a_delayed_message_is_overtaken);
	tcase_add_test(t, a_reordered_message_comes_after_the_next);
	tcase_add_test(t, a_duplicated_message_comes_twice);
	tcase_add_test(t, bits_of_a_byte_are_changed_under_a_mask);
	tcase_add_test(t, a_resized_message_is_cut_or_gets_zeros);
	tcase_add_test(t, a_hypercall_fails_by_code_type_and_count);
	tcase_add_test(t, a_failing_call_may_take_effect_all_the_same);
	tcase_add_test(t, signals_are_lost_doubled_and_delayed);
	tcase_add_loop_test(t, a_channel_is_revoked_at_any_moment_with_one_rescind, 0, HVM_MOMENTS);
	tcase_add_test(t, memory_changes_between_two_loads);
	tcase_add_test(t, a_held_question_is_handled_when_released_and_a_held_answer_sent_then);
	tcase_add_test(t, ignored_and_custom_answers_replace_the_automatic_ones);
	tcase_add_test(t, raw_bytes_go_out_in_order_and_may_be_nothing);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
