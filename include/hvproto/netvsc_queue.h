/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/netvsc_queue.h - the data path of the synthetic NIC: frames out, frames in
 *
 * A queue is one channel of a NIC with its two rings. Frames are sent by copy into a section of
 * the send buffer (several in one packet) or by reference to their pages; received frames are
 * ranges of the receive buffer, checked and handed over where they lie.
 *
 * Thread rule: one caller at a time for each queue; queues are independent of each other.
 * Calls of hvproto/netvsc.h use queue 0. Nothing blocks, allocates or divides.
 *
 * Ownership rule: a received frame is the caller's to read until the receive function
 * returns. The host can still write to it: read each byte that a decision hangs on once, or
 * copy. A sent frame that was copied is the caller's when hvp_netvsc_send() returns; its pages,
 * if it was sent by reference, when the sent function names it.
 *
 *	status = hvp_netvsc_send(queue, &frame);	HVP_AGAIN: HVP_NETVSC_EV_WAKE follows
 *
 *	while (hvp_netvsc_poll(queue, 64))		from the channel's interrupt
 *		yield();
 */
#ifndef HVPROTO_NETVSC_QUEUE_H
#define HVPROTO_NETVSC_QUEUE_H

#include <hvproto/channel.h>
#include <hvproto/reqids.h>
#include <hvproto/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hvp_netvsc;
struct hvp_netvsc_queue;

#define HVP_NETVSC_AGGREGATE_MAX 8u /* frames in one packet; known hosts take no more */
#define HVP_NETVSC_HEADER_ROOM 256u /* bytes of header memory for one packet in flight */
#define HVP_NETVSC_PAGES_MAX 32u /* pages of a frame sent by reference, header excluded */
#define HVP_NETVSC_RANGES_MAX 32u /* pieces of a frame sent by reference */
#define HVP_NETVSC_PACKET_SIZE 4624u /* bytes of a private ring packet: 562 ranges */
#define HVP_NETVSC_ABORTED 0xffffffffu /* status of a frame that the host never completed */

/* hvp_netvsc_frame.flags */
#define HVP_NETVSC_TX_MORE 0x01u /* another frame follows at once: wait with the signal */
#define HVP_NETVSC_TX_NO_COPY 0x02u /* by reference, never by section */
#define HVP_NETVSC_TX_VLAN 0x04u /* vlan_tci is to be inserted */
#define HVP_NETVSC_TX_HASH 0x08u /* hash is given */
#define HVP_NETVSC_TX_IPV6 0x10u /* checksum and LSO: not IPv4 */
#define HVP_NETVSC_TX_IP_CSUM 0x20u /* the host computes the IPv4 header checksum */
#define HVP_NETVSC_TX_TCP_CSUM 0x40u /* the host computes the TCP checksum */
#define HVP_NETVSC_TX_UDP_CSUM 0x80u /* the host computes the UDP checksum */
#define HVP_NETVSC_TX_LSO_V1 0x100u /* mss is for LSO version 1 (IPv4 only) */

/* hvp_netvsc_rx.flags */
#define HVP_NETVSC_RX_VLAN 0x01u /* vlan_tci holds a tag that was stripped */
#define HVP_NETVSC_RX_CSUM 0x02u /* csum is given; without it nothing was checked (BUG-175) */
#define HVP_NETVSC_RX_HASH 0x04u /* hash is given */
#define HVP_NETVSC_RX_HASH_INFO 0x08u /* hash_info is given */
#define HVP_NETVSC_RX_RSC 0x10u /* coalesced from several segments */

/**
 * struct hvp_netvsc_piece - a run of bytes of a frame
 * @p:           first byte; for hvp_netvsc_frame NULL if the frame is never copied
 * @size:        bytes, at least 1
 * @byte_offset: of the first byte in its page, 0..4095; for sending by reference
 * @pfns:        guest page numbers of the pages touched; NULL: the piece can only be copied
 */
