//! Fetching one file: on from where an earlier try stopped, checked, and only then under its name.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode, Url};

use super::checksum::Checksum;
use super::http::{Http, PAUSE, Problem, TRIES, reason};

/// A file to fetch.
pub(crate) struct Transfer<'a> {
    pub(crate) http: &'a Http,
    pub(crate) url: Url,
    /// Where it is to lie. Until it is whole and checked, its bytes are in a file `….incomplete` beside it.
    pub(crate) to: &'a Path,
    pub(crate) size: Option<u64>,
    pub(crate) checksum: Option<Checksum>,
    /// What it is called while it arrives.
    pub(crate) label: &'a str,
}

impl Transfer<'_> {
    /// Fetches the file, unless it is there.
    pub(crate) fn run(&self) -> Result<(), Problem> {
        let mut partial = Partial::open(self.to)?;
        if self.to.exists() {
            // Another process has brought it while this one waited for the lock.
            if partial.len == 0 {
                partial.remove();
            }
            return Ok(());
        }
        let goes_on = partial.len > 0;
        self.fill(&mut partial)?;
        if let Err(problem) = self.check(&partial) {
            // The bytes of the earlier try may be the wrong ones.
            partial.cut(0)?;
            if !goes_on {
                partial.remove();
                return Err(problem);
            }
            self.fill(&mut partial)?;
            if let Err(problem) = self.check(&partial) {
                partial.remove();
                return Err(problem);
            }
        }
        partial.finish(self.to)
    }

    /// Brings all bytes, with new requests as long as they bring new ones.
    fn fill(&self, partial: &mut Partial) -> Result<(), Problem> {
        if let Some(size) = self.size {
            if partial.len > size {
                partial.cut(0)?;
            }
            check_space(&partial.path, size - partial.len)?;
        }
        let bar = bar(self.label, self.size);
        let (mut tries, mut furthest) = (0, partial.len);
        while self.size.is_none_or(|size| partial.len < size || size == 0) {
            let outcome = self.http.wait(self.receive(partial, &bar));
            if partial.len > furthest {
                (tries, furthest) = (0, partial.len);
            }
            match outcome {
                Ok(()) if self.size.is_none_or(|size| partial.len >= size) => break,
                Err(problem) if !problem.may_pass() => return Err(problem),
                outcome => {
                    tries += 1;
                    if tries == TRIES {
                        let early = || Problem::Broken {
                            cause: "the server sends less than it announced".to_owned(),
                            have: partial.len,
                            whole: self.size,
                        };
                        return Err(outcome.err().unwrap_or_else(early));
                    }
                    std::thread::sleep(PAUSE * tries);
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The bytes of one answer.
    async fn receive(&self, partial: &mut Partial, bar: &ProgressBar) -> Result<(), Problem> {
        let mut response = match self.http.get(&self.url, partial.len).await {
            // There is nothing behind what is here: it is not the file that it was.
            Err(Problem::Refused { status: 416, .. }) => {
                partial.cut(0)?;
                self.http.get(&self.url, 0).await?
            }
            outcome => outcome?,
        };
        if partial.len > 0 && !goes_on_at(&response, partial.len) {
            partial.cut(0)?;
        }
        let whole = self.size.or_else(|| response.content_length().map(|rest| partial.len + rest));
        if let Some(whole) = whole {
            bar.set_length(whole);
        }
        loop {
            bar.set_position(partial.len);
            let have = partial.len;
            let part = response.chunk().await.map_err(|e| Problem::Broken { cause: reason(&e), have, whole })?;
            let Some(part) = part else { return Ok(()) };
            partial.add(&part)?;
            if self.size.is_some_and(|size| partial.len > size) {
                return Ok(());
            }
        }
    }

    fn check(&self, partial: &Partial) -> Result<(), Problem> {
        if let Some(size) = self.size.filter(|size| *size != partial.len) {
            let what = format!("{} bytes and more arrived in place of {size}", partial.len);
            return Err(Problem::Altered { what });
        }
        let Some(checksum) = &self.checksum else { return Ok(()) };
        match checksum.check(&partial.path) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(found)) => Err(Problem::Altered { what: format!("arrived with {found} in place of {checksum}") }),
            Err(source) => Err(partial.problem(source)),
        }
    }
}

/// Whether an answer holds the bytes from `from` on, as was asked, and not all of them.
fn goes_on_at(response: &Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
    response.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {from}-"))
}

/// The bytes that have arrived so far.
struct Partial {
    path: PathBuf,
    /// Locked as long as it is open: two processes do not write into one file.
    file: File,
    len: u64,
}

impl Partial {
    fn open(to: &Path) -> Result<Self, Problem> {
        let mut name = to.as_os_str().to_owned();
        name.push(".incomplete");
        let path = PathBuf::from(name);
        let problem = |source| Problem::Disk { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Problem::Disk { path: folder.to_owned(), source })?;
        }
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(problem)?;
        file.lock().map_err(problem)?;
        let len = file.seek(SeekFrom::End(0)).map_err(problem)?;
        Ok(Self { path, file, len })
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.file.write_all(bytes).map_err(|source| self.problem(source))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Keeps the first `len` bytes.
    fn cut(&mut self, len: u64) -> Result<(), Problem> {
        self.file.set_len(len).map_err(|source| self.problem(source))?;
        self.len = self.file.seek(SeekFrom::Start(len)).map_err(|source| self.problem(source))?;
        Ok(())
    }

    fn remove(self) {
        // Best effort: the next try finds the bytes wrong once more and begins anew.
        let _ = std::fs::remove_file(&self.path);
    }

    fn finish(self, to: &Path) -> Result<(), Problem> {
        // The bytes must be on the disk before the name is: a power cut leaves no half file under it.
        self.file.sync_all().map_err(|source| self.problem(source))?;
        std::fs::rename(&self.path, to).map_err(|source| self.problem(source))
    }

    fn problem(&self, source: std::io::Error) -> Problem {
        Problem::Disk { path: self.path.clone(), source }
    }
}

fn check_space(path: &Path, needed: u64) -> Result<(), Problem> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Where the system does not say, writing will.
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < needed {
        return Err(Problem::Full { folder: folder.to_owned(), free, needed });
    }
    Ok(())
}

/// A progress bar on stderr, shown in a terminal only.
fn bar(label: &str, size: Option<u64>) -> ProgressBar {
    let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(label.to_owned());
    bar
}
