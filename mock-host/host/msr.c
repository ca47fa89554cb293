/* SPDX-License-Identifier: BSD-2-Clause */
/* Synthetic MSRs of chapter 10 section 2.2, one row a register or block of registers. */
#include <string.h>

#include "partition_internal.h"

#define PAGE_ENABLE 1ull
#define APIC_HZ 1000000000ull
#define TSC_HZ 2000000000ull

struct access {
	struct hvm_partition *p;
	struct hvm_vp *vp;
	uint32_t vp_index;
	uint32_t msr;
	uint64_t value;
};

/* False: #GP. */
typedef bool (*access_fn)(struct access *a);

static bool zero(struct access *a)
{
	a->value = 0;
	return true;
}

static bool read_os_id(struct access *a)
{
	a->value = a->p->guest_os_id;
	return true;
}

static bool write_os_id(struct access *a)
{
	a->p->guest_os_id = a->value;
	if (!a->value)
		a->p->hypercall &= ~HVP_HV_HYPERCALL_ENABLE;
	return true;
}

static bool read_hypercall(struct access *a)
{
	a->value = a->p->hypercall;
	return true;
}

/* The page gets "vmcall; ret"; a monitor that cannot take VMCALL writes its own over it. */
static bool write_hypercall(struct access *a)
{
	static const uint8_t code[] = { 0x0f, 0x01, 0xc1, 0xc3 };
	struct hvm_partition *p = a->p;
	uint64_t v = a->value;

	if (p->hypercall & HVP_HV_HYPERCALL_LOCKED)
		return true;
	if (!p->guest_os_id)
		v &= ~HVP_HV_HYPERCALL_ENABLE;
	if ((v & HVP_HV_HYPERCALL_ENABLE) &&
	    !hvm_mem_write(p, v & HVP_HV_HYPERCALL_GPA_MASK, code, sizeof(code)))
		hvm_note(p, "hypercall page outside of memory");
	p->hypercall = v;
	return true;
}

static bool read_vp_index(struct access *a)
{
	a->value = a->vp_index;
	return true;
}

static bool read_time(struct access *a)
{
	a->value = hvm_sched_now(a->p->sched);
	return true;
}

static bool read_tsc_page(struct access *a)
{
	a->value = a->p->reference_tsc;
	return true;
}

/* Sequence 0 sends the guest to TIME_REF_COUNT: virtual time has no TSC behind it. */
static bool write_tsc_page(struct access *a)
{
	static const uint8_t page[HVP_HV_REFERENCE_TSC_SIZE];

	a->p->reference_tsc = a->value;
	if (a->value & HVP_HV_REFERENCE_TSC_ENABLE)
		hvm_mem_write(a->p, a->value & HVP_HV_REFERENCE_TSC_GPA_MASK, page, sizeof(page));
	return true;
}

static bool read_frequency(struct access *a)
{
	a->value = a->msr == HVP_HV_MSR_TSC_FREQUENCY ? TSC_HZ : APIC_HZ;
	return true;
}

static bool write_reset(struct access *a)
{
	if (a->value & 1)
		hvm_note(a->p, "guest asks for a reset");
	return true;
}

static bool write_eoi(struct access *a)
{
	hvm_synic_eoi(a->p, a->vp_index);
	return true;
}

static uint64_t *apic_word(struct access *a)
{
	switch (a->msr) {
	case HVP_HV_MSR_ICR:
		return &a->vp->icr;
	case HVP_HV_MSR_TPR:
		return &a->vp->tpr;
	default:
		return &a->vp->vp_assist;
	}
}

static bool read_apic(struct access *a)
{
	a->value = *apic_word(a);
	return true;
}

static bool write_apic(struct access *a)
{
	*apic_word(a) = a->value;
	return true;
}

static bool read_scontrol(struct access *a)
{
	a->value = a->vp->scontrol;
	return true;
}

static bool write_scontrol(struct access *a)
{
	a->vp->scontrol = a->value;
	hvm_synic_rescan(a->p, a->vp_index);
	return true;
}

static bool read_sversion(struct access *a)
{
	a->value = 1;
	return true;
}

static uint64_t *page_word(struct access *a)
{
	return a->msr == HVP_HV_MSR_SIMP ? &a->vp->simp : &a->vp->siefp;
}

static bool read_page(struct access *a)
{
	a->value = *page_word(a);
	return true;
}

static bool write_page(struct access *a)
{
	uint64_t *word = page_word(a);

	if (*word & PAGE_ENABLE)
		hvm_mem_drop(a->p, *word / HVM_PAGE);
	*word = a->value;
	if (*word & PAGE_ENABLE)
		hvm_mem_hold(a->p, *word / HVM_PAGE,
			     word == &a->vp->simp ? "SynIC message page"
						  : "SynIC event flags page");
	hvm_synic_rescan(a->p, a->vp_index);
	return true;
}

static bool write_eom(struct access *a)
{
	if (a->value)
		hvm_violation_add(a->p, HVM_VIOLATION_SYNIC, a->msr,
				  "EOM written with a value other than 0");
	hvm_synic_eom(a->p, a->vp_index);
	return true;
}

static bool read_sint(struct access *a)
{
	a->value = a->vp->sint[a->msr - HVP_HV_MSR_SINT0].msr;
	return true;
}

static bool write_sint(struct access *a)
{
	if (!(a->value & HVP_HV_SINT_MASKED) &&
	    (a->value & HVP_HV_SINT_VECTOR_MASK) < HVP_HV_SINT_MIN_VECTOR)
		return false;
	a->vp->sint[a->msr - HVP_HV_MSR_SINT0].msr = a->value;
	return true;
}

