/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/msg.h - message tables: what exists, in which direction, from which version on
 *
 * Each protocol has one generated table (for example hvp_vmbus_proto). It names every
 * message, its id, direction, gates and fields, and its codec, so that dispatchers, log
 * lines, decoders for people and fuzzers read the same facts. A driver that only calls
 * codecs by name does not link the tables.
 *
 * Thread rule: constants and pure functions.
 */
#ifndef HVPROTO_MSG_H
#define HVPROTO_MSG_H

#include <hvproto/rd.h>
#include <hvproto/status.h>
#include <hvproto/wr.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvp_guid - 16 bytes as they are on the wire
 * @b: data1 u32, data2 u16, data3 u16 little-endian, then data4 in text order
 */
struct hvp_guid {
	uint8_t b[16];
};

/**
 * struct hvp_neg - what two peers agreed on; codecs gate fields and messages by it
 * @version:  protocol version as the protocol writes it (VMBus: major << 16 | minor);
 *            0 before negotiation: only messages without a gate pass
 * @features: feature flags granted, 0 where a protocol has none
 */
struct hvp_neg {
	uint32_t version;
	uint32_t features;
};

enum hvp_direction {
	HVP_DIR_G2H = 1, /* guest to host */
	HVP_DIR_H2G = 2, /* host to guest */
	HVP_DIR_BOTH = 3,
};

enum hvp_field_type {
	HVP_FIELD_U8,
	HVP_FIELD_U16,
	HVP_FIELD_U32,
	HVP_FIELD_U64,
	HVP_FIELD_I32,
	HVP_FIELD_I64,
	HVP_FIELD_GUID,
	HVP_FIELD_BYTES, /* fixed number of bytes */
	HVP_FIELD_UTF16, /* fixed number of UTF-16LE code units, zero-terminated if shorter */
	HVP_FIELD_VIEW, /* struct hvp_rd over the message: rest, counted, window or chain */
	HVP_FIELD_PRESENT, /* bool has_<group>: an optional group; no bytes of its own */
};

/* enum hvp_field_flags - bits of hvp_field_desc.flags */
#define HVP_FIELD_RESERVED 0x01u /* not in the structure; written as 0 */
#define HVP_FIELD_OPTIONAL 0x02u /* belongs to the optional group that precedes it */
#define HVP_FIELD_HEX 0x04u /* flags, ids and addresses: people read them in hex */
#define HVP_FIELD_BITS 0x08u /* @values names bits, not whole values */
#define HVP_FIELD_BIG 0x10u /* on the wire, the most significant byte is first */

struct hvp_enum_value {
	uint64_t value;
	const char *name;
};

/**
 * struct hvp_field_desc - one field of a message or item
 * @name:          name in the structure and in the spec
 * @type:          enum hvp_field_type
 * @flags:         HVP_FIELD_*
 * @wire_offset:   bytes from the start of the message; of a window: 0 (it floats)
 * @wire_size:     bytes on the wire; of a view: size of one item
 * @struct_offset: bytes from the start of the structure
 * @bound:         allowed values, or NULL when every value is legal
 * @values:        names of values or bits, ended by a NULL name; NULL when there are none
 * @item:          fields of an item of a view, ended by a NULL name; NULL for raw bytes
 */
struct hvp_field_desc {
	const char *name;
	uint8_t type;
	uint8_t flags;
	uint16_t wire_offset;
	uint16_t wire_size;
	uint16_t struct_offset;
	const struct hvp_bound *bound;
	const struct hvp_enum_value *values;
	const struct hvp_field_desc *item;
};

/**
 * struct hvp_msg_desc - one message
 * @name:        "offer_channel"
 * @title:       "OFFER_CHANNEL" as the field writes it
 * @id:          value of the protocol's id field
 * @direction:   who sends it
 * @since:       first version that accepts it; 0: every version, also before negotiation
 * @features:    flags of which at least one must be granted; 0: none needed
 * @min_size:    smallest size in bytes in any version
 * @max_size:    largest size in bytes
 * @struct_size: sizeof the structure, for callers that allocate by table
 * @fields:      in wire order, ended by a NULL name
 * @decode:      the message's codec, @out and @in pointing to its structure
 * @encode:      likewise
 */
struct hvp_msg_desc {
	const char *name;
	const char *title;
	uint32_t id;
	uint32_t direction;
	uint32_t since;
	uint32_t features;
	uint16_t min_size;
	uint16_t max_size;
	uint16_t struct_size;
	const struct hvp_field_desc *fields;
	enum hvp_status (*decode)(struct hvp_rd *r, struct hvp_neg neg, void *out,
				  struct hvp_fault *fault);
	enum hvp_status (*encode)(struct hvp_wr *w, struct hvp_neg neg, const void *in,
				  struct hvp_fault *fault);
};

/**
 * struct hvp_proto_desc - one protocol
 * @name:      "vmbus"
 * @msgs:      by ascending id; messages with equal id differ in direction
 * @msg_count: entries of @msgs
 * @id_offset: of the id field from the start of a message, in bytes
 * @id_size:   of the id field: 1, 2 or 4 bytes
 */
struct hvp_proto_desc {
	const char *name;
	const struct hvp_msg_desc *msgs;
	uint16_t msg_count;
	uint16_t id_offset;
	uint16_t id_size;
};

/**
 * hvp_msg_find() - the message with an id, going one way
 * @proto:     table
 * @id:        value from the wire
 * @direction: HVP_DIR_G2H or HVP_DIR_H2G; HVP_DIR_BOTH: the first with that id
 *
 * Context: any. Return: the entry, or NULL: no such message, or of the other direction.
 */
const struct hvp_msg_desc *hvp_msg_find(const struct hvp_proto_desc *proto, uint32_t id,
					uint32_t direction);

/**
 * hvp_msg_by_name() - the message with a name
 * @proto: table
 * @name:  as in hvp_msg_desc.name, NUL-terminated
 *
 * Context: any. Return: the entry or NULL.
 */
const struct hvp_msg_desc *hvp_msg_by_name(const struct hvp_proto_desc *proto, const char *name);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_MSG_H */
