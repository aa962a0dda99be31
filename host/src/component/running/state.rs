//! The data of a component's store.

use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use crate::error::Error;
use crate::limits::{Limiter, Limits};
use crate::process::wasi::Wasi;

/// The data of the store of a component.
pub(super) struct ComponentState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoRequests,
    table: ResourceTable,
    pub(super) limiter: Limiter,
}

impl ComponentState {
    fn new(wasi: &Wasi, limits: &Limits) -> Result<Self, Error> {
        let mut table = ResourceTable::new();
        if let Some(limit) = limits.max_open_files {
            // Besides files, these are streams, timers, and parts of HTTP messages.
            table.set_max_capacity(limit.saturating_add(wasi.directories.len()));
        }
        Ok(ComponentState {
            wasi: wasi.build_preview2(limits)?,
            http: WasiHttpCtx::new(),
            hooks: NoRequests,
            table,
            limiter: Limiter::new(limits),
        })
    }

    /// Creates a store for one instance.
    pub(super) fn store(
        engine: &Engine,
        wasi: &Wasi,
        limits: &Limits,
    ) -> Result<Store<Self>, Error> {
        let mut store = Store::new(engine, ComponentState::new(wasi, limits)?);
        store.limiter(|state| &mut state.limiter);
        Ok(store)
    }
}

impl WasiView for ComponentState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for ComponentState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Refuses the requests that a component sends: guests have no network.
struct NoRequests;

/// The response to a request that a component sent, and the end of its transfer.
type Response = (hyper::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>);

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: hyper::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Response, HttpError>> + Send> {
        Box::new(async { Err(HttpError::HttpRequestDenied) })
    }
}

/// Finds the definition of each import of a component. Nothing is instantiated.
///
/// # Errors
///
/// [`Error::ComponentImports`] if the host does not define one.
pub(super) fn link(
    name: &str,
    component: &Component,
) -> Result<InstancePre<ComponentState>, Error> {
    let setup = |error: wasmtime::Error| Error::Setup { message: Error::message(&error) };
    let mut functions = Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut functions).map_err(setup)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut functions).map_err(setup)?;
    functions.instantiate_pre(component).map_err(|error| {
        let ty = component.component_type();
        let imports = ty.imports(component.engine()).map(|(name, _)| name);
        let others = imports.filter(|name| !name.starts_with("wasi:"));
        let mut missing: Vec<_> =
            others.map(|name| format!("`{}`", linker::printable(name))).collect();
        if missing.is_empty() {
            missing.push(format!("what is not in WASI preview 2 ({})", Error::message(&error)));
        }
        Error::ComponentImports { component: name.to_owned(), missing }
    })
}
