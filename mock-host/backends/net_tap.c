/* SPDX-License-Identifier: BSD-2-Clause */
/* A tap device of the kernel as the cable. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include <hvmock/netbackend.h>

#include "../host/vec.h"

#define FRAME_MAX 65536u
#define TAG_AT 12u
#define TAG_SIZE 4u
#define FRAMES_PER_POLL 256

struct tap {
	struct hvm_net_backend b;
	int fd;
	uint8_t frame[FRAME_MAX];
};

static void tap_free(struct hvm_net_backend *b)
{
	struct tap *t = (struct tap *)b;

	if (t->fd >= 0)
		(void)close(t->fd);
	free(t);
}

/* A full device loses frames, as a cable does. */
static void tap_send(struct hvm_net_backend *b, const struct hvm_net_wire_frame *f, uint64_t now)
{
	struct tap *t = (struct tap *)b;
	size_t size = f->size;
	ssize_t written;

	(void)now;
	if (f->size < TAG_AT || f->size > FRAME_MAX - TAG_SIZE)
		return;
	if (!f->has_vlan) {
		memcpy(t->frame, f->bytes, f->size);
	} else {
		memcpy(t->frame, f->bytes, TAG_AT);
		t->frame[TAG_AT] = 0x81;
		t->frame[TAG_AT + 1] = 0x00;
		t->frame[TAG_AT + 2] = (uint8_t)(f->vlan >> 8);
		t->frame[TAG_AT + 3] = (uint8_t)f->vlan;
		memcpy(t->frame + TAG_AT + TAG_SIZE, f->bytes + TAG_AT, f->size - TAG_AT);
		size += TAG_SIZE;
	}
	written = write(t->fd, t->frame, size);
	(void)written;
}

static void tap_poll(struct hvm_net_backend *b, uint64_t now)
{
	struct tap *t = (struct tap *)b;
	struct hvm_net_wire_frame f = { t->frame, 0, false, 0 };
	ssize_t size;
	int k;

	(void)now;
	for (k = 0; k < FRAMES_PER_POLL; k++) {
		size = read(t->fd, t->frame, sizeof(t->frame));
		if (size <= 0)
			return;
		f.size = (size_t)size;
		b->deliver(b->deliver_ctx, &f);
	}
}

static int failed(char *error, const char *what)
{
	snprintf(error, HVM_NET_ERROR_SIZE, "%s: %s", what, strerror(errno));
	return -1;
}

static int open_tap(const char *name, char *error)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r;

	if (fd < 0)
		return failed(error, "/dev/net/tun");
	memset(&r, 0, sizeof(r));
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (name)
		snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &r) == 0)
		return fd;
	(void)failed(error, name ? name : "a new tap device");
	(void)close(fd);
	return -1;
}

struct hvm_net_backend *hvm_net_tap(const char *name, char *error)
{
	int fd = open_tap(name, error);
	struct tap *t;

	if (fd < 0)
		return NULL;
	t = hvm_xalloc(sizeof(*t));
	t->b.name = "tap";
	t->b.send = tap_send;
	t->b.poll = tap_poll;
	t->b.free = tap_free;
	t->fd = fd;
	return &t->b;
}
