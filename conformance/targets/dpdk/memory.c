/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that three look into: the machine, the driver's process, and we. */
#include "dpdk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOLDER "hvp-dpdk-"
#define MEMORY_PAGES (PEER_MEMORY_MIB << 8)
#define RING_PAGES (2u * PEER_RING_PAGES)

bool dpdk_path(const struct glue_net *net, char *out, size_t size, const char *name)
{
	return (size_t)snprintf(out, size, "%s/%s", net->folder, name) < size;
}

/* A file of the folder, sparse, zero. */
static int make_file(const struct glue_net *net, const char *name, size_t size)
{
	char path[256];
	int fd;

	if (!dpdk_path(net, path, sizeof(path), name))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool dpdk_file(const struct glue_net *net, const char *name, const void *bytes, size_t size)
{
	int fd = make_file(net, name, 0);
	bool written = fd >= 0 && write(fd, bytes, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return written;
}

/* The machine keeps a mapping of its own until it ends, whatever becomes of ours. */
static bool share(struct glue_net *net, struct dpdk_area *a, const char *name, uint64_t gpa,
		  uint32_t pages)
{
	struct glue *g = net->g;
	int fd = make_file(net, name, (size_t)pages * HVT_PAGE);

	if (fd < 0)
		return false;
	a->va = g->ops.page_share(g->m, fd, gpa, pages);
	a->first_pfn = gpa / HVT_PAGE;
	a->pages = pages;
	close(fd);
	return a->va != NULL;
}

/* A page between us and the process; the host never sees it: its signals are ours to pass on. */
static uint32_t *private_page(struct glue_net *net, const char *name)
{
	int fd = make_file(net, name, HVT_PAGE);
	void *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, HVT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static const char *base_folder(void)
{
	const char *base = getenv("TMPDIR");

	if (access("/dev/shm", W_OK) == 0)
		return "/dev/shm";
	return base ? base : "/tmp";
}

/* A runner that was killed could not tidy up: the folder's name has its process id. */
static void remove_stale(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *e;
	char path[512];
	int pid;

	while (dir && (e = readdir(dir)) != NULL) {
		if (sscanf(e->d_name, FOLDER "%d", &pid) != 1 || kill(pid, 0) == 0 ||
		    errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, e->d_name);
		dpdk_folder_remove(path);
	}
	if (dir)
		closedir(dir);
}

static bool make_folder(struct glue_net *net)
{
	const char *base = base_folder();

	remove_stale(base);
	snprintf(net->folder, sizeof(net->folder), "%s/" FOLDER "%d-XXXXXX", base, (int)getpid());
	return mkdtemp(net->folder) != NULL;
}

bool dpdk_memory_make(struct glue_net *net)
{
	uint64_t gpa = DPDK_BASE;
	struct dpdk_area memory;
	char name[32];
	uint32_t i;

	if (!make_folder(net) || !share(net, &memory, "memory", gpa, MEMORY_PAGES))
		return false;
	gpa += (uint64_t)MEMORY_PAGES * HVT_PAGE;
	if (!share(net, &net->receive, "map3", gpa, PEER_RECEIVE_PAGES))
		return false;
	gpa += PEER_RECEIVE_PAGES * HVT_PAGE;
	if (!share(net, &net->send, "map4", gpa, PEER_SEND_PAGES))
		return false;
	gpa += PEER_SEND_PAGES * HVT_PAGE;
	for (i = 0; i < PEER_QUEUES; i++) {
		snprintf(name, sizeof(name), i ? "ring%u" : "map0", i);
		if (!share(net, &net->queues[i].ring, name, gpa, RING_PAGES))
			return false;
		gpa += RING_PAGES * HVT_PAGE;
	}
	net->monitor = private_page(net, "map2");
	return net->monitor && dpdk_file(net, "map1", net->monitor, HVT_PAGE) &&
	       dpdk_file(net, "uio0", "", 0);
}

void dpdk_memory_free(struct glue_net *net)
{
	if (net->monitor)
		munmap(net->monitor, HVT_PAGE);
}

/* What a closed channel left in them must not be seen by the next. */
void dpdk_memory_clear(struct glue_net *net)
{
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		memset(net->queues[i].ring.va, 0, (size_t)net->queues[i].ring.pages * HVT_PAGE);
	memset(net->receive.va, 0, (size_t)net->receive.pages * HVT_PAGE);
	memset(net->send.va, 0, (size_t)net->send.pages * HVT_PAGE);
	memset(net->monitor, 0, HVT_PAGE);
}
