//! From what was written to what is true.
use std::collections::{BTreeMap, BTreeSet};

use super::{Diagnostic, Site, SiteFile};

pub(super) fn load(text: &str, prompts: &BTreeSet<String>) -> Result<Site, Vec<Diagnostic>> {
    resolve(SiteFile::parse(text)?, prompts)
}

pub(super) fn resolve(file: SiteFile, prompts: &BTreeSet<String>) -> Result<Site, Vec<Diagnostic>> {
    Ok(Site {
        text: file.text.clone(),
        name: file.text,
        language: "zh-CN".to_owned(),
        record: true,
        speech: true,
        trunks: Vec::new(),
        numbers: BTreeMap::new(),
        queues: BTreeMap::new(),
        flows: BTreeMap::new(),
        prompts: prompts.clone(),
        warnings: Vec::new(),
    })
}
