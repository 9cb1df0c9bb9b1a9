// A server over the database of a world, and a browser that visits it.

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

/** Starts a server over a world: a path, or the text of one. */
export async function house(world, configuration = "") {
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
  const address = await new Promise((found, failed) => {
    server.once("exit", (code) => failed(new Error(`the server ended with ${code}`)));
    createInterface(server.stderr).on("line", (line) => {
      const listening = line.match(/listening on (http:\S+)/);
      if (listening) found(listening[1]);
    });
  });
  return {
    address,
    admin,
    reader,
    run,
    async end() {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A browser without a network of its own doing. */
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

/** A page that keeps what its console and its scripts complain of. */
export async function visit(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return { page, context, complaints };
}

export async function signIn(page, address, token) {
  await page.goto(`${address}/sign-in`);
  await page.getByLabel("Token").fill(token);
  await page.locator("main").getByRole("button", { name: "Sign in" }).click();
}
