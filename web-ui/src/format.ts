import { language, say } from "./words";

/** Times, lengths and numbers as people read them, in the language of the page. */

export function clock(ms: number, withSeconds = false): string {
  return new Intl.DateTimeFormat(language.value, {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    ...(withSeconds ? { second: "2-digit" } : {}),
  }).format(ms);
}

export function dayAndClock(ms: number): string {
  return new Intl.DateTimeFormat(language.value, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).format(ms);
}

export function longDay(ms: number): string {
  return new Intl.DateTimeFormat(language.value, {
    weekday: "long",
    month: "long",
    day: "numeric",
  }).format(ms);
}

/** `0:07`, `12:30`, `1:02:03`. */
export function length(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** A rough age in words, e.g. `3 min`. */
export function age(ms: number): string {
  const words = say();
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return words.seconds(seconds);
  if (seconds < 3600) return words.minutes(Math.floor(seconds / 60));
  if (seconds < 48 * 3600) return words.hours(Math.floor(seconds / 3600));
  return words.days(Math.floor(seconds / 86400));
}

/** The number a person dials out of a SIP address: `sip:13800138000@host` is `13800138000`. */
export function party(address: string): string {
  const plain = address
    .replace(/^.*</, "")
    .replace(/>.*$/, "")
    .replace(/^(sips?|tel):/i, "");
  const user = plain.split(/[@;]/)[0] ?? "";
  return user === "" || /^anonymous$/i.test(user) ? say().records.anonymous : user;
}

export function causeWords(cause: string): string {
  return say().cause[cause] ?? cause;
}

/** Labels of emotion packs that mean the same. */
const SAME: Record<string, string> = {
  anger: "angry",
  happiness: "happy",
  joy: "happy",
  sadness: "sad",
  anxiety: "fear",
  fearful: "fear",
  afraid: "fear",
  boredom: "bored",
  disgusted: "disgust",
  surprised: "surprise",
  calm: "neutral",
};

export function emotionKey(label: string): string {
  const plain = label.toLowerCase();
  return SAME[plain] ?? plain;
}

export function emotionWords(label: string): string {
  return say().emotion[emotionKey(label)] ?? label;
}

/** Midnight of the day, so many days on, in the reader's time zone (days of 23 and 25 hours too). */
export function midnight(ms: number, days = 0): number {
  const day = new Date(ms);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

/** `2026-11-22`, as a date field wants it. */
export function isoDay(ms: number): string {
  const day = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Midnight of `2026-11-22` in the reader's time zone; `undefined` for anything else. */
export function fromIsoDay(text: string | null): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? "");
  if (!parts) return undefined;
  const at = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])).getTime();
  return Number.isNaN(at) ? undefined : at;
}
