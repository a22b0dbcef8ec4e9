//! Who signs: the kernel's key (Secure Boot db) and the bundle's (RAUC), each with its certificate.
//!
//! Real keys come by `--keys`. Without them, throw-away keys are made once below the cache, for development and
//! tests; an image signed with those says so. No key is ever in the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::shop::{Shop, write};

/// Days that throw-away certificates hold.
const DAYS: &str = "3650";
const PLATFORM_SUBJECT: &str = "/O=Branchline/CN=throw-away platform key";
const EXCHANGE_SUBJECT: &str = "/O=Branchline/CN=throw-away exchange key";
const BOOT_SUBJECT: &str = "/O=Branchline/CN=throw-away boot key";
const CA_SUBJECT: &str = "/O=Branchline/CN=throw-away update authority";
const SIGNER_SUBJECT: &str = "/O=Branchline/CN=throw-away update signer";

const SELF_SIGNED: [&str; 8] = [
    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", DAYS,
];

/// The folder of keys, complete.
pub(crate) struct Keys {
    dir: PathBuf,
    /// Made by the builder itself, not to be shipped.
    pub(crate) throw_away: bool,
}

impl Keys {
    /// Takes the keys of a folder, or makes throw-away ones.
    pub(crate) fn find_or_make(shop: &mut Shop, given: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(dir) = given {
            let keys = Self {
                dir: dir.to_owned(),
                throw_away: false,
            };
            let needed = [
                keys.boot_key(),
                keys.boot_certificate(),
                keys.signer_key(),
                keys.signer_certificate(),
                keys.authority(),
            ];
            if let Some(lacking) = needed.iter().find(|file| !file.is_file()) {
                bail!(
                    "`{}` is missing\nhint: a folder of keys holds boot.key boot.pem signer.key signer.pem authority.pem, and to enrol a firmware platform.key platform.pem exchange.key exchange.pem",
                    lacking.display()
                );
            }
            return Ok(keys);
        }
        let keys = Self {
            dir: shop.cache.join("keys"),
            throw_away: true,
        };
        if !keys.authority().is_file() {
            shop.step("throw-away signing keys");
            keys.make(shop)?;
        }
        if !keys.enrolment() {
            keys.make_enrolment(shop)?;
        }
        Ok(keys)
    }

    /// Whether there is what a board's firmware is taught: it belongs to whoever makes boards, not to every release.
    pub(crate) fn enrolment(&self) -> bool {
        self.platform_key().is_file() && self.exchange_key().is_file()
    }

    /// Owns the firmware's list of keys (Secure Boot PK).
    pub(crate) fn platform_key(&self) -> PathBuf {
        self.dir.join("platform.key")
    }

    pub(crate) fn platform_certificate(&self) -> PathBuf {
        self.dir.join("platform.pem")
    }

    /// May change the list of who signs kernels (Secure Boot KEK).
    pub(crate) fn exchange_key(&self) -> PathBuf {
        self.dir.join("exchange.key")
    }

    pub(crate) fn exchange_certificate(&self) -> PathBuf {
        self.dir.join("exchange.pem")
    }

    pub(crate) fn boot_key(&self) -> PathBuf {
        self.dir.join("boot.key")
    }

    pub(crate) fn boot_certificate(&self) -> PathBuf {
        self.dir.join("boot.pem")
    }

    pub(crate) fn signer_key(&self) -> PathBuf {
        self.dir.join("signer.key")
    }

    pub(crate) fn signer_certificate(&self) -> PathBuf {
        self.dir.join("signer.pem")
    }

    /// What boxes check bundles against.
    pub(crate) fn authority(&self) -> PathBuf {
        self.dir.join("authority.pem")
    }

    fn make_enrolment(&self, shop: &mut Shop) -> anyhow::Result<()> {
        for (key, certificate, subject) in [
            (
                self.platform_key(),
                self.platform_certificate(),
                PLATFORM_SUBJECT,
            ),
            (
                self.exchange_key(),
                self.exchange_certificate(),
                EXCHANGE_SUBJECT,
            ),
        ] {
            let part = key.with_extension("part");
            shop.run(
                openssl(&SELF_SIGNED)
                    .args(["-subj", subject, "-keyout"])
                    .arg(&part)
                    .arg("-out")
                    .arg(certificate),
            )?;
            // Last: a key that is there has its certificate.
            fs::rename(part, key)?;
        }
        Ok(())
    }

    fn make(&self, shop: &mut Shop) -> anyhow::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let authority_key = self.dir.join("authority.key");
        for (key, certificate, subject) in [
            (&self.boot_key(), self.boot_certificate(), BOOT_SUBJECT),
            (&authority_key, self.dir.join("authority.part"), CA_SUBJECT),
        ] {
            shop.run(
                openssl(&SELF_SIGNED)
                    .args(["-subj", subject, "-keyout"])
                    .arg(key)
                    .arg("-out")
                    .arg(certificate),
            )?;
        }
        let request = self.dir.join("signer.csr");
        shop.run(
            openssl(&[
                "req",
                "-new",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                SIGNER_SUBJECT,
            ])
            .arg("-keyout")
            .arg(self.signer_key())
            .arg("-out")
            .arg(&request),
        )?;
        let uses = self.dir.join("signer.ext");
        write(
            &uses,
            "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=emailProtection\n",
        )?;
        shop.run(
            openssl(&["x509", "-req", "-sha256", "-days", DAYS, "-CAcreateserial"])
                .arg("-in")
                .arg(&request)
                .arg("-extfile")
                .arg(&uses)
                .arg("-CA")
                .arg(self.dir.join("authority.part"))
                .arg("-CAkey")
                .arg(&authority_key)
                .arg("-out")
                .arg(self.signer_certificate()),
        )?;
        // Last: a folder with it is complete.
        fs::rename(self.dir.join("authority.part"), self.authority())?;
        Ok(())
    }
}

fn openssl(args: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(args);
    command
}
