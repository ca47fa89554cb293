/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, faults and bytes as people read them. */
#include "cli.h"

#include <hvproto/interface.h>

#include <inttypes.h>
#include <string.h>

#define NAME_COLUMN 34

static const char *paint(const char *code)
{
	return cli_colour() ? code : "";
}

#define BOLD paint("\033[1m")
#define DIM paint("\033[2m")
#define RED paint("\033[31m")
#define PLAIN paint("\033[0m")

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

/* Sixteen a line; a run of equal lines is told once, as hexdump does. */
void cli_print_bytes(const uint8_t *p, size_t n, const char *indent)
{
	bool told = false;
	size_t at;
	size_t i;

	for (at = 0; at < n; at += 16) {
		size_t here = n - at < 16 ? n - at : 16;

		if (at > 0 && here == 16 && at + 16 < n && memcmp(p + at, p + at - 16, 16) == 0) {
			if (!told)
				printf("%s*\n", indent);
			told = true;
			continue;
		}
		told = false;
		printf("%s%s%04zx:%s", indent, DIM, at, PLAIN);
		for (i = 0; i < here; i++)
			printf(" %02x", p[at + i]);
		putchar('\n');
	}
}

static void print_flags(const struct hvp_field_desc *f, uint64_t v)
{
	const struct hvp_enum_value *e;
	const char *separator = " (";

	for (e = f->values; e && e->name; e++) {
		if (e->value == 0 || (v & e->value) != e->value)
			continue;
		printf("%s%s", separator, e->name);
		separator = " | ";
	}
	if (separator[1] == '|')
		putchar(')');
}

static void print_number(const struct hvp_field_desc *f, uint64_t v)
{
	bool is_signed = f->type == HVP_FIELD_I32 || f->type == HVP_FIELD_I64;
	const char *name = f->flags & HVP_FIELD_BITS ? NULL : cli_value_name(f, v);

	if (is_signed && (int64_t)v < 0)
		printf("%" PRId64 " (0x%08" PRIx32 ")", (int64_t)v, (uint32_t)v);
	else if (f->flags & HVP_FIELD_HEX || f->values)
		printf("0x%" PRIx64, v);
	else
		printf("%" PRIu64, v);
	if (name)
		printf(" (%s)", name);
	else if (f->flags & HVP_FIELD_BITS)
		print_flags(f, v);
}

static void print_guid(const uint8_t *b)
{
	const struct hvp_interface *known;
	struct hvp_guid guid;
	char text[37];

	memcpy(guid.b, b, sizeof(guid.b));
	known = hvp_interface_by_guid(&guid);
	cli_format_guid(b, text);
	fputs(text, stdout);
	if (known)
		printf(" (%s)", known->name);
}

static void print_raw(const uint8_t *p, size_t n)
{
	if (n > 0 && all_zero(p, n)) {
		printf("%zu bytes, all zero\n", n);
		return;
	}
	printf("%zu bytes\n", n);
	cli_print_bytes(p, n, "            ");
}

static void print_hex(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("%02x", p[i]);
}

static void print_scalars(const struct hvp_field_desc *f, const uint8_t *p, size_t n)
{
	size_t at;

	if (f->wire_size == 1)
		print_hex(p, n);
	for (at = 0; f->wire_size > 1 && at + f->wire_size <= n; at += f->wire_size)
		printf("%s0x%" PRIx64, at > 0 ? " " : "", cli_wire_number(cli_scalar(f), p + at));
}

/* @fixed: where a view in the item begins. */
static void print_wire_value(const struct hvp_field_desc *f, const uint8_t *item, size_t size,
			     size_t fixed)
{
	if (f->type == HVP_FIELD_GUID) {
		print_guid(item + f->wire_offset);
	} else if (f->type == HVP_FIELD_VIEW) {
		print_scalars(f, item + fixed, size - fixed);
	} else if (f->type == HVP_FIELD_BYTES) {
		print_hex(item + f->wire_offset, f->wire_size);
	} else {
		print_number(f, cli_wire_number(f, item));
	}
}

static void print_item(const struct hvp_field_desc *view, const uint8_t *item, size_t size,
		       size_t index)
{
	const struct hvp_field_desc *f;
	const char *separator = "";

	printf("            %s[%zu]%s ", DIM, index, PLAIN);
	if (cli_view_is_scalar(view)) {
		printf("0x%" PRIx64 "\n", cli_wire_number(cli_scalar(view), item));
		return;
	}
	for (f = view->item; f->name; f++) {
		if (f->flags & HVP_FIELD_RESERVED)
			continue;
		printf("%s%s ", separator, f->name);
		print_wire_value(f, item, size, cli_item_fixed(view));
		separator = ", ";
	}
	putchar('\n');
}

