/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives on the mock host's own NIC: what cases of the host side attack. */
#include <stddef.h>
#include <string.h>

#include <lauxlib.h>

#include "world.h"

struct nic_setting {
	const char *name;
	size_t offset;
	size_t size;
};

#define SETTING(field) \
	{ \
#field, offsetof(struct hvm_netvsp_config, field), \
			sizeof(((struct hvm_netvsp_config *)NULL)->field) \
	}

static const struct nic_setting settings[] = {
	SETTING(min_version),	SETTING(max_version),
	SETTING(mtu_max),	SETTING(max_queues),
	SETTING(link_down),	SETTING(link_speed),
	SETTING(section_size),	SETTING(sub_allocation),
	SETTING(max_packets),	SETTING(alignment_factor),
	SETTING(max_transfer),	SETTING(max_mdl_chain),
	SETTING(hash_table),	SETTING(no_checksum),
	SETTING(no_lso),	SETTING(rsc),
	SETTING(tight),		SETTING(table_offset),
	SETTING(delay),		SETTING(rndis_delay),
	SETTING(tx_delay),	SETTING(link_delay),
	SETTING(vf_present),	SETTING(vf_serial),
	SETTING(no_auto_table),
};

struct hvm_netvsp *hvc_nic(lua_State *L)
{
	struct hvc_world *w = hvc_world_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);

	if (n < 1 || (size_t)n > w->nic_count)
		luaL_error(L, "no NIC has number %d", (int)n);
	return w->nics[n - 1];
}

static void store(void *to, size_t size, uint64_t value)
{
	uint32_t v32 = (uint32_t)value;
	bool flag = value != 0;

	if (size == sizeof(bool))
		memcpy(to, &flag, size);
	else if (size == sizeof(v32))
		memcpy(to, &v32, size);
	else
		memcpy(to, &value, size);
}

static void configure(lua_State *L, struct hvm_netvsp_config *cfg)
{
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		lua_getfield(L, 1, settings[i].name);
		if (lua_isboolean(L, -1))
			store((char *)cfg + settings[i].offset, settings[i].size,
			      (uint64_t)lua_toboolean(L, -1));
		else if (!lua_isnil(L, -1))
			store((char *)cfg + settings[i].offset, settings[i].size,
			      (uint64_t)luaL_checkinteger(L, -1));
		lua_pop(L, 1);
	}
}

/* backend: "echo": every frame comes back; without one frames end in the NIC. */
static void choose_backend(lua_State *L, struct hvm_netvsp_config *cfg)
{
	const char *name;

	lua_getfield(L, 1, "backend");
	name = luaL_optstring(L, -1, "");
	if (strcmp(name, "echo") == 0)
		cfg->backend = hvm_net_echo(false);
	else if (*name)
		luaL_error(L, "host:nic knows no backend '%s'", name);
	lua_pop(L, 1);
}

/* nic_new{settings} -> number of the NIC, number of its primary channel */
static int lua_nic_new(lua_State *L)
{
	struct hvm_netvsp_config cfg = HVM_NETVSP_CONFIG_INIT;
	struct hvc_world *w = hvc_world_of(L);
	struct hvm_netvsp *n;

	luaL_checktype(L, 1, LUA_TTABLE);
	configure(L, &cfg);
	if (w->nic_count == HVC_NICS || w->channel_count == HVC_CHANNELS)
		return luaL_error(L, "too many NICs");
	choose_backend(L, &cfg);
	n = hvm_netvsp_new(w->server, &cfg);
	if (!n)
		return luaL_error(L, "the host has no such NIC");
	w->nics[w->nic_count] = n;
	hvc_nic_tap_new(w, w->nic_count++);
	w->channels[w->channel_count++] = hvm_netvsp_queue(n, 0);
	lua_pushinteger(L, (lua_Integer)w->nic_count);
	lua_pushinteger(L, (lua_Integer)w->channel_count);
	return 2;
}

