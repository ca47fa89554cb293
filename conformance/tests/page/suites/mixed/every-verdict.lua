-- SPDX-License-Identifier: BSD-2-Clause
-- One case of each verdict, for the test of the report's page.

case "page.sanity" {
  level = "must", requires = { "CORE-REQ-068" }, sanity = true,
  doc = "The target connects.",
  run = function(host, guest) guest:online() end,
}

case "page.passes" {
  level = "should", requires = { "CORE-REQ-106" }, bugs = { "BUG-001" },
  doc = "A case that passes: a channel is opened.",
  run = function(host, guest)
    local nic = host:offer {}
    guest:online()
    guest:opened(nic)
  end,
}

case "page.fails" {
  level = "must", requires = { "CORE-REQ-092" },
  doc = "A case that fails at a field, with <b>marks</b> & \"quotes\" to escape.",
  run = function(host, guest)
    note("</script><script>window.broken = true</script>")
    local nic = host:offer {}
    guest:online()
    guest:open(nic)
    nic:expect("gpadl_header", { range_count = 2 })
  end,
}

case "page.is-skipped" {
  level = "quirk", requires = { "CORE-REQ-092", "CORE-REQ-093" },
  doc = "A case that is skipped.",
  run = function(host, guest) skip("there is no such chip") end,
}

case "page.is-known-to-fail" {
  level = "must", requires = { "CORE-REQ-093" }, bugs = { "BUG-001", "BUG-002" },
  doc = "A case that is expected to fail.",
  run = function(host, guest) check_eq(1, 2, "sum") end,
}

case "page.host-side" {
  level = "must", side = "host", requires = { "CORE-REQ-061" },
  doc = "A case whose subject is the mock host.",
  run = function(host, rg) check_eq(rg:contact().version_supported, 1) end,
}
