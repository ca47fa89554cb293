-- SPDX-License-Identifier: BSD-2-Clause
-- Event flags that are set while a guest scans them: chapter 10 section 2.10.

local function flags_page(host, vp)
  local page
  for _, w in ipairs(host:msr_writes(0x40000082)) do
    if w.vp == vp and w.value & 1 == 1 then page = w.value & ~0xfff end
  end
  return check(page, "the guest has enabled an event flags page") + 2 * 256
end

-- The flag of the second channel is set just after the word with that of the first was loaded.
-- A guest that then stores 0 has lost it; one that exchanges finds both, or leaves the second.
case "synic.double-fetch.flag-set-while-scanning" {
  level = "must", requires = { "CORE-REQ-018" },
  doc = "An event flag that is set while its word is looked at is not lost.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    local disk = host:offer { interface = "scsi" }
    guest:online()
    guest:opened(nic)
    guest:opened(disk)
    local first, second = nic:info().event_flag, disk:info().event_flag
    if first // 32 ~= second // 32 then skip("the driver spreads flags over several words") end
    local offset, mask = first // 32 * 4, 1 << first % 32 | 1 << second % 32
    local page = flags_page(host, nic:info().target_vp)
    nic:send_raw_ring(packet { payload = "first" }, { signal = false })
    disk:send_raw_ring(packet { payload = "second" }, { signal = false })
    host:change_after_load { gpa = page, offset = offset, bytes = u32(mask) }
    host:signal_flag(first, { vp = nic:info().target_vp })
    host:run_for("1ms")
    if host:unspent_faults() > 0 then
      host:clear_faults()
      skip("the target is not built with load hooks")
    end
    check_eq(guest:count_events("packet", { channel = nic, data = "first" }), 1, "the first")
    -- What is still set when the guest is done comes with the next interrupt.
    host:interrupt(nic:info().target_vp, 2)
    host:run_for("1ms")
    check_eq(guest:count_events("packet", { channel = disk, data = "second" }), 1, "the second")
  end,
}
