import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../api";
import { chooseLanguage } from "../words";
import { pieces } from "./difference";
import { keepDraft, keptDraft } from "./draft";
import { lineOf, offsetOf } from "./place";
import { SitePage } from "./site-page";

const names = {
  flows: [],
  steps: [],
  queues: ["q"],
  trunks: [],
  templates: [],
  devices: [],
  agents: [],
  skills: [],
  prompts: [],
};
const site: Schemas["SiteView"] = {
  version: 3,
  applied: 1,
  undo_to: 2,
  text: 'a = 1\nflow = "x"\n',
  names,
};
let finding: Schemas["Finding"] | undefined;
let apply: () => [number, unknown];

beforeEach(() => {
  chooseLanguage("en");
  sessionStorage.clear();
  finding = undefined;
  HTMLElement.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("fetch", async (address: string) => {
    const answers: Record<string, () => [number, unknown]> = {
      "/api/site": () => [200, site],
      "/api/site/history": () => [200, { versions: [] }],
      "/api/site/check": () => [
        200,
        { good: !finding, findings: finding ? [finding] : [], names: null },
      ],
      "/api/site/diff": () => [
        200,
        { base: 3, lines: [{ change: "added", new: 1, text: "changed" }] },
      ],
      "/api/site/apply": apply,
    };
    const [status, body] = answers[address]?.() ?? [404, {}];
    return new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json" },
    });
  });
});
afterEach(cleanup);

const editor = () => screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Settings text" });

test("a change is said to be not applied, and can be reviewed once it has no error", async () => {
  render(<SitePage />);
  fireEvent.input(await editor(), { target: { value: "changed" } });
  await screen.findByText("Your changes are not applied");
  expect(keptDraft()).toEqual({ base: 3, text: "changed" });
  const review = screen.getByRole<HTMLButtonElement>("button", { name: "Review changes" });
  expect(review.disabled).toBe(true);
  await vi.waitFor(() => expect(review.disabled).toBe(false));
});

test("an error names its place and leads there", async () => {
  finding = { severity: "error", line: 2, column: 9, message: "no flow `x`", hint: "add it" };
  render(<SitePage />);
  const area = await editor();
  const button = await screen.findByRole("button", { name: /Line 2, column 9/ });
  expect(button.textContent).toContain("add it");
  fireEvent.click(button);
  await vi.waitFor(() => expect(area.selectionStart).toBe(site.text.indexOf('x"')));
  expect(area.getAttribute("aria-invalid")).toBe("true");
});

test("a stale Apply keeps the text and says so", async () => {
  apply = () => [409, { type: "urn:branchline:stale", title: "stale", status: 409, detail: "" }];
  keepDraft({ base: 3, text: "changed" });
  render(<SitePage />);
  const review = await screen.findByRole<HTMLButtonElement>("button", { name: "Review changes" });
  await vi.waitFor(() => expect(review.disabled).toBe(false));
  HTMLDialogElement.prototype.showModal = () => undefined;
  fireEvent.click(review);
  const button = await screen.findByRole<HTMLButtonElement>("button", {
    name: "Apply",
    hidden: true,
  });
  await vi.waitFor(() => expect(button.disabled).toBe(false));
  fireEvent.click(button);
  await screen.findByText(/Somebody else applied another version/);
  expect((await editor()).value).toBe("changed");
});

test("the difference shows changes with their surroundings and counts the rest", () => {
  const same = (nth: number) => ({ change: "same" as const, old: nth, new: nth, text: `${nth}` });
  const lines = [
    ...Array.from({ length: 10 }, (_, nth) => same(nth + 1)),
    { change: "added" as const, new: 11, text: "new" },
  ];
  expect(
    pieces(lines).map((piece) => (piece.kind === "same" ? piece.count : piece.lines.length)),
  ).toEqual([7, 4]);
});

test("places count characters, not code units", () => {
  const text = "一二\n😀b\n";
  expect(offsetOf(text, 2, 2)).toBe(text.indexOf("b"));
  expect(offsetOf(text, 9, 9)).toBe(text.length);
  expect(lineOf(text, text.indexOf("b"))).toEqual({ line: 2, before: "😀" });
});