struct hvp_netvsc_piece {
	const uint8_t *p;
	uint32_t size;
	uint32_t byte_offset;
	const uint64_t *pfns;
};

/**
 * struct hvp_netvsc_frame - a frame to send
 * @pieces:      the frame, in order
 * @piece_count: 1..HVP_NETVSC_RANGES_MAX
 * @size:        bytes of the frame without FCS: 14 or more. Without LSO at most the MTU of the
 *               device + 14 (+ 4 with a tag inside)
 * @flags:       HVP_NETVSC_TX_*
 * @user:        given back by the sent function; NULL: do not tell
 * @l4_offset:   of the TCP or UDP header from the start of the frame, for checksum and LSO
 * @mss:         nonzero: segment to this many payload bytes (large send)
 * @hash:        flow hash
 * @vlan_tci:    as on the wire: priority in bits 13..15, DEI 12, id 0..11
 *
 * For a checksum request the TCP or UDP checksum field holds the pseudo-header sum, length
 * included. For large send the library copies the headers (up to the end of the TCP header) and
 * prepares them itself; what is in length and checksum fields does not matter.
 */
struct hvp_netvsc_frame {
	const struct hvp_netvsc_piece *pieces;
	uint32_t piece_count;
	uint32_t size;
	uint32_t flags;
	void *user;
	uint32_t l4_offset;
	uint32_t mss;
	uint32_t hash;
	uint16_t vlan_tci;
};

/**
 * struct hvp_netvsc_rx - a received frame
 * @pieces:      the frame, in order, in the receive buffer
 * @piece_count: 1; more only for coalesced frames (HVP_NETVSC_RX_RSC)
 * @size:        bytes of all pieces, at least 14
 * @flags:       HVP_NETVSC_RX_*; the members below mean something only with their flag
 * @csum:        HVP_RNDIS_CSUM_RX_* bits
 * @hash:        hash value
 * @hash_info:   NDIS hash function and type
 * @vlan_tci:    as on the wire
 */
struct hvp_netvsc_rx {
	const struct hvp_netvsc_piece *pieces;
	uint32_t piece_count;
	uint32_t size;
	uint32_t flags;
	uint32_t csum;
	uint32_t hash;
	uint32_t hash_info;
	uint16_t vlan_tci;
};

/**
 * struct hvp_netvsc_work - what an id on a ring stands for
 *
 * All members are private.
 */
struct hvp_netvsc_work {
	uint8_t kind;
};

/**
 * struct hvp_netvsc_tx - a packet in flight: a slot in a table of the caller
 *
 * All members are private.
 */
struct hvp_netvsc_tx {
	struct hvp_netvsc_work work;
	uint8_t frames;
	uint64_t id;
	uint32_t section; /* or HVP_NVSP_NO_SECTION */
	uint32_t next_free;
	uint32_t free_section; /* storage of the stack of free sections */
	void *users[HVP_NETVSC_AGGREGATE_MAX];
};

/**
 * struct hvp_netvsc_done - a completion that is owed to the host: a slot in a table of the caller
 *
 * All members are private.
 */
struct hvp_netvsc_done {
	uint64_t transaction_id;
	uint32_t status; /* 0: an empty completion */
};

/**
 * struct hvp_netvsc_queue_memory - the memory of one queue
 * @tx:          guest-to-host ring, mapped
 * @rx:          host-to-guest ring, mapped
 * @ring:        pages of @tx (control, data), then of @rx (control, data), as one range
 * @target_vp:   processor for its interrupts, or HVP_VP_NONE
 * @connection_id: as in struct hvp_open
 * @event_flag:  likewise
 * @packet:      private memory for one received ring packet
 * @packet_size: bytes of @packet, 64 or more; HVP_NETVSC_PACKET_SIZE takes all that hosts send
 * @slots:       table of packets in flight
 * @ids:         as many slots as @slots
 * @slot_count:  2..65535. Queue 0 keeps some for control: hvp_netvsc_config.request_count + 2
 * @headers:     @slot_count x HVP_NETVSC_HEADER_ROOM bytes, page aligned, that the host may
 *               read: RNDIS headers of frames sent by reference
 * @header_pfns: guest page number of each page of @headers
 * @done:        completions that wait for room in the ring (BUG-113)
 * @done_count:  a power of two. While it is full the queue stops to read
 * @pieces:      pieces of a coalesced frame; NULL if RSC is not asked for
 * @piece_count: most pieces of such a frame; frames with more are dropped
 */
