/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/netvsc.h - the guest's end of the synthetic NIC (NVSP and RNDIS)
 *
 * Attaches to an offered network channel: negotiates, shares buffers, brings RNDIS up, opens
 * sub-channels; then sets and queries OIDs, follows link and VF, and detaches in the order that
 * the version wants. Frames go through hvproto/netvsc_queue.h. It does no I/O and reads no clock.
 *
 * Thread rule: one caller at a time per device, the same that calls the bus; calls of this header
 * also use queue 0, so hvp_netvsc_send() and hvp_netvsc_poll() of queue 0 must not run beside
 * them. Other queues may run beside, but not while the device attaches or detaches.
 *
 * Ownership rule: all memory is the caller's and is named in struct hvp_netvsc_config. The host
 * may use rings, buffers, control and header pages from hvp_netvsc_attach() until
 * HVP_NETVSC_EV_DETACHED.
 *
 * The loop of a driver, around that of hvproto/bus.h:
 *
 *	while (hvp_bus_next_event(bus, &ev))
 *		if (!hvp_netvsc_bus_event(dev, &ev))
 *			handle_other(&ev);
 *	deadline = hvp_netvsc_run(dev, now);		after each call, and at the deadline
 *	hvp_bus_tick(bus, now);
 *	while (hvp_netvsc_next_event(dev, &nev))
 *		handle(&nev);
 *
 * Source: chapter 20; evidence: two implementations agree unless a comment says otherwise.
 */
#ifndef HVPROTO_NETVSC_H
#define HVPROTO_NETVSC_H

#include <hvproto/bus.h>
#include <hvproto/netvsc_queue.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVP_NETVSC_QUEUES_MAX 64u
#define HVP_NETVSC_CONTROL_MAX 4096u /* bytes of a control message to the host */
#define HVP_NETVSC_KEY_SIZE 40u /* Toeplitz key */
#define HVP_NETVSC_TABLE_MAX 128u /* entries of an indirection table of the guest */
#define HVP_NETVSC_HOST_TABLE 16u /* entries of the host's (send) indirection table */
#define HVP_NETVSC_TIMED_OUT 0xffffffffu /* in place of an RNDIS status: no answer came */
#define HVP_NETVSC_RECEIVE_ID 0xcafeu /* transfer page set of the receive buffer */
#define HVP_NETVSC_SEND_ID 0u
#define HVP_NETVSC_MULTICAST_MAX 32u /* addresses of a multicast list */
#define HVP_NETVSC_OWN_ANSWER 256u /* private: bytes of an answer in an attach */

/* hvp_netvsc_offload: what may be asked of a host, and what it granted */
#define HVP_NETVSC_OFFLOAD_TX_IP4 0x0001u /* checksums computed by the host */
#define HVP_NETVSC_OFFLOAD_TX_TCP4 0x0002u
#define HVP_NETVSC_OFFLOAD_TX_UDP4 0x0004u
#define HVP_NETVSC_OFFLOAD_TX_TCP6 0x0008u
#define HVP_NETVSC_OFFLOAD_TX_UDP6 0x0010u
#define HVP_NETVSC_OFFLOAD_RX_IP4 0x0020u /* checksums verified by the host */
#define HVP_NETVSC_OFFLOAD_RX_TCP4 0x0040u
#define HVP_NETVSC_OFFLOAD_RX_UDP4 0x0080u
#define HVP_NETVSC_OFFLOAD_RX_TCP6 0x0100u
#define HVP_NETVSC_OFFLOAD_RX_UDP6 0x0200u
#define HVP_NETVSC_OFFLOAD_LSO_V1 0x0400u
#define HVP_NETVSC_OFFLOAD_LSO4 0x0800u /* large send version 2 */
#define HVP_NETVSC_OFFLOAD_LSO6 0x1000u
#define HVP_NETVSC_OFFLOAD_RSC4 0x2000u /* receive segment coalescing, from NVSP 6.1 on */
#define HVP_NETVSC_OFFLOAD_RSC6 0x4000u
#define HVP_NETVSC_OFFLOAD_ALL 0x7fffu

