//! Models and data sets of the Hugging Face Hub that go well with the course.
//!
//! A revision or checksum stands here only when it is known from what others recorded of that commit; `None` says that it is not.

use serde_json::{Value, json};

/// A file with its size in bytes and its SHA-256, as the Hub gives it for the revision.
pub(crate) struct ListedFile {
    pub(crate) path: &'static str,
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<&'static str>,
}

const fn file(path: &'static str, bytes: u64, sha256: &'static str) -> ListedFile {
    ListedFile { path, bytes, sha256: Some(sha256) }
}

pub(crate) struct Listed {
    pub(crate) id: &'static str,
    pub(crate) revision: &'static str,
    pub(crate) licence: &'static str,
    pub(crate) about: &'static str,
    /// The large files: a model's weights, a data set's tables.
    pub(crate) files: &'static [ListedFile],
}

impl Listed {
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub(crate) fn json(&self) -> Value {
        let files =
            self.files.iter().map(|file| json!({"path": file.path, "bytes": file.bytes, "sha256": file.sha256}));
        json!({
            "id": self.id,
            "revision": self.revision,
            "licence": self.licence,
            "about": self.about,
            "bytes": self.bytes(),
            "files": files.collect::<Vec<_>>(),
        })
    }
}

/// Models that the library builds.
pub(crate) const MODELS: [Listed; 5] = [
    Listed {
        id: "sentence-transformers/all-MiniLM-L6-v2",
        revision: "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        licence: "Apache-2.0",
        about: "English sentences, 6 layers, 384 dimensions; the embedded encoder's teacher",
        files: &[file(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        )],
    },
    Listed {
        id: "sentence-transformers/all-MiniLM-L12-v2",
        revision: "c004d8e3e901237d8fa7e9fff12774962e391ce5",
        licence: "Apache-2.0",
        about: "the same with 12 layers: a little better, twice as slow",
        // Its exact size is not known here.
        files: &[ListedFile { path: "model.safetensors", bytes: 133_000_000, sha256: None }],
    },
    Listed {
        id: "BAAI/bge-small-en-v1.5",
        revision: "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
        licence: "MIT",
        about: "English passages for search, 12 layers, 384 dimensions",
        files: &[file(
            "model.safetensors",
            133_466_304,
            "3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad",
        )],
    },
    Listed {
        id: "distilbert/distilbert-base-uncased",
        revision: "12040accade4e8a0f71eabdb258fecc2e7e948be",
        licence: "Apache-2.0",
        about: "English, 6 layers, 768 dimensions: the usual start of fine-tuning",
        files: &[file(
            "model.safetensors",
            267_954_768,
            "5e3f1108e3cb34ee048634875d8482665b65ac713291a7e32396fb18f6ff0063",
        )],
    },
    Listed {
        id: "timm/resnet18.a1_in1k",
        revision: "491b427b45c94c7fb0e78b5474cc919aff584bbf",
        licence: "Apache-2.0",
        about: "images: ResNet-18, trained on ImageNet-1k",
        files: &[file(
            "model.safetensors",
            46_807_446,
            "80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
        )],
    },
];

/// A data set, with where its texts and labels are.
pub(crate) struct ListedData {
    pub(crate) listed: Listed,
    pub(crate) text_column: &'static str,
}

pub(crate) const DATA: [ListedData; 4] = [
    ListedData {
        listed: Listed {
            id: "stanfordnlp/sst2",
            revision: "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
            licence: "not stated; used for research",
            about: "sentences from film reviews, positive or negative, 67,349/872 rows and a test part without labels",
            files: &[
                file(
                    "data/train-00000-of-00001.parquet",
                    3_110_458,
                    "c7921283b75a42e685f50edecb96798607ea0fcbfd0739ee8975f22c12d55f09",
                ),
                file(
                    "data/validation-00000-of-00001.parquet",
                    72_813,
                    "fb00fe008f6828f86ba2beda8415a4cf5da0c884f21c5f238c87131b5aa19529",
                ),
                file(
                    "data/test-00000-of-00001.parquet",
                    147_787,
                    "20d27a86c0c59acb746a41a481ebb1fc71edb72d94b5ccee7f23b9041b17adcf",
                ),
            ],
        },
        text_column: "sentence",
    },
    ListedData {
        listed: Listed {
            id: "fancyzhx/ag_news",
            revision: "eb185aade064a813bc0b7f42de02595523103ca4",
            licence: "not stated; used for research",
            about: "openings of news in four sections, 120,000/0/7,600 rows",
            files: &[
                file(
                    "data/train-00000-of-00001.parquet",
                    18_585_438,
                    "fc508d6d9868594e3da960a8cfeb63ab5a4746598b93428c224397080c1f52ee",
                ),
                file(
                    "data/test-00000-of-00001.parquet",
                    1_234_829,
                    "71de87ec66bc5737752a2502204dfa6d7fe9856ade3ea444dc6317789a4f13fb",
                ),
            ],
        },
        text_column: "text",
    },
    ListedData {
        listed: Listed {
            id: "stanfordnlp/imdb",
            revision: "e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
            licence: "not stated; used for research",
            about: "whole film reviews, positive or negative, 25,000/0/25,000 rows",
            files: &[
                file(
                    "plain_text/train-00000-of-00001.parquet",
                    20_979_968,
                    "db47d16b5c297cc0dd625e519c81319c24c9149e70e8496de5475f6fa928342c",
                ),
                file(
                    "plain_text/test-00000-of-00001.parquet",
                    20_470_363,
                    "b52e26e2f872d282ffac460bf9770b25ac6f102cda0e6ca7158df98c94e8b3da",
                ),
            ],
        },
        text_column: "text",
    },
    ListedData {
        listed: Listed {
            id: "PolyAI/banking77",
            revision: "689fcc406cf47a5fbe15f09393be5f206a009fcc",
            licence: "CC BY 4.0",
            about: "questions to a bank in 77 classes, 10,003/0/3,080 rows; the revision is of the Hub's own Parquet files",
            files: &[
                file(
                    "default/train/0000.parquet",
                    298_170,
                    "45d8553240ae20a498392d1e5f80b7f55630365f726e819363d056829df00b8e",
                ),
                file(
                    "default/test/0000.parquet",
                    93_870,
                    "529c7c3e2a074928d462989c349742d142d681332dff9534ef3cc6a5fad74f7d",
                ),
            ],
        },
        text_column: "text",
    },
];

pub(crate) fn model(id: &str) -> Option<&'static Listed> {
    MODELS.iter().find(|listed| listed.id == id)
}

pub(crate) fn data(id: &str) -> Option<&'static ListedData> {
    DATA.iter().find(|data| data.listed.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_well_formed() {
        let is_hash = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        let all: Vec<&Listed> = MODELS.iter().chain(DATA.iter().map(|data| &data.listed)).collect();
        for listed in &all {
            assert!(listed.id.split('/').count() == 2 && !listed.licence.is_empty(), "{}", listed.id);
            assert!(is_hash(listed.revision, 40) && listed.bytes() > 0, "{}", listed.id);
            let hashes = || listed.files.iter().filter_map(|file| file.sha256);
            assert!(hashes().all(|hash| is_hash(hash, 64)), "{}", listed.id);
        }
        let mut hashes: Vec<_> = all.iter().flat_map(|l| l.files).filter_map(|file| file.sha256).collect();
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count, "one hash stands twice");
    }
}
