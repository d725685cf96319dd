//! The answer key against the file: what it lists is there, and nothing else is.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::*;
use crate::data::clean::is_invisible;
use crate::data::{Cleaner, TextDataset, comparable_text};

const TICKETS: &str = include_str!("../../../data/support-tickets-2/tickets.jsonl");
const QUEUES: [&str; 8] =
    ["access", "billing", "compute", "databases", "deployments", "networking", "security", "storage"];
/// Texts of one ticket are at least so similar, texts of different tickets less than `APART`.
const ALIKE: f64 = 0.4;
const APART: f64 = 0.25;

#[derive(Deserialize)]
struct Ticket {
    id: String,
    label: String,
    split: String,
    text: String,
    priority: String,
    channel: String,
    month: String,
}

struct Planted {
    rows: BTreeMap<String, ExportRow>,
    order: Vec<String>,
    key: AnswerKey,
    tickets: BTreeMap<String, Ticket>,
}

impl Planted {
    fn load() -> Self {
        let export = EmbeddedExport::find("support-tickets-raw").unwrap();
        let rows = export.rows().unwrap();
        let tickets = TICKETS.lines().map(|line| serde_json::from_str::<Ticket>(line).unwrap());
        Self {
            order: rows.iter().map(|row| row.id.clone()).collect(),
            rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(),
            key: export.answer_key().unwrap(),
            tickets: tickets.map(|ticket| (ticket.id.clone(), ticket)).collect(),
        }
    }

    fn text(&self, row: &str) -> &str {
        self.rows[row].text.as_deref().unwrap_or_default()
    }

    fn has(&self, row: &str, kinds: &[DefectKind]) -> bool {
        self.key.defects.iter().any(|defect| defect.row == row && kinds.contains(&defect.kind))
    }

    /// The row's text without damage and secrets.
    fn right_text(&self, row: &str) -> &str {
        let damage = self.key.defects_in(row).into_iter().find(|defect| is_in_text(defect.kind));
        damage.map_or_else(|| self.text(row), |defect| defect.right.as_deref().unwrap())
    }
}

fn is_in_text(kind: DefectKind) -> bool {
    use DefectKind::{Html, Invisible, LostCharacters, Mojibake, Secret};
    matches!(kind, Html | Invisible | LostCharacters | Mojibake | Secret)
}

fn is_copy(planted: &Planted, row: &str) -> bool {
    planted.has(row, &[DefectKind::ExactDuplicate, DefectKind::NearDuplicate])
}

#[test]
fn the_key_knows_every_row_and_every_ticket_stands_once_besides_its_copies() {
    let planted = Planted::load();
    assert!(planted.order.iter().eq(planted.key.rows.iter().map(|row| &row.id)));
    assert_eq!(planted.rows.len(), planted.order.len(), "an id stands twice");
    let mut seen = BTreeSet::new();
    for row in &planted.key.rows {
        let Some(id) = &row.ticket else {
            assert!(row.part.is_none() && planted.has(&row.id, &[DefectKind::NotATicket, DefectKind::MissingText]));
            continue;
        };
        let ticket = &planted.tickets[id];
        assert_eq!(row.queue.as_ref(), Some(&ticket.label), "{}", row.id);
        assert_eq!(row.part.map(|part| part.to_string()).as_ref(), Some(&ticket.split), "{}", row.id);
        if is_copy(&planted, &row.id) {
            continue;
        }
        assert!(seen.insert(id.clone()), "{id} stands twice and is not listed");
        let right = planted.right_text(&row.id);
        // An address that belongs to the request has no other text to go back to: it is covered.
        assert!(right == ticket.text || right.contains("[email]"), "{}: {right}", row.id);
    }
    assert_eq!(seen.len(), planted.tickets.len());
}

