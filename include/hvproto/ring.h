/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/ring.h - the two rings of a channel
 *
 * A ring is one control page and a data area of whole 4 KiB pages, shared with the peer and
 * written by it at any moment. struct hvp_ring_tx sends, struct hvp_ring_rx receives. This is
 * the only code that touches such memory: received packets are private copies, every shared
 * word is loaded once and checked before use, and each side's own index lives in private
 * memory.
 *
 * Thread rule: one caller at a time per object. The tx and the rx object of a channel are
 * independent of each other and may run on two processors. Nothing here blocks, allocates or
 * calls back.
 *
 * Ownership: the ring memory, the page list and the other ring's control page are the
 * caller's and must stay mapped as long as the object is used. Objects are plain memory:
 * nothing has to be undone when one is given up.
 *
 * Sending, one packet, then a batch with one signal:
 *
 *	struct hvp_ring_out pkt = hvp_ring_inband(payload, size);
 *
 *	status = hvp_ring_tx_send(&tx, &pkt, &signal);
 *
 *	while (more && hvp_ring_tx_put(&tx, &pkt) == HVP_OK)
 *		next(&pkt);
 *	if (hvp_ring_tx_commit(&tx))
 *		signal_peer();
 *
 * Receiving, from the channel's interrupt or poll handler:
 *
 *	hvp_ring_rx_mask(&rx);
 *	do {
 *		while (budget-- > 0 && hvp_ring_rx_next(&rx, buf, cap, &pkt) == HVP_OK)
 *			handle(&pkt);
 *		if (hvp_ring_rx_commit(&rx))
 *			signal_peer();
 *	} while (budget > 0 && hvp_ring_rx_unmask(&rx));
 *
 * Source of the layout and of every rule: chapter 10 section 3; evidence: two
 * implementations agree unless a comment says otherwise.
 */
#ifndef HVPROTO_RING_H
#define HVPROTO_RING_H

#include <hvproto/port.h>
#include <hvproto/rd.h>
#include <hvproto/reqids.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVP_RING_PAGE_SIZE 4096u /* of the protocol, whatever the kernel's pages are */
#define HVP_RING_PAGES_MAX 8187u /* data pages: 8190 of a GPADL, less 2 controls and 1 */

#define HVP_RING_DESC_SIZE 16u /* packet descriptor */
#define HVP_RING_TRAILER_SIZE 8u /* after every packet; not part of its size */
#define HVP_RING_PACKET_MAX 524280u /* largest size a descriptor can tell */

/* hvp_ring_out.flags and hvp_ring_packet.flags */
#define HVP_PACKET_COMPLETION_REQUESTED 0x1u

/* Packet types (chapter 10 section 3.4) that one side or the other accepts. */
#define HVP_PACKET_INBAND 6u /* both ways */
#define HVP_PACKET_XFER_PAGES 7u /* host to guest */
#define HVP_PACKET_GPA_DIRECT 9u /* guest to host */
#define HVP_PACKET_CANCEL 10u /* recognised, accepted by nobody */
#define HVP_PACKET_COMPLETION 11u /* both ways */

/**
 * HVP_RING_BUFFER_SIZE() - receive buffer for packets up to a payload and an extra header
 * @extra:   bytes of extra header, multiple of 8; 0 for in-band packets and completions
 * @payload: largest payload in bytes
 *
 * The maximum counts the descriptor too, so that a payload of the device's full size fits.
 */
#define HVP_RING_BUFFER_SIZE(extra, payload) \
	(HVP_RING_DESC_SIZE + (extra) + (((payload) + 7u) & ~7u))

/* Who we are; decides what a receiver accepts. */
enum hvp_ring_side {
	HVP_RING_GUEST = 1, /* accepts types 6, 7, 11 */
	HVP_RING_HOST = 2, /* accepts types 6, 9, 11 */
};

/**
 * struct hvp_ring_mem - where a ring lies in our address space
 * @control: control page, 4096 bytes, aligned to 8 at least
 * @base:    data area as one mapping, aligned to 8 at least; NULL: @pages is used
 * @pages:   data area as @size / 4096 pointers to 4 KiB pages, each aligned to 8 at least;
 *           the array must live as long as the ring object. Ignored when @base is set
 * @size:    bytes of data area: 1..HVP_RING_PAGES_MAX pages, any number of them
 */
struct hvp_ring_mem {
	void *control;
	uint8_t *base;
	uint8_t *const *pages;
	uint32_t size;
};

