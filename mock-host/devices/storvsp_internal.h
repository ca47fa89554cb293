/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storvsp_internal.h - the mock storage controller
 *
 * storvsp.c has its life and its channels, storvsp_control.c the conversation that comes before
 * requests and everything that is not one, storvsp_srb.c the requests.
 */
#ifndef STORVSP_INTERNAL_H
#define STORVSP_INTERNAL_H

#include <hvmock/partition.h>
#include <hvmock/sched.h>
#include <hvmock/storvsp.h>
#include <hvproto/ring.h>
#include <hvproto/wire/vstor.h>
#include <hvproto/wire/vstor_event.h>
#include <hvproto/wire/vstor_fc.h>
#include <hvproto/wire/vstor_srb.h>
#include <hvproto/wire/vstor_start.h>

#include "../host/vec.h"
#include "scsi_internal.h"

#define SV_HEADER HVP_VSTOR_HEADER_SIZE
#define SV_PAYLOAD_MAX HVP_VSTOR_SRB_SIZE_5_1

/* A packet of the guest on its way, its bytes copied out of the ring; an answer likewise. */
struct sv_item {
	struct sv_queue *q;
	uint16_t flags;
	uint16_t type;
	uint64_t id;
	enum hvp_status ranges;
	uint8_t *base; /* room for a descriptor, extra header, payload */
	uint32_t extra_size;
	uint8_t *bytes; /* payload */
	uint32_t size;
	struct hvm_storage_fault fault; /* of a request that waits for it */
};

struct sv_answer {
	uint64_t id;
	bool notice; /* no completion: it comes by itself */
	uint32_t size;
	uint8_t bytes[HVP_VSTOR_PACKET_SIZE_5_1];
};

struct sv_queue {
	struct hvm_storvsp *n;
	struct hvm_scripted *d;
	uint32_t index;
	bool open;
	bool working;
	struct sv_item **items; /* in flight */
	size_t item_n;
	size_t item_cap;
	struct sv_answer *out; /* for which the ring had no room */
	size_t out_n;
	size_t out_cap;
};

struct sv_unit {
	struct hvm_lun *l;
	uint8_t path;
	uint8_t target;
	uint8_t lun;
};

struct hvm_storvsp {
	struct hvm_server *s;
	struct hvm_storvsp_config cfg;
	struct hvm_storvsp_info info; /* counters of it */
	enum hvm_storage_state state;
	const char *reason;
	uint32_t version;
	uint32_t subs; /* that were offered */
	bool subs_early; /* asked for before END_INITIALIZATION */
	struct sv_queue q[HVM_STORAGE_QUEUES_MAX];
	struct sv_unit units[HVM_STORAGE_LUNS_MAX];
	size_t unit_n;
	struct hvm_storage_fault *faults;
	size_t fault_n;
	size_t fault_cap;
};

/* storvsp.c */
void hvm_sv_stop(struct hvm_storvsp *n, const char *reason);
void hvm_sv_kick(struct sv_queue *q);
void hvm_sv_answer(struct sv_queue *q, const struct sv_answer *a);
void hvm_sv_finish(struct sv_item *i);
bool hvm_sv_later(struct sv_item *i, uint64_t delay, hvm_event_fn fn, uint64_t arg);
void hvm_sv_queue_new(struct hvm_storvsp *n, uint32_t index);
struct hvm_sched *hvm_sv_sched(const struct hvm_storvsp *n);

/* storvsp_control.c */
void hvm_sv_packet(struct sv_item *i);
void hvm_sv_complete(struct sv_item *i, uint32_t status, const void *payload, size_t size);
void hvm_sv_notice(struct hvm_storvsp *n);

/* storvsp_srb.c */
void hvm_sv_srb(struct sv_item *i);

#endif /* STORVSP_INTERNAL_H */
