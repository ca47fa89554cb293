/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/netvsp.h - the synthetic NIC from the host's side
 *
 * Offers the NIC's channels and speaks NVSP, RNDIS and NDIS as chapter 20 says a host does; every
 * message can be seen, held, dropped or replaced by a tap, every OID answered otherwise, and any
 * bytes sent, so that a script can be a host that does not exist.
 *
 * Thread rule: one thread per partition. Ownership: the caller owns the NIC and frees it before
 * the server; the NIC owns its backend.
 */
#ifndef HVMOCK_NETVSP_H
#define HVMOCK_NETVSP_H

#include <hvmock/netbackend.h>
#include <hvmock/scripted.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_NET_QUEUES_MAX 64u
#define HVM_NET_ANY_QUEUE UINT32_MAX

struct hvm_netvsp;

/* ---- taps ---- */

enum hvm_net_layer {
	HVM_NET_NVSP, /* a message in a ring packet */
	HVM_NET_RNDIS, /* a message that a 107 points to */
};

/**
 * struct hvm_net_message - a message on its way
 * @dir:            HVP_DIR_G2H or HVP_DIR_H2G
 * @layer:          enum hvm_net_layer
 * @type:           message id; 0 for a payload too short to have one
 * @name:           "init", "query", ... as the codecs call it; "unknown" and "empty" otherwise
 * @bytes:          the message; of NVSP the payload with its padding
 * @size:           bytes
 * @version:        NVSP version in force; 0 before there is one
 * @queue:          0 is the primary channel
 * @packet_type:    of the ring packet
 * @flags:          of the ring packet: bit 0: completion requested
 * @transaction_id: of the ring packet. Of RNDIS toward the guest it is not known yet: 0
 */
struct hvm_net_message {
	uint32_t dir;
	enum hvm_net_layer layer;
	uint32_t type;
	const char *name;
	const uint8_t *bytes;
	size_t size;
	uint32_t version;
	uint32_t queue;
	uint16_t packet_type;
	uint16_t flags;
	uint64_t transaction_id;
};

enum hvm_net_verdict {
	HVM_NET_PASS,
	HVM_NET_HOLD, /* kept until hvm_netvsp_release() */
	HVM_NET_DROP,
	HVM_NET_REPLACE, /* goes on with other bytes */
};

/**
 * struct hvm_net_replacement - other bytes for a message
 * @bytes: must live until the tap is called again or the NIC is freed
 * @size:  bytes; 0 is legal
 */
struct hvm_net_replacement {
	const void *bytes;
	size_t size;
};

/**
 * hvm_net_tap_fn - sees each message: of the guest before the NIC acts upon it, the NIC's own
 *                  before it is written
 * @ctx: as given
 * @m:   the message; its bytes live during the call
 * @out: for HVM_NET_REPLACE
 *
 * Of a 107 the NVSP message is shown first when it comes, and last when it goes. A message that
 * was released is not shown again, and a malformed frame not at all. A dropped request gets no
 * completion, a dropped RNDIS message still gets its 108, and a held frame does too. What is sent
 * from inside the call goes before the message that is shown.
 */
typedef enum hvm_net_verdict (*hvm_net_tap_fn)(void *ctx, const struct hvm_net_message *m,
					       struct hvm_net_replacement *out);

/* ---- configuration ---- */

/**
 * struct hvm_netvsp_config - what kind of NIC this is
 * @size:             sizeof(struct hvm_netvsp_config)
 * @instance_id:      of the device; all zero means one made of @mac
 * @mac:              permanent address; all zero means 00:15:5d:00:00:01
 * @min_version:      lowest NVSP version accepted; 0 means 1 (0x2)
 * @max_version:      highest; 0 means 6.1
 * @mtu_max:          largest mtu of NDIS_CONFIG taken as it is; 0 means 9216
 * @max_queues:       primary included; 0 means 1
 * @link_down:        the link is down at first
 * @link_speed:       bit/s; 0 means 10 Gbit/s
 * @section_size:     of the send buffer; 0 means 6144
 * @sub_allocation:   bytes of a receive slot; 0 means 256 + mtu + 36
 * @max_packets:      packets per message, told by INITIALIZE and enforced; 0 means 8
 * @alignment_factor: packet_alignment_factor + 1, so that 0 means the usual 3
 * @max_transfer:     max_transfer_size; 0 means 0xefffffff
 * @max_mdl_chain:    0 means 34
 * @hash_table:       entries of the RSS table; 0 means 128
 * @no_checksum:      no checksum offload is offered
 * @no_lso:           no large send offload is offered
 * @rsc:              RSC is offered
 * @tight:            messages to the guest shorter than 28/40 bytes are not padded to it
 * @table_offset:     table_offset of the indirection table; 0 means 12
 * @friendly_name:    ASCII; NULL means "Network Device"
 * @delay:            of every answer to an NVSP request, 100 ns
 * @rndis_delay:      of every RNDIS reply
 * @tx_delay:         of completions of frames
 * @link_delay:       between the two halves of a link flap; 0 means 5 s
 * @vf_present:       a VF is there from the start
 * @vf_serial:        its serial number
 * @no_auto_table:    no indirection table is sent by itself
 * @backend:          owned by the NIC from here on; NULL: frames end in the NIC
 * @tap:              sees all messages; may be NULL
 * @ctx:              given to @tap
 */
