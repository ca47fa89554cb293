/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding by table, and reading fields out of structures that only the table describes. */
#include "cli.h"

#include <hvproto/be.h>

#include <stdlib.h>
#include <string.h>

/* Windows lie behind the fixed part, where the cursor does not go. */
static size_t end_of_views(const struct cli_item *item, const struct cli_decoded *d, size_t end)
{
	const struct hvp_field_desc *f;
	struct hvp_rd view;

	for (f = d->msg->fields; f->name; f++) {
		if (f->type != HVP_FIELD_VIEW || f->wire_offset > 0)
			continue;
		memcpy(&view, (const uint8_t *)d->value + f->struct_offset, sizeof(view));
		if (view.len > 0 && (size_t)(view.p - item->data) + view.len > end)
			end = (size_t)(view.p - item->data) + view.len;
	}
	return end;
}

static bool attempt(const struct cli_item *item, struct hvp_neg neg, struct cli_decoded *d,
		    enum hvp_status *status, struct hvp_fault *fault)
{
	struct hvp_rd r = hvp_rd_init(item->data, item->size);

	memset(d->value, 0, d->msg->struct_size);
	d->neg = neg;
	*status = d->msg->decode(&r, neg, d->value, fault);
	d->used = *status == HVP_OK ? end_of_views(item, d, r.off) : r.off;
	return *status == HVP_OK && d->used == item->size;
}

/*
 * Which layout a message has may depend on what was negotiated, and a file does not tell that.
 * So what was not given is tried: without feature flags first, then with all; the layout that
 * takes every byte wins, else the first that decodes.
 */
static enum hvp_status decode_negotiated(const struct cli_item *item, struct cli_decoded *d,
					 struct hvp_fault *fault)
{
	struct hvp_neg neg = item->hint.neg;
	struct hvp_fault first_fault = { 0 };
	enum hvp_status first;
	enum hvp_status status;

	if (!item->hint.version_given)
		neg.version = cli_version_latest(item->hint.proto);
	if (attempt(item, neg, d, &first, &first_fault) || item->hint.features_given) {
		*fault = first_fault;
		return first;
	}
	neg.features = CLI_FEATURES_ALL;
	if (attempt(item, neg, d, &status, fault) || (first != HVP_OK && status == HVP_OK))
		return status;
	neg.features = item->hint.neg.features;
	(void)attempt(item, neg, d, &first, fault);
	return first;
}

static enum hvp_status unknown_message(const struct cli_item *item, struct hvp_fault *fault)
{
	const struct hvp_proto_desc *proto = item->hint.proto;
	struct hvp_bound bound = { proto->name, "id", proto->id_offset, 0, 0 };
	uint32_t id;

	if (!cli_message_id(proto, item->data, item->size, &id))
		return hvp_fault_size(fault, HVP_SHORT, proto->name, item->size,
				      (size_t)proto->id_offset + proto->id_size);
	bound.low = proto->msgs[0].id;
	bound.high = proto->msgs[proto->msg_count - 1].id;
	if (hvp_msg_find(proto, id, HVP_DIR_BOTH))
		bound.field = "id (of the other direction)";
	return hvp_fault_at(fault, HVP_VALUE, &bound, id);
}

enum hvp_status cli_decode(const struct cli_item *item, struct cli_decoded *out,
			   struct hvp_fault *fault)
{
	memset(out, 0, sizeof(*out));
	memset(fault, 0, sizeof(*fault));
	out->msg = item->hint.msg;
	if (!out->msg)
		out->msg = cli_message_of(item->hint.proto, item->data, item->size,
					  item->hint.direction);
	if (!out->msg)
		return unknown_message(item, fault);
	out->value = cli_alloc(1, out->msg->struct_size);
	return decode_negotiated(item, out, fault);
}

bool cli_field_is_number(const struct hvp_field_desc *f)
{
	return f->type <= HVP_FIELD_I64;
}

/* Signed fields come sign-extended. */
uint64_t cli_field_number(const struct hvp_field_desc *f, const void *value)
{
	const uint8_t *p = (const uint8_t *)value + f->struct_offset;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int32_t i32;

	switch (f->type) {
	case HVP_FIELD_U8:
		return *p;
	case HVP_FIELD_U16:
		memcpy(&u16, p, sizeof(u16));
		return u16;
	case HVP_FIELD_U32:
		memcpy(&u32, p, sizeof(u32));
		return u32;
	case HVP_FIELD_I32:
		memcpy(&i32, p, sizeof(i32));
		return (uint64_t)(int64_t)i32;
	case HVP_FIELD_U64:
	case HVP_FIELD_I64:
		memcpy(&u64, p, sizeof(u64));
		return u64;
	default:
		return 0;
	}
}

