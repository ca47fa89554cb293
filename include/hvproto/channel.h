/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/channel.h - the life of a channel: open, extra GPADLs, move, signal, close, release
 *
 * A channel is a slot in the table that the caller gave to hvp_bus_init(). It comes with
 * HVP_EV_OFFER and is the caller's to use until hvp_channel_release(). Calls only change state
 * and queue messages; hvp_bus_tick() posts them, and results come as events
 * (hvproto/bus.h). No call here blocks.
 *
 * Thread rule: not thread-safe; one caller at a time per bus, with one exception:
 * hvp_channel_signal() may run beside everything else, also beside itself, as long as the
 * channel is not released.
 *
 * Ownership rule: memory named in a GPADL (the ring, or an extra one) may be used by the host
 * from the call that starts it until the event that returns it: HVP_EV_CLOSED for the ring,
 * HVP_EV_GPADL_RETURNED for the others. Page lists are borrowed for the same time. The events
 * come for every way that memory can come back: torn down, refused, rescinded, unloaded.
 */
#ifndef HVPROTO_CHANNEL_H
#define HVPROTO_CHANNEL_H

#include <hvproto/gpadl.h>
#include <hvproto/msg.h>
#include <hvproto/status.h>
#include <hvproto/wire/vmbus.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hvp_bus;

#define HVP_VP_NONE 0xffffffffu /* open without interrupts */
#define HVP_CHANNEL_IDS 2048u /* ids and event flags are 1..2047 */

/* The states of a channel; the table is in src/channel/channel.c. */
enum hvp_channel_state {
	HVP_CHANNEL_FREE, /* empty slot */
	HVP_CHANNEL_OFFERED, /* known, closed */
	HVP_CHANNEL_RING_PENDING, /* open asked: GPADL of the ring is being made */
	HVP_CHANNEL_RING_CANCELLED, /* the same, and close asked meanwhile */
	HVP_CHANNEL_OPENING, /* OPEN_CHANNEL queued or sent */
	HVP_CHANNEL_OPENING_CANCELLED, /* the same, and close asked meanwhile */
	HVP_CHANNEL_OPEN,
	HVP_CHANNEL_CLOSING, /* host still has the ring */
	HVP_CHANNEL_RESCINDED, /* taken back by the host; owner has not let go */
	HVP_CHANNEL_RELEASING, /* owner let go; REL_ID_RELEASED is due */
	HVP_CHANNEL_GONE, /* connection over; owner has not let go */
	HVP_CHANNEL_STATES,
};

/* The states of a GPADL; the table is in src/channel/gpadl_life.c. */
enum hvp_gpadl_state {
	HVP_GPADL_FREE,
	HVP_GPADL_PENDING, /* being posted, or waiting for GPADL_CREATED */
	HVP_GPADL_CANCELLED, /* the same, and teardown asked meanwhile */
	HVP_GPADL_CREATED,
	HVP_GPADL_TEARING, /* GPADL_TEARDOWN queued or sent */
	HVP_GPADL_HELD, /* connection lost: the host may still use the pages */
	HVP_GPADL_RETURNED, /* the caller's again, or about to be told so */
	HVP_GPADL_STATES,
};

/* private: a place in one of the two queues of a bus (messages to post, events to report) */
struct hvp_node {
	struct hvp_node *next;
	uint16_t index;
	uint8_t kind;
	bool queued;
};

/**
 * struct hvp_gpadl - one GPADL: a slot in the table given to hvp_bus_init()
 * @user: the caller's; the library never looks at it
 */
