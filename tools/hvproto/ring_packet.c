/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring packets as messages: descriptor, extra header, payload, without the trailer. The spec
 * describes the parts as records; which of them make a packet depends on its type, and is
 * told here in the form of a message table. Its codecs call those of the records.
 */
#include "ring_packet.h"

#include <hvproto/wire/ring.h>

#include <stddef.h>
#include <string.h>

struct packet {
	uint16_t data_offset8;
	uint16_t length8;
	uint16_t flags;
	uint16_t transfer_page_set_id;
	uint64_t transaction_id;
	uint32_t range_count;
	bool has_extra;
	struct hvp_rd ranges;
	struct hvp_rd extra; /* of the extra header: what the type does not account for */
	struct hvp_rd payload;
};

#define DESCRIPTOR_SIZE HVP_RING_DESCRIPTOR_MIN_SIZE
#define EXTRA_HEAD 8u /* before the ranges */

static const struct hvp_enum_value flag_values[] = {
	{ HVP_RING_FLAG_COMPLETION_REQUESTED, "completion_requested" },
	{ 0, NULL },
};

static const struct hvp_field_desc transfer_range_fields[] = {
	{ "byte_count", HVP_FIELD_U32, 0, 0, 4, 0, NULL, NULL, NULL },
	{ "byte_offset", HVP_FIELD_U32, 0, 4, 4, 0, NULL, NULL, NULL },
	{ NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL },
};

/* The page numbers make the item as long as the pages that the range touches. */
static const struct hvp_field_desc gpa_range_fields[] = {
	{ "byte_count", HVP_FIELD_U32, 0, 0, 4, 0, NULL, NULL, NULL },
	{ "byte_offset", HVP_FIELD_U32, HVP_FIELD_HEX, 4, 4, 0, NULL, NULL, NULL },
	{ "pfns", HVP_FIELD_VIEW, 0, 8, 8, 0, NULL, NULL, NULL },
	{ NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL },
};

#define DESCRIPTOR_FIELDS \
	{ "packet_type", HVP_FIELD_U16, HVP_FIELD_RESERVED, 0, 2, 0, NULL, NULL, NULL }, \
		{ "data_offset8", HVP_FIELD_U16, 0,   2, 2, offsetof(struct packet, data_offset8), \
		  NULL,		  NULL,		 NULL }, \
		{ "length8", HVP_FIELD_U16, 0,	 4, 2, offsetof(struct packet, length8), \
		  NULL,	     NULL,	    NULL }, \
		{ "flags", \
		  HVP_FIELD_U16, \
		  HVP_FIELD_HEX | HVP_FIELD_BITS, \
		  6, \
		  2, \
		  offsetof(struct packet, flags), \
		  NULL, \
		  flag_values, \
		  NULL }, \
	{ \
		"transaction_id", HVP_FIELD_U64, HVP_FIELD_HEX, 8, 8, \
			offsetof(struct packet, transaction_id), NULL, NULL, NULL \
	}

#define TAIL_FIELDS \
	{ "has_extra", HVP_FIELD_PRESENT, 0, 0, 0, offsetof(struct packet, has_extra), NULL, NULL, \
	  NULL }, \
		{ "extra", \
		  HVP_FIELD_VIEW, \
		  HVP_FIELD_OPTIONAL, \
		  0, \
		  1, \
		  offsetof(struct packet, extra), \
		  NULL, \
		  NULL, \
		  NULL }, \
		{ "payload", HVP_FIELD_VIEW, 0,	  0, 1, offsetof(struct packet, payload), \
		  NULL,	     NULL,	     NULL }, \
	{ \
		NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL \
	}

static const struct hvp_field_desc plain_fields[] = {
	DESCRIPTOR_FIELDS,
	TAIL_FIELDS,
};

