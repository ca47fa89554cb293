# SPDX-License-Identifier: BSD-2-Clause
"""Prints the reference of what is no protocol: constants, GUIDs, requirements and bugs."""
from emit_const import number
from emit_md import head, paragraph, provenance, sources, table


def place(row):
    chapter, _, section = row.get("section", "-").partition(":")
    return (chapter, section.replace("10:", "")) if section else ("", "")


def constant_rows(group):
    rows = []
    for c in group["constants"]:
        value = number(c["value"], group["width"], False).rstrip("ul") if "value" in c else \
            f"bit {c['bit']}" if "bit" in c else f"bits {c['bits'][0]}:{c['bits'][1]}"
        rows.append([value, f"`{c['name']}`", c.get("doc", "")])
    return rows


def field_rows(layout):
    rows = []
    for f in layout["fields"]:
        parts = ["reserved: 0"] if f.get("reserved") else []
        parts += [f["doc"]] if "doc" in f else []
        parts += [f"at most {f['max']}"] if "max" in f else []
        rows.append([f["at"], f.size, f["type"], f"`{f['name']}`", "; ".join(parts)])
    return rows


def section(row, lines):
    out = [f"## {row['title']}", ""]
    if "doc" in row:
        out += paragraph(row["doc"])
    return out + paragraph(provenance(row["src"], row["evidence"], *place(row))) + lines + [""]


def constants_page(spec, source):
    lines = head(spec["title"], source) + paragraph(spec["doc"]) + [
        f"C names begin with `HVP_{spec['prefix']}_`.", ""]
    for layout in spec.get("layouts", []):
        lines += section(layout, [f"{layout['size']} bytes.", ""] + table(
            ("Offset", "Size", "Type", "Field", "Meaning"), field_rows(layout)))
    for group in spec["groups"]:
        lines += section(group, table(("Value", "Name", "Meaning"), constant_rows(group)))
    return lines + sources(spec["sources"].items())


def wire_text(row):
    return " ".join(f"{b:02x}" for b in row.wire)


def evidence(row):
    return f"{row['evidence']}: {', '.join(row['src'])}"


def interface_note(row):
    parts = [row["doc"]] if "doc" in row else []
    return " ".join(parts + [", ".join(row.get("flags", []))]).strip()


def guids_page(spec, source):
    lines = head(spec["title"], source) + paragraph(spec["doc"]) + ["## Device classes", ""]
    lines += table(("Name", "Device", "interface_id", "On the wire", "Per VM", "Pipe framing",
                    "Notes", "Evidence"),
                   [[f"`{r['name']}`", r["title"], r["guid"], wire_text(r), r["per_vm"],
                     r["pipe"], interface_note(r), evidence(r)] for r in spec["interfaces"]])
    lines += ["", "## Well-known instances", ""]
    lines += table(("Name", "Class", "instance_id", "On the wire", "Notes", "Evidence"),
                   [[f"`{r['name']}`", r["interface"], r["guid"], wire_text(r),
                     r.get("doc", ""), evidence(r)] for r in spec["instances"]])
    lines += ["", "## Others", ""]
    lines += table(("Name", "GUID", "On the wire", "What", "Evidence"),
                   [[f"`{r['name']}`", r["guid"], wire_text(r), r["doc"], evidence(r)]
                    for r in spec["others"]])
    return lines + [""] + sources(spec["sources"].items())


def requirements_page(spec, source):
    lines = head(spec["title"], source) + paragraph(spec["doc"])
    lines += table(("Id", "Side", "Level", "Requirement", "Section", "Source"),
                   [[r["id"], r["side"], r["level"], r["text"], place(r)[1],
                     ", ".join(r["src"])] for r in spec["requirements"]])
    return lines + [""] + sources(spec["sources"].items())


def bugs_page(spec, source):
    lines = head(spec["title"], source) + paragraph(spec["doc"])
    return lines + table(("Id", "Area", "Fault", "What the peer does", "What went wrong",
                          "What is right", "Source"),
                         [[r["id"], r["area"], r["fault"], r["trigger"], r["seen"], r["right"],
                           "; ".join(r["source"])] for r in spec["bugs"]])


PAGES = {"constants": constants_page, "guids": guids_page,
         "requirements": requirements_page, "bugs": bugs_page}


def outputs(spec, source):
    page = PAGES[spec["kind"]](spec, source)
    return {f"docs/wire/{spec['name']}.md": "\n".join(page) + "\n"}
