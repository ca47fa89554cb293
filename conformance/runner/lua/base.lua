-- SPDX-License-Identifier: BSD-2-Clause
-- What all parts of the suites' API share: verdicts, assertions, bytes, comparing messages.
-- Each file gets the primitives of the runner and a table for what the files share.
local hvc, kit = ...

-- Verdicts ------------------------------------------------------------------------------

local function raise(verdict, reason, extra)
  local t = extra or {}
  t.verdict, t.reason, t.where = verdict, reason, hvc.where()
  error(t, 0)
end
kit.raise = raise

function fail(reason) raise("failed", reason or "the case says so") end
function skip(reason) raise("skipped", reason or "the case says so") end
function note(text) hvc.note(tostring(text)) end
print = function(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  hvc.note(table.concat(parts, " "))
end

-- A channel may be named by its handle before the host has given it an id.
local function is_channel(v) return type(v) == "table" and rawget(v, "number") ~= nil end

local function show(v)
  if is_channel(v) then return "channel " .. v.id end
  if math.type(v) == "integer" then
    if v >= 0 and v < 10 then return tostring(v) end
    return string.format("%d (0x%x)", v, v)
  elseif type(v) == "string" then
    if not v:find("[^\32-\126]") then return string.format("%q", v) end
    local hex = v:sub(1, 32):gsub(".", function(c) return string.format("%02x ", c:byte()) end)
    return string.format("%s%s(%d bytes)", hex, #v > 32 and "... " or "", #v)
  elseif type(v) == "table" and v.one_of then
    local parts = {}
    for i, x in ipairs(v.one_of) do parts[i] = show(x) end
    return "one of " .. table.concat(parts, ", ")
  elseif type(v) == "function" then
    return "what the case's function accepts"
  end
  return tostring(v)
end
kit.show = show

function check(condition, message)
  hvc.checked(1)
  if not condition then raise("failed", message or "check failed") end
  return condition
end

function check_eq(found, expected, message)
  hvc.checked(1)
  if found ~= expected then
    raise("failed", string.format("%sexpected %s, found %s", message and message .. ": " or "",
          show(expected), show(found)))
  end
  return found
end

function check_ne(found, forbidden, message)
  hvc.checked(1)
  if found == forbidden then
    raise("failed", string.format("%sfound %s", message and message .. ": " or "", show(found)))
  end
  return found
end

-- low <= found <= high
function check_range(found, low, high, message)
  hvc.checked(1)
  if found < low or found > high then
    raise("failed", string.format("%sexpected %s to %s, found %s",
          message and message .. ": " or "", show(low), show(high), show(found)))
  end
  return found
end

-- Bytes ---------------------------------------------------------------------------------

function hex(text)
  local digits = text:gsub("%s+", "")
  if #digits % 2 ~= 0 or digits:find("[^%x]") then
    error("hex: wants pairs of hexadecimal digits", 2)
  end
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

function u8(v) return string.pack("<I1", v & 0xff) end
function u16(v) return string.pack("<I2", v & 0xffff) end
function u32(v) return string.pack("<I4", v & 0xffffffff) end
function u64(v) return string.pack("<i8", v) end
function get_u16(s, offset) return (string.unpack("<I2", s, offset + 1)) end
function get_u32(s, offset) return (string.unpack("<I4", s, offset + 1)) end
function get_u64(s, offset) return (string.unpack("<i8", s, offset + 1)) end
function zeros(n) return string.rep("\0", n) end
function guid(text) return hvc.guid(text) end
function interface(name)
  return hvc.interface(name) or error("no interface is called '" .. tostring(name) .. "'", 2)
end

-- n bytes that differ from place to place and from seed to seed
function pattern(n, seed)
  local parts, x = {}, (seed or 1) * 2654435761 + 1
  for i = 1, n do
    x = (x * 1103515245 + 12345) & 0x7fffffff
    parts[i] = string.char((x >> 16) & 0xff)
  end
  return table.concat(parts)
end

-- Bytes with changes: poke = { [offset] = byte or string }, truncate = n, append = "..."
function kit.mangle(bytes, opts)
  if not opts then return bytes end
  for offset, value in pairs(opts.poke or {}) do
    local s = type(value) == "string" and value or u8(value)
    if offset + #s > #bytes then
      error(string.format("poke at %d is outside the %d bytes", offset, #bytes), 0)
    end
    bytes = bytes:sub(1, offset) .. s .. bytes:sub(offset + #s + 1)
  end
  if opts.truncate then bytes = bytes:sub(1, opts.truncate) end
  return bytes .. (opts.append or "")
end

-- encode("rndis.query", fields, version) -> bytes. decode("nvsp", bytes, direction, version) ->
-- a table of the fields with `name`; or nil, name or nil, fault. decode_as("ndis.offload", bytes).
-- direction: 1 guest to host, 2 host to guest.
function encode(name, fields, version) return hvc.encode(name, fields or {}, version or 0) end
local function decoded(name, fields, fault)
  if not fields then return nil, name, fault end
  fields.name = name
  return fields
end
function decode(protocol, bytes, direction, version)
  return decoded(hvc.decode(bytes, direction or 1, version or 0, protocol))
end
function decode_as(name, bytes, version) return decoded(hvc.decode_as(name, bytes, version or 0)) end

-- Ring packets --------------------------------------------------------------------------

local packet_types = { inband = 6, transfer_pages = 7, gpadl = 8, gpa_direct = 9, cancel = 10,
                       completion = 11 }
local packet_names = {}
for name, value in pairs(packet_types) do packet_names[value] = name end

function kit.packet_type(t)
  if type(t) == "string" then
    return packet_types[t] or error("no packet type is called '" .. t .. "'", 0)
  end
  return t or 6
end

-- ranges = { {offset, count}, ... } -> extra header of a transfer-page packet
function transfer_pages(set_id, ranges)
  local parts = { u16(set_id), u16(0), u32(#ranges) }
  for _, r in ipairs(ranges) do parts[#parts + 1] = u32(r[2]) .. u32(r[1]) end
  return table.concat(parts)
end

-- ranges = { {byte_offset, byte_count, {pfn, ...}}, ... } -> extra header of a GPA-direct packet
function gpa_direct(ranges)
  local parts = { u32(0), u32(#ranges) }
  for _, r in ipairs(ranges) do
    parts[#parts + 1] = u32(r[2]) .. u32(r[1])
    for _, pfn in ipairs(r[3]) do parts[#parts + 1] = u64(pfn) end
  end
  return table.concat(parts)
end

-- A whole packet as bytes, with its trailer. Whatever is given replaces what would be right:
-- type, flags, id, extra, payload, offset8, length8, padding, trailer (8 bytes), start (offset
-- that the trailer names).
function packet(t)
  local extra, payload = t.extra or "", t.payload or ""
  local body = extra .. payload
  local padding = t.padding or zeros(-#body % 8)
  local length8 = t.length8 or (16 + #body + #padding) // 8
  return u16(kit.packet_type(t.type)) .. u16(t.offset8 or (16 + #extra) // 8) .. u16(length8)
    .. u16(t.flags or 0) .. u64(t.id or 0) .. body .. padding
    .. (t.trailer or u32(0) .. u32(t.start or 0))
end

-- Comparing -----------------------------------------------------------------------------

-- Fields by which a message belongs to something: with another value there it is unrelated
-- traffic and is skipped; every other difference is a failure.
local keys = { channel_id = true, gpadl_id = true, channel = true }

local function fits(found, want)
  if is_channel(want) then return found ~= 0 and found == want.id end
  if type(want) == "function" then return want(found) end
  if type(want) == "table" and want.one_of then
    for _, v in ipairs(want.one_of) do
      if found == v then return true end
    end
    return false
  end
  return found == want
end
kit.fits = fits

-- Compare the fields of `found` with those wanted. Returns true; or false and the field that
-- makes it unrelated; or nil and a text, and the field at fault.
function kit.compare(name, found, want, translate)
  for field, value in pairs(want or {}) do
    if translate then value = translate(field, value) end
    if found[field] == nil then
      error(string.format("%s has no field called '%s' here", name, field), 0)
    end
    if keys[field] and not fits(found[field], value) then return false, field end
  end
  for field, value in pairs(want or {}) do
    if translate then value = translate(field, value) end
    if not fits(found[field], value) then
      local offset = translate and hvc.field(name, field)
      return nil, string.format("%s.%s%s: expected %s, found %s", name, field,
        offset and " at offset " .. offset or "", show(value), show(found[field])), field
    end
  end
  return true
end

function kit.describe(want)
  local parts = {}
  for field, value in pairs(want or {}) do parts[#parts + 1] = field .. "=" .. show(value) end
  table.sort(parts)
  return #parts > 0 and " with " .. table.concat(parts, ", ") or ""
end

-- Waiting -------------------------------------------------------------------------------

kit.patience = "10s"

-- Answers that a case has programmed (host:respond) are due whenever something has happened.
local responders = {}
function kit.on_step(f) responders[#responders + 1] = f end
function kit.forget_steps() responders = {} end
local function respond()
  for _, f in ipairs(responders) do f() end
end

-- Let things happen until found() returns something, or until the time is over or nothing is
-- left to happen. Returns what found() returned.
function kit.wait(timeout, found)
  local deadline = hvc.now() + hvc.duration(timeout or kit.patience)
  while true do
    respond()
    local result = found()
    if result ~= nil then return result end
    if not hvc.step(deadline) then return found() end
  end
end

-- Let exactly this much time pass.
function kit.pass(duration)
  local deadline = hvc.now() + hvc.duration(duration)
  respond()
  while hvc.step(deadline) do respond() end
  local rest = deadline - hvc.now()
  if rest > 0 then hvc.run_for(rest) end
end

-- A channel handle or a channel id -> channel id
function kit.channel_id(ch)
  if type(ch) == "table" then return ch.id end
  return ch
end
