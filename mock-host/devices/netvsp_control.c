/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: NVSP requests of the guest. */
#include "netvsp_internal.h"

#define V1_FRAME HVP_NVSP_FRAME_MIN

bool hvm_nv_decode(struct hvm_netvsp *n, const struct nv_item *i, const char *name, void *out)
{
	const struct hvp_msg_desc *d = hvp_msg_by_name(&hvp_nvsp_proto, name);
	struct hvp_rd r = hvp_rd_init(i->bytes, i->size);

	if (d && d->decode(&r, hvm_nv_neg(n), out, NULL) == HVP_OK)
		return true;
	hvm_nv_stop(n, "a message too short, too new or with impossible values");
	return false;
}

static bool known(uint32_t v)
{
	return v == HVP_NVSP_VERSION_1 || v == HVP_NVSP_VERSION_2 || v == HVP_NVSP_VERSION_4 ||
	       v == HVP_NVSP_VERSION_5 || v == HVP_NVSP_VERSION_6_0 || v == HVP_NVSP_VERSION_6_1;
}

static void init(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_init_complete c = { HVP_NVSP_INVALID_VERSION, n->cfg.max_mdl_chain,
					    HVP_NVSP_STATUS_NONE };
	struct hvp_nvsp_init m;
	bool accept;

	if (n->ss.state != HVM_NET_AWAIT_VERSION) {
		hvm_nv_stop(n, "INIT after a version was accepted");
		return;
	}
	if (!hvm_nv_decode(n, i, "init", &m))
		return;
	accept = known(m.protocol_version) && m.protocol_version >= n->cfg.min_version &&
		 m.protocol_version <= n->cfg.max_version;
	if (accept) {
		c.status = HVP_NVSP_STATUS_SUCCESS;
		if (m.protocol_version == HVP_NVSP_VERSION_1)
			c.negotiated_protocol_version = HVP_NVSP_VERSION_1;
		n->ss.state = HVM_NET_CONFIGURING;
	}
	/* The size of messages changes only after this one. */
	hvm_nv_answer(n, i, "init_complete", &c);
	if (accept)
		n->ss.version = m.protocol_version;
}

static void ndis_version(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_ndis_version m;

	if (n->ss.state != HVM_NET_CONFIGURING || n->ss.has_ndis) {
		hvm_nv_stop(n, "NDIS_VERSION out of order");
		return;
	}
	if (!hvm_nv_decode(n, i, "ndis_version", &m))
		return;
	n->ss.has_ndis = true;
	n->ss.ndis_major = m.ndis_major_version;
	n->ss.ndis_minor = m.ndis_minor_version;
	hvm_nv_answer(n, i, NULL, NULL);
	hvm_nv_configured(n);
}

static void ndis_config(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_ndis_config m;

	if (n->ss.state != HVM_NET_CONFIGURING || n->ss.has_config) {
		hvm_nv_stop(n, "NDIS_CONFIG out of order");
		return;
	}
	if (!hvm_nv_decode(n, i, "ndis_config", &m))
		return;
	n->ss.has_config = true;
	n->ss.capabilities = m.capabilities;
	if (m.mtu >= V1_FRAME && m.mtu <= n->cfg.mtu_max)
		n->ss.mtu = m.mtu;
	hvm_nv_answer(n, i, NULL, NULL);
	hvm_nv_configured(n);
}

/* The buffer is not touched again, and nothing else is done either: the guest closes now. */
static void revoke(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_revoke_receive_buffer r;
	struct hvp_nvsp_revoke_send_buffer s;

	if (hvp_get_u32(i->bytes) == HVP_NVSP_REVOKE_RECEIVE_BUFFER) {
		if (!hvm_nv_decode(n, i, "revoke_receive_buffer", &r))
			return;
	} else if (!hvm_nv_decode(n, i, "revoke_send_buffer", &s)) {
		return;
	}
	hvm_nv_stop(n, n->ss.state == HVM_NET_CONFIGURING ? "revoke out of order"
							  : "a buffer was revoked");
}

static bool ready(struct hvm_netvsp *n)
{
	if (n->ss.state == HVM_NET_READY || n->ss.state == HVM_NET_OPERATIONAL)
		return true;
	hvm_nv_stop(n, "a request out of order");
	return false;
}

static void oid_query_ex(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_oid_query_ex_complete c = { HVP_RNDIS_STATUS_NOT_SUPPORTED, 0 };
	struct hvp_nvsp_oid_query_ex m;

	if (ready(n) && hvm_nv_decode(n, i, "oid_query_ex", &m))
		hvm_nv_answer(n, i, "oid_query_ex_complete", &c);
}

static void switch_data_path(struct hvm_netvsp *n, struct nv_item *i)
{
	if (ready(n))
		hvm_nv_switch(n, i);
}

static void sub_channel(struct hvm_netvsp *n, struct nv_item *i)
{
	if (ready(n))
		hvm_nv_sub_channel(n, i);
}

static const struct {
	uint32_t type;
	void (*fn)(struct hvm_netvsp *n, struct nv_item *i);
} requests[] = {
	{ HVP_NVSP_INIT, init },
	{ HVP_NVSP_NDIS_VERSION, ndis_version },
	{ HVP_NVSP_RECEIVE_BUFFER, hvm_nv_receive_buffer },
	{ HVP_NVSP_REVOKE_RECEIVE_BUFFER, revoke },
	{ HVP_NVSP_SEND_BUFFER, hvm_nv_send_buffer },
	{ HVP_NVSP_REVOKE_SEND_BUFFER, revoke },
	{ HVP_NVSP_RNDIS_PACKET, hvm_nv_rndis_packet },
	{ HVP_NVSP_NDIS_CONFIG, ndis_config },
	{ HVP_NVSP_SWITCH_DATA_PATH, switch_data_path },
	{ HVP_NVSP_OID_QUERY_EX, oid_query_ex },
	{ HVP_NVSP_SUB_CHANNEL, sub_channel },
};

static void request(struct hvm_netvsp *n, struct nv_item *i)
{
	uint32_t type = hvp_get_u32(i->bytes);
	size_t k;

	for (k = 0; k < sizeof(requests) / sizeof(requests[0]); k++) {
		if (requests[k].type == type) {
			requests[k].fn(n, i);
			return;
		}
	}
	hvm_nv_stop(n, "a message that no guest may send");
}

/* What a packet must be before its message is looked at (section 7.3). */
static const char *wrong(const struct hvm_netvsp *n, const struct nv_item *i)
{
	if (i->ranges != HVP_OK)
		return "a malformed list of ranges";
	if (i->size < 4)
		return "a packet without a message type";
	if (n->ss.state == HVM_NET_AWAIT_VERSION && hvp_get_u32(i->bytes) != HVP_NVSP_INIT)
		return "a message before a version was accepted";
	if (i->queue && hvp_get_u32(i->bytes) != HVP_NVSP_RNDIS_PACKET)
		return "a request on a sub-channel";
	return NULL;
}

void hvm_nv_packet(struct hvm_netvsp *n, struct nv_item *i)
{
	const char *why;

	if (!hvm_nv_alive(n)) {
		hvm_nv_free(i);
		return;
	}
	if (i->type == HVP_PACKET_COMPLETION && n->ss.state != HVM_NET_AWAIT_VERSION) {
		hvm_nv_completed(n, i);
		return;
	}
	why = i->type == HVP_PACKET_COMPLETION ? "a completion before a version was accepted"
					       : wrong(n, i);
	if (why)
		hvm_nv_stop(n, why);
	else
		request(n, i);
	hvm_nv_free(i);
}
