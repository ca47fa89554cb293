/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: receive and send buffer, and sub-channels, which share them. */
#include "netvsp_internal.h"

/* One range from the start of a page; 0: there is no such GPADL. */
static uint64_t buffer_bytes(struct hvm_netvsp *n, uint32_t gpadl)
{
	const struct hvm_gpadl *g = hvm_channel_gpadl(hvm_scripted_channel(n->q[0].d), gpadl);
	struct hvm_gpadl_range r;

	if (!g || g->state != HVM_GPADL_ACCEPTED || g->range_count != 1 ||
	    hvm_gpadl_range(g, 0, &r) != HVP_OK || r.byte_offset)
		return 0;
	return r.byte_count / HVM_PAGE * HVM_PAGE == r.byte_count ? r.byte_count : 0;
}

/* Version 1 has no config: a client of it starts without (NET-REQ-020). */
static bool has_config(const struct hvm_netvsp *n)
{
	return n->ss.has_config || n->ss.version == HVP_NVSP_VERSION_1;
}

void hvm_nv_configured(struct hvm_netvsp *n)
{
	const struct nv_session *ss = &n->ss;

	if (ss->state == HVM_NET_CONFIGURING && ss->has_ndis && has_config(n) && ss->has_receive &&
	    ss->has_send)
		n->ss.state = HVM_NET_READY;
}

static void receive_answer(struct hvm_netvsp *n, struct nv_item *i, bool ok)
{
	struct hvp_nvsp_receive_buffer_complete c;
	uint8_t section[16];

	memset(&c, 0, sizeof(c));
	c.status = ok ? HVP_NVSP_STATUS_SUCCESS : HVP_NVSP_STATUS_FAILURE;
	c.num_sections = ok;
	hvp_put_u32(section, 0);
	hvp_put_u32(section + 4, n->ss.slot_size);
	hvp_put_u32(section + 8, n->ss.slot_count);
	hvp_put_u32(section + 12, n->ss.slot_size * n->ss.slot_count);
	c.sections = hvp_rd_init(section, ok ? sizeof(section) : 0);
	hvm_nv_answer(n, i, "receive_buffer_complete", &c);
}

void hvm_nv_receive_buffer(struct hvm_netvsp *n, struct nv_item *i)
{
	struct nv_session *ss = &n->ss;
	struct hvp_nvsp_receive_buffer m;

	if (ss->state != HVM_NET_CONFIGURING || ss->has_receive || !has_config(n)) {
		hvm_nv_stop(n, "RECEIVE_BUFFER out of order");
		return;
	}
	if (!hvm_nv_decode(n, i, "receive_buffer", &m))
		return;
	ss->receive_bytes = buffer_bytes(n, m.gpadl_handle);
	if (!ss->receive_bytes) {
		hvm_nv_stop(n, "a receive buffer that is no whole pages of the channel");
		return;
	}
	ss->slot_size = n->cfg.sub_allocation
				? n->cfg.sub_allocation
				: HVP_NVSP_RNDIS_HEADER_ROOM + ss->mtu + HVP_NVSP_RECEIVE_TAIL;
	ss->slot_count = (uint32_t)(ss->receive_bytes / ss->slot_size);
	ss->receive_gpadl = m.gpadl_handle;
	ss->receive_id = m.id;
	ss->has_receive = hvm_nv_slots_make(n);
	receive_answer(n, i, ss->has_receive);
	if (!ss->has_receive)
		ss->slot_count = 0;
	hvm_nv_configured(n);
}

void hvm_nv_send_buffer(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_send_buffer_complete c = { HVP_NVSP_STATUS_SUCCESS, n->cfg.section_size };
	struct nv_session *ss = &n->ss;
	struct hvp_nvsp_send_buffer m;

	if (ss->state != HVM_NET_CONFIGURING || ss->has_send) {
		hvm_nv_stop(n, "SEND_BUFFER out of order");
		return;
	}
	if (!hvm_nv_decode(n, i, "send_buffer", &m))
		return;
	ss->send_bytes = buffer_bytes(n, m.gpadl_handle);
	if (!ss->send_bytes) {
		hvm_nv_stop(n, "a send buffer that is no whole pages of the channel");
		return;
	}
	ss->has_send = true;
	ss->section_size = n->cfg.section_size;
	ss->section_count = (uint32_t)(ss->send_bytes / ss->section_size);
	ss->send_gpadl = m.gpadl_handle;
	ss->send_id = m.id;
	hvm_nv_answer(n, i, "send_buffer_complete", &c);
	hvm_nv_configured(n);
}

enum hvp_status hvm_netvsp_receive_write(struct hvm_netvsp *n, uint64_t offset, const void *bytes,
					 size_t size)
{
	struct hvm_channel *ch = n->q[0].d ? hvm_scripted_channel(n->q[0].d) : NULL;

	if (!n->ss.has_receive || !ch)
		return HVP_STATE;
	return hvm_channel_gpadl_write(ch, n->ss.receive_gpadl, offset, bytes, size);
}

/* ---- sub-channels ---- */

static bool grantable(const struct hvm_netvsp *n, const struct hvp_nvsp_sub_channel *m)
{
	return m->operation == HVP_NVSP_SUB_CHANNEL_OPERATION_ALLOCATE &&
	       m->num_sub_channels < n->cfg.max_queues &&
	       (n->ss.slot_count - HVP_NVSP_RESERVED_SLOTS) / (m->num_sub_channels + 1) >= 1;
}

/* Those that are there already stay; the rest is offered or taken back. */
static void offer_queues(struct hvm_netvsp *n, uint32_t queues)
{
	uint32_t k;

	n->ss.queues = queues;
	n->ss.table_sent = false;
	for (k = 1; k < HVM_NET_QUEUES_MAX; k++) {
		if (k >= queues) {
			hvm_scripted_free(n->q[k].d);
			n->q[k].d = NULL;
		} else if (!n->q[k].d) {
			hvm_nv_queue_new(n, k);
		}
	}
}

void hvm_nv_sub_channel(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_sub_channel_complete c = { HVP_NVSP_STATUS_FAILURE, 0 };
	struct hvp_nvsp_sub_channel m;

	if (!hvm_nv_decode(n, i, "sub_channel", &m))
		return;
	if (grantable(n, &m)) {
		c.status = HVP_NVSP_STATUS_SUCCESS;
		c.num_sub_channels = m.num_sub_channels;
	}
	hvm_nv_answer(n, i, "sub_channel_complete", &c);
	if (c.status == HVP_NVSP_STATUS_SUCCESS && hvm_nv_alive(n)) {
		offer_queues(n, m.num_sub_channels + 1);
		hvm_nv_queue_opened(n);
	}
}

/* The table tells channel numbers: not before all of them are open (NET-REQ-047). */
void hvm_nv_queue_opened(struct hvm_netvsp *n)
{
	uint32_t k;

	for (k = 0; k < n->ss.queues; k++)
		if (!n->q[k].open)
			return;
	if (n->ss.queues > 1 && !n->ss.table_sent && !n->cfg.no_auto_table) {
		n->ss.table_sent = true;
		hvm_nv_table(n);
	}
}