/* The states of a device; the table is in src/nvsp/netvsc_state.c. */
enum hvp_netvsc_state {
	HVP_NETVSC_DETACHED,
	/* attaching */
	HVP_NETVSC_OPENING, /* the primary channel */
	HVP_NETVSC_VERSION, /* INIT, walking the versions down */
	HVP_NETVSC_CONFIG, /* NDIS_CONFIG and NDIS_VERSION */
	HVP_NETVSC_RX_SHARING, /* GPADL of the receive buffer */
	HVP_NETVSC_RX_BUFFER,
	HVP_NETVSC_TX_SHARING, /* GPADL of the send buffer */
	HVP_NETVSC_TX_BUFFER,
	HVP_NETVSC_RNDIS, /* INITIALIZE */
	HVP_NETVSC_ASKING, /* the OIDs of an attach, one after the other */
	HVP_NETVSC_ADDING, /* SUB_CHANNEL asked for */
	HVP_NETVSC_SUBS, /* sub-channels being offered and opened */
	HVP_NETVSC_SCALING, /* RSS parameters */
	HVP_NETVSC_RESTORING, /* multicast list and packet filter of before */
	HVP_NETVSC_ATTACHED,
	/* detaching */
	HVP_NETVSC_QUIETING, /* packet filter 0 */
	HVP_NETVSC_DRAINING, /* frames and completions under way */
	HVP_NETVSC_HALTING, /* RNDIS HALT */
	HVP_NETVSC_RX_REVOKING,
	HVP_NETVSC_RX_RETURNING, /* GPADL, before the close: VMBus below 4.0 */
	HVP_NETVSC_TX_REVOKING,
	HVP_NETVSC_TX_RETURNING,
	HVP_NETVSC_CLOSING, /* sub-channels, then the primary */
	HVP_NETVSC_RETURNING, /* GPADLs, after the close: VMBus 4.0 and later */
	HVP_NETVSC_GONE, /* rescinded: memory is on its way back */
	HVP_NETVSC_STATES,
};

/**
 * struct hvp_netvsc_buffer - a buffer shared with the host
 * @base:  the buffer as one mapping; NULL: none (send buffer only)
 * @range: its pages: byte_offset 0, byte_count a multiple of 4096, at most 8190 pages
 */
struct hvp_netvsc_buffer {
	uint8_t *base;
	struct hvp_gpadl_range range;
};

/**
 * struct hvp_netvsc_request - one OID request: a slot in a table of the caller
 *
 * All members are private.
 */
struct hvp_netvsc_request {
	struct hvp_netvsc_work work;
	uint8_t state;
	bool acked; /* the host has read the page */
	bool own; /* of an attach or detach */
	bool news;
	bool wished;
	uint32_t index;
	uint32_t type; /* RNDIS message sent */
	uint32_t request_id;
	uint32_t oid;
	uint32_t status; /* of the reply */
	uint32_t wish; /* filter or offloads that it sets */
	uint32_t message_size;
	uint32_t answer_size;
	uint32_t answer_cap;
	uint8_t *answer;
	void *user;
	uint64_t end; /* time-out; 0: not armed yet */
};

/**
 * struct hvp_netvsc_rss - receive-side scaling
 * @hash_info:   hash function and types: HVP_NETVSC_HASH_*; 0: RSS off
 * @entries:     entries of @table, 1..HVP_NETVSC_TABLE_MAX and at most what the host has
 * @key:         Toeplitz key
 * @table:       queue for each hash bucket; each below the number of open queues
 */
struct hvp_netvsc_rss {
	uint32_t hash_info;
	uint32_t entries;
	uint8_t key[HVP_NETVSC_KEY_SIZE];
	uint8_t table[HVP_NETVSC_TABLE_MAX];
};

#define HVP_NETVSC_HASH_TOEPLITZ 0x00001u
#define HVP_NETVSC_HASH_IPV4 0x00100u
#define HVP_NETVSC_HASH_TCP4 0x00200u
#define HVP_NETVSC_HASH_IPV6 0x00400u
#define HVP_NETVSC_HASH_TCP6 0x01000u
#define HVP_NETVSC_HASH_DEFAULT 0x01701u /* all of the above */

