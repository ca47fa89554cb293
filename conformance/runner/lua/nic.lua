-- SPDX-License-Identifier: BSD-2-Clause
-- `host:nic{...}`: the mock host's own NIC on a channel, for cases that are hostile to it, for
-- guests that are to meet it, and for hosts that differ from it in one message (the tap).
local hvc, kit = ...

local DIRECTIONS = { g2h = 1, h2g = 2 }
local Nic = {}

local function raise(...) return kit.raise(...) end

-- State and counters ----------------------------------------------------------------------

function Nic:nic_info() return hvc.nic_info(self.nic_number) end
function Nic:counters() return hvc.nic_counters(self.nic_number) end

-- All frames of the guest so far: { bytes, queue, packet, index, section, ranges, vlan, csum, lso }
function Nic:frames()
  local list = {}
  while true do
    local f = hvc.nic_tx(self.nic_number, #list + 1)
    if not f then return list end
    list[#list + 1] = f
  end
end

-- What it says by itself ------------------------------------------------------------------

-- opts: vlan, csum, hash, hash_info, segments, queue
function Nic:deliver(frame, opts)
  local f = { bytes = frame }
  for k, v in pairs(opts or {}) do f[k] = v end
  return hvc.nic_deliver_all(self.nic_number, { f }, f.queue)
end

-- Several frames in one packet: bytes, or tables with `bytes` and the options of deliver.
function Nic:deliver_all(frames, queue)
  local list = {}
  for i, f in ipairs(frames) do list[i] = type(f) == "string" and { bytes = f } or f end
  return hvc.nic_deliver_all(self.nic_number, list, queue)
end

function Nic:vf(present, serial) hvc.nic_vf(self.nic_number, present, serial) end
function Nic:set_link(up) hvc.nic_link(self.nic_number, up) end
function Nic:set_speed(bits) hvc.nic_speed(self.nic_number, bits) end
function Nic:network_change(how) hvc.nic_change(self.nic_number, how) end
function Nic:indicate(status, buffer) return hvc.nic_indicate(self.nic_number, status, buffer) end
function Nic:send_table(entries) return hvc.nic_table(self.nic_number, entries) end
function Nic:hold_switch(on) hvc.nic_hold_switch(self.nic_number, on ~= false) end
function Nic:finish_switch(ok) return hvc.nic_finish_switch(self.nic_number, ok ~= false) end
function Nic:force_synthetic() hvc.nic_force_synthetic(self.nic_number) end
-- Leave the guest's packets in the rings, or take them again.
function Nic:sleep(on) hvc.nic_pause(self.nic_number, on ~= false) end
-- answer: { status, data }; nil: as ever
function Nic:oid(oid, answer)
  if answer then
    hvc.nic_oid(self.nic_number, oid, answer.status or 0, answer.data)
  else
    hvc.nic_oid(self.nic_number, oid)
  end
end

-- The tap: what was seen ------------------------------------------------------------------

local function is_ours(name) return name:match("^nvsp%.") or name:match("^rndis%.") end

local function with_fields(m)
  local fields = decode(m.layer, m.bytes, m.dir, m.version)
  for k, v in pairs(fields or {}) do
    if m[k] == nil then m[k] = v end
  end
  m.malformed = not fields
  return m
end

local function fits(m, name, want)
  if not m or m.name ~= name then return false end
  with_fields(m)
  for field, value in pairs(want or {}) do
    if m[field] == nil and not m.malformed then
      error(string.format("%s has no field called '%s'", name, field), 0)
    end
    if not kit.fits(m[field], value) then return false end
  end
  return true
end

-- The next message of that name, either way, whose fields are those wanted; messages with other
-- values are skipped and named when none comes.
function Nic:expect(name, want, timeout)
  if not is_ours(name) then return self.base.expect(self, name, want, timeout) end
  hvc.checked(1)
  local skipped = {}
  local m = kit.wait(timeout, function()
    while self.cursor < hvc.nic_seen(self.nic_number) do
      self.cursor = self.cursor + 1
      local seen = hvc.nic_message(self.nic_number, self.cursor)
      if fits(seen, name, want) then return seen end
      skipped[#skipped + 1] = seen and seen.name or "one that is forgotten"
    end
  end)
  if not m then
    raise("failed", string.format("expected %s%s; there was %s", name, kit.describe(want),
          #skipped > 0 and table.concat(skipped, ", ", math.max(1, #skipped - 7)) or "nothing"))
  end
  return m
end

-- All messages so far that fit
function Nic:messages(name, want)
  if not is_ours(name) then return self.host:messages(name, want) end
  local found = {}
  for i = 1, hvc.nic_seen(self.nic_number) do
    local m = hvc.nic_message(self.nic_number, i)
    if fits(m, name, want) then found[#found + 1] = m end
  end
  return found
end
function Nic:count(name, want)
  if not is_ours(name) then return self.base.count(self, name, want) end
  return #self:messages(name, want)
end

-- None between the last one that was expected and `duration` from now
function Nic:expect_none(name, duration, want)
  if not is_ours(name) then return self.base.expect_none(self, name, duration, want) end
  hvc.checked(1)
  kit.pass(duration or "100ms")
  for i = self.cursor + 1, hvc.nic_seen(self.nic_number) do
    local m = hvc.nic_message(self.nic_number, i)
    if fits(m, name, want) then
      raise("failed", string.format("there was %s%s, which must not be", name, kit.describe(want)))
    end
  end
end

-- The next expect looks at later messages only.
function Nic:mark() self.cursor = hvc.nic_seen(self.nic_number) end

-- The tap: what becomes of messages -------------------------------------------------------

-- opts: dir ("g2h", "h2g"; both), count (of messages; all)
local function rule(n, name, verdict, bytes, opts)
  opts = opts or {}
  if not is_ours(name) then error("a NIC's messages are called nvsp.* and rndis.*", 3) end
  hvc.nic_rule(n.nic_number, name, verdict, bytes, DIRECTIONS[opts.dir], opts.count)
end

function Nic:hold(name, opts) rule(self, name, "hold", nil, opts) end
function Nic:drop(name, opts) rule(self, name, "drop", nil, opts) end
function Nic:replace(name, bytes, opts) rule(self, name, "replace", bytes, opts) end
function Nic:auto(name)
  self.responders[name] = nil
  rule(self, name, "pass")
end

-- Messages that are held: all, or those of a name
function Nic:held(name)
  local list, i = {}, 1
  repeat
    local m = hvc.nic_held(self.nic_number, i)
    if m and (not name or m.name == name) then
      with_fields(m).place = i
      list[#list + 1] = m
    end
    i = i + 1
  until not m
  return list
end

-- The oldest held message of that name goes on; { drop = true }, or { bytes = "..." }.
function Nic:release(name, opts)
  local m = self:held(name)[1]
  opts = opts or {}
  if not m then raise("failed", "no " .. name .. " is held") end
  hvc.nic_release(self.nic_number, m.place,
                  opts.drop and "drop" or opts.bytes and "replace" or "pass", opts.bytes)
  return m
end

-- f(m) decides about each message of that name, when the case waits: nil or false lets it go on,
-- true drops it, bytes go in its place.
function Nic:respond(name, f, opts)
  rule(self, name, "hold", nil, opts)
  if next(self.responders) == nil and not self.responding then
    self.responding = true
    kit.on_step(function()
      for called, decide in pairs(self.responders) do
        for _ = 1, #self:held(called) do
          local with = decide(self:held(called)[1])
          self:release(called, type(with) == "string" and { bytes = with } or { drop = with })
        end
      end
    end)
  end
  self.responders[name] = f
end

-- Messages of that name say these fields in place of their own. opts: those of the tap, and poke,
-- truncate, append.
function Nic:answer(name, fields, opts)
  if not is_ours(name) then return self.base.answer(self, name, fields) end
  self:respond(name, function(m)
    local layer, short = name:match("^(%w+)%.(.*)$")
    local all = assert(decode(layer, m.bytes, m.dir, m.version), "a malformed " .. short)
    for k, v in pairs(fields or {}) do all[k] = v end
    all.name = nil
    return kit.mangle(encode(name, all, m.version), opts)
  end, opts)
end

-- Into the transcript: an RNDIS message that the case itself read from memory or wrote there.
-- direction: 1 from the guest, 2 to it
function kit.Host:note_rndis(bytes, direction, version)
  hvc.note_rndis(bytes, direction, version)
end

function kit.Host:nic(cfg)
  local number, channel = hvc.nic_new(cfg or {})
  local n = kit.new_channel(self, channel)
  local base = { expect = n.expect, expect_none = n.expect_none, count = n.count,
                 answer = n.answer }
  for name, f in pairs(Nic) do rawset(n, name, f) end
  rawset(n, "base", base)
  rawset(n, "nic_number", number)
  rawset(n, "cursor", 0)
  rawset(n, "responders", {})
  return n
end
