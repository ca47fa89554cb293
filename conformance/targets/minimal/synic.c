/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the hypervisor: discovery, MSRs, posting messages, the message and event pages.
 * Chapter 10 section 2. The queue of outgoing messages is here too, because the hypervisor may
 * have no buffer for a message now, and messages must neither be lost nor overtake each other.
 */
#include "minimal.h"

#include <stdlib.h>

#define MSR_GUEST_OS_ID 0x40000000u
#define MSR_HYPERCALL 0x40000001u
#define MSR_SCONTROL 0x40000080u
#define MSR_SIEFP 0x40000082u
#define MSR_SIMP 0x40000083u
#define MSR_EOM 0x40000084u
#define MSR_SINT0 0x40000090u
#define SINT_MASKED 0x10000ull
#define SINT_VECTOR 0xf3ull
#define PAGE_BITS 0xfffull

/* Open source form (section 2.3), no registered system type. */
#define GUEST_OS_ID 0x8000000000010001ull

#define CALL_POST_MESSAGE 0x005cull
#define CALL_SIGNAL_EVENT_FAST 0x1005dull

#define HV_INVALID_PARAMETER 0x05u
#define HV_ACCESS_DENIED 0x06u
#define HV_OPERATION_DENIED 0x08u
#define HV_INVALID_CONNECTION_ID 0x12u

#define POST_TRIES 100u
#define POST_DELAY_FIRST 100ull /* 10 us */
#define POST_DELAY_LAST 2600000ull /* 0.26 s */

#define SLOT_MESSAGES_A_PASS 64u

/* VMBus needs SynIC and hypercall MSRs and the right to post and to signal (section 2.1). */
static bool vmbus_possible(struct mg_guest *g)
{
	uint32_t r[4];

	g->ops.cpuid(g->m, 0x40000000, r);
	if (r[0] < 0x40000003 || r[1] != 0x7263694d || r[2] != 0x666f736f || r[3] != 0x76482074)
		return false;
	g->ops.cpuid(g->m, 0x40000001, r);
	if (r[0] != 0x31237648)
		return false;
	g->ops.cpuid(g->m, 0x40000003, r);
	return (r[0] & 0x24) == 0x24 && (r[1] & 0x30) == 0x30;
}

static bool allocate_pages(struct mg_guest *g)
{
	uint32_t i;

	g->vps = calloc(g->config.vps, sizeof(*g->vps));
	g->hypercall_page = g->ops.page_alloc(g->m, 1);
	g->post_page = g->ops.page_alloc(g->m, 1);
	g->interrupt_page = g->ops.page_alloc(g->m, 1);
	if (!g->vps || !g->hypercall_page || !g->post_page || !g->interrupt_page)
		return false;
	for (i = 0; i < g->config.vps; i++) {
		g->vps[i].message_page = g->ops.page_alloc(g->m, 1);
		g->vps[i].event_page = g->ops.page_alloc(g->m, 1);
		if (!g->vps[i].message_page || !g->vps[i].event_page)
			return false;
	}
	return true;
}

static void free_page(struct mg_guest *g, uint8_t *page)
{
	if (page)
		g->ops.page_free(g->m, page, 1);
}

static void free_pages(struct mg_guest *g)
{
	uint32_t i;

	for (i = 0; g->vps && i < g->config.vps; i++) {
		free_page(g, g->vps[i].message_page);
		free_page(g, g->vps[i].event_page);
	}
	free(g->vps);
	free_page(g, g->hypercall_page);
	free_page(g, g->post_page);
	free_page(g, g->interrupt_page);
	g->vps = NULL;
	g->hypercall_page = NULL;
	g->post_page = NULL;
	g->interrupt_page = NULL;
}

/* Enable a register that holds a page: bits 11:1 keep what they were. */
static void set_page(struct mg_guest *g, uint32_t vp, uint32_t msr, const uint8_t *page)
{
	uint64_t old = g->ops.msr_read(g->m, vp, msr);

	g->ops.msr_write(g->m, vp, msr, g->ops.gpa(g->m, page) | (old & (PAGE_BITS & ~1ull)) | 1);
}

static void clear_enable(struct mg_guest *g, uint32_t vp, uint32_t msr)
{
	g->ops.msr_write(g->m, vp, msr, g->ops.msr_read(g->m, vp, msr) & ~1ull);
}

