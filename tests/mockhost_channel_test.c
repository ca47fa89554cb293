/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's channels: every pair of the table, then what the pairs mean. */
#include "mockhost_guest.h"

#define GPADL 0x11u

static struct guest g;
static struct hvm_scripted *dev; /* channel 1 */

static void start(uint32_t version, uint32_t features)
{
	struct hvm_offer o = offer_of(0x10, 1);

	guest_init(&g, NULL, NULL);
	dev = hvm_scripted_new(g.s, &o);
	guest_connect(&g, version, features);
	guest_offers(&g, NULL, 0);
}

static void setup(void)
{
	start(HVP_VMBUS_VERSION_5_3, 0);
}

static void teardown(void)
{
	guest_done(&g);
	hvm_scripted_free(dev);
}

static void hold(enum hvm_ask ask)
{
	hvm_scripted_answer(dev, ask, true, 0);
}

static struct hvm_channel *channel(void)
{
	return hvm_server_channel(g.s, 1);
}

static struct hvm_channel_info info(uint32_t id)
{
	struct hvm_channel_info i;

	hvm_channel_info(hvm_server_channel(g.s, id), &i);
	return i;
}

static void open_on(uint32_t id, uint32_t gpadl, uint32_t vp)
{
	struct hvp_vmbus_open_channel_result r;

	guest_gpadl(&g, id, gpadl, 4);
	guest_open(&g, id, gpadl, 2, vp);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, &r);
	ck_assert_uint_eq(r.channel_id, id);
	ck_assert_uint_eq(r.open_id, id + 100);
	ck_assert_uint_eq(r.status, 0);
}

/* ---- every pair ---- */

enum event {
	OPEN,
	OPEN_RESERVED,
	CLOSE,
	CLOSE_RESERVED,
	RELEASED,
	OPEN_OK,
	OPEN_FAILED,
	CLOSED,
	REMOVE,
	READD,
	GUEST_GONE,
	EVENTS
};

/* What happens: D a message is dropped, - nothing at all, else the first messages sent. */
struct outcome {
	enum hvm_channel_state to;
	uint32_t sent[2];
	bool dropped;
	bool gone;
};

#define C(s) HVM_CH_##s
#define STAY(s) \
	{ \
		C(s), { 0, 0 }, false, false \
	}
#define DROP(s) \
	{ \
		C(s), { 0, 0 }, true, false \
	}
#define TO(s, m) \
	{ \
		C(s), { m, 0 }, false, false \
	}
#define GONE \
	{ \
		C(RELEASED), { 0, 0 }, false, true \
	}
#define RESULT HVP_VMBUS_OPEN_CHANNEL_RESULT
#define RESCIND HVP_VMBUS_RESCIND_CHANNEL_OFFER

