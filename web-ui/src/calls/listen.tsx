import { useSignal } from "@preact/signals";
import type { Schemas } from "../api";
import { length } from "../format";
import { Emotion } from "../ui/emotion";
import { say } from "../words";
import { Player } from "./player";

/** A recording with its words: each line plays from where it was said. */
export function Listen(props: { record: Schemas["RecordView"]; startsNow?: boolean }) {
  const words = say().record;
  const { record } = props;
  const at = useSignal(0);
  const jump = useSignal<{ to: number } | undefined>(undefined);
  return (
    <div class="listen">
      {record.recording ? (
        <Player
          id={record.id}
          phrases={record.transcript}
          at={at}
          jump={jump}
          startsNow={props.startsNow ?? false}
        />
      ) : (
        <p class="quiet">{words.noRecording}</p>
      )}
      {record.recording && record.recording.gaps > 0 && (
        <p class="notice">{words.gaps(record.recording.gaps)}</p>
      )}
      <h3>{words.transcript}</h3>
      {record.transcript.length === 0 ? (
        <p class="quiet">{words.noTranscript}</p>
      ) : (
        <ol class="transcript">
          {record.transcript.map((phrase) => {
            const isHere = at.value >= phrase.at_ms && at.value < phrase.at_ms + phrase.length_ms;
            return (
              <li key={phrase.at_ms} aria-current={isHere ? "true" : undefined}>
                <button
                  type="button"
                  disabled={!record.recording}
                  aria-label={words.jump(length(phrase.at_ms))}
                  onClick={() => {
                    jump.value = { to: phrase.at_ms };
                  }}
                >
                  {length(phrase.at_ms)}
                </button>
                <span class="words" lang={phrase.dialect}>
                  {phrase.words}
                </span>
                <Emotion emotion={phrase.emotion} />
              </li>
            );
          })}
        </ol>
      )}
      {record.emotion && <p class="quiet small">{words.advisory}</p>}
    </div>
  );
}
