//! A server that answers each HTTP request by a component.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::http::{Method, StatusCode, Uri};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};
use wasmtime::{
    Config, Enabled, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::program::{ComponentProgram, describe};
use super::state::ComponentState;
use crate::error::Error;
use crate::limits::{Limit, Limits};
use crate::process::explain::Stop;
use crate::process::settings::Settings;
use crate::process::wasi::Wasi;

/// How a [`Server`] answers requests.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServeSettings {
    /// The requests that are answered at the same time. Others wait.
    pub max_requests: usize,
    /// The requests that one instance answers, one after the other. With 1, each request has a new
    /// instance.
    pub max_reuse: usize,
    /// The time for requests that are being answered when the server ends.
    pub grace: Duration,
}

impl Default for ServeSettings {
    fn default() -> Self {
        ServeSettings { max_requests: 100, max_reuse: 1, grace: Duration::from_secs(10) }
    }
}

impl ServeSettings {
    /// Sets [`Self::max_requests`].
    #[must_use]
    pub fn with_max_requests(self, max_requests: usize) -> Self {
        ServeSettings { max_requests: max_requests.max(1), ..self }
    }

    /// Sets [`Self::max_reuse`].
    #[must_use]
    pub fn with_max_reuse(self, max_reuse: usize) -> Self {
        ServeSettings { max_reuse: max_reuse.max(1), ..self }
    }

    /// Sets [`Self::grace`].
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        ServeSettings { grace, ..self }
    }
}

/// The reason why a server does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be used.
    #[error(
        "cannot listen on {address}: {error}; choose another with `--addr`, such as 127.0.0.1:0 \
         for a port that is free"
    )]
    Listen { address: SocketAddr, error: io::Error },
    /// The component cannot answer requests, or the host cannot be set up.
    #[error(transparent)]
    Host(#[from] Error),
}

/// A server that answers each HTTP request by a component of the world `wasi:http/proxy`.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    handler: Arc<Handler>,
    grace: Duration,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// The time between two increments of the epoch, after which code lets other requests run.
const TICK: Duration = Duration::from_millis(10);

/// The core instances, memories and tables of a component, at most: its own modules, its adapter,
/// and what connects them.
const PARTS: u32 = 16;

/// Bytes that stay mapped of the memory of an instance that has ended.
const KEPT: usize = 1 << 20;

impl Server {
    /// Compiles the component in a file and listens on an address. Nothing is answered before
    /// [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`] if the address cannot be used; [`Error::NoServer`] if the file is no
    /// component that answers requests; [`Error::Read`] if it cannot be read; the errors of
    /// [`ComponentProgram::new`]; [`Error::Directory`], [`Error::Limit`] or [`Error::Trap`] if an
    /// instance cannot start.
    pub fn bind(
        address: SocketAddr,
        component: &Path,
        settings: &Settings,
        serve: &ServeSettings,
        wasi: Wasi,
    ) -> Result<Self, ServeError> {
        let program = compile(component, settings, serve)?;
        if !program.exports("wasi:http/incoming-handler") {
            let (component, functions) = (program.name().to_owned(), program.functions());
            return Err(Error::NoServer { component, functions }.into());
        }
        let proxy = ProxyPre::new(program.pre.clone());
        let proxy = proxy.map_err(|error| Error::compile(program.name(), &error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::Setup { message: error.to_string() })?;
        let listener = runtime.block_on(TcpListener::bind(address));
        let listener = listener.map_err(|error| ServeError::Listen { address, error })?;
        let handler = Arc::new(Handler {
            proxy,
            limits: settings.limits,
            wasi,
            permits: Semaphore::new(serve.max_requests),
            max_reuse: serve.max_reuse,
            idle: Mutex::default(),
        });
        tick(handler.proxy.engine().weak());
        // The first request gets this instance. What keeps one from starting is known now.
        let first = runtime.block_on(handler.first_instance())?;
        handler.keep(first);
        Ok(Server { runtime, listener, handler, grace: serve.grace })
    }

    /// Returns the address on which it listens.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `end` is ready, then those that are being answered, until `at_once` is
    /// ready. `report` gets each request that failed, and why.
    pub fn run(
        self,
        end: impl Future<Output = ()>,
        at_once: impl Future<Output = ()>,
        report: impl Fn(&str, &Error) + Send + Sync + 'static,
    ) {
        let Server { runtime, listener, handler, grace } = self;
        let report: Report = Arc::new(report);
        runtime.block_on(async move {
            let connections = Arc::new(GracefulShutdown::new());
            let accepted = Arc::clone(&connections);
            let accepting = tokio::spawn(accept(listener, handler, report, accepted));
            end.await;
            accepting.abort();
            // It has ended, and left the connections, when it has been waited for.
            let _ = accepting.await;
            if let Some(connections) = Arc::into_inner(connections) {
                let answered = tokio::time::timeout(grace, connections.shutdown());
                first_of(async { drop(answered.await) }, at_once).await;
            }
        });
        runtime.shutdown_timeout(Duration::ZERO);
    }
}

/// Waits for the result of `what`, at most for the time limit if there is one.
async fn within<T>(
    limit: Option<Duration>,
    what: &str,
    result: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(limit) = limit else { return result.await };
    let in_time = tokio::time::timeout(limit, result).await;
    in_time.unwrap_or_else(|_| Err(Error::limit(what, Limit::Time { limit })))
}

/// Waits until one of two futures is ready.
async fn first_of(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => second.as_mut().poll(context),
    })
    .await;
}