static const struct hvp_field_desc transfer_pages_fields[] = {
	DESCRIPTOR_FIELDS,
	{ "transfer_page_set_id", HVP_FIELD_U16, HVP_FIELD_HEX, 16, 2,
	  offsetof(struct packet, transfer_page_set_id), NULL, NULL, NULL },
	{ "reserved", HVP_FIELD_U16, HVP_FIELD_RESERVED, 18, 2, 0, NULL, NULL, NULL },
	{ "range_count", HVP_FIELD_U32, 0, 20, 4, offsetof(struct packet, range_count), NULL, NULL,
	  NULL },
	{ "ranges", HVP_FIELD_VIEW, 0, 24, 8, offsetof(struct packet, ranges), NULL, NULL,
	  transfer_range_fields },
	TAIL_FIELDS,
};

static const struct hvp_field_desc gpa_direct_fields[] = {
	DESCRIPTOR_FIELDS,
	{ "reserved", HVP_FIELD_U32, HVP_FIELD_RESERVED, 16, 4, 0, NULL, NULL, NULL },
	{ "range_count", HVP_FIELD_U32, 0, 20, 4, offsetof(struct packet, range_count), NULL, NULL,
	  NULL },
	{ "ranges", HVP_FIELD_VIEW, 0, 24, 8, offsetof(struct packet, ranges), NULL, NULL,
	  gpa_range_fields },
	TAIL_FIELDS,
};

/* A fault that a record's codec found, counted from the start of the packet. */
static enum hvp_status in_packet(enum hvp_status status, struct hvp_fault *fault, size_t at)
{
	if (status != HVP_OK && fault)
		fault->offset += (uint32_t)at;
	return status;
}

static enum hvp_status gpa_range(struct hvp_rd *extra, struct hvp_neg neg, struct hvp_fault *fault)
{
	size_t at = DESCRIPTOR_SIZE + extra->off;
	struct hvp_ring_gpa_range range;
	enum hvp_status status;
	struct hvp_rd pfns;
	uint64_t pages;

	status = hvp_ring_gpa_range_decode(extra, neg, &range, fault);
	if (status != HVP_OK)
		return in_packet(status, fault, at);
	pages = ((uint64_t)range.byte_offset + range.byte_count + 4095) / 4096;
	if (pages > hvp_rd_left(extra) / 8 || !hvp_rd_sub(extra, (size_t)pages * 8, &pfns))
		return hvp_fault_size(fault, HVP_SHORT, "ring.gpa_range",
				      DESCRIPTOR_SIZE + extra->len,
				      at + HVP_RING_GPA_RANGE_MIN_SIZE + (size_t)pages * 8);
	return HVP_OK;
}

static enum hvp_status gpa_ranges(struct hvp_rd *extra, struct hvp_neg neg, struct packet *out,
				  struct hvp_fault *fault)
{
	struct hvp_ring_gpa_direct head;
	enum hvp_status status;
	size_t start;
	uint32_t i;

	status = in_packet(hvp_ring_gpa_direct_decode(extra, neg, &head, fault), fault,
			   DESCRIPTOR_SIZE);
	start = extra->off;
	for (i = 0; status == HVP_OK && i < head.range_count; i++)
		status = gpa_range(extra, neg, fault);
	if (status != HVP_OK)
		return status;
	out->range_count = head.range_count;
	out->ranges = hvp_rd_init(extra->p + start, extra->off - start);
	return HVP_OK;
}

static enum hvp_status transfer_ranges(struct hvp_rd *extra, struct hvp_neg neg, struct packet *out,
				       struct hvp_fault *fault)
{
	struct hvp_ring_transfer_pages head;
	enum hvp_status status;

	status = in_packet(hvp_ring_transfer_pages_decode(extra, neg, &head, fault), fault,
			   DESCRIPTOR_SIZE);
	if (status != HVP_OK)
		return status;
	out->transfer_page_set_id = head.transfer_page_set_id;
	out->range_count = head.range_count;
	if (head.range_count > hvp_rd_left(extra) / 8 ||
	    !hvp_rd_sub(extra, (size_t)head.range_count * 8, &out->ranges))
		return hvp_fault_size(fault, HVP_SHORT, "ring.transfer_pages",
				      DESCRIPTOR_SIZE + extra->len,
				      DESCRIPTOR_SIZE + EXTRA_HEAD + (size_t)head.range_count * 8);
	return HVP_OK;
}

