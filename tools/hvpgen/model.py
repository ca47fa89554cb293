# SPDX-License-Identifier: BSD-2-Clause
"""What a spec says, as plain data. Loaders fill it, checkers and emitters read it.

Every object keeps the line it came from, so that whoever finds fault with it can say
`spec/vmbus.yaml:118: message`. Names are as in the spec; C names come from the methods.
"""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

# wire size in bytes and C type of the scalar field types
SCALARS = {
    "u8": (1, "uint8_t"), "u16": (2, "uint16_t"), "u32": (4, "uint32_t"),
    "u64": (8, "uint64_t"), "i32": (4, "int32_t"), "i64": (8, "int64_t"),
}
VIEWS = ("rest", "counted", "window", "chain")
EVIDENCE = ("documented", "two-impl", "observed", "inferred")


class SpecError(Exception):
    """A fault in a spec; str() is `file:line: message`."""

    def __init__(self, path, line, message):
        super().__init__("%s:%d: %s" % (path, line, message))


@dataclass
class Source:
    key: str                    # "OV-PROTO"
    text: str                   # where it is
    line: int = 0


@dataclass
class Value:
    """One named number, or GUID, of a set."""
    name: str                   # "client_id"
    value: Union[int, str]      # a GUID stays text: "f8615163-..."
    doc: str = ""
    src: List[str] = field(default_factory=list)
    evidence: str = ""
    line: int = 0
    since: str = ""             # name of a version, for documentation


@dataclass
class ValueSet:
    """Versions, constants, an enumeration, or flags: named values that belong together."""
    name: str                   # "feature"
    kind: str                   # "version" | "const" | "enum" | "flags"
    type: str                   # "u32", or "guid"
    values: List[Value] = field(default_factory=list)
    closed: bool = False        # enum: other values are refused
    doc: str = ""
    line: int = 0
    c_name: str = ""            # "FEATURE"; with the protocol's prefix before it

    def find(self, name) -> Optional[Value]:
        return next((v for v in self.values if v.name == name), None)


@dataclass
class View:
    """Bytes that stay where they are and are handed out as a cursor."""
    kind: str                   # "rest" | "counted" | "window" | "chain"
    item: str = ""              # record name, scalar type, or "" for bytes
    item_size: int = 1          # bytes of one item; 1 for bytes; of a chain: its least size
    count: str = ""             # counted: earlier field with the number of items
    base: int = 0               # window: offsets count from this offset in the message
    offset: str = ""            # window: earlier field with the offset
    length: str = ""            # window: earlier field with the length in bytes
    max: int = 0                # most items


@dataclass
class Field:
    name: str
    at: int                     # offset in bytes from the start of the message or record
    type: str                   # SCALARS, "guid", "bytes", "utf16", or "view"
    size: int                   # bytes on the wire; 0 for a view
    count: int = 1              # bytes of "bytes", code units of "utf16"
    reserved: str = ""          # "" | "ignore" | "zero": written as 0, not in the structure
    min: Union[int, str, None] = None   # number or an earlier field
    max: Union[int, str, None] = None
    multiple: int = 0
    values: str = ""            # name of the enum or flags set
    hex: bool = False           # people read it in hex
    const: Optional[int] = None # the message id, and other fixed fields
    view: Optional[View] = None
    group: Optional["Group"] = None
    doc: str = ""
    src: List[str] = field(default_factory=list)
    evidence: str = ""
    line: int = 0
    since: str = ""             # first version that gives it meaning; documentation only
    big: bool = False           # most significant byte first

    @property
    def end(self) -> int:
        return self.at + self.size

    @property
    def wire_type(self) -> str:
        """The type with its byte order: what is read and written, and shown to people."""
        return self.type.replace("u", "be") if self.big else self.type


@dataclass
class Cond:
    """All parts that are set must hold."""
    since: str = ""             # version of the peers, or of @field's value when set
    until: str = ""             # likewise, below it
    features: List[str] = field(default_factory=list)   # one of them granted
    field: str = ""             # an earlier field that since, until, mask, equals look at
    mask: int = 0               # one of these bits is set in @field
    equals: Optional[int] = None
    room: bool = False          # and the message is long enough for it
    also: Optional["Cond"] = None       # a further condition; `when` was a list
    line: int = 0

    def all(self):
        """This condition and those chained to it."""
        return [self] + (self.also.all() if self.also else [])

    @property
    def optional(self) -> bool:
        """The size has a say: the group may be missing though the rest holds."""
        return any(c.room for c in self.all())


