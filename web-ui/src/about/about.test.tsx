import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chooseLanguage } from "../words";
import { AboutPage } from "./about-page";
import { found, type Part } from "./licences";

const part = (name: string, licence: string, kind: Part["kind"] = "crate"): Part => ({
  name,
  version: "1.2.3",
  kind,
  licence,
  notices: [`Copyright (c) ${name} authors`],
  texts: [0],
});
const licences = {
  parts: [part("tokio", "MIT"), part("ring", "Apache-2.0 AND ISC"), part("preact", "MIT", "npm")],
  texts: ["Permission is hereby granted"],
};
const bill = {
  components: [{ name: "nftables", version: "1.0.6-2", purl: "pkg:deb/debian/nftables" }],
};

let image: { board: string; variant: string; update?: object } | null = null;

beforeEach(() => {
  chooseLanguage("en");
  image = { board: "x86-64", variant: "release" };
  vi.stubGlobal("fetch", async (address: string) => {
    const json = (body: unknown) =>
      new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    if (address === "/licences.json") return json(licences);
    if (address === "/api/about") return json({ version: "0.4.0", image });
    if (address === "/api/about/terms/nftables") return new Response("GPL-2 and its text");
    return image ? json(bill) : new Response(null, { status: 404 });
  });
});
afterEach(cleanup);

test("version, board and variant are said, and the packages of the image listed", async () => {
  render(<AboutPage />);
  await screen.findByText("0.4.0");
  expect(screen.getByText("x86-64")).toBeTruthy();
  expect(screen.getByText("Release")).toBeTruthy();
  await screen.findByText("nftables");
  expect(screen.getByText("4 of 4")).toBeTruthy();
});

test("the last update says how far it is, and why it was taken back", async () => {
  const update = { version: "0.5.0", percent: 40, why: null, since_unix_ms: 1_795_000_000_000 };
  image = { board: "x86-64", variant: "release", update: { ...update, phase: "installing" } };
  render(<AboutPage />);
  const bar = await screen.findByLabelText("How far the update is");
  expect(bar.getAttribute("value")).toBe("40");
  cleanup();
  image.update = { ...update, phase: "rolled_back", why: "call: no sound" };
  render(<AboutPage />);
  await screen.findByText(/the version before it is back/);
  expect(screen.getByText("call: no sound")).toBeTruthy();
  expect(screen.queryByLabelText("How far the update is")).toBeNull();
});

test("a search leaves what has every word, and an opened part shows its terms", async () => {
  render(<AboutPage />);
  fireEvent.input(await screen.findByLabelText("Search"), { target: { value: "mit tok" } });
  await screen.findByText("1 of 4");
  expect(screen.queryByText("ring")).toBeNull();
  expect(screen.queryByText("Permission is hereby granted")).toBeNull();
  const details = screen.getByText("tokio").closest("details");
  if (!details) throw new Error("no details");
  details.open = true;
  fireEvent(details, new Event("toggle"));
  await screen.findByText("Permission is hereby granted");
  expect(screen.getByText("Copyright (c) tokio authors")).toBeTruthy();
});

test("the terms of a package come from the box when they are opened", async () => {
  render(<AboutPage />);
  const details = (await screen.findByText("nftables")).closest("details");
  if (!details) throw new Error("no details");
  expect(screen.queryByText("GPL-2 and its text")).toBeNull();
  details.open = true;
  fireEvent(details, new Event("toggle"));
  await screen.findByText("GPL-2 and its text");
});

test("a program on another system has a version, and neither board nor bill", async () => {
  image = null;
  chooseLanguage("zh-CN");
  render(<AboutPage />);
  await screen.findByText("0.4.0");
  expect(screen.queryByText("x86-64")).toBeNull();
  expect(screen.queryByRole("link", { name: /物料清单/ })).toBeNull();
  expect(screen.getByRole("heading", { name: "关于" })).toBeTruthy();
});

test("words are looked for in name, version, licence and kind", () => {
  expect(found(licences.parts, "isc").map((one) => one.name)).toEqual(["ring"]);
  expect(found(licences.parts, " npm ").map((one) => one.name)).toEqual(["preact"]);
  expect(found(licences.parts, "").length).toBe(3);
});
