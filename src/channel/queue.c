/* SPDX-License-Identifier: BSD-2-Clause */
/* First-in first-out lists through nodes that the objects embed: no storage, no bound. */
#include "internal.h"

void hvp_node_init(struct hvp_node *node, uint32_t kind, uint16_t index)
{
	node->next = NULL;
	node->index = index;
	node->kind = (uint8_t)kind;
	node->queued = false;
}

/* A node that is queued already keeps its place. */
void hvp_queue_push(struct hvp_queue *q, struct hvp_node *node)
{
	if (node->queued)
		return;
	node->queued = true;
	node->next = NULL;
	if (q->tail)
		q->tail->next = node;
	else
		q->head = node;
	q->tail = node;
}

void hvp_queue_push_front(struct hvp_queue *q, struct hvp_node *node)
{
	if (node->queued)
		return;
	node->queued = true;
	node->next = q->head;
	q->head = node;
	if (!q->tail)
		q->tail = node;
}

struct hvp_node *hvp_queue_pop(struct hvp_queue *q)
{
	struct hvp_node *node = q->head;

	if (!node)
		return NULL;
	q->head = node->next;
	if (!q->head)
		q->tail = NULL;
	node->next = NULL;
	node->queued = false;
	return node;
}

/* Rare (rescinds, releases), so a walk is good enough. */
void hvp_queue_remove(struct hvp_queue *q, struct hvp_node *node)
{
	struct hvp_node *prev = NULL;
	struct hvp_node *at = q->head;

	if (!node->queued)
		return;
	while (at != node) {
		prev = at;
		at = at->next;
	}
	if (prev)
		prev->next = node->next;
	else
		q->head = node->next;
	if (q->tail == node)
		q->tail = prev;
	node->next = NULL;
	node->queued = false;
}
