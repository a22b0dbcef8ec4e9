//! The number that only the health gate knows: a call to it goes through signalling, media and a prompt like any
//! other, and leaves nothing behind.
//!
//! It exists where the service manager gives a runtime folder: the number is drawn anew at each start and written
//! there, readable to the box's own group alone. Its door is laid behind the site's text when a site is loaded, so a
//! customer neither sees it nor can take it away.

use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use centre::record::Record;
use centre::site::{Diagnostic, Site};

/// File below the runtime folder that holds the number.
pub(crate) const FILE: &str = "self-test";
/// Whom systemd tells where the runtime folder is.
const RUNTIME: &str = "RUNTIME_DIRECTORY";
/// The audio of a self-test is not kept either.
const GROUP_MAY_READ: u32 = 0o640;

/// What a self-test call dials, and what is played to it.
#[derive(Clone, Debug)]
pub(crate) struct SelfTest {
    number: String,
    prompt: String,
    recordings: PathBuf,
}

impl SelfTest {
    /// Draws a number and writes it down; nothing without a runtime folder or a prompt to play.
    pub(crate) fn open(
        recordings: &Path,
        prompts: &BTreeSet<String>,
    ) -> anyhow::Result<Option<Self>> {
        let (Some(folder), Some(prompt)) = (std::env::var_os(RUNTIME), prompts.first()) else {
            return Ok(None);
        };
        let seed = crate::seed()?;
        let number = seed
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let test = Self {
            number,
            prompt: prompt.clone(),
            recordings: recordings.to_owned(),
        };
        let file = Path::new(&folder).join(FILE);
        test.write(&file)
            .with_context(|| format!("could not write `{}`", file.display()))?;
        Ok(Some(test))
    }

    /// A site with the door of the self-test behind it; faults are those of the customer's text alone.
    pub(crate) fn load(
        test: Option<&Self>,
        text: &str,
        prompts: &BTreeSet<String>,
    ) -> Result<Site, Vec<Diagnostic>> {
        let site = Site::load(text, prompts)?;
        let Some(test) = test else {
            return Ok(site);
        };
        // A site may have a trunk on loopback already; then the number alone is added.
        let with = |more: &str| Site::load(&format!("{text}\n{more}{}", test.door()), prompts);
        Ok(with(TRUNK).or_else(|_| with("")).unwrap_or(site))
    }

    /// Whether a record is the self-test's: it is not kept.
    pub(crate) fn made(&self, record: &Record) -> bool {
        record.parties.to == self.number
    }

    /// Takes away what the call left.
    pub(crate) fn clear(&self, record: &Record) {
        if let Some(recording) = &record.recording {
            let file = self.recordings.join(&recording.file);
            if let Err(why) = std::fs::remove_file(&file) {
                tracing::warn!(%why, "the audio of a self-test could not be taken away");
            }
        }
    }

    fn door(&self) -> String {
        format!(
            "[number.\"{}\"]\nflow = \"branchline_self_test\"\n[flow.branchline_self_test]\nxml = '<ivr name=\"branchline_self_test\"><step type=\"hangup\" prompt=\"{}\"/></ivr>'\n",
            self.number, self.prompt
        )
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        use std::io::Write as _;
        // A file of an earlier life may be of another mode.
        let _ = std::fs::remove_file(file);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(GROUP_MAY_READ)
            .open(file)?;
        file.write_all(self.number.as_bytes())
    }
}

/// Who may dial it: this machine.
const TRUNK: &str = "[trunk.branchline_self_test]\npeers = [\"127.0.0.1\"]\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn test() -> SelfTest {
        SelfTest {
            number: "00ff00ff".to_owned(),
            prompt: "goodbye".to_owned(),
            recordings: PathBuf::new(),
        }
    }

    fn prompts() -> BTreeSet<String> {
        let names = [
            "welcome",
            "goodbye",
            "no_input",
            "invalid_key",
            "queue_wait",
            "say_problem",
            "net_help",
            "billing",
            "sorry",
            "sales",
        ];
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_door_stands_behind_every_site_and_the_customers_text_is_judged_alone() {
        let site = SelfTest::load(Some(&test()), Site::default_text(), &prompts()).unwrap();
        assert!(site.number("00ff00ff").is_some());
        let plain = SelfTest::load(None, Site::default_text(), &prompts()).unwrap();
        assert_ne!(
            plain.number("00ff00ff"),
            site.number("00ff00ff"),
            "without a gate the number is any number"
        );
        let faults = SelfTest::load(Some(&test()), "[site]\nnme = 1\n", &prompts()).unwrap_err();
        assert_eq!(
            faults,
            Site::load("[site]\nnme = 1\n", &prompts()).unwrap_err()
        );
    }

    #[test]
    fn a_site_without_a_trunk_takes_the_self_test_from_this_machine() {
        let text = "[site]\nname = \"Empty\"\n";
        let site = SelfTest::load(Some(&test()), text, &prompts()).unwrap();
        assert!(site.number("00ff00ff").is_some());
    }
}
