use proptest::prelude::*;

use super::*;

const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
/// 46 bytes of 0xFF.
const LONG: &str = "/////////////////////////////////////////////////////////////w==";

fn parse(value: &str) -> Result<Crypto, CryptoError> {
    Crypto::parse(value)
}

/// The attributes of RFC 4568 sections 4 and 7, those that we take.
#[test]
fn attributes_of_the_rfc_are_read() {
    let crypto = parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4")).unwrap();
    assert_eq!((crypto.tag, crypto.key.suite()), (1, Suite::Aes128Sha80));
    assert_eq!(crypto.key.material(), b"YS___semctl () {\t220;}\n}\nunles");
    assert_eq!(crypto.key.mki(), [0, 0, 0, 1]);
    let second = parse(
        "2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:32",
    );
    assert_eq!(second, Err(CryptoError::Parameter));
    let bare = parse("1 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj");
    assert_eq!(bare.unwrap().key.suite(), Suite::Aes128Sha32);
}

#[test]
fn variants_that_phones_write_are_read() {
    for value in [
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:1"),
        format!("1  aes_cm_128_hmac_sha1_80\tINLINE:{KEY}  "),
        format!("999999999 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=0 WSH=128 -X=1"),
        format!("1 AES_256_CM_HMAC_SHA1_80 inline:{LONG}"),
        format!(
            "1 AES_256_CM_HMAC_SHA1_32 inline:{}",
            LONG.trim_end_matches('=')
        ),
    ] {
        let value_again = parse(&value).unwrap().to_string();
        assert_eq!(parse(&value_again), parse(&value), "{value}");
    }
}

#[test]
fn what_is_wrong_is_refused_for_its_reason() {
    let malformed = |value: String| {
        let refused = parse(&value);
        assert!(
            matches!(refused, Err(CryptoError::Malformed(_))),
            "{value}: {refused:?}"
        );
    };
    let short = &KEY[..36];
    for value in [
        "",
        " ",
        "1",
        "x AES_CM_128_HMAC_SHA1_80 inline:",
        "1234567890 AES_CM_128_HMAC_SHA1_80 inline:",
        "-1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:????",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAA=A",
    ] {
        malformed(value.into());
    }
    let suite = "1 AES_CM_128_HMAC_SHA1_80";
    malformed(format!("{suite} inline:{short}"));
    malformed(format!("{suite} inline:{LONG}"));
    malformed(format!("{suite} inline:{LONG}{LONG}"));
    malformed(format!("1 AES_256_CM_HMAC_SHA1_80 inline:{KEY}"));
    malformed(format!("{suite} file:{KEY}"));
    malformed(format!("{suite} inline:{KEY}|"));
    malformed(format!("{suite} inline:{KEY}|2^"));
    malformed(format!("{suite} inline:{KEY}|2^20|1"));
    malformed(format!("{suite} inline:{KEY}|1:0"));
    malformed(format!("{suite} inline:{KEY}|256:1"));
    malformed(format!("{suite} inline:{KEY}|2^20|1:4|9"));
    malformed(format!("{suite} inline:{KEY} {}", "x".repeat(500)));
    for value in [
        format!("{suite} inline:{KEY} KDR=1"),
        format!("{suite} inline:{KEY} UNENCRYPTED_SRTP"),
        format!("{suite} inline:{KEY} UNENCRYPTED_SRTCP"),
        format!("{suite} inline:{KEY} UNAUTHENTICATED_SRTP"),
        format!("{suite} inline:{KEY} FEC_ORDER=FEC_SRTP"),
        format!("{suite} inline:{KEY} WSH=63"),
        format!("{suite} inline:{KEY};inline:{KEY}"),
    ] {
        assert_eq!(parse(&value), Err(CryptoError::Parameter), "{value}");
    }
    for name in [
        "F8_128_HMAC_SHA1_80",
        "AEAD_AES_128_GCM",
        "AES_CM_128_HMAC_SHA1_8",
    ] {
        assert_eq!(
            parse(&format!("1 {name} inline:{KEY}")),
            Err(CryptoError::Suite)
        );
    }
}

#[test]
fn the_first_usable_attribute_of_an_offer_is_chosen() {
    let lines = [
        format!("1 AEAD_AES_256_GCM inline:{KEY}"),
        format!("2 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"),
        format!("3 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
        format!("4 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
    ];
    let chosen = |ours: &[Suite]| Crypto::choose(lines.iter().map(String::as_str), ours);
    assert_eq!(chosen(&Suite::ALL).unwrap().unwrap().tag, 3);
    assert_eq!(chosen(&[Suite::Aes128Sha80]).unwrap().unwrap().tag, 4);
    assert_eq!(chosen(&[Suite::Aes256Sha80]), Some(Err(CryptoError::Suite)));
    assert_eq!(Crypto::choose([], &Suite::ALL), None);
}

#[test]
fn a_key_is_never_shown_but_where_it_is_meant_to_be_written() {
    let crypto = parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap();
    assert!(!format!("{crypto:?}").contains("WVN"));
    assert!(!format!("{crypto:?}").contains("89"));
    assert!(crypto.to_string().ends_with(KEY));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        tag in 0..1_000_000_000u32,
        which in 0..4usize,
        random in any::<[u8; 32]>(),
        mki in prop::option::of((any::<u16>(), 2..=4usize)),
    ) {
        let mut material = [9; MAX_KEY];
        material[..32].copy_from_slice(&random);
        let mut crypto = Crypto::new(tag, Suite::ALL[which], &material).unwrap();
        if let Some((value, length)) = mki {
            crypto.key = crypto.key.named(value.into(), length).unwrap();
        }
        prop_assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
    }

    #[test]
    fn any_text_is_read_or_refused(value in "\\PC{0,200}") {
        let _ = Crypto::parse(&value);
    }

    #[test]
    fn any_near_miss_is_read_or_refused(
        at in 0..90usize,
        with in "\\PC{0,2}",
    ) {
        let mut value = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4 KDR=0");
        let at = at.min(value.len());
        value.replace_range(at..(at + 1).min(value.len()), &with);
        if let Ok(crypto) = Crypto::parse(&value) {
            prop_assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
        }
    }
}
