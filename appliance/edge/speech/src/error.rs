//! What can go wrong here, said so that the person who installs the box can act on it.

use std::path::PathBuf;

use crate::wire::WireError;

/// Every failure of the speech process. `Display` ends with a `hint:` where there is a way out.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// The manifest cannot be read or does not say what it must.
    #[error("manifest {file}: {what}\n  hint: {hint}")]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// What is wrong with it, with line and column where known.
        what: String,
        /// The way out.
        hint: String,
    },
    /// A file of a pack is absent, altered or unreadable.
    #[error("pack {pack}: {file}: {what}\n  hint: {hint}")]
    Pack {
        /// The pack's name.
        pack: String,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The way out.
        hint: String,
    },
    /// A model's file is whole, but its graph is not what its engine needs, or fails when run.
    #[error("model {file}: {what}\n  hint: {hint}")]
    Model {
        /// The model's file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The way out.
        hint: String,
    },
    /// The engine is not part of this build.
    #[error("engine {engine} is not part of this build\n  hint: {hint}")]
    Engine {
        /// The engine's name in the manifest.
        engine: String,
        /// The way out.
        hint: String,
    },
    /// The gateway sent bytes that are no frame.
    #[error("wire: {0}\n  hint: the gateway and the speech worker must be the same build")]
    Wire(#[from] WireError),
    /// A pipe, a file or a limit of the operating system.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: String,
        /// The operating system's word.
        source: std::io::Error,
    },
}

impl SpeechError {
    /// A failure of the operating system while doing `what`.
    pub(crate) fn system(what: impl Into<String>, source: impl Into<std::io::Error>) -> Self {
        Self::System {
            what: what.into(),
            source: source.into(),
        }
    }
}
