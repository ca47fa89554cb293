/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mock host's NIC against a guest that keeps no rule. The first byte says how far the guest
 * attaches by the book (version, echo, queues); the rest is a list of actions: NVSP messages,
 * RNDIS by section and by reference, OIDs, completions and packets of any bytes and type, words
 * of the rings, time, events at the host, sub-channels, GPADLs and channels taken away.
 *
 * Beyond memory safety, kept by a second account: the host completes no packet twice and none
 * that it was not sent; what it sends lies in the receive buffer, in slots that no other packet
 * under way holds; it holds no more slots than there are.
 *
 * Must reach: hvm_nv_packet* hvm_nv_control* hvm_nv_answer* hvm_nv_frame* hvm_nv_slots_*
 *	hvm_nv_place* hvm_nv_offload_* hvm_nv_rss_* hvm_nv_rndis* hvm_nv_queue_* hvm_nv_table
 *	hvm_nv_switch hvm_nv_vf_tell hvm_nv_wire hvm_nv_query hvm_nv_set hvm_nv_completed
 *	hvm_nv_sub_channel hvm_nv_config_parameter hvm_nv_stop hvm_nv_later hvm_netvsp_deliver
 */
#include <stdlib.h>
#include <string.h>

#include <hvmock/netvsp.h>
#include <hvproto/ring.h>
#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUEUES 3u
#define RING_PAGES 3u /* control page included */
#define RING_SIZE ((RING_PAGES - 1u) * HVM_PAGE)
#define RX_PAGES 32u
#define TX_PAGES 8u
#define RX_GPADL 0x71u
#define TX_GPADL 0x72u
#define RX_ID 0xcafeu
#define SECTION 6144u
#define IDS 512u /* packets of one input that want a completion */
#define UNDER_WAY 128u

struct held {
	uint32_t queue;
	uint64_t id;
	struct hvp_xfer_range ranges[64];
	uint32_t count;
};

struct queue {
	uint8_t *ring;
	uint32_t connection;
	bool open;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
};

struct world {
	const uint8_t *in;
	size_t left;
	struct hvm_partition *p;
	struct hvm_server *s;
	struct hvm_netvsp *n;
	uint8_t *post, *simp, *rx, *tx;
	struct queue q[QUEUES];
	bool asked[IDS]; /* a completion is due */
	uint32_t next_id;
	uint32_t connection; /* for messages to the bus */
	struct held held[UNDER_WAY];
	uint32_t held_count;
	bool bent; /* words of the rings are not the guest's own any more, or memory is gone */
};

static uint32_t take(struct world *w, uint32_t bytes)
{
	uint32_t v = 0, i;

	for (i = 0; i < bytes && w->left; i++, w->left--)
		v |= (uint32_t)*w->in++ << (8 * i);
	return v;
}

static const uint8_t *take_bytes(struct world *w, uint32_t *size)
{
	const uint8_t *p = w->in;

	if (*size > w->left)
		*size = (uint32_t)w->left;
	w->in += *size;
	w->left -= *size;
	return p;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the bus, by the book --------------------------------------------------------------------- */

static void idle(struct world *w)
{
	hvm_sched_run_idle(hvm_partition_sched(w->p), 10 * HVM_MS);
}

static void drain_slot(struct world *w)
{
	uint8_t *slot = w->simp + (size_t)HVM_SINT_VMBUS * 256u;

	for (;;) {
		idle(w);
		if (hvp_get_u32(slot) == 0)
			return;
		if (hvp_get_u32(slot + 16) == HVP_VMBUS_VERSION_RESPONSE)
			w->connection = hvp_get_u32(slot + 16 + 12);
		hvp_put_u32(slot, 0);
		(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_EOM, 0);
	}
}

static void say(struct world *w, uint32_t type, const void *body)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_G2H);
	struct hvp_neg neg = { HVP_VMBUS_VERSION_5_3, 0 };
	struct hvp_wr out = hvp_wr_init(w->post + 16, 240);

	must(d->encode(&out, neg, body, NULL) == HVP_OK);
	hvp_put_u32(w->post, w->connection);
	hvp_put_u32(w->post + 4, 0);
	hvp_put_u32(w->post + 8, 1);
	hvp_put_u32(w->post + 12, (uint32_t)out.off);
	(void)hvm_hypercall(w->p, 0, HVP_HV_CALL_POST_MESSAGE, hvm_mem_gpa(w->p, w->post), 0);
	drain_slot(w);
}

