-- SPDX-License-Identifier: BSD-2-Clause
-- Unload from a crashed system, where nothing but one processor runs: chapter 10 section 6.7.

local SIMP = 0x40000083

local function takes_messages_on(host, vp)
  for _, w in ipairs(host:msr_writes(SIMP)) do
    if w.vp == vp and w.value & 1 == 1 then return end
  end
  skip(("the driver has no message page on processor %d"):format(vp))
end

for vp = 0, 3 do
  case("unload.crash.answer-on-processor-" .. vp) {
    level = "must", requires = { "CORE-REQ-075" }, bugs = { "BUG-073" }, config = { vps = 4 },
    doc = ("A guest that crashes finds UNLOAD_COMPLETE in the slot of processor %d."):format(vp),
    run = function(host, guest)
      host:offer { interface = "network" }
      guest:online()
      takes_messages_on(host, vp)
      host:ignore("unload")
      host:send_raw(host:encode("unload_complete"), { vp = vp, delay = "1ms" })
      guest:crash_unload()
      host:expect("unload", {}, "200s")
      guest:expect_event("disconnected", { status = 0 }, "200s")
    end,
  }
end

case "unload.crash.answer-behind-others" {
  level = "must", requires = { "CORE-REQ-075" }, bugs = { "BUG-073" }, config = { vps = 2 },
  doc = "A guest that crashes drains what else is in the slots until UNLOAD_COMPLETE is there.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    local vp = host:info().target_vp
    host:ignore("unload")
    for i = 1, 3 do
      host:send_raw(host:encode("offer_channel", { interface_id = interface "scsi",
        instance_id = guid("30000000-c0de-4d00-8000-00000000000" .. i), channel_id = 40 + i,
        monitor_id = 0xff, has_dedicated_connection = true, is_dedicated = 1,
        connection_id = 70 + i }), { vp = vp, delay = "1ms" })
      host:send_raw(zeros(24), { vp = vp, synic_type = 0x80000010, delay = "1ms" })
    end
    host:send_raw(host:encode("rescind_channel_offer", { channel_id = nic.id }),
                  { vp = vp, delay = "1ms" })
    host:send_raw(host:encode("unload_complete"), { vp = vp, delay = "1ms" })
    guest:crash_unload()
    host:expect("unload", {}, "200s")
    guest:expect_event("disconnected", { status = 0 }, "200s")
  end,
}
