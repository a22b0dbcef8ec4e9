//! Site texts: the demo one, and one with every kind of fault at a known place.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::flow::Target;

fn prompts() -> BTreeSet<String> {
    let names =
        "welcome say_problem net_help billing sales queue_wait sorry goodbye no_input invalid_key";
    names.split(' ').map(str::to_owned).collect()
}

fn faults(text: &str) -> Vec<(u32, u32, String)> {
    let all = Site::load(text, &prompts()).expect_err("a fault");
    all.into_iter()
        .map(|d| (d.line, d.column, format!("{}; {}", d.message, d.hint)))
        .collect()
}

/// The one fault of a text, whose message or hint holds the words.
fn only_fault(text: &str, line: u32, column: u32, words: &str) {
    let all = faults(text);
    let is_it = matches!(&all[..], [(l, c, m)] if *l == line && *c == column && m.contains(words));
    assert!(
        is_it,
        "wanted {line}:{column} {words}, got {all:?} for\n{text}"
    );
}

#[test]
fn the_demo_site_loads_without_a_warning() {
    let site = Site::load(Site::default_text(), &prompts()).unwrap_or_else(|all| {
        panic!(
            "{}",
            all.iter().map(|d| format!("{d}\n")).collect::<String>()
        );
    });
    assert_eq!(site.warnings(), []);
    assert_eq!(
        site.number("4000").map(|number| &number.door),
        Some(&Door::Target(Target::Flow {
            name: "customer_service".to_owned()
        }))
    );
    assert_eq!(
        site.queue("queue_wait").map(Queue::max_wait),
        Some(Duration::from_secs(20))
    );
    let local: IpAddr = "127.0.0.1".parse().expect("an address");
    assert!(site.trunks()[0].peers[0].contains(local));
    let names = site.names();
    assert_eq!(
        names.flows["tech_support"],
        ["billing", "net_help", "not_understood", "problem"]
    );
    assert_eq!(names.queues, ["queue_wait", "sales"]);
}

const HEAD: &str = "[site]\nname = \"X\"\n[trunk.t]\npeers = [\"192.0.2.7\"]\n[number.\"*\"]\nflow = \"f\"\n[flow.f]\n";
const FLOW: &str =
    "xml = '<ivr name=\"f\"><step type=\"transfer\" to=\"110\" next=\"hangup\"/></ivr>'\n";

#[test]
fn a_small_site_loads() {
    let site = Site::load(&format!("{HEAD}{FLOW}"), &prompts()).expect("a site");
    assert!(site.records() && site.speech() && site.warnings().is_empty());
}

#[test]
fn every_fault_of_a_site_is_found_at_its_place() {
    let table: [(&str, u32, u32, &str); 19] = [
        (
            "[queue.q]\nmaxwait = \"5s\"",
            10,
            1,
            "did you mean `max_wait`?",
        ),
        (
            "[queue.q]\nmax_wait = \"5\"",
            10,
            13,
            "`5` is not a duration",
        ),
        ("[queue.q]\nmax_wait = 5", 10, 12, "type integer"),
        (
            "[queue.q]\nprompt = \"queue_wait  sorry2\"",
            10,
            23,
            "did you mean `sorry`?",
        ),
        (
            "[queue.q]\nthen = \"g\"",
            10,
            9,
            "`g` is no step, flow or queue",
        ),
        ("[queue.\"q q\"]", 9, 8, "`q q` cannot be a name"),
        ("[trunk.u]", 9, 8, "lets nobody in"),
        (
            "[trunk.u]\npeers = [\"10.0.0.1\", \"10.0.0.x\"]",
            10,
            23,
            "not an IP address",
        ),
        (
            "[trunk.u]\npeers = [\"10.0.0.1/8\"]",
            10,
            11,
            "write `10.0.0.0/8`",
        ),
        (
            "[trunk.u]\npeers = \"10.0.0.1\"",
            10,
            9,
            "a list of strings",
        ),
        (
            "[trunk.u]\npeers = [\"192.0.2.7\"]",
            10,
            11,
            "belongs to trunk `t` already",
        ),
        ("[trunk.u]\nusername = \"u\"", 9, 8, "lacks `password`"),
        ("[number.5]\nflow = \"ff\"", 10, 9, "did you mean `f`?"),
        ("[number.5]\nqueue = \"q\"", 10, 10, "there is no queue `q`"),
        ("[number.5]", 9, 9, "needs a flow or a queue"),
        (
            "[number.\"a b\"]\nflow = \"f\"",
            9,
            9,
            "`a b` cannot be dialled",
        ),
        ("[flow.g]", 9, 7, "lacks `xml`"),
        ("[flows.g]", 9, 2, "did you mean `flow`?"),
        ("[queue.q]\nthen = \"f", 10, 10, ""),
    ];
    for (added, line, column, words) in table {
        let text = format!("{HEAD}{FLOW}{added}\n");
        if added.contains("[flow.g]") {
            assert_eq!(faults(&text)[0].0, line);
            continue;
        }
        only_fault(&text, line, column, words);
    }
}

