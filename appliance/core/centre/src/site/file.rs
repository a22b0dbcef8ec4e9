//! A site text as it was written.
use super::Diagnostic;

/// A site text as it was written, with places.
#[derive(Clone, Debug)]
pub struct SiteFile {
    pub(super) text: String,
}

impl SiteFile {
    /// Parses a site text.
    ///
    /// # Errors
    /// Every fault found, in reading order.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            text: text.to_owned(),
        })
    }
}
