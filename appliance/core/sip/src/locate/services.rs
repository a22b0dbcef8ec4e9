//! Which transports a domain offers and on which hosts: NAPTR and SRV records put in order (RFC 3263 4.1, RFC 2782).

use rand_core::RngCore;

use super::{Naptr, Srv, is_name};
use crate::limits::MAX_RECORDS;
use crate::transport::Transport;

/// One transport of a domain.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) transport: Transport,
    /// Where its SRV records are.
    pub(super) name: String,
    pub(super) targets: Vec<Target>,
    /// Whether the domain says that it has no such service.
    pub(super) is_refused: bool,
}

/// One host of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Service {
    fn new(transport: Transport, name: String) -> Self {
        Self {
            transport,
            name,
            targets: Vec::new(),
            is_refused: false,
        }
    }

    /// A service whose one host is known.
    pub(super) fn at(transport: Transport, host: &str, port: u16) -> Self {
        let target = Target {
            host: host.to_owned(),
            port,
        };
        Self {
            targets: vec![target],
            ..Self::new(transport, String::new())
        }
    }
}

/// The services that NAPTR records lead to, of those we can use.
pub(super) fn by_naptr(mut records: Vec<Naptr>, usable: &[Transport]) -> Vec<Service> {
    records.truncate(MAX_RECORDS);
    records.sort_by_key(|record| (record.order, record.preference));
    records
        .into_iter()
        .filter(|record| record.flags.eq_ignore_ascii_case("s") && is_name(&record.replacement))
        .filter_map(|record| {
            let transport = transport_of(&record.service)?;
            let name = plain(&record.replacement);
            usable
                .contains(&transport)
                .then(|| Service::new(transport, name))
        })
        .collect()
}

/// The services a domain may have where it has no NAPTR records.
pub(super) fn standard(host: &str, usable: &[Transport]) -> Vec<Service> {
    let host = plain(host);
    let name = |transport: &Transport| match transport {
        Transport::Udp => format!("_sip._udp.{host}"),
        Transport::Tcp => format!("_sip._tcp.{host}"),
        Transport::Tls => format!("_sips._tcp.{host}"),
    };
    let services = usable.iter().map(|t| Service::new(*t, name(t)));
    services.collect()
}

/// SRV records in the order to try them: by priority, and by lot among equals, each with the chance of its
/// weight (RFC 2782). A record with no usable target is left out.
pub(super) fn in_order(records: Vec<Srv>, random: &mut impl RngCore) -> Vec<Target> {
    let mut left: Vec<Srv> = records
        .into_iter()
        .filter(|record| is_name(&record.target) && record.port != 0)
        .collect();
    // Weight 0 stands first, so that it has its small chance.
    left.sort_by_key(|record| (record.priority, record.weight));
    let mut targets = Vec::with_capacity(left.len());
    while let Some(first) = left.first().map(|record| record.priority) {
        let equals = left.iter().take_while(|r| r.priority == first);
        let total: u64 = equals.clone().map(|r| u64::from(r.weight)).sum();
        let drawn = random.next_u64() % (total + 1);
        let mut sum = 0;
        let chosen = equals
            .enumerate()
            .find(|(_, record)| {
                sum += u64::from(record.weight);
                sum >= drawn
            })
            .map_or(0, |(place, _)| place);
        let record = left.remove(chosen);
        targets.push(Target {
            host: plain(&record.target),
            port: record.port,
        });
    }
    targets
}

fn transport_of(service: &str) -> Option<Transport> {
    match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        "SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

/// A name as we compare and ask it: lower case, without the root's dot.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
