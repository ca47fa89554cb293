/* SPDX-License-Identifier: BSD-2-Clause */
/* What a status is called and means, and how a fault record is filled. */
#include <hvproto/status.h>

const char *hvp_status_name(enum hvp_status status)
{
	switch (status) {
#define HVP_X(name, value, whose, text) \
	case HVP_##name: \
		return #name;
		HVP_STATUS_LIST(HVP_X)
#undef HVP_X
	}
	return "?";
}

const char *hvp_status_text(enum hvp_status status)
{
	switch (status) {
#define HVP_X(name, value, whose, text) \
	case HVP_##name: \
		return text;
		HVP_STATUS_LIST(HVP_X)
#undef HVP_X
	}
	return "unknown status";
}

enum hvp_fault_class hvp_status_fault(enum hvp_status status)
{
	switch (status) {
#define HVP_X(name, value, whose, text) \
	case HVP_##name: \
		return HVP_FAULT_##whose;
		HVP_STATUS_LIST(HVP_X)
#undef HVP_X
	}
	return HVP_FAULT_CALLER;
}

enum hvp_status hvp_fault_at(struct hvp_fault *fault, enum hvp_status status,
			     const struct hvp_bound *bound, uint64_t found)
{
	if (!fault)
		return status;
	fault->status = status;
	fault->message = bound->message;
	fault->field = bound->field;
	fault->offset = bound->offset;
	fault->found = found;
	fault->low = bound->low;
	fault->high = bound->high;
	return status;
}

enum hvp_status hvp_fault_size(struct hvp_fault *fault, enum hvp_status status, const char *message,
			       size_t have, size_t need)
{
	if (!fault)
		return status;
	fault->status = status;
	fault->message = message;
	fault->field = "size";
	fault->offset = (uint32_t)have;
	fault->found = have;
	fault->low = need;
	fault->high = UINT64_MAX;
	return status;
}
