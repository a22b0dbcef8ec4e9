import { useState } from "preact/hooks";
import { get } from "../api";
import { useAsked } from "../ui/asked";
import { now } from "../ui/now";
import { Problem } from "../ui/problem";
import { say } from "../words";
import { BansTable } from "./bans-table";
import { LiftDialog } from "./lift-dialog";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 5000;

/** Who is met with silence, why and until when; each can be answered again. */
export function BansPage() {
  const words = say().bans;
  const [chosen, choose] = useState<string>();
  const [lifted, setLifted] = useState<readonly string[]>([]);
  const asked = useAsked(
    async (stop) => {
      const bans = (await get("/api/bans", { stop })).bans;
      // One that was lifted stays away until the box says so too: then it may come again.
      setLifted((was) => was.filter((address) => bans.some((ban) => ban.address === address)));
      return bans;
    },
    [Math.floor(now.value / EVERY_MS)],
  );
  const [done, setDone] = useState<string>();
  const bans = asked.answer?.filter((ban) => !lifted.includes(ban.address));
  return (
    <>
      <h1 class="title">{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {asked.problem !== undefined && <Problem problem={asked.problem} again={asked.again} />}
      <p class="lifted" role="status">
        {done && words.lifted(done)}
      </p>
      {bans?.length === 0 && (
        <p class="quiet">
          {words.none} {words.noneHint}
        </p>
      )}
      {bans && bans.length > 0 && <BansTable bans={bans} onLift={choose} />}
      {chosen && (
        <LiftDialog
          address={chosen}
          onDone={() => {
            setLifted((was) => [...was, chosen]);
            setDone(chosen);
            choose(undefined);
          }}
          onClose={() => choose(undefined)}
        />
      )}
    </>
  );
}
