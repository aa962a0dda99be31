//! The interface for embedders that open libraries in a running program.

use linker::dynamic::LoadedSymbol;
use wasmtime::{AsContextMut, Func};

use super::abi::now;
use super::libraries::{Accessor, Failure};
use super::session::{CallMode, OpenFlags, Session};
use crate::error::Error;

/// A handle with which embedders open libraries in running programs: see [`Linker::enable_dlopen`].
///
/// [`Linker::enable_dlopen`]: crate::Linker::enable_dlopen
pub struct Loader<T: 'static> {
    accessor: Accessor<T>,
}

/// A library that is open in a store. It stays open until it is closed with [`Loader::close`].
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

    /// Opens the library with a name. The [`Files`](crate::Files) of the store's
    /// [`Libraries`](crate::Libraries) find it.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] with all faults if it cannot be found or linked, or if a constructor
    /// traps: the program is then as before. [`Error::Start`] if guest code ends in another way,
    /// for example by an exit.
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

    /// Opens a library like [`Loader::open`], in a store whose host functions are asynchronous.
    ///
    /// # Errors
    ///
    /// The errors of [`Loader::open`].
    pub async fn open_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        flags: OpenFlags,
    ) -> Result<LibraryHandle, Error> {
        Self::opened(name, self.session(&mut store, CallMode::Async).open(name, None, flags).await)
    }

    /// Returns a function of a library or of the libraries that it needs, or `None` if none defines
    /// it.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] if the library is not open.
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

    /// Returns the address of a variable of a library or of the libraries that it needs, in bytes,
    /// or the slot of a function in the program's table. Returns `None` if none defines it.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] if the library is not open, or the table has no room for a function.
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

    /// Closes a library. When it has no more users, its destructors run and its memory and slots
    /// are freed. Pointers to its functions trap from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] if it is not open; [`Error::Start`] if a destructor does not return.
    pub fn close(
        &self,
        mut store: impl AsContextMut<Data = T>,
        library: LibraryHandle,
    ) -> Result<(), Error> {
        let mut session = self.session(&mut store, CallMode::Sync);
        let closed = now(async { Ok(session.close(library.handle).await) });
        closed.unwrap_or_else(|error| Err(error.into())).map_err(|failure| failed(CLOSED, failure))
    }

    /// Closes a library like [`Loader::close`], in a store whose host functions are asynchronous.
    ///
    /// # Errors
    ///
    /// The errors of [`Loader::close`].
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

/// The name of a closed library in errors.
const CLOSED: &str = "a library that is closed";

fn failed(name: &str, failure: Failure) -> Error {
    match failure {
        Failure::Refused(message) => Error::Library { name: name.to_owned(), message },
        Failure::End(error) => Error::start(format!("`{}`", linker::printable(name)), error),
    }
}
