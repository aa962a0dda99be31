//! Reads and checks `guests.toml`, which lists the guests and describes the demo.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use linker::{Contract, ContractError, Expectation};
use serde::Deserialize;
use toml::Spanned;

use crate::flags;

/// The content of `guests.toml`. Every path in it exists, and every signature is valid.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// In the order of their names.
    pub(crate) guests: Vec<Guest>,
    pub(crate) demo: Demo,
}

/// An entry of `guests.toml`.
#[derive(Debug, PartialEq)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) kind: GuestKind,
    /// The crate or CMake project, relative to the workspace.
    pub(crate) path: PathBuf,
    /// The target triple of a crate, or a target of the CMake project. Empty for other guests.
    pub(crate) target: String,
    /// The toolchain of C and C++.
    pub(crate) toolchain: GuestToolchain,
    /// The source files, relative to `path`, if no build tool knows them.
    pub(crate) sources: Vec<String>,
    /// The compiler options of these files.
    pub(crate) flags: Vec<String>,
    /// The C header to write from the crate, relative to the workspace.
    pub(crate) header: Option<PathBuf>,
    /// The C header to write declarations in Rust from, relative to the workspace.
    pub(crate) bindings: Option<PathBuf>,
    /// The module name under which other guests import from it.
    pub(crate) module: String,
    pub(crate) contract: Contract,
}

/// The build tool of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GuestKind {
    Cargo,
    Cmake,
    Sources,
}

impl GuestKind {
    /// Returns the name of the file that every project of this kind has.
    fn project_file(self) -> Option<&'static str> {
        match self {
            GuestKind::Cargo => Some("Cargo.toml"),
            GuestKind::Cmake => Some("CMakeLists.txt"),
            GuestKind::Sources => None,
        }
    }
}

/// The toolchain of a guest in C or C++.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GuestToolchain {
    #[default]
    Emscripten,
    WasiSdk,
    Zig,
}

/// A call of a guest, and the result that it must have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demo {
    pub(crate) guest: Spanned<String>,
    pub(crate) export: String,
    #[serde(default)]
    pub(crate) args: Vec<Number>,
    pub(crate) result: Number,
}

/// An argument or a result of the demo.
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

/// The syntax of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    guest: BTreeMap<String, Spanned<Entry>>,
    demo: Demo,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: GuestKind,
    path: Spanned<PathBuf>,
    target: Option<Spanned<String>>,
    toolchain: Option<Spanned<GuestToolchain>>,
    sources: Option<Vec<Spanned<String>>>,
    flags: Option<Vec<Spanned<String>>>,
    header: Option<Spanned<PathBuf>>,
    bindings: Option<Spanned<PathBuf>>,
    module: Option<String>,
    #[serde(default)]
    imports: Vec<Spanned<String>>,
    #[serde(default)]
    exports: Vec<Spanned<String>>,
}

/// Every fault of the file, each with its line and column and the text of the line.
#[derive(Debug)]
pub(crate) struct ManifestFaults(Vec<String>);

impl fmt::Display for ManifestFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n\n"))
    }
}

impl std::error::Error for ManifestFaults {}

impl Manifest {
    /// Reads and checks the file. Paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or [`ManifestFaults`].
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        let root = file.parent().unwrap_or(Path::new(""));
        Ok(Self::parse(&text, root)?)
    }

    pub(crate) fn parse(text: &str, root: &Path) -> Result<Self, ManifestFaults> {
        let mut faults = FaultCollector { text, list: Vec::new() };
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
        if !faults.list.is_empty() {
            return Err(ManifestFaults(faults.list));
        }
        let guests = guests.into_iter().map(|(_, guest)| guest).collect();
        Ok(Manifest { guests, demo: document.demo })
    }

    /// Returns the guest that the demo calls. [`Manifest::read`] has checked that it exists.
    pub(crate) fn demo_guest(&self) -> Option<&Guest> {
        self.guests.iter().find(|guest| guest.name == *self.demo.guest.get_ref())
    }
}

/// The faults found so far, and the text that they refer to.
struct FaultCollector<'a> {
    text: &'a str,
    list: Vec<String>,
}

impl FaultCollector<'_> {
    /// Adds a fault, with the line in which the span starts, in the format of compilers.
    fn add(&mut self, span: Range<usize>, message: impl fmt::Display) {
        let before = &self.text[..span.start.min(self.text.len())];
        let number = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = linker::printable(self.text[start..].lines().next().unwrap_or_default());
        let column = before[start..].chars().count() + 1;
        let margin = " ".repeat(number.to_string().len());
        let indent = " ".repeat(column - 1);
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
    faults: &mut FaultCollector<'_>,
) -> (Range<usize>, Guest) {
    let span = entry.span();
    let entry = entry.into_inner();
    check_path(&entry, root, faults);
    check_target(&entry, &span, faults);
    check_sources(&entry, &span, root, faults);
    let header = check_header(&entry, root, faults);
    let bindings = check_bindings(&entry, root, faults);
    let contract = Contract {
        imports: expectations(&entry.imports, Expectation::import, faults),
        exports: expectations(&entry.exports, Expectation::export, faults),
    };
    let module = entry.module.unwrap_or_else(|| name.clone());
    // `./a/` and `a` become the same path.
    let path =
        entry.path.get_ref().components().filter(|part| *part != Component::CurDir).collect();
    let texts = |list: Option<Vec<Spanned<String>>>| {
        list.into_iter().flatten().map(Spanned::into_inner).collect()
    };
    let guest = Guest {
        name,
        kind: entry.kind,
        path,
        target: entry.target.map(Spanned::into_inner).unwrap_or_default(),
        toolchain: entry.toolchain.map(Spanned::into_inner).unwrap_or_default(),
        sources: texts(entry.sources),
        flags: texts(entry.flags),
        header,
        bindings,
        module,
        contract,
    };
    (span, guest)
}

