//! Events on their way to browsers: order, resumption, lag, the end.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use centre::event::{CallState, Event, LiveCall};
use centre::record::Emotion;
use serde_json::Value;
use tokio_stream::StreamExt;

use crate::limits;
use crate::rig::{Rig, live_call, phrase, record};

/// One browser's stream, read event by event.
struct Ear {
    body: axum::body::BodyDataStream,
    read: String,
}

impl Ear {
    async fn open(rig: &Rig, last: Option<&str>) -> Self {
        let mut request = Request::get("/api/events");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = rig.open(request, Body::empty()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            read: String::new(),
        }
    }

    /// The next event: its id and data; `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let Some(data) = field("data: ") else {
                    continue;
                };
                let data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(field("event: "), data["type"].as_str());
                return Some((field("id: ").unwrap().to_owned(), data));
            }
            let more = self.body.next().await?.unwrap();
            self.read.push_str(std::str::from_utf8(&more).unwrap());
        }
    }

    async fn data(&mut self) -> Value {
        self.next().await.unwrap().1
    }
}

fn changed(nth: u128, state: CallState) -> Event {
    Event::Changed(LiveCall {
        state,
        ..live_call(nth)
    })
}

#[tokio::test]
async fn call_is_told_whole_from_its_start_to_its_record() {
    let rig = Rig::signed_in().await;
    let mut ear = Ear::open(&rig, None).await;
    assert_eq!(ear.data().await["type"], "snapshot");
    let call = live_call(1).id;
    let emotion = Emotion {
        label: "angry".to_owned(),
        score: 0.7,
    };
    for event in [
        Event::Started(live_call(1)),
        Event::Digit { call, digit: '2' },
        Event::Heard {
            call,
            utterance: phrase("断网了"),
        },
        Event::Felt { call, emotion },
    ] {
        rig.app.board.hear(&event);
    }
    ear.data().await;
    ear.data().await;
    ear.data().await;
    let told = ear.data().await;
    assert_eq!(told["call"]["digits"], "2");
    assert_eq!(told["call"]["transcript"][0]["words"], "断网了");
    assert_eq!(told["call"]["emotion"]["label"], "angry");
    rig.app.board.hear(&Event::Ended {
        call,
        record: Box::new(record(1, 0)),
    });
    let told = ear.data().await;
    assert_eq!(
        (&told["type"], &told["record"]["cause"]),
        (&"ended".into(), &"caller_hung_up".into())
    );
}

#[tokio::test]
async fn record_is_told_as_saved_only_after_its_commit() {
    let rig = Rig::signed_in().await;
    let pump = tokio::spawn(std::sync::Arc::clone(&rig.app).pump());
    // The pump's own snapshot tells that it listens.
    let mut ear = Ear::open(&rig, None).await;
    while rig.events.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    rig.events.send(Event::Started(live_call(1))).unwrap();
    rig.events
        .send(Event::Ended {
            call: live_call(1).id,
            record: Box::new(record(1, 0)),
        })
        .unwrap();
    while ear.data().await["type"] != "ended" {}
    rig.store.commit(record(1, 0)).await.unwrap();
    let told = ear.data().await;
    assert_eq!(
        (&told["type"], &told["record"]["id"]),
        (&"saved".into(), &live_call(1).id.to_string().into())
    );
    pump.abort();
}

#[tokio::test]
async fn browser_that_comes_back_gets_what_it_missed() {
    let rig = Rig::signed_in().await;
    let mut ear = Ear::open(&rig, None).await;
    ear.data().await;
    rig.app.board.hear(&Event::Started(live_call(1)));
    let (seen, _) = ear.next().await.unwrap();
    drop(ear);
    rig.app.board.hear(&changed(1, CallState::InFlow));
    rig.app.board.hear(&changed(1, CallState::InQueue));
    let mut ear = Ear::open(&rig, Some(&seen)).await;
    assert_eq!(ear.data().await["call"]["state"], "in_flow");
    assert_eq!(ear.data().await["call"]["state"], "in_queue");
}

#[tokio::test]
async fn browser_that_was_away_too_long_or_knows_another_start_gets_a_snapshot() {
    let rig = Rig::signed_in().await;
    let first = format!("{}-1", rig.app.boot);
    for nth in 0..limits::EVENTS_KEPT + 2 {
        let state = if nth % 2 == 0 {
            CallState::InFlow
        } else {
            CallState::InQueue
        };
        rig.app.board.hear(&changed(1, state));
    }
    for last in [
        first.as_str(),
        "elsewhere-5",
        "nonsense",
        &format!("{}-99999", rig.app.boot),
    ] {
        let told = Ear::open(&rig, Some(last)).await.data().await;
        assert_eq!(
            (&told["type"], told["calls"].as_array().unwrap().len()),
            (&"snapshot".into(), 1),
            "{last}"
        );
    }
}

#[tokio::test]
async fn slow_browser_is_sent_a_snapshot_instead_of_what_it_lost() {
    let rig = Rig::signed_in().await;
    let mut ear = Ear::open(&rig, None).await;
    ear.data().await;
    for nth in 0..(limits::EVENT_LAG * 2) as u128 {
        rig.app.board.hear(&Event::Started(live_call(nth)));
    }
    let mut last = 0;
    let snapshot = loop {
        let (id, told) = ear.next().await.unwrap();
        let number: u64 = id.rsplit('-').next().unwrap().parse().unwrap();
        assert!(number > last, "numbers rise");
        last = number;
        if told["type"] == "snapshot" {
            break told;
        }
    };
    assert_eq!(
        snapshot["calls"].as_array().unwrap().len(),
        limits::EVENT_LAG * 2
    );
    rig.app.board.hear(&changed(1, CallState::Ending));
    assert_eq!(ear.data().await["call"]["state"], "ending");
}

#[tokio::test]
async fn live_call_shows_its_last_phrases_only() {
    let rig = Rig::signed_in().await;
    let call = live_call(1).id;
    rig.app.board.hear(&Event::Started(live_call(1)));
    for nth in 0..200 {
        rig.app.board.hear(&Event::Heard {
            call,
            utterance: phrase(&nth.to_string()),
        });
        rig.app.board.hear(&Event::Digit { call, digit: '5' });
    }
    let calls = rig.app.board.calls();
    assert_eq!(calls[0].transcript.len(), limits::LIVE_TAIL);
    assert_eq!(calls[0].transcript.last().unwrap().words, "199");
    assert_eq!(calls[0].digits.len(), limits::LIVE_TAIL);
}

#[tokio::test]
async fn streams_are_bounded_and_give_their_place_back() {
    let mut rig = Rig::signed_in().await;
    let mut ears = Vec::new();
    for _ in 0..limits::EVENT_STREAMS {
        ears.push(Ear::open(&rig, None).await);
    }
    let refused = rig.get("/api/events").await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "busy")
    );
    drop(ears);
    while rig.app.streams.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    Ear::open(&rig, None).await;
}

#[tokio::test]
async fn streams_end_when_the_box_stops() {
    let rig = Rig::signed_in().await;
    let mut ear = Ear::open(&rig, None).await;
    ear.data().await;
    rig.app.stop();
    assert!(ear.next().await.is_none());
}
