//! The host's way to the engine, shared by its threads.
use crate::message::{Event, write_line};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

/// Sends events, one at a time. Without the lock the end of a cell can get into the middle of a long output, for a
/// socket takes a long line in pieces; the engine then reads neither and takes the host for dead.
#[derive(Clone)]
pub(super) struct Events(Arc<Mutex<UnixStream>>);

impl Events {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self(Arc::new(Mutex::new(socket)))
    }

    pub(super) fn send(&self, event: &Event) -> std::io::Result<()> {
        write_line(&*self.0.lock().unwrap_or_else(PoisonError::into_inner), event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Output, StreamName};
    use std::io::{BufRead, BufReader};

    #[test]
    fn events_of_two_threads_arrive_whole() {
        const EACH: usize = 200;
        let (ours, theirs) = UnixStream::pair().unwrap();
        let events = Events::new(ours);
        let flood = events.clone();
        let long = "x".repeat(1 << 19);
        std::thread::spawn(move || {
            for _ in 0..EACH {
                let text = long.clone();
                flood.send(&Event::Output(Output::Stream { name: StreamName::Stdout, text })).unwrap();
            }
        });
        std::thread::spawn(move || {
            for _ in 0..EACH {
                events.send(&Event::Running { running: false }).unwrap();
                std::thread::yield_now();
            }
        });
        let lines = BufReader::new(theirs).lines().map(|line| serde_json::from_str::<Event>(&line.unwrap()).unwrap());
        assert_eq!(lines.count(), 2 * EACH);
    }
}
