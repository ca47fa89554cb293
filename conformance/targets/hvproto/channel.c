/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of channels: who owns it is the library's to say, where it comes from is ours. */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

bool glue_alloc(struct glue *g, struct glue_memory *mem, uint32_t pages)
{
	uint32_t i;

	mem->pages = pages;
	mem->va = g->ops.page_alloc(g->m, pages);
	mem->pfns = calloc(pages, sizeof(*mem->pfns));
	if (!mem->va || !mem->pfns) {
		glue_release_memory(g, mem);
		return false;
	}
	for (i = 0; i < pages; i++)
		mem->pfns[i] = g->ops.gpa(g->m, mem->va + (size_t)i * HVT_PAGE) / HVT_PAGE;
	return true;
}

void glue_release_memory(struct glue *g, struct glue_memory *mem)
{
	if (mem->va)
		g->ops.page_free(g->m, mem->va, mem->pages);
	free(mem->pfns);
	memset(mem, 0, sizeof(*mem));
}

struct glue_channel *glue_channel_new(struct glue *g, struct hvp_channel *ch)
{
	struct glue_channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->g = g;
	c->ch = ch;
	c->id = hvp_channel_id(ch);
	c->next = g->all;
	g->all = c;
	return c;
}

static bool sizes_legal(const struct hvt_command *cmd)
{
	return cmd->tx_pages > 0 && cmd->rx_pages > 0 && cmd->tx_pages < HVP_GPADL_MAX_PAGES &&
	       cmd->rx_pages < HVP_GPADL_MAX_PAGES &&
	       cmd->tx_pages + cmd->rx_pages + 2u <= HVP_GPADL_MAX_PAGES;
}

static void fill_open(struct glue_channel *c, const struct hvt_command *cmd, struct hvp_open *open)
{
	memset(open, 0, sizeof(*open));
	open->ring.byte_count = c->ring.pages * HVT_PAGE;
	open->ring.pfns = c->ring.pfns;
	open->downstream_page = cmd->tx_pages + 1;
	open->target_vp = cmd->target_vp;
	open->user_data = c->user_data;
	/* With guest_specified_signal_parameters these are ours to choose. */
	open->connection_id = 0x10000u | c->id;
	open->event_flag = (uint16_t)(HVP_CHANNEL_IDS - c->id);
	memset(c->user_data, 0, sizeof(c->user_data));
	if (cmd->data_size > 0)
		memcpy(c->user_data, cmd->data, cmd->data_size);
}

int glue_open(struct glue_channel *c, const struct hvt_command *cmd)
{
	struct glue *g = c->g;
	struct hvp_open open;

	if (hvp_channel_state(c->ch) != HVP_CHANNEL_OFFERED || c->ring.va || !sizes_legal(cmd) ||
	    cmd->data_size > sizeof(c->user_data))
		return HVT_FAILED;
	if (!glue_alloc(g, &c->ring, cmd->tx_pages + cmd->rx_pages + 2u))
		return HVT_FAILED;
	fill_open(c, cmd, &open);
	if (glue_rings_start(c, cmd->tx_pages, cmd->rx_pages) != HVP_OK ||
	    hvp_channel_open(c->ch, &open) != HVP_OK) {
		glue_release_memory(g, &c->ring);
		return HVT_FAILED;
	}
	return HVT_OK;
}

/* The ring is the driver's again, and with it all that requests had lent to the host. */
void glue_closed(struct glue_channel *c)
{
	glue_rings_stop(c);
	glue_release_memory(c->g, &c->ring);
}

static struct glue_buffer *buffer_new(struct glue_channel *c, uint32_t pages, uint64_t id)
{
	struct glue *g = c->g;
	struct glue_buffer *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	if (!glue_alloc(g, &b->memory, pages)) {
		free(b);
		return NULL;
	}
	b->id = id;
	b->channel = c;
	b->range.byte_count = pages * HVT_PAGE;
	b->range.pfns = b->memory.pfns;
	b->next = g->buffers;
	g->buffers = b;
	if (hvp_gpadl_create(c->ch, &b->range, 1, &b->gpadl) != HVP_OK) {
		glue_buffer_free(g, b);
		return NULL;
	}
	b->gpadl->user = b;
	return b;
}

void glue_buffer_free(struct glue *g, struct glue_buffer *b)
{
	struct glue_buffer **link = &g->buffers;

	while (*link != b)
		link = &(*link)->next;
	*link = b->next;
	glue_release_memory(g, &b->memory);
	free(b);
}

int glue_gpadl_create(struct glue_channel *c, const struct hvt_command *cmd)
{
	if (cmd->pages == 0 || cmd->pages > HVP_GPADL_MAX_PAGES)
		return HVT_FAILED;
	return buffer_new(c, cmd->pages, cmd->id) ? HVT_OK : HVT_FAILED;
}

int glue_gpadl_teardown(struct glue_channel *c, uint64_t id)
{
	struct glue_buffer *b = c->g->buffers;

	while (b && (b->channel != c || b->id != id || b == c->reserved))
		b = b->next;
	if (!b || hvp_gpadl_teardown(b->gpadl) != HVP_OK)
		return HVT_FAILED;
	return HVT_OK;
}

/* The GPADL of a reserved channel is made before it is opened (chapter 10 section 6.8). */
int glue_open_reserved(struct glue_channel *c, const struct hvt_command *cmd)
{
	uint32_t tx = cmd->tx_pages > 0 ? cmd->tx_pages : 1;
	uint32_t rx = cmd->rx_pages > 0 ? cmd->rx_pages : 1;

	if (hvp_bus_neg(&c->g->bus).version < HVP_VMBUS_VERSION_4_0)
		return HVT_UNSUPPORTED;
	if (c->reserved || tx + rx + 2u > HVP_GPADL_MAX_PAGES)
		return HVT_FAILED;
	c->reserved = buffer_new(c, tx + rx + 2u, 0);
	c->reserved_vp = cmd->target_vp;
	c->reserved_sint = cmd->value;
	c->reserved_split = tx + 1u;
	return c->reserved ? HVT_OK : HVT_FAILED;
}

void glue_reserved_created(struct glue_channel *c, uint32_t status)
{
	struct hvt_event ev = { .type = HVT_EV_OPENED, .channel = c->id, .status = status };
	enum hvp_status result;

	if (status == 0) {
		result = hvp_channel_open_reserved(c->ch, c->reserved->gpadl, c->reserved_split,
						   c->reserved_vp, c->reserved_sint);
		if (result == HVP_OK)
			return;
		ev.status = glue_status(result, 0);
		(void)!hvp_gpadl_teardown(c->reserved->gpadl);
	}
	glue_report(c->g, &ev);
}

/* The machine ends: nothing of it can be used any more, by nobody. */
void glue_free_all(struct glue *g)
{
	struct glue_channel *c;

	while ((c = g->all) != NULL) {
		g->all = c->next;
		glue_closed(c);
		free(c);
	}
	while (g->buffers)
		glue_buffer_free(g, g->buffers);
}
