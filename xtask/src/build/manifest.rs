//! `guests.toml`: the one list of guests, and the demo.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use linker::{Contract, ContractError, Expectation};
use serde::Deserialize;
use toml::Spanned;

use crate::flags;

/// The list of guests, checked: every path exists and every signature can be read.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// By name, in the alphabet's order.
    pub(crate) guests: Vec<Guest>,
    pub(crate) demo: Demo,
}

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The crate or CMake project, relative to the workspace.
    pub(crate) path: PathBuf,
    /// The target triple of a crate, or one of CMake's targets.
    pub(crate) target: String,
    /// The module name under which others import from it.
    pub(crate) module: String,
    pub(crate) contract: Contract,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Cargo,
    Cmake,
}

impl Kind {
    /// The file that makes a folder a project of this kind.
    fn project_file(self) -> &'static str {
        match self {
            Kind::Cargo => "Cargo.toml",
            Kind::Cmake => "CMakeLists.txt",
        }
    }
}

/// A call and what it should return.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demo {
    pub(crate) guest: Spanned<String>,
    pub(crate) export: String,
    #[serde(default)]
    pub(crate) args: Vec<Number>,
    pub(crate) result: Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number")]
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(n) => n.fmt(f),
            Number::Float(n) => n.fmt(f),
        }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    guest: BTreeMap<String, Spanned<Entry>>,
    demo: Demo,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Kind,
    path: Spanned<PathBuf>,
    target: Spanned<String>,
    module: Option<String>,
    #[serde(default)]
    imports: Vec<Spanned<String>>,
    #[serde(default)]
    exports: Vec<Spanned<String>>,
}

/// Every fault of the file, each with its line, column and the line itself.
#[derive(Debug)]
pub(crate) struct ManifestFaults(Vec<String>);

impl fmt::Display for ManifestFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n\n"))
    }
}

impl std::error::Error for ManifestFaults {}

impl Manifest {
    /// Reads and checks the file; paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or with all [`ManifestFaults`].
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        let root = file.parent().unwrap_or(Path::new(""));
        Ok(Self::parse(&text, root)?)
    }

    pub(crate) fn parse(text: &str, root: &Path) -> Result<Self, ManifestFaults> {
        let mut faults = Faults { text, list: Vec::new() };
        let document: Document = toml::from_str(text).map_err(|error| {
            faults.add(error.span().unwrap_or(0..0), error.message());
            ManifestFaults(std::mem::take(&mut faults.list))
        })?;
        let guests: Vec<_> = document
            .guest
            .into_iter()
            .map(|(name, entry)| check_entry(name, entry, root, &mut faults))
            .collect();
        check_names(&guests, &document.demo, &mut faults);
        match faults.list.is_empty() {
            true => {
                let guests = guests.into_iter().map(|(_, guest)| guest).collect();
                Ok(Manifest { guests, demo: document.demo })
            }
            false => Err(ManifestFaults(faults.list)),
        }
    }

    /// The guest that the demo calls; [`Manifest::read`] has made sure of it.
    pub(crate) fn demo_guest(&self) -> Option<&Guest> {
        self.guests.iter().find(|guest| guest.name == *self.demo.guest.get_ref())
    }
}

struct Faults<'a> {
    text: &'a str,
    list: Vec<String>,
}

impl Faults<'_> {
    /// Shows the line that holds the span's start, as compilers do.
    fn add(&mut self, span: Range<usize>, message: impl fmt::Display) {
        let before = &self.text[..span.start.min(self.text.len())];
        let number = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let line = linker::printable(line);
        let column = before[start..].chars().count() + 1;
        let (margin, indent) = (" ".repeat(number.to_string().len()), " ".repeat(column - 1));
        self.list.push(format!(
            "guests.toml:{number}:{column}: {message}\n\
             {margin} |\n{number} | {line}\n{margin} | {indent}^"
        ));
    }
}

fn check_entry(
    name: String,
    entry: Spanned<Entry>,
    root: &Path,
    faults: &mut Faults<'_>,
) -> (Range<usize>, Guest) {
    let span = entry.span();
    let entry = entry.into_inner();
    check_path(&entry, root, faults);
    check_target(&entry, faults);
    let contract = Contract {
        imports: expectations(&entry.imports, Expectation::import, faults),
        exports: expectations(&entry.exports, Expectation::export, faults),
    };
    let module = entry.module.unwrap_or_else(|| name.clone());
    // One spelling a folder: `./a/` is `a`.
    let path =
        entry.path.get_ref().components().filter(|part| *part != Component::CurDir).collect();
    let target = entry.target.into_inner();
    (span, Guest { name, kind: entry.kind, path, target, module, contract })
}

fn check_path(entry: &Entry, root: &Path, faults: &mut Faults<'_>) {
    let path = entry.path.get_ref();
    let file = path.join(entry.kind.project_file());
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.as_os_str().is_empty() || !path.components().all(inside) {
        let path = path.display();
        faults.add(entry.path.span(), format!("`{path}` is not a folder inside the workspace"));
    } else if !root.join(path).is_dir() {
        faults.add(entry.path.span(), format!("there is no folder `{}` here", path.display()));
    } else if !root.join(&file).is_file() {
        faults.add(entry.path.span(), format!("there is no file `{}`", file.display()));
    }
}

/// What is passed on to cargo and CMake must be what it looks like.
fn check_target(entry: &Entry, faults: &mut Faults<'_>) {
    let target = entry.target.get_ref();
    let known = flags::TARGETS.contains(&target.as_str());
    if entry.kind == Kind::Cargo && !known {
        let known = flags::TARGETS.join(", ");
        faults.add(entry.target.span(), format!("guests are built for one of {known}"));
    } else if entry.kind == Kind::Cmake && (target.is_empty() || target.starts_with('-')) {
        faults.add(entry.target.span(), format!("`{target}` is no target of CMake's"));
    }
}

fn expectations(
    texts: &[Spanned<String>],
    parse: fn(&str) -> Result<Expectation, ContractError>,
    faults: &mut Faults<'_>,
) -> Vec<Expectation> {
    let mut good = Vec::new();
    for text in texts {
        match parse(text.get_ref()) {
            Ok(expectation) => good.push(expectation),
            Err(error) => {
                let start = text.span().start + '"'.len_utf8() + error.offset;
                faults.add(start..start, error);
            }
        }
    }
    good
}

fn check_names(guests: &[(Range<usize>, Guest)], demo: &Demo, faults: &mut Faults<'_>) {
    let mut modules = BTreeMap::new();
    for (span, guest) in guests {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if guest.name.is_empty() || !guest.name.chars().all(plain) {
            let name = linker::printable(&guest.name);
            faults.add(
                span.clone(),
                format!("`{name}` is no guest's name: use letters, digits, - and _"),
            );
        }
        if guest.module.is_empty() || !guest.module.chars().all(plain) {
            let module = linker::printable(&guest.module);
            faults.add(span.clone(), format!("`{module}` is no module name that guests can have"));
        }
        // Any number of modules share the symbols of `env`.
        if guest.module == "env" {
            continue;
        }
        if let Some(other) = modules.insert(&guest.module, &guest.name) {
            let (name, module) = (&guest.name, &guest.module);
            faults
                .add(span.clone(), format!("`{name}` and `{other}` are both linked as `{module}`"));
        }
    }
    let wanted = demo.guest.get_ref();
    if !guests.iter().any(|(_, guest)| guest.name == *wanted) {
        faults.add(demo.guest.span(), format!("there is no guest `{wanted}`"));
    }
}
