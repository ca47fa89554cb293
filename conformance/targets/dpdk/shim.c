/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaded before libc into the client: where DPDK's bus driver looks for sysfs and /dev/uio0 it
 * finds the folder that the target has built, and its memory is a file that the target shares.
 * Nothing else is changed.
 *
 * Only names that libc has twice (with and without 64) are written twice.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

#define SYSFS "/sys/bus/vmbus/"
#define UIO "/dev/uio0"
#define PAGE 4096
#define MEMORY ((size_t)PEER_MEMORY_MIB << 20)
#define EXPORT __attribute__((visibility("default")))

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static const char *folder(void)
{
	const char *path = getenv(PEER_ENV_FOLDER);

	return path ? path : "/nonexistent";
}

/* The path itself, or its stand-in written to @out. */
static const char *moved(const char *path, char *out, size_t size)
{
	if (strncmp(path, SYSFS, sizeof(SYSFS) - 1) == 0)
		snprintf(out, size, "%s/vmbus/%s", folder(), path + sizeof(SYSFS) - 1);
	else if (strcmp(path, UIO) == 0)
		snprintf(out, size, "%s/uio0", folder());
	else
		return path;
	return out;
}

static int open_moved(const char *path, int flags, mode_t mode)
{
	char other[512];

	return REAL(open64)(moved(path, other, sizeof(other)), flags, mode);
}

static mode_t mode_of(int flags, va_list *args)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(*args, mode_t) : 0;
}

EXPORT int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, &args);
	va_end(args);
	return open_moved(path, flags, mode);
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, &args);
	va_end(args);
	return open_moved(path, flags, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	char other[512];

	return REAL(fopen64)(moved(path, other, sizeof(other)), mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	return fopen64(path, mode);
}

EXPORT DIR *opendir(const char *path)
{
	char other[512];

	return REAL(opendir)(moved(path, other, sizeof(other)));
}

EXPORT int access(const char *path, int how)
{
	char other[512];

	return REAL(access)(moved(path, other, sizeof(other)), how);
}

/* The folder of all drivers that are installed: this process has those that it is linked with. */
static bool is_plugin_folder(const char *path)
{
	return strstr(path, "/dpdk/pmds-") != NULL;
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	if (!is_plugin_folder(path))
		return REAL(stat64)(path, st);
	errno = ENOENT;
	return -1;
}

EXPORT int stat(const char *path, struct stat *st)
{
	return stat64(path, (struct stat64 *)(void *)st);
}

/* DPDK's whole memory when it runs without huge pages. */
EXPORT int memfd_create(const char *name, unsigned int flags)
{
	char path[512];

	if (strcmp(name, "nohuge") != 0)
		return REAL(memfd_create)(name, flags);
	snprintf(path, sizeof(path), "%s/memory", folder());
	return REAL(open64)(path, O_RDWR);
}

/* Whether @fd is the stand-in of /dev/uio0; the driver opens it anew for each mapping. */
static bool is_uio(int fd)
{
	struct stat wanted;
	struct stat st;
	char path[512];

	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "%s/uio0", folder());
	return stat(path, &wanted) == 0 && fstat(fd, &st) == 0 && st.st_ino == wanted.st_ino &&
	       st.st_dev == wanted.st_dev;
}

/* uio gives the index of a map as an offset in pages; each map is a file of its own here. */
static void *map_uio(void *at, size_t size, int prot, int flags, off64_t offset)
{
	char path[512];
	void *p;
	int fd;

	snprintf(path, sizeof(path), "%s/map%d", folder(), (int)(offset / PAGE));
	fd = REAL(open64)(path, O_RDWR);
	if (fd < 0)
		return MAP_FAILED;
	p = REAL(mmap64)(at, size, prot, flags, fd, 0);
	close(fd);
	return p;
}

/* The address space that DPDK sets aside for its memory is to begin where the target wants it. */
static void *reserve(size_t size, int prot, int flags)
{
	const char *base = getenv(PEER_ENV_BASE);
	uintptr_t at = base ? (uintptr_t)strtoull(base, NULL, 16) : 0;

	return REAL(mmap64)((void *)at, size, prot, flags | MAP_FIXED_NOREPLACE, -1, 0);
}

EXPORT void *mmap64(void *at, size_t size, int prot, int flags, int fd, off64_t offset)
{
	if (is_uio(fd))
		return map_uio(at, size, prot, flags, offset);
	if (fd == -1 && size == MEMORY && !(flags & MAP_FIXED))
		return reserve(size, prot, flags);
	return REAL(mmap64)(at, size, prot, flags, fd, offset);
}

EXPORT void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return mmap64(at, size, prot, flags, fd, offset);
}
