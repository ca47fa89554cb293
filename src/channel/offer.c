/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offers: which of them become channels. A refused offer has no effect beyond a counter and a
 * fault record; the host gets no answer (chapter 10 section 6.4).
 */
#include "internal.h"

#include <hvproto/wire/interfaces.h>

#define TLNPI_ACCEPT_OFFSET 4u /* is_for_guest_accept in user_defined */

/* CORE-SEC-34; the list that Linux uses. hv_sock offers are told by their flag. */
static const struct hvp_guid default_allow[] = {
	HVP_INTERFACE_SCSI,	 HVP_INTERFACE_NETWORK,	  HVP_INTERFACE_VPCI,
	HVP_INTERFACE_TIME_SYNC, HVP_INTERFACE_HEARTBEAT, HVP_INTERFACE_SHUTDOWN,
};

static bool in_list(const struct hvp_guid *list, size_t count, const struct hvp_guid *id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (hvp_guid_equal(&list[i], id))
			return true;
	return false;
}

static bool class_allowed(const struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer)
{
	if (!bus->cfg.isolated)
		return true;
	if (bus->cfg.allow)
		return in_list(bus->cfg.allow, bus->cfg.allow_count, &offer->interface_id);
	return (offer->flags & HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER) != 0 ||
	       in_list(default_allow, sizeof(default_allow) / sizeof(default_allow[0]),
		       &offer->interface_id);
}

/* CORE-SEC-36 */
static bool flags_legal(const struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer)
{
	uint32_t ring = offer->flags & HVP_VMBUS_OFFER_CONFIDENTIAL_RING_BUFFER;
	uint32_t external = offer->flags & HVP_VMBUS_OFFER_CONFIDENTIAL_EXTERNAL_MEMORY;

	if (ring == 0 && external == 0)
		return true;
	return (bus->neg.features & HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS) != 0 && ring != 0;
}

/* A channel of the same device that is neither taken back nor of a connection gone by. */
static bool same_device(const struct hvp_channel *ch, const struct hvp_vmbus_offer_channel *o)
{
	return hvp_bus_is_current(ch) && ch->state != HVP_CHANNEL_RESCINDED &&
	       ch->state != HVP_CHANNEL_RELEASING &&
	       hvp_guid_equal(&ch->offer.instance_id, &o->instance_id) &&
	       hvp_guid_equal(&ch->offer.interface_id, &o->interface_id);
}

static struct hvp_channel *find_device(const struct hvp_bus *bus,
				       const struct hvp_vmbus_offer_channel *offer,
				       uint16_t subchannel_index)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.channel_count; i++) {
		struct hvp_channel *ch = &bus->cfg.channels[i];

		if (same_device(ch, offer) && ch->offer.subchannel_index == subchannel_index)
			return ch;
	}
	return NULL;
}

static void refuse(struct hvp_bus *bus, const struct hvp_bound *bound, uint64_t found)
{
	struct hvp_fault fault;

	bus->stats.offers_refused++;
	(void)hvp_fault_at(&fault, HVP_VALUE, bound, found);
	hvp_bus_drop(bus, &fault);
}

/* Everything about the offer alone; ids come after. */
static bool content_legal(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer)
{
	static const struct hvp_bound flags = {
		"vmbus.offer_channel", "flags", 56, 0, 0xffff,
	};
	static const struct hvp_bound class = {
		"vmbus.offer_channel", "interface_id", 8, 0, UINT64_MAX,
	};

	if (!flags_legal(bus, offer)) {
		refuse(bus, &flags, offer->flags);
		return false;
	}
	if (!class_allowed(bus, offer)) {
		refuse(bus, &class, hvp_get_u64(offer->interface_id.b));
		return false;
	}
	return true;
}

static bool id_free(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer)
{
	static const struct hvp_bound id = {
		"vmbus.offer_channel", "channel_id", 184, 1, HVP_CHANNEL_IDS - 1u,
	};

	if (!hvp_bus_channel(bus, offer->channel_id))
		return true;
	refuse(bus, &id, offer->channel_id);
	return false;
}

static bool place_legal(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer,
			struct hvp_channel **primary)
{
	static const struct hvp_bound sub = {
		"vmbus.offer_channel", "subchannel_index", 180, 0, 0xffff,
	};
	bool known = find_device(bus, offer, offer->subchannel_index) != NULL;

