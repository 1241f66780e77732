#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every include of src/ and sim/, and every link of a pure module, against the floors of the house
(docs/architecture.md). A file sees its own folder and the floors below it; never sideways, never up.

    tools/check_floors.py [ROOT]      exit 0: all edges allowed; 1: prints each one that is not

The table below is the one statement of the rule. A folder without a row of its own belongs to the row of its parent.
"""
import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

VOCABULARY = {"base", "llm"}
NOTATIONS = {"llm/json", "llm/sse"}
DIALECTS = {"llm/anthropic", "llm/openai"}
REASONING = {"pricing", "quota", "routing", "caching", "monitor"}
MACHINERY = {"base", "metrics", "net", "net/http1"}
BELOW_ADAPTERS = VOCABULARY | NOTATIONS | DIALECTS | REASONING | MACHINERY
ADAPTERS = {"store", "store/sqlite", "store/postgres", "upstream", "upstream/redis_keys",
            "quota/book", "quota/fleet", "monitor/delivery"}
BELOW_USE_CASES = BELOW_ADAPTERS | ADAPTERS

# folder -> what it may include besides itself
FLOORS: dict[str, set[str]] = {
    "base": set(),
    # floor 1
    "llm": {"base"},
    "metrics": {"base"},
    # between 1 and 2: the two notations that dialects are written in
    "llm/json": VOCABULARY,
    "llm/sse": VOCABULARY | {"llm/json"},
    # floor 2, reasoning: siblings do not include each other
    "llm/anthropic": VOCABULARY | NOTATIONS,
    "llm/openai": VOCABULARY | NOTATIONS,
    "pricing": VOCABULARY,
    "quota": VOCABULARY,
    "routing": VOCABULARY,
    "caching": VOCABULARY,
    "monitor": VOCABULARY,
    # floor 2, machinery: knows nothing of language models
    "net/http1": {"base"},
    "net": {"base", "metrics", "net/http1"},
    # floor 3: siblings do not include each other; a subfolder stands on its parent, never the other way round
    "store": BELOW_ADAPTERS,
    "store/sqlite": BELOW_ADAPTERS | {"store"},
    "store/postgres": BELOW_ADAPTERS | {"store"},
    "upstream": BELOW_ADAPTERS,
    "upstream/redis_keys": BELOW_ADAPTERS | {"upstream"},
    "quota/book": BELOW_ADAPTERS,
    "quota/fleet": BELOW_ADAPTERS | {"quota/book"},
    "monitor/delivery": BELOW_ADAPTERS,
    # floor 4; only admin may call operations, and only through a port (see PORTS)
    "gateway": BELOW_USE_CASES,
    "operations": BELOW_USE_CASES,
    "admin": BELOW_USE_CASES,
    # floor 5; sees of the others what OPTIONS names
    "config": {"base"},
    # floor 6
    "app": BELOW_USE_CASES | {"gateway", "operations", "admin", "config"},
    # the simulator shares only base, so that no mistake of ours can cancel out
    "sim": {"base"},
}

# (from, to) -> the only files that may be included; `*` = any module of src/
PORTS = {("admin", "operations"): re.compile(r"_port\.h$")}
OPTIONS = re.compile(r"(options|policy)\.h$")

# Folders that decide or parse and touch nothing: no sockets, no TLS, no database.
PURE = VOCABULARY | NOTATIONS | DIALECTS | REASONING | {"net/http1", "metrics", "config"}
IMPURE_INCLUDE = re.compile(
    r"^(boost/asio|boost/beast|asio|openssl/|sqlite3\.h|libpq|postgresql/|hiredis/|sys/socket\.h|sys/epoll\.h|netdb\.h)")
IMPURE_LINK = re.compile(r"\b(OpenSSL::\w+|SQLite\w*::\w+|sqlite3|PostgreSQL::\w+|libpq|hiredis\S*|Boost::\w+|tidegate_net)\b")

# file -> why it may break the rule of pure folders
IMPURE_FILES = {
    "src/net/http1/oracle.cpp": "Boost.Beast as the judge of our parser: linked by tests, fuzz targets and the benchmark alone",
    "src/net/http1/oracle.h": "the same",
    "src/net/http1/oracle_test.cpp": "the same",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
LIBRARY = re.compile(r"tidegate_library\s*\(\s*(\w+)([^)]*)\)")
SOURCE_SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".ipp", ".inc"}


class Finding(NamedTuple):
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def module_of(path: str) -> str | None:
    """The row that a path below src/ (or sim/…) belongs to: the longest prefix that has one."""
    folders = path.split("/")[:-1]
    for length in range(len(folders), 0, -1):
        name = "/".join(folders[:length])
        if name in FLOORS:
            return name
    return None


def why_refused(source: str, target: str, path: str) -> str | None:
    """Why a file of row `source` may not include `path`, which belongs to row `target`; None if it may."""
    if source == target or target in FLOORS[source]:
        return None
    if source == "config" and target != "app" and target != "sim":
        return None if OPTIONS.search(path) else "config sees only *options.h and *policy.h of other modules"
    port = PORTS.get((source, target))
    if port:
        return None if port.search(path) else f"{source} reaches {target} only through a *_port.h"
    return f"{source} may include only {', '.join(sorted(FLOORS[source])) or 'itself'}"


def sources(root: Path) -> Iterator[Path]:
    for folder in ("src", "sim"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCE_SUFFIXES and path.is_file():
                yield path


def check_file(root: Path, path: Path) -> Iterator[Finding]:
    name = path.relative_to(root).as_posix()
    house_name = name.removeprefix("src/")  # sim/ keeps its folder as its row
    source = module_of(house_name)
    if source is None:
        yield Finding(name, 1, "its folder has no row in the table of tools/check_floors.py")
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        quote, included = match.groups()
        if quote == "<":
            if source in PURE and IMPURE_INCLUDE.search(included) and name not in IMPURE_FILES:
                yield Finding(name, line, f"<{included}> in the pure module {source}")
            continue
        if ".." in included.split("/"):
            yield Finding(name, line, f'"{included}": write the path from src/ on')
            continue
        target = module_of(included)
        if target is None:
            # A generated file or a neighbour in the same folder would be unclear to the reader as well.
            yield Finding(name, line, f'"{included}" belongs to no module; write the path from src/ on')
            continue
        reason = why_refused(source, target, included)
        if reason:
            yield Finding(name, line, f'"{included}": {reason}')


def check_links(root: Path, path: Path) -> Iterator[Finding]:
    name = path.relative_to(root).as_posix()
    folder = module_of(name.removeprefix("src/"))
    text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment.group()), path.read_text(encoding="utf-8"))
    for library in LIBRARY.finditer(text):
        target, body = library.groups()
        if target.endswith("_oracle"):
            continue
        row = target.removeprefix("tidegate_")
        row = next((known for known in FLOORS if known.replace("/", "_") == row), folder)
        if row not in PURE:
            continue
        for link in IMPURE_LINK.finditer(body):
            line = text.count("\n", 0, library.start(2) + link.start()) + 1
            yield Finding(name, line, f"the pure target {target} links {link.group()}")


def check(root: Path) -> list[Finding]:
    findings = [finding for path in sources(root) for finding in check_file(root, path)]
    for path in sorted((root / "src").rglob("CMakeLists.txt")):
        findings += check_links(root, path)
    return findings


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    findings = check(root)
    for finding in findings:
        print(finding)
    if findings:
        print(f"check_floors: {len(findings)} edges cross a floor (the table is in tools/check_floors.py)", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
