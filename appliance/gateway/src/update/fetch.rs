//! Fetches a bundle by http or https into a file. Who made it is not this module's business: the signature says it.
//!
//! HTTP/1.0 on purpose: the body ends with the connection, and no server cuts it into chunks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::ServerName;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::transport::host_client;

/// Largest bundle taken, bytes.
const LARGEST: u64 = 512 << 20;
/// Largest head of an answer, bytes.
const HEAD: usize = 16 << 10;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// A peer that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Times another place may be named.
const HOPS: usize = 4;

/// Where a bundle lies.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    is_secure: bool,
    host: String,
    port: u16,
    path: String,
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: Option<u64>,
    location: Option<String>,
}

/// Whether a source is an address rather than a file.
pub(super) fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Fetches it into `to`, which is whole or not there.
pub(super) async fn fetch(source: &str, to: &Path) -> anyhow::Result<()> {
    let mut address = Address::parse(source)?;
    for _ in 0..HOPS {
        let socket = TcpStream::connect((address.host.as_str(), address.port));
        let socket = tokio::time::timeout(SILENCE, socket)
            .await
            .context("it does not answer")?;
        let socket = socket.with_context(|| format!("could not reach `{}`", address.host))?;
        let next = if address.is_secure {
            let name = ServerName::try_from(address.host.clone())?;
            let config = host_client()?;
            let stream = TlsConnector::from(Arc::clone(&config)).connect(name, socket);
            get(stream.await.context("TLS")?, &address, to).await?
        } else {
            get(socket, &address, to).await?
        };
        match next {
            None => return Ok(()),
            Some(next) if is_address(&next) => address = Address::parse(&next)?,
            Some(path) => address.path = path,
        }
    }
    bail!("`{source}` leads from one place to another\nhint: name the bundle's own address")
}

/// One request; the place to ask instead, where one is named.
async fn get(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: &Address,
    to: &Path,
) -> anyhow::Result<Option<String>> {
    let Address { host, path, .. } = address;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        ensure!(bytes.len() < HEAD, "the answer is not HTTP");
        ensure!(
            more(&mut stream, &mut bytes).await? > 0,
            "the answer is not HTTP"
        );
    };
    let body = bytes.split_off(end + 4);
    let head = Head::parse(&String::from_utf8_lossy(&bytes)).context("the answer is not HTTP")?;
    match (head.status, head.location) {
        (200, _) => {}
        (301 | 302 | 303 | 307 | 308, Some(location)) => return Ok(Some(location)),
        (status, _) => bail!("`{host}` answers {status}\nhint: look at the bundle's address"),
    }
    let length = head.length.unwrap_or(0);
    ensure!(
        length <= LARGEST,
        "{length} bytes are too many for a bundle\nhint: at most {LARGEST}"
    );
    let part = to.with_extension("part");
    let written = save(stream, body, head.length, &part).await;
    if written.is_err() {
        // What is cut short is of no use to anybody.
        let _ = tokio::fs::remove_file(&part).await;
    }
    written?;
    tokio::fs::rename(&part, to).await?;
    Ok(None)
}

async fn save(
    mut stream: impl AsyncRead + Unpin,
    first: Vec<u8>,
    length: Option<u64>,
    to: &Path,
) -> anyhow::Result<()> {
    let saved = || format!("could not write `{}`", to.display());
    let mut file = File::create(to).await.with_context(saved)?;
    let mut bytes = first;
    let mut total = 0;
    loop {
        total += bytes.len() as u64;
        ensure!(total <= LARGEST, "it goes on beyond {LARGEST} bytes");
        file.write_all(&bytes).await.with_context(saved)?;
        bytes.clear();
        if length.is_some_and(|length| total >= length) || more(&mut stream, &mut bytes).await? == 0
        {
            break;
        }
    }
    if let Some(length) = length {
        ensure!(
            total == length,
            "it was cut short after {total} of {length} bytes"
        );
    }
    file.sync_all().await.with_context(saved)
}

async fn more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> anyhow::Result<usize> {
    bytes.reserve(CHUNK);
    let read = tokio::time::timeout(SILENCE, stream.read_buf(bytes)).await;
    Ok(read.with_context(|| format!("it said nothing for {} s", SILENCE.as_secs()))??)
}

impl Address {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let bad = || format!("bad address `{text}`\nhint: write it as https://HOST[:PORT]/PATH");
        let (is_secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://"))
        {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => bail!(bad()),
        };
        let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        ensure!(path.bytes().all(|byte| byte.is_ascii_graphic()), bad());
        let bare = place.strip_prefix('[').and_then(|six| six.split_once(']'));
        let (host, port) = match bare {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte);
        ensure!(!host.is_empty() && host.bytes().all(allowed), bad());
        let usual = if is_secure { 443 } else { 80 };
        let port = port.map_or(Ok(usual), str::parse).ok().with_context(bad)?;
        Ok(Self {
            is_secure,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let first = lines.next()?.strip_prefix("HTTP/1.")?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let (mut length, mut location) = (None, None);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().ok()?);
            } else if name.eq_ignore_ascii_case("location") {
                location = Some(value.to_owned());
            }
        }
        Some(Self {
            status,
            length,
            location,
        })
    }
}

#[cfg(test)]
mod tests;
