/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpadl_map.h - all GPADLs of a connection, and what each event does to one
 *
 * The table of chapter 10 section 5.5: a state and an event give the next state and what has
 * to be said to the guest or to the device. The map knows no messages and no devices.
 */
#ifndef HVM_GPADL_MAP_H
#define HVM_GPADL_MAP_H

#include <hvmock/gpadl.h>
#include <hvproto/rd.h>

enum hvm_gpadl_event {
	HVM_GPADL_EV_HEADER, /* first message, bodies follow */
	HVM_GPADL_EV_BODY, /* one more, not the last */
	HVM_GPADL_EV_COMPLETE, /* last word has come and all ranges are valid */
	HVM_GPADL_EV_COMPLETE_REVOKED, /* the same on a channel that the host took back */
	HVM_GPADL_EV_INVALID, /* last word has come, ranges are not valid */
	HVM_GPADL_EV_ACCEPT, /* by the device */
	HVM_GPADL_EV_REFUSE,
	HVM_GPADL_EV_TEARDOWN, /* GPADL_TEARDOWN */
	HVM_GPADL_EV_TEARDOWN_REVOKED,
	HVM_GPADL_EV_TORNDOWN, /* device has let go */
	HVM_GPADL_EV_REVOKE, /* the host takes the channel back */
	HVM_GPADL_EV_RELEASE, /* relid released, unload, new contact */
	HVM_GPADL_EVENTS
};

enum hvm_gpadl_act {
	HVM_GPADL_DROP, /* nothing; count a dropped message */
	HVM_GPADL_QUIET, /* nothing */
	HVM_GPADL_ASK, /* ask the device to take it */
	HVM_GPADL_ASK_TEARDOWN, /* ask the device to let go */
	HVM_GPADL_TELL_TEARDOWN, /* the device must let go, nobody waits for it */
	HVM_GPADL_SAY_CREATED,
	HVM_GPADL_SAY_FAILED,
	HVM_GPADL_SAY_TORNDOWN,
};

struct hvm_gpadl_edge {
	enum hvm_gpadl_state next;
	enum hvm_gpadl_act act;
};

/* Never NULL; a pair that cannot be keeps the state and drops. */
struct hvm_gpadl_edge hvm_gpadl_step(enum hvm_gpadl_state state, enum hvm_gpadl_event event);

struct hvm_gpadl_map {
	struct hvm_gpadl *first;
};

struct hvm_gpadl *hvm_gpadl_find(const struct hvm_gpadl_map *map, uint32_t channel, uint32_t id);
struct hvm_gpadl *hvm_gpadl_in_progress(const struct hvm_gpadl_map *map, uint32_t id);
struct hvm_gpadl *hvm_gpadl_add(struct hvm_gpadl_map *map, uint32_t channel, uint32_t id,
				uint16_t range_buf_len, uint16_t range_count);
void hvm_gpadl_forget(struct hvm_gpadl_map *map, struct hvm_gpadl *g);

/* Take words of a message until the GPADL has all it needs; true when it has. */
bool hvm_gpadl_append(struct hvm_gpadl *g, struct hvp_rd words);

#endif /* HVM_GPADL_MAP_H */