struct hvp_netvsc_queue_memory {
	struct hvp_ring_mem tx;
	struct hvp_ring_mem rx;
	struct hvp_gpadl_range ring;
	uint32_t target_vp;
	uint32_t connection_id;
	uint16_t event_flag;
	uint8_t *packet;
	uint32_t packet_size;
	struct hvp_netvsc_tx *slots;
	struct hvp_reqid_slot *ids;
	uint32_t slot_count;
	uint8_t *headers;
	const uint64_t *header_pfns;
	struct hvp_netvsc_done *done;
	uint32_t done_count;
	struct hvp_netvsc_piece *pieces;
	uint32_t piece_count;
};

/* name, meaning: counters of one queue; they wrap */
/* clang-format off */
#define HVP_NETVSC_QUEUE_COUNTERS(X) \
	X(rx_frames, "frames handed over") \
	X(rx_bytes, "bytes of them") \
	X(rx_packets, "ring packets of frames") \
	X(rx_filtered, "dropped: packet filter is 0") \
	X(rx_runt, "dropped: less than an Ethernet header") \
	X(rx_bad_nvsp, "dropped: NVSP message unknown, misplaced or too short") \
	X(rx_bad_set, "dropped: not our transfer page set") \
	X(rx_bad_range, "dropped: ranges outside packet or receive buffer") \
	X(rx_bad_rndis, "dropped: RNDIS length or type") \
	X(rx_bad_data, "dropped: frame outside its message") \
	X(rx_bad_ppi, "dropped: per-packet information") \
	X(rx_bad_rsc, "dropped: coalesced frame with a part missing or out of order") \
	X(rx_long_rsc, "dropped: coalesced frame of too many parts") \
	X(rx_control_misplaced, "dropped: control message on a sub-channel") \
	X(rx_oversized, "dropped: ring packet larger than the private memory") \
	X(rx_stalls, "reading stopped: no room for completions") \
	X(rx_completions_deferred, "completions that had to wait for room in the ring") \
	X(tx_frames, "frames taken") \
	X(tx_bytes, "bytes of them") \
	X(tx_packets, "ring packets that carried them") \
	X(tx_copied, "frames sent by section") \
	X(tx_referenced, "frames sent by reference") \
	X(tx_aggregated, "frames that shared a packet with an earlier one") \
	X(tx_refused, "frames refused: caller's mistake, or impossible") \
	X(tx_failed, "packets completed with a status other than success") \
	X(tx_aborted, "packets that the host never completed") \
	X(tx_no_room, "sends refused: ring full") \
	X(tx_no_slot, "sends refused: all slots or sections in flight") \
	X(tx_wakes, "wakes after a stop") \
	X(completions_unknown, "completions whose id is not in flight") \
	X(completions_bad, "completions too short, or of another message")
/* clang-format on */

/**
 * struct hvp_netvsc_queue_stats - counters of HVP_NETVSC_QUEUE_COUNTERS
 */
struct hvp_netvsc_queue_stats {
#define HVP_X(name, text) uint64_t name;
	HVP_NETVSC_QUEUE_COUNTERS(HVP_X)
#undef HVP_X
};

/**
 * struct hvp_netvsc_queue - one queue: a slot in a table of the caller
 * @user:  the caller's; the library never looks at it
 * @stats: counters; read only
 */
