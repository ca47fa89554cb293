/* SPDX-License-Identifier: BSD-2-Clause */
/* hvproto decode: what captured bytes say. */
#include "cli.h"

#include "network.h"
#include "ring_packet.h"

#include <hvproto/wire/vmbus_table.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct decode {
	struct cli_hint hint;
	enum cli_format format;
	const char *message;
	bool json;
	bool quiet;
	const char *noted; /* file whose guess was already told */
	unsigned int shown;
	struct cli_network network;
};

static void usage(FILE *out)
{
	fputs("usage: hvproto decode [OPTIONS] FILE...\n"
	      "\n"
	      "Prints the messages of a file ('-': standard input) as a tree, or as JSON. A file is\n"
	      "the bytes of one message, hex text (with or without offsets and '# ' captions, several\n"
	      "messages), or a trace of the mock host (pcap). After a message with a fault decoding\n"
	      "goes on with the next.\n"
	      "\n"
	      "  -p, --protocol NAME     vmbus (control messages), ring (packets without trailer),\n"
	      "                          pipe, nvsp, rndis, ndis\n"
	      "  -m, --message NAME      decode as this message or record, whatever its id\n"
	      "  -d, --direction DIR     g2h (guest to host) or h2g (host to guest)\n"
	      "  -V, --version VERSION   negotiated version, such as 5.3 (default: the newest)\n"
	      "  -F, --features FLAGS    negotiated feature flags, a number or 'all' (default: tried)\n"
	      "  -f, --format FORMAT     raw, hex or trace (default: recognised)\n"
	      "  -D, --device network    ring packets are a NIC's: show NVSP, RNDIS and NDIS too (in a\n"
	      "                          trace the offers tell)\n"
	      "  -j, --json              one object a line: protocol, message, id, direction, size,\n"
	      "                          fields; of a bad message: fault instead of fields\n"
	      "  -q, --quiet             no notes about what was guessed\n"
	      "  -h, --help              this text\n"
	      "\n"
	      "Protocol and direction that are not given are taken from the caption, the name of the\n"
	      "file (NNNN-g2h-...) or the bytes, in this order, and the output says from which.\n"
	      "\n"
	      "Exit status: 0 all decoded, 1 a message or file is faulty, 2 wrong usage.\n",
	      out);
}

static bool parse_format(const char *text, enum cli_format *out)
{
	static const char *const names[] = { "auto", "raw", "hex", "trace" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum cli_format)i;
			return true;
		}
	return false;
}

static uint32_t direction_of(const struct cli_item *item, const struct hvp_msg_desc *msg)
{
	if (item->hint.direction != CLI_DIR_UNKNOWN || !msg)
		return item->hint.direction;
	return msg->direction;
}

static json_t *head_json(const struct cli_item *item, const struct hvp_msg_desc *msg)
{
	uint32_t direction = direction_of(item, msg);
	json_t *object = json_object();
	uint32_t id = 0;
	bool has_id = cli_message_id(item->hint.proto, item->data, item->size, &id);

	json_object_set_new(object, "protocol", json_string(item->hint.proto->name));
	json_object_set_new(object, "message", msg ? json_string(msg->name) : json_null());
	json_object_set_new(object, "id", has_id ? json_integer(id) : json_null());
	json_object_set_new(object, "direction",
			    direction == CLI_DIR_UNKNOWN
				    ? json_null()
				    : json_string(cli_direction_name(direction)));
	json_object_set_new(object, "size", json_integer((json_int_t)item->size));
	return object;
}

static void print_json(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	puts(text ? text : "{}");
	free(text);
	json_decref(object);
}

