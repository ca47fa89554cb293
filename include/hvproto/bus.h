/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/bus.h - the guest's end of a VMBus connection
 *
 * Negotiates the version, collects offers, runs the channels of hvproto/channel.h, unloads
 * and reconnects. It does no I/O and reads no clock: SynIC messages and the time go in,
 * messages go out through post_message of struct hvp_os_ops, and what happened is taken with
 * hvp_bus_next_event().
 *
 * Thread rule: not thread-safe; one caller at a time per bus; buses are independent. Only
 * hvp_bus_tick() posts messages and only hvp_bus_next_event() calls make_private, so
 * hvp_bus_message() may be called where sleeping is not allowed.
 * Ownership rule: the bus, its tables, the configuration's lists and pages belong to the
 * caller and outlive the bus. Pages named in the configuration (interrupt page, monitor
 * pages) may be used by the host from hvp_bus_connect() until HVP_EV_DISCONNECTED says that
 * they are not.
 *
 * The loop of a driver:
 *
 *	hvp_bus_message(bus, bytes, size, now);		for each SINT message
 *	hvp_bus_tick(bus, now);				after each call, and at the deadline
 *	while (hvp_bus_next_event(bus, &ev))
 *		handle(&ev);
 *	sleep_until(hvp_bus_deadline(bus));		or the next interrupt
 */
#ifndef HVPROTO_BUS_H
#define HVPROTO_BUS_H

#include <hvproto/channel.h>
#include <hvproto/os.h>
#include <hvproto/port.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVP_NEVER UINT64_MAX /* no deadline */
#define HVP_INDEX_NONE 0xffffu
#define HVP_MESSAGE_MAX 240u /* bytes of a control message */
#define HVP_MESSAGE_MIN 8u

/* The states of a connection; the table is in src/channel/bus.c. */
enum hvp_bus_state {
	HVP_BUS_DISCONNECTED,
	HVP_BUS_CONTACTING, /* walking the versions down */
	HVP_BUS_OFFERING, /* connected; the first list of offers is coming in */
	HVP_BUS_CONNECTED,
	HVP_BUS_PAUSING, /* PAUSE queued or sent */
	HVP_BUS_PAUSED,
	HVP_BUS_UNLOADING,
	HVP_BUS_LOST, /* no connection, but the host may still use our pages */
	HVP_BUS_STATES,
};

/**
 * struct hvp_tl_request - one hv_sock connect request: a slot in a table of the caller
 *
 * All members are private.
 */
struct hvp_tl_request {
	struct hvp_guid endpoint;
	struct hvp_guid service;
	struct hvp_guid silo;
	bool has_silo;
	uint8_t state;
	uint8_t events;
	uint32_t host_status;
	enum hvp_status status;
	struct hvp_node post;
	struct hvp_node ready;
};

