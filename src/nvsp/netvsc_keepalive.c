/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KEEPALIVE of the host (chapter 20 section 4.2: either side may ask). One answer is under way at
 * a time, so that a host that asks without end, or acknowledges nothing, takes one slot and not
 * all; of several questions meanwhile the last is answered.
 */
#include "netvsc.h"

enum hvp_status hvp_net_keepalive(struct hvp_netvsc *dev, struct hvp_rd *r)
{
	struct hvp_rndis_keepalive msg;
	enum hvp_status status = hvp_rndis_keepalive_decode(r, dev->neg, &msg, &dev->stats.fault);

	if (status != HVP_OK) {
		dev->stats.control_bad++;
		return status;
	}
	dev->stats.keepalives++;
	if (dev->alive_due || !dev->rndis_up)
		dev->stats.keepalives_lost++;
	dev->alive_due = dev->rndis_up;
	dev->alive_id = msg.request_id;
	return HVP_OK;
}

void hvp_net_keepalive_write(struct hvp_netvsc *dev, struct hvp_wr *w,
			     const struct hvp_netvsc_request *rq)
{
	struct hvp_rndis_keepalive_complete msg = { HVP_RNDIS_KEEPALIVE_COMPLETE_MIN_SIZE,
						    rq->request_id, HVP_RNDIS_STATUS_SUCCESS };

	(void)hvp_rndis_keepalive_complete_encode(w, dev->neg, &msg, NULL);
}

/* It waits for a slot that the owner's requests have, and never takes the last. */
void hvp_net_keepalive_answer(struct hvp_netvsc *dev)
{
	struct hvp_netvsc_oid none = { 0, NULL, 0, NULL, 0, NULL };
	struct hvp_netvsc_request *rq;

	if (!dev->alive_due || !dev->rndis_up || dev->alive)
		return;
	rq = hvp_net_request_new(dev, false);
	if (!rq)
		return;
	rq->own = true;
	hvp_net_request_queue(dev, rq, HVP_RNDIS_KEEPALIVE_COMPLETE, &none);
	dev->alive = rq;
	dev->alive_due = false;
}
