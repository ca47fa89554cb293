/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a frame costs the driver: frames are sent or taken while the host does nothing, in
 * functions of their own, so that a counter of instructions can look for these by name.
 *
 * As in any program of DPDK an mbuf that was received is given back, and with it the place in
 * the receive buffer that it may stand for; an mbuf to be sent is there before.
 */
#include <errno.h>
#include <string.h>

#include "client.h"

#define BATCH 64u /* frames between two looks of the host */
#define ONCE __attribute__((noinline, noclone))

void timed_send(struct client *c, uint16_t burst);
void timed_receive(struct client *c);
void warm_send(struct client *c, uint16_t burst);
void warm_receive(struct client *c);

static struct rte_mbuf *frames[BATCH];
static uint32_t moved; /* of the frames; in a receive: taken */

static inline void send_all(uint16_t burst)
{
	uint16_t at;

	for (at = 0; at < moved; at = (uint16_t)(at + burst))
		if (rte_eth_tx_burst(CLIENT_PORT, 0, frames + at, burst) != burst)
			break;
	moved = at;
}

static inline void receive_all(void)
{
	struct rte_mbuf *got[CLIENT_BURST];
	uint16_t n;

	while ((n = rte_eth_rx_burst(CLIENT_PORT, 0, got, CLIENT_BURST)) != 0) {
		rte_pktmbuf_free_bulk(got, n);
		moved += n;
	}
}

ONCE void timed_send(struct client *c, uint16_t burst)
{
	(void)c;
	send_all(burst);
}

ONCE void timed_receive(struct client *c)
{
	(void)c;
	receive_all();
}

ONCE void warm_send(struct client *c, uint16_t burst)
{
	(void)c;
	send_all(burst);
}

ONCE void warm_receive(struct client *c)
{
	(void)c;
	receive_all();
}

static struct rte_mempool *pool_for(struct client *c, uint32_t size)
{
	static struct rte_mempool *large;

	if (size <= RTE_MBUF_DEFAULT_DATAROOM)
		return c->pool;
	if (!large)
		large = rte_pktmbuf_pool_create("large", 2 * BATCH, 0, 0, UINT16_MAX, 0);
	return large;
}

/* IPv4 and TCP without a byte that the driver would look for in vain. */
static void headers(uint8_t *f, uint32_t size)
{
	memset(f, 0x11, size);
	memcpy(f, "\x02\x11\x22\x33\x44\x55\x00\x15\x5d\x00\x00\x01\x08\x00\x45", 15);
	f[23] = 6;
	f[46] = 5u << 4;
}

static int prepare(struct client *c, uint32_t count, uint32_t size, uint16_t mss)
{
	struct rte_mempool *pool = pool_for(c, size);
	uint32_t i;

	moved = 0;
	for (i = 0; i < count; i++) {
		struct rte_mbuf *m = pool ? rte_pktmbuf_alloc(pool) : NULL;

		if (!m || rte_pktmbuf_tailroom(m) < size) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free_bulk(frames, i);
			return -ENOMEM;
		}
		headers((uint8_t *)rte_pktmbuf_append(m, (uint16_t)size), size);
		if (mss)
			client_offload(m, rte_pktmbuf_mtod(m, const uint8_t *), PEER_F_LSO, 0, mss);
		frames[i] = m;
	}
	moved = count;
	return 0;
}

int client_burst(struct client *c, const struct peer_message *ask, struct peer_message *answer)
{
	uint16_t burst = (uint16_t)ask->arg[PEER_B_BURST];
	uint32_t count = (uint32_t)ask->arg[PEER_B_FRAMES];
	int rc;

	if (count == 0 || count > BATCH || burst == 0 || count % burst != 0 ||
	    ask->arg[PEER_B_SIZE] < 60 || ask->arg[PEER_B_SIZE] > UINT16_MAX - 256)
		return -EINVAL;
	rc = prepare(c, count, (uint32_t)ask->arg[PEER_B_SIZE], (uint16_t)ask->arg[PEER_B_MSS]);
	if (rc != 0)
		return rc;
	if (ask->arg[PEER_B_TIMED])
		timed_send(c, burst);
	else
		warm_send(c, burst);
	answer->arg[0] = moved;
	rte_pktmbuf_free_bulk(frames + moved, count - moved);
	return 0;
}

int client_drain(struct client *c, const struct peer_message *ask, struct peer_message *answer)
{
	moved = 0;
	if (ask->arg[PEER_B_TIMED])
		timed_receive(c);
	else
		warm_receive(c);
	answer->arg[0] = moved;
	return 0;
}
