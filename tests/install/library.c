/* SPDX-License-Identifier: BSD-2-Clause */
/* The five lines that show that the library can be found, included and linked. */
#include <hvproto/status.h>
#include <stdio.h>

int main(void)
{
	return printf("%s: %s\n", hvp_status_name(HVP_SHORT), hvp_status_text(HVP_SHORT)) < 0;
}
