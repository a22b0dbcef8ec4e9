//! `branchline flow check FILE...`: names every fault of flow and site files with its place.
//!
//! The flows of all files know each other. It reads files and prints, and never touches a
//! running box. Exit status: 0 without errors (warnings are printed), 1 with errors, 2 where a
//! file could not be read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use centre::flow::{self, Known};
use centre::site::limits::MAX_SITE_BYTES;
use centre::site::{Diagnostic, Severity, Site, SiteFile};

use crate::cli::FlowCheckArgs;

/// Checks the files of the command line and prints to standard output.
pub fn run(args: &FlowCheckArgs) -> ExitCode {
    let mut printed = Vec::new();
    let code = match check(args, &mut printed) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::from(2)
        }
    };
    // A reader that went away (`| head`) wants no more.
    let _ = io::stdout().write_all(&printed);
    code
}

/// One file and what it says, as far as it is text.
struct Written {
    path: PathBuf,
    text: Result<String, Diagnostic>,
}

impl Written {
    fn is_site(&self) -> bool {
        self.path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    }
}

/// Prints all that was found; returns the number of errors.
fn check(args: &FlowCheckArgs, out: &mut impl Write) -> anyhow::Result<usize> {
    let prompts = args.prompts.as_deref().map(prompt_names).transpose()?;
    let files = args
        .files
        .iter()
        .map(|path| read(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut known = Known {
        prompts,
        ..Known::default()
    };
    let (mut errors, mut warnings) = (0, 0);
    if let Some(path) = &args.site {
        match read(path)?
            .text
            .map_err(|fault| vec![fault])
            .and_then(|text| SiteFile::parse(&text))
        {
            Ok(site) => {
                if let Some(prompts) = &mut known.prompts {
                    prompts.extend(site.lines_in().map(str::to_owned));
                }
                known = Known {
                    prompts: known.prompts,
                    ..site.known()
                }
            }
            Err(faults) => {
                errors += faults.iter().filter(|fault| fault.is_error()).count();
                print(out, path, &faults)?;
            }
        }
    }
    known.queues.extend(args.queues.iter().cloned());
    for name in &args.flows {
        known.flows.entry(name.clone()).or_default();
    }
    let outlines = files.iter().filter(|file| !file.is_site());
    known
        .flows
        .extend(outlines.filter_map(|file| flow::outline(file.text.as_ref().ok()?)));
    for file in &files {
        let faults = match &file.text {
            Err(fault) => vec![fault.clone()],
            Ok(text) if file.is_site() => Site::check(text, known.prompts.as_ref()),
            Ok(text) => flow::check(text, &known),
        };
        let wrong = faults.iter().filter(|fault| fault.is_error()).count();
        errors += wrong;
        warnings += faults.len() - wrong;
        print(out, &file.path, &faults)?;
    }
    let files = files.len();
    writeln!(
        out,
        "files checked: {files}, errors: {errors}, warnings: {warnings}"
    )?;
    Ok(errors)
}

fn print(out: &mut impl Write, path: &Path, faults: &[Diagnostic]) -> io::Result<()> {
    for Diagnostic {
        severity,
        line,
        column,
        message,
        hint,
    } in faults
    {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(
            out,
            "{}:{line}:{column}: {severity}: {message}",
            path.display()
        )?;
        if !hint.is_empty() {
            writeln!(out, "  hint: {hint}")?;
        }
    }
    Ok(())
}

/// Reads no more than a site may have and one byte, so that a huge file is told, not swallowed.
fn read(path: &Path) -> anyhow::Result<Written> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_SITE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|why| anyhow::anyhow!("could not read `{}`: {why}", path.display()))?;
    let cut_short = bytes.len() > MAX_SITE_BYTES;
    let text = match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let is_cut = cut_short && error.utf8_error().error_len().is_none();
            let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
            // Half a character at the cut is no fault of the file's.
            if is_cut {
                Ok(before + " ")
            } else {
                Err(not_text(&before))
            }
        }
    };
    Ok(Written {
        path: path.to_owned(),
        text,
    })
}

