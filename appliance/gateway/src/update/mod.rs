//! `branchline update`: takes a bundle in, in the background of calls, and lets it boot when nobody calls.
//!
//! RAUC checks signatures and writes; what is decided here is whether a bundle may come in (`bundle`), what follows
//! what (`phase`) and when the box starts anew. The health gate has the last word: [`came_up`] hears it.

mod bundle;
mod fetch;
mod phase;
mod place;
mod rauc;
mod stick;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use board::{Board, Slot};
use tracing::{info, warn};

use crate::cli::{UpdateArgs, UpdateVerb};
use crate::{boot_slot, image};
use bundle::{Bundle, Refusal};
use phase::{Phase, Step, Update};
use place::Place;
use rauc::Rauc;

/// Where the box keeps how its updates fare.
const SYSTEM: &str = "/data/system";
/// What is fetched lies here until it is written.
const FETCHED: &str = "update.raucb";
/// What is fetched is told of in steps of so many percent.
const SHOWN: u8 = 5;
/// How often calls are counted while they are waited for.
const COUNT: Duration = Duration::from_secs(1);
/// New calls are turned away for so long at most, while running ones are waited for.
const DRAIN: Duration = Duration::from_secs(30 * 60);
/// Counts in a row that must find none: the service tells each second, and a call may just have come.
const QUIET: u32 = 3;

/// Does one verb; false where the bundle was refused.
pub async fn run(args: &UpdateArgs) -> anyhow::Result<bool> {
    let place = Place(args.system.clone());
    match (&args.verb, &args.source) {
        (Some(UpdateVerb::Status { json }), _) => status(&place, *json).map(|()| true),
        (Some(UpdateVerb::Switch { if_written }), _) => {
            let _lock = place.lock()?;
            switch(args, &place, *if_written).await.map(|()| true)
        }
        (None, Some(source)) => {
            let _lock = place.lock()?;
            if let Some(why) = boot_slot::must_wait(&args.command_line) {
                bail!(why);
            }
            let folder = Path::new(source).is_dir();
            let file = if folder {
                news(args, &place, source)?
            } else {
                None
            };
            if folder && file.is_none() {
                return Ok(true);
            }
            let is_in = take_in(args, &place, file.as_deref().unwrap_or(source)).await?;
            if is_in && args.now {
                switch(args, &place, false).await?;
            }
            Ok(is_in)
        }
        (None, None) => bail!("no bundle is named\nhint: give a file or an address"),
    }
}

/// The bundle on a stick, where it is one that this box has not had.
fn news(args: &UpdateArgs, place: &Place, folder: &str) -> anyhow::Result<Option<String>> {
    let Some(file) = stick::bundle_in(Path::new(folder))? else {
        println!("no update lies in `{folder}`");
        return Ok(None);
    };
    let rauc = Rauc {
        conf: args.rauc_conf.clone(),
    };
    // One that is refused is refused again where it is taken in, and that is written down.
    let version = rauc.info(&file)?.ok().and_then(|bundle| bundle.version);
    let running = image::this_one().map(|image| image.version);
    let last = place.update()?;
    if let Some(why) = stick::old_news(version.as_deref(), running.as_deref(), last.as_ref()) {
        let version = version.unwrap_or_default();
        println!(
            "{version} is not taken from the stick: {why}\nhint: name the file itself to take it all the same"
        );
        return Ok(None);
    }
    Ok(Some(file.to_string_lossy().into_owned()))
}

