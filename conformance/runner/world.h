/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - all that exists while one case runs
 *
 * A partition of the mock hypervisor, the host's channel server on it, and either a driver
 * under test (guest side) or a scripted raw guest (host side). Lua reaches it through the
 * primitives of lua_*.c; lua/api.lua makes of them what suites use.
 */
#ifndef HVC_WORLD_H
#define HVC_WORLD_H

#include <hvmock/netvsp.h>
#include <hvmock/storvsp.h>
#include <hvmock/scripted.h>
#include <hvmock/vmbus_server.h>

#include "hvc.h"

#define HVC_CHANNELS 4096u
#define HVC_NICS 8u
#define HVC_STORAGES 8u
#define HVC_LUNS 64u

/* An event of the driver, copied: the original dies with the call. */
struct hvc_event {
	struct hvt_event e;
	uint8_t *data;
	char *text;
	char *op; /* empty but for device drivers */
	struct hvt_arg *args;
	uint64_t time;
};

/* A message that the raw guest took out of a slot. */
struct hvc_slot_message {
	uint32_t vp;
	uint32_t sint;
	uint32_t type;
	uint32_t size;
	uint8_t payload[HVM_PAYLOAD_MAX];
};

/* A message that goes into a slot some time from now. */
struct hvc_later {
	uint32_t vp;
	uint32_t sint;
	struct hvm_synic_msg m;
};

/* The scripted guest of host-side cases. */
struct hvc_raw {
	uint64_t simp[HVM_MAX_VPS]; /* GPA, 0 none */
	uint64_t siefp[HVM_MAX_VPS];
	void *pages[HVM_MAX_VPS][2];
	void *input; /* one page for hypercall input */
	void *code; /* the hypercall page */
	bool hold_slots; /* leave messages in the slots */
	struct hvc_slot_message *messages;
	size_t message_count;
	uint64_t flags[HVM_MAX_VPS][HVM_SINTS]; /* interrupts that found flags */
	uint32_t seen[HVM_MAX_VPS][HVM_EVENT_FLAGS]; /* times each flag of SINT 2 was set */
};

struct hvc_failure {
	bool set;
	char *verdict; /* failed, skipped, broken */
	char *reason;
	char *where;
	json_t *detail; /* entry, field, offset, expected, found; or NULL */
};

struct hvc_nic_tap;

struct hvc_shared {
	void *va;
	size_t size;
};

struct hvc_world {
	const struct hvc_case *c;
	struct hvc_run *run;
	lua_State *lua;

	struct hvm_partition *partition;
	struct hvm_sched *sched;
	struct hvm_server *server;
	struct hvm_scripted *channels[HVC_CHANNELS];
	bool borrowed[HVC_CHANNELS]; /* a storage controller frees it */
	size_t channel_count;
	struct hvm_netvsp *nics[HVC_NICS];
	struct hvc_nic_tap *nic_taps[HVC_NICS];
	size_t nic_count;
	struct hvm_storvsp *storages[HVC_STORAGES];
	size_t storage_count;
	struct hvm_lun *luns[HVC_LUNS];
	size_t lun_count;

	const struct hvt_driver_ops *driver; /* NULL on the host side */
	void *instance;
	uint32_t current_vp;
	uint64_t timer; /* handle of the driver's next run(), 0 none */
	uint64_t spin; /* virtual time of the next now() of a polling guest */
	bool polling;
	struct hvc_event *events;
	size_t event_count;

	struct hvc_shared *shared; /* files that are guest memory */
	size_t shared_count;

	struct hvc_raw *raw; /* NULL on the guest side */
	struct hvc_later *later;
	size_t later_count;

	json_t *transcript;
	size_t seen; /* trace entries that are in the transcript */
	size_t left_out; /* of the middle of it, when it is long */
	uint32_t features; /* granted, as read off the trace */
	uint32_t nvsp_asked, nvsp_version; /* likewise, of the NIC that began last */