struct hvm_netvsp_config {
	size_t size;
	struct hvp_guid instance_id;
	uint8_t mac[6];
	uint32_t min_version;
	uint32_t max_version;
	uint32_t mtu_max;
	uint32_t max_queues;
	bool link_down;
	uint64_t link_speed;
	uint32_t section_size;
	uint32_t sub_allocation;
	uint32_t max_packets;
	uint32_t alignment_factor;
	uint32_t max_transfer;
	uint32_t max_mdl_chain;
	uint32_t hash_table;
	bool no_checksum;
	bool no_lso;
	bool rsc;
	bool tight;
	uint32_t table_offset;
	const char *friendly_name;
	uint64_t delay;
	uint64_t rndis_delay;
	uint64_t tx_delay;
	uint64_t link_delay;
	bool vf_present;
	uint32_t vf_serial;
	bool no_auto_table;
	struct hvm_net_backend *backend;
	hvm_net_tap_fn tap;
	void *ctx;
};

#define HVM_NETVSP_CONFIG_INIT \
	{ \
		.size = sizeof(struct hvm_netvsp_config) \
	}

/** hvm_netvsp_new() - offer a NIC's primary channel; NULL as hvm_server_offer() */
struct hvm_netvsp *hvm_netvsp_new(struct hvm_server *s, const struct hvm_netvsp_config *cfg);

/** hvm_netvsp_free() - take its channels back and forget it; may be NULL */
void hvm_netvsp_free(struct hvm_netvsp *n);

/**
 * hvm_netvsp_configure() - change settings of a NIC that is there
 * @n:   NIC
 * @cfg: backend, instance_id, tap and ctx are left as they were
 *
 * What was told to the guest already does not change until it opens the channel again.
 */
void hvm_netvsp_configure(struct hvm_netvsp *n, const struct hvm_netvsp_config *cfg);

/** hvm_netvsp_get_config() - settings with defaults filled in */
void hvm_netvsp_get_config(const struct hvm_netvsp *n, struct hvm_netvsp_config *out);

/** hvm_netvsp_set_tap() - another tap, or none */
void hvm_netvsp_set_tap(struct hvm_netvsp *n, hvm_net_tap_fn tap, void *ctx);

/** hvm_netvsp_set_backend() - another backend, or none; the old one is freed */
void hvm_netvsp_set_backend(struct hvm_netvsp *n, struct hvm_net_backend *b);

/**
 * hvm_netvsp_queue() - the device behind a queue's channel, for raw access to its rings
 * @n:     NIC
 * @queue: 0 is the primary
 *
 * Its packets belong to the NIC: take none. Return: NULL for a queue that was not offered.
 */
struct hvm_scripted *hvm_netvsp_queue(struct hvm_netvsp *n, uint32_t queue);

/* ---- state ---- */

enum hvm_net_state {
	HVM_NET_CLOSED, /* the primary channel is not open */
	HVM_NET_AWAIT_VERSION,
	HVM_NET_CONFIGURING,
	HVM_NET_READY, /* RNDIS initialising */
	HVM_NET_OPERATIONAL,
	HVM_NET_STOPPED, /* the guest broke a rule or revoked a buffer: nothing is read any more */
};

