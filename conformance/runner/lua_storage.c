/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on the mock host's storage controllers and the units that are plugged into them. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

struct setting {
	const char *name;
	size_t offset;
	size_t size;
};

#define FIELD(type, field) \
	{ \
#field, offsetof(struct type, field), sizeof(((struct type *)NULL)->field) \
	}

static const struct setting controller_settings[] = {
	FIELD(hvm_storvsp_config, ide_channel),
	FIELD(hvm_storvsp_config, ide_device),
	FIELD(hvm_storvsp_config, min_version),
	FIELD(hvm_storvsp_config, max_version),
	FIELD(hvm_storvsp_config, max_subs),
	FIELD(hvm_storvsp_config, max_transfer),
	FIELD(hvm_storvsp_config, depth),
	FIELD(hvm_storvsp_config, delay),
	FIELD(hvm_storvsp_config, io_delay),
	FIELD(hvm_storvsp_config, secondary),
	{ NULL, 0, 0 },
};

static const struct setting unit_settings[] = {
	FIELD(hvm_lun_config, block_size),   FIELD(hvm_lun_config, physical_size),
	FIELD(hvm_lun_config, dvd),	     FIELD(hvm_lun_config, read_only),
	FIELD(hvm_lun_config, no_cache),     FIELD(hvm_lun_config, no_unmap),
	FIELD(hvm_lun_config, max_unmapped), { NULL, 0, 0 },
};

static const struct setting fault_settings[] = {
	FIELD(hvm_storage_fault, any_opcode), FIELD(hvm_storage_fault, opcode),
	FIELD(hvm_storage_fault, skip),	      FIELD(hvm_storage_fault, count),
	FIELD(hvm_storage_fault, delay),      FIELD(hvm_storage_fault, fail),
	FIELD(hvm_storage_fault, srb_status), FIELD(hvm_storage_fault, scsi_status),
	FIELD(hvm_storage_fault, key),	      FIELD(hvm_storage_fault, asc),
	FIELD(hvm_storage_fault, ascq),	      { NULL, 0, 0 },
};

static void store(void *to, size_t size, uint64_t value)
{
	uint8_t v8 = (uint8_t)value;
	uint32_t v32 = (uint32_t)value;

	if (size == sizeof(v8))
		memcpy(to, &v8, size);
	else if (size == sizeof(v32))
		memcpy(to, &v32, size);
	else
		memcpy(to, &value, size);
}

/* Members of the table at @at that are numbers or booleans; a bool has the size of a u8. */
static void read_settings(lua_State *L, int at, const struct setting *s, void *out)
{
	for (; s->name; s++) {
		lua_getfield(L, at, s->name);
		if (lua_isboolean(L, -1))
			store((char *)out + s->offset, s->size, (uint64_t)lua_toboolean(L, -1));
		else if (!lua_isnil(L, -1))
			store((char *)out + s->offset, s->size, (uint64_t)luaL_checkinteger(L, -1));
		lua_pop(L, 1);
	}
}

static void read_bytes(lua_State *L, int at, const char *name, void *out, size_t room)
{
	const char *bytes;
	size_t n;

	lua_getfield(L, at, name);
	bytes = luaL_optlstring(L, -1, "", &n);
	memcpy(out, bytes, n < room ? n : room);
	lua_pop(L, 1);
}

static struct hvm_storvsp *controller(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);

	if (n < 1 || (size_t)n > w->storage_count)
		luaL_error(L, "no storage controller has number %d", (int)n);
	return w->storages[n - 1];
}

static struct hvm_lun *unit(lua_State *L, int arg)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, arg);

	if (n < 1 || (size_t)n > w->lun_count)
		luaL_error(L, "no unit has number %d", (int)n);
	return w->luns[n - 1];
}

