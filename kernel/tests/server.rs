//! The Jupyter kernel, spoken to as Jupyter does.
use crate::support::{home, seed};
use jupyter_protocol::{
    CompleteRequest, ConnectionInfo, ExecuteRequest, InterruptRequest, IsCompleteRequest, JupyterMessage,
    JupyterMessageContent as Content, KernelInfoRequest, ReplyStatus, ShutdownRequest, Transport,
};
use jupyter_zmq_client as zmq;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tunebook_kernel::engine::EngineOptions;
use tunebook_kernel::{Error, server};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("server::kernel_info_comes_before_the_engine_is_ready", kernel_info_comes_before_the_engine_is_ready),
    ("server::a_cell_in_messages", a_cell_in_messages),
    ("server::an_error_aborts_the_queue", an_error_aborts_the_queue),
    ("server::an_interrupt_stops_training", an_interrupt_stops_training),
    ("server::a_kernel_without_a_seed_says_what_to_do", a_kernel_without_a_seed_says_what_to_do),
];

/// In the role of a kernel program: `serve HOME CONNECTION_FILE`.
pub(crate) fn serve_if_asked() -> Option<Result<(), Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, command, home, connection] = &arguments[..] else { return None };
    (command == "serve").then(|| server::serve(Path::new(connection), Path::new(home), EngineOptions::default()))
}

/// A running kernel and a client.
struct Kernel {
    process: Child,
    shell: zmq::ClientShellConnection,
    control: zmq::ClientControlConnection,
    iopub: zmq::ClientIoPubConnection,
    started: Instant,
    _folder: tempfile::TempDir,
}

