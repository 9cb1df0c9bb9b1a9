// Tests of the status pages in a real browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { browser as launch, fixture, openPage, signIn, startServer } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Cells of every state, and missing prices. */
const MIXED = `
now = 2026-01-08T18:00:00-05:00
seed = 5
[portfolios]
Harbour = { complete = "..2026-01-07" }
Crashed = { complete = "..2026-01-06", phases = { 2026-01-07 = ["snapshot"] } }
Stuck = { complete = "..2026-01-05", quarantined = { 2026-01-06 = ["snapshot"] } }
Flaky = { complete = "..2026-01-07", failed = { 2026-01-06 = { risk = 2 } } }
Gone = { complete = "..2025-12-31", deleted-at = 2026-01-02T09:00:00-05:00 }
"<b>Bold & \\"quoted\\"</b>" = { complete = "..2026-01-07" }
Lone = { inception = 2026-01-02, complete = "..2026-01-05", cash = 10_000, holdings = { ACME = 100 } }
[prices]
ACME = { 2026-01-02 = 10.00, 2026-01-05 = 10.50, 2026-01-06 = "missing", 2026-01-07 = "missing", 2026-01-08 = "missing" }
`;

/** Enough cells, one a transaction, for a run that can be observed. */
const MANY = `
now = 2026-01-08T18:00:00-05:00
seed = 3
[portfolios]
"P01..P20" = { inception = 2025-07-08 }
`;

let chromium, incident, mixed;

before(async () => {
  [chromium, incident, mixed] = await Promise.all([
    launch(),
    startServer(fixture("jan_8_production.toml")),
    startServer(MIXED),
  ]);
});

after(async () => {
  await Promise.all([chromium.close(), incident.end(), mixed.end()]);
});

/** Opens the page at a path of a server. */
async function at(server, path, options) {
  const opened = await openPage(chromium, options);
  await opened.page.goto(server.address + path);
  return opened;
}

test("the overview names what holds the watermark back, and a cell links to its reason", async () => {
  const { page, context, problems } = await at(incident, "/");
  const heading = await page.locator("h1").innerText();
  assert.equal(heading, "13 of 13 portfolios are behind Thu 8 Jan 2026");
  const lead = await page.locator(".lead").first().innerText();
  assert.match(lead, /Watermark Mon 5 Jan 2026, held back by .+: Tue 6 Jan 2026 is not complete/);
  assert.equal(await page.locator(".map tbody tr").count(), 13);
  const row = page.locator(".map tbody tr", { hasText: "Tech Growth" });
  await row.locator("a.cell.open").first().click();
  assert.match(await page.locator("h1").innerText(), /Wed 7 Jan 2026/);
  assert.match(await page.locator(".lead").first().innerText(), /open, missing/);
  assert.match(await page.locator("main").innerText(), /global-max/);
  assert.deepEqual(problems, []);
  await context.close();
});

test("a portfolio shows its NAV, monthly returns, positions and risk", async () => {
  const { page, context, problems } = await at(incident, "/");
  await page.locator(".map").getByRole("link", { name: "Tech Growth", exact: true }).click();
  assert.match(await page.locator("h1").innerText(), /Tech Growth/);
  const headings = await page.locator("h2").allInnerTexts();
  for (const part of ["Net asset value", "Drawdown", "Monthly returns", "Positions", "Risk"]) {
    assert.ok(headings.some((heading) => heading.includes(part)), `${part} in ${headings}`);
  }
  assert.ok((await page.locator("svg path, svg polyline").count()) >= 2, "curves are drawn");
  assert.deepEqual(problems, []);
  await context.close();
});

test("data health lists missing data with the command that fixes it", async () => {
  const { page, context } = await at(mixed, "/health");
  const text = await page.locator("main").innerText();
  assert.match(text, /ACME/);
  assert.match(text, /plimsoll import prices/);
  assert.match(text, /plimsoll retry/);
  await context.close();
});

test("imported names are escaped", async () => {
  const { page, context } = await at(mixed, "/");
  assert.equal(await page.locator("main b").count(), 0);
  const name = '<b>Bold & "quoted"</b>';
  assert.ok(await page.locator(".map").getByRole("link", { name, exact: true }).isVisible());
  await context.close();
});

test("a valid token signs in, an invalid one does not, and scope read cannot start a run", async () => {
  const { page, context } = await openPage(chromium);
  await signIn(page, incident.address, "plim_wrong");
  assert.match(await page.getByRole("alert").innerText(), /token/i);
  await signIn(page, incident.address, incident.reader);
  await page.goto(`${incident.address}/plan`);
  assert.match(await page.locator("main").innerText(), /read-only: it cannot start runs/);
  assert.equal(await page.getByRole("button", { name: "Run exactly this" }).count(), 0);
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.ok(await page.getByRole("link", { name: "Sign in" }).first().isVisible());
  await context.close();
});

