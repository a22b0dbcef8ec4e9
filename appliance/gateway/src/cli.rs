//! The command line: what was typed. [`crate::boot`] makes of it what is true.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A branch office's contact centre in one box.
#[derive(Debug, Parser)]
#[command(name = "branchline", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the box: answer calls, serve the web page, sync records to central
    #[command(after_help = "examples:
  branchline run --config /etc/branchline/boot.toml
  branchline run --data .run/box --sip 127.0.0.1:0 --media-ip 127.0.0.1 --web 127.0.0.1:0 --json")]
    Run(Box<RunArgs>),
    /// Place one call to a box, speak, press keys, and say what happened
    #[command(after_help = "acts, done in order after the answer:
  press:DIGITS     send keys by RFC 4733
  say:FILE.wav     speak a file (8 kHz mono WAV)
  quiet:SECONDS    wait until the other side has been silent for so long (at most 20 s)
  wait:SECONDS     wait

examples:
  branchline call sip:4000@127.0.0.1:5060 quiet:0.8 press:1 quiet:0.8 say:caller_net.wav quiet:3
  branchline call sip:4000@192.0.2.10 wait:30 --json")]
    Call(CallArgs),
    /// Work on flows without a running box
    Flow {
        #[command(subcommand)]
        verb: FlowVerb,
    },
    /// Lead a new centre through a black box and say where it answers otherwise
    #[command(
        after_help = "A box keeps what it was told in DATA/blackbox: a ring of files, each of which replays by itself.

examples:
  branchline replay /var/lib/branchline
  branchline replay /var/lib/branchline/blackbox
  branchline replay --json 01795350000000.blbox

exit status: 0 no step diverged, 1 a step diverged, 2 a file could not be read"
    )]
    Replay(ReplayArgs),
    /// Show the SIP ladder and the media facts of one call
    #[command(
        after_help = "CALL is the record's id, its first characters, or a SIP Call-ID.

examples:
  branchline trace 019a2b3c --data /var/lib/branchline
  branchline trace 019a2b3c --data 01795350000000.blbox
  branchline trace a84b4c76e66710@pc33 --data .run/box --messages"
    )]
    Trace(TraceArgs),
    /// Say whether this box does its work: SIP answers, a call is heard, the page is served, records are kept
    #[command(
        after_help = "Everything is asked on this machine alone; a missing network is nobody's fault.

examples:
  branchline health
  branchline health --deadline 120 --report /data/system/boot-report.json
  branchline health --json

exit status: 0 healthy, 1 not"
    )]
    Health(HealthArgs),
    /// Which of the two roots boots next
    #[command(after_help = "examples:
  branchline boot-slot get-current
  branchline boot-slot get-primary
  branchline boot-slot set-primary B")]
    BootSlot(BootSlotArgs),
    /// Take a new release in, and start it when nobody calls
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "The bundle's signature, board and floor are checked before anything is written; then the slot that is
not running is written, below calls. It boots once no call is up, and stays if it does its work.

examples:
  branchline update /run/usb/branchline-1.2.0.raucb
  branchline update https://updates.example/branchline-1.2.0.raucb --now
  branchline update switch
  branchline update status --json

exit status: 0 done, 1 failed, 2 the bundle was refused"
    )]
    Update(UpdateArgs),
    /// Write the label of this box for the printer at manufacture: serial, claim code, address, QR code
    #[command(
        after_help = "The claim code lets somebody sign in until a password is set; each label makes a new one, from the next
start on. The box keeps its digest alone.

examples:
  branchline label --out /run/usb
  branchline label --out /run/usb --serial BL-000123 --address https://branchline.local"
    )]
    Label(LabelArgs),
    /// Delete everything that is the customer's: records, recordings, settings, keys
    #[command(
        after_help = "The two slots, the floor of updates, model packs and the label's code stay. The machine starts anew, and deletes
before its service runs. Files are deleted, not overwritten.

examples:
  branchline reset --factory"
    )]
    Reset(ResetArgs),
    /// Whether the data opens on this box alone
    #[command(after_help = "The image's own units call `open` and `recover`.

