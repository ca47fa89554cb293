/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of the receive buffer, which the host may write at any moment (NET-SEC-03, BUG-154). In a
 * file of its own: where the compiler sees the copy and its use together, it may read the
 * shared bytes again in place of the copy.
 */
#include "netvsc.h"

void hvp_net_fetch(uint8_t *to, const uint8_t *shared, uint32_t size)
{
	hvp_memcpy(to, shared, size);
}
