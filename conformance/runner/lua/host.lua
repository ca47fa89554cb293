-- SPDX-License-Identifier: BSD-2-Clause
-- `host`: the mock host as a case sees it, and the channels that it offers.
local hvc, kit = ...
local raise, show = kit.raise, kit.show

local Host, Channel, Message, Packet = {}, {}, {}, {}
Host.__index = Host
Message.__index = Message
Packet.__index = Packet

local KIND_MESSAGE, KIND_SIGNAL, KIND_HYPERVISOR = 1, 3, 4
local G2H, H2G = 1, 2

-- Messages ------------------------------------------------------------------------------

local function as_message(host, n, e)
  local name, fields, fault = hvc.decode(e.bytes, e.direction, e.version)
  local m = fields or {}
  m.name, m.fault, m.bytes, m.size = name or "unknown", fault, e.bytes, #e.bytes
  m.entry, m.time, m.vp, m.connection = n, e.time, e.vp, e.connection
  m.host = host
  return setmetatable(m, Message)
end

-- Send the answer: ids that both messages have are taken over.
function Message:reply(name, fields, opts)
  local all = {}
  for _, id in ipairs { "channel_id", "gpadl_id", "open_id", "endpoint_id", "service_id" } do
    if self[id] ~= nil and hvc.field(name, id) then all[id] = self[id] end
  end
  for k, v in pairs(fields or {}) do all[k] = v end
  self.host:send(name, all, opts)
  return self
end

local function guid_text(b)
  local d1, d2, d3 = string.unpack("<I4I2I2", b)
  local rest = b:sub(9):gsub(".", function(c) return string.format("%02x", c:byte()) end)
  return string.format("%08x-%04x-%04x-%s-%s", d1, d2, d3, rest:sub(1, 4), rest:sub(5))
end

-- Names of values become numbers, GUIDs in any form their text.
local function translator(name)
  return function(field, value)
    if type(value) ~= "string" then return value end
    local _, _, _, kind = hvc.field(name, field)
    if kind == "scalar" then return hvc.value(name, field, value) end
    if kind == "guid" then return guid_text(hvc.guid(value)) end
    return value
  end
end

kit.translator = translator

