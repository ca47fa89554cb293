/* SPDX-License-Identifier: BSD-2-Clause */
/* Monitored notification: chapter 10 section 2.12. The host polls. */
#include "server_internal.h"

#define PAGE_G2H 1 /* child to parent */
#define GROUP_OFFSET(g) (HVP_HV_MONITOR_PAGE_TRIGGER_GROUP_OFFSET + (g)*HVP_HV_MONITOR_GROUP_STRIDE)

static uint8_t *page_at(struct hvm_server *s, uint32_t offset, size_t len)
{
	uint64_t page = s->conn.monitor_pages[PAGE_G2H];

	return page ? hvm_mem_ptr(s->p, page + offset, len) : NULL;
}

static void signal_group(struct hvm_server *s, uint32_t group, uint32_t bits)
{
	uint32_t i;

	for (i = 0; i < HVP_HV_MONITOR_GROUP_BITS; i++) {
		struct hvm_channel *ch =
			bits & 1u << i ? s->monitored[group * HVP_HV_MONITOR_GROUP_BITS + i] : NULL;

		if (ch && ch->state == HVM_CH_OPEN)
			hvm_guest_signal(ch);
	}
}

void hvm_monitor_poll(struct hvm_server *s)
{
	uint32_t g;

	for (g = 0; g < HVP_HV_MONITOR_GROUPS; g++) {
		uint32_t *pending = (uint32_t *)(void *)page_at(s, GROUP_OFFSET(g), 4);

		if (pending && hvp_load_relaxed_u32(pending))
			signal_group(s, g, hvp_fetch_and_u32(pending, 0));
	}
}

static void poll_event(void *ctx, uint64_t arg)
{
	struct hvm_server *s = ctx;
	struct hvm_event ev = { HVM_CLASS_BACKGROUND, s->cfg.monitor_poll, poll_event, s, 0 };

	(void)arg;
	s->polling = hvm_sched_add(s->p->sched, &ev);
	hvm_monitor_poll(s);
}

/* What the guest may use must be in the page before the channel is opened. */
static void publish(struct hvm_channel *ch)
{
	struct hvm_server *s = ch->s;
	uint32_t id = ch->monitor_id;
	uint8_t *at = page_at(s, 0, HVM_PAGE);

	if (!at)
		return;
	hvp_put_u16(at + HVP_HV_MONITOR_PAGE_LATENCY_OFFSET + id * HVP_HV_MONITOR_LATENCY_STRIDE,
		    ch->offer.latency);
	hvp_put_u32(at + HVP_HV_MONITOR_PAGE_PARAMETER_OFFSET +
			    id * HVP_HV_MONITOR_PARAMETER_STRIDE,
		    ch->connection_id);
	at[HVP_HV_MONITOR_PAGE_TRIGGER_STATE_OFFSET] |=
		(uint8_t)(1u << id / HVP_HV_MONITOR_GROUP_BITS);
}

void hvm_monitor_start(struct hvm_server *s)
{
	struct hvm_event ev = { HVM_CLASS_BACKGROUND, s->cfg.monitor_poll, poll_event, s, 0 };
	uint32_t i;

	hvm_monitor_stop(s);
	if (!s->conn.monitor_pages[PAGE_G2H])
		return;
	for (i = 0; i < HVP_HV_MONITOR_ID_COUNT; i++) {
		if (s->monitored[i])
			publish(s->monitored[i]);
	}
	s->polling = hvm_sched_add(s->p->sched, &ev);
}

void hvm_monitor_stop(struct hvm_server *s)
{
	if (s->polling)
		hvm_sched_cancel(s->p->sched, s->polling);
	s->polling = 0;
}

/* Without pages, or when all ids are taken, the channel is offered without one. */
void hvm_monitor_give(struct hvm_channel *ch)
{
	struct hvm_server *s = ch->s;
	uint32_t id = 0;

	hvm_monitor_take(ch);
	if (!ch->offer.monitored || s->cfg.no_monitor || !s->conn.monitor_pages[PAGE_G2H])
		return;
	while (id < HVP_HV_MONITOR_ID_COUNT && s->monitored[id])
		id++;
	if (id == HVP_HV_MONITOR_ID_COUNT)
		return;
	s->monitored[id] = ch;
	ch->monitor_id = (uint8_t)id;
	publish(ch);
}

void hvm_monitor_take(struct hvm_channel *ch)
{
	if (ch->monitor_id != HVP_VMBUS_NO_MONITOR_ID)
		ch->s->monitored[ch->monitor_id] = NULL;
	ch->monitor_id = HVP_VMBUS_NO_MONITOR_ID;
}
