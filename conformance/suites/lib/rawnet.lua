-- SPDX-License-Identifier: BSD-2-Clause
-- A guest of a NIC that keeps no rule, against the mock host's own NIC (side = "host").
local net = include "net.lua"
local raw = {}

local Guest = {}
Guest.__index = Guest

raw.RX_ID, raw.TX_ID = 0xcafe, 0xface

local function nvsp(version, bytes) return bytes .. zeros((version >= 0x60001 and 40 or 28) - #bytes) end

-- Connect, offer the NIC, open its channel. cfg: as host:nic
function raw.open(host, rg, cfg, opts)
  local nic = host:nic(cfg)
  rg:online()
  local g = setmetatable({ host = host, rg = rg, nic = nic, version = 2, id = 0x100 }, Guest)
  g.ring = rg:open(nic, opts or { tx_pages = 8, rx_pages = 8 })
  return g
end

-- A packet with the completion flag; returns its id. opts: type, extra, flags
function Guest:request(bytes, opts)
  opts = opts or {}
  self.id = self.id + 1
  self.ring:send { type = opts.type or "inband", extra = opts.extra, flags = opts.flags or 1,
                   id = opts.id or self.id, payload = bytes }
  return opts.id or self.id
end

-- Complete a packet of the host
function Guest:complete(id, bytes)
  self.ring:send { type = "completion", id = id, payload = bytes or u32(108) .. u32(1) }
end

-- The completion of a request; transfer pages that come before it are kept.
function Guest:answer(id, timeout)
  self.kept = self.kept or {}
  while true do
    local k = self.ring:expect(nil, timeout)
    if k.type == 11 then
      check_eq(k.id, id, "id of the completion")
      return k.payload
    end
    self.kept[#self.kept + 1] = k
  end
end

function Guest:ask(bytes, opts) return self:answer(self:request(bytes, opts)) end

function Guest:init(version)
  local p = self:ask(nvsp(0x60001, u32(1) .. u32(version) .. u32(version)))
  check_eq(get_u32(p, 0), 2, "INIT_COMPLETE")
  if get_u32(p, 12) == 1 then self.version = version end
  return p
end

function Guest:pad(bytes) return nvsp(self.version, bytes) end

function Guest:config(mtu, capabilities)
  return self:ask(self:pad(u32(125) .. u32(mtu or 1514) .. u32(0) .. u64(capabilities or 0)))
end
function Guest:ndis(major, minor)
  return self:ask(self:pad(u32(100) .. u32(major or 6) .. u32(minor or 30)))
end

-- A shared buffer: memory and its GPADL
function Guest:buffer(pages)
  local memory = self.rg:alloc(pages)
  return memory, self.rg:share(self.nic, memory)
end
function Guest:receive_buffer(pages)
  self.rx, self.rx_gpadl = self:buffer(pages or 64)
  local p = self:ask(self:pad(u32(101) .. u32(self.rx_gpadl) .. u16(raw.RX_ID)))
  return p
end
function Guest:send_buffer(pages)
  self.tx, self.tx_gpadl = self:buffer(pages or 16)
  local p = self:ask(self:pad(u32(104) .. u32(self.tx_gpadl) .. u16(raw.TX_ID)))
  self.section = get_u32(p, 8)
  return p
end

-- The next RNDIS message of the host: its bytes; the packet is completed unless keep.
function Guest:rndis(timeout, keep)
  self.kept = self.kept or {}
  local k = table.remove(self.kept, 1)
  if not k then k = self.ring:expect({ type = 7 }, timeout) end
  check_eq(k.type, 7, "type of the packet")
  check_eq(get_u16(k.extra, 0), raw.RX_ID, "transfer page set")
  check_eq(get_u32(k.payload, 0), 107, "NVSP message")
  local count, at = get_u32(k.extra, 8), get_u32(k.extra, 12)
  if not keep then self:complete(k.id) end
  return self.rx:read(at, count), k
end

-- Send RNDIS bytes by section 0; returns the NVSP status of the completion.
function Guest:control(bytes, opts)
  opts = opts or {}
  self.tx:write(0, bytes)
  local p = self:ask(self:pad(u32(107) .. u32(opts.kind or 1) .. u32(opts.section or 0)
                              .. u32(opts.size or #bytes)))
  check_eq(get_u32(p, 0), 108, "completion")
  return get_u32(p, 4)
end

-- QUERY or SET: the status and the information. opts: offset, length, message (lies)
function Guest:oid(kind, oid, info, opts)
  opts = opts or {}
  info = info or ""
  self.request_id = (self.request_id or 0) + 1
  check_eq(self:control(u32(kind) .. u32(opts.message or 28 + #info) .. u32(self.request_id)
    .. u32(oid) .. u32(opts.length or #info) .. u32(opts.offset or 20) .. u32(0) .. info), 1,
    "NVSP status of the request")
  local bytes = self:rndis()
  check_eq(get_u32(bytes, 0), kind | 0x80000000, "type of the reply")
  check_eq(get_u32(bytes, 8), self.request_id, "id of the reply")
  if kind == 5 then return get_u32(bytes, 12), "" end
  local length, offset = get_u32(bytes, 16), get_u32(bytes, 20)
  check(8 + offset + length <= #bytes, "the answer is inside the reply")
  return get_u32(bytes, 12), bytes:sub(9 + offset, 8 + offset + length)
end
function Guest:query(oid, info, opts) return self:oid(4, oid, info, opts) end
function Guest:set(oid, info, opts) return self:oid(5, oid, info, opts) end

-- As far as buffers, then RNDIS, then a filter
function raw.configured(host, rg, version, cfg)
  local g = raw.open(host, rg, cfg)
  g:init(version or 0x60001)
  if g.version > 2 then g:config() end
  g:ndis()
  g:receive_buffer()
  g:send_buffer()
  return g
end
function raw.up(host, rg, version, cfg)
  local g = raw.configured(host, rg, version, cfg)
  check_eq(g:control(u32(2) .. u32(24) .. u32(1) .. u32(1) .. u32(0) .. u32(0x4000)), 1, "INITIALIZE")
  g.initialized = g:rndis()
  check_eq(g:set(0x0001010e, u32(0x0d)), 0, "filter")
  return g
end

-- Asks for sub-channels, and opens them; opened(i) is called before each is open. Each is the guest
-- again, speaking on a ring of its own.
function Guest:sub_channels(count, opened)
  local p = self:ask(self:pad(u32(133) .. u32(1) .. u32(count)))
  check_eq(get_u32(p, 4), 1, "status of SUB_CHANNEL")
  check_eq(get_u32(p, 8), count, "sub-channels granted")
  local offers, subs = {}, {}
  for i = 1, count do offers[i] = self.rg:expect("offer_channel", { subchannel_index = i }) end
  for i, offer in ipairs(offers) do
    if opened then opened(i) end
    local ch = { id = offer.channel_id, info = function() return offer end }
    local sub = { ring = self.rg:open(ch, { tx_pages = 4, rx_pages = 4 }), kept = {} }
    subs[i] = setmetatable(sub, { __index = self })
  end
  return subs
end

-- The host serves this NIC no more.
function Guest:expect_stopped()
  self.host:run_for("10ms")
  check_eq(self.nic:nic_info().state, "stopped", "state of the NIC")
end

-- The host still serves it: a query is answered, a frame goes out.
function Guest:alive()
  local status, mac = self:query(0x01010101)
  check_eq(status, 0, "query of the address")
  check_eq(#mac, 6, "size of the address")
  local before = #self.nic:frames()
  check_eq(self:control(net.rndis_packet(net.frame(60)), { kind = 0 }), 1, "a good frame")
  check_eq(#self.nic:frames(), before + 1, "frames that arrived")
end

return raw
