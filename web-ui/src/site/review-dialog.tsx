import { useId, useState } from "preact/hooks";
import { post, Refused } from "../api";
import { useAsked } from "../ui/asked";
import { Dialog } from "../ui/dialog";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { Difference } from "./difference";

/** The difference, then Apply: nothing is in force before that button. */
export function ReviewDialog(props: {
  text: string;
  base: number;
  onDone: (version: number) => void;
  onStale: () => void;
  onClose: () => void;
}) {
  const words = say().site;
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const field = useId();
  const asked = useAsked(
    () => post("/api/site/diff", { text: props.text }),
    [props.text, props.base],
  );

  const apply = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { text, base } = props;
      props.onDone((await post("/api/site/apply", { text, base, note })).version);
    } catch (refused) {
      setBusy(false);
      setProblem(refused);
      if (refused instanceof Refused && refused.word === "stale") props.onStale();
    }
  };
  const isStale = problem instanceof Refused && problem.word === "stale";

  return (
    <Dialog title={words.reviewTitle} onClose={props.onClose} isWide>
      {asked.problem !== undefined && <Problem problem={asked.problem} again={asked.again} />}
      {asked.answer && <Difference lines={asked.answer.lines} />}
      {isStale ? (
        <p class="notice" role="alert">
          {words.stale}
        </p>
      ) : (
        problem !== undefined && <Problem problem={problem} />
      )}
      <label for={field}>{words.reviewNote}</label>
      <input
        id={field}
        type="text"
        maxLength={200}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <p class="quiet">{words.running}</p>
      <div class="acts">
        <button type="button" class="button" onClick={props.onClose}>
          {words.cancel}
        </button>
        <button
          type="button"
          class="button main"
          disabled={isBusy || !asked.answer}
          onClick={apply}
        >
          {isBusy ? words.applying : words.apply}
        </button>
      </div>
    </Dialog>
  );
}
