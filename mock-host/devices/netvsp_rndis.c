/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: RNDIS control messages. */
#include "netvsp_internal.h"

#define REPLY_MAX (64u + NV_ANSWER_MAX)
#define INFO_OFFSET_REPLY 16u /* of a reply's information, from its request_id */
#define INFO_OFFSET_INDICATE 12u

void hvm_nv_reply(struct hvm_netvsp *n, const char *name, const void *body)
{
	const struct hvp_msg_desc *d = hvp_msg_by_name(&hvp_rndis_proto, name);
	uint8_t bytes[REPLY_MAX];
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));
	struct nv_item *i;

	memset(bytes, 0, sizeof(bytes));
	if (!d || d->encode(&w, hvm_nv_neg(n), body, NULL) != HVP_OK)
		return;
	i = hvm_nv_item(NV_OUT_RNDIS, 0, bytes, w.off);
	i->type = HVP_PACKET_XFER_PAGES;
	i->flags = HVP_PACKET_COMPLETION_REQUESTED;
	hvm_nv_later(n, i, n->cfg.rndis_delay);
}

/* The body of the request, or a stop: it is shorter than its structure. */
static bool read_body(struct hvm_netvsp *n, const struct nv_item *i, const char *name, void *out)
{
	const struct hvp_msg_desc *d = hvp_msg_by_name(&hvp_rndis_proto, name);
	struct hvp_rd r = hvp_rd_init(i->bytes, i->size);

	if (d && i->size >= d->min_size && d->decode(&r, hvm_nv_neg(n), out, NULL) == HVP_OK)
		return true;
	hvm_nv_stop(n, "a control message shorter than it must be");
	return false;
}

static void initialize(struct hvm_netvsp *n, const struct nv_item *i)
{
	struct hvp_rndis_initialize_complete c;
	struct hvp_rndis_initialize m;

	if (n->ss.has_initialize) {
		hvm_nv_stop(n, "a second INITIALIZE");
		return;
	}
	if (!read_body(n, i, "initialize", &m))
		return;
	memset(&c, 0, sizeof(c));
	c.message_length = HVP_RNDIS_INITIALIZE_COMPLETE_MAX_SIZE;
	c.request_id = m.request_id;
	c.major_version = HVP_RNDIS_MAJOR_VERSION;
	c.minor_version = HVP_RNDIS_MINOR_VERSION;
	c.device_flags = HVP_RNDIS_DEVICE_FLAG_CONNECTIONLESS;
	c.max_packets_per_message = n->cfg.max_packets;
	c.max_transfer_size = n->cfg.max_transfer;
	c.packet_alignment_factor = n->cfg.alignment_factor - 1;
	c.has_af_list_size = true;
	n->ss.has_initialize = true;
	n->ss.state = HVM_NET_OPERATIONAL;
	hvm_nv_reply(n, "initialize_complete", &c);
	hvm_nv_vf_tell(n);
}

/* ---- queries and sets ---- */

struct request {
	uint32_t request_id;
	uint32_t oid;
	bool windowed; /* the information lies in the message */
	struct hvp_rd info;
};

/* Both are laid out alike. A bad window is an answer's matter and not the channel's. */
static bool read_request(struct hvm_netvsp *n, const struct nv_item *i, struct request *out)
{
	struct hvp_rd r = hvp_rd_init(i->bytes, i->size);
	struct hvp_rndis_query q;
	struct hvp_rndis_set s;

	memset(out, 0, sizeof(*out));
	if (i->size < HVP_RNDIS_QUERY_MIN_SIZE) {
		hvm_nv_stop(n, "a control message shorter than it must be");
		return false;
	}
	out->request_id = hvp_get_u32(i->bytes + 8);
	out->oid = hvp_get_u32(i->bytes + 12);
	if (hvp_get_u32(i->bytes) == HVP_RNDIS_QUERY) {
		out->windowed = hvp_rndis_query_decode(&r, hvm_nv_neg(n), &q, NULL) == HVP_OK;
		out->info = out->windowed ? q.info : hvp_rd_init(NULL, 0);
	} else {
		out->windowed = hvp_rndis_set_decode(&r, hvm_nv_neg(n), &s, NULL) == HVP_OK;
		out->info = out->windowed ? s.info : hvp_rd_init(NULL, 0);
	}
	return true;
}

static uint32_t find_answer(struct hvm_netvsp *n, uint32_t oid, uint8_t *info, uint32_t *size)
{
	const struct nv_oid *o = hvm_nv_oid(n, oid);

	if (!o)
		return hvm_nv_query(n, oid, info, size);
	*size = (uint32_t)(o->size < NV_ANSWER_MAX ? o->size : NV_ANSWER_MAX);
	if (*size)
		memcpy(info, o->bytes, *size);
	return o->status;
}

