import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../api";
import { agents, queues, refusals } from "../live";
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
