"""start_proxy and stop_proxy: how they start, why they do not, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any
from unittest import mock

from vaurien import Client, Proxy, VaurienError, start_proxy, stop_proxy

from . import support


class Starts(unittest.TestCase):
    def setUp(self) -> None:
        self.backend = support.web_server(self)
        self.port, self.control = support.free_port(), support.free_port()

    def start(self, **settings: Any) -> int:
        settings = {"proxy_port": self.port, "backend_port": self.backend, "port": self.control, **settings}
        pid = start_proxy(**settings)
        self.addCleanup(stop_proxy, pid)
        return pid

    def test_answers_at_once(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        log = os.path.join(directory.name, "log")
        for settings in (
            {},
            {"http": False},
            {"log_output": log},
            {"log_output": log, "log_level": "critical"},
            {"log_output": log, "log_level": "critical", "http": False},
            {"options": ["--log-level", "error"]},
            {"token": "s3cret"},
            {"token": "s3cret", "log_output": log},
        ):
            with self.subTest(settings):
                pid = start_proxy(proxy_port=self.port, backend_port=self.backend, port=self.control, **settings)
                try:
                    self.assertEqual(support.fetch(self.port), "well")
                    self.assertEqual(support.listens(self.control), settings.get("http", True))
                finally:
                    stop_proxy(pid)
                self.assertFalse(support.listens(self.port))

    def test_log_goes_where_it_is_asked_to(self) -> None:
        with tempfile.NamedTemporaryFile("r") as log:
            self.start(log_output=log.name)
            self.assertIn("proxy started", log.read())

    def test_settings(self) -> None:
        self.start(protocol="http", behavior="30:delay", seed=7, options=["--draw", "connection"])
        state = Client(port=self.control).state()
        self.assertEqual(
            (state["protocol"], state["plan"]["plan"], state["seed"], state["draw"]),
            ("http", "30:delay", 7, "connection"),
        )

    def test_token(self) -> None:
        self.start(token="s3cret")
        with self.assertRaisesRegex(VaurienError, "token") as caught:
            Client(port=self.control, token="wrong").get_behavior()
        self.assertEqual(caught.exception.status, 401)
        with mock.patch.dict(os.environ, VAURIEN_TOKEN="s3cret"):
            self.assertEqual(Client(port=self.control).get_behavior(), "dummy")

    def test_environment(self) -> None:
        """Only the seed is taken from it."""
        with mock.patch.dict(os.environ, VAURIEN_SEED="42", VAURIEN_BEHAVIOR="blackout", VAURIEN_NOSUCH="x"):
            self.start()
        state = Client(port=self.control).state()
        self.assertEqual((state["seed"], state["plan"]["plan"]), (42, "100:dummy"))


class DoesNotStart(unittest.TestCase):
    def refused(self, pattern: str, **settings: Any) -> str:
        with self.assertRaisesRegex(VaurienError, pattern) as caught:
            stop_proxy(start_proxy(**settings))
        return str(caught.exception)

    def test_port_taken(self) -> None:
        taken, free = support.web_server(self), support.free_port()
        for settings in (
            {"proxy_port": taken, "port": free},
            {"proxy_port": free, "port": taken},
            {"proxy_port": taken, "http": False},
            {"proxy_port": taken, "port": free, "log_output": "/dev/null"},
            {"proxy_port": free, "port": taken, "log_output": "/dev/null"},
            {"proxy_port": taken, "http": False, "log_output": "/dev/null"},
        ):
            with self.subTest(settings):
                message = self.refused("address already in use", **settings)
                self.assertIn(f"localhost:{taken}", message)
                self.assertIn("stop what listens there, or give another port", message)

    def test_bad_settings(self) -> None:
        free = {"proxy_port": support.free_port(), "port": support.free_port()}
        self.refused('unknown protocol "redys": did you mean "redis"', protocol="redys", **free)
        self.refused("--backend: .*99999", backend_port=99999, **free)
        self.refused('unknown flag --timeuot: did you mean "--timeout"', options=["--timeuot", "2s"], **free)
        self.refused('unknown behavior "dely": did you mean "delay".* known: abort, ', behavior="20:dely", **free)
        self.refused("VAURIEN_SEED: .*-1", seed=-1, **free)
        self.refused("use vaurien.Proxy", port=0)
        self.refused("use vaurien.Proxy", http=False, proxy_port=0)

    def test_no_program(self) -> None:
        self.refused("binary: there is no program '/no/such'", binary="/no/such")
        with mock.patch.dict(os.environ, VAURIEN_BINARY="/no/such"):
            self.refused("VAURIEN_BINARY: there is no program '/no/such'")
        here = {"PATH": "", "HOME": "/no/such", "GOPATH": "/no/such", "GOBIN": "", "VAURIEN_BINARY": "", "VAURIEN": ""}
        with mock.patch.dict(os.environ, here):
            self.refused("go install .*/cmd/...@latest, or say in VAURIEN_BINARY")

    def test_another_program(self) -> None:
        def script(text: str) -> str:
            return support.script(self, text)

        self.refused("^vaurien ended with status 3:\nusage: what$", binary=script("#!/bin/sh\necho usage: what; exit 3"))
        self.refused("ended with status 3 and said nothing", binary=script("#!/bin/sh\nexit 3"))
        self.refused("not ready after 0.1 seconds", binary=script("#!/bin/sh\nexec sleep 60"), timeout=0.1)
        self.refused("cannot be run: ", binary=script("\0"))
        self.assertEqual(support.children(), [])

    def test_backend_down(self) -> None:
        """It starts: a backend may come later."""
        with Proxy(support.free_port(), protocol="redis") as proxy:
            self.assertEqual(support.redis(proxy.port, "PING"), "ConnectionResetError")


class LeavesNothing(unittest.TestCase):
    def test_no_process_and_no_descriptor(self) -> None:
        with Proxy(1):  # what is imported late is open now
            pass
        no_program = support.script(self, "\0")
        before = support.descriptors()
        for _ in range(5):
            with Proxy(1):
                pass
            for settings in ({"backend": "nonsense"}, {"backend": 1, "binary": no_program}):
                with self.assertRaises(VaurienError):
                    Proxy(**settings)
        self.assertFalse(support.descriptors() - before)
        self.assertEqual(support.children(), [])

    def test_stop_is_for_what_runs(self) -> None:
        proxy = Proxy(1)
        stop_proxy(proxy.pid)
        proxy.close()
        with self.assertRaisesRegex(VaurienError, f"{proxy.pid} is no proxy that runs"):
            stop_proxy(proxy.pid)

    def test_killed_by_another(self) -> None:
        proxy = Proxy(1)
        os.kill(proxy.pid, signal.SIGKILL)
        support.until(lambda: not support.listens(proxy.port), "it listens on")
        with self.assertRaisesRegex(VaurienError, "no control server answers at http://127.0.0.1:"):
            proxy.faults()
        proxy.close()
        self.assertEqual(support.children(), [])

    def test_one_that_does_not_stop(self) -> None:
        proxy = Proxy(1)
        os.kill(proxy.pid, signal.SIGSTOP)  # it takes no other signal but SIGKILL then
        with mock.patch("vaurien.process._STOP", 0.1):
            proxy.close()
        self.assertEqual(support.children(), [])

    def test_interrupted(self) -> None:
        """^C in a terminal is not for the proxy: it is there until the test has ended."""
        with Proxy(1) as proxy:
            self.assertEqual(os.getpgid(proxy.pid), proxy.pid)

    def test_forgotten(self) -> None:
        """One that is forgotten ends with Python, also by an exception."""
        for end in ("", "raise SystemExit(3)", "raise KeyError"):
            script = f"import vaurien\np = vaurien.Proxy(1)\nprint(p.port)\n{end}"
            run = subprocess.run(
                [sys.executable, "-c", script],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=support.PATIENCE,
            )
            self.assertFalse(support.listens(int(run.stdout)), end or "at the end")

    def test_forked(self) -> None:
        """A forked process stops nothing of its parent's, and puts nothing back."""
        backend = support.web_server(self)
        script = (
            "import os, sys, vaurien\n"
            f"proxy = vaurien.Proxy({backend}, 'http')\n"
            "with proxy, proxy.behavior('error', code=503):\n"
            "    if os.fork() == 0:\n"
            "        try: vaurien.stop_proxy(proxy.pid)\n"
            "        except vaurien.VaurienError as error: print(error, flush=True)\n"
            "        sys.exit()\n"
            "    os.wait()\n"
            "    print(proxy.get_behavior(), flush=True)\n"
        )
        run = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=support.PATIENCE)
        self.assertRegex(run.stdout.decode(), r"\A\d+ is no proxy that runs.*\nerror\n\Z")

    def test_threads(self) -> None:
        backend = support.web_server(self)
        saw = []

        def work() -> None:
            with Proxy(backend, "http") as proxy, proxy.behavior("error", code=503) as error:
                saw.append((support.fetch(proxy.port), error.count))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(saw, [("503", 1)] * 4)
        self.assertEqual(support.children(), [])
