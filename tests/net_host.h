/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_host.h - a NIC's host for unit tests of src/nvsp: it answers as its settings say, keeps what
 * it saw, and sends what a test gives it. Messages are read and written byte by byte here, from
 * chapter 20, so that the tests do not share an error with the generated codecs.
 *
 * A guest page number is the address of the page in this process.
 */
#ifndef NET_HOST_H
#define NET_HOST_H

#include "fake_host.h"

#include <hvproto/netvsc.h>

#define NET_QUEUES 4u
#define NET_SLOTS 64u
#define NET_REQUESTS 4u
#define NET_CHANNEL 1u
#define NET_RX_SIZE (64u * 4096u)
#define NET_TX_SIZE (16u * 4096u)
#define NET_RING_PAGES_MAX 16u
#define NET_LOG 512u
#define NET_FRAMES 256u
#define NET_SLOT 1806u

struct net_seen {
	uint32_t queue;
	uint32_t nvsp; /* type; of RNDIS: 107 */
	uint32_t rndis; /* type of control; 0 for none */
	uint32_t oid;
	uint32_t size; /* of the NVSP message in the ring */
	uint64_t id;
	uint8_t bytes[64]; /* of the NVSP message */
	uint8_t control[1024]; /* of the RNDIS message */
	uint32_t control_size;
};

struct net_frame {
	uint32_t queue;
	uint32_t size;
	uint32_t ppi_size;
	uint8_t ppi[256];
	uint8_t *bytes;
	uint32_t packet; /* number of the ring packet that carried it */
	uint32_t ranges; /* 0: by section */
	uint32_t first_range; /* bytes of it */
	uint32_t message_length;
};

struct net_got {
	uint32_t queue;
	struct hvp_netvsc_rx rx;
	uint8_t *bytes;
};

struct net_host {
	struct fake *f;
	struct hvp_netvsc dev;
	struct hvp_netvsc_config cfg;
	struct hvp_netvsc_queue queues[NET_QUEUES];
	struct hvp_netvsc_queue_memory memory[NET_QUEUES];
	struct hvp_netvsc_request requests[NET_REQUESTS];
	/* memory of the guest */
	uint8_t *ring[NET_QUEUES];
	uint64_t ring_pfns[NET_QUEUES][2u * NET_RING_PAGES_MAX + 2u];
	uint8_t *headers[NET_QUEUES];
	uint64_t header_pfns[NET_QUEUES][4];
	uint8_t *packet[NET_QUEUES];
	struct hvp_netvsc_tx slots[NET_QUEUES][NET_SLOTS];
	struct hvp_reqid_slot ids[NET_QUEUES][NET_SLOTS];
	struct hvp_netvsc_done done[NET_QUEUES][8];
	struct hvp_netvsc_piece pieces[NET_QUEUES][8];
	uint8_t *rx_buffer;
	uint64_t rx_pfns[NET_RX_SIZE / 4096u];
	uint8_t *tx_buffer;
	uint64_t tx_pfns[NET_TX_SIZE / 4096u];
	uint8_t *control;
	uint64_t control_pfns[NET_REQUESTS];
	uint8_t scratch[1280];
	/* the host's ends of the rings */
	struct hvp_ring_tx tx[NET_QUEUES];
	struct hvp_ring_rx rx[NET_QUEUES];
	bool attached[NET_QUEUES];
	uint32_t gpadl_bodies; /* still to come */
	uint32_t gpadl_id;
	uint32_t gpadl_channel;
	bool deaf; /* reads no ring */
	bool hold_bus; /* answers no message */
	uint32_t refuse_open; /* status */
	uint32_t refuse_gpadl; /* the how manieth; 0: none */
	uint32_t gpadls;
	/* what it answers */
	uint32_t version; /* highest accepted */
	uint32_t silent_nvsp; /* this type is not answered */
	uint32_t silent_oid; /* likewise; 1: INITIALIZE, 3: HALT */
	bool hold_tx; /* no completion of frames */
	uint32_t tx_status;
	uint32_t control_status; /* of completions of control packets; 0: 1 */
	uint32_t rx_status;
	uint32_t rx_sections;
	uint32_t slot_size;
	uint32_t slot_count;
	uint32_t tx_buffer_status;
	uint32_t section_size;
	uint32_t sub_status;
	uint32_t sub_grant; /* 0xffffffff: as asked */
	uint32_t sub_offers; /* likewise */
	uint32_t sub_first; /* index of the first; 0: 1 */
	uint32_t bad_oid; /* answered with bad_status */
	uint32_t bad_status;
	uint32_t odd_oid; /* answered with these bytes */
	uint8_t odd[256];
	uint32_t odd_size;
	uint32_t max_packets;
	uint32_t alignment;
	uint32_t max_transfer;
	uint32_t rss_queues;
	uint32_t frame_size;
	uint32_t link; /* 0 connected */
	uint32_t next_slot;
	/* what it saw */
	struct net_seen log[NET_LOG];
	uint32_t seen;
	uint32_t read; /* by net_expect() */
	struct net_frame frames[NET_FRAMES];
	uint32_t frame_count;
	uint32_t packets; /* with frames */
	uint32_t completions; /* of received packets */
	uint64_t completion_ids[NET_LOG];
	uint32_t completion_status[NET_LOG];
	uint32_t completion_size;
	uint64_t held[NET_FRAMES]; /* transaction ids */
	uint32_t held_queue[NET_FRAMES];
	uint32_t held_count;
	/* what the guest was told */
	struct net_got got[NET_FRAMES];
	uint32_t got_count;
	uint32_t got_read;
	uint32_t sent; /* calls of the tx function */
	void *sent_user[NET_FRAMES];
	uint32_t sent_status[NET_FRAMES];
	bool primary_rescinded;
	bool posted[16]; /* by type */
	uint32_t released; /* ids released */
	uint8_t order[64]; /* types of bus messages and NVSP types + 100, in order, of a detach */
	uint32_t order_count;
};

