//! Where the names of SIP peers lead: the searches of [`sip::locate`], asked of the host's name servers.
//!
//! The loop asks by [`Resolver::ask`], which never waits, and takes what was found by [`Resolver::next`]. A
//! name server that hangs costs its search a bounded time and nobody else anything. Answers are kept as long
//! as they say (by hickory); `/etc/resolv.conf` is read again when it changes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use sip::locate::{Answer, Locator, Naptr, Query, Srv};
use sip::{Peer, Transport, Uri};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, warn};

/// Searches waiting for their turn; one more is answered with nothing.
const WAITING: usize = 64;
/// Searches at once.
const AT_ONCE: usize = 8;
/// How long one question may take, with its repetitions.
const QUESTION: Duration = Duration::from_secs(4);
/// How long one search may take; the owner gives up after 10 s.
const SEARCH: Duration = Duration::from_secs(9);
/// How often a name server is asked before the next one.
const ATTEMPTS: usize = 2;
/// Answers kept.
const CACHE: u64 = 512;
/// Where the host says which name servers to ask.
const HOST_CONFIG: &str = "/etc/resolv.conf";

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The look-up it answers.
    pub(crate) id: u64,
    /// Where to try, in order; empty where the name leads nowhere.
    pub(crate) peers: Vec<Peer>,
    /// The host that was searched: what a TLS peer's certificate must say (RFC 5922 4).
    pub(crate) host: String,
}

struct Ask {
    id: u64,
    uri: Uri,
}

/// The way to the searches.
pub(crate) struct Resolver {
    asks: mpsc::Sender<Ask>,
    found: mpsc::Receiver<Found>,
}

impl Resolver {
    /// Starts searching, by `servers` or, where none are given, those of the host; `usable` are the
    /// transports the box speaks, best first.
    pub(crate) fn start(servers: Vec<SocketAddr>, usable: Vec<Transport>) -> Self {
        let (asks, asked) = mpsc::channel(WAITING);
        let (tell, found) = mpsc::channel(WAITING);
        let names = Names {
            servers,
            resolver: None,
            read_at: None,
        };
        tokio::spawn(serve(asked, tell, names, usable.into()));
        Self { asks, found }
    }

    /// Begins a search; false where too many wait already or `uri` is none.
    pub(crate) fn ask(&self, id: u64, uri: &str) -> bool {
        let uri = Uri::parse(uri).ok();
        uri.is_some_and(|uri| self.asks.try_send(Ask { id, uri }).is_ok())
    }

    /// What was found next.
    pub(crate) async fn next(&mut self) -> Found {
        match self.found.recv().await {
            Some(found) => found,
            // The task lives as long as the asker, so this cannot be; waiting is the harmless answer.
            None => std::future::pending().await,
        }
    }
}

async fn serve(
    mut asked: mpsc::Receiver<Ask>,
    tell: mpsc::Sender<Found>,
    mut names: Names,
    usable: Arc<[Transport]>,
) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(Ask { id, uri }) = asked.recv().await {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let (resolver, usable, tell) = (names.current(), Arc::clone(&usable), tell.clone());
        tokio::spawn(async move {
            let host = uri.host().to_owned();
            let peers = match timeout(SEARCH, search(&uri, &usable, resolver)).await {
                Ok(peers) => peers,
                Err(_) => {
                    warn!(host, "the name servers did not answer in time");
                    Vec::new()
                }
            };
            let _ = tell.send(Found { id, peers, host }).await;
            drop(turn);
        });
    }
}

/// One search: all questions of one step at once.
async fn search(uri: &Uri, usable: &[Transport], resolver: Option<TokioResolver>) -> Vec<Peer> {
    let Ok(seed) = crate::seed() else {
        return Vec::new();
    };
    let mut locator = Locator::new(uri.view(), usable, seed);
    let mut open = JoinSet::new();
    loop {
        while let Some(query) = locator.poll_query() {
            let resolver = resolver.clone();
            open.spawn(async move {
                let answer = match resolver {
                    Some(resolver) => timeout(QUESTION, question(&resolver, &query)).await,
                    None => Ok(Answer::Nothing),
                };
                (query, answer.unwrap_or(Answer::Nothing))
            });
        }
        match open.join_next().await {
            Some(Ok((query, answer))) => locator.handle_answer(&query, answer),
            Some(Err(why)) => debug!("a question was lost: {why}"),
            None => break,
        }
    }
    locator.found().unwrap_or_default().to_vec()
}

async fn question(resolver: &TokioResolver, query: &Query) -> Answer {
    let (name, kind) = match query {
        Query::Naptr(name) => (name, RecordType::NAPTR),
        Query::Srv(name) => (name, RecordType::SRV),
        Query::Addresses(name) => {
            return match resolver.lookup_ip(rooted(name)).await {
                Ok(found) => Answer::Addresses(found.iter().collect()),
                Err(why) => nothing(name, &why),
            };
        }
    };
    let found = match resolver.lookup(rooted(name), kind).await {
        Ok(found) => found,
        Err(why) => return nothing(name, &why),
    };
    let records = found.answers().iter().map(|record| &record.data);
    if kind == RecordType::SRV {
        let srv = records.filter_map(|data| match data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_ascii(),
            }),
            _ => None,
        });
        return Answer::Srv(srv.collect());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let naptr = records.filter_map(|data| match data {
        RData::NAPTR(naptr) => Some(Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            service: text(&naptr.services),
            replacement: naptr.replacement.to_ascii(),
        }),
        _ => None,
    });
    Answer::Naptr(naptr.collect())
}

fn nothing(name: &str, why: &dyn std::fmt::Display) -> Answer {
    debug!(name, "no answer: {why}");
    Answer::Nothing
}

/// With the dot of the root: the host's search list is for people, not for carriers.
fn rooted(name: &str) -> String {
    format!("{name}.")
}

/// The name servers, as they are now.
struct Names {
    /// Given ones; else those of the host.
    servers: Vec<SocketAddr>,
    resolver: Option<TokioResolver>,
    read_at: Option<SystemTime>,
}

impl Names {
    /// The resolver for the next search; none where the host names no server.
    fn current(&mut self) -> Option<TokioResolver> {
        let changed_at = std::fs::metadata(Path::new(HOST_CONFIG))
            .and_then(|file| file.modified())
            .ok();
        let is_stale = self.servers.is_empty() && changed_at != self.read_at;
        if self.resolver.is_none() || is_stale {
            self.read_at = changed_at;
            self.resolver = self.build();
        }
        self.resolver.clone()
    }

    fn build(&self) -> Option<TokioResolver> {
        let mut builder = if self.servers.is_empty() {
            match TokioResolver::builder_tokio() {
                Ok(builder) => builder,
                Err(why) => {
                    warn!("`{HOST_CONFIG}` names no name server: {why}");
                    return None;
                }
            }
        } else {
            let servers = self.servers.iter().copied().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        set(builder.options_mut());
        match builder.build() {
            Ok(resolver) => Some(resolver),
            Err(why) => {
                warn!("no name can be looked up: {why}");
                None
            }
        }
    }
}

fn set(options: &mut ResolverOpts) {
    options.timeout = QUESTION / 2;
    options.attempts = ATTEMPTS;
    options.cache_size = CACHE;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
}

fn name_server(at: SocketAddr) -> NameServerConfig {
    let with_port = |mut connection: ConnectionConfig| {
        connection.port = at.port();
        connection
    };
    NameServerConfig::new(
        at.ip(),
        true,
        vec![
            with_port(ConnectionConfig::udp()),
            with_port(ConnectionConfig::tcp()),
        ],
    )
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
