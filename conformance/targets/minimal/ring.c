/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in the two rings of a channel (chapter 10 section 3). Each ring is a control page and
 * data pages. A word that the host can write is loaded once, checked, then used; packets are
 * copied out before they are looked at. The reader leaves interrupt_mask at 0 all the time.
 */
#include "minimal.h"

#define WRITE_INDEX 0u
#define READ_INDEX 4u
#define INTERRUPT_MASK 8u
#define PENDING_SEND_SIZE 12u
#define FEATURE_BITS 64u

#define DESCRIPTOR 16u
#define TRAILER 8u
#define TYPE_IN_BAND 6u
#define TYPE_TRANSFER_PAGES 7u
#define TYPE_GPA_DIRECT 9u
#define TYPE_COMPLETION 11u
#define COMPLETION_REQUESTED 1u

struct packet {
	uint32_t type;
	uint32_t flags;
	uint64_t id;
	const uint8_t *extra;
	size_t extra_size;
	const void *payload;
	size_t payload_size;
};

static bool index_ok(const struct mg_ring *r, uint32_t index)
{
	return index < r->size && index % 8 == 0;
}

static uint32_t distance(const struct mg_ring *r, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : r->size - (from - to);
}

static uint32_t advance(const struct mg_ring *r, uint32_t index, uint32_t n)
{
	return n < r->size - index ? index + n : n - (r->size - index);
}

static void copy_in(struct mg_ring *r, uint32_t *at, const void *from, size_t n)
{
	size_t first = n < r->size - *at ? n : r->size - *at;

	if (n == 0)
		return;
	memcpy(r->data + *at, from, first);
	memcpy(r->data, (const uint8_t *)from + first, n - first);
	*at = advance(r, *at, (uint32_t)n);
}

static void copy_out(const struct mg_ring *r, uint32_t at, uint8_t *to, size_t n)
{
	size_t first = n < r->size - at ? n : r->size - at;

	memcpy(to, r->data + at, first);
	memcpy(to + first, r->data, n - first);
}

static void broken(struct mg_guest *g, struct mg_channel *ch, const char *why)
{
	struct hvt_event ev = { .type = HVT_EV_CHANNEL_ERROR, .channel = ch->id, .text = why };

	ev.status = MG_STATUS_GONE;
	ch->broken = true;
	ch->again = false;
	mg_event(g, &ev);
}

/* The sender of a ring sets the feature bit before the channel is used. */
void mg_ring_start(struct mg_channel *ch)
{
	uint8_t *va = ch->gpadl->va;
	size_t tx = (size_t)ch->tx_pages + 1;

	ch->tx.control = va;
	ch->tx.data = va + HVT_PAGE;
	ch->tx.size = ch->tx_pages * HVT_PAGE;
	ch->tx.index = 0;
	ch->rx.control = va + tx * HVT_PAGE;
	ch->rx.data = ch->rx.control + HVT_PAGE;
	ch->rx.size = (uint32_t)((ch->gpadl->pages - tx - 1) * HVT_PAGE);
	ch->rx.index = 0;
	ch->broken = false;
	ch->paused = false;
	ch->again = false;
	ch->waiting = 0;
	ch->waiting_for_id = false;
	mg_store(ch->tx.control + FEATURE_BITS, 1);
}

/*
 * Requests in flight end with the rings. Their buffers are in no GPADL, but a host that has not
 * yet confirmed the teardown of the rings may still be busy with them.
 */
void mg_ring_stop(struct mg_guest *g, struct mg_channel *ch)
{
	size_t i;

	for (i = 0; i < MG_REQUESTS; i++)
		if (ch->requests[i].used && ch->requests[i].va)
			g->ops.page_free(g->m, ch->requests[i].va, ch->requests[i].pages);
	memset(ch->requests, 0, sizeof(ch->requests));
	ch->again = false;
	ch->waiting = 0;
	ch->waiting_for_id = false;
}

/* Room for one more packet, in bytes; a full ring would look empty, so 8 stay free. */
static bool room(struct mg_guest *g, struct mg_channel *ch, uint32_t *read, uint32_t *bytes)
{
	*read = mg_load(ch->tx.control + READ_INDEX);
	if (!index_ok(&ch->tx, *read)) {
		broken(g, ch, "read index outside the ring");
		return false;
	}
	*bytes = ch->tx.size - distance(&ch->tx, *read, ch->tx.index) - 8;
	return true;
}

