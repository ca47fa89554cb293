/* SPDX-License-Identifier: BSD-2-Clause */
/* Orders of the target, one after the other, until it hangs up. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "client.h"

static uint8_t data[PEER_DATA];

static bool say(const struct peer_message *m, const void *bytes)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)m, sizeof(*m) },
		{ (void *)(uintptr_t)bytes, m->size },
	};

	return writev(PEER_FD, iov, m->size ? 2 : 1) == (ssize_t)(sizeof(*m) + m->size);
}

static bool hear(struct peer_message *m)
{
	struct iovec iov[2] = { { m, sizeof(*m) }, { data, sizeof(data) } };
	ssize_t n = readv(PEER_FD, iov, 2);

	return n >= (ssize_t)sizeof(*m) && (size_t)n == sizeof(*m) + m->size;
}

/* The reference that stays with us tells when the driver has dropped its own. */
static void remember(struct client *c, struct rte_mbuf *m, const struct peer_message *ask)
{
	struct sent *s = &c->sent[c->sent_count++];

	s->m = m;
	s->id = ask->arg[PEER_X_ID];
	s->queue = (uint16_t)ask->arg[PEER_X_QUEUE];
}

static void tell_sent(struct client *c)
{
	struct sent *s = c->sent;

	while (s < c->sent + c->sent_count) {
		struct peer_message m = { .op = PEER_SENT };

		if (rte_mbuf_refcnt_read(s->m) != 1) {
			s++;
			continue;
		}
		s->m->next = NULL; /* these were freed by the driver */
		s->m->nb_segs = 1;
		rte_pktmbuf_free(s->m);
		m.arg[PEER_Y_ID] = s->id;
		m.arg[PEER_Y_QUEUE] = s->queue;
		memmove(s, s + 1, (size_t)(c->sent + --c->sent_count - s) * sizeof(*s));
		(void)say(&m, NULL);
	}
}

static int send_one(struct client *c, const struct peer_message *ask)
{
	struct rte_mbuf *m = client_mbuf(c, data, ask->size, (uint32_t)ask->arg[PEER_X_SEGMENTS]);
	uint16_t queue = (uint16_t)ask->arg[PEER_X_QUEUE];

	if (queue >= c->queues || !m || c->sent_count == CLIENT_SENT) {
		rte_pktmbuf_free(m);
		return -EINVAL;
	}
	client_offload(m, data, client_offered(c, ask->arg[PEER_X_FLAGS]),
		       (uint16_t)ask->arg[PEER_X_VLAN], (uint16_t)ask->arg[PEER_X_MSS]);
	rte_mbuf_refcnt_update(m, 1);
	if (rte_eth_tx_burst(CLIENT_PORT, queue, &m, 1) == 1) {
		remember(c, m, ask);
		return 0;
	}
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
	return 1;
}

static void report(uint16_t queue, struct rte_mbuf *m)
{
	static uint8_t bytes[PEER_DATA];
	struct peer_message f = { .op = PEER_FRAME };

	f.size = (uint32_t)client_bytes(m, bytes, sizeof(bytes));
	f.arg[PEER_G_QUEUE] = queue;
	f.arg[PEER_G_FLAGS] = client_flags(m);
	f.arg[PEER_G_VLAN] = m->vlan_tci;
	f.arg[PEER_G_HASH] = m->hash.rss;
	(void)say(&f, bytes);
	rte_pktmbuf_free(m);
}

/* The driver looks at its ring in a receive; a second look sees what the first has caused. */
static void poll_all(struct client *c)
{
	struct rte_mbuf *got[CLIENT_BURST];
	uint16_t q;
	uint16_t i;
	uint16_t n;

	for (q = 0; q < c->queues; q++) {
		while ((n = rte_eth_rx_burst(CLIENT_PORT, q, got, CLIENT_BURST)) != 0)
			for (i = 0; i < n; i++)
				report(q, got[i]);
	}
}

static int counters(struct peer_message *answer)
{
	struct rte_eth_stats s;
	int rc = rte_eth_stats_get(CLIENT_PORT, &s);

	if (rc != 0)
		return rc;
	answer->arg[PEER_C_RX_FRAMES] = s.ipackets;
	answer->arg[PEER_C_TX_FRAMES] = s.opackets;
	answer->arg[PEER_C_RX_BYTES] = s.ibytes;
	answer->arg[PEER_C_TX_BYTES] = s.obytes;
	answer->arg[PEER_C_RX_MISSED] = s.imissed;
	answer->arg[PEER_C_RX_ERRORS] = s.ierrors;
	answer->arg[PEER_C_TX_ERRORS] = s.oerrors;
	answer->arg[PEER_C_NO_MBUF] = s.rx_nombuf;
	return 0;
}

static int carry_out(struct client *c, const struct peer_message *ask, struct peer_message *answer)
{
	if (ask->op == PEER_START)
		return client_start(c, ask, answer, data);
	if (!c->started)
		return -ENODEV;
	switch (ask->op) {
	case PEER_SEND:
		return send_one(c, ask);
	case PEER_POLL:
		poll_all(c);
		client_settle();
		tell_sent(c);
		answer->arg[0] = client_link();
		return 0;
	case PEER_TRAFFIC:
		return client_traffic(c, ask, answer);
	case PEER_BURST:
		return client_burst(c, ask, answer);
	case PEER_DRAIN:
		return client_drain(c, ask, answer);
	case PEER_COUNTERS:
		return counters(answer);
	case PEER_PROMISCUOUS:
		return ask->arg[0] ? rte_eth_promiscuous_enable(CLIENT_PORT)
				   : rte_eth_promiscuous_disable(CLIENT_PORT);
	default:
		return -ENOSYS;
	}
}

static void serve(struct client *c)
{
	struct peer_message ask;

	while (hear(&ask)) {
		struct peer_message answer = { .op = PEER_DONE };
		bool last = ask.op == PEER_STOP;

		if (last)
			client_stop(c);
		else
			answer.status = carry_out(c, &ask, &answer);
		if (ask.op == PEER_START && answer.status == 0)
			answer.size = 6;
		if (!say(&answer, data) || last)
			return;
	}
}

/* The driver polls for answers: whoever answers may need the processor. */
static void delay(unsigned int us)
{
	uint64_t end = rte_get_timer_cycles() + us * rte_get_timer_hz() / 1000000u;

	do
		sched_yield();
	while (rte_get_timer_cycles() < end);
}

int main(void)
{
	char *eal[] = {
		(char[]){ "hvproto-dpdk" }, (char[]){ "--no-huge" }, (char[]){ "-m" },
		(char[]){ "64" },	    (char[]){ "--no-pci" },  (char[]){ "--no-shconf" },
		(char[]){ "-l" },	    (char[]){ "0" },	     (char[]){ "--no-telemetry" },
		(char[]){ "--log-level" },  (char[]){ "*:warning" }
	};
	static struct client c;

	rte_delay_us_callback_register(delay);
	if (rte_eal_init((int)(sizeof(eal) / sizeof(eal[0])), eal) < 0) {
		fprintf(stderr, "the EAL of DPDK does not start\n");
		return 1;
	}
	serve(&c);
	return 0;
}
