/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the guest: modes, pause, faults, slot. */
#include "server_internal.h"

/* struct hvm_port_msg goes this way as well: vp is the target, connection_id the SINT. */
static bool emit(void *ctx, const struct hvm_port_msg *m)
{
	struct hvm_server *s = ctx;
	struct hvm_synic_msg out;

	memset(&out, 0, sizeof(out));
	out.type = m->type;
	out.size = (uint8_t)m->size;
	out.sender = HVP_HV_PORT_MESSAGE;
	memcpy(out.payload, m->payload, m->size);
	if (hvm_synic_post(s->p, m->vp, m->connection_id, &out) != HVP_OK)
		hvm_note(s->p, "host message for VP %u SINT %u is lost: there is none", m->vp,
			 m->connection_id);
	return true;
}

void hvm_output_now(struct hvm_server *s, const struct hvm_port_msg *m)
{
	uint32_t type = hvm_message_type(m->payload, m->size);

	if (type < HVM_MESSAGE_TYPES)
		s->sent[type]++;
	hvm_faults_message(s->p->faults, HVP_DIR_H2G, m, emit, s);
}

static void hold(struct hvm_server *s, bool from_guest, const struct hvm_port_msg *m)
{
	struct hvm_held *h;

	s->held = hvm_vec_grow(s->held, s->held_n, &s->held_cap, sizeof(*s->held));
	h = &s->held[s->held_n++];
	h->from_guest = from_guest;
	h->m = *m;
}

static void through_mode(struct hvm_server *s, const struct hvm_port_msg *m)
{
	uint32_t type = hvm_message_type(m->payload, m->size);
	const struct hvm_override *o = &s->modes[type % HVM_MESSAGE_TYPES];
	struct hvm_port_msg other = *m;

	switch (o->mode) {
	case HVM_MODE_HOLD:
		hold(s, false, m);
		return;
	case HVM_MODE_IGNORE:
		return;
	case HVM_MODE_CUSTOM:
		memcpy(other.payload, o->text.bytes, o->text.size);
		other.size = (uint32_t)o->text.size;
		hvm_output_now(s, &other);
		return;
	default:
		hvm_output_now(s, m);
	}
}

static void keep_for_later(struct hvm_server *s, const struct hvm_port_msg *m)
{
	s->later = hvm_vec_grow(s->later, s->later_n, &s->later_cap, sizeof(*s->later));
	s->later[s->later_n++] = *m;
}

void hvm_send_later_now(struct hvm_server *s)
{
	size_t i;

	for (i = 0; i < s->later_n; i++)
		through_mode(s, &s->later[i]);
	s->later_n = 0;
}

void hvm_send_to(struct hvm_server *s, struct hvm_target to, struct hvp_neg neg, uint32_t type,
		 const void *body)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_H2G);
	struct hvm_port_msg m;
	struct hvp_fault fault;
	struct hvp_wr w;

	memset(&m, 0, sizeof(m));
	w = hvp_wr_init(m.payload, sizeof(m.payload));
	if (!d || d->encode(&w, neg, body, &fault) != HVP_OK) {
		hvm_note(s->p, "host cannot say message %u in version 0x%x", type, neg.version);
		return;
	}
	m.type = HVP_HV_MESSAGE_TYPE_VMBUS;
	m.vp = to.vp;
	m.connection_id = to.sint;
	m.size = (uint32_t)w.off;
	if (s->conn.paused)
		keep_for_later(s, &m);
	else
		through_mode(s, &m);
}

void hvm_send(struct hvm_server *s, uint32_t type, const void *body)
{
	hvm_send_to(s, s->conn.target, hvm_neg(s), type, body);
}

/* ---- scripts ---- */

static void text_message(const struct hvm_server *s, const void *bytes, size_t size,
			 struct hvm_port_msg *m)
{
	memset(m, 0, sizeof(*m));
	m->type = HVP_HV_MESSAGE_TYPE_VMBUS;
	m->vp = s->conn.target.vp;
	m->connection_id = s->conn.target.sint;
	m->size = (uint32_t)size;
	if (size)
		memcpy(m->payload, bytes, size);
}

enum hvp_status hvm_server_send_raw(struct hvm_server *s, const void *bytes, size_t size)
{
	struct hvm_port_msg m;

	if (size > HVM_PAYLOAD_MAX)
		return HVP_ARG;
	text_message(s, bytes, size, &m);
	hvm_output_now(s, &m);
	return HVP_OK;
}

enum hvp_status hvm_server_set_mode(struct hvm_server *s, uint32_t type, enum hvm_mode mode,
				    const void *bytes, size_t size)
{
	struct hvm_override *o;

	if (type >= HVM_MESSAGE_TYPES || mode > HVM_MODE_CUSTOM || size > HVM_PAYLOAD_MAX)
		return HVP_ARG;
	o = &s->modes[type];
	o->mode = mode;
	o->text.size = mode == HVM_MODE_CUSTOM ? size : 0;
	if (o->text.size)
		memcpy(o->text.bytes, bytes, size);
	return HVP_OK;
}

void hvm_server_input(struct hvm_server *s, const struct hvm_port_msg *m)
{
	uint32_t type = hvm_message_type(m->payload, m->size);
	const struct hvm_override *o;

	if (type >= HVM_MESSAGE_TYPES) {
		hvm_handle(s, m);
		return;
	}
	s->received[type]++;
	o = &s->modes[type];
	switch (o->mode) {
	case HVM_MODE_HOLD:
		hold(s, true, m);
		return;
	case HVM_MODE_CUSTOM:
		(void)hvm_server_send_raw(s, o->text.bytes, o->text.size);
		/* fall through */
	case HVM_MODE_IGNORE:
		hvm_drop(s, HVM_DROP_SCRIPT, "a message");
		return;
	default:
		hvm_handle(s, m);
	}
}

size_t hvm_server_held(const struct hvm_server *s)
{
	return s->held_n;
}

const uint8_t *hvm_server_held_get(const struct hvm_server *s, size_t index, size_t *size)
{
	if (index >= s->held_n)
		return NULL;
	*size = s->held[index].m.size;
	return s->held[index].m.payload;
}

enum hvp_status hvm_server_release(struct hvm_server *s, size_t index, bool drop)
{
	struct hvm_held h;

	if (index >= s->held_n)
		return HVP_ARG;
	h = s->held[index];
	s->held_n = hvm_vec_remove(s->held, s->held_n, index, sizeof(*s->held));
	if (drop)
		return HVP_OK;
	if (h.from_guest)
		hvm_handle(s, &h.m);
	else
		hvm_output_now(s, &h.m);
	return HVP_OK;
}
