// A server with a token: the page asks for it, and lets nobody in without.
import { answers, assert, browse, live } from "../browser.mjs";

await browse(
  async (page) => {
    const dialog = page.locator("dialog.token");
    await dialog.waitFor();
    await dialog.getByLabel("token").fill("wrong");
    await dialog.getByRole("button").click();
    await dialog.getByText("That is not the token").waitFor();
    assert.equal(await page.locator(".proxies").count(), 0);
    await dialog.getByLabel("token").fill(process.env.PAGE_TOKEN);
    await dialog.getByRole("button").click();
    await live(page);
    await page.locator("tr.exchange").first().waitFor();
  },
  { expect: [answers(401)] },
);

// A link may bring it, and does not keep it.
await browse(
  async (page) => {
    await live(page);
    assert.equal(await page.evaluate(() => location.hash), "");
  },
  { path: "/#token=" + process.env.PAGE_TOKEN },
);
