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

static void ends(struct net_host *h, enum hvp_status status)
{
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, status);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, status);
	ck_assert_int_eq(hvp_netvsc_state(&h->dev), HVP_NETVSC_DETACHED);
	ck_assert_ptr_null(h->dev.rx_gpadl);
	ck_assert_ptr_null(h->dev.tx_gpadl);
	ck_assert_int_eq(hvp_channel_state(h->cfg.channel), HVP_CHANNEL_OFFERED);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->attach_failures, 1);
	net_free(h);
}

START_TEST(versions_are_tried_downwards_until_one_is_taken)
{
	static const uint32_t order[] = { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 2 };
	uint32_t accepted = order[_i];
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	const struct net_seen *s;

	h->version = accepted;
	net_start(h);
	net_turn(h);
	for (int i = 0; i <= _i; i++) {
		s = net_expect(h, 1);
		ck_assert_uint_eq(fake_u32(s->bytes + 4), order[i]);
		ck_assert_uint_eq(s->size, order[i] == 0x60001 ? 40 : 32);
	}
	if (accepted >= 0x30002)
		ck_assert_uint_eq(fake_u32(net_expect(h, 125)->bytes + 12),
				  accepted >= 0x60001	? 0xac
				  : accepted >= 0x50000 ? 0x2c
							: 0x08);
	s = net_expect(h, 100);
	ck_assert_uint_eq(fake_u32(s->bytes + 8), accepted >= 0x50000 ? 30 : 1);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->version, accepted);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->versions_refused, (unsigned int)_i);
	net_free(h);
}
END_TEST

START_TEST(old_versions_ask_with_old_structures)
{
	static const uint32_t versions[] = { 0x60000, 0x40000, 0x30002 };
	static const uint32_t input[] = { 156, 144, 112 };
	static const uint32_t params[] = { 28, 22, 22 };
	struct net_host *h = net_attached(versions[_i], 4);
	bool rss = false;

	for (uint32_t i = 0; i < h->seen; i++) {
		const struct net_seen *s = &h->log[i];

		if (s->oid == 0xfc01020d)
			ck_assert_uint_eq(s->control_size, 28 + input[_i]);
		if (s->oid == 0xfc01020c)
			ck_assert_uint_eq(s->control_size, 28 + params[_i]);
		rss = rss || s->oid == 0x00010203;
	}
	ck_assert(rss == (_i == 0));
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, _i == 0 ? 4 : 1);
	net_free(h);
}
END_TEST

START_TEST(a_host_without_a_common_version_ends_the_attach)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->version = 0x40000;
	h->cfg.min_version = 0x50000;
	net_start(h);
	ends(h, HVP_UNSUPPORTED);
}
END_TEST

START_TEST(an_isolated_guest_takes_nothing_below_6_1_and_no_vf)
{
	uint32_t vf[3] = { net_word(128), net_word(1), net_word(7) };
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.isolated = true;
	net_start(h);
	net_turn(h);
	ck_assert_uint_eq(fake_u32(net_expect(h, 1)->bytes + 4), 0x60001);
	ck_assert_uint_eq(fake_u32(net_expect(h, 125)->bytes + 12), 0xa8);
	net_skip_events(h);
	net_inband(h, 0, vf, 12, true);
	net_turn(h);
	net_no_event(h);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->vf_ignored, 1);
	net_free(h);
	h = net_new(HVP_VMBUS_VERSION_5_3);
	h->cfg.isolated = true;
	h->version = 0x60000;
	net_start(h);
	ends(h, HVP_UNSUPPORTED);
}
END_TEST

START_TEST(capabilities_filter_and_send_buffer_are_the_callers)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.has_capabilities = true;
	h->cfg.capabilities = 0x8;
	h->cfg.filter = 0;
	h->cfg.send.base = NULL;
	h->cfg.mtu = 9000;
	h->frame_size = 9000;
	net_start(h);
	net_turn(h);
	net_expect(h, 1);
	ck_assert_uint_eq(fake_u32(h->log[1].bytes + 4), 9014);
	ck_assert_uint_eq(fake_u32(h->log[1].bytes + 12), 8);
	for (uint32_t i = 0; i < h->seen; i++) {
		ck_assert_uint_ne(h->log[i].nvsp, 104);
		ck_assert_uint_ne(h->log[i].oid, 0x0001010e);
	}
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->mtu, 9000);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->section_size, 0);
	net_free(h);
}
END_TEST

