//! Where partitions lie: one calculation for the image's disk, its file offsets and the tests.

use crate::{Board, Partition, Role};

/// Bytes of a sector, as GPT counts here.
pub const SECTOR: u64 = 512;
/// Partitions begin at whole MiB: erase blocks of every disk we know are met.
const MIB: u64 = 1 << 20;
/// GPT's own sectors, at both ends.
const EDGE: u64 = MIB;

/// A partition with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub partition: &'a Partition,
    /// Bytes from the disk's start.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

impl Board {
    /// Every partition's place, in the disk's order.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.partitions.iter().scan(EDGE, |next, partition| {
            let size = u64::from(partition.size_mib) * MIB;
            let offset = std::mem::replace(next, *next + size);
            Some(Place {
                partition,
                offset,
                size,
            })
        })
    }

    /// Place of the partition of this name.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place<'_>> {
        self.places().find(|place| place.partition.name == name)
    }

    /// Bytes of the disk as it leaves the factory: without the data partition, which the first boot makes on the rest.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        let made = self
            .places()
            .filter(|place| place.partition.role != Role::Data);
        let end = made.last().map_or(EDGE, |last| last.offset + last.size);
        end + EDGE
    }
}

impl Role {
    /// GPT type (UEFI 5.3.3; the Discoverable Partitions Specification).
    #[must_use]
    pub fn gpt_type(self, board: &Board) -> &'static str {
        match (self, board.arch) {
            (Self::Esp, _) => "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
            (Self::Root, crate::Arch::X86_64) => "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
            (Self::Root, crate::Arch::Arm64) => "B921B045-1DF0-41C3-AF44-4C6F280D3FAE",
            (Self::Packs, _) => "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
            (Self::Data, _) => "4D21B016-B534-45C2-A9FB-5C16E091FD2D",
        }
    }
}

/// The layout as `sfdisk` reads it, all that the factory makes. Ids are drawn from names: the same board gives the same bytes.
#[must_use]
pub fn sfdisk(board: &Board) -> String {
    let mut script = format!(
        "label: gpt\nlabel-id: {}\nunit: sectors\n",
        id(&board.name, "disk")
    );
    for place in board
        .places()
        .filter(|place| place.partition.role != Role::Data)
    {
        script.push_str(&format!(
            "start={}, size={}, type={}, uuid={}, name={}\n",
            place.offset / SECTOR,
            place.size / SECTOR,
            place.partition.role.gpt_type(board),
            id(&board.name, &place.partition.name),
            place.partition.name,
        ));
    }
    script
}

/// A stable id in the form of RFC 9562's version 8: FNV-1a of the names, twice.
fn id(board: &str, name: &str) -> String {
    let half = |seed: u64| {
        let bytes = board.bytes().chain([0]).chain(name.bytes());
        bytes.fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (high, low) = (half(0xcbf2_9ce4_8422_2325), half(0x9e37_79b9_7f4a_7c15));
    format!(
        "{:08X}-{:04X}-8{:03X}-8{:03X}-{:012X}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff,
    )
}
