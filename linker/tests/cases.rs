//! The cases of `tests/cases` in which every module is in the text format, without an engine: in a second, and
//! on any machine.
//!
//! How they are linked is what their `plan.txt` says, or why not their `error.txt`. All that is written for them is
//! valid, and the same bytes everywhere: `written.txt` has their digests, which `TESTS_BLESS=1` writes anew.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use linker::dynamic::{Assigned, ModuleId, Opening, Running};
use linker::{
    Bound, BoundModule, Fault, Faults, FuseOptions, Initialiser, InputModule, LibrarySource,
    NoLibraries, Plan, Set, module_name,
};
use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A folder, in which `main` is linked with each `lib-*`, and finds `needed-*` if a module asks for them.
struct Case {
    name: String,
    folder: PathBuf,
    /// The modules' names.
    modules: Vec<String>,
}

const WANT_LIBC: [&str; 1] = ["exceptions-of-unknown-signature"];

impl Case {
    fn open(folder: PathBuf) -> Option<Self> {
        let files = fs::read_dir(&folder).ok()?.filter_map(|file| Some(file.ok()?.path()));
        let (texts, others): (Vec<_>, Vec<_>) =
            files.partition(|file| file.extension().is_some_and(|ending| ending == "wat"));
        let stem = |file: &PathBuf| Some(file.file_stem()?.to_string_lossy().into_owned());
        let mut modules: Vec<_> = texts.iter().filter_map(stem).collect();
        modules.sort();
        let is_golden = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "txt");
        let is_one = modules.iter().any(|name| name == "main") && others.iter().all(is_golden);
        let name = folder.file_name()?.to_string_lossy().into_owned();
        is_one.then_some(Case { name, folder, modules })
    }

    /// But for those that want libc, which is built.
    fn all() -> Result<Vec<Self>> {
        let topics = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases"))?;
        let mut cases = Vec::new();
        for topic in topics {
            cases.extend(folders(&topic)?.into_iter().filter_map(Case::open));
        }
        cases.retain(|case| !WANT_LIBC.contains(&case.name.as_str()));
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    fn input(&self, name: &str) -> Result<InputModule> {
        Ok(InputModule::load(name, wat::parse_file(self.folder.join(name).with_extension("wat"))?)?)
    }

    /// As it is linked, and why not.
    fn plan(&self) -> Result<std::result::Result<Plan, Faults>> {
        let libraries = self.modules.iter().filter(|name| name.starts_with("lib-"));
        let libraries = libraries.map(|name| self.input(name)).collect::<Result<_>>()?;
        let set = Set::gather(self.input("main")?, libraries, &mut Folder(self));
        Ok(set.and_then(Plan::new))
    }

    /// What a file of the case says, nothing if there is none.
    fn says(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }
}

/// Returns the folders in a folder.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.is_dir()).collect())
}

struct Folder<'c>(&'c Case);

