//! `image`: builds a board's firmware from Debian packages and this workspace's binary.
//!
//! `scripts/image` drives it. Each step takes files and leaves files: base (packages) -> root (a folder) -> seal
//! (squashfs and its hash tree) -> a signed kernel for each slot -> disk and bundle. It needs no loop device, and no
//! network but the package registry's. The same inputs give the same bytes.

mod base;
mod bundle;
mod disk;
mod enrol;
mod initrd;
mod keys;
mod lock;
mod packs;
mod parts;
mod root;
mod seal;
mod shop;
mod uki;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use board::{Board, Slot, Variant};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::keys::Keys;
use crate::shop::Shop;

/// Builds Branchline's firmware image.
#[derive(Parser)]
#[command(
    name = "image",
    version,
    after_help = "examples:
  image build x86-64 release --binary target/release/branchline
  image build x86-64 dev --binary target/debug/branchline --version 0.2.0
  image build x86-64 release --binary target/release/branchline --packs .cache/packs
  image lock x86-64"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Disk image and update bundle of one board
    Build(BuildArgs),
    /// Take the registry's present package versions into the board's packages.lock
    Lock {
        /// Folder below board/
        board: String,
    },
    /// One step alone, for a builder that has its own packages
    #[command(subcommand)]
    Part(parts::Part),
}

#[derive(Args)]
struct BuildArgs {
    /// Folder below board/
    board: String,
    /// What ships, or the image with a console
    variant: Flavour,
    /// The box's program, built for the board's processor
    #[arg(long)]
    binary: PathBuf,
    /// Version that the image calls itself; the workspace's where not given
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// Update bundles below this number are refused by boxes that have run this image
    #[arg(long, default_value_t = 0)]
    floor: u32,
    /// Where results go; target/image/BOARD-VARIANT where not given
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder of model packs that the disk leaves the factory with; none where not given
    #[arg(long)]
    packs: Option<PathBuf>,
    /// Folder with the signing keys; throw-away keys are made where none is given
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Put these files over the root, last: for tests of releases that fail
    #[arg(long, hide = true)]
    overlay: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Flavour {
    Release,
    Dev,
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Build(args) => build(&args),
        Verb::Part(part) => parts::run(&part),
        Verb::Lock { board } => {
            let repo = repository()?;
            let stated = load(&repo, &board)?;
            let mut shop = Shop::open(
                &repo,
                &repo.join("target/image").join(format!("{board}-lock")),
            )?;
            lock::renew(&mut shop, &stated)
        }
    }
}

fn build(args: &BuildArgs) -> anyhow::Result<()> {
    let repo = repository()?;
    let board = load(&repo, &args.board)?;
    let variant = Variant::from(args.variant);
    if !args.binary.is_file() {
        bail!(
            "no program at `{}`\nhint: scripts/image builds it first",
            args.binary.display()
        );
    }
    let name = format!("{}-{variant}", board.name);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| repo.join("target/image").join(&name));
    let mut shop = Shop::open(&repo, &out)?;
    let keys = Keys::find_or_make(&mut shop, args.keys.as_deref())?;
    let base = base::fetch(&mut shop, &board, variant)?;
    let release = root::Release {
        board: &board,
        variant,
        version: &args.version,
        binary: Some(&args.binary),
        overlay: args.overlay.as_deref(),
    };
    let tree = root::make(&mut shop, &base, &release, &keys)?;
    let sealed = seal::seal(&mut shop, &tree, variant)?;
    let initrd = initrd::make(&mut shop, &base, &board, variant)?;
    let mut kernels = Vec::new();
    for slot in Slot::BOTH {
        let line = board.command_line(slot, variant, &sealed.verity);
        kernels.push(uki::make(
            &mut shop,
            &base,
            &initrd,
            &uki::Kernel {
                board: &board,
                slot,
                line: &line,
                version: &args.version,
            },
            &keys,
        )?);
    }
    let packs = packs::make(&mut shop, args.packs.as_deref())?;
    let loader = disk::loader(&mut shop, &board, &base, &keys)?;
    let firmware_keys = enrol::make(&mut shop, &keys)?;
    let parts = disk::Parts {
        loader: &loader,
        root: &sealed.file,
        kernel: kernels.first().context("no kernel")?,
        packs: &packs,
        firmware_keys: &firmware_keys,
    };
    let disk = disk::assemble(&mut shop, &board, &parts)?;
    let bundle = bundle::make(
        &mut shop,
        &board,
        &sealed,
        &kernels,
        &bundle::Stamp {
            version: &args.version,
            floor: args.floor,
        },
        &keys,
    )?;
    for (what, file) in [
        ("root", &sealed.file),
        ("kernel", &kernels[0]),
        ("packs", &packs),
        ("disk", &disk),
        ("bundle", &bundle),
    ] {
        println!(
            "{what:7} {:>6.1} MB  {}  {}",
            shop::megabytes(file)?,
            shop::sha256(file)?,
            file.display()
        );
    }
    Ok(())
}

/// The repository's root: where this crate was built from.
fn repository() -> anyhow::Result<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map(PathBuf::from)
        .context("the builder stands below board/")
}

fn load(repo: &std::path::Path, name: &str) -> anyhow::Result<Board> {
    let read = |file: &str| {
        let path = repo.join("board").join(file);
        std::fs::read_to_string(&path).with_context(|| {
            format!(
                "no `{}`\nhint: boards are the folders below board/ that have a board.toml",
                path.display()
            )
        })
    };
    let board = Board::parse(
        &read("common/board.toml")?,
        &read(&format!("{name}/board.toml"))?,
    )
    .with_context(|| format!("board/{name}/board.toml"))?;
    if board.name != name {
        bail!(
            "board/{name}/board.toml calls itself `{}`\nhint: name and folder must agree",
            board.name
        );
    }
    Ok(board)
}
