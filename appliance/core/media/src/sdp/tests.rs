use super::*;

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));
const IDS: SdpIds = SdpIds {
    session: 7,
    version: 1,
};

fn answered(offer: &str) -> Result<Answer, OfferError> {
    answer(
        &Session::parse(offer.as_bytes())?,
        &Capabilities::default(),
        LOCAL,
        20_000,
        IDS,
    )
}

fn audio(lines: &str) -> String {
    format!("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{lines}")
}

#[test]
fn offers_of_the_field_are_answered_with_the_right_codec_and_address() {
    let table = [
        (
            "SIPp",
            "m=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n",
            Codec::Pcma,
            8,
            None,
        ),
        (
            "u-law first",
            "m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
            Codec::Pcmu,
            0,
            Some(101),
        ),
        (
            "IMS with AMR first",
            "m=audio 6000 RTP/AVP 104 102 8 0 105 100\r\nb=AS:41\r\na=rtpmap:104 AMR-WB/16000/1\r\na=rtpmap:102 AMR/8000\r\n\
             a=rtpmap:8 PCMA/8000\r\na=rtpmap:105 telephone-event/16000\r\na=rtpmap:100 telephone-event/8000\r\n\
             a=curr:qos local none\r\na=maxptime:40\r\n",
            Codec::Pcma,
            8,
            Some(100),
        ),
        (
            "dynamic payload",
            "m=audio 6000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000/1\r\n",
            Codec::Pcmu,
            97,
            None,
        ),
        (
            "baresip",
            "m=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=rtcp:6001\r\na=rtcp-mux\r\na=ssrc:1 cname:x\r\n",
            Codec::Pcma,
            8,
            None,
        ),
    ];
    for (name, lines, codec, payload, events) in table {
        let Answer { spec, body } =
            answered(&audio(lines)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            (spec.codec, spec.payload, spec.events),
            (codec, payload, events),
            "{name}"
        );
        assert_eq!(spec.remote_rtp, "192.0.2.1:6000".parse().unwrap(), "{name}");
        assert_eq!(
            spec.remote_rtcp,
            "192.0.2.1:6001".parse().unwrap(),
            "{name}"
        );
        let ours = Session::parse(&body).unwrap();
        assert_eq!(ours.connection, Some(LOCAL), "{name}");
        assert_eq!(ours.media[0].port, 20_000, "{name}");
        assert_eq!(ours.media[0].formats[0], payload.to_string(), "{name}");
    }
}

#[test]
fn sections_that_we_do_not_speak_are_refused_with_port_zero_in_their_place() {
    let offer = audio(
        "m=video 7000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 6000 RTP/AVP 8\r\nm=audio 6002 RTP/AVP 0\r\n",
    );
    let ours = Session::parse(&answered(&offer).unwrap().body).unwrap();
    let ports: Vec<u16> = ours.media.iter().map(|media| media.port).collect();
    assert_eq!(ports, [0, 20_000, 0]);
    assert_eq!(ours.media[0].kind, "video");
}

#[test]
fn the_address_of_the_section_goes_before_that_of_the_session() {
    // As Asterisk writes it behind a router that rewrites only the section.
    let offer = "v=0\r\no=- 1821 3 IN IP4 10.0.0.5\r\ns=Asterisk\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n\
        m=audio 11782 RTP/AVP 8 0 9 101\r\nc=IN IP4 192.0.2.77\r\na=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
        a=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\na=sendrecv\r\n";
    let spec = answered(offer).unwrap().spec;
    assert_eq!(spec.remote_rtp, "192.0.2.77:11782".parse().unwrap());
    assert_eq!((spec.codec, spec.events), (Codec::Pcma, Some(101)));
}

#[test]
fn a_secure_section_beside_a_plain_one_is_refused_alone() {
    let offer = audio("m=audio 6000 RTP/SAVP 8\r\nm=audio 6002 RTP/AVP 8\r\n");
    let answer = answered(&offer).unwrap();
    let ours = Session::parse(&answer.body).unwrap();
    assert_eq!((ours.media[0].port, ours.media[1].port), (0, 20_000));
    assert_eq!(answer.spec.remote_rtp.port(), 6_002);
}

#[test]
fn the_answer_repeats_the_transport_of_the_offer() {
    for protocol in ["RTP/AVP", "RTP/AVPF"] {
        let offer = audio(&format!("m=audio 6000 {protocol} 8\r\n"));
        let ours = Session::parse(&answered(&offer).unwrap().body).unwrap();
        assert_eq!(ours.media[0].protocol, protocol);
    }
}

