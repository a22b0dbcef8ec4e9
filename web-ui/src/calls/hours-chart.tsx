import type { Schemas } from "../api";
import { clock } from "../format";
import { now } from "../ui/now";
import { say } from "../words";

const HOUR_MS = 3_600_000;
const HEIGHT = 72;
const STEP = 20;
const BAR = 13;

/** Calls per hour as bars: answered ones filled, the others on top of them. */
export function HoursChart(props: { from: number; hours: readonly Schemas["HourView"][] }) {
  const words = say().day;
  const most = Math.max(4, ...props.hours.map((hour) => hour.calls));
  const scale = (calls: number) => (calls * (HEIGHT - 8)) / most;
  const width = props.hours.length * STEP;
  const at = (nth: number) => props.from + nth * HOUR_MS;
  const busy = props.hours.flatMap((hour, nth) =>
    hour.calls > 0 ? [words.hour(clock(at(nth)), hour.calls)] : [],
  );
  return (
    <figure class="hours">
      <figcaption>{words.hours}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT + 22}`}
        preserveAspectRatio="xMinYMid"
        role="img"
        aria-label={`${words.hours}. ${busy.join(", ")}`}
      >
        <path class="ground" d={`M0 ${HEIGHT + 0.5}H${width}`} />
        {props.hours.map((hour, nth) => {
          const [all, answered] = [scale(hour.calls), scale(hour.answered)];
          const x = nth * STEP + (STEP - BAR) / 2;
          const isNow = now.value >= at(nth) && now.value < at(nth + 1);
          return (
            <g key={at(nth)} class={isNow ? "now" : ""}>
              <title>{words.hour(clock(at(nth)), hour.calls)}</title>
              <rect class="room" x={nth * STEP} y="0" width={STEP} height={HEIGHT} />
              <rect class="all" x={x} y={HEIGHT - all} width={BAR} height={all} rx="2" />
              <rect
                class="answered"
                x={x}
                y={HEIGHT - answered}
                width={BAR}
                height={answered}
                rx="2"
              />
              {nth % 3 === 0 && (
                <text
                  class={nth % 6 === 0 ? "" : "minor"}
                  x={nth * STEP + STEP / 2}
                  y={HEIGHT + 16}
                >
                  {new Date(at(nth)).getHours()}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
