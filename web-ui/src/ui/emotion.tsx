import type { Schemas } from "../api";
import { emotionKey, emotionWords } from "../format";

/** Mood as a word with a coloured dot; the share is told on hover and to screen readers. */
export function Emotion({ emotion }: { emotion: Schemas["EmotionView"] | null | undefined }) {
  if (!emotion) return null;
  const share = `${Math.round(emotion.score * 100)} %`;
  return (
    <span class="emotion" data-emotion={emotionKey(emotion.label)} title={share}>
      <i aria-hidden="true" />
      {emotionWords(emotion.label)}
    </span>
  );
}