impl LibrarySource for Folder<'_> {
    fn needed(&mut self, file: &str, by: &InputModule) -> std::result::Result<InputModule, Fault> {
        let name = module_name(file);
        let known = self.0.modules.iter().any(|module| module == name);
        match known.then(|| self.0.input(name)) {
            Some(Ok(input)) => Ok(input),
            Some(Err(error)) => Err(Fault::BadLibrary { message: error.to_string() }),
            None => NoLibraries.needed(file, by),
        }
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

#[test]
fn plans_and_faults_are_those_of_the_cases() -> Result<()> {
    let mut wrong = String::new();
    for case in Case::all()? {
        let (file, found) = match case.plan()? {
            Ok(plan) => {
                let warnings = plan.warnings();
                let warnings = warnings.iter().map(|warning| format!("warning: {warning}\n"));
                ("plan.txt", plan.to_string() + &warnings.collect::<String>())
            }
            Err(faults) => {
                let text = faults.to_string();
                assert_eq!(text.lines().count(), faults.as_slice().len(), "{text}");
                ("error.txt", format!("error: {text}\n"))
            }
        };
        // The program `host` adds what helps on its command line, and its status.
        let says = case.says(file);
        let added = says.strip_prefix(&found).map(|rest| rest.lines().next().unwrap_or_default());
        let is_said = added.is_some_and(|line| match file {
            "plan.txt" => line.is_empty(),
            _ => line.starts_with("help: ") || line.starts_with("? "),
        });
        if !is_said {
            writeln!(wrong, "{}: not as {file} says:\n{found}", case.name)?;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// Returns the calls of initialisers as text, with an argument only where there is one.
fn calls_text(initialisers: &[Initialiser]) -> String {
    let text = |Initialiser { module, name, argument }: &Initialiser| {
        let argument = argument.map(|value| format!(", argument: {value}")).unwrap_or_default();
        format!("Initialiser {{ module: {module}, name: {name:?}{argument} }}")
    };
    format!("[{}]", initialisers.iter().map(text).collect::<Vec<_>>().join(", "))
}

#[test]
fn what_is_written_is_valid_and_the_same_everywhere() -> Result<()> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/written.txt");
    let mut found = String::new();
    for case in Case::all()? {
        let Ok(plan) = case.plan()? else { continue };
        for (way, written) in written(&case, &plan)? {
            writeln!(found, "{} {way} {}", case.name, &digest(&written)[..16])?;
        }
    }
    if std::env::var_os("TESTS_BLESS").is_some() {
        fs::write(&golden, &found)?;
    }
    let expected = fs::read_to_string(&golden)?;
    let known: Vec<_> = expected.lines().collect();
    let other: Vec<_> = found.lines().filter(|line| !known.contains(line)).collect();
    assert!(other.is_empty(), "other bytes than `tests/written.txt` says: {other:#?}");
    assert_eq!(found.lines().count(), known.len(), "`tests/written.txt` has cases that are gone");
    Ok(())
}

/// All that is made of a plan, by what it is.
fn written(case: &Case, plan: &Plan) -> Result<Vec<(&'static str, String)>> {
    let fuse = |options: FuseOptions| match plan.fuse(&options) {
        Ok(bound) => bound_text(plan.set(), &bound),
        Err(error) => Ok(error.to_string()),
    };
    let options = || FuseOptions::default().with_multi_memory(true);
    Ok(vec![
        ("bound", bound_text(plan.set(), &plan.bind()?)?),
        ("fused", fuse(options())?),
        ("command", fuse(options().with_invoke("test".to_owned()))?),
        ("preinit", fuse(options().with_preinit(true))?),
        ("dynamic", fuse(FuseOptions::default().with_dynamic(true))?),
        ("debug", fuse(options().with_debug(true))?),
        ("report", report(plan)?),
        ("opened", opened(case, plan)?),
    ])
}

fn bound_text(set: &Set, bound: &Bound) -> Result<String> {
    let mut text = String::new();
    if let Some(base) = &bound.base {
        linker::validate("base", base)?;
        writeln!(text, "base {}", digest(base))?;
    }
    for module in bound.modules.iter().chain(&bound.slots) {
        linker::validate("written", &module.bytes)?;
        writeln!(text, "{}", module_text(set, module))?;
    }
    writeln!(text, "{}", calls_text(&bound.initialisers))?;
    Ok(text)
}

/// A module, where its imports come from, and where its functions do.
fn module_text(set: &Set, module: &BoundModule) -> String {
    let functions = (0..50).map(|function| module.origin_of_function(function));
    let functions: Vec<_> = functions.collect();
    let origins = (0..module.bytes.len()).step_by(16).map(|offset| module.origins(set, offset));
    let origins: Vec<_> = origins.flatten().map(|origin| format!("{origin:?}")).collect();
    format!(
        "{} {} {:?} {functions:?} {}",
        module.module,
        digest(&module.bytes),
        module.imports,
        digest(origins.concat())
    )
}

fn report(plan: &Plan) -> Result<String> {
    let mut text = serde_json::to_string(plan)?;
    let inputs = &plan.set().inputs;
    let imports = inputs.iter().flat_map(|input| &input.module.imports).map(|i| &i.name);
    let exports = inputs.iter().flat_map(|input| &input.module.exports).map(|e| &e.name);
    for symbol in imports.chain(exports) {
        let why = plan.why(symbol);
        let (definer, address) = (plan.definer(symbol), plan.address(symbol));
        write!(text, "{why}{} {definer:?} {address:?}", serde_json::to_string(&why)?)?;
    }
    Ok(text)
}

/// Opens each `opened-*` of a case while the program would run, and closes all of them in the order in which they
/// were opened.
fn opened(case: &Case, plan: &Plan) -> Result<String> {
    let mut running = Running::new(plan);
    let (mut text, mut opened) = (String::new(), Vec::new());
    let (mut memory, mut table) = (1 << 20, 100);
    for name in case.modules.iter().filter(|name| name.starts_with("opened-")) {
        let input = case.input(name)?;
        let mut opening = match running.open(input, &mut Folder(case), &|_| false) {
            Ok(opening) => opening,
            Err(faults) => {
                writeln!(text, "{name}: {faults}")?;
                continue;
            }
        };
        for module in opening.new_modules() {
            let bound = opening.bind(module)?;
            linker::validate(name, &bound.bytes)?;
            writeln!(text, "{}", module_text(opening.set(), &bound))?;
        }
        place(&mut opening, &mut running, &mut memory, &mut table)?;
        text += &opening_text(&opening)?;
        let numbers = running.join(&opening);
        opened.push(numbers[&opening.library()]);
        running.open_again(numbers[&opening.library()]);
        text += &running_text(&running, &case.modules)?;
    }
    for library in opened {
        running.close(library);
        for module in running.leaving() {
            writeln!(text, "{module} leaves: {:?}", running.leave(module))?;
        }
        text += &running_text(&running, &case.modules)?;
    }
    Ok(text)
}

/// As `malloc` and the table would.
fn place(
    opening: &mut Opening,
    running: &mut Running,
    memory: &mut u32,
    table: &mut u32,
) -> Result<()> {
    let mut take = |count, alignment| -> Result<u32> {
        let slots = running.take_slots(count, alignment, *table).ok_or("the table is full")?;
        *table = slots.end.max(*table);
        Ok(slots.start)
    };
    let mut given = BTreeMap::new();
    for module in opening.new_modules() {
        let room = opening.memory_request(module);
        let alignment = u32::try_from(u64::from(room.memory_alignment))?;
        let memory_base = memory.next_multiple_of(alignment);
        *memory = memory_base.saturating_add(room.memory_size);
        let table_base = take(room.table_size, room.table_alignment.into())?;
        given.insert(module, Assigned { memory_base, table_base });
    }
    let others = take(opening.other_slots(), 1)?;
    opening.assign(&given, others);
    Ok(())
}

fn opening_text(opening: &Opening) -> Result<String> {
    let mut text = String::new();
    for module in opening.new_modules() {
        let imports = opening.input(module).module.imports.len();
        let numbers: Vec<_> =
            (0..imports).map(|i| opening.import_value(module, i).unwrap_or_default()).collect();
        writeln!(text, "{module} {:?} {numbers:?}", opening.memory_request(module))?;
    }
    let filled: Vec<_> = opening.filled_slots().collect();
    let taken = opening.taken_slots();
    let calls = calls_text(&opening.initialisers());
    writeln!(text, "{filled:?} {taken:?} {calls}")?;
    Ok(text)
}

fn running_text(running: &Running, modules: &[String]) -> Result<String> {
    let mut text = String::new();
    let ids = (0..16).map(ModuleId::from_index);
    for module in ids.filter(|module| running.input(*module).is_some()) {
        writeln!(text, "{module} {:?}", running.block(module))?;
        let exports = running.input(module).map(|input| &input.module.exports);
        for name in exports.into_iter().flatten().map(|export| export.name.as_str()) {
            let (all, own) = (running.symbol(name), running.symbol_of(module, name));
            let after = running.symbol_after(module, name);
            writeln!(text, "{name} {all:?} {own:?} {after:?}")?;
        }
    }
    let named: Vec<_> = modules.iter().map(|name| running.named(name)).collect();
    let places: Vec<_> = (0..200).filter_map(|address| running.address_info(address)).collect();
    let data: Vec<_> = (0..64).filter_map(|at| running.address_info((1 << 20) + at)).collect();
    writeln!(text, "{named:?} {places:?} {data:?}")?;
    Ok(text)
}

fn digest(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
