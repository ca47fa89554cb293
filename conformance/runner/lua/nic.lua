-- SPDX-License-Identifier: BSD-2-Clause
-- `host:nic{...}`: the mock host's own NIC on a channel, for cases that are hostile to it.
local hvc, kit = ...

local methods = {
  nic_info = function(n) return hvc.nic_info(n.nic_number) end,
  counters = function(n) return hvc.nic_counters(n.nic_number) end,
  deliver = function(n, frame, opts) return hvc.nic_deliver(n.nic_number, frame, opts and opts.vlan) end,
  vf = function(n, present, serial) hvc.nic_vf(n.nic_number, present, serial) end,
  set_link = function(n, up) hvc.nic_link(n.nic_number, up) end,
  -- All frames of the guest so far: { bytes, packet, index }
  frames = function(n)
    local list, i = {}, 1
    while true do
      local bytes, k, at = hvc.nic_frame(n.nic_number, i)
      if not bytes then return list end
      list[i], i = { bytes = bytes, packet = k, index = at }, i + 1
    end
  end,
}

function kit.Host:nic(cfg)
  local number, channel = hvc.nic_new(cfg or {})
  local n = kit.new_channel(self, channel)
  for name, f in pairs(methods) do rawset(n, name, f) end
  rawset(n, "nic_number", number)
  return n
end
