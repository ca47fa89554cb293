/* SPDX-License-Identifier: BSD-2-Clause */
#include "netvsp_guest.h"

#define RX_GPADL 0x71u
#define TX_GPADL 0x72u
#define COMPLETION 11u

/* ---- channels ---- */

void nv_run(struct nv_guest *v)
{
	hvm_sched_run_idle(hvm_partition_sched(v->g.p), 100 * HVM_SEC);
}

void nv_open(struct nv_guest *v, uint32_t queue, uint32_t channel)
{
	struct nv_channel *c = &v->ch[queue];
	struct hvp_ring_mem out, in;
	struct hvm_channel_info info;

	c->id = channel;
	if (!c->ring)
		c->ring = guest_gpadl(&v->g, channel, 0x80 + queue, 2 * NV_RING_PAGES);
	out = (struct hvp_ring_mem){ c->ring, c->ring + HVM_PAGE, NULL, NV_RING_SIZE };
	in = out;
	in.control = c->ring + NV_RING_PAGES * HVM_PAGE;
	in.base = c->ring + (NV_RING_PAGES + 1) * HVM_PAGE;
	ck_assert_int_eq(hvp_ring_tx_init(&c->tx, &out, in.control), HVP_OK);
	ck_assert_int_eq(hvp_ring_rx_init(&c->rx, &in, HVP_RING_GUEST), HVP_OK);
	guest_open(&v->g, channel, 0x80 + queue, NV_RING_PAGES, 0);
	guest_expect(&v->g, HVP_VMBUS_OPEN_CHANNEL_RESULT, NULL);
	hvm_channel_info(hvm_server_channel(v->g.s, channel), &info);
	c->connection = info.connection_id;
}

void nv_init(struct nv_guest *v, const struct hvm_netvsp_config *cfg)
{
	struct hvm_netvsp_config c = HVM_NETVSP_CONFIG_INIT;

	memset(v, 0, sizeof(*v));
	v->next_id = 0x1000;
	guest_init(&v->g, NULL, NULL);
	v->n = hvm_netvsp_new(v->g.s, cfg ? cfg : &c);
	ck_assert_ptr_nonnull(v->n);
	guest_connect(&v->g, HVP_VMBUS_VERSION_5_3, 0);
	ck_assert_uint_eq(guest_offers(&v->g, NULL, 0), 1);
	nv_open(v, 0, 1);
}

void nv_done(struct nv_guest *v)
{
	hvm_netvsp_free(v->n);
	guest_done(&v->g);
}

/* ---- sending ---- */

static void put(struct nv_guest *v, uint32_t queue, const struct hvp_ring_out *out,
		const struct hvp_gpa_range *ranges, uint32_t count)
{
	struct nv_channel *c = &v->ch[queue];

	if (count)
		ck_assert_int_eq(hvp_ring_tx_put_gpa(&c->tx, out, ranges, count), HVP_OK);
	else
		ck_assert_int_eq(hvp_ring_tx_put(&c->tx, out), HVP_OK);
	if (hvp_ring_tx_commit(&c->tx))
		ck_assert_uint_eq(guest_signal(&v->g, c->connection), 0);
}

uint64_t nv_send(struct nv_guest *v, uint32_t queue, const void *bytes, uint32_t size, bool flag)
{
	struct hvp_ring_out out = hvp_ring_request(++v->next_id, bytes, size);

	if (!flag)
		out.flags = 0;
	put(v, queue, &out, NULL, 0);
	return v->next_id;
}

uint64_t nv_words(struct nv_guest *v, const uint32_t *words, uint32_t count, bool flag)
{
	uint8_t bytes[40] = { 0 };
	uint32_t k;

	for (k = 0; k < count; k++)
		hvp_put_u32(bytes + 4 * k, words[k]);
	return nv_send(v, 0, bytes, sizeof(bytes), flag);
}

void nv_complete(struct nv_guest *v, uint32_t queue, uint64_t id, const void *bytes, uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_completion(id, bytes, size);

	put(v, queue, &out, NULL, 0);
}

static void packet_107(uint8_t *out, bool data, uint32_t section, uint32_t size)
{
	memset(out, 0, 40);
	hvp_put_u32(out, 107);
	hvp_put_u32(out + 4, !data);
	hvp_put_u32(out + 8, section);
	hvp_put_u32(out + 12, size);
}

