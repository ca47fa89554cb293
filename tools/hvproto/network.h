/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network.h - NVSP, RNDIS and NDIS behind the ring packets of a NIC
 *
 * Zero-initialise the state, set @show and @context, and give it what was decoded in file order.
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli.h"

#define CLI_CHANNELS 2048u
#define CLI_REQUESTS 256u

/* What is known of a channel. */
enum cli_nic {
	CLI_NIC_NONE,
	CLI_NIC_OFFERED,
	CLI_NIC_SPEAKS,
};

struct cli_network {
	bool all; /* every ring packet is a NIC's */
	enum cli_nic channels[CLI_CHANNELS]; /* of a trace */
	uint32_t asked; /* NVSP version of the last INIT */
	uint32_t version; /* granted; 0: not known */
	uint32_t oids[CLI_REQUESTS]; /* of queries, by request id */
	struct hvp_msg_desc head; /* a PACKET whose frame lies elsewhere */
	cli_item_fn show; /* decodes and prints a message of a layer above */
	void *context;
};

/* A VMBus message was decoded: an offer tells what its channel is. */
void cli_network_offer(struct cli_network *n, const struct cli_decoded *d);

/* Whether a packet, or bytes that one points to, are a NIC's. */
bool cli_network_has(struct cli_network *n, const struct cli_item *item);

/* Shows the payload of a ring packet that was decoded; bytes that a packet points to. */
int cli_network_packet(struct cli_network *n, const struct cli_item *item);
int cli_network_bytes(struct cli_network *n, const struct cli_item *item);

/* Shows what lies in a message that @show has decoded. */
int cli_network_above(struct cli_network *n, const struct cli_item *item,
		      const struct cli_decoded *d);

#endif /* CLI_NETWORK_H */
