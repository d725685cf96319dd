//! What can be called.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{book, build, data, finetune, lab, learn, model, notebook, predict, quiz, setup};

/// Learn to fine-tune AI models in Rust: a notebook kernel, a course, and a library on candle.
#[derive(Parser, Debug)]
#[command(name = "tunebook", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(after_help = "Without a command, `tunebook` sets everything up and opens the course (`tunebook lab`).\n\n\
    Examples:\n  tunebook                                        open the course\n  \
    tunebook --no-browser                           say where it is, open nothing\n  \
    tunebook run notebooks/03-strategies.ipynb      execute a notebook without Jupyter\n  \
    tunebook check simple-fine-tuning               check an exercise\n\n\
    Exit codes: 0 good, 1 the work itself failed, 2 the call, the input or the machine is wrong.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Of `lab`, the default.
    #[command(flatten, next_help_heading = "Options of the default, `lab`")]
    pub(crate) lab: lab::Options,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Lab(lab::Lab),
    Setup(setup::Setup),
    Doctor(setup::Doctor),
    Run(notebook::Run),
    Build(build::Build),
    Book(book::Book),
    Check(learn::Check),
    Hint(learn::Hint),
    Solution(learn::Solution),
    Reset(learn::Reset),
    Progress(learn::Progress),
    Quiz(quiz::Quiz),
    Score(quiz::Score),
    Finetune(Box<finetune::Finetune>),
    Predict(predict::Predict),
    Embed(predict::Embed),
    #[command(subcommand)]
    Model(model::Model),
    #[command(subcommand)]
    Data(data::Data),
    /// Speaks the Jupyter protocol; Jupyter starts it
    #[command(hide = true)]
    Kernel {
        /// The connection file that Jupyter wrote
        connection_file: PathBuf,
    },
}
