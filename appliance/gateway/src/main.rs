//! `branchline`: what was typed decides which part of the box runs.

use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal as _, stderr, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use gateway::blackbox::Replayed;
use gateway::boot::Boot;
use gateway::cli::{Cli, FlowVerb, SpeechArgs, Verb};
use gateway::{
    blackbox, boot_slot, caller, flow_check, health, label, local_audio, reset, run, seal, update,
};
use tracing_subscriber::EnvFilter;

/// What is logged where BRANCHLINE_LOG says nothing.
const LOG: &str = "info,rumqttc=warn,tract=warn,tract_onnx=warn,tract_core=warn";

fn main() -> ExitCode {
    let cli = Cli::parse_from(as_called(std::env::args_os()));
    let filter = EnvFilter::try_from_env("BRANCHLINE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    let ansi = stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(ansi)
        .init();
    let done = match cli.verb {
        Verb::Run(args) => Boot::load(&args)
            .map_err(Into::into)
            .and_then(|boot| block_on(run::run(boot, args.json))),
        Verb::Call(args) => match block_on(caller::call(args)) {
            Ok(answered) => {
                return if answered {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(3)
                };
            }
            Err(why) => Err(why),
        },
        Verb::Flow {
            verb: FlowVerb::Check(args),
        } => return flow_check::run(&args),
        Verb::Replay(args) => match blackbox::replay(&args) {
            Ok(Replayed::Same) => return ExitCode::SUCCESS,
            Ok(Replayed::Diverged) => return ExitCode::from(1),
            Ok(Replayed::Unreadable) => return ExitCode::from(2),
            Err(why) => {
                eprintln!("error: {why:#}");
                return ExitCode::from(2);
            }
        },
        Verb::Trace(args) => blackbox::trace(&args),
        Verb::Health(args) => match block_on(health::run(&args)) {
            Ok(true) => return ExitCode::SUCCESS,
            Ok(false) => return ExitCode::FAILURE,
            Err(why) => Err(why),
        },
        Verb::BootSlot(args) => boot_slot::run(&args),
        Verb::Label(args) => label::run(&args),
        Verb::Reset(args) => reset::run(&args),
        Verb::Seal(args) => seal::run(&args),
        Verb::Update(args) => match block_on(update::run(&args)) {
            Ok(true) => return ExitCode::SUCCESS,
            Ok(false) => return ExitCode::from(2),
            Err(why) => Err(why),
        },
        Verb::SpeechWorker(args) => speech_worker(args),
        Verb::AudioWorker => local_audio::run_worker(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command line; RAUC knows its backend and its handler by path alone, so those paths are names of this program.
fn as_called(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<_> = args.collect();
    let name = args
        .first()
        .map(|name| Path::new(name).file_name().unwrap_or_default().to_owned());
    match name.as_deref().and_then(OsStr::to_str) {
        Some("boot-backend") => drop(args.splice(1..1, ["boot-slot".into()])),
        // Its arguments name slots; the verb needs none of them.
        Some("before-install") => {
            drop(args.splice(1.., ["boot-slot".into(), "before-install".into()]))
        }
        _ => {}
    }
    args
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

fn speech_worker(args: SpeechArgs) -> anyhow::Result<()> {
    let config = speech::worker::WorkerConfig {
        packs_dir: args.packs,
        manifest: args.manifest,
        memory_cap_mb: args.memory,
    };
    Ok(speech::worker::run(config, stdin(), stdout())?)
}