/**
 * struct hvm_netvsp_info - a NIC as it is now
 * @state:          enum hvm_net_state
 * @reason:         why it stopped; NULL if it did not
 * @version:        NVSP version; 0 for none
 * @mtu:            largest frame
 * @capabilities:   of NDIS_CONFIG
 * @ndis_major, @ndis_minor: of NDIS_VERSION
 * @filter:         packet filter
 * @queues:         granted, primary included
 * @open_queues:    of them open
 * @receive_slots:  slots of the receive buffer; 0 for no buffer
 * @slot_size:      bytes of one
 * @free_slots:     data slots that the host holds
 * @send_sections:  sections of the send buffer; 0 for no buffer
 * @section_size:   bytes of one
 * @receive_id:     transfer page set
 * @send_id:        id of the send buffer
 * @link_up:        link state
 * @data_path:      0 synthetic, 1 VF
 * @vf_advertised:  the guest was told of the VF
 * @rss:            RSS is on
 * @hash_info:      hash function and types of RSS
 * @key:            RSS key
 * @table:          RSS table
 * @table_size:     entries used
 * @offloads:       HVM_NET_OFFLOAD_* the guest has switched on
 */
struct hvm_netvsp_info {
	enum hvm_net_state state;
	const char *reason;
	uint32_t version;
	uint32_t mtu;
	uint64_t capabilities;
	uint32_t ndis_major, ndis_minor;
	uint32_t filter;
	uint32_t queues, open_queues;
	uint32_t receive_slots, slot_size, free_slots;
	uint32_t send_sections, section_size;
	uint16_t receive_id, send_id;
	bool link_up;
	uint32_t data_path;
	bool vf_advertised;
	bool rss;
	uint32_t hash_info;
	uint8_t key[40];
	uint32_t table[128];
	uint32_t table_size;
	uint32_t offloads;
};

/* hvm_netvsp_info.offloads */
#define HVM_NET_OFFLOAD_TX_IPV4 0x1u /* IP header checksum */
#define HVM_NET_OFFLOAD_TX_TCP4 0x2u
#define HVM_NET_OFFLOAD_TX_UDP4 0x4u
#define HVM_NET_OFFLOAD_TX_TCP6 0x8u
#define HVM_NET_OFFLOAD_TX_UDP6 0x10u
#define HVM_NET_OFFLOAD_RX_IPV4 0x100u
#define HVM_NET_OFFLOAD_RX_TCP4 0x200u
#define HVM_NET_OFFLOAD_RX_UDP4 0x400u
#define HVM_NET_OFFLOAD_RX_TCP6 0x800u
#define HVM_NET_OFFLOAD_RX_UDP6 0x1000u
#define HVM_NET_OFFLOAD_LSO4 0x10000u
#define HVM_NET_OFFLOAD_LSO6 0x20000u
#define HVM_NET_OFFLOAD_RSC4 0x40000u
#define HVM_NET_OFFLOAD_RSC6 0x80000u

void hvm_netvsp_info(const struct hvm_netvsp *n, struct hvm_netvsp_info *out);

/** hvm_net_state_name() - "await-version" */
const char *hvm_net_state_name(enum hvm_net_state state);

/**
 * struct hvm_netvsp_counters - what happened since the NIC is there
 * @tx_frames, @tx_bytes: of the guest
 * @tx_packets:      ring packets that carried them
 * @tx_section:      of them in a section only
 * @tx_gpa:          of them in guest pages only
 * @tx_both:         in both
 * @tx_rejected:     ring packets completed with status 2
 * @rx_frames, @rx_bytes: to the guest
 * @rx_packets:      ring packets that carried them
 * @rx_completed:    completions of the guest
 * @rx_failed:       of them with a status other than 1
 * @rx_filtered:     frames dropped because the packet filter is 0, or no channel is open
 * @rx_no_slot:      frames dropped because the backlog was full
 * @rx_too_long:     frames that fit no slot
 * @control:         RNDIS control messages
 * @control_rejected: completed with status 2
 * @indications:     sent
 * @stops:           times that the NIC stopped
 */
struct hvm_netvsp_counters {
	uint64_t tx_frames, tx_bytes, tx_packets, tx_section, tx_gpa, tx_both, tx_rejected;
	uint64_t rx_frames, rx_bytes, rx_packets, rx_completed, rx_failed;
	uint64_t rx_filtered, rx_no_slot, rx_too_long;
	uint64_t control, control_rejected, indications, stops;
};

void hvm_netvsp_counters(const struct hvm_netvsp *n, struct hvm_netvsp_counters *out);

/* ---- held messages ---- */

/** hvm_netvsp_held() - messages held; oldest first */
size_t hvm_netvsp_held(const struct hvm_netvsp *n);

/** hvm_netvsp_held_get() - look at one; false past the end */
bool hvm_netvsp_held_get(const struct hvm_netvsp *n, size_t index, struct hvm_net_message *out);

/**
 * hvm_netvsp_release() - let a held message go on
 * @n:       NIC
 * @index:   among those held
 * @verdict: HVM_NET_PASS, HVM_NET_DROP or HVM_NET_REPLACE
 * @with:    for HVM_NET_REPLACE
 *
 * Return: HVP_OK; HVP_ARG past the end.
 */