/* private: a place in a data area, with the bytes up to the next break of the mapping */
struct hvp_ring_place {
	uint8_t *at;
	uint32_t run; /* at least 8 */
	uint32_t index; /* 0..size - 8 */
};

/**
 * struct hvp_ring_tx_stats - counters of a sending ring; never reset
 * @packets: packets put
 * @bytes:   ring bytes they took, descriptors, padding and trailers included
 * @signals: commits that asked for a signal
 * @full:    puts refused with HVP_AGAIN
 * @waits:   waits armed
 */
struct hvp_ring_tx_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t signals;
	uint64_t full;
	uint64_t waits;
};

/**
 * struct hvp_ring_rx_stats - counters of a receiving ring; never reset
 * @packets:   packets handed out
 * @bytes:     ring bytes they took, descriptors, padding and trailers included
 * @signals:   commits that asked for a signal
 * @oversized: packets skipped because they did not fit the caller's buffer
 */
struct hvp_ring_rx_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t signals;
	uint64_t oversized;
};

/**
 * struct hvp_ring_tx - the sending end of a ring
 * @stats: read only for the caller
 */
struct hvp_ring_tx {
	struct hvp_ring_tx_stats stats;
	/* private: */
	struct hvp_ring_place pos; /* where the next packet goes */
	uint32_t *control;
	const uint32_t *other_control; /* of the ring the peer sends in */
	struct hvp_ring_mem mem;
	uint32_t space; /* bytes known to be free behind pos */
	uint32_t committed; /* write_index as the peer sees it */
	uint32_t pending; /* pending_send_size as the peer sees it */
	bool corrupt;
	struct hvp_fault fault;
};

/**
 * struct hvp_ring_rx - the receiving end of a ring
 * @stats: read only for the caller
 */
struct hvp_ring_rx {
	struct hvp_ring_rx_stats stats;
	/* private: */
	struct hvp_ring_place pos; /* next unread byte */
	uint32_t *control;
	const uint32_t *min_offset8; /* by packet type: what this side accepts */
	struct hvp_ring_mem mem;
	uint32_t avail; /* bytes known to be readable from pos on */
	uint32_t committed; /* read_index as the peer sees it */
	bool signal_always; /* peer cannot ask for signals: give one for each commit */
	bool corrupt;
	struct hvp_fault fault;
};

/**
 * struct hvp_ring_piece - a run of bytes to send
 * @p:    first byte; may be NULL when @size is 0. Must not be ring memory
 * @size: bytes
 */
struct hvp_ring_piece {
	const void *p;
	uint32_t size;
};

/**
 * struct hvp_ring_out - a packet to send
 * @transaction_id: number that a completion will carry, or in a completion the number of
 *                  the request. A guest must not use 0 with HVP_PACKET_COMPLETION_REQUESTED:
 *                  Windows hosts do not answer it. Never a pointer
 * @type:           HVP_PACKET_*; set by the calls that write ranges
 * @flags:          0 or HVP_PACKET_COMPLETION_REQUESTED
 * @extra:          extra header between descriptor and payload, multiple of 8; empty unless
 *                  the type has one. Ignored by the calls that write ranges
 * @payload:        pieces of the payload, sent one after the other without a gap (a protocol
 *                  header and a body); 0 bytes in all is legal
 */
struct hvp_ring_out {
	uint64_t transaction_id;
	uint16_t type;
	uint16_t flags;
	struct hvp_ring_piece extra;
	struct hvp_ring_piece payload[2];
};

/**
 * struct hvp_ring_packet - a received packet, checked
 * @bytes:          private copy of descriptor, extra header and padded payload; NULL when the
 *                  packet was skipped (HVP_NOSPACE)
 * @transaction_id: of a completion: look it up with hvp_reqids_finish(), trust it never
 * @size:           bytes of @bytes, or of the packet that was skipped; multiple of 8
 * @data_offset:    of the payload in @bytes; 16..@size, for types with ranges 24..@size
 * @type:           HVP_PACKET_*, one that this side accepts
 * @flags:          HVP_PACKET_COMPLETION_REQUESTED or 0; other bits of the peer are dropped
 *
 * The payload is padded to a multiple of 8: its exact size is the device protocol's matter.
 */
struct hvp_ring_packet {
	const uint8_t *bytes;
	uint64_t transaction_id;
	uint32_t size;
	uint32_t data_offset;
	uint16_t type;
	uint16_t flags;
};

