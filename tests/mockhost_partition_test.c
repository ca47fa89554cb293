/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock host's hypervisor: memory, CPUID, MSRs, hypercalls. */
#include <stdlib.h>

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

static enum hvm_violation_kind last_violation(void)
{
	size_t n = hvm_violation_count(g.p);

	return n ? hvm_violation_get(g.p, n - 1)->kind : 0;
}

/* ---- memory ---- */

START_TEST(allocated_pages_are_contiguous_for_the_guest_and_scattered_in_gpa_space)
{
	uint8_t *va = hvm_mem_alloc(g.p, 64);
	unsigned int next = 0, high = 0;
	size_t i;

	for (i = 0; i < 64; i++) {
		uint64_t gpa = hvm_mem_gpa(g.p, va + i * HVM_PAGE + 5);

		ck_assert_uint_eq(gpa % HVM_PAGE, 5);
		ck_assert_ptr_eq(hvm_mem_ptr(g.p, gpa, 1), va + i * HVM_PAGE + 5);
		high += gpa >> 32 != 0;
		next += i && gpa == hvm_mem_gpa(g.p, va + (i - 1) * HVM_PAGE + 5) + HVM_PAGE;
	}
	ck_assert_uint_lt(next, 3);
	ck_assert_uint_gt(high, 8);
	ck_assert_uint_lt(high, 56);
}
END_TEST

START_TEST(host_copies_cross_pages_but_a_pointer_does_not)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
	struct hvm_partition *p;
	uint8_t out[16];
	uint64_t gpa;
	uint8_t *va;

	cfg.contiguous = true;
	p = hvm_partition_new(&cfg);
	va = hvm_mem_alloc(p, 2);
	memset(va + HVM_PAGE - 8, 0x11, 16);
	gpa = hvm_mem_gpa(p, va) + HVM_PAGE - 8;
	ck_assert(hvm_mem_read(p, gpa, out, 16));
	ck_assert_uint_eq(out[15], 0x11);
	ck_assert_ptr_null(hvm_mem_ptr(p, gpa, 9));
	ck_assert_ptr_nonnull(hvm_mem_ptr(p, gpa, 8));
	ck_assert(!hvm_mem_read(p, 0x1000, out, 1));
	hvm_partition_free(p);
}
END_TEST

START_TEST(a_page_freed_while_held_and_an_access_to_it_are_violations)
{
	uint8_t *va = hvm_mem_alloc(g.p, 2);
	uint64_t gpa = hvm_mem_gpa(g.p, va + HVM_PAGE);
	size_t live = hvm_mem_live_pages(g.p);

	ck_assert(hvm_mem_hold(g.p, gpa / HVM_PAGE, "test"));
	hvm_mem_free(g.p, va, 1);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
	hvm_mem_free(g.p, va + HVM_PAGE, 1);
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_FREE_HELD);
	ck_assert_ptr_null(hvm_mem_ptr(g.p, gpa, 8));
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_HOST_FREED);
	ck_assert_uint_eq(hvm_mem_live_pages(g.p), live - 2);
	hvm_mem_free(g.p, va, 1);
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_FREE_BAD);
}
END_TEST

START_TEST(a_write_to_a_freed_page_is_found_once)
{
	uint8_t *va = hvm_mem_alloc(g.p, 3);

	hvm_mem_free(g.p, va, 3);
	ck_assert_uint_eq(hvm_mem_check_freed(g.p), 0);
	va[HVM_PAGE + 77] = 0;
	ck_assert_uint_eq(hvm_mem_check_freed(g.p), 1);
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_WRITE_FREED);
	ck_assert_uint_eq(hvm_mem_check_freed(g.p), 0);
}
END_TEST

START_TEST(lent_memory_is_found_at_its_address_and_taken_only_once)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
	uint8_t *mine = aligned_alloc(HVM_PAGE, 2 * HVM_PAGE);
	struct hvm_partition *p;

	cfg.from_zero = true;
	p = hvm_partition_new(&cfg);
	ck_assert_int_eq(hvm_mem_map(p, 0x5000, mine, 2), HVP_OK);
	ck_assert_int_eq(hvm_mem_map(p, 0x6000, mine, 1), HVP_ARG);
	ck_assert_int_eq(hvm_mem_map(p, 0x8001, mine, 1), HVP_ARG);
	ck_assert_ptr_eq(hvm_mem_ptr(p, 0x6010, 4), mine + HVM_PAGE + 0x10);
	hvm_partition_free(p);
	free(mine);
}
END_TEST

