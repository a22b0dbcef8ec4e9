//! What this crate makes of bytes: the RFC 4475 and 5118 messages, mutations, round trips, the oracle.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their data and need one origin instant"
)]

mod ipv6;
mod mutated;
mod odd;
mod oracle;
mod round_trip;
mod stream;
mod torture;

use sip::{ParseError, StartLine, Verdict, judge};

/// The line the `verdict` example prints, without the reason of a refusal.
fn verdict(bytes: &[u8]) -> String {
    let judged = judge(bytes);
    match judged.verdict {
        Verdict::Accepted => match judged.message.map(|m| m.start()) {
            Some(StartLine::Request { method, .. }) => {
                format!("accepted {}", String::from_utf8_lossy(method))
            }
            Some(StartLine::Response { status, .. }) => format!("accepted {status}"),
            None => unreachable!("accepted without a message"),
        },
        Verdict::Refused(refusal) => format!("refused {}", refusal.status()),
        Verdict::Dropped(ParseError::KeepAlive) => "keep-alive".to_owned(),
        Verdict::Dropped(_) => "refused drop".to_owned(),
    }
}

/// The bytes of a message written with `\n` line ends.
fn wire(text: &str) -> Vec<u8> {
    text.replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes()
}

/// The folder of the 49 messages; `None`, and a line that says so, where the data is absent.
fn torture_files() -> Option<Vec<(String, Vec<u8>)>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let root = std::env::var("BRANCHLINE_DATA").unwrap_or_else(|_| default.to_owned());
    let mut files = Vec::new();
    for folder in ["valid", "invalid"] {
        let Ok(entries) = std::fs::read_dir(format!("{root}/rfc4475/{folder}")) else {
            eprintln!("not run: no RFC 4475 messages in {root}; set BRANCHLINE_DATA");
            return None;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    Some(files)
}
