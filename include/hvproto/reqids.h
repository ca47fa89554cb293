/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/reqids.h - ids of requests in flight
 *
 * A completion carries a number that the peer may have invented. This table gives out small
 * numbers, never addresses, and takes each back at most once.
 *
 * Thread rule: one caller at a time per table. Requests are taken where packets are sent and
 * finished where they are received: give both places the same lock.
 *
 * Ownership: slots are the caller's, for as long as the table is used. A request belongs to
 * the table from hvp_reqids_take() until it is given back.
 *
 *	status = hvp_reqids_take(&ids, request, &id);
 *	if (status == HVP_OK)
 *		packet = hvp_ring_request(id, payload, size);
 *
 *	if (packet.type == HVP_PACKET_COMPLETION &&
 *	    hvp_reqids_finish(&ids, packet.transaction_id, &request) == HVP_OK)
 *		complete(request, hvp_ring_payload(&packet));
 *
 * Source: chapter 10 section 3.6; evidence: inferred, from what real guests had to mend.
 */
#ifndef HVPROTO_REQIDS_H
#define HVPROTO_REQIDS_H

#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvp_reqid_slot - storage of one request in flight; the caller gives an array
 */
struct hvp_reqid_slot {
	/* private: */
	void *request;
	uint32_t generation; /* odd: in flight */
	uint32_t next_free;
};

/**
 * struct hvp_reqids - ids of requests in flight on one channel
 * @in_flight: ids taken and not finished
 * @unknown:   completions refused: id never given out, or finished before
 *
 * An id is slot number + 1 in the low half and, in the high half, how often the slot was used
 * before: a completion that comes twice does not hit the next user of the slot. 0 is never an
 * id.
 */
struct hvp_reqids {
	uint32_t in_flight;
	uint64_t unknown;
	/* private: */
	struct hvp_reqid_slot *slots;
	uint32_t count;
	uint32_t first_free;
	uint32_t drained; /* slots before it hold nothing in flight, while draining */
};

/**
 * hvp_reqids_init() - an empty table
 * @ids:   table to fill
 * @slots: storage; the caller's, for as long as the table is used
 * @count: slots, 1..2^31: the most requests in flight
 *
 * Context: any. Return: HVP_OK; HVP_ARG for a count outside its range.
 */
enum hvp_status hvp_reqids_init(struct hvp_reqids *ids, struct hvp_reqid_slot *slots,
				uint32_t count) HVP_MUST_CHECK;

/**
 * hvp_reqids_take() - an id for a request
 * @ids:     table
 * @request: the caller's, given back when the request is finished
 * @id:      set on HVP_OK; never 0
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN if all are in flight: treat it as a full ring.
 */
enum hvp_status hvp_reqids_take(struct hvp_reqids *ids, void *request, uint64_t *id) HVP_MUST_CHECK;

/**
 * hvp_reqids_finish() - give an id back, on its completion or because it was never sent
 * @ids:     table
 * @id:      any number a peer may send
 * @request: set on HVP_OK to what hvp_reqids_take() was given; untouched otherwise
 *
 * Context: any. Return: HVP_OK, once per id; HVP_VALUE, counted, if it is not in flight.
 */
enum hvp_status hvp_reqids_finish(struct hvp_reqids *ids, uint64_t id,
				  void **request) HVP_MUST_CHECK;

/**
 * hvp_reqids_find() - what an id stands for, without giving it back
 * @ids:     table
 * @id:      any number a peer may send
 * @request: set on HVP_OK to what hvp_reqids_take() was given; untouched otherwise
 *
 * For completions that can turn out not to fit their request, which then stays in flight.
 *
 * Context: any. Return: HVP_OK; HVP_VALUE, counted, if it is not in flight.
 */
enum hvp_status hvp_reqids_find(struct hvp_reqids *ids, uint64_t id, void **request) HVP_MUST_CHECK;

/**
 * hvp_reqids_drain() - give one request in flight back, when the channel has ended
 * @ids:     table
 * @request: set on HVP_OK
 *
 * Call until HVP_AGAIN: every request is finished by its completion or by this.
 *
 * Context: any. Return: HVP_OK; HVP_AGAIN if none is in flight.
 */
enum hvp_status hvp_reqids_drain(struct hvp_reqids *ids, void **request) HVP_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_REQIDS_H */
