-- SPDX-License-Identifier: BSD-2-Clause
-- The raw guest of cases with side = "host": it says what the case says, and keeps no rule.
local hvc, kit = ...
local raise, show = kit.raise, kit.show

local Raw, Memory, Ring = {}, {}, {}
Raw.__index = Raw
Memory.__index = Memory
Ring.__index = Ring

local H2G = 2

-- Memory --------------------------------------------------------------------------------

-- Pages that are contiguous for the guest and scattered for the host: pfns[1..n].
function Raw:alloc(pages)
  local va, pfns = hvc.rg_alloc(pages)
  return setmetatable({ va = va, pfns = pfns, pages = pages }, Memory)
end

function Memory:gpa(offset)
  offset = offset or 0
  return self.pfns[offset // 4096 + 1] * 4096 + offset % 4096
end

local function pieces(memory, offset, n, act)
  local done = 0
  while done < n do
    local here = math.min(n - done, 4096 - (offset + done) % 4096)
    act(memory:gpa(offset + done), done, here)
    done = done + here
  end
end

function Memory:write(offset, bytes)
  pieces(self, offset, #bytes, function(gpa, at, n)
    hvc.mem_write(gpa, bytes:sub(at + 1, at + n))
  end)
end

function Memory:read(offset, n)
  local parts = {}
  pieces(self, offset, n, function(gpa, _, k) parts[#parts + 1] = hvc.mem_read(gpa, k) end)
  return table.concat(parts)
end

function Memory:free() hvc.rg_free(self.va, self.pages) end

-- Hypervisor ----------------------------------------------------------------------------

function Raw:hypercall(control, input, output, vp)
  return hvc.rg_hypercall(control, input or 0, output or 0, vp or 0)
end
function Raw:rdmsr(msr, vp) return hvc.rg_rdmsr(msr, vp or 0) end
function Raw:wrmsr(msr, value, vp) return hvc.rg_wrmsr(msr, value, vp or 0) end
function Raw:cpuid(leaf) return hvc.rg_cpuid(leaf) end

-- Fast HvSignalEvent -> status
function Raw:signal(connection, flag)
  return self:hypercall(0x1005d, connection | (flag or 0) << 32) & 0xffff
end

-- How often an event flag of SINT 2 was found set
function Raw:flags(flag, vp) return hvc.rg_flags(vp or 0, flag) end
-- Wait until event flag `flag` has been set `times` times (default 1) in all on a processor.
function Raw:expect_flag(flag, opts)
  opts = opts or {}
  hvc.checked(1)
  local vp, times = opts.vp or 0, opts.times or 1
  local ok = kit.wait(opts.timeout, function()
    if hvc.rg_flags(vp, flag) >= times then return true end
  end)
  if not ok then
    raise("failed", string.format("expected event flag %d on processor %d %d times, found %d", flag,
          vp, times, hvc.rg_flags(vp, flag)))
  end
end

-- Leave messages in their slots (the slot stays busy), or take them again.
function Raw:hold_slots(on) hvc.rg_hold(on ~= false) end
-- GPA of the message page and of the event flags page
function Raw:synic_pages(vp) return hvc.rg_pages(vp or 0) end

-- Messages to the host ------------------------------------------------------------------

local function connection_for(raw, name, fields)
  if raw.connection then return raw.connection end
  local short = hvc.message(name)
  if short == "initiate_contact" and fields.version_requested >= 0x50000 then return 4 end
  return 1
end

function Raw:encode(name, fields, opts)
  opts = opts or {}
  local bytes = hvc.encode(name, fields or {}, opts.version or self.version or 0, opts.features)
  return kit.mangle(bytes, opts)
end

-- opts: connection, type, size (as posted), version, features, poke, truncate, append
-- -> hypercall status
function Raw:post(name, fields, opts)
  opts = opts or {}
  fields = fields or {}
  local connection = opts.connection
  if not connection and hvc.message(name) == "initiate_contact" then
    connection = fields.version_requested >= 0x50000 and 4 or 1
  end
  return self:post_raw(self:encode(name, fields, opts), {
    connection = connection or connection_for(self, name, fields),
    type = opts.type, size = opts.size })
end

function Raw:post_raw(bytes, opts)
  opts = opts or {}
  return hvc.rg_post(bytes, { connection = opts.connection or self.connection or 1,
                              type = opts.type, size = opts.size })
end

-- As post(), and the hypercall must succeed.
function Raw:say(name, fields, opts)
  local status = self:post(name, fields, opts)
  if status ~= 0 then
    raise("failed", string.format("HvPostMessage of %s returned %s", name, show(status)))
  end
end

-- Messages of the host ------------------------------------------------------------------

local function as_message(raw, n)
  local m = hvc.rg_message(n)
  hvc.entries()	-- the transcript knows what was granted
  local name, fields, fault = hvc.decode(m.bytes, H2G, raw.version or 0)
  local t = fields or {}
  t.name, t.fault, t.bytes, t.size = name or "unknown", fault, m.bytes, #m.bytes
  t.vp, t.sint, t.synic_type = m.vp, m.sint, m.type
  return t
end

local function scan(raw, short, want, skipped)
  while raw.cursor < hvc.rg_messages() do
    raw.cursor = raw.cursor + 1
    local m = as_message(raw, raw.cursor)
    if m.name ~= short then
      skipped[#skipped + 1] = m.name
    elseif m.fault then
      raise("failed", string.format("the host's %s is malformed: %s at offset %d, found %s",
            short, m.fault.field, m.fault.offset, show(m.fault.found)), { field = m.fault.field })
    else
      local ok, why, field = kit.compare(short, m, want, kit.translator(short))
      if ok then return m end
      if ok == nil then raise("failed", why, { field = field }) end
      skipped[#skipped + 1] = short .. " of another " .. why
    end
  end
end

function Raw:expect(name, want, timeout)
  local short = hvc.message(name)
  hvc.checked(1)
  local skipped = {}
  local m = kit.wait(timeout, function() return scan(self, short, want, skipped) end)
  if not m then
    raise("failed", string.format("expected %s%s from the host within %s; it sent %s", short,
          kit.describe(want), tostring(timeout or kit.patience),
          #skipped > 0 and table.concat(skipped, ", ") or "nothing"))
  end
  return m
end

-- All messages of the host so far that are called so and fit.
function Raw:messages(name, want, from)
  local short = hvc.message(name)
  local found = {}
  for n = (from or 0) + 1, hvc.rg_messages() do
    local m = as_message(self, n)
    if m.name == short and not m.fault
       and kit.compare(short, m, want, kit.translator(short)) == true then
      found[#found + 1] = m
    end
  end
  return found
end

function Raw:count(name, want) return #self:messages(name, want) end

function Raw:expect_none(name, duration, want)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  if #self:messages(name, want, self.cursor) > 0 then
    raise("failed", string.format("the host sent %s%s, which it must not", name,
          kit.describe(want)))
  end
end

-- Nothing at all.
function Raw:expect_silence(duration)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  if hvc.rg_messages() > self.cursor then
    raise("failed", "the host sent " .. as_message(self, self.cursor + 1).name ..
          ", and nothing was due")
  end
end

function Raw:mark() self.cursor = hvc.rg_messages() end

-- Common sequences ----------------------------------------------------------------------

-- Ask for a version (default 5.3) and take the answer. opts: version, features, vp, and more
-- fields of INITIATE_CONTACT in opts.fields. Returns VERSION_RESPONSE.
function Raw:contact(opts)
  opts = opts or {}
  local version = opts.version or 0x50003
  local fields = { version_requested = version, target_message_vp = opts.vp or 0 }
  if version >= 0x50000 then
    fields.target_sint = 2
  else
    fields.interrupt_page_gpa = opts.interrupt_page or 0
  end
  if version >= 0x60000 then fields.feature_flags = opts.features or 0 end
  for k, v in pairs(opts.fields or {}) do fields[k] = v end
  self.version = version
  self:say("initiate_contact", fields)
  local m = self:expect("version_response")
  self.connection = nil
  if m.version_supported ~= 0 then
    self.features = m.has_features and m.supported_features or 0
    self.connection = version >= 0x50000 and get_u32(m.bytes, 12) or 1
  end
  return m
end

-- Contact, and take the offers: returns the list of OFFER_CHANNEL messages.
function Raw:online(opts)
  local m = self:contact(opts)
  check_eq(m.version_supported, 1, "version accepted")
  local from = self.cursor
  self:say("request_offers")
  self:expect("all_offers_delivered")
  return self:messages("offer_channel", nil, from)
end

-- Range data: ranges = { { byte_offset, byte_count, pfns } }, or a Memory for one whole range
local function range_bytes(ranges)
  if ranges.pfns then ranges = { { 0, ranges.pages * 4096, ranges.pfns } } end
  local parts = {}
  for _, r in ipairs(ranges) do
    parts[#parts + 1] = u32(r[2]) .. u32(r[1])
    for _, pfn in ipairs(r[3]) do parts[#parts + 1] = u64(pfn) end
  end
  return table.concat(parts), #ranges
end

-- Post GPADL_HEADER and as many GPADL_BODY as the ranges need; no waiting.
-- opts: range_buf_len, range_count (lies), skip_bodies
function Raw:gpadl(ch, gpadl_id, ranges, opts)
  opts = opts or {}
  local data, count = range_bytes(ranges)
  self:say("gpadl_header", { channel_id = kit.channel_id(ch), gpadl_id = gpadl_id,
    range_buf_len = opts.range_buf_len or #data, range_count = opts.range_count or count,
    ranges = data:sub(1, 216) })
  if opts.skip_bodies then return end
  for at = 217, #data, 224 do
    self:say("gpadl_body", { gpadl_id = gpadl_id, ranges = data:sub(at, at + 223) })
    hvc.run_idle(hvc.duration("1s"))
  end
end

-- Share memory under gpadl_id (default: a new one) and wait for success. Returns the id.
function Raw:share(ch, memory, gpadl_id)
  self.last_gpadl = self.last_gpadl + 1
  gpadl_id = gpadl_id or self.last_gpadl
  self:gpadl(ch, gpadl_id, memory)
  self:expect("gpadl_created", { channel_id = kit.channel_id(ch), gpadl_id = gpadl_id,
                                 status = 0 })
  return gpadl_id
end

-- Rings ---------------------------------------------------------------------------------

-- Two rings in shared memory: data pages of each. Not opened yet.
function Raw:rings(tx_pages, rx_pages)
  tx_pages, rx_pages = tx_pages or 1, rx_pages or 1
  local memory = self:alloc(tx_pages + rx_pages + 2)
  return setmetatable({ raw = self, memory = memory, downstream = tx_pages + 1,
    base = { g2h = 0, h2g = (tx_pages + 1) * 4096 },
    size = { g2h = tx_pages * 4096, h2g = rx_pages * 4096 } }, Ring)
end

-- Share the rings, open the channel, wait for success. opts: tx_pages, rx_pages, target_vp,
-- open_id, feature_bits (default 1), fields (more of OPEN_CHANNEL)
function Raw:open(ch, opts)
  opts = opts or {}
  local ring = self:rings(opts.tx_pages, opts.rx_pages)
  ring:poke { side = "g2h", feature_bits = opts.feature_bits or 1 }
  ring.channel = kit.channel_id(ch)
  ring.connection = self.host_connection(ch)
  ring.gpadl_id = self:share(ch, ring.memory)
  local fields = { channel_id = ring.channel, open_id = opts.open_id or ring.channel,
    ring_buffer_gpadl_id = ring.gpadl_id, target_vp = opts.target_vp or 0,
    downstream_ring_buffer_page_offset = ring.downstream }
  for k, v in pairs(opts.fields or {}) do fields[k] = v end
  self:say("open_channel", fields)
  self:expect("open_channel_result", { channel_id = ring.channel, status = 0 })
  return ring
end

local control = { write_index = 0, read_index = 4, interrupt_mask = 8, pending_send_size = 12,
                  feature_bits = 64 }

-- Control words of the ring this guest writes ("g2h", default) or reads ("h2g")
function Ring:control(side)
  local t = { size = self.size[side or "g2h"] }
  for name, offset in pairs(control) do
    t[name] = get_u32(self.memory:read(self.base[side or "g2h"] + offset, 4), 0)
  end
  return t
end

function Ring:poke(t)
  for name, value in pairs(t) do
    if name ~= "side" then
      local offset = control[name] or error("no control word is called '" .. name .. "'", 2)
      self.memory:write(self.base[t.side or "g2h"] + offset, u32(value))
    end
  end
end

local function ring_pieces(ring, side, index, n, act)
  local size, base = ring.size[side], ring.base[side] + 4096
  local first = math.min(n, size - index)
  act(base + index, 0, first)
  if first < n then act(base, first, n - first) end
end

-- Any bytes at the write index. opts: advance, index (what to store instead), signal = false
function Ring:write(bytes, opts)
  opts = opts or {}
  local at = self:control("g2h").write_index
  ring_pieces(self, "g2h", at, #bytes, function(offset, from, n)
    self.memory:write(offset, bytes:sub(from + 1, from + n))
  end)
  self:poke { write_index = opts.index or (at + (opts.advance or #bytes)) % self.size.g2h }
  if opts.signal ~= false then self:signal() end
end

-- A packet as packet{} makes it, its trailer naming the right offset.
function Ring:send(t, opts)
  local c = {}
  for k, v in pairs(t) do c[k] = v end
  c.start = c.start or self:control("g2h").write_index
  self:write(packet(c), opts)
end

function Ring:signal() return self.raw:signal(self.connection) end

-- The next packet of the host; nil if there is none. Moves the read index, signals nobody.
function Ring:read()
  local c = self:control("h2g")
  if c.write_index == c.read_index then return nil end
  local function get(index, n)
    local parts = {}
    ring_pieces(self, "h2g", index % c.size, n, function(offset, _, k)
      parts[#parts + 1] = self.memory:read(offset, k)
    end)
    return table.concat(parts)
  end
  local head = get(c.read_index, 16)
  local body, total = get_u16(head, 2) * 8, get_u16(head, 4) * 8
  local all = get(c.read_index, total + 8)
  self:poke { side = "h2g", read_index = (c.read_index + total + 8) % c.size }
  return { type = get_u16(head, 0), flags = get_u16(head, 6), id = get_u64(head, 8),
    extra = all:sub(17, body), payload = all:sub(body + 1, total), trailer = all:sub(total + 1),
    ring_offset = c.read_index, bytes = all }
end

function Ring:expect(want, timeout)
  hvc.checked(1)
  local k = kit.wait(timeout, function() return self:read() end)
  if not k then
    raise("failed", string.format("expected a packet%s from the host within %s",
          kit.describe(want), tostring(timeout or kit.patience)))
  end
  local ok, why = kit.compare_packet(k, want)
  if not ok then raise("failed", why) end
  return k
end

function Ring:expect_no_packet(duration)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  local k = self:read()
  if k then raise("failed", "the host sent a packet of type " .. k.type) end
end

function kit.new_raw(host)
  return setmetatable({ host = host, cursor = 0, last_gpadl = 0x100,
    host_connection = function(ch)
      return type(ch) == "table" and ch:info().connection_id or 0
    end }, Raw)
end
