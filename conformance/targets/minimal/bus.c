/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection: which version is spoken, which channels exist, and the end of it all.
 * Chapter 10 sections 4.2, 4.3, 6.1, 6.4 to 6.7. Whatever the host sends that does not fit is
 * dropped and reported; nothing of the host's is an index before it was checked.
 */
#include "minimal.h"

#include <stdlib.h>

#define OFFER_CONFIDENTIAL_RING 0x2u
#define OFFER_CONFIDENTIAL_MEMORY 0x4u
#define OFFER_TLNPI 0x2000u

static const uint32_t versions[] = {
	MG_V6_0,    MG_V5_3, MG_V5_2, 0x00050001, MG_V5_0,    MG_V4_1,
	0x00040000, MG_V3_0, MG_V2_4, MG_V1_1,	  0x0000000d,
};
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

/* What this guest calls itself when client_id was asked for; picked at random once. */
static const uint8_t client_id[16] = {
	0x5e, 0x91, 0x0c, 0x37, 0xd2, 0x48, 0x6b, 0x4f,
	0x92, 0x15, 0xe8, 0xa3, 0x6c, 0x70, 0x0b, 0xd4,
};

/* In an isolation VM only these device classes are let in (section 7). */
static const uint8_t trusted_classes[][16] = {
	{ 0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d, 0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc,
	  0x7f }, /* SCSI */
	{ 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46, 0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed,
	  0x0e }, /* network */
	{ 0x1d, 0xf6, 0xc4, 0x44, 0x44, 0x44, 0x00, 0x44, 0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1,
	  0x9f }, /* PCI pass-through */
	{ 0x30, 0xe6, 0x27, 0x95, 0xae, 0xd0, 0x7b, 0x49, 0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c,
	  0xaf }, /* time sync */
	{ 0x39, 0x4f, 0x16, 0x57, 0x15, 0x91, 0x78, 0x4e, 0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42,
	  0x2d }, /* heartbeat */
	{ 0x31, 0x60, 0x0b, 0x0e, 0x13, 0x52, 0x34, 0x49, 0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39,
	  0xdb }, /* shutdown */
};

static uint32_t wanted_features(const struct mg_guest *g)
{
	return versions[g->attempt] >= MG_V6_0 ? g->config.features & MG_FEATURES : 0;
}

static void send_contact(struct mg_guest *g)
{
	uint32_t version = versions[g->attempt];
	uint32_t features = wanted_features(g);
	uint8_t b[56] = { 0 };
	uint32_t size = 40;

	mg_put32(b, MG_INITIATE_CONTACT);
	mg_put32(b + 8, version);
	if (version < MG_V5_0)
		mg_put64(b + 16, g->ops.gpa(g->m, g->interrupt_page));
	else
		b[16] = MG_SINT;
	mg_put32(b + 20, version < MG_V5_0 ? mg_get32(b + 20) : features);
	if (features & MG_FEATURE_CLIENT_ID) {
		memcpy(b + 40, client_id, sizeof(client_id));
		size = 56;
	}
	g->connection = version < MG_V5_0 ? 1 : 4;
	mg_post(g, 0, b, size);
}

/* Newest first; an isolation VM does not go below 5.2. */
static bool version_allowed(const struct mg_guest *g, uint32_t version)
{
	if (g->config.max_version != 0 && version > g->config.max_version)
		return false;
	return g->config.isolation == 0 || version >= MG_V5_2;
}

static void contact_from(struct mg_guest *g, unsigned int attempt, uint32_t last_status)
{
	while (attempt < VERSIONS && !version_allowed(g, versions[attempt]))
		attempt++;
	if (attempt == VERSIONS) {
		g->state = MG_DISCONNECTED;
		mg_result(g, HVT_EV_CONNECT_FAILED, 0, last_status);
		return;
	}
	g->attempt = attempt;
	send_contact(g);
}

int mg_connect(struct mg_guest *g)
{
	if (g->state != MG_DISCONNECTED)
		return HVT_FAILED;
	if (!mg_synic_start(g)) {
		mg_result(g, HVT_EV_CONNECT_FAILED, 0, MG_STATUS_GONE);
		return HVT_FAILED;
	}
	g->state = MG_CONTACTING;
	g->version = 0;
	g->features = 0;
	contact_from(g, 0, MG_STATUS_GONE);
	return HVT_OK;
}

