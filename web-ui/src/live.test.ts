import { beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "./api";
import {
  agents,
  calls,
  isHeard,
  listen,
  missed,
  queues,
  saved,
  take,
  withCall,
  withLine,
} from "./live";

const call = (id: string, more: Partial<Schemas["CallView"]> = {}): Schemas["CallView"] => ({
  id,
  started: 1,
  answered: null,
  trunk: "local",
  direction: "inbound",
  from: "13800138000",
  to: "4000",
  state: "ringing",
  agent: null,
  flow: "customer_service",
  step: "",
  digits: "",
  transcript: [],
  emotion: null,
  ...more,
});

beforeEach(() => {
  calls.value = [];
});

test("a changed call replaces itself and keeps its place", () => {
  const known = [call("a"), call("b")];
  expect(withCall(known, call("a", { digits: "1" })).map((one) => one.id + one.digits)).toEqual([
    "a1",
    "b",
  ]);
  expect(withCall(known, call("c")).map((one) => one.id)).toEqual(["a", "b", "c"]);
});

test("a snapshot replaces all that was known and asks for stored data anew", () => {
  take({ type: "call", call: call("old") });
  const before = missed.value;
  take({ type: "snapshot", calls: [call("new")], agents: [], queues: [], call_backs: [] });
  expect(calls.value.map((one) => one.id)).toEqual(["new"]);
  expect(missed.value).toBe(before + 1);
});

test("a changed line replaces itself, a new site replaces all", () => {
  const name = (line: string) => line.slice(0, 1);
  expect(withLine(["a1", "c1"], "b1", name)).toEqual(["a1", "b1", "c1"]);
  expect(withLine(["a1", "c1"], "a2", name)).toEqual(["a2", "c1"]);
  const queue = { queue: "q", waiting: 1, ringing: 0, longest: 5, agents: 0, ready: 0 };
  take({ type: "queue", queue });
  expect(queues.value).toEqual([queue]);
  take({ type: "staff", agents: [], queues: [] });
  expect([...agents.value, ...queues.value]).toEqual([]);
});

test("an ended call leaves the list, its saved record is told", () => {
  take({ type: "call", call: call("a") });
  const record = { id: "a" } as Schemas["RecordView"];
  take({ type: "ended", record });
  expect(calls.value).toEqual([]);
  take({ type: "saved", record });
  expect(saved.value).toBe(record);
});

test("a lost stream is said, and the stream is closed with the page", () => {
  const close = vi.fn();
  const opened: Source[] = [];
  class Source {
    static CLOSED = 2;
    readyState = 0;
    onerror?: () => void;
    onopen?: () => void;
    close = close;
    addEventListener = vi.fn();
    constructor() {
      opened.push(this);
    }
  }
  vi.stubGlobal("EventSource", Source);
  const stop = listen();
  opened[0]?.onerror?.();
  expect(isHeard.value).toBe(false);
  opened[0]?.onopen?.();
  expect(isHeard.value).toBe(true);
  stop();
  expect(close).toHaveBeenCalledOnce();
});
