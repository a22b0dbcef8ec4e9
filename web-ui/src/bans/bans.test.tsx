import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../api";
import { chooseLanguage } from "../words";
import { BansPage } from "./bans-page";

const ban = (address: string, why: Schemas["BanReasonView"]): Schemas["BanLine"] => ({
  address,
  why,
  since: Date.now() - 60_000,
  until: Date.now() + 540_500,
  times: 2,
  ignored: 41,
});

let standing: Schemas["BanLine"][] = [];
let asked: string[] = [];

beforeEach(() => {
  chooseLanguage("en");
  asked = [];
  standing = [ban("203.0.113.66", "scanner"), ban("2001:db8::", "guessing")];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    asked.push(`${init.method ?? "GET"} ${address}`);
    if (init.method === "DELETE") return new Response(null, { status: 202 });
    const headers = { "content-type": "application/json" };
    return new Response(JSON.stringify({ bans: standing }), { headers });
  });
});
afterEach(cleanup);

test("each ban is shown with what was done, when it ends and how often", async () => {
  render(<BansPage />);
  const row = await screen.findByRole("row", { name: /203\.0\.113\.66/ });
  expect(row.textContent).toContain("name of a scanner");
  expect(within(row).getByText(/in (8|9) min/)).toBeTruthy();
  expect(within(row).getByText("41")).toBeTruthy();
  const other = screen.getByRole("row", { name: /2001:db8::/ });
  expect(other.textContent).toContain("/64");
});

test("a ban is lifted once that is confirmed, and goes at once", async () => {
  render(<BansPage />);
  fireEvent.click(await screen.findByRole("button", { name: "Answer 203.0.113.66 again" }));
  expect(asked.filter((line) => line.startsWith("DELETE"))).toEqual([]);
  const dialog = screen.getByRole("dialog");
  fireEvent.click(within(dialog).getByRole("button", { name: "Answer again" }));
  await screen.findByText("203.0.113.66 is answered again.");
  expect(asked).toContain("DELETE /api/bans/203.0.113.66");
  expect(screen.queryByRole("row", { name: /203\.0\.113\.66/ })).toBeNull();
});

test("where nobody is banned the page says so", async () => {
  standing = [];
  render(<BansPage />);
  await screen.findByText(/No source is blocked/);
});
