//! Local audio in site texts.

use super::*;

const HOUSE: &str = r#"
[site]
name = "X"
hold = "radio"
[device.door]
audio = { playback = "plughw:1", capture = "plughw:1", call = "1001" }
[device.paging]
[device.paging.audio]
playback = "default"
[device.handset]
audio = { capture = "hw:2", answer = "ring" }
[device.1001]
password = "one"
[number."88"]
device = "paging"
[line_in.radio]
capture = "hw:3"
otherwise = "queue_wait"
[line_in.tape]
capture = "hw:4"
[queue.q]
prompt = "tape"
"#;

#[test]
fn phones_and_lines_of_sound_cards_are_read() {
    let site = Site::load(HOUSE, &prompts()).unwrap();
    let audio = |name: &str| site.people().device(name).unwrap().audio.clone();
    assert_eq!(
        audio("door"),
        Some(Audio {
            playback: Some("plughw:1".to_owned()),
            capture: Some("plughw:1".to_owned()),
            answer: Answer::AtOnce,
            call: Some("1001".to_owned()),
        })
    );
    assert_eq!(audio("paging").unwrap().capture, None);
    assert_eq!(audio("handset").unwrap().answer, Answer::Ring);
    assert_eq!(audio("1001"), None);
    let radio = &site.lines_in()["radio"];
    assert_eq!(
        (radio.capture.as_str(), radio.otherwise.as_deref()),
        ("hw:3", Some("queue_wait"))
    );
    assert_eq!(site.hold(), ["radio"]);
    assert!(site.prompts().contains("tape"));
    assert_eq!(site.lines_in()["tape"].otherwise, None);
}

#[test]
fn every_fault_of_local_audio_is_found() {
    for (text, words) in [
        ("[device.x]\naudio = {}", "names no card"),
        ("[device.x]\naudio = { playback = \"\" }", "is no card"),
        (
            "[device.x]\npassword = \"p\"\naudio = { playback = \"a\" }",
            "needs no `password`",
        ),
        (
            "[device.x]\naudio = { playback = \"a\", answer = \"never\" }",
            "never",
        ),
        (
            "[device.x]\naudio = { playback = \"a\", call = \"1 2\" }",
            "cannot be",
        ),
        ("[line_in.x]", "lacks `capture`"),
        ("[line_in.x]\ncapture = 3", "type integer"),
        ("[line_in.x]\ncapture = \"a\"\notherwise = \"gone\"", "gone"),
    ] {
        let text = format!("[site]\nname = \"X\"\n{text}\n");
        let faults = Site::load(&text, &prompts()).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(said.join("\n").contains(words), "{text}: {said:?}");
    }
}

#[test]
fn line_in_of_the_name_of_a_prompt_is_a_warning() {
    let text = "[site]\nname = \"X\"\n[line_in.queue_wait]\ncapture = \"hw:1\"\n";
    let site = Site::load(text, &prompts()).unwrap();
    assert_eq!(site.warnings().len(), 1);
}
