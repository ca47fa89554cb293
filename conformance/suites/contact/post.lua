-- SPDX-License-Identifier: BSD-2-Clause
-- How a guest waits for room in the host's message port: chapter 10 section 2.6.

-- Times between posts that found no buffer, in 100 ns.
local function delays(host)
  local found, last = {}, nil
  for _, c in ipairs(host:failed_calls()) do
    if c.control & 0xffff == 0x5c then
      if last then found[#found + 1] = c.time - last end
      last = c.time
    end
  end
  return found
end

for _, message in ipairs { "initiate_contact", "request_offers" } do
  case("contact.post.delay-grows-for-" .. message:gsub("_", "-")) {
    level = "must", requires = { "CORE-REQ-009" },
    doc = "A guest waits longer the more often the port had no buffer for " .. message .. ".",
    run = function(host, guest)
      host:fail_post(0x13, 10, { message = message })
      guest:connect()
      guest:expect_event("connected", {}, "100s")
      host:expect("request_offers", {}, "100s")
      local found = delays(host)
      check_eq(#found, 9, "delays between ten posts that failed")
      -- Where it starts, how fast it grows and where it stops is the guest's business.
      local longest = math.max(table.unpack(found))
      check(longest > 0, "time passes between two posts")
      check(longest >= 2 * found[1],
            ("the longest delay, %d, is twice the first, %d"):format(longest, found[1]))
    end,
  }
end
