/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --trace: what went over the wire in a case, as a pcap file. It is written while the case runs,
 * in the process that runs it, so that a driver that crashes leaves all that led to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

static int cannot(const char *path)
{
	hvc_error("%s: %s", path, strerror(errno));
	return -1;
}

static bool is_folder(const char *path)
{
	size_t n = strlen(path);
	struct stat st;

	return (n > 0 && path[n - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int prepare_folder(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return cannot(path);
	return access(path, W_OK | X_OK) == 0 ? 0 : cannot(path);
}

/* An old trace goes, and no empty file stays when the run ends before the case. */
static int prepare_file(const char *path)
{
	struct stat st;
	FILE *f;

	if (strcmp(path, "-") == 0)
		return 0;
	f = fopen(path, "wb");
	if (!f || fclose(f) != 0)
		return cannot(path);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && unlink(path) != 0)
		return cannot(path);
	return 0;
}

/* Before the sanity case joins the selection: it was not asked for. */
int hvc_trace_prepare(struct hvc_run *run)
{
	const char *path = run->opt->trace;

	if (!path)
		return 0;
	run->trace_folder = is_folder(path);
	if (run->trace_folder)
		return prepare_folder(path);
	if (run->count != 1) {
		hvc_error("--trace %s takes one case, and %zu are selected; a folder takes a file "
			  "for each: --trace DIR/",
			  path, run->count);
		return -1;
	}
	run->traced = run->order[0];
	return prepare_file(path);
}

void hvc_trace_start(struct hvc_world *w)
{
	const struct hvc_run *run = w->run;
	const char *folder = run->opt->trace;
	char *path;

	if (run->trace_folder)
		path = hvc_printf("%s/%s.pcap", folder, w->c->name);
	else if (run->traced == w->c)
		path = hvc_printf("%s", folder);
	else
		return;
	if (hvm_trace_pcap(hvm_partition_trace(w->partition), path) != HVP_OK)
		hvc_fail(w, "broken", NULL, "set-up: the trace %s cannot be written", path);
	free(path);
}
