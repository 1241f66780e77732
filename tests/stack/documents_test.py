#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md and its translations say the same: commands, links, headings and figures; and every link leads somewhere.

    tests/stack/documents_test.py
"""
import re
import unittest

from stack import ROOT

TRANSLATIONS = ("README.zh-TW.md", "README.zh-CN.md")


def commands(text: str) -> list[str]:
    """Lines of code blocks, without remarks."""
    return [re.split(r"\s{2,}#|\s{3,}", line.strip())[0] for line in text.splitlines() if line.startswith("    ")]


def links(text: str) -> set[str]:
    return set(re.findall(r"\]\((?!https?:|README)([\w./-]+)\)", text))


class Documents(unittest.TestCase):
    def test_translations_say_what_the_readme_says(self) -> None:
        original = (ROOT / "README.md").read_text()
        for name in TRANSLATIONS:
            with self.subTest(name):
                text = (ROOT / name).read_text()
                self.assertEqual(commands(text), commands(original))
                self.assertEqual(links(text), links(original))
                self.assertEqual(len(re.findall(r"^#+ ", text, re.M)), len(re.findall(r"^#+ ", original, re.M)))
                figures = r"\| [*\d][\d.* %|]*$"
                self.assertEqual(re.findall(figures, text, re.M), re.findall(figures, original, re.M))
                self.assertIn(f"]({name})", original)

    def test_links_lead_somewhere(self) -> None:
        for name in ("README.md", *TRANSLATIONS, "docs/operating.md", "docs/clients.md"):
            file = ROOT / name
            for link in links(file.read_text()):
                self.assertTrue((file.parent / link).exists(), f"{name} leads to {link}")


if __name__ == "__main__":
    unittest.main()