struct hvp_gpadl {
	void *user;
	/* private: */
	struct hvp_bus *bus;
	const struct hvp_gpadl_range *ranges;
	struct hvp_gpadl_range own_range; /* the ring's, copied from struct hvp_open */
	uint32_t range_count;
	uint32_t host_status;
	uint16_t channel; /* index of the owner */
	uint8_t state;
	uint8_t events;
	enum hvp_status status; /* of the creation */
	bool ring;
	bool shared; /* make_shared was done and is not undone */
	bool known; /* a message that names it was posted */
	bool created_owed; /* the host owes GPADL_CREATED */
	bool torndown_owed; /* the host owes GPADL_TORNDOWN */
	struct hvp_gpadl_build build;
	struct hvp_node post_build;
	struct hvp_node post_teardown;
	struct hvp_node ready;
};

/**
 * struct hvp_channel - one channel: a slot in the table given to hvp_bus_init()
 * @user:  the caller's; the library never looks at it
 * @offer: what the host said of the channel; read only. Bytes 40..55 are not in it. Fields
 *         that the negotiated version does not have are 0.
 */
struct hvp_channel {
	void *user;
	struct hvp_vmbus_offer_channel offer;
	/* private: */
	struct hvp_bus *bus;
	const uint8_t *user_data;
	uint64_t grace_end; /* when to stop waiting for owed answers */
	uint32_t open_id;
	uint32_t open_count;
	uint32_t downstream_page;
	uint32_t target_vp;
	uint32_t target_sint; /* of a reserved channel */
	uint32_t signal_connection;
	uint32_t reserved_gpadl; /* id */
	uint32_t modify_vp;
	uint32_t host_status; /* of the open */
	uint32_t modify_host_status;
	enum hvp_status open_status;
	enum hvp_status modify_status;
	enum hvp_status reason; /* why it was rescinded */
	uint32_t sub_limit;
	uint32_t sub_count;
	uint16_t primary; /* index, or HVP_INDEX_NONE */
	uint16_t ring; /* index of the ring's GPADL, or HVP_INDEX_NONE */
	uint16_t gpadls; /* slots that belong to this channel */
	uint16_t event_flag;
	uint32_t signal_by; /* published last: see signal.c */
	uint8_t state;
	uint8_t events;
	bool monitored;
	bool redirect;
	bool guest_signal;
	bool reserved;
	bool released;
	bool opening; /* HVP_EV_OPENED is due */
	bool open_sent; /* OPEN_CHANNEL was posted, its result is due */
	bool modify_busy;
	bool modify_owed;
	struct hvp_node post_open;
	struct hvp_node post_close;
	struct hvp_node post_modify;
	struct hvp_node post_release;
	struct hvp_node ready;
};

/**
 * struct hvp_open - how to open a channel
 * @ring:            all pages of both rings as one range: byte_offset 0, byte_count a
 *                   multiple of 4096. Control pages zero (chapter 10 section 3.1).
 *                   The structure is copied, the page list is borrowed until HVP_EV_CLOSED.
 * @downstream_page: first page of the host-to-guest ring in @ring; each ring has a control
 *                   page and at least one data page: 2 .. pages - 2
 * @target_vp:       virtual processor index for interrupts from the host; honoured from
 *                   version 2.4 on; HVP_VP_NONE: no interrupts, the caller polls
 * @user_data:       120 bytes for the device, borrowed until HVP_EV_OPENED; NULL: zeros
 * @low_latency:     signal by hypercall although the channel has a monitor id
 * @connection_id:   used if guest_specified_signal_parameters was granted, then required:
 *                   what the guest signals instead of the offer's connection id
 * @event_flag:      likewise: 1..2047, the flag that the host sets for this channel
 * @redirect_interrupt: used if channel_interrupt_redirection was granted
 */
struct hvp_open {
	struct hvp_gpadl_range ring;
	uint32_t downstream_page;
	uint32_t target_vp;
	const uint8_t *user_data;
	bool low_latency;
	uint32_t connection_id;
	uint16_t event_flag;
	bool redirect_interrupt;
};

