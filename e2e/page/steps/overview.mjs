// Traffic is seen, filtered, and opened to its details.
import { assert, browse, live, shoot, until } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  const cache = page.locator("tr", { has: page.getByRole("button", { name: "cache", exact: true }) });
  await until(page, () => Number(document.querySelector('[data-of="exchanges/s"]').textContent.replace(",", "")) > 0);
  await page.locator("tr.exchange").first().waitFor();
  await page.getByText("delay").first().waitFor();

  // The plots have something on them.
  await until(page, () => [...document.querySelectorAll(".plot canvas")].length === 2 && [...document.querySelectorAll(".plot canvas")].every((c) =>
    new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size > 4));
  await until(page, () => /client p50 [\d.]+ m?s/.test(document.querySelectorAll(".plot")[1].innerText));
  if (process.env.SHOTS) await new Promise((r) => setTimeout(r, 45_000)); // for a picture with a past
  await shoot(page, "overview");

  // Only those that were delayed.
  await page.selectOption("#filter-fate", "delayed");
  await until(page, () => {
    const fates = [...document.querySelectorAll("tr.exchange .fate")].map((f) => f.textContent);
    return fates.length > 0 && fates.every((f) => f === "delayed");
  });
  const row = page.locator("tr.exchange:has(.f-delayed)").first();
  await page.keyboard.press("p");
  await row.click();
  const detail = page.locator(".detail");
  await detail.waitFor();
  const text = await detail.innerText();
  for (const word of [/passed on [\d.]+ m?s/, /replied [\d.]+ m?s/, /ended [\d.]+ m?s/, /session \d+, its exchange \d+/, /plan 1 of cache: delay/, /The client got an answer/]) {
    assert.match(text, word);
  }
  assert.match(await detail.locator(".deeds").innerText(), /request\s+delay\s+1/);
  await shoot(page, "details");

  // With the keyboard: down to the next row, and close and open it.
  await row.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("tr.exchange:focus").getAttribute("aria-expanded"), "true");

  // One session, found from the details.
  await page.locator(".detail").getByRole("button", { name: "only this session" }).click();
  await page.getByRole("button", { name: /^session \d+/ }).waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("button", { name: /Go on/ }).click();

  // By verb, and by proxy.
  await page.fill("#filter-verb", "INCR");
  await until(page, () => {
    const requests = [...document.querySelectorAll("tr.exchange .request b")].map((b) => b.textContent);
    return requests.length > 0 && requests.every((v) => v === "INCR");
  });
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByLabel("only touched").check();
  await until(page, () => {
    const rows = [...document.querySelectorAll("tr.exchange")];
    return rows.length > 0 && rows.every((r) => r.classList.contains("was-touched"));
  });

  // What is looked at is one proxy.
  await cache.getByRole("button", { name: "cache", exact: true }).click();
  assert.equal(await cache.getByRole("button", { name: "cache", exact: true }).getAttribute("aria-pressed"), "true");

  await page.locator(".sessions summary").click();
  await until(page, () => document.querySelectorAll(".sessions tbody tr.open").length > 0);
});