uint64_t nv_rndis(struct nv_guest *v, uint32_t queue, const void *bytes, uint32_t size)
{
	uint32_t section = v->sections_used++ % (NV_TX_PAGES * HVM_PAGE / NV_SECTION);
	uint8_t m[40];

	memcpy(v->tx_buffer + section * NV_SECTION, bytes, size);
	packet_107(m, size >= 4 && hvp_get_u32(bytes) == 1, section, size);
	return nv_send(v, queue, m, sizeof(m), true);
}

uint64_t nv_rndis_gpa(struct nv_guest *v, uint32_t queue, const void *bytes, const uint32_t *cuts,
		      uint32_t count)
{
	struct hvp_gpa_range ranges[8];
	uint64_t pfns[8][32];
	uint8_t m[40];
	struct hvp_ring_out out;
	uint32_t k, p, pages, at = 0;
	uint8_t *va;

	for (k = 0; k < count; k++, at += cuts[k - 1]) {
		pages = (cuts[k] + HVM_PAGE - 1) / HVM_PAGE;
		va = hvm_mem_alloc(v->g.p, pages);
		memcpy(va, (const uint8_t *)bytes + at, cuts[k]);
		for (p = 0; p < pages; p++)
			pfns[k][p] = hvm_mem_gpa(v->g.p, va + p * HVM_PAGE) / HVM_PAGE;
		ranges[k] = (struct hvp_gpa_range){ cuts[k], 0, pfns[k] };
	}
	packet_107(m, hvp_get_u32(bytes) == 1, 0xffffffff, 0);
	out = hvp_ring_request(++v->next_id, m, sizeof(m));
	put(v, queue, &out, ranges, count);
	return v->next_id;
}

/* ---- receiving ---- */

static void take_ranges(struct nv_guest *v, struct nv_got *out)
{
	struct hvp_xfer_iter iter;

	ck_assert_int_eq(hvp_ring_xfer_ranges(&out->p, &iter, NULL), HVP_OK);
	ck_assert_uint_eq(iter.set_id, NV_RX_ID);
	while (iter.left) {
		ck_assert_int_eq(hvp_ring_xfer_next(&iter, NV_RX_PAGES * HVM_PAGE,
						    &out->range[out->ranges++], NULL),
				 HVP_OK);
	}
	out->rndis = v->rx_buffer + out->range[0].byte_offset;
	out->rndis_size = out->range[0].byte_count;
}

bool nv_take(struct nv_guest *v, uint32_t queue, struct nv_got *out)
{
	struct nv_channel *c = &v->ch[queue];
	enum hvp_status st;

	nv_run(v);
	memset(out, 0, sizeof(*out));
	st = hvp_ring_rx_next(&c->rx, v->buf, sizeof(v->buf), &out->p);
	if (st == HVP_AGAIN)
		return false;
	ck_assert_int_eq(st, HVP_OK);
	if (hvp_ring_rx_commit(&c->rx))
		ck_assert_uint_eq(guest_signal(&v->g, c->connection), 0);
	out->nvsp = out->p.bytes + out->p.data_offset;
	out->size = out->p.size - out->p.data_offset;
	if (out->p.type == HVP_PACKET_XFER_PAGES)
		take_ranges(v, out);
	return true;
}

void nv_expect_none(struct nv_guest *v, uint32_t queue)
{
	struct nv_got got;

	ck_assert_msg(!nv_take(v, queue, &got), "packet of type %u", got.p.type);
}

void nv_expect_completion(struct nv_guest *v, uint32_t queue, uint64_t id, struct nv_got *out)
{
	ck_assert_msg(nv_take(v, queue, out), "nothing came; the NIC says: %s", nv_reason(v));
	ck_assert_uint_eq(out->p.type, COMPLETION);
	ck_assert_uint_eq(out->p.transaction_id, id);
}

void nv_expect_status(struct nv_guest *v, uint32_t queue, uint64_t id, uint32_t status)
{
	struct nv_got got;

	nv_expect_completion(v, queue, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 108);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), status);
}

static void complete_ok(struct nv_guest *v, uint32_t queue, uint64_t id)
{
	uint8_t bytes[8];

	hvp_put_u32(bytes, 108);
	hvp_put_u32(bytes + 4, 1);
	nv_complete(v, queue, id, bytes, sizeof(bytes));
}

static void expect_107(const struct nv_got *got, bool data)
{
	ck_assert_uint_eq(got->p.type, HVP_PACKET_XFER_PAGES);
	ck_assert_uint_eq(got->p.flags, 1);
	ck_assert_uint_eq(hvp_get_u32(got->nvsp), 107);
	ck_assert_uint_eq(hvp_get_u32(got->nvsp + 4), !data);
	ck_assert_uint_eq(hvp_get_u32(got->nvsp + 8), 0xffffffff);
	ck_assert_uint_eq(hvp_get_u32(got->nvsp + 12), 0);
}

