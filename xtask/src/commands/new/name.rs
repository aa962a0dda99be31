//! The names that a new guest may have.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use toml::de::DeTable;

use crate::build::manifest::Manifest;
use crate::support::files;
use crate::support::project::Project;

/// The number of characters that a name may have. With more, lines of the sources would be longer
/// than `rustfmt` makes them.
pub(crate) const LONGEST: usize = 32;

/// The keywords of Rust, which no crate can be called by, those that are reserved included.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The crates that come with Rust.
const CRATES_OF_RUST: [&str; 5] = ["alloc", "core", "proc-macro", "std", "test"];

/// The names of devices on Windows, which no file can have. Some go on with a digit.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// The names that the workspace uses, each as [`canonical`] returns it, with what has it.
#[derive(Debug, Default)]
pub(crate) struct Taken(BTreeMap<String, String>);

impl Taken {
    /// Reads the names in a workspace. Those of crates are taken only for another crate.
    pub(crate) fn read(
        project: &Project,
        manifest: &Manifest,
        is_crate: bool,
    ) -> anyhow::Result<Self> {
        let mut taken = Taken::default();
        // Of several users of a name, the one that was added last is named.
        taken.add_files(&project.root)?;
        if is_crate {
            taken.add_crates(&project.root.join("Cargo.lock"))?;
        }
        for guest in &manifest.guests {
            taken.add(
                &guest.module,
                format!("the guest `{}`, which has it as its `module`", guest.name),
            );
        }
        for guest in &manifest.guests {
            taken.add(&guest.name, format!("the guest `{}`", guest.name));
        }
        Ok(taken)
    }

    fn add(&mut self, name: &str, user: String) {
        self.0.insert(canonical(name), user);
    }

    fn add_files(&mut self, root: &Path) -> anyhow::Result<()> {
        let cannot_read = || format!("cannot read the folder `{}`", root.display());
        for entry in fs::read_dir(root).with_context(cannot_read)? {
            let entry = entry.with_context(cannot_read)?;
            let kind = if entry.path().is_dir() { "folder" } else { "file" };
            let name = entry.file_name().to_string_lossy().into_owned();
            self.add(&name, format!("the {kind} `{name}`"));
        }
        Ok(())
    }

    /// Adds the crates of the workspace, and those that they depend on. With two crates of one
    /// name, `cargo build -p NAME` would be ambiguous.
    fn add_crates(&mut self, lock: &Path) -> anyhow::Result<()> {
        if !lock.exists() {
            return Ok(());
        }
        let text = files::read_text(lock)?;
        let lock = DeTable::parse(&text).context("cannot read Cargo.lock")?;
        let packages = lock.get_ref().get("package").and_then(|list| list.get_ref().as_array());
        for package in packages.into_iter().flat_map(|list| list.iter()) {
            if let Some(name) = package.get_ref().get("name").and_then(|it| it.get_ref().as_str()) {
                self.add(name, format!("the crate `{name}`, which Cargo.lock lists"));
            }
        }
        Ok(())
    }
}

/// Returns a name by which two names compare equal if they are the same file on some system, or the
/// same identifier.
fn canonical(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Checks the name of a new guest.
///
/// # Errors
///
/// Every reason for which a guest cannot have the name.
pub(crate) fn check(name: &str, taken: &Taken) -> anyhow::Result<()> {
    let form = [characters(name), start(name), length(name)];
    let faults: Vec<_> =
        form.into_iter().chain([reserved(name), used(name, taken)]).flatten().collect();
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "`{}` cannot be the name of a guest:\n  {}\nchoose another name",
        linker::printable(name),
        faults.join("\n  ")
    )
}

