/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netvsp_internal.h - what the files of the mock NIC share
 *
 * A message on its way is an item on the heap with one owner: it goes from a ring through the
 * tap to its handler, or from a builder through taps, delay, slots and room to a ring, and may
 * rest in one of the lists in between.
 */
#ifndef HVM_NETVSP_INTERNAL_H
#define HVM_NETVSP_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include <hvmock/netvsp.h>
#include <hvproto/ring.h>
#include <hvproto/wire/ndis.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/rndis.h>
#include <hvproto/wire/rndis_table.h>

#include "../host/vec.h"

#define NV_SLOT_NONE UINT32_MAX
#define NV_TX_OUTSTANDING 1024u /* packets of one queue that the host works on at a time */
#define NV_BACKLOG 1024u /* messages that wait for slots */
#define NV_STREAM_MAX (1u << 24) /* RNDIS bytes of one ring packet */
#define NV_RSS_KEY 40u

enum nv_kind {
	NV_IN_PACKET, /* ring packet of the guest */
	NV_IN_CONTROL, /* RNDIS control message of the guest */
	NV_IN_FRAME, /* RNDIS PACKET of the guest, checked */
	NV_OUT_PACKET, /* ring packet to the guest */
	NV_OUT_RNDIS, /* RNDIS message to the guest, not in a slot yet */
};

struct nv_item {
	enum nv_kind kind;
	uint32_t queue;
	uint16_t type;
	uint16_t flags;
	uint64_t id; /* transaction id */
	enum hvp_status ranges;
	uint8_t *base; /* descriptor, extra header, payload in one allocation */
	uint32_t extra_size;
	uint8_t *bytes; /* payload: in @base, or of its own when replaced */
	size_t size;
	bool own_bytes;
	bool data; /* NV_OUT_RNDIS: takes a data slot */
	uint32_t group; /* NV_OUT_RNDIS: messages of one ring packet share it */
	uint64_t token; /* of a delay */
	uint32_t *counts; /* goes down by one when the item does */
	struct hvm_net_tx tx; /* NV_IN_FRAME */
};

struct nv_list {
	struct nv_item **items;
	size_t n, cap;
};

struct nv_queue {
	struct hvm_netvsp *n;
	uint32_t index;
	struct hvm_scripted *d;
	bool open;
	bool working; /* its packets are being read further up the stack */
	uint32_t outstanding; /* frames' packets without their completion */
	struct nv_list out; /* waits for room in the ring */
	struct nv_list rx; /* NV_OUT_RNDIS that wait for slots */
};

/* Slots: a chain of those in one packet, by the first. */
struct nv_slot {
	bool out; /* with the guest */
	bool head;
	uint32_t next;
	uint32_t queue;
};

struct nv_oid {
	uint32_t oid;
	uint32_t status;
	uint8_t *bytes;
	size_t size;
};

struct nv_frame {
	struct hvm_net_tx tx;
	uint8_t *bytes;
};

/* What lasts as long as the primary channel is open. */
struct nv_session {
	enum hvm_net_state state;
	const char *reason;
	uint32_t version;
	bool has_config, has_ndis, has_receive, has_send, has_initialize;
	uint32_t mtu;
	uint64_t capabilities;
	uint32_t ndis_major, ndis_minor;
	uint32_t receive_gpadl, send_gpadl;
	uint16_t receive_id, send_id;
	uint32_t slot_size, slot_count, section_size, section_count;
	uint64_t receive_bytes, send_bytes;
	struct nv_slot *slots;
	uint32_t next_data, free_data, free_control;
	uint32_t queues; /* granted, primary included */
	bool table_sent;
	uint32_t filter;
	uint32_t offloads;
	bool rss;
	uint32_t hash_info;
	uint8_t key[NV_RSS_KEY];
	uint32_t table[HVP_NDIS_RSS_TABLE_MAX];
	uint32_t table_size;
	size_t control_bytes; /* queued */
	bool vf_told;
	uint64_t notices[8]; /* ids of notices without their completion */
	uint32_t notice_count;
	uint64_t switch_id; /* of a pending switch */
	bool switch_pending, switch_completes;
	uint32_t switch_to;
};

struct hvm_netvsp {
	struct hvm_server *s;
	struct hvm_netvsp_config cfg; /* with defaults filled in */
	char *friendly_name;
	struct nv_queue q[HVM_NET_QUEUES_MAX];
	struct nv_session ss;
	struct nv_list control; /* control messages that wait */
	struct nv_list replies; /* NV_OUT_RNDIS that wait for reserved slots */
	struct nv_list held;
	struct nv_list delayed;
	bool control_working;
	bool paused;
	bool link_up;
	uint64_t link_speed;
	uint64_t flap; /* event of the second half of a flap */
	uint64_t poll; /* event of the backend */
	bool vf_present;
	uint32_t vf_serial;
	uint32_t data_path; /* outlives the session */
	bool hold_switch;
	uint64_t next_token;
	uint32_t next_group;
	uint64_t packets;
	uint16_t rsc_id;
	uint64_t *foreign; /* ids of packets that a script sent */
	size_t foreign_n, foreign_cap;
	struct nv_oid *oids;
	size_t oid_n, oid_cap;
	struct nv_frame *frames;
	size_t frame_n, frame_cap, frame_max;
	struct hvm_netvsp_counters c;
};

static inline struct hvm_sched *hvm_nv_sched(struct hvm_netvsp *n)
{
	return hvm_partition_sched(hvm_server_partition(n->s));
}

static inline struct hvp_neg hvm_nv_neg(const struct hvm_netvsp *n)
{
	struct hvp_neg neg = { n->ss.version ? n->ss.version : HVP_NVSP_VERSION_1, 0 };

	return neg;
}