/// Fetches, checks and writes a bundle; false where it was refused.
async fn take_in(args: &UpdateArgs, place: &Place, source: &str) -> anyhow::Result<bool> {
    let board = Board::parse_whole(&std::fs::read_to_string(&args.board)?)
        .with_context(|| args.board.display().to_string())?;
    let running = boot_slot::current(&args.command_line)?;
    let mut update = Update::asked(source, name(running.other()), crate::unix_ms());
    place.keep(&update)?;
    let file = match file(place, &mut update, source).await {
        Ok(file) => file,
        Err(why) => {
            let failed = Step::Failed {
                why: format!("{why:#}"),
            };
            place.step(&mut update, failed)?;
            return Err(why);
        }
    };
    let rauc = Rauc {
        conf: args.rauc_conf.clone(),
    };
    let checked = check(&rauc, &file, &board.compatible(), place.floor()?)?;
    let done = match checked {
        Err(refusal) => {
            let why = refusal.to_string();
            eprintln!("refused: {why}");
            place.step(&mut update, Step::Refused { why })?;
            Ok(false)
        }
        Ok(accepted) => {
            place.step(&mut update, accepted)?;
            write(&rauc, place, &mut update, &file).map(|()| true)
        }
    };
    if fetch::is_address(source) {
        // It was ours, and it is large.
        let _ = std::fs::remove_file(&file);
    }
    done
}

/// A slot as people write it.
fn name(slot: Slot) -> char {
    slot.letter().to_ascii_uppercase()
}

/// Where the bundle lies, after it was fetched if need be.
async fn file(place: &Place, update: &mut Update, source: &str) -> anyhow::Result<PathBuf> {
    if !fetch::is_address(source) {
        let file = Path::new(source);
        return std::fs::canonicalize(file).with_context(|| format!("could not read `{source}`"));
    }
    println!("fetching {source}");
    let file = place.0.join(FETCHED);
    let (mut kept, mut told) = (Ok(()), 0);
    let fetched = fetch::fetch(source, &file, |percent| {
        if percent >= told + SHOWN && kept.is_ok() {
            told = percent;
            println!("{percent:3} %  fetched");
            kept = place.step(update, Step::Progress(percent));
        }
    });
    let fetched = fetched.await;
    fetched.with_context(|| format!("could not fetch `{source}`"))?;
    kept?;
    Ok(file)
}

/// Whether a bundle may come in. Nothing is written.
fn check(
    rauc: &Rauc,
    file: &Path,
    compatible: &str,
    floor: u32,
) -> anyhow::Result<Result<Step, Refusal>> {
    let accepted = |bundle: Bundle| {
        bundle.judge(compatible, floor)?;
        Ok(Step::Accepted {
            floor: bundle.floor()?,
            version: bundle.version.unwrap_or_else(|| "unnamed".to_owned()),
        })
    };
    Ok(rauc.info(file)?.and_then(accepted))
}

fn write(rauc: &Rauc, place: &Place, update: &mut Update, file: &Path) -> anyhow::Result<()> {
    let version = update.version.clone().unwrap_or_default();
    println!("writing {version} to slot {}", update.slot);
    let mut kept = Ok(());
    let installed = rauc.install(file, |percent, what| {
        println!("{percent:3} %  {what}");
        if kept.is_ok() {
            kept = place.step(update, Step::Progress(percent));
        }
    });
    if let Err(why) = installed.and_then(|()| rauc.choose_running()) {
        let failed = Step::Failed {
            why: format!("{why:#}"),
        };
        place.step(update, failed)?;
        return Err(why).context("the update was not written, the running slot is as it was");
    }
    kept?;
    place.step(update, Step::Written)?;
    println!("{version} is written\nhint: `branchline update switch` starts it once no call is up");
    Ok(())
}