enum hvp_status hvm_netvsp_release(struct hvm_netvsp *n, size_t index, enum hvm_net_verdict verdict,
				   const struct hvm_net_replacement *with);

/* ---- sending ---- */

/** hvm_netvsp_send() - send any packet, past state and tap; a status of hvm_scripted_send() */
enum hvp_status hvm_netvsp_send(struct hvm_netvsp *n, uint32_t queue, const struct hvm_packet *k);

/** hvm_netvsp_notify() - an in-band NVSP message of any bytes, past state and tap */
enum hvp_status hvm_netvsp_notify(struct hvm_netvsp *n, uint32_t queue, const void *bytes,
				  size_t size, bool completion);

/** hvm_netvsp_complete() - a completion of any bytes, past state and tap */
enum hvp_status hvm_netvsp_complete(struct hvm_netvsp *n, uint32_t queue, uint64_t transaction_id,
				    const void *bytes, size_t size);

/**
 * hvm_netvsp_send_rndis() - any bytes as an RNDIS message in a slot, past state and RNDIS tap
 * @n:     NIC with a receive buffer
 * @queue: channel
 * @bytes: message
 * @size:  at most the slot size
 * @data:  as data (channel_type 0, data slots) or control (1, reserved slots)
 *
 * Return: HVP_OK, also when it waits for a slot; HVP_STATE without a receive buffer; HVP_ARG.
 */
enum hvp_status hvm_netvsp_send_rndis(struct hvm_netvsp *n, uint32_t queue, const void *bytes,
				      size_t size, bool data);

/**
 * struct hvm_net_ranges - a transfer-page packet of which all is said
 * @queue:          channel
 * @set_id:         transfer page set
 * @transaction_id: any
 * @flags:          of the packet
 * @nvsp:           NVSP message
 * @nvsp_size:      bytes
 * @ranges:         offset, count pairs as told to the guest
 * @range_count:    ranges
 */
struct hvm_net_ranges {
	uint32_t queue;
	uint16_t set_id;
	uint64_t transaction_id;
	uint16_t flags;
	const void *nvsp;
	size_t nvsp_size;
	const struct hvp_xfer_range *ranges;
	uint32_t range_count;
};

/**
 * hvm_netvsp_send_ranges() - send it, past state, tap and slots
 *
 * The guest's completion of it is counted and not judged. A status of hvm_scripted_send().
 */
enum hvp_status hvm_netvsp_send_ranges(struct hvm_netvsp *n, const struct hvm_net_ranges *r);

/** hvm_netvsp_receive_write() - put bytes into the receive buffer; HVP_STATE without one */
enum hvp_status hvm_netvsp_receive_write(struct hvm_netvsp *n, uint64_t offset, const void *bytes,
					 size_t size);

/**
 * struct hvm_net_rx - a frame for the guest
 * @bytes:        from the destination address on
 * @size:         bytes
 * @has_vlan:     @vlan stands beside the frame
 * @vlan:         tag as on the wire
 * @has_checksum: @checksum is told; else the NIC tells what it knows (nothing failed, nothing
 *                succeeded)
 * @checksum:     HVP_RNDIS_CSUM_RX_*
 * @has_hash:     @hash and @hash_info are told
 * @hash:         of the frame
 * @hash_info:    NDIS hash function and type
 * @segments:     pieces with packet ids (RSC); 0 or 1: one piece without
 */
struct hvm_net_rx {
	const uint8_t *bytes;
	size_t size;
	bool has_vlan;
	uint16_t vlan;
	bool has_checksum;
	uint32_t checksum;
	bool has_hash;
	uint32_t hash;
	uint32_t hash_info;
	uint32_t segments;
};

/**
 * hvm_netvsp_deliver() - frames to the guest in one transfer-page packet
 * @n:      NIC
 * @queue:  channel, or HVM_NET_ANY_QUEUE: by RSS
 * @frames: at least one
 * @count:  frames
 *
 * Frames wait when slots or ring are full. Return: HVP_OK; HVP_STATE: the filter is 0 or the
 * guest is not that far (counted); HVP_NOSPACE: they fit no slot, or the backlog is full.
 */
enum hvp_status hvm_netvsp_deliver(struct hvm_netvsp *n, uint32_t queue,
				   const struct hvm_net_rx *frames, size_t count);

/* ---- events ---- */

