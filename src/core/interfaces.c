/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups in the tables of interfaces_table.c. */
#include <hvproto/interface.h>

/* data1 of a GUID: the port number where a class is a template. */
#define DATA1_SIZE 4u

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

bool hvp_guid_equal(const struct hvp_guid *a, const struct hvp_guid *b)
{
	return same_bytes(a->b, b->b, sizeof(a->b));
}

static bool is_of_class(const struct hvp_interface *class_, const struct hvp_guid *guid)
{
	size_t skip = (class_->flags & HVP_INTERFACE_F_PORT) ? DATA1_SIZE : 0;

	return same_bytes(class_->guid.b + skip, guid->b + skip, sizeof(guid->b) - skip);
}

const struct hvp_interface *hvp_interface_by_guid(const struct hvp_guid *guid)
{
	const struct hvp_interface *i;

	for (i = hvp_interfaces; i->name; i++)
		if (is_of_class(i, guid))
			return i;
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct hvp_interface *hvp_interface_by_name(const char *name)
{
	const struct hvp_interface *i;

	for (i = hvp_interfaces; i->name; i++)
		if (same_text(i->name, name))
			return i;
	return NULL;
}

const struct hvp_instance *hvp_instance_by_guid(const struct hvp_guid *guid)
{
	const struct hvp_instance *i;

	for (i = hvp_instances; i->name; i++)
		if (hvp_guid_equal(&i->guid, guid))
			return i;
	return NULL;
}
