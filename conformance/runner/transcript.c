/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the trace of the partition to what people read: each entry once, decoded with what was
 * negotiated when it went over the wire.
 */
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#include "world.h"

/* Of a long transcript the beginning and the end are kept: what led there, and what happened. */
#define TRANSCRIPT_HEAD 400u
#define TRANSCRIPT_MAX 1000u
#define TRANSCRIPT_TAIL (TRANSCRIPT_MAX - TRANSCRIPT_HEAD)
#define HEX_MAX 512u

struct hvp_neg hvc_neg(const struct hvc_world *w, uint32_t version)
{
	struct hvp_neg neg = { .version = version, .features = w->features };

	return neg;
}

static void set_hex(json_t *entry, const uint8_t *bytes, size_t size)
{
	size_t n = size < HEX_MAX ? size : HEX_MAX;
	char *text = hvc_alloc(n * 2 + 1, 1);
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	json_object_set_new(entry, "hex", json_string(text));
	free(text);
}

static char *bytes_text(const uint8_t *b, size_t n)
{
	size_t shown = n < 24 ? n : 24;
	char *text;
	size_t used = n;
	size_t i;

	while (used > 0 && b[used - 1] == 0)
		used--;
	if (used == 0)
		return hvc_printf("%zu zero bytes", n);
	text = hvc_alloc(shown * 3 + 40, 1);
	for (i = 0; i < shown; i++)
		snprintf(text + 3 * i, 4, "%02x ", b[i]);
	if (shown < n)
		snprintf(text + 3 * i, 40, "... (%zu bytes)", n);
	return text;
}

static char *guid_text(const uint8_t *b)
{
	return hvc_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			  b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11],
			  b[12], b[13], b[14], b[15]);
}

static const char *value_name(const struct hvp_field_desc *f, uint64_t v)
{
	const struct hvp_enum_value *e;

	for (e = f->values; e && e->name; e++)
		if (e->value == v)
			return e->name;
	return NULL;
}

static char *scalar_text(const struct hvp_field_desc *f, const uint8_t *at)
{
	const char *name;
	uint64_t v = 0;
	uint16_t i;

	for (i = 0; i < f->wire_size && i < 8; i++)
		v |= (uint64_t)at[i] << (8 * i);
	name = value_name(f, v);
	if (f->flags & HVP_FIELD_HEX)
		return hvc_printf("%#llx%s%s%s", (unsigned long long)v, name ? " (" : "",
				  name ? name : "", name ? ")" : "");
	return hvc_printf("%llu%s%s%s", (unsigned long long)v, name ? " (" : "", name ? name : "",
			  name ? ")" : "");
}

/* From the bytes and not from the structure: a field that the codec refused is shown as well. */
static char *field_text(const struct hvp_field_desc *f, const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes + f->wire_offset;

	if (f->type == HVP_FIELD_VIEW)
		return f->wire_offset < size ? bytes_text(at, size - f->wire_offset) : NULL;
	if ((size_t)f->wire_offset + f->wire_size > size || f->wire_size == 0)
		return NULL;
	if (f->type == HVP_FIELD_GUID)
		return guid_text(at);
	if (f->type == HVP_FIELD_BYTES || f->type == HVP_FIELD_UTF16)
		return bytes_text(at, f->wire_size);
	return scalar_text(f, at);
}

static void add_field(json_t *fields, const char *name, unsigned int offset, unsigned int size,
		      char *value)
{
	json_array_append_new(fields,
			      json_pack("{s:s, s:i, s:i, s:o}", "name", name, "offset", (int)offset,
					"size", (int)size, "value", hvc_json_text(value)));
	free(value);
}

