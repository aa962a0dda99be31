//! Decides what runs at the start of a fused program, and who calls it.

use crate::convention::START;
use crate::fuse::exit_hooks::ExitCall;
use crate::fuse::exports::NewExport;
use crate::fuse::options::FuseOptions;
use crate::fuse::program::{Initialiser, Program, Start};
use crate::plan::layout::ItemId;
use crate::write::live::Live;

/// A call at the start of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartCall {
    pub(crate) function: ItemId,
    /// Whether the function takes the address of the block of its module's thread-local variables.
    pub(crate) takes_block: bool,
    /// The number of its results, which mean nothing.
    pub(crate) results: usize,
}

/// The functions that run at the start of a program and cannot run before it is written.
pub(crate) struct Startup {
    /// The functions that the engine calls when it instantiates the module.
    pub(crate) instantiate: Vec<StartCall>,
    /// The functions that the export `_initialize` calls. There is no such export if there
    /// are none.
    pub(crate) initialize: Vec<StartCall>,
    /// The calls around the work of a command; `None` for a program that is not one.
    pub(crate) command: Option<CommandCalls>,
}

/// The calls around the work of a command.
pub(crate) struct CommandCalls {
    pub(crate) before: Vec<StartCall>,
    pub(crate) after: Vec<ExitCall>,
}

/// Returns whether one call runs the program, with all that happens before and after.
pub(crate) fn is_command(options: &FuseOptions, exports: &[NewExport]) -> bool {
    let has_start = exports.iter().any(|export| export.name == START);
    options.invoke.is_some() || has_start && !options.has_separate_start()
}

impl Startup {
    /// Decides who calls which function. `exit_calls` are those of a command, and `None` for any
    /// other program.
    pub(crate) fn new(
        program: &Program<'_>,
        live: &Live,
        options: &FuseOptions,
        exit_calls: Option<Vec<ExitCall>>,
    ) -> Self {
        let starts = start_functions(program, live);
        let initialisers = initialisers(program, live);
        // The first call of a user comes soon enough for start functions too.
        let is_component = options.component.is_some();
        let user_calls = options.preinit || is_component || !initialisers.is_empty();
        let all: Vec<_> = starts.iter().chain(&initialisers).copied().collect();
        match exit_calls {
            Some(after) if options.preinit => Startup {
                instantiate: Vec::new(),
                initialize: all,
                command: Some(CommandCalls { before: Vec::new(), after }),
            },
            Some(after) => Startup {
                instantiate: Vec::new(),
                initialize: Vec::new(),
                command: Some(CommandCalls { before: all, after }),
            },
            None if user_calls => {
                Startup { instantiate: Vec::new(), initialize: all, command: None }
            }
            None => Startup { instantiate: starts, initialize: Vec::new(), command: None },
        }
    }
}

/// Returns the start functions with effects that are not known before the program runs.
fn start_functions(program: &Program<'_>, live: &Live) -> Vec<StartCall> {
    let order = program.targets.plan.layout.order.iter();
    let active = order.filter(|&module| live.active.contains(module));
    let starts = active.filter_map(|&module| program.starts[module].as_ref());
    let starts = starts.filter(|start| start.effects.is_none());
    let call =
        |start: &Start| StartCall { function: start.function, takes_block: false, results: 0 };
    starts.map(call).collect()
}

/// Returns the initialisers that must run when the program starts.
fn initialisers(program: &Program<'_>, live: &Live) -> Vec<StartCall> {
    let left = program.initialisers.iter().filter(|call| !call.is_done());
    let active = left.filter(|call| live.active.contains(&call.function.module));
    let call = |call: &Initialiser| StartCall {
        function: call.function,
        takes_block: call.takes_block,
        results: call.results,
    };
    active.map(call).collect()
}
