/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/trace.h - everything that went over the wire, in order
 *
 * An in-memory log with a visitor, from which reports and assertions are made, and a pcap file
 * (link type USER0) of the same entries that the generated dissector opens. A record is a
 * 24-byte little-endian header, then the bytes: version u8 = 1, kind u8, direction u8, vp u8,
 * channel u32, connection_id u32, negotiated version u32, aux u64.
 *
 * Thread rule: one thread per partition. Ownership: entries belong to the trace and live until
 * hvm_trace_clear() or the partition goes.
 */
#ifndef HVMOCK_TRACE_H
#define HVMOCK_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <hvproto/status.h>
#include <hvproto/wire/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hvm_trace_kind {
	HVM_TRACE_MESSAGE = HVP_TRACE_KIND_MESSAGE, /* channel message; aux: SynIC message type */
	HVM_TRACE_PACKET =
		HVP_TRACE_KIND_PACKET, /* ring packet without trailer; aux: ring offset */
	HVM_TRACE_SIGNAL = HVP_TRACE_KIND_SIGNAL, /* event; aux: flag number */
	HVM_TRACE_HYPERVISOR =
		HVP_TRACE_KIND_HYPERCALL, /* MSR or hypercall; aux: MSR number or control word */
	HVM_TRACE_NOTE = HVP_TRACE_KIND_NOTE, /* text of the host or of a script */
	HVM_TRACE_MEMORY = HVP_TRACE_KIND_POINTED, /* bytes a packet pointed to; aux: GPA */
};

/**
 * struct hvm_trace_entry - one thing that happened
 * @time:          100 ns
 * @kind:          enum hvm_trace_kind
 * @direction:     enum hvp_direction; 0 for notes
 * @vp:            virtual processor
 * @channel:       channel id, 0 if none
 * @connection_id: g2h: as used; h2g: 0
 * @version:       negotiated version at that time, 0 before
 * @aux:           by kind
 * @bytes:         what went over
 * @size:          bytes
 */
struct hvm_trace_entry {
	uint64_t time;
	uint8_t kind;
	uint8_t direction;
	uint8_t vp;
	uint32_t channel;
	uint32_t connection_id;
	uint32_t version;
	uint64_t aux;
	const uint8_t *bytes;
	size_t size;
};

struct hvm_trace;

/** hvm_trace_new() - an empty log; NULL if memory is out */
struct hvm_trace *hvm_trace_new(void);

/** hvm_trace_free() - close the pcap file, forget all entries; @t may be NULL */
void hvm_trace_free(struct hvm_trace *t);

/** hvm_trace_add() - append a copy of @e and of its bytes */
void hvm_trace_add(struct hvm_trace *t, const struct hvm_trace_entry *e);

/** hvm_trace_count() - entries so far */
size_t hvm_trace_count(const struct hvm_trace *t);

/** hvm_trace_get() - entry @index; NULL past the end */
const struct hvm_trace_entry *hvm_trace_get(const struct hvm_trace *t, size_t index);

/**
 * hvm_trace_visit() - walk the log
 * @t:     trace
 * @from:  first entry
 * @visit: called for each; a nonzero result ends the walk
 * @ctx:   given to @visit
 *
 * Return: the result of the last call, 0 if there was none.
 */
int hvm_trace_visit(const struct hvm_trace *t, size_t from,
		    int (*visit)(void *ctx, const struct hvm_trace_entry *e), void *ctx);

/** hvm_trace_clear() - forget the entries; an open pcap file keeps what it has */
void hvm_trace_clear(struct hvm_trace *t);

/**
 * hvm_trace_pcap() - write entries from now on, and those already there, to a file
 * @t:    trace
 * @path: file to create, "-" for standard output; NULL closes the present one
 *
 * Entries are in the file as soon as they are added, so that it can be read after a crash.
 *
 * Return: HVP_OK, HVP_OS when the file cannot be written.
 */
enum hvp_status hvm_trace_pcap(struct hvm_trace *t, const char *path);

/**
 * hvm_trace_record() - the bytes of a pcap record
 * @e:   entry
 * @out: HVP_TRACE_HEADER_SIZE + @e->size bytes
 */
void hvm_trace_record(const struct hvm_trace_entry *e, uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_TRACE_H */
