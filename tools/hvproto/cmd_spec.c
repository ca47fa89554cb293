/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto spec: what the spec says. Layouts come from the message tables in this program;
 * the words, sources and evidence from the data files that hvpgen prints from the spec.
 */
#include "cli.h"
#include "spec_data.h"

#include <hvproto/interface.h>

#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out)
{
	fputs("usage: hvproto spec [NAME] [--json]\n"
	      "\n"
	      "What the spec says of NAME:\n"
	      "  vmbus                        a protocol: its messages\n"
	      "  open_channel, vmbus.5        a message or record: its layout and where it is from\n"
	      "  vmbus.open_channel.target_vp a field; a field's name alone shows where it occurs\n"
	      "  CORE-REQ-040, 'CORE-SEC-*'   a requirement, or all that match\n"
	      "  BUG-008                      a bug of a real guest or host\n"
	      "  network                      a device class: its GUID\n"
	      "Without NAME: the protocols.\n"
	      "\n"
	      "  -j, --json    layouts as [{\"protocol\", \"message\", \"id\", \"direction\", \"since\",\n"
	      "                \"size\", \"fields\": [{\"name\", \"offset\", \"size\", \"type\"}]}]: of all\n"
	      "                protocols, or of NAME; requirements and bugs as they are in the data\n"
	      "  -h, --help    this text\n"
	      "\n"
	      "Exit status: 0 found, 1 nothing of that name, 2 wrong usage.\n",
	      out);
}

static void version_text(uint32_t version, char text[32])
{
	if (version == 0)
		snprintf(text, 32, "always");
	else
		snprintf(text, 32, "%u.%u", version >> 16, version & 0xffff);
}

static void print_rows(const char *label, const json_t *list)
{
	const char *separator = label;
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		printf("%s%s", separator, json_string_value(entry));
		separator = ", ";
	}
}

/* "Chapter 10 section 4.6; evidence observed; OV-PROTO, LX-H." */
static void print_origin(const json_t *doc, const json_t *data, const char *indent)
{
	const json_t *sources = json_object_get(data, "sources");
	json_t *entry;
	size_t i;

	printf("%schapter %s section %s; evidence: %s\n", indent, spec_text(data, "chapter"),
	       spec_text(doc, "section"), spec_text(doc, "evidence"));
	json_array_foreach(json_object_get(doc, "src"), i, entry)
		printf("%s%s  %s\n", indent, json_string_value(entry),
		       spec_text(sources, json_string_value(entry)));
}

static void print_bound(const struct hvp_field_desc *f)
{
	if (!f->bound)
		return;
	if (f->bound->low == f->bound->high)
		printf("; always %" PRIu64, f->bound->low);
	else if (f->bound->high >= UINT32_MAX)
		printf("; at least %" PRIu64, f->bound->low);
	else
		printf("; %" PRIu64 " to %" PRIu64, f->bound->low, f->bound->high);
}

static void print_layout_row(const struct hvp_field_desc *f, const json_t *doc)
{
	const char *text = spec_text(doc, "doc");
	char size[16];

	if (f->type == HVP_FIELD_PRESENT) {
		printf("        %s: the fields below may be absent\n", f->name + strlen("has_"));
		return;
	}
	snprintf(size, sizeof(size), f->type == HVP_FIELD_VIEW ? "%u each" : "%u", f->wire_size);
	printf("  %6u  %7s  %-6s %s%-34s %s", f->wire_offset, size, cli_field_type(f),
	       f->flags & HVP_FIELD_OPTIONAL ? "  " : "", f->name, text);
	if (f->flags & HVP_FIELD_RESERVED && !f->bound)
		printf("%sreserved", *text != '\0' ? "; " : "");
	print_bound(f);
	putchar('\n');
}

static void print_values(const struct hvp_field_desc *f)
{
	const struct hvp_enum_value *e;

	for (e = f->values; e && e->name; e++)
		printf("                            0x%-8" PRIx64 " %s\n", e->value, e->name);
}

static void print_message(const struct hvp_proto_desc *proto, const struct hvp_msg_desc *m)
{
	json_t *data = spec_protocol_data(proto->name);
	const json_t *doc = spec_message_doc(data, m->name);
	const struct hvp_field_desc *f;
	char since[32];

	version_text(m->since, since);
	printf("%s.%s  %s", proto->name, m->name, m->title);
	if (proto->id_size > 0)
		printf(" (%u), %s", m->id, cli_direction_text(m->direction));
	printf(", %u", m->min_size);
	if (m->max_size != m->min_size)
		printf(" to %u", m->max_size);
	printf(" bytes, since: %s\n", since);
	if (doc) {
		printf("  %s\n", spec_text(doc, "doc"));
		print_origin(doc, data, "  ");
	}
	printf("\n  offset     size  type   field\n");
	for (f = m->fields; f->name; f++) {
		print_layout_row(f, spec_field_doc(doc, f->name));
		print_values(f);
	}
	json_decref(data);
}