static json_t *big(uint64_t v)
{
	char text[24];

	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

static void fault_to_json(const struct cli_item *item, const struct hvp_msg_desc *msg,
			  const struct hvp_fault *fault)
{
	json_t *object = head_json(item, msg);
	json_t *f = json_object();

	json_object_set_new(f, "status", json_string(hvp_status_name(fault->status)));
	json_object_set_new(f, "message", json_string(fault->message));
	json_object_set_new(f, "field", json_string(fault->field));
	json_object_set_new(f, "offset", json_integer(fault->offset));
	json_object_set_new(f, "found", big(fault->found));
	json_object_set_new(f, "low", big(fault->low));
	json_object_set_new(f, "high", big(fault->high));
	json_object_set_new(object, "fault", f);
	print_json(object);
}

static void message_to_json(const struct cli_item *item, const struct cli_decoded *d)
{
	json_t *object = head_json(item, d->msg);

	json_object_set_new(object, "fields", cli_fields_to_json(d->msg->fields, d->value));
	if (d->used < item->size)
		json_object_set_new(object, "surplus",
				    json_integer((json_int_t)(item->size - d->used)));
	print_json(object);
}

/* JSON has no place for it: say once a file, beside the output, what was assumed. */
static void tell_guess(struct decode *d, const struct cli_item *item)
{
	if (!d->json || d->quiet || item->why[0] == '\0' || d->noted == item->file)
		return;
	d->noted = item->file;
	fprintf(stderr, "hvproto: %s: protocol %s %s\n", item->file, item->hint.proto->name,
		item->why);
}

/* What a message that was shown has inside it. */
static int layers_above(struct decode *d, const struct cli_item *item,
			const struct cli_decoded *decoded)
{
	if (item->hint.proto == &hvp_vmbus_proto)
		cli_network_offer(&d->network, decoded);
	else if (item->hint.proto == &cli_ring_packets && !item->hint.msg &&
		 cli_network_has(&d->network, item))
		return cli_network_packet(&d->network, item);
	return cli_network_above(&d->network, item, decoded);
}

static int decode_item(struct decode *d, const struct cli_item *item)
{
	int above = CLI_OK;
	struct cli_decoded decoded;
	struct hvp_fault fault;
	enum hvp_status status = cli_decode(item, &decoded, &fault);

	tell_guess(d, item);
	if (status != HVP_OK) {
		if (d->json)
			fault_to_json(item, decoded.msg, &fault);
		else
			cli_print_fault(stdout, item, &fault);
		cli_print_fault(stderr, item, &fault);
	} else if (d->json) {
		message_to_json(item, &decoded);
	} else {
		cli_print_message(item, &decoded);
	}
	if (status == HVP_OK)
		above = layers_above(d, item, &decoded);
	free(decoded.value);
	return status == HVP_OK ? above : CLI_DATA;
}

/* A message of a layer above, from within another. */
static int take_above(void *context, const struct cli_item *item)
{
	struct decode *d = context;

	if (!d->json)
		putchar('\n');
	return decode_item(d, item);
}

static int take_item(void *context, const struct cli_item *given)
{
	struct cli_item item = *given;
	struct decode *d = context;

	if (item.kind != CLI_MESSAGE) {
		if (!d->json)
			cli_print_other(&item);
		return item.kind == CLI_BYTES && cli_network_has(&d->network, &item)
			       ? cli_network_bytes(&d->network, &item)
			       : CLI_OK;
	}
	cli_guess(&item);
	if (!item.hint.proto) {
		cli_error("%s: cannot tell the protocol of these %zu bytes; give --protocol",
			  item.file, item.size);
		return CLI_DATA;
	}
	if (d->shown++ > 0 && !d->json)
		putchar('\n');
	return decode_item(d, &item);
}

static bool apply(struct decode *d, int option)
{
	switch (option) {
	case 'p':
		d->hint.proto = cli_protocol(optarg);
		return d->hint.proto != NULL;
	case 'm':
		d->message = optarg;
		return true;
	case 'd':
		if (cli_parse_direction(optarg, &d->hint.direction))
			return true;
		cli_error("--direction is g2h or h2g, not '%s'", optarg);
		return false;
	case 'V':
		d->hint.version_given = cli_parse_version(optarg, &d->hint.neg.version);
		if (!d->hint.version_given)
			cli_error("--version wants a version such as 5.3, not '%s'", optarg);
		return d->hint.version_given;
	case 'F':
		d->hint.features_given = cli_parse_features(optarg, &d->hint.neg.features);
		if (!d->hint.features_given)
			cli_error("--features wants a number or 'all', not '%s'", optarg);
		return d->hint.features_given;
	case 'f':
		if (parse_format(optarg, &d->format))
			return true;
		cli_error("--format is raw, hex or trace, not '%s'", optarg);
		return false;
	case 'D':
		d->network.all = strcmp(optarg, "network") == 0;
		if (!d->network.all)
			cli_error("--device is network, not '%s'", optarg);
		return d->network.all;
	case 'j':
		d->json = true;
		return true;
	case 'q':
		d->quiet = true;
		return true;
	default:
		cli_error("see `hvproto decode --help`");
		return false;
	}
}

/* The message that was named needs a protocol to be looked for in. */
static bool find_message(struct decode *d)
{
	if (!d->message)
		return true;
	if (!d->hint.proto) {
		cli_error("--message needs --protocol");
		return false;
	}
	d->hint.msg = cli_message(d->hint.proto, d->message);
	return d->hint.msg != NULL;
}

int cmd_decode(int argc, char **argv)
{
	static const struct option options[] = {
		{ "protocol", required_argument, NULL, 'p' },
		{ "message", required_argument, NULL, 'm' },
		{ "direction", required_argument, NULL, 'd' },
		{ "version", required_argument, NULL, 'V' },
		{ "features", required_argument, NULL, 'F' },
		{ "format", required_argument, NULL, 'f' },
		{ "device", required_argument, NULL, 'D' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct decode d = { .format = CLI_FORMAT_AUTO };
	int result = CLI_OK;
	int c;

	while ((c = getopt_long(argc, argv, "p:m:d:V:F:f:D:jqh", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return CLI_OK;
		}
		if (!apply(&d, c))
			return CLI_USAGE;
	}
	if (optind == argc) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!find_message(&d))
		return CLI_USAGE;
	d.network.show = take_above;
	d.network.context = &d;
	for (; optind < argc; optind++) {
		int one = cli_input(argv[optind], d.format, &d.hint, take_item, &d);

		result = one > result ? one : result;
	}
	return result;
}
