-- SPDX-License-Identifier: BSD-2-Clause
-- `host:storage{...}`: a storage controller of the mock host, and the units plugged into it.
local hvc, kit = ...

local Unit = {}
Unit.__index = Unit

function Unit:read(offset, n) return hvc.unit_read(self.number, offset, n) end
function Unit:write(offset, bytes) hvc.unit_write(self.number, offset, bytes) end
-- Another medium, empty, of so many bytes; nil: none
function Unit:medium(size) hvc.unit_medium(self.number, size) end

local methods = {
  storage_info = function(c) return hvc.storage_info(c.storage_number) end,
  -- Plug in a unit; opts: path, target, lun
  attach = function(c, unit, opts)
    opts = opts or {}
    return hvc.storage_attach(c.storage_number, unit.number, opts.path, opts.target, opts.lun)
  end,
  detach = function(c, opts)
    opts = opts or {}
    return hvc.storage_detach(c.storage_number, opts.path, opts.target, opts.lun)
  end,
  -- { opcode or any_opcode, skip, count, delay = "1s", fail, srb_status, scsi_status, key, asc, ascq }
  fault = function(c, f)
    local copy = {}
    for k, v in pairs(f) do copy[k] = v end
    if type(copy.delay) == "string" then copy.delay = hvc.duration(copy.delay) end
    hvc.storage_fault(c.storage_number, copy)
  end,
  clear_faults = function(c) hvc.storage_fault(c.storage_number) end,
}

local function durations(cfg)
  local copy = {}
  for k, v in pairs(cfg or {}) do copy[k] = v end
  for _, k in ipairs { "delay", "io_delay" } do
    if type(copy[k]) == "string" then copy[k] = hvc.duration(copy[k]) end
  end
  return copy
end

function kit.Host:storage(cfg)
  local number, channel = hvc.storage_new(durations(cfg))
  local c = kit.new_channel(self, channel)
  for name, f in pairs(methods) do rawset(c, name, f) end
  rawset(c, "storage_number", number)
  -- The channel object of a sub-channel, once it was offered
  rawset(c, "sub", function(_, index)
    local n = hvc.storage_queue(number, index)
    return n and kit.new_channel(self, n)
  end)
  return c
end

-- A unit: size in bytes or file, and the members of struct hvm_lun_config
function kit.Host:unit(cfg) return setmetatable({ number = hvc.unit_new(cfg) }, Unit) end
