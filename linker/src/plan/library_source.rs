//! Where the libraries of a program come from.

use std::collections::HashMap;

use crate::fault::Fault;
use crate::limits::InputLimits;
use crate::plan::input::InputModule;
use crate::plan::system_libraries;

/// Where shared libraries that are needed but not given come from.
pub trait LibrarySource {
    /// Returns the library of a file name that the module `by` lists as needed. No system library: these
    /// come from [`LibrarySource::system`], also where a module needs one by name and this does not find it.
    ///
    /// # Errors
    ///
    /// A [`Fault`], when it is not found or cannot be used.
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault>;

    /// Returns a system library by its file, one of [`system_libraries`](crate::system_libraries), if it
    /// is there. It joins only if a symbol of it is wanted, or another system library needs it.
    fn system(&mut self, file: &str) -> Option<InputModule>;

    /// What holds for all modules together, those that are given too.
    fn limits(&self) -> InputLimits {
        InputLimits::default()
    }
}

/// No libraries but those that are given.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLibraries;

impl LibrarySource for NoLibraries {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let (by, name) = (by.module.name.clone(), name.to_owned());
        Err(Fault::LibraryNotFound { by, name, tried: Vec::new() })
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

/// The system libraries, each asked for once.
#[derive(Debug, Default)]
pub(crate) struct SystemLibraries(HashMap<&'static str, Option<InputModule>>);

impl SystemLibraries {
    /// Returns the system library of a file.
    pub(crate) fn get(
        &mut self,
        file: &'static str,
        library: &mut dyn LibrarySource,
    ) -> Option<InputModule> {
        let read = || library.system(file).map(|input| input.into_system(file));
        self.0.entry(file).or_insert_with(read).clone()
    }

    /// Returns the system library that another one needs.
    pub(crate) fn needed(
        &mut self,
        name: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<InputModule, Fault> {
        let Some(file) = system_libraries::system_library(name) else {
            return library.needed(name, by);
        };
        match self.get(file, library) {
            Some(input) => Ok(input),
            // The fault tells where it was looked for.
            None => library.needed(name, by).map(|input| input.into_system(file)),
        }
    }

    /// Returns the library that a module needs, which is no system library; `None` if there is none, but a
    /// system library of that name: that joins when a symbol of it is wanted.
    pub(crate) fn or_needed(
        &mut self,
        name: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Option<InputModule>, Fault> {
        check_file_name(name, &by.module.name)?;
        match (library.needed(name, by), system_libraries::system_library(name)) {
            (Err(Fault::LibraryNotFound { .. }), Some(file))
                if self.get(file, library).is_some() =>
            {
                Ok(None)
            }
            (needed, _) => needed.map(Some),
        }
    }
}

/// A library is looked for in folders that somebody has named: its name must not lead out of them, on any system.
pub(crate) fn check_file_name(name: &str, by: &str) -> Result<(), Fault> {
    let leads_out = name.contains(['/', '\\', ':', '\0']) || name == "." || name == "..";
    if leads_out || name.is_empty() {
        return Err(Fault::LibraryName { by: by.to_owned(), name: name.to_owned() });
    }
    Ok(())
}
