/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the data files are, and the rows in them. */
#include "spec_data.h"

#include "cli.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder of the program itself, with a slash at its end; false when the system hides it. */
static bool own_folder(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		slash[1] = '\0';
	return slash != NULL;
}

static json_t *load_from(const char *dir, const char *name)
{
	char path[3 * PATH_MAX];
	json_error_t error;
	json_t *data;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (access(path, R_OK) != 0)
		return NULL;
	data = json_load_file(path, 0, &error);
	if (!data)
		cli_error("%s:%d: %s", path, error.line, error.text);
	return data;
}

/* Beside the program wherever it was moved to, else where it was to be installed. */
static json_t *load_installed(const char *folder, const char *name)
{
	char dir[2 * PATH_MAX];
	json_t *data;

	snprintf(dir, sizeof(dir), "%s" CLI_DATA_FROM_BIN, folder);
	data = load_from(dir, name);
	return data ? data : load_from(CLI_INSTALLED_DATA, name);
}

/* A program in its build folder belongs to its source tree, whatever is installed. */
json_t *spec_data_file(const char *name)
{
	const char *chosen = getenv("HVPROTO_DATA");
	char folder[PATH_MAX] = "";
	json_t *data = NULL;

	if (chosen && *chosen != '\0')
		return load_from(chosen, name);
	if (!own_folder(folder) || strncmp(folder, CLI_BUILD_DIR, strlen(CLI_BUILD_DIR)) != 0)
		data = load_installed(folder, name);
	return data ? data : load_from(CLI_SOURCE_DATA, name);
}

json_t *spec_protocol_data(const char *protocol)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.json", protocol);
	return spec_data_file(name);
}

static const json_t *row_named(const json_t *rows, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) if (strcmp(spec_text(row, "name"), name) == 0) return row;
	return NULL;
}

const json_t *spec_message_doc(const json_t *data, const char *message)
{
	const json_t *row = row_named(json_object_get(data, "messages"), message);

	return row ? row : row_named(json_object_get(data, "records"), message);
}

const json_t *spec_field_doc(const json_t *message, const char *field)
{
	return row_named(json_object_get(message, "fields"), field);
}

const char *spec_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}