/**
 * struct hvp_bus_config - what a bus is made of
 * @size:             sizeof(struct hvp_bus_config) as the caller knows it; members beyond it
 *                    count as 0
 * @ops:              services; checked once
 * @os:               first argument of every service
 * @channels:         table of @channel_count slots, about 500 bytes each. Offers that find no
 *                    free slot are dropped and counted.
 * @channel_count:    1..2047
 * @gpadls:           table of @gpadl_count slots, about 200 bytes each: one for each open
 *                    channel and one for each extra GPADL
 * @gpadl_count:      1..65534
 * @tl_requests:      table for hv_sock connects; NULL when @tl_request_count is 0
 * @tl_request_count: 0..65534: requests under way at a time
 * @max_version:      highest version to ask for, major << 16 | minor; 0: 6.0
 * @min_version:      lowest version to accept; 0: 2.4, or 0.13 if there is an interrupt page;
 *                    with @isolated never below 5.2
 * @features:         feature flags to ask for at 6.0. 0: modify_connection, pause_resume,
 *                    client_id if @client_id is not zero, confidential_channels if
 *                    @confidential. Flags that the library does not implement are never sent.
 * @client_id:        sent if the client_id flag is
 * @target_vp:        virtual processor that gets the messages; honoured from 3.0 on, VP 0
 *                    below
 * @target_sint:      0: 2. A host accepts no other.
 * @target_vtl:       0, or 2 to reach a server in VTL 2 (with @contact_connection 0x800074)
 * @contact_connection: connection for INITIATE_CONTACT from 5.0 on; 0: 4
 * @interrupt_page_gpa: guest physical address of a zeroed page; needed below version 2.4,
 *                    unused from 5.0 on; 0: none
 * @interrupt_page:   where the guest sees it
 * @monitor_gpa:      parent-to-child and child-to-parent monitor page, zeroed; both or none 0
 * @monitor_page:     where the guest sees the child-to-parent page
 * @isolated:         the host is not trusted: version 5.2 or later, and only offers of the
 *                    allow-list
 * @confidential:     confidential channels may be asked for (a paravisor is the host)
 * @allow:            allow-list of interface ids used with @isolated; NULL: SCSI, network,
 *                    PCI pass-through, time sync, heartbeat, shutdown, and hv_sock offers
 * @allow_count:      entries of @allow
 * @contact_timeout:  wait for each VERSION_RESPONSE, 100 ns; 0: without limit
 * @unload_timeout:   wait for UNLOAD_COMPLETE, 100 ns; 0: 100 s. Less than 100 s risks a late
 *                    answer in the hands of the next owner (BUG-074).
 * @release_grace:    how long a rescinded channel waits for answers that the host still owes
 *                    before its id is released anyway, 100 ns; 0: 1 s
 * @retry_min:        first delay after a post that found no buffer, 100 ns; doubled with each
 *                    further one; 0: 100 us
 * @retry_max:        largest such delay, 100 ns; 0: 256 ms
 */
struct hvp_bus_config {
	size_t size;
	const struct hvp_os_ops *ops;
	void *os;
	struct hvp_channel *channels;
	uint32_t channel_count;
	struct hvp_gpadl *gpadls;
	uint32_t gpadl_count;
	struct hvp_tl_request *tl_requests;
	uint32_t tl_request_count;
	uint32_t max_version;
	uint32_t min_version;
	uint32_t features;
	struct hvp_guid client_id;
	uint32_t target_vp;
	uint32_t target_sint;
	uint32_t target_vtl;
	uint32_t contact_connection;
	uint64_t interrupt_page_gpa;
	void *interrupt_page;
	uint64_t monitor_gpa[2];
	void *monitor_page;
	bool isolated;
	bool confidential;
	const struct hvp_guid *allow;
	uint32_t allow_count;
	uint64_t contact_timeout;
	uint64_t unload_timeout;
	uint64_t release_grace;
	uint64_t retry_min;
	uint64_t retry_max;
};

/**
 * struct hvp_bus_stats - counters since hvp_bus_init(); they wrap
 * @messages:       messages given to hvp_bus_message()
 * @dropped:        of these refused because the host broke the protocol
 * @ignored:        of these late, repeated or awaited by nobody: harmless
 * @offers:         offers taken
 * @offers_refused: offers dropped: bad id, id in use, known instance, no primary, not allowed
 * @offers_no_room: offers dropped because the channel table was full
 * @offers_unseen:  offers taken back before the owner had seen them
 * @rescinds:       channels taken back
 * @releases:       REL_ID_RELEASED posted
 * @posts:          messages posted
 * @post_retries:   posts that found no buffer and were tried again
 * @post_failures:  posts given up
 * @answers_late:   channels released although the host owed an answer
 * @fault:          why the last message was dropped
 */
struct hvp_bus_stats {
	uint64_t messages;
	uint64_t dropped;
	uint64_t ignored;
	uint64_t offers;
	uint64_t offers_refused;
	uint64_t offers_no_room;
	uint64_t offers_unseen;
	uint64_t rescinds;
	uint64_t releases;
	uint64_t posts;
	uint64_t post_retries;
	uint64_t post_failures;
	uint64_t answers_late;
	struct hvp_fault fault;
};

/* The queue of messages that wait to be posted, or of objects with news for the owner. */
struct hvp_queue {
	struct hvp_node *head;
	struct hvp_node *tail;
};

/**
 * struct hvp_bus - one connection
 *
 * All members are private; use the functions below. About 5 KB.
 */
