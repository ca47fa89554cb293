/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual machine as the driver under test sees it: struct hvt_machine_ops over the mock
 * partition, and the calls into the driver from the event queue.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "world.h"

#define SPIN_FIRST (10 * HVM_US)
#define SPIN_MOST (10 * HVM_MS)

static const char *const event_names[] = {
	[HVT_EV_CONNECTED] = "connected",
	[HVT_EV_CONNECT_FAILED] = "connect_failed",
	[HVT_EV_DISCONNECTED] = "disconnected",
	[HVT_EV_OFFER] = "offer",
	[HVT_EV_OFFERS_DONE] = "offers_done",
	[HVT_EV_RESCIND] = "rescind",
	[HVT_EV_OPENED] = "opened",
	[HVT_EV_CLOSED] = "closed",
	[HVT_EV_PACKET] = "packet",
	[HVT_EV_COMPLETION] = "completion",
	[HVT_EV_CHANNEL_ERROR] = "channel_error",
	[HVT_EV_SPACE] = "space",
	[HVT_EV_GPADL_CREATED] = "gpadl_created",
	[HVT_EV_GPADL_TORNDOWN] = "gpadl_torndown",
	[HVT_EV_MODIFIED] = "modified",
	[HVT_EV_TL_RESULT] = "tl_result",
	[HVT_EV_DROPPED] = "dropped",
	[HVT_EV_DEVICE] = "device",
};

#define EVENT_NAMES (sizeof(event_names) / sizeof(event_names[0]))

const char *hvc_event_name(uint32_t type)
{
	return type < EVENT_NAMES && event_names[type] ? event_names[type] : "unknown";
}

/* Events of device drivers have names with a point: "net.rx". */
int hvc_event_type(const char *name)
{
	size_t i;

	if (strchr(name, '.'))
		return HVT_EV_DEVICE;

	for (i = 1; i < EVENT_NAMES; i++)
		if (strcmp(event_names[i], name) == 0)
			return (int)i;
	return 0;
}

/* ---- services for the driver ---- */

static void *m_page_alloc(void *m, size_t pages)
{
	struct hvc_world *w = m;

	return hvm_mem_alloc(w->partition, pages);
}

static void m_page_free(void *m, void *va, size_t pages)
{
	struct hvc_world *w = m;

	hvm_mem_free(w->partition, va, pages);
}

static uint64_t m_gpa(void *m, const void *va)
{
	struct hvc_world *w = m;

	return hvm_mem_gpa(w->partition, va);
}

static uint64_t m_hypercall(void *m, uint64_t control, uint64_t in, uint64_t out)
{
	struct hvc_world *w = m;

	return hvm_hypercall(w->partition, w->current_vp, control, in, out);
}

static uint64_t m_msr_read(void *m, uint32_t vp, uint32_t msr)
{
	struct hvc_world *w = m;
	uint64_t value = 0;

	if (!hvm_msr_read(w->partition, vp, msr, &value))
		return 0;
	return value;
}

static void m_msr_write(void *m, uint32_t vp, uint32_t msr, uint64_t value)
{
	struct hvc_world *w = m;

	/* A fault is recorded by the partition and ends in the verdict. */
	(void)hvm_msr_write(w->partition, vp, msr, value);
}

static void m_cpuid(void *m, uint32_t leaf, uint32_t regs[4])
{
	struct hvc_world *w = m;

	hvm_cpuid(w->partition, leaf, regs);
}

/*
 * A guest that polls looks at the clock in its loop: let time pass there, in growing steps, so
 * that waiting out a hundred seconds takes thousands of turns and not millions.
 */
static uint64_t m_now(void *m)
{
	struct hvc_world *w = m;

	if (w->polling) {
		hvm_sched_spin(w->sched, w->spin);
		w->spin += w->spin / 8;
		if (w->spin > SPIN_MOST)
			w->spin = SPIN_MOST;
	}
	return hvm_sched_now(w->sched);
}

static int add_figure(char *line, size_t size, const char *name, uint64_t v)
{
	return v ? snprintf(line, size, " %s=%#llx", name, (unsigned long long)v) : 0;
}

/* What is zero says nothing; a status that is not shown is success. */
static void note_event(struct hvc_world *w, const struct hvt_event *e)
{
	char line[400] = "";
	size_t n = 0;
	size_t i;

	n += (size_t)add_figure(line + n, sizeof(line) - n, "channel", e->channel);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "status", e->status);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "version", e->version);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "features", e->features);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "type", e->packet_type);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "id", e->id);
	n += (size_t)add_figure(line + n, sizeof(line) - n, "bytes", e->size);
	for (i = 0; i < e->arg_count && n < sizeof(line) - 80; i++)
		n += (size_t)add_figure(line + n, sizeof(line) - n, e->args[i].name,
					e->args[i].value);
	hvm_note(w->partition, "guest: %s%s%s%s", e->op ? e->op : hvc_event_name(e->type), line,
		 e->text ? " " : "", e->text ? e->text : "");
}

