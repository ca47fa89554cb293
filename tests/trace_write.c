/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_write FILE - a short conversation with the mock host as a trace, for dissector_test.py
 *
 * One record of each kind: contact, offer, GPADL, open, a packet of the host, a signal, MSRs, a
 * hypercall that fails, a message that is malformed, and a note.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hvproto/wire/interfaces.h>
#include <hvproto/wire/ring.h>

#include "mockhost_guest.h"

static const struct hvp_guid keyboard = HVP_INTERFACE_KEYBOARD;
static const struct hvp_guid instance = HVP_INSTANCE_KEYBOARD;

/* The device, which must outlive the conversation. */
static struct hvm_scripted *talk(struct guest *g)
{
	static const uint8_t short_open[12] = { HVP_VMBUS_OPEN_CHANNEL };
	struct hvm_offer offer = offer_of(0, 0);
	struct hvm_packet packet;
	struct hvm_scripted *device;

	offer.interface_id = keyboard;
	offer.instance_id = instance;
	device = hvm_scripted_new(g->s, &offer);
	ck_assert_ptr_nonnull(device);
	guest_connect(g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(g, NULL, 0), 1);
	guest_gpadl(g, 1, 0x11, 4);
	guest_open(g, 1, 0x11, 2, 1);
	memset(&packet, 0, sizeof(packet));
	packet.type = HVP_RING_PACKET_DATA_IN_BAND;
	packet.transaction_id = UINT64_MAX;
	packet.payload = (const uint8_t *)"hello";
	packet.payload_size = 5;
	ck_assert_int_eq(hvm_scripted_send(device, &packet), HVP_OK);
	guest_drain(g);
	ck_assert_uint_ne(guest_post_raw(g, 99, short_open, sizeof(short_open)), 0);
	guest_post_raw(g, g->connection_id, short_open, sizeof(short_open));
	hvm_note(g->p, "that open was too short");
	return device;
}

static const char *file;

START_TEST(a_trace_is_written)
{
	static struct guest g;
	struct hvm_scripted *device;

	guest_init(&g, NULL, NULL);
	device = talk(&g);
	ck_assert_int_eq(hvm_trace_pcap(hvm_partition_trace(g.p), file), HVP_OK);
	hvm_scripted_free(device);
	guest_done(&g);
}
END_TEST

/* The helpers of the guest assert, and so need a test around them. */
int main(int argc, char **argv)
{
	Suite *suite = suite_create("trace_write");
	TCase *t = tcase_create("trace_write");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc != 2)
		return EXIT_FAILURE;
	file = argv[1];
	tcase_add_test(t, a_trace_is_written);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
