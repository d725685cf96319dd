//! Interrupts and crashes.
use crate::support::{engine, impatient, run};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use tunebook_kernel::command::{CellCommands, CommandCall, CommandReply};
use tunebook_kernel::engine::{Engine, EngineOptions, Output};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("stopping::training_stops_and_variables_stay", training_stops_and_variables_stay),
    ("stopping::a_loop_is_ended", a_loop_is_ended),
    ("stopping::an_interrupt_before_the_engine_is_ready_counts", an_interrupt_before_the_engine_is_ready_counts),
    ("stopping::a_command_is_interrupted_and_variables_stay", a_command_is_interrupted_and_variables_stay),
    ("stopping::a_thread_that_goes_on_printing_holds_no_cell", a_thread_that_goes_on_printing_holds_no_cell),
    ("stopping::a_killed_process_is_survived", a_killed_process_is_survived),
    ("stopping::the_compilers_end_is_survived", the_compilers_end_is_survived),
];

/// Runs a cell and interrupts it at its first output.
fn interrupted(engine: &mut Engine, code: &str) -> (crate::support::Ran, Duration) {
    let interrupter = engine.interrupter();
    let (began, begin) = channel();
    let thread = std::thread::spawn(move || {
        begin.recv().unwrap();
        interrupter.interrupt();
    });
    let (mut outputs, mut at) = (Vec::new(), None);
    let result = engine.execute(code, &mut |output: Output| {
        at.get_or_insert_with(Instant::now);
        let _ = began.send(());
        outputs.push(output);
    });
    thread.join().unwrap();
    (crate::support::Ran { outputs, result }, at.unwrap().elapsed())
}

fn training_stops_and_variables_stay() {
    let mut engine = engine(EngineOptions::default());
    run(&mut engine, "let data = 7;").good();
    let (ran, time) = interrupted(&mut engine, "let steps = train(200);");
    assert_eq!(ran.error().0, "Interrupted");
    assert!(time < Duration::from_secs(3), "stopped after {time:?}");
    // What the cell had made so far is there, and so is what was there before.
    assert_eq!(run(&mut engine, "steps < 200 && data == 7").good().value().as_deref(), Some("true"));
}

fn a_loop_is_ended() {
    let mut engine = impatient();
    run(&mut engine, "let data = 7;\nfn triple(x: i32) -> i32 { 3 * x }").good();
    let (ran, time) = interrupted(&mut engine, "println!(\"on\"); loop { std::hint::spin_loop(); }");
    let (kind, text) = ran.error();
    assert_eq!(kind, "Interrupted");
    assert!(text.contains("variables are lost"), "{text}");
    assert!(time < Duration::from_secs(5), "ended after {time:?}");
    assert_eq!(run(&mut engine, "triple(2)").good().value().as_deref(), Some("6"));
    assert!(!run(&mut engine, "data").result.ok);
}

fn an_interrupt_before_the_engine_is_ready_counts() {
    let mut engine = Engine::start(crate::support::seed(), EngineOptions::default()).unwrap();
    let interrupter = engine.interrupter();
    // The engine needs a second or two; the cell is being waited for by then.
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        interrupter.interrupt();
    });
    let ran = run(&mut engine, "println!(\"must not run\");");
    thread.join().unwrap();
    assert_eq!((ran.error().0, ran.stdout().as_str()), ("Interrupted", ""));
    assert_eq!(run(&mut engine, "1 + 1").good().value().as_deref(), Some("2"));
}

/// A command that runs until it is interrupted.
#[derive(Default)]
struct Patient(AtomicBool);

impl CellCommands for Patient {
    fn names(&self) -> Vec<(String, String)> {
        vec![("wait".to_owned(), "waits".to_owned())]
    }

    fn run(&self, _: &CommandCall) -> CommandReply {
        let began = Instant::now();
        while !self.0.load(Ordering::SeqCst) && began.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(5));
        }
        CommandReply { error: Some("stopped".to_owned()), ..CommandReply::default() }
    }

    fn interrupt(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn a_command_is_interrupted_and_variables_stay() {
    let commands: Arc<dyn CellCommands> = Arc::new(Patient::default());
    let grace = Duration::from_millis(200);
    let mut engine = engine(EngineOptions { commands: Some(commands), grace, ..EngineOptions::default() });
    run(&mut engine, "let data = 7;").good();
    let interrupter = engine.interrupter();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        interrupter.interrupt();
    });
    let began = Instant::now();
    assert_eq!(run(&mut engine, ":wait").error(), (":wait", "stopped"));
    thread.join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
    // Longer than the grace period: what the interrupt did not need to end is still there.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(run(&mut engine, "data").good().value().as_deref(), Some("7"));
}

fn a_thread_that_goes_on_printing_holds_no_cell() {
    let mut engine = impatient();
    let talk = "std::thread::spawn(|| { let end = std::time::Instant::now() + std::time::Duration::from_secs(20); \
        while std::time::Instant::now() < end { eprintln!(\"{}\", \"x\".repeat(500)); println!(\"y\"); } });\n1 + 1";
    let began = Instant::now();
    assert_eq!(run(&mut engine, talk).good().value().as_deref(), Some("2"));
    assert_eq!(run(&mut engine, "2 + 1").good().value().as_deref(), Some("3"));
    assert!(began.elapsed() < Duration::from_secs(18), "the cells waited for the thread: {:?}", began.elapsed());
}

fn a_killed_process_is_survived() {
    let mut engine = impatient();
    let kill = "println!(\"last words\");\nstd::process::Command::new(\"kill\").args([\"-9\", &std::process::id().to_string()]).status().unwrap();\nstd::thread::sleep(std::time::Duration::from_secs(9));";
    let ran = run(&mut engine, kill);
    let (kind, text) = ran.error();
    assert_eq!(kind, "Crash");
    assert!(text.contains("signal: 9") && text.contains("variables are lost"), "{text}");
    assert_eq!(ran.stdout(), "last words\n");
    assert_eq!(run(&mut engine, "1 + 1").good().value().as_deref(), Some("2"));
    let ran = run(&mut engine, "println!(\"out\"); eprintln!(\"err\"); std::process::exit(3);");
    assert_eq!((ran.error().0, ran.stdout().as_str()), ("Crash", "out\n"));
    assert!(ran.error().1.contains("exit status: 3"), "{}", ran.error().1);
    assert_eq!(run(&mut engine, "1 + 2").good().value().as_deref(), Some("3"));
}

fn the_compilers_end_is_survived() {
    let mut engine = impatient();
    // evcxr ends its own process for this command.
    let ran = run(&mut engine, ":quit");
    let (kind, text) = ran.error();
    assert_eq!(kind, "Crash");
    assert!(text.contains("started again"), "{text}");
    run(&mut engine, "use dummy::prelude::*;\nlet one = counter();").good();
}
