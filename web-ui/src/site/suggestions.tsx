import { useEffect, useRef } from "preact/hooks";
import { say } from "../words";
import type { Offer, Option } from "./complete";

/** The names that fit, right under the caret; the text keeps the focus. */
export function Suggestions(props: {
  id: string;
  offer: Offer;
  chosen: number;
  line: { line: number; before: string };
  onTake: (option: Option) => void;
}) {
  const words = say().site;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [props.chosen]);
  return (
    <div class="offer" style={{ "--line": props.line.line }}>
      <span class="ghost" aria-hidden="true">
        {props.line.before}
      </span>
      <div ref={list} id={props.id} role="listbox" aria-label={words.suggestions} tabIndex={-1}>
        {props.offer.options.map((option, nth) => (
          <div
            key={`${option.kind} ${option.name}`}
            id={`${props.id}-${nth}`}
            role="option"
            tabIndex={-1}
            aria-selected={nth === props.chosen}
            // The text must not lose the focus to a click.
            onPointerDown={(event) => {
              event.preventDefault();
              props.onTake(option);
            }}
          >
            <span>{option.name}</span>
            <span class="quiet">{words.kinds[option.kind]}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
