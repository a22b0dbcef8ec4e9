import type { Schemas } from "../api";
import { Icon } from "../ui/icon";
import { say } from "../words";
import type { Caret } from "./editor";

/** What the check found, each a way to its place in the text. */
export function Findings(props: {
  id: string;
  findings: readonly Schemas["Finding"][];
  isChecking: boolean;
  /** Some text was checked already. */
  isKnown: boolean;
  onGo: (caret: Caret) => void;
}) {
  const words = say().site;
  const errors = props.findings.filter((finding) => finding.severity === "error").length;
  const warnings = props.findings.length - errors;
  return (
    <div class="findings" id={props.id}>
      <p
        role="status"
        data-tone={!props.isKnown ? "" : errors > 0 ? "bad" : warnings > 0 ? "warning" : "good"}
      >
        {props.isKnown && errors === 0 && <Icon name="check" />}
        {[
          !props.isKnown ? "" : errors > 0 ? words.errors(errors) : words.good,
          warnings > 0 ? words.warnings(warnings) : "",
          props.isChecking ? words.checking : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {props.findings.length > 0 && (
        <ul aria-label={words.findings}>
          {props.findings.map((finding) => (
            <li
              key={`${finding.line} ${finding.column} ${finding.message}`}
              data-severity={finding.severity}
            >
              <button
                type="button"
                onClick={() => props.onGo({ line: finding.line, column: finding.column })}
              >
                <b>{words.at(finding.line, finding.column)}</b>
                <span>
                  <span class="unseen">{words[finding.severity]}: </span>
                  {finding.message}
                </span>
                {finding.hint !== "" && <span class="hint">{finding.hint}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
