// A plan for a time counts down, and can be ended before.
import { browse, live } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  const cache = page.locator("tr", { has: page.getByRole("button", { name: "cache", exact: true }) });
  await cache.getByText("10% delay").waitFor();
  await cache.getByRole("button", { name: "Plan" }).click();
  const form = page.locator("dialog.editor");
  await form.getByRole("button", { name: "remove delay" }).click();
  await page.selectOption("#add", "blackout");
  await form.getByRole("button", { name: "5m", exact: true }).click();
  await form.getByRole("button", { name: "Put in force for 5m" }).click();
  await form.waitFor({ state: "hidden" });
  await cache.getByText("20% blackout").waitFor();
  await cache.getByText(/back in [45]:\d\d/).waitFor();
  await cache.getByText(/back in 4:\d\d/).waitFor();

  await cache.getByRole("button", { name: "Plan" }).click();
  await form.getByRole("button", { name: "End it now" }).click();
  await form.waitFor({ state: "hidden" });
  await cache.getByText("10% delay").waitFor();
});