struct hvp_bus {
	struct hvp_bus_config cfg;
	struct hvp_os_ops ops;
	struct hvp_neg neg;
	uint64_t now; /* as last told */
	uint64_t retry_at; /* posting rests until then; 0: it does not rest */
	uint64_t retry_delay;
	uint64_t wait_end; /* of VERSION_RESPONSE or UNLOAD_COMPLETE */
	uint64_t wait_log; /* next line of progress */
	uint64_t monitor_gpa[2]; /* in use: ours or the server's */
	uint64_t modify_gpa[2];
	void *monitor_page;
	void *modify_page;
	uint32_t connection_id;
	uint32_t version_index; /* of the version being tried */
	uint32_t next_gpadl_id;
	uint32_t retry_count;
	uint32_t events;
	uint32_t modify_host_status;
	enum hvp_status end_status; /* of the connect or the unload */
	enum hvp_status modify_status;
	uint8_t state;
	bool waiting; /* for VERSION_RESPONSE or UNLOAD_COMPLETE */
	bool sent; /* the message that it answers was posted */
	bool pages_held; /* the host may still use the configuration's pages */
	bool modifying;
	bool graces; /* some channel's grace period may be running */
	struct hvp_node post_contact;
	struct hvp_node post_offers;
	struct hvp_node post_unload;
	struct hvp_node post_modify;
	struct hvp_node post_pause;
	struct hvp_node post_resume;
	struct hvp_node ready;
	struct hvp_node ready_end;
	struct hvp_queue posts;
	struct hvp_queue news;
	struct hvp_bus_stats stats;
	uint64_t dropped_reported;
	uint16_t by_flag[HVP_CHANNEL_IDS]; /* channel index + 1, 0: none */
};

enum hvp_event_type {
	HVP_EV_CONNECTED = 1, /* version, features */
	HVP_EV_CONNECT_FAILED, /* status: REFUSED no common version, TIMEOUT, OS */
	HVP_EV_DISCONNECTED, /* status: OK unloaded, TIMEOUT, OS; pages_held */
	HVP_EV_LOST, /* status; every channel is rescinded; pages are still held */
	HVP_EV_OFFERS_DONE, /* all devices present at the connect have been offered */
	HVP_EV_PAUSED,
	HVP_EV_PAGES_MODIFIED, /* status, host_status: MODIFY_CONNECTION was answered */
	HVP_EV_DROPPED, /* fault, count: messages refused since the last such event */
	HVP_EV_TL_RESULT, /* status: OK the offer is here (channel), REFUSED; endpoint */
	HVP_EV_OFFER, /* channel */
	HVP_EV_OPENED, /* channel, status: OK, REFUSED (host_status), REVOKED, OS */
	HVP_EV_MODIFIED, /* channel, status, host_status, confirmed */
	HVP_EV_RESCINDED, /* channel, status: REVOKED by the host, STATE connection over */
	HVP_EV_CLOSED, /* channel, status: OK the ring is yours; OS never use it again */
	HVP_EV_GPADL_CREATED, /* channel, gpadl, status: OK, REFUSED (host_status), REVOKED, OS */
	HVP_EV_GPADL_RETURNED, /* channel, gpadl, status as HVP_EV_CLOSED; @gpadl dies with it */
};

/**
 * struct hvp_event - something that the owner must know
 * @type:        enum hvp_event_type; says which members below mean something
 * @channel:     channel it is about
 * @gpadl:       GPADL it is about
 * @status:      outcome
 * @host_status: the host's own code, if @status is HVP_REFUSED; data, not ours
 * @version:     negotiated version
 * @features:    feature flags granted
 * @count:       messages dropped
 * @endpoint:    endpoint id of a connect request
 * @channel_id:  of @channel, which after hvp_channel_release() may be an empty slot by now
 * @user:        of @gpadl if there is one, else of @channel; likewise
 * @confirmed:   the host answered MODIFY_CHANNEL (version 5.3 on)
 * @pages_held:  the host may still use the pages of the configuration (HVP_EV_DISCONNECTED)
 * @fault:       why the last message was dropped
 */
struct hvp_event {
	enum hvp_event_type type;
	struct hvp_channel *channel;
	struct hvp_gpadl *gpadl;
	enum hvp_status status;
	uint32_t host_status;
	uint32_t version;
	uint32_t features;
	uint32_t channel_id;
	uint64_t count;
	struct hvp_guid endpoint;
	void *user;
	bool confirmed;
	bool pages_held;
	struct hvp_fault fault;
};

