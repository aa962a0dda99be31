//! The libraries of a program: a part of its store's data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use linker::dynamic::{ModuleId, Running};
use wasmtime::Instance;

use super::files::Files;
use crate::compiled::libraries::Compilations;
use crate::error::Error;
use crate::program::Program;
use crate::program::lazy_plan::LazyPlan;
use crate::program::linked::LinkedInstance;

/// The open libraries of a running program. They are a part of the store's data, which is a `T`.
///
/// See [`Linker::enable_dlopen`](crate::Linker::enable_dlopen) for an example.
pub struct Libraries<T: 'static> {
    pub(super) files: Files,
    pub(super) started: Option<PendingProcess<T>>,
    /// Created from the pending process on first use: most programs never open a library.
    pub(super) process: Option<DynamicProcess<T>>,
    /// The guest's name for the program itself.
    pub(super) program_name: Option<String>,
    /// The last error, until the guest reads it.
    pub(super) error: Option<String>,
    /// The number of instances in the store, and its limit.
    pub(super) instances: usize,
    pub(super) max_instances: usize,
}

/// A function that returns the [`Libraries`] in a store's data.
pub(crate) type Accessor<T> = fn(&mut T) -> &mut Libraries<T>;

/// A program whose modules are instantiated, and that has not used a library yet.
pub(super) struct PendingProcess<T: 'static> {
    pub(super) plan: Arc<LazyPlan>,
    pub(super) functions: Arc<wasmtime::Linker<T>>,
    pub(super) compilations: Compilations,
    pub(super) linked: LinkedInstance,
}

/// A running program and its libraries.
pub(super) struct DynamicProcess<T: 'static> {
    pub(super) functions: Arc<wasmtime::Linker<T>>,
    pub(super) compilations: Compilations,
    pub(super) running: Running,
    pub(super) linked: LinkedInstance,
    /// The instances of libraries, by the id of the module.
    pub(super) instances: BTreeMap<ModuleId, Instance>,
    /// The addresses that `malloc` returned for their data.
    pub(super) blocks: BTreeMap<ModuleId, u32>,
    /// The libraries whose constructors have not all returned.
    pub(super) incomplete: BTreeSet<ModuleId>,
    /// Whether libraries are being closed. A destructor that closes another library then only marks
    /// it.
    pub(super) is_closing: bool,
}

/// The reason why an operation failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program continues and can read the message.
    Refused(String),
    /// The program ends, for example because it exits or its time is over.
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
    /// Creates an empty set of libraries. `files` finds the libraries that are opened.
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

    /// Sets the guest's name for the program itself, for example its first argument. `dladdr`
    /// returns it.
    #[must_use]
    pub fn with_program_name(self, name: impl Into<String>) -> Self {
        Libraries { program_name: Some(name.into()), ..self }
    }

    /// Sets the maximum number of instances in the store, including those of the program and of
    /// libraries that were closed. Opening a library beyond it fails. By default only the store's
    /// own limit applies, which takes effect after memory for the library is allocated.
    #[must_use]
    pub fn with_max_instances(self, max_instances: usize) -> Self {
        Libraries { max_instances, ..self }
    }

    /// Lets stores of a program open libraries, from the moment that its modules are instantiated:
    /// constructors can already open libraries.
    pub(crate) fn attach(program: Program<T>, accessor: Accessor<T>) -> Program<T> {
        program.with_hook(move |data, program, linked| accessor(data).start(program, linked))
    }

    /// Records that all modules of a program are instantiated.
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
            let process = DynamicProcess::new(started);
            self.process = Some(process.map_err(|error| error.to_string())?);
        }
        let missing = || Failure::Refused("the program has no instances yet".to_owned());
        self.process.as_mut().ok_or_else(missing)
    }
}

impl<T: 'static> DynamicProcess<T> {
    fn new(started: PendingProcess<T>) -> Result<Self, Error> {
        let PendingProcess { plan, functions, compilations, linked } = started;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(DynamicProcess {
            functions,
            compilations,
            running: Running::new(plan.get()?).with_files(real),
            linked,
            instances: BTreeMap::new(),
            blocks: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            is_closing: false,
        })
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
