//! Changes of files and folders that are made together or not at all.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::support::files;
use crate::support::interrupt;

/// The changes made so far, and how to undo each of them.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    undo: Vec<Undo>,
}

#[derive(Debug)]
enum Undo {
    /// Gives a file its former content. `None` stands for a file that did not exist.
    Restore {
        file: PathBuf,
        content: Option<Vec<u8>>,
    },
    RemoveFolder(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
}

/// Makes changes. If a step fails, or the user presses Ctrl-C, it undoes them.
///
/// # Errors
///
/// The error of the step that failed, and what could not be undone.
pub(crate) fn all_or_nothing(
    steps: impl FnOnce(&mut Changes) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut changes = Changes::default();
    let result = steps(&mut changes).and_then(|()| Ok(interrupt::check()?));
    result.map_err(|error| match changes.undo() {
        Ok(()) => error,
        Err(faults) => anyhow!("{error:#}\nthis was not undone: {}", faults.join("\n")),
    })
}

impl Changes {
    /// Creates a folder that does not exist, and its files, each with its path in the folder.
    pub(crate) fn create_folder<'a>(
        &mut self,
        folder: &Path,
        content: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> anyhow::Result<()> {
        fs::create_dir(folder)
            .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
        self.undo.push(Undo::RemoveFolder(folder.to_owned()));
        for (path, text) in content {
            let file = folder.join(path);
            files::create_folder(file.parent().unwrap_or(folder))?;
            files::write(&file, text)?;
        }
        Ok(())
    }

    /// Replaces the content of a file, in one step.
    pub(crate) fn replace(&mut self, file: &Path, text: &str) -> anyhow::Result<()> {
        self.keep(file)?;
        files::replace(file, text.as_bytes())
    }

    /// Keeps the content of a file that a tool may change or create.
    pub(crate) fn keep(&mut self, file: &Path) -> anyhow::Result<()> {
        let content = match fs::read(file) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", file.display()));
            }
        };
        self.undo.push(Undo::Restore { file: file.to_owned(), content });
        Ok(())
    }

    /// Renames a file or a folder.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> anyhow::Result<()> {
        rename(from, to)?;
        self.undo.push(Undo::Rename { from: to.to_owned(), to: from.to_owned() });
        Ok(())
    }

    /// Undoes the changes, the last one first.
    fn undo(self) -> Result<(), Vec<String>> {
        let results = self.undo.into_iter().rev().map(Undo::run);
        let faults: Vec<_> =
            results.filter_map(Result::err).map(|fault| format!("{fault:#}")).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

impl Undo {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Undo::Restore { file, content: Some(content) } => files::replace(&file, &content),
            Undo::Restore { file, content: None } => files::remove(&file).map(drop),
            Undo::RemoveFolder(folder) => files::remove(&folder).map(drop),
            Undo::Rename { from, to } => rename(&from, &to),
        }
    }
}

fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::rename(from, to)
        .with_context(|| format!("cannot rename `{}` to `{}`", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_undoes_every_change() -> anyhow::Result<()> {
        let root = std::env::temp_dir().join(format!("xtask-changes-{}", std::process::id()));
        fs::create_dir_all(root.join("old"))?;
        fs::write(root.join("old/file"), "kept")?;
        fs::write(root.join("list"), "one")?;
        let result = all_or_nothing(|changes| {
            changes.create_folder(&root.join("new"), [("a/b", "text")])?;
            changes.replace(&root.join("list"), "one, two")?;
            changes.keep(&root.join("lock"))?;
            fs::write(root.join("lock"), "by a tool")?;
            changes.rename(&root.join("old"), &root.join("aside"))?;
            anyhow::bail!("the last step failed")
        });
        let message = result.err().map(|error| error.to_string());
        let left: std::io::Result<Vec<_>> =
            fs::read_dir(&root)?.map(|entry| Ok(entry?.file_name())).collect();
        let mut left = left?;
        left.sort();
        let list = fs::read_to_string(root.join("list"))?;
        let kept = fs::read_to_string(root.join("old/file"))?;
        fs::remove_dir_all(&root)?;
        assert_eq!(message.as_deref(), Some("the last step failed"));
        assert_eq!(left, ["list", "old"]);
        assert_eq!((list.as_str(), kept.as_str()), ("one", "kept"));
        Ok(())
    }
}
