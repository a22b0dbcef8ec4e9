//! The carriers that we call: registered with, asked whether they are there, and located.
//!
//! `account` decides what is due; this file sends it and tells the owner what changed.

use std::collections::BTreeMap;
use std::time::Instant;

use sip::{Headers, OutgoingRegister, Peer, TxId, Uri};

use super::Switchboard;
use crate::account::{Lookup, News, Probe, TrunkHealth};
use crate::address::sip_uri;
use crate::event::LegEvent;

impl Switchboard {
    /// The next look-up for the shell; its answer comes by [`Switchboard::handle_located`].
    pub fn poll_lookup(&mut self) -> Option<Lookup> {
        self.accounts.poll_lookup()
    }

    /// The shell located what look-up `id` asked for: the servers, best first, or none.
    pub fn handle_located(&mut self, now: Instant, id: u64, peers: Vec<Peer>) {
        let Some(located) = self.accounts.handle_located(now, id, peers) else {
            return;
        };
        self.know_servers(&located.trunk);
        self.tell(located.news);
        if let Some(probe) = located.probe {
            self.send_probe(now, probe);
        }
        self.place_waiting(now, &located.trunk);
        self.drain(now);
    }

    /// How the trunks are that we call.
    pub fn trunk_health(&self) -> BTreeMap<String, TrunkHealth> {
        self.accounts.health()
    }

    /// Sends what is due.
    pub(super) fn wake_accounts(&mut self, now: Instant) {
        let due = self.accounts.take_due(now);
        for probe in due.probes {
            self.send_probe(now, probe);
        }
        for located in due.unlocated {
            self.tell(located.news);
            self.place_waiting(now, &located.trunk);
        }
    }

    /// The answer to a request outside any dialog; false where no account waits for it.
    pub(super) fn on_probed(
        &mut self,
        now: Instant,
        tx: TxId,
        status: u16,
        headers: &Headers,
    ) -> bool {
        let random = &mut self.house.random;
        let Some(news) = self.accounts.answered(now, tx, (status, headers), random) else {
            return false;
        };
        self.tell(news);
        true
    }

    /// Lets the gate know a carrier by the servers that we call it at.
    pub(super) fn know_servers(&mut self, trunk: &str) {
        if let Some(account) = self.accounts.get(trunk) {
            let addresses = account.peers().iter().map(|peer| peer.addr.ip());
            self.gate.set_servers(trunk, addresses.collect());
        }
    }

    fn tell(&mut self, news: Option<News>) {
        if let Some(News { trunk, up, why }) = news {
            tracing::info!(trunk, up, why, "a trunk changed");
            self.events
                .push_back(LegEvent::TrunkState { trunk, up, why });
        }
    }

    fn send_probe(&mut self, now: Instant, probe: Probe) {
        let Some(account) = self.accounts.by_key(probe.key) else {
            return;
        };
        let domain = sip_uri("", account.domain());
        let aor = sip_uri(account.user(), account.domain());
        let (Some(domain), Some(aor)) = (domain, aor) else {
            return;
        };
        let login = account.outbound.login.as_ref();
        let tx = match probe.register_s {
            None => self
                .endpoint
                .send_options(now, probe.peer, Uri::as_str(&domain)),
            Some(expires) => {
                let credentials = login.map(|login| sip::Credentials {
                    user: login.username.clone(),
                    password: login.password.clone(),
                });
                let register = OutgoingRegister {
                    to: probe.peer,
                    registrar: domain,
                    aor,
                    contact_params: String::new(),
                    expires,
                    credentials,
                };
                self.endpoint.register(now, register)
            }
        };
        self.accounts.sent(probe.key, tx);
    }
}
