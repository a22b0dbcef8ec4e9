import { useState } from "preact/hooks";
import { useAsked } from "../ui/asked";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { askTerms, type Part } from "./licences";

/** A part; opened, whose it is and under which terms. A text comes into the page only then. */
export function PartRow({ part, texts }: { part: Part; texts: readonly string[] }) {
  const words = say().about;
  const [isOpen, setOpen] = useState(false);
  const line = (
    <>
      <strong>{part.name}</strong> <span class="number">{part.version}</span>{" "}
      <span class="quiet small">
        {words.kind[part.kind]}
        {part.licence && ` · ${part.licence}`}
      </span>
    </>
  );
  const isAsked = part.kind === "debian";
  if (!isAsked && part.notices.length === 0 && part.texts.length === 0) return <li>{line}</li>;
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{line}</summary>
        {isOpen && (
          <div lang="en">
            {part.notices.map((notice) => (
              <p key={notice}>{notice}</p>
            ))}
            {part.texts.map((number) => (
              <pre key={number}>{texts[number]}</pre>
            ))}
            {isAsked && <Terms name={part.name} />}
          </div>
        )}
      </details>
    </li>
  );
}

/** The terms of a package, which the box keeps: they come when they are read. */
function Terms({ name }: { name: string }) {
  const terms = useAsked((stop) => askTerms(name, stop), [name]);
  if (terms.answer !== undefined) return <pre>{terms.answer}</pre>;
  if (terms.problem !== undefined) return <Problem problem={terms.problem} again={terms.again} />;
  return <p class="quiet">{say().loading}</p>;
}
