/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/disk.h - what is behind a SCSI logical unit: where its bytes are, and what kind it is
 *
 * A backend keeps bytes; a unit (struct hvm_lun) is a disk or a DVD drive over one, with its
 * sense data, its cache and its reservations. A unit can be attached to several controllers.
 *
 * Thread rule: one thread per partition. Ownership: a unit frees its backend; the caller frees a
 * unit after the controllers that it is attached to.
 */
#ifndef HVMOCK_DISK_H
#define HVMOCK_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvm_disk_backend - the interface that every backend fills
 * @name:    "memory"
 * @size:    bytes
 * @read:    copy out; bytes never written are zero
 * @write:   copy in; may stay in a cache until @flush
 * @flush:   what was written before is on stable storage when it returns
 * @discard: bytes that nobody needs any more; they read as zero afterwards
 * @free:    forget the backend; nothing that was written is lost by it
 *
 * Offsets and lengths are inside of @size. False: an error of the medium.
 */
struct hvm_disk_backend {
	const char *name;
	uint64_t size;
	bool (*read)(struct hvm_disk_backend *b, uint64_t at, void *to, size_t len);
	bool (*write)(struct hvm_disk_backend *b, uint64_t at, const void *from, size_t len);
	bool (*flush)(struct hvm_disk_backend *b);
	bool (*discard)(struct hvm_disk_backend *b, uint64_t at, uint64_t len);
	void (*free)(struct hvm_disk_backend *b);
};

/** hvm_disk_memory() - a sparse disk of @size bytes that is gone with the process */
struct hvm_disk_backend *hvm_disk_memory(uint64_t size);

#define HVM_DISK_ERROR_SIZE 256u

/**
 * hvm_disk_file() - a raw image
 * @path:      of the file; made if it is not there and @size is not 0
 * @size:      bytes to make it; 0: as it is
 * @read_only: it is opened for reading
 * @error:     HVM_DISK_ERROR_SIZE bytes for the reason
 *
 * @flush calls fdatasync, @discard punches a hole. Return: the backend, or NULL.
 */
struct hvm_disk_backend *hvm_disk_file(const char *path, uint64_t size, bool read_only,
				       char *error);

/**
 * struct hvm_lun_config - what kind of unit this is
 * @size:          sizeof(struct hvm_lun_config)
 * @backend:       owned by the unit from here on; NULL: a DVD drive without a medium
 * @block_size:    512 or 4096; 0 means 512, of a DVD 2048
 * @physical_size: a power of two times @block_size; 0 means 4096
 * @disk_id:       for VPD page 0x83
 * @serial:        for VPD page 0x80; empty: there is no such page
 * @dvd:           a DVD drive
 * @read_only:     writes are refused
 * @no_cache:      each write is flushed before it completes; otherwise WCE is reported
 * @no_unmap:      UNMAP is refused and the pages that tell of it are not there
 * @max_unmapped:  descriptors that UNMAP takes; 0 means 4096
 */
struct hvm_lun_config {
	size_t size;
	struct hvm_disk_backend *backend;
	uint32_t block_size;
	uint32_t physical_size;
	uint8_t disk_id[16];
	char serial[32];
	bool dvd;
	bool read_only;
	bool no_cache;
	bool no_unmap;
	uint32_t max_unmapped;
};

#define HVM_LUN_CONFIG_INIT \
	{ \
		.size = sizeof(struct hvm_lun_config) \
	}

struct hvm_lun;

/** hvm_lun_new() - a unit; NULL for a configuration outside its ranges (the backend is freed) */
struct hvm_lun *hvm_lun_new(const struct hvm_lun_config *cfg);

/** hvm_lun_free() - the unit and its backend; may be NULL */
void hvm_lun_free(struct hvm_lun *l);

/** hvm_lun_blocks() - capacity in blocks */
uint64_t hvm_lun_blocks(const struct hvm_lun *l);

/** hvm_lun_block_size() - bytes of a block */
uint32_t hvm_lun_block_size(const struct hvm_lun *l);

/** hvm_lun_set_medium() - change the medium of a drive, or the size of a disk; NULL: none */
void hvm_lun_set_medium(struct hvm_lun *l, struct hvm_disk_backend *b);

/** hvm_lun_backend() - where its bytes are; NULL: no medium */
struct hvm_disk_backend *hvm_lun_backend(struct hvm_lun *l);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_DISK_H */
