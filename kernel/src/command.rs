//! The course's own commands in a cell: `:check`, `:quiz` and friends.
//!
//! The kernel knows them only by this trait; the program fills it. A cell whose first line
//! begins with one of the names never reaches the compiler.
use crate::engine::{CellError, CellResult, MimeBundle, Output};
use serde_json::Map;

/// Answers the commands of cells.
pub trait CellCommands: Send + Sync {
    /// The names, without the colon, and one line of help for each.
    fn names(&self) -> Vec<(String, String)>;

    /// Runs a command.
    fn run(&self, call: &CommandCall) -> CommandReply;

    /// Asks the command that runs now to stop; called from another thread.
    fn interrupt(&self) {}
}

/// A command as it stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandCall {
    /// The name, without the colon.
    pub name: String,
    /// The words after it on its line.
    pub args: Vec<String>,
    /// The rest of the cell, after the first line.
    pub body: String,
}

/// What a command answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandReply {
    /// The work was done and its outcome is good.
    pub ok: bool,
    /// What to show; may be empty.
    pub data: MimeBundle,
    /// Why the call could not be answered: the cell becomes an error with this text.
    pub error: Option<String>,
}

/// The command on the cell's first line that is not a comment, if it has this name's form.
fn parse(code: &str) -> Option<CommandCall> {
    let mut lines = code.lines();
    let line = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))?;
    let mut words = line.trim().strip_prefix(':')?.split_whitespace().map(str::to_owned);
    let name = words.next()?;
    let body = lines.collect::<Vec<_>>().join("\n");
    Some(CommandCall { name, args: words.collect(), body })
}

/// The command that the cell calls; `None` when the cell is Rust or a command of evcxr.
///
/// evcxr answers `:help`, after these commands' own lines, which are shown here.
pub(crate) fn find(commands: &dyn CellCommands, code: &str, show: &mut dyn FnMut(Output)) -> Option<CommandCall> {
    let call = parse(code)?;
    let names = commands.names();
    if call.name == "help" {
        let help = names.iter().map(|(name, help)| format!(":{name:<16} {help}")).collect::<Vec<_>>().join("\n");
        let mut data = MimeBundle::new();
        data.insert("text/plain".to_owned(), help.into());
        show(Output::DisplayData { data, metadata: Map::new(), display_id: None });
    }
    names.iter().any(|(name, _)| *name == call.name).then_some(call)
}

/// Runs a command.
pub(crate) fn run(commands: &dyn CellCommands, call: &CommandCall, show: &mut dyn FnMut(Output)) -> CellResult {
    let reply = commands.run(call);
    if !reply.data.is_empty() {
        show(Output::DisplayData { data: reply.data, metadata: Map::new(), display_id: None });
    }
    match reply.error {
        Some(error) => CellResult::failed(CellError::new(&format!(":{}", call.name), error)),
        None => CellResult { ok: true, ..CellResult::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_name_words_and_the_rest() {
        let call = parse("// mine\n:check simple  fast\nfn f() {}\n").unwrap();
        assert_eq!((call.name.as_str(), call.body.as_str()), ("check", "fn f() {}"));
        assert_eq!(call.args, ["simple", "fast"]);
        assert_eq!(parse("let x = 1;\n:check"), None);
    }
}
