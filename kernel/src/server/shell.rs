//! Answers requests: at once where no compiler is needed, through the queue otherwise.
use super::content;
use super::is_complete::{Completeness, completeness};
use super::sockets::{Incoming, Publisher};
use super::worker::{Job, Queue, Work, complete_reply, reply};
use crate::engine::Interrupter;
use jupyter_protocol::JupyterMessageContent as Content;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

/// The loop over requests of the shell and the control socket.
pub(super) struct Shell {
    publisher: Publisher,
    queue: Arc<Queue>,
    interrupter: Interrupter,
    /// The course's commands: name and help.
    commands: Vec<(String, String)>,
}

impl Shell {
    pub(super) fn new(
        publisher: Publisher,
        queue: Arc<Queue>,
        interrupter: Interrupter,
        commands: Vec<(String, String)>,
    ) -> Self {
        Self { publisher, queue, interrupter, commands }
    }

    /// Answers until the kernel is asked to end.
    pub(super) async fn run(&self, mut requests: UnboundedReceiver<Incoming>) {
        self.publisher.status("starting", None);
        let parent = rustix::process::getppid();
        let mut look = tokio::time::interval(Duration::from_secs(1));
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate()).ok(), signal(SignalKind::interrupt()).ok());
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => if !self.answer(request) { break },
                    None => break,
                },
                () = received(&mut terminate) => break,
                () = received(&mut interrupt) => self.interrupter.interrupt(),
                // The program that started the kernel is gone: nobody can reach it any more.
                _ = look.tick() => if rustix::process::getppid() != parent { break },
            }
        }
        self.queue.close();
        // The reply to the shutdown request is on its way.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Answers a request; false when the kernel is to end.
    fn answer(&self, request: Incoming) -> bool {
        let work = match &request.message.content {
            Content::ExecuteRequest(cell) => Work::Execute(cell.clone()),
            Content::CompleteRequest(asked) => {
                let byte = byte_of(&asked.code, asked.cursor_pos);
                if let Some((matches, start)) = self.complete_command(&asked.code[..byte]) {
                    self.at_once(&request, "complete_reply", complete_reply(&asked.code, &matches, &(start..byte)));
                    return true;
                }
                if self.queue.running().is_some() {
                    self.at_once(&request, "complete_reply", complete_reply(&asked.code, &[], &(byte..byte)));
                    return true;
                }
                Work::Complete { code: asked.code.clone(), byte }
            }
            Content::InspectRequest(asked) => {
                if self.queue.running().is_some() {
                    let body = json!({ "status": "ok", "found": false, "data": {}, "metadata": {} });
                    self.at_once(&request, "inspect_reply", body);
                    return true;
                }
                let byte = byte_of(&asked.code, asked.cursor_pos);
                Work::Inspect { code: asked.code.clone(), byte }
            }
            _ => return self.answer_at_once(&request),
        };
        self.queue.push(Job { request, work });
        true
    }

    fn answer_at_once(&self, request: &Incoming) -> bool {
        match &request.message.content {
            Content::KernelInfoRequest(_) => self.at_once(request, "kernel_info_reply", content::kernel_info()),
            Content::IsCompleteRequest(asked) => {
                let body = match completeness(&asked.code) {
                    Completeness::Complete => json!({ "status": "complete" }),
                    Completeness::Incomplete(open) => json!({ "status": "incomplete", "indent": "    ".repeat(open) }),
                    Completeness::Invalid => json!({ "status": "invalid" }),
                };
                self.at_once(request, "is_complete_reply", body);
            }
            Content::HistoryRequest(_) => {
                self.at_once(request, "history_reply", json!({ "status": "ok", "history": [] }));
            }
            Content::CommInfoRequest(_) => {
                self.at_once(request, "comm_info_reply", json!({ "status": "ok", "comms": {} }));
            }
            Content::CommOpen(opened) => {
                // There is no target for it: the protocol wants it closed.
                let body = json!({ "comm_id": opened.comm_id.0, "data": {} });
                self.publisher.publish("comm_close", body, Some(&request.message));
            }
            Content::InterruptRequest(_) => {
                self.interrupter.interrupt();
                self.at_once(request, "interrupt_reply", json!({ "status": "ok" }));
            }
            Content::ShutdownRequest(asked) => {
                let body = json!({ "status": "ok", "restart": asked.restart });
                self.publisher.publish("shutdown_reply", body.clone(), Some(&request.message));
                self.at_once(request, "shutdown_reply", body);
                return false;
            }
            // Not part of the protocol as far as this kernel knows it.
            _ => {}
        }
        true
    }

    fn at_once(&self, request: &Incoming, kind: &str, body: Value) {
        let parent = Some(&request.message);
        self.publisher.status("busy", parent);
        reply(request, kind, body);
        self.publisher.status("idle", parent);
        if let Some(running) = self.queue.running() {
            // For whoever shows one status for the whole kernel: the cell still runs.
            self.publisher.status("busy", Some(&running));
        }
    }

    /// Completes the name of one of the course's commands at the end of `before`.
    fn complete_command(&self, before: &str) -> Option<(Vec<String>, usize)> {
        let typed = before.trim_start().strip_prefix(':')?;
        let matches: Vec<_> = self
            .commands
            .iter()
            .filter(|(name, _)| name.starts_with(typed))
            .map(|(name, _)| format!(":{name}"))
            .collect();
        (!matches.is_empty()).then(|| (matches, before.len() - typed.len() - 1))
    }
}

async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The byte of a position in characters.
fn byte_of(code: &str, chars: usize) -> usize {
    code.char_indices().nth(chars).map_or(code.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::byte_of;

    #[test]
    fn positions_are_characters() {
        assert_eq!(byte_of("né x", 2), 3);
        assert_eq!(byte_of("né x", 99), 5);
    }
}
