//! Calls walked through flows under virtual time: the demo site, single rules, random flows.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::site::Door;

/// One call with a clock of its own; what the run says is written down in short words.
struct Call {
    run: Run,
    now: Instant,
    said: Vec<String>,
}

fn begin(text: &str, dialled: &str) -> Call {
    let site = Arc::new(Site::unchecked(text).expect("toml"));
    let now = Instant::now();
    let Some(Door::Target(entry)) = site.number(dialled).map(|number| number.door.clone()) else {
        panic!("{dialled} leads to no flow");
    };
    let mut call = Call {
        run: Run::start(now, site, entry),
        now,
        said: Vec::new(),
    };
    call.take();
    call
}

/// A site of one flow `f`, a queue `q` and a flow `g`.
fn one(flow: &str) -> Call {
    begin(&site_of(flow), "1")
}

fn site_of(flow: &str) -> String {
    format!(
        "[site]\nname = \"X\"\n[number.\"*\"]\nflow = \"f\"\n[queue.q]\nthen = \"g\"\n[flow.f]\nxml = '''<ivr name=\"f\">{flow}</ivr>'''\n[flow.g]\nxml = '<ivr name=\"g\"><step type=\"hangup\" prompt=\"bye\"/></ivr>'\n"
    )
}

impl Call {
    fn take(&mut self) {
        while let Some(act) = self.run.poll() {
            self.said.push(match act {
                FlowAct::Play { prompts, .. } => format!("play {}", prompts.join("+")),
                FlowAct::StopPlay => "stop".to_owned(),
                FlowAct::Listening(on) => if on { "listen" } else { "deaf" }.to_owned(),
                FlowAct::Enter { step } => format!("at {step}"),
                FlowAct::Queue { queue } => format!("queue {queue}"),
                FlowAct::Transfer { to } => format!("transfer {to}"),
                FlowAct::HangUp { cause } => format!("end {cause:?}"),
            });
        }
    }

    fn tell(&mut self, input: FlowInput) -> &mut Self {
        self.run.handle(self.now, input);
        self.take();
        self
    }

    fn press(&mut self, digits: &str) -> &mut Self {
        digits
            .chars()
            .for_each(|digit| _ = self.tell(FlowInput::Digit(digit)));
        self
    }

    fn hear(&mut self, words: &str) -> &mut Self {
        self.tell(FlowInput::Heard(words.to_owned()))
    }

    fn play_out(&mut self) -> &mut Self {
        self.tell(FlowInput::PlayDone)
    }

    /// Moves the clock to the next deadline, which must be for this reason.
    fn wait(&mut self, wanted: Reason) -> &mut Self {
        let (at, reason) = self.run.poll_timeout().expect("a deadline");
        assert_eq!(reason, wanted);
        self.run.handle_timeout(at - Duration::from_millis(1));
        assert!(
            self.run.poll().is_none(),
            "nothing happens before the deadline"
        );
        self.now = at;
        self.run.handle_timeout(at);
        self.take();
        self
    }

    /// What was said since the last look.
    fn said(&mut self) -> String {
        std::mem::take(&mut self.said).join(", ")
    }
}

const MENU: &str = "<step id=\"m\" type=\"menu\" prompt=\"ask\" no_input=\"quiet\" invalid=\"wrong\" retries=\"1\"><step type=\"input\" key=\"1\" next=\"q\"/><step type=\"input\" key=\"2\" next=\"g\"/><step type=\"input\" default=\"true\" next=\"hangup\"/></step>";
const LISTEN: &str = "<step id=\"l\" type=\"listen\" prompt=\"ask\" no_input=\"quiet\" invalid=\"wrong\"><step type=\"words\" words=\"网络\" next=\"g\"/><step type=\"words\" words=\"网络缴费，人工\" next=\"q\"/><step type=\"input\" default=\"true\" next=\"hangup\"/></step>";

