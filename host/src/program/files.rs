//! The files that a program is linked from.

use std::path::{Path, PathBuf};

use linker::{InputLimits, InputModule, LibrarySource, Module, Plan, Set, SharedBytes};

use crate::digest::Digest;
use crate::error::Error;
use crate::fault::ComponentFaults;
use crate::input;
use crate::lookup::Lookup;
use crate::search::Search;
use crate::world::description::{Wit, World};
use crate::world::heap::REALLOC;

/// The files of a program, and how they are linked.
///
/// [`Host::cached`](crate::Host::cached) finds the code of a program by its files, without reading
/// them as modules.
#[derive(Debug, Clone)]
pub struct ProgramFiles {
    program: PathBuf,
    links: Vec<PathBuf>,
    preloads: Vec<(String, PathBuf)>,
    search: Search,
    stack_size: Option<u64>,
    unknown_imports_trap: bool,
    /// Whether other engines run the program, too.
    is_for_any_engine: bool,
    /// What describes the component that it becomes, if it becomes one.
    component: Option<ComponentFiles>,
}

/// What describes a component in addition to its modules.
#[derive(Debug, Clone, Hash)]
struct ComponentFiles {
    wit: Option<Wit>,
    /// The module names of what adapters define.
    adapted: Vec<String>,
}

/// The module whose exports are called, as it was read from its file.
#[derive(Debug)]
pub struct ProgramFile {
    input: InputModule,
    contents: SharedBytes,
}

/// A program that was linked from files.
#[derive(Debug)]
pub struct LinkedFiles {
    pub(crate) files: ProgramFiles,
    pub(crate) plan: Plan,
    /// The contents of the files that were given.
    pub(crate) contents: Vec<SharedBytes>,
    /// The libraries that were looked up.
    pub(crate) lookups: Vec<Lookup<SharedBytes>>,
}

impl ProgramFile {
    /// Returns the module.
    pub fn module(&self) -> &Module {
        &self.input.module
    }
}

impl LinkedFiles {
    /// Returns how the modules are linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the texts of the warnings about the program.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.plan.warnings().iter().map(ToString::to_string).collect()
    }
}

impl ProgramFiles {
    /// Uses the module in the file `program`. `search` finds the libraries that modules need.
    pub fn new(program: impl Into<PathBuf>, search: Search) -> Self {
        let program = program.into();
        ProgramFiles {
            program,
            links: Vec::new(),
            preloads: Vec::new(),
            search,
            stack_size: None,
            unknown_imports_trap: false,
            is_for_any_engine: false,
            component: None,
        }
    }

    /// Sets the files of modules that are linked with the program.
    #[must_use]
    pub fn with_links(self, links: Vec<PathBuf>) -> Self {
        ProgramFiles { links, ..self }
    }

    /// Sets the modules that keep their own memory: the name under which others import from each,
    /// and its file.
    #[must_use]
    pub fn with_preloads(self, preloads: Vec<(String, PathBuf)>) -> Self {
        ProgramFiles { preloads, ..self }
    }

    /// Sets the size of the stack in linear memory, in bytes: see [`Set::stack_size`].
    #[must_use]
    pub fn with_stack_size(self, stack_size: Option<u64>) -> Self {
        ProgramFiles { stack_size, ..self }
    }

    /// Sets whether functions that nothing defines trap when they are called: see
    /// [`Set::unknown_imports_trap`]. Otherwise they are errors.
    #[must_use]
    pub fn with_unknown_imports_trap(self, unknown_imports_trap: bool) -> Self {
        ProgramFiles { unknown_imports_trap, ..self }
    }

    /// Links the program for any engine, without functions that only this host has. It defines
    /// these symbols, although no module needs them.
    #[must_use]
    pub fn for_any_engine(self, symbols: &[String]) -> Self {
        ProgramFiles { search: self.search.require(symbols), is_for_any_engine: true, ..self }
    }

