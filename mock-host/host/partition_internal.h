/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition_internal.h - what the files of the partition share
 */
#ifndef HVM_PARTITION_INTERNAL_H
#define HVM_PARTITION_INTERNAL_H

#include <hvmock/partition.h>
#include <hvmock/synic.h>
#include <hvproto/msg.h>
#include <hvproto/wire/hypervisor.h>

#include "vec.h"

/* A frame of the guest-physical space. */
struct hvm_frame {
	uint8_t *host; /* NULL: no RAM */
	const char *what; /* last use by the host */
	uint32_t holds;
	bool freed;
};

/* Pages that are contiguous for the guest. */
struct hvm_block {
	uint8_t *va;
	size_t pages;
	uint64_t *gfns;
};

#define HVM_CHUNK 64u /* frames that come into being together */

struct hvm_memory {
	struct hvm_frame **chunks;
	size_t chunk_n;
	uint64_t base, count;
	struct hvm_block *blocks;
	size_t n, cap;
	size_t last; /* block of the last look-up */
	size_t live;
	bool contiguous;
};

struct hvm_sint {
	uint64_t msr;
	struct hvm_synic_msg *queue;
	size_t n, cap;
	struct hvm_synic_stats stats;
	bool irq_due;
};

struct hvm_vp {
	uint64_t scontrol, siefp, simp;
	uint64_t eoms, needless;
	uint64_t vp_assist, tpr, icr;
	struct hvm_sint sint[HVM_SINTS];
};

struct hvm_msg_port {
	void (*ready)(void *ctx);
	struct hvm_port_msg queue[HVM_PORT_DEPTH];
	size_t n;
	bool told;
};

struct hvm_event_port {
	void (*signal)(void *ctx, uint32_t connection_id, uint32_t flag);
	uint32_t flags;
	uint32_t channel;
};

struct hvm_port {
	uint32_t connection_id;
	void *ctx;
	struct hvm_msg_port *msg; /* one of the two */
	struct hvm_event_port *event;
};

#define HVM_DRAIN_HOOKS 4u
#define HVM_CRASH_MSRS 6u

struct hvm_drain_hook {
	void (*fn)(void *ctx);
	void *ctx;
};

struct hvm_partition {
	struct hvm_partition_config cfg;
	struct hvm_sched *sched;
	struct hvm_trace *trace;
	struct hvm_faults *faults;
	struct hvm_memory mem;
	struct hvm_vp *vps;
	uint64_t guest_os_id, hypercall, reference_tsc;
	uint64_t crash[HVM_CRASH_MSRS];
	bool told_no_page;
	uint32_t version; /* negotiated, for the trace */
	struct hvm_port *ports;
	size_t port_n, port_cap;
	struct hvm_drain_hook drain[HVM_DRAIN_HOOKS];
	struct hvm_violation *violations;
	size_t violation_n, violation_cap;
};

/* memory.c */
void hvm_memory_init(struct hvm_partition *p);
void hvm_memory_done(struct hvm_partition *p);

/* synic.c */
void hvm_synic_init(struct hvm_partition *p);
void hvm_synic_done(struct hvm_partition *p);
void hvm_synic_rescan(struct hvm_partition *p, uint32_t vp);
void hvm_synic_eom(struct hvm_partition *p, uint32_t vp);
void hvm_synic_eoi(struct hvm_partition *p, uint32_t vp);
enum hvp_status hvm_synic_signal_channel(struct hvm_partition *p, uint32_t vp, uint32_t sint,
					 uint32_t flag, uint32_t channel);
void hvm_irq_raise(struct hvm_partition *p, uint32_t vp, uint32_t sint);

/* ports.c */
struct hvm_port *hvm_port_find(const struct hvm_partition *p, uint32_t connection_id);
void hvm_port_done(struct hvm_partition *p);
uint16_t hvm_port_post(struct hvm_partition *p, const struct hvm_port_msg *m);
uint16_t hvm_port_signal(struct hvm_partition *p, uint32_t vp, uint32_t connection_id,
			 uint32_t flag);
/* Which channel an event port serves, for trace and fault rules. */
void hvm_event_port_tag(struct hvm_partition *p, uint32_t connection_id, uint32_t channel);

/* Channel id at offset 8 of messages that have one there; 0 for others. */
uint32_t hvm_message_channel(const uint8_t *bytes, size_t size);
uint32_t hvm_message_type(const uint8_t *bytes, size_t size);

/* Fill time and version of @e and add it. */
void hvm_partition_trace_add(struct hvm_partition *p, struct hvm_trace_entry *e);

#endif /* HVM_PARTITION_INTERNAL_H */
