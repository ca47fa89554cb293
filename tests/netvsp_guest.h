/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netvsp_guest.h - the least a driver of the mock NIC needs to be, for tests
 *
 * Messages are made and read byte by byte, from chapter 20, so that the tests do not share an
 * error with the codecs.
 */
#ifndef NETVSP_GUEST_H
#define NETVSP_GUEST_H

#include <hvmock/netvsp.h>
#include <hvproto/ring.h>

#include "mockhost_guest.h"

#define NV_QUEUES 4u
#define NV_RING_PAGES 17u /* control page included */
#define NV_RING_SIZE ((NV_RING_PAGES - 1) * HVM_PAGE)
#define NV_RX_PAGES 64u
#define NV_TX_PAGES 32u
#define NV_RX_ID 0xcafeu
#define NV_SECTION 6144u

struct nv_channel {
	uint32_t id, connection;
	uint8_t *ring;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
};

/* A packet of the host, and the first RNDIS message if it has any. */
struct nv_got {
	struct hvp_ring_packet p;
	const uint8_t *nvsp;
	uint32_t size;
	uint32_t ranges;
	struct hvp_xfer_range range[64];
	const uint8_t *rndis;
	uint32_t rndis_size;
};

struct nv_guest {
	struct guest g;
	struct hvm_netvsp *n;
	struct nv_channel ch[NV_QUEUES];
	uint8_t *rx_buffer, *tx_buffer;
	uint32_t sections_used;
	uint64_t next_id;
	uint32_t request_id;
	uint8_t buf[NV_RING_SIZE];
	uint8_t answer[2048]; /* the last RNDIS reply */
	uint32_t answer_size;
};

/* A NIC of @cfg, its channel open; nothing said yet. */
void nv_init(struct nv_guest *v, const struct hvm_netvsp_config *cfg);
void nv_done(struct nv_guest *v);
void nv_open(struct nv_guest *v, uint32_t queue, uint32_t channel);

/* Sending: words become the payload; padded to 40 bytes. */
uint64_t nv_send(struct nv_guest *v, uint32_t queue, const void *bytes, uint32_t size, bool flag);
uint64_t nv_words(struct nv_guest *v, const uint32_t *words, uint32_t count, bool flag);
void nv_complete(struct nv_guest *v, uint32_t queue, uint64_t id, const void *bytes, uint32_t size);
/* RNDIS bytes through a section, or in guest pages as one range per entry of @cuts. */
uint64_t nv_rndis(struct nv_guest *v, uint32_t queue, const void *bytes, uint32_t size);
uint64_t nv_rndis_gpa(struct nv_guest *v, uint32_t queue, const void *bytes, const uint32_t *cuts,
		      uint32_t count);

/* Receiving. */
bool nv_take(struct nv_guest *v, uint32_t queue, struct nv_got *out);
void nv_expect_completion(struct nv_guest *v, uint32_t queue, uint64_t id, struct nv_got *out);
void nv_expect_status(struct nv_guest *v, uint32_t queue, uint64_t id, uint32_t status);
void nv_expect_none(struct nv_guest *v, uint32_t queue);
/* The next RNDIS control message; completed. Bytes in v->answer. */
void nv_expect_rndis(struct nv_guest *v, uint32_t type);
/* The next frame on a queue; completed. */
void nv_expect_frame(struct nv_guest *v, uint32_t queue, const void *frame, uint32_t size);

/* Steps of an attach. */
uint32_t nv_try_version(struct nv_guest *v, uint32_t version); /* status */
void nv_config(struct nv_guest *v, uint32_t mtu, uint64_t capabilities);
void nv_ndis(struct nv_guest *v, uint32_t major, uint32_t minor);
uint64_t nv_receive_buffer(struct nv_guest *v, uint32_t gpadl);
uint64_t nv_send_buffer(struct nv_guest *v, uint32_t gpadl);
void nv_buffers(struct nv_guest *v);
void nv_initialize(struct nv_guest *v);
/* All of it, at a version. */
void nv_attach(struct nv_guest *v, const struct hvm_netvsp_config *cfg, uint32_t version);
/* Grant and open sub-channels. */
void nv_queues(struct nv_guest *v, uint32_t queues);

uint32_t nv_query(struct nv_guest *v, uint32_t oid); /* status; information behind 24 bytes */
uint32_t nv_set(struct nv_guest *v, uint32_t oid, const void *info, uint32_t size);
void nv_filter(struct nv_guest *v, uint32_t filter);
/* A PACKET message; @ppis as on the wire. Returns its size. */
uint32_t nv_packet(uint8_t *out, const void *frame, uint32_t size, const void *ppis,
		   uint32_t ppi_size);
uint32_t nv_ppi(uint8_t *out, uint32_t type, uint32_t value);
/* A frame through a section, its completion taken. */
void nv_frame(struct nv_guest *v, const void *frame, uint32_t size, const void *ppis,
	      uint32_t ppi_size);

enum hvm_net_state nv_state(struct nv_guest *v);
const char *nv_reason(struct nv_guest *v);
struct hvm_netvsp_info nv_info(struct nv_guest *v);
struct hvm_netvsp_counters nv_counters(struct nv_guest *v);
void nv_run(struct nv_guest *v);

#endif /* NETVSP_GUEST_H */