/* Optional groups that are absent, by the flag in the decoded structure. */
static bool present(const struct hvp_msg_desc *m, const struct hvp_field_desc *f,
		    const uint8_t *decoded)
{
	if (!(f->flags & HVP_FIELD_OPTIONAL) || !decoded)
		return true;
	while (f > m->fields) {
		f--;
		if (f->type == HVP_FIELD_PRESENT)
			return *(const bool *)(const void *)(decoded + f->struct_offset);
	}
	return true;
}

void hvc_add_fields(json_t *entry, const struct hvp_msg_desc *m, const struct hvc_span *s,
		    const uint8_t *decoded)
{
	json_t *fields = json_array();
	const struct hvp_field_desc *f;

	for (f = m->fields; f->name; f++) {
		char *text;

		if (f->type == HVP_FIELD_PRESENT || (f->flags & HVP_FIELD_RESERVED) ||
		    !present(m, f, decoded))
			continue;
		text = field_text(f, s->bytes, s->size);
		if (text)
			add_field(fields, f->name, s->base + f->wire_offset,
				  f->type == HVP_FIELD_VIEW
					  ? (unsigned int)(s->size - f->wire_offset)
					  : f->wire_size,
				  text);
	}
	json_object_set_new(entry, "fields", fields);
}

/* The first few telling fields in one line. */
void hvc_summarise(json_t *entry)
{
	char line[200] = "";
	const json_t *field;
	size_t used = 0;
	size_t i;

	json_array_foreach(json_object_get(entry, "fields"), i, field)
	{
		const char *value = hvc_text(field, "value");
		int n;

		if (strcmp(value, "0") == 0 || strcmp(value, "0x0") == 0 ||
		    strstr(value, "zero bytes") || strlen(value) > 44)
			continue;
		n = snprintf(line + used, sizeof(line) - used, "%s%s=%s", used ? " " : "",
			     hvc_text(field, "name"), value);
		if (n < 0 || (size_t)n >= sizeof(line) - used) {
			line[used] = '\0';
			break;
		}
		used += (size_t)n;
	}
	json_object_set_new(entry, "summary", json_string(line));
}

static void set_fault(json_t *entry, const struct hvp_fault *fault)
{
	char *text = hvc_printf("%s: found %#llx, allowed %#llx..%#llx",
				hvp_status_text(fault->status), (unsigned long long)fault->found,
				(unsigned long long)fault->low, (unsigned long long)fault->high);

	json_object_set_new(entry, "fault",
			    json_pack("{s:s, s:s, s:i, s:s}", "status",
				      hvp_status_name(fault->status), "field",
				      fault->field ? fault->field : "", "offset",
				      (int)fault->offset, "text", text));
	free(text);
}

/* What the host granted decides how later messages look. */
static void watch_features(struct hvc_world *w, const struct hvm_trace_entry *e)
{
	bool response = e->size >= 16 && hvp_get_u32(e->bytes) == HVP_VMBUS_VERSION_RESPONSE;

	if (e->direction != HVP_DIR_H2G || !response || e->bytes[8] == 0)
		return;
	w->features = e->size >= 20 ? hvp_get_u32(e->bytes + 16) : 0;
}

static void message_entry(struct hvc_world *w, json_t *entry, const struct hvm_trace_entry *e)
{
	const struct hvp_msg_desc *m = NULL;
	struct hvp_fault fault = { .status = HVP_OK };
	struct hvp_rd r = hvp_rd_init(e->bytes, e->size);
	struct hvc_span span = { e->bytes, e->size, 0 };
	uint8_t *decoded;
	char *name;

	watch_features(w, e);
	if (e->size >= 4)
		m = hvp_msg_find(&hvp_vmbus_proto, hvp_get_u32(e->bytes), e->direction);
	if (!m) {
		json_object_set_new(entry, "name", json_string("vmbus.unknown"));
		json_object_set_new(entry, "summary", json_string("no message of this direction"));
		return;
	}
	decoded = hvc_alloc(m->struct_size, 1);
	fault.status = m->decode(&r, hvc_neg(w, e->version), decoded, &fault);
	name = hvc_printf("vmbus.%s", m->name);
	json_object_set_new(entry, "name", json_string(name));
	hvc_add_fields(entry, m, &span, fault.status == HVP_OK ? decoded : NULL);
	hvc_summarise(entry);
	if (fault.status != HVP_OK)
		set_fault(entry, &fault);
	free(name);
	free(decoded);
}

