/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's side of the hypervisor's pages. Compiled with ports/hooked.h: the tests act as
 * the hypervisor after each load and inside the barrier.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/rd.h>
#include <hvproto/synic.h>
#include <hvproto/wr.h>

static uint8_t *page;
static unsigned int loads[4096];
static void (*at_load)(void);
static void (*at_fence)(void);

void hvp_hook_shared_load(const volatile void *p, size_t size);
void hvp_hook_fence(void);

void hvp_hook_shared_load(const volatile void *p, size_t size)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)page;
	void (*act)(void) = at_load;

	for (; at < 4096 && size > 0; at++, size--)
		loads[at]++;
	at_load = NULL;
	if (act)
		act();
}

void hvp_hook_fence(void)
{
	if (at_fence)
		at_fence();
}

static void open_page(void)
{
	page = aligned_alloc(4096, 4096);
	ck_assert_ptr_nonnull(page);
	memset(page, 0, 4096);
	memset(loads, 0, sizeof(loads));
	at_load = NULL;
	at_fence = NULL;
}

static void close_page(void)
{
	free(page);
	page = NULL;
}

/* As the hypervisor fills slot 2. */
static void deliver(uint32_t type, uint8_t size, uint8_t flags)
{
	uint8_t *slot = page + 2 * 256;

	memset(slot + 16, size, 240);
	hvp_put_u64(slot + 8, 0x00abcdef12345678u);
	slot[4] = size;
	slot[5] = flags;
	hvp_put_u32(slot, type);
}

static uint32_t slot_type(void)
{
	return hvp_get_u32(page + 2 * 256);
}

START_TEST(a_message_is_copied_out_and_its_slot_released)
{
	struct hvp_synic_message msg;
	bool eom = true;
	int i;

	deliver(1, 24, 0);
	memset(&msg, 0x77, sizeof(msg));
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_OK);
	ck_assert(!eom);
	ck_assert_uint_eq(slot_type(), 0);
	ck_assert_uint_eq(msg.type, 1);
	ck_assert_uint_eq(msg.size, 24);
	ck_assert_uint_eq(msg.sender, 0x00abcdef12345678u);
	for (i = 0; i < 240; i++)
		ck_assert_uint_eq(msg.payload[i], i < 24 ? 24 : 0x77);
	eom = true;
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_AGAIN);
	ck_assert(!eom);
}
END_TEST

START_TEST(each_sint_has_its_own_slot)
{
	struct hvp_synic_message msg;
	bool eom;
	uint32_t sint;

	for (sint = 0; sint < 16; sint++) {
		hvp_put_u32(page + sint * 256, 1);
		page[sint * 256 + 4] = 8;
		ck_assert_int_eq(hvp_synic_take(page, sint ^ 1, &msg, &eom), HVP_AGAIN);
		ck_assert_int_eq(hvp_synic_take(page, sint, &msg, &eom), HVP_OK);
	}
	ck_assert_int_eq(hvp_synic_take(page, 16, &msg, &eom), HVP_ARG);
	ck_assert(!eom);
}
END_TEST

/* CORE-SEC-03 */
START_TEST(a_payload_size_outside_a_message_is_dropped_and_the_slot_released)
{
	struct hvp_synic_message msg;
	unsigned int size;
	bool eom;

	for (size = 0; size < 256; size++) {
		bool good = size >= 8 && size <= 240;

		deliver(1, (uint8_t)size, 1);
		ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), good ? HVP_OK : HVP_VALUE);
		ck_assert_uint_eq(slot_type(), 0);
		ck_assert(eom);
	}
}
END_TEST

/* CORE-REQ-017 */
START_TEST(a_message_of_another_type_is_released_without_being_parsed)
{
	static const uint32_t types[] = { 2, 0x80000010u, 0x80000000u, 0xffffffffu };
	struct hvp_synic_message msg;
	bool eom;
	size_t i;

	for (i = 0; i < 4; i++) {
		deliver(types[i], 255, 1);
		memset(loads, 0, sizeof(loads));
		ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_UNSUPPORTED);
		ck_assert_uint_eq(msg.type, types[i]);
		ck_assert_uint_eq(slot_type(), 0);
		ck_assert(eom);
		ck_assert_uint_eq(loads[0x200 + 8], 0);
		ck_assert_uint_eq(loads[0x200 + 16], 0);
	}
}
END_TEST

