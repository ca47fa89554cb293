/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive-side scaling, and the host's table for sending. */
#include "netvsc.h"

#define CAPABILITIES_SIZE HVP_NDIS_RSS_CAPABILITIES_SIZE_REV2
#define FIXED 40u /* revision 2 of the parameters, as Linux sends them */
#define TABLE_OFFSET FIXED

/* The key that drivers in use agree on. */
static const uint8_t default_key[HVP_NETVSC_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

uint32_t hvp_net_rss_query(uint8_t *out)
{
	hvp_memzero(out, CAPABILITIES_SIZE);
	hvp_put_u8(out, HVP_NDIS_OBJECT_TYPE_RSS_CAPABILITIES);
	hvp_put_u8(out + 1, 2);
	hvp_put_u16(out + 2, CAPABILITIES_SIZE);
	return CAPABILITIES_SIZE;
}

/* A revision without the number says 128. */
static uint32_t table_entries(const uint8_t *p, uint32_t stated)
{
	if (p[1] < 2 || stated < HVP_NDIS_RSS_CAPABILITIES_SIZE_REV2)
		return HVP_NETVSC_TABLE_MAX;
	return hvp_get_u16(p + 16);
}

/* NET-SEC-44. A bad structure leaves one queue, as a host without RSS does. */
void hvp_net_rss_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size)
{
	uint32_t stated = size >= HVP_NDIS_RSS_CAPABILITIES_SIZE_REV1 ? hvp_get_u16(p + 2) : 0;
	uint32_t queues = hvp_get_u32(p + 12);
	uint32_t entries = table_entries(p, stated);

	if (stated < HVP_NDIS_RSS_CAPABILITIES_SIZE_REV1 || stated > size ||
	    p[0] != HVP_NDIS_OBJECT_TYPE_RSS_CAPABILITIES || p[1] == 0 || queues == 0 ||
	    entries == 0 || entries > HVP_NETVSC_TABLE_MAX) {
		dev->stats.values_bad++;
		return;
	}
	dev->info.table_entries = entries;
	dev->info.max_queues = queues < entries ? queues : entries;
	if (dev->info.max_queues > HVP_NETVSC_QUEUES_MAX)
		dev->info.max_queues = HVP_NETVSC_QUEUES_MAX;
}

static void spread(uint8_t *table, uint32_t entries, uint32_t queues)
{
	uint32_t queue = 0;
	uint32_t i;

	for (i = 0; i < entries; i++) {
		table[i] = (uint8_t)queue;
		queue = queue + 1u < queues ? queue + 1u : 0;
	}
}

void hvp_net_rss_default(struct hvp_netvsc *dev)
{
	dev->rss.hash_info = HVP_NETVSC_HASH_DEFAULT;
	dev->rss.entries = dev->info.table_entries;
	hvp_memcpy(dev->rss.key, default_key, sizeof(default_key));
	spread(dev->rss.table, dev->rss.entries, dev->info.queues);
}

void hvp_net_host_table_default(struct hvp_netvsc *dev)
{
	spread(dev->host_table, HVP_NETVSC_HOST_TABLE, dev->info.queues);
}

/* Fixed part, table, key: key and table always present, since hosts read both (section 5.6). */
uint32_t hvp_net_rss_params(const struct hvp_netvsc_rss *rss, bool off, uint8_t *out)
{
	uint32_t key = TABLE_OFFSET + 4u * rss->entries;
	uint32_t i;

	hvp_memzero(out, HVP_NET_RSS_PARAMS);
	hvp_put_u8(out, HVP_NDIS_OBJECT_TYPE_RSS_PARAMETERS);
	hvp_put_u8(out + 1, 2);
	hvp_put_u16(out + 2, FIXED);
	hvp_put_u16(out + 4, off ? HVP_NDIS_RSS_FLAG_DISABLE : 0);
	hvp_put_u32(out + 8, rss->hash_info);
	hvp_put_u16(out + 12, (uint16_t)(4u * rss->entries));
	hvp_put_u32(out + 16, TABLE_OFFSET);
	hvp_put_u16(out + 20, HVP_NETVSC_KEY_SIZE);
	hvp_put_u32(out + 24, key);
	for (i = 0; i < rss->entries; i++)
		hvp_put_u32(out + TABLE_OFFSET + 4u * i, rss->table[i]);
	hvp_memcpy(out + key, rss->key, HVP_NETVSC_KEY_SIZE);
	return key + HVP_NETVSC_KEY_SIZE;
}
