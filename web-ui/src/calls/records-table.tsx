import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { get, type Schemas } from "../api";
import { missed, saved } from "../live";
import { useAsked } from "../ui/asked";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { RecordRow } from "./record-row";

type CallRecord = Schemas["RecordView"];

/** Newest first, each once; what arrived live stands before what was asked for. */
export function joined(
  fresh: readonly CallRecord[],
  asked: readonly CallRecord[],
): readonly CallRecord[] {
  const known = new Set(asked.map((record) => record.id));
  const all = [...fresh.filter((record) => !known.has(record.id)), ...asked];
  return all.sort((a, b) => b.times.started - a.times.started || (a.id < b.id ? 1 : -1));
}

/** The records of a day, page by page; a saved call appears by itself. */
export function RecordsTable(props: { from: number; to: number; text: string; isToday: boolean }) {
  const words = say().records;
  const more = useSignal<readonly CallRecord[]>([]);
  const next = useSignal<string | undefined>(undefined);
  const fresh = useSignal<readonly CallRecord[]>([]);
  const asked = useAsked(
    async (stop) => {
      const { from, to, text: q } = props;
      const page = await get("/api/records", { query: { from, to, q }, stop });
      next.value = page.next ?? undefined;
      more.value = [];
      return page.records;
    },
    [props.from, props.to, props.text, missed.value, props.text === "" ? 0 : saved.value?.id],
  );
  useSignalEffect(() => {
    const record = saved.value;
    const { from, to, text } = props;
    if (!record || text !== "" || record.times.started < from || record.times.started >= to) return;
    fresh.value = joined([record], fresh.peek());
  });
  const shown = useComputed(() => joined(fresh.value, more.value));
  const showMore = async () => {
    const { from, to, text: q } = props;
    const after = next.value ?? "";
    const page = await get("/api/records", { query: { from, to, q, after } });
    more.value = [...more.value, ...page.records];
    next.value = page.next ?? undefined;
  };

  if (asked.problem !== undefined) return <Problem problem={asked.problem} again={asked.again} />;
  if (!asked.answer) return <p class="quiet">{say().loading}</p>;
  const records = joined(shown.value, asked.answer);
  if (records.length === 0) {
    return <p class="nothing">{props.text === "" ? words.none : words.noneFound(props.text)}</p>;
  }
  return (
    <>
      <table class="records" aria-labelledby="day-title">
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.caller}</th>
            <th scope="col">{words.target}</th>
            <th scope="col">{words.heard}</th>
            <th scope="col">{words.emotion}</th>
            <th scope="col" class="end">
              {words.length}
            </th>
            <th scope="col">{words.ending}</th>
            <th scope="col">
              <span class="unseen">{words.play}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <RecordRow key={record.id} record={record} />
          ))}
        </tbody>
      </table>
      {next.value !== undefined && (
        <button type="button" class="button" onClick={showMore}>
          {words.more}
        </button>
      )}
    </>
  );
}
