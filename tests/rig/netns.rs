//! A branch behind a NAT, in network namespaces of its own: a phone, a router that masquerades and
//! loses packets, and the box on the far side.
//!
//! Needs root, `ip` and `iptables`. Everything is gone when the value is dropped; nothing outside the
//! namespaces is touched.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where the box is.
pub const BOX: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
/// What the box sees of the phone.
pub const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 254));
/// Where the phone believes it is.
pub const PHONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 7, 2));

/// One network namespace; commands and sockets of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// The same command inside.
    #[must_use]
    pub fn enter(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program);
        command
    }

    /// A connection that is made inside and can be used from here.
    pub fn connect(&self, address: SocketAddr) -> anyhow::Result<TcpStream> {
        let file = std::fs::File::open(format!("/run/netns/{}", self.0))?;
        // A thread of its own: whoever enters a namespace stays there.
        let inside = std::thread::spawn(move || {
            move_into_link_name_space(
                std::os::fd::AsFd::as_fd(&file),
                Some(LinkNameSpaceType::Network),
            )?;
            TcpStream::connect(address)
        });
        let stream = inside.join().ok().context("the thread inside failed")?;
        Ok(stream?)
    }
}

/// A network with one machine on it: a namespace that ends in a tap device, at which a virtual machine is plugged in.
#[derive(Debug)]
pub struct Socket {
    /// Where everything that talks to the machine runs.
    pub outside: Namespace,
}

impl Socket {
    /// Name of the tap device.
    pub const TAP: &str = "tap0";
    /// Our side of the cable.
    pub const HERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
    /// The one address that is leased to the machine.
    pub const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

    /// Makes the network; it needs root and `ip`.
    pub fn new() -> anyhow::Result<Self> {
        static SOCKETS: AtomicU32 = AtomicU32::new(0);
        let number = SOCKETS.fetch_add(1, Ordering::Relaxed);
        let outside = Namespace(format!("bl{}v{number}", std::process::id()));
        run(Command::new("ip").args(["netns", "add", &outside.0]))?;
        let socket = Self { outside };
        ip(&socket.outside, "link set lo up")?;
        ip(
            &socket.outside,
            &format!("tuntap add {} mode tap", Self::TAP),
        )?;
        ip(
            &socket.outside,
            &format!("addr add {}/24 dev {}", Self::HERE, Self::TAP),
        )?;
        ip(&socket.outside, &format!("link set {} up", Self::TAP))?;
        Ok(socket)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Fails only for one that is gone.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.outside.0])
            .output();
    }
}

/// The three namespaces, joined.
#[derive(Debug)]
pub struct Branch {
    /// Where the box runs.
    pub wan: Namespace,
    /// Where the phone runs.
    pub lan: Namespace,
    router: Namespace,
}

impl Branch {
    /// Makes them; the router loses one of `one_in` UDP packets each way.
    pub fn new(one_in: u8) -> anyhow::Result<Self> {
        let id = std::process::id();
        let [wan, router, lan] = ["w", "r", "l"].map(|end| Namespace(format!("bl{id}{end}")));
        // Made first, so that whatever exists by then is taken down on the way out.
        let branch = Self { wan, lan, router };
        let Self { wan, lan, router } = &branch;
        for namespace in [wan, router, lan] {
            run(Command::new("ip").args(["netns", "add", &namespace.0]))?;
            ip(namespace, "link set lo up")?;
        }
        join((wan, BOX), (router, OUTSIDE), "out")?;
        join((lan, PHONE), (router, [192, 168, 7, 1].into()), "in")?;
        ip(lan, "route add default via 192.168.7.1")?;
        run(router
            .enter("sysctl")
            .args(["-qw", "net.ipv4.ip_forward=1"]))?;
        let nat = "-t nat -A POSTROUTING -o out -j MASQUERADE --random";
        run(router.enter("iptables").args(nat.split(' ')))?;
        // Counted and not thrown: a short call loses some as well.
        for from in ["in", "out"] {
            let lose = format!(
                "-A FORWARD -i {from} -p udp -m statistic --mode nth --every {one_in} --packet 0 -j DROP"
            );
            run(router.enter("iptables").args(lose.split(' ')))?;
        }
        Ok(branch)
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        for namespace in [&self.wan, &self.lan, &self.router] {
            // Fails only for one that was never made.
            let _ = Command::new("ip")
                .args(["netns", "del", &namespace.0])
                .output();
        }
    }
}

/// Joins two by a cable; `name` is its end at the router, `eth0` the other.
fn join(
    (end, address): (&Namespace, IpAddr),
    (router, gateway): (&Namespace, IpAddr),
    name: &str,
) -> anyhow::Result<()> {
    let cable = ["link", "add", "eth0", "type", "veth", "peer", "name", name];
    run(Command::new("ip")
        .args(["-n", &end.0])
        .args(cable)
        .args(["netns", &router.0]))?;
    ip(end, &format!("addr add {address}/24 dev eth0"))?;
    ip(end, "link set eth0 up")?;
    ip(router, &format!("addr add {gateway}/24 dev {name}"))?;
    ip(router, &format!("link set {name} up"))
}

fn ip(namespace: &Namespace, words: &str) -> anyhow::Result<()> {
    run(Command::new("ip")
        .args(["-n", &namespace.0])
        .args(words.split(' ')))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}