/**
 * hvp_channel_open() - make the ring's GPADL and open the channel
 * @ch:   channel in state OFFERED
 * @open: parameters
 *
 * Results: HVP_EV_OPENED with HVP_OK; or HVP_EV_OPENED with a failure, then HVP_EV_CLOSED
 * when the ring is the caller's again. The flag of the channel is looked up
 * (hvp_bus_channel_by_flag) from now on, so an early interrupt is not lost; look once at the
 * ring after HVP_EV_OPENED.
 *
 * Context: as make_shared of the operations.
 * Return: HVP_OK; HVP_STATE if the channel or the connection is in another state; HVP_ARG for
 * parameters outside their range; HVP_AGAIN if HVP_EV_CLOSED of the last opening has not been
 * taken yet; HVP_NOSPACE if no GPADL slot is free or the ring has too many pages; HVP_OS if
 * make_shared failed. On failure the ring is the caller's.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_open(struct hvp_channel *ch, const struct hvp_open *open);

/**
 * hvp_channel_open_reserved() - open a channel for polling after the connection (crash dump)
 * @ch:              channel in state OFFERED, version 4.0 or later
 * @ring:            created GPADL of this channel; refused to all else while open
 * @downstream_page: as in struct hvp_open
 * @target_vp:       where the result message goes
 * @target_sint:     likewise, 0..15
 *
 * Result: HVP_EV_OPENED. The host never interrupts; the channel survives unload and loss of
 * the connection.
 *
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_ARG; HVP_UNSUPPORTED below version 4.0.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_open_reserved(struct hvp_channel *ch, struct hvp_gpadl *ring,
					  uint32_t downstream_page, uint32_t target_vp,
					  uint32_t target_sint);

/**
 * hvp_channel_close() - stop using the channel; also gives up an open that is under way
 * @ch: channel
 *
 * Sends CLOSE_CHANNEL, then GPADL_TEARDOWN of the ring; HVP_EV_CLOSED follows when the host
 * has let go of it, and HVP_EV_OPENED no more. Extra GPADLs stay: tear them down before or
 * after, as the device protocol wants. Sub-channels are closed first by the caller.
 *
 * Context: any.
 * Return: HVP_OK; HVP_REVOKED after a rescind (nothing to send; HVP_EV_CLOSED comes or came);
 * HVP_STATE if the channel is not open, or reserved.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_close(struct hvp_channel *ch);

/**
 * hvp_channel_close_reserved() - close a reserved channel, connected or not
 * @ch:          channel opened by hvp_channel_open_reserved()
 * @target_vp:   where the response goes
 * @target_sint: likewise, 0..15
 *
 * HVP_EV_CLOSED follows the response; the GPADL is then CREATED as before the open (or, with
 * the connection over, returned).
 *
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_ARG.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_close_reserved(struct hvp_channel *ch, uint32_t target_vp,
					   uint32_t target_sint);

/**
 * hvp_channel_release() - the owner lets go of the channel
 * @ch: channel that is not open, opening or closing
 *
 * After HVP_EV_RESCINDED: lets the library send REL_ID_RELEASED, exactly once, when nothing
 * is outstanding. Before it: the caller does not want the device; a rescind is then answered
 * without telling the caller. Only HVP_EV_CLOSED and HVP_EV_GPADL_RETURNED may still come for
 * the channel; with the last of them, or at once if none is due, @ch must not be used.
 *
 * Context: any. Return: HVP_OK; HVP_STATE if the channel is in use or already released.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_release(struct hvp_channel *ch);

/**
 * hvp_channel_modify() - move the interrupts of an open channel to another processor
 * @ch:        open channel
 * @target_vp: virtual processor index, not HVP_VP_NONE
 *
 * Result: HVP_EV_MODIFIED. From version 5.3 on it follows the host's answer, and no interrupt
 * comes to the old processor after it. Below there is no answer: the event follows the
 * posting, with hvp_event.confirmed false, and the old processor may still be interrupted.
 *
 * Context: any.
 * Return: HVP_OK; HVP_STATE if not open, reserved, or opened without interrupts; HVP_AGAIN if
 * the last one is not finished; HVP_ARG; HVP_UNSUPPORTED below 4.1.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_modify(struct hvp_channel *ch, uint32_t target_vp);

/**
 * hvp_channel_signal() - tell the host that it has something to do on this channel
 * @ch: channel that is open or opening
 *
 * By dedicated connection, monitor page, or interrupt page and shared connection, as version,
 * offer and open parameters say. Call it only when the ring says so (hvproto/ring.h).
 *
 * Context: any, beside anything else; as signal_event of the operations.
 * Return: HVP_OK; HVP_STATE if the channel is not open; HVP_OS if the hypercall failed.
 */
