//! Libraries that an embedder opens in a program that runs.

use linker::dynamic::LoadedSymbol;
use wasmtime::{AsContextMut, Func};

use super::abi::now;
use super::libraries::{Accessor, Failure};
use super::session::{CallMode, OpenFlags, Session};
use crate::error::Error;

/// Opens libraries in programs that run, as these can themselves: see [`Linker::enable_dlopen`].
///
/// [`Linker::enable_dlopen`]: crate::Linker::libraries
pub struct Loader<T: 'static> {
    accessor: Accessor<T>,
}

/// A library that is open in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LibraryHandle {
    handle: u32,
}

impl<T> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loader<T> {}

impl<T> std::fmt::Debug for Loader<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Loader<T> {
    pub(crate) fn new(accessor: Accessor<T>) -> Self {
        Loader { accessor }
    }

    /// Opens the library of a name, which is looked for among the [`Files`](crate::Files) of the store's
    /// [`Libraries`].
    ///
    /// # Errors
    ///
    /// All that keeps it from being linked, or a constructor that does not return: the program is as before. If
    /// guest code ends in another way, by an exit for example, [`Error::Start`].
    pub fn open(
        &self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        flags: OpenFlags,
    ) -> Result<LibraryHandle, Error> {
        let mut session = self.session(&mut store, CallMode::Sync);
        let opened = now(async { Ok(session.open(name, None, flags).await) });
        Self::opened(name, opened.unwrap_or_else(|error| Err(error.into())))
    }

    /// As [`Loader::open`], for stores whose host functions may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn open_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        flags: OpenFlags,
    ) -> Result<LibraryHandle, Error> {
        Self::opened(name, self.session(&mut store, CallMode::Async).open(name, None, flags).await)
    }

    /// A function of a library or of one that it needs; `None` if none defines it.
    ///
    /// # Errors
    ///
    /// When the library is not open.
    pub fn get_func(
        &self,
        mut store: impl AsContextMut<Data = T>,
        library: LibraryHandle,
        name: &str,
    ) -> Result<Option<Func>, Error> {
        let mut session = self.session(&mut store, CallMode::Sync);
        match session.symbol(library.handle, name).map_err(|failure| failed(name, failure))? {
            Some(LoadedSymbol::Function(function)) => {
                session.function(function).map(Some).map_err(|failure| failed(name, failure))
            }
            _ => Ok(None),
        }
    }

    /// The address of a variable of a library or of one that it needs, or the slot of a function in the
    /// program's table; `None` if none defines it.
    ///
    /// # Errors
    ///
    /// When the library is not open, or the table has no room for a function.
    pub fn address(
        &self,
        mut store: impl AsContextMut<Data = T>,
        library: LibraryHandle,
        name: &str,
    ) -> Result<Option<u32>, Error> {
        let mut session = self.session(&mut store, CallMode::Sync);
        let symbol = session.symbol(library.handle, name);
        match symbol.map_err(|failure| failed(name, failure))? {
            None => Ok(None),
            Some(LoadedSymbol::Data(address)) => Ok(Some(address)),
            Some(LoadedSymbol::Function(function)) => {
                session.slot(function).map(Some).map_err(|failure| failed(name, failure))
            }
        }
    }

    /// Closes a library. When nobody has it open its destructors run, and its memory and slots are free: pointers
    /// to its functions trap from then on.
    ///
    /// # Errors
    ///
    /// When it is not open, or a destructor does not return.
    pub fn close(
        &self,
        mut store: impl AsContextMut<Data = T>,
        library: LibraryHandle,
    ) -> Result<(), Error> {
        let mut session = self.session(&mut store, CallMode::Sync);
        let closed = now(async { Ok(session.close(library.handle).await) });
        closed.unwrap_or_else(|error| Err(error.into())).map_err(|failure| failed(CLOSED, failure))
    }

    /// As [`Loader::close`], for stores whose host functions may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn close_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
        library: LibraryHandle,
    ) -> Result<(), Error> {
        let mut session = self.session(&mut store, CallMode::Async);
        session.close(library.handle).await.map_err(|failure| failed(CLOSED, failure))
    }

    fn session<'s>(
        &self,
        store: &'s mut impl AsContextMut<Data = T>,
        mode: CallMode,
    ) -> Session<'s, T> {
        Session::new(store.as_context_mut(), self.accessor, mode)
    }

    fn opened(name: &str, opened: Result<u32, Failure>) -> Result<LibraryHandle, Error> {
        opened.map(|handle| LibraryHandle { handle }).map_err(|failure| failed(name, failure))
    }
}

/// How errors call a library that is closed.
const CLOSED: &str = "a library that is closed";

fn failed(name: &str, failure: Failure) -> Error {
    match failure {
        Failure::Refused(message) => Error::Library { name: name.to_owned(), message },
        Failure::End(error) => Error::start(format!("`{}`", linker::printable(name)), error),
    }
}