static void version_response(struct mg_guest *g, const uint8_t *b, uint32_t size)
{
	struct hvt_event ev = { .type = HVT_EV_CONNECTED };
	uint32_t version = versions[g->attempt];
	uint8_t request[8] = { MG_REQUEST_OFFERS };

	/* Below 2.4 connection_state does not exist. */
	if (b[8] == 0 || (version >= MG_V2_4 && b[9] != 0)) {
		contact_from(g, g->attempt + 1, b[9] != 0 ? b[9] : MG_STATUS_GONE);
		return;
	}
	g->version = version;
	if (version >= MG_V5_0)
		g->connection = mg_get32(b + 12);
	/* What was not asked for is not granted, whatever the host says. */
	if (version >= MG_V6_0 && size >= 20)
		g->features = mg_get32(b + 16) & wanted_features(g);
	g->state = MG_CONNECTED;
	ev.version = version;
	ev.features = g->features;
	mg_event(g, &ev);
	mg_post(g, 0, request, sizeof(request));
}

static bool class_allowed(const struct mg_guest *g, const uint8_t *interface)
{
	size_t i;

	if (g->config.isolation == 0)
		return true;
	for (i = 0; i < sizeof(trusted_classes) / sizeof(trusted_classes[0]); i++)
		if (memcmp(trusted_classes[i], interface, 16) == 0)
			return true;
	return false;
}

static const struct mg_channel *primary_of(const struct mg_guest *g, const uint8_t *ids)
{
	uint32_t i;

	for (i = 1; i < MG_CHANNEL_IDS; i++)
		if (g->channels[i] && g->channels[i]->subchannel == 0 &&
		    !g->channels[i]->rescinded && memcmp(g->channels[i]->interface, ids, 16) == 0 &&
		    memcmp(g->channels[i]->instance, ids + 16, 16) == 0)
			return g->channels[i];
	return NULL;
}

static uint16_t subchannel_index(const struct mg_guest *g, const uint8_t *b)
{
	return g->version >= MG_V2_4 ? mg_get16(b + 180) : 0;
}

/* NULL: the offer is fine; else why it is not (sections 6.4 and 9). */
static const char *offer_fault(const struct mg_guest *g, const uint8_t *b)
{
	uint32_t id = mg_get32(b + 184);
	uint16_t flags = mg_get16(b + 56);
	bool known;

	if (id == 0 || id >= MG_CHANNEL_IDS)
		return "offer with an impossible channel id";
	if (g->channels[id])
		return "offer with a channel id in use";
	/* This guest never asks for confidential channels, so none can be granted. */
	if (flags & (OFFER_CONFIDENTIAL_RING | OFFER_CONFIDENTIAL_MEMORY))
		return "offer with confidential flags that were not negotiated";
	if (!class_allowed(g, b + 8))
		return "offer of a device class that an isolation VM does not trust";
	if (flags & OFFER_TLNPI && b[60 + 4] != 1)
		return "socket offer that nobody asked for";
	known = primary_of(g, b + 8) != NULL;
	if (subchannel_index(g, b) == 0)
		return known ? "device offered twice" : NULL;
	return known ? NULL : "sub-channel without a primary channel";
}

static void offer(struct mg_guest *g, const uint8_t *b, uint32_t size)
{
	struct hvt_event ev = { .type = HVT_EV_OFFER };
	const char *fault = offer_fault(g, b);
	struct mg_channel *ch;

	if (fault) {
		mg_dropped(g, mg_get32(b + 184), fault);
		return;
	}
	ch = calloc(1, sizeof(*ch));
	if (!ch)
		abort();
	ch->id = mg_get32(b + 184);
	ch->subchannel = subchannel_index(g, b);
	memcpy(ch->interface, b + 8, 16);
	memcpy(ch->instance, b + 24, 16);
	/* Fields that a 0.13 host does not send read as zero: not dedicated. */
	ch->dedicated = size >= 196 && (mg_get16(b + 190) & 1);
	ch->connection = ch->dedicated ? mg_get32(b + 192) : 2;
	g->channels[ch->id] = ch;
	ev.channel = ch->id;
	ev.flags = mg_get16(b + 56);
	ev.value = ch->subchannel;
	memcpy(ev.guid, b + 8, 32);
	mg_event(g, &ev);
}

static void rescind(struct mg_guest *g, uint32_t id)
{
	struct mg_channel *ch = id < MG_CHANNEL_IDS ? g->channels[id] : NULL;

	if (!ch || ch->rescinded) {
		mg_dropped(g, id, ch ? "second rescind" : "rescind of an unknown channel");
		return;
	}
	ch->rescinded = true;
	mg_result(g, HVT_EV_RESCIND, id, 0);
	mg_post_drop_channel(g, id);
	mg_channel_settle(g, ch);
}

