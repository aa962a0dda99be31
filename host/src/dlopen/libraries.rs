//! The libraries of a program, a part of its store's data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use linker::Plan;
use linker::dynamic::{ModuleId, Running};
use wasmtime::Instance;

use super::files::Files;
use crate::compiled::libraries::Compilations;
use crate::program::Program;
use crate::program::linked::LinkedInstance;

/// The libraries of a program that runs: a part of what its store holds, a `T`.
pub struct Libraries<T: 'static> {
    pub(super) files: Files,
    pub(super) started: Option<PendingProcess<T>>,
    /// Made of the former when somebody opens or asks something: most programs never do.
    pub(super) process: Option<DynamicProcess<T>>,
    /// How the guest calls the program itself.
    pub(super) program_name: Option<String>,
    /// What was wrong last, until the guest asks for it.
    pub(super) error: Option<String>,
    /// Instances that the store has, and may have.
    pub(super) instances: usize,
    pub(super) max_instances: usize,
}

/// Where a store's data has its [`Libraries`].
pub(crate) type Accessor<T> = fn(&mut T) -> &mut Libraries<T>;

/// A program all of whose modules are instantiated.
pub(super) struct PendingProcess<T: 'static> {
    pub(super) plan: Arc<Plan>,
    pub(super) functions: Arc<wasmtime::Linker<T>>,
    pub(super) compilations: Compilations,
    pub(super) linked: LinkedInstance,
}

/// A program that runs, and its libraries.
pub(super) struct DynamicProcess<T: 'static> {
    pub(super) functions: Arc<wasmtime::Linker<T>>,
    pub(super) compilations: Compilations,
    pub(super) running: Running,
    pub(super) linked: LinkedInstance,
    /// The instances of libraries, by number.
    pub(super) instances: BTreeMap<ModuleId, Instance>,
    /// Where `malloc` has put their data.
    pub(super) blocks: BTreeMap<ModuleId, u32>,
    /// Those whose constructors have not all returned.
    pub(super) incomplete: BTreeSet<ModuleId>,
    /// Whether libraries are being closed, so that a destructor that closes another leaves that to who does.
    pub(super) is_closing: bool,
}

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program goes on and is told.
    Refused(String),
    /// The program ends: it has exited, its time is over.
    End(wasmtime::Error),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Failure::End(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Refused(message)
    }
}

impl<T> std::fmt::Debug for Libraries<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Libraries").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<T: 'static> Libraries<T> {
    /// Libraries that are looked for among these files.
    pub fn new(files: Files) -> Self {
        Libraries {
            files,
            started: None,
            process: None,
            program_name: None,
            error: None,
            instances: 0,
            max_instances: usize::MAX,
        }
    }

    /// Says how the guest calls the program itself, by its first argument for example: `dladdr` tells it.
    #[must_use]
    pub fn with_program_name(self, name: impl Into<String>) -> Self {
        Libraries { program_name: Some(name.into()), ..self }
    }

    /// Opens libraries only as long as the store has no more than so many instances, those of the program and of
    /// libraries that were closed among them. Without it the store's own limit holds, which is found only when memory
    /// for the library is taken already.
    #[must_use]
    pub fn with_max_instances(self, max_instances: usize) -> Self {
        Libraries { max_instances, ..self }
    }

    /// Has the libraries of each store know the program as soon as its modules are instantiated: constructors may
    /// open libraries.
    pub(crate) fn attach(program: Program<T>, accessor: Accessor<T>) -> Program<T> {
        program.with_hook(move |data, program, linked| accessor(data).start(program, linked))
    }

    /// Takes note that a program's modules are all instantiated.
    fn start(&mut self, program: &Program<T>, linked: &LinkedInstance) {
        self.process = None;
        self.instances += program.instances();
        self.started = Some(PendingProcess {
            plan: Arc::clone(&program.plan),
            functions: Arc::clone(&program.functions),
            compilations: program.compilations.clone(),
            linked: linked.clone(),
        });
    }

    pub(super) fn process(&mut self) -> Result<&mut DynamicProcess<T>, Failure> {
        if let Some(started) = self.started.take() {
            self.process = Some(DynamicProcess::new(started));
        }
        let missing = || Failure::Refused("the program has no instances yet".to_owned());
        self.process.as_mut().ok_or_else(missing)
    }
}

impl<T: 'static> DynamicProcess<T> {
    fn new(started: PendingProcess<T>) -> Self {
        let PendingProcess { plan, functions, compilations, linked } = started;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        DynamicProcess {
            functions,
            compilations,
            running: Running::new(&plan).with_files(real),
            linked,
            instances: BTreeMap::new(),
            blocks: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            is_closing: false,
        }
    }

    pub(super) fn instances(&self) -> impl Iterator<Item = (ModuleId, Instance)> + '_ {
        let libraries = self.instances.iter().map(|(module, instance)| (*module, *instance));
        let started = self.linked.instances();
        started.map(|(index, instance)| (ModuleId::from_index(index), instance)).chain(libraries)
    }

    pub(super) fn instance(&self, module: ModuleId) -> Option<Instance> {
        let library = self.instances.get(&module).copied();
        library.or_else(|| self.linked.instance(module.index()))
    }
}
