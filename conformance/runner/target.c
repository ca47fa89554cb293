/* SPDX-License-Identifier: BSD-2-Clause */
/* How a driver is found: by name among those linked in, or as a shared object. */
#include <dlfcn.h>
#include <string.h>

#include "hvc.h"

/* The targets that this build has; the build says which (conformance/CMakeLists.txt). */
const struct hvt_driver_ops *hvt_driver_hvproto(void);
const struct hvt_driver_ops *hvt_driver_minimal(void);

struct builtin {
	const char *name;
	hvt_driver_fn fn;
	const char *object; /* of one that is not linked in */
};

static const struct builtin builtins[] = {
#ifdef HVC_TARGET_HVPROTO
	{ "hvproto", hvt_driver_hvproto, NULL },
#endif
#ifdef HVC_TARGET_MINIMAL
	{ "minimal", hvt_driver_minimal, NULL },
#endif
#ifdef HVC_TARGET_DPDK
	{ "dpdk", NULL, HVC_TARGET_DPDK },
#endif
	{ NULL, NULL, NULL },
};

void hvc_target_list(FILE *out)
{
	const struct builtin *b;

	fputs("built-in targets:", out);
	for (b = builtins; b->name; b++)
		fprintf(out, " %s", b->name);
	fputs(b == builtins ? " none\n" : "\n", out);
}

/* A driver that lacks an entry point would crash in its first case: say it here. */
static const struct hvt_driver_ops *check(const char *name, const struct hvt_driver_ops *ops)
{
	if (!ops) {
		hvc_error("%s: hvt_driver() returned nothing", name);
	} else if (ops->abi != HVT_ABI) {
		hvc_error("%s: speaks version %u of the target interface, this runner version %u",
			  name, ops->abi, HVT_ABI);
	} else if (ops->size < sizeof(*ops)) {
		hvc_error("%s: struct hvt_driver_ops has %zu bytes, %zu are needed", name,
			  ops->size, sizeof(*ops));
	} else if (!ops->name || !*ops->name) {
		hvc_error("%s: has no name", name);
	} else if (!ops->create || !ops->destroy || !ops->interrupt || !ops->run || !ops->command) {
		hvc_error("%s: an entry point of struct hvt_driver_ops is missing", name);
	} else {
		return ops;
	}
	return NULL;
}

static const struct hvt_driver_ops *open_object(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	hvt_driver_fn fn = NULL;
	void *symbol;

	if (!object) {
		hvc_error("cannot load the target: %s", dlerror());
		return NULL;
	}
	symbol = dlsym(object, "hvt_driver");
	if (!symbol) {
		hvc_error("%s: exports no hvt_driver(); see hvtarget.h", path);
		return NULL;
	}
	/* POSIX makes this conversion work; ISO C has no cast for it. */
	memcpy(&fn, &symbol, sizeof(fn));
	return check(path, fn());
}

/* NULL: not found or not usable, and the reason has been printed. */
const struct hvt_driver_ops *hvc_target_open(const char *name)
{
	const struct builtin *b;

	if (strchr(name, '/'))
		return open_object(name);
	for (b = builtins; b->name; b++)
		if (strcmp(b->name, name) == 0)
			return b->fn ? check(name, b->fn()) : open_object(b->object);
	hvc_error("no target is called '%s' (a shared object is given with a '/' in its path)",
		  name);
	hvc_target_list(stderr);
	return NULL;
}
