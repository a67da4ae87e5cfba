// A plan is written in the form; what is wrong is said by the server beside its
// field; then it is in force.
import { answers, assert, browse, live, shoot, until } from "../browser.mjs";

await browse(
  async (page) => {
    await live(page);
    const cache = page.locator("tr", { has: page.getByRole("button", { name: "cache", exact: true }) });
    await cache.getByRole("button", { name: "Plan" }).click();
    const form = page.locator("dialog.editor");
    await form.getByText("90% untouched").waitFor();
    const go = form.locator("button[type=submit]");
    assert.ok(await go.isDisabled(), "nothing has changed yet");

    // The slider leaves no more than there is.
    await page.selectOption("#add", "error");
    const error = form.locator("fieldset", { has: page.locator("legend", { hasText: "error" }) });
    await error.getByLabel("of all").fill("95");
    await error.getByLabel("of all").blur();
    assert.equal(await error.getByLabel("of all").inputValue(), "90");
    await form.getByText("0% untouched").waitFor();

    // What the server says stands beside the field.
    const delay = form.locator("fieldset", { has: page.locator("legend", { hasText: "delay" }) });
    await delay.getByLabel("sleep", { exact: true }).fill("soon");
    await delay.locator(".field", { hasText: "sleep" }).first().getByRole("alert").filter({ hasText: '"soon" is not a duration' }).waitFor();
    assert.equal(await delay.getByLabel("sleep", { exact: true }).getAttribute("aria-invalid"), "true");
    assert.ok(await go.isDisabled());
    await delay.getByLabel("sleep", { exact: true }).fill("5ms");

    // Failures come with what they are, conditions are checked.
    await error.getByLabel("kind").selectOption("readonly");
    await error.getByText(/READONLY/).first().waitFor();
    await error.getByText("Only some of these").click();
    await error.getByLabel("match").fill('vreb == "SET"');
    await error.getByRole("alert").filter({ hasText: 'did you mean "verb"' }).waitFor();
    await error.getByLabel("of all").fill("30");
    await error.getByLabel("match").scrollIntoViewIfNeeded();
    await error.getByRole("alert").filter({ hasText: 'did you mean "verb"' }).scrollIntoViewIfNeeded();
    await shoot(page, "plan");
    await error.getByLabel("match").fill('verb == "SET"');
    await until(page, () => !document.querySelector("dialog.editor [type=submit]").disabled);
    await delay.getByRole("button", { name: "remove delay" }).click();
    await error.getByLabel("of all").fill("100");
    await error.getByLabel("of all").blur();
    await until(page, () => !document.querySelector("dialog.editor [type=submit]").disabled);
    await go.click();
    await form.waitFor({ state: "hidden" });
    await cache.getByText("100% error").waitFor();
  },
  { expect: [answers(400)] },
);
