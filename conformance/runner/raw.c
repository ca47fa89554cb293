/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The raw guest of host-side cases: it sets up SynIC pages as a guest must, takes messages and
 * event flags when its vectors fire, and posts whatever bytes it is told to.
 */
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/hypervisor.h>

#include "world.h"

#define SLOT_SIZE 256u
#define VECTOR 0x60u

static bool set_msr(struct hvc_world *w, uint32_t vp, uint32_t msr, uint64_t value)
{
	return hvm_msr_write(w->partition, vp, msr, value);
}

static bool open_vp(struct hvc_world *w, uint32_t vp)
{
	struct hvc_raw *raw = w->raw;

	raw->pages[vp][0] = hvm_mem_alloc(w->partition, 1);
	raw->pages[vp][1] = hvm_mem_alloc(w->partition, 1);
	if (!raw->pages[vp][0] || !raw->pages[vp][1])
		return false;
	raw->simp[vp] = hvm_mem_gpa(w->partition, raw->pages[vp][0]);
	raw->siefp[vp] = hvm_mem_gpa(w->partition, raw->pages[vp][1]);
	return set_msr(w, vp, HVP_HV_MSR_SIMP, raw->simp[vp] | 1) &&
	       set_msr(w, vp, HVP_HV_MSR_SIEFP, raw->siefp[vp] | 1) &&
	       set_msr(w, vp, HVP_HV_MSR_SINT0 + HVM_SINT_VMBUS, VECTOR) &&
	       set_msr(w, vp, HVP_HV_MSR_SCONTROL, 1);
}

int hvc_raw_open(struct hvc_world *w)
{
	uint32_t vp;
	bool ok;

	w->raw = hvc_alloc(1, sizeof(*w->raw));
	w->raw->input = hvm_mem_alloc(w->partition, 1);
	w->raw->code = hvm_mem_alloc(w->partition, 1);
	ok = w->raw->input && w->raw->code &&
	     set_msr(w, 0, HVP_HV_MSR_GUEST_OS_ID, 0x8100000000000001ull) &&
	     set_msr(w, 0, HVP_HV_MSR_HYPERCALL,
		     hvm_mem_gpa(w->partition, w->raw->code) | HVP_HV_HYPERCALL_ENABLE);
	for (vp = 0; ok && vp < hvm_partition_vps(w->partition); vp++)
		ok = open_vp(w, vp);
	if (!ok)
		hvc_fail(w, "broken", NULL, "set-up: the raw guest cannot enable its SynIC");
	return ok ? 0 : -1;
}

/* Only what Lua cannot reach; pages go with the partition. */
void hvc_raw_close(struct hvc_world *w)
{
	if (w->raw)
		free(w->raw->messages);
	free(w->raw);
	w->raw = NULL;
}

static void keep(struct hvc_raw *raw, uint32_t vp, uint32_t sint, const uint8_t *slot)
{
	struct hvc_slot_message *m = realloc(raw->messages, (raw->message_count + 1) * sizeof(*m));

	if (!m)
		return;
	raw->messages = m;
	m += raw->message_count++;
	memset(m, 0, sizeof(*m));
	m->vp = vp;
	m->sint = sint;
	memcpy(&m->type, slot, sizeof(m->type));
	m->size = slot[4] > HVM_PAYLOAD_MAX ? HVM_PAYLOAD_MAX : slot[4];
	memcpy(m->payload, slot + 16, m->size);
}

/* Steps 1 to 6 of section 2.9; in one thread the barrier is the order of the program. */
static void take_messages(struct hvc_world *w, uint32_t vp, uint32_t sint)
{
	uint8_t *slot = (uint8_t *)w->raw->pages[vp][0] + (size_t)sint * SLOT_SIZE;
	unsigned int i;
	uint8_t flags;

	for (i = 0; i < 64; i++) {
		if (slot[0] == 0 && slot[1] == 0 && slot[2] == 0 && slot[3] == 0)
			return;
		keep(w->raw, vp, sint, slot);
		memset(slot, 0, 4);
		flags = slot[5];
		if (!(flags & 1))
			return;
		(void)set_msr(w, vp, HVP_HV_MSR_EOM, 0);
	}
}

static void take_flags(struct hvc_world *w, uint32_t vp, uint32_t sint)
{
	uint8_t *area = (uint8_t *)w->raw->pages[vp][1] + (size_t)sint * SLOT_SIZE;
	uint32_t f;
	bool any = false;

	for (f = 0; f < HVM_EVENT_FLAGS; f++) {
		if (!(area[f / 8] & (1u << f % 8)))
			continue;
		area[f / 8] = (uint8_t)(area[f / 8] & ~(1u << f % 8));
		any = true;
		if (sint == HVM_SINT_VMBUS)
			w->raw->seen[vp][f]++;
	}
	w->raw->flags[vp][sint] += any;
}

void hvc_raw_interrupt(struct hvc_world *w, uint32_t vp, uint32_t sint)
{
	if (!w->raw->hold_slots)
		take_messages(w, vp, sint);
	take_flags(w, vp, sint);
}

uint64_t hvc_raw_post(struct hvc_world *w, uint32_t connection, uint32_t type, uint32_t size,
		      const void *payload)
{
	uint32_t head[4] = { connection, 0, type, size };
	uint64_t result;

	memset(w->raw->input, 0, HVM_PAGE);
	memcpy(w->raw->input, head, sizeof(head));
	memcpy((uint8_t *)w->raw->input + sizeof(head), payload,
	       size > HVM_PAYLOAD_MAX ? HVM_PAYLOAD_MAX : size);
	hvm_sched_enter_guest(w->sched);
	result = hvm_hypercall(w->partition, w->current_vp, HVP_HV_CALL_POST_MESSAGE,
			       hvm_mem_gpa(w->partition, w->raw->input), 0);
	hvm_sched_leave_guest(w->sched);
	return result;
}