static void connect_bus(struct world *w)
{
	struct hvp_vmbus_initiate_contact c;
	uint8_t *siefp = hvm_mem_alloc(w->p, 1), *page = hvm_mem_alloc(w->p, 1);

	w->post = hvm_mem_alloc(w->p, 1);
	w->simp = hvm_mem_alloc(w->p, 1);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_GUEST_OS_ID, 1);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_HYPERCALL, hvm_mem_gpa(w->p, page) | 1);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_SIMP, hvm_mem_gpa(w->p, w->simp) | 1);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_SIEFP, hvm_mem_gpa(w->p, siefp) | 1);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_SINT0 + HVM_SINT_VMBUS, 0xf3);
	(void)hvm_msr_write(w->p, 0, HVP_HV_MSR_SCONTROL, 1);
	memset(&c, 0, sizeof(c));
	c.version_requested = HVP_VMBUS_VERSION_5_3;
	c.has_target = true;
	c.target_sint = HVM_SINT_VMBUS;
	w->connection = 4; /* where the first message of a guest goes */
	say(w, HVP_VMBUS_INITIATE_CONTACT, &c);
	say(w, HVP_VMBUS_REQUEST_OFFERS, &c);
}

static uint8_t *gpadl(struct world *w, uint32_t channel, uint32_t id, uint32_t pages)
{
	struct hvp_vmbus_gpadl_header m;
	uint8_t *va = hvm_mem_alloc(w->p, pages);
	uint8_t words[8 * (1 + RX_PAGES)];
	uint32_t i, now = pages < 26 ? pages : 26;
	struct hvp_vmbus_gpadl_body b;

	hvp_put_u64(words, (uint64_t)pages * HVM_PAGE);
	for (i = 0; i < pages; i++)
		hvp_put_u64(words + 8 + 8 * (size_t)i,
			    hvm_mem_gpa(w->p, va + (size_t)i * HVM_PAGE) / HVM_PAGE);
	memset(&m, 0, sizeof(m));
	m.channel_id = channel;
	m.gpadl_id = id;
	m.range_buf_len = (uint16_t)(8 + 8 * pages);
	m.range_count = 1;
	m.ranges = hvp_rd_init(words, 8 + 8 * (size_t)now);
	say(w, HVP_VMBUS_GPADL_HEADER, &m);
	if (now == pages)
		return va;
	memset(&b, 0, sizeof(b));
	b.message_number = 1;
	b.gpadl_id = id;
	b.ranges = hvp_rd_init(words + 8 + 8 * (size_t)now, 8 * (size_t)(pages - now));
	say(w, HVP_VMBUS_GPADL_BODY, &b);
	return va;
}

static void open_queue(struct world *w, uint32_t index)
{
	struct hvp_vmbus_open_channel m;
	struct hvm_channel *ch = hvm_server_channel(w->s, 1 + index);
	struct hvm_channel_info info;
	struct queue *q = &w->q[index];
	struct hvp_ring_mem out, in;

	if (!ch || q->open)
		return;
	hvm_channel_info(ch, &info);
	q->connection = info.connection_id;
	if (!q->ring)
		q->ring = gpadl(w, 1 + index, 0x80 + index, 2 * RING_PAGES);
	out = (struct hvp_ring_mem){ q->ring, q->ring + HVM_PAGE, NULL, RING_SIZE };
	in = out;
	in.control = q->ring + RING_PAGES * HVM_PAGE;
	in.base = q->ring + (RING_PAGES + 1) * HVM_PAGE;
	memset(q->ring, 0, HVM_PAGE);
	memset(in.control, 0, HVM_PAGE);
	if (hvp_ring_tx_init(&q->tx, &out, in.control) != HVP_OK ||
	    hvp_ring_rx_init(&q->rx, &in, HVP_RING_GUEST) != HVP_OK)
		return;
	memset(&m, 0, sizeof(m));
	m.channel_id = 1 + index;
	m.open_id = 1;
	m.ring_buffer_gpadl_id = 0x80 + index;
	m.downstream_ring_buffer_page_offset = RING_PAGES;
	say(w, HVP_VMBUS_OPEN_CHANNEL, &m);
	q->open = true;
}

