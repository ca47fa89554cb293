/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scripted_internal.h - what the files of the scripted device share
 */
#ifndef HVM_SCRIPTED_INTERNAL_H
#define HVM_SCRIPTED_INTERNAL_H

#include <hvmock/scripted.h>
#include <hvproto/ring.h>

#define HVM_SIDES 2u

struct hvm_answer {
	bool hold;
	uint32_t status;
};

/* A question that waits: of GPADLs the id. */
struct hvm_question {
	uint32_t gpadl_id;
};

struct hvm_questions {
	struct hvm_question *items;
	size_t n, cap;
};

struct hvm_got {
	struct hvm_packet k;
	uint8_t *bytes;
};

/* One ring as the host maps it. */
struct hvm_mapped {
	uint8_t *control;
	uint8_t **pages;
	uint32_t size; /* of the data area */
};

struct hvm_scripted {
	struct hvm_server *s;
	struct hvm_channel *ch;
	struct hvm_answer answer[HVM_ASKS];
	struct hvm_questions asked[HVM_ASKS];
	struct hvm_open open;
	bool attached;
	bool teardown_waits; /* of the ring GPADL, until the channel is closed */
	bool reading;
	struct hvm_mapped ring[HVM_SIDES];
	struct hvp_ring_rx rx;
	struct hvp_ring_tx tx;
	bool rx_moved, tx_moved; /* a script wrote an index: take it up anew */
	uint32_t rx_at; /* ring offset of the next packet */
	enum hvp_status status;
	uint8_t *buf;
	struct hvm_got *got;
	size_t got_n, got_cap;
	struct hvm_got taken;
	void (*watch)(void *ctx, enum hvm_scripted_event event);
	void *watch_ctx;
};

/* scripted.c */
void hvm_scripted_tell(struct hvm_scripted *d, enum hvm_scripted_event event);
/* scripted_ring.c */
bool hvm_scripted_attach(struct hvm_scripted *d, const struct hvm_open *open);
void hvm_scripted_detach(struct hvm_scripted *d);
/* The rings may be touched: attached, and the guest still shares them. */
bool hvm_scripted_usable(const struct hvm_scripted *d);
void hvm_scripted_trace(struct hvm_scripted *d, uint32_t direction, uint32_t offset,
			const uint8_t *bytes, size_t size);
/* scripted_rx.c */
void hvm_scripted_start_reading(struct hvm_scripted *d);
void hvm_scripted_on_signal(struct hvm_scripted *d);
void hvm_scripted_forget_packets(struct hvm_scripted *d);

#endif /* HVM_SCRIPTED_INTERNAL_H */
