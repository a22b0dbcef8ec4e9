//! The kernel's command line. It is signed with the kernel: what it names is what boots.

use crate::{Board, Slot, Variant};

/// How a slot's root proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verity {
    /// Root of the hash tree, hex.
    pub root_hash: String,
    /// Where the tree begins in the partition, bytes.
    pub hash_offset: u64,
}

impl Board {
    /// The whole command line of one slot's kernel.
    #[must_use]
    pub fn command_line(&self, slot: Slot, variant: Variant, verity: &Verity) -> String {
        let mut words = vec![
            format!("branchline.root={}", Self::root_partition(slot)),
            format!("branchline.roothash={}", verity.root_hash),
            format!("branchline.hashoffset={}", verity.hash_offset),
            format!("branchline.slot={slot}"),
            format!("rauc.slot={slot}"),
        ];
        words.extend(self.boot.command_line.iter().cloned());
        if variant == Variant::Dev {
            words.extend(self.boot.dev_command_line.iter().cloned());
        }
        words.join(" ")
    }
}
