/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of src/channel share: edges of the state tables, queues, event bits. */
#ifndef HVP_CHANNEL_INTERNAL_H
#define HVP_CHANNEL_INTERNAL_H

#include <hvproto/bus.h>
#include <hvproto/interface.h>
#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/vmbus.h>

/*
 * What a state does with an event. The zero entry of each table is an illegal pair: a
 * message is dropped and counted, a call of the owner is refused with HVP_STATE.
 */
enum hvp_edge_kind {
	HVP_EDGE_ILLEGAL,
	HVP_EDGE_IGNORE, /* late or repeated; counted, harmless */
	HVP_EDGE_GO, /* take the next state, then run the action */
};

/* What the owner calls, then what the host sends, then what time and posting do. */
enum hvp_bus_event {
	HVP_BUS_EV_CONNECT,
	HVP_BUS_EV_UNLOAD,
	HVP_BUS_EV_CRASH,
	HVP_BUS_EV_LOST,
	HVP_BUS_EV_PAUSE,
	HVP_BUS_EV_RESUME,
	HVP_BUS_EV_MODIFY,
	HVP_BUS_EV_TL,
	HVP_BUS_EV_USE, /* any call that needs a working connection */
	HVP_BUS_EV_VERSION,
	HVP_BUS_EV_OFFER,
	HVP_BUS_EV_RESCIND,
	HVP_BUS_EV_ALL_OFFERS,
	HVP_BUS_EV_CHANNEL, /* answers about a channel or GPADL */
	HVP_BUS_EV_RESERVED, /* answers about a reserved channel */
	HVP_BUS_EV_TL_RESULT,
	HVP_BUS_EV_UNLOADED,
	HVP_BUS_EV_MODIFIED,
	HVP_BUS_EV_PAUSED,
	HVP_BUS_EV_REFUSED, /* the contact could not be posted */
	HVP_BUS_EV_TIMEOUT,
	HVP_BUS_EVENTS,
};

enum hvp_channel_event {
	HVP_CHANNEL_EV_OPEN,
	HVP_CHANNEL_EV_OPEN_RESERVED,
	HVP_CHANNEL_EV_CLOSE,
	HVP_CHANNEL_EV_RELEASE,
	HVP_CHANNEL_EV_MODIFY,
	HVP_CHANNEL_EV_GPADL_CREATE, /* an extra one */
	HVP_CHANNEL_EV_GPADL_TEARDOWN,
	HVP_CHANNEL_EV_RING_CREATED,
	HVP_CHANNEL_EV_RING_REFUSED,
	HVP_CHANNEL_EV_RING_RETURNED,
	HVP_CHANNEL_EV_OPENED, /* OPEN_CHANNEL_RESULT 0 */
	HVP_CHANNEL_EV_OPEN_FAILED, /* any other, or it could not be posted */
	HVP_CHANNEL_EV_MODIFIED,
	HVP_CHANNEL_EV_RESERVED_CLOSED,
	HVP_CHANNEL_EV_RESCIND,
	HVP_CHANNEL_EV_OVER, /* the connection ended */
	HVP_CHANNEL_EVENTS,
};

enum hvp_gpadl_event {
	HVP_GPADL_EV_TEARDOWN, /* asked by the owner, or by closing */
	HVP_GPADL_EV_CREATED, /* GPADL_CREATED 0 */
	HVP_GPADL_EV_REFUSED, /* any other, or it could not be posted */
	HVP_GPADL_EV_TORNDOWN,
	HVP_GPADL_EV_GIVEN_BACK, /* rescind or unload: the host uses nothing any more */
	HVP_GPADL_EV_LOST, /* the host may go on using it */
	HVP_GPADL_EVENTS,
};

/* Messages that wait to be posted: hvp_node.kind in hvp_bus.posts. */
enum hvp_post_kind {
	HVP_POST_CONTACT,
	HVP_POST_OFFERS,
	HVP_POST_UNLOAD,
	HVP_POST_PAGES,
	HVP_POST_PAUSE,
	HVP_POST_RESUME,
	HVP_POST_OPEN,
	HVP_POST_CLOSE,
	HVP_POST_MODIFY,
	HVP_POST_RELEASE,
	HVP_POST_GPADL,
	HVP_POST_TEARDOWN,
	HVP_POST_TL,
	HVP_POST_KINDS,
};

