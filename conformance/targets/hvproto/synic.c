/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to the hypervisor: discovery, registers, two hypercalls, the pages of a SINT. */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/hypervisor.h>

#define GUEST_OS_ID 0x8000000000010000ull /* open source form, no registered system */
#define VECTOR 0xf3ull
#define PRESERVED 0xffeull /* bits 11:1 of a register that names a page */
#define ENABLE 1ull

static bool vmbus_possible(struct glue *g)
{
	uint32_t r[4];

	g->ops.cpuid(g->m, 0x40000000u, r);
	if (r[0] < 0x40000003u || r[1] != 0x7263694du || r[2] != 0x666f736fu || r[3] != 0x76482074u)
		return false;
	g->ops.cpuid(g->m, 0x40000001u, r);
	if (r[0] != 0x31237648u)
		return false;
	g->ops.cpuid(g->m, 0x40000003u, r);
	return (r[0] & 0x24u) == 0x24u && (r[1] & 0x30u) == 0x30u;
}

static bool alloc_pages(struct glue *g)
{
	uint32_t i;

	g->vps = calloc(g->config.vps, sizeof(*g->vps));
	g->hypercall_page = g->ops.page_alloc(g->m, 1);
	g->post_page = g->ops.page_alloc(g->m, 1);
	if (!g->vps || !g->hypercall_page || !g->post_page)
		return false;
	for (i = 0; i < g->config.vps; i++) {
		g->vps[i].message_page = g->ops.page_alloc(g->m, 1);
		g->vps[i].event_page = g->ops.page_alloc(g->m, 1);
		if (!g->vps[i].message_page || !g->vps[i].event_page)
			return false;
	}
	return true;
}

static void free_page(struct glue *g, uint8_t *page)
{
	if (page)
		g->ops.page_free(g->m, page, 1);
}

static void free_pages(struct glue *g)
{
	uint32_t i;

	for (i = 0; g->vps && i < g->config.vps; i++) {
		free_page(g, g->vps[i].message_page);
		free_page(g, g->vps[i].event_page);
	}
	free_page(g, g->hypercall_page);
	free_page(g, g->post_page);
	free(g->vps);
	g->vps = NULL;
	g->hypercall_page = NULL;
	g->post_page = NULL;
}

static void set_page(struct glue *g, uint32_t vp, uint32_t msr, const uint8_t *page)
{
	uint64_t old = g->ops.msr_read(g->m, vp, msr);

	g->ops.msr_write(g->m, vp, msr, g->ops.gpa(g->m, page) | (old & PRESERVED) | ENABLE);
}

static void clear_enable(struct glue *g, uint32_t vp, uint32_t msr)
{
	g->ops.msr_write(g->m, vp, msr, g->ops.msr_read(g->m, vp, msr) & ~ENABLE);
}

static void start_vp(struct glue *g, uint32_t vp)
{
	set_page(g, vp, HVP_HV_MSR_SIMP, g->vps[vp].message_page);
	set_page(g, vp, HVP_HV_MSR_SIEFP, g->vps[vp].event_page);
	g->ops.msr_write(g->m, vp, HVP_HV_MSR_SINT0 + GLUE_SINT, VECTOR);
	g->ops.msr_write(g->m, vp, HVP_HV_MSR_SCONTROL,
			 g->ops.msr_read(g->m, vp, HVP_HV_MSR_SCONTROL) | ENABLE);
}

bool glue_synic_start(struct glue *g)
{
	uint32_t vp;

	if (g->synic_on)
		return true;
	if (!vmbus_possible(g)) {
		g->ops.log(g->m, "the hypervisor offers no SynIC or no messages to this guest");
		return false;
	}
	if (!alloc_pages(g)) {
		free_pages(g);
		g->ops.log(g->m, "no memory for the pages of the SynIC");
		return false;
	}
	g->ops.msr_write(g->m, 0, HVP_HV_MSR_GUEST_OS_ID, GUEST_OS_ID);
	set_page(g, 0, HVP_HV_MSR_HYPERCALL, g->hypercall_page);
	for (vp = 0; vp < g->config.vps; vp++)
		start_vp(g, vp);
	g->synic_on = true;
	return true;
}

