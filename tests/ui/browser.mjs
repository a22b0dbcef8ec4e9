// Debian's Chromium under Playwright, without a download of its own. Shared by the page's tests.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../web-ui/", import.meta.url))("playwright-core");

const ARGS = [
  "--no-sandbox", // CI runs as root
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];

/** Runs `visit(page, context)` in a fresh browser; page errors and console errors fail it. */
export async function withPage(options, visit) {
  const profile = mkdtempSync(join(tmpdir(), "branchline-ui-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    ignoreHTTPSErrors: true, // the box's certificate is its own
    args: ARGS,
    ...options,
  });
  const faults = [];
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(Number(process.env.UI_TIMEOUT_MS ?? 20_000));
    page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
    page.on("console", (message) => {
      // A refused request is part of some steps; a broken policy or script never is.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        faults.push(`console: ${message.text()}`);
      }
    });
    await visit(page, context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  if (faults.length > 0) throw new Error(`the page complained:\n${faults.join("\n")}`);
}