-- The next guest message after the cursor that is called so; nil when there is none yet.
local function scan(host, short, want, skipped)
  local total = hvc.entries()
  while host.cursor < total do
    host.cursor = host.cursor + 1
    local e = hvc.entry(host.cursor)
    if e.kind == KIND_MESSAGE and e.direction == G2H then
      local m = as_message(host, host.cursor, e)
      if m.name ~= short then
        skipped[#skipped + 1] = m.name
      elseif m.fault then
        raise("failed", string.format("the guest's %s is malformed: %s at offset %d, found %s",
              short, m.fault.field, m.fault.offset, show(m.fault.found)),
              { entry = m.entry, field = m.fault.field })
      else
        local ok, why, field = kit.compare(short, m, want, translator(short))
        if ok then return m end
        if ok == nil then raise("failed", why, { entry = m.entry, field = field }) end
        skipped[#skipped + 1] = short .. " of another " .. why
      end
    end
  end
end

local function list(names)
  if #names == 0 then return "the guest sent nothing" end
  if #names > 8 then names = table.move(names, #names - 7, #names, 1, { "..." }) end
  return "the guest sent " .. table.concat(names, ", ")
end

function Host:expect(name, want, timeout)
  local short, _, direction = hvc.message(name)
  if direction == H2G then error(short .. " is sent by the host", 2) end
  hvc.checked(1)
  local skipped = {}
  local m = kit.wait(timeout, function() return scan(self, short, want, skipped) end)
  if not m then
    raise("failed", string.format("expected %s%s within %s; %s", short, kit.describe(want),
          tostring(timeout or kit.patience), list(skipped)))
  end
  return m
end

local function matches(m, short, want)
  if m.name ~= short or m.fault then return false end
  return kit.compare(short, m, want, translator(short)) == true
end

-- All guest messages so far that fit, whether or not a case has waited for them.
function Host:messages(name, want, from)
  local short = hvc.message(name)
  local found = {}
  for n = (from or 0) + 1, hvc.entries() do
    local e = hvc.entry(n)
    if e.kind == KIND_MESSAGE and e.direction == G2H then
      local m = as_message(self, n, e)
      if matches(m, short, want) then found[#found + 1] = m end
    end
  end
  return found
end

function Host:count(name, want) return #self:messages(name, want) end

-- Every guest message so far, of any name, in order.
function Host:all_messages()
  local found = {}
  for n = 1, hvc.entries() do
    local e = hvc.entry(n)
    if e.kind == KIND_MESSAGE and e.direction == G2H then
      found[#found + 1] = as_message(self, n, e)
    end
  end
  return found
end

-- No such message between the last one that was expected and `duration` from now.
function Host:expect_none(name, duration, want)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  local m = self:messages(name, want, self.cursor)[1]
  if m then
    raise("failed", string.format("the guest sent %s%s, which it must not", m.name,
          kit.describe(want)), { entry = m.entry })
  end
end

-- Forget what was sent so far: the next expect looks at later messages only.
function Host:mark() self.cursor = hvc.entries() end

function Host:encode(name, fields, opts)
  opts = opts or {}
  local info = hvc.info()
  local version = opts.version or info.version
  local features = opts.features
  local bytes = hvc.encode(name, fields or {}, version, features)
  return kit.mangle(bytes, opts)
end

function Host:send(name, fields, opts)
  self:send_raw(self:encode(name, fields, opts), opts and opts.slot)
end

-- opts: vp, sint, synic_type, size, flags, sender, delay: straight into that slot, now or when
-- the delay is over. Without them: to where the connection's messages go.
function Host:send_raw(bytes, opts)
  if opts and next(opts) then
    hvc.post(bytes, { vp = opts.vp, sint = opts.sint, type = opts.synic_type, size = opts.size,
                      flags = opts.flags, sender = opts.sender, delay = opts.delay })
  else
    hvc.send(bytes)
  end
end

-- Automatic answers ---------------------------------------------------------------------

local function id_of(name)
  local _, id = hvc.message(name)
  return id
end

function Host:auto(name) hvc.mode(id_of(name), "auto") end
function Host:hold(name) hvc.mode(id_of(name), "hold") end
function Host:ignore(name) hvc.mode(id_of(name), "ignore") end

-- From now on these bytes instead of the server's reaction to `name`.
function Host:answer(name, reply, fields, opts)
  hvc.mode(id_of(name), "custom", self:encode(reply, fields, opts))
end

-- Decide message by message: answer(message) is called for each guest message of that name,
-- before the server sees it. A true result means that the case has dealt with it (sent an
-- answer, or wants none); otherwise the server answers as always.
function Host:respond(name, answer)
  local short = hvc.message(name)
  self:hold(name)
  local served = hvc.entries()
  local function next_message()
    for n = served + 1, hvc.entries() do
      local e = hvc.entry(n)
      local m = e.kind == KIND_MESSAGE and e.direction == G2H and as_message(self, n, e)
      if m and m.name == short then
        served = n
        return m
      end
    end
  end
  kit.on_step(function()
    for _ = 1, #self:held() do
      for n, h in ipairs(self:held()) do
        if h.name == short then
          local m = next_message()
          hvc.release(n, m and answer(m))
          break
        end
      end
    end
  end)
end

-- Messages held, oldest first: { name, bytes }.
function Host:held()
  local found, n = {}, 1
  while true do
    local bytes = hvc.held(n)
    if not bytes then return found end
    local name = hvc.decode(bytes, G2H, hvc.info().version)
      or hvc.decode(bytes, H2G, hvc.info().version)
    found[n] = { name = name, bytes = bytes }
    n = n + 1
  end
end

-- Let go of the oldest held message of a name (or of any); drop = true forgets it.
function Host:release(name, opts)
  local short = name and hvc.message(name)
  for n, m in ipairs(self:held()) do
    if not short or m.name == short then
      hvc.release(n, opts and opts.drop)
      return
    end
  end
  error("no " .. (name or "message") .. " is held", 2)
end

-- The rest of the host ------------------------------------------------------------------

function Host:info() return hvc.info() end
function Host:dropped(reason) return hvc.dropped(reason) end
function Host:received(name) return hvc.received(id_of(name)) end
function Host:sent(name) return hvc.sent(id_of(name)) end
function Host:stop_reading(stop) hvc.stop_reading(stop ~= false) end
function Host:reset() hvc.reset() end
function Host:lower_done(ok) hvc.lower_done(ok ~= false) end
function Host:now() return hvc.now() end
function Host:run_for(duration) kit.pass(duration) end
function Host:settle(limit) return hvc.run_idle(hvc.duration(limit or kit.patience)) end
function Host:violations() return hvc.violations() end
function Host:read_memory(gpa, n) return hvc.mem_read(gpa, n) end
function Host:write_memory(gpa, bytes) return hvc.mem_write(gpa, bytes) end
function Host:held_page(gpa) return hvc.mem_held(gpa) end
function Host:live_pages() return hvc.mem_live() end
function Host:synic(vp, sint) return hvc.synic_stats(vp or 0, sint) end
function Host:slot(vp, sint)
  local queued, busy = hvc.synic_queued(vp or 0, sint)
  return { queued = queued, busy = busy }
end
function Host:signal_flag(flag, opts)
  opts = opts or {}
  return hvc.signal(opts.vp or 0, opts.sint or 2, flag)
end
function Host:interrupt(vp, sint) hvc.interrupt(vp or 0, sint) end

local function entries_of(kind)
  local found = {}
  for n = 1, hvc.entries() do
    local e = hvc.entry(n)
    if e.kind == kind and e.direction == G2H then found[#found + 1] = e end
  end
  return found
end

-- What the guest wrote into MSRs, in order: { msr, value, vp }
function Host:msr_writes(msr)
  local found = {}
  for _, e in ipairs(entries_of(KIND_HYPERVISOR)) do
    if e.aux >> 28 == 4 and (not msr or e.aux == msr) then
      found[#found + 1] = { msr = e.aux, value = get_u64(e.bytes, 0), vp = e.vp }
    end
  end
  return found
end

-- Hypercalls of the guest that returned a failure: { control, status, vp, time }
function Host:failed_calls()
  local found = {}
  for _, e in ipairs(entries_of(KIND_HYPERVISOR)) do
    if e.aux >> 28 ~= 4 then
      found[#found + 1] = { control = e.aux, status = get_u64(e.bytes, 0), vp = e.vp,
                            time = e.time }
    end
  end
  return found
end

-- HvSignalEvent calls of the guest that reached a port: { connection, flag, channel, vp }
function Host:signal_calls(connection)
  local found = {}
  for _, e in ipairs(entries_of(KIND_SIGNAL)) do
    if not connection or e.connection == connection then
      found[#found + 1] = { connection = e.connection, flag = e.aux, channel = e.channel,
                            vp = e.vp }
    end
  end
  return found
end

-- Call f whenever something has happened while the case waits.
function Host:on_step(f) kit.on_step(f) end

-- Wait until condition() holds.
function Host:wait_until(condition, timeout, what)
  hvc.checked(1)
  local ok = kit.wait(timeout, function() if condition() then return true end end)
  if not ok then
    raise("failed", string.format("%s did not come within %s", what or "what the case waits for",
          tostring(timeout or kit.patience)))
  end
end

-- Faults --------------------------------------------------------------------------------

local function rule(opts)
  local r = {}
  for k, v in pairs(opts or {}) do r[k] = v end
  if r.message then r.type, r.message = id_of(r.message), nil end
  if type(r.channel) == "table" then r.channel = r.channel.id end
  return r
end

-- The next n HvPostMessage calls return `status`. opts: message, connection, skip, deliver.
function Host:fail_post(status, n, opts)
  local r = rule(opts)
  r.code, r.status, r.count = 0x5c, status, n or 1
  hvc.fault_call(r)
end

function Host:fail_signal(status, n, opts)
  local r = rule(opts)
  r.code, r.status, r.count = 0x5d, status, n or 1
  hvc.fault_call(r)
end

-- { action, direction, message, channel, skip, count, delay, offset, mask, value }
function Host:fault_message(opts) hvc.fault_message(rule(opts)) end
-- { action, direction, channel, skip, count, delay }
function Host:fault_signal(opts) hvc.fault_signal(rule(opts)) end

-- At a moment of a channel: opts = { channel, skip, count, revoke = true, run = function(id) }
function Host:at(moment, opts)
  local r = rule(opts)
  r.moment = moment
  hvc.fault_moment(r)
end

function Host:clear_faults() hvc.fault_clear() end
-- Fault rules that have not acted yet.
function Host:unspent_faults() return hvc.fault_unspent() end

-- Shared memory changes right after the target has loaded it (targets built with load hooks):
-- { gpa, offset, bytes, target, skip, count }
function Host:change_after_load(t) hvc.fault_load(rule(t)) end

-- Channels ------------------------------------------------------------------------------

local properties = {
  id = function(ch)
    local info = hvc.channel_info(ch.number)
    if info and info.id ~= 0 then rawset(ch, "last_id", info.id) end
    return rawget(ch, "last_id") or 0
  end,
}

Channel.__index = function(ch, key)
  local get = properties[key]
  if get then return get(ch) end
  return Channel[key]
end

local function new_channel(host, number)
  return setmetatable({ host = host, number = number }, Channel)
end

local function instance_of(host)
  host.instances = host.instances + 1
  return string.format("%08x-c0de-4d00-8000-%012x", 0x10000000 + host.instances, host.instances)
end

function Host:offer(o)
  local t = {}
  for k, v in pairs(o or {}) do t[k] = v end
  local class = t.interface or "network"
  t.interface_id = hvc.interface(class) or class
  t.instance_id = t.instance or instance_of(self)
  if type(t.primary) == "table" then
    t.interface_id, t.instance_id = t.primary.interface_id, t.primary.instance_id
  end
  local ch = new_channel(self, hvc.offer(t))
  ch.interface_id, ch.instance_id = guid(t.interface_id), guid(t.instance_id)
  return ch
end

-- The channel that a TL_CONNECT_REQUEST brought about (config.host.tl_accept).
function Host:channel_of(endpoint)
  local number = hvc.find(endpoint)
  return number and new_channel(self, number)
end

function Channel:info()
  return hvc.channel_info(self.number) or { state = "gone", id = self.id, signals = 0,
    interrupts = 0, gpadls = 0 }
end
function Channel:state() return self:info().state end
function Channel:signals() return self:info().signals end
function Channel:interrupts() return self:info().interrupts end
function Channel:revoke() hvc.revoke(self.number) end
function Channel:reoffer() return hvc.reoffer(self.number) end
function Channel:interrupt() return hvc.channel_signal(self.number) end

local function of_channel(ch, want)
  local t = {}
  for k, v in pairs(want or {}) do t[k] = v end
  t.channel_id = ch
  return t
end

function Channel:expect(name, want, timeout)
  return self.host:expect(name, of_channel(self, want), timeout)
end
function Channel:expect_none(name, duration, want)
  return self.host:expect_none(name, duration, of_channel(self, want))
end
function Channel:count(name, want) return self.host:count(name, of_channel(self, want)) end

-- What the device says when asked: what = open, close, gpadl, teardown or modify.
function Channel:answer(what, opts)
  opts = opts or {}
  hvc.answer(self.number, what, opts.hold, opts.status)
end
function Channel:asked(what) return hvc.asked(self.number, what) end
function Channel:finish(what, status) hvc.finish(self.number, what, status) end

-- GPADLs: { state, ranges = { {byte_offset, byte_count, pfns} } }, or nil
function Channel:gpadl(id) return hvc.gpadl(self.number, id) end
function Channel:gpadl_read(id, offset, n) return hvc.gpadl_read(self.number, id, offset, n) end
function Channel:gpadl_write(id, offset, bytes)
  return hvc.gpadl_write(self.number, id, offset, bytes)
end

-- Rings ---------------------------------------------------------------------------------

function Packet:complete(payload)
  return self.channel:complete(self.id, payload)
end

local function padded(found, want)
  return found:sub(1, #want) == want and #found - #want < 8 and not found:find("[^\0]", #want + 1)
end

local function compare_packet(k, want)
  local w = {}
  for key, value in pairs(want or {}) do w[key] = value end
  if w.type then w.type = kit.packet_type(w.type) end
  if type(w.payload) == "string" then
    local payload = w.payload
    if not padded(k.payload, payload) then
      return nil, string.format("packet payload: expected %s, found %s", show(payload),
        show(k.payload))
    end
    w.payload = nil
  end
  return kit.compare("packet", k, w)
end

kit.compare_packet = compare_packet

local function take(ch)
  local k = hvc.take(ch.number)
  if k then
    k.channel = ch
    setmetatable(k, Packet)
  end
  return k
end

-- The next packet of the guest if one waits, else nil; no time passes.
function Channel:take() return take(self) end

-- The next packet of the guest: type, flags, id, extra, payload (padded to 8 bytes).
function Channel:expect_packet(want, timeout)
  hvc.checked(1)
  local k = kit.wait(timeout, function() return take(self) end)
  if not k then
    raise("failed", string.format("expected a packet%s on channel %d within %s; none came%s",
          kit.describe(want), self.id, tostring(timeout or kit.patience),
          self:ring_status() ~= "OK" and ", and the ring is " .. self:ring_status() or ""))
  end
  local ok, why = compare_packet(k, want)
  if not ok then raise("failed", why or "packet of another channel") end
  return k
end

function Channel:expect_no_packet(duration)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  local k = take(self)
  if k then
    raise("failed", string.format("a packet came on channel %d, type %d with %s", self.id, k.type,
          show(k.payload)))
  end
end

-- Bytes of range i of a GPA-direct packet, read through the page frames that it names; nil and
-- the status when the device cannot use the range.
function Channel:range_bytes(k, i)
  if k.ranges ~= "OK" then return nil, k.ranges end
  return hvc.range_read(self.number, zeros(16) .. k.extra, (i or 1) - 1)
end

-- { type, payload, extra, id, flags, completion } -> "ok" or "again" (no room)
function Channel:send_packet(t)
  local result = hvc.send_packet(self.number, { type = kit.packet_type(t.type), payload = t.payload,
    extra = t.extra, id = t.id, flags = (t.flags or 0) | (t.completion and 1 or 0) })
  if result ~= "ok" and result ~= "again" then
    error("the packet cannot be sent: " .. result, 2)
  end
  return result
end

function Channel:complete(id, payload)
  return self:send_packet { type = "completion", id = id, payload = payload or "" }
end

-- Any bytes at the write index. opts: advance = bytes to move the index by, signal = false
function Channel:send_raw_ring(bytes, opts)
  opts = opts or {}
  hvc.send_ring(self.number, bytes, opts.advance or #bytes, opts.signal ~= false)
end

local control = { write_index = 0, read_index = 4, interrupt_mask = 8, pending_send_size = 12,
                  feature_bits = 64 }

function Channel:control(side)
  local t = { size = hvc.ring_size(self.number, side or "g2h") }
  for name, offset in pairs(control) do t[name] = hvc.peek(self.number, side or "g2h", offset) end
  return t
end

-- { side = "h2g" (default) or "g2h", write_index = ..., ... }
function Channel:poke_control(t)
  for name, value in pairs(t) do
    if name ~= "side" then
      local offset = control[name] or error("no control word is called '" .. name .. "'", 2)
      hvc.poke(self.number, t.side or "h2g", offset, value)
    end
  end
end

-- Offsets count from the control page: the data area begins at 4096.
function Channel:ring_read(side, offset, n) return hvc.ring_read(self.number, side, offset, n) end
function Channel:ring_write(side, offset, bytes)
  hvc.ring_write(self.number, side, offset, bytes)
end

function Channel:reading(on) hvc.reading(self.number, on ~= false) end
function Channel:mask(on) hvc.mask(self.number, on ~= false) end
function Channel:poll() return hvc.poll(self.number) end
function Channel:poll_one() return hvc.poll_one(self.number) end
function Channel:ring_status() return hvc.ring_status(self.number) end
function Channel:waiting() return hvc.waiting(self.number) end
function Channel:signal() return hvc.device_signal(self.number) end

-- Shared memory changes right after the target has loaded it (targets built with load hooks):
-- { side, offset, bytes, target, skip, count }
function Channel:change_after_load(t)
  local r = rule(t)
  r.number = self.number
  hvc.fault_load(r)
end

kit.Host, kit.new_channel = Host, new_channel

function Host:signals(ch) return ch:signals() end

function kit.new_host()
  return setmetatable({ cursor = 0, instances = 0 }, Host)
end
