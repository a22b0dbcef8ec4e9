//! The server: binds, speaks TLS, serves until it is told to stop.
//!
//! Driven by gateway's `main`. It returns as soon as it listens; the work runs in its own task.

use std::net::SocketAddr;

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::Shared;
use crate::gate::Gate;
use crate::{Doors, WebConfig, limits, router, tls};

/// The web server could not start.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A file or socket refused.
    #[error("web server: {0}")]
    Io(#[from] std::io::Error),
    /// No usable key and certificate.
    #[error("web server's certificate: {0}")]
    Tls(String),
    /// The store did not give its settings.
    #[error("web server's sign-in: {0}")]
    SignIn(String),
}

/// A server that listens.
#[derive(Debug)]
pub struct Served {
    /// Where; the port is the real one where 0 was asked.
    pub addr: SocketAddr,
    /// The one-time sign-in code, for the console only; `None` once a password is set.
    pub sign_in_code: Option<String>,
    /// Ends after `shutdown` and the running requests.
    pub task: JoinHandle<()>,
}

/// Starts the web server; it stops when `shutdown` resolves.
///
/// # Errors
/// The address cannot be bound, `data_dir` cannot be written, the store does not answer.
pub async fn serve(
    config: WebConfig,
    doors: Doors,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, WebError> {
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let tls = tls::server_config(&config.data_dir, addr.ip())?;
    let (app, sign_in_code) = Shared::open(config, doors).await?;
    let service = router::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();

    let handle = Handle::new();
    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(tls))
        .handshake_timeout(limits::HEADER_TIME)
        .acceptor(Gate::new(limits::CONNECTIONS));
    let mut server = axum_server::from_tcp(listener.into_std()?)?
        .acceptor(acceptor)
        .handle(handle.clone());
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits::HEARTBEAT);

    let pump = tokio::spawn(app.clone().pump());
    let task = tokio::spawn(async move {
        let serving = tokio::spawn(server.serve(service));
        shutdown.await;
        app.stop();
        handle.graceful_shutdown(Some(limits::DRAIN_TIME));
        if let Ok(Err(error)) = serving.await {
            tracing::warn!(%error, "web server stopped with an error");
        }
        pump.abort();
    });
    Ok(Served {
        addr,
        sign_in_code,
        task,
    })
}