examples:
  branchline seal status")]
    Seal(SealArgs),
    /// Recognise speech for the box: frames on standard input and output, started by `run`
    #[command(hide = true)]
    SpeechWorker(SpeechArgs),
    /// Work the box's sound cards: plans on standard input, sound on standard output, started by `run`
    #[command(hide = true)]
    AudioWorker,
}

#[derive(Debug, Subcommand)]
pub enum FlowVerb {
    /// Check flow files: names line, column and the way out for every fault
    #[command(after_help = "examples:
  branchline flow check customer_service.xml
  branchline flow check customer_service.xml --queue queue_wait --flow sales --flow tech_support
  branchline flow check *.xml --site site.toml --prompts models/prompts

exit status: 0 no error (warnings are printed), 1 an error was found, 2 a file could not be read")]
    Check(FlowCheckArgs),
}

#[derive(Debug, Args)]
pub struct FlowCheckArgs {
    /// Flow files; they may name each other
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Take the names of queues, flows and trunks from this site file
    #[arg(long)]
    pub site: Option<PathBuf>,
    /// Take the names of prompts from the WAV files in this folder
    #[arg(long)]
    pub prompts: Option<PathBuf>,
    /// A further queue that exists
    #[arg(long = "queue")]
    pub queues: Vec<String>,
    /// A further flow that exists
    #[arg(long = "flow")]
    pub flows: Vec<String>,
}

#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// Boot configuration (TOML); what is typed here wins over it
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Where records, recordings and keys are kept
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// SIP address to listen on, UDP; port 0 takes a free one
    #[arg(long)]
    pub sip: Option<SocketAddr>,
    #[command(flatten)]
    pub streams: StreamArgs,
    /// Address named in SDP and bound for RTP; by default that of SIP, or the host's own, followed when it changes
    #[arg(long)]
    pub media_ip: Option<IpAddr>,
    /// RTP ports as FIRST-LAST; 0 takes any free ones
    #[arg(long)]
    pub media_ports: Option<String>,
    /// Calls at once
    #[arg(long)]
    pub max_calls: Option<usize>,
    /// HTTPS address of the web page; port 0 takes a free one
    #[arg(long)]
    pub web: Option<SocketAddr>,
    /// Broker of central, as mqtt://HOST:PORT or mqtts://HOST:PORT
    #[arg(long)]
    pub broker: Option<String>,
    /// Folder of prompts (WAV)
    #[arg(long)]
    pub prompts: Option<PathBuf>,
    /// Site file taken at first start, when no site is stored yet
    #[arg(long)]
    pub site: Option<PathBuf>,
    /// Folder of installed model packs
    #[arg(long)]
    pub packs: Option<PathBuf>,
    /// Model manifest; without it the box does not listen to speech
    #[arg(long)]
    pub manifest: Option<PathBuf>,
    /// Unix socket on which speech workers are served, instead of a child of our own
    #[arg(long)]
    pub speech_socket: Option<PathBuf>,
    /// Print one JSON line when ready instead of words
    #[arg(long)]
    pub json: bool,
}

// SIP over TCP and TLS, typed or in the boot file's table `sip_streams`. (clap would take a doc comment
// for the words of `run` itself.)
#[derive(Clone, Debug, Default, Args, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamArgs {
    /// SIP address to listen on, TCP; port 0 takes a free one
    #[arg(long = "sip-tcp")]
    pub tcp: Option<SocketAddr>,
    /// SIP address to listen on, TLS
    #[arg(long = "sip-tls")]
    pub tls: Option<SocketAddr>,
    /// Certificate chain for SIP over TLS (PEM); read again when it changes
    #[arg(long = "sip-certificate")]
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long = "sip-key")]
    pub key: Option<PathBuf>,
    /// Authorities believed when the box connects over TLS; the host's where none is given
    #[arg(long = "sip-ca")]
    pub ca: Option<PathBuf>,
    /// Authorities whose client certificates are demanded of peers that connect over TLS
    #[arg(long = "sip-client-ca")]
    pub client_ca: Option<PathBuf>,
    /// Name server asked for SIP peers, as IP:PORT, may be given again; the host's where none is given
    #[arg(long = "sip-name-server")]
    #[serde(default)]
    pub name_servers: Vec<SocketAddr>,
}