static void print_message_row(const struct hvp_proto_desc *proto, const struct hvp_msg_desc *m,
			      const json_t *data)
{
	char since[32];

	version_text(m->since, since);
	if (proto->id_size > 0)
		printf("  %5u  %-5s", m->id, cli_direction_name(m->direction));
	else
		printf("      -  -    ");
	printf("%-8s %4u  %-28s %s\n", since, m->min_size, m->name,
	       spec_text(spec_message_doc(data, m->name), "doc"));
}

static void print_protocol(const struct hvp_proto_desc *proto, const struct hvp_proto_desc *records)
{
	json_t *data = spec_protocol_data(proto->name);
	uint16_t i;

	printf("%s  %s\n", proto->name, spec_text(data, "title"));
	if (data)
		printf("  %s\n", spec_text(data, "doc"));
	printf("\n     id  dir  since    size  name\n");
	for (i = 0; i < proto->msg_count; i++)
		print_message_row(proto, &proto->msgs[i], data);
	for (i = 0; records != proto && i < records->msg_count; i++)
		print_message_row(records, &records->msgs[i], data);
	json_decref(data);
}

static int list_protocols(void)
{
	size_t i;

	for (i = 0; i < cli_protocol_count(); i++) {
		const struct hvp_proto_desc *proto = cli_protocol_at(i);
		json_t *data = spec_protocol_data(proto->name);

		printf("%-8s %3u messages  %s\n", proto->name, proto->msg_count,
		       spec_text(data, "title"));
		json_decref(data);
	}
	puts("\n`hvproto spec vmbus` lists messages, `hvproto spec 'CORE-*'` requirements, "
	     "`hvproto spec 'BUG-*'` bugs.");
	return CLI_OK;
}

/* --- layouts as JSON ----------------------------------------------------------------------- */

static json_t *layout_field(const struct hvp_field_desc *f)
{
	return json_pack("{s:s, s:i, s:i, s:s}", "name", f->name, "offset", (int)f->wire_offset,
			 "size", (int)f->wire_size, "type", cli_field_type(f));
}

static json_t *layout_json(const struct hvp_proto_desc *proto, const struct hvp_msg_desc *m)
{
	bool has_id = proto->id_size > 0;
	json_t *object = json_object();
	json_t *fields = json_array();
	const struct hvp_field_desc *f;

	json_object_set_new(object, "protocol", json_string(proto->name));
	json_object_set_new(object, "message", json_string(m->name));
	json_object_set_new(object, "id", has_id ? json_integer(m->id) : json_null());
	json_object_set_new(object, "direction",
			    has_id ? json_string(cli_direction_name(m->direction)) : json_null());
	json_object_set_new(object, "since", json_integer(m->since));
	json_object_set_new(object, "size", json_integer(m->min_size));
	for (f = m->fields; f->name; f++)
		if (f->type != HVP_FIELD_PRESENT)
			json_array_append_new(fields, layout_field(f));
	json_object_set_new(object, "fields", fields);
	return object;
}

/* One row a line, so that two dumps can be compared by line. */
static void print_array(json_t *rows)
{
	json_t *row;
	size_t i;

	puts("[");
	json_array_foreach(rows, i, row)
	{
		char *text = json_dumps(row, JSON_COMPACT);

		printf("%s%s\n", text ? text : "{}", i + 1 < json_array_size(rows) ? "," : "");
		free(text);
	}
	puts("]");
	json_decref(rows);
}

static void add_protocol(json_t *rows, const struct hvp_proto_desc *proto)
{
	uint16_t i;

	for (i = 0; i < proto->msg_count; i++)
		json_array_append_new(rows, layout_json(proto, &proto->msgs[i]));
}

/* The tables that the specs printed: those to compare layouts by. */
static void add_specified(json_t *rows, size_t i)
{
	if (cli_protocol_is_specified(i))
		add_protocol(rows, cli_protocol_at(i));
	if (cli_protocol_records(i) != cli_protocol_at(i))
		add_protocol(rows, cli_protocol_records(i));
}

