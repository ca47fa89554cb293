/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID leaves of chapter 10 section 2.1, as a current Hyper-V shows them. */
#include <string.h>

#include "partition_internal.h"

#define BUILD 26100u
#define VERSION 0x000a0000u /* 10.0 */

struct leaf {
	uint32_t number;
	uint32_t r[4];
};

static const struct leaf leaves[] = {
	{ HVP_HV_CPUID_PRESENCE, { 0, 0, HVP_HV_CPUID_PRESENCE_ECX, 0 } },
	{ HVP_HV_CPUID_VENDOR,
	  { HVP_HV_CPUID_ISOLATION, HVP_HV_CPUID_VENDOR_EBX, HVP_HV_CPUID_VENDOR_ECX,
	    HVP_HV_CPUID_VENDOR_EDX } },
	{ HVP_HV_CPUID_INTERFACE, { HVP_HV_CPUID_INTERFACE_HV1, 0, 0, 0 } },
	{ HVP_HV_CPUID_VERSION, { BUILD, VERSION, 0, 0 } },
	{ HVP_HV_CPUID_FEATURES, { 0, 0, 0, HVP_HV_CPUID_EDX_FREQUENCY | HVP_HV_CPUID_EDX_CRASH } },
	{ HVP_HV_CPUID_RECOMMENDATIONS, { 0, UINT32_MAX, 0, 0 } },
	{ HVP_HV_CPUID_LIMITS, { HVM_MAX_VPS, HVM_MAX_VPS, 0, 0 } },
};

void hvm_cpuid(struct hvm_partition *p, uint32_t leaf, uint32_t eax_ebx_ecx_edx[4])
{
	uint32_t *r = eax_ebx_ecx_edx;
	size_t i;

	memset(r, 0, 4 * sizeof(*r));
	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		if (leaves[i].number == leaf)
			memcpy(r, leaves[i].r, sizeof(leaves[i].r));
	}
	if (leaf == HVP_HV_CPUID_FEATURES) {
		r[0] = p->cfg.features_eax;
		r[1] = p->cfg.features_ebx;
	}
	if (leaf == HVP_HV_CPUID_RECOMMENDATIONS && p->cfg.no_auto_eoi)
		r[0] = HVP_HV_CPUID_HINT_NO_AUTO_EOI;
	if (leaf == HVP_HV_CPUID_ISOLATION)
		r[1] = p->cfg.isolation & HVP_HV_CPUID_ISOLATION_TYPE_MASK;
}