/**
 * hvp_bus_init() - set up a bus; nothing is sent
 * @bus:    storage
 * @config: copied; lists and tables it names are borrowed for the life of the bus
 *
 * Context: any.
 * Return: HVP_OK; HVP_ARG for a member outside its range, or services that
 * hvp_os_ops_check() refuses.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_init(struct hvp_bus *bus, const struct hvp_bus_config *config);

/**
 * hvp_bus_connect() - negotiate a version and ask for offers
 * @bus: disconnected, or lost
 *
 * Tries the known versions from the highest downwards. Result: HVP_EV_CONNECTED, then
 * HVP_EV_OFFER for each device and HVP_EV_OFFERS_DONE; or HVP_EV_CONNECT_FAILED. After a loss
 * the answer to the contact also returns all memory that the host may have held.
 *
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_AGAIN if the event that ended the last
 * connection has not been taken yet.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_connect(struct hvp_bus *bus);

/**
 * hvp_bus_unload() - end the connection in good order
 * @bus: connected
 *
 * Messages queued before go first. Result: HVP_EV_DISCONNECTED, after HVP_EV_RESCINDED for
 * every channel. The wait is bounded by hvp_bus_config.unload_timeout, with a line of
 * progress every 5 s. Below 1.1 there is no answer to wait for, and below 3.0 a host may go on
 * using interrupt and monitor pages: pages_held is then set.
 *
 * Context: any. Return: HVP_OK; HVP_STATE.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_unload(struct hvp_bus *bus);

/**
 * hvp_bus_crash_unload() - end the connection from a dying kernel
 * @bus: connected, paused or unloading
 *
 * Queued messages are thrown away and UNLOAD goes first. The caller then polls: give the
 * message in the slot of every processor to hvp_bus_message(), call hvp_bus_tick(), until
 * hvp_bus_state() is not HVP_BUS_UNLOADING. Offers and rescinds found meanwhile are ignored.
 *
 * Context: any, also with everything else stopped. Return: HVP_OK; HVP_STATE if there is
 * nothing to unload.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_crash_unload(struct hvp_bus *bus);

/**
 * hvp_bus_lost() - the caller saw that somebody else took the connection
 * @bus: any state
 *
 * For example: the SynIC pages in the MSRs are not ours any more (firmware or a hypervisor
 * enlightenment contacted the host). Channels are rescinded with status HVP_STATE, memory
 * stays with the host until the next hvp_bus_connect() is answered. Context: any.
 */
void hvp_bus_lost(struct hvp_bus *bus);

/**
 * hvp_bus_pause() - ask the host to stop control messages (feature pause_resume)
 * @bus: connected
 *
 * Result: HVP_EV_PAUSED. Messages queued meanwhile wait for hvp_bus_resume().
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_UNSUPPORTED if not granted.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_pause(struct hvp_bus *bus);

/**
 * hvp_bus_resume() - end a pause; it has no answer
 * @bus: paused
 *
 * Context: any. Return: HVP_OK; HVP_STATE.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_resume(struct hvp_bus *bus);

/**
 * hvp_bus_modify_pages() - change the monitor pages (feature modify_connection)
 * @bus:       connected
 * @gpa:       new parent-to-child and child-to-parent page; both or none 0
 * @page:      where the guest sees the child-to-parent page
 *
 * Result: HVP_EV_PAGES_MODIFIED; both the old and the new pages are the host's until then,
 * afterwards the new ones if it says HVP_OK and else the old ones.
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_UNSUPPORTED; HVP_ARG; HVP_AGAIN while another
 * change is under way.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_modify_pages(struct hvp_bus *bus, const uint64_t gpa[2], void *page);

/**
 * hvp_bus_set_monitor_page() - where the guest sees the server's child-to-parent page
 * @bus:  connected with server_specified_monitor_pages
 * @page: mapping of hvp_bus_monitor_gpa(); NULL: channels are signalled by hypercall
 *
 * Call it before channels are opened. Context: any.
 */
void hvp_bus_set_monitor_page(struct hvp_bus *bus, void *page);

/**
 * hvp_bus_monitor_gpa() - monitor pages in use, parent-to-child first; 0: none
 * @bus: bus
 */
const uint64_t *hvp_bus_monitor_gpa(const struct hvp_bus *bus);

