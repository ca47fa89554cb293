/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the files of tests/vectors; their form is told in tests/vectors/README.md. */
#include "vector_files.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/msg.h>

#define SECTIONS 8192

struct vector vectors[SECTIONS];
unsigned int vector_count;
unsigned int vector_file_count;

static const char *const data_captions[] = {
	"# GPA-direct range",	    "# RNDIS",	 "# send-buffer section",
	"# receive-buffer section", "# data-in",
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_data(const char *line)
{
	for (size_t i = 0; i < sizeof(data_captions) / sizeof(data_captions[0]); i++)
		if (begins(line, data_captions[i]))
			return true;
	return false;
}

/* What a caption says of the bytes below it; false: they are context. */
static bool read_caption(const char *line, struct vector *v)
{
	bool guest = strstr(v->name, "dpdk") || strstr(v->name, "-g2h-");

	snprintf(v->caption, sizeof(v->caption), "%.*s", (int)strcspn(line, "\n"), line);
	v->direction = guest ? HVP_DIR_G2H : HVP_DIR_H2G;
	if (begins(line, "# HvPostMessage payload") || begins(line, "# channel message")) {
		v->kind = VECTOR_CONTROL;
		v->direction = line[2] == 'H' ? HVP_DIR_G2H : HVP_DIR_H2G;
		return true;
	}
	v->kind = begins(line, "# ring packet") ? VECTOR_PACKET : VECTOR_DATA;
	return v->kind == VECTOR_PACKET || is_data(line);
}

static void add_bytes(const char *line, uint8_t *buffer, size_t room, size_t *size)
{
	const char *p = strchr(line, ':');
	unsigned int byte;
	int used;

	ck_assert_msg(p && strtoul(line, NULL, 16) == *size, "%s", line);
	for (p++; sscanf(p, " %2x%n", &byte, &used) == 1; p += used) {
		ck_assert_uint_lt(*size, room);
		buffer[(*size)++] = (uint8_t)byte;
	}
}

static void finish(struct vector *v, const uint8_t *buffer, size_t size)
{
	if (size == 0)
		return;
	ck_assert_uint_lt(vector_count, SECTIONS);
	v->size = size;
	v->bytes = malloc(size);
	ck_assert_ptr_nonnull(v->bytes);
	memcpy(v->bytes, buffer, size);
	vectors[vector_count++] = *v;
}

static void read_file(const char *path)
{
	static uint8_t buffer[1 << 16];
	struct vector v = { .size = 0 };
	FILE *f = fopen(path, "r");
	bool inside = false;
	size_t size = 0;
	char line[512];

	ck_assert_ptr_nonnull(f);
	snprintf(v.name, sizeof(v.name), "%s", path + strlen(HVP_TEST_VECTORS) + 1);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#') {
			finish(&v, buffer, size);
			size = 0;
			inside = read_caption(line, &v);
		} else if (inside && isxdigit((unsigned char)line[0])) {
			add_bytes(line, buffer, sizeof(buffer), &size);
		}
	}
	finish(&v, buffer, size);
	fclose(f);
}

static void visit(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && strcmp(dot, ".hex") == 0) {
		vector_file_count++;
		read_file(path);
	}
}

/* By dirent.h alone: nftw() wants kernel headers, which cross compilers do not bring. */
static void visit_folder(const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	char path[512];

	ck_assert_msg(n >= 0, "%s", folder);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && names[i]->d_type == DT_DIR)
			visit_folder(path);
		else if (names[i]->d_name[0] != '.')
			visit(path);
		free(names[i]);
	}
	free(names);
}

void vectors_load(void)
{
	visit_folder(HVP_TEST_VECTORS);
}

void vectors_unload(void)
{
	while (vector_count > 0)
		free(vectors[--vector_count].bytes);
}

bool vectors_same_run(const struct vector *a, const struct vector *b)
{
	size_t folder = (size_t)(strrchr(a->name, '/') - a->name) + 1;

	return strncmp(a->name, b->name, folder) == 0;
}
