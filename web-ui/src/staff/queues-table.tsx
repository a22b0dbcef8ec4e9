import type { Schemas } from "../api";
import { length } from "../format";
import { now } from "../ui/now";
import { say } from "../words";

/** Queues with who waits in them, as they change. */
export function QueuesTable({ queues }: { queues: readonly Schemas["QueueLine"][] }) {
  const words = say().staff;
  return (
    <table class="queues" aria-labelledby="queues-title">
      <thead>
        <tr>
          <th scope="col">{words.queue}</th>
          <th scope="col" class="end">
            {words.waiting}
          </th>
          <th scope="col" class="end">
            {words.longest}
          </th>
          <th scope="col" class="end">
            {words.ringing}
          </th>
          <th scope="col" class="end">
            {words.ready}
          </th>
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <tr key={queue.queue} data-waits={queue.waiting > 0}>
            <th scope="row">{queue.queue}</th>
            <td class="end number">{queue.waiting}</td>
            <td class="end number">
              {queue.longest == null ? "–" : length(now.value - queue.longest)}
            </td>
            <td class="end number">{queue.ringing}</td>
            <td class="end number">{words.readyOf(queue.ready, queue.agents)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
