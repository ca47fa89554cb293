/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's SynIC: slots, pending, EOM, event flags, interrupts. */
#include "mockhost_guest.h"

static struct guest g;

static void setup(void)
{
	guest_init(&g, NULL, NULL);
}

static void teardown(void)
{
	guest_done(&g);
}

static void post(uint32_t type, uint8_t first)
{
	struct hvm_synic_msg m;

	memset(&m, 0, sizeof(m));
	m.type = type;
	m.size = 1;
	m.sender = 0x1234;
	m.payload[0] = first;
	ck_assert_int_eq(hvm_synic_post(g.p, 0, HVM_SINT_VMBUS, &m), HVP_OK);
}

static uint8_t *slot(void)
{
	return g.simp[0] + HVM_SINT_VMBUS * 256;
}

static void idle(void)
{
	hvm_sched_run_idle(hvm_partition_sched(g.p), HVM_SEC);
}

static struct hvm_synic_stats stats(void)
{
	struct hvm_synic_stats s;

	ck_assert(hvm_synic_stats(g.p, 0, HVM_SINT_VMBUS, &s));
	return s;
}

START_TEST(a_message_stands_in_the_slot_of_its_sint_as_section_2_9_draws_it)
{
	post(1, 0xaa);
	idle();
	ck_assert_uint_eq(hvp_get_u32(slot()), 1);
	ck_assert_uint_eq(slot()[4], 1);
	ck_assert_uint_eq(slot()[5], 0);
	ck_assert_uint_eq(hvp_get_u64(slot() + 8), 0x1234);
	ck_assert_uint_eq(slot()[16], 0xaa);
	ck_assert_uint_eq(slot()[17], 0);
	ck_assert_uint_eq(g.interrupts[0], 1);
	ck_assert_uint_eq(hvp_get_u32(g.simp[0] + 3 * 256), 0);
}
END_TEST

START_TEST(an_occupied_slot_is_not_overwritten_but_gets_message_pending)
{
	post(1, 1);
	post(1, 2);
	idle();
	ck_assert_uint_eq(slot()[16], 1);
	ck_assert_uint_eq(slot()[5], 1);
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 1);
	ck_assert_uint_eq(stats().pending, 1);
	ck_assert_uint_eq(g.interrupts[0], 1);
}
END_TEST

START_TEST(the_next_message_comes_with_the_end_of_message_and_not_before)
{
	post(1, 1);
	post(1, 2);
	hvp_put_u32(slot(), 0);
	idle();
	ck_assert_uint_eq(hvp_get_u32(slot()), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_EOM, 0));
	ck_assert_uint_eq(slot()[16], 2);
	ck_assert_uint_eq(slot()[5], 0);
	idle();
	ck_assert_uint_eq(g.interrupts[0], 2);
	ck_assert_uint_eq(stats().needless, 0);
	hvp_put_u32(slot(), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_EOM, 0));
	ck_assert_uint_eq(stats().needless, 1);
	ck_assert_uint_eq(stats().eoms, 2);
}
END_TEST

START_TEST(an_end_of_message_on_an_occupied_slot_delivers_nothing)
{
	post(1, 1);
	post(1, 2);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_EOM, 0));
	ck_assert_uint_eq(slot()[16], 1);
	ck_assert_uint_eq(slot()[5], 1);
}
END_TEST

START_TEST(a_new_message_is_an_occasion_to_look_at_the_slot_again)
{
	post(1, 1);
	post(1, 2);
	hvp_put_u32(slot(), 0);
	post(1, 3);
	ck_assert_uint_eq(slot()[16], 2);
	ck_assert_uint_eq(slot()[5], 1);
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 1);
}
END_TEST

START_TEST(end_of_interrupt_counts_only_without_auto_eoi)
{
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, 0xf3 | HVP_HV_SINT_AUTO_EOI));
	post(1, 1);
	post(1, 2);
	hvp_put_u32(slot(), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_EOI, 0));
	ck_assert_uint_eq(hvp_get_u32(slot()), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, 0xf3));
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_EOI, 0));
	ck_assert_uint_eq(slot()[16], 2);
}
END_TEST

START_TEST(messages_wait_while_the_page_or_the_synic_is_off)
{
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SCONTROL, 0));
	post(1, 1);
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 1);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SIMP, 0));
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SCONTROL, 1));
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 1);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SIMP, hvm_mem_gpa(g.p, g.simp[0]) | 1));
	ck_assert_uint_eq(hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS), 0);
	ck_assert_uint_eq(slot()[16], 1);
}
END_TEST

START_TEST(a_masked_or_polled_sint_gets_messages_without_an_interrupt)
{
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, 0xf3 | HVP_HV_SINT_POLLING));
	post(1, 1);
	idle();
	ck_assert_uint_eq(slot()[16], 1);
	ck_assert_uint_eq(g.interrupts[0], 0);
	hvp_put_u32(slot(), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, HVP_HV_SINT_MASKED));
	post(1, 2);
	idle();
	ck_assert_uint_eq(slot()[16], 2);
	ck_assert_uint_eq(g.interrupts[0], 0);
}
END_TEST

