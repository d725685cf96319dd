"""The learner's loop: check, hint, solution, reset, progress, quiz, in a terminal and in the notebook."""

import json
import tomllib

import pytest

from support import paths
from support.kernel import Kernel
from support.program import assert_clear_error, assert_good, run

EXERCISES = sorted(path.parent for path in paths.ROOT.glob("exercises/*/exercise.toml"))
IDS = [folder.name for folder in EXERCISES]
WRONG = [(folder.name, path) for folder in EXERCISES for path in sorted(folder.glob("wrong/*.rs"))]


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def put(work, exercise, code):
    """The learner's file with this code."""
    file = work / "exercises" / exercise / "src" / "lib.rs"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
    return file


def check(work, exercise):
    """The report and the exit code."""
    finished = run("check", exercise, "--json", "--dir", work, timeout=600)
    assert finished.code in (0, 1), str(finished)
    [report] = json.loads(finished.out)
    assert (finished.code == 0) == (report["outcome"]["kind"] == "passed"), str(finished)
    return report


def test_there_are_exercises():
    assert {"simple-fine-tuning", "hyperparameters"} <= set(IDS)
    for folder in EXERCISES:
        assert len(list(folder.glob("wrong/*.rs"))) >= 3


@pytest.mark.parametrize("exercise", IDS)
def test_the_starter_says_what_is_to_do(exercise, work):
    finished = run("check", exercise, "--dir", work, timeout=600)
    assert finished.code == 1, str(finished)
    assert "Not started" in finished.out and f"hint {exercise}" in finished.out, str(finished)
    file = work / "exercises" / exercise / "src" / "lib.rs"
    assert file.read_text() == (paths.ROOT / "exercises" / exercise / "starter.rs").read_text()
    # Touched, but nothing done: still no pass.
    put(work, exercise, file.read_text() + "\n// I have begun.\n")
    report = check(work, exercise)
    assert report["outcome"]["kind"] != "passed"


@pytest.mark.parametrize("exercise", IDS)
def test_the_solution_passes_and_opens_only_then(exercise, work, figures):
    refused = run("solution", exercise, "--dir", work)
    assert refused.code == 1 and exercise in refused.err and "pass" in refused.err, str(refused)
    solution = (paths.ROOT / "exercises" / exercise / "solution.rs").read_text(encoding="utf-8")
    put(work, exercise, solution)
    report = check(work, exercise)
    assert report["outcome"]["kind"] == "passed", report
    assert report["lines"] and all(line["missing"] is None for line in report["lines"])
    figures(f"exercise {exercise}: the solution runs {report['seconds']:.1f} s")
    assert assert_good(run("solution", exercise, "--dir", work)).out == solution
    progress = json.loads(assert_good(run("progress", "--json", "--dir", work)).out)
    assert [exercise, True] in [pair for lesson in progress["lessons"] for pair in lesson["exercises"]]


@pytest.mark.parametrize(("exercise", "path"), WRONG, ids=[f"{e}-{p.stem}" for e, p in WRONG])
def test_a_wrong_answer_is_told_why(exercise, path, work):
    code = path.read_text(encoding="utf-8")
    first = code.splitlines()[0]
    assert first.startswith("//~ MESSAGE: "), first
    put(work, exercise, code)
    finished = run("check", exercise, "--dir", work, timeout=600)
    assert finished.code == 1, str(finished)
    assert first.removeprefix("//~ MESSAGE: ").strip() in finished.out, str(finished)


def body_of(exercise, replacement):
    """The solution with a line put at the beginning of its first public function."""
    solution = (paths.ROOT / "exercises" / exercise / "solution.rs").read_text(encoding="utf-8")
    at = solution.index("{\n", solution.index("pub fn")) + 2
    return solution[:at] + replacement + "\n" + solution[at:]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("    let unfinished: usize = ;", "Does not compile"),
        ("    panic!(\"not yet\");", "not yet"),
        ("    let mut hoard = Vec::new(); loop { hoard.push(vec![1u8; 1 << 26]); if hoard.len() > 1 << 20 { break; } }", "memory"),
        ("    std::process::exit(0);", "nothing to judge"),
    ],
    ids=["does not compile", "panics", "takes all memory", "exits early"],
)
def test_broken_answers_are_stopped_and_explained(line, told, work):
    exercise = "simple-fine-tuning"
    put(work, exercise, body_of(exercise, line))
    finished = run("check", exercise, "--dir", work, timeout=600)
    assert finished.code == 1, str(finished)
    assert told in finished.out, str(finished)


def test_an_endless_answer_is_stopped(work, course):
    # The limit is shortened in a copy of the course, so that this does not take a minute and a half.
    manifest = course / "exercises" / "simple-fine-tuning" / "exercise.toml"
    before = manifest.read_text(encoding="utf-8")
    seconds = tomllib.loads(before)["limits"]["seconds"]
    manifest.write_text(before.replace(f"seconds = {seconds}", "seconds = 5"), encoding="utf-8")
    try:
        put(work, "simple-fine-tuning", body_of("simple-fine-tuning", "    loop { std::hint::spin_loop(); }"))
        finished = run("check", "simple-fine-tuning", "--dir", work, cwd=course, timeout=120)
    finally:
        manifest.write_text(before, encoding="utf-8")
    assert finished.code == 1 and "more than 5 s" in finished.out, str(finished)


