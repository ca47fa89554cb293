/* SPDX-License-Identifier: BSD-2-Clause */
#include "mockhost_guest.h"

#define VECTOR 0xf3u
#define SLOT(page) ((page) + HVM_SINT_VMBUS * 256)

static void on_interrupt(void *ctx, uint32_t vp, uint32_t sint)
{
	struct guest *g = ctx;

	ck_assert_uint_eq(sint, HVM_SINT_VMBUS);
	g->interrupts[vp]++;
}

static void msr(struct guest *g, uint32_t vp, uint32_t number, uint64_t value)
{
	ck_assert(hvm_msr_write(g->p, vp, number, value));
}

void guest_synic(struct guest *g, uint32_t vp)
{
	g->simp[vp] = hvm_mem_alloc(g->p, 1);
	g->siefp[vp] = hvm_mem_alloc(g->p, 1);
	msr(g, vp, HVP_HV_MSR_SIMP, hvm_mem_gpa(g->p, g->simp[vp]) | 1);
	msr(g, vp, HVP_HV_MSR_SIEFP, hvm_mem_gpa(g->p, g->siefp[vp]) | 1);
	msr(g, vp, HVP_HV_MSR_SINT0 + HVM_SINT_VMBUS, VECTOR);
	msr(g, vp, HVP_HV_MSR_SCONTROL, 1);
}

void guest_init(struct guest *g, const struct hvm_partition_config *pc,
		const struct hvm_server_config *sc)
{
	struct hvm_partition_config partition = HVM_PARTITION_CONFIG_INIT;
	struct hvm_server_config server = HVM_SERVER_CONFIG_INIT;
	uint32_t vp;

	memset(g, 0, sizeof(*g));
	if (pc)
		partition = *pc;
	partition.vps = GUEST_VPS;
	partition.deliver = on_interrupt;
	partition.ctx = g;
	g->p = hvm_partition_new(&partition);
	ck_assert_ptr_nonnull(g->p);
	g->s = hvm_server_new(g->p, sc ? sc : &server);
	ck_assert_ptr_nonnull(g->s);
	g->post = hvm_mem_alloc(g->p, 1);
	g->hypercall_page = hvm_mem_alloc(g->p, 1);
	msr(g, 0, HVP_HV_MSR_GUEST_OS_ID, 1);
	msr(g, 0, HVP_HV_MSR_HYPERCALL, hvm_mem_gpa(g->p, g->hypercall_page) | 1);
	for (vp = 0; vp < GUEST_VPS; vp++)
		guest_synic(g, vp);
	g->connection_id = 1;
}

void guest_done(struct guest *g)
{
	hvm_server_free(g->s);
	hvm_partition_free(g->p);
}

uint16_t guest_post_raw(struct guest *g, uint32_t connection_id, const void *bytes, size_t n)
{
	memset(g->post, 0, 256);
	hvp_put_u32(g->post, connection_id);
	hvp_put_u32(g->post + 8, 1);
	hvp_put_u32(g->post + 12, (uint32_t)n);
	if (n)
		memcpy(g->post + 16, bytes, n);
	return (uint16_t)hvm_hypercall(g->p, 0, HVP_HV_CALL_POST_MESSAGE,
				       hvm_mem_gpa(g->p, g->post), 0);
}

void guest_post(struct guest *g, uint32_t type, const void *body)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_G2H);
	uint8_t bytes[240];
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));
	uint32_t id = g->connection_id;

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(d->encode(&w, g->neg, body, NULL), HVP_OK);
	if (type == HVP_VMBUS_INITIATE_CONTACT)
		id = hvp_get_u32(bytes + 8) >= HVP_VMBUS_VERSION_5_0 ? 4 : 1;
	ck_assert_uint_eq(guest_post_raw(g, id, bytes, w.off), 0);
}

uint16_t guest_signal(struct guest *g, uint32_t connection_id)
{
	return (uint16_t)hvm_hypercall(g->p, 0, HVP_HV_CONTROL_SIGNAL_EVENT_FAST, connection_id, 0);
}