/**
 * struct hvp_netvsc_config - what a NIC is made of
 * @size:          sizeof(struct hvp_netvsc_config) as the caller knows it; members beyond it
 *                 count as 0
 * @bus:           bus of @channel
 * @channel:       primary channel, offered and closed; stays the caller's, who must not open,
 *                 close or release it before HVP_NETVSC_EV_DETACHED
 * @queues:        table of @queue_count slots; queue 0 belongs to the primary
 * @memory:        memory of each queue, in the same order
 * @queue_count:   1..64: most queues. Fewer are used if host or version has fewer
 * @receive:       receive buffer, at least a page
 * @send:          send buffer; base NULL: none, all frames go by reference
 * @requests:      table of OID requests
 * @request_count: 2..64: one is the library's own, the others may be in flight at a time; the
 *                 answer to a KEEPALIVE of the host takes one of them for a moment
 * @control:       @request_count pages of 4096 bytes that the host may read
 * @control_pfns:  guest page number of each
 * @scratch:       private memory for a control message of the host
 * @scratch_size:  bytes of it, 1280 or more; 4096 takes all that hosts send. Longer messages are
 *                 dropped and counted
 * @rx:            called for each received frame, from hvp_netvsc_poll() and
 *                 hvp_netvsc_receive(). It may call hvp_netvsc_send() for the same queue
 * @tx:            called for each sent frame with a user pointer when the host is done with
 *                 it, from the same calls and, with HVP_NETVSC_ABORTED, from
 *                 hvp_netvsc_bus_event(). @status: NVSP status, 1 is success. NULL: not wanted
 * @context:       first argument of both
 * @max_version:   highest NVSP version to try; 0: 6.1
 * @min_version:   lowest to accept; 0: 1. With @isolated never below 6.1
 * @mtu:           bytes behind the Ethernet header, 68..65521; 0: 1500. Lowered to what the host
 *                 takes
 * @capabilities:  bits of NDIS_CONFIG; used if @has_capabilities, else those that the version
 *                 and this library have
 * @has_capabilities: see there
 * @filter:        packet filter to set at the end of the attach; 0: none
 * @offloads:      HVP_NETVSC_OFFLOAD_* to ask for if the host has them
 * @timeout:       for each answer of the host, 100 ns; 0: 10 s
 * @drain_timeout: for frames under way at a detach, 100 ns; 0: 1 s
 * @link_interval: least time between two link events, 100 ns; 0: 2 s
 * @isolated:      the host is not trusted: version 6.1, no VF
 */
struct hvp_netvsc_config {
	size_t size;
	struct hvp_bus *bus;
	struct hvp_channel *channel;
	struct hvp_netvsc_queue *queues;
	const struct hvp_netvsc_queue_memory *memory;
	uint32_t queue_count;
	struct hvp_netvsc_buffer receive;
	struct hvp_netvsc_buffer send;
	struct hvp_netvsc_request *requests;
	uint32_t request_count;
	uint8_t *control;
	const uint64_t *control_pfns;
	uint8_t *scratch;
	uint32_t scratch_size;
	void (*rx)(void *context, struct hvp_netvsc_queue *queue, const struct hvp_netvsc_rx *rx);
	void (*tx)(void *context, struct hvp_netvsc_queue *queue, void *user, uint32_t status);
	void *context;
	uint32_t max_version;
	uint32_t min_version;
	uint32_t mtu;
	uint64_t capabilities;
	bool has_capabilities;
	uint32_t filter;
	uint32_t offloads;
	uint64_t timeout;
	uint64_t drain_timeout;
	uint64_t link_interval;
	bool isolated;
};

