/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/vmbus_server.h - the host's end of the channel messages
 *
 * Connection and channels by the tables of chapter 10 section 6, all versions 0.13 to 6.0.
 * Every automatic answer can be overridden per message type, and any bytes can be sent, so a
 * script can speak what no host should.
 *
 * Thread rule: one thread per partition. Ownership: the server borrows the partition and must
 * be freed first; it owns its channels.
 */
#ifndef HVMOCK_VMBUS_SERVER_H
#define HVMOCK_VMBUS_SERVER_H

#include <hvmock/device.h>
#include <hvmock/partition.h>
#include <hvmock/synic.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hvm_conn_state {
	HVM_CONN_DISCONNECTED,
	HVM_CONN_CONNECTING,
	HVM_CONN_CONNECTED,
	HVM_CONN_DISCONNECTING,
	HVM_CONN_STATES
};

enum hvm_channel_state {
	HVM_CH_RELEASED, /* not offered yet, or relid released */
	HVM_CH_CLOSED,
	HVM_CH_OPENING,
	HVM_CH_OPEN,
	HVM_CH_CLOSING,
	HVM_CH_CLOSING_REOPEN,
	HVM_CH_REVOKED,
	HVM_CH_REOFFERED,
	HVM_CH_CLOSING_RELEASE, /* guest disconnected while the device closes */
	HVM_CH_OPENING_RELEASE, /* guest disconnected while the device opens */
	HVM_CH_STATES
};

/**
 * struct hvm_server_config - what kind of host this is
 * @size:           sizeof(struct hvm_server_config)
 * @max_version:    highest version accepted; 0 means 6.0. Below 5.0 there is no connection 4
 * @min_version:    lowest version accepted
 * @accept_version: highest version accepted while connection 4 is there as @max_version says:
 *                  a host that answers newer contacts, and refuses them. 0 means @max_version
 * @features:       flags granted when asked for; HVM_ALL_FEATURES for all
 * @connection_id:  given in VERSION_RESPONSE from 5.0 on; 0 means 4 + (SINT << 4)
 * @vtl:            that this server serves; contacts to others get no answer
 * @trusted:        the connection may have confidential channels (flag 0x10)
 * @server_pages:   the host brings monitor pages (flag 0x40)
 * @server_pages_gpa: parent-to-child (may be 0) and child-to-parent page of it
 * @no_monitor:     offers never get a monitor id
 * @monitor_poll:   interval of looking at the monitor page, 100 ns; 0 means 100 us
 * @lower_latency:  time that the lower layer needs to apply a contact, 100 ns
 * @hold_lower:     a contact waits in Connecting until hvm_server_lower_done()
 * @tl_connect:     a guest wants to reach @service: offer a channel and return true, or false
 *                  to refuse. NULL: all are refused
 * @ctx:            given to @tl_connect
 */
struct hvm_server_config {
	size_t size;
	uint32_t max_version;
	uint32_t min_version;
	uint32_t accept_version;
	uint32_t features;
	uint32_t connection_id;
	uint32_t vtl;
	bool trusted;
	bool server_pages;
	uint64_t server_pages_gpa[2];
	bool no_monitor;
	uint64_t monitor_poll;
	uint64_t lower_latency;
	bool hold_lower;
	bool (*tl_connect)(void *ctx, const struct hvp_guid *endpoint,
			   const struct hvp_guid *service, const struct hvp_guid *silo);
	void *ctx;
};

#define HVM_ALL_FEATURES 0xffu
#define HVM_SERVER_CONFIG_INIT \
	{ \
		.size = sizeof(struct hvm_server_config), .features = HVM_ALL_FEATURES \
	}

/** hvm_server_new() - NULL: out of memory or the ports are taken */
struct hvm_server *hvm_server_new(struct hvm_partition *p, const struct hvm_server_config *cfg);

/** hvm_server_free() - channels go, devices are told; @s may be NULL */
void hvm_server_free(struct hvm_server *s);

/**
 * struct hvm_conn_info - the connection as it is now
 * @state:         enum hvm_conn_state
 * @version:       negotiated; 0 when there is none
 * @features:      granted
 * @connection_id: that guest messages must come on; after a connection that of the last one
 * @target_vp:     VP of host messages
 * @offers_sent:   REQUEST_OFFERS was answered
 * @paused:        between PAUSE and RESUME
 * @interrupt_page: GPA or 0
 * @monitor_pages: parent-to-child and child-to-parent GPA or 0
 * @client_id:     of INITIATE_CONTACT, zero if none
 */
struct hvm_conn_info {
	enum hvm_conn_state state;
	uint32_t version;
	uint32_t features;
	uint32_t connection_id;
	uint32_t target_vp;
	bool offers_sent;
	bool paused;
	uint64_t interrupt_page;
	uint64_t monitor_pages[2];
	struct hvp_guid client_id;
};

/** hvm_server_info() - look at the connection */
void hvm_server_info(const struct hvm_server *s, struct hvm_conn_info *out);

/** hvm_server_partition() - what the server runs on */
struct hvm_partition *hvm_server_partition(struct hvm_server *s);

/** hvm_server_lower_done() - end of @hold_lower; false: the pages cannot be had, contact fails */
void hvm_server_lower_done(struct hvm_server *s, bool ok);

