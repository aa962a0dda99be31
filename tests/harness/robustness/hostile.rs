//! Modules that mean no good, and are too large to be cases, or are opened by a program that runs.
//!
//! Each would take the time, the memory or the stack of who reads it, if that were not bounded: the
//! tests end in seconds, or not at all.

use std::path::Path;

use host::{Files, Libraries, OpenFlags, Search};
use libtest_mimic::{Failed, Trial};
use linker::{Fault, FuseOptions, InputLimits, InputModule, LibrarySource, NoLibraries, Plan, Set};
use wasm_encoder::{
    BlockType, CodeSection, CustomSection, Encode, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Instruction, Module, StartSection, TypeSection,
};

use crate::support::trial::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("hostile::opened_libraries", opened_libraries),
        trial("hostile::limits_of_opened_libraries", limits_of_opened_libraries),
        trial("hostile::a_chain_of_10000_libraries", a_chain_of_10000_libraries),
        trial("hostile::100000_needed_libraries", needed_libraries_that_are_nowhere),
        trial("hostile::a_million_imports", a_million_imports),
        trial("hostile::100000_undefined_symbols", undefined_symbols),
        trial("hostile::100001_symbols_each_way", symbols_each_way),
        trial("hostile::names_that_are_no_utf8", names_that_are_no_utf8),
        trial("hostile::a_source_map_of_many_levels", a_source_map_of_many_levels),
        trial("hostile::names_of_100000_letters", names_of_many_letters),
        trial("hostile::a_short_name_for_a_long_one", a_short_name_for_a_long_one),
        trial("hostile::calls_that_multiply", calls_that_multiply),
        trial("hostile::code_that_is_nested_deeply", code_that_is_nested_deeply),
        trial("hostile::nested_debug_information", nested_debug_information),
        trial("hostile::shared_debug_information", shared_debug_information),
    ]
}

/// A module, its type 0 being that of functions without parameters and results.
#[derive(Default)]
struct Parts {
    needed: Vec<String>,
    imports: ImportSection,
    imported: u32,
    functions: FunctionSection,
    exports: ExportSection,
    start: Option<u32>,
    code: CodeSection,
    custom: Vec<(&'static str, Vec<u8>)>,
}

impl Parts {
    /// Adds an import of a function, before any function.
    fn import(&mut self, name: &str) {
        self.imports.import("env", name, EntityType::Function(0));
        self.imported += 1;
    }

    /// Adds a function, and returns its number.
    fn function(&mut self, instructions: &[Instruction<'_>]) -> u32 {
        let mut body = Function::new([]);
        instructions.iter().for_each(|instruction| {
            body.instruction(instruction);
        });
        body.instruction(&Instruction::End);
        self.functions.function(0);
        self.code.function(&body);
        self.imported + self.functions.len() - 1
    }

    fn export(&mut self, name: &str, function: u32) {
        self.exports.export(name, ExportKind::Func, function);
    }

    fn finish(self) -> Vec<u8> {
        // mem-info, of nothing; then what is needed.
        let mut dylink = vec![1, 4, 0, 0, 0, 0];
        let mut needed = Vec::new();
        let names: Vec<_> = self.needed.iter().map(String::as_str).collect();
        names.encode(&mut needed);
        dylink.push(2);
        needed.encode(&mut dylink);
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut module = Module::new();
        module.section(&CustomSection { name: "dylink.0".into(), data: dylink.into() });
        module.section(&types).section(&self.imports).section(&self.functions);
        module.section(&self.exports);
        if let Some(function_index) = self.start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.code);
        for (name, data) in self.custom {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        module.finish()
    }
}

fn plan(program: InputModule, links: Vec<InputModule>) -> Result<Plan, linker::Faults> {
    Plan::new(Set::gather(program, links, &mut NoLibraries)?)
}

/// Checks that something fails with a message.
fn expect<T>(result: Result<T, impl std::fmt::Display>, expected: &str) -> Result<(), Failed> {
    match result {
        Err(error) if error.to_string().contains(expected) => Ok(()),
        Err(error) => Err(format!("expected `{expected}`, found `{error}`").into()),
        Ok(_) => Err(format!("expected `{expected}`, and nothing is wrong").into()),
    }
}

struct Store {
    libraries: Libraries<Store>,
}

/// A program that runs and can open libraries.
struct Opener {
    store: wasmtime::Store<Store>,
    loader: host::Loader<Store>,
    run: wasmtime::TypedFunc<(), i32>,
}

const PROGRAM: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 1))
    (global $end (mut i32) (i32.const 2048))
    (func (export "malloc") (param i32) (result i32)
        (if (i32.gt_u (local.get 0) (i32.const 60000)) (then (return (i32.const 0))))
        (i32.const 2048))
    (func (export "run") (result i32) (i32.const 42)))"#;

