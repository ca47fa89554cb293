/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every codec of every protocol, picked by the tables.
 *
 * Input: [0] mode and protocol, [1] message id (or place in the table), [2] version,
 * [3] features, then the bytes.
 *
 * Decode mode takes the bytes as a message. What a decoder accepts, the encoder must accept, and
 * it must give back each field that is not reserved; decoding that again and encoding it once
 * more must change nothing. Encode mode takes the bytes as the structure that a caller hands to
 * an encoder: what it writes, the decoder must accept, and it must come to the same bytes.
 *
 * Must reach: hvp_vmbus_*_decode hvp_vmbus_*_encode hvp_ring_descriptor_* hvp_ring_gpa_direct_*
 * hvp_ring_gpa_range_* hvp_ring_t*_decode hvp_ring_t*_encode hvp_pipe_*_decode hvp_pipe_*_encode
 * hvp_nvsp_*_decode hvp_nvsp_*_encode hvp_rndis_*_decode hvp_rndis_*_encode hvp_rndis_ppi_next
 * hvp_ndis_*_decode hvp_ndis_*_encode
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/msg.h>
#include <hvproto/wire/ndis_table.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/pipe.h>
#include <hvproto/wire/pipe_table.h>
#include <hvproto/wire/ring_table.h>
#include <hvproto/wire/rndis.h>
#include <hvproto/wire/rndis_table.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#define HEAD 4u
#define MESSAGE_MAX 65536u
#define MODE_ENCODE 0x80u
#define MODE_H2G 0x40u
#define PROTOCOL_BITS 0x3fu

/* Pieces of messages have codecs too, but no place in a table: what they decode is checked by
 * the round trip alone. */
#define PIECE_THUNKS(piece) \
	static enum hvp_status decode_##piece(struct hvp_rd *r, struct hvp_neg neg, void *out, \
					      struct hvp_fault *fault) \
	{ \
		return hvp_##piece##_decode(r, neg, out, fault); \
	} \
	static enum hvp_status encode_##piece(struct hvp_wr *w, struct hvp_neg neg, \
					      const void *in, struct hvp_fault *fault) \
	{ \
		return hvp_##piece##_encode(w, neg, in, fault); \
	}
