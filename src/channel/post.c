/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Posting: one queue, strictly in order, nothing lost. A post that finds no buffer is tried
 * again after a growing delay; there is no retransmission above it (chapter 10 section 2.6).
 */
#include "internal.h"

/* Tries for statuses that say "not now" but may mean "never": about 25 s at the defaults. */
#define TRIES_MAX 100u

enum verdict {
	POSTED,
	RETRY, /* for as long as it takes */
	RETRY_BOUNDED,
	GIVE_UP,
};

void hvp_post(struct hvp_bus *bus, struct hvp_node *node)
{
	hvp_queue_push(&bus->posts, node);
}

void hvp_post_first(struct hvp_bus *bus, struct hvp_node *node)
{
	hvp_queue_push_front(&bus->posts, node);
}

/* What outlives a connection stays: the close of a reserved channel. */
static bool outlives(const struct hvp_bus *bus, const struct hvp_node *node)
{
	return node->kind == HVP_POST_CLOSE && bus->cfg.channels[node->index].reserved;
}

void hvp_post_clear(struct hvp_bus *bus)
{
	struct hvp_queue kept = { NULL, NULL };
	struct hvp_node *node;

	while ((node = hvp_queue_pop(&bus->posts)) != NULL)
		if (outlives(bus, node))
			hvp_queue_push(&kept, node);
	bus->posts = kept;
	bus->retry_at = 0;
	bus->retry_delay = 0;
	bus->retry_count = 0;
}

/*
 * A paused host drops everything but RESUME and UNLOAD, and those are queued by leaving these
 * states. What stands before PAUSE still goes out.
 */
static bool held_by_pause(const struct hvp_bus *bus)
{
	return (bus->state == HVP_BUS_PAUSED || bus->state == HVP_BUS_PAUSING) &&
	       !bus->post_pause.queued;
}

bool hvp_post_due(const struct hvp_bus *bus)
{
	return bus->posts.head && !held_by_pause(bus);
}

static bool is_new_contact(const struct hvp_bus *bus, const struct hvp_node *node)
{
	return node->kind == HVP_POST_CONTACT && hvp_contact_version(bus) >= HVP_VMBUS_VERSION_5_0;
}

static uint32_t connection_for(const struct hvp_bus *bus, const struct hvp_node *node)
{
	if (node->kind != HVP_POST_CONTACT)
		return bus->connection_id;
	return is_new_contact(bus, node) ? bus->cfg.contact_connection
					 : HVP_HV_CONNECTION_LEGACY_MESSAGE;
}

static enum verdict judge(uint16_t raw)
{
	switch (raw) {
	case HVP_HV_STATUS_SUCCESS:
		return POSTED;
	case HVP_HV_STATUS_INSUFFICIENT_BUFFERS:
	case HVP_HV_STATUS_INSUFFICIENT_MEMORY:
	case HVP_HV_STATUS_TIMEOUT:
		return RETRY;
	case HVP_HV_STATUS_INVALID_CONNECTION_ID:
	case HVP_HV_STATUS_INVALID_PORT_ID:
	case HVP_HV_STATUS_INVALID_VP_INDEX:
	case HVP_HV_STATUS_INVALID_SYNIC_STATE:
		return RETRY_BOUNDED;
	default:
		return GIVE_UP;
	}
}

static void rest(struct hvp_bus *bus)
{
	uint64_t delay = bus->retry_delay * 2u;

	if (delay < bus->cfg.retry_min)
		delay = bus->cfg.retry_min;
	if (delay > bus->cfg.retry_max)
		delay = bus->cfg.retry_max;
	bus->retry_delay = delay;
	bus->retry_at = bus->now + delay;
	bus->retry_count++;
	bus->stats.post_retries++;
}

static void posted_modify(struct hvp_channel *ch)
{
	if (ch->bus->neg.version >= HVP_VMBUS_VERSION_5_3) {
		ch->modify_owed = true;
		return;
	}
	ch->modify_status = HVP_OK;
	ch->modify_host_status = 0;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_MODIFIED);
}

static void posted_gpadl(struct hvp_bus *bus, struct hvp_gpadl *g)
{
	bool last = hvp_gpadl_build_posted(&g->build);

	g->known = true;
	g->created_owed = true;
	if (!last)
		hvp_post_first(bus, &g->post_build);
}