static void query(struct hvm_netvsp *n, const struct nv_item *i)
{
	struct hvp_rndis_query_complete c;
	uint8_t info[NV_ANSWER_MAX];
	struct request m;
	uint32_t size = 0;

	if (!read_request(n, i, &m))
		return;
	memset(&c, 0, sizeof(c));
	c.request_id = m.request_id;
	c.status = HVP_RNDIS_STATUS_INVALID_DATA;
	if (m.windowed)
		c.status = find_answer(n, m.oid, info, &size);
	/* What does not fit a slot is not begun (NET-SEC-56). */
	if (HVP_RNDIS_QUERY_COMPLETE_MIN_SIZE + size > n->ss.slot_size) {
		c.status = HVP_RNDIS_STATUS_RESOURCES;
		size = 0;
	}
	c.message_length = HVP_RNDIS_QUERY_COMPLETE_MIN_SIZE + size;
	c.info_buffer_length = size;
	c.info_buffer_offset = INFO_OFFSET_REPLY;
	c.info = hvp_rd_init(info, size);
	hvm_nv_reply(n, "query_complete", &c);
}

static void set(struct hvm_netvsp *n, const struct nv_item *i)
{
	struct hvp_rndis_set_complete c;
	const struct nv_oid *o;
	struct request m;

	if (!read_request(n, i, &m))
		return;
	o = hvm_nv_oid(n, m.oid);
	c.message_length = HVP_RNDIS_SET_COMPLETE_MAX_SIZE;
	c.request_id = m.request_id;
	c.status = HVP_RNDIS_STATUS_INVALID_DATA;
	if (o)
		c.status = o->status;
	else if (m.windowed)
		c.status = hvm_nv_set(n, m.oid, &m.info);
	hvm_nv_reply(n, "set_complete", &c);
	if (m.oid == HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS && c.status == HVP_RNDIS_STATUS_SUCCESS)
		hvm_nv_offload_indicate(n);
}

static void keepalive(struct hvm_netvsp *n, const struct nv_item *i)
{
	struct hvp_rndis_keepalive_complete c;
	struct hvp_rndis_keepalive m;

	if (!read_body(n, i, "keepalive", &m))
		return;
	c.message_length = HVP_RNDIS_KEEPALIVE_COMPLETE_MAX_SIZE;
	c.request_id = m.request_id;
	c.status = HVP_RNDIS_STATUS_SUCCESS;
	hvm_nv_reply(n, "keepalive_complete", &c);
}

void hvm_nv_control(struct hvm_netvsp *n, struct nv_item *i)
{
	n->c.control++;
	if (!hvm_nv_alive(n) || i->size < 8) {
		hvm_nv_free(i);
		return;
	}
	switch (hvp_get_u32(i->bytes)) {
	case HVP_RNDIS_INITIALIZE:
		initialize(n, i);
		break;
	case HVP_RNDIS_QUERY:
		query(n, i);
		break;
	case HVP_RNDIS_SET:
		set(n, i);
		break;
	case HVP_RNDIS_KEEPALIVE:
		keepalive(n, i);
		break;
	case HVP_RNDIS_HALT:
		break; /* consumed; no reply exists (NET-REQ-058) */
	default:
		hvm_nv_stop(n, "a control message that no guest may send");
	}
	hvm_nv_free(i);
}

/* One request after the other, each only when its reply has a slot (NET-REQ-091). */
void hvm_nv_control_run(struct hvm_netvsp *n)
{
	struct nv_item *i;

	if (n->control_working)
		return;
	n->control_working = true;
	while (n->control.n && !n->replies.n && n->ss.free_control && hvm_nv_alive(n)) {
		i = hvm_nv_take(&n->control, 0);
		n->ss.control_bytes -= i->size;
		if (hvm_nv_tap(n, i))
			hvm_nv_control(n, i);
	}
	n->control_working = false;
}

/* ---- indications ---- */

enum hvp_status hvm_netvsp_indicate(struct hvm_netvsp *n, uint32_t status, const void *buffer,
				    size_t size)
{
	struct hvp_rndis_indicate_status m;

	if (n->ss.state != HVM_NET_OPERATIONAL)
		return HVP_STATE;
	if (size > NV_ANSWER_MAX)
		return HVP_ARG;
	memset(&m, 0, sizeof(m));
	m.message_length = (uint32_t)(HVP_RNDIS_INDICATE_STATUS_MIN_SIZE + size);
	m.status = status;
	m.status_buffer_length = (uint32_t)size;
	m.status_buffer_offset = size ? INFO_OFFSET_INDICATE : 0;
	m.buffer = hvp_rd_init(buffer, size);
	n->c.indications++;
	hvm_nv_reply(n, "indicate_status", &m);
	return HVP_OK;
}
