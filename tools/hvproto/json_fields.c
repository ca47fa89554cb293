/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures to JSON objects, by field tables; json_parse.c is the way back.
 *
 *	integers	numbers; above 2^63 - 1 text in hex, for JSON has no larger ones
 *	GUIDs		text as people write them
 *	bytes		text in hex
 *	UTF-16		text
 *	views		an array of items, or text in hex where they are plain bytes
 *	optional groups	their fields are there or not
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static json_t *hex_json(const uint8_t *p, size_t n)
{
	char *text = cli_alloc(2 * n + 1, 1);
	json_t *j;
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	j = json_string(text);
	free(text);
	return j;
}

static json_t *number_json(const struct hvp_field_desc *f, uint64_t v)
{
	char text[24];

	if (v <= INT64_MAX || f->type == HVP_FIELD_I32 || f->type == HVP_FIELD_I64)
		return json_integer((json_int_t)v);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

/* One code point of UTF-16; lone halves of a pair become U+FFFD. */
static size_t utf8_of(const uint16_t *s, size_t n, size_t *i, char *out)
{
	uint32_t c = s[(*i)++];

	if (c >= 0xd800 && c < 0xdc00 && *i < n && s[*i] >= 0xdc00 && s[*i] < 0xe000)
		c = 0x10000 + ((c - 0xd800) << 10) + (s[(*i)++] - 0xdc00u);
	else if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static json_t *utf16_json(const uint16_t *s, size_t n)
{
	char *text = cli_alloc(4 * n + 1, 1);
	size_t used = 0;
	size_t i = 0;
	json_t *j;

	while (i < n && s[i] != 0)
		used += utf8_of(s, n, &i, text + used);
	j = json_stringn(text, used);
	free(text);
	return j;
}

static json_t *guid_json(const uint8_t *b)
{
	char text[37];

	cli_format_guid(b, text);
	return json_string(text);
}

static json_t *view_json(const struct hvp_field_desc *f, const struct hvp_rd *view);

/* A field of an item, still on the wire. A view in an item takes the rest of it, from @fixed. */
static json_t *wire_json(const struct hvp_field_desc *f, const uint8_t *item, size_t size,
			 size_t fixed)
{
	struct hvp_rd rest;

	if (f->type == HVP_FIELD_GUID)
		return guid_json(item + f->wire_offset);
	if (f->type == HVP_FIELD_BYTES)
		return hex_json(item + f->wire_offset, f->wire_size);
	if (f->type != HVP_FIELD_VIEW)
		return number_json(f, cli_wire_number(f, item));
	rest = hvp_rd_init(item + fixed, size - fixed);
	return view_json(f, &rest);
}

static json_t *item_json(const struct hvp_field_desc *view, const uint8_t *item, size_t size)
{
	const struct hvp_field_desc *f;
	json_t *object;

	if (cli_view_is_scalar(view))
		return wire_json(cli_scalar(view), item, size, 0);
	object = json_object();
	for (f = view->item; f->name; f++)
		if (!(f->flags & HVP_FIELD_RESERVED))
			json_object_set_new(object, f->name,
					    wire_json(f, item, size, cli_item_fixed(view)));
	return object;
}

static json_t *view_json(const struct hvp_field_desc *f, const struct hvp_rd *view)
{
	json_t *array;
	size_t size;
	size_t at;

	if (!cli_view_has_items(f))
		return hex_json(view->p, view->len);
	array = json_array();
	for (at = 0; at < view->len; at += size) {
		size = cli_item_size(f, view->p + at, view->len - at);
		if (size == 0)
			break;
		json_array_append_new(array, item_json(f, view->p + at, size));
	}
	return array;
}

json_t *cli_field_to_json(const struct hvp_field_desc *f, const void *value)
{
	const uint8_t *p = (const uint8_t *)value + f->struct_offset;

	switch (f->type) {
	case HVP_FIELD_GUID:
		return guid_json(p);
	case HVP_FIELD_BYTES:
		return hex_json(p, f->wire_size);
	case HVP_FIELD_UTF16:
		return utf16_json((const uint16_t *)(const void *)p, f->wire_size / 2u);
	case HVP_FIELD_VIEW:
		return view_json(f, (const struct hvp_rd *)(const void *)p);
	default:
		return number_json(f, cli_field_number(f, value));
	}
}

json_t *cli_fields_to_json(const struct hvp_field_desc *fields, const void *value)
{
	json_t *object = json_object();
	const struct hvp_field_desc *f;
	bool present = true;

	for (f = fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT)
			present = cli_field_present(f, value);
		else if (!(f->flags & HVP_FIELD_RESERVED) &&
			 (present || !(f->flags & HVP_FIELD_OPTIONAL)))
			json_object_set_new(object, f->name, cli_field_to_json(f, value));
	}
	return object;
}
