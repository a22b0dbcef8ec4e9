import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../api";
import { tell } from "../status/cloud-badge";
import { chooseLanguage } from "../words";
import { en } from "../words/en";
import { Listen } from "./listen";
import { stepWords } from "./live-calls";
import { outline } from "./player";
import { joined } from "./records-table";

const HANDLED: Schemas["HandledView"] = {
  call_back_promised: false,
  direction: "inbound",
  cost: 0,
  ring_ms: 0,
  wait_ms: 0,
  talk_ms: 0,
  hold_ms: 0,
  bill_ms: 5000,
};

const record = (id: string, started: number): Schemas["RecordView"] => ({
  id,
  channel: "voice",
  times: { started, answered: started, ended: started + 5000, talk_ms: 5000 },
  parties: { trunk: "local", from: "138", to: "4000", sip_call_id: "x" },
  path: { flow: "f", steps: [], target: null, digits: "" },
  handled: HANDLED,
  transcript: [
    {
      at_ms: 2000,
      length_ms: 900,
      words: "断网了",
      dialect: "zh",
      confidence: 0.9,
      emotion: { label: "anger", score: 0.7 },
    },
  ],
  emotion: null,
  recording: { length_ms: 5000, gaps: 0 },
  quality: { packets_in: 1, packets_out: 1, lost: 0, jitter_ms: 1, mos: 4.4 },
  cause: "caller_hung_up",
});

beforeEach(() => {
  chooseLanguage("en");
  const wave = JSON.stringify({ length_ms: 5000, peaks: [[10], [20]] });
  vi.stubGlobal(
    "fetch",
    async () => new Response(wave, { headers: { "content-type": "application/json" } }),
  );
});
afterEach(cleanup);

test("records that come live join the page asked for, newest first, each once", () => {
  const [a, b, c] = [record("a", 1), record("b", 2), record("c", 3)];
  expect(joined([c, b], [b, a]).map((one) => one.id)).toEqual(["c", "b", "a"]);
});

test("a line of the transcript plays from where it was said", async () => {
  const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  const { container } = render(<Listen record={record("a", 1)} />);
  fireEvent.click(screen.getByRole("button", { name: "Play from 0:02" }));
  await vi.waitFor(() => expect(play).toHaveBeenCalled());
  expect(container.querySelector("audio")?.currentTime).toBe(2);
  expect(screen.getByText("断网了").getAttribute("lang")).toBe("zh");
  expect(screen.getByText("angry")).toBeTruthy();
});

test("the badge says whether records arrive and how many wait", () => {
  const status = (
    connected: boolean,
    standalone: boolean,
    depth: number,
  ): Schemas["StatusView"] => ({
    version: "0.1.0",
    site: "Demo",
    outbox: { depth, oldest: depth > 0 ? 1000 : null, dead_letters: 0 },
    link: { standalone, connected, unacked: 0, last_ack: null },
    trunks: [],
    live_calls: 0,
    black_box: { recording: true, gaps: 0 },
  });
  const told = (connected: boolean, standalone: boolean, depth: number) => {
    const { state, waiting, tone } = tell(status(connected, standalone, depth), en, 61_000);
    return [state, waiting, tone];
  };
  expect(told(true, false, 0)).toEqual(["Cloud linked", "All records delivered", "good"]);
  expect(told(false, false, 2)).toEqual(["Cloud not reachable", "2 records waiting", "waiting"]);
  expect(told(false, true, 1)).toEqual(["No cloud set up", "1 record waiting", "plain"]);
  expect(tell(status(false, false, 2), en, 61_000).more).toContain("the oldest for 1 min");
});

test("a step is told without saying its flow twice", () => {
  expect(stepWords("menu", "menu/start")).toBe("menu › start");
  expect(stepWords("menu", "other/start")).toBe("other › start");
  expect(stepWords("menu", "")).toBe("menu");
});

test("the outline lifts quiet speech and stays within its half", () => {
  expect(outline([0, 25, 100], -1)).toBe("M40.0 20v0.0M120.0 20v-9.5M200.0 20v-19.0");
});
