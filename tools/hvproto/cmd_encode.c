/* SPDX-License-Identifier: BSD-2-Clause */
/* hvproto encode: the bytes of a message from its fields. */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum layout {
	LAYOUT_HEX,
	LAYOUT_DUMP,
	LAYOUT_RAW,
};

struct encode {
	const struct hvp_proto_desc *proto;
	const char *message;
	struct hvp_neg neg;
	bool version_given;
	bool features_given;
	enum layout layout;
	unsigned int shown;
};

static void usage(FILE *out)
{
	fputs("usage: hvproto encode [--protocol NAME] [--message NAME] [OPTIONS] JSON|@FILE|-\n"
	      "\n"
	      "Prints the bytes of a message in hex. JSON is the object of its fields, or a whole line\n"
	      "of `hvproto decode --json`, which also names protocol and message; '@FILE' is read from\n"
	      "a file and '-' from standard input, where several objects may follow one another.\n"
	      "\n"
	      "  -p, --protocol NAME     such as vmbus\n"
	      "  -m, --message NAME      such as open_channel\n"
	      "  -V, --version VERSION   negotiated version, such as 5.3 (default: the newest)\n"
	      "  -F, --features FLAGS    negotiated feature flags, a number or 'all' (default: what the\n"
	      "                          fields need)\n"
	      "      --dump              with a caption and offsets, as in tests/vectors\n"
	      "      --raw               the bytes themselves\n"
	      "  -h, --help              this text\n"
	      "\n"
	      "Fields that are not given are 0, reserved ones too. Optional fields are there when one\n"
	      "of their group is given. Enumerations may be given by name, bytes as hex text, GUIDs as\n"
	      "people write them.\n"
	      "\n"
	      "Exit status: 0 done, 1 the fields are at fault, 2 wrong usage.\n",
	      out);
}

static void print_bytes(const struct encode *e, const struct hvp_msg_desc *msg, const uint8_t *p,
			size_t n)
{
	size_t i;

	if (e->layout == LAYOUT_RAW) {
		fwrite(p, 1, n, stdout);
		return;
	}
	if (e->layout == LAYOUT_DUMP)
		printf("# %s %s, %s; %zu bytes\n", e->proto->name, msg->name,
		       cli_direction_text(msg->direction), n);
	for (i = 0; i < n; i++) {
		if (i % 16 == 0 && e->layout == LAYOUT_DUMP)
			printf("%04zx: ", i);
		printf("%02x%c", p[i], i % 16 == 15 || i + 1 == n ? '\n' : ' ');
	}
}

