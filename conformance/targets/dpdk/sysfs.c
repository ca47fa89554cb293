/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DPDK's bus driver reads under /sys/bus/vmbus: the device with its ids and maps, and its
 * channels with their rings. Seen of DPDK 22.11; a number needs its newline.
 */
#include "dpdk.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LATENCY 500u /* 100 ns */
#define PATH 256

static bool __attribute__((format(printf, 3, 4)))
text(const struct glue_net *net, const char *name, const char *format, ...)
{
	char line[128];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return n > 0 && (size_t)n < sizeof(line) && dpdk_file(net, name, line, (size_t)n);
}

/* All folders of a path that begins in the folder of the NIC. */
static bool folders(const struct glue_net *net, const char *name)
{
	char path[PATH];
	char *at;

	if (!dpdk_path(net, path, sizeof(path), name))
		return false;
	for (at = path + strlen(net->folder) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	return mkdir(path, 0700) == 0;
}

static void guid_text(const struct hvp_guid *guid, char out[40])
{
	const uint8_t *b = guid->b;

	snprintf(out, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

static const struct hvp_vmbus_offer_channel *offer_of(const struct glue_net *net)
{
	return &net->queues[0].c->ch->offer;
}

static void device_path(const struct glue_net *net, char *out, size_t size, const char *name)
{
	char id[40];

	guid_text(&offer_of(net)->instance_id, id);
	snprintf(out, size, "vmbus/devices/%s%s%s", id, *name ? "/" : "", name);
}

static bool device_file(const struct glue_net *net, const char *name, const char *value)
{
	char path[PATH];

	device_path(net, path, sizeof(path), name);
	return text(net, path, "%s\n", value);
}

static bool map(const struct glue_net *net, unsigned int index, const char *name, uint32_t pages)
{
	char folder[PATH];
	char path[PATH + 8];
	char at[64];

	snprintf(at, sizeof(at), "uio/uio0/maps/map%u", index);
	device_path(net, folder, sizeof(folder), at);
	if (!folders(net, folder))
		return false;
	snprintf(path, sizeof(path), "%s/name", folder);
	if (!text(net, path, "%s\n", name))
		return false;
	snprintf(path, sizeof(path), "%s/size", folder);
	return text(net, path, "0x%016llx\n", (unsigned long long)pages * HVT_PAGE);
}

static bool maps(const struct glue_net *net)
{
	char receive[32];
	char send[32];

	snprintf(receive, sizeof(receive), "recv:%u", hvp_gpadl_id(net->receive_gpadl));
	snprintf(send, sizeof(send), "send:%u", hvp_gpadl_id(net->send_gpadl));
	return map(net, 0, "txrx_rings", net->queues[0].ring.pages) && map(net, 1, "int_page", 1) &&
	       map(net, 2, "monitor_page", 1) && map(net, 3, receive, net->receive.pages) &&
	       map(net, 4, send, net->send.pages);
}

/* The ring appears last and whole: the driver takes a channel for usable when it sees it. */
bool dpdk_sysfs_channel(struct glue_net *net, uint32_t queue)
{
	char folder[PATH];
	char path[PATH + 24];
	char ring[PATH];
	char there[2 * PATH];
	char name[32];

	snprintf(name, sizeof(name), "channels/%u", net->queues[queue].c->id);
	device_path(net, folder, sizeof(folder), name);
	if (!folders(net, folder))
		return false;
	snprintf(path, sizeof(path), "%s/subchannel_id", folder);
	if (!text(net, path, "%u\n", queue))
		return false;
	snprintf(path, sizeof(path), "%s/monitor_id", folder);
	if (!text(net, path, "%u\n", queue))
		return false;
	snprintf(name, sizeof(name), queue ? "ring%u" : "map0", queue);
	snprintf(there, sizeof(there), "%s/%s/ring", net->folder, folder);
	return dpdk_path(net, ring, sizeof(ring), name) && link(ring, there) == 0;
}

/* The driver waits so long before it sets a trigger again. */
static void latencies(struct glue_net *net)
{
	uint32_t i;

	for (i = 0; i < PEER_QUEUES; i++)
		hvp_put_u16((uint8_t *)net->monitor + HVP_HV_MONITOR_PAGE_LATENCY_OFFSET +
				    i * HVP_HV_MONITOR_LATENCY_STRIDE,
			    LATENCY);
}

bool dpdk_sysfs_build(struct glue_net *net)
{
	char class[48] = "{";
	char id[48] = "{";
	char path[PATH];
	char number[16];

	dpdk_path(net, path, sizeof(path), "vmbus");
	dpdk_folder_remove(path);
	guid_text(&offer_of(net)->interface_id, class + 1);
	guid_text(&offer_of(net)->instance_id, id + 1);
	strcat(class, "}");
	strcat(id, "}");
	snprintf(number, sizeof(number), "%u", net->channel);
	device_path(net, path, sizeof(path), "");
	latencies(net);
	return folders(net, path) && device_file(net, "class_id", class) &&
	       device_file(net, "device_id", id) && device_file(net, "id", number) &&
	       device_file(net, "monitor_id", "0") && maps(net) && dpdk_sysfs_channel(net, 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void dpdk_folder_remove(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
