//! Names for class numbers as files hold them.

use crate::{Error, Result};

/// More classes than any image data set has: a larger number is damage, or no class.
const MOST_CLASSES: usize = 65_536;

/// The names of the classes: those given, or the numbers from 0 to the largest label.
///
/// `arrays` are the labels of each file or array, under the name that an error is to tell.
pub(super) fn names(arrays: &[(&str, &[usize])], given: Option<&[String]>) -> Result<Vec<String>> {
    let most = given.map_or(MOST_CLASSES, <[String]>::len);
    for (place, labels) in arrays {
        if let Some((row, label)) = labels.iter().enumerate().find(|(_, label)| **label >= most) {
            let (problem, mend) = match given {
                Some(names) => (format!("there are {} label names", names.len()), "give one name for each class"),
                None => ("that is no class number".to_owned(), "number the classes from 0"),
            };
            return Err(Error::input(format!("{place}, row {row}"), format!("the label is {label}, {problem}"), mend));
        }
    }
    Ok(given.map_or_else(
        || {
            let classes = arrays.iter().flat_map(|(_, labels)| labels.iter()).max().map_or(0, |most| most + 1);
            (0..classes).map(|class| class.to_string()).collect()
        },
        <[String]>::to_vec,
    ))
}
