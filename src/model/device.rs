//! Where a model computes: in main memory, or on a graphics card.

use std::sync::{Mutex, PoisonError};

use candle_core::{Device, DeviceLocation};

use crate::{Error, Result};

/// A kind of graphics card, and what to do when it is not at hand.
struct Card {
    name: &'static str,
    is_built: bool,
    open: fn(usize) -> candle_core::Result<Device>,
    build: &'static str,
    look: &'static str,
}

const CARDS: [Card; 2] = [
    Card {
        name: "cuda",
        is_built: cfg!(feature = "cuda"),
        open: Device::new_cuda,
        build: "build it with `--features cuda` on a machine with NVIDIA's CUDA toolkit",
        look: "see with `nvidia-smi` which cards there are; they count from 0",
    },
    Card {
        name: "metal",
        is_built: cfg!(feature = "metal"),
        open: Device::new_metal,
        build: "build it with `--features metal` on a Mac",
        look: "metal needs a Mac with a graphics card that Metal supports",
    },
];

/// The cards that are open: candle takes two handles of one card for two devices, so each is opened once.
static OPEN: Mutex<Vec<(String, Device)>> = Mutex::new(Vec::new());

/// The device of this name, for [`super::Pretrained::device`] and [`super::StoreBuilder::on`].
///
/// | name | where it computes |
/// | --- | --- |
/// | `cpu` | main memory, on the kernels of [`crate::ops`] |
/// | `cuda`, `cuda:1` | an NVIDIA card, the first or another; needs the crate's feature `cuda` |
/// | `metal` | Apple's graphics card; needs the crate's feature `metal` |
/// | `auto` | the first of cuda, metal and cpu that the program was built for and the machine has |
///
/// The same name gives the same device each time.
///
/// ```
/// use tunebook::model::{Pretrained, TextEncoder, device};
/// let encoder = TextEncoder::from_pretrained(Pretrained::embedded().device(&device("cpu")?))?;
/// assert!(encoder.embed(&["The disk is full."])?.device().is_cpu());
/// assert!(device("gpu").unwrap_err().to_string().contains("cuda"));
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// For a name that is none of these, for a kind of card that the program was built without, and when the card cannot be
/// opened.
pub fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" => return Ok(Device::Cpu),
        "auto" => {
            let mut built = CARDS.iter().filter(|card| card.is_built);
            return Ok(built.find_map(|card| card.opened(0).ok()).unwrap_or(Device::Cpu));
        }
        _ => {}
    }
    let (kind, number) = match name.split_once(':') {
        Some((kind, number)) => (kind, number.parse().ok()),
        None => (name, Some(0)),
    };
    match (CARDS.iter().find(|card| card.name == kind), number) {
        (Some(card), _) if !card.is_built => Err(Error::input(
            format!("device {name}"),
            format!("this program was built without the feature {kind}"),
            format!("{}, or use cpu", card.build),
        )),
        (Some(card), Some(number)) => card.opened(number).map_err(|problem| {
            let problem = problem.to_string();
            let first = problem.lines().next().unwrap_or_default();
            Error::input(format!("device {name}"), format!("cannot be opened ({first})"), card.look)
        }),
        _ => Err(Error::input(format!("device {name:?}"), "is not known", "use cpu, cuda, cuda:1, metal or auto")),
    }
}

impl Card {
    fn opened(&self, number: usize) -> candle_core::Result<Device> {
        let name = format!("{}:{number}", self.name);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, device)) = open.iter().find(|(known, _)| *known == name) {
            return Ok(device.clone());
        }
        let device = (self.open)(number)?;
        open.push((name, device.clone()));
        Ok(device)
    }
}

/// What a device is called: `cpu`, `cuda:0`, `metal:0`.
///
/// ```
/// assert_eq!(tunebook::model::device_name(&tunebook::candle::Device::Cpu), "cpu");
/// ```
pub fn device_name(device: &Device) -> String {
    match device.location() {
        DeviceLocation::Cpu => "cpu".to_owned(),
        DeviceLocation::Cuda { gpu_id } => format!("cuda:{gpu_id}"),
        DeviceLocation::Metal { gpu_id } => format!("metal:{gpu_id}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{device, device_name};

    #[test]
    fn a_name_that_is_none_and_a_card_that_was_not_built_say_what_to_do() {
        for name in ["gpu", "", "cpu:0", "auto:1", "cuda0", "CPU"] {
            let message = device(name).unwrap_err().to_string();
            assert!(message.contains("use cpu, cuda, cuda:1, metal or auto"), "{message}");
        }
        for kind in ["cuda", "metal"] {
            if let Err(error) = device(kind) {
                let message = error.to_string();
                let mend = if cfg!(feature = "cuda") { "see with" } else { "--features" };
                assert!(message.starts_with(&format!("device {kind}: ")) && message.contains(mend), "{message}");
            }
        }
        assert_eq!(device_name(&device("cpu").unwrap()), "cpu");
        device("auto").unwrap();
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn auto_is_the_cpu_where_no_card_was_built() {
        assert!(device("auto").unwrap().is_cpu());
    }

    /// Files that make tensors in main memory although the model may be elsewhere, and why.
    const IN_MAIN_MEMORY: [(&str, &str); 13] = [
        ("model/device.rs", "gives the device that is asked for"),
        ("model/builder.rs", "the device when nothing is said"),
        ("model/pretrained/mod.rs", "the device when nothing is said"),
        ("model/pretrained/folder.rs", "the device when nothing is said"),
        ("model/classifier.rs", "`load` is `load_on` the CPU"),
        ("model/saved.rs", "`load` is `load_on` the CPU"),
        ("model/tabular/classifier.rs", "`load` is `load_on` the CPU"),
        ("model/tabular/regressor.rs", "`load` is `load_on` the CPU"),
        ("model/mlp.rs", "`new` and `load` are `new_on` and `load_on` the CPU"),
        ("model/parameters.rs", "an empty store has no parameter that would say"),
        ("model/tokenizer.rs", "batches are put together in main memory; the encoder takes them to its device"),
        ("model/weights.rs", "files are read into main memory; the builder takes each tensor to its device"),
        ("train/optimizer/state.rs", "what is written to a checkpoint"),
    ];

    /// On a machine without a card nothing else would notice a tensor that is made in the wrong place.
    #[test]
    fn models_and_training_name_the_cpu_only_where_it_is_meant() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        for folder in ["model", "train"] {
            look(&sources.join(folder), &mut found);
        }
        let named = |path: &PathBuf| path.strip_prefix(&sources).unwrap().to_string_lossy().replace('\\', "/");
        let found: Vec<String> = found.iter().map(named).collect();
        for path in &found {
            assert!(
                IN_MAIN_MEMORY.iter().any(|(known, _)| known == path),
                "{path} says Device::Cpu: take the device of the store, or add the file here with the reason"
            );
        }
        for (path, _) in IN_MAIN_MEMORY {
            assert!(found.iter().any(|f| f == path), "{path} does not say Device::Cpu any more");
        }
    }

    /// Files with `Device::Cpu` outside comments and tests.
    fn look(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
                continue;
            }
            let stem = path.file_stem().unwrap().to_string_lossy();
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            let is_code = is_rust && !stem.ends_with("tests") && stem != "fixture";
            let text = if is_code { std::fs::read_to_string(&path).unwrap() } else { String::new() };
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            if code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("Device::Cpu")) {
                found.push(path);
            }
        }
    }
}
