//! The questions: each returns why it is not answered well.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::https;
use crate::caller;
use crate::cli::{CallArgs, HealthArgs};
use crate::self_test;

/// In this order.
pub(super) const NAMES: [&str; 4] = ["sip", "call", "page", "store"];
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// A self-test call ends after this at the latest, s.
const CALL_LIMIT: u64 = 5;
/// Sound that proves that media ran, ms.
const HEARD_MS: u64 = 200;
/// Largest SIP answer read.
const DATAGRAM: usize = 4_096;
/// The figure that only a store that opened can give.
const STORE_FIGURE: &str = "branchline_outbox_";

pub(super) async fn ask(name: &str, args: &HealthArgs) -> anyhow::Result<()> {
    let answer = async {
        match name {
            "sip" => sip(args).await,
            "call" => call(args).await,
            "page" => page(args).await,
            _ => store(args).await,
        }
    };
    timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| bail!("no answer in {} s", PATIENCE.as_secs()))
}

/// SIP's own "are you there" (RFC 3261, 11). Any answer proves that signalling runs.
async fn sip(args: &HealthArgs) -> anyhow::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let here = socket.local_addr()?;
    let id: String = crate::seed()?
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let request = format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{id};rport\r\nMax-Forwards: 1\r\nFrom: <sip:health@{here}>;tag={id}\r\nTo: <sip:{to}>\r\nCall-ID: {id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        to = args.sip
    );
    socket.send_to(request.as_bytes(), args.sip).await?;
    let mut answer = [0; DATAGRAM];
    let (read, _) = socket.recv_from(&mut answer).await?;
    ensure!(
        answer[..read].starts_with(b"SIP/2.0 "),
        "the answer is not SIP"
    );
    Ok(())
}

/// A call to the number that only this machine knows: answered, and heard.
async fn call(args: &HealthArgs) -> anyhow::Result<()> {
    let file = args.runtime.join(self_test::FILE);
    let number =
        std::fs::read_to_string(&file).with_context(|| format!("no `{}`", file.display()))?;
    let outcome = caller::place_quietly(&CallArgs {
        to: format!("sip:{number}@{}", args.sip),
        acts: vec!["wait:1".to_owned()],
        from: "health".to_owned(),
        ip: Some(args.sip.ip()),
        user: None,
        password_file: None,
        ca: None,
        limit: CALL_LIMIT,
        json: false,
    })
    .await?;
    if let Some(status) = outcome.refused {
        bail!("the call was refused with {status}");
    }
    ensure!(
        outcome.sound_ms >= HEARD_MS,
        "the call was answered, and {} ms of sound were heard",
        outcome.sound_ms
    );
    Ok(())
}

async fn page(args: &HealthArgs) -> anyhow::Result<()> {
    let answer = https::get(args, "/").await?;
    ensure!(answer.contains("<html"), "the page is not the page");
    Ok(())
}

async fn store(args: &HealthArgs) -> anyhow::Result<()> {
    let figures = https::get(args, "/metrics").await?;
    ensure!(figures.contains(STORE_FIGURE), "the store gives no figures");
    Ok(())
}
