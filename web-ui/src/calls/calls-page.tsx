import { useSearchParams } from "wouter-preact";
import { fromIsoDay, midnight } from "../format";
import { now } from "../ui/now";
import { Day } from "./day";
import { LiveCalls } from "./live-calls";

/** The first page: what runs now, and the calls of one day. The address holds day and search. */
export function CallsPage() {
  const [search] = useSearchParams();
  const today = midnight(now.value);
  const day = Math.min(fromIsoDay(search.get("day")) ?? today, today);
  return (
    <>
      <LiveCalls />
      <Day key={day} day={day} isToday={day === today} text={search.get("q") ?? ""} />
    </>
  );
}
