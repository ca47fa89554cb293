/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's virtual time and trace: order, classes, and that a seed says it all. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "mockhost_guest.h"

static struct hvm_sched *s;
static char order[64];
static size_t n;

static void note(void *ctx, uint64_t arg)
{
	(void)ctx;
	order[n++] = (char)arg;
	order[n] = 0;
}

static uint64_t at(enum hvm_event_class cls, uint64_t delay, char c)
{
	struct hvm_event ev = { cls, delay, note, order, (uint64_t)c };

	return hvm_sched_add(s, &ev);
}

static void setup(void)
{
	n = 0;
	order[0] = 0;
	s = hvm_sched_new(1, false);
}

static void teardown(void)
{
	hvm_sched_free(s);
}

START_TEST(events_run_by_time_and_then_as_they_were_added)
{
	at(HVM_CLASS_HOST, 20, 'c');
	at(HVM_CLASS_HOST, 10, 'a');
	at(HVM_CLASS_GUEST, 10, 'b');
	at(HVM_CLASS_HOST, 20, 'd');
	ck_assert(hvm_sched_run_idle(s, 100));
	ck_assert_str_eq(order, "abcd");
	ck_assert_uint_eq(hvm_sched_now(s), 20);
}
END_TEST

START_TEST(a_shuffle_changes_the_order_within_an_instant_only_and_by_the_seed)
{
	char first[16];
	unsigned int differs = 0;
	uint64_t seed;
	int c;

	for (seed = 0; seed < 8; seed++) {
		hvm_sched_free(s);
		s = hvm_sched_new(seed, true);
		n = 0;
		for (c = 'a'; c <= 'h'; c++)
			at(HVM_CLASS_HOST, 5, (char)c);
		at(HVM_CLASS_HOST, 4, '<');
		at(HVM_CLASS_HOST, 6, '>');
		hvm_sched_run_idle(s, 100);
		ck_assert_int_eq(order[0], '<');
		ck_assert_int_eq(order[9], '>');
		if (seed == 0)
			memcpy(first, order, sizeof(first));
		differs += strcmp(first, order) != 0;
	}
	ck_assert_uint_ge(differs, 6);
}
END_TEST

START_TEST(a_cancelled_event_does_not_run)
{
	uint64_t h = at(HVM_CLASS_HOST, 1, 'x');
	char other;
	struct hvm_event ev = { HVM_CLASS_HOST, 1, note, &other, 'y' };

	hvm_sched_add(s, &ev);
	ck_assert(hvm_sched_cancel(s, h));
	ck_assert(!hvm_sched_cancel(s, h));
	hvm_sched_cancel_ctx(s, &other);
	at(HVM_CLASS_HOST, 2, 'z');
	hvm_sched_run_for(s, 10);
	ck_assert_str_eq(order, "z");
	ck_assert_uint_eq(hvm_sched_now(s), 10);
}
END_TEST

static void enter_and_spin(void *ctx, uint64_t arg)
{
	(void)ctx;
	(void)arg;
	ck_assert(hvm_sched_in_guest(s));
	hvm_sched_spin(s, 50);
	note(NULL, 'G');
}

START_TEST(guest_events_wait_while_the_guest_runs_and_host_events_do_not)
{
	struct hvm_event ev = { HVM_CLASS_GUEST, 0, enter_and_spin, order, 0 };

	hvm_sched_add(s, &ev);
	at(HVM_CLASS_GUEST, 10, 'g');
	at(HVM_CLASS_HOST, 20, 'h');
	at(HVM_CLASS_HOST, 60, 'l');
	hvm_sched_run_idle(s, 1000);
	ck_assert_str_eq(order, "hGgl");
	ck_assert(!hvm_sched_in_guest(s));
}
END_TEST

static void background(void *ctx, uint64_t arg)
{
	struct hvm_event ev = { HVM_CLASS_BACKGROUND, 10, background, ctx, arg };

	hvm_sched_add(s, &ev);
	order[n++] = '.';
	order[n] = 0;
	if (n == 3)
		at(HVM_CLASS_HOST, 5, 'w');
}

START_TEST(background_work_runs_before_idle_and_again_while_it_causes_something)
{
	background(order, 0);
	ck_assert(hvm_sched_run_idle(s, HVM_SEC));
	ck_assert_str_eq(order, "..");
	ck_assert(hvm_sched_run_idle(s, HVM_SEC));
	ck_assert_str_eq(order, "...w.");
}
END_TEST

static bool two_notes(void *ctx)
{
	(void)ctx;
	return n >= 2;
}

