/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between Lua tables and messages, by the message tables alone: no message is known by name
 * here. A script may say anything; a value that the codec refuses is written into the bytes
 * afterwards, so a hostile message needs no second way of writing it.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include <hvproto/wire/ndis_table.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/rndis_table.h>
#include <hvproto/wire/scsi_table.h>
#include <hvproto/wire/vmbus_table.h>
#include <hvproto/wire/vstor_table.h>

#include "world.h"

#define MESSAGE_MAX 65536u

/* A protocol's messages, and behind them its records if they have a table of their own. */
static const struct hvp_proto_desc *const protocols[] = {
	&hvp_vmbus_proto, &hvp_nvsp_proto,   &hvp_rndis_proto,
	&hvp_ndis_proto,  &hvp_vstor_proto,  &hvp_vstor_records,
	&hvp_scsi_proto,  &hvp_scsi_records, NULL,
};

const struct hvp_proto_desc *hvc_proto(const char *name)
{
	const struct hvp_proto_desc *const *p;

	for (p = protocols; *p; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}

static const struct hvp_msg_desc *record_of(const struct hvp_proto_desc *proto, const char *name)
{
	const struct hvp_proto_desc *const *p;

	for (p = protocols; *p; p++)
		if (*p != proto && strcmp((*p)->name, proto->name) == 0)
			return hvp_msg_by_name(*p, name);
	return NULL;
}

/* "vmbus.open_channel" or "open_channel"; raises a Lua error for anything else. */
const struct hvp_msg_desc *hvc_message(lua_State *L, const char *name)
{
	const struct hvp_proto_desc *proto = &hvp_vmbus_proto;
	const struct hvp_msg_desc *m;
	const char *dot = strchr(name, '.');
	char prefix[32];

	if (dot) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - name), name);
		proto = hvc_proto(prefix);
		if (!proto)
			luaL_error(L, "no protocol is called '%s'", prefix);
		name = dot + 1;
	}
	m = hvp_msg_by_name(proto, name);
	if (!m)
		m = record_of(proto, name);
	if (!m)
		luaL_error(L, "no message is called '%s'", name);
	return m;
}

/* ---- fields to Lua ---- */