/* Columns as enum event. GUEST_GONE is UNLOAD; UNLOAD_COMPLETE is not listed. */
static const struct outcome table[HVM_CH_STATES][EVENTS] = {
	[C(RELEASED)] = { DROP(RELEASED), DROP(RELEASED), DROP(RELEASED), DROP(RELEASED),
			  DROP(RELEASED), STAY(RELEASED), STAY(RELEASED), STAY(RELEASED), GONE,
			  STAY(RELEASED), STAY(RELEASED) },
	[C(CLOSED)] = { TO(OPENING, 0), TO(OPENING, 0), DROP(CLOSED), DROP(CLOSED), TO(RELEASED, 0),
			STAY(CLOSED), STAY(CLOSED), STAY(CLOSED), TO(REVOKED, RESCIND),
			STAY(CLOSED), TO(RELEASED, 0) },
	[C(OPENING)] = { DROP(OPENING), DROP(OPENING), DROP(OPENING), DROP(OPENING), DROP(OPENING),
			 TO(OPEN, RESULT), TO(CLOSED, RESULT), STAY(OPENING), TO(REVOKED, RESCIND),
			 STAY(OPENING), TO(OPENING_RELEASE, 0) },
	[C(OPEN)] = { DROP(OPEN), DROP(OPEN), TO(CLOSING, 0), DROP(OPEN), DROP(OPEN), STAY(OPEN),
		      STAY(OPEN), STAY(OPEN), TO(REVOKED, RESCIND), STAY(OPEN),
		      TO(CLOSING_RELEASE, 0) },
	[C(CLOSING)] = { TO(CLOSING_REOPEN, 0), DROP(CLOSING), DROP(CLOSING), DROP(CLOSING),
			 TO(CLOSING_RELEASE, 0), STAY(CLOSING), STAY(CLOSING), TO(CLOSED, 0),
			 TO(REVOKED, RESCIND), STAY(CLOSING), TO(CLOSING_RELEASE, 0) },
	[C(CLOSING_REOPEN)] = { DROP(CLOSING_REOPEN), DROP(CLOSING_REOPEN), DROP(CLOSING_REOPEN),
				DROP(CLOSING_REOPEN), DROP(CLOSING_REOPEN), STAY(CLOSING_REOPEN),
				STAY(CLOSING_REOPEN), TO(OPENING, 0), TO(REVOKED, RESCIND),
				STAY(CLOSING_REOPEN), TO(CLOSING_RELEASE, 0) },
	[C(REVOKED)] = { DROP(REVOKED), DROP(REVOKED), DROP(REVOKED), DROP(REVOKED), GONE,
			 STAY(REVOKED), STAY(REVOKED), STAY(REVOKED), STAY(REVOKED),
			 TO(REOFFERED, 0), GONE },
	[C(REOFFERED)] = { DROP(REOFFERED), DROP(REOFFERED), DROP(REOFFERED), DROP(REOFFERED),
			   TO(CLOSED, HVP_VMBUS_OFFER_CHANNEL), STAY(REOFFERED), STAY(REOFFERED),
			   STAY(REOFFERED), TO(REVOKED, 0), STAY(REOFFERED), TO(RELEASED, 0) },
	[C(CLOSING_RELEASE)] = { DROP(CLOSING_RELEASE), DROP(CLOSING_RELEASE),
				 DROP(CLOSING_RELEASE), DROP(CLOSING_RELEASE),
				 DROP(CLOSING_RELEASE), STAY(CLOSING_RELEASE),
				 STAY(CLOSING_RELEASE), TO(RELEASED, 0), GONE,
				 STAY(CLOSING_RELEASE), TO(CLOSING_RELEASE, 0) },
	[C(OPENING_RELEASE)] = { DROP(OPENING_RELEASE), DROP(OPENING_RELEASE),
				 DROP(OPENING_RELEASE), DROP(OPENING_RELEASE),
				 DROP(OPENING_RELEASE), TO(CLOSING_RELEASE, 0), TO(RELEASED, 0),
				 STAY(OPENING_RELEASE), GONE, STAY(OPENING_RELEASE),
				 STAY(OPENING_RELEASE) },
};

/* The device holds opens and closes; a GPADL is there wherever the guest can have one. */
static void bring_to(enum hvm_channel_state state)
{
	if (state == HVM_CH_RELEASED) {
		guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
		return;
	}
	guest_gpadl(&g, 1, GPADL, 4);
	hold(HVM_ASK_OPEN);
	hold(HVM_ASK_CLOSE);
	if (state == HVM_CH_CLOSED)
		return;
	if (state == HVM_CH_REVOKED || state == HVM_CH_REOFFERED) {
		hvm_channel_revoke(channel());
		guest_expect(&g, RESCIND, NULL);
		if (state == HVM_CH_REOFFERED)
			ck_assert_int_eq(hvm_channel_reoffer(channel()), HVP_OK);
		return;
	}
	guest_open(&g, 1, GPADL, 2, 0);
	if (state == HVM_CH_OPENING)
		return;
	if (state == HVM_CH_OPENING_RELEASE) {
		guest_post(&g, HVP_VMBUS_UNLOAD, "");
		return;
	}
	hvm_scripted_finish(dev, HVM_ASK_OPEN, 0);
	guest_expect(&g, RESULT, NULL);
	if (state == HVM_CH_OPEN)
		return;
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	if (state == HVM_CH_CLOSING_REOPEN)
		guest_open(&g, 1, GPADL, 2, 0);
	else if (state == HVM_CH_CLOSING_RELEASE)
		guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
}

static void post_reserved(uint32_t type)
{
	uint8_t m[28] = { (uint8_t)type };

	hvp_put_u32(m + 8, 1);
	hvp_put_u32(m + 16, HVM_SINT_VMBUS);
	hvp_put_u32(m + 20, GPADL);
	hvp_put_u32(m + 24, 2);
	ck_assert_uint_eq(guest_post_raw(&g, g.connection_id, m, sizeof(m)), 0);
}

