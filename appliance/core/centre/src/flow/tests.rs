//! The founding snippet, and one seeded fault of each kind, each found at its line and column.

use super::*;

pub(super) const VERBATIM: &str = "<ivr name=\"customer_service\"><step type=\"input\" key=\"1\" next=\"tech_support\"/><step type=\"input\" key=\"2\" next=\"sales\"/><step type=\"input\" default=\"true\" next=\"queue_wait\"/></ivr>";

fn set(names: &str) -> BTreeSet<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

fn known() -> Known {
    Known {
        flows: BTreeMap::from([("tech_support".to_owned(), set("start problem"))]),
        queues: set("queue_wait sales"),
        prompts: Some(set("welcome sorry queue_wait")),
    }
}

fn shown(all: &[Diagnostic]) -> String {
    all.iter().map(|d| format!("{d}\n")).collect()
}

#[test]
fn the_founding_snippet_is_accepted_verbatim() {
    let all = check(VERBATIM, &known());
    assert_eq!(all.len(), 1, "{}", shown(&all));
    assert!(
        !all[0].is_error() && all[0].message.contains("hears nothing"),
        "{}",
        shown(&all)
    );
}

#[test]
fn the_snippet_alone_names_its_three_dangling_targets() {
    let alone = Known {
        prompts: None,
        ..Known::default()
    };
    let all = check(VERBATIM, &alone);
    let errors: Vec<_> = all
        .iter()
        .filter(|d| d.is_error())
        .map(|d| (d.line, d.column))
        .collect();
    assert_eq!(errors, [(1, 63), (1, 111), (1, 159)], "{}", shown(&all));
}

