/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring_packet.h - the packets of a ring as a protocol with a message table
 *
 * Stands for the protocol "ring" where whole packets are meant; the records they are made of
 * are those of hvp_ring_proto.
 */
#ifndef CLI_RING_PACKET_H
#define CLI_RING_PACKET_H

#include <hvproto/msg.h>

extern const struct hvp_proto_desc cli_ring_packets;

#endif /* CLI_RING_PACKET_H */
