/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of a channel: commands become packets, packets become reports. */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

enum hvp_status glue_rings_start(struct glue_channel *c, uint32_t tx_pages, uint32_t rx_pages)
{
	uint8_t *rx_control = c->ring.va + (size_t)(tx_pages + 1u) * HVT_PAGE;
	struct hvp_ring_mem tx = {
		.control = c->ring.va,
		.base = c->ring.va + HVT_PAGE,
		.size = tx_pages * HVT_PAGE,
	};
	struct hvp_ring_mem rx = {
		.control = rx_control,
		.base = rx_control + HVT_PAGE,
		.size = rx_pages * HVT_PAGE,
	};
	enum hvp_status status = hvp_ring_tx_init(&c->tx, &tx, rx_control);

	if (status == HVP_OK)
		status = hvp_ring_rx_init(&c->rx, &rx, HVP_RING_GUEST);
	if (status == HVP_OK)
		status = hvp_reqids_init(&c->ids, c->slots, GLUE_REQUESTS);
	c->waiting = 0;
	c->wants_id = false;
	c->broken = false;
	c->paused = false;
	c->again = false;
	return status;
}

static void request_free(struct glue *g, struct glue_request *rq)
{
	glue_release_memory(g, &rq->memory);
	free(rq);
}

static void free_list(struct glue *g, struct glue_request **list)
{
	struct glue_request *rq;

	while ((rq = *list) != NULL) {
		*list = rq->next;
		request_free(g, rq);
	}
}

/* Only when the channel is closed: the host may use what requests lent it until then. */
void glue_rings_stop(struct glue_channel *c)
{
	c->open = false;
	free_list(c->g, &c->lent);
	free_list(c->g, &c->in_flight);
}

static void signal(struct glue_channel *c)
{
	if (hvp_channel_signal(c->ch) == HVP_OS)
		c->g->ops.log(c->g->m, "HvSignalEvent failed");
}

static void corrupt(struct glue_channel *c, const struct hvp_fault *fault)
{
	struct hvt_event ev = { .type = HVT_EV_CHANNEL_ERROR, .channel = c->id };

	ev.status = glue_status(HVP_CORRUPT, 0);
	ev.text = fault ? fault->field : NULL;
	if (!c->broken)
		glue_report(c->g, &ev);
	c->broken = true;
}

static bool can_send(const struct glue_channel *c)
{
	return c->open && !c->broken;
}

/*
 * One packet, with the wait for room if there is none. @range: of a GPA-direct packet, else
 * NULL. A second try closes the race with a reader that made room just before the wish.
 */
static int put(struct glue_channel *c, const struct hvp_ring_out *out,
	       const struct hvp_gpa_range *range, uint32_t total)
{
	enum hvp_status status = HVP_AGAIN;
	int tries;

	for (tries = 0; tries < 2 && status == HVP_AGAIN; tries++) {
		status = range ? hvp_ring_tx_put_gpa(&c->tx, out, range, 1)
			       : hvp_ring_tx_put(&c->tx, out);
		if (status != HVP_AGAIN)
			break;
		c->waiting = total;
		if (hvp_ring_tx_wait(&c->tx, total) != HVP_OK)
			return HVT_AGAIN;
	}
	if (status == HVP_CORRUPT)
		corrupt(c, hvp_ring_tx_fault(&c->tx));
	if (status != HVP_OK)
		return HVT_FAILED;
	c->waiting = 0;
	if (hvp_ring_tx_commit(&c->tx))
		signal(c);
	return HVT_OK;
}

static void unlink_request(struct glue_channel *c, struct glue_request *rq)
{
	struct glue_request **link = &c->in_flight;

	while (*link != rq)
		link = &(*link)->next;
	*link = rq->next;
}

