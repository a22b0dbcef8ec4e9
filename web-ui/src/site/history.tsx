import { get } from "../api";
import { dayAndClock } from "../format";
import { useAsked } from "../ui/asked";
import { Problem } from "../ui/problem";
import { say } from "../words";

/** Every version that was ever in force; one can be taken back into the editor. */
export function History(props: { version: number; onTake: (text: string) => void }) {
  const words = say().site;
  const asked = useAsked((stop) => get("/api/site/history", { stop }), [props.version]);
  const take = async (version: number) => {
    const found = await get("/api/site/history/{version}", { path: { version } });
    props.onTake(found.text);
  };
  const versions = asked.answer?.versions ?? [];
  return (
    <details class="history">
      <summary>{words.history}</summary>
      {asked.problem !== undefined && <Problem problem={asked.problem} again={asked.again} />}
      {versions.length < 2 && <p class="quiet">{words.historyNone}</p>}
      <ol>
        {versions.map((version) => (
          <li key={version.version}>
            <b>{words.version(version.version)}</b>
            <span class="quiet">{dayAndClock(version.applied)}</span>
            <span class="note">{version.note}</span>
            {version.is_current ? (
              <span class="chip">{words.current}</span>
            ) : (
              <button
                type="button"
                class="button small"
                aria-label={words.historyOpen(version.version)}
                onClick={() => take(version.version)}
              >
                {words.open}
              </button>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}
