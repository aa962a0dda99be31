//! The source of the libraries that a program needs.

use crate::fault::Fault;
use crate::hash::HashMap;
use crate::limits::InputLimits;
use crate::plan::input::InputModule;
use crate::plan::system_libraries;

/// A source of libraries that modules need and that were not given.
///
/// A caller implements it, because this crate opens no file.
pub trait LibrarySource {
    /// Returns the library with a file name that the module `by` lists as needed.
    ///
    /// It need not find system libraries: [`LibrarySource::system`] provides those, also when a
    /// module lists one as needed.
    ///
    /// # Errors
    ///
    /// [`Fault::LibraryNotFound`] when there is no such file; another fault when it cannot be used.
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault>;

    /// Returns the system library with a file name of
    /// [`system_libraries`](crate::system_libraries), if it is there. It joins only if one of its
    /// symbols is wanted, or another system library needs it.
    fn system(&mut self, file: &str) -> Option<InputModule>;

    /// Returns symbols that a program must define although no module imports them. If only a system
    /// library defines one, it joins.
    fn required(&self) -> &[String] {
        &[]
    }

    /// Returns the limits on all modules together, those that were given included.
    fn limits(&self) -> InputLimits {
        InputLimits::default()
    }
}

/// A source without libraries, for programs whose modules are all given.
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

/// The system libraries that were looked up, so that each is read once.
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
            // Its fault lists the folders that were searched.
            None => library.needed(name, by).map(|input| input.into_system(file)),
        }
    }

    /// Returns the library that a module needs, except system libraries. Returns `None` if there is
    /// only a system library of that name: it joins when one of its symbols is wanted.
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

/// Checks that the name of a needed library is a file name. It must not lead out of the folders in
/// which libraries are looked up, on any operating system.
pub(crate) fn check_file_name(name: &str, by: &str) -> Result<(), Fault> {
    let leads_out = name.contains(['/', '\\', ':', '\0']) || name == "." || name == "..";
    if leads_out || name.is_empty() {
        return Err(Fault::LibraryName { by: by.to_owned(), name: name.to_owned() });
    }
    Ok(())
}
