//! The source files of the guests: which to watch, and the guests that are built from each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use watch::Target;

use crate::build::manifest::{Guest, GuestKind, Manifest};
use crate::support::project::Project;

/// The guests whose sources may have changed since they were built.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    All,
    /// These, by their names.
    Guests(BTreeSet<String>),
}

impl Stale {
    pub(crate) fn none() -> Self {
        Stale::Guests(BTreeSet::new())
    }

    pub(crate) fn includes(&self, guest: &Guest) -> bool {
        match self {
            Stale::All => true,
            Stale::Guests(names) => names.contains(&guest.name),
        }
    }

    pub(crate) fn add<'a>(&mut self, guests: impl IntoIterator<Item = &'a str>) {
        if let Stale::Guests(names) = self {
            names.extend(guests.into_iter().map(str::to_owned));
        }
    }
}

/// The folders in which guests have their sources.
pub(crate) struct Sources<'a> {
    /// Each with the name of a guest. A crate also has those of the crates that it depends on.
    folders: Vec<(PathBuf, &'a str)>,
    /// The files and folders that builds write to.
    written: Vec<PathBuf>,
}

impl<'a> Sources<'a> {
    pub(crate) fn of(project: &Project, manifest: &'a Manifest) -> Self {
        let folders = manifest.guests.iter().flat_map(|guest| {
            let folders = folders(project, guest).into_iter();
            folders.map(|folder| (folder, guest.name.as_str()))
        });
        let written = manifest.guests.iter().flat_map(Guest::written_files);
        let written = written.map(|file| project.root.join(file));
        let folders = folders.collect();
        Sources { folders, written: written.chain([project.target.clone()]).collect() }
    }

    /// Returns what to watch for these guests, or for all if there are none.
    pub(crate) fn targets(&self, guests: &[String]) -> Vec<Target> {
        let is_wanted = |name: &str| guests.is_empty() || guests.iter().any(|guest| guest == name);
        let wanted = self.folders.iter().filter(|(_, name)| is_wanted(name));
        let wanted: BTreeSet<&PathBuf> = wanted.map(|(folder, _)| folder).collect();
        let is_inside = |folder: &Path| {
            wanted.iter().any(|other| folder != other.as_path() && folder.starts_with(other))
        };
        let tops = wanted.iter().filter(|folder| !is_inside(folder));
        let except = || self.written.clone();
        tops.map(|&folder| Target::Tree { folder: folder.clone(), except: except() }).collect()
    }

    /// Returns the guests that may be built from a file: those of the nearest folder around it, and
    /// those in folders inside of that. The latter may include headers of the former, as `tour/cpp`
    /// does those of `tour`.
    pub(crate) fn guests_of<'s>(&'s self, file: &Path) -> impl Iterator<Item = &'a str> + 's {
        let around = self.folders.iter().map(|(folder, _)| folder);
        let around = around.filter(|folder| file.starts_with(folder));
        let nearest = around.max_by_key(|folder| folder.as_os_str().len());
        let inside = self
            .folders
            .iter()
            .filter(move |(folder, _)| nearest.is_some_and(|nearest| folder.starts_with(nearest)));
        inside.map(|(_, name)| *name)
    }
}

/// Returns the folders with the sources of a guest.
fn folders(project: &Project, guest: &Guest) -> Vec<PathBuf> {
    let folder = project.root.join(&guest.path);
    let mut folders = match guest.kind {
        GuestKind::Cargo => project.dependencies(&folder),
        GuestKind::Cmake | GuestKind::Sources => Vec::new(),
    };
    folders.push(folder);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_nearest_guest_and_those_inside() {
        let project = Project::at("/w");
        let sources = Sources {
            folders: vec![("/w/main".into(), "main"), ("/w/main/inner".into(), "inner")],
            written: vec![project.target],
        };
        let guests = |file: &str| sources.guests_of(Path::new(file)).collect::<Vec<_>>();
        assert_eq!(guests("/w/main/src/lib.rs"), ["main", "inner"]);
        assert_eq!(guests("/w/main/inner/a.cpp"), ["inner"]);
        assert!(guests("/w/mainly/a.cpp").is_empty());
        let targets = sources.targets(&[]);
        let is_main = |target: &Target| matches!(target, Target::Tree { folder, .. } if folder == Path::new("/w/main"));
        assert!(matches!(targets.as_slice(), [one] if is_main(one)), "{targets:?}");
    }
}
