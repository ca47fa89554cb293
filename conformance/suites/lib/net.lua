-- SPDX-License-Identifier: BSD-2-Clause
-- A host of a NIC in Lua, on a scripted channel: it answers NVSP and RNDIS as chapter 20 says
-- hosts do, whenever something has happened, and each answer can be replaced. Raw on purpose:
-- what it says can be any bytes. docs/writing-cases.md, "A NIC whose host is the case".
local net = {}

net.versions = { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 0x2 }
net.mac = hex "00 15 5d 0a 0b 0c"
net.control_slots = 16

local Nic, Msg = {}, {}
Msg.__index = Msg

local function merge(a, b)
  local t = {}
  for k, v in pairs(a or {}) do t[k] = v end
  for k, v in pairs(b or {}) do t[k] = v end
  return t
end
net.merge = merge

local function fits(found, want)
  if type(want) == "function" then return want(found) end
  if type(want) == "table" and want.one_of then
    for _, v in ipairs(want.one_of) do if found == v then return true end end
    return false
  end
  return found == want
end

local function text(v)
  if math.type(v) == "integer" then return string.format("%d (0x%x)", v, v) end
  if type(v) == "string" then
    return (v:sub(1, 24):gsub(".", function(c) return string.format("%02x ", c:byte()) end))
      .. "(" .. #v .. " bytes)"
  end
  return type(v) == "function" and "what the case's function accepts" or tostring(v)
end

-- Bytes ---------------------------------------------------------------------------------