#[test]
fn what_cannot_be_answered_says_why_and_with_which_status() {
    let table = [
        (
            audio("m=audio 6000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"),
            488,
            "opus/48000/2",
        ),
        (audio("m=audio 6000 RTP/AVP 18\r\n"), 488, "offered 18"),
        (
            audio("m=audio 6000 UDP/TLS/RTP/SAVPF 0 8\r\n"),
            488,
            "UDP/TLS/RTP/SAVPF",
        ),
        (audio("m=audio 0 RTP/AVP 8\r\n"), 488, "no audio"),
        (audio("m=video 7000 RTP/AVP 96\r\n"), 488, "no audio"),
        (audio(""), 488, "no audio"),
        (
            "v=0\r\ns=-\r\nm=audio 6000 RTP/AVP 8\r\n".into(),
            400,
            "address",
        ),
        (audio("m=audio 99999 RTP/AVP 8\r\n"), 400, "line 6"),
        (audio("m=audio 6000 RTP/AVP\r\n"), 400, "no format"),
        (audio("c=IN IP6 192.0.2.1\r\n"), 400, "differ"),
        ("hello".into(), 400, "line 1"),
        (String::new(), 400, "empty"),
        ("v=1\r\n".into(), 400, "v=0"),
    ];
    for (offer, status, words) in table {
        let error = answered(&offer).unwrap_err();
        assert_eq!(error.status(), status, "{offer}: {error}");
        assert!(error.to_string().contains(words), "{offer}: {error}");
    }
    assert_eq!(Session::parse(&[0xFF, 0xFE]).unwrap_err().status(), 400);
}

#[test]
fn hold_in_both_spellings_turns_our_direction() {
    let table = [
        (
            "m=audio 6000 RTP/AVP 8\r\na=sendonly\r\n",
            Direction::RecvOnly,
        ),
        (
            "m=audio 6000 RTP/AVP 8\r\na=recvonly\r\n",
            Direction::SendOnly,
        ),
        (
            "m=audio 6000 RTP/AVP 8\r\na=inactive\r\n",
            Direction::Inactive,
        ),
        (
            "m=audio 6000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n",
            Direction::RecvOnly,
        ),
        ("m=audio 6000 RTP/AVP 8\r\n", Direction::SendRecv),
    ];
    for (lines, direction) in table {
        let got = answered(&audio(lines)).unwrap();
        assert_eq!(got.spec.direction, direction, "{lines}");
        assert!(
            String::from_utf8(got.body)
                .unwrap()
                .contains(direction.name())
        );
    }
}

#[test]
fn ipv6_and_an_rtcp_port_of_its_own_are_understood() {
    let offer = "v=0\no=a 1 1 IN IP6 2001:db8::1\ns=-\nc=IN IP6 2001:db8::1\nt=0 0\nm=audio 6000 RTP/AVP 8\na=rtcp:7000 IN IP6 2001:db8::2\n";
    let spec = answered(offer).unwrap().spec;
    assert_eq!(spec.remote_rtp, "[2001:db8::1]:6000".parse().unwrap());
    assert_eq!(spec.remote_rtcp, "[2001:db8::2]:7000".parse().unwrap());
}

#[test]
fn our_offer_and_our_answer_agree_with_each_other() {
    let ours = Capabilities::default();
    let body = offer(&ours, LOCAL, 20_000, IDS);
    let far = answer(
        &Session::parse(&body).unwrap(),
        &ours,
        [192, 0, 2, 1].into(),
        30_000,
        IDS,
    )
    .unwrap();
    let spec = accept_answer(&far.body, &ours).unwrap();
    assert_eq!(spec.remote_rtp, "192.0.2.1:30000".parse().unwrap());
    assert_eq!((spec.codec, spec.events), (Codec::Pcma, Some(101)));
    assert_eq!(far.spec.remote_rtp, "192.0.2.9:20000".parse().unwrap());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let _ = Session::parse(&bytes);
    }

    #[test]
    fn no_lines_make_the_negotiation_panic(lines in proptest::collection::vec("[vocmatsb]=[ -~]{0,40}", 0..20)) {
        let _ = answered(&format!("v=0\r\n{}", lines.join("\r\n")));
    }
}

#[test]
fn while_we_hold_no_offer_of_the_peer_opens_the_way_again() {
    let holding = Capabilities {
        direction: Direction::SendOnly,
        ..Capabilities::default()
    };
    for (theirs, ours) in [
        ("sendrecv", Direction::SendOnly),
        ("recvonly", Direction::SendOnly),
        ("sendonly", Direction::Inactive),
        ("inactive", Direction::Inactive),
    ] {
        let text = audio(&format!("m=audio 6000 RTP/AVP 8\r\na={theirs}\r\n"));
        let offer = Session::parse(text.as_bytes()).unwrap();
        let answer = answer(&offer, &holding, LOCAL, 20_000, IDS).unwrap();
        assert_eq!(answer.spec.direction, ours, "{theirs}");
        let body = String::from_utf8(answer.body).unwrap();
        assert!(body.contains(&format!("a={}\r\n", ours.name())), "{theirs}");
    }
    let offer = String::from_utf8(offer(&holding, LOCAL, 20_000, IDS)).unwrap();
    assert!(offer.contains("a=sendonly\r\n"));
}