/* Why a message of the guest had no effect; counted, never fatal. */
enum hvm_drop {
	HVM_DROP_SIZE, /* shorter than 8 or than the message is */
	HVM_DROP_TYPE, /* 0 or unknown */
	HVM_DROP_DIRECTION, /* of the other direction */
	HVM_DROP_VERSION, /* too new for the version, or feature not granted */
	HVM_DROP_STATE, /* not in this connection state, paused, wrong connection id */
	HVM_DROP_CHANNEL, /* unknown id, or not in this channel state */
	HVM_DROP_GPADL, /* unknown id, or not in this GPADL state */
	HVM_DROP_VALUE, /* a field that cannot be */
	HVM_DROP_SCRIPT, /* mode ignore */
	HVM_DROPS
};

/** hvm_server_dropped() - messages dropped for a reason */
uint64_t hvm_server_dropped(const struct hvm_server *s, enum hvm_drop why);

/** hvm_server_received() - messages of a type that arrived, handled or not */
uint64_t hvm_server_received(const struct hvm_server *s, uint32_t type);

/** hvm_server_sent() - messages of a type that were sent */
uint64_t hvm_server_sent(const struct hvm_server *s, uint32_t type);

/**
 * struct hvm_channel_info - a channel as it is now
 * @id:            channel id; 0 if not assigned yet
 * @state:         enum hvm_channel_state
 * @offer:         as given
 * @open:          how it is open; meaningful from Opening on
 * @connection_id: offered
 * @monitor_id:    0xff for none
 * @gpadls:        GPADLs in any state
 * @signals:       from the guest so far
 * @interrupts:    to the guest so far
 */
struct hvm_channel_info {
	uint32_t id;
	enum hvm_channel_state state;
	const struct hvm_offer *offer;
	struct hvm_open open;
	uint32_t connection_id;
	uint8_t monitor_id;
	size_t gpadls;
	uint64_t signals;
	uint64_t interrupts;
};

/** hvm_channel_info() - look at a channel */
void hvm_channel_info(const struct hvm_channel *ch, struct hvm_channel_info *out);

/** hvm_server_channel() - the channel with an id; NULL if there is none */
struct hvm_channel *hvm_server_channel(struct hvm_server *s, uint32_t channel_id);

/** hvm_server_channel_at() - channels by index, in order of hvm_server_offer(); NULL past it */
struct hvm_channel *hvm_server_channel_at(struct hvm_server *s, size_t index);

/** hvm_conn_state_name() - "connected"; hvm_channel_state_name(), hvm_gpadl_state_name() alike */
const char *hvm_conn_state_name(enum hvm_conn_state state);
const char *hvm_channel_state_name(enum hvm_channel_state state);
const char *hvm_gpadl_state_name(enum hvm_gpadl_state state);

/* ---- scripts ---- */

enum hvm_mode {
	HVM_MODE_AUTO, /* as the facts say */
	HVM_MODE_HOLD, /* kept until hvm_server_release() */
	HVM_MODE_IGNORE, /* swallowed */
	HVM_MODE_CUSTOM, /* swallowed, the bytes given are sent to the guest instead */
};

/**
 * hvm_server_set_mode() - override what happens with a message type
 * @s:     server
 * @type:  message type 0..31, either direction. Guest messages are caught before the server
 *         sees them, its own just before they are sent (with the state changed already)
 * @mode:  from the next message on
 * @bytes: with HVM_MODE_CUSTOM: sent to the guest; copied
 * @size:  0..240
 *
 * Return: HVP_OK; HVP_ARG.
 */
enum hvp_status hvm_server_set_mode(struct hvm_server *s, uint32_t type, enum hvm_mode mode,
				    const void *bytes, size_t size);

/** hvm_server_held() - messages held, any type; oldest first */
size_t hvm_server_held(const struct hvm_server *s);

/** hvm_server_held_get() - bytes of held message @index; @size gets their number; NULL past it */
const uint8_t *hvm_server_held_get(const struct hvm_server *s, size_t index, size_t *size);

/**
 * hvm_server_release() - let a held message go on as if it came (or went) only now
 * @s:     server
 * @index: among those held
 * @drop:  forget it instead
 *
 * Return: HVP_OK; HVP_ARG past the end.
 */
enum hvp_status hvm_server_release(struct hvm_server *s, size_t index, bool drop);

/**
 * hvm_server_send_raw() - send any bytes as a channel message, past modes and states
 * @s:     server
 * @bytes: copied
 * @size:  0..240
 *
 * Goes to the message VP and SINT of the connection (VP 0, SINT 2 without one), in order with
 * the server's own messages. Message fault rules apply. Return: HVP_OK; HVP_ARG.
 */
enum hvp_status hvm_server_send_raw(struct hvm_server *s, const void *bytes, size_t size);

/**
 * hvm_server_input() - a message as if the guest had posted it
 * @s:  server
 * @m:  message; the mode of its type applies, fault rules do not
 */
void hvm_server_input(struct hvm_server *s, const struct hvm_port_msg *m);

/** hvm_server_stop_reading() - leave guest messages in the port: posts will meet a full one */
void hvm_server_stop_reading(struct hvm_server *s, bool stop);

/** hvm_server_drop_connection() - the host forgets the connection, as a reset would */
void hvm_server_drop_connection(struct hvm_server *s);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_VMBUS_SERVER_H */