static const char *packet_name(uint16_t type)
{
	switch (type) {
	case 6:
		return "ring.inband";
	case 7:
		return "ring.transfer_pages";
	case 9:
		return "ring.gpa_direct";
	case 10:
		return "ring.cancel";
	case 11:
		return "ring.completion";
	default:
		return "ring.packet";
	}
}

/* Descriptor and extra header; @body: where the payload begins. */
static void add_ring_fields(json_t *fields, const struct hvm_trace_entry *e, size_t body)
{
	const uint8_t *p = e->bytes;

	add_field(fields, "packet_type", 0, 2, hvc_printf("%u", hvp_get_u16(p)));
	add_field(fields, "data_offset8", 2, 2, hvc_printf("%u", hvp_get_u16(p + 2)));
	add_field(fields, "length8", 4, 2, hvc_printf("%u", hvp_get_u16(p + 4)));
	add_field(fields, "flags", 6, 2, hvc_printf("%#x", hvp_get_u16(p + 6)));
	add_field(fields, "transaction_id", 8, 8,
		  hvc_printf("%#llx", (unsigned long long)hvp_get_u64(p + 8)));
	if (body > 16 && body <= e->size)
		add_field(fields, "extra", 16, (unsigned int)(body - 16),
			  bytes_text(p + 16, body - 16));
}

static void packet_entry(struct hvc_world *w, json_t *entry, const struct hvm_trace_entry *e)
{
	json_t *fields;
	size_t body;

	json_object_set_new(entry, "fields", json_array());
	if (e->size < 16) {
		json_object_set_new(entry, "name", json_string("ring.packet"));
		return;
	}
	body = (size_t)hvp_get_u16(e->bytes + 2) * 8;
	if (hvc_nvsp_entry(w, entry, e)) {
		/* The message is what the line tells of; its packet is in the table. */
		hvc_summarise(entry);
		add_ring_fields(json_object_get(entry, "fields"), e, body);
		return;
	}
	json_object_set_new(entry, "name", json_string(packet_name(hvp_get_u16(e->bytes))));
	fields = json_object_get(entry, "fields");
	add_ring_fields(fields, e, body);
	if (body >= 16 && body < e->size)
		add_field(fields, "payload", (unsigned int)body, (unsigned int)(e->size - body),
			  bytes_text(e->bytes + body, e->size - body));
	hvc_summarise(entry);
}

static void text_entry(json_t *entry, const struct hvm_trace_entry *e)
{
	char *text = hvc_printf("%.*s", (int)e->size, (const char *)e->bytes);
	const char *kind = "note";
	const char *shown = text;

	if (hvc_rndis_entry(entry, text)) {
		free(text);
		return;
	}
	if (strncmp(text, "guest: ", 7) == 0) {
		kind = "event";
		shown += 7;
	} else if (strncmp(text, "log: ", 5) == 0) {
		kind = "log";
		shown += 5;
	}
	json_object_set_new(entry, "kind", json_string(kind));
	json_object_set_new(entry, "name", json_string(kind));
	json_object_set_new(entry, "summary", hvc_json_text(shown));
	free(text);
}

static const char *register_name(uint64_t msr)
{
	switch (msr) {
	case HVP_HV_MSR_GUEST_OS_ID:
		return "GUEST_OS_ID";
	case HVP_HV_MSR_HYPERCALL:
		return "HYPERCALL";
	case HVP_HV_MSR_SCONTROL:
		return "SCONTROL";
	case HVP_HV_MSR_SIEFP:
		return "SIEFP";
	case HVP_HV_MSR_SIMP:
		return "SIMP";
	case HVP_HV_MSR_EOM:
		return "EOM";
	case HVP_HV_MSR_SINT0 + HVM_SINT_VMBUS:
		return "SINT2";
	default:
		return "";
	}
}