/*@ predicate hvp_ring_packet_ok(struct hvp_ring_packet *p) =
  @	\valid_read(p) && 16 <= p->data_offset <= p->size &&
  @	(p->bytes != \null ==> \valid_read(p->bytes + (0 .. p->size - 1))); */

/**
 * struct hvp_gpa_range - bytes in pages of the guest, for hvp_ring_tx_put_gpa()
 * @byte_count:  1..2^32-1; with @byte_offset not above 2^32-1
 * @byte_offset: of the first byte in the first page, 0..4095
 * @pfns:        guest page numbers, (@byte_offset + @byte_count + 4095) / 4096 of them
 */
struct hvp_gpa_range {
	uint32_t byte_count;
	uint32_t byte_offset;
	const uint64_t *pfns;
};

/**
 * struct hvp_xfer_range - bytes in a buffer that the guest registered earlier
 * @byte_count:  bytes
 * @byte_offset: from the start of the buffer
 */
struct hvp_xfer_range {
	uint32_t byte_count;
	uint32_t byte_offset;
};

/**
 * struct hvp_gpa_iter - walk over the ranges of a GPA-direct packet
 * @left: ranges not yet taken; stop at 0
 */
struct hvp_gpa_iter {
	uint32_t left;
	/* private: */
	struct hvp_rd rd;
};

/**
 * struct hvp_gpa_item - one range of a received GPA-direct packet
 * @byte_count:  nonzero
 * @byte_offset: 0..4095
 * @pfn_count:   pages, at least 1
 * @pfns:        cursor over @pfn_count u64 page numbers in the private copy. Whether a page
 *               exists is for the caller to check, at each use
 */
struct hvp_gpa_item {
	uint32_t byte_count;
	uint32_t byte_offset;
	uint32_t pfn_count;
	struct hvp_rd pfns;
};

/**
 * struct hvp_xfer_iter - walk over the ranges of a transfer-pages packet
 * @left:   ranges not yet taken; stop at 0
 * @set_id: the transfer page set, a number of the device protocol
 */
struct hvp_xfer_iter {
	uint32_t left;
	uint16_t set_id;
	/* private: */
	struct hvp_rd rd;
};

/**
 * hvp_ring_packet_total() - ring bytes that a packet takes
 * @extra:   bytes of extra header, multiple of 8, at most HVP_RING_PACKET_MAX
 * @payload: bytes of payload, at most HVP_RING_PACKET_MAX
 *
 * Context: any. Return: descriptor, extra header, padded payload and trailer.
 */
/*@ requires extra <= 524280 && payload <= 524280;
  @ assigns \nothing;
  @ ensures extra % 8 == 0 ==> \result % 8 == 0;
  @ ensures 24 + extra + payload <= \result <= 24 + extra + payload + 7; */
static inline uint32_t hvp_ring_packet_total(uint32_t extra, uint32_t payload)
{
	return HVP_RING_DESC_SIZE + extra + (payload + 7u) / 8u * 8u + HVP_RING_TRAILER_SIZE;
}

/**
 * hvp_ring_inband() - an in-band packet that asks for no completion
 * @payload: bytes to send
 * @size:    of @payload
 *
 * Context: any. Return: the packet, for hvp_ring_tx_send() or hvp_ring_tx_put().
 */
/*@ assigns \nothing; */
static inline struct hvp_ring_out hvp_ring_inband(const void *payload, uint32_t size)
{
	struct hvp_ring_out out;

	out.transaction_id = 0;
	out.type = HVP_PACKET_INBAND;
	out.flags = 0;
	out.extra.p = NULL;
	out.extra.size = 0;
	out.payload[0].p = payload;
	out.payload[0].size = size;
	out.payload[1].p = NULL;
	out.payload[1].size = 0;
	return out;
}

/**
 * hvp_ring_request() - an in-band packet that the peer must complete
 * @transaction_id: from hvp_reqids_take()
 * @payload:        bytes to send
 * @size:           of @payload
 *
 * Context: any. Return: the packet.
 */
/*@ assigns \nothing; */
static inline struct hvp_ring_out hvp_ring_request(uint64_t transaction_id, const void *payload,
						   uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_inband(payload, size);

	out.transaction_id = transaction_id;
	out.flags = HVP_PACKET_COMPLETION_REQUESTED;
	return out;
}

