/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/scripted.h - a device that does what a script says
 *
 * Behind one channel: it opens the rings, queues the packets that arrive, sends packets of any
 * kind or any raw bytes, rewrites the control words of both rings, reads and writes what GPADLs
 * and GPA ranges name, and answers the server's questions at once or when told to.
 *
 * Thread rule: one thread per partition. Ownership: the caller owns the device; it and the
 * server may be freed in either order.
 */
#ifndef HVMOCK_SCRIPTED_H
#define HVMOCK_SCRIPTED_H

#include <hvmock/vmbus_server.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hvm_scripted;

/* The two rings of a channel. */
enum hvm_ring_side {
	HVM_RING_G2H, /* guest writes, device reads */
	HVM_RING_H2G, /* device writes, guest reads */
};

/* Questions of the server. */
enum hvm_ask {
	HVM_ASK_OPEN,
	HVM_ASK_CLOSE,
	HVM_ASK_GPADL,
	HVM_ASK_TEARDOWN,
	HVM_ASK_MODIFY,
	HVM_ASKS
};

/**
 * struct hvm_packet - a ring packet
 * @type:           packet type
 * @flags:          bit 0: completion requested
 * @transaction_id: see the facts
 * @extra:          bytes between descriptor and payload (transfer pages, GPA direct)
 * @extra_size:     multiple of 8 when sending; header included
 * @payload:        bytes after it; padded to 8 when received
 * @payload_size:   bytes
 * @ring_offset:    where it was received from
 * @ranges:         of a GPA-direct packet that was received: HVP_OK if all its ranges are well
 *                  formed, else what is wrong with the first that is not; nothing of such a
 *                  packet's memory is touched
 */
struct hvm_packet {
	uint16_t type;
	uint16_t flags;
	uint64_t transaction_id;
	const uint8_t *extra;
	uint32_t extra_size;
	const uint8_t *payload;
	uint32_t payload_size;
	uint32_t ring_offset;
	enum hvp_status ranges;
};

/**
 * hvm_scripted_new() - offer a channel with such a device behind it
 * @s:     server
 * @offer: copied
 *
 * Everything is answered at once with success and arriving packets are read at once, until
 * told otherwise. Return: the device, NULL as hvm_server_offer().
 */
struct hvm_scripted *hvm_scripted_new(struct hvm_server *s, const struct hvm_offer *offer);

/** hvm_scripted_free() - revoke the channel if it still is there, and forget the device */
void hvm_scripted_free(struct hvm_scripted *d);

/* What hvm_scripted_watch() tells. */
enum hvm_scripted_event {
	HVM_SCRIPTED_OPENED, /* the rings are attached and the guest has been told */
	HVM_SCRIPTED_SIGNALLED, /* the guest signalled: packets came, or room */
	HVM_SCRIPTED_CLOSED, /* the rings are gone */
};

/**
 * hvm_scripted_watch() - be told what happens to the channel
 * @d:   device
 * @fn:  called after the device has done its own part; NULL: nobody
 * @ctx: given to @fn
 */
void hvm_scripted_watch(struct hvm_scripted *d,
			void (*fn)(void *ctx, enum hvm_scripted_event event), void *ctx);

/** hvm_scripted_channel() - its channel; NULL after it has gone */
struct hvm_channel *hvm_scripted_channel(struct hvm_scripted *d);

/** hvm_scripted_is_open() - whether the rings are attached */
bool hvm_scripted_is_open(const struct hvm_scripted *d);

/**
 * hvm_scripted_answer() - how to answer a kind of question from now on
 * @d:      device
 * @ask:    which
 * @hold:   true: not until hvm_scripted_finish(); @status is not used then
 * @status: otherwise: 0 or the failure (not for close and teardown)
 */
void hvm_scripted_answer(struct hvm_scripted *d, enum hvm_ask ask, bool hold, uint32_t status);

/** hvm_scripted_asked() - questions of a kind that wait for an answer */
size_t hvm_scripted_asked(const struct hvm_scripted *d, enum hvm_ask ask);

/** hvm_scripted_finish() - answer the oldest question of a kind; HVP_STATE if there is none */
enum hvp_status hvm_scripted_finish(struct hvm_scripted *d, enum hvm_ask ask, uint32_t status);