#[test]
fn cells_are_right_empty_or_listed() {
    use DefectKind::{ContradictoryLabel, LabelAlias, MissingChannel, MissingDate, MissingLabel, MissingPriority};
    let planted = Planted::load();
    for row in &planted.key.rows {
        let cells = &planted.rows[&row.id];
        let is_missing = |cell: &Option<String>| cell.as_deref().is_none_or(|cell| matches!(cell, "NULL" | "n/a"));
        assert_eq!(is_missing(&cells.channel), planted.has(&row.id, &[MissingChannel]), "{}", row.id);
        assert_eq!(is_missing(&cells.priority), planted.has(&row.id, &[MissingPriority]), "{}", row.id);
        assert_eq!(cells.created.is_none(), planted.has(&row.id, &[MissingDate]), "{}", row.id);
        let text_is_missing =
            cells.text.as_deref().is_none_or(|text| text == "NULL" || comparable_text(text).is_empty());
        assert_eq!(text_is_missing, planted.has(&row.id, &[DefectKind::MissingText]), "{}", row.id);
        let Some(queue) = &row.queue else { continue };
        let shown = cells.queue.clone().unwrap_or_default();
        let defects = planted.key.defects_in(&row.id);
        let of = |kind| defects.iter().find(|defect| defect.kind == kind);
        assert_eq!(shown.is_empty(), of(MissingLabel).is_some(), "{}", row.id);
        let name = of(LabelAlias).map_or(shown.as_str(), |alias| {
            assert_eq!(alias.found, [shown.as_str()], "{}", row.id);
            alias.right.as_deref().unwrap()
        });
        assert!(shown.is_empty() || QUEUES.contains(&name), "{}: {shown}", row.id);
        assert_eq!(!shown.is_empty() && name != queue, of(ContradictoryLabel).is_some(), "{}: {shown}", row.id);
        for defect in &defects {
            if matches!(defect.kind, ContradictoryLabel | MissingLabel) {
                assert_eq!(defect.right.as_ref(), Some(queue), "{}", row.id);
            }
        }
        let ticket = &planted.tickets[row.ticket.as_ref().unwrap()];
        if !is_copy(&planted, &row.id) {
            let right = |kind, cell: &Option<String>| match of(kind) {
                Some(defect) => defect.right.clone().unwrap(),
                None => cell.clone().unwrap(),
            };
            assert_eq!(right(MissingChannel, &cells.channel), ticket.channel, "{}", row.id);
            assert_eq!(right(MissingPriority, &cells.priority), ticket.priority, "{}", row.id);
        }
    }
}

/// `2026-03-14T09:26` from one of the three forms, and which it was.
fn parsed(date: &str) -> Option<(String, Option<DefectKind>)> {
    let number = |text: &str| text.parse::<u32>().ok();
    let (day, time) = date.split_once([' ', 'T'])?;
    let build = |year: u32, month: u32, day: u32, hour: u32, minute: u32| {
        let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
        fits.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"))
    };
    let cells: Vec<u32> = day.split(['-', '/']).map(number).collect::<Option<_>>()?;
    let [first, second, third] = cells[..] else { return None };
    let (clock, half) = time.split_once(' ').map_or((time, ""), |(clock, half)| (clock, half));
    let clock = clock.strip_suffix('Z').unwrap_or(clock);
    let mut clock = clock.split(':').map(number);
    let (hour, minute) = (clock.next()??, clock.next()??);
    if date.ends_with('Z') {
        return Some((build(first, second, third, hour, minute)?, None));
    }
    match half {
        "" => Some((build(third, second, first, hour, minute)?, Some(DefectKind::DayFirstDate))),
        "AM" => Some((build(third, first, second, hour % 12, minute)?, Some(DefectKind::MonthFirstDate))),
        "PM" => Some((build(third, first, second, hour % 12 + 12, minute)?, Some(DefectKind::MonthFirstDate))),
        _ => None,
    }
}

