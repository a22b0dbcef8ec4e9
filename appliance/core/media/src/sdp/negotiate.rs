//! Offer and answer: which codec, which addresses, which way (RFC 3264).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::{
    Answer, Capabilities, Direction, Keys, Media, OfferError, SdpIds, Session, Srtp, StreamKeys,
    StreamSpec,
};
use crate::codec::Codec;
use crate::limits::RATE;
use crate::sdes::{Crypto, CryptoError};
use crate::srtp::Suite;

/// Payload type of events in our own offers.
const OUR_EVENTS: u8 = 101;
/// The same beside Opus, whose clock they share (RFC 4733 section 2.1).
const OUR_WIDE_EVENTS: u8 = 110;
/// Codecs that have a payload type of their own (RFC 3551).
const STATIC: [Codec; 3] = [Codec::Pcma, Codec::Pcmu, Codec::G722];
/// The one key of our offers: the suite that every peer has.
const OUR_TAG: u32 = 1;
const OUR_SUITE: Suite = Suite::Aes128Sha80;
/// Packet time we send, milliseconds.
const OUR_PTIME: u8 = 20;

/// Answers an offer with one audio stream; every other section is refused with port 0.
///
/// The first audio section with a codec of ours is taken, in the offerer's order of codecs.
pub fn answer(
    offer: &Session,
    ours: &Capabilities,
    local: IpAddr,
    port: u16,
    ids: SdpIds,
) -> Result<Answer, OfferError> {
    let (chosen, spec, tag) = choose(offer, ours)?;
    let mut text = head(local, ids);
    for (index, media) in offer.media.iter().enumerate() {
        if index == chosen {
            audio_lines(&mut text, (&spec, tag), port, &media.protocol);
        } else {
            let format = media.formats.first().map_or("0", String::as_str);
            let _ = write!(text, "m={} 0 {} {format}\r\n", media.kind, media.protocol);
        }
    }
    Ok(Answer {
        body: text.into_bytes(),
        spec,
    })
}

/// An offer of all our codecs, in our direction, with events.
pub fn offer(ours: &Capabilities, local: IpAddr, port: u16, ids: SdpIds) -> Vec<u8> {
    let mut text = head(local, ids);
    let is_secure = ours.srtp == Srtp::Require;
    let protocol = if is_secure { "RTP/SAVP" } else { "RTP/AVP" };
    let _ = write!(text, "m=audio {port} {protocol}");
    for codec in &ours.codecs {
        let _ = write!(text, " {}", codec.static_payload());
    }
    let is_wide = ours.codecs.contains(&Codec::Opus);
    let is_narrow = ours.codecs.iter().any(|codec| *codec != Codec::Opus);
    let events = [
        (is_narrow, OUR_EVENTS, Codec::Pcma.clock()),
        (is_wide, OUR_WIDE_EVENTS, Codec::Opus.clock()),
    ];
    let takes = ours.keys.takes_events();
    let events = events
        .into_iter()
        .filter(|(is_spoken, ..)| *is_spoken && takes);
    for (_, payload, _) in events.clone() {
        let _ = write!(text, " {payload}");
    }
    text.push_str("\r\n");
    for codec in &ours.codecs {
        codec_lines(&mut text, *codec, codec.static_payload());
    }
    for (_, payload, clock) in events {
        events_lines(&mut text, payload, clock);
    }
    if let Some(crypto) = ours.secret.key(OUR_TAG, OUR_SUITE).filter(|_| is_secure) {
        let _ = write!(text, "a=crypto:{crypto}\r\n");
    }
    let direction = ours.direction.name();
    let _ = write!(text, "a=ptime:{OUR_PTIME}\r\na={direction}\r\n");
    text.into_bytes()
}

/// Reads the peer's answer to an [`offer`] of ours.
pub fn accept_answer(answer: &[u8], ours: &Capabilities) -> Result<StreamSpec, OfferError> {
    let (_, spec, tag) = choose(&Session::parse(answer)?, ours)?;
    // An answer names one of the keys offered (RFC 4568 section 5.1.3), and protects what we did.
    let is_ours = tag == (ours.srtp == Srtp::Require).then_some(OUR_TAG);
    let is_suite = spec
        .keys
        .is_none_or(|keys| keys.receive.suite() == OUR_SUITE);
    if is_ours && is_suite {
        Ok(spec)
    } else {
        Err(OfferError::NoKey("the answer takes none that was offered"))
    }
}

