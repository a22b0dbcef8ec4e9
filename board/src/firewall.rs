//! The firewall as nftables reads it: default drop, and the declared ports, each on its side.

use crate::{Board, Port, Protocol, Side};

/// The whole ruleset of a board.
#[must_use]
pub fn nftables(board: &Board) -> String {
    let lan = interfaces(&board.network.lan);
    // A board with one socket meets the carrier on the LAN side, so both sides are that one.
    let both = interfaces(&[board.network.lan.as_slice(), &board.network.wan].concat());
    let rules: String = board
        .ports
        .iter()
        .map(|port| {
            let side = if port.side == Side::Lan { &lan } else { &both };
            format!("    {side} {} comment \"{}\"\n", matches(port), port.name)
        })
        .collect();
    format!(
        "#!/usr/sbin/nft -f
# Made from board.toml: what is not named there is dropped.
flush ruleset
table inet branchline {{
  chain input {{
    type filter hook input priority filter; policy drop;
    iifname \"lo\" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto {{ 1, 58 }} limit rate 20/second accept comment \"icmp\"
{rules}  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
}}
"
    )
}

fn interfaces(patterns: &[String]) -> String {
    let quoted: Vec<_> = patterns
        .iter()
        .map(|pattern| format!("\"{pattern}\""))
        .collect();
    format!("iifname {{ {} }}", quoted.join(", "))
}

fn matches(port: &Port) -> String {
    let protocol = match port.protocol {
        Protocol::Udp => "udp",
        Protocol::Tcp => "tcp",
    };
    match port.last {
        Some(last) => format!("{protocol} dport {}-{last} accept", port.first),
        None => format!("{protocol} dport {} accept", port.first),
    }
}
