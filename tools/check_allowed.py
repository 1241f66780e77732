#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who may name what is dangerous to name everywhere: clocks, the environment, databases, Asio, the text of a secret.

    tools/check_allowed.py [ROOT]     exit 0: fine; 1: prints each line that is not allowed

Comments and string literals do not count. Every exception stands below with its reason.
"""
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator, NamedTuple


class Rule(NamedTuple):
    name: str
    pattern: re.Pattern
    instead: str
    allowed: dict[str, str]  # file pattern (`*` crosses folders) -> reason


STANDARD_CLOCK = r"\b(?:steady|system|high_resolution|utc|tai|gps|file)_clock"
RULES = [
    Rule("a clock",
         # Under its own name, by that of a type (`SteadyTime::clock::now()`), or under one that it is given (`using C = …`).
         re.compile(rf"\b(?:clock|clock_type|{STANDARD_CLOCK})\s*::\s*now\b|=\s*(?:::\s*)?(?:\w+\s*::\s*)*{STANDARD_CLOCK}\b(?!\s*::)"
                    rf"|\btypedef\s[\w\s:]*{STANDARD_CLOCK}\s+\w"
                    r"|\bclock_gettime\b|\bgettimeofday\b|\btimespec_get\b|\bstd::time\s*\(|::time\s*\(\s*(?:nullptr|NULL|0|&)"),
         "take `Now` as an argument, or `const Clock&`",
         {
             "src/base/system_clock.cpp": "the one reader of the machine's clocks",
             "sim/*clock*.cpp": "the simulator's own clock",
             "sim/*clock*.h": "the simulator's own clock",
             "bench/*": "measures the machine",
         }),
    Rule("the environment",
         re.compile(r"\b(?:secure_)?getenv\b|\bsetenv\b|\bputenv\b|\bunsetenv\b|\benviron\b"),
         "take `config::Environment` as an argument",
         {
             "src/app/main.cpp": "reads the environment once and hands it down",
             "src/app/cli/*": "commands read the environment once and hand it down",
             "src/app/configuration_sources.cpp": "reads it for the configuration",
             "sim/main.cpp": "the simulator's own start",
             "tests/*": "tests prepare the environment of the programs they start",
             "bench/*": "the same",
         }),
    Rule("SQLite",
         re.compile(r"\bsqlite3(?:_\w+|\.h)?\b"),
         "use the ports of src/store",
         {
             "src/store/sqlite/*": "the adapter",
             "tests/*": "tests look into the database as an operator would",
             "bench/*": "the same",
         }),
    Rule("PostgreSQL's library",
         re.compile(r"\blibpq\b|\bPQ[a-z]\w+\s*\(|\bPGconn\b|\bPGresult\b"),
         "use the ports of src/store",
         {"src/store/postgres/*": "the adapter", "tests/*": "tests look into the database as an operator would"}),
    Rule("Redis's library",
         re.compile(r"\bhiredis\b|\bredis(?:Command\w*|Connect\w*|Context|Reply|Free)\b"),
         "use the port upstream/key_source.h",
         {
             "src/upstream/redis_keys/*": "the adapter",
             "src/quota/fleet/*": "the adapter",
             "tests/*": "tests look into Redis as an operator would",
         }),
    Rule("Asio",
         re.compile(r"\b(?:boost::)?asio::|boost/asio"),
         "src/net has a reactor of its own",
         {
             "src/net/http1/oracle.cpp": "Beast, the judge of our parser, takes Asio's buffers",
             "src/admin/http_server_test.cpp": "speaks to our server with other code than ours",
             "sim/*": "the simulator is served by Boost.Beast, on purpose by other code than ours",
             "tests/*": "tests may speak to the gateway with other code than ours",
             "bench/*": "the same",
         }),
    Rule("the text of a secret",
         re.compile(r"(?:\.|->)\s*reveal\s*\(|\breveal\s*\(\s*\)"),
         "pass the `Secret` on; it prints as ***",
         {
             "src/base/secret.h": "declares it",
             "src/upstream/*": "writes the credential that a provider wants",
             "src/net/connector.cpp": "writes the credential that a proxy wants",
             "src/admin/*": "compares the token of a request",
             "src/monitor/delivery/*": "writes the address of a webhook, signs",
             "src/app/cli/*": "a command sends the token that it was given",
             "src/app/http_client.cpp": "the same",
             "src/app/directory_key_check.cpp": "compares a presented key with one that was proven before",
             "src/config/alert_settings.cpp": "tells whether a secret address is a URL, never which",
             "src/config/difference.cpp": "tells whether a secret changed, never which",
             "*_test.cpp": "tests look at what was read",
             "tests/*": "the same",
         }),
]

SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".ipp", ".inc"}
FOLDERS = ("src", "sim", "tests", "bench", "fuzz")
# What is no code: digit separators (1'000, first, so that they open no character), comments, raw strings, strings, characters. Strings stay in lines that start with #include.
NO_CODE = re.compile(
    r'(?<=\d)\'(?=[0-9a-fA-F])|//[^\n]*|/\*.*?\*/|R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


class Finding(NamedTuple):
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def code_of(text: str) -> str:
    """The text with everything that is no code blanked, line breaks kept."""
    def blank(match: re.Match) -> str:
        before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if match.group().startswith('"') and before.lstrip().startswith("#"):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return NO_CODE.sub(blank, text)


def is_allowed(rule: Rule, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in rule.allowed)


def check_text(name: str, text: str) -> Iterator[Finding]:
    code = code_of(text)
    for rule in RULES:
        if is_allowed(rule, name):
            continue
        for match in rule.pattern.finditer(code):
            yield Finding(name, code.count("\n", 0, match.start()) + 1,
                          f"names {rule.name} ('{match.group().strip()}'); {rule.instead}, or add a reason to tools/check_allowed.py")


def check(root: Path) -> list[Finding]:
    findings = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and "node_modules" not in path.parts:
                findings += check_text(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
    return findings


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    findings = check(root)
    for finding in findings:
        print(finding)
    if findings:
        print(f"check_allowed: {len(findings)} names where they may not stand", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
