/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "faults_internal.h"
#include "partition_internal.h"

/* How often a rule has matched and acted; the same for all kinds. */
struct use {
	uint32_t seen, acted;
};

struct msg_entry {
	struct use use;
	struct hvm_msg_rule rule;
};
struct call_entry {
	struct use use;
	struct hvm_call_rule rule;
};
struct signal_entry {
	struct use use;
	struct hvm_signal_rule rule;
};
struct moment_entry {
	struct use use;
	struct hvm_moment_rule rule;
};
struct load_entry {
	struct use use;
	struct hvm_load_rule rule;
};

/* A message that waits for its time or for the message behind it. */
struct parked {
	struct hvm_faults *f;
	struct hvm_port_msg m;
	hvm_emit_fn emit;
	void *ctx;
	uint32_t direction;
	bool delayed;
	struct parked *next;
};

struct hvm_faults {
	struct hvm_partition *p;
	struct msg_entry *msg;
	size_t msg_n, msg_cap;
	struct call_entry *call;
	size_t call_n, call_cap;
	struct signal_entry *signal;
	size_t signal_n, signal_cap;
	struct moment_entry *moment;
	size_t moment_n, moment_cap;
	struct load_entry *load;
	size_t load_n, load_cap;
	struct parked *parked;
};

#define RETRY_DELAY HVM_MS

struct hvm_faults *hvm_faults_new(struct hvm_partition *p)
{
	struct hvm_faults *f = hvm_xalloc(sizeof(*f));

	f->p = p;
	return f;
}

static void forget_parked(struct hvm_faults *f)
{
	while (f->parked) {
		struct parked *k = f->parked;

		f->parked = k->next;
		hvm_sched_cancel_ctx(f->p->sched, k);
		free(k);
	}
}

void hvm_fault_clear(struct hvm_faults *f)
{
	f->msg_n = 0;
	f->call_n = 0;
	f->signal_n = 0;
	f->moment_n = 0;
	f->load_n = 0;
}

void hvm_faults_free(struct hvm_faults *f)
{
	if (!f)
		return;
	forget_parked(f);
	free(f->msg);
	free(f->call);
	free(f->signal);
	free(f->moment);
	free(f->load);
	free(f);
}

/* A rule that matched: does it act this time? */
static bool act(struct use *u, uint32_t skip, uint32_t count)
{
	if (u->seen < skip) {
		u->seen++;
		return false;
	}
	if (count != HVM_ALWAYS && u->acted >= (count ? count : 1))
		return false;
	u->acted++;
	return true;
}

static bool is(uint32_t want, uint32_t have)
{
	return want == HVM_ANY || want == have;
}

enum hvp_status hvm_fault_message(struct hvm_faults *f, const struct hvm_msg_rule *rule)
{
	if (rule->action > HVM_MSG_RESIZE ||
	    (rule->action == HVM_MSG_RESIZE && rule->value > HVM_PAYLOAD_MAX) ||
	    (rule->action == HVM_MSG_CORRUPT && rule->offset >= HVM_PAYLOAD_MAX))
		return HVP_ARG;
	f->msg = hvm_vec_grow(f->msg, f->msg_n, &f->msg_cap, sizeof(*f->msg));
	memset(&f->msg[f->msg_n], 0, sizeof(*f->msg));
	f->msg[f->msg_n++].rule = *rule;
	return HVP_OK;
}

enum hvp_status hvm_fault_call(struct hvm_faults *f, const struct hvm_call_rule *rule)
{
	f->call = hvm_vec_grow(f->call, f->call_n, &f->call_cap, sizeof(*f->call));
	memset(&f->call[f->call_n], 0, sizeof(*f->call));
	f->call[f->call_n++].rule = *rule;
	return HVP_OK;
}

enum hvp_status hvm_fault_signal(struct hvm_faults *f, const struct hvm_signal_rule *rule)
{
	if (rule->action > HVM_SIGNAL_DELAY)
		return HVP_ARG;
	f->signal = hvm_vec_grow(f->signal, f->signal_n, &f->signal_cap, sizeof(*f->signal));
	memset(&f->signal[f->signal_n], 0, sizeof(*f->signal));
	f->signal[f->signal_n++].rule = *rule;
	return HVP_OK;
}

