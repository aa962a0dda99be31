//! `host serve`: answers HTTP requests by a component.

use std::path::Path;
#[cfg(unix)]
use std::{future::poll_fn, task::Poll};

use host::Server;

use super::console::complain;
use super::flags::ServeFlags;

pub(crate) fn run(flags: &ServeFlags) -> anyhow::Result<()> {
    let server = Server::bind(
        flags.addr,
        Path::new(&flags.component),
        &flags.settings(),
        &flags.serve(),
        flags.wasi(),
    )?;
    // On the standard error, because the standard output is the component's.
    complain(&format!("listening on http://{}/", server.address()?));
    let first = async {
        end().await;
        let grace = humantime::format_duration(flags.grace);
        complain(&format!(
            "ending: waiting at most {grace} for requests that are being answered; interrupt again to \
             end now"
        ));
    };
    server.run(first, end(), |request, error| complain(&format!("error: {request}: {error}")));
    Ok(())
}

/// Waits until the user or the system asks this program to end.
pub(super) async fn end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
            poll_fn(|context| match interrupted.as_mut().poll(context) {
                Poll::Pending => terminate.poll_recv(context).map(drop),
                Poll::Ready(_) => Poll::Ready(()),
            })
            .await;
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