static void spoil(void)
{
	memset(page + 0x204, 0xff, 252);
}

/* CORE-SEC-01, CORE-SEC-02 */
START_TEST(type_size_and_payload_are_each_loaded_once)
{
	struct hvp_synic_message msg;
	bool eom;
	int i;

	deliver(1, 32, 0);
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_OK);
	ck_assert_uint_eq(loads[0x204], 1);
	for (i = 0; i < 240; i++)
		ck_assert_uint_eq(loads[0x210 + i], i < 32);
	/* The type: once to read it, once by the swap that releases it. */
	ck_assert_uint_eq(loads[0x200], 2);
	/* A size that grows after the first load of the slot is refused, not used. */
	deliver(1, 32, 0);
	at_load = spoil;
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_VALUE);
}
END_TEST

static void queue_another(void)
{
	/* The hypervisor found the slot occupied a moment ago. */
	ck_assert_uint_eq(slot_type(), 0);
	page[0x205] = 1;
}

/* CORE-REQ-014 */
START_TEST(a_message_that_was_queued_while_the_slot_was_released_is_not_stuck)
{
	struct hvp_synic_message msg;
	bool eom;

	deliver(1, 8, 0);
	at_fence = queue_another;
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_OK);
	ck_assert(eom);
}
END_TEST

START_TEST(only_bit_0_of_the_flags_asks_for_an_end_of_message)
{
	struct hvp_synic_message msg;
	bool eom;

	deliver(1, 8, 0xfe);
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_OK);
	ck_assert(!eom);
}
END_TEST

static void replaced(void)
{
	deliver(0x80000010u, 8, 1);
}

START_TEST(a_slot_that_somebody_else_changed_is_not_released_again)
{
	struct hvp_synic_message msg;
	bool eom;

	deliver(1, 8, 1);
	at_load = replaced;
	ck_assert_int_eq(hvp_synic_take(page, 2, &msg, &eom), HVP_OK);
	ck_assert(!eom);
	ck_assert_uint_eq(slot_type(), 0x80000010u);
}
END_TEST

/* --- flags --- */

/* CORE-REQ-018, CORE-SEC-09 */
START_TEST(every_flag_is_found_alone_and_cleared_before_it_is_given_out)
{
	struct hvp_flags scan;
	uint32_t flag;
	uint32_t got;

	for (flag = 0; flag < 2048; flag++) {
		page[2 * 256 + flag / 8] = (uint8_t)(1u << flag % 8);
		hvp_flags_scan(&scan, hvp_synic_flags(page, 2));
		ck_assert(hvp_flags_next(&scan, &got));
		ck_assert_uint_eq(got, flag);
		ck_assert_uint_eq(page[2 * 256 + flag / 8], 0);
		ck_assert(!hvp_flags_next(&scan, &got));
		ck_assert(!hvp_flags_next(&scan, &got));
	}
}
END_TEST

START_TEST(all_flags_of_one_sint_are_taken_and_no_others)
{
	struct hvp_flags scan;
	uint32_t got;
	uint32_t i;

	memset(page, 0xff, 4096);
	hvp_flags_scan(&scan, hvp_synic_flags(page, 5));
	for (i = 0; i < 2048; i++) {
		ck_assert(hvp_flags_next(&scan, &got));
		ck_assert_uint_eq(got, i);
	}
	ck_assert(!hvp_flags_next(&scan, &got));
	for (i = 0; i < 4096; i++)
		ck_assert_uint_eq(page[i], i / 256 == 5 ? 0 : 0xff);
}
END_TEST

static void set_flag_3(void)
{
	page[0x200] |= 8;
}