/* An MSR with the value that was written, or the control word of a hypercall. */
static char *hypervisor_text(const struct hvm_trace_entry *e)
{
	if (e->aux >= HVP_HV_MSR_GUEST_OS_ID && e->size == 8)
		return hvc_printf("%s %#llx = %#llx", register_name(e->aux),
				  (unsigned long long)e->aux,
				  (unsigned long long)hvp_get_u64(e->bytes));
	return hvc_printf("hypercall %#llx", (unsigned long long)e->aux);
}

static void other_entry(json_t *entry, const struct hvm_trace_entry *e)
{
	const char *name = e->kind == HVM_TRACE_SIGNAL	 ? "signal"
			   : e->kind == HVM_TRACE_MEMORY ? "memory"
							 : "hypervisor";
	char *text;

	if (e->kind == HVM_TRACE_SIGNAL)
		text = hvc_printf("channel=%u flag=%llu connection=%#x vp=%u", e->channel,
				  (unsigned long long)e->aux, e->connection_id, e->vp);
	else if (e->kind == HVM_TRACE_HYPERVISOR)
		text = hypervisor_text(e);
	else
		text = hvc_printf("%zu bytes at %#llx", e->size, (unsigned long long)e->aux);
	json_object_set_new(entry, "name", json_string(name));
	json_object_set_new(entry, "summary", json_string(text));
	free(text);
}

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = { "",	   "message", "packet", "signal",
					     "hypervisor", "note",    "memory" };

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

static json_t *make_entry(struct hvc_world *w, const struct hvm_trace_entry *e)
{
	json_t *entry = json_pack("{s:I, s:s, s:s, s:i, s:i, s:i}", "time", (json_int_t)e->time,
				  "kind", kind_name(e->kind), "direction",
				  e->direction == HVP_DIR_G2H	? "g2h"
				  : e->direction == HVP_DIR_H2G ? "h2g"
								: "",
				  "channel", (int)e->channel, "vp", (int)e->vp, "size",
				  (int)e->size);

	if (e->kind == HVM_TRACE_MESSAGE && e->aux == 1)
		message_entry(w, entry, e);
	else if (e->kind == HVM_TRACE_PACKET)
		packet_entry(w, entry, e);
	else if (e->kind == HVM_TRACE_NOTE)
		text_entry(entry, e);
	else
		other_entry(entry, e);
	if (e->kind != HVM_TRACE_NOTE && e->size)
		set_hex(entry, e->bytes, e->size);
	return entry;
}

/* Bring the transcript up to the trace. */
/* Of @fresh entries those that the ones behind them would push out are never made. */
static void skip_middle(struct hvc_world *w, const struct hvm_trace *t, size_t fresh)
{
	size_t i;

	if (json_array_size(w->transcript) < TRANSCRIPT_HEAD || fresh <= TRANSCRIPT_TAIL)
		return;
	while (json_array_size(w->transcript) > TRANSCRIPT_HEAD) {
		json_array_remove(w->transcript, json_array_size(w->transcript) - 1);
		w->left_out++;
	}
	for (i = TRANSCRIPT_TAIL; i < fresh; i++) {
		watch_features(w, hvm_trace_get(t, w->seen));
		hvc_nvsp_watch(w, hvm_trace_get(t, w->seen++));
		w->left_out++;
	}
}

