//! The site's text, what was found in it, and its versions, as the settings page shows them.

use centre::site::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calls::UnixMillis;

/// One thing found in a site text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Finding {
    pub(crate) severity: SeverityView,
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters.
    pub(crate) column: u32,
    pub(crate) message: String,
    /// The way out; may be empty.
    pub(crate) hint: String,
}

/// Whether a finding stops Apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeverityView {
    Error,
    Warning,
}

/// The site that is in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SiteView {
    /// Number of the applied text; 0 while none was ever applied.
    pub(crate) version: u64,
    /// When it was applied.
    pub(crate) applied: Option<UnixMillis>,
    /// The version it replaced, to which Undo goes back.
    pub(crate) undo_to: Option<u64>,
    pub(crate) text: String,
    pub(crate) names: NamesView,
}

/// Names that a site text may refer to, for completion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NamesView {
    pub(crate) flows: Vec<String>,
    /// As `flow/step`.
    pub(crate) steps: Vec<String>,
    pub(crate) queues: Vec<String>,
    pub(crate) trunks: Vec<String>,
    /// Carrier templates that a trunk may follow.
    pub(crate) templates: Vec<String>,
    pub(crate) devices: Vec<String>,
    pub(crate) agents: Vec<String>,
    /// Skills that an agent has.
    pub(crate) skills: Vec<String>,
    pub(crate) prompts: Vec<String>,
}

/// One version of the site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    pub(crate) version: u64,
    pub(crate) applied: UnixMillis,
    pub(crate) note: String,
    pub(crate) is_current: bool,
}

/// One version of the site with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionText {
    pub(crate) version: u64,
    pub(crate) text: String,
}

/// A site text to look at.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) text: String,
}

/// What the check says of a draft.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// No errors; warnings do not count.
    pub(crate) good: bool,
    pub(crate) findings: Vec<Finding>,
    /// Names of the draft, where it could be read.
    pub(crate) names: Option<NamesView>,
}

/// A site text to put in force.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Apply {
    pub(crate) text: String,
    /// The version that the draft was based on; refused as stale when another is in force.
    pub(crate) base: u64,
    /// Why, in a few words.
    #[serde(default)]
    pub(crate) note: String,
}

/// A wish to go back to the version before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Undo {
    /// The version to undo; refused as stale when another is in force.
    pub(crate) base: u64,
}

/// What is in force now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Applied {
    pub(crate) version: u64,
}

impl From<&Diagnostic> for Finding {
    fn from(found: &Diagnostic) -> Self {
        Self {
            severity: match found.severity {
                Severity::Error => SeverityView::Error,
                Severity::Warning => SeverityView::Warning,
            },
            line: found.line,
            column: found.column,
            message: found.message.clone(),
            hint: found.hint.clone(),
        }
    }
}