int mg_release(struct mg_guest *g, struct mg_channel *ch)
{
	uint8_t b[12] = { MG_REL_ID_RELEASED };
	uint32_t id = ch->id;

	if (!ch->rescinded)
		return HVT_FAILED;
	/* The memory first: the id may be offered again as soon as the host has the message. */
	mg_channel_free(g, ch);
	mg_put32(b + 8, id);
	mg_post(g, 0, b, sizeof(b));
	return HVT_OK;
}

static void open_result(struct mg_guest *g, const uint8_t *b)
{
	uint32_t id = mg_get32(b + 8);
	struct mg_channel *ch = id < MG_CHANNEL_IDS ? g->channels[id] : NULL;

	/* The open_id we send is the channel id. */
	if (!ch || ch->state != MG_OPENING || mg_get32(b + 12) != id)
		mg_dropped(g, id, "open result that nobody waits for");
	else
		mg_open_result(g, ch, mg_get32(b + 16));
}

static void gpadl_created(struct mg_guest *g, const uint8_t *b)
{
	struct mg_gpadl *gp = mg_gpadl_find(g, mg_get32(b + 12));

	if (!gp || gp->state != MG_GPADL_CREATING || gp->channel != mg_get32(b + 8))
		mg_dropped(g, mg_get32(b + 8), "GPADL result that nobody waits for");
	else
		mg_gpadl_created(g, gp, mg_get32(b + 16));
}

static void gpadl_torndown(struct mg_guest *g, const uint8_t *b)
{
	struct mg_gpadl *gp = mg_gpadl_find(g, mg_get32(b + 8));

	if (!gp || gp->state != MG_GPADL_TEARING)
		mg_dropped(g, 0, "GPADL teardown that nobody waits for");
	else
		mg_gpadl_torndown(g, gp);
}

static void modified(struct mg_guest *g, const uint8_t *b)
{
	uint32_t id = mg_get32(b + 8);
	struct mg_channel *ch = id < MG_CHANNEL_IDS ? g->channels[id] : NULL;

	if (!ch || !ch->modifying) {
		mg_dropped(g, id, "modify result that nobody waits for");
		return;
	}
	ch->modifying = false;
	mg_result(g, HVT_EV_MODIFIED, id, mg_get32(b + 12));
}

/* Smallest size that a type may have; 0: not for this guest, or not in this direction. */
static uint32_t minimum_size(const struct mg_guest *g, uint32_t type)
{
	switch (type) {
	case MG_OFFER_CHANNEL:
		return g->version >= MG_V1_1 ? 196 : 190;
	case MG_RESCIND:
	case MG_GPADL_TORNDOWN:
		return 12;
	case MG_ALL_OFFERS_DELIVERED:
	case MG_UNLOAD_COMPLETE:
		return 8;
	case MG_OPEN_RESULT:
	case MG_GPADL_CREATED:
		return 20;
	case MG_VERSION_RESPONSE:
		return 16;
	case MG_MODIFY_RESPONSE:
		return g->version >= MG_V5_3 ? 16 : 0;
	default:
		return 0;
	}
}

static void connected_message(struct mg_guest *g, const uint8_t *b, uint32_t size)
{
	switch (mg_get32(b)) {
	case MG_OFFER_CHANNEL:
		offer(g, b, size);
		break;
	case MG_RESCIND:
		rescind(g, mg_get32(b + 8));
		break;
	case MG_ALL_OFFERS_DELIVERED:
		mg_result(g, HVT_EV_OFFERS_DONE, 0, 0);
		break;
	case MG_OPEN_RESULT:
		open_result(g, b);
		break;
	case MG_GPADL_CREATED:
		gpadl_created(g, b);
		break;
	case MG_GPADL_TORNDOWN:
		gpadl_torndown(g, b);
		break;
	case MG_MODIFY_RESPONSE:
		modified(g, b);
		break;
	default:
		mg_dropped(g, 0, "answer that nobody waits for");
	}
}

void mg_bus_message(struct mg_guest *g, const uint8_t *b, uint32_t size)
{
	uint32_t type = mg_get32(b);
	uint32_t least = minimum_size(g, type);

	if (least == 0 || size < least) {
		mg_dropped(g, 0,
			   least == 0 ? "control message of a type not for us"
				      : "control message too short for its type");
		return;
	}
	if (g->state == MG_CONNECTED) {
		connected_message(g, b, size);
	} else if (g->state == MG_CONTACTING && type == MG_VERSION_RESPONSE) {
		version_response(g, b, size);
	} else if (g->state == MG_UNLOADING && type == MG_UNLOAD_COMPLETE) {
		mg_bus_disconnected(g, 0);
	} else {
		mg_dropped(g, 0, "control message out of season");
	}
}

