//! Says what this crate makes of SIP messages: `cargo run -p sip --example verdict -- FILE...`
//!
//! Each file is one raw datagram; one line is printed for each, in order.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is a program: it reads files and arguments"
)]

use std::io::{self, Write};
use std::process::ExitCode;

use sip::{ParseError, StartLine, Verdict, judge};

const HELP: &str = "\
usage: verdict FILE...

Reads each FILE as one raw UDP datagram and prints one line for it:

  accepted METHOD         a request that is handed to its owner
  accepted STATUS         a response that is handed to its transaction
  refused STATUS REASON   a request the endpoint itself answers with STATUS:
                          400 malformed           415 body type or encoding not taken
                          406 Accept without SDP  416 uri scheme not sip, sips or tel
                          420 required extension  483 Max-Forwards is 0
                          501 unknown method whose CSeq names another
                          505 sip version         513 more than 64 header fields
                          (without a Via there is nowhere to send it, and none is sent)
  refused drop REASON     not answered: malformed responses and ACKs, keep-alives,
                          bytes that are no sip message

The exit status is 0 unless a file cannot be read.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asks_help = arguments.iter().any(|a| a == "--help" || a == "-h");
    let mut out = io::stdout().lock();
    if arguments.is_empty() || asks_help {
        let _ = out.write_all(HELP.as_bytes());
        return if asks_help {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    let mut code = ExitCode::SUCCESS;
    for path in arguments {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let _ = writeln!(out, "{}", line(&bytes));
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "cannot read `{path}`: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn line(bytes: &[u8]) -> String {
    let judged = judge(bytes);
    match judged.verdict {
        Verdict::Accepted => match judged.message.map(|m| m.start()) {
            Some(StartLine::Request { method, .. }) => {
                format!("accepted {}", String::from_utf8_lossy(method))
            }
            Some(StartLine::Response { status, .. }) => format!("accepted {status}"),
            None => format!("refused drop {}", ParseError::NotSip),
        },
        Verdict::Refused(refusal) => format!("refused {} {refusal}", refusal.status()),
        Verdict::Dropped(fault) => format!("refused drop {fault}"),
    }
}
