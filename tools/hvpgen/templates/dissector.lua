-- SPDX-License-Identifier: BSD-2-Clause
-- Reads traces of hvproto's mock host: pcap files of link type USER0 (see docs/wire/trace.md).
--
--   tshark -X lua_script:dissector/hvproto.lua -r trace.pcap
--
-- or put this file into Wireshark's folder of personal Lua plug-ins. Filters are named after the
-- spec: hvp.vmbus.offer_channel.channel_id == 3, hvp.channel == 3, hvp.fault.
--
-- The tables come first; the code that walks them follows and knows no message by name but
-- the few that it learns state from: offers (which device a channel is) and the granted features.
@TABLES@
local proto = Proto("hvp", "VMBus trace")

-- ProtoFields ---------------------------------------------------------------------------

local all_fields = {}

local function register(field)
	all_fields[#all_fields + 1] = field
	return field
end

local function names_of(set)
	local names = {}

	for _, v in ipairs(set.values) do
		names[v[1]] = v[2]
	end
	return names
end

local INTEGER = {
	u8 = ProtoField.uint8, u16 = ProtoField.uint16, u32 = ProtoField.uint32,
	u64 = ProtoField.uint64, i32 = ProtoField.int32, i64 = ProtoField.int64,
}
local SIZES = { u8 = 1, u16 = 2, u32 = 4, u64 = 8, i32 = 4, i64 = 8, guid = 16 }

-- One bool per flag, so that `hvp.vmbus.offer_channel.flags.named_pipe_mode` filters.
local function flag_fields(abbr, f, set)
	local flags = {}

	for _, v in ipairs(set.values) do
		flags[#flags + 1] = register(ProtoField.bool(abbr .. "." .. v[2], v[2],
			8 * SIZES[f.type], nil, v[1]))
	end
	return flags
end

local function make_field(prefix, f, sets)
	local abbr = prefix .. "." .. f.name
	local set = f.values and sets[f.values]
	local display = (f.hex or (set and set.kind == "flags")) and base.HEX or base.DEC

	if INTEGER[f.type] then
		-- Wireshark prints signed numbers in decimal only.
		if f.type == "i32" or f.type == "i64" then
			display = base.DEC
		end
		f.field = register(INTEGER[f.type](abbr, f.name, display,
			set and set.kind ~= "flags" and f.type ~= "i32" and names_of(set) or nil,
			nil, f.doc))
		if set and set.kind == "flags" then
			f.flags = flag_fields(abbr, f, set)
		end
	elseif f.type == "guid" then
		f.field = register(ProtoField.guid(abbr, f.name, nil, f.doc))
	elseif f.type == "utf16" then
		f.field = register(ProtoField.string(abbr, f.name, nil, f.doc))
	else
		f.field = register(ProtoField.bytes(abbr, f.name, nil, f.doc))
		if f.item and INTEGER[f.item] then
			f.item_field = register(INTEGER[f.item](abbr .. ".item", f.name, base.HEX))
		end
	end
end

local function make_layouts(proto_name, list, sets)
	for _, m in ipairs(list) do
		for _, f in ipairs(m.fields) do
			make_field("hvp." .. proto_name .. "." .. m.name, f, sets)
		end
	end
end

for name, p in pairs(PROTOCOLS) do
	p.record_by_name, p.message_by_id = {}, {}
	make_layouts(name, p.records, p.sets)
	make_layouts(name, p.messages, p.sets)
	for _, r in ipairs(p.records) do
		p.record_by_name[r.name] = r
	end
	for _, m in ipairs(p.messages) do
		p.message_by_id[m.id] = p.message_by_id[m.id] or {}
		table.insert(p.message_by_id[m.id], m)
	end
end

