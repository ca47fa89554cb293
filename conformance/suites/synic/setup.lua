-- SPDX-License-Identifier: BSD-2-Clause
-- How a guest finds the hypervisor and sets the SynIC up: chapter 10 sections 2.1 to 2.3, 2.6
-- and 2.9.

local GUEST_OS_ID, HYPERCALL = 0x40000000, 0x40000001
local SCONTROL, SIEFP, SIMP, SINT2 = 0x40000080, 0x40000082, 0x40000083, 0x40000092

local function index_of(writes, fits)
  for i, w in ipairs(writes) do
    if fits(w) then return i end
  end
end

-- Privileges that VMBus needs, one missing at a time.
for _, t in ipairs { { "no-synic", 0x22, 0x30 }, { "no-hypercall-msrs", 0x06, 0x30 },
                     { "no-post", 0x26, 0x20 }, { "no-signal", 0x26, 0x10 }, { "none", 0, 0 } } do
  case("synic.setup." .. t[1]) {
    level = "must", requires = { "CORE-REQ-005" },
    config = { cpuid_eax = t[2], cpuid_ebx = t[3], cpuid_exact = true },
    doc = ("With 0x%x and 0x%x in leaf 0x40000003 a guest touches no SynIC register."):format(
      t[2], t[3]),
    run = function(host, guest)
      guest:connect { may_fail = true }
      host:run_for("1s")
      for _, w in ipairs(host:msr_writes()) do
        check(w.msr < SCONTROL or w.msr > 0x4000009f, ("write of MSR 0x%x"):format(w.msr))
      end
      check_eq(#host:msr_writes(SCONTROL), 0, "writes of SCONTROL")
      check_eq(#host:all_messages(), 0, "messages")
      check_eq(guest:count_events("connected"), 0, "connections")
    end,
  }
end

case "synic.setup.os-id-first" {
  level = "must", requires = { "CORE-REQ-006" },
  doc = "A guest writes a GUEST_OS_ID other than 0 before it enables the hypercall page.",
  run = function(host, guest)
    guest:online()
    local writes = host:msr_writes()
    local id = index_of(writes, function(w) return w.msr == GUEST_OS_ID and w.value ~= 0 end)
    local page = index_of(writes, function(w) return w.msr == HYPERCALL and w.value & 1 == 1 end)
    check(id, "GUEST_OS_ID is written")
    check(page, "the hypercall page is enabled")
    check(id < page, "GUEST_OS_ID comes first")
  end,
}

case "synic.setup.order-of-registers" {
  level = "should", requires = { "CORE-REQ-014" }, config = { vps = 2 },
  doc = "On each processor in use both pages and SINT2 are set before SCONTROL enables the SynIC.",
  run = function(host, guest)
    guest:online()
    for vp = 0, 1 do
      local writes = {}
      for _, w in ipairs(host:msr_writes()) do
        if w.vp == vp then writes[#writes + 1] = w end
      end
      local on = index_of(writes, function(w) return w.msr == SCONTROL and w.value & 1 == 1 end)
      if on or vp == 0 then
        check(on, "SCONTROL is written on processor 0")
        for _, msr in ipairs { SIMP, SIEFP } do
          local at = index_of(writes, function(w) return w.msr == msr and w.value & 1 == 1 end)
          check(at and at < on, ("MSR 0x%x is enabled before"):format(msr))
        end
        local sint = index_of(writes, function(w)
          return w.msr == SINT2 and w.value & 0x10000 == 0
        end)
        check(sint and sint < on, "SINT2 is unmasked before")
        check(writes[sint].value & 0xff >= 16, "vector of SINT2")
      end
    end
  end,
}

case "synic.setup.no-auto-eoi-when-advised" {
  level = "must", requires = { "CORE-REQ-014" }, config = { no_auto_eoi = true },
  doc = "A guest that is advised against auto-EOI does not set that bit of SINT2.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for _, w in ipairs(host:msr_writes(SINT2)) do
      check_eq(w.value & 0x20000, 0, "auto_eoi bit of SINT2")
    end
    guest:opened(nic)
    nic:send_packet { payload = "heard" }
    guest:expect_event("packet", { channel = nic, data = "heard" })
  end,
}

case "synic.post.as-the-call-wants-it" {
  level = "must", requires = { "CORE-REQ-007" },
  doc = "Every HvPostMessage of a whole session is accepted and carries the size of its message.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic, { tx_pages = 40, rx_pages = 40 })
    guest:closed(nic)
    guest:unload()
    guest:expect_event("disconnected")
    check_eq(#host:failed_calls(), 0, "hypercalls that failed")
    local sizes = { request_offers = 8, close_channel = 12, gpadl_teardown = 16, unload = 8 }
    local open = host:info().version >= 0x60000 and host:info().features & 3 ~= 0 and 156 or 148
    for _, m in ipairs(host:all_messages()) do
      check(m.name ~= "unknown", "a message that is one")
      check_eq(get_u32(m.bytes, 4), 0, "padding of the header of " .. m.name)
      check_range(m.size, 8, 240, "size of " .. m.name)
      if sizes[m.name] then check_eq(m.size, sizes[m.name], "size of " .. m.name) end
      if m.name == "open_channel" then check_eq(m.size, open, "size of open_channel") end
    end
  end,
}
