// Dark, and small.
import { assert, browse, live, shoot, until } from "../browser.mjs";

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const traffic = (page) => page.locator("tr.exchange").first().waitFor();

// As the system is, then as the reader wants it, which is kept.
await browse(
  async (page) => {
    await live(page);
    await traffic(page);
    const dark = await background(page);
    if (process.env.SHOTS) await new Promise((r) => setTimeout(r, 30_000));
    await shoot(page, "dark");
    await page.keyboard.press("t");
    const light = await background(page);
    assert.notEqual(light, dark);
    await page.reload();
    await live(page);
    assert.equal(await background(page), light);
    await page.keyboard.press("?");
    await page.getByText("stop all chaos, at once").waitFor();
    await page.keyboard.press("Escape");
  },
  { scheme: "dark" },
);

// Nothing is wider than a phone: not the page, nor the form, nor the details.
await browse(
  async (page) => {
    await live(page);
    await traffic(page);
    if (process.env.SHOTS) await new Promise((r) => setTimeout(r, 30_000));
    await shoot(page, "phone");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator("tr.exchange").first().click();
    await page.locator(".detail").waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.getByRole("button", { name: "Plan" }).first().click();
    await page.locator("dialog.editor fieldset").first().waitFor();
    const box = await page.locator("dialog.editor").boundingBox();
    assert.ok(box.x >= 0 && box.width <= 390, JSON.stringify(box));
    await page.keyboard.press("Escape");
  },
  { width: 390, height: 844 },
);
