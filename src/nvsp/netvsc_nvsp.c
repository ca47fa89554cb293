/* SPDX-License-Identifier: BSD-2-Clause */
/* NVSP messages that are not frames, from the guest: in-band packets on the primary channel. */
#include "netvsc.h"

/* Zero-padded to the size of the version (chapter 20 section 3.19). */
static uint32_t message_size(const struct hvp_netvsc *dev)
{
	return hvp_net_is_version(dev, HVP_NVSP_VERSION_6_1) ? HVP_NVSP_MESSAGE_SIZE_6_1
							     : HVP_NVSP_MESSAGE_SIZE;
}

static enum hvp_net_event put(struct hvp_netvsc *dev, const struct hvp_ring_out *out)
{
	struct hvp_netvsc_queue *q = &dev->cfg.queues[0];
	enum hvp_status status = HVP_CORRUPT;

	if (!q->broken)
		status = hvp_net_put(q, out, 0, hvp_ring_packet_total(0, out->payload[0].size));
	if (status == HVP_AGAIN)
		return HVP_NET_BLOCKED;
	if (status != HVP_OK)
		return hvp_net_fail(dev, status);
	hvp_net_commit(q);
	return HVP_NET_NONE;
}

/* @bytes: HVP_NVSP_MESSAGE_SIZE_6_1 of them, zero behind the message. */
static enum hvp_net_event tell(struct hvp_netvsc *dev, const uint8_t *bytes)
{
	struct hvp_ring_out out = hvp_ring_inband(bytes, message_size(dev));

	return put(dev, &out);
}

static enum hvp_net_event ask(struct hvp_netvsc *dev, const uint8_t *bytes,
			      struct hvp_netvsc_work *work)
{
	struct hvp_netvsc_queue *q = &dev->cfg.queues[0];
	struct hvp_ring_out out = hvp_ring_request(0, bytes, message_size(dev));
	enum hvp_net_event event;
	void *request;

	if (hvp_reqids_take(&q->ids, work, &out.transaction_id) != HVP_OK)
		return HVP_NET_BLOCKED;
	event = put(dev, &out);
	if (event != HVP_NET_NONE)
		(void)!hvp_reqids_finish(&q->ids, out.transaction_id, &request);
	return event;
}

static enum hvp_net_event ask_for(struct hvp_netvsc *dev, const uint8_t *bytes, uint32_t answer)
{
	dev->expects = answer;
	return ask(dev, bytes, &dev->nvsp);
}

enum hvp_net_event hvp_net_send_init(struct hvp_netvsc *dev, uint32_t version)
{
	struct hvp_nvsp_init msg = { version, version };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	dev->neg.version = version;
	(void)hvp_nvsp_init_encode(&w, dev->neg, &msg, NULL);
	return ask_for(dev, bytes, HVP_NVSP_INIT_COMPLETE);
}

static uint64_t capabilities(const struct hvp_netvsc *dev)
{
	uint64_t bits = HVP_NVSP_CAPABILITY_IEEE_8021Q;

	if (dev->cfg.has_capabilities)
		return dev->cfg.capabilities;
	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_5))
		bits |= HVP_NVSP_CAPABILITY_TEAMING;
	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_5) && !dev->cfg.isolated)
		bits |= HVP_NVSP_CAPABILITY_SRIOV;
	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_6_1))
		bits |= HVP_NVSP_CAPABILITY_RSC_OVER_VMBUS;
	return bits;
}

enum hvp_net_event hvp_net_send_config(struct hvp_netvsc *dev)
{
	struct hvp_nvsp_ndis_config msg = { dev->info.mtu + HVP_NET_ETHERNET, capabilities(dev) };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	(void)hvp_nvsp_ndis_config_encode(&w, dev->neg, &msg, NULL);
	return tell(dev, bytes);
}

/* 6.1 up to version 4, 6.30 from 5 on (chapter 20 section 3.5). */
enum hvp_net_event hvp_net_send_ndis_version(struct hvp_netvsc *dev)
{
	struct hvp_nvsp_ndis_version msg = { 6, 1 };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	if (hvp_net_is_version(dev, HVP_NVSP_VERSION_5))
		msg.ndis_minor_version = 30;
	(void)hvp_nvsp_ndis_version_encode(&w, dev->neg, &msg, NULL);
	return tell(dev, bytes);
}

enum hvp_net_event hvp_net_send_buffer(struct hvp_netvsc *dev, bool receive)
{
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));
	struct hvp_nvsp_receive_buffer rx;
	struct hvp_nvsp_send_buffer tx;

	if (receive) {
		rx.gpadl_handle = hvp_gpadl_id(dev->rx_gpadl);
		rx.id = HVP_NETVSC_RECEIVE_ID;
		(void)hvp_nvsp_receive_buffer_encode(&w, dev->neg, &rx, NULL);
		return ask_for(dev, bytes, HVP_NVSP_RECEIVE_BUFFER_COMPLETE);
	}
	tx.gpadl_handle = hvp_gpadl_id(dev->tx_gpadl);
	tx.id = HVP_NETVSC_SEND_ID;
	(void)hvp_nvsp_send_buffer_encode(&w, dev->neg, &tx, NULL);
	return ask_for(dev, bytes, HVP_NVSP_SEND_BUFFER_COMPLETE);
}

/* Without a completion: a host may answer it or not (NET-REQ-037). */
enum hvp_net_event hvp_net_send_revoke(struct hvp_netvsc *dev, bool receive)
{
	struct hvp_nvsp_revoke_receive_buffer rx = { HVP_NETVSC_RECEIVE_ID };
	struct hvp_nvsp_revoke_send_buffer tx = { HVP_NETVSC_SEND_ID };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	if (receive)
		(void)hvp_nvsp_revoke_receive_buffer_encode(&w, dev->neg, &rx, NULL);
	else
		(void)hvp_nvsp_revoke_send_buffer_encode(&w, dev->neg, &tx, NULL);
	return tell(dev, bytes);
}

enum hvp_net_event hvp_net_send_sub_channel(struct hvp_netvsc *dev, uint32_t count)
{
	struct hvp_nvsp_sub_channel msg = { HVP_NVSP_SUB_CHANNEL_OPERATION_ALLOCATE, count };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	dev->granted = count;
	(void)hvp_nvsp_sub_channel_encode(&w, dev->neg, &msg, NULL);
	return ask_for(dev, bytes, HVP_NVSP_SUB_CHANNEL);
}

enum hvp_net_event hvp_net_send_path(struct hvp_netvsc *dev, uint32_t path)
{
	struct hvp_nvsp_switch_data_path msg = { path };
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1] = { 0 };
	struct hvp_wr w = hvp_wr_init(bytes, sizeof(bytes));

	(void)hvp_nvsp_switch_data_path_encode(&w, dev->neg, &msg, NULL);
	return ask(dev, bytes, &dev->path);
}
