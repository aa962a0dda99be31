//! Leaves out that libc reads the environment and the name of the program when it starts, if no
//! code relies on that.

use std::borrow::Cow;

use crate::fuse::options::FuseOptions;
use crate::plan::Plan;
use crate::plan::libc_choice;
use crate::plan::resolve::ImportTarget;
use crate::plan::set::Definition;

/// Variables of libc with the environment and the name of the program. Functions of libc read these
/// from the host when they first need them. Code that reads such a variable itself relies on a
/// constructor that has set it.
pub(crate) const SET_AT_START: [&str; 9] = [
    "__wasilibc_environ",
    "__environ",
    "___environ",
    "_environ",
    "environ",
    "__progname",
    "__progname_full",
    "program_invocation_name",
    "program_invocation_short_name",
];

/// The function of libc that its constructor calls to set the variables.
const FILL: &str = "__fill_environment";
/// The function of libc that is called instead, and does nothing.
const LEAVE: &str = "__leave_environment";

impl Plan {
    /// Returns the plan of the same program in which libc does not set the variables when it
    /// starts, unless a module, an export or a library that is opened later may read them.
    ///
    /// A program that never looks at its environment then does not ask the host for it, and runs
    /// where there is none.
    pub(crate) fn reading_environment_on_demand(&self, options: &FuseOptions) -> Cow<'_, Self> {
        let is_set = |export: &String| SET_AT_START.contains(&export.as_str());
        if options.dynamic || options.keep_all || options.exports.iter().any(is_set) {
            return Cow::Borrowed(self);
        }
        let mut plan = Cow::Borrowed(self);
        for (module, input) in self.set.inputs.iter().enumerate() {
            let is_libc = input.system.is_some_and(libc_choice::is_libc);
            if !is_libc || self.uses_variables_of(module) {
                continue;
            }
            let call = input.module.imports.iter().position(|import| import.name == FILL);
            if let (Some(call), Some(export)) = (call, input.definition(LEAVE)) {
                let leave = ImportTarget::Function(Definition { module, export });
                plan.to_mut().resolution[module][call] = leave;
            }
        }
        plan
    }

    /// Returns whether another module reads a variable of this libc that is set at the start.
    fn uses_variables_of(&self, libc: usize) -> bool {
        let modules = self.set.inputs.iter().zip(&self.resolution).enumerate();
        let others = modules.filter(|(module, _)| *module != libc);
        let mut imports = others.flat_map(|(_, (input, targets))| {
            input.module.imports.iter().map(|import| import.name.as_str()).zip(targets)
        });
        imports.any(|(name, target)| {
            let is_of_libc = target.definition().is_some_and(|it| it.module == libc);
            is_of_libc && SET_AT_START.contains(&name)
        })
    }
}
