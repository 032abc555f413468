#!/usr/bin/env python3
"""Writes the table from case id to test into docs/SECURITY.md; --check only looks whether it is fresh.

The cases stand in scripts/security-cases.txt. A test belongs to a case when its name begins with
the case's id: `fn q1_without_its_browsers_secret_…`. Fails when a case of the groups below has
neither a test nor a reason, or when a test names a case that does not exist."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/SECURITY.md"
MARKS = ("<!-- cases -->\n", "<!-- end of cases -->\n")
GROUPS = {
    "Q": "Audit", "A": "Codes and scanning", "C": "Confirm", "D": "Redeem and session",
    "PL": "Pool and stock", "W": "Sockets", "H": "HTTP abuse and load", "G": "Postgres faults",
    "R": "Redis, several instances", "T": "WeChat faults", "K": "Deploy and operation",
    "L": "Privacy, logs, supply chain",
}
TEST = re.compile(
    r"#\[(?:actix::|actix_web::|tokio::)?test\]\n(?:\s*#\[[^\n]*\n)*\s*(?:async )?fn (([a-z]+\d+)_\w+)"
    # A property test stands inside proptest!, which knows #[test] only.
)


def read_cases():
    cases = {}
    for line in (ROOT / "scripts/security-cases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            id, case, *reason = [part.strip() for part in line.split("|")]
            cases[id] = (case, reason[0] if reason else "")
    return cases


def find_tests():
    tests = {}
    for folder in ("src", "tests"):
        for path in sorted((ROOT / folder).rglob("*.rs")):
            for name, id in TEST.findall(path.read_text(encoding="utf-8")):
                tests.setdefault(id.upper(), []).append((name, path.relative_to(ROOT)))
    return tests


def render(cases, tests):
    mistakes = [f"{name} names no case of the catalogue"
                for id, known in tests.items() if id not in cases for name, _ in known]
    lines, last = [], None
    for id, (case, reason) in cases.items():
        group = id.rstrip("0123456789")
        if group != last:
            lines += ["", f"### {group}: {GROUPS[group]}", "| id | case | shown by |", "|---|---|---|"]
            last = group
        shown = [f"[`{name}`](../{path})" for name, path in tests.get(id, [])]
        if reason:
            shown.append(reason)
        if not shown:
            mistakes.append(f"{id} ({case}) has neither a test nor a reason")
        lines.append(f"| {id} | {case} | {'<br>'.join(shown)} |")
    return "\n".join(lines[1:]) + "\n", mistakes


def main():
    table, mistakes = render(read_cases(), find_tests())
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    fresh = before + MARKS[0] + table + MARKS[1] + after
    if "--check" in sys.argv[1:]:
        if fresh != page:
            mistakes.append("docs/SECURITY.md is old: run scripts/security-table.py")
    else:
        PAGE.write_text(fresh, encoding="utf-8")
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