local H = {
	kind = register(ProtoField.uint8("hvp.kind", "Kind", base.DEC, TRACE.kinds)),
	direction = register(ProtoField.uint8("hvp.direction", "Direction", base.DEC,
		TRACE.directions)),
	version = register(ProtoField.uint8("hvp.trace_version", "Record version")),
	vp = register(ProtoField.uint8("hvp.vp", "VP")),
	channel = register(ProtoField.uint32("hvp.channel", "Channel")),
	connection = register(ProtoField.uint32("hvp.connection_id", "Connection id", base.HEX)),
	negotiated = register(ProtoField.uint32("hvp.negotiated", "Negotiated version", base.HEX,
		VERSIONS)),
	aux = register(ProtoField.uint64("hvp.aux", "Aux", base.HEX)),
	device = register(ProtoField.string("hvp.device", "Device")),
	message = register(ProtoField.string("hvp.message", "Message")),
	packet = register(ProtoField.string("hvp.packet", "Packet")),
	pfn = register(ProtoField.uint64("hvp.ring.pfn", "page", base.HEX)),
	payload = register(ProtoField.bytes("hvp.payload", "Payload")),
	padding = register(ProtoField.bytes("hvp.padding", "Padding or surplus")),
	note = register(ProtoField.string("hvp.note", "Note")),
	value = register(ProtoField.uint64("hvp.msr_value", "MSR value", base.HEX)),
	status = register(ProtoField.uint32("hvp.hypercall_status", "Hypercall status", base.HEX,
		HYPERVISOR.status)),
}

local E = {
	short = ProtoExpert.new("hvp.fault.short", "The message ends before its fields do",
		expert.group.MALFORMED, expert.severity.ERROR),
	value = ProtoExpert.new("hvp.fault.value", "A field holds a value that is not allowed",
		expert.group.MALFORMED, expert.severity.ERROR),
	unknown = ProtoExpert.new("hvp.fault.unknown", "No message with this id",
		expert.group.MALFORMED, expert.severity.ERROR),
	direction = ProtoExpert.new("hvp.fault.direction", "A message of the other direction",
		expert.group.PROTOCOL, expert.severity.ERROR),
	gate = ProtoExpert.new("hvp.fault.gate", "Not in the negotiated version",
		expert.group.PROTOCOL, expert.severity.WARN),
	range = ProtoExpert.new("hvp.fault.range", "An offset or length points outside its base",
		expert.group.MALFORMED, expert.severity.ERROR),
	reserved = ProtoExpert.new("hvp.fault.reserved", "Reserved bytes are not zero",
		expert.group.PROTOCOL, expert.severity.NOTE),
}