/* HvPostMessage refused a message for good: whoever waits for its answer must hear of it. */
void mg_bus_post_failed(struct mg_guest *g, const struct mg_message *msg, uint32_t status)
{
	uint32_t type = mg_get32(msg->bytes);
	struct mg_channel *ch = g->channels[msg->channel];
	struct mg_gpadl *gp;

	mg_log(g, "HvPostMessage refused a message");
	switch (type) {
	case MG_INITIATE_CONTACT:
		contact_from(g, g->attempt + 1, status);
		break;
	case MG_REQUEST_OFFERS:
	case MG_UNLOAD:
		mg_bus_disconnected(g, status);
		break;
	case MG_OPEN_CHANNEL:
		if (ch && ch->state == MG_OPENING)
			mg_open_result(g, ch, status);
		break;
	case MG_GPADL_HEADER:
	case MG_GPADL_BODY:
		gp = mg_gpadl_find(g, mg_get32(msg->bytes + 12));
		if (!gp || gp->state != MG_GPADL_CREATING)
			break;
		mg_post_drop_bodies(g, gp->id);
		gp->state = type == MG_GPADL_HEADER ? gp->state : MG_GPADL_LOST;
		mg_gpadl_created(g, gp, status);
		break;
	case MG_MODIFY_CHANNEL:
		if (ch && ch->modifying) {
			ch->modifying = false;
			mg_result(g, HVT_EV_MODIFIED, ch->id, status);
		}
		break;
	default:
		break;
	}
}

/* Forget all channels: the host has. */
void mg_forget_all(struct mg_guest *g)
{
	uint32_t i;

	for (i = 1; i < MG_CHANNEL_IDS; i++)
		if (g->channels[i])
			mg_channel_free(g, g->channels[i]);
	mg_post_clear(g);
}

/*
 * The connection is over. With a status other than 0 the host never let go of the memory it
 * knows, so that memory stays allocated until the machine itself ends (destroy).
 */
void mg_bus_disconnected(struct mg_guest *g, uint32_t status)
{
	g->state = status == 0 ? MG_DISCONNECTED : MG_GAVE_UP;
	g->unload_deadline = HVT_NEVER;
	if (status == 0)
		mg_forget_all(g);
	mg_result(g, HVT_EV_DISCONNECTED, 0, status);
}

/* Orderly: close what is open, then say goodbye. The host drops all GPADLs with it. */
int mg_unload(struct mg_guest *g)
{
	uint8_t goodbye[8] = { MG_UNLOAD };
	uint8_t close[12] = { MG_CLOSE_CHANNEL };
	uint32_t i;

	if (g->state != MG_CONNECTED)
		return HVT_FAILED;
	for (i = 1; i < MG_CHANNEL_IDS; i++) {
		if (!g->channels[i] || g->channels[i]->state != MG_OPEN ||
		    g->channels[i]->rescinded)
			continue;
		mg_put32(close + 8, i);
		mg_post(g, i, close, sizeof(close));
		g->channels[i]->state = MG_CLOSING;
	}
	g->state = MG_UNLOADING;
	g->unload_deadline = g->ops.now(g->m) + MG_UNLOAD_LIMIT;
	mg_post(g, 0, goodbye, sizeof(goodbye));
	return HVT_OK;
}

static bool crash_poll(struct mg_guest *g)
{
	uint8_t bytes[MG_MESSAGE_MAX];
	uint32_t type;
	uint32_t size;
	uint32_t vp;

	for (vp = 0; vp < g->config.vps; vp++)
		if (mg_slot_take(g, vp, &type, bytes, &size) && type == 1 && size >= 8 &&
		    size <= MG_MESSAGE_MAX && mg_get32(bytes) == MG_UNLOAD_COMPLETE)
			return true;
	return false;
}

/*
 * From a panic: nothing but this CPU runs, no interrupt comes, and the answer may lie in the
 * slot of any VP, behind offers and rescinds that nobody took (section 6.7).
 */
int mg_crash_unload(struct mg_guest *g)
{
	uint8_t goodbye[8] = { MG_UNLOAD };
	uint64_t give_up;
	bool done;

	if (g->state != MG_CONNECTED)
		return HVT_FAILED;
	mg_post_clear(g);
	g->state = MG_UNLOADING;
	mg_post(g, 0, goodbye, sizeof(goodbye));
	give_up = g->ops.now(g->m) + MG_UNLOAD_LIMIT;
	do {
		mg_post_due(g);
		done = crash_poll(g);
	} while (!done && g->state == MG_UNLOADING && g->ops.now(g->m) < give_up);
	if (g->state == MG_UNLOADING)
		mg_bus_disconnected(g, done ? 0 : MG_STATUS_GONE);
	return HVT_OK;
}
