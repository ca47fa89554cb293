/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace of the mock host: pcap, link type USER0, each record a fixed header and the bytes it
 * is about (spec/trace.yaml). The version in force is in the header; which features were
 * granted is not, so that is read off the messages themselves (codec.c).
 */
#include "cli.h"

#include <hvproto/wire/trace.h>

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct record {
	uint8_t kind;
	uint8_t direction;
	uint8_t vp;
	uint32_t channel;
	uint32_t connection_id;
	uint32_t negotiated;
	uint64_t aux;
	const uint8_t *data;
	size_t size;
};

struct trace_reader {
	const char *file;
	const struct cli_hint *hint;
	cli_item_fn fn;
	void *context;
	unsigned int number;
};

bool cli_looks_like_trace(const struct cli_buffer *bytes)
{
	static const uint8_t magics[][4] = {
		{ 0xd4, 0xc3, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0xc3, 0xd4 }, { 0x4d, 0x3c, 0xb2, 0xa1 },
		{ 0xa1, 0xb2, 0x3c, 0x4d }, { 0x0a, 0x0d, 0x0d, 0x0a },
	};
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (bytes->size >= 24 && memcmp(bytes->p, magics[i], 4) == 0)
			return true;
	return false;
}

static bool read_header(const uint8_t *p, size_t n, struct record *out)
{
	if (n < HVP_TRACE_HEADER_SIZE || p[HVP_TRACE_HEADER_VERSION_OFFSET] != HVP_TRACE_VERSION)
		return false;
	out->kind = p[HVP_TRACE_HEADER_KIND_OFFSET];
	out->direction = p[HVP_TRACE_HEADER_DIRECTION_OFFSET];
	out->vp = p[HVP_TRACE_HEADER_VP_OFFSET];
	out->channel = hvp_get_u32(p + HVP_TRACE_HEADER_CHANNEL_OFFSET);
	out->connection_id = hvp_get_u32(p + HVP_TRACE_HEADER_CONNECTION_ID_OFFSET);
	out->negotiated = hvp_get_u32(p + HVP_TRACE_HEADER_NEGOTIATED_OFFSET);
	out->aux = hvp_get_u64(p + HVP_TRACE_HEADER_AUX_OFFSET);
	out->data = p + HVP_TRACE_HEADER_SIZE;
	out->size = n - HVP_TRACE_HEADER_SIZE;
	return true;
}

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = { "record",	  "message", "packet",		"signal",
					     "hypercall", "note",    "pointed-to bytes" };

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

/* A message has SynIC type 1; what a timer or the hypervisor posts is not VMBus. */
static enum cli_kind item_kind(const struct record *r)
{
	if ((r->kind == HVP_TRACE_KIND_MESSAGE && r->aux == 1) || r->kind == HVP_TRACE_KIND_PACKET)
		return CLI_MESSAGE;
	if (r->kind == HVP_TRACE_KIND_NOTE || r->size == 0)
		return CLI_NOTE;
	return CLI_BYTES;
}

static void fill_hint(struct cli_hint *hint, const struct record *r)
{
	if (!hint->proto)
		hint->proto = cli_protocol_quiet(r->kind == HVP_TRACE_KIND_MESSAGE ? "vmbus"
										   : "ring");
	if (hint->direction == CLI_DIR_UNKNOWN)
		hint->direction = r->direction;
	if (!hint->version_given && r->negotiated != 0) {
		hint->version_given = true;
		hint->neg.version = r->negotiated;
	}
}

static void describe(char *label, size_t room, unsigned int number, const struct record *r,
		     const struct pcap_pkthdr *h)
{
	int n;

	n = snprintf(label, room, "%u  %ld.%06ld s  %s, %s, VP %u", number, (long)h->ts.tv_sec,
		     (long)h->ts.tv_usec, kind_name(r->kind), cli_direction_text(r->direction),
		     r->vp);
	if (n > 0 && (size_t)n < room && r->channel != 0)
		n += snprintf(label + n, room - (size_t)n, ", channel %u", r->channel);
	if (n > 0 && (size_t)n < room && r->connection_id != 0)
		n += snprintf(label + n, room - (size_t)n, ", connection 0x%x", r->connection_id);
	if (n > 0 && (size_t)n < room && r->kind == HVP_TRACE_KIND_NOTE)
		snprintf(label + n, room - (size_t)n, ": %.*s", (int)(r->size & 0xfff),
			 (const char *)r->data);
}

static int one_record(struct trace_reader *t, const struct pcap_pkthdr *h, const uint8_t *p)
{
	struct cli_item item = { .hint = *t->hint, .file = t->file, .why = "from the trace" };
	struct record r;
	char label[512];

	t->number++;
	if (h->caplen < h->len || !read_header(p, h->caplen, &r)) {
		cli_error("%s: record %u is cut or of an unknown version", t->file, t->number);
		return CLI_DATA;
	}
	describe(label, sizeof(label), t->number, &r, h);
	item.kind = item_kind(&r);
	item.channel = r.channel;
	item.label = label;
	item.data = r.data;
	item.size = r.size;
	if (item.kind == CLI_MESSAGE)
		fill_hint(&item.hint, &r);
	else if (item.hint.direction == CLI_DIR_UNKNOWN)
		item.hint.direction = r.direction;
	return t->fn(t->context, &item);
}

static pcap_t *open_trace(const char *file, const struct cli_buffer *bytes, FILE **stream)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;

	*stream = fmemopen(bytes->p, bytes->size, "rb");
	pcap = *stream ? pcap_fopen_offline(*stream, why) : NULL;
	if (!pcap) {
		cli_error("%s: not a trace: %s", file, why);
		if (*stream)
			fclose(*stream);
		return NULL;
	}
	if (pcap_datalink(pcap) != (int)HVP_TRACE_LINKTYPE) {
		cli_error("%s: link type %d, not USER0 (%u) as traces of ours", file,
			  pcap_datalink(pcap), HVP_TRACE_LINKTYPE);
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

int cli_input_trace(const char *file, const struct cli_buffer *bytes, const struct cli_hint *hint,
		    cli_item_fn fn, void *context)
{
	struct trace_reader t = { .file = file, .hint = hint, .fn = fn, .context = context };
	struct pcap_pkthdr *h;
	const uint8_t *p;
	FILE *stream;
	pcap_t *pcap = open_trace(file, bytes, &stream);
	int result = CLI_OK;
	int got;

	if (!pcap)
		return CLI_DATA;
	while ((got = pcap_next_ex(pcap, &h, &p)) == 1) {
		int one = one_record(&t, h, p);

		result = one != CLI_OK ? one : result;
	}
	if (got == PCAP_ERROR) {
		cli_error("%s: %s", file, pcap_geterr(pcap));
		result = CLI_DATA;
	}
	pcap_close(pcap);
	return result;
}