#[test]
fn the_founding_flow_leads_keys_one_two_and_none_to_three_targets() {
    let text = Site::default_text();
    for (keys, target) in [
        ("1", "tech_support"),
        ("2", "sales"),
        ("", "queue_wait"),
        ("99", "queue_wait"),
    ] {
        let mut call = begin(text, "4000");
        assert_eq!(call.said(), "at customer_service/start, play welcome");
        call.play_out();
        if keys.is_empty() {
            call.wait(Reason::NoAnswer);
            assert_eq!(call.said(), "play no_input+welcome");
            call.play_out().wait(Reason::NoAnswer);
        }
        call.press(keys);
        assert_eq!(call.run.target(), Some(target), "{keys}");
        assert_eq!(
            (call.run.flow(), call.run.digits()),
            ("customer_service", keys)
        );
    }
}

#[test]
fn the_verbatim_snippet_runs_without_any_prompt() {
    let text = format!(
        "[site]\nname = \"X\"\n[number.1]\nflow = \"customer_service\"\n[queue.queue_wait]\n[queue.sales]\n[queue.tech_support]\n[flow.customer_service]\nxml = '{}'\n",
        crate::flow::tests::VERBATIM
    );
    for (keys, queue) in [("1", "tech_support"), ("2", "sales"), ("", "queue_wait")] {
        let mut call = begin(&text, "1");
        if keys.is_empty() {
            call.wait(Reason::NoAnswer).wait(Reason::NoAnswer);
        }
        call.press(keys);
        assert_eq!(
            call.said(),
            format!("at customer_service/start, queue {queue}")
        );
    }
}

#[test]
fn spoken_mandarin_leads_to_help_and_then_to_a_human() {
    let mut call = begin(Site::default_text(), "4000");
    call.press("1").said();
    call.play_out().hear("我家的 網絡 断了。");
    assert_eq!(call.said(), "at tech_support/net_help, deaf, play net_help");
    call.play_out();
    assert_eq!(call.said(), "queue queue_wait");
    call.tell(FlowInput::QueueTimeout).play_out();
    assert_eq!(
        call.said(),
        "at goodbye/start, play goodbye, end QueueTimeout"
    );
    assert_eq!(call.run.target(), Some("queue_wait"));
    let steps = [
        "customer_service/start",
        "tech_support/problem",
        "tech_support/net_help",
        "goodbye/start",
    ];
    assert_eq!(call.run.steps(), steps);
}

#[test]
fn a_key_stops_the_prompt_unless_the_step_forbids_it() {
    let mut call = one(MENU);
    call.press("1");
    assert_eq!(call.said(), "at f/m, play ask, stop, queue q");
    let mut call = one(&MENU.replace("type=\"menu\"", "type=\"menu\" barge_in=\"false\""));
    call.press("1");
    assert_eq!(call.said(), "at f/m, play ask");
    call.play_out();
    assert_eq!(call.said(), "queue q");
}

#[test]
fn wrong_keys_and_silence_use_up_the_retries() {
    let mut call = one(MENU);
    call.play_out().said();
    call.press("7");
    assert_eq!(call.said(), "play wrong+ask");
    call.play_out().wait(Reason::NoAnswer);
    assert_eq!(call.said(), "end FlowEnded");
    assert!(call.run.is_over() && call.run.poll_timeout().is_none());
    call.press("1").hear("x").play_out();
    assert_eq!((call.said(), call.run.digits()), (String::new(), "7"));
}

#[test]
fn keys_pressed_ahead_answer_the_next_question_until_one_is_wrong() {
    let announced = format!("<step type=\"say\" prompt=\"news\" next=\"m\"/>{MENU}");
    let mut call = one(&announced);
    call.press("2").play_out();
    assert_eq!(
        call.said(),
        "at f/start, play news, at f/m, at g/start, play bye"
    );
    let mut call = one(&announced);
    call.press("71").play_out();
    assert_eq!(call.said(), "at f/start, play news, at f/m, play wrong+ask");
    let mut call = one(&announced.replace("type=\"say\"", "type=\"say\" barge_in=\"true\""));
    call.press("2");
    assert_eq!(
        call.said(),
        "at f/start, play news, stop, at f/m, at g/start, play bye"
    );
}

