/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing between guest and device. */
#include "server_internal.h"

/* Ring GPADL rules of chapter 10 section 5.4. */
static bool ring_usable(const struct hvm_channel *ch)
{
	const struct hvm_gpadl *g = hvm_gpadl_find(&ch->s->gpadls, ch->id, ch->open.gpadl_id);
	struct hvm_gpadl_range r;
	uint32_t k = ch->open.downstream;

	if (!g || g->state != HVM_GPADL_ACCEPTED || g->range_count != 1 ||
	    hvm_gpadl_range(g, 0, &r) != HVP_OK)
		return false;
	return r.byte_offset == 0 && r.byte_count % HVM_PAGE == 0 && k > 1 && k < r.pfn_count - 1;
}

static bool open_valid(const struct hvm_channel *ch)
{
	const struct hvm_open *o = &ch->open;

	return ring_usable(ch) && o->event_flag < HVM_EVENT_FLAGS &&
	       (o->target_vp == HVM_NO_VP || o->target_vp < hvm_partition_vps(ch->s->p));
}

/* The port exists before the device sees the open: a signal may come at once. */
void hvm_open_start(struct hvm_channel *ch)
{
	ch->open = ch->reopen;
	memset(&ch->modify, 0, sizeof(ch->modify));
	if (!open_valid(ch) || !hvm_port_open(ch)) {
		hvm_channel_event(ch, HVM_CH_EV_OPEN_FAILED, HVM_STATUS_UNSUCCESSFUL);
		return;
	}
	if (hvm_moment_now(ch, HVM_AT_OPEN) || ch->state != HVM_CH_OPENING)
		return;
	if (ch->ops->open)
		ch->ops->open(ch->ctx, ch, &ch->open);
	else
		hvm_channel_open_done(ch, HVM_STATUS_SUCCESS);
}

void hvm_open_result(struct hvm_channel *ch, uint32_t status)
{
	struct hvp_vmbus_open_channel_result m;

	memset(&m, 0, sizeof(m));
	m.channel_id = ch->id;
	m.open_id = ch->open.open_id;
	m.status = status;
	if (status)
		hvm_port_close(ch);
	if (ch->open.reserved)
		hvm_send_to(ch->s, ch->reply, hvm_neg(ch->s), HVP_VMBUS_OPEN_CHANNEL_RESULT, &m);
	else
		hvm_send(ch->s, HVP_VMBUS_OPEN_CHANNEL_RESULT, &m);
	(void)hvm_moment_now(ch, HVM_AT_OPEN_RESULT);
}

void hvm_channel_open_done(struct hvm_channel *ch, uint32_t status)
{
	if (ch->state == HVM_CH_OPENING && hvm_moment_now(ch, HVM_AT_OPEN_RESULT_BEFORE))
		return;
	hvm_channel_event(ch, status ? HVM_CH_EV_OPEN_FAILED : HVM_CH_EV_OPEN_OK, status);
}

void hvm_close_ask(struct hvm_channel *ch)
{
	if (ch->ops->close)
		ch->ops->close(ch->ctx, ch);
	else
		hvm_channel_close_done(ch);
}

void hvm_channel_close_done(struct hvm_channel *ch)
{
	hvm_channel_event(ch, HVM_CH_EV_CLOSED, 0);
}

/* A reserved channel that ends while no guest is connected is unknown to the next one. */
static void reserved_end(struct hvm_channel *ch)
{
	struct hvp_vmbus_close_reserved_response m;
	struct hvp_neg neg = { ch->reserved_version, 0 };

	memset(&m, 0, sizeof(m));
	m.channel_id = ch->id;
	ch->open.reserved = false;
	hvm_send_to(ch->s, ch->reply, neg, HVP_VMBUS_CLOSE_RESERVED_RESPONSE, &m);
	if (ch->s->conn.state != HVM_CONN_CONNECTED && ch->state == HVM_CH_CLOSED)
		hvm_channel_event(ch, HVM_CH_EV_GUEST_GONE, 0);
}

void hvm_open_end(struct hvm_channel *ch)
{
	hvm_port_close(ch);
	memset(&ch->modify, 0, sizeof(ch->modify));
	if (ch->open.reserved)
		reserved_end(ch);
}