START_TEST(running_until_stops_at_the_event_or_at_the_limit)
{
	at(HVM_CLASS_HOST, 1, 'a');
	at(HVM_CLASS_HOST, 5, 'b');
	at(HVM_CLASS_HOST, 9, 'c');
	ck_assert(!hvm_sched_run_until(s, two_notes, NULL, 3));
	ck_assert_uint_eq(hvm_sched_now(s), 3);
	ck_assert(hvm_sched_run_until(s, two_notes, NULL, HVM_FOREVER));
	ck_assert_uint_eq(hvm_sched_now(s), 5);
	ck_assert_str_eq(order, "ab");
}
END_TEST

static void again(void *ctx, uint64_t arg)
{
	at(HVM_CLASS_GUEST, 10, 't');
	(void)ctx;
	(void)arg;
}

START_TEST(idle_gives_up_on_a_periodic_guest_at_its_limit)
{
	struct hvm_event ev = { HVM_CLASS_GUEST, 0, again, order, 0 };
	uint64_t i;

	for (i = 0; i < 20; i++) {
		ev.delay = i * 10;
		hvm_sched_add(s, &ev);
	}
	ck_assert(!hvm_sched_run_idle(s, 95));
	ck_assert_uint_eq(hvm_sched_now(s), 95);
}
END_TEST

/* ---- trace ---- */

/* A conversation with delays, faults and packets; the records of its trace one after another. */
static uint8_t *conversation(uint64_t seed, size_t *size)
{
	struct hvm_partition_config pc = HVM_PARTITION_CONFIG_INIT;
	struct hvm_offer o = offer_of(0x10, 1);
	struct hvm_msg_rule r = { .direction = HVP_DIR_H2G,
				  .type = HVM_ANY,
				  .channel = HVM_ANY,
				  .skip = 4,
				  .action = HVM_MSG_DELAY,
				  .delay = HVM_MS };
	struct hvm_packet k = { .type = 6, .payload = (const uint8_t *)"hello", .payload_size = 5 };
	struct hvm_scripted *d;
	struct guest g;
	uint8_t *all, *to;
	size_t i;

	pc.seed = seed;
	pc.shuffle = true;
	guest_init(&g, &pc, NULL);
	d = hvm_scripted_new(g.s, &o);
	ck_assert_int_eq(hvm_fault_message(hvm_partition_faults(g.p), &r), HVP_OK);
	guest_connect(&g, HVP_VMBUS_VERSION_6_0, 0);
	guest_offers(&g, NULL, 0);
	guest_gpadl(&g, 1, 1, 40);
	guest_open(&g, 1, 1, 20, 0);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	ck_assert_int_eq(hvm_scripted_send(d, &k), HVP_OK);
	hvm_sched_run_idle(hvm_partition_sched(g.p), HVM_SEC);
	*size = 0;
	for (i = 0; i < hvm_trace_count(hvm_partition_trace(g.p)); i++)
		*size += HVP_TRACE_HEADER_SIZE + hvm_trace_get(hvm_partition_trace(g.p), i)->size;
	all = to = malloc(*size);
	for (i = 0; i < hvm_trace_count(hvm_partition_trace(g.p)); i++) {
		const struct hvm_trace_entry *e = hvm_trace_get(hvm_partition_trace(g.p), i);

		hvm_trace_record(e, to);
		to += HVP_TRACE_HEADER_SIZE + e->size;
	}
	guest_done(&g);
	hvm_scripted_free(d);
	return all;
}

START_TEST(one_seed_gives_one_trace_and_another_seed_other_pages)
{
	size_t na, nb, nc;
	uint8_t *a = conversation(42, &na);
	uint8_t *b = conversation(42, &nb);
	uint8_t *c = conversation(43, &nc);

	ck_assert_uint_gt(na, 1000);
	ck_assert_uint_eq(na, nb);
	ck_assert_mem_eq(a, b, na);
	ck_assert(na != nc || memcmp(a, c, na));
	free(a);
	free(b);
	free(c);
}
END_TEST

static int count_kinds(void *ctx, const struct hvm_trace_entry *e)
{
	unsigned int *kinds = ctx;

	kinds[e->kind]++;
	return 0;
}