#[test]
fn dates_have_three_forms_and_stand_in_order() {
    use DefectKind::{DayFirstDate, MonthFirstDate};
    let planted = Planted::load();
    let mut last = String::new();
    for row in &planted.key.rows {
        let defects = planted.key.defects_in(&row.id);
        let Some(created) = &planted.rows[&row.id].created else { continue };
        let (date, form) = parsed(created).unwrap_or_else(|| panic!("{}: {created}", row.id));
        let listed = defects.iter().find(|defect| matches!(defect.kind, DayFirstDate | MonthFirstDate));
        assert_eq!(form, listed.map(|defect| defect.kind), "{}", row.id);
        if let Some(listed) = listed {
            assert_eq!(listed.right.as_ref(), Some(&date), "{}", row.id);
        }
        if let Some(id) = row.ticket.as_ref().filter(|_| !is_copy(&planted, &row.id)) {
            assert!(date.starts_with(&planted.tickets[id].month), "{}: {created}", row.id);
        }
        assert!(last <= date, "{}: {created} after {last}", row.id);
        last = date;
    }
}

/// Runs of five characters, as numbers.
fn shingles(text: &str) -> HashSet<u64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let chars: Vec<char> = comparable_text(text).chars().collect();
    let hash = |run: &[char]| {
        let mut hasher = DefaultHasher::new();
        run.hash(&mut hasher);
        hasher.finish()
    };
    chars.windows(5.min(chars.len().max(1))).map(hash).collect()
}

fn jaccard(a: &HashSet<u64>, b: &HashSet<u64>) -> f64 {
    let shared = a.intersection(b).count();
    shared as f64 / (a.len() + b.len() - shared) as f64
}

#[test]
fn listed_duplicates_are_alike_and_no_others_are() {
    use rayon::prelude::*;
    let planted = Planted::load();
    let ticket: BTreeMap<&str, Option<&str>> =
        planted.key.rows.iter().map(|row| (row.id.as_str(), row.ticket.as_deref())).collect();
    for defect in &planted.key.defects {
        let Some(like) = &defect.like else { continue };
        assert_eq!(ticket[defect.row.as_str()], ticket[like.as_str()], "{}", defect.row);
        let (a, b) = (planted.right_text(&defect.row), planted.right_text(like));
        let similarity = jaccard(&shingles(a), &shingles(b));
        match defect.kind {
            DefectKind::ExactDuplicate => assert_eq!(comparable_text(a), comparable_text(b), "{}", defect.row),
            DefectKind::NearDuplicate => {
                assert!(
                    similarity >= ALIKE && comparable_text(a) != comparable_text(b),
                    "{}: {similarity}",
                    defect.row
                );
                assert!((similarity - defect.similarity.unwrap()).abs() < 0.02, "{}: {similarity}", defect.row);
            }
            _ => assert!(similarity >= ALIKE, "{}: {similarity}", defect.row),
        }
    }
    let texts: Vec<(&str, HashSet<u64>)> = planted
        .order
        .iter()
        .filter(|row| !planted.has(row, &[DefectKind::MissingText]))
        .map(|row| (row.as_str(), shingles(planted.right_text(row))))
        .collect();
    let most = texts
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, a)| texts[at + 1..].iter().map(move |b| (a, b)))
        .filter(|(a, b)| ticket[a.0].is_none() || ticket[a.0] != ticket[b.0])
        .map(|(a, b)| (jaccard(&a.1, &b.1), a.0, b.0))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap();
    assert!(most.0 < APART, "{most:?}");
    let rewritten = planted.key.defects_of(DefectKind::NearDuplicate).len();
    assert!(rewritten >= 60 && planted.key.defects_of(DefectKind::ContradictoryLabel).len() >= 25);
}

/// Whether a text shows a kind of defect.
type Pattern = fn(&str) -> bool;

fn has_markup(text: &str) -> bool {
    let entity = |rest: &str| {
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#').unwrap_or(rest.len());
        end > 0 && rest[end..].starts_with(';')
    };
    let tag =
        |rest: &str| rest.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>');
    text.match_indices('&').any(|(at, _)| entity(&text[at + 1..]))
        || text.match_indices('<').any(|(at, _)| tag(&text[at + 1..]))
}

fn has_mojibake(text: &str) -> bool {
    text.contains("â€") || text.chars().any(|c| matches!(c, 'Ã' | 'Â'))
}

