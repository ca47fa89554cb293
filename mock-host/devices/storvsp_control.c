/* SPDX-License-Identifier: BSD-2-Clause */
/* VSTOR from the host's side: the conversation, and everything that is no request (section 15). */
#include "storvsp_internal.h"

struct control {
	uint32_t operation;
	void (*run)(struct sv_item *i);
	bool primary_only;
};

static struct hvp_neg neg_of(const struct hvm_storvsp *n)
{
	return (struct hvp_neg){ n->version, 0 };
}

/*
 * The answer has the size of the request, between a bare header and the largest packet; what is
 * behind the meaning of it is zero (sections 5, 17: VST-SEC-10).
 */
void hvm_sv_complete(struct sv_item *i, uint32_t status, const void *payload, size_t size)
{
	uint32_t room = i->size - SV_HEADER < SV_PAYLOAD_MAX ? i->size - SV_HEADER : SV_PAYLOAD_MAX;
	uint8_t body[SV_PAYLOAD_MAX] = { 0 };
	struct sv_answer a = { .id = i->id };
	struct hvp_vstor_complete_io m = { .status = status };
	struct hvp_wr w = hvp_wr_init(a.bytes, sizeof(a.bytes));

	if (size)
		memcpy(body, payload, size < room ? size : room);
	m.payload = hvp_rd_init(body, room);
	(void)!hvp_vstor_complete_io_encode(&w, neg_of(i->q->n), &m, NULL);
	a.size = SV_HEADER + room;
	hvm_sv_answer(i->q, &a);
	hvm_sv_finish(i);
}

static void refuse(struct sv_item *i)
{
	hvm_sv_complete(i, HVP_VSTOR_STATUS_INVALID_DEVICE_STATE, NULL, 0);
}

/* What the reference host does not forgive: the service ends until the guest closes. */
static void fatal(struct sv_item *i, const char *reason)
{
	hvm_sv_stop(i->q->n, reason);
	hvm_sv_finish(i);
}

/* ---- the conversation ---- */

static void begin(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;

	if (n->state != HVM_STORAGE_BEGIN) {
		refuse(i);
		return;
	}
	n->state = HVM_STORAGE_QUERY_VERSION;
	hvm_sv_complete(i, HVP_VSTOR_STATUS_SUCCESS, NULL, 0);
}

