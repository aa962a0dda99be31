//! Makes a plan from the options that several commands share.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use host::{Adapter, Error, Exports, Host, Program, ProgramFile, ProgramFiles, State, Wit};
use linker::{ExternType, Fault, Faults, Plan};

use super::console::complain;
use super::flags::LinkOnlyFlags;

/// The use of a plan.
#[derive(Debug, Clone)]
pub(crate) enum Purpose<'a> {
    /// To run the program in this host.
    Run,
    /// To write or show the program, for any engine. It must define these symbols, although no
    /// module needs them.
    Write { exports: &'a [String] },
    /// To write the program as a component, of this world or of that which its modules describe.
    WriteComponent { wit: Option<Wit>, adapters: &'a [Adapter] },
}

/// Reads the modules of a program and decides how they are linked.
pub(crate) fn plan(
    module: &Path,
    flags: &LinkOnlyFlags,
    purpose: Purpose<'_>,
) -> anyhow::Result<Plan> {
    let files = flags.files(module, flags.search()?);
    let files = match purpose {
        Purpose::Run => files,
        Purpose::Write { exports } => files.for_any_engine(exports),
        Purpose::WriteComponent { wit, adapters } => {
            let adapted = adapters.iter().map(|adapter| adapter.name.clone());
            files.for_component(wit, adapted.collect())
        }
    };
    let plan = files.plan().map_err(|error| explain(error, &files))?;
    warn(&plan.warnings());
    Ok(plan)
}

/// A program whose exports are known.
pub(crate) enum FoundProgram {
    /// It is in the cache, and linked.
    Cached(Program<State>),
    /// Its own file was read.
    Read(ProgramFile),
}

impl FoundProgram {
    /// Finds a program in the cache, or else reads its own file.
    pub(crate) fn find(host: &Host, files: &ProgramFiles) -> Result<Self, Error> {
        match host.cached(files) {
            Some(program) => Ok(FoundProgram::Cached(program)),
            None => Ok(FoundProgram::Read(files.read()?)),
        }
    }

    pub(crate) fn exports(&self) -> Exports {
        match self {
            FoundProgram::Cached(program) => program.exports().clone(),
            FoundProgram::Read(file) => Exports::of(file.module()),
        }
    }

    /// Links and compiles the program, unless it was in the cache. Warns of probable mistakes.
    pub(crate) fn link(self, host: &Host, files: &ProgramFiles) -> anyhow::Result<Program<State>> {
        match self {
            FoundProgram::Cached(program) => {
                warn(program.warnings());
                Ok(program)
            }
            FoundProgram::Read(file) => {
                let linked = files.link(file).map_err(|error| explain(error, files))?;
                warn(&linked.plan().warnings());
                Ok(host.compile_files(linked)?)
            }
        }
    }
}

fn explain(error: Error, files: &ProgramFiles) -> anyhow::Error {
    match error {
        Error::Link(faults) => Unresolved::new(faults, files).into(),
        error => error.into(),
    }
}

fn warn(warnings: &[impl Display]) {
    warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
}

/// The reason why modules cannot be linked, and the options that help.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) faults: Faults,
    /// The text about symbols of the system libraries, if these are not found.
    no_system: Option<String>,
    /// The faults that are printed one by one.
    shown: Faults,
    help: Vec<String>,
}

impl Unresolved {
    fn new(faults: Faults, files: &ProgramFiles) -> Self {
        let search = files.search();
        let (system, others) = faults.split_system();
        if search.has_sysroot() || system.as_slice().is_empty() {
            let mut help = help(&faults);
            help.extend(files.program_name().and_then(|program| may_trap(&faults, &program)));
            let shown = faults.clone();
            return Unresolved { faults, no_system: None, shown, help };
        }
        let no_system = Some(no_system(&system, &search.sysroots()));
        let mut help = help(&others);
        help.push(
            "name the folder that has them with `--sysroot DIR`, or build them with \
             `cargo xtask build-all`; `host plan --json` lists the symbols"
                .to_owned(),
        );
        Unresolved { faults, no_system, shown: others, help }
    }
}

impl Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(no_system) = &self.no_system {
            f.write_str(no_system)?;
            f.write_str(if self.shown.as_slice().is_empty() { "" } else { "\n" })?;
        }
        self.shown.fmt(f)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for Unresolved {}

/// The number of symbols that are named if the system libraries are not found. The rest are
/// counted.
const SHOWN: usize = 3;

/// Describes where the system libraries were looked for, and which symbols need them.
fn no_system(waiting: &Faults, folders: &[PathBuf]) -> String {
    let wanted = waiting.as_slice().iter().filter_map(|fault| match fault {
        Fault::UnknownImport { importers, name, .. } => Some((importers, name)),
        _ => None,
    });
    let (importers, symbols): (Vec<_>, BTreeSet<_>) = wanted.unzip();
    let modules: BTreeSet<_> = importers.into_iter().flatten().collect();
    let folders: Vec<_> = folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
    let shown = symbols.iter().take(SHOWN).map(|name| format!("`{}`", linker::demangle(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = match symbols.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "the system libraries, libc and libc++, are not found; looked for them in {}\n\
         {} of {} may come from them: {shown}{more}",
        folders.join(" and "),
        counted(symbols.len(), "undefined symbol"),
        counted(modules.len(), "module"),
    )
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Returns the way out if only libraries lack something, and only functions: the program may never
/// call them.
fn may_trap(faults: &Faults, program: &str) -> Option<String> {
    let may_trap = |fault: &Fault| match fault {
        Fault::UnknownImport { importers, module, expected, candidate, .. } => {
            let is_function = matches!(expected, ExternType::Func(_)) || module == "GOT.func";
            is_function && candidate.is_none() && !importers.iter().any(|name| name == program)
        }
        Fault::Interfaces { module, .. } => module != program,
        _ => false,
    };
    faults.as_slice().iter().all(may_trap).then(|| {
        "if the program never calls what is undefined, add `-W unknown-imports-trap`: then a call \
         of it traps"
            .to_owned()
    })
}

fn help(faults: &Faults) -> Vec<String> {
    let mut help = Vec::new();
    if faults.is_library_missing() {
        let text =
            "name the folder that has the library with `-L DIR`, or the file with `--link FILE`";
        help.push(text.to_owned());
    }
    if let Some(module) = faults.missing_module() {
        let module = if module.starts_with("GOT.") { "env" } else { module };
        let module = linker::printable(module);
        help.push(format!("give what defines it with `--link FILE` or `--preload {module}=FILE`"));
    }
    help
}
