import { useState } from "preact/hooks";
import { say } from "../words";
import type { Part } from "./licences";

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
  if (part.notices.length === 0 && part.texts.length === 0) return <li>{line}</li>;
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
          </div>
        )}
      </details>
    </li>
  );
}
