// What passes through a proxy is text on the page, whatever it looks like.
import { assert, browse, live, until } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  await page.selectOption("#filter-proxy", "web");
  await until(page, () => document.querySelector(".list")?.innerText.includes("<img/src=x"));
  await page.keyboard.press("p");
  await page.locator("tr.exchange", { hasText: "<img/src=x" }).first().click();
  await page.locator(".detail", { hasText: "onerror=alert(1)" }).waitFor();
  assert.equal(await page.locator(".list img, .list script").count(), 0);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
});
