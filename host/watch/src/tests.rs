use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

/// A folder that ends with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("watch-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    fn join(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for a change, and returns the names of its files.
fn next(watch: &mut Watch) -> String {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Some(change) = watch.wait(Duration::from_secs(1)) {
            return change.names();
        }
    }
    "nothing".to_owned()
}

fn tree(folder: &Path) -> Target {
    Target::Tree { folder: folder.to_owned(), except: vec![folder.join("made.h")] }
}

#[test]
fn a_file_is_watched_by_its_path() -> std::io::Result<()> {
    let folder = Folder::new("path")?;
    let file = folder.join("a/b/file");
    let mut watch = Watch::new(vec![Target::File(file.clone())]);
    fs::create_dir_all(folder.join("a/b"))?;
    fs::write(&file, "one")?;
    assert_eq!(next(&mut watch), "file");
    fs::write(folder.join("a/b/new"), "three")?;
    fs::rename(folder.join("a/b/new"), &file)?;
    assert_eq!(next(&mut watch), "file");
    fs::rename(folder.join("a"), folder.join("c"))?;
    assert_eq!(next(&mut watch), "file");
    fs::create_dir_all(folder.join("a/b"))?;
    fs::write(&file, "four")?;
    assert_eq!(next(&mut watch), "file");
    Ok(())
}

#[test]
fn only_sources_in_a_tree_count() -> std::io::Result<()> {
    let folder = Folder::new("tree")?;
    fs::create_dir_all(folder.join("build"))?;
    fs::write(folder.join("build/CMakeCache.txt"), "")?;
    let mut watch = Watch::new(vec![tree(&folder.0)]);
    for name in [".file.swp", "file~", "#file#", "4913", "made.h", "build/file.o"] {
        fs::write(folder.join(name), name)?;
    }
    fs::create_dir(folder.join("inner"))?;
    fs::write(folder.join("inner/file"), "")?;
    assert_eq!(next(&mut watch), "file");
    fs::remove_dir_all(folder.join("inner"))?;
    assert_eq!(next(&mut watch), "file");
    Ok(())
}

#[test]
fn a_change_before_other_targets_is_not_lost() -> std::io::Result<()> {
    let folder = Folder::new("targets")?;
    let files = [folder.join("one"), folder.join("two")];
    fs::write(&files[0], "")?;
    fs::write(&files[1], "")?;
    let mut watch = Watch::new(vec![Target::File(files[0].clone())]);
    fs::write(&files[0], "changed")?;
    watch.retarget(files.map(Target::File).to_vec());
    assert_eq!(next(&mut watch), "one");
    Ok(())
}

#[test]
fn another_thread_ends_the_waiting() {
    let mut watch = Watch::new(Vec::new());
    watch.waker().wake();
    assert!(watch.wait(Duration::from_secs(600)).is_none());
}

#[test]
fn times_have_a_unit() {
    assert_eq!(seconds(Duration::from_millis(31)), "31 ms");
    assert_eq!(seconds(Duration::from_millis(1236)), "1.24 s");
}
