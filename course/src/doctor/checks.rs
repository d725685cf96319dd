//! The single checks.

use std::cell::OnceCell;
use std::path::Path;

use tunebook_kernel::seed::{self, Toolchain};

use super::{Check, Report};
use crate::kernel::error;
use crate::setup::jupyterlab::{self, JupyterLab};
use crate::setup::machine::{self, Machine, size};
use crate::setup::progress::Reporter;
use crate::setup::python::Python;
use crate::setup::{self, SetupOptions, pip};
use crate::{Error, Home, Result, files};

pub(super) fn run(options: &SetupOptions) -> Report {
    let doctor = Doctor { options, machine: options.machine(), jupyterlab: OnceCell::new() };
    let mut reporter = Reporter::new(options.show);
    // Some take seconds.
    let mut check = |id, title: &'static str, look: &dyn Fn() -> Result<String>| {
        let _shown = reporter.watch(&format!("checking: {title}"));
        Check::of(id, title, look())
    };
    let checks = vec![
        check("rustc", "Compiler", &|| doctor.compiler()),
        check("rust-src", "Sources of Rust's standard library", &|| doctor.standard_library()),
        check("disk", "Disk", &|| doctor.disk()),
        check("python", "Python with venv, for JupyterLab", &|| doctor.python()),
        check("network", "Python package index", &|| doctor.network()),
    ];
    Report { checks }
}

struct Doctor<'a> {
    options: &'a SetupOptions,
    machine: Machine,
    jupyterlab: OnceCell<Option<JupyterLab>>,
}

impl Doctor<'_> {
    fn home(&self) -> &Home {
        &self.options.home
    }

    /// A JupyterLab that is there already: with it, Python and the network are not needed.
    fn jupyterlab(&self) -> Option<&JupyterLab> {
        let look = || JupyterLab::ready(self.home()).or_else(|| jupyterlab::on_path(&self.machine));
        self.jupyterlab.get_or_init(look).as_ref()
    }

    fn toolchain(&self) -> Result<Toolchain> {
        Toolchain::of(self.options.course.root()).map_err(|e| error("rustc", &e))
    }

    fn compiler(&self) -> Result<String> {
        let toolchain = self.toolchain()?;
        let version = toolchain.version.lines().next().unwrap_or_default();
        match seed::open(self.home().path()) {
            Ok(None) => Ok(format!("{version}; the notebooks' library is not built yet, `tunebook setup` does that")),
            Ok(Some(seed)) if seed.rustc() == toolchain.rustc => Ok(format!("{version}, as the notebooks' library")),
            Ok(Some(seed)) => {
                let problem = format!("the notebooks' library was built with {}", seed.rustc().display());
                Err(Error::input(
                    toolchain.rustc.display(),
                    problem,
                    "run `tunebook setup`: it builds the library again",
                ))
            }
            // Missing sources are the next check's matter.
            Err(_) if toolchain.check_sources().is_err() => Ok(version.to_owned()),
            Err(e) => Err(error("rustc", &e)),
        }
    }

    fn standard_library(&self) -> Result<String> {
        let toolchain = self.toolchain()?;
        toolchain.check_sources().map_err(|e| error(toolchain.sysroot.display(), &e))?;
        Ok("there".to_owned())
    }

    fn disk(&self) -> Result<String> {
        let folder = self.home().path();
        setup::claim(self.home())?;
        let free = machine::free_space(folder)?;
        let needed = setup::disk_needed(self.options)?;
        machine::check_space(folder, free, needed)?;
        let needs = if needed == 0 {
            "nothing more is needed".to_owned()
        } else {
            format!("up to {} are needed", size(needed))
        };
        Ok(format!("{} free in {}, {needs}", size(free), folder.display()))
    }

    fn python(&self) -> Result<String> {
        if let Some(found) = self.jupyterlab() {
            return Ok(format!("not needed: {}", describe(found)));
        }
        let python = Python::find(&self.machine)?;
        Ok(format!("{} ({})", python.version, python.path.display()))
    }

    fn network(&self) -> Result<String> {
        if self.jupyterlab().is_some() {
            return Ok("not needed: JupyterLab is there".to_owned());
        }
        let python = Python::find(&self.machine)
            .map_err(|_| Error::input("pip", "not tried: there is no Python to try it with", "mend Python first"))?;
        let folder = tempfile::tempdir().map_err(|e| Error::io(std::env::temp_dir(), &e))?;
        self.download_one_package(&python, folder.path())?;
        Ok("a package was downloaded and has the right hash".to_owned())
    }

    /// What setup will do, with one small package: a new environment, the person's index and proxy, checked hashes.
    fn download_one_package(&self, python: &Python, folder: &Path) -> Result<()> {
        let environment = folder.join("venv");
        jupyterlab::make_environment(&self.machine, python, &environment, None)?;
        let requirements = folder.join("requirements.txt");
        files::write(&requirements, smallest_requirement()?)?;
        let mut command = pip::command(self.machine.command(&environment.join("bin/python")));
        command.args([
            "--timeout",
            "8",
            "--retries",
            "0",
            "--no-cache-dir",
            "download",
            "--require-hashes",
            "--no-deps",
        ]);
        command.arg("--requirement").arg(&requirements).arg("--dest").arg(folder.join("downloads"));
        pip::run(command, &folder.join("pip.log"), &mut |_| {}).map_err(|error| Error {
            // Its log is gone with the folder.
            mend: error.mend.split("; if it stays so").next().unwrap_or_default().to_owned(),
            place: "pip".to_owned(),
            ..error
        })
    }
}