void nv_expect_rndis(struct nv_guest *v, uint32_t type)
{
	struct nv_got got;

	ck_assert_msg(nv_take(v, 0, &got), "nothing came; the NIC says: %s", nv_reason(v));
	expect_107(&got, false);
	ck_assert_uint_lt(got.p.transaction_id, 16);
	ck_assert_uint_eq(got.ranges, 1);
	ck_assert_uint_le(got.rndis_size, sizeof(v->answer));
	memcpy(v->answer, got.rndis, got.rndis_size);
	v->answer_size = got.rndis_size;
	ck_assert_uint_eq(hvp_get_u32(v->answer), type);
	complete_ok(v, 0, got.p.transaction_id);
}

void nv_expect_frame(struct nv_guest *v, uint32_t queue, const void *frame, uint32_t size)
{
	struct nv_got got;

	ck_assert_msg(nv_take(v, queue, &got), "no frame came; the NIC says: %s", nv_reason(v));
	expect_107(&got, true);
	ck_assert_uint_ge(got.p.transaction_id, 16);
	ck_assert_uint_eq(hvp_get_u32(got.rndis), 1);
	ck_assert_uint_eq(hvp_get_u32(got.rndis + 12), size);
	ck_assert_mem_eq(got.rndis + 8 + hvp_get_u32(got.rndis + 8), frame, size);
	complete_ok(v, queue, got.p.transaction_id);
}

/* ---- attach ---- */

uint32_t nv_try_version(struct nv_guest *v, uint32_t version)
{
	uint32_t words[3] = { 1, version, version };
	uint64_t id = nv_words(v, words, 3, true);
	struct nv_got got;

	nv_expect_completion(v, 0, id, &got);
	ck_assert_uint_ge(got.size, 28);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 2);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), 34);
	return hvp_get_u32(got.nvsp + 12);
}

void nv_config(struct nv_guest *v, uint32_t mtu, uint64_t capabilities)
{
	uint32_t words[5] = { 125, mtu, 0, (uint32_t)capabilities, 0 };

	nv_words(v, words, 5, false);
}

void nv_ndis(struct nv_guest *v, uint32_t major, uint32_t minor)
{
	uint32_t words[3] = { 100, major, minor };

	nv_words(v, words, 3, false);
}

uint64_t nv_receive_buffer(struct nv_guest *v, uint32_t gpadl)
{
	uint32_t words[3] = { 101, gpadl, NV_RX_ID };

	return nv_words(v, words, 3, true);
}

uint64_t nv_send_buffer(struct nv_guest *v, uint32_t gpadl)
{
	uint32_t words[3] = { 104, gpadl, 0 };

	return nv_words(v, words, 3, true);
}

void nv_buffers(struct nv_guest *v)
{
	struct nv_got got;
	uint64_t id;

	v->rx_buffer = guest_gpadl(&v->g, 1, RX_GPADL, NV_RX_PAGES);
	v->tx_buffer = guest_gpadl(&v->g, 1, TX_GPADL, NV_TX_PAGES);
	id = nv_receive_buffer(v, RX_GPADL);
	nv_expect_completion(v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 102);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 1);
	id = nv_send_buffer(v, TX_GPADL);
	nv_expect_completion(v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 105);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 1);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), NV_SECTION);
}

void nv_initialize(struct nv_guest *v)
{
	uint8_t m[24] = { 2, 0, 0, 0, 24, 0, 0, 0, 0x77, 0, 0, 0, 1 };
	uint64_t id;

	hvp_put_u32(m + 20, 0x4000);
	id = nv_rndis(v, 0, m, sizeof(m));
	nv_expect_status(v, 0, id, 1);
	nv_expect_rndis(v, 0x80000002);
	ck_assert_uint_eq(hvp_get_u32(v->answer + 8), 0x77);
	ck_assert_uint_eq(hvp_get_u32(v->answer + 12), 0);
}

void nv_attach(struct nv_guest *v, const struct hvm_netvsp_config *cfg, uint32_t version)
{
	nv_init(v, cfg);
	ck_assert_uint_eq(nv_try_version(v, version), 1);
	if (version != 2)
		nv_config(v, 1514, version >= 0x50000 ? 0x2c : 8);
	nv_ndis(v, 6, version >= 0x50000 ? 30 : 1);
	nv_buffers(v);
	nv_initialize(v);
	ck_assert_int_eq(nv_state(v), HVM_NET_OPERATIONAL);
}

