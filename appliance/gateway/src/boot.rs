//! Boot configuration: what was written (`BootFile`, the command line) becomes what is true (`Boot`).
//!
//! It is tiny on purpose: addresses and folders. Everything a customer changes is the site.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::blackbox::Budget;
use crate::cli::{RunArgs, StreamArgs};
use crate::transport::{StreamsConfig, TlsFiles};

/// Calls at once where nothing is said: a branch's trunk with room to spare.
pub const DEFAULT_MAX_CALLS: usize = 64;
/// The most calls at once that may be asked for; each takes two sockets, bound at start.
pub const MAX_CALLS: usize = 2_000;
/// Memory cap of the speech worker, MB.
pub const SPEECH_MEMORY_MB: u64 = 3_000;
/// SIP port where nothing is said.
const DEFAULT_SIP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5060);
/// Web address where nothing is said: this machine only, until the admin opens it.
const DEFAULT_WEB: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// The boot file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BootFile {
    data: Option<PathBuf>,
    sip: Option<SocketAddr>,
    #[serde(default)]
    sip_streams: StreamArgs,
    media_ip: Option<IpAddr>,
    media_ports: Option<String>,
    max_calls: Option<usize>,
    web: Option<SocketAddr>,
    broker: Option<String>,
    prompts: Option<PathBuf>,
    site: Option<PathBuf>,
    packs: Option<PathBuf>,
    manifest: Option<PathBuf>,
    speech_socket: Option<PathBuf>,
    archive_after_hours: Option<u32>,
    black_box_kb: Option<u64>,
}

/// What is true for this run.
#[derive(Debug)]
pub struct Boot {
    pub data: PathBuf,
    pub sip: SocketAddr,
    /// SIP over TCP and TLS.
    pub streams: StreamsConfig,
    /// Whom to ask for SIP peers by name; the host's name servers where none are given.
    pub name_servers: Vec<SocketAddr>,
    pub media: Media,
    pub web: SocketAddr,
    pub broker: Option<String>,
    pub prompts: PathBuf,
    pub first_site: Option<PathBuf>,
    pub speech: Option<Speech>,
    /// How old recordings are when they become Opus; `None` keeps them as they are.
    pub archive_after: Option<Duration>,
    /// How much the black box may hold in all.
    pub black_box: Budget,
}

/// Where RTP is bound.
#[derive(Debug)]
pub struct Media {
    /// `None` takes the host's own address and follows it.
    pub ip: Option<IpAddr>,
    /// `None` takes any free ports.
    pub ports: Option<RangeInclusive<u16>>,
    pub max_calls: usize,
}

/// Where the speech worker comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speech {
    /// A child of ours with these models.
    Child { packs: PathBuf, manifest: PathBuf },
    /// Somebody serves one on this Unix socket: each connection is a worker's two pipes.
    Socket(PathBuf),
}

/// Why the box cannot start as told.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    #[error("could not read `{}`: {why}\nhint: give a readable file to --config", file.display())]
    Unreadable { file: PathBuf, why: std::io::Error },
    #[error("`{}`: {why}\nhint: allowed are data, sip, sip_streams (tcp, tls, certificate, key, ca, client_ca, name_servers), media_ip, media_ports, max_calls, web, broker, prompts, site, packs, manifest, speech_socket, archive_after_hours, black_box_kb", file.display())]
    Malformed { file: PathBuf, why: String },
    #[error("no {name} is given\nhint: set `{name}` in the boot file or give --{flag}")]
    Missing {
        name: &'static str,
        flag: &'static str,
    },
    #[error(
        "bad media ports: {0}\nhint: write them as FIRST-LAST, for example 20000-20199, or 0 for any free ones"
    )]
    Ports(String),
    #[error("{asked} calls at once are not possible: 1 to {MAX_CALLS}\nhint: change max_calls")]
    Calls { asked: usize },
}

impl Boot {
    /// Reads the boot file, if one is named, and lays the command line over it.
    pub fn load(args: &RunArgs) -> Result<Self, BootError> {
        let file = args
            .config
            .as_deref()
            .map_or_else(|| Ok(BootFile::default()), read)?;
        let data = (args.data.clone().or(file.data)).ok_or_else(|| missing("data", "data"))?;
        let sip = args.sip.or(file.sip).unwrap_or(DEFAULT_SIP);
        let media_ip = args.media_ip.or(file.media_ip);
        let media_ip = media_ip.or_else(|| (!sip.ip().is_unspecified()).then_some(sip.ip()));
        let max_calls = args
            .max_calls
            .or(file.max_calls)
            .unwrap_or(DEFAULT_MAX_CALLS);
        if !(1..=MAX_CALLS).contains(&max_calls) {
            return Err(BootError::Calls { asked: max_calls });
        }
        let ports = args.media_ports.clone().or(file.media_ports);
        let packs = args.packs.clone().or(file.packs);
        let manifest = args.manifest.clone().or(file.manifest);
        let socket = args.speech_socket.clone().or(file.speech_socket);
        let speech = match (packs, manifest) {
            // Whoever serves the socket has the models.
            _ if socket.is_some() => socket.map(Speech::Socket),
            (Some(packs), Some(manifest)) => Some(Speech::Child { packs, manifest }),
            (None, None) => None,
            (None, Some(_)) => return Err(missing("packs", "packs")),
            (Some(_), None) => return Err(missing("manifest", "manifest")),
        };
        let typed = args.streams.clone().over(file.sip_streams);
        Ok(Self {
            prompts: args
                .prompts
                .clone()
                .or(file.prompts)
                .unwrap_or_else(|| data.join("prompts")),
            data,
            sip,
            name_servers: typed.name_servers.clone(),
            streams: streams(typed)?,
            media: Media {
                ip: media_ip,
                ports: ports.as_deref().map_or(Ok(None), parse_ports)?,
                max_calls,
            },
            web: args.web.or(file.web).unwrap_or(DEFAULT_WEB),
            broker: args.broker.clone().or(file.broker),
            first_site: args.site.clone().or(file.site),
            speech,
            archive_after: (file.archive_after_hours)
                .map(|hours| Duration::from_secs(u64::from(hours.max(1)) * 3_600)),
            black_box: (file.black_box_kb)
                .map_or_else(Budget::default, |kb| Budget::new(kb.saturating_mul(1_024))),
        })
    }
}