/**
 * hvp_ring_completion() - the answer to a packet that asked for one
 * @transaction_id: of the packet that is answered
 * @payload:        bytes to send
 * @size:           of @payload
 *
 * Context: any. Return: the packet.
 */
/*@ assigns \nothing; */
static inline struct hvp_ring_out hvp_ring_completion(uint64_t transaction_id, const void *payload,
						      uint32_t size)
{
	struct hvp_ring_out out = hvp_ring_inband(payload, size);

	out.transaction_id = transaction_id;
	out.type = HVP_PACKET_COMPLETION;
	return out;
}

/**
 * hvp_ring_tx_init() - begin to send in a new ring (guest, before OPEN_CHANNEL)
 * @ring:          object to fill
 * @mem:           the ring; copied
 * @other_control: control page of the ring the peer sends in; NULL: the peer is taken as
 *                 one that never announces free space
 *
 * Writes zero to the whole ring, so that nothing stale is shown to the peer, and then sets
 * feature bit 0: we wait with pending_send_size, and struct hvp_ring_rx honours the peer's.
 *
 * Context: any. Return: HVP_OK; HVP_ARG for a size or alignment outside the rules of
 * struct hvp_ring_mem.
 */
enum hvp_status hvp_ring_tx_init(struct hvp_ring_tx *ring, const struct hvp_ring_mem *mem,
				 const void *other_control) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_attach() - begin to send in a ring that exists (host, at OPEN_CHANNEL)
 * @ring:          object to fill
 * @mem:           the ring; copied
 * @other_control: as in hvp_ring_tx_init()
 *
 * Takes up both indices as they are, sets feature bit 0 and clears pending_send_size.
 *
 * Context: any. Return: HVP_OK; HVP_ARG as in hvp_ring_tx_init(); HVP_CORRUPT if an index
 * lies outside the ring or is not a multiple of 8.
 */
enum hvp_status hvp_ring_tx_attach(struct hvp_ring_tx *ring, const struct hvp_ring_mem *mem,
				   const void *other_control) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_put() - write a packet that the peer does not see yet
 * @ring: ring
 * @out:  packet
 *
 * Packets put become visible together by hvp_ring_tx_commit().
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN if it does not fit now: commit what was put, then
 * hvp_ring_tx_wait(); HVP_ARG if it can never fit (its total must not exceed the ring's size
 * less 16, its size HVP_RING_PACKET_MAX) or @out->extra is not a multiple of 8; HVP_CORRUPT,
 * from then on for every call, if the peer's read_index is impossible.
 */
enum hvp_status hvp_ring_tx_put(struct hvp_ring_tx *ring,
				const struct hvp_ring_out *out) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_put_gpa() - as hvp_ring_tx_put(), a GPA-direct packet (guest)
 * @ring:   ring
 * @out:    packet; type and extra are ignored
 * @ranges: what the packet refers to
 * @count:  ranges, at least 1
 *
 * Many device protocols allow one range only.
 *
 * Context: any. Return: as hvp_ring_tx_put(); HVP_ARG also for a range outside the rules of
 * struct hvp_gpa_range.
 */
enum hvp_status hvp_ring_tx_put_gpa(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				    const struct hvp_gpa_range *ranges,
				    uint32_t count) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_put_xfer() - as hvp_ring_tx_put(), a transfer-pages packet (host)
 * @ring:   ring
 * @out:    packet; type and extra are ignored. Transfer pages need a completion: set the flag
 * @set_id: transfer page set
 * @ranges: what the packet refers to
 * @count:  ranges
 *
 * Context: any. Return: as hvp_ring_tx_put().
 */
enum hvp_status hvp_ring_tx_put_xfer(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				     uint16_t set_id, const struct hvp_xfer_range *ranges,
				     uint32_t count) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_commit() - show the peer what was put
 * @ring: ring
 *
 * One index store and one signal decision, however many packets were put. Ends a wait: if a
 * larger packet still waits behind the ones put, call hvp_ring_tx_wait() again.
 *
 * Context: any. Return: true if the peer must be signalled.
 */
bool hvp_ring_tx_commit(struct hvp_ring_tx *ring) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_send() - put and commit one packet
 * @ring:   ring
 * @out:    packet
 * @signal: set on HVP_OK: true if the peer must be signalled; untouched otherwise
 *
 * Context: any. Return: as hvp_ring_tx_put().
 */
