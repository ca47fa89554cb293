/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mockhost_guest.h - the least a guest needs to be, for tests of the mock host
 *
 * Posts bytes and reads slots. It keeps no state of the protocol, so that a test can say
 * exactly what it wants to.
 */
#ifndef MOCKHOST_GUEST_H
#define MOCKHOST_GUEST_H

#include <check.h>
#include <string.h>

#include <hvmock/scripted.h>
#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wire/vmbus_table.h>

#define GUEST_VPS 2u

struct guest {
	struct hvm_partition *p;
	struct hvm_server *s;
	uint8_t *post; /* hypercall input page */
	uint8_t *hypercall_page;
	uint8_t *simp[GUEST_VPS], *siefp[GUEST_VPS];
	uint32_t connection_id; /* to post on */
	struct hvp_neg neg;
	unsigned int interrupts[GUEST_VPS];
};

struct bytes {
	uint8_t b[240];
	size_t n;
};

/* A partition of two VPs with SynIC set up, and a server on it. NULL: defaults. */
void guest_init(struct guest *g, const struct hvm_partition_config *pc,
		const struct hvm_server_config *sc);
void guest_done(struct guest *g);
void guest_synic(struct guest *g, uint32_t vp);

/* Post bytes; the hypercall status. */
uint16_t guest_post_raw(struct guest *g, uint32_t connection_id, const void *bytes, size_t n);
/* Encode and post on the present connection; fails the test unless the call succeeds. */
void guest_post(struct guest *g, uint32_t type, const void *body);
uint16_t guest_signal(struct guest *g, uint32_t connection_id);

/* Let the host work, then take a message out of a VP's slot as a driver does. */
bool guest_take_vp(struct guest *g, uint32_t vp, struct bytes *out);
bool guest_take(struct guest *g, struct bytes *out);
/* Take a message that must be of @type, decoded into @body (may be NULL). */
void guest_expect(struct guest *g, uint32_t type, void *body);
/* The host has nothing to say. */
void guest_expect_none(struct guest *g);
uint32_t guest_drain(struct guest *g);

/* Set of the event flag @f on a VP, cleared by the look. */
bool guest_flag(struct guest *g, uint32_t vp, uint32_t f);

/* Contact with @version and @features; no monitor pages. Expects success. */
void guest_connect(struct guest *g, uint32_t version, uint32_t features);
/* REQUEST_OFFERS, and all offers up to ALL_OFFERS_DELIVERED; their number. */
unsigned int guest_offers(struct guest *g, struct hvp_vmbus_offer_channel *out, unsigned int max);

/* A GPADL of @pages new pages; fails the test unless it is created. Returns its memory. */
uint8_t *guest_gpadl(struct guest *g, uint32_t channel, uint32_t id, uint32_t pages);
/* GPADL_HEADER and bodies of any words. */
void guest_gpadl_words(struct guest *g, uint32_t channel, uint32_t id, uint16_t range_count,
		       const uint64_t *words, size_t n);
void guest_open(struct guest *g, uint32_t channel, uint32_t gpadl, uint32_t downstream,
		uint32_t vp);
void guest_channel_message(struct guest *g, uint32_t type, uint32_t channel);
void guest_teardown(struct guest *g, uint32_t channel, uint32_t gpadl);

struct hvm_offer offer_of(uint32_t interface, uint32_t instance);
enum hvm_channel_state state_of(struct guest *g, uint32_t channel);
enum hvm_gpadl_state gpadl_state(struct guest *g, uint32_t channel, uint32_t id);

#endif /* MOCKHOST_GUEST_H */
