/* SPDX-License-Identifier: BSD-2-Clause */
/* A raw image: what was flushed is in the file, also after the process was killed. */
#define _GNU_SOURCE /* fallocate */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvmock/disk.h>

#include "../host/vec.h"

struct file {
	struct hvm_disk_backend b;
	int fd;
};

static bool file_read(struct hvm_disk_backend *b, uint64_t at, void *to, size_t len)
{
	struct file *f = (struct file *)b;
	uint8_t *out = to;

	while (len) {
		ssize_t n = pread(f->fd, out, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0) { /* the file was cut short behind our back */
			memset(out, 0, len);
			return true;
		}
		out += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static bool file_write(struct hvm_disk_backend *b, uint64_t at, const void *from, size_t len)
{
	struct file *f = (struct file *)b;
	const uint8_t *in = from;

	while (len) {
		ssize_t n = pwrite(f->fd, in, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		in += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static bool file_flush(struct hvm_disk_backend *b)
{
	return fdatasync(((struct file *)b)->fd) == 0;
}

/* Where the file system has no holes the bytes are written as zeros. */
static bool file_discard(struct hvm_disk_backend *b, uint64_t at, uint64_t len)
{
	static const uint8_t zeros[65536];
	struct file *f = (struct file *)b;

	if (fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)len) ==
	    0)
		return true;
	while (len) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		if (!file_write(b, at, zeros, n))
			return false;
		at += n;
		len -= n;
	}
	return true;
}

static void file_free(struct hvm_disk_backend *b)
{
	struct file *f = (struct file *)b;

	close(f->fd);
	free(f);
}

static struct hvm_disk_backend *refused(int fd, const char *path, char *error)
{
	snprintf(error, HVM_DISK_ERROR_SIZE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

struct hvm_disk_backend *hvm_disk_file(const char *path, uint64_t size, bool read_only, char *error)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | (size ? O_CREAT : 0);
	int fd = open(path, flags, 0666);
	struct stat st;
	struct file *f;

	if (fd < 0 || (size && ftruncate(fd, (off_t)size) != 0) || fstat(fd, &st) != 0)
		return refused(fd, path, error);
	f = hvm_xalloc(sizeof(*f));
	f->fd = fd;
	f->b.name = "file";
	f->b.size = (uint64_t)st.st_size;
	f->b.read = file_read;
	f->b.write = file_write;
	f->b.flush = file_flush;
	f->b.discard = file_discard;
	f->b.free = file_free;
	return &f->b;
}
