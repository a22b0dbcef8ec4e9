//! The town's desk phones and carriers: how they are set up, act and hear.

use std::net::SocketAddr;

use centre::{AgentAct, Input};
use sip::DialogId;

use crate::desk::{Desk, DeskAct, Taking};
use crate::place::{box_address, carrier_address, desk_address};
use crate::town::{Flying, Town};

impl Town {
    /// A phone of the branch, registered: device `1000 + n` at its own address.
    ///
    /// # Panics
    /// When the box does not take its registration within two minutes.
    pub fn desk(&mut self, n: u16) -> SocketAddr {
        let address = self.unregistered_desk(n);
        let now = self.now;
        self.at_desk(address, |desk| desk.register(now));
        for _ in 0..240 {
            self.pass(std::time::Duration::from_millis(500));
            if self.desks[&address].registered == Some(200) {
                return address;
            }
        }
        panic!("device {} is not registered", 1_000 + n);
    }

    /// The same, but it has not registered.
    pub fn unregistered_desk(&mut self, n: u16) -> SocketAddr {
        self.place_desk(&format!("{}", 1_000 + n), desk_address(n))
    }

    /// The far side of a trunk: takes and refuses what the box calls outside.
    pub fn carrier(&mut self, n: u8, usual: Taking) -> SocketAddr {
        let address = self.place_desk("carrier", carrier_address(n));
        self.at_desk(address, |desk| desk.takes([], usual));
        address
    }

    /// An agent signs in at device `1000 + n`, which is registered first.
    pub fn agent(&mut self, name: &str, n: u16) -> SocketAddr {
        let address = self.desk(n);
        self.give(Input::Agent {
            agent: name.to_owned(),
            act: AgentAct::SignIn {
                device: Some(format!("{}", 1_000 + n)),
            },
        });
        address
    }

    /// Something is done at a desk, and what it sends flies.
    pub fn at_desk<T>(&mut self, address: SocketAddr, what: impl FnOnce(&mut Desk) -> T) -> T {
        let desk = self.desks.get_mut(&address).expect("a desk");
        let done = what(desk);
        self.gather(address);
        done
    }

    /// A desk dials, and does these acts once it is answered.
    pub fn desk_dials(
        &mut self,
        address: SocketAddr,
        number: &str,
        acts: Vec<(u64, DeskAct)>,
    ) -> DialogId {
        let now = self.now;
        self.at_desk(address, |desk| desk.dial(now, number, acts))
    }

    /// A desk loses power.
    pub fn desk_vanishes(&mut self, address: SocketAddr) {
        let wishes = self.at_desk(address, Desk::vanish);
        for wish in wishes {
            self.grant(Some(wish));
        }
    }

    pub(crate) fn due_desk(&self) -> Option<SocketAddr> {
        let due = |desk: &&Desk| desk.next().is_some_and(|at| at <= self.now);
        self.desks.values().find(due).map(Desk::address)
    }

    pub(crate) fn desk_acts(&mut self, address: SocketAddr) {
        let now = self.now;
        let wishes = self.at_desk(address, |desk| desk.act(now));
        for wish in wishes {
            self.grant(Some(wish));
        }
    }

    pub(crate) fn desk_hears(&mut self, address: &SocketAddr, from: SocketAddr, bytes: &[u8]) {
        let now = self.now;
        self.at_desk(*address, |desk| desk.hear(now, from, bytes));
    }

    fn place_desk(&mut self, name: &str, address: SocketAddr) -> SocketAddr {
        let seed = self.chance.seed();
        let desk = Desk::new(name, address, box_address(), seed);
        self.desks.insert(address, desk);
        address
    }

    fn gather(&mut self, address: SocketAddr) {
        while let Some(sent) = self.desks.get_mut(&address).and_then(Desk::send) {
            self.fly(Flying {
                from: address,
                to: sent.to.addr,
                bytes: sent.bytes,
            });
        }
    }
}
