/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things that every part of the runner needs. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hvc.h"

#ifndef HVC_INSTALL_DIR
#define HVC_INSTALL_DIR ""
#endif
#ifndef HVC_SOURCE_DIR
#define HVC_SOURCE_DIR "."
#endif
#ifndef HVC_BUILD_DIR
#define HVC_BUILD_DIR ""
#endif

void hvc_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("hvproto conformance: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* The runner is a test program: without memory there is nothing sensible left to do. */
void *hvc_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p) {
		hvc_error("out of memory");
		exit(HVC_EXIT_USAGE);
	}
	return p;
}

char *hvc_printf(const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		hvc_error("out of memory");
		exit(HVC_EXIT_USAGE);
	}
	return text;
}

int hvc_strings_add(struct hvc_strings *list, const char *text)
{
	char **v = realloc(list->v, (list->n + 1) * sizeof(*v));

	if (!v)
		return -1;
	list->v = v;
	list->v[list->n] = strdup(text);
	if (!list->v[list->n])
		return -1;
	list->n++;
	return 0;
}

void hvc_strings_free(struct hvc_strings *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

bool hvc_strings_have(const struct hvc_strings *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->v[i], text) == 0)
			return true;
	return false;
}

/*
 * A program that still lies where it was built reads the tree it was built from: an older
 * installation must not shadow the suites that a developer edits.
 */
static bool runs_from_build_tree(void)
{
	char self[4096];
	size_t n = strlen(HVC_BUILD_DIR);
	ssize_t got = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (got <= 0 || n == 0)
		return false;
	self[got] = '\0';
	return strncmp(self, HVC_BUILD_DIR, n) == 0 && self[n] == '/';
}

static char *existing(const char *base, const char *below)
{
	char *path = hvc_printf("%s/%s", base, below);
	struct stat st;

	if (stat(path, &st) == 0)
		return path;
	free(path);
	return NULL;
}

/* "suites" -> a folder that exists, or NULL. The caller frees it. */
char *hvc_data_path(const char *below)
{
	char *path = NULL;

	if (!runs_from_build_tree() && HVC_INSTALL_DIR[0] != '\0')
		path = existing(HVC_INSTALL_DIR, below);
	if (!path)
		path = existing(HVC_SOURCE_DIR, below);
	return path;
}

/* The whole file with a NUL behind it; NULL with errno. The caller frees it. */
char *hvc_read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t n = 0;
	size_t got;

	if (!f)
		return NULL;
	do {
		char *more = realloc(text, n + 65537);

		if (!more)
			break;
		text = more;
		got = fread(text + n, 1, 65536, f);
		n += got;
		text[n] = '\0';
	} while (got > 0);
	if (ferror(f)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	if (size)
		*size = n;
	return text;
}

static uint64_t unit_of(const char *text)
{
	if (strcmp(text, "us") == 0)
		return 10;
	if (strcmp(text, "ms") == 0)
		return 10000;
	if (strcmp(text, "s") == 0 || *text == '\0')
		return HVC_SECOND;
	return 0;
}

/* "100ms", "1.5s", "20us" in units of 100 ns; -1 when it is no duration. */
int hvc_duration(const char *text, uint64_t *out)
{
	char *end;
	double v = strtod(text, &end);
	uint64_t unit = unit_of(end);

	if (end == text || unit == 0 || !(v >= 0) || v > 1e9)
		return -1;
	*out = (uint64_t)(v * (double)unit + 0.5);
	return 0;
}

json_t *hvc_json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy;
	char *s;

	if (value)
		return value;
	copy = hvc_printf("%s", text);
	for (s = copy; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

const char *hvc_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}
