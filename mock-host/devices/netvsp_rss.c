/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: receive-side scaling (chapter 20 section 5.6). */
#include "netvsp_internal.h"

#define ETHERNET 14u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define TCP 6u

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* The header is not judged, as a known host does not; "unchanged" bits are not heeded either. */
static bool read_parameters(const struct hvp_rd *in, uint32_t *flags, uint32_t *hash,
			    struct hvp_rd *table, struct hvp_rd *key)
{
	const uint8_t *p = in->p + in->off;
	struct hvp_rd base = hvp_rd_init(p, hvp_rd_left(in));

	if (hvp_rd_left(in) < 28)
		return false;
	*flags = hvp_get_u16(p + 4);
	*hash = hvp_get_u32(p + 8);
	/* Off says all that is needed. */
	if ((*flags & HVP_NDIS_RSS_FLAG_DISABLE) || !(*hash & 0xffu))
		return true;
	return hvp_get_u16(p + 20) == NV_RSS_KEY &&
	       hvp_rd_window(&base, hvp_get_u32(p + 16), hvp_get_u16(p + 12), table) &&
	       hvp_rd_window(&base, hvp_get_u32(p + 24), NV_RSS_KEY, key);
}

static bool table_ok(const struct hvm_netvsp *n, const struct hvp_rd *table, uint32_t used)
{
	size_t size = hvp_rd_left(table);
	uint32_t k;

	if (!size || size % 4)
		return false;
	for (k = 0; k < used; k++)
		if (hvp_get_u32(table->p + table->off + 4 * k) >= n->cfg.max_queues)
			return false;
	return true;
}

uint32_t hvm_nv_rss_set(struct hvm_netvsp *n, const struct hvp_rd *in)
{
	struct nv_session *ss = &n->ss;
	struct hvp_rd table = hvp_rd_init(NULL, 0), key = table;
	uint32_t flags, hash, used, k;

	if (!read_parameters(in, &flags, &hash, &table, &key))
		return HVP_RNDIS_STATUS_INVALID_DATA;
	if ((flags & HVP_NDIS_RSS_FLAG_DISABLE) || !(hash & 0xffu)) {
		ss->rss = false;
		ss->table_size = 0;
		return HVP_RNDIS_STATUS_SUCCESS;
	}
	used = (uint32_t)(hvp_rd_left(&table) / 4);
	if (used > n->cfg.hash_table)
		used = n->cfg.hash_table;
	if (!table_ok(n, &table, used))
		return HVP_RNDIS_STATUS_INVALID_DATA;
	memcpy(ss->key, key.p + key.off, NV_RSS_KEY);
	/* A shorter table repeats. */
	for (k = 0; k < n->cfg.hash_table; k++)
		ss->table[k] = hvp_get_u32(table.p + table.off + 4 * (size_t)(k % used));
	ss->table_size = n->cfg.hash_table;
	ss->hash_info = hash;
	ss->rss = true;
	return HVP_RNDIS_STATUS_SUCCESS;
}

/* ---- the hash ---- */

static uint32_t toeplitz(const uint8_t *key, const uint8_t *in, size_t size)
{
	uint32_t hash = 0, window = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 |
				    (uint32_t)key[2] << 8 | key[3];
	size_t bit;

	for (bit = 0; bit < 8 * size; bit++) {
		if (in[bit / 8] >> (7 - bit % 8) & 1)
			hash ^= window;
		window = window << 1 | (key[bit / 8 + 4] >> (7 - bit % 8) & 1);
	}
	return hash;
}

/* What is hashed of a frame: addresses, and ports if the type is wanted; the type or 0. */
static uint32_t tuple(uint32_t wanted, const uint8_t *f, size_t size, uint8_t *in, size_t *len)
{
	bool v6 = size >= ETHERNET + 40 && be16(f + 12) == TYPE_IPV6;
	bool v4 = size >= ETHERNET + 20 && be16(f + 12) == TYPE_IPV4;
	uint32_t tcp = v6 ? HVP_NDIS_HASH_TCP_IPV6 : HVP_NDIS_HASH_TCP_IPV4;
	uint32_t plain = v6 ? HVP_NDIS_HASH_IPV6 : HVP_NDIS_HASH_IPV4;
	size_t ports;
	uint8_t next;

	if (!v4 && !v6)
		return 0;
	ports = ETHERNET + (v6 ? 40u : (size_t)(f[ETHERNET] & 15u) * 4);
	next = f[ETHERNET + (v6 ? 6u : 9u)];
	*len = v6 ? 32 : 8;
	memcpy(in, f + ETHERNET + (v6 ? 8 : 12), *len);
	if ((wanted & tcp) && next == TCP && size >= ports + 4) {
		memcpy(in + *len, f + ports, 4);
		*len += 4;
		return tcp;
	}
	return wanted & plain;
}

uint32_t hvm_nv_rss_queue(const struct hvm_netvsp *n, const uint8_t *frame, size_t size,
			  uint32_t *hash, uint32_t *hash_info)
{
	const struct nv_session *ss = &n->ss;
	uint8_t in[36];
	uint32_t type, queue;
	size_t len;

	*hash = 0;
	*hash_info = 0;
	if (!ss->rss || size < ETHERNET)
		return 0;
	type = tuple(ss->hash_info, frame, size, in, &len);
	if (!type)
		return 0;
	*hash = toeplitz(ss->key, in, len);
	*hash_info = type | HVP_NDIS_HASH_TOEPLITZ;
	queue = ss->table[*hash % ss->table_size];
	return queue < HVM_NET_QUEUES_MAX && n->q[queue].open ? queue : 0;
}