bool mg_synic_start(struct mg_guest *g)
{
	uint32_t vp;

	if (g->synic_on)
		return true;
	if (!vmbus_possible(g)) {
		mg_log(g, "this hypervisor has no VMBus for us");
		return false;
	}
	if (!allocate_pages(g)) {
		free_pages(g);
		mg_log(g, "no memory for the SynIC pages");
		return false;
	}
	g->ops.msr_write(g->m, 0, MSR_GUEST_OS_ID, GUEST_OS_ID);
	set_page(g, 0, MSR_HYPERCALL, g->hypercall_page);
	for (vp = 0; vp < g->config.vps; vp++) {
		set_page(g, vp, MSR_SIMP, g->vps[vp].message_page);
		set_page(g, vp, MSR_SIEFP, g->vps[vp].event_page);
		g->ops.msr_write(g->m, vp, MSR_SINT0 + MG_SINT, SINT_VECTOR);
		g->ops.msr_write(g->m, vp, MSR_SCONTROL,
				 g->ops.msr_read(g->m, vp, MSR_SCONTROL) | 1);
	}
	g->synic_on = true;
	return true;
}

void mg_synic_stop(struct mg_guest *g)
{
	uint32_t vp;

	if (!g->synic_on)
		return;
	for (vp = 0; vp < g->config.vps; vp++) {
		g->ops.msr_write(g->m, vp, MSR_SINT0 + MG_SINT, SINT_MASKED | SINT_VECTOR);
		clear_enable(g, vp, MSR_SIMP);
		clear_enable(g, vp, MSR_SIEFP);
		clear_enable(g, vp, MSR_SCONTROL);
	}
	clear_enable(g, 0, MSR_HYPERCALL);
	g->ops.msr_write(g->m, 0, MSR_GUEST_OS_ID, 0);
	free_pages(g);
	g->synic_on = false;
}

/*
 * Take the message of a slot, if there is one (section 2.9). Type and size are loaded once;
 * all parsing is of the copy. The full barrier stands between "slot empty" and the look at
 * message_pending: without it the next message can be stuck.
 */