/**
 * hvp_bus_tl_connect() - ask the host for an hv_sock connection
 * @bus:      connected, version 4.0 or later
 * @endpoint: random id of this end; instance_id of the offer that answers
 * @service:  service id; interface_id of the offer
 * @silo:     from 5.2 on; NULL: none
 *
 * Result: HVP_EV_TL_RESULT, before HVP_EV_OFFER. A host below 4.1 says nothing when it
 * refuses: give up with hvp_bus_tl_cancel() after a time of your choice.
 * Context: any. Return: HVP_OK; HVP_STATE; HVP_UNSUPPORTED; HVP_ARG if @endpoint is in use;
 * HVP_AGAIN if the table is full.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_tl_connect(struct hvp_bus *bus, const struct hvp_guid *endpoint,
				   const struct hvp_guid *service, const struct hvp_guid *silo);

/**
 * hvp_bus_tl_cancel() - forget a connect request; an offer that answers it is then dropped
 * @bus:      bus
 * @endpoint: as given
 *
 * Context: any. Return: HVP_OK; HVP_ARG if there is no such request.
 */
HVP_MUST_CHECK
enum hvp_status hvp_bus_tl_cancel(struct hvp_bus *bus, const struct hvp_guid *endpoint);

/**
 * hvp_bus_message() - take a message of the host
 * @bus:   bus
 * @bytes: private copy of the payload of a SynIC message of type 1
 * @size:  payload_size of the slot; anything is safe, 8..240 is legal
 * @now:   100 ns, monotonic
 *
 * Never posts, never waits. A bad message is dropped and counted (HVP_EV_DROPPED).
 * Context: any.
 */
void hvp_bus_message(struct hvp_bus *bus, const uint8_t *bytes, size_t size, uint64_t now);

/**
 * hvp_bus_tick() - post what is queued, and do what is due
 * @bus: bus
 * @now: 100 ns, monotonic
 *
 * Context: as post_message of the operations.
 */
void hvp_bus_tick(struct hvp_bus *bus, uint64_t now);

/**
 * hvp_bus_deadline() - when hvp_bus_tick() must be called next, without an event before
 * @bus: bus
 *
 * Context: any. Return: 100 ns; 0: at once; HVP_NEVER: nothing is due.
 */
uint64_t hvp_bus_deadline(const struct hvp_bus *bus);

/**
 * hvp_bus_next_event() - take the next thing that the owner must know
 * @bus: bus
 * @ev:  filled if there is one
 *
 * No event is ever lost and none needs storage: each object remembers what it has to say.
 * Context: as make_private of the operations. Return: false when there is none.
 */
bool hvp_bus_next_event(struct hvp_bus *bus, struct hvp_event *ev);

/**
 * hvp_bus_channel_by_flag() - whose event flag is this?
 * @bus:  bus
 * @flag: number of a flag found set in the event flags page (or, below 2.4, of a bit in the
 *        interrupt page); anything is safe
 *
 * Clear the flag before, look at the ring after (CORE-REQ-018).
 * Context: any, but not beside a call that opens or closes channels.
 * Return: the channel that is opening or open, or NULL: ignore the flag.
 */
struct hvp_channel *hvp_bus_channel_by_flag(const struct hvp_bus *bus, uint32_t flag);

/**
 * hvp_bus_channel() - a channel by its id
 * @bus:        bus
 * @channel_id: as in the offer
 *
 * Context: any. Return: the channel that the host knows by this id, or NULL.
 */
struct hvp_channel *hvp_bus_channel(struct hvp_bus *bus, uint32_t channel_id);

/**
 * hvp_bus_state() - where the connection is in its life
 * @bus: bus
 */
static inline enum hvp_bus_state hvp_bus_state(const struct hvp_bus *bus)
{
	return (enum hvp_bus_state)bus->state;
}

/**
 * hvp_bus_neg() - version and features; of the last connection when there is none
 * @bus: bus
 */
static inline struct hvp_neg hvp_bus_neg(const struct hvp_bus *bus)
{
	return bus->neg;
}

/**
 * hvp_bus_stats() - counters and the last fault
 * @bus: bus
 */
static inline const struct hvp_bus_stats *hvp_bus_stats(const struct hvp_bus *bus)
{
	return &bus->stats;
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_BUS_H */
