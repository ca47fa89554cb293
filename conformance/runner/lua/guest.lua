-- SPDX-License-Identifier: BSD-2-Clause
-- `guest`: the driver under test, told what to do and asked what it saw.
local hvc, kit = ...
local raise, show = kit.raise, kit.show

local Guest = {}
Guest.__index = Guest

-- Commands ------------------------------------------------------------------------------

-- "ok", "again" (no room now) or "failed". What the target has no notion of skips the case.
function Guest:command(name, fields)
  local t = {}
  for k, v in pairs(fields or {}) do t[k] = v end
  t.channel = kit.channel_id(t.channel)
  local may_fail = t.may_fail
  t.may_fail = nil
  local result = hvc.command(name, t)
  if result == "unsupported" then
    raise("skipped", "the target does not support the command '" .. name .. "'")
  elseif result == "failed" and not may_fail then
    raise("failed", "the target refused the command '" .. name .. "'")
  end
  return result
end

local function with(opts, more)
  local t = {}
  for k, v in pairs(opts or {}) do t[k] = v end
  for k, v in pairs(more) do t[k] = v end
  return t
end

function Guest:connect(opts) return self:command("connect", opts) end
function Guest:unload(opts) return self:command("unload", opts) end
function Guest:crash_unload(opts) return self:command("crash_unload", opts) end

-- opts: tx_pages, rx_pages (data pages of the rings), target_vp, data (120 bytes of user data)
function Guest:open(ch, opts)
  return self:command("open", with({ tx_pages = 4, rx_pages = 4 }, with(opts, { channel = ch })))
end
function Guest:close(ch, opts) return self:command("close", with(opts, { channel = ch })) end
function Guest:release(ch, opts) return self:command("release", with(opts, { channel = ch })) end

-- opts: completion = true, id
function Guest:send(ch, payload, opts)
  opts = with(opts, { channel = ch, data = payload })
  opts.flags = (opts.flags or 0) | (opts.completion and 1 or 0)
  opts.completion = nil
  return self:command("send", opts)
end

-- opts: pages, byte_offset, byte_count, completion, id
function Guest:send_gpa(ch, payload, opts)
  opts = with(with({ pages = 1 }, opts), { channel = ch, data = payload })
  opts.byte_count = opts.byte_count or opts.pages * 4096 - (opts.byte_offset or 0)
  opts.flags = (opts.flags or 0) | (opts.completion and 1 or 0)
  opts.completion = nil
  return self:command("send_gpa", opts)
end

function Guest:complete(ch, id, payload, opts)
  return self:command("complete", with(opts, { channel = ch, id = id, data = payload or "" }))
end
function Guest:gpadl_create(ch, pages, opts)
  return self:command("gpadl_create", with(opts, { channel = ch, pages = pages }))
end
function Guest:gpadl_teardown(ch, id, opts)
  return self:command("gpadl_teardown", with(opts, { channel = ch, id = id }))
end
function Guest:modify(ch, target_vp, opts)
  return self:command("modify", with(opts, { channel = ch, target_vp = target_vp }))
end
function Guest:rx_pause(ch) return self:command("rx_pause", { channel = ch }) end
function Guest:rx_resume(ch) return self:command("rx_resume", { channel = ch }) end
function Guest:tl_connect(endpoint, service, opts)
  return self:command("tl_connect", with(opts, { guid1 = endpoint, guid2 = service }))
end
function Guest:open_reserved(ch, opts)
  return self:command("open_reserved", with(with({ tx_pages = 1, rx_pages = 1, value = 2 }, opts),
                                            { channel = ch }))
end
function Guest:close_reserved(ch, opts)
  return self:command("close_reserved", with(with({ value = 2 }, opts), { channel = ch }))
end

-- A command of a device driver: op is "net.attach", args named numbers; data and id may be among
-- them. What the target has no notion of skips the case.
function Guest:device(op, ch, args, opts)
  local t = with(opts, { channel = ch, op = op, args = {} })
  for k, v in pairs(args or {}) do
    if k == "data" or k == "id" then t[k] = v
    elseif type(v) == "boolean" then t.args[k] = v and 1 or 0
    else t.args[k] = v end
  end
  local may_fail = t.may_fail
  t.may_fail = nil
  t.channel = kit.channel_id(t.channel)
  local result = hvc.command("device", t)
  if result == "unsupported" then
    raise("skipped", "the target does not support the command '" .. op .. "'")
  elseif result == "failed" and not may_fail then
    raise("failed", "the target refused the command '" .. op .. "'")
  end
  return result