/* An id for a request that wants a completion; without free ids it is a full ring (BUG-022). */
static int take_id(struct glue_channel *c, struct glue_request *rq, uint64_t *id)
{
	if (hvp_reqids_take(&c->ids, rq, id) != HVP_OK) {
		c->wants_id = true;
		return HVT_AGAIN;
	}
	rq->next = c->in_flight;
	c->in_flight = rq;
	return HVT_OK;
}

static void give_up(struct glue_channel *c, struct glue_request *rq, uint64_t id)
{
	void *request;

	if (id != 0) {
		(void)!hvp_reqids_finish(&c->ids, id, &request);
		unlink_request(c, rq);
	}
	request_free(c->g, rq);
}

int glue_send(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct hvp_ring_out out = hvp_ring_inband(cmd->data, (uint32_t)cmd->data_size);
	uint32_t total = hvp_ring_packet_total(0, (uint32_t)cmd->data_size);
	struct glue_request *rq;
	int result;

	if (!can_send(c) || cmd->data_size > HVP_RING_PACKET_MAX)
		return HVT_FAILED;
	if (!(cmd->flags & HVP_PACKET_COMPLETION_REQUESTED))
		return put(c, &out, NULL, total);
	rq = calloc(1, sizeof(*rq));
	if (!rq)
		return HVT_FAILED;
	rq->caller_id = cmd->id;
	result = take_id(c, rq, &out.transaction_id);
	if (result == HVT_OK) {
		out.flags = HVP_PACKET_COMPLETION_REQUESTED;
		result = put(c, &out, NULL, total);
	}
	if (result != HVT_OK)
		give_up(c, rq, out.transaction_id);
	return result;
}

static int put_gpa(struct glue_channel *c, const struct hvt_command *cmd, struct glue_request *rq)
{
	struct hvp_ring_out out = hvp_ring_inband(cmd->data, (uint32_t)cmd->data_size);
	struct hvp_gpa_range range = { cmd->byte_count, cmd->byte_offset, rq->memory.pfns };
	uint32_t pages = hvp_gpadl_range_pages(cmd->byte_offset, cmd->byte_count);
	int result = HVT_OK;

	if (cmd->flags & HVP_PACKET_COMPLETION_REQUESTED) {
		out.flags = HVP_PACKET_COMPLETION_REQUESTED;
		result = take_id(c, rq, &out.transaction_id);
	}
	if (result == HVT_OK)
		result = put(c, &out, &range,
			     hvp_ring_packet_total(16u + 8u * pages, (uint32_t)cmd->data_size));
	if (result != HVT_OK) {
		give_up(c, rq, out.transaction_id);
	} else if (out.transaction_id == 0) {
		rq->next = c->lent;
		c->lent = rq;
	}
	return result;
}

int glue_send_gpa(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct glue_request *rq;

	if (!can_send(c) || cmd->byte_count == 0 || cmd->byte_offset >= HVT_PAGE ||
	    cmd->data_size > HVP_RING_PACKET_MAX || cmd->pages == 0 ||
	    hvp_gpadl_range_pages(cmd->byte_offset, cmd->byte_count) > cmd->pages)
		return HVT_FAILED;
	rq = calloc(1, sizeof(*rq));
	if (!rq)
		return HVT_FAILED;
	rq->caller_id = cmd->id;
	if (!glue_alloc(c->g, &rq->memory, cmd->pages)) {
		free(rq);
		return HVT_FAILED;
	}
	return put_gpa(c, cmd, rq);
}

int glue_complete(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct hvp_ring_out out;

	if (!can_send(c) || cmd->data_size > HVP_RING_PACKET_MAX)
		return HVT_FAILED;
	out = hvp_ring_completion(cmd->id, cmd->data, (uint32_t)cmd->data_size);
	return put(c, &out, NULL, hvp_ring_packet_total(0, (uint32_t)cmd->data_size));
}

static void report_space(struct glue_channel *c)
{
	struct hvt_event ev = { .type = HVT_EV_SPACE, .channel = c->id };

	glue_report(c->g, &ev);
}