/* No room: say how much we wait for, then look again before giving up (section 3.7.3). */
static int wait_for_room(struct mg_guest *g, struct mg_channel *ch, uint32_t total)
{
	uint32_t read;
	uint32_t bytes;

	mg_store(ch->tx.control + PENDING_SEND_SIZE, total);
	mg_full_barrier();
	if (!room(g, ch, &read, &bytes))
		return HVT_FAILED;
	if (bytes < total) {
		ch->waiting = total;
		return HVT_AGAIN;
	}
	mg_store(ch->tx.control + PENDING_SEND_SIZE, 0);
	return HVT_OK;
}

static void write_packet(struct mg_ring *r, const struct packet *p, uint32_t length)
{
	static const uint8_t zeros[8];
	uint8_t head[DESCRIPTOR] = { 0 };
	uint8_t trailer[TRAILER] = { 0 };
	uint32_t at = r->index;

	mg_put16(head, p->type);
	mg_put16(head + 2, (uint32_t)(DESCRIPTOR + p->extra_size) / 8);
	mg_put16(head + 4, length / 8);
	mg_put16(head + 6, p->flags);
	mg_put64(head + 8, p->id);
	mg_put32(trailer + 4, r->index);
	copy_in(r, &at, head, sizeof(head));
	copy_in(r, &at, p->extra, p->extra_size);
	copy_in(r, &at, p->payload, p->payload_size);
	copy_in(r, &at, zeros, (8 - p->payload_size % 8) % 8);
	copy_in(r, &at, trailer, sizeof(trailer));
	r->index = at;
}

static int put_packet(struct mg_guest *g, struct mg_channel *ch, const struct packet *p)
{
	size_t length = DESCRIPTOR + p->extra_size + (p->payload_size + 7) / 8 * 8;
	uint32_t total = (uint32_t)length + TRAILER;
	uint32_t old = ch->tx.index;
	uint32_t read;
	uint32_t bytes;
	int result;

	if (length / 8 > 0xffff || total > ch->tx.size - 16)
		return HVT_FAILED;
	if (!room(g, ch, &read, &bytes))
		return HVT_FAILED;
	if (bytes < total) {
		result = wait_for_room(g, ch, total);
		if (result != HVT_OK)
			return result;
	} else if (ch->waiting != 0 && total >= ch->waiting) {
		ch->waiting = 0;
		mg_store(ch->tx.control + PENDING_SEND_SIZE, 0);
	}
	write_packet(&ch->tx, p, (uint32_t)length);
	mg_store(ch->tx.control + WRITE_INDEX, ch->tx.index);
	mg_full_barrier();
	/* Only a reader that found the ring empty sleeps and needs to be told. */
	if (mg_load(ch->tx.control + INTERRUPT_MASK) == 0 &&
	    mg_load(ch->tx.control + READ_INDEX) == old)
		mg_signal(g, ch);
	return HVT_OK;
}

/* Ids on the ring are table positions plus one: 0 gets no completion from some hosts. */
static struct mg_request *free_request(struct mg_channel *ch)
{
	size_t i;

	for (i = 0; i < MG_REQUESTS; i++)
		if (!ch->requests[i].used)
			return &ch->requests[i];
	ch->waiting_for_id = true;
	return NULL;
}

static bool can_send(const struct mg_channel *ch)
{
	return ch->state == MG_OPEN && !ch->rescinded && !ch->broken;
}

int mg_send(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd)
{
	struct packet p = { .type = TYPE_IN_BAND };
	struct mg_request *rq = NULL;
	int result;

	if (!can_send(ch))
		return HVT_FAILED;
	p.flags = cmd->flags & COMPLETION_REQUESTED;
	p.payload = cmd->data;
	p.payload_size = cmd->data_size;
	if (p.flags) {
		rq = free_request(ch);
		if (!rq)
			return HVT_AGAIN;
		p.id = (uint64_t)(rq - ch->requests) + 1;
	}
	result = put_packet(g, ch, &p);
	if (result == HVT_OK && rq) {
		rq->used = true;
		rq->wants_completion = true;
		rq->caller_id = cmd->id;
	}
	return result;
}