/* The same of a field that is still on the wire, at the start of an item of a view. */
uint64_t cli_wire_number(const struct hvp_field_desc *f, const uint8_t *item)
{
	const uint8_t *p = item + f->wire_offset;
	bool big = f->flags & HVP_FIELD_BIG;

	switch (f->type) {
	case HVP_FIELD_U8:
		return hvp_get_u8(p);
	case HVP_FIELD_U16:
		return big ? hvp_get_be16(p) : hvp_get_u16(p);
	case HVP_FIELD_U32:
		return big ? hvp_get_be32(p) : hvp_get_u32(p);
	case HVP_FIELD_I32:
		return (uint64_t)(int64_t)(int32_t)hvp_get_u32(p);
	default:
		return big ? hvp_get_be64(p) : hvp_get_u64(p);
	}
}

const char *cli_field_type(const struct hvp_field_desc *f)
{
	static const char *const names[] = {
		[HVP_FIELD_U8] = "u8",		 [HVP_FIELD_U16] = "u16",
		[HVP_FIELD_U32] = "u32",	 [HVP_FIELD_U64] = "u64",
		[HVP_FIELD_I32] = "i32",	 [HVP_FIELD_I64] = "i64",
		[HVP_FIELD_GUID] = "guid",	 [HVP_FIELD_BYTES] = "bytes",
		[HVP_FIELD_UTF16] = "utf16",	 [HVP_FIELD_VIEW] = "view",
		[HVP_FIELD_PRESENT] = "present",
	};

	return names[f->type];
}

const char *cli_value_name(const struct hvp_field_desc *f, uint64_t v)
{
	const struct hvp_enum_value *e;

	for (e = f->values; e && e->name; e++)
		if (e->value == v)
			return e->name;
	return NULL;
}

static const struct hvp_field_desc *view_in_item(const struct hvp_field_desc *f)
{
	const struct hvp_field_desc *i;

	for (i = f->item; i && i->name; i++)
		if (i->type == HVP_FIELD_VIEW)
			return i;
	return NULL;
}

/* An element of a list tells its own size; what is behind its fields is its payload. */
static bool tells_its_size(const struct hvp_field_desc *f)
{
	const struct hvp_field_desc *tail = view_in_item(f);

	return tail && tail->wire_offset == 0;
}

/* Bytes that every item of a view has, at least 1; a view in the item is behind them. */
size_t cli_item_fixed(const struct hvp_field_desc *f)
{
	const struct hvp_field_desc *tail = view_in_item(f);

	if (tail && tail->wire_offset > 0)
		return tail->wire_offset;
	return f->wire_size > 0 ? f->wire_size : 1;
}

/* Of an element at @p: its size comes first, the next begins at a multiple of 4. */
static size_t element_size(const uint8_t *p, size_t fixed, size_t left)
{
	uint32_t size = hvp_get_u32(p);

	if (size < fixed || size > left)
		return 0;
	return left - size < 4 ? left : (size + 3) / 4 * 4;
}

/*
 * Bytes of the item at @p, or 0 when it does not end within @left. Items with a tail are GPA
 * ranges: as many page numbers as pages are touched.
 */
size_t cli_item_size(const struct hvp_field_desc *f, const uint8_t *p, size_t left)
{
	size_t size = cli_item_fixed(f);
	uint64_t pages;

	if (size > left)
		return 0;
	if (tells_its_size(f))
		return element_size(p, size, left);
	if (view_in_item(f)) {
		pages = ((uint64_t)hvp_get_u32(p) + hvp_get_u32(p + 4) + 4095) / 4096;
		if (pages > (left - size) / 8)
			return 0;
		size += (size_t)pages * 8;
	}
	return size;
}

/* has_<group> of a decoded structure. */
bool cli_field_present(const struct hvp_field_desc *f, const void *value)
{
	bool present;

	memcpy(&present, (const uint8_t *)value + f->struct_offset, sizeof(present));
	return present;
}

/* A view is plain bytes, a row of integers, or a row of items with fields. */
bool cli_view_has_items(const struct hvp_field_desc *f)
{
	return f->item || f->wire_size > 1;
}

bool cli_view_is_scalar(const struct hvp_field_desc *f)
{
	return !f->item && f->wire_size > 1;
}

/* How to read one integer of such a row. */
const struct hvp_field_desc *cli_scalar(const struct hvp_field_desc *f)
{
	static const struct hvp_field_desc u16 = { "", HVP_FIELD_U16, HVP_FIELD_HEX, 0,	  2,
						   0,  NULL,	      NULL,	     NULL };
	static const struct hvp_field_desc u32 = { "", HVP_FIELD_U32, HVP_FIELD_HEX, 0,	  4,
						   0,  NULL,	      NULL,	     NULL };
	static const struct hvp_field_desc u64 = { "", HVP_FIELD_U64, HVP_FIELD_HEX, 0,	  8,
						   0,  NULL,	      NULL,	     NULL };

	return f->wire_size == 2 ? &u16 : f->wire_size == 4 ? &u32 : &u64;
}