def test_hints_come_one_by_one(work):
    hints = tomllib.loads((paths.ROOT / "exercises" / "simple-fine-tuning" / "exercise.toml").read_text())["hints"]
    assert len(hints) >= 2
    for number, hint in enumerate([*hints, hints[-1]], 1):
        said = assert_good(run("hint", "simple-fine-tuning", "--dir", work)).out
        assert f"Hint {min(number, len(hints))} of {len(hints)}" in said
        assert hint.split()[0] in said


def test_reset_keeps_what_was_written(work):
    file = put(work, "simple-fine-tuning", "// all my work\n")
    said = assert_good(run("reset", "simple-fine-tuning", "--dir", work)).out
    assert file.read_text() == (paths.ROOT / "exercises" / "simple-fine-tuning" / "starter.rs").read_text()
    kept = list((work / ".tunebook" / "backup").iterdir())
    assert [path.read_text() for path in kept] == ["// all my work\n"]
    assert str(kept[0]) in said


def test_the_quiz_in_a_terminal(work):
    quiz = tomllib.loads((paths.ROOT / "lessons" / "03-strategies" / "quiz.toml").read_text(encoding="utf-8"))
    question = next(q for q in quiz["question"] if q["kind"] == "choice" and not q.get("many"))
    right = next(i for i, option in enumerate(question["option"]) if option.get("right"))
    call = ["quiz", "strategies", "--question", question["id"], "--dir", work]
    good = assert_good(run(*call, stdin=f"{'abcdefgh'[right]}\n"))
    assert question["explanation"].split("\n")[0][:20] in good.out or "orrect" in good.out, str(good)
    wrong = run(*call, stdin=f"{'abcdefgh'[(right + 1) % len(question['option'])]}\n")
    assert wrong.code == 1, str(wrong)
    assert question["option"][(right + 1) % len(question["option"])]["why"].split()[0] in wrong.out, str(wrong)


def test_how_one_short_answer_is_scored(work, tmp_path):
    answer = tmp_path / "answer.txt"
    answer.write_text("Large steps would destroy the knowledge from pretraining.")
    call = ["quiz", "strategies", "--question", "why-lower-learning-rate", "--dir", work]
    said = assert_good(run(*call, "--try", answer)).out
    assert "keeps-knowledge" in said or "overwrite what pretraining learned" in said, said
    assert_clear_error(run(*call, "--try", tmp_path / "none.txt"), "none.txt")
    # The same answer gets the same words, byte by byte.
    assert assert_good(run(*call, "--try", answer)).out == said


@pytest.fixture(scope="module")
def kernel(course):
    (course / "work" / "notebooks").mkdir(parents=True, exist_ok=True)
    with Kernel.from_spec(cwd=course / "work" / "notebooks") as running:
        yield running


def test_check_in_a_notebook(kernel, course):
    exercise = "simple-fine-tuning"
    folder = paths.ROOT / "exercises" / exercise
    starter = kernel.execute(f":check {exercise}\n{(folder / 'starter.rs').read_text()}")
    # The notebook holds the starter: Run All must not stop there.
    assert starter.status == "ok" and "Not started" in starter.shown("text/plain")[0]
    wrong = kernel.execute(f":check {exercise}\n{next(iter(sorted(folder.glob('wrong/*.rs')))).read_text()}")
    assert wrong.status == "ok" and "✗" in wrong.shown("text/html")[0]
    solved = kernel.execute(f":check {exercise}\n{(folder / 'solution.rs').read_text()}")
    assert "Passed" in solved.shown("text/plain")[0]
    # What was typed in the notebook is the exercise's file now, and counts in the terminal.
    assert (course / "work" / "exercises" / exercise / "src" / "lib.rs").is_file()
    assert check(course / "work", exercise)["outcome"]["kind"] == "passed"


def test_the_other_commands_in_a_notebook(kernel):
    hint = kernel.execute(":hint hyperparameters")
    assert hint.status == "ok" and "Hint 1 of" in hint.shown("text/plain")[0]
    progress = kernel.execute(":progress")
    assert progress.status == "ok" and "simple-fine-tuning" in progress.shown("text/plain")[0]
    answer = kernel.execute(":quiz why-lower-learning-rate\nBig steps destroy what the model learned in pretraining.")
    assert answer.status == "ok" and "<" in answer.shown("text/html")[0]
    # A question that nobody has answered yet does not stop Run All either.
    assert kernel.execute(":quiz why-lower-learning-rate\n").status == "ok"
    unknown = kernel.execute(":check cooking")
    assert unknown.status == "error" and "simple-fine-tuning" in unknown.reply["evalue"]
    assert ":check" in kernel.execute(":help").shown("text/plain")[0]
