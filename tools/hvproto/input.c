/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a file: a trace, hex text, or the bytes of one message as they are. */
#include "cli.h"

#include <ctype.h>
#include <string.h>

/* "g2h" or "h2g" between two separators of the file's own name. */
static uint32_t direction_in_name(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *p;

	for (p = name; *p != '\0'; p++) {
		if (p > name && isalnum((unsigned char)p[-1]))
			continue;
		if (isalnum((unsigned char)p[0]) && isalnum((unsigned char)p[1]) &&
		    isalnum((unsigned char)p[2]) && isalnum((unsigned char)p[3]))
			continue;
		if (strncmp(p, "g2h", 3) == 0)
			return HVP_DIR_G2H;
		if (strncmp(p, "h2g", 3) == 0)
			return HVP_DIR_H2G;
	}
	return CLI_DIR_UNKNOWN;
}

static int one_message(const char *file, const struct cli_buffer *bytes,
		       const struct cli_hint *hint, cli_item_fn fn, void *context)
{
	struct cli_item item = {
		.kind = CLI_MESSAGE, .hint = *hint, .file = file, .label = "", .why = ""
	};

	item.data = bytes->p;
	item.size = bytes->size;
	return fn(context, &item);
}

static enum cli_format recognise(const struct cli_buffer *bytes)
{
	if (cli_looks_like_trace(bytes))
		return CLI_FORMAT_TRACE;
	return cli_looks_like_hex(bytes) ? CLI_FORMAT_HEX : CLI_FORMAT_RAW;
}

int cli_input(const char *path, enum cli_format format, const struct cli_hint *hint, cli_item_fn fn,
	      void *context)
{
	const char *file = strcmp(path, "-") == 0 ? "<stdin>" : path;
	struct cli_buffer bytes = { 0 };
	struct cli_hint mine = *hint;
	int result = CLI_USAGE;

	if (!cli_read_file(path, &bytes))
		goto out;
	if (bytes.size == 0) {
		cli_error("%s: nothing in it", file);
		result = CLI_DATA;
		goto out;
	}
	if (mine.direction == CLI_DIR_UNKNOWN)
		mine.direction = direction_in_name(path);
	if (format == CLI_FORMAT_AUTO)
		format = recognise(&bytes);
	if (format == CLI_FORMAT_TRACE)
		result = cli_input_trace(file, &bytes, hint, fn, context);
	else if (format == CLI_FORMAT_HEX)
		result = cli_input_hex(file, &bytes, &mine, fn, context);
	else
		result = one_message(file, &bytes, &mine, fn, context);
out:
	cli_free(&bytes);
	return result;
}
