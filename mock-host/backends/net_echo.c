/* SPDX-License-Identifier: BSD-2-Clause */
/* A cable whose two ends meet: every frame comes back. */
#include <stdlib.h>
#include <string.h>

#include <hvmock/netbackend.h>

#include "../host/vec.h"

#define ADDRESS 6u

struct echo {
	struct hvm_net_backend b;
	bool swap;
};

static void swap_addresses(uint8_t *bytes)
{
	uint8_t other[ADDRESS];

	memcpy(other, bytes, ADDRESS);
	memcpy(bytes, bytes + ADDRESS, ADDRESS);
	memcpy(bytes + ADDRESS, other, ADDRESS);
}

static void echo_send(struct hvm_net_backend *b, const struct hvm_net_wire_frame *frame,
		      uint64_t now)
{
	struct echo *e = (struct echo *)b;
	struct hvm_net_wire_frame back = *frame;
	uint8_t *copy = hvm_xcopy(frame->bytes, frame->size);

	(void)now;
	if (e->swap && frame->size >= 2 * ADDRESS)
		swap_addresses(copy);
	back.bytes = copy;
	b->deliver(b->deliver_ctx, &back);
	free(copy);
}

static void echo_free(struct hvm_net_backend *b)
{
	free(b);
}

struct hvm_net_backend *hvm_net_echo(bool swap_macs)
{
	struct echo *e = hvm_xalloc(sizeof(*e));

	e->b.name = "echo";
	e->b.send = echo_send;
	e->b.free = echo_free;
	e->swap = swap_macs;
	return &e->b;
}