static void push_guid(lua_State *L, const uint8_t *b)
{
	char text[40];

	snprintf(text, sizeof(text),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
	lua_pushstring(L, text);
}

static uint64_t load_scalar(const struct hvp_field_desc *f, const uint8_t *at)
{
	uint64_t v = 0;

	switch (f->type) {
	case HVP_FIELD_U8:
		return *at;
	case HVP_FIELD_U16:
		return *(const uint16_t *)(const void *)at;
	case HVP_FIELD_U32:
		return *(const uint32_t *)(const void *)at;
	case HVP_FIELD_I32:
		return (uint64_t)(int64_t) * (const int32_t *)(const void *)at;
	case HVP_FIELD_U64:
	case HVP_FIELD_I64:
		memcpy(&v, at, sizeof(v));
		return v;
	default:
		return 0;
	}
}

static void push_field(lua_State *L, const struct hvp_field_desc *f, const uint8_t *base)
{
	const uint8_t *at = base + f->struct_offset;
	struct hvp_rd view;

	switch (f->type) {
	case HVP_FIELD_GUID:
		push_guid(L, at);
		break;
	case HVP_FIELD_BYTES:
		lua_pushlstring(L, (const char *)at, f->wire_size);
		break;
	case HVP_FIELD_UTF16:
		lua_pushlstring(L, (const char *)at, f->wire_size);
		break;
	case HVP_FIELD_VIEW:
		memcpy(&view, at, sizeof(view));
		lua_pushlstring(L, view.len ? (const char *)view.p : "", view.len);
		break;
	case HVP_FIELD_PRESENT:
		lua_pushboolean(L, *(const bool *)(const void *)at);
		break;
	default:
		lua_pushinteger(L, (lua_Integer)load_scalar(f, at));
	}
}

static void push_fault(lua_State *L, const struct hvp_fault *fault)
{
	lua_createtable(L, 0, 6);
	lua_pushstring(L, hvp_status_name(fault->status));
	lua_setfield(L, -2, "status");
	lua_pushstring(L, fault->field ? fault->field : "");
	lua_setfield(L, -2, "field");
	lua_pushinteger(L, fault->offset);
	lua_setfield(L, -2, "offset");
	lua_pushinteger(L, (lua_Integer)fault->found);
	lua_setfield(L, -2, "found");
	lua_pushinteger(L, (lua_Integer)fault->low);
	lua_setfield(L, -2, "low");
	lua_pushinteger(L, (lua_Integer)fault->high);
	lua_setfield(L, -2, "high");
}

static void push_fields(lua_State *L, const struct hvp_msg_desc *m, const uint8_t *base)
{
	const struct hvp_field_desc *f;

	lua_newtable(L);
	for (f = m->fields; f->name; f++) {
		if (f->flags & HVP_FIELD_RESERVED)
			continue;
		push_field(L, f, base);
		lua_setfield(L, -2, f->name);
	}
}

/* Leaves name or nil, fields or nil, and of a message that does not decode the fault. */
static int decode_with(lua_State *L, const struct hvp_msg_desc *m, struct hvp_rd *r,
		       struct hvp_neg neg)
{
	struct hvp_fault fault = { .status = HVP_VALUE, .field = "size", .found = r->len };
	uint8_t *out;

	lua_pushstring(L, m ? m->name : NULL);
	if (m) {
		out = lua_newuserdatauv(L, m->struct_size, 0);
		memset(out, 0, m->struct_size);
		fault.status = m->decode(r, neg, out, &fault);
		if (fault.status == HVP_OK) {
			push_fields(L, m, out);
			lua_remove(L, -2);
			return 2;
		}
		lua_pop(L, 1);
	}
	lua_pushnil(L);
	push_fault(L, &fault);
	return 3;
}

/*
 * decode(bytes, direction, version, protocol) -> name, fields; or name or nil, nil, fault.
 * direction: 1 guest to host, 2 host to guest; no protocol: vmbus.
 */
static int lua_decode(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	size_t size;
	const char *bytes = luaL_checklstring(L, 1, &size);
	uint32_t direction = (uint32_t)luaL_checkinteger(L, 2);
	struct hvp_neg neg = hvc_neg(w, (uint32_t)luaL_checkinteger(L, 3));
	const struct hvp_proto_desc *proto = hvc_proto(luaL_optstring(L, 4, "vmbus"));
	struct hvp_rd r = hvp_rd_init((const uint8_t *)bytes, size);
	const struct hvp_msg_desc *m = NULL;

	if (!proto)
		return luaL_error(L, "no protocol is called '%s'", lua_tostring(L, 4));
	if (size >= 4 && proto->id_size == 4)
		m = hvp_msg_find(proto, hvp_get_u32((const uint8_t *)bytes), direction);
	else if (size >= 1 && proto->id_size == 1)
		m = hvp_msg_find(proto, (uint8_t)bytes[0], direction);
	return decode_with(L, m, &r, neg);
}

/* decode_as(name, bytes, version) -> as decode(): for structures that have no id of their own */
static int lua_decode_as(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	const struct hvp_msg_desc *m = hvc_message(L, luaL_checkstring(L, 1));
	size_t size;
	const char *bytes = luaL_checklstring(L, 2, &size);
	struct hvp_neg neg = hvc_neg(w, (uint32_t)luaL_optinteger(L, 3, 0));
	struct hvp_rd r = hvp_rd_init((const uint8_t *)bytes, size);

	return decode_with(L, m, &r, neg);
}

/* ---- Lua to fields ---- */

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Text form, or 16 bytes as they are on the wire. */
bool hvc_guid_parse(const char *text, size_t size, uint8_t out[16])
{
	static const uint8_t place[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	size_t n = 0;
	size_t i;

	if (size == 16) {
		memcpy(out, text, 16);
		return true;
	}
	for (i = 0; i < size && n < 16; i++) {
		int hi;
		int lo;

		if (text[i] == '-')
			continue;
		hi = hex_digit(text[i]);
		lo = i + 1 < size ? hex_digit(text[i + 1]) : -1;
		if (hi < 0 || lo < 0)
			return false;
		out[place[n++]] = (uint8_t)(hi * 16 + lo);
		i++;
	}
	return n == 16 && i == size;
}

static uint64_t named_value(lua_State *L, const struct hvp_field_desc *f, const char *name)
{
	const struct hvp_enum_value *v;

	for (v = f->values; v && v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v->value;
	luaL_error(L, "field %s has no value called '%s'", f->name, name);
	return 0;
}

static uint64_t scalar_at(lua_State *L, int at, const struct hvp_field_desc *f)
{
	if (lua_type(L, at) == LUA_TSTRING)
		return named_value(L, f, lua_tostring(L, at));
	if (!lua_isinteger(L, at))
		luaL_error(L, "field %s wants an integer", f->name);
	return (uint64_t)lua_tointeger(L, at);
}

static void store_scalar(const struct hvp_field_desc *f, uint8_t *at, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (f->type) {
	case HVP_FIELD_U8:
		memcpy(at, &v8, 1);
		break;
	case HVP_FIELD_U16:
		memcpy(at, &v16, 2);
		break;
	case HVP_FIELD_U32:
	case HVP_FIELD_I32:
		memcpy(at, &v32, 4);
		break;
	default:
		memcpy(at, &v, 8);
	}
}

static bool is_scalar(const struct hvp_field_desc *f)
{
	return f->type <= HVP_FIELD_I64;
}

static void store_bytes(lua_State *L, int at, const struct hvp_field_desc *f, uint8_t *to)
{
	size_t n;
	const char *s = luaL_checklstring(L, at, &n);
	struct hvp_rd view;

	if (f->type == HVP_FIELD_VIEW) {
		view = hvp_rd_init((const uint8_t *)s, n);
		memcpy(to, &view, sizeof(view));
		return;
	}
	if (f->type == HVP_FIELD_GUID) {
		if (!hvc_guid_parse(s, n, to))
			luaL_error(L, "field %s wants a GUID, not '%s'", f->name, s);
		return;
	}
	if (n > f->wire_size)
		luaL_error(L, "field %s holds %d bytes, not %d", f->name, f->wire_size, (int)n);
	memcpy(to, s, n);
}

/* The group that an optional field belongs to: the nearest presence flag before it. */
static const struct hvp_field_desc *group_of(const struct hvp_msg_desc *m,
					     const struct hvp_field_desc *f)
{
	while (f > m->fields) {
		f--;
		if (f->type == HVP_FIELD_PRESENT)
			return f;
	}
	return NULL;
}

/* One field of the table at 2 into the structure; false when the table has none. */
static bool fill_field(lua_State *L, const struct hvp_msg_desc *m, const struct hvp_field_desc *f,
		       uint8_t *base)
{
	const struct hvp_field_desc *group;
	uint8_t *to = base + f->struct_offset;

	if ((f->flags & HVP_FIELD_RESERVED) || lua_getfield(L, 2, f->name) == LUA_TNIL) {
		if (!(f->flags & HVP_FIELD_RESERVED))
			lua_pop(L, 1);
		return false;
	}
	if (f->type == HVP_FIELD_PRESENT)
		*(bool *)(void *)to = lua_toboolean(L, -1);
	else if (is_scalar(f))
		store_scalar(f, to, scalar_at(L, -1, f));
	else
		store_bytes(L, -1, f, to);
	lua_pop(L, 1);
	group = (f->flags & HVP_FIELD_OPTIONAL) ? group_of(m, f) : NULL;
	if (group && lua_getfield(L, 2, group->name) == LUA_TNIL)
		*(bool *)(void *)(base + group->struct_offset) = true;
	if (group)
		lua_pop(L, 1);
	return true;
}

static void check_names(lua_State *L, const struct hvp_msg_desc *m)
{
	const struct hvp_field_desc *f;

	lua_pushnil(L);
	while (lua_next(L, 2) != 0) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";

		for (f = m->fields; f->name && strcmp(f->name, key) != 0; f++)
			;
		if (!f->name)
			luaL_error(L, "%s has no field called '%s'", m->name, key);
		lua_pop(L, 1);
	}
}

/* A value that the codec would refuse is replaced for its sake and patched in afterwards. */
static void tame(const struct hvp_msg_desc *m, uint8_t *base)
{
	const struct hvp_field_desc *f;

	for (f = m->fields; f->name; f++) {
		uint64_t v;

		if (!f->bound || !is_scalar(f) || (f->flags & HVP_FIELD_RESERVED))
			continue;
		v = load_scalar(f, base + f->struct_offset);
		if (v < f->bound->low || v > f->bound->high)
			store_scalar(f, base + f->struct_offset, f->bound->low);
	}
}

static void patch(lua_State *L, const struct hvp_msg_desc *m, uint8_t *bytes, size_t size)
{
	const struct hvp_field_desc *f;
	uint64_t v;
	int place;
	uint16_t i;

	for (f = m->fields; f->name; f++) {
		if (!is_scalar(f) || f->wire_offset == 0 || f->wire_offset + f->wire_size > size)
			continue;
		if (lua_getfield(L, 2, f->name) == LUA_TNIL) {
			lua_pop(L, 1);
			continue;
		}
		v = scalar_at(L, -1, f);
		lua_pop(L, 1);
		for (i = 0; i < f->wire_size; i++) {
			place = f->flags & HVP_FIELD_BIG ? f->wire_size - 1 - i : i;
			bytes[f->wire_offset + place] = (uint8_t)(v >> (8 * i));
		}
	}
}

static enum hvp_status try_encode(const struct hvp_msg_desc *m, struct hvp_neg neg,
				  const uint8_t *in, struct hvp_wr *w)
{
	struct hvp_fault fault;

	*w = hvp_wr_init(w->p, w->cap);
	return m->encode(w, neg, in, &fault);
}

/* As negotiated; then as if everything had been; then with values that the codec accepts. */
static enum hvp_status encode(const struct hvp_msg_desc *m, struct hvp_neg neg, uint8_t *in,
			      struct hvp_wr *w)
{
	struct hvp_neg all = { .version = 0x60000, .features = 0xff };
	enum hvp_status st = try_encode(m, neg, in, w);

	if (st == HVP_UNSUPPORTED)
		st = try_encode(m, all, in, w);
	if (st != HVP_ARG && st != HVP_VALUE && st != HVP_RANGE)
		return st;
	tame(m, in);
	st = try_encode(m, neg, in, w);
	return st == HVP_UNSUPPORTED ? try_encode(m, all, in, w) : st;
}

/* encode(name, fields, version, features or nil) -> bytes */
static int lua_encode(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	const struct hvp_msg_desc *m = hvc_message(L, luaL_checkstring(L, 1));
	struct hvp_neg neg;
	const struct hvp_field_desc *f;
	enum hvp_status st;
	struct hvp_wr out;
	uint8_t *in;

	luaL_checktype(L, 2, LUA_TTABLE);
	neg = hvc_neg(w, (uint32_t)luaL_optinteger(L, 3, 0));
	neg.features = (uint32_t)luaL_optinteger(L, 4, (lua_Integer)neg.features);
	check_names(L, m);
	in = lua_newuserdatauv(L, m->struct_size, 0);
	memset(in, 0, m->struct_size);
	for (f = m->fields; f->name; f++)
		fill_field(L, m, f, in);
	out = hvp_wr_init(lua_newuserdatauv(L, MESSAGE_MAX, 0), MESSAGE_MAX);
	st = encode(m, neg, in, &out);
	if (st != HVP_OK)
		return luaL_error(L, "%s cannot be encoded: %s", m->name, hvp_status_text(st));
	patch(L, m, out.p, out.off);
	lua_pushlstring(L, (const char *)out.p, out.off);
	return 1;
}

static const char *kind_of(const struct hvp_field_desc *f)
{
	if (is_scalar(f))
		return "scalar";
	return f->type == HVP_FIELD_GUID ? "guid" : "bytes";
}

/* field(message, field) -> offset, size, hex, kind; nothing when there is none. */
static int lua_field(lua_State *L)
{
	const struct hvp_msg_desc *m = hvc_message(L, luaL_checkstring(L, 1));
	const char *name = luaL_checkstring(L, 2);
	const struct hvp_field_desc *f;

	for (f = m->fields; f->name; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		lua_pushinteger(L, f->wire_offset);
		lua_pushinteger(L, f->wire_size);
		lua_pushboolean(L, (f->flags & HVP_FIELD_HEX) != 0);
		lua_pushstring(L, kind_of(f));
		return 4;
	}
	return 0;
}

/* value(message, field, name) -> the number that a name stands for */
static int lua_value(lua_State *L)
{
	const struct hvp_msg_desc *m = hvc_message(L, luaL_checkstring(L, 1));
	const char *field = luaL_checkstring(L, 2);
	const struct hvp_field_desc *f;

	for (f = m->fields; f->name; f++) {
		if (strcmp(f->name, field) != 0 || !is_scalar(f))
			continue;
		lua_pushinteger(L, (lua_Integer)named_value(L, f, luaL_checkstring(L, 3)));
		return 1;
	}
	return 0;
}

/* message(name) -> name without protocol, id, direction, min_size, max_size */
static int lua_message(lua_State *L)
{
	const struct hvp_msg_desc *m = hvc_message(L, luaL_checkstring(L, 1));

	lua_pushstring(L, m->name);
	lua_pushinteger(L, m->id);
	lua_pushinteger(L, m->direction);
	lua_pushinteger(L, m->min_size);
	lua_pushinteger(L, m->max_size);
	return 5;
}

/* guid(text) -> 16 bytes; guid(bytes) -> the same bytes */
static int lua_guid(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	uint8_t out[16];

	if (!hvc_guid_parse(s, n, out))
		return luaL_error(L, "'%s' is no GUID", s);
	lua_pushlstring(L, (const char *)out, sizeof(out));
	return 1;
}

void hvc_codec_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "decode", lua_decode }, { "decode_as", lua_decode_as },
		{ "encode", lua_encode }, { "field", lua_field },
		{ "value", lua_value },	  { "message", lua_message },
		{ "guid", lua_guid },	  { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
