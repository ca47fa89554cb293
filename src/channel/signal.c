/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals of a channel, both ways: which flag of the host means it, and how the guest tells
 * the host (chapter 10 sections 2.7 to 2.12).
 *
 * hvp_channel_signal() runs beside everything else, so what it needs is written first and
 * then published by one store to signal_by.
 */
#include "internal.h"

#include <hvproto/synic.h>

struct hvp_channel *hvp_bus_channel_by_flag(const struct hvp_bus *bus, uint32_t flag)
{
	uint16_t entry;

	if (flag >= HVP_CHANNEL_IDS)
		return NULL;
	entry = bus->by_flag[flag];
	return entry == 0 ? NULL : &bus->cfg.channels[entry - 1];
}

static bool guest_specified(const struct hvp_bus *bus)
{
	return (bus->neg.features & HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS) != 0;
}

/* CORE-SEC-55: an id above 127 is none (BUG-034). */
static bool monitored(const struct hvp_channel *ch)
{
	return ch->bus->monitor_page && ch->offer.monitor_id < HVP_HV_MONITOR_ID_COUNT &&
	       (ch->offer.monitor_allocated & HVP_VMBUS_MONITOR_ALLOCATED_VALID) != 0;
}

static uint32_t way(const struct hvp_channel *ch, const struct hvp_open *open)
{
	if (guest_specified(ch->bus))
		return HVP_SIGNAL_CONNECTION;
	if (!open->low_latency && monitored(ch))
		return HVP_SIGNAL_MONITOR;
	if (ch->offer.is_dedicated & HVP_VMBUS_DEDICATED_VALID)
		return HVP_SIGNAL_CONNECTION;
	return HVP_SIGNAL_SHARED;
}

void hvp_channel_signal_on(struct hvp_channel *ch, const struct hvp_open *open)
{
	struct hvp_bus *bus = ch->bus;

	ch->event_flag = (uint16_t)ch->offer.channel_id;
	ch->signal_connection = ch->offer.connection_id;
	if (guest_specified(bus)) {
		ch->event_flag = open->event_flag;
		ch->signal_connection = open->connection_id;
	}
	bus->by_flag[ch->event_flag] = (uint16_t)(hvp_channel_index(bus, ch) + 1u);
	hvp_store_release_u32(&ch->signal_by, way(ch, open));
}

void hvp_channel_signal_off(struct hvp_channel *ch)
{
	uint16_t *entry = &ch->bus->by_flag[ch->event_flag];

	if (*entry == hvp_channel_index(ch->bus, ch) + 1u)
		*entry = 0;
	hvp_store_release_u32(&ch->signal_by, HVP_SIGNAL_NONE);
}

static enum hvp_status call(const struct hvp_channel *ch, uint32_t connection_id)
{
	const struct hvp_bus *bus = ch->bus;

	return bus->ops.signal_event(bus->cfg.os, connection_id, 0) == HVP_HV_STATUS_SUCCESS
		       ? HVP_OK
		       : HVP_OS;
}

/* The bit may be all that a shared signal carries; without a page the host scans anyway. */
static void set_bit(const struct hvp_channel *ch)
{
	if (ch->bus->cfg.interrupt_page)
		(void)!hvp_interrupt_page_set(ch->bus->cfg.interrupt_page, ch->offer.channel_id);
}

enum hvp_status hvp_channel_signal(struct hvp_channel *ch)
{
	switch (hvp_load_acquire_u32(&ch->signal_by)) {
	case HVP_SIGNAL_CONNECTION:
		return call(ch, ch->signal_connection);
	case HVP_SIGNAL_MONITOR:
		set_bit(ch);
		return hvp_monitor_trigger(ch->bus->monitor_page, ch->offer.monitor_id);
	case HVP_SIGNAL_SHARED:
		set_bit(ch);
		return call(ch, HVP_HV_CONNECTION_SHARED_EVENT);
	default:
		return HVP_STATE;
	}
}
