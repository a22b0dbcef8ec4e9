import { useEffect, useRef } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { get } from "../api";
import { fromIsoDay, isoDay, length, longDay, midnight } from "../format";
import { missed, saved } from "../live";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { HoursChart } from "./hours-chart";
import { RecordsTable } from "./records-table";

/** One day: its figures, its calls by hour, its records. */
export function Day({ day, isToday, text }: { day: number; isToday: boolean; text: string }) {
  const words = say().day;
  const to = midnight(day, 1);
  const figures = useAsked(
    (stop) => get("/api/records/hours", { query: { from: day, to }, stop }),
    [day, missed.value, isToday ? saved.value?.id : undefined],
  );
  return (
    <section class="day" aria-labelledby="day-title">
      <div class="day-head">
        <h2 id="day-title">
          {words.title}
          <span class="quiet">{isToday ? `${words.today}, ${longDay(day)}` : longDay(day)}</span>
        </h2>
        <DayPicker day={day} isToday={isToday} />
      </div>
      {figures.problem !== undefined && <Problem problem={figures.problem} again={figures.again} />}
      {figures.answer && (
        <div class="figures">
          <dl>
            <Figure name={words.total} value={String(figures.answer.total)} />
            <Figure name={words.answered} value={String(figures.answer.answered)} />
            <Figure name={words.talk} value={length(figures.answer.average_talk_ms)} />
          </dl>
          <HoursChart from={day} hours={figures.answer.hours} />
        </div>
      )}
      <Search text={text} />
      <RecordsTable key={text} from={day} to={to} text={text} isToday={isToday} />
    </section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function DayPicker({ day, isToday }: { day: number; isToday: boolean }) {
  const words = say().day;
  const [, setSearch] = useSearchParams();
  const go = (to: number | undefined) => {
    if (to === undefined) return;
    setSearch((was) => {
      was.set("day", isoDay(to));
      return was;
    });
  };
  return (
    <div class="day-picker">
      <button
        type="button"
        class="button icon-only"
        aria-label={words.previous}
        onClick={() => go(midnight(day, -1))}
      >
        <Icon name="left" />
      </button>
      <input
        type="date"
        aria-label={words.date}
        value={isoDay(day)}
        max={isoDay(Date.now())}
        onChange={(event) => go(fromIsoDay(event.currentTarget.value))}
      />
      <button
        type="button"
        class="button icon-only"
        aria-label={words.next}
        disabled={isToday}
        onClick={() => go(midnight(day, 1))}
      >
        <Icon name="right" />
      </button>
    </div>
  );
}

const PAUSE_MS = 300;

function Search({ text }: { text: string }) {
  const words = say().records;
  const [, setSearch] = useSearchParams();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (typed: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setSearch(
        (was) => {
          if (typed.trim() === "") was.delete("q");
          else was.set("q", typed.trim());
          return was;
        },
        { replace: true },
      );
    }, PAUSE_MS);
  };
  return (
    <search class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={words.search}
        placeholder={words.searchHint}
        maxLength={100}
        defaultValue={text}
        onInput={(event) => look(event.currentTarget.value)}
      />
    </search>
  );
}
