//! The lab with a stand-in for JupyterLab: this test program, started as a server.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::setup::testing::{context, tool};
use crate::{Course, files};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What the stand-in does: answers every request, and has a child of its own as JupyterLab has kernels.
/// It is run only as a program, by the script that [`prepare`] writes.
#[test]
#[ignore = "the stand-in for JupyterLab, started by the tests"]
fn stand_in() {
    let Ok(port) = std::env::var("STAND_IN_PORT") else { return };
    let token = std::env::var("JUPYTER_TOKEN").unwrap();
    let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let home = std::env::var("TUNEBOOK_HOME").unwrap();
    let leaked: Vec<_> = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CARGO_PKG")).collect();
    files::write(&Path::new(&home).join("logs/stand-in"), format!("{} {}", child.id(), leaked.join(","))).unwrap();
    let listener = TcpListener::bind((HERE, port.parse().unwrap())).unwrap();
    for stream in listener.incoming().flatten() {
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request).unwrap();
        let status = if request.contains(&token) { "200 OK" } else { "403 Forbidden" };
        let _ = write!(&stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    }
    child.kill().and_then(|()| child.wait()).unwrap();
}

/// A machine whose JupyterLab is the stand-in, or `script` instead.
fn prepare(folder: &Path, script: Option<&str>) -> LabOptions {
    let context = context(folder);
    let lesson =
        "+++\nid = \"strategies\"\ntitle = \"Strategies\"\nobjectives = [\"Choose\"]\nminutes = 5\n+++\nText.\n";
    files::write(&context.course.root().join("lessons/03-strategies/lesson.md"), lesson).unwrap();
    files::write(&context.home.book().join("index.html"), "<h1>Book</h1>").unwrap();
    let program = std::env::current_exe().unwrap();
    let run = format!(
        "for a; do case $a in --ServerApp.port=*) export STAND_IN_PORT=${{a#*=}};; esac; done\n\
         exec '{}' --exact lab::tests::stand_in --ignored --nocapture",
        program.display()
    );
    let programs = folder.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    tool(
        &programs,
        "jupyter-lab",
        &format!("[ \"$1\" = --version ] && echo 4.4.0 && exit\n{}", script.unwrap_or(&run)),
    );
    let path = std::env::join_paths([programs.as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let setup = SetupOptions {
        search_path: Some(path),
        user_jupyter: None,
        ..SetupOptions::new(context.home, Course::open(context.course.root()).unwrap())
    };
    setup::jupyterlab::choose_for_tests(&setup.home, &setup.machine());
    let work = Work::at(folder.join("work")).unwrap();
    LabOptions { work, browser: false, ..LabOptions::new(setup) }
}

fn alive(pid: i32) -> bool {
    // A process that has ended but was not waited for still has its number; on Linux its state says so.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let gone = state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
    rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid).unwrap()).is_ok() && !gone
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn both_servers_answer_a_second_lab_is_refused_and_all_ends() {
    let folder = tempfile::tempdir().unwrap();
    let options = prepare(folder.path(), None);
    let lab = start(&options).unwrap();
    let Addresses { lab: address, book } = lab.addresses().clone();
    assert!(address.contains("/lab/tree/notebooks/03-strategies.ipynb?token="), "{address}");
    let port = |address: &str| address.split(['/', ':']).nth(4).unwrap().parse::<u16>().unwrap();
    assert_eq!(http::status(HERE, port(&address), "/?token=wrong"), Some(403));
    assert_eq!(http::status(HERE, port(&book), "/index.html"), Some(200));
    let noted = files::read(&options.setup.home.logs().join("stand-in")).unwrap();
    let (child, leaked) = noted.split_once(' ').unwrap();
    assert_eq!(leaked, "", "variables of `cargo test` reached JupyterLab");

    let error = start(&options).unwrap_err();
    assert!(error.problem.contains(&address) && error.problem.contains(&book), "{error}");
    let error = setup::remove(&options.setup.home, None, setup::Show::Nothing).unwrap_err();
    assert!(error.problem.contains("a lab is running"), "{error}");

    let child = child.parse().unwrap();
    assert!(alive(child));
    lab.stop();
    wait_until("what JupyterLab had started still runs", || !alive(child));
    assert_eq!(http::status(HERE, port(&address), "/"), None);
    assert_eq!(http::status(HERE, port(&book), "/"), None);
    assert!(!options.setup.home.path().join("lab.json").exists());
}

/// A crash is not a person's wish to end.
#[test]
#[cfg(target_os = "linux")]
fn a_jupyterlab_that_is_killed_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut lab = start(&prepare(folder.path(), None)).unwrap();
    assert!(!lab.jupyter.was_shut_down().unwrap());
    let noted = files::read(&folder.path().join("home/logs/stand-in")).unwrap();
    let child: i32 = noted.split(' ').next().unwrap().parse().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    let parent = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(parent).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
    // The kernel calls a process a zombie when its first thread has ended, and lets it be waited for when all have.
    let began = Instant::now();
    let error = loop {
        match lab.jupyter.was_shut_down() {
            Ok(shut_down) => assert!(!shut_down, "a crash was taken for a wish to end"),
            Err(error) => break error,
        }
        assert!(began.elapsed() < Duration::from_secs(10), "JupyterLab's end is not seen");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(error.problem.contains("it has ended"), "{error}");
}

#[test]
fn a_jupyterlab_that_does_not_start_says_why_and_leaves_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let options = prepare(folder.path(), Some("echo 'ImportError: no tornado' >&2; exit 3"));
    let error = start(&options).unwrap_err();
    assert!(error.problem.contains("ImportError: no tornado") && error.mend.contains("jupyterlab.log"), "{error}");
    assert!(!options.setup.home.path().join("lab.json").exists());
}

#[test]
fn wrong_calls_are_refused_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let options = prepare(folder.path(), None);
    let error = run(&LabOptions { lesson: Some("cooking".into()), ..options.clone() }).unwrap_err();
    assert!(error.mend.contains("strategies"), "{error}");
    let taken = TcpListener::bind((HERE, 0)).unwrap();
    let port = Some(taken.local_addr().unwrap().port());
    let error = run(&LabOptions { port, ..options.clone() }).unwrap_err();
    assert!(error.place.starts_with("--port"), "{error}");
    let error = run(&LabOptions { book_port: port, ..options.clone() }).unwrap_err();
    assert!(error.place.starts_with("--book-port"), "{error}");
    let error = run(&LabOptions { port: Some(4567), book_port: Some(4567), ..options.clone() }).unwrap_err();
    assert!(error.problem.contains("cannot serve both"), "{error}");
    assert!(!options.setup.home.logs().exists() && !options.work.folder().exists());
}
