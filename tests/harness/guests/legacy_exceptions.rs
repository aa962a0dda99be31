//! The legacy encoding of exceptions against its translation: node runs the one, Wasmtime the
//! other.
//!
//! Functions are generated in which blocks of every kind are nested in each other, with everything
//! that can throw, catch or leave them. What they do is traced, so the order of things counts too.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::node::node;
use crate::support::trial::{ignorable, ignored, is_all};
use crate::support::workspace;
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wasmtime::{Engine, Linker, Module, Store, Trap};

pub(crate) fn trials() -> Vec<Trial> {
    let name = "legacy_exceptions::translated_code_does_the_same";
    vec![ignorable(name, translated_code_does_the_same)]
}

/// The function is called with each of these; its bits decide which way branches go.
const INPUTS: i32 = 16;

fn translated_code_does_the_same() -> Result<Completion, Failed> {
    let Some(node) = node() else {
        return ignored("node is missing");
    };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("module.wasm");
    let node = RefCell::new(Node::start(&node)?);
    let engine = Engine::default();
    let cases = if is_all() { 2000 } else { 200 };
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, cases, ..Config::default() });
    let choices = prop::collection::vec(any::<u8>(), 0..600);
    let result = runner.run(&choices, |choices| {
        let text = module(&choices);
        let fail =
            |error: &dyn ToString| TestCaseError::fail(format!("{}\n{text}", error.to_string()));
        let bytes = wat::parse_str(&text).map_err(|e| fail(&e))?;
        linker::validate("legacy", &bytes).map_err(|e| fail(&e))?;
        std::fs::write(&file, &bytes)?;
        let expected = node.borrow_mut().run(&file)?;
        for (how, written) in written(&text).map_err(|e| fail(&e.message().unwrap_or_default()))? {
            let found = run(&engine, &written);
            let found = found.map_err(|e| fail(&e.message().unwrap_or_default()))?;
            prop_assert_eq!(found, expected.as_str(), "{}: {}", how, text);
        }
        Ok(())
    });
    result.map_err(|error| error.to_string())?;
    Ok(Completion::Completed)
}