/// The section to use, what is agreed by it, and the tag of its key.
fn choose(
    session: &Session,
    ours: &Capabilities,
) -> Result<(usize, StreamSpec, Option<u32>), OfferError> {
    let mut refusal = OfferError::NoAudio;
    for (index, media) in session.media.iter().enumerate() {
        if media.kind != "audio" || media.port == 0 {
            continue;
        }
        let keys = match keys(media, ours) {
            Ok(keys) => keys,
            Err(why) => {
                refusal = why;
                continue;
            }
        };
        let Some((codec, payload)) = common_codec(media, ours) else {
            refusal = OfferError::NoCommonCodec {
                offered: offered(media),
                spoken: spoken(ours),
            };
            continue;
        };
        let mut spec = spec(session, media, (codec, payload), ours.keys)?;
        spec.direction = spec.direction.within(ours.direction);
        spec.keys = keys.map(|(_, keys)| keys);
        return Ok((index, spec, keys.map(|(tag, _)| tag)));
    }
    Err(refusal)
}

/// The keys of a section and their tag; none where it is plain and may be.
fn keys(media: &Media, ours: &Capabilities) -> Result<Option<(u32, StreamKeys)>, OfferError> {
    let spoken = match ours.srtp {
        Srtp::Off => "RTP/AVP",
        Srtp::Allow => "RTP/AVP and RTP/SAVP",
        Srtp::Require => "RTP/SAVP",
    };
    let other = || OfferError::Transport(media.protocol.clone(), spoken);
    match (media.protocol.as_str(), ours.srtp) {
        ("RTP/AVP" | "RTP/AVPF", Srtp::Off | Srtp::Allow) => return Ok(None),
        ("RTP/SAVP" | "RTP/SAVPF", Srtp::Allow | Srtp::Require) => {}
        _ => return Err(other()),
    }
    let Some(theirs) = media.crypto.iter().flatten().next() else {
        let why = match media.crypto.last() {
            Some(Err(CryptoError::Malformed(why))) => why,
            Some(Err(CryptoError::Suite)) => "no such suite here",
            Some(Err(CryptoError::Parameter)) => "a parameter that is not done here",
            Some(Ok(_)) | None => "there is none",
        };
        return Err(OfferError::NoKey(why));
    };
    let send = ours.secret.key(theirs.tag, theirs.key.suite());
    let send = send.ok_or(OfferError::NoKey("no such suite here"))?.key;
    let receive = theirs.key;
    Ok(Some((theirs.tag, StreamKeys { send, receive })))
}

fn spec(
    session: &Session,
    media: &Media,
    (codec, payload): (Codec, u8),
    keys: Keys,
) -> Result<StreamSpec, OfferError> {
    let ip = media
        .connection
        .or(session.connection)
        .ok_or(OfferError::NoAddress)?;
    let theirs = media
        .direction
        .or(session.direction)
        .unwrap_or(Direction::SendRecv);
    // The old way to hold (RFC 2543): an address of zeros receives nothing.
    let held = ip.is_unspecified();
    let direction = match theirs.reversed() {
        Direction::SendRecv if held => Direction::RecvOnly,
        Direction::SendOnly if held => Direction::Inactive,
        direction => direction,
    };
    let rtcp = match media.rtcp {
        Some((port, address)) => SocketAddr::new(address.unwrap_or(ip), port),
        None => SocketAddr::new(ip, media.port.checked_add(1).unwrap_or(media.port)),
    };
    let events = events(media, codec).filter(|_| keys.takes_events());
    Ok(StreamSpec {
        codec,
        payload,
        events: events.map(|(payload, _)| payload),
        tones: keys.hears_tones(codec, events.is_some()),
        mute_keys: false,
        events_clock: events.map_or(RATE, |(_, clock)| clock),
        keys: None,
        ptime_ms: OUR_PTIME,
        remote_rtp: SocketAddr::new(ip, media.port),
        remote_rtcp: rtcp,
        direction,
    })
}

fn common_codec(media: &Media, ours: &Capabilities) -> Option<(Codec, u8)> {
    media.formats.iter().find_map(|format| {
        let payload: u8 = format.parse().ok().filter(|payload| *payload < 128)?;
        let codec = match encoding(media, format) {
            Some(encoding) => named(encoding)?,
            None => *STATIC
                .iter()
                .find(|codec| codec.static_payload() == payload)?,
        };
        ours.codecs.contains(&codec).then_some((codec, payload))
    })
}

