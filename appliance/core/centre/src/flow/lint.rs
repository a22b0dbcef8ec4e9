//! What is wrong with flows that are well written: steps never reached, loops without exit,
//! callers who stay silent for ever, a human too many prompts away.
//!
//! It looks at the flows as one graph, queues among them. Flows it was not given count as a way
//! out and as a way to a human.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Act, Flow, Step, Target};
use crate::site::diagnostic::{At, Notes};
use crate::site::limits::PROMPTS_TO_A_HUMAN;

/// Looks at flows and queues together; `doors` are where calls come in besides flows' entries.
pub(crate) fn lint(
    flows: &BTreeMap<String, Flow>,
    queues: &BTreeMap<String, Target>,
    doors: &[Target],
    notes: &mut Notes,
) {
    let graph = Graph::new(flows, queues, doors);
    graph.unreached(notes);
    let trapped = graph.loops(notes);
    graph.silent_loops(&trapped, notes);
    graph.far_from_a_human(&trapped, notes);
}

struct Node<'a> {
    flow: &'a str,
    id: &'a str,
    step: &'a Step,
    /// Nodes its ways lead to; ways out of the graph are in `leaves`.
    ways: Vec<usize>,
    /// The way a caller goes who does nothing.
    silent: Option<usize>,
    /// A queue, a transfer, a hang-up or a flow not given is one step away.
    leaves: bool,
    /// Least prompts to a human from here, this step's own among them.
    human: u32,
    is_reached: bool,
}

struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    index: BTreeMap<(&'a str, &'a str), usize>,
    flows: &'a BTreeMap<String, Flow>,
    doors: BTreeSet<usize>,
}

const FAR: u32 = PROMPTS_TO_A_HUMAN + 1;

