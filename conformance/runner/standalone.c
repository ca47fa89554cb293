/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner as a program of its own: what the tests call. */
#include <hvc_main.h>

int main(int argc, char **argv)
{
	return hvc_main(argc, argv);
}