void hvc_transcript_update(struct hvc_world *w)
{
	struct hvm_trace *t;
	size_t count;

	if (!w->partition)
		return;
	t = hvm_partition_trace(w->partition);
	count = hvm_trace_count(t);
	skip_middle(w, t, count - w->seen);
	while (w->seen < count) {
		json_array_append_new(w->transcript, make_entry(w, hvm_trace_get(t, w->seen++)));
		if (json_array_size(w->transcript) == TRANSCRIPT_HEAD)
			skip_middle(w, t, count - w->seen);
		if (json_array_size(w->transcript) <= TRANSCRIPT_MAX)
			continue;
		json_array_remove(w->transcript, TRANSCRIPT_HEAD);
		w->left_out++;
	}
}

/* Entry numbers of the trace, from 1, become those of the transcript. */
static void move_detail(struct hvc_world *w)
{
	json_int_t n = json_integer_value(json_object_get(w->failure.detail, "entry"));

	if (n <= (json_int_t)TRANSCRIPT_HEAD)
		return;
	if (n <= (json_int_t)(TRANSCRIPT_HEAD + w->left_out))
		json_object_del(w->failure.detail, "entry");
	else
		json_object_set_new(w->failure.detail, "entry",
				    json_integer(n - (json_int_t)w->left_out + 1));
}

/* The last call: says what is missing. */
void hvc_transcript_finish(struct hvc_world *w)
{
	char *text;

	hvc_transcript_update(w);
	if (w->left_out == 0)
		return;
	text = hvc_printf("%zu entries are left out here", w->left_out);
	json_array_insert_new(w->transcript, TRANSCRIPT_HEAD,
			      json_pack("{s:i, s:s, s:s, s:s, s:s}", "time", 0, "kind", "note",
					"direction", "", "name", "...", "summary", text));
	free(text);
	move_detail(w);
}

/* ---- of a passed case among many ---- */

#define SHORT_HEAD 24u
#define SHORT_TAIL 16u

static bool alike(const json_t *a, const json_t *b)
{
	return strcmp(hvc_text(a, "name"), hvc_text(b, "name")) == 0 &&
	       strcmp(hvc_text(a, "direction"), hvc_text(b, "direction")) == 0 &&
	       strcmp(hvc_text(a, "summary"), hvc_text(b, "summary")) == 0;
}

/* Of a row of equal lines the first; signals, hypercalls and accesses to memory go. */
static void thin(json_t *transcript)
{
	const json_t *entry, *before = NULL;
	size_t i = 0;

	while (i < json_array_size(transcript)) {
		const char *kind;

		entry = json_array_get(transcript, i);
		kind = hvc_text(entry, "kind");
		if (strcmp(kind, "signal") == 0 || strcmp(kind, "memory") == 0 ||
		    strcmp(kind, "hypervisor") == 0 || (before && alike(before, entry))) {
			json_array_remove(transcript, i);
			continue;
		}
		before = entry;
		i++;
	}
}

static void cut(json_t *transcript)
{
	size_t n = json_array_size(transcript), i;

	if (n <= SHORT_HEAD + SHORT_TAIL)
		return;
	for (i = n - SHORT_TAIL; i > SHORT_HEAD; i--)
		json_array_remove(transcript, i - 1);
}

void hvc_transcript_shorten(json_t *transcript)
{
	static const char *const details[] = { "hex", "fields", "size", "channel", "vp" };
	size_t all = json_array_size(transcript);
	json_t *entry;
	char *text;
	size_t i, k;

	thin(transcript);
	cut(transcript);
	json_array_foreach(transcript, i, entry) for (k = 0;
						      k < sizeof(details) / sizeof(details[0]); k++)
		json_object_del(entry, details[k]);
	all -= json_array_size(transcript);
	if (all == 0)
		return;
	text = hvc_printf("shortened by %zu entries; --transcripts full shows them", all);
	i = json_array_size(transcript);
	json_array_insert_new(transcript, i > SHORT_HEAD ? SHORT_HEAD : i,
			      json_pack("{s:i, s:s, s:s, s:s, s:s}", "time", 0, "kind", "note",
					"direction", "", "name", "...", "summary", text));
	free(text);
}
