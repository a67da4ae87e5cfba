// The server goes away and comes back; the page says so and goes on by itself.
import { createInterface } from "node:readline";
import { browse, live } from "../browser.mjs";

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const tell = async (what) => {
  console.log(what);
  await lines.next();
};

await browse(
  async (page) => {
    await live(page);
    await page.locator("tr.exchange").first().waitFor();
    await tell("away");
    await page.getByText("The server does not answer.").waitFor();
    await page.locator(".link.cut").waitFor();
    await tell("back");
    await live(page);
    await page.getByText("The server does not answer.").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Clear" }).click();
    await page.locator("tr.exchange").first().waitFor();
  },
  { expect: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 503/] },
);
input.close();
