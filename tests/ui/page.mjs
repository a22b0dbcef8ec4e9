// Walks through the box's page as its administrator: signs in, sees a call, plays it, changes the site.
//
// usage: node tests/ui/page.mjs
//   BASE_URL       the box, e.g. https://localhost:8443
//   SIGN_IN_CODE   the one-time code it printed
//   EXPECT         JSON of what the call is like, all optional:
//                  {"caller", "digits", "words" (part of one phrase), "target"}
//   SCREENSHOTS    folder for pictures of each step; none without it
//   PASSWORD       the password to set
//   UI_TIMEOUT_MS  longest wait for one thing, default 20000
// Each line on its output is JSON. After {"step":"ready for a call"} it waits for a call to begin:
// whoever drives it places the call then. Exit 0: everything was seen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAccessible, withPage } from "./browser.mjs";

const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};
const base = need("BASE_URL");
const code = need("SIGN_IN_CODE");
const expected = JSON.parse(process.env.EXPECT ?? "{}");
const password = process.env.PASSWORD ?? "a quiet afternoon";
const pictures = process.env.SCREENSHOTS;
if (pictures) mkdirSync(pictures, { recursive: true });

let nth = 0;
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));

await withPage({ locale: "en-GB", viewport: { width: 1280, height: 860 } }, async (page) => {
  const picture = async (name) => {
    nth += 1;
    const file = `${String(nth).padStart(2, "0")}-${name}.png`;
    if (pictures) await page.screenshot({ path: join(pictures, file), fullPage: true });
    await isAccessible(page, name);
  };
  await signIn(page, picture);
  const id = await liveCall(page, picture);
  await recordOf(page, picture, id);
  await site(page, picture);
  await everyWay(page, picture);
  tell("done");
});

