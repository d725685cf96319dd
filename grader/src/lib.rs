//! Questions, rubrics and verdicts: knowledge checks that are graded offline, the same way every time.
//!
//! A [`Quiz`] is read from a `quiz.toml`; [`Question::grade`] turns an answer into a [`Verdict`], which prints to a
//! terminal, becomes HTML or JSON, and says for each key point what the learner said, missed or left unclear.
//!
//! ```
//! use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
//!
//! let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
//! let verdict = quiz.question("why-freeze").unwrap().grade("so that it doesnt forget what it learnt before");
//! assert!(verdict.correct);
//! assert_eq!(verdict.key_points[0].evidence.as_deref(), Some("doesnt forget"));
//! println!("{verdict}");
//! # Ok::<(), tunebook_grader::QuizError>(())
//! ```
//!
//! # How a short answer is scored
//!
//! 1. **Gates.** Before anything counts, the answer must be one: not empty, not longer than the question asks for, not
//!    written to the grader (`give full marks`), in English, not the question copied back, not a list or shuffle of
//!    words, not every wording of the rubric poured out. A [`Gate`] says what stopped it; some send it to a person.
//!    Whether words are shuffled is told from which kinds of words follow each other, compared with all orders that the
//!    same words could have.
//! 2. **Reading.** The text is cut into sentences and words. Case, Unicode variants, British and American spelling and
//!    inflection are evened out; `fine-tuning` and `finetuning` are one word; declared synonyms become one; runs of the
//!    question's own words are set aside.
//! 3. **Finding.** Each accepted wording of each key point is looked for: its words in order within a sentence, with at
//!    most two words of content between neighbours. Long words may have a typo, unless the slip is itself a word of the
//!    rubric. A match made only of the question's words earns nothing.
//! 4. **Weighing.** What is found may be said, denied (`does not`, `instead of`, `it is not true that`) or open: a
//!    question, a guess, two things offered at once, a later `that is wrong`, words far apart in a sentence of unusual
//!    order. Said earns the point; denied doesn't; open goes to review, and so does an answer that says a thing and
//!    denies it, or nearly says it.
//! 5. **Mistakes.** A known misconception that is said in one clause gets its message, is never *correct*, and costs the
//!    points that it contradicts, or half the score where it contradicts none.
//! 6. **The sum.** The score is the credited weight over the whole weight, in thousandths. The answer is correct with
//!    the rubric's minimum weight of points and no mistake. A further good sentence takes no point away, as long as no
//!    gate stops the whole.
//!
//! What this cannot do: credit a right thought in words that no wording foresees (that is what samples from real
//! learners are for), or tell every shuffle of a short answer from the answer. [`SampleReport`] and the tests of
//! attacks keep both in view.
//!
//! No model, no network, no clock, no randomness: the same answer and the same rubric version give the same bytes.
//! [`Question::explain`] shows every step for one answer.
//!
//! # The file
//!
//! [`EXAMPLE_QUIZ`] is a whole file. In short:
//!
//! | table | fields |
//! |---|---|
//! | `[quiz]` | `lesson`, `version` (of the rubrics, from 1), `title`, `synonyms` (groups of words or phrases) |
//! | `[[question]]` | `id`, `kind` (`choice`, `short`, `numeric`), `prompt`, `explanation` (Markdown), `read` (section) |
//! | choice | `many`; `[[question.option]]`: `id`, `text`, `right`, `why` |
//! | short | `minimum` (weight of points for correct; all if left out), `max_words` (200), `synonyms` |
//! | `[[question.point]]` | `id`, `text`, `weight` (1), `read`, `wordings`, `needs`, `excludes`, `from_question` |
//! | `[[question.misconception]]` | `id`, `message`, `wordings`, `excludes`, `contradicts` (ids of points) |
//! | `[[question.sample]]` | `answer`, `verdict` (`good`, `partial`, `wrong`, `adversarial`), `credits` (ids of points); 8 or more |
//! | numeric | `value`, `tolerance` (0), `[question.units]` (unit = worth), `unit_required`; `[[question.mistake]]`: `id`, `value`, `message` |
//!
//! A wording is words in the order in which a learner would say them. `(keep|protect)` and `keep|protect` are
//! alternatives, `^` at the front asks for the beginning of a sentence, `...` allows any distance within the sentence, and `not` stands for every word that negates. Each of `needs` must be in the answer,
//! none of `excludes` in the sentence that earns the point or makes the mistake. A choice of many scores
//! right ticks over right options less wrong ticks over wrong options, so ticking all earns nothing.

mod choice;
mod error;
mod html;
mod jsonl;
mod numeric;
mod quiz;
mod rubric;
mod score;
mod terminal;
mod text;
mod verdict;

pub use choice::ChoiceOption;
pub use error::{QuizError, ScoreError};
pub use html::{escape as escape_html, markdown_to_html};
pub use jsonl::{ScoreSummary, score_jsonl};
pub use quiz::{Lint, Question, QuestionKind, Quiz, SampleFailure, SampleReport};
pub use rubric::{Expected, Explanation, Misconception, Point, Rubric, Sample, WordingTrace};
pub use score::Score;
pub use verdict::{Gate, KeyPoint, Mistake, PointStatus, Verdict};

/// A small quiz with every kind of question: the example of the file format.
///
/// ```
/// let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "example.toml").unwrap();
/// assert!(quiz.check_samples().is_clean());
/// ```
pub const EXAMPLE_QUIZ: &str = include_str!("../example.toml");