/* name, meaning: counters of a device; they wrap */
/* clang-format off */
#define HVP_NETVSC_COUNTERS(X) \
	X(attaches, "attaches begun") \
	X(attach_failures, "of these failed") \
	X(versions_refused, "INIT answers that refused a version") \
	X(timeouts, "answers that did not come in time") \
	X(requests, "OID requests sent") \
	X(replies_unmatched, "replies without a request that waits for them") \
	X(replies_bad, "replies dropped: length, offset or type") \
	X(replies_cut, "replies larger than the caller's memory") \
	X(values_bad, "answers of an attach with an impossible value") \
	X(keepalives, "KEEPALIVE of the host") \
	X(keepalives_lost, "of these not answered: overtaken by another, or RNDIS is not up") \
	X(control_bad, "control messages dropped: length or type") \
	X(control_large, "control messages dropped: larger than the scratch memory") \
	X(indications, "status indications") \
	X(indications_bad, "of these dropped: buffer outside the message, or too short") \
	X(indications_ignored, "of these of no interest") \
	X(nvsp_unknown, "in-band messages of unknown type") \
	X(nvsp_bad, "in-band messages too short or impossible") \
	X(tables, "indirection tables taken from the host") \
	X(tables_bad, "of these refused") \
	X(vf_changes, "VF associations") \
	X(vf_ignored, "of these ignored: isolated, or not negotiated") \
	X(subs_missing, "sub-channels granted and never open") \
	X(events_ignored, "bus events that had no meaning in the state")
/* clang-format on */

/**
 * struct hvp_netvsc_stats - counters of HVP_NETVSC_COUNTERS, and the last fault
 * @fault: why the last message of the host was refused
 */
struct hvp_netvsc_stats {
#define HVP_X(name, text) uint64_t name;
	HVP_NETVSC_COUNTERS(HVP_X)
#undef HVP_X
	struct hvp_fault fault;
};

/**
 * struct hvp_netvsc_info - what was negotiated; valid while attached
 * @version:      NVSP version
 * @mtu:          IP MTU in use
 * @queues:       open queues
 * @max_queues:   queues the host has
 * @table_entries: entries of the host's RSS table; 0: no RSS
 * @section_size: bytes of a section of the send buffer; 0: none
 * @sections:     sections
 * @receive_slot: bytes of a slot of the receive buffer
 * @receive_slots: slots
 * @max_packets:  frames in one packet
 * @alignment:    of each frame's message in a packet, bytes
 * @max_transfer: bytes of a packet to the host
 * @offload_supported: HVP_NETVSC_OFFLOAD_* that the host has
 * @offloads:     of these switched on
 * @lso_max:      largest large send, bytes of payload
 * @link_speed:   100 bit/s
 * @filter:       packet filter in force
 * @vf_serial:    of the last VF association
 * @vf:           a VF is associated
 * @data_path:    0 synthetic, 1 VF
 * @link_up:      the medium is connected
 * @mac:          Ethernet address
 */
struct hvp_netvsc_info {
	uint32_t version;
	uint32_t mtu;
	uint32_t queues;
	uint32_t max_queues;
	uint32_t table_entries;
	uint32_t section_size;
	uint32_t sections;
	uint32_t receive_slot;
	uint32_t receive_slots;
	uint32_t max_packets;
	uint32_t alignment;
	uint32_t max_transfer;
	uint32_t offload_supported;
	uint32_t offloads;
	uint32_t lso_max;
	uint32_t link_speed;
	uint32_t filter;
	uint32_t vf_serial;
	uint32_t data_path;
	bool vf;
	bool link_up;
	uint8_t mac[6];
};

/**
 * struct hvp_netvsc - one NIC
 *
 * All members are private; use the functions below. About 1 KB.
 */
