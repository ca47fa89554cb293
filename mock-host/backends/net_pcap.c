/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures as a cable: frames of one file come in, frames of the guest go into another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include <hvmock/netbackend.h>
#include <hvmock/sched.h>

#include "../host/vec.h"

#define SNAPLEN 262144
#define TAG_AT 12u /* behind both addresses */
#define TAG_SIZE 4u
#define TICKS_PER_US HVM_US

struct capture {
	struct hvm_net_backend b;
	pcap_t *in;
	pcap_t *dead; /* of the file that is written */
	pcap_dumper_t *out;
	bool have; /* a frame has been read and waits for its time */
	bool started;
	uint64_t first; /* time of the first frame in its file */
	uint64_t start; /* virtual time that it was due at */
	uint64_t due;
	uint8_t *frame;
	size_t size;
};

static void capture_free(struct hvm_net_backend *b)
{
	struct capture *c = (struct capture *)b;

	if (c->out)
		pcap_dump_close(c->out);
	if (c->dead)
		pcap_close(c->dead);
	if (c->in)
		pcap_close(c->in);
	free(c->frame);
	free(c);
}

/* In a file a tag is where the wire has it. */
static uint8_t *with_tag(const struct hvm_net_wire_frame *f, size_t *size)
{
	bool tagged = f->has_vlan && f->size >= TAG_AT;
	uint8_t *copy = hvm_xalloc(f->size + TAG_SIZE);

	*size = f->size + (tagged ? TAG_SIZE : 0);
	if (!tagged) {
		memcpy(copy, f->bytes, f->size);
		return copy;
	}
	memcpy(copy, f->bytes, TAG_AT);
	copy[TAG_AT] = 0x81;
	copy[TAG_AT + 1] = 0x00;
	copy[TAG_AT + 2] = (uint8_t)(f->vlan >> 8);
	copy[TAG_AT + 3] = (uint8_t)f->vlan;
	memcpy(copy + TAG_AT + TAG_SIZE, f->bytes + TAG_AT, f->size - TAG_AT);
	return copy;
}

static void capture_send(struct hvm_net_backend *b, const struct hvm_net_wire_frame *f,
			 uint64_t now)
{
	struct capture *c = (struct capture *)b;
	struct pcap_pkthdr h;
	uint8_t *bytes;
	size_t size;

	if (!c->out)
		return;
	bytes = with_tag(f, &size);
	memset(&h, 0, sizeof(h));
	h.ts.tv_sec = (time_t)(now / HVM_SEC);
	h.ts.tv_usec = (suseconds_t)(now % HVM_SEC / TICKS_PER_US);
	h.caplen = (bpf_u_int32)size;
	h.len = h.caplen;
	pcap_dump((u_char *)c->out, &h, bytes);
	pcap_dump_flush(c->out);
	free(bytes);
}

/* ---- the file that is read ---- */

static bool read_next(struct capture *c, uint64_t now)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	uint64_t at;

	if (c->have)
		return true;
	if (!c->in || pcap_next_ex(c->in, &h, &bytes) != 1)
		return false;
	at = (uint64_t)h->ts.tv_sec * HVM_SEC + (uint64_t)h->ts.tv_usec * TICKS_PER_US;
	if (!c->started) {
		c->started = true;
		c->first = at;
		c->start = now;
	}
	c->due = at > c->first ? c->start + (at - c->first) : c->start;
	free(c->frame);
	c->frame = hvm_xcopy(bytes, h->caplen);
	c->size = h->caplen;
	c->have = true;
	return true;
}

static void capture_poll(struct hvm_net_backend *b, uint64_t now)
{
	struct capture *c = (struct capture *)b;
	struct hvm_net_wire_frame f = { NULL, 0, false, 0 };

	while (read_next(c, now) && c->due <= now) {
		f.bytes = c->frame;
		f.size = c->size;
		c->have = false;
		b->deliver(b->deliver_ctx, &f);
	}
}

static bool open_in(struct capture *c, const char *name, char *error)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	c->in = pcap_open_offline(name, why);
	if (!c->in) {
		snprintf(error, HVM_NET_ERROR_SIZE, "%s", why);
		return false;
	}
	if (pcap_datalink(c->in) == DLT_EN10MB)
		return true;
	snprintf(error, HVM_NET_ERROR_SIZE, "%s: not a capture of Ethernet", name);
	return false;
}

static bool open_out(struct capture *c, const char *name, char *error)
{
	c->dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (c->dead)
		c->out = pcap_dump_open(c->dead, name);
	if (!c->out)
		snprintf(error, HVM_NET_ERROR_SIZE, "%s",
			 c->dead ? pcap_geterr(c->dead) : "out of memory");
	return c->out != NULL;
}

struct hvm_net_backend *hvm_net_pcap(const char *in, const char *out, char *error)
{
	struct capture *c = hvm_xalloc(sizeof(*c));

	c->b.name = "pcap";
	c->b.send = capture_send;
	c->b.poll = capture_poll;
	c->b.free = capture_free;
	if ((!in || open_in(c, in, error)) && (!out || open_out(c, out, error)))
		return &c->b;
	capture_free(&c->b);
	return NULL;
}