#define PIECE_OF(piece, most, list) \
	{ \
		.name = #piece, .direction = HVP_DIR_BOTH, .max_size = (most), \
		.struct_size = sizeof(struct hvp_##piece), .fields = (list), \
		.decode = decode_##piece, .encode = encode_##piece, \
	}
#define PIECE(piece, most) PIECE_OF(piece, most, no_fields)

PIECE_THUNKS(vmbus_user_defined_ide)
PIECE_THUNKS(vmbus_user_defined_pipe)
PIECE_THUNKS(vmbus_user_defined_hvsock)
PIECE_THUNKS(pipe_header)
PIECE_THUNKS(nvsp_pd_allocate_common_buffer)
PIECE_THUNKS(nvsp_pd_buffer)
PIECE_THUNKS(nvsp_pd_common_buffer)
PIECE_THUNKS(nvsp_pd_configuration)
PIECE_THUNKS(nvsp_pd_configuration_complete)
PIECE_THUNKS(nvsp_pd_create_queue)
PIECE_THUNKS(nvsp_pd_create_queue_complete)
PIECE_THUNKS(nvsp_pd_free_common_buffer)
PIECE_THUNKS(nvsp_pd_open_provider)
PIECE_THUNKS(nvsp_pd_provider)
PIECE_THUNKS(nvsp_pd_queue)
PIECE_THUNKS(nvsp_pd_switch_datapath)
PIECE_THUNKS(nvsp_receive_section)
PIECE_THUNKS(nvsp_vmq_range)
PIECE_THUNKS(rndis_diagnostic)
PIECE_THUNKS(rndis_message)
PIECE_THUNKS(rndis_packet_head)
PIECE_THUNKS(rndis_ppi)
PIECE_THUNKS(rndis_ppi_packet_id)
PIECE_THUNKS(rndis_ppi_word)

static const struct hvp_field_desc no_fields[1];
static const struct hvp_field_desc ppi_fields[] = {
	{ .name = "payload",
	  .type = HVP_FIELD_VIEW,
	  .struct_offset = offsetof(struct hvp_rndis_ppi, payload) },
	{ .name = NULL },
};
static const struct hvp_msg_desc pieces[] = {
	PIECE(vmbus_user_defined_ide, 120),
	PIECE(vmbus_user_defined_pipe, 120),
	PIECE(vmbus_user_defined_hvsock, 120),
	PIECE(pipe_header, 120),
	PIECE(nvsp_pd_allocate_common_buffer, HVP_NVSP_PD_ALLOCATE_COMMON_BUFFER_MAX_SIZE),
	PIECE(nvsp_pd_buffer, HVP_NVSP_PD_BUFFER_MAX_SIZE),
	PIECE(nvsp_pd_common_buffer, HVP_NVSP_PD_COMMON_BUFFER_MAX_SIZE),
	PIECE(nvsp_pd_configuration, HVP_NVSP_PD_CONFIGURATION_MAX_SIZE),
	PIECE(nvsp_pd_configuration_complete, HVP_NVSP_PD_CONFIGURATION_COMPLETE_MAX_SIZE),
	PIECE(nvsp_pd_create_queue, HVP_NVSP_PD_CREATE_QUEUE_MAX_SIZE),
	PIECE(nvsp_pd_create_queue_complete, HVP_NVSP_PD_CREATE_QUEUE_COMPLETE_MAX_SIZE),
	PIECE(nvsp_pd_free_common_buffer, HVP_NVSP_PD_FREE_COMMON_BUFFER_MAX_SIZE),
	PIECE(nvsp_pd_open_provider, HVP_NVSP_PD_OPEN_PROVIDER_MAX_SIZE),
	PIECE(nvsp_pd_provider, HVP_NVSP_PD_PROVIDER_MAX_SIZE),
	PIECE(nvsp_pd_queue, HVP_NVSP_PD_QUEUE_MAX_SIZE),
	PIECE(nvsp_pd_switch_datapath, HVP_NVSP_PD_SWITCH_DATAPATH_MAX_SIZE),
	PIECE(nvsp_receive_section, HVP_NVSP_RECEIVE_SECTION_MAX_SIZE),
	PIECE(nvsp_vmq_range, HVP_NVSP_VMQ_RANGE_MAX_SIZE),
	PIECE(rndis_diagnostic, HVP_RNDIS_DIAGNOSTIC_MAX_SIZE),
	PIECE(rndis_message, HVP_RNDIS_MESSAGE_MAX_SIZE),
	PIECE(rndis_packet_head, HVP_RNDIS_PACKET_HEAD_MAX_SIZE),
	PIECE_OF(rndis_ppi, HVP_RNDIS_PPI_MAX_SIZE, ppi_fields),
	PIECE(rndis_ppi_packet_id, HVP_RNDIS_PPI_PACKET_ID_MAX_SIZE),
	PIECE(rndis_ppi_word, HVP_RNDIS_PPI_WORD_MAX_SIZE),
};
static const struct hvp_proto_desc pieces_proto = {
	.name = "pieces",
	.msgs = pieces,
	.msg_count = sizeof(pieces) / sizeof(pieces[0]),
};

static const struct hvp_proto_desc *const protocols[] = {
	&hvp_vmbus_proto, &hvp_ring_proto,  &hvp_pipe_proto, &pieces_proto,
	&hvp_nvsp_proto,  &hvp_rndis_proto, &hvp_ndis_proto,
};

/* The time before there is one, all of VMBus, one nobody has, and those of NVSP below VMBus 5.3. */
static const uint32_t versions[] = {
	0,
	HVP_VMBUS_VERSION_0_13,
	HVP_VMBUS_VERSION_1_1,
	HVP_VMBUS_VERSION_2_4,
	HVP_VMBUS_VERSION_3_0,
	HVP_VMBUS_VERSION_4_0,
	HVP_VMBUS_VERSION_4_1,
	HVP_VMBUS_VERSION_5_0,
	HVP_VMBUS_VERSION_5_1,
	HVP_VMBUS_VERSION_5_2,
	HVP_VMBUS_VERSION_5_3,
	HVP_VMBUS_VERSION_6_0,
	0x00070000,
	HVP_NVSP_VERSION_1,
	HVP_NVSP_VERSION_2,
	HVP_NVSP_VERSION_4,
	HVP_NVSP_VERSION_5,
	HVP_NVSP_VERSION_6_1,
};
static const uint32_t features[] = { 0, 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0xffffffff };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const struct hvp_msg_desc *msg, const char *what, const struct hvp_fault *fault)
{
	fprintf(stderr, "%s: %s", msg->name, what);
	if (fault)
		fprintf(stderr, " (%s: %s at %u)", hvp_status_name(fault->status),
			fault->field ? fault->field : "?", fault->offset);
	fprintf(stderr, "\n");
	abort();
}

