/* SPDX-License-Identifier: BSD-2-Clause */
/* MODIFY_CHANNEL: rules of chapter 10 section 6.3. */
#include "server_internal.h"

static void respond(struct hvm_server *s, uint32_t channel, uint32_t status)
{
	struct hvp_vmbus_modify_channel_response m;

	if (s->conn.version < V5_3)
		return;
	memset(&m, 0, sizeof(m));
	m.channel_id = channel;
	m.status = (int32_t)status;
	hvm_send(s, HVP_VMBUS_MODIFY_CHANNEL_RESPONSE, &m);
}

static bool can_modify(const struct hvm_channel *ch, uint32_t vp)
{
	return ch && ch->state == HVM_CH_OPEN && !ch->open.reserved &&
	       ch->open.target_vp != HVM_NO_VP && vp < hvm_partition_vps(ch->s->p);
}

static void start(struct hvm_channel *ch, uint32_t vp)
{
	ch->modify.pending = true;
	ch->modify.vp = vp;
	if (hvm_moment_now(ch, HVM_AT_MODIFY) || !ch->modify.pending)
		return;
	if (ch->ops->modify)
		ch->ops->modify(ch->ctx, ch, vp);
	else
		hvm_channel_modify_done(ch, HVM_STATUS_SUCCESS);
}

void hvm_modify_channel(struct hvm_server *s, const struct hvp_vmbus_modify_channel *m)
{
	struct hvm_channel *ch = hvm_channel_find(s, m->channel_id);

	if (!can_modify(ch, m->target_vp)) {
		respond(s, m->channel_id, HVM_STATUS_UNSUCCESSFUL);
		if (s->conn.version < V5_3)
			hvm_drop(s, HVM_DROP_CHANNEL, "MODIFY_CHANNEL");
		return;
	}
	if (!ch->modify.pending) {
		start(ch, m->target_vp);
		return;
	}
	if (s->conn.version >= V5_3) {
		hvm_drop(s, HVM_DROP_CHANNEL, "MODIFY_CHANNEL while one is pending");
		return;
	}
	ch->modify.again = true;
	ch->modify.again_vp = m->target_vp;
}

void hvm_channel_modify_done(struct hvm_channel *ch, uint32_t status)
{
	if (!ch->modify.pending)
		return;
	ch->modify.pending = false;
	if (!status)
		ch->open.target_vp = ch->modify.vp;
	respond(ch->s, ch->id, status);
	if (!ch->modify.again)
		return;
	ch->modify.again = false;
	start(ch, ch->modify.again_vp);
}
