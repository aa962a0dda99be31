//! Imports inside a crate: they only go down, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::support::trial::trial;
use crate::support::workspace;

/// The layers of a crate: its folders, and files of its root that are above some of them. Each
/// comes with those that it may import. All other files of the root are in the layer `ROOT`, and
/// every layer may import it; `lib.rs` and `main.rs` may import everything.
struct Crate {
    sources: &'static str,
    layers: &'static [(&'static str, &'static [&'static str])],
}

/// Files of a crate's root that are not named as a layer.
const ROOT: &str = "the root";

const CRATES: [Crate; 6] = [
    Crate {
        sources: "linker/src",
        layers: &[
            ("module", &[]),
            ("plan", &["module"]),
            ("write", &["module", "plan"]),
            ("trace", &["module", "plan", "write"]),
            ("fuse", &["module", "plan", "write", "trace"]),
            ("dynamic", &["module", "plan", "write"]),
        ],
    },
    Crate { sources: "driver/src", layers: &[("link", &[])] },
    Crate { sources: "host/watch/src", layers: &[] },
    Crate {
        sources: "host/src",
        layers: &[
            ("compiled", &[]),
            ("world", &[]),
            ("program", &["compiled", "world"]),
            ("dlopen", &["compiled", "program"]),
            ("process", &["compiled", "program", "dlopen"]),
            ("component", &["compiled", "world", "program", "process"]),
            ("linker", &["compiled", "program", "dlopen"]),
            // The program uses the library from outside, as any other user.
            ("cli", &[]),
        ],
    },
    Crate {
        sources: "xtask/src",
        layers: &[
            ("support", &[]),
            ("tools", &["support"]),
            ("build", &["support", "tools"]),
            ("commands", &["support", "tools", "build"]),
        ],
    },
    Crate {
        sources: "tests/harness",
        layers: &[
            ("support", &[]),
            ("cases", &["support"]),
            ("embedding", &["support"]),
            ("guests", &["support"]),
            ("project", &["support"]),
            ("robustness", &["support"]),
        ],
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let crates = CRATES.iter().map(|it| {
        let name = it.sources.split('/').next().unwrap_or_default();
        trial(&format!("rules::imports_go_down_in_{name}"), || it.check())
    });
    crates.chain([trial("rules::imports_are_read", imports_are_read)]).collect()
}

impl Crate {
    fn check(&self) -> Result<(), Failed> {
        let imports = imports(self.sources)?;
        let upward = imports.iter().filter_map(|import| self.fault(import));
        let mut faults: Vec<String> = upward.chain(circle(&imports)).collect();
        // A line may name several things of one file.
        faults.dedup();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }

    /// Returns a message about an import that goes up.
    fn fault(&self, import: &Import) -> Option<String> {
        let (from, to) = (self.layer(&import.from), self.layer(&import.to));
        if from == to || to == ROOT {
            return None;
        }
        let below = match self.layers.iter().find(|(name, _)| *name == from) {
            Some((_, below)) => *below,
            None if from == ROOT => &[],
            None => return Some(format!("{}\n  `{from}` is not among the layers", import.line)),
        };
        let message = || format!("{}\n  `{from}` must not import `{to}`", import.line);
        (!below.contains(&to)).then(message)
    }

    fn layer<'a>(&self, module: &'a [String]) -> &'a str {
        match module {
            [file] if !self.layers.iter().any(|(name, _)| name == file) => ROOT,
            [first, ..] => first,
            [] => ROOT,
        }
    }
}

/// The path of a file's module inside its crate: `["plan", "layout"]` for `plan/layout.rs`, and
/// `["plan"]` for `plan/mod.rs`.
type ModulePath = Vec<String>;

/// A line of one file that names something of another.
struct Import {
    from: ModulePath,
    to: ModulePath,
    /// The file, the number of the line, and the line.
    line: String,
}

/// Reads the imports between the files of a crate, except those of `lib.rs`, `main.rs` and tests.
fn imports(sources: &str) -> Result<Vec<Import>, Failed> {
    let files = read_files(&workspace::root().join(sources))?;
    let modules: BTreeSet<ModulePath> = files.keys().cloned().collect();
    let mut imports = Vec::new();
    for (module, (name, text)) in &files {
        for path in paths(text) {
            let Some(to) = file_of(&path.absolute(module), &modules) else {
                continue;
            };
            if to != *module {
                let line = text.lines().nth(path.line).unwrap_or_default().trim();
                let line = format!("{sources}/{name}:{}: {line}", path.line + 1);
                imports.push(Import { from: module.clone(), to, line });
            }
        }
    }
    Ok(imports)
}

/// Reads the files of a crate by their modules: names relative to the crate's root, and texts.
fn read_files(root: &Path) -> Result<BTreeMap<ModulePath, (String, String)>, Failed> {
    let mut files = BTreeMap::new();
    for file in workspace::rust_files(root)? {
        let path = file.strip_prefix(root)?.with_extension("");
        let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
        let mut module: ModulePath = parts.collect();
        if [["lib"], ["main"]].iter().any(|root| module == *root) {
            continue;
        }
        let name = format!("{}.rs", module.join("/"));
        module.pop_if(|last| last == "mod");
        files.insert(module, (name, fs::read_to_string(&file)?));
    }
    Ok(files)
}

/// Returns the file in which a path is defined: the longest part of it that is a file's module.
fn file_of(path: &[String], modules: &BTreeSet<ModulePath>) -> Option<ModulePath> {
    (1..=path.len()).rev().map(|length| &path[..length]).find_map(|part| modules.get(part)).cloned()
}

