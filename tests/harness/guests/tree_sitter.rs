//! Grammars of tree-sitter that others have compiled: the side modules of two npm packages,
//! unchanged. Only tree-sitter itself, and programs that parse a text, are compiled here.
//!
//! The expected syntax trees are those of `web-tree-sitter` on node, for the same files and texts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::fetched::{NpmPackage, Unavailable};
use crate::support::trial::{ignorable, ignored};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn(&TreeSitter) -> Result<(), Failed>| {
        ignorable(name, move || match TreeSitter::find()? {
            Ok(tree_sitter) => test(&tree_sitter).map(|()| Completion::Completed),
            Err(reason) => ignored(&reason),
        })
    };
    vec![
        trial("tree_sitter::grammars_are_opened", grammars_are_opened),
        trial("tree_sitter::a_grammar_is_linked", a_grammar_is_linked),
    ]
}

/// The sources of tree-sitter.
const LIBRARY: NpmPackage = NpmPackage {
    name: "tree-sitter",
    version: "0.25.1",
    integrity: "sha512-mrcEdkYtHfrK1A6fs3O6FxkBo0Qig5XUXqHhxUOQu0bmPo00QF4XaSx4edpazdHwxnSCjlGKGg\
                IqWdaN4dvTLA==",
    files: &["vendor/tree-sitter/lib/"],
};

const VSCODE: NpmPackage = NpmPackage {
    name: "@vscode/tree-sitter-wasm",
    version: "0.3.1",
    integrity: "sha512-RJFoomET6FajjG511fmQxeBQfU6M24a0aFZPqpid+ttIxanWf1VGytBG0UmsGjt07qmIPJS8U3\
                1D+aecuCucsQ==",
    files: &["wasm/tree-sitter-"],
};

const CURSORLESS: NpmPackage = NpmPackage {
    name: "@cursorless/tree-sitter-wasms",
    version: "0.7.0",
    integrity: "sha512-yGmyFb75nmicYyXqKm0TMEydA8QF76kr/+dvBcu9eSN093CKijLYYgsg3xGU44K3lUI2Vjfec5\
                OJ4tyaYssahA==",
    files: &["out/tree-sitter-"],
};

/// Grammars, and a text for each. Most have a scanner in C, which allocates memory.
const TEXTS: [(&str, &str); 20] = [
    ("/vscode/tree-sitter-bash.wasm", "for f in *.txt; do echo \"$f ${f%.txt}\" | wc -c; done\n"),
    ("/vscode/tree-sitter-c-sharp.wasm", "class A { int F(int x) => x + 1; }"),
    ("/vscode/tree-sitter-go.wasm", "package main\n\nfunc f(x int) int { return x + 1 }\n"),
    ("/vscode/tree-sitter-ini.wasm", "[section]\nkey = value\n"),
    ("/vscode/tree-sitter-php.wasm", "<?php function f(int $x) { return \"x: $x\"; }"),
    ("/vscode/tree-sitter-powershell.wasm", "function f($x) { return $x + 1 }\n"),
    ("/vscode/tree-sitter-regex.wasm", "^(a|b)*[^c-e]{2,3}$"),
    ("/vscode/tree-sitter-ruby.wasm", "def f(x)\n  \"x: #{x}\"\nend\n"),
    ("/vscode/tree-sitter-rust.wasm", "fn f(x: &str) -> usize { r#\"x\"#.len() + x.len() }"),
    ("/vscode/tree-sitter-tsx.wasm", "const f = (x: number) => <p id=\"a\">{x + 1}</p>;"),
    ("/cursorless/tree-sitter-c.wasm", "int f(int x) { return x + 1; }"),
    ("/cursorless/tree-sitter-cpp.wasm", "template <class T> T f(T x) { return x + R\"(a)\"[0]; }"),
    ("/cursorless/tree-sitter-css.wasm", "a:hover > b { color: #fff; }"),
    ("/cursorless/tree-sitter-elixir.wasm", "def f(x), do: \"#{x + 1}\"\n"),
    (
        "/cursorless/tree-sitter-haskell.wasm",
        "f :: Int -> Int\nf x = case x of\n  0 -> 1\n  _ -> x * f (x - 1)\n",
    ),
    ("/cursorless/tree-sitter-html.wasm", "<ul><li>a<li>b</ul>"),
    (JSON, "[1, {\"a\": true}]"),
    ("/cursorless/tree-sitter-kotlin.wasm", "fun f(x: Int): String = \"x: ${x + 1}\"\n"),
    ("/cursorless/tree-sitter-lua.wasm", "local function f(x) return x .. [[a]] end"),
    ("/cursorless/tree-sitter-yaml.wasm", "a:\n  - 1\n  - b: \"c\"\n"),
];