/* Objects that have news: hvp_node.kind in hvp_bus.news. */
enum hvp_news_kind {
	HVP_NEWS_BUS,
	HVP_NEWS_BUS_END,
	HVP_NEWS_CHANNEL,
	HVP_NEWS_GPADL,
	HVP_NEWS_TL,
};

/* hvp_bus.events, lowest bit first; those of NEWS_END follow what the channels have to say */
#define HVP_BUS_NEWS_LOST 0x01u
#define HVP_BUS_NEWS_CONNECTED 0x02u
#define HVP_BUS_NEWS_CONNECT_FAILED 0x04u
#define HVP_BUS_NEWS_OFFERS_DONE 0x08u
#define HVP_BUS_NEWS_PAUSED 0x10u
#define HVP_BUS_NEWS_PAGES 0x20u
#define HVP_BUS_NEWS_DISCONNECTED 0x40u
#define HVP_BUS_NEWS_DROPPED 0x80u
#define HVP_BUS_NEWS_END (HVP_BUS_NEWS_LOST | HVP_BUS_NEWS_OFFERS_DONE | HVP_BUS_NEWS_DISCONNECTED)

/* hvp_channel.events, lowest bit first */
#define HVP_CHANNEL_NEWS_OFFER 0x01u
#define HVP_CHANNEL_NEWS_OPENED 0x02u
#define HVP_CHANNEL_NEWS_MODIFIED 0x04u
#define HVP_CHANNEL_NEWS_RESCINDED 0x08u
#define HVP_CHANNEL_NEWS_CLOSED 0x10u

/* hvp_gpadl.events, lowest bit first */
#define HVP_GPADL_NEWS_CREATED 0x01u
#define HVP_GPADL_NEWS_RETURNED 0x02u

/* hvp_channel.signal_by */
#define HVP_SIGNAL_NONE 0u
#define HVP_SIGNAL_CONNECTION 1u
#define HVP_SIGNAL_MONITOR 2u
#define HVP_SIGNAL_SHARED 3u

/* hvp_tl_request.state */
#define HVP_TL_FREE 0u
#define HVP_TL_ASKED 1u
#define HVP_TL_DONE 2u

#define HVP_FIRST_GPADL_ID 0x1000u
#define HVP_SECOND 10000000ull /* of 100 ns */

static inline uint16_t hvp_channel_index(const struct hvp_bus *bus, const struct hvp_channel *ch)
{
	return (uint16_t)(ch - bus->cfg.channels);
}

static inline uint16_t hvp_gpadl_index(const struct hvp_bus *bus, const struct hvp_gpadl *g)
{
	return (uint16_t)(g - bus->cfg.gpadls);
}

/* bus.c */
enum hvp_edge_kind hvp_bus_step(struct hvp_bus *bus, enum hvp_bus_event event);
bool hvp_bus_allows(const struct hvp_bus *bus, enum hvp_bus_event event);
enum hvp_edge_kind hvp_bus_reaction(const struct hvp_bus *bus, enum hvp_bus_event event);
void hvp_bus_drop(struct hvp_bus *bus, const struct hvp_fault *fault);
void hvp_bus_ignore(struct hvp_bus *bus);
void hvp_bus_log(const struct hvp_bus *bus, enum hvp_log_level level, const char *text);

/* version.c */
void hvp_bus_start_contact(struct hvp_bus *bus);
void hvp_bus_take_version(struct hvp_bus *bus, const struct hvp_vmbus_version_response *rsp);
void hvp_bus_next_version(struct hvp_bus *bus);
void hvp_bus_end_contact(struct hvp_bus *bus, enum hvp_status status);
void hvp_contact_fill(const struct hvp_bus *bus, struct hvp_vmbus_initiate_contact *out);
uint32_t hvp_contact_version(const struct hvp_bus *bus);

/* unload.c */
void hvp_bus_start_unload(struct hvp_bus *bus);
void hvp_bus_start_crash(struct hvp_bus *bus);
void hvp_bus_end_unload(struct hvp_bus *bus, enum hvp_status status);
void hvp_bus_posted_unload(struct hvp_bus *bus);
void hvp_bus_lose(struct hvp_bus *bus, enum hvp_status status);
void hvp_bus_end_channels(struct hvp_bus *bus, bool lost);
void hvp_bus_return_held(struct hvp_bus *bus);

