//! Loads a folder of WAV files as prompts; a file that cannot be used is named and left out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use media::Prompt;
use tracing::warn;

/// The most prompts that are loaded.
const MAX_PROMPTS: usize = 1_000;

/// All prompts of the folder by name: `welcome.wav` is `welcome`.
pub(crate) fn load(folder: &Path) -> anyhow::Result<BTreeMap<String, Arc<Prompt>>> {
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!(
            "could not read the prompts folder `{}`\nhint: set `prompts` in the boot file",
            folder.display()
        )
    })?;
    let mut prompts = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = prompt_name(&path) else {
            continue;
        };
        if prompts.len() == MAX_PROMPTS {
            warn!(
                "more than {MAX_PROMPTS} prompts in `{}`, the rest is left out",
                folder.display()
            );
            break;
        }
        match read(&path, &name) {
            Ok(prompt) => drop(prompts.insert(name, Arc::new(prompt))),
            Err(why) => warn!("prompt `{}` is left out: {why:#}", path.display()),
        }
    }
    Ok(prompts)
}

/// One prompt from a file.
pub(crate) fn read(path: &Path, name: &str) -> anyhow::Result<Prompt> {
    let bytes =
        std::fs::read(path).with_context(|| format!("could not read `{}`", path.display()))?;
    Ok(Prompt::from_wav(name, &bytes)?)
}

fn prompt_name(path: &Path) -> Option<String> {
    let is_wav = path.extension()?.eq_ignore_ascii_case("wav");
    path.file_stem()?
        .to_str()
        .filter(|_| is_wav)
        .map(str::to_owned)
}