/// Texts that are wrong.
const WRONG: [(&str, &str); 3] = [
    (JSON, "[1, }]"),
    ("/vscode/tree-sitter-go.wasm", "package main\n\nfunc f( { }\n"),
    ("/cursorless/tree-sitter-haskell.wasm", "f x = case x of ) where\n"),
];

const JSON: &str = "/cursorless/tree-sitter-json.wasm";

/// Tree-sitter as a shared library.
const MODULE: &str = "libtree-sitter.so";

/// The grammars, and a folder with tree-sitter and the programs.
struct TreeSitter {
    vscode: PathBuf,
    cursorless: PathBuf,
    sandbox: Sandbox,
}

impl TreeSitter {
    /// Fetches and compiles it, unless an earlier run has. Returns the reason if this machine
    /// cannot.
    fn find() -> Result<Result<Self, Unavailable>, Failed> {
        if let Some(reason) = compile::missing_compiler(&sources().join("main.c")) {
            return Ok(Err(reason));
        }
        let mut folders = Vec::new();
        for package in [LIBRARY, VSCODE, CURSORLESS] {
            match package.fetch()? {
                Ok(folder) => folders.push(folder),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let [library, vscode, cursorless] = folders.as_slice() else {
            return Err("each package has a folder".into());
        };
        let sandbox = Sandbox::empty()?;
        compile_all(&library.join("vendor/tree-sitter/lib"), sandbox.path())?;
        let (vscode, cursorless) = (vscode.join("wasm"), cursorless.join("out"));
        Ok(Ok(TreeSitter { vscode, cursorless, sandbox }))
    }

    /// Returns `host` in the folder with tree-sitter.
    fn host(&self, args: &[&str]) -> Command {
        let mut host = Command::new(workspace::host());
        workspace::clean_environment(&mut host);
        host.current_dir(self.sandbox.path()).args(args);
        host
    }

    /// Parses texts with grammars that the program opens.
    fn parse(&self, texts: &[(&str, &str)]) -> Result<String, Failed> {
        let mut host = self.host(&["run", "--link", MODULE, "--dlopen-from-dir"]);
        for (folder, name) in [(&self.vscode, "vscode"), (&self.cursorless, "cursorless")] {
            host.arg("--dir").arg(format!("{}::/{name}", folder.display()));
        }
        host.arg("main.wasm").args(texts.iter().flat_map(|(grammar, text)| [grammar, text]));
        console::outcome(&host.output()?)
    }
}

fn sources() -> PathBuf {
    workspace::root().join("tests").join("real").join("tree-sitter")
}

/// Compiles tree-sitter, from a folder with its sources, and the programs.
fn compile_all(library: &Path, folder: &Path) -> Result<(), Failed> {
    let include = |name: &str| format!("-I{}", library.join(name).display());
    let flags = [include("include"), include("src"), "-D_GNU_SOURCE".to_owned()];
    let library = library.join("src").join("lib.c");
    let modules = [
        (library, MODULE),
        (sources().join("main.c"), "main.wasm"),
        (sources().join("linked.c"), "linked.wasm"),
    ];
    for (source, module) in modules {
        compile::compile_with(&flags, &source, Role::Shared, &folder.join(module))?;
    }
    Ok(())
}

/// A program opens twenty grammars, parses a text with each, and closes them, twice.
fn grammars_are_opened(tree_sitter: &TreeSitter) -> Result<(), Failed> {
    let expected = fs::read_to_string(sources().join("trees.txt"))?;
    console::same(&tree_sitter.parse(&TEXTS)?, &expected, "the trees by `web-tree-sitter`")?;
    let expected = fs::read_to_string(sources().join("wrong.txt"))?;
    console::same(&tree_sitter.parse(&WRONG)?, &expected, "the trees have errors")
}

/// A grammar that is linked to the program parses the same, in separate modules and in one.
fn a_grammar_is_linked(tree_sitter: &TreeSitter) -> Result<(), Failed> {
    let json = tree_sitter.cursorless.join("tree-sitter-json.wasm").display().to_string();
    let linked = ["--link", MODULE, "--link", &json, "linked.wasm"];
    let fuse = [["fuse"].as_slice(), &linked, &["-o", "fused.wasm"]].concat();
    console::same(&console::outcome(&tree_sitter.host(&fuse).output()?)?, "", "it says nothing")?;
    let separate = [["run", "--mode", "separate"].as_slice(), &linked].concat();
    let programs = [[["run"].as_slice(), &linked].concat(), separate, vec!["run", "fused.wasm"]];
    for program in programs {
        for (text, expected) in [
            ("[null]", "(document (array (null)))\n"),
            ("[null", "(document (array (null) (MISSING \"]\")))\n"),
        ] {
            let printed = console::outcome(&tree_sitter.host(&program).arg(text).output()?)?;
            console::same(&printed, expected, &format!("{program:?} of `{text}`"))?;
        }
    }
    Ok(())
}
