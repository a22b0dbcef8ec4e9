import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { remove, type Schemas } from "../api";
import { age, clock } from "../format";
import { Dialog } from "../ui/dialog";
import { now } from "../ui/now";
import { Problem } from "../ui/problem";
import { say } from "../words";

type CallBack = Schemas["CallBackLine"];

/** Callers who were promised a call: where they stand, when it is tried, and a way to take it back. */
export function CallBacks({ owed }: { owed: readonly CallBack[] }) {
  const words = say().staff;
  const [chosen, choose] = useState<CallBack>();
  return (
    <>
      <table class="queues" aria-labelledby="call-backs-title">
        <thead>
          <tr>
            <th scope="col">{words.caller}</th>
            <th scope="col">{words.queue}</th>
            <th scope="col">{words.callBackStands}</th>
            <th scope="col" class="end">
              {words.callBackTries}
            </th>
            <th scope="col" class="end">
              {words.callBackUntil}
            </th>
            <th scope="col">
              <span class="unseen">{words.callBackCancel}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {owed.map((one) => (
            <tr key={one.call}>
              <th scope="row" class="number">
                <Link href={`/calls/${one.call}`}>{one.caller}</Link>
              </th>
              <td>{one.queue}</td>
              <td>
                {stands(one)}{" "}
                <span class="quiet small">{words.since(age(now.value - one.since))}</span>
              </td>
              <td class="end number">{one.tries}</td>
              <td class="end number">{clock(one.until)}</td>
              <td class="end">
                <button
                  type="button"
                  class="button small"
                  aria-label={words.ofAgent(words.callBackCancel, one.caller)}
                  onClick={() => choose(one)}
                >
                  {words.callBackCancel}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {chosen && <CancelDialog owed={chosen} onClose={() => choose(undefined)} />}
    </>
  );
}

function stands(one: CallBack): string {
  const words = say().staff;
  if (one.is_calling) return words.callBackCalling;
  if (one.position != null) return words.callBackPlace(one.position);
  return one.due == null ? words.callBackSoon : words.callBackDue(clock(one.due));
}

/** Asks before a promise is taken back: the caller still waits for it. */
function CancelDialog({ owed, onClose }: { owed: CallBack; onClose: () => void }) {
  const words = say().staff;
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const cancel = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await remove("/api/call-backs/{call}", { call: owed.call });
      onClose();
    } catch (refused) {
      setBusy(false);
      setProblem(refused);
    }
  };
  return (
    <Dialog title={words.callBackCancelTitle(owed.caller)} onClose={onClose}>
      <p class="lead">{words.callBackCancelLead}</p>
      {problem !== undefined && <Problem problem={problem} />}
      <div class="acts">
        <button type="button" class="button" onClick={onClose}>
          {words.callBackKeep}
        </button>
        <button type="button" class="button main" disabled={isBusy} onClick={cancel}>
          {words.callBackCancel}
        </button>
      </div>
    </Dialog>
  );
}
