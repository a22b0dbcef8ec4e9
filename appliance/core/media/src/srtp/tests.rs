use proptest::prelude::*;

use super::*;
use crate::rtp::Packet;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter_map(|c| char::from(c).to_digit(16).map(|d| d as u8))
        .collect();
    digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
}

/// A key that differs in every byte.
fn key(suite: Suite) -> MasterKey {
    let material: Vec<u8> = (0..46).map(|n| n * 5 + 1).collect();
    MasterKey::new(suite, &material).unwrap()
}

fn packet(sequence: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 1_500];
    let packet = Packet {
        payload_type: 8,
        marker: false,
        sequence,
        timestamp: 7,
        ssrc,
        payload,
    };
    let length = packet.write(&mut out).unwrap();
    out.truncate(length);
    out
}

fn sealed(sealer: &mut Sealer, plain: &[u8]) -> Vec<u8> {
    let mut buffer = plain.to_vec();
    buffer.resize(plain.len() + MAX_TRAILER, 0);
    let length = sealer.protect_rtp(&mut buffer, plain.len()).unwrap();
    buffer.truncate(length);
    buffer
}

fn opened(opener: &mut Opener, sealed: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = sealed.to_vec();
    let length = opener.open_rtp(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

const SHORT_KEY: &str = "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6";
const LONG_KEY: &str = "F0F04914B513F2763A1B1FA130F10E29 98F6F6E43E4309D1E622A0E332B9F1B6
                        3B04803DE51EE7C96423AB5B78D2";
const PLAIN: &str = "800F1234 DECAFBAD CAFEBABE ABABABABABABABABABABABABABABABAB";

/// Reference packets of libsrtp, the implementation that everybody's is tested against.
#[test]
fn packets_are_those_of_the_reference_implementation() {
    let cases = [
        (
            Suite::Aes128Sha80,
            SHORT_KEY,
            "800F1234DECAFBADCAFEBABE 4E55DC4CE79978D88CA4D215949D2402 B78D6ACC99EA179B8DBB",
        ),
        (
            Suite::Aes256Sha80,
            LONG_KEY,
            "800F1234DECAFBADCAFEBABE F1D9DE17FF251FF1AA007774B0B4B40D A08D9D9A5B3A55D8873B",
        ),
    ];
    for (suite, key, expected) in cases {
        let master = MasterKey::new(suite, &bytes(key)).unwrap();
        let protected = sealed(&mut Sealer::new(&master), &bytes(PLAIN));
        assert_eq!(protected, bytes(expected));
        let plain = opened(&mut Opener::new(&master), &protected);
        assert_eq!(plain, Ok(bytes(PLAIN)));
    }
}

#[test]
fn control_packets_are_those_of_the_reference_implementation() {
    let master = MasterKey::new(Suite::Aes128Sha80, &bytes(SHORT_KEY)).unwrap();
    let plain = bytes("81C8000B CAFEBABE ABABABABABABABABABABABABABABABAB");
    let expected =
        bytes("81C8000BCAFEBABE 7128035BE487B9BDBEF89041F977A5A8 80000001 993E08CD54D6C1230798");
    let mut buffer = [plain.clone(), vec![0; MAX_TRAILER]].concat();
    let mut sealer = Sealer::new(&master);
    let length = sealer.protect_rtcp(&mut buffer, plain.len()).unwrap();
    assert_eq!(buffer[..length], expected);
    let mut opener = Opener::new(&master);
    let mut protected = expected.clone();
    assert_eq!(opener.open_rtcp(&mut protected), Ok(plain.len()));
    assert_eq!(protected[..plain.len()], plain);
    let mut again = expected.clone();
    assert_eq!(opener.open_rtcp(&mut again), Err(SrtpError::Replayed));
    let mut forged = expected;
    forged[9] ^= 1;
    assert_eq!(opener.open_rtcp(&mut forged), Err(SrtpError::Forged));
}

#[test]
fn the_sequence_may_wrap_many_times_and_lose_and_swap_packets() {
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = (Sealer::new(&key(suite)), Opener::new(&key(suite)));
        let mut late = Vec::new();
        for n in 0..200_000u32 {
            // Leaps, so that a few thousand packets cross many wraps.
            if n % 97 > 3 {
                continue;
            }
            let plain = packet((n + 60_000) as u16, 9, &n.to_be_bytes());
            let protected = sealed(&mut sealer, &plain);
            match n % 97 {
                0 => late.push((protected, plain)),
                1 => {}
                _ => assert_eq!(opened(&mut opener, &protected), Ok(plain), "{n}"),
            }
            if n % 97 == 3 {
                for (protected, plain) in late.drain(..) {
                    assert_eq!(opened(&mut opener, &protected), Ok(plain), "late {n}");
                }
            }
        }
    }
}

#[test]
fn a_packet_is_opened_once_and_not_when_it_is_too_old() {
    let master = key(Suite::Aes128Sha80);
    let (mut sealer, mut opener) = (Sealer::new(&master), Opener::new(&master));
    let packets: Vec<_> = (0..300u16)
        .map(|n| sealed(&mut sealer, &packet(n, 1, &[1; 160])))
        .collect();
    for n in [0, 299, 298, 172] {
        assert!(opened(&mut opener, &packets[n]).is_ok(), "{n}");
    }
    for n in [0, 299, 298, 172, 171, 100] {
        let again = opened(&mut opener, &packets[n]);
        assert_eq!(again, Err(SrtpError::Replayed), "{n}");
    }
}

#[test]
fn what_is_not_of_the_key_is_refused_and_changes_nothing() {
    let master = key(Suite::Aes128Sha80);
    let (mut sealer, mut opener) = (Sealer::new(&master), Opener::new(&master));
    let good = sealed(&mut sealer, &packet(10, 1, &[7; 160]));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 0x20;
        let refused = opened(&mut opener, &forged);
        let malformed = refused == Err(SrtpError::Malformed);
        assert!(
            refused == Err(SrtpError::Forged) || malformed && at == 0,
            "{at}"
        );
    }
    // Thousands of invented sources do not push the real one out.
    for source in 0..5_000 {
        let mut invented = packet(30_000, source + 100, &[7; 160]);
        invented.extend([0; 10]);
        assert_eq!(opened(&mut opener, &invented), Err(SrtpError::Forged));
    }
    assert!(opened(&mut opener, &good).is_ok());
    let other = key(Suite::Aes128Sha32);
    assert_eq!(
        opened(&mut Opener::new(&other), &good),
        Err(SrtpError::Forged)
    );
}