impl Opener {
    fn new(folder: &Path, limits: InputLimits) -> Result<Self, Failed> {
        let engine = wasmtime::Engine::default();
        let mut linker = host::Linker::<Store>::new(&engine);
        linker.program("program", wat::parse_str(PROGRAM)?)?;
        let loader = linker.enable_dlopen(|store| &mut store.libraries)?;
        let program = linker.link()?;
        let search = Search::new(vec![folder.to_owned()], None).within(limits);
        let libraries = Libraries::new(Files::new(search));
        let mut store = wasmtime::Store::new(&engine, Store { libraries });
        let linked = program.instantiate(&mut store)?;
        let run = linked.get_typed_func(&mut store, "run")?;
        Ok(Opener { store, loader, run })
    }

    fn open(&mut self, name: &str) -> Result<host::LibraryHandle, host::Error> {
        self.loader.open(&mut self.store, name, OpenFlags::default())
    }

    /// The program goes on, whatever it has tried to open.
    fn check(&mut self) -> Result<(), Failed> {
        match self.run.call(&mut self.store, ())? {
            42 => Ok(()),
            other => Err(format!("the program returns {other}").into()),
        }
    }
}

/// Each a module in the text format, and what `dlerror` says.
const LIBRARIES: [(&str, &str); 22] = [
    ("(module)", "is no shared library"),
    ("(module (@dylink.0 (mem-info (memory 0xffffffff 0))))", "no memory left"),
    ("(module (@dylink.0 (mem-info (memory 1 31))))", "no memory left"),
    ("(module (@dylink.0 (mem-info (memory 1 32))))", "an alignment of 2^32"),
    ("(module (@dylink.0 (mem-info (memory 1 255))))", "an alignment of 2^255"),
    ("(module (@dylink.0 (mem-info (table 0xffffffff 0))))", "the table has no room"),
    ("(module (@dylink.0 (mem-info (table 1 31))))", "the table has no room"),
    // Its part of the table is as large as can be, and a function has no slot in it yet.
    (
        r#"(module (@dylink.0 (mem-info (table 0xffffffff 0)))
            (import "GOT.func" "f" (global (mut i32))) (func (export "f")))"#,
        "the table has no room",
    ),
    (r#"(module (@dylink.0 (mem-info) (needed "../x.wasm")))"#, "which is a path or no name"),
    (r#"(module (@dylink.0 (mem-info) (needed "C:x.wasm")))"#, "which is a path or no name"),
    (r#"(module (@dylink.0 (mem-info) (needed "gone.wasm")))"#, "which is not found"),
    (
        r#"(module (@dylink.0 (mem-info)) (import "env" "a\1b[2Jb" (func)))"#,
        "`env.a\\u{1b}[2Jb`: () -> (), but no module defines it",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func (export "memory")))"#,
        "exports something else as `memory`",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func (export "__wasm_call_ctors") (param i32)))"#,
        "expected () -> (), found (i32) -> ()",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func $start unreachable) (start $start))"#,
        "trapped: wasm `unreachable`",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func (export "__wasm_call_ctors") unreachable))"#,
        "trapped: wasm `unreachable`",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func (export "__wasm_apply_data_relocs") unreachable))"#,
        "trapped: wasm `unreachable`",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func $f (call $f)) (start $f))"#,
        "trapped: call stack exhausted",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (import "env" "memory" (memory 0))
            (data (i32.const -4) "past the end"))"#,
        "lies at fixed addresses",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (import "env" "__indirect_function_table" (table 0 funcref))
            (elem (i32.const -1) func $f) (func $f))"#,
        "out of bounds table access",
    ),
    (
        r#"(module (@dylink.0 (mem-info)) (func (result i32) (i64.const 0)))"#,
        "type mismatch: expected i32, found i64",
    ),
    (r#"(module (@dylink.0 (mem-info)) (memory 65536))"#, "has a memory of its own"),
];

