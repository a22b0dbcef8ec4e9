import { useSignal } from "@preact/signals";
import type { Schemas } from "../api";
import { length, party } from "../format";
import { calls } from "../live";
import { Emotion } from "../ui/emotion";
import { Icon } from "../ui/icon";
import { now } from "../ui/now";
import { say } from "../words";
import { Player } from "./player";

/** Every call that runs now, as it runs. */
export function LiveCalls() {
  const words = say().live;
  const count = calls.value.length;
  return (
    <section class="live" aria-labelledby="live-title">
      <h2 id="live-title">
        {words.title}
        {count > 0 && <span class="count">{words.count(count)}</span>}
      </h2>
      {count === 0 ? (
        <div class="quiet-card">
          <Icon name="phone" />
          <p>
            {words.none}
            <span class="quiet">{words.noneHint}</span>
          </p>
        </div>
      ) : (
        <ul class="live-list" aria-label={words.title}>
          {calls.value.map((call) => (
            <LiveCall key={call.id} call={call} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LiveCall({ call }: { call: Schemas["CallView"] }) {
  const words = say().live;
  const isListening = useSignal(false);
  const caller = party(call.from);
  return (
    <li class="live-call" data-state={call.state} aria-label={caller}>
      <header>
        <span class="chip" data-state={call.state}>
          {words.state[call.state]}
        </span>
        <span class="length">{length(now.value - (call.answered ?? call.started))}</span>
        <p>
          <strong class="number">{caller}</strong>
          <span class="number quiet">
            <span aria-hidden="true"> → </span>
            {party(call.to)}
          </span>
        </p>
      </header>
      <dl>
        <div>
          <dt>{words.step}</dt>
          <dd>{stepWords(call.flow, call.step)}</dd>
        </div>
        {call.digits !== "" && (
          <div>
            <dt>{words.keys}</dt>
            <dd class="keys">
              {[...call.digits].map((digit, nth) => (
                <kbd key={nth}>{digit}</kbd>
              ))}
            </dd>
          </div>
        )}
        {call.emotion && (
          <div>
            <dt>{say().records.emotion}</dt>
            <dd>
              <Emotion emotion={call.emotion} />
            </dd>
          </div>
        )}
      </dl>
      <div class="said" role="log" aria-label={words.words}>
        {call.transcript.length === 0 ? (
          <p class="quiet">{words.noWords}</p>
        ) : (
          call.transcript.slice(-3).map((phrase) => (
            <p key={phrase.at_ms} lang={phrase.dialect}>
              {phrase.words}
            </p>
          ))
        )}
      </div>
      {call.answered != null && !isListening.value && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            isListening.value = true;
          }}
        >
          <Icon name="play" />
          {words.listen}
        </button>
      )}
      {isListening.value && <Player id={call.id} phrases={call.transcript} startsNow />}
    </li>
  );
}

/** `flow/step` without saying the flow twice. */
export function stepWords(flow: string, step: string): string {
  if (step === "" || step === flow) return flow;
  return step.startsWith(`${flow}/`)
    ? `${flow} › ${step.slice(flow.length + 1)}`
    : step.replace("/", " › ");
}
