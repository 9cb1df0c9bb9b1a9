// What a person does with the status pages, in a real browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { browser as launch, fixture, house, signIn, visit } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Cells of every state, and data that is missing. */
const TROUBLED = `
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

/** Enough cells, a transaction each, for a run that can be watched. */
const MANY = `
now = 2026-01-08T18:00:00-05:00
seed = 3
[portfolios]
"P01..P20" = { inception = 2025-07-08 }
`;

let chromium, incident, troubled;

before(async () => {
  [chromium, incident, troubled] = await Promise.all([
    launch(),
    house(fixture("jan_8_production.toml")),
    house(TROUBLED),
  ]);
});

after(async () => {
  await Promise.all([chromium.close(), incident.end(), troubled.end()]);
});

/** The page at an address of a house, open. */
async function at(house, path, options) {
  const visited = await visit(chromium, options);
  await visited.page.goto(house.address + path);
  return visited;
}

test("the overview says who holds the watermark back, and a cell's reason is one click away", async () => {
  const { page, context, complaints } = await at(incident, "/");
  const heading = await page.locator("h1").innerText();
  assert.equal(heading, "13 of 13 portfolios are behind Thu 8 Jan 2026");
  const lead = await page.locator(".lead").first().innerText();
  assert.match(lead, /Watermark Mon 5 Jan 2026, held back by .+: Tue 6 Jan 2026 is open/);
  assert.equal(await page.locator(".map tbody tr").count(), 13);
  const row = page.locator(".map tbody tr", { hasText: "Tech Growth" });
  await row.locator("a.cell.open").first().click();
  assert.match(await page.locator("h1").innerText(), /Wed 7 Jan 2026/);
  assert.match(await page.locator(".lead").first().innerText(), /open: nothing of it is done yet/);
  assert.match(await page.locator("main").innerText(), /global-max/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a portfolio shows its curve, its months, what it holds and its risk", async () => {
  const { page, context, complaints } = await at(incident, "/");
  await page.locator(".map").getByRole("link", { name: "Tech Growth", exact: true }).click();
  assert.match(await page.locator("h1").innerText(), /Tech Growth/);
  const headings = await page.locator("h2").allInnerTexts();
  for (const part of ["Net asset value", "Drawdown", "Monthly returns", "Positions", "Risk"]) {
    assert.ok(headings.some((heading) => heading.includes(part)), `${part} in ${headings}`);
  }
  assert.ok((await page.locator("svg path, svg polyline").count()) >= 2, "curves are drawn");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("data health names what is missing, with the command that mends it", async () => {
  const { page, context } = await at(troubled, "/health");
  const text = await page.locator("main").innerText();
  assert.match(text, /ACME/);
  assert.match(text, /plimsoll import prices/);
  assert.match(text, /plimsoll retry/);
  await context.close();
});

test("a name from a file stays text", async () => {
  const { page, context } = await at(troubled, "/");
  assert.equal(await page.locator("main b").count(), 0);
  const name = '<b>Bold & "quoted"</b>';
  assert.ok(await page.locator(".map").getByRole("link", { name, exact: true }).isVisible());
  await context.close();
});

test("a token signs in, a wrong one does not, and one of scope read starts nothing", async () => {
  const { page, context } = await visit(chromium);
  await signIn(page, incident.address, "plim_wrong");
  assert.match(await page.getByRole("alert").innerText(), /token/i);
  await signIn(page, incident.address, incident.reader);
  await page.goto(`${incident.address}/plan`);
  assert.match(await page.locator("main").innerText(), /it looks, and starts nothing/);
  assert.equal(await page.getByRole("button", { name: "Run exactly this" }).count(), 0);
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.ok(await page.getByRole("link", { name: "Sign in" }).first().isVisible());
  await context.close();
});

describe("a run", () => {
  let busy;
  before(async () => {
    busy = await house(MANY, "[run]\nbatch-cells = 1\n");
  });
  after(() => busy.end());

  test("is started from its plan, watched, and shows its certificate", async () => {
    const { page, context, complaints } = await visit(chromium);
    await signIn(page, busy.address, busy.admin);
    await page.goto(`${busy.address}/plan`);
    await page.getByRole("button", { name: "Run exactly this" }).click();
    await page.waitForURL(/\/runs\//);
    const bar = page.locator("#live-bar");
    await bar.waitFor();
    const first = Number(await bar.getAttribute("value"));
    // The bar moves without the page being loaded again.
    await page.evaluate(() => (window.untouched = true));
    await page.waitForFunction((before) => document.getElementById("live-bar").value > before, first);
    assert.match(await page.locator("#live-text").innerText(), /\d of 2,580 cells/);
    assert.equal(await page.evaluate(() => window.untouched), true);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/live.png` });
    await page.getByRole("heading", { name: /is complete/ }).waitFor({ timeout: 120_000 });
    const certificate = page.locator("section", { has: page.getByRole("heading", { name: "Certificate" }) });
    assert.match(await certificate.innerText(), /2,580/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("is stopped from its page, and the next one goes on from there", async () => {
    busy.run("invalidate", "--from", "2025-07-08", "--to", "2026-01-08", "--why", "a test");
    const { page, context } = await visit(chromium);
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

/** Every kind of page, of the house where most is wrong. */
async function paths() {
  const { page, context } = await at(troubled, "/");
  const href = (selector) => page.locator(selector).first().getAttribute("href");
  const portfolio = await href(".map th a");
  const cell = await href(".map a.cell.quarantined");
  const run = `/runs/${JSON.parse(troubled.run("runs", "--json"))[0].key}`;
  await context.close();
  return ["/", "/?sessions=250", portfolio, cell, "/runs", run, "/health", "/plan", "/sign-in", "/nowhere"];
}

describe("every page", () => {
  let all;
  before(async () => {
    troubled.run("run", "-p", "Harbour");
    all = await paths();
  });

  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      test(`${scheme}, ${width} px: fits, complains of nothing, and axe finds no serious fault`, async () => {
        const viewport = { width, height: 900 };
        const { page, context, complaints } = await visit(chromium, { colorScheme: scheme, viewport });
        for (const path of all) {
          const answer = await page.goto(troubled.address + path);
          assert.equal(answer.status(), path === "/nowhere" ? 404 : 200, path);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${path} is ${over} px too wide`);
          await page.evaluate(axe);
          const found = await page.evaluate(() => axe.run());
          const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
          const told = serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
          assert.deepEqual(told, [], path);
        }
        const own = complaints.filter((text) => !text.includes("404"));
        assert.deepEqual(own, []);
        await context.close();
      });
    }
  }

  test("dark is dark and light is light", async () => {
    const brightness = async (colorScheme) => {
      const { page, context } = await at(troubled, "/", { colorScheme });
      const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await context.close();
      return Math.max(...colour.match(/\d+/g).slice(0, 3).map(Number));
    };
    assert.ok((await brightness("dark")) < 60);
    assert.ok((await brightness("light")) > 220);
  });

  test("is there without JavaScript", async () => {
    const { page, context } = await visit(chromium, { javaScriptEnabled: false });
    for (const path of all) {
      await page.goto(troubled.address + path);
      assert.ok((await page.locator("h1").innerText()).length > 0, path);
    }
    await context.close();
  });

  test("can be used by keyboard", async () => {
    const { page, context } = await at(troubled, "/");
    const focused = () =>
      page.evaluate(() => {
        const one = document.activeElement;
        const style = getComputedStyle(one);
        return { text: one.textContent.trim(), look: one.className, outline: style.outlineStyle };
      });
    await page.keyboard.press("Tab");
    assert.equal((await focused()).text, "Skip to content");
    await page.keyboard.press("Enter");
    const reached = [];
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      const now = await focused();
      if (now.look.includes("cell")) {
        reached.push(now.look);
        assert.notEqual(now.outline, "none", "focus can be seen");
      }
    }
    assert.ok(reached.some((look) => look.includes("quarantined")), `${reached}`);
    assert.ok(!reached.some((look) => look.includes("had")), "complete cells are passed over");
    await context.close();
  });
});

test("pictures of the pages", { skip: !process.env.SCREENSHOTS }, async () => {
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
