import { useEffect } from "preact/hooks";
import type { Schemas } from "../api";
import { dayAndClock } from "../format";
import { say } from "../words";

/** What is still going on is asked for again after so many milliseconds. */
const AGAIN_MS = 2_000;
const MOVING: Schemas["UpdatePhase"][] = ["checking", "installing", "draining", "trying"];
const COUNTED: Schemas["UpdatePhase"][] = ["checking", "installing"];

/** How the last update fares: two rows of a list of facts. */
export function UpdateState({
  update,
  onAsk,
}: {
  update: Schemas["UpdateView"];
  onAsk: () => void;
}) {
  const words = say().about;
  useEffect(() => {
    if (!MOVING.includes(update.phase)) return;
    const timer = setTimeout(onAsk, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [update]);
  return (
    <>
      <dt>{words.update}</dt>
      <dd>
        {update.version && <span class="number">{update.version}</span>} {words.phase[update.phase]}
        {", "}
        {dayAndClock(update.since_unix_ms)}
        {COUNTED.includes(update.phase) && (
          <progress aria-label={words.updateBar} max={100} value={update.percent} />
        )}
        {update.why && <p class="quiet small">{update.why}</p>}
      </dd>
    </>
  );
}