void glue_synic_stop(struct glue *g)
{
	uint32_t vp;

	if (!g->synic_on)
		return;
	for (vp = 0; vp < g->config.vps; vp++) {
		g->ops.msr_write(g->m, vp, HVP_HV_MSR_SINT0 + GLUE_SINT,
				 HVP_HV_SINT_MASKED | VECTOR);
		clear_enable(g, vp, HVP_HV_MSR_SIMP);
		clear_enable(g, vp, HVP_HV_MSR_SIEFP);
		clear_enable(g, vp, HVP_HV_MSR_SCONTROL);
	}
	clear_enable(g, 0, HVP_HV_MSR_HYPERCALL);
	g->ops.msr_write(g->m, 0, HVP_HV_MSR_GUEST_OS_ID, 0);
	free_pages(g);
	g->synic_on = false;
}

/* Input of HvPostMessage, chapter 10 section 2.6: one 8-byte aligned block in one page. */
uint16_t glue_post_message(void *os, uint32_t connection_id, const uint8_t *bytes, size_t size)
{
	struct glue *g = os;
	uint8_t *in = g->post_page;

	if (!g->synic_on)
		return HVP_HV_STATUS_INVALID_SYNIC_STATE;
	memset(in, 0, 256);
	hvp_put_u32(in, connection_id);
	hvp_put_u32(in + 8, 1);
	hvp_put_u32(in + 12, (uint32_t)size);
	memcpy(in + 16, bytes, size);
	return (uint16_t)g->ops.hypercall(g->m, HVP_HV_CALL_POST_MESSAGE, g->ops.gpa(g->m, in), 0);
}

uint16_t glue_signal_event(void *os, uint32_t connection_id, uint16_t flag)
{
	struct glue *g = os;
	uint64_t fast = HVP_HV_CALL_SIGNAL_EVENT | 1ull << 16;

	if (!g->synic_on)
		return HVP_HV_STATUS_INVALID_SYNIC_STATE;
	return (uint16_t)g->ops.hypercall(g->m, fast, connection_id | (uint64_t)flag << 32, 0);
}

static void take_messages(struct glue *g, uint32_t vp)
{
	struct hvp_synic_message msg;
	enum hvp_status status;
	bool eom;
	uint32_t n;

	for (n = 0; n < GLUE_BATCH; n++) {
		status = hvp_synic_take(g->vps[vp].message_page, GLUE_SINT, &msg, &eom);
		if (status == HVP_AGAIN)
			return;
		if (eom)
			g->ops.msr_write(g->m, vp, HVP_HV_MSR_EOM, 0);
		if (status == HVP_OK)
			hvp_bus_message(&g->bus, msg.payload, msg.size, g->ops.now(g->m));
		else if (status == HVP_VALUE)
			glue_dropped(g, 0, "message with an impossible payload size");
	}
}

/* From a crash: the message may be in the slot of any processor (CORE-REQ-075). */
void glue_synic_poll_messages(struct glue *g)
{
	uint32_t vp;

	for (vp = 0; vp < g->config.vps; vp++)
		take_messages(g, vp);
}

static void take_channel_flags(struct glue *g, uint32_t *words)
{
	struct hvp_flags scan;
	struct hvp_channel *ch;
	uint32_t flag;

	hvp_flags_scan(&scan, words);
	while (hvp_flags_next(&scan, &flag)) {
		ch = hvp_bus_channel_by_flag(&g->bus, flag);
		if (ch && ch->user)
			glue_channel_signalled(ch->user);
	}
}

/* Below 2.4 flag 0 says: look into the interrupt page (chapter 10 section 2.11). */
static void take_shared_flag(struct glue *g, uint32_t *words)
{
	struct hvp_flags scan;
	bool shared = false;
	uint32_t flag;

	hvp_flags_scan(&scan, words);
	while (hvp_flags_next(&scan, &flag))
		shared = shared || flag == 0;
	if (shared)
		take_channel_flags(g, hvp_interrupt_page_flags(g->interrupt_page));
}

void glue_synic_interrupt(struct glue *g, uint32_t vp)
{
	uint32_t version = hvp_bus_neg(&g->bus).version;
	uint32_t *words;

	if (!g->synic_on || vp >= g->config.vps)
		return;
	take_messages(g, vp);
	glue_turn(g);
	if (!g->synic_on)
		return;
	words = hvp_synic_flags(g->vps[vp].event_page, GLUE_SINT);
	if (version != 0 && version < HVP_VMBUS_VERSION_2_4)
		take_shared_flag(g, words);
	else
		take_channel_flags(g, words);
}
