import type { Schemas } from "../api";
import { say } from "../words";

type Line = Schemas["DiffLine"];
export type Piece = { kind: "lines"; lines: readonly Line[] } | { kind: "same"; count: number };

const AROUND = 3;

/** The lines worth showing: changes with a few lines around them; long equal runs are counted. */
export function pieces(lines: readonly Line[]): readonly Piece[] {
  const isNear = lines.map(() => false);
  lines.forEach((line, nth) => {
    if (line.change === "same") return;
    isNear.fill(true, Math.max(0, nth - AROUND), nth + AROUND + 1);
  });
  const out: Piece[] = [];
  let start = 0;
  while (start < lines.length) {
    let end = start;
    while (end < lines.length && isNear[end] === isNear[start]) end += 1;
    const run = lines.slice(start, end);
    out.push(isNear[start] ? { kind: "lines", lines: run } : { kind: "same", count: run.length });
    start = end;
  }
  return out;
}

const MARK = { same: " ", added: "+", removed: "−" } as const;

/** Two texts compared, line by line. */
export function Difference({ lines }: { lines: readonly Line[] }) {
  const words = say().site;
  if (lines.every((line) => line.change === "same")) return <p class="nothing">{words.same}</p>;
  return (
    <div class="difference">
      {pieces(lines).map((piece) =>
        piece.kind === "same" ? (
          <p key={`same ${piece.count}`} class="quiet">
            {words.unchanged(piece.count)}
          </p>
        ) : (
          <table key={`${piece.lines[0]?.old} ${piece.lines[0]?.new}`}>
            <tbody>
              {piece.lines.map((line) => (
                <tr key={`${line.change} ${line.old} ${line.new}`} data-change={line.change}>
                  <td class="nth">{line.old ?? ""}</td>
                  <td class="nth">{line.new ?? ""}</td>
                  <td class="mark">
                    <span aria-hidden="true">{MARK[line.change]}</span>
                    {line.change !== "same" && <span class="unseen">{words[line.change]}: </span>}
                  </td>
                  <td class="code">{line.text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ),
      )}
    </div>
  );
}
