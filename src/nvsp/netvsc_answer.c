/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host answers to NVSP requests, and what it says unasked. */
#include "netvsc.h"

/* The state is stepped by hvp_netvsc_run(), where calls into the bus are allowed. */
static void answer(struct hvp_netvsc *dev, enum hvp_net_event event)
{
	dev->expects = 0;
	dev->answer = (uint8_t)event;
}

static void answer_bad(struct hvp_netvsc *dev, enum hvp_status reason)
{
	dev->stats.values_bad++;
	answer(dev, hvp_net_fail(dev, reason));
}

static enum hvp_status init_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_init_complete msg;
	enum hvp_status status = hvp_nvsp_init_complete_decode(r, dev->neg, &msg,
							       &dev->stats.fault);

	if (status != HVP_OK)
		return status;
	if (msg.status == HVP_NVSP_STATUS_SUCCESS) {
		answer(dev, HVP_NET_ANSWER);
	} else {
		dev->stats.versions_refused++;
		answer(dev, HVP_NET_REFUSED);
	}
	return HVP_OK;
}

/* NET-SEC-12: one section from offset 0, slots of 68 bytes or more, all within the buffer. */
static bool slots_sound(const struct hvp_netvsc *dev, const struct hvp_nvsp_receive_section *s)
{
	uint64_t bytes = (uint64_t)s->sub_allocation_size * s->num_sub_allocations;

	return s->offset == 0 && s->num_sub_allocations > 0 &&
	       s->sub_allocation_size >= HVP_NVSP_SECTION_MIN &&
	       bytes <= dev->cfg.receive.range.byte_count;
}

static void take_slots(struct hvp_netvsc *dev, struct hvp_nvsp_receive_buffer_complete *msg)
{
	struct hvp_nvsp_receive_section section;

	if (msg->num_sections != 1 ||
	    hvp_nvsp_receive_section_decode(&msg->sections, dev->neg, &section, NULL) != HVP_OK ||
	    !slots_sound(dev, &section)) {
		answer_bad(dev, HVP_VALUE);
		return;
	}
	dev->info.receive_slot = section.sub_allocation_size;
	dev->info.receive_slots = section.num_sub_allocations;
	answer(dev, HVP_NET_ANSWER);
}

static enum hvp_status receive_buffer_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_receive_buffer_complete msg;
	enum hvp_status status = hvp_nvsp_receive_buffer_complete_decode(r, dev->neg, &msg,
									 &dev->stats.fault);

	if (status != HVP_OK)
		return status;
	/* The host has the buffer from now on, whatever it says of sections. */
	dev->rx_accepted = msg.status == HVP_NVSP_STATUS_SUCCESS;
	if (!dev->rx_accepted)
		answer(dev, hvp_net_fail(dev, HVP_REFUSED));
	else
		take_slots(dev, &msg);
	return HVP_OK;
}

static enum hvp_status send_buffer_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_send_buffer_complete msg;
	enum hvp_status status = hvp_nvsp_send_buffer_complete_decode(r, dev->neg, &msg,
								      &dev->stats.fault);

	if (status != HVP_OK)
		return status;
	dev->tx_accepted = msg.status == HVP_NVSP_STATUS_SUCCESS;
	if (!dev->tx_accepted) {
		answer(dev, HVP_NET_REFUSED);
	} else if (msg.section_size < HVP_NVSP_SECTION_MIN ||
		   msg.section_size > dev->cfg.send.range.byte_count) {
		answer_bad(dev, HVP_VALUE);
	} else {
		dev->info.section_size = msg.section_size;
		dev->info.sections = dev->cfg.send.range.byte_count / msg.section_size;
		answer(dev, HVP_NET_ANSWER);
	}
	return HVP_OK;
}

/* Without the channels asked for there is still a NIC; more than that is a lie (NET-SEC-14). */
static enum hvp_status sub_channel_complete(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_sub_channel_complete msg;
	enum hvp_status status = hvp_nvsp_sub_channel_complete_decode(r, dev->neg, &msg,
								      &dev->stats.fault);

	if (status != HVP_OK)
		return status;
	if (msg.status != HVP_NVSP_STATUS_SUCCESS || msg.num_sub_channels == 0) {
		dev->granted = 0;
		answer(dev, HVP_NET_REFUSED);
	} else if (msg.num_sub_channels > dev->granted) {
		dev->granted = 0;
		answer_bad(dev, HVP_VALUE);
	} else {
		dev->granted = msg.num_sub_channels;
		answer(dev, HVP_NET_ANSWER);
	}
	return HVP_OK;
}

