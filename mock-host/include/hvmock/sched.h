/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/sched.h - virtual time: an ordered queue of what happens next
 *
 * All that a mock host does later is an event here; nothing waits and no clock of the machine
 * is read, so a run depends on its seed and on its inputs alone.
 *
 * Events have a class. Guest events call into the guest (an interrupt, its timer); they run
 * only while the guest is not running already, thus the guest is never re-entered. Host events
 * run also while the guest polls inside one of its own calls. Background events (polling of
 * the monitor page) do not keep the machine busy.
 *
 * Thread rule: one thread per partition. Ownership: the partition owns its queue.
 */
#ifndef HVMOCK_SCHED_H
#define HVMOCK_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_US 10ull /* units of 100 ns */
#define HVM_MS 10000ull
#define HVM_SEC 10000000ull
#define HVM_FOREVER UINT64_MAX

enum hvm_event_class {
	HVM_CLASS_HOST,
	HVM_CLASS_GUEST,
	HVM_CLASS_BACKGROUND,
};

struct hvm_sched;
typedef void (*hvm_event_fn)(void *ctx, uint64_t arg);

/**
 * struct hvm_event - what to do and when
 * @cls:   enum hvm_event_class
 * @delay: from now, 100 ns
 * @fn:    called once
 * @ctx:   given to @fn
 * @arg:   given to @fn
 */
struct hvm_event {
	enum hvm_event_class cls;
	uint64_t delay;
	hvm_event_fn fn;
	void *ctx;
	uint64_t arg;
};

/**
 * hvm_sched_new() - an empty queue at time 0
 * @seed:    of hvm_sched_random()
 * @shuffle: events of one instant run in an order drawn from the seed instead of the order
 *           in which they were added
 *
 * Return: the queue, or NULL if memory is out.
 */
struct hvm_sched *hvm_sched_new(uint64_t seed, bool shuffle);

/** hvm_sched_free() - forget all events; @s may be NULL */
void hvm_sched_free(struct hvm_sched *s);

/** hvm_sched_now() - virtual time in units of 100 ns */
uint64_t hvm_sched_now(const struct hvm_sched *s);

/** hvm_sched_random() - next 64 bits of the seeded generator */
uint64_t hvm_sched_random(struct hvm_sched *s);

/**
 * hvm_sched_add() - do something later
 * @s:  queue
 * @ev: copied
 *
 * Return: a nonzero handle for hvm_sched_cancel().
 */
uint64_t hvm_sched_add(struct hvm_sched *s, const struct hvm_event *ev);

/** hvm_sched_cancel() - true if the event was still waiting */
bool hvm_sched_cancel(struct hvm_sched *s, uint64_t handle);

/** hvm_sched_cancel_ctx() - forget every event of an object that is about to go */
void hvm_sched_cancel_ctx(struct hvm_sched *s, const void *ctx);

/**
 * hvm_sched_enter_guest() - from here on the guest is running
 * hvm_sched_leave_guest() - and here it has returned
 * @s: queue
 *
 * Bracket every call into guest code that does not come from a guest event (which are
 * bracketed by the queue). Nests.
 */
void hvm_sched_enter_guest(struct hvm_sched *s);
void hvm_sched_leave_guest(struct hvm_sched *s);

/** hvm_sched_in_guest() - whether guest code is on the stack */
bool hvm_sched_in_guest(const struct hvm_sched *s);

/**
 * hvm_sched_run_idle() - run until nothing is due any more
 * @s:     queue
 * @limit: stop after this much virtual time (a guest may have a periodic timer)
 *
 * Jumps over time in which nothing happens. Background work runs at least once before the
 * machine counts as idle, and again as long as it causes something.
 *
 * Return: true if idle, false if @limit came first.
 */
bool hvm_sched_run_idle(struct hvm_sched *s, uint64_t limit);

/** hvm_sched_run_for() - run exactly @duration of virtual time */
void hvm_sched_run_for(struct hvm_sched *s, uint64_t duration);

/**
 * hvm_sched_run_until() - run until something has become true
 * @s:     queue
 * @pred:  asked before the first event and after each
 * @ctx:   given to @pred
 * @limit: virtual time to spend at most
 *
 * Return: true as soon as @pred says so; false when @limit is over or nothing is left to run.
 */
bool hvm_sched_run_until(struct hvm_sched *s, bool (*pred)(void *ctx), void *ctx, uint64_t limit);

/**
 * hvm_sched_spin() - let the host work for a while inside a call of the guest
 * @s:        queue
 * @duration: virtual time that passes; 0: only what is due now
 *
 * Guest events stay in the queue. For guests that poll (a crash path) and for the time that a
 * hypercall takes.
 */
void hvm_sched_spin(struct hvm_sched *s, uint64_t duration);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_SCHED_H */
