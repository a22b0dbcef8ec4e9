//! The address peers reach this host by, where the boot file names none: the source of its way out.
//!
//! `run` asks once at start and waits for a lease; after that the address is looked at again and again. When it is
//! another one the box takes no new calls and ends by itself once the last one is over, so that whoever supervises it
//! starts it anew: sockets, SDP and registrations are then all of one piece. No packet is sent for any of this.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use centre::Input;
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use crate::snapshot::Snapshot;
use crate::supervisor::Supervisor;

/// How often an address is asked for at start, and the pause between: the time of a slow lease.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked at later. It has to be another one twice in a row.
const LOOK: Duration = Duration::from_secs(5);
/// Calls over an address that the host has lost are silent; so long may it come back.
const GRACE: Duration = Duration::from_secs(60);
/// Routes looked at where there is no way out.
const MAX_ROUTES: usize = 64;
/// Places nobody is at (RFC 5737, RFC 3849); a way towards them is the way out.
const OUTSIDE_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const OUTSIDE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// The address named in SDP and bound for RTP, and whether it is the host's to change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostAddress {
    pub(crate) ip: IpAddr,
    follows_host: bool,
}

impl HostAddress {
    /// The given address; else the host's own, of the family that SIP listens on. A host that has none for half a
    /// minute is a box without a network: it runs for itself and goes on looking.
    pub(crate) async fn settle(
        given: Option<IpAddr>,
        listens: IpAddr,
        supervisor: &mut Supervisor,
    ) -> Self {
        if let Some(ip) = given {
            return Self {
                ip,
                follows_host: false,
            };
        }
        for tried in 0..TRIES {
            if let Some(ip) = own_address(listens) {
                info!(%ip, "the host's address is taken, none is set");
                return Self {
                    ip,
                    follows_host: true,
                };
            }
            if tried == 0 {
                let seconds = TRIES * PAUSE.as_secs() as u32;
                supervisor.status("waiting for the host to get an address");
                info!("the host has no address yet, waiting up to {seconds} s");
            }
            tokio::time::sleep(PAUSE).await;
        }
        let ip = match listens {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        warn!(
            "the host has no address: the box serves itself alone and starts anew when one comes\n\
             hint: look at the cable and the DHCP server, or set `media_ip`"
        );
        Self {
            ip,
            follows_host: true,
        }
    }

    /// Resolves when the box should start anew at another address; never where the boot file set it.
    pub(crate) async fn left(
        self,
        figures: watch::Receiver<Snapshot>,
        inputs: mpsc::Sender<Input>,
    ) {
        if !self.follows_host {
            return std::future::pending().await;
        }
        let mut lookout = Lookout::new(self.ip);
        loop {
            tokio::time::sleep(LOOK).await;
            let found = own_address(self.ip);
            let has_ours = UdpSocket::bind(SocketAddr::new(self.ip, 0)).is_ok();
            let calls = figures.borrow().centre.calls;
            match lookout.look(Instant::now(), found, has_ours, calls) {
                Verdict::Stay => {}
                Verdict::Drain => {
                    warn!(
                        was = %self.ip, is = ?found, calls,
                        "the host has another address: no new calls, the box starts anew after these"
                    );
                    // Closed only while the box stops anyway.
                    let _ = inputs.send(Input::Drain).await;
                }
                Verdict::Leave => {
                    info!(was = %self.ip, is = ?found, "the host has another address, the box starts anew");
                    return;
                }
            }
        }
    }
}

/// What is to be done about the host's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    /// Said once: running calls are waited for, none is taken.
    Drain,
    Leave,
}

/// What was seen of the host's address so far.
#[derive(Debug)]
struct Lookout {
    ours: IpAddr,
    /// Another address seen at the last look.
    other: Option<IpAddr>,
    is_draining: bool,
    /// Since when our own address is gone.
    gone: Option<Instant>,
}

impl Lookout {
    fn new(ours: IpAddr) -> Self {
        Self {
            ours,
            other: None,
            is_draining: false,
            gone: None,
        }
    }

    /// `found` is where the way out leads from now, `has_ours` whether the host still owns the address in use.
    fn look(
        &mut self,
        now: Instant,
        found: Option<IpAddr>,
        has_ours: bool,
        calls: usize,
    ) -> Verdict {
        let other = found.filter(|found| *found != self.ours);
        let is_sure = other.is_some() && self.other == other;
        self.other = other;
        if has_ours {
            self.gone = None;
        } else {
            self.gone.get_or_insert(now);
        }
        if self.is_draining {
            // Once new calls are turned away there is only one way on.
            let lost = self.gone.is_some_and(|since| now - since >= GRACE);
            return if calls == 0 || lost {
                Verdict::Leave
            } else {
                Verdict::Stay
            };
        }
        match (is_sure, calls) {
            (false, _) => Verdict::Stay,
            (true, 0) => Verdict::Leave,
            (true, _) => {
                self.is_draining = true;
                Verdict::Drain
            }
        }
    }
}

