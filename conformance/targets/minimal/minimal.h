/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * minimal.h - a small VMBus guest, whole but plain
 *
 * Written straight from the facts of the wire (chapter 10), with nothing of hvproto in it, so
 * that the conformance suites are tried on two guests that share no code. It is also the
 * example for whoever connects a driver of their own; see README.md beside this file.
 *
 *	driver.c	what the runner calls: create, command, interrupt, run, destroy
 *	synic.c		MSRs, hypercalls, message slots, event flags
 *	bus.c		the connection: versions, offers, rescind, unload
 *	channel.c	GPADLs, open, close, modify
 *	ring.c		packets in the two rings of a channel
 *
 * One thread. Everything is a reaction: a command, an interrupt or a due time comes in,
 * messages and events go out, nothing waits.
 */
#ifndef MINIMAL_H
#define MINIMAL_H

#include <hvtarget.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MG_MESSAGE_MAX 240u
#define MG_CHANNEL_IDS 2048u
#define MG_SINT 2u
#define MG_REQUESTS 64u
#define MG_PACKET_MAX 65536u
#define MG_BATCH 256u /* packets a pass; what is left waits for the next run() */
#define MG_MS 10000ull /* 100 ns units in a millisecond */
#define MG_UNLOAD_LIMIT (100000 * MG_MS)
#define MG_POLL (10 * MG_MS)
#define MG_STATUS_GONE 1u /* our own failure code: any nonzero value means "failed" */

/* Control messages this guest knows (section 4.1). */
enum mg_type {
	MG_OFFER_CHANNEL = 1,
	MG_RESCIND = 2,
	MG_REQUEST_OFFERS = 3,
	MG_ALL_OFFERS_DELIVERED = 4,
	MG_OPEN_CHANNEL = 5,
	MG_OPEN_RESULT = 6,
	MG_CLOSE_CHANNEL = 7,
	MG_GPADL_HEADER = 8,
	MG_GPADL_BODY = 9,
	MG_GPADL_CREATED = 10,
	MG_GPADL_TEARDOWN = 11,
	MG_GPADL_TORNDOWN = 12,
	MG_REL_ID_RELEASED = 13,
	MG_INITIATE_CONTACT = 14,
	MG_VERSION_RESPONSE = 15,
	MG_UNLOAD = 16,
	MG_UNLOAD_COMPLETE = 17,
	MG_MODIFY_CHANNEL = 22,
	MG_MODIFY_RESPONSE = 24,
};

/* Feature flags (section 4.4) that this guest can live with. */
#define MG_FEATURE_SIGNAL_PARAMETERS 0x01u
#define MG_FEATURE_INTERRUPT_REDIRECT 0x02u
#define MG_FEATURE_CLIENT_ID 0x08u
#define MG_FEATURES \
	(MG_FEATURE_SIGNAL_PARAMETERS | MG_FEATURE_INTERRUPT_REDIRECT | MG_FEATURE_CLIENT_ID)

#define MG_V1_1 0x00010001u
#define MG_V2_4 0x00020004u
#define MG_V3_0 0x00030000u
#define MG_V4_1 0x00040001u
#define MG_V5_0 0x00050000u
#define MG_V5_2 0x00050002u
#define MG_V5_3 0x00050003u
#define MG_V6_0 0x00060000u

/* A control message on its way out. */
struct mg_message {
	struct mg_message *next;
	uint32_t connection;
	uint32_t channel; /* 0: of no channel; else dropped when that one is rescinded */
	uint32_t size;
	uint8_t bytes[MG_MESSAGE_MAX];
};

enum mg_gpadl_state {
	MG_GPADL_CREATING,
	MG_GPADL_LIVE,
	MG_GPADL_TEARING,
	MG_GPADL_LOST, /* half made: the host may know the pages until the channel is gone */
};

/* Pages shared with the host; the list owns them until the host cannot touch them any more. */
struct mg_gpadl {
	struct mg_gpadl *next;
	uint32_t id;
	uint32_t channel;
	enum mg_gpadl_state state;
	bool ring;
	uint64_t handle;
	uint8_t *va;
	size_t pages;
};

/* One direction. @index is our own index: never read back from the shared page. */
struct mg_ring {
	uint8_t *control;
	uint8_t *data;
	uint32_t size;
	uint32_t index;
};

struct mg_request {
	bool used;
	bool wants_completion;
	uint64_t caller_id;
	void *va;
	size_t pages;
};

enum mg_channel_state {
	MG_OFFERED,
	MG_SHARING, /* GPADL_HEADER sent */
	MG_OPENING, /* OPEN_CHANNEL sent */
	MG_OPEN,
	MG_CLOSING, /* CLOSE_CHANNEL and GPADL_TEARDOWN sent */
};

struct mg_channel {
	enum mg_channel_state state;
	bool rescinded;
	bool broken;
	bool paused;
	bool again; /* packets left over from the last pass */
	bool dedicated;
	bool modifying;
	bool waiting_for_id;
	uint32_t id;
	uint32_t connection; /* for HvSignalEvent */
	uint32_t open_connection; /* the same, for this opening */
	uint32_t target_vp;
	uint32_t tx_pages;
	uint32_t waiting; /* bytes of room that a sender waits for; 0: nobody waits */
	uint16_t subchannel;
	uint8_t interface[16];
	uint8_t instance[16];
	uint8_t user_data[120];
	struct mg_gpadl *gpadl; /* of the rings */
	struct mg_ring tx;
	struct mg_ring rx;
	struct mg_request requests[MG_REQUESTS];
};