/* Names and numbers of a device's event outlive the call. */
static void keep_args(struct hvc_event *v)
{
	size_t i;

	v->op = hvc_printf("%s", v->e.op ? v->e.op : "");
	v->args = hvc_alloc(v->e.arg_count + 1, sizeof(*v->args));
	for (i = 0; i < v->e.arg_count; i++) {
		v->args[i].name = hvc_printf("%s", v->e.args[i].name);
		v->args[i].value = v->e.args[i].value;
	}
}

/* Room is doubled whenever the count is a power of two, which a case of many frames needs. */
static struct hvc_event *new_event(struct hvc_world *w)
{
	size_t n = w->event_count;
	struct hvc_event *v = w->events;

	if ((n & (n - 1)) == 0)
		v = realloc(v, (n ? 2 * n : 1) * sizeof(*v));
	if (!v)
		return NULL;
	w->events = v;
	w->event_count++;
	memset(v + n, 0, sizeof(*v));
	return v + n;
}

static void m_event(void *m, const struct hvt_event *e)
{
	struct hvc_world *w = m;
	struct hvc_event *v = new_event(w);

	if (!v)
		return;
	v->e = *e;
	v->time = hvm_sched_now(w->sched);
	v->data = hvc_alloc(e->size + 1, 1);
	if (e->data && e->size)
		memcpy(v->data, e->data, e->size);
	v->text = hvc_printf("%s", e->text ? e->text : "");
	keep_args(v);
	note_event(w, e);
}

static void m_log(void *m, const char *text)
{
	struct hvc_world *w = m;

	if (w->partition)
		hvm_note(w->partition, "log: %s", text);
}

