/* SPDX-License-Identifier: BSD-2-Clause */
/* Message slots and event flags of chapter 10 sections 2.9 and 2.10. */
#include <stdlib.h>
#include <string.h>

#include "partition_internal.h"

#define SLOT_FLAGS_WORD 4u /* payload_size, message_flags, reserved as one u32 */
#define PENDING_BIT (HVP_HV_MESSAGE_PENDING << 8)

void hvm_synic_init(struct hvm_partition *p)
{
	uint32_t v, s;

	p->vps = hvm_xalloc(p->cfg.vps * sizeof(*p->vps));
	for (v = 0; v < p->cfg.vps; v++) {
		for (s = 0; s < HVM_SINTS; s++)
			p->vps[v].sint[s].msr = HVP_HV_SINT_RESET_VALUE;
	}
}

void hvm_synic_done(struct hvm_partition *p)
{
	uint32_t v, s;

	for (v = 0; v < p->cfg.vps; v++) {
		for (s = 0; s < HVM_SINTS; s++)
			free(p->vps[v].sint[s].queue);
	}
	free(p->vps);
}

static struct hvm_sint *sint_of(const struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	return vp < p->cfg.vps && sint < HVM_SINTS ? &p->vps[vp].sint[sint] : NULL;
}

/* ---- interrupts ---- */

static void fire(void *ctx, uint64_t arg)
{
	struct hvm_partition *p = ctx;
	uint32_t vp = (uint32_t)(arg >> 8);
	uint32_t sint = (uint32_t)(arg & 0xff);
	struct hvm_sint *s = sint_of(p, vp, sint);

	s->irq_due = false;
	if (s->msr & HVP_HV_SINT_MASKED)
		return;
	s->stats.interrupts++;
	if (p->cfg.deliver)
		p->cfg.deliver(p->cfg.ctx, vp, sint);
}

/* Like an interrupt request register: a vector that is due already is not due twice. */
void hvm_irq_raise(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	struct hvm_event ev = { HVM_CLASS_GUEST, p->cfg.irq_latency, fire, p,
				(uint64_t)vp << 8 | sint };
	struct hvm_sint *s = sint_of(p, vp, sint);

	if (s->irq_due || (s->msr & (HVP_HV_SINT_MASKED | HVP_HV_SINT_POLLING)))
		return;
	s->irq_due = true;
	hvm_sched_add(p->sched, &ev);
}

void hvm_synic_interrupt(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	if (sint_of(p, vp, sint))
		hvm_irq_raise(p, vp, sint);
}

/* ---- messages ---- */

/* The slot in guest memory; NULL while the guest has not set one up. */
static uint8_t *slot_of(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	const struct hvm_vp *v = &p->vps[vp];

	if (!(v->scontrol & HVP_HV_SCONTROL_ENABLE) || !(v->simp & HVP_HV_SIMP_ENABLE))
		return NULL;
	return hvm_mem_ptr(p, (v->simp & HVP_HV_SIMP_GPA_MASK) + sint * HVP_HV_SLOT_SIZE,
			   HVP_HV_SLOT_SIZE);
}

static uint32_t *word_at(uint8_t *slot, size_t offset)
{
	return (uint32_t *)(void *)(slot + offset); /* slots are 256-byte aligned */
}

static void trace_slot(struct hvm_partition *p, uint32_t vp, const struct hvm_synic_msg *m)
{
	size_t size = m->size < HVM_PAYLOAD_MAX ? m->size : HVM_PAYLOAD_MAX;
	struct hvm_trace_entry e;

	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_MESSAGE;
	e.direction = HVP_DIR_H2G;
	e.vp = (uint8_t)vp;
	e.channel = hvm_message_channel(m->payload, size);
	e.aux = m->type;
	e.bytes = m->payload;
	e.size = size;
	hvm_partition_trace_add(p, &e);
}

/* Type last and with release order: whoever sees it sees the whole message. */
static void fill_slot(uint8_t *slot, const struct hvm_synic_msg *m, bool more)
{
	uint32_t flags = m->flags | (more ? HVP_HV_MESSAGE_PENDING : 0);

	hvp_store_relaxed_u32(word_at(slot, SLOT_FLAGS_WORD),
			      m->size | flags << 8 | (uint32_t)m->reserved << 16);
	hvp_put_u64(slot + HVP_HV_SLOT_SENDER_OFFSET, m->sender);
	memcpy(slot + HVP_HV_SLOT_PAYLOAD_OFFSET, m->payload, HVM_PAYLOAD_MAX);
	hvp_store_release_u32(word_at(slot, HVP_HV_SLOT_MESSAGE_TYPE_OFFSET), m->type);
}

static void tell_drained(struct hvm_partition *p)
{
	size_t i;

	for (i = 0; i < HVM_DRAIN_HOOKS; i++) {
		if (p->drain[i].fn)
			p->drain[i].fn(p->drain[i].ctx);
	}
}

static bool slot_free(uint8_t *slot)
{
	return hvp_load_acquire_u32(word_at(slot, HVP_HV_SLOT_MESSAGE_TYPE_OFFSET)) ==
	       HVP_HV_MESSAGE_TYPE_NONE;
}

/*
 * An occupied slot gets message_pending and is looked at again, since a guest on another
 * processor may have cleared it before it could see the flag.
 */
static bool slot_ready(struct hvm_sint *s, uint8_t *slot)
{
	if (slot_free(slot))
		return true;
	s->stats.pending++;
	(void)hvp_fetch_or_u32(word_at(slot, SLOT_FLAGS_WORD), PENDING_BIT);
	return slot_free(slot);
}