static const struct hvp_field_desc *presence(const struct hvp_msg_desc *msg, const char *name)
{
	const struct hvp_field_desc *f;

	for (f = msg->fields; f->name; f++)
		if (f->type == HVP_FIELD_PRESENT && strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/*
 * The encoder insists on the groups that a version has. One that the version demands and of
 * which no field was given goes out as zeros, like any other field that was not given.
 */
static enum hvp_status try_encode(const struct hvp_msg_desc *msg, uint8_t *value,
				  struct hvp_neg neg, struct hvp_wr *w, struct hvp_fault *fault)
{
	const struct hvp_field_desc *group;
	enum hvp_status status;

	for (;;) {
		w->off = 0;
		memset(fault, 0, sizeof(*fault));
		status = msg->encode(w, neg, value, fault);
		if (status != HVP_ARG || !fault->field || fault->found != 0)
			return status;
		group = presence(msg, fault->field);
		if (!group)
			return status;
		value[group->struct_offset] = true;
	}
}

static void tell_fault(const struct hvp_msg_desc *msg, enum hvp_status status,
		       const struct hvp_fault *fault)
{
	const struct hvp_field_desc *group = fault->field ? presence(msg, fault->field) : NULL;

	if (status == HVP_UNSUPPORTED)
		cli_error("%s: %s; give another --version, or --features", msg->name,
			  hvp_status_text(status));
	else if (group)
		cli_error("key '%s': there are no %s in this version with these features",
			  group[1].name, group->name + strlen("has_"));
	else
		cli_error("key '%s': %" PRIu64 " (0x%" PRIx64 "), but allowed is %" PRIu64
			  " to %" PRIu64,
			  fault->field, fault->found, fault->found, fault->low, fault->high);
}

static int encode_value(const struct encode *e, const struct hvp_msg_desc *msg, uint8_t *value,
			size_t view_bytes)
{
	uint8_t *copy = cli_alloc(1, msg->struct_size);
	size_t room = CLI_FIXED_MAX + view_bytes;
	struct hvp_wr w = hvp_wr_init(cli_alloc(room, 1), room);
	struct hvp_neg all = { e->neg.version, CLI_FEATURES_ALL };
	struct hvp_fault fault;
	struct hvp_fault second;
	enum hvp_status status;

	memcpy(copy, value, msg->struct_size);
	status = try_encode(msg, value, e->neg, &w, &fault);
	if (status != HVP_OK && !e->features_given &&
	    try_encode(msg, copy, all, &w, &second) == HVP_OK)
		status = HVP_OK;
	if (status == HVP_OK)
		print_bytes(e, msg, w.p, w.off);
	else
		tell_fault(msg, status, &fault);
	free(w.p);
	free(copy);
	return status == HVP_OK ? CLI_OK : CLI_DATA;
}

/* A line of `decode --json` brings protocol and message along. */
static json_t *unwrap(struct encode *e, json_t *object)
{
	const char *protocol = json_string_value(json_object_get(object, "protocol"));
	const char *message = json_string_value(json_object_get(object, "message"));
	json_t *fields = json_object_get(object, "fields");

	if (!json_is_object(fields) || (!protocol && !message))
		return object;
	if (!e->proto && protocol)
		e->proto = cli_protocol(protocol);
	if (!e->message)
		e->message = message;
	return fields;
}

static int encode_object(struct encode given, json_t *object)
{
	struct cli_buffer bytes = { 0 };
	const struct hvp_msg_desc *msg;
	json_t *fields = unwrap(&given, object);
	int result = CLI_DATA;
	uint8_t *value;

	if (!given.proto || !given.message) {
		cli_error("which message? Give --protocol and --message");
		return CLI_USAGE;
	}
	msg = cli_message(given.proto, given.message);
	if (!msg)
		return CLI_USAGE;
	if (!given.version_given)
		given.neg.version = cli_version_latest(given.proto);
	value = cli_fields_from_json(msg, fields, &bytes);
	if (value)
		result = encode_value(&given, msg, value, bytes.size);
	free(value);
	cli_free(&bytes);
	return result;
}

static int encode_text(struct encode *e, const char *origin, const char *text, size_t n)
{
	json_error_t error;
	int result = CLI_OK;

	do {
		json_t *object = json_loadb(
			text, n, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
		int one;

		if (!object) {
			cli_error("%s:%d:%d: not JSON: %s", origin, error.line, error.column,
				  error.text);
			return CLI_DATA;
		}
		if (e->shown++ > 0 && e->layout != LAYOUT_RAW)
			putchar('\n');
		one = encode_object(*e, object);
		result = one > result ? one : result;
		json_decref(object);
		text += error.position;
		n -= (size_t)error.position;
		while (n > 0 && isspace((unsigned char)*text)) {
			text++;
			n--;
		}
	} while (n > 0);
	return result;
}

static int encode_argument(struct encode *e, const char *argument)
{
	struct cli_buffer text = { 0 };
	const char *path = argument[0] == '@' ? argument + 1 : argument;
	int result;

	if (argument[0] != '@' && strcmp(argument, "-") != 0)
		return encode_text(e, "argument", argument, strlen(argument));
	if (!cli_read_file(path, &text))
		return CLI_USAGE;
	result = encode_text(e, path, (const char *)text.p, text.size);
	cli_free(&text);
	return result;
}

static bool apply(struct encode *e, int option)
{
	switch (option) {
	case 'p':
		e->proto = cli_protocol(optarg);
		return e->proto != NULL;
	case 'm':
		e->message = optarg;
		return true;
	case 'V':
		e->version_given = cli_parse_version(optarg, &e->neg.version);
		if (!e->version_given)
			cli_error("--version wants a version such as 5.3, not '%s'", optarg);
		return e->version_given;
	case 'F':
		e->features_given = cli_parse_features(optarg, &e->neg.features);
		if (!e->features_given)
			cli_error("--features wants a number or 'all', not '%s'", optarg);
		return e->features_given;
	case 'D':
		e->layout = LAYOUT_DUMP;
		return true;
	case 'R':
		e->layout = LAYOUT_RAW;
		return true;
	default:
		cli_error("see `hvproto encode --help`");
		return false;
	}
}

int cmd_encode(int argc, char **argv)
{
	static const struct option options[] = {
		{ "protocol", required_argument, NULL, 'p' },
		{ "message", required_argument, NULL, 'm' },
		{ "version", required_argument, NULL, 'V' },
		{ "features", required_argument, NULL, 'F' },
		{ "dump", no_argument, NULL, 'D' },
		{ "raw", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct encode e = { .neg = { 0, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "p:m:V:F:h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return CLI_OK;
		}
		if (!apply(&e, c))
			return CLI_USAGE;
	}
	if (optind + 1 != argc) {
		cli_error("encode wants one JSON object, '@FILE' or '-'");
		return CLI_USAGE;
	}
	return encode_argument(&e, argv[optind]);
}