struct hvp_netvsc_queue {
	void *user;
	struct hvp_netvsc_queue_stats stats;
	/* private: */
	struct hvp_netvsc *dev;
	struct hvp_channel *channel;
	const struct hvp_netvsc_queue_memory *mem;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	struct hvp_reqids ids;
	uint32_t index;
	uint32_t data_slots; /* packets that may be in flight */
	uint32_t slots_used;
	uint32_t first_free; /* slot */
	uint32_t sections; /* free ones, on the stack in slots[].free_section */
	uint32_t done_head; /* owed completions: head..tail, modulo done_count */
	uint32_t done_tail;
	uint32_t wait_total; /* ring bytes that a refused packet needs; 0: nothing waits */
	struct hvp_netvsc_tx *batch; /* slot whose section is being filled */
	uint32_t batch_used; /* bytes in that section */
	uint32_t batch_last; /* where its last message begins */
	uint32_t parts; /* of the coalesced frame being collected */
	struct hvp_netvsc_rx frame; /* likewise */
	uint16_t part_id;
	bool open;
	bool broken; /* ring corrupt, or told to stop */
	bool stopped; /* the caller waits for HVP_NETVSC_EV_WAKE */
	bool batch_due; /* the batch found no room */
	bool put; /* packets were put and not committed */
	bool busy; /* the last look at the ring found something */
	uint8_t news;
	struct hvp_gpa_range ranges[HVP_NETVSC_RANGES_MAX + 1u];
};

/**
 * hvp_netvsc_send() - send a frame
 * @queue: queue of an attached device
 * @frame: frame; the structure and its pieces are not looked at after the call
 *
 * Copied into a section if it fits one with its header and has no HVP_NETVSC_TX_NO_COPY; else
 * by reference. With HVP_NETVSC_TX_MORE it may wait for the next frame, so that several share a
 * packet and a signal: the last of a burst must go without the flag, or be followed by
 * hvp_netvsc_flush().
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN: no room, HVP_NETVSC_EV_STOP and later
 * HVP_NETVSC_EV_WAKE follow; HVP_STATE if the device is not attached or the queue not open;
 * HVP_ARG for a member outside its range; HVP_NOSPACE for a frame that can never be sent: larger
 * than a section and without page numbers, or of more than HVP_NETVSC_PAGES_MAX pages;
 * HVP_CORRUPT when the ring is.
 */
HVP_MUST_CHECK
enum hvp_status hvp_netvsc_send(struct hvp_netvsc_queue *queue,
				const struct hvp_netvsc_frame *frame);

/**
 * hvp_netvsc_flush() - send what waits for more, and signal
 * @queue: queue
 *
 * Context: any.
 */
void hvp_netvsc_flush(struct hvp_netvsc_queue *queue);

/**
 * hvp_netvsc_poll() - drain the ring from an interrupt: masks, receives, unmasks, looks again
 * @queue:  queue
 * @budget: ring packets to take at most
 *
 * Calls the receive and sent functions of struct hvp_netvsc_config. Also sends completions that
 * had to wait and wakes senders, so call it for every signal of the channel.
 *
 * Context: any. Return: true if there is more: call again, no interrupt will come.
 */
bool hvp_netvsc_poll(struct hvp_netvsc_queue *queue, uint32_t budget);

/**
 * hvp_netvsc_receive() - the same for a caller that polls anyway: interrupts are not touched
 * @queue:  queue
 * @budget: ring packets to take at most
 *
 * Context: any. Return: ring packets taken.
 */
uint32_t hvp_netvsc_receive(struct hvp_netvsc_queue *queue, uint32_t budget);

/**
 * hvp_netvsc_mask() - no interrupts until the next hvp_netvsc_poll() returns false
 * @queue: queue
 *
 * Context: any.
 */
void hvp_netvsc_mask(struct hvp_netvsc_queue *queue);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_NETVSC_QUEUE_H */
