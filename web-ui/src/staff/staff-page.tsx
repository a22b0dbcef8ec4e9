import { agents, callBacks, queues, refusals } from "../live";
import { say } from "../words";
import { AgentCard } from "./agent-card";
import { CallBacks } from "./call-backs";
import { QueuesTable } from "./queues-table";

/** What a supervisor watches: who waits, who is free, what was refused. */
export function StaffPage() {
  const words = say().staff;
  return (
    <>
      <h1 class="title">{words.title}</h1>
      <section class="staff-part" aria-labelledby="queues-title">
        <h2 id="queues-title">{words.queues}</h2>
        {queues.value.length === 0 ? (
          <p class="quiet">{words.noQueues}</p>
        ) : (
          <QueuesTable queues={queues.value} />
        )}
      </section>
      {callBacks.value.length > 0 && (
        <section class="staff-part" aria-labelledby="call-backs-title">
          <h2 id="call-backs-title">{words.callBacks}</h2>
          <p class="quiet small">{words.callBacksLead}</p>
          <CallBacks owed={callBacks.value} />
        </section>
      )}
      <section class="staff-part" aria-labelledby="agents-title">
        <h2 id="agents-title">{words.agents}</h2>
        {agents.value.length === 0 ? (
          <p class="quiet">
            {words.noAgents} {words.hint}
          </p>
        ) : (
          <ul class="agent-list" aria-label={words.agents}>
            {agents.value.map((agent) => (
              <AgentCard key={agent.agent} agent={agent} />
            ))}
          </ul>
        )}
      </section>
      {refusals.value.length > 0 && (
        <section class="staff-part" aria-labelledby="refused-title">
          <h2 id="refused-title">{words.refused}</h2>
          <ul class="refused-list" role="log" aria-labelledby="refused-title">
            {refusals.value.map((refusal) => (
              <li key={`${refusal.call}${refusal.cut}${refusal.trunk}`}>
                <strong class="number">{refusal.device ?? words.box}</strong>
                <span class="number"> → {refusal.to}</span>
                <span>: {words.refusedBy[refusal.why]}</span>
                {refusal.cut && <span class="quiet"> ({words.cut})</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
