//! The manifest of packs: which models there are, who made them, under what licence, and the
//! SHA-256 of every file.
//!
//! Written by people (`models/manifest.toml`), read by the worker at start and by the install
//! script. A pack's files lie under `<packs folder>/<pack name>/`; small packs of the project's own
//! (emotion) lie beside the manifest. Nothing is used that was not checked; nothing is fetched here.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::SpeechError;
use crate::limits::{MAX_MANIFEST, MAX_PACK_FILE, MAX_PACK_FILES, MAX_PACKS};

mod digest;
#[cfg(test)]
mod tests;

/// The engine a pack is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Engine {
    /// Whisper on tract: roles `encoder`, `decoder`, `tokenizer`, `config`.
    Whisper,
    /// Silero voice activity detector, 8 kHz, on tract: role `model`.
    Silero,
    /// Kaldi by libvosk, in builds with the feature `vosk`: the pack's folder is the model.
    Vosk,
    /// The project's own emotion classifier on tract: roles `model`, `card`.
    Emotion,
    /// Not for this process.
    Other(String),
}

impl From<String> for Engine {
    fn from(name: String) -> Self {
        match name.as_str() {
            "whisper" => Self::Whisper,
            "silero" => Self::Silero,
            "vosk" => Self::Vosk,
            "emotion" => Self::Emotion,
            _ => Self::Other(name),
        }
    }
}

impl Engine {
    /// The name as the manifest writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Whisper => "whisper",
            Self::Silero => "silero",
            Self::Vosk => "vosk",
            Self::Emotion => "emotion",
            Self::Other(name) => name,
        }
    }
}

/// One model with all that must be known of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Pack {
    /// Its name, also its folder's.
    pub name: String,
    /// What runs it.
    pub engine: Engine,
    /// Samples a second it hears.
    pub sample_rate: u32,
    /// Dialects it covers; the only ones the box may claim.
    #[serde(default)]
    pub dialects: Vec<String>,
    /// Licence as its publisher declares it.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// Whether this is the pack used where none is chosen.
    #[serde(default)]
    pub default: bool,
    /// Labels of a classifier's outputs, in order.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Its files by role.
    #[serde(default)]
    pub files: BTreeMap<String, PackFile>,
}

/// One file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PackFile {
    /// Path below the pack's folder.
    pub path: PathBuf,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// The checked manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    file: PathBuf,
    packs: Vec<Pack>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    pack: Vec<Pack>,
}

impl Manifest {
    /// Reads and checks the manifest at `file`.
    pub fn load(file: &Path) -> Result<Self, SpeechError> {
        let fail = |what: String, hint: &str| manifest_error(file, what, hint);
        let size = std::fs::metadata(file)
            .map_err(|e| {
                fail(
                    format!("cannot be read: {e}"),
                    "name the manifest, usually models/manifest.toml",
                )
            })?
            .len();
        if size > MAX_MANIFEST {
            return Err(fail(
                format!("{size} bytes are too many, at most {MAX_MANIFEST}"),
                "is this the manifest?",
            ));
        }
        let text = std::fs::read_to_string(file).map_err(|e| {
            fail(
                format!("cannot be read: {e}"),
                "the manifest is a UTF-8 text",
            )
        })?;
        Self::parse(&text, file)
    }

