//! The same steps one by one, for a builder that has its own packages: the Yocto layers.
//!
//! Each verb takes files and leaves files below `--work`. What a board states is laid out here and nowhere else.

use std::path::PathBuf;

use board::{Board, Slot, Variant, Verity};
use clap::{Args, Subcommand, ValueEnum};

use crate::disk::{self, Parts};
use crate::packs;
use crate::root::{self, Release, Updates};
use crate::shop::{Shop, write};
use crate::{Flavour, load, repository, seal};

/// One step.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// Lay over a tree of packages what makes it this product: overlay, units, what the board states
    Lay(LayArgs),
    /// Make root.img of a tree, and root.verity with its hash and where its hash tree begins
    Seal {
        variant: Flavour,
        #[arg(long)]
        tree: PathBuf,
        #[arg(long)]
        work: PathBuf,
    },
    /// Print the kernel command line of a slot
    CommandLine(CommandLineArgs),
    /// Make packs.img of the manifest's default packs, each file held against it
    Packs {
        #[arg(long)]
        packs: PathBuf,
        #[arg(long)]
        work: PathBuf,
    },
    /// Make disk.img of its parts, which are signed already
    Disk(DiskArgs),
}

#[derive(Args)]
pub(crate) struct LayArgs {
    /// Folder below board/
    board: String,
    variant: Flavour,
    #[arg(long)]
    tree: PathBuf,
    /// Version that the image calls itself
    #[arg(long)]
    version: String,
    /// Certificate whose descendants may sign updates
    #[arg(long)]
    authority: PathBuf,
    /// What the image is made of, from scripts/sbom
    #[arg(long)]
    bill: Option<PathBuf>,
    #[arg(long)]
    work: PathBuf,
}

#[derive(Args)]
pub(crate) struct CommandLineArgs {
    /// Folder below board/
    board: String,
    variant: Flavour,
    #[arg(long)]
    slot: Letter,
    #[arg(long)]
    root_hash: String,
    #[arg(long)]
    hash_offset: u64,
}

#[derive(Args)]
pub(crate) struct DiskArgs {
    /// Folder below board/
    board: String,
    #[arg(long)]
    loader: PathBuf,
    #[arg(long)]
    root: PathBuf,
    /// The kernel of slot A
    #[arg(long)]
    kernel: PathBuf,
    /// From `part packs`; a disk without models where not given
    #[arg(long)]
    packs: Option<PathBuf>,
    #[arg(long)]
    work: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Letter {
    A,
    B,
}

pub(crate) fn run(part: &Part) -> anyhow::Result<()> {
    let repo = repository()?;
    match part {
        Part::Lay(args) => {
            let board = load(&repo, &args.board)?;
            let release = Release {
                board: &board,
                variant: args.variant.into(),
                version: &args.version,
                binary: None,
                overlay: None,
            };
            let updates = Updates {
                authority: &args.authority,
                throw_away: false,
            };
            let mut shop = Shop::open(&repo, &args.work)?;
            root::lay(&mut shop, &args.tree, &release, &updates)?;
            if let Some(bill) = &args.bill {
                std::fs::copy(bill, args.tree.join(root::BILL))?;
            }
            Ok(())
        }
        Part::Seal {
            variant,
            tree,
            work,
        } => {
            let mut shop = Shop::open(&repo, work)?;
            let sealed = seal::seal(&mut shop, tree, (*variant).into())?;
            let Verity {
                root_hash,
                hash_offset,
            } = sealed.verity;
            write(
                &shop.out.join("root.verity"),
                format!("{root_hash} {hash_offset}\n"),
            )
        }
        Part::CommandLine(args) => {
            println!("{}", command_line(&load(&repo, &args.board)?, args));
            Ok(())
        }
        Part::Packs { packs, work } => {
            packs::make(&mut Shop::open(&repo, work)?, Some(packs)).map(drop)
        }
        Part::Disk(args) => {
            let board = load(&repo, &args.board)?;
            let mut shop = Shop::open(&repo, &args.work)?;
            let packs = match &args.packs {
                Some(packs) => packs.clone(),
                None => packs::make(&mut shop, None)?,
            };
            let parts = Parts {
                loader: &args.loader,
                root: &args.root,
                kernel: &args.kernel,
                packs: &packs,
                // A production's keys are taught to boards where those are made.
                firmware_keys: &[],
            };
            disk::assemble(&mut shop, &board, &parts).map(drop)
        }
    }
}

fn command_line(board: &Board, args: &CommandLineArgs) -> String {
    let slot = match args.slot {
        Letter::A => Slot::A,
        Letter::B => Slot::B,
    };
    let verity = Verity {
        root_hash: args.root_hash.clone(),
        hash_offset: args.hash_offset,
    };
    board.command_line(slot, args.variant.into(), &verity)
}

impl From<Flavour> for Variant {
    fn from(flavour: Flavour) -> Self {
        match flavour {
            Flavour::Release => Self::Release,
            Flavour::Dev => Self::Dev,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::{Cli, load, repository};

    #[test]
    fn calls_of_the_yocto_layers_are_understood() {
        let class = "yocto/meta-branchline/classes-recipe/branchline_sealed.bbclass";
        let text = std::fs::read_to_string(repository().unwrap().join(class)).unwrap();
        let text = text
            .replace("\\\n", " ")
            .replace("${BRANCHLINE_BOARD}", "x86-64")
            .replace("${BRANCHLINE_VARIANT}", "release")
            .replace("${@bill_argument(d)}", "--bill x");
        let calls: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("branchline-builder "))
            .collect();
        assert_eq!(calls.len(), 3, "{calls:?}");
        for call in calls {
            Cli::try_parse_from(call.split_whitespace())
                .unwrap_or_else(|why| panic!("{call}\n{why}"));
        }
        let line = "image part command-line x86-64 dev --slot b --root-hash ab --hash-offset 4096";
        Cli::try_parse_from(line.split(' ')).unwrap();
    }

    #[test]
    fn every_board_of_the_repository_is_read() {
        let repo = repository().unwrap();
        let mut read = 0;
        for entry in std::fs::read_dir(repo.join("board")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name != "common" && entry.path().join("board.toml").is_file() {
                load(&repo, &name).unwrap();
                read += 1;
            }
        }
        assert!(read >= 2, "{read} boards");
    }
}
