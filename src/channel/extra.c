/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing the monitor pages, and hv_sock connect requests. */
#include "internal.h"

static bool gpas_legal(const uint64_t gpa[2])
{
	return (gpa[0] | gpa[1]) % HVP_PAGE_SIZE == 0 && (gpa[0] != 0) == (gpa[1] != 0);
}

enum hvp_status hvp_bus_modify_pages(struct hvp_bus *bus, const uint64_t gpa[2], void *page)
{
	if (!hvp_bus_allows(bus, HVP_BUS_EV_MODIFY))
		return HVP_STATE;
	if (!(bus->neg.features & HVP_VMBUS_FEATURE_MODIFY_CONNECTION))
		return HVP_UNSUPPORTED;
	if (!gpas_legal(gpa))
		return HVP_ARG;
	if (bus->modifying || (bus->events & HVP_BUS_NEWS_PAGES))
		return HVP_AGAIN;
	bus->modifying = true;
	bus->modify_gpa[0] = gpa[0];
	bus->modify_gpa[1] = gpa[1];
	bus->modify_page = page;
	hvp_post(bus, &bus->post_modify);
	return HVP_OK;
}

void hvp_bus_pages_modified(struct hvp_bus *bus, enum hvp_status status, uint32_t host_status)
{
	bus->modifying = false;
	bus->modify_status = status;
	bus->modify_host_status = host_status;
	if (status == HVP_OK) {
		bus->monitor_gpa[0] = bus->modify_gpa[0];
		bus->monitor_gpa[1] = bus->modify_gpa[1];
		bus->monitor_page = bus->modify_page;
	}
	hvp_bus_news(bus, HVP_BUS_NEWS_PAGES);
}

void hvp_bus_set_monitor_page(struct hvp_bus *bus, void *page)
{
	bus->monitor_page = page;
}

const uint64_t *hvp_bus_monitor_gpa(const struct hvp_bus *bus)
{
	return bus->monitor_gpa;
}

/* Those whose answer is still awaited; a queued one has no answer yet. */
struct hvp_tl_request *hvp_tl_find(const struct hvp_bus *bus, const struct hvp_guid *endpoint)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.tl_request_count; i++) {
		struct hvp_tl_request *tl = &bus->cfg.tl_requests[i];

		if (tl->state == HVP_TL_ASKED && !tl->post.queued &&
		    hvp_guid_equal(&tl->endpoint, endpoint))
			return tl;
	}
	return NULL;
}

static struct hvp_tl_request *any_with(const struct hvp_bus *bus, const struct hvp_guid *endpoint)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.tl_request_count; i++) {
		struct hvp_tl_request *tl = &bus->cfg.tl_requests[i];

		if (tl->state != HVP_TL_FREE && hvp_guid_equal(&tl->endpoint, endpoint))
			return tl;
	}
	return NULL;
}

static struct hvp_tl_request *free_slot(const struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.tl_request_count; i++)
		if (bus->cfg.tl_requests[i].state == HVP_TL_FREE)
			return &bus->cfg.tl_requests[i];
	return NULL;
}

static void fill(struct hvp_bus *bus, struct hvp_tl_request *tl, const struct hvp_guid *endpoint,
		 const struct hvp_guid *service, const struct hvp_guid *silo)
{
	uint16_t index = (uint16_t)(tl - bus->cfg.tl_requests);

	hvp_memzero(tl, sizeof(*tl));
	hvp_node_init(&tl->post, HVP_POST_TL, index);
	hvp_node_init(&tl->ready, HVP_NEWS_TL, index);
	tl->state = HVP_TL_ASKED;
	tl->endpoint = *endpoint;
	tl->service = *service;
	if (!silo)
		return;
	tl->has_silo = true;
	tl->silo = *silo;
}

enum hvp_status hvp_bus_tl_connect(struct hvp_bus *bus, const struct hvp_guid *endpoint,
				   const struct hvp_guid *service, const struct hvp_guid *silo)
{
	struct hvp_tl_request *tl;

	if (!hvp_bus_allows(bus, HVP_BUS_EV_TL))
		return HVP_STATE;
	if (bus->neg.version < HVP_VMBUS_VERSION_4_0 ||
	    (silo && bus->neg.version < HVP_VMBUS_VERSION_5_2))
		return HVP_UNSUPPORTED;
	if (any_with(bus, endpoint))
		return HVP_ARG;
	tl = free_slot(bus);
	if (!tl)
		return HVP_AGAIN;
	fill(bus, tl, endpoint, service, silo);
	hvp_post(bus, &tl->post);
	return HVP_OK;
}

static void forget(struct hvp_bus *bus, struct hvp_tl_request *tl)
{
	hvp_queue_remove(&bus->posts, &tl->post);
	hvp_queue_remove(&bus->news, &tl->ready);
	tl->state = HVP_TL_FREE;
}

enum hvp_status hvp_bus_tl_cancel(struct hvp_bus *bus, const struct hvp_guid *endpoint)
{
	struct hvp_tl_request *tl = any_with(bus, endpoint);

	if (!tl)
		return HVP_ARG;
	forget(bus, tl);
	return HVP_OK;
}

void hvp_tl_finish(struct hvp_bus *bus, struct hvp_tl_request *tl, enum hvp_status status,
		   uint32_t host_status)
{
	tl->state = HVP_TL_DONE;
	tl->status = status;
	tl->host_status = host_status;
	hvp_tl_news(bus, tl);
}

void hvp_tl_drop_all(struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.tl_request_count; i++) {
		struct hvp_tl_request *tl = &bus->cfg.tl_requests[i];

		if (tl->state != HVP_TL_ASKED)
			continue;
		hvp_queue_remove(&bus->posts, &tl->post);
		hvp_tl_finish(bus, tl, HVP_STATE, 0);
	}
}
