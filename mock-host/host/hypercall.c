/* SPDX-License-Identifier: BSD-2-Clause */
/* The two hypercalls a guest makes, by chapter 10 sections 2.5 to 2.7. */
#include <string.h>

#include "faults_internal.h"
#include "partition_internal.h"

#define SIMPLE_ONLY \
	(HVP_HV_CONTROL_RESERVED | HVP_HV_CONTROL_NESTED | HVP_HV_CONTROL_VARIABLE_HEADER_MASK | \
	 HVP_HV_CONTROL_REP_COUNT_MASK | HVP_HV_CONTROL_REP_START_MASK)
#define INPUT_ALIGN 8u

struct call {
	struct hvm_partition *p;
	uint32_t vp;
	uint64_t control, in, out;
};

/* Copy the input block of a call that is not fast. */
static uint16_t input(const struct call *c, uint8_t *to, size_t size)
{
	if (c->in % INPUT_ALIGN || c->in % HVM_PAGE + size > HVM_PAGE)
		return HVP_HV_STATUS_INVALID_ALIGNMENT;
	if (!hvm_mem_read(c->p, c->in, to, size))
		return HVP_HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HVP_HV_STATUS_SUCCESS;
}

static void trace_message(struct hvm_partition *p, const struct hvm_port_msg *m)
{
	struct hvm_trace_entry e;

	memset(&e, 0, sizeof(e));
	e.kind = HVM_TRACE_MESSAGE;
	e.direction = HVP_DIR_G2H;
	e.vp = (uint8_t)m->vp;
	e.channel = hvm_message_channel(m->payload, m->size);
	e.connection_id = m->connection_id;
	e.aux = m->type;
	e.bytes = m->payload;
	e.size = m->size;
	hvm_partition_trace_add(p, &e);
}

/* Every byte of the block decides: only what the size says belongs to the message. */
static uint16_t parse_post(const struct call *c, struct hvm_port_msg *m)
{
	uint8_t in[HVP_HV_POST_MESSAGE_SIZE];
	uint16_t status = input(c, in, sizeof(in));

	if (status)
		return status;
	memset(m, 0, sizeof(*m));
	m->connection_id = hvp_get_u32(in + HVP_HV_POST_MESSAGE_CONNECTION_ID_OFFSET) &
			   HVP_HV_CONNECTION_ID_MASK;
	m->vp = c->vp;
	m->type = hvp_get_u32(in + HVP_HV_POST_MESSAGE_MESSAGE_TYPE_OFFSET);
	m->size = hvp_get_u32(in + HVP_HV_POST_MESSAGE_PAYLOAD_SIZE_OFFSET);
	if (!m->type || (m->type & HVP_HV_MESSAGE_TYPE_HYPERVISOR) || m->size > HVM_PAYLOAD_MAX)
		return HVP_HV_STATUS_INVALID_PARAMETER;
	memcpy(m->payload, in + HVP_HV_POST_MESSAGE_PAYLOAD_OFFSET, m->size);
	return HVP_HV_STATUS_SUCCESS;
}

static bool emit_post(void *ctx, const struct hvm_port_msg *m)
{
	return hvm_port_post(ctx, m) == HVP_HV_STATUS_SUCCESS;
}

/* A fault rule may swallow a message; only a message that goes on can find no room. */
static uint16_t post_through_faults(struct hvm_partition *p, const struct hvm_port_msg *m)
{
	const struct hvm_port *port = hvm_port_find(p, m->connection_id);

	if (!port || !port->msg)
		return HVP_HV_STATUS_INVALID_CONNECTION_ID;
	if (port->msg->n >= HVM_PORT_DEPTH)
		return HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
	trace_message(p, m);
	return hvm_faults_message(p->faults, HVP_DIR_G2H, m, emit_post, p)
		       ? HVP_HV_STATUS_SUCCESS
		       : HVP_HV_STATUS_INSUFFICIENT_BUFFERS;
}

static uint16_t post_message(const struct call *c)
{
	struct hvm_port_msg m;
	uint16_t status, injected;
	bool deliver = false;

	if (!(c->p->cfg.features_ebx & HVP_HV_CPUID_EBX_POST_MESSAGES))
		return HVP_HV_STATUS_ACCESS_DENIED;
	if (c->control & HVP_HV_CONTROL_FAST)
		return HVP_HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = parse_post(c, &m);
	if (status)
		return status;
	if (!hvm_faults_call(c->p->faults, HVP_HV_CALL_POST_MESSAGE, m.connection_id,
			     hvm_message_type(m.payload, m.size), &injected, &deliver))
		return post_through_faults(c->p, &m);
	if (deliver)
		post_through_faults(c->p, &m);
	return injected;
}

