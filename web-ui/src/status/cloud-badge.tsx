import { useEffect } from "preact/hooks";
import type { Schemas } from "../api";
import { get } from "../api";
import { age } from "../format";
import { missed, saved } from "../live";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { now } from "../ui/now";
import { say } from "../words";
import type { Words } from "../words/en";

const EVERY_MS = 5000;

/** Whether records reach central, and how many wait: the box's promise at one glance. */
export function CloudBadge() {
  const asked = useAsked((stop) => get("/api/status", { stop }), [saved.value?.id, missed.value]);
  const { again } = asked;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [again]);
  const status = asked.answer;
  if (!status) return <span class="badge" />;
  const words = say();
  const told = tell(status, words, now.value);
  return (
    <span class="badge" data-tone={told.tone} title={told.more} role="status" aria-live="off">
      <Icon name="cloud" />
      <span>
        <b>{told.state}</b>
        <span class="waiting-count">{told.waiting}</span>
      </span>
    </span>
  );
}

/** The badge's words. Pure, so that its cases are a table in a test. */
export function tell(status: Schemas["StatusView"], words: Words, at: number) {
  const { depth, oldest } = status.outbox;
  const isLinked = status.link.connected;
  const state = status.link.standalone
    ? words.status.standalone
    : isLinked
      ? words.status.linked
      : words.status.offline;
  const waiting = depth === 0 ? words.status.none : words.status.waiting(depth);
  const old = depth > 0 && oldest != null ? words.status.oldest(age(at - oldest)) : "";
  const tone = isLinked ? "good" : status.link.standalone ? "plain" : "waiting";
  const more = [old, depth > 0 ? words.status.safe : "", words.status.version(status.version)];
  return { state, waiting, tone, more: more.filter(Boolean).join(" · ") };
}
