/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layers of a NIC: NVSP in the payload of its ring packets, RNDIS in the bytes they point to,
 * NDIS structures in what requests and answers carry.
 */
#include "network.h"

#include <hvproto/interface.h>
#include <hvproto/wire/interfaces.h>
#include <hvproto/wire/ndis.h>
#include <hvproto/wire/ndis_table.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/rndis.h>
#include <hvproto/wire/rndis_table.h>
#include <hvproto/wire/vmbus.h>

#include <string.h>

/* What the information buffer of an OID holds, where that is a structure. */
static const struct {
	uint32_t oid;
	const char *record;
} structures[] = {
	{ HVP_NDIS_OID_GEN_RECEIVE_SCALE_CAPABILITIES, "rss_capabilities" },
	{ HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS, "rss_parameters" },
	{ HVP_NDIS_OID_GEN_LINK_STATE, "link_state" },
	{ HVP_NDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, "config_parameter" },
	{ HVP_NDIS_OID_OFFLOAD_ENCAPSULATION, "offload_encapsulation" },
	{ HVP_NDIS_OID_TCP_OFFLOAD_CURRENT_CONFIG, "offload" },
	{ HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS, "offload_parameters" },
	{ HVP_NDIS_OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, "offload" },
};

static const char *record_of(uint32_t oid)
{
	size_t i;

	for (i = 0; i < sizeof(structures) / sizeof(structures[0]); i++)
		if (structures[i].oid == oid)
			return structures[i].record;
	return NULL;
}

/* A piece of @item that belongs to the layer above. */
static struct cli_item piece(const struct cli_item *item, const struct hvp_proto_desc *proto,
			     const uint8_t *data, size_t size)
{
	struct cli_item out = *item;

	out.kind = CLI_MESSAGE;
	out.hint.proto = proto;
	out.hint.msg = NULL;
	out.label = "";
	out.why = "";
	out.data = data;
	out.size = size;
	return out;
}

/* --- which channels are those of a NIC ------------------------------------------------------- */

static enum cli_nic *mark(struct cli_network *n, uint32_t channel)
{
	return &n->channels[channel % CLI_CHANNELS];
}

void cli_network_offer(struct cli_network *n, const struct cli_decoded *d)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	const struct hvp_vmbus_offer_channel *offer = d->value;

	if (strcmp(d->msg->name, "offer_channel") != 0)
		return;
	if (!hvp_guid_equal(&offer->interface_id, &network))
		*mark(n, offer->channel_id) = CLI_NIC_NONE;
	else if (offer->subchannel_index != 0 && n->version != 0)
		*mark(n, offer->channel_id) = CLI_NIC_SPEAKS;
	else
		*mark(n, offer->channel_id) = CLI_NIC_OFFERED;
}

bool cli_network_has(struct cli_network *n, const struct cli_item *item)
{
	return n->all || (item->channel != 0 && *mark(n, item->channel) != CLI_NIC_NONE);
}

/* Tests put other things than NVSP on such a channel too: a NIC's first word is INIT. */
static bool speaks(struct cli_network *n, const struct cli_item *message)
{
	enum cli_nic *nic = mark(n, message->channel);

	if (!n->all && *nic == CLI_NIC_OFFERED && message->size >= HVP_NVSP_INIT_MIN_SIZE &&
	    hvp_get_u32(message->data) == HVP_NVSP_INIT &&
	    hvp_get_u32(message->data + 4) == hvp_get_u32(message->data + 8))
		*nic = CLI_NIC_SPEAKS;
	return n->all || *nic == CLI_NIC_SPEAKS;
}

/* --- NVSP ------------------------------------------------------------------------------------ */

/* Guests walk down the versions: what was asked for last is what gets granted. */
static void learn_version(struct cli_network *n, const struct cli_decoded *d)
{
	const struct hvp_nvsp_init *init = d->value;
	const struct hvp_nvsp_init_complete *answer = d->value;

	if (d->msg->id == HVP_NVSP_INIT)
		n->asked = init->protocol_version;
	else if (d->msg->id == HVP_NVSP_INIT_COMPLETE && answer->status == HVP_NVSP_STATUS_SUCCESS)
		n->version = n->asked;
}