/* The mapping outlives the partition, which uses it to its end. */
static void *m_page_share(void *m, int fd, uint64_t gpa, size_t pages)
{
	struct hvc_world *w = m;
	struct hvc_shared *s = realloc(w->shared, (w->shared_count + 1) * sizeof(*s));
	void *va;

	if (!s)
		return NULL;
	w->shared = s;
	va = mmap(NULL, pages * HVM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (va == MAP_FAILED)
		return NULL;
	if (hvm_mem_map(w->partition, gpa, va, pages) != HVP_OK) {
		munmap(va, pages * HVM_PAGE);
		return NULL;
	}
	s[w->shared_count++] = (struct hvc_shared){ va, pages * HVM_PAGE };
	return va;
}

static void unmap_shared(struct hvc_world *w)
{
	size_t i;

	for (i = 0; i < w->shared_count; i++)
		munmap(w->shared[i].va, w->shared[i].size);
	free(w->shared);
}

static const struct hvt_machine_ops machine_ops = {
	.size = sizeof(machine_ops),
	.page_alloc = m_page_alloc,
	.page_free = m_page_free,
	.gpa = m_gpa,
	.hypercall = m_hypercall,
	.msr_read = m_msr_read,
	.msr_write = m_msr_write,
	.cpuid = m_cpuid,
	.now = m_now,
	.event = m_event,
	.log = m_log,
	.page_share = m_page_share,
};

/* ---- calls into the driver ---- */

static void run_driver(struct hvc_world *w);

static void timer_fired(void *ctx, uint64_t arg)
{
	struct hvc_world *w = ctx;

	(void)arg;
	w->timer = 0;
	run_driver(w);
}

/* Call run() and ask the queue for the next call. The guest counts as running already. */
static void run_driver(struct hvc_world *w)
{
	struct hvm_event ev = { .cls = HVM_CLASS_GUEST, .fn = timer_fired, .ctx = w };
	uint64_t next;
	uint64_t now;

	if (!w->instance)
		return;
	next = w->driver->run(w->instance);
	if (w->timer)
		hvm_sched_cancel(w->sched, w->timer);
	w->timer = 0;
	if (next == HVT_NEVER)
		return;
	now = hvm_sched_now(w->sched);
	/* A deadline that has passed already is a wish to be called again, not an endless loop. */
	ev.delay = next > now ? next - now : 1;
	w->timer = hvm_sched_add(w->sched, &ev);
}

static void deliver(void *ctx, uint32_t vp, uint32_t sint)
{
	struct hvc_world *w = ctx;

	w->current_vp = vp;
	if (w->raw) {
		hvc_raw_interrupt(w, vp, sint);
	} else if (w->instance) {
		w->driver->interrupt(w->instance, vp, sint);
		run_driver(w);
	}
	w->current_vp = 0;
}

int hvc_command(struct hvc_world *w, const struct hvt_command *cmd)
{
	int rc;

	hvm_sched_enter_guest(w->sched);
	w->polling = cmd->type == HVT_CMD_CRASH_UNLOAD;
	w->spin = SPIN_FIRST;
	rc = w->driver->command(w->instance, cmd);
	w->polling = false;
	run_driver(w);
	hvm_sched_leave_guest(w->sched);
	return rc;
}

/* ---- set-up and teardown ---- */

/* The "config" table of the declaration, or its "host" table, on the stack; true if there. */
static bool push_config(struct hvc_world *w, bool host)
{
	lua_State *L = w->lua;

	lua_rawgeti(L, LUA_REGISTRYINDEX, w->c->table);
	if (lua_getfield(L, -1, "config") != LUA_TTABLE) {
		lua_pop(L, 2);
		return false;
	}
	lua_remove(L, -2);
	if (host && lua_getfield(L, -1, "host") != LUA_TTABLE) {
		lua_pop(L, 2);
		return false;
	}
	if (host)
		lua_remove(L, -2);
	return true;
}

static void read_partition_config(struct hvc_world *w, struct hvm_partition_config *cfg)
{
	int at = lua_gettop(w->lua);

	cfg->vps = (uint32_t)hvc_opt_int(w->lua, at, "vps", 1);
	cfg->shuffle = hvc_opt_bool(w->lua, at, "shuffle");
	cfg->contiguous = hvc_opt_bool(w->lua, at, "contiguous");
	cfg->no_auto_eoi = hvc_opt_bool(w->lua, at, "no_auto_eoi");
	cfg->isolation = (uint32_t)hvc_opt_int(w->lua, at, "isolation", 0);
	cfg->features_eax = (uint32_t)hvc_opt_int(w->lua, at, "cpuid_eax", 0);
	cfg->features_ebx = (uint32_t)hvc_opt_int(w->lua, at, "cpuid_ebx", 0);
	cfg->no_features = hvc_opt_bool(w->lua, at, "cpuid_exact");
	cfg->post_latency = hvc_opt_time(w->lua, at, "post_latency", cfg->post_latency);
	cfg->irq_latency = hvc_opt_time(w->lua, at, "irq_latency", cfg->irq_latency);
}

static void read_driver_config(struct hvc_world *w, struct hvt_config *cfg)
{
	int at = lua_gettop(w->lua);

	cfg->max_version = (uint32_t)hvc_opt_int(w->lua, at, "max_version", 0);
	cfg->features = (uint32_t)hvc_opt_int(w->lua, at, "features", 0);
}

static void read_server_config(struct hvc_world *w, struct hvm_server_config *cfg)
{
	int at = lua_gettop(w->lua);

	cfg->max_version = (uint32_t)hvc_opt_int(w->lua, at, "max_version", 0);
	cfg->min_version = (uint32_t)hvc_opt_int(w->lua, at, "min_version", 0);
	cfg->features = (uint32_t)hvc_opt_int(w->lua, at, "features", HVM_ALL_FEATURES);
	cfg->connection_id = (uint32_t)hvc_opt_int(w->lua, at, "connection_id", 0);
	cfg->vtl = (uint32_t)hvc_opt_int(w->lua, at, "vtl", 0);
	cfg->trusted = hvc_opt_bool(w->lua, at, "trusted");
	cfg->server_pages = hvc_opt_bool(w->lua, at, "server_pages");
	cfg->server_pages_gpa[0] = hvc_opt_int(w->lua, at, "server_page_p2c", 0);
	cfg->server_pages_gpa[1] = hvc_opt_int(w->lua, at, "server_page_c2p", 0);
	cfg->no_monitor = hvc_opt_bool(w->lua, at, "no_monitor");
	cfg->monitor_poll = hvc_opt_time(w->lua, at, "monitor_poll", 0);
	cfg->lower_latency = hvc_opt_time(w->lua, at, "lower_latency", 0);
	cfg->hold_lower = hvc_opt_bool(w->lua, at, "hold_lower");
}

static int open_partition(struct hvc_world *w, struct hvt_config *driver)
{
	struct hvm_partition_config cfg = HVM_PARTITION_CONFIG_INIT;

	cfg.vps = 1;
	cfg.seed = w->run->opt->seed;
	cfg.post_latency = 1 * HVM_US;
	cfg.irq_latency = 1 * HVM_US;
	cfg.deliver = deliver;
	cfg.ctx = w;
	if (push_config(w, false)) {
		read_partition_config(w, &cfg);
		read_driver_config(w, driver);
		lua_pop(w->lua, 1);
	}
	driver->vps = cfg.vps;
	driver->isolation = cfg.isolation;
	w->partition = hvm_partition_new(&cfg);
	if (!w->partition) {
		hvc_fail(w, "broken", NULL, "set-up: the machine cannot be made (config.vps?)");
		return -1;
	}
	w->sched = hvm_partition_sched(w->partition);
	return 0;
}

/* hv_sock: every wish to connect is refused unless the case has offered "tl_accept". */
static bool tl_connect(void *ctx, const struct hvp_guid *endpoint, const struct hvp_guid *service,
		       const struct hvp_guid *silo)
{
	struct hvc_world *w = ctx;
	struct hvm_offer offer = { .flags = 0x2010 };

	(void)silo;
	if (w->channel_count == HVC_CHANNELS || !push_config(w, true))
		return false;
	if (!hvc_opt_bool(w->lua, lua_gettop(w->lua), "tl_accept")) {
		lua_pop(w->lua, 1);
		return false;
	}
	lua_pop(w->lua, 1);
	offer.interface_id = *service;
	offer.instance_id = *endpoint;
	w->channels[w->channel_count] = hvm_scripted_new(w->server, &offer);
	if (!w->channels[w->channel_count])
		return false;
	w->channel_count++;
	return true;
}

static int open_server(struct hvc_world *w)
{
	struct hvm_server_config cfg = HVM_SERVER_CONFIG_INIT;

	if (push_config(w, true)) {
		read_server_config(w, &cfg);
		lua_pop(w->lua, 1);
	}
	cfg.tl_connect = tl_connect;
	cfg.ctx = w;
	w->server = hvm_server_new(w->partition, &cfg);
	if (!w->server) {
		hvc_fail(w, "broken", NULL, "set-up: the channel server cannot be made");
		return -1;
	}
	return 0;
}

static int open_driver(struct hvc_world *w, struct hvt_config *cfg)
{
	w->driver = w->run->driver;
	cfg->size = sizeof(*cfg);
	cfg->rng_seed = (uint32_t)w->run->opt->seed;
	hvm_sched_enter_guest(w->sched);
	w->instance = w->driver->create(&machine_ops, w, cfg);
	if (w->instance)
		run_driver(w);
	hvm_sched_leave_guest(w->sched);
	if (!w->instance) {
		hvc_fail(w, "broken", NULL, "set-up: the target's create() failed");
		return -1;
	}
	return 0;
}

/* A process runs one case at a time. */
static struct hvc_world *loading;

/* Called by what is compiled through ports/hooked.h: our own target, and the mock host's rings. */
void hvp_hook_shared_load(const volatile void *p, size_t size);

void hvp_hook_shared_load(const volatile void *p, size_t size)
{
	if (loading)
		hvm_faults_shared_load(hvm_partition_faults(loading->partition), p, size);
}

int hvc_world_open(struct hvc_world *w)
{
	struct hvt_config driver = { .size = sizeof(driver) };

	if (open_partition(w, &driver) != 0)
		return -1;
	hvc_trace_start(w);
	if (w->failure.set || open_server(w) != 0)
		return -1;
	loading = w;
	if (w->c->side == HVC_HOST)
		return hvc_raw_open(w);
	return open_driver(w, &driver);
}

/*
 * The host lets go of everything first, as a reset would: what the driver frees after that is
 * its own again, and what it does not free it has lost.
 */
void hvc_world_end_guest(struct hvc_world *w)
{
	if (!w->instance)
		return;
	hvm_server_drop_connection(w->server);
	hvm_sched_run_idle(w->sched, HVM_SEC);
	hvm_sched_enter_guest(w->sched);
	w->driver->destroy(w->instance);
	w->instance = NULL;
	hvm_sched_leave_guest(w->sched);
}

static void free_events(struct hvc_world *w)
{
	size_t i;
	size_t k;

	for (i = 0; i < w->event_count; i++) {
		for (k = 0; k < w->events[i].e.arg_count; k++)
			free((char *)(uintptr_t)w->events[i].args[k].name);
		free(w->events[i].args);
		free(w->events[i].op);
		free(w->events[i].data);
		free(w->events[i].text);
	}
	free(w->events);
}

/* Whatever was set up; also after a set-up that failed half way. */
void hvc_world_close(struct hvc_world *w)
{
	size_t i;

	hvc_world_end_guest(w);
	loading = NULL;
	hvc_raw_close(w);
	hvc_nics_free(w);
	hvc_storages_free(w);
	for (i = 0; i < w->channel_count; i++)
		if (w->channels[i])
			hvm_scripted_free(w->channels[i]);
	hvm_server_free(w->server);
	if (w->sched)
		hvm_sched_cancel_ctx(w->sched, w);
	hvm_partition_free(w->partition);
	unmap_shared(w);
	free_events(w);
	free(w->later);
	w->partition = NULL;
	w->server = NULL;
}
