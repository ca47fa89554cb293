/* SPDX-License-Identifier: BSD-2-Clause */
/* The one check of what a kernel supplies. */
#include <hvproto/os.h>

#define COVERS(ops, member) \
	((ops)->size >= offsetof(struct hvp_os_ops, member) + sizeof((ops)->member))

enum hvp_status hvp_os_ops_check(const struct hvp_os_ops *ops)
{
	bool shared;
	bool private_again;

	if (!ops || !COVERS(ops, signal_event) || !ops->post_message || !ops->signal_event)
		return HVP_ARG;
	shared = COVERS(ops, make_shared) && ops->make_shared;
	private_again = COVERS(ops, make_private) && ops->make_private;
	return shared == private_again ? HVP_OK : HVP_ARG;
}
