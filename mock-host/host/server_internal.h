/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_internal.h - what the files of the channel server share
 */
#ifndef HVM_SERVER_INTERNAL_H
#define HVM_SERVER_INTERNAL_H

#include <string.h>

#include <hvmock/vmbus_server.h>
#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#include "faults_internal.h"
#include "gpadl_map.h"
#include "partition_internal.h"

#define HVM_MESSAGE_TYPES 32u
#define HVM_CHANNEL_IDS HVP_VMBUS_MAX_CHANNELS

/* Shorter names of what the tables of versions say again and again. */
#define V0_13 HVP_VMBUS_VERSION_0_13
#define V1_1 HVP_VMBUS_VERSION_1_1
#define V2_4 HVP_VMBUS_VERSION_2_4
#define V3_0 HVP_VMBUS_VERSION_3_0
#define V4_1 HVP_VMBUS_VERSION_4_1
#define V5_0 HVP_VMBUS_VERSION_5_0
#define V5_1 HVP_VMBUS_VERSION_5_1
#define V5_3 HVP_VMBUS_VERSION_5_3
#define V6_0 HVP_VMBUS_VERSION_6_0

/* Every message a guest sends, decoded. */
union hvm_body {
	struct hvp_vmbus_initiate_contact contact;
	struct hvp_vmbus_open_channel open;
	struct hvp_vmbus_open_reserved_channel open_reserved;
	struct hvp_vmbus_close_channel close;
	struct hvp_vmbus_close_reserved_channel close_reserved;
	struct hvp_vmbus_gpadl_header gpadl_header;
	struct hvp_vmbus_gpadl_body gpadl_body;
	struct hvp_vmbus_gpadl_teardown gpadl_teardown;
	struct hvp_vmbus_rel_id_released released;
	struct hvp_vmbus_modify_channel modify;
	struct hvp_vmbus_modify_connection modify_connection;
	struct hvp_vmbus_tl_connect_request tl_connect;
};

struct hvm_input {
	uint32_t type;
	uint32_t connection_id;
	size_t size;
	union hvm_body b;
};

/* Where messages of the host go. */
struct hvm_target {
	uint32_t vp, sint;
};

/* A contact that is being worked on. */
struct hvm_contact {
	uint32_t version;
	uint32_t features; /* asked for */
	struct hvm_target target;
	uint64_t interrupt_page;
	uint64_t monitor_pages[2];
	struct hvp_guid client_id;
	bool refuse; /* answer with a failure ... */
	uint8_t state; /* ... that says this, if the version has words for it */
};

/* What follows when the channels have settled. */
enum hvm_next {
	HVM_NEXT_NONE,
	HVM_NEXT_UNLOAD,
	HVM_NEXT_CONTACT,
};

struct hvm_conn {
	enum hvm_conn_state state;
	enum hvm_next next;
	uint32_t version;
	uint32_t features;
	uint32_t connection_id; /* of guest messages */
	struct hvm_target target;
	bool offers_sent;
	bool paused;
	uint64_t interrupt_page;
	uint64_t monitor_pages[2];
	struct hvp_guid client_id;
	struct hvm_contact contact; /* being applied, or to come after settling */
	bool newer; /* a contact came while one was being applied */
	bool releasing; /* not all channels have been told yet that the guest left */
	bool port_added;
};

struct hvm_text { /* bytes of a message */
	uint8_t bytes[HVM_PAYLOAD_MAX];
	size_t size;
};

struct hvm_override {
	enum hvm_mode mode;
	struct hvm_text text;
};

/* A message on hold: one of the guest, or one of the host with its target. */
struct hvm_held {
	bool from_guest;
	struct hvm_port_msg m;
};

struct hvm_server {
	struct hvm_partition *p;
	struct hvm_server_config cfg;
	struct hvm_conn conn;
	struct hvm_channel **channels;
	size_t n, cap;
	struct hvm_gpadl_map gpadls;
	struct hvm_channel *monitored[HVP_HV_MONITOR_ID_COUNT];
	uint64_t polling; /* event of the next look at the monitor page */
	struct hvm_override modes[HVM_MESSAGE_TYPES];
	struct hvm_held *held;
	size_t held_n, held_cap;
	struct hvm_port_msg *later; /* sent while paused */
	size_t later_n, later_cap;
	uint64_t dropped[HVM_DROPS];
	uint64_t received[HVM_MESSAGE_TYPES];
	uint64_t sent[HVM_MESSAGE_TYPES];
	bool stop_reading;
	bool pump_due;
};

struct hvm_modify {
	bool pending;
	uint32_t vp;
	bool again; /* below 5.3: one more is to follow */
	uint32_t again_vp;
};

struct hvm_channel {
	struct hvm_server *s;
	enum hvm_channel_state state;
	struct hvm_offer offer;
	const struct hvm_device_ops *ops;
	void *ctx;
	uint32_t id;
	uint32_t connection_id;
	uint8_t monitor_id;
	struct hvm_open open;
	struct hvm_open reopen; /* stored while closing */
	struct hvm_target reply; /* of a reserved channel */
	uint32_t reserved_version;
	bool port_added;
	bool asked_close;
	bool gone;
	struct hvm_modify modify;
	uint64_t signals, interrupts;
};

static inline struct hvp_neg hvm_neg(const struct hvm_server *s)
{
	struct hvp_neg neg = { s->conn.version, s->conn.features };

	return neg;
}

static inline bool hvm_has(const struct hvm_server *s, uint32_t feature)
{
	return (s->conn.features & feature) != 0;
}

