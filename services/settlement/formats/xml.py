"""ISO 20022 messages read as a stream: no document type, no entity, no network, no more memory than one entry."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from typing import Any

from lxml import etree

from services.settlement.formats.problems import MOST_ROWS, malformed

FAMILY = "urn:iso:std:iso:20022:tech:xsd:"


class Message:
    """A message of one of `kinds` (`camt.053.001.08`): its elements of some names, each as it is complete."""

    def __init__(self, content: bytes, kinds: Collection[str], names: Collection[str]) -> None:
        self.content, self.kinds, self.names = content, kinds, names
        self.namespaces: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Name and element; Malformed when it is no such message, or no whole one."""
        if not self.content.strip():
            raise malformed("EMPTY", "the file is empty")
        events = etree.iterparse(
            io.BytesIO(self.content),
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for event, element in events:
                if not self.namespaces:
                    self._check_root(element)
                name = element.tag.rpartition("}")[2]
                if event == "end" and name in self.names:
                    yield name, element
        except etree.XMLSyntaxError as error:
            line = error.lineno or 0
            raise malformed("XML", f"not well-formed XML, or cut off, at line {line}") from error

    def text(self, element: Any, path: str) -> str | None:
        """The text at `Refs/EndToEndId`, without blanks around it; None where there is none."""
        found = element.findtext("/".join(f"m:{step}" for step in path.split("/")), namespaces=self.namespaces)
        return (found.strip() or None) if found is not None else None

    def all(self, element: Any, path: str) -> list[Any]:
        """The elements at a path."""
        found: list[Any] = element.findall(
            "/".join(f"m:{step}" for step in path.split("/")), namespaces=self.namespaces
        )
        return found

    def one(self, element: Any, path: str) -> Any | None:
        """The first element at a path."""
        return next(iter(self.all(element, path)), None)

    def _check_root(self, root: Any) -> None:
        if root.getroottree().docinfo.doctype:
            raise malformed("DOCTYPE", "a document type has no place in a message")
        name = etree.QName(root)
        if name.localname != "Document" or name.namespace not in {FAMILY + kind for kind in self.kinds}:
            raise malformed("NAMESPACE", f"not a message of {', '.join(sorted(self.kinds))}")
        self.namespaces["m"] = name.namespace


def check_count(row: int) -> None:
    """Malformed when there are more rows than are read at once."""
    if row > MOST_ROWS:
        raise malformed("TOO_MANY_ROWS", f"more than {MOST_ROWS} entries", row)
