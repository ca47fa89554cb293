/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers that no vendor should ship, one a KIND, to see what the runner says of each. The
 * crash, the hang and the leak happen where a real driver would have them: in a command.
 */
#include <signal.h>
#include <stdlib.h>

#include <hvtarget.h>

#define KIND_ABI 1 /* speaks another version of the interface */
#define KIND_ENTRY 2 /* an entry point is missing */
#define KIND_SYMBOL 3 /* exports nothing that the runner knows */
#define KIND_CREATE 4 /* create() fails */
#define KIND_NOTHING 5 /* supports no command */
#define KIND_CRASH 6 /* crashes when told to connect */
#define KIND_HANG 7 /* never returns when told to connect */
#define KIND_LEAK 8 /* loses a page when told to connect */
#define KIND_EXIT 9 /* ends the process when told to connect */
#define KIND_GP 10 /* touches a register in a way that faults */

static const struct hvt_machine_ops *machine;
static void *handle;
static volatile int forever = 1;

static void *create(const struct hvt_machine_ops *ops, void *m, const struct hvt_config *cfg)
{
	(void)cfg;
	machine = ops;
	handle = m;
	if (KIND == KIND_CREATE) {
		ops->log(m, "no memory for the driver");
		return 0;
	}
	return &handle;
}

static void destroy(void *d)
{
	(void)d;
}

static void interrupt(void *d, uint32_t vp, uint32_t sint)
{
	(void)d;
	(void)vp;
	(void)sint;
}

static uint64_t run(void *d)
{
	(void)d;
	return HVT_NEVER;
}

static int command(void *d, const struct hvt_command *cmd)
{
	(void)d;
	if (cmd->type != HVT_CMD_CONNECT)
		return HVT_UNSUPPORTED;
	if (KIND == KIND_CRASH)
		raise(SIGSEGV);
	while (KIND == KIND_HANG && forever)
		;
	if (KIND == KIND_LEAK)
		return machine->page_alloc(handle, 1) ? HVT_OK : HVT_FAILED;
	if (KIND == KIND_EXIT)
		exit(3);
	if (KIND == KIND_GP) {
		machine->msr_write(handle, 0, 0x40000092, 5); /* SINT2 with vector 5 */
		return HVT_OK;
	}
	return HVT_UNSUPPORTED;
}

static const struct hvt_driver_ops ops = {
	.size = sizeof(ops),
	.abi = KIND == KIND_ABI ? 99 : HVT_ABI,
	.name = "bad",
	.version = "0",
	.create = create,
	.destroy = destroy,
	.interrupt = interrupt,
	.run = run,
	.command = KIND == KIND_ENTRY ? 0 : command,
};

#if KIND == KIND_SYMBOL
const struct hvt_driver_ops *my_driver(void);
const struct hvt_driver_ops *my_driver(void)
#else
const struct hvt_driver_ops *hvt_driver(void)
#endif
{
	return &ops;
}
