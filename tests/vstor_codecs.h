/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tables of VSTOR do not name, in their order: checks before writing, and sizes. */
#ifndef HVP_TESTS_VSTOR_CODECS_H
#define HVP_TESTS_VSTOR_CODECS_H

#include "codec_table.h"

#include <hvproto/wire/vstor.h>

CT_CODEC(vstor, complete_io)
CT_CODEC(vstor, remove_device)
CT_CODEC(vstor, execute_srb)
CT_CODEC(vstor, reset_lun)
CT_CODEC(vstor, reset_adapter)
CT_CODEC(vstor, reset_bus)
CT_CODEC(vstor, begin_initialization)
CT_CODEC(vstor, end_initialization)
CT_CODEC(vstor, query_protocol_version)
CT_CODEC(vstor, query_properties)
CT_CODEC(vstor, enumerate_bus)
CT_CODEC(vstor, fc_hba_data)
CT_CODEC(vstor, fc_hba_data_event)
CT_CODEC(vstor, create_sub_channels)
CT_CODEC(vstor, event_notification)
CT_CODEC(vstor, packet_header)
CT_CODEC(vstor, protocol_version)
CT_CODEC(vstor, channel_properties)
CT_CODEC(vstor, fc_wwn)
CT_CODEC(vstor, srb_result)
CT_CODEC(vstor, client_properties)
CT_CODEC(vstor, async_register)

static const struct ct_codec message_codecs[] = {
	CT_CODEC_ENTRY(vstor, complete_io),
	CT_CODEC_ENTRY(vstor, remove_device),
	CT_CODEC_ENTRY(vstor, execute_srb),
	CT_CODEC_ENTRY(vstor, reset_lun),
	CT_CODEC_ENTRY(vstor, reset_adapter),
	CT_CODEC_ENTRY(vstor, reset_bus),
	CT_CODEC_ENTRY(vstor, begin_initialization),
	CT_CODEC_ENTRY(vstor, end_initialization),
	CT_CODEC_ENTRY(vstor, query_protocol_version),
	CT_CODEC_ENTRY(vstor, query_properties),
	CT_CODEC_ENTRY(vstor, enumerate_bus),
	CT_CODEC_ENTRY(vstor, fc_hba_data),
	CT_CODEC_ENTRY(vstor, fc_hba_data_event),
	CT_CODEC_ENTRY(vstor, create_sub_channels),
	CT_CODEC_ENTRY(vstor, event_notification),
};

static const struct ct_codec record_codecs[] = {
	CT_CODEC_ENTRY(vstor, packet_header),	   CT_CODEC_ENTRY(vstor, protocol_version),
	CT_CODEC_ENTRY(vstor, channel_properties), CT_CODEC_ENTRY(vstor, fc_wwn),
	CT_CODEC_ENTRY(vstor, srb_result),	   CT_CODEC_ENTRY(vstor, client_properties),
	CT_CODEC_ENTRY(vstor, async_register),
};

#endif /* HVP_TESTS_VSTOR_CODECS_H */
