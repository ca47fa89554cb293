/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching and detaching a NIC: what is sent in which order, at each version. */
#include "net_host.h"

START_TEST(a_device_attaches_at_the_highest_version)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	const struct net_seen *s;
	struct hvp_netvsc_event ev;

	net_start(h);
	net_turn(h);
	s = net_expect(h, 1);
	ck_assert_uint_eq(s->size, 40);
	ck_assert_uint_eq(fake_u32(s->bytes + 4), 0x60001);
	s = net_expect(h, 125);
	ck_assert_uint_eq(fake_u32(s->bytes + 4), 1514);
	ck_assert_uint_eq(fake_u32(s->bytes + 12), 0xac);
	s = net_expect(h, 100);
	ck_assert_uint_eq(fake_u32(s->bytes + 4), 6);
	ck_assert_uint_eq(fake_u32(s->bytes + 8), 30);
	s = net_expect(h, 101);
	ck_assert_uint_eq(s->bytes[8] | s->bytes[9] << 8, 0xcafe);
	net_expect(h, 104);
	s = net_expect_oid(h, 2, 0);
	ck_assert_uint_eq(s->control_size, 24);
	net_expect_oid(h, 4, 0x00010106);
	net_expect_oid(h, 4, 0x01010101);
	net_expect_oid(h, 4, 0xfc01020d);
	s = net_expect_oid(h, 5, 0xfc01020c);
	ck_assert_uint_eq(s->control_size, 56);
	net_expect_oid(h, 4, 0x00010114);
	net_expect_oid(h, 4, 0x00010107);
	s = net_expect_oid(h, 4, 0x00010203);
	ck_assert_uint_eq(s->control_size, 46);
	s = net_expect_oid(h, 5, 0x0001010e);
	ck_assert_uint_eq(fake_u32(s->control + 28), 0xd);
	ck_assert_uint_eq(h->read, h->seen);
	ev = net_event(h, HVP_NETVSC_EV_ATTACHED);
	ck_assert_int_eq(ev.status, HVP_OK);
	ck_assert(ev.up);
	ck_assert_uint_eq(ev.speed, 100000000);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->version, 0x60001);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->sections, NET_TX_SIZE / 6144);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->mac[2], 0x5d);
	net_no_event(h);
	net_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netvsc_attach");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_device_attaches_at_the_highest_version);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
