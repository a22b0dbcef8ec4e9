//! What the network may throw at the box, one function a kind of input: none may panic, hang or disagree
//! with itself. The fuzz targets call them with what libFuzzer finds, `replay.rs` with the corpora.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use media::sdp::{Capabilities, SdpIds, Session, accept_answer, answer};
use media::{Stream, StreamId, StreamSeed};
use sip::{
    AuthParams, Credentials, Endpoint, EndpointConfig, Event, Frame, Message, OutgoingRegister,
    Peer, ReasonHeader, Replaces, Reply, StreamReader, Transport, Uri, UriRef,
};

/// Takes one input whole.
pub type Target = fn(&[u8]);

/// All kinds of input by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("message", message),
    ("stream", stream),
    ("uri", uri),
    ("digest", digest),
    ("sdp", sdp),
    ("sdes", sdes),
    ("rtp", rtp),
    ("rtcp", rtcp),
];

const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn endpoint() -> Endpoint {
    let local = SocketAddr::from(([192, 0, 2, 9], 5060));
    Endpoint::new(EndpointConfig::new(local), [7; 32])
}

fn peer(transport: Transport) -> Peer {
    Peer::new(transport, SocketAddr::from(([192, 0, 2, 1], 5060)))
}

/// A SIP datagram.
pub fn message(data: &[u8]) {
    if let Ok(message) = Message::parse(data) {
        let written = sip::write(&message);
        let again = Message::parse(&written).expect("what is written can be read");
        assert_eq!(again.fields().count(), message.fields().count());
        assert_eq!(again.body(), message.body());
    }
    let now = Instant::now();
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut endpoint = endpoint();
        // Once as it is, once as a copy, once after all its deadlines.
        for after in [0, 0, 60] {
            let now = now + Duration::from_secs(after);
            endpoint.handle_timeout(now);
            endpoint.handle_message(now, peer(transport), data);
            serve(&mut endpoint, now);
        }
        endpoint.handle_timeout(now + Duration::from_secs(600));
        assert_eq!(endpoint.stats().transactions, 0, "nothing lingers");
    }
}

/// Answers whatever an endpoint tells, as an owner may.
fn serve(endpoint: &mut Endpoint, now: Instant) {
    while let Some(event) = endpoint.poll_event() {
        match event {
            Event::Invite { tx, request, .. } => {
                ReasonHeader::of(&request.headers);
                request.headers.asserted();
                request.headers.privacy();
                request.headers.first("Replaces").map(Replaces::parse);
                endpoint.progress(now, tx, &Reply::new(180), true);
                endpoint.respond(now, tx, &Reply::new(486));
            }
            Event::Request { tx, .. } => endpoint.respond(now, tx, &Reply::new(200)),
            _ => {}
        }
    }
    while let Some(sent) = endpoint.poll_transmit() {
        Message::parse(&sent.bytes).expect("what we send can be read");
    }
}

/// A SIP connection: the first byte says how it is cut.
pub fn stream(data: &[u8]) {
    let Some((cut, data)) = data.split_first() else {
        return;
    };
    let frames = |piece: usize| {
        let (mut reader, mut frames) = (StreamReader::default(), Vec::new());
        for piece in data.chunks(piece) {
            reader.push(piece);
            while let Some(frame) = reader.next_frame() {
                frames.push(match frame {
                    Ok(Frame::Message(bytes)) => Ok(bytes.to_vec()),
                    Ok(Frame::Ping) => Ok(b"ping".to_vec()),
                    Ok(Frame::Pong) => Ok(b"pong".to_vec()),
                    Err(_) => Err(()),
                });
            }
        }
        frames
    };
    let whole = frames(data.len().max(1));
    assert_eq!(
        frames(usize::from(*cut).max(1)),
        whole,
        "cuts change nothing"
    );
}

/// A URI, and the header values that are made of URIs.
pub fn uri(data: &[u8]) {
    if let Ok(uri) = UriRef::parse(data) {
        let owned = uri.to_uri();
        let again = UriRef::parse(owned.as_str().as_bytes());
        assert!(std::str::from_utf8(data).is_err() || again == Ok(uri));
        let _ = (
            owned.user_decoded(),
            owned.host_ip(),
            owned.param("transport"),
        );
        Replaces::from_uri_headers(owned.headers());
        let usable = [Transport::Udp, Transport::Tcp, Transport::Tls];
        let mut locator = sip::locate::Locator::new(uri, &usable, [1; 32]);
        while let Some(query) = locator.poll_query() {
            locator.handle_answer(&query, sip::locate::Answer::Nothing);
        }
        assert!(locator.found().is_some(), "a search ends");
    }
    let _ = sip::NameAddr::parse(data);
}

