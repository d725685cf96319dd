//! `--augment`: how training images are changed.

use tunebook::prelude::*;

use super::options::DataOptions;
use crate::failure::{Failure, Result};

/// A change of images and its strength.
pub(super) fn parse_change(said: &str) -> std::result::Result<(String, f32), String> {
    let (name, strength) = said.split_once('=').ok_or("give a name and a strength, such as rotation=10")?;
    let strength = strength.parse().map_err(|_| format!("\"{strength}\" is no number"))?;
    set_change(&mut Augmentation::default(), name, strength)?;
    Ok((name.to_owned(), strength))
}

fn set_change(augmentation: &mut Augmentation, name: &str, strength: f32) -> std::result::Result<(), String> {
    let field = match name {
        "horizontal-flip" => &mut augmentation.horizontal_flip,
        "vertical-flip" => &mut augmentation.vertical_flip,
        "shift" => &mut augmentation.shift,
        "rotation" => &mut augmentation.rotation,
        "scale" => &mut augmentation.scale,
        "brightness" => &mut augmentation.brightness,
        "contrast" => &mut augmentation.contrast,
        "random-erasing" => &mut augmentation.random_erasing,
        _ => {
            return Err(
                "is no change; the changes are horizontal-flip, vertical-flip, shift, rotation, scale, brightness, \
                        contrast, random-erasing"
                    .to_owned(),
            );
        }
    };
    *field = strength;
    Ok(())
}

impl DataOptions {
    /// How training images are changed; `None` when nothing was said.
    pub(super) fn augmentation(&self) -> Result<Option<Augmentation>> {
        if self.augment.is_empty() {
            return Ok(None);
        }
        let mut augmentation = Augmentation::default();
        for (name, strength) in &self.augment {
            set_change(&mut augmentation, name, *strength).map_err(Failure::input)?;
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
        assert_eq!(parse_change("shift=0.1").unwrap(), ("shift".to_owned(), 0.1));
        for (said, message) in
            [("shift", "name and a strength"), ("shift=much", "\"much\" is no number"), ("turn=1", "the changes are")]
        {
            assert!(parse_change(said).unwrap_err().contains(message), "{said}");
        }
    }
}
