//! Carrier templates: each makes a valid site, and what is written wins.

use std::time::Duration;

use call::{Codec, Identity, Srtp};

use super::*;

fn site_with(trunk: &str, account: &str) -> String {
    format!(
        "[site]\nname = \"X\"\n[plan]\ncountry = \"86\"\narea = \"10\"\n[number.\"*\"]\nqueue = \"q\"\n\
         [queue.q]\n[route.all]\nmatch = [\"*\"]\ntrunk = [\"line\"]\n[trunk.line]\nnumbers = [\"62345678\"]\n\
         {trunk}\n[trunk.line.account]\nserver = \"sip.carrier.example\"\nusername = \"u\"\npassword = \"p\"\n\
         {account}\n"
    )
}

fn loaded(text: &str) -> Site {
    let shown = |all: Vec<Diagnostic>| all.iter().map(|d| format!("{d}\n")).collect::<String>();
    Site::load(text, &prompts()).unwrap_or_else(|all| panic!("{}\n{text}", shown(all)))
}

fn following(template: &str) -> Trunk {
    let site = loaded(&site_with(&format!("template = \"{template}\""), ""));
    assert_eq!(site.warnings(), [], "{template}");
    site.trunks()[0].clone()
}

#[test]
fn each_template_makes_a_valid_trunk_of_its_kind() {
    let half_hour = Some(Duration::from_secs(1_800));
    for (template, registers, identity, called, caller, session) in [
        (
            "china-mobile-ims",
            true,
            Identity::Preferred,
            Form::E164,
            Form::E164,
            half_hour,
        ),
        (
            "china-telecom-ims",
            true,
            Identity::Preferred,
            Form::National,
            Form::E164,
            half_hour,
        ),
        (
            "china-unicom-ims",
            false,
            Identity::Asserted,
            Form::E164,
            Form::E164,
            half_hour,
        ),
        (
            "international",
            true,
            Identity::Asserted,
            Form::E164,
            Form::E164,
            half_hour,
        ),
        (
            "raw",
            false,
            Identity::From,
            Form::Dialled,
            Form::Dialled,
            None,
        ),
    ] {
        let trunk = following(template);
        let account = trunk.account.expect("an account");
        assert_eq!(trunk.template.as_deref(), Some(template));
        assert_eq!(
            (account.register, account.manner.identity),
            (registers, identity),
            "{template}"
        );
        assert_eq!(trunk.forms, Forms { called, caller }, "{template}");
        assert_eq!(account.manner.session, session, "{template}");
        assert_eq!(account.manner.reliable, template != "raw", "{template}");
        assert_eq!(trunk.trusted, template != "raw", "{template}");
        assert!(trunk.sound.codecs.contains(&Codec::Pcma), "{template}");
        assert_eq!(account.keepalive.is_none(), template == "raw", "{template}");
    }
    assert_eq!(
        Site::load(&site_with("template = \"international\"", ""), &prompts())
            .map(|site| site.names().templates)
            .unwrap_or_default(),
        [
            "china-mobile-ims",
            "china-telecom-ims",
            "china-unicom-ims",
            "international",
            "raw"
        ]
    );
}

#[test]
fn a_template_is_what_its_text_would_be_if_it_were_written() {
    for name in super::super::carriers::names() {
        let text = super::super::carriers::text(name).expect("a text");
        let (trunk, account) = text.split_once("[account]").expect("an account");
        let written = loaded(&site_with(trunk, account));
        let written = Trunk {
            template: Some(name.to_owned()),
            ..written.trunks()[0].clone()
        };
        assert_eq!(written, following(name), "{name}");
    }
}

#[test]
fn what_is_written_wins_over_the_template() {
    let trunk = "template = \"china-mobile-ims\"\nformat = \"national\"\ncodecs = [\"pcmu\"]\nsrtp = \"require\"";
    let account =
        "register = false\ntransport = \"tls\"\nsession_timer = \"off\"\nidentity = \"from\"";
    let site = loaded(&site_with(trunk, account));
    let trunk = &site.trunks()[0];
    let account = trunk.account.as_ref().expect("an account");
    assert_eq!(trunk.forms.called, Form::National);
    assert_eq!(trunk.sound.codecs, [Codec::Pcmu]);
    assert_eq!(trunk.sound.srtp, Srtp::Require);
    assert!(!account.register && account.manner.user_phone);
    assert_eq!(account.transport, Transport::Tls);
    assert_eq!(account.manner.session, None);
    assert_eq!(account.manner.identity, Identity::From);
    let way = &site.ways_out("01087654321", None)[0];
    assert_eq!(
        (way.to.as_str(), way.from.as_str()),
        ("01087654321", "01062345678")
    );
}

#[test]
fn an_unknown_template_is_told_with_those_that_are_known() {
    let text = site_with("template = \"china-mobil\"", "");
    let all = faults(&text);
    assert_eq!(all.len(), 1, "{all:?}");
    let (_, column, message) = &all[0];
    assert_eq!(*column, 13);
    assert!(
        message.contains("`china-mobil` is no template"),
        "{message}"
    );
    assert!(
        message.contains("china-unicom-ims, international, raw"),
        "{message}"
    );
}

#[test]
fn an_older_site_that_says_asserted_means_the_same() {
    let site = loaded(&site_with("", "asserted = true"));
    let account = site.trunks()[0].account.clone().expect("an account");
    assert_eq!(account.manner.identity, Identity::Asserted);
    assert_eq!(account.keepalive, Some(Duration::from_secs(30)));
}

#[test]
fn spans_of_an_account_are_checked_or_off() {
    for (account, words) in [
        ("session_timer = \"10s\"", "out of bounds"),
        ("keepalive = \"1\"", "not a duration"),
        ("identity = \"assert\"", "did you mean `asserted`?"),
    ] {
        let all = faults(&site_with("", account));
        assert!(
            matches!(&all[..], [(_, _, m)] if m.contains(words)),
            "{all:?}"
        );
    }
}
