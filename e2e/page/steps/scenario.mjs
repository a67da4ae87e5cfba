// A scenario is seen step by step, let go, and stopped.
import { browse, live, shoot, until } from "../browser.mjs";

const post = (page, path, body) => page.evaluate(([p, b]) => fetch(p, { method: "POST", body: b }).then((r) => r.status), [path, body]);

await browse(async (page) => {
  await live(page);
  await post(page, "scenario", JSON.stringify({
    name: "slow afternoon",
    steps: [
      { name: "slower", proxy: "cache", behavior: "20:delay", until: "released" },
      { name: "broken", proxy: "cache", behavior: "5:error", until: "released" },
    ],
  }));
  const panel = page.getByRole("region", { name: "scenario" });
  await panel.getByText("slow afternoon").waitFor();
  await panel.locator("li.active", { hasText: "slower" }).waitFor();
  await shoot(page, "scenario");
  await panel.getByRole("button", { name: "Release" }).click();
  await panel.locator("li.over", { hasText: "slower" }).waitFor();
  await panel.locator("li.active", { hasText: "broken" }).waitFor();
  await panel.getByRole("button", { name: "Stop the scenario" }).click();
  await panel.locator(".state.stopped").waitFor();
  await panel.getByRole("button", { name: "Dismiss" }).click();
  await until(page, () => !document.querySelector(".scenario"));
});
