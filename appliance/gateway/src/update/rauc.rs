//! The programs an update is done by: `rauc` checks and writes, `systemctl` knows the box's service.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};

use super::bundle::{self, Bundle, Refusal};

/// The box's own service, and the word its status begins with.
const SERVICE: &str = "branchline.service";
const CALLS: &str = "calls now: ";

/// RAUC, with its own settings or others.
#[derive(Debug)]
pub(super) struct Rauc {
    pub(super) conf: Option<PathBuf>,
}

impl Rauc {
    /// What a bundle says of itself. Its signature is checked, its payload not yet.
    pub(super) fn info(&self, file: &Path) -> anyhow::Result<Result<Bundle, Refusal>> {
        let mut info = self.command();
        info.args(["info", "--output-format=json"]).arg(file);
        let told = output(info)?;
        if !told.status.success() {
            let said = String::from_utf8_lossy(&told.stderr);
            return Ok(Err(bundle::refusal(&said)));
        }
        Ok(Bundle::parse(&String::from_utf8_lossy(&told.stdout)))
    }

    /// Writes the slot that is not running; `tell` hears how far it is. The payload is checked block by block as it
    /// is read.
    pub(super) fn install(
        &self,
        file: &Path,
        mut tell: impl FnMut(u8, &str),
    ) -> anyhow::Result<()> {
        let mut install = self.command();
        install.arg("install").arg(file);
        install.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut rauc = install.spawn().context(MISSING)?;
        let (out, err) = (rauc.stdout.take(), rauc.stderr.take());
        // Both are read to their end: a pipe that nobody empties would stop it.
        let errors = std::thread::spawn(move || {
            let err = err.map(BufReader::new);
            let lines = err
                .into_iter()
                .flat_map(|err| err.lines().map_while(Result::ok));
            lines.filter(|line| !line.trim().is_empty()).last()
        });
        let mut reason = None;
        for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()) {
            let line = line.context("what rauc says")?;
            match bundle::progress(&line) {
                Some((percent, what)) => tell(percent, what),
                None => {
                    reason = line
                        .strip_prefix("LastError: ")
                        .map(str::to_owned)
                        .or(reason)
                }
            }
        }
        let said = errors.join().ok().flatten();
        if !rauc.wait()?.success() {
            bail!(
                reason
                    .or(said)
                    .unwrap_or_else(|| "rauc gave no reason".to_owned())
            );
        }
        Ok(())
    }

    /// Lets the slot that is not running boot next.
    pub(super) fn choose_other(&self) -> anyhow::Result<()> {
        self.choose("other")
    }

    /// Lets the running slot boot next, whatever an installation chose: the other one waits for its turn.
    pub(super) fn choose_running(&self) -> anyhow::Result<()> {
        self.choose("booted")
    }

    fn choose(&self, which: &str) -> anyhow::Result<()> {
        let mut mark = self.command();
        mark.args(["status", "mark-active", which]);
        done(mark)
    }

    fn command(&self) -> Command {
        let mut rauc = Command::new("rauc");
        if let Some(conf) = &self.conf {
            rauc.arg("--conf").arg(conf);
        }
        rauc
    }
}

/// The box takes no new calls from now on; the running ones go on.
pub(super) fn drain() -> anyhow::Result<()> {
    signal("USR1")
}

/// The box takes new calls again.
pub(super) fn reopen() -> anyhow::Result<()> {
    signal("USR2")
}

fn signal(name: &str) -> anyhow::Result<()> {
    let mut kill = Command::new("systemctl");
    kill.args(["kill", "--kill-who=main"]);
    kill.arg(format!("--signal={name}")).arg(SERVICE);
    done(kill)
}

/// Calls that are up, as the service tells; none where it does not run.
pub(super) fn calls() -> anyhow::Result<usize> {
    let mut show = Command::new("systemctl");
    show.args(["show", "--property=StatusText", "--value", SERVICE]);
    let told = output(show)?;
    Ok(calls_in(&String::from_utf8_lossy(&told.stdout)))
}

fn calls_in(status: &str) -> usize {
    let number = status.trim().strip_prefix(CALLS);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Starts the machine anew, in order.
pub(super) fn reboot() -> anyhow::Result<()> {
    let mut reboot = Command::new("systemctl");
    reboot.arg("reboot");
    done(reboot)
}

const MISSING: &str = "could not start it\nhint: updates are for boxes that run Branchline's image";

fn output(mut command: Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .output()
        .with_context(|| format!("`{name}`: {MISSING}"))
}

fn done(command: Command) -> anyhow::Result<()> {
    let words = format!("{command:?}").replace('"', "");
    let told = output(command)?;
    if !told.status.success() {
        bail!(
            "`{words}`: {}",
            String::from_utf8_lossy(&told.stderr).trim()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_from_the_services_status() {
        assert_eq!(calls_in("calls now: 12\n"), 12);
        assert_eq!(calls_in("stopping: running calls end"), 0);
        assert_eq!(calls_in(""), 0);
    }
}
