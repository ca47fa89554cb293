/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netvsc_world.h - where netvsc_fuzz happens: the memory of a guest with one NIC, a bus that
 * plays along unless told otherwise, the host's ends of the rings, and the second account.
 */
#ifndef NETVSC_WORLD_H
#define NETVSC_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/netvsc.h>
#include <hvproto/wire/ndis.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/rndis.h>

#define QUEUES 3u
#define CHANNELS 5u
#define GPADLS 10u
#define PRIMARY 1u /* channel id; sub-channels follow */
#define CHANNEL_IDS (PRIMARY + 5u)
#define RX_SIZE (8u * 4096u)
#define TX_SIZE (4u * 4096u)
#define SECTION 2048u
#define FRAME_PAGES 4u
#define SLOTS 16u
#define REQUESTS 4u
#define QUERIES 4u
#define ANSWER 64u
#define TOKENS 64u
#define SENT 4096u /* packets of the host whose completion is looked for */
#define ACCOUNTS 64u
#define POSTS 32u
#define CONTROL_SEEN 64u
#define ROUNDS 300u
#define ATTACH_TURNS 40u
#define SETTLE 400u

struct host_ring {
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	bool open;
	bool dirty; /* bytes were written into its ring: ids on it mean nothing */
};

struct query {
	uint8_t *answer;
	uint32_t size;
	bool asked;
};

struct account {
	uint32_t id;
	uint32_t channel;
	uint32_t words_left;
	bool live; /* the host may use it */
	bool rescinded; /* with its channel */
};

struct post {
	uint8_t bytes[240];
	size_t size;
};

struct world {
	struct hvp_rd in;
	struct hvp_bus bus;
	struct hvp_channel channels[CHANNELS];
	struct hvp_gpadl gpadls[GPADLS];
	struct hvp_tl_request tls[1];
	struct hvp_os_ops ops;
	struct hvp_netvsc dev;
	struct hvp_netvsc_queue queues[QUEUES];
	struct hvp_netvsc_queue_memory memory[QUEUES];
	struct hvp_netvsc_request requests[REQUESTS];
	struct hvp_netvsc_tx slots[QUEUES][SLOTS];
	struct hvp_reqid_slot ids[QUEUES][SLOTS];
	struct hvp_netvsc_done done[QUEUES][4];
	struct hvp_netvsc_piece pieces[QUEUES][4];
	uint64_t ring_pfns[QUEUES][4];
	uint64_t header_pfns[QUEUES][1];
	uint64_t rx_pfns[RX_SIZE / 4096u];
	uint64_t tx_pfns[TX_SIZE / 4096u];
	uint64_t frame_pfns[FRAME_PAGES];
	uint64_t control_pfns[REQUESTS];
	/* pages, each area of its own size for the sanitizer */
	uint8_t *rings[QUEUES];
	uint8_t *headers[QUEUES];
	uint8_t *packets[QUEUES];
	uint8_t *rx_buffer;
	uint8_t *tx_buffer;
	uint8_t *frames;
	uint8_t *control;
	uint8_t *scratch;
	/* the host */
	struct host_ring host[QUEUES];
	struct post posts[POSTS]; /* of the guest, not read yet */
	uint32_t post_count;
	bool there[CHANNEL_IDS]; /* offered, and not taken back */
	uint8_t seen[8192];
	uint32_t version;
	uint32_t section;
	uint32_t next_place;
	uint64_t now;
	uint8_t second; /* what a second load of the same bytes would see of them; 0: the same */
	uint8_t refuses; /* bits: channels to open, lists of pages */
	/* the second account */
	struct account accounts[ACCOUNTS];
	uint32_t account_count;
	bool sent[SENT];
	uint32_t sent_count;
	bool tokens[TOKENS];
	struct query asked[QUERIES];
	bool attached; /* HVP_NETVSC_EV_ATTACHED came with success */
	bool down; /* detached, or never attached */
	bool rescinded;
	bool released;
};

#define require(condition) require_at((condition), __FILE__, __LINE__)

static inline void require_at(bool condition, const char *file, int line)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: not so\n", file, line);
	abort();
}

struct world *world_new(const uint8_t *data, size_t size);
void world_free(struct world *w);
uint32_t take(struct world *w, size_t bytes);

/* The guest's side. */
void world_attach(struct world *w);
void world_detach(struct world *w);
void world_turn(struct world *w); /* bus, device and their events until nothing is left */
void world_poll(struct world *w, uint32_t budget);
bool world_is_over(const struct world *w); /* down, and everything is back */
void *world_token(struct world *w); /* for a frame; NULL: all are under way */
void world_token_back(struct world *w, void *token);
uint32_t world_query(const struct world *w); /* a free place; QUERIES: none */
void world_queried(struct world *w, uint32_t slot, uint8_t *answer, uint32_t size);

/* The host's side. */
void world_offer(struct world *w, uint32_t id, uint16_t sub);
void world_bus_word(struct world *w); /* rescinds, refusals, silence */
void world_scribble(struct world *w); /* into rings and receive buffer */
uint32_t world_place(struct world *w, const uint8_t *m, uint32_t size);
void world_transfer(struct world *w, uint32_t queue, const struct hvp_xfer_range *ranges,
		    uint32_t count);
void world_inband(struct world *w, uint32_t queue, const uint8_t *m, uint32_t size, bool flag);
void world_complete(struct world *w, uint32_t queue, uint64_t id, const void *bytes, uint32_t size);
void world_completed(struct world *w, uint32_t queue, uint64_t id);
/* Looks at what an RNDIS packet points to; the first bytes of it land in @m. */
void world_look(struct world *w, uint32_t queue, const struct hvp_ring_packet *p,
		uint8_t m[CONTROL_SEEN]);

#endif /* NETVSC_WORLD_H */
