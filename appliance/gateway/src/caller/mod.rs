//! `branchline call`: a small SIP caller that speaks, presses keys and says what happened.
//!
//! The same `sip::Endpoint` and `media::Stream` as the box uses, on one tokio task. It places one
//! call to an IP address, does its acts after the answer, and hangs up after the last one.

mod line;
mod report;
mod script;

use std::net::{IpAddr, SocketAddr, UdpSocket as Probe};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use media::sdp::{Capabilities, SdpIds, accept_answer, offer};
use sip::{
    Body, Credentials, DialogId, Endpoint, EndpointConfig, Event, OutgoingInvite, Peer, Transport,
    Uri,
};
use tokio::net::UdpSocket;

use crate::cli::CallArgs;
use crate::transport::{Streams, StreamsConfig, TlsFiles};
use line::{Line, Ports};
use report::Report;
use script::Act;

/// Ringing for longer is no answer.
const RING_LIMIT: Duration = Duration::from_secs(60);
/// How long the BYE may take to be answered.
const GOODBYE: Duration = Duration::from_secs(4);
/// Largest datagram taken.
const DATAGRAM: usize = 65_535;

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The final status of a refusal.
    pub(crate) refused: Option<u16>,
    /// Sound heard after the answer, ms.
    pub(crate) sound_ms: u64,
}

/// Places the call and says what happened; true when it was answered.
pub async fn call(args: CallArgs) -> anyhow::Result<bool> {
    let report = place(&args).await?;
    report.print(args.json)?;
    Ok(report.answered)
}

/// Places the call without a word.
pub(crate) async fn place_quietly(args: &CallArgs) -> anyhow::Result<Outcome> {
    place(args).await.map(|report| report.outcome())
}

async fn place(args: &CallArgs) -> anyhow::Result<Report> {
    let acts: Vec<Act> = args
        .acts
        .iter()
        .map(|act| act.parse())
        .collect::<Result<_, _>>()?;
    let to = target(&args.to)?;
    let ip = args.ip.map_or_else(|| own_address(to.addr), Ok)?;
    let ports = Ports::bind(ip).await?;
    let mut caller = Caller::place(args, to, ip, &ports).await?;
    let answered = caller.ring().await?;
    if let Some(answer) = answered {
        let spec = accept_answer(&answer, &Capabilities::default())?;
        let line = Line::open(ports, spec, crate::seed()?, crate::unix_ms())?;
        caller
            .speak(line, acts, Duration::from_secs(args.limit))
            .await?;
    }
    Ok(caller.report)
}

struct Caller {
    endpoint: Endpoint,
    socket: UdpSocket,
    streams: Streams,
    dialog: DialogId,
    report: Report,
    is_over: bool,
}

