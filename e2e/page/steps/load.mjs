// Hundreds of connections and tens of thousands of exchanges a second do not
// freeze the page, and it says what it leaves out.
import { assert, browse, live, until } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  await page.locator(".left-out").waitFor();
  await page.getByText(/from a sample of/).waitFor();
  await until(page, () => Number(document.querySelector('[data-of="open"]').textContent.replace(",", "")) >= 500);
  await until(page, () => document.querySelectorAll("tr.exchange").length >= 200);
  assert.ok((await page.locator("tr.exchange").count()) <= 250);
  // It draws and does as it is told.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: /Go on \(/ }).waitFor();
  await page.getByRole("button", { name: "Plan" }).first().click();
  await page.locator("dialog.editor").waitFor();
  await page.keyboard.press("Escape");
});
