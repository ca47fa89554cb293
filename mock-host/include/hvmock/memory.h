/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/memory.h - guest-physical memory, and who may touch it when
 *
 * Pages of one allocation are contiguous for the guest and scattered in guest-physical space,
 * on both sides of 4 GiB, so a driver that assumes contiguity or 32-bit addresses fails at
 * once. Freed pages are filled with a pattern and never handed out again: a page freed while
 * the host may use it, a host access to a freed page, and a write to one are violations.
 *
 * Thread rule: one thread per partition. Ownership: the partition owns all pages but those
 * that hvm_mem_map() lends it.
 */
#ifndef HVMOCK_MEMORY_H
#define HVMOCK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_PAGE 4096u

struct hvm_partition;

/** hvm_mem_alloc() - zeroed pages, contiguous for the guest; NULL if memory is out */
void *hvm_mem_alloc(struct hvm_partition *p, size_t pages);

/**
 * hvm_mem_free() - the guest gives pages back
 * @p:     partition
 * @va:    as hvm_mem_alloc() returned it, or a page inside
 * @pages: of it
 *
 * Freeing what is not allocated, or what the host still holds, is a violation.
 */
void hvm_mem_free(struct hvm_partition *p, void *va, size_t pages);

/** hvm_mem_gpa() - guest-physical address of a byte of hvm_mem_alloc(); 0 if it is none */
uint64_t hvm_mem_gpa(struct hvm_partition *p, const void *va);

/**
 * hvm_mem_map() - lend the partition memory at a fixed address
 * @p:     partition
 * @gpa:   page aligned
 * @host:  page aligned memory that outlives the partition
 * @pages: of it
 *
 * For guests whose memory exists already (a virtual machine, a replayed capture).
 * Return: HVP_OK; HVP_ARG when an address is misaligned, outside the space or taken.
 */
enum hvp_status hvm_mem_map(struct hvm_partition *p, uint64_t gpa, void *host, size_t pages);

/**
 * hvm_mem_ptr() - where the host finds guest memory
 * @p:   partition
 * @gpa: any byte
 * @len: bytes, all in one page
 *
 * Return: host address; NULL if it is no RAM, crosses a page, or was freed (a violation).
 */
void *hvm_mem_ptr(struct hvm_partition *p, uint64_t gpa, size_t len);

/** hvm_mem_read() - copy from guest memory across pages; false if any page is no RAM */
bool hvm_mem_read(struct hvm_partition *p, uint64_t gpa, void *to, size_t len);

/** hvm_mem_write() - copy to guest memory across pages; false if any page is no RAM */
bool hvm_mem_write(struct hvm_partition *p, uint64_t gpa, const void *from, size_t len);

/**
 * hvm_mem_hold() - the host now uses a page
 * @p:    partition
 * @gfn:  page frame
 * @what: for the text of a violation; static text
 *
 * Counted. Return: false if it is no RAM.
 */
bool hvm_mem_hold(struct hvm_partition *p, uint64_t gfn, const char *what);

/** hvm_mem_drop() - the host ended one use of a page */
void hvm_mem_drop(struct hvm_partition *p, uint64_t gfn);

/** hvm_mem_held() - uses of a page by the host */
unsigned int hvm_mem_held(struct hvm_partition *p, uint64_t gfn);

/** hvm_mem_live_pages() - pages allocated and not freed; 0 after a guest that cleans up */
size_t hvm_mem_live_pages(const struct hvm_partition *p);

/** hvm_mem_check_freed() - look for writes to freed pages; adds violations, returns them */
unsigned int hvm_mem_check_freed(struct hvm_partition *p);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_MEMORY_H */