static void print_view(const struct hvp_field_desc *f, const struct hvp_rd *view)
{
	size_t index = 0;
	size_t size;
	size_t at;

	if (!cli_view_has_items(f)) {
		print_raw(view->p, view->len);
		return;
	}
	for (at = 0; at < view->len; at += size, index++) {
		size = cli_item_size(f, view->p + at, view->len - at);
		if (size == 0)
			break;
		if (index == 0)
			putchar('\n');
		print_item(f, view->p + at, size, index);
	}
	if (index == 0)
		puts(": none");
}

/* Items of a view begin below; a view without a fixed place has no offset to show. */
static void print_label(const struct hvp_field_desc *f)
{
	char at[8] = "";

	if (f->wire_offset > 0 || f->type != HVP_FIELD_VIEW)
		snprintf(at, sizeof(at), "@%u", f->wire_offset);
	if (f->type == HVP_FIELD_VIEW && cli_view_has_items(f))
		printf("    %s%-5s%s %s", DIM, at, PLAIN, f->name);
	else
		printf("    %s%-5s%s %-*s ", DIM, at, PLAIN, NAME_COLUMN, f->name);
}

static void print_field(const struct hvp_field_desc *f, const uint8_t *value)
{
	const uint8_t *p = value + f->struct_offset;
	json_t *text;

	print_label(f);
	switch (f->type) {
	case HVP_FIELD_GUID:
		print_guid(p);
		putchar('\n');
		break;
	case HVP_FIELD_BYTES:
		print_raw(p, f->wire_size);
		break;
	case HVP_FIELD_UTF16:
		text = cli_field_to_json(f, value);
		printf("\"%s\"\n", json_string_value(text));
		json_decref(text);
		break;
	case HVP_FIELD_VIEW:
		print_view(f, (const struct hvp_rd *)(const void *)p);
		break;
	default:
		print_number(f, cli_field_number(f, value));
		putchar('\n');
	}
}

static void print_source(const struct cli_item *item)
{
	printf("%s%s", DIM, item->file);
	if (item->label[0] != '\0')
		printf(": %s", item->label);
	printf("%s\n", PLAIN);
}

static void print_head(const struct cli_item *item, const struct hvp_msg_desc *msg)
{
	uint32_t direction = item->hint.direction;

	if (direction == CLI_DIR_UNKNOWN && msg)
		direction = msg->direction;
	print_source(item);
	printf("%s%s %s%s", BOLD, item->hint.proto->name, msg ? msg->title : "?", PLAIN);
	if (msg)
		printf(" (%u)", msg->id);
	printf(", %s, %zu bytes", cli_direction_text(direction), item->size);
	if (item->why[0] != '\0')
		printf("  %s[%s %s]%s", DIM, item->hint.proto->name, item->why, PLAIN);
	putchar('\n');
}

void cli_print_message(const struct cli_item *item, const struct cli_decoded *d)
{
	const struct hvp_field_desc *f;
	bool present = true;

	print_head(item, d->msg);
	for (f = d->msg->fields; f->name; f++) {
		if (f->type == HVP_FIELD_PRESENT)
			present = cli_field_present(f, d->value);
		else if (!(f->flags & HVP_FIELD_RESERVED) &&
			 (present || !(f->flags & HVP_FIELD_OPTIONAL)))
			print_field(f, d->value);
	}
	if (d->used < item->size) {
		printf("    %s@%-4zu%s %zu bytes beyond the message\n", DIM, d->used, PLAIN,
		       item->size - d->used);
		cli_print_bytes(item->data + d->used, item->size - d->used, "            ");
	}
}

static void print_allowed(FILE *out, const struct hvp_fault *fault)
{
	if (fault->low == fault->high)
		fprintf(out, "allowed %" PRIu64, fault->low);
	else if (fault->high == UINT64_MAX)
		fprintf(out, "allowed at least %" PRIu64, fault->low);
	else
		fprintf(out, "allowed %" PRIu64 " to %" PRIu64, fault->low, fault->high);
}

/* One line that says all: where, which message and field, what was found, what is allowed. */
void cli_print_fault(FILE *out, const struct cli_item *item, const struct hvp_fault *fault)
{
	if (out == stdout) {
		print_source(item);
		printf("%sfault:%s ", RED, PLAIN);
	} else {
		fflush(stdout);
		fprintf(out, "hvproto: %s: ", item->file);
	}
	fprintf(out, "%s: %s: field %s at offset %u: found %" PRIu64 " (0x%" PRIx64 "), ",
		fault->message, hvp_status_text(fault->status), fault->field, fault->offset,
		fault->found, fault->found);
	print_allowed(out, fault);
	fputc('\n', out);
	if (out == stdout)
		cli_print_bytes(item->data, item->size, "    ");
}

/* What is no message: notes and signals of a trace in one line, bytes below their caption. */
void cli_print_other(const struct cli_item *item)
{
	print_source(item);
	if (item->kind == CLI_NOTE || item->size == 0)
		return;
	printf("    %zu bytes\n", item->size);
	cli_print_bytes(item->data, item->size, "    ");
}