/** hvm_netvsp_indicate() - INDICATE_STATUS with any status and buffer; HVP_STATE: too early */
enum hvp_status hvm_netvsp_indicate(struct hvm_netvsp *n, uint32_t status, const void *buffer,
				    size_t size);

/** hvm_netvsp_set_link() - MEDIA_CONNECT or MEDIA_DISCONNECT; the same state again is a flap */
void hvm_netvsp_set_link(struct hvm_netvsp *n, bool up);

/** hvm_netvsp_set_speed() - LINK_SPEED_CHANGE with the speed in 100 bit/s */
void hvm_netvsp_set_speed(struct hvm_netvsp *n, uint64_t bits_per_second);

/** hvm_netvsp_network_change() - after a live migration; @how: HVP_RNDIS_NETWORK_CHANGE_* */
void hvm_netvsp_network_change(struct hvm_netvsp *n, uint32_t how);

/** hvm_netvsp_vf() - the VF comes with a serial number, or goes (the serial is remembered) */
void hvm_netvsp_vf(struct hvm_netvsp *n, bool present, uint32_t serial);

/** hvm_netvsp_force_synthetic() - the data path goes back to the synthetic NIC from outside */
void hvm_netvsp_force_synthetic(struct hvm_netvsp *n);

/** hvm_netvsp_hold_switch() - data path switches wait for hvm_netvsp_finish_switch() */
void hvm_netvsp_hold_switch(struct hvm_netvsp *n, bool hold);

/** hvm_netvsp_finish_switch() - end a pending switch; HVP_STATE if there is none */
enum hvp_status hvm_netvsp_finish_switch(struct hvm_netvsp *n, bool ok);

/**
 * hvm_netvsp_send_table() - SEND_INDIRECTION_TABLE
 * @entries: 16; NULL: as the facts say
 */
enum hvp_status hvm_netvsp_send_table(struct hvm_netvsp *n, const uint32_t *entries);

/** hvm_netvsp_pause() - leave the guest's packets in the rings */
void hvm_netvsp_pause(struct hvm_netvsp *n, bool pause);

/* ---- OIDs ---- */

/**
 * hvm_netvsp_set_oid() - answer an OID otherwise, query and set alike
 * @n:      NIC
 * @oid:    which
 * @status: RNDIS status
 * @bytes:  information of a query; copied
 * @size:   bytes
 */
void hvm_netvsp_set_oid(struct hvm_netvsp *n, uint32_t oid, uint32_t status, const void *bytes,
			size_t size);

/** hvm_netvsp_clear_oid() - answer it as ever */
void hvm_netvsp_clear_oid(struct hvm_netvsp *n, uint32_t oid);

/* ---- frames of the guest ---- */

/**
 * struct hvm_net_tx - a frame that the guest sent
 * @bytes:      as it sent it: checksums not filled in, large sends whole
 * @size:       bytes
 * @queue:      channel it came on
 * @has_vlan, @vlan: tag beside the frame, as on the wire
 * @has_checksum, @checksum: request, HVP_RNDIS_CSUM_TX_*
 * @has_lso, @lso: large send request, HVP_RNDIS_LSO_*
 * @has_hash, @hash: hash value
 * @section:    of the send buffer; HVP_NVSP_NO_SECTION for none
 * @ranges:     GPA ranges of its ring packet; 0 for none
 * @packet:     number of the ring packet, counted from 1: frames that came together share it
 * @index:      among the frames of its packet
 * @transaction_id: of the ring packet
 * @message_length: of its RNDIS message
 */
struct hvm_net_tx {
	const uint8_t *bytes;
	size_t size;
	uint32_t queue;
	bool has_vlan;
	uint16_t vlan;
	bool has_checksum;
	uint32_t checksum;
	bool has_lso;
	uint32_t lso;
	bool has_hash;
	uint32_t hash;
	uint32_t section;
	uint32_t ranges;
	uint64_t packet;
	uint32_t index;
	uint64_t transaction_id;
	uint32_t message_length;
};

/** hvm_netvsp_keep_frames() - how many to keep, the oldest go first; 1024 at first */
void hvm_netvsp_keep_frames(struct hvm_netvsp *n, size_t max);

/** hvm_netvsp_frames() - frames kept */
size_t hvm_netvsp_frames(const struct hvm_netvsp *n);

/** hvm_netvsp_frame() - frame @index, oldest first; false past the end */
bool hvm_netvsp_frame(const struct hvm_netvsp *n, size_t index, struct hvm_net_tx *out);

/** hvm_netvsp_forget_frames() - forget those kept */
void hvm_netvsp_forget_frames(struct hvm_netvsp *n);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_NETVSP_H */
