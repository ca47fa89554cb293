/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's port over the mock host's NIC. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include <rte_alarm.h>

#include "client.h"

#define RING_FRAMES 512u
#define POOL_FRAMES 6144u
#define POOL_CACHE 128u
#define LATER_US 20u /* the driver has 10 */

static uint64_t wanted(uint64_t capabilities)
{
	return capabilities & (RTE_ETH_TX_OFFLOAD_VLAN_INSERT | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM |
			       RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
			       RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
}

static int configure(struct client *c, const struct peer_message *ask)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int rc = rte_eth_dev_info_get(CLIENT_PORT, &info);

	if (rc != 0)
		return rc;
	memset(&conf, 0, sizeof(conf));
	conf.txmode.offloads = wanted(info.tx_offload_capa);
	conf.rxmode.offloads = info.rx_offload_capa &
			       (RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
	conf.intr_conf.lsc = 1; /* else each look at the link is a request to the host */
	conf.rxmode.mtu = RTE_MIN((uint32_t)ask->arg[PEER_S_MTU], (uint32_t)info.max_mtu);
	c->offloads = conf.txmode.offloads;
	c->queues = RTE_MIN(c->queues, info.max_rx_queues);
	if (c->queues > 1 && ask->arg[PEER_S_RSS]) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
	}
	return rte_eth_dev_configure(CLIENT_PORT, c->queues, c->queues, &conf);
}

static int queues(struct client *c)
{
	int rc = 0;
	uint16_t q;

	for (q = 0; q < c->queues && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(CLIENT_PORT, q, RING_FRAMES, 0, NULL);
	for (q = 0; q < c->queues && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(CLIENT_PORT, q, RING_FRAMES, 0, NULL, c->pool);
	return rc;
}

static void tell(struct client *c, struct peer_message *answer, uint8_t mac[6])
{
	struct rte_eth_dev_info info;
	struct rte_ether_addr address;
	struct rte_eth_link link;
	uint16_t mtu = 0;

	memset(&link, 0, sizeof(link));
	(void)rte_eth_link_get_nowait(CLIENT_PORT, &link);
	(void)rte_eth_dev_get_mtu(CLIENT_PORT, &mtu);
	answer->arg[PEER_I_MTU] = mtu;
	answer->arg[PEER_I_QUEUES] = c->queues;
	answer->arg[PEER_I_LINK] = link.link_status;
	answer->arg[PEER_I_SPEED] = link.link_speed;
	if (rte_eth_dev_info_get(CLIENT_PORT, &info) == 0)
		answer->arg[PEER_I_TABLE] = info.reta_size;
	if (rte_eth_macaddr_get(CLIENT_PORT, &address) == 0)
		memcpy(mac, address.addr_bytes, 6);
}

int client_start(struct client *c, const struct peer_message *ask, struct peer_message *answer,
		 uint8_t mac[6])
{
	int rc;

	if (rte_eth_dev_count_avail() == 0)
		return -ENODEV;
	c->queues = (uint16_t)ask->arg[PEER_S_QUEUES];
	c->pool = rte_pktmbuf_pool_create("frames", POOL_FRAMES, POOL_CACHE, 0,
					  RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (!c->pool)
		return -ENOMEM;
	rc = configure(c, ask);
	if (rc == 0)
		rc = queues(c);
	if (rc == 0)
		rc = rte_eth_dev_start(CLIENT_PORT);
	if (rc != 0)
		return rc;
	c->started = true;
	tell(c, answer, mac);
	return 0;
}

void client_stop(struct client *c)
{
	if (!c->started)
		return;
	c->started = false;
	(void)rte_eth_dev_stop(CLIENT_PORT);
	(void)rte_eth_dev_close(CLIENT_PORT);
}

static void settled(void *flag)
{
	__atomic_store_n((bool *)flag, true, __ATOMIC_RELEASE);
}

/*
 * A change of the link is looked into by another thread, a while after it was received: wait
 * until that thread comes to something that was asked for later.
 */
void client_settle(void)
{
	static bool done;

	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	if (rte_eal_alarm_set(LATER_US, settled, &done) != 0)
		return;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		sched_yield();
}

bool client_link(void)
{
	struct rte_eth_link link;

	memset(&link, 0, sizeof(link));
	(void)rte_eth_link_get_nowait(CLIENT_PORT, &link);
	return link.link_status;
}