fn all() -> Capabilities {
    Capabilities {
        codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
        ..Capabilities::default()
    }
}

#[test]
fn opus_and_g722_are_answered_with_their_clock_and_events_of_theirs() {
    let lines = "m=audio 6000 RTP/AVP 96 9 8 97 98\r\na=rtpmap:96 opus/48000/2\r\n\
        a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\n";
    let offer = Session::parse(audio(lines).as_bytes()).unwrap();
    let opus = answer(&offer, &all(), LOCAL, 20_000, IDS).unwrap();
    let body = String::from_utf8(opus.body).unwrap();
    assert_eq!((opus.spec.codec, opus.spec.payload), (Codec::Opus, 96));
    assert_eq!(
        (opus.spec.events, opus.spec.events_clock),
        (Some(98), 48_000)
    );
    for line in [
        "m=audio 20000 RTP/AVP 96 98\r\n",
        "a=rtpmap:96 opus/48000/2\r\n",
        "a=fmtp:96 useinbandfec=1",
        "a=rtpmap:98 telephone-event/48000\r\n",
    ] {
        assert!(body.contains(line), "{line} is not in {body}");
    }
    let wide = Capabilities {
        codecs: vec![Codec::G722],
        ..all()
    };
    let wide = answer(&offer, &wide, LOCAL, 20_000, IDS).unwrap();
    assert_eq!((wide.spec.codec, wide.spec.payload), (Codec::G722, 9));
    assert_eq!(
        (wide.spec.events, wide.spec.events_clock),
        (Some(97), 8_000)
    );
    let body = String::from_utf8(wide.body).unwrap();
    assert!(body.contains("a=rtpmap:9 G722/8000\r\n"), "{body}");
}

#[test]
fn events_of_8000_are_taken_beside_opus_where_there_are_no_others() {
    let lines = "m=audio 6000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\n\
        a=rtpmap:97 telephone-event/8000\r\n";
    let offer = Session::parse(audio(lines).as_bytes()).unwrap();
    let spec = answer(&offer, &all(), LOCAL, 20_000, IDS).unwrap().spec;
    assert_eq!((spec.events, spec.events_clock), (Some(97), 8_000));
}

#[test]
fn an_offer_of_all_codecs_has_events_for_both_clocks() {
    let body = offer(&all(), LOCAL, 20_000, IDS);
    let text = String::from_utf8(body.clone()).unwrap();
    assert!(
        text.contains("m=audio 20000 RTP/AVP 111 9 8 0 101 110\r\n"),
        "{text}"
    );
    assert!(
        text.contains("a=rtpmap:110 telephone-event/48000\r\n"),
        "{text}"
    );
    let far = answer(&Session::parse(&body).unwrap(), &all(), LOCAL, 30_000, IDS).unwrap();
    let spec = accept_answer(&far.body, &all()).unwrap();
    assert_eq!((spec.codec, spec.events), (Codec::Opus, Some(110)));
}

#[test]
fn events_are_neither_offered_nor_taken_where_keys_go_another_way() {
    for (keys, tones) in [(Keys::Info, false), (Keys::Tones, true)] {
        let ours = Capabilities { keys, ..all() };
        let text = String::from_utf8(offer(&ours, LOCAL, 20_000, IDS)).unwrap();
        assert!(!text.contains("telephone-event"), "{text}");
        let theirs = Session::parse(&offer(&all(), LOCAL, 6_000, IDS)).unwrap();
        let answer = answer(&theirs, &ours, LOCAL, 20_000, IDS).unwrap();
        assert_eq!((answer.spec.events, answer.spec.tones), (None, tones));
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains("telephone-event"), "{text}");
    }
}

#[test]
fn tones_are_looked_for_where_no_events_were_agreed_but_not_unasked_in_opus() {
    for (format, tones) in [("8", true), ("9", true), ("96", false)] {
        let lines = format!("m=audio 6000 RTP/AVP {format}\r\na=rtpmap:96 opus/48000/2\r\n");
        let offer = Session::parse(audio(&lines).as_bytes()).unwrap();
        let spec = answer(&offer, &all(), LOCAL, 20_000, IDS).unwrap().spec;
        assert_eq!(spec.tones, tones, "{format}");
    }
}

