/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: RNDIS bytes of the guest, out of the send buffer and its pages. */
#include "netvsp_internal.h"

/* The bytes that a 107 points to, as one private run. */
struct stream {
	uint8_t *bytes;
	size_t size;
	size_t *ends; /* of the pieces that the guest gave it in */
	size_t pieces, cap;
	uint32_t section;
	uint32_t ranges;
};

static void piece(struct stream *s, size_t size)
{
	s->ends = hvm_vec_grow(s->ends, s->pieces, &s->cap, sizeof(*s->ends));
	s->size += size;
	s->ends[s->pieces++] = s->size;
}

/* Against our own count, and within one section (NET-SEC-19). */
static bool section_ok(const struct hvm_netvsp *n, const struct hvp_nvsp_rndis_packet *m)
{
	return n->ss.has_send && m->send_buffer_section_index < n->ss.section_count &&
	       m->send_buffer_section_size <= n->ss.section_size;
}

static size_t gpa_bytes(const struct hvm_packet *k, struct stream *s)
{
	uint32_t bytes, index = 0;

	if (k->type != HVP_PACKET_GPA_DIRECT)
		return 0;
	while (hvm_scripted_range(k, index, &bytes) == HVP_OK && s->size <= NV_STREAM_MAX) {
		piece(s, bytes);
		index++;
	}
	s->ranges = index;
	return s->size;
}

static enum hvp_status read_ranges(struct hvm_netvsp *n, const struct nv_item *i,
				   const struct hvm_packet *k, struct stream *s, size_t at)
{
	size_t first = s->pieces - s->ranges, r, end;
	enum hvp_status st = HVP_OK;

	for (r = 0; r < s->ranges && st == HVP_OK; r++, at = end) {
		end = s->ends[first + r];
		st = hvm_scripted_read_range(n->q[i->queue].d, k, (uint32_t)r, 0, s->bytes + at,
					     end - at);
	}
	return st;
}

static enum hvp_status gather(struct hvm_netvsp *n, const struct nv_item *i,
			      const struct hvp_nvsp_rndis_packet *m, struct stream *s)
{
	bool section = m->send_buffer_section_index != HVP_NVSP_NO_SECTION;
	size_t in_section = section ? m->send_buffer_section_size : 0;
	struct hvm_packet k;

	hvm_nv_packet_of(i, &k);
	s->section = m->send_buffer_section_index;
	if (in_section)
		piece(s, in_section);
	(void)gpa_bytes(&k, s);
	if (s->size > NV_STREAM_MAX)
		return HVP_RANGE;
	s->bytes = hvm_xalloc(s->size);
	if (in_section && hvm_channel_gpadl_read(hvm_scripted_channel(n->q[0].d), n->ss.send_gpadl,
						 (uint64_t)s->section * n->ss.section_size,
						 s->bytes, in_section) != HVP_OK)
		return HVP_RANGE;
	return read_ranges(n, i, &k, s, in_section);
}

/* ---- frames ---- */

/* Bytes from @at to the end of the piece that holds it. */
static size_t undivided(const struct stream *s, size_t at)
{
	size_t k;

	for (k = 0; k < s->pieces; k++)
		if (at < s->ends[k])
			return s->ends[k] - at;
	return 0;
}

static struct nv_item *frame_item(const struct nv_item *i, const struct stream *s, size_t at,
				  size_t size)
{
	struct nv_item *f = hvm_nv_item(NV_IN_FRAME, i->queue, s->bytes + at, size);

	f->type = i->type;
	f->flags = i->flags;
	f->id = i->id;
	f->tx.queue = i->queue;
	f->tx.transaction_id = i->id;
	f->tx.section = s->section;
	f->tx.ranges = s->ranges;
	return f;
}

/* Each message makes progress, and all of them fit (NET-SEC-52). False: reject them all. */
static bool split(struct hvm_netvsp *n, const struct nv_item *i, const struct stream *s,
		  struct nv_list *out)
{
	size_t at = 0, size;
	struct nv_item *f;