int cli_network_packet(struct cli_network *n, const struct cli_item *item)
{
	size_t start = 8u * hvp_get_u16(item->data + 2);
	size_t end = 8u * hvp_get_u16(item->data + 4);
	struct cli_item message;

	if (start >= end || end > item->size)
		return CLI_OK;
	message = piece(item, &hvp_nvsp_proto, item->data + start, end - start);
	if (!speaks(n, &message))
		return CLI_OK;
	message.hint.version_given = n->version != 0;
	message.hint.neg.version = n->version;
	return n->show(n->context, &message);
}

/* --- RNDIS and NDIS -------------------------------------------------------------------------- */

static uint32_t *asked_oid(struct cli_network *n, uint32_t request_id)
{
	return &n->oids[request_id % CLI_REQUESTS];
}

static int show_information(struct cli_network *n, const struct cli_item *item, uint32_t oid,
			    const struct hvp_rd *info)
{
	struct cli_item structure;

	if (!record_of(oid) || hvp_rd_left(info) == 0)
		return CLI_OK;
	structure = piece(item, &hvp_ndis_proto, info->p + info->off, hvp_rd_left(info));
	structure.hint.msg = cli_message_quiet(&hvp_ndis_proto, record_of(oid));
	return n->show(n->context, &structure);
}

/* The layer above a message that was shown. */
int cli_network_above(struct cli_network *n, const struct cli_item *item,
		      const struct cli_decoded *d)
{
	const struct hvp_rndis_set *set = d->value;
	const struct hvp_rndis_query *query = d->value;
	const struct hvp_rndis_query_complete *answer = d->value;

	if (item->hint.proto == &hvp_nvsp_proto)
		learn_version(n, d);
	if (item->hint.proto != &hvp_rndis_proto)
		return CLI_OK;
	switch (d->msg->id) {
	case HVP_RNDIS_SET:
		return show_information(n, item, set->oid, &set->info);
	case HVP_RNDIS_QUERY:
		*asked_oid(n, query->request_id) = query->oid;
		return show_information(n, item, query->oid, &query->info);
	case HVP_RNDIS_QUERY_COMPLETE:
		return show_information(n, item, *asked_oid(n, answer->request_id), &answer->info);
	default:
		return CLI_OK;
	}
}

/* A PACKET whose frame lies elsewhere: its fields without its views. */
static enum hvp_status decode_head(struct hvp_rd *r, struct hvp_neg neg, void *out,
				   struct hvp_fault *fault)
{
	struct hvp_rndis_packet *packet = out;
	struct hvp_rndis_packet_head head;
	enum hvp_status st = hvp_rndis_packet_head_decode(r, neg, &head, fault);

	if (st != HVP_OK)
		return st;
	memset(packet, 0, sizeof(*packet));
	packet->message_length = head.message_length;
	packet->data_offset = head.data_offset;
	packet->data_length = head.data_length;
	packet->oob_data_offset = head.oob_data_offset;
	packet->oob_data_length = head.oob_data_length;
	packet->num_oob_data_elements = head.num_oob_data_elements;
	packet->per_packet_info_offset = head.per_packet_info_offset;
	packet->per_packet_info_length = head.per_packet_info_length;
	packet->vc_handle = head.vc_handle;
	return HVP_OK;
}

/* To the message's own end; the frame may lie apart from its header. False: not even that. */
static bool cut_message(struct cli_network *n, struct cli_item *message)
{
	uint32_t length = hvp_get_u32(message->data + 4);

	if (length >= 8 && length < message->size) {
		message->size = length;
	} else if (length > message->size && hvp_get_u32(message->data) == HVP_RNDIS_PACKET) {
		n->head = *hvp_msg_find(&hvp_rndis_proto, HVP_RNDIS_PACKET, HVP_DIR_BOTH);
		n->head.decode = decode_head;
		message->hint.msg = &n->head;
		return message->size >= HVP_RNDIS_PACKET_HEAD_MIN_SIZE;
	}
	return true;
}

/* Messages one behind the other; what does not begin like one is not looked into. */
int cli_network_bytes(struct cli_network *n, const struct cli_item *item)
{
	int result = CLI_OK;
	size_t at = 0;

	if (!n->all && *mark(n, item->channel) != CLI_NIC_SPEAKS)
		return CLI_OK;
	while (item->size - at >= 8 && cli_message_of(&hvp_rndis_proto, item->data + at,
						      item->size - at, item->hint.direction)) {
		struct cli_item message = piece(item, &hvp_rndis_proto, item->data + at,
						item->size - at);
		int one;

		if (!cut_message(n, &message))
			break;
		one = n->show(n->context, &message);
		result = one > result ? one : result;
		at += message.size;
	}
	return result;
}
