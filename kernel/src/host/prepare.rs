//! Starts evcxr so that a cell finds the teaching crate, and makes the first cell fast.
use super::HostConfig;
use super::events::Events;
use super::output::Outputs;
use crate::error::{At, Error, Result};
use crate::role::Role;
use crate::session;
use crate::supervisor::STOP_FILE;
use evcxr::{CommandContext, EvalContext};

/// Starts evcxr in the session's folder and gives its cells the facade.
pub(super) fn start(config: &HostConfig, events: Events) -> Result<(CommandContext, Outputs)> {
    let program = std::env::current_exe().at("this program")?;
    let mut command = Role::Supervisor.command(&program);
    command.current_dir(&config.user_folder).env("TUNEBOOK_SINK", "1").env(STOP_FILE, &config.stop_file);
    session::unset_environment(&mut command);
    match &config.path {
        Some(path) => command.env("PATH", path),
        None => command.env_remove("PATH"),
    };
    let failed = |error: evcxr::Error| {
        Error::new(format!("cells cannot be compiled: {}", error.to_string().trim()))
            .with_mend("run `tunebook doctor`; `tunebook setup` builds the cells' library again")
    };
    let (context, receivers) = EvalContext::with_subprocess_command(command).map_err(failed)?;
    let outputs = Outputs::start(receivers, events);
    let mut context = CommandContext::with_eval_context(context);
    session::add_facade_workspace(&config.session)?;
    // The seed was linked by the system's linker; evcxr would take another one that it finds.
    context.execute(&format!(":linker system\n:dep {}", config.dependency)).map_err(failed)?;
    // Paths in cells and in `:dep` lines are meant from the notebook's folder.
    std::env::set_current_dir(&config.user_folder).at(&config.user_folder)?;
    Ok((context, outputs))
}

/// Lets the analyser infer a type once: it reads all crates for that.
pub(super) fn warm_up(context: &mut CommandContext) {
    let code = "let numbers = vec![1, 2, 3];\nlet sum = numbers.iter().sum::<i32>();\nsum";
    // Nothing depends on the answer.
    let _ = context.hover_at(code, code.len());
}