impl StreamArgs {
    /// These, and where nothing was typed those of the file.
    pub fn over(self, file: Self) -> Self {
        Self {
            tcp: self.tcp.or(file.tcp),
            tls: self.tls.or(file.tls),
            certificate: self.certificate.or(file.certificate),
            key: self.key.or(file.key),
            ca: self.ca.or(file.ca),
            client_ca: self.client_ca.or(file.client_ca),
            name_servers: if self.name_servers.is_empty() {
                file.name_servers
            } else {
                self.name_servers
            },
        }
    }
}

#[derive(Debug, Args)]
pub struct CallArgs {
    /// Whom to call: sip:NUMBER@HOST[:PORT][;transport=tcp|tls]; HOST is an IP address
    pub to: String,
    /// What to do after the answer, in order
    pub acts: Vec<String>,
    /// Our number
    #[arg(long, default_value = "13800001234")]
    pub from: String,
    /// Our address; by default one that reaches the box
    #[arg(long)]
    pub ip: Option<IpAddr>,
    /// User name for digest, where the box asks for it
    #[arg(long)]
    pub user: Option<String>,
    /// File that holds the password for digest
    #[arg(long)]
    pub password_file: Option<PathBuf>,
    /// Authorities believed over TLS (PEM); the host's where none is given
    #[arg(long)]
    pub ca: Option<PathBuf>,
    /// Hang up this many seconds after the answer at the latest
    #[arg(long, default_value_t = 120)]
    pub limit: u64,
    /// Print one JSON object instead of words
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files of the black box, folders of them, or a box's data folder
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Print one JSON object per file instead of words
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The call: its record's id or the beginning of it, or its SIP Call-ID
    pub call: String,
    /// Where the box keeps its data, or a folder or a file of its black box
    #[arg(long)]
    pub data: PathBuf,
    /// Print every message whole below the ladder
    #[arg(long)]
    pub messages: bool,
    /// Print numbers and names as they are; they are masked else
    #[arg(long)]
    pub unmasked: bool,
}

#[derive(Debug, Args)]
pub struct SpeechArgs {
    /// Folder of installed model packs
    #[arg(long)]
    pub packs: PathBuf,
    /// Model manifest
    #[arg(long)]
    pub manifest: PathBuf,
    /// Memory cap, MB
    #[arg(long, default_value_t = crate::boot::SPEECH_MEMORY_MB)]
    pub memory: u64,
}

#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Ask again until everything passes, for at most this many seconds
    #[arg(long, default_value_t = 0)]
    pub deadline: u64,
    /// Write why it is not healthy to this file (JSON)
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Where the box keeps its data
    #[arg(long, default_value = "/data/branchline")]
    pub data: PathBuf,
    /// Where the running box says what only this machine may know
    #[arg(long, default_value = "/run/branchline")]
    pub runtime: PathBuf,
    /// SIP address of the box
    #[arg(long, default_value = "127.0.0.1:5060")]
    pub sip: SocketAddr,
    /// Address of its web page
    #[arg(long, default_value = "127.0.0.1:443")]
    pub web: SocketAddr,
    /// Print one JSON object instead of words
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Bundle to take in: a file, an address (http, https), or a folder with one bundle that is news to this box
    pub source: Option<String>,
    /// Start it once it is written and the calls that run have ended
    #[arg(long)]
    pub now: bool,
    /// Where the box keeps how its updates fare
    #[arg(long, default_value = "/data/system", global = true)]
    pub system: PathBuf,
    /// What this box stands on
    #[arg(long, default_value = "/usr/lib/branchline/board.toml", hide = true)]
    pub board: PathBuf,
    /// The kernel's command line
    #[arg(long, default_value = "/proc/cmdline", hide = true)]
    pub command_line: PathBuf,
    /// Settings of RAUC, where they are not the system's
    #[arg(long, hide = true)]
    pub rauc_conf: Option<PathBuf>,
    #[command(subcommand)]
    pub verb: Option<UpdateVerb>,
}