/* extra.c */
struct hvp_tl_request *hvp_tl_find(const struct hvp_bus *bus, const struct hvp_guid *endpoint);
void hvp_tl_finish(struct hvp_bus *bus, struct hvp_tl_request *tl, enum hvp_status status,
		   uint32_t host_status);
void hvp_tl_drop_all(struct hvp_bus *bus);
void hvp_bus_pages_modified(struct hvp_bus *bus, enum hvp_status status, uint32_t host_status);

/* message.c */
bool hvp_bus_is_current(const struct hvp_channel *ch);

/* offer.c */
void hvp_bus_take_offer(struct hvp_bus *bus, const struct hvp_vmbus_offer_channel *offer);
void hvp_channel_free(struct hvp_bus *bus, struct hvp_channel *ch);

/* channel.c */
enum hvp_edge_kind hvp_channel_step(struct hvp_channel *ch, enum hvp_channel_event event);
bool hvp_channel_allows(const struct hvp_channel *ch, enum hvp_channel_event event);
void hvp_channel_ring_news(struct hvp_channel *ch, enum hvp_channel_event event);

/* release.c */
void hvp_channel_rescind(struct hvp_channel *ch);
void hvp_channel_over(struct hvp_channel *ch);
void hvp_channel_end(struct hvp_channel *ch, bool lost);
void hvp_channel_let_go(struct hvp_channel *ch);
void hvp_channel_settle(struct hvp_channel *ch);
void hvp_channel_posted_release(struct hvp_channel *ch);
void hvp_bus_check_graces(struct hvp_bus *bus);

/* signal.c */
void hvp_channel_signal_on(struct hvp_channel *ch, const struct hvp_open *open);
void hvp_channel_signal_off(struct hvp_channel *ch);

/* gpadl_life.c */
enum hvp_edge_kind hvp_gpadl_step(struct hvp_gpadl *g, enum hvp_gpadl_event event);
enum hvp_status hvp_gpadl_start(struct hvp_channel *ch, const struct hvp_gpadl_range *ranges,
				uint32_t count, bool ring, struct hvp_gpadl **out);
struct hvp_gpadl *hvp_gpadl_find(const struct hvp_bus *bus, uint32_t gpadl_id);
void hvp_gpadl_all(struct hvp_channel *ch, enum hvp_gpadl_event event);
void hvp_gpadl_forget_answers(struct hvp_channel *ch);
void hvp_gpadl_free(struct hvp_gpadl *g);
bool hvp_gpadl_answer_owed(const struct hvp_channel *ch);
void hvp_gpadl_settle(struct hvp_gpadl *g);

/* post.c */
void hvp_post(struct hvp_bus *bus, struct hvp_node *node);
void hvp_post_first(struct hvp_bus *bus, struct hvp_node *node);
void hvp_post_clear(struct hvp_bus *bus);
void hvp_post_pump(struct hvp_bus *bus);
bool hvp_post_due(const struct hvp_bus *bus);

/* encode.c */
enum hvp_status hvp_post_encode(struct hvp_bus *bus, const struct hvp_node *node, uint8_t *msg,
				size_t *size);

/* queue.c */
void hvp_node_init(struct hvp_node *node, uint32_t kind, uint16_t index);
void hvp_queue_push(struct hvp_queue *q, struct hvp_node *node);
void hvp_queue_push_front(struct hvp_queue *q, struct hvp_node *node);
struct hvp_node *hvp_queue_pop(struct hvp_queue *q);
void hvp_queue_remove(struct hvp_queue *q, struct hvp_node *node);

/* event.c */
void hvp_bus_news(struct hvp_bus *bus, uint32_t bit);
void hvp_channel_news(struct hvp_channel *ch, uint32_t bit);
void hvp_gpadl_news(struct hvp_gpadl *g, uint32_t bit);
void hvp_tl_news(struct hvp_bus *bus, struct hvp_tl_request *tl);

#endif /* HVP_CHANNEL_INTERNAL_H */
