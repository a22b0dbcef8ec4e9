//! What lies on the data partition, read from its first bytes alone.
//!
//! Only what holds nothing of a customer's may be made anew: a file system that was never mounted, and a sealed
//! volume whose making was cut short. Everything else stays as it is, whatever the TPM says.

/// Bytes that tell.
pub(super) const HEAD: usize = 4_096;
/// Label of a sealed volume that is complete: written last.
pub(super) const COMPLETE: &str = "branchline-data";
/// Label of one that is to be erased at the next start.
pub(super) const TO_ERASE: &str = "branchline-reset";

/// LUKS2's first header: magic, version, and where its label stands.
const LUKS: &[u8] = b"LUKS\xba\xbe\x00\x02";
const LABEL: std::ops::Range<usize> = 24..72;
/// ext4's superblock: when it was mounted last, how often, and its magic.
const MOUNTED_AT: std::ops::Range<usize> = 0x42c..0x430;
const MOUNTS: std::ops::Range<usize> = 0x434..0x436;
const EXT4: (std::ops::Range<usize>, &[u8]) = (0x438..0x43a, &[0x53, 0xef]);

/// What a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// A sealed volume.
    Sealed,
    /// A sealed volume that a factory reset is to erase.
    ToErase,
    /// A sealed volume whose making was cut short.
    Unfinished,
    /// A file system as it was made, nothing in it.
    Fresh,
    /// A file system that has been in use.
    Plain,
    /// Neither.
    Unknown,
}

impl Volume {
    pub(super) fn of(head: &[u8]) -> Self {
        let at = |range: std::ops::Range<usize>| head.get(range).unwrap_or_default();
        if head.starts_with(LUKS) {
            let label = at(LABEL).split(|byte| *byte == 0).next();
            let label = label.and_then(|label| std::str::from_utf8(label).ok());
            return match label.unwrap_or_default() {
                COMPLETE => Self::Sealed,
                TO_ERASE => Self::ToErase,
                _ => Self::Unfinished,
            };
        }
        if at(EXT4.0) != EXT4.1 {
            return Self::Unknown;
        }
        let never = |field: &[u8]| field.iter().all(|byte| *byte == 0);
        if never(at(MOUNTED_AT)) && never(at(MOUNTS)) {
            Self::Fresh
        } else {
            Self::Plain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luks(label: &str) -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[..LUKS.len()].copy_from_slice(LUKS);
        head[24..24 + label.len()].copy_from_slice(label.as_bytes());
        head
    }

    fn ext4(mounts: u8) -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[EXT4.0].copy_from_slice(EXT4.1);
        head[0x434] = mounts;
        head
    }

    #[test]
    fn only_what_was_never_used_or_never_finished_may_be_made_anew() {
        assert_eq!(Volume::of(&luks(COMPLETE)), Volume::Sealed);
        assert_eq!(Volume::of(&luks(TO_ERASE)), Volume::ToErase);
        assert_eq!(Volume::of(&luks("")), Volume::Unfinished);
        assert_eq!(Volume::of(&ext4(0)), Volume::Fresh);
        assert_eq!(Volume::of(&ext4(1)), Volume::Plain);
        assert_eq!(Volume::of(&[0; HEAD]), Volume::Unknown);
        assert_eq!(Volume::of(&[]), Volume::Unknown);
        let mut first_version = luks(COMPLETE);
        first_version[7] = 1;
        assert_eq!(Volume::of(&first_version), Volume::Unknown);
    }

    #[test]
    fn a_file_system_that_was_mounted_once_counts_as_used_whatever_its_counter_says() {
        let mut head = ext4(0);
        head[0x42c] = 1;
        assert_eq!(Volume::of(&head), Volume::Plain);
    }
}