/** hvm_scripted_set_reading() - false: leave packets in the ring also when signalled */
void hvm_scripted_set_reading(struct hvm_scripted *d, bool reading);

/** hvm_scripted_poll() - read what is in the ring now; a status of the ring reader */
enum hvp_status hvm_scripted_poll(struct hvm_scripted *d);

/** hvm_scripted_poll_one() - read one packet; HVP_AGAIN if the ring is empty */
enum hvp_status hvm_scripted_poll_one(struct hvm_scripted *d);

/** hvm_scripted_ring_status() - HVP_CORRUPT after the guest's ring contradicted itself */
enum hvp_status hvm_scripted_ring_status(const struct hvm_scripted *d);

/** hvm_scripted_waiting() - packets received and not taken */
size_t hvm_scripted_waiting(const struct hvm_scripted *d);

/** hvm_scripted_take() - oldest packet received; bytes live until the next take or close */
bool hvm_scripted_take(struct hvm_scripted *d, struct hvm_packet *out);

/**
 * hvm_scripted_send() - write a packet to the guest and signal if the protocol wants it
 * @d: device
 * @k: packet; descriptor and trailer are made for it
 *
 * Return: HVP_OK; HVP_AGAIN without room; HVP_STATE when not open; HVP_ARG.
 */
enum hvp_status hvm_scripted_send(struct hvm_scripted *d, const struct hvm_packet *k);

/** hvm_scripted_complete() - send the completion of a request */
enum hvp_status hvm_scripted_complete(struct hvm_scripted *d, uint64_t transaction_id,
				      const void *payload, size_t size);

/**
 * hvm_scripted_send_raw() - put any bytes into the ring at the write index and advance it
 * @d:       device
 * @bytes:   a packet with descriptor and trailer, or no packet at all
 * @size:    bytes
 * @advance: bytes to move the write index by; may differ from @size
 * @signal:  interrupt the guest
 *
 * No rule is kept but the wrap. Return: HVP_OK; HVP_STATE when not open; HVP_ARG: longer than
 * the ring.
 */
enum hvp_status hvm_scripted_send_raw(struct hvm_scripted *d, const void *bytes, size_t size,
				      uint32_t advance, bool signal);

/** hvm_scripted_peek() - u32 at a byte offset of a ring's control page; 0 when not open */
uint32_t hvm_scripted_peek(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset);

/** hvm_scripted_poke() - write such a word: index, mask, pending size, feature bits */
enum hvp_status hvm_scripted_poke(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset,
				  uint32_t value);

/** hvm_scripted_ring_ptr() - host address of a byte: @offset counts from the control page */
void *hvm_scripted_ring_ptr(struct hvm_scripted *d, enum hvm_ring_side side, uint32_t offset);

/** hvm_scripted_ring_size() - bytes of a ring's data area; 0 when not open */
uint32_t hvm_scripted_ring_size(const struct hvm_scripted *d, enum hvm_ring_side side);

/** hvm_scripted_set_mask() - the device as reader does (not) want signals */
enum hvp_status hvm_scripted_set_mask(struct hvm_scripted *d, bool masked);

/** hvm_scripted_signal() - interrupt the guest for the channel, needed or not */
enum hvp_status hvm_scripted_signal(struct hvm_scripted *d);

/**
 * hvm_scripted_range() - size of range @index of a GPA-direct packet
 * @k:     packet with its extra header
 * @index: 0 is the first
 * @bytes: its byte_count
 *
 * Return: HVP_OK; else what is wrong with the ranges up to this one (HVP_ARG: none of them).
 */
enum hvp_status hvm_scripted_range(const struct hvm_packet *k, uint32_t index, uint32_t *bytes);

/** hvm_scripted_read_range() - copy @len bytes at @offset of range @index of a GPA-direct packet */
enum hvp_status hvm_scripted_read_range(struct hvm_scripted *d, const struct hvm_packet *k,
					uint32_t index, uint32_t offset, void *to, size_t len);

/** hvm_scripted_write_range() - copy into it */
enum hvp_status hvm_scripted_write_range(struct hvm_scripted *d, const struct hvm_packet *k,
					 uint32_t index, uint32_t offset, const void *from,
					 size_t len);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_SCRIPTED_H */
