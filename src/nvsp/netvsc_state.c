/* SPDX-License-Identifier: BSD-2-Clause */
/* The state table of a NIC (chapter 20 sections 6.1 and 6.6): one state for each wait. */
#include "netvsc.h"

typedef enum hvp_net_event (*enter_fn)(struct hvp_netvsc *dev);

enum net_wait {
	WAIT_FREE, /* as long as it takes: for the owner, or for the bus to give memory back */
	WAIT_ANSWER,
	WAIT_DRAIN,
};

struct net_state {
	enter_fn enter;
	enum net_wait wait;
};

static const struct net_state states[HVP_NETVSC_STATES] = {
	[HVP_NETVSC_DETACHED] = { hvp_net_enter_detached, WAIT_FREE },
	[HVP_NETVSC_OPENING] = { hvp_net_enter_opening, WAIT_ANSWER },
	[HVP_NETVSC_VERSION] = { hvp_net_enter_version, WAIT_ANSWER },
	[HVP_NETVSC_CONFIG] = { hvp_net_enter_config, WAIT_ANSWER },
	[HVP_NETVSC_RX_SHARING] = { hvp_net_enter_rx_sharing, WAIT_ANSWER },
	[HVP_NETVSC_RX_BUFFER] = { hvp_net_enter_rx_buffer, WAIT_ANSWER },
	[HVP_NETVSC_TX_SHARING] = { hvp_net_enter_tx_sharing, WAIT_ANSWER },
	[HVP_NETVSC_TX_BUFFER] = { hvp_net_enter_tx_buffer, WAIT_ANSWER },
	[HVP_NETVSC_RNDIS] = { hvp_net_enter_rndis, WAIT_ANSWER },
	[HVP_NETVSC_ASKING] = { hvp_net_enter_asking, WAIT_ANSWER },
	[HVP_NETVSC_ADDING] = { hvp_net_enter_adding, WAIT_ANSWER },
	[HVP_NETVSC_SUBS] = { hvp_net_enter_subs, WAIT_ANSWER },
	[HVP_NETVSC_SCALING] = { hvp_net_enter_scaling, WAIT_ANSWER },
	[HVP_NETVSC_RESTORING] = { hvp_net_enter_restoring, WAIT_ANSWER },
	[HVP_NETVSC_ATTACHED] = { hvp_net_enter_attached, WAIT_FREE },
	[HVP_NETVSC_QUIETING] = { hvp_net_enter_quieting, WAIT_ANSWER },
	[HVP_NETVSC_DRAINING] = { hvp_net_enter_draining, WAIT_DRAIN },
	[HVP_NETVSC_HALTING] = { hvp_net_enter_halting, WAIT_ANSWER },
	[HVP_NETVSC_RX_REVOKING] = { hvp_net_enter_rx_revoking, WAIT_ANSWER },
	[HVP_NETVSC_RX_RETURNING] = { hvp_net_enter_rx_returning, WAIT_FREE },
	[HVP_NETVSC_TX_REVOKING] = { hvp_net_enter_tx_revoking, WAIT_ANSWER },
	[HVP_NETVSC_TX_RETURNING] = { hvp_net_enter_tx_returning, WAIT_FREE },
	[HVP_NETVSC_CLOSING] = { hvp_net_enter_closing, WAIT_FREE },
	[HVP_NETVSC_RETURNING] = { hvp_net_enter_returning, WAIT_FREE },
	[HVP_NETVSC_GONE] = { hvp_net_enter_gone, WAIT_FREE },
};

/* Next state + 1, so that an entry which is not there is an event without meaning. */
#define TO(state) (HVP_NETVSC_##state + 1)
/* Whatever was set up is taken down from QUIETING on; the rest is skipped there. */
#define ATTACHING_ENDS \
	[HVP_NET_FAIL] = TO(QUIETING), [HVP_NET_TIMEOUT] = TO(QUIETING), \
	[HVP_NET_DETACH] = TO(QUIETING), [HVP_NET_REVOKED] = TO(GONE)
/* A detach goes on whatever happens: a step that fails is a step that is over. */
#define DETACHING(state) \
	[HVP_NET_DONE] = TO(state), [HVP_NET_FAIL] = TO(state), [HVP_NET_TIMEOUT] = TO(state), \
	[HVP_NET_REVOKED] = TO(GONE)