void nv_queues(struct nv_guest *v, uint32_t queues)
{
	uint32_t words[3] = { 133, 1, queues - 1 }, k;
	uint64_t id = nv_words(v, words, 3, true);
	struct hvp_vmbus_offer_channel o;
	struct nv_got got;

	nv_expect_completion(v, 0, id, &got);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp), 133);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 4), 1);
	ck_assert_uint_eq(hvp_get_u32(got.nvsp + 8), queues - 1);
	for (k = 1; k < queues; k++) {
		guest_expect(&v->g, HVP_VMBUS_OFFER_CHANNEL, &o);
		ck_assert_uint_eq(o.subchannel_index, k);
		v->ch[k].id = o.channel_id;
	}
	for (k = 1; k < queues; k++)
		nv_open(v, k, v->ch[k].id);
}

/* ---- OIDs and frames ---- */

static uint32_t oid(struct nv_guest *v, uint32_t type, uint32_t number, const void *info,
		    uint32_t size)
{
	uint8_t m[2048] = { 0 };
	uint64_t id;

	hvp_put_u32(m, type);
	hvp_put_u32(m + 4, 28 + size);
	hvp_put_u32(m + 8, ++v->request_id);
	hvp_put_u32(m + 12, number);
	hvp_put_u32(m + 16, size);
	hvp_put_u32(m + 20, 20);
	if (size)
		memcpy(m + 28, info, size);
	id = nv_rndis(v, 0, m, 28 + size);
	nv_expect_status(v, 0, id, 1);
	nv_expect_rndis(v, type | 0x80000000u);
	ck_assert_uint_eq(hvp_get_u32(v->answer + 8), v->request_id);
	return hvp_get_u32(v->answer + 12);
}

uint32_t nv_query(struct nv_guest *v, uint32_t number)
{
	uint32_t status = oid(v, 4, number, NULL, 0);

	ck_assert_uint_eq(hvp_get_u32(v->answer + 20), 16);
	ck_assert_uint_eq(v->answer_size, 24 + hvp_get_u32(v->answer + 16));
	return status;
}

uint32_t nv_set(struct nv_guest *v, uint32_t number, const void *info, uint32_t size)
{
	return oid(v, 5, number, info, size);
}

void nv_filter(struct nv_guest *v, uint32_t filter)
{
	uint8_t info[4];

	hvp_put_u32(info, filter);
	ck_assert_uint_eq(nv_set(v, 0x1010e, info, 4), 0);
}

uint32_t nv_packet(uint8_t *out, const void *frame, uint32_t size, const void *ppis,
		   uint32_t ppi_size)
{
	memset(out, 0, 44);
	hvp_put_u32(out, 1);
	hvp_put_u32(out + 4, 44 + ppi_size + size);
	hvp_put_u32(out + 8, 36 + ppi_size);
	hvp_put_u32(out + 12, size);
	hvp_put_u32(out + 28, ppi_size ? 36 : 0);
	hvp_put_u32(out + 32, ppi_size);
	if (ppi_size)
		memcpy(out + 44, ppis, ppi_size);
	memcpy(out + 44 + ppi_size, frame, size);
	return 44 + ppi_size + size;
}

uint32_t nv_ppi(uint8_t *out, uint32_t type, uint32_t value)
{
	hvp_put_u32(out, 16);
	hvp_put_u32(out + 4, type);
	hvp_put_u32(out + 8, 12);
	hvp_put_u32(out + 12, value);
	return 16;
}

void nv_frame(struct nv_guest *v, const void *frame, uint32_t size, const void *ppis,
	      uint32_t ppi_size)
{
	uint8_t m[NV_SECTION];
	uint32_t total = nv_packet(m, frame, size, ppis, ppi_size);
	uint64_t id = nv_rndis(v, 0, m, total);

	nv_expect_status(v, 0, id, 1);
}

/* ---- state ---- */

struct hvm_netvsp_info nv_info(struct nv_guest *v)
{
	struct hvm_netvsp_info info;

	hvm_netvsp_info(v->n, &info);
	return info;
}

struct hvm_netvsp_counters nv_counters(struct nv_guest *v)
{
	struct hvm_netvsp_counters c;

	hvm_netvsp_counters(v->n, &c);
	return c;
}

enum hvm_net_state nv_state(struct nv_guest *v)
{
	nv_run(v);
	return nv_info(v).state;
}

const char *nv_reason(struct nv_guest *v)
{
	const char *reason = nv_info(v).reason;

	return reason ? reason : "nothing";
}