proto.fields = all_fields
do
	local list = {}

	for _, e in pairs(E) do
		list[#list + 1] = e
	end
	proto.experts = list
end

-- State learned from earlier records -----------------------------------------------------

-- Wireshark dissects records again in any order, so what was true at a record is kept with it.
local device_of, instances, features, seen

function proto.init()
	device_of, instances, features, seen = {}, {}, 0, {}
end

local function state_at(pinfo, channel)
	local s = seen[pinfo.number]

	if not s then
		local device = device_of[channel]
		s = { device = device, features = features, nvsp = device and device.nvsp }
		seen[pinfo.number] = s
	end
	return s
end

local function guid_text(range)
	local b = range:bytes()
	local function hex(...)
		local t = ""

		for _, i in ipairs({ ... }) do
			t = t .. string.format("%02x", b:get_index(i))
		end
		return t
	end

	return hex(3, 2, 1, 0) .. "-" .. hex(5, 4) .. "-" .. hex(7, 6) .. "-" .. hex(8, 9) .. "-" ..
		hex(10, 11, 12, 13, 14, 15)
end

local function device_by_guid(text)
	local d = INTERFACES[text]

	for _, port in ipairs(PORT_INTERFACES) do
		if not d and text:sub(9) == port.guid:sub(9) then
			d = port
		end
	end
	return d
end

-- A device and its sub-channels are one: what is negotiated on the first holds on all.
local function learn_offer(range, values)
	local text, instance = guid_text(range(8, 16)), guid_text(range(24, 16))
	local device = values.subchannel_index ~= 0 and instances[instance]

	device = device or {
		name = (device_by_guid(text) or { name = text }).name,
		pipe = bit32.band(values.flags, FLAG_NAMED_PIPE) ~= 0,
	}
	instances[instance] = device
	device_of[values.channel_id] = device
end

-- A guest asks for versions until one is granted.
local function learn_nvsp(m, values, device)
	if m.name == "init" then
		device.asked = values.protocol_version
		device.nvsp = device.nvsp or 0
	elseif m.name == "init_complete" and values.status == 1 then
		device.nvsp = device.asked
	end
end

-- What later records need to know; runs once per record, in file order.
local function learn(m, range, values, ctx)
	if ctx.proto == PROTOCOLS.nvsp then
		learn_nvsp(m, values, ctx.device)
	elseif m.name == "offer_channel" and range:len() >= m.min then
		learn_offer(range, values)
	elseif m.name == "version_response" then
		features = values.supported_features or 0
	end
end

-- Fields ------------------------------------------------------------------------------------

local function number_of(f, range)
	if f.big then
		return f.type == "u64" and range:uint64():tonumber() or range:uint()
	elseif f.type == "u64" then
		return range:le_uint64():tonumber()
	elseif f.type == "i64" then
		return range:le_int64():tonumber()
	elseif f.type == "i32" then
		return range:le_int()
	elseif INTEGER[f.type] then
		return range:le_uint()
	end
	return nil
end

local function bound(limit, values)
	return type(limit) == "string" and values[limit] or limit
end

local function check_value(item, f, value, values, set)
	local low, high = bound(f.min, values), bound(f.max, values)

	if low and value < low or high and value > high then
		item:add_proto_expert_info(E.value, string.format("%s is %.0f, allowed are %s to %s",
			f.name, value, low or 0, high or "any"))
	elseif f.multiple and value % f.multiple ~= 0 then
		item:add_proto_expert_info(E.value, string.format("%s is %.0f, no multiple of %u",
			f.name, value, f.multiple))
	elseif set and set.closed and not names_of(set)[value] then
		item:add_proto_expert_info(E.value, string.format("%s has no value %.0f", f.name, value))
	end
end

local function show_field(tree, f, range, values, sets)
	local item, set

	if f.type == "guid" then
		item = tree:add_le(f.field, range)
		local device = device_by_guid(guid_text(range))
		if device then
			item:append_text(" (" .. device.name .. ")")
		end
		return
	elseif f.type == "utf16" then
		tree:add_packet_field(f.field, range, ENC_UTF_16 + ENC_LITTLE_ENDIAN)
		return
	elseif not INTEGER[f.type] then
		tree:add(f.field, range)
		return
	end
	item = f.big and tree:add(f.field, range) or tree:add_le(f.field, range)
	set = f.values and sets[f.values]
	values[f.name] = number_of(f, range)
	if set and f.type == "i32" then
		local name = names_of(set)[bit32.band(values[f.name], 0xffffffff)]
		if name then
			item:append_text(" (" .. name .. ")")
		end
	end
	for _, flag in ipairs(f.flags or {}) do
		if f.big then
			item:add(flag, range)
		else
			item:add_le(flag, range)
		end
	end
	check_value(item, f, values[f.name], values, set)
end

local function all_zero(range)
	local b = range:bytes()

	for i = 0, b:len() - 1 do
		if b:get_index(i) ~= 0 then
			return false
		end
	end
	return true
end

-- One condition of a group; the list of a group holds when all of it does.
local function holds(c, values, ctx, group, len)
	local version = c.field and (values[c.field] or 0) or ctx.version
	local field = c.field and (values[c.field] or 0) or 0

	if c.since and version < c.since or c.till and version >= c.till then
		return false
	end
	if c.features and bit32.band(ctx.features, c.features) == 0 then
		return false
	end
	if c.mask and bit32.band(field, c.mask) == 0 or c.equals and field ~= c.equals then
		return false
	end
	return not c.room or len >= group.last
end

local function is_present(group, values, ctx, len)
	for _, c in ipairs(group.when) do
		if not holds(c, values, ctx, group, len) then
			return false
		end
	end
	return true
end

local show_layout

local function show_items(tree, f, range, ctx)
	local at, size = 0, f.item_size

	if f.item_field then
		while range:len() - at >= size do
			tree:add_le(f.item_field, range(at, size))
			at = at + size
		end
		return
	end
	local record = ctx.proto.record_by_name[f.item]
	while record and range:len() - at >= record.min and range:len() > at do
		local item = tree:add(range(at), record.name)
		local used, values = show_layout(item, record, range(at):tvb(), ctx)
		if record.next then
			used = math.ceil((values[record.next] or 0) / record.align) * record.align
		end
		if used == 0 then
			return
		end
		item:set_len(math.min(used, range:len() - at))
		at = at + used
	end
end

-- Where the bytes of a view are: range, or nil and why not.
local function view_range(f, tvb, at, values, ctx)
	local left = tvb:len() - at

	if f.type == "rest" then
		return left > 0 and tvb(at) or nil
	elseif f.type == "counted" then
		local need = (values[f.count] or 0) * f.item_size
		if need > left then
			return nil, E.short
		end
		return need > 0 and tvb(at, need) or nil
	end
	local start, length = f.base + (values[f.offset] or 0), values[f.length] or 0
	if length == 0 then
		return nil
	elseif start + length > tvb:len() then
		return nil, not ctx.goes_on and E.range or nil
	end
	return tvb(start, length)
end

local function show_view(tree, f, tvb, at, values, ctx)
	local range, why = view_range(f, tvb, at, values, ctx)

	if why then
		tree:add_proto_expert_info(why, f.name .. ": " .. tvb:len() .. " bytes are there")
		return tvb:len()
	elseif not range then
		return at
	end
	show_items(tree:add(f.field, range), f, range, ctx)
	if f.type == "rest" or f.type == "counted" then
		return range:offset() - tvb():offset() + range:len()
	end
	return at
end

-- Shows a record or message from the start of @tvb; gives the bytes used and the values read.
show_layout = function(tree, layout, tvb, ctx)
	local values, at, len = {}, 0, tvb:len()
	local present = {}

	for n, group in ipairs(layout.groups or {}) do
		present[n] = nil
		group.last = group.at + group.size
	end
	for _, f in ipairs(layout.fields) do
		local group = f.group and layout.groups[f.group]
		if group and present[f.group] == nil then
			present[f.group] = is_present(group, values, ctx, len)
		end
		if group and not present[f.group] then
			-- not in this message
		elseif not f.size then
			at = show_view(tree, f, tvb, math.max(at, f.at), values, ctx)
		elseif f.at + f.size > len then
			tree:add_proto_expert_info(E.short, string.format(
				"%s needs %u bytes, %u are there", f.name, f.at + f.size, len))
			return len, values
		else
			local range = tvb(f.at, f.size)
			if not f.reserved then
				show_field(tree, f, range, values, ctx.proto.sets)
			elseif not all_zero(range) then
				tree:add(f.field, range):add_proto_expert_info(
					f.reserved == "zero" and E.value or E.reserved)
			end
			at = math.max(at, f.at + f.size)
		end
	end
	return at, values
end

-- Messages ------------------------------------------------------------------------------------

local function find_message(p, id, direction)
	local list = p.message_by_id[id]

	for _, m in ipairs(list or {}) do
		if bit32.band(m.direction, direction) ~= 0 then
			return m, true
		end
	end
	return list and list[1], false
end

local function version_name(p, version)
	return names_of(p.sets.version)[version] or string.format("0x%08x", version)
end

local function describe(m, values, ctx)
	local text, version = m.title, values.version_requested or values.protocol_version

	if not ctx.in_payload and values.channel_id then
		text = text .. " channel " .. values.channel_id
	elseif not ctx.in_payload and ctx.channel ~= 0 then
		text = text .. " channel " .. ctx.channel
	end
	if values.gpadl_id then
		text = text .. string.format(" gpadl 0x%x", values.gpadl_id)
	end
	if version then
		text = text .. " " .. version_name(ctx.proto, version)
	end
	return text
end

local function check_gates(tree, m, fits, ctx)
	if not fits then
		tree:add_proto_expert_info(E.direction)
	end
	if m.since and ctx.version < m.since then
		tree:add_proto_expert_info(E.gate, string.format("%s needs %s", m.title,
			version_name(ctx.proto, m.since)))
	elseif m.features and bit32.band(ctx.features, m.features) == 0 then
		tree:add_proto_expert_info(E.gate, m.title .. " needs a feature that was not granted")
	end
end

local function show_message(tvb, pinfo, tree, ctx)
	local p = ctx.proto
	local id_end = p.id_at + p.id_size

	if tvb:len() < id_end then
		tree:add_proto_expert_info(E.short)
		return "short message"
	end
	local id = tvb(p.id_at, p.id_size):le_uint()
	local m, fits = find_message(p, id, ctx.direction)
	if not m then
		tree:add(H.payload, tvb()):add_proto_expert_info(E.unknown, "No message has id " .. id)
		return "unknown message " .. id
	end
	local item = tree:add(H.message, tvb(), m.title)
	check_gates(item, m, fits, ctx)
	local used, values = show_layout(item, m, tvb, ctx)
	if used < tvb:len() then
		item:add(H.padding, tvb(used))
	end
	if not pinfo.visited then
		learn(m, tvb(), values, ctx)
	end
	return describe(m, values, ctx), used
end

-- Ring packets ----------------------------------------------------------------------------------

local function show_record(tree, name, tvb, at, ctx)
	local record = ctx.proto.record_by_name[name]
	local part = tvb(at):tvb()
	local item = tree:add(tvb(at), name)
	local used, values = show_layout(item, record, part, ctx)

	item:set_len(used)
	return at + used, values, item
end

-- Pages of 4096 bytes that a range touches.
local function pages_of(values)
	return math.ceil((values.byte_offset % 4096 + values.byte_count) / 4096)
end

local function show_gpa_ranges(tree, tvb, at, stop, count, ctx)
	for n = 1, count do
		local where = "range " .. n .. " of " .. count
		if at + 8 > stop then
			tree:add_proto_expert_info(E.range, where .. " does not fit before the payload")
			return
		end
		local pages_at, values, item = show_record(tree, RING.gpa_range, tvb(0, stop):tvb(), at, ctx)
		local last = pages_at + 8 * pages_of(values)
		if last > stop then
			item:add_proto_expert_info(E.range, where .. ": its pages do not fit before the payload")
			return
		end
		item:set_len(last - at)
		for page = pages_at, last - 8, 8 do
			item:add_le(H.pfn, tvb(page, 8))
		end
		at = last
	end
end

local function show_transfer_ranges(tree, tvb, at, stop, count, ctx)
	for n = 1, count do
		if at + 8 > stop then
			tree:add_proto_expert_info(E.range, "range " .. n .. " of " .. count ..
				" does not fit before the payload")
			return
		end
		at = show_record(tree, RING.transfer_range, tvb(0, stop):tvb(), at, ctx)
	end
end

local function show_extra(tree, tvb, packet_type, stop, ctx)
	local head = tvb(0, stop):tvb()
	local at, values, item

	if packet_type == RING.transfer_pages_type then
		at, values, item = show_record(tree, RING.transfer_pages, head, 16, ctx)
		show_transfer_ranges(item, tvb, at, stop, values.range_count or 0, ctx)
	elseif packet_type == RING.gpa_direct_type then
		at, values, item = show_record(tree, RING.gpa_direct, head, 16, ctx)
		show_gpa_ranges(item, tvb, at, stop, values.range_count or 0, ctx)
	end
end

-- The protocol of a device's packets, if it is one that is known here.
local function payload_protocol(ctx)
	if not ctx.device then
		return nil
	elseif ctx.device.name == "network" then
		-- a trace that begins after the INIT does not tell the version
		ctx.version = ctx.nvsp or 0xffffffff
		return PROTOCOLS.nvsp
	end
	return ctx.device.pipe and ctx.in_band and PROTOCOLS.pipe or nil
end

-- What the payload is, to go behind the packet's text.
local function show_payload(tree, pinfo, tvb, at, stop, ctx)
	if stop <= at then
		return ""
	end
	local range = tvb(at, stop - at)
	tree:add(H.payload, range)
	ctx.proto = payload_protocol(ctx)
	ctx.in_payload = true
	return ctx.proto and ": " .. show_message(range:tvb(), pinfo, tree, ctx) or ""
end

local function show_packet(tvb, pinfo, tree, ctx)
	if tvb:len() < 16 then
		tree:add_proto_expert_info(E.short)
		return "short packet"
	end
	local _, d, item = show_record(tree, RING.descriptor, tvb, 0, ctx)
	local name = RING.types[d.packet_type] or "packet type " .. d.packet_type
	tree:add(H.packet, tvb(0, 2), name):set_generated()
	local start, stop = 8 * d.data_offset8, 8 * d.length8
	if start < 16 or stop < start then
		item:add_proto_expert_info(E.value, "data_offset8 and length8 contradict each other")
		return name .. ", malformed"
	elseif stop > tvb:len() then
		item:add_proto_expert_info(E.short, string.format(
			"length8 says %u bytes, %u are there", stop, tvb:len()))
		return name .. ", cut short"
	end
	if start > 16 then
		show_extra(tree, tvb, d.packet_type, start, ctx)
	end
	ctx.in_band = d.packet_type == RING.in_band_type
	local payload = show_payload(tree, pinfo, tvb, start, stop, ctx)
	local text = name .. " channel " .. ctx.channel
	if ctx.device then
		text = text .. " " .. ctx.device.name
	end
	-- Lua numbers hold 53 bits; the id may be any 64.
	return text .. ", id 0x" .. tvb(8, 8):le_uint64():tohex():gsub("^0+(.)", "%1") .. ", " ..
		(stop - start) .. " bytes" .. payload
end

-- RNDIS ---------------------------------------------------------------------------------------

-- One message from the start of @tvb; its text and how many bytes it takes, nil if it is none.
local function show_rndis(tvb, pinfo, tree, ctx)
	local p = PROTOCOLS.rndis

	if tvb:len() < 8 or not find_message(p, tvb(0, 4):le_uint(), ctx.direction) then
		return nil
	end
	local length = tvb(4, 4):le_uint()
	local here = math.max(8, math.min(length, tvb:len()))
	ctx.proto, ctx.goes_on = p, length > tvb:len()
	return show_message(tvb(0, here):tvb(), pinfo, tree, ctx), here
end

-- What an NVSP message pointed to: messages one behind the other. The last may go on in the next
-- record, which then does not begin with a message.
local function show_pointed(tvb, pinfo, tree, ctx)
	local text, at = "", 0

	ctx.in_payload, ctx.version = true, 0
	while at < tvb:len() do
		local message, used = show_rndis(tvb(at):tvb(), pinfo, tree, ctx)
		if not message then
			break
		end
		text = text .. (at == 0 and ": " or ", ") .. message
		at = at + used
	end
	return text
end

-- Records ---------------------------------------------------------------------------------------

-- The data are the value written to an MSR, or the status of a hypercall that failed.
local function show_hypercall(tvb, tree, ctx)
	local msr = HYPERVISOR.sints[ctx.aux] or HYPERVISOR.msrs[ctx.aux]
	local code = bit32.band(ctx.aux, 0xffff)
	local call = HYPERVISOR.calls[code] or string.format("hypercall 0x%x", code)

	if not tvb or tvb:len() < 8 then
		return msr or call
	elseif msr then
		tree:add_le(H.value, tvb(0, 8))
		return msr .. " = 0x" .. tvb(0, 8):le_uint64():tohex()
	end
	tree:add_le(H.status, tvb(0, 4))
	local status = tvb(0, 4):le_uint()
	return call .. ": " .. (HYPERVISOR.status[status] or string.format("status 0x%x", status))
end

local function show_with_codec(tvb, pinfo, tree, ctx)
	if not tvb then
		tree:add_proto_expert_info(E.short, "There are no bytes after the record header")
		return "nothing"
	elseif ctx.kind == TRACE.message then
		ctx.proto = PROTOCOLS.vmbus
		return show_message(tvb, pinfo, tree, ctx)
	end
	ctx.proto = PROTOCOLS.ring
	return show_packet(tvb, pinfo, tree, ctx)
end

local function show_body(tvb, pinfo, tree, ctx)
	if ctx.kind == TRACE.message or ctx.kind == TRACE.packet then
		return show_with_codec(tvb, pinfo, tree, ctx)
	elseif ctx.kind == TRACE.signal then
		local text = string.format("signal channel %u, flag %.0f", ctx.channel, ctx.aux)
		return ctx.direction == 1 and text .. string.format(", connection 0x%x", ctx.connection) or
			text .. ", VP " .. ctx.vp
	elseif ctx.kind == TRACE.hypercall then
		return show_hypercall(tvb, tree, ctx)
	elseif ctx.kind == TRACE.note then
		local text = tvb and tvb():string() or ""
		if tvb then
			tree:add(H.note, tvb())
		end
		return text
	elseif ctx.kind == TRACE.pointed then
		local text = string.format("%u bytes at 0x%s", tvb and tvb:len() or 0, ctx.aux_hex)
		if tvb then
			tree:add(H.payload, tvb())
		end
		if tvb and ctx.device and ctx.device.name == "network" then
			text = text .. show_pointed(tvb, pinfo, tree, ctx)
		end
		return text
	end
	tree:add_proto_expert_info(E.unknown, "No record has kind " .. ctx.kind)
	return "unknown record"
end

local function show_header(tvb, tree)
	local head = tree:add(tvb(0, TRACE.size), "Trace record")

	head:add(H.version, tvb(0, 1))
	head:add(H.kind, tvb(1, 1))
	head:add(H.direction, tvb(2, 1))
	head:add(H.vp, tvb(3, 1))
	head:add_le(H.channel, tvb(4, 4))
	head:add_le(H.connection, tvb(8, 4))
	head:add_le(H.negotiated, tvb(12, 4))
	head:add_le(H.aux, tvb(16, 8))
end

local function context(tvb, pinfo)
	local channel = tvb(4, 4):le_uint()
	local state = state_at(pinfo, channel)

	return {
		kind = tvb(1, 1):uint(), vp = tvb(3, 1):uint(), direction = tvb(2, 1):uint(), channel = channel,
		connection = tvb(8, 4):le_uint(), version = tvb(12, 4):le_uint(),
		aux = tvb(16, 8):le_uint64():tonumber(), aux_hex = tvb(16, 8):le_uint64():tohex(),
		device = state.device, features = state.features, nvsp = state.nvsp,
	}
end

local ARROW = { [1] = "guest to host", [2] = "host to guest" }

function proto.dissector(tvb, pinfo, tree)
	local top = tree:add(proto, tvb())
	local ctx, body

	pinfo.cols.protocol = "VMBus"
	if tvb:len() < TRACE.size then
		top:add_proto_expert_info(E.short, "A trace record has at least 24 bytes")
		pinfo.cols.info = "short record"
		return
	end
	show_header(tvb, top)
	ctx = context(tvb, pinfo)
	body = tvb:len() > TRACE.size and tvb(TRACE.size):tvb() or nil
	if ctx.device then
		top:add(H.device, ctx.device.name):set_generated()
	end
	pinfo.cols.src = ctx.direction == 1 and "guest" or ctx.direction == 2 and "host" or ""
	pinfo.cols.dst = ctx.direction == 1 and "host" or ctx.direction == 2 and "guest" or ""
	local text = show_body(body, pinfo, top, ctx)
	pinfo.cols.info = text
	top:append_text(", " .. (ARROW[ctx.direction] or "note") .. ", " .. text)
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, proto)
