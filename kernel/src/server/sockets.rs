//! The five sockets. Each sending half belongs to a task that takes messages from a channel, so
//! that any thread can send without waiting.
use crate::error::{Error, Result};
use jupyter_protocol::{ConnectionInfo, JupyterMessage, JupyterMessageContent, UnknownMessage};
use jupyter_zmq_client as zmq;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A request and the socket that its reply goes to.
pub(super) struct Incoming {
    pub message: JupyterMessage,
    pub replies: UnboundedSender<JupyterMessage>,
}

/// Sends to all who listen.
#[derive(Clone)]
pub(super) struct Publisher {
    sender: UnboundedSender<JupyterMessage>,
}

impl Publisher {
    /// Publishes a message that belongs to a request.
    pub(super) fn publish(&self, kind: &str, content: Value, parent: Option<&JupyterMessage>) {
        let topic = format!("kernel.{kind}").into_bytes();
        let message = message(kind, content, parent).with_zmq_identities(vec![topic.into()]);
        // Nobody listens after the sockets are closed.
        let _ = self.sender.send(message);
    }

    /// Publishes busy, idle or starting.
    pub(super) fn status(&self, state: &str, parent: Option<&JupyterMessage>) {
        self.publish("status", serde_json::json!({ "execution_state": state }), parent);
    }
}

/// A message with a body as it is.
pub(super) fn message(kind: &str, content: Value, parent: Option<&JupyterMessage>) -> JupyterMessage {
    let content = UnknownMessage { msg_type: kind.to_owned(), content };
    JupyterMessage::new(JupyterMessageContent::UnknownMessage(content), parent)
}

/// Opens the sockets; returns what publishes and what receives requests.
pub(super) async fn bind(connection: &ConnectionInfo) -> Result<(Publisher, UnboundedReceiver<Incoming>)> {
    let session = format!("tunebook-{}", std::process::id());
    let failed = |error: zmq::RuntimeError| {
        Error::new(format!("the kernel cannot open its sockets: {error}")).with_mend("restart the kernel")
    };
    let iopub = zmq::create_kernel_iopub_connection(connection, &session).await.map_err(failed)?;
    let shell = zmq::create_kernel_shell_connection(connection, &session).await.map_err(failed)?;
    let control = zmq::create_kernel_control_connection(connection, &session).await.map_err(failed)?;
    let stdin = zmq::create_kernel_stdin_connection(connection, &session).await.map_err(failed)?;
    let mut heartbeat = zmq::create_kernel_heartbeat_connection(connection).await.map_err(failed)?;

    tokio::spawn(async move {
        // The stdin socket must exist; cells cannot ask for input.
        let _open = stdin;
        loop {
            if heartbeat.single_heartbeat().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    let (publish, to_publish) = unbounded_channel();
    tokio::spawn(publish_all(iopub, to_publish));
    let (requests, incoming) = unbounded_channel();
    for connection in [shell, control] {
        let (sending, receiving) = connection.split();
        let (replies, to_send) = unbounded_channel();
        tokio::spawn(reply_all(sending, to_send));
        tokio::spawn(receive_all(receiving, replies, requests.clone()));
    }
    Ok((Publisher { sender: publish }, incoming))
}

async fn publish_all(mut socket: zmq::KernelIoPubConnection, mut messages: UnboundedReceiver<JupyterMessage>) {
    while let Some(message) = messages.recv().await {
        // A client that has gone away loses its messages, nobody else's.
        let _ = socket.send(message).await;
    }
}

async fn reply_all(mut socket: zmq::RouterSendConnection, mut messages: UnboundedReceiver<JupyterMessage>) {
    while let Some(message) = messages.recv().await {
        let _ = socket.send(message).await;
    }
}

async fn receive_all(
    mut socket: zmq::RouterRecvConnection,
    replies: UnboundedSender<JupyterMessage>,
    requests: UnboundedSender<Incoming>,
) {
    loop {
        match socket.read().await {
            Ok(message) => {
                if requests.send(Incoming { message, replies: replies.clone() }).is_err() {
                    return;
                }
            }
            // Not signed with our key, or not a Jupyter message: not for us.
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}