static void posted(struct hvp_bus *bus, uint8_t kind, uint16_t index)
{
	switch (kind) {
	case HVP_POST_CONTACT:
		bus->sent = true;
		bus->pages_held = true;
		break;
	case HVP_POST_UNLOAD:
		hvp_bus_posted_unload(bus);
		break;
	case HVP_POST_OPEN:
		bus->cfg.channels[index].open_sent = true;
		break;
	case HVP_POST_MODIFY:
		posted_modify(&bus->cfg.channels[index]);
		break;
	case HVP_POST_RELEASE:
		hvp_channel_posted_release(&bus->cfg.channels[index]);
		break;
	case HVP_POST_GPADL:
		posted_gpadl(bus, &bus->cfg.gpadls[index]);
		break;
	case HVP_POST_TEARDOWN:
		bus->cfg.gpadls[index].torndown_owed = true;
		break;
	default:
		break;
	}
}

static void failed_open(struct hvp_channel *ch, uint16_t raw)
{
	ch->open_status = HVP_OS;
	ch->host_status = raw;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_OPEN_FAILED);
}

static void failed_modify(struct hvp_channel *ch, uint16_t raw)
{
	ch->modify_status = HVP_OS;
	ch->modify_host_status = raw;
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_MODIFIED);
}

/* A list without its end never becomes a GPADL, so its pages are not the host's. */
static void failed_gpadl(struct hvp_gpadl *g, uint16_t raw)
{
	g->status = HVP_OS;
	g->host_status = raw;
	g->created_owed = false;
	(void)hvp_gpadl_step(g, HVP_GPADL_EV_REFUSED);
}

static void failed_unload(struct hvp_bus *bus)
{
	bus->state = HVP_BUS_LOST;
	hvp_bus_end_unload(bus, HVP_OS);
}

/* Where the host would now believe something else than we do, the connection is lost. */
static void failed(struct hvp_bus *bus, uint8_t kind, uint16_t index, uint16_t raw)
{
	bus->stats.post_failures++;
	switch (kind) {
	case HVP_POST_CONTACT:
		hvp_bus_end_contact(bus, HVP_OS);
		break;
	case HVP_POST_UNLOAD:
		failed_unload(bus);
		break;
	case HVP_POST_PAGES:
		hvp_bus_pages_modified(bus, HVP_OS, raw);
		break;
	case HVP_POST_OPEN:
		failed_open(&bus->cfg.channels[index], raw);
		break;
	case HVP_POST_MODIFY:
		failed_modify(&bus->cfg.channels[index], raw);
		break;
	case HVP_POST_GPADL:
		failed_gpadl(&bus->cfg.gpadls[index], raw);
		break;
	case HVP_POST_TL:
		hvp_tl_finish(bus, &bus->cfg.tl_requests[index], HVP_OS, raw);
		break;
	default:
		hvp_bus_lose(bus, HVP_OS);
		break;
	}
}

static uint16_t post_head(struct hvp_bus *bus)
{
	const struct hvp_node *node = bus->posts.head;
	uint8_t msg[HVP_MESSAGE_MAX];
	size_t size = 0;

	/* A defence: whatever is queued was checked against the encoder's bounds before. */
	if (hvp_post_encode(bus, node, msg, &size) != HVP_OK) /* LCOV_EXCL_BR_LINE: a defence */
		return HVP_HV_STATUS_INVALID_PARAMETER; /* LCOV_EXCL_LINE: a defence */
	return bus->ops.post_message(bus->cfg.os, connection_for(bus, node), msg, size);
}

/* False: no more can be posted now. */
static bool post_one(struct hvp_bus *bus)
{
	uint16_t raw = post_head(bus);
	enum verdict verdict = judge(raw);
	struct hvp_node *node = bus->posts.head;
	uint8_t kind = node->kind;
	uint16_t index = node->index;

	if (raw == HVP_HV_STATUS_INVALID_CONNECTION_ID && is_new_contact(bus, node)) {
		(void)hvp_queue_pop(&bus->posts);
		(void)hvp_bus_step(bus, HVP_BUS_EV_REFUSED);
		return true;
	}
	if (verdict == RETRY_BOUNDED && bus->retry_count + 1u >= TRIES_MAX)
		verdict = GIVE_UP;
	if (verdict == RETRY || verdict == RETRY_BOUNDED) {
		rest(bus);
		return false;
	}
	(void)hvp_queue_pop(&bus->posts);
	bus->retry_at = 0;
	bus->retry_delay = 0;
	bus->retry_count = 0;
	if (verdict == POSTED) {
		bus->stats.posts++;
		posted(bus, kind, index);
	} else {
		failed(bus, kind, index, raw);
	}
	return true;
}

void hvp_post_pump(struct hvp_bus *bus)
{
	if (bus->now < bus->retry_at)
		return;
	while (hvp_post_due(bus))
		if (!post_one(bus))
			return;
}
