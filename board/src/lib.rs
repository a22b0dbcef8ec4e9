//! What a board is: its disk, its boot chain, its kernel, its ports, as `board/<name>/board.toml` states them.
//!
//! One type for everybody: the image builder lays disks out by it, the Yocto layers read the same files, the gateway
//! learns from it what it stands on. What boards share stands once in `board/common/board.toml`; a board's own file
//! is laid over it. Nothing here reads a file or a clock.

mod check;
mod command_line;
mod entry;
mod firewall;
mod layout;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use check::{MAX_COMMAND_LINE, MAX_PARTITIONS, MAX_TRIES};
pub use command_line::Verity;
pub use entry::{Entries, Entry, Rename};
pub use firewall::nftables;
pub use layout::{Place, SECTOR, sfdisk};

/// A board as stated, checked.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its folder below `board/`.
    pub name: String,
    /// For people.
    pub title: String,
    pub arch: Arch,
    pub boot: Boot,
    pub kernel: Kernel,
    /// In the disk's order; the last one grows to the disk's end at first boot.
    #[serde(rename = "partition")]
    pub partitions: Vec<Partition>,
    /// Everything that may be reached from outside; all else is dropped.
    #[serde(rename = "port")]
    pub ports: Vec<Port>,
    pub network: Network,
    pub storage: Storage,
    #[serde(default)]
    pub audio: Audio,
    #[serde(default)]
    pub leds: Leds,
}

/// Processor family.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum Arch {
    #[serde(rename = "x86-64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

/// From power-on to the verified root.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// Times an entry is tried before the other slot returns; a healthy boot grants them again.
    pub tries: u8,
    /// The hardware watchdog resets a machine that says nothing for so long, s.
    pub watchdog_s: u16,
    /// Kernel command line of every variant; slot and root hash are added for each slot.
    pub command_line: Vec<String>,
    /// What the dev variant adds: a console.
    pub dev_command_line: Vec<String>,
}

/// The kernel and what is kept of its modules.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Debian package.
    pub package: String,
    /// Modules the initial RAM disk loads, in this order, each after what it depends on.
    pub initrd: Vec<String>,
    /// Modules below `kernel/` that the root keeps: one by name, a folder by a final slash, a family by a final `*`.
    pub keep: Vec<String>,
}

/// A partition of the disk.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// GPT name.
    pub name: String,
    pub role: Role,
    /// Size in the image, MiB.
    pub size_mib: u32,
}

/// What a partition is for.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// EFI system partition: the boot loader and the signed kernels of both slots.
    Esp,
    /// Verified root of one slot.
    Root,
    /// Model packs, read-only; each file is held against the manifest of the verified root before it is used.
    Packs,
    /// Everything that lasts.
    Data,
}

/// Something that listens.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub name: String,
    pub protocol: Protocol,
    pub first: u16,
    /// The same as `first` where not said.
    pub last: Option<u16>,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Udp,
    Tcp,
}

/// Which side of the box may reach a port.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The branch's own network.
    Lan,
    /// The branch's own network and the carrier's.
    Both,
}

/// Which interfaces are which side, as `systemd.network` name patterns.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub lan: Vec<String>,
    /// None on a board with one socket: then the LAN leads to the carrier too.
    pub wan: Vec<String>,
}

/// What the disk must hold.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Smallest disk, GiB.
    pub least_gib: u32,
}

/// Sound hardware.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Audio {
    /// ALSA card offered first where nothing is configured.
    pub default_card: Option<String>,
}

/// Lights a person looks at; names below `/sys/class/leds`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Leds {
    /// On: service up; blinking: starting or updating.
    pub status: Option<String>,
    /// On: look at the web page.
    pub alarm: Option<String>,
}

/// One of two places of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    A,
    B,
}

/// Which image: the one that ships, or the one with a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Release,
    Dev,
}

/// Why a board file is refused.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    #[error("{0}hint: board/README.md names every key")]
    Malformed(String),
    #[error("`{key}`: {why}\nhint: {hint}")]
    Wrong {
        key: String,
        why: String,
        hint: &'static str,
    },
}

impl Board {
    /// Reads what boards share and lays the board's own statement over it: tables are joined, anything else is replaced.
    pub fn parse(common: &str, own: &str) -> Result<Self, BoardError> {
        let mut table: toml::Table = read(common)?;
        lay_over(&mut table, read(own)?);
        Self::from_table(table)
    }

    /// Reads a whole statement, as the box carries it.
    pub fn parse_whole(text: &str) -> Result<Self, BoardError> {
        Self::from_table(read(text)?)
    }

    /// The whole statement, as the box carries it.
    ///
    /// # Errors
    /// None in practice: every value of a board has a form in TOML.
    pub fn to_toml(&self) -> Result<String, BoardError> {
        toml::to_string(self).map_err(|why| BoardError::Malformed(format!("{why}\n")))
    }

    /// What an update bundle must be made for.
    #[must_use]
    pub fn compatible(&self) -> String {
        format!("branchline-{}", self.name)
    }

    /// Name of the partition that holds a slot's root.
    #[must_use]
    pub fn root_partition(slot: Slot) -> &'static str {
        match slot {
            Slot::A => "root-a",
            Slot::B => "root-b",
        }
    }

    fn from_table(table: toml::Table) -> Result<Self, BoardError> {
        let board: Self = table
            .try_into()
            .map_err(|why: toml::de::Error| BoardError::Malformed(why.to_string()))?;
        check::check(&board)?;
        Ok(board)
    }
}

impl Arch {
    /// Debian's name of it.
    #[must_use]
    pub fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// File name of the boot loader where firmware looks without being told (UEFI 2.10, 3.5.1.1).
    #[must_use]
    pub fn removable_loader(self) -> &'static str {
        match self {
            Self::X86_64 => "BOOTX64.EFI",
            Self::Arm64 => "BOOTAA64.EFI",
        }
    }

    /// What systemd calls it in the names of its loader and its stub.
    #[must_use]
    pub fn efi(self) -> &'static str {
        match self {
            Self::X86_64 => "x64",
            Self::Arm64 => "aa64",
        }
    }
}

impl Slot {
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other place.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its letter in file names.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "release",
            Self::Dev => "dev",
        })
    }
}

fn read(text: &str) -> Result<toml::Table, BoardError> {
    text.parse()
        .map_err(|why: toml::de::Error| BoardError::Malformed(why.to_string()))
}

fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