fn opened_libraries() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut opener = Opener::new(folder.path(), InputLimits::default())?;
    for (number, (text, expected)) in LIBRARIES.iter().enumerate() {
        let name = format!("library{number}.wasm");
        std::fs::write(folder.path().join(&name), wat::parse_str(text)?)?;
        expect(opener.open(&name), expected)
            .map_err(|e| format!("{text}: {}", e.message().unwrap_or_default()))?;
        opener.check()?;
    }
    for (name, bytes) in [("empty.wasm", &b""[..]), ("cut.wasm", b"\0asm\x01\0\0\0\0\x7f")] {
        std::fs::write(folder.path().join(name), bytes)?;
        expect(opener.open(name), name)?;
        opener.check()?;
    }
    let good = r#"(module (@dylink.0 (mem-info (memory 4 2) (table 1 0))))"#;
    std::fs::write(folder.path().join("good.wasm"), wat::parse_str(good)?)?;
    opener.open("good.wasm")?;
    opener.check()
}

/// The program's symbols are counted too: it imports one and exports two.
fn limits_of_opened_libraries() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let library = r#"(module (@dylink.0 (mem-info)) (func (export "a")) (func (export "b")))"#;
    let library = wat::parse_str(library)?;
    let size = library.len() as u64;
    std::fs::write(folder.path().join("library.wasm"), library)?;
    let limits =
        |size, symbols| InputLimits::default().with_max_module_size(size).with_max_symbols(symbols);
    let open =
        |limits| Opener::new(folder.path(), limits)?.open("library.wasm").map_err(Failed::from);
    for enough in [limits(size, 5), limits(size + 1, 6)] {
        open(enough)?;
    }
    let too_large =
        open(limits(size - 1, 5)).map_err(|e| e.message().unwrap_or_default().to_owned());
    expect(too_large, "`--max-module-size`")?;
    let too_many = open(limits(size, 4)).map_err(|e| e.message().unwrap_or_default().to_owned());
    expect(too_many, "the modules have 5 symbols")
}

/// Libraries that each need the next.
struct Chain {
    length: usize,
}

