import { Link } from "wouter-preact";
import { get, Refused, type Schemas } from "../api";
import { causeWords, dayAndClock, length, party } from "../format";
import { calls, saved } from "../live";
import { useAsked } from "../ui/asked";
import { Emotion } from "../ui/emotion";
import { Icon } from "../ui/icon";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { Listen } from "./listen";
import { stepWords } from "./live-calls";

/** One call: what happened, what was said, how it ended. */
export function RecordPage({ id }: { id: string }) {
  const words = say().record;
  const isLive = calls.value.some((call) => call.id === id);
  const isSaved = saved.value?.id === id;
  const asked = useAsked(
    (stop) => get("/api/records/{id}", { path: { id }, stop }),
    [id, isLive, isSaved],
  );
  return (
    <article class="one-record">
      <Link href="/" class="back">
        <Icon name="left" />
        {words.back}
      </Link>
      {asked.answer ? (
        <Facts record={asked.answer} />
      ) : (
        <Missing problem={asked.problem} again={asked.again} />
      )}
    </article>
  );
}

function Missing({ problem, again }: { problem: unknown; again: () => void }) {
  const words = say().record;
  if (problem === undefined) return <p class="quiet">{say().loading}</p>;
  if (problem instanceof Refused && problem.word === "still-live") {
    return <p class="nothing">{words.stillLive}</p>;
  }
  if (problem instanceof Refused && problem.word === "not-found") {
    return <p class="nothing">{words.missing}</p>;
  }
  return <Problem problem={problem} again={again} />;
}

function Facts({ record }: { record: Schemas["RecordView"] }) {
  const words = say().record;
  const { times, parties, path, quality } = record;
  return (
    <>
      <h2 class="title">
        {words.title(party(parties.from))}
        <Emotion emotion={record.emotion} />
      </h2>
      <section class="card">
        <Listen record={record} />
      </section>
      <section class="card" aria-label={words.details}>
        <dl class="facts">
          <Fact name={words.started}>{dayAndClock(times.started)}</Fact>
          <Fact name={words.called}>{party(parties.to)}</Fact>
          <Fact name={words.trunk}>{parties.trunk}</Fact>
          <Fact name={words.wait}>
            {times.answered == null ? say().day.unanswered : length(times.answered - times.started)}
          </Fact>
          <Fact name={words.talk}>{length(times.talk_ms)}</Fact>
          <Fact name={words.ending}>{causeWords(record.cause)}</Fact>
          <Fact name={words.target}>{path.target ?? path.flow}</Fact>
          {path.digits !== "" && (
            <Fact name={words.keys}>
              <kbd>{path.digits}</kbd>
            </Fact>
          )}
          {record.handled.call_back_promised && (
            <Fact name={words.callBack}>{words.callBackPromised}</Fact>
          )}
          {record.handled.call_back_of != null && (
            <Fact name={words.callBack}>
              <Link href={`/calls/${record.handled.call_back_of}`}>{words.callBackOf}</Link>
            </Fact>
          )}
          <Fact name={words.quality}>
            {words.qualityOf(quality.lost, quality.jitter_ms.toFixed(1))}
            {quality.mos != null && (
              <>
                {" "}
                <abbr title={words.mosHint}>{words.mosOf(quality.mos.toFixed(1))}</abbr>
              </>
            )}
          </Fact>
          <Fact name={words.callId}>
            <code>{parties.sip_call_id}</code>
          </Fact>
        </dl>
        {path.steps.length > 0 && (
          <>
            <h3>{words.steps}</h3>
            <ol class="steps">
              {path.steps.map((step, nth) => (
                <li key={nth}>{stepWords(path.flow, step)}</li>
              ))}
            </ol>
          </>
        )}
      </section>
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