/// Increments the epoch of an engine as long as that is in use. This needs a thread of its own:
/// those of the runtime may all run code of guests, which lets go of them at the next epoch.
fn tick(engine: EngineWeak) {
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}

/// Accepts connections for ever, and answers the requests of each.
async fn accept(
    listener: TcpListener,
    handler: Arc<Handler>,
    report: Report,
    connections: Arc<GracefulShutdown>,
) {
    loop {
        // A connection that ended before it was accepted, or a lack of files, which passes.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(TICK).await;
            continue;
        };
        // Otherwise a small response waits until the client acknowledges the one before it.
        let _ = stream.set_nodelay(true);
        let (handler, report) = (Arc::clone(&handler), Arc::clone(&report));
        let service = service_fn(move |request| {
            let (handler, report) = (Arc::clone(&handler), Arc::clone(&report));
            async move { Ok::<_, Infallible>(answer(handler, request, report).await) }
        });
        let mut http = http1::Builder::new();
        let connection = http.timer(TokioTimer::new());
        let connection = connection.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watcher().watch(connection);
        // An error here is the client's: it has ended the connection.
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// Compiles the component in a file for a server.
fn compile(
    path: &Path,
    settings: &Settings,
    serve: &ServeSettings,
) -> Result<ComponentProgram, Error> {
    let compile =
        |pools| ComponentProgram::read_for(path, settings, &config(settings, serve, pools));
    let program = match compile(true) {
        // The system may not have as many addresses as the pools reserve.
        Err(Error::Setup { .. }) => compile(false)?,
        program => program?,
    };
    program.ok_or_else(|| {
        let component = linker::printable(&path.to_string_lossy()).into_owned();
        Error::NoComponent { component }
    })
}

type Report = Arc<dyn Fn(&str, &Error) + Send + Sync>;

/// Configures the engine of a server. With `pools`, memory for instances is reserved at the start,
/// so that an instance is made without system calls for its parts.
fn config(settings: &Settings, serve: &ServeSettings, pools: bool) -> Config {
    let mut config = settings.config();
    config.epoch_interruption(true);
    if pools {
        let instances = u32::try_from(serve.max_requests).unwrap_or(u32::MAX);
        let parts = instances.saturating_mul(PARTS);
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(instances)
            .total_core_instances(parts)
            // One is for the exceptions that are alive.
            .total_memories(instances.saturating_mul(2))
            .total_gc_heaps(instances)
            .total_tables(parts)
            .total_stacks(instances)
            .max_memories_per_component(1)
            .max_tables_per_component(PARTS)
            // What an instance has changed is written back, where the system tells what that is,
            // and not unmapped: the next instance then causes no page faults.
            .pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(KEPT)
            .table_keep_resident(KEPT / 16)
            .async_stack_keep_resident(KEPT / 16);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Makes instances and lets them answer requests.
struct Handler {
    proxy: ProxyPre<ComponentState>,
    limits: Limits,
    wasi: Wasi,
    permits: Semaphore,
    max_reuse: usize,
    idle: Mutex<VecDeque<Instance>>,
}

/// An instance that answers one request at a time.
struct Instance {
    store: Store<ComponentState>,
    proxy: Proxy,
    /// The requests that it has answered.
    answered: usize,
}

impl Handler {
    /// Returns an instance that has not answered all of its requests, or a new one.
    async fn instance(&self) -> Result<Instance, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(instance) = idle {
            return Ok(instance);
        }
        let engine = self.proxy.engine();
        let mut store = ComponentState::store(engine, &self.wasi, &self.limits)?;
        self.limit(&mut store)?;
        match self.proxy.instantiate_async(&mut store).await {
            Ok(proxy) => Ok(Instance { store, proxy, answered: 0 }),
            Err(error) => Err(match store.data().limiter.denied() {
                Some(limit) => Error::limit("the component", limit),
                None => describe(&self.limits, "the start of the component", &Stop::Error(error)),
            }),
        }
    }

    /// Returns an instance within the time limit of a request.
    async fn first_instance(&self) -> Result<Instance, Error> {
        within(self.limits.timeout, "the start of the component", self.instance()).await
    }

    /// Keeps an instance for a request.
    fn keep(&self, instance: Instance) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(instance);
    }

    /// Gives a store the fuel of one request, and lets its code be interrupted.
    fn limit(&self, store: &mut Store<ComponentState>) -> Result<(), Error> {
        if let Some(fuel) = self.limits.fuel {
            let set = store.set_fuel(fuel);
            set.map_err(|error| Error::Setup { message: Error::message(&error) })?;
        }
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(())
    }

    /// Lets an instance answer a request. The response goes to `response`, and is complete when
    /// this returns.
    async fn handle(
        &self,
        request: Request<Incoming>,
        response: oneshot::Sender<Result<Response<HyperOutgoingBody>, ErrorCode>>,
    ) -> Result<(), Error> {
        let failed = |error| describe(&self.limits, "`handle`", &Stop::Error(error));
        let mut instance = self.instance().await?;
        self.limit(&mut instance.store)?;
        let mut http = instance.store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request).map_err(failed)?;
        let response = http.new_response_outparam(response).map_err(failed)?;
        let handler = instance.proxy.wasi_http_incoming_handler();
        handler.call_handle(&mut instance.store, request, response).await.map_err(failed)?;
        instance.answered += 1;
        if instance.answered < self.max_reuse {
            self.keep(instance);
        }
        Ok(())
    }
}