static uint16_t signal_event(const struct call *c)
{
	uint16_t status, flag, injected;
	uint8_t in[HVP_HV_SIGNAL_EVENT_SIZE];
	bool deliver = false;
	uint32_t id;

	if (!(c->p->cfg.features_ebx & HVP_HV_CPUID_EBX_SIGNAL_EVENTS))
		return HVP_HV_STATUS_ACCESS_DENIED;
	hvp_put_u64(in, c->in);
	status = c->control & HVP_HV_CONTROL_FAST ? HVP_HV_STATUS_SUCCESS
						  : input(c, in, sizeof(in));
	if (status)
		return status;
	id = hvp_get_u32(in + HVP_HV_SIGNAL_EVENT_CONNECTION_ID_OFFSET) & HVP_HV_CONNECTION_ID_MASK;
	flag = hvp_get_u16(in + HVP_HV_SIGNAL_EVENT_FLAG_NUMBER_OFFSET);
	if (hvp_get_u16(in + HVP_HV_SIGNAL_EVENT_FLAG_NUMBER_OFFSET + 2))
		return HVP_HV_STATUS_INVALID_PARAMETER;
	if (!hvm_faults_call(c->p->faults, HVP_HV_CALL_SIGNAL_EVENT, id, HVM_ANY, &injected,
			     &deliver))
		return hvm_port_signal(c->p, c->vp, id, flag);
	if (deliver)
		hvm_port_signal(c->p, c->vp, id, flag);
	return injected;
}

static uint16_t dispatch(const struct call *c)
{
	if (c->vp >= c->p->cfg.vps)
		return HVP_HV_STATUS_INVALID_VP_INDEX;
	switch (c->control & HVP_HV_CONTROL_CODE_MASK) {
	case HVP_HV_CALL_POST_MESSAGE:
	case HVP_HV_CALL_SIGNAL_EVENT:
		break;
	case HVP_HV_CALL_POST_MESSAGE_DIRECT:
	case HVP_HV_CALL_SIGNAL_EVENT_DIRECT:
		return HVP_HV_STATUS_ACCESS_DENIED;
	default:
		return HVP_HV_STATUS_INVALID_HYPERCALL_CODE;
	}
	if (c->control & SIMPLE_ONLY)
		return HVP_HV_STATUS_INVALID_HYPERCALL_INPUT;
	return (c->control & HVP_HV_CONTROL_CODE_MASK) == HVP_HV_CALL_POST_MESSAGE
		       ? post_message(c)
		       : signal_event(c);
}

static void trace_failure(const struct call *c, uint16_t status)
{
	struct hvm_trace_entry e;
	uint8_t bytes[8];

	memset(&e, 0, sizeof(e));
	hvp_put_u64(bytes, status);
	e.kind = HVM_TRACE_HYPERVISOR;
	e.direction = HVP_DIR_G2H;
	e.vp = (uint8_t)c->vp;
	e.aux = c->control;
	e.bytes = bytes;
	e.size = sizeof(bytes);
	hvm_partition_trace_add(c->p, &e);
}

/* A driver that calls before it has a page to call would have jumped into nothing. */
static void check_page(struct hvm_partition *p, uint64_t control)
{
	if ((p->hypercall & HVP_HV_HYPERCALL_ENABLE) || p->told_no_page)
		return;
	p->told_no_page = true;
	hvm_violation_add(p, HVM_VIOLATION_HYPERCALL, control,
			  "hypercall before the hypercall page was enabled");
}

uint64_t hvm_hypercall(struct hvm_partition *p, uint32_t vp, uint64_t control, uint64_t in,
		       uint64_t out)
{
	struct call c = { p, vp, control, in, out };
	uint16_t status;

	check_page(p, control);
	status = dispatch(&c);
	if (status)
		trace_failure(&c, status);
	/* The host runs on another processor: what is due now happens before the guest goes on. */
	hvm_sched_spin(p->sched, 0);
	return status;
}
