import { signal } from "@preact/signals";
import { get, Refused, type Schemas, session } from "./api";

/** What runs now: one event stream from the box, turned into signals. Views only read. */

type Call = Schemas["CallView"];
type Agent = Schemas["AgentLine"];
type Queue = Schemas["QueueLine"];
type Refusal = Schemas["RefusalLine"];
type CallBack = Schemas["CallBackLine"];
type CallRecord = Schemas["RecordView"];

export const calls = signal<readonly Call[]>([]);
export const agents = signal<readonly Agent[]>([]);
export const queues = signal<readonly Queue[]>([]);
/** Calls that are owed to somebody, in the order in which they were promised. */
export const callBacks = signal<readonly CallBack[]>([]);
/** Calls to the outside that were refused since this page was opened, newest first. */
export const refusals = signal<readonly Refusal[]>([]);
/** The record saved last; the day's table takes it in. */
export const saved = signal<CallRecord | undefined>(undefined);
/** Counts up whenever events may have been missed: whoever shows stored data asks anew. */
export const missed = signal(0);
/** Version of the site in force, once it changed while we watched. */
export const siteVersion = signal<number | undefined>(undefined);
/** Whether the box is heard. */
export const isHeard = signal(true);

/** The list after one event; calls stay in the order they came in. */
export function withCall(known: readonly Call[], call: Call): readonly Call[] {
  const at = known.findIndex((other) => other.id === call.id);
  return at < 0 ? [...known, call] : known.with(at, call);
}

/** The list after one of its lines changed; lines stay in the order of their names. */
export function withLine<T>(known: readonly T[], line: T, name: (line: T) => string): readonly T[] {
  const others = known.filter((other) => name(other) !== name(line));
  return [...others, line].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** Takes one event of the stream. */
export function take(news: Schemas["News"]): void {
  switch (news.type) {
    case "snapshot":
      calls.value = news.calls;
      agents.value = news.agents;
      queues.value = news.queues;
      callBacks.value = news.call_backs;
      missed.value += 1;
      break;
    case "staff":
      agents.value = news.agents;
      queues.value = news.queues;
      break;
    case "agent":
      agents.value = withLine(agents.value, news.agent, (line) => line.agent);
      break;
    case "queue":
      queues.value = withLine(queues.value, news.queue, (line) => line.queue);
      break;
    case "call_backs":
      callBacks.value = news.call_backs;
      break;
    case "refused":
      refusals.value = [news.refusal, ...refusals.value].slice(0, MOST_REFUSALS);
      break;
    case "call":
      calls.value = withCall(calls.value, news.call);
      break;
    case "ended":
      calls.value = calls.value.filter((call) => call.id !== news.record.id);
      break;
    case "saved":
      saved.value = news.record;
      break;
    case "site":
      siteVersion.value = news.version;
      break;
  }
}

const NAMES = [
  "snapshot",
  "call",
  "ended",
  "saved",
  "site",
  "staff",
  "agent",
  "queue",
  "call_backs",
  "refused",
] as const;
const MOST_REFUSALS = 20;
const AGAIN_MS = 3000;

/** Listens until the returned function is called. */
export function listen(): () => void {
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  const open = () => {
    source = new EventSource("/api/events");
    source.onopen = () => {
      isHeard.value = true;
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    }
    source.onerror = () => {
      isHeard.value = false;
      // The browser tries again by itself, unless the box refused: then we ask whether we are
      // still signed in, and try again if so.
      if (source?.readyState === EventSource.CLOSED && !isOver) again = setTimeout(retry, AGAIN_MS);
    };
  };
  const retry = async () => {
    try {
      session.value = await get("/api/session");
    } catch (error) {
      if (error instanceof Refused) return;
    }
    if (!isOver) open();
  };

  open();
  return () => {
    isOver = true;
    clearTimeout(again);
    source?.close();
  };
}
