//! The functions that finish a program.

use wasmparser::ExternalKind;

use crate::convention::{CALL_DESTRUCTORS, REGISTER_AT_EXIT};
use crate::fuse::exports::NewExport;
use crate::fuse::image::effects;
use crate::fuse::program::{Program, Root};
use crate::plan::Plan;
use crate::plan::host_imports::WASI;
use crate::plan::input::SyntheticKind;
use crate::plan::layout::ItemId;
use crate::plan::synthetic::command::{FILL, FLUSH, Finish};
use crate::plan::synthetic::invoke;
use crate::write::live::Live;
use crate::write::targets::FunctionTarget;

/// Returns whether it matters if a program needs this function of libc, by its name: the function
/// leaves work for the end of the program. A tool that optimizes libc must not inline it.
pub fn leaves_work_for_the_end(name: &str) -> bool {
    name == FILL || registers_at_exit().any(|register| register == name)
}

/// Returns the names of the functions that register others for the end. Compilers put what
/// `__cxa_atexit` does into `atexit` too.
fn registers_at_exit() -> impl Iterator<Item = &'static str> {
    REGISTER_AT_EXIT.into_iter().chain(["atexit"])
}

/// The functions that finish a program.
pub(crate) struct ExitHooks {
    /// What there is to do at the end.
    pub(crate) finish: Finish,
    /// The functions that do it, in the order in which they are called.
    pub(crate) calls: Vec<ExitCall>,
    /// What ends a program whose exception nothing has caught.
    pub(crate) terminate: Option<Terminate>,
}

/// What ends a program whose exception nothing has caught.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminate {
    /// The function that is given what the exception carries.
    pub(crate) function: ItemId,
    /// The tag of C++ exceptions.
    pub(crate) tag: ItemId,
}

impl Terminate {
    fn find(plan: &Plan) -> Option<Self> {
        let function = function(plan, invoke::TERMINATE)?;
        let Root::Item(ExternalKind::Tag, tag) = plan.symbol_export(invoke::CPP_EXCEPTION)?.root
        else {
            return None;
        };
        Some(Terminate { function, tag })
    }

    /// Returns the export by which a host calls the function.
    pub(crate) fn export(&self) -> NewExport {
        let root = Root::Item(ExternalKind::Func, self.function);
        NewExport { name: invoke::TERMINATE.to_owned(), root }
    }

    pub(crate) fn roots(&self) -> [Root; 2] {
        let tag = Root::Item(ExternalKind::Tag, self.tag);
        [Root::Item(ExternalKind::Func, self.function), tag]
    }
}

/// A function that is called at the end of a program.
pub(crate) struct ExitCall {
    pub(crate) name: &'static str,
    pub(crate) function: ItemId,
}

impl ExitCall {
    pub(crate) fn export(&self) -> NewExport {
        NewExport { name: self.name.to_owned(), root: self.root() }
    }

    pub(crate) fn root(&self) -> Root {
        Root::Item(ExternalKind::Func, self.function)
    }
}

impl ExitHooks {
    /// Returns those of a component that is not a command. Nobody finishes it, so only buffered
    /// output is written.
    pub(crate) fn of_component_library(mut self) -> Self {
        self.finish = self.finish.limited_to(Finish { flush: true, ..Finish::NOTHING });
        self.calls.retain(|call| call.name == FLUSH);
        self
    }

    /// Finds the functions that have work at the end of a program of which `live` is needed.
    pub(crate) fn find(program: &Program<'_>, live: &Live) -> Self {
        let plan = program.targets.plan;
        let finish = Finish::of(&plan.set.inputs).limited_to(Finish {
            at_exit: registers_at_exit().any(|name| is_live(plan, live, name)),
            destructors: has_work(program, CALL_DESTRUCTORS),
            flush: holds_output_back(program, live),
        });
        ExitHooks {
            finish,
            calls: finish.functions().filter_map(|name| exit_call(plan, name)).collect(),
            terminate: Terminate::find(plan).filter(|_| is_live(plan, live, invoke::THROW)),
        }
    }
}

fn function(plan: &Plan, name: &str) -> Option<ItemId> {
    plan.definition(name).map(|definition| plan.set.item(definition))
}

fn exit_call(plan: &Plan, name: &'static str) -> Option<ExitCall> {
    Some(ExitCall { name, function: function(plan, name)? })
}

fn is_live(plan: &Plan, live: &Live, name: &str) -> bool {
    function(plan, name).is_some_and(|id| live.has_code(id))
}

/// Returns whether a function is there and does anything.
fn has_work(program: &Program<'_>, name: &str) -> bool {
    function(program.targets.plan, name)
        .is_some_and(|id| effects(program.targets, &program.contents, id) != Some(Vec::new()))
}

/// Returns whether libc may hold output back: whether anything fills the buffer of a stream, or
/// writes at all if libc does not name the function that fills buffers.
fn holds_output_back(program: &Program<'_>, live: &Live) -> bool {
    let plan = program.targets.plan;
    let Some(libc) = plan.definition(FLUSH) else { return false };
    if let Some(fill) = plan.definition(FILL).filter(|fill| fill.module == libc.module) {
        return live.has_code(plan.set.item(fill));
    }
    live.imports.any(|id| match program.targets.function(id) {
        FunctionTarget::Host(import) => {
            id.module == libc.module && import.module == WASI && import.name == "fd_write"
        }
        _ => false,
    })
}

/// Returns the function that is called instead of `proc_exit`, if anything that is needed ends the
/// program.
pub(crate) fn exit(program: &Program<'_>, live: &Live) -> Option<Root> {
    let exits = program.targets.plan.set.synthetic(SyntheticKind::Exit)?;
    let mut targets = live.imports.iter().map(|id| program.targets.function(id));
    targets.find_map(|target| match target {
        FunctionTarget::Defined(id) if id.module == exits => {
            Some(Root::Item(ExternalKind::Func, id))
        }
        _ => None,
    })
}
