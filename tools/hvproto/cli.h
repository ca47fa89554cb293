/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - inside of the command line program
 *
 * Everything here is driven by the message tables (hvproto/msg.h): a protocol that gains a
 * table and a row in protocols.c is decoded, encoded and listed without another line.
 *
 * Exit status of all commands: 0 done, 1 the data are at fault, 2 the command line is.
 */
#ifndef CLI_H
#define CLI_H

#include <hvproto/msg.h>

#include <jansson.h>
#include <stdio.h>

#define CLI_OK 0
#define CLI_DATA 1
#define CLI_USAGE 2

#define CLI_DIR_UNKNOWN 0u
#define CLI_FEATURES_ALL 0xffffffffu
#define CLI_NAMES 256u
#define CLI_FIXED_MAX 4096u /* more than any message has besides its views */

/* What the decoder knows of the bytes before it reads them. */
struct cli_hint {
	const struct hvp_proto_desc *proto; /* NULL: to be guessed */
	const struct hvp_msg_desc *msg; /* NULL: by the id on the wire */
	uint32_t direction; /* CLI_DIR_UNKNOWN: to be guessed */
	bool version_given;
	bool features_given;
	struct hvp_neg neg;
};

enum cli_kind {
	CLI_MESSAGE, /* to be decoded */
	CLI_BYTES, /* bytes that are no message: what a packet points to, context */
	CLI_NOTE, /* a line of text */
};

/* One piece of input. @label, @why: NUL-terminated, owned by whoever calls back. */
struct cli_item {
	enum cli_kind kind;
	struct cli_hint hint;
	uint32_t channel; /* of a trace; 0: not known */
	const char *file;
	const char *label; /* caption, or record of a trace; "" */
	const char *why; /* where protocol and direction come from; "" */
	const uint8_t *data;
	size_t size;
};

typedef int (*cli_item_fn)(void *context, const struct cli_item *item);

enum cli_format {
	CLI_FORMAT_AUTO,
	CLI_FORMAT_RAW,
	CLI_FORMAT_HEX,
	CLI_FORMAT_TRACE,
};

/* A growing run of bytes; zero-initialise it. */
struct cli_buffer {
	uint8_t *p;
	size_t size;
	size_t room;
};

/* main.c */
int cmd_decode(int argc, char **argv);
int cmd_encode(int argc, char **argv);
int cmd_spec(int argc, char **argv);

/* util.c */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *cli_alloc(size_t count, size_t size);
void cli_append(struct cli_buffer *b, const void *p, size_t n);
void cli_free(struct cli_buffer *b);
bool cli_read_file(const char *path, struct cli_buffer *out);
bool cli_colour(void);
const char *cli_suggest(const char *word, const char *const *candidates, size_t count);
bool cli_parse_number(const char *text, uint64_t max, uint64_t *out);
bool cli_parse_version(const char *text, uint32_t *out);
bool cli_parse_features(const char *text, uint32_t *out);
bool cli_parse_guid(const char *text, uint8_t out[16]);
void cli_format_guid(const uint8_t b[16], char out[37]);
bool cli_parse_hex(const char *text, struct cli_buffer *out);
const char *cli_direction_name(uint32_t direction); /* "g2h" */
const char *cli_direction_text(uint32_t direction); /* "guest to host" */
bool cli_parse_direction(const char *text, uint32_t *out);

/* protocols.c */
size_t cli_protocol_count(void);
const struct hvp_proto_desc *cli_protocol_at(size_t i);
const struct hvp_proto_desc *cli_protocol_records(size_t i);
bool cli_protocol_is_specified(size_t i);
const struct hvp_proto_desc *cli_protocol(const char *name); /* NULL after a message */
const struct hvp_proto_desc *cli_protocol_quiet(const char *name);
const struct hvp_msg_desc *cli_message_quiet(const struct hvp_proto_desc *proto, const char *name);
const struct hvp_msg_desc *cli_message(const struct hvp_proto_desc *proto, const char *name);
const struct hvp_msg_desc *cli_message_of(const struct hvp_proto_desc *proto, const uint8_t *data,
					  size_t size, uint32_t direction);
bool cli_message_id(const struct hvp_proto_desc *proto, const uint8_t *data, size_t size,
		    uint32_t *id);
uint32_t cli_version_latest(const struct hvp_proto_desc *proto); /* what is not given */
bool cli_same_name(const char *a, const char *b); /* case and - against _ do not count */
void cli_guess(struct cli_item *item);

/* input.c, input_hex.c, input_pcap.c: 0, or an exit code after a message */
int cli_input(const char *path, enum cli_format format, const struct cli_hint *hint, cli_item_fn fn,
	      void *context);
int cli_input_hex(const char *file, const struct cli_buffer *text, const struct cli_hint *hint,
		  cli_item_fn fn, void *context);
int cli_input_trace(const char *file, const struct cli_buffer *bytes, const struct cli_hint *hint,
		    cli_item_fn fn, void *context);
bool cli_looks_like_hex(const struct cli_buffer *bytes);
bool cli_looks_like_trace(const struct cli_buffer *bytes);

/* One message decoded by its table row. @value is the structure, to be freed. */
struct cli_decoded {
	const struct hvp_msg_desc *msg;
	struct hvp_neg neg; /* with which it was decoded */
	void *value;
	size_t used; /* bytes of the message; what follows is surplus */
};

/* codec.c */
enum hvp_status cli_decode(const struct cli_item *item, struct cli_decoded *out,
			   struct hvp_fault *fault);
uint64_t cli_field_number(const struct hvp_field_desc *f, const void *value);
bool cli_field_is_number(const struct hvp_field_desc *f);
const char *cli_field_type(const struct hvp_field_desc *f); /* "u32", "bytes", "view" */
const char *cli_value_name(const struct hvp_field_desc *f, uint64_t v);
bool cli_field_present(const struct hvp_field_desc *f, const void *value);
bool cli_view_has_items(const struct hvp_field_desc *f);
bool cli_view_is_scalar(const struct hvp_field_desc *f);
const struct hvp_field_desc *cli_scalar(const struct hvp_field_desc *f);
size_t cli_item_fixed(const struct hvp_field_desc *f);
size_t cli_item_size(const struct hvp_field_desc *f, const uint8_t *p, size_t left);
uint64_t cli_wire_number(const struct hvp_field_desc *f, const uint8_t *item);

/* json_fields.c, json_parse.c */
json_t *cli_field_to_json(const struct hvp_field_desc *f, const void *value);
json_t *cli_fields_to_json(const struct hvp_field_desc *fields, const void *value);
/* NULL after a message that names the key. What views refer to is put into @bytes. */
void *cli_fields_from_json(const struct hvp_msg_desc *msg, json_t *object,
			   struct cli_buffer *bytes);

/* print_tree.c */
void cli_print_message(const struct cli_item *item, const struct cli_decoded *d);
void cli_print_fault(FILE *out, const struct cli_item *item, const struct hvp_fault *fault);
void cli_print_bytes(const uint8_t *p, size_t n, const char *indent);
void cli_print_other(const struct cli_item *item);

#endif /* CLI_H */