struct hvp_netvsc {
	struct hvp_netvsc_config cfg;
	struct hvp_netvsc_stats stats;
	struct hvp_netvsc_info info;
	struct hvp_netvsc_rss rss;
	struct hvp_guid instance; /* of the offer */
	struct hvp_neg neg; /* version: of NVSP */
	struct hvp_gpadl *rx_gpadl;
	struct hvp_gpadl *tx_gpadl;
	struct hvp_netvsc_request *own; /* the request of an attach or detach */
	struct hvp_netvsc_request *alive; /* the answer to a KEEPALIVE in flight */
	struct hvp_netvsc_work nvsp; /* the NVSP request in flight */
	struct hvp_netvsc_work path; /* SWITCH_DATA_PATH in flight */
	uint64_t now;
	uint64_t wait_end; /* of the state; 0: not armed yet */
	uint64_t path_end;
	uint64_t link_next; /* no link event before */
	uint32_t next_request;
	uint32_t alive_id; /* of the KEEPALIVE to be answered */
	uint32_t next_event;
	uint32_t version_index;
	uint32_t step; /* of HVP_NETVSC_ASKING and others */
	uint32_t granted; /* sub-channels */
	uint32_t expects; /* NVSP message that answers the request in flight */
	uint32_t own_status; /* of the last own request */
	uint32_t own_size; /* bytes of its answer */
	uint32_t news;
	uint32_t path_wanted;
	uint32_t filter_wanted; /* after the next attach */
	uint32_t offloads_wanted; /* likewise */
	uint32_t multicast_count;
	uint8_t multicast[HVP_NETVSC_MULTICAST_MAX][6];
	uint8_t own_answer[HVP_NETVSC_OWN_ANSWER];
	uint8_t host_table[HVP_NETVSC_HOST_TABLE];
	uint8_t state;
	uint8_t answer; /* event that came by ring, not stepped yet */
	enum hvp_status path_status;
	enum hvp_status end_status; /* of a detach */
	enum hvp_status reason; /* of a failed attach, or of the end */
	bool waits; /* the state ends at wait_end */
	bool drains; /* for the shorter time */
	bool own_over; /* the own request has its result, not taken yet */
	bool scaling;
	bool restoring;
	bool blocked; /* entering the state needs room in the ring */
	bool opened; /* the primary is, or may be, open */
	bool rx_accepted; /* the host may write to the receive buffer */
	bool tx_accepted;
	bool rndis_up;
	bool alive_due;
	bool filtering; /* a filter other than 0 may be in force */
	bool attaching; /* HVP_NETVSC_EV_ATTACHED is due */
	bool again; /* attach again when detached: MTU change */
	bool rss_set;
	bool link_told;
	bool link_bounce;
	bool speed_changed;
	bool path_busy;
};

enum hvp_netvsc_event_type {
	HVP_NETVSC_EV_ATTACHED = 1, /* status; after a failure HVP_NETVSC_EV_DETACHED follows */
	HVP_NETVSC_EV_DETACHED, /* status: OK, REVOKED, or what failed; memory is back */
	HVP_NETVSC_EV_ERROR, /* status: device unusable, ring corrupt; detach it */
	HVP_NETVSC_EV_LINK, /* up, speed */
	HVP_NETVSC_EV_VF, /* up: a VF is associated; serial */
	HVP_NETVSC_EV_DATA_PATH, /* status; path: 0 synthetic, 1 VF */
	HVP_NETVSC_EV_TABLE, /* the host's indirection table changed: hvp_netvsc_host_table() */
	HVP_NETVSC_EV_OID, /* id, oid, rndis_status, size, user: a query or set is over */
	HVP_NETVSC_EV_STOP, /* queue: a send found no room */
	HVP_NETVSC_EV_WAKE, /* queue: there is room again */
};

/**
 * struct hvp_netvsc_event - something that the owner must know
 * @type:         enum hvp_netvsc_event_type; says which members below mean something
 * @status:       outcome
 * @queue:        queue it is about
 * @id:           request, as returned by the call
 * @oid:          its OID
 * @rndis_status: the host's own code, or HVP_NETVSC_TIMED_OUT; data, not ours
 * @size:         bytes of answer copied to the caller's memory
 * @user:         as given with the request
 * @up:           link, or VF
 * @speed:        of the link, 100 bit/s
 * @serial:       of the VF
 * @path:         data path in use
 */
struct hvp_netvsc_event {
	enum hvp_netvsc_event_type type;
	enum hvp_status status;
	struct hvp_netvsc_queue *queue;
	uint32_t id;
	uint32_t oid;
	uint32_t rndis_status;
	uint32_t size;
	void *user;
	bool up;
	uint32_t speed;
	uint32_t serial;
	uint32_t path;
};

