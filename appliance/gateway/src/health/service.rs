//! Whether the box's service came up at all: a program that ends again and again needs no further patience.

use std::process::Command;

/// The box's own service.
const SERVICE: &str = "branchline.service";
/// A program that the service manager had to start anew so often since power-on does not come up.
const TOO_OFTEN: u32 = 5;

/// Why there is nothing to wait for, where that is so; none where no service manager tells.
pub(super) fn hopeless() -> Option<String> {
    let told = Command::new("systemctl")
        .args(["show", "--property=NRestarts,ExecMainStatus", SERVICE])
        .output()
        .ok()?;
    verdict(&String::from_utf8_lossy(&told.stdout))
}

fn verdict(told: &str) -> Option<String> {
    let value = |key: &str| {
        let mut lines = told.lines();
        lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    let restarts: u32 = value("NRestarts")?.parse().ok()?;
    let status = value("ExecMainStatus").unwrap_or("unknown");
    (restarts >= TOO_OFTEN).then(|| {
        format!("the program ended {restarts} times since the start, last with status {status}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_again_and_again_is_not_waited_for() {
        let why = verdict("NRestarts=5\nExecMainStatus=1\n").unwrap();
        assert!(why.contains("5 times") && why.contains("status 1"), "{why}");
        for patient in [
            "NRestarts=4\nExecMainStatus=1\n",
            "NRestarts=0\nExecMainStatus=0\n",
            "",
            "Failed to connect to bus",
        ] {
            assert_eq!(verdict(patient), None, "{patient}");
        }
    }
}