/* ---- CPUID and MSRs ---- */

START_TEST(cpuid_shows_a_hypervisor_that_can_do_vmbus)
{
	uint32_t r[4];

	hvm_cpuid(g.p, 1, r);
	ck_assert_uint_eq(r[2], 0x80000000u);
	hvm_cpuid(g.p, 0x40000000u, r);
	ck_assert_uint_ge(r[0], 0x40000005u);
	ck_assert_uint_eq(r[1], 0x7263694Du);
	hvm_cpuid(g.p, 0x40000001u, r);
	ck_assert_uint_eq(r[0], 0x31237648u);
	hvm_cpuid(g.p, 0x40000003u, r);
	ck_assert_uint_eq(r[0] & 0x24, 0x24);
	ck_assert_uint_eq(r[1] & 0x30, 0x30);
	hvm_cpuid(g.p, 0x40000099u, r);
	ck_assert_uint_eq(r[0] | r[1] | r[2] | r[3], 0);
}
END_TEST

START_TEST(hypercall_page_needs_an_os_id_first_and_goes_with_it)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
	struct hvm_partition *p = hvm_partition_new(&cfg);
	uint8_t *page = hvm_mem_alloc(p, 1);
	uint64_t v;

	ck_assert(hvm_msr_write(p, 0, HVP_HV_MSR_HYPERCALL, hvm_mem_gpa(p, page) | 1));
	ck_assert(hvm_msr_read(p, 0, HVP_HV_MSR_HYPERCALL, &v));
	ck_assert_uint_eq(v & 1, 0);
	ck_assert(hvm_msr_write(p, 0, HVP_HV_MSR_GUEST_OS_ID, 7));
	ck_assert(hvm_msr_write(p, 0, HVP_HV_MSR_HYPERCALL, hvm_mem_gpa(p, page) | 1));
	ck_assert(hvm_msr_read(p, 0, HVP_HV_MSR_HYPERCALL, &v));
	ck_assert_uint_eq(v & 1, 1);
	ck_assert_uint_ne(page[0], 0);
	ck_assert(hvm_msr_write(p, 0, HVP_HV_MSR_GUEST_OS_ID, 0));
	ck_assert(hvm_msr_read(p, 0, HVP_HV_MSR_HYPERCALL, &v));
	ck_assert_uint_eq(v & 1, 0);
	hvm_partition_free(p);
}
END_TEST

START_TEST(msr_accesses_that_fault_change_nothing_and_are_recorded)
{
	uint64_t v;

	ck_assert(!hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 4, 15));
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_GP);
	ck_assert(hvm_msr_read(g.p, 0, HVP_HV_MSR_SINT0 + 4, &v));
	ck_assert_uint_eq(v, 0x10000);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_SINT0 + 4, 16));
	ck_assert(!hvm_msr_write(g.p, 0, HVP_HV_MSR_SVERSION, 1));
	ck_assert(!hvm_msr_write(g.p, 0, HVP_HV_MSR_VP_INDEX, 1));
	ck_assert(!hvm_msr_read(g.p, 0, HVP_HV_MSR_STIMER0_CONFIG, &v));
	ck_assert(!hvm_msr_read(g.p, GUEST_VPS, HVP_HV_MSR_SIMP, &v));
	ck_assert_uint_eq(hvm_violation_count(g.p), 5);
}
END_TEST

START_TEST(synic_msrs_fault_without_their_privilege)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
	struct hvm_partition *p;
	uint64_t v;

	cfg.no_features = true;
	cfg.features_eax = HVP_HV_CPUID_EAX_HYPERCALL;
	p = hvm_partition_new(&cfg);
	ck_assert(!hvm_msr_read(p, 0, HVP_HV_MSR_SCONTROL, &v));
	ck_assert(!hvm_msr_write(p, 0, HVP_HV_MSR_EOM, 0));
	ck_assert(hvm_msr_write(p, 0, HVP_HV_MSR_GUEST_OS_ID, 1));
	hvm_partition_free(p);
}
END_TEST

