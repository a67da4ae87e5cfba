"""Proxy, and what is no control server."""

from __future__ import annotations

import unittest
from datetime import timedelta

from vaurien import Client, Proxy, VaurienError

from . import support


class Proxies(unittest.TestCase):
    def test_addresses(self) -> None:
        port = support.web_server(self)
        for backend in (port, f"localhost:{port}", ("127.0.0.1", port)):
            with Proxy(backend, "http") as proxy:
                self.assertEqual(proxy.address, f"{proxy.host}:{proxy.port}")
                self.assertEqual(support.fetch(proxy.port), "well")
                self.assertIn(proxy.address, repr(proxy))
                self.assertEqual(proxy.get_backend().rpartition(":")[2], str(port))
        with Proxy(1, proxy="[::1]:0") as proxy:
            self.assertEqual((proxy.host, proxy.address), ("::1", f"[::1]:{proxy.port}"))

    def test_settings(self) -> None:
        """Options given at the start hold for later changes."""
        with Proxy(
            *(support.web_server(self), "http", "20:delay"),
            behaviors={"delay": {"sleep": timedelta(seconds=3)}, "commit_unknown": {"how": "hang"}},
            protocols={"http": {"overwrite_host_header": False}},
            draw="connection", timeout_="2s", seed=5,
        ) as proxy:
            state = proxy.state()
            self.assertEqual((state["draw"], proxy.seed), ("connection", 5))
            self.assertEqual(state["plan"]["entries"][0]["options"]["sleep"], "3s")
            self.assertEqual(proxy.set_behavior("commit-unknown")["plan"]["entries"][0]["options"]["how"], "hang")
        with self.assertRaisesRegex(VaurienError, 'unknown flag --darw: did you mean "--draw"'):
            Proxy(1, darw="connection")

    def test_the_same_seed_is_the_same_fate(self) -> None:
        backend = support.web_server(self)

        def fates(seed: int) -> str:
            with Proxy(backend, "http", "50:error", seed=seed) as proxy:
                return "".join("." if support.fetch(proxy.port) == "well" else "x" for _ in range(32))

        first = fates(11)
        self.assertEqual(fates(11), first)
        self.assertEqual(len({first, *(fates(seed) for seed in range(12, 16))}), 5)

    def test_log(self) -> None:
        with Proxy(support.web_server(self), "http") as proxy:
            with proxy.behavior("error"):
                support.fetch(proxy.port)
            self.assertIn("msg=fault proxy=default session=1 exchange=1 behavior=error", proxy.log())
        self.assertIn("error 1", proxy.log())

    def test_every_protocol_by_its_own_words(self) -> None:
        port = support.redis_server(self)
        with Proxy(port, protocol="redis") as proxy:
            with proxy.behavior("error", kind="loading"):
                self.assertRegex(support.redis(proxy.port, "GET", "a"), "^-LOADING")
            with proxy.behavior("blackout"):
                self.assertIn(support.redis(proxy.port, "GET", "a"), ("closed", "ConnectionResetError"))
            self.assertEqual(support.redis(proxy.port, "GET", "a"), "$-1")


class Strangers(unittest.TestCase):
    """What is no control server."""

    def test_nobody(self) -> None:
        port = support.free_port()
        with self.assertRaisesRegex(VaurienError, f"no control server answers at http://localhost:{port} .*--http"):
            Client(port=port).get_handler()

    def test_another_server(self) -> None:
        port = support.web_server(self)
        with self.assertRaisesRegex(VaurienError, "is not a control server of vaurien: GET /behavior answered 200"):
            Client("127.0.0.1", port).get_behavior()

    def test_no_address(self) -> None:
        for host in ("https://localhost:8080", "http://localhost:8080/x", "ftp://"):
            with self.assertRaisesRegex(VaurienError, "is no control server: write a host, or a URL"):
                Client(host)
        with self.assertRaisesRegex(VaurienError, "is no control server"):
            Client("localhost", 8080, "https")
