//! The process's own memory: a cap, and how much is used. Private to `worker`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::SpeechError;
use crate::limits::MIN_MEMORY_MB;

/// Caps the process's data at `mb`: beyond it an allocation fails, which ends the process (the
/// gateway starts it again). Maps of model files do not count. A harder cap of the host stays.
pub(super) fn cap(mb: u64) -> Result<(), SpeechError> {
    if mb < MIN_MEMORY_MB {
        let what =
            format!("{mb} MB cannot hold the models\n  hint: give at least {MIN_MEMORY_MB} MB");
        return Err(SpeechError::system(
            "capping memory",
            std::io::Error::other(what),
        ));
    }
    let bytes = mb.saturating_mul(1024 * 1024);
    let allowed = getrlimit(Resource::Data).maximum;
    let bytes = allowed.map_or(bytes, |allowed| bytes.min(allowed));
    setrlimit(
        Resource::Data,
        Rlimit {
            current: Some(bytes),
            maximum: allowed,
        },
    )
    .map_err(|e| SpeechError::system(format!("capping memory at {mb} MB"), e))
}

/// Resident memory, kB; 0 where the host does not say.
pub(super) fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_small_a_cap_is_refused_with_a_hint_and_memory_is_known() {
        assert!(
            cap(100)
                .unwrap_err()
                .to_string()
                .contains("hint: give at least 512 MB")
        );
        assert!(resident_kb() > 1000);
    }
}