START_TEST(the_trace_tells_messages_signals_and_notes_with_channel_version_and_time)
{
	struct hvm_offer o = offer_of(0x10, 1);
	struct hvm_trace *t;
	struct guest g;
	unsigned int kinds[8] = { 0 };
	const struct hvm_trace_entry *e;

	guest_init(&g, NULL, NULL);
	t = hvm_partition_trace(g.p);
	hvm_server_offer(g.s, &o, NULL, NULL);
	guest_connect(&g, HVP_VMBUS_VERSION_5_3, 0);
	guest_offers(&g, NULL, 0);
	guest_gpadl(&g, 1, 0x11, 4);
	hvm_sched_run_for(hvm_partition_sched(g.p), 77);
	guest_open(&g, 1, 0x11, 2, 1);
	guest_expect(&g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	e = hvm_trace_get(t, hvm_trace_count(t) - 1);
	ck_assert_uint_eq(e->kind, HVM_TRACE_MESSAGE);
	ck_assert_uint_eq(e->direction, HVP_DIR_H2G);
	ck_assert_uint_eq(e->channel, 1);
	ck_assert_uint_eq(e->version, HVP_VMBUS_VERSION_5_3);
	ck_assert_uint_eq(e->time, 77);
	ck_assert_uint_eq(e->aux, 1);
	ck_assert_uint_eq(e->size, 20);
	guest_signal(&g, 0x2001);
	e = hvm_trace_get(t, hvm_trace_count(t) - 1);
	ck_assert_uint_eq(e->kind, HVM_TRACE_SIGNAL);
	ck_assert_uint_eq(e->channel, 1);
	ck_assert_uint_eq(e->connection_id, 0x2001);
	hvm_channel_signal(hvm_server_channel(g.s, 1));
	e = hvm_trace_get(t, hvm_trace_count(t) - 1);
	ck_assert_uint_eq(e->direction, HVP_DIR_H2G);
	ck_assert_uint_eq(e->vp, 1);
	ck_assert_uint_eq(e->aux, 1);
	hvm_note(g.p, "said %d", 5);
	hvm_trace_visit(t, 0, count_kinds, kinds);
	ck_assert_uint_eq(kinds[HVM_TRACE_MESSAGE], 9);
	ck_assert_uint_eq(kinds[HVM_TRACE_SIGNAL], 2);
	ck_assert_uint_ge(kinds[HVM_TRACE_NOTE], 1);
	ck_assert_uint_ge(kinds[HVM_TRACE_HYPERVISOR], 8);
	guest_done(&g);
}
END_TEST

START_TEST(the_pcap_file_holds_every_record_with_its_time)
{
	char path[] = "/tmp/mockhost_time_XXXXXX", err[PCAP_ERRBUF_SIZE];
	struct hvm_trace_entry e = { .time = 12345678,
				     .kind = HVM_TRACE_PACKET,
				     .direction = 2,
				     .vp = 3,
				     .channel = 4,
				     .connection_id = 5,
				     .version = 0x00060000,
				     .aux = 0x1122334455667788ull,
				     .bytes = (const uint8_t *)"xyz",
				     .size = 3 };
	static const uint8_t want[] = { 1,    2,    2,	  3,	4,    0,    0,	 0,    5,
					0,    0,    0,	  0,	0,    6,    0,	 0x88, 0x77,
					0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 'x', 'y',  'z' };
	struct hvm_trace *t = hvm_trace_new();
	struct pcap_pkthdr *h;
	const u_char *bytes;
	pcap_t *p;
	int i, fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	hvm_trace_add(t, &e);
	ck_assert_int_eq(hvm_trace_pcap(t, path), HVP_OK);
	hvm_trace_add(t, &e);
	ck_assert_int_eq(hvm_trace_pcap(t, NULL), HVP_OK);
	p = pcap_open_offline(path, err);
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(pcap_datalink(p), 147);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(pcap_next_ex(p, &h, &bytes), 1);
		ck_assert_uint_eq(h->caplen, sizeof(want));
		ck_assert_mem_eq(bytes, want, sizeof(want));
		ck_assert_int_eq(h->ts.tv_sec, 1);
		ck_assert_int_eq(h->ts.tv_usec, 234567);
	}
	ck_assert_int_ne(pcap_next_ex(p, &h, &bytes), 1);
	pcap_close(p);
	unlink(path);
	ck_assert_int_eq(hvm_trace_pcap(t, "/nowhere/at/all"), HVP_OS);
	hvm_trace_free(t);
}
END_TEST

int main(void)
{
	Suite *su = suite_create("mockhost time");
	TCase *t = tcase_create("time");
	SRunner *r = srunner_create(su);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, events_run_by_time_and_then_as_they_were_added);
	tcase_add_test(t, a_shuffle_changes_the_order_within_an_instant_only_and_by_the_seed);
	tcase_add_test(t, a_cancelled_event_does_not_run);
	tcase_add_test(t, guest_events_wait_while_the_guest_runs_and_host_events_do_not);
	tcase_add_test(t, background_work_runs_before_idle_and_again_while_it_causes_something);
	tcase_add_test(t, running_until_stops_at_the_event_or_at_the_limit);
	tcase_add_test(t, idle_gives_up_on_a_periodic_guest_at_its_limit);
	tcase_add_test(t, one_seed_gives_one_trace_and_another_seed_other_pages);
	tcase_add_test(t, the_trace_tells_messages_signals_and_notes_with_channel_version_and_time);
	tcase_add_test(t, the_pcap_file_holds_every_record_with_its_time);
	suite_add_tcase(su, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