fn check_path(entry: &Entry, root: &Path, faults: &mut FaultCollector<'_>) {
    let path = entry.path.get_ref();
    if path.as_os_str().is_empty() || !is_inside(path) {
        let path = path.display();
        faults.add(entry.path.span(), format!("`{path}` is not a folder inside the workspace"));
    } else if !root.join(path).is_dir() {
        faults.add(entry.path.span(), format!("there is no folder `{}` here", path.display()));
    } else if let Some(file) = entry.kind.project_file().map(|file| path.join(file))
        && !root.join(&file).is_file()
    {
        faults.add(entry.path.span(), format!("there is no file `{}`", file.display()));
    }
}

/// Returns whether a relative path does not lead out of its folder.
fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Checks the target. It becomes an argument of cargo or CMake, so it must not look like an option.
fn check_target(entry: &Entry, span: &Range<usize>, faults: &mut FaultCollector<'_>) {
    let Some(spanned) = &entry.target else {
        match entry.kind {
            GuestKind::Cargo => {
                faults.add(span.clone(), "a guest of this kind needs a `target`: a triple")
            }
            GuestKind::Cmake => {
                faults.add(
                    span.clone(),
                    "a guest of this kind needs a `target`: one of the CMake project",
                );
            }
            GuestKind::Sources => {}
        }
        return;
    };
    let target = spanned.get_ref();
    let is_known = flags::TARGETS.contains(&target.as_str());
    if entry.kind == GuestKind::Cargo && !is_known {
        let message = format!("guests are built for one of {}", flags::TARGETS.join(", "));
        faults.add(spanned.span(), message);
    } else if entry.kind == GuestKind::Cmake && (target.is_empty() || target.starts_with('-')) {
        faults.add(spanned.span(), format!("`{target}` is not a CMake target"));
    } else if entry.kind == GuestKind::Sources {
        faults.add(spanned.span(), "only guests of the kinds `cargo` and `cmake` have a `target`");
    }
}

/// Checks what only guests in C and C++ have: a toolchain, source files and flags.
fn check_sources(entry: &Entry, span: &Range<usize>, root: &Path, faults: &mut FaultCollector<'_>) {
    if let Some(toolchain) = &entry.toolchain
        && entry.kind == GuestKind::Cargo
    {
        faults.add(toolchain.span(), "a crate has no `toolchain`: its `target` decides");
    }
    let sources = entry.sources.iter().flatten();
    if entry.kind != GuestKind::Sources {
        let lists = sources.chain(entry.flags.iter().flatten());
        for item in lists.take(1) {
            let message = "only guests of the kind `sources` have `sources` and `flags`";
            faults.add(item.span(), message);
        }
        return;
    }
    if entry.sources.as_ref().is_none_or(Vec::is_empty) {
        faults.add(span.clone(), "a guest of this kind needs `sources`: a list of files");
    }
    for source in sources {
        let file = Path::new(source.get_ref());
        let path = entry.path.get_ref().join(file);
        let is_known = file
            .extension()
            .is_some_and(|ending| C.iter().chain(&CPP).any(|known| ending == *known));
        if !is_inside(file) || !root.join(&path).is_file() {
            faults.add(source.span(), format!("there is no file `{}`", path.display()));
        } else if !is_known {
            let endings = C.into_iter().chain(CPP).collect::<Vec<_>>().join(", ");
            faults.add(source.span(), format!("this is no file of C or C++: {endings}"));
        }
    }
}

/// The start of each file that the build writes to a source folder.
pub(crate) const GENERATED: &str = "// Written by `cargo xtask build-all` from ";

/// Returns whether a file is absent, or one that the build has written and may replace.
fn is_replaceable(file: &Path) -> bool {
    !file.exists() || fs::read(file).is_ok_and(|bytes| bytes.starts_with(GENERATED.as_bytes()))
}

/// Checks the header to write, and returns its path in the workspace.
fn check_header(entry: &Entry, root: &Path, faults: &mut FaultCollector<'_>) -> Option<PathBuf> {
    let header = entry.header.as_ref()?;
    let path = check_header_path(entry, header, faults)?;
    let shown = path.display();
    if !root.join(&path).parent().is_some_and(Path::is_dir) {
        faults.add(header.span(), format!("there is no folder for `{shown}`"));
    } else if !is_replaceable(&root.join(&path)) {
        let message = format!(
            "the build would write to `{shown}`, but the build did not write that file: rename it or change `header`"
        );
        faults.add(header.span(), message);
    }
    Some(path)
}