static const uint8_t edges[HVP_NETVSC_STATES][HVP_NET_EVENTS] = {
	[HVP_NETVSC_DETACHED] = { [HVP_NET_ATTACH] = TO(OPENING) },
	[HVP_NETVSC_OPENING] = { [HVP_NET_OPENED] = TO(VERSION),
				 [HVP_NET_FAIL] = TO(CLOSING),
				 [HVP_NET_TIMEOUT] = TO(CLOSING),
				 [HVP_NET_DETACH] = TO(CLOSING),
				 [HVP_NET_REVOKED] = TO(GONE) },
	[HVP_NETVSC_VERSION] = { [HVP_NET_ANSWER] = TO(CONFIG),
				 [HVP_NET_REFUSED] = TO(VERSION),
				 ATTACHING_ENDS },
	[HVP_NETVSC_CONFIG] = { [HVP_NET_DONE] = TO(RX_SHARING), ATTACHING_ENDS },
	[HVP_NETVSC_RX_SHARING] = { [HVP_NET_SHARED] = TO(RX_BUFFER), ATTACHING_ENDS },
	[HVP_NETVSC_RX_BUFFER] = { [HVP_NET_ANSWER] = TO(TX_SHARING), ATTACHING_ENDS },
	[HVP_NETVSC_TX_SHARING] = { [HVP_NET_SHARED] = TO(TX_BUFFER),
				    [HVP_NET_DONE] = TO(RNDIS),
				    ATTACHING_ENDS },
	/* A host may refuse the send buffer: frames then go by reference. */
	[HVP_NETVSC_TX_BUFFER] = { [HVP_NET_ANSWER] = TO(RNDIS),
				   [HVP_NET_REFUSED] = TO(RNDIS),
				   ATTACHING_ENDS },
	[HVP_NETVSC_RNDIS] = { [HVP_NET_REPLY] = TO(ASKING), ATTACHING_ENDS },
	[HVP_NETVSC_ASKING] = { [HVP_NET_REPLY] = TO(ASKING),
				[HVP_NET_DONE] = TO(ADDING),
				ATTACHING_ENDS },
	[HVP_NETVSC_ADDING] = { [HVP_NET_ANSWER] = TO(SUBS),
				[HVP_NET_REFUSED] = TO(SCALING),
				[HVP_NET_DONE] = TO(SCALING),
				ATTACHING_ENDS },
	/* Fewer sub-channels than granted are taken after a while (BUG-041). */
	[HVP_NETVSC_SUBS] = { [HVP_NET_SUB] = TO(SUBS),
			      [HVP_NET_DONE] = TO(SCALING),
			      [HVP_NET_TIMEOUT] = TO(SCALING),
			      [HVP_NET_FAIL] = TO(QUIETING),
			      [HVP_NET_DETACH] = TO(QUIETING),
			      [HVP_NET_REVOKED] = TO(GONE) },
	[HVP_NETVSC_SCALING] = { [HVP_NET_REPLY] = TO(SCALING),
				 [HVP_NET_DONE] = TO(RESTORING),
				 ATTACHING_ENDS },
	[HVP_NETVSC_RESTORING] = { [HVP_NET_REPLY] = TO(RESTORING),
				   [HVP_NET_DONE] = TO(ATTACHED),
				   ATTACHING_ENDS },
	[HVP_NETVSC_ATTACHED] = { [HVP_NET_DETACH] = TO(QUIETING), [HVP_NET_REVOKED] = TO(GONE) },
	[HVP_NETVSC_QUIETING] = { [HVP_NET_REPLY] = TO(DRAINING), DETACHING(DRAINING) },
	[HVP_NETVSC_DRAINING] = { [HVP_NET_IDLE] = TO(HALTING), DETACHING(HALTING) },
	[HVP_NETVSC_HALTING] = { [HVP_NET_REPLY] = TO(RX_REVOKING), DETACHING(RX_REVOKING) },
	[HVP_NETVSC_RX_REVOKING] = { DETACHING(RX_RETURNING) },
	[HVP_NETVSC_RX_RETURNING] = { [HVP_NET_RETURNED] = TO(RX_RETURNING),
				      DETACHING(TX_REVOKING) },
	[HVP_NETVSC_TX_REVOKING] = { DETACHING(TX_RETURNING) },
	[HVP_NETVSC_TX_RETURNING] = { [HVP_NET_RETURNED] = TO(TX_RETURNING), DETACHING(CLOSING) },
	[HVP_NETVSC_CLOSING] = { [HVP_NET_CLOSED] = TO(CLOSING),
				 [HVP_NET_RETURNED] = TO(CLOSING),
				 DETACHING(RETURNING) },
	[HVP_NETVSC_RETURNING] = { [HVP_NET_RETURNED] = TO(RETURNING), DETACHING(DETACHED) },
	[HVP_NETVSC_GONE] = { [HVP_NET_CLOSED] = TO(GONE),
			      [HVP_NET_RETURNED] = TO(GONE),
			      [HVP_NET_DONE] = TO(DETACHED) },
};

bool hvp_net_allows(const struct hvp_netvsc *dev, enum hvp_net_event event)
{
	return edges[dev->state][event] != 0;
}

enum hvp_net_event hvp_net_fail(struct hvp_netvsc *dev, enum hvp_status reason)
{
	if (dev->reason == HVP_OK)
		dev->reason = reason;
	return HVP_NET_FAIL;
}

/* A state that is entered again, such as the next version or OID, has a wait of its own. */
static enum hvp_net_event begin(struct hvp_netvsc *dev)
{
	enum hvp_net_event event;

	dev->waits = states[dev->state].wait != WAIT_FREE;
	dev->drains = states[dev->state].wait == WAIT_DRAIN;
	dev->wait_end = 0;
	event = states[dev->state].enter(dev);
	dev->blocked = event == HVP_NET_BLOCKED;
	return dev->blocked ? HVP_NET_NONE : event;
}

void hvp_net_step(struct hvp_netvsc *dev, enum hvp_net_event event)
{
	uint8_t next;

	while (event != HVP_NET_NONE) {
		next = edges[dev->state][event];
		if (next == 0) {
			dev->stats.events_ignored++;
			return;
		}
		if (event == HVP_NET_TIMEOUT)
			dev->stats.timeouts++;
		dev->answer = HVP_NET_NONE;
		dev->state = (uint8_t)(next - 1u);
		event = begin(dev);
	}
}

/* The entry again, because the ring was full; its wait goes on. */
void hvp_net_retry(struct hvp_netvsc *dev)
{
	enum hvp_net_event event = states[dev->state].enter(dev);

	if (event == HVP_NET_BLOCKED)
		return;
	dev->blocked = false;
	hvp_net_step(dev, event);
}
