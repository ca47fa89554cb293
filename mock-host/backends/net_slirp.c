/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network in user mode as the cable: addresses by DHCP, and TCP and UDP through this process's
 * own sockets. The world outside has the machine's time, whatever the guest's time is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvmock/netbackend.h>

#ifdef HVM_HAVE_SLIRP

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <time.h>

#include <slirp/libslirp.h>

#include "../host/vec.h"

#define FRAME_MAX 65535u
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000ll

struct timer {
	struct timer *next;
	SlirpTimerCb fn;
	void *ctx;
	int64_t at; /* ms; negative: not running */
};

struct slirp {
	struct hvm_net_backend b;
	Slirp *s;
	struct timer *timers;
	struct pollfd *fds;
	size_t n, cap;
};

/* ---- what the library asks of us ---- */

static ssize_t to_guest(const void *bytes, size_t size, void *opaque)
{
	struct slirp *s = opaque;
	struct hvm_net_wire_frame f = { bytes, size, false, 0 };

	s->b.deliver(s->b.deliver_ctx, &f);
	return (ssize_t)size;
}

static void guest_error(const char *text, void *opaque)
{
	(void)text;
	(void)opaque;
}

static int64_t clock_ns(void *opaque)
{
	struct timespec t;

	(void)opaque;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void *timer_new(SlirpTimerCb fn, void *ctx, void *opaque)
{
	struct timer *t = hvm_xalloc(sizeof(*t));
	struct slirp *s = opaque;

	t->fn = fn;
	t->ctx = ctx;
	t->at = -1;
	t->next = s->timers;
	s->timers = t;
	return t;
}

static void timer_free(void *timer, void *opaque)
{
	struct slirp *s = opaque;
	struct timer **p;

	for (p = &s->timers; *p; p = &(*p)->next) {
		if (*p == timer) {
			*p = (*p)->next;
			free(timer);
			return;
		}
	}
}

static void timer_mod(void *timer, int64_t at, void *opaque)
{
	struct timer *t = timer;

	(void)opaque;
	t->at = at;
}

static void ignore_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void ignore(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = to_guest,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = ignore_fd,
	.unregister_poll_fd = ignore_fd,
	.notify = ignore,
};

/* ---- polling ---- */

static const struct {
	int slirp;
	short poll;
} bits[] = {
	{ SLIRP_POLL_IN, POLLIN },   { SLIRP_POLL_OUT, POLLOUT }, { SLIRP_POLL_PRI, POLLPRI },
	{ SLIRP_POLL_ERR, POLLERR }, { SLIRP_POLL_HUP, POLLHUP },
};
#define BITS (sizeof(bits) / sizeof(bits[0]))

static int add_poll(int fd, int events, void *opaque)
{
	struct slirp *s = opaque;
	struct pollfd p = { fd, 0, 0 };
	size_t k;

	for (k = 0; k < BITS; k++)
		if (events & bits[k].slirp)
			p.events |= bits[k].poll;
	s->fds = hvm_vec_grow(s->fds, s->n, &s->cap, sizeof(*s->fds));
	s->fds[s->n] = p;
	return (int)s->n++;
}

static int get_events(int index, void *opaque)
{
	struct slirp *s = opaque;
	int events = 0;
	size_t k;

	for (k = 0; k < BITS; k++)
		if (s->fds[index].revents & bits[k].poll)
			events |= bits[k].slirp;
	return events;
}

static void run_timers(struct slirp *s)
{
	int64_t now = clock_ns(s) / NS_PER_MS;
	struct timer *t;

	for (t = s->timers; t; t = t->next) {
		if (t->at >= 0 && t->at <= now) {
			t->at = -1;
			t->fn(t->ctx);
			return; /* the list may have changed */
		}
	}
}

static void slirp_backend_poll(struct hvm_net_backend *b, uint64_t now)
{
	struct slirp *s = (struct slirp *)b;
	uint32_t timeout = 0;
	int ready;

	(void)now;
	s->n = 0;
	slirp_pollfds_fill(s->s, &timeout, add_poll, s);
	ready = poll(s->fds, s->n, 0);
	slirp_pollfds_poll(s->s, ready < 0, get_events, s);
	run_timers(s);
}

/* Its network has no tags: a tagged frame belongs to another one. */
static void slirp_backend_send(struct hvm_net_backend *b, const struct hvm_net_wire_frame *f,
			       uint64_t now)
{
	struct slirp *s = (struct slirp *)b;

	(void)now;
	if (!f->has_vlan && f->size <= FRAME_MAX)
		slirp_input(s->s, f->bytes, (int)f->size);
}

static void slirp_backend_free(struct hvm_net_backend *b)
{
	struct slirp *s = (struct slirp *)b;

	if (s->s)
		slirp_cleanup(s->s);
	while (s->timers)
		timer_free(s->timers, s);
	free(s->fds);
	free(s);
}

static struct in_addr address(const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	return a;
}

struct hvm_net_backend *hvm_net_slirp(char *error)
{
	struct slirp *s = hvm_xalloc(sizeof(*s));
	SlirpConfig c;

	memset(&c, 0, sizeof(c));
	c.version = 1;
	c.in_enabled = true;
	c.vnetwork = address("10.0.2.0");
	c.vnetmask = address("255.255.255.0");
	c.vhost = address("10.0.2.2");
	c.vnameserver = address("10.0.2.3");
	c.vdhcp_start = address("10.0.2.15");
	s->b.name = "slirp";
	s->b.send = slirp_backend_send;
	s->b.poll = slirp_backend_poll;
	s->b.free = slirp_backend_free;
	s->s = slirp_new(&c, &callbacks, s);
	if (s->s)
		return &s->b;
	snprintf(error, HVM_NET_ERROR_SIZE, "libslirp makes no network");
	slirp_backend_free(&s->b);
	return NULL;
}

#else

struct hvm_net_backend *hvm_net_slirp(char *error)
{
	snprintf(error, HVM_NET_ERROR_SIZE, "built without libslirp");
	return NULL;
}

#endif
