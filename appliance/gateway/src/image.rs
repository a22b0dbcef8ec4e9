//! The firmware image that this box is, if it is one: what `/etc/os-release` says of it (os-release(5)).
//!
//! Read once, at start. On a system of somebody's own the file names another product, and there is no image.

use std::path::PathBuf;

use web::Image;

/// Where an image says what it is.
const RELEASE: &str = "/etc/os-release";
/// The product's name there.
const OURS: &str = "branchline";
/// The bill of materials that the image carries.
const BILL: &str = "/usr/lib/branchline/sbom.cdx.json";

/// Where its packages keep what they say of themselves.
const SHARE: &str = "/usr/share";
/// How its last update fares.
const UPDATE: &str = "/data/system/update.json";

/// The image that runs here.
pub(crate) fn this_one() -> Option<Image> {
    named(&std::fs::read_to_string(RELEASE).ok()?)
}

/// What the text says, if it is of an image of ours.
fn named(text: &str) -> Option<Image> {
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches('"').to_owned())
    };
    (value("ID")? == OURS).then_some(())?;
    Some(Image {
        version: value("VERSION_ID")?,
        board: value("BRANCHLINE_BOARD")?,
        variant: value("VARIANT_ID")?,
        bill: PathBuf::from(BILL),
        share: PathBuf::from(SHARE),
        update: PathBuf::from(UPDATE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_version_board_and_variant() {
        let text = "ID=branchline\nNAME=Branchline\nPRETTY_NAME=\"Branchline 1.2.3\"\nVERSION_ID=\"1.2.3\"\nVARIANT_ID=dev\nBRANCHLINE_BOARD=x86-64\n";
        let image = named(text).unwrap();
        assert_eq!(image.version, "1.2.3");
        assert_eq!(image.board, "x86-64");
        assert_eq!(image.variant, "dev");
    }

    #[test]
    fn another_system_is_no_image() {
        assert_eq!(
            named("PRETTY_NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n"),
            None
        );
        assert_eq!(named(""), None);
    }
}