fn characters(name: &str) -> Option<String> {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let mut bad: Vec<char> = name.chars().filter(|c| !is_good(*c)).collect();
    bad.sort_unstable();
    bad.dedup();
    let bad: Vec<_> =
        bad.iter().map(|c| format!("`{}`", linker::printable(&c.to_string()))).collect();
    let message =
        || format!("it has {}: use lowercase letters, digits, `-` and `_`", bad.join(", "));
    (!bad.is_empty()).then(message)
}

fn start(name: &str) -> Option<String> {
    match name.chars().next() {
        None => Some("it is empty".to_owned()),
        Some(first) if first.is_ascii_digit() || "-_".contains(first) => {
            Some(format!("it starts with `{first}`: start with a letter"))
        }
        Some(_) => None,
    }
}

fn length(name: &str) -> Option<String> {
    let length = name.chars().count();
    (length > LONGEST).then(|| format!("it has {length} characters: use at most {LONGEST}"))
}

fn reserved(name: &str) -> Option<String> {
    let canonical = canonical(name);
    let is = |names: &[&str]| names.contains(&canonical.as_str());
    if is(&KEYWORDS) {
        Some("it is a keyword of Rust".to_owned())
    } else if is(&CRATES_OF_RUST) {
        Some("it is a crate that comes with Rust".to_owned())
    } else if is(&DEVICES) || is_numbered_device(&canonical) {
        Some("it is a device on Windows, where no file can have this name".to_owned())
    } else if canonical == "env" {
        Some("it is the module name of all modules that share a memory".to_owned())
    } else if canonical == "target" {
        Some("it is the folder of what is built".to_owned())
    } else {
        let library = linker::system_library(name)?;
        Some(format!("it means the system library `{library}` where modules name what they need"))
    }
}

/// Returns whether a name is `com1` to `com9` or `lpt1` to `lpt9`.
fn is_numbered_device(name: &str) -> bool {
    let digit = NUMBERED_DEVICES.iter().find_map(|device| name.strip_prefix(device));
    digit.is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']))
}

fn used(name: &str, taken: &Taken) -> Option<String> {
    taken.0.get(&canonical(name)).map(|user| format!("it is taken by {user}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str) -> String {
        let mut taken = Taken::default();
        taken.add("calc", "the guest `calc`".to_owned());
        taken.add("tour-cxx", "the guest `tour-cxx`".to_owned());
        check(name, &taken).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn plain_names_are_good() {
        for name in ["a", "greet", "my-guest", "my_guest2", "com", "com10", &"x".repeat(LONGEST)] {
            assert_eq!(faults(name), "");
        }
    }

    #[test]
    fn every_fault_of_a_name_is_listed() {
        let name = format!("1/ B{}", "x".repeat(LONGEST));
        let text = faults(&name);
        assert!(text.contains("it has ` `, `/`, `B`: use lowercase letters"), "{text}");
        assert!(text.contains("it starts with `1`: start with a letter"), "{text}");
        assert!(text.contains("it has 36 characters: use at most 32"), "{text}");
    }

    #[test]
    fn bad_names_are_refused() {
        let bad = [
            ("", "it is empty"),
            ("..", "it has `.`"),
            ("a/b", "it has `/`"),
            ("a\\b", "it has `\\`"),
            ("a\nb", "it has `"),
            ("grüße", "it has `ß`, `ü`"),
            ("-x", "it starts with `-`"),
            ("_x", "it starts with `_`"),
            ("fn", "a keyword of Rust"),
            ("yield", "a keyword of Rust"),
            ("std", "comes with Rust"),
            ("proc_macro", "comes with Rust"),
            ("nul", "a device on Windows"),
            ("lpt9", "a device on Windows"),
            ("env", "the module name of all modules"),
            ("target", "the folder of what is built"),
            ("libc", "the system library `libc.wasm`"),
            ("calc", "it is taken by the guest `calc`"),
            ("tour_cxx", "it is taken by the guest `tour-cxx`"),
        ];
        for (name, wanted) in bad {
            let text = faults(name);
            assert!(text.contains(wanted), "{name}: {text}");
        }
    }
}