#[derive(Debug, Subcommand)]
pub enum UpdateVerb {
    /// Say how the last update fares
    Status {
        /// Print one JSON object instead of words
        #[arg(long)]
        json: bool,
    },
    /// Start a written update: no new calls from now on, and when the last one has ended the machine starts anew
    Switch {
        /// Do nothing, and be content, where none waits
        #[arg(long)]
        if_written: bool,
    },
}

#[derive(Debug, Args)]
pub struct LabelArgs {
    /// Folder for label.txt and label.png
    #[arg(long)]
    pub out: PathBuf,
    /// Where the box keeps its data
    #[arg(long, default_value = "/data/branchline")]
    pub data: PathBuf,
    /// Serial number, where the board states none
    #[arg(long)]
    pub serial: Option<String>,
    /// Where the box is found on its first network
    #[arg(long, default_value = "https://branchline.local", value_parser = crate::label::address)]
    pub address: String,
}

#[derive(Debug, Args)]
pub struct ResetArgs {
    /// All of it
    #[arg(long)]
    pub factory: bool,
    /// Do what was wished before this start
    #[arg(long, hide = true, conflicts_with = "factory")]
    pub finish: bool,
    /// Where the data partition is mounted
    #[arg(long, default_value = "/data", hide = true)]
    pub root: PathBuf,
    /// The data partition itself
    #[arg(long, default_value = "/dev/branchline/data", hide = true)]
    pub partition: PathBuf,
}

#[derive(Debug, Args)]
pub struct SealArgs {
    /// The data partition
    #[arg(
        long,
        default_value = "/dev/branchline/data",
        hide = true,
        global = true
    )]
    pub partition: PathBuf,
    /// Where the box says what /data is mounted from, and how it is kept
    #[arg(
        long,
        default_value = "/run/branchline-seal",
        hide = true,
        global = true
    )]
    pub run: PathBuf,
    #[command(subcommand)]
    pub verb: SealVerb,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SealVerb {
    /// Open the data partition before it is mounted; made at a first start, sealed where a TPM 2.0 is
    Open,
    /// Ask for the recovery key at the console until it comes
    Recover,
    /// Say how the data is kept, as one JSON object
    Status,
}

#[derive(Debug, Args)]
pub struct BootSlotArgs {
    /// Where the EFI partition is mounted
    #[arg(long, default_value = "/efi")]
    pub esp: PathBuf,
    /// What this box stands on
    #[arg(long, default_value = "/usr/lib/branchline/board.toml")]
    pub board: PathBuf,
    /// The kernel's command line
    #[arg(long, default_value = "/proc/cmdline", hide = true)]
    pub command_line: PathBuf,
    /// Where the box keeps how its updates fare
    #[arg(long, default_value = "/data/system", hide = true)]
    pub system: PathBuf,
    #[command(subcommand)]
    pub verb: BootSlotVerb,
}

#[derive(Debug, Subcommand)]
pub enum BootSlotVerb {
    /// Print the slot this machine was started from
    GetCurrent,
    /// Print the slot that boots next
    GetPrimary,
    /// Let a slot boot next, with all its tries
    SetPrimary {
        #[arg(ignore_case = true)]
        slot: SlotWord,
    },
    /// Print whether a slot may boot
    GetState {
        #[arg(ignore_case = true)]
        slot: SlotWord,
    },
    /// Say whether a slot may boot
    SetState {
        #[arg(ignore_case = true)]
        slot: SlotWord,
        state: StateWord,
    },
    /// Grant the running slot all its tries again
    MarkGood,
    /// Lay an update's kernel in; RAUC calls this before it writes
    #[command(hide = true)]
    BeforeInstall,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum SlotWord {
    A,
    B,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum StateWord {
    Good,
    Bad,
}

impl From<SlotWord> for board::Slot {
    fn from(word: SlotWord) -> Self {
        match word {
            SlotWord::A => Self::A,
            SlotWord::B => Self::B,
        }
    }
}
