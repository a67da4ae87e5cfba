"""The fixture vaurien_proxy, in a pytest of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from typing import Tuple

from . import support

@unittest.skipUnless(importlib.util.find_spec("pytest"), "there is no pytest")
class Fixture(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def write(self, name: str, text: str) -> None:
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(textwrap.dedent(text))

    def shell(self, command: str, within: str = "", **environ: str) -> Tuple[int, str]:
        """Run a command where the plugin is installed."""
        run = subprocess.run(
            command, shell=True, cwd=os.path.join(self.directory, within), timeout=support.PATIENCE,
            env=support.environment(**environ),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        return run.returncode, run.stdout.decode()

    def pytest(self, words: str = "", **settings: str) -> Tuple[int, str]:
        return self.shell(f"{sys.executable} -m pytest -p no:cacheprovider {words}", **settings)

    def test_closes_with_the_test(self) -> None:
        port = support.redis_server(self)
        self.write("test_it.py", f"""
            from tests import support
            from vaurien.process import _running

            def test_redis(vaurien_proxy):
                proxy, other = vaurien_proxy({port}, "redis"), vaurien_proxy({port}, "redis")
                with proxy.behavior("error", kind="readonly") as error:
                    assert support.redis(proxy.port, "SET", "a", "1").startswith("-READONLY")
                    assert support.redis(other.port, "GET", "a") == "$-1"
                assert error.count == 1
                assert other.seed == proxy.seed + 1

            def test_afterwards():
                assert not _running
        """)
        status, out = self.pytest()
        self.assertIn("2 passed", out)
        self.assertEqual(status, 0)
        self.assertNotIn("vaurien-seed", out)

    FAILS = """
        from tests import support

        class TestOf:
            def test_fails(self, vaurien_proxy):
                proxy = vaurien_proxy(PORT, "http", behavior="50:error")
                fates = [support.fetch(proxy.port) for _ in range(32)]
                assert 0, fates
    """

    def test_says_how_to_run_it_again(self) -> None:
        port = support.web_server(self)
        self.write("checks/test_it.py", self.FAILS.replace("PORT", str(port)))
        self.write("pytest.ini", "[pytest]\n")  # here is what names of tests begin with
        status, out = self.pytest(within="checks")
        self.assertEqual(status, 1, out)
        self.assertRegex(out, rf"<vaurien \S+ -> localhost:{port}, protocol http, seed \d+>, faults: error \d+")
        fates = re.findall(r"^E +AssertionError: (.*)", out, re.MULTILINE)
        again = re.findall(r"^again: (.*)", out, re.MULTILINE)
        self.assertEqual((len(fates), len(again)), (1, 1), out)
        python = os.path.dirname(sys.executable)
        _, out = self.shell(again[0], within="checks", PATH=python + os.pathsep + os.environ["PATH"])
        self.assertIn(fates[0], out)

    def test_seeds(self) -> None:
        self.write("test_it.py", """
            def test_seed(vaurien_proxy):
                assert 0, vaurien_proxy(1).seed
        """)
        for words, environ, want in (
            ("--vaurien-seed 42", {}, "AssertionError: 42\n"),
            ("", {"VAURIEN_SEED": "43"}, "AssertionError: 43\n"),
            ("--vaurien-seed 42", {"VAURIEN_SEED": "43"}, "AssertionError: 42\n"),
            ("", {"VAURIEN_SEED": "x"}, "VAURIEN_SEED: 'x' is not a whole number"),
        ):
            _, out = self.pytest(words, **environ)
            self.assertIn(want, out)

    def test_a_proxy_that_is_gone(self) -> None:
        self.write("test_it.py", """
            def test_gone(vaurien_proxy):
                vaurien_proxy(1).close()
                assert 0
        """)
        _, out = self.pytest()
        self.assertIn("faults: cannot be asked: no control server answers", out)
