/* SPDX-License-Identifier: BSD-2-Clause */
/* What the owner asks of a channel: checked here, done by the state table. */
#include "internal.h"

static bool usable(const struct hvp_channel *ch, enum hvp_channel_event event)
{
	return hvp_bus_allows(ch->bus, HVP_BUS_EV_USE) && !ch->released &&
	       hvp_channel_allows(ch, event);
}

/* Control page and at least one data page on either side of the split. */
static bool split_legal(uint64_t bytes, uint32_t downstream_page)
{
	uint64_t pages = bytes / HVP_PAGE_SIZE;

	return downstream_page >= 2u && downstream_page + 2ull <= pages;
}

static bool ring_legal(const struct hvp_open *open)
{
	return open->ring.byte_offset == 0 && open->ring.byte_count % HVP_PAGE_SIZE == 0 &&
	       split_legal(open->ring.byte_count, open->downstream_page);
}

static bool signal_legal(const struct hvp_channel *ch, const struct hvp_open *open)
{
	if (!(ch->bus->neg.features & HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS))
		return true;
	return open->connection_id != 0 && open->event_flag != 0 &&
	       open->event_flag < HVP_CHANNEL_IDS &&
	       !hvp_bus_channel_by_flag(ch->bus, open->event_flag);
}

/* The channel id for the first opening, as Linux has it; another one for each further. */
static uint32_t next_open_id(struct hvp_channel *ch)
{
	return ch->offer.channel_id | ch->open_count++ << 16;
}

static void take_params(struct hvp_channel *ch, const struct hvp_open *open)
{
	ch->downstream_page = open->downstream_page;
	ch->target_vp = open->target_vp;
	ch->user_data = open->user_data;
	ch->redirect = open->redirect_interrupt;
	ch->open_id = next_open_id(ch);
	ch->opening = true;
	ch->open_sent = false;
	hvp_channel_signal_on(ch, open);
}

enum hvp_status hvp_channel_open(struct hvp_channel *ch, const struct hvp_open *open)
{
	struct hvp_gpadl *ring = NULL;
	enum hvp_status status;

	if (!usable(ch, HVP_CHANNEL_EV_OPEN))
		return HVP_STATE;
	if (ch->ring != HVP_INDEX_NONE || ch->events != 0)
		return HVP_AGAIN;
	if (!ring_legal(open) || !signal_legal(ch, open))
		return HVP_ARG;
	status = hvp_gpadl_start(ch, &open->ring, 1, true, &ring);
	if (status != HVP_OK)
		return status;
	ch->ring = hvp_gpadl_index(ch->bus, ring);
	take_params(ch, open);
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_OPEN);
	return HVP_OK;
}

/* The GPADL is no ring: a channel whose ring is CREATED is not OFFERED. */
static bool reserved_legal(const struct hvp_channel *ch, const struct hvp_gpadl *ring,
			   uint32_t downstream_page, uint32_t target_sint)
{
	if (ring->channel != hvp_channel_index(ch->bus, ch) || ring->range_count != 1 ||
	    ring->ranges[0].byte_offset != 0 || ring->ranges[0].byte_count % HVP_PAGE_SIZE != 0)
		return false;
	return target_sint < HVP_HV_SINT_COUNT &&
	       split_legal(ring->ranges[0].byte_count, downstream_page);
}

enum hvp_status hvp_channel_open_reserved(struct hvp_channel *ch, struct hvp_gpadl *ring,
					  uint32_t downstream_page, uint32_t target_vp,
					  uint32_t target_sint)
{
	if (!usable(ch, HVP_CHANNEL_EV_OPEN_RESERVED) || ring->state != HVP_GPADL_CREATED)
		return HVP_STATE;
	if (ch->bus->neg.version < HVP_VMBUS_VERSION_4_0)
		return HVP_UNSUPPORTED;
	if (!reserved_legal(ch, ring, downstream_page, target_sint))
		return HVP_ARG;
	ch->reserved = true;
	ch->reserved_gpadl = ring->build.gpadl_id;
	ch->downstream_page = downstream_page;
	ch->target_vp = target_vp;
	ch->target_sint = target_sint;
	ch->open_id = 0;
	ch->opening = true;
	ch->open_sent = false;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_OPEN_RESERVED);
	return HVP_OK;
}

enum hvp_status hvp_channel_close(struct hvp_channel *ch)
{
	if (ch->state == HVP_CHANNEL_RESCINDED || ch->state == HVP_CHANNEL_GONE)
		return HVP_REVOKED;
	if (ch->reserved || !usable(ch, HVP_CHANNEL_EV_CLOSE))
		return HVP_STATE;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_CLOSE);
	return HVP_OK;
}

/* Accepted by the host also when there is no connection (chapter 10 section 6.8). */
enum hvp_status hvp_channel_close_reserved(struct hvp_channel *ch, uint32_t target_vp,
					   uint32_t target_sint)
{
	if (!ch->reserved || ch->state != HVP_CHANNEL_OPEN)
		return HVP_STATE;
	if (target_sint >= HVP_HV_SINT_COUNT)
		return HVP_ARG;
	ch->target_vp = target_vp;
	ch->target_sint = target_sint;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_CLOSE);
	return HVP_OK;
}

enum hvp_status hvp_channel_release(struct hvp_channel *ch)
{
	if (ch->released || ch->reserved || !hvp_channel_allows(ch, HVP_CHANNEL_EV_RELEASE))
		return HVP_STATE;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_RELEASE);
	return HVP_OK;
}

enum hvp_status hvp_channel_modify(struct hvp_channel *ch, uint32_t target_vp)
{
	if (!usable(ch, HVP_CHANNEL_EV_MODIFY) || ch->reserved || ch->target_vp == HVP_VP_NONE)
		return HVP_STATE;
	if (ch->bus->neg.version < HVP_VMBUS_VERSION_4_1)
		return HVP_UNSUPPORTED;
	if (target_vp == HVP_VP_NONE)
		return HVP_ARG;
	if (ch->modify_busy || ch->modify_owed || (ch->events & HVP_CHANNEL_NEWS_MODIFIED))
		return HVP_AGAIN;
	ch->modify_vp = target_vp;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_MODIFY);
	return HVP_OK;
}

struct hvp_channel *hvp_channel_primary(const struct hvp_channel *ch)
{
	return ch->primary == HVP_INDEX_NONE ? NULL : &ch->bus->cfg.channels[ch->primary];
}

struct hvp_channel *hvp_channel_next_sub(const struct hvp_channel *primary,
					 const struct hvp_channel *prev)
{
	struct hvp_bus *bus = primary->bus;
	uint16_t index = hvp_channel_index(bus, primary);
	uint32_t i = prev ? hvp_channel_index(bus, prev) + 1u : 0;

	for (; i < bus->cfg.channel_count; i++) {
		struct hvp_channel *ch = &bus->cfg.channels[i];

		if (ch->state != HVP_CHANNEL_FREE && ch->primary == index)
			return ch;
	}
	return NULL;
}

void hvp_channel_limit_subs(struct hvp_channel *primary, uint32_t limit)
{
	primary->sub_limit = limit;
}
