-- SPDX-License-Identifier: BSD-2-Clause
PROTOCOLS.mini = {
	id_at = 0, id_size = 2,
	sets = {
		version = { kind = "version", closed = false, values = {
			{ 0x10000, "1.0" },
			{ 0x20000, "2.0" },
		} },
		feature = { kind = "flags", closed = false, values = {
			{ 0x1, "extras" },
		} },
		mode = { kind = "enum", closed = true, values = {
			{ 0x0, "slow" },
			{ 0x1, "fast" },
		} },
	},
	records = {
		{ name = "range", title = "RANGE", min = 12,
		  fields = {
			{ name = "start", at = 0, type = "u64", size = 8, hex = true },
			{ name = "length", at = 8, type = "u32", size = 4, min = 1, max = 4096, multiple = 8 },
		  } },
		{ name = "info", title = "INFO", min = 8, next = "size", align = 4,
		  fields = {
			{ name = "size", at = 0, type = "u32", size = 4, min = 8 },
			{ name = "value", at = 4, type = "u32", size = 4, hex = true },
		  } },
	},
	messages = {
		{ name = "hello", title = "HELLO", min = 40, id = 1, direction = 1,
		  groups = {
			{ name = "old", at = 32, size = 8, when = { { till = 0x00020000, field = "version" } } },
			{ name = "new", at = 32, size = 8, when = { { since = 0x00020000, field = "version" } } },
		  },
		  fields = {
			{ name = "type", at = 0, type = "u16", size = 2, doc = "which message this is" },
			{ name = "size", at = 2, type = "u16", size = 2 },
			{ name = "version", at = 4, type = "u32", size = 4, values = "version", hex = true },
			{ name = "pad", at = 8, type = "u8", size = 1, reserved = "zero" },
			{ name = "mode", at = 9, type = "u8", size = 1, values = "mode", doc = "how" },
			{ name = "name", at = 10, type = "utf16", size = 4 },
			{ name = "hole", at = 14, type = "u16", size = 2, reserved = "ignore" },
			{ name = "peer", at = 16, type = "guid", size = 16 },
			{ name = "page", at = 32, type = "u64", size = 8, group = 1, hex = true },
			{ name = "flags", at = 32, type = "u32", size = 4, group = 2, values = "feature" },
			{ name = "count", at = 36, type = "u32", size = 4, group = 2, max = 10 },
		  } },
		{ name = "tail", title = "TAIL", min = 4, id = 2, direction = 1,
		  groups = {
			{ name = "extra", at = 4, size = 4, when = { { room = true } } },
		  },
		  fields = {
			{ name = "type", at = 0, type = "u16", size = 2, doc = "which message this is" },
			{ name = "size", at = 2, type = "u16", size = 2 },
			{ name = "more", at = 4, type = "u32", size = 4, group = 1 },
			{ name = "words", at = 8, type = "rest", item = "u64", item_size = 8, base = 0 },
		  } },
		{ name = "data", title = "DATA", min = 8, id = 2, direction = 2, since = 0x00020000, features = 0x1,
		  fields = {
			{ name = "type", at = 0, type = "u16", size = 2, doc = "which message this is" },
			{ name = "size", at = 2, type = "u16", size = 2 },
			{ name = "count", at = 4, type = "u32", size = 4, max = 3 },
			{ name = "ranges", at = 8, type = "counted", item = "range", item_size = 12, count = "count", base = 0 },
		  } },
		{ name = "windows", title = "WINDOWS", min = 20, id = 3, direction = 3,
		  fields = {
			{ name = "type", at = 0, type = "u16", size = 2, doc = "which message this is" },
			{ name = "size", at = 2, type = "u16", size = 2 },
			{ name = "text_offset", at = 4, type = "u32", size = 4 },
			{ name = "text_length", at = 8, type = "u32", size = 4 },
			{ name = "list_offset", at = 12, type = "u32", size = 4 },
			{ name = "list_length", at = 16, type = "u32", size = 4 },
			{ name = "text", at = 20, type = "window", item_size = 1, base = 4, offset = "text_offset", length = "text_length" },
			{ name = "list", at = 20, type = "chain", item = "info", item_size = 8, base = 4, offset = "list_offset", length = "list_length" },
		  } },
	},
}

