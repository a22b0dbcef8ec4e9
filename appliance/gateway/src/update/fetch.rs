//! Fetches a bundle by http or https into a file, and goes on where an earlier try ended. Who made it is not this
//! module's business: the signature says it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::uri::Authority;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::transport::host_client;

mod partial;
#[cfg(test)]
mod tests;

use partial::Partial;

/// Largest bundle taken, bytes.
const LARGEST: u64 = 512 << 20;
/// Largest head of an answer, bytes.
const HEAD: usize = 16 << 10;
/// A peer that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Times another place may be named.
const HOPS: usize = 4;
/// Times a line that broke is tried again while it brings something, and how long that waits.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// How a try ended.
enum Outcome {
    Whole,
    /// Another place is to be asked.
    Elsewhere(String),
}

/// Why a try ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The line: what came is kept, and the next try goes on from there.
    #[error("{0:#}")]
    Line(anyhow::Error),
    /// The answer: another try would get the same.
    #[error("{0:#}")]
    Answer(#[from] anyhow::Error),
}

/// Whether a source is an address rather than a file.
pub(super) fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Fetches it into `to`, which is whole or not there; `tell` hears how many percent have come, where that is known.
/// What came before the line broke waits beside it, and the same address asked again goes on from there.
pub(super) async fn fetch(source: &str, to: &Path, tell: impl FnMut(u8)) -> anyhow::Result<()> {
    fetch_after(PAUSE, source, to, tell).await
}