/// Checks the header to read, and returns its path in the workspace.
fn check_bindings(entry: &Entry, root: &Path, faults: &mut FaultCollector<'_>) -> Option<PathBuf> {
    let bindings = entry.bindings.as_ref()?;
    let path = check_header_path(entry, bindings, faults)?;
    let output = entry.path.get_ref().join(DECLARATIONS);
    if !root.join(&path).is_file() {
        faults.add(bindings.span(), format!("there is no file `{}`", path.display()));
    } else if !is_replaceable(&root.join(&output)) {
        let output = output.display();
        let message = format!(
            "the build would write to `{output}`, but the build did not write that file: rename it"
        );
        faults.add(bindings.span(), message);
    }
    Some(path)
}

/// Checks a path of a header, and returns the path from the root of the workspace.
fn check_header_path(
    entry: &Entry,
    header: &Spanned<PathBuf>,
    faults: &mut FaultCollector<'_>,
) -> Option<PathBuf> {
    if entry.kind != GuestKind::Cargo {
        let message = "only guests of the kind `cargo` have a `header` and `bindings`";
        faults.add(header.span(), message);
        return None;
    }
    let file = header.get_ref();
    let Some(path) = resolve(&entry.path.get_ref().join(file)) else {
        let message = format!("`{}` is not a file inside the workspace", file.display());
        faults.add(header.span(), message);
        return None;
    };
    if path.extension().is_none_or(|ending| HEADERS.iter().all(|known| ending != *known)) {
        let message = format!("this is no header of C or C++: {}", HEADERS.join(", "));
        faults.add(header.span(), message);
        return None;
    }
    Some(path)
}

/// Removes `.` and `..` from a relative path. Returns `None` if it leads out of its folder.
pub(crate) fn resolve(path: &Path) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if resolved.pop() => {}
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir | Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    Some(resolved)
}

/// The endings of headers.
const HEADERS: [&str; 4] = ["h", "hh", "hpp", "hxx"];
/// The file with the declarations of a C header, in the folder of a crate.
const DECLARATIONS: &str = "src/bindings.rs";

/// The endings of source files in C, and in C++.
const C: [&str; 1] = ["c"];
const CPP: [&str; 3] = ["cc", "cpp", "cxx"];

impl Guest {
    /// Returns whether one of its source files is C++.
    pub(crate) fn has_cpp(&self) -> bool {
        self.sources.iter().any(|source| is_cpp(source))
    }

    /// Returns the files that the build writes to source folders.
    pub(crate) fn written_files(&self) -> impl Iterator<Item = PathBuf> {
        let declarations = self.bindings.as_ref().map(|_| self.declarations());
        self.header.clone().into_iter().chain(declarations)
    }

    /// Returns the file to write from the header that `bindings` names.
    pub(crate) fn declarations(&self) -> PathBuf {
        self.path.join(DECLARATIONS)
    }
}

/// Returns whether a source file is C++.
pub(crate) fn is_cpp(source: &str) -> bool {
    Path::new(source).extension().is_some_and(|ending| CPP.iter().any(|known| ending == *known))
}

fn expectations(
    texts: &[Spanned<String>],
    parse: fn(&str) -> Result<Expectation, ContractError>,
    faults: &mut FaultCollector<'_>,
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

fn check_names(guests: &[(Range<usize>, Guest)], demo: &Demo, faults: &mut FaultCollector<'_>) {
    let mut modules = BTreeMap::new();
    let mut written = BTreeMap::new();
    for (span, guest) in guests {
        for file in guest.written_files() {
            if let Some(other) = written.insert(file.clone(), &guest.name) {
                let file = file.display();
                let message = format!("`{}` and `{other}` both write `{file}`", guest.name);
                faults.add(span.clone(), message);
            }
        }
        if !is_plain(&guest.name) {
            let name = linker::printable(&guest.name);
            let rule = "use letters, digits, - and _";
            faults.add(span.clone(), format!("`{name}` is not a valid guest name: {rule}"));
        }
        if !is_plain(&guest.module) {
            let module = linker::printable(&guest.module);
            faults.add(span.clone(), format!("`{module}` is not a valid module name for a guest"));
        }
        // Any number of modules may export under `env`.
        if guest.module == "env" {
            continue;
        }
        if let Some(other) = modules.insert(&guest.module, &guest.name) {
            let message =
                format!("`{}` and `{other}` are both linked as `{}`", guest.name, guest.module);
            faults.add(span.clone(), message);
        }
    }
    let called = demo.guest.get_ref();
    if !guests.iter().any(|(_, guest)| guest.name == *called) {
        faults.add(demo.guest.span(), format!("there is no guest `{called}`"));
    }
}

/// Returns whether a name can be part of a file name and of a command line.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}
