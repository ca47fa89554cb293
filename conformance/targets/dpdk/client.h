/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.h - the process in which DPDK's driver runs: a port, and orders from the target
 *
 * client.c takes the orders, port.c has the port, frame.c makes frames of mbufs and back,
 * traffic.c sends many frames to an echo and compares what comes back,
 * burst.c has what is measured.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "peer.h"

#define CLIENT_PORT 0
#define CLIENT_BURST 32u
#define CLIENT_SENT 512u

struct client {
	struct rte_mempool *pool;
	uint64_t offloads; /* what the port does of what can be asked for a frame */
	uint16_t queues;
	bool started;
	struct sent {
		struct rte_mbuf *m; /* one reference of it is ours */
		uint64_t id;
		uint16_t queue;
	} sent[CLIENT_SENT];
	uint32_t sent_count;
};

/* port.c */
int client_start(struct client *c, const struct peer_message *ask, struct peer_message *answer,
		 uint8_t mac[6]);
void client_stop(struct client *c);
bool client_link(void);
void client_settle(void);

/* frame.c */
struct rte_mbuf *client_mbuf(struct client *c, const uint8_t *bytes, size_t size, uint32_t pieces);
uint64_t client_offered(const struct client *c, uint64_t flags);
void client_offload(struct rte_mbuf *m, const uint8_t *bytes, uint64_t flags, uint16_t vlan,
		    uint16_t mss);
size_t client_bytes(const struct rte_mbuf *m, uint8_t *out, size_t size);
uint64_t client_flags(const struct rte_mbuf *m);

/* traffic.c */
int client_traffic(struct client *c, const struct peer_message *ask, struct peer_message *answer);

/* burst.c */
int client_burst(struct client *c, const struct peer_message *ask, struct peer_message *answer);
int client_drain(struct client *c, const struct peer_message *ask, struct peer_message *answer);

#endif /* CLIENT_H */