enum hvp_status hvp_ring_tx_send(struct hvp_ring_tx *ring, const struct hvp_ring_out *out,
				 bool *signal) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_wait() - ask for a signal when a packet of @total bytes will fit
 * @ring:  ring
 * @total: hvp_ring_packet_total() of the packet that was refused
 *
 * Sets pending_send_size to @total or a quarter of the ring, whichever is larger, so that the
 * peer signals once for room that is worth it; then looks at the ring again, because the peer
 * may have made room before it could see our wish.
 *
 * Context: any. Return: HVP_AGAIN: sleep until signalled (or poll: hvp_ring_tx_peer_wakes()),
 * then try to put again; HVP_OK: there is room now, nothing is armed; HVP_ARG if @total can
 * never fit, or not behind what was put and not committed yet; HVP_CORRUPT as in
 * hvp_ring_tx_put().
 */
enum hvp_status hvp_ring_tx_wait(struct hvp_ring_tx *ring, uint32_t total) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_peer_wakes() - whether the peer has promised to signal free space
 * @ring: ring
 *
 * The promise is feature bit 0 in the ring the peer sends in, which a host sets when it opens
 * the channel. Without it (Windows Server 2008 hosts) a waiting sender must poll.
 *
 * Context: any. Return: true if a sender may sleep after hvp_ring_tx_wait().
 */
bool hvp_ring_tx_peer_wakes(const struct hvp_ring_tx *ring);

/**
 * hvp_ring_tx_room() - the largest packet total that fits now
 * @ring: ring
 * @room: bytes on HVP_OK
 *
 * Touches the peer's index; hvp_ring_tx_put() does so only when it must.
 *
 * Context: any. Return: HVP_OK; HVP_CORRUPT as in hvp_ring_tx_put().
 */
enum hvp_status hvp_ring_tx_room(struct hvp_ring_tx *ring, uint32_t *room) HVP_MUST_CHECK;

/**
 * hvp_ring_tx_fault() - why the ring is corrupt
 * @ring: ring
 *
 * Context: any. Return: the record, or NULL while the ring is sound.
 */
const struct hvp_fault *hvp_ring_tx_fault(const struct hvp_ring_tx *ring);

/**
 * hvp_ring_rx_init() - begin to receive from a new ring (guest, before OPEN_CHANNEL)
 * @ring: object to fill
 * @mem:  the ring; copied
 * @side: who we are
 *
 * Writes zero to the whole ring; interrupt_mask is thus 0.
 *
 * Context: any. Return: HVP_OK; HVP_ARG for a size or alignment outside the rules of
 * struct hvp_ring_mem or an unknown side.
 */
enum hvp_status hvp_ring_rx_init(struct hvp_ring_rx *ring, const struct hvp_ring_mem *mem,
				 enum hvp_ring_side side) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_attach() - begin to receive from a ring that exists (host, at OPEN_CHANNEL)
 * @ring: object to fill
 * @mem:  the ring; copied
 * @side: who we are
 *
 * Takes up read_index as it is and writes nothing. A host looks at the guest's feature bit
 * now: for a guest without it, each commit asks for a signal.
 *
 * Context: any. Return: HVP_OK; HVP_ARG as in hvp_ring_rx_init(); HVP_CORRUPT if read_index
 * lies outside the ring or is not a multiple of 8.
 */
enum hvp_status hvp_ring_rx_attach(struct hvp_ring_rx *ring, const struct hvp_ring_mem *mem,
				   enum hvp_ring_side side) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_next() - take the next packet, as a private copy
 * @ring: ring
 * @buf:  private memory for the packet
 * @cap:  bytes of @buf, at least 16: the largest packet this receiver takes, descriptor
 *        included (HVP_RING_BUFFER_SIZE()). One size per channel, the device's maximum
 * @out:  filled on HVP_OK, pointing into @buf; filled but for its bytes on HVP_NOSPACE;
 *        untouched otherwise
 *
 * The peer may reuse the space only after hvp_ring_rx_commit(): commit often enough that a
 * sender waiting for room is not kept waiting by a long drain.
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN if the ring is empty; HVP_NOSPACE if the packet has
 * more than @cap bytes: it was skipped whole, the next one follows; HVP_ARG for a small @cap;
 * HVP_CORRUPT, from then on for every call, if index or descriptor is impossible or the type
 * is not for us: give up this channel, and only this one (hvp_ring_rx_fault()).
 */
