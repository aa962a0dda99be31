//! Sets of modules as bytes.
//!
//! An input is a list of modules, each after a line that says what it is:
//!
//! ```text
//! \n;; ROLE NAME\n BYTES
//! ```
//!
//! So seeds can be made of files, and a mutated input is still a set. The first module is the
//! program. Any other input is read as choices from which [`generate`](super::generate) makes
//! modules.

use arbitrary::Unstructured;
use linker::{
    BindError, Fault, Faults, FuseOptions, Import, InputModule, LibrarySource, NoLibraries, Set,
    module_name,
};

use super::generate;

/// The marker that begins a module.
pub const HEAD: &[u8] = b"\n;; ";

/// The role of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Link,
    /// Linked under its own name, with its own memory.
    Preload,
    /// Linked if a module names it as needed.
    Needed,
    /// Linked if it defines a symbol that no other module does.
    System,
    /// No module: its name is a word of [`FuseOptions`].
    Option,
}

const ROLES: [(&str, Role); 5] = [
    ("link", Role::Link),
    ("preload", Role::Preload),
    ("needed", Role::Needed),
    ("system", Role::System),
    ("option", Role::Option),
];

#[derive(Debug)]
pub struct Given {
    pub role: Role,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Modules, and the options to fuse them with.
#[derive(Debug, Default)]
pub struct Input {
    pub modules: Vec<Given>,
    pub options: FuseOptions,
}

impl Input {
    /// Reads an input; of any bytes something.
    pub fn read(data: &[u8]) -> Self {
        match data.strip_prefix(HEAD) {
            Some(rest) => Input::of_files(rest),
            None => generate::input(&mut Unstructured::new(data)).unwrap_or_default(),
        }
    }

    fn of_files(mut rest: &[u8]) -> Self {
        let mut input = Input::default();
        while !rest.is_empty() {
            let end = find(rest, HEAD);
            let (line, bytes) = split(&rest[..end], b"\n");
            let line = String::from_utf8_lossy(line);
            let (word, name) = line.split_once(' ').unwrap_or(("link", &line));
            let role = ROLES.iter().find(|(known, _)| *known == word);
            match role.map_or(Role::Link, |(_, role)| *role) {
                Role::Option => input.add_option(name),
                role => input.modules.push(Given { role, name: name.into(), bytes: bytes.into() }),
            }
            rest = rest.get(end + HEAD.len()..).unwrap_or_default();
        }
        input
    }

    fn add_option(&mut self, word: &str) {
        let options = &mut self.options;
        match word.split_once('=') {
            Some(("export", name)) => options.exports.push(name.to_owned()),
            Some(("invoke", name)) => options.invoke = Some(name.to_owned()),
            Some(("url", url)) => options.source_map_url = Some(url.to_owned()),
            _ => match word {
                "dynamic" => options.dynamic = true,
                "multi-memory" => options.multi_memory = true,
                "preinit" => options.preinit = true,
                "separate-start" => options.separate_start = true,
                "debug" => options.debug = true,
                "stack-pointer" => options.stack_pointer = true,
                _ => {}
            },
        }
    }

    /// The same as bytes: how what was generated is looked at and kept.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in self.words() {
            bytes.extend_from_slice(HEAD);
            bytes.extend_from_slice(format!("option {word}\n").as_bytes());
        }
        for Given { role, name, bytes: module } in &self.modules {
            let word = ROLES.iter().find(|(_, known)| known == role).map_or("link", |(w, _)| w);
            bytes.extend_from_slice(HEAD);
            bytes.extend_from_slice(format!("{word} {name}\n").as_bytes());
            bytes.extend_from_slice(module);
        }
        bytes
    }

    fn words(&self) -> Vec<String> {
        let FuseOptions {
            exports,
            invoke,
            dynamic,
            multi_memory,
            preinit,
            separate_start,
            debug,
            stack_pointer,
            source_map_url,
            ..
        } = &self.options;
        let flags = [
            (*dynamic, "dynamic"),
            (*multi_memory, "multi-memory"),
            (*preinit, "preinit"),
            (*separate_start, "separate-start"),
            (*debug, "debug"),
            (*stack_pointer, "stack-pointer"),
        ];
        let flags = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| (*word).to_owned());
        let exports = exports.iter().map(|name| format!("export={name}"));
        let invoke = invoke.iter().map(|name| format!("invoke={name}"));
        let url = source_map_url.iter().map(|url| format!("url={url}"));
        flags.chain(exports).chain(invoke).chain(url).collect()
    }

    /// Gathers the modules. Those that cannot be loaded are not there, so that the others are
    /// looked at.
    pub fn gather(&self) -> Option<Result<Set, Faults>> {
        let mut shelf = self.shelf();
        let given = self.inputs(&[Role::Link, Role::Preload]).map(|(role, input)| {
            let name = input.module.name.clone();
            if role == Role::Preload { input.preloaded_as(&name) } else { input }
        });
        let mut given = given.collect::<Vec<_>>().into_iter();
        let program = given.next()?;
        let gathered = Set::gather(program, given.collect(), &mut shelf);
        Some(gathered.map(|mut set| {
            set.host = set.wanted_of_host();
            set.host.retain(host_has);
            set
        }))
    }

    /// The libraries that are not linked unless they are asked for.
    pub fn shelf(&self) -> Shelf {
        let of = |role: Role| self.inputs(&[role]).map(|(_, input)| input).collect();
        Shelf { needed: of(Role::Needed), system: of(Role::System) }
    }

    fn inputs(&self, roles: &[Role]) -> impl Iterator<Item = (Role, InputModule)> {
        let given = self.modules.iter().filter(|given| roles.contains(&given.role));
        given.filter_map(|Given { role, name, bytes }| {
            Some((*role, InputModule::load(name.as_str(), bytes.as_slice()).ok()?))
        })
    }

    /// True if all code of the modules is valid. The output for other code is not checked.
    pub fn is_valid(&self) -> bool {
        self.modules.iter().all(|m| linker::validate(&m.name, &m.bytes).is_ok())
    }
}

/// A host has some functions and lacks others.
pub fn host_has(import: &Import) -> bool {
    !import.name.starts_with('u')
}

/// Libraries that are there if they are asked for.
pub struct Shelf {
    needed: Vec<InputModule>,
    system: Vec<InputModule>,
}

impl LibrarySource for Shelf {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let found = self.needed.iter().find(|o| o.module.name == module_name(name)).cloned();
        found.map_or_else(|| NoLibraries.needed(name, by), Ok)
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        self.system.iter().find(|input| input.module.name == module_name(file)).cloned()
    }
}

/// The place of the first `part`, or the end.
fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap_or(bytes.len())
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = find(bytes, by);
    (&bytes[..at], bytes.get(at + by.len()..).unwrap_or_default())
}

/// Why modules that are valid may be refused all the same when they are written.
pub fn is_refused(error: &BindError) -> bool {
    error.message.contains("assigns to an address that the linker settles")
}

/// Fails unless a text says something, and can do nothing to a terminal.
pub fn check_text(text: &str) {
    assert!(!text.trim().is_empty(), "an error without a text");
    for line in text.lines() {
        assert_eq!(linker::printable(line), line, "a text that is not printable");
    }
}
