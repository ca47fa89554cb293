/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A NIC that is attached to the stub host of the unit tests, with rings, buffers and tables of the
 * size that a driver gives them; and the host's side of the data path, which is not measured.
 *
 * Source: chapter 20 sections 3 and 4.
 */
#ifndef BENCH_NET_WORLD_H
#define BENCH_NET_WORLD_H

#include "../tests/net_host.h"

#define NET_BURST 32u /* frames that a driver gets at once */
#define NET_BATCH 64u /* frames on their way before the host looks; all fit the ring */
#define NET_HEADERS (44u + 32u) /* RNDIS packet with checksum and hash, before the frame */
#define NET_LARGE (54u + 62780u) /* large send: headers, and the payload that hosts take */

struct net_world {
	struct net_host *h;
	struct hvp_netvsc_queue *queue;
	uint8_t *sources; /* NET_BATCH frames, or the one large frame */
	uint8_t *got; /* what memcpy copies to */
	struct hvp_netvsc_frame frames[NET_BATCH];
	struct hvp_netvsc_piece pieces[NET_BATCH];
	uint64_t pfns[NET_BATCH][HVP_NETVSC_PAGES_MAX];
	struct hvp_xfer_range ranges[NET_BATCH]; /* of the receive buffer */
	uint32_t size; /* of a frame */
	uint64_t received; /* frames that the engine handed over */
	uint64_t received_bytes;
	uint64_t lookups; /* times that the host found packets in an empty ring */
};

/* @max_packets: what the host says it takes in one packet. */
struct net_world *net_world_new(uint32_t max_packets);
void net_world_free(struct net_world *w);

/* The frames to send: @flags for each; the last of each burst goes without HVP_NETVSC_TX_MORE. */
void net_world_frames(struct net_world *w, uint32_t size, uint32_t flags);

/* Fill the receive buffer with the batch, as RNDIS messages with checksum and hash. */
void net_world_slots(struct net_world *w, uint32_t size);

/* The host: read and complete all that was sent; returns the packets. */
uint32_t net_world_complete(struct net_world *w);

/* The host: deliver @n frames, @each in a packet; take the completions. */
void net_world_deliver(struct net_world *w, uint32_t n, uint32_t each);
uint32_t net_world_completions(struct net_world *w);

/* Send and receive a batch with every byte compared; ends the program if one differs. */
void net_world_check_send(struct net_world *w);
void net_world_check_receive(struct net_world *w, uint32_t each);

#endif /* BENCH_NET_WORLD_H */