/* server.c */
void hvm_drop(struct hvm_server *s, enum hvm_drop why, const char *what);
void hvm_pump_later(struct hvm_server *s);
void hvm_server_ready(void *server);

/* input.c */
void hvm_handle(struct hvm_server *s, const struct hvm_port_msg *m);

/* output.c */
void hvm_send(struct hvm_server *s, uint32_t type, const void *body);
void hvm_send_to(struct hvm_server *s, struct hvm_target to, struct hvp_neg neg, uint32_t type,
		 const void *body);
void hvm_send_later_now(struct hvm_server *s);
void hvm_output_now(struct hvm_server *s, const struct hvm_port_msg *m);

/* connection.c */
enum hvm_conn_event {
	HVM_CONN_EV_CONTACT,
	HVM_CONN_EV_REQUEST_OFFERS,
	HVM_CONN_EV_UNLOAD,
	HVM_CONN_EV_MODIFY,
	HVM_CONN_EV_PAUSE,
	HVM_CONN_EV_RESUME,
	HVM_CONN_EV_CHANNEL, /* any message to a channel */
	HVM_CONN_EV_CLOSE_RESERVED,
	HVM_CONN_EV_LOWER_OK, /* pages and features are applied */
	HVM_CONN_EV_LOWER_FAILED,
	HVM_CONN_EV_SETTLED, /* no channel is closing or opening any more */
	HVM_CONN_EV_LOST, /* the host forgets the guest */
	HVM_CONN_EVENTS
};
void hvm_conn_event(struct hvm_server *s, enum hvm_conn_event ev, const struct hvm_input *in);
void hvm_conn_check_settled(struct hvm_server *s);

/* contact.c */
bool hvm_contact_parse(struct hvm_server *s, const struct hvm_input *in, struct hvm_contact *c);
void hvm_contact_apply(struct hvm_server *s);
void hvm_contact_accept(struct hvm_server *s);
void hvm_contact_refuse(struct hvm_server *s);
void hvm_pages_set(struct hvm_server *s, uint64_t interrupt_page, const uint64_t monitor[2]);
void hvm_pages_drop(struct hvm_server *s);
void hvm_modify_connection(struct hvm_server *s, const struct hvp_vmbus_modify_connection *m);

/* channel.c */
enum hvm_channel_event {
	HVM_CH_EV_OFFER, /* OFFER_CHANNEL goes out */
	HVM_CH_EV_OPEN,
	HVM_CH_EV_OPEN_RESERVED,
	HVM_CH_EV_CLOSE,
	HVM_CH_EV_CLOSE_RESERVED,
	HVM_CH_EV_RELEASED, /* REL_ID_RELEASED */
	HVM_CH_EV_OPEN_OK, /* by the device */
	HVM_CH_EV_OPEN_FAILED,
	HVM_CH_EV_CLOSED, /* by the device */
	HVM_CH_EV_REMOVE, /* the host takes the device away */
	HVM_CH_EV_READD,
	HVM_CH_EV_GUEST_GONE, /* unload, new contact, reset */
	HVM_CH_EVENTS
};
bool hvm_channel_event(struct hvm_channel *ch, enum hvm_channel_event ev, uint32_t arg);
void hvm_channel_message(struct hvm_server *s, const struct hvm_input *in);
void hvm_channel_close_reserved(struct hvm_server *s, const struct hvm_input *in);
bool hvm_channel_is_revoked(const struct hvm_channel *ch);
struct hvm_channel *hvm_channel_find(const struct hvm_server *s, uint32_t id);
void hvm_channels_guest_gone(struct hvm_server *s);

/* open.c */
void hvm_open_start(struct hvm_channel *ch);
void hvm_open_result(struct hvm_channel *ch, uint32_t status);
void hvm_open_end(struct hvm_channel *ch);
void hvm_close_ask(struct hvm_channel *ch);

/* offer.c */
void hvm_offer_send(struct hvm_channel *ch);
void hvm_offers_all(struct hvm_server *s);
void hvm_channel_forget(struct hvm_channel *ch);

/* channel_gpadl.c */
void hvm_gpadl_header(struct hvm_server *s, const struct hvp_vmbus_gpadl_header *m);
void hvm_gpadl_body(struct hvm_server *s, const struct hvp_vmbus_gpadl_body *m);
void hvm_gpadl_teardown(struct hvm_server *s, const struct hvp_vmbus_gpadl_teardown *m);
void hvm_gpadls_event(struct hvm_server *s, uint32_t channel, enum hvm_gpadl_event ev);
void hvm_gpadls_free(struct hvm_server *s);

/* modify.c */
void hvm_modify_channel(struct hvm_server *s, const struct hvp_vmbus_modify_channel *m);

/* interrupts.c */
bool hvm_port_open(struct hvm_channel *ch);
void hvm_port_close(struct hvm_channel *ch);
void hvm_guest_signal(struct hvm_channel *ch);
void hvm_shared_signal(void *server, uint32_t connection_id, uint32_t flag);

/* monitor.c */
void hvm_monitor_start(struct hvm_server *s);
void hvm_monitor_stop(struct hvm_server *s);
void hvm_monitor_give(struct hvm_channel *ch);
void hvm_monitor_take(struct hvm_channel *ch);
void hvm_monitor_poll(struct hvm_server *s);

/* True: the channel was revoked by a rule of that moment. */
bool hvm_moment_now(struct hvm_channel *ch, enum hvm_moment moment);

#endif /* HVM_SERVER_INTERNAL_H */