/// An Authorization value of a caller, and a WWW-Authenticate value of a registrar.
pub fn digest(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace(['\r', '\n'], " ");
    let _ = AuthParams::parse(&text).map(|auth| auth.get("nonce"));
    let (now, mut endpoint) = (Instant::now(), endpoint());
    let invite = format!(
        "INVITE sip:1@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKf\r\n\
         From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:1@192.0.2.9>\r\nCall-ID: f\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:a@192.0.2.1>\r\nMax-Forwards: 70\r\nAuthorization: {text}\r\nContent-Length: 0\r\n\r\n"
    );
    endpoint.handle_message(now, peer(Transport::Udp), invite.as_bytes());
    while let Some(event) = endpoint.poll_event() {
        if let Event::Invite { tx, request, .. } = event {
            endpoint.verify(now, &request, "ann", "secret", "box");
            endpoint.challenge(now, tx, "box");
        }
    }
    while endpoint.poll_transmit().is_some() {}
    let uri = Uri::parse("sip:carrier.example").expect("a URI");
    let register = OutgoingRegister {
        to: peer(Transport::Udp),
        registrar: uri.clone(),
        aor: uri,
        contact_params: String::new(),
        expires: 60,
        credentials: Some(Credentials {
            user: "ann".to_owned(),
            password: "secret".to_owned(),
        }),
    };
    endpoint.register(now, register);
    let Some(sent) = endpoint.poll_transmit() else {
        return;
    };
    let refusal = answer_to(&String::from_utf8_lossy(&sent.bytes), &text);
    endpoint.handle_message(now, peer(Transport::Udp), refusal.as_bytes());
    while let Some(sent) = endpoint.poll_transmit() {
        Message::parse(&sent.bytes).expect("what we send can be read");
    }
}

/// The 401 to a request of ours.
fn answer_to(request: &str, challenge: &str) -> String {
    let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let lines = request
        .lines()
        .filter(|l| kept.iter().any(|k| l.starts_with(k)));
    let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
    format!("SIP/2.0 401 No\r\n{lines}WWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n")
}

/// An offer, and an answer to ours.
pub fn sdp(data: &[u8]) {
    let ours = Capabilities::default();
    let ids = SdpIds {
        session: 1,
        version: 1,
    };
    if let Ok(session) = Session::parse(data)
        && let Ok(answer) = answer(&session, &ours, [192, 0, 2, 9].into(), 4000, ids)
    {
        Session::parse(&answer.body).expect("what we answer can be read");
    }
    let _ = accept_answer(data, &ours);
}

/// An a=crypto value.
pub fn sdes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(crypto) = media::sdes::Crypto::parse(text) {
        let again = media::sdes::Crypto::parse(&crypto.to_string());
        assert_eq!(again, Ok(crypto), "what is written can be read");
    }
}

/// RTP packets, each behind its length.
pub fn rtp(data: &[u8]) {
    packets(data, |stream, now, from, packet| {
        stream.handle_rtp(now, from, packet);
    });
}

/// RTCP packets, each behind its length.
pub fn rtcp(data: &[u8]) {
    let _ = media::rtcp::read(data, |_| {});
    packets(data, Stream::handle_rtcp);
}

fn packets(data: &[u8], take: impl Fn(&mut Stream, Instant, SocketAddr, &[u8])) {
    let spec = accept_answer(OFFER, &Capabilities::default()).expect("a good offer");
    let seed = StreamSeed {
        random: [3; 32],
        ntp: 1 << 40,
    };
    let start = Instant::now();
    let from = spec.remote_rtp;
    let mut stream = Stream::new(start, StreamId(1), spec, &seed);
    stream.record(true);
    let (mut rest, mut out) = (data, [0; media::limits::MAX_PACKET]);
    let mut at = 0;
    while let Some((length, after)) = rest.split_first() {
        let (packet, after) = after.split_at(usize::from(*length).min(after.len()));
        let now = start + Duration::from_millis(20 * at);
        take(&mut stream, now, from, packet);
        stream.handle_tick(now);
        while stream.poll_transmit(&mut out).is_some() {}
        while stream.poll_event().is_some() {}
        (rest, at) = (after, at + 1);
    }
}
