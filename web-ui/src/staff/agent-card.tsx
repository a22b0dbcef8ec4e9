import { useSignal } from "@preact/signals";
import { post, type Schemas } from "../api";
import { age } from "../format";
import { now } from "../ui/now";
import { Problem } from "../ui/problem";
import { say } from "../words";

type Agent = Schemas["AgentLine"];
type Act = Schemas["ActView"];

/** What can be wished for an agent who stands there. */
export function actsOf(state: Agent["state"]): readonly Act[] {
  switch (state) {
    case "signed_out":
      return ["sign_in"];
    case "paused":
    case "wrap_up":
      return ["resume", "sign_out"];
    case "ready":
    case "ringing":
    case "in_call":
      return ["pause", "sign_out"];
  }
}

/** One agent: where they stand, for how long, and what can be wished for them. */
export function AgentCard({ agent }: { agent: Agent }) {
  const words = say().staff;
  const problem = useSignal<unknown>(undefined);
  const labels: Record<Act, string> = {
    sign_in: words.signIn,
    sign_out: words.signOut,
    pause: words.pause,
    resume: words.resume,
  };
  const wish = async (act: Act) => {
    problem.value = undefined;
    try {
      await post("/api/agents", { agent: agent.agent, act });
    } catch (error) {
      problem.value = error;
    }
  };
  const more = [
    agent.why && words.why[agent.why],
    agent.queue && words.inQueue(agent.queue),
    agent.device && words.at(agent.device),
    agent.state !== "signed_out" && words.taken(agent.taken),
    agent.then && words.afterwards(words.state[agent.then]),
  ].filter((word): word is string => typeof word === "string");
  return (
    <li class="agent" data-state={agent.state} aria-label={agent.name}>
      <p>
        <strong>{agent.name}</strong>
        <span class="chip" data-state={agent.state}>
          {words.state[agent.state]}
        </span>
        {agent.state !== "signed_out" && (
          <span class="quiet small">{words.since(age(now.value - agent.since))}</span>
        )}
      </p>
      <p class="quiet small">{more.join(" · ")}</p>
      {agent.skills.length > 0 && <p class="small">{agent.skills.join(" · ")}</p>}
      <div class="agent-acts">
        {actsOf(agent.state).map((act) => (
          <button
            key={act}
            type="button"
            class="button small"
            aria-label={words.ofAgent(labels[act], agent.name)}
            onClick={() => wish(act)}
          >
            {labels[act]}
          </button>
        ))}
      </div>
      {problem.value !== undefined && <Problem problem={problem.value} />}
    </li>
  );
}