describe("a run", () => {
  let busy;
  before(async () => {
    busy = await startServer(MANY, "[run]\nbatch-cells = 1\n");
  });
  after(() => busy.end());

  test("starts from its plan, shows progress and then its certificate", async () => {
    const { page, context, problems } = await openPage(chromium);
    await signIn(page, busy.address, busy.admin);
    await page.goto(`${busy.address}/plan`);
    await page.getByRole("button", { name: "Run exactly this" }).click();
    await page.waitForURL(/\/runs\//);
    const bar = page.locator("#live-bar");
    await bar.waitFor();
    const first = Number(await bar.getAttribute("value"));
    // The bar moves without a reload.
    await page.evaluate(() => (window.notReloaded = true));
    await page.waitForFunction((before) => document.getElementById("live-bar").value > before, first);
    assert.match(await page.locator("#live-text").innerText(), /\d of 2,580 cells/);
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/live.png` });
    await page.getByRole("heading", { name: /is complete/ }).waitFor({ timeout: 120_000 });
    const certificate = page.locator("section", { has: page.getByRole("heading", { name: "Certificate" }) });
    assert.match(await certificate.innerText(), /2,580/);
    assert.deepEqual(problems, []);
    await context.close();
  });

  test("is cancelled from its page, and the next run continues from there", async () => {
    busy.run("invalidate", "--from", "2025-07-08", "--to", "2026-01-08", "--reason", "a test");
    const { page, context } = await openPage(chromium);
    await signIn(page, busy.address, busy.admin);
    await page.goto(`${busy.address}/plan`);
    await page.getByRole("button", { name: "Run exactly this" }).click();
    await page.getByRole("button", { name: "Stop after the current transaction" }).click();
    await page.getByRole("heading", { name: /is cancelled/ }).waitFor({ timeout: 30_000 });
    await page.goto(`${busy.address}/plan`);
    assert.ok(await page.getByRole("button", { name: "Run exactly this" }).isVisible());
    await context.close();
  });
});

/** One path for every kind of page of the mixed world. */
async function paths() {
  const { page, context } = await at(mixed, "/");
  const href = (selector) => page.locator(selector).first().getAttribute("href");
  const portfolio = await href(".map th a");
  const cell = await href(".map a.cell.quarantined");
  const run = `/runs/${JSON.parse(mixed.run("runs", "--json"))[0].key}`;
  await context.close();
  return ["/", "/?sessions=250", portfolio, cell, "/runs", run, "/health", "/plan", "/sign-in", "/nowhere"];
}

describe("every page", () => {
  let allPaths;
  before(async () => {
    mixed.run("run", "-p", "Harbour");
    allPaths = await paths();
  });

  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      test(`${scheme}, ${width} px: fits the width, logs no problem, and passes axe`, async () => {
        const viewport = { width, height: 900 };
        const { page, context, problems } = await openPage(chromium, { colorScheme: scheme, viewport });
        for (const path of allPaths) {
          const answer = await page.goto(mixed.address + path);
          assert.equal(answer.status(), path === "/nowhere" ? 404 : 200, path);
          const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(excess <= 0, `${path} is ${excess} px too wide`);
          await page.evaluate(axe);
          const found = await page.evaluate(() => axe.run());
          const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
          const violations = serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
          assert.deepEqual(violations, [], path);
        }
        const unexpected = problems.filter((text) => !text.includes("404"));
        assert.deepEqual(unexpected, []);
        await context.close();
      });
    }
  }

  test("dark is dark and light is light", async () => {
    const brightness = async (colorScheme) => {
      const { page, context } = await at(mixed, "/", { colorScheme });
      const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await context.close();
      return Math.max(...colour.match(/\d+/g).slice(0, 3).map(Number));
    };
    assert.ok((await brightness("dark")) < 60);
    assert.ok((await brightness("light")) > 220);
  });

  test("works without JavaScript", async () => {
    const { page, context } = await openPage(chromium, { javaScriptEnabled: false });
    for (const path of allPaths) {
      await page.goto(mixed.address + path);
      assert.ok((await page.locator("h1").innerText()).length > 0, path);
    }
    await context.close();
  });

  test("can be used by keyboard", async () => {
    const { page, context } = await at(mixed, "/");
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        return { text: element.textContent.trim(), className: element.className, outline: style.outlineStyle };
      });
    await page.keyboard.press("Tab");
    assert.equal((await focused()).text, "Skip to content");
    await page.keyboard.press("Enter");
    const focusedCells = [];
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      const now = await focused();
      if (now.className.includes("cell")) {
        focusedCells.push(now.className);
        assert.notEqual(now.outline, "none", "the focus is visible");
      }
    }
    assert.ok(focusedCells.some((name) => name.includes("quarantined")), `${focusedCells}`);
    assert.ok(!focusedCells.some((name) => name.includes("complete")), "complete cells are skipped");
    await context.close();
  });
});

test("screenshots of the pages", { skip: !process.env.SCREENSHOTS }, async () => {
  const shot = async (name, path, options) => {
    const { page, context } = await at(incident, path, { ...options });
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
    await context.close();
  };
  const { page, context } = await at(incident, "/");
  const portfolio = await page.locator(".map th a", { hasText: "Tech Growth" }).getAttribute("href");
  await context.close();
  await shot("overview", "/");
  await shot("overview-dark", "/", { colorScheme: "dark" });
  await shot("overview-phone", "/", { viewport: { width: 390, height: 844 } });
  await shot("portfolio", portfolio);
  await shot("cell", `${portfolio}/cells/2026-01-07`);
  await shot("plan", "/plan");
  await shot("health", "/health");
});