/* An answer that is not the one expected is dropped; the wait goes on, to its end. */
bool hvp_net_nvsp_answer(struct hvp_netvsc *dev, struct hvp_rd r)
{
	enum hvp_status status;

	switch (dev->expects) {
	case HVP_NVSP_INIT_COMPLETE:
		status = init_complete(dev, &r);
		break;
	case HVP_NVSP_RECEIVE_BUFFER_COMPLETE:
		status = receive_buffer_complete(dev, &r);
		break;
	case HVP_NVSP_SEND_BUFFER_COMPLETE:
		status = send_buffer_complete(dev, &r);
		break;
	default: /* HVP_NVSP_SUB_CHANNEL */
		status = sub_channel_complete(dev, &r);
		break;
	}
	return status == HVP_OK;
}

static enum hvp_status vf_association(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_vf_association msg;
	enum hvp_status status = hvp_nvsp_vf_association_decode(r, dev->neg, &msg,
								&dev->stats.fault);

	if (status != HVP_OK)
		return status;
	/* NET-SEC-16: an untrusted host does not tell us which device to trust. */
	if (dev->cfg.isolated) {
		dev->stats.vf_ignored++;
		return HVP_OK;
	}
	dev->stats.vf_changes++;
	dev->info.vf = msg.vf_allocated != 0;
	dev->info.vf_serial = msg.serial_number;
	dev->news |= HVP_NET_NEWS_VF;
	return HVP_OK;
}

/* The host took the traffic back; it never gives it to a VF by itself. */
static enum hvp_status path_switched(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_nvsp_switch_data_path msg;
	enum hvp_status status = hvp_nvsp_switch_data_path_decode(r, dev->neg, &msg,
								  &dev->stats.fault);

	if (status != HVP_OK)
		return status;
	if (msg.active_data_path != HVP_NVSP_DATA_PATH_SYNTHETIC)
		return HVP_VALUE;
	dev->info.data_path = HVP_NVSP_DATA_PATH_SYNTHETIC;
	if (!dev->path_busy) {
		dev->path_status = HVP_OK;
		dev->news |= HVP_NET_NEWS_PATH;
	}
	return HVP_OK;
}

/*
 * Where the table lies (NET-REQ-049, BUG-109): up to version 6.0 some hosts state a wrong offset
 * and put it at 40.
 */
static uint32_t table_offset(const struct hvp_netvsc *dev,
			     const struct hvp_nvsp_indirection_table *msg, size_t size)
{
	if (dev->neg.version <= HVP_NVSP_VERSION_6_0 && size >= HVP_NVSP_TABLE_MESSAGE_MIN)
		return HVP_NVSP_TABLE_OFFSET_FIXED;
	return msg->table_offset;
}

static enum hvp_status indirection_table(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rd whole = *r;
	struct hvp_nvsp_indirection_table msg;
	enum hvp_status status = hvp_nvsp_indirection_table_decode(r, dev->neg, &msg,
								   &dev->stats.fault);
	uint8_t table[HVP_NETVSC_HOST_TABLE];
	struct hvp_rd entries;
	uint32_t value;
	uint32_t i;

	if (status != HVP_OK)
		return status;
	if (msg.table_entry_count != HVP_NVSP_TABLE_ENTRIES ||
	    !hvp_rd_window(&whole, table_offset(dev, &msg, whole.len), 4u * HVP_NVSP_TABLE_ENTRIES,
			   &entries))
		return HVP_RANGE;
	for (i = 0; i < HVP_NVSP_TABLE_ENTRIES; i++) {
		value = hvp_get_u32(entries.p + 4u * i);
		if (value >= dev->cfg.queue_count || !dev->cfg.queues[value].open)
			return HVP_VALUE;
		table[i] = (uint8_t)value;
	}
	hvp_memcpy(dev->host_table, table, sizeof(table));
	dev->stats.tables++;
	dev->news |= HVP_NET_NEWS_TABLE;
	return HVP_OK;
}

/* @payload: at least the type, 8 bytes of padding rule see to that. */
void hvp_net_inband(struct hvp_netvsc *dev, struct hvp_rd payload)
{
	uint32_t type = payload.len < 4 ? 0 : hvp_get_u32(payload.p);
	enum hvp_status status;

	switch (type) {
	case HVP_NVSP_VF_ASSOCIATION:
		status = vf_association(dev, &payload);
		break;
	case HVP_NVSP_SWITCH_DATA_PATH:
		status = path_switched(dev, &payload);
		break;
	case HVP_NVSP_INDIRECTION_TABLE:
		status = indirection_table(dev, &payload);
		dev->stats.tables_bad += status != HVP_OK;
		break;
	default:
		dev->stats.nvsp_unknown++;
		return;
	}
	dev->stats.nvsp_bad += status != HVP_OK;
}