/// What a pattern can find: addresses, numbers of cards and accounts, telephone numbers, keys by their prefix, passwords
/// after their name.
fn has_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    let prefixes =
        ["cld_", "AKIA", "dckr_pat_", "glpat-", "npm_", "hvs.", "AIza", "sk-", "ghp_", "whsec_", "eyJ", "PRIVATE KEY"];
    let address = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains(':'))
    };
    let named = ["password=", "password:", "pwd=", "pwd:"].iter().any(|name| lower.contains(name));
    let login = text.split_whitespace().any(|word| {
        word.split_once("://").and_then(|(_, rest)| rest.split_once('@')).is_some_and(|(user, _)| user.contains(':'))
    });
    let words: Vec<&str> = text.split_whitespace().collect();
    let account = words.windows(2).any(|pair| {
        let (first, second) = (pair[0].as_bytes(), pair[1].as_bytes());
        first.len() == 4
            && first[..2].iter().all(u8::is_ascii_uppercase)
            && first[2..].iter().all(u8::is_ascii_digit)
            && second.len() == 4
            && second.iter().all(u8::is_ascii_alphanumeric)
    });
    let runs: Vec<String> = text
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '+')))
        .map(|run| run.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect())
        .collect();
    let number = runs.iter().any(|run| match run.strip_prefix('+') {
        Some(digits) => digits.len() >= 8 && !digits.contains('+'),
        None => (13..=19).contains(&run.len()) && passes_luhn(run),
    });
    words.iter().any(|word| address(word))
        || prefixes.iter().any(|prefix| has_word(text, prefix))
        || named
        || login
        || account
        || number
}

/// Whether a word begins with `prefix`, somewhere within a line.
fn has_word(text: &str, prefix: &str) -> bool {
    text.match_indices(prefix).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric()))
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, 2 * digit) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn damage_and_secrets_are_where_the_key_says_and_nowhere_else() {
    use DefectKind::{Html, Invisible, LostCharacters, MissingText, Mojibake, Secret};
    let planted = Planted::load();
    let invisible = |text: &str| text.chars().any(|c| is_invisible(c) || c == '\u{b}');
    let lost = |text: &str| text.contains('\u{fffd}');
    let checks: [(DefectKind, Pattern); 5] = [
        (Html, has_markup),
        (Mojibake, has_mojibake),
        (LostCharacters, lost),
        (Invisible, invisible),
        (Secret, has_secret),
    ];
    for row in &planted.order {
        let text = planted.text(row);
        let is_fine = |like: &LookAlike| like.row == *row && text.contains(&like.text);
        for (kind, found) in checks {
            // Text read in the wrong encoding holds control characters too, a missing one may be of nothing else.
            let beside = kind == Invisible && planted.has(row, &[Mojibake, MissingText]);
            let look_alike = kind == Mojibake && planted.key.look_alikes.iter().any(is_fine);
            if found(text) && !beside && !look_alike {
                assert!(planted.has(row, &[kind]), "{row}: {kind} is not listed: {text}");
            }
            // A password that stands in a sentence has no pattern.
            if planted.has(row, &[kind]) && kind != Secret {
                assert!(found(text), "{row}: there is no {kind}: {text}");
            }
        }
    }
    for defect in planted.key.defects.iter().filter(|defect| is_in_text(defect.kind)) {
        let text: String = planted.text(&defect.row).chars().filter(|c| !('\u{80}'..'\u{a0}').contains(c)).collect();
        let first = &defect.found[0];
        assert!(defect.found.iter().any(|found| text.contains(found.as_str())), "{}: {first:?}", defect.row);
        for found in &defect.found {
            assert!(!defect.right.as_ref().unwrap().contains(found.as_str()), "{}: {found:?}", defect.row);
        }
    }
    let secrets = planted.key.defects_of(Secret);
    let by_pattern = secrets.iter().filter(|defect| has_secret(planted.text(&defect.row))).count();
    assert!(secrets.len() >= 25 && by_pattern >= 25 && by_pattern < secrets.len(), "{by_pattern} of {}", secrets.len());
    for like in &planted.key.look_alikes {
        assert!(planted.text(&like.row).contains(&like.text), "{}", like.row);
    }
}

