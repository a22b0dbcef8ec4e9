import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { session } from "../api";
import { chooseLanguage } from "../words";
import { fault } from "./password-page";
import { SignInPage } from "./sign-in-page";

let answer: [number, object];

beforeEach(() => {
  chooseLanguage("en");
  vi.stubGlobal(
    "fetch",
    vi.fn(
      async () =>
        new Response(JSON.stringify(answer[1]), {
          status: answer[0],
          headers: { "content-type": "application/problem+json" },
        }),
    ),
  );
});
afterEach(cleanup);

function signIn(typed: string): void {
  render(<SignInPage isFirst />);
  fireEvent.input(screen.getByLabelText("One-time code"), { target: { value: typed } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

test("a wrong code says how many tries are left", async () => {
  answer = [401, { type: "urn:branchline:wrong", status: 401, detail: "no", tries_left: 3 }];
  signIn("0000");
  expect((await screen.findByRole("alert")).textContent).toBe("That is not right. Tries left: 3.");
});

test("a lock says how long it lasts", async () => {
  answer = [429, { type: "urn:branchline:locked", status: 429, detail: "no", retry_after: 545 }];
  signIn("0000");
  expect((await screen.findByRole("alert")).textContent).toContain("in 10 min");
});

test("a right code goes on to the password", async () => {
  answer = [200, { state: "must_set_password", first_start: true, dev: false }];
  signIn("7K3F-9QXM");
  await vi.waitFor(() => expect(session.value?.state).toBe("must_set_password"));
  expect(fetch).toHaveBeenCalledWith(
    "/api/sign-in/code",
    expect.objectContaining({ body: '{"code":"7K3F-9QXM"}' }),
  );
});

test("a new password must be long enough and typed twice the same", () => {
  expect(fault("short", "short")).toBe("tooShort");
  expect(fault("long enough it is", "long enough it was")).toBe("mismatch");
  expect(fault("一二三四五六七八九十", "一二三四五六七八九十")).toBeUndefined();
});
