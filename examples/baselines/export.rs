//! Does cleaning pay? The rows of support-tickets-raw, cleaned less and more, tested on the same right tickets.

use std::collections::{BTreeSet, HashMap, HashSet};

use tunebook::data::{AnswerKey, DefectKind, EmbeddedExport, ExportRow, NearDuplicateSearch, Part};
use tunebook::prelude::*;

use crate::options::Options;
use crate::table::Table;
use crate::texts::{COLUMNS, bag_of_words, probes};

/// A row that can be trained on.
#[derive(Clone)]
struct Ticket {
    id: String,
    text: String,
    queue: String,
}

pub(crate) fn table(options: &Options) -> Result<Table> {
    let export = EmbeddedExport::find("support-tickets-raw")?;
    let (rows, key) = (export.rows()?, export.answer_key()?);
    let work = Work::new(&rows, &key);
    let cleaner = Cleaner { html: true, near_duplicates: Some(NearDuplicateSearch::default()), ..Cleaner::default() };
    let by_cleaner = |rows: &[ExportRow]| -> Result<Vec<Ticket>> {
        let (data, _) = cleaner.clean_export("cleaned", rows)?;
        let ticket = |row: usize| Ticket {
            id: data.ids()[row].clone(),
            text: data.texts()[row].clone(),
            queue: data.label_name(data.labels()[row]).to_owned(),
        };
        Ok((0..data.len()).map(ticket).collect())
    };
    let exported: Vec<Ticket> = rows.iter().filter_map(Ticket::of).collect();
    let variants = [
        ("as exported, copies of test tickets too", &exported, true),
        ("as exported", &exported, false),
        ("`Cleaner`", &by_cleaner(&rows)?, false),
        ("second names of queues mended, `Cleaner`", &by_cleaner(&work.one_name_each(&rows))?, false),
        ("all mended by the answer key", &work.right, false),
    ];
    let about = format!(
        "support-tickets-raw: {} rows; each of {} seeds draws {:.0} % of the rows to train on; {} right tickets to test on",
        rows.len(),
        options.seeds,
        100.0 * options.share,
        work.part(&work.right, Part::Test).len()
    );
    let mut table = Table::new(about, &COLUMNS);
    for (name, tickets, leaky) in variants {
        let train = work.to_learn(tickets, leaky);
        let data = work.parts(&train, tickets, &exported)?;
        let name = format!("{name}: {} rows, {} labels wrong", train.len(), work.wrong(&train));
        table.add(&format!("{name}; bag of words"), &bag_of_words(&data, options)?);
        table.add("the same rows; linear probe on tunebook-encoder", &probes(Pretrained::embedded(), &data, options)?);
    }
    Ok(table)
}

impl Ticket {
    /// Nothing for a row whose text or queue is an empty cell.
    fn of(row: &ExportRow) -> Option<Self> {
        Some(Self { id: row.id.clone(), text: row.text.clone()?, queue: row.queue.clone()? })
    }
}

struct Work<'a> {
    key: &'a AnswerKey,
    part_of: HashMap<&'a str, Option<Part>>,
    /// Rows that repeat another one.
    copies: HashSet<&'a str>,
    /// One row for each ticket, with the right text and queue.
    right: Vec<Ticket>,
}

impl<'a> Work<'a> {
    fn new(rows: &[ExportRow], key: &'a AnswerKey) -> Self {
        let is_copy = |kind| matches!(kind, DefectKind::ExactDuplicate | DefectKind::NearDuplicate);
        let is_damage = |kind| {
            use DefectKind::{Html, Invisible, LostCharacters, Mojibake, Secret};
            matches!(kind, Mojibake | LostCharacters | Html | Invisible | Secret)
        };
        let copies: HashSet<&str> =
            key.defects.iter().filter(|defect| is_copy(defect.kind)).map(|defect| defect.row.as_str()).collect();
        let right_text: HashMap<&str, &str> = key
            .defects
            .iter()
            .filter(|defect| is_damage(defect.kind))
            .filter_map(|defect| Some((defect.row.as_str(), defect.right.as_deref()?)))
            .collect();
        let right = rows
            .iter()
            .zip(&key.rows)
            .filter(|(_, row)| row.ticket.is_some() && !copies.contains(row.id.as_str()))
            .filter_map(|(row, known)| {
                let text = right_text.get(row.id.as_str()).copied().or(row.text.as_deref())?;
                Some(Ticket { id: row.id.clone(), text: text.to_owned(), queue: known.queue.clone()? })
            })
            .collect();
        Self { key, part_of: key.rows.iter().map(|row| (row.id.as_str(), row.part)).collect(), copies, right }
    }

    /// The rows with the first name of each queue: what somebody does who has looked at the list of names.
    fn one_name_each(&self, rows: &[ExportRow]) -> Vec<ExportRow> {
        let aliases = self.key.defects_of(DefectKind::LabelAlias);
        let first: HashMap<&str, &str> = aliases
            .iter()
            .filter_map(|defect| Some((defect.found.first()?.as_str(), defect.right.as_deref()?)))
            .collect();
        let renamed = |row: &ExportRow| ExportRow {
            queue: row.queue.as_deref().map(|name| (*first.get(name).unwrap_or(&name)).to_owned()),
            ..row.clone()
        };
        rows.iter().map(renamed).collect()
    }

    /// How many have a label that the key does not give them; rows that are no tickets have no right one.
    fn wrong(&self, tickets: &[Ticket]) -> usize {
        let right: HashMap<&str, Option<&str>> =
            self.key.rows.iter().map(|row| (row.id.as_str(), row.queue.as_deref())).collect();
        tickets.iter().filter(|ticket| right[ticket.id.as_str()] != Some(ticket.queue.as_str())).count()
    }

    fn part(&self, tickets: &[Ticket], part: Part) -> Vec<Ticket> {
        tickets.iter().filter(|ticket| self.part_of[ticket.id.as_str()] == Some(part)).cloned().collect()
    }

    /// The tickets to train on. Copies go where their ticket goes; when `leaky`, all are trained on. Rows that are no tickets
    /// are trained on, for nothing says that they are none.
    fn to_learn(&self, tickets: &[Ticket], leaky: bool) -> Vec<Ticket> {
        let is_learned = |ticket: &&Ticket| match self.part_of[ticket.id.as_str()] {
            None | Some(Part::Train) => true,
            Some(_) => leaky && self.copies.contains(ticket.id.as_str()),
        };
        tickets.iter().filter(is_learned).cloned().collect()
    }

    /// The rows to train on, the validation rows among `tickets`, and the right test tickets.
    fn parts(&self, train: &[Ticket], tickets: &[Ticket], exported: &[Ticket]) -> Result<TextSplits> {
        // One list of names for all parts: a model that was taught a second name may answer with it.
        let names: BTreeSet<&String> = exported.iter().chain(&self.right).map(|ticket| &ticket.queue).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let part = |tickets: &[Ticket]| {
            let labels = tickets.iter().map(|ticket| names.binary_search(&ticket.queue).unwrap_or(0)).collect();
            let texts = tickets.iter().map(|ticket| ticket.text.clone()).collect();
            TextDataset::new("support-tickets-raw", texts, labels, names.clone())
        };
        Ok(TextSplits {
            train: part(train)?,
            validation: part(&self.part(tickets, Part::Validation))?,
            test: part(&self.part(&self.right, Part::Test))?,
        })
    }
}
