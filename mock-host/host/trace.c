/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include <hvmock/trace.h>
#include <hvproto/wr.h>

#include "vec.h"

#define TICKS_PER_SEC 10000000u
#define TICKS_PER_US 10u
#define SNAPLEN (1 << 20)

struct hvm_trace {
	struct hvm_trace_entry *items;
	size_t n, cap;
	pcap_t *pcap;
	pcap_dumper_t *dump;
};

struct hvm_trace *hvm_trace_new(void)
{
	return hvm_xalloc(sizeof(struct hvm_trace));
}

void hvm_trace_clear(struct hvm_trace *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free((void *)(uintptr_t)t->items[i].bytes);
	t->n = 0;
}

static void close_pcap(struct hvm_trace *t)
{
	if (t->dump)
		pcap_dump_close(t->dump);
	if (t->pcap)
		pcap_close(t->pcap);
	t->dump = NULL;
	t->pcap = NULL;
}

void hvm_trace_free(struct hvm_trace *t)
{
	if (!t)
		return;
	close_pcap(t);
	hvm_trace_clear(t);
	free(t->items);
	free(t);
}

void hvm_trace_record(const struct hvm_trace_entry *e, uint8_t *out)
{
	hvp_put_u8(out + HVP_TRACE_HEADER_VERSION_OFFSET, HVP_TRACE_VERSION);
	hvp_put_u8(out + HVP_TRACE_HEADER_KIND_OFFSET, e->kind);
	hvp_put_u8(out + HVP_TRACE_HEADER_DIRECTION_OFFSET, e->direction);
	hvp_put_u8(out + HVP_TRACE_HEADER_VP_OFFSET, e->vp);
	hvp_put_u32(out + HVP_TRACE_HEADER_CHANNEL_OFFSET, e->channel);
	hvp_put_u32(out + HVP_TRACE_HEADER_CONNECTION_ID_OFFSET, e->connection_id);
	hvp_put_u32(out + HVP_TRACE_HEADER_NEGOTIATED_OFFSET, e->version);
	hvp_put_u64(out + HVP_TRACE_HEADER_AUX_OFFSET, e->aux);
	if (e->size)
		memcpy(out + HVP_TRACE_HEADER_SIZE, e->bytes, e->size);
}

static void dump_entry(struct hvm_trace *t, const struct hvm_trace_entry *e)
{
	size_t size = HVP_TRACE_HEADER_SIZE + e->size;
	uint8_t *record = hvm_xalloc(size);
	struct pcap_pkthdr h;

	memset(&h, 0, sizeof(h));
	h.ts.tv_sec = (time_t)(e->time / TICKS_PER_SEC);
	h.ts.tv_usec = (suseconds_t)(e->time % TICKS_PER_SEC / TICKS_PER_US);
	h.caplen = (bpf_u_int32)size;
	h.len = (bpf_u_int32)size;
	hvm_trace_record(e, record);
	pcap_dump((u_char *)t->dump, &h, record);
	/* A guest that crashes takes this process with it: the file shows how it came to that. */
	pcap_dump_flush(t->dump);
	free(record);
}

void hvm_trace_add(struct hvm_trace *t, const struct hvm_trace_entry *e)
{
	struct hvm_trace_entry *mine;

	t->items = hvm_vec_grow(t->items, t->n, &t->cap, sizeof(*t->items));
	mine = &t->items[t->n++];
	*mine = *e;
	mine->bytes = hvm_xcopy(e->bytes, e->size);
	if (t->dump)
		dump_entry(t, mine);
}

size_t hvm_trace_count(const struct hvm_trace *t)
{
	return t->n;
}

const struct hvm_trace_entry *hvm_trace_get(const struct hvm_trace *t, size_t index)
{
	return index < t->n ? &t->items[index] : NULL;
}

int hvm_trace_visit(const struct hvm_trace *t, size_t from,
		    int (*visit)(void *ctx, const struct hvm_trace_entry *e), void *ctx)
{
	int r = 0;
	size_t i;

	for (i = from; i < t->n && !r; i++)
		r = visit(ctx, &t->items[i]);
	return r;
}

enum hvp_status hvm_trace_pcap(struct hvm_trace *t, const char *path)
{
	size_t i;

	close_pcap(t);
	if (!path)
		return HVP_OK;
	t->pcap = pcap_open_dead((int)HVP_TRACE_LINKTYPE, SNAPLEN);
	if (t->pcap)
		t->dump = pcap_dump_open(t->pcap, path);
	if (!t->dump) {
		close_pcap(t);
		return HVP_OS;
	}
	for (i = 0; i < t->n; i++)
		dump_entry(t, &t->items[i]);
	return HVP_OK;
}