impl Caller {
    async fn place(args: &CallArgs, to: Peer, ip: IpAddr, ports: &Ports) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((ip, 0))
            .await
            .context("could not open a SIP socket")?;
        let local = socket.local_addr()?;
        let mut endpoint = Endpoint::new(EndpointConfig::new(local), crate::seed()?);
        let uri = |text: &str| Uri::parse(text).map_err(|why| anyhow::anyhow!("`{text}`: {why}"));
        let ids = SdpIds {
            session: u64::try_from(crate::unix_ms()).unwrap_or(1),
            version: 1,
        };
        let body = offer(&Capabilities::default(), ip, ports.rtp_port()?, ids);
        let credentials = credentials(args)?;
        let invite = OutgoingInvite {
            to,
            request_uri: uri(&args.to)?,
            from_uri: uri(&format!("sip:{}@{ip}", args.from))?,
            to_uri: uri(&args.to)?,
            display: None,
            body: Some(Body::new("application/sdp", body)),
            credentials,
            headers: Vec::new(),
        };
        let files = TlsFiles {
            ca: args.ca.clone(),
            ..TlsFiles::default()
        };
        let streams = Streams::start(StreamsConfig {
            files,
            ..StreamsConfig::default()
        })
        .await?;
        let dialog = endpoint.invite(Instant::now(), invite);
        let report = Report::begin(endpoint.call_id(dialog).unwrap_or_default());
        Ok(Self {
            endpoint,
            socket,
            streams,
            dialog,
            report,
            is_over: false,
        })
    }

    /// Until the answer; its session description, or none when the call was refused.
    async fn ring(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let began = Instant::now();
        while began.elapsed() < RING_LIMIT {
            self.send();
            while let Some(event) = self.endpoint.poll_event() {
                match event {
                    Event::Answered { body, .. } => {
                        self.report.answer();
                        self.send();
                        return Ok(Some(
                            body.context("the answer has no session description")?.bytes,
                        ));
                    }
                    Event::Rejected { status, reason, .. } => {
                        self.report.refuse(status, reason);
                        return Ok(None);
                    }
                    _ => {}
                }
            }
            self.turn(began + RING_LIMIT).await;
        }
        self.endpoint.cancel(Instant::now(), self.dialog);
        self.send();
        bail!(
            "nobody answered in {} s\nhint: is the box running, and is this address one of its trunks?",
            RING_LIMIT.as_secs()
        )
    }

    /// Does the acts, hangs up, and waits until the BYE is answered.
    async fn speak(
        &mut self,
        mut line: Line,
        acts: Vec<Act>,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let last = Instant::now() + limit;
        let mut acts = acts.into_iter();
        while !self.is_over && Instant::now() < last {
            if line.is_free(Instant::now()) {
                match acts.next() {
                    Some(act) => line.begin(act)?,
                    None => break,
                }
            }
            self.send();
            tokio::select! {
                () = line.turn() => {}
                () = self.turn(last) => {}
            }
            self.take_events();
        }
        self.report.hang_up(self.is_over, line.heard());
        if !self.is_over {
            self.endpoint.bye(Instant::now(), self.dialog, Vec::new());
            let end = Instant::now() + GOODBYE;
            self.send();
            while !self.is_over && Instant::now() < end {
                self.turn(end).await;
                self.take_events();
                self.send();
            }
        }
        Ok(())
    }

    fn take_events(&mut self) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Ended { .. } | Event::Response { .. } => self.is_over = true,
                Event::Request { tx, .. } => {
                    self.endpoint
                        .respond(Instant::now(), tx, &sip::Reply::new(200));
                }
                _ => {}
            }
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if transmit.to.transport != Transport::Udp {
                self.streams.send(transmit.to, transmit.bytes, None);
                continue;
            }
            // A lost datagram is sent again by its transaction.
            let _ = self.socket.try_send_to(&transmit.bytes, transmit.to.addr);
        }
    }

    /// One message or one time-out.
    async fn turn(&mut self, last: Instant) {
        let wake = self
            .endpoint
            .poll_timeout()
            .map_or(last, |(at, _)| at.min(last));
        let mut datagram = vec![0; DATAGRAM];
        tokio::select! {
            received = self.socket.recv_from(&mut datagram) => {
                if let Ok((length, from)) = received {
                    let bytes = datagram.get(..length).unwrap_or_default();
                    self.endpoint.handle_message(Instant::now(), from.into(), bytes);
                }
            }
            input = self.streams.next() => match input {
                centre::Input::Datagram { from, bytes } => {
                    self.endpoint.handle_message(Instant::now(), from, &bytes);
                }
                centre::Input::TransportLost { peer } => {
                    self.endpoint.transport_lost(Instant::now(), peer);
                }
                _ => {}
            },
            () = tokio::time::sleep_until(wake.into()) => self.endpoint.handle_timeout(Instant::now()),
        }
    }
}

fn credentials(args: &CallArgs) -> anyhow::Result<Option<Credentials>> {
    let Some(user) = args.user.clone() else {
        return Ok(None);
    };
    let file = args
        .password_file
        .as_ref()
        .context("--user needs --password-file")?;
    let password = std::fs::read_to_string(file)
        .with_context(|| format!("could not read the password from `{}`", file.display()))?;
    Ok(Some(Credentials {
        user,
        password: password.trim_end().to_owned(),
    }))
}

/// The peer behind `sip:NUMBER@HOST[:PORT][;transport=..]`.
fn target(uri: &str) -> anyhow::Result<Peer> {
    let wrong = || {
        anyhow::anyhow!(
            "`{uri}` names no IP address\nhint: write it as sip:4000@192.0.2.10:5060 or \
             sip:4000@192.0.2.10;transport=tls"
        )
    };
    let parsed = Uri::parse(uri).map_err(|_| wrong())?;
    let named = match parsed.param("transport") {
        None => Some(Transport::Udp),
        Some(value) => Transport::from_param(value.unwrap_or_default().as_bytes()),
    };
    let transport = match parsed.scheme() {
        sip::Scheme::Sips => Transport::Tls,
        _ => named.ok_or_else(wrong)?,
    };
    let port = parsed.port().unwrap_or_else(|| transport.default_port());
    let ip = parsed.host_ip().ok_or_else(wrong)?;
    Ok(Peer::new(transport, SocketAddr::new(ip, port)))
}

/// The address of ours that reaches a peer; nothing is sent.
fn own_address(to: SocketAddr) -> anyhow::Result<IpAddr> {
    let any: IpAddr = if to.is_ipv4() {
        [0; 4].into()
    } else {
        [0; 16].into()
    };
    let probe = Probe::bind((any, 0))?;
    probe
        .connect(to)
        .with_context(|| format!("no way to {to}"))?;
    Ok(probe.local_addr()?.ip())
}