static bool speaks(const struct hvm_storvsp *n, uint32_t version)
{
	static const uint16_t known[] = { HVP_VSTOR_VERSION_2_0, HVP_VSTOR_VERSION_4_2,
					  HVP_VSTOR_VERSION_5_1, HVP_VSTOR_VERSION_6_0,
					  HVP_VSTOR_VERSION_6_2 };
	size_t k;

	for (k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (known[k] == version)
			return version >= n->cfg.min_version && version <= n->cfg.max_version;
	return false;
}

static void query_version(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	struct hvp_rd r = hvp_rd_init(i->bytes, i->size);
	struct hvp_vstor_query_protocol_version ask;
	struct hvp_vstor_protocol_version answer;
	uint8_t out[HVP_VSTOR_PROTOCOL_VERSION_MAX_SIZE];
	struct hvp_wr w = hvp_wr_init(out, sizeof(out));
	bool ok;

	if (hvp_vstor_query_protocol_version_decode(&r, neg_of(n), &ask, NULL) != HVP_OK) {
		fatal(i, "a version query without a version");
		return;
	}
	if (n->state != HVM_STORAGE_QUERY_VERSION) {
		refuse(i);
		return;
	}
	ok = speaks(n, ask.major_minor);
	answer.major_minor = ask.major_minor;
	answer.revision = 0;
	(void)!hvp_vstor_protocol_version_encode(&w, neg_of(n), &answer, NULL);
	if (ok) {
		n->version = ask.major_minor;
		n->state = HVM_STORAGE_QUERY_PROPERTIES;
	}
	hvm_sv_complete(i, ok ? HVP_VSTOR_STATUS_SUCCESS : HVP_VSTOR_STATUS_REVISION_MISMATCH, out,
			sizeof(out));
}

static void query_properties(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	struct hvp_vstor_channel_properties p = { .max_transfer_bytes = n->cfg.max_transfer };
	uint8_t out[HVP_VSTOR_CHANNEL_PROPERTIES_MAX_SIZE];
	struct hvp_wr w = hvp_wr_init(out, sizeof(out));

	if (n->state != HVM_STORAGE_QUERY_PROPERTIES) {
		refuse(i);
		return;
	}
	if (n->version >= HVP_VSTOR_VERSION_5_1 && n->cfg.kind != HVM_STORAGE_IDE) {
		p.flags = HVP_VSTOR_CHANNEL_FLAG_MULTI_CHANNEL;
		p.maximum_sub_channel_count = (uint16_t)n->cfg.max_subs;
	}
	(void)!hvp_vstor_channel_properties_encode(&w, neg_of(n), &p, NULL);
	n->state = HVM_STORAGE_END_INIT;
	hvm_sv_complete(i, HVP_VSTOR_STATUS_SUCCESS, out, sizeof(out));
}

static void fc_hba_data(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	struct hvp_vstor_fc_wwn wwn = { .primary_active = !n->cfg.secondary };
	uint8_t out[HVP_VSTOR_FC_WWN_MAX_SIZE];
	struct hvp_wr w = hvp_wr_init(out, sizeof(out));

	if (n->cfg.kind != HVM_STORAGE_FC ||
	    (n->state != HVM_STORAGE_END_INIT && n->state != HVM_STORAGE_READY)) {
		refuse(i);
		return;
	}
	memcpy(wwn.primary_port_wwn, n->cfg.wwn[0], 8);
	memcpy(wwn.primary_node_wwn, n->cfg.wwn[1], 8);
	memcpy(wwn.secondary_port_wwn, n->cfg.wwn[2], 8);
	memcpy(wwn.secondary_node_wwn, n->cfg.wwn[3], 8);
	(void)!hvp_vstor_fc_wwn_encode(&w, neg_of(n), &wwn, NULL);
	hvm_sv_complete(i, HVP_VSTOR_STATUS_SUCCESS, out, sizeof(out));
}

static void end(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	uint32_t k;

	if (n->state != HVM_STORAGE_END_INIT) {
		refuse(i);
		return;
	}
	n->state = HVM_STORAGE_READY;
	hvm_sv_complete(i, HVP_VSTOR_STATUS_SUCCESS, NULL, 0);
	for (k = 1; k <= n->subs; k++)
		hvm_sv_kick(&n->q[k]);
}

/* ---- sub-channels ---- */

static uint32_t may_create(const struct hvm_storvsp *n, uint32_t count)
{
	bool early = n->state == HVM_STORAGE_END_INIT;

	if ((!early && n->state != HVM_STORAGE_READY) || n->version < HVP_VSTOR_VERSION_5_1 ||
	    n->cfg.kind == HVM_STORAGE_IDE || (early && n->subs_early))
		return HVP_VSTOR_STATUS_INVALID_DEVICE_STATE;
	if (count > n->cfg.max_subs - n->subs)
		return HVP_VSTOR_STATUS_INVALID_PARAMETER;
	return HVP_VSTOR_STATUS_SUCCESS;
}

static void create_sub_channels(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	struct hvp_rd r = hvp_rd_init(i->bytes, i->size);
	const struct hvp_neg newest = { HVP_VSTOR_VERSION_6_2, 0 };
	struct hvp_vstor_create_sub_channels ask;
	uint32_t status;
	uint32_t last;

	if (hvp_vstor_create_sub_channels_decode(&r, newest, &ask, NULL) != HVP_OK) {
		fatal(i, "a wish for sub-channels without their number");
		return;
	}
	status = may_create(n, ask.sub_channel_count);
	if (status == HVP_VSTOR_STATUS_SUCCESS && n->state == HVM_STORAGE_END_INIT)
		n->subs_early = true;
	hvm_sv_complete(i, status, NULL, 0);
	if (status != HVP_VSTOR_STATUS_SUCCESS)
		return;
	for (last = n->subs + ask.sub_channel_count; n->subs < last; n->subs++)
		hvm_sv_queue_new(n, n->subs + 1);
}

/* Acknowledged; nothing is aborted, everything still completes once (section 12.3). */
static void reset(struct sv_item *i)
{
	if (i->q->n->state != HVM_STORAGE_READY)
		refuse(i);
	else
		hvm_sv_complete(i, HVP_VSTOR_STATUS_SUCCESS, NULL, 0);
}

static const struct control controls[] = {
	{ HVP_VSTOR_EXECUTE_SRB, hvm_sv_srb, false },
	{ HVP_VSTOR_RESET_LUN, reset, false },
	{ HVP_VSTOR_RESET_ADAPTER, reset, false },
	{ HVP_VSTOR_RESET_BUS, reset, false },
	{ HVP_VSTOR_BEGIN_INITIALIZATION, begin, true },
	{ HVP_VSTOR_END_INITIALIZATION, end, true },
	{ HVP_VSTOR_QUERY_PROTOCOL_VERSION, query_version, true },
	{ HVP_VSTOR_QUERY_PROPERTIES, query_properties, true },
	{ HVP_VSTOR_FC_HBA_DATA, fc_hba_data, true },
	{ HVP_VSTOR_CREATE_SUB_CHANNELS, create_sub_channels, true },
};

static const struct control *find(uint32_t operation)
{
	size_t k;

	for (k = 0; k < sizeof(controls) / sizeof(controls[0]); k++)
		if (controls[k].operation == operation)
			return &controls[k];
	return NULL;
}

static void perform(struct sv_item *i)
{
	const struct control *c = find(hvp_get_u32(i->bytes));

	if (c->primary_only && i->q->index)
		refuse(i);
	else
		c->run(i);
}

static void later(void *ctx, uint64_t arg)
{
	(void)arg;
	perform(ctx);
}

static const char *illegal(const struct sv_item *i)
{
	if (i->type != HVP_PACKET_INBAND && i->type != HVP_PACKET_GPA_DIRECT)
		return "a packet that is no request";
	if (!(i->flags & 1u))
		return "a request that wants no completion";
	if (i->size < SV_HEADER)
		return "a request shorter than its header";
	if (i->q->n->cfg.kind != HVM_STORAGE_FC && hvp_get_u32(i->bytes) == HVP_VSTOR_FC_HBA_DATA)
		return "a question for names of a Fibre Channel adapter that this is not";
	return find(hvp_get_u32(i->bytes)) ? NULL : "an operation that guests do not send";
}

void hvm_sv_packet(struct sv_item *i)
{
	const char *reason = illegal(i);

	if (reason)
		fatal(i, reason);
	else if (hvp_get_u32(i->bytes) == HVP_VSTOR_EXECUTE_SRB)
		hvm_sv_srb(i);
	else if (!hvm_sv_later(i, i->q->n->cfg.delay, later, 0))
		perform(i);
}

/* Something was plugged in or pulled (section 12.2). */
void hvm_sv_notice(struct hvm_storvsp *n)
{
	const struct hvp_vstor_enumerate_bus m = { .has_status = true };
	struct sv_answer a = { .notice = true };
	struct hvp_wr w = hvp_wr_init(a.bytes, sizeof(a.bytes));

	if (n->state != HVM_STORAGE_READY || n->version < HVP_VSTOR_VERSION_4_2)
		return;
	(void)!hvp_vstor_enumerate_bus_encode(&w, neg_of(n), &m, NULL);
	a.size = n->version >= HVP_VSTOR_VERSION_5_1 ? HVP_VSTOR_PACKET_SIZE_5_1
						     : HVP_VSTOR_PACKET_SIZE;
	n->info.notices++;
	hvm_sv_answer(&n->q[0], &a);
}