impl<'a> Graph<'a> {
    fn new(
        flows: &'a BTreeMap<String, Flow>,
        queues: &'a BTreeMap<String, Target>,
        doors: &[Target],
    ) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            index: BTreeMap::new(),
            flows,
            doors: BTreeSet::new(),
        };
        for (name, flow) in flows {
            for (id, step) in &flow.steps {
                graph
                    .index
                    .insert((name.as_str(), id.as_str()), graph.nodes.len());
                let node = Node {
                    flow: name,
                    id,
                    step,
                    ways: Vec::new(),
                    silent: None,
                    leaves: false,
                    human: FAR,
                    is_reached: false,
                };
                graph.nodes.push(node);
            }
        }
        graph.doors = doors
            .iter()
            .filter_map(|door| graph.node_of(door))
            .collect();
        for i in 0..graph.nodes.len() {
            graph.connect(i);
        }
        let entries = flows
            .values()
            .filter_map(|flow| graph.of(&flow.name, &flow.entry));
        let after_queues = queues.values().filter_map(|then| graph.node_of(then));
        let doors: Vec<usize> = entries
            .chain(after_queues)
            .chain(graph.doors.clone())
            .collect();
        graph.reach(doors);
        graph.measure();
        graph
    }

    fn of(&self, flow: &str, step: &str) -> Option<usize> {
        self.index.get(&(flow, step)).copied()
    }

    fn node_of(&self, target: &Target) -> Option<usize> {
        match target {
            Target::Step { flow, step } => self.of(flow, step),
            Target::Flow { name } => self.of(name, &self.flows.get(name)?.entry),
            Target::Queue { .. } | Target::HangUp => None,
        }
    }

    fn connect(&mut self, i: usize) {
        let Some(step) = self.nodes.get(i).map(|node| node.step) else {
            return;
        };
        let targets = step.act.ways();
        let ways: Vec<usize> = targets
            .iter()
            .filter_map(|target| self.node_of(target))
            .collect();
        let act_leaves = matches!(
            step.act,
            Act::Queue(_) | Act::Transfer { .. } | Act::HangUp(_)
        );
        let leaves = act_leaves || ways.len() < targets.len();
        let silent = match &step.act {
            Act::Ask(ask) => self.node_of(&ask.default),
            Act::GoOn(next) => self.node_of(next),
            Act::Transfer { .. } | Act::Queue(_) | Act::HangUp(_) => None,
        };
        if let Some(node) = self.nodes.get_mut(i) {
            (node.ways, node.silent, node.leaves) = (ways, silent, leaves);
        }
    }

    fn reach(&mut self, mut open: Vec<usize>) {
        while let Some(i) = open.pop() {
            let Some(node) = self.nodes.get_mut(i).filter(|node| !node.is_reached) else {
                continue;
            };
            node.is_reached = true;
            open.extend(&node.ways);
        }
    }

    /// Every prompt costs at least one, so as many rounds as prompts matter settle all.
    fn measure(&mut self) {
        for _ in 0..=PROMPTS_TO_A_HUMAN {
            let costs: Vec<u32> = self.nodes.iter().map(|node| self.cost(node.step)).collect();
            for (node, cost) in self.nodes.iter_mut().zip(costs) {
                node.human = cost;
            }
        }
    }

    fn cost(&self, step: &Step) -> u32 {
        let cost = match &step.act {
            Act::Queue(_) | Act::Transfer { .. } => u32::from(!step.prompts.is_empty()),
            Act::HangUp(_) => FAR,
            Act::GoOn(next) => 1 + self.cost_of(next),
            Act::Ask(ask) => {
                let said = ask.phrases.iter().map(|(_, target)| target);
                let chosen = ask
                    .keys
                    .values()
                    .chain(said)
                    .map(|target| 1 + self.cost_of(target));
                chosen
                    .chain([1 + ask.retries + self.cost_of(&ask.default)])
                    .min()
                    .unwrap_or(FAR)
            }
        };
        cost.min(FAR)
    }

    fn cost_of(&self, target: &Target) -> u32 {
        match target {
            Target::HangUp => FAR,
            Target::Queue { .. } => 0,
            _ => self
                .node_of(target)
                .and_then(|i| self.nodes.get(i))
                .map_or(0, |node| node.human),
        }
    }

    fn unreached(&self, notes: &mut Notes) {
        for node in self.nodes.iter().filter(|node| !node.is_reached) {
            let message = format!("step `{}` is never reached", node.id);
            notes.warn(
                node.step.at,
                message,
                "lead to it by a `next`, or remove it",
            );
        }
    }

    /// Notes cycles that nothing ever leaves; returns all nodes from which there is no way out.
    fn loops(&self, notes: &mut Notes) -> BTreeSet<usize> {
        let mut into: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, node) in self.nodes.iter().enumerate() {
            node.ways
                .iter()
                .for_each(|to| into.entry(*to).or_default().push(i));
        }
        let is_out = |(_, node): &(usize, &Node<'_>)| node.leaves;
        let mut free: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = self
            .nodes
            .iter()
            .enumerate()
            .filter(is_out)
            .map(|(i, _)| i)
            .collect();
        while let Some(i) = open.pop() {
            if free.insert(i) {
                open.extend(into.get(&i).into_iter().flatten());
            }
        }
        let trapped: BTreeSet<usize> = (0..self.nodes.len())
            .filter(|i| !free.contains(i))
            .collect();
        for cycle in self.cycles(&trapped, |node| node.ways.first().copied()) {
            let (at, path) = self.show(&cycle);
            let hint =
                "let a key, a word or the default lead out: to a queue, a transfer or `hangup`";
            notes.error(at, format!("loop without exit: {path}"), hint);
        }
        trapped
    }

    fn silent_loops(&self, trapped: &BTreeSet<usize>, notes: &mut Notes) {
        let open: BTreeSet<usize> = (0..self.nodes.len())
            .filter(|i| !trapped.contains(i))
            .collect();
        for cycle in self.cycles(&open, |node| node.silent) {
            let (at, path) = self.show(&cycle);
            let message = format!("a caller who says nothing goes round for ever: {path}");
            notes.warn(
                at,
                message,
                "let the default lead to a queue or to `hangup`",
            );
        }
    }

    fn far_from_a_human(&self, trapped: &BTreeSet<usize>, notes: &mut Notes) {
        for (i, node) in self.nodes.iter().enumerate() {
            let counts = matches!(node.step.act, Act::Ask(_)) || self.doors.contains(&i);
            if !counts || !node.is_reached || trapped.contains(&i) || node.human < FAR {
                continue;
            }
            let message = format!(
                "from step `{}` no human is reached within {PROMPTS_TO_A_HUMAN} prompts",
                node.id
            );
            notes.warn(
                node.step.at,
                message,
                "add an answer that leads to a queue or a transfer",
            );
        }
    }

    /// The cycles met by following one way from each of the nodes, each once.
    fn cycles(
        &self,
        among: &BTreeSet<usize>,
        way: impl Fn(&Node<'_>) -> Option<usize>,
    ) -> Vec<Vec<usize>> {
        let mut done: BTreeSet<usize> = BTreeSet::new();
        let mut cycles = Vec::new();
        for start in among {
            let mut path: Vec<usize> = Vec::new();
            let mut on_path: BTreeSet<usize> = BTreeSet::new();
            let mut here = Some(*start);
            while let Some(i) = here.filter(|i| among.contains(i) && !done.contains(i)) {
                if !on_path.insert(i) {
                    cycles.push(path.iter().copied().skip_while(|j| *j != i).collect());
                    break;
                }
                path.push(i);
                here = self.nodes.get(i).and_then(&way);
            }
            done.extend(path);
        }
        cycles
    }

    /// Where its first step stands, and its steps as a path from there back to it.
    fn show(&self, cycle: &[usize]) -> (At, String) {
        let nodes: Vec<&Node<'_>> = cycle.iter().filter_map(|i| self.nodes.get(*i)).collect();
        let first = nodes
            .iter()
            .enumerate()
            .min_by_key(|(_, node)| node.step.at)
            .map_or(0, |(i, _)| i);
        let one_flow = nodes
            .iter()
            .all(|node| nodes.first().is_some_and(|n| n.flow == node.flow));
        let name = |node: &&Node<'_>| match one_flow {
            true => node.id.to_owned(),
            false => format!("{}/{}", node.flow, node.id),
        };
        let turned = nodes
            .iter()
            .cycle()
            .skip(first)
            .take(nodes.len() + 1)
            .map(name);
        let at = nodes
            .get(first)
            .map(|node| node.step.at)
            .unwrap_or_default();
        (at, turned.collect::<Vec<_>>().join(" -> "))
    }
}