enum hvp_status hvp_ring_rx_next(struct hvp_ring_rx *ring, uint8_t *buf, uint32_t cap,
				 struct hvp_ring_packet *out) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_peek_trusted_in_place() - take the next packet WITHOUT copying it
 * @ring: ring
 * @out:  filled on HVP_OK, pointing INTO THE SHARED RING
 *
 * FOR PEERS THAT ARE TRUSTED AS WE TRUST OURSELVES ONLY (a paravisor, a peer in the same
 * process). The descriptor is copied and checked, but all other bytes can change while they
 * are read: a value that was checked need not be the value that is used. They stay until
 * hvp_ring_rx_commit().
 *
 * Context: any. Return: HVP_OK, HVP_AGAIN and HVP_CORRUPT as hvp_ring_rx_next(); HVP_NOSPACE
 * if the packet does not lie in one run of memory: nothing was taken, call
 * hvp_ring_rx_next().
 */
enum hvp_status hvp_ring_rx_peek_trusted_in_place(struct hvp_ring_rx *ring,
						  struct hvp_ring_packet *out) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_commit() - give the space of the packets taken back to the peer
 * @ring: ring
 *
 * Signals are asked for exactly when this commit moved free space from below the peer's
 * pending_send_size to it or above; never because of interrupt_mask, which is ours.
 *
 * Context: any. Return: true if the peer must be signalled.
 */
bool hvp_ring_rx_commit(struct hvp_ring_rx *ring) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_mask() - tell the peer not to signal new data while we drain
 * @ring: ring
 *
 * Context: any.
 */
void hvp_ring_rx_mask(struct hvp_ring_rx *ring);

/**
 * hvp_ring_rx_unmask() - ask for signals again, before going to sleep
 * @ring: ring; every packet taken is committed
 *
 * Context: any. Return: true if there is something to take after all (data came before the
 * peer could see our wish, or was left by a bounded drain): the ring is masked again, drain
 * it or come back later; false: sleep, the next packet brings a signal.
 */
bool hvp_ring_rx_unmask(struct hvp_ring_rx *ring) HVP_MUST_CHECK;

/**
 * hvp_ring_rx_fault() - why the ring is corrupt
 * @ring: ring
 *
 * Context: any. Return: the record, or NULL while the ring is sound.
 */
const struct hvp_fault *hvp_ring_rx_fault(const struct hvp_ring_rx *ring);

/**
 * hvp_ring_payload() - cursor over the padded payload of a packet
 * @packet: packet
 *
 * Context: any. Return: the cursor; empty for a packet that was skipped.
 */
/*@ requires hvp_ring_packet_ok(packet);
  @ assigns \nothing;
  @ ensures hvp_rd_sees(\result);
  @ ensures \result.len == (packet->bytes == \null ? 0 : packet->size - packet->data_offset); */
static inline struct hvp_rd hvp_ring_payload(const struct hvp_ring_packet *packet)
{
	if (!packet->bytes)
		return hvp_rd_init(NULL, 0);
	return hvp_rd_init(packet->bytes + packet->data_offset, packet->size - packet->data_offset);
}

/**
 * hvp_ring_extra() - cursor over the extra header of a packet
 * @packet: packet
 *
 * Context: any. Return: the cursor; empty for in-band packets that have none, and for a
 * packet that was skipped.
 */
/*@ requires hvp_ring_packet_ok(packet);
  @ assigns \nothing;
  @ ensures hvp_rd_sees(\result);
  @ ensures \result.len == (packet->bytes == \null ? 0 : packet->data_offset - 16); */
static inline struct hvp_rd hvp_ring_extra(const struct hvp_ring_packet *packet)
{
	if (!packet->bytes)
		return hvp_rd_init(NULL, 0);
	return hvp_rd_init(packet->bytes + HVP_RING_DESC_SIZE,
			   packet->data_offset - HVP_RING_DESC_SIZE);
}

/**
 * hvp_ring_gpa_ranges() - begin to walk over the ranges of a GPA-direct packet (host)
 * @packet: packet of type HVP_PACKET_GPA_DIRECT
 * @iter:   filled on HVP_OK
 * @fault:  record or NULL
 *
 * Context: any. Return: HVP_OK, @iter->left is then at least 1; HVP_VALUE for a count of 0;
 * HVP_SHORT if the header is cut off; HVP_ARG for a packet of another type or one that was
 * skipped.
 */
