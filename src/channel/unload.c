/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a connection: unloaded, unanswered, crashed, or taken by somebody else. */
#include "internal.h"

static void start_wait(struct hvp_bus *bus)
{
	bus->waiting = true;
	bus->sent = false;
	bus->wait_end = 0;
}

void hvp_bus_start_unload(struct hvp_bus *bus)
{
	start_wait(bus);
	hvp_post(bus, &bus->post_unload);
}

/* Also out of a pause, where the host takes nothing else, and again from UNLOADING. */
void hvp_bus_start_crash(struct hvp_bus *bus)
{
	hvp_post_clear(bus);
	hvp_bus_start_unload(bus);
}

/* Every channel but the reserved ones ends with the connection. */
void hvp_bus_end_channels(struct hvp_bus *bus, bool lost)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.channel_count; i++) {
		struct hvp_channel *ch = &bus->cfg.channels[i];

		if (ch->state == HVP_CHANNEL_FREE || ch->reserved)
			continue;
		hvp_channel_end(ch, lost);
	}
	hvp_tl_drop_all(bus);
}

/*
 * HVP_OK: the host has let go of everything, except that one before 3.0 may go on using the
 * pages of the contact (chapter 10 section 6.7).
 */
void hvp_bus_end_unload(struct hvp_bus *bus, enum hvp_status status)
{
	hvp_post_clear(bus);
	bus->waiting = false;
	bus->modifying = false;
	bus->pages_held = status != HVP_OK || bus->neg.version < HVP_VMBUS_VERSION_3_0;
	bus->end_status = status;
	hvp_bus_end_channels(bus, status != HVP_OK || bus->neg.version < HVP_VMBUS_VERSION_1_1);
	hvp_bus_news(bus, HVP_BUS_NEWS_DISCONNECTED);
}

/* UNLOAD_COMPLETE exists from 1.1 on. Without it nobody says that memory is free. */
void hvp_bus_posted_unload(struct hvp_bus *bus)
{
	bus->sent = true;
	if (bus->neg.version >= HVP_VMBUS_VERSION_1_1)
		return;
	bus->state = HVP_BUS_LOST;
	hvp_bus_end_unload(bus, HVP_OK);
}

void hvp_bus_lose(struct hvp_bus *bus, enum hvp_status status)
{
	hvp_post_clear(bus);
	bus->waiting = false;
	bus->modifying = false;
	bus->pages_held = true;
	bus->end_status = status;
	bus->state = HVP_BUS_LOST;
	hvp_bus_end_channels(bus, true);
	hvp_bus_log(bus, HVP_LOG_ERROR, "vmbus: connection lost");
	hvp_bus_news(bus, HVP_BUS_NEWS_LOST);
}

/* A new contact was answered, so the host has ended the old connection. */
void hvp_bus_return_held(struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.gpadl_count; i++) {
		struct hvp_gpadl *g = &bus->cfg.gpadls[i];

		if (g->state == HVP_GPADL_HELD)
			(void)hvp_gpadl_step(g, HVP_GPADL_EV_GIVEN_BACK);
	}
}