/// A path that begins with `crate`, `super` or `self`.
#[derive(Debug, PartialEq)]
struct PathInCode {
    /// The number of its line, from 0.
    line: usize,
    segments: Vec<String>,
}

impl PathInCode {
    /// Returns the path from the crate's root, for a path in the file of `module`.
    fn absolute(&self, module: &[String]) -> ModulePath {
        let keywords = ["crate", "self", "super"];
        let mut base = module.to_vec();
        for segment in self.segments.iter().take_while(|it| keywords.contains(&it.as_str())) {
            match segment.as_str() {
                "crate" => base.clear(),
                "super" => drop(base.pop()),
                _ => {}
            }
        }
        let names = self.segments.iter().skip_while(|it| keywords.contains(&it.as_str()));
        base.extend(names.cloned());
        base
    }
}

/// Returns the paths in a file's code, those of its tests left out.
fn paths(text: &str) -> Vec<PathInCode> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut paths = Vec::new();
    let mut lines = code.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.split("//").next().unwrap_or_default();
        let mut statement = line.to_owned();
        let line = line.trim_start();
        let is_use = line.starts_with("use ") || line.starts_with("pub") && line.contains(" use ");
        while is_use && !statement.contains(';') {
            let Some((_, more)) = lines.next() else { break };
            statement.push_str(more);
        }
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in statement.match_indices(start) {
                let is_start = !statement[..at]
                    .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
                if is_start {
                    let mut tree = Tree { text: &statement[at..], line: number, paths: &mut paths };
                    tree.read(&[]);
                }
            }
        }
    }
    paths
}

/// A path with its braces, as in `a::{b, c::d}`.
struct Tree<'a> {
    text: &'a str,
    line: usize,
    paths: &'a mut Vec<PathInCode>,
}

impl Tree<'_> {
    /// Reads one tree and adds its paths, each after `prefix`.
    fn read(&mut self, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        loop {
            self.text = self.text.trim_start();
            if let Some(inner) = self.text.strip_prefix('{') {
                self.text = inner;
                self.read_list(&segments);
                return;
            }
            let end = self.text.find(|c: char| !c.is_alphanumeric() && c != '_');
            let (segment, rest) = self.text.split_at(end.unwrap_or(self.text.len()));
            let is_self = segment == "self" && !segments.is_empty();
            if !segment.is_empty() && !is_self {
                segments.push(segment.to_owned());
            }
            match rest.strip_prefix("::") {
                Some(more) => self.text = more,
                None => {
                    self.text = rest;
                    self.paths.push(PathInCode { line: self.line, segments });
                    return;
                }
            }
        }
    }

    fn read_list(&mut self, prefix: &[String]) {
        loop {
            self.text = self.text.trim_start_matches([' ', ',']);
            match self.text.strip_prefix('}') {
                Some(rest) => {
                    self.text = rest;
                    return;
                }
                None if self.text.is_empty() => return,
                None => self.read(prefix),
            }
            // After a name: `as other`, or the end of the list.
            let end = self.text.find([',', '}']).unwrap_or(self.text.len());
            self.text = &self.text[end..];
        }
    }
}

/// Returns a message with the lines of a circle of imports, if there is one.
fn circle(imports: &[Import]) -> Option<String> {
    let mut graph: BTreeMap<&ModulePath, Vec<&Import>> = BTreeMap::new();
    for import in imports {
        graph.entry(&import.from).or_default().push(import);
    }
    let mut done = BTreeSet::new();
    let lines = graph.keys().find_map(|start| walk(start, &graph, &mut Vec::new(), &mut done))?;
    Some(format!("these files import each other in a circle:\n  {}", lines.join("\n  ")))
}

/// Walks down from a file; returns the lines of the first circle that it meets.
fn walk<'a>(
    module: &'a ModulePath,
    graph: &BTreeMap<&'a ModulePath, Vec<&'a Import>>,
    way: &mut Vec<&'a Import>,
    done: &mut BTreeSet<&'a ModulePath>,
) -> Option<Vec<String>> {
    if let Some(start) = way.iter().position(|import| import.from == *module) {
        return Some(way[start..].iter().map(|import| import.line.clone()).collect());
    }
    if done.contains(module) {
        return None;
    }
    for import in graph.get(module).into_iter().flatten() {
        way.push(import);
        let found = walk(&import.to, graph, way, done);
        if found.is_some() {
            return found;
        }
        way.pop();
    }
    done.insert(module);
    None
}

/// The rules hold only if imports are found, in each way of writing them.
fn imports_are_read() -> Result<(), Failed> {
    let text = "use crate::a::{self, b::C as D, e};\nuse std::io;\nuse super::{\n    f,\n    g::{h, i},\n};\n\
                fn f() { crate::j::k(self::l) } // crate::m\n#[cfg(test)]\nmod tests { use crate::n; }";
    let found: Vec<String> = paths(text)
        .iter()
        .map(|path| format!("{} {}", path.line + 1, path.segments.join("::")))
        .collect();
    let expected = [
        "1 crate::a",
        "1 crate::a::b::C",
        "1 crate::a::e",
        "3 super::f",
        "3 super::g::h",
        "3 super::g::i",
        "7 crate::j::k",
        "7 self::l",
    ];
    if found == expected { Ok(()) } else { Err(format!("found {found:#?}").into()) }
}