START_TEST(a_flag_that_is_set_again_during_the_scan_is_not_lost)
{
	struct hvp_flags scan;
	uint32_t got;

	page[0x200] = 8;
	hvp_flags_scan(&scan, hvp_synic_flags(page, 2));
	ck_assert(hvp_flags_next(&scan, &got));
	at_load = set_flag_3;
	ck_assert(!hvp_flags_next(&scan, &got));
	ck_assert_uint_eq(page[0x200], 8);
}
END_TEST

/* Chapter 10 section 2.11, CORE-REQ-021 */
START_TEST(the_interrupt_page_is_read_in_its_first_half_and_set_in_its_second)
{
	struct hvp_flags scan;
	uint32_t got;

	memset(page + 2048, 0xff, 2048);
	page[256 / 8] = 2;
	hvp_flags_scan(&scan, hvp_interrupt_page_flags(page));
	ck_assert(hvp_flags_next(&scan, &got));
	ck_assert_uint_eq(got, 257);
	ck_assert(!hvp_flags_next(&scan, &got));
	memset(page, 0, 4096);
	ck_assert_int_eq(hvp_interrupt_page_set(page, 1), HVP_OK);
	ck_assert_int_eq(hvp_interrupt_page_set(page, 9), HVP_OK);
	ck_assert_int_eq(hvp_interrupt_page_set(page, 2047), HVP_OK);
	ck_assert_uint_eq(page[2048], 2);
	ck_assert_uint_eq(page[2049], 2);
	ck_assert_uint_eq(page[2048 + 255], 0x80);
	ck_assert_int_eq(hvp_interrupt_page_set(page, 0), HVP_ARG);
	ck_assert_int_eq(hvp_interrupt_page_set(page, 2048), HVP_ARG);
}
END_TEST

/* Chapter 10 section 2.12, CORE-SEC-55 */
START_TEST(a_monitor_trigger_sets_one_pending_bit_and_nothing_for_a_bad_id)
{
	uint8_t before[4096];
	uint32_t id;

	for (id = 0; id < 128; id++) {
		memset(page, 0, 4096);
		ck_assert_int_eq(hvp_monitor_trigger(page, id), HVP_OK);
		ck_assert_uint_eq(page[8 + id / 32 * 8 + id % 32 / 8], 1u << id % 8);
		page[8 + id / 32 * 8 + id % 32 / 8] = 0;
		memset(before, 0, sizeof(before));
		ck_assert_mem_eq(page, before, 4096);
	}
	for (id = 128; id != 0; id <<= 1) {
		ck_assert_int_eq(hvp_monitor_trigger(page, id), HVP_ARG);
		ck_assert_int_eq(hvp_monitor_trigger(page, id | 127), HVP_ARG);
	}
	ck_assert_mem_eq(page, before, 4096);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("synic");
	TCase *t = tcase_create("synic");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, open_page, close_page);
	tcase_add_test(t, a_message_is_copied_out_and_its_slot_released);
	tcase_add_test(t, each_sint_has_its_own_slot);
	tcase_add_test(t, a_payload_size_outside_a_message_is_dropped_and_the_slot_released);
	tcase_add_test(t, a_message_of_another_type_is_released_without_being_parsed);
	tcase_add_test(t, type_size_and_payload_are_each_loaded_once);
	tcase_add_test(t, a_message_that_was_queued_while_the_slot_was_released_is_not_stuck);
	tcase_add_test(t, only_bit_0_of_the_flags_asks_for_an_end_of_message);
	tcase_add_test(t, a_slot_that_somebody_else_changed_is_not_released_again);
	tcase_add_test(t, every_flag_is_found_alone_and_cleared_before_it_is_given_out);
	tcase_add_test(t, all_flags_of_one_sint_are_taken_and_no_others);
	tcase_add_test(t, a_flag_that_is_set_again_during_the_scan_is_not_lost);
	tcase_add_test(t, the_interrupt_page_is_read_in_its_first_half_and_set_in_its_second);
	tcase_add_test(t, a_monitor_trigger_sets_one_pending_bit_and_nothing_for_a_bad_id);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
