/* SPDX-License-Identifier: BSD-2-Clause */
/* Every codec of the VMBus channel messages: by id as in the table, then the records. */
#ifndef HVP_TESTS_VMBUS_CODECS_H
#define HVP_TESTS_VMBUS_CODECS_H

#include "codec_table.h"

#include <hvproto/wire/vmbus.h>

CT_CODEC(vmbus, offer_channel)
CT_CODEC(vmbus, rescind_channel_offer)
CT_CODEC(vmbus, request_offers)
CT_CODEC(vmbus, all_offers_delivered)
CT_CODEC(vmbus, open_channel)
CT_CODEC(vmbus, open_channel_result)
CT_CODEC(vmbus, close_channel)
CT_CODEC(vmbus, gpadl_header)
CT_CODEC(vmbus, gpadl_body)
CT_CODEC(vmbus, gpadl_created)
CT_CODEC(vmbus, gpadl_teardown)
CT_CODEC(vmbus, gpadl_torndown)
CT_CODEC(vmbus, rel_id_released)
CT_CODEC(vmbus, initiate_contact)
CT_CODEC(vmbus, version_response)
CT_CODEC(vmbus, unload)
CT_CODEC(vmbus, unload_complete)
CT_CODEC(vmbus, open_reserved_channel)
CT_CODEC(vmbus, close_reserved_channel)
CT_CODEC(vmbus, close_reserved_response)
CT_CODEC(vmbus, tl_connect_request)
CT_CODEC(vmbus, modify_channel)
CT_CODEC(vmbus, tl_connect_request_result)
CT_CODEC(vmbus, modify_channel_response)
CT_CODEC(vmbus, modify_connection)
CT_CODEC(vmbus, modify_connection_response)
CT_CODEC(vmbus, pause)
CT_CODEC(vmbus, pause_response)
CT_CODEC(vmbus, resume)
CT_CODEC(vmbus, user_defined_ide)
CT_CODEC(vmbus, user_defined_pipe)
CT_CODEC(vmbus, user_defined_hvsock)

static const struct ct_codec codecs[] = {
	CT_CODEC_ENTRY(vmbus, offer_channel),
	CT_CODEC_ENTRY(vmbus, rescind_channel_offer),
	CT_CODEC_ENTRY(vmbus, request_offers),
	CT_CODEC_ENTRY(vmbus, all_offers_delivered),
	CT_CODEC_ENTRY(vmbus, open_channel),
	CT_CODEC_ENTRY(vmbus, open_channel_result),
	CT_CODEC_ENTRY(vmbus, close_channel),
	CT_CODEC_ENTRY(vmbus, gpadl_header),
	CT_CODEC_ENTRY(vmbus, gpadl_body),
	CT_CODEC_ENTRY(vmbus, gpadl_created),
	CT_CODEC_ENTRY(vmbus, gpadl_teardown),
	CT_CODEC_ENTRY(vmbus, gpadl_torndown),
	CT_CODEC_ENTRY(vmbus, rel_id_released),
	CT_CODEC_ENTRY(vmbus, initiate_contact),
	CT_CODEC_ENTRY(vmbus, version_response),
	CT_CODEC_ENTRY(vmbus, unload),
	CT_CODEC_ENTRY(vmbus, unload_complete),
	CT_CODEC_ENTRY(vmbus, open_reserved_channel),
	CT_CODEC_ENTRY(vmbus, close_reserved_channel),
	CT_CODEC_ENTRY(vmbus, close_reserved_response),
	CT_CODEC_ENTRY(vmbus, tl_connect_request),
	CT_CODEC_ENTRY(vmbus, modify_channel),
	CT_CODEC_ENTRY(vmbus, tl_connect_request_result),
	CT_CODEC_ENTRY(vmbus, modify_channel_response),
	CT_CODEC_ENTRY(vmbus, modify_connection),
	CT_CODEC_ENTRY(vmbus, modify_connection_response),
	CT_CODEC_ENTRY(vmbus, pause),
	CT_CODEC_ENTRY(vmbus, pause_response),
	CT_CODEC_ENTRY(vmbus, resume),
};

/* What user_defined of an offer holds, by kind of channel; no table lists these. */
static const struct hvp_field_desc ide_gaps[] = {
	CT_RESERVED(0, 2),
	CT_RESERVED(4, 4),
	{ .name = NULL },
};

static const struct hvp_field_desc pipe_gaps[] = { { .name = NULL } };

static const struct hvp_field_desc hvsock_gaps[] = {
	CT_RESERVED(26, 2),
	{ .name = NULL },
};

CT_ROW(vmbus, user_defined_ide, 12, ide_gaps)
CT_ROW(vmbus, user_defined_pipe, 120, pipe_gaps)
CT_ROW(vmbus, user_defined_hvsock, 28, hvsock_gaps)

static const struct hvp_msg_desc *const records[] = {
	&row_vmbus_user_defined_ide,
	&row_vmbus_user_defined_pipe,
	&row_vmbus_user_defined_hvsock,
};

static const struct ct_codec record_codecs[] = {
	CT_CODEC_ENTRY(vmbus, user_defined_ide),
	CT_CODEC_ENTRY(vmbus, user_defined_pipe),
	CT_CODEC_ENTRY(vmbus, user_defined_hvsock),
};

#endif /* HVP_TESTS_VMBUS_CODECS_H */
