/* SPDX-License-Identifier: BSD-2-Clause */
/* Every codec of NVSP: messages in the order of the table, then the records. */
#ifndef HVP_TESTS_NVSP_CODECS_H
#define HVP_TESTS_NVSP_CODECS_H

#include "codec_table.h"

#include <hvproto/wire/nvsp.h>

CT_CODEC(nvsp, init)
CT_CODEC(nvsp, init_complete)
CT_CODEC(nvsp, ndis_version)
CT_CODEC(nvsp, receive_buffer)
CT_CODEC(nvsp, receive_buffer_complete)
CT_CODEC(nvsp, revoke_receive_buffer)
CT_CODEC(nvsp, send_buffer)
CT_CODEC(nvsp, send_buffer_complete)
CT_CODEC(nvsp, revoke_send_buffer)
CT_CODEC(nvsp, rndis_packet)
CT_CODEC(nvsp, rndis_packet_complete)
CT_CODEC(nvsp, send_chimney_delegated_buffer)
CT_CODEC(nvsp, send_chimney_delegated_buffer_complete)
CT_CODEC(nvsp, revoke_chimney_delegated_buffer)
CT_CODEC(nvsp, resume_chimney_rx_indication)
CT_CODEC(nvsp, terminate_chimney)
CT_CODEC(nvsp, terminate_chimney_complete)
CT_CODEC(nvsp, indicate_chimney_event)
CT_CODEC(nvsp, send_chimney_packet)
CT_CODEC(nvsp, send_chimney_packet_complete)
CT_CODEC(nvsp, post_chimney_recv_request)
CT_CODEC(nvsp, post_chimney_recv_request_complete)
CT_CODEC(nvsp, allocate_receive_buffer)
CT_CODEC(nvsp, allocate_receive_buffer_complete)
CT_CODEC(nvsp, free_receive_buffer)
CT_CODEC(nvsp, send_vmq_rndis_packet)
CT_CODEC(nvsp, send_vmq_rndis_packet_complete)
CT_CODEC(nvsp, ndis_config)
CT_CODEC(nvsp, allocate_chimney_handle)
CT_CODEC(nvsp, allocate_chimney_handle_complete)
CT_CODEC(nvsp, vf_association)
CT_CODEC(nvsp, switch_data_path)
CT_CODEC(nvsp, uplink_connect_state)
CT_CODEC(nvsp, oid_query_ex)
CT_CODEC(nvsp, oid_query_ex_complete)
CT_CODEC(nvsp, sub_channel)
CT_CODEC(nvsp, sub_channel_complete)
CT_CODEC(nvsp, indirection_table)
CT_CODEC(nvsp, pd_api)
CT_CODEC(nvsp, pd_api_complete)
CT_CODEC(nvsp, pd_post_batch)
CT_CODEC(nvsp, receive_section)
CT_CODEC(nvsp, vmq_range)
CT_CODEC(nvsp, pd_buffer)
CT_CODEC(nvsp, pd_configuration)
CT_CODEC(nvsp, pd_configuration_complete)
CT_CODEC(nvsp, pd_switch_datapath)
CT_CODEC(nvsp, pd_open_provider)
CT_CODEC(nvsp, pd_provider)
CT_CODEC(nvsp, pd_create_queue)
CT_CODEC(nvsp, pd_create_queue_complete)
CT_CODEC(nvsp, pd_queue)
CT_CODEC(nvsp, pd_allocate_common_buffer)
CT_CODEC(nvsp, pd_common_buffer)
CT_CODEC(nvsp, pd_free_common_buffer)