/// (what stands in the flow below its first line, line, column, words of message or hint).
const FAULTS: &[(&str, u32, u32, &str)] = &[
    // names
    (
        r#"<step id="a" type="say" prompt="sorry" next="queue_wayt"/>"#,
        5,
        46,
        "did you mean `queue_wait`?",
    ),
    (
        r#"<step id="a" type="say" prompt="sorry" next="far_away"/>"#,
        5,
        46,
        "`far_away` is no step, flow or queue",
    ),
    (
        r#"<step id="a" type="say" prompt="sorry" next="tech_support/x"/>"#,
        5,
        46,
        "`tech_support/x` is no step",
    ),
    (
        r#"<step id="a" type="say" prompt="sorry" next="a b"/>"#,
        5,
        46,
        "cannot be a target",
    ),
    (
        r#"<step id="a" type="queue" queue="sale"/>"#,
        5,
        34,
        "did you mean `sales`?",
    ),
    (
        r#"<step id="a b" type="hangup"/>"#,
        5,
        11,
        "`a b` cannot be a name",
    ),
    // prompts
    (
        r#"<step id="a" type="hangup" prompt="welcome  sorry2"/>"#,
        5,
        45,
        "did you mean `sorry`?",
    ),
    (
        r#"<step id="a" type="say" next="queue_wait"/>"#,
        5,
        1,
        "lacks `prompt`",
    ),
    // ids and keys given twice
    (
        r#"<step id="menu" type="hangup"/>"#,
        5,
        1,
        "two steps have the id `menu`",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="1" next="sales"/><step type="input" key="1" next="hangup"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        82,
        "key `1` is answered twice",
    ),
    (
        r#"<step id="a" type="listen" prompt="sorry"><step type="words" words="人工，客服" next="sales"/><step type="words" words="人工！" next="sales"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        90,
        "`人工` is answered twice",
    ),
    // attributes and elements
    (
        r#"<step id="a" type="hangup" causes="busy"/>"#,
        5,
        28,
        "did you mean `cause`?",
    ),
    (
        r#"<step id="a" type="hangup" key="1"/>"#,
        5,
        28,
        "has no attribute `key`",
    ),
    (
        r#"<step id="a" type="hangup" cause="rude"/>"#,
        5,
        35,
        "`rude` is no cause",
    ),
    (r#"<menu id="a"/>"#, 5, 1, "write <step type=\"menu\" ..>"),
    (r#"<stop id="a"/>"#, 5, 1, "unknown element <stop>"),
    (r#"<step id="a"/>"#, 5, 1, "a step lacks `type`"),
    (
        r#"<step id="a" type="saay" prompt="sorry" next="sales"/>"#,
        5,
        20,
        "did you mean `say`?",
    ),
    (r#"  press one"#, 5, 3, "text outside of elements"),
    (
        r#"<step id="a" type="hangup"><step type="input" key="1" next="sales"/></step>"#,
        5,
        28,
        "stands inside a step of type `hangup`",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="words" words="x" next="sales"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        41,
        "make it type=\"listen\"",
    ),
    // values
    (
        r#"<step id="a" type="menu" prompt="sorry" timeout="5"><step type="input" default="true" next="sales"/></step>"#,
        5,
        50,
        "`5` is not a duration",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry" timeout="9m"><step type="input" default="true" next="sales"/></step>"#,
        5,
        50,
        "out of bounds",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry" retries="-1"><step type="input" default="true" next="sales"/></step>"#,
        5,
        50,
        "0 to 9",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry" barge_in="yes"><step type="input" default="true" next="sales"/></step>"#,
        5,
        51,
        "neither true nor false",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="10" next="sales"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        65,
        "`10` is not a key",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="1" default="true" next="sales"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        41,
        "not both",
    ),
    (
        r#"<step id="a" type="listen" prompt="sorry"><step type="words" words="，。" next="sales"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        69,
        "cannot be listened for",
    ),
    (
        r#"<step id="a" type="transfer" to="the boss" next="sales"/>"#,
        5,
        34,
        "`the boss` cannot be dialled",
    ),
    (
        r#"<step id="a" type="transfer" to="110"/>"#,
        5,
        1,
        "lacks `next`",
    ),
    // questions
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="1" next="sales"/></step>"#,
        5,
        1,
        "lacks a default answer",
    ),
    (
        r#"<step id="a" type="listen" prompt="sorry"><step type="input" default="true" next="sales"/></step>"#,
        5,
        1,
        "has no words",
    ),
    // the graph
    (
        r#"<step id="b" type="say" prompt="sorry" next="sales"/>"#,
        5,
        1,
        "step `b` is never reached",
    ),
    (
        r#"<step id="a" type="say" prompt="sorry" next="b"/><step id="b" type="say" prompt="sorry" next="a"/>"#,
        5,
        1,
        "loop without exit: a -> b -> a",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="1" next="a"/><step type="input" default="true" next="a"/></step>"#,
        5,
        1,
        "loop without exit: a -> a",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry"><step type="input" key="1" next="sales"/><step type="input" default="true" next="a"/></step>"#,
        5,
        1,
        "goes round for ever: a -> a",
    ),
    (
        r#"<step id="a" type="menu" prompt="sorry" retries="3"><step type="input" key="1" next="hangup"/><step type="input" default="true" next="sales"/></step>"#,
        5,
        1,
        "no human is reached within 2 prompts",
    ),
    (
        r#"<step type="hangup"/>"#,
        5,
        1,
        "has no `id`, so nothing leads to it",
    ),
    // form
    (
        r#"<step id="a" type="hangup" id="a"/>"#,
        5,
        28,
        "not well-formed xml",
    ),
    (
        r#"<step id="a" type="hangup">"#,
        6,
        1,
        "not well-formed xml",
    ),
    (
        r#"<step id="a" type=hangup/>"#,
        5,
        19,
        "not well-formed xml",
    ),
];

#[test]
fn every_seeded_fault_is_found_at_its_line_and_column() {
    let mut wrong = String::new();
    for (fault, line, column, words) in FAULTS {
        let leads_to_b = fault.contains("never reached")
            || fault.contains(r#"id="b" type="say" prompt="sorry" next="sales""#);
        let to = if leads_to_b || !fault.contains(r#"id="a""#) {
            "sales"
        } else {
            "a"
        };
        let xml = format!(
            "<!-- 客服 -->\n<ivr name=\"f\">\n<step id=\"menu\" type=\"menu\" prompt=\"welcome\"><step type=\"input\" key=\"1\" next=\"{to}\"/>\n<step type=\"input\" default=\"true\" next=\"queue_wait\"/></step>\n{fault}\n</ivr>"
        );
        let all = check(&xml, &known());
        let found = all.iter().any(|d| {
            (d.line, d.column) == (*line, *column)
                && format!("{d}").contains(words)
                && !d.hint.is_empty()
        });
        // One slip is one diagnostic; a step whose type or place cannot be read is also not there.
        let cascades = fault.starts_with("<menu")
            || fault.starts_with("<stop")
            || fault.contains("\"a b\" type")
            || fault.starts_with(r#"<step id="a"/>"#)
            || fault.contains("saay");
        if !found || (all.len() != 1 && !cascades) {
            wrong += &format!(
                "wanted {line}:{column} {words} for {fault}\n{}\n",
                shown(&all)
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn all_faults_of_a_flow_come_at_once() {
    let xml = "<ivr name=\"f\" prmpt=\"welcome\">\n<step type=\"input\" key=\"x\" next=\"sales\"/>\n<step type=\"input\" key=\"1\" next=\"nowhere\"/>\n<step type=\"say\" prompt=\"none\" next=\"sales\"/>\n</ivr>";
    let all = check(xml, &known());
    let places: Vec<_> = all
        .iter()
        .filter(|d| d.is_error())
        .map(|d| (d.line, d.column))
        .collect();
    assert_eq!(
        places,
        [(1, 1), (1, 15), (2, 25), (3, 34), (4, 1)],
        "{}",
        shown(&all)
    );
}

#[test]
fn junk_and_huge_flows_are_refused_with_a_word() {
    let doctype = "<!DOCTYPE x [<!ENTITY a \"b\">]><ivr name=\"f\"/>";
    for junk in [
        "",
        " ",
        "\u{0}\u{1}",
        "PK\u{3}\u{4}",
        "[site]",
        "<html/>",
        "<ivr",
        "<ivr/>",
        doctype,
    ] {
        let all = check(junk, &known());
        assert!(
            all.iter().any(|d| d.is_error() && d.message.len() > 10),
            "{junk:?} {}",
            shown(&all)
        );
    }
    let huge = format!(
        "<ivr name=\"f\">{}</ivr>",
        " ".repeat(crate::site::limits::MAX_FLOW_BYTES)
    );
    assert!(
        check(&huge, &known())[0]
            .message
            .contains("262144 are allowed")
    );
    let many = format!(
        "<ivr name=\"f\">{}</ivr>",
        "<step type=\"hangup\"/>".repeat(501)
    );
    assert!(
        check(&many, &known())
            .iter()
            .any(|d| d.message.contains("501 steps, 500 are allowed"))
    );
    let deep = format!("<ivr name=\"f\">{}", "<step>".repeat(20_000));
    assert!(!check(&deep, &known()).is_empty());
}

#[test]
fn an_outline_tells_name_and_steps_of_a_flow() {
    let (name, steps) = outline(VERBATIM).expect("a flow");
    assert_eq!((name.as_str(), steps), ("customer_service", set("start")));
    assert_eq!(outline("<html/>"), None);
}

/// The schema is what editors read; the table is what the box reads. They must say the same.
#[test]
fn the_schema_has_the_elements_and_attributes_of_the_table() {
    use grammar::{KINDS, Kind, Value};
    let schema = include_str!("../../schema/ivr.xsd");
    let document = roxmltree::Document::parse(schema).expect("the schema is xml");
    let named = |tag: &str, name: &str| {
        let mut nodes = document.descendants();
        nodes
            .find(|n| n.tag_name().name() == tag && n.attribute("name") == Some(name))
            .expect("is in the schema")
    };
    let attributes = |complex: &str| -> BTreeMap<String, String> {
        let nodes = named("complexType", complex)
            .descendants()
            .filter(|n| n.tag_name().name() == "attribute");
        let pairs = nodes.map(|n| (n.attribute("name"), n.attribute("type")));
        pairs
            .map(|(n, t)| (n.expect("name").to_owned(), t.expect("type").to_owned()))
            .collect()
    };
    let type_of = |value: Value| match value {
        Value::Flag => "xs:boolean".to_owned(),
        value => format!("{value:?}").to_lowercase(),
    };
    let wanted = |kinds: &mut dyn Iterator<Item = Kind>| -> BTreeMap<String, String> {
        kinds
            .flat_map(|k| k.attributes())
            .map(|a| (a.name.to_owned(), type_of(a.value)))
            .collect()
    };
    assert_eq!(attributes("ivr"), wanted(&mut [Kind::Ivr].into_iter()));
    assert_eq!(
        attributes("step"),
        wanted(&mut Kind::types().map(|(_, kind)| kind))
    );
    let types = named("simpleType", "type")
        .descendants()
        .filter_map(|n| n.attribute("value"));
    assert_eq!(
        types.collect::<Vec<_>>(),
        Kind::types().map(|(name, _)| name).collect::<Vec<_>>()
    );

    let page = include_str!("../../schema/ivr.md");
    for (name, kind) in KINDS {
        assert!(page.contains(&format!("`{name}`")), "ivr.md lacks {name}");
        for attribute in kind.attributes() {
            assert!(
                page.contains(&format!("`{}`", attribute.name)),
                "ivr.md lacks {}",
                attribute.name
            );
        }
    }
}

#[test]
fn the_examples_of_the_page_are_accepted() {
    let page = include_str!("../../schema/ivr.md");
    let examples: Vec<&str> = page
        .split("```xml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 3);
    for example in examples {
        let all = check(
            example,
            &Known {
                prompts: None,
                ..known()
            },
        );
        assert!(
            all.iter().all(|d| !d.is_error()),
            "{}{example}",
            shown(&all)
        );
    }
}