/* The host gives up its answer at one step; a time-out ends the attach, memory comes back. */
static const uint32_t silent_steps[] = { 1, 101, 104, 107 };

START_TEST(a_step_without_an_answer_times_out)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->silent_nvsp = silent_steps[_i];
	if (silent_steps[_i] == 107)
		h->silent_oid = 1;
	net_start(h);
	net_turn(h);
	net_no_event(h);
	for (int i = 0; i < 8; i++)
		net_sleep(h, 100000001);
	ck_assert_uint_ge(hvp_netvsc_stats(&h->dev)->timeouts, 1);
	ends(h, HVP_TIMEOUT);
}
END_TEST

static const uint32_t silent_oids[] = { 1,	    0x00010106, 0x01010101, 0xfc01020d, 0xfc01020c,
					0x00010114, 0x00010107, 0x00010203, 0x0001010e };

START_TEST(a_request_without_a_reply_times_out)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->silent_oid = silent_oids[_i];
	net_start(h);
	net_turn(h);
	for (int i = 0; i < 8; i++)
		net_sleep(h, 100000001);
	if (silent_oids[_i] == 0x0001010e) {
		/* the last step of an attach, and the first of the detach that follows */
		ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->timeouts, 2);
		ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_TIMEOUT);
		net_free(h);
		return;
	}
	ends(h, HVP_TIMEOUT);
}
END_TEST

/* oid, status of the attach */
static const struct {
	uint32_t oid;
	enum hvp_status status;
} refused[] = {
	{ 1, HVP_REFUSED },	{ 0x00010106, HVP_OK }, { 0x01010101, HVP_REFUSED },
	{ 0xfc01020d, HVP_OK }, { 0xfc01020c, HVP_OK }, { 0x00010114, HVP_OK },
	{ 0x00010107, HVP_OK }, { 0x00010203, HVP_OK }, { 0x0001010e, HVP_REFUSED },
};

START_TEST(a_refused_oid_ends_the_attach_only_if_it_must)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.queue_count = 4;
	h->bad_oid = refused[_i].oid;
	h->bad_status = 0xc00000bb;
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, refused[_i].status);
	if (refused[_i].oid == 0x00010203)
		ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, 1);
	if (refused[_i].oid == 0xfc01020c || refused[_i].oid == 0xfc01020d)
		ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, 0);
	net_free(h);
}
END_TEST

START_TEST(a_control_packet_that_the_host_could_not_read_is_refused_at_once)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->control_status = 2;
	net_start(h);
	ends(h, HVP_REFUSED);
}
END_TEST

/* what the host says of the receive buffer, and whether the guest can live with it */
static const struct {
	uint32_t status, sections, size, count;
	enum hvp_status result;
} rx_answers[] = {
	{ 1, 1, 68, 1, HVP_OK },
	{ 1, 1, NET_RX_SIZE, 1, HVP_OK },
	{ 1, 1, 1024, NET_RX_SIZE / 1024, HVP_OK },
	{ 0, 1, NET_SLOT, 10, HVP_REFUSED },
	{ 2, 1, NET_SLOT, 10, HVP_REFUSED },
	{ 1, 0, NET_SLOT, 10, HVP_VALUE },
	{ 1, 1, 67, 10, HVP_VALUE },
	{ 1, 1, 0, 10, HVP_VALUE },
	{ 1, 1, NET_SLOT, 0, HVP_VALUE },
	{ 1, 1, NET_RX_SIZE + 1, 1, HVP_VALUE },
	{ 1, 1, 1024, NET_RX_SIZE / 1024 + 1, HVP_VALUE },
	{ 1, 1, 0x10000, 0x10000, HVP_VALUE }, /* 2^32: 0 in 32 bits */
};