START_TEST(msr_values_read_back_as_section_2_2_says)
{
	uint64_t v;

	ck_assert(hvm_msr_read(g.p, 1, HVP_HV_MSR_VP_INDEX, &v));
	ck_assert_uint_eq(v, 1);
	ck_assert(hvm_msr_read(g.p, 0, HVP_HV_MSR_SVERSION, &v));
	ck_assert_uint_eq(v, 1);
	ck_assert(hvm_msr_read(g.p, 0, HVP_HV_MSR_EOM, &v));
	ck_assert_uint_eq(v, 0);
	hvm_sched_run_for(hvm_partition_sched(g.p), 1234);
	ck_assert(hvm_msr_read(g.p, 0, HVP_HV_MSR_TIME_REF_COUNT, &v));
	ck_assert_uint_eq(v, 1234);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_CRASH_P0 + 2, 99));
	ck_assert(hvm_msr_read(g.p, 0, HVP_HV_MSR_CRASH_P0 + 2, &v));
	ck_assert_uint_eq(v, 99);
}
END_TEST

START_TEST(a_synic_page_is_held_while_it_is_enabled)
{
	uint64_t gfn = hvm_mem_gpa(g.p, g.simp[1]) / HVM_PAGE;

	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 1);
	ck_assert(hvm_msr_write(g.p, 1, HVP_HV_MSR_SIMP, 0));
	ck_assert_uint_eq(hvm_mem_held(g.p, gfn), 0);
	hvm_mem_free(g.p, g.simp[1], 1);
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
	hvm_mem_free(g.p, g.siefp[1], 1);
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_FREE_HELD);
}
END_TEST

/* ---- hypercalls ---- */

static uint16_t call(uint64_t control, uint64_t in)
{
	return (uint16_t)hvm_hypercall(g.p, 0, control, in, 0);
}

/* HvPostMessage input in the guest's page. */
static uint64_t input(uint32_t connection_id, uint32_t type, uint32_t size)
{
	memset(g.post, 0, HVM_PAGE);
	hvp_put_u32(g.post, connection_id);
	hvp_put_u32(g.post + 8, type);
	hvp_put_u32(g.post + 12, size);
	return hvm_mem_gpa(g.p, g.post);
}