/**
 * hvp_netvsc_init() - set up a device; nothing is sent
 * @dev:    storage
 * @config: copied; what it names is borrowed until the device is detached for good
 *
 * Context: any. Return: HVP_OK; HVP_ARG for a member outside its range.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_init(struct hvp_netvsc *dev, const struct hvp_netvsc_config *config);

/**
 * hvp_netvsc_attach() - open the channel and bring the NIC up
 * @dev: detached
 *
 * Result: HVP_NETVSC_EV_ATTACHED; if that says failure, HVP_NETVSC_EV_DETACHED when the memory
 * is back. Failures: UNSUPPORTED no common version, REFUSED by the host, TIMEOUT, VALUE or
 * RANGE an impossible answer, OS, REVOKED, CORRUPT.
 *
 * Context: as make_shared of the operations. Return: HVP_OK; HVP_STATE if not detached, or if
 * HVP_NETVSC_EV_DETACHED was not taken yet.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_attach(struct hvp_netvsc *dev);

/**
 * hvp_netvsc_detach() - take the NIC down; also gives up an attach that is under way
 * @dev: device
 *
 * Filter 0, drain, HALT, revoke, close, in the order of the VMBus version (chapter 20 section
 * 6.6). Result: HVP_NETVSC_EV_DETACHED. Every wait for the device is bounded; that for the bus to
 * give memory back is not, since the host may use it until then.
 *
 * Context: any. Return: HVP_OK; HVP_STATE if detached or on the way there.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_detach(struct hvp_netvsc *dev);

/**
 * hvp_netvsc_set_mtu() - detach and attach with another MTU
 * @dev: attached
 * @mtu: as in the configuration
 *
 * Filter, multicast list, offloads and RSS are set again. Result: HVP_NETVSC_EV_ATTACHED. No
 * HVP_NETVSC_EV_DETACHED unless the second attach fails.
 *
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_ARG.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set_mtu(struct hvp_netvsc *dev, uint32_t mtu);

/**
 * hvp_netvsc_bus_event() - give the device an event of the bus
 * @dev: device
 * @ev:  event from hvp_bus_next_event()
 *
 * The device takes events of its channel, its GPADLs and its sub-channels, whose offers it
 * accepts and which it releases. It does not release the primary: after a rescind the caller
 * does, at or after HVP_NETVSC_EV_DETACHED.
 *
 * Context: as make_shared of the operations. Return: true if the event was the device's;
 * HVP_EV_RESCINDED and HVP_EV_OFFER of the primary are never.
 */
bool hvp_netvsc_bus_event(struct hvp_netvsc *dev, const struct hvp_event *ev);

/**
 * hvp_netvsc_run() - do what is due
 * @dev: device
 * @now: 100 ns, monotonic
 *
 * Context: as make_shared of the operations. Return: when to call again without another event
 * before; 0: at once; HVP_NEVER.
 */
uint64_t hvp_netvsc_run(struct hvp_netvsc *dev, uint64_t now);

/**
 * hvp_netvsc_next_event() - take the next thing that the owner must know
 * @dev: device
 * @ev:  filled if there is one
 *
 * Context: any. Return: false when there is none.
 */
bool hvp_netvsc_next_event(struct hvp_netvsc *dev, struct hvp_netvsc_event *ev);

/**
 * struct hvp_netvsc_oid - a query or a set
 * @oid:    HVP_NDIS_OID_*
 * @input:  input bytes, copied; NULL if @input_size is 0
 * @input_size: 0..HVP_NETVSC_CONTROL_MAX - 28
 * @answer: of a query: where the value goes, zeroed first (NET-SEC-41); borrowed until the event
 * @answer_size: bytes of it
 * @user:   given back with the event
 */
struct hvp_netvsc_oid {
	uint32_t oid;
	const void *input;
	uint32_t input_size;
	void *answer;
	uint32_t answer_size;
	void *user;
};