fn not_text(before: &str) -> Diagnostic {
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.chars().count())
        + 1;
    Diagnostic {
        severity: Severity::Error,
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        message: "not UTF-8 text".to_owned(),
        hint: "save it as UTF-8; a picture, a sound or a packed file is no flow".to_owned(),
    }
}

/// `welcome.wav` is the prompt `welcome`.
fn prompt_names(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder).map_err(|why| {
        anyhow::anyhow!(
            "could not read the prompts folder `{}`: {why}",
            folder.display()
        )
    })?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let path = entry?.path();
        let is_wav = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
        names.extend(
            path.file_stem()
                .filter(|_| is_wav)
                .and_then(|stem| stem.to_str())
                .map(str::to_owned),
        );
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        }
        folder
    }

    fn checked(folder: &tempfile::TempDir, files: &[&str], args: FlowCheckArgs) -> (usize, String) {
        let files = files.iter().map(|name| folder.path().join(name)).collect();
        let mut printed = Vec::new();
        let errors =
            check(&FlowCheckArgs { files, ..args }, &mut printed).expect("files are there");
        let printed = String::from_utf8(printed).expect("text");
        (
            errors,
            printed.replace(&format!("{}/", folder.path().display()), ""),
        )
    }

    fn no_more() -> FlowCheckArgs {
        FlowCheckArgs {
            files: Vec::new(),
            site: None,
            prompts: None,
            queues: Vec::new(),
            flows: Vec::new(),
        }
    }

    const SNIPPET: &[u8] = b"<ivr name=\"customer_service\"><step type=\"input\" key=\"1\" next=\"tech_support\"/><step type=\"input\" key=\"2\" next=\"sales\"/><step type=\"input\" default=\"true\" next=\"queue_wait\"/></ivr>";

    #[test]
    fn the_snippet_alone_names_what_it_leads_to_and_nothing_else_is_wrong() {
        let folder = folder(&[("a.xml", SNIPPET), ("welcome.wav", b"")]);
        let (errors, printed) = checked(&folder, &["a.xml"], no_more());
        assert_eq!(errors, 3, "{printed}");
        assert!(
            printed
                .contains("a.xml:1:63: error: `tech_support` is no step, flow or queue\n  hint: "),
            "{printed}"
        );
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let args = FlowCheckArgs {
            queues: names(&["queue_wait", "sales"]),
            flows: names(&["tech_support"]),
            prompts: Some(folder.path().to_owned()),
            ..no_more()
        };
        let (errors, printed) = checked(&folder, &["a.xml"], args);
        assert_eq!(errors, 0, "{printed}");
        assert!(
            printed.ends_with("files checked: 1, errors: 0, warnings: 1\n"),
            "{printed}"
        );
    }

    #[test]
    fn files_know_each_other_and_the_names_of_the_site() {
        let tech = b"<ivr name=\"tech_support\">\n<step type=\"say\" prompt=\"x\" next=\"customer_service\"/></ivr>";
        let site = Site::default_text().as_bytes();
        let folder = folder(&[("a.xml", SNIPPET), ("b.xml", tech), ("site.toml", site)]);
        let args = FlowCheckArgs {
            site: Some(folder.path().join("site.toml")),
            ..no_more()
        };
        let (errors, printed) = checked(&folder, &["a.xml", "b.xml", "site.toml"], args);
        assert_eq!(errors, 0, "{printed}");
    }

    #[test]
    fn binary_files_are_told_by_the_place_where_text_ends() {
        let folder = folder(&[("a.xml", b"<ivr\n na\xff"), ("b.toml", b"\x00\x01")]);
        let (errors, printed) = checked(&folder, &["a.xml", "b.toml"], no_more());
        assert!(
            errors >= 2 && printed.contains("a.xml:2:4: error: not UTF-8 text"),
            "{printed}"
        );
    }

    #[test]
    fn a_missing_file_is_an_error_of_its_own() {
        let files = vec![PathBuf::from("no/such/flow.xml")];
        let why =
            check(&FlowCheckArgs { files, ..no_more() }, &mut Vec::new()).expect_err("not there");
        assert!(format!("{why}").contains("no/such/flow.xml"));
    }
}
