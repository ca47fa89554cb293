/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.h - what the target says to its client, the process in which DPDK's driver runs
 *
 * The client is started with one end of a SOCK_SEQPACKET pair as descriptor PEER_FD. Each request
 * is one message and is answered by any number of PEER_FRAME and PEER_SENT, and one PEER_DONE.
 * Both ends are built from this file, so the structures are the machine's own.
 */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>

#define PEER_FD 3
#define PEER_ARGS 16u
#define PEER_DATA 65536u
#define PEER_QUEUES 16u

/* Environment of the client: the folder that stands in for sysfs and /dev, and the address that
 * DPDK's memory is to have, in hexadecimal: its driver gives virtual addresses to the host. */
#define PEER_ENV_FOLDER "HVP_DPDK_FOLDER"
#define PEER_ENV_BASE "HVP_DPDK_BASE"

#define PEER_MEMORY_MIB 64u
#define PEER_RING_PAGES 64u /* one direction, control page included */
#define PEER_RECEIVE_PAGES 512u
#define PEER_SEND_PAGES 256u

enum peer_op {
	PEER_START = 1, /* enum peer_start -> enum peer_info, data: MAC */
	PEER_STOP, /* the device is stopped and closed, the client ends */
	PEER_SEND, /* enum peer_send, data: frame -> status 0 sent, 1 no room */
	PEER_POLL, /* -> PEER_FRAME for each frame received; arg 0: link is up */
	PEER_TRAFFIC, /* enum peer_traffic -> enum peer_result */
	PEER_COUNTERS, /* -> enum peer_counter */
	PEER_PROMISCUOUS, /* arg 0: on */
	PEER_BURST, /* enum peer_burst: send -> arg 0: frames sent */
	PEER_DRAIN, /* enum peer_burst: receive and drop -> arg 0: frames received */
	PEER_FRAME = 16, /* enum peer_frame, data: frame */
	PEER_SENT, /* enum peer_sent: the driver is done with a frame of PEER_SEND */
	PEER_DONE, /* status: 0 or a negative errno */
};

enum peer_start {
	PEER_S_QUEUES,
	PEER_S_MTU,
	PEER_S_RSS
};
enum peer_info {
	PEER_I_MTU,
	PEER_I_QUEUES,
	PEER_I_LINK,
	PEER_I_SPEED,
	PEER_I_TABLE
};

/* PEER_F_* bits of the flags of PEER_SEND, PEER_TRAFFIC and PEER_FRAME. */
enum peer_send {
	PEER_X_QUEUE,
	PEER_X_FLAGS,
	PEER_X_VLAN,
	PEER_X_MSS,
	PEER_X_SEGMENTS,
	PEER_X_ID,
};
enum peer_burst {
	PEER_B_FRAMES,
	PEER_B_SIZE,
	PEER_B_BURST,
	PEER_B_MSS,
	PEER_B_TIMED
};
enum peer_sent {
	PEER_Y_ID,
	PEER_Y_QUEUE
};
enum peer_frame {
	PEER_G_QUEUE,
	PEER_G_FLAGS,
	PEER_G_VLAN,
	PEER_G_HASH
};

#define PEER_F_VLAN 0x1u
#define PEER_F_IP_CHECKSUM 0x2u /* sent: fill it in; received: it is right */
#define PEER_F_L4_CHECKSUM 0x4u
#define PEER_F_IPV6 0x8u
#define PEER_F_UDP 0x10u
#define PEER_F_LSO 0x20u
#define PEER_F_IP_BAD 0x40u
#define PEER_F_L4_BAD 0x80u
#define PEER_F_HASH 0x100u

enum peer_traffic {
	PEER_T_FRAMES,
	PEER_T_SEED,
	PEER_T_MIN,
	PEER_T_MAX,
	PEER_T_FLAGS,
	PEER_T_SEGMENTS, /* most pieces of a frame */
	PEER_T_WINDOW, /* frames in flight */
	PEER_T_MSS,
};
enum peer_result {
	PEER_R_SENT,
	PEER_R_BACK, /* came back, each once */
	PEER_R_BAD, /* came back with other bytes, twice, or out of nowhere */
	PEER_R_BYTES,
	PEER_R_FIRST_BAD, /* number of the first bad frame + 1 */
	PEER_R_QUEUES, /* bit n: a frame came on queue n */
};
enum peer_counter {
	PEER_C_RX_FRAMES,
	PEER_C_TX_FRAMES,
	PEER_C_RX_BYTES,
	PEER_C_TX_BYTES,
	PEER_C_RX_MISSED,
	PEER_C_RX_ERRORS,
	PEER_C_TX_ERRORS,
	PEER_C_NO_MBUF,
};

struct peer_message {
	uint32_t op;
	int32_t status;
	uint32_t size; /* of data */
	uint32_t pad;
	uint64_t arg[PEER_ARGS];
};

#endif /* PEER_H */
