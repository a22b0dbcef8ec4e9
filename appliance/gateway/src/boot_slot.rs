//! `branchline boot-slot`: which root boots next, as names on the EFI partition say it (`board::Entries`).
//!
//! RAUC calls it as its boot backend and before an update is written; the health gate calls it when a start was good.
//! Each change is one rename, followed by a sync: a power cut leaves the state before it or the one after.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use board::{Board, Entries, Entry, Rename, Slot};

use crate::cli::{BootSlotArgs, BootSlotVerb, StateWord};
use crate::update;

/// Where the EFI partition is found.
const ESP: &str = "/efi";
/// A release that must prove itself is tried so often: once for itself, and once more should the power go meanwhile.
const TRIAL: u8 = 2;
/// Said where the other slot may be needed yet.
const NOT_PROVED: &str = "this start has not been found good yet, and the box may have to fall back to the slot that would be written\nhint: ask again in some minutes";
/// Folder of entries below the EFI partition.
const ENTRIES: &str = "EFI/Linux";
/// Name a kernel has while it is copied; no boot loader looks at it.
const UNFINISHED: &str = "branchline.part";
/// Where RAUC shows the bundle while it installs.
const BUNDLE: &str = "RAUC_BUNDLE_MOUNT_POINT";
/// What the bundle says of itself, in there.
const MANIFEST: &str = "manifest.raucm";

/// Does one verb; what RAUC asks for is printed.
pub fn run(args: &BootSlotArgs) -> anyhow::Result<()> {
    let folder = Folder::open(&args.esp)?;
    let tries = || tries(&args.board);
    match &args.verb {
        BootSlotVerb::GetCurrent => println!("{}", current(&args.command_line)?),
        BootSlotVerb::GetPrimary => {
            let first = folder.entries()?.primary();
            let first = first
                .context("no entry may boot\nhint: the firmware's own menu can still start one")?;
            println!("{}", first.slot);
        }
        BootSlotVerb::SetPrimary { slot } => {
            let entries = folder.entries()?;
            known(&entries, (*slot).into())?;
            let tries = tries()?.min(TRIAL);
            folder.rename(entries.choose((*slot).into(), tries))?;
        }
        BootSlotVerb::GetState { slot } => {
            let good = folder
                .entries()?
                .of((*slot).into())
                .is_some_and(|entry| entry.bootable());
            println!("{}", if good { "good" } else { "bad" });
        }
        BootSlotVerb::SetState { slot, state } => {
            let entries = folder.entries()?;
            folder.rename(match state {
                StateWord::Good => entries.arm((*slot).into(), tries()?),
                StateWord::Bad => entries.spend((*slot).into()),
            })?;
        }
        BootSlotVerb::MarkGood => {
            let slot = current(&args.command_line)?;
            folder.rename(folder.entries()?.arm(slot, tries()?))?;
            tracing::info!(%slot, "this start was good: the slot has all its tries again");
            update::came_up(&args.system, slot);
        }
        BootSlotVerb::BeforeInstall => before_install(&folder, args)?,
    }
    Ok(())
}

/// Whether the running slot's start was found good: the boot loader counts each start, and only the gate takes the
/// count back. Until then the other slot is what the box falls back to, and nobody writes it.
fn is_proved(entries: &Entries, running: Slot) -> bool {
    entries.of(running).is_some_and(|entry| entry.done == 0)
}

/// Whether an update would have to wait, and why; `None` also on a machine that has no slots.
pub(crate) fn must_wait(command_line: &Path) -> Option<&'static str> {
    let running = current(command_line).ok()?;
    let entries = Folder::open(Path::new(ESP)).ok()?.entries().ok()?;
    (!is_proved(&entries, running)).then_some(NOT_PROVED)
}

/// Lays the new kernel beside the running one, under a name that cannot boot until its slot is chosen.
fn before_install(folder: &Folder, args: &BootSlotArgs) -> anyhow::Result<()> {
    let bundle = std::env::var_os(BUNDLE)
        .with_context(|| format!("{BUNDLE} is not set\nhint: RAUC calls this verb"))?;
    let manifest = Path::new(&bundle).join(MANIFEST);
    let manifest = fs::read_to_string(&manifest)
        .with_context(|| format!("could not read `{}`", manifest.display()))?;
    update::admit(&args.system, &manifest)?;
    let running = current(&args.command_line)?;
    if !is_proved(&folder.entries()?, running) {
        bail!(NOT_PROVED);
    }
    let slot = running.other();
    let kernel = Path::new(&bundle).join(format!("kernel-{}.efi", slot.letter()));
    folder.rename(folder.entries()?.spend(slot))?;
    folder.lay(&kernel, slot)
}

/// The slot this machine was started from.
pub(crate) fn current(command_line: &Path) -> anyhow::Result<Slot> {
    let text = fs::read_to_string(command_line)
        .with_context(|| format!("could not read `{}`", command_line.display()))?;
    let words = text.split_whitespace();
    let named = words
        .filter_map(|word| word.strip_prefix("branchline.slot="))
        .next();
    match named {
        Some("A") => Ok(Slot::A),
        Some("B") => Ok(Slot::B),
        _ => bail!(
            "this machine was not started from a slot\nhint: boot-slot works on a box that runs Branchline's image"
        ),
    }
}

fn known(entries: &Entries, slot: Slot) -> anyhow::Result<()> {
    if entries.of(slot).is_none() {
        bail!("slot {slot} has no kernel\nhint: install an update first");
    }
    Ok(())
}