impl LibrarySource for Chain {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let number = name.trim_start_matches('m').trim_end_matches(".wasm").parse::<usize>();
        let input = number.map_err(|e| e.to_string()).and_then(|n| link_of_chain(n, self.length));
        input.map_err(|message| Fault::BadLibrary {
            message: format!("{}: {message}", by.module.name),
        })
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

/// Calls a function of the next, and is initialised after it.
fn link_of_chain(number: usize, length: usize) -> Result<InputModule, String> {
    let mut parts = Parts::default();
    let next = (number + 1) % length;
    parts.needed.push(format!("m{next}.wasm"));
    parts.import(&format!("f{next}"));
    let call = parts.function(&[Instruction::Call(0)]);
    parts.export(&format!("f{number}"), call);
    let constructors = parts.function(&[]);
    parts.export("__wasm_call_ctors", constructors);
    InputModule::load(format!("m{number}"), parts.finish()).map_err(|error| error.to_string())
}

/// The last needs the first.
fn a_chain_of_10000_libraries() -> Result<(), Failed> {
    let length = 10_000;
    let mut chain = Chain { length };
    let plan = Plan::new(Set::gather(link_of_chain(0, length)?, Vec::new(), &mut chain)?)?;
    assert_eq!(plan.set().inputs.len(), length);
    assert_eq!(plan.bind()?.modules.len(), length);
    let fused = plan.fuse(&FuseOptions::default())?;
    Ok(linker::validate("fused", &fused.modules[0].bytes)?)
}

fn needed_libraries_that_are_nowhere() -> Result<(), Failed> {
    let needed = (0..100_000).map(|n| format!("nothing{n}.wasm")).collect();
    let parts = Parts { needed, ..Parts::default() };
    let faults = plan(InputModule::load("wide", parts.finish())?, Vec::new()).err();
    let faults = faults.ok_or("nothing is wrong")?;
    assert_eq!(faults.as_slice().len(), 100_000);
    expect(Err::<(), _>(faults), "and 99950 more")
}

fn importer(names: impl Iterator<Item = String>) -> Vec<u8> {
    let mut parts = Parts::default();
    names.for_each(|name| parts.import(&name));
    parts.finish()
}

fn a_million_imports() -> Result<(), Failed> {
    let bytes = importer((0..1_000_001).map(|n| format!("f{n}")));
    expect(InputModule::load("many", bytes), "`many` has 1000001 symbols")
}

/// Just as many similar names exist, and only those that the message shows are compared.
fn undefined_symbols() -> Result<(), Failed> {
    let program =
        InputModule::load("program", importer((0..100_000).map(|n| format!("function{n}"))))?;
    let mut parts = Parts::default();
    for number in 0..100_000 {
        let function = parts.function(&[]);
        parts.export(&format!("functiom{number}"), function);
    }
    let library = InputModule::load("library", parts.finish())?;
    let faults = plan(program, vec![library]).err().ok_or("nothing is wrong")?;
    assert_eq!(faults.as_slice().len(), 100_000);
    expect(Err::<(), _>(faults), "`library` exports `functiom0`; did you mean that?")
}

/// Two libraries that need each other: calls against the order of instantiation go through a slot,
/// and a module has no more than 100,000 segments to fill these with.
fn symbols_each_way() -> Result<(), Failed> {
    let module = |own: &str, other: &str| {
        let mut parts = Parts::default();
        (0..100_001).for_each(|number| parts.import(&format!("{other}{number}")));
        for number in 0..100_001 {
            let function = parts.function(&[Instruction::Call(number)]);
            parts.export(&format!("{own}{number}"), function);
        }
        InputModule::load(own, parts.finish())
    };
    let plan = plan(module("a", "b")?, vec![module("b", "a")?])?;
    let bound = plan.bind()?;
    for bound in bound.modules.iter().chain(&bound.slots) {
        linker::validate("bound", &bound.bytes)?;
    }
    assert_eq!((bound.modules.len(), bound.slots.is_some()), (2, true));
    let fused = plan.fuse(&FuseOptions::default())?;
    Ok(linker::validate("fused", &fused.modules[0].bytes)?)
}

fn names_that_are_no_utf8() -> Result<(), Failed> {
    let mut bytes = importer(["name".to_owned()].into_iter());
    let at = bytes.windows(4).position(|bytes| bytes == b"name").ok_or("no name")?;
    bytes[at] = 0xff;
    expect(InputModule::load("names", bytes), "malformed UTF-8 encoding")
}

/// Each level of functions inlined into each other may have the same file's name, as long as it is.
fn a_source_map_of_many_levels() -> Result<(), Failed> {
    let map = linker::SourceMap {
        sources: vec!["f".repeat(1_000_000)],
        mappings: "AAAA".to_owned(),
        inlined_at: vec!["AAAA".to_owned(); 100_000],
        ..linker::SourceMap::default()
    };
    let lines = map.read().lines(0);
    let bytes: usize = lines.iter().map(|line| line.file.len()).sum();
    match (lines.len(), bytes) {
        (200, ..4_000_000) => Ok(()),
        (lines, bytes) => Err(format!("{lines} lines of {bytes} bytes").into()),
    }
}

/// A name can have that many, and one more is malformed.
fn names_of_many_letters() -> Result<(), Failed> {
    let name = |end: &str| "a".repeat(100_000 - end.len()) + end;
    let program = InputModule::load("program", importer([name("b")].into_iter()))?;
    let mut parts = Parts::default();
    let function = parts.function(&[]);
    parts.export(&name("c"), function);
    let faults = plan(program, vec![InputModule::load("library", parts.finish())?]);
    expect(faults, "but no module defines it")?;
    let longer = importer([name("b") + "b"].into_iter());
    expect(InputModule::load("longer", longer), "string size out of bounds")
}

/// The name of a type whose arguments are twice the type before, and so on: as text it has
/// gigabytes.
fn a_short_name_for_a_long_one() -> Result<(), Failed> {
    let digit = |n: usize| char::from_digit(n as u32, 36).unwrap_or('0').to_ascii_uppercase();
    let doubled = (0..30).map(|n| format!("S_IS{0}_S{0}_E", digit(n)));
    let name = format!("_Z1f1AIiiE{}", doubled.collect::<String>());
    let program = InputModule::load("program", importer([name.clone()].into_iter()))?;
    expect(plan(program, Vec::new()), &format!("`env.{name}`"))
}

/// Functions that only call the next, many times: what the last does could be found out in a few
/// billion steps.
fn calls_that_multiply() -> Result<(), Failed> {
    let mut parts = Parts::default();
    let calls: Vec<_> = (0..8).map(|depth| vec![Instruction::Call(depth + 1); 300]).collect();
    parts.start = Some(0);
    calls.iter().for_each(|calls| {
        parts.function(calls);
    });
    let last = parts.function(&[]);
    parts.export("last", last);
    let plan = plan(InputModule::load("calls", parts.finish())?, Vec::new())?;
    let fused = plan.fuse(&FuseOptions::default())?;
    Ok(linker::validate("fused", &fused.modules[0].bytes)?)
}

/// Blocks in blocks, and handlers in handlers in the encoding that is translated.
fn code_that_is_nested_deeply() -> Result<(), Failed> {
    const DEPTH: usize = 100_000;
    for opened in [Instruction::Block(BlockType::Empty), Instruction::Try(BlockType::Empty)] {
        let mut code = vec![opened.clone(); DEPTH];
        code.push(Instruction::Nop);
        for _ in 0..DEPTH {
            if let Instruction::Try(_) = opened {
                code.push(Instruction::CatchAll);
            }
            code.push(Instruction::End);
        }
        let mut parts = Parts::default();
        let function = parts.function(&code);
        parts.export("nested", function);
        let plan = plan(InputModule::load("nested", parts.finish())?, Vec::new())?;
        for module in plan.bind()?.modules {
            linker::validate("bound", &module.bytes)?;
        }
        let fused = plan.fuse(&FuseOptions::default())?;
        linker::validate("fused", &fused.modules[0].bytes)?;
    }
    Ok(())
}

const ADDRESS: u8 = 1;
const DATA4: u8 = 6;
const OFFSET: u8 = 0x17;
const STRING: u8 = 8;
const LOW_PC: u8 = 0x11;
const HIGH_PC: u8 = 0x12;
const FOLDER: u8 = 0x1b;
const LINES: u8 = 0x10;
const RANGES: u8 = 0x55;
const UNIT: u8 = 0x11;
const SUBPROGRAM: u8 = 0x2e;
const INLINED: u8 = 0x1d;

/// A kind of entry: its tag, whether it has others in it, and the name and the form of each
/// attribute.
fn abbreviation(number: u8, tag: u8, has_children: bool, attributes: &[[u8; 2]]) -> Vec<u8> {
    let mut bytes = vec![number, tag, has_children.into()];
    bytes.extend(attributes.concat());
    bytes.extend([0, 0]);
    bytes
}

/// A unit of version 4, of these entries.
fn unit(entries: &[u8]) -> Vec<u8> {
    let header = [&[4, 0][..], &[0; 4], &[4]].concat();
    let length = (header.len() + entries.len()) as u32;
    [&length.to_le_bytes()[..], &header, entries].concat()
}

/// The first kilobyte of code.
const PC: [u8; 8] = [0, 0, 0, 0, 0, 4, 0, 0];

/// A module with a function, and debug information; the code of the function is at the offset.
fn with_debug_information(
    custom: Vec<(&'static str, Vec<u8>)>,
) -> Result<(InputModule, usize), Failed> {
    let mut parts = Parts { custom, ..Parts::default() };
    let function = parts.function(&[Instruction::Unreachable]);
    parts.export("test", function);
    let input = InputModule::load("debugged", parts.finish())?;
    let start = input.function_start(0).ok_or("no function")?;
    Ok((input, start + 1))
}

/// Checks that lines are found in it, or that none are, and that it can be written into a fused
/// module.
fn expect_lines(input: InputModule, offset: usize, expected: bool) -> Result<(), Failed> {
    let lines = linker::source_lines(&input.bytes, offset);
    if lines.is_empty() == expected {
        return Err(format!("{} lines", lines.len()).into());
    }
    let options = FuseOptions::default().with_debug(true);
    let plan = plan(input, Vec::new())?;
    let fused = plan.fuse(&options)?;
    fused.modules[0].source_map(plan.set());
    Ok(linker::validate("fused", &fused.modules[0].bytes)?)
}

/// Functions inlined into each other: a compiler nests some, and a million would use up the stack
/// of who reads them.
fn nested_debug_information() -> Result<(), Failed> {
    for (depth, has_lines) in [(100, true), (1_000_000, false)] {
        let code = [[LOW_PC, ADDRESS], [HIGH_PC, DATA4]];
        let with_lines = [&code[..], &[[LINES, OFFSET]]].concat();
        let kinds = [
            abbreviation(1, UNIT, true, &with_lines),
            abbreviation(2, SUBPROGRAM, true, &code),
            abbreviation(3, INLINED, true, &[]),
        ];
        let entries =
            [[&[1][..], &PC, &[0; 4], &[2], &PC].concat(), vec![3; depth], vec![0; depth + 2]];
        let (input, offset) = with_debug_information(vec![
            (".debug_abbrev", [&kinds.concat()[..], &[0]].concat()),
            (".debug_info", unit(&entries.concat())),
            (".debug_line", line_program(&["folder"], &[("file.c", 1)])),
        ])?;
        expect_lines(input, offset, has_lines)?;
    }
    Ok(())
}

/// Line 1 of the first file, for the first kilobyte of code.
fn line_program(folders: &[&str], files: &[(&str, u8)]) -> Vec<u8> {
    // Minimum length, operations, statements, line base and range, and operands of the standard's
    // 12 operations.
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    folders.iter().for_each(|folder| header.extend([folder.as_bytes(), &[0]].concat()));
    header.push(0);
    files.iter().for_each(|(file, folder)| {
        header.extend([file.as_bytes(), &[0, *folder, 0, 0]].concat());
    });
    header.push(0);
    // Set the address to 0, a row; advance by a kilobyte; the end.
    let program = [0, 5, 2, 0, 0, 0, 0, 1, 2, 0x80, 8, 0, 1, 1];
    let rest = [&(header.len() as u32).to_le_bytes()[..], &header, &program].concat();
    [&(rest.len() as u32 + 2).to_le_bytes()[..], &[4, 0], &rest].concat()
}

/// Debug information that is stored once and used many times: folders of files, lists of ranges,
/// lines of units.
fn shared_debug_information() -> Result<(), Failed> {
    let long = "f".repeat(1_000_000);
    for (name, folder, files, units) in [
        ("as it should be", "folder", 1, 1),
        ("a long folder of many files", long.as_str(), 200_000, 1),
        ("many units of the same lines", "folder", 10_000, 100_000),
    ] {
        let attributes = [[LOW_PC, ADDRESS], [HIGH_PC, DATA4], [LINES, OFFSET], [FOLDER, STRING]];
        let entry = [&[1][..], &PC, &[0; 4], b"here\0"].concat();
        let (input, offset) = with_debug_information(vec![
            (".debug_abbrev", [&abbreviation(1, UNIT, false, &attributes)[..], &[0]].concat()),
            (".debug_info", unit(&entry).repeat(units)),
            (".debug_line", line_program(&[folder], &vec![("file.c", 1); files])),
        ])?;
        expect_lines(input, offset, units == 1 && files == 1)
            .map_err(|e| format!("{name}: {}", e.message().unwrap_or_default()))?;
    }
    let attributes = [[RANGES, OFFSET], [LINES, OFFSET]];
    let (input, offset) = with_debug_information(vec![
        (".debug_abbrev", [&abbreviation(1, UNIT, false, &attributes)[..], &[0]].concat()),
        (".debug_info", unit(&[&[1][..], &[0; 8]].concat()).repeat(100_000)),
        (".debug_ranges", [1, 0, 0, 0, 2, 0, 0, 0].repeat(100_000)),
        (".debug_line", line_program(&["folder"], &[("file.c", 1)])),
    ])?;
    expect_lines(input, offset, false)
}