#[test]
fn words_count_while_the_prompt_plays_and_noise_does_not() {
    let mut call = one(LISTEN);
    assert_eq!(call.said(), "at f/l, listen, play ask");
    call.hear("嗯嗯");
    assert_eq!(call.said(), "");
    call.hear("我要网络缴费");
    assert_eq!(call.said(), "stop, deaf, queue q");
}

#[test]
fn words_that_match_nothing_are_a_wrong_answer_and_late_ones_still_count() {
    let mut call = one(LISTEN);
    call.play_out().said();
    call.hear("  。").hear("今天天气");
    assert_eq!(call.said(), "play wrong+ask");
    call.play_out().wait(Reason::NoAnswer);
    assert_eq!(call.said(), "deaf, end FlowEnded");
    let mut call = one(LISTEN);
    call.play_out().wait(Reason::NoAnswer).said();
    call.hear("网络");
    assert_eq!(call.said(), "stop, at g/start, deaf, play bye");
}

#[test]
fn a_site_without_speech_never_listens() {
    let text = site_of(LISTEN).replace("[site]", "[site]\nspeech = false");
    let mut call = begin(&text, "1");
    call.play_out().hear("网络");
    assert_eq!(call.said(), "at f/l, play ask");
}

#[test]
fn a_failed_transfer_goes_on_where_the_flow_says() {
    let mut call = one(
        "<step type=\"transfer\" prompt=\"hold\" to=\"+8610\" next=\"b\"/><step id=\"b\" type=\"hangup\" cause=\"busy\"/>",
    );
    call.tell(FlowInput::TransferFailed).play_out();
    assert_eq!(call.said(), "at f/start, play hold, transfer +8610");
    assert_eq!(call.run.target(), Some("+8610"));
    call.tell(FlowInput::TransferFailed);
    assert_eq!(call.said(), "at f/b, end Busy");
}

#[test]
fn a_prompt_whose_end_is_never_reported_does_not_hold_the_call() {
    let mut call = one("<step type=\"hangup\" prompt=\"bye\"/>");
    call.wait(Reason::PlayOverdue);
    assert_eq!(call.said(), "at f/start, play bye, end FlowEnded");
}

#[test]
fn a_number_that_leads_to_a_queue_has_no_flow_and_a_missing_one_no_route() {
    let site = Arc::new(Site::unchecked(&site_of(MENU)).expect("toml"));
    let queue = Target::Queue {
        name: "q".to_owned(),
    };
    let mut run = Run::start(Instant::now(), Arc::clone(&site), queue);
    assert_eq!((run.flow(), run.step(), run.target()), ("", "", Some("q")));
    assert_eq!(
        run.poll(),
        Some(FlowAct::Queue {
            queue: "q".to_owned()
        })
    );
    let nowhere = Target::Flow {
        name: "nowhere".to_owned(),
    };
    let mut run = Run::start(Instant::now(), site, nowhere);
    assert_eq!(
        run.poll(),
        Some(FlowAct::HangUp {
            cause: Cause::NoRoute
        })
    );
}

#[test]
fn a_call_that_goes_round_for_ever_is_ended() {
    let mut call = one(
        "<step id=\"a\" type=\"say\" prompt=\"x\" next=\"b\"/><step id=\"b\" type=\"say\" prompt=\"y\" next=\"a\"/>",
    );
    let rounds = (0..).find(|_| call.play_out().run.is_over());
    assert_eq!(rounds, Some(MAX_STEPS_PER_CALL - 1));
    assert!(call.said().ends_with("end FlowEnded"));
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![4 => (0..6u8).prop_map(|i| format!("s{i}")), 1 => Just("q".to_owned()), 1 => Just("g".to_owned()), 1 => Just("hangup".to_owned()), 1 => Just("f".to_owned())]
}

