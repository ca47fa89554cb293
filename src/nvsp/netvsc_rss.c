/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive-side scaling, and the host's table for sending. */
#include "netvsc.h"

#define CAPABILITIES_SIZE HVP_NDIS_RSS_CAPABILITIES_SIZE_REV2
#define FIXED 40u /* revision 2 of the parameters, as Linux sends them */

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

/* NET-SEC-44. A bad structure leaves one queue, as a host without RSS does. */
void hvp_net_rss_take(struct hvp_netvsc *dev, const uint8_t *p, uint32_t size)
{
	struct hvp_rd r = hvp_rd_init(p, size);
	struct hvp_ndis_rss_capabilities caps;
	uint32_t entries = HVP_NETVSC_TABLE_MAX;
	uint32_t queues;

	if (hvp_ndis_rss_capabilities_decode(&r, dev->neg, &caps, &dev->stats.fault) != HVP_OK ||
	    caps.size > size || caps.number_of_receive_queues == 0) {
		dev->stats.values_bad++;
		return;
	}
	/* A revision without the number says 128. */
	if (caps.has_table)
		entries = caps.number_of_indirection_table_entries;
	if (entries == 0 || entries > HVP_NETVSC_TABLE_MAX) {
		dev->stats.values_bad++;
		return;
	}
	queues = caps.number_of_receive_queues;
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

/*
 * In the scratch memory: fixed part, table, key. Both always present, since hosts read both
 * (section 5.6).
 */
uint32_t hvp_net_rss_params(struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss, bool off)
{
	struct hvp_wr w = hvp_wr_init(dev->cfg.scratch, HVP_NET_RSS_PARAMS);
	uint8_t *table = dev->cfg.scratch + HVP_NET_RSS_PARAMS;
	struct hvp_ndis_rss_parameters params;
	uint32_t i;

	for (i = 0; i < rss->entries; i++)
		hvp_put_u32(table + 4u * i, rss->table[i]);
	hvp_net_zero(&params, sizeof(params));
	params.object_type = HVP_NDIS_OBJECT_TYPE_RSS_PARAMETERS;
	params.revision = HVP_NDIS_REVISION_2;
	params.size = FIXED;
	params.flags = off ? HVP_NDIS_RSS_FLAG_DISABLE : 0;
	params.hash_information = rss->hash_info;
	params.indirection_table_size = (uint16_t)(4u * rss->entries);
	params.indirection_table_offset = FIXED;
	params.hash_secret_key_size = HVP_NETVSC_KEY_SIZE;
	params.hash_secret_key_offset = FIXED + params.indirection_table_size;
	params.has_processors = true;
	params.table = hvp_rd_init(table, params.indirection_table_size);
	params.key = hvp_rd_init(rss->key, HVP_NETVSC_KEY_SIZE);
	(void)hvp_ndis_rss_parameters_encode(&w, dev->neg, &params, NULL);
	return (uint32_t)w.off;
}
