"""docs/python.md: its files are written and its commands run, in their order."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest
from typing import List, Tuple

from . import seed_example, support

PAGE = os.path.join(support.ROOT, "..", "docs", "python.md")

#: Commands of others: the programs and the package are there already.
NOT_HERE = ("go install ", "pip install ")


def blocks(page: str) -> List[Tuple[str, str]]:
    with open(page, encoding="utf-8") as f:
        return re.findall(r"^```(\w+)\n(.*?)^```$", f.read(), re.MULTILINE | re.DOTALL)


def like(want: str) -> str:
    """Return the pattern of what a page says is printed: … stands for anything in a line, ... for any lines."""
    lines = [re.escape(line).replace("…", ".*") for line in want.strip().split("\n")]
    return r"\A" + "\n".join("(?:.*\n)*?.*" if line == re.escape("...") else line for line in lines) + r"\s*\Z"


class Page(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(PAGE), "the guide is not here")
    @unittest.skipUnless(importlib.util.find_spec("pytest"), "there is no pytest")
    @unittest.skipUnless(importlib.util.find_spec("redis"), "there is no redis-py")
    def test_does_what_it_says(self) -> None:
        port = support.redis_server(self)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        ran = 0
        for kind, text in blocks(PAGE):
            text = text.replace("localhost:6379", f"localhost:{port}")
            if kind == "python":
                name = re.match(r"# (\w+\.py)\n", text)
                assert name, f"a block does not begin with its file's name:\n{text}"
                with open(os.path.join(directory.name, name.group(1)), "w", encoding="utf-8") as f:
                    f.write(text)
                continue
            for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                line, _, want = command.partition("\n")
                if line.startswith(NOT_HERE):
                    continue
                ran += 1
                with self.subTest(line):
                    self.check(line, want, directory.name)
        self.assertGreater(ran, 5)

    def check(self, line: str, want: str, directory: str) -> None:
        run = subprocess.run(
            line.replace("python3", sys.executable, 1), shell=True, cwd=directory, env=support.environment(),
            timeout=support.PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        out = run.stdout.decode()
        if want:
            self.assertRegex(out, like(want))
        else:
            self.assertEqual(run.returncode, 0, out)

    @unittest.skipUnless(os.path.exists(PAGE), "the guide is not here")
    def test_has_the_first_version_s_example(self) -> None:
        with open(seed_example.__file__, encoding="utf-8") as f:
            self.assertIn(("python", "# test_old.py\n" + f.read()), blocks(PAGE))
