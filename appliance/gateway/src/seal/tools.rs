//! The system's own tools, each within a limit: a TPM that does not answer must not hold up a start.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// A tool that takes longer is ended: a TPM takes seconds, an emulated one on a busy machine more.
const LIMIT: Duration = Duration::from_secs(90);
/// Checking and making a file system takes as long as the disk is large.
const LONG: Duration = Duration::from_secs(600);
/// What speaks with the TPM; the kernel keeps its users apart.
const TPM: &str = "/dev/tpmrm0";
/// TPM2_DictionaryAttackLockReset (TPM 2.0 part 3, 25.2) by the lockout hierarchy, whose password nobody has set.
const LOCK_RESET: [u8; 27] = [
    0x80, 0x02, 0, 0, 0, 27, 0, 0, 0x01, 0x39, 0x40, 0, 0, 0x0a, // command, its handle
    0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 0, 0, 0, // an empty password
];
/// Pause between two looks at a running tool.
const LOOK: Duration = Duration::from_millis(20);

/// Opens and names volumes.
pub(super) fn cryptsetup<A: AsRef<OsStr>>(args: &[A]) -> anyhow::Result<String> {
    finish(Command::new("cryptsetup").args(args), None, LIMIT)
}

/// The same, with a key on its standard input.
pub(super) fn cryptsetup_with<A: AsRef<OsStr>>(args: &[A], key: &str) -> anyhow::Result<String> {
    finish(Command::new("cryptsetup").args(args), Some(key), LIMIT)
}

/// Puts keys into a volume's slots, opened by the key in a file; what it prints.
pub(super) fn enrol(key: &Path, words: &[&str], partition: &Path) -> anyhow::Result<String> {
    let mut unlock = std::ffi::OsString::from("--unlock-key-file=");
    unlock.push(key);
    let mut command = Command::new("systemd-cryptenroll");
    finish(command.arg(unlock).args(words).arg(partition), None, LIMIT)
}

/// Opens a volume by the TPM, or says why that did not work.
pub(super) fn open_by_tpm(partition: &Path, name: &str) -> Result<(), String> {
    let mut command = Command::new("/usr/lib/systemd/systemd-cryptsetup");
    command.args(["attach", name]).arg(partition);
    // Headless: it never asks anybody.
    command.args(["-", "tpm2-device=auto,headless=true"]);
    finish(&mut command, None, LIMIT).map(drop).map_err(|why| {
        tracing::warn!("{why:#}");
        if why.is::<Silent>() {
            return "the TPM does not answer".to_owned();
        }
        "its TPM does not know this box as it was started: Secure Boot or its keys were changed, or the TPM".to_owned()
    })
}

/// Lets the TPM forget starts that ended in a power cut. It counts each as an attack after it has given a key out, and
/// after some of them gives none for hours. Our key has no password that could be guessed, so nothing is lost by it.
pub(super) fn forgive() {
    let asked = || -> anyhow::Result<()> {
        let mut tpm = OpenOptions::new().read(true).write(true).open(TPM)?;
        tpm.write_all(&LOCK_RESET)?;
        let mut answer = [0; 64];
        let read = tpm.read(&mut answer)?;
        ensure!(
            answer.get(6..10) == Some(&[0; 4]),
            "it answers {:02x?}",
            &answer[..read]
        );
        Ok(())
    };
    if let Err(why) = asked() {
        tracing::warn!("the TPM does not forget power cuts: {why:#}");
    }
}

/// Makes an empty file system.
pub(super) fn format(device: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("mkfs.ext4");
    finish(
        command.args(["-q", "-F", "-L", "data"]).arg(device),
        None,
        LONG,
    )
    .map(drop)
}

/// Mends what a power cut left; what it cannot mend, mounting tells.
pub(super) fn check(device: &Path) {
    let mut command = Command::new("fsck.ext4");
    if let Err(why) = finish(command.arg("-p").arg(device), None, LONG) {
        tracing::warn!("the data's file system was mended, or could not be: {why:#}");
    }
}

/// Any other tool of the system.
pub(super) fn run(program: &str, args: &[&str]) -> anyhow::Result<String> {
    finish(Command::new(program).args(args), None, LIMIT)
}

/// Somebody at the console types; there is no limit, and nobody may ever come.
pub(super) fn ask(question: &str) -> anyhow::Result<String> {
    let mut command = Command::new("systemd-ask-password");
    command.args(["--timeout=0", "--id=branchline:recovery", question]);
    let said = command.stdin(Stdio::null()).output()?;
    if !said.status.success() {
        bail!("nobody could be asked: {}", words(&said.stderr));
    }
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// A tool that was ended at its limit.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` did not answer in {} s", limit.as_secs())]
struct Silent {
    name: String,
    limit: Duration,
}

/// Runs to the end or to the limit. What it is given and what it prints stays in this process: keys pass here.
fn finish(command: &mut Command, input: Option<&str>, limit: Duration) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{name}`"))?;
    if let Some(mut pipe) = child.stdin.take()
        && let Some(input) = input
    {
        // A tool that did not want it says why itself.
        let _ = pipe.write_all(input.as_bytes());
    }
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Silent { name, limit }.into());
        }
        std::thread::sleep(LOOK);
    };
    let read = |pipe: Option<&mut dyn std::io::Read>| {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(1 << 16).read_to_end(&mut bytes);
        }
        bytes
    };
    let said = read(
        child
            .stdout
            .as_mut()
            .map(|pipe| pipe as &mut dyn std::io::Read),
    );
    let complained = read(
        child
            .stderr
            .as_mut()
            .map(|pipe| pipe as &mut dyn std::io::Read),
    );
    if !status.success() {
        bail!("`{name}` ended with {status}: {}", words(&complained));
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// The last thing a tool complained of, on one line.
fn words(complained: &[u8]) -> String {
    let text = String::from_utf8_lossy(complained);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next_back().unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_does_not_end_is_ended_and_named() {
        let mut sleeper = Command::new("sleep");
        let why = finish(sleeper.arg("60"), None, Duration::from_millis(50)).unwrap_err();
        assert!(why.to_string().contains("`sleep` did not answer"), "{why}");
    }

    #[test]
    fn a_key_goes_in_by_the_pipe_and_what_fails_says_its_last_words() {
        let said = finish(&mut Command::new("cat"), Some("secret"), LIMIT).unwrap();
        assert_eq!(said, "secret");
        let mut fails = Command::new("sh");
        let why = finish(
            fails.args(["-c", "echo one >&2; echo two >&2; exit 3"]),
            None,
            LIMIT,
        );
        let why = why.unwrap_err().to_string();
        assert!(why.contains("two") && !why.contains("one"), "{why}");
    }
}
