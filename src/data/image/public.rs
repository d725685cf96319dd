//! Public image data sets that their publishers keep as one file: where it is, what it must hold, under which licence.

use std::path::{Path, PathBuf};

use crate::data::ImageDataset;
use crate::hub::cache;
use crate::{Error, Result};

/// A public image data set in one file, which `tunebook data get` fetches.
///
/// ```
/// use tunebook::data::PublicImages;
/// let data = PublicImages::find("pneumoniamnist")?;
/// assert_eq!((data.licence, data.label_names), ("CC BY 4.0", ["normal", "pneumonia"].as_slice()));
/// println!("{} from {}", data.about, data.url);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicImages {
    /// The name to load it by.
    pub name: &'static str,
    /// One line on what it holds.
    pub about: &'static str,
    /// Where its publisher keeps the file.
    pub url: &'static str,
    /// The MD5 of the file, as its publisher says it.
    pub md5: &'static str,
    /// The size of the file in millions of bytes, rounded up.
    pub megabytes: u64,
    /// The licence.
    pub licence: &'static str,
    /// Where it is described.
    pub home_page: &'static str,
    /// What to cite.
    pub citation: &'static str,
    /// The names of the labels 0, 1 and so on.
    pub label_names: &'static [&'static str],
}

/// All of them.
///
/// ```
/// for data in &tunebook::data::image::public::ALL {
///     println!("{}: {}", data.name, data.about);
/// }
/// ```
pub const ALL: [PublicImages; 1] = [PublicImages {
    name: "pneumoniamnist",
    about: "5,856 chest X-rays of children, 28 x 28 grey, normal or pneumonia, fixed split 4,708/524/624",
    url: "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
    md5: "28209eda62fecd6e6a2d98b1501bb15f",
    megabytes: 5,
    licence: "CC BY 4.0",
    home_page: "https://medmnist.com",
    citation: "Yang et al. 2023, MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical image classification, \
               Scientific Data 10:41; the images: Kermany et al. 2018, Identifying Medical Diagnoses and Treatable Diseases by \
               Image-Based Deep Learning, Cell 172(5)",
    label_names: &["normal", "pneumonia"],
}];

impl PublicImages {
    /// The data set of this name.
    ///
    /// # Errors
    /// For a name that none has; the message lists those there are.
    pub fn find(name: &str) -> Result<Self> {
        ALL.into_iter().find(|data| data.name == name).ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|data| data.name).collect();
            Error::input(
                name,
                "there is no public image data set of this name",
                format!("there are: {}", names.join(", ")),
            )
        })
    }

    /// Where the file is, or will be when it was fetched: in `TUNEBOOK_DATA`, or `tunebook/data` in `XDG_CACHE_HOME`, or
    /// `~/.cache/tunebook/data`.
    ///
    /// ```
    /// let path = tunebook::data::PublicImages::find("pneumoniamnist")?.path()?;
    /// assert!(path.ends_with("pneumoniamnist.npz"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When none of the variables is set and there is no home folder.
    pub fn path(&self) -> Result<PathBuf> {
        Ok(cache::data_folder()?.join(format!("{}.npz", self.name)))
    }

    /// Compares a file with the checksum of this data set.
    ///
    /// # Errors
    /// When the file cannot be read, or is another one.
    #[cfg(feature = "hub")]
    pub fn check(&self, path: &Path) -> Result<()> {
        match self.checksum().check(path).map_err(|e| Error::io(path, e))? {
            Ok(()) => Ok(()),
            Err(found) => {
                let problem =
                    format!("is not {} as published: it has {found} in place of {}", self.name, self.checksum());
                let mend = format!("run `tunebook data get {}` with a network, which fetches it again", self.name);
                Err(Error::input(path.display(), problem, mend))
            }
        }
    }

    #[cfg(feature = "hub")]
    fn checksum(&self) -> crate::hub::checksum::Checksum {
        crate::hub::checksum::Checksum::Md5(self.md5.to_owned())
    }

    /// Fetches the file to `to`, on from where an earlier try stopped, and compares it with its checksum before it gets its
    /// name. `url` is another address of the same file, such as a mirror's. A file that is at `to` is compared, and fetched
    /// again when it differs.
    ///
    /// # Errors
    /// When the file does not arrive whole, is another one, or cannot be written.
    #[cfg(feature = "hub")]
    pub fn fetch(&self, to: &Path, url: Option<&str>) -> Result<()> {
        use crate::hub::http::Http;
        use crate::hub::transfer::Transfer;

        let url = url.unwrap_or(self.url);
        let wrong = |problem| Error::input(url, problem, "give an address such as https://example.org/file.npz");
        let address = reqwest::Url::parse(url).map_err(|e| wrong(e.to_string()))?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https".to_owned()));
        }
        if to.exists() {
            if self.check(to).is_ok() {
                return Ok(());
            }
            std::fs::remove_file(to).map_err(|e| Error::io(to, e))?;
        }
        let fetch = || {
            // Its publisher needs no token, and a mirror shall not see the Hub's.
            let http = Http::new(None)?;
            let checksum = Some(self.checksum());
            Transfer { http: &http, url: address.clone(), to, size: None, checksum, label: self.name }.run()
        };
        fetch().map_err(|e| Error::input(url, format!("cannot fetch {} ({e})", self.name), e.mend("TUNEBOOK_DATA")))
    }

    /// Reads a file of this data set, with the names of its labels.
    ///
    /// # Errors
    /// Those of [`ImageDataset::read_npz`].
    pub fn read(&self, path: impl AsRef<Path>) -> Result<ImageDataset> {
        let names: Vec<String> = self.label_names.iter().map(|name| (*name).to_owned()).collect();
        ImageDataset::read_npz(path, Some(&names))
    }
}

impl ImageDataset {
    /// A public data set that `tunebook data get` has fetched, by its name, with the names of its labels and its fixed split.
    ///
    /// ```no_run
    /// use tunebook::data::ImageDataset;
    /// let parts = ImageDataset::public("pneumoniamnist")?.fixed_split()?;
    /// println!("{}", parts.train);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// For an unknown name; when the file was not fetched yet, with the command that does it; and those of
    /// [`read_npz`](Self::read_npz).
    pub fn public(name: &str) -> Result<Self> {
        let data = PublicImages::find(name)?;
        let path = data.path()?;
        if !path.is_file() {
            let mend = format!("run `tunebook data get {name}` in a terminal with a network");
            return Err(Error::input(name, format!("{} is not there", path.display()), mend));
        }
        data.read(path)
    }
}