HVP_MUST_CHECK
enum hvp_status hvp_channel_signal(struct hvp_channel *ch);

/**
 * hvp_channel_id() - channel_id of the offer
 * @ch: channel
 */
static inline uint32_t hvp_channel_id(const struct hvp_channel *ch)
{
	return ch->offer.channel_id;
}

/**
 * hvp_channel_state() - where the channel is in its life
 * @ch: slot
 */
static inline enum hvp_channel_state hvp_channel_state(const struct hvp_channel *ch)
{
	return (enum hvp_channel_state)ch->state;
}

/**
 * hvp_channel_primary() - the primary channel of a sub-channel
 * @ch: channel
 *
 * Context: any. Return: the primary; NULL for a primary itself, or when the primary is gone.
 */
struct hvp_channel *hvp_channel_primary(const struct hvp_channel *ch);

/**
 * hvp_channel_next_sub() - walk the sub-channels of a primary
 * @primary: channel
 * @prev:    NULL to begin, else the last one returned
 *
 * Context: any. Return: the next in table order, or NULL.
 */
struct hvp_channel *hvp_channel_next_sub(const struct hvp_channel *primary,
					 const struct hvp_channel *prev);

/**
 * hvp_channel_limit_subs() - bound the sub-channels that the host may offer
 * @primary: channel
 * @limit:   sub-channels that may exist at a time; those above are dropped. Without this
 *           call only the size of the channel table bounds them.
 *
 * Call it before the device protocol asks for sub-channels (CORE-SEC-40). Context: any.
 */
void hvp_channel_limit_subs(struct hvp_channel *primary, uint32_t limit);

/**
 * hvp_gpadl_create() - share further memory with the host, such as a receive buffer
 * @ch:     channel in state OFFERED or OPEN, not reserved
 * @ranges: @count ranges, borrowed with their page lists until HVP_EV_GPADL_RETURNED
 * @count:  1 or more
 * @out:    the GPADL, written on HVP_OK
 *
 * Result: HVP_EV_GPADL_CREATED; if that says failure, HVP_EV_GPADL_RETURNED follows.
 *
 * Context: as make_shared of the operations.
 * Return: HVP_OK; HVP_STATE; HVP_REVOKED after a rescind; HVP_ARG; HVP_NOSPACE for too many
 * pages or no free slot; HVP_OS if make_shared failed. On failure the memory is the caller's.
 */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_create(struct hvp_channel *ch, const struct hvp_gpadl_range *ranges,
				 uint32_t count, struct hvp_gpadl **out);

/**
 * hvp_gpadl_teardown() - ask for the memory of a GPADL back
 * @gpadl: from hvp_gpadl_create()
 *
 * HVP_EV_GPADL_RETURNED follows. May be called before HVP_EV_GPADL_CREATED: the teardown is
 * then sent after the host's answer, since a host drops it before.
 *
 * Context: any.
 * Return: HVP_OK; HVP_STATE if it is on its way back or belongs to an open reserved channel.
 */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_teardown(struct hvp_gpadl *gpadl);

/**
 * hvp_gpadl_id() - the gpadl_id, for use in messages of a device protocol
 * @gpadl: from hvp_gpadl_create()
 */
static inline uint32_t hvp_gpadl_id(const struct hvp_gpadl *gpadl)
{
	return gpadl->build.gpadl_id;
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_CHANNEL_H */
