//! The recovery key, asked for at the box's own console while its data is locked.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{KEY, NAME, Place, State, console, making, tools, tpm};

/// After a wrong key.
const PAUSE: Duration = Duration::from_secs(3);
/// A recovery key is so many letters, in groups.
const LETTERS: usize = 64;
const GROUP: usize = 8;

/// Asks until the right key comes; then the data takes the stand-in's place, and is bound to this TPM anew.
pub(super) fn ask(place: &Place<'_>) -> anyhow::Result<()> {
    let key = place.run.join(KEY);
    loop {
        let typed = tools::ask("Recovery key of this box:")?;
        let Some(words) = normal(&typed) else {
            console("A recovery key has eight groups of eight letters.");
            std::thread::sleep(PAUSE);
            continue;
        };
        let test = [
            "open",
            "--test-passphrase",
            // The key alone is judged, not what the TPM would say.
            "--disable-external-tokens",
            "--key-file=-",
        ]
        .map(std::ffi::OsStr::new);
        let test = [&test[..], &[place.partition.as_os_str()]].concat();
        if tools::cryptsetup_with(&test, &words).is_ok() {
            making::write_key(&key, words.as_bytes())?;
            let done = take(place, &key);
            let _ = fs::remove_file(&key);
            return done;
        }
        console("That is not the recovery key of this box.");
        std::thread::sleep(PAUSE);
    }
}

fn take(place: &Place<'_>, key: &Path) -> anyhow::Result<()> {
    console("The recovery key is right, the data is opened.");
    let bound =
        tpm().and_then(|()| making::bind(key, place.partition).map_err(|why| format!("{why:#}")));
    if let Err(why) = &bound {
        tracing::warn!("the data could not be sealed to this box anew: {why}");
        console(&format!(
            "WARNING: it could not be sealed to this box anew, the next start asks again: {why}"
        ));
    }
    tools::run("systemctl", &["stop", "branchline.service", "data.mount"])?;
    making::open(key, place.partition)?;
    let mapped = Path::new("/dev/mapper").join(NAME);
    tools::check(&mapped);
    place.give(&mapped)?;
    place.say(&State::Sealed)?;
    tools::run("systemctl", &["start", "data.mount"])?;
    tools::run("systemctl", &["start", "--no-block", "branchline.service"]).map(drop)
}

/// A key as it was made: groups of letters, however it was typed.
fn normal(typed: &str) -> Option<String> {
    let letters: Vec<char> = typed
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .take(LETTERS + 1)
        .collect();
    if letters.len() != LETTERS {
        return None;
    }
    let groups: Vec<String> = letters
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    Some(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_key_is_the_same_however_it_is_typed() {
        let key = ["cbdefghi"; 8].join("-");
        assert_eq!(normal(&key).as_deref(), Some(key.as_str()));
        let loose = key.to_uppercase().replace('-', "  ") + "\n";
        assert_eq!(normal(&loose).as_deref(), Some(key.as_str()));
        assert_eq!(normal("cbdefghi"), None);
        assert_eq!(normal(&(key + "x")), None);
    }
}
