/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vector_files.h - the captured bytes of tests/vectors, section by section
 *
 * Read apart from the command line program, which is tested apart. Sections come in the order of
 * their files' names, so that a run's messages are in the order in which they were sent.
 */
#ifndef HVP_TESTS_VECTOR_FILES_H
#define HVP_TESTS_VECTOR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vector_kind {
	VECTOR_CONTROL, /* a control message of the VMBus */
	VECTOR_PACKET, /* a ring packet: descriptor, header, payload */
	VECTOR_DATA, /* bytes that the packet before it pointed to */
};

struct vector {
	char name[512]; /* path below tests/vectors */
	char caption[160]; /* line above the section, "# " included */
	enum vector_kind kind;
	uint32_t direction; /* HVP_DIR_G2H or HVP_DIR_H2G */
	uint8_t *bytes; /* exactly @size of them, on the heap */
	size_t size;
};

extern struct vector vectors[];
extern unsigned int vector_count;
extern unsigned int vector_file_count;

void vectors_load(void);
void vectors_unload(void);

/* Whether two sections come from the same boot or run of a driver. */
bool vectors_same_run(const struct vector *a, const struct vector *b);

#endif /* HVP_TESTS_VECTOR_FILES_H */