fn streams(args: StreamArgs) -> Result<StreamsConfig, BootError> {
    let identity = match (args.certificate, args.key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) if args.tls.is_none() => None,
        (None, _) => return Err(missing("sip_streams.certificate", "sip-certificate")),
        (Some(_), None) => return Err(missing("sip_streams.key", "sip-key")),
    };
    Ok(StreamsConfig {
        tcp: args.tcp,
        tls: args.tls,
        files: TlsFiles {
            identity,
            ca: args.ca,
            client_ca: args.client_ca,
        },
    })
}

fn missing(name: &'static str, flag: &'static str) -> BootError {
    BootError::Missing { name, flag }
}

fn read(file: &Path) -> Result<BootFile, BootError> {
    let text = std::fs::read_to_string(file).map_err(|why| BootError::Unreadable {
        file: file.to_owned(),
        why,
    })?;
    toml::from_str(&text).map_err(|why| BootError::Malformed {
        file: file.to_owned(),
        why: why.to_string(),
    })
}

fn parse_ports(text: &str) -> Result<Option<RangeInclusive<u16>>, BootError> {
    if text == "0" {
        return Ok(None);
    }
    let bad = || BootError::Ports(text.to_owned());
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let first: u16 = first.trim().parse().map_err(|_| bad())?;
    let last: u16 = last.trim().parse().map_err(|_| bad())?;
    if first < 1024 || last <= first {
        return Err(bad());
    }
    Ok(Some(first..=last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RunArgs {
        RunArgs {
            data: Some("d".into()),
            media_ip: Some([127, 0, 0, 1].into()),
            ..RunArgs::default()
        }
    }

    #[test]
    fn the_command_line_wins_over_the_boot_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("boot.toml");
        std::fs::write(
            &file,
            "data = \"/a\"\nmax_calls = 5\nmedia_ip = \"192.0.2.1\"",
        )
        .unwrap();
        let boot = Boot::load(&RunArgs {
            config: Some(file),
            data: Some("/b".into()),
            ..RunArgs::default()
        })
        .unwrap();
        assert_eq!(boot.data, Path::new("/b"));
        assert_eq!(boot.media.max_calls, 5);
        assert_eq!(boot.media.ip, Some(IpAddr::from([192, 0, 2, 1])));
    }

    #[test]
    fn without_a_media_address_that_of_sip_is_taken_or_the_hosts_own() {
        let args = |sip: &str| RunArgs {
            data: Some("d".into()),
            sip: Some(sip.parse().unwrap()),
            ..RunArgs::default()
        };
        let ip = |sip| Boot::load(&args(sip)).unwrap().media.ip;
        assert_eq!(ip("192.0.2.7:5060"), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(ip("0.0.0.0:5060"), None);
        assert_eq!(ip("[::]:5060"), None);
    }

    #[test]
    fn a_speech_socket_needs_no_models_here() {
        let args = RunArgs {
            speech_socket: Some("/run/speech.sock".into()),
            ..args()
        };
        let speech = Boot::load(&args).unwrap().speech;
        assert_eq!(speech, Some(Speech::Socket("/run/speech.sock".into())));
    }

    #[test]
    fn an_unknown_key_in_the_boot_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("boot.toml");
        std::fs::write(&file, "data = \"/a\"\ncolour = 1").unwrap();
        let error = Boot::load(&RunArgs {
            config: Some(file),
            ..RunArgs::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("colour") && error.to_string().contains("hint:"));
    }

    #[test]
    fn tls_without_a_certificate_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("boot.toml");
        let text = "[sip_streams]\ntcp = \"127.0.0.1:5060\"\ntls = \"127.0.0.1:5061\"\nkey = \"k\"";
        std::fs::write(&file, text).unwrap();
        let mut args = RunArgs {
            config: Some(file),
            ..args()
        };
        let error = Boot::load(&args).unwrap_err().to_string();
        assert!(error.contains("--sip-certificate"), "{error}");
        args.streams.certificate = Some("c".into());
        let streams = Boot::load(&args).unwrap().streams;
        assert_eq!(streams.tcp.map(|at| at.port()), Some(5060));
        assert_eq!(streams.files.identity, Some(("c".into(), "k".into())));
    }

    #[test]
    fn bad_ports_say_how_to_write_them() {
        for text in ["", "x", "20000", "9-8", "80-90", "20000-99999"] {
            let args = RunArgs {
                media_ports: Some(text.to_owned()),
                ..args()
            };
            let error = Boot::load(&args).unwrap_err();
            assert!(error.to_string().contains("20000-20199"), "{text}: {error}");
        }
        let args = RunArgs {
            media_ports: Some("20000-20099".to_owned()),
            ..args()
        };
        assert_eq!(Boot::load(&args).unwrap().media.ports, Some(20000..=20099));
    }

    #[test]
    fn packs_without_a_manifest_are_refused() {
        let args = RunArgs {
            packs: Some("p".into()),
            ..args()
        };
        assert!(
            Boot::load(&args)
                .unwrap_err()
                .to_string()
                .contains("manifest")
        );
    }
}