bool guest_take_vp(struct guest *g, uint32_t vp, struct bytes *out)
{
	uint8_t *slot = SLOT(g->simp[vp]);

	hvm_sched_run_idle(hvm_partition_sched(g->p), HVM_SEC);
	if (!hvp_get_u32(slot))
		return false;
	out->n = slot[4];
	memcpy(out->b, slot + 16, sizeof(out->b));
	hvp_put_u32(slot, 0);
	if (slot[5] & HVP_HV_MESSAGE_PENDING)
		msr(g, vp, HVP_HV_MSR_EOM, 0);
	return true;
}

bool guest_take(struct guest *g, struct bytes *out)
{
	return guest_take_vp(g, 0, out);
}

void guest_expect(struct guest *g, uint32_t type, void *body)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_H2G);
	struct bytes m;
	struct hvp_rd r;

	ck_assert_ptr_nonnull(d);
	ck_assert_msg(guest_take(g, &m), "no message, wanted %s", d->title);
	ck_assert_msg(hvp_get_u32(m.b) == type, "message %u, wanted %s", hvp_get_u32(m.b),
		      d->title);
	r = hvp_rd_init(m.b, m.n);
	if (body)
		ck_assert_int_eq(d->decode(&r, g->neg, body, NULL), HVP_OK);
}

void guest_expect_none(struct guest *g)
{
	struct bytes m;

	ck_assert_msg(!guest_take(g, &m), "unexpected message %u", hvp_get_u32(m.b));
}

uint32_t guest_drain(struct guest *g)
{
	struct bytes m;
	uint32_t n = 0;

	while (guest_take(g, &m))
		n++;
	return n;
}

bool guest_flag(struct guest *g, uint32_t vp, uint32_t f)
{
	uint8_t *at;
	bool set;

	hvm_sched_run_idle(hvm_partition_sched(g->p), HVM_SEC);
	at = SLOT(g->siefp[vp]) + f / 8;
	set = *at & 1u << f % 8;
	*at = (uint8_t)(*at & ~(1u << f % 8));
	return set;
}

void guest_connect(struct guest *g, uint32_t version, uint32_t features)
{
	struct hvp_vmbus_initiate_contact m;
	struct hvp_vmbus_version_response r;

	memset(&m, 0, sizeof(m));
	m.version_requested = version;
	m.has_interrupt_page = version < HVP_VMBUS_VERSION_5_0;
	m.has_target = !m.has_interrupt_page;
	m.target_sint = HVM_SINT_VMBUS;
	m.feature_flags = features;
	m.has_client_id = (features & HVP_VMBUS_FEATURE_CLIENT_ID) != 0;
	g->neg.version = version;
	guest_post(g, HVP_VMBUS_INITIATE_CONTACT, &m);
	guest_expect(g, HVP_VMBUS_VERSION_RESPONSE, &r);
	ck_assert_uint_eq(r.version_supported, 1);
	ck_assert_uint_eq(r.connection_state, 0);
	g->neg.features = r.has_features ? r.supported_features : 0;
	g->connection_id = version < HVP_VMBUS_VERSION_5_0 ? 1
							   : r.selected_version_or_connection_id;
}

unsigned int guest_offers(struct guest *g, struct hvp_vmbus_offer_channel *out, unsigned int max)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, HVP_VMBUS_OFFER_CHANNEL,
						    HVP_DIR_H2G);
	unsigned int n = 0;
	struct bytes m;

	guest_post(g, HVP_VMBUS_REQUEST_OFFERS, "");
	while (guest_take(g, &m) && hvp_get_u32(m.b) == HVP_VMBUS_OFFER_CHANNEL) {
		struct hvp_rd r = hvp_rd_init(m.b, m.n);

		if (n < max)
			ck_assert_int_eq(d->decode(&r, g->neg, &out[n], NULL), HVP_OK);
		n++;
	}
	ck_assert_uint_eq(hvp_get_u32(m.b), HVP_VMBUS_ALL_OFFERS_DELIVERED);
	return n;
}

static size_t put_words(uint8_t *to, const uint64_t *words, size_t n, size_t max)
{
	size_t i;

	if (n > max)
		n = max;
	for (i = 0; i < n; i++)
		hvp_put_u64(to + i * 8, words[i]);
	return n;
}