/// Answers a request: by an instance, or by a status that says that it failed.
async fn answer(
    handler: Arc<Handler>,
    request: Request<Incoming>,
    report: Report,
) -> Response<HyperOutgoingBody> {
    if !names_host(&request) {
        return failure(StatusCode::BAD_REQUEST, "the request names no host\n");
    }
    let name = title(request.method(), request.uri());
    let (sender, receiver) = oneshot::channel();
    // It goes on when the response has begun, and ends when all of it is written.
    let task = tokio::spawn(async move {
        let Ok(_permit) = handler.permits.acquire().await else { return None };
        let handled = handler.handle(request, sender);
        let error = within(handler.limits.timeout, "`handle`", handled).await.err()?;
        report(&name, &error);
        Some(error)
    });
    if let Ok(Ok(response)) = receiver.await {
        return response;
    }
    match task.await {
        Ok(Some(Error::Limit { limit: Limit::Time { .. }, .. })) => {
            failure(StatusCode::GATEWAY_TIMEOUT, "the component took too long\n")
        }
        Ok(None) => failure(StatusCode::BAD_GATEWAY, "the component gave no response\n"),
        _ => failure(StatusCode::INTERNAL_SERVER_ERROR, "the component failed\n"),
    }
}

/// Returns whether a request says to which host it is sent, as WASI tells the component.
fn names_host(request: &Request<Incoming>) -> bool {
    let header = request.headers().get(HOST);
    request.uri().authority().is_some() || header.is_some_and(|host| host.to_str().is_ok())
}

/// Returns the request in messages.
fn title(method: &Method, uri: &Uri) -> String {
    linker::printable(&format!("{method} {}", uri.path())).into_owned()
}

fn failure(status: StatusCode, text: &'static str) -> Response<HyperOutgoingBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes()));
    let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
