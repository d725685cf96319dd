//! The Jupyter kernel: ZeroMQ sockets in front of an [`Engine`](crate::engine::Engine).
//!
//! Everything that needs no compiler is answered at once by [`shell`], also while a cell runs and
//! while the engine is still being prepared. Cells go through a queue to the one thread that owns
//! the engine ([`worker`]). [`content`] has the bodies of the messages, [`sockets`] the sockets.
mod content;
pub(crate) use content::stream;
pub(crate) mod is_complete;
mod shell;
mod sockets;
mod worker;

use crate::engine::{EngineOptions, Interrupter};
use crate::error::{At, Error, Result};
use jupyter_protocol::ConnectionInfo;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Serves a notebook: what `tunebook kernel CONNECTION_FILE` does. Returns after a shutdown
/// request, SIGTERM, or the end of the program that started it.
///
/// `home` is `TUNEBOOK_HOME`; its seed may be missing: then each cell says how to make one.
///
/// ```no_run
/// use tunebook_kernel::{engine::EngineOptions, server};
///
/// fn main() -> Result<(), tunebook_kernel::Error> {
///     tunebook_kernel::run_if_child();
///     server::serve("connection.json".as_ref(), "/home/me/.local/share/tunebook/0.1.0".as_ref(), EngineOptions::default())
/// }
/// ```
pub fn serve(connection_file: &Path, home: &Path, options: EngineOptions) -> Result<()> {
    let text = std::fs::read_to_string(connection_file).at(connection_file)?;
    let connection: ConnectionInfo = serde_json::from_str(&text).map_err(|error| {
        Error::new(format!("{}: not a Jupyter connection file: {error}", connection_file.display()))
            .with_mend("Jupyter writes it when it starts a kernel; open a notebook instead")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .at("the kernel's sockets")?;
    let interrupter = Interrupter::new(options.grace);
    let names = options.commands.as_ref().map(|commands| commands.names()).unwrap_or_default();
    let worker_thread = runtime.block_on(async {
        let (publisher, shell_sockets) = sockets::bind(&connection).await?;
        let queue = Arc::new(worker::Queue::default());
        let worker = worker::start(home, options, interrupter.clone(), publisher.clone(), Arc::clone(&queue))?;
        let shell = shell::Shell::new(publisher, queue, interrupter.clone(), names);
        shell.run(shell_sockets).await;
        Ok(worker)
    })?;
    // The engine ends its processes and removes its session; a cell that runs must not delay that.
    interrupter.close();
    let asked = std::time::Instant::now();
    while !worker_thread.is_finished() && asked.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(10));
    }
    runtime.shutdown_timeout(Duration::from_millis(300));
    Ok(())
}