/// The module in each way in which a program can be written.
fn written(text: &str) -> Result<[(&'static str, Vec<u8>); 3], Failed> {
    let plan = |text: &str| -> Result<Plan, Failed> {
        let object = InputModule::load("legacy", wat::parse_str(text)?)?;
        Ok(Plan::new(Set::gather(object, Vec::new(), &mut NoLibraries)?)?)
    };
    let library = plan(text)?;
    let fused = library.fuse(&FuseOptions::default())?.modules.remove(0).bytes;
    let separate = library.bind()?.modules.remove(0).bytes;
    let alone = plan(&text.replace(LIBRARY, ""))?.bind()?.modules.remove(0).bytes;
    Ok([("fused", fused), ("separate", separate), ("alone", alone)])
}

/// Wasmtime refuses what is not translated.
fn run(engine: &Engine, bytes: &[u8]) -> Result<String, Failed> {
    let module = Module::new(engine, bytes).map_err(|error| format!("{error:?}"))?;
    let mut store = Store::new(engine, ());
    let mut shared = Linker::new(engine);
    shared.define_unknown_imports_as_default_values(&mut store, &module)?;
    let instance = shared.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    let trace = instance.get_typed_func::<(), i32>(&mut store, "trace")?;
    let mut said = String::new();
    for input in 0..INPUTS {
        match run.call(&mut store, input) {
            Ok(result) => write!(said, "{result}")?,
            Err(error) if error.is::<Trap>() => said += "trap",
            Err(error) => said += &format!("{error:?}"),
        }
        write!(said, " {};", trace.call(&mut store, ())?)?;
    }
    Ok(said)
}

/// Runs modules, each a line with its file.
struct Node {
    process: Child,
    files: ChildStdin,
    answers: BufReader<ChildStdout>,
}

const SCRIPT: &str = r#"
    const lines = require("readline").createInterface({ input: process.stdin });
    lines.on("line", (file) => {
        const module = new WebAssembly.Module(require("fs").readFileSync(file));
        const { run, trace } = new WebAssembly.Instance(module).exports;
        const call = (input) => {
            try {
                return run(input);
            } catch (error) {
                return error instanceof WebAssembly.RuntimeError ? "trap" : String(error);
            }
        };
        const inputs = Array.from({ length: INPUTS }, (_, input) => input);
        console.log(inputs.map((input) => `${call(input)} ${trace()};`).join(""));
    });
"#;

impl Node {
    fn start(node: &Path) -> Result<Self, Failed> {
        let script = SCRIPT.replace("INPUTS", &INPUTS.to_string());
        let mut command = Command::new(node);
        workspace::clean_environment(&mut command);
        command.args(["-e", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let files = process.stdin.take().ok_or("node has no input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("node has no output")?);
        Ok(Node { process, files, answers })
    }

    fn run(&mut self, file: &Path) -> std::io::Result<String> {
        writeln!(self.files, "{}", file.display())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A module with two functions of generated code, the second of which calls the first, and `run`,
/// which calls that one and catches what it does not.
fn module(choices: &[u8]) -> String {
    let mut writer =
        Writer { choices: choices.iter(), text: PRELUDE.to_owned(), labels: Vec::new() };
    for function in ["inner", "outer"] {
        writer.function(function);
    }
    writer.text + ")"
}

/// The part that makes a module a shared library.
const LIBRARY: &str = "(@dylink.0 (mem-info))";

const PRELUDE: &str = r#"(module
    (@dylink.0 (mem-info))
    (tag $none)
    (tag $one (param i32))
    (tag $two (param i64 i32))
    (global $trace (mut i32) (i32.const 0))
    (global $fuel (mut i32) (i32.const 0))
    (func (export "trace") (result i32) (global.get $trace))
    (func $note (param i32)
        (global.set $trace
            (i32.add (local.get 0) (i32.mul (i32.const 31) (global.get $trace)))))
    (func $burn
        (if (i32.eqz (global.get $fuel)) (then unreachable))
        (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))))
    (func (export "run") (param i32) (result i32)
        (global.set $fuel (i32.const 20))
        try (result i32)
            (call $outer (local.get 0))
        catch $one
        catch $two
            call $note
            i32.wrap_i64
        catch_all
            i32.const -1
        end)
"#;

/// The types of blocks, by what they take and leave.
const TYPES: [(&[Type], &[Type]); 4] = [
    (&[], &[]),
    (&[], &[Type::I32]),
    (&[Type::I32], &[Type::I32]),
    (&[Type::I64, Type::I32], &[Type::I32, Type::I64]),
];

const TAGS: [(&str, &[Type]); 3] =
    [("none", &[]), ("one", &[Type::I32]), ("two", &[Type::I64, Type::I32])];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    I32,
    I64,
}

#[derive(Clone, Copy)]
struct Label {
    /// The values that a branch to it takes.
    takes: &'static [Type],
    is_handler: bool,
}

/// Writes code in the text format, as choices say; when there are none left it comes to an end.
struct Writer<'a> {
    choices: std::slice::Iter<'a, u8>,
    text: String,
    labels: Vec<Label>,
}

impl Writer<'_> {
    fn choose(&mut self, count: usize) -> usize {
        self.choices.next().map_or(0, |&choice| usize::from(choice) % count)
    }

    fn add(&mut self, text: &str) {
        self.text += text;
        self.text.push('\n');
    }

    fn function(&mut self, name: &str) {
        self.add(&format!("(func ${name} (param i32) (result i32) (local $unused i64)"));
        self.labels.push(Label { takes: &[Type::I32], is_handler: false });
        self.code(name);
        self.labels.clear();
        self.push(&[Type::I32]);
        self.add(")");
    }

    fn push(&mut self, types: &[Type]) {
        for ty in types {
            let number = self.choose(64);
            self.add(&match ty {
                Type::I32 => format!("i32.const {number}"),
                Type::I64 => format!("i64.const {number}"),
            });
        }
    }

    /// Takes values from the stack, and traces them.
    fn pop(&mut self, types: &[Type]) {
        for ty in types.iter().rev() {
            if *ty == Type::I64 {
                self.add("i32.wrap_i64");
            }
            self.add("call $note");
        }
    }

    fn condition(&mut self) {
        let bit = 1 << self.choose(4);
        self.add(&format!("(i32.and (local.get 0) (i32.const {bit}))"));
    }

    fn code(&mut self, function: &str) {
        for _ in 0..self.choose(5) {
            self.instruction(function);
        }
    }

    /// An instruction, or several that leave nothing on the stack.
    fn instruction(&mut self, function: &str) {
        match self.choose(16) {
            0 => {
                self.push(&[Type::I32]);
                self.add("call $note");
            }
            1 => self.leave(),
            2..5 => self.leave_sometimes(),
            5 => self.branch_if(),
            6 => self.block("block", function),
            7 => self.block("loop", function),
            8 => self.block("if", function),
            9..12 => self.block("try", function),
            12..14 => self.block("delegate", function),
            _ if function == "outer" => {
                self.add("(call $note (call $inner (i32.shr_u (local.get 0) (i32.const 1))))");
            }
            _ => self.leave_sometimes(),
        }
    }

    /// Something after which code is not reached, in a block that is entered for some inputs.
    fn leave_sometimes(&mut self) {
        self.condition();
        self.add("if");
        self.labels.push(Label { takes: &[], is_handler: false });
        self.leave();
        self.labels.pop();
        self.add("end");
    }

    fn leave(&mut self) {
        match self.choose(8) {
            0..3 => {
                let (tag, params) = TAGS[self.choose(TAGS.len())];
                self.push(params);
                self.add(&format!("throw ${tag}"));
            }
            3 => self.branch(),
            4 => self.branch_table(),
            5..7 => self.rethrow(),
            _ => {
                self.push(&[Type::I32]);
                self.add("return");
            }
        }
    }

    fn label(&mut self) -> (usize, Label) {
        let depth = self.choose(self.labels.len());
        (depth, self.labels[self.labels.len() - 1 - depth])
    }

    fn branch(&mut self) {
        let (depth, label) = self.label();
        self.push(label.takes);
        self.add(&format!("br {depth}"));
    }

    fn branch_if(&mut self) {
        let (depth, label) = self.label();
        self.push(label.takes);
        self.condition();
        self.add(&format!("br_if {depth}"));
        self.pop(label.takes);
    }

    fn branch_table(&mut self) {
        let (depth, label) = self.label();
        let same =
            self.labels.iter().rev().enumerate().filter(|(_, other)| other.takes == label.takes);
        let same: Vec<_> = same.map(|(depth, _)| depth.to_string()).collect();
        self.push(label.takes);
        self.add(&format!("local.get 0\nbr_table {} {depth}", same.join(" ")));
    }

    fn rethrow(&mut self) {
        let handlers = self.labels.iter().rev().enumerate().filter(|(_, label)| label.is_handler);
        let handlers: Vec<_> = handlers.map(|(depth, _)| depth).collect();
        if !handlers.is_empty() {
            let depth = handlers[self.choose(handlers.len())];
            self.add(&format!("rethrow {depth}"));
        }
    }

    fn block(&mut self, kind: &str, function: &str) {
        let (params, results) = TYPES[self.choose(TYPES.len())];
        self.push(params);
        if kind == "if" {
            self.condition();
        }
        let names = |types: &[Type]| {
            let name = |ty: &Type| if *ty == Type::I32 { " i32" } else { " i64" };
            types.iter().map(name).collect::<String>()
        };
        let keyword = if kind == "delegate" { "try" } else { kind };
        self.add(&format!("{keyword} (param{}) (result{})", names(params), names(results)));
        let takes = if kind == "loop" { params } else { results };
        self.labels.push(Label { takes, is_handler: false });
        self.part(function, params, results, kind == "loop");
        match kind {
            "if" => {
                self.add("else");
                self.part(function, params, results, false);
            }
            "try" => self.handlers(function, results),
            _ => {}
        }
        self.labels.pop();
        if kind == "delegate" {
            let depth = self.choose(self.labels.len());
            self.add(&format!("delegate {depth}"));
        } else {
            self.add("end");
        }
        self.pop(results);
    }

    /// A part of a block, with what it finds on the stack and what it leaves there.
    fn part(&mut self, function: &str, finds: &[Type], leaves: &[Type], is_loop: bool) {
        self.pop(finds);
        if is_loop {
            self.add("call $burn");
        }
        self.code(function);
        self.push(leaves);
    }

    fn handlers(&mut self, function: &str, results: &[Type]) {
        if let Some(label) = self.labels.last_mut() {
            label.is_handler = true;
        }
        for (tag, params) in TAGS {
            if self.choose(2) == 1 {
                self.add(&format!("catch ${tag}"));
                self.part(function, params, results, false);
            }
        }
        if self.choose(2) == 1 {
            self.add("catch_all");
            self.part(function, &[], results, false);
        }
    }
}