/* --- what the host sent ----------------------------------------------------------------------- */

static bool overlap(const struct hvp_xfer_range *a, const struct hvp_xfer_range *b)
{
	return a->byte_offset < b->byte_offset + b->byte_count &&
	       b->byte_offset < a->byte_offset + a->byte_count;
}

static void check_free(const struct world *w, const struct held *h)
{
	uint32_t i, k, m;

	for (i = 0; i < w->held_count; i++)
		for (k = 0; k < w->held[i].count; k++)
			for (m = 0; m < h->count; m++)
				must(!overlap(&w->held[i].ranges[k], &h->ranges[m]));
}

static void received(struct world *w, uint32_t queue, const struct hvp_ring_packet *p)
{
	struct hvp_xfer_iter iter;
	struct held h = { .queue = queue, .id = p->transaction_id };

	must(hvp_ring_xfer_ranges(p, &iter, NULL) == HVP_OK);
	while (iter.left && h.count < 64)
		must(hvp_ring_xfer_next(&iter, RX_PAGES * HVM_PAGE, &h.ranges[h.count++], NULL) ==
		     HVP_OK);
	check_free(w, &h);
	if (w->held_count < UNDER_WAY)
		w->held[w->held_count++] = h;
	else
		w->bent = true;
}

static void completed(struct world *w, uint64_t id)
{
	must(id < IDS && w->asked[id]);
	w->asked[id] = false;
}

static void read_ring(struct world *w, uint32_t index)
{
	struct queue *q = &w->q[index];
	uint8_t buf[RING_SIZE];
	struct hvp_ring_packet p;

	while (q->open && hvp_ring_rx_next(&q->rx, buf, sizeof(buf), &p) == HVP_OK) {
		if (hvp_ring_rx_commit(&q->rx))
			(void)hvm_hypercall(w->p, 0, HVP_HV_CONTROL_SIGNAL_EVENT_FAST,
					    q->connection, 0);
		if (w->bent)
			continue;
		if (p.type == HVP_PACKET_XFER_PAGES)
			received(w, index, &p);
		else if (p.type == HVP_PACKET_COMPLETION)
			completed(w, p.transaction_id);
	}
}

static void look(struct world *w)
{
	struct hvm_netvsp_info info;
	uint32_t i;

	idle(w);
	for (i = 0; i < QUEUES; i++)
		read_ring(w, i);
	hvm_netvsp_info(w->n, &info);
	must(info.free_slots <= info.receive_slots);
	must(info.open_queues <= HVM_NET_QUEUES_MAX);
}

/* --- what the guest sends --------------------------------------------------------------------- */

static void put(struct world *w, uint32_t index, struct hvp_ring_out *out,
		const struct hvp_gpa_range *ranges, uint32_t count)
{
	struct queue *q = &w->q[index];
	enum hvp_status status;

	if (!q->open)
		return;
	status = count ? hvp_ring_tx_put_gpa(&q->tx, out, ranges, count)
		       : hvp_ring_tx_put(&q->tx, out);
	if (status == HVP_OK && hvp_ring_tx_commit(&q->tx))
		(void)hvm_hypercall(w->p, 0, HVP_HV_CONTROL_SIGNAL_EVENT_FAST, q->connection, 0);
	if (status == HVP_OK && (out->flags & 1) && out->transaction_id < IDS)
		w->asked[out->transaction_id] = true;
}

/* False: this input had its packets. */
static bool request(struct world *w, uint32_t queue, const void *bytes, uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_request(w->next_id, bytes, size);

	if (w->next_id + 1 >= IDS)
		return false;
	w->next_id++;
	put(w, queue, &out, NULL, 0);
	return true;
}

