import { useState } from "preact/hooks";
import { remove } from "../api";
import { Dialog } from "../ui/dialog";
import { Problem } from "../ui/problem";
import { say } from "../words";

/** Asks before a ban is lifted: what a scanner did is forgotten with it. */
export function LiftDialog(props: { address: string; onDone: () => void; onClose: () => void }) {
  const words = say().bans;
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const lift = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await remove("/api/bans/{address}", { address: props.address });
      props.onDone();
    } catch (refused) {
      setBusy(false);
      setProblem(refused);
    }
  };
  return (
    <Dialog title={words.liftTitle(props.address)} onClose={props.onClose}>
      <p class="lead">{words.liftLead}</p>
      {problem !== undefined && <Problem problem={problem} />}
      <div class="acts">
        <button type="button" class="button" onClick={props.onClose}>
          {words.cancel}
        </button>
        <button type="button" class="button main" disabled={isBusy} onClick={lift}>
          {words.lift}
        </button>
      </div>
    </Dialog>
  );
}