static void *zeroed(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (!p)
		abort();
	return p;
}

static void put_id(const struct hvp_proto_desc *proto, uint32_t id, uint8_t *bytes, size_t size)
{
	uint16_t i;

	for (i = 0; i < proto->id_size && (size_t)proto->id_offset + i < size; i++)
		bytes[proto->id_offset + i] = (uint8_t)(id >> 8 * i);
}

/* Fields that were there in the bytes taken must be the same in the bytes given back. */
static void same_fields(const struct hvp_msg_desc *msg, const uint8_t *structure,
			const uint8_t *taken, const uint8_t *given, size_t size)
{
	const struct hvp_field_desc *f;
	bool present = true;

	for (f = msg->fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT)
			memcpy(&present, structure + f->struct_offset, sizeof(present));
		if (f->type == HVP_FIELD_PRESENT || f->type == HVP_FIELD_VIEW ||
		    f->flags & HVP_FIELD_RESERVED)
			continue;
		if (f->flags & HVP_FIELD_OPTIONAL && !present)
			continue;
		if ((size_t)f->wire_offset + f->wire_size > size)
			continue;
		if (memcmp(taken + f->wire_offset, given + f->wire_offset, f->wire_size) != 0)
			fail(msg, f->name, NULL);
	}
}

/* A window lies where its offset says, so it may lie behind other bytes, or over the fixed part:
 * that can be read, and no encoder writes it. */
static bool is_window(const struct hvp_field_desc *f)
{
	return f->type == HVP_FIELD_VIEW && f->wire_offset == 0;
}

static bool has_window(const struct hvp_msg_desc *msg)
{
	const struct hvp_field_desc *f;

	for (f = msg->fields; f->name; f++)
		if (is_window(f))
			return true;
	return false;
}

/* The offset of an empty window is the caller's. A decoder refuses one behind the message's end,
 * and a window that reaches to the end is not empty any more if it begins in the fixed part. */
static bool has_empty_window(const struct hvp_msg_desc *msg, const uint8_t *structure)
{
	const struct hvp_field_desc *f;
	struct hvp_rd view;

	for (f = msg->fields; f->name; f++) {
		if (!is_window(f))
			continue;
		memcpy(&view, structure + f->struct_offset, sizeof(view));
		if (hvp_rd_left(&view) == 0)
			return true;
	}
	return false;
}

/* A packet's list of information about itself: each item is inside, and each step goes on. */
static void walk_ppis(const struct hvp_msg_desc *msg, struct hvp_neg neg, const uint8_t *structure)
{
	struct hvp_rndis_packet packet;
	struct hvp_rndis_ppi ppi;
	struct hvp_rd list;
	size_t left;

	memcpy(&packet, structure, sizeof(packet));
	list = packet.ppis;
	while ((left = hvp_rd_left(&list)) > 0 &&
	       hvp_rndis_ppi_next(&list, neg, &ppi, NULL) == HVP_OK) {
		if (hvp_rd_left(&list) >= left || ppi.size > left || ppi.payload.len > ppi.size)
			fail(msg, "ppis", NULL);
	}
}

static bool is_packet(const struct hvp_msg_desc *msg)
{
	return msg == hvp_msg_find(&hvp_rndis_proto, HVP_RNDIS_PACKET, HVP_DIR_G2H);
}