static void nvsp(struct world *w, const uint32_t *words, uint32_t count)
{
	uint8_t m[40] = { 0 };
	uint32_t i;

	for (i = 0; i < count; i++)
		hvp_put_u32(m + 4 * (size_t)i, words[i]);
	(void)request(w, 0, m, sizeof(m));
	look(w);
}

static void rndis(struct world *w, uint32_t queue, uint32_t section, uint32_t size)
{
	uint8_t m[40] = { 0 };

	hvp_put_u32(m, 107);
	hvp_put_u32(m + 4, hvp_get_u32(w->tx) != 1);
	hvp_put_u32(m + 8, section);
	hvp_put_u32(m + 12, size);
	(void)request(w, queue, m, sizeof(m));
}

static void control(struct world *w, const uint32_t *words, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		hvp_put_u32(w->tx + 4 * (size_t)i, words[i]);
	rndis(w, 0, 0, 4 * count);
}

static void attach(struct world *w, uint32_t how)
{
	static const uint32_t versions[] = { 2, 0x30002, 0x40000, 0x50000, 0x60000, 0x60001 };
	uint32_t v = versions[how % 6u];

	if (how & 0x80)
		return;
	nvsp(w, (uint32_t[]){ 1, v, v }, 3);
	if (v > 2)
		nvsp(w, (uint32_t[]){ 125, how & 0x40 ? 4014 : 1514, 0, 0xac }, 4);
	nvsp(w, (uint32_t[]){ 100, 6, 30 }, 3);
	nvsp(w, (uint32_t[]){ 101, RX_GPADL, RX_ID }, 3);
	nvsp(w, (uint32_t[]){ 104, TX_GPADL, 0 }, 3);
	control(w, (uint32_t[]){ 2, 24, 1, 1, 0, 0x4000 }, 6);
	look(w);
	control(w, (uint32_t[]){ 5, 32, 2, 0x0001010e, 4, 20, 0, 0x0d }, 8);
	look(w);
}

/* --- actions ---------------------------------------------------------------------------------- */

static void any_nvsp(struct world *w)
{
	uint8_t m[64] = { 0 };
	uint32_t type = take(w, 1), size = take(w, 1) % 61u;
	const uint8_t *p = take_bytes(w, &size);

	hvp_put_u32(m, type);
	memcpy(m + 4, p, size);
	(void)request(w, type >> 7 ? take(w, 1) % QUEUES : 0, m, 4 + size);
}

static void by_section(struct world *w)
{
	uint32_t queue = take(w, 1) % QUEUES, section = take(w, 1), size = take(w, 2) % 512u;
	const uint8_t *p = take_bytes(w, &size);
	uint32_t lie = take(w, 1);

	if (section < TX_PAGES * HVM_PAGE / SECTION)
		memcpy(w->tx + section * SECTION, p, size);
	rndis(w, queue, section == 255 ? 0xffffffffu : section, lie & 0x80 ? lie << 8 : size);
}

static void by_reference(struct world *w)
{
	struct hvp_gpa_range ranges[4];
	uint64_t pfns[4][2];
	uint8_t m[40] = { 107 };
	struct hvp_ring_out out = hvp_ring_request(w->next_id, m, sizeof(m));
	uint32_t count = 1 + take(w, 1) % 4u, i, size = take(w, 2) % 1024u, kind = take(w, 1);
	const uint8_t *p = take_bytes(w, &size);

	if (w->next_id + 1 >= IDS)
		return;
	w->next_id++;
	memcpy(w->tx + SECTION, p, size);
	hvp_put_u32(m + 4, kind & 1);
	hvp_put_u32(m + 8, kind & 2 ? 0 : 0xffffffffu);
	hvp_put_u32(m + 12, kind & 2 ? size % 64 : 0);
	for (i = 0; i < count; i++) {
		pfns[i][0] = hvm_mem_gpa(w->p, w->tx + HVM_PAGE) / HVM_PAGE;
		pfns[i][1] = kind & 4 ? 0x123456789 : pfns[i][0] + 1;
		ranges[i] = (struct hvp_gpa_range){ count == 1 ? size : 1 + take(w, 1),
						    SECTION % HVM_PAGE, pfns[i] };
	}
	put(w, 0, &out, ranges, count);
}