/* Before the server: their channels are the NICs' and not the world's. */
void hvc_nics_free(struct hvc_world *w)
{
	struct hvm_scripted *primary;
	size_t i;
	size_t k;

	for (i = 0; i < w->nic_count; i++) {
		primary = hvm_netvsp_queue(w->nics[i], 0);
		for (k = 0; k < w->channel_count; k++)
			if (w->channels[k] == primary)
				w->channels[k] = NULL;
		hvm_netvsp_free(w->nics[i]);
		hvc_nic_tap_free(w->nic_taps[i]);
	}
	w->nic_count = 0;
}

static void set_int(lua_State *L, const char *key, uint64_t v)
{
	lua_pushinteger(L, (lua_Integer)v);
	lua_setfield(L, -2, key);
}

/* nic_info(n) -> table */
static int lua_nic_info(lua_State *L)
{
	struct hvm_netvsp_info i;

	hvm_netvsp_info(hvc_nic(L), &i);
	lua_createtable(L, 0, 20);
	lua_pushstring(L, hvm_net_state_name(i.state));
	lua_setfield(L, -2, "state");
	lua_pushstring(L, i.reason ? i.reason : "");
	lua_setfield(L, -2, "reason");
	set_int(L, "version", i.version);
	set_int(L, "mtu", i.mtu);
	set_int(L, "capabilities", i.capabilities);
	set_int(L, "filter", i.filter);
	set_int(L, "queues", i.queues);
	set_int(L, "open_queues", i.open_queues);
	set_int(L, "receive_slots", i.receive_slots);
	set_int(L, "slot_size", i.slot_size);
	set_int(L, "free_slots", i.free_slots);
	set_int(L, "send_sections", i.send_sections);
	set_int(L, "section_size", i.section_size);
	set_int(L, "data_path", i.data_path);
	set_int(L, "offloads", i.offloads);
	set_int(L, "table_size", i.table_size);
	lua_pushboolean(L, i.rss);
	lua_setfield(L, -2, "rss");
	return 1;
}

#define COUNTER(field) \
	{ \
#field, offsetof(struct hvm_netvsp_counters, field) \
	}
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	COUNTER(tx_frames),   COUNTER(tx_packets),  COUNTER(tx_section),
	COUNTER(tx_gpa),      COUNTER(tx_both),	    COUNTER(tx_rejected),
	COUNTER(rx_frames),   COUNTER(rx_packets),  COUNTER(rx_completed),
	COUNTER(rx_failed),   COUNTER(rx_filtered), COUNTER(rx_no_slot),
	COUNTER(rx_too_long), COUNTER(control),	    COUNTER(control_rejected),
	COUNTER(indications), COUNTER(stops),
};
#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* nic_counters(n) -> table */
static int lua_nic_counters(lua_State *L)
{
	struct hvm_netvsp_counters c;
	size_t i;

	hvm_netvsp_counters(hvc_nic(L), &c);
	lua_createtable(L, 0, COUNTERS);
	for (i = 0; i < COUNTERS; i++)
		set_int(L, counters[i].name,
			*(const uint64_t *)(const void *)((const char *)&c + counters[i].offset));
	return 1;
}

/* nic_vf(n, present, serial) */
static int lua_nic_vf(lua_State *L)
{
	hvm_netvsp_vf(hvc_nic(L), lua_toboolean(L, 2), (uint32_t)luaL_optinteger(L, 3, 0));
	return 0;
}

/* nic_link(n, up) */
static int lua_nic_link(lua_State *L)
{
	hvm_netvsp_set_link(hvc_nic(L), lua_toboolean(L, 2));
	return 0;
}

void hvc_lua_nic(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "nic_new", lua_nic_new },	      { "nic_info", lua_nic_info },
		{ "nic_counters", lua_nic_counters }, { "nic_vf", lua_nic_vf },
		{ "nic_link", lua_nic_link },	      { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