bool mg_slot_take(struct mg_guest *g, uint32_t vp, uint32_t *type, uint8_t *bytes, uint32_t *size)
{
	uint8_t *slot = g->vps[vp].message_page + MG_SINT * 256;
	uint32_t seen = mg_load(slot);
	uint32_t expected = MG_LE32(seen);

	if (seen == 0)
		return false;
	*type = seen;
	*size = __atomic_load_n(slot + 4, __ATOMIC_RELAXED);
	memcpy(bytes, slot + 16, *size <= MG_MESSAGE_MAX ? *size : MG_MESSAGE_MAX);
	(void)__atomic_compare_exchange_n((uint32_t *)(void *)slot, &expected, 0, false,
					  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	mg_full_barrier();
	if (__atomic_load_n(slot + 5, __ATOMIC_RELAXED) & 1)
		g->ops.msr_write(g->m, vp, MSR_EOM, 0);
	return true;
}

static void take_messages(struct mg_guest *g, uint32_t vp)
{
	uint8_t bytes[MG_MESSAGE_MAX];
	uint32_t type;
	uint32_t size;
	unsigned int n;

	for (n = 0; n < SLOT_MESSAGES_A_PASS; n++) {
		if (!mg_slot_take(g, vp, &type, bytes, &size))
			return;
		if (type != 1)
			continue; /* a timer's, or the hypervisor's own */
		if (size > MG_MESSAGE_MAX || size < 8)
			mg_dropped(g, 0, "control message of an impossible size");
		else
			mg_bus_message(g, bytes, size);
	}
}

static void channel_flag(struct mg_guest *g, uint32_t flag)
{
	struct mg_channel *ch = g->channels[flag];

	if (ch)
		mg_channel_event(g, ch);
}

/* Clear each flag before its ring is looked at. 2048 flags in words of 32. */
static void take_flags(struct mg_guest *g, uint8_t *words)
{
	uint32_t w;
	uint32_t bit;
	uint32_t set;

	for (w = 0; w < MG_CHANNEL_IDS / 32; w++) {
		if (mg_load(words + 4 * w) == 0)
			continue;
		set = MG_LE32(__atomic_exchange_n((uint32_t *)(void *)(words + 4 * w), 0,
						  __ATOMIC_SEQ_CST));
		for (bit = 0; bit < 32; bit++)
			if (set & 1u << bit)
				channel_flag(g, w * 32 + bit);
	}
}

void mg_synic_interrupt(struct mg_guest *g, uint32_t vp)
{
	uint8_t *flags;
	uint32_t first;

	if (!g->synic_on || vp >= g->config.vps)
		return;
	take_messages(g, vp);
	flags = g->vps[vp].event_page + MG_SINT * 256;
	if (g->state != MG_CONNECTED || g->version >= MG_V2_4) {
		take_flags(g, flags);
		return;
	}
	/* Before 2.4: flag 0 means "look into the interrupt page" (section 2.11). */
	first = MG_LE32(__atomic_exchange_n((uint32_t *)(void *)flags, 0, __ATOMIC_SEQ_CST));
	if (first & 1)
		take_flags(g, g->interrupt_page);
}

/* Tell the host that a ring changed (sections 2.7 and 2.11). */
void mg_signal(struct mg_guest *g, const struct mg_channel *ch)
{
	uint32_t *word;

	if (!ch->dedicated && g->version < MG_V5_0) {
		word = (uint32_t *)(void *)(g->interrupt_page + 2048 + 4 * (ch->id / 32));
		__atomic_fetch_or(word, MG_LE32(1u << ch->id % 32), __ATOMIC_SEQ_CST);
	}
	(void)g->ops.hypercall(g->m, CALL_SIGNAL_EVENT_FAST, ch->open_connection, 0);
}

static uint32_t post_now(struct mg_guest *g, const struct mg_message *msg)
{
	memset(g->post_page, 0, 256);
	mg_put32(g->post_page, msg->connection);
	mg_put32(g->post_page + 8, 1);
	mg_put32(g->post_page + 12, msg->size);
	memcpy(g->post_page + 16, msg->bytes, msg->size);
	return g->ops.hypercall(g->m, CALL_POST_MESSAGE, g->ops.gpa(g->m, g->post_page), 0) &
	       0xffff;
}

/* Which refusals of HvPostMessage may pass if we wait (section 2.6). */
static bool may_pass(const struct mg_message *msg, uint32_t status)
{
	switch (status) {
	case HV_INVALID_PARAMETER:
	case HV_ACCESS_DENIED:
	case HV_OPERATION_DENIED:
		return false;
	case HV_INVALID_CONNECTION_ID: /* on connection 4 it says: host older than 5.0 */
		return msg->connection != 4 || mg_get32(msg->bytes) != MG_INITIATE_CONTACT;
	default:
		return true;
	}
}

static uint64_t post_delay(unsigned int tries)
{
	uint64_t delay = POST_DELAY_FIRST;

	while (tries-- > 1 && delay < POST_DELAY_LAST)
		delay *= 2;
	return delay < POST_DELAY_LAST ? delay : POST_DELAY_LAST;
}

/* Send what is queued, oldest first, until the hypervisor has no room. */
void mg_post_due(struct mg_guest *g)
{
	struct mg_message *msg;
	uint32_t status;

	while (g->out && g->ops.now(g->m) >= g->next_try) {
		msg = g->out;
		status = post_now(g, msg);
		if (status != 0 && may_pass(msg, status) && ++g->tries < POST_TRIES) {
			g->next_try = g->ops.now(g->m) + post_delay(g->tries);
			return;
		}
		g->out = msg->next;
		g->tries = 0;
		g->next_try = 0;
		if (status != 0)
			mg_bus_post_failed(g, msg, status);
		free(msg);
	}
}

void mg_post(struct mg_guest *g, uint32_t channel, const uint8_t *bytes, uint32_t size)
{
	struct mg_message **tail = &g->out;
	struct mg_message *msg = calloc(1, sizeof(*msg));

	if (!msg)
		abort();
	msg->connection = g->connection;
	msg->channel = channel;
	msg->size = size;
	memcpy(msg->bytes, bytes, size);
	while (*tail)
		tail = &(*tail)->next;
	*tail = msg;
	/* In order: behind a message that waits for room, this one waits too. */
	if (g->out == msg)
		mg_post_due(g);
}

static bool of_channel(const struct mg_message *msg, uint32_t channel)
{
	return msg->channel == channel;
}

static bool body_of(const struct mg_message *msg, uint32_t gpadl)
{
	return mg_get32(msg->bytes) == MG_GPADL_BODY && mg_get32(msg->bytes + 12) == gpadl;
}

static bool any(const struct mg_message *msg, uint32_t unused)
{
	(void)msg;
	(void)unused;
	return true;
}

static void drop_where(struct mg_guest *g, bool (*match)(const struct mg_message *, uint32_t),
		       uint32_t id)
{
	struct mg_message **link = &g->out;
	struct mg_message *msg;

	while ((msg = *link) != NULL) {
		if (!match(msg, id)) {
			link = &msg->next;
			continue;
		}
		*link = msg->next;
		free(msg);
	}
}

/* Forget what has not been sent. */
void mg_post_drop_channel(struct mg_guest *g, uint32_t channel)
{
	drop_where(g, of_channel, channel);
}

void mg_post_drop_bodies(struct mg_guest *g, uint32_t gpadl)
{
	drop_where(g, body_of, gpadl);
}

void mg_post_clear(struct mg_guest *g)
{
	drop_where(g, any, 0);
	g->tries = 0;
	g->next_try = 0;
}
