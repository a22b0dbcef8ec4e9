//! Transcribes WAV files with the box's own packs and says how fast.
//!
//! `cargo run -p speech --example transcribe -- --packs DIR FILE.wav ...` with `--manifest FILE`
//! (`models/manifest.toml` where not given), `--pack NAME` and `--telephone` (A-law at 8 kHz first).

use std::path::PathBuf;
use std::process::ExitCode;

use speech::transcribe::{Options, Transcriber, transcribe_file};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut options = Options {
        packs: PathBuf::from(".cache/packs"),
        manifest: PathBuf::from("models/manifest.toml"),
        recogniser: None,
        telephone: false,
    };
    let mut files = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--packs" => options.packs = value()?.into(),
            "--manifest" => options.manifest = value()?.into(),
            "--pack" => options.recogniser = Some(value()?),
            "--telephone" => options.telephone = true,
            _ => files.push(PathBuf::from(word)),
        }
    }
    let mut transcriber = Transcriber::load(&options).map_err(|e| e.to_string())?;
    println!("models loaded in {:.2} s", transcriber.load_seconds());
    for file in files {
        let heard = transcribe_file(&mut transcriber, &file).map_err(|e| e.to_string())?;
        println!("{}: {heard}", file.display());
    }
    Ok(())
}
