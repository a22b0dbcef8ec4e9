import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, type Schemas } from "../api";
import { emotionKey, length } from "../format";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { say } from "../words";

/** Only one recording sounds at a time. */
let sounding: HTMLAudioElement | undefined;

/** Plays one recording, with its outline and the mood of each phrase on one line of time. */
export function Player(props: {
  id: string;
  phrases: readonly Schemas["PhraseView"][];
  /** Where it plays, milliseconds; told to whoever shows the words. */
  at?: Signal<number>;
  /** A wish to play from somewhere. */
  jump?: Signal<{ to: number } | undefined>;
  startsNow?: boolean;
}) {
  const words = say().player;
  const audio = useRef<HTMLAudioElement>(null);
  const own = useSignal(0);
  const at = props.at ?? own;
  const total = useSignal(0);
  const isPlaying = useSignal(false);
  const hasFailed = useSignal(false);
  const wave = useAsked(
    (stop) => get("/api/records/{id}/wave", { path: { id: props.id }, stop }),
    [props.id],
  );
  const whole = total.value || (wave.answer?.length_ms ?? 0);

  const play = () => {
    if (sounding !== audio.current) sounding?.pause();
    sounding = audio.current ?? undefined;
    // Refused only where the browser wants a click first: the button stays as it is.
    audio.current?.play().catch(() => undefined);
  };
  const seek = (ms: number) => {
    if (audio.current) audio.current.currentTime = ms / 1000;
    at.value = ms;
  };
  useSignalEffect(() => {
    const wish = props.jump?.value;
    if (!wish) return;
    seek(wish.to);
    play();
  });
  useEffect(() => {
    if (props.startsNow) play();
  }, []);

  return (
    <fieldset class="player">
      <legend class="unseen">{words.label}</legend>
      {/* biome-ignore lint/a11y/useMediaCaption: the transcript stands below, line by line */}
      <audio
        ref={audio}
        preload="metadata"
        src={`/api/records/${props.id}/recording?format=pcm`}
        onTimeUpdate={(event) => {
          at.value = event.currentTarget.currentTime * 1000;
        }}
        onDurationChange={(event) => {
          const seconds = event.currentTarget.duration;
          total.value = Number.isFinite(seconds) ? seconds * 1000 : 0;
        }}
        onPlay={() => {
          isPlaying.value = true;
        }}
        onPause={() => {
          isPlaying.value = false;
        }}
        onError={() => {
          hasFailed.value = true;
        }}
      />
      <button
        type="button"
        class="button round main"
        aria-label={isPlaying.value ? words.pause : words.play}
        onClick={() => (isPlaying.value ? audio.current?.pause() : play())}
      >
        <Icon name={isPlaying.value ? "pause" : "play"} />
      </button>
      <div class="track">
        <Outline
          peaks={wave.answer?.peaks ?? []}
          share={whole > 0 ? at.value / whole : 0}
          phrases={props.phrases}
          whole={whole}
        />
        <input
          type="range"
          aria-label={words.seek}
          aria-valuetext={words.of(length(at.value), length(whole))}
          min="0"
          max={Math.max(1, Math.round(whole))}
          step="100"
          value={Math.round(at.value)}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
      </div>
      <span class="times number">
        {length(at.value)}
        <span class="quiet"> / {length(whole)}</span>
      </span>
      {hasFailed.value && (
        <p class="refusal" role="alert">
          {words.failed}
        </p>
      )}
    </fieldset>
  );
}

const WIDTH = 240;
const MIDDLE = 20;

/** The caller above the line, the box below it, the mood of each phrase as a band underneath. */
function Outline(props: {
  peaks: readonly (readonly number[])[];
  share: number;
  phrases: readonly Schemas["PhraseView"][];
  whole: number;
}) {
  const caller = outline(props.peaks[0] ?? [], -1);
  const box = outline(props.peaks[1] ?? [], 1);
  const x = (ms: number) => (props.whole > 0 ? (ms / props.whole) * WIDTH : 0);
  const played = Math.min(1, props.share) * WIDTH;
  return (
    <svg viewBox={`0 0 ${WIDTH} 46`} preserveAspectRatio="none" aria-hidden="true" class="outline">
      <path class="ground" d={`M0 ${MIDDLE}H${WIDTH}`} />
      <path class="caller" d={caller} />
      <path class="box" d={box} />
      {props.phrases.map((phrase) => (
        <rect
          key={phrase.at_ms}
          class="phrase"
          data-emotion={phrase.emotion ? emotionKey(phrase.emotion.label) : "none"}
          x={x(phrase.at_ms)}
          y="41"
          width={Math.max(1.5, x(phrase.length_ms))}
          height="4"
          rx="1"
        />
      ))}
      <rect class="ahead" x={played} y="0" width={WIDTH - played} height="40" />
    </svg>
  );
}

/** One channel's peaks as a path of bars away from the middle line; quiet speech is lifted. */
export function outline(peaks: readonly number[], side: 1 | -1): string {
  const step = WIDTH / Math.max(1, peaks.length);
  return peaks
    .map((peak, nth) => {
      const height = Math.sqrt(peak / 100) * (MIDDLE - 1);
      return `M${(nth * step + step / 2).toFixed(1)} ${MIDDLE}v${(side * height).toFixed(1)}`;
    })
    .join("");
}