fn step() -> impl Strategy<Value = String> {
    let input = (
        prop::char::ranges(vec!['0'..='3', '#'..='#'].into()),
        target(),
    );
    let keys = prop::collection::btree_map(input.0, input.1, 0..3);
    let words = prop::sample::select(vec!["网络", "人工", "bill", "网"]);
    let asks = (
        keys,
        words,
        target(),
        target(),
        0..3u8,
        any::<bool>(),
        any::<bool>(),
    );
    let question = asks.prop_map(|(keys, words, said, default, retries, barge_in, has_prompt)| {
        let keys: String = keys.iter().map(|(k, t)| format!("<step type=\"input\" key=\"{k}\" next=\"{t}\"/>")).collect();
        let prompt = if has_prompt { "prompt=\"p\"" } else { "" };
        format!("type=\"listen\" {prompt} retries=\"{retries}\" barge_in=\"{barge_in}\">{keys}<step type=\"words\" words=\"{words}\" next=\"{said}\"/><step type=\"input\" default=\"true\" next=\"{default}\"/></step>")
    });
    prop_oneof![
        4 => question,
        2 => (target(), any::<bool>()).prop_map(|(t, b)| format!("type=\"say\" prompt=\"p\" barge_in=\"{b}\" next=\"{t}\"/>")),
        1 => target().prop_map(|t| format!("type=\"transfer\" to=\"110\" next=\"{t}\"/>")),
        1 => Just("type=\"queue\" queue=\"q\"/>".to_owned()),
        1 => Just("type=\"hangup\"/>".to_owned()),
    ]
}

fn input() -> impl Strategy<Value = Option<FlowInput>> {
    let words = prop::sample::select(vec!["网络断了", "转人工", "my bill", "", "嗯"]);
    prop_oneof![
        3 => prop::char::ranges(vec!['0'..='4', '#'..='#', 'x'..='x'].into()).prop_map(|d| Some(FlowInput::Digit(d))),
        2 => words.prop_map(|w| Some(FlowInput::Heard(w.to_owned()))),
        3 => Just(Some(FlowInput::PlayDone)),
        1 => Just(Some(FlowInput::QueueTimeout)),
        1 => Just(Some(FlowInput::TransferFailed)),
        3 => Just(None),
    ]
}

/// Walks a call through; returns all that was said.
fn walk(text: &str, inputs: &[Option<FlowInput>]) -> Result<Vec<String>, TestCaseError> {
    let mut call = begin(text, "1");
    for input in inputs {
        let was_over = call.run.is_over();
        let before = call.said.len();
        match input {
            Some(input) => _ = call.tell(input.clone()),
            None => {
                if let Some((at, _)) = call.run.poll_timeout() {
                    call.now = at;
                    call.run.handle_timeout(at);
                    call.take();
                }
            }
        }
        let said = call.said.len() - before;
        prop_assert!(
            said <= MAX_STEPS_PER_INPUT as usize * 4,
            "said {said} things for one input"
        );
        prop_assert!(!was_over || said == 0, "spoke after the end");
        if let Some((at, _)) = call.run.poll_timeout() {
            prop_assert!(at > call.now, "a deadline that has passed would spin");
        }
        prop_assert_eq!(
            call.run.is_over(),
            call.said.iter().any(|said| said.starts_with("end"))
        );
    }
    prop_assert!(call.run.steps().len() <= MAX_STEPS_PER_CALL);
    Ok(call.said)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Also flows that the check refuses (loops, dead ends) are walked: none panics or spins.
    #[test]
    fn no_flow_and_no_caller_makes_a_run_panic_or_spin(
        steps in prop::collection::vec(step(), 1..6),
        inputs in prop::collection::vec(input(), 0..60),
    ) {
        let flow: String = steps.iter().enumerate().map(|(i, step)| format!("<step id=\"s{i}\" {step}")).collect();
        let text = site_of(&flow);
        let first = walk(&text, &inputs)?;
        prop_assert_eq!(first, walk(&text, &inputs)?, "the same call twice goes the same way");
    }

    #[test]
    fn a_damaged_site_text_is_checked_without_a_panic(
        at in 0..4_000usize,
        cut in 0..40usize,
        put in "[\\PC\n\"'<>=\\[\\]]{0,12}",
    ) {
        let mut text: Vec<char> = Site::default_text().chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        let lines = text.split('\n').count() as u32;
        for found in Site::check(&text, None) {
            prop_assert!((1..=lines).contains(&found.line) && found.column >= 1, "{}", found);
            prop_assert!(!found.hint.is_empty(), "{}", found);
        }
    }
}