mod audio;
mod carriers;
mod phones;

#[test]
fn faults_in_an_embedded_flow_stand_at_their_line_in_the_site() {
    let xml = "xml = '''\n<ivr name=\"f\">\n  <step type=\"say\" prompt=\"welcomes\" next=\"nowhere\"/>\n</ivr>'''\n";
    let all = faults(&format!("{HEAD}{xml}"));
    let places: Vec<(u32, u32)> = all
        .iter()
        .map(|(line, column, _)| (*line, *column))
        .collect();
    assert_eq!(places, [(10, 28), (10, 44)], "{all:?}");
    only_fault(
        &format!(
            "{HEAD}xml = '<ivr name=\"g\"><step type=\"transfer\" to=\"1\" next=\"hangup\"/></ivr>'\n"
        ),
        8,
        8,
        "of another name: `g`",
    );
}

#[test]
fn all_faults_come_at_once_and_in_reading_order() {
    let all =
        faults("[site]\nnme = \"X\"\nrecord = \"yes\"\n[queue.q]\nthen = \"x\"\nprompt = \"y\"\n");
    let lines: Vec<u32> = all.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 5, 6], "{all:?}");
    assert!(faults("x = = 1\ny = [1\n").len() >= 2);
}

#[test]
fn junk_and_huge_texts_are_refused_with_a_word() {
    for junk in [
        "",
        "\u{0}\u{1}\u{2}",
        "PK\u{3}\u{4}\u{fffd}",
        "]]]]",
        "<ivr/>",
        "[[[[[[",
        "a.b.c.d.e = 1",
    ] {
        let all = faults(junk);
        assert!(
            !all.is_empty() && all.iter().all(|(_, _, m)| m.len() > 10),
            "{junk:?} {all:?}"
        );
    }
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(!faults(&deep).is_empty());
    let huge = "#".repeat(limits::MAX_SITE_BYTES + 1);
    assert!(faults(&huge)[0].2.contains("1048576 are allowed"));
    let many: String = (0..5_000).map(|i| format!("k{i} = 1\n")).collect();
    assert_eq!(faults(&many).len(), limits::MAX_DIAGNOSTICS + 1);
}

#[test]
fn a_password_never_shows_itself() {
    let text = format!("{HEAD}{FLOW}[trunk.u]\nusername = \"u\"\npassword = \"tell-nobody\"\n");
    let site = Site::load(&text, &prompts()).expect("a site");
    assert!(!format!("{site:?}").contains("tell-nobody"));
    let file = SiteFile::parse(&text).expect("a file");
    assert!(!format!("{file:?}").contains("tell-nobody"));
    let password = site.trunks()[1]
        .credentials
        .as_ref()
        .map(|c| c.password.reveal());
    assert_eq!(password, Some("tell-nobody"));
}

#[test]
fn what_may_hurt_a_caller_is_a_warning() {
    let text = "[site]\nname = \"X\"\nspeech = false\n[trunk.t]\npeers = [\"0.0.0.0/0\"]\n[flow.f]\nxml = '''\n\
        <ivr name=\"f\" prompt=\"welcome\"><step type=\"words\" words=\"人工\" next=\"q\"/>\n\
        <step type=\"input\" default=\"true\" next=\"start\"/></ivr>'''\n[queue.q]\n[queue.f]\n";
    let site = Site::load(text, &prompts()).expect("a site");
    let said: String = site.warnings().iter().map(|d| format!("{d}\n")).collect();
    for words in [
        "everybody may call",
        "goes round for ever: start -> start",
        "no number and no step leads to flow `f`",
        "speech = false",
        "both called `f`",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
}
