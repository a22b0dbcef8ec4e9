import type { Schemas } from "../api";
import { age, dayAndClock } from "../format";
import { now } from "../ui/now";
import { say } from "../words";

/** The bans that stand, with a way to lift each. */
export function BansTable(props: {
  bans: readonly Schemas["BanLine"][];
  onLift: (address: string) => void;
}) {
  const words = say().bans;
  return (
    <table class="bans" aria-label={words.title}>
      <thead>
        <tr>
          <th scope="col">{words.address}</th>
          <th scope="col">{words.why}</th>
          <th scope="col">{words.since}</th>
          <th scope="col">{words.until}</th>
          <th scope="col" class="end">
            {words.times}
          </th>
          <th scope="col" class="end">
            {words.ignored}
          </th>
          <th scope="col">
            <span class="unseen">{words.lift}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.bans.map((ban) => (
          <tr key={ban.address}>
            <th scope="row" class="number">
              {ban.address}
              {ban.address.includes(":") && <span class="quiet small"> {words.network}</span>}
            </th>
            <td data-label={words.why}>{words.reason[ban.why]}</td>
            <td data-label={words.since} class="number">
              {dayAndClock(ban.since)}
            </td>
            <td data-label={words.until} class="number">
              {words.inTime(age(ban.until - now.value))}
            </td>
            <td data-label={words.times} class="end number">
              {ban.times}
            </td>
            <td data-label={words.ignored} class="end number">
              {ban.ignored}
            </td>
            <td class="end">
              <button
                type="button"
                class="button small"
                aria-label={words.liftOf(ban.address)}
                onClick={() => props.onLift(ban.address)}
              >
                {words.lift}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
