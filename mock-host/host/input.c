/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From bytes of the guest to an event of the connection, in the order of chapter 10 appendix
 * A.15: size, type and direction, negotiated or not, gates, then the state tables.
 */
#include <stdio.h>

#include "server_internal.h"

static const char *title_of(uint32_t type)
{
	const struct hvp_msg_desc *d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_BOTH);

	return d ? d->title : "message of unknown type";
}

static bool before_contact(uint32_t type)
{
	return type == HVP_VMBUS_INITIATE_CONTACT || type == HVP_VMBUS_CLOSE_RESERVED_CHANNEL;
}

/* Contacts come on 1 or 4; everything else on the connection that the version names. */
static bool right_connection(const struct hvm_server *s, uint32_t type, uint32_t id)
{
	if (type == HVP_VMBUS_INITIATE_CONTACT)
		return id == HVP_HV_CONNECTION_LEGACY_MESSAGE || id == HVP_HV_CONNECTION_MESSAGE;
	if (type == HVP_VMBUS_CLOSE_RESERVED_CHANNEL)
		return true;
	return id == s->conn.connection_id;
}

static bool gated(const struct hvm_server *s, const struct hvp_msg_desc *d)
{
	if (before_contact(d->id))
		return false;
	return d->since > s->conn.version || (d->features && !hvm_has(s, d->features));
}

/* Which check fails first; HVM_DROPS for none. */
static enum hvm_drop check(const struct hvm_server *s, const struct hvm_port_msg *m,
			   const struct hvp_msg_desc **d)
{
	uint32_t type = hvm_message_type(m->payload, m->size);

	if (m->type != HVP_HV_MESSAGE_TYPE_VMBUS)
		return HVM_DROP_TYPE;
	if (m->size < HVP_VMBUS_HEADER_SIZE)
		return HVM_DROP_SIZE;
	*d = hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_G2H);
	if (!*d)
		return hvp_msg_find(&hvp_vmbus_proto, type, HVP_DIR_BOTH) ? HVM_DROP_DIRECTION
									  : HVM_DROP_TYPE;
	if (!before_contact(type) && s->conn.state != HVM_CONN_CONNECTED)
		return HVM_DROP_STATE;
	if (!right_connection(s, type, m->connection_id))
		return HVM_DROP_STATE;
	if (gated(s, *d))
		return HVM_DROP_VERSION;
	return HVM_DROPS;
}

static bool decode(struct hvm_server *s, const struct hvm_port_msg *m, const struct hvp_msg_desc *d,
		   struct hvm_input *in)
{
	struct hvp_rd r = hvp_rd_init(m->payload, m->size);
	struct hvp_neg neg = hvm_neg(s);
	struct hvp_fault fault;
	char what[160];

	if (before_contact(d->id)) {
		neg.version = V6_0;
		neg.features = 0;
	}
	in->type = d->id;
	in->connection_id = m->connection_id;
	in->size = m->size;
	if (d->struct_size > sizeof(in->b) || d->decode(&r, neg, &in->b, &fault) == HVP_OK)
		return true;
	snprintf(what, sizeof(what), "%s, %s at %u", d->title, fault.field, fault.offset);
	hvm_drop(s, fault.status == HVP_SHORT ? HVM_DROP_SIZE : HVM_DROP_VALUE, what);
	return false;
}

static enum hvm_conn_event event_of(uint32_t type)
{
	switch (type) {
	case HVP_VMBUS_INITIATE_CONTACT:
		return HVM_CONN_EV_CONTACT;
	case HVP_VMBUS_REQUEST_OFFERS:
		return HVM_CONN_EV_REQUEST_OFFERS;
	case HVP_VMBUS_UNLOAD:
		return HVM_CONN_EV_UNLOAD;
	case HVP_VMBUS_MODIFY_CONNECTION:
		return HVM_CONN_EV_MODIFY;
	case HVP_VMBUS_PAUSE:
		return HVM_CONN_EV_PAUSE;
	case HVP_VMBUS_RESUME:
		return HVM_CONN_EV_RESUME;
	case HVP_VMBUS_CLOSE_RESERVED_CHANNEL:
		return HVM_CONN_EV_CLOSE_RESERVED;
	default:
		return HVM_CONN_EV_CHANNEL;
	}
}

void hvm_handle(struct hvm_server *s, const struct hvm_port_msg *m)
{
	const struct hvp_msg_desc *d = NULL;
	struct hvm_input in;
	enum hvm_drop why = check(s, m, &d);

	if (why != HVM_DROPS) {
		hvm_drop(s, why, title_of(hvm_message_type(m->payload, m->size)));
		return;
	}
	memset(&in, 0, sizeof(in));
	if (decode(s, m, d, &in))
		hvm_conn_event(s, event_of(d->id), &in);
}
