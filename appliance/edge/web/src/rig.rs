//! A box for tests: a real store in a folder of its own, doors that the test holds the other end of.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use centre::BanView;
use centre::event::{CallState, Event, Live, LiveCall};
use centre::record::{
    Direction, Emotion, Handled, Parties, Path, Quality, Record, Recording, Spans, Times, Utterance,
};
use serde_json::Value;
use store::Store;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use tower::ServiceExt;
use uuid::Uuid;

use crate::app::{App, Shared};
use crate::wire::sounds::SoundLine;
use crate::{
    AgentWish, BlackBoxState, Doors, Image, LinkView, SiteRequest, SoundWish, WebConfig, router,
};

pub(crate) const PASSWORD: &str = "a quiet afternoon";

/// The box, and the ends of its doors.
pub(crate) struct Rig {
    pub(crate) app: App,
    pub(crate) code: Option<String>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) live: watch::Sender<Live>,
    pub(crate) site: mpsc::Receiver<SiteRequest>,
    pub(crate) agents: mpsc::Receiver<AgentWish>,
    pub(crate) bans: Arc<Mutex<Vec<BanView>>>,
    pub(crate) lifts: mpsc::Receiver<IpAddr>,
    pub(crate) call_backs: mpsc::Receiver<Uuid>,
    pub(crate) sounds: Arc<Mutex<Vec<SoundLine>>>,
    pub(crate) sound_wishes: mpsc::Receiver<SoundWish>,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    pub(crate) peer: SocketAddr,
    pub(crate) cookie: Option<String>,
    /// Held so that the doors stay open.
    _ends: (watch::Sender<Vec<String>>, watch::Sender<LinkView>),
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The last word of a problem's `type`.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.trim_start_matches("urn:branchline:").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Rig {
    /// A box at its first start.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("recordings")).unwrap();
        let (store, _) = Store::open(&folder.path().join("data")).unwrap();
        Self::start(folder, store).await
    }

    /// A box with a password, and this browser signed in.
    pub(crate) async fn signed_in() -> Self {
        let mut rig = Self::new().await;
        rig.sign_in_with_code().await;
        let answer = rig
            .post("/api/password", &serde_json::json!({ "new": PASSWORD }))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        rig
    }

    /// The same box after another start.
    pub(crate) async fn restart(self) -> Self {
        let (folder, store) = (self.folder, self.store);
        drop(self.app);
        Self::start(folder, store).await
    }

    async fn start(folder: TempDir, store: Store) -> Self {
        let (events, _) = broadcast::channel(256);
        let (live, live_out) = watch::channel(Live::default());
        let (agents_in, agents) = mpsc::channel(4);
        let bans = Arc::new(Mutex::new(Vec::new()));
        let (lifts_in, lifts) = mpsc::channel(1);
        let (call_backs_in, call_backs) = mpsc::channel(1);
        let sounds = Arc::new(Mutex::new(Vec::new()));
        let (sounds_in, sound_wishes) = mpsc::channel(1);
        let (site_in, site) = mpsc::channel(1);
        let (prompts, prompts_out) = watch::channel(vec!["welcome".to_owned()]);
        let (link, link_out) = watch::channel(LinkView::default());
        let doors = Doors {
            store: store.clone(),
            events: events.clone(),
            live: live_out,
            agents: agents_in,
            bans: {
                let bans = Arc::clone(&bans);
                Arc::new(move || bans.lock().unwrap().clone())
            },
            lifts: lifts_in,
            call_backs: call_backs_in,
            sounds: {
                let sounds = Arc::clone(&sounds);
                Arc::new(move || sounds.lock().unwrap().clone())
            },
            sound_wishes: sounds_in,
            black_box: Arc::new(|| BlackBoxState {
                is_recording: true,
                gaps: 2,
            }),
            site: site_in,
            prompts: prompts_out,
            link: link_out,
            metrics: Arc::new(|| "branchline_up 1\n".to_owned()),
        };
        let config = WebConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: folder.path().join("data"),
            recordings: folder.path().join("recordings"),
            image: Some(Image {
                version: "4.5.6".to_owned(),
                board: "x86-64".to_owned(),
                variant: "release".to_owned(),
                bill: folder.path().join("sbom.cdx.json"),
                share: folder.path().join("share"),
                update: folder.path().join("update.json"),
            }),
        };
        let (app, code) = Shared::open(config, doors).await.unwrap();
        let peer = SocketAddr::from(([192, 0, 2, 7], 40_000));
        let _ends = (prompts, link);
        Self {
            app,
            code,
            events,
            live,
            agents,
            bans,
            lifts,
            call_backs,
            sounds,
            sound_wishes,
            site,
            store,
            folder,
            peer,
            cookie: None,
            _ends,
        }
    }

    pub(crate) async fn sign_in_with_code(&mut self) -> Answer {
        let code = self.code.clone().unwrap();
        self.post("/api/sign-in/code", &serde_json::json!({ "code": code }))
            .await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn get_range(&mut self, path: &str, range: &str) -> Answer {
        self.send(
            Request::get(path).header(header::RANGE, range),
            Body::empty(),
        )
        .await
    }

    /// As our own page posts.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header(header::HOST, "box.test")
            .header(header::ORIGIN, "https://box.test")
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    /// As our own page takes something away.
    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        let request = Request::delete(path)
            .header(header::HOST, "box.test")
            .header(header::ORIGIN, "https://box.test");
        self.send(request, Body::empty()).await
    }

    pub(crate) async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Answer {
        let response = self.open(request, body).await;
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
        let bytes = to_bytes(body, 4 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// Sends a request and leaves the body to the caller.
    pub(crate) async fn open(
        &self,
        mut request: axum::http::request::Builder,
        body: Body,
    ) -> Response {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.router()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap()
    }

    pub(crate) fn router(&self) -> Router {
        router::router(Arc::clone(&self.app)).layer(MockConnectInfo(self.peer))
    }
}

/// A call as it rings, by its number among the test's calls.
pub(crate) fn live_call(nth: u128) -> LiveCall {
    LiveCall {
        id: Uuid::from_u128(nth),
        started: 1_700_000_000_000,
        answered: None,
        parties: parties(),
        state: CallState::Ringing,
        direction: Direction::Inbound,
        agent: None,
        flow: "customer_service".to_owned(),
        step: "customer_service/menu".to_owned(),
        digits: String::new(),
        transcript: Vec::new(),
    }
}

/// A record of a call that started so many minutes after the origin.
pub(crate) fn record(nth: u128, minutes: i64) -> Record {
    let started = 1_700_000_000_000 + minutes * 60_000;
    Record {
        id: Uuid::from_u128(nth),
        channel: "voice".to_owned(),
        times: Times {
            started,
            answered: Some(started + 500),
            ended: started + 60_500,
        },
        parties: parties(),
        path: Path {
            flow: "customer_service".to_owned(),
            steps: vec!["customer_service/menu".to_owned()],
            target: Some("sales".to_owned()),
            digits: "2".to_owned(),
        },
        transcript: vec![phrase("我想查一下订单")],
        emotion: Some(Emotion {
            label: "neutral".to_owned(),
            score: 0.8,
        }),
        recording: None,
        handled: Handled::default(),
        spans: Spans::default(),
        quality: Quality::default(),
        cause: call::Cause::CallerHungUp,
    }
}

/// The same with a recording of that name.
pub(crate) fn recorded(nth: u128, file: &str) -> Record {
    let recording = Recording {
        file: file.to_owned(),
        length_ms: 1000,
        gaps: 0,
    };
    Record {
        recording: Some(recording),
        ..record(nth, 0)
    }
}

pub(crate) fn phrase(words: &str) -> Utterance {
    Utterance {
        at_ms: 1000,
        length_ms: 1500,
        words: words.to_owned(),
        dialect: "zh".to_owned(),
        confidence: 0.9,
        emotion: None,
    }
}

fn parties() -> Parties {
    Parties {
        trunk: "carrier".to_owned(),
        from: "13800138000".to_owned(),
        to: "4000".to_owned(),
        sip_call_id: "a@b".to_owned(),
    }
}
