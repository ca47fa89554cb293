/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals both ways, by the way of each version: chapter 10 sections 2.7, 2.10 and 2.11. */
#include "server_internal.h"

#define WORD_BITS 32u

/* ---- from the guest ---- */

void hvm_guest_signal(struct hvm_channel *ch)
{
	ch->signals++;
	if (ch->state == HVM_CH_OPEN && ch->ops->signal)
		ch->ops->signal(ch->ctx, ch);
}

static void dedicated_signal(void *ctx, uint32_t connection_id, uint32_t flag)
{
	struct hvm_channel *ch = ctx;

	(void)connection_id;
	(void)flag;
	hvm_guest_signal(ch);
}

bool hvm_port_open(struct hvm_channel *ch)
{
	if (ch->s->conn.version < V1_1)
		return true;
	if (hvm_event_port_add(ch->s->p, ch->open.connection_id, 1, dedicated_signal, ch) != HVP_OK)
		return false;
	hvm_event_port_tag(ch->s->p, ch->open.connection_id, ch->id);
	ch->port_added = true;
	return true;
}

void hvm_port_close(struct hvm_channel *ch)
{
	if (ch->port_added)
		hvm_port_remove(ch->s->p, ch->open.connection_id);
	ch->port_added = false;
}

static uint32_t *page_word(struct hvm_server *s, uint32_t byte)
{
	return hvm_mem_ptr(s->p, s->conn.interrupt_page + byte, sizeof(uint32_t));
}

static void signal_word(struct hvm_server *s, uint32_t first, uint32_t bits)
{
	uint32_t i;

	for (i = 0; i < WORD_BITS; i++) {
		struct hvm_channel *ch = bits & 1u << i ? hvm_channel_find(s, first + i) : NULL;

		if (ch)
			hvm_guest_signal(ch);
	}
}

/* Connection 2: which channels, the second half of the interrupt page says. */
void hvm_shared_signal(void *server, uint32_t connection_id, uint32_t flag)
{
	struct hvm_server *s = server;
	uint32_t at;

	(void)connection_id;
	(void)flag;
	if (!s->conn.interrupt_page)
		return;
	for (at = 0; at < HVP_HV_INTERRUPT_PAGE_HALF_SIZE; at += sizeof(uint32_t)) {
		uint32_t *word = page_word(s, HVP_HV_INTERRUPT_PAGE_G2H_OFFSET + at);
		uint32_t bits = word && hvp_load_relaxed_u32(word) ? hvp_fetch_and_u32(word, 0) : 0;

		signal_word(s, at * 8, bits);
	}
}

/* ---- to the guest ---- */

static enum hvp_status by_page(struct hvm_channel *ch)
{
	struct hvm_server *s = ch->s;
	uint32_t *word = page_word(s, HVP_HV_INTERRUPT_PAGE_H2G_OFFSET + ch->id / WORD_BITS * 4);

	if (!s->conn.interrupt_page || !word)
		return HVP_STATE;
	(void)hvp_fetch_or_u32(word, 1u << ch->id % WORD_BITS);
	return hvm_synic_signal_channel(s->p, 0, HVM_SINT_VMBUS, 0, ch->id);
}

static enum hvp_status interrupt(struct hvm_channel *ch)
{
	ch->interrupts++;
	if (ch->s->conn.version < V2_4)
		return by_page(ch);
	return hvm_synic_signal_channel(ch->s->p, ch->open.target_vp, ch->s->conn.target.sint,
					ch->open.event_flag, ch->id);
}

static void interrupt_later(void *ctx, uint64_t id)
{
	struct hvm_channel *ch = hvm_channel_find(ctx, (uint32_t)id);

	if (ch && ch->state == HVM_CH_OPEN)
		(void)interrupt(ch);
}

enum hvp_status hvm_channel_signal(struct hvm_channel *ch)
{
	struct hvm_event ev = { HVM_CLASS_HOST, 0, interrupt_later, ch->s, ch->id };
	enum hvp_status st = HVP_OK;
	unsigned int times;

	if (ch->state != HVM_CH_OPEN || ch->open.target_vp == HVM_NO_VP)
		return HVP_STATE;
	times = hvm_faults_signal(ch->s->p->faults, HVP_DIR_H2G, ch->id, &ev.delay);
	for (; times; times--) {
		if (ev.delay)
			hvm_sched_add(ch->s->p->sched, &ev);
		else
			st = interrupt(ch);
		/* A second one in the same instant would only find its flag set. */
		ev.delay += HVM_US;
	}
	return st;
}
