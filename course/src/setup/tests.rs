//! How steps are run, with steps that cost nothing, and what is refused before any is begun.

use std::cell::RefCell;
use std::rc::Rc;

use super::progress::Bar;
use super::step::Cost;
use super::testing::{context, tool};
use super::*;

/// Writes a stamp; fails as long as `works` is false.
struct Trial {
    name: &'static str,
    works: Rc<RefCell<bool>>,
    disk: u64,
}

impl Step for Trial {
    fn title(&self) -> String {
        format!("Step {}", self.name)
    }

    fn cost(&self, _context: &Context) -> Cost {
        Cost { disk: self.disk, time: "a moment" }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        Ok(Stamp::of(&context.home, self.name).is("done"))
    }

    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()> {
        bar.update(Some(0.5), "half", None);
        if *self.works.borrow() {
            return Stamp::of(&context.home, self.name).write("done");
        }
        Err(Error::input(self.name, "it broke", "mend it"))
    }
}

/// Two steps, of which the second depends on the returned switch.
fn two_steps() -> (Vec<Box<dyn Step>>, Rc<RefCell<bool>>) {
    let switch = Rc::new(RefCell::new(false));
    let trial = |name, works| -> Box<dyn Step> { Box::new(Trial { name, works, disk: machine::MB }) };
    (vec![trial("a", Rc::new(RefCell::new(true))), trial("b", Rc::clone(&switch))], switch)
}

/// What is written stays readable outside.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn try_steps(steps: &[Box<dyn Step>], folder: &std::path::Path) -> (Result<Prepared>, String) {
    let lines = Lines::default();
    let result = run_steps(steps, context(folder), &mut Reporter::to_lines(lines.clone()));
    let said = String::from_utf8(lines.0.borrow().clone()).unwrap();
    (result, said)
}

#[test]
fn a_failed_step_is_taken_up_again_and_a_finished_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (steps, switch) = two_steps();
    let (result, said) = try_steps(&steps, folder.path());
    assert_eq!(result.unwrap_err().problem, "it broke");
    assert!(said.contains("1. Step a") && said.contains("2. Step b") && said.contains("up to 2 MB"), "{said}");
    assert!(said.contains("[1/2] Step a: done in") && !said.contains("Step b: done"), "{said}");

    *switch.borrow_mut() = true;
    let (result, said) = try_steps(&steps, folder.path());
    assert_eq!(result.unwrap().made, ["Step b"]);
    assert!(!said.contains("Step a"), "{said}");

    let (result, said) = try_steps(&steps, folder.path());
    assert_eq!((result.unwrap().made.len(), said.as_str()), (0, ""));
}

#[test]
fn a_disk_that_is_too_small_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let works = Rc::new(RefCell::new(true));
    let steps: Vec<Box<dyn Step>> = vec![Box::new(Trial { name: "a", works, disk: 1 << 60 })];
    let error = try_steps(&steps, folder.path()).0.unwrap_err();
    assert!(error.problem.contains("are needed") && error.exit_code() == 2, "{error}");
    assert!(!folder.path().join("home").exists());
}

#[test]
fn a_home_with_other_things_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    files::write(&folder.path().join("home/letters.txt"), "dear").unwrap();
    let (steps, _) = two_steps();
    let error = try_steps(&steps, folder.path()).0.unwrap_err();
    assert!(error.problem.contains("letters.txt"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path().join("home")).unwrap().count(), 1);
}

#[test]
fn a_machine_without_venv_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    tool(&programs, "python3", "echo 3.11.2; exit 1");
    let steps: Vec<Box<dyn Step>> = vec![Box::<jupyterlab::PrepareJupyterLab>::default()];
    let context = Context { machine: Machine::new(Some(programs.as_os_str())), ..context(folder.path()) };
    let error = run_steps(&steps, context, &mut Reporter::new(Show::Nothing)).unwrap_err();
    assert!(error.mend.contains("sudo apt install python3.11-venv"), "{error}");
    assert!(!folder.path().join("home").exists());
}

#[test]
fn the_program_is_copied_again_when_it_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<Box<dyn Step>> = vec![Box::new(program::CopyProgram)];
    assert_eq!(try_steps(&steps, folder.path()).0.unwrap().made.len(), 1);
    let copy = context(folder.path()).home.program();
    // `context` writes the program anew, with another time: an identical file is copied again, which is harmless.
    tool(folder.path(), "tunebook", "exit 7");
    let context = Context { program: folder.path().join("tunebook"), ..context(folder.path()) };
    files::write(&context.program, "#!/bin/sh\nexit 9\n").unwrap();
    let made = run_steps(&steps, context, &mut Reporter::new(Show::Nothing)).unwrap().made;
    assert_eq!(made.len(), 1);
    assert_eq!(files::read(&copy).unwrap(), "#!/bin/sh\nexit 9\n");
}

#[test]
fn the_copy_does_not_copy_itself() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<Box<dyn Step>> = vec![Box::new(program::CopyProgram)];
    try_steps(&steps, folder.path()).0.unwrap();
    let first = context(folder.path());
    let context = Context { program: first.home.program(), ..first };
    assert!(run_steps(&steps, context, &mut Reporter::new(Show::Nothing)).unwrap().made.is_empty());
}

#[test]
fn an_interrupted_environment_is_not_taken_for_a_finished_one() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    // Stands for Python: pip fails in the first run and works in the second.
    let script = format!(
        "case \"$*\" in\n*ensurepip*) echo 3.12.1;;\n\
         *'-m venv'*) /bin/mkdir -p \"$3/bin\" && /bin/cp \"$0\" \"$3/bin/python\" && echo x > \"$3/new\";;\n\
         *'-m pip'*) [ -e '{0}' ] || {{ echo 'ConnectTimeout' >&2; exit 1; }}; echo 'Collecting a';;\nesac",
        folder.path().join("network").display()
    );
    tool(&programs, "python3", &script);
    let steps = || -> Vec<Box<dyn Step>> { vec![Box::<jupyterlab::PrepareJupyterLab>::default()] };
    let context = || Context { machine: Machine::new(Some(programs.as_os_str())), ..context(folder.path()) };
    let run = || run_steps(&steps(), context(), &mut Reporter::new(Show::Nothing));
    let error = run().unwrap_err();
    assert!(error.problem.contains("cannot be reached") && error.mend.contains("what is done is kept"), "{error}");
    let home = context().home;
    assert!(home.venv().exists() && jupyterlab::JupyterLab::ready(&home).is_none());
    // A file that only the interrupted environment has.
    files::write(&home.venv().join("half-made"), "").unwrap();
    files::write(&folder.path().join("network"), "").unwrap();
    assert_eq!(run().unwrap().made, ["JupyterLab"]);
    assert!(!home.venv().join("half-made").exists());
    assert!(jupyterlab::JupyterLab::ready(&home).is_some());
    assert!(run().unwrap().made.is_empty());
}
