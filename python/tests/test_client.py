"""Client, before real servers."""

from __future__ import annotations

import threading
import unittest
from datetime import timedelta

from vaurien import Client, Proxy, VaurienError

from . import support


class Behaviors(unittest.TestCase):
    def setUp(self) -> None:
        self.proxy = Proxy(support.web_server(self), "http")
        self.addCleanup(self.proxy.close)
        self.client = Client(self.proxy.control_url[len("http://"):])

    def fetch(self) -> str:
        return support.fetch(self.proxy.port)

    def test_both_words(self) -> None:
        for kind in ("set", "get", "with"):
            self.assertIs(getattr(Client, f"{kind}_handler"), getattr(Client, f"{kind}_behavior"))
        self.assertIs(Client.list_handlers, Client.list_behaviors)
        self.assertIs(Client.handler, Client.behavior)

    def test_blocks_in_blocks(self) -> None:
        with self.client.with_behavior("error", code=501) as outer:
            self.assertEqual(self.fetch(), "501")
            with self.client.with_behavior("error", code=502) as inner:
                self.assertEqual(self.fetch(), "502")
                self.assertEqual(inner.count, 1)
            self.assertEqual(self.fetch(), "501")
            self.assertEqual((outer.count, inner.count), (3, 1))
        self.assertEqual(self.fetch(), "well")
        self.assertEqual((outer.faults(), inner.faults()), ({"error": 3}, {"error": 1}))
        self.assertEqual(self.client.faults(), {"error": 3})

    def test_puts_back_all_of_it(self) -> None:
        """A draw, its options, also after an exception, and what was set inside."""
        before = self.client.set_behavior("20:delay,30:error", delay={"sleep": "10ms", "first": 3}, error={"code": 502})
        with self.assertRaisesRegex(KeyError, "mine"), self.client.with_behavior("hang"):
            self.client.set_behavior("blackout")
            raise KeyError("mine")
        self.assertEqual(self.client.get_plan(), before["plan"])
        self.assertEqual(self.client.get_handler(), "20:delay,30:error")

    def test_puts_back_a_plan_for_a_time(self) -> None:
        """What would have come after it still comes."""
        self.client.set_behavior("delay", sleep=0)
        self.client.set_plan({"plan": "blackout", "for": "100s"})
        with self.client.with_behavior("error"):
            self.assertEqual(self.client.get_behavior(), "error")
        plan = self.client.get_plan()
        self.assertEqual(plan["plan"], "100:blackout")
        self.assertRegex(plan["for"], r"^1m")
        self.client.set_plan({"plan": "blackout", "for": "1ms"})
        with self.client.with_behavior("error"):
            pass
        support.until(lambda: self.client.get_behavior() == "delay", "the plan before does not return")

    def test_what_is_refused_changes_nothing(self) -> None:
        plan = self.client.get_plan()
        for behavior, options, message in (
            ("dely", {}, 'unknown behavior "dely": did you mean "delay"\\? known: abort, .*transient'),
            ("delay", {"slep": 1}, 'slep: unknown option: did you mean "sleep"'),
            ("delay", {"sleep": "soon"}, '"soon" is not a duration: write seconds'),
            ("delay", {"sleep": [1]}, r"\[1\] is no value of an option"),
            ("60:delay,60:error", {}, "100"),
            ("10:delay,10:error", {"sleep": 1}, "sleep: 10:delay,10:error names several behaviors: say whose"),
            ("10:delay,10:error", {"hang": {"x": 1}}, "hang is not in the plan"),
            ("error", {"match": "verb == GET"}, "GET"),
        ):
            with self.subTest(behavior, **options):
                with self.assertRaisesRegex(VaurienError, message):
                    self.client.set_behavior(behavior, **options)
                with self.assertRaisesRegex(VaurienError, message), self.client.with_behavior(behavior, **options):
                    self.fail("the block was entered")
        self.assertEqual(self.client.get_plan(), plan)

    def test_options(self) -> None:
        """Names of Python, hyphens, words of Python, times, booleans, and None."""
        for options, name, want in (
            ({"sleep": timedelta(milliseconds=1500)}, "sleep", "1.5s"),
            ({"before": False}, "before", "false"),
            ({"sleep": None}, "sleep", "1s"),
            ({"first": 2}, "first", "2"),
        ):
            plan = self.client.set_behavior("delay", **options)["plan"]
            self.assertEqual(plan["entries"][0]["options"][name], want)
        self.client.set_behavior("50:commit_unknown,50:stall", commit_unknown={"how": "hang"}, stall={"for": "2s"})
        self.client.set_behavior("packet_loss", loss_rate=0.5)
        self.client.set_behavior("packet-loss", **{"loss-rate": 0.5})
        self.assertEqual(self.client.set_behavior("stall", for_=2)["plan"]["entries"][0]["options"]["for"], "2s")
        self.assertEqual(self.client.set_behavior("profile", name="4g")["plan"]["entries"][0]["options"]["name"], "4g")

    def test_which_exchanges(self) -> None:
        with self.client.with_behavior("error", code=503, after=1, every=2, max=2) as error:
            saw = [self.fetch() for _ in range(7)]
        self.assertEqual(saw, ["well", "well", "503", "well", "503", "well", "well"])
        self.assertEqual(error.count, 2)
        with self.client.with_behavior("error", match='method == "POST"') as error:
            self.assertEqual(self.fetch(), "well")
        self.assertEqual(error.faults(), {})

    def test_wait(self) -> None:
        """A block can wait for what another thread runs into."""
        with self.client.with_behavior("error", code=503) as error:
            thread = threading.Thread(target=self.fetch)
            thread.start()
            error.wait(timeout=support.PATIENCE)
            thread.join()
            with self.assertRaisesRegex(VaurienError, "^error acted on 1 exchanges, not on 2$"):
                error.wait(2, timeout=0)
        error.wait()
        with self.assertRaisesRegex(VaurienError, "^error acted on 1 exchanges, not on 2$"):
            error.wait(2)  # there will be no more

    def test_threads_that_share_a_client(self) -> None:
        """Blocks that overlap leave nothing behind, in whichever order they end."""
        entered, leave = threading.Event(), threading.Event()

        def first() -> None:
            with self.client.with_behavior("delay"):
                entered.set()
                leave.wait(support.PATIENCE)

        thread = threading.Thread(target=first)
        thread.start()
        entered.wait(support.PATIENCE)
        with self.client.with_behavior("hang"):
            leave.set()
            thread.join()
            self.assertEqual(self.client.get_behavior(), "hang")
        self.assertEqual(self.client.get_behavior(), "dummy")

    def test_toxics(self) -> None:
        with self.client.with_toxic("latency", latency="20ms", direction="to_client") as latency:
            self.assertEqual([t["name"] for t in self.client.toxics()], ["latency"])
            with self.client.with_toxic("latency", percent=0, jitter="1ms"):
                self.assertEqual([(t["name"], t["percent"]) for t in self.client.toxics()][1:], [("latency-2", 0)])
            self.assertEqual(self.fetch(), "well")
            self.assertEqual(latency.count, 1)
        self.assertEqual(self.client.toxics(), [])
        before = self.client.set_toxic("slow", "bandwidth", percent=50, rate="1MB")["toxics"]
        with self.client.with_toxic("slow_close", toxic="slow", delay=1):
            self.assertEqual(self.client.toxics()[0]["behavior"], "slow_close")
        self.assertEqual(self.client.toxics(), before)
        self.assertEqual(self.client.remove_toxic("slow")["toxics"], [])
        with self.assertRaisesRegex(VaurienError, "latncy") as caught:
            self.client.set_toxic("slow", "latncy")
        self.assertEqual(caught.exception.status, 400)

    def test_down(self) -> None:
        with self.assertRaises(KeyError), self.client.down():
            self.assertIn("refused", self.fetch())
            raise KeyError
        self.assertEqual(self.fetch(), "well")

    def test_backend(self) -> None:
        self.client.set_backend(("127.0.0.1", support.free_port()))
        self.assertNotEqual(self.fetch(), "well")
        self.client.set_backend(support.web_server(self))
        self.assertEqual(self.fetch(), "well")
        with self.assertRaisesRegex(VaurienError, "is not an address"):
            self.client.set_backend("nonsense")

    def test_many_proxies(self) -> None:
        port = support.redis_server(self)
        cache = self.client.put_proxy("cache-1", proxy="localhost:0", backend=port, protocol="redis", seed=3)
        at = int(cache.state()["proxy"].rpartition(":")[2])
        self.assertEqual(support.redis(at, "PING"), "+PONG")
        with cache.with_handler("error", kind="readonly", match='command == "SET"') as readonly:
            self.assertRegex(support.redis(at, "SET", "a", "1"), "^-READONLY")
            self.assertEqual(support.redis(at, "GET", "a"), "$-1")
            self.assertEqual(self.fetch(), "well")
        self.assertEqual(readonly.faults(), {"error": 1})
        self.assertEqual(cache.get_backend(), f"localhost:{port}")
        self.assertEqual(sorted(self.client.proxies()), ["cache-1", "default"])
        self.assertEqual(Client(self.proxy.control_url, proxy="cache-1").get_handler(), "dummy")
        self.client.delete_proxy("cache-1")
        with self.assertRaisesRegex(VaurienError, 'no such proxy: "cache-1"; known: default') as caught:
            cache.stats()
        self.assertEqual(caught.exception.status, 404)
        with self.assertRaisesRegex(VaurienError, "^proxy: no such proxy"):
            cache.get_behavior()

    def test_catalog(self) -> None:
        names = [b["name"] for b in self.client.catalog()["behaviors"]]
        self.assertEqual(sorted(names), self.client.list_behaviors())