async fn fetch_after(
    pause: Duration,
    source: &str,
    to: &Path,
    mut tell: impl FnMut(u8),
) -> anyhow::Result<()> {
    let first = address(source)?;
    let mut partial = Partial::of(to, source);
    let mut tries = 0;
    loop {
        let before = partial.len();
        match follow(&first, &mut partial, &mut tell).await {
            Ok(()) => return partial.finish(to),
            Err(Failure::Answer(why)) => {
                partial.forget();
                return Err(why);
            }
            Err(Failure::Line(why)) => {
                tries = if partial.len() > before { 0 } else { tries + 1 };
                if tries >= TRIES {
                    let kept = partial.len();
                    return Err(why.context(format!(
                        "{kept} bytes came and are kept\nhint: ask for the same address again, it goes on from there"
                    )));
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// One try, from place to place.
async fn follow(
    first: &Uri,
    partial: &mut Partial,
    tell: &mut impl FnMut(u8),
) -> Result<(), Failure> {
    let mut at = first.clone();
    for _ in 0..HOPS {
        match ask(&at, partial, tell).await? {
            Outcome::Whole => return Ok(()),
            Outcome::Elsewhere(next) if is_address(&next) => at = address(&next)?,
            Outcome::Elsewhere(path) => {
                let mut parts = at.into_parts();
                parts.path_and_query = Some(path.parse().context("the place it names")?);
                at = Uri::from_parts(parts).context("the place it names")?;
            }
        }
    }
    let why = anyhow::anyhow!(
        "`{first}` leads from one place to another\nhint: name the bundle's own address"
    );
    Err(why.into())
}

async fn ask(
    at: &Uri,
    partial: &mut Partial,
    tell: &mut impl FnMut(u8),
) -> Result<Outcome, Failure> {
    let host = bare_host(at).to_owned();
    let is_secure = at.scheme_str() == Some("https");
    let port = at.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let socket = tokio::time::timeout(SILENCE, TcpStream::connect((host.as_str(), port)));
    let socket = socket
        .await
        .with_context(|| format!("`{host}` does not answer"))
        .and_then(|done| done.with_context(|| format!("could not reach `{host}`")))
        .map_err(Failure::Line)?;
    if !is_secure {
        return get(socket, at, partial, tell).await;
    }
    let name = ServerName::try_from(host.clone()).context("the address")?;
    let tls = TlsConnector::from(Arc::clone(&host_client()?));
    let stream = tokio::time::timeout(SILENCE, tls.connect(name, socket));
    let stream = stream
        .await
        .with_context(|| format!("`{host}` begins no TLS"))
        .map_err(Failure::Line)?
        .with_context(|| format!("TLS to `{host}`"))?;
    get(stream, at, partial, tell).await
}

/// One request.
async fn get(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    at: &Uri,
    partial: &mut Partial,
    tell: &mut impl FnMut(u8),
) -> Result<Outcome, Failure> {
    let connected = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = connected.context("HTTP").map_err(Failure::Line)?;
    // Dropped with this set: nothing of the connection outlives the try.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let path = at.path_and_query().map_or("/", |path| path.as_str());
    let authority = at.authority().context("the address names no host")?;
    let mut request = Request::get(path).header(header::HOST, authority.as_str());
    if let Some((from, validator)) = partial.rest() {
        request = request
            .header(header::RANGE, format!("bytes={from}-"))
            .header(header::IF_RANGE, validator);
    }
    let request = request.body(Empty::<Bytes>::new()).context("the address")?;
    let answer = tokio::time::timeout(SILENCE, sender.send_request(request)).await;
    let answer = answer
        .with_context(|| silence(bare_host(at)))
        .map_err(Failure::Line)?;
    let answer = match answer {
        Err(why) if why.is_parse() => {
            let why = anyhow::Error::new(why).context("the answer is not HTTP");
            return Err(why.into());
        }
        Err(why) => return Err(Failure::Line(anyhow::Error::new(why).context("no answer"))),
        Ok(answer) => answer,
    };
    let (head, location) = (answer.status(), field(answer.headers(), header::LOCATION));
    match (head, location) {
        (StatusCode::OK | StatusCode::PARTIAL_CONTENT, _) => {
            save(answer, partial, tell).await.map(|()| Outcome::Whole)
        }
        (status, Some(location)) if status.is_redirection() => Ok(Outcome::Elsewhere(location)),
        (StatusCode::RANGE_NOT_SATISFIABLE, _) => {
            partial.forget();
            Err(Failure::Line(anyhow::anyhow!(
                "what was kept is not what lies there now"
            )))
        }
        (status, _) if status.is_server_error() => Err(Failure::Line(anyhow::anyhow!(
            "`{}` answers {status}",
            bare_host(at)
        ))),
        (status, _) => {
            let why = anyhow::anyhow!(
                "`{}` answers {status}\nhint: look at the bundle's address",
                bare_host(at)
            );
            Err(why.into())
        }
    }
}

/// Writes what comes behind what is there.
async fn save(
    mut answer: Response<Incoming>,
    partial: &mut Partial,
    tell: &mut impl FnMut(u8),
) -> Result<(), Failure> {
    let fields = answer.headers();
    let is_rest = answer.status() == StatusCode::PARTIAL_CONTENT;
    if is_rest && field(fields, header::CONTENT_RANGE).and_then(start) != Some(partial.len()) {
        let why = anyhow::anyhow!("the answer is another part than the one asked for");
        return Err(why.into());
    }
    let length = field(fields, header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let mut file = if is_rest {
        partial.go_on().await?
    } else {
        let validator = field(fields, header::ETAG).filter(|tag| !tag.starts_with("W/"));
        let validator = validator.or_else(|| field(fields, header::LAST_MODIFIED));
        partial.begin(validator).await?
    };
    let whole = length.map(|length| partial.len().saturating_add(length));
    ensure_fits(whole.unwrap_or(0))?;
    let written = loop {
        let frame = tokio::time::timeout(SILENCE, answer.frame()).await;
        let bytes = match frame {
            Err(_) => break Err(Failure::Line(anyhow::anyhow!(silence("it")))),
            Ok(None) => break Ok(()),
            Ok(Some(Err(why))) => {
                let why = anyhow::Error::new(why).context("it was cut short");
                break Err(Failure::Line(why));
            }
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        ensure_fits(partial.len() + bytes.len() as u64)?;
        file.write_all(&bytes).await.context("could not keep it")?;
        partial.grew(bytes.len());
        if let Some(whole) = whole.filter(|whole| *whole > 0) {
            tell(u8::try_from(partial.len() * 100 / whole).unwrap_or(100));
        }
    };
    file.sync_all().await.context("could not keep it")?;
    written
}

fn ensure_fits(bytes: u64) -> anyhow::Result<()> {
    ensure!(
        bytes <= LARGEST,
        "{bytes} bytes are too many for a bundle\nhint: at most {LARGEST}"
    );
    Ok(())
}

fn silence(who: &str) -> String {
    format!("{who} said nothing for {} s", SILENCE.as_secs())
}

fn field(fields: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(fields.get(name)?.to_str().ok()?.to_owned())
}

/// Where a part begins, from `bytes FIRST-LAST/WHOLE`.
fn start(range: String) -> Option<u64> {
    range
        .strip_prefix("bytes ")?
        .split_once('-')?
        .0
        .parse()
        .ok()
}

/// An IPv6 address as sockets take it, any other host as it is.
fn bare_host(at: &Uri) -> &str {
    let host = at.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}

fn address(text: &str) -> anyhow::Result<Uri> {
    let bad = || format!("bad address `{text}`\nhint: write it as https://HOST[:PORT]/PATH");
    let at: Uri = text.parse().ok().with_context(bad)?;
    let is_odd = |authority: &Authority| {
        // A name or a password in an address would end up in logs.
        let host = authority.host().len();
        authority.as_str().contains('@')
            || (authority.as_str().len() > host && authority.port_u16().is_none())
    };
    if !is_address(text) || bare_host(&at).is_empty() || at.authority().is_none_or(is_odd) {
        bail!(bad());
    }
    Ok(at)
}
