import { Refused } from "../api";
import { say } from "../words";

/** What went wrong, and a way to try again. */
export function Problem({ problem, again }: { problem: unknown; again?: () => void }) {
  const words = say();
  const detail = problem instanceof Refused ? problem.problem.detail : words.signIn.offline;
  const hint = problem instanceof Refused ? problem.problem.hint : undefined;
  return (
    <div class="problem" role="alert">
      <strong>{words.failed}</strong>
      <span>{detail}</span>
      {hint && <span class="quiet">{hint}</span>}
      {again && (
        <button type="button" class="button" onClick={again}>
          {words.retry}
        </button>
      )}
    </div>
  );
}
