/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the guest's network engine share: events of its state table, kinds of work. */
#ifndef HVP_NVSP_NETVSC_H
#define HVP_NVSP_NETVSC_H

#include <hvproto/netvsc.h>
#include <hvproto/wire/ndis.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/rndis.h>

/* What drives the state table: calls of the owner, then the bus, then answers, then time. */
enum hvp_net_event {
	HVP_NET_NONE, /* the state waits for something */
	HVP_NET_ATTACH,
	HVP_NET_DETACH,
	HVP_NET_OPENED, /* the primary channel */
	HVP_NET_CLOSED, /* a channel, with all its memory */
	HVP_NET_SHARED, /* a GPADL */
	HVP_NET_RETURNED, /* likewise */
	HVP_NET_SUB, /* news of a sub-channel */
	HVP_NET_REVOKED, /* the primary was taken back, or the connection is over */
	HVP_NET_ANSWER, /* NVSP: accepted */
	HVP_NET_REFUSED, /* NVSP: refused */
	HVP_NET_REPLY, /* RNDIS: our own request is over, well or not */
	HVP_NET_IDLE, /* nothing is under way on any queue */
	HVP_NET_DONE, /* the state has nothing to do any more */
	HVP_NET_FAIL, /* hvp_netvsc.reason says why */
	HVP_NET_TIMEOUT,
	HVP_NET_EVENTS,
	HVP_NET_BLOCKED, /* of an entry: no room in the ring yet; not an event */
};

enum hvp_net_work_kind {
	HVP_NET_WORK_TX = 1,
	HVP_NET_WORK_NVSP,
	HVP_NET_WORK_PATH,
	HVP_NET_WORK_REQUEST,
};

enum hvp_net_request_state {
	HVP_NET_REQUEST_FREE,
	HVP_NET_REQUEST_QUEUED, /* waits for room in the ring */
	HVP_NET_REQUEST_SENT,
	HVP_NET_REQUEST_OVER, /* answered or timed out; event or acknowledgement is due */
};

/* hvp_netvsc.news */
#define HVP_NET_NEWS_ATTACHED 0x01u
#define HVP_NET_NEWS_DETACHED 0x02u
#define HVP_NET_NEWS_ERROR 0x04u
#define HVP_NET_NEWS_VF 0x08u
#define HVP_NET_NEWS_PATH 0x10u
#define HVP_NET_NEWS_TABLE 0x20u
/* hvp_netvsc_queue.news */
#define HVP_NET_NEWS_STOP 0x01u
#define HVP_NET_NEWS_WAKE 0x02u

#define HVP_NET_RNDIS_SIZE HVP_RNDIS_PACKET_HEADER_SIZE
#define HVP_NET_ETHERNET 14u /* bytes of header */
#define HVP_NET_MTU_MIN 68u
#define HVP_NET_MTU_MAX 65521u
#define HVP_NET_LSO_MAX 0x3ffffu /* no stack makes more; keeps sums of sizes small */
#define HVP_NET_SCRATCH_MIN 1280u
#define HVP_NET_REPLY_BIT 0x80000000u /* type of a reply, beside that of its request */
#define HVP_NET_CONTROL_IDS 2u /* of queue 0: one NVSP request, one data path switch */
#define HVP_NET_NO_SLOT UINT32_MAX
#define HVP_NET_RSS_PARAMS 592u /* bytes: fixed part, table of 128, key of 40 */