	unsigned int checks;
	uint64_t steps;
	struct hvc_failure failure;
};

/* machine.c */
int hvc_world_open(struct hvc_world *w);
void hvc_world_close(struct hvc_world *w);
void hvc_world_end_guest(struct hvc_world *w);
int hvc_command(struct hvc_world *w, const struct hvt_command *cmd);
const char *hvc_event_name(uint32_t type);
int hvc_event_type(const char *name);

/* raw.c */
int hvc_raw_open(struct hvc_world *w);
void hvc_raw_close(struct hvc_world *w);
void hvc_raw_interrupt(struct hvc_world *w, uint32_t vp, uint32_t sint);
uint64_t hvc_raw_post(struct hvc_world *w, uint32_t connection, uint32_t type, uint32_t size,
		      const void *payload);

/* trace.c: from now on the partition's trace goes to the file of the case, if one is wanted */
void hvc_trace_start(struct hvc_world *w);

/* transcript.c */
void hvc_transcript_update(struct hvc_world *w);
void hvc_transcript_finish(struct hvc_world *w);
struct hvc_span {
	const uint8_t *bytes;
	size_t size;
	unsigned int base; /* of the fields' offsets */
};
void hvc_add_fields(json_t *entry, const struct hvp_msg_desc *m, const struct hvc_span *s,
		    const uint8_t *decoded);
void hvc_summarise(json_t *entry);
/* A passed case among many: names and summaries of its beginning and end. */
void hvc_transcript_shorten(json_t *transcript);

/* transcript_net.c */
void hvc_nvsp_watch(struct hvc_world *w, const struct hvm_trace_entry *e);
/* Name, fields and summary of a packet of a NIC; false: it holds no NVSP message. */
bool hvc_nvsp_entry(struct hvc_world *w, json_t *entry, const struct hvm_trace_entry *e);
/* RNDIS lies in memory and not in the ring: who reads or writes it says so in a note. */
void hvc_note_rndis(struct hvc_world *w, uint32_t dir, struct hvp_rd message, uint32_t version);
bool hvc_rndis_entry(json_t *entry, const char *note);
struct hvp_neg hvc_neg(const struct hvc_world *w, uint32_t version);

/* fail.c */
void hvc_fail(struct hvc_world *w, const char *verdict, const char *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* codec.c */
const struct hvp_proto_desc *hvc_proto(const char *name);
const struct hvp_msg_desc *hvc_message(lua_State *L, const char *name);
void hvc_codec_open(lua_State *L);
bool hvc_guid_parse(const char *text, size_t size, uint8_t out[16]);

/* lua_*.c: each adds its functions to the table on top of the stack */
void hvc_lua_machine(lua_State *L);
void hvc_lua_host(lua_State *L);
void hvc_lua_channel(lua_State *L);
void hvc_lua_fault(lua_State *L);
void hvc_lua_guest(lua_State *L);
void hvc_lua_raw(lua_State *L);
void hvc_lua_nic(lua_State *L);
void hvc_lua_nic_send(lua_State *L);
void hvc_lua_nic_tap(lua_State *L);
struct hvm_netvsp *hvc_nic(lua_State *L); /* argument 1 */
void hvc_lua_storage(lua_State *L);
void hvc_storages_free(struct hvc_world *w);
void hvc_nics_free(struct hvc_world *w);
void hvc_nic_tap_new(struct hvc_world *w, size_t nic);
void hvc_nic_tap_free(struct hvc_nic_tap *t);
struct hvc_world *hvc_world_of(lua_State *L);

/* Optional fields of an options table at @at (none or nil: the default). */
uint64_t hvc_opt_int(lua_State *L, int at, const char *key, uint64_t def);
bool hvc_opt_bool(lua_State *L, int at, const char *key);
uint64_t hvc_opt_time(lua_State *L, int at, const char *key, uint64_t def);
const char *hvc_opt_text(lua_State *L, int at, const char *key, const char *def);

#endif /* HVC_WORLD_H */
