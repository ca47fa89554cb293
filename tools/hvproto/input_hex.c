/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hex text as in tests/vectors: sections that begin with a `# ` caption, lines of `offset:
 * bytes`. Offsets and captions may be missing, and hex dumps with their text column are read
 * as well. A count in a caption, an offset that does not fit: the text is damaged, and said so.
 */
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct section {
	char caption[256];
	struct cli_buffer bytes;
	unsigned int line; /* of the caption */
	bool seen; /* a caption or a byte */
};

struct hex_reader {
	const char *file;
	const struct cli_hint *hint;
	cli_item_fn fn;
	void *context;
	struct section now;
	unsigned int line;
	int result;
};

bool cli_looks_like_hex(const struct cli_buffer *bytes)
{
	bool digits = false;
	bool caption = false;
	size_t i;

	for (i = 0; i < bytes->size; i++) {
		int c = bytes->p[i];

		if (i == 0 || bytes->p[i - 1] == '\n')
			caption = c == '#';
		if (c == 0 || c >= 0x7f || (c < ' ' && !isspace(c)))
			return false;
		if (!caption && isalpha(c) && !isxdigit(c) && c != 'x' && c != 'X')
			return memchr(bytes->p, ':', bytes->size) != NULL &&
			       memchr(bytes->p, '|', bytes->size) != NULL;
		digits = digits || isxdigit(c);
	}
	return digits;
}

static int damaged(struct hex_reader *r, const char *what)
{
	cli_error("%s:%u: %s", r->file, r->line, what);
	r->result = CLI_DATA;
	return CLI_DATA;
}

/* "...; 236 bytes", "...; 4096 bytes of 5000": the count before the word, or -1. */
static long declared_size(const char *caption)
{
	const char *end = caption + strlen(caption);
	const char *word = NULL;
	const char *p;

	for (p = caption; (p = strstr(p, " bytes")) != NULL; p++)
		word = p;
	if (!word || word == caption || !isdigit((unsigned char)word[-1]))
		return -1;
	p = word + strlen(" bytes");
	if (p != end && strncmp(p, " of ", 4) != 0)
		return -1;
	while (word > caption && isdigit((unsigned char)word[-1]))
		word--;
	return strtol(word, NULL, 10);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What a caption says of the bytes below it. */
static void read_caption(struct cli_item *item, const char *caption)
{
	if (caption[0] == '\0')
		return;
	item->why = "from the caption";
	if (begins(caption, "HvPostMessage payload") || begins(caption, "channel message")) {
		if (!item->hint.proto)
			item->hint.proto = cli_protocol_quiet("vmbus");
		if (item->hint.direction == CLI_DIR_UNKNOWN)
			item->hint.direction = begins(caption, "Hv") ? HVP_DIR_G2H : HVP_DIR_H2G;
	} else if (begins(caption, "ring packet")) {
		if (!item->hint.proto)
			item->hint.proto = cli_protocol_quiet("ring");
	} else if (!item->hint.proto) {
		item->kind = CLI_BYTES;
	}
}

static void finish_section(struct hex_reader *r)
{
	struct section *s = &r->now;
	struct cli_item item = { .kind = CLI_MESSAGE, .hint = *r->hint, .file = r->file };
	long declared = declared_size(s->caption);
	unsigned int here = r->line;
	int result;

	if (!s->seen)
		return;
	if (declared >= 0 && (size_t)declared != s->bytes.size) {
		r->line = s->line;
		damaged(r, "the caption counts other bytes than there are");
		r->line = here;
	} else if (s->bytes.size > 0) {
		item.label = s->caption;
		item.why = "";
		item.data = s->bytes.p;
		item.size = s->bytes.size;
		read_caption(&item, s->caption);
		result = r->fn(r->context, &item);
		if (result != CLI_OK)
			r->result = result;
	}
	cli_free(&s->bytes);
	memset(s, 0, sizeof(*s));
}

static void start_section(struct hex_reader *r, const char *caption)
{
	finish_section(r);
	while (*caption == '#' || isspace((unsigned char)*caption))
		caption++;
	snprintf(r->now.caption, sizeof(r->now.caption), "%s", caption);
	r->now.line = r->line;
	r->now.seen = true;
}

/* "0010: ..." must go on where the line before it ended; 0 begins anew. */
static char *skip_offset(struct hex_reader *r, char *text)
{
	char *colon = strchr(text, ':');
	char *end;
	unsigned long offset;

	if (!colon)
		return text;
	offset = strtoul(text, &end, 16);
	if (end != colon) {
		damaged(r, "not a hex offset before the colon");
		return NULL;
	}
	if (offset == 0 && r->now.bytes.size > 0)
		start_section(r, "");
	if (offset != r->now.bytes.size) {
		damaged(r, "the offset does not follow from the lines before it");
		return NULL;
	}
	return colon + 1;
}

static void read_line(struct hex_reader *r, char *text)
{
	char *bar = strchr(text, '|');

	while (isspace((unsigned char)*text))
		text++;
	if (*text == '#') {
		start_section(r, text);
		return;
	}
	if (*text == '\0')
		return;
	if (bar)
		*bar = '\0';
	text = skip_offset(r, text);
	if (!text)
		return;
	r->now.seen = true;
	if (r->now.line == 0)
		r->now.line = r->line;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	if (!cli_parse_hex(text, &r->now.bytes))
		damaged(r, "not pairs of hex digits");
}

int cli_input_hex(const char *file, const struct cli_buffer *text, const struct cli_hint *hint,
		  cli_item_fn fn, void *context)
{
	struct hex_reader r = { .file = file, .hint = hint, .fn = fn, .context = context };
	const char *p = (const char *)text->p;
	const char *end = p + text->size;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		char *line = cli_alloc(n + 1, 1);

		memcpy(line, p, n);
		while (n > 0 && isspace((unsigned char)line[n - 1]))
			line[--n] = '\0';
		r.line++;
		read_line(&r, line);
		free(line);
		p = nl ? nl + 1 : end;
	}
	finish_section(&r);
	return r.result;
}
