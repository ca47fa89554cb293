/* SPDX-License-Identifier: BSD-2-Clause */
/* Which protocols there are, and how bytes are told apart that nobody named. */
#include "cli.h"

#include "ring_packet.h"

#include <hvproto/wire/ndis_table.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/pipe_table.h>
#include <hvproto/wire/ring_table.h>
#include <hvproto/wire/rndis_table.h>
#include <hvproto/wire/scsi_table.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>
#include <hvproto/wire/vstor.h>
#include <hvproto/wire/vstor_table.h>

#include <ctype.h>
#include <string.h>

/*
 * @records: what a protocol describes besides its messages, by name only; often the same.
 * @latest:  newest version of its own, or of the VMBus for those that have none
 */
static const struct {
	const struct hvp_proto_desc *messages;
	const struct hvp_proto_desc *records;
	uint32_t latest;
} protocols[] = {
	{ &hvp_vmbus_proto, NULL, HVP_VMBUS_VERSION_6_0 },
	{ &cli_ring_packets, &hvp_ring_proto, HVP_VMBUS_VERSION_6_0 },
	{ &hvp_pipe_proto, NULL, HVP_VMBUS_VERSION_6_0 },
	{ &hvp_nvsp_proto, NULL, HVP_NVSP_VERSION_6_1 },
	{ &hvp_rndis_proto, NULL, HVP_VMBUS_VERSION_6_0 },
	{ &hvp_ndis_proto, NULL, HVP_VMBUS_VERSION_6_0 },
	{ &hvp_vstor_proto, &hvp_vstor_records, HVP_VSTOR_VERSION_6_2 },
	{ &hvp_scsi_proto, &hvp_scsi_records, HVP_VMBUS_VERSION_6_0 },
};
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

size_t cli_protocol_count(void)
{
	return PROTOCOLS;
}

const struct hvp_proto_desc *cli_protocol_at(size_t i)
{
	return protocols[i].messages;
}

/* The other table of a protocol that has two, or the same one. */
const struct hvp_proto_desc *cli_protocol_records(size_t i)
{
	return protocols[i].records ? protocols[i].records : protocols[i].messages;
}

/* Packets are made of records by hand, so that no spec has them. */
bool cli_protocol_is_specified(size_t i)
{
	return protocols[i].messages != &cli_ring_packets;
}

static const struct hvp_proto_desc *records_of(const struct hvp_proto_desc *proto)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].messages == proto)
			return protocols[i].records;
	return NULL;
}

uint32_t cli_version_latest(const struct hvp_proto_desc *proto)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].messages == proto)
			return protocols[i].latest;
	return HVP_VMBUS_VERSION_6_0;
}

bool cli_same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		int x = *a == '-' ? '_' : tolower((unsigned char)*a);
		int y = *b == '-' ? '_' : tolower((unsigned char)*b);

		if (x != y)
			return false;
	}
	return *a == *b;
}

const struct hvp_proto_desc *cli_protocol_quiet(const char *name)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (cli_same_name(protocols[i].messages->name, name))
			return protocols[i].messages;
	return NULL;
}

const struct hvp_proto_desc *cli_protocol(const char *name)
{
	const struct hvp_proto_desc *found = cli_protocol_quiet(name);
	const char *names[PROTOCOLS];
	const char *near;
	size_t i;

	if (found)
		return found;
	for (i = 0; i < PROTOCOLS; i++)
		names[i] = protocols[i].messages->name;
	near = cli_suggest(name, names, PROTOCOLS);
	if (near)
		cli_error("no protocol '%s'; did you mean '%s'?", name, near);
	else
		cli_error("no protocol '%s'; `hvproto spec` lists them", name);
	return NULL;
}

/* By name or title; the names that were looked at go to @names. */
static const struct hvp_msg_desc *by_name(const struct hvp_proto_desc *proto, const char *name,
					  const char **names, size_t *count)
{
	size_t i;

	for (i = 0; i < proto->msg_count; i++) {
		if (cli_same_name(proto->msgs[i].name, name) ||
		    cli_same_name(proto->msgs[i].title, name))
			return &proto->msgs[i];
		if (*count < CLI_NAMES)
			names[(*count)++] = proto->msgs[i].name;
	}
	return NULL;
}

const struct hvp_msg_desc *cli_message_quiet(const struct hvp_proto_desc *proto, const char *name)
{
	const char *names[CLI_NAMES];
	const struct hvp_msg_desc *found;
	size_t count = 0;

	found = by_name(proto, name, names, &count);
	if (!found && records_of(proto))
		found = by_name(records_of(proto), name, names, &count);
	return found;
}

const struct hvp_msg_desc *cli_message(const struct hvp_proto_desc *proto, const char *name)
{
	const struct hvp_msg_desc *found = cli_message_quiet(proto, name);
	const char *names[CLI_NAMES];
	size_t count = 0;
	const char *near;

	if (found)
		return found;
	(void)by_name(proto, name, names, &count);
	if (records_of(proto))
		(void)by_name(records_of(proto), name, names, &count);
	near = cli_suggest(name, names, count);
	if (near)
		cli_error("%s has no message '%s'; did you mean '%s'?", proto->name, name, near);
	else
		cli_error("%s has no message '%s'; `hvproto spec %s` lists them", proto->name, name,
			  proto->name);
	return NULL;
}

bool cli_message_id(const struct hvp_proto_desc *proto, const uint8_t *data, size_t size,
		    uint32_t *id)
{
	const uint8_t *p = data + proto->id_offset;

	if (proto->id_size == 0 || size < proto->id_offset ||
	    size - proto->id_offset < proto->id_size)
		return false;
	*id = proto->id_size == 1   ? hvp_get_u8(p)
	      : proto->id_size == 2 ? hvp_get_u16(p)
				    : hvp_get_u32(p);
	return true;
}

const struct hvp_msg_desc *cli_message_of(const struct hvp_proto_desc *proto, const uint8_t *data,
					  size_t size, uint32_t direction)
{
	uint32_t id;

	if (!cli_message_id(proto, data, size, &id))
		return NULL;
	return hvp_msg_find(proto, id, direction == CLI_DIR_UNKNOWN ? HVP_DIR_BOTH : direction);
}

/* A control message: 8 to 240 bytes, a known type, and the header's padding is zero. */
static bool like_vmbus(const struct cli_item *item)
{
	return item->size >= 8 && item->size <= 240 && hvp_get_u32(item->data + 4) == 0 &&
	       cli_message_of(&hvp_vmbus_proto, item->data, item->size, CLI_DIR_UNKNOWN);
}

/* A packet without its trailer: the descriptor's own length is that of the bytes. */
static bool like_ring(const struct cli_item *item)
{
	return item->size >= 16 && hvp_get_u16(item->data + 2) >= 2 &&
	       hvp_get_u16(item->data + 4) * 8u == item->size &&
	       cli_message_of(&cli_ring_packets, item->data, item->size, CLI_DIR_UNKNOWN);
}

/* Fill in a protocol that nothing named; leaves NULL when the bytes do not tell. */
void cli_guess(struct cli_item *item)
{
	if (item->hint.proto)
		return;
	if (like_ring(item))
		item->hint.proto = &cli_ring_packets;
	else if (like_vmbus(item))
		item->hint.proto = &hvp_vmbus_proto;
	if (item->hint.proto)
		item->why = "guessed from the bytes";
}
