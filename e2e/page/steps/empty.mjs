// A page with nothing on it says what to do next.
import { browse, live } from "../browser.mjs";

await browse(async (page) => {
  await live(page);
  await page.getByText("Nothing has connected yet: point your application at").waitFor();
  await page.getByText("Nothing was done to any exchange so far.").waitFor();
  await page.getByText("No exchanges yet.").waitFor();
  await page.getByText("passes everything").waitFor();
});
