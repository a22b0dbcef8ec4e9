//! `branchline label`: what the printer at manufacture puts on a box: serial, claim code, address, as text and as a
//! QR code. The claim code is made here and lies on the box as a digest alone; only the label has it in clear.

mod picture;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use crate::cli::LabelArgs;

/// Where boards state their serial number: a PC's firmware, then a device tree.
const SERIALS: [&str; 2] = [
    "/sys/class/dmi/id/product_serial",
    "/sys/firmware/devicetree/base/serial-number",
];
/// What firmwares say where nobody gave them a serial number.
const NO_SERIALS: [&str; 6] = [
    "to be filled by o.e.m.",
    "default string",
    "system serial number",
    "not specified",
    "none",
    "0123456789",
];
/// Longest serial number taken, characters.
const LONGEST: usize = 64;
/// Below the box's data: what the web server keeps.
const WEB: &str = "web";

/// What stands on a label.
#[derive(Debug)]
struct Label {
    serial: String,
    claim: String,
    address: String,
}

/// Makes a new claim code and writes `label.txt` and `label.png`.
pub fn run(args: &LabelArgs) -> anyhow::Result<()> {
    let serial = match &args.serial {
        Some(serial) => usable(serial).with_context(|| format!("bad serial `{serial}`"))?,
        None => stated()?,
    };
    if !args.data.is_dir() {
        bail!(
            "no `{}`\nhint: name the box's data folder by --data",
            args.data.display()
        );
    }
    let web = args.data.join(WEB);
    let claim = web::make_claim_code(&web)
        .with_context(|| format!("could not keep the claim code below `{}`", web.display()))?;
    let label = Label {
        serial,
        claim,
        address: args.address.clone(),
    };
    fs::create_dir_all(&args.out)
        .with_context(|| format!("could not make `{}`", args.out.display()))?;
    let (text, picture) = (args.out.join("label.txt"), args.out.join("label.png"));
    write(&text, label.text().as_bytes())?;
    write(&picture, &picture::png(&label.link())?)?;
    println!("{}\n{}", text.display(), picture.display());
    Ok(())
}

impl Label {
    fn text(&self) -> String {
        let Self {
            serial,
            claim,
            address,
        } = self;
        format!("Branchline\nserial  {serial}\nclaim   {claim}\nweb     {address}\n")
    }

    /// The page, with what is behind `#`: a browser sends that nowhere.
    fn link(&self) -> String {
        let address = self.address.trim_end_matches('/');
        format!("{address}/#serial={}&claim={}", self.serial, self.claim)
    }
}

/// The serial number that the board itself states.
fn stated() -> anyhow::Result<String> {
    let read = |path: &&str| usable(&fs::read_to_string(path).ok()?);
    let found = SERIALS.iter().find_map(read);
    found.context("this board states no serial number\nhint: give one by --serial")
}

/// A serial number as it can stand in a link; none where there is none in the text.
fn usable(text: &str) -> Option<String> {
    let text = text.trim_matches(|sign: char| sign.is_whitespace() || sign == '\0');
    let is_none = NO_SERIALS.contains(&text.to_ascii_lowercase().as_str());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let zeros = text.bytes().all(|byte| byte == b'0');
    let good = text.len() <= LONGEST && text.bytes().all(allowed) && !zeros;
    (good && !is_none).then(|| text.to_owned())
}

/// Readable to its owner alone: a claim code opens a box that nobody has claimed.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600);
    let written = file.open(path).and_then(|mut file| file.write_all(bytes));
    written.with_context(|| format!("could not write `{}`", path.display()))
}

/// An address for a label: https, and short enough to be scanned from a hand's breadth away.
pub(crate) fn address(text: &str) -> anyhow::Result<String> {
    let host = text.strip_prefix("https://");
    let host = host.with_context(|| format!("`{text}` does not begin with https://"))?;
    ensure!(
        !host.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_graphic()),
        "`{text}` is no address for a label"
    );
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_written_for_the_printer_and_its_claim_code_is_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        run(&LabelArgs {
            out: dir.path().join("out"),
            data: data.clone(),
            serial: Some("BL-0001".into()),
            address: "https://branchline.local".into(),
        })
        .unwrap();
        let text = fs::read_to_string(dir.path().join("out/label.txt")).unwrap();
        assert!(text.contains("serial  BL-0001\n") && text.contains("https://branchline.local\n"));
        let claim = text.lines().find_map(|line| line.strip_prefix("claim   "));
        let claim = claim.unwrap();
        let kept = fs::read_to_string(data.join("web/claim-code")).unwrap();
        assert!(kept.len() == 64 && !kept.contains(claim));
        let picture = fs::read(dir.path().join("out/label.png")).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
    }

    #[test]
    fn placeholders_of_firmwares_are_no_serial_numbers() {
        assert_eq!(usable("BL-0001\0").as_deref(), Some("BL-0001"));
        for none in [
            "",
            "000000",
            "To be filled by O.E.M.",
            "Default string",
            "a b",
            "x\u{1b}[2J",
        ] {
            assert_eq!(usable(none), None, "{none}");
        }
    }

    #[test]
    fn the_link_keeps_the_claim_code_behind_the_mark_that_browsers_do_not_send() {
        let label = Label {
            serial: "BL-1".into(),
            claim: "AAAA-BBBB-CCCC".into(),
            address: "https://branchline.local/".into(),
        };
        let link = label.link();
        assert_eq!(
            link,
            "https://branchline.local/#serial=BL-1&claim=AAAA-BBBB-CCCC"
        );
        assert!(address("http://x").is_err() && address("https://").is_err());
    }
}