START_TEST(the_control_word_is_checked)
{
	uint64_t in = input(1, 1, 8);

	ck_assert_uint_eq(call(0x0001, in), HVP_HV_STATUS_INVALID_HYPERCALL_CODE);
	ck_assert_uint_eq(call(0x005d, in), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(call(0x005c | 1ull << 27, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x005c | 1ull << 31, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x005c | 1ull << 32, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x005c | 1ull << 17, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x005c | 1ull << 60, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x1005c, in), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x00c0, in), HVP_HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq(call(0x00c1, in), HVP_HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq((uint16_t)hvm_hypercall(g.p, GUEST_VPS, 0x5c, in, 0),
			  HVP_HV_STATUS_INVALID_VP_INDEX);
	ck_assert_uint_eq(call(0x005c, in), HVP_HV_STATUS_SUCCESS);
}
END_TEST

START_TEST(input_must_be_aligned_and_within_one_page_of_ram)
{
	uint64_t in = input(1, 1, 8);

	ck_assert_uint_eq(call(0x5c, in + 4), HVP_HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(call(0x5c, in + HVM_PAGE - 256 + 8), HVP_HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(call(0x5c, 0x1000), HVP_HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(call(0x5d, in + 1), HVP_HV_STATUS_INVALID_ALIGNMENT);
	memcpy(g.post + HVM_PAGE - 256, g.post, 256);
	ck_assert_uint_eq(call(0x5c, in + HVM_PAGE - 256), HVP_HV_STATUS_SUCCESS);
}
END_TEST

START_TEST(post_message_refuses_bad_types_sizes_and_connections)
{
	ck_assert_uint_eq(call(0x5c, input(1, 0, 8)), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(0x5c, input(1, 0x80000001u, 8)), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(0x5c, input(1, 1, 241)), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(0x5c, input(1, 1, UINT32_MAX)), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(0x5c, input(9, 1, 8)), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(call(0x5c, input(2, 1, 8)), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	/* Only 24 bits of a connection id count. */
	ck_assert_uint_eq(call(0x5c, input(0x7f000001u, 1, 240)), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(call(0x5c, input(1, 1, 0)), HVP_HV_STATUS_SUCCESS);
}
END_TEST

START_TEST(signal_event_refuses_flags_and_reserved_bits)
{
	const uint64_t fast = HVP_HV_CONTROL_SIGNAL_EVENT_FAST;

	ck_assert_uint_eq(call(fast, 2), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(call(fast, 2 | 1ull << 32), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(fast, 2 | 1ull << 48), HVP_HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(call(fast, 77), HVP_HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(call(fast, 1), HVP_HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(hypercalls_without_privilege_are_denied)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
	struct hvm_partition *p;

	cfg.no_features = true;
	p = hvm_partition_new(&cfg);
	ck_assert_uint_eq(hvm_hypercall(p, 0, 0x5c, 0, 0), HVP_HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq(hvm_hypercall(p, 0, 0x1005d, 2, 0), HVP_HV_STATUS_ACCESS_DENIED);
	hvm_partition_free(p);
}
END_TEST

START_TEST(a_hypercall_without_a_hypercall_page_is_a_violation)
{
	ck_assert_uint_eq(hvm_violation_count(g.p), 0);
	ck_assert(hvm_msr_write(g.p, 0, HVP_HV_MSR_HYPERCALL, 0));
	call(0x1005d, 2);
	call(0x1005d, 2);
	ck_assert_uint_eq(hvm_violation_count(g.p), 1);
	ck_assert_uint_eq(last_violation(), HVM_VIOLATION_HYPERCALL);
}
END_TEST

START_TEST(a_port_holds_sixteen_messages_and_refuses_the_next)
{
	unsigned int i;

	hvm_server_stop_reading(g.s, true);
	for (i = 0; i < HVM_PORT_DEPTH; i++)
		ck_assert_uint_eq(call(0x5c, input(1, 1, 8)), HVP_HV_STATUS_SUCCESS);
	ck_assert_uint_eq(call(0x5c, input(1, 1, 8)), HVP_HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(hvm_msg_port_waiting(g.p, 1), HVM_PORT_DEPTH);
	hvm_server_stop_reading(g.s, false);
	hvm_sched_run_idle(hvm_partition_sched(g.p), HVM_SEC);
	ck_assert_uint_eq(hvm_msg_port_waiting(g.p, 1), 0);
	ck_assert_uint_eq(call(0x5c, input(1, 1, 8)), HVP_HV_STATUS_SUCCESS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost partition");
	TCase *t = tcase_create("partition");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, allocated_pages_are_contiguous_for_the_guest_and_scattered_in_gpa_space);
	tcase_add_test(t, host_copies_cross_pages_but_a_pointer_does_not);
	tcase_add_test(t, a_page_freed_while_held_and_an_access_to_it_are_violations);
	tcase_add_test(t, a_write_to_a_freed_page_is_found_once);
	tcase_add_test(t, lent_memory_is_found_at_its_address_and_taken_only_once);
	tcase_add_test(t, cpuid_shows_a_hypervisor_that_can_do_vmbus);
	tcase_add_test(t, hypercall_page_needs_an_os_id_first_and_goes_with_it);
	tcase_add_test(t, msr_accesses_that_fault_change_nothing_and_are_recorded);
	tcase_add_test(t, synic_msrs_fault_without_their_privilege);
	tcase_add_test(t, msr_values_read_back_as_section_2_2_says);
	tcase_add_test(t, a_synic_page_is_held_while_it_is_enabled);
	tcase_add_test(t, the_control_word_is_checked);
	tcase_add_test(t, input_must_be_aligned_and_within_one_page_of_ram);
	tcase_add_test(t, post_message_refuses_bad_types_sizes_and_connections);
	tcase_add_test(t, signal_event_refuses_flags_and_reserved_bits);
	tcase_add_test(t, hypercalls_without_privilege_are_denied);
	tcase_add_test(t, a_hypercall_without_a_hypercall_page_is_a_violation);
	tcase_add_test(t, a_port_holds_sixteen_messages_and_refuses_the_next);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
