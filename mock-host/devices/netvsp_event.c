/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: link, migration and the indirection table. */
#include "netvsp_internal.h"

#define SPEED_UNIT 100u

/* ---- link ---- */

static void indicate_link(struct hvm_netvsp *n, bool up)
{
	n->link_up = up;
	(void)hvm_netvsp_indicate(
		n, up ? HVP_RNDIS_STATUS_MEDIA_CONNECT : HVP_RNDIS_STATUS_MEDIA_DISCONNECT, NULL,
		0);
}

static void second_half(void *ctx, uint64_t up)
{
	struct hvm_netvsp *n = ctx;

	n->flap = 0;
	indicate_link(n, up != 0);
}

static void flap(struct hvm_netvsp *n, bool up)
{
	struct hvm_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.cls = HVM_CLASS_HOST;
	ev.delay = n->cfg.link_delay;
	ev.fn = second_half;
	ev.ctx = n;
	ev.arg = up;
	indicate_link(n, !up);
	n->flap = hvm_sched_add(hvm_nv_sched(n), &ev);
}

void hvm_netvsp_set_link(struct hvm_netvsp *n, bool up)
{
	if (n->flap)
		(void)hvm_sched_cancel(hvm_nv_sched(n), n->flap);
	n->flap = 0;
	if (n->link_up == up && n->ss.state == HVM_NET_OPERATIONAL)
		flap(n, up);
	else
		indicate_link(n, up);
}

static void indicate_word(struct hvm_netvsp *n, uint32_t status, uint64_t value)
{
	uint8_t bytes[4];

	hvp_put_u32(bytes, value > UINT32_MAX ? UINT32_MAX : (uint32_t)value);
	(void)hvm_netvsp_indicate(n, status, bytes, sizeof(bytes));
}

void hvm_netvsp_set_speed(struct hvm_netvsp *n, uint64_t bits_per_second)
{
	n->link_speed = bits_per_second;
	indicate_word(n, HVP_RNDIS_STATUS_LINK_SPEED_CHANGE, bits_per_second / SPEED_UNIT);
}

void hvm_netvsp_network_change(struct hvm_netvsp *n, uint32_t how)
{
	indicate_word(n, HVP_RNDIS_STATUS_NETWORK_CHANGE, how);
}

/* ---- indirection table ---- */

enum hvp_status hvm_netvsp_send_table(struct hvm_netvsp *n, const uint32_t *entries)
{
	uint32_t at = n->cfg.table_offset, k;
	struct hvp_nvsp_indirection_table m;
	uint8_t tail[256];

	if (!hvm_nv_alive(n) || n->ss.version < HVP_NVSP_VERSION_5)
		return HVP_STATE;
	memset(tail, 0, sizeof(tail));
	for (k = 0; k < HVP_NVSP_TABLE_ENTRIES; k++)
		hvp_put_u32(tail + at - 12 + 4 * (size_t)k, entries	   ? entries[k]
							    : n->ss.queues ? k % n->ss.queues
									   : 0);
	m.table_entry_count = HVP_NVSP_TABLE_ENTRIES;
	m.table_offset = at;
	m.tail = hvp_rd_init(tail, at - 12 + 4 * (size_t)HVP_NVSP_TABLE_ENTRIES);
	hvm_nv_notice(n, "indirection_table", &m, 0);
	return HVP_OK;
}

void hvm_nv_table(struct hvm_netvsp *n)
{
	(void)hvm_netvsp_send_table(n, NULL);
}
