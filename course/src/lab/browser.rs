//! Opens the browser, where there is a display.

use std::path::PathBuf;
use std::process::Stdio;

use crate::setup::machine::Machine;

/// Opens an address; `false` when there is no display or no program for it.
pub(crate) fn open(machine: &Machine, address: &str) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let Some(program) = opener(machine, &set) else { return false };
    let mut command = machine.command(&program);
    command.arg(address).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => {
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}

fn opener(machine: &Machine, set: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        return machine.find("open").filter(|_| !set("SSH_CONNECTION"));
    }
    if set("WSL_DISTRO_NAME")
        && let Some(program) = machine.find("wslview")
    {
        return Some(program);
    }
    let display = set("DISPLAY") || set("WAYLAND_DISPLAY");
    machine.find("xdg-open").filter(|_| display)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::setup::testing::tool;

    #[test]
    fn without_a_display_nothing_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::new(Some(folder.path().as_os_str()));
        assert_eq!(opener(&machine, &|_| true), None);
        let xdg_open = tool(folder.path(), "xdg-open", "");
        assert_eq!(opener(&machine, &|_| false), None);
        assert_eq!(opener(&machine, &|name| name == "WAYLAND_DISPLAY"), Some(xdg_open));
    }
}