static void any_oid(struct world *w)
{
	static const uint32_t oids[] = {
		0x00010106, 0x00010107, 0x0001010e, 0x00010114, 0x00010203, 0x00010204,
		0x0001021b, 0x01010101, 0x0101010a, 0xfc01020b, 0xfc01020c, 0xfc01020d,
		0x00020216, 0x00010101, 0x00010117, 0x01010103,
	};
	uint32_t pick = take(w, 1), size = take(w, 1), at = take(w, 1) % 8u;
	const uint8_t *p = take_bytes(w, &size);

	hvp_put_u32(w->tx, pick & 0x80 ? 5 : 4);
	hvp_put_u32(w->tx + 4, 28 + size);
	hvp_put_u32(w->tx + 8, pick);
	hvp_put_u32(w->tx + 12, pick & 0x40 ? take(w, 4) : oids[pick % 16u]);
	hvp_put_u32(w->tx + 16, size);
	hvp_put_u32(w->tx + 20, 20);
	hvp_put_u32(w->tx + 24, 0);
	memcpy(w->tx + 28, p, size);
	if (at < 7)
		hvp_put_u32(w->tx + 4 * (size_t)at,
			    at && take(w, 1) % 4u == 0 ? take(w, 4) : hvp_get_u32(w->tx + 4 * at));
	rndis(w, 0, 0, 28 + size);
}

static void forget(struct world *w, uint32_t at)
{
	w->held[at] = w->held[--w->held_count];
}

/* Of what the host sent, by the book; or of anything. */
static void complete(struct world *w)
{
	uint8_t m[8];
	uint32_t pick = take(w, 1);
	struct hvp_ring_out out;

	hvp_put_u32(m, 108);
	hvp_put_u32(m + 4, pick & 0x20 ? 2 : 1);
	if (w->held_count && !(pick & 0x80)) {
		pick %= w->held_count;
		out = hvp_ring_completion(w->held[pick].id, m, sizeof(m));
		put(w, w->held[pick].queue, &out, NULL, 0);
		forget(w, pick);
		return;
	}
	out = hvp_ring_completion(take(w, 2), m, pick & 0x40 ? take(w, 1) % 9u : 8);
	w->bent = true; /* it may have named a packet of the account */
	put(w, take(w, 1) % QUEUES, &out, NULL, 0);
}

static void any_packet(struct world *w)
{
	uint32_t size = take(w, 1), queue = take(w, 1) % QUEUES, type = take(w, 1) % 16u;
	uint32_t flags = take(w, 1) & 1;
	const uint8_t *p = take_bytes(w, &size);
	struct hvp_ring_out out = hvp_ring_request(w->next_id, p, size);

	if (w->next_id + 1 >= IDS)
		return;
	w->next_id++;
	out.type = (uint16_t)type;
	out.flags = (uint16_t)flags;
	if (type == HVP_PACKET_COMPLETION)
		w->bent = true; /* it may have named a packet of the account */
	put(w, queue, &out, NULL, 0);
}

static void bend_ring(struct world *w)
{
	struct queue *q = &w->q[take(w, 1) % QUEUES];
	uint32_t at = take(w, 1) % 5u, value = take(w, 4);

	if (!q->ring)
		return;
	hvp_put_u32(q->ring + (at & 1 ? RING_PAGES * HVM_PAGE : 0) + 4 * (size_t)at, value);
	w->bent = true;
}

static void deliver(struct world *w, uint32_t what)
{
	uint8_t frame[300] = { 0 };
	struct hvm_net_rx rx[3];
	uint32_t i, count = 1 + what % 3u;

	memset(rx, 0, sizeof(rx));
	for (i = 0; i < count; i++) {
		rx[i].bytes = frame;
		rx[i].size = 14 + take(w, 1);
		rx[i].has_vlan = what & 4;
		rx[i].segments = what & 8 ? 3 : 0;
	}
	(void)hvm_netvsp_deliver(w->n, what & 16 ? what % 4u : HVM_NET_ANY_QUEUE, rx, count);
}