static int dump_all(void)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < cli_protocol_count(); i++)
		add_specified(rows, i);
	print_array(rows);
	return CLI_OK;
}

/* --- finding NAME -------------------------------------------------------------------------- */

static void print_requirement(const json_t *row)
{
	printf("%s  (%s, %s; section %s)\n  %s\n", spec_text(row, "id"), spec_text(row, "level"),
	       spec_text(row, "side"), spec_text(row, "section"), spec_text(row, "text"));
	print_rows("  source: ", json_object_get(row, "src"));
	putchar('\n');
}

static void print_bug(const json_t *row)
{
	printf("%s  (%s; fault of the %s; %s)\n", spec_text(row, "id"), spec_text(row, "area"),
	       spec_text(row, "fault"), spec_text(row, "class"));
	printf("  trigger: %s\n  seen:    %s\n  right:   %s\n", spec_text(row, "trigger"),
	       spec_text(row, "seen"), spec_text(row, "right"));
	print_rows("  source:  ", json_object_get(row, "source"));
	putchar('\n');
}

static json_t *matching(const char *file, const char *list, const char *pattern)
{
	json_t *data = spec_data_file(file);
	json_t *rows = json_array();
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(data, list), i,
			   row) if (fnmatch(pattern, spec_text(row, "id"), FNM_CASEFOLD) == 0)
		json_array_append(rows, row);
	json_decref(data);
	return rows;
}

/* Requirements and bugs; false: none match. */
static bool show_ids(const char *pattern, bool as_json)
{
	json_t *requirements = matching("requirements.json", "requirements", pattern);
	json_t *bugs = matching("bugs.json", "bugs", pattern);
	bool found = json_array_size(requirements) + json_array_size(bugs) > 0;
	json_t *row;
	size_t i;

	if (found && as_json) {
		json_array_extend(requirements, bugs);
		print_array(json_incref(requirements));
	} else {
		json_array_foreach(requirements, i, row) print_requirement(row);
		json_array_foreach(bugs, i, row) print_bug(row);
	}
	json_decref(requirements);
	json_decref(bugs);
	return found;
}

/* Device classes, by name or GUID. */
static bool show_interface(const char *name, bool as_json)
{
	const struct hvp_interface *i = hvp_interface_by_name(name);
	struct hvp_guid guid;
	char text[37];
	json_t *rows;

	if (!i && cli_parse_guid(name, guid.b))
		i = hvp_interface_by_guid(&guid);
	if (!i)
		return false;
	cli_format_guid(i->guid.b, text);
	if (!as_json) {
		printf("%s  %s\n  interface_id %s\n", i->name, i->title, text);
		return true;
	}
	rows = json_pack("[{s:s, s:s, s:s}]", "interface", i->name, "title", i->title,
			 "interface_id", text);
	print_array(rows);
	return true;
}

struct query {
	const char *protocol; /* NULL: any */
	const char *name;
	bool json;
	json_t *rows;
	unsigned int found;
};

static void show(struct query *q, const struct hvp_proto_desc *proto, const struct hvp_msg_desc *m)
{
	if (q->json)
		json_array_append_new(q->rows, layout_json(proto, m));
	else {
		if (q->found > 0)
			putchar('\n');
		print_message(proto, m);
	}
	q->found++;
}

static bool named(const struct hvp_proto_desc *proto, const struct hvp_msg_desc *m,
		  const char *name)
{
	uint64_t id;

	if (cli_same_name(m->name, name) || cli_same_name(m->title, name))
		return true;
	return proto->id_size > 0 && cli_parse_number(name, UINT32_MAX, &id) && id == m->id;
}

static void show_messages(struct query *q, const struct hvp_proto_desc *proto)
{
	uint16_t i;

	if (q->protocol && !cli_same_name(q->protocol, proto->name))
		return;
	for (i = 0; i < proto->msg_count; i++)
		if (named(proto, &proto->msgs[i], q->name))
			show(q, proto, &proto->msgs[i]);
}

static void show_field(struct query *q, const struct hvp_proto_desc *proto,
		       const struct hvp_msg_desc *m, const struct hvp_field_desc *f)
{
	json_t *data;
	const json_t *doc;
	const json_t *field;

	q->found++;
	if (q->json) {
		json_array_append_new(q->rows, layout_json(proto, m));
		return;
	}
	data = spec_protocol_data(proto->name);
	doc = spec_message_doc(data, m->name);
	field = spec_field_doc(doc, f->name);
	printf("%s.%s.%s\n", proto->name, m->name, f->name);
	print_layout_row(f, field);
	print_values(f);
	if (*spec_text(field, "since") != '\0')
		printf("  has a meaning since %s\n", spec_text(field, "since"));
	if (doc)
		printf("  evidence: %s\n", *spec_text(field, "evidence") != '\0'
						   ? spec_text(field, "evidence")
						   : spec_text(doc, "evidence"));
	json_decref(data);
}