async function signIn(page, picture) {
  await page.goto(base);
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  await picture("sign-in");
  const field = page.getByRole("textbox", { name: "One-time code" });
  await field.fill("0000-0000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("not right").waitFor();
  await field.fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Choose a password" }).waitFor();
  await page.getByLabel("New password").fill(password);
  await page.getByLabel("The same again").fill(password);
  await picture("password");
  await page.getByRole("button", { name: "Save and continue" }).click();
  await page.getByRole("heading", { name: "Live now" }).waitFor();
  tell("signed in");
}

async function liveCall(page, picture) {
  await page.getByRole("table").or(page.getByText("No calls on this day.")).first().waitFor();
  await picture("quiet");
  tell("ready for a call");
  const list = page.getByRole("list", { name: "Live now" });
  const call = expected.caller
    ? list.getByRole("listitem", { name: expected.caller })
    : list.getByRole("listitem").first();
  await call.waitFor();
  await picture("live");
  if (expected.digits) {
    for (const digit of new Set(expected.digits)) {
      await call.getByText(digit, { exact: true }).first().waitFor();
    }
  }
  if (expected.words) await call.getByRole("log").getByText(expected.words).waitFor();
  await picture("live-words");
  tell("live call seen");

  // The call ends; its record, once saved, is the first row of the day.
  await call.waitFor({ state: "detached" });
  const row = page.getByRole("row").filter({ hasText: expected.caller ?? "" });
  const link = row.getByRole("link").first();
  await link.waitFor();
  const id = (await link.getAttribute("href")).split("/").at(-1);
  await picture("record-row");
  tell("record seen", { id });
  return id;
}

async function recordOf(page, picture, id) {
  await page.locator(`a[href="/calls/${id}"]`).click();
  await page.getByRole("heading", { name: /^Call from/ }).waitFor();
  const player = page.getByRole("group", { name: "Recording" });
  await player.getByRole("button", { name: "Play" }).click();
  await player.getByRole("button", { name: "Pause" }).waitFor();
  const audio = await page.waitForFunction(() => {
    const element = document.querySelector("audio");
    const { duration, currentTime, error } = element;
    if (error) throw new Error(`audio: ${error.message}`);
    return duration > 0 && currentTime > 0.3 ? { duration, currentTime } : null;
  });
  tell("recording plays", await audio.jsonValue());
  if (expected.words) {
    const transcript = page.getByRole("listitem").filter({ hasText: expected.words }).first();
    await transcript.waitFor();
    await transcript.getByRole("button", { name: /^Play from/ }).click();
    await page.waitForFunction(() => document.querySelector("audio").currentTime > 1);
    tell("transcript seen");
  }
  await picture("record");
  if (expected.target) {
    await page.getByRole("definition").filter({ hasText: expected.target }).first().waitFor();
  }
  await player.getByRole("button", { name: "Pause" }).click();
}

async function site(page, picture) {
  await page.getByRole("link", { name: "Settings" }).click();
  const editor = page.getByRole("textbox", { name: "Settings text" });
  await editor.waitFor();
  const first = await editor.inputValue();
  const inForce = page.getByText(/^Version \d+ is in force$/);
  const version = Number(/\d+/.exec(await inForce.innerText())[0]);
  await picture("settings");

  // A flow that does not exist is named at its line, with the way out.
  const line = first.split("\n").findIndex((text) => /^flow = "/.test(text)) + 1;
  const wrong = first.replace(/^flow = "[^"]*"/m, 'flow = "no_such_flow"');
  if (line === 0 || wrong === first) throw new Error("the site has no number that leads to a flow");
  await editor.fill(wrong);
  const finding = page
    .getByRole("list", { name: "Found in the text" })
    .getByRole("button", { name: new RegExp(`Line ${line}, .*no_such_flow`) });
  await finding.waitFor();
  await page.getByText("Your changes are not applied").waitFor();
  if (await page.getByRole("button", { name: "Review changes" }).isEnabled()) {
    throw new Error("a text with an error could be applied");
  }
  await picture("settings-error");
  tell("error at its line", { line });

  // Completion: the name is offered, and Enter takes it.
  await editor.evaluate((area) => {
    const at = area.value.indexOf("no_such_flow");
    area.focus();
    area.setSelectionRange(at, at + "no_such_flow".length);
  });
  await page.keyboard.press("Delete");
  await page.keyboard.press("Control+Space");
  const offer = page.getByRole("listbox", { name: "Suggestions" });
  await offer.waitFor();
  await picture("settings-completion");
  await page.keyboard.press("Enter");
  await offer.waitFor({ state: "detached" });
  const changed = `${first.trimEnd()}\n# seen by the page's test\n`;
  await editor.fill(changed);

  await page.getByRole("button", { name: "Review changes" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("row").filter({ hasText: "seen by the page's test" }).waitFor();
  await picture("settings-diff");
  await dialog.getByLabel("Why (optional)").fill("the page's test");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("status").filter({ hasText: "for new calls. Running calls keep" }).waitFor();
  await page.getByText(/^Version \d+ is in force$/).filter({ hasNotText: `Version ${version} ` }).waitFor();
  await picture("settings-applied");
  tell("applied");

  await page.getByRole("button", { name: "Undo last Apply" }).click();
  await dialog.getByRole("row").filter({ hasText: "seen by the page's test" }).waitFor();
  await dialog.getByRole("button", { name: "Undo last Apply" }).click();
  await page.getByRole("status").filter({ hasText: "Undone." }).waitFor();
  await page.waitForFunction(
    (wanted) => document.querySelector("textarea")?.value === wanted,
    first,
  );
  await picture("settings-undone");
  tell("undone");
}

// The same pages in the other language, in the dark, and on a narrow screen.
async function everyWay(page, picture) {
  const look = async (name) => {
    for (const [address, what] of [
      ["/", "calls"],
      ["/bans", "bans"],
      ["/settings", "settings"],
      ["/about", "about"],
    ]) {
      await page.goto(base + address);
      const level = address === "/bans" ? 1 : 2;
      await page.getByRole("heading", { level }).first().waitFor();
      if (address === "/") await page.getByRole("table").first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) throw new Error(`${address} (${name}) is ${wide} px wider than the screen`);
      await picture(`${what}-${name}`);
    }
  };
  await page.getByRole("combobox", { name: "Language" }).selectOption("zh-CN");
  await page.getByRole("heading", { name: "设置" }).waitFor();
  await look("zh");
  await page.getByRole("combobox", { name: "外观" }).selectOption("dark");
  await look("zh-dark");
  await page.setViewportSize({ width: 320, height: 700 });
  await look("zh-dark-320");
  await page.getByRole("combobox", { name: "语言" }).selectOption("en");
  await page.getByRole("combobox", { name: "Appearance" }).selectOption("light");
  await look("en-320");
  tell("both languages, dark, 320 px");
}