/// The address this host would send from: towards the outside, else towards a network it is on.
fn own_address(family: IpAddr) -> Option<IpAddr> {
    if family.is_ipv6() {
        return source_towards(OUTSIDE_V6);
    }
    source_towards(OUTSIDE_V4).or_else(|| {
        let routes = std::fs::read_to_string(Path::new("/proc/net/route")).ok()?;
        neighbours(&routes).find_map(source_towards)
    })
}

/// The source the kernel takes towards `to`. Connecting a UDP socket asks for the way and sends nothing.
fn source_towards(to: IpAddr) -> Option<IpAddr> {
    let any = match to {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

/// The first host of each network in the kernel's routing table (`/proc/net/route`): a box on a network that leads
/// nowhere is reached from there all the same.
fn neighbours(routes: &str) -> impl Iterator<Item = IpAddr> {
    routes.lines().skip(1).take(MAX_ROUTES).filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        // Written as the bytes lie in memory.
        let network = u32::from_str_radix(fields.next()?, 16).ok()?;
        let network = u32::from_be_bytes(network.to_ne_bytes());
        (network != 0).then(|| IpAddr::V4(Ipv4Addr::from_bits(network | 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 11));

    fn seen(looks: &[(u64, Option<IpAddr>, bool, usize)]) -> Vec<Verdict> {
        let (mut lookout, start) = (Lookout::new(OURS), Instant::now());
        let look = |(at, found, has_ours, calls): &(u64, Option<IpAddr>, bool, usize)| {
            lookout.look(start + Duration::from_secs(*at), *found, *has_ours, *calls)
        };
        looks.iter().map(look).collect()
    }

    #[test]
    fn an_idle_box_leaves_for_another_address_seen_twice() {
        let seen = seen(&[
            (0, Some(OURS), true, 0),
            (5, Some(OTHER), false, 0),
            (10, Some(OTHER), false, 0),
        ]);
        assert_eq!(seen, [Verdict::Stay, Verdict::Stay, Verdict::Leave]);
    }

    #[test]
    fn a_pulled_cable_and_an_address_that_comes_back_change_nothing() {
        let seen = seen(&[
            (0, None, false, 0),
            (500, None, false, 2),
            (505, Some(OTHER), false, 0),
            (510, Some(OURS), true, 0),
            (515, Some(OTHER), true, 0),
        ]);
        assert_eq!(seen, [Verdict::Stay; 5]);
    }

    #[test]
    fn running_calls_are_waited_for_while_the_host_keeps_their_address() {
        let mut looks = vec![(0, Some(OTHER), true, 3)];
        looks.extend((1..200).map(|n| (5 * n, Some(OTHER), true, 3)));
        looks.push((1_000, Some(OTHER), true, 0));
        let seen = seen(&looks);
        assert_eq!(seen[1], Verdict::Drain);
        assert!(seen[2..200].iter().all(|verdict| *verdict == Verdict::Stay));
        assert_eq!(seen[200], Verdict::Leave);
    }

    #[test]
    fn calls_over_an_address_that_is_gone_are_given_a_minute() {
        let looks: Vec<_> = (0..14).map(|n| (5 * n, Some(OTHER), false, 1)).collect();
        let seen = seen(&looks);
        assert_eq!(seen[1], Verdict::Drain);
        assert_eq!(seen[11], Verdict::Stay);
        assert_eq!(seen[12], Verdict::Leave);
    }

    #[test]
    fn a_network_without_a_way_out_is_found_in_the_routing_table() {
        let table = "Iface\tDestination\tGateway \tFlags\n\
                     eth0\t00000000\t010000C0\t0003\n\
                     eth0\t0002000A\t00000000\t0001\n\
                     odd\tnot-hex\t0\n";
        let found: Vec<_> = neighbours(table).collect();
        assert_eq!(found, [IpAddr::from([10, 0, 2, 1])]);
        assert_eq!(neighbours("").count(), 0);
    }

    #[test]
    fn loopback_is_no_address_to_be_reached_by() {
        assert_eq!(source_towards(IpAddr::V4(Ipv4Addr::LOCALHOST)), None);
    }

    #[tokio::test]
    async fn an_address_that_was_set_is_taken_as_it_is() {
        let mut nobody = Supervisor::from_env().unwrap();
        let address = HostAddress::settle(Some(OURS), OTHER, &mut nobody).await;
        assert_eq!(address.ip, OURS);
        assert!(!address.follows_host);
    }
}