/**
 * hvp_netvsc_query() - ask for the value of an OID
 * @dev: attached
 * @oid: what to ask; the structure is not looked at after the call
 * @id:  set on HVP_OK
 *
 * Result: HVP_NETVSC_EV_OID. An answer larger than the caller's memory is cut, with status
 * HVP_RNDIS_STATUS_BUFFER_OVERFLOW.
 *
 * Context: any. Return: HVP_OK; HVP_STATE if not attached; HVP_AGAIN if all slots are in use;
 * HVP_ARG.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_query(struct hvp_netvsc *dev, const struct hvp_netvsc_oid *oid,
				 uint32_t *id);

/**
 * hvp_netvsc_set() - set the value of an OID
 * @dev: attached
 * @oid: as in hvp_netvsc_query(); @answer is not used
 * @id:  set on HVP_OK
 *
 * Context: any. Return: as hvp_netvsc_query().
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set(struct hvp_netvsc *dev, const struct hvp_netvsc_oid *oid,
			       uint32_t *id);

/**
 * hvp_netvsc_set_filter() - choose what is received
 * @dev:    attached
 * @filter: HVP_NDIS_PACKET_FILTER_* bits; 0: nothing, and frames under way are dropped
 * @id:     set on HVP_OK; HVP_NETVSC_EV_OID says whether it took effect
 *
 * Context: any. Return: as hvp_netvsc_query().
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set_filter(struct hvp_netvsc *dev, uint32_t filter, uint32_t *id);

/**
 * hvp_netvsc_set_multicast() - set the list of multicast addresses
 * @dev:   attached
 * @list:  @count addresses of 6 bytes each, one after the other
 * @count: 0..HVP_NETVSC_MULTICAST_MAX; more: use the filter for all multicast
 * @id:    set on HVP_OK
 *
 * Context: any. Return: as hvp_netvsc_query().
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set_multicast(struct hvp_netvsc *dev, const uint8_t *list,
					 uint32_t count, uint32_t *id);

/**
 * hvp_netvsc_set_offloads() - switch offloads on or off
 * @dev:      attached
 * @offloads: HVP_NETVSC_OFFLOAD_*; those that the host lacks are left out (info.offloads)
 * @id:       set on HVP_OK
 *
 * Context: any. Return: as hvp_netvsc_query().
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set_offloads(struct hvp_netvsc *dev, uint32_t offloads, uint32_t *id);

/**
 * hvp_netvsc_set_rss() - set hash, key and indirection table
 * @dev: attached
 * @rss: copied; also used after hvp_netvsc_set_mtu()
 * @id:  set on HVP_OK
 *
 * Context: any. Return: as hvp_netvsc_query(); HVP_UNSUPPORTED if the host has no RSS or one
 * queue (BUG-169).
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_set_rss(struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss,
				   uint32_t *id);

/**
 * hvp_netvsc_switch_path() - move traffic to the VF or back
 * @dev:  attached
 * @path: 0 synthetic, 1 VF
 *
 * Result: HVP_NETVSC_EV_DATA_PATH. Context: any. Return: HVP_OK; HVP_STATE if not attached, or
 * to the VF without an association (NET-REQ-105); HVP_UNSUPPORTED below version 4; HVP_AGAIN
 * while a switch is under way; HVP_ARG.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_switch_path(struct hvp_netvsc *dev, uint32_t path);

/**
 * hvp_netvsc_queue_of() - the queue that a channel belongs to
 * @dev: device
 * @ch:  channel
 *
 * Context: any. Return: the queue, or NULL.
 */
struct hvp_netvsc_queue *hvp_netvsc_queue_of(struct hvp_netvsc *dev, const struct hvp_channel *ch);

/**
 * hvp_netvsc_host_table() - where the host wants frames sent, by hash modulo 16
 * @dev: device
 *
 * Entries are below the number of open queues; i modulo queues until the host sends its own.
 * Context: any. Return: HVP_NETVSC_HOST_TABLE entries.
 */
static inline const uint8_t *hvp_netvsc_host_table(const struct hvp_netvsc *dev)
{
	return dev->host_table;
}

/**
 * hvp_netvsc_state() - where the device is in its life
 * @dev: device
 */
static inline enum hvp_netvsc_state hvp_netvsc_state(const struct hvp_netvsc *dev)
{
	return (enum hvp_netvsc_state)dev->state;
}

/**
 * hvp_netvsc_info() - what was negotiated
 * @dev: device
 */
static inline const struct hvp_netvsc_info *hvp_netvsc_info(const struct hvp_netvsc *dev)
{
	return &dev->info;
}

/**
 * hvp_netvsc_stats() - counters of the device; those of a queue are in the queue
 * @dev: device
 */
static inline const struct hvp_netvsc_stats *hvp_netvsc_stats(const struct hvp_netvsc *dev)
{
	return &dev->stats;
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_NETVSC_H */