/* @message: NULL for every message that has such a field. */
static void show_fields(struct query *q, const struct hvp_proto_desc *proto, const char *message)
{
	const struct hvp_field_desc *f;
	uint16_t i;

	if (q->protocol && !cli_same_name(q->protocol, proto->name))
		return;
	for (i = 0; i < proto->msg_count; i++) {
		const struct hvp_msg_desc *m = &proto->msgs[i];

		if (message && !cli_same_name(m->name, message))
			continue;
		for (f = m->fields; f->name; f++)
			if (f->type != HVP_FIELD_PRESENT && cli_same_name(f->name, q->name))
				show_field(q, proto, m, f);
	}
}

static const struct hvp_proto_desc *table(size_t i)
{
	size_t n = cli_protocol_count();

	return i < n ? cli_protocol_at(i) : cli_protocol_records(i - n);
}

/* Packets and records of a protocol are two tables; the second is the first where they agree. */
static void search(struct query *q, const char *message)
{
	size_t n = cli_protocol_count();
	size_t i;

	for (i = 0; i < 2 * n; i++) {
		if (i >= n && table(i) == table(i - n))
			continue;
		if (message)
			show_fields(q, table(i), message);
		else
			show_messages(q, table(i));
	}
	for (i = 0; !message && q->found == 0 && i < 2 * n; i++)
		if (i < n || table(i) != table(i - n))
			show_fields(q, table(i), NULL);
}

/* "open_channel", "vmbus.open_channel", "open_channel.flags", "vmbus.open_channel.flags" */
static bool show_named(const char *name, bool as_json)
{
	struct query q = { .json = as_json, .rows = json_array() };
	char *copy = strcpy(cli_alloc(strlen(name) + 1, 1), name);
	char *first = copy;
	char *dot = strchr(copy, '.');
	char *message = NULL;

	if (dot)
		*dot = '\0';
	if (dot && cli_protocol_quiet(first)) {
		q.protocol = first;
		first = dot + 1;
		dot = strchr(first, '.');
		if (dot)
			*dot = '\0';
	}
	message = dot ? first : NULL;
	q.name = dot ? dot + 1 : first;
	search(&q, message);
	if (as_json && q.found > 0)
		print_array(json_incref(q.rows));
	json_decref(q.rows);
	free(copy);
	return q.found > 0;
}

static bool show_protocol(const char *name, bool as_json)
{
	json_t *rows;
	size_t i;

	for (i = 0; i < cli_protocol_count(); i++) {
		if (!cli_same_name(cli_protocol_at(i)->name, name))
			continue;
		if (as_json) {
			rows = json_array();
			add_specified(rows, i);
			print_array(rows);
		} else {
			print_protocol(cli_protocol_at(i), cli_protocol_records(i));
		}
		return true;
	}
	return false;
}

static void tell_unknown(const char *name)
{
	const char *names[CLI_NAMES];
	const char *near;
	size_t count = 0;
	size_t i;
	uint16_t k;

	for (i = 0; i < 2 * cli_protocol_count(); i++) {
		if (count < CLI_NAMES)
			names[count++] = table(i)->name;
		for (k = 0; k < table(i)->msg_count && count < CLI_NAMES; k++)
			names[count++] = table(i)->msgs[k].name;
	}
	near = cli_suggest(name, names, count);
	if (near)
		cli_error("the spec has no '%s'; did you mean '%s'?", name, near);
	else
		cli_error("the spec has no '%s'; `hvproto spec` lists the protocols", name);
}

int cmd_spec(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool as_json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return CLI_OK;
		}
		if (c != 'j') {
			cli_error("see `hvproto spec --help`");
			return CLI_USAGE;
		}
		as_json = true;
	}
	if (optind + 1 < argc) {
		cli_error("spec wants one NAME");
		return CLI_USAGE;
	}
	if (optind == argc)
		return as_json ? dump_all() : list_protocols();
	if (show_protocol(argv[optind], as_json) || show_ids(argv[optind], as_json) ||
	    show_named(argv[optind], as_json) || show_interface(argv[optind], as_json))
		return CLI_OK;
	tell_unknown(argv[optind]);
	return CLI_DATA;
}
