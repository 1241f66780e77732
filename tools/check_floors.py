#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every include and every link of src/ and sim/ against the floors of the house (docs/architecture.md). A file sees
its own folder and the floors below it; never sideways, never up. So does a link target: its row is that of its sources.

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
    "sim/model": {"base"},
    "sim": {"base", "sim/model"},
}

# (from, to) -> the only files that may be included; `*` = any module of src/
PORTS = {("admin", "operations"): re.compile(r"_port\.h$")}
OPTIONS = re.compile(r"(options|policy)\.h$")

# Folders that decide or parse and touch nothing: no sockets, no TLS, no database.
PURE = VOCABULARY | NOTATIONS | DIALECTS | REASONING | {"net/http1", "metrics", "config", "sim/model"}
IMPURE_INCLUDE = re.compile(
    r"^(boost/asio|boost/beast|asio|openssl/|sqlite3\.h|libpq|postgresql/|hiredis/|curl/|sys/socket\.h|sys/epoll\.h|netdb\.h)")
IMPURE_LINK = re.compile(r"^(OpenSSL::\w+|SQLite\w*::\w+|sqlite3|PostgreSQL::\w+|libpq|hiredis\S*|Boost::\w+|CURL::\w+)$")
# Compiler flags, no module.
NO_MODULE = {"tidegate_flags"}

# file -> why it may break the rule of pure folders
IMPURE_FILES = {
    "src/net/http1/oracle.cpp": "Boost.Beast as the judge of our parser: linked by tests, fuzz targets and the benchmark alone",
    "src/net/http1/oracle.h": "the same",
    "src/net/http1/oracle_test.cpp": "the same",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# A test may link what it compares with: tidegate_test is none of these.
TARGET = re.compile(r"\b(tidegate_library|add_library|add_executable|target_link_libraries)\s*\(\s*([\w-]+)([^)]*)\)")
SOURCE = re.compile(r"(?<!\S)[\w./-]+\.(?:cpp|cc)(?!\S)")
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


class Target(NamedTuple):
    """A command of a CMakeLists.txt that declares a target or gives it links."""
    file: str
    line: int  # where the words begin
    command: str
    name: str
    words: str  # what stands behind the name


def targets(root: Path) -> Iterator[Target]:
    for folder in ("src", "sim"):
        for path in sorted((root / folder).rglob("CMakeLists.txt")):
            text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment.group()), path.read_text(encoding="utf-8"))
            for match in TARGET.finditer(text):
                yield Target(path.relative_to(root).as_posix(), text.count("\n", 0, match.start(3)) + 1, *match.groups())


def row_of(target: Target) -> str | None:
    source = SOURCE.search(target.words)
    folder = target.file.rsplit("/", 1)[0].removeprefix("src/")
    return module_of(f"{folder}/{source.group() if source else ''}")


def why_not_linked(source: str, target: str) -> str | None:
    """Why a target of row `source` may not link one of row `target`; None if it may."""
    if source == target or target in FLOORS[source]:
        return None
    # What it sees of other modules are options (OPTIONS); those of pure ones may have code.
    if source == "config" and target in PURE:
        return None
    return f"{source} may link only {', '.join(sorted(FLOORS[source])) or 'itself'}"


def check_links(found: list[Target]) -> Iterator[Finding]:
    rows = {target.name: row_of(target) for target in found if target.command != "target_link_libraries"}
    for target in found:
        source = rows.get(target.name)
        if source is None:  # of a test, or of a folder without a row, which its files tell
            continue
        for link in re.finditer(r"[\w:-]+", target.words):
            line = target.line + target.words.count("\n", 0, link.start())
            name = link.group()
            if IMPURE_LINK.search(name):
                if source in PURE:
                    yield Finding(target.file, line, f"the pure target {target.name} links {name}")
                continue
            if not name.startswith("tidegate_") or name in NO_MODULE:
                continue
            if name.endswith("_oracle"):
                yield Finding(target.file, line, f"{target.name} links {name}, which is for tests, fuzz targets and benchmarks alone")
                continue
            reason = why_not_linked(source, rows[name]) if rows.get(name) else "neither src/ nor sim/ declares it"
            if reason:
                yield Finding(target.file, line, f"{target.name} links {name}: {reason}")


def check(root: Path) -> list[Finding]:
    findings = [finding for path in sources(root) for finding in check_file(root, path)]
    return findings + list(check_links(list(targets(root))))


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
