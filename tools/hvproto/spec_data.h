/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_data.h - the data files that hvpgen prints from the spec
 *
 * Installed beside the program, else taken from the source tree. A file that is missing costs
 * the words, not the layouts: those are in the program.
 */
#ifndef SPEC_DATA_H
#define SPEC_DATA_H

#include <jansson.h>

/* A new reference, or NULL. */
json_t *spec_data_file(const char *name);
json_t *spec_protocol_data(const char *protocol);

/* Borrowed from @data; NULL when there is none. */
const json_t *spec_message_doc(const json_t *data, const char *message);
const json_t *spec_field_doc(const json_t *message, const char *field);

/* A text member, "" when it is missing. */
const char *spec_text(const json_t *object, const char *key);

#endif /* SPEC_DATA_H */