#[test]
fn a_peer_that_changes_its_source_is_heard_and_not_replayed() {
    let master = key(Suite::Aes256Sha32);
    let mut opener = Opener::new(&master);
    let mut old = Vec::new();
    for source in 1..=3 {
        let mut sealer = Sealer::new(&master);
        for n in 0..10 {
            let protected = sealed(&mut sealer, &packet(n, source, &[n as u8; 20]));
            assert!(opened(&mut opener, &protected).is_ok());
            old.push(protected);
        }
    }
    for protected in old {
        assert_eq!(opened(&mut opener, &protected), Err(SrtpError::Replayed));
    }
}

#[test]
fn a_named_key_is_named_in_each_packet() {
    let plain = packet(1, 1, &[5; 160]);
    let named = |value| key(Suite::Aes128Sha80).named(value, 4).unwrap();
    let protected = sealed(&mut Sealer::new(&named(0x0102)), &plain);
    assert_eq!(protected.len(), plain.len() + 14);
    assert_eq!(protected[plain.len()..][..4], [0, 0, 1, 2]);
    assert_eq!(
        opened(&mut Opener::new(&named(0x0102)), &protected),
        Ok(plain)
    );
    let other = opened(&mut Opener::new(&named(7)), &protected);
    assert_eq!(other, Err(SrtpError::Forged));
    assert!(key(Suite::Aes128Sha80).named(1, 5).is_none());
}

#[test]
fn a_key_protects_one_source_and_needs_room_for_its_tag() {
    let master = key(Suite::Aes128Sha80);
    let mut sealer = Sealer::new(&master);
    let plain = packet(1, 1, &[5; 160]);
    let mut tight = plain.clone();
    let length = plain.len();
    let refused = sealer.protect_rtp(&mut tight, length);
    assert_eq!(refused, Err(SrtpError::NoRoom));
    assert_eq!(tight, plain);
    sealed(&mut sealer, &plain);
    let mut other = [packet(2, 2, &[5; 160]), vec![0; MAX_TRAILER]].concat();
    let refused = sealer.protect_rtp(&mut other, length);
    assert_eq!(refused, Err(SrtpError::OtherSource));
    let shown = format!("{sealer:?}");
    assert_eq!(shown, "Sealer(MasterKey(AES_CM_128_HMAC_SHA1_80))");
}

#[test]
fn an_index_is_the_nearest_that_the_sequence_can_mean() {
    let round = 1 << 16;
    let cases = [
        (5, 6, 6),
        (5, 4, 4),
        (65_535, 0, round),
        (round, 65_535, 65_535),
        (round + 5, 65_530, 65_530),
        (3 * round + 10, 11, 3 * round + 11),
        (3 * round + 65_000, 100, 4 * round + 100),
        (4 * round + 100, 65_000, 3 * round + 65_000),
        // Far behind the first round there is nothing.
        (5, 60_000, 60_000),
    ];
    for (highest, sequence, index) in cases {
        assert_eq!(index_of(highest, sequence), index, "{highest} {sequence}");
    }
}

proptest! {
    #[test]
    fn any_packet_comes_back_as_it_was(
        payload in prop::collection::vec(any::<u8>(), 0..400),
        contributors in prop::collection::vec(any::<u32>(), 0..4),
        extension in prop::option::of(prop::collection::vec(any::<u32>(), 0..4)),
        which in 0..4usize,
        sequence in any::<u16>(),
    ) {
        let mut plain = vec![0x80 | contributors.len() as u8, 8];
        plain.extend(sequence.to_be_bytes());
        plain.extend([0, 0, 0, 1, 0, 0, 0, 2]);
        plain.extend(contributors.iter().flat_map(|word| word.to_be_bytes()));
        if let Some(words) = &extension {
            plain[0] |= 0x10;
            plain.extend([0xBE, 0xDE, 0, words.len() as u8]);
            plain.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        }
        let header = plain.len();
        plain.extend(&payload);
        let master = key(Suite::ALL[which]);
        let protected = sealed(&mut Sealer::new(&master), &plain);
        prop_assert_eq!(&protected[..header], &plain[..header]);
        prop_assert_eq!(opened(&mut Opener::new(&master), &protected), Ok(plain));
    }

    #[test]
    fn any_bytes_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let master = key(Suite::Aes128Sha32);
        let mut opener = Opener::new(&master);
        prop_assert!(opener.open_rtp(&mut bytes.clone()).is_err());
        prop_assert!(opener.open_rtcp(&mut bytes.clone()).is_err());
        let mut sealer = Sealer::new(&master);
        let mut buffer = bytes.clone();
        let _ = sealer.protect_rtp(&mut buffer, bytes.len());
        let _ = sealer.protect_rtcp(&mut buffer, bytes.len() + 1);
    }
}
