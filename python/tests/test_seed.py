"""The words of the first versions: its document's example, as it was printed."""

from __future__ import annotations

import inspect
import io
import unittest

from vaurien import Client, VaurienError, start_proxy, stop_proxy

from . import seed_example, support


class Example(unittest.TestCase):
    def test_runs_as_printed(self) -> None:
        suite = unittest.defaultTestLoader.loadTestsFromModule(seed_example)
        result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
        self.assertEqual((result.testsRun, result.failures, result.errors), (1, [], []))

    def test_does_what_it_says(self) -> None:
        """Within the block any call is met with the error; after it all is normal."""
        support.web_server(self, 8888)
        self.addCleanup(stop_proxy, start_proxy(port=8080))
        client = Client()
        self.assertEqual(support.fetch(8000), "well")
        with client.with_handler("error", **{"inject": True}):
            self.assertEqual(client.get_handler(), "error")
            self.assertNotEqual(support.fetch(8000), "well")
        self.assertEqual(client.get_handler(), "dummy")
        self.assertEqual(support.fetch(8000), "well")

    def test_handlers(self) -> None:
        self.addCleanup(stop_proxy, start_proxy(port=8080))
        client = Client("http://localhost:8080")
        self.assertIn("delay", client.list_handlers())
        client.set_handler("delay", sleep=0.25)
        self.assertEqual(client.get_handler(), "delay")
        self.assertEqual(client.get_plan()["entries"][0]["options"]["sleep"], "250ms")


class Second(unittest.TestCase):
    """Version 2.0."""

    def test_signature(self) -> None:
        """Its arguments keep their places and their defaults."""
        parameters = list(inspect.signature(start_proxy).parameters.values())
        old = [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
        self.assertEqual(
            [p.name for p in old],
            "proxy_host proxy_port backend_host backend_port protocol http warmup http_host http_port "
            "options log_level log_output".split(),
        )
        self.assertEqual([p.default for p in old[:6]], ["localhost", 8000, "localhost", 8888, "tcp", True])
        self.assertEqual([p.default for p in old[7:11]], ["localhost", 8080, None, "info"])

    def test_all_by_place(self) -> None:
        backend, proxy, control = support.web_server(self), support.free_port(), support.free_port()
        self.addCleanup(
            stop_proxy,
            start_proxy(
                *("localhost", proxy, "localhost", backend, "http", True, 2),
                *("localhost", control, ["--behavior-error-code", "418"], "error", "/dev/null"),
            ),
        )
        client = Client("localhost", control, "http")
        self.assertIn("error", client.list_behaviors())
        with client.with_behavior("error", warmup=1):
            self.assertEqual(client.get_behavior(), "error")
            self.assertEqual([support.fetch(proxy), support.fetch(proxy)], ["well", "418"])
        client.set_behavior("error")
        self.assertEqual(support.fetch(proxy), "418")

    def test_errors_are_value_errors(self) -> None:
        self.assertTrue(issubclass(VaurienError, ValueError))
        with self.assertRaises(ValueError):
            stop_proxy(1)
