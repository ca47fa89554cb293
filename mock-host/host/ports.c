/* SPDX-License-Identifier: BSD-2-Clause */
/* What is behind a connection id: a queue of messages or an event. */
#include <stdlib.h>
#include <string.h>

#include "faults_internal.h"
#include "partition_internal.h"

struct hvm_port *hvm_port_find(const struct hvm_partition *p, uint32_t connection_id)
{
	size_t i;

	for (i = 0; i < p->port_n; i++) {
		if (p->ports[i].connection_id == connection_id)
			return &p->ports[i];
	}
	return NULL;
}

static struct hvm_port *port_add(struct hvm_partition *p, uint32_t connection_id, void *ctx)
{
	struct hvm_port *port;

	if (connection_id > HVP_HV_CONNECTION_ID_MASK || hvm_port_find(p, connection_id))
		return NULL;
	p->ports = hvm_vec_grow(p->ports, p->port_n, &p->port_cap, sizeof(*p->ports));
	port = &p->ports[p->port_n++];
	memset(port, 0, sizeof(*port));
	port->connection_id = connection_id;
	port->ctx = ctx;
	return port;
}

enum hvp_status hvm_msg_port_add(struct hvm_partition *p, uint32_t connection_id,
				 void (*ready)(void *ctx), void *ctx)
{
	struct hvm_port *port = port_add(p, connection_id, ctx);

	if (!port)
		return HVP_ARG;
	port->msg = hvm_xalloc(sizeof(*port->msg));
	port->msg->ready = ready;
	return HVP_OK;
}

enum hvp_status hvm_event_port_add(struct hvm_partition *p, uint32_t connection_id, uint32_t flags,
				   void (*signal)(void *ctx, uint32_t connection_id, uint32_t flag),
				   void *ctx)
{
	struct hvm_port *port = port_add(p, connection_id, ctx);

	if (!port)
		return HVP_ARG;
	port->event = hvm_xalloc(sizeof(*port->event));
	port->event->signal = signal;
	port->event->flags = flags;
	return HVP_OK;
}

void hvm_event_port_tag(struct hvm_partition *p, uint32_t connection_id, uint32_t channel)
{
	struct hvm_port *port = hvm_port_find(p, connection_id);

	if (port && port->event)
		port->event->channel = channel;
}

static void port_free(struct hvm_port *port)
{
	free(port->msg);
	free(port->event);
}

void hvm_port_remove(struct hvm_partition *p, uint32_t connection_id)
{
	struct hvm_port *port = hvm_port_find(p, connection_id);

	if (!port)
		return;
	port_free(port);
	p->port_n = hvm_vec_remove(p->ports, p->port_n, (size_t)(port - p->ports),
				   sizeof(*p->ports));
}

void hvm_port_done(struct hvm_partition *p)
{
	size_t i;

	for (i = 0; i < p->port_n; i++)
		port_free(&p->ports[i]);
	free(p->ports);
}

/* Events name the port by its id: it may be gone when they come. */
static void tell_ready(void *ctx, uint64_t connection_id)
{
	struct hvm_port *port = hvm_port_find(ctx, (uint32_t)connection_id);

	if (!port || !port->msg)
		return;
	port->msg->told = false;
	port->msg->ready(port->ctx);
}

uint16_t hvm_port_post(struct hvm_partition *p, const struct hvm_port_msg *m)
{
	struct hvm_event ev = { HVM_CLASS_HOST, p->cfg.post_latency, tell_ready, p,
				m->connection_id };
	struct hvm_port *port = hvm_port_find(p, m->connection_id);

	if (!port || !port->msg)
		return HVP_HV_STATUS_INVALID_CONNECTION_ID;
	if (port->msg->n >= HVM_PORT_DEPTH)
		return HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	port->msg->queue[port->msg->n++] = *m;
	if (!port->msg->told) {
		port->msg->told = true;
		hvm_sched_add(p->sched, &ev);
	}
	return HVP_HV_STATUS_SUCCESS;
}

bool hvm_msg_port_take(struct hvm_partition *p, uint32_t connection_id, struct hvm_port_msg *out)
{
	struct hvm_port *port = hvm_port_find(p, connection_id);

	if (!port || !port->msg || !port->msg->n)
		return false;
	*out = port->msg->queue[0];
	port->msg->n = hvm_vec_remove(port->msg->queue, port->msg->n, 0, sizeof(*out));
	return true;
}

size_t hvm_msg_port_waiting(const struct hvm_partition *p, uint32_t connection_id)
{
	const struct hvm_port *port = hvm_port_find(p, connection_id);

	return port && port->msg ? port->msg->n : 0;
}

static void tell_signal(void *ctx, uint64_t arg)
{
	uint32_t id = (uint32_t)(arg >> 32);
	struct hvm_port *port = hvm_port_find(ctx, id);

	if (port && port->event)
		port->event->signal(port->ctx, id, (uint32_t)arg);
}

static void trace_signal(struct hvm_partition *p, uint32_t vp, const struct hvm_port *port,
			 uint32_t flag)
{
	struct hvm_trace_entry e;

	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_SIGNAL;
	e.direction = HVP_DIR_G2H;
	e.vp = (uint8_t)vp;
	e.channel = port->event->channel;
	e.connection_id = port->connection_id;
	e.aux = flag;
	hvm_partition_trace_add(p, &e);
}

uint16_t hvm_port_signal(struct hvm_partition *p, uint32_t vp, uint32_t connection_id,
			 uint32_t flag)
{
	struct hvm_event ev = { HVM_CLASS_HOST, 0, tell_signal, p,
				(uint64_t)connection_id << 32 | flag };
	struct hvm_port *port = hvm_port_find(p, connection_id);
	unsigned int times;

	if (!port || !port->event)
		return HVP_HV_STATUS_INVALID_CONNECTION_ID;
	if (flag >= port->event->flags)
		return HVP_HV_STATUS_INVALID_PARAMETER;
	trace_signal(p, vp, port, flag);
	times = hvm_faults_signal(p->faults, HVP_DIR_G2H, port->event->channel, &ev.delay);
	ev.delay += p->cfg.post_latency;
	for (; times; times--)
		hvm_sched_add(p->sched, &ev);
	return HVP_HV_STATUS_SUCCESS;
}

/* Types whose body begins with the channel id, by chapter 10 section 4. */
static bool names_channel(uint32_t type)
{
	return type == 2 || (type >= 5 && type <= 8) || type == 10 || type == 11 || type == 13 ||
	       (type >= 18 && type <= 20) || type == 22 || type == 24;
}

#define OFFER_CHANNEL_ID 184u /* OFFER_CHANNEL has it at its end */

uint32_t hvm_message_type(const uint8_t *bytes, size_t size)
{
	return size >= 4 ? hvp_get_u32(bytes) : 0;
}

uint32_t hvm_message_channel(const uint8_t *bytes, size_t size)
{
	uint32_t type = hvm_message_type(bytes, size);

	if (type == 1 && size >= OFFER_CHANNEL_ID + 4)
		return hvp_get_u32(bytes + OFFER_CHANNEL_ID);
	return size >= 12 && names_channel(type) ? hvp_get_u32(bytes + 8) : 0;
}