START_TEST(slots_of_the_receive_buffer_are_checked)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->rx_status = rx_answers[_i].status;
	h->rx_sections = rx_answers[_i].sections;
	h->slot_size = rx_answers[_i].size;
	h->slot_count = rx_answers[_i].count;
	net_start(h);
	if (rx_answers[_i].result != HVP_OK) {
		ends(h, rx_answers[_i].result);
		return;
	}
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->receive_slot, rx_answers[_i].size);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->receive_slots, rx_answers[_i].count);
	net_free(h);
}
END_TEST

static const struct {
	uint32_t status, size;
	enum hvp_status result;
	uint32_t sections;
} tx_answers[] = {
	{ 1, 68, HVP_OK, NET_TX_SIZE / 68 },
	{ 1, NET_TX_SIZE, HVP_OK, 1 },
	{ 2, 6144, HVP_OK, 0 },
	{ 0, 0, HVP_OK, 0 },
	{ 1, 67, HVP_VALUE, 0 },
	{ 1, 0, HVP_VALUE, 0 },
	{ 1, NET_TX_SIZE + 1, HVP_VALUE, 0 },
	{ 1, 0xffffffff, HVP_VALUE, 0 },
};

START_TEST(sections_of_the_send_buffer_are_checked_and_a_refusal_is_survived)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->tx_buffer_status = tx_answers[_i].status;
	h->section_size = tx_answers[_i].size;
	net_start(h);
	if (tx_answers[_i].result != HVP_OK) {
		ends(h, tx_answers[_i].result);
		return;
	}
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->sections, tx_answers[_i].sections);
	h->order_count = 0;
	ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
	net_turn(h);
	/* BUG-133: what was not accepted is not revoked */
	for (uint32_t i = 0; i < h->order_count; i++)
		ck_assert(h->order[i] != 106 || tx_answers[_i].status == 1);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_DETACHED).status, HVP_OK);
	net_free(h);
}
END_TEST

/* oid and its bytes, made by the test; what must hold then */
static void odd(struct net_host *h, uint32_t oid, const void *bytes, uint32_t size)
{
	h->odd_oid = oid;
	memcpy(h->odd, bytes, size);
	h->odd_size = size;
	net_start(h);
	net_turn(h);
}

START_TEST(a_mac_of_another_length_ends_the_attach)
{
	static const uint32_t sizes[] = { 0, 5, 7, 200 };
	uint8_t mac[200] = { 2 };
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	odd(h, 0x01010101, mac, sizes[_i]);
	ends(h, HVP_VALUE);
}
END_TEST

START_TEST(the_mtu_only_goes_down_and_not_below_reason)
{
	static const uint32_t stated[] = { 9000, 1500, 1400, 68, 67, 0 };
	static const uint32_t used[] = { 1500, 1500, 1400, 68, 1500, 1500 };
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->frame_size = stated[_i];
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->mtu, used[_i]);
	net_free(h);
}
END_TEST

START_TEST(offload_structures_that_contradict_themselves_count_as_none)
{
	uint8_t m[180] = { 0xa7, 3, 156 };
	uint32_t size = 156;
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	bool good = false;

	m[4] = 2;
	net_put32(m + 8, 0x155);
	switch (_i) {
	case 0:
		size = 111;
		break;
	case 1:
		m[0] = 0x80;
		break;
	case 2:
		m[1] = 0;
		break;
	case 3:
		m[2] = 111;
		break;
	case 4:
		m[2] = 157;
		break;
	case 5: /* odd but legal: the first revision */
		m[1] = 1;
		m[2] = 112;
		size = 112;
		good = true;
		break;
	case 6: /* odd but legal: a revision of the future */
		m[1] = 6;
		m[2] = 180;
		size = 180;
		good = true;
		break;
	default:
		size = 0;
		break;
	}
	odd(h, 0xfc01020d, m, size);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, good ? 7 : 0);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->values_bad, good ? 0 : 1);
	net_free(h);
}
END_TEST