static void happen(enum event ev, struct hvm_channel *ch)
{
	switch (ev) {
	case OPEN:
		guest_open(&g, 1, GPADL, 2, 0);
		break;
	case OPEN_RESERVED:
		post_reserved(HVP_VMBUS_OPEN_RESERVED_CHANNEL);
		break;
	case CLOSE:
		guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
		break;
	case CLOSE_RESERVED:
		post_reserved(HVP_VMBUS_CLOSE_RESERVED_CHANNEL);
		break;
	case RELEASED:
		guest_channel_message(&g, HVP_VMBUS_REL_ID_RELEASED, 1);
		break;
	case OPEN_OK:
		hvm_channel_open_done(ch, 0);
		break;
	case OPEN_FAILED:
		hvm_channel_open_done(ch, 0xc0000001u);
		break;
	case CLOSED:
		hvm_channel_close_done(ch);
		break;
	case REMOVE:
		hvm_channel_revoke(ch);
		break;
	case READD:
		(void)hvm_channel_reoffer(ch);
		break;
	default:
		guest_post_raw(&g, g.connection_id, "\x10\0\0\0\0\0\0", 8);
	}
}

static uint64_t all_drops(void)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < HVM_DROPS; i++)
		n += hvm_server_dropped(g.s, (enum hvm_drop)i);
	return n;
}

START_TEST(pair_of_state_and_event)
{
	enum hvm_channel_state from = (enum hvm_channel_state)(_i / EVENTS);
	enum event ev = (enum event)(_i % EVENTS);
	const struct outcome *o = &table[from][ev];
	struct hvm_channel *ch = channel();
	uint64_t drops;
	struct bytes m;
	size_t i;

	bring_to(from);
	ck_assert_int_eq(state_of(&g, 1), from);
	drops = all_drops();
	happen(ev, ch);
	for (i = 0; i < 2 && o->sent[i]; i++)
		guest_expect(&g, o->sent[i], NULL);
	while (guest_take(&g, &m))
		ck_assert_msg((ev == GUEST_GONE || from == HVM_CH_OPENING_RELEASE) &&
				      hvp_get_u32(m.b) == HVP_VMBUS_UNLOAD_COMPLETE,
			      "%s, event %d: message %u", hvm_channel_state_name(from), ev,
			      hvp_get_u32(m.b));
	if (o->gone)
		ck_assert_ptr_null(channel());
	else
		ck_assert_int_eq(state_of(&g, 1), o->to);
	/* After UNLOAD everything of the guest is dropped for the connection's sake. */
	if (!(from == HVM_CH_OPENING_RELEASE && ev == GUEST_GONE))
		ck_assert_uint_eq(all_drops() - drops, o->dropped);
}
END_TEST

/* ---- opening ---- */

static uint32_t open_status(uint32_t gpadl, uint32_t downstream, uint32_t vp)
{
	struct hvp_vmbus_open_channel_result r;

	guest_open(&g, 1, gpadl, downstream, vp);
	guest_expect(&g, RESULT, &r);
	ck_assert_uint_eq(r.open_id, 101);
	return r.status;
}

START_TEST(a_ring_gpadl_must_be_one_aligned_range_of_this_channel_cut_inside)
{
	struct hvm_offer o = offer_of(0x20, 1);
	uint8_t *va = hvm_mem_alloc(g.p, 4);
	uint64_t w[12], pfn = hvm_mem_gpa(g.p, va) / HVM_PAGE;

	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_drain(&g);
	guest_gpadl(&g, 1, 0x21, 4);
	guest_gpadl(&g, 2, 0x22, 4);
	ck_assert_uint_ne(open_status(0x99, 2, 0), 0);
	ck_assert_uint_ne(open_status(0x22, 2, 0), 0);
	ck_assert_uint_ne(open_status(0x21, 0, 0), 0);
	ck_assert_uint_ne(open_status(0x21, 1, 0), 0);
	ck_assert_uint_ne(open_status(0x21, 3, 0), 0);
	ck_assert_uint_ne(open_status(0x21, 4, 0), 0);
	ck_assert_uint_ne(open_status(0x21, UINT32_MAX, 0), 0);
	w[0] = 2 * HVM_PAGE;
	w[1] = pfn;
	w[2] = pfn;
	w[3] = 2 * HVM_PAGE;
	w[4] = pfn;
	w[5] = pfn;
	guest_gpadl_words(&g, 1, 0x23, 2, w, 6);
	w[0] = 4 * HVM_PAGE | 8ull << 32;
	w[1] = w[2] = w[3] = w[4] = w[5] = pfn;
	guest_gpadl_words(&g, 1, 0x24, 1, w, 6);
	w[0] = 4 * HVM_PAGE - 8;
	guest_gpadl_words(&g, 1, 0x25, 1, w, 5);
	guest_drain(&g);
	ck_assert_uint_ne(open_status(0x23, 2, 0), 0);
	ck_assert_uint_ne(open_status(0x24, 2, 0), 0);
	ck_assert_uint_ne(open_status(0x25, 2, 0), 0);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_CLOSED);
	ck_assert_uint_eq(open_status(0x21, 2, 0), 0);
}
END_TEST

