/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON objects to structures, by field tables. What is missing is 0; a field of an optional
 * group makes the group present; enumerations are also read by name. Errors name the key.
 */
#include "cli.h"

#include <hvproto/be.h>

#include <stdlib.h>
#include <string.h>

static bool key_error(const char *key, const char *what)
{
	cli_error("key '%s': %s", key, what);
	return false;
}

static bool named_value(const struct hvp_field_desc *f, const char *text, uint64_t *out)
{
	const struct hvp_enum_value *e;

	for (e = f->values; e && e->name; e++)
		if (cli_same_name(e->name, text)) {
			*out = e->value;
			return true;
		}
	return cli_parse_number(text, UINT64_MAX, out);
}

/* Largest value of the type; signed ones may also be written as their bits. */
static uint64_t type_max(const struct hvp_field_desc *f)
{
	switch (f->type) {
	case HVP_FIELD_U8:
		return UINT8_MAX;
	case HVP_FIELD_U16:
		return UINT16_MAX;
	case HVP_FIELD_U32:
	case HVP_FIELD_I32:
		return UINT32_MAX;
	default:
		return UINT64_MAX;
	}
}

static bool read_number(const struct hvp_field_desc *f, const char *key, const json_t *j,
			uint64_t *out)
{
	char why[96];
	json_int_t n;

	if (json_is_string(j)) {
		if (!named_value(f, json_string_value(j), out))
			return key_error(key, "neither a number nor the name of a value");
	} else if (json_is_integer(j)) {
		n = json_integer_value(j);
		if (n < 0 && f->type == HVP_FIELD_I32 && n >= INT32_MIN)
			n = (json_int_t)(uint32_t)(int32_t)n;
		else if (n < 0 && f->type != HVP_FIELD_I64)
			return key_error(key, "may not be negative");
		*out = (uint64_t)n;
	} else {
		return key_error(key, "must be a number");
	}
	if (*out <= type_max(f))
		return true;
	snprintf(why, sizeof(why), "%llu does not fit a %s", (unsigned long long)*out,
		 cli_field_type(f));
	return key_error(key, why);
}

static void store_number(const struct hvp_field_desc *f, void *to, uint64_t v)
{
	uint8_t u8 = (uint8_t)v;
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;

	switch (f->type) {
	case HVP_FIELD_U8:
		memcpy(to, &u8, sizeof(u8));
		break;
	case HVP_FIELD_U16:
		memcpy(to, &u16, sizeof(u16));
		break;
	case HVP_FIELD_U32:
	case HVP_FIELD_I32:
		memcpy(to, &u32, sizeof(u32));
		break;
	default:
		memcpy(to, &v, sizeof(v));
	}
}

static void put_number(const struct hvp_field_desc *f, uint8_t *wire, uint64_t v)
{
	bool big = f->flags & HVP_FIELD_BIG;

	switch (f->type) {
	case HVP_FIELD_U8:
		hvp_put_u8(wire, (uint8_t)v);
		break;
	case HVP_FIELD_U16:
		(big ? hvp_put_be16 : hvp_put_u16)(wire, (uint16_t)v);
		break;
	case HVP_FIELD_U32:
	case HVP_FIELD_I32:
		(big ? hvp_put_be32 : hvp_put_u32)(wire, (uint32_t)v);
		break;
	default:
		(big ? hvp_put_be64 : hvp_put_u64)(wire, v);
	}
}

static bool read_guid(const char *key, const json_t *j, uint8_t *to)
{
	if (!json_is_string(j) || !cli_parse_guid(json_string_value(j), to))
		return key_error(key,
				 "must be a GUID such as f8615163-df3e-46c5-913f-f2d2f965ed0e");
	return true;
}

/* Shorter text is filled up with zeros. */
static bool read_bytes(const char *key, const json_t *j, uint8_t *to, size_t room)
{
	struct cli_buffer b = { 0 };
	bool ok = json_is_string(j) && cli_parse_hex(json_string_value(j), &b);

	if (!ok)
		key_error(key, "must be text of hex digits");
	else if (b.size > room)
		ok = key_error(key, "more bytes than the field has");
	else if (b.size > 0)
		memcpy(to, b.p, b.size);
	cli_free(&b);
	return ok;
}

/* The next code point of UTF-8 text that jansson has checked. */
static uint32_t utf8_next(const unsigned char **p)
{
	uint32_t c = *(*p)++;
	unsigned int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	c &= more == 3 ? 0x07u : more == 2 ? 0x0fu : more == 1 ? 0x1fu : 0x7fu;
	while (more-- > 0)
		c = c << 6 | (*(*p)++ & 0x3fu);
	return c;
}