static void read_names(lua_State *L, struct hvm_storvsp_config *cfg)
{
	static const char *const kinds[] = { "scsi", "ide", "fc", NULL };
	lua_Integer i;

	lua_getfield(L, 1, "kind");
	cfg->kind = (enum hvm_storage_kind)luaL_checkoption(L, -1, "scsi", kinds);
	lua_getfield(L, 1, "wwn");
	for (i = 0; lua_istable(L, -1) && i < 4; i++) {
		size_t n;
		const char *wwn;

		lua_geti(L, -1, i + 1);
		wwn = luaL_checklstring(L, -1, &n);
		luaL_argcheck(L, n == 8, 1, "a world wide name has 8 bytes");
		memcpy(cfg->wwn[i], wwn, 8);
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
}

/* storage_new{settings} -> number of the controller, number of its primary channel */
static int lua_storage_new(lua_State *L)
{
	struct hvm_storvsp_config cfg = HVM_STORVSP_CONFIG_INIT;
	struct hvc_world *w = hvc_world_of(L);

	luaL_checktype(L, 1, LUA_TTABLE);
	read_settings(L, 1, controller_settings, &cfg);
	read_names(L, &cfg);
	if (w->storage_count == HVC_STORAGES || w->channel_count == HVC_CHANNELS)
		return luaL_error(L, "too many storage controllers");
	w->storages[w->storage_count] = hvm_storvsp_new(w->server, &cfg);
	if (!w->storages[w->storage_count])
		return luaL_error(L, "the host has no such storage controller");
	w->borrowed[w->channel_count] = true;
	w->channels[w->channel_count++] = hvm_storvsp_queue(w->storages[w->storage_count++], 0);
	lua_pushinteger(L, (lua_Integer)w->storage_count);
	lua_pushinteger(L, (lua_Integer)w->channel_count);
	return 2;
}

/* storage_queue(n, index) -> number of a sub-channel; nothing if it was not offered */
static int lua_storage_queue(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	struct hvm_scripted *d = hvm_storvsp_queue(controller(L),
						   (uint32_t)luaL_checkinteger(L, 2));

	if (!d)
		return 0;
	if (w->channel_count == HVC_CHANNELS)
		return luaL_error(L, "too many channels");
	w->borrowed[w->channel_count] = true;
	w->channels[w->channel_count++] = d;
	lua_pushinteger(L, (lua_Integer)w->channel_count);
	return 1;
}

static struct hvm_disk_backend *backend(lua_State *L, int at)
{
	char error[HVM_DISK_ERROR_SIZE];
	struct hvm_disk_backend *b = NULL;
	lua_Integer size;
	const char *file;

	lua_getfield(L, at, "size");
	size = luaL_optinteger(L, -1, 0);
	lua_getfield(L, at, "file");
	file = luaL_optstring(L, -1, NULL);
	if (file) {
		b = hvm_disk_file(file, (uint64_t)size, false, error);
		if (!b)
			luaL_error(L, "%s", error);
	} else if (size) {
		b = hvm_disk_memory((uint64_t)size);
	}
	lua_pop(L, 2);
	return b;
}

/* unit_new{settings} -> number of the unit */
static int lua_unit_new(lua_State *L)
{
	struct hvm_lun_config cfg = HVM_LUN_CONFIG_INIT;
	struct hvc_world *w = hvc_world_of(L);

	luaL_checktype(L, 1, LUA_TTABLE);
	read_settings(L, 1, unit_settings, &cfg);
	read_bytes(L, 1, "id", cfg.disk_id, sizeof(cfg.disk_id));
	read_bytes(L, 1, "serial", cfg.serial, sizeof(cfg.serial) - 1);
	if (w->lun_count == HVC_LUNS)
		return luaL_error(L, "too many units");
	cfg.backend = backend(L, 1);
	w->luns[w->lun_count] = hvm_lun_new(&cfg);
	if (!w->luns[w->lun_count])
		return luaL_error(L, "there is no such unit");
	lua_pushinteger(L, (lua_Integer)++w->lun_count);
	return 1;
}

static uint8_t place(lua_State *L, int arg)
{
	return (uint8_t)luaL_optinteger(L, arg, 0);
}

/* storage_attach(n, unit, path, target, lun) -> status name */
static int lua_storage_attach(lua_State *L)
{
	enum hvp_status st = hvm_storvsp_attach(controller(L), unit(L, 2), place(L, 3), place(L, 4),
						place(L, 5));

	lua_pushstring(L, hvp_status_name(st));
	return 1;
}

/* storage_detach(n, path, target, lun) -> status name */
static int lua_storage_detach(lua_State *L)
{
	enum hvp_status st = hvm_storvsp_detach(controller(L), place(L, 2), place(L, 3),
						place(L, 4));

	lua_pushstring(L, hvp_status_name(st));
	return 1;
}

/* storage_fault(n, {settings}); without the table: forget all */
static int lua_storage_fault(lua_State *L)
{
	struct hvm_storage_fault f;

	memset(&f, 0, sizeof(f));
	if (lua_isnoneornil(L, 2)) {
		hvm_storvsp_clear_faults(controller(L));
		return 0;
	}
	read_settings(L, 2, fault_settings, &f);
	hvm_storvsp_fault(controller(L), &f);
	return 0;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* storage_info(n) -> table */
static int lua_storage_info(lua_State *L)
{
	struct hvm_storvsp_info i;

	hvm_storvsp_info(controller(L), &i);
	lua_createtable(L, 0, 12);
	lua_pushstring(L, hvm_storage_state_name(i.state));
	lua_setfield(L, -2, "state");
	lua_pushstring(L, i.reason ? i.reason : "");
	lua_setfield(L, -2, "reason");
	set_int(L, "version", i.version);
	set_int(L, "queues", i.queues);
	set_int(L, "open_queues", i.open_queues);
	set_int(L, "outstanding", i.outstanding);
	set_int(L, "requests", i.requests);
	set_int(L, "failed", i.failed);
	set_int(L, "read_bytes", i.read_bytes);
	set_int(L, "written_bytes", i.written_bytes);
	set_int(L, "notices", i.notices);
	set_int(L, "stops", i.stops);
	return 1;
}

/* unit_medium(unit, size or nil): another medium, empty, or none */
static int lua_unit_medium(lua_State *L)
{
	lua_Integer size = luaL_optinteger(L, 2, 0);

	hvm_lun_set_medium(unit(L, 1), size ? hvm_disk_memory((uint64_t)size) : NULL);
	return 0;
}

static struct hvm_disk_backend *medium(lua_State *L, uint64_t at, size_t n)
{
	struct hvm_disk_backend *b = hvm_lun_backend(unit(L, 1));

	if (!b || at > b->size || n > b->size - at)
		luaL_error(L, "outside of the medium");
	return b;
}

/* unit_read(unit, offset, n) -> bytes */
static int lua_unit_read(lua_State *L)
{
	uint64_t at = (uint64_t)luaL_checkinteger(L, 2);
	size_t n = (size_t)luaL_checkinteger(L, 3);
	struct hvm_disk_backend *b = medium(L, at, n);
	luaL_Buffer buffer;
	char *out = luaL_buffinitsize(L, &buffer, n);

	if (!b->read(b, at, out, n))
		return luaL_error(L, "the medium cannot be read");
	luaL_pushresultsize(&buffer, n);
	return 1;
}

/* unit_write(unit, offset, bytes) */
static int lua_unit_write(lua_State *L)
{
	uint64_t at = (uint64_t)luaL_checkinteger(L, 2);
	size_t n;
	const char *bytes = luaL_checklstring(L, 3, &n);
	struct hvm_disk_backend *b = medium(L, at, n);

	if (!b->write(b, at, bytes, n))
		return luaL_error(L, "the medium cannot be written");
	return 0;
}

/* Before the server: their channels are the controllers' and not the world's. */
void hvc_storages_free(struct hvc_world *w)
{
	size_t i;

	for (i = 0; i < w->channel_count; i++)
		if (w->borrowed[i])
			w->channels[i] = NULL;
	for (i = 0; i < w->storage_count; i++)
		hvm_storvsp_free(w->storages[i]);
	for (i = 0; i < w->lun_count; i++)
		hvm_lun_free(w->luns[i]);
	w->storage_count = 0;
	w->lun_count = 0;
}

void hvc_lua_storage(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "storage_new", lua_storage_new },
		{ "storage_queue", lua_storage_queue },
		{ "storage_attach", lua_storage_attach },
		{ "storage_detach", lua_storage_detach },
		{ "storage_fault", lua_storage_fault },
		{ "storage_info", lua_storage_info },
		{ "unit_new", lua_unit_new },
		{ "unit_medium", lua_unit_medium },
		{ "unit_read", lua_unit_read },
		{ "unit_write", lua_unit_write },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
