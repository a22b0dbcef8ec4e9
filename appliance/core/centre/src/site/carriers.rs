//! Carrier templates: what is usual with one kind of carrier, as data.
//!
//! Each is a TOML file in `carriers/` with the keys of a `[trunk.NAME]`; its comments say what it
//! rests on and what is to be confirmed with the carrier. `trunk_file` reads a trunk with one
//! behind it: what the site writes wins. A carrier is never a branch in the code.

use std::sync::LazyLock;

use toml::de::DeTable;

/// All templates by name.
const TEXTS: [(&str, &str); 5] = [
    (
        "china-mobile-ims",
        include_str!("carriers/china-mobile-ims.toml"),
    ),
    (
        "china-telecom-ims",
        include_str!("carriers/china-telecom-ims.toml"),
    ),
    (
        "china-unicom-ims",
        include_str!("carriers/china-unicom-ims.toml"),
    ),
    ("international", include_str!("carriers/international.toml")),
    ("raw", include_str!("carriers/raw.toml")),
];

static TABLES: LazyLock<Vec<(&str, DeTable<'static>)>> = LazyLock::new(|| {
    let read = |(name, text): &(&'static str, &'static str)| {
        // A test sees to it that none has an error.
        let (table, _) = DeTable::parse_recoverable(text);
        (*name, table.into_inner())
    };
    TEXTS.iter().map(read).collect()
});

/// The names of all templates.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The text of a template.
#[cfg(test)]
pub(super) fn text(name: &str) -> Option<&'static str> {
    TEXTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The template of that name.
pub(super) fn template(name: &str) -> Option<&'static DeTable<'static>> {
    let mut tables = TABLES.iter();
    let found = tables.find(|(known, _)| *known == name);
    found.map(|(_, table)| table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_toml_without_a_fault_and_says_what_to_confirm() {
        for (name, text) in TEXTS {
            let (_, errors) = DeTable::parse_recoverable(text);
            assert!(errors.is_empty(), "{name}: {errors:?}");
            assert!(text.contains("# To confirm with the"), "{name}");
        }
    }
}