fn named(encoding: &str) -> Option<Codec> {
    let mut parts = encoding.split('/');
    let name = parts.next()?;
    let rate = parts.next().unwrap_or("8000");
    let channels = parts.next().unwrap_or("1");
    // Opus is always written with two channels (RFC 7587 section 7).
    if name.eq_ignore_ascii_case(Codec::Opus.name()) {
        return (rate == "48000" && channels == "2").then_some(Codec::Opus);
    }
    if rate != "8000" || channels != "1" {
        return None;
    }
    STATIC
        .into_iter()
        .find(|codec| codec.name().eq_ignore_ascii_case(name))
}

/// Payload type and clock of the events: best those of the codec's own clock.
fn events(media: &Media, codec: Codec) -> Option<(u8, u32)> {
    let of_clock = |clock: u32| {
        media.formats.iter().find_map(|format| {
            let mut parts = encoding(media, format)?.split('/');
            let is_events = parts.next()?.eq_ignore_ascii_case("telephone-event");
            let is_clock = parts.next()?.parse() == Ok(clock);
            let payload: u8 = format.parse().ok()?;
            (is_events && is_clock && payload < 128).then_some((payload, clock))
        })
    };
    of_clock(codec.clock()).or_else(|| of_clock(Codec::Pcma.clock()))
}

fn encoding<'a>(media: &'a Media, format: &str) -> Option<&'a str> {
    media
        .rtpmap
        .iter()
        .find(|(payload, _)| payload == format)
        .map(|(_, name)| name.as_str())
}

/// What we would take, for the refusal's words.
fn spoken(ours: &Capabilities) -> String {
    let names: Vec<&str> = ours.codecs.iter().map(|codec| codec.name()).collect();
    names.join(", ")
}

/// What was offered, for the refusal's words; bounded by the formats kept.
fn offered(media: &Media) -> String {
    let names = media
        .formats
        .iter()
        .take(8)
        .map(|f| encoding(media, f).unwrap_or(f));
    names.collect::<Vec<_>>().join(", ")
}

fn head(local: IpAddr, ids: SdpIds) -> String {
    let family = if local.is_ipv4() { "IP4" } else { "IP6" };
    let SdpIds { session, version } = ids;
    format!(
        "v=0\r\no=branchline {session} {version} IN {family} {local}\r\ns=-\r\n\
         c=IN {family} {local}\r\nt=0 0\r\n"
    )
}

/// The transport is the offer's own word: an answer may not change it (RFC 3264 section 6).
fn audio_lines(
    text: &mut String,
    (spec, tag): (&StreamSpec, Option<u32>),
    port: u16,
    protocol: &str,
) {
    let _ = write!(text, "m=audio {port} {protocol} {}", spec.payload);
    if let Some(events) = spec.events {
        let _ = write!(text, " {events}");
    }
    text.push_str("\r\n");
    codec_lines(text, spec.codec, spec.payload);
    if let (Some(keys), Some(tag)) = (&spec.keys, tag) {
        let key = keys.send;
        let _ = write!(text, "a=crypto:{}\r\n", Crypto { tag, key });
    }
    if let Some(events) = spec.events {
        events_lines(text, events, spec.events_clock);
    }
    let _ = write!(
        text,
        "a=ptime:{}\r\na={}\r\n",
        spec.ptime_ms,
        spec.direction.name()
    );
}

fn codec_lines(text: &mut String, codec: Codec, payload: u8) {
    let _ = write!(
        text,
        "a=rtpmap:{payload} {}/{}",
        codec.name(),
        codec.clock()
    );
    if codec == Codec::Opus {
        // We want copies of what may be lost, and speak with one voice.
        let _ = write!(
            text,
            "/2\r\na=fmtp:{payload} useinbandfec=1;stereo=0;sprop-stereo=0"
        );
    }
    text.push_str("\r\n");
}

fn events_lines(text: &mut String, payload: u8, clock: u32) {
    let _ = write!(
        text,
        "a=rtpmap:{payload} telephone-event/{clock}\r\na=fmtp:{payload} 0-15\r\n"
    );
}
