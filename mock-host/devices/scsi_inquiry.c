/* SPDX-License-Identifier: BSD-2-Clause */
/* INQUIRY: what the unit is, and its vital product data (chapter 30 sections 13.2, 13.3). */
#include "scsi_internal.h"

#define DISK_SIZE 104u
#define DVD_SIZE 36u
#define PAGE_MAX 64u
#define HEADER 4u
#define LIMITS_LENGTH 0x3cu
#define WRITE_SAME_MAX (8u << 20)

struct page {
	uint8_t code;
	bool (*there)(const struct hvm_lun *l);
	/* writes the page behind its header, returns its length */
	uint32_t (*build)(const struct hvm_lun *l, uint8_t *out);
};

static void text(uint8_t *out, const char *s, size_t width)
{
	size_t n = strlen(s);

	memset(out, ' ', width);
	memcpy(out, s, n < width ? n : width);
}

/* @l NULL: of a disk that is not there. */
uint32_t hvm_scsi_standard(const struct hvm_lun *l, uint8_t *out)
{
	bool dvd = l && l->cfg.dvd;
	uint32_t size = dvd ? DVD_SIZE : DISK_SIZE;

	memset(out, 0, size);
	out[0] = dvd ? 0x05 : 0x00;
	out[1] = dvd ? 0x80 : 0x00;
	out[2] = dvd ? 0x00 : 0x05;
	out[3] = 0x02;
	out[4] = (uint8_t)(size - 5u);
	out[7] = dvd ? 0x00 : 0x02;
	text(out + 8, "Msft", 8);
	text(out + 16, dvd ? "Virtual DVD-ROM" : "Virtual Disk", 16);
	text(out + 32, "1.0", 4);
	return size;
}

/* ---- vital product data ---- */

static bool always(const struct hvm_lun *l)
{
	(void)l;
	return true;
}

static bool disk(const struct hvm_lun *l)
{
	return !l->cfg.dvd;
}

static bool with_serial(const struct hvm_lun *l)
{
	return l->cfg.serial[0] != '\0';
}

static bool with_unmap(const struct hvm_lun *l)
{
	return !l->cfg.no_unmap;
}

static uint32_t supported(const struct hvm_lun *l, uint8_t *out);

static uint32_t serial(const struct hvm_lun *l, uint8_t *out)
{
	size_t n = strlen(l->cfg.serial);

	memcpy(out, l->cfg.serial, n);
	return (uint32_t)n;
}

static uint32_t designators(const struct hvm_lun *l, uint8_t *out)
{
	static const uint8_t naa[] = { 1, 3, 0, 16, 0x60, 0x02, 0x24, 0x80 };
	const uint8_t *id = l->cfg.disk_id;

	out[0] = 1;
	out[1] = 1;
	out[2] = 0;
	out[3] = 24;
	text(out + 4, "Msft", 8);
	memcpy(out + 12, id, 16);
	if (l->cfg.dvd)
		return 28;
	memcpy(out + 28, naa, sizeof(naa));
	memcpy(out + 36, id, 6);
	memcpy(out + 42, id + 10, 6);
	return 48;
}

static uint32_t limits(const struct hvm_lun *l, uint8_t *out)
{
	uint32_t granule = l->cfg.physical_size / l->cfg.block_size;

	scsi_put32(out + 16, 0xffffffffu);
	scsi_put32(out + 20, l->cfg.max_unmapped);
	scsi_put32(out + 24, granule);
	scsi_put32(out + 28, 0x80000000u);
	scsi_put64(out + 32, WRITE_SAME_MAX / l->cfg.block_size);
	return LIMITS_LENGTH;
}

static uint32_t characteristics(const struct hvm_lun *l, uint8_t *out)
{
	(void)l;
	scsi_put16(out, 1); /* does not rotate */
	return LIMITS_LENGTH;
}

static uint32_t provisioning(const struct hvm_lun *l, uint8_t *out)
{
	uint64_t blocks = hvm_lun_blocks(l);
	uint8_t exponent = 1;

	while (blocks >> exponent > 0xffffffffu)
		exponent++;
	out[0] = exponent;
	out[1] = 0x80;
	out[2] = 2;
	return 4;
}

static uint32_t hypervisor_version(const struct hvm_lun *l, uint8_t *out)
{
	(void)l;
	out[0] = 1;
	out[1] = 1;
	return 4;
}

static uint32_t hypervisor_signature(const struct hvm_lun *l, uint8_t *out)
{
	static const uint8_t signature[16] = { 0x15, 0x8f, 0xa9, 0x89, 0x28, 0xc9, 0x8b, 0x4d,
					       0x94, 0xcd, 0xef, 0x51, 0xfa, 0xa9, 0x9d, 0x33 };

	(void)l;
	out[0] = 1;
	memcpy(out + 4, signature, sizeof(signature));
	return 20;
}

static const struct page pages[] = {
	{ 0x00, always, supported },	       { 0x80, with_serial, serial },
	{ 0x83, always, designators },	       { 0xb0, with_unmap, limits },
	{ 0xb1, with_unmap, characteristics }, { 0xb2, with_unmap, provisioning },
	{ 0xce, disk, hypervisor_version },    { 0xcf, disk, hypervisor_signature },
};

static uint32_t supported(const struct hvm_lun *l, uint8_t *out)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].there(l))
			out[n++] = pages[i].code;
	return n;
}

static void vital(struct scsi_task *t, uint32_t allocation)
{
	uint8_t out[HEADER + PAGE_MAX] = { 0 };
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].code == t->cdb[2] && pages[i].there(t->l))
			break;
	if (i == sizeof(pages) / sizeof(pages[0]) || allocation < HEADER) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	n = pages[i].build(t->l, out + HEADER);
	out[0] = t->l->cfg.dvd ? 0x05 : 0x00;
	out[1] = t->cdb[2];
	scsi_put16(out + 2, n);
	hvm_scsi_answer(t, out, HEADER + n, allocation);
}

void hvm_scsi_inquiry(struct scsi_task *t)
{
	uint32_t allocation = scsi_get16(t->cdb + 3);
	uint8_t out[DISK_SIZE];
	bool evpd = t->cdb[1] & 1u;

	if ((t->cdb[1] & 2u) || (!evpd && t->cdb[2]) || t->length < allocation) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	} else if (evpd) {
		vital(t, allocation);
	} else if (allocation < 5) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	} else {
		uint32_t n = hvm_scsi_standard(t->l, out);

		hvm_scsi_answer(t, out, n, allocation);
	}
}
