import type { Schemas } from "../api";

/** Completion of names in a site text: what fits at the caret. Pure; the editor shows it. */

export type Kind = keyof Schemas["NamesView"] | "words";
export interface Option {
  name: string;
  kind: Kind;
}
export interface Offer {
  /** What the chosen name replaces, as offsets in the text. */
  from: number;
  to: number;
  options: readonly Option[];
}

const STEP_TYPES = ["input", "words", "menu", "listen", "say", "queue", "transfer", "hangup"];
const STRATEGIES = ["longest_idle", "round_robin", "ring_all", "least_calls"];
const SECTIONS = [
  "site",
  "trunk.",
  "number.",
  "queue.",
  "flow.",
  "device.",
  "agent.",
  "caller.",
  "plan",
  "route.",
  "protection",
  "price.",
];
const MOST = 50;

/** Which kinds of name belong into which attribute or key. */
const KINDS = new Map<string, readonly Kind[]>([
  ["next", ["steps", "flows", "queues"]],
  ["then", ["flows", "queues", "steps"]],
  ["flow", ["flows"]],
  ["queue", ["queues"]],
  ["prompt", ["prompts"]],
  ["no_input", ["prompts"]],
  ["invalid", ["prompts"]],
  ["trunk", ["trunks"]],
  ["template", ["templates"]],
  ["overflow", ["flows", "queues", "steps"]],
  ["device", ["devices"]],
  ["agent", ["agents"]],
  ["skills", ["skills"]],
  ["queues", ["queues"]],
  ["hold", ["prompts"]],
  ["announce", ["prompts"]],
  ["call_back", ["prompts"]],
  ["call_back_done", ["prompts"]],
]);

/** What fits at the caret; `isAsked` also offers where nobody would expect it. */
export function complete(
  text: string,
  caret: number,
  names: Schemas["NamesView"],
  isAsked: boolean,
): Offer | undefined {
  const before = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  const typed = /[\p{L}\p{N}_./*-]*$/u.exec(before)?.[0] ?? "";
  const after = /^[\p{L}\p{N}_./*-]*/u.exec(text.slice(caret))?.[0] ?? "";
  const known = optionsAt(before, text, caret, withDraft(text, names), isAsked);
  const wanted = typed.toLowerCase();
  const fitting = known
    .filter((option) => option.name.toLowerCase().includes(wanted))
    .sort((a, b) => rank(a.name, wanted) - rank(b.name, wanted))
    .slice(0, MOST);
  const isDone = fitting.length === 1 && fitting[0]?.name === typed && after === "";
  if (fitting.length === 0 || isDone) return undefined;
  return { from: caret - typed.length, to: caret + after.length, options: fitting };
}

function optionsAt(
  before: string,
  text: string,
  caret: number,
  names: Schemas["NamesView"],
  isAsked: boolean,
): readonly Option[] {
  // The value of a key, or one string of its list.
  const place = /([A-Za-z_]+)\s*=\s*(?:\[[^\]]*)?["'][^"']*$/.exec(before)?.[1];
  if (place === "type") return STEP_TYPES.map((name) => ({ name, kind: "words" }));
  if (place === "strategy") return STRATEGIES.map((name) => ({ name, kind: "words" }));
  if (/^\[[A-Za-z.]*$/.test(before)) return SECTIONS.map((name) => ({ name, kind: "words" }));
  const kinds = place === undefined ? undefined : KINDS.get(place);
  if (kinds === undefined && !isAsked) return [];
  const offered: readonly Kind[] = kinds ?? ["flows", "steps", "queues", "prompts", "trunks"];
  const here = flowAt(text, caret);
  const options: Option[] = offered.flatMap((kind) =>
    kind === "words" ? [] : names[kind].map((name) => ({ name: near(name, kind, here), kind })),
  );
  if (place === "next" || place === "then" || place === "overflow")
    options.push({ name: "hangup", kind: "words" });
  return options;
}

/** A step of the same flow is named without its flow. */
function near(name: string, kind: Kind, flow: string | undefined): string {
  return kind === "steps" && flow !== undefined && name.startsWith(`${flow}/`)
    ? name.slice(flow.length + 1)
    : name;
}

function rank(name: string, wanted: string): number {
  const plain = name.toLowerCase();
  return plain === wanted ? 0 : plain.startsWith(wanted) ? 1 : 2;
}

const HEADER = /^[ \t]*\[(flow|queue|trunk|device|agent)\.(?:"([^"\n]+)"|([\w-]+))\]/gm;

/** The flow whose section the caret stands in. */
export function flowAt(text: string, caret: number): string | undefined {
  let found: string | undefined;
  for (const header of text.slice(0, caret).matchAll(/^[ \t]*\[([^\]\n]+)\]/gm)) {
    found = /^flow\.(?:"([^"]+)"|([\w-]+))$/
      .exec(header[1] ?? "")
      ?.slice(1)
      .find(Boolean);
  }
  return found;
}

/** The names in force joined with those of the draft, which may have errors elsewhere. */
export function withDraft(text: string, names: Schemas["NamesView"]): Schemas["NamesView"] {
  const own = {
    flow: [] as string[],
    queue: [] as string[],
    trunk: [] as string[],
    device: [] as string[],
    agent: [] as string[],
  };
  for (const header of text.matchAll(HEADER)) {
    own[header[1] as keyof typeof own].push(header[2] ?? header[3] ?? "");
  }
  const steps: string[] = [];
  for (const step of text.matchAll(/<step\b[^>]*?\sid\s*=\s*["']([^"'\n]+)["']/g)) {
    const flow = flowAt(text, step.index);
    if (flow !== undefined) steps.push(`${flow}/${step[1]}`);
  }
  return {
    flows: own.flow,
    queues: own.queue,
    trunks: own.trunk,
    templates: names.templates,
    devices: own.device,
    agents: own.agent,
    skills: names.skills,
    steps,
    prompts: names.prompts,
  };
}