static void at_the_host(struct world *w)
{
	uint32_t what = take(w, 1);

	switch (what % 8u) {
	case 0:
		hvm_netvsp_set_link(w->n, what & 0x80);
		break;
	case 1:
		hvm_netvsp_vf(w->n, what & 0x80, what);
		break;
	case 2:
		(void)hvm_netvsp_send_table(w->n, NULL);
		break;
	case 3:
		hvm_netvsp_network_change(w->n, what);
		hvm_netvsp_set_speed(w->n, (uint64_t)what << 30);
		break;
	case 4:
		hvm_netvsp_hold_switch(w->n, what & 0x80);
		(void)hvm_netvsp_finish_switch(w->n, what & 0x40);
		break;
	case 5:
		hvm_netvsp_pause(w->n, what & 0x80);
		break;
	default:
		deliver(w, take(w, 1));
	}
}

static void of_the_bus(struct world *w)
{
	struct hvp_vmbus_gpadl_teardown t = { 1, RX_GPADL };
	struct hvp_vmbus_close_channel c = { 1 };
	uint32_t what = take(w, 1), i;

	if (what % 4u == 0) {
		open_queue(w, what / 4u % QUEUES);
		return;
	}
	w->bent = true;
	if (what % 4u == 1) {
		t.gpadl_id = what & 0x10 ? TX_GPADL : RX_GPADL;
		say(w, HVP_VMBUS_GPADL_TEARDOWN, &t);
		return;
	}
	c.channel_id = 1 + what / 4u % QUEUES;
	say(w, HVP_VMBUS_CLOSE_CHANNEL, &c);
	for (i = 0; i < QUEUES; i++)
		if (c.channel_id == 1 || i + 1 == c.channel_id)
			w->q[i].open = false;
}

static void pass(struct world *w)
{
	hvm_sched_run_for(hvm_partition_sched(w->p), (uint64_t)take(w, 1) * 100 * HVM_MS);
}

static void act(struct world *w)
{
	static void (*const actions[])(struct world *) = {
		any_nvsp,   by_section, by_reference, any_oid,	  complete,
		any_packet, bend_ring,	at_the_host,  of_the_bus, pass,
	};
	uint32_t what = take(w, 1);

	actions[what % (sizeof(actions) / sizeof(actions[0]))](w);
	/* Several packets may wait in the ring before the host runs. */
	if (!(what & 0x80))
		look(w);
}

static void begin(struct world *w, uint32_t how)
{
	struct hvm_partition_config pc = HVM_PARTITION_CONFIG_INIT;
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	struct hvm_netvsp_config nc = HVM_NETVSP_CONFIG_INIT;
	struct hvm_netvsp_info info;

	pc.vps = 1;
	w->p = hvm_partition_new(&pc);
	w->s = hvm_server_new(w->p, &sc);
	nc.max_queues = QUEUES;
	nc.rsc = true;
	nc.backend = how & 0x20 ? NULL : hvm_net_echo(true);
	w->n = hvm_netvsp_new(w->s, &nc);
	must(w->n != NULL);
	connect_bus(w);
	w->rx = gpadl(w, 1, RX_GPADL, RX_PAGES);
	w->tx = gpadl(w, 1, TX_GPADL, TX_PAGES);
	open_queue(w, 0);
	hvm_netvsp_info(w->n, &info);
	must(info.state == HVM_NET_AWAIT_VERSION);
	attach(w, how);
	hvm_netvsp_info(w->n, &info);
	must((how & 0x80) || info.state == HVM_NET_OPERATIONAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));
	uint32_t actions;

	must(w != NULL);
	w->in = data;
	w->left = size;
	begin(w, take(w, 1));
	for (actions = 0; w->left && actions < 400; actions++)
		act(w);
	look(w);
	hvm_netvsp_free(w->n);
	hvm_server_free(w->s);
	hvm_partition_free(w->p);
	free(w);
	return 0;
}
