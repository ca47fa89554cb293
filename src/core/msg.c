/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups in message tables. Tables are short: a walk beats an index that must be kept. */
#include <hvproto/msg.h>

const struct hvp_msg_desc *hvp_msg_find(const struct hvp_proto_desc *proto, uint32_t id,
					uint32_t direction)
{
	const struct hvp_msg_desc *m = proto->msgs;
	const struct hvp_msg_desc *end = m + proto->msg_count;

	for (; m < end; m++)
		if (m->id == id && (m->direction & direction) != 0)
			return m;
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct hvp_msg_desc *hvp_msg_by_name(const struct hvp_proto_desc *proto, const char *name)
{
	const struct hvp_msg_desc *m = proto->msgs;
	const struct hvp_msg_desc *end = m + proto->msg_count;

	for (; m < end; m++)
		if (same_text(m->name, name))
			return m;
	return NULL;
}