/* A host with defaults as of chapter 20, connected at a VMBus version; nothing attached. */
struct net_host *net_new(uint32_t vmbus_version);
void net_start(struct net_host *h); /* hvp_netvsc_init() and attach; no turn */
struct net_host *net_attached(uint32_t nvsp_version, uint32_t queues); /* filter 0xd */
void net_free(struct net_host *h);

/* Both sides work until nothing happens any more. */
void net_turn(struct net_host *h);
void net_sleep(struct net_host *h, uint64_t ticks);
/* Only the guest, without a look at the rings. */
uint64_t net_run(struct net_host *h);
void net_host_work(struct net_host *h);
void net_bus_work(struct net_host *h);

struct hvp_netvsc_event net_event(struct net_host *h, enum hvp_netvsc_event_type type);
void net_no_event(struct net_host *h);
void net_skip_events(struct net_host *h);

/* The next message that the host saw. */
const struct net_seen *net_expect(struct net_host *h, uint32_t nvsp);
const struct net_seen *net_expect_oid(struct net_host *h, uint32_t rndis, uint32_t oid);

/* What the host sends. */
void net_inband(struct net_host *h, uint32_t queue, const void *bytes, uint32_t size, bool flag);
void net_complete(struct net_host *h, uint32_t queue, uint64_t id, const void *bytes,
		  uint32_t size);
/* RNDIS bytes in the next slot(s), one range each; returns the transaction id. */
uint64_t net_rndis(struct net_host *h, uint32_t queue, const void *bytes, uint32_t size);
uint64_t net_xfer(struct net_host *h, uint32_t queue, uint16_t set,
		  const struct hvp_xfer_range *ranges, uint32_t count, struct hvp_rd nvsp);
uint32_t net_place(struct net_host *h, const void *bytes, uint32_t size); /* offset in buffer */
void net_reply(struct net_host *h, uint32_t request, uint32_t type, uint32_t status,
	       const void *info, uint32_t size);
void net_indicate(struct net_host *h, uint32_t status, const void *buffer, uint32_t size);
/* A packet message; @ppis: list as it goes on the wire. Returns its size. */
uint32_t net_packet(uint8_t *out, const void *frame, uint32_t size, const void *ppis,
		    uint32_t ppi_size);
uint32_t net_ppi(uint8_t *out, uint32_t type, uint32_t value);
void net_deliver(struct net_host *h, uint32_t queue, const void *frame, uint32_t size);
void net_release_held(struct net_host *h, uint32_t status);

/* A frame to send, in one piece of page-aligned memory, counted bytes. */
uint8_t *net_frame_bytes(uint32_t size, uint8_t seed);
struct hvp_netvsc_frame net_make(struct hvp_netvsc_piece *piece, uint64_t *pfns, uint8_t *bytes,
				 uint32_t size);

static inline void net_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void net_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* A word as the wire has it: for messages that a test writes as words. */
static inline uint32_t net_word(uint32_t v)
{
	uint8_t bytes[4];
	uint32_t word;

	net_put32(bytes, v);
	memcpy(&word, bytes, 4);
	return word;
}

#endif /* NET_HOST_H */
