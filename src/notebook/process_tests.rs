//! What really arrives on standard output: a process of its own, read through a pipe, for each sink.

use std::process::Command;

use super::*;

const CHILD: &str = "TUNEBOOK_TEST_CHILD";

/// Runs only in the processes that the tests below start.
#[test]
fn child() {
    match std::env::var(CHILD).as_deref() {
        Ok("once") => {
            println!("before");
            Display::html("<b>x</b>").with("text/plain", "x").show();
            record("answer", 0.5);
            record("not_finite", f64::NAN);
            clear_output(false);
            let mut live = LiveDisplay::new();
            live.update(Display::text("one"));
            live.update(Display::text("two"));
            drop(live);
            println!("after");
        }
        Ok("threads") => {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    std::thread::spawn(move || {
                        for message in 0..25 {
                            // Longer than a pipe's buffer, so that a message is not one system call.
                            Display::text(format!("{thread} {message} {}", "x".repeat(100_000))).show();
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
        }
        _ => {}
    }
}

fn output(task: &str, marks: &[(&str, &str)]) -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    let out = Command::new(program)
        .args(["--exact", "notebook::process_tests::child", "--nocapture"])
        .env_remove("TUNEBOOK_SINK")
        .env_remove("EVCXR_IS_RUNTIME")
        .env(CHILD, task)
        .envs(marks.iter().copied())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().map(str::to_string).collect()
}

/// The lines between "before" and "after": the rest is the test harness's own.
fn between(lines: &[String]) -> &[String] {
    let place = |word: &str| lines.iter().position(|line| line.ends_with(word)).unwrap();
    &lines[place("before") + 1..place("after")]
}

#[test]
fn our_kernel_gets_messages() {
    let lines = output("once", &[("TUNEBOOK_SINK", "1"), ("EVCXR_IS_RUNTIME", "1")]);
    let lines = between(&lines);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(
        lines[0],
        "\u{1e}tunebook:{\"type\":\"display_data\",\"data\":{\"text/html\":\"<b>x</b>\",\"text/plain\":\"x\"},\
         \"metadata\":{}}"
    );
    assert_eq!(lines[1], "\u{1e}tunebook:{\"type\":\"value\",\"name\":\"answer\",\"value\":0.5}");
    assert_eq!(lines[2], "\u{1e}tunebook:{\"type\":\"clear_output\",\"wait\":false}");
    assert!(lines[3].contains("\"display_data\"") && lines[3].contains("one"));
    assert!(lines[4].contains("\"update_display_data\"") && lines[4].contains("two"));
}

#[test]
fn stock_evcxr_gets_content_blocks() {
    let lines = output("once", &[("EVCXR_IS_RUNTIME", "1")]);
    let expected = [
        "EVCXR_BEGIN_CONTENT text/html",
        "<b>x</b>",
        "EVCXR_END_CONTENT",
        "EVCXR_BEGIN_CONTENT text/plain",
        "x",
        "EVCXR_END_CONTENT",
        "EVCXR_BEGIN_CONTENT text/plain",
        "two",
        "EVCXR_END_CONTENT",
    ];
    assert_eq!(between(&lines), expected);
}

#[test]
fn a_terminal_gets_text() {
    assert_eq!(between(&output("once", &[])), ["x", "two"]);
}

#[test]
fn messages_of_several_threads_are_never_torn() {
    let lines = output("threads", &[("TUNEBOOK_SINK", "1")]);
    let messages: Vec<&String> = lines.iter().filter(|line| line.contains("tunebook:")).collect();
    assert_eq!(messages.len(), 100);
    for line in messages {
        // The harness's own "test ... " may stand before the first.
        let (_, json) = line.split_once("\u{1e}tunebook:").unwrap();
        let message: serde_json::Value = serde_json::from_str(json).unwrap();
        assert!(message["data"]["text/plain"].as_str().unwrap().len() > 100_000);
    }
}
