//! Rules of a board file, on the files that ship.

use proptest::prelude::*;

use super::*;

const COMMON: &str = include_str!("../common/board.toml");
const PC: &str = include_str!("../x86-64/board.toml");

fn pc() -> Board {
    Board::parse(COMMON, PC).unwrap()
}

fn refused(from: &str, to: &str) -> String {
    let own = PC.replacen(from, to, 1);
    let common = COMMON.replacen(from, to, 1);
    assert!(own != PC || common != COMMON, "`{from}` is in neither file");
    Board::parse(&common, &own).unwrap_err().to_string()
}

#[test]
fn the_pc_is_read_and_survives_being_written_down() {
    let board = pc();
    assert_eq!(board.compatible(), "branchline-x86-64");
    assert_eq!(
        Board::parse_whole(&board.to_toml().unwrap()).unwrap(),
        board
    );
}

#[test]
fn every_board_that_ships_is_read() {
    for (folder, own) in [
        ("x86-64", PC),
        ("arm64", include_str!("../arm64/board.toml")),
        ("rock-5b", include_str!("../rock-5b/board.toml")),
    ] {
        let board = Board::parse(COMMON, own).unwrap();
        assert_eq!(board.name, folder);
        assert!(sfdisk(&board).contains("name=root-b"), "{folder}");
    }
}

#[test]
fn a_boards_own_word_wins_and_the_rest_of_the_table_stays() {
    let board = pc();
    assert!(
        board
            .boot
            .dev_command_line
            .iter()
            .any(|word| word.starts_with("console="))
    );
    assert_eq!(board.boot.tries, 5);
}

#[test]
fn places_follow_each_other_at_whole_mib() {
    let board = pc();
    let mut next = 1 << 20;
    for place in board.places() {
        assert_eq!(place.offset, next);
        assert_eq!(place.offset % (1 << 20), 0);
        next += place.size;
    }
    let data = board.place("data").unwrap();
    assert_eq!(board.disk_bytes(), data.offset + (1 << 20));
    assert_eq!(board.place("root-b").unwrap().size, 384 << 20);
}

#[test]
fn sfdisk_is_told_what_the_factory_makes_each_with_its_own_id() {
    let board = pc();
    let script = sfdisk(&board);
    assert!(
        script.contains("start=2048, size=327680, type=C12A7328"),
        "{script}"
    );
    let ids: std::collections::BTreeSet<_> =
        script.split("uuid=").skip(1).map(|at| &at[..36]).collect();
    assert_eq!(ids.len(), board.partitions.len() - 1, "{script}");
    assert!(!script.contains("name=data"), "the first boot makes it");
    assert_eq!(script, sfdisk(&pc()), "the same board gives the same bytes");
}

#[test]
fn the_firewall_names_each_port_and_drops_the_rest() {
    let text = nftables(&pc());
    assert_eq!(text.matches("policy drop").count(), 2);
    assert!(text.contains("udp dport 20000-20399 accept"), "{text}");
    assert_eq!(text.matches("dport").count(), pc().ports.len());
}

#[test]
fn a_port_of_the_lan_is_closed_on_the_carriers_side() {
    let own = format!("{PC}\n[network]\nlan = [\"lan0\"]\nwan = [\"wan0\"]\n");
    let text = nftables(&Board::parse(COMMON, &own).unwrap());
    let of = |name: &str| {
        text.lines()
            .find(|line| line.ends_with(&format!("\"{name}\"")))
            .unwrap()
    };
    assert!(
        of("sip").contains("wan0") && of("sip").contains("lan0"),
        "{text}"
    );
    assert!(!of("web").contains("wan0"), "{text}");
}

#[test]
fn the_console_is_the_dev_variants_alone() {
    let verity = Verity {
        root_hash: "00ff".to_owned(),
        hash_offset: 4096,
    };
    let release = pc().command_line(Slot::B, Variant::Release, &verity);
    assert!(release.starts_with(
        "branchline.root=root-b branchline.roothash=00ff branchline.hashoffset=4096 "
    ));
    assert!(!release.contains("console=") && release.contains("lockdown=integrity"));
    assert!(
        pc().command_line(Slot::A, Variant::Dev, &verity)
            .contains("console=ttyS0")
    );
}

#[test]
fn faults_name_the_key_and_the_way_out() {
    for (from, to, words) in [
        ("tries = 5", "tries = 0", "boot.tries"),
        ("watchdog_s = 30", "watchdog_s = 5", "watchdog_s"),
        (
            "\"quiet\"",
            "\"quiet loud\"",
            "`quiet loud` is not one word",
        ),
        ("\"quiet\"", "\"branchline.slot=A\"", "builder's to say"),
        (
            "name = \"root-b\"",
            "name = \"root-c\"",
            "root-a and root-b",
        ),
        ("role = \"data\"", "role = \"esp\"", "esp"),
        ("role = \"packs\"", "role = \"data\"", "data"),
        (
            "[[partition]]\nname = \"packs\"\nrole = \"packs\"\nsize_mib = 768\n",
            "",
            "0 partitions of role packs",
        ),
        ("size_mib = 1024", "size_mib = 0", "`data` has no size"),
        ("least_gib = 16", "least_gib = 1", "least_gib"),
        ("last = 20399", "last = 19999", "`rtp` runs from"),
        ("arch = \"x86-64\"", "arch = \"mips\"", "mips"),
        ("title =", "colour =", "colour"),
        (
            "lan = [\"en*\", \"eth*\"]",
            "lan = [\"en0; drop\"]",
            "no interface pattern",
        ),
    ] {
        let error = refused(from, to);
        assert!(
            error.contains(words) && error.contains("hint:"),
            "{from} -> {to}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_panics(common in ".{0,200}", own in "[\\x20-\\x7e\n]{0,200}") {
        let _ = Board::parse(&common, &own);
    }

    #[test]
    fn roots_of_any_size_keep_their_places_apart(mib in 1_u32..4_000) {
        let common = COMMON.replace("size_mib = 384", &format!("size_mib = {mib}"));
        let board = Board::parse(&common, PC).unwrap();
        let places: Vec<_> = board.places().collect();
        for two in places.windows(2) {
            prop_assert!(two[0].offset + two[0].size <= two[1].offset);
        }
    }
}
