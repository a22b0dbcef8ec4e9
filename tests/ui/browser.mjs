// Debian's Chromium under Playwright, without a download of its own. Shared by the page's tests.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fromWebUi = createRequire(new URL("../../web-ui/", import.meta.url));
const { chromium } = fromWebUi("playwright-core");
const axe = readFileSync(fromWebUi.resolve("axe-core/axe.min.js"), "utf8");

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

/** Fails where the page breaks a rule of WCAG 2.2 AA that a machine can see. */
export async function isAccessible(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  if (found.passes.length < 10) throw new Error(`${name}: the rules were not looked at`);
  const faults = found.violations.map(
    (rule) => `${rule.id}: ${rule.help}\n${rule.nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`,
  );
  if (faults.length > 0) throw new Error(`${name} is hard to use for some:\n${faults.join("\n")}`);
}
