//! The files that are linked.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ar::Archive;

use crate::link::options::{self, Options};

/// The files that are linked.
#[derive(Debug)]
pub(crate) struct Inputs {
    files: Vec<PathBuf>,
    libraries: Vec<Library>,
}

/// A library that an option names, and its file.
#[derive(Debug)]
struct Library {
    name: OsString,
    file: PathBuf,
}

impl Inputs {
    pub(crate) fn find(options: &Options) -> Self {
        let (names, folders) = options.libraries();
        let library = |name: OsString| {
            let file = library_file(&name, &folders)?;
            // Some build scripts name the folder of the libraries of this machine.
            let is_wanted = !options::is_system(&name) || is_for_wasm(&file);
            is_wanted.then_some(Library { name, file })
        };
        let files = options.files().map(Path::to_owned).collect();
        Inputs { files, libraries: names.into_iter().filter_map(library).collect() }
    }

    /// Returns whether there is a file for a library.
    pub(crate) fn has_library(&self, name: &OsStr) -> bool {
        self.libraries.iter().any(|library| library.name == name)
    }

    /// Returns the library of the Rust toolchain with this crate.
    pub(crate) fn rust_library(&self, name: &str) -> Option<&Path> {
        let start = format!("lib{name}-");
        let mut files = self.files.iter();
        let found = files.find(|file| {
            let file_name = file.file_name().unwrap_or_default().to_string_lossy();
            file_name.starts_with(&start)
                && file_name.ends_with(".rlib")
                && file.iter().any(|part| part == "rustlib")
        });
        found.map(PathBuf::as_path)
    }

    /// Returns whether the standard library was compiled with the program, and not with the Rust
    /// toolchain.
    pub(crate) fn have_own_std(&self) -> bool {
        let mut files = self.files.iter().filter(|file| has_extension(file, "rlib"));
        files.any(|file| {
            file.file_name().unwrap_or_default().to_string_lossy().starts_with("libstd-")
        })
    }

    /// Returns whether an object of Rust has the standard library in it.
    pub(crate) fn contain_std(&self) -> bool {
        let mut objects = self.files.iter().filter(|file| has_extension(file, "o"));
        objects.any(|file| {
            let bytes = fs::read(file).unwrap_or_default();
            bytes.windows(STD_PANICS.len()).any(|name| name == STD_PANICS)
        })
    }

    /// Checks that each object is one of WebAssembly. rust-lld silently skips others in an archive.
    ///
    /// # Errors
    ///
    /// Lists every object for another machine.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let libraries = self.libraries.iter().map(|library| &library.file);
        let faults: Vec<_> =
            self.files.iter().chain(libraries).flat_map(|file| foreign(file)).collect();
        if faults.is_empty() {
            return Ok(());
        }
        bail!(
            "{}\nhelp: the build script compiled it for this machine: it has called a compiler \
             other than the one that `CC_wasm32_unknown_unknown` names, or the crate brings \
             objects that are compiled already",
            faults.join("\n")
        )
    }
}

/// A part of the mangled names of the functions in which the standard library handles panics.
const STD_PANICS: &[u8] = b"3std9panicking";

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

/// Returns the file of a library. The first folder that has one counts.
fn library_file(name: &OsStr, folders: &[PathBuf]) -> Option<PathBuf> {
    let name = format!("lib{}.a", name.to_string_lossy());
    folders.iter().map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// Returns a message about each object of a file that is not for WebAssembly. What cannot be read
/// is for rust-lld to report.
fn foreign(file: &Path) -> Vec<String> {
    let Ok(bytes) = fs::read(file) else { return Vec::new() };
    if let Some(machine) = machine(&bytes) {
        return vec![format!("`{}` is an object for {machine}", file.display())];
    }
    let fault = |(name, start): (String, Vec<u8>)| {
        let machine = machine(&start)?;
        Some(format!("`{name}` in `{}` is an object for {machine}", file.display()))
    };
    members(&bytes).into_iter().filter_map(fault).collect()
}

/// Returns the names of the members of an archive, each with its first bytes. There are none if it is
/// not an archive.
fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    let mut archive = Archive::new(bytes);
    while let Some(Ok(mut member)) = archive.next_entry() {
        let mut start = Vec::new();
        if member.by_ref().take(LONGEST_START).read_to_end(&mut start).is_ok() {
            let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
            members.push((name, start));
        }
    }
    members
}

/// Returns whether an archive has an object of WebAssembly.
fn is_for_wasm(file: &Path) -> bool {
    let bytes = fs::read(file).unwrap_or_default();
    members(&bytes).iter().any(|(_, start)| start == b"\0asm")
}

/// The bytes of an object that say what it is for.
const LONGEST_START: u64 = 4;

/// Returns what an object is for if that is not WebAssembly. Returns `None` for everything else.
fn machine(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x7f, b'E', b'L', b'F', ..] => Some("Linux or another system with ELF files"),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] => Some("macOS"),
        // The numbers of x86 and ARM in COFF files.
        [0x64 | 0x4c, 0x86 | 0x01, ..] | [0x64, 0xaa, ..] => Some("Windows"),
        _ => None,
    }
}
