use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Birth, BlackBoxError, Entries, MAGIC, Recorder, replay};
use crate::site::Site;
use crate::{Centre, CentreConfig, Input, Output};

fn birth() -> (CentreConfig, Arc<Site>) {
    let text = Site::default_text();
    let prompts = names();
    let site = Arc::new(Site::load(text, &prompts).unwrap());
    let config = CentreConfig {
        seed: [7; 32],
        ports: vec![4000, 4002],
        local: std::net::SocketAddr::from(([127, 0, 0, 1], 5060)).into(),
        media_ip: "127.0.0.1".parse().unwrap(),
        now: Instant::now(),
        unix_ms: 1_772_323_200_000,
    };
    (config, site)
}

fn names() -> BTreeSet<String> {
    let names =
        "welcome no_input invalid_key queue_wait sales say_problem net_help billing sorry goodbye";
    names.split(' ').map(str::to_owned).collect()
}

fn invite() -> String {
    let sdp = "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
        m=audio 6000 RTP/AVP 8\r\n";
    format!(
        "INVITE sip:4000@127.0.0.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKa;rport\r\n\
        From: <sip:1001@127.0.0.1>;tag=a\r\nTo: <sip:4000@127.0.0.1>\r\nCall-ID: one\r\n\
        CSeq: 1 INVITE\r\nContact: <sip:1001@127.0.0.1:5070>\r\nMax-Forwards: 70\r\n\
        Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

/// A call that comes, is answered, and is ended by the box's stop.
fn one_call() -> Vec<u8> {
    let steps = [
        (5, Some(datagram(invite()))),
        (700, None),
        (900, Some(Input::Stop)),
    ];
    let (config, site) = birth();
    recorded(config, site, steps).0
}

fn datagram(text: String) -> Input {
    Input::Datagram {
        from: "127.0.0.1:5070".parse().unwrap(),
        bytes: text.into(),
    }
}

/// The black box of a centre that is led through `steps`, milliseconds after its birth, and what the
/// centre answered.
fn recorded(
    config: CentreConfig,
    site: Arc<Site>,
    steps: impl IntoIterator<Item = (u64, Option<Input>)>,
) -> (Vec<u8>, Vec<Output>) {
    let start = config.now;
    let mut recorder = Recorder::new(&Birth::of(&config, &site), start);
    let mut centre = Centre::new(config, site);
    centre.draw_keys_from([9; 32]);
    let (mut bytes, mut answers) = (Vec::new(), Vec::new());
    for (after, input) in steps {
        let now = start + Duration::from_millis(after);
        match input {
            Some(input) => {
                recorder.told(now, &input);
                centre.handle(now, input);
            }
            None => {
                recorder.woken(now);
                centre.handle_timeout(now);
            }
        }
        while let Some(output) = centre.poll() {
            recorder.answered(&output);
            answers.push(output);
        }
        bytes.extend(recorder.settle());
    }
    (bytes, answers)
}

#[test]
fn a_replayed_call_answers_as_it_did() {
    let bytes = one_call();
    let mut outputs = 0;
    let found = replay(Entries::new(&bytes).unwrap(), Instant::now(), |step| {
        outputs += step.outputs.len();
    })
    .unwrap();
    assert_eq!((found.steps, found.diverged, found.first), (3, 0, None));
    assert!(outputs >= 3, "the call was answered: {outputs} outputs");
}

#[test]
fn keys_of_protected_media_are_not_in_it_and_it_replays_all_the_same() {
    let keys = [
        "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
        "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
    ];
    let protect = |cseq: &str, key: &str| {
        let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n");
        let text = invite().replace("RTP/AVP 8\r\n", &format!("RTP/SAVP 8\r\n{crypto}"));
        let (head, sdp) = text.split_once("\r\n\r\n").unwrap();
        let length = head.split("Content-Length: ").nth(1).unwrap();
        let head = head.replace(length, &sdp.len().to_string());
        format!("{head}\r\n\r\n{sdp}").replace("CSeq: 1", cseq)
    };
    let (config, _) = birth();
    let text = Site::default_text().replacen("peers = ", "srtp = \"require\"\npeers = ", 1);
    let site = Arc::new(Site::load(&text, &names()).unwrap());
    let sent = |answers: &[Output]| {
        let text = answers.iter().filter_map(|answer| match answer {
            Output::Transmit { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        text.collect::<String>()
    };
    // What the box calls itself in the dialog is drawn from the seed: heard once, it is known.
    let first = (5, Some(datagram(protect("CSeq: 1", keys[0]))));
    let (_, answers) = recorded(config.clone(), site.clone(), [first.clone()]);
    let said = sent(&answers);
    let tag = said.split("To: <sip:4000@127.0.0.1>;tag=").nth(1).unwrap();
    let tag = tag.split("\r\n").next().unwrap();
    let within = |text: String| {
        text.replace(
            "4000@127.0.0.1>\r\nCall-ID",
            &format!("4000@127.0.0.1>;tag={tag}\r\nCall-ID"),
        )
    };
    let again = within(protect("CSeq: 2", keys[1])).replace("z9hG4bKa", "z9hG4bKb");
    let ack = format!(
        "ACK sip:4000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKc\r\n\
         From: <sip:1001@127.0.0.1>;tag=a\r\nTo: <sip:4000@127.0.0.1>;tag={tag}\r\nCall-ID: one\r\n\
         CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    let steps = [
        first,
        (700, None),
        (710, Some(datagram(ack))),
        (900, Some(datagram(again))),
        (990, Some(Input::Stop)),
    ];
    let (bytes, answers) = recorded(config, site, steps);
    let is_update =
        |answer: &&Output| matches!(answer, Output::Stream(call::StreamCommand::Update { .. }));
    assert_eq!(
        answers.iter().filter(is_update).count(),
        1,
        "another key is another description"
    );
    let said = sent(&answers);
    let ours: Vec<&str> = said
        .split("inline:")
        .skip(1)
        .map(|key| &key[..40])
        .collect();
    assert!(!ours.is_empty(), "the box answered with keys of its own");
    for key in keys.into_iter().chain(ours) {
        let is_there = bytes.windows(8).any(|part| part == &key.as_bytes()[..8]);
        assert!(!is_there, "{key} is in the black box");
    }
    let found = replay(Entries::new(&bytes).unwrap(), Instant::now(), |_| {}).unwrap();
    assert_eq!((found.steps, found.diverged, found.first), (5, 0, None));
}

#[test]
fn a_changed_input_is_found_at_its_step() {
    let mut bytes = one_call();
    let at = bytes.windows(4).position(|part| part == b"4000").unwrap();
    let last = bytes.windows(5).rposition(|part| part == b":4000").unwrap();
    assert!(at < last);
    // Another called number in the recorded INVITE.
    bytes[last + 1] = b'5';
    let found = replay(Entries::new(&bytes).unwrap(), Instant::now(), |_| {}).unwrap();
    assert!(found.diverged > 0);
    assert_eq!(found.first.unwrap().step, 1);
}

#[test]
fn a_file_cut_anywhere_is_replayed_up_to_there() {
    let bytes = one_call();
    let head = Entries::new(&bytes).unwrap().at;
    for length in (head..bytes.len()).step_by(7) {
        let found = replay(
            Entries::new(&bytes[..length]).unwrap(),
            Instant::now(),
            |_| {},
        );
        assert_eq!(found.unwrap().diverged, 0, "cut at {length}");
    }
    for length in 0..head {
        assert!(Entries::new(&bytes[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn foreign_bytes_are_refused_with_their_place() {
    assert_eq!(Entries::new(b"RIFF").unwrap_err(), BlackBoxError::Magic);
    let mut huge = MAGIC.to_vec();
    huge.extend(u32::MAX.to_le_bytes());
    let error = Entries::new(&huge).unwrap_err();
    assert!(
        matches!(error, BlackBoxError::Entry { at: 8, .. }),
        "{error}"
    );
}
