/** The few pictures of the page, drawn by hand on a grid of 20. Always beside a word or a label. */
const DRAWN = {
  play: "M6 4.2v11.6L15.5 10z",
  pause: "M6 4.5h3v11H6zM11 4.5h3v11h-3z",
  left: "M12.5 4.5 7 10l5.5 5.5",
  right: "M7.5 4.5 13 10l-5.5 5.5",
  cloud: "M6 15.5h8.2a3.3 3.3 0 0 0 .4-6.6A4.8 4.8 0 0 0 5.4 8.3 3.6 3.6 0 0 0 6 15.5z",
  search: "M9 3.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 9 3.8zM13 13l3.6 3.6",
  close: "M5 5l10 10M15 5 5 15",
  phone:
    "M5.2 3.5h2.4l1.2 3.3-1.6 1.3a9.2 9.2 0 0 0 4.7 4.7l1.3-1.6 3.3 1.2v2.4c0 1-.8 1.7-1.7 1.7A11.3 11.3 0 0 1 3.5 5.2c0-.9.7-1.7 1.7-1.7z",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
} as const;

const FILLED = new Set<keyof typeof DRAWN>(["play", "pause"]);

export function Icon({ name }: { name: keyof typeof DRAWN }) {
  return (
    <svg class={FILLED.has(name) ? "icon filled" : "icon"} viewBox="0 0 20 20" aria-hidden="true">
      <path d={DRAWN[name]} />
    </svg>
  );
}