    /// Checks the text of a manifest; `file` is where it lies, for messages and for packs beside it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, SpeechError> {
        let written: Written = toml::from_str(text).map_err(|e| {
            manifest_error(
                file,
                e.to_string().trim_end().to_owned(),
                "compare with models/README.md",
            )
        })?;
        let fail = |what| {
            Err(manifest_error(
                file,
                what,
                "correct the manifest, or take the one of this release",
            ))
        };
        if written.pack.len() > MAX_PACKS {
            return fail(format!(
                "{} packs are too many, at most {MAX_PACKS}",
                written.pack.len()
            ));
        }
        let mut names = std::collections::BTreeSet::new();
        for pack in &written.pack {
            if let Err(what) = pack.check() {
                return fail(format!("pack {:?}: {what}", pack.name));
            }
            if !names.insert(pack.name.as_str()) {
                return fail(format!("pack {:?} is there twice", pack.name));
            }
        }
        Ok(Self {
            file: file.to_owned(),
            packs: written.pack,
        })
    }

    /// All packs in the manifest's order.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The pack called `name`.
    pub fn pack(&self, name: &str) -> Result<&Pack, SpeechError> {
        self.packs
            .iter()
            .find(|pack| pack.name == name)
            .ok_or_else(|| {
                let known = self
                    .packs
                    .iter()
                    .map(|pack| pack.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                manifest_error(
                    &self.file,
                    format!("has no pack {name:?}"),
                    &format!("it has: {known}"),
                )
            })
    }

    /// The pack of `engine` to use where none is chosen: the default one, else the first.
    pub fn default_pack(&self, engine: &Engine) -> Option<&Pack> {
        let mut of_engine = self.packs.iter().filter(|pack| pack.engine == *engine);
        let first = of_engine.clone().next();
        of_engine.find(|pack| pack.default).or(first)
    }

    /// The pack of `engine` to use where none is chosen, which must be there.
    pub fn needed(&self, engine: &Engine) -> Result<&Pack, SpeechError> {
        self.default_pack(engine).ok_or_else(|| {
            let what = format!("has no pack for engine {}", engine.name());
            manifest_error(&self.file, what, "take the manifest of this release")
        })
    }

    /// The pack that recognises speech where none is chosen: the one marked default of whatever
    /// engine, else the first for Whisper.
    pub fn recogniser(&self) -> Result<&Pack, SpeechError> {
        let recognises = |pack: &&Pack| matches!(pack.engine, Engine::Whisper | Engine::Vosk);
        let marked = self
            .packs
            .iter()
            .filter(recognises)
            .find(|pack| pack.default);
        marked.map_or_else(|| self.needed(&Engine::Whisper), Ok)
    }

    /// The manifest's own folder, where the project's small packs lie.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or_else(|| Path::new("."))
    }

    /// The file of `pack` in `role`, after its size and SHA-256 were found right.
    pub fn verified(
        &self,
        pack: &Pack,
        role: &str,
        packs_dir: &Path,
    ) -> Result<PathBuf, SpeechError> {
        let wanted = pack.files.get(role).ok_or_else(|| {
            let what = format!("pack {:?} names no file for {role:?}", pack.name);
            manifest_error(
                &self.file,
                what,
                &format!("engine {} needs it", pack.engine.name()),
            )
        })?;
        let places = [
            packs_dir.join(&pack.name).join(&wanted.path),
            self.folder().join(pack.engine.name()).join(&wanted.path),
            self.folder().join(&wanted.path),
        ];
        let found =
            places
                .iter()
                .find(|place| place.is_file())
                .ok_or_else(|| SpeechError::Pack {
                    pack: pack.name.clone(),
                    file: places.first().cloned().unwrap_or_default(),
                    what: "is missing".to_owned(),
                    hint:
                        "install the packs with scripts/models, or name their folder with --packs"
                            .to_owned(),
                })?;
        digest::check(found, wanted).map_err(|what| SpeechError::Pack {
            pack: pack.name.clone(),
            file: found.clone(),
            what,
            hint: "delete the file and install the packs again with scripts/models".to_owned(),
        })?;
        Ok(found.clone())
    }

    /// Checks every file of `pack`; gives its folder below `packs_dir`.
    pub fn verified_folder(&self, pack: &Pack, packs_dir: &Path) -> Result<PathBuf, SpeechError> {
        for role in pack.files.keys() {
            self.verified(pack, role, packs_dir)?;
        }
        Ok(packs_dir.join(&pack.name))
    }
}

impl Pack {
    fn check(&self) -> Result<(), String> {
        if !plain(Path::new(&self.name)) || self.name.contains('/') {
            return Err("the name must be a plain folder name".to_owned());
        }
        if self.files.len() > MAX_PACK_FILES {
            return Err(format!(
                "{} files are too many, at most {MAX_PACK_FILES}",
                self.files.len()
            ));
        }
        for (role, file) in &self.files {
            if !plain(&file.path) {
                return Err(format!(
                    "{role}: path {:?} must stay below the pack's folder",
                    file.path
                ));
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(format!("{role}: sha256 must be 64 hexadecimal digits"));
            }
            if file.bytes > MAX_PACK_FILE {
                return Err(format!(
                    "{role}: {} bytes are too many, at most {MAX_PACK_FILE}",
                    file.bytes
                ));
            }
        }
        Ok(())
    }
}

/// Whether `path` is relative and goes nowhere but down.
fn plain(path: &Path) -> bool {
    path.components().count() > 0
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

fn manifest_error(file: &Path, what: String, hint: &str) -> SpeechError {
    SpeechError::Manifest {
        file: file.to_owned(),
        what,
        hint: hint.to_owned(),
    }
}
