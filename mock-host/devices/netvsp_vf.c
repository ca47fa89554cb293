/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: virtual function and data path (chapter 20 section 7.2). */
#include "netvsp_internal.h"

#define VF_NOTICE 0x8000000000000000ull
#define PATH_NOTICE 0x8000000000000001ull

static bool tellable(const struct hvm_netvsp *n)
{
	return n->ss.state == HVM_NET_OPERATIONAL && n->ss.version >= HVP_NVSP_VERSION_4 &&
	       (n->ss.capabilities & HVP_NVSP_CAPABILITY_SRIOV);
}

static void association(struct hvm_netvsp *n, bool present)
{
	struct hvp_nvsp_vf_association m = { present, n->vf_serial };

	n->ss.vf_told = present;
	hvm_nv_notice(n, "vf_association", &m, VF_NOTICE);
}

static void tell_synthetic(struct hvm_netvsp *n)
{
	struct hvp_nvsp_switch_data_path m = { HVP_NVSP_DATA_PATH_SYNTHETIC };

	if (n->ss.state == HVM_NET_OPERATIONAL && n->ss.version >= HVP_NVSP_VERSION_4)
		hvm_nv_notice(n, "switch_data_path", &m, PATH_NOTICE);
}

void hvm_nv_vf_tell(struct hvm_netvsp *n)
{
	if (n->vf_present && !n->ss.vf_told && tellable(n))
		association(n, true);
}

static void complete_switch(struct hvm_netvsp *n)
{
	struct nv_item *i = hvm_nv_item(NV_IN_PACKET, 0, NULL, 0);

	i->id = n->ss.switch_id;
	i->flags = n->ss.switch_completes ? HVP_PACKET_COMPLETION_REQUESTED : 0;
	n->ss.switch_pending = false;
	hvm_nv_answer(n, i, NULL, NULL);
	hvm_nv_free(i);
}

/* The completion says nothing of how it went: a failure shows in the notice after it. */
enum hvp_status hvm_netvsp_finish_switch(struct hvm_netvsp *n, bool ok)
{
	if (!n->ss.switch_pending)
		return HVP_STATE;
	if (ok)
		n->data_path = n->ss.switch_to;
	complete_switch(n);
	if (!ok && n->ss.switch_to == HVP_NVSP_DATA_PATH_VF)
		tell_synthetic(n);
	return HVP_OK;
}

void hvm_nv_switch(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_switch_data_path m;
	bool to_vf, possible;

	if (!hvm_nv_decode(n, i, "switch_data_path", &m))
		return;
	to_vf = m.active_data_path == HVP_NVSP_DATA_PATH_VF;
	possible = to_vf ? n->ss.vf_told && n->data_path == HVP_NVSP_DATA_PATH_SYNTHETIC
			 : n->data_path == HVP_NVSP_DATA_PATH_VF;
	if (!possible || n->ss.switch_pending) {
		hvm_nv_answer(n, i, NULL, NULL);
		return;
	}
	n->ss.switch_pending = true;
	n->ss.switch_to = to_vf ? HVP_NVSP_DATA_PATH_VF : HVP_NVSP_DATA_PATH_SYNTHETIC;
	n->ss.switch_id = i->id;
	n->ss.switch_completes = (i->flags & HVP_PACKET_COMPLETION_REQUESTED) != 0;
	if (!n->hold_switch)
		(void)hvm_netvsp_finish_switch(n, true);
}

void hvm_netvsp_hold_switch(struct hvm_netvsp *n, bool hold)
{
	n->hold_switch = hold;
}

/* Completion, notice, disassociation, in this order (NET-REQ-043). */
static void leave(struct hvm_netvsp *n)
{
	bool to_vf = n->ss.switch_pending && n->ss.switch_to == HVP_NVSP_DATA_PATH_VF;
	bool on_vf = n->data_path == HVP_NVSP_DATA_PATH_VF && !n->ss.switch_pending;

	n->data_path = HVP_NVSP_DATA_PATH_SYNTHETIC;
	if (n->ss.switch_pending)
		complete_switch(n);
	if (to_vf || on_vf)
		tell_synthetic(n);
	if (n->ss.vf_told)
		association(n, false);
}

void hvm_netvsp_vf(struct hvm_netvsp *n, bool present, uint32_t serial)
{
	if (present && !n->vf_present) {
		n->vf_present = true;
		n->vf_serial = serial;
		hvm_nv_vf_tell(n);
	} else if (!present && n->vf_present) {
		n->vf_present = false;
		leave(n);
	}
}

void hvm_netvsp_force_synthetic(struct hvm_netvsp *n)
{
	if (n->data_path != HVP_NVSP_DATA_PATH_VF)
		return;
	n->data_path = HVP_NVSP_DATA_PATH_SYNTHETIC;
	tell_synthetic(n);
}
