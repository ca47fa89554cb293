/* SPDX-License-Identifier: BSD-2-Clause */
/* Every codec of RNDIS: messages in the order of the table, then the records. */
#ifndef HVP_TESTS_RNDIS_CODECS_H
#define HVP_TESTS_RNDIS_CODECS_H

#include "codec_window.h"

#include <hvproto/wire/rndis.h>

CT_CODEC(rndis, packet)
CT_CODEC(rndis, initialize)
CT_CODEC(rndis, halt)
CT_CODEC(rndis, query)
CT_CODEC(rndis, set)
CT_CODEC(rndis, reset)
CT_CODEC(rndis, indicate_status)
CT_CODEC(rndis, keepalive)
CT_CODEC(rndis, set_ex)
CT_CODEC(rndis, initialize_complete)
CT_CODEC(rndis, query_complete)
CT_CODEC(rndis, set_complete)
CT_CODEC(rndis, reset_complete)
CT_CODEC(rndis, keepalive_complete)
CT_CODEC(rndis, set_ex_complete)
CT_CODEC(rndis, message)
CT_CODEC(rndis, packet_head)
CT_CODEC(rndis, ppi)
CT_CODEC(rndis, ppi_word)
CT_CODEC(rndis, ppi_packet_id)
CT_CODEC(rndis, diagnostic)

static const struct ct_codec codecs[] = {
	CT_CODEC_ENTRY(rndis, packet),
	CT_CODEC_ENTRY(rndis, initialize),
	CT_CODEC_ENTRY(rndis, halt),
	CT_CODEC_ENTRY(rndis, query),
	CT_CODEC_ENTRY(rndis, set),
	CT_CODEC_ENTRY(rndis, reset),
	CT_CODEC_ENTRY(rndis, indicate_status),
	CT_CODEC_ENTRY(rndis, keepalive),
	CT_CODEC_ENTRY(rndis, set_ex),
	CT_CODEC_ENTRY(rndis, initialize_complete),
	CT_CODEC_ENTRY(rndis, query_complete),
	CT_CODEC_ENTRY(rndis, set_complete),
	CT_CODEC_ENTRY(rndis, reset_complete),
	CT_CODEC_ENTRY(rndis, keepalive_complete),
	CT_CODEC_ENTRY(rndis, set_ex_complete),
};

/* Chapter 20 sections 4.2 and 4.4. */
static const struct cw_layout layouts[] = {
	{ 44,
	  44,
	  8,
	  { { "data_offset", 8, "data_length", 12, 4 },
	    { "per_packet_info_offset", 28, "per_packet_info_length", 32, 4 } } },
	{ 24, 24, 8, { { .length_size = 0 } } },
	{ 12, 12, 8, { { .length_size = 0 } } },
	{ 28, 28, 8, { { "info_buffer_offset", 20, "info_buffer_length", 16, 4 } } },
	{ 28, 28, 8, { { "info_buffer_offset", 20, "info_buffer_length", 16, 4 } } },
	{ 12, 12, 8, { { .length_size = 0 } } },
	{ 20, 20, 8, { { "status_buffer_offset", 16, "status_buffer_length", 12, 4 } } },
	{ 12, 12, 8, { { .length_size = 0 } } },
	{ 28, 28, 8, { { "info_buffer_offset", 20, "info_buffer_length", 16, 4 } } },
	{ 48, 48, 8, { { .length_size = 0 } } },
	{ 24, 24, 8, { { "info_buffer_offset", 20, "info_buffer_length", 16, 4 } } },
	{ 16, 16, 8, { { .length_size = 0 } } },
	{ 16, 16, 8, { { .length_size = 0 } } },
	{ 16, 16, 8, { { .length_size = 0 } } },
	{ 24, 24, 8, { { "info_buffer_offset", 20, "info_buffer_length", 16, 4 } } },
};

static const struct hvp_field_desc no_fields[] = { { .name = NULL } };
static const struct hvp_bound message_length_bound = { "rndis.message", "message_length", 4, 8,
						       0xffffffff };
static const struct hvp_field_desc message_fields[] = {
	{ .name = "message_length",
	  .wire_offset = 4,
	  .wire_size = 4,
	  .struct_offset = offsetof(struct hvp_rndis_message, message_length),
	  .bound = &message_length_bound },
	{ .name = NULL },
};
static const struct hvp_bound head_length_bound = { "rndis.packet_head", "message_length", 4, 44,
						    0xffffffff };
static const struct hvp_field_desc packet_head_fields[] = {
	{ .name = "message_length",
	  .wire_offset = 4,
	  .wire_size = 4,
	  .struct_offset = offsetof(struct hvp_rndis_packet_head, message_length),
	  .bound = &head_length_bound },
	CT_RESERVED(40, 4),
	{ .name = NULL },
};
static const struct hvp_bound ppi_size_bound = { "rndis.ppi", "size", 0, 12, 4096 };
static const struct hvp_field_desc ppi_fields[] = {
	{ .name = "size",
	  .wire_offset = 0,
	  .wire_size = 4,
	  .struct_offset = offsetof(struct hvp_rndis_ppi, size),
	  .bound = &ppi_size_bound },
	{ .name = NULL },
};

CT_ROW(rndis, message, 8, message_fields)
CT_ROW(rndis, packet_head, 44, packet_head_fields)
CT_ROW(rndis, ppi, 12, ppi_fields)
CT_ROW(rndis, ppi_word, 4, no_fields)
CT_ROW(rndis, ppi_packet_id, 4, no_fields)
CT_ROW(rndis, diagnostic, 8, no_fields)

/* Those whose size does not change. */
static const struct hvp_msg_desc *const records[] = {
	&row_rndis_message,	  &row_rndis_packet_head, &row_rndis_ppi_word,
	&row_rndis_ppi_packet_id, &row_rndis_diagnostic,
};

static const struct ct_codec record_codecs[] = {
	CT_CODEC_ENTRY(rndis, message),	   CT_CODEC_ENTRY(rndis, packet_head),
	CT_CODEC_ENTRY(rndis, ppi_word),   CT_CODEC_ENTRY(rndis, ppi_packet_id),
	CT_CODEC_ENTRY(rndis, diagnostic),
};

static const struct ct_codec ppi_codec = CT_CODEC_ENTRY(rndis, ppi);

#endif /* HVP_TESTS_RNDIS_CODECS_H */