fn describe(found: &JupyterLab) -> String {
    match found {
        JupyterLab::Path { program, version, .. } => format!("JupyterLab {version} ({})", program.display()),
        JupyterLab::Own { .. } => "JupyterLab is installed".to_owned(),
    }
}

/// `fqdn`, a few kilobytes of Python, from the requirements: with its version and its hashes.
fn smallest_requirement() -> Result<String> {
    let mut lines = jupyterlab::REQUIREMENTS.lines().skip_while(|line| !line.starts_with("fqdn=="));
    let mut text = String::new();
    for line in lines.by_ref() {
        text.push_str(line);
        text.push('\n');
        if !line.ends_with('\\') {
            return Ok(text);
        }
    }
    Err(Error::input("requirements", "`fqdn` is not among them", ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Show;
    use crate::setup::testing::{context, tool};

    fn options(folder: &Path, path: &Path) -> SetupOptions {
        let context = context(folder);
        SetupOptions {
            show: Show::Nothing,
            search_path: Some(path.into()),
            program: Some(context.program),
            user_jupyter: None,
            ..SetupOptions::new(context.home, context.course)
        }
    }

    fn found<'a>(report: &'a Report, id: &str) -> &'a Check {
        report.checks.iter().find(|check| check.id == id).unwrap()
    }

    #[test]
    fn a_machine_without_python_is_told_so_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), &folder.path().join("no-programs"));
        let report = run(&options);
        let python = found(&report, "python");
        assert!(!python.ok && python.mend.contains("install Python"), "{report}");
        assert!(!found(&report, "network").ok);
        assert_eq!(report.exit_code(), 2);
        assert!(!options.home.path().exists());
    }

    #[test]
    fn a_jupyterlab_on_path_makes_python_and_network_unneeded() {
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        std::fs::create_dir(&programs).unwrap();
        tool(&programs, "jupyter-lab", "echo 4.3.1");
        let report = run(&options(folder.path(), &programs));
        assert!(found(&report, "python").ok && found(&report, "network").ok, "{report}");
        assert!(found(&report, "python").found.contains("JupyterLab 4.3.1"));
    }

    #[test]
    fn a_refused_download_is_a_network_problem() {
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        std::fs::create_dir(&programs).unwrap();
        // Stands for Python: answers the probe, makes an "environment" of itself, and fails as pip does offline.
        let script = "case \"$*\" in\n\
            *ensurepip*) echo 3.12.1;;\n\
            *'-m venv'*) /bin/mkdir -p \"$3/bin\" && /bin/cp \"$0\" \"$3/bin/python\";;\n\
            *'-m pip'*) echo 'Failed to establish a new connection: [Errno 101] Network is unreachable' >&2; exit 1;;\n\
            esac";
        tool(&programs, "python3", script);
        let report = run(&options(folder.path(), &programs));
        assert!(found(&report, "python").ok, "{report}");
        let network = found(&report, "network");
        assert!(!network.ok && network.found.contains("package index cannot be reached"), "{report}");
    }

    #[test]
    fn the_package_for_the_trial_is_pinned_and_hashed() {
        let text = smallest_requirement().unwrap();
        assert!(text.starts_with("fqdn==") && text.contains("--hash=sha256:"), "{text}");
    }
}