/* The extra header of one GPA range, 8 bytes and the range; @pfns frame numbers. */
static size_t gpa_header(struct mg_guest *g, uint8_t *p, const struct hvt_command *cmd,
			 const uint8_t *va, size_t pfns)
{
	size_t i;

	mg_put32(p, 0);
	mg_put32(p + 4, 1);
	mg_put32(p + 8, cmd->byte_count);
	mg_put32(p + 12, cmd->byte_offset);
	for (i = 0; i < pfns; i++)
		mg_put64(p + 16 + 8 * i, g->ops.gpa(g->m, va + i * HVT_PAGE) / HVT_PAGE);
	return 16 + 8 * pfns;
}

int mg_send_gpa(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd)
{
	size_t pfns = ((size_t)cmd->byte_offset + cmd->byte_count + HVT_PAGE - 1) / HVT_PAGE;
	struct packet p = { .type = TYPE_GPA_DIRECT, .extra = g->packet };
	struct mg_request *rq;
	int result;
	void *va;

	if (!can_send(ch) || cmd->byte_count == 0 || cmd->byte_offset >= HVT_PAGE ||
	    pfns > cmd->pages || 16 + 8 * pfns > sizeof(g->packet))
		return HVT_FAILED;
	rq = free_request(ch);
	if (!rq)
		return HVT_AGAIN;
	va = g->ops.page_alloc(g->m, cmd->pages);
	if (!va)
		return HVT_FAILED;
	p.flags = cmd->flags & COMPLETION_REQUESTED;
	p.id = p.flags ? (uint64_t)(rq - ch->requests) + 1 : 0;
	p.payload = cmd->data;
	p.payload_size = cmd->data_size;
	p.extra_size = gpa_header(g, g->packet, cmd, va, pfns);
	result = put_packet(g, ch, &p);
	if (result != HVT_OK) {
		g->ops.page_free(g->m, va, cmd->pages);
		return result;
	}
	/* Without a completion nobody says when the host is done: keep the pages till close. */
	*rq = (struct mg_request){ true, p.flags != 0, cmd->id, va, cmd->pages };
	return HVT_OK;
}

int mg_complete(struct mg_guest *g, struct mg_channel *ch, const struct hvt_command *cmd)
{
	struct packet p = { .type = TYPE_COMPLETION, .id = cmd->id };

	if (!can_send(ch))
		return HVT_FAILED;
	p.payload = cmd->data;
	p.payload_size = cmd->data_size;
	return put_packet(g, ch, &p);
}

static void space_event(struct mg_guest *g, struct mg_channel *ch)
{
	mg_result(g, HVT_EV_SPACE, ch->id, 0);
}

/* The id of a completion is the host's word: a number to look up, once (section 3.6). */
static void completion(struct mg_guest *g, struct mg_channel *ch, const struct hvt_event *packet)
{
	struct hvt_event ev = { .type = HVT_EV_COMPLETION, .channel = ch->id };
	struct mg_request *rq = NULL;

	if (packet->id >= 1 && packet->id <= MG_REQUESTS)
		rq = &ch->requests[packet->id - 1];
	if (!rq || !rq->used || !rq->wants_completion) {
		mg_dropped(g, ch->id, "completion of a request that is not in flight");
		return;
	}
	ev.id = rq->caller_id;
	ev.data = packet->data;
	ev.size = packet->size;
	if (rq->va)
		g->ops.page_free(g->m, rq->va, rq->pages);
	memset(rq, 0, sizeof(*rq));
	mg_event(g, &ev);
	if (ch->waiting_for_id) {
		ch->waiting_for_id = false;
		space_event(g, ch);
	}
}

/* A whole packet in private memory: what it is, and whether its inner lengths hold. */
static void packet_in(struct mg_guest *g, struct mg_channel *ch, const uint8_t *p, uint32_t offset,
		      uint32_t length)
{
	struct hvt_event ev = { .type = HVT_EV_PACKET, .channel = ch->id };

	ev.packet_type = mg_get16(p);
	ev.flags = mg_get16(p + 6) & COMPLETION_REQUESTED;
	ev.id = mg_get64(p + 8);
	ev.data = p + offset;
	ev.size = length - offset;
	switch (ev.packet_type) {
	case TYPE_COMPLETION:
		completion(g, ch, &ev);
		break;
	case TYPE_TRANSFER_PAGES:
		if (offset < 24 || (uint64_t)mg_get32(p + 20) * 8 > offset - 24) {
			mg_dropped(g, ch->id, "transfer pages outside their header");
			break;
		}
		mg_event(g, &ev);
		break;
	case TYPE_IN_BAND:
		mg_event(g, &ev);
		break;
	default:
		mg_dropped(g, ch->id, "packet of a type that a guest does not take");
	}
}