/// How many tries this board's entries get.
fn tries(board: &Path) -> anyhow::Result<u8> {
    let text = fs::read_to_string(board)
        .with_context(|| format!("could not read `{}`", board.display()))?;
    let board = Board::parse_whole(&text).with_context(|| board.display().to_string())?;
    Ok(board.boot.tries)
}

/// The folder of entries.
struct Folder(PathBuf);

impl Folder {
    fn open(esp: &Path) -> anyhow::Result<Self> {
        let folder = esp.join(ENTRIES);
        if !folder.is_dir() {
            bail!(
                "no `{}`\nhint: name the EFI partition's mount point by --esp",
                folder.display()
            );
        }
        Ok(Self(folder))
    }

    fn entries(&self) -> anyhow::Result<Entries> {
        let names: Vec<String> = fs::read_dir(&self.0)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        Ok(Entries::new(names.iter().map(String::as_str)))
    }

    fn rename(&self, change: Option<Rename>) -> anyhow::Result<()> {
        let Some(Rename { from, to }) = change else {
            return Ok(());
        };
        fs::rename(self.0.join(&from), self.0.join(&to))
            .with_context(|| format!("could not rename `{from}` to `{to}`"))?;
        self.sync()
    }

    fn lay(&self, kernel: &Path, slot: Slot) -> anyhow::Result<()> {
        let unfinished = self.0.join(UNFINISHED);
        // The partition has room for three kernels, not for what each cut-off update left.
        let old: Vec<String> = self.entries()?.names(slot).map(str::to_owned).collect();
        for name in old {
            fs::remove_file(self.0.join(name))?;
        }
        fs::copy(kernel, &unfinished).with_context(|| {
            format!("could not copy `{}` to the EFI partition", kernel.display())
        })?;
        File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, self.0.join(Entry::waiting(slot).to_string()))?;
        self.sync()
    }

    fn sync(&self) -> anyhow::Result<()> {
        rustix::fs::syncfs(File::open(&self.0)?).context("could not write the EFI partition out")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = concat!(include_str!("../../../board/common/board.toml"));

    struct Esp(tempfile::TempDir);

    impl Esp {
        fn new(names: &[&str]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join(ENTRIES);
            fs::create_dir_all(&folder).unwrap();
            for name in names {
                fs::write(folder.join(name), name).unwrap();
            }
            let board =
                Board::parse(BOARD, include_str!("../../../board/x86-64/board.toml")).unwrap();
            fs::write(dir.path().join("board.toml"), board.to_toml().unwrap()).unwrap();
            fs::write(dir.path().join("cmdline"), "ro branchline.slot=A quiet").unwrap();
            Self(dir)
        }

        fn run(&self, verb: BootSlotVerb) -> anyhow::Result<()> {
            run(&BootSlotArgs {
                esp: self.0.path().to_owned(),
                board: self.0.path().join("board.toml"),
                command_line: self.0.path().join("cmdline"),
                system: self.0.path().to_owned(),
                verb,
            })
        }

        fn names(&self) -> Vec<String> {
            let folder = fs::read_dir(self.0.path().join(ENTRIES)).unwrap();
            let mut names: Vec<_> = folder
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn an_update_goes_from_waiting_to_chosen_to_good() {
        use crate::cli::SlotWord;
        let esp = Esp::new(&["branchline-1-a+4-1.efi", "memtest.efi"]);
        let folder = Folder::open(esp.0.path()).unwrap();
        let kernel = esp.0.path().join("kernel-b.efi");
        fs::write(&kernel, "new").unwrap();
        folder.lay(&kernel, Slot::B).unwrap();
        assert_eq!(
            esp.names(),
            [
                "branchline-0-b+0-1.efi",
                "branchline-1-a+4-1.efi",
                "memtest.efi"
            ]
        );
        esp.run(BootSlotVerb::SetPrimary { slot: SlotWord::B })
            .unwrap();
        assert_eq!(
            esp.names(),
            [
                "branchline-1-a+4-1.efi",
                "branchline-2-b+2.efi",
                "memtest.efi"
            ]
        );
        esp.run(BootSlotVerb::MarkGood).unwrap();
        assert_eq!(
            esp.names(),
            [
                "branchline-1-a+5.efi",
                "branchline-2-b+2.efi",
                "memtest.efi"
            ]
        );
        esp.run(BootSlotVerb::SetState {
            slot: SlotWord::B,
            state: StateWord::Bad,
        })
        .unwrap();
        assert_eq!(
            esp.names(),
            [
                "branchline-1-a+5.efi",
                "branchline-2-b+0-1.efi",
                "memtest.efi"
            ]
        );
    }

    #[test]
    fn the_slot_to_fall_back_to_is_not_written_before_the_running_one_is_found_good() {
        let entries = |running: &str| {
            let esp = Esp::new(&[running, "branchline-1-a+5.efi"]);
            Folder::open(esp.0.path()).unwrap().entries().unwrap()
        };
        let fresh = entries("branchline-2-b+4-1.efi");
        assert!(!is_proved(&fresh, Slot::B), "started, not proved");
        assert!(is_proved(&entries("branchline-2-b+5.efi"), Slot::B));
        assert!(!is_proved(&entries("memtest.efi"), Slot::B), "no such slot");
    }

    #[test]
    fn a_slot_without_a_kernel_cannot_be_chosen() {
        use crate::cli::SlotWord;
        let error =
            Esp::new(&["branchline-1-a+5.efi"]).run(BootSlotVerb::SetPrimary { slot: SlotWord::B });
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("slot B has no kernel")
        );
    }
}
