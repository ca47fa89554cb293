/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine of the installed mock host says that it is Hyper-V. */
#include <hvmock/partition.h>
#include <string.h>

int main(void)
{
	struct hvm_partition_config config = HVM_PARTITION_CONFIG_INIT;
	struct hvm_partition *machine = hvm_partition_new(&config);
	uint32_t regs[4] = { 0 };

	if (!machine)
		return 1;
	hvm_cpuid(machine, 0x40000000, regs);
	hvm_partition_free(machine);
	return memcmp(&regs[1], "Microsoft Hv", 12) != 0;
}
