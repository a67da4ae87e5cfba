// Toxics are added, changed and removed.
import { answers, assert, browse, live, shoot } from "../browser.mjs";

await browse(
  async (page) => {
    await live(page);
    const cache = page.locator("tr", { has: page.getByRole("button", { name: "cache", exact: true }) });
    const form = page.locator("dialog.editor");
    const edit = () => cache.getByRole("button", { name: "Toxics" }).click();
    const put = async () => {
      await form.getByRole("button", { name: "Put in force" }).click();
      await form.waitFor({ state: "hidden" });
    };
    await edit();
    await page.selectOption("#add", "latency");
    await form.getByLabel("latency", { exact: true }).fill("-1");
    await form.getByRole("alert").filter({ hasText: "too small" }).waitFor();
    await form.getByLabel("latency", { exact: true }).fill("7ms");
    await page.selectOption("#add", "bandwidth");
    await form.getByLabel("rate", { exact: true }).fill("10MB");
    await shoot(page, "toxics");
    await put();
    await cache.getByText("100% latency").waitFor();
    await cache.getByText("100% bandwidth").waitFor();

    await edit();
    assert.equal(await form.getByLabel("latency", { exact: true }).inputValue(), "7ms");
    await form.getByLabel("of connections").first().fill("50");
    await form.getByLabel("of connections").first().blur();
    await form.getByRole("button", { name: "remove bandwidth" }).click();
    await put();
    await cache.getByText("50% latency").waitFor();
    assert.equal(await cache.getByText("bandwidth").count(), 0);
  },
  { expect: [answers(400)] },
);