#[test]
fn what_a_peer_writes_in_a_refused_section_cannot_break_our_answer() {
    for word in ["\u{b}", "a\u{1}b", "\u{85}", "x=\"y\"", "(t38)"] {
        let lines = format!("m=audio 6000 RTP/AVP 8\r\nm=video 0 RTP/AVP {word} 96\r\n");
        let why = Session::parse(audio(&lines).as_bytes()).unwrap_err();
        assert_eq!(why.status(), 400, "{word:?}");
    }
    let lines = "m=audio 6000 RTP/AVP 8\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
        m=image 0 udptl t38\r\nm=text 0 RTP/AVP *\r\n";
    assert!(Session::parse(audio(lines).as_bytes()).is_ok());
}

#[test]
fn stereo_in_name_only_is_opus_and_mono_opus_is_none() {
    for (encoding, is_known) in [
        ("opus/48000/2", true),
        ("opus/48000", false),
        ("OPUS/48000/2", true),
    ] {
        let lines = format!("m=audio 6000 RTP/AVP 96\r\na=rtpmap:96 {encoding}\r\n");
        let offer = Session::parse(audio(&lines).as_bytes()).unwrap();
        let is_answered = answer(&offer, &all(), LOCAL, 20_000, IDS).is_ok();
        assert_eq!(is_answered, is_known, "{encoding}");
    }
}

const THEIRS: &str =
    "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn protects(srtp: Srtp, byte: u8) -> Capabilities {
    Capabilities {
        srtp,
        secret: OurSecret::new([byte; MAX_KEY]),
        ..Capabilities::default()
    }
}

#[test]
fn protected_media_is_answered_with_the_tag_and_suite_of_the_offer() {
    let text = audio(&format!("m=audio 6000 RTP/SAVP 8\r\n{THEIRS}\r\n"));
    let offer = Session::parse(text.as_bytes()).unwrap();
    let answer = answer(&offer, &protects(Srtp::Allow, 1), LOCAL, 20_000, IDS).unwrap();
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains("m=audio 20000 RTP/SAVP 8\r\n"), "{body}");
    assert!(
        body.contains("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:AQEB"),
        "{body}"
    );
    let keys = answer.spec.keys.unwrap();
    assert_eq!(
        keys.receive.material(),
        b"YS___semctl () {\t220;}\n}\nunles"
    );
    assert_eq!(keys.send.material(), [1; 30]);
}

#[test]
fn a_line_that_requires_protection_takes_and_offers_nothing_else() {
    let plain = Session::parse(audio("m=audio 6000 RTP/AVP 8\r\n").as_bytes()).unwrap();
    let refused = answer(&plain, &protects(Srtp::Require, 1), LOCAL, 20_000, IDS);
    assert_eq!(refused.unwrap_err().status(), 488);
    let text = audio("m=audio 6000 RTP/SAVP 8\r\na=crypto:1 AEAD_AES_128_GCM inline:AAAA\r\n");
    let offer_of_gcm = Session::parse(text.as_bytes()).unwrap();
    let refused = answer(&offer_of_gcm, &protects(Srtp::Allow, 1), LOCAL, 20_000, IDS);
    assert!(matches!(refused, Err(OfferError::NoKey(_))));

    let body = offer(&protects(Srtp::Require, 1), LOCAL, 20_000, IDS);
    let theirs = Session::parse(&body).unwrap();
    assert_eq!(theirs.media[0].protocol, "RTP/SAVP");
    let far = answer(&theirs, &protects(Srtp::Allow, 2), LOCAL, 30_000, IDS).unwrap();
    let near = accept_answer(&far.body, &protects(Srtp::Require, 1)).unwrap();
    let (near, far) = (near.keys.unwrap(), far.spec.keys.unwrap());
    assert_eq!((near.send, near.receive), (far.receive, far.send));
    // An answer that falls back to plain media is none.
    let plain = audio("m=audio 6000 RTP/AVP 8\r\n");
    assert!(accept_answer(plain.as_bytes(), &protects(Srtp::Require, 1)).is_err());
}

#[test]
fn keys_are_shown_and_written_nowhere() {
    let text = audio(&format!("m=audio 6000 RTP/SAVP 8\r\n{THEIRS}\r\n"));
    let offer = Session::parse(text.as_bytes()).unwrap();
    let ours = protects(Srtp::Allow, b'k');
    let spec = answer(&offer, &ours, LOCAL, 20_000, IDS).unwrap().spec;
    let shown = format!("{offer:?} {ours:?} {spec:?}");
    assert!(!shown.contains("WVNf") && !shown.contains("107"), "{shown}");
}