START_TEST(offloads_are_those_that_host_and_caller_want)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	uint8_t m[156] = { 0xa7, 3, 156 };

	m[36] = 2; /* LSO version 1 */
	net_put32(m + 40, 32768);
	m[92] = 2; /* LSO version 2 for IPv6 without TCP options: of no use */
	odd(h, 0xfc01020d, m, 156);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads, HVP_NETVSC_OFFLOAD_LSO_V1);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->lso_max, 32768);
	net_free(h);
	h = net_attached(0x60001, 1);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads,
			  HVP_NETVSC_OFFLOAD_ALL & ~HVP_NETVSC_OFFLOAD_LSO_V1);
	net_free(h);
	h = net_attached(0x60000, 1);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->offloads & HVP_NETVSC_OFFLOAD_RSC4, 0);
	net_free(h);
	h = net_new(HVP_VMBUS_VERSION_5_3);
	h->cfg.offloads = HVP_NETVSC_OFFLOAD_TX_TCP4 | HVP_NETVSC_OFFLOAD_RX_UDP6;
	net_start(h);
	net_turn(h);
	for (uint32_t i = 0; i < h->seen; i++) {
		const uint8_t *p = h->log[i].control + 28;

		if (h->log[i].oid != 0xfc01020c)
			continue;
		ck_assert_uint_eq(p[4], 1);
		ck_assert_uint_eq(p[5], 2);
		ck_assert_uint_eq(p[8], 3);
		ck_assert_uint_eq(p[9], 0);
		ck_assert_uint_eq(p[11], 1);
		ck_assert_uint_eq(p[22], 1);
	}
	net_free(h);
}
END_TEST

START_TEST(rss_capabilities_that_make_no_sense_leave_one_queue)
{
	uint8_t m[20] = { 0x88, 2, 18 };
	uint32_t size = 18;
	uint32_t queues = 1;
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.queue_count = 4;
	net_put32(m + 12, 4);
	m[16] = 128;
	switch (_i) {
	case 0:
		m[0] = 0x89;
		break;
	case 1:
		m[1] = 0;
		break;
	case 2:
		m[2] = 15;
		break;
	case 3:
		m[2] = 19;
		break;
	case 4:
		net_put32(m + 12, 0);
		break;
	case 5:
		m[16] = 0;
		break;
	case 6:
		m[16] = 129;
		break;
	case 7:
		size = 15;
		break;
	case 8: /* odd but legal: revision 1 has no number of entries */
		m[1] = 1;
		m[2] = 16;
		size = 16;
		queues = 4;
		break;
	case 9: /* fewer entries than queues */
		m[16] = 2;
		queues = 2;
		break;
	case 10: /* padded to 20 */
		m[2] = 20;
		size = 20;
		queues = 4;
		break;
	default: /* more queues than there can be */
		net_put32(m + 12, 0xffffffff);
		queues = 4;
		break;
	}
	odd(h, 0x00010203, m, size);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, queues);
	ck_assert_uint_eq(hvp_netvsc_stats(&h->dev)->values_bad, queues == 1 ? 1 : 0);
	net_free(h);
}
END_TEST

START_TEST(limits_of_initialize_are_brought_to_reason)
{
	static const uint32_t in[][2] = { { 8, 3 },   { 0, 0 }, { 1, 1 },
					  { 100, 7 }, { 8, 8 }, { 8, 0xffffffff } };
	static const uint32_t out[][2] = { { 8, 8 },   { 1, 4 },   { 1, 4 },
					   { 8, 128 }, { 1, 128 }, { 1, 128 } };
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->max_packets = in[_i][0];
	h->alignment = in[_i][1];
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->max_packets, out[_i][0]);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->alignment, out[_i][1]);
	net_free(h);
}
END_TEST

START_TEST(sub_channels_are_opened_and_rss_is_set_after_them)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);
	const struct net_seen *s;
	uint32_t i;

	h->cfg.queue_count = 4;
	net_start(h);
	net_turn(h);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, HVP_OK);
	ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, 4);
	for (i = 0; i < h->seen && h->log[i].nvsp != 133; i++)
		;
	ck_assert_uint_lt(i, h->seen);
	ck_assert_uint_eq(fake_u32(h->log[i].bytes + 4), 1);
	ck_assert_uint_eq(fake_u32(h->log[i].bytes + 8), 3);
	h->read = i + 1;
	s = net_expect_oid(h, 5, 0x00010204);
	ck_assert_uint_eq(s->control_size, 620);
	ck_assert_uint_eq(s->control[28 + 4], 0x10);
	s = net_expect_oid(h, 5, 0x00010204);
	ck_assert_uint_eq(s->control[28 + 4], 0);
	ck_assert_uint_eq(fake_u32(s->control + 28 + 8), 0x1701);
	ck_assert_uint_eq(fake_u32(s->control + 28 + 40 + 4 * 5), 1);
	ck_assert_uint_eq(s->control[28 + 552], 0x6d);
	net_expect_oid(h, 5, 0x0001010e);
	ck_assert_ptr_eq(hvp_netvsc_queue_of(&h->dev, h->queues[3].channel), &h->queues[3]);
	ck_assert_ptr_null(hvp_netvsc_queue_of(&h->dev, NULL));
	ck_assert_uint_eq(hvp_netvsc_host_table(&h->dev)[5], 1);
	net_free(h);
}
END_TEST

