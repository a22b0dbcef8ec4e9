//! What the image shows to the world, and that what it runs is what was signed.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use board::{Board, Protocol};

use crate::Bench;

pub(crate) fn root_is_verified(bench: &mut Bench) -> anyhow::Result<String> {
    let machine = &bench.machine;
    let table = machine.console("dmsetup status root")?;
    ensure!(
        table.contains("verity V"),
        "the root is not verified: {table}"
    );
    let (said, status) = machine.try_console("touch /usr/x", std::time::Duration::from_secs(20))?;
    ensure!(
        status != 0 && said.contains("Read-only"),
        "the root can be written: {said}"
    );
    let lock = machine.console("cat /sys/kernel/security/lockdown")?;
    ensure!(
        lock.contains("[integrity]"),
        "the kernel is not locked: {lock}"
    );
    let users = machine.console("ps -eo user:32,comm 2>/dev/null || for p in $(pidof branchline); do stat -c %U /proc/$p; done")?;
    ensure!(users.contains("branchline"), "{users}");
    Ok("dm-verity V, read-only, lockdown integrity".to_owned())
}

/// Compared on the machine itself, for both protocols: a scan from outside cannot tell a dropped UDP port.
pub(crate) fn only_declared_ports(bench: &mut Bench) -> anyhow::Result<String> {
    let board = |file: &str| std::fs::read_to_string(rig::root().join("board").join(file));
    let board = Board::parse(&board("common/board.toml")?, &board("x86-64/board.toml")?)?;
    let declared = |protocol: Protocol, port: u16| {
        board.ports.iter().any(|one| {
            one.protocol == protocol && (one.first..=one.last.unwrap_or(one.first)).contains(&port)
        })
    };
    let mut seen = BTreeSet::new();
    for (protocol, files, state) in [
        (Protocol::Tcp, "tcp tcp6", "0A"),
        (Protocol::Udp, "udp udp6", "07"),
    ] {
        for file in files.split(' ') {
            for line in bench
                .machine
                .console(&format!("cat /proc/net/{file}"))?
                .lines()
                .skip(1)
            {
                let words: Vec<_> = line.split_whitespace().collect();
                let [_, local, _, is, ..] = words[..] else {
                    continue;
                };
                let Some((address, port)) = local.split_once(':').filter(|_| is == state) else {
                    continue;
                };
                let port = u16::from_str_radix(port, 16)?;
                // Loopback (127.0.0.0/8, as the kernel prints it) and the client of DHCP.
                if address.ends_with("7F") && address.len() == 8
                    || (protocol == Protocol::Udp && port == 68)
                {
                    continue;
                }
                if !declared(protocol, port) {
                    bail!("{file} {local}: port {port} listens and board.toml does not name it");
                }
                seen.insert(port);
            }
        }
    }
    ensure!(
        seen.contains(&5060) && seen.contains(&443),
        "the box's own ports are missing: {seen:?}"
    );
    let rules = bench.machine.console("nft list ruleset")?;
    ensure!(
        rules.matches("policy drop").count() == 2,
        "the firewall lets in what it does not name:\n{rules}"
    );
    Ok(format!("{} ports, default drop", seen.len()))
}
