/* SPDX-License-Identifier: BSD-2-Clause */
/* What an owner asks of an attached NIC. */
#include "netvsc.h"

static enum hvp_status request(struct hvp_netvsc *dev, uint32_t type,
			       const struct hvp_netvsc_oid *oid, uint32_t *id,
			       struct hvp_netvsc_request **out)
{
	struct hvp_netvsc_request *rq;

	if (dev->state != HVP_NETVSC_ATTACHED)
		return HVP_STATE;
	if (oid->input_size > HVP_NETVSC_CONTROL_MAX - HVP_RNDIS_QUERY_MIN_SIZE ||
	    (oid->input_size > 0 && !oid->input) || (oid->answer_size > 0 && !oid->answer))
		return HVP_ARG;
	rq = hvp_net_request_new(dev, false);
	if (!rq)
		return HVP_AGAIN;
	hvp_net_request_queue(dev, rq, type, oid);
	*id = rq->request_id;
	*out = rq;
	return HVP_OK;
}

enum hvp_status hvp_netvsc_query(struct hvp_netvsc *dev, const struct hvp_netvsc_oid *oid,
				 uint32_t *id)
{
	struct hvp_netvsc_request *rq;

	return request(dev, HVP_RNDIS_QUERY, oid, id, &rq);
}

static enum hvp_status set(struct hvp_netvsc *dev, const struct hvp_netvsc_oid *oid, uint32_t *id,
			   struct hvp_netvsc_request **rq)
{
	return request(dev, HVP_RNDIS_SET, oid, id, rq);
}

static void note_filter(struct hvp_netvsc *dev, struct hvp_netvsc_request *rq, uint32_t filter)
{
	rq->wish = filter;
	rq->wished = true;
	dev->filtering = dev->filtering || filter != 0;
	if (filter == 0)
		dev->info.filter = 0;
}

enum hvp_status hvp_netvsc_set(struct hvp_netvsc *dev, const struct hvp_netvsc_oid *oid,
			       uint32_t *id)
{
	struct hvp_netvsc_oid copy = *oid;
	struct hvp_netvsc_request *rq;
	enum hvp_status status;

	copy.answer = NULL;
	copy.answer_size = 0;
	status = set(dev, &copy, id, &rq);
	if (status == HVP_OK && oid->oid == HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER &&
	    oid->input_size == 4)
		note_filter(dev, rq, hvp_get_u32(oid->input));
	return status;
}

enum hvp_status hvp_netvsc_set_filter(struct hvp_netvsc *dev, uint32_t filter, uint32_t *id)
{
	struct hvp_netvsc_request *rq;
	uint8_t value[4];
	struct hvp_netvsc_oid oid = {
		HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER, value, sizeof(value), NULL, 0, NULL
	};
	enum hvp_status status;

	hvp_put_u32(value, filter);
	status = set(dev, &oid, id, &rq);
	if (status != HVP_OK)
		return status;
	note_filter(dev, rq, filter);
	return HVP_OK;
}

enum hvp_status hvp_netvsc_set_multicast(struct hvp_netvsc *dev, const uint8_t *list,
					 uint32_t count, uint32_t *id)
{
	struct hvp_netvsc_oid oid = {
		HVP_NDIS_OID_802_3_MULTICAST_LIST, list, 6u * count, NULL, 0, NULL
	};
	struct hvp_netvsc_request *rq;
	enum hvp_status status;

	if (count > HVP_NETVSC_MULTICAST_MAX)
		return HVP_ARG;
	status = set(dev, &oid, id, &rq);
	if (status != HVP_OK)
		return status;
	dev->multicast_count = count;
	if (count > 0)
		hvp_memcpy(dev->multicast[0], list, 6u * count);
	return HVP_OK;
}

enum hvp_status hvp_netvsc_set_offloads(struct hvp_netvsc *dev, uint32_t offloads, uint32_t *id)
{
	uint8_t params[HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3];
	struct hvp_netvsc_request *rq;
	uint32_t size = hvp_net_offload_params(dev, offloads, params);
	struct hvp_netvsc_oid oid = {
		HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS, params, size, NULL, 0, NULL
	};
	enum hvp_status status;

	if (offloads & ~HVP_NETVSC_OFFLOAD_ALL)
		return HVP_ARG;
	status = set(dev, &oid, id, &rq);
	if (status != HVP_OK)
		return status;
	rq->wish = offloads;
	rq->wished = true;
	return HVP_OK;
}

bool hvp_net_rss_sound(const struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss)
{
	uint32_t i;

	if (rss->entries == 0 || rss->entries > dev->info.table_entries)
		return false;
	for (i = 0; i < rss->entries; i++)
		if (rss->table[i] >= dev->info.queues)
			return false;
	return true;
}

enum hvp_status hvp_netvsc_set_rss(struct hvp_netvsc *dev, const struct hvp_netvsc_rss *rss,
				   uint32_t *id)
{
	struct hvp_netvsc_oid oid = {
		HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS, dev->cfg.scratch, 0, NULL, 0, NULL
	};
	struct hvp_netvsc_request *rq;
	enum hvp_status status;

	if (dev->state != HVP_NETVSC_ATTACHED)
		return HVP_STATE;
	if (dev->info.table_entries == 0 || dev->info.queues < 2)
		return HVP_UNSUPPORTED;
	if (!hvp_net_rss_sound(dev, rss))
		return HVP_ARG;
	oid.input_size = hvp_net_rss_params(dev, rss, rss->hash_info == 0);
	status = set(dev, &oid, id, &rq);
	if (status != HVP_OK)
		return status;
	dev->rss = *rss;
	dev->rss_set = true;
	return HVP_OK;
}

enum hvp_status hvp_netvsc_switch_path(struct hvp_netvsc *dev, uint32_t path)
{
	enum hvp_net_event event;

	if (dev->state != HVP_NETVSC_ATTACHED)
		return HVP_STATE;
	if (!hvp_net_is_version(dev, HVP_NVSP_VERSION_4))
		return HVP_UNSUPPORTED;
	if (path > HVP_NVSP_DATA_PATH_VF)
		return HVP_ARG;
	if (path == HVP_NVSP_DATA_PATH_VF && !dev->info.vf)
		return HVP_STATE;
	if (dev->path_busy)
		return HVP_AGAIN;
	event = hvp_net_send_path(dev, path);
	if (event == HVP_NET_BLOCKED)
		return HVP_AGAIN;
	if (event != HVP_NET_NONE)
		return HVP_CORRUPT;
	dev->path_busy = true;
	dev->path_end = 0;
	dev->path_wanted = path;
	return HVP_OK;
}
