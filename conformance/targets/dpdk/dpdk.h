/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dpdk.h - the kernel beneath DPDK's netvsc driver, as a target of the conformance runner
 *
 * The glue of ../hvproto is this guest's VMBus; where that has a NIC driver, this has what
 * uio_hv_generic does for a driver in user space: it opens the channels, shares the receive and
 * send buffers, shows all of it to the driver's process, and passes signals on.
 *
 * Read it in this order: peer.h (what is said to that process), memory.c (what is shared with
 * it), sysfs.c (where it looks), process.c (its life), nic.c (channels and buffers), loop.c,
 * command.c (what the runner asks for); then the process itself: shim.c, client.h.
 */
#ifndef DPDK_H
#define DPDK_H

#include "glue.h"
#include "peer.h"

#include <sys/types.h>

#define DPDK_BASE 0x104000000ull /* guest-physical, and virtual in the driver's process */
#define DPDK_REFUSED 0xe0000001u /* not a host's code, visibly: the attach cannot go on */
#define DPDK_HANGS 0xe0000002u /* the process neither speaks nor signals */

/* A file that the machine, the driver's process and we have mapped. */
struct dpdk_area {
	uint8_t *va;
	uint64_t first_pfn;
	uint32_t pages;
};

struct dpdk_queue {
	struct glue_channel *c; /* NULL: not offered */
	struct dpdk_area ring;
	bool open;
};

enum dpdk_state {
	DPDK_IDLE,
	DPDK_OPENING, /* primary channel */
	DPDK_SHARING_RECEIVE, /* GPADL of the receive buffer */
	DPDK_SHARING_SEND,
	DPDK_STARTING, /* the driver attaches */
	DPDK_RUNNING,
	DPDK_STOPPING, /* the driver was told to stop */
	DPDK_CLOSING, /* GPADLs and channels go back */
};

/* A command that waits for the process to be free. */
struct dpdk_order {
	struct dpdk_order *next;
	struct peer_message ask;
	uint64_t id;
	uint8_t data[];
};

struct glue_net {
	struct glue *g;
	char folder[128];
	enum dpdk_state state;
	struct dpdk_area receive;
	struct dpdk_area send;
	struct hvp_gpadl_range receive_range;
	struct hvp_gpadl_range send_range;
	struct hvp_gpadl *receive_gpadl;
	struct hvp_gpadl *send_gpadl;
	struct dpdk_queue queues[PEER_QUEUES];
	uint32_t *monitor; /* page that the process sets its triggers in */
	uint32_t channel; /* id of the primary */
	uint64_t id; /* of the command that attaches or detaches */
	struct peer_message start;
	pid_t pid;
	int socket; /* -1: no process */
	bool stopped; /* it said that it has stopped: it ends by itself */
	struct dpdk_order *orders; /* first is the one that the process works on */
	bool busy;
	int64_t waited_cpu; /* computed by the process while we waited for its word */
	int64_t waited; /* and how long that was, ns */
	int64_t patience; /* 1; more when it runs under a tool that makes it slow */
	bool waits; /* it has spoken less than it computed: it polls for an answer */
	bool wants_poll;
	bool paused;
	bool link;
	uint8_t data[PEER_DATA];
};

/* memory.c */
bool dpdk_memory_make(struct glue_net *net);
void dpdk_memory_free(struct glue_net *net);
void dpdk_memory_clear(struct glue_net *net);
bool dpdk_file(const struct glue_net *net, const char *name, const void *bytes, size_t size);
bool dpdk_path(const struct glue_net *net, char *out, size_t size, const char *name);

/* sysfs.c */
bool dpdk_sysfs_build(struct glue_net *net);
bool dpdk_sysfs_channel(struct glue_net *net, uint32_t queue);
void dpdk_folder_remove(const char *path);

/* process.c */
bool dpdk_process_start(struct glue_net *net);
void dpdk_process_end(struct glue_net *net);
bool dpdk_process_say(struct glue_net *net, const struct peer_message *m, const void *bytes);
/* 1: a message, 0: none within @wait_ms, -1: the process is gone */
int dpdk_process_hear(struct glue_net *net, struct peer_message *m, int wait_ms);

/* command.c */
uint64_t dpdk_arg(const struct hvt_command *cmd, const char *name, uint64_t otherwise);
int dpdk_order(struct glue_net *net, uint64_t id, const struct peer_message *ask,
	       const void *bytes);
void dpdk_order_done(struct glue_net *net, const struct peer_message *answer);
void dpdk_frame(struct glue_net *net, const struct peer_message *frame);
void dpdk_report(struct glue_net *net, const char *op, uint64_t id, uint32_t status);
/* @size bytes of net->data go with it */
void dpdk_report_data(struct glue_net *net, const char *op, uint64_t id, const struct hvt_arg *args,
		      size_t count, size_t size);
void dpdk_sent(struct glue_net *net, const struct peer_message *sent);
void dpdk_orders_free(struct glue_net *net);

/* nic.c */
int dpdk_attach(struct glue_net *net, struct glue_channel *c, const struct hvt_command *cmd);
int dpdk_detach(struct glue_net *net, const struct hvt_command *cmd);
void dpdk_attached(struct glue_net *net, const struct peer_message *answer);
void dpdk_close(struct glue_net *net);
void dpdk_gone(struct glue_net *net, uint32_t status);

/* loop.c */
void dpdk_heard(struct glue_net *net);

#endif /* DPDK_H */