static enum hvp_status read_extra(struct hvp_rd *extra, struct hvp_neg neg, uint32_t type,
				  struct packet *out, struct hvp_fault *fault)
{
	enum hvp_status status = HVP_OK;

	if (type == HVP_RING_PACKET_DATA_USING_GPA_DIRECT)
		status = gpa_ranges(extra, neg, out, fault);
	else if (type == HVP_RING_PACKET_DATA_USING_TRANSFER_PAGES)
		status = transfer_ranges(extra, neg, out, fault);
	if (status != HVP_OK)
		return status;
	out->has_extra = hvp_rd_left(extra) > 0;
	(void)hvp_rd_sub(extra, hvp_rd_left(extra), &out->extra);
	return HVP_OK;
}

static enum hvp_status decode_packet(struct hvp_rd *r, struct hvp_neg neg, uint32_t type,
				     struct packet *out, struct hvp_fault *fault)
{
	struct hvp_ring_descriptor d;
	enum hvp_status status;
	struct hvp_rd extra;
	size_t have = hvp_rd_left(r);
	size_t offset;
	size_t length;

	status = hvp_ring_descriptor_decode(r, neg, &d, fault);
	if (status != HVP_OK)
		return status;
	offset = d.data_offset8 * (size_t)8;
	length = d.length8 * (size_t)8;
	memset(out, 0, sizeof(*out));
	if (!hvp_rd_sub(r, offset - DESCRIPTOR_SIZE, &extra) ||
	    !hvp_rd_sub(r, length - offset, &out->payload))
		return hvp_fault_size(fault, HVP_SHORT, "ring.descriptor", have, length);
	out->data_offset8 = d.data_offset8;
	out->length8 = d.length8;
	out->flags = d.flags;
	out->transaction_id = d.transaction_id;
	return read_extra(&extra, neg, type, out, fault);
}

static bool put(struct hvp_wr *w, const struct hvp_rd *bytes, size_t padded)
{
	uint8_t *p = padded > 0 ? hvp_wr_take(w, padded) : NULL;

	if (p && bytes->len > 0)
		memcpy(p, bytes->p, bytes->len);
	return p || padded == 0;
}

static bool has_ranges(uint32_t type)
{
	return type == HVP_RING_PACKET_DATA_USING_GPA_DIRECT ||
	       type == HVP_RING_PACKET_DATA_USING_TRANSFER_PAGES;
}

static enum hvp_status write_extra(struct hvp_wr *w, struct hvp_neg neg, uint32_t type,
				   const struct packet *in, struct hvp_fault *fault)
{
	struct hvp_ring_transfer_pages pages = { in->transfer_page_set_id, in->range_count };
	struct hvp_ring_gpa_direct gpa = { in->range_count };
	enum hvp_status status = HVP_OK;

	if (type == HVP_RING_PACKET_DATA_USING_GPA_DIRECT)
		status = hvp_ring_gpa_direct_encode(w, neg, &gpa, fault);
	else if (type == HVP_RING_PACKET_DATA_USING_TRANSFER_PAGES)
		status = hvp_ring_transfer_pages_encode(w, neg, &pages, fault);
	if (status != HVP_OK)
		return status;
	if (!put(w, &in->ranges, in->ranges.len) || !put(w, &in->extra, in->extra.len))
		return hvp_fault_size(fault, HVP_NOSPACE, "ring.descriptor", w->cap, w->cap + 1);
	return HVP_OK;
}

/* Offset and length follow from the parts: 0 leaves them to us, another value must be right. */
static enum hvp_status counted(uint16_t *value, size_t bytes, const char *field, uint32_t at,
			       struct hvp_fault *fault)
{
	struct hvp_bound bound = { "ring.descriptor", field, at, bytes / 8, bytes / 8 };

