//! What a board's firmware is taught once, so that from then on it starts nothing but ours: PK, KEK and db.
//!
//! The files lie on the EFI partition where systemd-boot looks (`loader/keys/auto`). It offers them in its menu, and
//! only while the firmware is in set-up mode; a box that knows its keys already ignores them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keys::Keys;
use crate::shop::Shop;

/// Who owns the entries, as the firmware lists them.
const OWNER: &str = "6272616e-6368-4c69-8e65-000066697265";

/// One variable of the firmware.
struct Variable {
    name: &'static str,
    certificate: PathBuf,
    /// Key and certificate that vouch for the entry.
    signer: (PathBuf, PathBuf),
}

/// Makes the files, named as the firmware's variables are.
pub(crate) fn make(shop: &mut Shop, keys: &Keys) -> anyhow::Result<Vec<(PathBuf, String)>> {
    if !keys.enrolment() {
        println!(
            "     note: no platform.key and exchange.key: nothing is laid for a firmware's enrolment"
        );
        return Ok(Vec::new());
    }
    shop.step("the firmware's keys");
    let dir = shop.fresh("firmware-keys")?;
    let platform = || (keys.platform_key(), keys.platform_certificate());
    let variables = [
        Variable {
            name: "PK",
            certificate: keys.platform_certificate(),
            signer: platform(),
        },
        Variable {
            name: "KEK",
            certificate: keys.exchange_certificate(),
            signer: platform(),
        },
        Variable {
            name: "db",
            certificate: keys.boot_certificate(),
            signer: (keys.exchange_key(), keys.exchange_certificate()),
        },
    ];
    let mut made = Vec::new();
    for variable in variables {
        let file = sign(shop, &dir, &variable)?;
        made.push((file, format!("{}.auth", variable.name)));
    }
    Ok(made)
}

fn sign(shop: &mut Shop, dir: &Path, variable: &Variable) -> anyhow::Result<PathBuf> {
    let at = |kind: &str| dir.join(format!("{}.{kind}", variable.name));
    let [plain, list, signed] = ["der", "esl", "auth"].map(at);
    shop.run(
        Command::new("openssl")
            .args(["x509", "-outform", "DER", "-in"])
            .arg(&variable.certificate)
            .arg("-out")
            .arg(&plain),
    )?;
    shop.run(
        Command::new("sbsiglist")
            .args(["--owner", OWNER, "--type", "x509", "--output"])
            .arg(&list)
            .arg(&plain),
    )?;
    let (key, certificate) = &variable.signer;
    // The signature names its time.
    let mut command = shop.frozen("sbvarsign")?;
    command.arg("--key").arg(key).arg("--cert").arg(certificate);
    // What the loader writes with: the signature covers it.
    command.args(["--attr", "NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS"]);
    command.arg("--output").arg(&signed).arg(variable.name);
    shop.run(command.arg(&list))?;
    Ok(signed)
}
