/* SPDX-License-Identifier: BSD-2-Clause */
/* Device classes and instances: the look-ups, and the macros against bytes seen elsewhere. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/interfaces.h>
#include <hvproto/wire/trace.h>

/* A field's offset plus its size is the offset of what follows it. */
_Static_assert(HVP_HV_SLOT_PAYLOAD_OFFSET + HVP_HV_MESSAGE_PAYLOAD_MAX == HVP_HV_SLOT_SIZE, "slot");
_Static_assert(HVP_HV_POST_MESSAGE_PAYLOAD_OFFSET + HVP_HV_MESSAGE_PAYLOAD_MAX ==
		       HVP_HV_POST_MESSAGE_SIZE,
	       "post_message");
_Static_assert(HVP_HV_SLOT_COUNT *HVP_HV_SLOT_SIZE == HVP_HV_PAGE_SIZE, "message page");
_Static_assert(HVP_HV_SLOT_COUNT *HVP_HV_EVENT_FLAGS_SINT_SIZE == HVP_HV_PAGE_SIZE,
	       "event flags page");
_Static_assert(HVP_HV_CONTROL_SIGNAL_EVENT_FAST == (HVP_HV_CALL_SIGNAL_EVENT | HVP_HV_CONTROL_FAST),
	       "fast form");
_Static_assert(HVP_HV_MONITOR_GROUPS *HVP_HV_MONITOR_GROUP_BITS == HVP_HV_MONITOR_ID_COUNT,
	       "monitor ids");
_Static_assert(HVP_HV_CPUID_EAX_REQUIRED == (HVP_HV_CPUID_EAX_SYNIC | HVP_HV_CPUID_EAX_HYPERCALL),
	       "EAX");
_Static_assert(HVP_HV_CPUID_EBX_REQUIRED ==
		       (HVP_HV_CPUID_EBX_POST_MESSAGES | HVP_HV_CPUID_EBX_SIGNAL_EVENTS),
	       "EBX");
_Static_assert(HVP_TRACE_HEADER_AUX_OFFSET + 8 == HVP_TRACE_HEADER_SIZE, "trace header");

static const struct hvp_guid keyboard = HVP_INTERFACE_KEYBOARD;
static const struct hvp_guid nobody = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

START_TEST(a_macro_has_the_bytes_of_the_wire)
{
	/* From chapter 10 section 1.1 and worked example A.5, not from the generator. */
	static const uint8_t network[16] = { 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
					     0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e };
	static const uint8_t instance[16] = { 0x67, 0x25, 0x4b, 0xd3, 0xb6, 0xb9, 0xb9, 0x42,
					      0x87, 0x78, 0x0a, 0x4e, 0xc0, 0xb9, 0x55, 0xbf };
	static const struct hvp_guid a = HVP_INTERFACE_NETWORK;
	static const struct hvp_guid b = HVP_INSTANCE_KEYBOARD;

	ck_assert_mem_eq(a.b, network, sizeof(network));
	ck_assert_mem_eq(b.b, instance, sizeof(instance));
}
END_TEST

START_TEST(every_class_is_found_by_its_guid_and_by_its_name)
{
	const struct hvp_interface *i;

	for (i = hvp_interfaces; i->name; i++) {
		ck_assert_ptr_eq(hvp_interface_by_guid(&i->guid), i);
		ck_assert_ptr_eq(hvp_interface_by_name(i->name), i);
	}
	ck_assert_int_eq(i - hvp_interfaces, 29);
}
END_TEST

START_TEST(every_instance_is_found_and_is_of_a_known_class)
{
	const struct hvp_instance *i;

	for (i = hvp_instances; i->name; i++) {
		ck_assert_ptr_eq(hvp_instance_by_guid(&i->guid), i);
		ck_assert_ptr_nonnull(hvp_interface_by_name(i->class_name));
	}
	ck_assert_int_eq(i - hvp_instances, 25);
}
END_TEST

START_TEST(what_is_not_listed_is_not_found)
{
	ck_assert_ptr_null(hvp_interface_by_guid(&nobody));
	ck_assert_ptr_null(hvp_instance_by_guid(&nobody));
	ck_assert_ptr_null(hvp_interface_by_name("keyboards"));
	ck_assert_ptr_null(hvp_interface_by_name("key"));
	ck_assert_ptr_null(hvp_interface_by_name(""));
}
END_TEST

START_TEST(a_socket_class_matches_any_port_and_nothing_else)
{
	struct hvp_guid port = HVP_INTERFACE_HV_SOCK;
	const struct hvp_interface *found;
	size_t i;

	memset(port.b, 0xa5, 4);
	found = hvp_interface_by_guid(&port);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->name, "hv_sock");
	for (i = 4; i < sizeof(port.b); i++) {
		port.b[i] ^= 1;
		ck_assert_ptr_null(hvp_interface_by_guid(&port));
		port.b[i] ^= 1;
	}
}
END_TEST

START_TEST(a_guid_differs_when_any_byte_does)
{
	struct hvp_guid other = keyboard;
	size_t i;

	ck_assert(hvp_guid_equal(&keyboard, &other));
	for (i = 0; i < sizeof(other.b); i++) {
		other.b[i] ^= 0x80;
		ck_assert(!hvp_guid_equal(&keyboard, &other));
		other.b[i] ^= 0x80;
	}
}
END_TEST

START_TEST(flags_tell_framing_and_isolation)
{
	const struct hvp_interface *mouse = hvp_interface_by_name("mouse");
	const struct hvp_interface *net = hvp_interface_by_name("network");

	ck_assert_uint_eq(mouse->flags, HVP_INTERFACE_F_PIPE | HVP_INTERFACE_F_PIPE_MESSAGE);
	ck_assert_uint_eq(net->flags, HVP_INTERFACE_F_MULTI | HVP_INTERFACE_F_SUBCHANNELS |
					      HVP_INTERFACE_F_ISOLATION);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interfaces");
	TCase *t = tcase_create("interfaces");
	SRunner *runner;
	int failed;

	tcase_add_test(t, a_macro_has_the_bytes_of_the_wire);
	tcase_add_test(t, every_class_is_found_by_its_guid_and_by_its_name);
	tcase_add_test(t, every_instance_is_found_and_is_of_a_known_class);
	tcase_add_test(t, what_is_not_listed_is_not_found);
	tcase_add_test(t, a_socket_class_matches_any_port_and_nothing_else);
	tcase_add_test(t, a_guid_differs_when_any_byte_does);
	tcase_add_test(t, flags_tell_framing_and_isolation);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