	while (s->size - at >= 8) {
		size = hvp_get_u32(s->bytes + at + 4);
		if (size < 8 || size > s->size - at || out->n == n->cfg.max_packets)
			return false;
		f = frame_item(i, s, at, size);
		f->tx.index = (uint32_t)out->n;
		hvm_nv_push(out, f);
		if (!hvm_nv_frame_check(n, f, undivided(s, at)))
			return false;
		at += size;
	}
	/* In-band packets are padded; what a message leaves over must be nothing else. */
	return s->size == at;
}

static void count(struct hvm_netvsp *n, const struct stream *s)
{
	n->c.tx_packets++;
	if (s->section == HVP_NVSP_NO_SECTION)
		n->c.tx_gpa++;
	else if (s->ranges)
		n->c.tx_both++;
	else
		n->c.tx_section++;
}

static uint32_t frames(struct hvm_netvsp *n, const struct nv_item *i, const struct stream *s)
{
	struct nv_list l = { NULL, 0, 0 };
	struct nv_item *f;

	if (n->ss.state != HVM_NET_OPERATIONAL || !split(n, i, s, &l)) {
		hvm_nv_clear(&l);
		n->c.tx_rejected++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	count(n, s);
	n->packets++;
	while (l.n) {
		f = hvm_nv_take(&l, 0);
		f->tx.packet = n->packets;
		if (hvm_nv_tap(n, f))
			hvm_nv_frame(n, f);
	}
	hvm_nv_clear(&l);
	return HVP_NVSP_STATUS_SUCCESS;
}

/* ---- control ---- */

static uint32_t control(struct hvm_netvsp *n, const struct nv_item *i, const struct stream *s)
{
	struct nv_item *c;

	if (i->queue || s->size < 8 ||
	    n->ss.control_bytes + s->size > HVP_RNDIS_CONTROL_BYTES_MAX) {
		n->c.control_rejected++;
		return HVP_NVSP_STATUS_FAILURE;
	}
	c = hvm_nv_item(NV_IN_CONTROL, i->queue, s->bytes, s->size);
	c->type = i->type;
	c->flags = i->flags;
	c->id = i->id;
	n->ss.control_bytes += s->size;
	hvm_nv_push(&n->control, c);
	return HVP_NVSP_STATUS_SUCCESS;
}

static void stream(struct hvm_netvsp *n, const struct nv_item *i,
		   const struct hvp_nvsp_rndis_packet *m)
{
	struct stream s;
	uint32_t status = HVP_NVSP_STATUS_FAILURE;
	bool data = false;

	memset(&s, 0, sizeof(s));
	if (gather(n, i, m, &s) == HVP_OK) {
		data = s.size >= 4 && hvp_get_u32(s.bytes) == HVP_RNDIS_PACKET;
		status = data ? frames(n, i, &s) : control(n, i, &s);
	} else {
		n->c.tx_rejected++;
	}
	free(s.bytes);
	free(s.ends);
	if (hvm_nv_alive(n))
		hvm_nv_answer_rndis(n, i, status, data);
	hvm_nv_control_run(n);
}

/* Without the send buffer the first RNDIS packet ends the configuration (NET-REQ-030). */
static bool begin(struct hvm_netvsp *n)
{
	bool has_send = n->ss.has_send;

	if (n->ss.state == HVM_NET_CONFIGURING) {
		n->ss.has_send = true;
		hvm_nv_configured(n);
		n->ss.has_send = has_send;
	}
	return n->ss.state != HVM_NET_CONFIGURING;
}

void hvm_nv_rndis_packet(struct hvm_netvsp *n, struct nv_item *i)
{
	struct hvp_nvsp_rndis_packet m;

	if (!hvm_nv_decode(n, i, "rndis_packet", &m))
		return;
	if (!begin(n))
		hvm_nv_stop(n, "RNDIS before the buffers");
	else if (m.send_buffer_section_index != HVP_NVSP_NO_SECTION && !section_ok(n, &m))
		hvm_nv_stop(n, "a section outside the send buffer");
	else if (i->flags & HVP_PACKET_COMPLETION_REQUESTED)
		stream(n, i, &m);
	/* Else there is no id to answer to: dropped (NET-SEC-58). */
}