	*primary = NULL;
	if (offer->subchannel_index > 0)
		*primary = find_device(bus, offer, 0);
	if (!known && (offer->subchannel_index == 0 ||
		       (*primary && (*primary)->sub_count < (*primary)->sub_limit)))
		return true;
	refuse(bus, &sub, offer->subchannel_index);
	return false;
}

/*
 * An hv_sock offer answers a request of ours, or else it must say that the host connects
 * (chapter 10 section 6.9).
 */
static bool sock_wanted(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer,
			struct hvp_tl_request **tl)
{
	static const struct hvp_bound instance = {
		"vmbus.offer_channel", "instance_id", 24, 0, UINT64_MAX,
	};

	*tl = NULL;
	if (!(offer->flags & HVP_VMBUS_OFFER_TLNPI_PROVIDER_OFFER))
		return true;
	*tl = hvp_tl_find(bus, &offer->instance_id);
	if (*tl && hvp_guid_equal(&(*tl)->service, &offer->interface_id))
		return true;
	*tl = NULL;
	if (offer->user_defined[TLNPI_ACCEPT_OFFSET] == 1)
		return true;
	refuse(bus, &instance, hvp_get_u64(offer->instance_id.b));
	return false;
}

static struct hvp_channel *free_slot(struct hvp_bus *bus)
{
	uint32_t i;

	for (i = 0; i < bus->cfg.channel_count; i++)
		if (bus->cfg.channels[i].state == HVP_CHANNEL_FREE)
			return &bus->cfg.channels[i];
	bus->stats.offers_no_room++;
	return NULL;
}

static void init_nodes(struct hvp_channel *ch, uint16_t index)
{
	hvp_node_init(&ch->post_open, HVP_POST_OPEN, index);
	hvp_node_init(&ch->post_close, HVP_POST_CLOSE, index);
	hvp_node_init(&ch->post_modify, HVP_POST_MODIFY, index);
	hvp_node_init(&ch->post_release, HVP_POST_RELEASE, index);
	hvp_node_init(&ch->ready, HVP_NEWS_CHANNEL, index);
}

static void fill(struct hvp_bus *bus, struct hvp_channel *ch,
		 const struct hvp_vmbus_offer_channel *offer, struct hvp_channel *primary)
{
	hvp_memzero(ch, sizeof(*ch));
	init_nodes(ch, hvp_channel_index(bus, ch));
	ch->bus = bus;
	ch->offer = *offer;
	ch->state = HVP_CHANNEL_OFFERED;
	ch->ring = HVP_INDEX_NONE;
	ch->sub_limit = UINT32_MAX;
	ch->primary = HVP_INDEX_NONE;
	if (!primary)
		return;
	ch->primary = hvp_channel_index(bus, primary);
	primary->sub_count++;
}

/* A reserved channel lived through the last connection; the new one knows it again. */
static bool is_reserved_again(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer)
{
	struct hvp_channel *ch = hvp_bus_channel(bus, offer->channel_id);

	if (!ch || !ch->reserved || !same_device(ch, offer))
		return false;
	ch->offer = *offer;
	return true;
}

/*
 * Fields that the version does not have are nothing, whatever the bytes say. The decoder did so
 * with the connection, which is not even there below 1.1.
 */
static void drop_unknown_fields(const struct hvp_bus *bus, struct hvp_vmbus_offer_channel *offer)
{
	if (bus->neg.version < HVP_VMBUS_VERSION_2_4)
		offer->subchannel_index = 0;
}

void hvp_bus_take_offer(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *wire)
{
	struct hvp_vmbus_offer_channel offer = *wire;
	struct hvp_channel *primary;
	struct hvp_tl_request *tl;
	struct hvp_channel *ch;

	drop_unknown_fields(bus, &offer);
	if (is_reserved_again(bus, &offer))
		return;
	if (!content_legal(bus, &offer) || !id_free(bus, &offer) ||
	    !place_legal(bus, &offer, &primary) || !sock_wanted(bus, &offer, &tl))
		return;
	ch = free_slot(bus);
	if (!ch)
		return;
	fill(bus, ch, &offer, primary);
	bus->stats.offers++;
	if (tl)
		hvp_tl_finish(bus, tl, HVP_OK, 0);
	hvp_channel_news(ch, HVP_CHANNEL_NEWS_OFFER);
}
