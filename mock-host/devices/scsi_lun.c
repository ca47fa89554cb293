/* SPDX-License-Identifier: BSD-2-Clause */
/* Logical units: what they are made of. */
#include "scsi_internal.h"

#define DISK_BLOCK 512u
#define DVD_BLOCK 2048u
#define PHYSICAL 4096u
#define UNMAPPED 4096u

static bool power_of_two(uint32_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

static bool legal(const struct hvm_lun_config *c)
{
	if (c->dvd)
		return c->block_size == DVD_BLOCK;
	return c->backend && (c->block_size == 512 || c->block_size == 4096) &&
	       power_of_two(c->physical_size) && c->physical_size >= c->block_size &&
	       c->backend->size >= c->block_size;
}

static void fill(struct hvm_lun_config *c)
{
	if (!c->block_size)
		c->block_size = c->dvd ? DVD_BLOCK : DISK_BLOCK;
	if (!c->physical_size)
		c->physical_size = c->dvd ? DVD_BLOCK : PHYSICAL;
	if (!c->max_unmapped)
		c->max_unmapped = UNMAPPED;
	c->serial[sizeof(c->serial) - 1] = '\0';
	c->read_only = c->read_only || c->dvd;
	c->no_unmap = c->no_unmap || c->dvd;
}

struct hvm_lun *hvm_lun_new(const struct hvm_lun_config *cfg)
{
	struct hvm_lun_config c = *cfg;
	struct hvm_lun *l;

	fill(&c);
	if (!legal(&c)) {
		if (c.backend)
			c.backend->free(c.backend);
		return NULL;
	}
	l = hvm_xalloc(sizeof(*l));
	l->cfg = c;
	l->told_blocks = hvm_lun_blocks(l);
	return l;
}

void hvm_lun_free(struct hvm_lun *l)
{
	if (!l)
		return;
	if (l->cfg.backend)
		l->cfg.backend->free(l->cfg.backend);
	free(l);
}

uint64_t hvm_lun_blocks(const struct hvm_lun *l)
{
	return l->cfg.backend ? l->cfg.backend->size / l->cfg.block_size : 0;
}

uint32_t hvm_lun_block_size(const struct hvm_lun *l)
{
	return l->cfg.block_size;
}

void hvm_lun_set_medium(struct hvm_lun *l, struct hvm_disk_backend *b)
{
	if (l->cfg.backend)
		l->cfg.backend->free(l->cfg.backend);
	l->cfg.backend = b;
	l->tray_open = false;
}

struct hvm_disk_backend *hvm_lun_backend(struct hvm_lun *l)
{
	return l->cfg.backend;
}