START_TEST(a_target_vp_that_does_not_exist_fails_the_open)
{
	guest_gpadl(&g, 1, GPADL, 4);
	ck_assert_uint_ne(open_status(GPADL, 2, GUEST_VPS), 0);
	ck_assert_uint_eq(open_status(GPADL, 2, HVM_NO_VP), 0);
}
END_TEST

START_TEST(a_device_refusal_is_passed_on)
{
	hvm_scripted_answer(dev, HVM_ASK_OPEN, false, 0xc000009au);
	guest_gpadl(&g, 1, GPADL, 4);
	ck_assert_uint_eq(open_status(GPADL, 2, 0), 0xc000009au);
	ck_assert_uint_eq(guest_signal(&g, info(1).connection_id),
			  HVP_HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(the_event_port_is_there_before_the_result_and_gone_after_close)
{
	uint32_t id = info(1).connection_id;

	hold(HVM_ASK_OPEN);
	guest_gpadl(&g, 1, GPADL, 4);
	ck_assert_uint_eq(guest_signal(&g, id), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	guest_open(&g, 1, GPADL, 2, 0);
	ck_assert_uint_eq(guest_signal(&g, id), HVP_HV_STATUS_SUCCESS);
	hvm_scripted_finish(dev, HVM_ASK_OPEN, 0);
	guest_expect(&g, RESULT, NULL);
	ck_assert_uint_eq(guest_signal(&g, id), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(info(1).signals, 2);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	ck_assert_uint_eq(guest_signal(&g, id), HVP_HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(an_open_while_closing_is_done_afterwards)
{
	open_on(1, GPADL, 0);
	hold(HVM_ASK_CLOSE);
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	guest_open(&g, 1, GPADL, 2, 1);
	guest_expect_none(&g);
	hvm_scripted_finish(dev, HVM_ASK_CLOSE, 0);
	guest_expect(&g, RESULT, NULL);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_OPEN);
	ck_assert_uint_eq(info(1).open.target_vp, 1);
}
END_TEST

START_TEST(guest_specified_parameters_replace_those_of_the_offer)
{
	struct hvp_vmbus_open_channel m;

	teardown();
	start(HVP_VMBUS_VERSION_6_0, HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS);
	guest_gpadl(&g, 1, GPADL, 4);
	memset(&m, 0, sizeof(m));
	m.channel_id = 1;
	m.ring_buffer_gpadl_id = GPADL;
	m.downstream_ring_buffer_page_offset = 2;
	m.has_signal_parameters = true;
	m.connection_id = 0x777;
	m.event_flag = 2048;
	guest_post(&g, HVP_VMBUS_OPEN_CHANNEL, &m);
	guest_expect(&g, RESULT, NULL);
	ck_assert_int_eq(state_of(&g, 1), HVM_CH_CLOSED);
	m.event_flag = 2047;
	guest_post(&g, HVP_VMBUS_OPEN_CHANNEL, &m);
	guest_expect(&g, RESULT, NULL);
	ck_assert_uint_eq(guest_signal(&g, 0x777), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(guest_signal(&g, info(1).connection_id),
			  HVP_HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_int_eq(hvm_channel_signal(channel()), HVP_OK);
	ck_assert(guest_flag(&g, 0, 2047));
	ck_assert(!guest_flag(&g, 0, 1));
}
END_TEST

/* ---- interrupts ---- */

START_TEST(interrupts_go_to_the_target_vp_and_flag_of_the_channel)
{
	open_on(1, GPADL, 1);
	ck_assert_int_eq(hvm_channel_signal(channel()), HVP_OK);
	ck_assert(guest_flag(&g, 1, 1));
	ck_assert(!guest_flag(&g, 0, 1));
	ck_assert_uint_eq(g.interrupts[1], 1);
}
END_TEST

START_TEST(a_channel_without_interrupts_is_never_signalled)
{
	open_on(1, GPADL, HVM_NO_VP);
	ck_assert_int_eq(hvm_channel_signal(channel()), HVP_STATE);
	ck_assert(!guest_flag(&g, 0, 1));
}
END_TEST

START_TEST(old_versions_use_the_interrupt_page_both_ways)
{
	struct hvp_vmbus_initiate_contact m;
	struct hvp_vmbus_offer_channel o;
	uint8_t *page = hvm_mem_alloc(g.p, 1);
	struct bytes b;

	memset(&m, 0, sizeof(m));
	m.version_requested = HVP_VMBUS_VERSION_0_13;
	m.has_interrupt_page = true;
	m.interrupt_page_gpa = hvm_mem_gpa(g.p, page);
	g.neg.version = HVP_VMBUS_VERSION_0_13;
	g.connection_id = 1;
	guest_post(&g, HVP_VMBUS_INITIATE_CONTACT, &m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
	guest_post(&g, HVP_VMBUS_REQUEST_OFFERS, "");
	ck_assert(guest_take(&g, &b));
	ck_assert_uint_eq(b.n, 190);
	guest_drain(&g);
	guest_gpadl(&g, 1, GPADL, 4);
	guest_open(&g, 1, GPADL, 2, 1);
	guest_expect(&g, RESULT, NULL);
	ck_assert_int_eq(hvm_channel_signal(channel()), HVP_OK);
	ck_assert(guest_flag(&g, 0, 0));
	ck_assert_uint_eq(page[0], 2);
	page[2048] = 2;
	ck_assert_uint_eq(guest_signal(&g, 2), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(page[2048], 0);
	ck_assert_uint_eq(info(1).signals, 1);
	guest_connect(&g, HVP_VMBUS_VERSION_1_1, 0);
	ck_assert_uint_eq(guest_offers(&g, &o, 1), 1);
	ck_assert_uint_eq(o.is_dedicated, 1);
	ck_assert_uint_eq(o.connection_id, 0x2001);
}
END_TEST

START_TEST(a_monitor_bit_signals_its_channel_within_the_polling_time)
{
	struct hvm_offer o = offer_of(0x30, 1);
	struct hvp_vmbus_initiate_contact m;
	struct hvp_vmbus_offer_channel off[2];
	uint8_t *pages = hvm_mem_alloc(g.p, 2), *page = pages + HVM_PAGE;

	o.monitored = true;
	o.latency = 100;
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_drain(&g);
	memset(&m, 0, sizeof(m));
	m.version_requested = HVP_VMBUS_VERSION_5_3;
	m.has_target = true;
	m.target_sint = HVM_SINT_VMBUS;
	m.parent_to_child_monitor_page_gpa = hvm_mem_gpa(g.p, pages);
	m.child_to_parent_monitor_page_gpa = hvm_mem_gpa(g.p, page);
	guest_post(&g, HVP_VMBUS_INITIATE_CONTACT, &m);
	guest_expect(&g, HVP_VMBUS_VERSION_RESPONSE, NULL);
	ck_assert_uint_eq(guest_offers(&g, off, 2), 2);
	ck_assert_uint_eq(off[0].monitor_allocated, 0);
	ck_assert_uint_eq(off[0].monitor_id, 0xff);
	ck_assert_uint_eq(off[1].monitor_allocated, 1);
	ck_assert_uint_eq(off[1].monitor_id, 0);
	ck_assert_uint_eq(page[0] & 1, 1);
	ck_assert_uint_eq(hvp_get_u16(page + 0x240), 100);
	ck_assert_uint_eq(hvp_get_u32(page + 0x440), off[1].connection_id);
	page[8] = 0xff;
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_eq(page[8], 0);
	ck_assert_uint_eq(info(2).signals, 0);
	guest_gpadl(&g, 2, GPADL, 4);
	guest_open(&g, 2, GPADL, 2, 0);
	guest_expect(&g, RESULT, NULL);
	page[8] = 1;
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_eq(info(2).signals, 1);
}
END_TEST

/* ---- MODIFY_CHANNEL ---- */

static void post_modify(uint32_t vp)
{
	struct hvp_vmbus_modify_channel m = { .channel_id = 1, .target_vp = vp };

	guest_post(&g, HVP_VMBUS_MODIFY_CHANNEL, &m);
}

static int32_t modify_status(uint32_t vp)
{
	struct hvp_vmbus_modify_channel_response r;

	post_modify(vp);
	guest_expect(&g, HVP_VMBUS_MODIFY_CHANNEL_RESPONSE, &r);
	ck_assert_uint_eq(r.channel_id, 1);
	return r.status;
}

START_TEST(modify_fails_when_not_open_or_without_interrupts)
{
	ck_assert_int_ne(modify_status(1), 0);
	open_on(1, GPADL, 0);
	ck_assert_int_ne(modify_status(HVM_NO_VP), 0);
	ck_assert_int_ne(modify_status(GUEST_VPS), 0);
	ck_assert_int_eq(modify_status(1), 0);
	hvm_channel_signal(channel());
	ck_assert(guest_flag(&g, 1, 1));
	guest_channel_message(&g, HVP_VMBUS_CLOSE_CHANNEL, 1);
	guest_open(&g, 1, GPADL, 2, HVM_NO_VP);
	guest_expect(&g, RESULT, NULL);
	ck_assert_int_ne(modify_status(0), 0);
}
END_TEST

START_TEST(from_5_3_on_one_modify_at_a_time_and_the_old_vp_until_its_answer)
{
	open_on(1, GPADL, 0);
	hold(HVM_ASK_MODIFY);
	post_modify(1);
	post_modify(0);
	guest_expect_none(&g);
	ck_assert_uint_eq(hvm_scripted_asked(dev, HVM_ASK_MODIFY), 1);
	hvm_channel_signal(channel());
	ck_assert(guest_flag(&g, 0, 1));
	hvm_scripted_finish(dev, HVM_ASK_MODIFY, 0);
	guest_expect(&g, HVP_VMBUS_MODIFY_CHANNEL_RESPONSE, NULL);
	guest_expect_none(&g);
	ck_assert_uint_eq(info(1).open.target_vp, 1);
}
END_TEST

START_TEST(below_5_3_modify_has_no_answer_and_the_last_one_wins)
{
	teardown();
	start(HVP_VMBUS_VERSION_5_2, 0);
	open_on(1, GPADL, 0);
	hold(HVM_ASK_MODIFY);
	post_modify(1);
	post_modify(1);
	post_modify(0);
	hvm_scripted_finish(dev, HVM_ASK_MODIFY, 0);
	ck_assert_uint_eq(info(1).open.target_vp, 1);
	hvm_scripted_finish(dev, HVM_ASK_MODIFY, 0);
	ck_assert_uint_eq(info(1).open.target_vp, 0);
	ck_assert_int_eq(hvm_scripted_finish(dev, HVM_ASK_MODIFY, 0), HVP_STATE);
	post_modify(HVM_NO_VP);
	guest_expect_none(&g);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost channel");
	TCase *t = tcase_create("channel");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, pair_of_state_and_event, 0, HVM_CH_STATES * EVENTS);
	tcase_add_test(t, a_ring_gpadl_must_be_one_aligned_range_of_this_channel_cut_inside);
	tcase_add_test(t, a_target_vp_that_does_not_exist_fails_the_open);
	tcase_add_test(t, a_device_refusal_is_passed_on);
	tcase_add_test(t, the_event_port_is_there_before_the_result_and_gone_after_close);
	tcase_add_test(t, an_open_while_closing_is_done_afterwards);
	tcase_add_test(t, guest_specified_parameters_replace_those_of_the_offer);
	tcase_add_test(t, interrupts_go_to_the_target_vp_and_flag_of_the_channel);
	tcase_add_test(t, a_channel_without_interrupts_is_never_signalled);
	tcase_add_test(t, old_versions_use_the_interrupt_page_both_ways);
	tcase_add_test(t, a_monitor_bit_signals_its_channel_within_the_polling_time);
	tcase_add_test(t, modify_fails_when_not_open_or_without_interrupts);
	tcase_add_test(t, from_5_3_on_one_modify_at_a_time_and_the_old_vp_until_its_answer);
	tcase_add_test(t, below_5_3_modify_has_no_answer_and_the_last_one_wins);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
