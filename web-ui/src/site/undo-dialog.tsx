import { useState } from "preact/hooks";
import { get, post } from "../api";
import { useAsked } from "../ui/asked";
import { Dialog } from "../ui/dialog";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { Difference } from "./difference";

/** Asks before going back, and shows what that changes. */
export function UndoDialog(props: {
  version: number;
  to: number;
  onDone: (version: number) => void;
  onClose: () => void;
}) {
  const words = say().site;
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const asked = useAsked(
    async (stop) => {
      const before = await get("/api/site/history/{version}", {
        path: { version: props.to },
        stop,
      });
      return post("/api/site/diff", { text: before.text });
    },
    [props.to],
  );
  const undo = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      props.onDone((await post("/api/site/undo", { base: props.version })).version);
    } catch (refused) {
      setBusy(false);
      setProblem(refused);
    }
  };
  return (
    <Dialog title={words.undoTitle(props.version)} onClose={props.onClose} isWide>
      <p class="lead">{words.undoLead(props.to)}</p>
      {asked.problem !== undefined && <Problem problem={asked.problem} again={asked.again} />}
      {asked.answer && <Difference lines={asked.answer.lines} />}
      {problem !== undefined && <Problem problem={problem} />}
      <p class="quiet">{words.running}</p>
      <div class="acts">
        <button type="button" class="button" onClick={props.onClose}>
          {words.cancel}
        </button>
        <button type="button" class="button main" disabled={isBusy} onClick={undo}>
          {words.undo}
        </button>
      </div>
    </Dialog>
  );
}
