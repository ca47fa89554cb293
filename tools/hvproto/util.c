/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors, memory, files, and the small texts that people type: numbers, versions, GUIDs. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_error(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("hvproto: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* A program that runs for a second has no use for a way around "no memory". */
void *cli_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p) {
		cli_error("out of memory");
		exit(CLI_USAGE);
	}
	return p;
}

void cli_append(struct cli_buffer *b, const void *p, size_t n)
{
	if (n > b->room - b->size) {
		size_t room = (b->size + n) * 2 + 64;
		uint8_t *more = cli_alloc(room, 1);

		if (b->size > 0)
			memcpy(more, b->p, b->size);
		free(b->p);
		b->p = more;
		b->room = room;
	}
	if (n > 0)
		memcpy(b->p + b->size, p, n);
	b->size += n;
}

void cli_free(struct cli_buffer *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

/* "-" is standard input. */
bool cli_read_file(const char *path, struct cli_buffer *out)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rb");
	uint8_t chunk[65536];
	size_t n;
	bool ok;

	if (!f) {
		cli_error("%s: %s", path, strerror(errno));
		return false;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		cli_append(out, chunk, n);
	ok = !ferror(f);
	if (!ok)
		cli_error("%s: %s", path, strerror(errno));
	if (!standard)
		fclose(f);
	return ok;
}

/* Colour is for people: not into files, not for dumb terminals, not against NO_COLOR. */
bool cli_colour(void)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* Edits that make one word of the other; words are short, so a row of counters will do. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	size_t n = strlen(b);
	size_t i;
	size_t j;

	if (n + 1 > sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			size_t above = row[j];
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);
			size_t best = diagonal + (same ? 0 : 1);

			best = above + 1 < best ? above + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[n];
}

/* The candidate that was probably meant, or NULL when none is near. */
const char *cli_suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t limit = strlen(word) / 3 + 1;
	const char *best = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		size_t d = distance(word, candidates[i]);

		if (d <= limit) {
			best = candidates[i];
			limit = d > 0 ? d - 1 : 0;
			if (d == 0)
				break;
		}
	}
	return best;
}

bool cli_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0' && isdigit((unsigned char)*text) &&
	       *out <= max;
}

/* "5.3", or the number as it is on the wire: 0x50003. */
bool cli_parse_version(const char *text, uint32_t *out)
{
	unsigned int major;
	unsigned int minor;
	uint64_t n;
	char tail;

	if (sscanf(text, "%u.%u%c", &major, &minor, &tail) == 2 && strchr(text, '.') &&
	    major <= 0xffff && minor <= 0xffff) {
		*out = major << 16 | minor;
		return true;
	}
	if (strchr(text, '.') || !cli_parse_number(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool cli_parse_features(const char *text, uint32_t *out)
{
	uint64_t n;

	if (strcmp(text, "all") == 0) {
		*out = CLI_FEATURES_ALL;
		return true;
	}
	if (!cli_parse_number(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Positions of the 16 wire bytes in the text: the first three groups are little-endian. */
static const uint8_t guid_order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

void cli_format_guid(const uint8_t b[16], char out[37])
{
	const uint8_t *o = guid_order;

	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[o[0]], b[o[1]], b[o[2]], b[o[3]], b[o[4]], b[o[5]], b[o[6]], b[o[7]], b[o[8]],
		 b[o[9]], b[o[10]], b[o[11]], b[o[12]], b[o[13]], b[o[14]], b[o[15]]);
}

bool cli_parse_guid(const char *text, uint8_t out[16])
{
	struct cli_buffer bytes = { 0 };
	char digits[33];
	size_t n = 0;
	size_t i;
	bool ok = strlen(text) == 36;

	for (i = 0; ok && i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23)
			ok = text[i] == '-';
		else
			digits[n++] = text[i];
	}
	digits[n] = '\0';
	ok = ok && cli_parse_hex(digits, &bytes) && bytes.size == 16;
	for (i = 0; ok && i < 16; i++)
		out[i] = bytes.p[guid_order[i]];
	cli_free(&bytes);
	return ok;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Pairs of hex digits with blanks between them, or none. */
bool cli_parse_hex(const char *text, struct cli_buffer *out)
{
	while (*text != '\0') {
		uint8_t byte;

		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		if (nibble(text[0]) < 0 || nibble(text[1]) < 0)
			return false;
		byte = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
		cli_append(out, &byte, 1);
		text += 2;
	}
	return true;
}

const char *cli_direction_name(uint32_t direction)
{
	switch (direction) {
	case HVP_DIR_G2H:
		return "g2h";
	case HVP_DIR_H2G:
		return "h2g";
	case HVP_DIR_BOTH:
		return "both";
	default:
		return "?";
	}
}

const char *cli_direction_text(uint32_t direction)
{
	switch (direction) {
	case HVP_DIR_G2H:
		return "guest to host";
	case HVP_DIR_H2G:
		return "host to guest";
	case HVP_DIR_BOTH:
		return "either direction";
	default:
		return "direction unknown";
	}
}

bool cli_parse_direction(const char *text, uint32_t *out)
{
	if (strcmp(text, "g2h") == 0)
		*out = HVP_DIR_G2H;
	else if (strcmp(text, "h2g") == 0)
		*out = HVP_DIR_H2G;
	else
		return false;
	return true;
}
