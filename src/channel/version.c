/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contact: INITIATE_CONTACT for each known version from the highest downwards until the host
 * accepts one (chapter 10 section 6.1.1). Only the listed values are valid requests.
 */
#include "internal.h"

static const uint32_t versions[] = {
	HVP_VMBUS_VERSION_6_0, HVP_VMBUS_VERSION_5_3, HVP_VMBUS_VERSION_5_2,  HVP_VMBUS_VERSION_5_1,
	HVP_VMBUS_VERSION_5_0, HVP_VMBUS_VERSION_4_1, HVP_VMBUS_VERSION_4_0,  HVP_VMBUS_VERSION_3_0,
	HVP_VMBUS_VERSION_2_4, HVP_VMBUS_VERSION_1_1, HVP_VMBUS_VERSION_0_13,
};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

uint32_t hvp_contact_version(const struct hvp_bus *bus)
{
	return versions[bus->version_index];
}

/* False when the list, or the part of it that is configured, is at its end. */
static bool skip_to_allowed(struct hvp_bus *bus)
{
	while (bus->version_index < VERSION_COUNT &&
	       versions[bus->version_index] > bus->cfg.max_version)
		bus->version_index++;
	return bus->version_index < VERSION_COUNT &&
	       versions[bus->version_index] >= bus->cfg.min_version;
}

static void try_version(struct hvp_bus *bus)
{
	if (!skip_to_allowed(bus)) {
		hvp_bus_end_contact(bus, HVP_REFUSED);
		return;
	}
	bus->waiting = true;
	bus->sent = false;
	bus->wait_end = 0;
	hvp_post(bus, &bus->post_contact);
}

void hvp_bus_start_contact(struct hvp_bus *bus)
{
	hvp_post_clear(bus);
	bus->version_index = 0;
	bus->modifying = false;
	try_version(bus);
}

void hvp_bus_next_version(struct hvp_bus *bus)
{
	bus->version_index++;
	try_version(bus);
}

/* A host keeps no state of a refused contact; a silent one may hold the pages. */
void hvp_bus_end_contact(struct hvp_bus *bus, enum hvp_status status)
{
	hvp_post_clear(bus);
	bus->waiting = false;
	bus->state = bus->pages_held ? HVP_BUS_LOST : HVP_BUS_DISCONNECTED;
	bus->end_status = status;
	hvp_bus_news(bus, HVP_BUS_NEWS_CONNECT_FAILED);
}

/*
 * The whole message in the form that the version has. Monitor pages are left out below 5.2
 * in an isolated guest, which never gets there; else all versions know them.
 */
void hvp_contact_fill(const struct hvp_bus *bus, struct hvp_vmbus_initiate_contact *out)
{
	uint32_t version = hvp_contact_version(bus);

	out->version_requested = version;
	out->target_message_vp = version >= HVP_VMBUS_VERSION_3_0 ? bus->cfg.target_vp : 0;
	out->parent_to_child_monitor_page_gpa = bus->cfg.monitor_gpa[0];
	out->child_to_parent_monitor_page_gpa = bus->cfg.monitor_gpa[1];
	if (version < HVP_VMBUS_VERSION_5_0) {
		out->has_interrupt_page = true;
		out->interrupt_page_gpa = bus->cfg.interrupt_page_gpa;
		return;
	}
	out->has_target = true;
	out->target_sint = (uint8_t)bus->cfg.target_sint;
	if (version >= HVP_VMBUS_VERSION_5_1)
		out->target_vtl = (uint8_t)bus->cfg.target_vtl;
	if (version < HVP_VMBUS_VERSION_6_0)
		return;
	out->feature_flags = bus->cfg.features;
	out->has_client_id = (bus->cfg.features & HVP_VMBUS_FEATURE_CLIENT_ID) != 0;
	out->client_id = bus->cfg.client_id;
}

/*
 * Only version_supported decides (BUG-068); the state means something from 2.4 on, and a
 * failed one is taken like a refusal, as Linux does.
 */
static bool accepted(const struct hvp_bus *bus, const struct hvp_vmbus_version_response *rsp)
{
	if (rsp->version_supported == 0)
		return false;
	return hvp_contact_version(bus) < HVP_VMBUS_VERSION_2_4 ||
	       rsp->connection_state == HVP_VMBUS_CONNECTION_STATE_SUCCESSFUL;
}

/* A bit that was not asked for is a bug of the host (CORE-SEC-43). */
static uint32_t granted(const struct hvp_bus *bus, const struct hvp_vmbus_version_response *rsp)
{
	uint32_t features;

	if (hvp_contact_version(bus) < HVP_VMBUS_VERSION_6_0 || !rsp->has_features)
		return 0;
	features = rsp->supported_features & bus->cfg.features;
	if (!rsp->has_monitor_pages)
		features &= ~HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES;
	return features;
}

/* CORE-SEC-58: the page that we write to must be there; the other may be missing. */
static bool server_pages_legal(const struct hvp_vmbus_version_response *rsp)
{
	return rsp->child_to_parent_monitor_page_gpa != 0 &&
	       rsp->child_to_parent_monitor_page_gpa % HVP_PAGE_SIZE == 0 &&
	       rsp->parent_to_child_monitor_page_gpa % HVP_PAGE_SIZE == 0;
}

static bool take_pages(struct hvp_bus *bus, const struct hvp_vmbus_version_response *rsp)
{
	static const struct hvp_bound bound = {
		"vmbus.version_response",
		"child_to_parent_monitor_page_gpa",
		32,
		HVP_PAGE_SIZE,
		UINT64_MAX - (HVP_PAGE_SIZE - 1u),
	};
	struct hvp_fault fault;

	if (!(bus->neg.features & HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES)) {
		bus->monitor_gpa[0] = bus->cfg.monitor_gpa[0];
		bus->monitor_gpa[1] = bus->cfg.monitor_gpa[1];
		bus->monitor_page = bus->cfg.monitor_page;
		return true;
	}
	if (!server_pages_legal(rsp)) {
		(void)hvp_fault_at(&fault, HVP_VALUE, &bound,
				   rsp->child_to_parent_monitor_page_gpa);
		hvp_bus_drop(bus, &fault);
		return false;
	}
	bus->monitor_gpa[0] = rsp->parent_to_child_monitor_page_gpa;
	bus->monitor_gpa[1] = rsp->child_to_parent_monitor_page_gpa;
	bus->monitor_page = NULL;
	return true;
}

/*
 * Whatever the answer is: the host has ended the connection before this one first, so what
 * it may have held is the guest's again (chapter 10 section 6.1, row INITIATE_CONTACT).
 */
void hvp_bus_take_version(struct hvp_bus *bus, const struct hvp_vmbus_version_response *rsp)
{
	bus->waiting = false;
	bus->sent = false;
	hvp_bus_return_held(bus);
	if (!accepted(bus, rsp)) {
		bus->pages_held = false;
		hvp_bus_next_version(bus);
		return;
	}
	bus->neg.version = hvp_contact_version(bus);
	bus->neg.features = granted(bus, rsp);
	if (!take_pages(bus, rsp)) {
		hvp_bus_next_version(bus);
		return;
	}
	bus->connection_id = bus->neg.version >= HVP_VMBUS_VERSION_5_0
				     ? rsp->selected_version_or_connection_id
				     : HVP_HV_CONNECTION_LEGACY_MESSAGE;
	bus->state = HVP_BUS_OFFERING;
	hvp_bus_news(bus, HVP_BUS_NEWS_CONNECTED);
	hvp_post(bus, &bus->post_offers);
}
