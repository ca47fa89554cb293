/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/device.h - the seam between the channel server and what sits behind a channel
 *
 * A device offers channels, is asked about opens, GPADLs, closes and target changes, and
 * answers at once or later. The server keeps the protocol; the device never sees a channel
 * message.
 *
 * Thread rule: callbacks come from host events of the partition; a device may call the server
 * from inside them. Ownership: the server owns channels; a channel lives until the guest has
 * released a revoked one, and @gone tells the device so.
 */
#ifndef HVMOCK_DEVICE_H
#define HVMOCK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvmock/gpadl.h>
#include <hvproto/msg.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_USER_DATA_SIZE 120u
#define HVM_NO_VP UINT32_MAX
#define HVM_STATUS_SUCCESS 0u
#define HVM_STATUS_UNSUCCESSFUL 0x8000ffffu
#define HVM_STATUS_REFUSED 0xc0000236u /* of TL_CONNECT_REQUEST_RESULT */

struct hvm_channel;
struct hvm_server;

/**
 * struct hvm_offer - what OFFER_CHANNEL will say
 * @interface_id:     device class, or hv_sock service
 * @instance_id:      of the device
 * @flags:            HVP_VMBUS_OFFER_*; those whose feature was not granted are not sent
 * @mmio_megabytes:   see the facts
 * @mmio_megabytes_optional: see the facts
 * @user_defined:     device defined
 * @subchannel_index: 0 for a primary; others are offered from 2.4 on
 * @order:            among offers of one interface; 0 means last
 * @monitored:        wants a monitor id
 * @latency:          of the monitor id, 100 ns
 * @channel_id:       to use; 0 means the lowest free one
 * @connection_id:    to use; 0 means channel_id + (SINT << 12)
 */
struct hvm_offer {
	struct hvp_guid interface_id;
	struct hvp_guid instance_id;
	uint16_t flags;
	uint16_t mmio_megabytes;
	uint16_t mmio_megabytes_optional;
	uint8_t user_defined[HVM_USER_DATA_SIZE];
	uint16_t subchannel_index;
	uint32_t order;
	bool monitored;
	uint16_t latency;
	uint32_t channel_id;
	uint32_t connection_id;
};

/**
 * struct hvm_open - how the guest opened a channel
 * @open_id:       echoed by the server
 * @gpadl_id:      ring GPADL, accepted and of this channel
 * @downstream:    first page of the host-to-guest ring in it
 * @target_vp:     VP of interrupts, HVM_NO_VP for none
 * @event_flag:    flag that interrupts set
 * @connection_id: that the guest signals
 * @reserved:      by OPEN_RESERVED_CHANNEL
 * @redirect:      flag redirect_interrupt
 * @user_data:     of OPEN_CHANNEL
 */
struct hvm_open {
	uint32_t open_id;
	uint32_t gpadl_id;
	uint32_t downstream;
	uint32_t target_vp;
	uint32_t event_flag;
	uint32_t connection_id;
	bool reserved;
	bool redirect;
	uint8_t user_data[HVM_USER_DATA_SIZE];
};

/**
 * struct hvm_device_ops - what a device is asked
 * @size:     sizeof(struct hvm_device_ops)
 * @open:     answer with hvm_channel_open_done(); NULL: opened at once
 * @close:    answer with hvm_channel_close_done(); the device must not touch the rings after
 *            it. NULL: closed at once
 * @gpadl:    a complete and valid GPADL; answer with hvm_channel_gpadl_done(). NULL: accepted
 * @teardown: let go of a GPADL; answer with hvm_channel_teardown_done(). NULL: at once
 * @modify:   interrupts are to go to another VP; answer with hvm_channel_modify_done().
 *            NULL: done at once
 * @signal:   the guest signalled the open channel; may be NULL
 * @revoked:  the host takes the channel back: no ring or GPADL may be touched from here on, and
 *            what the device was asked is settled. NULL: an open channel is asked to close
 * @gone:     the channel is no more (revoked and released, or the server ends): forget the
 *            pointer. May be NULL
 *
 * Each may answer inside the callback or from a later event.
 */
struct hvm_device_ops {
	size_t size;
	void (*open)(void *ctx, struct hvm_channel *ch, const struct hvm_open *open);
	void (*close)(void *ctx, struct hvm_channel *ch);
	void (*gpadl)(void *ctx, struct hvm_channel *ch, const struct hvm_gpadl *g);
	void (*teardown)(void *ctx, struct hvm_channel *ch, const struct hvm_gpadl *g);
	void (*modify)(void *ctx, struct hvm_channel *ch, uint32_t target_vp);
	void (*signal)(void *ctx, struct hvm_channel *ch);
	void (*revoked)(void *ctx, struct hvm_channel *ch);
	void (*gone)(void *ctx, struct hvm_channel *ch);
};

/** hvm_server_offer() - offer a channel; NULL: no id free, id taken, or memory out */
struct hvm_channel *hvm_server_offer(struct hvm_server *s, const struct hvm_offer *offer,
				     const struct hvm_device_ops *ops, void *ctx);

/** hvm_channel_set_device() - another device takes over; @ops NULL: one that says yes to all */
void hvm_channel_set_device(struct hvm_channel *ch, const struct hvm_device_ops *ops, void *ctx);

/**
 * hvm_channel_revoke() - the host takes a channel back (surprise removal)
 * @ch: channel; gone at once when the guest does not know it
 *
 * Sub-channels of a primary are revoked before it. A second call does nothing.
 */
void hvm_channel_revoke(struct hvm_channel *ch);

/** hvm_channel_reoffer() - a revoked device has come back; HVP_STATE if it is not revoked */
enum hvp_status hvm_channel_reoffer(struct hvm_channel *ch);

/** hvm_channel_open_done() - result of opening; 0 is success. Ignored if none is asked */
void hvm_channel_open_done(struct hvm_channel *ch, uint32_t status);

/** hvm_channel_close_done() - the device has stopped */
void hvm_channel_close_done(struct hvm_channel *ch);

/** hvm_channel_gpadl_done() - 0: the device takes the GPADL; else it refuses */
void hvm_channel_gpadl_done(struct hvm_channel *ch, uint32_t gpadl_id, uint32_t status);

/** hvm_channel_teardown_done() - the device has let go of the GPADL */
void hvm_channel_teardown_done(struct hvm_channel *ch, uint32_t gpadl_id);

/** hvm_channel_modify_done() - 0: interrupts go to the new VP from now on */
void hvm_channel_modify_done(struct hvm_channel *ch, uint32_t status);

/** hvm_channel_signal() - interrupt the guest for this channel, by the way of its version */
enum hvp_status hvm_channel_signal(struct hvm_channel *ch);

/** hvm_channel_gpadl() - a GPADL of the channel in any state; NULL if there is none */
const struct hvm_gpadl *hvm_channel_gpadl(const struct hvm_channel *ch, uint32_t gpadl_id);

/** hvm_channel_gpadl_read() - copy out of an accepted GPADL */
enum hvp_status hvm_channel_gpadl_read(struct hvm_channel *ch, uint32_t gpadl_id, uint64_t offset,
				       void *to, size_t len);

/** hvm_channel_gpadl_write() - copy into an accepted GPADL */
enum hvp_status hvm_channel_gpadl_write(struct hvm_channel *ch, uint32_t gpadl_id, uint64_t offset,
					const void *from, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_DEVICE_H */
