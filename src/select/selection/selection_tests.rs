//! Tests of the selection: its inputs, their order, and what it ignores.

use super::*;
use std::fs;

fn select(inputs: &[&Path], change: impl FnOnce(&mut Settings)) -> Vec<Selected> {
    let mut settings = Settings { inputs: inputs.iter().map(|p| p.into()).collect(), ..Settings::default() };
    change(&mut settings);
    Selection::new(Arc::new(settings)).collect()
}

fn items(selected: Vec<Selected>) -> Vec<PathBuf> {
    let items = selected.into_iter().filter_map(|p| match p {
        Selected::Item(item) => Some(item.id.shown),
        Selected::Settled(..) => None,
    });
    items.collect()
}

#[test]
fn one_file_under_two_paths_has_one_output() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("x")).unwrap();
    let (plain, detour) = (dir.path().join("a"), dir.path().join("x/../a"));
    let selected = select(&[&plain, &detour], |_| {});
    assert!(matches!(selected[..], [Selected::Item(_), Selected::Settled(_, Outcome::Failed(_))]), "{selected:?}");
}

#[test]
fn a_walk_selects_files_and_ignores_links_suffixes_and_temporaries() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("t/.hidden")).unwrap();
    for file in ["t/b", "t/a", "t/.hidden/c", "t/d.gz", "t/.gzcc-0123456789abcdef"] {
        fs::write(dir.path().join(file), "x").unwrap();
    }
    std::os::unix::fs::symlink("a", dir.path().join("t/link")).unwrap();
    let root = dir.path().join("t");
    let mut found = items(select(&[&root], |s| s.recursive = true));
    found.sort();
    assert_eq!(found, [root.join(".hidden/c"), root.join("a"), root.join("b")]);
    assert!(items(select(&[&root], |_| {})) == [root], "without -r the job detects that it is a directory");
}

#[test]
fn a_walk_into_one_output_is_sorted() {
    let dir = tempfile::tempdir().unwrap();
    for i in (0..50).rev() {
        fs::write(dir.path().join(format!("{i:02}")), "x").unwrap();
    }
    let found = items(select(&[dir.path()], |s| {
        s.recursive = true;
        s.destination = Destination::Stdout;
    }));
    assert!(found.len() == 50 && found.is_sorted());
}
