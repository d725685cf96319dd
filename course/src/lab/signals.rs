//! Ctrl-C and SIGTERM, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::{Error, Result};

/// Counts the signals that ask this process to end, instead of ending.
#[derive(Debug)]
pub(crate) struct Signals {
    count: Arc<AtomicUsize>,
    runtime: Option<Runtime>,
}

impl Signals {
    /// Begins to count. A hang-up still ends this process, unless `nohup` says otherwise; JupyterLab then ends by itself.
    pub(crate) fn catch() -> Result<Self> {
        let fail = |e: &std::io::Error| Error::io("signals", e);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|e| fail(&e))?;
        let count = Arc::new(AtomicUsize::new(0));
        let inside = runtime.enter();
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let mut signals = signal(kind).map_err(|e| fail(&e))?;
            let count = Arc::clone(&count);
            runtime.spawn(async move {
                while signals.recv().await.is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        drop(inside);
        Ok(Self { count, runtime: Some(runtime) })
    }

    /// How many have come.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
