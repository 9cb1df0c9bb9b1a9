// Starts a server over the database of a world, and a browser for it.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = process.env.PLIMSOLL ?? join(root, "target/debug/plimsoll");
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const fixture = (name) => join(root, "fixtures", name);

/** Starts a server over a world, given as a path or as text with more than one line. */
export async function startServer(world, configuration = "") {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  const run = (...words) =>
    execFileSync(program, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  let file = world;
  if (world.includes("\n")) {
    file = join(folder, "world.toml");
    writeFileSync(file, world);
  }
  run("scenario", "load", file, "--db", "plimsoll.db");
  writeFileSync(join(folder, "plimsoll.toml"), configuration);
  const token = (scope) => run("-q", "token", "new", scope, "--scope", scope).trim();
  const [admin, reader] = [token("admin"), token("read")];
  const server = spawn(program, ["serve", "--listen", "127.0.0.1:0"], { cwd: folder });
  const address = await new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server exited with ${code}`)));
    createInterface(server.stderr).on("line", (line) => {
      const listening = line.match(/listening on (http:\S+)/);
      if (listening) resolve(listening[1]);
    });
  });
  return {
    address,
    admin,
    reader,
    run,
    async end() {
      const exited = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Launches a browser that makes no requests in the background. */
export function browser() {
  return chromium.launch({
    executablePath: browserPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Opens a page that collects the warnings and errors of its console and scripts. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  return { page, context, problems };
}

export async function signIn(page, address, token) {
  await page.goto(`${address}/sign-in`);
  await page.getByLabel("Token").fill(token);
  await page.locator("main").getByRole("button", { name: "Sign in" }).click();
}