void guest_gpadl_words(struct guest *g, uint32_t channel, uint32_t id, uint16_t range_count,
		       const uint64_t *words, size_t n)
{
	uint8_t m[240] = { HVP_VMBUS_GPADL_HEADER };
	size_t done;

	hvp_put_u32(m + 8, channel);
	hvp_put_u32(m + 12, id);
	hvp_put_u16(m + 16, (uint16_t)(n * 8));
	hvp_put_u16(m + 18, range_count);
	done = put_words(m + 20, words, n, 27);
	ck_assert_uint_eq(guest_post_raw(g, g->connection_id, m, 20 + done * 8), 0);
	while (done < n) {
		uint8_t b[240] = { HVP_VMBUS_GPADL_BODY };
		size_t k = put_words(b + 16, words + done, n - done, 28);

		hvp_put_u32(b + 12, id);
		ck_assert_uint_eq(guest_post_raw(g, g->connection_id, b, 16 + k * 8), 0);
		done += k;
	}
}

uint8_t *guest_gpadl(struct guest *g, uint32_t channel, uint32_t id, uint32_t pages)
{
	uint8_t *va = hvm_mem_alloc(g->p, pages);
	struct hvp_vmbus_gpadl_created r;
	uint64_t words[8191];
	uint32_t i;

	words[0] = (uint64_t)pages * HVM_PAGE;
	for (i = 0; i < pages; i++)
		words[1 + i] = hvm_mem_gpa(g->p, va + i * HVM_PAGE) / HVM_PAGE;
	guest_gpadl_words(g, channel, id, 1, words, pages + 1);
	guest_expect(g, HVP_VMBUS_GPADL_CREATED, &r);
	ck_assert_uint_eq(r.channel_id, channel);
	ck_assert_uint_eq(r.gpadl_id, id);
	ck_assert_uint_eq(r.status, 0);
	return va;
}

void guest_open(struct guest *g, uint32_t channel, uint32_t gpadl, uint32_t downstream, uint32_t vp)
{
	struct hvp_vmbus_open_channel m;

	memset(&m, 0, sizeof(m));
	m.channel_id = channel;
	m.open_id = channel + 100;
	m.ring_buffer_gpadl_id = gpadl;
	m.target_vp = vp;
	m.downstream_ring_buffer_page_offset = downstream;
	guest_post(g, HVP_VMBUS_OPEN_CHANNEL, &m);
}

void guest_channel_message(struct guest *g, uint32_t type, uint32_t channel)
{
	uint8_t m[12] = { (uint8_t)type };

	hvp_put_u32(m + 8, channel);
	ck_assert_uint_eq(guest_post_raw(g, g->connection_id, m, sizeof(m)), 0);
}

void guest_teardown(struct guest *g, uint32_t channel, uint32_t gpadl)
{
	struct hvp_vmbus_gpadl_teardown m = { .channel_id = channel, .gpadl_id = gpadl };

	guest_post(g, HVP_VMBUS_GPADL_TEARDOWN, &m);
}

struct hvm_offer offer_of(uint32_t interface, uint32_t instance)
{
	struct hvm_offer o;

	memset(&o, 0, sizeof(o));
	hvp_put_u32(o.interface_id.b, interface);
	hvp_put_u32(o.instance_id.b, instance);
	return o;
}

enum hvm_channel_state state_of(struct guest *g, uint32_t channel)
{
	struct hvm_channel *ch = hvm_server_channel(g->s, channel);
	struct hvm_channel_info info;

	ck_assert_msg(ch != NULL, "channel %u is gone", channel);
	hvm_channel_info(ch, &info);
	return info.state;
}

enum hvm_gpadl_state gpadl_state(struct guest *g, uint32_t channel, uint32_t id)
{
	struct hvm_channel *ch = hvm_server_channel(g->s, channel);
	const struct hvm_gpadl *k = ch ? hvm_channel_gpadl(ch, id) : NULL;

	return k ? k->state : HVM_GPADL_NONE;
}