/* netvsc_state.c */
void hvp_net_step(struct hvp_netvsc *dev, enum hvp_net_event event);
bool hvp_net_allows(const struct hvp_netvsc *dev, enum hvp_net_event event);
void hvp_net_retry(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_fail(struct hvp_netvsc *dev, enum hvp_status reason);

/* netvsc_attach.c, netvsc_scale.c, netvsc_detach.c: what a state does when it is entered */
enum hvp_net_event hvp_net_enter_opening(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_version(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_config(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_rx_sharing(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_rx_buffer(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_tx_sharing(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_tx_buffer(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_rndis(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_asking(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_adding(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_subs(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_scaling(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_restoring(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_attached(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_quieting(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_draining(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_halting(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_rx_revoking(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_rx_returning(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_tx_revoking(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_tx_returning(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_closing(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_returning(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_gone(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_enter_detached(struct hvp_netvsc *dev);

/* netvsc_queue.c: life of a queue */
enum hvp_status hvp_net_queue_open(struct hvp_netvsc *dev, uint32_t index, struct hvp_channel *ch);
void hvp_net_queue_closed(struct hvp_netvsc_queue *q);
void hvp_net_queue_sections(struct hvp_netvsc *dev);
bool hvp_net_queue_idle(struct hvp_netvsc_queue *q);
void hvp_net_queue_corrupt(struct hvp_netvsc_queue *q);
void hvp_net_signal(struct hvp_netvsc_queue *q);
/* Show the host what was put, and signal if that is due. */
void hvp_net_commit(struct hvp_netvsc_queue *q);
/* Ask for a signal when @total bytes fit; true if they do now. */
bool hvp_net_queue_wait(struct hvp_netvsc_queue *q, uint32_t total);
/* Not shown to the host yet. @ranges: how many of q->ranges go with it; 0: none. */
enum hvp_status hvp_net_put(struct hvp_netvsc_queue *q, const struct hvp_ring_out *out,
			    uint32_t ranges, uint32_t total);
/* Look whether there is room for what waits: completions first, then frames, then the owner. */
void hvp_net_room(struct hvp_netvsc_queue *q);

/* netvsc_sub.c: sub-channels */
bool hvp_net_sub_event(struct hvp_netvsc *dev, const struct hvp_event *ev);
void hvp_net_subs_adopt(struct hvp_netvsc *dev);
bool hvp_net_subs_ready(const struct hvp_netvsc *dev);
void hvp_net_subs_settle(struct hvp_netvsc *dev);

/* netvsc_nvsp.c: NVSP messages that are not frames */
enum hvp_net_event hvp_net_send_init(struct hvp_netvsc *dev, uint32_t version);
enum hvp_net_event hvp_net_send_config(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_send_ndis_version(struct hvp_netvsc *dev);
enum hvp_net_event hvp_net_send_buffer(struct hvp_netvsc *dev, bool receive);
enum hvp_net_event hvp_net_send_revoke(struct hvp_netvsc *dev, bool receive);
enum hvp_net_event hvp_net_send_sub_channel(struct hvp_netvsc *dev, uint32_t count);
enum hvp_net_event hvp_net_send_path(struct hvp_netvsc *dev, uint32_t path);
/* netvsc_answer.c: what the host answers and says */
/* True if the request that it answers is over. */
bool hvp_net_nvsp_answer(struct hvp_netvsc *dev, struct hvp_rd r);
void hvp_net_inband(struct hvp_netvsc *dev, struct hvp_rd payload);

/* netvsc_request.c: OID requests */
struct hvp_netvsc_request *hvp_net_request_new(struct hvp_netvsc *dev, bool own);
void hvp_net_request_queue(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t type,
			   const struct hvp_netvsc_oid *oid);
void hvp_net_requests_send(struct hvp_netvsc *dev);
void hvp_net_requests_time(struct hvp_netvsc *dev, uint64_t *deadline);
void hvp_net_requests_end(struct hvp_netvsc *dev);
void hvp_net_request_over(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t status);
void hvp_net_request_acked(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t status);
void hvp_net_request_free(struct hvp_netvsc_request *rq);
/* Our own, of attach and detach: one at a time; the answer lands in hvp_netvsc.own_answer. */
enum hvp_net_event hvp_net_own_query(struct hvp_netvsc *dev, uint32_t oid, const void *input,
				     uint32_t size);
enum hvp_net_event hvp_net_own_set(struct hvp_netvsc *dev, uint32_t oid, const void *input,
				   uint32_t size);
enum hvp_net_event hvp_net_own_message(struct hvp_netvsc *dev, uint32_t type);

/* netvsc_keepalive.c */
enum hvp_status hvp_net_keepalive(struct hvp_netvsc *dev, struct hvp_rd *r);
void hvp_net_keepalive_write(struct hvp_netvsc *dev, struct hvp_wr *w,
			     const struct hvp_netvsc_request *rq);
void hvp_net_keepalive_answer(struct hvp_netvsc *dev);
/* netvsc_reply.c: RNDIS control messages of the host. @status: NVSP status of the completion */
uint32_t hvp_net_control(struct hvp_netvsc *dev, const uint8_t *shared, uint32_t size);

/* netvsc_oid.c: the OIDs of an attach; netvsc_offload.c, netvsc_rss.c: their structures */
uint32_t hvp_net_offload_query(const struct hvp_netvsc *dev, uint8_t *out);
void hvp_net_offload_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size);
uint32_t hvp_net_offload_params(const struct hvp_netvsc *dev, uint32_t offloads, uint8_t *out);
uint32_t hvp_net_rss_query(uint8_t *out);
void hvp_net_rss_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size);
/* In the scratch memory. */
uint32_t hvp_net_rss_params(struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss, bool off);
bool hvp_net_rss_sound(const struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss);
void hvp_net_rss_default(struct hvp_netvsc *dev);
void hvp_net_host_table_default(struct hvp_netvsc *dev);

/* netvsc_event.c */
bool hvp_net_link_news(const struct hvp_netvsc *dev);

/* netvsc_rx.c, netvsc_frame.c */
void hvp_net_completions_send(struct hvp_netvsc_queue *q);
/* @head: the first HVP_NET_RNDIS_SIZE bytes of the range, or all if it has fewer. */
uint32_t hvp_net_frame(struct hvp_netvsc_queue *q, const uint8_t *head,
		       const struct hvp_xfer_range *range, bool last);

/* netvsc_tx.c, netvsc_done.c */
struct hvp_netvsc_tx *hvp_net_slot_take(struct hvp_netvsc_queue *q, uint64_t *id);
void hvp_net_slot_free(struct hvp_netvsc_queue *q, struct hvp_netvsc_tx *tx);
void hvp_net_tx_completed(struct hvp_netvsc_queue *q, struct hvp_netvsc_tx *tx, uint32_t status);
void hvp_net_completion(struct hvp_netvsc_queue *q, const struct hvp_ring_packet *p);
bool hvp_net_batch_put(struct hvp_netvsc_queue *q);

/* netvsc_header.c, netvsc_lso.c */
uint32_t hvp_net_header_size(const struct hvp_netvsc_frame *f);
void hvp_net_header_write(const struct hvp_netvsc_frame *f, uint32_t header, uint8_t *out);
/* Bytes of headers, copied to @out and prepared for large send; 0: not such a frame. */
uint32_t hvp_net_lso_headers(const struct hvp_netvsc_frame *f, uint8_t *out, uint32_t cap);

/* netvsc_fetch.c: out of memory that the host can change, each byte read once */
void hvp_net_fetch(uint8_t *to, const uint8_t *shared, uint32_t size);

static inline void hvp_net_zero(void *p, size_t size)
{
	hvp_memzero((uint8_t *)p, size);
}

static inline bool hvp_net_is_version(const struct hvp_netvsc *dev, uint32_t version)
{
	return dev->neg.version >= version;
}

#endif /* HVP_NVSP_NETVSC_H */