impl Kernel {
    async fn start(home: &Path) -> Self {
        let (ports, listeners) = zmq::peek_ports_with_listeners([127, 0, 0, 1].into(), 5).await.unwrap();
        let info = ConnectionInfo {
            ip: "127.0.0.1".to_owned(),
            transport: Transport::TCP,
            shell_port: ports[0],
            iopub_port: ports[1],
            stdin_port: ports[2],
            control_port: ports[3],
            hb_port: ports[4],
            key: "secret".to_owned(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: None,
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connection.json");
        std::fs::write(&file, serde_json::to_string(&info).unwrap()).unwrap();
        drop(listeners);
        let started = Instant::now();
        let program = std::env::current_exe().unwrap();
        let process = Command::new(program).arg("serve").arg(home).arg(&file).spawn().unwrap();
        let identity = zmq::peer_identity_for_session("test").unwrap();
        let shell = loop {
            match zmq::create_client_shell_connection_with_identity(&info, "test", identity.clone()).await {
                Ok(shell) => break shell,
                Err(_) if started.elapsed() < Duration::from_secs(5) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        let control = zmq::create_client_control_connection(&info, "test").await.unwrap();
        let iopub = zmq::create_client_iopub_connection(&info, "", "test").await.unwrap();
        let mut kernel = Self { process, shell, control, iopub, started, _folder: folder };
        // Until the subscription is through, what is published is lost: ask until something comes.
        loop {
            kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
            kernel.reply().await;
            if tokio::time::timeout(Duration::from_millis(100), kernel.iopub.read()).await.is_ok() {
                break;
            }
        }
        while tokio::time::timeout(Duration::from_millis(200), kernel.iopub.read()).await.is_ok() {}
        kernel
    }

    async fn reply(&mut self) -> JupyterMessage {
        tokio::time::timeout(Duration::from_mins(2), self.shell.read()).await.expect("a reply").unwrap()
    }

    async fn send(&mut self, cell: ExecuteRequest) -> String {
        let message: JupyterMessage = cell.into();
        let id = message.header.msg_id.clone();
        self.shell.send(message).await.unwrap();
        id
    }

    /// What is published for a request, up to idle.
    async fn published(&mut self, id: &str) -> Vec<Content> {
        let mut all = Vec::new();
        loop {
            let message = tokio::time::timeout(Duration::from_mins(2), self.iopub.read()).await.expect("idle").unwrap();
            if message.parent_header.as_ref().is_none_or(|parent| parent.msg_id != id) {
                continue;
            }
            let idle = matches!(&message.content, Content::Status(status) if status.execution_state.as_str() == "idle");
            all.push(message.content);
            if idle {
                return all;
            }
        }
    }

    async fn execute(&mut self, code: &str) -> (Content, Vec<Content>) {
        let id = self.send(ExecuteRequest::new(code.to_owned())).await;
        let published = self.published(&id).await;
        (self.reply().await.content, published)
    }

    async fn shut_down(mut self) {
        self.control.send(ShutdownRequest { restart: false }.into()).await.unwrap();
        let asked = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < Duration::from_secs(6), "the kernel ends when asked to");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let own = format!("{}-", self.process.id());
        let sessions = std::fs::read_dir(home().join("sessions")).unwrap();
        assert!(!sessions.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(&own)));
    }
}

/// One kernel at a time: a port that one test has found free must not be given to another.
fn block_on(test: impl Future<Output = ()>) {
    static ONE: Mutex<()> = Mutex::new(());
    seed();
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let minutes = Duration::from_mins(5);
    runtime.block_on(async { tokio::time::timeout(minutes, test).await.expect("the kernel answers") });
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // After a failed test the kernel would stay.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn kinds(published: &[Content]) -> Vec<&str> {
    published.iter().map(Content::message_type).collect()
}

fn kernel_info_comes_before_the_engine_is_ready() {
    block_on(async {
        let mut kernel = Kernel::start(&home()).await;
        assert!(kernel.started.elapsed() < Duration::from_secs(2), "{:?}", kernel.started.elapsed());
        kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
        let Content::KernelInfoReply(info) = kernel.reply().await.content else { panic!("kernel_info_reply") };
        assert_eq!((info.language_info.name.as_str(), info.implementation.as_str()), ("rust", "tunebook"));
        for (code, expected) in [("fn f() {", "incomplete"), ("1 + 1", "complete"), (")", "invalid")] {
            kernel.shell.send(IsCompleteRequest { code: code.to_owned() }.into()).await.unwrap();
            let reply = serde_json::to_value(kernel.reply().await.content).unwrap();
            assert_eq!(reply["status"], expected, "{code}");
        }
        kernel.shut_down().await;
    });
}

fn a_cell_in_messages() {
    block_on(async {
        let mut kernel = Kernel::start(&home()).await;
        let (reply, published) = kernel.execute("use dummy::prelude::*;\nlet steps = 3;\nPicture").await;
        let Content::ExecuteReply(reply) = reply else { panic!("{reply:?}") };
        assert_eq!((reply.status, reply.execution_count.0), (ReplyStatus::Ok, 1));
        assert_eq!(kinds(&published), ["status", "execute_input", "execute_result", "status"]);

        let (_, published) =
            kernel.execute("show(\"d\", \"old\");\nprintln!(\"text\");\nupdate(\"d\", \"new\");\nclear();").await;
        let expected =
            ["status", "execute_input", "display_data", "stream", "update_display_data", "clear_output", "status"];
        assert_eq!(kinds(&published), expected);
        let silent = ExecuteRequest { silent: true, ..ExecuteRequest::new("println!(\"{}\", steps);".to_owned()) };
        let id = kernel.send(silent).await;
        assert_eq!(kinds(&kernel.published(&id).await), ["status", "status"]);
        let Content::ExecuteReply(reply) = kernel.reply().await.content else { panic!("execute_reply") };
        assert_eq!(reply.execution_count.0, 2, "a silent cell does not count");

        kernel
            .shell
            .send(CompleteRequest { code: "let é = steps.lead".to_owned(), cursor_pos: 18 }.into())
            .await
            .unwrap();
        let Content::CompleteReply(reply) = kernel.reply().await.content else { panic!("complete_reply") };
        assert!(reply.matches.iter().any(|found| found.starts_with("leading_zeros")), "{:?}", reply.matches);
        assert_eq!((reply.cursor_start, reply.cursor_end), (14, 18));

        // A message with another key is not answered, and the kernel goes on.
        let key = kernel.shell.mac.take();
        kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
        kernel.shell.mac = key;
        assert!(tokio::time::timeout(Duration::from_millis(500), kernel.shell.read()).await.is_err());
        let (reply, _) = kernel.execute("steps").await;
        assert!(matches!(reply, Content::ExecuteReply(reply) if reply.status == ReplyStatus::Ok));
        kernel.shut_down().await;
    });
}

fn an_error_aborts_the_queue() {
    block_on(async {
        let mut kernel = Kernel::start(&home()).await;
        let mut ids = Vec::new();
        for code in ["let a = 1;", "panic!(\"stop here\");", "println!(\"never\");"] {
            ids.push(kernel.send(ExecuteRequest::new(code.to_owned())).await);
        }
        let mut states = Vec::new();
        for _ in 0..3 {
            let Content::ExecuteReply(reply) = kernel.reply().await.content else { panic!("execute_reply") };
            states.push(reply.status);
        }
        assert_eq!(states, [ReplyStatus::Ok, ReplyStatus::Error, ReplyStatus::Aborted]);
        let published = kernel.published(&ids[1]).await;
        let Some(Content::ErrorOutput(error)) = published.iter().find(|content| content.message_type() == "error")
        else {
            panic!("{published:?}")
        };
        assert_eq!((error.ename.as_str(), error.evalue.as_str()), ("Panic", "stop here"));
        assert_eq!(kinds(&kernel.published(&ids[2]).await), ["status", "status"], "an aborted cell shows nothing");
        let (reply, _) = kernel.execute("a").await;
        assert!(matches!(reply, Content::ExecuteReply(reply) if reply.status == ReplyStatus::Ok));
        kernel.shut_down().await;
    });
}

fn an_interrupt_stops_training() {
    block_on(async {
        let mut kernel = Kernel::start(&home()).await;
        kernel.execute("use dummy::prelude::*;").await;
        let id = kernel.send(ExecuteRequest::new("let steps = train(400);".to_owned())).await;
        // Output arrives while the cell runs, and other requests are answered meanwhile.
        loop {
            if matches!(kernel.iopub.read().await.unwrap().content, Content::StreamContent(_)) {
                break;
            }
        }
        kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
        assert!(matches!(kernel.reply().await.content, Content::KernelInfoReply(_)));
        kernel.control.send(InterruptRequest {}.into()).await.unwrap();
        assert!(matches!(kernel.control.read().await.unwrap().content, Content::InterruptReply(_)));
        kernel.published(&id).await;
        let Content::ExecuteReply(reply) = kernel.reply().await.content else { panic!("execute_reply") };
        assert_eq!(reply.error.unwrap().ename, "Interrupted");
        let (reply, _) = kernel.execute("assert!(steps < 400);").await;
        assert!(matches!(reply, Content::ExecuteReply(reply) if reply.status == ReplyStatus::Ok));
        // A shutdown does not wait for a cell.
        kernel.send(ExecuteRequest::new("loop { std::hint::spin_loop(); }".to_owned())).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        kernel.shut_down().await;
    });
}

fn a_kernel_without_a_seed_says_what_to_do() {
    block_on(async {
        let empty = tempfile::tempdir().unwrap();
        let mut kernel = Kernel::start(empty.path()).await;
        let (reply, _) = kernel.execute("1").await;
        let Content::ExecuteReply(reply) = reply else { panic!("{reply:?}") };
        assert!(reply.error.unwrap().evalue.ends_with("run `tunebook setup`"));
        kernel.shut_down().await;
    });
}
