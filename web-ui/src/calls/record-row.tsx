import { useSignal } from "@preact/signals";
import { Link } from "wouter-preact";
import type { Schemas } from "../api";
import { causeWords, clock, length, party } from "../format";
import { Emotion } from "../ui/emotion";
import { Icon } from "../ui/icon";
import { say } from "../words";
import { Listen } from "./listen";

/** One call of the day; its recording and words open below it. */
export function RecordRow({ record }: { record: Schemas["RecordView"] }) {
  const words = say().records;
  const isOpen = useSignal(false);
  const caller = party(record.parties.from);
  const time = clock(record.times.started);
  const heard = record.transcript.map((phrase) => phrase.words).join(" ");
  return (
    <>
      <tr class={isOpen.value ? "record is-open" : "record"}>
        <td data-label={words.time} class="time">
          <Link href={`/calls/${record.id}`} aria-label={words.open(caller, time)}>
            {time}
          </Link>
        </td>
        <td data-label={words.caller} class="number">
          {caller}
        </td>
        <td data-label={words.target}>{record.path.target ?? record.path.flow}</td>
        <td data-label={words.heard} class="heard">
          {(heard !== "" || record.path.digits !== "") && (
            <div>
              {record.path.digits !== "" && (
                <kbd title={say().record.keys}>{record.path.digits}</kbd>
              )}
              <span lang={record.transcript[0]?.dialect}>{heard}</span>
            </div>
          )}
        </td>
        <td data-label={words.emotion}>
          <Emotion emotion={record.emotion} />
        </td>
        <td data-label={words.length} class="end number">
          {record.times.answered == null ? (
            <span class="quiet">{say().day.unanswered}</span>
          ) : (
            length(record.times.talk_ms)
          )}
        </td>
        <td data-label={words.ending} class="quiet">
          {causeWords(record.cause)}
        </td>
        <td class="act">
          {record.recording && (
            <button
              type="button"
              class="button round"
              aria-expanded={isOpen.value}
              aria-label={isOpen.value ? words.stopOf(caller) : words.playOf(caller)}
              onClick={() => {
                isOpen.value = !isOpen.value;
              }}
            >
              <Icon name={isOpen.value ? "close" : "play"} />
            </button>
          )}
        </td>
      </tr>
      {isOpen.value && (
        <tr class="opened">
          <td colSpan={8}>
            <Listen record={record} startsNow />
          </td>
        </tr>
      )}
    </>
  );
}
