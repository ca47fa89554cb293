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
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/msg.h>
#include <hvproto/wire/pipe.h>
#include <hvproto/wire/pipe_table.h>
#include <hvproto/wire/ring_table.h>
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
#define PIECE(piece) \
	{ \
		.name = #piece, .direction = HVP_DIR_BOTH, .max_size = 120, \
		.struct_size = sizeof(struct hvp_##piece), .fields = no_fields, \
		.decode = decode_##piece, .encode = encode_##piece, \
	}

PIECE_THUNKS(vmbus_user_defined_ide)
PIECE_THUNKS(vmbus_user_defined_pipe)
PIECE_THUNKS(vmbus_user_defined_hvsock)
PIECE_THUNKS(pipe_header)

static const struct hvp_field_desc no_fields[1];
static const struct hvp_msg_desc pieces[] = {
	PIECE(vmbus_user_defined_ide),
	PIECE(vmbus_user_defined_pipe),
	PIECE(vmbus_user_defined_hvsock),
	PIECE(pipe_header),
};
static const struct hvp_proto_desc pieces_proto = {
	.name = "pieces",
	.msgs = pieces,
	.msg_count = sizeof(pieces) / sizeof(pieces[0]),
};

static const struct hvp_proto_desc *const protocols[] = {
	&hvp_vmbus_proto,
	&hvp_ring_proto,
	&hvp_pipe_proto,
	&pieces_proto,
};

/* The time before there is one, all VMBus versions, and one nobody has. */
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

/* Decode @bytes, which an encoder wrote, and encode the result: the same bytes again. */
static void again(const struct hvp_msg_desc *msg, struct hvp_neg neg, const uint8_t *bytes,
		  size_t size)
{
	uint8_t *structure = zeroed(msg->struct_size);
	uint8_t *third = zeroed(size);
	struct hvp_rd r = hvp_rd_init(bytes, size);
	struct hvp_wr w = hvp_wr_init(third, size);
	struct hvp_fault fault;

	if (msg->decode(&r, neg, structure, &fault) != HVP_OK)
		fail(msg, "refused what its own encoder wrote", &fault);
	if (msg->encode(&w, neg, structure, &fault) != HVP_OK)
		fail(msg, "cannot be encoded again", &fault);
	if (w.off != size || (size > 0 && memcmp(bytes, third, size) != 0))
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
	struct hvp_fault fault;

	if (msg->decode(&r, neg, structure, &fault) == HVP_OK) {
		if (msg->encode(&w, neg, structure, &fault) != HVP_OK)
			fail(msg, "decoded, but cannot be encoded", &fault);
		if (w.off != r.off)
			fail(msg, "is of another size when encoded", NULL);
		same_fields(msg, structure, bytes, second, w.off);
		again(msg, neg, second, w.off);
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
		again(msg, neg, out, w.off);
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
