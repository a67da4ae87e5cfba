// One key stops all chaos; one button puts it back.
import { browse, live, shoot, until } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  await page.getByText("10% delay").first().waitFor();
  await until(page, () => document.querySelector(".totals .touched"));
  await page.keyboard.press("s");
  await page.getByText("All chaos is stopped.").waitFor();
  await until(page, () => document.querySelectorAll(".proxies .chip").length === 0);
  await until(page, () => !document.querySelector(".totals .touched")); // real traffic passes untouched
  await shoot(page, "stopped");

  await page.getByRole("button", { name: "Put back" }).click();
  await page.getByText("All chaos is stopped.").waitFor({ state: "hidden" });
  await page.getByText("10% delay").first().waitFor();
  await until(page, () => document.querySelector(".totals .touched"));

  // The button does what the key does.
  await page.getByRole("button", { name: "Stop all chaos" }).click();
  await page.getByText("All chaos is stopped.").waitFor();
});
