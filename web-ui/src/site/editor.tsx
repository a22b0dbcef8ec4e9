import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Schemas } from "../api";
import { say } from "../words";
import { complete, type Offer, type Option } from "./complete";
import { paint } from "./paint";
import { lineOf, offsetOf } from "./place";
import { Suggestions } from "./suggestions";

/** Longer texts are shown in one colour: painting them at every key would be felt. */
const PAINTED_LINES = 2000;

/** A wish to set the caret, told anew each time. */
export interface Caret {
  line: number;
  column: number;
}

/** A plain text area over its own painted copy: numbered lines, findings at their line, names offered. */
export function Editor(props: {
  text: string;
  names: Schemas["NamesView"];
  findings: readonly Schemas["Finding"][];
  describedBy: string;
  caret: Caret | undefined;
  onText: (text: string) => void;
}) {
  const words = say().site;
  const area = useRef<HTMLTextAreaElement>(null);
  const offer = useSignal<Offer | undefined>(undefined);
  const chosen = useSignal(0);
  const list = useId();
  const lines = props.text.split("\n");
  // The first finding of a line is the one written beside it.
  const byLine = new Map(props.findings.toReversed().map((finding) => [finding.line, finding]));
  const hasErrors = props.findings.some((finding) => finding.severity === "error");

  useEffect(() => {
    const [caret, element] = [props.caret, area.current];
    if (!caret || !element) return;
    const at = offsetOf(element.value, caret.line, caret.column);
    element.focus();
    element.setSelectionRange(at, at);
    element.parentElement?.querySelector(`[data-line="${caret.line}"]`)?.scrollIntoView({
      block: "center",
    });
  }, [props.caret]);

  const suggest = (isAsked: boolean) => {
    const element = area.current;
    if (!element || element.selectionStart !== element.selectionEnd) return;
    offer.value = complete(element.value, element.selectionStart, props.names, isAsked);
    chosen.value = 0;
  };
  const take = (option: Option | undefined) => {
    const [element, place] = [area.current, offer.value];
    offer.value = undefined;
    if (!element || !place || !option) return;
    element.focus();
    element.setSelectionRange(place.from, place.to);
    insert(element, option.name);
    props.onText(element.value);
    offer.value = undefined;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      suggest(true);
      return;
    }
    const open = offer.value;
    if (!open) return;
    const last = open.options.length - 1;
    switch (event.key) {
      case "ArrowDown":
        chosen.value = chosen.value === last ? 0 : chosen.value + 1;
        break;
      case "ArrowUp":
        chosen.value = chosen.value === 0 ? last : chosen.value - 1;
        break;
      case "Enter":
      case "Tab":
        take(open.options[chosen.value]);
        break;
      case "Escape":
        offer.value = undefined;
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <div class="editor">
      <div class="sheet">
        <div class="painted" aria-hidden="true">
          {lines.map((line, nth) => {
            const found = byLine.get(nth + 1);
            return (
              <div key={nth} data-line={nth + 1} data-severity={found?.severity} class="line">
                <span class="nth">{nth + 1}</span>
                {lines.length > PAINTED_LINES ? line : paint(line)}
                {found && <span class="remark">{found.message}</span>}
              </div>
            );
          })}
        </div>
        <textarea
          ref={area}
          aria-label={words.editor}
          aria-describedby={props.describedBy}
          aria-invalid={hasErrors}
          aria-autocomplete="list"
          aria-controls={offer.value ? list : undefined}
          aria-activedescendant={offer.value ? `${list}-${chosen.value}` : undefined}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          value={props.text}
          onInput={(event) => {
            props.onText(event.currentTarget.value);
            suggest(false);
          }}
          onKeyDown={onKeyDown}
          onClick={() => {
            offer.value = undefined;
          }}
          onBlur={() => {
            offer.value = undefined;
          }}
        />
        {offer.value && (
          <Suggestions
            id={list}
            offer={offer.value}
            chosen={chosen.value}
            line={lineOf(props.text, offer.value.from)}
            onTake={take}
          />
        )}
      </div>
      <p class="unseen" role="status">
        {offer.value ? words.suggested(offer.value.options.length) : ""}
      </p>
    </div>
  );
}

/** Puts text at the selection so that the browser's own undo knows of it. */
function insert(element: HTMLTextAreaElement, text: string): void {
  if (!document.execCommand?.("insertText", false, text)) {
    element.setRangeText(text, element.selectionStart, element.selectionEnd, "end");
  }
}