enum hvp_status hvm_fault_moment(struct hvm_faults *f, const struct hvm_moment_rule *rule)
{
	if (rule->moment >= HVM_MOMENTS)
		return HVP_ARG;
	f->moment = hvm_vec_grow(f->moment, f->moment_n, &f->moment_cap, sizeof(*f->moment));
	memset(&f->moment[f->moment_n], 0, sizeof(*f->moment));
	f->moment[f->moment_n++].rule = *rule;
	return HVP_OK;
}

enum hvp_status hvm_fault_load(struct hvm_faults *f, const struct hvm_load_rule *rule)
{
	if (!rule->addr || !rule->len || rule->len > sizeof(rule->bytes))
		return HVP_ARG;
	f->load = hvm_vec_grow(f->load, f->load_n, &f->load_cap, sizeof(*f->load));
	memset(&f->load[f->load_n], 0, sizeof(*f->load));
	f->load[f->load_n++].rule = *rule;
	return HVP_OK;
}

size_t hvm_fault_unspent(const struct hvm_faults *f)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < f->msg_n; i++)
		n += !f->msg[i].use.acted;
	for (i = 0; i < f->call_n; i++)
		n += !f->call[i].use.acted;
	for (i = 0; i < f->signal_n; i++)
		n += !f->signal[i].use.acted;
	for (i = 0; i < f->moment_n; i++)
		n += !f->moment[i].use.acted;
	for (i = 0; i < f->load_n; i++)
		n += !f->load[i].use.acted;
	return n;
}

/* ---- messages ---- */

static struct msg_entry *msg_rule(struct hvm_faults *f, uint32_t direction,
				  const struct hvm_port_msg *m)
{
	size_t i;

	for (i = 0; i < f->msg_n; i++) {
		struct msg_entry *e = &f->msg[i];

		if (e->rule.direction == direction &&
		    is(e->rule.type, hvm_message_type(m->payload, m->size)) &&
		    is(e->rule.channel, hvm_message_channel(m->payload, m->size)) &&
		    act(&e->use, e->rule.skip, e->rule.count))
			return e;
	}
	return NULL;
}

static void unlink_parked(struct hvm_faults *f, struct parked *k)
{
	struct parked **at = &f->parked;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
}

static void delayed_now(void *ctx, uint64_t arg)
{
	struct parked *k = ctx;

	(void)arg;
	if (!k->emit(k->ctx, &k->m)) {
		struct hvm_event again = { HVM_CLASS_HOST, RETRY_DELAY, delayed_now, k, 0 };

		hvm_sched_add(k->f->p->sched, &again);
		return;
	}
	unlink_parked(k->f, k);
	free(k);
}

static void park(struct hvm_faults *f, const struct parked *what, bool delayed, uint64_t delay)
{
	struct hvm_event ev = { HVM_CLASS_HOST, delay, delayed_now, NULL, 0 };
	struct parked *k = hvm_xcopy(what, sizeof(*what));
	struct parked **end = &f->parked;

	k->delayed = delayed;
	while (*end)
		end = &(*end)->next;
	*end = k;
	ev.ctx = k;
	if (delayed)
		hvm_sched_add(f->p->sched, &ev);
}

/* The message that was to come after this one. */
static void emit_parked(struct hvm_faults *f, uint32_t direction)
{
	struct parked *k = f->parked;

	while (k && (k->delayed || k->direction != direction))
		k = k->next;
	if (!k)
		return;
	unlink_parked(f, k);
	if (!k->emit(k->ctx, &k->m))
		park(f, k, true, RETRY_DELAY);
	free(k);
}

static void corrupt(const struct hvm_msg_rule *r, struct hvm_port_msg *m)
{
	uint8_t mask = r->mask ? r->mask : 0xff;

	m->payload[r->offset] = (uint8_t)((m->payload[r->offset] & ~mask) |
					  ((uint8_t)r->value & mask));
}

