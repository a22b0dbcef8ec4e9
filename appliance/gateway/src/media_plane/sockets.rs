//! The pool of socket pairs: RTP on an even port, RTCP on the next, all bound before the first call.
//!
//! An answer can so never name a port that fails. An RTP socket is connected once its peer's source
//! is proved, an RTCP socket never.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

use anyhow::{Context as _, bail};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, sockopt};

/// Expedited forwarding (RFC 3246) in the upper six bits: what networks put first.
const VOICE: u8 = 46 << 2;
/// Tries for each pair where any free ports will do.
const TRIES: usize = 50;

/// RTP and RTCP sockets of one port.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) port: u16,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

/// Binds `count` pairs in `ports`, or anywhere.
pub(super) fn bind(
    ip: IpAddr,
    ports: Option<RangeInclusive<u16>>,
    count: usize,
) -> anyhow::Result<Vec<Pair>> {
    let pairs = match &ports {
        Some(ports) => in_range(ip, ports, count)?,
        None => anywhere(ip, count)?,
    };
    if pairs.len() == count {
        return Ok(pairs);
    }
    let place = ports.map_or_else(String::new, |p| format!(" in {}-{}", p.start(), p.end()));
    bail!(
        "could bind only {} of {count} port pairs for media on {ip}{place}\n\
         hint: widen the range of media ports, lower the number of calls, or raise the limit of open files (2 for each call)",
        pairs.len()
    )
}

fn in_range(ip: IpAddr, ports: &RangeInclusive<u16>, count: usize) -> anyhow::Result<Vec<Pair>> {
    let even = ports
        .clone()
        .filter(|port| port % 2 == 0 && *port != 0 && port < ports.end());
    let pairs = even.filter_map(|port| pair(ip, port).transpose());
    pairs.take(count).collect()
}

fn anywhere(ip: IpAddr, count: usize) -> anyhow::Result<Vec<Pair>> {
    let mut pairs = Vec::with_capacity(count);
    let mut tried = BTreeSet::new();
    for _ in 0..count * TRIES {
        if pairs.len() == count {
            break;
        }
        let probe = socket(ip, 0)?;
        let port = probe.local_addr()?.port() & !1;
        drop(probe);
        if port != 0 && tried.insert(port) {
            pairs.extend(pair(ip, port)?);
        }
    }
    Ok(pairs)
}

/// The pair of an even port; `None` where one of the two is taken.
fn pair(ip: IpAddr, port: u16) -> anyhow::Result<Option<Pair>> {
    let both = socket(ip, port).and_then(|rtp| Ok((rtp, socket(ip, port + 1)?)));
    match both {
        Ok((rtp, rtcp)) => Ok(Some(Pair { port, rtp, rtcp })),
        Err(why) if why.kind() == std::io::ErrorKind::AddrInUse => Ok(None),
        // A privileged or reserved port is as good as taken.
        Err(why) if why.kind() == std::io::ErrorKind::PermissionDenied => Ok(None),
        Err(why) => Err(why).with_context(|| {
            format!("could not bind media on {ip} port {port}\nhint: `media_ip` must be an address of this machine")
        }),
    }
}

fn socket(ip: IpAddr, port: u16) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(ip, port))?;
    socket.set_nonblocking(true)?;
    // A mark that the host refuses costs only the mark.
    let _ = match ip {
        IpAddr::V4(_) => sockopt::set_ip_tos(&socket, VOICE),
        IpAddr::V6(_) => sockopt::set_ipv6_tclass(&socket, u32::from(VOICE)),
    };
    Ok(socket)
}

/// Connects a socket to its peer: the kernel drops what others send, and finds the way only once.
/// Says whether the system agreed.
pub(super) fn connect(socket: &UdpSocket, peer: SocketAddr) -> bool {
    rustix::net::connect(socket, &peer).is_ok()
}

/// Forgets the peer.
pub(super) fn disconnect(socket: &UdpSocket) {
    // Cannot fail on a bound UDP socket; were it to, the next `connect` sets the peer anyway.
    let _ = rustix::net::connect_unspec(socket);
}

/// Throws away what waits in a socket: packets of a call before, or of strangers.
pub(super) fn drain(socket: &UdpSocket, buffer: &mut [u8]) {
    // As many as a full receive buffer of smallest packets may hold, so that a flood ends too.
    for _ in 0..4_096 {
        if receive(socket, buffer) == Err(Errno::AGAIN) {
            return;
        }
    }
}

/// One packet and who sent it, without waiting.
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
    let (length, _, from) = rustix::net::recvfrom(socket, buffer, RecvFlags::DONTWAIT)?;
    let from = from.and_then(|from| SocketAddr::try_from(from).ok());
    from.map(|from| (length, from)).ok_or(Errno::AFNOSUPPORT)
}

/// Sends to the peer that the socket is connected to, without waiting.
pub(super) fn send(socket: &UdpSocket, bytes: &[u8]) -> Result<usize, Errno> {
    rustix::net::send(socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
}

/// Sends to an address, without waiting. To one that nobody can have (hold in the old spelling)
/// nothing is sent.
pub(super) fn send_to(socket: &UdpSocket, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
    if peer.ip().is_unspecified() || peer.port() == 0 {
        return Ok(0);
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    rustix::net::sendto(socket, bytes, flags, &peer)
}