@dataclass
class Group:
    """Fields that are present together; bool has_<name> in the structure."""
    name: str
    when: Cond
    fields: List[Field] = field(default_factory=list)
    doc: str = ""
    line: int = 0

    @property
    def at(self) -> int:
        return self.fields[0].at

    @property
    def size(self) -> int:
        return sum(f.size for f in self.fields)


@dataclass
class Choice:
    """Groups that share bytes: at most one is present, the largest sets the size."""
    groups: List[Group]
    line: int = 0

    @property
    def at(self) -> int:
        return self.groups[0].at

    @property
    def size(self) -> int:
        return max(g.size for g in self.groups)


@dataclass
class Message:
    """A message of a protocol, or a record (no id): an item, a header, a page."""
    name: str                   # "open_channel"
    layout: List[Union[Field, Group, Choice]] = field(default_factory=list)
    id: Optional[int] = None    # None: a record
    direction: str = ""         # "g2h" | "h2g" | "both"
    since: str = ""             # name of a version; "": also before negotiation
    features: List[str] = field(default_factory=list)
    codec: str = "auto"         # "auto" | "manual" | "none" (offsets only: a page)
    title: str = ""             # "OPEN_CHANNEL"
    doc: str = ""
    section: str = ""           # of the facts chapter: "4.6"
    src: List[str] = field(default_factory=list)
    evidence: str = ""
    line: int = 0
    min_size: int = 0           # filled by the checker
    max_size: int = 0
    next: str = ""              # chain item: field with the item's size in bytes
    align: int = 1              # chain item: the next one starts at a multiple
    part: str = ""              # which of several generated files it goes to

    def fields(self) -> List[Field]:
        """All fields in wire order, groups opened."""
        out = []
        for part in self.layout:
            for p in part.groups if isinstance(part, Choice) else [part]:
                out += p.fields if isinstance(p, Group) else [p]
        return out

    def groups(self) -> List[Group]:
        out = []
        for part in self.layout:
            if isinstance(part, Group):
                out.append(part)
            elif isinstance(part, Choice):
                out += part.groups
        return out

    def find(self, name) -> Optional[Field]:
        return next((f for f in self.fields() if f.name == name), None)


@dataclass
class Protocol:
    path: str                   # "spec/vmbus.yaml"
    name: str                   # "vmbus"
    title: str = ""
    doc: str = ""
    chapter: str = ""           # of the facts: "10"
    outputs: Dict[str, str] = field(default_factory=dict)   # emitter key -> path
    includes: List[str] = field(default_factory=list)
    id_field: Optional[Field] = None
    sources: List[Source] = field(default_factory=list)
    sets: List[ValueSet] = field(default_factory=list)
    records: List[Message] = field(default_factory=list)
    messages: List[Message] = field(default_factory=list)
    data: dict = field(default_factory=dict)    # other top-level lists, for other emitters
    header: List[Field] = field(default_factory=list)   # starts every message
    order: str = "little"       # of bytes: "little" | "big"

    @property
    def upper(self) -> str:
        return self.name.upper()

    def versions(self) -> Optional[ValueSet]:
        return next((s for s in self.sets if s.kind == "version"), None)

    def set(self, name) -> Optional[ValueSet]:
        return next((s for s in self.sets if s.name == name), None)

    def record(self, name) -> Optional[Message]:
        return next((m for m in self.records if m.name == name), None)

    def flag(self, qualified) -> Tuple[ValueSet, Value]:
        """"feature.client_id" -> its set and value; KeyError when there is none."""
        s, _, v = qualified.partition(".")
        found = self.set(s)
        value = found.find(v) if found else None
        if value is None:
            raise KeyError(qualified)
        return found, value

    def c(self, *parts) -> str:
        """c("open_channel", "MIN_SIZE") -> HVP_VMBUS_OPEN_CHANNEL_MIN_SIZE"""
        return "_".join(("HVP", self.upper) + tuple(
            p.upper().replace(".", "_").replace("-", "_") for p in parts if p))

    def c_value(self, s: ValueSet, v: Value) -> str:
        return self.c(s.c_name, v.name)

    def symbol(self, m: Message, what="") -> str:
        """hvp_vmbus_open_channel, hvp_vmbus_open_channel_decode"""
        return "_".join(p for p in ("hvp", self.name, m.name, what) if p)
