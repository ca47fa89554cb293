/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - a NIC driver around hvproto/netvsc.h, for the runner's "net.*" commands
 *
 * Read it in this order: net.c (memory, the loop), net_command.c (what the runner asks for),
 * net_oid.c (requests), net_data.c (frames), net_event.c (what the device says).
 */
#ifndef NET_H
#define NET_H

#include "glue.h"

#include <hvproto/netvsc.h>

#define NET_SLOTS 256u /* packets in flight on a queue */
#define NET_REQUESTS 8u
#define NET_DONE 64u
#define NET_PIECES 562u
#define NET_SCRATCH 4096u
#define NET_BUDGET 64u

struct net_queue {
	struct glue_memory ring;
	struct glue_memory headers;
	uint8_t packet[HVP_NETVSC_PACKET_SIZE];
	struct hvp_netvsc_tx slots[NET_SLOTS];
	struct hvp_reqid_slot ids[NET_SLOTS];
	struct hvp_netvsc_done done[NET_DONE];
	struct hvp_netvsc_piece pieces[NET_PIECES];
};

/* A frame that the host may still read. */
struct net_frame {
	struct glue_net *net;
	struct net_frame *next;
	struct glue_memory memory;
	uint64_t id;
};

/* A request that the runner waits for. */
struct net_request {
	struct net_request *next;
	const char *event; /* "net.oid_done" or "net.filter_done" */
	uint64_t id;
	uint32_t request;
	uint8_t answer[HVP_NETVSC_CONTROL_MAX];
};

struct glue_net {
	struct glue *g;
	struct glue_net *next;
	struct hvp_netvsc dev;
	struct hvp_netvsc_config cfg;
	uint32_t channel;
	uint32_t queue_count;
	struct net_queue *memory; /* queue_count of them */
	struct hvp_netvsc_queue *queues;
	struct hvp_netvsc_queue_memory *queue_memory;
	struct hvp_netvsc_request requests[NET_REQUESTS];
	struct glue_memory receive;
	struct glue_memory send;
	struct glue_memory control;
	uint8_t scratch[NET_SCRATCH];
	struct net_frame *frames;
	struct net_request *pending;
	uint64_t deadline;
	uint64_t id; /* of the command that attaches or detaches */
	bool paused;
	bool again;
	bool detaching;
};

/* net_command.c */
uint64_t net_arg(const struct hvt_command *cmd, const char *name, uint64_t otherwise);
bool net_has_arg(const struct hvt_command *cmd, const char *name);

/* net.c */
int net_result(enum hvp_status status);
int net_attach(struct glue_channel *c, const struct hvt_command *cmd);
void net_release(struct glue_net *net);

/* net_oid.c */
int net_query(struct glue_net *net, const struct hvt_command *cmd);
int net_set(struct glue_net *net, const struct hvt_command *cmd);
int net_filter(struct glue_net *net, const struct hvt_command *cmd);
int net_multicast(struct glue_net *net, const struct hvt_command *cmd);
int net_offload(struct glue_net *net, const struct hvt_command *cmd);
int net_rss(struct glue_net *net, const struct hvt_command *cmd);
void net_oid_done(struct glue_net *net, const struct hvp_netvsc_event *e);
void net_requests_free(struct glue_net *net);

/* net_data.c */
int net_send(struct glue_net *net, const struct hvt_command *cmd);
int net_flush(struct glue_net *net, const struct hvt_command *cmd);
void net_received(void *context, struct hvp_netvsc_queue *queue, const struct hvp_netvsc_rx *rx);
void net_sent(void *context, struct hvp_netvsc_queue *queue, void *user, uint32_t status);
void net_frames_free(struct glue_net *net);

/* net_event.c */
void net_report(struct glue_net *net, const char *op, uint64_t id, const struct hvt_arg *args,
		size_t count);
void net_counters(struct glue_net *net, uint64_t id);
/* True if the device is detached and gone. */
bool net_take_events(struct glue_net *net);

#endif /* NET_H */
