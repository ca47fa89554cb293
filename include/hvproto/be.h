/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/be.h - numbers with their most significant byte first, as SCSI has them
 *
 * The mirror of the getters in hvproto/rd.h and the setters in hvproto/wr.h: fields of a run that
 * hvp_rd_take() or hvp_wr_take() returned, of any alignment.
 *
 * Thread rule: pure functions of their arguments. Ownership: none is taken.
 */
#ifndef HVPROTO_BE_H
#define HVPROTO_BE_H

#include <hvproto/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/*@ requires \valid_read(p + (0 .. 1));
  @ assigns \nothing; */
static inline uint16_t hvp_get_be16(const uint8_t *p)
{
	return (uint16_t)(((uint32_t)p[0] << 8) + p[1]);
}

/*@ requires \valid_read(p + (0 .. 3));
  @ assigns \nothing; */
static inline uint32_t hvp_get_be32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24) + ((uint32_t)p[1] << 16) + ((uint32_t)p[2] << 8) + p[3];
}

/*@ requires \valid_read(p + (0 .. 7));
  @ assigns \nothing; */
static inline uint64_t hvp_get_be64(const uint8_t *p)
{
	return ((uint64_t)hvp_get_be32(p) << 32) + hvp_get_be32(p + 4);
}

/*@ requires \valid(p + (0 .. 1)); assigns p[0 .. 1]; */
static inline void hvp_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)(v & 0xffu);
}

/*@ requires \valid(p + (0 .. 3)); assigns p[0 .. 3]; */
static inline void hvp_put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16 & 0xffu);
	p[2] = (uint8_t)(v >> 8 & 0xffu);
	p[3] = (uint8_t)(v & 0xffu);
}

/*@ requires \valid(p + (0 .. 7)); assigns p[0 .. 7]; */
static inline void hvp_put_be64(uint8_t *p, uint64_t v)
{
	hvp_put_be32(p, (uint32_t)(v >> 32));
	hvp_put_be32(p + 4, (uint32_t)(v & 0xffffffffu));
}

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_BE_H */
