use std::path::Path;

use super::file::{Budget, boxes, create, list};

fn names(dir: &Path) -> Vec<String> {
    let name = |path: &std::path::PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    list(dir).unwrap().iter().map(name).collect()
}

#[test]
fn the_oldest_files_give_way_until_a_whole_new_one_has_room() {
    let dir = tempfile::tempdir().unwrap();
    // 64 KiB in all: 48 KiB for those before, 16 KiB for the new one.
    for (n, kb) in [(1, 30), (2, 10), (3, 16), (4, 20)] {
        let file = dir.path().join(format!("{n:014}.blbox"));
        std::fs::write(file, vec![0; kb * 1_024]).unwrap();
    }
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    create(dir.path(), Budget::new(0), 5).unwrap();
    let kept = [
        "00000000000002",
        "00000000000003",
        "00000000000004",
        "00000000000005",
    ];
    assert_eq!(names(dir.path()), kept);
    assert!(dir.path().join("notes.txt").exists());
}

#[test]
fn a_large_old_file_is_not_kept_for_a_small_one_before_it() {
    let dir = tempfile::tempdir().unwrap();
    for (n, kb) in [(1, 1), (2, 60), (3, 1)] {
        let file = dir.path().join(format!("{n:014}.blbox"));
        std::fs::write(file, vec![0; kb * 1_024]).unwrap();
    }
    create(dir.path(), Budget::new(0), 4).unwrap();
    assert_eq!(names(dir.path()), ["00000000000003", "00000000000004"]);
}

#[test]
fn a_file_its_folder_and_the_folder_of_the_data_stand_for_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("blackbox");
    create(&folder, Budget::default(), 7).unwrap();
    let file = folder.join("00000000000007.blbox");
    for named in [file.as_path(), &folder, dir.path()] {
        assert_eq!(boxes(named).unwrap(), std::slice::from_ref(&file));
    }
}
