/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration with its defaults, and the clock: tick and deadline. */
#include "internal.h"

#define DEFAULT_UNLOAD (100u * HVP_SECOND)
#define DEFAULT_GRACE HVP_SECOND
#define DEFAULT_MIN 1000u /* 100 us */
#define DEFAULT_MAX 2560000u /* 256 ms */
#define LOG_INTERVAL (5u * HVP_SECOND)

/* Flags that this library acts on; others are never asked for (BUG-085). */
#define IMPLEMENTED \
	(HVP_VMBUS_FEATURE_GUEST_SPECIFIED_SIGNAL_PARAMETERS | \
	 HVP_VMBUS_FEATURE_CHANNEL_INTERRUPT_REDIRECTION | HVP_VMBUS_FEATURE_MODIFY_CONNECTION | \
	 HVP_VMBUS_FEATURE_CLIENT_ID | HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS | \
	 HVP_VMBUS_FEATURE_PAUSE_RESUME | HVP_VMBUS_FEATURE_SERVER_SPECIFIED_MONITOR_PAGES)

static bool guid_is_zero(const struct hvp_guid *guid)
{
	static const struct hvp_guid zero = { { 0 } };

	return hvp_guid_equal(guid, &zero);
}

static void default_u64(uint64_t *value, uint64_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void default_u32(uint32_t *value, uint32_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static uint32_t default_features(const struct hvp_bus_config *cfg)
{
	uint32_t features = HVP_VMBUS_FEATURE_MODIFY_CONNECTION | HVP_VMBUS_FEATURE_PAUSE_RESUME;

	if (!guid_is_zero(&cfg->client_id))
		features |= HVP_VMBUS_FEATURE_CLIENT_ID;
	if (cfg->confidential)
		features |= HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS;
	return features;
}

static void fill_defaults(struct hvp_bus_config *cfg)
{
	default_u32(&cfg->max_version, HVP_VMBUS_VERSION_6_0);
	default_u32(&cfg->min_version,
		    cfg->interrupt_page_gpa != 0 ? HVP_VMBUS_VERSION_0_13 : HVP_VMBUS_VERSION_2_4);
	if (cfg->isolated && cfg->min_version < HVP_VMBUS_VERSION_5_2)
		cfg->min_version = HVP_VMBUS_VERSION_5_2;
	default_u32(&cfg->features, default_features(cfg));
	cfg->features &= IMPLEMENTED;
	if (!cfg->confidential)
		cfg->features &= ~HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS;
	default_u32(&cfg->target_sint, HVP_HV_SINT_VMBUS);
	default_u32(&cfg->contact_connection, HVP_HV_CONNECTION_MESSAGE);
	default_u64(&cfg->unload_timeout, DEFAULT_UNLOAD);
	default_u64(&cfg->release_grace, DEFAULT_GRACE);
	default_u64(&cfg->retry_min, DEFAULT_MIN);
	default_u64(&cfg->retry_max, DEFAULT_MAX);
}

static bool pages_legal(const struct hvp_bus_config *cfg)
{
	uint64_t gpas = cfg->interrupt_page_gpa | cfg->monitor_gpa[0] | cfg->monitor_gpa[1];

	if (gpas % HVP_PAGE_SIZE != 0)
		return false;
	if ((cfg->interrupt_page_gpa != 0) != (cfg->interrupt_page != NULL))
		return false;
	if (cfg->interrupt_page_gpa == 0 && cfg->min_version < HVP_VMBUS_VERSION_2_4)
		return false;
	return (cfg->monitor_gpa[0] != 0) == (cfg->monitor_gpa[1] != 0);
}

static bool tables_legal(const struct hvp_bus_config *cfg)
{
	if (!cfg->channels || cfg->channel_count == 0 || cfg->channel_count >= HVP_CHANNEL_IDS)
		return false;
	if (!cfg->gpadls || cfg->gpadl_count == 0 || cfg->gpadl_count >= HVP_INDEX_NONE)
		return false;
	if (cfg->tl_request_count >= HVP_INDEX_NONE)
		return false;
	return cfg->tl_request_count == 0 || cfg->tl_requests;
}

static bool config_legal(const struct hvp_bus_config *cfg)
{
	if (!tables_legal(cfg) || !pages_legal(cfg))
		return false;
	if (cfg->allow_count > 0 && !cfg->allow)
		return false;
	return cfg->target_sint < HVP_HV_SINT_COUNT && cfg->target_vtl < 16u &&
	       cfg->min_version <= cfg->max_version && cfg->retry_min <= cfg->retry_max;
}

/* A structure of a caller with an older header is shorter; what it lacks is 0. */
static void copy_sized(void *to, size_t to_size, const void *from, size_t from_size)
{
	hvp_memzero(to, to_size);
	hvp_memcpy(to, from, from_size < to_size ? from_size : to_size);
}

static void init_nodes(struct hvp_bus *bus)
{
	hvp_node_init(&bus->post_contact, HVP_POST_CONTACT, 0);
	hvp_node_init(&bus->post_offers, HVP_POST_OFFERS, 0);
	hvp_node_init(&bus->post_unload, HVP_POST_UNLOAD, 0);
	hvp_node_init(&bus->post_modify, HVP_POST_PAGES, 0);
	hvp_node_init(&bus->post_pause, HVP_POST_PAUSE, 0);
	hvp_node_init(&bus->post_resume, HVP_POST_RESUME, 0);
	hvp_node_init(&bus->ready, HVP_NEWS_BUS, 0);
	hvp_node_init(&bus->ready_end, HVP_NEWS_BUS_END, 0);
}

static void init_tables(struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.channel_count; i++)
		hvp_memzero(&bus->cfg.channels[i], sizeof(bus->cfg.channels[i]));
	for (i = 0; i < bus->cfg.gpadl_count; i++)
		hvp_memzero(&bus->cfg.gpadls[i], sizeof(bus->cfg.gpadls[i]));
	for (i = 0; i < bus->cfg.tl_request_count; i++)
		hvp_memzero(&bus->cfg.tl_requests[i], sizeof(bus->cfg.tl_requests[i]));
}

enum hvp_status hvp_bus_init(struct hvp_bus *bus, const struct hvp_bus_config *config)
{
	enum hvp_status status = hvp_os_ops_check(config->ops);

	if (status != HVP_OK)
		return status;
	hvp_memzero(bus, sizeof(*bus));
	copy_sized(&bus->cfg, sizeof(bus->cfg), config, config->size);
	copy_sized(&bus->ops, sizeof(bus->ops), config->ops, config->ops->size);
	fill_defaults(&bus->cfg);
	if (!config_legal(&bus->cfg))
		return HVP_ARG;
	init_nodes(bus);
	init_tables(bus);
	bus->connection_id = HVP_HV_CONNECTION_LEGACY_MESSAGE;
	bus->next_gpadl_id = HVP_FIRST_GPADL_ID;
	bus->state = HVP_BUS_DISCONNECTED;
	return HVP_OK;
}

/* When the wait for an answer ends; HVP_NEVER without one. */
static void start_wait(struct hvp_bus *bus, uint64_t limit)
{
	bus->wait_end = limit == 0 || limit > HVP_NEVER - bus->now ? HVP_NEVER : bus->now + limit;
	bus->wait_log = bus->now + LOG_INTERVAL;
}

static void check_wait(struct hvp_bus *bus)
{
	if (bus->waiting && bus->wait_end == 0)
		start_wait(bus, bus->state == HVP_BUS_UNLOADING ? bus->cfg.unload_timeout
								: bus->cfg.contact_timeout);
	if (!bus->waiting)
		return;
	if (bus->now >= bus->wait_end) {
		bus->waiting = false;
		(void)hvp_bus_step(bus, HVP_BUS_EV_TIMEOUT);
	} else if (bus->state == HVP_BUS_UNLOADING && bus->now >= bus->wait_log) {
		hvp_bus_log(bus, HVP_LOG_INFO, "vmbus: still waiting for UNLOAD_COMPLETE");
		bus->wait_log = bus->now + LOG_INTERVAL;
	}
}

void hvp_bus_tick(struct hvp_bus *bus, uint64_t now)
{
	bus->now = now;
	check_wait(bus);
	hvp_bus_check_graces(bus);
	hvp_post_pump(bus);
	check_wait(bus);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t grace_deadline(const struct hvp_bus *bus)
{
	uint64_t at = HVP_NEVER;
	uint32_t i;

	if (!bus->graces)
		return at;
	for (i = 0; i < bus->cfg.channel_count; i++)
		if (bus->cfg.channels[i].grace_end != 0)
			at = earlier(at, bus->cfg.channels[i].grace_end);
	return at;
}

uint64_t hvp_bus_deadline(const struct hvp_bus *bus)
{
	uint64_t at = grace_deadline(bus);

	if (hvp_post_due(bus))
		at = earlier(at, bus->retry_at);
	if (!bus->waiting)
		return at;
	at = earlier(at, bus->wait_end);
	return bus->state == HVP_BUS_UNLOADING ? earlier(at, bus->wait_log) : at;
}
