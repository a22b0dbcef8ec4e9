//! SIP written by hand, for peers that no endpoint would play: each test says what it sends.

use std::net::SocketAddr;

/// The messages of one call, as a careless peer writes them.
#[derive(Clone, Debug)]
pub struct Raw {
    address: SocketAddr,
    call_id: String,
    number: String,
}

impl Raw {
    /// A call from `address` to `number`.
    pub fn new(address: SocketAddr, call_id: &str, number: &str) -> Self {
        Self {
            address,
            call_id: call_id.into(),
            number: number.into(),
        }
    }

    /// Any request; `to_tag` makes it one inside the dialog, `headers` end in CRLF each.
    pub fn request(
        &self,
        method: &str,
        cseq: &str,
        to_tag: Option<&str>,
        headers: &str,
        body: &str,
    ) -> String {
        let Self {
            address,
            call_id,
            number,
        } = self;
        let tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let branch = format!("{call_id}{}", cseq.replace(' ', ""));
        format!(
            "{method} sip:{number}@10.0.0.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {address};branch=z9hG4bK{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:13800000007@{address}>;tag=raw\r\n\
             To: <sip:{number}@10.0.0.1>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:13800000007@{address}>\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// An INVITE with `sdp`, or without an offer when it is empty.
    pub fn invite(&self, sdp: &str) -> String {
        let kind = if sdp.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        self.request("INVITE", "1", None, kind, sdp)
    }

    /// The CANCEL of [`Raw::invite`].
    pub fn cancel(&self) -> String {
        self.request("CANCEL", "1", None, "", "")
    }

    /// The ACK of a 2xx.
    pub fn ack(&self, to_tag: &str, sdp: &str) -> String {
        let kind = if sdp.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let ack = self.request("ACK", "1", Some(to_tag), kind, sdp);
        ack.replacen("branch=z9hG4bK", "branch=z9hG4bKack", 1)
    }

    /// BYE.
    pub fn bye(&self, to_tag: &str) -> String {
        self.request("BYE", "2", Some(to_tag), "", "")
    }

    /// An offer of `formats` at the caller's own address.
    pub fn sdp(&self, formats: &str) -> String {
        let ip = self.address.ip();
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 {formats}\r\n"
        )
    }

    /// What the box answered to `address`: status lines in order.
    pub fn statuses(letters: &[(SocketAddr, Vec<u8>)], address: SocketAddr) -> Vec<u16> {
        let status = |(to, bytes): &(SocketAddr, Vec<u8>)| {
            let text = String::from_utf8_lossy(bytes);
            let code = text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
            (*to == address).then_some(code)
        };
        letters.iter().filter_map(status).collect()
    }

    /// The To tag of the last answer to `address`.
    pub fn to_tag(letters: &[(SocketAddr, Vec<u8>)], address: SocketAddr) -> Option<String> {
        let text = |(to, bytes): &(SocketAddr, Vec<u8>)| {
            (*to == address).then(|| String::from_utf8_lossy(bytes).into_owned())
        };
        let last = letters.iter().rev().find_map(text)?;
        let to = last
            .lines()
            .find(|l| l.to_ascii_lowercase().starts_with("to:"))?
            .to_owned();
        Some(
            to.split(";tag=")
                .nth(1)?
                .split(';')
                .next()?
                .trim()
                .to_owned(),
        )
    }
}
