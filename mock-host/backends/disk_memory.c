/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sparse disk in memory: groups of chunks, of which those never written are not there. Two
 * levels, so that a disk of many tebibytes costs next to nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <hvmock/disk.h>

#include "../host/vec.h"

#define CHUNK 65536u
#define GROUP 1024u /* chunks */

struct memory {
	struct hvm_disk_backend b;
	uint8_t ***groups;
	size_t count;
};

/* The place of the chunk that has a byte; NULL: its group is not there. */
static uint8_t **place_of(const struct memory *m, uint64_t at)
{
	uint64_t chunk = at / CHUNK;
	uint8_t **group = m->groups[chunk / GROUP];

	return group ? &group[chunk % GROUP] : NULL;
}

/* Bytes from @at to the end of its chunk, at most @len. */
static size_t run_of(uint64_t at, uint64_t len)
{
	uint64_t room = CHUNK - at % CHUNK;

	return (size_t)(len < room ? len : room);
}

static bool memory_read(struct hvm_disk_backend *b, uint64_t at, void *to, size_t len)
{
	struct memory *m = (struct memory *)b;
	uint8_t *out = to;

	while (len) {
		size_t n = run_of(at, len);
		uint8_t *const *chunk = place_of(m, at);

		if (chunk && *chunk)
			memcpy(out, *chunk + at % CHUNK, n);
		else
			memset(out, 0, n);
		at += n;
		out += n;
		len -= n;
	}
	return true;
}

static uint8_t *fresh(struct memory *m, uint64_t at)
{
	uint8_t ***group = &m->groups[at / CHUNK / GROUP];
	uint8_t **chunk;

	if (!*group)
		*group = hvm_xalloc(GROUP * sizeof(**group));
	chunk = place_of(m, at);
	if (!*chunk)
		*chunk = hvm_xalloc(CHUNK);
	return *chunk;
}

static bool memory_write(struct hvm_disk_backend *b, uint64_t at, const void *from, size_t len)
{
	struct memory *m = (struct memory *)b;
	const uint8_t *in = from;

	while (len) {
		size_t n = run_of(at, len);

		memcpy(fresh(m, at) + at % CHUNK, in, n);
		at += n;
		in += n;
		len -= n;
	}
	return true;
}

static bool memory_flush(struct hvm_disk_backend *b)
{
	(void)b;
	return true;
}

static bool memory_discard(struct hvm_disk_backend *b, uint64_t at, uint64_t len)
{
	struct memory *m = (struct memory *)b;

	while (len) {
		size_t n = run_of(at, len);
		uint8_t **chunk = place_of(m, at);

		if (chunk && *chunk && n == CHUNK) {
			free(*chunk);
			*chunk = NULL;
		} else if (chunk && *chunk) {
			memset(*chunk + at % CHUNK, 0, n);
		}
		at += n;
		len -= n;
	}
	return true;
}

static void memory_free(struct hvm_disk_backend *b)
{
	struct memory *m = (struct memory *)b;
	size_t i, k;

	for (i = 0; i < m->count; i++) {
		for (k = 0; m->groups[i] && k < GROUP; k++)
			free(m->groups[i][k]);
		free(m->groups[i]);
	}
	free(m->groups);
	free(m);
}

struct hvm_disk_backend *hvm_disk_memory(uint64_t size)
{
	struct memory *m = hvm_xalloc(sizeof(*m));

	m->b.name = "memory";
	m->b.size = size;
	m->b.read = memory_read;
	m->b.write = memory_write;
	m->b.flush = memory_flush;
	m->b.discard = memory_discard;
	m->b.free = memory_free;
	m->count = (size_t)(size / CHUNK / GROUP + 1);
	m->groups = hvm_xalloc(m->count * sizeof(*m->groups));
	return &m->b;
}
