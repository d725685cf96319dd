//! `--augment`: how training images are changed.

use tunebook::prelude::*;

use super::options::DataOptions;
use crate::failure::Result;

/// A change that can be named, and the field of its strength.
type Change = (&'static str, fn(&mut Augmentation) -> &mut f32);

const CHANGES: [Change; 8] = [
    ("horizontal-flip", |changes| &mut changes.horizontal_flip),
    ("vertical-flip", |changes| &mut changes.vertical_flip),
    ("shift", |changes| &mut changes.shift),
    ("rotation", |changes| &mut changes.rotation),
    ("scale", |changes| &mut changes.scale),
    ("brightness", |changes| &mut changes.brightness),
    ("contrast", |changes| &mut changes.contrast),
    ("random-erasing", |changes| &mut changes.random_erasing),
];

/// A change of images as it was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    change: Change,
    strength: f32,
}

pub(super) fn parse_change(said: &str) -> std::result::Result<Said, String> {
    let (name, strength) = said.split_once('=').ok_or("give a name and a strength, such as rotation=10")?;
    let strength = strength.parse().map_err(|_| format!("\"{strength}\" is no number"))?;
    let change = CHANGES
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("is no change; the changes are {}", CHANGES.map(|(known, _)| known).join(", ")))?;
    Ok(Said { change, strength })
}

impl DataOptions {
    /// How training images are changed; `None` when nothing was said.
    pub(super) fn augmentation(&self) -> Result<Option<Augmentation>> {
        if self.augment.is_empty() {
            return Ok(None);
        }
        let mut augmentation = Augmentation::default();
        for Said { change: (_, field), strength } in &self.augment {
            *field(&mut augmentation) = *strength;
        }
        augmentation.check()?;
        Ok(Some(augmentation))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_change;

    #[test]
    fn a_change_is_a_name_and_a_strength() {
        let said = parse_change("shift=0.1").unwrap();
        assert_eq!((said.change.0, said.strength), ("shift", 0.1));
        for (said, message) in
            [("shift", "name and a strength"), ("shift=much", "\"much\" is no number"), ("turn=1", "the changes are")]
        {
            assert!(parse_change(said).unwrap_err().contains(message), "{said}");
        }
    }
}