    /// Links the program to be a component, of the world in WIT files or of that which its modules
    /// describe. Whatever runs the component defines what it imports from WASI and from its world,
    /// and adapters define what it imports from the modules `adapted`.
    #[must_use]
    pub fn for_component(self, wit: Option<Wit>, adapted: Vec<String>) -> Self {
        let component = Some(ComponentFiles { wit, adapted });
        ProgramFiles { component, ..self.for_any_engine(&[REALLOC.to_owned()]) }
    }

    /// Returns the name of the program in messages.
    pub fn program_name(&self) -> Option<String> {
        let file = self.program.file_name()?.to_string_lossy();
        Some(linker::printable(linker::module_name(&file)).into_owned())
    }

    /// Returns the search for libraries.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Reads the program's own file.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](crate::read).
    pub fn read(&self) -> Result<ProgramFile, Error> {
        let (input, contents) = input::read_with_contents(&self.program, &self.search.limits())?;
        Ok(ProgramFile { input, contents })
    }

    /// Reads the other files, and links them with the program.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](crate::read) and of [`check_preloads`](crate::check_preloads), and
    /// [`Error::Link`] with all faults of linking.
    pub fn link(&self, program: ProgramFile) -> Result<LinkedFiles, Error> {
        let mut contents = vec![program.contents];
        let others = self.others(&mut |path, limits| {
            let (input, of_file) = input::read_with_contents(path, limits)?;
            contents.push(of_file);
            Ok(input)
        })?;
        let mut search = self.search.clone().recording();
        let plan = self.gather(program.input, others, &mut search)?;
        Ok(LinkedFiles { files: self.clone(), plan, contents, lookups: search.into_lookups() })
    }

    /// Reads all files and decides how they are linked.
    ///
    /// # Errors
    ///
    /// The errors of [`ProgramFiles::read`] and [`ProgramFiles::link`].
    pub fn plan(&self) -> Result<Plan, Error> {
        let program = input::read_within(&self.program, &self.search.limits())?;
        let others = self.others(&mut input::read_within)?;
        self.gather(program, others, &mut self.search.clone())
    }

    fn others(
        &self,
        read: &mut dyn FnMut(&Path, &InputLimits) -> Result<InputModule, Error>,
    ) -> Result<Vec<InputModule>, Error> {
        let limits = self.search.limits();
        let mut others = Vec::new();
        for (name, file) in &self.preloads {
            others.push(read(file, &limits)?.preloaded_as(name));
        }
        input::check_preloads(&others)?;
        for file in &self.links {
            others.push(read(file, &limits)?);
        }
        Ok(others)
    }

    fn gather(
        &self,
        program: InputModule,
        others: Vec<InputModule>,
        search: &mut Search,
    ) -> Result<Plan, Error> {
        let mut set = Set::gather(program, others, search)?;
        if !self.is_for_any_engine {
            set = set.with_optional_functions();
        } else if self.component.is_some() || set.describes_component() {
            let files = self.component.as_ref();
            let world = World::of(&set, files.and_then(|files| files.wit.as_ref()));
            let world = world.map_err(ComponentFaults::from)?;
            set.host = world.imports_of(&set, files.map(|files| files.adapted.as_slice()));
        }
        let (stack_size, unknown_imports_trap) = (self.stack_size, self.unknown_imports_trap);
        Ok(Plan::new(Set { stack_size, unknown_imports_trap, ..set })?)
    }

    /// Returns the digests of the files that were given: the program, the preloaded modules, and
    /// those that are linked. Returns `None` if one of them cannot be read twice.
    pub(crate) fn digests(&self) -> Option<Vec<Digest>> {
        let limit = self.search.limits().max_module_size;
        let preloads = self.preloads.iter().map(|(_, file)| file);
        let files = [&self.program].into_iter().chain(preloads).chain(&self.links);
        files.map(|file| Digest::at(file, limit)).collect()
    }

    /// Returns everything that decides how the files are linked, but for the libraries that are
    /// found. `digests` are those of the files that were given.
    pub(crate) fn identity<'f>(&'f self, digests: &'f [Digest]) -> impl std::hash::Hash + 'f {
        let files = (&self.program, &self.preloads, &self.links, digests);
        let choices =
            (self.stack_size, self.unknown_imports_trap, self.is_for_any_engine, &self.component);
        (files, self.search.identity(), choices)
    }
}