/* The host's number is looked up in a table, never believed (BUG-020). */
static void completed(struct glue_channel *c, const struct hvp_ring_packet *p)
{
	struct hvt_event ev = { .type = HVT_EV_COMPLETION, .channel = c->id };
	struct hvp_rd payload = hvp_ring_payload(p);
	struct glue_request *rq;
	void *request;

	if (hvp_reqids_finish(&c->ids, p->transaction_id, &request) != HVP_OK) {
		glue_dropped(c->g, c->id, "completion of no request in flight");
		return;
	}
	rq = request;
	unlink_request(c, rq);
	ev.id = rq->caller_id;
	ev.data = payload.p;
	ev.size = payload.len;
	request_free(c->g, rq);
	glue_report(c->g, &ev);
	if (!c->wants_id)
		return;
	c->wants_id = false;
	report_space(c);
}

static bool ranges_sound(const struct hvp_ring_packet *p)
{
	struct hvp_xfer_iter iter;

	return p->type != HVP_PACKET_XFER_PAGES || hvp_ring_xfer_ranges(p, &iter, NULL) == HVP_OK;
}

static void received(struct glue_channel *c, const struct hvp_ring_packet *p)
{
	struct hvt_event ev = { .type = HVT_EV_PACKET, .channel = c->id };
	struct hvp_rd payload = hvp_ring_payload(p);

	if (p->type == HVP_PACKET_COMPLETION) {
		completed(c, p);
		return;
	}
	if (!ranges_sound(p)) {
		glue_dropped(c->g, c->id, "transfer page ranges outside their packet");
		return;
	}
	ev.packet_type = p->type;
	ev.flags = p->flags & HVP_PACKET_COMPLETION_REQUESTED;
	ev.id = p->transaction_id;
	ev.data = payload.p;
	ev.size = payload.len;
	glue_report(c->g, &ev);
}

/* Up to a batch; what is left waits for the next run(). */
static enum hvp_status drain(struct glue_channel *c)
{
	enum hvp_status status = HVP_OK;
	struct hvp_ring_packet p;
	uint32_t n;

	for (n = 0; n < GLUE_BATCH; n++) {
		status = hvp_ring_rx_next(&c->rx, c->g->packet, GLUE_PACKET, &p);
		if (status == HVP_OK)
			received(c, &p);
		else if (status == HVP_NOSPACE)
			glue_dropped(c->g, c->id, "packet larger than this driver takes");
		else
			break;
	}
	return status;
}

static void receive(struct glue_channel *c)
{
	enum hvp_status status;

	hvp_ring_rx_mask(&c->rx);
	status = drain(c);
	if (status == HVP_CORRUPT) {
		corrupt(c, hvp_ring_rx_fault(&c->rx));
		return;
	}
	if (hvp_ring_rx_commit(&c->rx))
		signal(c);
	c->again = hvp_ring_rx_unmask(&c->rx);
}

/* Room for the packet that was refused? Asking again also renews the wish. */
static void look_for_room(struct glue_channel *c)
{
	enum hvp_status status;

	if (c->waiting == 0)
		return;
	status = hvp_ring_tx_wait(&c->tx, c->waiting);
	if (status == HVP_CORRUPT)
		corrupt(c, hvp_ring_tx_fault(&c->tx));
	if (status != HVP_OK)
		return;
	c->waiting = 0;
	report_space(c);
}

/* One signal means data, room, both or nothing (chapter 10 section 3.7.5). */
void glue_channel_signalled(struct glue_channel *c)
{
	if (glue_net_signalled(c))
		return;
	if (!can_send(c))
		return;
	if (!c->paused)
		receive(c);
	if (!c->broken)
		look_for_room(c);
}

bool glue_polls(const struct glue_channel *c)
{
	return can_send(c) && c->waiting != 0 && !hvp_ring_tx_peer_wakes(&c->tx);
}
