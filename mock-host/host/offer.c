/* SPDX-License-Identifier: BSD-2-Clause */
/* Channels come and go on the host's side. */
#include <stdlib.h>

#include "server_internal.h"

static const struct hvm_device_ops no_ops = { .size = sizeof(struct hvm_device_ops) };

static uint32_t free_id(const struct hvm_server *s)
{
	uint32_t id;

	for (id = 1; id < HVM_CHANNEL_IDS; id++) {
		if (!hvm_channel_find(s, id))
			return id;
	}
	return 0;
}

/* Ids stay with a channel: older guests want them unchanged when they come back. */
static bool give_id(struct hvm_channel *ch)
{
	if (!ch->id)
		ch->id = free_id(ch->s);
	if (!ch->connection_id)
		ch->connection_id = ch->id + (ch->s->conn.target.sint << 12) +
				    (ch->s->cfg.vtl << 16);
	return ch->id != 0;
}

/* ---- order of initial offers ---- */

static int cmp(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int cmp_guid(const struct hvp_guid *a, const struct hvp_guid *b)
{
	int r = cmp(hvp_get_u32(a->b), hvp_get_u32(b->b));

	if (!r)
		r = cmp(hvp_get_u16(a->b + 4), hvp_get_u16(b->b + 4));
	if (!r)
		r = cmp(hvp_get_u16(a->b + 6), hvp_get_u16(b->b + 6));
	return r ? r : memcmp(a->b + 8, b->b + 8, 8);
}

/* Interface, then order with "unset" last, then instance. */
static int cmp_offer(const void *a, const void *b)
{
	const struct hvm_offer *x = &(*(struct hvm_channel *const *)a)->offer;
	const struct hvm_offer *y = &(*(struct hvm_channel *const *)b)->offer;
	int r = cmp_guid(&x->interface_id, &y->interface_id);

	if (!r)
		r = cmp(x->order ? x->order : UINT64_MAX, y->order ? y->order : UINT64_MAX);
	return r ? r : cmp_guid(&x->instance_id, &y->instance_id);
}

static void offer_now(struct hvm_channel *ch)
{
	if (ch->offer.subchannel_index && ch->s->conn.version < V2_4)
		return;
	if (ch->state == HVM_CH_RELEASED && give_id(ch))
		hvm_channel_event(ch, HVM_CH_EV_OFFER, 0);
}

static bool still_there(const struct hvm_server *s, const struct hvm_channel *ch)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->channels[i] == ch)
			return true;
	}
	return false;
}

/* Sub-channels belong to no boot-time list: they come after its end. */
void hvm_offers_all(struct hvm_server *s)
{
	struct hvm_channel **list = hvm_xcopy(s->channels, s->n * sizeof(*list));
	struct hvp_vmbus_all_offers_delivered m;
	size_t n = s->n;
	size_t i;

	if (n)
		qsort(list, n, sizeof(*list), cmp_offer);
	for (i = 0; i < n; i++) {
		if (still_there(s, list[i]) && !list[i]->offer.subchannel_index)
			offer_now(list[i]);
	}
	memset(&m, 0, sizeof(m));
	hvm_send(s, HVP_VMBUS_ALL_OFFERS_DELIVERED, &m);
	for (i = 0; i < n; i++) {
		if (still_there(s, list[i]) && list[i]->offer.subchannel_index)
			offer_now(list[i]);
	}
	free(list);
}

/* ---- one offer ---- */

/* Bits whose feature was not granted mean something else to the guest. */
static uint16_t allowed_flags(const struct hvm_channel *ch)
{
	uint32_t flags = ch->offer.flags;

	if (!hvm_has(ch->s, HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS))
		flags &= ~(HVP_VMBUS_OFFER_CONFIDENTIAL_RING_BUFFER |
			   HVP_VMBUS_OFFER_CONFIDENTIAL_EXTERNAL_MEMORY);
	if (!hvm_has(ch->s, HVP_VMBUS_FEATURE_GPA_PINNING))
		flags &= ~HVP_VMBUS_OFFER_REQUIRE_PINNED_EXTERNAL_MEMORY;
	return (uint16_t)flags;
}

