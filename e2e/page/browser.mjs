// A browser that is strict: whatever the page asks of anybody but its server,
// each error that it reports, and each thing that its policy had to forbid, is a
// failure.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

// URL is the control server's, patience how long anything that must come may
// take, in milliseconds.
export const URL = process.env.PAGE_URL;
export const patience = 30_000;

export { assert };

// browse opens the page and gives it to steps. expect lists what may be reported
// on the console: a browser reports each answer that is an error.
export async function browse(steps, { path = "/", width = 1280, height = 900, scheme = "light", expect = [] } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"], // CI is root in a container
  });
  const wrong = [];
  try {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: 1 });
    context.setDefaultTimeout(patience);
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`POLICY ${e.violatedDirective} ${e.blockedURI}`));
    });
    context.on("request", (r) => {
      if (new globalThis.URL(r.url()).host !== new globalThis.URL(URL).host) wrong.push("it asked for " + r.url());
    });
    context.on("console", (m) => {
      if (m.type() === "error" && !expect.some((e) => e.test(m.text()))) wrong.push(`console: ${m.text()} (${m.location().url})`);
    });
    const page = await context.newPage();
    page.on("pageerror", (e) => wrong.push("uncaught: " + e.stack));
    await page.goto(URL + path);
    try {
      await steps(page, context);
    } catch (e) {
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/failed.png` }).catch(() => {});
      throw new Error(e.stack + "\n" + wrong.join("\n"));
    }
    await noSidewaysScroll(page);
  } finally {
    await browser.close();
  }
  assert.deepEqual(wrong, []);
}

async function noSidewaysScroll(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `the page is ${content} pixels wide in a window of ${window}`);
}

// shoot takes a picture for the documentation, when pictures are asked for.
export async function shoot(page, name, options = {}) {
  if (!process.env.SHOTS) return;
  mkdirSync(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: `${process.env.SHOTS}/page-${name}.png`, ...options });
}

// until waits for f to return something true in the page.
export const until = (page, f, arg) => page.waitForFunction(f, arg, { timeout: patience, polling: 100 });

// live waits until the page shows what the server answers.
export const live = (page) => page.locator(".link.live").waitFor();

// answers is for expect: the server may answer with that status.
export const answers = (status) => new RegExp(`status of ${status}`);
