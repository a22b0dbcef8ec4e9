//! Reading a session description, line by line; CRLF or LF, unknown lines and attributes passed over.

use std::net::IpAddr;

use super::{Direction, Media, OfferError, Session};
use crate::limits::{MAX_SDP, MAX_SDP_ATTRIBUTES, MAX_SDP_CRYPTO, MAX_SDP_FORMATS, MAX_SDP_MEDIA};
use crate::sdes::Crypto;

impl Session {
    /// Reads a description. Errors name the line; memory is bounded by this crate's limits.
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferError> {
        if bytes.len() > MAX_SDP {
            return Err(malformed(1, "longer than 16 KiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| malformed(1, "not UTF-8"))?;
        let mut session = Self::default();
        let mut attributes = 0;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let (kind, value) = line
                .split_once('=')
                .ok_or_else(|| malformed(number, "no `=` in it"))?;
            if number == 1 && (kind, value) != ("v", "0") {
                return Err(malformed(1, "must be `v=0`"));
            }
            match kind {
                "m" if session.media.len() == MAX_SDP_MEDIA => {
                    return Err(malformed(number, "more than 8 media sections"));
                }
                "m" => session
                    .media
                    .push(media(value).map_err(|why| malformed(number, why))?),
                "c" => session
                    .take_connection(value)
                    .map_err(|why| malformed(number, why))?,
                "a" if attributes < MAX_SDP_ATTRIBUTES * MAX_SDP_MEDIA => {
                    attributes += 1;
                    session.take_attribute(value);
                }
                _ => {}
            }
        }
        if text.is_empty() {
            return Err(malformed(1, "empty"));
        }
        Ok(session)
    }

    fn take_connection(&mut self, value: &str) -> Result<(), &'static str> {
        let address = connection(value)?;
        match self.media.last_mut() {
            Some(media) => media.connection = Some(address),
            None => self.connection = Some(address),
        }
        Ok(())
    }

    fn take_attribute(&mut self, value: &str) {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        let direction = match name {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        };
        match (self.media.last_mut(), direction) {
            (Some(media), Some(_)) => media.direction = direction,
            (None, Some(_)) => self.direction = direction,
            (Some(media), None) => media.take_attribute(name, value),
            (None, None) => {}
        }
    }
}

impl Media {
    fn take_attribute(&mut self, name: &str, value: &str) {
        match name {
            // A packet time we cannot read is no reason to lose the call.
            "ptime" => self.ptime = value.trim().parse().ok(),
            "rtcp-mux" => self.rtcp_mux = true,
            "rtcp" => {
                let mut words = value.split_ascii_whitespace();
                let port = words.next().and_then(|port| port.parse().ok());
                let address = words.nth(2).and_then(|address| address.parse().ok());
                self.rtcp = port.map(|port| (port, address));
            }
            "crypto" if self.crypto.len() < MAX_SDP_CRYPTO => {
                self.crypto.push(Crypto::parse(value));
            }
            "rtpmap" if self.rtpmap.len() < MAX_SDP_FORMATS => {
                if let Some((payload, encoding)) = value.trim().split_once(' ') {
                    self.rtpmap
                        .push((payload.to_owned(), encoding.trim().to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// Words of a media line are tokens (RFC 8866 section 9), the transport several with `/` between: an
/// answer repeats those of each section, and must not carry what a peer could break a line with.
fn is_token(word: &str) -> bool {
    word.bytes()
        .all(|byte| matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-'..=b'9' | b'A'..=b'Z' | b'^'..=b'~'))
}

fn media(value: &str) -> Result<Media, &'static str> {
    if !value.split_ascii_whitespace().all(is_token) {
        return Err("a character that no media line may have");
    }
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or("no media kind")?.to_owned();
    let port = words.next().ok_or("no port")?;
    // `49170/2` announces several port pairs; the first is meant for us (RFC 8866 section 5.14).
    let port = port.split('/').next().unwrap_or(port);
    let port = port
        .parse()
        .map_err(|_| "the port is not a number of 0..65535")?;
    let protocol = words.next().ok_or("no transport")?.to_owned();
    let formats: Vec<String> = words.take(MAX_SDP_FORMATS).map(str::to_owned).collect();
    if formats.is_empty() {
        return Err("no format");
    }
    Ok(Media {
        kind,
        port,
        protocol,
        formats,
        connection: None,
        direction: None,
        ptime: None,
        rtcp: None,
        rtcp_mux: false,
        rtpmap: Vec::new(),
        crypto: Vec::new(),
    })
}

fn connection(value: &str) -> Result<IpAddr, &'static str> {
    let mut words = value.split_ascii_whitespace();
    if words.next() != Some("IN") {
        return Err("the network is not `IN`");
    }
    let family = words.next().ok_or("no address type")?;
    let address = words.next().ok_or("no address")?;
    // A multicast address may carry `/ttl`.
    let address = address.split('/').next().unwrap_or(address);
    let address: IpAddr = address
        .parse()
        .map_err(|_| "the address is not an IP address")?;
    match (family, address) {
        ("IP4", IpAddr::V4(_)) | ("IP6", IpAddr::V6(_)) => Ok(address),
        _ => Err("address and address type differ"),
    }
}

fn malformed(line: usize, why: &'static str) -> OfferError {
    OfferError::Malformed { line, why }
}