static bool read_utf16(const char *key, const json_t *j, uint16_t *to, size_t room)
{
	const unsigned char *p;
	size_t n = 0;

	if (!json_is_string(j))
		return key_error(key, "must be text");
	p = (const unsigned char *)json_string_value(j);
	while (*p != '\0') {
		uint32_t c = utf8_next(&p);

		if (n + (c > 0xffff ? 2 : 1) > room)
			return key_error(key, "more text than the field has room for");
		if (c > 0xffff) {
			to[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		to[n++] = (uint16_t)c;
	}
	return true;
}

static bool known_keys(const struct hvp_field_desc *fields, json_t *object)
{
	const struct hvp_field_desc *f;
	const char *names[256];
	const char *near;
	const char *key;
	size_t count = 0;
	json_t *unused;

	for (f = fields; f->name; f++)
		if (!(f->flags & HVP_FIELD_RESERVED) && count < sizeof(names) / sizeof(names[0]))
			names[count++] = f->name;
	json_object_foreach(object, key, unused)
	{
		size_t i = 0;

		while (i < count && strcmp(names[i], key) != 0)
			i++;
		if (i < count)
			continue;
		near = cli_suggest(key, names, count);
		if (near)
			cli_error("key '%s': no such field; did you mean '%s'?", key, near);
		else
			key_error(key, "no such field");
		return false;
	}
	return true;
}

static bool read_view(const struct hvp_field_desc *f, const char *key, json_t *j,
		      struct cli_buffer *bytes);

/* One field of the item that begins at @at of @bytes; a view is appended. */
static bool read_wire_field(const struct hvp_field_desc *f, const char *key, json_t *j,
			    struct cli_buffer *bytes, size_t at)
{
	uint8_t *to = bytes->p + at + f->wire_offset;
	uint64_t v;

	if (f->type == HVP_FIELD_VIEW)
		return read_view(f, key, j, bytes);
	if (f->type == HVP_FIELD_GUID)
		return read_guid(key, j, to);
	if (f->type == HVP_FIELD_BYTES)
		return read_bytes(key, j, to, f->wire_size);
	if (!read_number(f, key, j, &v))
		return false;
	put_number(f, to, v);
	return true;
}

static bool read_item(const struct hvp_field_desc *view, const char *key, json_t *j,
		      struct cli_buffer *bytes)
{
	const struct hvp_field_desc *f;
	size_t at = bytes->size;
	json_t *member;
	size_t i;

	for (i = 0; i < cli_item_fixed(view); i++)
		cli_append(bytes, "", 1);
	if (cli_view_is_scalar(view))
		return read_wire_field(cli_scalar(view), key, j, bytes, at);
	if (!json_is_object(j))
		return key_error(key, "its items must be objects");
	if (!known_keys(view->item, j))
		return false;
	for (f = view->item; f->name; f++) {
		member = json_object_get(j, f->name);
		if (member && !read_wire_field(f, f->name, member, bytes, at))
			return false;
	}
	if (cli_item_size(view, bytes->p + at, bytes->size - at) != bytes->size - at)
		return key_error(key, "an item is not as long as it says: page numbers, or size");
	return true;
}

/* The bytes of a view go to @bytes; the caller turns offsets into pointers when all are there. */
static bool read_view(const struct hvp_field_desc *f, const char *key, json_t *j,
		      struct cli_buffer *bytes)
{
	json_t *entry;
	size_t i;

	if (json_is_string(j)) {
		if (!cli_parse_hex(json_string_value(j), bytes))
			return key_error(key, "must be text of hex digits");
		return true;
	}
	if (!cli_view_has_items(f))
		return key_error(key, "must be text of hex digits");
	if (!json_is_array(j))
		return key_error(key, "must be an array, or text of hex digits");
	json_array_foreach(j, i, entry)
	{
		if (!read_item(f, key, entry, bytes))
			return false;
	}
	return true;
}

static bool read_field(const struct hvp_field_desc *f, json_t *j, uint8_t *value,
		       struct cli_buffer *bytes)
{
	uint8_t *to = value + f->struct_offset;
	struct hvp_rd *view;
	size_t before;
	uint64_t v;

	switch (f->type) {
	case HVP_FIELD_GUID:
		return read_guid(f->name, j, to);
	case HVP_FIELD_BYTES:
		return read_bytes(f->name, j, to, f->wire_size);
	case HVP_FIELD_UTF16:
		return read_utf16(f->name, j, (uint16_t *)(void *)to, f->wire_size / 2u);
	case HVP_FIELD_VIEW:
		before = bytes->size;
		if (!read_view(f, f->name, j, bytes))
			return false;
		view = (struct hvp_rd *)(void *)to;
		view->off = before; /* until point_views() */
		view->len = bytes->size - before;
		return true;
	case HVP_FIELD_PRESENT:
		if (!json_is_boolean(j))
			return key_error(f->name, "must be true or false");
		*to = json_is_true(j);
		return true;
	default:
		if (!read_number(f, f->name, j, &v))
			return false;
		store_number(f, to, v);
		return true;
	}
}

static void point_views(const struct hvp_field_desc *f, uint8_t *value,
			const struct cli_buffer *bytes)
{
	for (; f->name; f++) {
		struct hvp_rd *view = (struct hvp_rd *)(void *)(value + f->struct_offset);

		if (f->type != HVP_FIELD_VIEW)
			continue;
		view->p = view->len > 0 ? bytes->p + view->off : NULL;
		view->off = 0;
	}
}

/* A field of a group is there: so is the group. */
static bool fill(const struct hvp_msg_desc *msg, json_t *object, uint8_t *value,
		 struct cli_buffer *bytes)
{
	const struct hvp_field_desc *group = NULL;
	const struct hvp_field_desc *f;
	json_t *member;

	for (f = msg->fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT)
			group = f;
		member = json_object_get(object, f->name);
		if (!member || (f->flags & HVP_FIELD_RESERVED))
			continue;
		if (!read_field(f, member, value, bytes))
			return false;
		if (group && (f->flags & HVP_FIELD_OPTIONAL))
			value[group->struct_offset] = true;
	}
	return true;
}

void *cli_fields_from_json(const struct hvp_msg_desc *msg, json_t *object, struct cli_buffer *bytes)
{
	uint8_t *value;

	if (!json_is_object(object)) {
		cli_error("the fields must be a JSON object");
		return NULL;
	}
	if (!known_keys(msg->fields, object))
		return NULL;
	value = cli_alloc(1, msg->struct_size);
	if (!fill(msg, object, value, bytes)) {
		free(value);
		return NULL;
	}
	point_views(msg->fields, value, bytes);
	return value;
}