static inline bool hvm_nv_alive(const struct hvm_netvsp *n)
{
	return n->ss.state != HVM_NET_CLOSED && n->ss.state != HVM_NET_STOPPED;
}

/* netvsp.c */
void hvm_nv_stop(struct hvm_netvsp *n, const char *reason);
void hvm_nv_queue_new(struct hvm_netvsp *n, uint32_t index);
void hvm_nv_work(struct nv_queue *q);

/* netvsp_item.c */
struct nv_item *hvm_nv_item(enum nv_kind kind, uint32_t queue, const void *bytes, size_t size);
struct nv_item *hvm_nv_packet_item(enum nv_kind kind, uint32_t queue, const struct hvm_packet *k);
void hvm_nv_packet_of(const struct nv_item *i, struct hvm_packet *out);
void hvm_nv_replace(struct nv_item *i, const void *bytes, size_t size);
void hvm_nv_free(struct nv_item *i);
void hvm_nv_push(struct nv_list *l, struct nv_item *i);
struct nv_item *hvm_nv_take(struct nv_list *l, size_t index);
void hvm_nv_clear(struct nv_list *l);
void hvm_nv_message(const struct hvm_netvsp *n, const struct nv_item *i,
		    struct hvm_net_message *out);
/* Shows the item to the tap. False: it is to go no further, and is not the caller's any more. */
bool hvm_nv_tap(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_dropped(struct hvm_netvsp *n, struct nv_item *i);

/* netvsp_out.c */
void hvm_nv_out(struct hvm_netvsp *n, struct nv_item *i); /* tap, delay, ring */
void hvm_nv_ring(struct hvm_netvsp *n, struct nv_item *i); /* ring */
void hvm_nv_flush(struct nv_queue *q);
void hvm_nv_later(struct hvm_netvsp *n, struct nv_item *i, uint64_t delay);
/* The completion that the codec @name makes of @body; NULL: an empty one. */
void hvm_nv_answer(struct hvm_netvsp *n, const struct nv_item *request, const char *name,
		   const void *body);
void hvm_nv_answer_rndis(struct hvm_netvsp *n, const struct nv_item *request, uint32_t status,
			 bool frames);
void hvm_nv_kick(struct nv_queue *q);
void hvm_nv_notice(struct hvm_netvsp *n, const char *name, const void *body, uint64_t id);
void hvm_nv_rndis(struct hvm_netvsp *n, struct nv_item **items, size_t count);
void hvm_nv_place(struct hvm_netvsp *n, struct nv_item **items, size_t count);
void hvm_nv_place_waiting(struct hvm_netvsp *n);

/* netvsp_slots.c */
bool hvm_nv_slots_make(struct hvm_netvsp *n);
uint32_t hvm_nv_slots_take(struct hvm_netvsp *n, uint32_t queue, uint32_t count, bool data);
bool hvm_nv_slots_finish(struct hvm_netvsp *n, uint32_t queue, uint64_t id);
void hvm_nv_completed(struct hvm_netvsp *n, struct nv_item *i);

/* netvsp_control.c, netvsp_buffers.c */
void hvm_nv_packet(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_receive_buffer(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_send_buffer(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_configured(struct hvm_netvsp *n);
bool hvm_nv_decode(struct hvm_netvsp *n, const struct nv_item *i, const char *name, void *out);
void hvm_nv_sub_channel(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_queue_opened(struct hvm_netvsp *n);

/* netvsp_tx.c, netvsp_frame.c */
void hvm_nv_rndis_packet(struct hvm_netvsp *n, struct nv_item *i);
bool hvm_nv_frame_check(struct hvm_netvsp *n, struct nv_item *f, size_t undivided);
void hvm_nv_frame(struct hvm_netvsp *n, struct nv_item *f);

/* netvsp_rndis.c */
void hvm_nv_control_run(struct hvm_netvsp *n);
void hvm_nv_control(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_reply(struct hvm_netvsp *n, const char *name, const void *body);

/* netvsp_oid.c, netvsp_oid_set.c, netvsp_offload.c, netvsp_rss.c */
const struct nv_oid *hvm_nv_oid(const struct hvm_netvsp *n, uint32_t oid);
#define NV_ANSWER_MAX 1024u
uint32_t hvm_nv_query(struct hvm_netvsp *n, uint32_t oid, uint8_t *out, uint32_t *size);
uint32_t hvm_nv_set(struct hvm_netvsp *n, uint32_t oid, const struct hvp_rd *in);
uint32_t hvm_nv_offload_all(const struct hvm_netvsp *n);
uint32_t hvm_nv_offload_put(uint32_t offloads, uint8_t *out);
uint32_t hvm_nv_offload_set(struct hvm_netvsp *n, const struct hvp_rd *in);
uint32_t hvm_nv_rss_set(struct hvm_netvsp *n, const struct hvp_rd *in);
uint32_t hvm_nv_rss_queue(const struct hvm_netvsp *n, const uint8_t *frame, size_t size,
			  uint32_t *hash, uint32_t *hash_info);
uint32_t hvm_nv_config_parameter(struct hvm_netvsp *n, const struct hvp_rd *in);

/* netvsp_vf.c, netvsp_event.c */
void hvm_nv_switch(struct hvm_netvsp *n, struct nv_item *i);
void hvm_nv_vf_tell(struct hvm_netvsp *n);
void hvm_nv_table(struct hvm_netvsp *n);
void hvm_nv_offload_indicate(struct hvm_netvsp *n);

/* netvsp_wire.c */
void hvm_nv_wire(struct hvm_netvsp *n, const struct hvm_net_tx *tx);
void hvm_nv_backend_start(struct hvm_netvsp *n);
void hvm_nv_backend_stop(struct hvm_netvsp *n);

#endif /* HVM_NETVSP_INTERNAL_H */
