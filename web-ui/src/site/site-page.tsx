import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { get, type Schemas } from "../api";
import { dayAndClock } from "../format";
import { siteVersion } from "../live";
import { useAsked } from "../ui/asked";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { type Draft, keepDraft, keptDraft } from "./draft";
import { type Caret, Editor } from "./editor";
import { Findings } from "./findings";
import { History } from "./history";
import { ReviewDialog } from "./review-dialog";
import { UndoDialog } from "./undo-dialog";
import { useCheck } from "./use-check";

/** The site's text: edited here, put in force only by Apply. */
export function SitePage() {
  const turn = useSignal(0);
  const asked = useAsked((stop) => get("/api/site", { stop }), [siteVersion.value, turn.value]);
  if (asked.answer) {
    return (
      <Settings
        site={asked.answer}
        onChanged={() => {
          turn.value += 1;
        }}
      />
    );
  }
  if (asked.problem !== undefined) return <Problem problem={asked.problem} again={asked.again} />;
  return <p class="quiet">{say().loading}</p>;
}

function Settings({ site, onChanged }: { site: Schemas["SiteView"]; onChanged: () => void }) {
  const words = say().site;
  const draft = useSignal<Draft | undefined>(keptDraft());
  const dialog = useSignal<"review" | "undo" | undefined>(undefined);
  const told = useSignal<string | undefined>(undefined);
  const caret = useSignal<Caret | undefined>(undefined);
  const found = useId();
  const text = draft.value?.text ?? site.text;
  const isChanged = text !== site.text;
  const isStale = isChanged && draft.value !== undefined && draft.value.base !== site.version;
  const check = useCheck(text);

  const edit = (changed: string) => {
    told.value = undefined;
    draft.value =
      changed === site.text
        ? undefined
        : { base: draft.value?.base ?? site.version, text: changed };
    keepDraft(draft.value);
  };
  const done = (message: string) => {
    dialog.value = undefined;
    draft.value = undefined;
    keepDraft(undefined);
    told.value = message;
    onChanged();
  };
  const review = () => {
    // Whoever reviews compares with what is in force now, and so applies on top of it.
    draft.value = { base: site.version, text };
    keepDraft(draft.value);
    dialog.value = "review";
  };

  return (
    <article class="site">
      <h2 class="title">{words.title}</h2>
      <p class="lead">{words.lead}</p>
      <State site={site} isChanged={isChanged} />
      {told.value && (
        <p class="told" role="status">
          {told.value}
        </p>
      )}
      {isStale && (
        <p class="notice" role="alert">
          {words.stale}
        </p>
      )}
      <Editor
        text={text}
        names={check.names ?? site.names}
        findings={check.findings}
        describedBy={found}
        caret={caret.value}
        onText={edit}
      />
      <div class="below">
        <Findings
          id={found}
          findings={check.findings}
          isChecking={check.isChecking}
          isKnown={check.isKnown}
          onGo={(to) => {
            caret.value = { ...to };
          }}
        />
        <div class="acts">
          <button
            type="button"
            class="button"
            disabled={isChanged || site.undo_to == null}
            title={isChanged ? words.undoFirst : undefined}
            onClick={() => {
              dialog.value = "undo";
            }}
          >
            {words.undo}
          </button>
          <button
            type="button"
            class="button"
            disabled={!isChanged}
            onClick={() => edit(site.text)}
          >
            {words.discard}
          </button>
          <button
            type="button"
            class="button main"
            disabled={!isChanged || !check.isGood}
            onClick={review}
          >
            {isStale ? words.useNew : words.review}
          </button>
        </div>
      </div>
      <p class="quiet small">{words.editorHint}</p>
      <History version={site.version} onTake={edit} />
      {dialog.value === "review" && (
        <ReviewDialog
          text={text}
          base={site.version}
          onDone={(version) => done(words.applied(version))}
          onStale={onChanged}
          onClose={() => {
            dialog.value = undefined;
          }}
        />
      )}
      {dialog.value === "undo" && site.undo_to != null && (
        <UndoDialog
          version={site.version}
          to={site.undo_to}
          onDone={(version) => done(words.undone(version))}
          onClose={() => {
            dialog.value = undefined;
          }}
        />
      )}
    </article>
  );
}

/** Two badges that cannot be mistaken: what is in force, and what is only written here. */
function State({ site, isChanged }: { site: Schemas["SiteView"]; isChanged: boolean }) {
  const words = say().site;
  return (
    <div class="state">
      <p class="state-badge" data-tone={site.version > 0 ? "good" : "plain"}>
        <b>{site.version > 0 ? words.inForce(site.version) : words.neverApplied}</b>
        <span>
          {site.applied != null && `${words.since(dayAndClock(site.applied))} · `}
          {words.running}
        </span>
      </p>
      <p class="state-badge" data-tone={isChanged ? "waiting" : "plain"} role="status">
        <b>{isChanged ? words.draft : words.clean}</b>
        <span>{isChanged ? words.draftHint : ""}</span>
      </p>
    </div>
  );
}