static void resize(const struct hvm_msg_rule *r, struct hvm_port_msg *m)
{
	if (r->value > m->size)
		memset(m->payload + m->size, 0, r->value - m->size);
	m->size = r->value;
}

static bool apply(struct hvm_faults *f, const struct hvm_msg_rule *r, struct parked *k)
{
	uint32_t copies;

	switch (r->action) {
	case HVM_MSG_DROP:
		return true;
	case HVM_MSG_DELAY:
		park(f, k, true, r->delay);
		return true;
	case HVM_MSG_REORDER:
		park(f, k, false, 0);
		return true;
	case HVM_MSG_DUPLICATE:
		for (copies = r->value ? r->value : 1; copies; copies--) {
			if (!k->emit(k->ctx, &k->m))
				park(f, k, true, RETRY_DELAY);
		}
		break;
	case HVM_MSG_CORRUPT:
		corrupt(r, &k->m);
		break;
	case HVM_MSG_RESIZE:
		resize(r, &k->m);
		break;
	}
	return k->emit(k->ctx, &k->m);
}

bool hvm_faults_message(struct hvm_faults *f, uint32_t direction, const struct hvm_port_msg *m,
			hvm_emit_fn emit, void *ctx)
{
	struct parked k = { f, *m, emit, ctx, direction, false, NULL };
	struct msg_entry *e = msg_rule(f, direction, m);
	bool ok;

	if (!e)
		ok = emit(ctx, m);
	else
		ok = apply(f, &e->rule, &k);
	if (!e || e->rule.action != HVM_MSG_REORDER)
		emit_parked(f, direction);
	return ok;
}

/* ---- the other kinds ---- */

bool hvm_faults_call(struct hvm_faults *f, uint32_t code, uint32_t connection_id, uint32_t type,
		     uint16_t *status, bool *deliver)
{
	size_t i;

	for (i = 0; i < f->call_n; i++) {
		struct call_entry *e = &f->call[i];

		if (is(e->rule.code, code) && is(e->rule.connection_id, connection_id) &&
		    is(e->rule.type, type) && act(&e->use, e->rule.skip, e->rule.count)) {
			*status = e->rule.status;
			*deliver = e->rule.deliver;
			return true;
		}
	}
	return false;
}

unsigned int hvm_faults_signal(struct hvm_faults *f, uint32_t direction, uint32_t channel,
			       uint64_t *delay)
{
	size_t i;

	*delay = 0;
	for (i = 0; i < f->signal_n; i++) {
		struct signal_entry *e = &f->signal[i];

		if (e->rule.direction != direction || !is(e->rule.channel, channel) ||
		    !act(&e->use, e->rule.skip, e->rule.count))
			continue;
		if (e->rule.action == HVM_SIGNAL_DELAY)
			*delay = e->rule.delay;
		return e->rule.action == HVM_SIGNAL_DROP	? 0
		       : e->rule.action == HVM_SIGNAL_DUPLICATE ? 2
								: 1;
	}
	return 1;
}

bool hvm_faults_moment(struct hvm_faults *f, enum hvm_moment moment, uint32_t channel)
{
	size_t i;

	for (i = 0; i < f->moment_n; i++) {
		struct moment_entry *e = &f->moment[i];
		bool revoke = e->rule.revoke;

		if (e->rule.moment != moment || !is(e->rule.channel, channel) ||
		    !act(&e->use, e->rule.skip, e->rule.count))
			continue;
		if (e->rule.fn)
			e->rule.fn(e->rule.ctx, moment, channel);
		return revoke;
	}
	return false;
}

void hvm_faults_shared_load(void *faults, const volatile void *addr, size_t size)
{
	struct hvm_faults *f = faults;
	uintptr_t from = (uintptr_t)addr;
	size_t i;

	for (i = 0; i < f->load_n; i++) {
		struct load_entry *e = &f->load[i];
		uintptr_t at = (uintptr_t)e->rule.addr;

		if (at < from || at >= from + size || !act(&e->use, e->rule.skip, e->rule.count))
			continue;
		memcpy(e->rule.target ? e->rule.target : (void *)(uintptr_t)e->rule.addr,
		       e->rule.bytes, e->rule.len);
	}
}