end

function Guest:net(ch, op, args, opts) return self:device("net." .. op, ch, args, opts) end

-- What was reported ---------------------------------------------------------------------

local function wanted(want)
  local t = with(want, {})
  if t.type then t.type = kit.packet_type(t.type) end
  for _, g in ipairs { "guid1", "guid2" } do
    if t[g] then t[g] = hvc.guid(t[g]) end
  end
  return t
end

-- A packet's data are the padded bytes of the ring: what must be in front is enough.
local function compare_event(e, want)
  local t, data = with(want, {}), nil
  if type(t.data) == "string" and (e.event == "packet" or e.event == "completion") then
    data, t.data = t.data, nil
  end
  -- The channel first: what another one received is unrelated, whatever its data are.
  local ok, why, field = kit.compare("event " .. e.event, e, t)
  if not ok or not data then return ok, why, field end
  local n = #data
  if e.data:sub(1, n) ~= data or #e.data - n >= 8 or e.data:find("[^\0]", n + 1) then
    return nil, string.format("event %s: data: expected %s, found %s", e.event, show(data),
      show(e.data))
  end
  return true
end

local function scan(guest, name, want, skipped)
  while guest.cursor < hvc.events() do
    guest.cursor = guest.cursor + 1
    local e = hvc.event(guest.cursor)
    if e.event ~= name then
      skipped[#skipped + 1] = e.event .. (e.text ~= "" and " (" .. e.text .. ")" or "")
    else
      local ok, why = compare_event(e, want)
      if ok then return e end
      if ok == nil then raise("failed", why) end
      skipped[#skipped + 1] = name .. " of another " .. why
    end
  end
end

local function list(names)
  if #names == 0 then return "the target reported nothing" end
  if #names > 8 then names = table.move(names, #names - 7, #names, 1, { "..." }) end
  return "the target reported " .. table.concat(names, ", ")
end

-- The next event of that name: a table with event, channel, status, version, features, type,
-- flags, value, id, data, guid1, guid2, text, time.
function Guest:expect_event(name, want, timeout)
  hvc.event_type(name)
  hvc.checked(1)
  local skipped = {}
  -- Each time anew: a channel gets its id only when it is offered.
  local e = kit.wait(timeout, function() return scan(self, name, wanted(want), skipped) end)
  if not e then
    raise("failed", string.format("expected the event '%s'%s within %s; %s", name,
          kit.describe(wanted(want)), tostring(timeout or kit.patience), list(skipped)))
  end
  return e
end

-- All events of a name so far that fit.
function Guest:events(name, want, from)
  hvc.event_type(name)
  want = wanted(want)
  local found = {}
  for n = (from or 0) + 1, hvc.events() do
    local e = hvc.event(n)
    if e.event == name and compare_event(e, want) == true then found[#found + 1] = e end
  end
  return found
end

function Guest:count_events(name, want) return #self:events(name, want) end

-- No such event between the last one that was expected (all of online() counts as expected) and
-- `duration` from now.
function Guest:expect_no_event(name, duration, want)
  hvc.checked(1)
  kit.pass(duration or "100ms")
  local e = self:events(name, want, math.max(self.cursor, self.quiet))[1]
  if e then
    raise("failed", string.format("the target reported '%s'%s %s, which it must not", name,
          kit.describe(wanted(want)), e.text))
  end
end

function Guest:mark() self.cursor = hvc.events() end

-- Common sequences ----------------------------------------------------------------------

-- Negotiate and take the offers. want: fields of the event "connected". The events "offer" can
-- still be expected afterwards.
function Guest:online(want)
  self:connect()
  local e = self:expect_event("connected", want)
  local here = self.cursor
  self:expect_event("offers_done")
  self.cursor, self.quiet = here, self.cursor
  return e
end

-- Open and wait until it is open.
function Guest:opened(ch, opts)
  self:open(ch, opts)
  return self:expect_event("opened", { channel = ch, status = 0 })
end

-- Close and wait until the memory is the driver's again.
function Guest:closed(ch)
  self:close(ch)
  return self:expect_event("closed", { channel = ch })
end

function Guest:target() return hvc.target() end

function kit.new_guest()
  return setmetatable({ cursor = 0, quiet = 0 }, Guest)
end

function kit.start(declaration, side, seed)
  math.randomseed(seed, 0)
  kit.forget_steps()	-- a case before this one in the process had its own
  local host = kit.new_host()
  local guest = side == "host" and kit.new_raw(host) or kit.new_guest()
  declaration.run(host, guest)
end