#[test]
fn what_the_key_calls_right_passes_its_own_check() {
    let planted = Planted::load();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for row in &planted.key.rows {
        let Some(ticket) = row.ticket.as_ref().filter(|_| !is_copy(&planted, &row.id)) else { continue };
        assert!(seen.insert(ticket));
        let mut cells = planted.rows[&row.id].clone();
        cells.text = Some(planted.right_text(&row.id).to_owned());
        cells.queue.clone_from(&row.queue);
        for defect in planted.key.defects_in(&row.id) {
            let cell = match defect.kind.column() {
                Some("channel") => &mut cells.channel,
                Some("priority") => &mut cells.priority,
                Some(_) => &mut cells.created,
                None => continue,
            };
            cell.clone_from(&defect.right);
        }
        rows.push(cells);
    }
    let (clean, _) = Cleaner::default().clean_export("right", &rows).unwrap();
    let report = planted.key.check(&clean).unwrap();
    assert!(report.is_clean(), "{report}");
    let parts = planted.key.split(&clean).unwrap();
    assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [815, 219, 442]);
}

#[test]
fn what_was_left_lost_and_spoiled_is_said() {
    let planted = Planted::load();
    let export = EmbeddedExport::find("support-tickets-raw").unwrap();
    let mut rows = export.rows().unwrap();
    let (raw, _) = Cleaner { duplicates: false, ..Cleaner::default() }.clean_export("raw", &rows).unwrap();
    let report = planted.key.check(&raw).unwrap();
    let left = |report: &KeyReport, kind| report.remaining(kind).len();
    for kind in DefectKind::ALL {
        let listed = planted.key.defects_of(kind).len();
        match kind {
            // Removed, or mended, by the cleaner's defaults.
            DefectKind::MissingText | DefectKind::MissingLabel => assert_eq!(left(&report, kind), 0, "{kind}"),
            DefectKind::Invisible
            | DefectKind::LabelAlias
            | DefectKind::NotATicket
            | DefectKind::ContradictoryLabel => {
                assert!(left(&report, kind) > 0 && left(&report, kind) <= listed, "{kind}");
            }
            DefectKind::DayFirstDate | DefectKind::MissingPriority => assert!(left(&report, kind) > 0, "{kind}"),
            // All but those of the 29 rows that went for want of a text or a label.
            _ => assert!((1..=listed).contains(&left(&report, kind)) && left(&report, kind) + 29 >= listed, "{kind}"),
        }
    }
    assert!(report.lost().is_empty() && report.mislabelled().is_empty() && report.spoiled().is_empty());
    let like = &planted.key.look_alikes[0];
    for row in &mut rows {
        if row.id == like.row {
            row.text = Some("repaired by a program that meant well".into());
        }
    }
    rows.retain(|row| row.queue.as_deref() != Some("billing"));
    let queue = rows[0].queue.replace("storage".into());
    assert_ne!(queue.as_deref(), Some("storage"));
    let report = planted.key.check(&Cleaner::default().clean_export("spoiled", &rows).unwrap().0).unwrap();
    assert_eq!(report.spoiled(), std::slice::from_ref(like));
    assert!(report.lost().len() > 100 && report.mislabelled().len() == 1, "{report}");
    assert!(!report.is_clean() && report.to_string().contains("good texts spoiled: 1"), "{report}");
    let other = TextDataset::embedded("support-tickets").unwrap();
    assert!(planted.key.check(&other).unwrap_err().to_string().contains("clean_export"));
}

#[test]
fn a_file_of_somebody_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let export = EmbeddedExport::find("support-tickets-raw").unwrap();
    let path = export.write_to(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), export.csv());
    assert_eq!(export.write_to(folder.path()).unwrap(), path);
    std::fs::write(&path, "my work").unwrap();
    assert!(export.write_to(folder.path()).unwrap_err().to_string().contains("another file"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "my work");
    assert!(export.write_to(folder.path().join("none")).is_err());
    let problem = EmbeddedExport::find("tickets").unwrap_err().to_string();
    assert!(problem.contains("support-tickets-raw"), "{problem}");
}