/*@ requires hvp_ring_packet_ok(packet) && \valid(iter);
  @ requires fault == \null || \valid(fault);
  @ requires \separated(iter, fault, packet);
  @ assigns *iter, *fault;
  @ ensures \result == HVP_OK ==> iter->left > 0 && hvp_rd_ok(&iter->rd); */
enum hvp_status hvp_ring_gpa_ranges(const struct hvp_ring_packet *packet, struct hvp_gpa_iter *iter,
				    struct hvp_fault *fault) HVP_MUST_CHECK;

/**
 * hvp_ring_gpa_next() - the next range of a GPA-direct packet
 * @iter:  iterator with @iter->left > 0
 * @item:  filled on HVP_OK
 * @fault: record or NULL
 *
 * Context: any. Return: HVP_OK; HVP_SHORT if range or page numbers do not lie before the
 * payload; HVP_VALUE for a byte_count of 0 or a byte_offset above 4095; HVP_RANGE if their
 * sum overflows; HVP_ARG when no range is left. A fault of the request, not of the ring.
 */
/*@ requires \valid(iter) && hvp_rd_ok(&iter->rd) && \valid(item);
  @ requires fault == \null || \valid(fault);
  @ requires \separated(iter, item, fault, iter->rd.p + (0 .. iter->rd.len - 1));
  @ assigns *iter, *item, *fault;
  @ ensures \result == HVP_OK ==> hvp_rd_ok(&iter->rd);
  @ ensures \result == HVP_OK ==> iter->left == \old(iter->left) - 1;
  @ ensures \result == HVP_OK ==> item->byte_count > 0 && item->byte_offset < 4096;
  @ ensures \result == HVP_OK ==> item->byte_offset + item->byte_count <= 0xffffffff;
  @ ensures \result == HVP_OK ==>
  @	item->pfn_count == (item->byte_offset + item->byte_count + 4095) / 4096;
  @ ensures \result == HVP_OK ==>
  @	hvp_rd_sees(item->pfns) && item->pfns.len == item->pfn_count * 8; */
enum hvp_status hvp_ring_gpa_next(struct hvp_gpa_iter *iter, struct hvp_gpa_item *item,
				  struct hvp_fault *fault) HVP_MUST_CHECK;

/**
 * hvp_ring_xfer_ranges() - begin to walk over the ranges of a transfer-pages packet (guest)
 * @packet: packet of type HVP_PACKET_XFER_PAGES
 * @iter:   filled on HVP_OK
 * @fault:  record or NULL
 *
 * Context: any. Return: HVP_OK; HVP_SHORT if fewer ranges lie before the payload than the
 * header tells; HVP_ARG for a packet of another type or one that was skipped.
 */
/*@ requires hvp_ring_packet_ok(packet) && \valid(iter);
  @ requires fault == \null || \valid(fault);
  @ requires \separated(iter, fault, packet);
  @ assigns *iter, *fault;
  @ ensures \result == HVP_OK ==> hvp_rd_ok(&iter->rd);
  @ ensures \result == HVP_OK ==> iter->left * 8 <= iter->rd.len - iter->rd.off; */
enum hvp_status hvp_ring_xfer_ranges(const struct hvp_ring_packet *packet,
				     struct hvp_xfer_iter *iter,
				     struct hvp_fault *fault) HVP_MUST_CHECK;

/**
 * hvp_ring_xfer_next() - the next range of a transfer-pages packet
 * @iter:        iterator with @iter->left > 0
 * @buffer_size: bytes of the buffer that was registered for the set
 * @range:       filled on HVP_OK: within the buffer
 * @fault:       record or NULL
 *
 * Context: any. Return: HVP_OK; HVP_RANGE if the range leaves the buffer (the iterator moves
 * on, the next range may be sound); HVP_ARG when no range is left.
 */
/*@ requires \valid(iter) && hvp_rd_ok(&iter->rd) && \valid(range);
  @ requires fault == \null || \valid(fault);
  @ requires \separated(iter, range, fault, iter->rd.p + (0 .. iter->rd.len - 1));
  @ assigns *iter, *range, *fault;
  @ ensures hvp_rd_ok(&iter->rd);
  @ ensures \result == HVP_OK ==> range->byte_offset + range->byte_count <= buffer_size; */
enum hvp_status hvp_ring_xfer_next(struct hvp_xfer_iter *iter, uint32_t buffer_size,
				   struct hvp_xfer_range *range,
				   struct hvp_fault *fault) HVP_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_RING_H */