void hvm_offer_send(struct hvm_channel *ch)
{
	const struct hvm_offer *o = &ch->offer;
	struct hvp_vmbus_offer_channel m;

	hvm_monitor_give(ch);
	memset(&m, 0, sizeof(m));
	m.interface_id = o->interface_id;
	m.instance_id = o->instance_id;
	m.flags = allowed_flags(ch);
	m.mmio_megabytes = o->mmio_megabytes;
	m.mmio_megabytes_optional = o->mmio_megabytes_optional;
	memcpy(m.user_defined, o->user_defined, sizeof(m.user_defined));
	m.subchannel_index = o->subchannel_index;
	m.channel_id = ch->id;
	m.monitor_id = ch->monitor_id;
	m.monitor_allocated = ch->monitor_id != HVP_VMBUS_NO_MONITOR_ID;
	m.has_dedicated_connection = ch->s->conn.version >= V1_1;
	m.is_dedicated = 1;
	m.connection_id = ch->connection_id;
	hvm_send(ch->s, HVP_VMBUS_OFFER_CHANNEL, &m);
	(void)hvm_moment_now(ch, HVM_AT_OFFERED);
}

struct hvm_channel *hvm_server_offer(struct hvm_server *s, const struct hvm_offer *offer,
				     const struct hvm_device_ops *ops, void *ctx)
{
	struct hvm_channel *ch;

	if (offer->channel_id >= HVM_CHANNEL_IDS || hvm_channel_find(s, offer->channel_id) ||
	    s->n >= HVM_CHANNEL_IDS - 1)
		return NULL;
	ch = hvm_xalloc(sizeof(*ch));
	ch->s = s;
	ch->offer = *offer;
	ch->ops = ops ? ops : &no_ops;
	ch->ctx = ctx;
	ch->id = offer->channel_id;
	ch->connection_id = offer->connection_id;
	ch->monitor_id = HVP_VMBUS_NO_MONITOR_ID;
	s->channels = hvm_vec_grow(s->channels, s->n, &s->cap, sizeof(*s->channels));
	s->channels[s->n++] = ch;
	if (s->conn.state == HVM_CONN_CONNECTED && s->conn.offers_sent)
		offer_now(ch);
	return ch;
}

void hvm_channel_set_device(struct hvm_channel *ch, const struct hvm_device_ops *ops, void *ctx)
{
	ch->ops = ops ? ops : &no_ops;
	ch->ctx = ctx;
}

void hvm_channel_forget(struct hvm_channel *ch)
{
	struct hvm_server *s = ch->s;
	size_t i = 0;

	while (s->channels[i] != ch)
		i++;
	s->n = hvm_vec_remove(s->channels, s->n, i, sizeof(*s->channels));
	hvm_port_close(ch);
	hvm_monitor_take(ch);
	hvm_gpadls_event(s, ch->id, HVM_GPADL_EV_RELEASE);
	if (ch->ops->gone)
		ch->ops->gone(ch->ctx, ch);
	free(ch);
}

static bool child_of(const struct hvm_channel *ch, const struct hvm_channel *primary)
{
	return ch->offer.subchannel_index && !primary->offer.subchannel_index &&
	       !cmp_guid(&ch->offer.interface_id, &primary->offer.interface_id) &&
	       !cmp_guid(&ch->offer.instance_id, &primary->offer.instance_id);
}

/* All sub-channels before the primary. */
void hvm_channel_revoke(struct hvm_channel *ch)
{
	struct hvm_server *s = ch->s;
	size_t i = s->n;

	while (i-- > 0) {
		if (i < s->n && child_of(s->channels[i], ch))
			hvm_channel_event(s->channels[i], HVM_CH_EV_REMOVE, 0);
	}
	hvm_channel_event(ch, HVM_CH_EV_REMOVE, 0);
}

enum hvp_status hvm_channel_reoffer(struct hvm_channel *ch)
{
	return hvm_channel_event(ch, HVM_CH_EV_READD, 0) ? HVP_OK : HVP_STATE;
}

/* ---- looking at channels ---- */

static size_t count_gpadls(const struct hvm_channel *ch)
{
	const struct hvm_gpadl *g;
	size_t n = 0;

	for (g = ch->s->gpadls.first; g; g = g->next)
		n += g->channel == ch->id;
	return n;
}

void hvm_channel_info(const struct hvm_channel *ch, struct hvm_channel_info *out)
{
	memset(out, 0, sizeof(*out));
	out->id = ch->id;
	out->state = ch->state;
	out->offer = &ch->offer;
	out->open = ch->open;
	out->connection_id = ch->connection_id;
	out->monitor_id = ch->monitor_id;
	out->gpadls = count_gpadls(ch);
	out->signals = ch->signals;
	out->interrupts = ch->interrupts;
}

struct hvm_channel *hvm_server_channel(struct hvm_server *s, uint32_t channel_id)
{
	return hvm_channel_find(s, channel_id);
}

struct hvm_channel *hvm_server_channel_at(struct hvm_server *s, size_t index)
{
	return index < s->n ? s->channels[index] : NULL;
}