static bool read_crash(struct access *a)
{
	a->value = a->p->crash[a->msr - HVP_HV_MSR_CRASH_P0];
	return true;
}

static bool write_crash(struct access *a)
{
	a->p->crash[a->msr - HVP_HV_MSR_CRASH_P0] = a->value;
	if (a->msr == HVP_HV_MSR_CRASH_CTL && (a->value & HVP_HV_CRASH_NOTIFY))
		hvm_note(a->p, "guest reports a crash");
	return true;
}

struct row {
	uint32_t first, last;
	uint32_t eax; /* privilege, 0: none needed */
	access_fn read, write; /* NULL: #GP */
};

static const struct row rows[] = {
	{ HVP_HV_MSR_GUEST_OS_ID, HVP_HV_MSR_GUEST_OS_ID, HVP_HV_CPUID_EAX_HYPERCALL, read_os_id,
	  write_os_id },
	{ HVP_HV_MSR_HYPERCALL, HVP_HV_MSR_HYPERCALL, HVP_HV_CPUID_EAX_HYPERCALL, read_hypercall,
	  write_hypercall },
	{ HVP_HV_MSR_VP_INDEX, HVP_HV_MSR_VP_INDEX, HVP_HV_CPUID_EAX_VP_INDEX, read_vp_index,
	  NULL },
	{ HVP_HV_MSR_RESET, HVP_HV_MSR_RESET, 0, zero, write_reset },
	{ HVP_HV_MSR_VP_RUNTIME, HVP_HV_MSR_VP_RUNTIME, 0, read_time, NULL },
	{ HVP_HV_MSR_TIME_REF_COUNT, HVP_HV_MSR_TIME_REF_COUNT, HVP_HV_CPUID_EAX_TIME_REF_COUNT,
	  read_time, NULL },
	{ HVP_HV_MSR_REFERENCE_TSC, HVP_HV_MSR_REFERENCE_TSC, HVP_HV_CPUID_EAX_REFERENCE_TSC,
	  read_tsc_page, write_tsc_page },
	{ HVP_HV_MSR_TSC_FREQUENCY, HVP_HV_MSR_APIC_FREQUENCY, HVP_HV_CPUID_EAX_FREQUENCY,
	  read_frequency, NULL },
	{ HVP_HV_MSR_EOI, HVP_HV_MSR_EOI, 0, NULL, write_eoi },
	{ HVP_HV_MSR_ICR, HVP_HV_MSR_VP_ASSIST_PAGE, 0, read_apic, write_apic },
	{ HVP_HV_MSR_SCONTROL, HVP_HV_MSR_SCONTROL, HVP_HV_CPUID_EAX_SYNIC, read_scontrol,
	  write_scontrol },
	{ HVP_HV_MSR_SVERSION, HVP_HV_MSR_SVERSION, HVP_HV_CPUID_EAX_SYNIC, read_sversion, NULL },
	{ HVP_HV_MSR_SIEFP, HVP_HV_MSR_SIMP, HVP_HV_CPUID_EAX_SYNIC, read_page, write_page },
	{ HVP_HV_MSR_EOM, HVP_HV_MSR_EOM, HVP_HV_CPUID_EAX_SYNIC, zero, write_eom },
	{ HVP_HV_MSR_SINT0, HVP_HV_MSR_SINT15, HVP_HV_CPUID_EAX_SYNIC, read_sint, write_sint },
	{ HVP_HV_MSR_CRASH_P0, HVP_HV_MSR_CRASH_CTL, 0, read_crash, write_crash },
};

static const struct row *row_of(const struct hvm_partition *p, uint32_t msr)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (msr >= r->first && msr <= r->last)
			return (p->cfg.features_eax & r->eax) == r->eax ? r : NULL;
	}
	return NULL;
}

static bool fault(struct hvm_partition *p, uint32_t vp, uint32_t msr, const char *what)
{
	hvm_violation_add(p, HVM_VIOLATION_GP, msr, "#GP: %s of an MSR on VP %u", what, vp);
	return false;
}

bool hvm_msr_read(struct hvm_partition *p, uint32_t vp, uint32_t msr, uint64_t *value)
{
	struct access a = { p, vp < p->cfg.vps ? &p->vps[vp] : NULL, vp, msr, 0 };
	const struct row *r = row_of(p, msr);

	*value = 0;
	if (!a.vp || !r || !r->read || !r->read(&a))
		return fault(p, vp, msr, "read");
	*value = a.value;
	return true;
}

static void trace_write(struct hvm_partition *p, const struct access *a)
{
	struct hvm_trace_entry e;
	uint8_t bytes[8];

	memset(&e, 0, sizeof(e));
	hvp_put_u64(bytes, a->value);
	e.kind = HVM_TRACE_HYPERVISOR;
	e.direction = HVP_DIR_G2H;
	e.vp = (uint8_t)a->vp_index;
	e.aux = a->msr;
	e.bytes = bytes;
	e.size = sizeof(bytes);
	hvm_partition_trace_add(p, &e);
}

bool hvm_msr_write(struct hvm_partition *p, uint32_t vp, uint32_t msr, uint64_t value)
{
	struct access a = { p, vp < p->cfg.vps ? &p->vps[vp] : NULL, vp, msr, value };
	const struct row *r = row_of(p, msr);

	trace_write(p, &a);
	if (!a.vp || !r || !r->write || !r->write(&a))
		return fault(p, vp, msr, "write");
	return true;
}
