//! Ways out of the branch: routes, and how a trunk is called.

use std::time::Duration;

use call::Manner;

use super::limits::KEEPALIVE;
use super::pattern::Pattern;
use super::plan::Form;

/// A way out: which numbers take it, over which trunks in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// Numbers as dialled.
    pub matches: Vec<Pattern>,
    /// Trunks, tried in this order.
    pub trunks: Vec<String>,
    /// Of routes that match, the highest goes first.
    pub priority: u32,
    /// Digits taken off the front of the dialled number.
    pub strip: usize,
    /// Digits put before it after that.
    pub prepend: String,
    /// The number shown, instead of the device's or the trunk's own.
    pub caller_id: Option<String>,
    /// The called party shall not see the number.
    pub hide: bool,
}

impl Route {
    /// The narrowest of its patterns that means `dialled`, as a weight; `None` where none does.
    pub fn weight(&self, dialled: &str) -> Option<usize> {
        let matching = self.matches.iter().filter(|p| p.matches(dialled));
        matching.map(Pattern::weight).max()
    }

    /// The number wanted outside, of one dialled inside.
    pub fn number(&self, dialled: &str) -> String {
        let rest: String = dialled.chars().skip(self.strip).collect();
        format!("{}{rest}", self.prepend)
    }
}

/// How a trunk is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name or address of the carrier's server, with `:port` where one is written.
    pub server: String,
    /// What carries SIP there.
    pub transport: Transport,
    /// The SIP domain in our addresses, where it is not the server's name.
    pub domain: Option<String>,
    /// Our user there, where it is not the user name.
    pub user: Option<String>,
    /// User name and password for its challenges.
    pub credentials: Option<super::Credentials>,
    /// Whether it wants us to register.
    pub register: bool,
    /// How calls to it are made.
    pub manner: Manner,
    /// How often it is asked whether it is there, where we do not register; never where `None`.
    pub keepalive: Option<Duration>,
}

/// How a carrier wants numbers to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    /// The number that is called.
    pub called: Form,
    /// The number that calls.
    pub caller: Form,
}

/// What carries SIP to a carrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A connection.
    Tcp,
    /// A connection under TLS.
    Tls,
}

impl Account {
    /// The account at a server that wants neither registration nor password.
    pub(super) fn at(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            transport: Transport::Udp,
            domain: None,
            user: None,
            credentials: None,
            register: false,
            manner: Manner::default(),
            keepalive: Some(KEEPALIVE),
        }
    }
}
