/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/partition.h - the virtual machine as a guest sees the hypervisor
 *
 * CPUID leaves, synthetic MSRs and hypercalls of a partition with its virtual processors. What
 * a guest does wrong (a fault, a freed page that the host uses) is recorded as a violation and
 * answered as a hypervisor would; it never ends the run.
 *
 * Thread rule: one thread per partition; partitions are independent of each other.
 * Ownership: the partition owns its memory, queue, trace and fault rules.
 *
 *	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;
 *	struct hvm_partition *p = hvm_partition_new(&cfg);
 */
#ifndef HVMOCK_PARTITION_H
#define HVMOCK_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvmock/fault.h>
#include <hvmock/memory.h>
#include <hvmock/sched.h>
#include <hvmock/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_MAX_VPS 64u

/* Why a violation was recorded. */
enum hvm_violation_kind {
	HVM_VIOLATION_GP = 1, /* MSR access that faults */
	HVM_VIOLATION_FREE_HELD, /* page freed while the host may use it */
	HVM_VIOLATION_FREE_BAD, /* freed what was not allocated */
	HVM_VIOLATION_HOST_FREED, /* the host was made to touch a freed page */
	HVM_VIOLATION_WRITE_FREED, /* a freed page was written */
	HVM_VIOLATION_HYPERCALL, /* a hypercall that only a wrong guest makes */
	HVM_VIOLATION_SYNIC, /* slot or EOM protocol broken */
};

/**
 * struct hvm_violation - one thing the guest must not do
 * @time: 100 ns
 * @kind: enum hvm_violation_kind
 * @addr: MSR number, frame or control word
 * @text: one line
 */
struct hvm_violation {
	uint64_t time;
	enum hvm_violation_kind kind;
	uint64_t addr;
	char text[120];
};

/**
 * struct hvm_partition_config - how the machine looks
 * @size:         sizeof(struct hvm_partition_config)
 * @vps:          virtual processors, 1..HVM_MAX_VPS; 0 means 1
 * @seed:         of page placement, shuffling and hvm_sched_random()
 * @gfn_count:    frames of the guest-physical space; 0 means 262144 (1 GiB)
 * @gfn_base:     first frame; 0 means that the space lies half below and half above 4 GiB
 * @from_zero:    the space begins at frame 0 (with @gfn_base 0)
 * @contiguous:   pages of an allocation get ascending frames
 * @shuffle:      see hvm_sched_new()
 * @features_eax: leaf 0x40000003 EAX; 0 means all that VMBus and time keeping need
 * @features_ebx: leaf 0x40000003 EBX; 0 means post messages and signal events
 * @no_features:  with it the two values above are taken as they are, also 0
 * @isolation:    CPUID isolation type, 0 none
 * @no_auto_eoi:  leaf 0x40000004 EAX bit 9 is set
 * @post_latency: from a hypercall to the host's reaction, 100 ns; 0: before it returns
 * @irq_latency:  from the host's signal to the call of @deliver, 100 ns
 * @deliver:      the vector of a SINT fires on a VP; never while guest code runs. NULL: none
 * @ctx:          given to @deliver
 */
struct hvm_partition_config {
	size_t size;
	uint32_t vps;
	uint64_t seed;
	uint64_t gfn_count;
	uint64_t gfn_base;
	bool from_zero;
	bool contiguous;
	bool shuffle;
	bool no_features;
	bool no_auto_eoi;
	uint32_t features_eax;
	uint32_t features_ebx;
	uint32_t isolation;
	uint64_t post_latency;
	uint64_t irq_latency;
	void (*deliver)(void *ctx, uint32_t vp, uint32_t sint);
	void *ctx;
};

#define HVM_PARTITION_CONFIG_INIT \
	{ \
		.size = sizeof(struct hvm_partition_config) \
	}

/** hvm_partition_new() - NULL if memory is out or @cfg is out of range */
struct hvm_partition *hvm_partition_new(const struct hvm_partition_config *cfg);

/** hvm_partition_free() - servers on it go first; @p may be NULL */
void hvm_partition_free(struct hvm_partition *p);

/** hvm_partition_sched() - its event queue */
struct hvm_sched *hvm_partition_sched(struct hvm_partition *p);

/** hvm_partition_trace() - its trace */
struct hvm_trace *hvm_partition_trace(struct hvm_partition *p);

/** hvm_partition_faults() - its fault rules */
struct hvm_faults *hvm_partition_faults(struct hvm_partition *p);

/** hvm_partition_vps() - number of virtual processors */
uint32_t hvm_partition_vps(const struct hvm_partition *p);

/** hvm_partition_set_deliver() - replace the interrupt callback */
void hvm_partition_set_deliver(struct hvm_partition *p,
			       void (*deliver)(void *ctx, uint32_t vp, uint32_t sint), void *ctx);

/** hvm_cpuid() - answers of leaves 1 (ECX bit 31) and 0x40000000..0x40000082; else zeros */
void hvm_cpuid(struct hvm_partition *p, uint32_t leaf, uint32_t eax_ebx_ecx_edx[4]);

/** hvm_msr_read() - false: the access faults (#GP), *@value is 0, a violation is recorded */
bool hvm_msr_read(struct hvm_partition *p, uint32_t vp, uint32_t msr, uint64_t *value);

/** hvm_msr_write() - false: the access faults (#GP), nothing changed, a violation is recorded */
bool hvm_msr_write(struct hvm_partition *p, uint32_t vp, uint32_t msr, uint64_t value);

/**
 * hvm_hypercall() - HvPostMessage and HvSignalEvent
 * @p:       partition
 * @vp:      caller
 * @control: control word
 * @in:      input GPA, or the first 8 bytes of a fast call
 * @out:     output GPA, or the next 8 bytes of a fast call
 *
 * Return: the result word; its low 16 bits are the status.
 */
uint64_t hvm_hypercall(struct hvm_partition *p, uint32_t vp, uint64_t control, uint64_t in,
		       uint64_t out);

/** hvm_violation_count() - violations so far */
size_t hvm_violation_count(const struct hvm_partition *p);

/** hvm_violation_get() - violation @index; NULL past the end */
const struct hvm_violation *hvm_violation_get(const struct hvm_partition *p, size_t index);

/** hvm_violation_add() - record one and note it in the trace; @fmt as printf */
void hvm_violation_add(struct hvm_partition *p, enum hvm_violation_kind kind, uint64_t addr,
		       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** hvm_note() - a line of text in the trace; @fmt as printf */
void hvm_note(struct hvm_partition *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_PARTITION_H */