START_TEST(an_event_interrupts_only_when_its_flag_rises)
{
	ck_assert_int_eq(hvm_synic_signal(g.p, 1, HVM_SINT_VMBUS, 2047), HVP_OK);
	ck_assert_int_eq(hvm_synic_signal(g.p, 1, HVM_SINT_VMBUS, 2047), HVP_OK);
	idle();
	ck_assert_uint_eq(g.interrupts[1], 1);
	ck_assert_uint_eq(g.siefp[1][HVM_SINT_VMBUS * 256 + 255], 0x80);
	ck_assert(guest_flag(&g, 1, 2047));
	ck_assert_int_eq(hvm_synic_signal(g.p, 1, HVM_SINT_VMBUS, 2047), HVP_OK);
	idle();
	ck_assert_uint_eq(g.interrupts[1], 2);
	ck_assert_int_eq(hvm_synic_signal(g.p, 1, HVM_SINT_VMBUS, 2048), HVP_ARG);
	ck_assert_int_eq(hvm_synic_signal(g.p, GUEST_VPS, HVM_SINT_VMBUS, 1), HVP_ARG);
}
END_TEST

START_TEST(an_event_into_a_masked_sint_or_a_disabled_page_is_lost)
{
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, HVP_HV_SINT_MASKED));
	ck_assert_int_eq(hvm_synic_signal(g.p, 0, HVM_SINT_VMBUS, 1), HVP_STATE);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 2, 0xf3));
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SIEFP, 0));
	ck_assert_int_eq(hvm_synic_signal(g.p, 0, HVM_SINT_VMBUS, 1), HVP_STATE);
	ck_assert_uint_eq(stats().lost, 2);
	ck_assert_uint_eq(stats().events, 0);
}
END_TEST

static unsigned int inside, nested;

static void reentrant(void *ctx, uint32_t vp, uint32_t sint)
{
	(void)ctx;
	nested += inside;
	inside++;
	if (hvm_synic_queued(g.p, 0, HVM_SINT_VMBUS) == 0 && nested == 0)
		post(1, 9);
	(void)hvm_synic_signal(g.p, vp, sint, 5);
	guest_signal(&g, 2);
	inside--;
	hvp_put_u32(slot(), 0);
	g.interrupts[0]++;
	if (g.interrupts[0] > 5)
		hvm_partition_set_deliver(g.p, NULL, NULL);
}

START_TEST(the_guest_is_never_interrupted_inside_itself)
{
	inside = 0;
	nested = 0;
	hvm_partition_set_deliver(g.p, reentrant, NULL);
	post(1, 1);
	ck_assert_uint_eq(g.interrupts[0], 0);
	hvm_sched_run_for(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_ge(g.interrupts[0], 2);
	ck_assert_uint_eq(nested, 0);
}
END_TEST

START_TEST(an_interrupt_waits_while_the_runner_calls_the_guest)
{
	hvm_sched_enter_guest(hvm_partition_sched(g.p));
	post(1, 1);
	hvm_sched_spin(hvm_partition_sched(g.p), HVM_MS);
	ck_assert_uint_eq(slot()[16], 1);
	ck_assert_uint_eq(g.interrupts[0], 0);
	hvm_sched_leave_guest(hvm_partition_sched(g.p));
	idle();
	ck_assert_uint_eq(g.interrupts[0], 1);
}
END_TEST

START_TEST(raw_header_fields_reach_the_slot_as_they_are)
{
	struct hvm_synic_msg m;

	memset(&m, 0x5a, sizeof(m));
	m.type = 0x80000010u;
	m.size = 255;
	m.flags = 0xfe;
	m.reserved = 0xbeef;
	ck_assert_int_eq(hvm_synic_post(g.p, 0, 7, &m), HVP_OK);
	ck_assert_uint_eq(hvp_get_u32(g.simp[0] + 7 * 256), 0x80000010u);
	ck_assert_uint_eq(g.simp[0][7 * 256 + 4], 255);
	ck_assert_uint_eq(g.simp[0][7 * 256 + 5], 0xfe);
	ck_assert_uint_eq(hvp_get_u16(g.simp[0] + 7 * 256 + 6), 0xbeef);
	ck_assert_uint_eq(g.simp[0][8 * 256 - 1], 0x5a);
	ck_assert_int_eq(hvm_synic_post(g.p, 0, HVM_SINTS, &m), HVP_ARG);
}
END_TEST

START_TEST(a_spurious_interrupt_finds_nothing)
{
	hvm_synic_interrupt(g.p, 0, HVM_SINT_VMBUS);
	idle();
	ck_assert_uint_eq(g.interrupts[0], 1);
	ck_assert_uint_eq(hvp_get_u32(slot()), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost synic");
	TCase *t = tcase_create("synic");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_message_stands_in_the_slot_of_its_sint_as_section_2_9_draws_it);
	tcase_add_test(t, an_occupied_slot_is_not_overwritten_but_gets_message_pending);
	tcase_add_test(t, the_next_message_comes_with_the_end_of_message_and_not_before);
	tcase_add_test(t, an_end_of_message_on_an_occupied_slot_delivers_nothing);
	tcase_add_test(t, a_new_message_is_an_occasion_to_look_at_the_slot_again);
	tcase_add_test(t, end_of_interrupt_counts_only_without_auto_eoi);
	tcase_add_test(t, messages_wait_while_the_page_or_the_synic_is_off);
	tcase_add_test(t, a_masked_or_polled_sint_gets_messages_without_an_interrupt);
	tcase_add_test(t, an_event_interrupts_only_when_its_flag_rises);
	tcase_add_test(t, an_event_into_a_masked_sint_or_a_disabled_page_is_lost);
	tcase_add_test(t, the_guest_is_never_interrupted_inside_itself);
	tcase_add_test(t, an_interrupt_waits_while_the_runner_calls_the_guest);
	tcase_add_test(t, raw_header_fields_reach_the_slot_as_they_are);
	tcase_add_test(t, a_spurious_interrupt_finds_nothing);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
