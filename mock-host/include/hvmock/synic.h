/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/synic.h - message slots, event flags and the ports behind connection ids
 *
 * Host to guest: a message goes into the SIMP slot of a SINT on a VP, or waits in that SINT's
 * queue until the slot is free and the guest says end of message; an event sets a bit in the
 * SIEFP area. Guest to host: HvPostMessage and HvSignalEvent find a port by connection id.
 *
 * Thread rule: one thread per partition. Ownership: ports are the partition's; the callbacks
 * of a port must outlive it.
 */
#ifndef HVMOCK_SYNIC_H
#define HVMOCK_SYNIC_H

#include <hvmock/partition.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_SINTS 16u
#define HVM_SINT_VMBUS 2u
#define HVM_PAYLOAD_MAX 240u
#define HVM_PORT_DEPTH 16u /* message buffers of a port */
#define HVM_EVENT_FLAGS 2048u

/**
 * struct hvm_synic_msg - a slot as it will stand in the SIMP page
 * @type:     SynIC message type; 1 for VMBus
 * @size:     payload_size as written, which may lie (payload is always 240 bytes of memory)
 * @flags:    message_flags; bit 0 is set by the host as well when more is queued
 * @reserved: written as it is
 * @sender:   sender or port id
 * @payload:  all bytes of the slot's payload area
 */
struct hvm_synic_msg {
	uint32_t type;
	uint8_t size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t sender;
	uint8_t payload[HVM_PAYLOAD_MAX];
};

/**
 * hvm_synic_post() - queue a message for the guest, any bytes
 * @p:    partition
 * @vp:   target
 * @sint: target
 * @m:    copied
 *
 * Return: HVP_OK; HVP_ARG when there is no such VP or SINT.
 */
enum hvp_status hvm_synic_post(struct hvm_partition *p, uint32_t vp, uint32_t sint,
			       const struct hvm_synic_msg *m);

/** hvm_synic_queued() - messages that wait for the slot of a SINT */
size_t hvm_synic_queued(const struct hvm_partition *p, uint32_t vp, uint32_t sint);

/** hvm_synic_slot_busy() - whether the slot of a SINT holds a message now */
bool hvm_synic_slot_busy(struct hvm_partition *p, uint32_t vp, uint32_t sint);

/** hvm_synic_flush() - forget what waits for a SINT, as when its connection is reset */
void hvm_synic_flush(struct hvm_partition *p, uint32_t vp, uint32_t sint);

/** hvm_synic_on_drained() - call @fn when the queue of any SINT has become empty */
void hvm_synic_on_drained(struct hvm_partition *p, void (*fn)(void *ctx), void *ctx);

/**
 * hvm_synic_signal() - set an event flag
 * @p:    partition
 * @vp:   target
 * @sint: target
 * @flag: 0..2047
 *
 * Return: HVP_OK also when the flag was set already (no second interrupt); HVP_STATE when the
 * signal is lost: SynIC or SIEFP disabled or SINT masked; HVP_ARG out of range.
 */
enum hvp_status hvm_synic_signal(struct hvm_partition *p, uint32_t vp, uint32_t sint,
				 uint32_t flag);

/** hvm_synic_interrupt() - fire the vector of a SINT with nothing to find: a spurious one */
void hvm_synic_interrupt(struct hvm_partition *p, uint32_t vp, uint32_t sint);

/**
 * struct hvm_synic_stats - counts of one SINT of one VP
 * @messages:   messages written to the slot
 * @pending:    times that message_pending was set on an occupied slot
 * @eoms:       EOM writes of the VP; the same in all rows of a VP
 * @needless:   of these, when nothing waited for any SINT of the VP
 * @interrupts: times that the vector fired
 * @events:     event flags that went from 0 to 1
 * @lost:       signals lost to a masked or disabled SINT
 */
struct hvm_synic_stats {
	uint64_t messages;
	uint64_t pending;
	uint64_t eoms;
	uint64_t needless;
	uint64_t interrupts;
	uint64_t events;
	uint64_t lost;
};

/** hvm_synic_stats() - false: no such VP or SINT */
bool hvm_synic_stats(const struct hvm_partition *p, uint32_t vp, uint32_t sint,
		     struct hvm_synic_stats *out);

/**
 * struct hvm_port_msg - a message that the guest posted
 * @connection_id: as posted
 * @vp:            poster
 * @type:          SynIC message type
 * @size:          0..240
 * @payload:       @size bytes
 */
struct hvm_port_msg {
	uint32_t connection_id;
	uint32_t vp;
	uint32_t type;
	uint32_t size;
	uint8_t payload[HVM_PAYLOAD_MAX];
};

/**
 * hvm_msg_port_add() - open a port for messages
 * @p:             partition
 * @connection_id: 24 significant bits
 * @ready:         called from a host event when a message waits
 * @ctx:           given to @ready
 *
 * Return: HVP_OK; HVP_ARG when the id is taken; HVP_NOSPACE when memory is out.
 */
enum hvp_status hvm_msg_port_add(struct hvm_partition *p, uint32_t connection_id,
				 void (*ready)(void *ctx), void *ctx);

/** hvm_msg_port_take() - next message of a port; false if none waits */
bool hvm_msg_port_take(struct hvm_partition *p, uint32_t connection_id, struct hvm_port_msg *out);

/** hvm_msg_port_waiting() - messages in a port, 0..HVM_PORT_DEPTH */
size_t hvm_msg_port_waiting(const struct hvm_partition *p, uint32_t connection_id);

/**
 * hvm_event_port_add() - open a port for signals
 * @p:             partition
 * @connection_id: 24 significant bits
 * @flags:         flag numbers accepted: 0..@flags - 1
 * @signal:        called from a host event
 * @ctx:           given to @signal
 *
 * Return: as hvm_msg_port_add().
 */
enum hvp_status hvm_event_port_add(struct hvm_partition *p, uint32_t connection_id, uint32_t flags,
				   void (*signal)(void *ctx, uint32_t connection_id, uint32_t flag),
				   void *ctx);

/** hvm_port_remove() - close a port of either kind; what waits in it is lost */
void hvm_port_remove(struct hvm_partition *p, uint32_t connection_id);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_SYNIC_H */