enum mg_bus_state {
	MG_DISCONNECTED,
	MG_CONTACTING,
	MG_CONNECTED,
	MG_UNLOADING,
	MG_GAVE_UP, /* the host never let go of the memory it knows */
};

struct mg_vp {
	uint8_t *message_page;
	uint8_t *event_page;
};

struct mg_guest {
	struct hvt_machine_ops ops;
	void *m;
	struct hvt_config config;
	enum mg_bus_state state;
	unsigned int attempt; /* index into the version table */
	uint32_t version;
	uint32_t features;
	uint32_t connection; /* for control messages */
	uint64_t unload_deadline;
	uint32_t next_gpadl;
	bool synic_on;
	struct mg_vp *vps;
	uint8_t *hypercall_page;
	uint8_t *post_page;
	uint8_t *interrupt_page;
	struct mg_message *out; /* oldest first */
	unsigned int tries;
	uint64_t next_try;
	struct mg_gpadl *gpadls;
	struct mg_channel *channels[MG_CHANNEL_IDS];
	uint8_t packet[MG_PACKET_MAX];
};

/* Little-endian fields, any alignment. */
static inline uint16_t mg_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t mg_get32(const uint8_t *p)
{
	return (uint32_t)mg_get16(p) | (uint32_t)mg_get16(p + 2) << 16;
}

static inline uint64_t mg_get64(const uint8_t *p)
{
	return mg_get32(p) | (uint64_t)mg_get32(p + 4) << 32;
}

static inline void mg_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void mg_put32(uint8_t *p, uint32_t v)
{
	mg_put16(p, v & 0xffff);
	mg_put16(p + 2, v >> 16);
}

static inline void mg_put64(uint8_t *p, uint64_t v)
{
	mg_put32(p, (uint32_t)v);
	mg_put32(p + 4, (uint32_t)(v >> 32));
}

/* A shared word is loaded and stored by exactly one aligned access (section 3.7.4). */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define MG_LE32(v) __builtin_bswap32(v)
#else
#define MG_LE32(v) (v)
#endif

static inline uint32_t mg_load(const uint8_t *p)
{
	return MG_LE32(__atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE));
}

static inline void mg_store(uint8_t *p, uint32_t v)
{
	__atomic_store_n((uint32_t *)(void *)p, MG_LE32(v), __ATOMIC_RELEASE);
}

static inline void mg_full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* driver.c */
void mg_event(struct mg_guest *g, const struct hvt_event *event);
void mg_result(struct mg_guest *g, uint32_t type, uint32_t channel, uint32_t status);
void mg_dropped(struct mg_guest *g, uint32_t channel, const char *why);
void mg_log(struct mg_guest *g, const char *text);

/* synic.c */
bool mg_synic_start(struct mg_guest *g);
void mg_synic_stop(struct mg_guest *g);
void mg_synic_interrupt(struct mg_guest *g, uint32_t vp);
bool mg_slot_take(struct mg_guest *g, uint32_t vp, uint32_t *type, uint8_t *bytes, uint32_t *size);
void mg_signal(struct mg_guest *g, const struct mg_channel *ch);
void mg_post(struct mg_guest *g, uint32_t channel, const uint8_t *bytes, uint32_t size);
void mg_post_due(struct mg_guest *g);
void mg_post_drop_channel(struct mg_guest *g, uint32_t channel);
void mg_post_drop_bodies(struct mg_guest *g, uint32_t gpadl);
void mg_post_clear(struct mg_guest *g);

/* bus.c */
int mg_connect(struct mg_guest *g);
int mg_unload(struct mg_guest *g);
int mg_crash_unload(struct mg_guest *g);
int mg_release(struct mg_guest *g, struct mg_channel *ch);
void mg_bus_message(struct mg_guest *g, const uint8_t *bytes, uint32_t size);
void mg_bus_post_failed(struct mg_guest *g, const struct mg_message *msg, uint32_t status);
void mg_bus_disconnected(struct mg_guest *g, uint32_t status);
void mg_forget_all(struct mg_guest *g);

/* channel.c */
int mg_open(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd);
int mg_close(struct mg_guest *g, struct mg_channel *ch);
int mg_modify(struct mg_guest *g, struct mg_channel *ch, uint32_t target_vp);
int mg_gpadl_share(struct mg_guest *g, struct mg_channel *ch, size_t pages, uint64_t handle);
int mg_gpadl_unshare(struct mg_guest *g, struct mg_channel *ch, uint64_t handle);
struct mg_gpadl *mg_gpadl_find(struct mg_guest *g, uint32_t id);
void mg_gpadl_created(struct mg_guest *g, struct mg_gpadl *gp, uint32_t status);
void mg_gpadl_torndown(struct mg_guest *g, struct mg_gpadl *gp);
void mg_gpadl_free(struct mg_guest *g, struct mg_gpadl *gp);
void mg_open_result(struct mg_guest *g, struct mg_channel *ch, uint32_t status);
void mg_channel_settle(struct mg_guest *g, struct mg_channel *ch);
void mg_channel_free(struct mg_guest *g, struct mg_channel *ch);

/* ring.c */
void mg_ring_start(struct mg_channel *ch);
void mg_ring_stop(struct mg_guest *g, struct mg_channel *ch);
int mg_send(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd);
int mg_send_gpa(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd);
int mg_complete(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd);
void mg_channel_event(struct mg_guest *g, struct mg_channel *ch);
bool mg_channel_polls(const struct mg_channel *ch);

#endif /* MINIMAL_H */