static const struct ct_codec codecs[] = {
	CT_CODEC_ENTRY(nvsp, init),
	CT_CODEC_ENTRY(nvsp, init_complete),
	CT_CODEC_ENTRY(nvsp, ndis_version),
	CT_CODEC_ENTRY(nvsp, receive_buffer),
	CT_CODEC_ENTRY(nvsp, receive_buffer_complete),
	CT_CODEC_ENTRY(nvsp, revoke_receive_buffer),
	CT_CODEC_ENTRY(nvsp, send_buffer),
	CT_CODEC_ENTRY(nvsp, send_buffer_complete),
	CT_CODEC_ENTRY(nvsp, revoke_send_buffer),
	CT_CODEC_ENTRY(nvsp, rndis_packet),
	CT_CODEC_ENTRY(nvsp, rndis_packet_complete),
	CT_CODEC_ENTRY(nvsp, send_chimney_delegated_buffer),
	CT_CODEC_ENTRY(nvsp, send_chimney_delegated_buffer_complete),
	CT_CODEC_ENTRY(nvsp, revoke_chimney_delegated_buffer),
	CT_CODEC_ENTRY(nvsp, resume_chimney_rx_indication),
	CT_CODEC_ENTRY(nvsp, terminate_chimney),
	CT_CODEC_ENTRY(nvsp, terminate_chimney_complete),
	CT_CODEC_ENTRY(nvsp, indicate_chimney_event),
	CT_CODEC_ENTRY(nvsp, send_chimney_packet),
	CT_CODEC_ENTRY(nvsp, send_chimney_packet_complete),
	CT_CODEC_ENTRY(nvsp, post_chimney_recv_request),
	CT_CODEC_ENTRY(nvsp, post_chimney_recv_request_complete),
	CT_CODEC_ENTRY(nvsp, allocate_receive_buffer),
	CT_CODEC_ENTRY(nvsp, allocate_receive_buffer_complete),
	CT_CODEC_ENTRY(nvsp, free_receive_buffer),
	CT_CODEC_ENTRY(nvsp, send_vmq_rndis_packet),
	CT_CODEC_ENTRY(nvsp, send_vmq_rndis_packet_complete),
	CT_CODEC_ENTRY(nvsp, ndis_config),
	CT_CODEC_ENTRY(nvsp, allocate_chimney_handle),
	CT_CODEC_ENTRY(nvsp, allocate_chimney_handle_complete),
	CT_CODEC_ENTRY(nvsp, vf_association),
	CT_CODEC_ENTRY(nvsp, switch_data_path),
	CT_CODEC_ENTRY(nvsp, uplink_connect_state),
	CT_CODEC_ENTRY(nvsp, oid_query_ex),
	CT_CODEC_ENTRY(nvsp, oid_query_ex_complete),
	CT_CODEC_ENTRY(nvsp, sub_channel),
	CT_CODEC_ENTRY(nvsp, sub_channel_complete),
	CT_CODEC_ENTRY(nvsp, indirection_table),
	CT_CODEC_ENTRY(nvsp, pd_api),
	CT_CODEC_ENTRY(nvsp, pd_api_complete),
	CT_CODEC_ENTRY(nvsp, pd_post_batch),
};

/* Of the records, what an encoder has to write as 0. */
static const struct hvp_field_desc no_fields[] = { { .name = NULL } };
static const struct hvp_field_desc pd_create_queue_fields[] = { CT_RESERVED(24, 6),
								{ .name = NULL } };
static const struct hvp_field_desc pd_create_queue_complete_fields[] = { CT_RESERVED(22, 6),
									 { .name = NULL } };

CT_ROW(nvsp, receive_section, 16, no_fields)
CT_ROW(nvsp, vmq_range, 16, no_fields)
CT_ROW(nvsp, pd_buffer, 8, no_fields)
CT_ROW(nvsp, pd_configuration, 14, no_fields)
CT_ROW(nvsp, pd_configuration_complete, 5, no_fields)
CT_ROW(nvsp, pd_switch_datapath, 2, no_fields)
CT_ROW(nvsp, pd_open_provider, 8, no_fields)
CT_ROW(nvsp, pd_provider, 4, no_fields)
CT_ROW(nvsp, pd_create_queue, 30, pd_create_queue_fields)
CT_ROW(nvsp, pd_create_queue_complete, 28, pd_create_queue_complete_fields)
CT_ROW(nvsp, pd_queue, 6, no_fields)
CT_ROW(nvsp, pd_allocate_common_buffer, 10, no_fields)
CT_ROW(nvsp, pd_common_buffer, 19, no_fields)
CT_ROW(nvsp, pd_free_common_buffer, 19, no_fields)

static const struct hvp_msg_desc *const records[] = {
	&row_nvsp_receive_section,
	&row_nvsp_vmq_range,
	&row_nvsp_pd_buffer,
	&row_nvsp_pd_configuration,
	&row_nvsp_pd_configuration_complete,
	&row_nvsp_pd_switch_datapath,
	&row_nvsp_pd_open_provider,
	&row_nvsp_pd_provider,
	&row_nvsp_pd_create_queue,
	&row_nvsp_pd_create_queue_complete,
	&row_nvsp_pd_queue,
	&row_nvsp_pd_allocate_common_buffer,
	&row_nvsp_pd_common_buffer,
	&row_nvsp_pd_free_common_buffer,
};

static const struct ct_codec record_codecs[] = {
	CT_CODEC_ENTRY(nvsp, receive_section),
	CT_CODEC_ENTRY(nvsp, vmq_range),
	CT_CODEC_ENTRY(nvsp, pd_buffer),
	CT_CODEC_ENTRY(nvsp, pd_configuration),
	CT_CODEC_ENTRY(nvsp, pd_configuration_complete),
	CT_CODEC_ENTRY(nvsp, pd_switch_datapath),
	CT_CODEC_ENTRY(nvsp, pd_open_provider),
	CT_CODEC_ENTRY(nvsp, pd_provider),
	CT_CODEC_ENTRY(nvsp, pd_create_queue),
	CT_CODEC_ENTRY(nvsp, pd_create_queue_complete),
	CT_CODEC_ENTRY(nvsp, pd_queue),
	CT_CODEC_ENTRY(nvsp, pd_allocate_common_buffer),
	CT_CODEC_ENTRY(nvsp, pd_common_buffer),
	CT_CODEC_ENTRY(nvsp, pd_free_common_buffer),
};

#endif /* HVP_TESTS_NVSP_CODECS_H */