/* Decode @bytes, which an encoder wrote of @source, and encode the result: the same bytes again. */
static void again(const struct hvp_msg_desc *msg, struct hvp_neg neg, const uint8_t *source,
		  const uint8_t *bytes, size_t size)
{
	uint8_t *structure = zeroed(msg->struct_size);
	uint8_t *third = zeroed(size);
	struct hvp_rd r = hvp_rd_init(bytes, size);
	struct hvp_wr w = hvp_wr_init(third, size);
	bool loose = has_empty_window(msg, source);
	enum hvp_status status;
	struct hvp_fault fault;

	status = msg->decode(&r, neg, structure, &fault);
	if (status != HVP_OK && !(status == HVP_RANGE && loose))
		fail(msg, "refused what its own encoder wrote", &fault);
	if (status == HVP_OK)
		status = msg->encode(&w, neg, structure, &fault);
	if (status != HVP_OK && !loose)
		fail(msg, "cannot be encoded again", &fault);
	if (status == HVP_OK && (w.off != size || (size > 0 && memcmp(bytes, third, size) != 0)))
		fail(msg, "changes on its second way", NULL);
	free(third);
	free(structure);
}

static void decode_first(const struct hvp_msg_desc *msg, struct hvp_neg neg, const uint8_t *bytes,
			 size_t size)
{
	uint8_t *structure = zeroed(msg->struct_size);
	uint8_t *second = zeroed(size);
	struct hvp_rd r = hvp_rd_init(bytes, size);
	struct hvp_wr w = hvp_wr_init(second, size);
	bool window = has_window(msg);
	enum hvp_status status;
	struct hvp_fault fault;

	if (msg->decode(&r, neg, structure, &fault) == HVP_OK) {
		if (is_packet(msg))
			walk_ppis(msg, neg, structure);
		status = msg->encode(&w, neg, structure, &fault);
		if (status != HVP_OK && !(window && status == HVP_ARG))
			fail(msg, "decoded, but cannot be encoded", &fault);
		if (status == HVP_OK && (w.off < r.off || (w.off > r.off && !window)))
			fail(msg, "is of another size when encoded", NULL);
		same_fields(msg, structure, bytes, second, w.off);
		if (status == HVP_OK)
			again(msg, neg, structure, second, w.off);
	}
	free(second);
	free(structure);
}

/* A structure as a caller may fill it: any value, but truth values and views that are valid. */
static void encode_first(const struct hvp_msg_desc *msg, struct hvp_neg neg, const uint8_t *bytes,
			 size_t size)
{
	uint8_t *structure = zeroed(msg->struct_size);
	uint8_t *out = zeroed(msg->max_size);
	size_t body = size < msg->struct_size ? size : msg->struct_size;
	struct hvp_rd rest = hvp_rd_init(bytes + body, size - body);
	struct hvp_wr w = hvp_wr_init(out, msg->max_size);
	const struct hvp_field_desc *f;
	struct hvp_fault fault;
	uint8_t truth;

	memcpy(structure, bytes, body);
	for (f = msg->fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT) {
			truth = structure[f->struct_offset] & 1u;
			memset(structure + f->struct_offset, 0, sizeof(bool));
			memcpy(structure + f->struct_offset, &truth, 1);
		} else if (f->type == HVP_FIELD_VIEW) {
			memcpy(structure + f->struct_offset, &rest, sizeof(rest));
		}
	}
	if (msg->encode(&w, neg, structure, &fault) == HVP_OK)
		again(msg, neg, structure, out, w.off);
	free(out);
	free(structure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hvp_proto_desc *proto;
	const struct hvp_msg_desc *msg;
	struct hvp_neg neg;
	uint8_t *bytes;

	if (size < HEAD || size - HEAD > MESSAGE_MAX)
		return 0;
	proto = protocols[(data[0] & PROTOCOL_BITS) % COUNT(protocols)];
	msg = hvp_msg_find(proto, data[1], data[0] & MODE_H2G ? HVP_DIR_H2G : HVP_DIR_G2H);
	if (!msg)
		msg = &proto->msgs[data[1] % proto->msg_count];
	neg.version = versions[data[2] % COUNT(versions)];
	neg.features = features[data[3] % COUNT(features)];
	bytes = zeroed(size - HEAD);
	memcpy(bytes, data + HEAD, size - HEAD);
	if (data[0] & MODE_ENCODE) {
		encode_first(msg, neg, bytes, size - HEAD);
	} else {
		put_id(proto, msg->id, bytes, size - HEAD);
		decode_first(msg, neg, bytes, size - HEAD);
	}
	free(bytes);
	return 0;
}
