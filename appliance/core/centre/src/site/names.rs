//! Names to offer while a site text is edited.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Site;

/// All names a site text may mention, sorted, for completion in the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Trunks.
    pub trunks: Vec<String>,
    /// Carrier templates that a trunk may follow.
    #[serde(default)]
    pub templates: Vec<String>,
    /// Called numbers, `*` among them where it is set.
    pub numbers: Vec<String>,
    /// Queues.
    pub queues: Vec<String>,
    /// Flows with the ids of their steps.
    pub flows: BTreeMap<String, Vec<String>>,
    /// Devices.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Agents.
    #[serde(default)]
    pub agents: Vec<String>,
    /// Skills that somebody has.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Prompts that can be played.
    pub prompts: Vec<String>,
}

impl Names {
    pub(super) fn of_site(site: &Site) -> Self {
        let agents = || site.people.agents();
        let skills: BTreeSet<&String> = agents().flat_map(|agent| &agent.skills).collect();
        let steps = |flow: &crate::flow::Flow| flow.step_ids().map(str::to_owned).collect();
        Self {
            trunks: site.trunks.iter().map(|trunk| trunk.name.clone()).collect(),
            templates: super::carriers::names().map(str::to_owned).collect(),
            numbers: site.numbers.keys().cloned().collect(),
            queues: site.queues.keys().cloned().collect(),
            flows: site
                .flows()
                .map(|flow| (flow.name().to_owned(), steps(flow)))
                .collect(),
            devices: site.people.devices().map(|d| d.name.clone()).collect(),
            agents: agents().map(|agent| agent.name.clone()).collect(),
            skills: skills.into_iter().cloned().collect(),
            prompts: site.prompts.iter().cloned().collect(),
        }
    }
}