static void try_deliver(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	struct hvm_sint *s = sint_of(p, vp, sint);
	uint8_t *slot = s->n ? slot_of(p, vp, sint) : NULL;

	if (!slot || !slot_ready(s, slot))
		return;
	fill_slot(slot, &s->queue[0], s->n > 1);
	trace_slot(p, vp, &s->queue[0]);
	s->n = hvm_vec_remove(s->queue, s->n, 0, sizeof(*s->queue));
	s->stats.messages++;
	hvm_irq_raise(p, vp, sint);
	if (!s->n)
		tell_drained(p);
}

void hvm_synic_rescan(struct hvm_partition *p, uint32_t vp)
{
	uint32_t s;

	for (s = 0; s < HVM_SINTS; s++)
		try_deliver(p, vp, s);
}

static bool anything_waits(const struct hvm_vp *v)
{
	uint32_t s;

	for (s = 0; s < HVM_SINTS; s++) {
		if (v->sint[s].n)
			return true;
	}
	return false;
}

void hvm_synic_eom(struct hvm_partition *p, uint32_t vp)
{
	struct hvm_vp *v = &p->vps[vp];

	v->eoms++;
	if (!anything_waits(v))
		v->needless++;
	hvm_synic_rescan(p, vp);
	hvm_sched_spin(p->sched, 0);
}

/* Without auto-EOI the end of the interrupt is a second occasion to look at the slot. */
void hvm_synic_eoi(struct hvm_partition *p, uint32_t vp)
{
	uint32_t s;

	for (s = 0; s < HVM_SINTS; s++) {
		if (!(p->vps[vp].sint[s].msr & HVP_HV_SINT_AUTO_EOI))
			try_deliver(p, vp, s);
	}
}

enum hvp_status hvm_synic_post(struct hvm_partition *p, uint32_t vp, uint32_t sint,
			       const struct hvm_synic_msg *m)
{
	struct hvm_sint *s = sint_of(p, vp, sint);

	if (!s)
		return HVP_ARG;
	s->queue = hvm_vec_grow(s->queue, s->n, &s->cap, sizeof(*s->queue));
	s->queue[s->n++] = *m;
	try_deliver(p, vp, sint);
	return HVP_OK;
}

size_t hvm_synic_queued(const struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	const struct hvm_sint *s = sint_of(p, vp, sint);

	return s ? s->n : 0;
}

bool hvm_synic_slot_busy(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	uint8_t *slot = sint_of(p, vp, sint) ? slot_of(p, vp, sint) : NULL;

	return slot && !slot_free(slot);
}

void hvm_synic_flush(struct hvm_partition *p, uint32_t vp, uint32_t sint)
{
	struct hvm_sint *s = sint_of(p, vp, sint);

	if (s)
		s->n = 0;
}

void hvm_synic_on_drained(struct hvm_partition *p, void (*fn)(void *ctx), void *ctx)
{
	struct hvm_drain_hook *h = NULL;
	size_t i;

	for (i = 0; i < HVM_DRAIN_HOOKS; i++) {
		if (p->drain[i].ctx == ctx || (!h && !p->drain[i].fn))
			h = &p->drain[i];
	}
	if (!h)
		return;
	h->fn = fn;
	h->ctx = fn ? ctx : NULL;
}

/* ---- events ---- */

static uint32_t *flag_word(struct hvm_partition *p, uint32_t vp, uint32_t sint, uint32_t flag)
{
	const struct hvm_vp *v = &p->vps[vp];
	uint64_t gpa = (v->siefp & HVP_HV_SIEFP_GPA_MASK) + sint * HVP_HV_EVENT_FLAGS_SINT_SIZE +
		       flag / 32 * 4;

	if (!(v->scontrol & HVP_HV_SCONTROL_ENABLE) || !(v->siefp & HVP_HV_SIEFP_ENABLE))
		return NULL;
	return hvm_mem_ptr(p, gpa, 4);
}

static void trace_event(struct hvm_partition *p, uint32_t vp, uint32_t flag, uint32_t channel)
{
	struct hvm_trace_entry e;

	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_SIGNAL;
	e.direction = HVP_DIR_H2G;
	e.vp = (uint8_t)vp;
	e.channel = channel;
	e.aux = flag;
	hvm_partition_trace_add(p, &e);
}

enum hvp_status hvm_synic_signal_channel(struct hvm_partition *p, uint32_t vp, uint32_t sint,
					 uint32_t flag, uint32_t channel)
{
	struct hvm_sint *s = sint_of(p, vp, sint);
	uint32_t *word;
	uint32_t old;

	if (!s || flag >= HVM_EVENT_FLAGS)
		return HVP_ARG;
	word = s->msr & HVP_HV_SINT_MASKED ? NULL : flag_word(p, vp, sint, flag);
	if (!word) {
		s->stats.lost++;
		return HVP_STATE;
	}
	trace_event(p, vp, flag, channel);
	old = hvp_fetch_or_u32(word, 1u << flag % 32);
	if (old & 1u << flag % 32)
		return HVP_OK;
	s->stats.events++;
	hvm_irq_raise(p, vp, sint);
	return HVP_OK;
}

enum hvp_status hvm_synic_signal(struct hvm_partition *p, uint32_t vp, uint32_t sint, uint32_t flag)
{
	return hvm_synic_signal_channel(p, vp, sint, flag, 0);
}

bool hvm_synic_stats(const struct hvm_partition *p, uint32_t vp, uint32_t sint,
		     struct hvm_synic_stats *out)
{
	const struct hvm_sint *s = sint_of(p, vp, sint);

	if (!s)
		return false;
	*out = s->stats;
	out->eoms = p->vps[vp].eoms;
	out->needless = p->vps[vp].needless;
	return true;
}
