/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults_internal.h"
#include "partition_internal.h"

#define DEFAULT_EAX \
	(HVP_HV_CPUID_EAX_TIME_REF_COUNT | HVP_HV_CPUID_EAX_SYNIC | HVP_HV_CPUID_EAX_HYPERCALL | \
	 HVP_HV_CPUID_EAX_VP_INDEX | HVP_HV_CPUID_EAX_REFERENCE_TSC | HVP_HV_CPUID_EAX_FREQUENCY)
#define DEFAULT_EBX HVP_HV_CPUID_EBX_REQUIRED

struct hvm_partition *hvm_partition_new(const struct hvm_partition_config *cfg)
{
	struct hvm_partition *p;

	if (cfg->size != sizeof(*cfg) || cfg->vps > HVM_MAX_VPS)
		return NULL;
	p = hvm_xalloc(sizeof(*p));
	p->cfg = *cfg;
	if (!p->cfg.vps)
		p->cfg.vps = 1;
	if (!p->cfg.no_features && !p->cfg.features_eax)
		p->cfg.features_eax = DEFAULT_EAX;
	if (!p->cfg.no_features && !p->cfg.features_ebx)
		p->cfg.features_ebx = DEFAULT_EBX;
	if (p->cfg.isolation)
		p->cfg.features_ebx |= HVP_HV_CPUID_EBX_ISOLATION;
	p->sched = hvm_sched_new(cfg->seed, cfg->shuffle);
	p->trace = hvm_trace_new();
	p->faults = hvm_faults_new(p);
	hvm_memory_init(p);
	hvm_synic_init(p);
	return p;
}

void hvm_partition_free(struct hvm_partition *p)
{
	if (!p)
		return;
	hvm_port_done(p);
	hvm_synic_done(p);
	hvm_faults_free(p->faults);
	hvm_memory_done(p);
	hvm_trace_free(p->trace);
	hvm_sched_free(p->sched);
	free(p->violations);
	free(p);
}

struct hvm_sched *hvm_partition_sched(struct hvm_partition *p)
{
	return p->sched;
}

struct hvm_trace *hvm_partition_trace(struct hvm_partition *p)
{
	return p->trace;
}

struct hvm_faults *hvm_partition_faults(struct hvm_partition *p)
{
	return p->faults;
}

uint32_t hvm_partition_vps(const struct hvm_partition *p)
{
	return p->cfg.vps;
}

void hvm_partition_set_deliver(struct hvm_partition *p,
			       void (*deliver)(void *ctx, uint32_t vp, uint32_t sint), void *ctx)
{
	p->cfg.deliver = deliver;
	p->cfg.ctx = ctx;
}

/* ---- what is written down ---- */

void hvm_partition_trace_add(struct hvm_partition *p, struct hvm_trace_entry *e)
{
	e->time = hvm_sched_now(p->sched);
	e->version = p->version;
	hvm_trace_add(p->trace, e);
}

static void note_text(struct hvm_partition *p, const char *text)
{
	struct hvm_trace_entry e;

	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_NOTE;
	e.bytes = (const uint8_t *)text;
	e.size = strlen(text);
	hvm_partition_trace_add(p, &e);
}

void hvm_note(struct hvm_partition *p, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note_text(p, text);
}

void hvm_violation_add(struct hvm_partition *p, enum hvm_violation_kind kind, uint64_t addr,
		       const char *fmt, ...)
{
	struct hvm_violation *v;
	va_list ap;

	p->violations = hvm_vec_grow(p->violations, p->violation_n, &p->violation_cap,
				     sizeof(*p->violations));
	v = &p->violations[p->violation_n++];
	v->time = hvm_sched_now(p->sched);
	v->kind = kind;
	v->addr = addr;
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
	hvm_note(p, "violation: %s (0x%llx)", v->text, (unsigned long long)addr);
}

size_t hvm_violation_count(const struct hvm_partition *p)
{
	return p->violation_n;
}

const struct hvm_violation *hvm_violation_get(const struct hvm_partition *p, size_t index)
{
	return index < p->violation_n ? &p->violations[index] : NULL;
}