-- A per-packet information element; opts: size, offset (lies)
function net.ppi(kind, value, opts)
  opts = opts or {}
  local payload = type(value) == "string" and value or u32(value)
  return u32(opts.size or 12 + #payload) .. u32(kind) .. u32(opts.offset or 12) .. payload
end

net.CSUM, net.LSO, net.VLAN, net.HASH, net.HASH_INFO, net.PACKET_ID = 0, 2, 6, 8, 9, 0x80000001

-- An RNDIS PACKET message. opts: ppis (bytes), and in place of what is right: length,
-- data_offset, data_length, ppi_offset, ppi_length, oob_offset, oob_length, oob_count, vc, gap
-- (bytes before the frame), tail (bytes behind it)
function net.rndis_packet(frame, opts)
  opts = opts or {}
  local ppis, gap, tail = opts.ppis or "", opts.gap or "", opts.tail or ""
  local data_offset = opts.data_offset or 36 + #ppis + #gap
  return u32(1) .. u32(opts.length or 44 + #ppis + #gap + #frame + #tail) .. u32(data_offset)
    .. u32(opts.data_length or #frame) .. u32(opts.oob_offset or 0) .. u32(opts.oob_length or 0)
    .. u32(opts.oob_count or 0) .. u32(opts.ppi_offset or (#ppis > 0 and 36 or 0))
    .. u32(opts.ppi_length or #ppis) .. u32(opts.vc or 0) .. u32(0) .. ppis .. gap .. frame .. tail
end

-- An Ethernet frame of n bytes
function net.frame(n, seed)
  return (net.mac .. hex "02 00 00 00 00 01 08 00" .. pattern(math.max(n, 14), seed)):sub(1, n)
end

-- Elements of a list of per-packet information: { [type] = payload }, in order of the list too
local function parse_ppis(bytes, offset, length)
  local found, at = { order = {} }, offset
  while at < offset + length do
    local size, kind, off = get_u32(bytes, at), get_u32(bytes, at + 4), get_u32(bytes, at + 8)
    if size < 12 or at + size > offset + length then return nil, "impossible element" end
    found[kind] = bytes:sub(at + off + 1, at + size)
    found.order[#found.order + 1] = kind
    at = at + size
  end
  return found
end

-- NDIS structures that hosts answer with ---------------------------------------------------

function net.offload(opts)
  local o = merge({ tx4 = 0x155, rx4 = 0x155, tx6 = 0x55, rx6 = 0x55, lso_max = 0xf53c,
                    rsc = 0, revision = 3, size = 156, type = 0xa7 }, opts)
  local s = u8(o.type) .. u8(o.revision) .. u16(o.size)
    .. u32(2) .. u32(o.tx4) .. u32(2) .. u32(o.rx4) .. u32(2) .. u32(o.tx6) .. u32(2) .. u32(o.rx6)
    .. zeros(16) .. zeros(28) .. u32(2) .. u32(o.lso_max) .. u32(2) .. u32(2) .. u32(o.lso_max)
    .. u32(2) .. u32(5) .. u32(0) .. zeros(32) .. u8(o.rsc) .. u8(o.rsc) .. zeros(10)
  return s:sub(1, o.bytes or 156)
end

function net.rss_caps(queues, opts)
  local o = merge({ entries = 128, type = 0x88, revision = 2, size = 18 }, opts)
  return u8(o.type) .. u8(o.revision) .. u16(o.size) .. u32(0x301) .. u32(1) .. u32(queues)
    .. u16(o.entries)
end

-- OIDs with the answers of a real host; a function gets the NIC.
net.oids = {
  [0x00010106] = function(n) return u32(n:frame_size() - 14) end,
  [0x00010107] = function(n) return u32(n.cfg.link_speed) end,
  [0x00010114] = function(n) return u32(n.cfg.link and 0 or 1) end,
  [0x01010101] = function() return net.mac end,
  [0x01010102] = function() return net.mac end,
  [0xfc01020d] = function() return net.offload() end,
  [0xfc01020b] = function() return net.offload() end,
  [0x00010203] = function(n) return net.rss_caps(n.cfg.queues) end,
  [0x00020216] = function()
    return (("Network Device"):gsub(".", "%0\0") .. zeros(512)):sub(1, 512)
  end,
}

local sets = { [0x0001010e] = true, [0xfc01020c] = true, [0x00010204] = true,
               [0x0101010a] = true, [0x0001021b] = true, [0x01010103] = true }

-- The messages ----------------------------------------------------------------------------

local replies = { init = "init_complete", receive_buffer = "receive_buffer_complete",
  send_buffer = "send_buffer_complete", sub_channel = "sub_channel_complete",
  oid_query_ex = "oid_query_ex_complete", initialize = "initialize_complete",
  query = "query_complete", set = "set_complete", keepalive = "keepalive_complete",
  reset = "reset_complete", set_ex = "set_ex_complete" }

local function mangle(bytes, opts)
  for offset, value in pairs(opts.poke or {}) do
    local s = type(value) == "string" and value or u8(value)
    bytes = bytes:sub(1, offset) .. s .. bytes:sub(offset + #s + 1)
  end
  if opts.truncate then bytes = bytes:sub(1, opts.truncate) end
  return bytes .. (opts.append or "")
end

function Nic:message_size() return (self.version or 0) >= 0x60001 and 40 or 28 end
function Nic:pad(bytes) return bytes .. zeros(self:message_size() - #bytes) end
function Nic:frame_size()
  local mtu = self.mtu or 1514
  return (mtu < 1514 or mtu > self.cfg.mtu_max) and 1514 or mtu
end

function Nic:complete_packet(m, bytes)
  if m.packet.flags & 1 == 0 then return end
  self:send_later(m.queue, { type = "completion", id = m.packet.id, payload = bytes })
end

-- What fields the answer has when nothing else is said.
local defaults = {}

function defaults.init(n, m)
  local v, ok = m.protocol_version, false
  for _, known in ipairs(net.versions) do
    ok = ok or v == known and v <= n.cfg.max_version and v >= n.cfg.min_version
  end
  return { negotiated_protocol_version = v == 2 and 2 or 0xffffffff, maximum_mdl_chain_length = 34,
           status = ok and 1 or 0 }
end
function defaults.receive_buffer(n, m)
  local slot = n.cfg.slot or 256 + n:frame_size() + 36
  local count = n.cfg.slots or n:buffer_size(m.gpadl_handle) // slot
  return { status = 1, num_sections = 1, sections = u32(0) .. u32(slot) .. u32(count)
           .. u32(slot * count) }
end
function defaults.send_buffer(n) return { status = 1, section_size = n.cfg.section_size } end
function defaults.sub_channel(n, m)
  local ok = m.operation == 1 and m.num_sub_channels < n.cfg.queues
  return { status = ok and 1 or 2, num_sub_channels = ok and m.num_sub_channels or 0 }
end
function defaults.oid_query_ex() return { status = 0xc00000bb, bytes = 0 } end
function defaults.initialize(n, m)
  return { message_length = 52, request_id = m.request_id, status = 0, major_version = 1,
    minor_version = 0, device_flags = 1, medium = 0, max_packets_per_message = n.cfg.max_packets,
    max_transfer_size = n.cfg.max_transfer, packet_alignment_factor = n.cfg.alignment,
    af_list_offset = 0, af_list_size = 0 }
end
function defaults.query(n, m)
  local own = n.own_oids[m.oid]
  local value = own and own.data or net.oids[m.oid]
  if type(value) == "function" then value = value(n) end
  local status = own and own.status or (value and 0 or 0xc00000bb)
  return { request_id = m.request_id, status = status, info = value or "" }
end
function defaults.set(n, m)
  local own = n.own_oids[m.oid]
  return { message_length = 16, request_id = m.request_id,
           status = own and own.status or (sets[m.oid] and 0 or 0xc00000bb) }
end
function defaults.keepalive(_, m)
  return { message_length = 16, request_id = m.request_id, status = 0 }
end

local function rndis_bytes(name, f)
  if name == "query_complete" then
    local info = f.info or ""
    return u32(0x80000004) .. u32(f.message_length or 24 + #info) .. u32(f.request_id)
      .. u32(f.status or 0) .. u32(f.info_buffer_length or #info)
      .. u32(f.info_buffer_offset or 16) .. info
  end
  return encode("rndis." .. name, f)
end

-- Answer a message: fields in place of those that are right; opts: poke, truncate, append,
-- bytes (all of the message), no_pad
function Msg:answer(fields, opts)
  local n, short = self.nic, self.name:match("%.(.*)")
  opts = opts or {}
  local name = replies[short]
  local all = merge(defaults[short] and defaults[short](n, self), fields)
  if self.layer == "rndis" then
    local bytes = opts.bytes or mangle(rndis_bytes(name, all), opts)
    n:send_rndis(bytes, opts)
  else
    local bytes = opts.bytes or encode("nvsp." .. name, all, n.version or 0x60001)
    if not opts.bytes then bytes = mangle(opts.no_pad and bytes or n:pad(bytes), opts) end
    n:complete_packet(self, bytes)
  end
  return all
end

-- What a host does with messages ------------------------------------------------------------

local acts = {}

acts["nvsp.init"] = function(n, m)
  local all = m:answer(n.replies[m.name] and n.replies[m.name][1], n.replies[m.name]
                       and n.replies[m.name][2])
  if all.status == 1 then n.version = m.protocol_version end
end
acts["nvsp.ndis_config"] = function(n, m)
  n.mtu, n.capabilities = m.mtu, m.capabilities
  n:complete_packet(m, "")
end
acts["nvsp.ndis_version"] = function(n, m) n:complete_packet(m, "") end
acts["nvsp.revoke_receive_buffer"] = function(n) n.rx = nil end
acts["nvsp.revoke_send_buffer"] = function(n) n.tx = nil end
acts["nvsp.switch_data_path"] = function(n, m)
  n.data_path = m.active_data_path
  n:complete_packet(m, "")
end
acts["rndis.halt"] = function() end

local function reply_of(n, m)
  local r = n.replies[m.name]
  if r and r[3] and m.oid ~= r[3] then r = nil end
  return r and r[1], r and r[2]
end

local function take_receive(n, m, all)
  if all.status ~= 1 then return end
  local _, slot, count = string.unpack("<I4I4I4", all.sections)
  n.rx = { gpadl = m.gpadl_handle, id = m.id, slot = slot, count = count,
           size = n:buffer_size(m.gpadl_handle), control = 0, data = net.control_slots }
end

local function grant(n, count)
  for i = #n.queues, count do
    if not n.queues[i] then
      n.queues[i] = n.host:offer { primary = n, subchannel_index = i, instance = n.instance }
      n.queues[i].queue = i
    end
  end
end

local function act(n, m)
  local f = acts[m.name]
  if f then return f(n, m) end
  local short = m.name:match("%.(.*)")
  if not defaults[short] then
    if m.layer == "nvsp" then n:complete_packet(m, "") end
    return
  end
  local all = m:answer(reply_of(n, m))
  if m.name == "nvsp.receive_buffer" then
    take_receive(n, m, all)
  elseif m.name == "nvsp.send_buffer" and all.status == 1 then
    n.tx = { gpadl = m.gpadl_handle, id = m.id, section = all.section_size,
             size = n:buffer_size(m.gpadl_handle) }
  elseif m.name == "nvsp.sub_channel" and all.status == 1 and n.cfg.offer_subs then
    grant(n, all.num_sub_channels)
  elseif m.name == "rndis.set" and m.oid == 0x0001010e then
    n.filter = #m.info >= 4 and get_u32(m.info, 0) or 0
  end
end

-- By mode, an answer of the case, or as always
local function dispatch(n, m)
  n.log[#n.log + 1] = m
  local mode = n.modes[m.name]
  if type(mode) == "function" and mode(m) then return end
  if mode == "ignore" then return end
  if mode == "hold" then
    n.held[#n.held + 1] = m
    return
  end
  act(n, m)
end

-- Packets of the guest ------------------------------------------------------------------------

local function message(n, layer, bytes, k, queue)
  local found, name, fault = decode(layer, bytes, 1, n.version or 0)
  local m = found or {}
  m.name = layer .. "." .. (found and found.name or name or "unknown")
  m.fault, m.bytes, m.layer, m.packet, m.queue, m.nic = fault, bytes, layer, k, queue, n
  m.malformed = not found and name ~= nil
  return setmetatable(m, Msg)
end

-- The RNDIS bytes of a packet: its section, then its ranges.
local function gather(n, m, k)
  local parts = {}
  if m.send_buffer_section_index ~= 0xffffffff then
    if not n.tx then fail("the guest names a section, and has no send buffer") end
    local at = m.send_buffer_section_index * n.tx.section
    if at + m.send_buffer_section_size > n.tx.size
       or m.send_buffer_section_size > n.tx.section then
      fail(string.format("section %d with %d bytes leaves the send buffer",
           m.send_buffer_section_index, m.send_buffer_section_size))
    end
    parts[1] = n:gpadl_read(n.tx.gpadl, at, m.send_buffer_section_size)
  end
  m.range_sizes = {}
  local count = k.type == 9 and get_u32(k.extra, 4) or 0
  for i = 1, count do
    local bytes, why = m.queue:range_bytes(k, i)
    if not bytes then fail("range " .. i .. " of a packet cannot be used: " .. why) end
    parts[#parts + 1] = bytes
    m.range_sizes[i] = #bytes
  end
  return table.concat(parts), count
end

local function take_frames(n, m, bytes)
  local at, index = 0, 0
  local batch = {}
  while at < #bytes do
    if #bytes - at < 44 then fail("a packet message of " .. #bytes - at .. " bytes") end
    local length = get_u32(bytes, at + 4)
    local f, name, fault = decode("rndis", bytes:sub(at + 1, at + math.max(length, 8)), 1,
                                  n.version or 0)
    if not f or f.name ~= "packet" then
      fail(string.format("rndis.%s of the guest is malformed: %s", name or "?",
           fault and fault.field or "no packet"))
    end
    index = index + 1
    f.index, f.at, f.message, f.bytes = index, at, m, f.data
    f.ppi = parse_ppis(bytes, at + 8 + f.per_packet_info_offset, f.per_packet_info_length)
    f.section = m.send_buffer_section_index
    f.ranges, f.packet, f.raw = #m.range_sizes, m.packet, bytes:sub(at + 1, at + length)
    f.queue = m.queue.queue
    batch[index] = f
    at = at + length
  end
  for _, f in ipairs(batch) do
    f.count = index
    n.frames[#n.frames + 1] = f
  end
end

local function rndis(n, m, k)
  local bytes = gather(n, m, k)
  m.rndis = bytes
  n.host:note_rndis(bytes, 1, n.version)
  if #bytes >= 4 and get_u32(bytes, 0) == 1 then
    take_frames(n, m, bytes)
    m.name = "rndis.packet"
    n.log[#n.log + 1] = m
    local mode = n.modes["rndis.packet"]
    if type(mode) == "function" and mode(m) then return end
    if mode == "hold" then n.held[#n.held + 1] = m return end
    if mode ~= "ignore" then n:tx_done(m, 1) end
    return
  end
  local mode = n.modes["nvsp.rndis_packet"]
  if mode == nil then n:tx_done(m, 1)
  elseif type(mode) == "function" then mode(m) end
  if mode == "ignore" then return end
  dispatch(n, message(n, "rndis", bytes, k, m.queue))
end

acts["rndis.packet"] = function(n, m) n:tx_done(m, 1) end

-- Completion 108 of a packet of the guest
function Nic:tx_done(m, status, bytes)
  self:complete_packet(m, bytes or self:pad(u32(108) .. u32(status)))
end

local function packet(n, queue, k)
  if k.type == 11 then
    local c = { name = "completion", id = k.id, payload = k.payload, queue = queue }
    n.completions[#n.completions + 1] = c
    n.completed[k.id] = (n.completed[k.id] or 0) + 1
    local slots = n.owed[k.id]
    n.owed[k.id] = nil
    for _, s in ipairs(slots or {}) do n.busy[s] = nil end
    return
  end
  local m = message(n, "nvsp", k.payload, k, queue)
  if m.name == "nvsp.rndis_packet" then return rndis(n, m, k) end
  dispatch(n, m)
end

-- What did not fit the ring goes first when there is room.
function Nic:send_later(queue, p)
  local waiting = self.waiting_out
  if #waiting > 0 or queue:send_packet(p) == "again" then waiting[#waiting + 1] = { queue, p } end
end

local function flush(n)
  local w = n.waiting_out
  while #w > 0 and w[1][1]:send_packet(w[1][2]) == "ok" do table.remove(w, 1) end
end

local function work(n)
  if n.asleep then return end
  for i = 0, #n.queues do
    local k = n.queues[i]:take()
    while k do
      packet(n, n.queues[i], k)
      k = n.queues[i]:take()
    end
  end
  flush(n)
end

-- To the guest ------------------------------------------------------------------------------

function Nic:buffer_size(gpadl)
  local g = self:gpadl(gpadl)
  local size = 0
  for _, r in ipairs(g and g.ranges or {}) do size = size + r.byte_count end
  return size
end

-- A free slot: control messages use the first 16, frames the others.
function Nic:slot(data)
  local low, high = 0, math.min(net.control_slots, self.rx.count) - 1
  if data then low, high = net.control_slots, self.rx.count - 1 end
  local key = data and "data" or "control"
  for _ = low, high do
    local s = self.rx[key]
    self.rx[key] = s >= high and low or s + 1
    if not self.busy[s] then
      self.busy[s] = true
      return s
    end
  end
end

-- Any bytes as one message in a slot. opts: data (a frame), queue, range = { offset, count },
-- set_id, nvsp (bytes), id, completion = false. Returns the transaction id.
function Nic:send_rndis(bytes, opts)
  return self:send_messages({ bytes }, opts)
end

-- Several messages in one packet, each in a slot. opts.ranges replaces what is said of them.
function Nic:send_messages(list, opts)
  opts = opts or {}
  if not self.rx then fail("there is no receive buffer to send by") end
  local ranges, slots = {}, {}
  for i, bytes in ipairs(list) do
    local s = self:slot(opts.data)
    if not s then fail("no receive slot is free: the guest completes too little") end
    slots[i] = s
    self.host:note_rndis(bytes, 2, self.version)
    self:gpadl_write(self.rx.gpadl, s * self.rx.slot, bytes)
    ranges[i] = { s * self.rx.slot, #bytes }
  end
  ranges = opts.ranges or (opts.range and { opts.range }) or ranges
  local id = opts.id or slots[1] or 0
  local nvsp = opts.nvsp or self:pad(u32(107) .. u32(opts.data and 0 or 1) .. u32(0xffffffff)
                                     .. u32(0))
  self.owed[id], self.completed[id] = slots, 0
  self:send_later(opts.queue and self.queues[opts.queue] or self, { type = "transfer_pages",
    id = id, extra = opts.extra or transfer_pages(opts.set_id or self.rx.id, ranges),
    payload = nvsp, completion = opts.completion ~= false })
  return id
end

-- A frame. opts: those of net.rndis_packet and of send_messages, csum, vlan, hash, hash_info
function Nic:deliver(frame, opts)
  return self:deliver_all({ frame }, opts)
end

local function with_ppis(opts)
  local ppis = opts.ppis or ""
  if opts.csum then ppis = ppis .. net.ppi(net.CSUM, opts.csum) end
  if opts.vlan then ppis = ppis .. net.ppi(net.VLAN, opts.vlan) end
  if opts.hash then ppis = ppis .. net.ppi(net.HASH, opts.hash) end
  if opts.hash_info then ppis = ppis .. net.ppi(net.HASH_INFO, opts.hash_info) end
  return merge(opts, { ppis = ppis })
end

-- Several frames in one packet
function Nic:deliver_all(frames, opts)
  local all = with_ppis(opts or {})
  all.data = true
  local list = {}
  for i, f in ipairs(frames) do list[i] = net.rndis_packet(f, all) end
  return self:send_messages(list, { data = true, queue = all.queue, ranges = all.ranges,
    range = all.range, set_id = all.set_id, nvsp = all.nvsp, id = all.id,
    completion = all.completion, extra = all.extra })
end

-- INDICATE_STATUS. opts: length, buffer_length, buffer_offset (lies)
function Nic:indicate(status, buffer, opts)
  opts = opts or {}
  buffer = buffer or ""
  return self:send_rndis(u32(7) .. u32(opts.length or 20 + #buffer) .. u32(status)
    .. u32(opts.buffer_length or #buffer) .. u32(opts.buffer_offset or (#buffer > 0 and 12 or 0))
    .. buffer, opts)
end

-- An in-band message. opts: completion, queue, id
function Nic:notify(bytes, opts)
  opts = opts or {}
  self:send_later(opts.queue and self.queues[opts.queue] or self,
    { type = "inband", id = opts.id or 0, payload = bytes, completion = opts.completion })
end

function Nic:vf(present, serial)
  self:notify(self:pad(u32(128) .. u32(present and 1 or 0) .. u32(serial or 1)))
end

-- What cases ask ----------------------------------------------------------------------------

local function is_ours(name) return name:match("^nvsp%.") or name:match("^rndis%.") end

local function compare(m, want)
  for field, value in pairs(want or {}) do
    if m[field] == nil then fail(string.format("%s has no field '%s' here", m.name, field)) end
    if not fits(m[field], value) then
      return false, string.format("%s.%s: expected %s, found %s", m.name, field, text(value),
                                  text(m[field]))
    end
  end
  return true
end

-- The next message of that name, by the order in which they were seen; the first of that name
-- whose fields differ fails the case, but one of another OID is skipped.
function Nic:expect(name, want, timeout)
  if not is_ours(name) then return self.base.expect(self, name, want, timeout) end
  local found
  self.host:wait_until(function()
    while self.cursor < #self.log do
      self.cursor = self.cursor + 1
      local m = self.log[self.cursor]
      if m.name == name and not (want and want.oid and m.oid ~= want.oid) then
        if m.malformed then
          fail(string.format("%s is malformed: %s", name, m.fault and m.fault.field or "?"))
        end
        local ok, why = compare(m, want)
        if not ok then fail(why) end
        found = m
        return true
      end
    end
  end, timeout, name)
  return found
end

function Nic:messages(name, want)
  if not is_ours(name) then return self.host:messages(name, want) end
  local found = {}
  for _, m in ipairs(self.log) do
    if m.name == name and compare(m, want) then found[#found + 1] = m end
  end
  return found
end
function Nic:count(name, want)
  if not is_ours(name) then return self.base.count(self, name, want) end
  return #self:messages(name, want)
end

-- None so far, nor in `duration`
function Nic:expect_none(name, duration, want)
  if not is_ours(name) then return self.base.expect_none(self, name, duration, want) end
  self.host:run_for(duration or "100ms")
  check_eq(self:count(name, want), 0, name .. " of the guest")
end

-- Place of the first message of that name in the order seen, 0 for none
function Nic:place(name, want)
  for i, m in ipairs(self.log) do
    if m.name == name and compare(m, want) then return i end
  end
  return 0
end

-- The next frame; fields: bytes, ppi[type], section, ranges, index, count, queue, raw, message
function Nic:expect_frame(bytes, timeout)
  self.host:wait_until(function() return self.frame_cursor < #self.frames end, timeout, "a frame")
  self.frame_cursor = self.frame_cursor + 1
  local f = self.frames[self.frame_cursor]
  if bytes then check(f.bytes == bytes, "frame: expected " .. text(bytes) .. ", found "
                      .. text(f.bytes)) end
  return f
end

-- The guest's completion of what was sent under that id: exactly one, with that NVSP status.
function Nic:expect_done(id, status, timeout)
  self.host:wait_until(function() return (self.completed[id] or 0) > 0 end, timeout,
    "the completion of packet " .. id)
  local last
  for _, c in ipairs(self.completions) do if c.id == id then last = c end end
  check_eq(self.completed[id], 1, "completions of packet " .. id)
  if status and #last.payload > 0 then
    check(#last.payload >= 8, "completion 108 holds its status")
    check_eq(get_u32(last.payload, 0), 108, "completion's type")
    check(fits(get_u32(last.payload, 4), status), string.format(
      "completion's status: expected %s, found %d", text(status), get_u32(last.payload, 4)))
  end
  return last
end

-- How often the guest completed packets of that id.
function Nic:done_count(id, queue)
  local count = 0
  for _, c in ipairs(self.completions) do
    if c.id == id and (not queue or c.queue.queue == queue) then count = count + 1 end
  end
  return count
end

-- Every packet with a completion flag was completed, once.
function Nic:expect_nothing_owed()
  self.host:run_for("1s")
  for id in pairs(self.owed) do fail("the guest never completed packet " .. id) end
end

function Nic:answer(name, fields, opts)
  if not is_ours(name) then return self.base.answer(self, name, fields) end
  self.replies[name] = { fields, opts, opts and opts.oid }
end
function Nic:hold(name) self.modes[name] = "hold" end
function Nic:ignore(name) self.modes[name] = "ignore" end
function Nic:respond(name, f) self.modes[name] = f end
function Nic:auto(name) self.modes[name], self.replies[name] = nil, nil end
function Nic:oid(oid, answer) self.own_oids[oid] = answer end

-- Let the oldest held message of that name go on; { drop = true } forgets it.
function Nic:release(name, opts)
  for i, m in ipairs(self.held) do
    if m.name == name then
      table.remove(self.held, i)
      if not (opts and opts.drop) then act(self, m) end
      return m
    end
  end
  fail("no " .. name .. " is held")
end

-- Leave the guest's packets in the ring, or take them again.
function Nic:sleep(on)
  self.asleep = on ~= false
  for i = 0, #self.queues do self.queues[i]:reading(not self.asleep) end
end

-- A NIC that is offered. cfg: min_version, max_version, mtu_max, slot, slots, section_size,
-- queues, offer_subs, max_packets, alignment, max_transfer, link, link_speed
function net.nic(host, cfg)
  local n = host:offer { interface = "network" }
  local base = { expect = n.expect, expect_none = n.expect_none, count = n.count,
                 answer = n.answer }
  for k, v in pairs(Nic) do rawset(n, k, v) end
  rawset(n, "base", base)
  rawset(n, "cfg", merge({ min_version = 2, max_version = 0x60001, mtu_max = 9216,
    section_size = 6144, queues = 1, offer_subs = true, max_packets = 8, alignment = 3,
    max_transfer = 0xefffffff, link = true, link_speed = 100000000 }, cfg))
  for _, k in ipairs { "log", "held", "modes", "replies", "own_oids", "frames", "completions",
                       "completed", "owed", "busy", "waiting_out", "queues" } do
    rawset(n, k, {})
  end
  n.cursor, n.frame_cursor, n.filter, n.data_path, n.queue = 0, 0, 0, 0, 0
  n.queues[0] = n
  host:on_step(function() work(n) end)
  return n
end

-- Connected, attached, with a filter. args: of net.attach; cfg: as net.nic, status = what is
-- expected. Returns the NIC and the event.
function net.up(host, guest, args, cfg)
  local n = net.nic(host, cfg)
  guest:online()
  guest:net(n, "attach", merge({ filter = 0x0d }, args))
  local e = guest:expect_event("net.attached", { status = 0 })
  return n, e
end

-- The attach ends with a failure, and all memory is the guest's again.
function net.refused(guest, n)
  local e = guest:expect_event("net.attached", { status = function(s) return s ~= 0 end }, "120s")
  guest:expect_event("net.detached", nil, "120s")
  return e
end

-- The NIC still works: a frame goes each way.
function net.alive(guest, n, seed)
  local out, back = net.frame(90, seed or 77), net.frame(110, seed or 78)
  guest:mark()
  n.frame_cursor = #n.frames
  guest:net(n, "send", { id = 0x7001, data = out })
  n:expect_frame(out)
  local id = n:deliver(back)
  guest:expect_event("net.rx", { data = back })
  n:expect_done(id, 1)
end

return net
