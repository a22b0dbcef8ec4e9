import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../api";
import { agents, callBacks, queues, refusals } from "../live";
import { chooseLanguage } from "../words";
import { actsOf } from "./agent-card";
import { StaffPage } from "./staff-page";

const agent = (name: string, state: Schemas["AgentStateView"]): Schemas["AgentLine"] => ({
  agent: name,
  name: name.toUpperCase(),
  state,
  why: state === "paused" ? "unanswered" : null,
  since: Date.now() - 180_000,
  device: "1001",
  skills: ["yue"],
  queue: state === "in_call" ? "sales" : null,
  taken: 1,
  // biome-ignore lint/suspicious/noThenProperty: the API's own name
  then: null,
});

beforeEach(() => {
  chooseLanguage("en");
  agents.value = [agent("ann", "in_call"), agent("bob", "paused")];
  queues.value = [
    {
      queue: "sales",
      waiting: 2,
      ringing: 1,
      longest: Date.now() - 65_000,
      agents: 3,
      ready: 1,
    },
  ];
  refusals.value = [];
  callBacks.value = [];
});
afterEach(cleanup);

test("a supervisor sees who waits how long and where agents stand", () => {
  render(<StaffPage />);
  const row = screen.getByRole("row", { name: /sales/ });
  expect(within(row).getByText("2")).toBeTruthy();
  expect(within(row).getByText("1:05")).toBeTruthy();
  expect(within(row).getByText("1 of 3")).toBeTruthy();
  const ann = screen.getByRole("listitem", { name: "ANN" });
  expect(ann.textContent).toContain("In a call");
  expect(ann.textContent).toContain("call of sales");
  expect(screen.getByRole("listitem", { name: "BOB" }).textContent).toContain("did not pick up");
});

test("a wish is sent to the box, and its refusal is said", async () => {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    sent.push(JSON.parse(String(init.body)));
    const problem = { type: "urn:branchline:busy", title: "", status: 503, detail: "too many" };
    const headers = { "content-type": "application/problem+json" };
    return new Response(JSON.stringify(problem), { status: 503, headers });
  });
  render(<StaffPage />);
  fireEvent.click(screen.getByRole("button", { name: "Resume: BOB" }));
  await vi.waitFor(() => expect(screen.getByRole("alert").textContent).toContain("too many"));
  expect(sent).toEqual([{ agent: "bob", act: "resume" }]);
});

test("what protection refused is told with its reason", () => {
  refusals.value = [
    { call: "x", to: "0012", device: "1002", trunk: null, why: "destination", cut: false },
  ];
  render(<StaffPage />);
  expect(screen.getByRole("log").textContent).toContain("destination not allowed");
});

test("only what makes sense can be wished", () => {
  expect(actsOf("signed_out")).toEqual(["sign_in"]);
  expect(actsOf("in_call")).toEqual(["pause", "sign_out"]);
  expect(actsOf("paused")).toEqual(["resume", "sign_out"]);
});

test("promised call-backs are shown with their place or time, and can be taken back", async () => {
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = vi.fn();
  const owed = (call: string, caller: string, position: number | null) => ({
    call,
    queue: "later",
    caller,
    since: Date.now() - 720_000,
    position,
    due: position === null ? Date.now() + 240_000 : null,
    until: Date.now() + 6_000_000,
    tries: position === null ? 1 : 0,
    is_calling: false,
  });
  callBacks.value = [owed("one", "138******07", 3), owed("two", "186******21", null)];
  const asked: unknown[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push([init.method, path]);
    return new Response(null, { status: 202 });
  });
  render(<StaffPage />);
  expect(screen.getByRole("row", { name: /138/ }).textContent).toContain("place 3");
  expect(screen.getByRole("row", { name: /186/ }).textContent).toContain("again at");
  fireEvent.click(screen.getByRole("button", { name: "Take back: 138******07" }));
  const dialog = screen.getByRole("dialog", { hidden: true });
  expect(dialog.textContent).toContain("Not call 138******07 back?");
  fireEvent.click(within(dialog).getByText("Take back"));
  await vi.waitFor(() => expect(asked).toEqual([["DELETE", "/api/call-backs/one"]]));
});