/* Take the packet at our index; 0: the ring contradicts itself. Else the bytes it occupies. */
static uint32_t take_packet(struct mg_guest *g, struct mg_channel *ch, uint32_t available)
{
	uint32_t offset;
	uint32_t length;

	if (available < DESCRIPTOR + TRAILER)
		return 0;
	copy_out(&ch->rx, ch->rx.index, g->packet, DESCRIPTOR);
	offset = mg_get16(g->packet + 2) * 8u;
	length = mg_get16(g->packet + 4) * 8u;
	if (offset < DESCRIPTOR || length < offset || length + TRAILER > available)
		return 0;
	if (length > sizeof(g->packet)) {
		mg_dropped(g, ch->id, "packet larger than we take");
		return length + TRAILER;
	}
	/* The rest only: what was checked above must not be fetched again. */
	copy_out(&ch->rx, advance(&ch->rx, ch->rx.index, DESCRIPTOR), g->packet + DESCRIPTOR,
		 length - DESCRIPTOR);
	packet_in(g, ch, g->packet, offset, length);
	return length + TRAILER;
}

/* Give the space back; wake a sender whose wish this very step fulfilled (section 3.7.2). */
static bool commit_reads(struct mg_guest *g, struct mg_channel *ch, uint32_t before)
{
	struct mg_ring *r = &ch->rx;
	uint32_t pending;
	uint32_t write;

	mg_store(r->control + READ_INDEX, r->index);
	mg_full_barrier();
	pending = mg_load(r->control + PENDING_SEND_SIZE) & ~7u;
	if (pending == 0)
		return true;
	write = mg_load(r->control + WRITE_INDEX);
	if (!index_ok(r, write)) {
		broken(g, ch, "write index outside the ring");
		return false;
	}
	if (r->size - distance(r, before, write) - 8 < pending &&
	    r->size - distance(r, r->index, write) - 8 >= pending)
		mg_signal(g, ch);
	return true;
}

/* Take what is there, up to @budget packets; true: look again. */
static bool drain_once(struct mg_guest *g, struct mg_channel *ch, unsigned int *budget)
{
	struct mg_ring *r = &ch->rx;
	uint32_t before = r->index;
	uint32_t write = mg_load(r->control + WRITE_INDEX);
	uint32_t available;
	uint32_t n;

	if (!index_ok(r, write)) {
		broken(g, ch, "write index outside the ring");
		return false;
	}
	available = distance(r, r->index, write);
	if (available == 0)
		return false;
	for (; available > 0 && *budget > 0; (*budget)--) {
		n = take_packet(g, ch, available);
		if (n == 0) {
			broken(g, ch, "packet that contradicts its ring");
			return false;
		}
		available -= n;
		r->index = advance(r, r->index, n);
	}
	return commit_reads(g, ch, before);
}

static void receive(struct mg_guest *g, struct mg_channel *ch)
{
	unsigned int budget = MG_BATCH;

	while (budget > 0 && drain_once(g, ch, &budget))
		;
	ch->again = budget == 0 && !ch->broken;
}

static void check_room(struct mg_guest *g, struct mg_channel *ch)
{
	uint32_t read;
	uint32_t bytes;

	if (ch->waiting == 0 || !room(g, ch, &read, &bytes) || bytes < ch->waiting)
		return;
	ch->waiting = 0;
	mg_store(ch->tx.control + PENDING_SEND_SIZE, 0);
	space_event(g, ch);
}

/* A signal means data for us, or room for us, or nothing at all. */
void mg_channel_event(struct mg_guest *g, struct mg_channel *ch)
{
	if (!can_send(ch))
		return;
	if (!ch->paused)
		receive(g, ch);
	if (!ch->broken)
		check_room(g, ch);
}

/* A host that does not set its feature bit will not tell us of room. */
bool mg_channel_polls(const struct mg_channel *ch)
{
	return can_send(ch) && ch->waiting != 0 &&
	       (mg_load(ch->rx.control + FEATURE_BITS) & 1) == 0;
}