/// Waits until no call is up, lets the written slot boot next and starts the machine anew.
async fn switch(args: &UpdateArgs, place: &Place, if_written: bool) -> anyhow::Result<()> {
    let update = place.update()?;
    let waits = |update: &Update| matches!(update.phase, Phase::Written | Phase::Draining);
    let Some(mut update) = update.filter(waits) else {
        if if_written {
            return Ok(());
        }
        bail!("no update waits to be started\nhint: `branchline update FILE` writes one");
    };
    place.step(&mut update, Step::Drain)?;
    rauc::drain()?;
    let began = Instant::now();
    let mut quiet = 0;
    let mut told = None;
    while quiet < QUIET {
        tokio::time::sleep(COUNT).await;
        if began.elapsed() >= DRAIN {
            // A branch that nobody can call is worse than one update later.
            rauc::reopen()?;
            place.step(&mut update, Step::Undrained)?;
            bail!(
                "calls were still up after {} minutes; new ones are taken again\nhint: the update waits for the next night, or for `branchline update switch`",
                DRAIN.as_secs() / 60
            );
        }
        let calls = rauc::calls()?;
        quiet = if calls == 0 { quiet + 1 } else { 0 };
        if told.replace(calls) != Some(calls) && calls > 0 {
            println!("waiting for {calls} calls to end");
        }
    }
    place.forget_why();
    let rauc = Rauc {
        conf: args.rauc_conf.clone(),
    };
    rauc.choose_other()?;
    place.step(&mut update, Step::Armed)?;
    println!("starting slot {}", update.slot);
    rauc::reboot()
}

fn status(place: &Place, json: bool) -> anyhow::Result<()> {
    let update = place.update()?;
    if json {
        println!("{}", serde_json::to_string(&update)?);
        return Ok(());
    }
    let Some(update) = update else {
        println!("no update was asked for");
        return Ok(());
    };
    let version = update.version.as_deref().unwrap_or("not read yet");
    println!("update   {}", update.source);
    println!("version  {version}");
    println!("slot     {}", update.slot);
    println!("state    {}", words(&update));
    if let Some(why) = &update.why {
        println!("why      {why}");
    }
    Ok(())
}

fn words(update: &Update) -> String {
    match update.phase {
        Phase::Checking => format!("is fetched and checked, {} %", update.percent),
        Phase::Refused => "refused, nothing was written".to_owned(),
        Phase::Installing => format!("is written, {} %", update.percent),
        Phase::Failed => "failed, the running slot is as it was".to_owned(),
        Phase::Written => "written, waits to be started".to_owned(),
        Phase::Draining => "waits for calls to end".to_owned(),
        Phase::Trying => "starts, not proved yet".to_owned(),
        Phase::Healthy => "runs".to_owned(),
        Phase::RolledBack => "did not do its work, the version before it is back".to_owned(),
    }
}

/// Whether a bundle whose signed manifest this is may come in by its floor: the last door, for whoever asks RAUC itself.
pub(crate) fn admit(system: &Path, manifest: &str) -> anyhow::Result<()> {
    let floor = Place(system.to_owned()).floor()?;
    Ok(Bundle::of_manifest(manifest).above(floor)?)
}

/// Whether this release was started to be proved, and the one before it comes back where it is not. Its version says
/// which of the two runs: the daemon sees no kernel command line.
pub(crate) fn is_on_trial() -> bool {
    let version = image::this_one().map(|image| image.version);
    is_tried(&Place(PathBuf::from(SYSTEM)), version.as_deref())
}

fn is_tried(place: &Place, version: Option<&str>) -> bool {
    let update = place.update().ok().flatten();
    update.is_some_and(|update| {
        update.phase == Phase::Trying && version.is_some() && update.version.as_deref() == version
    })
}

/// The health gate found this start good: what that means for an update on its way, and for the floor. An update's
/// book-keeping never makes a good start a bad one: what fails here is said and left.
pub(crate) fn came_up(system: &Path, slot: Slot) {
    let place = Place(system.to_owned());
    if let Err(why) = settle(&place, slot) {
        warn!("how the last update fared was not written down: {why:#}");
    }
}

fn settle(place: &Place, slot: Slot) -> anyhow::Result<()> {
    let Some(mut update) = place.update()? else {
        return Ok(());
    };
    let before = update.phase;
    let why = place.why();
    let slot = name(slot);
    update.step(crate::unix_ms(), Step::Started { slot, why })?;
    if update.phase == before {
        return Ok(());
    }
    if update.phase == Phase::Healthy {
        place.raise(update.floor)?;
    }
    info!(phase = ?update.phase, version = update.version, "the last update");
    place.keep(&update)
}