/* status, grant, offers; queues and result */
static const struct {
	uint32_t status, grant, offers, queues;
	enum hvp_status result;
} grants[] = {
	{ 2, 0, 0, 1, HVP_OK },
	{ 1, 0, 0, 1, HVP_OK },
	{ 1, 2, 2, 3, HVP_OK },
	{ 1, 3, 1, 2, HVP_OK }, /* BUG-041: fewer come than were granted */
	{ 1, 2, 3, 3, HVP_OK }, /* more come: not ours */
	{ 1, 4, 4, 0, HVP_VALUE },
	{ 1, 0xfffffffe, 3, 0, HVP_VALUE },
};

START_TEST(what_the_host_grants_is_what_is_used)
{
	struct net_host *h = net_new(HVP_VMBUS_VERSION_5_3);

	h->cfg.queue_count = 4;
	h->sub_status = grants[_i].status;
	h->sub_grant = grants[_i].grant;
	h->sub_offers = grants[_i].offers;
	net_start(h);
	net_turn(h);
	net_sleep(h, 100000001);
	net_sleep(h, 100000001);
	ck_assert_int_eq(net_event(h, HVP_NETVSC_EV_ATTACHED).status, grants[_i].result);
	if (grants[_i].result == HVP_OK) {
		ck_assert_uint_eq(hvp_netvsc_info(&h->dev)->queues, grants[_i].queues);
		ck_assert_int_eq(hvp_netvsc_detach(&h->dev), HVP_OK);
		net_turn(h);
	}
	net_event(h, HVP_NETVSC_EV_DETACHED);
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
	tcase_add_loop_test(t, versions_are_tried_downwards_until_one_is_taken, 0, 6);
	tcase_add_loop_test(t, old_versions_ask_with_old_structures, 0, 3);
	tcase_add_test(t, a_host_without_a_common_version_ends_the_attach);
	tcase_add_test(t, an_isolated_guest_takes_nothing_below_6_1_and_no_vf);
	tcase_add_test(t, capabilities_filter_and_send_buffer_are_the_callers);
	tcase_add_loop_test(t, a_step_without_an_answer_times_out, 0, 4);
	tcase_add_loop_test(t, a_request_without_a_reply_times_out, 0, 9);
	tcase_add_loop_test(t, a_refused_oid_ends_the_attach_only_if_it_must, 0, 9);
	tcase_add_test(t, a_control_packet_that_the_host_could_not_read_is_refused_at_once);
	tcase_add_loop_test(t, slots_of_the_receive_buffer_are_checked, 0, 12);
	tcase_add_loop_test(t, sections_of_the_send_buffer_are_checked_and_a_refusal_is_survived, 0,
			    8);
	tcase_add_loop_test(t, a_mac_of_another_length_ends_the_attach, 0, 4);
	tcase_add_loop_test(t, the_mtu_only_goes_down_and_not_below_reason, 0, 6);
	tcase_add_loop_test(t, offload_structures_that_contradict_themselves_count_as_none, 0, 8);
	tcase_add_test(t, offloads_are_those_that_host_and_caller_want);
	tcase_add_loop_test(t, rss_capabilities_that_make_no_sense_leave_one_queue, 0, 12);
	tcase_add_loop_test(t, limits_of_initialize_are_brought_to_reason, 0, 6);
	tcase_add_test(t, sub_channels_are_opened_and_rss_is_set_after_them);
	tcase_add_loop_test(t, what_the_host_grants_is_what_is_used, 0, 7);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