	if (bytes % 8 != 0 || bytes / 8 > UINT16_MAX) {
		bound.high = UINT16_MAX;
		return hvp_fault_at(fault, HVP_ARG, &bound, bytes / 8 + (bytes % 8 != 0));
	}
	if (*value != 0 && *value != bytes / 8)
		return hvp_fault_at(fault, HVP_ARG, &bound, *value);
	*value = (uint16_t)(bytes / 8);
	return HVP_OK;
}

static enum hvp_status encode_packet(struct hvp_wr *w, struct hvp_neg neg, uint32_t type,
				     const struct packet *in, struct hvp_fault *fault)
{
	size_t offset = DESCRIPTOR_SIZE + (has_ranges(type) ? EXTRA_HEAD : 0) + in->ranges.len +
			in->extra.len;
	size_t padded = (in->payload.len + 7) / 8 * 8;
	struct hvp_ring_descriptor d = { (uint16_t)type, in->data_offset8, in->length8, in->flags,
					 in->transaction_id };
	enum hvp_status status;

	status = counted(&d.data_offset8, offset, "data_offset8", 2, fault);
	if (status == HVP_OK)
		status = counted(&d.length8, offset + padded, "length8", 4, fault);
	if (status == HVP_OK)
		status = hvp_ring_descriptor_encode(w, neg, &d, fault);
	if (status == HVP_OK)
		status = write_extra(w, neg, type, in, fault);
	if (status == HVP_OK && !put(w, &in->payload, padded))
		status = hvp_fault_size(fault, HVP_NOSPACE, "ring.descriptor", w->cap, w->cap + 1);
	return status;
}

#define CODEC(name, type) \
	static enum hvp_status decode_##name(struct hvp_rd *r, struct hvp_neg neg, void *out, \
					     struct hvp_fault *fault) \
	{ \
		return decode_packet(r, neg, type, out, fault); \
	} \
	static enum hvp_status encode_##name(struct hvp_wr *w, struct hvp_neg neg, const void *in, \
					     struct hvp_fault *fault) \
	{ \
		return encode_packet(w, neg, type, in, fault); \
	}

CODEC(in_band, HVP_RING_PACKET_DATA_IN_BAND)
CODEC(transfer_pages, HVP_RING_PACKET_DATA_USING_TRANSFER_PAGES)
CODEC(gpa_direct, HVP_RING_PACKET_DATA_USING_GPA_DIRECT)
CODEC(completion, HVP_RING_PACKET_COMPLETION)

#define PACKET(name, title, type, direction, size, fields, codec) \
	{ \
		name, title, type, direction, 0, 0, size, UINT16_MAX, sizeof(struct packet), \
			fields, decode_##codec, encode_##codec \
	}

static const struct hvp_msg_desc packets[] = {
	PACKET("data_in_band", "DATA_IN_BAND", HVP_RING_PACKET_DATA_IN_BAND, HVP_DIR_BOTH, 16,
	       plain_fields, in_band),
	PACKET("data_using_transfer_pages", "DATA_USING_TRANSFER_PAGES",
	       HVP_RING_PACKET_DATA_USING_TRANSFER_PAGES, HVP_DIR_H2G, 24, transfer_pages_fields,
	       transfer_pages),
	PACKET("data_using_gpa_direct", "DATA_USING_GPA_DIRECT",
	       HVP_RING_PACKET_DATA_USING_GPA_DIRECT, HVP_DIR_G2H, 24, gpa_direct_fields,
	       gpa_direct),
	PACKET("completion", "COMPLETION", HVP_RING_PACKET_COMPLETION, HVP_DIR_BOTH, 16,
	       plain_fields, completion),
};

const struct hvp_proto_desc cli_ring_packets = {
	.name = "ring",
	.msgs = packets,
	.msg_count = sizeof(packets) / sizeof(packets[0]),
	.id_offset = 0,
	.id_size = 2,
};
