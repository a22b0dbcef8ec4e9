import { useState } from "preact/hooks";
import { get } from "../api";
import { useAsked } from "../ui/asked";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { askLicences, askPackages, found } from "./licences";
import { PartRow } from "./part-row";
import { UpdateState } from "./update-state";

/** What this box is, and what it is made of. */
export function AboutPage() {
  const words = say().about;
  const [typed, setTyped] = useState("");
  const box = useAsked((stop) => get("/api/about", { stop }), []);
  const made = useAsked(async (stop) => {
    const [licences, packages] = await Promise.all([askLicences(stop), askPackages(stop)]);
    return { parts: [...licences.parts, ...packages], texts: licences.texts };
  }, []);
  const parts = found(made.answer?.parts ?? [], typed);
  const image = box.answer?.image;
  return (
    <>
      <h1 class="title">{words.title}</h1>
      {box.problem !== undefined && <Problem problem={box.problem} again={box.again} />}
      {box.answer && (
        <dl class="facts">
          <dt>{words.version}</dt>
          <dd class="number">{box.answer.version}</dd>
          {image && (
            <>
              <dt>{words.board}</dt>
              <dd>{image.board}</dd>
              <dt>{words.variant}</dt>
              <dd>{image.variant === "dev" ? words.dev : words.release}</dd>
              {image.update && <UpdateState update={image.update} onAsk={box.again} />}
            </>
          )}
        </dl>
      )}
      {image && (
        <p>
          <a href="/api/about/bill" download="branchline.cdx.json">
            {words.bill}
          </a>
        </p>
      )}
      <h2>{words.parts}</h2>
      <p class="lead">{words.partsLead}</p>
      {made.problem !== undefined && <Problem problem={made.problem} again={made.again} />}
      {made.answer && (
        <>
          <label class="search">
            <span>{words.search}</span>
            <input
              type="search"
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
          <p class="quiet small" role="status">
            {words.count(parts.length, made.answer.parts.length)}
          </p>
          <ul class="parts" aria-label={words.parts}>
            {parts.map((part) => (
              <PartRow
                key={`${part.kind} ${part.name} ${part.version}`}
                part={part}
                texts={made.answer?.texts ?? []}
              />
            ))}
          </ul>
        </>
      )}
    </>
  );
}
