import { expect, test } from "vitest";
import { complete, flowAt, withDraft } from "./complete";

const names = {
  flows: [],
  steps: [],
  queues: [],
  trunks: [],
  templates: [],
  devices: ["1001"],
  agents: [],
  skills: ["yue"],
  prompts: ["welcome", "queue_wait"],
};
const text = `[number."4000"]
flow = ""
[queue.queue_wait]
prompt = ""
[flow.customer_service]
xml = '''
<step id="menu" type="input" next=""/>
'''
[flow.sales]
`;

function offered(after: string, more = "", isAsked = false): string[] {
  const at = text.indexOf(after) + after.length;
  const typed = text.slice(0, at) + more + text.slice(at);
  return complete(typed, at + more.length, names, isAsked)?.options.map((one) => one.name) ?? [];
}

test("a number is offered the flows of the draft", () => {
  expect(offered('flow = "')).toEqual(["customer_service", "sales"]);
});

test("what was typed narrows the offer, beginnings first", () => {
  expect(offered('flow = "', "s")).toEqual(["sales", "customer_service"]);
});

test("prompts come from the box", () => {
  expect(offered('prompt = "')).toEqual(["welcome", "queue_wait"]);
});

test("a step may lead to steps of its own flow by their short name, to flows, queues and the end", () => {
  expect(offered('next="')).toEqual(["menu", "customer_service", "sales", "queue_wait", "hangup"]);
});

test("nothing is offered where no name is expected, unless it is asked for", () => {
  expect(offered("xml = ")).toEqual([]);
  expect(offered("xml = ", "", true)).toContain("queue_wait");
});

test("a finished name is not offered again", () => {
  expect(offered('prompt = "', "welcome")).toEqual([]);
});

test("the chosen name replaces the whole word around the caret", () => {
  const line = 'flow = "salxx"';
  const offer = complete(`[flow.sales]\n${line}`, 13 + 11, names, false);
  expect(offer).toMatchObject({ from: 13 + 8, to: 13 + 13 });
});

test("names of the draft are read even where the rest has errors", () => {
  const draft = withDraft('[flow."a b"]\nxml = \'<step id="one"\n[trunk.carrier]\n[queue.q', names);
  expect(draft).toMatchObject({ flows: ["a b"], steps: ["a b/one"], trunks: ["carrier"] });
  expect(flowAt("[flow.x]\n[queue.y]\n", 19)).toBeUndefined();
});

test("a list of skills is offered those that an agent has", () => {
  const line = '[queue.q]\nskills = ["a", "';
  const offer = complete(line, line.length, names, false);
  expect(offer?.options.map((one) => one.name)).toEqual(["yue"]);
});
